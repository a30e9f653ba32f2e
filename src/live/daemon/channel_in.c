/* What agents send: a few packets of each in turn, so that nobody's flood delays another's call. */
#include <string.h>
#include <sys/epoll.h>

#include "live/daemon/inside.h"

#define READY_MAX 64

/* The comparison takes as long wherever the two differ. */
static bool token_right(const struct life *life, const char *text)
{
    unsigned wrong = 0;

    for (uint32_t i = 0; i < AGENT_TOKEN_BYTES; i++) {
        unsigned char byte = life->token[i];

        wrong |= (unsigned char)text[2 * i] ^ (unsigned char)"0123456789abcdef"[byte >> 4];
        wrong |= (unsigned char)text[2 * i + 1] ^ (unsigned char)"0123456789abcdef"[byte & 15];
    }
    return wrong == 0;
}

static void session_take(struct daemon *daemon, uint32_t row, const struct call *call)
{
    const struct life *life = &daemon->lives[row];

    if (life->state == LIFE_OPEN) {
        tool_refuse(daemon, row, call, REFUSAL_LATE);
        send_error(daemon, row, call->id, RPC_ORDER, "the session is open already", NULL, NULL);
        return;
    }
    if (!token_right(life, call->token)) {
        tool_refuse(daemon, row, call, REFUSAL_PERMISSION);
        send_error(daemon, row, call->id, RPC_UNAUTHENTICATED, "the token is wrong", NULL, NULL);
        return;
    }
    send_result(daemon, row, call->id,
                json_pack("{s:s, s:i, s:I}", "agent", daemon->names[row_agent(daemon, row)],
                          "incarnation", (int)life->incarnation, "checkpoint",
                          (json_int_t)life->checkpoint),
                NULL);
    life_opened(daemon, row);
}

static void unauthenticated(struct daemon *daemon, uint32_t row, const struct call *call,
                            const char *words)
{
    tool_refuse(daemon, row, call, REFUSAL_PERMISSION);
    if (call->id != NULL)
        send_error(daemon, row, call->id, RPC_UNAUTHENTICATED, words, NULL, NULL);
}

static void call_take(struct daemon *daemon, uint32_t row, const struct call *call, pid_t pid)
{
    const struct life *life = &daemon->lives[row];

    if (pid != life->pid)
        unauthenticated(daemon, row, call, "this process is not the agent's");
    else if (call->method == METHOD_SESSION_OPEN)
        session_take(daemon, row, call);
    else if (life->state != LIFE_OPEN)
        unauthenticated(daemon, row, call, "the session is not open");
    else if (call->id == NULL)
        note_take(daemon, row, call);
    else
        tool_take(daemon, row, call);
}

/* What could not be read is refused as an act of none. */
static void unread(struct daemon *daemon, uint32_t row, const json_t *id, int code,
                   const char *words)
{
    const struct call none = {0};

    tool_refuse(daemon, row, &none, REFUSAL_UNKNOWN);
    if (id != NULL)
        send_error(daemon, row, id, code, words, NULL, NULL);
}

static void packet_take(struct daemon *daemon, uint32_t row, struct packet *packet)
{
    struct call call;
    json_t *id;
    char words[256];
    size_t size = packet->size < packet->capacity ? packet->size : packet->capacity;
    int code;

    packet_close(packet); /* no call takes any */
    if (packet->size > packet->capacity) {
        json_t *none = json_null();

        unread(daemon, row, none, RPC_INVALID, "the message is too long");
        return;
    }
    code = call_read(&call, packet->bytes, size, &id, words);
    if (code == 0) {
        call_take(daemon, row, &call, packet->pid);
        call_close(&call);
    } else {
        unread(daemon, row, id, code, words);
    }
    json_decref(id);
}

void channel_read(struct daemon *daemon, uint32_t row, uint32_t most)
{
    const struct life *life = &daemon->lives[row];

    for (uint32_t i = 0; i < most && daemon->failed == 0; i++) {
        struct packet packet;

        if (life->channel < 0 || (life->state != LIFE_BORN && life->state != LIFE_OPEN))
            return;
        packet.bytes = daemon->packet;
        packet.capacity = sizeof daemon->packet;
        switch (channel_receive(life->channel, &packet)) {
        case CHANNEL_OK:
            packet_take(daemon, row, &packet);
            break;
        case CHANNEL_CLOSED: /* it wants no more to do with the platform; its end is seen */
            epoll_ctl(daemon->epoll, EPOLL_CTL_DEL, life->channel, NULL);
            return;
        case CHANNEL_FULL:
        case CHANNEL_EMPTY:
            return;
        }
        if (!daemon->settling && !life->dying)
            daemon_work(daemon);
    }
}

void channel_ready(uv_poll_t *poll, int status, int events)
{
    struct daemon *daemon = poll->data;
    struct epoll_event ready[READY_MAX];
    int count = epoll_wait(daemon->epoll, ready, READY_MAX, 0);

    (void)status;
    (void)events;
    daemon_clock(daemon);
    for (int i = 0; i < count && daemon->failed == 0; i++) {
        uint32_t row = ready[i].data.u32;

        if ((ready[i].events & EPOLLOUT) != 0)
            send_waiting(daemon, row);
        if ((ready[i].events & ~(uint32_t)EPOLLOUT) != 0)
            channel_read(daemon, row, TURN_PACKETS);
        /* The operator comes first, however busy the agents are: who was not read yet still has its
         * packets in the next turn. */
        if (control_socket_waits(daemon))
            break;
    }
    daemon_work(daemon);
}
