/*
 * The event engine of the simulated world: conservative and windowed.
 *
 * Entities are numbered 0 .. entities - 1 and speak by events that take at least the lookahead; an
 * entity may also send to itself after any time, 0 included. Time is cut into windows as wide as
 * the lookahead; within one window the events of different entities cannot affect one another, so
 * they are worked block by block of the entity table, and for each entity in the order of (time,
 * source, the source's sequence). The result does not depend on the size of the blocks.
 *
 * A step touches its own entity's state only. What is truly simultaneous is a barrier: worked
 * between windows, which are cut there. Empty windows are skipped.
 *
 * Memory is reserved at the start and touched as it is needed; stepping allocates nothing. When
 * events_max is reached the run ends with ERROR_LIMIT.
 */
#ifndef IOLAUS_SIM_ENGINE_H
#define IOLAUS_SIM_ENGINE_H

#include <stdint.h>

#include "base/error.h"
#include "base/types.h"

/* An event is 16 bytes while it waits in a window. */
struct event {
    uint32_t offset; /* ns after the window's beginning */
    uint32_t source;
    uint32_t target;
    uint32_t data; /* the world's own: a small payload, or a slot of a message slab */
};
_Static_assert(sizeof(struct event) == 16, "an event is 16 bytes");

struct engine;

struct engine_world {
    /* Works one event of `event->target` at `now`. */
    void (*step)(void *world, struct engine *engine, const struct event *event, time_ns now);
    /* After each non-empty window (beginning, end): write its records. Non-zero ends the run. May
     * be NULL. */
    int (*window)(void *world, struct engine *engine, time_ns begin, time_ns end,
                  struct error *error);
    /* A barrier that engine_barrier set is reached. May be NULL. */
    int (*barrier)(void *world, struct engine *engine, time_ns now, uint32_t data,
                   struct error *error);
    void *context;
    /* Told some events ahead, twice, that `target` will be worked: the world may fetch into the
     * cache what it will touch, and must change nothing. First with nearer 0, then with nearer 1.
     * May be NULL. */
    void (*fetch)(void *world, uint32_t target, int nearer);
};

struct engine_rules {
    uint32_t entities;
    uint32_t block;        /* entities in a block, rounded up to a power of 2; 0: chosen */
    uint32_t entity_bytes; /* of the world's state for one entity, for that choice */
    time_ns lookahead;     /* >= 1; windows are that wide, at most 2^32 - 1 ns */
    uint64_t events_max;   /* waiting at once; 0: 2^32 - 1, or as many as fit into 64 GiB */
};

/* Reserves memory. On failure returns NULL and fills error. */
struct engine *engine_open(const struct engine_rules *rules, const struct engine_world *world,
                           struct error *error);
void engine_close(struct engine *engine);

/* Sends an event that arrives at `at`. From within a step of `source`: to another entity `at` must
 * be at least now + lookahead (asserted), to itself at least now. Before and between runs, from a
 * barrier and from the window's callback: anything not before the time reached (0, the end of the
 * last run, the barrier's instant, the window's end). */
void engine_send(struct engine *engine, uint32_t source, uint32_t target, time_ns at,
                 uint32_t data);

/* Sets a barrier at `at`, at least one lookahead after the time reached (asserted); before the
 * first run at any time. Barriers at one instant are worked in the order of data. All events before
 * `at` are worked first, none at or after it. */
void engine_barrier(struct engine *engine, time_ns at, uint32_t data);

/* Works all events before `until`. Returns 0 or a negative error code. May be called again with a
 * later `until`. */
int engine_run(struct engine *engine, time_ns until, struct error *error);

/* Ends the run after the present window. */
void engine_stop(struct engine *engine);

/* The beginning of the present window, and figures of the run so far. */
time_ns engine_now(const struct engine *engine);
uint64_t engine_events(const struct engine *engine);  /* worked */
uint64_t engine_waiting(const struct engine *engine); /* not yet worked */
uint64_t engine_windows(const struct engine *engine); /* not empty */

#endif
