#include "lib/ledger_sample.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

const char *ledger_sample_path(const char *name)
{
    static char paths[8][512];
    static int next;

    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "%s/iolaus-ledger-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        cr_assert_not_null(mkdtemp(folder));
    }
    next = (next + 1) % 8;
    snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
    return paths[next];
}

static int remove_one(const char *path, const struct stat *about, int flag, struct FTW *where)
{
    (void)about;
    (void)flag;
    (void)where;
    return remove(path);
}

void ledger_sample_remove(const char *name)
{
    nftw(name == NULL ? folder : ledger_sample_path(name), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void ledger_sample_clean(void)
{
    if (folder[0] != '\0')
        ledger_sample_remove(NULL);
    folder[0] = '\0';
}

size_t ledger_sample_entry(uint64_t index, unsigned char bytes[LEDGER_SAMPLE_ENTRY_MAX])
{
    size_t size = index * 37 % 131;

    if (size < 5)
        return 0;
    if (index % 50 == 3)
        size = LEDGER_SAMPLE_ENTRY_MAX;
    memset(bytes, 0, size);
    for (size_t i = 0; i < size && i < 24; i++)
        bytes[i] = (unsigned char)(index >> 8 * (i % 8));
    return size;
}

int ledger_sample_create(const char *name, struct error *error)
{
    char key[256];

    snprintf(key, sizeof key, "%s.key", name);
    return ledger_create(ledger_sample_path(name), LEDGER_SAMPLE_ORIGIN, ledger_sample_path(key),
                         error);
}

int ledger_sample_open(const char *name, struct ledger **ledger, struct ledger_recovery *recovery,
                       struct error *error)
{
    char key[256];

    snprintf(key, sizeof key, "%s.key", name);
    return ledger_open(ledger, ledger_sample_path(name), ledger_sample_path(key), recovery, error);
}

int ledger_sample_append(struct ledger *ledger, size_t count, struct error *error)
{
    static unsigned char bytes[LEDGER_BATCH_MAX][LEDGER_SAMPLE_ENTRY_MAX];
    struct ledger_entry entries[LEDGER_BATCH_MAX];
    uint64_t size = ledger_size(ledger), first;
    int code;

    for (size_t i = 0; i < count; i++)
        entries[i] = (struct ledger_entry){bytes[i], ledger_sample_entry(size + i, bytes[i])};
    code = ledger_append(ledger, entries, count, &first, error);
    cr_assert(code < 0 || first == size);
    cr_assert_eq(ledger_size(ledger), code < 0 ? size : size + count);
    return code;
}

static void file_copy(const char *from, const char *to)
{
    char buffer[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t size;

    cr_assert(in != NULL && out != NULL, "%s", from);
    while ((size = fread(buffer, 1, sizeof buffer, in)) > 0)
        fwrite(buffer, 1, size, out);
    fclose(in);
    cr_assert_eq(fclose(out), 0);
}

static void folder_copy(const char *from, const char *to)
{
    DIR *open = opendir(from);

    cr_assert_not_null(open);
    cr_assert_eq(mkdir(to, 0755), 0);
    for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
        char one[1024], other[1024];
        struct stat about;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(one, sizeof one, "%s/%s", from, entry->d_name);
        snprintf(other, sizeof other, "%s/%s", to, entry->d_name);
        cr_assert_eq(lstat(one, &about), 0);
        if (S_ISDIR(about.st_mode))
            folder_copy(one, other);
        else
            file_copy(one, other);
    }
    closedir(open);
}

void ledger_sample_copy(const char *from, const char *to)
{
    ledger_sample_remove(to);
    folder_copy(ledger_sample_path(from), ledger_sample_path(to));
}

/* The entries of one bundle, compared, and taken into the range. */
static void bundle_compare(const char *name, uint64_t index, uint64_t count,
                           struct merkle_range *range)
{
    unsigned char *bundle, wanted[LEDGER_SAMPLE_ENTRY_MAX];
    const unsigned char *entry;
    size_t bundle_size, at = 0, size;
    struct merkle_hash leaf;
    struct error error;

    cr_assert_eq(ledger_tile_read(ledger_sample_path(name), count, true, 0, index, &bundle,
                                  &bundle_size, &error),
                 0, "%s", error.message);
    for (unsigned i = 0; i < tile_width(count, 0, index); i++) {
        size_t wanted_size = ledger_sample_entry(index * TILE_WIDTH + i, wanted);

        cr_assert_eq(bundle_next(bundle, bundle_size, &at, &entry, &size), 0);
        cr_assert(size == wanted_size && memcmp(entry, wanted, size) == 0,
                  "entry %u of bundle %" PRIu64, i, index);
        merkle_leaf(entry, size, &leaf);
        merkle_range_push(range, 0, &leaf);
    }
    free(bundle);
}

void ledger_sample_published(const char *name, uint64_t count)
{
    static struct ledger_view view;
    struct merkle_range range;
    struct merkle_hash root;
    struct note_key key;
    struct error error;

    cr_assert_eq(ledger_view_key(ledger_sample_path(name), &key, &error), 0, "%s", error.message);
    cr_assert_eq(ledger_view_open(&view, ledger_sample_path(name), &key, &error), 0, "%s",
                 error.message);
    cr_assert_eq(view.checkpoint.size, count);
    merkle_range_begin(&range);
    for (uint64_t i = 0; i * TILE_WIDTH < count; i++)
        bundle_compare(name, i, count, &range);
    merkle_range_root(&range, &root);
    cr_assert_eq(memcmp(&root, &view.checkpoint.root, sizeof root), 0, "another root");
    for (uint64_t i = 0; i < count; i += 61) {
        unsigned char *entry;
        size_t size;

        cr_assert_eq(ledger_view_entry(&view, i, &entry, &size, &error), 0, "%s", error.message);
        free(entry);
    }
}
