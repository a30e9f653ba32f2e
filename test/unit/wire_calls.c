/*
 * The platform's tools on the wire: every method there and back, every field wrong in every way,
 * and JSON-RPC 2.0 by its letter. Not covered: what the platform makes of a call that is right.
 */
#include <criterion/criterion.h>

#include "live/wire/channel.h"
#include "live/wire/reference.h"
#include "live/wire/values.h"
#include "trace/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(wire_calls, .timeout = 120);

static char bytes[CHANNEL_BYTES];

/* Reads a message that must be refused; gives the words. `id` as text: "null", or "" for none. */
static const char *refused(const char *message, size_t size, int code, const char *id_text)
{
    static char words[256];
    char *exact = malloc(size > 0 ? size : 1), *text;
    struct call call;
    json_t *id;
    int got;

    memcpy(exact, message, size);
    got = call_read(&call, exact, size, &id, words);
    free(exact);
    cr_assert_eq(got, code, "%.200s: %d (%s), not %d", message, got, words, code);
    cr_assert(words[0] != '\0');
    for (const char *at = words; *at != '\0'; at++)
        cr_assert(*at >= ' ' && *at <= '~', "%.200s: %s", message, words);
    if (id == NULL) {
        cr_assert_str_eq(id_text, "", "%.200s gets an answer", message);
        return words;
    }
    text = json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT);
    cr_assert_str_eq(text, id_text, "%.200s", message);
    free(text);
    json_decref(id);
    return words;
}

static const char *refused_text(const char *message, int code, const char *id_text)
{
    return refused(message, strlen(message), code, id_text);
}

/* A request with these params, which are used up, must be refused at `place`. */
static const char *refused_params(enum tool_method method, json_t *params, const char *place)
{
    bool note = tool_is_note(method);
    size_t size = request_make(bytes, sizeof bytes, method, note ? 0 : 5, params);
    const char *words;

    cr_assert(size > 0);
    words = refused(bytes, size, RPC_PARAMS, note ? "" : "5");
    cr_assert(strncmp(words, place, strlen(place)) == 0, "%s: %s, not at %s",
              tool_method_name(method), words, place);
    return words;
}

static int read_back(struct call *call, enum tool_method method, json_t *params)
{
    char words[256];
    json_t *id;
    size_t size =
        request_make(bytes, sizeof bytes, method, tool_is_note(method) ? 0 : 4294967295, params);
    int code = call_read(call, bytes, size, &id, words);

    cr_assert_eq(code, 0, "%.*s: %s", (int)size, bytes, words);
    cr_assert_eq(call->id, id);
    json_decref(id);
    return code;
}

static void check_because(const struct because *because)
{
    cr_assert_eq(because->kind, BECAUSE_MESSAGE);
    cr_assert_eq(because->number, 12);
    cr_assert_str_eq(because->agent, "archivist");
}

/* The field holds what example_value says. */
static void check_field(const struct param *param, const struct call *call)
{
    const void *field = (const char *)call + param->offset;
    json_t *value;
    uint64_t packed;
    char text[24];

    switch (param->type) {
    case PARAM_NAME:
        cr_assert_str_eq(*(const char *const *)field, "archivist");
        break;
    case PARAM_HEALTH:
        cr_assert_eq(call->health, HEALTH_HEALTHY);
        break;
    case PARAM_HOW:
        cr_assert_eq(call->how, HOW_SILENCE);
        break;
    case PARAM_STATE:
        cr_assert_eq(call->state, 2);
        break;
    case PARAM_CHOICE:
        cr_assert_eq(call->choice, CHOICE_RELAUNCH | CHOICE_ALERT);
        break;
    case PARAM_UINT32:
        cr_assert_eq(call->number, 7);
        break;
    case PARAM_INT64:
        cr_assert_eq(call->value, 42);
        break;
    case PARAM_PID:
        cr_assert_eq(call->value, 31);
        break;
    case PARAM_DURATION:
        cr_assert_eq(call->value, 1500000000);
        break;
    case PARAM_NONCE:
        cr_assert_eq(call->value, -6148914691236517206);
        break;
    case PARAM_TOKEN:
        cr_assert_eq(strlen(call->token), 64);
        cr_assert_eq(strncmp(call->token, "00010203", 8), 0);
        break;
    case PARAM_BYTES:
        cr_assert_eq(call->state_size, 6);
        cr_assert_eq(memcmp(call->state_bytes, "iolaus", 6), 0);
        break;
    case PARAM_SITUATION:
        packed = situation_pack(&call->situation);
        snprintf(text, sizeof text, "%llu", (unsigned long long)packed);
        value = example_value(PARAM_SITUATION);
        cr_assert_str_eq(text, json_string_value(value));
        json_decref(value);
        break;
    case PARAM_BECAUSE:
        check_because(&call->because);
        break;
    case PARAM_FLAG:
    case PARAM_FACTOR:
    case PARAM_NAMES:
    case PARAM_AGENTS:
    case PARAM_LINKS:
    case PARAM_TYPES:
        cr_assert_fail("%s is in a call", param->name);
    }
}

Test(wire_calls, every_method_there_and_back)
{
    for (int m = 0; m < METHOD_COUNT; m++) {
        enum tool_method method = (enum tool_method)m;
        size_t count;
        const struct param *params = tool_params(method, &count);
        struct call call;

        read_back(&call, method, example_params(method));
        cr_assert_eq(call.method, method);
        cr_assert_eq(call.id == NULL, tool_is_note(method));
        if (call.id != NULL)
            cr_assert_eq(json_integer_value(call.id), 4294967295);
        for (size_t i = 0; i < count; i++)
            check_field(&params[i], &call);
        call_close(&call);
        call_close(&call);
    }
}

/* Each optional one left out, each needed one missing, each alone of the wrong type. */
Test(wire_calls, parameters_left_out)
{
    for (int m = 0; m < METHOD_COUNT; m++) {
        enum tool_method method = (enum tool_method)m;
        size_t count;
        const struct param *list = tool_params(method, &count);

        for (size_t i = 0; i < count; i++) {
            json_t *params = example_params(method);
            struct call call;
            char place[64];

            json_object_del(params, list[i].name);
            snprintf(place, sizeof place, "params.%s: is missing", list[i].name);
            if (list[i].required) {
                refused_params(method, params, place);
                continue;
            }
            read_back(&call, method, params);
            if (list[i].type == PARAM_NAME)
                cr_assert_null(*(const char *const *)((const char *)&call + list[i].offset));
            if (list[i].type == PARAM_BECAUSE)
                cr_assert_eq(call.because.kind, BECAUSE_NOTHING);
            call_close(&call);
        }
    }
}

/* What no value of a type may be, as JSON. */
static const char *const wrong_values[PARAM_CALL_TYPES][24] = {
    [PARAM_NAME] =
        {
            "\"\"",
            "0",
            "null",
            "[\"archivist\"]",
            "{}",
            "true",
        },
    [PARAM_HEALTH] = {"\"sick\"", "\"Healthy\"", "\"healthy \"", "\"\"", "\"unknown\"", "1", "null",
                      "[]"},
    [PARAM_HOW] = {"\"rumour\"", "\"stop asked\"", "0", "null", "[\"silence\"]"},
    [PARAM_STATE] = {"\"gone\"", "2", "null", "{}"},
    [PARAM_CHOICE] = {"\"relaunch\"", "1", "[1]", "[\"relaunch\", \"flee\"]", "[null]", "null",
                      "[[\"relaunch\"]]", "{\"relaunch\": true}"},
    [PARAM_UINT32] = {"-1", "4294967296", "1.5", "1.0", "1e3", "\"7\"", "null", "[7]", "true"},
    [PARAM_INT64] = {"1.5", "42.0", "\"42\"", "null", "[]", "false"},
    [PARAM_PID] = {"0", "-1", "2147483648", "1.0", "\"31\"", "null"},
    [PARAM_DURATION] = {"-1", "-9223372036854775808", "0.5", "\"1s\"", "null"},
    [PARAM_NONCE] = {"42", "\"\"", "\"-\"", "\" 1\"", "\"+1\"", "\"1 \"", "\"0x1\"", "\"--1\"",
                     "\"9223372036854775808\"", "\"-9223372036854775809\"",
                     "\"000000000000000000001\"", "null", "\"1.0\""},
    [PARAM_TOKEN] = {"\"\"", "0", "null", "\"00010203\"",
                     /* 63, 65, a capital, what is no digit */
                     "\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1\"",
                     "\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0\"",
                     "\"000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"",
                     "\"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\""},
    [PARAM_BYTES] = {"0", "null", "[]", "\"aW9sYXV\"", "\"aW9sYXVzIQ\"", "\"aW9s!XVz\"",
                     "\"aW9s YXVz\"", "\"aW9sYXV_\"", "\"=\"", "\"aW9sYXVz=\"", "\"IR==\""},
    [PARAM_SITUATION] = {"134219264", "\"-1\"", "\"\"", "\"18446744073709551616\"",
                         "\"18446744073709551615\"", "\"1x\"", "\" 1\"", "null"},
    [PARAM_BECAUSE] = {"{}",
                       "7",
                       "null",
                       "[]",
                       "\"signal\"",
                       "{\"delivery\": 0}",
                       "{\"delivery\": 4294967296}",
                       "{\"delivery\": \"1\"}",
                       "{\"delivery\": 1, \"hangup\": \"a\"}",
                       "{\"hangup\": \"\"}",
                       "{\"hangup\": 3}",
                       "{\"from\": \"a\"}",
                       "{\"message\": 3}",
                       "{\"from\": \"a\", \"message\": 0}",
                       "{\"from\": 1, \"message\": 1}",
                       "{\"from\": \"a\", \"message\": 1, \"delivery\": 1}",
                       "{\"signal\": false}",
                       "{\"signal\": 1}",
                       "{\"rumour\": 1}",
                       "{\"from\": \"a\", \"rumour\": 1}",
                       "{\"signal\": true, \"x\": 1}"},
};

Test(wire_calls, parameters_of_the_wrong_kind)
{
    for (int m = 0; m < METHOD_COUNT; m++) {
        enum tool_method method = (enum tool_method)m;
        size_t count;
        const struct param *list = tool_params(method, &count);

        for (size_t i = 0; i < count; i++) {
            const char *const *wrong = wrong_values[list[i].type];
            char place[64];

            snprintf(place, sizeof place, "params.%s: ", list[i].name);
            cr_assert(wrong[0] != NULL, "%s", place);
            for (; *wrong != NULL; wrong++) {
                json_t *params = example_params(method);
                json_t *value = json_loads(*wrong, JSON_DECODE_ANY, NULL);

                cr_assert_not_null(value, "%s", *wrong);
                json_object_set_new(params, list[i].name, value);
                cr_assert(strstr(refused_params(method, params, place), " is not ") != NULL);
            }
        }
    }
}

Test(wire_calls, words_name_the_place_and_what_would_be_right)
{
    json_t *params = example_params(METHOD_HEALTH_REPORT);

    json_object_set_new(params, "health", json_string("sick"));
    cr_assert_str_eq(refused_params(METHOD_HEALTH_REPORT, params, "params.health"),
                     "params.health: \"sick\" is not one of healthy, failed");
    for (enum param_type type = PARAM_HEALTH; type <= PARAM_CHOICE; type++) {
        const struct names *names = param_names(type);

        for (size_t i = 0; i < names->count; i++)
            cr_assert(strstr(param_type_words(type), names->list[i]) != NULL, "%s", names->list[i]);
    }
}

Test(wire_calls, parameters_that_are_not_taken)
{
    for (int m = 0; m < METHOD_COUNT; m++) {
        json_t *params = example_params((enum tool_method)m);

        json_object_set_new(params, "colour", json_null());
        refused_params((enum tool_method)m, params, "params.colour: ");
        params = json_array();
        json_array_append_new(params, json_string("archivist"));
        refused_params((enum tool_method)m, params, "params: ");
    }
    /* The key comes from an agent, and goes to a terminal. */
    refused_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\","
                 "\"params\":{\"\\u001b[2J\xc3\xa4\xc3\xb6\":1}}",
                 RPC_PARAMS, "1");
}

/* The limits themselves are taken. */
Test(wire_calls, values_at_their_limits)
{
    static unsigned char state[CHECKPOINT_BYTES_MAX + 1];
    struct call call;
    char name[80];
    json_t *params =
        json_pack("{s:i, s:o}", "number", 1, "state", bytes_json(state, CHECKPOINT_BYTES_MAX));

    memset(name, 'x', 79);
    name[79] = '\0';
    read_back(&call, METHOD_CHECKPOINT_SAVE, params);
    cr_assert_eq(call.state_size, CHECKPOINT_BYTES_MAX);
    call_close(&call);
    read_back(&call, METHOD_CHECKPOINT_SAVE,
              json_pack("{s:I, s:s}", "number", (json_int_t)UINT32_MAX, "state", ""));
    cr_assert_eq(call.state_size, 0);
    cr_assert_eq(call.number, UINT32_MAX);
    call_close(&call);
    read_back(&call, METHOD_HEALTH_SCORE,
              json_pack("{s:s, s:I}", "agent", name, "score", (json_int_t)INT64_MIN));
    cr_assert_eq(call.value, INT64_MIN);
    call_close(&call);
    cr_assert_null(bytes_json(state, CHECKPOINT_BYTES_MAX + 1));
}

Test(wire_calls, a_name_that_is_too_long)
{
    char name[81];

    memset(name, 'x', 80);
    name[80] = '\0';
    refused_params(METHOD_AGENTS_COPY, json_pack("{s:s}", "agent", name), "params.agent: ");
}

/* One byte more than may be has as many digits as what may be. */
Test(wire_calls, a_checkpoint_that_is_too_long)
{
    char *text = malloc(43693);
    json_t *state;
    size_t size = 1;

    memset(text, 'A', 43692);
    text[43692] = '\0';
    state = json_string(text);
    cr_assert_null(bytes_of_json(state, &size), "%zu bytes", size);
    refused_params(METHOD_CHECKPOINT_SAVE, json_pack("{s:i, s:o}", "number", 1, "state", state),
                   "params.state: ");
    free(text);
}

Test(wire_calls, because_in_each_form)
{
    static const char *const forms[] = {"{\"delivery\": 4294967295}", "{\"hangup\": \"ada\"}",
                                        "{\"from\": \"ada\", \"message\": 1}",
                                        "{\"signal\": true}"};
    static const struct because expected[] = {{BECAUSE_DELIVERY, UINT32_MAX, NULL},
                                              {BECAUSE_HANGUP, 0, "ada"},
                                              {BECAUSE_MESSAGE, 1, "ada"},
                                              {BECAUSE_SIGNAL, 0, NULL}};

    for (int i = 0; i < 4; i++) {
        struct call call;

        read_back(&call, METHOD_NOTE_DEPARTING,
                  json_pack("{s:o}", "because", json_loads(forms[i], 0, NULL)));
        cr_assert_eq(call.because.kind, expected[i].kind);
        cr_assert_eq(call.because.number, expected[i].number);
        if (expected[i].agent == NULL)
            cr_assert_null(call.because.agent);
        else
            cr_assert_str_eq(call.because.agent, expected[i].agent);
        call_close(&call);
    }
}

/* The specification's sections 4, 5 and 6, and what is stricter here. */
Test(wire_calls, the_envelope)
{
    static const struct {
        const char *message;
        int code;
        const char *id;
    } cases[] = {
        {"", RPC_PARSE, "null"},
        {"{", RPC_PARSE, "null"},
        {"nonsense", RPC_PARSE, "null"},
        {"{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]", RPC_PARSE,
         "null"},
        {"{} {}", RPC_PARSE, "null"},
        {"[\"\xc3\xa4\" \"\xc3\xb6\x7f\"]", RPC_PARSE, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"agents/list\"}", RPC_PARSE, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\\u0000\"}", RPC_PARSE, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/\xff\"}", RPC_PARSE, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":9223372036854775808,\"method\":\"agents/list\"}", RPC_PARSE,
         "null"},
        {"[]", RPC_INVALID, "null"},
        {"[1]", RPC_INVALID, "null"},
        {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\"}]", RPC_INVALID, "null"},
        {"1", RPC_INVALID, "null"},
        {"\"2.0\"", RPC_INVALID, "null"},
        {"null", RPC_INVALID, "null"},
        {"{}", RPC_INVALID, "null"},
        {"{\"foo\": \"boo\"}", RPC_INVALID, "null"},
        {"{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}", RPC_INVALID, "null"},
        {"{\"id\":1,\"method\":\"agents/list\"}", RPC_INVALID, "1"},
        {"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"agents/list\"}", RPC_INVALID, "1"},
        {"{\"jsonrpc\":\"1.0\",\"id\":\"a\",\"method\":\"agents/list\"}", RPC_INVALID, "\"a\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"agents/list\"}", RPC_INVALID, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"agents/list\"}", RPC_INVALID, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"agents/list\"}", RPC_INVALID, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", RPC_INVALID, "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}", RPC_INVALID, "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\",\"params\":\"x\"}", RPC_INVALID,
         "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\",\"params\":null}", RPC_INVALID,
         "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\",\"more\":1}", RPC_INVALID, "1"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"agents/list\",\"more\":1}", RPC_INVALID, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\",\"\\u001b\xc3\xa4\":1}",
         RPC_INVALID, "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/fly\"}", RPC_METHOD, "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"\"}", RPC_METHOD, "null"},
        /* a notification: no answer, whatever is wrong with it */
        {"{\"jsonrpc\":\"2.0\",\"method\":\"agents/fly\"}", RPC_METHOD, ""},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"agents/list\"}", RPC_INVALID, ""},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"note/refused\",\"params\":{}}", RPC_PARAMS, ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"note/departing\"}", RPC_INVALID, "4"},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"note/departing\"}", RPC_INVALID, "null"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\",\"params\":[]}", RPC_PARAMS,
         "1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused_text(cases[i].message, cases[i].code, cases[i].id);
}

Test(wire_calls, ids_come_back_as_they_were)
{
    static const char *const ids[] = {
        "0", "-1", "9223372036854775807", "null", "\"\"", "\"a \\\"b\\\"\"",
        /* 64 bytes */
        "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""};

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char message[256], words[256], answer[512], expected[256];
        struct call call;
        json_t *id;
        size_t size;

        snprintf(message, sizeof message,
                 "{\"jsonrpc\":\"2.0\",\"method\":\"agents/list\",\"id\":%s}", ids[i]);
        cr_assert_eq(call_read(&call, message, strlen(message), &id, words), 0, "%s", words);
        cr_assert_eq(call.id, id);
        size = answer_result(answer, sizeof answer, id, 3, NULL);
        snprintf(expected, sizeof expected,
                 "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"delivery\":3}}", ids[i]);
        cr_assert_eq(size, strlen(expected));
        cr_assert_eq(memcmp(answer, expected, size), 0, "%.*s", (int)size, answer);
        call_close(&call);
        json_decref(id);
    }
    refused_text("{\"jsonrpc\":\"2.0\",\"method\":\"agents/list\",\"id\":"
                 "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\"}",
                 RPC_INVALID, "null");
}

Test(wire_calls, messages_that_are_too_long_or_too_deep)
{
    char *large = malloc(CHANNEL_BYTES + 1);
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\"}";

    memset(large, ' ', CHANNEL_BYTES + 1);
    memcpy(large, head, sizeof head - 1);
    refused(large, CHANNEL_BYTES + 1, RPC_INVALID, "null");
    {
        struct call call;
        char words[256];
        json_t *id;

        cr_assert_eq(call_read(&call, large, CHANNEL_BYTES, &id, words), 0, "%s", words);
        call_close(&call);
        json_decref(id);
    }
    memset(large, '[', CHANNEL_BYTES);
    refused(large, CHANNEL_BYTES, RPC_PARSE, "null");
    memset(large, '[', 30000);
    memset(large + 30000, ']', 30000);
    refused(large, 60000, RPC_PARSE, "null");
    free(large);
}

Test(wire_calls, what_does_not_fit_is_not_sent)
{
    char small[64];
    json_t *id = json_integer(1);

    cr_assert_eq(request_make(small, sizeof small, METHOD_AGENTS_COPY, 1,
                              json_pack("{s:s}", "agent", "archivist")),
                 0);
    cr_assert_eq(answer_result(small, 8, id, 1, NULL), 0);
    cr_assert_eq(answer_error(small, 8, id, 1, RPC_FAILED, "no", NULL), 0);
    cr_assert_eq(notification_make(small, 8, NOTIFY_CREW_BEGIN, 1, NULL), 0);
    /* Words that are no UTF-8 do not keep the answer back. */
    cr_assert(answer_error(bytes, sizeof bytes, id, 1, RPC_FAILED, "\xff", NULL) > 0);
    json_decref(id);
}

Test(wire_calls, what_the_platform_delivers)
{
    json_t *id = json_integer(77);
    struct delivered delivered;
    size_t size;

    size = answer_result(bytes, sizeof bytes, id, 5, json_pack("{s:i}", "value", 8));
    cr_assert_eq(delivered_read(&delivered, bytes, size), 0);
    cr_assert(delivered.answer && delivered.ok && delivered.id == 77 && delivered.delivery == 5);
    cr_assert_eq(json_integer_value(json_object_get(delivered.content, "value")), 8);
    delivered_close(&delivered);

    size = answer_error(bytes, sizeof bytes, id, 6, RPC_REFUSED, "no",
                        json_pack("{s:s}", "reason", refusal_name(REFUSAL_NOT_FIRST)));
    cr_assert_eq(delivered_read(&delivered, bytes, size), 0);
    cr_assert(delivered.answer && !delivered.ok && delivered.id == 77 && delivered.delivery == 6);
    cr_assert_eq(delivered.code, RPC_REFUSED);
    cr_assert_str_eq(json_string_value(json_object_get(delivered.content, "reason")), "not_first");
    delivered_close(&delivered);
    json_decref(id);

    for (int n = 0; n < NOTIFY_COUNT; n++) {
        size = notification_make(bytes, sizeof bytes, (enum platform_notification)n,
                                 (uint32_t)n + 1, json_pack("{s:s}", "agent", "ada"));
        cr_assert_eq(delivered_read(&delivered, bytes, size), 0);
        cr_assert(!delivered.answer && delivered.notification == (enum platform_notification)n);
        cr_assert_eq(delivered.delivery, (uint32_t)n + 1);
        delivered_close(&delivered);
    }
}

Test(wire_calls, what_no_platform_delivers)
{
    static const char *const none[] = {
        "",
        "1",
        "[]",
        "{}",
        "{\"id\":1,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{\"code\":1}}",
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":-1,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":4294967296,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"error\":{\"code\":1}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"sun/rise\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"board/ask\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sun/rise\",\"result\":{}}",
    };

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct delivered delivered;

        cr_assert(delivered_read(&delivered, none[i], strlen(none[i])) < 0, "%s", none[i]);
        delivered_close(&delivered);
    }
}

Test(wire_calls, tools_are_acts_and_acts_are_tools)
{
    for (enum act_kind act = ACT_TOOLS; act < ACT_TOOLS_END; act++)
        cr_assert_eq(tool_method_act(tool_of_act(act)), act);
    for (int method = METHOD_WORK_LOST; method < METHOD_COUNT; method++)
        cr_assert(tool_is_note((enum tool_method)method));
    cr_assert_str_eq(refusal_name(0), "unknown");
    cr_assert_str_eq(refusal_name(REFUSAL_END - 1), "fenced");
    cr_assert_str_eq(refusal_name(REFUSAL_END), "unknown");
}

static void same_as_kept(void (*make)(FILE *), const char *path)
{
    static char kept[1 << 18];
    char *made = NULL;
    size_t size = 0, kept_size;
    FILE *stream = open_memstream(&made, &size);

    make(stream);
    fclose(stream);
    stream = fopen(path, "r");
    cr_assert_not_null(stream, "write %s with scripts/reference", path);
    kept_size = fread(kept, 1, sizeof kept - 1, stream);
    fclose(stream);
    cr_assert(size == kept_size && memcmp(made, kept, size) == 0,
              "%s is old; run scripts/reference", path);
    free(made);
}

/* scripts/reference writes both anew. */
Test(wire_calls, the_reference_is_that_of_the_table)
{
    same_as_kept(tools_reference, SOURCE_ROOT "/docs/reference/tools.md");
    same_as_kept(tools_schema, SOURCE_ROOT "/docs/reference/tools.schema.json");
}

/* The schema is one, takes each example of the page and each example of a result, and refuses what
 * call_read refuses. Python's reader of schemas is somebody else's. */
Test(wire_calls, the_schema_takes_the_examples)
{
    int status =
        system("python3 -c \""
               "import copy, json, re, jsonschema\n"
               "schema = json.load(open('" SOURCE_ROOT "/docs/reference/tools.schema.json'))\n"
               "page = open('" SOURCE_ROOT "/docs/reference/tools.md').read()\n"
               "jsonschema.Draft202012Validator.check_schema(schema)\n"
               "check = jsonschema.Draft202012Validator(schema)\n"
               "blocks = re.findall('\\`\\`\\`json\\n(.*?)\\n\\`\\`\\`', page, re.S)\n"
               "assert len(blocks) == 33, len(blocks)\n"
               "for block in blocks:\n"
               "    message = json.loads(block)\n"
               "    check.validate(message)\n"
               "    for change in ('more', 'jsonrpc', 'colour'):\n"
               "        wrong = copy.deepcopy(message)\n"
               "        if change == 'more': wrong['more'] = 1\n"
               "        elif change == 'jsonrpc': del wrong['jsonrpc']\n"
               "        else: wrong['params']['colour'] = 1\n"
               "        assert not check.is_valid(wrong), (change, wrong)\n"
               "    for name in message['params']:\n"
               "        wrong = copy.deepcopy(message)\n"
               "        wrong['params'][name] = {'no': 'such'}\n"
               "        assert not check.is_valid(wrong), (name, wrong)\n"
               "\"");

    cr_assert_eq(status, 0);
}
