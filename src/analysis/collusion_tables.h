/*
 * The information between pairs of agents, over and over again for permuted decisions: which
 * decisions meet in which cell of which table is laid out once. Of this room's collusion.c alone.
 */
#ifndef IOLAUS_ANALYSIS_COLLUSION_TABLES_H
#define IOLAUS_ANALYSIS_COLLUSION_TABLES_H

#include "analysis/collusion.h"

/* Decisions by place: `at` is 0 or 1; a place more is always 0. */
struct collusion_sample {
    uint32_t x, y, past; /* places of decisions */
    uint32_t table;      /* the first of its eight cells */
};

/* Of one statistic: all pairs. A table is of one pair in one combination of situations. */
struct collusion_tables {
    struct collusion_sample *samples;
    uint32_t *cells; /* eight a table: past, x, y */
    size_t count, capacity, tables;
    bool left_out; /* too many samples */
};

/* `place[episode * agents + agent]`: the place of that decision, or UINT32_MAX. `lag` is 0 or 1;
 * `history`: whether the past of y is given. ERROR_MEMORY. */
int collusion_tables_open(struct collusion_tables *tables, const struct collusion_data *data,
                          const uint32_t *place, uint32_t lag, bool history, struct error *error);
void collusion_tables_close(struct collusion_tables *tables);

/* The sum over tables of samples times information, in nats. `n_log_n` of every number up to
 * `tables->count`. */
double collusion_tables_sum(struct collusion_tables *tables, const uint8_t *at,
                            const double *n_log_n);

/* Miller and Madow's bias of that sum, of what was summed last. */
double collusion_tables_bias(const struct collusion_tables *tables);

#endif
