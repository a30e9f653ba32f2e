/*
 * Durations, sizes, rates and decimals as people write them, without floating point.
 *
 *     duration_parse("1.5s", &value, &error)     1,500,000,000 ns
 *     size_parse("64KiB", &bytes, &error)        65,536 bytes
 *     rate_parse("10/min", &mean, &error)        6,000,000,000 ns between two
 *     decimal_parse("0.38", &value, &error)      0.38 as Q32.32
 *
 * The whole text must be one value: digits, with at most one decimal point, and the unit right
 * behind, without a space. What is wrong gives ERROR_INPUT and a message that says what would be
 * right; the value is then left alone. The message names the text, not where it stood: the caller
 * puts that in front with error_context.
 */
#ifndef IOLAUS_BASE_DURATION_H
#define IOLAUS_BASE_DURATION_H

#include <stdint.h>

#include "base/error.h"
#include "base/fixed.h"
#include "base/types.h"

/* The size of duration_format's text, with its end. */
#define DURATION_TEXT_BYTES 32

/* Units ns, us, ms, s, min, h, d. The result must be a whole number of nanoseconds, not negative,
 * and below TIME_NEVER (about 292 years). */
int duration_parse(const char *text, time_ns *value, struct error *error);

/* The shortest form that is exact enough: `1min`, `2.35s`, `350ms`, `61s`. Exact where two
 * decimals of some unit suffice, else four significant digits. TIME_NEVER is `never`. */
void duration_format(time_ns value, char text[DURATION_TEXT_BYTES]);

/* Units B, kB, MB, GB (powers of 1000) and KiB, MiB, GiB (powers of 1024). The result must be a
 * whole number of bytes and fit into 64 bits. */
int size_parse(const char *text, uint64_t *bytes, struct error *error);

/* A number, `/`, and s, min, h or d (or ns, us, ms): the mean time between two, rounded to the
 * nearest ns. A rate of 0 gives TIME_NEVER; one of more than 1 each ns is refused. */
int rate_parse(const char *text, time_ns *mean, struct error *error);

/* A plain decimal number such as `-0.25`, rounded to the nearest Q32.32; its size must be below
 * 2^31. A decimal from 0 to 1 is, bit for bit, a probability of base/fixed.h. */
int decimal_parse(const char *text, fixed *value, struct error *error);

#endif
