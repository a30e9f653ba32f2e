#include "base/fixed.h"

#include <assert.h>

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
    r = ((wide)x << 30) - (wide)k * LN2_Q62; /* Q62; |r| < ln 2 */
    sum = (wide)1 << 62;
    term = (wide)1 << 62;
    for (int n = 1; n <= 20; n++) {
        term = ((term * r) >> 62) / n;
        sum += term;
    }
    /* sum is Q62; the result is Q32 times 2^k. */
    if (k - 30 >= 0)
        return saturate(sum << (k - 30));
    return saturate(sum >> (30 - k));
}

/*
 * ln x = e ln 2 + ln m with m in [1, 2); ln m = 2 artanh((m - 1) / (m + 1)) by its series
 * (Abramowitz and Stegun 4.1.27), whose argument is at most 1/3.
 */
fixed fixed_log(fixed x)
{
    int exponent;
    wide m, z, z2, term, sum;

    assert(x > 0);
    exponent = 31 - __builtin_clzll((unsigned long long)x);
    /* m in Q62: x has its top bit at 32 + exponent. */
    m = exponent <= 30 ? (wide)x << (30 - exponent) : (wide)x >> (exponent - 30);
    z = ((m - ((wide)1 << 62)) << 62) / (m + ((wide)1 << 62));
    z2 = (z * z) >> 62;
    sum = 0;
    term = z;
    for (int n = 1; n <= 39; n += 2) {
        sum += term / n;
        term = (term * z2) >> 62;
    }
    return (fixed)((2 * sum + (wide)exponent * LN2_Q62) >> 30);
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
