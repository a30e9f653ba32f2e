/*
 * Findings of the contact rule set: when each replicate died out, from its records.
 *
 * One contact_analysis takes the records of one sim_run, which may work several replicates at once
 * (copies): agent a of copy c is c * agents + a. A replicate is extinct at the first instant at
 * which nobody of it is alive.
 */
#ifndef IOLAUS_ANALYSIS_CONTACT_H
#define IOLAUS_ANALYSIS_CONTACT_H

#include <stdint.h>

#include "base/error.h"
#include "base/types.h"
#include "trace/record.h"

struct contact_analysis {
    uint32_t agents; /* of one copy */
    uint32_t copies;
    uint32_t *alive;     /* by copy */
    time_ns *extinct_at; /* by copy; TIME_NEVER: not while the run lasted */
};

int contact_analysis_open(struct contact_analysis *analysis, uint32_t agents, uint32_t copies,
                          struct error *error);
int contact_analysis_take(void *analysis, const struct record *record); /* a record_sink */
void contact_analysis_close(struct contact_analysis *analysis);

/* A mean with its interval, by the normal approximation (n is in the thousands). */
struct mean_time {
    uint64_t n;
    double mean, low, high;
    double deviation; /* of one observation */
};

/* Mean time to extinction in units of `unit`; replicates that did not die out are left out and
 * counted in `*survived`. */
struct mean_time contact_extinction(const time_ns *extinct_at, uint32_t count, time_ns unit,
                                    double confidence, uint64_t *survived);

/* How many of the replicates had somebody alive at `at`. */
uint64_t contact_survivors(const time_ns *extinct_at, uint32_t count, time_ns at);

#endif
