/*
 * Times until something ends, where those of one cluster (the episodes of one run) hang together,
 * and clusters are independent: intervals by drawing clusters again, and a log-rank test whose
 * variance allows for it. See stat_survival.h for what a lifetime is.
 *
 * Each function sorts the caller's lifetimes in place by time. Thread-safe. Fails with
 * ERROR_MEMORY; with ERROR_LIMIT where so many draws are not to be had (stat_resample.h).
 */
#ifndef IOLAUS_ANALYSIS_STAT_SURVIVAL_RUNS_H
#define IOLAUS_ANALYSIS_STAT_SURVIVAL_RUNS_H

#include "analysis/stat_survival.h"
#include "base/error.h"
#include "base/random.h"

struct clustered_lifetime {
    struct lifetime life;
    uint32_t cluster; /* below the number of clusters (asserted) */
};

/* Percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, section 13.3). */
#define SURVIVAL_QUANTILES_MAX 4
struct survival_range {
    double low, high; /* of quantiles INFINITY where a draw's curve did not come so far */
};
struct survival_resampled {
    struct survival_range quantile[SURVIVAL_QUANTILES_MAX];
    struct survival_range survival, mean; /* beyond `until`; of min(lifetime, until) */
    bool stand_in; /* every draw had a survival of 0, or of 1, which is no interval: Wilson's of so
                      many trials as there are clusters with a lifetime stands for it */
};

struct survival_draws {
    uint32_t clusters; /* also those without a lifetime: they are drawn too */
    uint32_t draws;
    const double *at; /* parts that have ended, as for survival_quantile */
    uint32_t at_count;
    double until; /* > 0 (asserted) */
    double confidence;
    struct random random;
};

/* Each draw takes as many clusters as there are, with replacement, and computes the curve anew.
 * Draws without a lifetime are left out. With few clusters (below some 20) intervals are too short.
 */
int survival_resample(struct clustered_lifetime *lives, size_t count,
                      const struct survival_draws *how, struct survival_resampled *result,
                      struct error *error);

/* The log-rank test of two groups (0 and 1, asserted) with the variance of Lin and Wei (JASA 84,
 * 1989, 1074-1078) summed over clusters (Lee, Wei and Amato, in Survival Analysis: State of the
 * Art, 1992): each lifetime's part of the score, added up within its cluster, squared. It holds for
 * many clusters, however the lifetimes within one hang together. p is NAN where a group is empty or
 * nothing ended while both were at risk. */
struct survival_robust {
    double score; /* ends of group 1 less those expected */
    double variance;
    double chi_squared, p; /* one degree of freedom */
};
int survival_logrank_clusters(struct clustered_lifetime *lives, size_t count, uint32_t clusters,
                              struct survival_robust *result, struct error *error);

#endif
