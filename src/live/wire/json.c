#include "live/wire/json.h"

#include <stdio.h>
#include <string.h>

#include "live/wire/channel.h"
#include "live/wire/tools.h"

void words_clean(char words[256])
{
    for (char *at = words; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

int json_packet_read(const char *bytes, size_t size, json_t **json, char words[256])
{
    json_error_t error;

    *json = NULL;
    if (size > CHANNEL_BYTES) {
        snprintf(words, 256, "a message has at most %d bytes, not %zu", CHANNEL_BYTES, size);
        return RPC_INVALID;
    }
    /* jansson itself refuses NUL in a text, and what is nested deeper than 2048. */
    *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (*json != NULL)
        return 0;
    snprintf(words, 256, "%d:%d: %.200s", error.line, error.column, error.text);
    words_clean(words);
    return RPC_PARSE;
}

static bool is_id(const json_t *id)
{
    return json_is_null(id) || json_is_integer(id) ||
           (json_is_string(id) && json_string_length(id) <= 64);
}

static bool known_key(const char *key)
{
    return strcmp(key, "jsonrpc") == 0 || strcmp(key, "id") == 0 || strcmp(key, "method") == 0 ||
           strcmp(key, "params") == 0;
}

/* What is wrong with the envelope, or NULL. */
static const char *request_fault(const json_t *json)
{
    const char *version = json_string_value(json_object_get(json, "jsonrpc"));
    const json_t *id = json_object_get(json, "id"), *params = json_object_get(json, "params");

    if (json_is_array(json))
        return "batches are not taken: one message in one packet";
    if (!json_is_object(json))
        return "a request must be an object";
    if (id != NULL && !is_id(id))
        return "id: must be a whole number, a text of at most 64 bytes, or null";
    if (version == NULL || strcmp(version, "2.0") != 0)
        return "jsonrpc: must be \"2.0\"";
    if (!json_is_string(json_object_get(json, "method")))
        return "method: must be a text";
    if (params != NULL && !json_is_object(params) && !json_is_array(params))
        return "params: must be an object";
    return NULL;
}

static const char *unknown_key(const json_t *json)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (!known_key(key))
            return key;
    }
    return NULL;
}

int request_check(const json_t *json, json_t **id, char words[256])
{
    json_t *given = json_object_get(json, "id");
    const char *fault = request_fault(json), *unknown = unknown_key(json);

    *id = given != NULL && is_id(given) ? json_incref(given) : NULL;
    if (fault == NULL && unknown == NULL)
        return 0;
    /* "If there was an error in detecting the id in the Request object (e.g. Parse error/Invalid
     * Request), it MUST be Null." Without an id it is no notification either, being no request. */
    if (*id == NULL)
        *id = json_null();
    if (fault != NULL)
        snprintf(words, 256, "%s", fault);
    else
        snprintf(words, 256, "%.40s: is no part of a request", unknown);
    words_clean(words);
    return RPC_INVALID;
}
