#include "evidence/tiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int index_write(uint64_t index, char *path)
{
    int at = 0;

    if (index >= 1000) {
        /* All groups but the last, the highest first. */
        uint64_t unit = 1000;

        while (index / unit >= 1000)
            unit *= 1000;
        for (; unit >= 1000; unit /= 1000)
            at += sprintf(path + at, "x%03u/", (unsigned)(index / unit % 1000));
    }
    return at + sprintf(path + at, "%03u", (unsigned)(index % 1000));
}

void tile_path(const struct tile *tile, char path[TILE_PATH_TEXT])
{
    int at =
        tile->entries ? sprintf(path, "tile/entries/") : sprintf(path, "tile/%u/", tile->level);

    at += index_write(tile->index, path + at);
    if (tile->width < TILE_WIDTH)
        sprintf(path + at, ".p/%u", tile->width);
}

/* A decimal number of at most three digits; the text moves behind it. */
static int number_read(const char **text, unsigned *number)
{
    int digits = 0;

    for (*number = 0; **text >= '0' && **text <= '9' && digits < 4; (*text)++, digits++)
        *number = *number * 10 + (unsigned)(**text - '0');
    return digits >= 1 && digits <= 3 ? 0 : -1;
}

/* Reads loosely; what is not as tile_path would write it, is found by writing it. */
int tile_path_read(struct tile *tile, const char *path)
{
    static const char ENTRIES[] = "tile/entries/", TILE[] = "tile/";
    char wanted[TILE_PATH_TEXT];
    const char *at = path;
    unsigned group;

    *tile = (struct tile){.width = TILE_WIDTH};
    if (strncmp(at, ENTRIES, strlen(ENTRIES)) == 0) {
        tile->entries = true;
        at += strlen(ENTRIES);
    } else {
        if (strncmp(at, TILE, strlen(TILE)) != 0)
            return -1;
        at += strlen(TILE);
        if (number_read(&at, &tile->level) != 0 || *at++ != '/')
            return -1;
    }
    for (bool last = false; !last;) {
        last = *at != 'x';
        at += !last;
        if (number_read(&at, &group) != 0 || tile->index > MERKLE_SIZE_MAX)
            return -1;
        tile->index = tile->index * 1000 + group;
        if (!last && *at++ != '/')
            return -1;
    }
    if (strncmp(at, ".p/", 3) == 0) {
        at += 3;
        if (number_read(&at, &tile->width) != 0 || tile->width == 0 || tile->width >= TILE_WIDTH)
            return -1;
    }
    if (*at != '\0' || tile->level >= TILE_LEVELS || tile->index >= MERKLE_SIZE_MAX / TILE_WIDTH)
        return -1;
    tile_path(tile, wanted);
    return strcmp(wanted, path) == 0 ? 0 : -1;
}

unsigned tile_width(uint64_t size, unsigned level, uint64_t index)
{
    uint64_t hashes = level < TILE_LEVELS ? size >> (level * TILE_HEIGHT) : 0;

    if (index >= (hashes + TILE_WIDTH - 1) / TILE_WIDTH)
        return 0;
    hashes -= index * TILE_WIDTH;
    return hashes < TILE_WIDTH ? (unsigned)hashes : TILE_WIDTH;
}

void tile_root(const unsigned char *hashes, unsigned level, struct merkle_hash *root)
{
    struct merkle_range range;
    struct merkle_hash hash;

    merkle_range_begin(&range);
    for (size_t i = 0; i < (size_t)1 << level; i++) {
        memcpy(hash.bytes, hashes + i * MERKLE_HASH_BYTES, MERKLE_HASH_BYTES);
        merkle_range_push(&range, 0, &hash);
    }
    merkle_range_root(&range, root);
}

int bundle_next(const unsigned char *bundle, size_t size, size_t *at, const unsigned char **entry,
                size_t *entry_size)
{
    size_t length;

    if (size - *at < 2)
        return -1;
    length = (size_t)bundle[*at] << 8 | bundle[*at + 1];
    if (size - *at - 2 < length)
        return -1;
    *entry = bundle + *at + 2;
    *entry_size = length;
    *at += 2 + length;
    return 0;
}
