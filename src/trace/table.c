#include <assert.h>
#include <stdlib.h>

#include "trace/tools.h"

static int compare_ids(struct record_id a, struct record_id b)
{
    if (a.writer != b.writer)
        return a.writer < b.writer ? -1 : 1;
    return a.sequence < b.sequence ? -1 : a.sequence > b.sequence;
}

static int compare_places(const void *a, const void *b, void *context)
{
    const struct record *records = context;

    return compare_ids(records[*(const uint32_t *)a].id, records[*(const uint32_t *)b].id);
}

/* Makes room for twice as many records, so that what is allocated follows what the file holds. */
static int table_grow(struct trace_table *table, uint32_t *room, struct error *error)
{
    uint32_t more = *room == 0 ? 1024 : *room * 2;
    struct record *records;

    if (table->count >= TRACE_TABLE_RECORDS_MAX)
        return error_set(error, ERROR_LIMIT,
                         "a trace of more than %u records is too long for this; cut it down",
                         TRACE_TABLE_RECORDS_MAX);
    records = realloc(table->records, more * sizeof *records);
    if (records == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for the trace's records");
    table->records = records;
    *room = more;
    return 0;
}

static int table_read(struct trace_table *table, struct error *error)
{
    struct record record;
    uint32_t room = 0;
    int more, code = 0;

    while ((more = trace_reader_next(table->reader, &record, error)) > 0) {
        if (table->count == room)
            code = table_grow(table, &room, error);
        if (code < 0)
            return code;
        table->records[table->count++] = record;
    }
    return more;
}

int trace_table_open(struct trace_table *table, const char *path, struct error *error)
{
    int code;

    *table = (struct trace_table){0};
    code = trace_reader_open(&table->reader, path, error);
    if (code < 0)
        return code;
    table->header = trace_reader_header(table->reader);
    code = table_read(table, error);
    if (code < 0) {
        trace_table_close(table);
        return code;
    }
    table->by_id = malloc(((size_t)table->count + 1) * sizeof *table->by_id);
    if (table->by_id == NULL) {
        trace_table_close(table);
        error_set(error, ERROR_MEMORY, "no memory for the trace's records");
        return ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < table->count; i++)
        table->by_id[i] = i;
    if (table->count > 0)
        qsort_r(table->by_id, table->count, sizeof *table->by_id, compare_places, table->records);
    return 0;
}

uint32_t trace_table_find(const struct trace_table *table, struct record_id id)
{
    uint32_t low = 0, high = table->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_ids(table->records[table->by_id[middle]].id, id);

        if (order == 0)
            return table->by_id[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return UINT32_MAX;
}

void trace_table_close(struct trace_table *table)
{
    trace_reader_close(table->reader);
    free(table->records);
    free(table->by_id);
    *table = (struct trace_table){0};
}
