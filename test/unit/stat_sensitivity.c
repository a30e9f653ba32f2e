/*
 * Sobol indices against the functions whose indices are known, and designs by what makes them so.
 */
#include "analysis/stat_sensitivity.h"

#include <math.h>

#include "stat_fixture.h"

#define FACTORS_MAX 8
#define POINTS_MAX 8192

static struct random key(uint32_t replicate)
{
    return random_make(61, replicate, 0, 0, STREAM_TEST, 0);
}

typedef double (*function)(const double *at, size_t factors);

/* sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1 with x from -pi to pi (Ishigami and Homma 1990). */
static double ishigami(const double *at, size_t factors)
{
    (void)factors;
    double x[3];
    for (int i = 0; i < 3; i++) {
        x[i] = M_PI * (2 * at[i] - 1);
    }
    return sin(x[0]) + 7 * pow(sin(x[1]), 2) + 0.1 * pow(x[2], 4) * sin(x[0]);
}

/* Sobol's g: the product of (|4 x - 2| + a) / (1 + a), with Saltelli and Sobol's a (1995). */
static const double g_a[FACTORS_MAX] = {0, 1, 4.5, 9, 99, 99, 99, 99};
static double sobol_g(const double *at, size_t factors)
{
    double product = 1;
    for (size_t i = 0; i < factors; i++) {
        product *= (fabs(4 * at[i] - 2) + g_a[i]) / (1 + g_a[i]);
    }
    return product;
}

/* Far from 0, where an estimator without its mean taken off is lost in its error. */
static double far_sum(const double *at, size_t factors)
{
    (void)factors;
    return 1e4 + at[0] + 2 * at[1];
}

/* Runs Saltelli's scheme on a design of 2k columns. */
static void estimate(function f, const double *design, size_t points, size_t factors,
                     uint32_t draws, uint32_t replicate, struct sobol_index *indices)
{
    static double a[POINTS_MAX * FACTORS_MAX];
    static double b[POINTS_MAX * FACTORS_MAX];
    static double mixed[POINTS_MAX * FACTORS_MAX];
    static double at[(FACTORS_MAX + 2) * POINTS_MAX];
    for (size_t p = 0; p < points; p++) {
        for (size_t i = 0; i < factors; i++) {
            a[p * factors + i] = design[p * 2 * factors + i];
            b[p * factors + i] = design[p * 2 * factors + factors + i];
        }
        at[p] = f(a + p * factors, factors);
        at[points + p] = f(b + p * factors, factors);
    }
    for (size_t i = 0; i < factors; i++) {
        memcpy(mixed, a, points * factors * sizeof *mixed);
        for (size_t p = 0; p < points; p++) {
            mixed[p * factors + i] = b[p * factors + i];
        }
        for (size_t p = 0; p < points; p++) {
            at[(2 + i) * points + p] = f(mixed + p * factors, factors);
        }
    }
    cr_assert_eq(sobol_indices(at, at + points, at + 2 * points, points, factors, draws, 0.95,
                               key(replicate), indices, NULL),
                 0);
}

static double design[POINTS_MAX * 2 * FACTORS_MAX];

Test(stat_sensitivity, ishigamis_indices_are_found)
{
    /* With a = 7, b = 0.1: V_1 = (1 + b pi^4 / 5)^2 / 2, V_2 = a^2 / 8, V_13 = 8 b^2 pi^8 / 225,
     * and no others. */
    double first[] = {0.3139, 0.4424, 0};
    double total[] = {0.5576, 0.4424, 0.2437};
    struct sobol_index indices[3];
    cr_assert_eq(design_sobol(8191, 6, NULL, design, NULL), 0);
    estimate(ishigami, design, 8191, 3, 0, 1, indices);
    for (int i = 0; i < 3; i++) {
        cr_expect_float_eq(indices[i].first, first[i], 0.005, "%d: %g", i, indices[i].first);
        cr_expect_float_eq(indices[i].total, total[i], 0.005, "%d: %g", i, indices[i].total);
        cr_expect(isnan(indices[i].first_low) && isnan(indices[i].total_high));
    }
}

Test(stat_sensitivity, sobols_g_is_found)
{
    /* V_i = 1 / (3 (1 + a_i)^2); V = prod (1 + V_i) - 1; ST_i V = V_i prod over others (1 + V_j).
     */
    struct sobol_index indices[FACTORS_MAX];
    cr_assert_eq(design_sobol(8191, 2 * FACTORS_MAX, NULL, design, NULL), 0);
    estimate(sobol_g, design, 8191, FACTORS_MAX, 0, 1, indices);
    double all = 1;
    for (int i = 0; i < FACTORS_MAX; i++) {
        all *= 1 + 1 / (3 * pow(1 + g_a[i], 2));
    }
    for (int i = 0; i < FACTORS_MAX; i++) {
        double own = 1 / (3 * pow(1 + g_a[i], 2));
        cr_expect_float_eq(indices[i].first, own / (all - 1), 0.01, "%d: %g", i, indices[i].first);
        cr_expect_float_eq(indices[i].total, own / (1 + own) * all / (all - 1), 0.01, "%d: %g", i,
                           indices[i].total);
    }
}

Test(stat_sensitivity, a_large_mean_does_no_harm)
{
    struct sobol_index indices[2];
    design_latin(500, 4, key(9), design);
    estimate(far_sum, design, 500, 2, 0, 1, indices);
    for (int i = 0; i < 2; i++) {
        double index = i == 0 ? 0.2 : 0.8;
        cr_expect_float_eq(indices[i].first, index, 0.1, "%d: %g", i, indices[i].first);
        cr_expect_float_eq(indices[i].total, index, 0.1, "%d: %g", i, indices[i].total);
    }
}

Test(stat_sensitivity, what_does_not_vary_has_no_indices)
{
    double same[8] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
    struct sobol_index index;
    cr_assert_eq(sobol_indices(same, same + 2, same + 4, 2, 1, 50, 0.95, key(0), &index, NULL), 0);
    cr_assert(isnan(index.first) && isnan(index.total) && isnan(index.first_low));
    cr_assert_eq(sobol_indices(same, same, same, 2, 1, UINT32_MAX, 0.95, key(0), &index, NULL),
                 ERROR_LIMIT);
}

Test(stat_sensitivity, bootstrap_intervals_cover)
{
    /* 300 designs of 256 random points: how often the intervals hold Ishigami's indices. 95% within
     * 4 points (the deviation of the count is 1.3 points). A Latin hypercube of points would have a
     * smaller error than the bootstrap knows of, so each point is a design of its own. */
    enum { RUNS = 300, POINTS = 256 };
    double truth[2][3] = {{0.31391, 0.44241, 0}, {0.55759, 0.44241, 0.24368}};
    double covered[2][3] = {{0}};
    for (uint32_t run = 0; run < RUNS; run++) {
        for (uint32_t p = 0; p < POINTS; p++) {
            design_latin(1, 6, random_make(67, run, p, 0, STREAM_TEST, 0), design + p * 6);
        }
        struct sobol_index indices[3];
        estimate(ishigami, design, POINTS, 3, 300, run, indices);
        for (int i = 0; i < 3; i++) {
            const struct sobol_index *index = &indices[i];
            covered[0][i] += index->first_low <= truth[0][i] && truth[0][i] <= index->first_high;
            covered[1][i] += index->total_low <= truth[1][i] && truth[1][i] <= index->total_high;
        }
    }
    for (int i = 0; i < 6; i++) {
        double part = covered[i / 3][i % 3] / RUNS;
        cr_expect_float_eq(part, 0.945, 0.04, "index %d covers %g", i, part);
    }
}

Test(stat_sensitivity, the_sequence_is_sobols)
{
    /* The first points in two dimensions (Bratley and Fox 1988), in the order of Gray's code. */
    double expected[7][2] = {{0.5, 0.5},     {0.75, 0.25},   {0.25, 0.75},  {0.375, 0.375},
                             {0.875, 0.875}, {0.625, 0.125}, {0.125, 0.625}};
    cr_assert_eq(design_sobol(7, 2, NULL, design, NULL), 0);
    for (int i = 0; i < 14; i++) {
        cr_assert_float_eq(design[i], expected[i / 2][i % 2], 1e-15, "point %d", i / 2);
    }
    /* With the origin every 2^m points have one point in each of 2^m parts, in every factor. */
    cr_assert_eq(design_sobol(255, 40, NULL, design, NULL), 0);
    for (int i = 0; i < 40; i++) {
        bool seen[256] = {true};
        for (int p = 0; p < 255; p++) {
            int part = (int)(design[p * 40 + i] * 256);
            cr_assert(part >= 0 && part < 256 && !seen[part]);
            seen[part] = true;
        }
    }
    cr_assert_eq(design_sobol(1, 41, NULL, design, NULL), ERROR_LIMIT);
    cr_assert_eq(design_sobol(1, 0, NULL, design, NULL), ERROR_LIMIT);
}

Test(stat_sensitivity, a_shift_moves_all_points_alike)
{
    static double moved[64 * 3];
    struct random shift = key(4);
    cr_assert_eq(design_sobol(64, 3, NULL, design, NULL), 0);
    cr_assert_eq(design_sobol(64, 3, &shift, moved, NULL), 0);
    for (int i = 0; i < 64 * 3; i++) {
        double by = moved[i] - design[i];
        double first = moved[i % 3] - design[i % 3];
        cr_assert(moved[i] >= 0 && moved[i] < 1);
        cr_assert_float_eq(by - floor(by), first - floor(first), 1e-12);
    }
    cr_assert(fabs(moved[0] - design[0]) > 1e-3);
    cr_assert(fabs(moved[0] - moved[1]) > 1e-3);
}

Test(stat_sensitivity, a_latin_hypercube_has_one_point_in_each_part)
{
    enum { POINTS = 50, FACTORS = 6 };
    design_latin(POINTS, FACTORS, key(7), design);
    for (int i = 0; i < FACTORS; i++) {
        bool seen[POINTS] = {false};
        bool ordered = true;
        for (int p = 0; p < POINTS; p++) {
            double at = design[p * FACTORS + i];
            int part = (int)(at * POINTS);
            cr_assert(at >= 0 && at < 1 && !seen[part]);
            seen[part] = true;
            ordered &= part == p;
        }
        cr_assert(!ordered);
    }
    /* The orders of two factors have nothing to do with each other: the mean of the correlation
     * over 400 designs of 10 points is 0 +- 1 / sqrt(9 * 400). */
    double sum = 0;
    double within = 0;
    for (uint32_t run = 0; run < 400; run++) {
        design_latin(10, 2, key(run), design);
        for (int p = 0; p < 10; p++) {
            sum += (design[2 * p] - 0.5) * (design[2 * p + 1] - 0.5) * 12 / 10;
            within += design[2 * p] * 10 - floor(design[2 * p] * 10);
        }
    }
    cr_expect_float_eq(sum / 400, 0, 0.06, "%g", sum / 400);
    cr_expect_float_eq(within / 4000, 0.5, 0.02, "%g", within / 4000);
}
