/*
 * Sensitivity: which part of a measure's variance over a Sobol design each factor answers for.
 *
 *     sensitivity_open(&sensitivity, results, store, measure, &error);
 *     sensitivity->factors[0 .. factor_count - 1].index     in the order of the study's file
 *     sensitivity_close(sensitivity);
 *
 * The figure of a point is its rate over all its replicates; the estimators are those of
 * analysis/stat_sensitivity.h. A rate of finitely many episodes has an error of its own, which no
 * factor explains: it lowers first-order indices' precision and raises total ones, so its share of
 * the variance is given beside them.
 */
#ifndef IOLAUS_STUDY_SENSITIVITY_H
#define IOLAUS_STUDY_SENSITIVITY_H

#include "analysis/stat_sensitivity.h"
#include "study/results.h"

#define SENSITIVITY_DRAWS 1000

struct sensitivity_factor {
    char *name;
    struct sobol_index index; /* with 95% intervals; NAN where the measure does not vary */
};

struct sensitivity {
    struct sensitivity_factor *factors;
    uint32_t factor_count;
    uint32_t points; /* of each of the two designs */
    uint64_t runs;
    double mean, variance; /* of the rate over both designs */
    double noise; /* of 1: the mean squared error of a point's rate, taken from how its runs
                     differ, over the variance; NAN with one replicate */
};

/* `measure`: of results->measures. ERROR_INPUT where the design is another, or points have not been
 * run. */
int sensitivity_open(struct sensitivity **sensitivity, const struct results *results,
                     const struct store *store, uint32_t measure, struct error *error);
void sensitivity_close(struct sensitivity *sensitivity);

#endif
