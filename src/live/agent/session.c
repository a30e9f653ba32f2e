/*
 * The start: the session is opened with the token, the last checkpoint is asked for, and the first
 * incarnation waits for the crew to begin. Whatever else comes meanwhile is kept, in its order, and
 * taken when the incarnation has begun.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "live/agent/checkpoint.h"
#include "live/agent/inside.h"
#include "live/wire/values.h"

/* More than the platform ever tells before the beginning: a packet for each link, and some. */
#define EARLY_MAX 65536

struct early {
    struct early *next;
    struct packet packet;
    char bytes[];
};

static int early_keep(struct program *program, struct packet *packet, uint32_t *kept,
                      struct error *error)
{
    struct early *early;

    if (packet->size > packet->capacity || ++*kept > EARLY_MAX) {
        packet_drop(packet);
        return 0;
    }
    early = malloc(sizeof *early + packet->size);
    if (early == NULL) {
        packet_drop(packet);
        return error_set(error, ERROR_MEMORY, "no memory for what came before the beginning");
    }
    early->next = NULL;
    early->packet = *packet;
    early->packet.bytes = early->bytes;
    memcpy(early->bytes, packet->bytes, packet->size);
    if (program->early_last != NULL)
        program->early_last->next = early;
    else
        program->early_first = early;
    program->early_last = early;
    return 0;
}

void session_take_early(struct program *program)
{
    while (program->early_first != NULL) {
        struct early *early = program->early_first;

        program->early_first = early->next;
        if (program->ended)
            packet_drop(&early->packet);
        else
            platform_take(program, &early->packet);
        free(early);
    }
    program->early_last = NULL;
}

static int receive(struct program *program, struct packet *packet, struct error *error)
{
    for (;;) {
        struct pollfd ready = {.fd = program->channel, .events = POLLIN};

        platform_packet(packet);
        switch (channel_receive(program->channel, packet)) {
        case CHANNEL_OK:
            return 0;
        case CHANNEL_CLOSED:
            return error_set(error, ERROR_IO, "the platform's channel closed");
        case CHANNEL_FULL:
        case CHANNEL_EMPTY:
            if (poll(&ready, 1, -1) < 0 && errno != EINTR)
                return error_set(error, ERROR_IO, "poll: %s", strerror(errno));
        }
    }
}

/* Waits for the answer to request `id`, or, where that is 0, for the crew to begin. */
static int await(struct program *program, uint32_t id, struct delivered *delivered,
                 struct error *error)
{
    uint32_t kept = 0;

    for (;;) {
        struct packet packet;
        bool awaited;
        int code = receive(program, &packet, error);

        if (code != 0)
            return code;
        if (packet.size <= packet.capacity &&
            delivered_read(delivered, packet.bytes, packet.size) == 0) {
            awaited = id != 0 ? delivered->answer && delivered->id == id
                              : !delivered->answer && delivered->notification == NOTIFY_CREW_BEGIN;
            if (awaited) {
                packet_drop(&packet);
                return 0;
            }
            delivered_close(delivered);
        }
        code = early_keep(program, &packet, &kept, error);
        if (code != 0)
            return code;
    }
}

static int open_with_token(struct program *program, uint32_t *checkpoint, struct error *error)
{
    char token[2 * AGENT_TOKEN_BYTES + 1];
    struct delivered answer;
    uint32_t id;
    int code;

    for (unsigned i = 0; i < AGENT_TOKEN_BYTES; i++) {
        token[2 * i] = "0123456789abcdef"[program->own->token[i] >> 4];
        token[2 * i + 1] = "0123456789abcdef"[program->own->token[i] & 15];
    }
    token[sizeof token - 1] = '\0';
    id = call_tool(program, METHOD_SESSION_OPEN, json_pack("{s:s}", "token", token), 0, AGENT_NONE);
    code = await(program, id, &answer, error);
    if (code != 0)
        return code;
    if (!answer.ok)
        code = error_set(error, ERROR_INPUT, "the platform does not take this agent");
    else
        *checkpoint = (uint32_t)integer_in(answer.content, "checkpoint", 0);
    delivered_close(&answer);
    return code;
}

/* A checkpoint that cannot be had, or is none, leaves the agent without one. */
static int restore(struct program *program, bool *restored, struct error *error)
{
    struct delivered answer;
    unsigned char *bytes;
    size_t size;
    uint32_t id = call_tool(program, METHOD_CHECKPOINT_LOAD, json_object(), 0, AGENT_NONE);
    int code = await(program, id, &answer, error);

    if (code != 0)
        return code;
    bytes = answer.ok ? bytes_of_json(json_object_get(answer.content, "state"), &size) : NULL;
    *restored =
        bytes != NULL && agent_checkpoint_restore(&program->agent, &program->worker,
                                                  &program->checkpoint, bytes, size, NULL) == 0;
    free(bytes);
    delivered_close(&answer);
    return 0;
}

int session_open(struct program *program, bool *restored, struct error *error)
{
    struct delivered begin;
    uint32_t checkpoint = 0;
    int code = open_with_token(program, &checkpoint, error);

    *restored = false;
    if (code == 0 && checkpoint > 0 && program->own->checkpoint > 0)
        code = restore(program, restored, error);
    if (code != 0 || program->own->incarnation > 0)
        return code;
    code = await(program, 0, &begin, error);
    if (code == 0)
        delivered_close(&begin);
    return code;
}
