/*
 * Trace files: writing, reading, the digest, recovery.
 *
 * A trace file holds one run: one arm, one replicate, one world. Layout, byte order and checksums
 * are described in docs/reference/trace.md.
 */
#ifndef IOLAUS_TRACE_TRACE_H
#define IOLAUS_TRACE_TRACE_H

#include <stdint.h>

#include "base/error.h"
#include "trace/record.h"

/* What a reader needs to make sense of the records. Strings are owned by whoever filled it. */
struct trace_header {
    const char *scenario;      /* its name */
    const char *arm;
    const char *world;         /* "sim" or "live" */
    const char *version;       /* of the program; not in the digest */
    const char *host;          /* not in the digest */
    uint64_t seed;
    uint32_t replicate;
    uint32_t agents;
    uint32_t nodes;
    uint64_t links;            /* edges */
    unsigned char scenario_digest[32];
    unsigned char links_digest[32];
    const char *const *agent_names;
    const char *const *agent_kinds;  /* by agent: name of the kind */
    const unsigned char *objects;    /* by agent: 1 if it is an object */
    const char *const *node_names;
    time_ns duration;
};

/* The digest of a run: BLAKE2b-256 of the header's fields that determine it and of every record. */
struct trace_digest;
struct trace_digest *trace_digest_open(const struct trace_header *header);
int trace_digest_take(void *digest, const struct record *record); /* a record_sink */
void trace_digest_close(struct trace_digest *digest, unsigned char bytes[32]); /* bytes may be NULL */

struct trace_writer;
int trace_writer_open(struct trace_writer **writer, const char *path,
                      const struct trace_header *header, struct error *error);
int trace_writer_take(void *writer, const struct record *record); /* a record_sink */
/* Writes the end mark with the digest, syncs, closes and renames the finished file into place (until
 * then it is `path`.part). */
int trace_writer_close(struct trace_writer *writer, struct error *error);
void trace_writer_abandon(struct trace_writer *writer);

struct trace_reader;
int trace_reader_open(struct trace_reader **reader, const char *path, struct error *error);
const struct trace_header *trace_reader_header(const struct trace_reader *reader);
/* 1: a record; 0: the end, whole and with the right digest; negative: error with the offset. */
int trace_reader_next(struct trace_reader *reader, struct record *record, struct error *error);
void trace_reader_digest(const struct trace_reader *reader, unsigned char bytes[32]);
void trace_reader_close(struct trace_reader *reader);

/* Copies all that stands before the damage into `to` and closes it properly. `kept` counts. */
int trace_recover(const char *from, const char *to, uint64_t *kept, struct error *error);

#endif
