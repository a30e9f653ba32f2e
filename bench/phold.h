/*
 * PHOLD (Fujimoto, "Performance of Time Warp under synthetic workloads", 1990): each event makes
 * one new one, after a lookahead of 1 and an exponential of mean 1; a quarter go to another entity,
 * uniformly chosen, the rest come back. The model is one function, so that every loop that is
 * measured pays the same for it.
 */
#ifndef IOLAUS_BENCH_PHOLD_H
#define IOLAUS_BENCH_PHOLD_H

#include <stdint.h>

#include <Random123/philox.h>

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

/* Before anything else: fills the table. */
void phold_prepare(void);

#define PHOLD_STEPS_LOG2 10
#define PHOLD_STEPS (1u << PHOLD_STEPS_LOG2)

/* ln(1 + i / PHOLD_STEPS), in units of 2^-16 ns: a logarithm in full would cost as much as a queue,
 * and hide what is measured. */
extern int64_t phold_log_table[PHOLD_STEPS + 1];
static const int64_t PHOLD_LN2 = (int64_t)(PHOLD_UNIT_NS * 65536 * 0.69314718055994531);

/* -ln(bits / 2^64) units, linear between the table's steps. */
static inline int64_t phold_exponential(uint64_t bits)
{
    int zeros = __builtin_clzll(bits | 1);
    uint64_t mantissa = (bits | 1) << zeros << 1;
    uint32_t step = (uint32_t)(mantissa >> (64 - PHOLD_STEPS_LOG2));
    int64_t part = (int64_t)((mantissa << PHOLD_STEPS_LOG2) >> 48);
    int64_t log = phold_log_table[step] +
                  (((phold_log_table[step + 1] - phold_log_table[step]) * part) >> 16);

    return ((zeros + 1) * PHOLD_LN2 - log) >> 16;
}

static inline struct phold_event phold_next(struct phold_entity *entity, uint32_t id,
                                            uint32_t count, int64_t now)
{
    philox4x32_ctr_t counter = {{id, entity->draw++, 0, 0}};
    philox4x32_key_t key = {{1, 0}};
    philox4x32_ctr_t words = philox4x32(counter, key);

    int64_t delay = PHOLD_UNIT_NS + phold_exponential((uint64_t)words.v[1] << 32 | words.v[0]);
    uint32_t other = (uint32_t)((uint64_t)words.v[3] * count >> 32);

    /* Chosen by a mask: a branch that is wrong for every fourth event, and is known to be only at
     * the end of the draw, would cost as much as a queue. */
    uint32_t remote = -(uint32_t)(words.v[2] < UINT32_C(1) << 30);
    struct phold_event next = {now + delay, id, id ^ ((id ^ other) & remote)};

    return next;
}

/* Works one event and gives the one that follows from it. */
static inline struct phold_event phold_step(struct phold_entity *entities, uint32_t count,
                                            const struct phold_event *event)
{
    struct phold_entity *entity = &entities[event->target];

    entity->history =
        ((entity->history ^ (uint64_t)event->at) * UINT64_C(0x9E3779B97F4A7C15)) ^ event->source;
    return phold_next(entity, event->target, count, event->at);
}

/* The event that an entity starts with. */
static inline struct phold_event phold_first(struct phold_entity *entities, uint32_t count,
                                             uint32_t entity)
{
    return phold_next(&entities[entity], entity, count, 0);
}

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
