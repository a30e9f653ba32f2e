/*
 * Fixed-point arithmetic: signed Q32.32 in an int64_t.
 *
 * Whatever decides an event is computed here or with plain integers, so that every compiler,
 * optimisation level and machine gives the same bits. Nothing here uses floating point or libm.
 *
 * A probability is a uint64_t in Q0.32: 0 is never, PROBABILITY_ONE (2^32) is always.
 */
#ifndef IOLAUS_BASE_FIXED_H
#define IOLAUS_BASE_FIXED_H

#include <stdint.h>

typedef int64_t fixed;
#define FIXED_ONE ((fixed)1 << 32)
#define FIXED_MAX INT64_MAX
#define FIXED_MIN INT64_MIN

typedef uint64_t probability;
#define PROBABILITY_ONE ((probability)1 << 32)

/* a * b, saturating. */
fixed fixed_multiply(fixed a, fixed b);

/* numerator / denominator as Q32.32, rounded toward zero, saturating; denominator must not be 0. */
fixed fixed_ratio(int64_t numerator, int64_t denominator);

/* e^x, saturating at FIXED_MAX above ln(2^31); absolute error below 2^-28 * max(1, e^x). */
fixed fixed_exp(fixed x);

/* ln(x) for x > 0 (asserted); absolute error below 2^-28. */
fixed fixed_log(fixed x);

/* 1 / (1 + e^-x) as a probability. |x| >= FIXED_LOGIT_MAX gives exactly 0 or PROBABILITY_ONE. */
probability fixed_logistic(fixed x);
#define FIXED_LOGIT_MAX (40 * FIXED_ONE)

/* ln(p / (1 - p)); p = 0 gives -FIXED_LOGIT_MAX, p >= PROBABILITY_ONE gives +FIXED_LOGIT_MAX.
 * fixed_logistic(fixed_logit(p)) is within 2^-24 of p. */
fixed fixed_logit(probability p);

/* Scales a duration: value * factor, rounded down, saturating at INT64_MAX; value >= 0,
 * factor >= 0. */
int64_t fixed_scale(int64_t value, fixed factor);

#endif
