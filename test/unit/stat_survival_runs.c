/*
 * Survival where lifetimes hang together: the log-rank test against R, level and coverage by
 * simulation, and the ends of the data.
 */
#include "analysis/stat_survival_runs.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/random.h"

static const double half = 0.5;

static double uniform(struct random *random)
{
    return ((double)(random_u64(random) >> 11) + 0.5) * 0x1p-53;
}

Test(stat_survival_runs, the_test_is_that_of_r)
{
    /* R 4.2.2, survival 3.4: f <- coxph(Surv(time, ended) ~ group, ties = "breslow", init = 0,
     * control = coxph.control(iter.max = 0)); r <- residuals(f, "score"); sum(r);
     * sum(tapply(r, cluster, sum)^2) */
    static const double time[] = {2, 3, 3, 5, 8, 8, 9, 12, 1, 2, 4, 4, 6, 7, 11, 12};
    static const bool ended[] = {1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0};
    static const uint32_t cluster[] = {0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5};
    struct clustered_lifetime lives[16];
    struct survival_robust test;
    struct error error = {0};

    for (uint32_t i = 0; i < 16; i++)
        lives[i] = (struct clustered_lifetime){{time[i], ended[i], i / 8}, cluster[i]};
    cr_assert_eq(survival_logrank_clusters(lives, 16, 6, &test, &error), 0);
    cr_expect_float_eq(test.score, 0.736441336441336, 1e-12);
    cr_expect_float_eq(test.variance, 4.97371821176792, 1e-12);
    cr_expect_float_eq(test.chi_squared, 0.109042333909529, 1e-12);
    cr_expect_float_eq(test.p, 0.741237070072023, 1e-12);
    /* Each lifetime its own cluster: sum(r^2). */
    for (uint32_t i = 0; i < 16; i++)
        lives[i].cluster = i;
    cr_assert_eq(survival_logrank_clusters(lives, 16, 16, &test, &error), 0);
    cr_expect_float_eq(test.variance, 2.22467544521437, 1e-12);
}

/* Five episodes to a run, which all are as quick as their run is: exponential with a mean that the
 * run draws from {2, 20}. */
static size_t crew_lives(struct random *random, uint32_t group, uint32_t runs, uint32_t first,
                         struct clustered_lifetime *lives)
{
    size_t count = 0;

    for (uint32_t run = 0; run < runs; run++) {
        double mean = uniform(random) < 0.5 ? 2 : 20;

        for (int i = 0; i < 5; i++) {
            double life = -mean * log(uniform(random));

            lives[count++] =
                (struct clustered_lifetime){{fmin(life, 30), life <= 30, group}, first + run};
        }
    }
    return count;
}

Test(stat_survival_runs, the_test_keeps_its_level_where_episodes_of_a_run_are_alike)
{
    enum { TIMES = 2000, RUNS = 40 };
    struct clustered_lifetime lives[2 * RUNS * 5];
    double robust = 0, plain = 0;

    for (uint32_t i = 0; i < TIMES; i++) {
        struct random random = random_make(23, i, 0, 0, STREAM_TEST, 0);
        size_t count = crew_lives(&random, 0, RUNS, 0, lives);
        struct lifetime apart[2 * RUNS * 5];
        struct survival_robust test;
        struct error error = {0};

        count += crew_lives(&random, 1, RUNS, RUNS, lives + count);
        for (size_t at = 0; at < count; at++)
            apart[at] = lives[at].life;
        cr_assert_eq(survival_logrank_clusters(lives, count, 2 * RUNS, &test, &error), 0);
        robust += test.p <= 0.05;
        plain += survival_logrank(apart, count, 2).p <= 0.05;
    }
    /* The deviation of the count is 0.5 points. */
    cr_expect_float_eq(robust / TIMES, 0.05, 0.02, "the level is %g", robust / TIMES);
    cr_expect_gt(plain / TIMES, 0.12, "as if they were independent: %g", plain / TIMES);
}

Test(stat_survival_runs, intervals_cover_where_episodes_of_a_run_are_alike)
{
    /* S(10) of the mixture is (e^-5 + e^-0.5) / 2; its median solves e^(-t/2) + e^(-t/20) = 1. */
    enum { TIMES = 400, RUNS = 40 };
    double truth = (exp(-5) + exp(-0.5)) / 2, median = 3.60458;
    double area = (2 * (1 - exp(-5)) + 20 * (1 - exp(-0.5))) / 2;
    double covered[3] = {0};

    cr_assert_float_eq(exp(-median / 2) + exp(-median / 20), 1, 1e-4);
    for (uint32_t i = 0; i < TIMES; i++) {
        struct random random = random_make(24, i, 0, 0, STREAM_TEST, 0);
        struct clustered_lifetime lives[RUNS * 5];
        size_t count = crew_lives(&random, 0, RUNS, 0, lives);
        struct survival_draws how = {.clusters = RUNS,
                                     .draws = 400,
                                     .at = &half,
                                     .at_count = 1,
                                     .until = 10,
                                     .confidence = 0.95,
                                     .random = random_make(25, i, 0, 0, STREAM_TEST, 0)};
        struct survival_resampled result;
        struct error error = {0};

        cr_assert_eq(survival_resample(lives, count, &how, &result, &error), 0);
        cr_expect(!result.stand_in);
        covered[0] += result.survival.low <= truth && truth <= result.survival.high;
        covered[1] += result.quantile[0].low <= median && median <= result.quantile[0].high;
        covered[2] += result.mean.low <= area && area <= result.mean.high;
    }
    for (int v = 0; v < 3; v++)
        cr_expect_float_eq(covered[v] / TIMES, 0.945, 0.035, "%d: %g", v, covered[v] / TIMES);
}

/* Two runs of one episode each, which end at 1 and at 3: of the draws a quarter each is (1, 1) and
 * (3, 3), half (1, 3). So the median's values are 1, 1 and 3; the mean's up to 4 are 1, 2 and 3. */
Test(stat_survival_runs, draws_are_those_of_whole_clusters)
{
    struct clustered_lifetime lives[] = {{{3, true, 0}, 1}, {{1, true, 0}, 0}};
    struct survival_draws how = {.clusters = 2,
                                 .draws = 4000,
                                 .at = &half,
                                 .at_count = 1,
                                 .until = 4,
                                 .confidence = 0.4,
                                 .random = random_make(1, 0, 0, 0, STREAM_TEST, 0)};
    struct survival_resampled result;
    struct error error = {0};

    cr_assert_eq(survival_resample(lives, 2, &how, &result, &error), 0);
    cr_expect_eq(result.mean.low, 2);
    cr_expect_eq(result.mean.high, 2);
    how.confidence = 0.6;
    cr_assert_eq(survival_resample(lives, 2, &how, &result, &error), 0);
    cr_expect_eq(result.quantile[0].low, 1);
    cr_expect_eq(result.quantile[0].high, 3);
    cr_expect_eq(result.mean.low, 1);
    cr_expect_eq(result.mean.high, 3);
}

Test(stat_survival_runs, ends_of_the_data_are_no_trap)
{
    struct clustered_lifetime watched[] = {
        {{5, false, 0}, 0}, {{5, false, 0}, 0}, {{5, false, 1}, 1}};
    struct survival_draws how = {.clusters = 3,
                                 .draws = 200,
                                 .at = &half,
                                 .at_count = 1,
                                 .until = 5,
                                 .confidence = 0.95,
                                 .random = random_make(2, 0, 0, 0, STREAM_TEST, 0)};
    struct survival_resampled result;
    struct survival_robust test;
    struct error error = {0};

    /* Nothing ended in either of two runs with episodes: Wilson of 2 of 2. */
    cr_assert_eq(survival_resample(watched, 3, &how, &result, &error), 0);
    cr_expect(result.stand_in);
    cr_expect_float_eq(result.survival.low, 0.3424, 0.0001);
    cr_expect_eq(result.survival.high, 1);
    cr_expect(isinf(result.quantile[0].low) && isinf(result.quantile[0].high));
    cr_expect_eq(result.mean.low, 5);
    cr_assert_eq(survival_logrank_clusters(watched, 3, 2, &test, &error), 0);
    cr_expect(isnan(test.p));
    /* Nobody. */
    cr_assert_eq(survival_resample(NULL, 0, &how, &result, &error), 0);
    cr_expect(isnan(result.survival.low) && isnan(result.mean.high));
    cr_assert_eq(survival_logrank_clusters(NULL, 0, 0, &test, &error), 0);
    cr_expect(isnan(test.p));
    how.draws = 2000000000;
    cr_expect_eq(survival_resample(watched, 3, &how, &result, &error), ERROR_LIMIT);
}
