#include "evidence/audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "evidence/audit_inside.h"

#define JOURNAL_FILE_MAX ((size_t)1 << 30)

const char *audit_words(enum audit_verdict verdict)
{
    static const char *const WORDS[] = {"good", "damaged", "rolled back", "split view"};

    return WORDS[verdict];
}

int audit_found(struct audit *audit, const char *file, uint64_t offset, const char *format, ...)
{
    char words[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    if (audit->report->verdict == AUDIT_GOOD)
        audit->report->verdict = AUDIT_DAMAGED;
    snprintf(audit->report->file, sizeof audit->report->file, "%s", file);
    audit->report->offset = offset;
    error_set(audit->error, ERROR_AUDIT, "%s/%s: byte %" PRIu64 ": %s", audit->request->path, file,
              offset, words);
    return ERROR_AUDIT;
}

int audit_read(struct audit *audit, const char *name, size_t limit, unsigned char **bytes,
               size_t *size)
{
    struct error why;
    int code = disk_read(audit->request->path, name, limit, bytes, size, &why);

    if (code == 1)
        return audit_found(audit, name, 0, "is missing");
    if (code == ERROR_CORRUPT)
        return audit_found(audit, name, 0, "is not a regular file of at most %zu bytes", limit);
    if (code < 0 && audit->error != NULL)
        *audit->error = why;
    return code;
}

/* What notes and checkpoints say begins with "byte N: ": that is the place. */
static int note_found(struct audit *audit, const char *file, const struct error *why)
{
    unsigned long long offset = 0;
    int length = 0;

    if (sscanf(why->message, "byte %llu: %n", &offset, &length) != 1)
        length = 0;
    return audit_found(audit, file, offset, "%s", why->message + length);
}

/* A key is read from one text alone, the one that it is printed as; and it must be the key that was
 * given. */
static int key_look(struct audit *audit)
{
    unsigned char *bytes;
    size_t size;
    struct error why;
    bool same;
    int code = audit_read(audit, "verifier-key", NOTE_KEY_TEXT, &bytes, &size);

    if (code != 0)
        return code;
    free(bytes);
    if (ledger_view_key(audit->request->path, &audit->report->key, &why) < 0)
        return audit_found(audit, "verifier-key", 0, "is not one line with a key");
    if (audit->report->key.type != NOTE_ED25519)
        return audit_found(audit, "verifier-key", 0, "is not the key of a ledger");
    if (audit->request->key == NULL)
        return 0;
    same = audit->request->key->id == audit->report->key.id &&
           strcmp(audit->request->key->name, audit->report->key.name) == 0 &&
           memcmp(audit->request->key->key, audit->report->key.key, 32) == 0;
    return same ? 0
                : audit_found(audit, "verifier-key", 0,
                              "is %s+%08" PRIx32 ", not the key that was given, %s+%08" PRIx32,
                              audit->report->key.name, audit->report->key.id,
                              audit->request->key->name, audit->request->key->id);
}

/* The ledger's key first, then the cosigners. */
static unsigned keys_gather(const struct audit *audit,
                            struct note_key keys[AUDIT_COSIGNERS_MAX + 1])
{
    keys[0] = audit->report->key;
    for (unsigned i = 0; i < audit->request->cosigner_count; i++)
        keys[1 + i] = audit->request->cosigners[i];
    return 1 + audit->request->cosigner_count;
}

static int checkpoint_look(struct audit *audit, const char *bytes, size_t size)
{
    struct note_key keys[AUDIT_COSIGNERS_MAX + 1];
    struct note_seen seen[AUDIT_COSIGNERS_MAX + 1];
    unsigned count = keys_gather(audit, keys);
    struct error why = {0};
    struct note note;
    int code = note_read(&note, bytes, size, &why);

    if (code == 0)
        code = note_verify(&note, keys, count, true, seen, &why);
    if (code == 0)
        code = ledger_checkpoint_read(&audit->checkpoint, note.text, note.text_size, NULL, &why);
    if (code != 0)
        return note_found(audit, "checkpoint", &why);
    if (!seen[0].verified)
        return audit_found(audit, "checkpoint", note.text_size, "is not signed by the ledger");
    if (strcmp(audit->checkpoint.origin, audit->report->key.name) != 0)
        return audit_found(audit, "checkpoint", 0, "the origin is not %s", audit->report->key.name);
    if (audit->checkpoint.size > MERKLE_SIZE_MAX)
        return audit_found(audit, "checkpoint", strlen(audit->checkpoint.origin) + 1,
                           "is larger than a ledger can be");
    audit->root_offset = note.text_size - BASE64_TEXT(MERKLE_HASH_BYTES);
    return 0;
}

/* Counts the batches of the journal, so that the size is known before the entries are read. */
static int journal_count(struct audit *audit)
{
    uint64_t published = audit->checkpoint.size, end = 0;
    struct journal_frame frame;

    for (size_t at = 0; at < audit->journal_size; at += frame.size) {
        if (journal_next(audit->journal, audit->journal_size, at, &frame) != 0)
            return audit_found(audit, "journal", at,
                               journal_torn(audit->journal, audit->journal_size, at)
                                   ? "a batch is torn; whoever next opens the ledger to write "
                                     "cuts it off"
                                   : "is no batch");
        if (at == 0 ? frame.first > published : frame.first != end)
            return audit_found(audit, "journal", at,
                               "a batch begins with entry %" PRIu64 ", where entry %" PRIu64
                               " should follow",
                               frame.first, at == 0 ? published : end);
        end = frame.first + frame.count;
        if (end > MERKLE_SIZE_MAX || (frame.first < published && end > published))
            return audit_found(audit, "journal", at, "a batch is published in part");
    }
    audit->report->published = published;
    audit->report->entries = end > published ? end : published;
    return 0;
}

/* The checkpoint that somebody holds: it must be this ledger's, or it proves nothing. */
static int held_read(struct audit *audit)
{
    struct note_key keys[AUDIT_COSIGNERS_MAX + 1];
    struct note_seen seen[AUDIT_COSIGNERS_MAX + 1];
    unsigned count = keys_gather(audit, keys);
    const struct audit_request *request = audit->request;
    size_t extension;
    struct note note;
    int code;

    if (request->held == NULL)
        return 0;
    code = note_read(&note, request->held, request->held_size, audit->error);
    if (code == 0)
        code = note_verify(&note, keys, count, false, seen, audit->error);
    if (code == 0 && !seen[0].verified)
        code = error_set(audit->error, ERROR_INPUT, "it is not signed by this ledger's key");
    if (code == 0)
        code = ledger_checkpoint_read(&audit->report->held, note.text, note.text_size, &extension,
                                      audit->error);
    if (code == 0 && strcmp(audit->report->held.origin, audit->report->key.name) != 0)
        code = error_set(audit->error, ERROR_INPUT, "it is of another ledger, %s",
                         audit->report->held.origin);
    audit->has_held = code == 0;
    if (code == 0)
        return 0;
    error_context(audit->error, "the checkpoint held proves nothing here");
    if (audit->error != NULL)
        audit->error->code = ERROR_INPUT;
    return ERROR_INPUT;
}

static int held_compare(struct audit *audit)
{
    const struct ledger_checkpoint *held = &audit->report->held;
    struct ledger_view *view;
    int code;

    if (!audit->has_held)
        return 0;
    if (held->size > audit->report->entries) {
        audit->report->verdict = AUDIT_ROLLBACK;
        return audit_found(audit, "checkpoint", strlen(held->origin) + 1,
                           "the ledger was rolled back: it has %" PRIu64
                           " entries, and its key has signed a checkpoint of %" PRIu64,
                           audit->report->entries, held->size);
    }
    if (memcmp(&audit->held_root, &held->root, sizeof held->root) != 0) {
        audit->report->verdict = AUDIT_SPLIT_VIEW;
        return audit_found(audit, "checkpoint", audit->root_offset,
                           "there are two views: its key has signed another root for the first "
                           "%" PRIu64 " entries",
                           held->size);
    }
    if (held->size > audit->report->published)
        return 0;
    view = calloc(1, sizeof *view);
    if (view == NULL)
        return error_set(audit->error, ERROR_MEMORY, "no memory for a proof");
    memcpy(view->root, audit->request->path, strlen(audit->request->path) + 1);
    view->checkpoint = audit->checkpoint;
    code = ledger_view_consistency(view, held->size, view->checkpoint.size,
                                   &audit->report->consistency, audit->error);
    free(view);
    return code;
}

static int audit_all(struct audit *audit)
{
    unsigned char *bytes = NULL;
    size_t size;
    int code = key_look(audit);

    if (code == 0)
        code = audit_read(audit, "checkpoint", NOTE_SIZE_MAX, &bytes, &size);
    if (code == 0)
        code = checkpoint_look(audit, (char *)bytes, size);
    free(bytes);
    if (code == 0)
        code = held_read(audit);
    if (code == 0)
        code =
            audit_read(audit, "journal", JOURNAL_FILE_MAX, &audit->journal, &audit->journal_size);
    if (code == 0)
        code = journal_count(audit);
    if (code == 0)
        code = audit_names(audit);
    if (code == 0)
        code = audit_rebuild(audit);
    if (code == 0)
        code = held_compare(audit);
    free(audit->journal);
    return code;
}

int ledger_audit(const struct audit_request *request, struct audit_report *report,
                 struct error *error)
{
    static const char *const NAMES[] = {"checkpoint", "verifier-key", "journal"};
    struct audit audit = {.request = request, .report = report, .error = error};
    char path[DISK_PATH_TEXT];
    unsigned there = 0;

    *report = (struct audit_report){0};
    if (sodium_init() < 0)
        return error_set(error, ERROR_MACHINE, "libsodium cannot start");
    if (strlen(request->path) > DISK_ROOT_MAX || request->cosigner_count > AUDIT_COSIGNERS_MAX)
        return error_set(error, ERROR_INPUT, "the path is too long, or the cosigners are too many");
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        disk_path(request->path, NAMES[i], path);
        there += access(path, F_OK) == 0;
    }
    if (there == 0)
        return error_set(error, ERROR_INPUT, "%s: there is no ledger here", request->path);
    return audit_all(&audit);
}
