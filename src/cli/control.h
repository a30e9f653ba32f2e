/*
 * Asking a running daemon over its control socket (docs/reference/control.md).
 */
#ifndef IOLAUS_CLI_CONTROL_H
#define IOLAUS_CLI_CONTROL_H

#include <jansson.h>

#include "base/error.h"

/* A connection on which more than one line comes. */
struct control;
int control_open(struct control **control, const char *name, struct error *error);
void control_close(struct control *control);
/* Calls a method; `params` is taken over, NULL: none. The result is the caller's. */
int control_ask(struct control *control, const char *method, json_t *params, json_t **result,
                struct error *error);
/* 1: a notification, the caller's; 0: none within ten seconds; negative: the daemon is gone. */
int control_next(struct control *control, json_t **notification, struct error *error);

/* Calls a method of the range NAME; the result is the caller's. ERROR_INPUT where no such range is
 * up; ERROR_IO where its daemon does not answer within ten seconds, or answers with an error. */
int control_call(const char *name, const char *method, json_t **result, struct error *error);

/* The names of all ranges that are up and answer, ascending: an array of strings, the caller's. */
int control_ranges(json_t **names, struct error *error);

/* The range that is meant: `name`, or where that is NULL the only one that is up. In the caller's
 * buffer. ERROR_INPUT where there is none, or several, with their names. */
int control_range(const char *name, char *chosen, size_t size, struct error *error);

#endif
