#include <stdio.h>
#include <stdlib.h>

#include "trace/format.h"

/* Copies records until the end or the damage. What the reader says at last goes into `damage`. */
static void records_copy(struct trace_reader *reader, struct trace_writer *writer, uint64_t *kept,
                         struct error *damage)
{
    struct record record;

    /* What the writer could not take, it says again when it is closed. */
    while (trace_reader_next(reader, &record, damage) > 0 &&
           trace_writer_take(writer, &record) == 0)
        ++*kept;
}

int trace_recover(const char *from, const char *to, uint64_t *kept, struct error *error)
{
    struct trace_reader *reader;
    struct trace_writer *writer;
    struct error damage = {0};
    char *part;
    int code = trace_reader_open(&reader, from, error);

    *kept = 0;
    if (code < 0)
        return code;
    /* Not `to`.part: what is to be recovered may well have that name. */
    if (asprintf(&part, "%s.recovered.part", to) < 0) {
        trace_reader_close(reader);
        return error_set(error, ERROR_MEMORY, "no memory to recover a trace");
    }
    code = writer_open(&writer, to, part, trace_reader_header(reader), error);
    free(part);
    if (code == 0) {
        records_copy(reader, writer, kept, &damage);
        if (damage.code == 0 || damage.code == ERROR_CORRUPT) {
            code = trace_writer_close(writer, error);
        } else {
            /* A disk that cannot be read now may be read later: that is no damage to the trace. */
            trace_writer_abandon(writer);
            code = damage.code;
        }
    }
    if (error != NULL && (code == 0 || code == damage.code))
        *error = damage;
    trace_reader_close(reader);
    return code;
}
