/*
 * What is asked of the platform, and what is noted to it. Each call says truthfully what the
 * present step is about; the platform finds the cause.
 *
 * The channel is read by a daemon that never waits for an agent, so where it is full the agent
 * waits for it: nothing that is noted gets lost, and the order stands.
 */
#include <errno.h>
#include <poll.h>

#include "live/agent/inside.h"
#include "live/wire/values.h"

static char buffer[CHANNEL_BYTES];

const char *name_of(const struct program *program, agent_id agent)
{
    return agent < program->crew->agents ? crew_name(program->crew, agent) : "";
}

static json_t *because_json(const struct because *because)
{
    switch ((enum because_kind)because->kind) {
    case BECAUSE_DELIVERY:
        return json_pack("{s:I}", "delivery", (json_int_t)because->number);
    case BECAUSE_HANGUP:
        return json_pack("{s:s}", "hangup", because->agent);
    case BECAUSE_MESSAGE:
        return json_pack("{s:s, s:I}", "from", because->agent, "message",
                         (json_int_t)because->number);
    case BECAUSE_SIGNAL:
        return json_pack("{s:b}", "signal", 1);
    case BECAUSE_NOTHING:
    default:
        return NULL;
    }
}

static void channel_write(struct program *program, size_t size)
{
    struct packet packet;

    packet.bytes = buffer;
    packet.capacity = packet.size = size;
    packet.descriptor_count = 0;
    packet.pid = 0;
    for (;;) {
        struct pollfd ready = {.fd = program->channel, .events = POLLOUT};

        switch (channel_send(program->channel, &packet)) {
        case CHANNEL_OK:
            return;
        case CHANNEL_FULL:
            if (poll(&ready, 1, -1) < 0 && errno != EINTR) {
                program->ended = true;
                return;
            }
            break;
        case CHANNEL_EMPTY:
        case CHANNEL_CLOSED:
            program->ended = true;
            return;
        }
    }
}

static void call(struct program *program, enum tool_method method, uint32_t id, json_t *params)
{
    json_t *because = tool_takes_because(method) ? because_json(&program->because) : NULL;
    size_t size;

    if (params == NULL)
        params = json_object();
    json_object_set_new(params, "because", because);
    size = request_make(buffer, sizeof buffer, method, id, params);
    if (size > 0)
        channel_write(program, size);
}

void call_note(struct program *program, enum tool_method method, json_t *params)
{
    call(program, method, 0, params);
}

/* What is asked anew has one answer, the last: an earlier one came of a defence that is over. */
static void forget_earlier(struct program *program, enum act_kind act, agent_id peer)
{
    for (uint32_t i = 0; i < REQUESTS_MAX; i++)
        if (program->requests[i].act == act && program->requests[i].peer == peer)
            program->requests[i] = (struct request){0};
}

/* An answer that comes after so many later requests is not looked for any more. */
uint32_t call_tool(struct program *program, enum tool_method method, json_t *params,
                   enum act_kind act, agent_id peer)
{
    uint32_t id = ++program->request_id;

    if (id == 0) /* 0 is no id */
        id = ++program->request_id;
    if (act >= ACT_VOLUNTEER && act < ACT_TOOLS_END)
        forget_earlier(program, act, peer);
    program->requests[id % REQUESTS_MAX] =
        (struct request){.id = id, .act = (uint8_t)act, .peer = peer};
    call(program, method, id, params);
    return id;
}
