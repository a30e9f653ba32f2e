#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evidence/audit_inside.h"

/* The ledger as it grows again, entry by entry. */
struct rebuild {
    struct audit *audit;
    struct merkle_range range;
    uint64_t hashes[TILE_LEVELS]; /* of each level, in all tiles */
    unsigned char tiles[TILE_LEVELS][TILE_BYTES];
    /* The bundle that the entries are in: first as the published file has it, then with what the
     * journal adds; and where in it each entry begins. */
    unsigned char *bundle;
    size_t bundle_size, bundle_room;
    uint32_t begins[TILE_WIDTH + 1];
    /* The batch of the journal that has the next entry, if `in_batch`. */
    struct journal_frame frame;
    bool in_batch;
    size_t frame_at, entry_at;
};

static uint64_t published(const struct rebuild *rebuild)
{
    return rebuild->audit->checkpoint.size;
}

/* ---- comparing files ---- */

/* A leaf hash and its entry do not belong together: which of them was changed, they do not say, so
 * that both places are named. */
static int hash_found(struct rebuild *rebuild, const char *path, uint64_t index, size_t at)
{
    unsigned column = (unsigned)(at / MERKLE_HASH_BYTES),
             width = tile_width(published(rebuild), 0, index);
    struct tile tile = {true, 0, index, width};
    char bundle[TILE_PATH_TEXT] = "the journal";

    if (column < width)
        tile_path(&tile, bundle);
    return audit_found(rebuild->audit, path, at,
                       "is not the hash of entry %" PRIu64 ", which is in %s (byte %" PRIu32
                       " of its bundle)",
                       index * TILE_WIDTH + column, bundle, rebuild->begins[column]);
}

/* Compares a file with what it should be. `required`: it must be there. */
static int file_compare(struct rebuild *rebuild, const struct tile *tile,
                        const unsigned char *wanted, size_t size, bool required)
{
    struct audit *audit = rebuild->audit;
    unsigned char *bytes;
    char path[TILE_PATH_TEXT];
    size_t there, at = 0;
    int code;

    tile_path(tile, path);
    code = disk_read(audit->request->path, path, BUNDLE_BYTES_MAX, &bytes, &there, audit->error);
    if (code == 1)
        return required ? audit_found(audit, path, 0, "is missing") : 0;
    if (code == ERROR_CORRUPT)
        return audit_found(audit, path, 0, "is no file that a tile can be in");
    if (code != 0)
        return code;
    while (at < size && at < there && bytes[at] == wanted[at])
        at++;
    free(bytes);
    if (at == size && there == size) {
        audit->report->tiles += !tile->entries;
        audit->report->bundles += tile->entries;
        return 0;
    }
    if (at == size || at == there)
        return audit_found(audit, path, at, "has %zu bytes instead of %zu", there, size);
    if (tile->entries)
        return audit_found(audit, path, at, "is not what the other files have of these entries");
    at -= at % MERKLE_HASH_BYTES;
    if (tile->level > 0)
        return audit_found(audit, path, at, "is not the hash of the tiles below");
    return hash_found(rebuild, path, tile->index, at);
}

static size_t share_of(const struct rebuild *rebuild, const struct tile *tile)
{
    return tile->entries ? rebuild->begins[tile->width] : (size_t)tile->width * MERKLE_HASH_BYTES;
}

/* The partial tiles of a tile: each is the beginning of what it has become. */
static int partials_compare(struct rebuild *rebuild, struct tile tile, const unsigned char *wanted,
                            unsigned width)
{
    struct audit *audit = rebuild->audit;
    char path[DISK_PATH_TEXT], name[TILE_PATH_TEXT];
    DIR *folder;
    int code = 0;

    tile.width = 1;
    tile_path(&tile, name);
    *strrchr(name, '/') = '\0';
    disk_path(audit->request->path, name, path);
    folder = opendir(path);
    if (folder == NULL)
        return errno == ENOENT ? 0
                               : error_set(audit->error, ERROR_IO, "%s: cannot be listed: %s", path,
                                           strerror(errno));
    for (struct dirent *entry; code == 0 && (entry = readdir(folder)) != NULL;) {
        /* The names were looked at before: what is here is a width, or came in just now. */
        tile.width = (unsigned)strtoul(entry->d_name, NULL, 10);
        if (tile.width >= 1 && tile.width < TILE_WIDTH && tile.width <= width)
            code = file_compare(rebuild, &tile, wanted, share_of(rebuild, &tile), false);
    }
    closedir(folder);
    return code;
}

/* Everything that there is of a tile or bundle with so many hashes or entries. */
static int tile_compare(struct rebuild *rebuild, struct tile tile, const unsigned char *wanted,
                        unsigned width)
{
    unsigned needed = tile_width(published(rebuild), tile.level, tile.index);
    int code = partials_compare(rebuild, tile, wanted, width);

    if (code == 0 && needed > 0 && needed < TILE_WIDTH) {
        char path[TILE_PATH_TEXT], full[DISK_PATH_TEXT];

        tile.width = needed;
        tile_path(&tile, path);
        disk_path(rebuild->audit->request->path, path, full);
        if (access(full, F_OK) < 0)
            return audit_found(rebuild->audit, path, 0, "is missing");
    }
    tile.width = TILE_WIDTH;
    if (code == 0 && width == TILE_WIDTH)
        code = file_compare(rebuild, &tile, wanted, share_of(rebuild, &tile), needed == TILE_WIDTH);
    return code;
}

/* ---- growing ---- */

static int leaf_put(struct rebuild *rebuild, struct merkle_hash hash)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct tile tile = {false, level, rebuild->hashes[level] / TILE_WIDTH, TILE_WIDTH};
        size_t column = rebuild->hashes[level]++ % TILE_WIDTH;
        int code;

        memcpy(rebuild->tiles[level] + column * MERKLE_HASH_BYTES, hash.bytes, MERKLE_HASH_BYTES);
        if (column + 1 < TILE_WIDTH)
            return 0;
        code = tile_compare(rebuild, tile, rebuild->tiles[level], TILE_WIDTH);
        if (code != 0)
            return code;
        tile_root(rebuild->tiles[level], TILE_HEIGHT, &hash);
    }
    return 0;
}

/* What is left at the right edge. */
static int edge_compare(struct rebuild *rebuild)
{
    uint64_t size = rebuild->range.size;
    unsigned width = (unsigned)(size % TILE_WIDTH);
    int code = 0;

    for (unsigned level = 0; code == 0 && level < TILE_LEVELS; level++) {
        struct tile tile = {false, level, rebuild->hashes[level] / TILE_WIDTH, 1};
        unsigned left = (unsigned)(rebuild->hashes[level] % TILE_WIDTH);

        if (left > 0)
            code = tile_compare(rebuild, tile, rebuild->tiles[level], left);
    }
    if (code == 0 && width > 0)
        code = tile_compare(rebuild, (struct tile){true, 0, size / TILE_WIDTH, 1}, rebuild->bundle,
                            width);
    return code;
}

static int bundle_reserve(struct rebuild *rebuild, size_t size)
{
    unsigned char *grown;

    if (size <= rebuild->bundle_room)
        return 0;
    grown = realloc(rebuild->bundle, size * 2);
    if (grown == NULL)
        return error_set(rebuild->audit->error, ERROR_MEMORY, "no memory for a bundle of entries");
    rebuild->bundle = grown;
    rebuild->bundle_room = size * 2;
    return 0;
}

/* Takes the published bundle in which the next entry is the first, whole: so many entries, and
 * nothing behind them. */
static int bundle_take(struct rebuild *rebuild)
{
    struct audit *audit = rebuild->audit;
    struct tile tile = {true, 0, rebuild->range.size / TILE_WIDTH, 0};
    const unsigned char *entry;
    unsigned char *bytes;
    char path[TILE_PATH_TEXT];
    size_t size, at = 0, entry_size;
    int code;

    tile.width = tile_width(published(rebuild), 0, tile.index);
    tile_path(&tile, path);
    code = audit_read(audit, path, BUNDLE_BYTES_MAX, &bytes, &size);
    if (code != 0)
        return code;
    for (unsigned i = 0; code == 0 && i < tile.width; i++) {
        rebuild->begins[i] = (uint32_t)at;
        if (bundle_next(bytes, size, &at, &entry, &entry_size) != 0)
            code = audit_found(audit, path, at, "the file ends within entry %" PRIu64,
                               tile.index * TILE_WIDTH + i);
    }
    if (code == 0 && at != size)
        code = audit_found(audit, path, at, "there is more than %u entries", tile.width);
    if (code == 0)
        code = bundle_reserve(rebuild, size);
    if (code == 0) {
        memcpy(rebuild->bundle, bytes, size);
        rebuild->bundle_size = size;
        rebuild->begins[tile.width] = (uint32_t)size;
    }
    free(bytes);
    return code;
}

/* ---- the journal beside it ---- */

/* If the next entry is one of a batch, goes to it. The batches were counted before, and follow one
 * another. */
static void batch_begin(struct rebuild *rebuild)
{
    const struct audit *audit = rebuild->audit;

    if (rebuild->in_batch || rebuild->frame_at >= audit->journal_size)
        return;
    journal_next(audit->journal, audit->journal_size, rebuild->frame_at, &rebuild->frame);
    rebuild->in_batch = rebuild->frame.first == rebuild->range.size;
    rebuild->entry_at = 0;
}

/* The entry that the batch has next. */
static int batch_entry(struct rebuild *rebuild, const unsigned char **entry, size_t *size)
{
    size_t at = rebuild->entry_at;

    if (bundle_next(rebuild->frame.entries, rebuild->frame.entries_size, &rebuild->entry_at, entry,
                    size) == 0)
        return 0;
    return audit_found(rebuild->audit, "journal", rebuild->frame_at + JOURNAL_HEADER_BYTES + at,
                       "entry %" PRIu64 " is longer than what is left of its batch",
                       rebuild->range.size);
}

/* Behind the last entry of a batch: its checkpoint. */
static int batch_end(struct rebuild *rebuild)
{
    struct audit *audit = rebuild->audit;
    const struct journal_frame *frame = &rebuild->frame;
    struct error why;

    if (!rebuild->in_batch || rebuild->range.size < frame->first + frame->count)
        return 0;
    if (rebuild->entry_at != frame->entries_size)
        return audit_found(audit, "journal",
                           rebuild->frame_at + JOURNAL_HEADER_BYTES + rebuild->entry_at,
                           "the batch has more bytes than its entries");
    if (journal_note_check(frame, &audit->report->key, &rebuild->range, &why) < 0)
        return audit_found(audit, "journal", rebuild->frame_at, "%s", why.message);
    audit->report->batches++;
    rebuild->frame_at += frame->size;
    rebuild->in_batch = false;
    return 0;
}

/* The next entry, in the bundle: from the published file, compared with the batch that repeats it,
 * or from the batch alone. */
static int entry_next(struct rebuild *rebuild)
{
    unsigned column = (unsigned)(rebuild->range.size % TILE_WIDTH);
    bool is_published = rebuild->range.size < published(rebuild);
    const unsigned char *entry, *here;
    size_t size, length;
    int code = 0;

    if (column == 0) {
        rebuild->bundle_size = 0;
        rebuild->begins[0] = 0;
        if (is_published)
            code = bundle_take(rebuild);
    }
    if (code != 0 || (is_published && !rebuild->in_batch))
        return code;
    code = batch_entry(rebuild, &entry, &size);
    if (code != 0)
        return code;
    if (!is_published) {
        code = bundle_reserve(rebuild, rebuild->bundle_size + 2 + size);
        if (code != 0)
            return code;
        memcpy(rebuild->bundle + rebuild->bundle_size, entry - 2, size + 2);
        rebuild->bundle_size += size + 2;
        rebuild->begins[column + 1] = (uint32_t)rebuild->bundle_size;
        return 0;
    }
    here = rebuild->bundle + rebuild->begins[column];
    length = rebuild->begins[column + 1] - rebuild->begins[column];
    if (length == size + 2 && memcmp(here, entry - 2, length) == 0)
        return 0;
    return audit_found(rebuild->audit, "journal", (uint64_t)(entry - 2 - rebuild->audit->journal),
                       "is not entry %" PRIu64 " as it was published", rebuild->range.size);
}

/* What is to be looked at whenever the tree has another size. */
static int size_reached(struct rebuild *rebuild)
{
    struct audit *audit = rebuild->audit;
    struct merkle_hash root;

    if (audit->has_held && rebuild->range.size == audit->report->held.size)
        merkle_range_root(&rebuild->range, &audit->held_root);
    if (rebuild->range.size != published(rebuild))
        return 0;
    merkle_range_root(&rebuild->range, &root);
    audit->report->root = root;
    if (memcmp(&root, &audit->checkpoint.root, sizeof root) != 0)
        return audit_found(audit, "checkpoint", audit->root_offset,
                           "is not the root of the %" PRIu64 " entries before it",
                           published(rebuild));
    return 0;
}

static int entry_add(struct rebuild *rebuild)
{
    unsigned column = (unsigned)(rebuild->range.size % TILE_WIDTH);
    struct merkle_hash leaf;
    int code;

    batch_begin(rebuild);
    code = entry_next(rebuild);
    if (code != 0)
        return code;
    merkle_leaf(rebuild->bundle + rebuild->begins[column] + 2,
                rebuild->begins[column + 1] - rebuild->begins[column] - 2, &leaf);
    merkle_range_push(&rebuild->range, 0, &leaf);
    if (column + 1 == TILE_WIDTH)
        code =
            tile_compare(rebuild, (struct tile){true, 0, (rebuild->range.size - 1) / TILE_WIDTH, 1},
                         rebuild->bundle, TILE_WIDTH);
    if (code == 0)
        code = leaf_put(rebuild, leaf);
    if (code == 0)
        code = size_reached(rebuild);
    return code == 0 ? batch_end(rebuild) : code;
}

int audit_rebuild(struct audit *audit)
{
    struct rebuild *rebuild = calloc(1, sizeof *rebuild);
    int code;

    if (rebuild == NULL)
        return error_set(audit->error, ERROR_MEMORY, "no memory for an audit");
    rebuild->audit = audit;
    merkle_range_begin(&rebuild->range);
    code = size_reached(rebuild);
    while (code == 0 && rebuild->range.size < audit->report->entries)
        code = entry_add(rebuild);
    if (code == 0)
        code = edge_compare(rebuild);
    free(rebuild->bundle);
    free(rebuild);
    return code;
}
