/*
 * What the platform answers and tells, as percepts. Each carries the number of its delivery, which
 * is what the step that follows is about.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live/agent/inside.h"
#include "world/clock.h"

static char buffer[CHANNEL_BYTES];

/* Peers first: nearly all names are theirs. */
agent_id agent_named(const struct program *program, const char *name)
{
    for (uint32_t slot = 0; slot < program->agent.degree; slot++)
        if (strcmp(name, name_of(program, program->agent.peers[slot])) == 0)
            return program->agent.peers[slot];
    for (agent_id agent = 0; agent < program->crew->agents; agent++)
        if (strcmp(name, name_of(program, agent)) == 0)
            return agent;
    return AGENT_NONE;
}

agent_id agent_in(const struct program *program, const json_t *object, const char *key)
{
    const char *name = json_string_value(json_object_get(object, key));

    return name == NULL ? AGENT_NONE : agent_named(program, name);
}

/* A number, or one in a string, as those are that JSON's readers elsewhere would round. */
int64_t integer_in(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    long long number;
    int end = 0;

    if (json_is_integer(value))
        return json_integer_value(value);
    if (json_is_string(value) && sscanf(json_string_value(value), "%20lld%n", &number, &end) == 1 &&
        json_string_value(value)[end] == '\0')
        return number;
    return otherwise;
}

/* An answer: the act's result, unless so much was asked since that it is not looked for. */
static void take_answer(struct program *program, const struct delivered *delivered)
{
    struct request *request = &program->requests[delivered->id % REQUESTS_MAX];
    struct percept percept = {
        .kind = PERCEPT_RESULT, .subject = AGENT_NONE, .by = AGENT_NONE, .via = AGENT_NONE};

    if (delivered->id == 0 || request->id != delivered->id)
        return;
    percept.act = request->act;
    percept.peer = request->peer;
    percept.result = delivered->ok                    ? RESULT_OK
                     : delivered->code == RPC_REFUSED ? RESULT_REFUSED
                                                      : RESULT_FAILED;
    percept.value = integer_in(delivered->content, "value", 0);
    *request = (struct request){0};
    if (percept.act >= ACT_TOOLS && percept.act < ACT_TOOLS_END)
        program_deliver(program, &percept);
}

static void perceive(struct program *program, enum percept_kind kind, const json_t *params)
{
    struct percept percept = {.kind = (uint8_t)kind,
                              .peer = agent_in(program, params, "agent"),
                              .subject = AGENT_NONE,
                              .by = AGENT_NONE,
                              .via = AGENT_NONE};

    if (percept.peer != AGENT_NONE)
        program_deliver(program, &percept);
}

/* It was held, and goes on: what it waits for comes as much later. Its links were severed before
 * that, which says nothing of its peers; they are made anew. */
static void take_resumed(struct program *program, const json_t *params)
{
    struct percept percept = {
        .kind = PERCEPT_PAUSED,
        .peer = AGENT_NONE,
        .subject = AGENT_NONE,
        .by = AGENT_NONE,
        .via = AGENT_NONE,
        .value = drift_local(integer_in(params, "stood_ns", 0), program->own->drift_ppm)};

    links_forget(program);
    program_deliver(program, &percept);
}

static void take_faults(struct program *program, const json_t *params)
{
    program->slow = clock_factor(json_object_get(params, "slow"));
    links_cut(program, json_object_get(params, "cut"));
}

static void take_notification(struct program *program, const struct delivered *delivered,
                              struct packet *packet)
{
    const json_t *params = delivered->content;

    switch (delivered->notification) {
    case NOTIFY_CREW_BEGIN: /* it has begun */
        break;
    case NOTIFY_LINKS_OPENED:
        links_opened(program, params, packet);
        break;
    case NOTIFY_BOARD_ASK:
        perceive(program, PERCEPT_ASKED, params);
        break;
    case NOTIFY_STOP_NOTICE:
        perceive(program, PERCEPT_NOTICE, params);
        break;
    case NOTIFY_STOP_DEPARTED:
        perceive(program, PERCEPT_DEPARTED, params);
        break;
    case NOTIFY_STOP_RESUMED:
        take_resumed(program, params);
        break;
    case NOTIFY_WORK_DO:
        task_told(program, params);
        break;
    case NOTIFY_WORLD_FAULTS:
        take_faults(program, params);
        break;
    case NOTIFY_COUNT:
    default:
        break;
    }
}

void packet_drop(struct packet *packet)
{
    for (uint32_t i = 0; i < packet->descriptor_count; i++)
        if (packet->descriptors[i] >= 0)
            close(packet->descriptors[i]);
    packet->descriptor_count = 0;
}

void platform_take(struct program *program, struct packet *packet)
{
    struct delivered delivered;

    if (packet->size <= packet->capacity &&
        delivered_read(&delivered, packet->bytes, packet->size) == 0) {
        if (delivered.delivery > 0)
            program->because =
                (struct because){.kind = BECAUSE_DELIVERY, .number = delivered.delivery};
        if (delivered.answer)
            take_answer(program, &delivered);
        else
            take_notification(program, &delivered, packet);
        delivered_close(&delivered);
        program->because = (struct because){.kind = BECAUSE_NOTHING};
    }
    packet_drop(packet);
}

void platform_packet(struct packet *packet)
{
    packet->bytes = buffer;
    packet->capacity = sizeof buffer;
    packet->size = 0;
    packet->descriptor_count = 0;
    packet->pid = 0;
}

void platform_empty(struct program *program)
{
    struct packet packet;

    while (!program->ended) {
        platform_packet(&packet);
        switch (channel_receive(program->channel, &packet)) {
        case CHANNEL_OK:
            platform_take(program, &packet);
            break;
        case CHANNEL_CLOSED: /* without a platform there is no crew */
            program->ended = true;
            break;
        case CHANNEL_FULL:
        case CHANNEL_EMPTY:
            return;
        }
    }
}
