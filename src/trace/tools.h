/*
 * What one asks of a trace: show, export, stats, why, diff. `iolaus trace` does no more than call
 * these.
 *
 * All but trace_diff, which stops at the first record that differs, read the whole file and so find
 * any damage; what came before it may be written already when they return ERROR_CORRUPT. What they
 * write goes to an open stream, which stays the caller's; that it could not be written is ERROR_IO.
 */
#ifndef IOLAUS_TRACE_TOOLS_H
#define IOLAUS_TRACE_TOOLS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "trace/record.h"
#include "trace/trace.h"
#include "trace/words.h"

/* Which records are wanted; all zeros is all of them. */
struct trace_filter {
    const char *agent;   /* name or number; the record's who, whom, by or via */
    const char *verbs;   /* names with commas between */
    const char *classes; /* likewise */
    time_ns from;        /* records at this time or later */
    time_ns to;          /* and before this; 0: to the end */
    uint64_t limit;      /* at most so many; 0: all */
};

enum trace_format { TRACE_TEXT, TRACE_JSON_LINES, TRACE_CSV, TRACE_PERFETTO };

/* Writes the wanted records: in words, one JSON object or CSV row each, or as a Chrome JSON trace,
 * which Perfetto reads: a track for each agent, its incarnations as spans, other records as
 * instants, causes as flows. For that last form the whole trace must fit into memory
 * (trace_table). */
int trace_export(const char *path, const struct trace_filter *filter, enum trace_format format,
                 FILE *out, struct error *error);

/* A record as a JSON object: of jansson, with one reference, or NULL where there is no memory. */
struct json_t;
struct json_t *record_json(const struct trace_header *header, const struct record *record);

/* How often what occurs. */
struct trace_stats {
    struct trace_reader *reader; /* holds the header; trace_stats_close */
    uint64_t records;
    uint64_t roots;    /* without a cause */
    uint64_t inferred; /* with a guessed cause */
    uint64_t told;     /* on the agent's own word */
    time_ns first, last;
    uint64_t by_class[CLASS_CONTROL + 1];
    uint64_t by_verb[VERB_COUNT];
    uint64_t *as_who; /* by agent */
    uint64_t *as_whom;
    unsigned char digest[32]; /* of the whole run, whatever the filter */
};
int trace_stats_open(struct trace_stats *stats, const char *path, const struct trace_filter *filter,
                     struct error *error);
/* The words list the agents of crews of up to STATS_AGENTS_MAX; the JSON lists them all. */
#define STATS_AGENTS_MAX 100
int trace_stats_write(const struct trace_stats *stats, bool json, FILE *out, struct error *error);
void trace_stats_close(struct trace_stats *stats);

/* A whole trace in memory, for what must look back and forth. */
#define TRACE_TABLE_RECORDS_MAX (UINT32_C(1) << 26)
struct trace_table {
    struct trace_reader *reader;
    const struct trace_header *header;
    struct record *records; /* in the order of the file */
    uint32_t count;
    uint32_t *by_id; /* places in `records`, in the order of their ids */
};
/* ERROR_LIMIT above TRACE_TABLE_RECORDS_MAX records (3.8 GB). */
int trace_table_open(struct trace_table *table, const char *path, struct error *error);
/* The record's place, or UINT32_MAX. */
uint32_t trace_table_find(const struct trace_table *table, struct record_id id);
void trace_table_close(struct trace_table *table);

/* Tells a record's causes, from the record back to the root, one line each; causes that were
 * inferred are marked. `record` is a record's id as words.h has it. A cause that the file does not
 * hold is said; causes in a circle are ERROR_CORRUPT. */
int trace_why(const char *path, const char *record, bool json, FILE *out, struct error *error);

/* The first divergence of two runs: what differs in their headers, and the first record that
 * differs. Records are compared where the crews are the same, by the agents' names. */
struct trace_difference {
    bool differs;
    bool in_header;
    bool in_records;
    uint64_t place;                     /* of the record, from 0: so many are the same */
    char field[24];                     /* the first: of the header, or of the record, or `end` */
    char words[8 * RECORD_WORDS_BYTES]; /* a line for each field of the header; then the record */
};
/* Version and host are not looked at: like the digest, this compares runs. */
int trace_diff(const char *a, const char *b, struct trace_difference *difference,
               struct error *error);

#endif
