/*
 * Tests of a difference between two rates, and their adjustment within a family.
 *
 * A 2x2 table is two `struct rate`, of which only `successes` and `trials` are read. Null: the two
 * rates are equal; every p is two-sided. Pure and thread-safe. What is exact needs memory in
 * proportion to the trials, and fails with ERROR_MEMORY; there is no other error.
 *
 * Without trials in an arm nothing is tested: p is 1.
 */
#ifndef IOLAUS_ANALYSIS_STAT_TESTS_H
#define IOLAUS_ANALYSIS_STAT_TESTS_H

#include <stddef.h>

#include "analysis/statistics.h"
#include "base/error.h"

/* Which test gave a p. */
enum table_test {
    TABLE_BOSCHLOO,         /* statistic: Fisher's two-sided p, as R's package Exact has it */
    TABLE_BOSCHLOO_CENTRAL, /* twice the lesser one-sided p, as SciPy's boschloo_exact has it */
    TABLE_FISHER,           /* conditional on both margins */
    TABLE_SCORE,            /* z with the pooled rate, that is Pearson's chi squared */
};

/* Boschloo's test is made exactly where trials of the one times trials of the other are at most
 * BOSCHLOO_TABLES_MAX (5,000 in each arm: about 0.2 s, central 0.3 s) and no arm has more than
 * BOSCHLOO_TRIALS_MAX; beyond, the score test stands for it and says so. At 5,000 in each arm the
 * two p differ by some 4% where the rates are not near 0 or 1. */
#define BOSCHLOO_TABLES_MAX 25000000
#define BOSCHLOO_TRIALS_MAX 25000

struct table_result {
    enum table_test test; /* the one that was made, which need not be the one asked for */
    double p;
    double statistic; /* Fisher's p (the lesser one-sided p, if central); for the score test, z */
    double nuisance;  /* the common rate at which p is reached; NAN where there is none */
};

/* Boschloo's exact unconditional test (Statistica Neerlandica 24, 1970): the tables at least
 * as extreme as this one by Fisher's p, and the greatest probability that they have together under
 * any common rate. Never above Fisher's p. `test` is one of the two of Boschloo: the first has more
 * power as a rule, the second is a one-sided test in each direction at half the level, and so never
 * calls a direction by chance more often than half of it. They are different tests: choose before
 * looking. The greatest probability is found on a grid of an eighth of a standard deviation of the
 * pooled rate in arcsine scale, then by golden sections around every peak of the grid; p is right
 * to a relative 1e-7.
 */
int boschloo_test(const struct rate *first, const struct rate *second, enum table_test test,
                  struct table_result *result, struct error *error);

/* Fisher's exact test (R. A. Fisher, JRSS 98, 1935, 39-82): the sum of the probabilities, given
 * both margins, of all tables no more probable than this one. Ties are told at a relative 1e-7. */
int fisher_test(const struct rate *first, const struct rate *second, struct table_result *result,
                struct error *error);

/* z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2)) with the pooled rate p, against the normal
 * distribution (K. Pearson, Philosophical Magazine 50, 1900; no correction for continuity). Needs
 * no memory. Where no or all trials succeed, z is 0. */
struct table_result score_test(const struct rate *first, const struct rate *second);

/* Holm's step-down adjustment (Scandinavian Journal of Statistics 6, 1979, 65-70) of the p values
 * of one family: adjusted[i] <= alpha exactly where Holm rejects hypothesis i at a family-wise
 * error of alpha. A NAN is no member of the family, and stays NAN. `order` is room for `count`
 * places; `adjusted` may be `p` itself. */
void holm_adjust(const double *p, size_t count, size_t *order, double *adjusted);

#endif
