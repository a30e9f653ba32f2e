/* What src/study/stops.c reads from the database: arms with their levels, and every stop. */
#ifndef IOLAUS_STUDY_STOPS_READ_H
#define IOLAUS_STUDY_STOPS_READ_H

#include "study/stops.h"

/* One stop. Times in ns; -1: it did not come to that. */
struct stop_seen {
    uint32_t arm, run; /* places below */
    bool died, sealed, unproven, stayed_dead;
    uint32_t ghosts, before, after, refused, relaunches;
    uint32_t defence_acts, defence_messages, kill_actions, kill_messages;
    int64_t ran, to_quiet, to_seal, standstill, to_relaunch, watched, stopped, act;
};

struct stops_run {
    uint32_t arm;
    int64_t replicate;
    uint64_t stops, emitted, done;
    double seconds, cpu; /* how long it was; the defenders' processor time, s; NAN: not counted */
    uint64_t responses[STOPS_GENERATIONS + 1]; /* by generation after the fence; [0]: the stops */
};

struct stops_arm {
    int64_t id;
    char **levels; /* by factor; NULL: none */
    uint32_t first_stop, stop_count, first_run, run_count;
    int against, untouched; /* arms that differ in the protocol alone, or -1 */
};

struct stops_data {
    char **factors;
    uint32_t factor_count, arm_count, run_count, stop_count;
    uint32_t protocol; /* which factor */
    char *first_level; /* of the protocol */
    struct stops_arm *arms;
    struct stops_run *runs;  /* by arm */
    struct stop_seen *stops; /* by arm and run */
};

int stops_read(struct stops_data *data, const struct store *store, const char *study,
               struct error *error);
void stops_data_free(struct stops_data *data);

#endif
