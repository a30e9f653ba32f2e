/*
 * The table behind the platform's tools: what each method takes and gives, and what notifications
 * carry. One table checks requests, and makes docs/reference/tools.md and tools.schema.json
 * (reference.h). This room's own.
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
    PARAM_BECAUSE,
    /* what the platform alone sends */
    PARAM_FLAG,   /* true or false */
    PARAM_FACTOR, /* a decimal as text, not negative */
    PARAM_NAMES,  /* an array of names */
    PARAM_AGENTS, /* an array of {agent, shows} */
    PARAM_LINKS,  /* an array of {agent, pid, nonce, first} */
    PARAM_TYPES
};
#define PARAM_CALL_TYPES (PARAM_BECAUSE + 1) /* those below this may stand in a call */

struct param {
    const char *name;
    enum param_type type;
    bool required;
    size_t offset; /* in struct call; nothing for what the platform sends */
    const char *words;
};

/* What a method takes, and what its result holds beside `delivery` (nothing for a note). */
const struct param *tool_params(enum tool_method method, size_t *count);
const struct param *tool_result(enum tool_method method, size_t *count);
bool tool_is_note(enum tool_method method);
const char *tool_words(enum tool_method method);
/* What a notification carries beside `delivery`. */
const struct param *notification_params(enum platform_notification notification, size_t *count);
const char *notification_words(enum platform_notification notification);

/* Names in the order of their enumeration, for a type that has names; NULL for others. */
struct names {
    const char *const *list;
    size_t count;
    int first; /* the value of the first name */
};
const struct names *param_names(enum param_type type);
const char *param_type_words(enum param_type type);

#endif
