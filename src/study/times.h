/*
 * Times that may not have come to their end, from the results database: how long the dead stayed
 * dead, how long until all links were back, how soon a stop was undone, how long a stop took.
 *
 *     times_open(&times, results, store, &question, &error);
 *     times->arms[0 .. arm_count - 1]                 curves and figures, by block
 *     times->comparisons[0 .. comparison_count - 1]
 *     times_close(times);
 *
 * The definitions stand in docs/reference/findings.md; what did not come to its end is censored
 * where the watching ended. Curves, quantiles and their first intervals are those of Kaplan, Meier
 * and Greenwood, which take episodes as independent; those of one run share a crew, so that each
 * figure also has the interval of a bootstrap over runs (TIMES_DRAWS draws).
 *
 * Arms are put in blocks in which one factor alone differs. Within a block each arm is compared
 * with one: log-rank, as if episodes were independent, and with the variance over runs; Holm's
 * adjustment is of the latter, over all comparisons of one time. Seconds throughout.
 */
#ifndef IOLAUS_STUDY_TIMES_H
#define IOLAUS_STUDY_TIMES_H

#include "analysis/stat_survival_runs.h"
#include "study/results.h"

/* X(TIME, name, words, of failures, column it begins at, expression of how long it took in ns) */
#define NEVER_NS "9000000000000000000"
#define TIMES_REPAIRED                                                                             \
    "min(ifnull(to_relaunch_by_peers_ns," NEVER_NS "),ifnull(to_relaunch_by_platform_ns," NEVER_NS \
    "))"
#define STUDY_TIMES(X)                                                                             \
    X(REPAIR, repair, "failures: from the death to a new incarnation, by a peer or the platform",  \
      1, "died_ns", TIMES_REPAIRED)                                                                \
    X(OUTAGE, outage, "failures: from the death to all former links back", 1, "died_ns",           \
      "ifnull(to_relink_ns," NEVER_NS ")")                                                         \
    X(UNDONE, undone, "stops: from the death to a new incarnation, by a peer or the platform", 0,  \
      "died_ns", TIMES_REPAIRED)                                                                   \
    X(STOP, stop, "stops: from the stop to no incarnation left", 0, "stopped_ns",                  \
      "ifnull(died_ns-stopped_ns," NEVER_NS ")")

enum study_time {
#define X(time, name, words, failures, from, took) STUDY_TIME_##time,
    STUDY_TIMES(X)
#undef X
        STUDY_TIME_COUNT
};
const char *study_time_name(enum study_time time);
int study_time_find(const char *name); /* -1 where there is none */

#define TIMES_DRAWS 1000
#define TIMES_QUANTILES 3
extern const double times_quantiles[TIMES_QUANTILES]; /* 0.25, 0.5, 0.9 */

struct times_question {
    enum study_time time;
    const char *by;      /* the factor that differs in a block; NULL: the study's first */
    const char *against; /* its level that is compared with; NULL: the first of each block */
    double horizon;      /* 0: the longest time for which every arm was watched */
};

struct times_figure {
    double value, low, high;  /* NAN, INFINITY where the curve does not come so far */
    double run_low, run_high; /* by runs */
};

struct times_arm {
    uint32_t arm; /* of results->arms */
    uint32_t block;
    char *level;
    struct clustered_lifetime *lives; /* clusters are replicates */
    size_t count, ended;
    uint32_t runs; /* of the arm, with lifetimes or not */
    struct survival_step *steps;
    size_t step_count;
    struct times_figure quantile[TIMES_QUANTILES];
    struct times_figure beyond; /* the share that lasted longer than the horizon */
    struct times_figure mean;   /* of what lies before the horizon */
};

struct times_comparison {
    uint32_t first, second; /* of times->arms */
    double chi_squared, p;  /* p is NAN where it cannot be tested */
    double run_chi_squared, run_p;
    double adjusted;
};

struct study_times {
    enum study_time time;
    const char *name, *words;
    char *factor; /* "" where nothing varies */
    double horizon;
    char **blocks;          /* what is the same in it: "fault=crashes", or "" */
    struct times_arm *arms; /* by block, then in the order of the study */
    struct times_comparison *comparisons;
    uint32_t block_count, arm_count, comparison_count;
};

/* ERROR_INPUT for a factor or a level that the study does not have. */
int times_open(struct study_times **times, const struct results *results, const struct store *store,
               const struct times_question *question, struct error *error);
void times_close(struct study_times *times);

#endif
