#include "lib/information.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/information_table.h"

#define NUMBERS_MAX 4.2e9 /* of a struct random, less what its rejections take */

uint64_t information_words(uint32_t base, size_t power)
{
    uint64_t words = 1;
    for (size_t i = 0; i < power && base > 1; i++) {
        words *= base;
        if (words > INFORMATION_CELLS_MAX) {
            return UINT64_MAX;
        }
    }
    return words;
}

int information_test_check(const struct information_test *test, size_t numbers, struct error *error)
{
    if (test != NULL && (double)test->draws * (double)numbers > NUMBERS_MAX) {
        return error_set(error, ERROR_LIMIT, "%u surrogates of %zu samples: at most %.3g samples",
                         test->draws, numbers, NUMBERS_MAX);
    }
    return 0;
}

int information_table_open(struct information_table *table, struct error *error)
{
    double cells = (double)table->x_size * (double)table->y_size * (double)table->z_size;
    if (cells > INFORMATION_CELLS_MAX) {
        error_set(error, ERROR_LIMIT, "alphabets of %.3g cells: at most %d", cells,
                  INFORMATION_CELLS_MAX);
        return ERROR_LIMIT;
    }
    size_t xz = table->x_size * table->z_size;
    size_t yz = table->y_size * table->z_size;
    size_t counts = xz * table->y_size + xz + yz + table->z_size;
    table->samples = calloc(table->room + 1, sizeof *table->samples);
    table->memory = calloc(counts, sizeof *table->xyz);
    if (table->samples == NULL || table->memory == NULL) {
        information_table_close(table);
        error_set(error, ERROR_MEMORY, "no memory for %zu samples", table->room);
        return ERROR_MEMORY;
    }
    table->xyz = table->memory;
    table->xz = table->xyz + xz * table->y_size;
    table->yz = table->xz + xz;
    table->z = table->yz + yz;
    return 0;
}

void information_table_close(struct information_table *table)
{
    free(table->samples);
    free(table->memory);
}

static double occupied(const uint32_t *counts, size_t size)
{
    size_t cells = 0;
    for (size_t i = 0; i < size; i++) {
        cells += counts[i] > 0;
    }
    return (double)cells;
}

struct information information_table_sum(struct information_table *table)
{
    size_t xz = table->x_size * table->z_size;
    size_t yz = table->y_size * table->z_size;
    size_t xyz = xz * table->y_size;
    memset(table->xyz, 0, (xyz + xz + yz + table->z_size) * sizeof *table->xyz);
    for (size_t i = 0; i < table->count; i++) {
        const struct information_sample *s = &table->samples[i];
        table->xyz[(s->z * table->x_size + s->x) * table->y_size + s->y]++;
        table->xz[s->z * table->x_size + s->x]++;
        table->yz[s->z * table->y_size + s->y]++;
        table->z[s->z]++;
    }
    struct information result = {NAN, NAN, NAN, table->count, NAN};
    if (table->count == 0) {
        return result;
    }
    double n = (double)table->count;
    double sum = 0;
    for (size_t cell = 0; cell < xyz; cell++) {
        if (table->xyz[cell] > 0) {
            size_t z = cell / table->y_size / table->x_size;
            double count = (double)table->xyz[cell];
            size_t xz_cell = cell / table->y_size;
            size_t yz_cell = z * table->y_size + cell % table->y_size;
            double apart = (double)table->xz[xz_cell] * (double)table->yz[yz_cell];
            sum += count * log2(count * (double)table->z[z] / apart);
        }
    }
    result.plugin = fmax(0, sum / n);
    result.bias = (occupied(table->xyz, xyz) - occupied(table->xz, xz) - occupied(table->yz, yz) +
                   occupied(table->z, table->z_size)) /
                  (2 * n * M_LN2);
    result.bits = result.plugin - result.bias;
    return result;
}

static int sample_compare(const void *first, const void *second)
{
    uint32_t a = ((const struct information_sample *)first)->z;
    uint32_t b = ((const struct information_sample *)second)->z;
    return (a > b) - (a < b);
}

/* Permutes X among the samples with the same Z, which lie together. */
static void samples_permute(struct information_table *table, struct random *random)
{
    struct information_sample *samples = table->samples;
    for (size_t first = 0, i = 0; i < table->count; i++) {
        if (samples[i].z != samples[first].z) {
            first = i;
        }
        size_t other = first + random_below(random, i - first + 1);
        uint32_t moved = samples[i].x;
        samples[i].x = samples[other].x;
        samples[other].x = moved;
    }
}

int information_mutual(const struct symbols *x, const struct symbols *y,
                       const struct symbols *given, size_t count,
                       const struct information_test *test, struct information *result,
                       struct error *error)
{
    struct information_table table = {
        .x_size = x->alphabet,
        .y_size = y->alphabet,
        .z_size = given == NULL ? 1 : given->alphabet,
        .room = count,
        .count = count,
    };
    assert(table.x_size > 0 && table.y_size > 0 && table.z_size > 0);
    int code = information_test_check(test, count, error);
    if (code == 0) {
        code = information_table_open(&table, error);
    }
    if (code != 0) {
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        struct information_sample s = {x->at[i], y->at[i], given == NULL ? 0 : given->at[i]};
        assert(s.x < table.x_size && s.y < table.y_size && s.z < table.z_size);
        table.samples[i] = s;
    }
    *result = information_table_sum(&table);
    if (test != NULL && count > 0) {
        struct random random = test->random;
        uint32_t extreme = 0;
        qsort(table.samples, count, sizeof *table.samples, sample_compare);
        for (uint32_t i = 0; i < test->draws; i++) {
            samples_permute(&table, &random);
            extreme += information_table_sum(&table).plugin >= result->plugin - INFORMATION_TIE;
        }
        result->p = (1 + (double)extreme) / (1 + (double)test->draws);
    }
    information_table_close(&table);
    return 0;
}
