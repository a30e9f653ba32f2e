#include "analysis/collusion_tables.h"

#include <stdlib.h>
#include <string.h>

/* Which table a sample belongs to: a pair, and the situations of both. */
struct key {
    uint32_t from, to, situations[2];
    size_t sample;
};

static int key_compare(const void *first, const void *second)
{
    const struct key *a = first, *b = second;
    const uint32_t left[] = {a->from, a->to, a->situations[0], a->situations[1]};
    const uint32_t right[] = {b->from, b->to, b->situations[0], b->situations[1]};
    for (int i = 0; i < 4; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The pairs of one episode and the one `lag` later, into `samples` and `keys`; with both NULL they
 * are counted alone. */
static size_t pairs_of(const struct collusion_data *data, const uint32_t *place, uint32_t episode,
                       uint32_t lag, bool history, struct collusion_sample *samples,
                       struct key *keys)
{
    const uint32_t *now = place + (size_t)episode * data->agents;
    const uint32_t *then = now + (size_t)lag * data->agents;
    size_t count = 0;
    for (uint32_t i = 0; i < data->agents; i++) {
        for (uint32_t j = lag == 0 ? i + 1 : 0; j < data->agents && now[i] != UINT32_MAX; j++) {
            if (i == j || then[j] == UINT32_MAX || (history && now[j] == UINT32_MAX)) {
                continue;
            }
            if (samples != NULL) {
                samples[count] = (struct collusion_sample){
                    now[i], then[j], history ? now[j] : (uint32_t)data->count, 0};
                keys[count] = (struct key){
                    i, j, {data->choices[now[i]].situation, data->choices[then[j]].situation}, 0};
            }
            count++;
        }
    }
    return count;
}

static size_t pairs_all(const struct collusion_data *data, const uint32_t *place, uint32_t lag,
                        bool history, struct collusion_sample *samples, struct key *keys)
{
    size_t count = 0;
    for (uint32_t e = 0; e + lag < data->episodes; e++) {
        if (data->run[e] == data->run[e + lag]) {
            count +=
                pairs_of(data, place, e, lag, history, samples == NULL ? NULL : samples + count,
                         keys == NULL ? NULL : keys + count);
        }
    }
    return count;
}

int collusion_tables_open(struct collusion_tables *tables, const struct collusion_data *data,
                          const uint32_t *place, uint32_t lag, bool history, struct error *error)
{
    *tables = (struct collusion_tables){.count = pairs_all(data, place, lag, history, NULL, NULL)};
    if (tables->count > COLLUSION_SAMPLES_MAX) {
        *tables = (struct collusion_tables){.left_out = true};
        return 0;
    }
    struct key *keys = calloc(tables->count + 1, sizeof *keys);
    tables->samples = calloc(tables->count + 1, sizeof *tables->samples);
    if (keys == NULL || tables->samples == NULL) {
        free(keys);
        return error_set(error, ERROR_MEMORY, "no memory for %zu pairs", tables->count);
    }
    pairs_all(data, place, lag, history, tables->samples, keys);
    for (size_t i = 0; i < tables->count; i++) {
        keys[i].sample = i;
    }
    qsort(keys, tables->count, sizeof *keys, key_compare);
    for (size_t i = 0; i < tables->count; i++) {
        tables->tables += i == 0 || key_compare(&keys[i], &keys[i - 1]) != 0;
        tables->samples[keys[i].sample].table = (uint32_t)(8 * (tables->tables - 1));
    }
    free(keys);
    tables->cells = calloc(8 * tables->tables + 1, sizeof *tables->cells);
    return tables->cells == NULL
               ? error_set(error, ERROR_MEMORY, "no memory for %zu tables", tables->tables)
               : 0;
}

void collusion_tables_close(struct collusion_tables *tables)
{
    free(tables->samples);
    free(tables->cells);
}

/* n(xy) ln n(xy) + n ln n - n(x) ln n(x) - n(y) ln n(y) of each table of four. */
double collusion_tables_sum(struct collusion_tables *tables, const uint8_t *at,
                            const double *n_log_n)
{
    uint32_t *cells = tables->cells;
    memset(cells, 0, 8 * tables->tables * sizeof *cells);
    for (size_t i = 0; i < tables->count; i++) {
        const struct collusion_sample *s = &tables->samples[i];
        cells[s->table + 4U * at[s->past] + 2U * at[s->x] + at[s->y]]++;
    }
    double sum = 0;
    for (size_t t = 0; t < 8 * tables->tables; t += 4) {
        const uint32_t *n = cells + t;
        sum += n_log_n[n[0]] + n_log_n[n[1]] + n_log_n[n[2]] + n_log_n[n[3]] +
               n_log_n[n[0] + n[1] + n[2] + n[3]] - n_log_n[n[0] + n[1]] - n_log_n[n[2] + n[3]] -
               n_log_n[n[0] + n[2]] - n_log_n[n[1] + n[3]];
    }
    return sum;
}

double collusion_tables_bias(const struct collusion_tables *tables)
{
    double bias = 0;
    for (size_t t = 0; t < 8 * tables->tables; t += 4) {
        const uint32_t *n = tables->cells + t;
        int cells = (n[0] > 0) + (n[1] > 0) + (n[2] > 0) + (n[3] > 0);
        int margins = (n[0] + n[1] > 0) + (n[2] + n[3] > 0) + (n[0] + n[2] > 0) + (n[1] + n[3] > 0);
        bias += 0.5 * (cells - margins + (n[0] + n[1] + n[2] + n[3] > 0));
    }
    return bias;
}
