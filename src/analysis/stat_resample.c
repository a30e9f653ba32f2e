#include "analysis/stat_resample.h"

#include <assert.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/statistics.h"

/* What is left of 2^32 draws for random_below's rejections, which hardly ever are. */
#define DRAWS_MAX 4.2e9

/* The ratio of the clusters; NAN without a whole. `random` NULL: as they are; else drawn again. */
static double ratio_draw(const struct clusters *clusters, struct random *random)
{
    double part = 0;
    double whole = 0;
    for (size_t i = 0; i < clusters->count; i++) {
        size_t place = random == NULL ? i : random_below(random, clusters->count);
        part += clusters->part[place];
        whole += clusters->whole[place];
    }
    return whole > 0 ? part / whole : NAN;
}

/* Whether drawing would say something: two clusters with a whole, and a ratio off its ends. If not,
 * `rate` is what stands for it. */
static bool ratio_varies(const struct clusters *clusters, double confidence, struct rate *rate)
{
    uint64_t count = 0;
    double part = 0;
    double rest = 0;
    for (size_t i = 0; i < clusters->count; i++) {
        assert(clusters->part[i] >= 0 && clusters->part[i] <= clusters->whole[i]);
        count += clusters->whole[i] > 0;
        part += clusters->part[i];
        rest += clusters->whole[i] - clusters->part[i];
    }
    if (part > 0 && rest > 0 && count > 1) {
        return true;
    }
    double ratio = count > 0 ? part / (part + rest) : 0;
    *rate = rate_wilson((uint64_t)llround(ratio * (double)count), count, confidence);
    rate->rate = count > 0 ? ratio : NAN;
    /* One cluster's ratio need not be a whole number of trials. */
    rate->low = count > 0 ? fmin(rate->low, ratio) : rate->low;
    rate->high = count > 0 ? fmax(rate->high, ratio) : rate->high;
    return false;
}

static int draws_check(double numbers, struct error *error)
{
    if (numbers > DRAWS_MAX) {
        return error_set(error, ERROR_LIMIT, "a bootstrap of %.3g random numbers: at most %.3g",
                         numbers, DRAWS_MAX);
    }
    return 0;
}

/* The percentiles of what was drawn. */
static void percentiles(double *values, uint32_t count, double confidence, struct bootstrap *result)
{
    gsl_sort(values, 1, count);
    double tail = (1 - confidence) / 2;
    result->draws = count;
    result->low = gsl_stats_quantile_from_sorted_data(values, 1, count, tail);
    result->high = gsl_stats_quantile_from_sorted_data(values, 1, count, 1 - tail);
}

/* `second` NULL for a ratio alone. */
static int bootstrap_run(const struct clusters *first, const struct clusters *second,
                         uint32_t draws, double confidence, struct random random,
                         struct bootstrap *result, struct error *error)
{
    size_t clusters = first->count + (second != NULL ? second->count : 0);
    int code = draws_check((double)draws * (double)clusters, error);
    if (code != 0) {
        return code;
    }
    double *values = malloc(draws * sizeof(double));
    if (values == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory for %u draws", draws);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < draws; i++) {
        double value = ratio_draw(first, &random);
        if (second != NULL) {
            value -= ratio_draw(second, &random);
        }
        if (!isnan(value)) {
            values[count++] = value;
        }
    }
    percentiles(values, count, confidence, result);
    free(values);
    return 0;
}

int bootstrap_ratio(const struct clusters *clusters, uint32_t draws, double confidence,
                    struct random random, struct bootstrap *result, struct error *error)
{
    assert(confidence > 0 && confidence < 1 && draws > 0);
    struct rate rate;
    *result = (struct bootstrap){.value = ratio_draw(clusters, NULL)};
    if (!ratio_varies(clusters, confidence, &rate)) {
        *result = (struct bootstrap){rate.rate, rate.low, rate.high, 0, true};
        return 0;
    }
    return bootstrap_run(clusters, NULL, draws, confidence, random, result, error);
}

int bootstrap_difference(const struct clusters *first, const struct clusters *second,
                         uint32_t draws, double confidence, struct random random,
                         struct bootstrap *result, struct error *error)
{
    assert(confidence > 0 && confidence < 1 && draws > 0);
    *result = (struct bootstrap){.value = ratio_draw(first, NULL) - ratio_draw(second, NULL)};
    struct rate rate;
    if (ratio_varies(first, confidence, &rate) && ratio_varies(second, confidence, &rate)) {
        return bootstrap_run(first, second, draws, confidence, random, result, error);
    }
    struct bootstrap a;
    struct bootstrap b;
    int code = bootstrap_ratio(first, draws, confidence, random, &a, error);
    if (code == 0) {
        code = bootstrap_ratio(second, draws, confidence, random, &b, error);
    }
    if (code != 0) {
        return code;
    }
    result->stand_in = true;
    if (isnan(result->value)) {
        result->low = -1;
        result->high = 1;
        return 0;
    }
    result->low = result->value - hypot(a.value - a.low, b.high - b.value);
    result->high = result->value + hypot(a.high - a.value, b.value - b.low);
    return 0;
}
