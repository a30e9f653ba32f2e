/*
 * The platform's desk of work: sources emit tasks, each hop is chosen by what the board shows, and
 * tasks whose route leads through somebody shown failed are held back.
 *
 *     desk_open(&desk, seed, replicate);
 *     desk_emit(&desk, now, error);     whenever desk_deadline(&desk) has come
 *     desk_release(&desk, now);         whenever the board changed
 *     desk_done(&desk, ...);            a task came back from its last hop
 *
 * The world gives the memory (`number`, `next`: one for each source; `held`: `held_max` tasks) and
 * sends what the desk gives out. No allocation; what fails: more tasks are held than there is room.
 */
#ifndef IOLAUS_WORLD_DESK_H
#define IOLAUS_WORLD_DESK_H

#include "base/error.h"
#include "base/random.h"
#include "core/platform/platform.h"
#include "scenario/scenario.h"
#include "world/cause.h"

/* A world refuses a scenario whose routes are longer. */
#define HOPS_MAX 8

struct task {
    uint64_t number; /* source * 2^40 + the number among that source's */
    uint32_t source;
    time_ns deadline;
    uint32_t hop; /* the one that serves it now */
    agent_id hops[HOPS_MAX];
};

struct desk {
    const struct scenario_work *work;
    uint32_t work_count;
    const struct platform *platform; /* shows who is healthy */
    struct recorder recorder;
    /* Sends the task to hops[0], with its record TASK_SENT as the cause. */
    void (*send)(void *context, const struct task *task, const struct cause *cause, time_ns now);
    void *context;
    uint64_t *number; /* by source: of its next task */
    time_ns *next;    /* by source: when it emits next */
    struct task *held;
    uint32_t held_max, held_count;
    struct random random; /* of the times between two tasks */
};

/* Draws when each source emits first. `held_count` is set to 0; all above it is the caller's. */
void desk_open(struct desk *desk, uint64_t seed, uint32_t replicate);

/* When desk_emit is wanted; TIME_NEVER for never. */
time_ns desk_deadline(const struct desk *desk);

/* Emits what has fallen due: sent, or held back. Returns 0, or ERROR_LIMIT where there was no room
 * for a task to be held: it is dropped, and the rest emitted all the same. */
int desk_emit(struct desk *desk, time_ns now, struct error *error);

/* Tasks whose whole route is shown healthy go out, in the order in which they were held; those past
 * their deadline are dropped and count as failed. */
void desk_release(struct desk *desk, time_ns now);

/* The record of a task that was served at its last hop; `cause` came with it. */
void desk_done(const struct desk *desk, const struct task *task, const struct cause *cause,
               time_ns now);

/* The record of a task that was lost at `at`, by the writer that found it missing. */
void task_lost(const struct recorder *recorder, uint32_t writer, const struct task *task,
               agent_id at, const struct cause *cause, time_ns now);

#endif
