/*
 * What one run leaves behind: its sums, its episodes and the acts in them, as they go into the
 * results database.
 */
#ifndef IOLAUS_STUDY_ROWS_H
#define IOLAUS_STUDY_ROWS_H

#include <stdint.h>

#include "analysis/rows.h"
#include "study/study.h"

struct episode_kept {
    struct episode_row row; /* acts and times point below */
    uint32_t acts[MEASURE_COUNT];
    time_ns times[TIME_COUNT];
};

struct run_rows {
    uint32_t arm; /* of study->arms */
    uint32_t replicate;
    unsigned char digest[32]; /* of the trace */
    uint64_t events, records;
    time_ns ended;
    uint64_t stops, failures;
    uint64_t tasks_emitted, tasks_done;
    uint64_t behind[BEHIND_COUNT]; /* found behind the platform's back; live alone */
    uint64_t unobserved_gaps;
    double wall_s; /* how long the run took */
    struct episode_kept *episodes;
    struct act_row *acts;
    uint32_t episode_count, act_count, episode_room, act_room;
};

/* Runs one replicate of an arm in the simulated world. `scenario` is the arm's. 0, or an error;
 * what was kept is freed with run_rows_free in either case. `stop` is looked at now and then: once
 * it is not 0 the run ends with ERROR_LIMIT. */
int run_simulated(const struct study *study, uint32_t arm, uint32_t replicate,
                  const struct scenario *scenario, const volatile int *stop, struct run_rows *rows,
                  struct error *error);

void run_rows_free(struct run_rows *rows);

#endif
