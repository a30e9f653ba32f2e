/*
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy
 * as 1, 2, 3", SC'11), from Random123.
 *
 * A draw is a pure function of (seed, replicate, agent, incarnation, stream, draw number), so no
 * generator is shared, and the order in which agents are worked cannot change what they draw. A
 * struct random is a place in one such sequence; copy it freely. Every draw uses one number of the
 * sequence, but for random_below, which may use more.
 */
#ifndef IOLAUS_BASE_RANDOM_H
#define IOLAUS_BASE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fixed.h"
#include "base/types.h"

/* Who draws for what. Streams of one agent never overlap. */
enum random_stream {
    STREAM_WATCH = 1,    /* probe order, phases, choice of helpers */
    STREAM_MIND = 2,     /* decisions */
    STREAM_NETWORK = 3,  /* loss, delay, duplication */
    STREAM_WORK = 4,     /* service times, emission of tasks */
    STREAM_GRAPH = 5,    /* link generators */
    STREAM_CONTACT = 6,  /* the contact rule set */
    STREAM_FAULT = 7,    /* random faults */
    STREAM_CAMPAIGN = 8, /* whom a campaign picks */
    STREAM_BENCH = 9,
    STREAM_TEST = 10,
    STREAM_LIVE_WORK = 11, /* what live agents really do */
    STREAM_CHECK = 12,     /* which of an agent's reports the platform looks into */
    STREAM_DESIGN = 13,    /* where a study samples */
    STREAM_PACT = 14,      /* the common coin of a pact */
    STREAM_SURROGATE = 15, /* what a test permutes */
};

struct random {
    uint64_t seed;
    uint32_t replicate;
    agent_id agent;
    incarnation_id incarnation;
    uint16_t stream;
    uint32_t draw; /* the next draw's number */
};

struct random random_make(uint64_t seed, uint32_t replicate, agent_id agent,
                          incarnation_id incarnation, enum random_stream stream, uint32_t draw);

/* All four words of one draw. */
void random_block(struct random *random, uint32_t words[4]);

uint64_t random_u64(struct random *random);

/* Uniform on 0 .. limit - 1, without bias (Lemire's rejection); limit >= 1. */
uint64_t random_below(struct random *random, uint64_t limit);

/* True with probability p; uses one draw whatever p is. */
bool random_chance(struct random *random, probability p);

/* Exponential with the given mean in ns, rounded down; mean >= 0. Inversion, -mean * ln(u) with u
 * uniform on (0, 1] in steps of 2^-62 and the logarithm of base/fixed.h. */
time_ns random_exponential(struct random *random, time_ns mean);

/* Uniform duration on [low, high]; 0 <= low <= high. */
time_ns random_between(struct random *random, time_ns low, time_ns high);

#endif
