/*
 * Random numbers for the generators of links: Philox (base/random.h) of STREAM_GRAPH, 32 bits at a
 * time. A generator needs tens of millions of them, so all four words of a draw are used. One
 * struct draws serves one graph; it owns nothing and cannot fail.
 */
#ifndef IOLAUS_GRAPH_DRAWS_H
#define IOLAUS_GRAPH_DRAWS_H

#include <assert.h>

#include "base/random.h"

struct draws {
    struct random random;
    uint32_t words[4];
    uint32_t used;
};

static inline struct draws draws_make(uint64_t seed, uint32_t replicate)
{
    struct draws draws = {.random = random_make(seed, replicate, 0, 0, STREAM_GRAPH, 0), .used = 4};
    return draws;
}

static inline uint32_t draws_next(struct draws *draws)
{
    if (draws->used == 4) {
        random_block(&draws->random, draws->words);
        draws->used = 0;
    }
    return draws->words[draws->used++];
}

/* Uniform on 0 .. limit - 1 without bias (Lemire, "Fast random integer generation in an interval",
 * ACM TOMACS 29(1), 2019, algorithm 5); limit >= 1. */
static inline uint32_t draws_below(struct draws *draws, uint32_t limit)
{
    uint64_t product = (uint64_t)draws_next(draws) * limit;

    assert(limit >= 1);
    if ((uint32_t)product < limit) {
        uint32_t floor = (0 - limit) % limit;

        while ((uint32_t)product < floor)
            product = (uint64_t)draws_next(draws) * limit;
    }
    return (uint32_t)(product >> 32);
}

#endif
