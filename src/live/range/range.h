/*
 * The range: the closed ground on which live agents run. No process on it outlives it.
 *
 *     range_open(&range, &options, &error);            namespaces, cgroups, first process, reaper
 *     range_spawn(range, &spawn, &error);              asks for a process; the answer comes later
 *     poll range_descriptor(range), then range_take(range, &event) until it gives 0
 *     range_close(range);                              kills all, waits until none is left, removes
 *
 * The daemon owns the range and is its only user, from one thread. The first process and the reaper
 * are the lean program `iolaus-range`, exec'd from the descriptor `program`, so that nothing of the
 * daemon's memory is in either. What keeps which death of which process from leaving anything
 * behind stands in docs/containment.md.
 *
 * The daemon must have no threads when it calls range_open (a parent-death signal is sent when the
 * *thread* dies that cloned).
 *
 * It holds one descriptor for each agent and node where there are cgroups, and a dozen more.
 *
 * Errors: ERROR_MACHINE with what is missing and what to change (the words of `iolaus doctor`);
 * ERROR_IO, ERROR_MEMORY, ERROR_LIMIT.
 */
#ifndef IOLAUS_LIVE_RANGE_RANGE_H
#define IOLAUS_LIVE_RANGE_RANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/types.h"

struct range;

/* Limits of each process or agent on the range; 0: the default. By rlimit, and by the cgroup's
 * controllers where the machine has them. */
struct range_limits {
    uint64_t memory_bytes; /* address space of a process, 1 GiB; memory.max of an agent's cgroup */
    uint32_t processes;  /* of one agent, 64 (pids.max); of a uid (RLIMIT_NPROC) where no cgroup */
    uint32_t files;      /* open files of a process: 64 + what its links need */
    uint64_t file_bytes; /* RLIMIT_FSIZE: 64 MiB */
};

struct range_options {
    const char *name; /* [a-z0-9-]{1,40}; of the cgroup */
    uint32_t agents;
    uint32_t nodes;
    const node_id *node_of;
    int program;          /* the lean program, O_PATH */
    uint32_t descriptors; /* the most links that one agent has: for the limit of files */
    struct range_limits limits;
    const char *socket;   /* the control socket, absolute, for the reaper to remove; NULL: none */
    bool without_cgroups; /* as on a machine where none can be written (tests use it) */
    bool without_uids;    /* as where only one uid can be mapped (tests use it) */
};

/* Removes what an earlier range left whose daemon and reaper were killed together (cgroups named
 * for a daemon that does not live any more), then opens. */
int range_open(struct range **range, const struct range_options *options, struct error *error);

/* One process. `descriptors` become 3, 4, 5, ... of the process, in that order; they stay the
 * caller's, and may be closed as soon as range_spawn returns. Everything else is closed but 0, 1,
 * 2, which are /dev/null (or, with `output`, 1 and 2 are that descriptor). The environment is
 * empty.
 *
 * Inside, agent i is uid 1 + i (0 where only one id can be mapped; it then has no /proc). It is in
 * its agent's cgroup from its first instruction. RANGE_SPAWNED is told when it has been executed;
 * into a frozen cgroup that is after the thaw, and holds up nobody else. An agent of which 8
 * processes wait for that gets RANGE_SPAWN_FAILED with EAGAIN, as does one that is at its limit of
 * processes; killed before it was executed: ECANCELED. Never waits for range_take to be called. */
struct range_spawn {
    agent_id agent;
    uint64_t cookie;         /* comes back in the event */
    const char *const *argv; /* NULL-terminated, at most 16 words of 4096 bytes together */
    int program;             /* O_PATH descriptor to execute; -1: the lean program */
    const int *descriptors;
    uint32_t descriptor_count; /* at most 16 */
    int output;                /* -1: none */
};
int range_spawn(struct range *range, const struct range_spawn *spawn, struct error *error);

enum range_event_kind {
    RANGE_SPAWNED = 1,  /* cookie, agent, pid, inside, pidfd (the receiver's, close-on-exec) */
    RANGE_SPAWN_FAILED, /* cookie, agent, status: errno */
    RANGE_EXITED,       /* inside, status as of waitpid: any child or orphan that first reaped */
    RANGE_FIRST_GONE,   /* the first process is gone, and with it the range */
    RANGE_REAPER_GONE   /* nobody would clear up after the daemon: close the range */
};
struct range_event {
    uint8_t kind;
    agent_id agent;
    uint64_t cookie;
    pid_t pid;    /* as the daemon sees it */
    pid_t inside; /* as the range sees it */
    int pidfd;
    int status;
};

/* Readable when there is something to take; an epoll descriptor, owned by the range. */
int range_descriptor(const struct range *range);
/* 1: an event; 0: none now; negative: error. */
int range_take(struct range *range, struct range_event *event, struct error *error);

/* Kills every process of a node's subtree, or of an agent's cgroup. Without cgroups: ERROR_MACHINE,
 * and the caller signals each pidfd. */
int range_kill_node(struct range *range, node_id node, struct error *error);
/* All of them; and leaves the processors to those who die, until none is left or `limit_ns` is
 * over.
 */
int range_kill_all(struct range *range, time_ns limit_ns, struct error *error);
int range_kill_agent(struct range *range, agent_id agent, struct error *error);

/* Until when, of CLOCK_BOOTTIME, the range may run: then its first process ends it, whoever hangs.
 * Renewed by being called again; before the first call there is no lease. False: it was not heard,
 * since the first process has much to hear; to be called again soon. */
bool range_lease(struct range *range, time_ns until);
/* Whether no agent has any process. False without cgroups. */
bool range_is_empty(const struct range *range);
/* Lets every process of the agents stand still, and waits until all do, at most `limit_ns`: 0, or
 * ERROR_IO (some may stand still even so). The first process goes on. Without cgroups:
 * ERROR_MACHINE. A frozen process can be killed. */
int range_freeze(struct range *range, time_ns limit_ns, struct error *error);
/* Lets them go on, but for those whose own agent is held. */
int range_thaw(struct range *range, struct error *error);
/* Keeps one agent's processes still, whatever thaws around them, and waits until they are, at most
 * `limit_ns`; or lets them go on. With a limit of 0 it is only said: none of them comes to another
 * instruction of its program, but for those that are on a processor at this moment. */
int range_hold_agent(struct range *range, agent_id agent, bool still, time_ns limit_ns,
                     struct error *error);
/* Moves a process into an agent's cgroup. */
int range_adopt(struct range *range, agent_id agent, pid_t pid, struct error *error);

/* The directory of an agent's cgroup below the cgroup2 mount, opened O_PATH (openat works on it)
 * and the range's, or -1 where there are none; and its path as /proc/PID/cgroup gives it (`0::`
 * left out), in the caller's buffer: "" where there are none. agent AGENT_NONE: of the whole range.
 */
int range_cgroup(const struct range *range, agent_id agent);
/* The processor time that all processes in such a cgroup have taken since the range was opened, in
 * ns; negative where there is none. */
int64_t range_cpu(const struct range *range, agent_id agent);
const char *range_cgroup_path(const struct range *range, agent_id agent, char *path, size_t size);
/* The agent whose cgroup a path of /proc/PID/cgroup names, or AGENT_NONE. */
agent_id range_agent_of_path(const struct range *range, const char *path);

pid_t range_first(const struct range *range); /* pid of the first process, as the daemon sees it */
pid_t range_reaper(const struct range *range);
const char *range_words(const struct range *range); /* what it stands on, in one line for people */

/* Ends it however it stands: kills all, waits until the cgroup is empty and the first process is
 * gone, removes cgroups, lets the reaper go. The control socket is the daemon's to remove. Frees,
 * with the pidfds of events that were not taken. NULL is allowed. */
void range_close(struct range *range);

#endif
