#include "analysis/scaling.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

#include "analysis/stat_regression.h"
#include "analysis/statistics.h"

#define COLUMNS 3 /* of a parabola */
#define POINTS_MAX 64
#define NUMBERS_MAX 4294967295.0

/* ---- curves ---- */

/* Log odds of survival, a parabola in x, the rate on a scale from -1 to 1. */
struct parabola {
    double c[COLUMNS];
};

struct scale {
    double low, high;
};

static double scale_down(const struct scale *scale, double rate)
{
    return (2 * rate - scale->low - scale->high) / (scale->high - scale->low);
}

static double scale_up(const struct scale *scale, double x)
{
    return (scale->low + scale->high + x * (scale->high - scale->low)) / 2;
}

/* `survived` stands in place of the points' own. */
static int fit(const struct scaling_curve *curve, const uint64_t *survived,
               const struct scale *scale, struct parabola *parabola, struct error *error)
{
    double design[POINTS_MAX * COLUMNS];
    uint64_t runs[POINTS_MAX];
    struct logistic_data data = {.rows = curve->count,
                                 .columns = COLUMNS,
                                 .design = design,
                                 .successes = survived,
                                 .trials = runs};
    const struct logistic_options options = {
        .firth = true, .covariance = COVARIANCE_MODEL, .confidence = 0.95};
    struct logistic_coefficient coefficients[COLUMNS];
    struct logistic_fit fitted;
    int code;

    for (size_t i = 0; i < curve->count; i++) {
        double x = scale_down(scale, curve->points[i].rate);

        design[i * COLUMNS] = 1;
        design[i * COLUMNS + 1] = x;
        design[i * COLUMNS + 2] = x * x;
        runs[i] = curve->points[i].runs;
    }
    code = logistic_regress(&data, &options, &fitted, coefficients, NULL, error);
    for (int c = 0; c < COLUMNS; c++)
        parabola->c[c] = coefficients[c].value;
    return code;
}

/* Where a parabola rises through 0 between -1 and 1; where it is below throughout, INFINITY, above
 * throughout, -INFINITY; NAN where it falls through 0 and never rises. */
static double rise(const struct parabola *of)
{
    double a = of->c[2], b = of->c[1], c = of->c[0];
    double low = a - b + c, high = a + b + c, inside, root;
    double square = b * b - 4 * a * c;

    if (square < 0)
        return c < 0 ? INFINITY : -INFINITY;
    /* The root with a rising slope: 2 a x + b = +sqrt(square). Of its two forms the one without
     * cancellation. */
    root = sqrt(square);
    inside = b >= 0 ? -2 * c / (b + root) : (root - b) / (2 * a);
    if (inside >= -1 && inside <= 1)
        return inside;
    if (low < 0 && high < 0)
        return INFINITY;
    if (low > 0 && high > 0)
        return -INFINITY;
    return NAN;
}

/* ---- the bootstrap ---- */

struct problem {
    struct scaling_curve curves[2]; /* the smaller and the larger; or one alone */
    uint32_t curve_count;
    double log_odds; /* of one: what it passes */
    struct scale scale;
};

static int solve(const struct problem *problem, uint64_t survived[2][POINTS_MAX], double *rate,
                 struct error *error)
{
    struct parabola fits[2] = {0}, difference = {{-problem->log_odds, 0, 0}};
    int code = 0;

    for (uint32_t i = 0; i < problem->curve_count && code == 0; i++)
        code = fit(&problem->curves[i], survived[i], &problem->scale, &fits[i], error);
    if (code != 0)
        return code;
    for (int c = 0; c < COLUMNS; c++) {
        difference.c[c] += fits[problem->curve_count - 1].c[c];
        if (problem->curve_count == 2)
            difference.c[c] -= fits[0].c[c];
    }
    *rate = rise(&difference);
    if (isfinite(*rate))
        *rate = scale_up(&problem->scale, *rate);
    return 0;
}

/* As many of `runs` new runs survive as chance has it. */
static uint64_t draw_survivors(const struct scaling_point *point, struct random *random)
{
    double share = (double)point->survived / (double)point->runs;
    uint64_t survived = 0;

    for (uint64_t i = 0; i < point->runs; i++)
        survived += (double)(random_u64(random) >> 11) * 0x1p-53 < share;
    return survived;
}

static int check(const struct problem *problem, const struct scaling_bootstrap *bootstrap,
                 struct error *error)
{
    double numbers = 0;

    for (uint32_t i = 0; i < problem->curve_count; i++) {
        const struct scaling_curve *curve = &problem->curves[i];
        uint32_t known = 0;

        assert(curve->count <= POINTS_MAX);
        for (size_t p = 0; p < curve->count; p++) {
            assert(p == 0 || curve->points[p].rate > curve->points[p - 1].rate);
            assert(curve->points[p].survived <= curve->points[p].runs);
            known += curve->points[p].runs > 0;
            numbers += (double)curve->points[p].runs * bootstrap->draws;
        }
        if (known < COLUMNS)
            return error_set(error, ERROR_INPUT, "a curve of %u rates: it takes at least %d", known,
                             COLUMNS);
    }
    if (!(problem->scale.low < problem->scale.high))
        return error_set(error, ERROR_INPUT, "the curves have no rates in common");
    return numbers > NUMBERS_MAX
               ? error_set(error, ERROR_LIMIT, "a bootstrap of %.3g random numbers: at most %.3g",
                           numbers, NUMBERS_MAX)
               : 0;
}

/* The percentile of sorted values of which some are infinite: no interpolation. */
static double percentile(const double *sorted, uint32_t count, double at)
{
    double place = ceil(at * count) - 1;

    return count == 0 ? NAN : sorted[(uint32_t)(place < 0 ? 0 : place)];
}

static int estimate_make(struct problem *problem, const struct scaling_bootstrap *bootstrap,
                         struct scaling_estimate *estimate, struct error *error)
{
    uint64_t survived[2][POINTS_MAX];
    struct random random = bootstrap->random;
    double tail = (1 - bootstrap->confidence) / 2;
    double *values;
    uint32_t count = 0;
    int code = check(problem, bootstrap, error);

    assert(bootstrap->confidence > 0 && bootstrap->confidence < 1 && bootstrap->draws > 0);
    *estimate = (struct scaling_estimate){NAN, NAN, NAN, bootstrap->draws, 0};
    if (code != 0)
        return code;
    for (uint32_t i = 0; i < problem->curve_count; i++)
        for (size_t p = 0; p < problem->curves[i].count; p++)
            survived[i][p] = problem->curves[i].points[p].survived;
    code = solve(problem, survived, &estimate->value, error);
    if (!isfinite(estimate->value))
        estimate->value = NAN;
    values = calloc(bootstrap->draws, sizeof *values);
    if (values == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for %u draws", bootstrap->draws);
    for (uint32_t d = 0; d < bootstrap->draws && code == 0; d++) {
        for (uint32_t i = 0; i < problem->curve_count; i++)
            for (size_t p = 0; p < problem->curves[i].count; p++)
                survived[i][p] = draw_survivors(&problem->curves[i].points[p], &random);
        code = solve(problem, survived, &values[count], error);
        estimate->outside += !isfinite(values[count]);
        count += !isnan(values[count]);
    }
    if (code == 0) {
        gsl_sort(values, 1, count);
        estimate->low = percentile(values, count, tail);
        estimate->high = percentile(values, count, 1 - tail);
    }
    free(values);
    return code;
}

int scaling_crossing(const struct scaling_curve *smaller, const struct scaling_curve *larger,
                     const struct scaling_bootstrap *bootstrap, struct scaling_estimate *estimate,
                     struct error *error)
{
    struct problem problem = {.curves = {*smaller, *larger}, .curve_count = 2};

    if (smaller->count > 0 && larger->count > 0) {
        problem.scale.low = fmax(smaller->points[0].rate, larger->points[0].rate);
        problem.scale.high =
            fmin(smaller->points[smaller->count - 1].rate, larger->points[larger->count - 1].rate);
    }
    return estimate_make(&problem, bootstrap, estimate, error);
}

int scaling_passing(const struct scaling_curve *curve, double share,
                    const struct scaling_bootstrap *bootstrap, struct scaling_estimate *estimate,
                    struct error *error)
{
    struct problem problem = {.curves = {*curve}, .curve_count = 1};

    assert(share > 0 && share < 1);
    problem.log_odds = log(share / (1 - share));
    if (curve->count > 0) {
        problem.scale.low = curve->points[0].rate;
        problem.scale.high = curve->points[curve->count - 1].rate;
    }
    return estimate_make(&problem, bootstrap, estimate, error);
}

/* ---- complete graphs ---- */

double complete_extinction(uint32_t agents, double rate)
{
    double step = 0, sum = 0; /* the mean time from i + 1 alive to i; of all steps so far */

    for (uint32_t i = agents; i >= 1; i--) {
        step = 1.0 / i + rate * (agents - i) * step;
        sum += step;
    }
    return sum;
}

/* One jump of the uniformized chain: p becomes the probabilities after it. p[0] is who died out. */
static void jump(double *p, double *next, uint32_t agents, double rate, double pace)
{
    memset(next, 0, (agents + 1) * sizeof *next);
    next[0] = p[0];
    for (uint32_t i = 1; i <= agents; i++) {
        double birth = rate * i * (agents - i) / pace, death = i / pace;

        next[i - 1] += death * p[i];
        next[i] += (1 - birth - death) * p[i];
        if (i < agents)
            next[i + 1] += birth * p[i];
    }
    memcpy(p, next, (agents + 1) * sizeof *p);
}

int complete_survival(uint32_t agents, double rate, uint32_t alive, double time, double *somebody,
                      struct error *error)
{
    double *p = calloc(2 * ((size_t)agents + 1), sizeof *p);
    double pace = 0, jumps, dead = 0, weights = 0;

    assert(alive <= agents && rate >= 0 && time >= 0);
    if (p == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for %u agents", agents);
    p[alive] = 1;
    for (uint32_t i = 1; i <= agents; i++)
        pace = fmax(pace, i + rate * i * (agents - i));
    jumps = pace * time;
    /* The number of jumps in `time` is Poisson's; seven deviations leave 1e-11. */
    for (double k = 0; k <= jumps + 7 * sqrt(jumps) + 20; k++) {
        double weight = jumps > 0 ? exp(k * log(jumps) - jumps - lgamma(k + 1)) : k == 0;

        dead += weight * p[0];
        weights += weight;
        jump(p, p + agents + 1, agents, rate, fmax(pace, 1));
    }
    *somebody = 1 - dead / weights;
    free(p);
    return 0;
}
