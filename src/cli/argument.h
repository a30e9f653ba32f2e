/*
 * Values of options, read strictly: a wrong one is told in one line, and the parser gives EINVAL.
 */
#ifndef IOLAUS_CLI_ARGUMENT_H
#define IOLAUS_CLI_ARGUMENT_H

#include <argp.h>
#include <stdint.h>

#include "base/types.h"

/* A whole number from low to high. */
error_t argument_number(const struct argp_state *state, const char *text, uint64_t low,
                        uint64_t high, const char *option, uint64_t *value);
/* A duration such as 20s, at least `low`. */
error_t argument_duration(const struct argp_state *state, const char *text, time_ns low,
                          const char *option, time_ns *value);
/* A size such as 64MiB, at least `low`. */
error_t argument_size(const struct argp_state *state, const char *text, uint64_t low,
                      const char *option, uint64_t *value);

#endif
