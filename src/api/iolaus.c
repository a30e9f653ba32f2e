/* libiolaus: the public C API over the rooms. */
#include <iolaus/iolaus.h>

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "trace/record.h"
#include "trace/trace.h"

#define PUBLIC __attribute__((visibility("default")))

_Static_assert(IOLAUS_ERROR_INPUT == ERROR_INPUT && IOLAUS_ERROR_IO == ERROR_IO &&
                   IOLAUS_ERROR_MEMORY == ERROR_MEMORY && IOLAUS_ERROR_LIMIT == ERROR_LIMIT &&
                   IOLAUS_ERROR_CORRUPT == ERROR_CORRUPT,
               "the codes are those of base/error.h");

struct iolaus_trace {
    struct trace_reader *reader;
    bool ended;
};

static int hand_over(int code, const struct error *from, iolaus_error *to)
{
    if (to != NULL) {
        to->code = code;
        strncpy(to->message, from->message, sizeof to->message - 1);
        to->message[sizeof to->message - 1] = 0;
    }
    return code;
}

PUBLIC const char *iolaus_version(void)
{
    return IOLAUS_VERSION;
}

PUBLIC int iolaus_trace_open(iolaus_trace **trace, const char *path, iolaus_error *error)
{
    struct error local = {0};
    int failed;

    *trace = calloc(1, sizeof **trace);
    if (*trace == NULL)
        return hand_over(error_set(&local, ERROR_MEMORY, "out of memory"), &local, error);
    failed = trace_reader_open(&(*trace)->reader, path, &local);
    if (failed != 0) {
        free(*trace);
        *trace = NULL;
        return hand_over(failed, &local, error);
    }
    return 0;
}

PUBLIC void iolaus_trace_close(iolaus_trace *trace)
{
    if (trace == NULL)
        return;
    trace_reader_close(trace->reader);
    free(trace);
}

PUBLIC int iolaus_trace_next(iolaus_trace *trace, iolaus_record *out, iolaus_error *error)
{
    struct record record;
    struct error local = {0};
    int status = trace_reader_next(trace->reader, &record, &local);

    if (status < 0)
        return hand_over(status, &local, error);
    trace->ended = status == 0;
    if (status == 0)
        return 0;
    *out = (iolaus_record){.time_ns = record.time,
                           .writer = record.id.writer,
                           .sequence = record.id.sequence,
                           .cause_writer = record.cause.writer,
                           .cause_sequence = record.cause.sequence,
                           .who = record.who,
                           .whom = record.whom,
                           .by = record.by,
                           .via = record.via,
                           .who_incarnation = record.who_incarnation,
                           .whom_incarnation = record.whom_incarnation,
                           .verb = record.verb,
                           .flags = record.flags,
                           .value = record.value};
    return 1;
}

PUBLIC const char *iolaus_trace_scenario(const iolaus_trace *trace)
{
    return trace_reader_header(trace->reader)->scenario;
}

PUBLIC const char *iolaus_trace_arm(const iolaus_trace *trace)
{
    return trace_reader_header(trace->reader)->arm;
}

PUBLIC uint64_t iolaus_trace_seed(const iolaus_trace *trace)
{
    return trace_reader_header(trace->reader)->seed;
}

PUBLIC uint32_t iolaus_trace_replicate(const iolaus_trace *trace)
{
    return trace_reader_header(trace->reader)->replicate;
}

PUBLIC uint32_t iolaus_trace_agents(const iolaus_trace *trace)
{
    return trace_reader_header(trace->reader)->agents;
}

PUBLIC const char *iolaus_trace_agent_name(const iolaus_trace *trace, uint32_t agent)
{
    const struct trace_header *header = trace_reader_header(trace->reader);

    return agent < header->agents && header->agent_names != NULL ? header->agent_names[agent]
                                                                 : NULL;
}

PUBLIC const char *iolaus_trace_agent_kind(const iolaus_trace *trace, uint32_t agent)
{
    const struct trace_header *header = trace_reader_header(trace->reader);

    return agent < header->agents && header->agent_kinds != NULL ? header->agent_kinds[agent]
                                                                 : NULL;
}

PUBLIC void iolaus_trace_digest(const iolaus_trace *trace, unsigned char digest[32])
{
    memset(digest, 0, 32);
    if (trace->ended)
        trace_reader_digest(trace->reader, digest);
}

PUBLIC const char *iolaus_verb_name(uint16_t verb)
{
    return verb < VERB_COUNT ? record_verb_name((enum record_verb)verb) : NULL;
}

PUBLIC const char *iolaus_verb_class(uint16_t verb)
{
    return verb < VERB_COUNT ? record_class_name(record_verb_class((enum record_verb)verb)) : NULL;
}
