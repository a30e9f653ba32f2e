/*
 * Rounds of kill, waitpid and spawn of the lean program, each to the first instruction of what was
 * spawned: the floor, and what a range adds to it.
 *
 * They are run by the lean program itself (role `rounds`), which is as small as the first process
 * of a range: what a clone costs depends on the size of the process that calls it.
 *
 * ROUNDS_POSIX is posix_spawn, which copies nothing of its caller. ROUNDS_CLONE is clone3 and
 * execveat, as a range does it.
 */
#ifndef IOLAUS_BENCH_LIVE_ROUNDS_H
#define IOLAUS_BENCH_LIVE_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "measure.h"

#define ROUNDS_MAX 4096
/* Between two rounds, here and where a range is measured: a processor that has rested wakes up more
 * slowly. */
#define ROUNDS_REST_NS (20 * MS_NS)

enum rounds_how { ROUNDS_POSIX, ROUNDS_CLONE };
struct rounds_plan {
    uint8_t how;
    bool settle;          /* session, limits and credentials, as an agent's process has them */
    int count;            /* at most ROUNDS_MAX */
    int cgroup;           /* clone into it; -1 */
    int filter, over_all; /* memfds: loaded by each process before its exec, and by the one that
                             spawns; -1 */
    uint64_t namespaces;  /* CLONE_NEW...: in which the one that spawns is */
};

/* False where it cannot be done here. */
bool rounds_run(const struct rounds_plan *plan, struct series *series);

/* posix_spawn of the lean program in a role with one argument (or NULL); `descriptor` becomes
 * its 3. Negative errno. */
pid_t rounds_spawn(const char *role, const char *argument, int descriptor);

/* The role of the lean program; words as rounds_run gives them. */
__attribute__((noreturn)) void role_rounds(char **words);

#endif
