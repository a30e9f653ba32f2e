/*
 * A stand-in for the daemon, for the tests of containment: opens a range, has hostile agents on it,
 * and closes it when it is interrupted, or when the first process or the reaper is gone. The range
 * is the product's, compiled with a switch for each layer.
 */
#ifndef IOLAUS_TEST_LIVE_STANDIN_H
#define IOLAUS_TEST_LIVE_STANDIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "live/pen.h"

#define STANDIN_AGENTS_MAX 6

enum off { NO_PDEATHSIG = 1, NO_PIPE = 2, NO_REAPER = 4, NO_WATCH = 8, ALL_OFF = 15 };
enum victim { ANYBODY, DAEMON_FIRST, REAPER_FIRST_OF_ALL, FIRST_FIRST, VICTIMS };

struct standin {
    const struct pen *pen;
    unsigned number, agents;
    unsigned off;       /* enum off: layers taken out */
    const char *points; /* where it is held (layers.h), or NULL */
    const char *mode;   /* of the agents */
    bool without_cgroups, without_uids, nobody, memory;
    enum victim victim; /* whom the kernel is to take first when memory runs out */
};

/* What it tells when its range is open, and again when its agents are asked for. */
struct told {
    pid_t first, reaper;
};

/* In a child: does not return. `hold`: see layers.h, or -1. Ends with 3 where no range is held. */
__attribute__((noreturn)) void standin_run(const struct standin *standin, int tell, int hold);

#endif
