#include "analysis/stat_survival.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_heapsort.h>
#include <math.h>

/* By time; of the same time, what ended comes first. */
static int lifetime_compare(const void *first, const void *second)
{
    const struct lifetime *a = first;
    const struct lifetime *b = second;
    if (a->time < b->time || a->time > b->time) {
        return a->time > b->time ? 1 : -1;
    }
    return b->ended - a->ended;
}

static void lifetimes_sort(struct lifetime *lifetimes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert(isfinite(lifetimes[i].time) && lifetimes[i].time >= 0);
    }
    gsl_heapsort(lifetimes, count, sizeof *lifetimes, lifetime_compare);
}

/* ---- the curve ---- */

/* Limits of log(-log S): S to the power exp(+-z error / log S), where `error` is that of log S. */
static void step_limits(struct survival_step *step, double greenwood, double z)
{
    double survival = step->survival;
    if (survival > 0) {
        double reach = z * sqrt(greenwood) / fabs(log(survival));
        step->variance = survival * survival * greenwood;
        step->low = pow(survival, exp(reach));
        step->high = pow(survival, exp(-reach));
    }
}

size_t survival_curve(struct lifetime *lifetimes, size_t count, double confidence,
                      struct survival_step *steps)
{
    assert(confidence > 0 && confidence < 1);
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    lifetimes_sort(lifetimes, count);
    size_t made = 0;
    double survival = 1;
    double greenwood = 0; /* sum of d / (n (n - d)) */
    for (size_t i = 0; i < count;) {
        size_t ended = 0;
        while (i + ended < count && lifetimes[i + ended].ended &&
               lifetimes[i + ended].time <= lifetimes[i].time) {
            ended++;
        }
        if (ended == 0) {
            i++;
            continue;
        }
        double n = (double)(count - i);
        double d = (double)ended;
        survival *= (n - d) / n;
        greenwood += d / (n * (n - d));
        struct survival_step *step = &steps[made++];
        *step = (struct survival_step){lifetimes[i].time, count - i, ended, survival, 0, 0, 0};
        step_limits(step, greenwood, z);
        i += ended;
    }
    return made;
}

/* ---- times ---- */

/* Which of the three curves of the steps is meant. */
enum step_curve { CURVE_SURVIVAL, CURVE_LOW, CURVE_HIGH };

static double step_value(const struct survival_step *step, enum step_curve curve)
{
    return curve == CURVE_LOW ? step->low : curve == CURVE_HIGH ? step->high : step->survival;
}

/* The first time at which a curve is at most `level`; the middle of a level stretch. `never` where
 * it does not come so low. */
static double curve_crossing(const struct survival_step *steps, size_t count, enum step_curve curve,
                             double level, double never)
{
    /* The products that make up survival round. */
    double rounding = 1e-12;
    for (size_t i = 0; i < count; i++) {
        double value = step_value(&steps[i], curve);
        if (value <= level + rounding) {
            bool flat = value >= level - rounding && i + 1 < count;
            return flat ? (steps[i].time + steps[i + 1].time) / 2 : steps[i].time;
        }
    }
    return never;
}

struct survival_time survival_quantile(const struct survival_step *steps, size_t count, double at)
{
    assert(at > 0 && at < 1);
    return (struct survival_time){
        curve_crossing(steps, count, CURVE_SURVIVAL, 1 - at, NAN),
        curve_crossing(steps, count, CURVE_LOW, 1 - at, NAN),
        curve_crossing(steps, count, CURVE_HIGH, 1 - at, INFINITY),
    };
}

struct survival_mean survival_mean_until(const struct survival_step *steps, size_t count,
                                         double until, double confidence)
{
    assert(confidence > 0 && confidence < 1);
    assert(isfinite(until) && until > 0);
    double area = 0; /* from a step on */
    double variance = 0;
    double end = until;
    for (size_t i = count; i > 0; i--) {
        const struct survival_step *step = &steps[i - 1];
        if (step->time >= until) {
            continue;
        }
        area += step->survival * (end - step->time);
        end = step->time;
        double n = (double)step->at_risk;
        double d = (double)step->ended;
        if (n > d) {
            variance += area * area * d / (n * (n - d));
        }
    }
    double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    double mean = area + end;
    double error = sqrt(variance);
    return (struct survival_mean){mean, error, fmax(0, mean - z * error),
                                  fmin(until, mean + z * error)};
}

/* ---- the log-rank test ---- */

/* What is summed over the times of ends: observed less expected, and its covariance. */
struct logrank {
    unsigned groups;
    double at_risk[SURVIVAL_GROUPS_MAX];
    double excess[SURVIVAL_GROUPS_MAX];
    double covariance[SURVIVAL_GROUPS_MAX][SURVIVAL_GROUPS_MAX];
};

static void logrank_add(struct logrank *sums, double ended, double at_risk)
{
    double spread = at_risk > 1 ? ended * (at_risk - ended) / (at_risk - 1) : 0;
    for (unsigned a = 0; a < sums->groups; a++) {
        double part = sums->at_risk[a] / at_risk;
        sums->excess[a] -= ended * part;
        for (unsigned b = 0; b < sums->groups; b++) {
            double other = sums->at_risk[b] / at_risk;
            sums->covariance[a][b] += spread * part * ((a == b) - other);
        }
    }
}

/* excess' covariance^- excess by Cholesky's factors with pivots; the covariance has a null space
 * (its rows sum to 0), and `degrees` is its rank. */
static double logrank_form(struct logrank *sums, unsigned *degrees)
{
    double greatest = 0;
    double form = 0;
    bool used[SURVIVAL_GROUPS_MAX] = {false};
    *degrees = 0;
    for (;;) {
        unsigned pivot = sums->groups;
        for (unsigned a = 0; a < sums->groups; a++) {
            if (!used[a] && (pivot == sums->groups ||
                             sums->covariance[a][a] > sums->covariance[pivot][pivot])) {
                pivot = a;
            }
        }
        greatest =
            *degrees == 0 && pivot < sums->groups ? sums->covariance[pivot][pivot] : greatest;
        if (pivot == sums->groups || sums->covariance[pivot][pivot] <= greatest * 1e-10) {
            return form;
        }
        used[pivot] = true;
        ++*degrees;
        double scale = sums->covariance[pivot][pivot];
        form += sums->excess[pivot] * sums->excess[pivot] / scale;
        for (unsigned a = 0; a < sums->groups; a++) {
            if (used[a]) {
                continue;
            }
            double factor = sums->covariance[a][pivot] / scale;
            sums->excess[a] -= factor * sums->excess[pivot];
            for (unsigned b = 0; b < sums->groups; b++) {
                if (!used[b]) {
                    sums->covariance[a][b] -= factor * sums->covariance[pivot][b];
                }
            }
        }
    }
}

struct survival_logrank survival_logrank(struct lifetime *lifetimes, size_t count, unsigned groups)
{
    assert(groups <= SURVIVAL_GROUPS_MAX);
    lifetimes_sort(lifetimes, count);
    struct survival_logrank result = {0};
    struct logrank sums = {.groups = groups};
    for (size_t i = 0; i < count; i++) {
        assert(lifetimes[i].group < groups);
        result.count[lifetimes[i].group]++;
        sums.at_risk[lifetimes[i].group]++;
    }
    for (size_t i = 0; i < count;) {
        size_t same = i;
        uint64_t ended = 0;
        for (; same < count && lifetimes[same].time <= lifetimes[i].time; same++) {
            ended += lifetimes[same].ended;
            result.ended[lifetimes[same].group] += lifetimes[same].ended;
        }
        if (ended > 0) {
            logrank_add(&sums, (double)ended, (double)(count - i));
        }
        for (; i < same; i++) {
            sums.at_risk[lifetimes[i].group]--;
        }
    }
    for (unsigned a = 0; a < groups; a++) {
        result.expected[a] = -sums.excess[a];
        sums.excess[a] += (double)result.ended[a];
    }
    result.chi_squared = logrank_form(&sums, &result.degrees);
    result.p = result.degrees > 0 ? gsl_cdf_chisq_Q(result.chi_squared, result.degrees) : 1;
    return result;
}
