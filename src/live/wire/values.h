/*
 * Values of parameters as the table of tools has them: how an agent writes what call_read reads.
 *
 * Each gives a new reference of the caller's, or NULL where there is no memory (which the functions
 * of jansson that put it into an object pass over).
 */
#ifndef IOLAUS_LIVE_WIRE_VALUES_H
#define IOLAUS_LIVE_WIRE_VALUES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live/wire/tools.h"

json_t *health_json(int health);          /* enum health, but HEALTH_UNKNOWN */
json_t *how_json(int how);                /* enum notice_how */
json_t *state_json(int state);            /* enum peer_state */
json_t *choice_json(uint32_t choice);     /* mask of enum choice */
json_t *integer_text_json(int64_t value); /* as text: all 64 bits of a nonce */
json_t *situation_json(const struct situation *situation);
json_t *bytes_json(const unsigned char *bytes, size_t size); /* at most CHECKPOINT_BYTES_MAX */

/* The bytes of a text made by bytes_json, malloc'ed for the caller; NULL for anything else. */
unsigned char *bytes_of_json(const json_t *value, size_t *size);

/* Whether the method takes `because`. */
bool tool_takes_because(enum tool_method method);

#endif
