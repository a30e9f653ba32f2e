/*
 * The trials of containment: which there are, and how one goes.
 *
 * A trial opens a range in a pen, ends it in a way that is named, and looks whether what is left is
 * what is expected: nothing, but where layers are taken out and no other covers. Then it has the
 * next start clear what is left, and makes sure that nothing is.
 */
#ifndef IOLAUS_TEST_LIVE_CONTAINMENT_H
#define IOLAUS_TEST_LIVE_CONTAINMENT_H

#include <stdint.h>

#include "live/pen.h"
#include "live/standin.h"

/* Whom the test kills, or how it closes the range. */
enum ends {
    DAEMON = 1,
    REAPER = 2,
    FIRST = 4,
    CLOSE = 8,     /* SIGINT, as by ctrl-C */
    IN_TURN = 16,  /* the reaper, and the daemon only when it had time to see that */
    AT_ONCE = 32,  /* they are stopped before, so that none sees the other's death */
    BACKWARDS = 64 /* the daemon last */
};

enum group { PROMISE, LAYERS, WINDOWS, NOBODY_ROOT, MEMORY, GROUPS };
enum expect { GONE, LEFT, EITHER };

struct trial {
    enum group group;
    char name[120];
    unsigned ends;
    bool early;              /* the ending is so long after the daemon began, ready or not */
    unsigned delay_us, held; /* `held`: how many points are waited for */
    struct standin standin;
    enum expect processes, cgroup;
};

struct report {
    unsigned trial;
    bool good, skipped;
    int64_t took_ms; /* from the last keeper's end until nothing was left */
    char words[400];
};

#define TRIALS_MAX 1000
struct plan {
    struct trial trials[TRIALS_MAX];
    unsigned count;
};

/* containment_plan.c: all trials, and nothing but the seed decides which. */
void plan_make(struct plan *plan, uint64_t seed);

/* containment_trial.c: `number` names sockets and ranges: two for each trial. */
void trial_run(const struct trial *trial, struct pen *pen, unsigned number, struct report *report);
/* That a start clears what the dead left, and nothing of those that live. */
void living_run(struct pen *pen, struct report *report);

#endif
