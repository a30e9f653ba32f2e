/*
 * The cluster bootstrap by what its draws must be and by coverage; joint events against every
 * permutation made one by one.
 */
#include "analysis/stat_resample.h"
#include "lib/joint.h"

#include <math.h>
#include <string.h>

#include "analysis/statistics.h"
#include "stat_fixture.h"

static double uniform(struct random *random)
{
    return ((double)(random_u64(random) >> 11) + 0.5) * 0x1p-53;
}

static struct random key(uint32_t replicate)
{
    return random_make(41, replicate, 0, 0, STREAM_TEST, 0);
}

Test(stat_resample, the_same_key_gives_the_same_interval)
{
    double part[] = {3, 0, 5, 2, 8, 1};
    double whole[] = {10, 4, 9, 12, 10, 1};
    struct clusters clusters = {6, part, whole};
    struct bootstrap first;
    struct bootstrap second;
    cr_assert_eq(bootstrap_ratio(&clusters, 500, 0.95, key(1), &first, NULL), 0);
    cr_assert_eq(bootstrap_ratio(&clusters, 500, 0.95, key(1), &second, NULL), 0);
    cr_assert(first.low >= second.low && first.low <= second.low);
    cr_assert(first.high >= second.high && first.high <= second.high);
    cr_assert_float_eq(first.value, 19 / 46.0, 1e-15);
    cr_assert(first.draws == 500 && !first.stand_in);
    cr_assert_eq(bootstrap_ratio(&clusters, 500, 0.95, key(2), &second, NULL), 0);
    cr_assert(fabs(first.low - second.low) > 0 || fabs(first.high - second.high) > 0);
}

Test(stat_resample, the_percentiles_are_those_of_every_draw_there_is)
{
    /* Four clusters have 4^4 draws, each as probable as the other: their 10th and 90th percentile,
     * by counting. The ratios lie so that neither percentile is near a step of the distribution. */
    double part[] = {1, 3, 0, 9};
    double whole[] = {10, 5, 7, 11};
    double step = 1 / 256.0;
    struct clusters clusters = {4, part, whole};
    struct bootstrap result;
    cr_assert_eq(bootstrap_ratio(&clusters, 40000, 0.8, key(3), &result, NULL), 0);
    double below[2] = {0};
    double at[2] = {0};
    for (int draw = 0; draw < 256; draw++) {
        double parts = 0;
        double wholes = 0;
        for (int i = 0, rest = draw; i < 4; i++, rest /= 4) {
            parts += part[rest % 4];
            wholes += whole[rest % 4];
        }
        for (int end = 0; end < 2; end++) {
            double limit = end ? result.high : result.low;
            below[end] += parts / wholes < limit - 1e-12 ? step : 0;
            at[end] += fabs(parts / wholes - limit) <= 1e-12 ? step : 0;
        }
    }
    cr_expect(below[0] < 0.1 && below[0] + at[0] > 0.1 && at[0] > 0, "%g %g", below[0], at[0]);
    cr_expect(below[1] < 0.9 && below[1] + at[1] > 0.9 && at[1] > 0, "%g %g", below[1], at[1]);
}

Test(stat_resample, draws_without_a_whole_are_left_out)
{
    double part[] = {1, 0, 0};
    double whole[] = {2, 2, 0};
    struct bootstrap result;
    cr_assert_eq(
        bootstrap_ratio(&(struct clusters){3, part, whole}, 27000, 0.95, key(4), &result, NULL), 0);
    cr_assert_float_eq((double)result.draws, 26000, 200);
    cr_assert(result.low <= 0 && result.high <= 0.5 && result.high >= 0.5);
}

Test(stat_resample, where_nothing_varies_wilson_stands_in)
{
    double none[] = {0, 0, 0};
    double whole[] = {20, 30, 10};
    struct clusters quiet = {3, none, whole};
    struct clusters loud = {3, whole, whole};
    struct bootstrap result;
    cr_assert_eq(bootstrap_ratio(&quiet, 100, 0.95, key(5), &result, NULL), 0);
    struct rate wilson = rate_wilson(0, 3, 0.95);
    cr_assert(result.stand_in && result.low <= 0 && result.draws == 0);
    cr_assert_float_eq(result.high, wilson.high, 1e-15);

    /* All of the one, none of the other: Newcombe's interval of three trials each. */
    struct rate all = rate_wilson(3, 3, 0.95);
    struct difference newcombe = difference_newcombe(&all, &wilson, 0.95);
    cr_assert_eq(bootstrap_difference(&loud, &quiet, 100, 0.95, key(5), &result, NULL), 0);
    cr_assert(result.stand_in);
    cr_assert_float_eq(result.value, 1, 1e-15);
    cr_assert_float_eq(result.low, newcombe.low, 1e-12);
    cr_assert_float_eq(result.high, newcombe.high, 1e-12);

    struct clusters empty = {0, NULL, NULL};
    cr_assert_eq(bootstrap_ratio(&empty, 100, 0.95, key(5), &result, NULL), 0);
    cr_assert(isnan(result.value) && result.low <= 0 && result.high >= 1);
    cr_assert_eq(bootstrap_difference(&loud, &empty, 100, 0.95, key(5), &result, NULL), 0);
    cr_assert(isnan(result.value) && result.low <= -1 && result.high >= 1);
    double part[] = {3};
    double ten[] = {10};
    cr_assert_eq(
        bootstrap_ratio(&(struct clusters){1, part, ten}, 100, 0.95, key(5), &result, NULL), 0);
    cr_assert(result.stand_in && result.low < 0.3 && result.high > 0.3);
    /* Half rounds to one success of one, above which Wilson's narrow interval would lie. */
    double half[] = {5};
    cr_assert_eq(bootstrap_ratio(&(struct clusters){1, half, ten}, 100, 0.5, key(5), &result, NULL),
                 0);
    cr_assert(result.low <= 0.5 && result.high >= 0.5);
    double more[] = {10, 10, 10};
    double some[] = {1, 2, 3};
    cr_assert_eq(
        bootstrap_ratio(&(struct clusters){3, some, more}, UINT32_MAX, 0.95, key(5), &result, NULL),
        ERROR_LIMIT);
}

static void add_clusters(struct design_effect_sums *sums, const struct clusters *clusters)
{
    struct share_sums arm = {0};
    for (size_t i = 0; i < clusters->count; i++) {
        share_add(&arm, clusters->part[i], clusters->whole[i]);
    }
    design_effect_add(sums, &arm);
}

static double design_effect(const struct clusters *first, const struct clusters *second)
{
    struct design_effect_sums sums = {0};
    add_clusters(&sums, first);
    add_clusters(&sums, second);
    return design_effect_of(&sums);
}

static struct rate whole_rate(const struct clusters *clusters)
{
    double part = 0;
    double whole = 0;
    for (size_t i = 0; i < clusters->count; i++) {
        part += clusters->part[i];
        whole += clusters->whole[i];
    }
    return rate_wilson((uint64_t)part, (uint64_t)whole, 0.95);
}

Test(stat_resample, intervals_cover_where_crews_differ)
{
    /* 50 crews of 1 to 12 chances, each crew with a rate of its own between 0.1 and 0.7 that is
     * higher in large crews, so that sum(part) / sum(whole) is not the mean of the rates; 800 times
     * over, 400 draws each. 95% within 3 points (the deviation of the count is 0.8 points, and the
     * percentile interval is a little short). Wilson's interval of the chances covers less; of
     * counts that are divided by the design effect of both samples, it and Newcombe's cover. */
    enum { RUNS = 800, CREWS = 50 };
    double covered[5] = {0};
    /* The truth: E(sum of rates times sizes) / E(sizes). */
    double truth = 0;
    for (int size = 1; size <= 12; size++) {
        truth += size * (0.1 + 0.4 * size / 12.0 + 0.1) / 78.0;
    }
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random random = random_make(43, run, 0, 0, STREAM_TEST, 0);
        double part[2][CREWS] = {0};
        double whole[2][CREWS];
        double parts = 0;
        double wholes = 0;
        for (int i = 0; i < 2 * CREWS; i++) {
            double size = 1 + (double)random_below(&random, 12);
            double rate = 0.1 + 0.4 * size / 12 + 0.2 * (uniform(&random) < 0.5);
            whole[i / CREWS][i % CREWS] = size;
            /* All of a crew respond, or each on its own. */
            bool together = uniform(&random) < 0.5;
            double once = uniform(&random);
            for (int chance = 0; chance < (int)size; chance++) {
                part[i / CREWS][i % CREWS] += (together ? once : uniform(&random)) < rate;
            }
            parts += i < CREWS ? part[0][i] : 0;
            wholes += i < CREWS ? size : 0;
        }
        struct clusters first = {CREWS, part[0], whole[0]};
        struct clusters second = {CREWS, part[1], whole[1]};
        struct bootstrap result;
        cr_assert_eq(bootstrap_ratio(&first, 400, 0.95, key(run), &result, NULL), 0);
        covered[0] += result.low <= truth && truth <= result.high;
        cr_assert_eq(bootstrap_difference(&first, &second, 400, 0.95, key(run), &result, NULL), 0);
        covered[1] += result.low <= 0 && 0 <= result.high;
        struct rate wilson = rate_wilson((uint64_t)parts, (uint64_t)wholes, 0.95);
        covered[2] += wilson.low <= truth && truth <= wilson.high;
        double effect = design_effect(&first, &second);
        wilson = rate_wilson_clustered((uint64_t)parts, (uint64_t)wholes, effect, 0.95);
        covered[3] += wilson.low <= truth && truth <= wilson.high;
        struct rate other = whole_rate(&second);
        struct difference newcombe = difference_newcombe_clustered(&wilson, &other, effect, 0.95);
        covered[4] += newcombe.low <= 0 && 0 <= newcombe.high;
    }
    cr_expect_float_eq(covered[0] / RUNS, 0.945, 0.03, "the ratio: %g", covered[0] / RUNS);
    cr_expect_float_eq(covered[1] / RUNS, 0.945, 0.03, "the difference: %g", covered[1] / RUNS);
    cr_expect(covered[2] / RUNS < 0.85, "Wilson: %g", covered[2] / RUNS);
    cr_expect_float_eq(covered[3] / RUNS, 0.95, 0.03, "Wilson, clustered: %g", covered[3] / RUNS);
    cr_expect_float_eq(covered[4] / RUNS, 0.95, 0.03, "Newcombe, clustered: %g", covered[4] / RUNS);
}

/* ---- joint events ---- */

/* Counts, over all ways to set `counts` of each column in one stratum of `rows` (at most 6), how
 * often the joint count is what: every permutation, one by one. */
static void count_ways(int rows, const int *counts, int columns, double ways[8])
{
    memset(ways, 0, 8 * sizeof *ways);
    int all = 1 << (rows * columns);
    for (int set = 0; set < all; set++) {
        int joint = (1 << rows) - 1;
        bool fits = true;
        for (int column = 0; column < columns; column++) {
            int own = set >> (rows * column) & ((1 << rows) - 1);
            fits &= __builtin_popcount((unsigned)own) == counts[column];
            joint &= own;
        }
        ways[__builtin_popcount((unsigned)joint)] += fits;
    }
}

Test(stat_resample, joint_events_have_the_p_of_all_permutations)
{
    /* Two strata of 5 and 4 rows, two or three columns, set at random: the product of the numbers
     * of ways of both strata whose joint counts add up to the observed or more. */
    for (uint32_t run = 0; run < 300; run++) {
        struct random random = random_make(47, run, 0, 0, STREAM_TEST, 0);
        size_t columns = 2 + run % 2;
        uint8_t set[27];
        uint32_t stratum[9];
        int counts[2][3] = {{0}};
        int observed = 0;
        for (size_t i = 0; i < 9; i++) {
            /* In no order. */
            stratum[i] = i * 4 % 9 < 4;
            bool joint = true;
            for (size_t j = 0; j < columns; j++) {
                set[j * 9 + i] = uniform(&random) < 0.6;
                counts[stratum[i]][j] += set[j * 9 + i];
                joint &= set[j * 9 + i] == 1;
            }
            observed += joint;
        }
        double ways[2][8];
        count_ways(5, counts[0], (int)columns, ways[0]);
        count_ways(4, counts[1], (int)columns, ways[1]);
        double extreme = 0;
        double all = 0;
        double mean = 0;
        double square = 0;
        for (int i = 0; i < 64; i++) {
            double product = ways[0][i / 8] * ways[1][i % 8];
            int joint = i / 8 + i % 8;
            all += product;
            extreme += joint >= observed ? product : 0;
            mean += joint * product;
            square += joint * joint * product;
        }
        mean /= all;
        struct joint_data data = {9, columns, set, stratum, 3};
        struct joint_excess result;
        cr_assert_eq(joint_excess_test(&data, 0, key(0), &result, NULL), 0);
        cr_assert(result.exact && result.observed == (uint64_t)observed);
        cr_assert_float_eq(result.p, extreme / all, 1e-12, "seed 47, run %u", run);
        cr_assert_float_eq(result.expected, mean, 1e-12, "seed 47, run %u", run);
        cr_assert_float_eq(result.excess, observed - mean, 1e-12);
        cr_assert_float_eq(result.deviation, sqrt(fmax(0, square / all - mean * mean)), 1e-7);
    }
}

Test(stat_resample, what_a_stratum_does_to_both_columns_is_no_excess)
{
    /* In the one stratum both columns are set in 80%, in the other in 10%, independently. Without
     * the strata they seem to go together; with them p is as often below 0.05 as it may be. */
    enum { RUNS = 500, ROWS = 120 };
    double rejected[2] = {0};
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random random = random_make(53, run, 0, 0, STREAM_TEST, 0);
        uint8_t set[2 * ROWS];
        uint32_t stratum[2][ROWS] = {{0}};
        for (size_t i = 0; i < ROWS; i++) {
            stratum[1][i] = i % 2;
            set[i] = uniform(&random) < (i % 2 ? 0.8 : 0.1);
            set[ROWS + i] = uniform(&random) < (i % 2 ? 0.8 : 0.1);
        }
        for (int known = 0; known < 2; known++) {
            struct joint_excess result;
            struct joint_data data = {ROWS, 2, set, stratum[known], 2};
            cr_assert_eq(joint_excess_test(&data, 0, key(0), &result, NULL), 0);
            rejected[known] += result.p <= 0.05;
        }
    }
    cr_expect(rejected[0] / RUNS > 0.95, "unknown: %g", rejected[0] / RUNS);
    cr_expect(rejected[1] / RUNS < 0.07 && rejected[1] > 0, "known: %g", rejected[1] / RUNS);
}

Test(stat_resample, many_permutations_may_be_few_steps)
{
    /* All rows but one set, in both columns the same one: of 100,000 ways, one. */
    enum { ROWS = 100000 };
    static uint8_t set[2 * ROWS];
    static uint32_t stratum[ROWS];
    memset(set, 1, sizeof set);
    set[7] = set[ROWS + 7] = 0;
    struct joint_data data = {ROWS, 2, set, stratum, 1};
    struct joint_excess result;
    cr_assert_eq(joint_excess_test(&data, 0, key(1), &result, NULL), 0);
    cr_assert(result.exact);
    cr_assert_float_eq(result.p * ROWS, 1, 1e-8, "%g", result.p);
    /* Half of them set: the normal distribution is near. */
    for (size_t i = 0; i < ROWS; i++) {
        set[i] = i % 2 == 0;
        set[ROWS + i] = i % 4 == 0 || i % 4 == (i < 600 ? 2 : 3);
    }
    cr_assert_eq(joint_excess_test(&data, 0, key(1), &result, NULL), 0);
    cr_assert(result.exact);
    cr_assert_float_eq(result.excess, 150, 1e-8);
    double deviation = ROWS / 4.0 / sqrt(ROWS - 1);
    cr_assert_float_eq(result.deviation / deviation, 1, 1e-7);
    cr_assert_float_eq(result.p / (0.5 * erfc(149.5 / deviation / sqrt(2))), 1, 1e-3);
}

Test(stat_resample, what_is_too_long_to_sum_is_drawn_and_agrees)
{
    /* Two strata of 10,000 rows of which half are set are beyond the limit; the normal distribution
     * with the variance of the hypergeometric says what p is to be. */
    enum { ROWS = 20000 };
    static uint8_t set[2 * ROWS];
    static uint32_t stratum[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        set[i] = i % 2 == 0;
        set[ROWS + i] = i % 4 == 0 || i % 4 == (i < 240 ? 2 : 3);
        stratum[i] = i >= ROWS / 2;
    }
    struct joint_data data = {ROWS, 2, set, stratum, 2};
    struct joint_excess result;
    cr_assert_eq(joint_excess_test(&data, 0, key(1), &result, NULL), 0);
    cr_assert(!result.exact && isnan(result.p));
    cr_assert_eq(joint_excess_test(&data, 1000, key(1), &result, NULL), 0);
    cr_assert(!result.exact);
    cr_assert_float_eq(result.excess, 60, 1e-9);
    double deviation = sqrt(2) * 2500 / sqrt(9999);
    cr_expect_float_eq(result.deviation / deviation, 1, 0.07, "%g", result.deviation);
    cr_expect_float_eq(result.p, 0.5 * erfc(59.5 / deviation / sqrt(2)), 0.02, "p is %g", result.p);

    /* The columns always together: no draw comes near, and none is not a p of 0. */
    memcpy(set + ROWS, set, ROWS);
    cr_assert_eq(joint_excess_test(&data, 200, key(1), &result, NULL), 0);
    cr_assert_float_eq(result.p, 1 / 201.0, 1e-15);
}
