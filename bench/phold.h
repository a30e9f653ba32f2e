/*
 * PHOLD (Fujimoto, "Performance of Time Warp under synthetic workloads", 1990): each event makes
 * one new one, after a lookahead of 1 and an exponential of mean 1; a quarter go to another entity,
 * uniformly chosen, the rest come back. The model is one function, so that every loop that is
 * measured pays the same for it.
 */
#ifndef IOLAUS_BENCH_PHOLD_H
#define IOLAUS_BENCH_PHOLD_H

#include <stdint.h>

#define PHOLD_UNIT_NS INT64_C(1000000)
#define PHOLD_EVENTS 8 /* waiting for each entity */

#ifdef __cplusplus
extern "C" {
#endif

struct phold_entity {
    uint64_t history; /* a hash of all that it has seen, in order */
    uint32_t draw;
};

/* 16 bytes, as the engine's own. The order is by (at, source). */
struct phold_event {
    int64_t at;
    uint32_t source;
    uint32_t target;
};

/* Works one event and gives the one that follows from it. */
struct phold_event phold_step(struct phold_entity *entities, uint32_t count,
                              const struct phold_event *event);

/* The event that an entity starts with. */
struct phold_event phold_first(struct phold_entity *entities, uint32_t count, uint32_t entity);

/* A loop over a queue that takes the first event and puts the next. */
struct phold_loop {
    const char *name;
    void *(*open)(struct phold_entity *entities, uint32_t count);
    uint64_t (*run)(void *loop, int64_t until); /* the events worked */
    void (*close)(void *loop);
};

extern const struct phold_loop phold_engine, phold_heap, phold_priority_queue;

#ifdef __cplusplus
}
#endif
#endif
