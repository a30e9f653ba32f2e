/*
 * The goal: whatever records a trace holds, in whatever order and however they contradict each
 * other, nothing that is asked of a trace does wrong: exports, counts, causes, findings, stories,
 * protocols. The bytes are a trace whose checksums are made right. Gives 1 where it was whole.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "analysis/analysis.h"
#include "analysis/protocol.h"
#include "trace/tools.h"

static void check(int code)
{
    if (code > 0 || code == ERROR_MACHINE || code == ERROR_IO || code == ERROR_MEMORY)
        abort();
}

static void ask_trace(const char *path, const struct trace_table *table)
{
    static const enum trace_format formats[] = {TRACE_TEXT, TRACE_JSON_LINES, TRACE_CSV,
                                                TRACE_PERFETTO};
    static struct trace_difference difference;
    struct trace_filter all = {0};
    struct trace_stats stats;
    FILE *out = fuzz_nowhere();

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        check(trace_export(path, &all, formats[i], out, NULL));
    if (trace_stats_open(&stats, path, &all, NULL) == 0) {
        check(trace_stats_write(&stats, true, out, NULL));
        check(trace_stats_write(&stats, false, out, NULL));
        trace_stats_close(&stats);
    }
    if (trace_diff(path, path, &difference, NULL) != 0 || difference.differs)
        abort();
    /* Of the last record, which has the most behind it. */
    if (table->count > 0) {
        char id[RECORD_ID_BYTES];

        record_id_format(table->header, table->records[table->count - 1].id, id);
        check(trace_why(path, id, false, out, NULL));
        check(trace_why(path, id, true, out, NULL));
    }
}

static void findings_say(const struct findings *findings)
{
    struct findings_arm arm = {.findings = findings, .matched = MATCHED_BY_NAME};
    struct print_options options = {.width = 100, .detail = true};
    struct findings_source source = {0};
    FILE *out = fuzz_nowhere();
    json_t *json;

    check(findings_print(&arm, 1, &options, out));
    check(findings_in_words(&arm, 1, NULL, 0, &options, out));
    json = findings_json(&arm, 1, &source);
    if (json == NULL || json_dumpf(json, out, JSON_REAL_PRECISION(10)) != 0)
        abort();
    json_decref(json);
}

static void ask_analysis(const struct trace_table *table)
{
    struct findings *findings = findings_open("base");
    struct analysis *analysis = analysis_open(table->header);
    struct error error = {0};
    int code = 0;

    if (findings == NULL || analysis == NULL)
        abort();
    for (uint32_t i = 0; i < table->count && code == 0; i++)
        code = analysis_take(analysis, &table->records[i]);
    check(code);
    if (code == 0) {
        check(code = analysis_close(analysis, table->header->duration, findings, &error));
        if (code == 0)
            findings_say(findings);
    } else {
        analysis_abandon(analysis);
    }
    findings_close(findings);
    for (uint32_t episode = 1; episode <= 4; episode++)
        check(analysis_story(table->header, table->records, table->count, episode, fuzz_nowhere(),
                             NULL));
}

static void ask_protocols(const struct trace_table *table)
{
    struct protocols *protocols = protocols_open();
    struct protocol_run *run = protocol_run_open(table->header, "run.trace", protocols);
    json_t *json;
    int code = 0;

    if (protocols == NULL || run == NULL)
        abort();
    for (uint32_t i = 0; i < table->count && code == 0; i++)
        code = protocol_run_take(run, &table->records[i]);
    check(code);
    check(code = protocol_run_close(run, NULL));
    if (code == 0) {
        check(protocols_page(protocols, 5, fuzz_nowhere()));
        json = protocols_json(protocols, 5);
        if (json == NULL)
            abort();
        json_decref(json);
    }
    protocols_close(protocols);
}

int fuzz_trace_tools(const uint8_t *data, size_t size)
{
    unsigned char *mended = fuzz_trace_mend(data, &size);
    const char *path = fuzz_file(0, mended, size);
    struct trace_table table;
    int code = trace_table_open(&table, path, NULL);

    free(mended);
    check(code);
    if (code != 0)
        return 0;
    ask_trace(path, &table);
    ask_analysis(&table);
    ask_protocols(&table);
    trace_table_close(&table);
    return 1;
}
