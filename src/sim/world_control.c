/* Control as an entity of the simulated world: the operator's campaign. */
#include "sim/world.h"

#include <assert.h>

int control_open(struct world *world, struct error *error)
{
    const struct campaign_rules *rules = &world->scenario->campaign;
    void *memory;

    (void)error;
    if (!world->scenario->has_campaign)
        return 0;
    memory = world_reserve(world, 1, campaign_size(rules));
    world->control_actions.capacity = campaign_actions_max(rules);
    world->control_actions.list =
        world_reserve(world, world->control_actions.capacity, sizeof *world->control_actions.list);
    if (world->failed != 0)
        return world->failed;
    for (agent_id a = 0; a < world->agents; a++)
        world->stop_cause[a] = CAUSE_NONE;
    world->campaign = campaign_start(memory, rules, world->agents);
    world->control_wake = 0;
    engine_send(world->engine, world->control_entity, world->control_entity, 0,
                (uint32_t)TAG_TIMER << TAG_SHIFT);
    return 0;
}

void world_tell_control(struct world *world, uint32_t from, time_ns at,
                        const struct campaign_event *event, const struct cause *cause)
{
    uint32_t slot;

    if (world->campaign == NULL)
        return;
    slot = world_message(world);
    world->message[slot].use = USE_CAMPAIGN;
    world->message[slot].cause = *cause;
    world->message[slot].campaign = *event;
    world_send(world, from, world->control_entity, at, slot);
}

static void to_platform(struct world *world, time_ns now, uint32_t slot)
{
    world_send(world, world->control_entity, world->platform_entity,
               now + world->scenario->network.platform_latency, slot);
}

static void tell_platform(struct world *world, time_ns now, uint8_t kind, agent_id whom,
                          int64_t value, const struct cause *cause)
{
    uint32_t slot = world_message(world);

    world->message[slot].use = USE_PLATFORM;
    world->message[slot].cause = *cause;
    world->message[slot].platform = (struct platform_event){.kind = kind,
                                                            .who = AGENT_NONE,
                                                            .whom = whom,
                                                            .by = AGENT_NONE,
                                                            .via = AGENT_NONE,
                                                            .value = value};
    to_platform(world, now, slot);
}

/* A word to `to`'s process, by way of the platform: `use` on arrival, with `kind` about `whom`. */
static void tell_agent(struct world *world, time_ns now, agent_id to, uint8_t use, uint8_t kind,
                       agent_id whom, const struct cause *cause)
{
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];

    message->use = USE_FORWARD;
    message->forward = use;
    message->reason = DEATH_KILLED;
    message->cause = *cause;
    message->percept = (struct percept){
        .kind = kind, .peer = whom, .subject = to, .by = AGENT_NONE, .via = AGENT_NONE};
    to_platform(world, now, slot);
}

static struct record_id write_order(struct world *world, uint8_t verb, time_ns now,
                                    const struct cause *cause, const struct campaign_action *action,
                                    agent_id via)
{
    struct record record = record_make(verb, now, cause, AGENT_NONE, action->whom, action->value);

    record.via = via;
    if (world->scenario->campaign.marked)
        record.flags |= FLAG_MARKED;
    if (world->announced[action->whom])
        record.flags |= FLAG_ANNOUNCED;
    return world_record(world, &record, WRITER_CONTROL);
}

/* The first announcement is the root of the stop's episode; all else follows from it. */
static void do_announce(struct world *world, const struct campaign_action *action, time_ns now)
{
    struct cause *root = &world->stop_cause[action->whom];
    struct cause cause;

    if (!world->announced[action->whom])
        *root = CAUSE_NONE;
    world->announced[action->whom] = true;
    cause = *root;
    cause.id = write_order(world, VERB_ANNOUNCED, now, root, action, action->to);
    if (record_id_is_none(root->id))
        *root = cause;
    tell_agent(world, now, action->to, USE_PERCEPT, PERCEPT_NOTICE, action->whom, &cause);
}

static void do_stopping(struct world *world, const struct campaign_action *action, time_ns now)
{
    struct cause *root = &world->stop_cause[action->whom];
    struct campaign_action stop = *action;

    if (!world->announced[action->whom])
        *root = CAUSE_NONE;
    stop.value = world->scenario->campaign.protocol;
    root->id = write_order(world, VERB_STOPS, now, root, &stop, AGENT_NONE);
    tell_platform(world, now, PLATFORM_STOPPING, action->whom, action->value, root);
}

static void do_mark(struct world *world, const struct campaign_action *action, time_ns now)
{
    const struct cause *root = &world->stop_cause[action->whom];
    uint64_t from = world->links->offsets[action->whom];
    uint64_t to = world->links->offsets[action->whom + 1];

    for (uint64_t i = from; i < to; i++) {
        struct cause cause = *root;

        cause.id = write_order(world, VERB_MARKED, now, root, action, world->links->peers[i]);
        tell_agent(world, now, world->links->peers[i], USE_PERCEPT, PERCEPT_DEPARTED, action->whom,
                   &cause);
    }
}

static void do_order(struct world *world, const struct campaign_action *action, time_ns now)
{
    struct cause cause =
        action->whom < world->agents ? world->stop_cause[action->whom] : CAUSE_NONE;

    switch ((enum campaign_action_kind)action->kind) {
    case CONTROL_ANNOUNCE:
        do_announce(world, action, now);
        break;
    case CONTROL_STOPPING:
        do_stopping(world, action, now);
        break;
    case CONTROL_SIGNAL:
        cause.id = write_order(world, VERB_SIGNALLED, now, &cause, action, AGENT_NONE);
        tell_agent(world, now, action->whom, USE_PERCEPT, PERCEPT_STOP_ASKED, action->whom, &cause);
        break;
    case CONTROL_KILL:
        cause.id = write_order(world, VERB_KILLED, now, &cause, action, AGENT_NONE);
        tell_agent(world, now, action->whom, USE_END, 0, action->whom, &cause);
        break;
    case CONTROL_KILL_SET:
        engine_barrier(world->engine, now + world->lookahead, BARRIER_BLACKOUT);
        break;
    case CONTROL_THWARTED:
        write_order(world, VERB_THWARTED, now, &cause, action, AGENT_NONE);
        break;
    case CONTROL_MARK:
        do_mark(world, action, now);
        break;
    case CONTROL_STOPPED:
        tell_platform(world, now, PLATFORM_STOPPED, action->whom, 0, &cause);
        world->announced[action->whom] = false;
        break;
    case CONTROL_RESTORE:
        cause.id = write_order(world, VERB_RESTORES, now, &cause, action, AGENT_NONE);
        tell_platform(world, now, PLATFORM_RESTORE, action->whom, 0, &cause);
        break;
    case CONTROL_WAITED:
        write_order(world, VERB_WAITED, now, &CAUSE_NONE, action, AGENT_NONE);
        break;
    case CONTROL_END:
        world->ended = now;
        engine_stop(world->engine);
        break;
    }
}

void control_entity_step(struct world *world, const struct event *event, time_ns now)
{
    struct campaign_event happened = {.kind = CAMPAIGN_TIMER, .whom = AGENT_NONE};
    uint32_t slot = event->data & PAYLOAD_MASK;
    time_ns wake;

    if (event->data >> TAG_SHIFT == TAG_TIMER) {
        if (now < world->control_wake)
            return;
        world->control_wake = TIME_NEVER;
    } else {
        assert(world->message[slot].use == USE_CAMPAIGN);
        happened = world->message[slot].campaign;
        world_message_free(world, slot);
    }
    happened.now = now;
    world->control_actions.count = 0;
    campaign_step(world->campaign, &happened, &world->control_actions);
    assert(world->control_actions.count <= world->control_actions.capacity);
    for (uint32_t i = 0; i < world->control_actions.count; i++)
        do_order(world, &world->control_actions.list[i], now);
    wake = campaign_deadline(world->campaign);
    if (wake == TIME_NEVER || wake >= world->control_wake)
        return;
    world->control_wake = wake < now ? now : wake;
    engine_send(world->engine, world->control_entity, world->control_entity, world->control_wake,
                (uint32_t)TAG_TIMER << TAG_SHIFT);
}
