/*
 * From traces to figures: pure functions of records.
 *
 * An analysis takes the records of one run (it is a record_sink) and gives a struct findings:
 * counts and samples. Findings of the replicates of an arm are added up; intervals are computed at
 * the end. Every definition stands in docs/reference/findings.md.
 */
#ifndef IOLAUS_ANALYSIS_ANALYSIS_H
#define IOLAUS_ANALYSIS_ANALYSIS_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "trace/record.h"
#include "trace/trace.h"

struct analysis;
struct findings; /* of one arm: the sum of its runs */

struct analysis *analysis_open(const struct trace_header *header);
int analysis_take(void *analysis, const struct record *record); /* a record_sink */
/* Ends the run at `end` and adds it to `findings`. Frees the analysis. */
int analysis_close(struct analysis *analysis, time_ns end, struct findings *findings,
                   struct error *error);

struct findings *findings_open(const char *arm);
int findings_add(struct findings *to, const struct findings *from);
void findings_close(struct findings *findings);

/* An interval and the counts behind it. */
struct rate {
    uint64_t successes, trials;
    double rate, low, high;
};

/* A measure by its name (docs/reference/findings.md), such as "relaunched_by_peers", "tampered",
 * "masked". confidence is 0.95, 0.99, ... Returns 0, or ERROR_INPUT for an unknown name. */
int findings_rate(const struct findings *findings, const char *measure, double confidence,
                  struct rate *rate);

/* Wilson's score interval (Wilson 1927); z for a two-sided confidence is computed with GSL. */
struct rate rate_wilson(uint64_t successes, uint64_t trials, double confidence);

#endif
