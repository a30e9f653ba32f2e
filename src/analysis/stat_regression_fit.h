/*
 * The work of stat_regression.h: one fit by steps, of the likelihood or of Firth's.
 */
#ifndef IOLAUS_ANALYSIS_STAT_REGRESSION_FIT_H
#define IOLAUS_ANALYSIS_STAT_REGRESSION_FIT_H

#include "analysis/stat_regression.h"

#define MOVE_SURE 1e-4 /* of log odds: a last step below it is none */

/* With W the weights, the QR decomposition of sqrt(W) X with columns in the order `order` gives the
 * information as R'R. */
struct logistic_work {
    const struct logistic_data *data;
    bool firth;
    double *value, *step;   /* columns each */
    double *log_odds, *hat; /* rows each */
    double *moves;          /* rows: of the log odds by a whole step */
    double *weighted;       /* rows x columns: sqrt(W) X, then Householder's vectors and R */
    double *inverse;        /* columns x columns: R^-1, upper triangle */
    double *tau, *norm;     /* columns each, for GSL */
    double *scratch;        /* columns */
    size_t *order;          /* columns */
    size_t rank;            /* of the last decomposition */
    double *memory;
};

/* Refuses data that are no input of a regression. All coefficients are 0. */
int logistic_work_open(struct logistic_work *work, const struct logistic_data *data, bool firth,
                       struct error *error);
void logistic_work_close(struct logistic_work *work);

/* Steps from the present coefficients to the greatest likelihood, which it leaves in the work with
 * all that belongs to it; fills `fit` but for the deviances. */
void logistic_work_fit(struct logistic_work *work, struct logistic_fit *fit);

/* What the row adds to the score, but for its columns: successes less those expected; with Firth's
 * correction hat (1/2 - p). */
double logistic_row_score(const struct logistic_work *work, size_t row);

/* The inverse of the information, columns x columns. */
void logistic_information_invert(const struct logistic_work *work, double *covariance);

/* log(1 + exp(x)) */
double logistic_softplus(double x);

#endif
