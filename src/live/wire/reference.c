/* The page of the tools. */
#include "live/wire/reference.h"

#include <stdlib.h>

#include "trace/record.h"

static const char *const examples[PARAM_TYPES] = {
    [PARAM_NAME] = "\"archivist\"",
    [PARAM_HEALTH] = "\"healthy\"",
    [PARAM_HOW] = "\"silence\"",
    [PARAM_STATE] = "\"dead\"",
    [PARAM_CHOICE] = "[\"relaunch\", \"alert\"]",
    [PARAM_UINT32] = "7",
    [PARAM_INT64] = "42",
    [PARAM_PID] = "31",
    [PARAM_DURATION] = "1500000000",
    [PARAM_NONCE] = "\"-6148914691236517206\"",
    [PARAM_TOKEN] = "\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"",
    [PARAM_BYTES] = "\"aW9sYXVz\"",
    [PARAM_SITUATION] = "\"134219264\"",
    [PARAM_BECAUSE] = "{\"from\": \"archivist\", \"message\": 12}",
    [PARAM_FLAG] = "false",
    [PARAM_FACTOR] = "\"1.500000000\"",
    [PARAM_NAMES] = "[\"archivist\"]",
    [PARAM_AGENTS] = "[{\"agent\": \"archivist\", \"shows\": \"failed\"}]",
    [PARAM_LINKS] = "[{\"agent\": \"archivist\", \"pid\": 31, \"nonce\": \"9007199254740993\"}]",
};

json_t *example_value(enum param_type type)
{
    return json_loads(examples[type], JSON_DECODE_ANY, NULL);
}

static json_t *example_of(const struct param *params, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, params[i].name, example_value(params[i].type));
    return object;
}

json_t *example_params(enum tool_method method)
{
    size_t count;
    const struct param *params = tool_params(method, &count);

    return example_of(params, count);
}

/* A block of JSON, which takes over the message. */
static void write_message(FILE *out, json_t *message)
{
    char *text = json_dumps(message, 0);

    fprintf(out, "```json\n%s\n```\n", text);
    free(text);
    json_decref(message);
}

static void write_params(FILE *out, const char *title, const char *required,
                         const struct param *params, size_t count)
{
    if (count == 0)
        return;
    fprintf(out, "| %s | is | | |\n|---|---|---|---|\n", title);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "| `%s` | %s | %s | %s |\n", params[i].name, param_type_words(params[i].type),
                params[i].required ? required : "", params[i].words);
    putc('\n', out);
}

static void write_method(FILE *out, enum tool_method method)
{
    size_t count, result_count;
    const struct param *params = tool_params(method, &count);
    const struct param *result = tool_result(method, &result_count);
    json_t *request = json_pack("{s:s}", "jsonrpc", "2.0");

    if (!tool_is_note(method))
        json_object_set_new(request, "id", json_integer(3));
    json_object_set_new(request, "method", json_string(tool_method_name(method)));
    json_object_set_new(request, "params", example_of(params, count));
    fprintf(out, "\n### %s\n\n%s\n\n", tool_method_name(method), tool_words(method));
    write_params(out, "parameter", "needed", params, count);
    write_params(out, "result", "always", result, result_count);
    write_message(out, request);
}

static void write_notification(FILE *out, enum platform_notification notification)
{
    size_t count;
    const struct param *params = notification_params(notification, &count);
    json_t *example = example_of(params, count);

    json_object_set_new(example, "delivery", json_integer(9));
    fprintf(out, "\n### %s\n\n%s\n\n", platform_notification_name(notification),
            notification_words(notification));
    write_params(out, "parameter", "always", params, count);
    write_message(out, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method",
                                 platform_notification_name(notification), "params", example));
}

static void write_errors(FILE *out)
{
    static const struct {
        int code;
        const char *words;
    } errors[] = {
        {RPC_PARSE, "it is no JSON: not UTF-8, a key that is there twice, NUL in a text, nested "
                    "deeper than 2048, something behind it"},
        {RPC_INVALID, "it is no request, a batch, or longer than 65536 bytes"},
        {RPC_METHOD, "there is no such method"},
        {RPC_PARAMS, "a parameter is wrong, missing, or not taken; the message says which"},
        {RPC_INTERNAL, "the platform itself failed"},
        {RPC_UNAUTHENTICATED, "the session is not open, the token is wrong, or the process is not "
                              "the one that the platform started"},
        {RPC_ORDER, "at a wrong time: opened already, the crew has not begun, a checkpoint that is "
                    "not later than the last, a task that is not under way"},
        {RPC_REFUSED, "the platform refused it: `data.reason`, below"},
        {RPC_FAILED, "it was allowed, and failed; `data.reason` where there is one"},
    };
    static const char *const reasons[] = {
        [REFUSAL_PERMISSION] = "the caller may not use this tool on that agent",
        [REFUSAL_NOT_FIRST] = "another volunteer came first",
        [REFUSAL_NOT_GRANTED] = "a relaunch without volunteering before",
        [REFUSAL_ALIVE] = "the agent runs, as far as the platform knows",
        [REFUSAL_TOMBSTONE] = "the agent may not run again",
        [REFUSAL_UNKNOWN] = "there is no such agent, link or state",
        [REFUSAL_LATE] = "the stop is over, or there is nothing left to delay",
        [REFUSAL_NODE] = "the node is down",
        [REFUSAL_LIMIT] = "there are too many incarnations of it",
        [REFUSAL_FENCED] = "the caller or the agent is fenced: a stop of it is being carried out",
    };

    fputs("\n## Errors\n\n| code | when |\n|---|---|\n", out);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        fprintf(out, "| %d | %s |\n", errors[i].code, errors[i].words);
    fputs("\n| `data.reason` | |\n|---|---|\n", out);
    for (int r = REFUSAL_PERMISSION; r < REFUSAL_END; r++)
        fprintf(out, "| `%s` | %s |\n", refusal_name(r), reasons[r]);
}

static void write_methods(FILE *out, bool notes)
{
    for (int m = 0; m < METHOD_COUNT; m++)
        if (tool_is_note((enum tool_method)m) == notes)
            write_method(out, (enum tool_method)m);
}

void tools_reference(FILE *out)
{
    fputs(
        "# The platform's tools\n\n"
        "This page is made from the table that checks requests: `scripts/reference`.\n"
        "[tools.schema.json](tools.schema.json) says the same to a program, and "
        "[wire.md](wire.md)\n"
        "how messages travel.\n\n"
        "Tools are requests with an id and are answered; notes are notifications and are not. "
        "What\n"
        "is not in the table is refused. Whole numbers are written without fraction or exponent.\n"
        "Each result, each error's `data` and each notification of the platform also has\n"
        "`delivery`, its number on the channel.\n"
        "\n## Tools\n",
        out);
    write_methods(out, false);
    fputs("\n## Notes\n\n"
          "What the caller says of itself. The platform writes it down as its word, and checks\n"
          "nothing but the form.\n",
          out);
    write_methods(out, true);
    fputs("\n## Notifications of the platform\n", out);
    for (int n = 0; n < NOTIFY_COUNT; n++)
        write_notification(out, (enum platform_notification)n);
    write_errors(out);
}
