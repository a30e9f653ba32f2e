#include "trace/rotation.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define FILES_MAX 65536

struct trace_rotation {
    const struct rotation_rules *rules;
    const struct trace_header *header;
    struct trace_writer *writer;
    char path[PATH_BYTES]; /* of the present file, when it will be finished */
    int64_t begun;         /* wall */
    uint64_t records;      /* in the present file */
};

/* A finished file of ours. */
struct finished {
    char name[NAME_MAX + 1];
    uint64_t size;
    int64_t changed; /* wall */
};

/* Whether `file` is NAME-YYYYMMDDTHHMMSSZ[-N].trace, with `.part` behind it where `part`. */
static bool is_ours(const char *name, const char *file, bool part)
{
    static const char shape[] = "-dddddddd"
                                "Tdddddd"
                                "Z";
    const char *at = file + strlen(name);

    if (strncmp(file, name, strlen(name)) != 0)
        return false;
    for (const char *s = shape; *s != '\0'; s++, at++)
        if (*s == 'd' ? *at < '0' || *at > '9' : *at != *s)
            return false;
    if (*at == '-') {
        size_t digits = strspn(at + 1, "0123456789");

        if (digits == 0)
            return false;
        at += 1 + digits;
    }
    return strcmp(at, part ? ".trace.part" : ".trace") == 0;
}

static int by_age(const void *a, const void *b)
{
    const struct finished *left = a, *right = b;

    if (left->changed != right->changed)
        return left->changed > right->changed ? -1 : 1;
    return strcmp(right->name, left->name);
}

/* All finished files of ours, the newest first. */
static int list_finished(const struct rotation_rules *rules, struct finished **list, size_t *count,
                         struct error *error)
{
    DIR *folder = opendir(rules->folder);
    struct dirent *entry;
    size_t room = 0;

    *list = NULL;
    *count = 0;
    if (folder == NULL)
        return error_set(error, ERROR_IO, "%s: cannot be read: %s", rules->folder, strerror(errno));
    while ((entry = readdir(folder)) != NULL && *count < FILES_MAX) {
        struct stat stat;

        if (!is_ours(rules->name, entry->d_name, false) ||
            fstatat(dirfd(folder), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(stat.st_mode))
            continue;
        if (*count == room) {
            struct finished *more;

            room = room == 0 ? 64 : 2 * room;
            more = realloc(*list, room * sizeof *more);
            if (more == NULL) {
                free(*list);
                closedir(folder);
                return error_set(error, ERROR_MEMORY, "out of memory for the names of traces");
            }
            *list = more;
        }
        snprintf((*list)[*count].name, sizeof(*list)->name, "%s", entry->d_name);
        (*list)[*count].size = (uint64_t)stat.st_size;
        (*list)[*count].changed = stat.st_mtime;
        (*count)++;
    }
    closedir(folder);
    if (*count > 0)
        qsort(*list, *count, sizeof **list, by_age);
    return 0;
}

static int prune(const struct rotation_rules *rules, int64_t wall, struct error *error)
{
    struct finished *list;
    uint64_t together = 0;
    size_t count;
    int failed = list_finished(rules, &list, &count, error);

    for (size_t i = 0; failed == 0 && i < count; i++) {
        char path[PATH_BYTES + NAME_MAX];

        together += list[i].size;
        if (i == 0 ||
            ((rules->keep_files == 0 || i < rules->keep_files) &&
             (rules->keep_bytes == 0 || together <= rules->keep_bytes) &&
             (rules->keep_seconds == 0 || wall - list[i].changed <= (int64_t)rules->keep_seconds)))
            continue;
        snprintf(path, sizeof path, "%s/%s", rules->folder, list[i].name);
        if (unlink(path) != 0 && errno != ENOENT)
            failed = error_set(error, ERROR_IO, "%s: cannot be removed: %s", path, strerror(errno));
    }
    free(list);
    return failed;
}

/* A killed daemon left unfinished files: what stands in them is kept. One whose header is torn, or
 * that another process is writing, is left as it is. */
static int recover_parts(const struct rotation_rules *rules, struct error *error)
{
    DIR *folder = opendir(rules->folder);
    struct dirent *entry;
    int failed = 0;

    if (folder == NULL)
        return error_set(error, ERROR_IO, "%s: cannot be read: %s", rules->folder, strerror(errno));
    while (failed == 0 && (entry = readdir(folder)) != NULL) {
        char part[PATH_BYTES + NAME_MAX], whole[PATH_BYTES + NAME_MAX];
        struct error damage = {0};
        uint64_t kept;

        if (!is_ours(rules->name, entry->d_name, true))
            continue;
        snprintf(part, sizeof part, "%s/%s", rules->folder, entry->d_name);
        snprintf(whole, sizeof whole, "%s/%.*s", rules->folder,
                 (int)(strlen(entry->d_name) - strlen(".part")), entry->d_name);
        if (access(whole, F_OK) == 0)
            continue;
        if (trace_recover(part, whole, &kept, &damage) == 0 && unlink(part) != 0)
            failed = error_set(error, ERROR_IO, "%s: cannot be removed: %s", part, strerror(errno));
    }
    closedir(folder);
    return failed;
}

static int begin(struct trace_rotation *rotation, int64_t wall, struct error *error)
{
    const struct rotation_rules *rules = rotation->rules;
    time_t seconds = (time_t)wall;
    struct tm parts;
    char when[32];
    int size;

    gmtime_r(&seconds, &parts);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &parts);
    size = snprintf(rotation->path, sizeof rotation->path, "%s/%s-%s.trace", rules->folder,
                    rules->name, when);
    for (unsigned n = 2; access(rotation->path, F_OK) == 0 && n < 10000; n++)
        size = snprintf(rotation->path, sizeof rotation->path, "%s/%s-%s-%u.trace", rules->folder,
                        rules->name, when, n);
    if (size >= (int)sizeof rotation->path)
        return error_set(error, ERROR_INPUT, "%s: is too long a name for a folder of traces",
                         rules->folder);
    rotation->begun = wall;
    rotation->records = 0;
    return trace_writer_open(&rotation->writer, rotation->path, rotation->header, error);
}

static int finish(struct trace_rotation *rotation, struct error *error)
{
    struct trace_writer *writer = rotation->writer;

    rotation->writer = NULL;
    return writer != NULL ? trace_writer_close(writer, error) : 0;
}

int trace_rotation_open(struct trace_rotation **result, const struct rotation_rules *rules,
                        const struct trace_header *header, int64_t wall, struct error *error)
{
    struct trace_rotation *rotation = calloc(1, sizeof *rotation);
    int failed;

    *result = NULL;
    if (rotation == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for traces");
    assert(rules->name[0] != '\0');
    rotation->rules = rules;
    rotation->header = header;
    failed = recover_parts(rules, error);
    if (failed == 0)
        failed = prune(rules, wall, error);
    if (failed == 0)
        failed = begin(rotation, wall, error);
    if (failed != 0) {
        free(rotation);
        return failed;
    }
    *result = rotation;
    return 0;
}

int trace_rotation_take(void *context, const struct record *record)
{
    struct trace_rotation *rotation = context;

    if (rotation->writer == NULL)
        return ERROR_IO;
    rotation->records++;
    return trace_writer_take(rotation->writer, record);
}

static uint64_t present_size(const struct trace_rotation *rotation)
{
    char part[PATH_BYTES + sizeof ".part"];
    struct stat stat_;

    snprintf(part, sizeof part, "%s.part", rotation->path);
    return stat(part, &stat_) == 0 ? (uint64_t)stat_.st_size : 0;
}

int trace_rotation_tick(struct trace_rotation *rotation, int64_t wall, struct error *error)
{
    const struct rotation_rules *rules = rotation->rules;
    int failed;

    if (rotation->writer == NULL)
        return error_set(error, ERROR_IO, "%s: could not be written before", rotation->path);
    failed = trace_writer_flush(rotation->writer, true, error);
    if (failed != 0)
        return failed;
    if (rotation->records == 0 ||
        ((rules->size_bytes == 0 || present_size(rotation) < rules->size_bytes) &&
         (rules->age_seconds == 0 || wall - rotation->begun < (int64_t)rules->age_seconds)))
        return 0;
    failed = finish(rotation, error);
    if (failed == 0)
        failed = begin(rotation, wall, error);
    if (failed == 0)
        failed = prune(rules, wall, error);
    return failed;
}

int trace_rotation_close(struct trace_rotation *rotation, int64_t wall, struct error *error)
{
    int failed;

    if (rotation == NULL)
        return 0;
    failed = finish(rotation, error);
    if (failed == 0)
        failed = prune(rotation->rules, wall, error);
    free(rotation);
    return failed;
}
