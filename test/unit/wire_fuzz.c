/*
 * The goal: no bytes whatever make the readers of the wire do wrong, checked by the sanitizers; and
 * whatever can be read is within its limits. Valid messages are mutated, since random bytes do not
 * come past the first letter. Not covered: what is done with what was read.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "live/wire/channel.h"
#include "live/wire/link.h"
#include "live/wire/reference.h"
#include "trace/record.h"

#include <stdlib.h>
#include <string.h>

TestSuite(wire_fuzz, .timeout = 280);

#define ROUNDS 40000
#define ROOM 4096

/* What stands in JSON, so that a mutation is often still JSON. */
static const char *const words[] = {"{",           "}",         "[",    "]",
                                    ",",           ":",         "\"",   "\\",
                                    "null",        "true",      "1",    "-1",
                                    "1e9",         "0.5",       "\"\"", "\"id\"",
                                    "\\u0000",     "\\ud800",   "\xff", "99999999999999999999",
                                    "\"because\"", "\"params\""};

static void splice(char *bytes, size_t *size, size_t at, const char *word, size_t over)
{
    size_t length = strlen(word);

    if (over > *size - at)
        over = *size - at;
    if (*size - over + length > ROOM)
        return;
    memmove(bytes + at + length, bytes + at + over, *size - at - over);
    for (size_t i = 0; i < length; i++)
        bytes[at + i] = word[i];
    *size = *size - over + length;
}

static void mutate(char *bytes, size_t *size, struct random *random)
{
    for (uint64_t n = random_below(random, 4) + 1; n > 0 && *size > 0; n--) {
        size_t at = random_below(random, *size);

        switch (random_below(random, 6)) {
        case 0:
            bytes[at] = (char)(bytes[at] ^ 1 << random_below(random, 8));
            break;
        case 1:
            bytes[at] = (char)random_u64(random);
            break;
        case 2:
        case 3:
            splice(bytes, size, at, words[random_below(random, sizeof words / sizeof words[0])],
                   random_below(random, 4));
            break;
        case 4: /* a piece of it once more, or gone */
            memmove(bytes + at, bytes + random_below(random, *size), 1);
            splice(bytes, size, at, "", random_below(random, 8));
            break;
        default:
            if (random_below(random, 4) == 0)
                *size = at;
            break;
        }
    }
}

/* Of the exact size, so that a byte read too far is seen. */
static char *exact_copy(const char *bytes, size_t size)
{
    char *exact = malloc(size > 0 ? size : 1);

    memcpy(exact, bytes, size);
    return exact;
}

static void check_name(const char *name, uint32_t round)
{
    if (name != NULL)
        cr_assert(strlen(name) >= 1 && strlen(name) <= 79, "seed 1, round %u", round);
}

static void check_call(const struct call *call, uint32_t round)
{
    size_t count;
    const struct param *params = tool_params(call->method, &count);

    cr_assert(call->method < METHOD_COUNT, "seed 1, round %u", round);
    cr_assert_eq(call->id == NULL, tool_is_note(call->method), "seed 1, round %u", round);
    check_name(call->agent, round);
    check_name(call->to, round);
    check_name(call->by, round);
    check_name(call->via, round);
    check_name(call->because.agent, round);
    cr_assert(call->because.kind <= BECAUSE_SIGNAL, "seed 1, round %u", round);
    cr_assert(call->health <= HEALTH_FAILED && call->how <= HOW_STOP_ASKED && call->state <= 3 &&
                  call->choice < 1u << CHOICE_COUNT,
              "seed 1, round %u", round);
    cr_assert(call->state_size <= CHECKPOINT_BYTES_MAX, "seed 1, round %u", round);
    for (size_t i = 0; i < count; i++) {
        const char *field = (const char *)call + params[i].offset;

        if (params[i].required && params[i].type == PARAM_NAME)
            cr_assert_not_null(*(const char *const *)(const void *)field, "seed 1, round %u",
                               round);
    }
    if (call->method == METHOD_SESSION_OPEN)
        cr_assert_eq(strlen(call->token), 64, "seed 1, round %u", round);
}

Test(wire_fuzz, calls)
{
    uint64_t read = 0, refused = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct random random = random_make(1, round, 0, 0, STREAM_TEST, 0);
        enum tool_method method = (enum tool_method)(round % METHOD_COUNT);
        char bytes[ROOM], *exact, wrong[256];
        size_t size = request_make(bytes, sizeof bytes, method, tool_is_note(method) ? 0 : 1,
                                   example_params(method));
        struct call call;
        json_t *id;
        int code;

        mutate(bytes, &size, &random);
        exact = exact_copy(bytes, size);
        memset(wrong, 'x', sizeof wrong);
        code = call_read(&call, exact, size, &id, wrong);
        free(exact); /* nothing points into it */
        cr_assert_not_null(memchr(wrong, '\0', sizeof wrong), "seed 1, round %u", round);
        if (code == 0) {
            read++;
            cr_assert_eq(call.id, id, "seed 1, round %u", round);
            check_call(&call, round);
            call_close(&call);
        } else {
            refused++;
            cr_assert(code == RPC_PARSE || code == RPC_INVALID || code == RPC_METHOD ||
                          code == RPC_PARAMS,
                      "seed 1, round %u: %d", round, code);
            cr_assert(wrong[0] != '\0', "seed 1, round %u", round);
            cr_assert(id == NULL || answer_error(bytes, sizeof bytes, id, 1, code, wrong, NULL) > 0,
                      "seed 1, round %u: cannot be answered", round);
        }
        json_decref(id);
    }
    cr_assert(read > ROUNDS / 100 && refused > ROUNDS / 10, "%llu read, %llu refused",
              (unsigned long long)read, (unsigned long long)refused);
}

static size_t delivered_make(char *bytes, uint32_t round)
{
    json_t *id = json_integer(round + 1), *content = json_object();
    size_t size = 0, count;
    uint32_t place = round % (NOTIFY_COUNT + 2);

    if (place == NOTIFY_COUNT) {
        json_object_set_new(content, "value", json_integer(7));
        size = answer_result(bytes, ROOM, id, 3, content);
    } else if (place == NOTIFY_COUNT + 1) {
        json_object_set_new(content, "reason", json_string("late"));
        size = answer_error(bytes, ROOM, id, 3, RPC_REFUSED, "no", content);
    } else {
        const struct param *params = notification_params((enum platform_notification)place, &count);

        for (size_t i = 0; i < count; i++)
            json_object_set_new(content, params[i].name, example_value(params[i].type));
        size = notification_make(bytes, ROOM, (enum platform_notification)place, 3, content);
    }
    json_decref(id);
    return size;
}

Test(wire_fuzz, deliveries)
{
    uint64_t read = 0, refused = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct random random = random_make(2, round, 0, 0, STREAM_TEST, 0);
        char bytes[ROOM], *exact;
        size_t size = delivered_make(bytes, round);
        struct delivered delivered;
        int code;

        mutate(bytes, &size, &random);
        exact = exact_copy(bytes, size);
        code = delivered_read(&delivered, exact, size);
        free(exact);
        if (code == 0) {
            read++;
            cr_assert(delivered.answer || delivered.notification < NOTIFY_COUNT, "seed 2, round %u",
                      round);
            if (delivered.answer && delivered.ok)
                cr_assert(delivered.id > 0 && delivered.content != NULL, "seed 2, round %u", round);
            cr_assert_null(json_object_get(delivered.content, "colour"));
        } else {
            refused++;
            cr_assert(code == RPC_PARSE || code == RPC_INVALID, "seed 2, round %u: %d", round,
                      code);
        }
        delivered_close(&delivered);
    }
    cr_assert(read > ROUNDS / 100 && refused > ROUNDS / 10);
}

/* What is read packs to the same bytes again: a message has one form. */
Test(wire_fuzz, messages_of_links)
{
    uint64_t read = 0, refused = 0;

    for (uint32_t round = 0; round < ROUNDS * 5; round++) {
        struct random random = random_make(3, round, 0, 0, STREAM_TEST, 0);
        struct link_message message = {.kind = (uint8_t)(1 + round % 4),
                                       .message = (uint8_t)(1 + round % 5),
                                       .number = round,
                                       .subject = 3,
                                       .by = AGENT_NONE,
                                       .via = AGENT_NONE};
        unsigned char bytes[ROOM], again[LINK_PACKET_MAX];
        unsigned char *exact;
        size_t size;

        if (message.kind == LINK_WORK) {
            message.hops = (uint8_t)(1 + random_below(&random, LINK_HOPS_MAX));
            message.hop = (uint8_t)random_below(&random, message.hops);
            message.piece_size = (uint16_t)random_below(&random, LINK_PIECE_MAX + 1);
        }
        size = link_pack(&message, bytes);
        mutate((char *)bytes, &size, &random);
        exact = (unsigned char *)exact_copy((const char *)bytes, size);
        if (link_unpack(&message, exact, size)) {
            read++;
            cr_assert_eq(link_pack(&message, again), size, "seed 3, round %u", round);
            cr_assert_eq(memcmp(again, exact, size), 0, "seed 3, round %u", round);
        } else {
            refused++;
        }
        free(exact);
    }
    cr_assert(read > ROUNDS / 20 && refused > ROUNDS / 2);
}
