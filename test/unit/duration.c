#include <criterion/criterion.h>

#include "base/duration.h"

#include <string.h>

static time_ns parse(const char *text)
{
    struct error error = {0};
    time_ns value = -1;

    cr_assert_eq(duration_parse(text, &value, &error), 0, "%s: %s", text, error.message);
    return value;
}

/* The text is refused, the message holds `words`, and the value is left alone. */
static void refuse(const char *text, const char *words)
{
    struct error error = {0};
    time_ns value = 17;

    cr_assert_eq(duration_parse(text, &value, &error), ERROR_INPUT, "%s", text);
    cr_assert(strstr(error.message, words) != NULL, "%s: %s", text, error.message);
    cr_assert_eq(value, 17);
}

Test(duration, units)
{
    cr_assert_eq(parse("7ns"), 7);
    cr_assert_eq(parse("7us"), 7000);
    cr_assert_eq(parse("500ms"), 500000000);
    cr_assert_eq(parse("1.5s"), 1500000000);
    cr_assert_eq(parse("10min"), INT64_C(600000000000));
    cr_assert_eq(parse("2h"), INT64_C(7200000000000));
    cr_assert_eq(parse("0.5d"), INT64_C(43200000000000));
    cr_assert_eq(parse("0s"), 0);
    cr_assert_eq(parse("0.000000001s"), 1);
    cr_assert_eq(parse("9223372036854775806ns"), INT64_MAX - 1);
}

Test(duration, what_is_wrong_is_said)
{
    refuse("5", "has no unit");
    refuse("2.5x", "`x` is no unit of time");
    refuse("5m", "`min` or `ms`");
    refuse("5 s", "right behind the number");
    refuse("", "write it like `500ms`");
    refuse("fast", "is not a duration");
    refuse("-1s", "cannot be negative");
    refuse("1.s", "is no unit");
    refuse("1.2.3s", "is no unit");
    refuse(".5s", "is not a duration");
    refuse("0.5ns", "whole number of nanoseconds");
    refuse("0.0000000001s", "whole number of nanoseconds");
    refuse("9223372036854775807ns", "too long");
    refuse("106752d", "too long");
    refuse("999999999999999999999999d", "too long");
    refuse("9999999999999999999999999d", "more than 24 digits");
}

Test(duration, format)
{
    static const struct {
        time_ns value;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1, "1ns"},
        {999, "999ns"},
        {1500, "1.5us"},
        {350000000, "350ms"},
        {2350000000, "2.35s"},
        {2351234567, "2.351s"},
        {INT64_C(60000000000), "1min"},
        {INT64_C(61000000000), "61s"},
        {INT64_C(90000000000), "1.5min"},
        {INT64_C(725321700000), "725.3s"},
        {INT64_C(3600000000000), "1h"},
        {INT64_C(3661000000000), "61.02min"},
        {INT64_C(100000000000000), "27.78h"},
        {INT64_C(129600000000000), "1.5d"},
        {-INT64_C(350000000), "-350ms"},
        {TIME_NEVER, "never"},
        {TIME_NEVER - 1, "2562048h"},
        {INT64_MIN, "-2562048h"},
    };
    char text[DURATION_TEXT_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        duration_format(cases[i].value, text);
        cr_assert_str_eq(text, cases[i].text);
    }
}

Test(duration, format_is_read_back)
{
    char text[DURATION_TEXT_BYTES];

    for (time_ns value = 1; value < TIME_NEVER / 3; value = value * 2 + value / 3) {
        time_ns back;
        uint64_t apart;

        duration_format(value, text);
        back = parse(text);
        apart = (uint64_t)(back > value ? back - value : value - back);
        cr_assert(apart <= (uint64_t)value / 1000, "%s for %lld", text, (long long)value);
    }
}

Test(duration, sizes)
{
    struct error error = {0};
    uint64_t bytes = 0;

    cr_assert_eq(size_parse("64KiB", &bytes, &error), 0);
    cr_assert_eq(bytes, 65536);
    cr_assert_eq(size_parse("1.5MiB", &bytes, &error), 0);
    cr_assert_eq(bytes, 1572864);
    cr_assert_eq(size_parse("2GB", &bytes, &error), 0);
    cr_assert_eq(bytes, UINT64_C(2000000000));
    cr_assert_eq(size_parse("18446744073709551615B", &bytes, &error), 0);
    cr_assert_eq(bytes, UINT64_MAX);
    cr_assert_eq(size_parse("18446744073709551616B", &bytes, &error), ERROR_INPUT);
    cr_assert_eq(size_parse("0.5B", &bytes, &error), ERROR_INPUT);
    cr_assert_eq(size_parse("12", &bytes, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "has no unit") != NULL);
    cr_assert_eq(size_parse("12kb", &bytes, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "unknown unit") != NULL);
}

Test(duration, rates)
{
    struct error error = {0};
    time_ns mean = 0;

    cr_assert_eq(rate_parse("2/s", &mean, &error), 0);
    cr_assert_eq(mean, 500000000);
    cr_assert_eq(rate_parse("10/min", &mean, &error), 0);
    cr_assert_eq(mean, INT64_C(6000000000));
    cr_assert_eq(rate_parse("1/h", &mean, &error), 0);
    cr_assert_eq(mean, INT64_C(3600000000000));
    cr_assert_eq(rate_parse("0.25/s", &mean, &error), 0);
    cr_assert_eq(mean, INT64_C(4000000000));
    cr_assert_eq(rate_parse("3/s", &mean, &error), 0);
    cr_assert_eq(mean, 333333333);
    cr_assert_eq(rate_parse("1.5/s", &mean, &error), 0);
    cr_assert_eq(mean, 666666667);
    cr_assert_eq(rate_parse("0/s", &mean, &error), 0);
    cr_assert_eq(mean, TIME_NEVER);
    cr_assert_eq(rate_parse("2", &mean, &error), ERROR_INPUT);
    cr_assert_eq(rate_parse("2/week", &mean, &error), ERROR_INPUT);
    cr_assert_eq(rate_parse("-2/s", &mean, &error), ERROR_INPUT);
    cr_assert_eq(rate_parse("3/ns", &mean, &error), ERROR_INPUT);
    cr_assert_eq(rate_parse("0.000001/d", &mean, &error), ERROR_INPUT);
}

Test(duration, decimals)
{
    struct error error = {0};
    fixed value = 0;

    cr_assert_eq(decimal_parse("1", &value, &error), 0);
    cr_assert_eq(value, FIXED_ONE);
    cr_assert_eq(decimal_parse("0.5", &value, &error), 0);
    cr_assert_eq(value, FIXED_ONE / 2);
    cr_assert_eq(decimal_parse("-1.9", &value, &error), 0);
    cr_assert_eq(value, -INT64_C(8160437862)); /* 1.9 * 2^32 = 8160437862.4 */
    cr_assert_eq(decimal_parse("+0.38", &value, &error), 0);
    cr_assert_eq(value, INT64_C(1632087572)); /* 0.38 * 2^32 = 1632087572.48 */
    cr_assert_eq(decimal_parse("0.999999999999", &value, &error), 0);
    cr_assert_eq(value, FIXED_ONE);
    cr_assert_eq(decimal_parse("2147483647.5", &value, &error), 0);
    cr_assert_eq(value, INT64_C(2147483647) * FIXED_ONE + FIXED_ONE / 2);
    cr_assert_eq(decimal_parse("2147483648", &value, &error), ERROR_INPUT);
    cr_assert_eq(decimal_parse("2147483647.99999999999", &value, &error), ERROR_INPUT);
    cr_assert_eq(decimal_parse("0.3x", &value, &error), ERROR_INPUT);
    cr_assert_eq(decimal_parse("1e3", &value, &error), ERROR_INPUT);
    cr_assert_eq(decimal_parse("-", &value, &error), ERROR_INPUT);
    cr_assert_eq(decimal_parse("", &value, &error), ERROR_INPUT);
}
