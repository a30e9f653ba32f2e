#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evidence/ledger_inside.h"

_Static_assert((LEDGER_PENDING_MAX + LEDGER_BATCH_MAX + TILE_WIDTH) / TILE_WIDTH * 2 +
                       2 * TILE_LEVELS + 2 <=
                   DISK_BATCH_MAX,
               "what is pending fits into one batch of files");

/* The tiles while they grow; a copy, so that a failure leaves the ledger as it was. */
struct growth {
    struct ledger *ledger;
    uint64_t hashes[TILE_LEVELS]; /* of each level, in all tiles */
    unsigned char rightmost[TILE_LEVELS][TILE_BYTES];
};

static int tile_put(struct growth *growth, unsigned level, uint64_t index, unsigned width,
                    struct error *error)
{
    struct tile tile = {false, level, index, width};
    char path[TILE_PATH_TEXT];

    tile_path(&tile, path);
    return disk_batch_add(&growth->ledger->batch, path, growth->rightmost[level],
                          (size_t)width * MERKLE_HASH_BYTES, error);
}

/* Adds a hash to its level's rightmost tile. A full tile is written, and its root is the next hash
 * of the level above. */
static int hash_put(struct growth *growth, struct merkle_hash hash, struct error *error)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t index = growth->hashes[level] / TILE_WIDTH;
        size_t column = growth->hashes[level]++ % TILE_WIDTH;
        int code;

        memcpy(growth->rightmost[level] + column * MERKLE_HASH_BYTES, hash.bytes,
               MERKLE_HASH_BYTES);
        if (column + 1 < TILE_WIDTH)
            return 0;
        code = tile_put(growth, level, index, TILE_WIDTH, error);
        if (code < 0)
            return code;
        tile_root(growth->rightmost[level], TILE_HEIGHT, &hash);
    }
    return 0;
}

static int tiles_put(struct growth *growth, struct error *error)
{
    const struct ledger *ledger = growth->ledger;
    int code = 0;

    for (unsigned level = 0; level < TILE_LEVELS; level++)
        growth->hashes[level] = ledger->published.size >> (level * TILE_HEIGHT);
    memcpy(growth->rightmost, ledger->rightmost, sizeof growth->rightmost);
    for (uint64_t i = 0; code == 0 && i < ledger_pending(ledger); i++)
        code = hash_put(growth, ledger->leaves[i], error);
    for (unsigned level = 0; code == 0 && level < TILE_LEVELS; level++) {
        uint64_t before = ledger->published.size >> (level * TILE_HEIGHT);
        unsigned width = (unsigned)(growth->hashes[level] % TILE_WIDTH);

        if (width > 0 && growth->hashes[level] != before)
            code = tile_put(growth, level, growth->hashes[level] / TILE_WIDTH, width, error);
    }
    return code;
}

/* Writes the bundles; says in `kept` where the rightmost partial one begins in ledger->entries. */
static int bundles_put(struct ledger *ledger, size_t *kept, struct error *error)
{
    struct tile tile = {true, 0, ledger->published.size / TILE_WIDTH, TILE_WIDTH};
    uint64_t index = tile.index * TILE_WIDTH;
    const unsigned char *entry;
    char path[TILE_PATH_TEXT];
    size_t begin = 0, at = 0, size;
    int code = 0;

    while (code == 0 && index < ledger->range.size) {
        bundle_next(ledger->entries, ledger->entries_size, &at, &entry, &size);
        index++;
        if (index % TILE_WIDTH != 0 && index < ledger->range.size)
            continue;
        tile.width = (unsigned)(index - tile.index * TILE_WIDTH);
        tile_path(&tile, path);
        code = disk_batch_add(&ledger->batch, path, ledger->entries + begin, at - begin, error);
        if (tile.width == TILE_WIDTH) {
            begin = at;
            tile.index++;
        }
    }
    *kept = begin;
    return code;
}

int ledger_checkpoint_put(struct ledger *ledger, const struct ledger_checkpoint *checkpoint,
                          struct error *error)
{
    char note[CHECKPOINT_NOTE_TEXT];
    size_t size = ledger_checkpoint_sign(checkpoint, &ledger->secret, note);
    int code;

    disk_batch_begin(&ledger->batch, ledger->root);
    code = disk_batch_add(&ledger->batch, "checkpoint", note, size, error);
    return code < 0 ? code : disk_batch_finish(&ledger->batch, error);
}

/* "MAY delete any partial tile once the corresponding full tile is ... available" */
static void partials_remove(const char *root, struct tile tile)
{
    char path[DISK_PATH_TEXT], name[TILE_PATH_TEXT];
    DIR *folder;

    tile.width = 1;
    tile_path(&tile, name);
    *strrchr(name, '/') = '\0';
    disk_path(root, name, path);
    folder = opendir(path);
    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(path);
}

/* What is done once the new checkpoint is there. If it is not done, nothing is wrong: the journal
 * repeats what the tiles hold, and partial tiles say what the full ones say. */
static void tidy_up(struct ledger *ledger, uint64_t before)
{
    ledger->journal_size = 0;
    if (ftruncate(ledger->journal, 0) < 0)
        ledger->journal_size = (size_t)lseek(ledger->journal, 0, SEEK_END);
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t index = (before >> (level * TILE_HEIGHT)) / TILE_WIDTH;

        if (tile_width(before, level, index) == 0 ||
            tile_width(ledger->published.size, level, index) < TILE_WIDTH)
            continue;
        partials_remove(ledger->root, (struct tile){false, level, index, 1});
        if (level == 0)
            partials_remove(ledger->root, (struct tile){true, 0, index, 1});
    }
}

int ledger_publish(struct ledger *ledger, struct error *error)
{
    struct ledger_checkpoint checkpoint = ledger->published;
    uint64_t before = ledger->published.size;
    struct growth growth = {.ledger = ledger};
    size_t kept = 0;
    int code = ledger->broken.code;

    if (code < 0 && error != NULL)
        *error = ledger->broken;
    if (code < 0 || ledger_pending(ledger) == 0)
        return code;
    disk_batch_begin(&ledger->batch, ledger->root);
    code = tiles_put(&growth, error);
    if (code == 0)
        code = bundles_put(ledger, &kept, error);
    if (code == 0)
        code = disk_batch_finish(&ledger->batch, error);
    checkpoint.size = ledger->range.size;
    merkle_range_root(&ledger->range, &checkpoint.root);
    if (code == 0)
        code = ledger_checkpoint_put(ledger, &checkpoint, error);
    if (code < 0)
        return code;
    memmove(ledger->entries, ledger->entries + kept, ledger->entries_size - kept);
    ledger->entries_size -= kept;
    memcpy(ledger->rightmost, growth.rightmost, sizeof ledger->rightmost);
    ledger->published = checkpoint;
    tidy_up(ledger, before);
    return 0;
}
