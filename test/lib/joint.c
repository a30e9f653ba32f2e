#include "lib/joint.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below this part of the greatest probability, nothing is lost to a p. */
#define NEGLIGIBLE 1e-300

/* Which counts there can be. */
struct range {
    uint64_t low, high;
};

static double range_width(struct range range)
{
    return (double)(range.high - range.low) + 1;
}

/* How many of `have` can be among `count` chosen from `rows`. */
static struct range range_joint(struct range have, uint64_t count, uint64_t rows)
{
    return (struct range){have.low + count > rows ? have.low + count - rows : 0,
                          have.high < count ? have.high : count};
}

/* counts[stratum * columns + column]: how many of the stratum have it set; rows[stratum]. */
struct margins {
    uint64_t *rows, *counts, *joint;
    uint64_t most;   /* the greatest joint count that there can be, over all strata */
    double steps;    /* of summing all permutations */
    size_t greatest; /* rows of the greatest stratum */
};

static int margins_open(struct margins *margins, const struct joint_data *data, struct error *error)
{
    size_t cells = data->strata * (data->columns + 2);
    *margins = (struct margins){.rows = calloc(cells + 1, sizeof(uint64_t))};
    if (margins->rows == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory for %zu strata", data->strata);
    }
    margins->joint = margins->rows + data->strata;
    margins->counts = margins->joint + data->strata;
    for (size_t i = 0; i < data->rows; i++) {
        uint32_t stratum = data->stratum[i];
        assert(stratum < data->strata);
        bool joint = true;
        for (size_t j = 0; j < data->columns; j++) {
            uint8_t set = data->set[j * data->rows + i];
            assert(set <= 1);
            margins->counts[stratum * data->columns + j] += set;
            joint &= set == 1;
        }
        margins->rows[stratum]++;
        margins->joint[stratum] += joint;
    }
    struct range sum = {0, 0};
    for (size_t s = 0; s < data->strata; s++) {
        const uint64_t *counts = &margins->counts[s * data->columns];
        uint64_t rows = margins->rows[s];
        struct range own = {counts[0], counts[0]};
        for (size_t j = 1; j < data->columns; j++) {
            uint64_t fewer = counts[j] < rows - counts[j] ? counts[j] : rows - counts[j];
            margins->steps += range_width(own) * ((double)fewer + 1);
            own = range_joint(own, counts[j], rows);
        }
        margins->steps += range_width(sum) * range_width(own);
        sum = (struct range){sum.low + own.low, sum.high + own.high};
        margins->greatest = margins->greatest < rows ? rows : margins->greatest;
    }
    margins->most = sum.high;
    return 0;
}

/* P(j of the `have` are among `count` chosen from `rows`). `lf`: logarithms of factorials. */
static double hypergeometric(const double *lf, uint64_t rows, uint64_t have, uint64_t count,
                             uint64_t j)
{
    return exp(lf[have] - lf[j] - lf[have - j] + lf[rows - have] - lf[count - j] -
               lf[rows - have - (count - j)] - lf[rows] + lf[count] + lf[rows - count]);
}

/* ---- all permutations ---- */

static void zero(double *values, struct range range)
{
    memset(values + range.low, 0, (range.high - range.low + 1) * sizeof *values);
}

static void copy(double *to, const double *from, struct range range)
{
    memcpy(to + range.low, from + range.low, (range.high - range.low + 1) * sizeof *to);
}

/* The distribution of the joint count of one stratum into `now`, over the range that is returned:
 * the first column's count is fixed, and each further column takes a hypergeometric part of what is
 * joint so far. */
static struct range stratum_distribution(const struct margins *margins, size_t stratum,
                                         size_t columns, const double *lf, double *now,
                                         double *next)
{
    const uint64_t *counts = &margins->counts[stratum * columns];
    uint64_t rows = margins->rows[stratum];
    struct range range = {counts[0], counts[0]};
    now[range.low] = 1;
    for (size_t column = 1; column < columns; column++) {
        uint64_t count = counts[column];
        struct range after = range_joint(range, count, rows);
        zero(next, after);
        for (uint64_t have = range.low; have <= range.high; have++) {
            struct range part = range_joint((struct range){have, have}, count, rows);
            for (uint64_t j = part.low; j <= part.high && now[have] > NEGLIGIBLE; j++) {
                next[j] += now[have] * hypergeometric(lf, rows, have, count, j);
            }
        }
        range = after;
        copy(now, next, range);
    }
    return range;
}

/* p and the deviation from the distribution of the sum over strata. */
static int joint_sum(const struct joint_data *data, const struct margins *margins,
                     struct joint_excess *result, struct error *error)
{
    size_t room = margins->greatest + 1;
    size_t whole = margins->most + 1;
    double *memory = calloc(3 * room + 2 * whole, sizeof(double));
    if (memory == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory for a count of %zu", whole);
    }
    double *now = memory;
    double *next = now + room;
    double *lf = next + room; /* the logarithm of each factorial */
    double *sum = lf + room;
    double *wider = sum + whole;
    for (size_t i = 1; i < room; i++) {
        lf[i] = lf[i - 1] + log((double)i);
    }
    struct range range = {0, 0};
    sum[0] = 1;
    for (size_t s = 0; s < data->strata; s++) {
        struct range own = stratum_distribution(margins, s, data->columns, lf, now, next);
        struct range after = {range.low + own.low, range.high + own.high};
        zero(wider, after);
        for (uint64_t i = range.low; i <= range.high; i++) {
            for (uint64_t j = own.low; j <= own.high && sum[i] > NEGLIGIBLE; j++) {
                wider[i + j] += sum[i] * now[j];
            }
        }
        range = after;
        copy(sum, wider, range);
    }
    double variance = 0;
    result->p = 0;
    for (uint64_t i = range.high + 1; i-- > range.low;) {
        variance += sum[i] * pow((double)i - result->expected, 2);
        result->p += i >= result->observed ? sum[i] : 0;
    }
    result->p = fmin(1, result->p);
    result->deviation = sqrt(variance);
    result->exact = true;
    free(memory);
    return 0;
}

/* ---- some permutations ---- */

/* How many of the `have` are among `count` drawn from `rows` without replacement. */
static uint64_t take_part(uint64_t rows, uint64_t have, uint64_t count, struct random *random)
{
    uint64_t taken = 0;
    for (uint64_t i = 0; i < count; i++) {
        taken += random_below(random, rows - i) < have - taken;
    }
    return taken;
}

static void joint_draw(const struct joint_data *data, const struct margins *margins, uint32_t draws,
                       struct random random, struct joint_excess *result)
{
    uint32_t extreme = 0;
    double sum = 0;
    double squares = 0;
    for (uint32_t i = 0; i < draws; i++) {
        uint64_t joint = 0;
        for (size_t s = 0; s < data->strata; s++) {
            const uint64_t *counts = &margins->counts[s * data->columns];
            uint64_t have = counts[0];
            for (size_t j = 1; j < data->columns && have > 0; j++) {
                have = take_part(margins->rows[s], have, counts[j], &random);
            }
            joint += have;
        }
        extreme += joint >= result->observed;
        double excess = (double)joint - result->expected;
        sum += excess;
        squares += excess * excess;
    }
    result->p = draws > 0 ? (1 + (double)extreme) / (1 + (double)draws) : NAN;
    double n = (double)draws;
    result->deviation = draws > 1 ? sqrt(fmax(0, squares - sum * sum / n) / (n - 1)) : NAN;
}

int joint_excess_test(const struct joint_data *data, uint32_t draws, struct random random,
                      struct joint_excess *result, struct error *error)
{
    assert(data->columns >= 2);
    *result = (struct joint_excess){0};
    struct margins margins;
    int code = margins_open(&margins, data, error);
    if (code != 0) {
        return code;
    }
    for (size_t s = 0; s < data->strata; s++) {
        double expected = (double)margins.rows[s];
        for (size_t j = 0; j < data->columns && margins.rows[s] > 0; j++) {
            expected *= (double)margins.counts[s * data->columns + j] / (double)margins.rows[s];
        }
        result->expected += expected;
        result->observed += margins.joint[s];
    }
    result->excess = (double)result->observed - result->expected;
    if (margins.steps <= JOINT_STEPS_MAX) {
        code = joint_sum(data, &margins, result, error);
    } else {
        joint_draw(data, &margins, draws, random, result);
    }
    free(margins.rows);
    return code;
}
