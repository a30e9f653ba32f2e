#include "evidence/view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CHECKPOINT "checkpoint"
#define KEY "verifier-key"

int ledger_view_key(const char *root, struct note_key *key, struct error *error)
{
    unsigned char *bytes;
    size_t size;
    int code;

    if (strlen(root) > DISK_ROOT_MAX)
        return error_set(error, ERROR_INPUT, "the ledger's path is too long");
    code = disk_read(root, KEY, NOTE_KEY_TEXT, &bytes, &size, error);
    if (code == 1)
        return error_set(error, ERROR_INPUT, "%s: there is no ledger here (no file " KEY ")", root);
    if (code < 0)
        return code;
    if (size == 0 || bytes[size - 1] != '\n' || memchr(bytes, '\0', size) != NULL) {
        code = error_set(error, ERROR_CORRUPT, KEY ": is not one line with a key");
    } else {
        bytes[size - 1] = '\0';
        code = note_key_read(key, (char *)bytes, error);
        if (code < 0)
            code = error_set(error, ERROR_CORRUPT, KEY ": byte 0: is no key that was printed so");
    }
    free(bytes);
    return code;
}

/* The checkpoint's bytes, taken apart and verified. */
static int checkpoint_check(const char *bytes, size_t size, const struct note_key *key,
                            struct ledger_checkpoint *checkpoint, struct error *error)
{
    struct note_seen seen;
    struct note note;
    int code = note_read(&note, bytes, size, error);

    if (code == 0)
        code = note_verify(&note, key, 1, true, &seen, error);
    if (code == 0)
        code = ledger_checkpoint_read(checkpoint, note.text, note.text_size, NULL, error);
    if (code == 0 && strcmp(checkpoint->origin, key->name) != 0)
        code = error_set(error, ERROR_CORRUPT, "byte 0: the origin is not the key's name, %s",
                         key->name);
    if (code == 0 && checkpoint->size > MERKLE_SIZE_MAX)
        code = error_set(error, ERROR_CORRUPT, "the ledger is larger than a ledger can be");
    return code < 0 ? error_context(error, CHECKPOINT) : 0;
}

int ledger_view_open(struct ledger_view *view, const char *root, const struct note_key *key,
                     struct error *error)
{
    unsigned char *bytes;
    size_t size;
    int code;

    if (strlen(root) > DISK_ROOT_MAX)
        return error_set(error, ERROR_INPUT, "the ledger's path is too long");
    memcpy(view->root, root, strlen(root) + 1);
    view->cached.width = 0;
    code = disk_read(root, CHECKPOINT, NOTE_SIZE_MAX, &bytes, &size, error);
    if (code == 1)
        return error_set(error, ERROR_INPUT, "%s: there is no ledger here (no file " CHECKPOINT ")",
                         root);
    if (code == 0)
        code = checkpoint_check((char *)bytes, size, key, &view->checkpoint, error);
    free(bytes);
    return code;
}

int ledger_tile_read(const char *root, uint64_t size, bool entries, unsigned level, uint64_t index,
                     unsigned char **bytes, size_t *bytes_size, struct error *error)
{
    struct tile tile = {entries, level, index, tile_width(size, level, index)};
    size_t limit = entries ? BUNDLE_BYTES_MAX : TILE_BYTES;
    char path[TILE_PATH_TEXT];
    int code;

    tile_path(&tile, path);
    code = disk_read(root, path, limit, bytes, bytes_size, error);
    if (code == 1 && tile.width < TILE_WIDTH) {
        /* "MAY fetch the full tile ... as a fallback in case the partial tile is not available" */
        tile.width = TILE_WIDTH;
        tile_path(&tile, path);
        code = disk_read(root, path, limit, bytes, bytes_size, error);
    }
    if (code == 1)
        return error_set(error, ERROR_CORRUPT, "%s: is missing", path);
    if (code != 0 || entries || *bytes_size == (size_t)tile.width * MERKLE_HASH_BYTES)
        return code;
    error_set(error, ERROR_CORRUPT, "%s: has %zu bytes instead of %u", path, *bytes_size,
              tile.width * MERKLE_HASH_BYTES);
    free(*bytes);
    *bytes = NULL;
    return ERROR_CORRUPT;
}

/* A merkle_source: a complete subtree's hash, from the tile that it is in. */
static int view_gives(void *context, unsigned level, uint64_t index, struct merkle_hash *hash,
                      struct error *error)
{
    struct ledger_view *view = context;
    unsigned row = level / TILE_HEIGHT, up = level % TILE_HEIGHT;
    uint64_t first = index << up, tile = first / TILE_WIDTH;
    unsigned char *bytes;
    size_t size;

    if (view->cached.width == 0 || view->cached.level != row || view->cached.index != tile) {
        int code = ledger_tile_read(view->root, view->checkpoint.size, false, row, tile, &bytes,
                                    &size, error);

        if (code != 0)
            return code;
        view->cached = (struct tile){false, row, tile, (unsigned)(size / MERKLE_HASH_BYTES)};
        memcpy(view->hashes, bytes, size);
        free(bytes);
    }
    tile_root(view->hashes + first % TILE_WIDTH * MERKLE_HASH_BYTES, up, hash);
    return 0;
}

int ledger_view_root(struct ledger_view *view, uint64_t size, struct merkle_hash *root,
                     struct error *error)
{
    if (size > view->checkpoint.size)
        return error_set(error, ERROR_INPUT,
                         "the ledger has %" PRIu64 " entries, and not yet %" PRIu64,
                         view->checkpoint.size, size);
    return merkle_root(view_gives, view, size, root, error);
}

/* That the tree of `size` is part of the one that was signed. */
static int root_proved(struct ledger_view *view, uint64_t size, struct merkle_hash *root,
                       struct error *error)
{
    const struct ledger_checkpoint *signed_one = &view->checkpoint;
    struct merkle_proof proof;
    int code = ledger_view_root(view, size, root, error);

    if (code == 0)
        code = merkle_consistency(view_gives, view, size, signed_one->size, &proof, error);
    if (code == 0 && merkle_consistency_verify(size, root, signed_one->size, &signed_one->root,
                                               &proof, error) < 0)
        code = error_set(error, ERROR_CORRUPT, "the tiles are not those of the checkpoint");
    return code;
}

int ledger_view_consistency(struct ledger_view *view, uint64_t before, uint64_t after,
                            struct merkle_proof *proof, struct error *error)
{
    struct merkle_hash older, newer;
    int code = root_proved(view, after, &newer, error);

    if (code == 0)
        code = merkle_consistency(view_gives, view, before, after, proof, error);
    if (code == 0)
        code = root_proved(view, before, &older, error);
    if (code == 0 && merkle_consistency_verify(before, &older, after, &newer, proof, error) < 0)
        code = error_set(error, ERROR_CORRUPT, "the tiles contradict one another");
    return code;
}

int ledger_view_inclusion(struct ledger_view *view, uint64_t index, uint64_t size,
                          struct merkle_proof *proof, struct error *error)
{
    struct merkle_hash root, leaf;
    int code = root_proved(view, size, &root, error);

    if (code == 0)
        code = merkle_inclusion(view_gives, view, index, size, proof, error);
    if (code == 0)
        code = view_gives(view, 0, index, &leaf, error);
    if (code == 0 && merkle_inclusion_verify(index, size, &leaf, proof, &root, error) < 0)
        code = error_set(error, ERROR_CORRUPT, "the tiles contradict one another");
    return code;
}

/* Finds the entry in its bundle, and copies it. */
static int bundle_entry(const unsigned char *bundle, size_t bundle_size, uint64_t number,
                        unsigned char **entry, size_t *size, struct error *error)
{
    const unsigned char *found = NULL;
    size_t at = 0;

    for (uint64_t i = 0; i <= number; i++)
        if (bundle_next(bundle, bundle_size, &at, &found, size) != 0)
            return error_set(error, ERROR_CORRUPT, "a bundle has fewer entries than it should");
    *entry = malloc(*size + 1);
    if (*entry == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for an entry");
    memcpy(*entry, found, *size);
    return 0;
}

int ledger_view_entry(struct ledger_view *view, uint64_t index, unsigned char **entry, size_t *size,
                      struct error *error)
{
    struct merkle_proof proof;
    struct merkle_hash leaf;
    unsigned char *bundle;
    size_t bundle_size;
    int code = ledger_view_inclusion(view, index, view->checkpoint.size, &proof, error);

    *entry = NULL;
    if (code < 0)
        return code;
    code = ledger_tile_read(view->root, view->checkpoint.size, true, 0, index / TILE_WIDTH, &bundle,
                            &bundle_size, error);
    if (code < 0)
        return code;
    code = bundle_entry(bundle, bundle_size, index % TILE_WIDTH, entry, size, error);
    free(bundle);
    if (code < 0)
        return code;
    merkle_leaf(*entry, *size, &leaf);
    code = merkle_inclusion_verify(index, view->checkpoint.size, &leaf, &proof,
                                   &view->checkpoint.root, error);
    if (code == 0)
        return 0;
    free(*entry);
    *entry = NULL;
    return error_set(error, ERROR_CORRUPT, "entry %" PRIu64 " is not the one that was signed",
                     index);
}
