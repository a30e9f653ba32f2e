#include "analysis/stat_regression.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stat_regression_fit.h"

/* Twice the loss of likelihood against a rate of its own for the row. */
static double row_deviance(double successes, double failures, double log_odds)
{
    double trials = successes + failures;
    double sum = successes * logistic_softplus(-log_odds) + failures * logistic_softplus(log_odds);
    if (successes > 0 && failures > 0) {
        sum += successes * log(successes / trials) + failures * log(failures / trials);
    }
    return 2 * sum;
}

static void deviance_fill(const struct logistic_work *work, struct logistic_fit *fit)
{
    const struct logistic_data *data = work->data;
    double successes = 0;
    double trials = 0;
    for (size_t i = 0; i < data->rows; i++) {
        successes += (double)data->successes[i];
        trials += (double)data->trials[i];
    }
    bool pure = successes <= 0 || successes >= trials;
    double null = pure ? 0 : log(successes / (trials - successes));
    for (size_t i = 0; i < data->rows; i++) {
        double s = (double)data->successes[i];
        double f = (double)data->trials[i] - s;
        fit->deviance += row_deviance(s, f, work->log_odds[i]);
        fit->null_deviance += pure ? 0 : row_deviance(s, f, null);
    }
}

/* Bread times the sum of the clusters' squared scores times bread. `scores`: zeros,
 * clusters x columns and columns x columns; `present`: as many as clusters. */
static void cluster_covariance(const struct logistic_work *work, enum logistic_covariance kind,
                               bool *present, double *scores, double *covariance)
{
    const struct logistic_data *data = work->data;
    size_t k = data->columns;
    double *bread = scores + data->clusters * k;
    logistic_information_invert(work, bread);
    for (size_t i = 0; i < data->rows; i++) {
        double score = logistic_row_score(work, i);
        assert(data->cluster[i] < data->clusters);
        present[data->cluster[i]] |= data->trials[i] > 0;
        for (size_t j = 0; j < k; j++) {
            scores[data->cluster[i] * k + j] += score * data->design[i * k + j];
        }
    }
    double count = 0;
    memset(covariance, 0, k * k * sizeof(double));
    for (size_t g = 0; g < data->clusters; g++) {
        count += present[g];
        for (size_t a = 0; a < k; a++) {
            work->scratch[a] = 0;
            for (size_t b = 0; b < k; b++) {
                work->scratch[a] += bread[a * k + b] * scores[g * k + b];
            }
        }
        for (size_t a = 0; a < k; a++) {
            for (size_t b = 0; b < k; b++) {
                covariance[a * k + b] += work->scratch[a] * work->scratch[b];
            }
        }
    }
    double scale = count > 1 ? count / (count - 1) : NAN;
    for (size_t a = 0; kind == COVARIANCE_CLUSTER_1 && a < k * k; a++) {
        covariance[a] *= scale;
    }
}

/* Whether the column has a part in the direction of a separation. */
static bool column_separates(const struct logistic_work *work, size_t column)
{
    const struct logistic_data *data = work->data;
    double part = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double own = data->design[i * data->columns + column] * work->step[column];
        part = data->trials[i] > 0 ? fmax(part, fabs(own)) : part;
    }
    return part > MOVE_SURE;
}

static void coefficients_fill(const struct logistic_work *work, const struct logistic_fit *fit,
                              double confidence, struct logistic_coefficient *coefficients,
                              double *covariance)
{
    size_t k = work->data->columns;
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    for (size_t j = 0; j < k; j++) {
        struct logistic_coefficient *c = &coefficients[j];
        if (fit->separated && column_separates(work, j)) {
            *c = (struct logistic_coefficient){copysign(INFINITY, work->step[j]), INFINITY,
                                               -INFINITY, INFINITY, NAN};
            for (size_t a = 0; a < k; a++) {
                covariance[a * k + j] = covariance[j * k + a] = NAN;
            }
            continue;
        }
        c->value = work->value[j];
        c->error = sqrt(covariance[j * k + j]);
        c->low = c->value - z * c->error;
        c->high = c->value + z * c->error;
        c->p = c->error > 0 ? 2 * gsl_cdf_ugaussian_Q(fabs(c->value) / c->error) : NAN;
    }
}

int logistic_regress(const struct logistic_data *data, const struct logistic_options *options,
                     struct logistic_fit *fit, struct logistic_coefficient *coefficients,
                     double *covariance, struct error *error)
{
    assert(options->confidence > 0 && options->confidence < 1);
    assert(options->covariance == COVARIANCE_MODEL || data->cluster != NULL);
    struct logistic_work work;
    int code = logistic_work_open(&work, data, options->firth, error);
    if (code != 0) {
        return code;
    }
    logistic_work_fit(&work, fit);
    size_t k = data->columns;
    size_t clusters = options->covariance == COVARIANCE_MODEL ? 0 : data->clusters;
    double *own = calloc(k * k, sizeof(double));
    double *scores = calloc(clusters * k + k * k, sizeof(double));
    bool *present = calloc(clusters + 1, sizeof(bool));
    if (own == NULL || scores == NULL || present == NULL) {
        code = error_set(error, ERROR_MEMORY, "no memory for %zu clusters", clusters);
        goto out;
    }
    deviance_fill(&work, fit);
    if (options->covariance == COVARIANCE_MODEL) {
        logistic_information_invert(&work, own);
    } else {
        cluster_covariance(&work, options->covariance, present, scores, own);
    }
    coefficients_fill(&work, fit, options->confidence, coefficients, own);
    if (covariance != NULL) {
        memcpy(covariance, own, k * k * sizeof(double));
    }
out:
    free(own);
    free(scores);
    free(present);
    logistic_work_close(&work);
    return code;
}
