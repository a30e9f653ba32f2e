/*
 * The inside of the witness, for its own files.
 *
 * witness.c waits and hands out; members.c holds the rules (who is of the range, who is told of,
 * and when); scan.c looks through the range; table, holds, events and proc know nothing of the
 * rules.
 */
#ifndef IOLAUS_LIVE_WITNESS_INSIDE_H
#define IOLAUS_LIVE_WITNESS_INSIDE_H

#include "live/witness/events.h"
#include "live/witness/ground.h"
#include "live/witness/holds.h"
#include "live/witness/proc.h"
#include "live/witness/table.h"
#include "live/witness/witness.h"

#define MILLISECOND INT64_C(1000000)
/* How long a child of first may live before the platform has named it. */
#define GRACE_NS (1000 * MILLISECOND)
/* The least time between two scans that nobody waited for. */
#define SCAN_APART_NS (10 * MILLISECOND)
/* How long the dead are remembered, and how many. */
#define KEEP_NS (5000 * MILLISECOND)
#define KEEP_MAX 16384

struct witness {
    struct ground ground;
    struct witness_options options;
    int epoll, timer, inotify;
    bool has_events;
    struct events events;
    struct table table;
    struct things things;
    /* The range, for scans. */
    int cgroup;                 /* its folder, or -1 */
    char path[CGROUP_PATH_MAX]; /* of it */
    dev_t namespace_device;     /* of its processes' PID namespace */
    ino_t namespace_inode;
    bool namespace_shared; /* with the witness: it tells nothing */
    unsigned level;        /* of that namespace below the witness's */
    uint32_t generation;   /* of the latest scan */
    time_ns scanned;       /* when */
    bool scan_due, look_due;
    /* What was seen and not yet taken. */
    struct seen *seen;
    size_t seen_next, seen_count, seen_room;
    bool out_of_memory;
    time_ns opened; /* CLOCK_MONOTONIC at range time 0 */
    bool opened_known;
    time_ns stood;       /* range time stood still so long */
    time_ns tick;        /* when the timer next fires; TIME_NEVER */
    uint32_t sanctioned; /* how many live */
};

/* members.c. `at` is of CLOCK_MONOTONIC. */
void member_event(struct witness *witness, const struct kernel_event *event);
/* A scan found it; `agent` by its cgroup, or AGENT_NONE. */
void member_found(struct witness *witness, pid_t pid, agent_id agent);
/* The end of a scan: those whom it did not find. */
void members_missed(struct witness *witness);
/* Decides about those held back whose time has come. */
void members_release(struct witness *witness);
/* The same of one whose time has come, whatever the clock says. */
void member_unawait(struct witness *witness, struct process *process);
/* See witness_pidfd. */
int member_pidfd(const struct process *process);
/* Looks at what each unsanctioned process holds. */
void members_look(struct witness *witness);
/* NULL: no memory. */
struct process *member_sanction(struct witness *witness, const struct sanctioned *sanctioned);
/* Its pidfd says so. */
void member_died(struct witness *witness, struct process *process);
/* Its times are of CLOCK_MONOTONIC until it is taken. */
void witness_tell(struct witness *witness, const struct seen *seen);

/* scan.c. */
int scan_open(struct witness *witness, struct error *error);
void scan_range(struct witness *witness);
agent_id scan_agent_of(const struct witness *witness, int process_folder);

#endif
