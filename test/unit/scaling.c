/*
 * Goal: thresholds are found where they were planted, as often as the intervals say; the exact
 * values of complete graphs are right. Limits: how far a finite size moves a crossing is a matter
 * of the model, not of the estimator.
 */
#include <criterion/criterion.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "analysis/scaling.h"

#define CURVE(points) ((struct scaling_curve){points, sizeof(points) / sizeof(points)[0]})

static struct scaling_bootstrap bootstrap(uint32_t draws, uint32_t number)
{
    return (struct scaling_bootstrap){draws, 0.95,
                                      random_make(20261121, number, 0, 0, STREAM_TEST, 0)};
}

/* ---- by hand ---- */

Test(scaling, symmetric_curves_cross_in_the_middle)
{
    const struct scaling_point flat[] = {{1, 40, 100}, {2, 50, 100}, {3, 60, 100}};
    const struct scaling_point steep[] = {{1, 10, 100}, {2, 50, 100}, {3, 90, 100}};
    struct scaling_curve smaller = CURVE(flat), larger = CURVE(steep);
    struct scaling_bootstrap drawn = bootstrap(400, 0);
    struct scaling_estimate estimate;
    struct error error = {0};

    cr_assert_eq(scaling_crossing(&smaller, &larger, &drawn, &estimate, &error), 0, "%s",
                 error.message);
    cr_expect_float_eq(estimate.value, 2, 1e-6, "%g", estimate.value);
    cr_expect(estimate.low > 1.5 && estimate.low < 1.95, "%g", estimate.low);
    cr_expect(estimate.high > 2.05 && estimate.high < 2.5, "%g", estimate.high);
    cr_expect_leq(estimate.outside, 4);
    /* What is called the larger falls below: no threshold. */
    cr_assert_eq(scaling_crossing(&larger, &smaller, &drawn, &estimate, &error), 0);
    cr_expect(isnan(estimate.value));
}

Test(scaling, a_line_passes_where_it_was_laid)
{
    /* Log odds of (rate - 1.3) log 3: shares 1/4, 1/2, 3/4 at 0.3, 1.3, 2.3. */
    const struct scaling_point points[] = {
        {0.3, 250000, 1000000}, {1.3, 500000, 1000000}, {2.3, 750000, 1000000}};
    struct scaling_curve curve = CURVE(points);
    struct scaling_bootstrap drawn = bootstrap(20, 1);
    struct scaling_estimate estimate;
    struct error error = {0};

    cr_assert_eq(scaling_passing(&curve, 0.5, &drawn, &estimate, &error), 0);
    cr_expect_float_eq(estimate.value, 1.3, 1e-6);
    /* Log odds of 2/3 are log 2. */
    cr_assert_eq(scaling_passing(&curve, 2.0 / 3, &drawn, &estimate, &error), 0);
    cr_expect_float_eq(estimate.value, 1.3 + log(2) / log(3), 1e-5, "%.9g", estimate.value);
    cr_expect(estimate.low < estimate.value && estimate.value < estimate.high);
    cr_expect_lt(estimate.high - estimate.low, 0.02);
    /* Not among the rates: above all of them, and the interval says that. */
    cr_assert_eq(scaling_passing(&curve, 0.99, &drawn, &estimate, &error), 0);
    cr_expect(isnan(estimate.value) && isinf(estimate.low) && estimate.low > 0);
    cr_expect_eq(estimate.outside, 20);
    cr_assert_eq(scaling_passing(&curve, 0.01, &drawn, &estimate, &error), 0);
    cr_expect(isnan(estimate.value) && isinf(estimate.high) && estimate.high < 0);
}

Test(scaling, too_little_is_an_error)
{
    const struct scaling_point points[] = {{1, 1, 2}, {2, 1, 2}, {3, 0, 0}, {4, 2, 2}};
    struct scaling_curve two = {points, 3}, three = CURVE(points);
    struct scaling_bootstrap drawn = bootstrap(10, 2);
    struct scaling_estimate estimate;
    struct error error = {0};

    cr_expect_eq(scaling_passing(&two, 0.5, &drawn, &estimate, &error), ERROR_INPUT);
    cr_expect(isnan(estimate.value));
    cr_expect_eq(scaling_passing(&three, 0.5, &drawn, &estimate, &error), 0);
    drawn.draws = UINT32_MAX;
    cr_expect_eq(scaling_passing(&three, 0.5, &drawn, &estimate, &error), ERROR_LIMIT);
}

/* ---- planted thresholds ---- */

#define THRESHOLD 1.63
#define SETS 400

/* Survival as finite-size scaling has it, and no logistic curve: the normal distribution's. */
static double planted(double rate, double size)
{
    return gsl_cdf_ugaussian_P(0.15 + 1.1 * (rate - THRESHOLD) * pow(size, 0.9));
}

static void plant(struct scaling_point points[6], double size, struct random *random)
{
    for (int i = 0; i < 6; i++) {
        points[i] = (struct scaling_point){1.58 + 0.02 * i, 0, 300};
        for (int r = 0; r < 300; r++)
            points[i].survived +=
                (double)(random_u64(random) >> 11) * 0x1p-53 < planted(points[i].rate, size);
    }
}

/* In 400 sets, 95% of intervals hold it, within three deviations of a binomial count (13.1). */
Test(scaling, crossings_cover_a_planted_threshold)
{
    struct random random = random_make(7, 0, 0, 0, STREAM_TEST, 0);
    uint32_t covered = 0;
    double sum = 0;

    for (uint32_t s = 0; s < SETS; s++) {
        struct scaling_point few[6], many[6];
        struct scaling_curve smaller = CURVE(few), larger = CURVE(many);
        struct scaling_bootstrap drawn = bootstrap(199, 100 + s);
        struct scaling_estimate estimate;
        struct error error = {0};

        plant(few, 16, &random);
        plant(many, 64, &random);
        cr_assert_eq(scaling_crossing(&smaller, &larger, &drawn, &estimate, &error), 0, "%s",
                     error.message);
        covered += estimate.low <= THRESHOLD && THRESHOLD <= estimate.high;
        sum += isnan(estimate.value) ? THRESHOLD : estimate.value;
    }
    cr_expect(covered >= 366 && covered <= 394, "%u of %d", covered, SETS);
    cr_expect_float_eq(sum / SETS, THRESHOLD, 0.002, "%g", sum / SETS);
}

Test(scaling, passings_cover_a_planted_threshold)
{
    struct random random = random_make(8, 0, 0, 0, STREAM_TEST, 0);
    double share = planted(THRESHOLD, 48);
    uint32_t covered = 0;

    for (uint32_t s = 0; s < SETS; s++) {
        struct scaling_point points[6];
        struct scaling_curve curve = CURVE(points);
        struct scaling_bootstrap drawn = bootstrap(199, 1000 + s);
        struct scaling_estimate estimate;
        struct error error = {0};

        plant(points, 48, &random);
        cr_assert_eq(scaling_passing(&curve, share, &drawn, &estimate, &error), 0);
        covered += estimate.low <= THRESHOLD && THRESHOLD <= estimate.high;
    }
    cr_expect(covered >= 366 && covered <= 394, "%u of %d", covered, SETS);
}

Test(scaling, the_same_key_gives_the_same_interval)
{
    const struct scaling_point points[] = {{1, 30, 100}, {2, 50, 100}, {3, 60, 100}};
    struct scaling_curve curve = CURVE(points);
    struct scaling_bootstrap one = bootstrap(50, 3), other = bootstrap(50, 4);
    struct scaling_estimate first, second, third;
    struct error error = {0};

    cr_assert_eq(scaling_passing(&curve, 0.5, &one, &first, &error), 0);
    cr_assert_eq(scaling_passing(&curve, 0.5, &one, &second, &error), 0);
    cr_assert_eq(scaling_passing(&curve, 0.5, &other, &third, &error), 0);
    cr_expect(first.low == second.low && first.high == second.high);
    cr_expect(first.value == third.value && first.low != third.low);
}

/* ---- complete graphs ---- */

/* From linear equations over all 2^N states (docs/exactness.md). */
Test(scaling, extinction_of_complete_graphs)
{
    static const struct {
        uint32_t agents;
        double rate, mean;
    } exact[] = {{2, 0.25, 1.625}, {2, 4, 3.5},       {3, 1, 3.83333}, {4, 2, 28.9167},
                 {4, 4, 147.75},   {5, 0.5, 6.80833}, {5, 2, 167.683}, {5, 4, 1801.08}};

    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++)
        cr_expect_float_eq(complete_extinction(exact[i].agents, exact[i].rate), exact[i].mean,
                           exact[i].mean * 4e-6);
}

static double survival(uint32_t agents, double rate, uint32_t alive, double time)
{
    struct error error = {0};
    double somebody = NAN;

    cr_assert_eq(complete_survival(agents, rate, alive, time, &somebody, &error), 0);
    return somebody;
}

Test(scaling, survival_on_complete_graphs)
{
    double sum = 0, step = 0.05;

    cr_expect_eq(survival(5, 1, 5, 0), 1);
    cr_expect_float_eq(survival(1, 3, 1, 2), exp(-2), 1e-9);
    /* Nobody revives: 1 - (1 - exp(-1.5))^4. */
    cr_expect_float_eq(survival(4, 0, 4, 1.5), 1 - pow(1 - exp(-1.5), 4), 1e-9);
    /* The mean time to extinction is the area under survival (Simpson's rule). */
    for (int i = 0; i <= 4000; i++)
        sum += survival(4, 1, 4, step * i) * (i == 0 || i == 4000 ? 1 : i % 2 == 1 ? 4 : 2);
    cr_expect_float_eq(sum * step / 3, complete_extinction(4, 1), 1e-5);
    /* Critical and so large that nobody meets another: 1 / (1 + t) (Kendall 1948). */
    cr_expect_float_eq(survival(1500, 1.0 / 1500, 1, 9), 0.1, 0.001);
}

/* On exact curves the crossing of sizes tends to the threshold, 1 link's worth for each life. */
Test(scaling, exact_crossings_of_complete_graphs_tend_to_one)
{
    double before = INFINITY;
    struct scaling_bootstrap drawn = bootstrap(1, 5);

    for (uint32_t size = 16; size <= 64; size *= 2) {
        struct scaling_point points[2][6];
        struct scaling_curve smaller = CURVE(points[0]), larger = CURVE(points[1]);
        struct scaling_estimate estimate;
        struct error error = {0};

        for (uint32_t k = 0; k < 2; k++)
            for (int i = 0; i < 6; i++) {
                uint32_t agents = size << (2 * k);
                double rate = 0.9 + 0.05 * i;

                points[k][i] = (struct scaling_point){
                    rate,
                    (uint64_t)llround(1e6 *
                                      survival(agents, rate / agents, agents, 2 * sqrt(agents))),
                    1000000};
            }
        cr_assert_eq(scaling_crossing(&smaller, &larger, &drawn, &estimate, &error), 0);
        cr_expect_lt(fabs(estimate.value - 1), before, "%u: %g", size, estimate.value);
        before = fabs(estimate.value - 1);
    }
    cr_expect_lt(before, 0.02, "%g", before);
}
