/* What a scenario will do: in plain words, and as JSON. */
#ifndef IOLAUS_CLI_DESCRIBE_H
#define IOLAUS_CLI_DESCRIBE_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "scenario/scenario.h"

/* The whole of one arm; `one_of_many`: says that it is the first of several. */
void describe_scenario(FILE *out, const struct scenario *scenario, bool one_of_many);

/* One line or two: what sets this arm apart. */
void describe_arm(FILE *out, const struct scenario *scenario, uint32_t number);

/* A new object, owned by the caller. */
json_t *describe_json(const struct scenario *scenario);

#endif
