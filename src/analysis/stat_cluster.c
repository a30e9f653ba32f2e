#include "analysis/stat_cluster.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/statistics.h"

/* The ratio estimator's variance: of the clusters' residuals about the common ratio. */
static double spread_of(const struct clusters *clusters, uint64_t count, double ratio, double whole)
{
    double residual = 0;
    for (size_t i = 0; i < clusters->count; i++) {
        double rest = clusters->part[i] - ratio * clusters->whole[i];
        residual += rest * rest;
    }
    return residual * (double)count / (double)(count - 1) / (whole * whole);
}

struct cluster_rate cluster_rate(const struct clusters *clusters, double confidence)
{
    assert(confidence > 0 && confidence < 1);
    struct cluster_rate result = {.rate = NAN, .low = 0, .high = 1};
    for (size_t i = 0; i < clusters->count; i++) {
        assert(clusters->part[i] >= 0 && clusters->part[i] <= clusters->whole[i]);
        result.clusters += clusters->whole[i] > 0;
        result.part += clusters->part[i];
        result.whole += clusters->whole[i];
    }
    if (!(result.whole > 0)) {
        return result;
    }
    result.rate = result.part / result.whole;
    bool varies = result.part > 0 && result.part < result.whole && result.clusters > 1;
    result.stand_in = !varies;
    uint64_t trials = varies ? (uint64_t)llround(result.whole) : result.clusters;
    struct rate wilson =
        rate_wilson((uint64_t)llround(result.rate * (double)trials), trials, confidence);
    /* One cluster's ratio need not be a whole number of trials. */
    result.low = fmin(wilson.low, result.rate);
    result.high = fmax(wilson.high, result.rate);
    if (varies) {
        double t = gsl_cdf_tdist_Pinv((1 + confidence) / 2, (double)(result.clusters - 1));
        double error = sqrt(spread_of(clusters, result.clusters, result.rate, result.whole)) /
                       (result.rate * (1 - result.rate));
        double logit = log(result.rate / (1 - result.rate));
        result.low = fmin(result.low, 1 / (1 + exp(t * error - logit)));
        result.high = fmax(result.high, 1 / (1 + exp(-t * error - logit)));
    }
    return result;
}

struct cluster_test cluster_against(const struct clusters *clusters, const double *expected,
                                    double variance)
{
    struct cluster_test test = {.excess = NAN, .statistic = NAN, .p = NAN};
    double part = 0;
    double whole = 0;
    double expectation = 0;
    uint64_t count = 0;
    for (size_t i = 0; i < clusters->count; i++) {
        assert(clusters->part[i] >= 0 && clusters->part[i] <= clusters->whole[i]);
        part += clusters->part[i];
        whole += clusters->whole[i];
        expectation += expected[i];
        count += clusters->whole[i] > 0;
    }
    if (count == 0) {
        return test;
    }
    test.excess = (part - expectation) / whole;
    if (expectation <= 0) {
        test.p = part > 0 ? 0 : 1;
        return test;
    }
    if (count < 2) {
        return test;
    }
    double mean = (part - expectation) / (double)count;
    double squares = 0;
    for (size_t i = 0; i < clusters->count; i++) {
        double rest = clusters->part[i] - expected[i] - mean;
        squares += clusters->whole[i] > 0 ? rest * rest : 0;
    }
    double error = sqrt(fmax(squares * (double)count / (double)(count - 1), variance));
    test.statistic = error > 0 ? (part - expectation) / error : 0;
    test.p = 2 * gsl_cdf_tdist_Q(fabs(test.statistic), (double)(count - 1));
    return test;
}

/* ---- the difference of two rates ---- */

/* The ratios of both sides, the first's before the second's. */
struct permuting {
    double *ratio;
    size_t first, count;
    double sum;
    double observed; /* |difference of means| */
    uint64_t all, extreme;
};

static size_t ratios_add(const struct clusters *clusters, double *ratio)
{
    size_t count = 0;
    for (size_t i = 0; i < clusters->count; i++) {
        if (clusters->whole[i] > 0) {
            ratio[count++] = clusters->part[i] / clusters->whole[i];
        }
    }
    return count;
}

static double difference_of_means(const struct permuting *permuting, double sum)
{
    return sum / (double)permuting->first -
           (permuting->sum - sum) / (double)(permuting->count - permuting->first);
}

/* Sums in another order differ in their last bits: what is as great is as extreme. */
static void permutation_count(struct permuting *permuting, double sum)
{
    permuting->all++;
    permuting->extreme +=
        fabs(difference_of_means(permuting, sum)) >= permuting->observed * (1 - 1e-9) - 1e-12;
}

/* Every choice of `left` of the ratios from `at` on, beside those whose sum is `sum`. At most as
 * deep as there are clusters. */
static void choose(struct permuting *permuting, size_t at, size_t left, double sum)
{
    if (left == 0) {
        permutation_count(permuting, sum);
        return;
    }
    for (size_t i = at; i + left <= permuting->count; i++) {
        choose(permuting, i + 1, left - 1, sum + permuting->ratio[i]);
    }
}

static void draw(struct permuting *permuting, struct random *random)
{
    double *ratio = permuting->ratio;
    permuting->all = permuting->extreme = 1;
    for (uint32_t d = 0; d < CLUSTER_PERMUTATIONS; d++) {
        double sum = 0;
        for (size_t i = 0; i < permuting->first; i++) {
            size_t other = i + random_below(random, permuting->count - i);
            double moved = ratio[other];
            ratio[other] = ratio[i];
            ratio[i] = moved;
            sum += moved;
        }
        permutation_count(permuting, sum);
    }
}

static double permutation_p(struct permuting *permuting, struct random random)
{
    double sum = 0;
    for (size_t i = 0; i < permuting->count; i++) {
        permuting->sum += permuting->ratio[i];
        sum += i < permuting->first ? permuting->ratio[i] : 0;
    }
    permuting->observed = fabs(difference_of_means(permuting, sum));
    double ways = gsl_sf_lnchoose((unsigned)permuting->count, (unsigned)permuting->first);
    if (ways <= log(CLUSTER_PERMUTATIONS)) {
        choose(permuting, 0, permuting->first, 0);
    } else {
        draw(permuting, &random);
    }
    return (double)permuting->extreme / (double)permuting->all;
}

int cluster_difference(const struct clusters *first, const struct clusters *second,
                       double confidence, struct random random, struct cluster_difference *result,
                       struct error *error)
{
    struct cluster_rate a = cluster_rate(first, confidence);
    struct cluster_rate b = cluster_rate(second, confidence);
    *result = (struct cluster_difference){a.rate - b.rate, -1, 1, NAN};
    if (a.clusters == 0 || b.clusters == 0) {
        return 0;
    }
    result->low = result->difference - hypot(a.rate - a.low, b.high - b.rate);
    result->high = result->difference + hypot(a.high - a.rate, b.rate - b.low);
    struct permuting permuting = {.ratio = malloc((first->count + second->count) * sizeof(double))};
    if (permuting.ratio == NULL) {
        return error_set(error, ERROR_MEMORY, "out of memory for a difference of rates");
    }
    permuting.first = ratios_add(first, permuting.ratio);
    permuting.count = permuting.first + ratios_add(second, permuting.ratio + permuting.first);
    result->p = permutation_p(&permuting, random);
    free(permuting.ratio);
    return 0;
}
