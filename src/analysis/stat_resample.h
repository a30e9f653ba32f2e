/*
 * Intervals by drawing clusters again.
 *
 * Randomness is the caller's `struct random`, taken by value: the same key gives the same figures,
 * whatever else is drawn. A bootstrap uses draws x clusters numbers of it, of 2^32 that there are
 * (a little more where random_below rejects). Thread-safe. Fails with ERROR_MEMORY; with
 * ERROR_LIMIT where so many draws are not to be had.
 */
#ifndef IOLAUS_ANALYSIS_STAT_RESAMPLE_H
#define IOLAUS_ANALYSIS_STAT_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

/* Clusters: crews, of which each brings a part and a whole (say, responses and chances to respond).
 * 0 <= part <= whole (asserted). */
struct clusters {
    size_t count;
    const double *part, *whole;
};

struct bootstrap {
    double value; /* sum(part) / sum(whole), or the difference of two such; NAN without a whole */
    double low, high;
    uint32_t draws; /* those that had a whole */
    bool stand_in;  /* the interval is not the bootstrap's, see below */
};

/* The percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, section 13.3) of
 * the ratio sum(part) / sum(whole), where clusters are drawn with replacement: what happens within
 * a crew may hang together as it will. With few clusters (below some 20) the interval is too short.
 *
 * Where all ratios are 0, or all 1, every draw would give the same, which is no interval; and one
 * cluster says nothing of others: Wilson's interval of so many trials as there are clusters with a
 * whole stands for it, and `stand_in` says so. */
int bootstrap_ratio(const struct clusters *clusters, uint32_t draws, double confidence,
                    struct random random, struct bootstrap *result, struct error *error);

/* The same for the difference of two independent ratios, first less second: both are drawn again
 * each time. If either has a stand-in, the two intervals are put together by squares instead
 * (Newcombe's way, Zou and Donner, Statistics in Medicine 27, 2008, 1693-1702), and `stand_in` is
 * set. */
int bootstrap_difference(const struct clusters *first, const struct clusters *second,
                         uint32_t draws, double confidence, struct random random,
                         struct bootstrap *result, struct error *error);

#endif
