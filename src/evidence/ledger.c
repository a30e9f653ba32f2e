#include "evidence/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <sodium.h>

#include "evidence/ledger_inside.h"

uint64_t ledger_size(const struct ledger *ledger)
{
    return ledger->range.size;
}

const struct note_key *ledger_key(const struct ledger *ledger)
{
    return &ledger->secret.key;
}

const struct ledger_checkpoint *ledger_checkpoint(const struct ledger *ledger)
{
    return &ledger->published;
}

static int room_make(void **memory, size_t *room, size_t wanted, size_t unit, struct error *error)
{
    size_t more = *room < 64 ? 64 : *room;
    void *grown;

    if (wanted <= *room)
        return 0;
    while (more < wanted)
        more *= 2;
    grown = realloc(*memory, more * unit);
    if (grown == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for the ledger's entries");
    *memory = grown;
    *room = more;
    return 0;
}

int ledger_reserve(struct ledger *ledger, size_t entries_bytes, size_t leaves, struct error *error)
{
    void *entries = ledger->entries, *hashes = ledger->leaves, *frame = ledger->frame;
    int code =
        room_make(&entries, &ledger->entries_room, ledger->entries_size + entries_bytes, 1, error);

    ledger->entries = entries;
    if (code == 0)
        code = room_make(&hashes, &ledger->leaves_room, ledger_pending(ledger) + leaves,
                         sizeof *ledger->leaves, error);
    ledger->leaves = hashes;
    if (code == 0)
        code = room_make(&frame, &ledger->frame_room,
                         JOURNAL_HEADER_BYTES + entries_bytes + CHECKPOINT_NOTE_TEXT, 1, error);
    ledger->frame = frame;
    return code;
}

int ledger_journal_cut(struct ledger *ledger)
{
    if (ftruncate(ledger->journal, (off_t)ledger->journal_size) < 0)
        return -1;
    return fdatasync(ledger->journal);
}

/* The bytes of a batch in a bundle, or an error. */
static int batch_size(const struct ledger *ledger, const struct ledger_entry *entries, size_t count,
                      size_t *size, struct error *error)
{
    *size = 0;
    if (count > LEDGER_BATCH_MAX)
        return error_set(error, ERROR_LIMIT, "a batch has at most %d entries, not %zu",
                         LEDGER_BATCH_MAX, count);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].size > LEDGER_ENTRY_MAX)
            return error_set(error, ERROR_LIMIT, "an entry has at most %d bytes, not %zu",
                             LEDGER_ENTRY_MAX, entries[i].size);
        *size += 2 + entries[i].size;
    }
    if (*size > LEDGER_BATCH_BYTES_MAX)
        return error_set(error, ERROR_LIMIT, "a batch has at most %u bytes, not %zu",
                         LEDGER_BATCH_BYTES_MAX, *size);
    if (ledger->range.size + count > MERKLE_SIZE_MAX)
        return error_set(error, ERROR_LIMIT, "the ledger is full");
    return 0;
}

/* Puts the frame together in ledger->frame, the leaf hashes behind those that are pending, and the
 * range that follows into `range`. Nothing of the ledger's state changes. */
static size_t frame_make(struct ledger *ledger, const struct ledger_entry *entries, size_t count,
                         size_t bytes, struct merkle_range *range)
{
    struct journal_frame frame = {
        .first = ledger->range.size, .count = (uint32_t)count, .entries_size = bytes};
    struct merkle_hash *leaves = ledger->leaves + ledger_pending(ledger);
    unsigned char *at = ledger->frame + JOURNAL_HEADER_BYTES;
    struct ledger_checkpoint checkpoint;

    *range = ledger->range;
    for (size_t i = 0; i < count; i++) {
        bundle_length(at, entries[i].size);
        if (entries[i].size > 0)
            memcpy(at + 2, entries[i].bytes, entries[i].size);
        merkle_leaf(at + 2, entries[i].size, &leaves[i]);
        merkle_range_push(range, 0, &leaves[i]);
        at += 2 + entries[i].size;
    }
    memcpy(checkpoint.origin, ledger->secret.key.name, sizeof checkpoint.origin);
    checkpoint.size = range->size;
    merkle_range_root(range, &checkpoint.root);
    frame.note_size = ledger_checkpoint_sign(&checkpoint, &ledger->secret, (char *)at);
    journal_header(&frame, ledger->frame);
    return JOURNAL_HEADER_BYTES + bytes + frame.note_size;
}

/* Writes the frame; durable when it returns 0. Otherwise it is cut off again. */
static int frame_write(struct ledger *ledger, size_t size, struct error *error)
{
    int number;

    if (disk_write_all(ledger->journal, ledger->frame, size) == 0 &&
        fdatasync(ledger->journal) == 0)
        return 0;
    number = errno;
    if (ledger_journal_cut(ledger) == 0)
        return error_set(error, ERROR_IO, "%s/journal: nothing was appended: %s", ledger->root,
                         strerror(number));
    error_set(&ledger->broken, ERROR_IO,
              "%s/journal: %s, and %s when the batch was to be cut off again; whether it is there, "
              "the ledger says when it is opened anew",
              ledger->root, strerror(number), strerror(errno));
    if (error != NULL)
        *error = ledger->broken;
    return ERROR_IO;
}

int ledger_append(struct ledger *ledger, const struct ledger_entry *entries, size_t count,
                  uint64_t *first, struct error *error)
{
    struct merkle_range range;
    size_t bytes, size;
    int code = ledger->broken.code;

    if (code < 0) {
        if (error != NULL)
            *error = ledger->broken;
        return code;
    }
    if (first != NULL)
        *first = ledger->range.size;
    code = batch_size(ledger, entries, count, &bytes, error);
    if (code < 0 || count == 0)
        return code;
    if (ledger_pending(ledger) >= LEDGER_PENDING_MAX ||
        ledger->journal_size >= LEDGER_PENDING_BYTES_MAX)
        code = ledger_publish(ledger, error);
    if (code == 0)
        code = ledger_reserve(ledger, bytes, count, error);
    if (code < 0)
        return code;
    size = frame_make(ledger, entries, count, bytes, &range);
    code = frame_write(ledger, size, error);
    if (code < 0)
        return code;
    memcpy(ledger->entries + ledger->entries_size, ledger->frame + JOURNAL_HEADER_BYTES, bytes);
    ledger->entries_size += bytes;
    ledger->journal_size += size;
    ledger->range = range;
    return 0;
}

/* Proofs are made as a reader makes them. */
static void view_make(const struct ledger *ledger, struct ledger_view *view)
{
    memcpy(view->root, ledger->root, sizeof view->root);
    view->checkpoint = ledger->published;
    view->cached.width = 0;
}

int ledger_inclusion(const struct ledger *ledger, uint64_t index, uint64_t size,
                     struct merkle_proof *proof, struct error *error)
{
    struct ledger_view view;

    view_make(ledger, &view);
    return ledger_view_inclusion(&view, index, size, proof, error);
}

int ledger_consistency(const struct ledger *ledger, uint64_t before, uint64_t after,
                       struct merkle_proof *proof, struct error *error)
{
    struct ledger_view view;

    view_make(ledger, &view);
    return ledger_view_consistency(&view, before, after, proof, error);
}

void ledger_abandon(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    if (ledger->journal >= 0)
        close(ledger->journal);
    free(ledger->entries);
    free(ledger->leaves);
    free(ledger->frame);
    sodium_memzero(&ledger->secret, sizeof ledger->secret);
    free(ledger);
}

int ledger_close(struct ledger *ledger, struct error *error)
{
    int code = 0;

    if (ledger == NULL)
        return 0;
    code = ledger->broken.code;
    if (code < 0 && error != NULL)
        *error = ledger->broken;
    if (code == 0)
        code = ledger_publish(ledger, error);
    ledger_abandon(ledger);
    return code;
}
