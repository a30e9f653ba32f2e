/* The schema of the tools: JSON Schema 2020-12. */
#include <stdlib.h>
#include <string.h>

#include "live/wire/channel.h"
#include "live/wire/reference.h"
#include "trace/record.h"

#define NAME_SCHEMA "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 79}"
#define NUMBER_SCHEMA "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 4294967295}"
#define NONCE_SCHEMA "{\"type\": \"string\", \"pattern\": \"^-?[0-9]+$\", \"maxLength\": 20}"
#define PID_SCHEMA "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 2147483647}"
#define CLOSED ", \"additionalProperties\": false}"

/* Those with names are made from the names. */
static const char *const schemas[PARAM_TYPES] = {
    [PARAM_NAME] = NAME_SCHEMA,
    [PARAM_UINT32] = "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 4294967295}",
    [PARAM_INT64] = "{\"type\": \"integer\", \"minimum\": -9223372036854775808,"
                    " \"maximum\": 9223372036854775807}",
    [PARAM_PID] = PID_SCHEMA,
    [PARAM_DURATION] = "{\"type\": \"integer\", \"minimum\": 0, \"maximum\": 9223372036854775807}",
    [PARAM_NONCE] = NONCE_SCHEMA,
    [PARAM_TOKEN] = "{\"type\": \"string\", \"pattern\": \"^[0-9a-f]{64}$\"}",
    [PARAM_BYTES] =
        "{\"type\": \"string\", \"contentEncoding\": \"base64\", \"maxLength\": 43692,"
        " \"pattern\": \"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$\"}",
    [PARAM_SITUATION] = "{\"type\": \"string\", \"pattern\": \"^[0-9]{1,20}$\"}",
    [PARAM_BECAUSE] =
        "{\"oneOf\": ["
        "{\"type\": \"object\", \"required\": [\"delivery\"],"
        " \"properties\": {\"delivery\": " NUMBER_SCHEMA "}" CLOSED ","
        "{\"type\": \"object\", \"required\": [\"hangup\"],"
        " \"properties\": {\"hangup\": " NAME_SCHEMA "}" CLOSED ","
        "{\"type\": \"object\", \"required\": [\"from\", \"message\"],"
        " \"properties\": {\"from\": " NAME_SCHEMA ", \"message\": " NUMBER_SCHEMA "}" CLOSED ","
        "{\"type\": \"object\", \"required\": [\"signal\"],"
        " \"properties\": {\"signal\": {\"const\": true}}" CLOSED "]}",
    [PARAM_FLAG] = "{\"type\": \"boolean\"}",
    [PARAM_FACTOR] = "{\"type\": \"string\", \"pattern\": \"^[0-9]+([.][0-9]+)?$\"}",
    [PARAM_NAMES] = "{\"type\": \"array\", \"items\": " NAME_SCHEMA "}",
    [PARAM_AGENTS] = "{\"type\": \"array\", \"items\": {\"type\": \"object\","
                     " \"required\": [\"agent\", \"shows\"], \"properties\": {"
                     "\"agent\": " NAME_SCHEMA ","
                     " \"shows\": {\"enum\": [\"healthy\", \"failed\", \"unknown\"]}}" CLOSED "}",
    [PARAM_LINKS] = "{\"type\": \"array\", \"items\": {\"type\": \"object\","
                    " \"required\": [\"agent\", \"pid\"], \"properties\": {"
                    "\"agent\": " NAME_SCHEMA ", \"pid\": " PID_SCHEMA ","
                    " \"nonce\": " NONCE_SCHEMA ", \"first\": {\"const\": true}}" CLOSED "}",
};

json_t *type_schema(enum param_type type)
{
    const struct names *names = param_names(type);
    json_t *list;

    if (names == NULL)
        return json_loads(schemas[type], 0, NULL);
    list = json_array();
    for (size_t i = 0; i < names->count; i++)
        json_array_append_new(list, json_string(names->list[i]));
    return type == PARAM_CHOICE
               ? json_pack("{s:s, s:{s:o}}", "type", "array", "items", "enum", list)
               : json_pack("{s:o}", "enum", list);
}

/* Each type is defined once. */
static const char *const type_names[PARAM_TYPES] = {
    [PARAM_NAME] = "name",         [PARAM_HEALTH] = "health",
    [PARAM_HOW] = "how",           [PARAM_STATE] = "state",
    [PARAM_CHOICE] = "choice",     [PARAM_UINT32] = "uint32",
    [PARAM_INT64] = "int64",       [PARAM_PID] = "pid",
    [PARAM_DURATION] = "duration", [PARAM_NONCE] = "nonce",
    [PARAM_TOKEN] = "token",       [PARAM_BYTES] = "bytes",
    [PARAM_FLAG] = "flag",         [PARAM_SITUATION] = "situation",
    [PARAM_BECAUSE] = "because",   [PARAM_FACTOR] = "factor",
    [PARAM_NAMES] = "names",       [PARAM_AGENTS] = "agents",
    [PARAM_LINKS] = "links",
};

static json_t *type_reference(enum param_type type)
{
    return json_pack("{s:s+}", "$ref", "#/$defs/", type_names[type]);
}

static void define_types(json_t *definitions)
{
    for (int type = PARAM_NAME; type < PARAM_TYPES; type++) {
        json_t *schema = type_schema((enum param_type)type);

        json_object_set_new(schema, "description",
                            json_string(param_type_words((enum param_type)type)));
        json_object_set_new(definitions, type_names[type], schema);
    }
}

static json_t *described(json_t *schema, const char *words)
{
    json_object_set_new(schema, "description", json_string(words));
    return schema;
}

/* An object of these, with `delivery` where the platform sends it. */
static json_t *object_schema(const struct param *params, size_t count, bool delivered)
{
    json_t *properties = json_object(), *required = json_array();

    for (size_t i = 0; i < count; i++) {
        json_object_set_new(properties, params[i].name,
                            described(type_reference(params[i].type), params[i].words));
        if (params[i].required)
            json_array_append_new(required, json_string(params[i].name));
    }
    if (delivered) {
        json_object_set_new(properties, "delivery", json_pack("{s:s}", "$ref", "#/$defs/delivery"));
        json_array_append_new(required, json_string("delivery"));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}

/* A message with a method: id where it is answered, params where any is needed. */
static json_t *message_schema(const char *name, const char *words, bool answered, json_t *params)
{
    json_t *required = json_pack("[s, s]", "jsonrpc", "method");
    json_t *properties =
        json_pack("{s:{s:s}, s:{s:s}}", "jsonrpc", "const", "2.0", "method", "const", name);

    if (answered) {
        json_object_set_new(properties, "id", json_pack("{s:s}", "$ref", "#/$defs/id"));
        json_array_append_new(required, json_string("id"));
    }
    if (json_array_size(json_object_get(params, "required")) > 0)
        json_array_append_new(required, json_string("params"));
    json_object_set_new(properties, "params", params);
    return json_pack("{s:s, s:s, s:o, s:o, s:b}", "description", words, "type", "object",
                     "properties", properties, "required", required, "additionalProperties", 0);
}

/* Puts a definition in under the method's name, with `_` for its stroke, and into a list of
 * references. */
static void define(json_t *definitions, json_t *list, const char *name, const char *behind,
                   json_t *schema)
{
    char key[64], reference[80];

    snprintf(key, sizeof key, "%s%s", name, behind);
    *strchr(key, '/') = '_';
    snprintf(reference, sizeof reference, "#/$defs/%s", key);
    json_object_set_new(definitions, key, schema);
    if (list != NULL)
        json_array_append_new(list, json_pack("{s:s}", "$ref", reference));
}

static json_t *error_schema(void)
{
    static const char text[] =
        "{\"description\": \"The answer to a request that was refused, wrong, or failed.\","
        " \"type\": \"object\", \"required\": [\"jsonrpc\", \"id\", \"error\"],"
        " \"properties\": {\"jsonrpc\": {\"const\": \"2.0\"}, \"id\": {\"$ref\": \"#/$defs/id\"},"
        " \"error\": {\"type\": \"object\", \"required\": [\"code\", \"message\", \"data\"],"
        " \"properties\": {\"code\": {\"type\": \"integer\"}, \"message\": {\"type\": \"string\"},"
        " \"data\": {\"type\": \"object\", \"required\": [\"delivery\"],"
        " \"properties\": {\"delivery\": {\"$ref\": \"#/$defs/delivery\"},"
        " \"reason\": {\"$ref\": \"#/$defs/reason\"}}" CLOSED "}" CLOSED "}" CLOSED;

    return json_loads(text, 0, NULL);
}

static json_t *reason_schema(void)
{
    json_t *reasons = json_array();

    for (int r = REFUSAL_PERMISSION; r < REFUSAL_END; r++)
        json_array_append_new(reasons, json_string(refusal_name(r)));
    return json_pack("{s:s, s:o}", "description", "Why the platform refused.", "enum", reasons);
}

void tools_schema(FILE *out)
{
    json_t *definitions = json_object(), *calls = json_array(), *notifications = json_array();
    json_t *schema;
    size_t count;

    json_object_set_new(definitions, "id",
                        json_loads("{\"anyOf\": [{\"type\": \"integer\"}, {\"type\": \"string\", "
                                   "\"maxLength\": 64}, {\"type\": \"null\"}]}",
                                   0, NULL));
    define_types(definitions);
    for (int m = 0; m < METHOD_COUNT; m++) {
        enum tool_method method = (enum tool_method)m;
        const struct param *params = tool_params(method, &count);

        define(definitions, calls, tool_method_name(method), "",
               message_schema(tool_method_name(method), tool_words(method), !tool_is_note(method),
                              object_schema(params, count, false)));
        if (tool_is_note(method))
            continue;
        params = tool_result(method, &count);
        define(definitions, NULL, tool_method_name(method), "_result",
               object_schema(params, count, true));
    }
    for (int n = 0; n < NOTIFY_COUNT; n++) {
        enum platform_notification notification = (enum platform_notification)n;
        const struct param *params = notification_params(notification, &count);

        define(definitions, notifications, platform_notification_name(notification), "",
               message_schema(platform_notification_name(notification),
                              notification_words(notification), false,
                              object_schema(params, count, true)));
    }
    json_object_set_new(definitions, "call", json_pack("{s:o}", "oneOf", calls));
    json_object_set_new(definitions, "notification", json_pack("{s:o}", "oneOf", notifications));
    json_object_set_new(
        definitions, "delivery",
        described(json_loads(NUMBER_SCHEMA, 0, NULL), "the number of this message on the channel"));
    json_object_set_new(definitions, "reason", reason_schema());
    json_object_set_new(definitions, "error", error_schema());
    schema = json_pack(
        "{s:s, s:s, s:s, s:[{s:s}, {s:s}, {s:s}], s:o}", "$schema",
        "https://json-schema.org/draft/2020-12/schema", "title", "The platform's tools",
        "description",
        "Calls of agents, notifications and errors of the platform. An answer with a result is "
        "checked by NAME_result of its method. Made by scripts/reference.",
        "oneOf", "$ref", "#/$defs/call", "$ref", "#/$defs/notification", "$ref", "#/$defs/error",
        "$defs", definitions);
    json_dumpf(schema, out, JSON_INDENT(1));
    putc('\n', out);
    json_decref(schema);
}
