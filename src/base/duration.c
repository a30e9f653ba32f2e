#include "base/duration.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

/* 24 digits times the largest unit stay below 2^128, so no product here can overflow. */
#define DIGITS_MAX 24

#define TIME_UNITS "ns, us, ms, s, min, h or d"

struct unit {
    const char *name;
    uint64_t size;
};

/* From the largest to the smallest: duration_format walks it so. */
static const struct unit time_units[] = {
    {"d", UINT64_C(86400000000000)},
    {"h", UINT64_C(3600000000000)},
    {"min", UINT64_C(60000000000)},
    {"s", UINT64_C(1000000000)},
    {"ms", UINT64_C(1000000)},
    {"us", UINT64_C(1000)},
    {"ns", UINT64_C(1)},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"B", 1},
    {"kB", UINT64_C(1000)},
    {"MB", UINT64_C(1000000)},
    {"GB", UINT64_C(1000000000)},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {NULL, 0},
};

/* A number as it was written: digits / 10^decimals. */
struct number {
    wide digits;
    int decimals;
    const char *rest; /* the first character behind it */
};

static wide power_of_ten(int exponent)
{
    wide power = 1;

    assert(exponent >= 0 && exponent <= DIGITS_MAX);
    while (exponent-- > 0)
        power *= 10;
    return power;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits[.digits] at the beginning of `text`. `what` is for the message: "a duration". */
static int number_parse(const char *text, struct number *number, const char *what,
                        const char *example, struct error *error)
{
    const char *at = text;
    int count = 0;

    *number = (struct number){0};
    if (!is_digit(*at)) {
        error_set(error, ERROR_INPUT, "`%.40s` is not %s; write it like `%s`", text, what, example);
        return ERROR_INPUT;
    }
    for (bool fraction = false; is_digit(*at) || (*at == '.' && !fraction && is_digit(at[1]));
         at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        if (count > 0 || *at != '0')
            count++;
        number->decimals += fraction;
        if (count > DIGITS_MAX || number->decimals > DIGITS_MAX) {
            error_set(error, ERROR_INPUT, "`%.40s` has more than %d digits", text, DIGITS_MAX);
            return ERROR_INPUT;
        }
        number->digits = number->digits * 10 + (wide)(*at - '0');
    }
    number->rest = at;
    return 0;
}

static const struct unit *unit_find(const struct unit *units, const char *name)
{
    for (const struct unit *unit = units; unit->name != NULL; unit++)
        if (strcmp(unit->name, name) == 0)
            return unit;
    return NULL;
}

static int time_unit_refuse(const char *text, const char *name, struct error *error)
{
    if (*name == '\0')
        return error_set(error, ERROR_INPUT,
                         "`%.40s` has no unit; a duration is a number and " TIME_UNITS
                         ", such as `500ms`",
                         text);
    if (strcmp(name, "m") == 0)
        return error_set(error, ERROR_INPUT,
                         "`%.40s`: `m` could be minutes or milliseconds; write `min` or `ms`",
                         text);
    return error_set(error, ERROR_INPUT,
                     "`%.40s`: `%.20s` is no unit of time; the units are " TIME_UNITS
                     ", right behind the number, such as `500ms`",
                     text, name);
}

int duration_parse(const char *text, time_ns *value, struct error *error)
{
    struct number number;
    const struct unit *unit;
    wide total, power;
    int code;

    assert(text != NULL && value != NULL);
    if (text[0] == '-')
        return error_set(error, ERROR_INPUT, "`%.40s`: a duration cannot be negative", text);
    code = number_parse(text, &number, "a duration", "500ms", error);
    if (code < 0)
        return code;
    unit = unit_find(time_units, number.rest);
    if (unit == NULL)
        return time_unit_refuse(text, number.rest, error);
    total = number.digits * unit->size;
    power = power_of_ten(number.decimals);
    if (total % power != 0)
        return error_set(error, ERROR_INPUT, "`%.40s` is not a whole number of nanoseconds", text);
    if (total / power >= (wide)TIME_NEVER)
        return error_set(error, ERROR_INPUT,
                         "`%.40s` is too long; a duration is below 292 years (106751d)", text);
    *value = (time_ns)(total / power);
    return 0;
}

/* Writes `value` in `unit` with at most `decimals` decimals, rounded, without trailing zeros. */
static void duration_write(uint64_t value, const struct unit *unit, int decimals, char *text,
                           size_t size)
{
    uint64_t power = (uint64_t)power_of_ten(decimals);
    wide rounded = ((wide)value * power + unit->size / 2) / unit->size;
    uint64_t whole = (uint64_t)(rounded / power);
    uint64_t fraction = (uint64_t)(rounded % power);

    while (decimals > 0 && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    if (decimals == 0)
        snprintf(text, size, "%" PRIu64 "%s", whole, unit->name);
    else
        snprintf(text, size, "%" PRIu64 ".%0*" PRIu64 "%s", whole, decimals, fraction, unit->name);
}

void duration_format(time_ns value, char text[DURATION_TEXT_BYTES])
{
    const struct unit *unit = time_units;
    uint64_t size, length;
    int decimals = 3;

    if (value == TIME_NEVER || value == 0) {
        snprintf(text, DURATION_TEXT_BYTES, "%s", value == 0 ? "0s" : "never");
        return;
    }
    /* Durations are never negative, but a difference of two may come by. */
    if (value < 0) {
        *text++ = '-';
        length = 0 - (uint64_t)value;
    } else {
        length = (uint64_t)value;
    }
    while (unit->size > length)
        unit++;
    if (length * (wide)100 % unit->size == 0) {
        duration_write(length, unit, 2, text, DURATION_TEXT_BYTES - 1);
        return;
    }
    /* Nobody reads 1.017min as 61 seconds: what is not even goes in the next smaller unit. */
    if (unit->size > UINT64_C(1000000000))
        unit++;
    for (size = length / unit->size; size >= 10 && decimals > 0; size /= 10)
        decimals--;
    duration_write(length, unit, decimals, text, DURATION_TEXT_BYTES - 1);
}

int size_parse(const char *text, uint64_t *bytes, struct error *error)
{
    struct number number;
    const struct unit *unit;
    wide total, power;
    int code;

    assert(text != NULL && bytes != NULL);
    code = number_parse(text, &number, "a size", "64KiB", error);
    if (code < 0)
        return code;
    unit = unit_find(size_units, number.rest);
    if (unit == NULL)
        return error_set(error, ERROR_INPUT,
                         "`%.40s` %s; a size is a number and B, kB, MB, GB, KiB, MiB or GiB, such "
                         "as `64KiB`",
                         text, *number.rest == '\0' ? "has no unit" : "has an unknown unit");
    total = number.digits * unit->size;
    power = power_of_ten(number.decimals);
    if (total % power != 0)
        return error_set(error, ERROR_INPUT, "`%.40s` is not a whole number of bytes", text);
    if (total / power > UINT64_MAX)
        return error_set(error, ERROR_INPUT, "`%.40s` is too large; a size is below 2^64 bytes",
                         text);
    *bytes = (uint64_t)(total / power);
    return 0;
}

int rate_parse(const char *text, time_ns *mean, struct error *error)
{
    struct number number;
    const struct unit *unit;
    wide interval;
    int code;

    assert(text != NULL && mean != NULL);
    code = number_parse(text, &number, "a rate", "2/s", error);
    if (code < 0)
        return code;
    unit = *number.rest == '/' ? unit_find(time_units, number.rest + 1) : NULL;
    if (unit == NULL)
        return error_set(error, ERROR_INPUT,
                         "`%.40s` is not a rate; a rate is a number, `/` and " TIME_UNITS
                         ", such as `2/s` or `10/min`",
                         text);
    if (number.digits == 0) {
        *mean = TIME_NEVER;
        return 0;
    }
    interval = (unit->size * power_of_ten(number.decimals) + number.digits / 2) / number.digits;
    if (interval == 0)
        return error_set(error, ERROR_INPUT, "`%.40s` is too fast; at most 1/ns can be told apart",
                         text);
    if (interval >= (wide)TIME_NEVER)
        return error_set(error, ERROR_INPUT,
                         "`%.40s` is less than once in 292 years; write `0/s` for never", text);
    *mean = (time_ns)interval;
    return 0;
}

int decimal_parse(const char *text, fixed *value, struct error *error)
{
    struct number number;
    bool negative;
    wide whole, fraction, power, result;
    int code;

    assert(text != NULL && value != NULL);
    negative = text[0] == '-';
    code = number_parse(text + (negative || text[0] == '+'), &number, "a number", "0.25", error);
    if (code < 0)
        return code;
    if (*number.rest != '\0')
        return error_set(error, ERROR_INPUT,
                         "`%.40s` is not a plain decimal number; write it like `0.25`", text);
    power = power_of_ten(number.decimals);
    whole = number.digits / power;
    fraction = number.digits % power;
    result = (fraction * ((wide)1 << 32) + power / 2) / power;
    if (whole >> 31 != 0 || (whole << 32) + result > (wide)FIXED_MAX)
        return error_set(error, ERROR_INPUT, "`%.40s` is too large; numbers are below 2147483648",
                         text);
    result += whole << 32;
    *value = negative ? -(fixed)result : (fixed)result;
    return 0;
}
