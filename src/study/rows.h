/*
 * What one run leaves behind: its sums, when everybody was dead, its episodes, the acts
 * and decisions in them,
 * as they go into the results database. A run of the contact process has no episodes; where only
 * some were alive at the start it leaves behind how many lives descend from theirs.
 */
#ifndef IOLAUS_STUDY_ROWS_H
#define IOLAUS_STUDY_ROWS_H

#include <stdint.h>

#include "analysis/contact.h"
#include "analysis/rows.h"
#include "study/study.h"

struct episode_kept {
    struct episode_row row; /* acts and times point below */
    uint32_t acts[MEASURE_COUNT];
    time_ns times[TIME_COUNT];
};

/* Of a crew that learns: its tasks in one step of the training (learners.h). */
struct work_step {
    uint64_t emitted, done;
};

struct run_rows {
    uint32_t arm; /* of study->arms */
    uint32_t replicate;
    unsigned char digest[32]; /* of the trace */
    uint64_t events, records;
    time_ns ended;
    bool keep_decisions;
    /* The first instant at which nobody was alive, TIME_NEVER where there was none. A revival that
     * was under way then may have come after it, seldom. */
    time_ns extinct_at;
    uint32_t alive_end; /* incarnations alive at the end */
    bool descends;      /* of the contact process, not all alive at the start: */
    uint64_t lives[CONTACT_GENERATIONS];
    uint64_t stops, failures;
    uint64_t tasks_emitted, tasks_done;
    uint64_t behind[BEHIND_COUNT]; /* found behind the platform's back; live alone */
    uint64_t unobserved_gaps;
    time_ns training;        /* of a crew that learns: until when; else -1 */
    struct work_step *steps; /* TRAINING_STEPS and one; NULL where nobody learns */
    struct run_row sums;     /* all 0 for a run of the contact process */
    double wall_s;           /* how long the run took */
    /* Processor time of its range and, of that, of the agents that no stop is for; NAN: nobody
     * counted it. */
    double wall_cpu_s, wall_defenders_s;
    struct episode_kept *episodes;
    struct act_row *acts;
    struct decision_row *decisions; /* where the study keeps them */
    uint32_t episode_count, act_count, decision_count, episode_room, act_room, decision_room;
};

/* A world that carries a run out and hands its records to the sinks. Returns 0 or an error. */
struct carrying {
    const struct scenario *scenario;
    uint64_t seed;
    uint32_t replicate;
    const struct record_sink *sinks;
    uint32_t sink_count;
    const volatile int *stop; /* once it is not 0 the run is to end, with ERROR_LIMIT */
    time_ns ended;            /* set by the world */
    uint64_t events;          /* likewise; 0 where it counts none */
    /* Processor time, in ns, of all its processes and of the agents that no stop is for: set by a
     * world that counts it. */
    int64_t cpu, defenders_cpu;
};
typedef int carry_run(void *context, struct carrying *run, struct error *error);

/* The simulated world; its context is not used. */
int carry_simulated(void *context, struct carrying *run, struct error *error);

/* Runs one replicate of an arm, whose scenario is `scenario`, in the world that `carry` is. 0, or
 * an error; what was kept is freed with run_rows_free in either case. */
int run_once(const struct study *study, uint32_t arm, uint32_t replicate,
             const struct scenario *scenario, carry_run *carry, void *context,
             const volatile int *stop, struct run_rows *rows, struct error *error);

void run_rows_free(struct run_rows *rows);

#endif
