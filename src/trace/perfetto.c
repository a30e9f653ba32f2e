/*
 * A trace as Chrome's trace-event JSON ("Trace Event Format", the object form), which Perfetto and
 * chrome://tracing read.
 *
 * The crew is process 1, and each agent a thread of it: its number and 1. Where a second
 * incarnation of an agent lives while the first still does, it gets a lane, a thread of its own.
 * Platform, operator and witness are threads of process 2; each is one span over the whole run,
 * because a flow binds to a span.
 */
#include "trace/perfetto.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "trace/filter.h"

#define LANES_MAX 16

struct span {
    agent_id agent;
    incarnation_id incarnation;
    uint8_t lane;
    time_ns begin, end;
    const char *ended; /* how; or NULL, if it lived at the end */
};

struct perfetto {
    const struct trace_table *table;
    struct span *spans;
    uint32_t span_count;
    uint32_t *living;   /* by agent * LANES_MAX + lane: its span and 1, or 0 */
    uint8_t *lanes;     /* by record: the lane of the agent whose track it is on */
    uint8_t *lanes_max; /* by agent: how many it needs */
    bool first;
    bool failed;
    FILE *out;
};

/* What the witness saw of unsanctioned processes is told of the agent that they belong to; other
 * truth of the one that it happened to. */
static bool is_of_doer(const struct record *record)
{
    return record_verb_class((enum record_verb)record->verb) != CLASS_TRUTH ||
           record->verb == VERB_FORKED || record->verb == VERB_POSED ||
           record->verb == VERB_EXITED || record->verb == VERB_FORGED;
}

/* Whose track a record is on: an agent, or a WRITER_ value. */
static uint32_t track_of(const struct record *record)
{
    agent_id agent = is_of_doer(record) ? record->who : record->whom;

    switch (record_verb_class((enum record_verb)record->verb)) {
    case CLASS_ACT:
    case CLASS_CLAIM:
    case CLASS_TRUTH:
        return agent != AGENT_NONE ? agent : WRITER_WITNESS;
    case CLASS_PLATFORM:
        return WRITER_PLATFORM;
    case CLASS_CONTROL:
        break;
    }
    return WRITER_CONTROL;
}

static incarnation_id incarnation_of(const struct record *record)
{
    return is_of_doer(record) ? record->who_incarnation : record->whom_incarnation;
}

/* The lane that the incarnation lives in, or LANES_MAX. */
static unsigned lane_find(const struct perfetto *perfetto, agent_id agent, incarnation_id number)
{
    for (unsigned lane = 0; lane < LANES_MAX; lane++) {
        uint32_t span = perfetto->living[(size_t)agent * LANES_MAX + lane];

        if (span != 0 && perfetto->spans[span - 1].incarnation == number)
            return lane;
    }
    return LANES_MAX;
}

static unsigned span_begin(struct perfetto *perfetto, agent_id agent, incarnation_id number,
                           time_ns begin)
{
    uint32_t *living = &perfetto->living[(size_t)agent * LANES_MAX];
    unsigned lane = 0;

    while (lane < LANES_MAX - 1 && living[lane] != 0)
        lane++;
    perfetto->spans[perfetto->span_count++] =
        (struct span){agent, number, (uint8_t)lane, begin, TIME_NEVER, NULL};
    living[lane] = perfetto->span_count;
    if (perfetto->lanes_max[agent] <= lane)
        perfetto->lanes_max[agent] = (uint8_t)(lane + 1);
    return lane;
}

/* Finds the lives, and the lane of every record. */
static void spans_find(struct perfetto *perfetto)
{
    const struct trace_table *table = perfetto->table;

    for (uint32_t i = 0; i < table->count; i++) {
        const struct record *record = &table->records[i];
        uint32_t track = track_of(record);
        incarnation_id number = incarnation_of(record);
        unsigned lane;

        if (track >= table->header->agents)
            continue;
        lane = lane_find(perfetto, track, number);
        if (record->verb == VERB_STARTED && lane == LANES_MAX) {
            lane = span_begin(perfetto, track, number, record->time);
        } else if (record->verb == VERB_DIED) {
            uint32_t *living;

            /* A trace of a part of a run may hold only the end of a life. */
            if (lane == LANES_MAX)
                lane = span_begin(perfetto, track, number, table->records[0].time);
            living = &perfetto->living[(size_t)track * LANES_MAX + lane];
            perfetto->spans[*living - 1].end = record->time;
            perfetto->spans[*living - 1].ended = record_value_name(record);
            *living = 0;
        }
        perfetto->lanes[i] = (uint8_t)(lane == LANES_MAX ? 0 : lane);
    }
}

/* Writes an event and releases it. */
static void event_write(struct perfetto *perfetto, json_t *event)
{
    fputs(perfetto->first ? "\n" : ",\n", perfetto->out);
    perfetto->first = false;
    if (event == NULL ||
        json_dumpf(event, perfetto->out, JSON_COMPACT | JSON_REAL_PRECISION(16)) < 0)
        perfetto->failed = true;
    json_decref(event);
}

/* The format counts in microseconds, with fractions. */
static double microseconds(time_ns time)
{
    return (double)time / 1000;
}

static int process_of(uint32_t track)
{
    return track >= WRITER_PLATFORM ? 2 : 1;
}

static json_int_t thread_of(const struct perfetto *perfetto, uint32_t track, unsigned lane)
{
    return track >= WRITER_PLATFORM
               ? (json_int_t)(track - WRITER_PLATFORM) + 1
               : (json_int_t)lane * perfetto->table->header->agents + track + 1;
}

static void name_write(struct perfetto *perfetto, const char *what, int process, json_int_t thread,
                       const char *name)
{
    event_write(perfetto, json_pack("{s:s, s:s, s:i, s:I, s:{s:s}}", "ph", "M", "name", what, "pid",
                                    process, "tid", thread, "args", "name", name));
}

static void span_write(struct perfetto *perfetto, const char *name, int process, json_int_t thread,
                       time_ns begin, time_ns end, json_t *arguments)
{
    event_write(perfetto,
                json_pack("{s:s, s:s, s:s, s:i, s:I, s:f, s:f, s:o}", "ph", "X", "cat", "life",
                          "name", name, "pid", process, "tid", thread, "ts", microseconds(begin),
                          "dur", microseconds(end - begin), "args", arguments));
}

static void tracks_write(struct perfetto *perfetto, time_ns begin, time_ns end)
{
    static const char *const others[] = {"platform", "control", "witness"};
    const struct trace_header *header = perfetto->table->header;

    name_write(perfetto, "process_name", 1, 0, "crew");
    name_write(perfetto, "process_name", 2, 0, "platform and operator");
    for (agent_id agent = 0; agent < header->agents; agent++) {
        name_write(perfetto, "thread_name", 1, thread_of(perfetto, agent, 0),
                   header->agent_names[agent]);
        for (unsigned lane = 1; lane < perfetto->lanes_max[agent]; lane++) {
            char name[RECORD_ID_BYTES];

            snprintf(name, sizeof name, "%s (%u more alive)", header->agent_names[agent], lane);
            name_write(perfetto, "thread_name", 1, thread_of(perfetto, agent, lane), name);
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        name_write(perfetto, "thread_name", 2, i + 1, others[i]);
        span_write(perfetto, others[i], 2, i + 1, begin, end, json_object());
    }
}

static void lives_write(struct perfetto *perfetto, time_ns end)
{
    const struct trace_header *header = perfetto->table->header;

    for (uint32_t i = 0; i < perfetto->span_count; i++) {
        const struct span *span = &perfetto->spans[i];
        char name[RECORD_ID_BYTES];

        snprintf(name, sizeof name, "%s#%u", header->agent_names[span->agent], span->incarnation);
        span_write(perfetto, name, 1, thread_of(perfetto, span->agent, span->lane), span->begin,
                   span->end == TIME_NEVER ? end : span->end,
                   json_pack("{s:s, s:s}", "kind", header->agent_kinds[span->agent], "ended",
                             span->ended != NULL ? span->ended : "lived at the end"));
    }
}

static void flow_write(struct perfetto *perfetto, bool begins, uint32_t place, json_int_t number)
{
    const struct record *record = &perfetto->table->records[place];
    uint32_t track = track_of(record);

    event_write(perfetto, json_pack("{s:s, s:s, s:s, s:s, s:I, s:i, s:I, s:f}", "ph",
                                    begins ? "s" : "f", "bp", "e", "cat", "cause", "name", "cause",
                                    "id", number, "pid", process_of(track), "tid",
                                    thread_of(perfetto, track, perfetto->lanes[place]), "ts",
                                    microseconds(record->time)));
}

static void record_write(struct perfetto *perfetto, uint32_t place)
{
    const struct trace_table *table = perfetto->table;
    const struct record *record = &table->records[place];
    uint32_t track = track_of(record), cause = trace_table_find(table, record->cause);

    /* Births and deaths are the ends of a span already. */
    if (record->verb != VERB_STARTED && record->verb != VERB_DIED)
        event_write(
            perfetto,
            json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:f, s:o}", "ph", "i", "s", "t", "cat",
                      record_class_name(record_verb_class((enum record_verb)record->verb)), "name",
                      record_verb_name((enum record_verb)record->verb), "pid", process_of(track),
                      "tid", thread_of(perfetto, track, perfetto->lanes[place]), "ts",
                      microseconds(record->time), "args", record_json(table->header, record)));
    if (cause == UINT32_MAX)
        return;
    flow_write(perfetto, true, cause, place + 1);
    flow_write(perfetto, false, place, place + 1);
}

static int perfetto_open(struct perfetto *perfetto, const struct trace_table *table, FILE *out,
                         struct error *error)
{
    size_t agents = table->header->agents;

    *perfetto = (struct perfetto){.table = table, .first = true, .out = out};
    /* One more than needed, because malloc(0) may be NULL. A life takes a record at least. */
    perfetto->spans = malloc(((size_t)table->count + 1) * sizeof *perfetto->spans);
    perfetto->living = calloc(agents * LANES_MAX + 1, sizeof *perfetto->living);
    perfetto->lanes = calloc((size_t)table->count + 1, 1);
    perfetto->lanes_max = calloc(agents + 1, 1);
    if (perfetto->spans == NULL || perfetto->living == NULL || perfetto->lanes == NULL ||
        perfetto->lanes_max == NULL)
        return error_set(error, ERROR_MEMORY, "no memory to export a trace");
    return 0;
}

static void perfetto_close(struct perfetto *perfetto)
{
    free(perfetto->spans);
    free(perfetto->living);
    free(perfetto->lanes);
    free(perfetto->lanes_max);
}

static int perfetto_write(const struct trace_table *table, struct filter *filter, FILE *out,
                          struct error *error)
{
    struct perfetto perfetto;
    time_ns begin = 0, end = 0;
    int code = perfetto_open(&perfetto, table, out, error);

    for (uint32_t i = 0; i < table->count; i++)
        if (table->records[i].time > end)
            end = table->records[i].time;
    if (code == 0) {
        spans_find(&perfetto);
        fprintf(out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
        tracks_write(&perfetto, begin, end);
        lives_write(&perfetto, end);
        for (uint32_t i = 0; i < table->count && !ferror(out); i++)
            if (filter_take(filter, &table->records[i]))
                record_write(&perfetto, i);
        fputs("\n]}\n", out);
        code = out_check(out, error);
        if (code == 0 && perfetto.failed)
            code = error_set(error, ERROR_MEMORY, "no memory to export a trace");
    }
    perfetto_close(&perfetto);
    return code;
}

int perfetto_export(const char *path, const struct trace_filter *wanted, FILE *out,
                    struct error *error)
{
    struct trace_table table;
    struct filter filter;
    int code = trace_table_open(&table, path, error);

    if (code < 0)
        return code;
    code = filter_make(&filter, wanted, table.header, error);
    if (code == 0)
        code = perfetto_write(&table, &filter, out, error);
    trace_table_close(&table);
    return code;
}
