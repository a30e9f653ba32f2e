#include "analysis/stat_survival_runs.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_heapsort.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/statistics.h"

/* As stat_resample.c: what is left of 2^32 draws for random_below's rejections. */
#define DRAWS_MAX 4.2e9

/* By time; of the same time, what ended comes first. */
static int lives_compare(const void *first, const void *second)
{
    const struct lifetime *a = &((const struct clustered_lifetime *)first)->life;
    const struct lifetime *b = &((const struct clustered_lifetime *)second)->life;
    if (a->time < b->time || a->time > b->time) {
        return a->time > b->time ? 1 : -1;
    }
    return b->ended - a->ended;
}

static void lives_sort(struct clustered_lifetime *lives, size_t count, uint32_t clusters)
{
    for (size_t i = 0; i < count; i++) {
        assert(isfinite(lives[i].life.time) && lives[i].life.time >= 0);
        assert(lives[i].cluster < clusters);
    }
    if (count > 0) {
        gsl_heapsort(lives, count, sizeof *lives, lives_compare);
    }
}

/* ---- drawing clusters again ---- */

/* What one draw gives: quantiles, then survival, then mean. */
#define VALUES_MAX (SURVIVAL_QUANTILES_MAX + 2)

struct resampling {
    const struct clustered_lifetime *lives; /* in order */
    size_t count;
    const struct survival_draws *how;
    struct random random;
    uint32_t *weight; /* by cluster: how often it was drawn */
    double *values;   /* draws of each value, value after value */
};

/* Draws the clusters; gives the number of lifetimes in them. */
static double clusters_draw(struct resampling *of)
{
    uint32_t clusters = of->how->clusters;
    double at_risk = 0;
    for (uint32_t c = 0; c < clusters; c++) {
        of->weight[c] = 0;
    }
    for (uint32_t c = 0; c < clusters; c++) {
        of->weight[random_below(&of->random, clusters)]++;
    }
    for (size_t i = 0; i < of->count; i++) {
        at_risk += of->weight[of->lives[i].cluster];
    }
    return at_risk;
}

/* The curve of the clusters that were drawn, from step to step. */
static void curve_values(const struct resampling *of, double at_risk, double *values)
{
    const struct survival_draws *how = of->how;
    double survival = 1, survival_until = 1, mean = 0, since = 0;
    for (uint32_t q = 0; q < how->at_count; q++) {
        values[q] = INFINITY;
    }
    for (size_t i = 0; i < of->count && at_risk > 0;) {
        double time = of->lives[i].life.time, ended = 0, gone = 0;
        for (; i < of->count && of->lives[i].life.time <= time; i++) {
            double weight = of->weight[of->lives[i].cluster];
            ended += of->lives[i].life.ended ? weight : 0;
            gone += weight;
        }
        if (time <= how->until) {
            mean += survival * (time - since);
            since = time;
        }
        survival *= (at_risk - ended) / at_risk;
        survival_until = time <= how->until ? survival : survival_until;
        at_risk -= gone;
        for (uint32_t q = 0; q < how->at_count; q++) {
            if (isinf(values[q]) && survival <= 1 - how->at[q] + 1e-12) {
                values[q] = time;
            }
        }
    }
    values[how->at_count] = survival_until;
    values[how->at_count + 1] = mean + survival_until * (how->until - since);
}

/* Order statistics, since there is nothing between a number and INFINITY. */
static struct survival_range range_of(double *values, uint32_t count, double confidence)
{
    if (count == 0) {
        return (struct survival_range){NAN, NAN};
    }
    gsl_sort(values, 1, count);
    uint32_t tail = (uint32_t)floor((1 - confidence) / 2 * count);
    return (struct survival_range){values[tail], values[count - 1 - tail]};
}

/* Where every draw gave 0, or 1. */
static void survival_stands(const struct resampling *of, struct survival_resampled *result)
{
    struct survival_range *range = &result->survival;
    if (range->low < range->high || (range->low > 0 && range->low < 1)) {
        return;
    }
    uint64_t with_lives = 0;
    for (uint32_t c = 0; c < of->how->clusters; c++) {
        of->weight[c] = 0;
    }
    for (size_t i = 0; i < of->count; i++) {
        with_lives += of->weight[of->lives[i].cluster]++ == 0;
    }
    struct rate rate =
        rate_wilson(range->low > 0 ? with_lives : 0, with_lives, of->how->confidence);
    *range = (struct survival_range){rate.low, rate.high};
    result->stand_in = true;
}

static void resample(struct resampling *of, struct survival_resampled *result)
{
    const struct survival_draws *how = of->how;
    double values[VALUES_MAX] = {0};
    uint32_t made = 0;
    for (uint32_t draw = 0; draw < how->draws; draw++) {
        double at_risk = clusters_draw(of);
        if (at_risk <= 0) {
            continue;
        }
        curve_values(of, at_risk, values);
        for (uint32_t v = 0; v < how->at_count + 2; v++) {
            of->values[(size_t)v * how->draws + made] = values[v];
        }
        made++;
    }
    for (uint32_t v = 0; v < how->at_count + 2; v++) {
        struct survival_range *range = v < how->at_count    ? &result->quantile[v]
                                       : v == how->at_count ? &result->survival
                                                            : &result->mean;
        *range = range_of(&of->values[(size_t)v * how->draws], made, how->confidence);
    }
    if (made > 0) {
        survival_stands(of, result);
    }
}

int survival_resample(struct clustered_lifetime *lives, size_t count,
                      const struct survival_draws *how, struct survival_resampled *result,
                      struct error *error)
{
    assert(how->at_count <= SURVIVAL_QUANTILES_MAX && how->until > 0);
    assert(how->confidence > 0 && how->confidence < 1);
    *result = (struct survival_resampled){0};
    if ((double)how->draws * how->clusters > DRAWS_MAX) {
        return error_set(error, ERROR_LIMIT, "a bootstrap of %.3g random numbers: at most %.3g",
                         (double)how->draws * how->clusters, DRAWS_MAX);
    }
    lives_sort(lives, count, how->clusters);
    struct resampling of = {lives, count, how, how->random, NULL, NULL};
    of.weight = calloc((size_t)how->clusters + 1, sizeof *of.weight);
    of.values = calloc((size_t)how->draws * VALUES_MAX + 1, sizeof *of.values);
    bool room = of.weight != NULL && of.values != NULL;
    if (room) {
        resample(&of, result);
    }
    free(of.weight);
    free(of.values);
    return room ? 0 : error_set(error, ERROR_MEMORY, "out of memory for a bootstrap");
}

/* ---- the log-rank test ---- */

/* Each lifetime's part of the score: ended less the mean of its group at that time, less what was
 * to be expected of it in all the time in which it was at risk. `score` has room for one sum a
 * cluster. Gives the variance. */
static double scores_sum(const struct clustered_lifetime *lives, size_t count, uint32_t clusters,
                         double *score, double *sum)
{
    double at_risk[2] = {0, 0};
    double hazard = 0, hazard_mean = 0; /* sums of d / n, and of that times the mean group */
    for (size_t i = 0; i < count; i++) {
        at_risk[lives[i].life.group]++;
    }
    for (size_t i = 0; i < count;) {
        double n = at_risk[0] + at_risk[1], mean = at_risk[1] / n, ended = 0;
        size_t same = i;
        for (; same < count && lives[same].life.time <= lives[i].life.time; same++) {
            ended += lives[same].life.ended;
        }
        hazard += ended / n;
        hazard_mean += mean * ended / n;
        for (; i < same; i++) {
            double group = lives[i].life.group;
            double part = lives[i].life.ended ? group - mean : 0;
            *sum += part;
            score[lives[i].cluster] += part - (group * hazard - hazard_mean);
            at_risk[lives[i].life.group]--;
        }
    }
    double variance = 0;
    for (uint32_t c = 0; c < clusters; c++) {
        variance += score[c] * score[c];
    }
    return variance;
}

int survival_logrank_clusters(struct clustered_lifetime *lives, size_t count, uint32_t clusters,
                              struct survival_robust *result, struct error *error)
{
    double *score = calloc((size_t)clusters + 1, sizeof *score);
    *result = (struct survival_robust){0, 0, NAN, NAN};
    if (score == NULL) {
        return error_set(error, ERROR_MEMORY, "out of memory for a log-rank test");
    }
    lives_sort(lives, count, clusters);
    for (size_t i = 0; i < count; i++) {
        assert(lives[i].life.group < 2);
    }
    result->variance = scores_sum(lives, count, clusters, score, &result->score);
    if (result->variance > 1e-20) {
        result->chi_squared = result->score * result->score / result->variance;
        result->p = gsl_cdf_chisq_Q(result->chi_squared, 1);
    }
    free(score);
    return 0;
}
