#include "live/agent/pose.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "core/agent/agent.h"
#include "live/wire/channel.h"
#include "live/wire/link.h"

#define POSE_ENDS_MAX 256

static struct link_message message_make(enum message_kind kind)
{
    return (struct link_message){.kind = LINK_MESSAGE,
                                 .message = (uint8_t)kind,
                                 .subject = AGENT_NONE,
                                 .by = AGENT_NONE,
                                 .via = AGENT_NONE};
}

static void put(struct pose_end *end, struct link_message *message)
{
    unsigned char bytes[LINK_PACKET_MAX];
    struct packet packet;

    message->number = ++end->number;
    packet.bytes = (char *)bytes;
    packet.capacity = packet.size = link_pack(message, bytes);
    packet.descriptor_count = 0;
    packet.pid = 0;
    (void)channel_send(end->descriptor, &packet);
}

/* Suspected or called dead, it says that it lives, with a number above the accuser's. */
static void refute(struct pose_end *end, const struct link_message *heard)
{
    struct link_message alive = message_make(MESSAGE_GOSSIP);

    if (heard->subject != end->as || heard->state == PEER_ALIVE || heard->state == PEER_LEFT)
        return;
    if (heard->refutation >= end->refutation && heard->refutation < UINT16_MAX)
        end->refutation = (uint16_t)(heard->refutation + 1);
    alive.subject = end->as;
    alive.state = PEER_ALIVE;
    alive.refutation = end->refutation;
    put(end, &alive);
}

static void answer(struct pose_end *end, const struct link_message *heard)
{
    struct link_message reply;

    if (heard->kind != LINK_MESSAGE)
        return;
    if (heard->message == MESSAGE_PING) {
        reply = message_make(MESSAGE_ACK);
        reply.subject = end->as;
        reply.refutation = end->refutation;
        reply.sequence = heard->sequence;
        reply.by = heard->by;
        put(end, &reply);
    } else if (heard->message == MESSAGE_PING_REQ) {
        reply = message_make(MESSAGE_NACK);
        reply.sequence = heard->sequence;
        put(end, &reply);
    } else if (heard->message == MESSAGE_GOSSIP) {
        refute(end, heard);
    }
}

bool pose_take(struct pose_end *end)
{
    char bytes[LINK_PACKET_MAX];
    struct link_message heard;
    struct packet packet;

    packet.bytes = bytes;
    packet.capacity = sizeof bytes;
    packet.descriptor_count = 0;
    switch (channel_receive(end->descriptor, &packet)) {
    case CHANNEL_OK:
        if (packet.size <= sizeof bytes &&
            link_unpack(&heard, (const unsigned char *)bytes, packet.size))
            answer(end, &heard);
        packet_close(&packet);
        return true;
    case CHANNEL_CLOSED:
        return false;
    case CHANNEL_FULL:
    case CHANNEL_EMPTY:
    default:
        return true;
    }
}

void pose_ping(struct pose_end *end)
{
    struct link_message ping = message_make(MESSAGE_PING);

    ping.subject = end->peer;
    ping.sequence = ++end->sequence;
    put(end, &ping);
}

static time_ns time_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (time_ns)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* poll passes over a descriptor of -1. */
static uint32_t open_ends(const struct pose_end *ends, uint32_t count,
                          struct pollfd ready[POSE_ENDS_MAX])
{
    uint32_t open = 0;

    for (uint32_t i = 0; i < count; i++) {
        ready[i] = (struct pollfd){.fd = ends[i].descriptor, .events = POLLIN};
        open += ends[i].descriptor >= 0;
    }
    return open;
}

void pose_run(struct pose_end *ends, uint32_t count, time_ns period)
{
    struct pollfd ready[POSE_ENDS_MAX];
    time_ns next = time_now();

    count = count < POSE_ENDS_MAX ? count : POSE_ENDS_MAX;
    while (open_ends(ends, count, ready) > 0) {
        time_ns now = time_now();
        time_ns left = next > now ? next - now : 0;
        struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};

        if (left == 0) {
            next = now + period;
            for (uint32_t i = 0; i < count; i++)
                if (ends[i].descriptor >= 0)
                    pose_ping(&ends[i]);
            continue;
        }
        if (ppoll(ready, count, &timeout, NULL) < 0 && errno != EINTR)
            return;
        for (uint32_t i = 0; i < count; i++) {
            if (ready[i].revents == 0 || pose_take(&ends[i]))
                continue;
            close(ends[i].descriptor);
            ends[i].descriptor = -1;
        }
    }
}
