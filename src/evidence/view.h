/*
 * A ledger as any reader sees it: its checkpoint, its tiles, and the proofs that follow from them.
 *
 *     ledger_view_open(&view, "ledger", &key, &error);
 *     ledger_view_inclusion(&view, index, view.checkpoint.size, &proof, &error);
 *
 * Nothing is locked and nothing is written: tiles never change once they are there, and the
 * checkpoint is replaced in one step, after its tiles. A view stays at the checkpoint that it was
 * opened with. Whatever it gives has been proved against that checkpoint; what the disk says
 * otherwise gives ERROR_CORRUPT. The struct owns nothing that must be given back.
 */
#ifndef IOLAUS_EVIDENCE_VIEW_H
#define IOLAUS_EVIDENCE_VIEW_H

#include "evidence/checkpoint.h"
#include "evidence/disk.h"
#include "evidence/tiles.h"

struct ledger_view {
    char root[DISK_ROOT_MAX + 1];
    struct ledger_checkpoint checkpoint;
    struct tile cached; /* the tile in `hashes`; its width is 0 for none */
    unsigned char hashes[TILE_BYTES];
};

/* The bytes of a bundle, at most. */
#define BUNDLE_BYTES_MAX ((size_t)TILE_WIDTH * (2 + TILE_ENTRY_MAX))

/* Reads and verifies the checkpoint: by `key` alone, whose name is the origin. ERROR_INPUT if there
 * is no ledger, ERROR_CORRUPT if the checkpoint is malformed or not signed so. */
int ledger_view_open(struct ledger_view *view, const char *root, const struct note_key *key,
                     struct error *error);

/* The key that the ledger names itself, in its file `verifier-key`: it proves nothing by itself. */
int ledger_view_key(const char *root, struct note_key *key, struct error *error);

/* Proofs in trees of at most the checkpoint's size. ERROR_INPUT for wrong numbers. */
int ledger_view_inclusion(struct ledger_view *view, uint64_t index, uint64_t size,
                          struct merkle_proof *proof, struct error *error);
int ledger_view_consistency(struct ledger_view *view, uint64_t before, uint64_t after,
                            struct merkle_proof *proof, struct error *error);
/* The root of the first `size` entries, at most the checkpoint's. */
int ledger_view_root(struct ledger_view *view, uint64_t size, struct merkle_hash *root,
                     struct error *error);

/* The entry itself, proved to be in the ledger; the caller frees `entry`. */
int ledger_view_entry(struct ledger_view *view, uint64_t index, unsigned char **entry, size_t *size,
                      struct error *error);

/* A tile's or bundle's bytes for a tree of `size` entries: the partial one, or where that is gone
 * the full one, of which the first `tile_width` hashes or entries are meant. The caller frees
 * `bytes`. ERROR_CORRUPT if neither is there. */
int ledger_tile_read(const char *root, uint64_t size, bool entries, unsigned level, uint64_t index,
                     unsigned char **bytes, size_t *bytes_size, struct error *error);

#endif
