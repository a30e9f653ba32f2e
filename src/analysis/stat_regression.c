#include "analysis/stat_regression.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS_MAX 30         /* of the likelihood: Newton's steps double the digits */
#define ITERATIONS_FIRTH_MAX 1000 /* of the penalised one: as a rule 10, sometimes hundreds */
#define MOVE_MIN 1e-9             /* of log odds */
#define HALVINGS_MAX 30           /* of a step that lowers the likelihood */
#define RANK_MIN 1e-10            /* of the greatest column's length */
#define MOVE_SURE 1e-4            /* of log odds: a last step below it is none */

/* Where the work is done. With W the weights, the QR decomposition of sqrt(W) X with columns in the
 * order `order` gives the information as R'R. */
struct work {
    const struct logistic_data *data;
    bool firth;
    double *weighted;       /* rows x columns: sqrt(W) X, then Householder's vectors and R */
    double *tau, *norm;     /* columns each */
    double *inverse;        /* columns x columns: R^-1, upper triangle */
    double *log_odds, *hat; /* rows each */
    double *moves;          /* rows: of the log odds by a whole step */
    double *scratch;        /* columns */
    double *value, *step;   /* columns each */
    size_t *order;          /* columns */
    double *memory;
};

static double row_times(const struct logistic_data *data, size_t row, const double *vector)
{
    double sum = 0;
    for (size_t j = 0; j < data->columns; j++) {
        sum += data->design[row * data->columns + j] * vector[j];
    }
    return sum;
}

static double expit(double log_odds)
{
    return 1 / (1 + exp(-log_odds));
}

/* p (1 - p), without cancellation. */
static double binomial_spread(double log_odds)
{
    double e = exp(-fabs(log_odds));
    return e / ((1 + e) * (1 + e));
}

/* log(1 + exp(x)) */
static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* ---- memory ---- */

static int work_open(struct work *work, const struct logistic_data *data, struct error *error)
{
    size_t n = data->rows;
    size_t k = data->columns;
    size_t doubles = n * k + 3 * n + k * k + 5 * k;
    work->data = data;
    work->memory = calloc(doubles, sizeof(double));
    work->order = calloc(k, sizeof(size_t));
    if (work->memory == NULL || work->order == NULL) {
        free(work->memory);
        free(work->order);
        return error_set(error, ERROR_MEMORY, "no memory for a regression of %zu rows", n);
    }
    double **parts[] = {&work->tau, &work->norm, &work->scratch, &work->value, &work->step};
    double *at = work->memory;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++, at += k) {
        *parts[i] = at;
    }
    work->log_odds = at;
    work->hat = at + n;
    work->moves = at + 2 * n;
    work->weighted = at + 3 * n;
    work->inverse = work->weighted + n * k;
    return 0;
}

static void work_close(struct work *work)
{
    free(work->memory);
    free(work->order);
}

/* ---- one step ---- */

/* Decomposes sqrt(W) X at the present log odds and inverts R. Returns how many columns are
 * independent; the inverse is made only if all are. `penalised`: each row has its hat's worth of
 * trials more, which is nearer to the curvature of Firth's likelihood (and is it, where every row
 * has a rate of its own). */
static size_t information_factor(struct work *work, bool penalised)
{
    const struct logistic_data *data = work->data;
    size_t k = data->columns;
    for (size_t i = 0; i < data->rows; i++) {
        double trials = (double)data->trials[i] + (penalised ? work->hat[i] : 0);
        double root = sqrt(trials * binomial_spread(work->log_odds[i]));
        for (size_t j = 0; j < k; j++) {
            work->weighted[i * k + j] = root * data->design[i * k + j];
        }
    }
    gsl_matrix_view matrix = gsl_matrix_view_array(work->weighted, data->rows, k);
    gsl_vector_view tau = gsl_vector_view_array(work->tau, k);
    gsl_vector_view norm = gsl_vector_view_array(work->norm, k);
    gsl_permutation order = {k, work->order};
    int sign = 0;
    gsl_linalg_QRPT_decomp(&matrix.matrix, &tau.vector, &order, &sign, &norm.vector);
    size_t rank = 0;
    while (rank < k && fabs(work->weighted[rank * k + rank]) > RANK_MIN * fabs(work->weighted[0])) {
        rank++;
    }
    if (rank == k) {
        gsl_matrix_view inverse = gsl_matrix_view_array(work->inverse, k, k);
        for (size_t i = 0; i < k; i++) {
            memcpy(&work->inverse[i * k], &work->weighted[i * k], k * sizeof(double));
        }
        gsl_linalg_tri_invert(CblasUpper, CblasNonUnit, &inverse.matrix);
    }
    return rank;
}

/* The share that each row has in its own fit, the diagonal of the hat matrix: |x R^-1|^2 W. */
static void hat_fill(struct work *work)
{
    const struct logistic_data *data = work->data;
    size_t k = data->columns;
    for (size_t i = 0; i < data->rows; i++) {
        double sum = 0;
        for (size_t j = 0; j < k; j++) {
            double part = 0;
            for (size_t a = 0; a <= j; a++) {
                part += data->design[i * k + work->order[a]] * work->inverse[a * k + j];
            }
            sum += part * part;
        }
        work->hat[i] = sum * (double)data->trials[i] * binomial_spread(work->log_odds[i]);
    }
}

/* What the row adds to the score, but for its columns: successes less those expected; with Firth's
 * correction hat (1/2 - p). */
static double row_score(const struct work *work, size_t row)
{
    double p = expit(work->log_odds[row]);
    double score = (double)work->data->successes[row] - (double)work->data->trials[row] * p;
    return work->firth ? score + work->hat[row] * (0.5 - p) : score;
}

/* step = information^-1 score, by (R'R)^-1 on the pivoted columns. */
static void step_fill(struct work *work)
{
    const struct logistic_data *data = work->data;
    size_t k = data->columns;
    memset(work->scratch, 0, k * sizeof(double));
    for (size_t i = 0; i < data->rows; i++) {
        double score = row_score(work, i);
        for (size_t j = 0; j < k; j++) {
            work->scratch[j] += score * data->design[i * k + work->order[j]];
        }
    }
    memset(work->step, 0, k * sizeof(double));
    for (size_t b = 0; b < k; b++) {
        double part = 0;
        for (size_t a = 0; a <= b; a++) {
            part += work->inverse[a * k + b] * work->scratch[a];
        }
        for (size_t a = 0; a <= b; a++) {
            work->step[work->order[a]] += work->inverse[a * k + b] * part;
        }
    }
}

/* The logarithm of the likelihood at the present log odds; its penalty is that of the last
 * decomposition. */
static double likelihood(const struct work *work)
{
    const struct logistic_data *data = work->data;
    double sum = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double s = (double)data->successes[i];
        double f = (double)(data->trials[i] - data->successes[i]);
        sum -= s * softplus(-work->log_odds[i]) + f * softplus(work->log_odds[i]);
    }
    for (size_t j = 0; work->firth && j < data->columns; j++) {
        sum += log(fabs(work->weighted[j * data->columns + j]));
    }
    return sum;
}

/* Moves to value + part * step. */
static void log_odds_move(struct work *work, double part)
{
    for (size_t i = 0; i < work->data->rows; i++) {
        work->log_odds[i] = row_times(work->data, i, work->value) + part * work->moves[i];
    }
}

/* One step: the greatest move of a row's log odds by a whole step, or NAN if the information has
 * become singular. Leaves the information factored at the new place. */
static double step_make(struct work *work, double *reached)
{
    const struct logistic_data *data = work->data;
    if (work->firth && information_factor(work, true) < data->columns) {
        return NAN;
    }
    step_fill(work);
    double move = 0;
    for (size_t i = 0; i < data->rows; i++) {
        work->moves[i] = row_times(data, i, work->step);
        move = data->trials[i] > 0 ? fmax(move, fabs(work->moves[i])) : move;
    }
    double part = 1;
    for (int halvings = 0;; halvings++, part /= 2) {
        log_odds_move(work, part);
        if (information_factor(work, false) < data->columns) {
            return NAN;
        }
        double now = likelihood(work);
        if (halvings == HALVINGS_MAX || now >= *reached - 1e-12 * (1 + fabs(*reached))) {
            *reached = now;
            break;
        }
    }
    for (size_t j = 0; j < data->columns; j++) {
        work->value[j] += part * work->step[j];
    }
    if (work->firth) {
        hat_fill(work);
    }
    return move;
}

/* Whether the last step is a direction that no trial contradicts. In such a direction each step
 * moves the nearest row by about 1, for ever. */
static bool step_separates(const struct work *work)
{
    const struct logistic_data *data = work->data;
    double greatest = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double move = work->moves[i];
        bool up = data->successes[i] > 0 && move < -MOVE_SURE;
        bool down = data->successes[i] < data->trials[i] && move > MOVE_SURE;
        if (up || down) {
            return false;
        }
        greatest = data->trials[i] > 0 ? fmax(greatest, fabs(move)) : greatest;
    }
    return greatest > 0.1;
}

static int data_check(const struct logistic_data *data, struct error *error)
{
    uint64_t trials = 0;
    for (size_t i = 0; i < data->rows; i++) {
        if (data->successes[i] > data->trials[i]) {
            return error_set(error, ERROR_INPUT, "row %zu has more successes than trials", i);
        }
        trials += data->trials[i];
        for (size_t j = 0; j < data->columns; j++) {
            if (!isfinite(data->design[i * data->columns + j])) {
                return error_set(error, ERROR_INPUT, "row %zu, column %zu is not a number", i, j);
            }
        }
    }
    if (trials == 0 || data->columns == 0) {
        return error_set(error, ERROR_INPUT, "a regression needs trials and a column");
    }
    if (data->rows < data->columns) {
        return error_set(error, ERROR_INPUT, "%zu columns cannot be told from %zu rows",
                         data->columns, data->rows);
    }
    return 0;
}

static int fit_make(struct work *work, struct logistic_fit *fit, struct error *error)
{
    /* At the start all log odds are 0, all weights of a row's trials alike: what is singular here
     * is the design. */
    size_t rank = information_factor(work, false);
    if (rank < work->data->columns) {
        return error_set(error, ERROR_INPUT, "column %zu of the design depends on the others",
                         work->order[rank]);
    }
    hat_fill(work);
    unsigned most = work->firth ? ITERATIONS_FIRTH_MAX : ITERATIONS_MAX;
    double move = INFINITY;
    fit->likelihood = likelihood(work);
    while (fit->iterations < most && move > MOVE_MIN) {
        move = step_make(work, &fit->likelihood);
        fit->iterations++;
    }
    fit->converged = move <= MOVE_MIN;
    fit->separated = !work->firth && !fit->converged && step_separates(work);
    return 0;
}

/* ---- what the fit says ---- */

/* Twice the loss of likelihood against a rate of its own for the row. */
static double row_deviance(double successes, double failures, double log_odds)
{
    double trials = successes + failures;
    double sum = successes * softplus(-log_odds) + failures * softplus(log_odds);
    if (successes > 0 && failures > 0) {
        sum += successes * log(successes / trials) + failures * log(failures / trials);
    }
    return 2 * sum;
}

static void deviance_fill(const struct work *work, struct logistic_fit *fit)
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

/* The inverse of the information. */
static void model_covariance(const struct work *work, double *covariance)
{
    size_t k = work->data->columns;
    for (size_t a = 0; a < k; a++) {
        for (size_t b = 0; b < k; b++) {
            double sum = 0;
            for (size_t j = a > b ? a : b; j < k; j++) {
                sum += work->inverse[a * k + j] * work->inverse[b * k + j];
            }
            covariance[work->order[a] * k + work->order[b]] = sum;
        }
    }
}

/* Bread times the sum of the clusters' squared scores times bread. `scores`: clusters x columns. */
static void cluster_covariance(const struct work *work, enum logistic_covariance kind,
                               double *scores, double *covariance)
{
    const struct logistic_data *data = work->data;
    size_t k = data->columns;
    double *bread = scores + data->clusters * k;
    bool *present = (bool *)(bread + k * k);
    model_covariance(work, bread);
    for (size_t i = 0; i < data->rows; i++) {
        double score = row_score(work, i);
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
        for (size_t a = 0; a < k * k; a++) {
            covariance[a] += work->scratch[a / k] * work->scratch[a % k];
        }
    }
    double scale = count > 1 ? count / (count - 1) : NAN;
    for (size_t a = 0; kind == COVARIANCE_CLUSTER_1 && a < k * k; a++) {
        covariance[a] *= scale;
    }
}

/* Whether the column has a part in the direction of a separation. */
static bool column_separates(const struct work *work, size_t column)
{
    const struct logistic_data *data = work->data;
    double part = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double own = data->design[i * data->columns + column] * work->step[column];
        part = data->trials[i] > 0 ? fmax(part, fabs(own)) : part;
    }
    return part > MOVE_SURE;
}

static void coefficients_fill(const struct work *work, const struct logistic_fit *fit,
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
    *fit = (struct logistic_fit){0};
    int code = data_check(data, error);
    if (code != 0) {
        return code;
    }
    struct work work = {.firth = options->firth};
    size_t k = data->columns;
    double *own = NULL;
    double *scores = NULL;
    code = work_open(&work, data, error);
    if (code != 0) {
        return code;
    }
    code = fit_make(&work, fit, error);
    if (code != 0) {
        goto out;
    }
    own = calloc(k * k, sizeof(double));
    size_t clusters = options->covariance == COVARIANCE_MODEL ? 0 : data->clusters;
    scores = calloc(1, (clusters * k + k * k) * sizeof(double) + clusters * sizeof(bool));
    if (own == NULL || scores == NULL) {
        code = error_set(error, ERROR_MEMORY, "no memory for %zu clusters", clusters);
        goto out;
    }
    deviance_fill(&work, fit);
    if (options->covariance == COVARIANCE_MODEL) {
        model_covariance(&work, own);
    } else {
        cluster_covariance(&work, options->covariance, scores, own);
    }
    coefficients_fill(&work, fit, options->confidence, coefficients, own);
    if (covariance != NULL) {
        memcpy(covariance, own, k * k * sizeof(double));
    }
out:
    free(own);
    free(scores);
    work_close(&work);
    return code;
}
