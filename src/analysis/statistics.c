#include "analysis/statistics.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>

/* z such that a standard normal number lies within [-z, z] with probability `confidence`. */
static double normal_two_sided(double confidence)
{
    assert(confidence > 0 && confidence < 1);
    return gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
}

static struct rate rate_unknown(void)
{
    return (struct rate){.rate = NAN, .low = 0, .high = 1};
}

struct rate rate_wilson(uint64_t successes, uint64_t trials, double confidence)
{
    return rate_wilson_clustered(successes, trials, 1, confidence);
}

struct rate rate_wilson_clustered(uint64_t successes, uint64_t trials, double design_effect,
                                  double confidence)
{
    assert(successes <= trials && design_effect >= 1);
    double z = normal_two_sided(confidence);
    if (trials == 0) {
        return rate_unknown();
    }
    double n = (double)trials / design_effect;
    double p = (double)successes / (double)trials;
    double centre = p + z * z / (2 * n);
    double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    double scale = 1 + z * z / n;
    struct rate rate = {successes, trials, p, (centre - half) / scale, (centre + half) / scale};
    /* At the ends the limit is exact, where rounding would leave 1e-18. */
    if (successes == 0) {
        rate.low = 0;
    }
    if (successes == trials) {
        rate.high = 1;
    }
    return rate;
}

/* ---- limits that leave a tail ----
 *
 * GSL's own quantiles of the gamma and the beta distribution (2.7) go astray at parameters of some
 * ten thousand, or end the process; its distribution functions do not, and halving an interval
 * finds where they leave the tail. */

struct tail {
    double (*cdf)(double at, bool upper, double a, double b);
    double tail;
    bool upper; /* the tail lies above the place */
    double a, b;
};

static double cdf_gamma(double at, bool upper, double a, double b)
{
    return upper ? gsl_cdf_gamma_Q(at, a, b) : gsl_cdf_gamma_P(at, a, b);
}

static double cdf_beta(double at, bool upper, double a, double b)
{
    return upper ? gsl_cdf_beta_Q(at, a, b) : gsl_cdf_beta_P(at, a, b);
}

/* Whether the place of the tail is at `at` or below. */
static bool tail_reached(const struct tail *tail, double at)
{
    double part = tail->cdf(at, tail->upper, tail->a, tail->b);
    return tail->upper ? part <= tail->tail : part >= tail->tail;
}

/* The place, between `low` and `high`, to the last bit. */
static double tail_place(const struct tail *tail, double low, double high)
{
    double middle = low + (high - low) / 2;
    while (middle > low && middle < high) {
        bool reached = tail_reached(tail, middle);
        low = reached ? low : middle;
        high = reached ? middle : high;
        middle = low + (high - low) / 2;
    }
    return high;
}

struct rate rate_clopper_pearson(uint64_t successes, uint64_t trials, double confidence)
{
    assert(successes <= trials);
    assert(confidence > 0 && confidence < 1);
    if (trials == 0) {
        return rate_unknown();
    }
    double tail = (1 - confidence) / 2;
    double s = (double)successes;
    double n = (double)trials;
    struct rate rate = {successes, trials, s / n, 0, 1};
    if (successes > 0) {
        rate.low = tail_place(&(struct tail){cdf_beta, tail, false, s, n - s + 1}, 0, 1);
    }
    if (successes < trials) {
        rate.high = tail_place(&(struct tail){cdf_beta, tail, true, s + 1, n - s}, 0, 1);
    }
    return rate;
}

struct difference difference_newcombe(const struct rate *first, const struct rate *second,
                                      double confidence)
{
    return difference_newcombe_clustered(first, second, 1, confidence);
}

struct difference difference_newcombe_clustered(const struct rate *first, const struct rate *second,
                                                double design_effect, double confidence)
{
    if (first->trials == 0 || second->trials == 0) {
        return (struct difference){NAN, -1, 1};
    }
    struct rate a =
        rate_wilson_clustered(first->successes, first->trials, design_effect, confidence);
    struct rate b =
        rate_wilson_clustered(second->successes, second->trials, design_effect, confidence);
    double difference = a.rate - b.rate;
    /* Newcombe 1998, method 10: each side is the root of the squared distances from the two rates
     * to the Wilson limits that bring them together or apart. */
    return (struct difference){
        difference,
        difference - hypot(a.rate - a.low, b.high - b.rate),
        difference + hypot(a.high - a.rate, b.rate - b.low),
    };
}

/* Above this shape Wilson and Hilferty's root stands for the exact one, of which it leaves the tail
 * to within 1 in 10^5; GSL's distribution function ends the process from about 10^6 on. */
#define GAMMA_SHAPE_MAX 1e5

/* Where the gamma distribution of this shape has the lower tail `below`, by the cube of a normal
 * number: Wilson and Hilferty, PNAS 17, 1931, 684-688. */
static double gamma_quantile_near(double below, double shape)
{
    double ninth = 1 / (9 * shape);
    double root = 1 - ninth + gsl_cdf_ugaussian_Pinv(below) * sqrt(ninth);
    return root > 0 ? shape * root * root * root : 0;
}

/* The same exactly. `upper`: the tail lies above. */
static double gamma_quantile(double tail, bool upper, double shape)
{
    assert(tail > 0 && tail < 0.5 && shape > 0);
    double near = gamma_quantile_near(upper ? 1 - tail : tail, shape);
    if (shape > GAMMA_SHAPE_MAX) {
        return near;
    }
    struct tail gamma = {cdf_gamma, tail, upper, shape, 1};
    /* Far below the place the distribution function underflows, of which GSL makes an error. */
    double step = sqrt(shape) + 1;
    double low = near > step ? near - step : 0;
    double high = near + step;
    assert((low == 0 || !tail_reached(&gamma, low)) && tail_reached(&gamma, high));
    return tail_place(&gamma, low, high);
}

/* Garwood's limits for a count over an exposure, neither of which need be whole. */
static void garwood_limits(double count, double exposure, double confidence, double *low,
                           double *high)
{
    double tail = (1 - confidence) / 2;
    *low = count > 0 ? gamma_quantile(tail, false, count) / exposure : 0;
    *high = gamma_quantile(tail, true, count + 1) / exposure;
}

struct mean mean_poisson(uint64_t count, uint64_t per, double confidence)
{
    /* With a dispersion of 0 mean_dispersed changes nothing. */
    return mean_dispersed(count, per, 0, confidence);
}

struct mean mean_dispersed(uint64_t count, uint64_t per, double squares, double confidence)
{
    assert(confidence > 0 && confidence < 1);
    struct mean mean = {count, per, NAN, 0, INFINITY};
    if (per == 0) {
        return mean;
    }
    double n = (double)per;
    mean.mean = (double)count / n;
    double dispersion = 1;
    if (count > 0 && per > 1) {
        double variance = (squares - n * mean.mean * mean.mean) / (n - 1);
        dispersion = fmax(1, variance / mean.mean);
    }
    garwood_limits((double)count / dispersion, n / dispersion, confidence, &mean.low, &mean.high);
    return mean;
}

/* The estimate between two neighbours of the order: Hyndman and Fan's type 7, as GSL has it for
 * doubles; ours are whole numbers, and a copy of them would cost as much as the samples. */
static double quantile_estimate(const int64_t *sorted, size_t count, double at)
{
    double place = (double)(count - 1) * at;
    size_t below = (size_t)place;
    if (below + 1 >= count) {
        return (double)sorted[count - 1];
    }
    double part = place - (double)below;
    return (double)sorted[below] * (1 - part) + (double)sorted[below + 1] * part;
}

struct quantile quantile_of(const int64_t *sorted, size_t count, double at, double confidence)
{
    assert(at > 0 && at < 1);
    assert(confidence > 0 && confidence < 1);
    struct quantile quantile = {NAN, NAN, NAN};
    if (count == 0) {
        return quantile;
    }
    quantile.value = quantile_estimate(sorted, count, at);
    /* The number of samples below the quantile is binomial(count, at). X(r) lies above it with
     * probability P(B <= r - 1), X(s) below it with P(B >= s); each is to be at most the tail. */
    double tail = (1 - confidence) / 2;
    double n = (double)count;
    double centre = n * at;
    double reach = gsl_cdf_ugaussian_Qinv(tail) * sqrt(n * at * (1 - at)) + 2;
    size_t r = centre + 1 < n ? (size_t)centre + 1 : count;
    while (r > 0 && gsl_cdf_binomial_P((unsigned)(r - 1), at, (unsigned)count) > tail) {
        r--;
    }
    double start = fmax(1, centre - reach);
    size_t s = (size_t)start;
    while (s <= count && gsl_cdf_binomial_Q((unsigned)(s - 1), at, (unsigned)count) > tail) {
        s++;
    }
    if (r > 0) {
        quantile.low = (double)sorted[r - 1];
    }
    if (s <= count) {
        quantile.high = (double)sorted[s - 1];
    }
    return quantile;
}

void share_add(struct share_sums *sums, double part, double whole)
{
    assert(part >= 0 && part <= whole);
    sums->units++;
    sums->part += part;
    sums->whole += whole;
    sums->part_squared += part * part;
    sums->whole_squared += whole * whole;
    sums->product += part * whole;
}

double share_variance(const struct share_sums *sums)
{
    double n = (double)sums->units;
    double ratio = sums->part / sums->whole;
    if (sums->units < 2 || !(sums->whole > 0)) {
        return NAN;
    }
    double residual =
        sums->part_squared - 2 * ratio * sums->product + ratio * ratio * sums->whole_squared;
    return fmax(0, residual) * n / (n - 1) / (sums->whole * sums->whole);
}

void design_effect_add(struct design_effect_sums *sums, const struct share_sums *arm)
{
    if (arm->units < 2 || !(arm->whole > 0)) {
        return;
    }
    double rate = arm->part / arm->whole;
    sums->clustered += share_variance(arm) * arm->whole * arm->whole;
    sums->independent += arm->whole * rate * (1 - rate);
}

double design_effect_of(const struct design_effect_sums *sums)
{
    return sums->independent > 0 ? fmax(1, sums->clustered / sums->independent) : 1;
}

struct share share_of(const struct share_sums *sums, double confidence)
{
    double z = normal_two_sided(confidence);
    struct share share = {sums->units, sums->part, sums->whole, NAN, 0, 1};
    if (!(sums->whole > 0)) {
        return share;
    }
    double ratio = sums->part / sums->whole;
    share.share = ratio;
    if (sums->part <= 0 || sums->part >= sums->whole) {
        struct rate rate = rate_wilson(ratio > 0.5 ? sums->units : 0, sums->units, confidence);
        share.low = rate.low;
        share.high = rate.high;
    } else if (sums->units > 1) {
        double error = sqrt(share_variance(sums));
        share.low = fmax(0, ratio - z * error);
        share.high = fmin(1, ratio + z * error);
    }
    return share;
}
