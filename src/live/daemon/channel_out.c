/*
 * What agents are sent. A socket's own buffer comes first; behind it a bounded queue for each
 * agent. One that does not read, because it hangs or will not, costs that much and keeps nobody
 * waiting; what does not fit any more is lost to it.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "live/daemon/inside.h"

struct out {
    char *bytes;
    size_t size;
    int *descriptors;
    uint32_t descriptor_count;
};

static void out_close(struct out *out)
{
    for (uint32_t i = 0; i < out->descriptor_count; i++)
        close(out->descriptors[i]);
    free(out->descriptors);
    free(out->bytes);
    *out = (struct out){0};
}

static void watch_out(struct daemon *daemon, uint32_t row, bool wanted)
{
    struct life *life = &daemon->lives[row];
    struct epoll_event watch = {.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.u32 = row};

    if (life->out_watched == wanted)
        return;
    life->out_watched = wanted;
    (void)epoll_ctl(daemon->epoll, EPOLL_CTL_MOD, life->channel, &watch);
}

/* Descriptors are duplicated: the link may be gone before the packet is. */
static bool out_fill(struct out *out, const struct packet *packet)
{
    *out = (struct out){.bytes = malloc(packet->size), .size = packet->size};
    if (packet->descriptor_count > 0)
        out->descriptors = calloc(packet->descriptor_count, sizeof *out->descriptors);
    if (out->bytes == NULL || (packet->descriptor_count > 0 && out->descriptors == NULL)) {
        out_close(out);
        return false;
    }
    memcpy(out->bytes, packet->bytes, packet->size);
    for (uint32_t i = 0; i < packet->descriptor_count; i++) {
        int copy = fcntl(packet->descriptors[i], F_DUPFD_CLOEXEC, 3);

        if (copy < 0) {
            out_close(out);
            return false;
        }
        out->descriptors[out->descriptor_count++] = copy;
    }
    return true;
}

static void out_queue(struct daemon *daemon, uint32_t row, const struct packet *packet)
{
    struct life *life = &daemon->lives[row];

    if (life->out == NULL)
        life->out = calloc(OUT_MAX, sizeof *life->out);
    if (life->out != NULL && life->out_count < OUT_MAX &&
        out_fill(&life->out[(life->out_first + life->out_count) % OUT_MAX], packet)) {
        life->out_count++;
        watch_out(daemon, row, true);
        return;
    }
    if (!life->overflowed)
        daemon_tell(daemon, "%s does not read what it is sent; messages to it are lost",
                    daemon->names[row_agent(daemon, row)]);
    life->overflowed = true;
}

static void out_send(struct daemon *daemon, uint32_t row, size_t size, const int *descriptors,
                     uint32_t count)
{
    const struct life *life = &daemon->lives[row];
    struct packet packet;

    assert(size > 0 && count <= CHANNEL_DESCRIPTORS);
    packet.bytes = daemon->packet_out;
    packet.capacity = packet.size = size;
    packet.descriptor_count = count;
    packet.pid = 0;
    for (uint32_t i = 0; i < count; i++)
        packet.descriptors[i] = descriptors[i];
    if (life->out_count > 0 || channel_send(life->channel, &packet) == CHANNEL_FULL)
        out_queue(daemon, row, &packet);
}

void send_waiting(struct daemon *daemon, uint32_t row)
{
    struct life *life = &daemon->lives[row];

    while (life->out_count > 0) {
        struct out *out = &life->out[life->out_first];
        struct packet packet;

        packet.bytes = out->bytes;
        packet.capacity = packet.size = out->size;
        packet.descriptor_count = out->descriptor_count;
        packet.pid = 0;
        for (uint32_t i = 0; i < out->descriptor_count; i++)
            packet.descriptors[i] = out->descriptors[i];
        if (channel_send(life->channel, &packet) == CHANNEL_FULL)
            return;
        out_close(out);
        life->out_first = (life->out_first + 1) % OUT_MAX;
        life->out_count--;
    }
    watch_out(daemon, row, false);
}

void send_forget(struct daemon *daemon, uint32_t row)
{
    struct life *life = &daemon->lives[row];

    (void)daemon;
    for (; life->out_count > 0; life->out_count--) {
        out_close(&life->out[life->out_first]);
        life->out_first = (life->out_first + 1) % OUT_MAX;
    }
}

static bool takes(const struct life *life)
{
    return life->channel >= 0 && !life->dying &&
           (life->state == LIFE_BORN || life->state == LIFE_OPEN);
}

static uint32_t deliver(struct life *life, const struct delivery *delivery)
{
    struct delivery *kept;

    life->deliveries_count++;
    kept = &life->deliveries[life->deliveries_count % DELIVERIES_MAX];
    *kept = delivery != NULL ? *delivery : (struct delivery){.cause = CAUSE_NONE};
    kept->number = life->deliveries_count;
    return kept->number;
}

void send_notification(struct daemon *daemon, uint32_t row, enum platform_notification kind,
                       json_t *params, const struct delivery *delivery)
{
    struct life *life = &daemon->lives[row];
    size_t size;

    if (!takes(life)) {
        json_decref(params);
        return;
    }
    size = notification_make(daemon->packet_out, sizeof daemon->packet_out, kind,
                             deliver(life, delivery), params);
    if (size > 0)
        out_send(daemon, row, size, NULL, 0);
}

void send_with_descriptors(struct daemon *daemon, uint32_t row, json_t *params,
                           const int *descriptors, uint32_t count, uint32_t *number)
{
    struct life *life = &daemon->lives[row];
    const struct delivery delivery = {
        .kind = PERCEPT_RETURNED, .peer = AGENT_NONE, .cause = CAUSE_NONE};
    size_t size;

    *number = 0;
    if (!takes(life)) {
        json_decref(params);
        return;
    }
    *number = deliver(life, &delivery);
    size = notification_make(daemon->packet_out, sizeof daemon->packet_out, NOTIFY_LINKS_OPENED,
                             *number, params);
    if (size > 0)
        out_send(daemon, row, size, descriptors, count);
}

void send_result(struct daemon *daemon, uint32_t row, const json_t *id, json_t *result,
                 const struct delivery *delivery)
{
    struct life *life = &daemon->lives[row];
    size_t size;

    if (!takes(life)) {
        json_decref(result);
        return;
    }
    size = answer_result(daemon->packet_out, sizeof daemon->packet_out, id, deliver(life, delivery),
                         result);
    if (size == 0)
        size = answer_error(daemon->packet_out, sizeof daemon->packet_out, id,
                            life->deliveries_count, RPC_INTERNAL, "the answer is too long", NULL);
    out_send(daemon, row, size, NULL, 0);
}

void send_error(struct daemon *daemon, uint32_t row, const json_t *id, int code, const char *words,
                json_t *data, const struct delivery *delivery)
{
    struct life *life = &daemon->lives[row];
    size_t size;

    if (!takes(life)) {
        json_decref(data);
        return;
    }
    size = answer_error(daemon->packet_out, sizeof daemon->packet_out, id, deliver(life, delivery),
                        code, words, data);
    if (size > 0)
        out_send(daemon, row, size, NULL, 0);
}
