/*
 * The cgroups of a range: one for the whole, one for the first process, one for each node and each
 * agent, below the daemon's own cgroup of the v2 hierarchy (wherever that is mounted).
 *
 *     cgroups_find(&cgroups)                 where; says in words why not
 *     cgroups_make(&cgroups, name, ...)      all directories, and who may put processes into them
 *     cgroups_kill, cgroups_wait, cgroups_remove
 *
 * The directory is called iolaus.NAME.PID.STARTTIME, and whoever keeps it alive (daemon, reaper)
 * holds a lock on it. What bears such a name, is not locked, and names a daemon that does not live,
 * was left behind, and is killed and removed by cgroups_clear.
 *
 * struct cgroups owns its descriptors. All functions allow one in which nothing is there.
 */
#ifndef IOLAUS_LIVE_RANGE_CGROUP_H
#define IOLAUS_LIVE_RANGE_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/types.h"

struct cgroups {
    bool found;        /* the daemon's own cgroup is known, and directories can be made in it */
    bool made;         /* the range's own is there */
    bool memory, pids; /* controllers that the agents' cgroups have */
    int parent;        /* directory of the daemon's own cgroup */
    int range;         /* directory of the range's; locked */
    int first;         /* O_PATH, as all below */
    int *nodes;        /* by node */
    int *agents;       /* by agent */
    uint32_t node_count, agent_count;
    const node_id *node_of; /* a copy, owned */
    char own[PATH_MAX];     /* the daemon's, as /proc/self/cgroup gives it */
    char place[PATH_MAX];   /* the same as a path of the file system */
    char name[128];         /* of the range's directory */
    char words[192];        /* why none was found */
};

struct cgroup_plan {
    const char *name;
    const char *socket; /* the control socket, for the next start to remove; or NULL */
    uint32_t agents, nodes;
    const node_id *node_of;
    uid_t owner; /* may put processes into the agents' cgroups: the first process's host uid */
    bool give;   /* whether files can be given to that uid at all (root) */
    uint64_t memory_bytes;
    uint32_t processes;
};

void cgroups_find(struct cgroups *cgroups);
int cgroups_make(struct cgroups *cgroups, const struct cgroup_plan *plan, struct error *error);
/* Removes what daemons left behind that live no more: cgroups, and the control sockets that stand
 * in an attribute of them. Gives how many. */
uint32_t cgroups_clear(const struct cgroups *cgroups);
/* Kills every process in it, waits until none is left, removes it with all below; waits as long as
 * that takes. Works on descriptors alone, so the reaper calls it too. */
void cgroup_end(int parent, int range, const char *name);
/* 0, or a negative errno. */
int cgroup_kill(int directory);
/* Lets all below it stand still, or go on; 0 or a negative errno. It takes a moment. */
int cgroup_freeze(int directory, bool still);
/* The processor time of all that ever ran in it, user and system, in ns; or a negative errno. */
int64_t cgroup_cpu(int directory);
/* Waits until cgroup.events says so (`frozen 1`, `populated 0`), as long as `left_ns`: 0, or
 * -ETIMEDOUT. */
int cgroup_await(int directory, const char *event, int64_t left_ns);
/* Moves a process; 0 or a negative errno. */
int cgroup_move(int directory, pid_t pid);
/* Ends what was made and closes what is held. */
void cgroups_close(struct cgroups *cgroups);

#endif
