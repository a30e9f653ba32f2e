/*
 * Running a study: all cores, resumable, the same rows whatever the number of workers.
 *
 * Workers take the runs arm by arm and hand what each left behind to the caller's thread, which
 * alone writes: several finished runs to a transaction, which waits 50 ms at most for more of them.
 * A run is in the database with all its rows or not at all. Ctrl-C loses the runs in flight and no
 * others, SIGKILL those and the ones that wait to be written; none of them was counted as done.
 */
#ifndef IOLAUS_STUDY_RUN_H
#define IOLAUS_STUDY_RUN_H

#include "study/store.h"

struct study_running {
    const struct study *study;
    struct store *store;
    uint32_t workers;         /* at least 1 */
    const volatile int *stop; /* once it is not 0, begins no further run and gives up those in
                                 flight */
    void (*progress)(void *context, uint32_t done, uint32_t total); /* NULL: nobody looks */
    void *context;
    carry_run *live; /* the live world, for live arms; NULL: there must be none */
    void *live_context;
    /* Set by study_run. */
    uint32_t total, kept_before, done;
    double wall_s;
    double cpu_s, writing_s; /* processor time: of all threads, and of the writer alone */
};

/* Live arms are run one after another, by `live`, after the simulated ones. 0, ERROR_LIMIT where it
 * was stopped, or the first error. */
int study_run(struct study_running *running, struct error *error);

#endif
