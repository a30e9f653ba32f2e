#include "analysis/stat_margin.h"

#include <math.h>
#include <string.h>

/* lgamma itself writes a global. */
static double log_factorial(double n)
{
    int sign = 0;
    return lgamma_r(n + 1, &sign);
}

double margin_log_choose(double n, double k)
{
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

/* Fills the hypergeometric probabilities outward from the most probable table, where nothing
 * underflows that matters. */
void margin_fill(struct margin *margin, uint64_t first, uint64_t second, uint64_t successes)
{
    margin->low = successes > second ? successes - second : 0;
    margin->high = successes < first ? successes : first;
    double n1 = (double)first;
    double n2 = (double)second;
    double m = (double)successes;
    uint64_t mode = (uint64_t)((n1 + 1) * (m + 1) / (n1 + n2 + 2));
    mode = mode < margin->low ? margin->low : mode > margin->high ? margin->high : mode;
    double *pmf = margin->pmf;
    double x = (double)mode;
    pmf[mode - margin->low] = exp(margin_log_choose(n1, x) + margin_log_choose(n2, m - x) -
                                  margin_log_choose(n1 + n2, m));
    for (uint64_t i = mode; i < margin->high; i++) {
        x = (double)i;
        pmf[i + 1 - margin->low] =
            pmf[i - margin->low] * ((n1 - x) * (m - x)) / ((x + 1) * (n2 - m + x + 1));
    }
    for (uint64_t i = mode; i > margin->low; i--) {
        x = (double)i;
        pmf[i - 1 - margin->low] =
            pmf[i - margin->low] * (x * (n2 - m + x)) / ((n1 - x + 1) * (m - x + 1));
    }
    /* The logarithms of large factorials cost digits, which the sum gives back. */
    double sum = 0;
    for (uint64_t i = 0; i <= margin->high - margin->low; i++) {
        sum += pmf[i];
    }
    for (uint64_t i = 0; i <= margin->high - margin->low; i++) {
        pmf[i] /= sum;
    }
}

double margin_sum(const struct margin *margin, double limit)
{
    double sum = 0;
    uint64_t low = 0;
    uint64_t high = margin->high - margin->low + 1;
    while (low < high && margin->pmf[low] <= limit) {
        sum += margin->pmf[low++];
    }
    while (high > low && margin->pmf[high - 1] <= limit) {
        sum += margin->pmf[--high];
    }
    return fmin(1, sum);
}

struct margin_region margin_reject(const struct margin *margin, double limit)
{
    const double *pmf = margin->pmf;
    uint64_t tables = margin->high - margin->low + 1;
    struct margin_region region = {0};
    while (region.below + region.above < tables) {
        struct margin_region wider = region;
        double least = fmin(pmf[wider.below], pmf[tables - 1 - wider.above]) * MARGIN_TIE;
        while (wider.below + wider.above < tables && pmf[wider.below] <= least) {
            wider.level += pmf[wider.below++];
        }
        while (wider.below + wider.above < tables && pmf[tables - 1 - wider.above] <= least) {
            wider.level += pmf[tables - 1 - wider.above++];
        }
        if (wider.level > limit) {
            return region;
        }
        region = wider;
    }
    region.level = 1;
    return region;
}

struct margin_region margin_reject_one_sided(const struct margin *margin, double limit, bool high)
{
    uint64_t tables = margin->high - margin->low + 1;
    uint64_t taken = 0;
    double level = 0;
    while (taken < tables) {
        double wider = level + margin->pmf[high ? tables - 1 - taken : taken];
        if (wider > limit) {
            break;
        }
        level = wider;
        taken++;
    }
    return (struct margin_region){high ? 0 : taken, high ? taken : 0, taken < tables ? level : 1};
}

void binomial_fill(double *pmf, uint64_t trials, double rate)
{
    double n = (double)trials;
    memset(pmf, 0, (trials + 1) * sizeof *pmf);
    if (rate <= 0 || rate >= 1) {
        pmf[rate > 0 ? trials : 0] = 1;
        return;
    }
    double mode = floor(fmin(n, (n + 1) * rate));
    double odds = rate / (1 - rate);
    pmf[(uint64_t)mode] =
        exp(margin_log_choose(n, mode) + mode * log(rate) + (n - mode) * log1p(-rate));
    for (double x = mode; x < n; x++) {
        pmf[(uint64_t)x + 1] = pmf[(uint64_t)x] * ((n - x) / (x + 1) * odds);
    }
    for (double x = mode; x > 0; x--) {
        pmf[(uint64_t)x - 1] = pmf[(uint64_t)x] * (x / ((n - x + 1) * odds));
    }
}
