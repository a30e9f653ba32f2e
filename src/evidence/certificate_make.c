#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/base64.h"
#include "evidence/canonical.h"
#include "evidence/certificate.h"

#define BEGINNING "{\"certificate\":\"" CERTIFICATE_FORMAT "\",\"checkpoint\":\""

/* An entry of the ledger that belongs to the order. */
struct taken {
    uint64_t index;
    const char *text; /* the arena's, with a zero */
};

struct maker {
    struct ledger_view *view;
    const struct certificate_wanted *wanted;
    struct arena arena;
    struct error *error;
    uint64_t epoch;    /* of the order */
    uint64_t accepted; /* its index */
    bool has_order;
    struct taken *taken; /* of the order, and all openings and closings at first */
    struct entry *entries;
    size_t count, room;
    char *text;
    size_t size, text_room;
};

/* ---- the entries of the ledger, one by one ---- */

typedef int (*entry_look)(struct maker *maker, uint64_t index, const char *text, size_t size);

static int bundle_walk(struct maker *maker, uint64_t bundle, entry_look look)
{
    unsigned width = tile_width(maker->view->checkpoint.size, 0, bundle);
    unsigned char *bytes;
    size_t size, at = 0;
    int code = ledger_tile_read(maker->view->root, maker->view->checkpoint.size, true, 0, bundle,
                                &bytes, &size, maker->error);

    if (code != 0)
        return code;
    for (unsigned i = 0; code == 0 && i < width; i++) {
        const unsigned char *entry;
        size_t entry_size;

        if (bundle_next(bytes, size, &at, &entry, &entry_size) != 0)
            code = error_set(maker->error, ERROR_CORRUPT, "a bundle of entries is cut");
        else
            code = look(maker, bundle * TILE_WIDTH + i, (const char *)entry, entry_size);
    }
    free(bytes);
    return code;
}

static int ledger_walk(struct maker *maker, entry_look look)
{
    uint64_t bundles = (maker->view->checkpoint.size + TILE_WIDTH - 1) / TILE_WIDTH;
    int code = 0;

    for (uint64_t i = 0; code == 0 && i < bundles; i++)
        code = bundle_walk(maker, i, look);
    return code;
}

/* What does not begin as an entry does is another's: a ledger may hold what it likes. */
static bool is_kind(const char *text, size_t size, enum entry_kind kind)
{
    char beginning[48];

    snprintf(beginning, sizeof beginning, "{\"entry\":\"%s\",", entry_kind_word(kind));
    return size > strlen(beginning) && memcmp(text, beginning, strlen(beginning)) == 0;
}

static int entry_of(struct maker *maker, uint64_t index, const char *text, size_t size,
                    struct arena *arena, struct entry *entry)
{
    int code = entry_read(entry, arena, text, size, maker->error);

    return code < 0 ? error_context(maker->error, "entry %" PRIu64, index) : 0;
}

/* The first walk: which order is meant. */
static int order_look(struct maker *maker, uint64_t index, const char *text, size_t size)
{
    const struct certificate_wanted *wanted = maker->wanted;
    unsigned char digest[ORDER_DIGEST_BYTES];
    struct arena arena = {0};
    struct entry entry;
    struct order order;
    bool fits, ends;
    int code;

    if (!is_kind(text, size, ENTRY_ACCEPTED))
        return 0;
    code = entry_of(maker, index, text, size, &arena, &entry);
    if (code == 0) {
        const char *words = entry.accepted.order;

        order_digest(words, strlen(words), digest);
        ends = order_parse(&order, words, strlen(words), "order", NULL) == 0 &&
               !order_revives(order.verb);
        fits = wanted->last         ? ends
               : wanted->epoch != 0 ? entry.accepted.epoch == wanted->epoch
                                    : memcmp(digest, wanted->digest, sizeof digest) == 0;
        if (fits && maker->has_order && !wanted->last)
            code = error_set(maker->error, ERROR_CORRUPT,
                             "the ledger has accepted it twice: entries %" PRIu64 " and %" PRIu64,
                             maker->accepted, index);
        if (fits && !ends)
            code =
                error_set(maker->error, ERROR_INPUT,
                          "entry %" PRIu64 " is a permit or a resume, which proves no end", index);
        if (fits) {
            maker->has_order = true;
            maker->epoch = entry.accepted.epoch;
            maker->accepted = index;
        }
    }
    arena_close(&arena);
    return code;
}

static int take(struct maker *maker, uint64_t index, const char *text, size_t size,
                const struct entry *entry)
{
    char *copy;

    if (maker->count == maker->room) {
        size_t room = maker->room == 0 ? 256 : 2 * maker->room;
        struct taken *taken = realloc(maker->taken, room * sizeof *taken);
        struct entry *entries;

        if (taken != NULL)
            maker->taken = taken;
        entries = taken != NULL ? realloc(maker->entries, room * sizeof *entries) : NULL;
        if (entries == NULL)
            return error_set(maker->error, ERROR_MEMORY, "no memory for the entries");
        maker->entries = entries;
        maker->room = room;
    }
    copy = arena_text(&maker->arena, text, size);
    if (copy == NULL)
        return error_set(maker->error, ERROR_MEMORY, "no memory for the entries");
    maker->taken[maker->count] = (struct taken){index, copy};
    maker->entries[maker->count++] = *entry;
    return 0;
}

/* The second walk: what belongs to the order, and every opening and closing. */
static int part_look(struct maker *maker, uint64_t index, const char *text, size_t size)
{
    struct entry entry;
    bool ours;
    int code;

    if (index != maker->accepted && !is_kind(text, size, ENTRY_STEP) &&
        !is_kind(text, size, ENTRY_WATCHED) && !is_kind(text, size, ENTRY_OPENED) &&
        !is_kind(text, size, ENTRY_CLOSED))
        return 0;
    code = entry_of(maker, index, text, size, &maker->arena, &entry);
    ours = code == 0 && ((entry.kind == ENTRY_STEP && entry.step.epoch == maker->epoch) ||
                         (entry.kind == ENTRY_WATCHED && entry.watched.epoch == maker->epoch) ||
                         entry.kind == ENTRY_OPENED || entry.kind == ENTRY_CLOSED ||
                         entry.kind == ENTRY_ACCEPTED);
    return ours ? take(maker, index, text, size, &entry) : code;
}

/* Whether an entry of the order is of that range. */
static bool range_counts(const struct maker *maker, const struct entry *range)
{
    for (size_t i = 0; i < maker->count; i++) {
        const struct entry *entry = &maker->entries[i];

        if (entry->kind != ENTRY_OPENED && entry->kind != ENTRY_CLOSED &&
            memcmp(entry->range_id, range->range_id, sizeof range->range_id) == 0)
            return true;
    }
    return false;
}

/* Openings and closings of other ranges go. */
static int others_leave(struct maker *maker)
{
    size_t kept = 0;

    for (size_t i = 0; i < maker->count; i++)
        if (maker->entries[i].kind == ENTRY_OPENED || maker->entries[i].kind == ENTRY_CLOSED)
            maker->taken[i].text =
                range_counts(maker, &maker->entries[i]) ? maker->taken[i].text : NULL;
    for (size_t i = 0; i < maker->count; i++) {
        if (maker->taken[i].text == NULL)
            continue;
        maker->taken[kept] = maker->taken[i];
        maker->entries[kept++] = maker->entries[i];
    }
    maker->count = kept;
    if (kept > VERDICT_ENTRIES_MAX)
        return error_set(maker->error, ERROR_LIMIT,
                         "the order has %zu entries, and a certificate %d at most", kept,
                         VERDICT_ENTRIES_MAX);
    return 0;
}

/* ---- the text ---- */

static int text_add(struct maker *maker, const char *piece, size_t size)
{
    if (maker->text_room - maker->size <= size) {
        size_t room = 2 * (maker->text_room + size) + 4096;
        char *text = realloc(maker->text, room);

        if (text == NULL)
            return error_set(maker->error, ERROR_MEMORY, "no memory for a certificate");
        maker->text = text;
        maker->text_room = room;
    }
    memcpy(maker->text + maker->size, piece, size);
    maker->size += size;
    maker->text[maker->size] = '\0';
    return 0;
}

/* Whether the bytes are the note that the view was opened with. */
static int checkpoint_look(const struct maker *maker, const char *bytes, size_t size)
{
    const struct ledger_checkpoint *wanted = &maker->view->checkpoint;
    struct ledger_checkpoint checkpoint = {0};
    struct note note = {0};
    int code = note_read(&note, bytes, size, maker->error);

    if (code == 0)
        code = ledger_checkpoint_read(&checkpoint, note.text, note.text_size, NULL, maker->error);
    if (code < 0)
        return code;
    if (checkpoint.size != wanted->size ||
        memcmp(&checkpoint.root, &wanted->root, sizeof wanted->root) != 0)
        return error_set(maker->error, ERROR_IO,
                         "the ledger has just been published anew; try again");
    if (note.count != 1)
        return error_set(maker->error, ERROR_CORRUPT, "the checkpoint has strange signatures");
    return 0;
}

/* Before all else, so that hardly any time passes since the view was opened. */
static int checkpoint_add(struct maker *maker)
{
    char base64[BASE64_TEXT(CHECKPOINT_NOTE_TEXT)];
    unsigned char *bytes = NULL;
    size_t size;
    int code = disk_read(maker->view->root, "checkpoint", CHECKPOINT_NOTE_TEXT, &bytes, &size,
                         maker->error);

    if (code == 1)
        code = error_set(maker->error, ERROR_CORRUPT, "the checkpoint is gone");
    if (code == 0)
        code = checkpoint_look(maker, (char *)bytes, size);
    if (code == 0) {
        base64_write(bytes, size, base64);
        code = text_add(maker, BEGINNING, strlen(BEGINNING));
    }
    if (code == 0)
        code = text_add(maker, base64, strlen(base64));
    if (code == 0)
        code = text_add(maker, "\",\"entries\":[", 13);
    free(bytes);
    return code;
}

static int entry_add(struct maker *maker, size_t i)
{
    const struct taken *taken = &maker->taken[i];
    char tail[64 + MERKLE_PROOF_MAX * (BASE64_TEXT(MERKLE_HASH_BYTES) + 3)];
    struct canonical_out out = {.text = tail, .room = sizeof tail};
    uint64_t size = maker->view->checkpoint.size;
    struct merkle_proof proof;
    struct merkle_hash leaf;
    int code = ledger_view_inclusion(maker->view, taken->index, size, &proof, maker->error);

    if (code < 0)
        return code;
    merkle_leaf(taken->text, strlen(taken->text), &leaf);
    if (merkle_inclusion_verify(taken->index, size, &leaf, &proof, &maker->view->checkpoint.root,
                                NULL) < 0)
        return error_set(maker->error, ERROR_CORRUPT,
                         "entry %" PRIu64 " is not the one that was signed", taken->index);
    canonical_put(&out, ",\"index\":");
    canonical_put_number(&out, (int64_t)taken->index);
    canonical_put(&out, ",\"proof\":[");
    for (unsigned j = 0; j < proof.count; j++) {
        char hash[BASE64_TEXT(MERKLE_HASH_BYTES)];

        base64_write(proof.hashes[j].bytes, MERKLE_HASH_BYTES, hash);
        canonical_put(&out, j > 0 ? "," : "");
        canonical_put_text(&out, hash);
    }
    canonical_put(&out, "]}");
    code = text_add(maker, i > 0 ? ",{\"entry\":" : "{\"entry\":", i > 0 ? 10 : 9);
    if (code == 0)
        code = text_add(maker, taken->text, strlen(taken->text));
    return code == 0 ? text_add(maker, tail, out.size) : code;
}

static int text_make(struct maker *maker)
{
    struct verdict verdict;
    const char *says;
    size_t size;
    int code = verdict_derive(&verdict, &maker->arena, maker->entries, maker->count, maker->error);

    if (code < 0)
        return error_context(maker->error, "the entries of epoch %" PRIu64, maker->epoch);
    for (size_t i = 0; code == 0 && i < maker->count; i++)
        code = entry_add(maker, i);
    if (code == 0)
        code = text_add(maker, "],\"says\":", 9);
    if (code == 0)
        code = certificate_says(&verdict, &maker->arena, &says, &size, maker->error);
    if (code == 0)
        code = text_add(maker, says, size);
    if (code == 0)
        code = text_add(maker, "}\n", 2);
    if (code == 0 && maker->size > CERTIFICATE_BYTES_MAX)
        code = error_set(maker->error, ERROR_LIMIT, "the certificate would have %zu bytes",
                         maker->size);
    return code;
}

int certificate_make(struct ledger_view *view, const struct certificate_wanted *wanted, char **text,
                     size_t *size, struct error *error)
{
    struct maker maker = {.view = view, .wanted = wanted, .error = error};
    int code = checkpoint_add(&maker);

    if (code == 0)
        code = ledger_walk(&maker, order_look);
    *text = NULL;
    *size = 0;
    if (code == 0 && !maker.has_order)
        code =
            error_set(error, ERROR_INPUT,
                      "%s: no such stop or pause was accepted in its %" PRIu64 " published entries",
                      view->root, view->checkpoint.size);
    if (code == 0)
        code = ledger_walk(&maker, part_look);
    if (code == 0)
        code = others_leave(&maker);
    if (code == 0)
        code = text_make(&maker);
    free(maker.taken);
    free(maker.entries);
    arena_close(&maker.arena);
    if (code < 0) {
        free(maker.text);
        return code;
    }
    *text = maker.text;
    *size = maker.size;
    return 0;
}
