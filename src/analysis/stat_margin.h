/*
 * One margin of a 2x2 table: all tables with the same number of successes in both arms together,
 * and what tests that are conditional on it reject.
 */
#ifndef IOLAUS_ANALYSIS_STAT_MARGIN_H
#define IOLAUS_ANALYSIS_STAT_MARGIN_H

#include <stdbool.h>
#include <stdint.h>

/* Probabilities that differ by less than this, relatively, are equal but for rounding. */
#define MARGIN_TIE (1 + 1e-7)

/* The successes of the first arm run from `low` to `high`; pmf[x - low] is the probability of x,
 * given the margin. The caller has room for as many as the first arm has trials, and one. */
struct margin {
    uint64_t low, high;
    double *pmf;
};

void margin_fill(struct margin *margin, uint64_t first, uint64_t second, uint64_t successes);

/* The sum of all probabilities of at most `limit`. */
double margin_sum(const struct margin *margin, double limit);

/* What a test rejects: the `below` lowest and the `above` highest tables, with a probability of
 * `level` together. */
struct margin_region {
    uint64_t below, above;
    double level;
};

/* The test "Fisher's two-sided p is at most `limit`": tables are taken up from the least probable,
 * those that tie together. */
struct margin_region margin_reject(const struct margin *margin, double limit);

/* The same for a one-sided p; `high`: many successes of the first arm are extreme. */
struct margin_region margin_reject_one_sided(const struct margin *margin, double limit, bool high);

/* The logarithm of a binomial coefficient. */
double margin_log_choose(double n, double k);

/* The binomial probabilities of 0 to `trials` successes at `rate`, into trials + 1 places. */
void binomial_fill(double *pmf, uint64_t trials, double rate);

#endif
