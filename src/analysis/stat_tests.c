#include "analysis/stat_tests.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_heapsort.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "analysis/stat_margin.h"

/* ---- the common rate ---- */

/* The probability of rejection at a common rate is the sum over margins m of levels[m] times the
 * binomial probability of m, since the margin is all that depends on the rate. */
struct levels {
    double *level;
    uint64_t trials;
};

/* The rate is sin(angle)^2, in which scale the pooled rate has the same deviation everywhere. */
static double level_at(const struct levels *levels, double angle)
{
    double rate = sin(angle) * sin(angle);
    double n = (double)levels->trials;
    if (rate <= 0 || rate >= 1) {
        return levels->level[rate >= 1 ? levels->trials : 0];
    }
    double mode = floor(fmin(n, (n + 1) * rate));
    double odds = rate / (1 - rate);
    double peak = exp(margin_log_choose(n, mode) + mode * log(rate) + (n - mode) * log1p(-rate));
    double weight = peak;
    double total = peak;
    double sum = weight * levels->level[(uint64_t)mode];
    for (double m = mode; m < n && weight > peak * 1e-18; m++) {
        weight *= (n - m) / (m + 1) * odds;
        total += weight;
        sum += weight * levels->level[(uint64_t)m + 1];
    }
    weight = peak;
    for (double m = mode; m > 0 && weight > peak * 1e-18; m--) {
        weight *= m / ((n - m + 1) * odds);
        total += weight;
        sum += weight * levels->level[(uint64_t)m - 1];
    }
    return sum / total;
}

/* The top of one peak by golden sections. */
static double peak_angle(const struct levels *levels, double low, double high)
{
    const double golden = 0.6180339887498949;
    double a = high - golden * (high - low);
    double b = low + golden * (high - low);
    double at_a = level_at(levels, a);
    double at_b = level_at(levels, b);
    while (high - low > 1e-7) {
        if (at_a >= at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - golden * (high - low);
            at_a = level_at(levels, a);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + golden * (high - low);
            at_b = level_at(levels, b);
        }
    }
    return (low + high) / 2;
}

static double grid_angle(uint64_t place, uint64_t steps)
{
    return M_PI_2 * (double)place / (double)steps;
}

/* The greatest level of all rates. Each margin gives the curve a bell whose second derivative is
 * nowhere below -(its height) / deviation^2, and so is the sum's: a top lies at most (1/16)^2 / 2
 * of itself above the nearest place of the grid. A peak 2% lower than the greatest cannot pass it.
 */
static double level_greatest(const struct levels *levels, double *grid, uint64_t steps,
                             double *rate)
{
    double greatest = 0;
    *rate = 0;
    for (uint64_t i = 0; i <= steps; i++) {
        grid[i] = level_at(levels, grid_angle(i, steps));
        if (grid[i] > greatest) {
            greatest = grid[i];
            *rate = pow(sin(grid_angle(i, steps)), 2);
        }
    }
    double worth = greatest * 0.98;
    for (uint64_t i = 0; i <= steps; i++) {
        uint64_t before = i > 0 ? i - 1 : 0;
        uint64_t after = i < steps ? i + 1 : steps;
        if (grid[i] < worth || grid[i] < grid[before] || grid[i] < grid[after]) {
            continue;
        }
        double angle = peak_angle(levels, grid_angle(before, steps), grid_angle(after, steps));
        double level = level_at(levels, angle);
        if (level > greatest) {
            greatest = level;
            *rate = pow(sin(angle), 2);
        }
    }
    return greatest;
}

/* ---- the tests ---- */

static int memory_error(struct error *error, uint64_t trials)
{
    return error_set(error, ERROR_MEMORY, "no memory to test a table of %llu trials",
                     (unsigned long long)trials);
}

static double fisher_p(const struct rate *first, const struct rate *second, struct margin *margin)
{
    margin_fill(margin, first->trials, second->trials, first->successes + second->successes);
    return margin_sum(margin, margin->pmf[first->successes - margin->low] * MARGIN_TIE);
}

/* P of as many successes of the first arm or more (`above`), or as many or fewer. */
static double fisher_p_one_sided(const struct rate *first, const struct margin *margin, bool above)
{
    double sum = 0;
    uint64_t place = first->successes - margin->low;
    uint64_t tables = margin->high - margin->low + 1;
    for (uint64_t i = above ? place : 0; i < (above ? tables : place + 1); i++) {
        sum += margin->pmf[i];
    }
    return fmin(1, sum);
}

int fisher_test(const struct rate *first, const struct rate *second, struct table_result *result,
                struct error *error)
{
    assert(first->successes <= first->trials && second->successes <= second->trials);
    *result = (struct table_result){TABLE_FISHER, 1, 1, NAN};
    struct margin margin = {.pmf = malloc((first->trials + 1) * sizeof(double))};
    if (margin.pmf == NULL) {
        return memory_error(error, first->trials);
    }
    result->p = result->statistic = fisher_p(first, second, &margin);
    free(margin.pmf);
    return 0;
}

struct table_result score_test(const struct rate *first, const struct rate *second)
{
    assert(first->successes <= first->trials && second->successes <= second->trials);
    struct table_result result = {TABLE_SCORE, 1, 0, NAN};
    double n1 = (double)first->trials;
    double n2 = (double)second->trials;
    double pooled = (double)(first->successes + second->successes) / (n1 + n2);
    double variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2);
    if (first->trials > 0 && second->trials > 0 && variance > 0) {
        double difference = (double)first->successes / n1 - (double)second->successes / n2;
        result.statistic = difference / sqrt(variance);
        result.p = 2 * gsl_cdf_ugaussian_Q(fabs(result.statistic));
    }
    return result;
}

/* One pass of Boschloo's test with room that is there already. `direction`: 0 two-sided, 1 where
 * many successes of the first arm are extreme, -1 where few are. */
static struct table_result boschloo_in(const struct rate *first, const struct rate *second,
                                       int direction, struct margin *margin, struct levels *levels,
                                       double *grid, uint64_t steps)
{
    struct table_result result = {.test = TABLE_BOSCHLOO};
    result.statistic = fisher_p(first, second, margin);
    if (direction != 0) {
        result.statistic = fisher_p_one_sided(first, margin, direction > 0);
    }
    double limit = result.statistic * MARGIN_TIE;
    for (uint64_t m = 0; m <= levels->trials; m++) {
        margin_fill(margin, first->trials, second->trials, m);
        levels->level[m] = direction == 0
                               ? margin_reject(margin, limit).level
                               : margin_reject_one_sided(margin, limit, direction > 0).level;
    }
    result.p = fmin(1, level_greatest(levels, grid, steps, &result.nuisance));
    return result;
}

int boschloo_test(const struct rate *first, const struct rate *second, enum table_test test,
                  struct table_result *result, struct error *error)
{
    assert(first->successes <= first->trials && second->successes <= second->trials);
    assert(test == TABLE_BOSCHLOO || test == TABLE_BOSCHLOO_CENTRAL);
    *result = (struct table_result){test, 1, 1, NAN};
    if (first->trials == 0 || second->trials == 0) {
        return 0;
    }
    if (first->trials > BOSCHLOO_TRIALS_MAX || second->trials > BOSCHLOO_TRIALS_MAX ||
        first->trials > BOSCHLOO_TABLES_MAX / second->trials) {
        *result = score_test(first, second);
        return 0;
    }
    uint64_t trials = first->trials + second->trials;
    uint64_t steps = 16 + (uint64_t)(8 * M_PI * sqrt((double)trials));
    struct margin margin = {.pmf = malloc((first->trials + 1) * sizeof(double))};
    struct levels levels = {malloc((trials + 1) * sizeof(double)), trials};
    double *grid = malloc((steps + 1) * sizeof(double));
    int code = 0;
    if (margin.pmf == NULL || levels.level == NULL || grid == NULL) {
        code = memory_error(error, trials);
        goto out;
    }
    if (test == TABLE_BOSCHLOO) {
        *result = boschloo_in(first, second, 0, &margin, &levels, grid, steps);
    } else {
        struct table_result few = boschloo_in(first, second, -1, &margin, &levels, grid, steps);
        *result = boschloo_in(first, second, 1, &margin, &levels, grid, steps);
        if (few.p < result->p) {
            *result = few;
        }
        result->p = fmin(1, 2 * result->p);
        result->test = test;
    }
out:
    free(margin.pmf);
    free(levels.level);
    free(grid);
    return code;
}

/* ---- Holm ---- */

/* Ascending, NAN last. */
static int p_compare(const void *first, const void *second)
{
    double a = *(const double *)first;
    double b = *(const double *)second;
    if (isnan(a) || isnan(b)) {
        return isnan(a) - isnan(b);
    }
    return (a > b) - (a < b);
}

void holm_adjust(const double *p, size_t count, size_t *order, double *adjusted)
{
    gsl_heapsort_index(order, p, count, sizeof *p, p_compare);
    size_t members = count;
    while (members > 0 && isnan(p[order[members - 1]])) {
        members--;
    }
    double least = 0;
    for (size_t i = 0; i < members; i++) {
        assert(p[order[i]] >= 0 && p[order[i]] <= 1);
        least = fmax(least, fmin(1, (double)(members - i) * p[order[i]]));
        adjusted[order[i]] = least;
    }
    for (size_t i = members; i < count; i++) {
        adjusted[order[i]] = NAN;
    }
}
