/*
 * Statistics against published values, and against sums done the long way.
 */
#include "analysis/statistics.h"

#include <criterion/criterion.h>
#include <math.h>

static void expect_rate(struct rate rate, double low, double high, double within)
{
    cr_expect_float_eq(rate.low, low, within, "%g of %g: low is %.5f, not %.5f",
                       (double)rate.successes, (double)rate.trials, rate.low, low);
    cr_expect_float_eq(rate.high, high, within, "%g of %g: high is %.5f, not %.5f",
                       (double)rate.successes, (double)rate.trials, rate.high, high);
}

Test(statistics, wilson_gives_the_intervals_of_the_papers)
{
    /* Knecht, pooled two-agent deletion and its object control. */
    expect_rate(rate_wilson(651, 1700, 0.95), 0.3601, 0.4063, 0.00005);
    expect_rate(rate_wilson(142, 1700, 0.95), 0.0713, 0.0976, 0.00005);
    /* Cells of 100, and the robots of Palisade Research. */
    expect_rate(rate_wilson(0, 100, 0.95), 0, 0.037, 0.0005);
    expect_rate(rate_wilson(50, 100, 0.95), 0.404, 0.596, 0.0005);
    expect_rate(rate_wilson(52, 100, 0.95), 0.423, 0.615, 0.0005);
    expect_rate(rate_wilson(2, 100, 0.95), 0.006, 0.070, 0.0005);
    expect_rate(rate_wilson(3, 10, 0.95), 0.108, 0.603, 0.0005);
    /* Newcombe, Statistics in Medicine 17, 857-872 (1998), table I, method 3. */
    expect_rate(rate_wilson(81, 263, 0.95), 0.2553, 0.3662, 0.00005);
    expect_rate(rate_wilson(15, 148, 0.95), 0.0624, 0.1605, 0.00005);
    expect_rate(rate_wilson(0, 20, 0.95), 0, 0.1611, 0.00005);
    expect_rate(rate_wilson(1, 29, 0.95), 0.0061, 0.1718, 0.00005);
}

Test(statistics, wilson_limits_solve_the_score_equation)
{
    /* |p - limit| = z sqrt(limit (1 - limit) / n), whatever the confidence. */
    for (uint64_t n = 1; n < 60; n += 7) {
        for (uint64_t s = 0; s <= n; s++) {
            struct rate rate = rate_wilson(s, n, 0.99);
            double z = 2.5758293035489004;
            double p = (double)s / (double)n;
            if (s > 0) {
                double reach = z * sqrt(rate.low * (1 - rate.low) / (double)n);
                cr_assert_float_eq(p - rate.low, reach, 1e-9, "low of %g/%g", (double)s, (double)n);
            }
            if (s < n) {
                double reach = z * sqrt(rate.high * (1 - rate.high) / (double)n);
                cr_assert_float_eq(rate.high - p, reach, 1e-9, "high of %g/%g", (double)s,
                                   (double)n);
            }
            cr_assert(rate.low >= 0 && rate.low <= p && p <= rate.high && rate.high <= 1);
        }
    }
    cr_assert_eq(rate_wilson(0, 9, 0.95).low, 0);
    cr_assert_eq(rate_wilson(9, 9, 0.95).high, 1);
}

Test(statistics, without_trials_nothing_is_known)
{
    struct rate rates[] = {rate_wilson(0, 0, 0.95), rate_clopper_pearson(0, 0, 0.95)};
    for (int i = 0; i < 2; i++) {
        cr_assert(isnan(rates[i].rate));
        cr_assert_eq(rates[i].low, 0);
        cr_assert_eq(rates[i].high, 1);
    }
    struct rate some = rate_wilson(1, 2, 0.95);
    cr_assert(isnan(difference_newcombe(&rates[0], &some, 0.95).difference));
    cr_assert(isnan(mean_poisson(0, 0, 0.95).mean));
    cr_assert(isnan(quantile_of(NULL, 0, 0.5, 0.95).value));
    cr_assert(isnan(share_of(&(struct share_sums){0}, 0.95).share));
}

/* P(B = k) for a binomial count, by multiplication. */
static double binomial(uint64_t k, uint64_t n, double p)
{
    double value = 1;
    for (uint64_t i = 0; i < k; i++) {
        value *= (double)(n - i) / (double)(i + 1) * p;
    }
    for (uint64_t i = 0; i < n - k; i++) {
        value *= 1 - p;
    }
    return value;
}

static double binomial_sum(uint64_t from, uint64_t to, uint64_t n, double p)
{
    double sum = 0;
    for (uint64_t k = from; k <= to; k++) {
        sum += binomial(k, n, p);
    }
    return sum;
}

Test(statistics, clopper_pearson_leaves_the_tails_that_it_names)
{
    for (uint64_t n = 1; n <= 40; n += 3) {
        for (uint64_t s = 0; s <= n; s++) {
            struct rate rate = rate_clopper_pearson(s, n, 0.95);
            if (s > 0) {
                cr_assert_float_eq(binomial_sum(s, n, n, rate.low), 0.025, 1e-9, "%g/%g", (double)s,
                                   (double)n);
            } else {
                cr_assert_eq(rate.low, 0);
            }
            if (s < n) {
                cr_assert_float_eq(binomial_sum(0, s, n, rate.high), 0.025, 1e-9, "%g/%g",
                                   (double)s, (double)n);
            } else {
                cr_assert_eq(rate.high, 1);
            }
        }
    }
    /* Newcombe 1998 (857-872), table I, method 5. */
    expect_rate(rate_clopper_pearson(81, 263, 0.95), 0.2527, 0.3676, 0.00005);
    expect_rate(rate_clopper_pearson(0, 20, 0.95), 0, 0.1684, 0.00005);
}

Test(statistics, newcombe_gives_his_own_examples)
{
    /* Newcombe, Statistics in Medicine 17, 873-890 (1998), table II, method 10. */
    static const struct {
        uint64_t a, m, b, n;
        double low, high;
    } examples[] = {
        {56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090},
        {6, 7, 2, 7, 0.0582, 0.8062},     {5, 56, 0, 29, -0.0381, 0.1926},
        {0, 10, 0, 20, -0.1611, 0.2775},  {0, 10, 0, 10, -0.2775, 0.2775},
        {10, 10, 0, 20, 0.6791, 1.0000},  {10, 10, 0, 10, 0.6075, 1.0000},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct rate a = {.successes = examples[i].a, .trials = examples[i].m};
        struct rate b = {.successes = examples[i].b, .trials = examples[i].n};
        struct difference d = difference_newcombe(&a, &b, 0.95);
        cr_expect_float_eq(d.low, examples[i].low, 0.00006, "example %zu: low %.5f", i, d.low);
        cr_expect_float_eq(d.high, examples[i].high, 0.00006, "example %zu: high %.5f", i, d.high);
    }
}

/* P(X <= k) for a Poisson count, by addition. */
static double poisson_sum(uint64_t k, double mean)
{
    double term = exp(-mean);
    double sum = term;
    for (uint64_t i = 1; i <= k; i++) {
        term *= mean / (double)i;
        sum += term;
    }
    return sum;
}

Test(statistics, poisson_limits_are_exact)
{
    cr_assert_float_eq(mean_poisson(0, 100, 0.95).high * 100, 3.6889, 0.00005);
    cr_assert_eq(mean_poisson(0, 100, 0.95).low, 0);
    /* Garwood's table for a count of 10. */
    cr_assert_float_eq(mean_poisson(10, 1, 0.95).low, 4.795, 0.0005);
    cr_assert_float_eq(mean_poisson(10, 1, 0.95).high, 18.39, 0.005);
    for (uint64_t count = 1; count < 60; count++) {
        struct mean mean = mean_poisson(count, 1, 0.95);
        cr_assert_float_eq(poisson_sum(count, mean.high), 0.025, 1e-9);
        cr_assert_float_eq(1 - poisson_sum(count - 1, mean.low), 0.025, 1e-9);
    }
}

/* P(at most k of a Poisson count) for a large mean: each term by its logarithm, from k downwards
 * until the rest no longer counts. No continued fraction or series of the gamma function. */
static double poisson_sum_large(uint64_t k, double mean)
{
    double term = exp((double)k * log(mean) - mean - lgamma((double)k + 1));
    double sum = 0;
    for (uint64_t i = k; term > sum * 1e-18; i--) {
        sum += term;
        term *= (double)i / mean;
        if (i == 0) {
            break;
        }
    }
    return sum;
}

/* P(at least k), likewise upwards. */
static double poisson_rest_large(uint64_t k, double mean)
{
    double term = exp((double)k * log(mean) - mean - lgamma((double)k + 1));
    double sum = 0;
    for (uint64_t i = k; term > sum * 1e-18; i++) {
        sum += term;
        term *= mean / (double)(i + 1);
    }
    return sum;
}

Test(statistics, poisson_limits_are_exact_for_large_counts)
{
    static const uint64_t counts[] = {1,     10,    100,    1000,    10000,   24799,
                                      25000, 99998, 100001, 1000000, 10000000};
    static const double confidences[] = {0.9, 0.95, 0.999};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (size_t j = 0; j < 3; j++) {
            double tail = (1 - confidences[j]) / 2;
            struct mean mean = mean_poisson(counts[i], 1, confidences[j]);
            cr_expect_float_eq(poisson_sum_large(counts[i], mean.high) / tail, 1, 1e-5,
                               "upper limit of %zu: %.10g", (size_t)counts[i], mean.high);
            cr_expect_float_eq(poisson_rest_large(counts[i], mean.low) / tail, 1, 1e-5,
                               "lower limit of %zu: %.10g", (size_t)counts[i], mean.low);
        }
    }
    /* Counts of a run of Knecht's arms, whose upper limit was once told as 1.020. */
    cr_expect_float_eq(mean_poisson(24799, 30000, 0.95).low, 0.816377, 1e-6);
    cr_expect_float_eq(mean_poisson(24799, 30000, 0.95).high, 0.836987, 1e-6);
}

Test(statistics, poisson_limits_go_on_where_the_form_changes)
{
    struct mean before = mean_poisson(99998, 1, 0.95);
    struct mean after = mean_poisson(100001, 1, 0.95);
    cr_expect_float_eq(after.low - before.low, 3, 0.01);
    cr_expect_float_eq(after.high - before.high, 3, 0.01);
    struct mean most = mean_poisson(UINT64_C(1) << 50, 1, 0.95);
    double width = 2 * 1.959964 * 33554432; /* of the normal form: z times the root of the count */
    cr_expect_float_eq((most.high - most.low) / width, 1, 1e-6);
}

Test(statistics, dispersion_widens_and_never_narrows)
{
    /* 20 stops: four called forth 10 responses each, the others none. */
    struct mean even = mean_poisson(40, 20, 0.95);
    struct mean uneven = mean_dispersed(40, 20, 4 * 100, 0.95);
    double dispersion = (400 - 20 * 4.0) / 19 / 2;
    struct mean same = mean_dispersed(40, 20, 20 * 4, 0.95); /* two each */
    cr_assert_float_eq(uneven.mean, 2, 1e-12);
    cr_assert_lt(uneven.low, even.low);
    cr_assert_gt(uneven.high, even.high);
    cr_assert_float_eq(same.low, even.low, 1e-12);
    cr_assert_float_eq(same.high, even.high, 1e-12);
    /* The relative width grows about as the root of the dispersion. */
    double ratio = (uneven.high - uneven.low) / (even.high - even.low);
    cr_assert_float_eq(ratio, sqrt(dispersion), 0.25 * sqrt(dispersion));
}

Test(statistics, quantiles_take_the_order_statistics_of_the_tables)
{
    int64_t sorted[100];
    for (int i = 0; i < 100; i++) {
        sorted[i] = i + 1;
    }
    static const struct {
        size_t count;
        double low, high;
    } medians[] = {
        /* The ranks that bound a median at 95%, from tables of the sign test. */
        {6, 1, 6}, {10, 2, 9}, {15, 4, 12}, {20, 6, 15}, {25, 8, 18}, {100, 40, 61},
    };
    for (size_t i = 0; i < sizeof medians / sizeof *medians; i++) {
        struct quantile median = quantile_of(sorted, medians[i].count, 0.5, 0.95);
        cr_expect_eq(median.low, medians[i].low, "n=%zu: low %g", medians[i].count, median.low);
        cr_expect_eq(median.high, medians[i].high, "n=%zu: high %g", medians[i].count, median.high);
        cr_expect_float_eq(median.value, ((double)medians[i].count + 1) / 2, 1e-12);
    }
    struct quantile few = quantile_of(sorted, 5, 0.5, 0.95);
    cr_assert(isnan(few.low) && isnan(few.high), "five samples bound no median at 95%%");
    struct quantile p99 = quantile_of(sorted, 100, 0.99, 0.95);
    cr_assert_float_eq(p99.value, 99.01, 1e-9);
    cr_assert(isnan(p99.high), "a hundred samples do not bound the 99th percentile from above");
    cr_assert_eq(p99.low, 97);
    cr_assert_eq(quantile_of(sorted, 1, 0.99, 0.95).value, 1);
}

Test(statistics, quantile_intervals_cover_and_are_the_tightest)
{
    int64_t sorted[200];
    for (int i = 0; i < 200; i++) {
        sorted[i] = i + 1;
    }
    static const double at[] = {0.1, 0.5, 0.9, 0.99};
    for (size_t n = 1; n <= 200; n++) {
        for (int i = 0; i < 4; i++) {
            struct quantile quantile = quantile_of(sorted, n, at[i], 0.95);
            uint64_t r = isnan(quantile.low) ? 0 : (uint64_t)quantile.low;
            uint64_t s = isnan(quantile.high) ? n + 1 : (uint64_t)quantile.high;
            /* r is the last with P(B <= r - 1) <= 2.5%, s the first with P(B >= s) <= 2.5%. */
            if (r > 0) {
                cr_assert_leq(binomial_sum(0, r - 1, n, at[i]), 0.025 + 1e-9);
            }
            if (r < n) {
                cr_assert_gt(binomial_sum(0, r, n, at[i]), 0.025 - 1e-9, "n=%zu r=%g", n,
                             (double)r);
            }
            if (s <= n) {
                cr_assert_leq(binomial_sum(s, n, n, at[i]), 0.025 + 1e-9);
            }
            if (s > 1) {
                cr_assert_gt(binomial_sum(s - 1, n, n, at[i]), 0.025 - 1e-9, "n=%zu s=%g", n,
                             (double)s);
            }
        }
    }
}

Test(statistics, shares_weigh_units_by_their_size)
{
    struct share_sums sums = {0};
    share_add(&sums, 1, 2);
    share_add(&sums, 0, 6);
    share_add(&sums, 2, 4);
    struct share share = share_of(&sums, 0.95);
    cr_assert_float_eq(share.share, 0.25, 1e-12);
    /* Residuals part - 0.25 whole: 0.5, -1.5, 1; variance of the ratio 3.5 * 3 / 2 / 12^2. */
    double error = sqrt(3.5 * 3 / 2) / 12;
    cr_assert_float_eq(share.high, fmin(1, 0.25 + 1.959963985 * error), 1e-9);
    cr_assert_float_eq(share.low, fmax(0, 0.25 - 1.959963985 * error), 1e-9);
    struct share_sums none = {0};
    for (int i = 0; i < 100; i++) {
        share_add(&none, 0, 3);
    }
    cr_assert_float_eq(share_of(&none, 0.95).high, rate_wilson(0, 100, 0.95).high, 1e-12);
}
