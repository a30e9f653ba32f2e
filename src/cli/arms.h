/*
 * The arms of a scenario that a command is to run.
 */
#ifndef IOLAUS_CLI_ARMS_H
#define IOLAUS_CLI_ARMS_H

#include "base/error.h"
#include "scenario/scenario.h"

/* All arms, or the one called `only`, resolved, into `arms`, which has room for all. ERROR_INPUT,
 * with the names that there are, where there is none of that name. */
int arms_select(struct scenario_file *file, const char *only, const struct scenario **arms,
                uint32_t *count, struct error *error);

#endif
