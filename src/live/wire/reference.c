#include "live/wire/reference.h"

#include <jansson.h>
#include <string.h>

#include "live/wire/table.h"
#include "live/wire/tools.h"
#include "trace/record.h"

/* What the platform's notifications carry. */
struct carried {
    enum platform_notification notification;
    const char *name, *type, *words;
};
static const struct carried carried[] = {
    {NOTIFY_CREW_BEGIN, "time_ns", "integer", "the range's time"},
    {NOTIFY_LINKS_OPENED, "links", "array",
     "for each descriptor: `agent`, the other end; `pid` of its process, as the range sees it; "
     "`nonce`, as text, at one end of the two; `first`: it is there from the crew's start"},
    {NOTIFY_BOARD_ASK, "agent", "string", "about whom"},
    {NOTIFY_STOP_NOTICE, "agent", "string", "who is to be stopped; maybe the caller"},
    {NOTIFY_STOP_DEPARTED, "agent", "string", "who departed"},
    {NOTIFY_WORK_DO, "task", "integer", "its number"},
    {NOTIFY_WORK_DO, "deadline_ns", "integer", "range time"},
    {NOTIFY_WORK_DO, "route", "array", "the names of those whom it goes through"},
    {NOTIFY_WORK_DO, "hop", "integer", "the caller's place in it, from 0"},
    {NOTIFY_WORLD_FAULTS, "cut", "array", "the names of all who are cut off now"},
    {NOTIFY_WORLD_FAULTS, "slow", "string",
     "how many times as long decisions and tasks take (\"1.5\"); left out where they take no "
     "longer"},
};
#define CARRIED (sizeof carried / sizeof carried[0])

static const struct {
    int code;
    const char *words;
} errors[] = {
    {RPC_PARSE, "what came is no JSON, or has a key twice"},
    {RPC_INVALID, "no request of JSON-RPC 2.0, a batch, or longer than 65536 bytes"},
    {RPC_METHOD, "there is no such method"},
    {RPC_PARAMS, "a parameter is missing, unknown, or not what it should be; the message names it"},
    {RPC_INTERNAL, "the platform could not do it"},
    {RPC_UNAUTHENTICATED,
     "the session is not open, the token is wrong, or another process than the agent's spoke"},
    {RPC_ORDER, "out of order: opened already, or a checkpoint that is not newer than the last"},
    {RPC_REFUSED, "the platform refused it; `data.reason` says why"},
    {RPC_FAILED, "it was allowed, and failed"},
};

static void print_method(FILE *out, enum tool_method method)
{
    size_t count;
    const struct param *params = tool_params(method, &count);

    fprintf(out, "### `%s`\n\n%s", tool_method_name(method), tool_words(method));
    if (tool_is_note(method))
        fputs(" A note: it has no id and gets no answer.", out);
    fputs("\n\n", out);
    if (count > 0)
        fputs("| parameter | | is | |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "| `%s` | %s | %s | %s |\n", params[i].name,
                params[i].required ? "required" : "", param_type_words(params[i].type),
                params[i].words);
    if (count > 0)
        fputc('\n', out);
    if (tool_result_words(method) != NULL)
        fprintf(out, "Result: %s.\n\n", tool_result_words(method));
}

static void print_names(FILE *out, const char *title, enum param_type type)
{
    const struct names *names = param_names(type);

    fprintf(out, "- %s:", title);
    for (size_t i = 0; i < names->count; i++)
        fprintf(out, "%s `%s`", i > 0 ? "," : "", names->list[i]);
    fputs("\n", out);
}

void tools_reference(FILE *out)
{
    fputs("# The platform's tools\n\n"
          "This page is made from the table that reads the requests (`scripts/reference`), as is "
          "the\n"
          "JSON Schema beside it, [tools.schema.json](tools.schema.json). How messages travel, and "
          "in\n"
          "which order, stands in [wire.md](wire.md).\n\n"
          "Every answer and notification carries `delivery`, a number that counts up on the "
          "channel.\n"
          "`because` says what the caller acted on: `{\"delivery\": 7}`, `{\"hangup\": NAME}`, "
          "`{\"from\":\n"
          "NAME, \"message\": 3}` or `{\"signal\": true}`.\n\n## What an agent may call\n\n",
          out);
    for (int method = 0; method < METHOD_COUNT; method++)
        print_method(out, (enum tool_method)method);
    fputs("## What the platform sends of its own accord\n\n| notification | carries | | "
          "|\n|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < CARRIED; i++)
        fprintf(out, "| `%s` | `%s` | %s | %s |\n",
                platform_notification_name(carried[i].notification), carried[i].name,
                carried[i].type, carried[i].words);
    fputs("\n## Names\n\n", out);
    print_names(out, "health", PARAM_HEALTH);
    print_names(out, "how something was noticed", PARAM_HOW);
    print_names(out, "state of a peer", PARAM_STATE);
    print_names(out, "choices", PARAM_CHOICE);
    fputs("- reasons of a refusal:", out);
    for (int refusal = REFUSAL_PERMISSION; refusal <= REFUSAL_LIMIT; refusal++)
        fprintf(out, "%s `%s`", refusal > REFUSAL_PERMISSION ? "," : "", refusal_name(refusal));
    fputs("\n\n## Errors\n\n| code | when |\n|---|---|\n", out);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        fprintf(out, "| %d | %s |\n", errors[i].code, errors[i].words);
}

static json_t *names_schema(enum param_type type)
{
    const struct names *names = param_names(type);
    json_t *list = json_array();

    for (size_t i = 0; i < names->count; i++)
        json_array_append_new(list, json_string(names->list[i]));
    return json_pack("{s:o}", "enum", list);
}

static json_t *whole(json_int_t low, json_int_t high)
{
    return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", low, "maximum", high);
}

static json_t *param_schema(enum param_type type)
{
    switch (type) {
    case PARAM_NAME:
        return json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", 79);
    case PARAM_HEALTH:
    case PARAM_HOW:
    case PARAM_STATE:
        return names_schema(type);
    case PARAM_CHOICE:
        return json_pack("{s:s, s:o}", "type", "array", "items", names_schema(type));
    case PARAM_UINT32:
        return whole(0, UINT32_MAX);
    case PARAM_INT64:
        return json_pack("{s:s}", "type", "integer");
    case PARAM_PID:
        return whole(1, INT32_MAX);
    case PARAM_DURATION:
        return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
    case PARAM_NONCE:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", "^-?[0-9]{1,19}$");
    case PARAM_SITUATION:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]{1,20}$");
    case PARAM_TOKEN:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9a-f]{64}$");
    case PARAM_BYTES:
        return json_pack("{s:s, s:s}", "type", "string", "contentEncoding", "base64");
    case PARAM_BECAUSE:
        return json_pack("{s:s}", "$ref", "#/$defs/because");
    }
    return json_object();
}

/* An object with these properties and no others. */
static json_t *object_schema(json_t *properties, json_t *required)
{
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}

static json_t *method_schema(enum tool_method method)
{
    size_t count;
    const struct param *params = tool_params(method, &count);
    json_t *properties = json_object(), *required = json_array();
    json_t *whole_, *needs = json_pack("[s, s]", "jsonrpc", "method");

    for (size_t i = 0; i < count; i++) {
        json_t *schema = param_schema(params[i].type);

        if (params[i].type != PARAM_BECAUSE)
            json_object_set_new(schema, "description", json_string(params[i].words));
        json_object_set_new(properties, params[i].name, schema);
        if (params[i].required)
            json_array_append_new(required, json_string(params[i].name));
    }
    if (json_array_size(required) > 0)
        json_array_append_new(needs, json_string("params"));
    whole_ = json_pack("{s:{s:s}, s:{s:s}, s:o}", "jsonrpc", "const", "2.0", "method", "const",
                       tool_method_name(method), "params", object_schema(properties, required));
    if (!tool_is_note(method)) {
        json_object_set_new(whole_, "id",
                            json_pack("{s:[s, s, s]}", "type", "string", "integer", "null"));
        json_array_append_new(needs, json_string("id"));
    }
    whole_ = object_schema(whole_, needs);
    json_object_set_new(whole_, "description", json_string(tool_words(method)));
    return whole_;
}

static json_t *notification_schema(enum platform_notification notification)
{
    json_t *properties = json_pack("{s:{s:s}}", "delivery", "type", "integer");

    for (size_t i = 0; i < CARRIED; i++)
        if (carried[i].notification == notification)
            json_object_set_new(
                properties, carried[i].name,
                json_pack("{s:s, s:s}", "type", carried[i].type, "description", carried[i].words));
    return object_schema(json_pack("{s:{s:s}, s:{s:s}, s:{s:s, s:o}}", "jsonrpc", "const", "2.0",
                                   "method", "const", platform_notification_name(notification),
                                   "params", "type", "object", "properties", properties),
                         json_pack("[s, s, s]", "jsonrpc", "method", "params"));
}

static json_t *because_schema(void)
{
    json_t *number = whole(1, UINT32_MAX), *name = param_schema(PARAM_NAME);
    json_t *kinds = json_array();

    json_array_append_new(
        kinds, object_schema(json_pack("{s:O}", "delivery", number), json_pack("[s]", "delivery")));
    json_array_append_new(
        kinds, object_schema(json_pack("{s:O}", "hangup", name), json_pack("[s]", "hangup")));
    json_array_append_new(kinds,
                          object_schema(json_pack("{s:O, s:O}", "from", name, "message", number),
                                        json_pack("[s, s]", "from", "message")));
    json_array_append_new(kinds, object_schema(json_pack("{s:{s:b}}", "signal", "const", 1),
                                               json_pack("[s]", "signal")));
    json_decref(number);
    json_decref(name);
    return json_pack("{s:o, s:s}", "oneOf", kinds, "description", "what the caller acted on");
}

void tools_schema(FILE *out)
{
    json_t *parts = json_object(), *requests = json_array(), *json;

    for (int method = 0; method < METHOD_COUNT; method++) {
        const char *name = tool_method_name((enum tool_method)method);
        char reference[64];

        /* A slash would have to be escaped in a reference. */
        snprintf(reference, sizeof reference, "#/$defs/%s", name);
        *strrchr(reference, '/') = '.';
        json_object_set_new(parts, strrchr(reference, '/') + 1,
                            method_schema((enum tool_method)method));
        json_array_append_new(requests, json_pack("{s:s}", "$ref", reference));
    }
    for (int n = 0; n < NOTIFY_COUNT; n++) {
        char name[64];

        snprintf(name, sizeof name, "%s",
                 platform_notification_name((enum platform_notification)n));
        *strchr(name, '/') = '.';
        json_object_set_new(parts, name, notification_schema((enum platform_notification)n));
    }
    json_object_set_new(parts, "because", because_schema());
    json = json_pack(
        "{s:s, s:s, s:s, s:o, s:o}", "$schema", "https://json-schema.org/draft/2020-12/schema",
        "title", "Requests of an agent to the platform", "description",
        "Made from the table that reads them. Notifications of the platform stand among "
        "the definitions.",
        "oneOf", requests, "$defs", parts);
    json_dumpf(json, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(json);
}
