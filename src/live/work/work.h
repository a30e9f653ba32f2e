/*
 * The little real work that an agent does, so that a live crew has something to do, to hand on, and
 * to lose.
 *
 * A worker is started with its kind, the scenario's seed and the agent's number, and does tasks one
 * after another: each takes the piece that the hop before handed on (piece.h) and gives its own. A
 * task costs in the order of 100 microseconds of a core. An object has no work of its own: it is
 * started with the kind that it imitates.
 *
 *     struct worker worker;
 *     worker_start(&worker, WORK_VISION, seed, agent);
 *     worker_do(&worker, task, &in, &out);
 *     size = worker_save(&worker, bytes);
 *
 * What a worker gives is a function of kind, seed, agent, the task's number, the piece that came in
 * and the worker's state: there is no clock and no random number that is not drawn from these. A
 * checkpoint holds the state, so that the next incarnation goes on exactly where it was taken.
 *
 * The caller owns all memory; nothing is allocated, and a worker has no pointers, so it may be
 * copied. A worker belongs to one thread at a time. Only worker_restore fails, and then leaves the
 * worker as it was.
 */
#ifndef IOLAUS_LIVE_WORK_WORK_H
#define IOLAUS_LIVE_WORK_WORK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/types.h"
#include "live/work/language.h"
#include "live/work/piece.h"
#include "live/work/robot.h"
#include "live/work/vision.h"

enum work_kind { WORK_LANGUAGE, WORK_VISION, WORK_ROBOT, WORK_KINDS };

enum {
    WORK_CHECKPOINT_VERSION = 1,
    WORK_CHECKPOINT_BYTES_MAX = 4096,
};

struct worker {
    enum work_kind kind;
    uint64_t seed;
    agent_id agent;
    uint64_t tasks; /* done so far, over all incarnations */
    union {
        struct language language;
        struct vision vision;
        struct robot robot;
    };
};

void worker_start(struct worker *worker, enum work_kind kind, uint64_t seed, agent_id agent);

/* Does one task. `in` may be NULL at a task's first hop, may hold any bytes, and may be `out`. */
void worker_do(struct worker *worker, uint64_t task, const struct work_piece *in,
               struct work_piece *out);

/* Gives the number of bytes written, at most WORK_CHECKPOINT_BYTES_MAX. The bytes mean the same on
 * every machine. */
size_t worker_save(const struct worker *worker, unsigned char bytes[WORK_CHECKPOINT_BYTES_MAX]);

/* Goes on from a checkpoint, into a worker started with the same kind, seed and agent. Any bytes
 * are safe. ERROR_INPUT: it is another agent's, kind's, run's or version's. ERROR_CORRUPT: it is
 * torn or altered. */
int worker_restore(struct worker *worker, const void *bytes, size_t size, struct error *error);

/* One line for people, without a newline, cut to the size (at least 1). */
void worker_describe(const struct worker *worker, char *line, size_t size);

#endif
