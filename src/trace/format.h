/*
 * The shape of a trace file, for the trace room's own use; docs/reference/trace.md describes it.
 *
 *     head    magic 8, version 4, length 4, checksum 16, then `length` bytes of header
 *     frame   tag 4, length 4, checksum 16, then `length` bytes: a block of records, or the end
 *
 * The checksum of a frame is keyed with the one of the head, so that a frame of another file is
 * found out.
 */
#ifndef IOLAUS_TRACE_FORMAT_H
#define IOLAUS_TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trace/record.h"
#include "trace/trace.h"

/* As PNG's: a text transfer, a cut eighth bit and a C string each break it. */
#define FORMAT_MAGIC_BYTES 8
static const unsigned char format_magic[FORMAT_MAGIC_BYTES] = {0x89, 'I',  'O',  'L',
                                                               '\r', '\n', 0x1a, '\n'};
#define FORMAT_VERSION 1
#define FORMAT_CHECKSUM_BYTES 16
#define FORMAT_HEAD_BYTES (FORMAT_MAGIC_BYTES + 8 + FORMAT_CHECKSUM_BYTES)
#define FORMAT_FRAME_BYTES (8 + FORMAT_CHECKSUM_BYTES)

#define FORMAT_TAG_BLOCK UINT32_C(0x4b4c4249) /* "IBLK" */
#define FORMAT_TAG_END UINT32_C(0x444e4549)   /* "IEND" */

#define FORMAT_BLOCK_RECORDS 4096
/* Ordinal 8, count 4, first time 8. */
#define FORMAT_BLOCK_PREFIX_BYTES 20
/* Control 2, verb 1, time 10, four agents 20, writer 5, sequence 5, cause 10, incarnations 6, flags
 * 3, value 10. */
#define FORMAT_RECORD_BYTES_MAX 72
#define FORMAT_BLOCK_BYTES_MAX                                                                     \
    (FORMAT_BLOCK_PREFIX_BYTES + FORMAT_BLOCK_RECORDS * FORMAT_RECORD_BYTES_MAX)
/* Count 8, digest 32. */
#define FORMAT_END_BYTES 40

/* Of the header: a crew of ten million agents with names of up to a hundred bytes. */
#define FORMAT_HEADER_BYTES_MAX (UINT32_C(1) << 30)
#define FORMAT_NAME_BYTES_MAX 255
#define FORMAT_KINDS_MAX 4096

/* Of the bytes before the checksum and those behind it. `key` is a checksum, or NULL. */
void format_checksum(const unsigned char *before, size_t before_size, const unsigned char *after,
                     size_t after_size, const unsigned char *key,
                     unsigned char checksum[FORMAT_CHECKSUM_BYTES]);

/* The bytes of a header, to be freed. The first `*determining` bytes of them go into the digest. */
int header_encode(const struct trace_header *header, unsigned char **bytes, size_t *size,
                  size_t *determining, struct error *error);

/* A header and the memory that its strings lie in. */
struct header_store {
    struct trace_header header;
    unsigned char *bytes;
    const char **names; /* of agents, then of their kinds, then of nodes */
    unsigned char *objects;
    size_t determining;
};

/* Takes over `bytes` (from malloc) whether or not it succeeds; needs memory of at most 18 times
 * `size`. What is wrong gives ERROR_CORRUPT with words that say what. */
int header_decode(struct header_store *store, unsigned char *bytes, size_t size,
                  struct error *error);
void header_release(struct header_store *store);

/* Encodes up to FORMAT_BLOCK_RECORDS records into at most FORMAT_BLOCK_BYTES_MAX bytes; returns how
 * many. */
size_t block_encode(const struct record *records, uint32_t count, uint64_t ordinal,
                    unsigned char *bytes);

/* The reverse. NULL, or what is wrong in words; safe on any bytes. */
const char *block_decode(const unsigned char *bytes, size_t size, uint64_t ordinal, uint32_t agents,
                         struct record *records, uint32_t *count);

/* NULL, or what cannot be in a trace of so many agents, in words. */
const char *record_check(const struct record *record, uint32_t agents);

/* The digest of a run, from the determining bytes of its header. Memory: trace_digest_close. */
struct trace_digest *digest_open(const unsigned char *determining, size_t size);

/* As trace_writer_open, with a name of its own for the unfinished file. */
int writer_open(struct trace_writer **writer, const char *path, const char *part,
                const struct trace_header *header, struct error *error);

#endif
