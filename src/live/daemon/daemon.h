/*
 * The daemon: opens a range, keeps a crew on it, and closes it. It runs the same platform_step and
 * campaign_step as the simulated world, carries out what they decide on real processes, and writes
 * the trace.
 *
 *     daemon_refuses(scenario, &error);              what live cannot do, by name
 *     daemon_run(&options, &outcome, &error);        until its time is over, or it is stopped
 *
 * Single-threaded, on libuv's loop. The process must have no other threads. SIGINT and SIGTERM end
 * the range in good order, a second one at once; SIGPIPE is ignored. Records go to the sinks in the
 * order in which they are made.
 *
 * Errors: ERROR_MACHINE where the machine cannot hold the range, or lost it; ERROR_INPUT;
 * ERROR_IO, ERROR_MEMORY, ERROR_LIMIT.
 */
#ifndef IOLAUS_LIVE_DAEMON_DAEMON_H
#define IOLAUS_LIVE_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "scenario/authority.h"
#include "scenario/scenario.h"
#include "trace/record.h"

/* What the daemon tells while it runs; called from its loop. */
struct daemon_progress {
    bool up; /* every agent has opened its session, and the run has begun and not ended */
    time_ns now, duration; /* range time; duration TIME_NEVER: until stopped */
    uint32_t agents, alive, shown_failed;
    uint64_t stops, starts, deaths, records;
};

struct daemon_options {
    const struct scenario *scenario; /* a resolved arm */
    const char *name;                /* of the range; NULL: made from the scenario's name */
    uint64_t seed;
    uint32_t replicate;
    time_ns duration; /* TIME_NEVER: until stopped */
    bool counts_cpu;  /* the outcome has `cpu` */
    bool campaign;    /* false (`iolaus up`): nobody is stopped on purpose, no faults are made */
    const struct record_sink *sinks;
    uint32_t sink_count;
    const char *control; /* path of the control socket; NULL: none */
    const char *state;   /* folder in which checkpoints are kept and found again; NULL: in memory */
    /* Whose orders it obeys; NULL: nobody's. The daemon keeps every order that it accepts or
     * refuses in `ledger`, a folder, whose secret key is the file `ledger_key`: both are made where
     * they are not there. NULL: none, and then no order is taken. A ledger that is there is obeyed
     * without `authority` too: who has a tombstone in it is not started. */
    const struct authority_file *authority;
    const char *ledger, *ledger_key;
    /* Called about every second, and when the run ends; may be NULL. A sink that must be flushed is
     * flushed here. A negative code ends the run. */
    int (*tick)(void *context, const struct daemon_progress *progress);
    /* Something failed that the operator should know of: a reaper gone, an agent given up. */
    void (*failure)(void *context, const char *words);
    /* What the operator should know of that is no failure; may be NULL. */
    void (*notice)(void *context, const char *words);
    void *context;
    time_ns lease; /* of the range: it ends when the daemon has hung for so long; 0: 10 s */
    /* It ends also when its operator has not renewed it for so long (`range/renew`); 0: never. */
    time_ns operator_lease;
    /* For tests, which are held to the same confinement. */
    bool without_cgroups, without_uids;
    uint8_t witness; /* enum witness_source */
};

enum daemon_end {
    DAEMON_TIME,     /* its duration is over */
    DAEMON_CAMPAIGN, /* the campaign is over */
    DAEMON_STOPPED,  /* by a signal, or over the control socket */
    DAEMON_LOST      /* the range was lost: daemon_run gives ERROR_MACHINE */
};
/* Processor time, in ns, since range time 0; -1: no cgroup counts it. */
struct daemon_cpu {
    int64_t range;     /* all of the range's processes */
    int64_t defenders; /* of them those of agents that no stop of the campaign is for */
};
#define CPU_UNKNOWN ((struct daemon_cpu){-1, -1})

struct daemon_outcome {
    uint8_t end;   /* enum daemon_end */
    time_ns ended; /* range time */
    struct daemon_cpu cpu;
    char range[256]; /* what the range stood on, in words */
};

/* 0, or ERROR_MACHINE naming what the live world cannot do with this scenario. */
int daemon_refuses(const struct scenario *scenario, struct error *error);

int daemon_run(const struct daemon_options *options, struct daemon_outcome *outcome,
               struct error *error);

/*
 * The control socket: one JSON-RPC 2.0 message a line (AF_UNIX stream, mode 0600, in a folder of
 * the operator's outside the range). Methods: `range/status`, `agents/ps` (truth beside belief),
 * `range/renew`, `range/close`, `events/follow` (then a notification `event` for each start and
 * death of a sanctioned process), `order/submit`, `order/status`, `order/follow`, `order/reach`,
 * `order/watch`. docs/reference/control.md.
 */
/* /run/iolaus for root, else $XDG_RUNTIME_DIR/iolaus, else /tmp/iolaus-UID; made with mode 0700. */
int control_folder(char *path, size_t size, bool make, struct error *error);

#endif
