/*
 * Information against entropies that SciPy computed, against channels whose information is known,
 * and by the level of its tests.
 */
#include "lib/information.h"

#include <math.h>
#include <string.h>

#include "stat_fixture.h"

#define COUNT_MAX 20000

static double uniform(struct random *random)
{
    return ((double)(random_u64(random) >> 11) + 0.5) * 0x1p-53;
}

static struct random key(uint32_t replicate)
{
    return random_make(71, replicate, 0, 0, STREAM_TEST, 0);
}

static struct information mutual(const uint8_t *x, const uint8_t *y, const uint8_t *z,
                                 uint32_t alphabet, size_t count)
{
    struct symbols given = {z, alphabet};
    struct information result;
    cr_assert_eq(information_mutual(&(struct symbols){x, alphabet}, &(struct symbols){y, alphabet},
                                    z == NULL ? NULL : &given, count, NULL, &result, NULL),
                 0);
    return result;
}

Test(stat_information, estimates_are_those_of_scipys_entropies)
{
    static uint8_t from[COUNT_MAX];
    static uint8_t to[COUNT_MAX];
    static uint8_t run[COUNT_MAX];
    size_t length[8] = {0};
    double row[FIXTURE_NUMBERS_MAX];
    size_t count = 0;
    FILE *file = fixture_open("series_data.txt");
    for (; fixture_row(file, row) == 3; count++) {
        run[count] = (uint8_t)row[0];
        from[count] = (uint8_t)row[1];
        to[count] = (uint8_t)row[2];
        length[run[count]]++;
    }
    fclose(file);
    cr_assert_eq(count, 249);
    struct symbols x = {from, 3};
    struct symbols y = {to, 2};
    struct symbols z = {run, 5};
    struct runs runs = {5, length};
    file = fixture_open("series_information.txt");
    int rows = 0;
    for (; fixture_row(file, row) == 5; rows++) {
        struct information result;
        int code;
        switch ((int)row[0]) {
        case 0:
            code = information_mutual(&x, &y, NULL, count, NULL, &result, NULL);
            break;
        case 1:
            code = information_mutual(&x, &y, &z, count, NULL, &result, NULL);
            break;
        case 2:
            code = information_delayed(&x, &y, &runs, (size_t)row[1], NULL, &result, NULL);
            break;
        default:
            code = information_transfer(&x, &y, &runs, (size_t)row[1], (size_t)row[2], NULL,
                                        &result, NULL);
        }
        cr_assert_eq(code, 0);
        cr_expect_float_eq(result.plugin, row[3], 1e-11, "%g %g %g: %.12g", row[0], row[1], row[2],
                           result.plugin);
        cr_expect_float_eq(result.bias, row[4], 1e-11, "%g %g %g: bias %.12g", row[0], row[1],
                           row[2], result.bias);
        cr_expect_float_eq(result.bits, row[3] - row[4], 1e-11);
        cr_expect(isnan(result.p));
    }
    cr_assert_eq(rows, 10);
    fclose(file);
}

Test(stat_information, copies_and_exclusive_ors_have_their_bits)
{
    /* Cover and Thomas: I(X; X) is the entropy, here 2 bits; of X, Y and their exclusive or any two
     * say nothing of each other, and one bit where the third is known. */
    uint8_t x[64];
    uint8_t first[64];
    uint8_t second[64];
    uint8_t either[64];
    for (int i = 0; i < 64; i++) {
        x[i] = (uint8_t)(i % 4);
        first[i] = i & 1;
        second[i] = i >> 1 & 1;
        either[i] = first[i] ^ second[i];
    }
    cr_expect_float_eq(mutual(x, x, NULL, 4, 64).plugin, 2, 1e-12);
    cr_expect_float_eq(mutual(first, second, NULL, 2, 64).plugin, 0, 1e-12);
    cr_expect_float_eq(mutual(first, second, either, 2, 64).plugin, 1, 1e-12);
    /* (|X| - 1)(|Y| - 1) / (2 N ln 2) where all is seen. */
    cr_expect_float_eq(mutual(first, second, NULL, 2, 64).bias, 1 / (128 * log(2)), 1e-12);
    cr_assert(isnan(mutual(x, x, NULL, 4, 0).bits));
    /* Symbols that never come change nothing. */
    cr_expect_float_eq(mutual(x, x, NULL, 200, 64).bits, mutual(x, x, NULL, 4, 64).bits, 1e-12);
}

/* A channel: `to` is what `from` was a step before, but for `flips` of the time. */
static void channel_fill(struct random *random, uint8_t *from, uint8_t *to, size_t count,
                         double flips)
{
    for (size_t t = 0; t < count; t++) {
        from[t] = uniform(random) < 0.5;
        bool before = t > 0 ? from[t - 1] : uniform(random) < 0.5;
        to[t] = uniform(random) < flips ? !before : before;
    }
}

Test(stat_information, a_channel_carries_what_shannon_says_and_one_way)
{
    /* 1 - H(0.1) = 0.5310 bits a step, from the sender to the receiver, with a delay of one. */
    static uint8_t sender[COUNT_MAX];
    static uint8_t receiver[COUNT_MAX];
    struct random random = key(1);
    channel_fill(&random, sender, receiver, COUNT_MAX, 0.1);
    struct symbols a = {sender, 2};
    struct symbols b = {receiver, 2};
    size_t length = COUNT_MAX;
    struct runs runs = {1, &length};
    double carried = 1 + 0.1 * log2(0.1) + 0.9 * log2(0.9);
    struct information result;
    for (size_t history = 0; history < 4; history++) {
        information_transfer(&a, &b, &runs, 1, history, NULL, &result, NULL);
        cr_expect_float_eq(result.bits, carried, 0.015, "history %zu: %g", history, result.bits);
        cr_expect_eq(result.samples, COUNT_MAX - (history > 1 ? history : 1));
        if (history > 0) {
            information_transfer(&b, &a, &runs, history, 1, NULL, &result, NULL);
            cr_expect_float_eq(result.bits, 0, 0.001, "back, history %zu: %g", history,
                               result.bits);
        }
    }
    for (size_t lag = 0; lag < 4; lag++) {
        information_delayed(&a, &b, &runs, lag, NULL, &result, NULL);
        cr_expect_float_eq(result.bits, lag == 1 ? carried : 0, lag == 1 ? 0.015 : 0.001,
                           "lag %zu: %g", lag, result.bits);
    }
}

Test(stat_information, the_correction_takes_the_bias_away)
{
    /* Independent symbols, 4 and 4, 60 samples, 2,000 times: the plug-in mean is about 9 / (120 ln
     * 2) = 0.108 bits; corrected, a sixth of that at most is left. */
    double plugin = 0;
    double bits = 0;
    for (uint32_t run = 0; run < 2000; run++) {
        struct random random = key(run);
        uint8_t x[60];
        uint8_t y[60];
        for (int i = 0; i < 60; i++) {
            x[i] = (uint8_t)random_below(&random, 4);
            y[i] = (uint8_t)random_below(&random, 4);
        }
        struct information result = mutual(x, y, NULL, 4, 60);
        plugin += result.plugin / 2000;
        bits += result.bits / 2000;
    }
    cr_expect_float_eq(plugin, 9 / (120 * log(2)), 0.012, "%g", plugin);
    cr_expect_float_eq(bits, 0, 0.018, "%g", bits);
}

Test(stat_information, permutation_within_strata_keeps_its_level)
{
    /* A stratum that sets both symbols to its own: given it, p is uniform; without it, always
     * small. 600 times, 99 surrogates; the deviation of the level is 1.2 points at 0.1. */
    enum { RUNS = 600, COUNT = 90 };
    double rejected[2] = {0};
    double mean = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random random = key(run);
        uint8_t x[COUNT];
        uint8_t y[COUNT];
        uint8_t z[COUNT];
        for (int i = 0; i < COUNT; i++) {
            z[i] = (uint8_t)random_below(&random, 3);
            x[i] = uniform(&random) < 0.6 ? z[i] : (uint8_t)random_below(&random, 3);
            y[i] = uniform(&random) < 0.6 ? z[i] : (uint8_t)random_below(&random, 3);
        }
        struct symbols a = {x, 3};
        struct symbols b = {y, 3};
        struct symbols c = {z, 3};
        struct information_test test = {99, random};
        struct information result;
        information_mutual(&a, &b, &c, COUNT, &test, &result, NULL);
        rejected[0] += result.p <= 0.1;
        mean += result.p / RUNS;
        information_mutual(&a, &b, NULL, COUNT, &test, &result, NULL);
        rejected[1] += result.p <= 0.1;
    }
    cr_expect_float_eq(rejected[0] / RUNS, 0.1, 0.04, "level %g", rejected[0] / RUNS);
    cr_expect_float_eq(mean, 0.5, 0.04, "mean of p %g", mean);
    cr_expect(rejected[1] / RUNS > 0.95, "without the stratum %g", rejected[1] / RUNS);
}

Test(stat_information, p_is_that_of_all_permutations)
{
    /* Six samples: of the 720 permutations 72 give as much as the complete agreement of 3 and 3 (2
     * sides, 3! 3! each). */
    uint8_t x[] = {0, 1, 0, 1, 1, 0};
    struct symbols a = {x, 2};
    struct information_test test = {20000, key(3)};
    struct information result;
    information_mutual(&a, &a, NULL, 6, &test, &result, NULL);
    cr_expect_float_eq(result.p, 0.1, 0.009, "%g", result.p);
    /* Two strata of four samples, which lie between each other: 2 of 6 ways in each. */
    uint8_t pair[] = {0, 0, 1, 0, 0, 1, 1, 1};
    uint8_t stratum[] = {0, 1, 0, 1, 0, 1, 0, 1};
    struct symbols b = {pair, 2};
    struct symbols given = {stratum, 2};
    information_mutual(&b, &b, &given, 8, &test, &result, NULL);
    cr_expect_float_eq(result.p, 1 / 9.0, 0.009, "%g", result.p);
    test.draws = 0;
    information_mutual(&a, &a, NULL, 6, &test, &result, NULL);
    cr_expect(result.p >= 1 && result.p <= 1);
}

Test(stat_information, shifts_keep_the_level_where_series_are_slow)
{
    /* Two series that have nothing to do with each other, but each stays as it is 9 times in 10:
     * permutation takes them for coupled, shifts do not. 400 times; the deviation is 1.5 points.
     * And a coupled pair is found. */
    enum { RUNS = 400, COUNT = 160 };
    double rejected[4] = {0};
    size_t length[] = {90, 70};
    struct runs runs = {2, length};
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random random = key(run);
        uint8_t x[COUNT];
        uint8_t y[COUNT];
        uint8_t heard[COUNT];
        for (int i = 0; i < COUNT; i++) {
            x[i] = i > 0 && uniform(&random) < 0.9 ? x[i - 1] : uniform(&random) < 0.5;
            y[i] = i > 0 && uniform(&random) < 0.9 ? y[i - 1] : uniform(&random) < 0.5;
            heard[i] = i > 0 && uniform(&random) < 0.4 ? x[i - 1] : y[i];
        }
        struct symbols a = {x, 2};
        struct symbols b = {y, 2};
        struct symbols c = {heard, 2};
        struct information_test test = {99, random};
        struct information result;
        information_delayed(&a, &b, &runs, 1, &test, &result, NULL);
        rejected[0] += result.p <= 0.1;
        information_transfer(&a, &b, &runs, 2, 1, &test, &result, NULL);
        rejected[1] += result.p <= 0.1;
        information_mutual(&a, &b, NULL, COUNT, &test, &result, NULL);
        rejected[2] += result.p <= 0.1;
        information_transfer(&a, &c, &runs, 1, 1, &test, &result, NULL);
        rejected[3] += result.p <= 0.1;
    }
    cr_expect_float_eq(rejected[0] / RUNS, 0.1, 0.045, "delayed %g", rejected[0] / RUNS);
    cr_expect_float_eq(rejected[1] / RUNS, 0.1, 0.045, "transfer %g", rejected[1] / RUNS);
    cr_expect(rejected[2] / RUNS > 0.3, "permuted %g", rejected[2] / RUNS);
    cr_expect(rejected[3] / RUNS > 0.6, "coupled %g", rejected[3] / RUNS);
}

Test(stat_information, what_is_too_large_is_refused)
{
    uint8_t x[40] = {0};
    struct symbols a = {x, 2};
    size_t length[] = {0, 3, 40 - 3};
    struct runs runs = {3, length};
    struct information result;
    cr_assert_eq(information_transfer(&a, &a, &runs, 11, 10, NULL, &result, NULL), 0);
    cr_assert_eq(result.samples, 26);
    cr_assert_eq(information_transfer(&a, &a, &runs, 11, 11, NULL, &result, NULL), ERROR_LIMIT);
    cr_assert_eq(information_transfer(&a, &a, &runs, 70, 1, NULL, &result, NULL), ERROR_LIMIT);
    cr_assert_eq(
        information_transfer(&(struct symbols){x, 256}, &a, &runs, 8, 1, NULL, &result, NULL),
        ERROR_LIMIT);
    struct information_test test = {UINT32_MAX, key(0)};
    cr_assert_eq(information_mutual(&a, &a, NULL, 40, &test, &result, NULL), ERROR_LIMIT);
    cr_assert_eq(information_delayed(&a, &a, &runs, 40, NULL, &result, NULL), 0);
    cr_assert(result.samples == 0 && isnan(result.bits));
    /* One symbol says nothing of anything. */
    struct symbols one = {x, 1};
    cr_assert_eq(information_transfer(&one, &one, &runs, 5, 5, NULL, &result, NULL), 0);
    cr_assert(result.plugin <= 0 && result.bias <= 0);
}
