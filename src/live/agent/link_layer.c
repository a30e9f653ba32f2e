/*
 * The links: their making, what is sent and received over them, and the faults that this layer
 * applies: loss, duplication, latency, partitions.
 *
 * A link is made anew by each `links/opened` that names its peer; whatever was to be sent over an
 * earlier making is dropped. The end that was given the nonce says hello before whatever it sends,
 * until it has heard the peer, so that where messages get lost the hello is not lost for good; the
 * other end notes the nonce of the first hello, which proves that the link carried a message.
 */
#include <assert.h>
#include <unistd.h>

#include "live/agent/inside.h"
#include "live/wire/values.h"

static const char *peer_name(const struct program *program, uint32_t slot)
{
    return name_of(program, program->agent.peers[slot]);
}

/* The platform keeps a duplicate of this end, so closing alone would not take it out of epoll. */
static void link_down(struct program *program, struct link *link)
{
    if (link->descriptor < 0)
        return;
    program_unwatch(program, link->descriptor);
    close(link->descriptor);
    link->descriptor = -1;
    link->fresh = link->greets = false;
}

static void link_returned(struct program *program, uint32_t slot)
{
    struct percept percept = {.kind = PERCEPT_RETURNED,
                              .peer = program->agent.peers[slot],
                              .subject = AGENT_NONE,
                              .by = AGENT_NONE,
                              .via = AGENT_NONE};

    program_deliver(program, &percept);
    program->concerned[slot] = false;
}

static void say_hello(struct program *program, uint32_t slot);

static void link_opened(struct program *program, const json_t *entry, int descriptor)
{
    agent_id peer = agent_in(program, entry, "agent");
    uint32_t slot = peer == AGENT_NONE ? UINT32_MAX : agent_find_peer(&program->agent, peer);
    const json_t *nonce = json_object_get(entry, "nonce");
    struct link *link;

    if (slot == UINT32_MAX) {
        close(descriptor);
        return;
    }
    link = &program->links[slot];
    link_down(program, link);
    *link = (struct link){.descriptor = descriptor,
                          .cut = link->cut,
                          .making = (uint16_t)(link->making + 1),
                          .number = link->number,
                          .expected = (pid_t)integer_in(entry, "pid", 0)};
    program_watch(program, descriptor, slot);
    if (program->covert != NULL)
        covert_linked(program, slot);
    if (json_is_true(json_object_get(entry, "first")))
        return;
    link->greets = nonce != NULL;
    link->fresh = nonce == NULL;
    if (!link->greets)
        return;
    link->nonce = integer_in(entry, "nonce", 0);
    say_hello(program, slot);
    link_returned(program, slot);
}

void links_opened(struct program *program, const json_t *params, struct packet *packet)
{
    const json_t *list = json_object_get(params, "links");
    size_t count = json_array_size(list);

    for (size_t i = 0; i < count && i < packet->descriptor_count && !program->ended; i++) {
        int descriptor = packet->descriptors[i];

        packet->descriptors[i] = -1;
        link_opened(program, json_array_get(list, i), descriptor);
    }
}

static void hang_up(struct program *program, uint32_t slot)
{
    struct percept percept = {.kind = PERCEPT_HANGUP,
                              .peer = program->agent.peers[slot],
                              .subject = AGENT_NONE,
                              .by = AGENT_NONE,
                              .via = AGENT_NONE};

    program->because = (struct because){.kind = BECAUSE_HANGUP, .agent = peer_name(program, slot)};
    program_deliver(program, &percept);
}

void links_forget(struct program *program)
{
    for (uint32_t slot = 0; slot < program->agent.degree; slot++) {
        link_down(program, &program->links[slot]);
        program->links[slot].hangup_held = false;
    }
}

/* Who is cut off now. What closed behind a partition is seen when that ends. */
void links_cut(struct program *program, const json_t *names)
{
    struct because because = program->because;

    for (uint32_t slot = 0; slot < program->agent.degree; slot++) {
        struct link *link = &program->links[slot];
        bool cut = false;

        for (size_t i = 0; i < json_array_size(names) && !cut; i++) {
            const char *name = json_string_value(json_array_get(names, i));

            cut = name != NULL && agent_named(program, name) == program->agent.peers[slot];
        }
        link->cut = cut;
        if (!cut && link->hangup_held) {
            link->hangup_held = false;
            if (!program->ended)
                hang_up(program, slot);
        }
    }
    program->because = because;
}

static void transmit(struct program *program, uint32_t slot, const void *bytes, size_t size)
{
    struct packet packet;

    packet.bytes = (char *)(uintptr_t)bytes;
    packet.capacity = packet.size = size;
    packet.descriptor_count = 0;
    packet.pid = 0;
    if (program->links[slot].descriptor < 0 ||
        channel_send(program->links[slot].descriptor, &packet) != CHANNEL_OK)
        program->lost++;
}

void link_send_later(struct program *program, const struct later_packet *packet)
{
    if (program->links[packet->slot].making == packet->making)
        transmit(program, packet->slot, packet->bytes, packet->size);
    else
        program->lost++;
}

/* One copy, on its way for as long as is drawn. */
static bool send_once(struct program *program, const struct later_packet *packet,
                      struct random *random)
{
    time_ns latency = spread_draw(&program->own->latency, random);
    time_ns at = latency > TIME_NEVER - program->now ? TIME_NEVER : program->now + latency;

    if (latency > 0)
        return later_add_packet(&program->later, at, packet);
    transmit(program, packet->slot, packet->bytes, packet->size);
    return true;
}

/* The draws are the same ones in the same order as in the simulated world, lost or not. */
static bool send_drawn(struct program *program, uint32_t slot, struct link_message *message)
{
    const struct agent_config *own = program->own;
    struct link *link = &program->links[slot];
    struct later_packet packet = {.slot = slot, .making = link->making};
    bool lost = link->descriptor < 0 || link->cut, doubled;
    struct random random = random_make(own->seed, own->replicate, own->id, own->incarnation,
                                       STREAM_NETWORK, program->network_draws);

    message->number = ++link->number;
    lost = (own->loss > 0 && random_chance(&random, own->loss)) || lost;
    doubled = own->duplicate > 0 && random_chance(&random, own->duplicate);
    if (!lost) {
        packet.size = (uint16_t)link_pack(message, packet.bytes);
        lost = !send_once(program, &packet, &random);
        if (doubled)
            send_once(program, &packet, &random);
    }
    program->network_draws = random.draw;
    program->lost += lost;
    return !lost;
}

static void say_hello(struct program *program, uint32_t slot)
{
    struct link_message hello = {.kind = LINK_HELLO,
                                 .subject = AGENT_NONE,
                                 .by = AGENT_NONE,
                                 .via = AGENT_NONE,
                                 .value = program->links[slot].nonce};

    send_drawn(program, slot, &hello);
}

bool link_send(struct program *program, uint32_t slot, struct link_message *message)
{
    assert(slot < program->agent.degree);
    if (program->links[slot].greets)
        say_hello(program, slot);
    return send_drawn(program, slot, message);
}

/* Another process than the peer's speaks on the link: noted once for each; what it says is taken,
 * for nobody can know whether the platform knows of it. */
static void note_stranger(struct program *program, uint32_t slot, pid_t pid)
{
    struct link *link = &program->links[slot];

    if (link->expected == 0 || pid <= 0 || pid == link->expected)
        return;
    for (unsigned i = 0; i < link->strangers; i++)
        if (link->heard[i] == pid)
            return;
    if (link->strangers == STRANGERS_MAX)
        return;
    link->heard[link->strangers++] = pid;
    call_note(program, METHOD_NOTE_HEARD,
              json_pack("{s:s, s:I}", "agent", peer_name(program, slot), "pid", (json_int_t)pid));
}

static void take_hello(struct program *program, uint32_t slot, const struct link_message *message)
{
    struct link *link = &program->links[slot];

    if (!link->fresh)
        return;
    link->fresh = false;
    call_note(program, METHOD_NOTE_LINKED,
              json_pack("{s:s, s:o}", "agent", peer_name(program, slot), "nonce",
                        integer_text_json(message->value)));
    link_returned(program, slot);
}

/* Whom a message names must be of the crew: the core looks them up. */
static bool of_crew(const struct program *program, agent_id agent)
{
    return agent == AGENT_NONE || agent < program->crew->agents;
}

static void take_message(struct program *program, uint32_t slot, const struct link_message *message)
{
    struct percept percept = {.kind = PERCEPT_MESSAGE,
                              .message = message->message,
                              .state = message->state,
                              .refutation = message->refutation,
                              .sequence = message->sequence,
                              .peer = program->agent.peers[slot],
                              .subject = message->subject,
                              .by = message->by,
                              .via = message->via,
                              .value = message->value};

    if (message->message < MESSAGE_PING || message->message > MESSAGE_REQUEST ||
        message->message == MESSAGE_WORK || message->state > PEER_LEFT)
        return;
    if (message->message == MESSAGE_PING && percept.subject == AGENT_NONE)
        percept.subject = percept.peer;
    program_deliver(program, &percept);
}

static void take(struct program *program, uint32_t slot, struct packet *packet)
{
    struct link_message message;
    struct link *link = &program->links[slot];

    if (packet->size > LINK_PACKET_MAX || link->cut ||
        !link_unpack(&message, (const unsigned char *)packet->bytes, packet->size) ||
        !of_crew(program, message.subject) || !of_crew(program, message.by) ||
        !of_crew(program, message.via))
        return;
    link->greets = false;
    if (message.number > 0)
        program->because = (struct because){
            .kind = BECAUSE_MESSAGE, .number = message.number, .agent = peer_name(program, slot)};
    note_stranger(program, slot, packet->pid);
    switch ((enum link_kind)message.kind) {
    case LINK_MESSAGE:
        take_message(program, slot, &message);
        break;
    case LINK_HELLO:
        take_hello(program, slot, &message);
        break;
    case LINK_WORK:
        task_arrived(program, slot, &message);
        break;
    case LINK_DEPUTY:
        if (program->covert != NULL)
            covert_given(program, slot, &message, packet);
        break;
    default:
        break;
    }
}

/* The platform is heard first: where the agent was held it has severed the link, and says so. */
static void closed(struct program *program, uint32_t slot)
{
    struct link *link = &program->links[slot];
    uint16_t making = link->making;

    platform_empty(program);
    if (program->ended || link->descriptor < 0 || link->making != making)
        return;
    link_down(program, link);
    if (link->cut)
        link->hangup_held = true;
    else
        hang_up(program, slot);
}

/* One packet in a turn, so that no peer keeps another waiting. */
void link_ready(struct program *program, uint32_t slot)
{
    struct link *link = &program->links[slot];
    char bytes[LINK_PACKET_MAX];
    struct packet packet;

    if (link->descriptor < 0)
        return;
    packet.bytes = bytes;
    packet.capacity = sizeof bytes;
    packet.descriptor_count = 0;
    switch (channel_receive(link->descriptor, &packet)) {
    case CHANNEL_OK:
        take(program, slot, &packet);
        packet_close(&packet);
        break;
    case CHANNEL_CLOSED:
        closed(program, slot);
        break;
    case CHANNEL_FULL:
    case CHANNEL_EMPTY:
        break;
    }
    program->because = (struct because){.kind = BECAUSE_NOTHING};
}
