#include "live/witness/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static time_ns clock_of(clockid_t clock)
{
    struct timespec moment;

    clock_gettime(clock, &moment);
    return (time_ns)moment.tv_sec * SECOND + moment.tv_nsec;
}

time_ns clock_read(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

ssize_t file_read(int parent, const char *name, char *text, size_t size)
{
    int file = openat(parent, name, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = -1;

    if (file < 0)
        return -1;
    while (length < size - 1 && (got = read(file, text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    close(file);
    text[length] = 0;
    return got < 0 ? -1 : (ssize_t)length;
}

int process_folder(pid_t pid)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/%d", pid);
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int process_facts_read(int folder, struct process_facts *facts)
{
    char text[1024];
    const char *at;
    int parent;
    unsigned long threads;
    unsigned long long start;

    if (file_read(folder, "stat", text, sizeof text) <= 0)
        return -1;
    /* The name is in parentheses, is the process's own choice and may hold any of them. */
    at = strrchr(text, ')');
    if (at == NULL)
        return -1;
    if (sscanf(at,
               ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %lu %*d %llu",
               &facts->state, &parent, &threads, &start) != 4)
        return -1;
    facts->parent = parent;
    facts->threads = (uint32_t)threads;
    facts->start_ticks = start;
    return 0;
}

bool process_facts_alive(const struct process_facts *facts)
{
    return (facts->state != 'Z' && facts->state != 'X') || facts->threads > 1;
}

time_ns process_start_ns(uint64_t start_ticks)
{
    time_ns tick = SECOND / sysconf(_SC_CLK_TCK);

    return (time_ns)start_ticks * tick - (clock_of(CLOCK_BOOTTIME) - clock_of(CLOCK_MONOTONIC));
}

/* The numbers after "NSpid:", outermost first; how many there are. */
static int inside_pids(int folder, pid_t *pids, int most)
{
    char text[4096];
    const char *at;
    int count = 0;

    if (file_read(folder, "status", text, sizeof text) <= 0)
        return -1;
    at = strstr(text, "\nNSpid:");
    if (at == NULL)
        return -1;
    at += strlen("\nNSpid:");
    while (count < most && *at == '\t') {
        char *end;

        pids[count++] = (pid_t)strtol(at + 1, &end, 10);
        at = end;
    }
    return count;
}

int process_inside_read(int folder, unsigned level, pid_t *inside)
{
    pid_t pids[33];
    int count = inside_pids(folder, pids, 33);

    if (count < 0)
        return -1;
    *inside = (int)level < count ? pids[level] : 0;
    return 0;
}

int process_level_read(int folder, unsigned *level)
{
    pid_t pids[33];
    int count = inside_pids(folder, pids, 33);

    if (count <= 0)
        return -1;
    *level = (unsigned)count - 1;
    return 0;
}

int process_cgroup_read(int folder, char *path, size_t size)
{
    char text[8192];
    const char *at = text;

    path[0] = 0;
    if (file_read(folder, "cgroup", text, sizeof text) <= 0)
        return -1;
    while (at != NULL && strncmp(at, "0::", 3) != 0) {
        at = strchr(at, '\n');
        if (at != NULL)
            at++;
    }
    if (at != NULL) {
        size_t length = strcspn(at + 3, "\n");

        if (length < size) {
            memcpy(path, at + 3, length);
            path[length] = 0;
        }
    }
    return 0;
}

int folder_open(struct folder *folder, int parent, const char *name)
{
    folder->position = folder->length = 0;
    folder->descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder->descriptor < 0 ? -1 : 0;
}

const char *folder_next(struct folder *folder, bool *is_folder)
{
    for (;;) {
        const struct dirent64 *entry;

        if (folder->position >= folder->length) {
            ssize_t got = getdents64(folder->descriptor, folder->entries, sizeof folder->entries);

            if (got <= 0)
                return NULL;
            folder->position = 0;
            folder->length = (size_t)got;
        }
        entry = (const struct dirent64 *)(const void *)(folder->entries + folder->position);
        folder->position += entry->d_reclen;
        if (entry->d_name[0] == '.' &&
            (entry->d_name[1] == 0 || (entry->d_name[1] == '.' && entry->d_name[2] == 0)))
            continue;
        if (is_folder != NULL)
            *is_folder = entry->d_type == DT_DIR;
        return entry->d_name;
    }
}
