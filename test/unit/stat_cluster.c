/*
 * Rates of few clusters: against hand calculation, by coverage where clusters differ, and tests
 * against every permutation counted by hand.
 */
#include "analysis/stat_cluster.h"

#include <math.h>

#include "analysis/statistics.h"
#include "stat_fixture.h"

static struct random key(uint32_t replicate)
{
    return random_make(43, replicate, 0, 0, STREAM_TEST, 0);
}

static double uniform(struct random *random)
{
    return ((double)(random_u64(random) >> 11) + 0.5) * 0x1p-53;
}

Test(stat_cluster, the_interval_is_that_of_the_logit_over_clusters)
{
    double part[] = {30, 10, 50, 20};
    double whole[] = {100, 100, 100, 100};
    struct clusters clusters = {4, part, whole};
    struct cluster_rate rate = cluster_rate(&clusters, 0.95);
    /* Residuals about 0.275: 2.5, -17.5, 22.5, -7.5; their squares' sum is 875. Student's t with 3
     * degrees of freedom is 3.182446. */
    double error = sqrt(875 * 4 / 3.0) / 400 / (0.275 * 0.725);
    double logit = log(0.275 / 0.725);
    cr_assert_float_eq(rate.rate, 0.275, 1e-12);
    cr_assert_float_eq(rate.low, 1 / (1 + exp(3.182446 * error - logit)), 1e-6);
    cr_assert_float_eq(rate.high, 1 / (1 + exp(-3.182446 * error - logit)), 1e-6);
    cr_assert(!rate.stand_in && rate.clusters == 4);
}

Test(stat_cluster, it_is_never_narrower_than_that_of_independent_trials)
{
    double part[] = {20, 20, 20};
    double whole[] = {100, 100, 100};
    struct clusters clusters = {3, part, whole};
    struct cluster_rate rate = cluster_rate(&clusters, 0.95);
    struct rate wilson = rate_wilson(60, 300, 0.95);
    cr_assert_float_eq(rate.low, wilson.low, 1e-12);
    cr_assert_float_eq(rate.high, wilson.high, 1e-12);
}

Test(stat_cluster, clusters_that_agree_are_so_many_trials_and_no_more)
{
    double part[] = {0, 0, 0, 0};
    double whole[] = {1000, 1000, 1000, 0};
    struct clusters clusters = {4, part, whole};
    struct cluster_rate none = cluster_rate(&clusters, 0.95);
    struct rate three = rate_wilson(0, 3, 0.95);
    cr_assert(none.stand_in && none.clusters == 3);
    cr_assert_float_eq(none.high, three.high, 1e-12);
    cr_assert(none.low <= 0);
    struct clusters all = {3, whole, whole};
    cr_assert_float_eq(cluster_rate(&all, 0.95).low, rate_wilson(3, 3, 0.95).low, 1e-12);
    struct clusters nothing = {0, NULL, NULL};
    cr_assert(isnan(cluster_rate(&nothing, 0.95).rate));
    cr_assert_float_eq(cluster_rate(&nothing, 0.95).high, 1, 1e-12);
}

/* Eight clusters whose rates are spread evenly from 0.1 to 0.5, so that 0.3 is the truth. */
static void draw_clusters(struct random *random, double part[8], double whole[8])
{
    for (int c = 0; c < 8; c++) {
        double rate = 0.1 + 0.4 * uniform(random);
        part[c] = 0;
        whole[c] = 50;
        for (int i = 0; i < 50; i++) {
            part[c] += uniform(random) < rate;
        }
    }
}

Test(stat_cluster, the_truth_is_covered_and_a_true_null_is_let_be)
{
    struct random random = key(1);
    double part[8];
    double whole[8];
    double expected[8];
    int covered = 0;
    int refuted = 0;
    int found = 0;
    for (int i = 0; i < 2000; i++) {
        struct clusters clusters = {8, part, whole};
        draw_clusters(&random, part, whole);
        struct cluster_rate rate = cluster_rate(&clusters, 0.95);
        covered += rate.low <= 0.3 && rate.high >= 0.3;
        for (int c = 0; c < 8; c++) {
            expected[c] = 50 * 0.3;
        }
        refuted += cluster_against(&clusters, expected, 400 * 0.21).p < 0.05;
        for (int c = 0; c < 8; c++) {
            expected[c] = 50 * 0.1;
        }
        found += cluster_against(&clusters, expected, 400 * 0.09).p < 0.05;
    }
    /* Three standard errors of a rate of 0.95 in 2000 are 0.015. */
    cr_assert(covered >= 0.935 * 2000 && covered <= 0.975 * 2000, "%d", covered);
    cr_assert(refuted <= 0.065 * 2000, "%d", refuted);
    cr_assert(found >= 0.95 * 2000, "%d", found);
}

Test(stat_cluster, nothing_expected_is_refuted_by_anything)
{
    double part[] = {0, 1, 0};
    double none[] = {0, 0, 0};
    double whole[] = {100, 100, 100};
    struct clusters some = {3, part, whole};
    struct clusters clean = {3, none, whole};
    cr_assert(cluster_against(&some, none, 0).p <= 0);
    cr_assert(cluster_against(&clean, none, 0).p >= 1);
    cr_assert_float_eq(cluster_against(&some, none, 0).excess, 1 / 300.0, 1e-12);
    double expected[] = {10, 10, 10};
    struct clusters one = {1, part, whole};
    cr_assert(isnan(cluster_against(&one, expected, 9).p), "one cluster says nothing of others");
}

Test(stat_cluster, clusters_close_by_chance_prove_nothing)
{
    /* Two above the expectation in each: no spread at all, but far within that of chance. */
    double part[] = {22, 22, 22};
    double whole[] = {100, 100, 100};
    double expected[] = {20, 20, 20};
    struct clusters clusters = {3, part, whole};
    struct cluster_test test = cluster_against(&clusters, expected, 3 * 100 * 0.16);
    cr_assert_float_eq(test.statistic, 6 / sqrt(48), 1e-12);
    cr_assert(test.p > 0.4);
}

Test(stat_cluster, p_is_the_share_of_permutations)
{
    double first[] = {9, 8, 7};
    double second[] = {1, 2, 3};
    double whole[] = {10, 10, 10};
    struct clusters a = {3, first, whole};
    struct clusters b = {3, second, whole};
    struct cluster_difference difference;
    cr_assert_eq(cluster_difference(&a, &b, 0.95, key(2), &difference, NULL), 0);
    cr_assert_float_eq(difference.difference, 0.6, 1e-12);
    /* Of 20 ways to choose three of six, this one and its mirror are as extreme. */
    cr_assert_float_eq(difference.p, 0.1, 1e-12);
    cr_assert(difference.low > 0 && difference.low < 0.6 && difference.high > 0.6);
    cr_assert_eq(cluster_difference(&a, &a, 0.95, key(2), &difference, NULL), 0);
    cr_assert_float_eq(difference.p, 1, 1e-12);
    struct clusters none = {0, NULL, NULL};
    cr_assert_eq(cluster_difference(&a, &none, 0.95, key(2), &difference, NULL), 0);
    cr_assert(isnan(difference.p));
}

Test(stat_cluster, where_there_are_too_many_permutations_they_are_drawn)
{
    double first[30];
    double second[30];
    double whole[30];
    struct random random = key(3);
    for (int i = 0; i < 30; i++) {
        whole[i] = 1000;
        first[i] = floor(1000 * uniform(&random));
        second[i] = floor(1000 * uniform(&random));
    }
    struct clusters a = {30, first, whole};
    struct clusters b = {30, second, whole};
    struct cluster_difference difference;
    cr_assert_eq(cluster_difference(&a, &b, 0.95, key(4), &difference, NULL), 0);
    /* Near the normal approximation of uniform ratios, whose variance is 1/12 each. */
    double z = fabs(difference.difference) / sqrt(2 / 12.0 / 30);
    cr_assert_float_eq(difference.p, erfc(z / sqrt(2)), 0.05, "%g, %g", difference.p,
                       erfc(z / sqrt(2)));
    cr_assert(difference.p >= 1.0 / (CLUSTER_PERMUTATIONS + 1));
}
