/*
 * The witness: what truly happens to the processes of a range, from the kernel alone. No agent can
 * write to it.
 *
 *     witness_open(&witness, range, &options, &error);
 *     witness_sanction(...) for each process that the platform started
 *     poll witness_descriptor(witness), then witness_take(witness, now, &seen) until it gives 0
 *
 * It watches pidfds (sanctioned processes: each death is seen), cgroup.events (whether an agent's
 * cgroup holds any process), and the kernel's process events (forks, execs and exits of everything
 * else). Where process events cannot be had (not root, or a container) /proc is scanned instead;
 * whatever lived and died between two scans is unobserved. Where the kernel dropped events the
 * range is scanned at once, and the gap is marked.
 *
 * An unsanctioned process belongs to the agent in whose cgroup it is; without cgroups to the agent
 * from whose process it descends. It *poses* as an agent when it holds that agent's own end of a
 * link or of the platform's channel, its token or its checkpoint (open descriptors, compared by
 * device and inode). It is looked at when it appears, whenever a sanctioned process dies, and on
 * every scan.
 *
 * Single-threaded; owns its descriptors; pidfds given to it stay the caller's and must outlive the
 * process's death having been taken.
 */
#ifndef IOLAUS_LIVE_WITNESS_WITNESS_H
#define IOLAUS_LIVE_WITNESS_WITNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/types.h"
#include "live/range/range.h"

struct witness;

enum witness_source { WITNESS_AUTO, WITNESS_EVENTS, WITNESS_SCAN };

struct witness_options {
    uint8_t source; /* enum witness_source; AUTO takes events where it can */
    uint32_t agents;
    uint32_t processes_max; /* sanctioned ones alive at once */
    time_ns scan_every;     /* of the scan, 100 ms */
    uint32_t buffer_bytes;  /* of the events' socket, 8 MiB; tests take a small one */
};

int witness_open(struct witness **witness, const struct range *range,
                 const struct witness_options *options, struct error *error);
void witness_close(struct witness *witness);
/* True where it reads the kernel's process events. */
bool witness_has_events(const struct witness *witness);

/* A process that the platform started, given as soon as it is known: a child of the first process
 * that was not given within a second is told of as unsanctioned (and as SEEN_EXITED, if it is given
 * after all). One that died before it was given is seen to die. */
struct sanctioned {
    agent_id agent;
    incarnation_id incarnation;
    uint8_t slot;
    pid_t pid;    /* as the daemon sees it */
    pid_t inside; /* as the range sees it */
    int pidfd;
};
int witness_sanction(struct witness *witness, const struct sanctioned *process,
                     struct error *error);

/* A thing that is an agent's own: its end of a link or channel, its token, its checkpoint; what
 * holds it poses as that agent. Of a descriptor the daemon has: its device and inode are kept, not
 * it. */
int witness_own(struct witness *witness, agent_id agent, int descriptor, struct error *error);
void witness_disown(struct witness *witness, int descriptor);
/* The same of what the daemon has closed. */
void witness_forget(struct witness *witness, dev_t device, ino_t inode);

enum seen_kind {
    SEEN_DIED = 1,  /* a sanctioned process: agent, incarnation, slot, pid, inside */
    SEEN_FORKED,    /* an unsanctioned process of `agent` appeared: pid, inside */
    SEEN_POSED,     /* it holds what is `as`'s own */
    SEEN_EXITED,    /* it is gone; `as`: as whom it ran, or AGENT_NONE */
    SEEN_UNOBSERVED /* events were missed: from .. now */
};
struct seen {
    uint8_t kind;
    uint8_t slot;
    incarnation_id incarnation;
    agent_id agent;
    agent_id as;
    pid_t pid, inside;
    time_ns from; /* of SEEN_UNOBSERVED */
    bool awaited; /* of witness_list: a child of first that the platform has yet to name */
    time_ns at;   /* range time when the kernel says it happened, where it says so; else now */
};

int witness_descriptor(const struct witness *witness);
/* When it wants to be asked again though nothing is readable (scans); TIME_NEVER for never. */
time_ns witness_deadline(const struct witness *witness);
/* 1: something was seen; 0: nothing more now; negative: error. `opened`: CLOCK_MONOTONIC at range
 * time 0, given at open by the first call's now. */
int witness_take(struct witness *witness, time_ns now, struct seen *seen, struct error *error);

/* Where a process of the range is, or was within the last seconds: the agent in whose cgroup (or
 * from whose process) `inside` runs or ran at range time `at`, and whether it is or was sanctioned.
 * AGENT_NONE where it is not known. */
agent_id witness_place(const struct witness *witness, pid_t inside, time_ns at, bool *sanctioned);

/* Learns at once whatever there is to learn: for witness_take, witness_list. With the kernel's
 * events that is what they say until now; else the range is scanned. */
void witness_look(struct witness *witness);
/* Nobody will name this process, which was `awaited`: it is one like any other from here on. */
void witness_unawait(struct witness *witness, pid_t pid);
/* Whether the kernel has told it of every fork until the last look. */
bool witness_has_all(const struct witness *witness);
/* How long range time stood still so far. */
void witness_stood(struct witness *witness, time_ns stood);
/* A pidfd, the caller's, of a living process of the range, and of no other that has its pid by now;
 * or -1. */
int witness_pidfd(const struct witness *witness, pid_t pid);

/* Calls `each` for every process of the range that lives now (for `iolaus ps`); `kind` is
 * SEEN_POSED for one that poses (`as`), else SEEN_FORKED; `at` is when it began. */
void witness_list(const struct witness *witness,
                  void (*each)(void *context, const struct seen *process, bool sanctioned),
                  void *context);

#endif
