/* What the tools of `iolaus order` have in common: their arguments, and files read whole. A tool is
 * one function and one row of the table in order.c. */
#ifndef IOLAUS_CLI_ORDER_TOOL_H
#define IOLAUS_CLI_ORDER_TOOL_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"
#include "order/authority.h"

struct order_arguments {
    const char *file; /* the order; NULL: none was named */
    const char *target, *permit, *protocol, *range, *roster, *lifts;
    const char *signatures[AUTHORITY_SIGNATURES_MAX];
    uint32_t signature_count;
    uint64_t least;    /* --min; 0: by the order's verb */
    int64_t at_s;      /* --at; -1: now */
    time_ns valid_for; /* --expires */
    enum order_verb verb;
    bool verb_given, json;
};

enum {
    ORDER_KEY_STOP = 256,
    ORDER_KEY_PAUSE,
    ORDER_KEY_RESUME,
    ORDER_KEY_PERMIT,
    ORDER_KEY_PROTOCOL,
    ORDER_KEY_EXPIRES,
    ORDER_KEY_RANGE,
    ORDER_KEY_SIGNATURE,
    ORDER_KEY_ROSTER,
    ORDER_KEY_LIFTS,
    ORDER_KEY_MIN,
    ORDER_KEY_AT,
    ORDER_KEY_JSON
};

struct order_tool {
    const char *name, *arguments, *words, *more;
    const struct argp_option *options;
    int (*run)(const struct order_arguments *arguments); /* gives the exit status */
};

extern const struct argp_option order_new_options[], order_show_options[], order_verify_options[];
int order_tool_new(const struct order_arguments *arguments);
int order_tool_show(const struct order_arguments *arguments);
int order_tool_verify(const struct order_arguments *arguments);
int order_tool_reference(const struct order_arguments *arguments);

/* Prints the error and gives the exit status for it. */
int order_report(const struct error *error);

/* The whole file, at most `most` bytes; the caller frees it. ERROR_INPUT, ERROR_MEMORY. */
int order_file_read(const char *path, size_t most, char **bytes, size_t *size, struct error *error);

/* Reads and parses the order of a file; `bytes` may be NULL, else the caller frees it. */
int order_file_parse(const char *path, struct order *order, char **bytes, size_t *size,
                     struct error *error);

/* Makes `order` a permit that lifts the stop in that file: its scope, target and digest.
 * ERROR_INPUT where that order is no stop. */
int order_file_lift(const char *path, struct order *order, struct error *error);

/* `stop camera-3 by cauterize, on any range`. */
#define ORDER_SENTENCE_BYTES 256
void order_sentence(const struct order *order, char text[ORDER_SENTENCE_BYTES]);

/* The order as an object: its lines, and the digest. NULL: no memory. */
json_t *order_json(const struct order *order, const unsigned char digest[ORDER_DIGEST_BYTES]);

/* Writes and releases the object; gives the exit status. */
int order_json_write(json_t *object, int status);

#endif
