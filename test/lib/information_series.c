#include "lib/information.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/information_table.h"

/* What is paired with what: X is `to` at t + ahead, Y the `from_history` symbols of `from` up to t,
 * Z the `to_history` symbols of `to` up to t. */
struct pairing {
    const struct symbols *from, *to;
    const struct runs *runs;
    size_t ahead, from_history, to_history;
    size_t *shift; /* of each run of `from` */
};

/* The `history` symbols up to place t of a run, as one number. The run begins at `start` and is
 * read `shift` further on, round its end. */
static uint32_t word_at(const struct symbols *symbols, size_t start, size_t length, size_t shift,
                        size_t t, size_t history)
{
    uint32_t word = 0;
    for (size_t i = 0; i < history; i++) {
        size_t place = t - i + shift;
        uint8_t symbol = symbols->at[start + (place < length ? place : place - length)];
        assert(symbol < symbols->alphabet);
        word = word * symbols->alphabet + symbol;
    }
    return word;
}

static void samples_fill(const struct pairing *pairing, struct information_table *table)
{
    size_t history =
        pairing->from_history > pairing->to_history ? pairing->from_history : pairing->to_history;
    size_t start = 0;
    table->count = 0;
    for (size_t run = 0; run < pairing->runs->count; run++) {
        size_t length = pairing->runs->length[run];
        for (size_t t = history - 1; t + pairing->ahead < length; t++) {
            table->samples[table->count++] = (struct information_sample){
                word_at(pairing->to, start, length, 0, t + pairing->ahead, 1),
                word_at(pairing->from, start, length, pairing->shift[run], t,
                        pairing->from_history),
                word_at(pairing->to, start, length, 0, t, pairing->to_history),
            };
        }
        start += length;
    }
}

static double shifts_p(const struct pairing *pairing, struct information_table *table,
                       const struct information_test *test, double observed)
{
    struct random random = test->random;
    uint32_t extreme = 0;
    for (uint32_t i = 0; i < test->draws; i++) {
        for (size_t run = 0; run < pairing->runs->count; run++) {
            size_t length = pairing->runs->length[run];
            pairing->shift[run] = length > 0 ? random_below(&random, length) : 0;
        }
        samples_fill(pairing, table);
        extreme += information_table_sum(table).plugin >= observed - INFORMATION_TIE;
    }
    return (1 + (double)extreme) / (1 + (double)test->draws);
}

static int pairing_measure(struct pairing *pairing, const struct information_test *test,
                           struct information *result, struct error *error)
{
    struct information_table table = {
        .x_size = pairing->to->alphabet,
        .y_size = information_words(pairing->from->alphabet, pairing->from_history),
        .z_size = information_words(pairing->to->alphabet, pairing->to_history),
    };
    assert(pairing->to->alphabet > 0 && pairing->from->alphabet > 0);
    for (size_t run = 0; run < pairing->runs->count; run++) {
        table.room += pairing->runs->length[run];
    }
    int code = information_test_check(test, pairing->runs->count, error);
    if (code == 0) {
        code = information_table_open(&table, error);
    }
    if (code != 0) {
        return code;
    }
    pairing->shift = calloc(pairing->runs->count + 1, sizeof *pairing->shift);
    if (pairing->shift == NULL) {
        code = error_set(error, ERROR_MEMORY, "no memory for %zu runs", pairing->runs->count);
        goto out;
    }
    samples_fill(pairing, &table);
    *result = information_table_sum(&table);
    if (test != NULL && table.count > 0) {
        result->p = shifts_p(pairing, &table, test, result->plugin);
    }
out:
    free(pairing->shift);
    information_table_close(&table);
    return code;
}

int information_delayed(const struct symbols *from, const struct symbols *to,
                        const struct runs *runs, size_t lag, const struct information_test *test,
                        struct information *result, struct error *error)
{
    struct pairing pairing = {from, to, runs, lag, 1, 0, NULL};
    return pairing_measure(&pairing, test, result, error);
}

int information_transfer(const struct symbols *from, const struct symbols *to,
                         const struct runs *runs, size_t from_history, size_t to_history,
                         const struct information_test *test, struct information *result,
                         struct error *error)
{
    assert(from_history >= 1);
    struct pairing pairing = {from, to, runs, 1, from_history, to_history, NULL};
    return pairing_measure(&pairing, test, result, error);
}
