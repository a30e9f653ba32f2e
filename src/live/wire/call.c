/* Reading an agent's request. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/wire/json.h"
#include "live/wire/table.h"
#include "live/wire/tools.h"
#include "live/wire/values.h"

#define NAME_BYTES_MAX 79

static int wrong(char words[256], int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int wrong(char words[256], int code, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(words, 256, format, list);
    va_end(list);
    words_clean(words);
    return code;
}

/* Text as it may stand in a message: short, and in ASCII. */
static const char *shown(const json_t *value, char text[48])
{
    char *whole = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

    snprintf(text, 48, "%.40s", whole != NULL ? whole : "something");
    free(whole);
    return text;
}

static bool integer_in(const json_t *value, json_int_t low, json_int_t high, json_int_t *number)
{
    *number = json_integer_value(value);
    return json_is_integer(value) && *number >= low && *number <= high;
}

static bool whole_text(const char *text, int64_t *number)
{
    char *end;
    const char *digits = text + (text[0] == '-');

    if (digits[0] < '0' || digits[0] > '9' || strlen(text) > 20)
        return false;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static bool unsigned_text(const char *text, uint64_t *number)
{
    char *end;

    if (text[0] < '0' || text[0] > '9' || strlen(text) > 20)
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static bool name_in(const struct names *names, const json_t *value, int *found)
{
    const char *text = json_string_value(value);

    for (size_t i = 0; text != NULL && i < names->count; i++)
        if (strcmp(names->list[i], text) == 0) {
            *found = names->first + (int)i;
            return true;
        }
    return false;
}

static bool take_choice(const json_t *value, uint32_t *choice)
{
    const json_t *one;
    size_t i;
    int bit;

    *choice = 0;
    if (!json_is_array(value))
        return false;
    json_array_foreach(value, i, one)
    {
        if (!name_in(param_names(PARAM_CHOICE), one, &bit))
            return false;
        *choice |= UINT32_C(1) << bit;
    }
    return true;
}

static bool is_token(const char *text)
{
    return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool name_is(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) >= 1 &&
           json_string_length(value) <= NAME_BYTES_MAX;
}

static bool take_because(const json_t *value, struct because *because)
{
    const json_t *delivery = json_object_get(value, "delivery");
    const json_t *hangup = json_object_get(value, "hangup");
    const json_t *from = json_object_get(value, "from");
    const json_t *message = json_object_get(value, "message");
    json_int_t number;

    if (!json_is_object(value))
        return false;
    if (json_object_size(value) == 1 && integer_in(delivery, 1, UINT32_MAX, &number)) {
        *because = (struct because){BECAUSE_DELIVERY, (uint32_t)number, NULL};
        return true;
    }
    if (json_object_size(value) == 1 && name_is(hangup)) {
        *because = (struct because){BECAUSE_HANGUP, 0, json_string_value(hangup)};
        return true;
    }
    if (json_object_size(value) == 1 && json_is_true(json_object_get(value, "signal"))) {
        *because = (struct because){BECAUSE_SIGNAL, 0, NULL};
        return true;
    }
    if (json_object_size(value) != 2 || !name_is(from) ||
        !integer_in(message, 1, UINT32_MAX, &number))
        return false;
    *because = (struct because){BECAUSE_MESSAGE, (uint32_t)number, json_string_value(from)};
    return true;
}

/* Puts a value where the table says; false where it is not of its type. */
static bool take_param(const struct param *param, json_t *value, struct call *call)
{
    void *field = (char *)call + param->offset;
    json_int_t number;
    uint64_t bits;
    int found;

    switch (param->type) {
    case PARAM_NAME:
        if (!name_is(value))
            return false;
        *(const char **)field = json_string_value(value);
        return true;
    case PARAM_HEALTH:
    case PARAM_HOW:
    case PARAM_STATE:
        if (!name_in(param_names(param->type), value, &found))
            return false;
        *(uint8_t *)field = (uint8_t)found;
        return true;
    case PARAM_CHOICE:
        return take_choice(value, field);
    case PARAM_UINT32:
        if (!integer_in(value, 0, UINT32_MAX, &number))
            return false;
        *(uint32_t *)field = (uint32_t)number;
        return true;
    case PARAM_INT64:
    case PARAM_DURATION:
    case PARAM_PID:
        if (!integer_in(value,
                        param->type == PARAM_INT64      ? INT64_MIN
                        : param->type == PARAM_DURATION ? 0
                                                        : 1,
                        param->type == PARAM_PID ? INT32_MAX : INT64_MAX, &number))
            return false;
        *(int64_t *)field = number;
        return true;
    case PARAM_NONCE:
        return json_is_string(value) && whole_text(json_string_value(value), field);
    case PARAM_TOKEN:
        if (!is_token(json_string_value(value)))
            return false;
        *(const char **)field = json_string_value(value);
        return true;
    case PARAM_BYTES:
        call->state_bytes = bytes_of_json(value, &call->state_size);
        return call->state_bytes != NULL;
    case PARAM_SITUATION:
        if (!json_is_string(value) || !unsigned_text(json_string_value(value), &bits))
            return false;
        *(struct situation *)field = situation_unpack(bits);
        return situation_pack(field) == bits;
    case PARAM_BECAUSE:
        return take_because(value, field);
    case PARAM_FLAG:
    case PARAM_FACTOR:
    case PARAM_NAMES:
    case PARAM_AGENTS:
    case PARAM_LINKS:
    case PARAM_TYPES:
        break; /* no call has any */
    }
    return false;
}

/* The key is the sender's: it may be long, and hold anything. */
static int not_taken(char words[256], const char *key, enum tool_method method)
{
    return wrong(words, RPC_PARAMS, "params.%.40s: %s does not take it", key,
                 tool_method_name(method));
}

static int take_params(struct call *call, const json_t *params, char words[256])
{
    size_t count, known = 0;
    const struct param *list = tool_params(call->method, &count);
    const char *key;
    json_t *value;

    if (params != NULL && !json_is_object(params))
        return wrong(words, RPC_PARAMS, "params: must be an object: they are given by name");
    for (size_t i = 0; i < count; i++) {
        char text[48];

        value = json_object_get(params, list[i].name);
        if (value == NULL && list[i].required)
            return wrong(words, RPC_PARAMS, "params.%s: is missing; it is %s", list[i].name,
                         param_type_words(list[i].type));
        if (value == NULL)
            continue;
        known++;
        if (!take_param(&list[i], value, call))
            return wrong(words, RPC_PARAMS, "params.%s: %s is not %s", list[i].name,
                         shown(value, text), param_type_words(list[i].type));
    }
    if (known == json_object_size(params))
        return 0;
    json_object_foreach((json_t *)(uintptr_t)params, key, value)
    {
        bool found = false;

        for (size_t i = 0; i < count; i++)
            found = found || strcmp(key, list[i].name) == 0;
        if (!found)
            return not_taken(words, key, call->method);
    }
    return 0;
}

static int find_method(struct call *call, const char *name)
{
    for (int m = 0; m < METHOD_COUNT; m++)
        if (strcmp(tool_method_name((enum tool_method)m), name) == 0) {
            call->method = (enum tool_method)m;
            return 0;
        }
    return RPC_METHOD;
}

static int read_request(struct call *call, json_t *json, json_t **id, char words[256])
{
    const json_t *method;
    int code = request_check(json, id, words);

    if (code != 0)
        return code;
    method = json_object_get(json, "method");
    if (find_method(call, json_string_value(method)) != 0) {
        char text[48];

        return wrong(words, RPC_METHOD, "method: there is no %s", shown(method, text));
    }
    if (tool_is_note(call->method) && *id != NULL)
        return wrong(words, RPC_INVALID, "id: %s gets no answer, and takes no id",
                     tool_method_name(call->method));
    if (!tool_is_note(call->method) && *id == NULL)
        return wrong(words, RPC_INVALID, "id: is missing; %s is answered",
                     tool_method_name(call->method));
    return take_params(call, json_object_get(json, "params"), words);
}

int call_read(struct call *call, const char *bytes, size_t size, json_t **id, char words[256])
{
    json_t *json = NULL;
    int code;

    *call = (struct call){0};
    *id = NULL;
    words[0] = '\0';
    code = json_packet_read(bytes, size, &json, words);
    if (code != 0) {
        *id = json_null();
        return code;
    }
    code = read_request(call, json, id, words);
    call->id = *id;
    call->json = json;
    if (code != 0) {
        call->id = NULL;
        call_close(call);
    }
    return code;
}

void call_close(struct call *call)
{
    free((void *)(uintptr_t)call->state_bytes);
    call->state_bytes = NULL;
    json_decref(call->json);
    call->json = NULL;
}
