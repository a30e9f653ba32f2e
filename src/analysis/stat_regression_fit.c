#include "analysis/stat_regression_fit.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS_MAX 30         /* of the likelihood: Newton's steps double the digits */
#define ITERATIONS_FIRTH_MAX 1000 /* of the penalised one: as a rule 10, sometimes hundreds */
#define MOVE_MIN 1e-9             /* of log odds */
#define HALVINGS_MAX 30           /* of a step that lowers the likelihood */
#define RANK_MIN 1e-10            /* of the greatest column's length */

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

double logistic_softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* ---- memory ---- */

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

static int work_allocate(struct logistic_work *work, const struct logistic_data *data,
                         struct error *error)
{
    size_t n = data->rows;
    size_t k = data->columns;
    work->memory = calloc(n * k + 3 * n + k * k + 5 * k, sizeof(double));
    work->order = calloc(k, sizeof(size_t));
    if (work->memory == NULL || work->order == NULL) {
        logistic_work_close(work);
        error_set(error, ERROR_MEMORY, "no memory for a regression of %zu rows", n);
        return ERROR_MEMORY;
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

void logistic_work_close(struct logistic_work *work)
{
    free(work->memory);
    free(work->order);
}

/* ---- one step ---- */

/* Which information: as the data have it; or that of a step, in which Firth's rows have their hat's
 * worth of trials more, which is nearer to the curvature of his likelihood (and is it, where every
 * row has a rate of its own). */
enum information { INFORMATION_WHOLE, INFORMATION_STEP };

/* Decomposes sqrt(W) X at the present log odds. Returns whether the columns are independent; if so,
 * the inverse of R is made. */
static bool information_factor(struct logistic_work *work, enum information which)
{
    const struct logistic_data *data = work->data;
    size_t k = data->columns;
    bool penalised = which == INFORMATION_STEP && work->firth;
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
    work->rank = 0;
    while (work->rank < k &&
           fabs(work->weighted[work->rank * (k + 1)]) > RANK_MIN * fabs(work->weighted[0])) {
        work->rank++;
    }
    if (work->rank < k) {
        return false;
    }
    memset(work->inverse, 0, k * k * sizeof(double));
    for (size_t i = 0; i < k; i++) {
        memcpy(&work->inverse[i * (k + 1)], &work->weighted[i * (k + 1)], (k - i) * sizeof(double));
    }
    gsl_matrix_view inverse = gsl_matrix_view_array(work->inverse, k, k);
    gsl_linalg_tri_invert(CblasUpper, CblasNonUnit, &inverse.matrix);
    return true;
}

/* The share that each row has in its own fit, the diagonal of the hat matrix: |x R^-1|^2 W. */
static void hat_fill(struct logistic_work *work)
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

double logistic_row_score(const struct logistic_work *work, size_t row)
{
    double p = expit(work->log_odds[row]);
    double score = (double)work->data->successes[row] - (double)work->data->trials[row] * p;
    return work->firth ? score + work->hat[row] * (0.5 - p) : score;
}

/* step = information^-1 score, by (R'R)^-1 on the pivoted columns. */
static void step_fill(struct logistic_work *work)
{
    const struct logistic_data *data = work->data;
    size_t k = data->columns;
    memset(work->scratch, 0, k * sizeof(double));
    for (size_t i = 0; i < data->rows; i++) {
        double score = logistic_row_score(work, i);
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
static double likelihood(const struct logistic_work *work)
{
    const struct logistic_data *data = work->data;
    double sum = 0;
    for (size_t i = 0; i < data->rows; i++) {
        double s = (double)data->successes[i];
        double f = (double)(data->trials[i] - data->successes[i]);
        sum -= s * logistic_softplus(-work->log_odds[i]) + f * logistic_softplus(work->log_odds[i]);
    }
    for (size_t j = 0; work->firth && j < data->columns; j++) {
        sum += log(fabs(work->weighted[j * data->columns + j]));
    }
    return sum;
}

/* Moves to value + part * step. */
static void log_odds_move(struct logistic_work *work, double part)
{
    for (size_t i = 0; i < work->data->rows; i++) {
        work->log_odds[i] = row_times(work->data, i, work->value) + part * work->moves[i];
    }
}

/* One step: the greatest move of a row's log odds by a whole step, or NAN if none can be made. With
 * Firth, leaves the whole information and the hat of the new place. */
static double step_make(struct logistic_work *work, double *reached)
{
    const struct logistic_data *data = work->data;
    if (!information_factor(work, INFORMATION_STEP)) {
        return NAN;
    }
    step_fill(work);
    double move = 0;
    for (size_t i = 0; i < data->rows; i++) {
        work->moves[i] = row_times(data, i, work->step);
        move = data->trials[i] > 0 ? fmax(move, fabs(work->moves[i])) : move;
    }
    double part = 1;
    bool regular = false;
    for (int halvings = 0; halvings <= HALVINGS_MAX; halvings++, part /= 2) {
        log_odds_move(work, part);
        regular = !work->firth || information_factor(work, INFORMATION_WHOLE);
        double now = likelihood(work);
        if (regular &&
            (halvings == HALVINGS_MAX || now >= *reached - 1e-12 * (1 + fabs(*reached)))) {
            *reached = now;
            break;
        }
    }
    if (!regular) {
        return NAN;
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
static bool step_separates(const struct logistic_work *work)
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

/* ---- the fit ---- */

int logistic_work_open(struct logistic_work *work, const struct logistic_data *data, bool firth,
                       struct error *error)
{
    *work = (struct logistic_work){.data = data, .firth = firth};
    int code = data_check(data, error);
    if (code == 0) {
        code = work_allocate(work, data, error);
    }
    if (code != 0) {
        return code;
    }
    /* All log odds are 0, all weights of a row's trials alike: what is singular here is the design.
     */
    if (!information_factor(work, INFORMATION_WHOLE)) {
        code = error_set(error, ERROR_INPUT, "column %zu of the design depends on the others",
                         work->order[work->rank]);
        logistic_work_close(work);
    }
    return code;
}

void logistic_work_fit(struct logistic_work *work, struct logistic_fit *fit)
{
    unsigned most = work->firth ? ITERATIONS_FIRTH_MAX : ITERATIONS_MAX;
    double move = INFINITY;
    *fit = (struct logistic_fit){0};
    log_odds_move(work, 0);
    bool regular = information_factor(work, INFORMATION_WHOLE);
    fit->likelihood = likelihood(work);
    if (regular) {
        hat_fill(work);
    }
    while (regular && fit->iterations < most && move > MOVE_MIN) {
        move = step_make(work, &fit->likelihood);
        fit->iterations++;
    }
    fit->converged = move <= MOVE_MIN;
    fit->separated = !work->firth && !fit->converged && step_separates(work);
    information_factor(work, INFORMATION_WHOLE);
}

void logistic_information_invert(const struct logistic_work *work, double *covariance)
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
