/* What is sent: answers, notifications, requests; and reading what the platform delivered. */
#include <string.h>

#include "live/wire/json.h"
#include "live/wire/tools.h"

static size_t dump(char *bytes, size_t capacity, json_t *json)
{
    size_t size = json != NULL ? json_dumpb(json, bytes, capacity, JSON_COMPACT) : 0;

    json_decref(json);
    return size > capacity ? 0 : size;
}

static json_t *envelope(void)
{
    return json_pack("{s:s}", "jsonrpc", "2.0");
}

size_t answer_result(char *bytes, size_t capacity, const json_t *id, uint32_t delivery,
                     json_t *result)
{
    json_t *json = envelope();

    if (result == NULL)
        result = json_object();
    json_object_set(json, "id", (json_t *)(uintptr_t)id);
    if (delivery > 0)
        json_object_set_new(result, "delivery", json_integer(delivery));
    json_object_set_new(json, "result", result);
    return dump(bytes, capacity, json);
}

size_t answer_error(char *bytes, size_t capacity, const json_t *id, uint32_t delivery, int code,
                    const char *words, json_t *data)
{
    json_t *json = envelope();
    json_t *error = json_pack("{s:i, s:s}", "code", code, "message", words);

    if (error == NULL) /* the words were no UTF-8 */
        error = json_pack("{s:i, s:s}", "code", code, "message", "the message cannot be read");
    if (delivery > 0 && data == NULL)
        data = json_object();
    if (delivery > 0)
        json_object_set_new(data, "delivery", json_integer(delivery));
    if (data != NULL)
        json_object_set_new(error, "data", data);
    json_object_set(json, "id", (json_t *)(uintptr_t)id);
    json_object_set_new(json, "error", error);
    return dump(bytes, capacity, json);
}

size_t notification_make(char *bytes, size_t capacity, enum platform_notification notification,
                         uint32_t delivery, json_t *params)
{
    json_t *json = envelope();

    if (params == NULL)
        params = json_object();
    if (delivery > 0)
        json_object_set_new(params, "delivery", json_integer(delivery));
    json_object_set_new(json, "method", json_string(platform_notification_name(notification)));
    json_object_set_new(json, "params", params);
    return dump(bytes, capacity, json);
}

size_t request_make(char *bytes, size_t capacity, enum tool_method method, uint32_t id,
                    json_t *params)
{
    json_t *json = envelope();

    if (id > 0)
        json_object_set_new(json, "id", json_integer(id));
    json_object_set_new(json, "method", json_string(tool_method_name(method)));
    json_object_set_new(json, "params", params != NULL ? params : json_object());
    return dump(bytes, capacity, json);
}

static bool find_notification(struct delivered *delivered, const char *name)
{
    for (int n = 0; name != NULL && n < NOTIFY_COUNT; n++)
        if (strcmp(platform_notification_name((enum platform_notification)n), name) == 0) {
            delivered->notification = (enum platform_notification)n;
            return true;
        }
    return false;
}

static uint32_t uint32_of(const json_t *value)
{
    json_int_t number = json_integer_value(value);

    return number >= 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
}

/* Whether it is an answer: an id, and either a result or an error. */
static bool read_answer(struct delivered *delivered, const json_t *json)
{
    json_t *error = json_object_get(json, "error"), *result = json_object_get(json, "result");
    const json_t *id = json_object_get(json, "id");

    if ((error != NULL) == (result != NULL) || json_object_get(json, "method") != NULL)
        return false;
    delivered->answer = true;
    delivered->id = json_is_integer(id) ? uint32_of(id) : 0;
    delivered->ok = error == NULL;
    delivered->content = delivered->ok ? result : json_object_get(error, "data");
    delivered->code = (int)json_integer_value(json_object_get(error, "code"));
    /* An error may answer what the platform could not read the id of. */
    return delivered->id > 0 || (error != NULL && json_is_null(id));
}

static bool read_notification(struct delivered *delivered, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "method"));

    delivered->content = json_object_get(json, "params");
    return json_object_get(json, "id") == NULL && find_notification(delivered, name);
}

int delivered_read(struct delivered *delivered, const char *bytes, size_t size)
{
    const char *version;
    char words[256];
    json_t *json;
    int code = json_packet_read(bytes, size, &json, words);

    *delivered = (struct delivered){0};
    if (code != 0)
        return code;
    version = json_string_value(json_object_get(json, "jsonrpc"));
    if (version != NULL && strcmp(version, "2.0") == 0 &&
        (read_notification(delivered, json) || read_answer(delivered, json))) {
        delivered->json = json;
        delivered->delivery = uint32_of(json_object_get(delivered->content, "delivery"));
        return 0;
    }
    json_decref(json);
    *delivered = (struct delivered){0};
    return RPC_INVALID;
}

void delivered_close(struct delivered *delivered)
{
    json_decref(delivered->json);
    delivered->json = NULL;
    delivered->content = NULL;
}
