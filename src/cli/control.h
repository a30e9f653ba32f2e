/*
 * Asking a running daemon over its control socket (docs/reference/control.md).
 */
#ifndef IOLAUS_CLI_CONTROL_H
#define IOLAUS_CLI_CONTROL_H

#include <jansson.h>

#include "base/error.h"

/* Calls a method of the range NAME; the result is the caller's. ERROR_INPUT where no such range is
 * up; ERROR_IO where its daemon does not answer within ten seconds, or answers with an error. */
int control_call(const char *name, const char *method, json_t **result, struct error *error);

/* The names of all ranges that are up and answer, ascending: an array of strings, the caller's. */
int control_ranges(json_t **names, struct error *error);

/* The range that is meant: `name`, or where that is NULL the only one that is up. In the caller's
 * buffer. ERROR_INPUT where there is none, or several, with their names. */
int control_range(const char *name, char *chosen, size_t size, struct error *error);

#endif
