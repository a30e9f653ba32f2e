/*
 * The roles of the lean program `iolaus-range`, and finding it.
 */
#ifndef IOLAUS_LIVE_RANGE_PROGRAM_H
#define IOLAUS_LIVE_RANGE_PROGRAM_H

#include "base/error.h"

/* Beside the running program, in ../libexec/iolaus as seen from there, else in the folder for it
 * that was set when Iolaus was built. An O_PATH descriptor, or ERROR_MACHINE. */
int program_open(int *descriptor, struct error *error);

/* Roles; each ends the process with its status. Arguments are passed by descriptor (see first.c and
 * reaper.c). */
int role_first(void);
int role_reaper(void);

#endif
