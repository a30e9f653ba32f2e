/*
 * The counts behind information.h: samples of three symbols, and the table of how often each came.
 */
#ifndef IOLAUS_TEST_INFORMATION_TABLE_H
#define IOLAUS_TEST_INFORMATION_TABLE_H

#include "lib/information.h"

struct information_sample {
    uint32_t x, y, z;
};

/* The caller sets the sizes, opens, and fills `samples` (up to `room`) and `count`. */
struct information_table {
    uint64_t x_size, y_size, z_size; /* each at least 1 */
    size_t room, count;
    struct information_sample *samples;
    uint32_t *xyz, *xz, *yz, *z;
    void *memory;
};

int information_table_open(struct information_table *table, struct error *error);
void information_table_close(struct information_table *table);

/* I(X; Y | Z) of the samples as they are; p is NAN. */
struct information information_table_sum(struct information_table *table);

/* base^power, or UINT64_MAX where that is above INFORMATION_CELLS_MAX. */
uint64_t information_words(uint32_t base, size_t power);

/* ERROR_LIMIT where the surrogates would need too many random numbers. */
int information_test_check(const struct information_test *test, size_t numbers,
                           struct error *error);

/* Whether surrogates have as much as `observed`, but for rounding. */
#define INFORMATION_TIE 1e-12

#endif
