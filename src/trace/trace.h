/*
 * Trace files: writing, reading, the digest, recovery.
 *
 * A trace file holds one run: one arm, one replicate, one world. Layout, byte order and checksums
 * are described in docs/reference/trace.md.
 *
 * Failures: ERROR_CORRUPT for a torn or altered file, with the offset of the first byte that is not
 * as it should be or of the block that it lies in; ERROR_INPUT for what is no trace, of another
 * version, or a record that does not fit the header; ERROR_IO, ERROR_MEMORY, ERROR_LIMIT. A reader
 * is safe on any bytes; it takes memory of about 600 KiB and at most 18 times its file's header.
 * A writer or reader that failed once keeps failing in the same way. One thread at a time.
 */
#ifndef IOLAUS_TRACE_TRACE_H
#define IOLAUS_TRACE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "trace/record.h"

/* What a reader needs to make sense of the records. Strings are owned by whoever filled it. */
struct trace_header {
    const char *scenario; /* its name */
    const char *arm;
    const char *world;   /* "sim" or "live" */
    const char *version; /* of the program; not in the digest */
    const char *host;    /* not in the digest */
    uint64_t seed;
    uint32_t replicate;
    uint32_t agents;
    uint32_t nodes;
    uint64_t links; /* edges */
    unsigned char scenario_digest[32];
    unsigned char links_digest[32];
    const char *const *agent_names;
    const char *const *agent_kinds; /* by agent: name of the kind */
    const unsigned char *objects;   /* by agent: 1 if it is an object */
    const char *const *node_names;
    time_ns duration;
};

/* The digest of a run: BLAKE2b-256 of the header's fields that determine it and of every record. */
struct trace_digest;
/* NULL where there is no memory, or the header holds what a trace cannot (trace_writer_open says
 * what). */
struct trace_digest *trace_digest_open(const struct trace_header *header);
int trace_digest_take(void *digest, const struct record *record); /* a record_sink */
void trace_digest_close(struct trace_digest *digest,
                        unsigned char bytes[32]); /* bytes may be NULL */

struct trace_writer;
int trace_writer_open(struct trace_writer **writer, const char *path,
                      const struct trace_header *header, struct error *error);
int trace_writer_take(void *writer, const struct record *record); /* a record_sink */
/* Ends the present block early, so that every record taken so far has been written to the
 * unfinished file: whoever is killed after this leaves a `.part` from which trace_recover takes
 * them all. With `sync` they also last through a crash of the machine. A block of few records takes
 * a few more bytes for each; the digest is the same wherever blocks end. */
int trace_writer_flush(struct trace_writer *writer, bool sync, struct error *error);
/* Writes the end mark with the digest, syncs, closes and renames the finished file into place
 * (until then it is `path`.part). On failure, also one of an earlier take, nothing is left of it,
 * and a file that had the name before is as it was. */
int trace_writer_close(struct trace_writer *writer, struct error *error);
/* Closes and removes the unfinished file. */
void trace_writer_abandon(struct trace_writer *writer);

struct trace_reader;
int trace_reader_open(struct trace_reader **reader, const char *path, struct error *error);
const struct trace_header *trace_reader_header(const struct trace_reader *reader);
/* 1: a record; 0: the end, whole and with the right digest; negative: error with the offset. */
int trace_reader_next(struct trace_reader *reader, struct record *record, struct error *error);
void trace_reader_digest(const struct trace_reader *reader, unsigned char bytes[32]);
void trace_reader_close(struct trace_reader *reader);

/* Copies all whole blocks that stand before the damage into `to` and closes it properly; `kept`
 * counts their records. Where it succeeds, `error` says what the damage was, with code
 * ERROR_CORRUPT, or has code 0 if there was none. A file whose header is damaged cannot be
 * recovered. `from` may be the `.part` of an interrupted run; it is left as it is. */
int trace_recover(const char *from, const char *to, uint64_t *kept, struct error *error);

#endif
