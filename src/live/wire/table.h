/*
 * The table behind the platform's tools: what each method takes. One table checks requests, and
 * makes docs/reference/tools.md and tools.schema.json. This room's own.
 */
#ifndef IOLAUS_LIVE_WIRE_TABLE_H
#define IOLAUS_LIVE_WIRE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "live/wire/tools.h"

enum param_type {
    PARAM_NAME = 1, /* of an agent: text of 1 .. 79 bytes */
    PARAM_HEALTH,   /* healthy, failed */
    PARAM_HOW,      /* how something was noticed, as in the trace */
    PARAM_STATE,    /* alive, suspect, dead, left */
    PARAM_CHOICE,   /* an array of the names of choices */
    PARAM_UINT32,   /* 0 .. 2^32 - 1 */
    PARAM_INT64,    /* an integer */
    PARAM_PID,      /* 1 .. 2^31 - 1 */
    PARAM_DURATION, /* ns, not negative */
    PARAM_NONCE,    /* a 64-bit integer as text, since JSON's numbers lose bits elsewhere */
    PARAM_TOKEN,    /* 64 hexadecimal digits */
    PARAM_BYTES,    /* base64 of at most CHECKPOINT_BYTES_MAX bytes */
    PARAM_SITUATION,
    PARAM_BECAUSE
};

struct param {
    const char *name;
    enum param_type type;
    bool required;
    size_t offset; /* in struct call */
    const char *words;
};

/* What a method takes, and its result in words (NULL for a note). */
const struct param *tool_params(enum tool_method method, size_t *count);
const char *tool_result_words(enum tool_method method);
bool tool_is_note(enum tool_method method);
const char *tool_words(enum tool_method method);

/* Names in the order of their enumeration, for a type that has names; NULL for others. */
struct names {
    const char *const *list;
    size_t count;
    int first; /* the value of the first name */
};
const struct names *param_names(enum param_type type);
const char *param_type_words(enum param_type type);

#endif
