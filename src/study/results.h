/*
 * Figures from the results database: each arm's rates, and its comparisons.
 *
 *     results_open(&results, store, "triggers", &error);
 *     results_measure(results, "relaunched_by_peers", &rates, ...)
 *
 * Everything is counted from the rows, so that anybody with an SQLite client gets the same counts.
 * Intervals: Wilson for rates, Newcombe for differences, both at 95%. Comparisons: Boschloo's exact
 * test, two-sided, and Holm's adjustment within the family that the study's file names. Episodes of
 * one run share a crew: for intervals and tests counts are divided by the measure's design effect,
 * pooled over all arms (analysis/statistics.h), and for tests rounded.
 *
 * Tasks of one run hang together, for they wait for the same dead agent: the intervals of
 * `availability`, and of the other measures of whole runs (study_run_measures), are those of a
 * bootstrap over runs (RESULTS_DRAWS draws, Philox keyed by the arms' numbers), and their
 * differences are not tested.
 */
#ifndef IOLAUS_STUDY_RESULTS_H
#define IOLAUS_STUDY_RESULTS_H

#include <stdint.h>

#include "analysis/stat_tests.h"
#include "analysis/statistics.h"
#include "study/store.h"

struct results_arm {
    int64_t id;
    char *name, *variant, *world; /* variant: NULL for the cell itself */
    uint32_t number, cell;
    uint64_t runs;
};

/* What the runs of an arm brought. */
struct results_runs {
    double *part, *whole;
    uint32_t count;
};

struct results_measure {
    char *name, *family;
    double design_effect;      /* at least 1 */
    struct rate *rates;        /* by arm */
    struct results_runs *runs; /* by arm, of measures of whole runs; else NULL */
};
#define RESULTS_DRAWS 1000

/* What is compared with what: `first` less `second`. */
struct results_comparison {
    uint32_t measure, first, second; /* arms, by place */
    struct difference difference;
    struct table_result test; /* p is NAN where none was made */
    double adjusted;          /* within the family */
};

struct results {
    char *study, *about, *design;
    uint32_t replicates;
    struct results_arm *arms;
    struct results_measure *measures;
    struct results_comparison *comparisons;
    uint32_t arm_count, measure_count, comparison_count;
};

/* `study` may be NULL where the database holds one alone. ERROR_INPUT where there is no such study.
 */
int results_open(struct results **results, const struct store *store, const char *study,
                 struct error *error);

/* Makes the comparisons; until then there are none. Each cell is compared with each of its matched
 * variants; in a one-at-a-time design also every cell with the first. */
int results_compare(struct results *results, struct error *error);
void results_close(struct results *results);

/* The query that counts a measure: arm, successes, trials, of the study's planned arms, or of its
 * cells without their variants; by arm, or by run. sqlite3_free frees it. */
enum results_by { RESULTS_BY_ARM, RESULTS_BY_RUN, RESULTS_BY_RUN_OF_CELLS };
char *results_rate_sql(const char *measure, enum results_by by, const char *study);

/* The query that lists an arm's (?1) episodes that count for a measure, in the order of runs:
 * replicate, target, when it died (else when it was stopped), whether it happened. sqlite3_free
 * frees it. */
char *results_episodes_sql(const char *measure);

#endif
