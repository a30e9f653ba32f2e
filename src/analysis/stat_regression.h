/*
 * Logistic regression: how the odds of success depend on the columns of a design.
 *
 * log(p / (1 - p)) = the row's columns times the coefficients. A row is a cell of equal trials, or
 * one trial; cells may be put together without changing anything but the deviance (which is taken
 * against one rate for each row). The caller builds the columns: a column of ones for the
 * intercept, products for interactions. The fit is by iteratively reweighted least squares
 * (McCullagh and Nelder, Generalized Linear Models, section 2.5), each step by GSL's QR
 * decomposition with pivots, shortened where it would lower the likelihood.
 *
 * Separation: where columns predict some outcomes without a fault, the likelihood has no maximum
 * (Albert and Anderson, Biometrika 71, 1984, 1-10). It is told from the direction in which the
 * coefficients run away: if no trial contradicts that direction, `separated` is set, and the
 * coefficients that run away are +-INFINITY with an error of INFINITY, an interval of everything,
 * and p NAN. The other coefficients, their errors and the deviance are those of the limit. Firth's
 * penalised likelihood is the remedy: it is always finite.
 *
 * Pure and thread-safe. Fails with ERROR_MEMORY; with ERROR_INPUT where there are no trials, or a
 * column depends on the others among the rows with trials, or a number is not finite.
 */
#ifndef IOLAUS_ANALYSIS_STAT_REGRESSION_H
#define IOLAUS_ANALYSIS_STAT_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct logistic_data {
    size_t rows, columns;
    const double *design;               /* row after row */
    const uint64_t *successes, *trials; /* of each row; trials may be 0 */
    const uint32_t *cluster; /* of each row, below `clusters`; NULL where rows are independent */
    size_t clusters;
};

enum logistic_covariance {
    COVARIANCE_MODEL, /* the inverse of Fisher's information */
    /* The sandwich over clusters (Liang and Zeger, Biometrika 73, 1986, 13-22): for trials that are
     * alike within a crew. Clusters without trials do not count. */
    COVARIANCE_CLUSTER_0,
    /* The same times G / (G - 1) for G clusters (as Stata's logit, and sandwich::vcovCL HC0).
     * Fewer than some 40 clusters still give intervals that are too short (Cameron and Miller,
     * Journal of Human Resources 50, 2015, section VI). With one cluster, NAN. */
    COVARIANCE_CLUSTER_1,
};

struct logistic_options {
    /* Firth (Biometrika 80, 1993, 27-38), Heinze and Schemper (Statistics in Medicine 21, 2002,
     * 2409-2419): the likelihood times the root of the information's determinant. The errors are
     * from the information at the estimate, without the penalty; where the data are separated
     * Wald's intervals are poor (those of the profile would be the remedy). */
    bool firth;
    enum logistic_covariance covariance;
    double confidence; /* two-sided, between 0 and 1 (asserted) */
};

struct logistic_coefficient {
    double value, error; /* log odds, standard error */
    double low, high;    /* Wald's interval */
    double p;            /* of value = 0, two-sided, Wald's z */
};

struct logistic_fit {
    unsigned iterations;
    bool converged; /* the last step moved no row's log odds by more than 1e-9 */
    bool separated; /* then `converged` is false, if not by Firth, whose fit does not look for it */
    double likelihood; /* its logarithm, without the binomial coefficients; with Firth's penalty */
    double deviance, null_deviance; /* without a penalty; null: one rate for all rows */
};

/* `coefficients` has room for `columns`; `covariance` for columns^2, or is NULL (in it, what runs
 * away is NAN). */
int logistic_regress(const struct logistic_data *data, const struct logistic_options *options,
                     struct logistic_fit *fit, struct logistic_coefficient *coefficients,
                     double *covariance, struct error *error);

#endif
