#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "evidence/ledger_inside.h"

#define JOURNAL "journal"
#define JOURNAL_FILE_MAX ((size_t)1 << 30)

/* ---- the key file ---- */

static int key_take(const char *path, int file, struct note_secret *secret, struct error *error)
{
    char text[NOTE_SECRET_TEXT + 1] = "";
    struct stat about;
    size_t size;
    int code;

    if (fstat(file, &about) < 0 || !S_ISREG(about.st_mode) || (about.st_mode & 077) != 0)
        return error_set(error, ERROR_INPUT,
                         "%s: a key file is a regular file that others cannot open (chmod 600)",
                         path);
    size = (size_t)about.st_size;
    if (size < sizeof text && disk_read_all(file, text, size) < 0)
        return error_set(error, ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (size == 0 || size >= sizeof text || text[size - 1] != '\n')
        return error_set(error, ERROR_INPUT, "%s: is not one line with a secret key", path);
    text[size - 1] = '\0';
    code = note_secret_read(secret, text, error);
    sodium_memzero(text, sizeof text);
    return code < 0 ? error_context(error, "%s", path) : 0;
}

/* Reads a key file. 1 if there is none. */
static int key_read(const char *path, struct note_secret *secret, struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code;

    if (file < 0 && errno == ENOENT)
        return 1;
    if (file < 0)
        return error_set(error, ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    code = key_take(path, file, secret, error);
    close(file);
    return code;
}

static int parent_sync(const char *path, struct error *error)
{
    char copy[DISK_PATH_TEXT];

    snprintf(copy, sizeof copy, "%s", path);
    return disk_folder_sync(dirname(copy), ".", error);
}

/* Makes a key and its file, first under another name: a half-written key is no key. */
static int key_make(const char *path, const char *origin, struct note_secret *secret,
                    struct error *error)
{
    char part[DISK_PATH_TEXT], text[NOTE_SECRET_TEXT + 1];
    int code = note_secret_make(secret, origin, error), file, failed;

    if (code < 0)
        return code;
    note_secret_write(secret, text);
    snprintf(part, sizeof part, "%s.part", path);
    unlink(part);
    file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    failed = file < 0 || disk_write_all(file, text, strlen(text)) < 0 ||
             disk_write_all(file, "\n", 1) < 0 || fsync(file) < 0;
    sodium_memzero(text, sizeof text);
    if (failed || rename(part, path) < 0) {
        code = error_set(error, ERROR_IO, "%s: cannot be made: %s", path, strerror(errno));
        unlink(part);
    }
    if (file >= 0)
        close(file);
    return code < 0 ? code : parent_sync(path, error);
}

/* ---- making a ledger ---- */

/* What an interrupted ledger_create may have left; anything else is somebody's. */
static int folder_make(const char *path, struct error *error)
{
    DIR *folder;
    int code = 0;

    if (mkdir(path, 0755) == 0)
        return parent_sync(path, error);
    folder = opendir(path);
    if (folder == NULL)
        return error_set(error, ERROR_IO, "%s: cannot be made: %s", path, strerror(errno));
    for (struct dirent *entry; code == 0 && (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;

        if (strcmp(name, "checkpoint") == 0)
            code = error_set(error, ERROR_INPUT, "%s: is a ledger already", path);
        else if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "part") != 0 &&
                 strcmp(name, JOURNAL) != 0 && strcmp(name, "verifier-key") != 0)
            code = error_set(error, ERROR_INPUT, "%s: is not empty; give a ledger its own folder",
                             path);
    }
    closedir(folder);
    return code;
}

static int journal_open(struct ledger *ledger, int flags, struct error *error)
{
    char path[DISK_PATH_TEXT];

    disk_path(ledger->root, JOURNAL, path);
    ledger->journal = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0644);
    if (ledger->journal < 0)
        return error_set(error, errno == ENOENT ? ERROR_CORRUPT : ERROR_IO,
                         "%s: cannot be opened: %s", path, strerror(errno));
    if (flock(ledger->journal, LOCK_EX | LOCK_NB) < 0)
        return error_set(error, ERROR_IO, "%s: another process writes to this ledger",
                         ledger->root);
    return 0;
}

static struct ledger *ledger_begin(const char *path, struct error *error)
{
    struct ledger *ledger;

    if (sodium_init() < 0) {
        error_set(error, ERROR_MACHINE, "libsodium cannot start");
        return NULL;
    }
    if (strlen(path) > DISK_ROOT_MAX) {
        error_set(error, ERROR_INPUT, "the ledger's path is too long");
        return NULL;
    }
    ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) {
        error_set(error, ERROR_MEMORY, "no memory for a ledger");
        return NULL;
    }
    memcpy(ledger->root, path, strlen(path) + 1);
    ledger->journal = -1;
    merkle_range_begin(&ledger->range);
    return ledger;
}

/* The code that ledger_begin's error has; it is there also where nobody asked for the message. */
static int begin_failed(const char *path, const struct error *error)
{
    if (error != NULL)
        return error->code;
    return strlen(path) > DISK_ROOT_MAX ? ERROR_INPUT : ERROR_MEMORY;
}

/* The checkpoint comes last: with it there is a ledger. */
static int folder_fill(struct ledger *ledger, struct error *error)
{
    char path[DISK_PATH_TEXT], key[NOTE_KEY_TEXT + 1];
    struct ledger_checkpoint checkpoint = {.size = 0};
    int code;

    disk_path(ledger->root, "part", path);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return error_set(error, ERROR_IO, "%s: cannot be made: %s", path, strerror(errno));
    code = journal_open(ledger, O_CREAT, error);
    if (code < 0)
        return code;
    note_key_write(&ledger->secret.key, key);
    memcpy(key + strlen(key), "\n", 2);
    disk_batch_begin(&ledger->batch, ledger->root);
    code = disk_batch_add(&ledger->batch, "verifier-key", key, strlen(key), error);
    if (code == 0)
        code = disk_batch_finish(&ledger->batch, error);
    memcpy(checkpoint.origin, ledger->secret.key.name, sizeof checkpoint.origin);
    merkle_range_root(&ledger->range, &checkpoint.root);
    return code < 0 ? code : ledger_checkpoint_put(ledger, &checkpoint, error);
}

int ledger_create(const char *path, const char *origin, const char *key_path, struct error *error)
{
    struct ledger *ledger;
    int code;

    if (!note_name_valid(origin, strlen(origin)))
        return error_set(error, ERROR_INPUT,
                         "a ledger's origin has 1 to %d bytes, no space and no plus",
                         NOTE_NAME_MAX);
    ledger = ledger_begin(path, error);
    if (ledger == NULL)
        return begin_failed(path, error);
    code = folder_make(path, error);
    if (code == 0)
        code = key_read(key_path, &ledger->secret, error);
    if (code == 1)
        code = key_make(key_path, origin, &ledger->secret, error);
    if (code == 0 &&
        (strcmp(ledger->secret.key.name, origin) != 0 || ledger->secret.key.type != NOTE_ED25519))
        code = error_set(error, ERROR_INPUT, "%s: is the key of %s, not of %s", key_path,
                         ledger->secret.key.name, origin);
    if (code == 0)
        code = folder_fill(ledger, error);
    ledger_abandon(ledger);
    return code;
}

/* ---- opening ---- */

/* The rightmost tiles hold all that the tree needs to grow, and its root follows from them. */
static int rightmost_read(struct ledger *ledger, struct error *error)
{
    uint64_t size = ledger->published.size;
    struct merkle_hash hash;

    for (unsigned level = TILE_LEVELS; level-- > 0;) {
        uint64_t hashes = size >> (level * TILE_HEIGHT);
        size_t width = hashes % TILE_WIDTH, bytes_size;
        unsigned char *bytes;
        int code;

        if (width == 0)
            continue;
        code = ledger_tile_read(ledger->root, size, false, level, hashes / TILE_WIDTH, &bytes,
                                &bytes_size, error);
        if (code < 0)
            return code;
        memcpy(ledger->rightmost[level], bytes, width * MERKLE_HASH_BYTES);
        free(bytes);
        for (size_t i = 0; i < width; i++) {
            memcpy(hash.bytes, ledger->rightmost[level] + i * MERKLE_HASH_BYTES, sizeof hash);
            merkle_range_push(&ledger->range, level * TILE_HEIGHT, &hash);
        }
    }
    merkle_range_root(&ledger->range, &hash);
    if (memcmp(&hash, &ledger->published.root, sizeof hash) != 0)
        return error_set(error, ERROR_CORRUPT, "%s: the tiles are not those of the checkpoint",
                         ledger->root);
    return 0;
}

/* The rightmost bundle, checked with its leaf hashes. */
static int bundle_take(struct ledger *ledger, const unsigned char *bundle, size_t size,
                       struct error *error)
{
    size_t at = 0, width = ledger->published.size % TILE_WIDTH, entry_size;
    const unsigned char *entry;
    struct merkle_hash leaf;

    for (size_t i = 0; i < width; i++) {
        bool there = bundle_next(bundle, size, &at, &entry, &entry_size) == 0;

        if (there)
            merkle_leaf(entry, entry_size, &leaf);
        if (!there || memcmp(leaf.bytes, ledger->rightmost[0] + i * MERKLE_HASH_BYTES,
                             MERKLE_HASH_BYTES) != 0)
            return error_set(error, ERROR_CORRUPT, "%s: entry %" PRIu64 " is not the one signed",
                             ledger->root, ledger->published.size - width + i);
    }
    if (ledger_reserve(ledger, at, 0, error) < 0)
        return ERROR_MEMORY;
    memcpy(ledger->entries, bundle, at);
    ledger->entries_size = at;
    return 0;
}

static int rightmost_entries(struct ledger *ledger, struct error *error)
{
    uint64_t size = ledger->published.size;
    unsigned char *bundle;
    size_t bundle_size;
    int code;

    if (size % TILE_WIDTH == 0)
        return 0;
    code = ledger_tile_read(ledger->root, size, true, 0, size / TILE_WIDTH, &bundle, &bundle_size,
                            error);
    if (code < 0)
        return code;
    code = bundle_take(ledger, bundle, bundle_size, error);
    free(bundle);
    return code;
}

/* Takes a frame in, unless the tiles hold it already. */
static int frame_replay(struct ledger *ledger, const struct journal_frame *frame,
                        struct error *error)
{
    struct merkle_range before = ledger->range;
    int code;

    if (frame->first + frame->count <= ledger->published.size)
        return 0;
    if (ledger_reserve(ledger, frame->entries_size, frame->count, error) < 0)
        return ERROR_MEMORY;
    code = journal_check(frame, &ledger->secret.key, &ledger->range,
                         ledger->leaves + ledger_pending(ledger), error);
    if (code < 0) {
        ledger->range = before;
        return code;
    }
    memcpy(ledger->entries + ledger->entries_size, frame->entries, frame->entries_size);
    ledger->entries_size += frame->entries_size;
    return 0;
}

static int journal_replay(struct ledger *ledger, const unsigned char *bytes, size_t size,
                          struct ledger_recovery *recovery, struct error *error)
{
    struct journal_frame frame;
    size_t at = 0;
    int code = 0;

    while (code == 0 && at < size) {
        code = journal_next(bytes, size, at, &frame);
        if (code < 0)
            code = error_set(error, ERROR_CORRUPT, "this is no whole batch");
        else
            code = frame_replay(ledger, &frame, error);
        if (code == 0)
            at += frame.size;
    }
    ledger->journal_size = at;
    recovery->replayed = ledger_pending(ledger);
    recovery->torn_bytes = size - at;
    if (code == 0 || (code == ERROR_CORRUPT && !journal_torn(bytes, size, at)) ||
        code != ERROR_CORRUPT)
        return code < 0 ? error_context(error, "%s/" JOURNAL ": byte %zu", ledger->root, at) : 0;
    if (ledger_journal_cut(ledger) == 0)
        return 0;
    return error_set(error, ERROR_IO, "%s/" JOURNAL ": a torn batch cannot be cut off: %s",
                     ledger->root, strerror(errno));
}

static int ledger_load(struct ledger *ledger, struct ledger_recovery *recovery, struct error *error)
{
    struct ledger_view *view = malloc(sizeof *view);
    unsigned char *bytes;
    size_t size;
    int code;

    if (view == NULL)
        return error_set(error, ERROR_MEMORY, "no memory to open a ledger");
    code = ledger_view_open(view, ledger->root, &ledger->secret.key, error);
    if (code == 0)
        ledger->published = view->checkpoint;
    free(view);
    if (code == 0)
        code = rightmost_read(ledger, error);
    if (code == 0)
        code = rightmost_entries(ledger, error);
    if (code < 0)
        return code;
    recovery->published = ledger->published.size;
    code = disk_read(ledger->root, JOURNAL, JOURNAL_FILE_MAX, &bytes, &size, error);
    if (code == 1)
        code = error_set(error, ERROR_CORRUPT, "%s/" JOURNAL ": is missing", ledger->root);
    if (code == 0)
        code = journal_replay(ledger, bytes, size, recovery, error);
    free(bytes);
    return code;
}

int ledger_open(struct ledger **result, const char *path, const char *key_path,
                struct ledger_recovery *recovery, struct error *error)
{
    struct ledger_recovery unasked;
    struct ledger *ledger = ledger_begin(path, error);
    struct note_key named;
    int code;

    *result = NULL;
    if (ledger == NULL)
        return begin_failed(path, error);
    if (recovery == NULL)
        recovery = &unasked;
    *recovery = (struct ledger_recovery){0};
    code = key_read(key_path, &ledger->secret, error);
    if (code == 1)
        code = error_set(error, ERROR_INPUT, "%s: there is no such key file", key_path);
    if (code == 0)
        code = ledger_view_key(path, &named, error);
    if (code == 0 && (strcmp(named.name, ledger->secret.key.name) != 0 ||
                      named.type != ledger->secret.key.type ||
                      memcmp(named.key, ledger->secret.key.key, sizeof named.key) != 0))
        code = error_set(error, ERROR_INPUT, "%s: is not the key of this ledger (%s)", key_path,
                         named.name);
    if (code == 0)
        code = journal_open(ledger, 0, error);
    if (code == 0) {
        disk_parts_remove(path);
        code = ledger_load(ledger, recovery, error);
    }
    if (code < 0) {
        ledger_abandon(ledger);
        return code;
    }
    *result = ledger;
    return 0;
}
