/*
 * Effects: how much each factor, and each pair of factors together, changes a measure.
 *
 *     effects_open(&effects, results, store, measure, &error);
 *     effects->terms[0 .. term_count - 1]      the strongest first
 *     effects_close(effects);
 *
 * A logistic regression of the cells as they are (without matched variants), one row a run. Each
 * level of a factor is compared with its first; of a range, its greatest value with its least (on a
 * logarithmic range in proportion to the logarithm). Main effects come from one model of all
 * factors, each interaction from that model with the pair's products added. Firth's likelihood, so
 * that rates of 0 and 1 have finite effects. Errors are the greater of the sandwich's over runs,
 * since the episodes of one run share a crew, and of the information's, since the sandwich takes
 * runs of one rate to be without error. A term is tested as a whole by Wald's chi squared of all
 * its coefficients, the lesser of the two, and p is adjusted by Holm over all terms of the measure.
 */
#ifndef IOLAUS_STUDY_EFFECTS_H
#define IOLAUS_STUDY_EFFECTS_H

#include "analysis/stat_regression.h"
#include "study/results.h"

struct effect_level {
    char *name; /* "good", or "good x told" */
    struct logistic_coefficient log_odds;
};

struct effect_term {
    char *name; /* a factor, or two: "bond x notice" */
    bool interaction;
    struct effect_level *levels;
    uint32_t level_count;
    double chi_squared, p, adjusted; /* NAN where it cannot be tested */
};

struct effects {
    struct effect_term *terms; /* by chi squared over its degrees of freedom, the greatest first */
    uint32_t term_count;
    uint64_t runs, episodes, successes;
    bool interactions_left_out; /* more columns than a tenth of the runs */
};

/* `measure`: of results->measures. ERROR_INPUT where nothing varies or was run. */
int effects_open(struct effects **effects, const struct results *results, const struct store *store,
                 uint32_t measure, struct error *error);
void effects_close(struct effects *effects);

#endif
