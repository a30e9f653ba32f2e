#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "trace/filter.h"
#include "trace/perfetto.h"

static json_t *agent_json(const struct trace_header *header, agent_id agent)
{
    return agent < header->agents ? json_string_nocheck(header->agent_names[agent]) : json_null();
}

static json_t *id_json(const struct trace_header *header, struct record_id id)
{
    char text[RECORD_ID_BYTES];

    if (record_id_is_none(id))
        return json_null();
    record_id_format(header, id, text);
    return json_string_nocheck(text);
}

static json_t *flags_json(const struct record *record)
{
    json_t *flags = json_array();

    for (unsigned bit = 0; record_flag_name(bit) != NULL; bit++)
        if (record->flags >> bit & 1)
            json_array_append_new(flags, json_string_nocheck(record_flag_name(bit)));
    return flags;
}

struct json_t *record_json(const struct trace_header *header, const struct record *record)
{
    char words[RECORD_WORDS_BYTES];

    record_words(header, record, words);
    return json_pack("{s:o, s:I, s:s, s:s, s:o, s:i, s:o, s:i, s:o, s:o, s:I, s:s?, s:o, s:o, s:s}",
                     "id", id_json(header, record->id), "time_ns", (json_int_t)record->time,
                     "class", record_class_name(record_verb_class((enum record_verb)record->verb)),
                     "verb", record_verb_name((enum record_verb)record->verb), "who",
                     agent_json(header, record->who), "who_incarnation", record->who_incarnation,
                     "whom", agent_json(header, record->whom), "whom_incarnation",
                     record->whom_incarnation, "by", agent_json(header, record->by), "via",
                     agent_json(header, record->via), "value", (json_int_t)record->value,
                     "value_name", record_value_name(record), "flags", flags_json(record), "cause",
                     id_json(header, record->cause), "words", words);
}

static int write_json_line(const struct trace_header *header, const struct record *record,
                           FILE *out)
{
    json_t *object = record_json(header, record);

    if (object == NULL)
        return ERROR_MEMORY;
    /* What the stream could not take it remembers. */
    if (json_dumpf(object, out, JSON_COMPACT) < 0 && !ferror(out)) {
        json_decref(object);
        return ERROR_MEMORY;
    }
    json_decref(object);
    fputc('\n', out);
    return 0;
}

/* A field of CSV as RFC 4180, section 2, has it: quoted where it holds a comma or a quote, and
 * quotes doubled. Names hold no line breaks. */
static void write_field(const char *text, FILE *out)
{
    if (strpbrk(text, ",\"") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void write_csv_agent(const struct trace_header *header, agent_id agent, FILE *out)
{
    if (agent < header->agents)
        write_field(header->agent_names[agent], out);
    fputc(',', out);
}

static void write_csv_id(const struct trace_header *header, struct record_id id, FILE *out)
{
    char text[RECORD_ID_BYTES];

    if (record_id_is_none(id))
        return;
    record_id_format(header, id, text);
    write_field(text, out);
}

static void write_csv(const struct trace_header *header, const struct record *record, FILE *out)
{
    char words[RECORD_WORDS_BYTES];
    const char *between = "";

    write_csv_id(header, record->id, out);
    fprintf(out, ",%" PRId64 ",%s,%s,", record->time,
            record_class_name(record_verb_class((enum record_verb)record->verb)),
            record_verb_name((enum record_verb)record->verb));
    write_csv_agent(header, record->who, out);
    fprintf(out, "%u,", record->who_incarnation);
    write_csv_agent(header, record->whom, out);
    fprintf(out, "%u,", record->whom_incarnation);
    write_csv_agent(header, record->by, out);
    write_csv_agent(header, record->via, out);
    fprintf(out, "%" PRId64 ",", record->value);
    if (record_value_name(record) != NULL)
        write_field(record_value_name(record), out);
    fputc(',', out);
    for (unsigned bit = 0; record_flag_name(bit) != NULL; bit++)
        if (record->flags >> bit & 1) {
            fprintf(out, "%s%s", between, record_flag_name(bit));
            between = " ";
        }
    fputc(',', out);
    write_csv_id(header, record->cause, out);
    fputc(',', out);
    record_words(header, record, words);
    write_field(words, out);
    fputc('\n', out);
}

static void write_text(const struct trace_header *header, const struct record *record, FILE *out)
{
    char time[TIME_TEXT_BYTES], id[RECORD_ID_BYTES], words[RECORD_WORDS_BYTES];

    time_format(record->time, time);
    record_id_format(header, record->id, id);
    record_words(header, record, words);
    fprintf(out, "%15s  %-8s  %-18s  %s\n", time,
            record_class_name(record_verb_class((enum record_verb)record->verb)), id, words);
}

int trace_export(const char *path, const struct trace_filter *wanted, enum trace_format format,
                 FILE *out, struct error *error)
{
    struct trace_reader *reader;
    const struct trace_header *header;
    struct filter filter;
    struct record record;
    int code, more = 0;

    if (format == TRACE_PERFETTO)
        return perfetto_export(path, wanted, out, error);
    code = trace_reader_open(&reader, path, error);
    if (code < 0)
        return code;
    header = trace_reader_header(reader);
    code = filter_make(&filter, wanted, header, error);
    if (code == 0 && format == TRACE_CSV)
        fputs("id,time_ns,class,verb,who,who_incarnation,whom,whom_incarnation,by,via,value,"
              "value_name,flags,cause,words\n",
              out);
    while (code == 0 && (more = trace_reader_next(reader, &record, error)) > 0) {
        if (!filter_take(&filter, &record))
            continue;
        if (format == TRACE_JSON_LINES)
            code = write_json_line(header, &record, out);
        else if (format == TRACE_CSV)
            write_csv(header, &record, out);
        else
            write_text(header, &record, out);
        /* A reader of the output that went away must not keep us working. */
        if (code == 0 && ferror(out))
            break;
    }
    if (code == ERROR_MEMORY)
        error_set(error, code, "no memory to write a record");
    if (code == 0)
        code = ferror(out) ? out_check(out, error) : more;
    if (code == 0)
        code = out_check(out, error);
    trace_reader_close(reader);
    return code;
}
