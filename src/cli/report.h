/*
 * The findings of arms as `iolaus sim` and `iolaus drill` print them: for people or as JSON.
 */
#ifndef IOLAUS_CLI_REPORT_H
#define IOLAUS_CLI_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/analysis.h"
#include "base/error.h"
#include "scenario/scenario.h"

struct report {
    const char *world;  /* in the title: "simulated", "live", "simulated and live" */
    const char *source; /* in JSON: "sim", "live", "sim,live" */
    uint64_t seed;
    bool json, brief;
};

struct report_arm {
    const struct scenario *scenario;
    const struct findings *findings; /* the sum of its runs */
};

/* The first line of every result for people: scenario, seed, arms, version and host. */
void report_title(const struct scenario *scenario, uint32_t arms, uint64_t seed, const char *world,
                  FILE *out);

int report_print(const struct report *report, const struct report_arm *arms, uint32_t count,
                 struct error *error);

#endif
