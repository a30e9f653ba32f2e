/*
 * Findings of the contact rule set: when each replicate died out, and who descends from whom, from
 * its records. The first is also of use for other crews.
 *
 * One contact_analysis takes the records of one sim_run, which may work several replicates at once
 * (copies): agent a of copy c is c * agents + a. A replicate is extinct at the first instant at
 * which nobody of it is alive.
 *
 * Generations are of lives: those that nobody revived are of generation 0, and whoever is revived
 * is of the generation after its reviver's. (Responses and their generations are of episodes, which
 * the contact process has none of.)
 */
#ifndef IOLAUS_ANALYSIS_CONTACT_H
#define IOLAUS_ANALYSIS_CONTACT_H

#include <stdint.h>

#include "base/error.h"
#include "base/types.h"
#include "trace/record.h"

#define CONTACT_GENERATIONS 12

struct contact_analysis {
    uint32_t agents; /* of one copy */
    uint32_t copies;
    uint32_t *alive;                        /* by copy */
    time_ns *extinct_at;                    /* by copy; TIME_NEVER: not while the run lasted */
    uint32_t *generation;                   /* by agent: of its last life */
    uint64_t (*lives)[CONTACT_GENERATIONS]; /* by copy; later generations are not counted */
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
