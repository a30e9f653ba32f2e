/*
 * A small made-up crew and the records of its run, for the tests of traces. The same arguments give
 * the same records. The records are valid, of every verb, and caused by earlier ones; they tell no
 * sensible story.
 */
#ifndef IOLAUS_TEST_TRACE_SAMPLE_H
#define IOLAUS_TEST_TRACE_SAMPLE_H

#include <stdint.h>

#include "trace/trace.h"

/* Three agents on two nodes. The strings are static. */
struct trace_header sample_header(void);

/* The `index`-th record of a made-up run of `agents` agents; a pure function. Sequences count up
 * for each writer as in a real run. */
struct sample {
    uint32_t agents;
    uint64_t index;
    time_ns time;
    uint32_t sequences[64];
    struct record_id past[16];
};
void sample_begin(struct sample *sample, uint32_t agents);
void sample_next(struct sample *sample, struct record *record);

/* Writes a trace of `count` records; asserts that it succeeds. */
void sample_write(const char *path, uint64_t count);

/* A file in a directory of its own, for this test. Static memory, removed by sample_clean. */
const char *sample_path(const char *name);
void sample_clean(void);

#endif
