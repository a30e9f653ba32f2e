/*
 * Tests of a difference against SciPy, against published values, and against their own level.
 */
#include "analysis/stat_tests.h"

#include <math.h>
#include <time.h>

#include "base/random.h"
#include "stat_fixture.h"

static struct rate counts(double successes, double trials)
{
    return (struct rate){.successes = (uint64_t)successes, .trials = (uint64_t)trials};
}

static struct table_result boschloo(struct rate a, struct rate b, enum table_test test)
{
    struct table_result result;
    cr_assert_eq(boschloo_test(&a, &b, test, &result, NULL), 0);
    return result;
}

Test(stat_tests, tables_have_the_p_of_scipy)
{
    FILE *file = fixture_open("tables.txt");
    double row[FIXTURE_NUMBERS_MAX];
    int rows = 0;
    for (; fixture_row(file, row) == 8; rows++) {
        struct rate a = counts(row[0], row[1]);
        struct rate b = counts(row[2], row[3]);
        struct table_result fisher;
        cr_assert_eq(fisher_test(&a, &b, &fisher, NULL), 0);
        double p[] = {fisher.p, boschloo(a, b, TABLE_BOSCHLOO).p,
                      boschloo(a, b, TABLE_BOSCHLOO_CENTRAL).p, score_test(&a, &b).p};
        /* SciPy's search for the nuisance parameter stops at some 1e-6 of the greatest. */
        double within[] = {1e-9, 1e-7, 1e-5, 1e-9};
        for (int i = 0; i < 4; i++) {
            cr_expect(fabs(p[i] - row[4 + i]) <= within[i] * row[4 + i],
                      "%g/%g and %g/%g, test %d: p is %.10g, not %.10g", row[0], row[1], row[2],
                      row[3], i, p[i], row[4 + i]);
        }
    }
    cr_assert_eq(rows, 43);
    fclose(file);
}

Test(stat_tests, boschloo_is_exact_and_never_above_fisher)
{
    /* The level of the test "p <= alpha" under any common rate is at most alpha, and some rate
     * comes near; Fisher's p is never less. All tables of 12 and 9 trials. */
    for (int kind = 0; kind < 2; kind++) {
        double p[13][10];
        for (int x = 0; x <= 12; x++) {
            for (int y = 0; y <= 9; y++) {
                struct rate a = counts(x, 12);
                struct rate b = counts(y, 9);
                struct table_result fisher;
                fisher_test(&a, &b, &fisher, NULL);
                p[x][y] = boschloo(a, b, kind == 0 ? TABLE_BOSCHLOO : TABLE_BOSCHLOO_CENTRAL).p;
                cr_assert(kind == 1 || p[x][y] <= fisher.p * (1 + 1e-6));
                cr_assert(kind == 0 || p[x][y] <= 1);
            }
        }
        double greatest = 0;
        for (double rate = 0.001; rate < 1; rate += 0.001) {
            double level = 0;
            for (int x = 0; x <= 12; x++) {
                for (int y = 0; y <= 9; y++) {
                    double weight = exp(lgamma(13) - lgamma(x + 1) - lgamma(13 - x) + lgamma(10) -
                                        lgamma(y + 1) - lgamma(10 - y) + (x + y) * log(rate) +
                                        (21 - x - y) * log1p(-rate));
                    level += p[x][y] <= 0.05 ? weight : 0;
                }
            }
            greatest = fmax(greatest, level);
        }
        cr_expect(greatest <= 0.05 + 1e-9 && greatest > 0.035, "kind %d: level %g", kind, greatest);
    }
}

Test(stat_tests, arms_and_outcomes_may_be_swapped)
{
    struct random random = random_make(3, 0, 0, 0, STREAM_TEST, 0);
    for (int i = 0; i < 200; i++) {
        uint64_t n1 = 1 + random_below(&random, 80);
        uint64_t n2 = 1 + random_below(&random, 80);
        struct rate a = {.successes = random_below(&random, n1 + 1), .trials = n1};
        struct rate b = {.successes = random_below(&random, n2 + 1), .trials = n2};
        struct rate not_a = {.successes = n1 - a.successes, .trials = n1};
        struct rate not_b = {.successes = n2 - b.successes, .trials = n2};
        for (enum table_test test = TABLE_BOSCHLOO; test <= TABLE_BOSCHLOO_CENTRAL; test++) {
            double p = boschloo(a, b, test).p;
            cr_assert_float_eq(boschloo(b, a, test).p, p, 1e-6 * p, "seed 3, case %d", i);
            cr_assert_float_eq(boschloo(not_a, not_b, test).p, p, 1e-6 * p, "seed 3, case %d", i);
        }
    }
}

Test(stat_tests, large_tables_are_named_score_and_agree)
{
    struct table_result exact = boschloo(counts(2040, 5000), counts(1930, 5000), TABLE_BOSCHLOO);
    struct table_result near = boschloo(counts(2040, 5000), counts(1930, 5001), TABLE_BOSCHLOO);
    cr_assert_eq(exact.test, TABLE_BOSCHLOO);
    cr_assert_eq(near.test, TABLE_SCORE);
    cr_assert_eq(boschloo(counts(3, 30000), counts(1, 2), TABLE_BOSCHLOO).test, TABLE_SCORE);
    cr_assert_eq(boschloo(counts(1, 2), counts(3, 30000), TABLE_BOSCHLOO).test, TABLE_SCORE);
    cr_assert_float_eq(near.p / exact.p, 1, 0.05, "%g and %g", exact.p, near.p);
}

Test(stat_tests, three_hundred_an_arm_take_no_time)
{
    struct timespec start;
    struct timespec end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    cr_assert(boschloo(counts(150, 300), counts(116, 300), TABLE_BOSCHLOO).p < 0.05);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
    /* Far above what it takes, for builds with sanitizers. */
    cr_expect(seconds < 1, "%g s", seconds);
}

Test(stat_tests, without_trials_p_is_one)
{
    cr_assert_eq(boschloo(counts(0, 0), counts(3, 4), TABLE_BOSCHLOO).p, 1);
    struct rate none = counts(0, 0);
    struct rate some = counts(3, 4);
    cr_assert_eq(score_test(&none, &some).p, 1);
    struct table_result fisher;
    cr_assert_eq(fisher_test(&none, &some, &fisher, NULL), 0);
    cr_assert_float_eq(fisher.p, 1, 1e-12);
}

Test(stat_tests, holm_steps_down_and_leaves_nan_out)
{
    /* R 4.2.2: p.adjust(c(0.01, 0.04, NA, 0.03, 0.005, 0.5), "holm") */
    double p[] = {0.01, 0.04, NAN, 0.03, 0.005, 0.5};
    double expected[] = {0.04, 0.09, NAN, 0.09, 0.025, 0.5};
    size_t order[6];
    double adjusted[6];
    holm_adjust(p, 6, order, adjusted);
    for (int i = 0; i < 6; i++) {
        cr_assert(i == 2 ? isnan(adjusted[i]) : fabs(adjusted[i] - expected[i]) < 1e-15, "%d", i);
    }
    holm_adjust(p, 6, order, p);
    cr_assert_float_eq(p[4], 0.025, 1e-15);
    cr_assert(isnan(p[2]));
    double ones[] = {0.9, 0.8, NAN};
    holm_adjust(ones, 3, order, ones);
    cr_assert_eq(ones[0], 1);
    cr_assert_eq(ones[1], 1);
    holm_adjust(NULL, 0, NULL, NULL);
}
