#include "live/wire/json.h"

#include <stdio.h>
#include <string.h>

#include "live/wire/channel.h"
#include "live/wire/tools.h"

int json_packet_read(const char *bytes, size_t size, json_t **json, char words[256])
{
    json_error_t error;

    *json = NULL;
    if (size > CHANNEL_BYTES) {
        snprintf(words, 256, "a message has at most %d bytes, not %zu", CHANNEL_BYTES, size);
        return RPC_INVALID;
    }
    /* jansson itself refuses what is nested deeper than 2048. */
    *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
    if (*json != NULL)
        return 0;
    snprintf(words, 256, "%d:%d: %.200s", error.line, error.column, error.text);
    /* Any JSON that is no object or array is told by the same code as none at all. */
    return RPC_PARSE;
}

static int wrong(char words[256], const char *text)
{
    snprintf(words, 256, "%s", text);
    return RPC_INVALID;
}

static bool is_id(const json_t *id)
{
    return json_is_null(id) || json_is_integer(id) ||
           (json_is_string(id) && json_string_length(id) <= 64);
}

int request_check(const json_t *json, json_t **id, char words[256])
{
    static const char *const keys[] = {"jsonrpc", "id", "method", "params"};
    const char *version = json_string_value(json_object_get(json, "jsonrpc"));
    json_t *given = json_object_get(json, "id");
    const char *key;
    json_t *value;

    *id = NULL;
    if (json_is_array(json)) {
        *id = json_null();
        return wrong(words, "batches are not taken: one message in one packet");
    }
    if (given != NULL)
        *id = is_id(given) ? json_incref(given) : json_null();
    if (given != NULL && !is_id(given))
        return wrong(words, "id: must be a whole number, a text of at most 64 bytes, or null");
    if (version == NULL || strcmp(version, "2.0") != 0) {
        if (*id == NULL)
            *id = json_null();
        return wrong(words, "jsonrpc: must be \"2.0\"");
    }
    if (!json_is_string(json_object_get(json, "method"))) {
        if (*id == NULL)
            *id = json_null();
        return wrong(words, "method: must be a text");
    }
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        bool known = false;

        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            known = known || strcmp(key, keys[i]) == 0;
        if (!known) {
            snprintf(words, 256, "%.40s: is no part of a request", key);
            return RPC_INVALID;
        }
    }
    return 0;
}
