#include "evidence/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/calendar.h"
#include "evidence/base64.h"
#include "evidence/canonical.h"

#define HASH_TEXT (BASE64_TEXT(MERKLE_HASH_BYTES) - 1)
#define MILLISECONDS 1000
/* The daemon's bounds on times are not in the certificate: the widest that there are. */
#define TIMES_MAX_S INT64_C(315360000)

struct reader {
    struct certificate *certificate;
    struct canonical_in in;
    const struct note_key *key;
    size_t room;
};

const char *certificate_check_word(enum certificate_part part)
{
    static const char *const WORDS[] = {
#define X(name, word) word,
        CERTIFICATE_CHECKS(X)
#undef X
    };

    return (size_t)part < sizeof WORDS / sizeof *WORDS ? WORDS[part] : NULL;
}

/* As canonical_refuse, of another check than that of the form. */
static int fails(struct reader *reader, enum certificate_part part, const char *at,
                 const char *words, const char *why)
{
    reader->certificate->failed = part;
    return canonical_refuse(&reader->in, at, "%s%s", words, why);
}

/* Base64 in quotes, of at most `room` bytes. */
static int base64_take(struct canonical_in *in, unsigned char *bytes, size_t room, size_t *size)
{
    const char *at = in->at + 1, *end;
    int code = canonical_take(in, "\"");

    if (code < 0)
        return code;
    end = memchr(at, '"', (size_t)(in->end - at));
    if (end == NULL || base64_read(at, (size_t)(end - at), bytes, room, size) != 0)
        return canonical_refuse(in, at, "is not canonical base64 of at most %zu bytes", room);
    in->at = end + 1;
    return 0;
}

/* ---- the checkpoint ---- */

static int checkpoint_take(struct reader *reader)
{
    struct ledger_checkpoint *checkpoint = &reader->certificate->checkpoint;
    struct canonical_in *in = &reader->in;
    unsigned char words[CHECKPOINT_NOTE_TEXT];
    const char *at = in->at;
    struct error why = {0};
    struct note_seen seen;
    struct note note;
    size_t size = 0;
    int code = base64_take(in, words, sizeof words, &size);

    if (code < 0)
        return code;
    if (note_read(&note, (char *)words, size, &why) < 0 ||
        note_verify(&note, reader->key, 1, true, &seen, &why) < 0 ||
        ledger_checkpoint_read(checkpoint, note.text, note.text_size, NULL, &why) < 0)
        return fails(reader, CHECK_CHECKPOINT, at, "the checkpoint: ", why.message);
    if (strcmp(checkpoint->origin, reader->key->name) != 0)
        return fails(reader, CHECK_CHECKPOINT, at,
                     "the checkpoint is of another log: ", checkpoint->origin);
    if (checkpoint->size > MERKLE_SIZE_MAX)
        return fails(reader, CHECK_CHECKPOINT, at, "the checkpoint is larger than a ledger can be",
                     "");
    return 0;
}

/* ---- the entries ---- */

static int proof_take(struct canonical_in *in, struct merkle_proof *proof)
{
    int code = canonical_take(in, ",\"proof\":[");
    bool more = true;

    proof->count = 0;
    while (code == 0) {
        size_t size = 0;

        code = canonical_take_more(in, proof->count == 0, &more);
        if (code < 0 || !more)
            break;
        if (proof->count == MERKLE_PROOF_MAX)
            return canonical_refuse(in, in->at, "a proof has more than %d hashes",
                                    MERKLE_PROOF_MAX);
        code = base64_take(in, proof->hashes[proof->count].bytes, MERKLE_HASH_BYTES, &size);
        if (code == 0 && size != MERKLE_HASH_BYTES)
            code = canonical_refuse(in, in->at, "is no hash");
        proof->count++;
    }
    return code;
}

static int one_take(struct reader *reader, struct entry *entry, uint64_t *index)
{
    const struct ledger_checkpoint *checkpoint = &reader->certificate->checkpoint;
    struct canonical_in *in = &reader->in;
    struct merkle_proof proof;
    struct merkle_hash leaf = {0};
    struct error why = {0};
    int64_t number = 0;
    const char *text;
    int code = canonical_take(in, "{\"entry\":");

    text = in->at;
    if (code == 0)
        code = entry_take(entry, in);
    if (code == 0)
        merkle_leaf(text, (size_t)(in->at - text), &leaf);
    if (code == 0)
        code = canonical_take(in, ",\"index\":");
    if (code == 0)
        code = canonical_take_number(in, 0, INT64_MAX, &number);
    *index = (uint64_t)number;
    if (code == 0)
        code = proof_take(in, &proof);
    if (code == 0)
        code = canonical_take(in, "}");
    if (code == 0 && merkle_inclusion_verify(*index, checkpoint->size, &leaf, &proof,
                                             &checkpoint->root, &why) < 0)
        code = fails(reader, CHECK_INCLUSION, text,
                     "the entry is not in the signed tree: ", why.message);
    return code;
}

/* Room for one more. */
static int room_make(struct reader *reader)
{
    struct certificate *certificate = reader->certificate;
    size_t room = reader->room == 0 ? 256 : 2 * reader->room;
    uint64_t *indexes;
    struct entry *entries;

    if (certificate->count < reader->room)
        return 0;
    entries = realloc(certificate->entries, room * sizeof *entries);
    if (entries != NULL)
        certificate->entries = entries;
    indexes = entries != NULL ? realloc(certificate->indexes, room * sizeof *indexes) : NULL;
    if (indexes == NULL)
        return error_set(reader->in.error, ERROR_MEMORY, "no memory for the entries");
    certificate->indexes = indexes;
    reader->room = room;
    return 0;
}

static int entries_take(struct reader *reader)
{
    struct certificate *certificate = reader->certificate;
    struct canonical_in *in = &reader->in;
    int code = canonical_take(in, ",\"entries\":[");
    bool more = true;

    while (code == 0) {
        uint32_t i = certificate->count;
        const char *at;

        code = canonical_take_more(in, i == 0, &more);
        if (code < 0 || !more)
            break;
        if (i == VERDICT_ENTRIES_MAX)
            return error_set(in->error, ERROR_LIMIT, "there are more than %d entries",
                             VERDICT_ENTRIES_MAX);
        at = in->at;
        code = room_make(reader);
        if (code == 0)
            code = one_take(reader, &certificate->entries[i], &certificate->indexes[i]);
        if (code == 0 && i > 0 && certificate->indexes[i] <= certificate->indexes[i - 1])
            code = fails(reader, CHECK_ENTRIES, at,
                         "the entries are not in the order of the ledger", "");
        certificate->count++;
    }
    return code;
}

/* ---- what it says ---- */

static int says_take(struct reader *reader)
{
    struct certificate *certificate = reader->certificate;
    struct canonical_in *in = &reader->in;
    const char *at = in->at, *says;
    struct error why = {0};
    size_t size;
    int code = verdict_derive(&certificate->verdict, &certificate->arena, certificate->entries,
                              certificate->count, &why);

    if (code == ERROR_CORRUPT)
        return fails(reader, CHECK_ENTRIES, at, "the entries: ", why.message);
    if (code < 0)
        return error_set(in->error, code, "%s", why.message);
    code = certificate_says(&certificate->verdict, &certificate->arena, &says, &size, in->error);
    if (code == 0)
        code = canonical_take(in, ",\"says\":");
    at = in->at;
    if (code < 0)
        return code;
    for (size_t i = 0; i < size; i++)
        if (at + i == in->end || at[i] != says[i])
            return fails(reader, CHECK_SAYS, at + i, "it says something else than its entries", "");
    in->at += size;
    return canonical_take(in, "}\n");
}

int certificate_check(struct certificate *certificate, const char *text, size_t size,
                      const struct note_key *key, struct error *error)
{
    struct reader reader = {.certificate = certificate, .key = key};
    enum certificate_part part;
    struct error why = {0};
    int code;

    *certificate = (struct certificate){0};
    reader.in = (struct canonical_in){text, text, text + size, &certificate->arena, &why};
    if (sodium_init() < 0)
        return error_set(error, ERROR_MACHINE, "libsodium cannot start");
    if (size > CERTIFICATE_BYTES_MAX)
        return error_set(error, ERROR_LIMIT, "it has more than %zu bytes", CERTIFICATE_BYTES_MAX);
    code =
        canonical_take(&reader.in, "{\"certificate\":\"" CERTIFICATE_FORMAT "\",\"checkpoint\":");
    if (code == 0)
        code = checkpoint_take(&reader);
    if (code == 0)
        code = entries_take(&reader);
    if (code == 0)
        code = says_take(&reader);
    if (code == 0 && reader.in.at != reader.in.end)
        code = canonical_refuse(&reader.in, reader.in.at, "nothing may stand behind a certificate");
    if (code == 0)
        return 0;
    part = certificate->failed;
    certificate_close(certificate);
    certificate->failed = part;
    return error_set(error, code == ERROR_CORRUPT ? ERROR_AUDIT : code, "%s", why.message);
}

void certificate_close(struct certificate *certificate)
{
    free(certificate->entries);
    free(certificate->indexes);
    arena_close(&certificate->arena);
    *certificate = (struct certificate){0};
}

/* ---- who signed ---- */

static bool never_seen(void *context, const unsigned char nonce[ORDER_NONCE_BYTES],
                       const unsigned char digest[ORDER_DIGEST_BYTES])
{
    (void)context;
    (void)nonce;
    (void)digest;
    return false;
}

static bool never_accepted(void *context, const unsigned char digest[ORDER_DIGEST_BYTES],
                           struct order *order)
{
    (void)context;
    (void)digest;
    (void)order;
    return false;
}

static void decide(const struct certificate *certificate, const struct roster *roster,
                   struct authority_decision *decision)
{
    const struct entry_accepted *accepted = certificate->verdict.accepted;
    const struct entry_opened *opened = certificate->verdict.opened;
    bool campaign = accepted->made_by == ENTRY_CAMPAIGN;
    struct authority_rules rules = {.stop_min = campaign ? 1 : opened->stop_min,
                                    .permit_min = campaign ? 1 : opened->permit_min,
                                    .lifetime_s_max = TIMES_MAX_S,
                                    .ahead_s_max = TIMES_MAX_S};
    struct authority_signature signatures[ENTRY_SIGNATURES_MAX];
    int64_t now_s = certificate->verdict.from_ms / MILLISECONDS;
    struct authority_request request = {
        .order = accepted->order,
        .size = strlen(accepted->order),
        .name = "the order",
        .signatures = signatures,
        .signature_count = accepted->signature_count,
        .range = opened->range,
        .now_s = now_s < CALENDAR_SECONDS_MAX ? now_s : CALENDAR_SECONDS_MAX,
        .seen = never_seen,
        .accepted = never_accepted};

    for (uint32_t i = 0; i < accepted->signature_count; i++)
        signatures[i] = (struct authority_signature){
            accepted->signatures[i], strlen(accepted->signatures[i]), "a signature"};
    authority_decide(&rules, roster, &request, decision);
}

int certificate_authority(const struct certificate *certificate, const char *roster, size_t size,
                          const char *name, struct certificate_authority *authority,
                          struct error *error)
{
    bool campaign = certificate->verdict.accepted->made_by == ENTRY_CAMPAIGN;
    char own[ENTRY_RANGE_KEY_BYTES + 16];
    unsigned char digest[ORDER_DIGEST_BYTES];
    struct roster read = {0};
    int code;

    *authority = (struct certificate_authority){0};
    if (campaign) {
        snprintf(own, sizeof own, "campaign %s", certificate->verdict.opened->range_key);
        roster = own;
        size = strlen(own);
        name = "the range's own key";
    }
    code = roster_parse(&read, roster, size, name, error);
    if (code < 0)
        return code == ERROR_INPUT && campaign ? error_set(error, ERROR_AUDIT, "%s", error->message)
                                               : code;
    order_digest(roster, size, digest);
    authority->roster_same =
        !campaign && memcmp(digest, certificate->verdict.opened->roster, sizeof digest) == 0;
    decide(certificate, &read, &authority->decision);
    if (authority->decision.reason != AUTHORITY_ACCEPTED)
        code = error_set(error, ERROR_AUDIT, "the order's signatures do not count: %s",
                         authority->decision.message);
    for (uint32_t i = 0; i < authority->decision.signer_count; i++) {
        struct authority_signer *signer = &authority->decision.signers[i];

        if (signer->reason == AUTHORITY_ACCEPTED)
            entry_person(signer->entry->names[0], authority->names[i]);
        /* What it points to goes with the roster. */
        signer->entry = NULL;
    }
    roster_close(&read);
    return code;
}
