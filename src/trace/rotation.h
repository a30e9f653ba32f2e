/*
 * Traces of a daemon that runs for long: one file after another, each whole by itself, and the old
 * ones removed by number, size and age.
 *
 *     trace_rotation_open(&rotation, &rules, &header, wall, &error);
 *     trace_rotation_take(rotation, record) ...                        it is a record_sink
 *     trace_rotation_tick(rotation, wall, &error);                     every second or so
 *     trace_rotation_close(rotation, wall, &error);
 *
 * Files are called NAME-YYYYMMDDTHHMMSSZ.trace, after the time at which they were begun (UTC), and
 * NAME-...-2.trace where there is one of that name already; the one being written ends in .part.
 * What a killed daemon left as .part is recovered when the rotation is opened. Only files of that
 * form are ever removed, never the one being written, and the newest finished one is always kept. A
 * record's cause may stand in an earlier file: `iolaus trace why` then ends there.
 *
 * Records are in the file, and on the disk, after each tick: a daemon that is killed loses those
 * since the last one.
 *
 * `wall` is the time of day in seconds since 1970 (UTC). Errors: ERROR_IO, ERROR_MEMORY, and what
 * trace_writer_open gives. One thread at a time.
 */
#ifndef IOLAUS_TRACE_ROTATION_H
#define IOLAUS_TRACE_ROTATION_H

#include <stdint.h>

#include "base/error.h"
#include "trace/trace.h"

struct rotation_rules {
    const char *folder;    /* must be there */
    const char *name;      /* [A-Za-z0-9_-]+ */
    uint64_t size_bytes;   /* a new file is begun when this one has reached that many; 0: never */
    uint64_t age_seconds;  /* ... or is that old; 0: never */
    uint32_t keep_files;   /* finished files kept; 0: all */
    uint64_t keep_bytes;   /* ... as long as they take at most this together; 0: any */
    uint64_t keep_seconds; /* ... and are at most this old; 0: any */
};

struct trace_rotation;

/* The rules, the header and their strings must outlive the rotation. */
int trace_rotation_open(struct trace_rotation **rotation, const struct rotation_rules *rules,
                        const struct trace_header *header, int64_t wall, struct error *error);
int trace_rotation_take(void *rotation, const struct record *record);
int trace_rotation_tick(struct trace_rotation *rotation, int64_t wall, struct error *error);
/* Finishes the present file. Frees, whatever it returns. NULL is allowed. */
int trace_rotation_close(struct trace_rotation *rotation, int64_t wall, struct error *error);

#endif
