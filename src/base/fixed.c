#include "base/fixed.h"

#include <assert.h>

#include "base/fixed_table.h"

__extension__ typedef __int128 wide;

/* ln 2 in Q1.62, from its binary expansion. */
static const int64_t LN2_Q62 = INT64_C(0x2C5C85FDF473DE6B);

static fixed saturate(wide value)
{
    if (value > FIXED_MAX)
        return FIXED_MAX;
    if (value < FIXED_MIN)
        return FIXED_MIN;
    return (fixed)value;
}

fixed fixed_multiply(fixed a, fixed b)
{
    return saturate(((wide)a * b) >> 32);
}

fixed fixed_ratio(int64_t numerator, int64_t denominator)
{
    assert(denominator != 0);
    return saturate(((wide)numerator * FIXED_ONE) / denominator);
}

/*
 * e^x = 2^k * e^r with k = round(x / ln 2), so |r| <= ln 2 / 2. The Taylor series of e^r to the
 * 14th power leaves less than 2^-60 there (Abramowitz and Stegun 4.2.1).
 */
fixed fixed_exp(fixed x)
{
    const fixed ln2 = (fixed)(LN2_Q62 >> 30);
    fixed k;
    wide r, term, sum;

    if (x >= 22 * FIXED_ONE)
        return FIXED_MAX;
    if (x <= -23 * FIXED_ONE)
        return 0;
    k = x / ln2;
    r = (wide)x * (1 << 30) - (wide)k * LN2_Q62; /* Q62; |r| < ln 2 */
    sum = (wide)1 << 62;
    term = (wide)1 << 62;
    for (int n = 1; n <= 20; n++) {
        term = (int64_t)((term * r) >> 62) / n; /* below 2^62 */
        sum += term;
    }
    /* sum is Q62; the result is Q32 times 2^k. */
    if (k - 30 >= 0)
        return saturate(sum << (k - 30));
    return saturate(sum >> (30 - k));
}

/*
 * ln x = e ln 2 + ln m with m in [1, 2), and ln m = LOG[k] + ln(1 + r) with r = m * INVERSE[k] - 1,
 * |r| < 2^-7, by its Taylor series to the 6th power (Abramowitz and Stegun 4.1.24), which leaves
 * less than 2^-51.
 */
fixed fixed_log(fixed x)
{
    int exponent, k;
    int64_t m, r, sum;

    assert(x > 0);
    exponent = 31 - __builtin_clzll((unsigned long long)x);
    /* m in Q62: x has its top bit at 32 + exponent. */
    m = x << (30 - exponent);
    k = (int)(m >> 55) & 127;
    r = (int64_t)(((wide)m * LOG_TABLE[k].inverse) >> 32) - ((int64_t)1 << 62);
    sum = -(r / 6);
    sum = r / 5 + (int64_t)(((wide)sum * r) >> 62);
    sum = -(r / 4) + (int64_t)(((wide)sum * r) >> 62);
    sum = r / 3 + (int64_t)(((wide)sum * r) >> 62);
    sum = -(r / 2) + (int64_t)(((wide)sum * r) >> 62);
    sum = r + (int64_t)(((wide)sum * r) >> 62);
    return (fixed)(((wide)LOG_TABLE[k].log + sum + (wide)exponent * LN2_Q62) >> 30);
}

probability fixed_logistic(fixed x)
{
    fixed e;

    if (x >= FIXED_LOGIT_MAX)
        return PROBABILITY_ONE;
    if (x <= -FIXED_LOGIT_MAX)
        return 0;
    /* e^-|x| is at most 1, so nothing can overflow. */
    e = fixed_exp(x < 0 ? x : -x);
    if (x < 0)
        return (probability)(((wide)e << 32) / (FIXED_ONE + e));
    return (probability)(((wide)FIXED_ONE << 32) / (FIXED_ONE + e));
}

fixed fixed_logit(probability p)
{
    if (p == 0)
        return -FIXED_LOGIT_MAX;
    if (p >= PROBABILITY_ONE)
        return FIXED_LOGIT_MAX;
    return fixed_log((fixed)p) - fixed_log((fixed)(PROBABILITY_ONE - p));
}

int64_t fixed_scale(int64_t value, fixed factor)
{
    assert(value >= 0 && factor >= 0);
    return saturate(((wide)value * factor) >> 32);
}
