#include "analysis/stat_power.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/stat_margin.h"

#define DIFFERENCE_MIN 1e-6

static void arms_check(const struct power_arms *arms, enum table_test test, double alpha)
{
    assert(test == TABLE_SCORE || test == TABLE_FISHER);
    assert(arms->first >= 0 && arms->first <= 1 && arms->second >= 0 && arms->second <= 1);
    assert(arms->first_trials > 0 && arms->second_trials > 0);
    assert(alpha > 0 && alpha < 1);
}

static double normal_quantile(double tail)
{
    return gsl_cdf_ugaussian_Qinv(tail);
}

/* ---- the normal approximation ---- */

double power_normal(const struct power_arms *arms, enum table_test test, double alpha)
{
    arms_check(arms, test, alpha);
    double n1 = (double)arms->first_trials;
    double n2 = (double)arms->second_trials;
    double p1 = arms->first;
    double p2 = arms->second;
    double pooled = (p1 * n1 + p2 * n2) / (n1 + n2);
    double reach = normal_quantile(alpha / 2) * sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
    reach += test == TABLE_FISHER ? (1 / n1 + 1 / n2) / 2 : 0;
    double spread = sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2);
    if (spread <= 0) {
        return fabs(p1 - p2) > reach ? 1 : 0;
    }
    return gsl_cdf_ugaussian_P((p1 - p2 - reach) / spread) +
           gsl_cdf_ugaussian_P((p2 - p1 - reach) / spread);
}

/* ---- the sum over all tables ---- */

/* Room for one sum: the binomial probabilities of both arms, and Fisher's margin. */
struct tables {
    const struct power_arms *arms;
    double *first, *second, *margin;
};

static int tables_open(struct tables *tables, const struct power_arms *arms, struct error *error)
{
    size_t n1 = arms->first_trials + 1;
    size_t n2 = arms->second_trials + 1;
    tables->arms = arms;
    tables->first = malloc((2 * n1 + n2) * sizeof(double));
    if (tables->first == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory for the power of %zu trials", n1 + n2);
    }
    tables->second = tables->first + n1;
    tables->margin = tables->second + n2;
    return 0;
}

/* Below this a table cannot be told from none, in the sum of all. */
#define NEGLIGIBLE 1e-20

static double score_power(const struct tables *tables, double alpha)
{
    const struct power_arms *arms = tables->arms;
    double n1 = (double)arms->first_trials;
    double n2 = (double)arms->second_trials;
    double limit = pow(normal_quantile(alpha / 2), 2);
    double sum = 0;
    for (uint64_t x = 0; x <= arms->first_trials; x++) {
        for (uint64_t y = 0; tables->first[x] > NEGLIGIBLE && y <= arms->second_trials; y++) {
            double pooled = (double)(x + y) / (n1 + n2);
            double variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2);
            double difference = (double)x / n1 - (double)y / n2;
            if (variance > 0 && difference * difference >= limit * variance) {
                sum += tables->first[x] * tables->second[y];
            }
        }
    }
    return sum;
}

static double fisher_power(const struct tables *tables, double alpha)
{
    const struct power_arms *arms = tables->arms;
    struct margin margin = {.pmf = tables->margin};
    double sum = 0;
    for (uint64_t m = 0; m <= arms->first_trials + arms->second_trials; m++) {
        margin_fill(&margin, arms->first_trials, arms->second_trials, m);
        struct margin_region region = margin_reject(&margin, alpha);
        uint64_t count = margin.high - margin.low + 1;
        for (uint64_t i = 0; i < count; i++) {
            if (i < region.below || i >= count - region.above) {
                uint64_t x = margin.low + i;
                sum += tables->first[x] * tables->second[m - x];
            }
        }
    }
    return sum;
}

/* The power with room that is there already, or the approximation without. */
static struct power power_in(const struct tables *tables, const struct power_arms *arms,
                             enum table_test test, double alpha)
{
    if (tables->first == NULL) {
        return (struct power){power_normal(arms, test, alpha), false};
    }
    binomial_fill(tables->first, arms->first_trials, arms->first);
    binomial_fill(tables->second, arms->second_trials, arms->second);
    double power = test == TABLE_SCORE ? score_power(tables, alpha) : fisher_power(tables, alpha);
    return (struct power){fmin(1, power), true};
}

static bool arms_few(const struct power_arms *arms)
{
    return arms->first_trials <= POWER_TRIALS_MAX && arms->second_trials <= POWER_TRIALS_MAX &&
           arms->first_trials <= POWER_TABLES_MAX / arms->second_trials;
}

int power_difference(const struct power_arms *arms, enum table_test test, double alpha,
                     struct power *result, struct error *error)
{
    arms_check(arms, test, alpha);
    struct tables tables = {0};
    int code = arms_few(arms) ? tables_open(&tables, arms, error) : 0;
    if (code == 0) {
        *result = power_in(&tables, arms, test, alpha);
    }
    free(tables.first);
    return code;
}

int power_minimal(struct power_arms *arms, bool above, enum table_test test, double alpha,
                  double power, struct power *result, struct error *error)
{
    arms->second = arms->first;
    arms_check(arms, test, alpha);
    assert(power > 0 && power < 1);
    struct tables tables = {0};
    int code = arms_few(arms) ? tables_open(&tables, arms, error) : 0;
    if (code != 0) {
        return code;
    }
    double near = arms->first; /* too near */
    double far = above ? 1 : 0;
    arms->second = far;
    *result = power_in(&tables, arms, test, alpha);
    while (result->power >= power && fabs(far - near) > DIFFERENCE_MIN) {
        arms->second = (near + far) / 2;
        struct power middle = power_in(&tables, arms, test, alpha);
        if (middle.power >= power) {
            far = arms->second;
            *result = middle;
        } else {
            near = arms->second;
        }
    }
    arms->second = far;
    free(tables.first);
    return 0;
}
