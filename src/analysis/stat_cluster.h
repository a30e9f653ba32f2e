/*
 * Rates of clusters: runs, of which each brings a part and a whole (episodes masked, episodes), and
 * within which everything may hang together.
 *
 * Where clusters are few the bootstrap's percentiles lie too close together (stat_resample.h);
 * these intervals take their width from the clusters' own spread and Student's distribution. Pure
 * and thread-safe; 0 <= part <= whole for each cluster (asserted).
 */
#ifndef IOLAUS_ANALYSIS_STAT_CLUSTER_H
#define IOLAUS_ANALYSIS_STAT_CLUSTER_H

#include "analysis/stat_resample.h"

struct cluster_rate {
    uint64_t clusters; /* those with a whole */
    double part, whole;
    double rate, low, high; /* NAN, 0, 1 without a whole */
    bool stand_in;          /* the interval is not of the clusters' spread, see below */
};

/* The ratio sum(part) / sum(whole) with the interval of its logit: the ratio estimator's variance
 * over clusters (Cochran, Sampling Techniques, section 6.3), the delta method, and Student's t with
 * one degree less than there are clusters (Korn and Graubard, Survey Methodology 24, 1998,
 * 193-201). So it stays between 0 and 1, and is wide where one cluster differs from the others. It
 * is never made narrower than Wilson's of sum(whole) independent trials.
 *
 * Where all ratios are 0, or all 1, there is no spread, and one cluster says nothing of others:
 * Wilson's interval of so many trials as there are clusters stands for it, as in bootstrap_ratio,
 * and `stand_in` says so.
 */
struct cluster_rate cluster_rate(const struct clusters *clusters, double confidence);

/* Are the parts what was expected of each cluster? Null: the mean of part - expected is 0. The
 * statistic is the sum of these differences over its standard error, against Student's t with one
 * degree less than there are clusters. The error is the greater of that of the clusters' spread and
 * that of independent trials (`variance`: the sum of their variances under the null), so that
 * clusters which lie close together by chance prove nothing.
 *
 * An expectation of exactly 0 is refuted by any part: p is 0 then, and 1 without one. p is NAN with
 * fewer than two clusters. */
struct cluster_test {
    double excess; /* sum(part - expected) / sum(whole) */
    double statistic, p;
};
struct cluster_test cluster_against(const struct clusters *clusters, const double *expected,
                                    double variance);

/* The difference of two independent rates, first less second: the interval from those of the two
 * by squares (Zou and Donner, Statistics in Medicine 27, 2008, 1693-1702), p by permuting clusters
 * between the two (Pitman, Supplement to the JRSS 4, 1937), two-sided, the statistic being the
 * difference of the mean ratios. All permutations are made where there are at most
 * CLUSTER_PERMUTATIONS, else so many are drawn. p is NAN where one side has no cluster. */
struct cluster_difference {
    double difference, low, high;
    double p;
};
#define CLUSTER_PERMUTATIONS 200000
int cluster_difference(const struct clusters *first, const struct clusters *second,
                       double confidence, struct random random, struct cluster_difference *result,
                       struct error *error);

#endif
