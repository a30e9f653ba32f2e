/*
 * Times until something ends, of which some were only watched for a while.
 *
 * A *lifetime* ends at `time` (`ended`), or was still going on when watching stopped there (right
 * censored). Where an end and a censoring have the same time, the end comes first. The unit of time
 * is the caller's; times are finite and not negative (asserted). Pure, thread-safe, without memory
 * of their own: each function sorts the caller's lifetimes in place by time. `confidence` is
 * two-sided and lies between 0 and 1 (asserted).
 *
 * The curve is that of Kaplan and Meier (JASA 53, 1958, 457-481), its variance Greenwood's, its
 * limits those of log(-log S) (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time
 * Data, section 1.4), which stay within 0 and 1; R's survfit(conf.type = "log-log").
 */
#ifndef IOLAUS_ANALYSIS_STAT_SURVIVAL_H
#define IOLAUS_ANALYSIS_STAT_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lifetime {
    double time;
    bool ended;
    uint32_t group; /* for survival_logrank alone */
};

/* The curve from `time` on, up to the next step. */
struct survival_step {
    double time;
    uint64_t at_risk; /* just before */
    uint64_t ended;   /* at this time; at least 1 */
    double survival;  /* the probability of lasting longer than `time` */
    double variance;  /* of `survival` */
    double low, high; /* of `survival`, at this time alone; both 0 where it is 0 */
};

/* The curve has one step for each time at which something ended: at most `count`, for which
 * `steps` has room. Returns how many. Before the first step survival is 1. */
size_t survival_curve(struct lifetime *lifetimes, size_t count, double confidence,
                      struct survival_step *steps);

/* The time by which a part `at` (between 0 and 1; 0.5 for the median) has ended: the first at which
 * survival is at most 1 - at; where it is just that for a while, the middle of the while. The
 * interval is that of Brookmeyer and Crowley (Biometrics 38, 1982, 29-41) for the limits of the
 * curve: the times at which 1 - at lies within them. What the curve does not reach is NAN, the
 * upper limit INFINITY. */
struct survival_time {
    double time, low, high;
};
struct survival_time survival_quantile(const struct survival_step *steps, size_t count, double at);

/* The mean of min(lifetime, until): the area under the curve up to `until` (> 0), with its normal
 * interval from the variance of Irwin (Journal of Hygiene 47, 1949, 188-189), sum over steps of
 * (area from there on)^2 d / (n (n - d)). Where the last were censored before `until`, survival is
 * taken to stay as it was: choose `until` no later than the time of the last at risk. */
struct survival_mean {
    double mean, error; /* standard error */
    double low, high;
};
struct survival_mean survival_mean_until(const struct survival_step *steps, size_t count,
                                         double until, double confidence);

/* The log-rank test that all groups have the same curve (Mantel, Cancer Chemotherapy Reports 50,
 * 1966; Peto and Peto, JRSS A 135, 1972), with the hypergeometric variance, which holds for ties;
 * R's survdiff. `groups` is at most SURVIVAL_GROUPS_MAX; every group's number is below it
 * (asserted). A group in which no end was to be expected counts for nothing. Without two groups to
 * compare, `degrees` is 0 and p is 1. */
#define SURVIVAL_GROUPS_MAX 16
struct survival_logrank {
    double chi_squared;
    unsigned degrees;
    double p;
    uint64_t count[SURVIVAL_GROUPS_MAX], ended[SURVIVAL_GROUPS_MAX];
    double expected[SURVIVAL_GROUPS_MAX]; /* ends, were all curves the same */
};
struct survival_logrank survival_logrank(struct lifetime *lifetimes, size_t count, unsigned groups);

#endif
