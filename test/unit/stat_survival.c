/*
 * Survival against R's package survival, against a published trial, and by coverage.
 */
#include "analysis/stat_survival.h"

#include <math.h>

#include "base/random.h"
#include "stat_fixture.h"

#define LIVES_MAX 512

/* The lifetimes of one set of the fixture. */
static size_t lives_read(int set, struct lifetime lives[LIVES_MAX])
{
    FILE *file = fixture_open("lifetimes.txt");
    double row[FIXTURE_NUMBERS_MAX];
    size_t count = 0;
    while (fixture_row(file, row) == 4) {
        if ((int)row[0] == set) {
            cr_assert(count < LIVES_MAX);
            lives[count++] = (struct lifetime){row[1], row[2] > 0, (uint32_t)row[3]};
        }
    }
    fclose(file);
    return count;
}

/* Relative, or absolute near 0. NAN is NAN, and R's NA at an upper limit is our INFINITY. */
static bool near(double value, double expected)
{
    if (isnan(expected) || isinf(value)) {
        return !isfinite(value) && isnan(expected);
    }
    return fabs(value - expected) <= 1e-9 * fmax(1e-3, fabs(expected));
}

Test(stat_survival, curves_are_those_of_r)
{
    FILE *file = fixture_open("survival_curves.txt");
    double row[FIXTURE_NUMBERS_MAX];
    struct lifetime lives[LIVES_MAX];
    struct survival_step steps[LIVES_MAX] = {{0}};
    int set = 0;
    size_t made = 0;
    size_t place = 0;
    while (fixture_row(file, row) == 8) {
        if ((int)row[0] != set) {
            cr_assert_eq(place, made, "set %d has %zu steps, not %zu", set, made, place);
            set = (int)row[0];
            made = survival_curve(lives, lives_read(set, lives), 0.95, steps);
            place = 0;
        }
        const struct survival_step *step = &steps[place++];
        double deviation = step->survival > 0 ? sqrt(step->variance) / step->survival : INFINITY;
        cr_expect(near(step->time, row[1]) && (double)step->at_risk == row[2] &&
                      (double)step->ended == row[3] && near(step->survival, row[4]),
                  "set %d, time %g", set, row[1]);
        cr_expect(step->survival <= 0 || near(deviation, row[5]), "set %d, time %g", set, row[1]);
        cr_expect(near(step->low, row[6]) && near(step->high, row[7]),
                  "set %d, time %g: %g to %g, not %g to %g", set, row[1], step->low, step->high,
                  row[6], row[7]);
    }
    cr_assert_eq(set, 5);
    cr_assert_eq(place, made);
    fclose(file);
}

Test(stat_survival, quantiles_and_means_are_those_of_r)
{
    FILE *file = fixture_open("survival_times.txt");
    double row[FIXTURE_NUMBERS_MAX];
    int rows = 0;
    for (; fixture_row(file, row) == 8; rows++) {
        struct lifetime lives[LIVES_MAX];
        struct survival_step steps[LIVES_MAX];
        size_t count = survival_curve(lives, lives_read((int)row[0], lives), 0.95, steps);
        struct survival_time time = survival_quantile(steps, count, row[1]);
        cr_expect(near(time.time, row[2]) && near(time.low, row[3]) && near(time.high, row[4]),
                  "set %g, %g: %g (%g to %g), not %g (%g to %g)", row[0], row[1], time.time,
                  time.low, time.high, row[2], row[3], row[4]);
        struct survival_mean mean = survival_mean_until(steps, count, row[5], 0.95);
        cr_expect(near(mean.mean, row[6]) && near(mean.error, row[7]),
                  "set %g until %g: %g +- %g, not %g +- %g", row[0], row[5], mean.mean, mean.error,
                  row[6], row[7]);
        cr_expect(near(mean.high, fmin(row[5], row[6] + 1.959963984540054 * row[7])));
    }
    cr_assert_eq(rows, 15);
    fclose(file);
}

Test(stat_survival, logrank_is_that_of_r)
{
    FILE *file = fixture_open("survival_logrank.txt");
    double row[FIXTURE_NUMBERS_MAX];
    int rows = 0;
    for (; fixture_row(file, row) > 4; rows++) {
        struct lifetime lives[LIVES_MAX];
        unsigned groups = (unsigned)row[1];
        struct survival_logrank test =
            survival_logrank(lives, lives_read((int)row[0], lives), groups);
        cr_expect(test.degrees == groups - 1 && near(test.chi_squared, row[2]) &&
                      near(test.p, row[3]),
                  "set %g: %g, p %g", row[0], test.chi_squared, test.p);
        for (unsigned a = 0; a < groups; a++) {
            cr_expect(near((double)test.ended[a], row[4 + 2 * a]) &&
                          near(test.expected[a], row[5 + 2 * a]),
                      "set %g, group %u", row[0], a);
        }
    }
    cr_assert_eq(rows, 5);
    fclose(file);
}

Test(stat_survival, the_trial_of_freireich_comes_out_as_published)
{
    /* Freireich et al., Blood 21, 1963; the log-rank test in Kleinbaum and Klein, Survival Analysis
     * (2012), chapter 2: 16.79; medians 23 and 8 weeks; S(10) of the treated 0.753, with a
     * standard error of 0.0963 (Klein and Moeschberger, Survival Analysis, 1997, table 4.1). */
    struct lifetime lives[LIVES_MAX];
    size_t count = lives_read(1, lives);
    cr_assert_eq(count, 42);
    cr_assert_float_eq(survival_logrank(lives, count, 2).chi_squared, 16.79, 0.005);
    for (uint32_t group = 0; group < 2; group++) {
        struct lifetime arm[LIVES_MAX];
        struct survival_step steps[LIVES_MAX];
        size_t size = 0;
        for (size_t i = 0; i < count; i++) {
            if (lives[i].group == group) {
                arm[size++] = lives[i];
            }
        }
        size_t made = survival_curve(arm, size, 0.95, steps);
        cr_assert_eq(survival_quantile(steps, made, 0.5).time, group == 1 ? 23 : 8);
        if (group == 1) {
            cr_assert_eq(steps[2].time, 10);
            cr_assert_float_eq(steps[2].survival, 0.7529, 0.00005);
            cr_assert_float_eq(sqrt(steps[2].variance), 0.0963, 0.00005);
        }
    }
}

Test(stat_survival, ends_of_the_data_are_no_trap)
{
    struct survival_step steps[4];
    cr_assert_eq(survival_curve(NULL, 0, 0.95, steps), 0);
    cr_assert(isnan(survival_quantile(steps, 0, 0.5).time));
    struct survival_mean whole = survival_mean_until(steps, 0, 7, 0.95);
    cr_assert(whole.mean >= 7 && whole.mean <= 7 && whole.error <= 0);
    cr_assert_eq(survival_logrank(NULL, 0, 3).p, 1);

    struct lifetime watched[] = {{3, false, 0}, {3, true, 1}, {9, false, 1}};
    size_t made = survival_curve(watched, 3, 0.95, steps);
    cr_assert_eq(made, 1);
    cr_assert_eq(steps[0].at_risk, 3);
    cr_assert(isnan(survival_quantile(steps, made, 0.5).time));
    cr_assert(isinf(survival_quantile(steps, made, 0.5).high));

    /* All of the first group are gone before the second is compared with it. */
    struct lifetime apart[] = {{1, false, 0}, {2, false, 0}, {3, true, 1}, {4, true, 1}};
    struct survival_logrank test = survival_logrank(apart, 4, 2);
    cr_assert_eq(test.degrees, 0);
    cr_assert_eq(test.p, 1);

    /* R 4.2.2: survfit(Surv(1:4) ~ 1) has its median in the middle of the level stretch. */
    struct lifetime four[] = {{4, true, 0}, {3, true, 0}, {2, true, 0}, {1, true, 0}};
    made = survival_curve(four, 4, 0.95, steps);
    cr_assert_eq(survival_quantile(steps, made, 0.5).time, 2.5);

    /* A group that nobody is in changes nothing. */
    struct lifetime three[] = {{1, true, 0}, {2, true, 2}, {3, true, 0}, {4, false, 2}};
    test = survival_logrank(three, 4, 3);
    for (int i = 0; i < 4; i++) {
        three[i].group /= 2;
    }
    struct survival_logrank two = survival_logrank(three, 4, 2);
    cr_assert(test.degrees == 1 && two.degrees == 1);
    cr_assert_float_eq(test.chi_squared, two.chi_squared, 1e-12);
}

static double uniform(struct random *random)
{
    return ((double)(random_u64(random) >> 11) + 0.5) * 0x1p-53;
}

Test(stat_survival, intervals_cover_and_the_test_keeps_its_level)
{
    /* 60 exponential lifetimes with a mean of 10, about a third of them censored, 4,000 times over:
     * how often the limits hold the truth. 95% +- 1.5 points: the intervals are not exact, and the
     * deviation of the count is 0.35 points. */
    enum { RUNS = 4000, LIVES = 60 };
    double covered[3] = {0};
    double rejected = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random random = random_make(17, run, 0, 0, STREAM_TEST, 0);
        struct lifetime lives[LIVES];
        struct survival_step steps[LIVES];
        for (uint32_t i = 0; i < LIVES; i++) {
            double life = -10 * log(uniform(&random));
            double watched = -20 * log(uniform(&random));
            lives[i] = (struct lifetime){fmin(life, watched), life <= watched, i % 3};
        }
        size_t made = survival_curve(lives, LIVES, 0.95, steps);
        double low = 0;
        double high = 1;
        for (size_t i = 0; i < made && steps[i].time <= 8; i++) {
            low = steps[i].low;
            high = steps[i].high;
        }
        covered[0] += low <= exp(-0.8) && exp(-0.8) <= high;
        struct survival_time median = survival_quantile(steps, made, 0.5);
        double truth = 10 * log(2);
        covered[1] += !(median.low > truth) && truth <= median.high;
        struct survival_mean mean = survival_mean_until(steps, made, 10, 0.95);
        double area = 10 * (1 - exp(-1));
        covered[2] += mean.low <= area && area <= mean.high;
        rejected += survival_logrank(lives, LIVES, 3).p <= 0.05;
    }
    for (int i = 0; i < 3; i++) {
        cr_expect_float_eq(covered[i] / RUNS, 0.95, 0.015, "interval %d covers %g", i,
                           covered[i] / RUNS);
    }
    cr_expect_float_eq(rejected / RUNS, 0.05, 0.012, "the level is %g", rejected / RUNS);
}
