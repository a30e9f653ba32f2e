#include <criterion/criterion.h>

#include "base/error.h"
#include "base/fixed.h"
#include "base/random.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

Test(fixed, exp_and_log_agree_with_libm)
{
    for (double x = -20; x < 20; x += 0.0137) {
        double got = (double)fixed_exp((fixed)(x * 4294967296.0)) / 4294967296.0;
        double want = exp((double)(fixed)(x * 4294967296.0) / 4294967296.0);

        cr_assert(fabs(got - want) <= ldexp(1, -28) * fmax(1, want), "exp(%g): %g", x, got);
    }
    for (double x = 1e-9; x < 2e9; x *= 1.37) {
        fixed f = (fixed)(x * 4294967296.0);

        cr_assert(fabs((double)fixed_log(f) / 4294967296.0 - log((double)f / 4294967296.0)) <
                      ldexp(1, -28),
                  "log(%g)", x);
    }
}

Test(fixed, exp_saturates)
{
    cr_assert_eq(fixed_exp(FIXED_MAX), FIXED_MAX);
    cr_assert_eq(fixed_exp(FIXED_MIN), 0);
    cr_assert_eq(fixed_exp(0), FIXED_ONE);
}

Test(fixed, logit_and_logistic_are_inverse)
{
    for (probability p = 1; p < PROBABILITY_ONE; p += 12345677) {
        probability back = fixed_logistic(fixed_logit(p));
        uint64_t apart = back > p ? back - p : p - back;

        cr_assert(apart < 256, "%llu came back as %llu", (unsigned long long)p,
                  (unsigned long long)back);
    }
    cr_assert_eq(fixed_logistic(fixed_logit(0)), 0);
    cr_assert_eq(fixed_logistic(fixed_logit(PROBABILITY_ONE)), PROBABILITY_ONE);
}

/* Known answers of philox4x32-10 from Random123's kat_vectors: all bits zero, and all bits one. */
Test(random, known_answers)
{
    struct random zero = random_make(0, 0, 0, 0, 0, 0);
    struct random ones =
        random_make(UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT16_MAX, UINT16_MAX, UINT32_MAX);
    uint32_t words[4];

    random_block(&zero, words);
    cr_assert(words[0] == 0x6627e8d5 && words[1] == 0xe169c58d && words[2] == 0xbc57ac4c &&
              words[3] == 0x9b00dbd8);
    random_block(&ones, words);
    cr_assert(words[0] == 0x408f276d && words[1] == 0x41c83b0e && words[2] == 0xa20bc7c6 &&
              words[3] == 0x6d5451fd);
}

Test(random, exponential_has_its_mean_and_variance)
{
    struct random random = random_make(1, 2, 3, 4, STREAM_TEST, 0);
    double sum = 0, squares = 0;
    const int n = 200000;

    for (int i = 0; i < n; i++) {
        double x = (double)random_exponential(&random, 1000000000) / 1e9;
        sum += x;
        squares += x * x;
    }
    cr_assert(fabs(sum / n - 1) < 4 / sqrt(n));
    cr_assert(fabs(squares / n - 2) < 4 * sqrt(20.0 / n));
}

Test(random, below_is_even)
{
    struct random random = random_make(7, 0, 0, 0, STREAM_TEST, 0);
    int count[7] = {0};

    for (int i = 0; i < 70000; i++)
        count[random_below(&random, 7)]++;
    for (int i = 0; i < 7; i++)
        cr_assert(abs(count[i] - 10000) < 500, "%d: %d", i, count[i]);
}

/* Each with how much of it may be shown: a character's bytes, or none of it. */
Test(text, only_what_no_terminal_obeys_is_shown)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {{"a", 1},
                 {"~", 1},
                 {"\xc3\xa4", 2},
                 {"\xe2\x82\xac", 3},
                 {"\xf0\x9f\x90\x8d", 4},
                 {"\xf4\x8f\xbf\xbf", 4},
                 {"\xc2\xa0", 2},
                 {"\x1b[31m", 0}, /* escape */
                 {"\n", 0},
                 {"\x7f", 0},
                 {"\xc2\x9b", 0},                 /* the C1 form of escape and [ */
                 {"\xe2\x80\xa8", 0},             /* line separator */
                 {"\xe2\x80\xae\xe2\x80\xac", 0}, /* from right to left, and back */
                 {"\xe2\x81\xa6\xe2\x81\xa9", 0}, /* isolate, and its end */
                 {"\x80", 0},                     /* a second byte first */
                 {"\xc3", 0},                     /* torn */
                 {"\xe2\x82", 0},
                 {"\xc0\xaf", 0}, /* longer than it need be */
                 {"\xe0\x80\xaf", 0},
                 {"\xed\xa0\x80", 0},     /* half of a pair */
                 {"\xf4\x90\x80\x80", 0}, /* above the last */
                 {"\xff", 0}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(text_shown(cases[i].bytes, strlen(cases[i].bytes)), cases[i].length,
                     "case %zu", i);
}

Test(text, what_is_not_shown_becomes_a_question_mark)
{
    char text[] = "a\x1b[31m \xc3\xa4 \xc2\x9b"
                  "2J\n\xff\xe2\x82";

    text_clean(text);
    cr_assert_str_eq(text, "a?[31m \xc3\xa4 ??2J????");
}

Test(error, a_message_is_one_line_that_no_terminal_obeys)
{
    struct error error = {0};

    error_set(&error, ERROR_INPUT, "`%s` is\n no file", "\x1b]0;x\a");
    cr_assert_str_eq(error.message, "`?]0;x?` is? no file");
    error_context(&error, "%s", "\x1b[2J");
    cr_assert_str_eq(error.message, "?[2J: `?]0;x?` is? no file");
}

Test(error, context_goes_before_the_message)
{
    struct error error = {0};

    cr_assert_eq(error_set(&error, ERROR_INPUT, "no such key `%s`", "x"), ERROR_INPUT);
    error_context(&error, "file.yaml:3:1");
    cr_assert_str_eq(error.message, "file.yaml:3:1: no such key `x`");
    cr_assert_eq(error_exit_status(error.code), 2);
    cr_assert_eq(error_exit_status(ERROR_CORRUPT), 1);
}
