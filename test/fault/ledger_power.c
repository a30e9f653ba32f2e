/*
 * The goal: without power at any moment, whatever of what was not synced has reached the disk and
 * whatever not, what was acknowledged is there when the ledger is opened again, once and in order,
 * and readers see no checkpoint without its tiles. The limit: the disk is a model, and harsher than
 * a file system is: each name and each sector that was not synced is old or new by itself; what was
 * synced is kept. Draws follow from a seed that is printed with what fails.
 */
#include <criterion/criterion.h>

#include "evidence/audit.h"
#include "lib/fault.h"
#include "lib/ledger_sample.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(ledger_power, .fini = ledger_sample_clean, .timeout = 280);

#define TRIALS 24 /* losses of power before each sync */
#define NAMES_MAX 64
#define NODES_MAX 4096

/* A file or folder by its inode. */
struct node {
    ino_t inode;
    bool folder;
    unsigned char *bytes;
    size_t size;
    unsigned count;
    struct {
        char name[32];
        ino_t inode;
    } names[NAMES_MAX];
};

struct disk {
    struct node *nodes[NODES_MAX];
    unsigned count;
};

static struct disk durable, now;
static uint64_t acknowledged, attempted, seed, trials, recovered, lost;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static struct node *node_find(struct disk *disk, ino_t inode)
{
    for (unsigned i = disk->count; i-- > 0;)
        if (disk->nodes[i]->inode == inode)
            return disk->nodes[i];
    return NULL;
}

/* The node as it is at this moment, in place of what the disk had of it. */
static struct node *node_save(struct disk *disk, const char *path, const struct stat *about)
{
    struct node *node = node_find(disk, about->st_ino);

    if (node == NULL) {
        cr_assert_lt(disk->count, NODES_MAX);
        node = disk->nodes[disk->count++] = calloc(1, sizeof *node);
    }
    free(node->bytes);
    *node = (struct node){.inode = about->st_ino, .folder = S_ISDIR(about->st_mode)};
    if (node->folder) {
        DIR *folder = opendir(path);

        for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            cr_assert_lt(node->count, NAMES_MAX);
            snprintf(node->names[node->count].name, 32, "%.31s", entry->d_name);
            node->names[node->count++].inode = entry->d_ino;
        }
        closedir(folder);
    } else {
        FILE *file = fopen(path, "rb");

        node->size = (size_t)about->st_size;
        node->bytes = malloc(node->size + 1);
        cr_assert_eq(fread(node->bytes, 1, node->size, file), node->size);
        fclose(file);
    }
    return node;
}

/* Saves all that is below. */
static void tree_save(struct disk *disk, const char *path)
{
    struct stat about;
    struct node *node;
    unsigned count;

    cr_assert_eq(lstat(path, &about), 0);
    node = node_save(disk, path, &about);
    count = node->folder ? node->count : 0;
    for (unsigned i = 0; i < count; i++) {
        char inner[1024];

        snprintf(inner, sizeof inner, "%s/%s", path, node->names[i].name);
        tree_save(disk, inner);
    }
}

static void disk_forget(struct disk *disk)
{
    for (unsigned i = 0; i < disk->count; i++) {
        free(disk->nodes[i]->bytes);
        free(disk->nodes[i]);
    }
    disk->count = 0;
}

static ino_t inode_of(const struct node *node, const char *name)
{
    for (unsigned i = 0; node != NULL && i < node->count; i++)
        if (strcmp(node->names[i].name, name) == 0)
            return node->names[i].inode;
    return 0;
}

/* A file's bytes after the loss: what was synced, what was written since, or of that any part. */
static void file_lose(const char *path, const struct node *old, const struct node *new)
{
    size_t old_size = old != NULL ? old->size : 0, size = new != NULL ? new->size : old_size;
    const struct node *longer = size > old_size ? new : old;
    unsigned char *bytes = calloc(1, size > old_size ? size : old_size + 1);
    FILE *file = fopen(path, "wb");

    if (size < old_size && draw(2) == 0)
        size = old_size; /* the cut was lost */
    if (size > old_size && draw(2) == 0)
        size = old_size + draw((uint32_t)(size - old_size) + 1);
    if (longer != NULL)
        memcpy(bytes, longer->bytes, size);
    if (size > old_size && draw(2) == 0)
        for (size_t at = old_size; at < size; at = (at / 512 + 1) * 512) {
            size_t end = (at / 512 + 1) * 512;

            if (draw(3) == 0)
                memset(bytes + at, 0, (end < size ? end : size) - at);
        }
    fwrite(bytes, 1, size, file);
    cr_assert_eq(fclose(file), 0);
    free(bytes);
}

/* The tree after the loss: each name bound as it was synced or as it is now. */
static void tree_lose(ino_t inode, const char *path)
{
    const struct node *old = node_find(&durable, inode), *new = node_find(&now, inode);

    /* In neither: it was made, never synced, and removed again. */
    if ((old == NULL && new == NULL) || !(old != NULL ? old : new)->folder) {
        file_lose(path, old, new);
        return;
    }
    cr_assert_eq(mkdir(path, 0755), 0);
    for (int pass = 0; pass < 2; pass++) {
        const struct node *node = pass == 0 ? old : new;

        for (unsigned i = 0; node != NULL && i < node->count; i++) {
            const char *name = node->names[i].name;
            ino_t was = inode_of(old, name), is = new != NULL ? inode_of(new, name) : was;
            char inner[1024];

            if (pass == 1 && was != 0)
                continue; /* the first pass had it */
            snprintf(inner, sizeof inner, "%s/%s", path, name);
            if (draw(2) == 0)
                is = was;
            if (is != 0)
                tree_lose(is, inner);
        }
    }
}

/* What a reader sees before anybody has repaired anything: a checkpoint, and all its tiles. */
static void reader_looks(void)
{
    static struct ledger_view view;
    struct note_key key;
    struct error error;

    cr_assert_eq(ledger_view_key(ledger_sample_path("after"), &key, &error), 0);
    cr_assert_eq(ledger_view_open(&view, ledger_sample_path("after"), &key, &error), 0,
                 "seed %" PRIu64 ": %s", seed, error.message);
    ledger_sample_published("after", view.checkpoint.size);
}

static void power_lost(uint64_t began)
{
    char path[512], key[512];
    struct audit_request request = {.path = path};
    struct audit_report report;
    struct ledger_recovery recovery;
    struct ledger *ledger;
    struct error error = {0};
    uint64_t size;

    snprintf(path, sizeof path, "%s", ledger_sample_path("after"));
    snprintf(key, sizeof key, "%s", ledger_sample_path("l.key"));
    if (access(ledger_sample_path("after/checkpoint"), F_OK) != 0) {
        /* It was being made: it is made again. */
        cr_assert_eq(acknowledged, 0);
        cr_assert_eq(ledger_create(path, LEDGER_SAMPLE_ORIGIN, key, &error), 0,
                     "seed %" PRIu64 ": %s", began, error.message);
    }
    reader_looks();
    cr_assert_eq(ledger_open(&ledger, path, key, &recovery, &error), 0, "seed %" PRIu64 ": %s",
                 began, error.message);
    size = ledger_size(ledger);
    cr_assert(size == acknowledged || size == attempted,
              "seed %" PRIu64 ": %" PRIu64 " entries, acknowledged %" PRIu64 ", attempted %" PRIu64,
              began, size, acknowledged, attempted);
    recovered += recovery.replayed > 0;
    lost += recovery.torn_bytes > 0;
    /* And it goes on from there: what was torn is out of the way. */
    cr_assert_eq(ledger_sample_append(ledger, 3, &error), 0);
    ledger_abandon(ledger);
    cr_assert_eq(ledger_open(&ledger, path, key, &recovery, &error), 0, "seed %" PRIu64 ": %s",
                 began, error.message);
    cr_assert_eq(ledger_close(ledger, &error), 0, "%s", error.message);
    ledger_sample_published("after", size + 3);
    cr_assert_eq(ledger_audit(&request, &report, &error), 0, "seed %" PRIu64 ": %s", began,
                 error.message);
}

/* Before a sync the power is lost, many times over; after it, what it was asked for is durable. */
static void watch(int file, bool all, bool done)
{
    char link[64], path[512];
    struct stat about, root;
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    cr_assert_eq(stat(ledger_sample_path("l"), &root), 0);
    if (done && all) {
        tree_save(&durable, ledger_sample_path("l"));
    } else if (done) {
        cr_assert_eq(fstat(file, &about), 0);
        node_save(&durable, path, &about);
    } else {
        tree_save(&now, ledger_sample_path("l"));
        for (int i = 0; i < TRIALS; i++, trials++) {
            uint64_t began = seed;

            ledger_sample_remove("after");
            tree_lose(root.st_ino, ledger_sample_path("after"));
            power_lost(began);
        }
        disk_forget(&now);
    }
}

Test(ledger_power, lost_at_every_moment)
{
    static const int BATCHES[] = {3, 0, 100, -1, 40, 130, -1, 7, 1, 60, -1, 700, -1, 2, -1};
    struct ledger *ledger;
    struct error error;

    seed = 11;
    /* The key is there before, since the trials use it too. */
    cr_assert_eq(ledger_sample_create("other", &error), 0, "%s", error.message);
    cr_assert_eq(rename(ledger_sample_path("other.key"), ledger_sample_path("l.key")), 0);
    cr_assert_eq(mkdir(ledger_sample_path("l"), 0755), 0);
    tree_save(&durable, ledger_sample_path("l"));
    fault_watch_syncs(watch);
    cr_assert_eq(ledger_sample_create("l", &error), 0, "%s", error.message);
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0, "%s", error.message);
    for (size_t i = 0; i < sizeof BATCHES / sizeof *BATCHES; i++) {
        if (BATCHES[i] < 0) {
            cr_assert_eq(ledger_publish(ledger, &error), 0, "%s", error.message);
            continue;
        }
        attempted = acknowledged + (uint64_t)BATCHES[i];
        cr_assert_eq(ledger_sample_append(ledger, (size_t)BATCHES[i], &error), 0);
        acknowledged = attempted;
    }
    fault_watch_syncs(NULL);
    ledger_abandon(ledger);
    disk_forget(&durable);
    /* The model does what it is for: batches were torn, and batches came from the journal. */
    cr_assert_gt(trials, 50 * TRIALS);
    cr_assert_gt(lost, 10);
    cr_assert_gt(recovered, 10);
    fprintf(stderr,
            "power lost %" PRIu64 " times: %" PRIu64 " torn batches cut off, %" PRIu64
            " times entries from the journal\n",
            trials, lost, recovered);
}
