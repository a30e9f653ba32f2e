/*
 * Runs in the live world, one after another, for the commands: what takes their records, and what
 * they found.
 */
#ifndef IOLAUS_CLI_LIVE_H
#define IOLAUS_CLI_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "base/error.h"
#include "scenario/scenario.h"

struct live_runs {
    const struct scenario *const *arms; /* the caller's */
    uint32_t arm_count, replicates;
    uint64_t seed;
    const char *trace_path; /* NULL: none is written */
    const char *name;       /* of the range; NULL: the scenario's */
    const char *ledger;     /* folder in which each run is entered, one after the other; NULL */
    bool labelled;          /* the findings are called "ARM, live" */
    struct findings **sums; /* by arm; live_runs_close frees them */
    bool stopped;           /* ctrl-C ended a run: those behind it were not begun */
};

/* Refuses what the machine or the live world cannot do before it begins anything. */
int live_runs_work(struct live_runs *runs, struct error *error);
void live_runs_close(struct live_runs *runs);

/* 0, or ERROR_MACHINE with the first thing that this machine lacks for a range. */
int live_check_machine(struct error *error);

/* A scenario's name as a range may have it: lower-case letters, digits and hyphens. */
#define LIVE_NAME_BYTES 41
void live_range_name(const char *from, char name[LIVE_NAME_BYTES]);
/* The path of a range's control socket, whose folder is made. */
int live_control_path(const char *name, char *path, size_t size, struct error *error);

#endif
