#include "analysis/stat_sensitivity.h"

#include <assert.h>
#include <gsl/gsl_qrng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_SOBOL_MAX ((1 << 30) - 1)
#define DRAWS_MAX 4.2e9 /* of a struct random, less what its rejections take */

static double uniform(struct random *random)
{
    return (double)(random_u64(random) >> 11) * 0x1p-53;
}

/* ---- designs ---- */

int design_sobol(size_t points, size_t factors, const struct random *shift, double *design,
                 struct error *error)
{
    if (factors < 1 || factors > DESIGN_SOBOL_MAX || points > POINTS_SOBOL_MAX) {
        return error_set(error, ERROR_LIMIT,
                         "a Sobol design of %zu points and %zu factors: at most %d and %d", points,
                         factors, POINTS_SOBOL_MAX, DESIGN_SOBOL_MAX);
    }
    /* gsl_qrng_alloc would end the process without memory; its parts are public. */
    gsl_qrng sequence = {gsl_qrng_sobol, (unsigned)factors, 0, NULL};
    sequence.state_size = sequence.type->state_size(sequence.dimension);
    sequence.state = malloc(sequence.state_size);
    if (sequence.state == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory for a Sobol sequence");
    }
    gsl_qrng_init(&sequence);
    for (size_t p = 0; p < points; p++) {
        gsl_qrng_get(&sequence, design + p * factors);
    }
    free(sequence.state);
    if (shift != NULL) {
        double by[DESIGN_SOBOL_MAX] = {0};
        struct random random = *shift;
        for (size_t i = 0; i < factors; i++) {
            by[i] = uniform(&random);
        }
        for (size_t p = 0; p < points * factors; p++) {
            double moved = design[p] + by[p % factors];
            design[p] = moved - floor(moved);
        }
    }
    return 0;
}

void design_latin(size_t points, size_t factors, struct random random, double *design)
{
    for (size_t i = 0; i < factors; i++) {
        for (size_t p = 0; p < points; p++) {
            /* The shuffle of Fisher and Yates, from the inside out. */
            size_t other = random_below(&random, p + 1);
            design[p * factors + i] = design[other * factors + i];
            design[other * factors + i] = (double)p;
        }
        for (size_t p = 0; p < points; p++) {
            double at = (design[p * factors + i] + uniform(&random)) / (double)points;
            design[p * factors + i] = fmin(at, 1 - 0x1p-53);
        }
    }
}

/* ---- indices ---- */

/* The figures, less their mean over A and B when they were handed over. */
struct figures {
    const double *a, *b, *ab;
    size_t points, factors;
    double mean;
};

/* The indices of the points `chosen` (NULL: each once): first-order ones, then total ones. */
static void indices_of(const struct figures *figures, const uint32_t *chosen, double *indices)
{
    size_t n = figures->points;
    size_t k = figures->factors;
    double sum = 0;
    double squares = 0;
    memset(indices, 0, 2 * k * sizeof *indices);
    for (size_t p = 0; p < n; p++) {
        size_t at = chosen == NULL ? p : chosen[p];
        double a = figures->a[at] - figures->mean;
        double b = figures->b[at] - figures->mean;
        sum += a + b;
        squares += a * a + b * b;
        for (size_t i = 0; i < k; i++) {
            double change = figures->ab[i * n + at] - figures->mean - a;
            indices[i] += b * change;
            indices[k + i] += change * change / 2;
        }
    }
    double count = (double)n;
    double mean = sum / (2 * count);
    double variance = squares / (2 * count) - mean * mean;
    /* Rounding leaves something of what does not vary. */
    bool varies = variance > 1e-24 * figures->mean * figures->mean;
    for (size_t i = 0; i < 2 * k; i++) {
        indices[i] = varies ? indices[i] / (count * variance) : NAN;
    }
}

/* The percentiles of one index over the draws that have it; `values`: draw after draw. */
static void index_interval(const double *values, size_t stride, uint32_t draws, double confidence,
                           double *scratch, double *low, double *high)
{
    size_t count = 0;
    for (uint32_t d = 0; d < draws; d++) {
        if (!isnan(values[d * stride])) {
            scratch[count++] = values[d * stride];
        }
    }
    *low = *high = NAN;
    if (count > 0) {
        gsl_sort(scratch, 1, count);
        double tail = (1 - confidence) / 2;
        *low = gsl_stats_quantile_from_sorted_data(scratch, 1, count, tail);
        *high = gsl_stats_quantile_from_sorted_data(scratch, 1, count, 1 - tail);
    }
}

int sobol_indices(const double *a, const double *b, const double *ab, size_t points, size_t factors,
                  uint32_t draws, double confidence, struct random random,
                  struct sobol_index *indices, struct error *error)
{
    assert(confidence > 0 && confidence < 1);
    assert(points > 0);
    if ((double)draws * (double)points > DRAWS_MAX || points > UINT32_MAX) {
        return error_set(error, ERROR_LIMIT, "%u bootstraps of %zu points: at most %.3g points",
                         draws, points, DRAWS_MAX);
    }
    struct figures figures = {a, b, ab, points, factors, 0};
    figures.mean = (gsl_stats_mean(a, 1, points) + gsl_stats_mean(b, 1, points)) / 2;
    size_t stride = 2 * factors;
    double *values = malloc((stride * ((size_t)draws + 1) + draws) * sizeof(double));
    uint32_t *chosen = malloc(points * sizeof *chosen);
    if (values == NULL || chosen == NULL) {
        free(values);
        free(chosen);
        return error_set(error, ERROR_MEMORY, "no memory for %u bootstraps", draws);
    }
    double *drawn = values + stride;
    for (uint32_t d = 0; d < draws; d++) {
        for (size_t p = 0; p < points; p++) {
            chosen[p] = (uint32_t)random_below(&random, points);
        }
        indices_of(&figures, chosen, drawn + d * stride);
    }
    indices_of(&figures, NULL, values);
    double *scratch = drawn + draws * stride;
    for (size_t i = 0; i < factors; i++) {
        struct sobol_index *index = &indices[i];
        index->first = values[i];
        index->total = values[factors + i];
        index_interval(drawn + i, stride, draws, confidence, scratch, &index->first_low,
                       &index->first_high);
        index_interval(drawn + factors + i, stride, draws, confidence, scratch, &index->total_low,
                       &index->total_high);
    }
    free(values);
    free(chosen);
    return 0;
}
