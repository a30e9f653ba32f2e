/* Goal: whatever bytes an agent sends, reading them gives a request that is right or an error that
 * names the place; what is built is read back; channels carry descriptors and the sender's pid.
 * Limits: no platform here (test/live). */
#include <criterion/criterion.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "live/agent/config.h"
#include "live/wire/channel.h"
#include "live/wire/link.h"
#include "live/wire/reference.h"
#include "live/wire/table.h"
#include "live/wire/tools.h"

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A right value for a parameter. */
static json_t *right(enum param_type type)
{
    switch (type) {
    case PARAM_NAME:
        return json_string("archivist");
    case PARAM_HEALTH:
        return json_string("failed");
    case PARAM_HOW:
        return json_string("silence");
    case PARAM_STATE:
        return json_string("dead");
    case PARAM_CHOICE:
        return json_pack("[s, s]", "relaunch", "mask");
    case PARAM_UINT32:
        return json_integer(UINT32_MAX);
    case PARAM_INT64:
        return json_integer(INT64_MIN);
    case PARAM_PID:
        return json_integer(7);
    case PARAM_DURATION:
        return json_integer(5000000000);
    case PARAM_NONCE:
        return json_string("-9223372036854775808");
    case PARAM_TOKEN:
        return json_string(TOKEN);
    case PARAM_BYTES:
        return json_string("AAEC/w==");
    case PARAM_SITUATION:
        return json_string("0");
    case PARAM_BECAUSE:
        return json_pack("{s:s, s:i}", "from", "editor", "message", 3);
    case PARAM_FLAG:
    case PARAM_FACTOR:
    case PARAM_NAMES:
    case PARAM_AGENTS:
    case PARAM_LINKS:
    case PARAM_TYPES:
        break; /* of the platform's messages alone */
    }
    return NULL;
}

/* Too long for a name, and no number, token or base64. */
#define TEN "??????????"
static const char long_text[] = TEN TEN TEN TEN TEN TEN TEN TEN;

static json_t *right_params(enum tool_method method)
{
    size_t count;
    const struct param *params = tool_params(method, &count);
    json_t *json = json_object();

    for (size_t i = 0; i < count; i++)
        json_object_set_new(json, params[i].name, right(params[i].type));
    return json;
}

/* Reads; expects the code, and the words to hold `place`. */
static void expect(const char *bytes, size_t size, int code, const char *place)
{
    struct call call;
    json_t *id;
    char words[256];
    int got = call_read(&call, bytes, size, &id, words);

    cr_assert_eq(got, code, "%.*s: %d (%s), not %d", (int)(size > 200 ? 200 : size), bytes, got,
                 words, code);
    if (code == 0)
        call_close(&call);
    else
        cr_assert_not_null(strstr(words, place), "`%s` does not name `%s`", words, place);
    json_decref(id);
}

static void expect_text(const char *text, int code, const char *place)
{
    expect(text, strlen(text), code, place);
}

Test(wire, every_method_is_read_as_it_was_built)
{
    for (int m = 0; m < METHOD_COUNT; m++) {
        enum tool_method method = (enum tool_method)m;
        char bytes[4096], words[256];
        size_t size = request_make(bytes, sizeof bytes, method, tool_is_note(method) ? 0 : 9,
                                   right_params(method));
        struct call call;
        json_t *id;

        cr_assert_gt(size, 0);
        cr_assert_eq(call_read(&call, bytes, size, &id, words), 0, "%s: %s",
                     tool_method_name(method), words);
        cr_assert_eq(call.method, method);
        cr_assert_eq(id != NULL, !tool_is_note(method));
        if (method == METHOD_NOTE_DECIDED)
            cr_assert_eq(call.choice, CHOICE_RELAUNCH | CHOICE_MASK);
        if (method == METHOD_CHECKPOINT_SAVE)
            cr_assert(call.state_size == 4 && memcmp(call.state_bytes, "\0\1\2\xff", 4) == 0);
        if (method == METHOD_NOTE_LINKED)
            cr_assert_eq(call.value, INT64_MIN);
        if (method == METHOD_AGENTS_RELAUNCH) {
            cr_assert_str_eq(call.agent, "archivist");
            cr_assert(call.because.kind == BECAUSE_MESSAGE && call.because.number == 3);
            cr_assert_str_eq(call.because.agent, "editor");
        }
        call_close(&call);
        json_decref(id);
    }
}

Test(wire, each_parameter_is_demanded_and_checked)
{
    for (int m = 0; m < METHOD_COUNT; m++) {
        enum tool_method method = (enum tool_method)m;
        size_t count;
        const struct param *params = tool_params(method, &count);

        for (size_t i = 0; i < count; i++) {
            json_t *wrong[] = {
                json_null(),   json_real(1.5), json_string(""),        json_integer(-1),
                json_object(), json_true(),    json_string(long_text), json_pack("[[]]")};
            char place[64];

            snprintf(place, sizeof place, "params.%s:", params[i].name);
            for (size_t w = 0; w < sizeof wrong / sizeof wrong[0]; w++) {
                char bytes[4096];
                json_t *json = right_params(method);
                size_t size;

                /* Any number is a score, and a state may be empty. */
                if ((params[i].type == PARAM_INT64 && json_is_integer(wrong[w])) ||
                    (params[i].type == PARAM_BYTES && w == 2)) {
                    json_decref(wrong[w]);
                    json_decref(json);
                    continue;
                }
                json_object_set_new(json, params[i].name, wrong[w]);
                size =
                    request_make(bytes, sizeof bytes, method, tool_is_note(method) ? 0 : 1, json);
                expect(bytes, size, RPC_PARAMS, place);
            }
            if (params[i].required) {
                char bytes[4096];
                json_t *json = right_params(method);

                json_object_del(json, params[i].name);
                expect(
                    bytes,
                    request_make(bytes, sizeof bytes, method, tool_is_note(method) ? 0 : 1, json),
                    RPC_PARAMS, place);
            }
        }
    }
}

Test(wire, the_envelope_is_read_strictly)
{
    static char deep[20000];

    expect_text("", RPC_PARSE, "");
    expect_text("{", RPC_PARSE, "1:");
    expect_text("nonsense", RPC_PARSE, "1:");
    expect_text("\xff\xfe", RPC_PARSE, "");
    expect_text("{} {}", RPC_PARSE, "");
    expect_text("[]", RPC_INVALID, "batch");
    expect_text("{}", RPC_INVALID, "jsonrpc");
    expect_text("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"agents/list\"}", RPC_INVALID,
                "jsonrpc");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1}", RPC_INVALID, "method");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":3}", RPC_INVALID, "method");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"agents/list\"}", RPC_INVALID, "id");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"agents/list\"}", RPC_INVALID, "id");
    expect_text("{\"jsonrpc\":\"2.0\",\"method\":\"agents/list\"}", RPC_INVALID, "id");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"note/departing\"}", RPC_INVALID, "id");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/fly\"}", RPC_METHOD,
                "agents/fly");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\",\"x\":1}", RPC_INVALID,
                "x:");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"agents/list\"}", RPC_PARSE,
                "");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\",\"params\":[1]}",
                RPC_PARAMS, "by name");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/list\",\"params\":{\"y\":1}}",
                RPC_PARAMS, "params.y");
    expect_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"agents/copy\","
                "\"params\":{\"agent\":\"a\\u0000b\"}}",
                RPC_PARSE, "");
    for (const char *const *good = (const char *const[]){"1", "\"a\"", "null", NULL}; *good != NULL;
         good++) {
        char text[128];

        snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"agents/list\"}",
                 *good);
        expect_text(text, 0, "");
    }
    memset(deep, '[', sizeof deep - 1);
    expect_text(deep, RPC_PARSE, "");
    expect("{}", CHANNEL_BYTES + 1, RPC_INVALID, "65536");
}

Test(wire, what_is_answered_can_be_read)
{
    char bytes[512];
    json_t *id = json_integer(12);
    struct delivered delivered;
    size_t size = answer_result(bytes, sizeof bytes, id, 3, json_pack("{s:i}", "value", 4));

    cr_assert_eq(delivered_read(&delivered, bytes, size), 0);
    cr_assert(delivered.answer && delivered.ok && delivered.id == 12 && delivered.delivery == 3);
    cr_assert_eq(json_integer_value(json_object_get(delivered.content, "value")), 4);
    delivered_close(&delivered);
    size = answer_error(bytes, sizeof bytes, id, 4, RPC_REFUSED, "no",
                        json_pack("{s:s}", "reason", refusal_name(1)));
    cr_assert_eq(delivered_read(&delivered, bytes, size), 0);
    cr_assert(delivered.answer && !delivered.ok && delivered.code == RPC_REFUSED);
    cr_assert_str_eq(json_string_value(json_object_get(delivered.content, "reason")), "permission");
    delivered_close(&delivered);
    size = notification_make(bytes, sizeof bytes, NOTIFY_BOARD_ASK, 5,
                             json_pack("{s:s}", "agent", "editor"));
    cr_assert_eq(delivered_read(&delivered, bytes, size), 0);
    cr_assert(!delivered.answer && delivered.notification == NOTIFY_BOARD_ASK);
    cr_assert_eq(delivered.delivery, 5);
    delivered_close(&delivered);
    cr_assert_eq(notification_make(bytes, 20, NOTIFY_BOARD_ASK, 5, NULL), 0, "it does not fit");
    json_decref(id);
}

static struct link_message random_message(struct random *random)
{
    static const uint8_t messages[] = {MESSAGE_PING,   MESSAGE_PING_REQ, MESSAGE_ACK,
                                       MESSAGE_NACK,   MESSAGE_GOSSIP,   MESSAGE_ALERT,
                                       MESSAGE_REQUEST};
    struct link_message message = {.kind = (uint8_t)(1 + random_below(random, 4)),
                                   .state = (uint8_t)random_below(random, 4),
                                   .refutation = (uint16_t)random_u64(random),
                                   .sequence = (uint32_t)random_u64(random),
                                   .number = (uint32_t)random_u64(random),
                                   .subject = (uint32_t)random_u64(random),
                                   .by = (uint32_t)random_u64(random),
                                   .via = (uint32_t)random_u64(random),
                                   .value = (int64_t)random_u64(random)};

    if (message.kind == LINK_MESSAGE)
        message.message = messages[random_below(random, sizeof messages)];
    if (message.kind != LINK_WORK)
        return message;
    message.deadline = (time_ns)(random_u64(random) >> 1);
    message.hops = (uint8_t)(1 + random_below(random, LINK_HOPS_MAX));
    message.hop = (uint8_t)random_below(random, message.hops);
    for (unsigned i = 0; i < message.hops; i++)
        message.route[i] = (uint32_t)random_u64(random);
    message.piece_size = (uint16_t)random_below(random, LINK_PIECE_MAX + 1);
    for (unsigned i = 0; i < message.piece_size; i++)
        message.piece[i] = (unsigned char)random_u64(random);
    return message;
}

Test(wire, link_messages_are_read_as_they_were_packed_and_no_others)
{
    struct random random = random_make(1, 0, 0, 0, STREAM_TEST, 0);

    for (unsigned i = 0; i < 5000; i++) {
        struct link_message message = random_message(&random), read;
        unsigned char bytes[LINK_PACKET_MAX + 1] = {0}, again[LINK_PACKET_MAX];
        size_t size = link_pack(&message, bytes);

        cr_assert(link_unpack(&read, bytes, size));
        cr_assert(link_pack(&read, again) == size && memcmp(bytes, again, size) == 0, "message %u",
                  i);
        cr_assert(read.kind == message.kind && read.value == message.value &&
                  read.piece_size == message.piece_size && read.number == message.number);
        for (size_t cut = 0; cut < size; cut++)
            cr_assert(!link_unpack(&read, bytes, cut));
        cr_assert(!link_unpack(&read, bytes, size + 1));
        bytes[0] ^= (unsigned char)(1 + random_below(&random, 255));
        cr_assert(!link_unpack(&read, bytes, size), "another version");
    }
}

/* Bytes are altered, put in, left out. */
static size_t mutate(struct random *random, char *bytes, size_t size, size_t capacity)
{
    for (uint64_t n = 1 + random_below(random, 4); n > 0 && size > 1; n--) {
        size_t at = (size_t)random_below(random, size);

        switch (random_below(random, 3)) {
        case 0:
            bytes[at] = (char)random_u64(random);
            break;
        case 1:
            memmove(bytes + at, bytes + at + 1, size - at - 1);
            size--;
            break;
        default:
            if (size < capacity) {
                memmove(bytes + at + 1, bytes + at, size - at);
                size++;
            }
        }
    }
    return size;
}

Test(wire, no_bytes_do_harm)
{
    struct random random = random_make(2, 0, 0, 0, STREAM_TEST, 0);
    unsigned readable = 0;

    for (unsigned i = 0; i < 40000; i++) {
        enum tool_method method = (enum tool_method)random_below(&random, METHOD_COUNT);
        char bytes[4096], words[256];
        size_t size = request_make(bytes, sizeof bytes, method, tool_is_note(method) ? 0 : i + 1,
                                   right_params(method));
        struct link_message message;
        struct delivered delivered;
        struct call call;
        json_t *id;

        size = mutate(&random, bytes, size, sizeof bytes);
        if (call_read(&call, bytes, size, &id, words) == 0) {
            readable++;
            call_close(&call);
        } else {
            cr_assert_neq(words[0], '\0', "an error says what is wrong");
        }
        json_decref(id);
        if (delivered_read(&delivered, bytes, size) == 0)
            delivered_close(&delivered);
        (void)link_unpack(&message, (const unsigned char *)bytes, size);
    }
    cr_assert(readable > 100 && readable < 39000, "%u of 40000 could be read", readable);
}

/* ---- channels ---- */

static unsigned descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;

    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

Test(channel, descriptors_and_the_senders_pid_ride_along)
{
    unsigned before = descriptors();
    char bytes[64] = "hello", room[64];
    struct packet sent = {.bytes = bytes, .size = 5, .descriptor_count = 2},
                  got = {.bytes = room, .capacity = sizeof room};
    int ends[2], status;
    pid_t child;

    cr_assert_eq(channel_pair(ends, NULL), 0);
    cr_assert_eq(channel_receive(ends[0], &got), CHANNEL_EMPTY);
    sent.descriptors[0] = ends[0];
    sent.descriptors[1] = ends[1];
    child = fork();
    if (child == 0)
        _exit(channel_send(ends[1], &sent) == CHANNEL_OK ? 0 : 1);
    waitpid(child, &status, 0);
    cr_assert_eq(status, 0);
    cr_assert_eq(channel_receive(ends[0], &got), CHANNEL_OK);
    cr_assert(got.size == 5 && memcmp(room, "hello", 5) == 0);
    cr_assert_eq(got.pid, child, "the kernel tells who sent it");
    cr_assert_eq(got.descriptor_count, 2);
    cr_assert_neq(fcntl(got.descriptors[0], F_GETFD) & FD_CLOEXEC, 0);
    packet_close(&got);
    close(ends[1]);
    cr_assert_eq(channel_receive(ends[0], &got), CHANNEL_CLOSED);
    close(ends[0]);
    cr_assert_eq(descriptors(), before, "none is lost");
}

Test(channel, a_packet_that_was_cut_off_tells_its_size)
{
    static char bytes[5000];
    char room[64];
    struct packet sent = {.bytes = bytes, .size = sizeof bytes};
    struct packet got = {.bytes = room, .capacity = sizeof room};
    int ends[2];

    cr_assert_eq(channel_pair(ends, NULL), 0);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_OK);
    cr_assert_eq(channel_receive(ends[1], &got), CHANNEL_OK);
    cr_assert_eq(got.size, sizeof bytes);
}

Test(channel, a_full_one_says_so)
{
    static char bytes[1000];
    struct packet sent = {.bytes = bytes, .size = sizeof bytes};
    int ends[2], count = 0;

    cr_assert_eq(channel_pair(ends, NULL), 0);
    while (count < 100000 && channel_send(ends[0], &sent) == CHANNEL_OK)
        count++;
    cr_assert(count > 0 && count < 100000);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_FULL);
    close(ends[1]);
    cr_assert_eq(channel_send(ends[0], &sent), CHANNEL_CLOSED);
}

/* ---- configurations ---- */

static struct {
    struct agent_config config;
    agent_id peers[2];
    struct agent_peer links[2 + AGENT_LINKS_EXTRA];
} whole;

static const struct agent_config *map_whole(bool sealed)
{
    struct error error = {0};
    int descriptor;
    const struct agent_config *config;

    if (sealed)
        cr_assert_eq(config_seal("test", &whole, sizeof whole, &descriptor, &error), 0);
    else {
        descriptor = memfd_create("test", MFD_CLOEXEC);
        cr_assert_eq(write(descriptor, &whole, sizeof whole), (ssize_t)sizeof whole);
    }
    config = agent_config_map(descriptor, &error);
    close(descriptor);
    return config;
}

Test(config, only_what_fits_itself_is_mapped)
{
    whole.config = (struct agent_config){
        .version = AGENT_CONFIG_VERSION,
        .size = sizeof whole,
        .degree = 2,
        .peers = (uint32_t)((char *)whole.peers - (char *)&whole),
        .links = (uint32_t)((char *)whole.links - (char *)&whole),
    };
    cr_assert_not_null(map_whole(true));
    cr_assert_null(map_whole(false), "not sealed");
    whole.config.version++;
    cr_assert_null(map_whole(true), "another version");
    whole.config.version--;
    whole.config.size++;
    cr_assert_null(map_whole(true), "another size");
    whole.config.size--;
    whole.config.degree = 1000;
    cr_assert_null(map_whole(true), "more links than there is room for");
    whole.config.degree = UINT32_MAX;
    cr_assert_null(map_whole(true));
    whole.config.degree = 2;
    whole.config.peers += 2;
    cr_assert_null(map_whole(true), "not aligned");
    whole.config.peers = UINT32_MAX - 3;
    cr_assert_null(map_whole(true), "beyond the end");
}

/* ---- the reference ---- */

static void expect_file(const char *name, void (*print)(FILE *))
{
    char path[512], *made = NULL, *there;
    size_t size;
    FILE *out = open_memstream(&made, &size), *file;

    print(out);
    fclose(out);
    snprintf(path, sizeof path, "%s/docs/reference/%s", SOURCE_ROOT, name);
    file = fopen(path, "r");
    cr_assert_not_null(file);
    there = calloc(1, size + 2);
    cr_assert_eq(fread(there, 1, size + 1, file), size, "%s: run scripts/reference", name);
    cr_assert_str_eq(there, made, "%s: run scripts/reference", name);
    fclose(file);
    free(there);
    free(made);
}

Test(wire, the_reference_says_what_is_read)
{
    expect_file("tools.md", tools_reference);
    expect_file("tools.schema.json", tools_schema);
}
