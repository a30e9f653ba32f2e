#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trace/tools.h"

/* Adds a line; the first field that differs is the one that is named. */
static void headers_differ(struct trace_difference *difference, const char *field, const char *a,
                           const char *b)
{
    size_t used = strlen(difference->words);

    if (!difference->differs)
        snprintf(difference->field, sizeof difference->field, "%s", field);
    difference->differs = difference->in_header = true;
    snprintf(difference->words + used, sizeof difference->words - used,
             "the headers differ in `%s`: a: %s, b: %s\n", field, a, b);
}

static void numbers_compare(struct trace_difference *difference, const char *field, uint64_t a,
                            uint64_t b)
{
    char left[24], right[24];

    snprintf(left, sizeof left, "%" PRIu64, a);
    snprintf(right, sizeof right, "%" PRIu64, b);
    if (a != b)
        headers_differ(difference, field, left, right);
}

static void texts_compare(struct trace_difference *difference, const char *field, const char *a,
                          const char *b)
{
    if (strcmp(a, b) != 0)
        headers_differ(difference, field, a, b);
}

/* Sixteen digits tell two digests apart as well as all. */
static void digests_compare(struct trace_difference *difference, const char *field,
                            const unsigned char a[32], const unsigned char b[32])
{
    char left[17], right[17];

    for (int i = 0; i < 8; i++) {
        snprintf(left + 2 * i, 3, "%02x", a[i]);
        snprintf(right + 2 * i, 3, "%02x", b[i]);
    }
    if (memcmp(a, b, 32) != 0)
        headers_differ(difference, field, left, right);
}

/* Whether the two tell of the same agents, so that their records can be compared; of the agents
 * that differ the first is told. */
static bool crews_compare(struct trace_difference *difference, const struct trace_header *a,
                          const struct trace_header *b)
{
    numbers_compare(difference, "agents", a->agents, b->agents);
    if (a->agents != b->agents)
        return false;
    for (uint32_t i = 0; i < a->agents; i++) {
        if (strcmp(a->agent_names[i], b->agent_names[i]) == 0)
            continue;
        headers_differ(difference, "agent_name", a->agent_names[i], b->agent_names[i]);
        return false;
    }
    return true;
}

/* What differs within the same crew; of kinds, sorts and nodes the first of each. */
static void kinds_compare(struct trace_difference *difference, const struct trace_header *a,
                          const struct trace_header *b)
{
    uint32_t i = 0;

    while (i < a->agents && strcmp(a->agent_kinds[i], b->agent_kinds[i]) == 0)
        i++;
    if (i < a->agents)
        headers_differ(difference, "agent_kind", a->agent_kinds[i], b->agent_kinds[i]);
    for (i = 0; i < a->agents && a->objects[i] == b->objects[i];)
        i++;
    if (i < a->agents)
        numbers_compare(difference, "object", a->objects[i], b->objects[i]);
    numbers_compare(difference, "nodes", a->nodes, b->nodes);
    for (i = 0; i < a->nodes && i < b->nodes && strcmp(a->node_names[i], b->node_names[i]) == 0;)
        i++;
    if (i < a->nodes && i < b->nodes)
        headers_differ(difference, "node_name", a->node_names[i], b->node_names[i]);
}

/* What goes into the digest, in the order in which people would look. Whether the records can be
 * compared: those of one crew. */
static bool headers_compare(struct trace_difference *difference, const struct trace_header *a,
                            const struct trace_header *b)
{
    bool same_crew;

    texts_compare(difference, "world", a->world, b->world);
    texts_compare(difference, "scenario", a->scenario, b->scenario);
    texts_compare(difference, "arm", a->arm, b->arm);
    numbers_compare(difference, "seed", a->seed, b->seed);
    numbers_compare(difference, "replicate", a->replicate, b->replicate);
    numbers_compare(difference, "links", a->links, b->links);
    numbers_compare(difference, "duration_ns", (uint64_t)a->duration, (uint64_t)b->duration);
    digests_compare(difference, "scenario_digest", a->scenario_digest, b->scenario_digest);
    digests_compare(difference, "links_digest", a->links_digest, b->links_digest);
    same_crew = crews_compare(difference, a, b);
    if (same_crew)
        kinds_compare(difference, a, b);
    return same_crew;
}

/* The name of the first field that differs, in the order of their bytes; NULL if none does. */
static const char *records_compare(const struct record *a, const struct record *b)
{
    static const struct {
        const char *name;
        unsigned end;
    } fields[] = {{"time", 8},
                  {"id", 16},
                  {"cause", 24},
                  {"who", 28},
                  {"whom", 32},
                  {"by", 36},
                  {"via", 40},
                  {"who_incarnation", 42},
                  {"whom_incarnation", 44},
                  {"verb", 45},
                  {"reserved", 46},
                  {"flags", 48},
                  {"value", 56}};
    unsigned char left[RECORD_BYTES], right[RECORD_BYTES];
    unsigned at = 0, field = 0;

    record_pack(a, left);
    record_pack(b, right);
    while (at < RECORD_BYTES && left[at] == right[at])
        at++;
    if (at == RECORD_BYTES)
        return NULL;
    while (fields[field].end <= at)
        field++;
    return fields[field].name;
}

/* A line for one side; `record` may be NULL: the end. */
static void side_add(struct trace_difference *difference, const char *side,
                     const struct trace_header *header, const struct record *record)
{
    char time[TIME_TEXT_BYTES], id[RECORD_ID_BYTES], cause[RECORD_ID_BYTES];
    char words[RECORD_WORDS_BYTES];
    size_t used = strlen(difference->words);
    char *at = difference->words + used;
    size_t left = sizeof difference->words - used;

    if (record == NULL) {
        snprintf(at, left, "  %s: ends here\n", side);
        return;
    }
    time_format(record->time, time);
    record_id_format(header, record->id, id);
    record_id_format(header, record->cause, cause);
    record_words(header, record, words);
    snprintf(at, left, "  %s: %s  %s  [%s, caused by %s; value %" PRId64 ", flags %u]\n", side,
             time, words, id, cause, record->value, record->flags);
}

static void records_differ(struct trace_difference *difference, const char *field,
                           const struct trace_header *a_header, const struct record *a,
                           const struct trace_header *b_header, const struct record *b)
{
    size_t used = strlen(difference->words);
    char *at = difference->words + used;
    size_t left = sizeof difference->words - used;

    if (!difference->differs)
        snprintf(difference->field, sizeof difference->field, "%s", field);
    difference->differs = difference->in_records = true;
    if (a != NULL && b != NULL)
        snprintf(at, left, "record %" PRIu64 " is the first that differs, in `%s`\n",
                 difference->place, field);
    else
        snprintf(at, left, "the first %" PRIu64 " records are the same; then one of the two ends\n",
                 difference->place);
    side_add(difference, "a", a_header, a);
    side_add(difference, "b", b_header, b);
}

static int readers_compare(struct trace_reader *a, struct trace_reader *b,
                           struct trace_difference *difference, struct error *error)
{
    struct record left, right;

    for (difference->place = 0;; difference->place++) {
        int a_more = trace_reader_next(a, &left, error);
        int b_more = a_more < 0 ? 0 : trace_reader_next(b, &right, error);
        const char *field;

        if (a_more < 0 || b_more < 0)
            return a_more < 0 ? a_more : b_more;
        if (a_more == 0 && b_more == 0)
            break;
        field = a_more != b_more ? "end" : records_compare(&left, &right);
        if (field != NULL) {
            records_differ(difference, field, trace_reader_header(a), a_more ? &left : NULL,
                           trace_reader_header(b), b_more ? &right : NULL);
            return 0;
        }
    }
    if (difference->differs) {
        size_t used = strlen(difference->words);

        snprintf(difference->words + used, sizeof difference->words - used,
                 "the records are the same, all %" PRIu64 "\n", difference->place);
    }
    return 0;
}

int trace_diff(const char *a, const char *b, struct trace_difference *difference,
               struct error *error)
{
    struct trace_reader *left, *right = NULL;
    int code = trace_reader_open(&left, a, error);

    memset(difference, 0, sizeof *difference);
    if (code == 0)
        code = trace_reader_open(&right, b, error);
    if (code == 0 &&
        headers_compare(difference, trace_reader_header(left), trace_reader_header(right)))
        code = readers_compare(left, right, difference, error);
    trace_reader_close(right);
    trace_reader_close(left);
    return code;
}
