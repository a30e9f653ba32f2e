#include "live/range/identity.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEWUIDMAP "/usr/bin/newuidmap"
#define NEWGIDMAP "/usr/bin/newgidmap"

/* Whether first .. first + count - 1 lies in one line of this process's own map. */
static bool map_covers(const char *path, uint32_t first, uint32_t count)
{
    FILE *file = fopen(path, "re");
    unsigned long from;
    unsigned long length;
    bool covers = false;

    if (file == NULL)
        return false;
    while (!covers && fscanf(file, "%lu %*u %lu", &from, &length) == 2)
        covers = first >= from && (uint64_t)first + count <= (uint64_t)from + length;
    fclose(file);
    return covers;
}

/* Whether a line of a file of users or of grants touches the block. `field` is the number of the
 * first id's field, from 0; with `ranges` the next field says how many there are. */
static bool file_touches(const char *path, int field, bool ranges, uint32_t first, uint32_t count)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    bool touches = false;

    if (file == NULL)
        return false;
    while (!touches && getline(&line, &size, file) > 0) {
        const char *at = line;
        uint64_t from;
        uint64_t length = 1;

        for (int skip = 0; at != NULL && skip < field; skip++) {
            at = strchr(at, ':');
            at = at == NULL ? NULL : at + 1;
        }
        if (at == NULL || !isdigit((unsigned char)*at))
            continue;
        from = strtoull(at, NULL, 10);
        at = strchr(at, ':');
        if (ranges && at != NULL)
            length = strtoull(at + 1, NULL, 10);
        touches = from < (uint64_t)first + count && first < from + length;
    }
    free(line);
    fclose(file);
    return touches;
}

/* Whether a living process has an id of the block. */
static bool processes_touch(uint32_t first, uint32_t count)
{
    DIR *list = opendir("/proc");
    const struct dirent *entry;
    bool touch = false;

    if (list == NULL)
        return false;
    while (!touch && (entry = readdir(list)) != NULL) {
        char path[300];
        char line[256];
        FILE *file;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/%s/status", entry->d_name);
        file = fopen(path, "re");
        while (file != NULL && !touch && fgets(line, sizeof line, file) != NULL) {
            unsigned long ids[3];

            if ((strncmp(line, "Uid:", 4) == 0 || strncmp(line, "Gid:", 4) == 0) &&
                sscanf(line + 4, "%lu %lu %lu", &ids[0], &ids[1], &ids[2]) == 3)
                for (int id = 0; id < 3; id++)
                    touch = touch || (ids[id] >= first && ids[id] - first < count);
        }
        if (file != NULL)
            fclose(file);
    }
    closedir(list);
    return touch;
}

static bool block_usable(uint32_t first, uint32_t count)
{
    return map_covers("/proc/self/uid_map", first, count) &&
           map_covers("/proc/self/gid_map", first, count) &&
           !file_touches("/etc/passwd", 2, false, first, count) &&
           !file_touches("/etc/group", 2, false, first, count) &&
           !file_touches("/etc/subuid", 1, true, first, count) &&
           !file_touches("/etc/subgid", 1, true, first, count) && !processes_touch(first, count);
}

/* An unused block; 0 where none was found. */
static uint32_t block_find(uint32_t count)
{
    static const struct {
        uint32_t from, to;
    } windows[] = {{0x70000000, 0x7ffe0000}, {0x80000, 0x70000000}, {10000, 60000}};

    for (size_t window = 0; window < sizeof windows / sizeof windows[0]; window++) {
        uint32_t from = windows[window].from;
        uint32_t width = from >= 0x10000 && count < 0x10000 ? 0x10000 : count;
        uint32_t blocks = (windows[window].to - from) / width;

        for (uint32_t attempt = 0; attempt < 64 && attempt < blocks; attempt++) {
            uint32_t first = from + ((uint32_t)getpid() + attempt) % blocks * width;

            if (block_usable(first, count))
                return first;
        }
    }
    return 0;
}

uint32_t identity_granted(const char *path, uint32_t *first)
{
    const struct passwd *user = getpwuid(geteuid());
    FILE *file = fopen(path, "re");
    uint32_t most = 0;
    char line[512];
    char number[16];

    snprintf(number, sizeof number, "%u", (unsigned)geteuid());
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned long from;
        unsigned long count;
        char *colon = strchr(line, ':');

        if (colon == NULL || sscanf(colon, ":%lu:%lu", &from, &count) != 2)
            continue;
        *colon = '\0';
        if ((user == NULL || strcmp(line, user->pw_name) != 0) && strcmp(line, number) != 0)
            continue;
        if (count > most && from + count <= UINT32_MAX) {
            most = (uint32_t)count;
            *first = (uint32_t)from;
        }
    }
    if (file != NULL)
        fclose(file);
    return most;
}

int identity_choose(struct identity *identity, uint32_t agents, bool one, struct error *error)
{
    uint32_t count = one ? 1 : agents + 1;
    uint32_t uid = 0;
    uint32_t gid = 0;

    if (geteuid() == 0) {
        uid = block_find(count);
        if (uid == 0)
            return error_set(error, ERROR_MACHINE,
                             "no %u unused user ids were found for the range: this user namespace "
                             "has too few",
                             count);
        *identity = (struct identity){IDENTITY_BLOCK, true, uid, uid, count};
        return 0;
    }
    if (!one && access(NEWUIDMAP, X_OK) == 0 && access(NEWGIDMAP, X_OK) == 0 &&
        identity_granted("/etc/subuid", &uid) >= count &&
        identity_granted("/etc/subgid", &gid) >= count) {
        *identity = (struct identity){IDENTITY_SUBORDINATE, true, uid, gid, count};
        return 0;
    }
    *identity = (struct identity){IDENTITY_ONE, false, geteuid(), getegid(), 1};
    return 0;
}

static int map_write(pid_t child, const char *name, const char *text, struct error *error)
{
    char path[64];
    ssize_t written;
    int file;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)child, name);
    file = open(path, O_WRONLY | O_CLOEXEC);
    written = file < 0 ? -1 : write(file, text, strlen(text));
    if (written < 0)
        error_set(error, ERROR_MACHINE, "the range's %s could not be written: %s", name,
                  strerror(errno));
    if (file >= 0)
        close(file);
    return written < 0 ? ERROR_MACHINE : 0;
}

/* newuidmap PID 0 FIRST COUNT */
static int map_helper(const char *helper, pid_t child, uint32_t first, uint32_t count,
                      struct error *error)
{
    char words[3][16];
    char zero[] = "0";
    char name[32];
    char *argv[] = {name, words[0], zero, words[1], words[2], NULL};
    char *environment[] = {NULL};
    pid_t pid;
    int status;

    snprintf(name, sizeof name, "%s", helper);
    snprintf(words[0], sizeof words[0], "%d", (int)child);
    snprintf(words[1], sizeof words[1], "%u", first);
    snprintf(words[2], sizeof words[2], "%u", count);
    status = posix_spawn(&pid, helper, NULL, NULL, argv, environment);
    if (status == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    if (status != 0)
        return error_set(error, ERROR_MACHINE, "%s %s 0 %s %s failed", helper, words[0], words[1],
                         words[2]);
    return 0;
}

int identity_map(const struct identity *identity, pid_t child, struct error *error)
{
    char text[64];
    int status;

    if (identity->kind == IDENTITY_SUBORDINATE) {
        status = map_helper(NEWUIDMAP, child, identity->uid, identity->count, error);
        return status != 0 ? status
                           : map_helper(NEWGIDMAP, child, identity->gid, identity->count, error);
    }
    if (identity->kind == IDENTITY_ONE && map_write(child, "setgroups", "deny", error) != 0)
        return ERROR_MACHINE;
    snprintf(text, sizeof text, "0 %u %u", identity->uid, identity->count);
    status = map_write(child, "uid_map", text, error);
    if (status != 0)
        return status;
    snprintf(text, sizeof text, "0 %u %u", identity->gid, identity->count);
    return map_write(child, "gid_map", text, error);
}
