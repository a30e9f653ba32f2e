/* A trace_filter with its names looked up, for the trace room's own use. */
#ifndef IOLAUS_TRACE_FILTER_H
#define IOLAUS_TRACE_FILTER_H

#include "trace/tools.h"

struct filter {
    agent_id agent; /* AGENT_NONE: any */
    uint64_t verbs;
    unsigned classes;
    time_ns from, to;
    uint64_t left; /* of the limit */
};

/* `wanted` may be NULL: all records. */
int filter_make(struct filter *filter, const struct trace_filter *wanted,
                const struct trace_header *header, struct error *error);

/* Whether the record is wanted; each that is uses up one of the limit. */
bool filter_take(struct filter *filter, const struct record *record);

/* ERROR_IO if anything written to `out` was lost. */
int out_check(FILE *out, struct error *error);

#endif
