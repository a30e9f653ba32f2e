/* The steps of an incarnation: what reaches it, and its beginning and end. */
#include "sim/world.h"
#include "world/faults.h"

#include <assert.h>

struct agent row_assemble(struct world *world, uint32_t row)
{
    agent_id agent = row_agent(world, row);
    uint32_t copy = world->copies > 1 ? agent / world->one : 0;

    return (struct agent){
        .id = agent - copy * world->one,
        .incarnation = world->row[row].incarnation,
        .seed = world->options->seed,
        .replicate = world->options->replicate + copy,
        .degree = (uint32_t)(world->links->offsets[agent + 1] - world->links->offsets[agent]),
        .peers = world->links->peers + world->links->offsets[agent],
        .objects = world->object,
        .links = world->link + row_place(world, row),
        .row = &world->agent_row[row],
    };
}

static const struct agent_rules *rules_of(const struct world *world, agent_id agent)
{
    return &world->scenario->groups[world->scenario->group_of[agent % world->one]].rules;
}

static void schedule(struct world *world, uint32_t row, const struct agent *agent, time_ns now)
{
    struct row *state = &world->row[row];
    time_ns wake = agent_deadline(agent);

    if (wake == TIME_NEVER)
        return;
    wake = clock_global(world, row_agent(world, row), wake);
    if (wake < now)
        wake = now;
    if (wake >= state->wake)
        return;
    state->wake = wake;
    engine_send(world->engine, row, row, wake, (uint32_t)TAG_TIMER << TAG_SHIFT);
}

void row_deliver(struct world *world, uint32_t row, struct percept *percept, time_ns now,
                 const struct cause *cause)
{
    agent_id id = row_agent(world, row);
    struct agent agent = row_assemble(world, row);

    percept->now = clock_local(world, id, now);
    if (world->learning != NULL)
        learn_percept(world, row, &agent, percept, now);
    agent_step(rules_of(world, id), &agent, percept, &world->acts);
    if (world->acts.count > 0)
        row_carry_out(world, row, &agent, percept, now, cause);
    if (world->row[row].alive)
        schedule(world, row, &agent, now);
}

/* The witness tells control what it saw. */
static void tell_control(struct world *world, uint32_t row, uint8_t kind, time_ns now,
                         int64_t value, const struct cause *cause)
{
    struct campaign_event event = {.kind = kind,
                                   .incarnation = world->row[row].incarnation,
                                   .whom = row_agent(world, row),
                                   .value = value};

    world_tell_control(world, row, now + world->lookahead, &event, cause);
}

static void set_links(struct world *world, uint32_t row, uint32_t checkpoint)
{
    const struct scenario *scenario = world->scenario;
    agent_id id = row_agent(world, row);
    uint64_t place = row_place(world, row);
    uint64_t first = world->links->offsets[id % world->one];
    uint64_t degree = world->links->offsets[id + 1] - world->links->offsets[id];
    bool fresh = world->row[row].incarnation > 0;

    for (uint64_t i = 0; i < degree; i++) {
        struct agent_peer *link = &world->link[place + i];

        if (fresh)
            world->link_end[place + i] = LINK_DOWN;
        link->bond = scenario->bonds != NULL ? scenario->bonds[first + i] : scenario->bond_initial;
        if (scenario->dependence != NULL)
            link->dependence = scenario->dependence[first + i];
        if (checkpoint > 0)
            link->bond = world->checkpoint_bonds[agent_place(world, id) + i];
    }
}

/* Nothing of the life that had this row before is left: no queue of work, and nothing that it was
 * about. */
static void row_clear(struct world *world, uint32_t row)
{
    agent_id id = row_agent(world, row);
    uint64_t place = row_place(world, row);
    uint64_t degree = world->links->offsets[id + 1] - world->links->offsets[id];

    world->row_work[row] = (struct row_work){0};
    for (uint64_t i = 0; i < degree + AGENT_LINKS_EXTRA; i++)
        world->concern[place + i] = world->linked[place + i] = CAUSE_NONE;
}

void row_begin(struct world *world, uint32_t row, incarnation_id incarnation, time_ns now,
               uint32_t checkpoint, agent_id by, uint8_t reason, const struct cause *cause)
{
    struct percept percept = {.kind = PERCEPT_STARTED, .value = checkpoint, .peer = AGENT_NONE};
    agent_id id = row_agent(world, row);
    struct record record = record_make(VERB_STARTED, now, cause, by, id, reason);
    struct row *state = &world->row[row];
    struct agent agent;
    struct cause started = *cause;

    assert(!state->alive);
    *state = (struct row){.wake = TIME_NEVER,
                          .network_draws = state->network_draws,
                          .sequence = state->sequence,
                          .incarnation = incarnation,
                          .alive = true};
    if (incarnation > 0 && !world->contact)
        row_clear(world, row);
    if (checkpoint > 0)
        world->row_work[row].checkpoint = checkpoint;
    if (!world->contact || now == 0)
        set_links(world, row, checkpoint);
    record.whom_incarnation = incarnation;
    started.id = world_record(world, &record, row);
    if (reason != START_FIRST && !world->contact) {
        uint32_t slot = world_message(world);
        struct message *message = &world->message[slot];

        world_change(world, CHANGE_BACK, now, row, started.id);
        message->use = USE_PLATFORM;
        message->cause = started;
        message->platform = (struct platform_event){.kind = PLATFORM_STARTED,
                                                    .who = by,
                                                    .whom = id,
                                                    .by = cause->by,
                                                    .via = cause->via,
                                                    .incarnation = incarnation};
        world_send(world, row, world->platform_entity,
                   now + world->scenario->network.platform_latency, slot);
        tell_control(world, row, CAMPAIGN_STARTED, now, reason, &started);
    } else if (reason != START_FIRST) { /* of the contact rule set */
        tell_control(world, row, CAMPAIGN_STARTED, now, reason, &started);
    }
    agent = row_assemble(world, row);
    /* Whoever begins anew without a checkpoint remembers nobody. */
    agent_start(rules_of(world, id), &agent, clock_local(world, id, now),
                world->contact || incarnation == 0 || checkpoint > 0);
    assert(agent_check(rules_of(world, id), &agent) == NULL);
    row_deliver(world, row, &percept, now, &started);
}

/* The other end of a link sees that this one closed, unless a partition stands between them or the
 * whole host is gone. */
static void hang_up(struct world *world, uint32_t row, agent_id peer, uint8_t peer_slot,
                    uint16_t making, time_ns now, const struct cause *cause)
{
    agent_id id = row_agent(world, row);
    struct message *message;
    uint32_t slot;

    if (!world->scenario->network.hangup || world->node_down[world->scenario->node_of[id]] ||
        (world->side != NULL && world->side[id] != world->side[peer]))
        return;
    slot = world_message(world);
    message = &world->message[slot];
    message->use = USE_HANGUP;
    message->any = true;
    message->making = making;
    message->cause = *cause;
    message->percept = (struct percept){.kind = PERCEPT_HANGUP, .peer = id};
    world_send(world, row, (uint32_t)peer_slot * world->agents + peer,
               now + world->scenario->network.latency.low, slot);
}

static void hang_up_all(struct world *world, uint32_t row, time_ns now, const struct cause *died)
{
    agent_id id = row_agent(world, row);
    uint64_t place = row_place(world, row);
    uint64_t first = world->links->offsets[id];
    uint64_t degree = world->links->offsets[id + 1] - first;

    for (uint64_t i = 0; i < degree; i++) {
        uint16_t end = world->link_end[place + i];

        if (end != LINK_DOWN)
            hang_up(world, row, world->links->peers[first + i], end & LINK_SLOT,
                    link_making_of(end), now, died);
    }
}

void row_end(struct world *world, uint32_t row, time_ns now, uint8_t reason,
             const struct cause *cause)
{
    agent_id id = row_agent(world, row);
    struct record record = record_make(VERB_DIED, now, cause, AGENT_NONE, id, reason);
    struct cause died = {.by = AGENT_NONE, .via = AGENT_NONE};
    struct agent agent = row_assemble(world, row);
    uint32_t slot;

    assert(world->row[row].alive && agent_check(rules_of(world, id), &agent) == NULL);
    record.by = record.via = AGENT_NONE;
    record.whom_incarnation = world->row[row].incarnation;
    world->row[row].alive = false;
    world->row[row].hung = false;
    world->row_work[row].held = HOLD_NONE;
    world->row[row].wake = TIME_NEVER;
    died.id = world_record(world, &record, row);
    if (world->contact) {
        tell_control(world, row, CAMPAIGN_DIED, now, reason, &died);
        return;
    }
    world->stopped[row] = died;
    learn_ended(world, row, reason, now);
    row_take_waiting(world, row, now);
    world_change(world, CHANGE_GONE, now, row, died.id);
    hang_up_all(world, row, now, &died);
    slot = world_message(world);
    world->message[slot].use = USE_PLATFORM;
    world->message[slot].cause = died;
    world->message[slot].platform = (struct platform_event){.kind = PLATFORM_DIED,
                                                            .whom = id,
                                                            .who = AGENT_NONE,
                                                            .incarnation = record.whom_incarnation,
                                                            .value = reason};
    world_send(world, row, world->platform_entity, now + world->scenario->network.platform_latency,
               slot);
    tell_control(world, row, CAMPAIGN_DIED, now, reason, &died);
}

/* The peer is back: what the agent was about for it is over, and what it says of the return is its
 * own word, whoever had asked for the relinking. */
static void take_returned(struct world *world, uint32_t row, uint64_t place, agent_id peer,
                          time_ns now, struct cause cause)
{
    struct percept percept = {.kind = PERCEPT_RETURNED, .peer = peer};

    cause = returned_cause(cause);
    row_deliver(world, row, &percept, now, &cause);
    concern_forget(&world->concern[place]);
}

/* The place of the link over which `source` reaches this row, or UINT64_MAX: it was sent over
 * another making of the link, or the link is down. What was the first message of a new link makes
 * it known.
 */
static uint64_t link_of(struct world *world, uint32_t row, uint32_t source, uint16_t making,
                        time_ns now)
{
    struct agent agent = row_assemble(world, row);
    agent_id peer = row_agent(world, source);
    uint32_t found = agent_find_peer(&agent, peer);
    uint64_t place = row_place(world, row) + found;
    struct record record;
    struct cause cause;

    if (found == UINT32_MAX || world->link_end[place] == LINK_DOWN ||
        link_making_of(world->link_end[place]) != making)
        return UINT64_MAX;
    assert((world->link_end[place] & LINK_SLOT) == row_slot(world, source));
    if ((world->link_end[place] & LINK_FRESH) == 0)
        return place;
    world->link_end[place] &= (uint16_t)~LINK_FRESH;
    cause = world->linked[place];
    record = record_make(VERB_LINK_UP, now, &cause, row_agent(world, row), peer, 0);
    record.who_incarnation = world->row[row].incarnation;
    cause.id = world_record(world, &record, row);
    take_returned(world, row, place, peer, now, cause);
    return place;
}

/* A process that stands still has its channels all the same: what comes waits there, in its order.
 */
static void row_wait(struct world *world, uint32_t row, uint32_t source, uint32_t slot)
{
    struct row_work *state = &world->row_work[row];

    world->messages_on_way++;
    world->message[slot].source = source;
    world->message_next[slot] = 0;
    if (state->waits_first == 0)
        state->waits_first = slot;
    else
        world->message_next[state->waits_last] = slot;
    state->waits_last = slot;
}

static void take_light(struct world *world, uint32_t row, uint32_t source, uint32_t data,
                       time_ns now)
{
    agent_id peer = row_agent(world, source);
    struct percept percept = {.kind = PERCEPT_MESSAGE,
                              .message = data >> TAG_SHIFT == TAG_PING ? MESSAGE_PING : MESSAGE_ACK,
                              .sequence = data & SEQUENCE_MASK,
                              .peer = peer,
                              .subject = peer,
                              .by = AGENT_NONE,
                              .via = AGENT_NONE};

    if (!world->row[row].alive)
        return;
    if (world->row[row].hung) {
        uint32_t slot = world_message(world);

        world->message[slot].use = USE_LIGHT;
        world->message[slot].any = true;
        world->message[slot].percept.value = data;
        row_wait(world, row, source, slot);
        return;
    }
    if (link_of(world, row, source, (data & PAYLOAD_MASK) >> SEQUENCE_BITS, now) != UINT64_MAX &&
        world->row[row].alive)
        row_deliver(world, row, &percept, now, &CAUSE_NONE);
}

/* The mind's answer: a record of its own, from which all that the agent now does follows. */
static void take_decision(struct world *world, uint32_t row, struct message *message, time_ns now)
{
    struct agent agent = row_assemble(world, row);
    struct percept *percept = &message->percept;
    struct doing doing = row_doing(world, row, &agent, percept, now, &message->cause);
    struct cause cause = act_decided(&doing, percept->peer, percept->choice);

    row_deliver(world, row, percept, now, &cause);
}

static void take_linked(struct world *world, uint32_t row, const struct message *message,
                        time_ns now)
{
    struct agent agent = row_assemble(world, row);
    uint32_t found = agent_find_peer(&agent, message->percept.peer);
    uint64_t place = row_place(world, row) + found;
    uint32_t hello;

    assert(found != UINT32_MAX);
    world->linked[place] = message->cause;
    world->link_end[place] = (uint16_t)(message->slot | message->making << LINK_MAKING_SHIFT);
    if (message->reason == 0) { /* this end waits for the first message */
        world->link_end[place] |= LINK_FRESH;
        return;
    }
    hello = world_message(world);
    world->message[hello].use = USE_HELLO;
    world->message[hello].any = true;
    world->message[hello].cause = message->cause;
    sim_link_send(world, row, (uint32_t)(place - row_place(world, row)), message->percept.peer, now,
                  (uint32_t)TAG_MESSAGE << TAG_SHIFT | hello);
    take_returned(world, row, place, message->percept.peer, now, message->cause);
}

/* A link was made to a process that is gone: its other end closes as it would have with the
 * process.
 */
static void link_refused(struct world *world, uint32_t row, const struct message *message,
                         time_ns now)
{
    bool dead = !world->row[row].alive && world->row[row].incarnation == message->incarnation;
    struct cause cause = dead ? world->stopped[row] : message->cause;

    hang_up(world, row, message->percept.peer, message->slot, message->making, now, &cause);
}

static void take_hangup(struct world *world, uint32_t row, struct message *message, time_ns now)
{
    struct agent agent = row_assemble(world, row);
    uint64_t place = row_place(world, row) + agent_find_peer(&agent, message->percept.peer);

    /* A link that was made anew in the meantime does not close with the old one. */
    if (world->link_end[place] == LINK_DOWN ||
        link_making_of(world->link_end[place]) != message->making)
        return;
    world->link_end[place] = LINK_DOWN;
    row_deliver(world, row, &message->percept, now, &message->cause);
}

void row_unlink(struct world *world, uint32_t row)
{
    agent_id agent = row_agent(world, row);
    uint64_t degree = world->links->offsets[agent + 1] - world->links->offsets[agent];

    for (uint64_t i = 0; i < degree; i++)
        world->link_end[row_place(world, row) + i] = LINK_DOWN;
}

static void start_failed(struct world *world, uint32_t row, incarnation_id incarnation, time_ns now,
                         const struct cause *cause)
{
    uint32_t slot = world_message(world);

    world->message[slot].use = USE_PLATFORM;
    world->message[slot].cause = *cause;
    world->message[slot].platform = (struct platform_event){.kind = PLATFORM_START_FAILED,
                                                            .who = AGENT_NONE,
                                                            .whom = row_agent(world, row),
                                                            .incarnation = incarnation};
    world_send(world, row, world->platform_entity, now + world->scenario->network.platform_latency,
               slot);
}

/* From the start of the process to its first instruction it can be killed, but nothing else reaches
 * it. */
static void take_start(struct world *world, uint32_t row, const struct message *message,
                       time_ns now)
{
    agent_id id = row_agent(world, row);
    uint32_t slot;

    if (world->row[row].alive || world->row_work[row].starting != 0 ||
        (world->epoch != NULL && message->incarnation <= world->epoch[id]) ||
        world->node_down[world->scenario->node_of[id]]) {
        start_failed(world, row, message->incarnation, now, &message->cause);
        return;
    }
    world->row_work[row].starting = message->incarnation;
    slot = world_message(world);
    world->message[slot] = *message;
    world->message[slot].use = USE_BEGIN;
    world_send(world, row, row, now + start_takes(world->scenario, id, message->checkpoint > 0),
               slot);
}

void row_kill(struct world *world, uint32_t row, time_ns now, uint8_t reason,
              const struct cause *cause)
{
    incarnation_id starting = world->row_work[row].starting;

    if (world->row[row].alive) {
        row_end(world, row, now, reason, cause);
    } else if (starting != 0) {
        world->row_work[row].starting = 0;
        start_failed(world, row, starting, now, cause);
    }
}

static void take_percept(struct world *world, uint32_t row, uint32_t source,
                         struct message *message, time_ns now)
{
    if (source < world->rows && source != row) {
        if (link_of(world, row, source, message->making, now) == UINT64_MAX ||
            !world->row[row].alive)
            return;
    }
    if (message->percept.kind == PERCEPT_STOP_ASKED) /* its departure follows from it */
        world->stopped[row] = message->cause;
    if (message->percept.kind == PERCEPT_DECIDED)
        take_decision(world, row, message, now);
    else
        row_deliver(world, row, &message->percept, now, &message->cause);
}

static void take_message(struct world *world, uint32_t row, uint32_t source,
                         struct message *message, time_ns now)
{
    const struct row *state = &world->row[row];

    if (message->use == USE_START) {
        take_start(world, row, message, now);
        return;
    }
    if (message->use == USE_BEGIN) {
        if (world->row_work[row].starting == message->incarnation)
            row_begin(world, row, message->incarnation, now, message->checkpoint,
                      message->percept.peer, message->reason, &message->cause);
        return;
    }
    if (message->use == USE_END) {
        if (message->any || message->incarnation == state->incarnation)
            row_kill(world, row, now, message->reason, &message->cause);
        return;
    }
    if (message->use == USE_WORK && !state->alive) {
        work_arrive(world, row, message, now);
        return;
    }
    if (!state->alive || (!message->any && message->incarnation != state->incarnation)) {
        if (message->use == USE_LINKED)
            link_refused(world, row, message, now);
        if (message->use == USE_WORK_DONE) /* it died with the task in its hands */
            sim_work_lost(world, row, row_agent(world, row), message, now);
        return;
    }
    switch ((enum message_use)message->use) {
    case USE_PERCEPT:
        take_percept(world, row, source, message, now);
        break;
    case USE_LINKED:
        take_linked(world, row, message, now);
        break;
    case USE_HELLO:
        link_of(world, row, source, message->making, now);
        break;
    case USE_HANGUP:
        take_hangup(world, row, message, now);
        break;
    case USE_LIGHT:
        take_light(world, row, source, (uint32_t)message->percept.value, now);
        break;
    case USE_WORK:
        if (source >= world->rows ||
            link_of(world, row, source, message->making, now) != UINT64_MAX)
            work_arrive(world, row, message, now);
        else
            sim_work_lost(world, row, row_agent(world, row), message, now);
        break;
    case USE_WORK_DONE:
        work_served(world, row, message, now);
        break;
    case USE_START:
    case USE_BEGIN:
    case USE_END:
    case USE_PLATFORM:
    case USE_FORWARD:
    case USE_TASK_DONE:
    case USE_CAMPAIGN:
        assert(!"not for a row");
    }
}

void row_take_waiting(struct world *world, uint32_t row, time_ns now)
{
    struct row_work *state = &world->row_work[row];

    assert(!world->row[row].hung);
    while (state->waits_first != 0) {
        uint32_t slot = state->waits_first;

        state->waits_first = world->message_next[slot];
        world->messages_on_way--;
        take_message(world, row, world->message[slot].source, &world->message[slot], now);
        world_message_free(world, slot);
    }
}

/* It goes on with what came while it stood still, and with all that fell due. */
static void row_goes_on(struct world *world, uint32_t row, time_ns since, time_ns now)
{
    struct percept timer = {.kind = PERCEPT_TIMER, .peer = AGENT_NONE};

    work_resume(&world->row_work[row], since, now);
    row_take_waiting(world, row, now);
    if (world->row[row].alive)
        row_deliver(world, row, &timer, now, &CAUSE_NONE);
}

void row_stand(struct world *world, uint32_t row, time_ns now, bool ends)
{
    time_ns since = world->row_work[row].hung_since;

    assert(world->row[row].hung == ends);
    world->row[row].hung = !ends;
    world->row_work[row].hung_since = now;
    if (ends)
        row_goes_on(world, row, since, now);
}

void row_hang(struct world *world, uint32_t row, time_ns now, bool ends, const struct cause *cause)
{
    struct record record = record_make(ends ? VERB_RESUMED : VERB_HUNG, now, cause, AGENT_NONE,
                                       row_agent(world, row), 0);

    if (world->row[row].hung != ends)
        return;
    record.whom_incarnation = world->row[row].incarnation;
    world_change(world, ends ? CHANGE_BACK : CHANGE_GONE, now, row,
                 world_record(world, &record, WRITER_WITNESS));
    row_stand(world, row, now, ends);
}

static void take_timer(struct world *world, uint32_t row, time_ns now)
{
    struct percept percept = {.kind = PERCEPT_TIMER, .peer = AGENT_NONE};
    struct row *state = &world->row[row];

    if (!state->alive || now < state->wake)
        return; /* an earlier timer took its place, or its incarnation is gone */
    state->wake = TIME_NEVER;
    if (!state->hung)
        row_deliver(world, row, &percept, now, &CAUSE_NONE);
}

/* Of the contact rule set: the last number marks an agent that has not lived yet, and after the one
 * before it numbers, and with them random numbers, would come again. */
static bool lives_left(struct world *world, uint32_t row)
{
    if (world->row[row].incarnation != UINT16_MAX - 1)
        return true;
    if (world->failed == 0)
        world->failed = error_set(world->error, ERROR_LIMIT,
                                  "agent %u was revived 65535 times, and there are no more numbers "
                                  "for its lives; shorten the duration",
                                  row_agent(world, row) % world->one);
    return false;
}

void row_step(struct world *world, uint32_t row, const struct event *event, time_ns now)
{
    switch ((enum event_tag)(event->data >> TAG_SHIFT)) {
    case TAG_TIMER:
        take_timer(world, row, now);
        break;
    case TAG_PING:
    case TAG_ACK:
        take_light(world, row, event->source, event->data, now);
        break;
    case TAG_REVIVE:
        if (!world->row[row].alive && lives_left(world, row))
            row_begin(world, row, (incarnation_id)(world->row[row].incarnation + 1), now, 0,
                      row_agent(world, event->source), START_CONTACT, &CAUSE_NONE);
        break;
    case TAG_MESSAGE: {
        uint32_t slot = event->data & PAYLOAD_MASK;
        const struct message *message = &world->message[slot];

        /* A kill needs nobody's attention, and who is started is somebody else. */
        if (world->row[row].alive && world->row[row].hung && message->use != USE_END &&
            message->use != USE_START) {
            row_wait(world, row, event->source, slot);
            break;
        }
        take_message(world, row, event->source, &world->message[slot], now);
        world_message_free(world, slot);
        break;
    }
    }
}
