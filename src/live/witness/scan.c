/*
 * A look through the range: every process in its cgroups; without cgroups, every process in its PID
 * namespace, or whose parent is one of the range's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/witness/inside.h"

/* No range has cgroups deeper than this: its processes cannot make any. */
#define DEPTH_MAX 8

int scan_open(struct witness *witness, struct error *error)
{
    struct stat facts, own;
    int folder = process_folder(witness->ground.first);
    int code = 0;

    witness->path[0] = 0;
    witness->ground.cgroup_path(witness->ground.context, AGENT_NONE, witness->path,
                                sizeof witness->path);
    witness->cgroup =
        witness->path[0] == 0 ? -1 : witness->ground.cgroup(witness->ground.context, AGENT_NONE);
    if (folder < 0 || fstatat(folder, "ns/pid", &facts, 0) < 0 ||
        stat("/proc/self/ns/pid", &own) < 0 || process_level_read(folder, &witness->level) < 0) {
        code = error_set(error, ERROR_MACHINE, "the first process %d of the range is not in /proc",
                         witness->ground.first);
        goto out;
    }
    witness->namespace_device = facts.st_dev;
    witness->namespace_inode = facts.st_ino;
    witness->namespace_shared = facts.st_dev == own.st_dev && facts.st_ino == own.st_ino;
out:
    if (folder >= 0)
        close(folder);
    return code;
}

agent_id scan_agent_of(const struct witness *witness, int process_folder)
{
    char path[CGROUP_PATH_MAX];

    if (witness->cgroup < 0 || process_cgroup_read(process_folder, path, sizeof path) < 0 ||
        path[0] == 0)
        return AGENT_NONE;
    return witness->ground.agent_of_path(witness->ground.context, path);
}

/* cgroup.procs is read piece by piece: it may be long. */
static void processes_read(struct witness *witness, int cgroup, agent_id agent)
{
    int file = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    char text[4096];
    ssize_t got;
    pid_t pid = 0;

    if (file < 0)
        return;
    while ((got = read(file, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
            } else {
                if (pid > 0)
                    member_found(witness, pid, agent);
                pid = 0;
            }
        }
    }
    close(file);
}

/* `path` holds the cgroup's own path, of `length`, and has room for its children's. */
static void cgroup_walk(struct witness *witness, int cgroup, char *path, size_t length,
                        unsigned depth)
{
    struct folder children;
    const char *name;
    bool is_folder;

    processes_read(witness, cgroup, witness->ground.agent_of_path(witness->ground.context, path));
    if (depth == DEPTH_MAX || folder_open(&children, cgroup, ".") < 0)
        return;
    while ((name = folder_next(&children, &is_folder)) != NULL) {
        size_t more = strlen(name) + 1;
        int child;

        if (!is_folder || length + more >= CGROUP_PATH_MAX)
            continue;
        child = openat(cgroup, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (child < 0)
            continue;
        path[length] = '/';
        memcpy(path + length + 1, name, more);
        cgroup_walk(witness, child, path, length + more, depth + 1);
        path[length] = 0;
        close(child);
    }
    close(children.descriptor);
}

/* True for a process of the range's PID namespace, and for one in another that descends from one of
 * the range. */
static bool in_range(const struct witness *witness, int processes, const char *name)
{
    char path[64];
    struct stat facts;
    struct process_facts process;
    const struct process *parent;
    int folder;

    snprintf(path, sizeof path, "%s/ns/pid", name);
    if (fstatat(processes, path, &facts, 0) < 0)
        return false;
    if (facts.st_dev == witness->namespace_device && facts.st_ino == witness->namespace_inode) {
        if (!witness->namespace_shared)
            return true;
    }
    folder = openat(processes, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    parent = process_facts_read(folder, &process) == 0 ? table_find(&witness->table, process.parent)
                                                       : NULL;
    close(folder);
    return parent != NULL && parent->died == 0;
}

static void processes_walk(struct witness *witness)
{
    struct folder processes;
    const char *name;

    if (folder_open(&processes, AT_FDCWD, "/proc") < 0)
        return;
    while ((name = folder_next(&processes, NULL)) != NULL) {
        char *end;
        long pid = strtol(name, &end, 10);
        const struct process *known;

        if (end == name || *end != 0)
            continue;
        known = table_find(&witness->table, (pid_t)pid);
        if ((known != NULL && known->died == 0) || in_range(witness, processes.descriptor, name))
            member_found(witness, (pid_t)pid, AGENT_NONE);
    }
    close(processes.descriptor);
}

void scan_range(struct witness *witness)
{
    witness->generation++;
    witness->scanned = clock_read();
    witness->scan_due = false;
    if (witness->cgroup >= 0) {
        char path[CGROUP_PATH_MAX];

        memcpy(path, witness->path, sizeof path);
        cgroup_walk(witness, witness->cgroup, path, strlen(path), 0);
    } else {
        processes_walk(witness);
    }
    members_missed(witness);
    members_release(witness);
}
