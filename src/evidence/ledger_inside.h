/* The inside of a ledger: ledger.c appends, ledger_open.c makes and opens, ledger_publish.c
 * publishes. */
#ifndef IOLAUS_EVIDENCE_LEDGER_INSIDE_H
#define IOLAUS_EVIDENCE_LEDGER_INSIDE_H

#include "evidence/ledger.h"

struct ledger {
    char root[DISK_ROOT_MAX + 1];
    int journal;         /* locked, for appending */
    size_t journal_size; /* bytes of whole frames */
    struct note_secret secret;
    struct ledger_checkpoint published;
    struct merkle_range range; /* with what is pending */
    struct error broken;       /* why nothing more can be done */

    /* The hashes of the rightmost tile of each level, as published: as many as tile_width says. */
    unsigned char rightmost[TILE_LEVELS][TILE_BYTES];
    /* The entries from the beginning of the rightmost published bundle on, as in a bundle. */
    unsigned char *entries;
    size_t entries_size, entries_room;
    /* The leaf hashes of what is pending. */
    struct merkle_hash *leaves;
    size_t leaves_room; /* hashes */
    unsigned char *frame;
    size_t frame_room;
    struct disk_batch batch;
};

/* The entries that are acknowledged and not published. */
static inline uint64_t ledger_pending(const struct ledger *ledger)
{
    return ledger->range.size - ledger->published.size;
}

/* Room for so much more. ERROR_MEMORY; what is there stays. */
int ledger_reserve(struct ledger *ledger, size_t entries_bytes, size_t leaves, struct error *error);

/* Cuts the journal to its whole frames and syncs it. -1 with errno. */
int ledger_journal_cut(struct ledger *ledger);

/* Signs and publishes a checkpoint, the last step. */
int ledger_checkpoint_put(struct ledger *ledger, const struct ledger_checkpoint *checkpoint,
                          struct error *error);

#endif
