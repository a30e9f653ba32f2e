/*
 * How many trials a difference of two rates needs to be seen.
 *
 * The power of a two-sided test at level `alpha` is the probability that it rejects "the rates are
 * equal" when they are `first` and `second`. Two tests are known: TABLE_SCORE (stat_tests.h's
 * score_test), and TABLE_FISHER. Boschloo's test rejects wherever Fisher's does, so its power is at
 * least TABLE_FISHER's; as a rule it is near TABLE_SCORE's, which does not keep its level exactly.
 * Trials that hang together within crews need more: multiply by 1 + (trials of a crew - 1) times
 * their correlation (Kish, Survey Sampling, section 5.4).
 *
 * Rates lie within 0 and 1, alpha and power between (asserted); there is a trial in each arm
 * (asserted). Pure, thread-safe. What is exact fails with ERROR_MEMORY.
 */
#ifndef IOLAUS_ANALYSIS_STAT_POWER_H
#define IOLAUS_ANALYSIS_STAT_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/stat_tests.h"
#include "base/error.h"

/* Power is summed over all tables where trials of the one times trials of the other are at most
 * POWER_TABLES_MAX, and no arm has more than POWER_TRIALS_MAX; beyond, it is the normal
 * approximation (Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions,
 * section 4.3, both tails; for Fisher's test with the correction for continuity of section 4.4). */
#define POWER_TABLES_MAX 4000000
#define POWER_TRIALS_MAX 25000

struct power_arms {
    double first, second; /* the true rates */
    uint64_t first_trials, second_trials;
};

struct power {
    double power;
    bool exact;
};

int power_difference(const struct power_arms *arms, enum table_test test, double alpha,
                     struct power *result, struct error *error);

/* The approximation alone. */
double power_normal(const struct power_arms *arms, enum table_test test, double alpha);

/* The least difference that is seen with at least `power`: arms->second is replaced by the rate,
 * above arms->first (`above`) or below it, whose difference is the least to 10^-6, and `result` is
 * the power there. If no rate will do it is the end of the range, 1 or 0, and `result` its power.
 * Power rises with the difference, but for ripples of the score test near rates of 0 and 1. */
int power_minimal(struct power_arms *arms, bool above, enum table_test test, double alpha,
                  double power, struct power *result, struct error *error);

#endif
