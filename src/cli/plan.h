/*
 * What `iolaus sim` is to run: the runs (arm x replicate), worked by a few threads, and what is
 * left of each. Results do not depend on the number of threads.
 */
#ifndef IOLAUS_CLI_PLAN_H
#define IOLAUS_CLI_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "base/error.h"
#include "scenario/scenario.h"
#include "trace/record.h"

struct plan_run {
    const struct scenario *scenario; /* the resolved arm */
    uint32_t replicate;
    uint32_t copies;          /* contact: replicates worked at once */
    unsigned char digest[32]; /* of the trace */
    struct findings *findings;
    time_ns *extinct_at; /* contact: by copy */
    uint64_t events, records;
    int failed;
    struct error error;
};

struct plan {
    uint64_t seed;
    uint32_t workers;
    uint32_t block;         /* of the engine; 0: chosen */
    bool single;            /* contact replicates one by one: each has a digest of its own */
    const char *trace_path; /* NULL: none is written */
    struct plan_run *runs;
    uint32_t count;
};

/* The runs of the given arms, in order. Frees nothing on failure: call plan_close. */
int plan_open(struct plan *plan, const struct scenario *const *arms, uint32_t arm_count,
              uint32_t replicates, struct error *error);
void plan_close(struct plan *plan);

/* Works all runs. Returns the first failure in the order of the runs. */
int plan_work(struct plan *plan, struct error *error);

/* The findings of all runs of an arm, added up in their order, under `name`. The caller's; NULL
 * where memory is out. */
struct findings *plan_sum(const struct plan *plan, const struct scenario *arm, const char *name);

/* The name of the trace file of a run: the path as it is where there is one run, else with the
 * numbers of its arm (from 1) and of its replicate before the ending. */
void trace_path_numbered(const char *given, bool several, uint32_t arm, uint32_t replicate,
                         char *path, size_t size);
void plan_trace_path(const struct plan *plan, uint32_t run, char *path, size_t size);

/* One run again, with all its records kept: for telling an episode. */
int plan_records(const struct plan_run *run, uint64_t seed, struct record **records, size_t *count,
                 struct error *error);

#endif
