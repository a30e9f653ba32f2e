/*
 * The files of a ledger, as C2SP's tlog-tiles has them: where they stand and what is in them.
 *
 *     tile/LEVEL/N          256 hashes of 32 bytes: the N-th tile of its level
 *     tile/LEVEL/N.p/W      a partial tile: its first W hashes, W from 1 to 255
 *     tile/entries/N        256 entries, each after its length in two bytes, big-endian
 *     tile/entries/N.p/W    the first W of them
 *
 * N is written in groups of three digits, all but the last after an `x`: 1234067 is x001/x234/067.
 * A hash of level 0 is a leaf's; one of level L is the root of 256^L entries, of a full tile of the
 * level below.
 *
 * Nothing here allocates or does input and output.
 */
#ifndef IOLAUS_EVIDENCE_TILES_H
#define IOLAUS_EVIDENCE_TILES_H

#include <stdbool.h>

#include "evidence/merkle.h"

#define TILE_WIDTH 256
#define TILE_HEIGHT 8 /* levels of the tree in one level of tiles */
#define TILE_BYTES (TILE_WIDTH * MERKLE_HASH_BYTES)
/* 256^5 is MERKLE_SIZE_MAX. */
#define TILE_LEVELS (MERKLE_LEVEL_MAX / TILE_HEIGHT + 1)
#define TILE_ENTRY_MAX 65535 /* bytes */
#define TILE_PATH_TEXT 64

struct tile {
    bool entries; /* a bundle of entries; its level is 0 then */
    unsigned level;
    uint64_t index;
    unsigned width; /* 1 to 255 hashes or entries of a partial one, 256 of a full one */
};

/* Writes the path below the ledger's folder. */
void tile_path(const struct tile *tile, char path[TILE_PATH_TEXT]);

/* Reads a path. Returns 0, or -1 if no tile has it; every tile has one path alone. */
int tile_path_read(struct tile *tile, const char *path);

/* How many hashes the tile has in a tree of `size` entries: 0 (there is no such tile) to 256. */
unsigned tile_width(uint64_t size, unsigned level, uint64_t index);

/* The root of the first 2^level hashes of a tile, level at most 8: a subtree's hash from what a
 * tile holds. */
void tile_root(const unsigned char *hashes, unsigned level, struct merkle_hash *root);

/* The entry at `*at` in a bundle of `size` bytes; moves `*at` behind it. Returns 0, or -1 if the
 * bundle ends within it. */
int bundle_next(const unsigned char *bundle, size_t size, size_t *at, const unsigned char **entry,
                size_t *entry_size);

/* The length before an entry of at most TILE_ENTRY_MAX bytes. */
static inline void bundle_length(unsigned char bytes[2], size_t size)
{
    bytes[0] = (unsigned char)(size >> 8);
    bytes[1] = (unsigned char)size;
}

#endif
