/* The platform as an entity of the simulated world: events in by message, actions out. */
#include "sim/world.h"

#include <assert.h>

/* A crew that only watches has nothing to say to a platform. */
bool platform_needed(const struct scenario *scenario)
{
    bool needed = scenario->has_campaign || scenario->work_count > 0 || scenario->fault_count > 0 ||
                  scenario->platform.ask_every > 0;

    for (uint32_t g = 0; g < scenario->group_count; g++)
        needed = needed || scenario->groups[g].rules.tools != 0 ||
                 scenario->groups[g].rules.checkpoint_every > 0;
    return needed;
}

int sim_platform_open(struct world *world, struct error *error)
{
    const struct scenario *scenario = world->scenario;
    struct platform_crew *crew = world_reserve(world, 1, sizeof *crew);
    void *memory;

    (void)error;
    if (world->failed != 0)
        return world->failed;
    *crew = (struct platform_crew){.agents = world->agents,
                                   .nodes = scenario->nodes,
                                   .offsets = world->links->offsets,
                                   .peers = world->links->peers,
                                   .node_of = scenario->node_of,
                                   .class_of = scenario->group_of};
    memory = world_reserve(world, 1, platform_size(&scenario->platform, crew));
    world->actions.capacity = platform_actions_max(&scenario->platform, crew);
    world->actions.list =
        world_reserve(world, world->actions.capacity, sizeof *world->actions.list);
    if (world->failed != 0)
        return world->failed;
    world->platform = platform_start(memory, &scenario->platform, crew);
    sim_work_open(world);
    if (world->failed != 0)
        return world->failed;
    world->platform_wake = TIME_NEVER;
    engine_send(world->engine, world->platform_entity, world->platform_entity, 0,
                (uint32_t)TAG_TIMER << TAG_SHIFT);
    world->platform_wake = 0;
    return 0;
}

static void schedule(struct world *world, time_ns now)
{
    time_ns wake = platform_deadline(world->platform);

    if (desk_deadline(&world->desk) < wake)
        wake = desk_deadline(&world->desk);
    if (wake == TIME_NEVER || wake >= world->platform_wake)
        return;
    world->platform_wake = wake < now ? now : wake;
    engine_send(world->engine, world->platform_entity, world->platform_entity, world->platform_wake,
                (uint32_t)TAG_TIMER << TAG_SHIFT);
}

static uint32_t row_of(const struct world *world, agent_id agent, uint8_t slot)
{
    return (uint32_t)slot * world->agents + agent;
}

void platform_to_row(struct world *world, uint32_t row, time_ns now, uint32_t slot)
{
    world_send(world, world->platform_entity, row, now + world->scenario->network.platform_latency,
               slot);
}

static void do_start(struct world *world, const struct platform_action *action, time_ns now,
                     const struct cause *cause)
{
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];

    message->use = USE_START;
    message->reason = (uint8_t)action->value;
    message->incarnation = action->whom_incarnation;
    message->checkpoint = action->checkpoint;
    message->cause = *cause;
    message->percept.peer = action->who;
    platform_to_row(world, row_of(world, action->whom, action->whom_slot), now, slot);
}

/* How often the link of two agents was made. */
static uint16_t *making_of(struct world *world, agent_id a, agent_id b)
{
    agent_id lower = a < b ? a : b, upper = a < b ? b : a;
    struct agent ends = {
        .peers = world->links->peers + world->links->offsets[lower],
        .degree = (uint32_t)(world->links->offsets[lower + 1] - world->links->offsets[lower])};
    uint32_t found = agent_find_peer(&ends, upper);

    assert(found != UINT32_MAX);
    return &world->link_making[agent_place(world, lower) + found];
}

static void tell_linked(struct world *world, time_ns now, const struct cause *cause, agent_id agent,
                        uint8_t agent_slot, incarnation_id incarnation, agent_id peer,
                        uint8_t peer_slot, bool greets)
{
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];

    message->use = USE_LINKED;
    message->making = *making_of(world, agent, peer);
    message->slot = peer_slot;
    message->reason = greets;
    message->incarnation = incarnation;
    message->cause = *cause;
    message->percept.peer = peer;
    platform_to_row(world, row_of(world, agent, agent_slot), now, slot);
}

static void do_connect(struct world *world, const struct platform_action *action, time_ns now,
                       const struct cause *cause)
{
    uint16_t *making = making_of(world, action->who, action->whom);

    *making = (uint16_t)((*making + 1) % LINK_MAKINGS);
    tell_linked(world, now, cause, action->who, action->who_slot, action->who_incarnation,
                action->whom, action->whom_slot, false);
    tell_linked(world, now, cause, action->whom, action->whom_slot, action->whom_incarnation,
                action->who, action->who_slot, true);
}

/* Both ends of a link between two given incarnations are closed. */
static void do_sever(struct world *world, const struct platform_action *action, time_ns now,
                     const struct cause *cause)
{
    uint32_t rows[2] = {row_of(world, action->who, action->who_slot),
                        row_of(world, action->whom, action->whom_slot)};

    for (int end = 0; end < 2; end++) {
        uint32_t slot = world_message(world);

        world->message[slot].use = USE_HANGUP;
        world->message[slot].any = true;
        world->message[slot].making = *making_of(world, action->who, action->whom);
        world->message[slot].cause = *cause;
        world->message[slot].percept =
            (struct percept){.kind = PERCEPT_HANGUP, .peer = row_agent(world, rows[1 - end])};
        platform_to_row(world, rows[end], now, slot);
    }
}

/* A result of a tool, or a question of the board, to the process that it is for. */
static void tell_agent(struct world *world, const struct platform_action *action, time_ns now,
                       const struct cause *cause)
{
    uint32_t slot = world_message(world);

    world->message[slot].use = USE_PERCEPT;
    world->message[slot].incarnation = action->who_incarnation;
    world->message[slot].cause = *cause;
    answer_percept(action, &world->message[slot].percept);
    platform_to_row(world, row_of(world, action->who, action->who_slot), now, slot);
}

static void tell_campaign(struct world *world, const struct platform_action *action, time_ns now,
                          const struct cause *cause)
{
    struct campaign_event event;

    if (answer_event(action, &event))
        world_tell_control(world, world->platform_entity,
                           now + world->scenario->network.platform_latency, &event, cause);
}

/* Carries one action out, which was recorded: `cause` goes on. */
static void do_action(struct world *world, const struct platform_action *action, time_ns now,
                      const struct cause *cause)
{
    switch ((enum platform_action_kind)action->kind) {
    case ACTION_START:
        do_start(world, action, now, cause);
        break;
    case ACTION_CONNECT:
        do_connect(world, action, now, cause);
        break;
    case ACTION_SEVER:
        do_sever(world, action, now, cause);
        break;
    case ACTION_RESULT:
    case ACTION_ASK:
        tell_agent(world, action, now, cause);
        break;
    case ACTION_SHOW:
        desk_release(&world->desk, now);
        break;
    case ACTION_FENCED:
    case ACTION_LIFTED:
        world_change(world, CHANGE_FENCE, now, action->whom,
                     (struct record_id){action->kind == ACTION_FENCED, world->fences++});
        tell_campaign(world, action, now, cause);
        break;
    case ACTION_SWITCH:
    case ACTION_SCORE:
    case ACTION_STALL:
    case ACTION_RETURNED:
    case ACTION_TOMBSTONED:
        tell_campaign(world, action, now, cause);
        break;
    case ACTION_GRANT: /* the record is all that there is of these */
    case ACTION_COPY:
    case ACTION_GIVE_UP:
        break;
    }
}

static void step(struct world *world, struct platform_event *event, time_ns now,
                 const struct cause *cause)
{
    struct answers answers = answers_make(&world->recorder, world->last_cause, cause, now);

    event->now = now;
    world->actions.count = 0;
    answers_hear(world->last_cause, event, cause);
    platform_step(world->platform, event, &world->actions);
    assert(world->actions.count <= world->actions.capacity);
    for (uint32_t i = 0; i < world->actions.count; i++) {
        struct cause goes_on = answers_record(&answers, &world->actions.list[i]);

        do_action(world, &world->actions.list[i], now, &goes_on);
    }
}

/* Control's word to an agent goes to the process that the platform takes for it; a request to end
 * and a kill go to every process that the platform ever started as that agent and that still runs.
 */
static void forward(struct world *world, const struct message *message, time_ns now)
{
    agent_id agent = message->percept.subject;
    struct address address = world->address[agent];
    bool all = message->forward == USE_END || message->percept.kind == PERCEPT_STOP_ASKED;
    uint8_t first = all ? 0 : address.slot;
    uint8_t last = all ? (uint8_t)(world->slots - 1) : address.slot;

    for (uint8_t place = first; place <= last; place++) {
        uint32_t slot = world_message(world);

        world->message[slot] = *message;
        world->message[slot].use = message->forward;
        world->message[slot].incarnation = address.incarnation;
        world->message[slot].any = all;
        platform_to_row(world, row_of(world, agent, place), now, slot);
    }
}

void platform_entity_step(struct world *world, const struct event *event, time_ns now)
{
    struct message *message;
    uint32_t slot;

    if (event->data >> TAG_SHIFT == TAG_TIMER) {
        struct platform_event timer = {
            .kind = PLATFORM_TIMER, .who = AGENT_NONE, .whom = AGENT_NONE};

        if (now < world->platform_wake)
            return;
        world->platform_wake = TIME_NEVER;
        if (platform_deadline(world->platform) <= now)
            step(world, &timer, now, &CAUSE_NONE);
        work_emit(world, now);
        schedule(world, now);
        return;
    }
    slot = event->data & PAYLOAD_MASK;
    message = &world->message[slot];
    if (message->use == USE_FORWARD) {
        forward(world, message, now);
    } else if (message->use == USE_TASK_DONE) {
        desk_done(&world->desk, &message->task, &message->cause, now);
        learn_task_done(world, &message->task, now);
    } else {
        struct platform_event happened = message->platform;

        assert(message->use == USE_PLATFORM);
        if (happened.kind == PLATFORM_STARTED)
            world->address[happened.whom] =
                (struct address){row_slot(world, event->source), happened.incarnation};
        learn_report(world, message, now);
        step(world, &happened, now, &message->cause);
        schedule(world, now);
    }
    world_message_free(world, slot);
}
