/*
 * Commands of the operator's that are run beside a daemon when something failed. They are never
 * waited for, and what has ended is reaped with hook_reap, which is to be called every second or
 * so. One that still runs when the daemon ends goes on by itself.
 */
#ifndef IOLAUS_CLI_HOOK_H
#define IOLAUS_CLI_HOOK_H

#include <sys/types.h>

#include "base/error.h"

/* Many failures at once must not become many processes. */
#define HOOKS_MAX 16

struct hooks {
    const char *command;      /* the caller's; NULL: nothing is run */
    pid_t running[HOOKS_MAX]; /* 0: the place is free */
};

/* Runs the command by the shell, in a session of its own, with nothing on its standard input, no
 * signal blocked or ignored, and IOLAUS_RANGE and IOLAUS_FAILURE in its environment. ERROR_LIMIT
 * where HOOKS_MAX run already; ERROR_IO. */
int hook_run(struct hooks *hooks, const char *range, const char *failure, struct error *error);
void hook_reap(struct hooks *hooks);

#endif
