/*
 * The reference of the platform's tools, made from the table that checks requests: the page
 * docs/reference/tools.md and the schema docs/reference/tools.schema.json. scripts/reference writes
 * them; a test compares. Not linked into anything that runs on the range.
 */
#ifndef IOLAUS_LIVE_WIRE_REFERENCE_H
#define IOLAUS_LIVE_WIRE_REFERENCE_H

#include <jansson.h>
#include <stdio.h>

#include "live/wire/table.h"

void tools_reference(FILE *out);
void tools_schema(FILE *out);

/* Parameters of a call that has all there are, each as an example; a new reference. */
json_t *example_params(enum tool_method method);
/* An example of a value, as JSON; the schema of one. New references. */
json_t *example_value(enum param_type type);
json_t *type_schema(enum param_type type);

#endif
