#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "trace/filter.h"

static void stats_take(struct trace_stats *stats, const struct record *record)
{
    if (stats->records == 0 || record->time < stats->first)
        stats->first = record->time;
    if (record->time > stats->last)
        stats->last = record->time;
    stats->records++;
    stats->roots += record_id_is_none(record->cause);
    stats->inferred += (record->flags & FLAG_INFERRED) != 0;
    stats->told += (record->flags & FLAG_TOLD) != 0;
    stats->by_verb[record->verb]++;
    stats->by_class[record_verb_class((enum record_verb)record->verb)]++;
    if (record->who != AGENT_NONE)
        stats->as_who[record->who]++;
    if (record->whom != AGENT_NONE)
        stats->as_whom[record->whom]++;
}

int trace_stats_open(struct trace_stats *stats, const char *path, const struct trace_filter *wanted,
                     struct error *error)
{
    const struct trace_header *header;
    struct filter filter;
    struct record record;
    int code;

    *stats = (struct trace_stats){0};
    code = trace_reader_open(&stats->reader, path, error);
    if (code < 0)
        return code;
    header = trace_reader_header(stats->reader);
    stats->as_who = calloc((size_t)header->agents + 1, sizeof *stats->as_who);
    stats->as_whom = calloc((size_t)header->agents + 1, sizeof *stats->as_whom);
    if (stats->as_who == NULL || stats->as_whom == NULL) {
        error_set(error, ERROR_MEMORY, "no memory to count the records of %u agents",
                  header->agents);
        trace_stats_close(stats);
        return ERROR_MEMORY;
    }
    code = filter_make(&filter, wanted, header, error);
    if (code == 0) {
        while ((code = trace_reader_next(stats->reader, &record, error)) > 0)
            if (filter_take(&filter, &record))
                stats_take(stats, &record);
    }
    if (code < 0)
        trace_stats_close(stats);
    else
        trace_reader_digest(stats->reader, stats->digest);
    return code;
}

static void hex(const unsigned char bytes[32], char text[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static void write_words(const struct trace_stats *stats, FILE *out)
{
    const struct trace_header *header = trace_reader_header(stats->reader);
    char first[TIME_TEXT_BYTES], last[TIME_TEXT_BYTES], digest[65];

    time_format(stats->first, first);
    time_format(stats->last, last);
    hex(stats->digest, digest);
    fprintf(out, "scenario %s, arm %s, world %s\n", header->scenario, header->arm, header->world);
    fprintf(out, "seed %" PRIu64 ", replicate %" PRIu32 ", version %s, host %s\n", header->seed,
            header->replicate, header->version, header->host);
    fprintf(out, "agents %" PRIu32 ", nodes %" PRIu32 ", links %" PRIu64 "\n", header->agents,
            header->nodes, header->links);
    fprintf(out, "digest %s\n", digest);
    fprintf(out,
            "records %" PRIu64 ", from %s to %s; %" PRIu64 " without a cause, %" PRIu64
            " with an inferred one",
            stats->records, first, last, stats->roots, stats->inferred);
    /* In the simulated world every act is seen. */
    if (stats->told > 0)
        fprintf(out, "; %" PRIu64 " on an agent's own word", stats->told);
    fputc('\n', out);
    for (int class = 0; class <= CLASS_CONTROL; class ++) {
        fprintf(out, "\n%-26s %12" PRIu64 "\n", record_class_name((enum record_class) class),
                stats->by_class[class]);
        for (int verb = 0; verb < VERB_COUNT; verb++)
            if (stats->by_verb[verb] > 0 &&
                record_verb_class((enum record_verb)verb) == (enum record_class) class)
                fprintf(out, "  %-24s %12" PRIu64 "\n", record_verb_name((enum record_verb)verb),
                        stats->by_verb[verb]);
    }
    if (header->agents > STATS_AGENTS_MAX) {
        fprintf(out, "\nThe JSON form lists the %" PRIu32 " agents.\n", header->agents);
        return;
    }
    fprintf(out, "\n%-26s %-16s %12s %12s\n", "agent", "kind", "as doer", "as target");
    for (agent_id agent = 0; agent < header->agents; agent++)
        fprintf(out, "%-26s %-16s %12" PRIu64 " %12" PRIu64 "\n", header->agent_names[agent],
                header->agent_kinds[agent], stats->as_who[agent], stats->as_whom[agent]);
}

static json_t *agents_json(const struct trace_stats *stats)
{
    const struct trace_header *header = trace_reader_header(stats->reader);
    json_t *agents = json_array();

    for (agent_id agent = 0; agent < header->agents; agent++)
        json_array_append_new(
            agents, json_pack("{s:s, s:s, s:b, s:I, s:I}", "name", header->agent_names[agent],
                              "kind", header->agent_kinds[agent], "object", header->objects[agent],
                              "as_who", (json_int_t)stats->as_who[agent], "as_whom",
                              (json_int_t)stats->as_whom[agent]));
    return agents;
}

static json_t *stats_json(const struct trace_stats *stats)
{
    const struct trace_header *header = trace_reader_header(stats->reader);
    json_t *classes = json_object(), *verbs = json_object();
    char digest[65], seed[24];

    for (int class = 0; class <= CLASS_CONTROL; class ++)
        json_object_set_new(classes, record_class_name((enum record_class) class),
                            json_integer((json_int_t)stats->by_class[class]));
    for (int verb = 0; verb < VERB_COUNT; verb++)
        json_object_set_new(verbs, record_verb_name((enum record_verb)verb),
                            json_integer((json_int_t)stats->by_verb[verb]));
    hex(stats->digest, digest);
    /* Seeds use all 64 bits, which JSON's readers do not keep in a number. */
    snprintf(seed, sizeof seed, "%" PRIu64, header->seed);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:I, "
                     "s:I, s:I, s:o, s:o, s:o}",
                     "scenario", header->scenario, "arm", header->arm, "world", header->world,
                     "seed", seed, "replicate", (json_int_t)header->replicate, "version",
                     header->version, "host", header->host, "agents", (json_int_t)header->agents,
                     "nodes", (json_int_t)header->nodes, "links", (json_int_t)header->links,
                     "digest", digest, "records", (json_int_t)stats->records, "roots",
                     (json_int_t)stats->roots, "inferred", (json_int_t)stats->inferred, "told",
                     (json_int_t)stats->told, "first_ns", (json_int_t)stats->first, "last_ns",
                     (json_int_t)stats->last, "by_class", classes, "by_verb", verbs, "by_agent",
                     agents_json(stats));
}

int trace_stats_write(const struct trace_stats *stats, bool json, FILE *out, struct error *error)
{
    if (json) {
        json_t *object = stats_json(stats);

        if (object == NULL || json_dumpf(object, out, JSON_INDENT(2)) < 0) {
            json_decref(object);
            return ferror(out) ? out_check(out, error)
                               : error_set(error, ERROR_MEMORY, "no memory for the figures");
        }
        json_decref(object);
        fputc('\n', out);
    } else {
        write_words(stats, out);
    }
    return out_check(out, error);
}

void trace_stats_close(struct trace_stats *stats)
{
    trace_reader_close(stats->reader);
    free(stats->as_who);
    free(stats->as_whom);
    *stats = (struct trace_stats){0};
}
