/*
 * Information between small alphabets: how much knowing one thing says of another, in bits. What
 * the program measures of yes and no alone (analysis/collusion.h) is held against it, and it
 * against SciPy.
 *
 * A *symbol* is a whole number below its alphabet's size (asserted). All estimates are plug-in
 * estimates, from the counts alone, which are too great: `bias` is the correction of Miller and
 * Madow (Miller, in Information Theory in Psychology, 1955), (cells occupied, less what the margins
 * occupy) / (2 N ln 2), and `bits` is the plug-in estimate less it. For two alphabets that are
 * fully seen the bias is (|X| - 1)(|Y| - 1) / (2 N ln 2): fix the alphabets before N. The
 * correction is of first order; where cells outnumber the samples trust the p alone.
 *
 * The p is of as much information or more (by the plug-in estimate) among drawn surrogates, (1 +
 * as extreme) / (1 + draws): Phipson and Smyth, Statistical Applications in Genetics and Molecular
 * Biology 9, 2010, article 39.
 *
 * Thread-safe; the work is done in memory of its own. Fails with ERROR_MEMORY, and with ERROR_LIMIT
 * where alphabets multiply to more than INFORMATION_CELLS_MAX cells, or the surrogates would need
 * more than 2^32 random numbers.
 */
#ifndef IOLAUS_TEST_INFORMATION_H
#define IOLAUS_TEST_INFORMATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

#define INFORMATION_CELLS_MAX (1 << 22)

struct symbols {
    const uint8_t *at;
    uint32_t alphabet; /* 1 to 256 */
};

struct information {
    double bits;   /* plugin - bias; may be below 0 by its error; NAN without samples */
    double plugin; /* never below 0 */
    double bias;
    uint64_t samples;
    double p; /* NAN where no test was asked for, or nothing could be tested */
};

/* How many surrogates, and the key of their randomness. */
struct information_test {
    uint32_t draws;
    struct random random;
};

/* Mutual information I(X; Y), or with `given` I(X; Y | Z), of `count` independent samples (Cover
 * and Thomas, Elements of Information Theory, sections 2.3 and 2.5). Surrogates: X is permuted
 * among samples with the same Z (among all, if `given` is NULL). So let Z be the stratum to tell
 * collusion from what a condition does to both. `test` NULL: no p. Samples that hang together, as
 * in a series, make this p too small. */
int information_mutual(const struct symbols *x, const struct symbols *y,
                       const struct symbols *given, size_t count,
                       const struct information_test *test, struct information *result,
                       struct error *error);

/* One or several runs (episodes), one after the other in the arrays of symbols: nothing is paired
 * across their borders. */
struct runs {
    size_t count;
    const size_t *length;
};

/* Surrogates of both below: in each run `from` is shifted circularly by a number of steps of its
 * own, from 0 to its length less 1, each as probable (so runs of a few steps say little). This
 * keeps what each series does by itself; it takes the series to be stationary. */

/* Time-delayed mutual information I(from at t; to at t + lag); lag may be 0. */
int information_delayed(const struct symbols *from, const struct symbols *to,
                        const struct runs *runs, size_t lag, const struct information_test *test,
                        struct information *result, struct error *error);

/* Transfer entropy T(from -> to) = I(to at t + 1; the last `from_history` of `from` | the last
 * `to_history` of `to`), histories up to and with t (Schreiber, Physical Review Letters 85, 2000,
 * 461-464). `from_history` at least 1 (asserted); with `to_history` 0 it is the delayed mutual
 * information of lag 1. */
int information_transfer(const struct symbols *from, const struct symbols *to,
                         const struct runs *runs, size_t from_history, size_t to_history,
                         const struct information_test *test, struct information *result,
                         struct error *error);

#endif
