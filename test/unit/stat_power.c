/*
 * Power against sums over all tables that SciPy made, against R's approximation, and against the
 * sample size of a study.
 */
#include "analysis/stat_power.h"

#include <math.h>

#include "stat_fixture.h"

Test(stat_power, power_is_that_of_all_tables)
{
    FILE *file = fixture_open("power.txt");
    double row[FIXTURE_NUMBERS_MAX];
    int rows = 0;
    for (; fixture_row(file, row) == 7; rows++) {
        struct power_arms arms = {row[0], row[2], (uint64_t)row[1], (uint64_t)row[3]};
        struct power score;
        struct power fisher;
        cr_assert_eq(power_difference(&arms, TABLE_SCORE, row[4], &score, NULL), 0);
        cr_assert_eq(power_difference(&arms, TABLE_FISHER, row[4], &fisher, NULL), 0);
        cr_assert(score.exact && fisher.exact);
        cr_expect_float_eq(score.power, row[5], 1e-10, "row %d: score %.12g", rows, score.power);
        cr_expect_float_eq(fisher.power, row[6], 1e-10, "row %d: Fisher %.12g", rows, fisher.power);
    }
    cr_assert_eq(rows, 8);
    fclose(file);
}

/* "Detecting +11.3 points at 80% power needs about 320 per arm": from 0.4 to 0.45. */
Test(stat_power, trials_are_those_of_the_study)
{
    for (int base = 40; base <= 45; base += 5) {
        struct power_arms arms = {base / 100.0, base / 100.0 + 0.113, 320, 320};
        struct power fisher;
        struct power score;
        power_difference(&arms, TABLE_FISHER, 0.05, &fisher, NULL);
        power_difference(&arms, TABLE_SCORE, 0.05, &score, NULL);
        cr_expect_float_eq(fisher.power, 0.8, 0.01, "Fisher %g", fisher.power);
        cr_expect_float_eq(score.power, 0.815, 0.012, "score %g", score.power);
    }
}

Test(stat_power, beyond_the_limit_the_normal_stands_and_agrees)
{
    struct power_arms arms = {0.3, 0.32, 3000, 3000};
    struct power result;
    cr_assert_eq(power_difference(&arms, TABLE_SCORE, 0.05, &result, NULL), 0);
    cr_assert(!result.exact);
    /* R 4.2.2: power.prop.test(p1 = .3, p2 = .32, n = 3000, strict = TRUE)$power */
    cr_expect_float_eq(result.power, 0.3878831, 5e-8);
    struct power_arms uneven = {0.3, 0.32, 2, 30000};
    cr_assert_eq(power_difference(&uneven, TABLE_SCORE, 0.05, &result, NULL), 0);
    cr_assert(!result.exact);
    struct power_arms near = {0.3, 0.34, 2000, 2000};
    for (enum table_test test = TABLE_FISHER; test <= TABLE_SCORE; test++) {
        cr_assert_eq(power_difference(&near, test, 0.05, &result, NULL), 0);
        cr_assert(result.exact);
        cr_expect_float_eq(result.power, power_normal(&near, test, 0.05), 0.005, "%d: %g", test,
                           result.power);
    }
    near = (struct power_arms){0, 1, 3000, 3000};
    cr_expect(power_normal(&near, TABLE_SCORE, 0.05) >= 1);
    near = (struct power_arms){1, 1, 3000, 3000};
    cr_expect(power_normal(&near, TABLE_SCORE, 0.05) <= 0);
}

Test(stat_power, the_least_difference_is_the_least)
{
    struct {
        double base;
        uint64_t first, second;
        bool above;
    } cases[] = {{0.4, 320, 320, true},
                 {0.45, 320, 320, false},
                 {0, 100, 100, true},
                 {0.05, 40, 200, true},
                 {0.3, 5000, 5000, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (enum table_test test = TABLE_FISHER; test <= TABLE_SCORE; test++) {
            struct power_arms arms = {cases[i].base, 0, cases[i].first, cases[i].second};
            struct power result;
            struct power again;
            cr_assert_eq(power_minimal(&arms, cases[i].above, test, 0.05, 0.8, &result, NULL), 0);
            double sign = cases[i].above ? 1 : -1;
            cr_assert(sign * (arms.second - arms.first) > 0);
            power_difference(&arms, test, 0.05, &again, NULL);
            cr_expect_float_eq(again.power, result.power, 1e-12);
            cr_expect(result.power >= 0.8 && result.power < 0.8001, "case %zu: %g", i,
                      result.power);
            arms.second -= 2e-6 * sign;
            power_difference(&arms, test, 0.05, &again, NULL);
            cr_expect(again.power < 0.8, "case %zu: %g", i, again.power);
        }
    }
    /* Three trials an arm are never enough. */
    struct power_arms arms = {0.5, 0, 3, 3};
    struct power result;
    cr_assert_eq(power_minimal(&arms, true, TABLE_FISHER, 0.05, 0.8, &result, NULL), 0);
    cr_assert(arms.second >= 1 && result.power < 0.8);
}
