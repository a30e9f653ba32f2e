/*
 * A crew on a range, run by the daemon in a process of its own, and what a benchmark sees of it:
 * its records as they are made, and its processes through the control socket.
 *
 *     live_crew_open(&crew, "bench/live/idle.yaml", "bench-idle", &error)
 *     live_crew_wait(&crew, &error)         until all run and their processes are known
 *     live_crew_follow(&crew, timeout)      takes what the control socket tells meanwhile
 *     live_crew_close(&crew, &error)        ends it in good order; gives what the daemon gave
 *
 * Records lie in memory shared with the daemon, so that taking them costs it no call and never has
 * it wait. The daemon ends with this process.
 */
#ifndef IOLAUS_BENCH_LIVE_CREW_H
#define IOLAUS_BENCH_LIVE_CREW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "scenario/scenario.h"
#include "trace/record.h"

/* A record, and when it was made: CLOCK_MONOTONIC, which the record's time is not. */
struct timed_record {
    int64_t at;
    struct record record;
};

#define LIVE_RECORDS_MAX (UINT64_C(1) << 23)
struct live_shared {
    atomic_uint_fast64_t count; /* of records; those beyond LIVE_RECORDS_MAX are not kept */
    atomic_int ended;           /* daemon_run has returned */
    int failed;
    struct error error;
    char range[256];
    struct timed_record records[];
};

/* The process that is an agent's youngest incarnation. */
struct live_process {
    pid_t pid; /* 0: none is known */
    int pidfd; /* -1: none */
    uint32_t incarnation;
    int64_t told; /* when the control socket told of it */
};

struct live_crew {
    struct scenario_file *file;
    const struct scenario *scenario;
    struct live_shared *shared;
    struct live_process *processes; /* by agent */
    pid_t daemon;
    int daemon_pidfd;
    int control;   /* follows events; -1 */
    int64_t began; /* when the daemon was called */
    char control_path[108];
    char *text; /* what the control socket sent, up to an incomplete line */
    size_t used, room;
};

struct live_orders;
int live_crew_open(struct live_crew *crew, const char *path, const char *name, struct error *error);
/* The same, with a daemon that obeys such orders (orders.h). */
int live_crew_open_with(struct live_crew *crew, const char *path, const char *name,
                        const struct live_orders *orders, struct error *error);
int live_crew_wait(struct live_crew *crew, struct error *error);
/* Waits up to `timeout` ns for news of processes; gives how many were told of, or -1 where the
 * daemon is gone. */
int live_crew_follow(struct live_crew *crew, int64_t timeout);
uint64_t live_crew_records(const struct live_crew *crew);
int live_crew_close(struct live_crew *crew, struct error *error);

#endif
