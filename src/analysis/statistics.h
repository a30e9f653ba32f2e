/*
 * Statistics: an estimate, the counts behind it, and an interval.
 *
 * Pure functions of numbers; the distributions are GSL's. `confidence` is two-sided and lies
 * between 0 and 1 (asserted). Where there are no trials the estimate is NAN and the interval says
 * nothing (0 to 1 for a rate).
 */
#ifndef IOLAUS_ANALYSIS_STATISTICS_H
#define IOLAUS_ANALYSIS_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* An interval and the counts behind it. */
struct rate {
    uint64_t successes, trials;
    double rate, low, high;
};

/* Wilson's score interval (Wilson, JASA 22, 1927); for rates. */
struct rate rate_wilson(uint64_t successes, uint64_t trials, double confidence);

/* The exact interval of Clopper and Pearson (Biometrika 26, 1934); for error budgets. */
struct rate rate_clopper_pearson(uint64_t successes, uint64_t trials, double confidence);

/* The difference of two rates, first less second, with Newcombe's hybrid score interval (Statistics
 * in Medicine 17, 1998, 873-890, method 10). Only the counts of the two are read. */
struct difference {
    double difference, low, high;
};
struct difference difference_newcombe(const struct rate *first, const struct rate *second,
                                      double confidence);

/* The exact interval for the mean of a Poisson count over `exposure` (Garwood, Biometrika 28,
 * 1936); from a shape of 10^5 on by the root of Wilson and Hilferty (PNAS 17, 1931). For a count of
 * 0 at 95% the upper limit is 3.69 / exposure. The count need not be whole.
 */
struct mean {
    uint64_t count; /* what was counted */
    uint64_t per;   /* over how many stops, or responses of the generation before */
    double mean, low, high;
};
struct mean mean_poisson(uint64_t count, uint64_t per, double confidence);

/* The same where counts vary more than Poisson's law says: `squares` is the sum of the squared
 * counts of each unit. With a dispersion (variance / mean) above 1, the effective counts are
 * divided by it before Garwood's limits are taken (quasi-Poisson: McCullagh and Nelder, Generalized
 * Linear Models, section 6.2.3); below 1 nothing is changed. So never narrower than Poisson's. */
struct mean mean_dispersed(uint64_t count, uint64_t per, double squares, double confidence);

/* A quantile of `count` numbers in ascending order, with the distribution-free interval of two
 * order statistics (David and Nagaraja, Order Statistics, section 7.1). The estimate interpolates
 * (GSL's rule: Hyndman and Fan's type 7). A limit that so few numbers cannot give is NAN. */
struct quantile {
    double value, low, high;
};
struct quantile quantile_of(const int64_t *sorted, size_t count, double at, double confidence);

/* The share sum(part) / sum(whole) over units, with the interval of the ratio estimator (Cochran,
 * Sampling Techniques, section 6.3), cut at 0 and 1. Where all units have a share of 0, or all of
 * 1, Wilson's interval of so many units stands for it. */
struct share_sums {
    uint64_t units;
    double part, whole, part_squared, whole_squared, product;
};
struct share {
    uint64_t units;
    double part, whole; /* sums, in the unit that was put in */
    double share, low, high;
};
void share_add(struct share_sums *sums, double part, double whole);
struct share share_of(const struct share_sums *sums, double confidence);

/* The squared standard error of the share, by the ratio estimator; NAN from less than two units. */
double share_variance(const struct share_sums *sums);

/* Trials that share a unit (the stops of one crew) tell less than as many independent ones. The
 * design effect is the variance of a rate as its units show it (the ratio estimator's: Cochran,
 * section 6.3) over that of independent trials, pooled over arms in proportion to the squared
 * trials; never below 1. Counts divided by it may be treated as independent (Rao and Scott,
 * Biometrics 48, 1992, 577-585). */
struct design_effect_sums {
    double clustered, independent;
};
void design_effect_add(struct design_effect_sums *sums, const struct share_sums *arm);
double design_effect_of(const struct design_effect_sums *sums);

/* Wilson's and Newcombe's intervals of counts that are divided by a design effect of at least 1.
 * The rate and the difference themselves are those of the counts. */
struct rate rate_wilson_clustered(uint64_t successes, uint64_t trials, double design_effect,
                                  double confidence);
struct difference difference_newcombe_clustered(const struct rate *first, const struct rate *second,
                                                double design_effect, double confidence);

#endif
