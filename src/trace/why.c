#include <jansson.h>

#include "trace/filter.h"

/* Calls `tell` for the record and each of its causes, from the last to the root. */
struct teller {
    const struct trace_table *table;
    FILE *out;
    json_t *array; /* NULL: words */
};

static void tell_words(const struct teller *teller, const struct record *record, bool first)
{
    char time[TIME_TEXT_BYTES], id[RECORD_ID_BYTES], words[RECORD_WORDS_BYTES];

    time_format(record->time, time);
    record_id_format(teller->table->header, record->id, id);
    record_words(teller->table->header, record, words);
    fprintf(teller->out, "%-9s%15s  %s  [%s]%s\n", first ? "" : "because", time, words, id,
            record->flags & FLAG_INFERRED ? "  (its cause, below, is inferred)" : "");
}

static void tell_end(const struct teller *teller, const struct record *record, bool missing)
{
    char id[RECORD_ID_BYTES];

    record_id_format(teller->table->header, record->cause, id);
    if (missing)
        fprintf(teller->out, "because  of [%s], which this trace does not hold\n", id);
    else
        fprintf(teller->out, "That is where it began: nothing in the trace caused it.\n");
}

static int causes_tell(const struct teller *teller, uint32_t place, struct error *error)
{
    const struct trace_table *table = teller->table;

    for (uint32_t told = 0; told <= table->count; told++) {
        const struct record *record = &table->records[place];

        if (teller->array == NULL)
            tell_words(teller, record, told == 0);
        else if (json_array_append_new(teller->array, record_json(table->header, record)) < 0)
            return error_set(error, ERROR_MEMORY, "no memory for the causes");
        place = trace_table_find(table, record->cause);
        if (place == UINT32_MAX) {
            if (teller->array == NULL)
                tell_end(teller, record, !record_id_is_none(record->cause));
            return 0;
        }
        if (ferror(teller->out))
            return 0;
        if (told == table->count)
            break;
    }
    return error_set(error, ERROR_CORRUPT, "the causes of this record go round in a circle");
}

static int record_seek(const struct trace_table *table, const char *text, uint32_t *place,
                       struct error *error)
{
    struct record_id id;
    int code = record_id_parse(table->header, text, &id, error);

    if (code < 0)
        return code;
    *place = trace_table_find(table, id);
    if (*place == UINT32_MAX)
        return error_set(error, ERROR_INPUT,
                         "the trace holds no record `%.80s`; `iolaus trace show` lists them", text);
    return 0;
}

int trace_why(const char *path, const char *record, bool json, FILE *out, struct error *error)
{
    struct trace_table table;
    struct teller teller = {&table, out, NULL};
    uint32_t place = 0;
    int code = trace_table_open(&table, path, error);

    if (code < 0)
        return code;
    if (json)
        teller.array = json_array();
    if (json && teller.array == NULL)
        code = error_set(error, ERROR_MEMORY, "no memory for the causes");
    if (code == 0)
        code = record_seek(&table, record, &place, error);
    if (code == 0)
        code = causes_tell(&teller, place, error);
    if (code == 0 && json) {
        json_dumpf(teller.array, out, JSON_INDENT(2));
        fputc('\n', out);
    }
    if (code == 0)
        code = out_check(out, error);
    json_decref(teller.array);
    trace_table_close(&table);
    return code;
}
