/*
 * Joint events, exactly: the sum over all permutations. What the program tests for collusion by
 * drawing (analysis/collusion.h) is held against it.
 *
 * Thread-safe. Fails with ERROR_MEMORY; with ERROR_LIMIT where so many draws are not to be had.
 */
#ifndef IOLAUS_TEST_JOINT_H
#define IOLAUS_TEST_JOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

/* Binary columns over `rows` units, each unit in a stratum: does it come together in all columns
 * more often than it would, were the columns independent within a stratum? The statistic is the sum
 * over strata of the units that have all columns set, less n times the product of the columns'
 * rates in the stratum. The null distribution is that of permuting each column within the strata
 * (so what a stratum does to all columns is no excess). Columns are bytes, 0 or 1 (asserted),
 * column after column. */
struct joint_data {
    size_t rows, columns;    /* at least 2 columns (asserted) */
    const uint8_t *set;      /* set[column * rows + row] */
    const uint32_t *stratum; /* of each row, below `strata` (asserted) */
    size_t strata;
};

struct joint_excess {
    uint64_t observed;
    double expected, excess;
    double deviation; /* standard deviation of `observed` under the null */
    double p;         /* of so many or more */
    bool exact;       /* p is a sum over all permutations; else (1 + as extreme) / (1 + draws) */
};

/* All permutations are summed where that takes at most this many steps (at the worst 0.5 s),
 * whatever the number of permutations: given the margins, the joint count of each further column is
 * hypergeometric, and strata add up. So two columns in one stratum are always summed, and nearly
 * everything of up to 4,000 rows and three columns. */
#define JOINT_STEPS_MAX 20000000

/* `draws` and `random` are used only where the sum would be too long; with draws 0, p is then NAN.
 */
int joint_excess_test(const struct joint_data *data, uint32_t draws, struct random random,
                      struct joint_excess *result, struct error *error);

#endif
