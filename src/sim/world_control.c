/* Control as an entity of the simulated world: the operator's campaign. */
#include "sim/world.h"

#include <assert.h>

int sim_control_open(struct world *world, struct error *error)
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
    world->orders = (struct orders){
        .recorder = world->recorder,
        .rules = rules,
        .agents = world->agents,
        .root = world_reserve(world, world->agents, sizeof *world->orders.root),
        .announced = world_reserve(world, world->agents, sizeof *world->orders.announced)};
    if (protocol_cauterizes(rules->protocol) || rules->protocol == PROTOCOL_LEASE) {
        world->epoch = world_reserve(world, world->agents, sizeof *world->epoch);
        world->lease = world_reserve(world, world->agents, sizeof *world->lease);
        world->wanted = world_reserve(world, rules->target_count, sizeof *world->wanted);
    }
    if (world->failed != 0)
        return world->failed;
    orders_open(&world->orders);
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

/* On the platform's own channel, before the process goes on: `whom` departed. */
static void tell_frozen(struct world *world, uint32_t row, agent_id whom, time_ns now,
                        const struct cause *cause)
{
    struct percept percept = {.kind = PERCEPT_DEPARTED,
                              .peer = whom,
                              .subject = row_agent(world, row),
                              .by = AGENT_NONE,
                              .via = AGENT_NONE};

    if (world->row[row].alive)
        row_deliver(world, row, &percept, now, cause);
}

/* To every process of the peer that would go on. */
static void tell_peer_frozen(struct world *world, agent_id peer, agent_id whom, time_ns now,
                             const struct cause *cause)
{
    for (uint32_t slot = 0; slot < world->slots; slot++) {
        uint32_t row = slot * world->agents + peer;

        if (!world->row[row].hung)
            tell_frozen(world, row, whom, now, cause);
    }
}

static void do_mark(struct world *world, const struct campaign_action *action, time_ns now)
{
    uint64_t from = world->links->offsets[action->whom];
    uint64_t to = world->links->offsets[action->whom + 1];

    for (uint64_t i = from; i < to; i++) {
        agent_id peer = world->links->peers[i];
        struct cause cause = orders_mark(&world->orders, action, peer, now);

        if (world->frozen)
            tell_peer_frozen(world, peer, action->whom, now, &cause);
        else
            tell_agent(world, now, peer, USE_PERCEPT, PERCEPT_DEPARTED, action->whom, &cause);
    }
}

/* Of the fence's hold there is no record; it stands still from then on all the same. */
static void row_keep(struct world *world, uint32_t row, time_ns now, const struct cause *cause)
{
    time_ns since = world->row_work[row].hung_since;
    bool fenced = world->row_work[row].held == HOLD_FENCED;

    if (fenced)
        world->row[row].hung = false;
    world->row_work[row].held = HOLD_HELD;
    row_hang(world, row, now, false, cause);
    if (fenced)
        world->row_work[row].hung_since = since;
}

/* What was found is its row. One that has not come to its first instruction cannot be held. */
static void do_found(struct world *world, const struct campaign_action *action, time_ns now)
{
    uint32_t row = (uint32_t)action->value;
    bool kept = action->kind == CONTROL_HOLD && world->row[row].alive;
    struct cause cause =
        orders_found(&world->orders, action->whom, action->incarnation, kept, 0, now);

    assert(world->frozen && row_agent(world, row) == action->whom);
    if (kept) {
        row_keep(world, row, now, &cause);
    } else {
        row_kill(world, row, now, DEATH_KILLED, &cause);
    }
}

void control_hold(struct world *world, time_ns now)
{
    const struct campaign_rules *rules = &world->scenario->campaign;

    for (uint32_t i = 0; i < rules->target_count; i++)
        for (uint32_t slot = 0; slot < world->slots; slot++) {
            uint32_t row = slot * world->agents + rules->targets[i];

            if (!world->row[row].alive || world->row[row].hung ||
                !campaign_stops_it(world->campaign, rules->targets[i]))
                continue;
            world->row_work[row].held = HOLD_FENCED;
            row_stand(world, row, now, false);
        }
}

/* Together with whatever else is released at that moment. */
static void do_release(struct world *world, agent_id whom, time_ns now)
{
    for (uint32_t slot = 0; slot < world->slots; slot++) {
        struct row_work *state = &world->row_work[slot * world->agents + whom];

        if (state->held == HOLD_HELD)
            state->held = HOLD_RELEASING;
        else if (state->held == HOLD_FENCED)
            state->held = HOLD_LETTING;
    }
    engine_barrier(world->engine, now + world->lookahead, BARRIER_RELEASE);
}

/* Held by the fence alone, of which there is no record; a fault may have begun meanwhile. */
static void let_go(struct world *world, uint32_t row, time_ns now, bool hangs)
{
    if (!hangs) {
        world->row_work[row].held = HOLD_NONE;
        row_stand(world, row, now, true);
        return;
    }
    world->row_work[row].held = HOLD_FENCED;
    row_keep(world, row, now, &CAUSE_NONE);
    world->row_work[row].held = HOLD_NONE;
}

static void release(struct world *world, uint32_t row, time_ns now)
{
    struct cause root = orders_root(&world->orders, row_agent(world, row));
    bool hangs = row_hangs_by_fault(world, row);

    row_unlink(world, row);
    if (world->row_work[row].held == HOLD_LETTING) {
        let_go(world, row, now, hangs);
        return;
    }
    world->row_work[row].held = HOLD_NONE;
    if (!hangs)
        row_hang(world, row, now, true, &root);
}

void control_release(struct world *world, time_ns now)
{
    const struct campaign_rules *rules = &world->scenario->campaign;

    for (uint32_t i = 0; i < rules->target_count; i++)
        for (uint32_t slot = 0; slot < world->slots; slot++) {
            uint32_t row = slot * world->agents + rules->targets[i];

            if (world->row_work[row].held >= HOLD_LETTING)
                release(world, row, now);
        }
}

/* From now on it is not renewed. What is left runs out by the node's own clock, and not before
 * control takes it to have: no word of the operator's has to reach the node for that. */
static void do_lease(struct world *world, agent_id whom, time_ns now)
{
    time_ns left = world->scenario->campaign.lease;
    time_ns ends = clock_global(world, whom, time_later(clock_local(world, whom, now), left));
    time_ns first = time_later(now, left);

    world->lease[whom] = (struct lease){ends > first ? ends : first, CAUSE_NONE};
    if (world->lease[whom].ends < world->scenario->duration) {
        world->lease[whom].ends += world->lookahead;
        engine_barrier(world->engine, world->lease[whom].ends, BARRIER_LEASE);
    }
}

void control_leases(struct world *world, time_ns now)
{
    for (agent_id agent = 0; agent < world->agents; agent++) {
        struct lease *lease = &world->lease[agent];

        if (lease->ends == LEASE_GIVEN) {
            world->epoch[agent] = platform_epoch(world->platform, agent);
            lease->ends = 0;
        }
        if (lease->ends == 0 || lease->ends > now)
            continue;
        /* The platform may not know yet: whomever it starts now has no lease. */
        lease->ends = 0;
        world->epoch[agent] = UINT16_MAX;
        if (!world_has_process(world, agent))
            continue;
        /* Control may have taken the death of another incarnation for that of the last one. */
        if (record_id_is_none(lease->cause.id))
            lease->cause = orders_kill(&world->orders, agent, now);
        for (uint32_t slot = 0; slot < world->slots; slot++)
            row_kill(world, slot * world->agents + agent, now, DEATH_KILLED, &lease->cause);
    }
}

/* The contact rule set has no platform: a kill goes to whatever life the target then has, and of
 * the other orders the records are all. */
static void do_contact_order(struct world *world, const struct campaign_action *action, time_ns now,
                             const struct cause *cause)
{
    uint32_t slot;

    if (action->kind == CONTROL_END) {
        world->ended = now;
        engine_stop(world->engine);
    }
    if (action->kind != CONTROL_KILL)
        return;
    slot = world_message(world);
    world->message[slot].use = USE_END;
    world->message[slot].any = true;
    world->message[slot].reason = DEATH_KILLED;
    world->message[slot].cause = *cause;
    world_send(world, world->control_entity, action->whom, now + world->lookahead, slot);
}

static void do_order(struct world *world, const struct campaign_action *action, time_ns now)
{
    struct cause cause = orders_record(&world->orders, action, now);

    if (world->contact) {
        do_contact_order(world, action, now, &cause);
        return;
    }
    switch ((enum campaign_action_kind)action->kind) {
    case CONTROL_ANNOUNCE:
        tell_agent(world, now, action->to, USE_PERCEPT, PERCEPT_NOTICE, action->whom, &cause);
        break;
    case CONTROL_STOPPING:
        tell_platform(world, now, PLATFORM_STOPPING, action->whom, action->value, &cause);
        break;
    case CONTROL_SIGNAL:
        tell_agent(world, now, action->whom, USE_PERCEPT, PERCEPT_STOP_ASKED, action->whom, &cause);
        break;
    case CONTROL_KILL:
        if (world->scenario->campaign.protocol == PROTOCOL_LEASE)
            world->lease[action->whom].cause = cause;
        else
            tell_agent(world, now, action->whom, USE_END, 0, action->whom, &cause);
        break;
    case CONTROL_KILL_SET:
        engine_barrier(world->engine, now + world->lookahead, BARRIER_BLACKOUT);
        break;
    case CONTROL_MARK:
        do_mark(world, action, now);
        break;
    case CONTROL_STOPPED:
        tell_platform(world, now, PLATFORM_STOPPED, action->whom, 0, &cause);
        break;
    case CONTROL_RESTORE:
        tell_platform(world, now, PLATFORM_RESTORE, action->whom, 0, &cause);
        break;
    case CONTROL_FENCE:
        if (campaign_stops_it(world->campaign, action->whom))
            engine_barrier(world->engine, now + world->lookahead, BARRIER_HOLD);
        tell_platform(world, now, PLATFORM_FENCE, action->whom, 0, &cause);
        break;
    case CONTROL_TOMBSTONE:
        if (world->scenario->campaign.protocol == PROTOCOL_LEASE)
            do_lease(world, action->whom, now);
        tell_platform(world, now, PLATFORM_TOMBSTONE, action->whom, 0, &cause);
        break;
    case CONTROL_LIFT:
        do_release(world, action->whom, now);
        if (world->scenario->campaign.protocol == PROTOCOL_LEASE) {
            world->lease[action->whom].ends = LEASE_GIVEN;
            engine_barrier(world->engine, now + world->lookahead, BARRIER_LEASE);
        }
        tell_platform(world, now, PLATFORM_LIFT, action->whom, 0, &cause);
        break;
    case CONTROL_FREEZE:
        engine_barrier(world->engine, now + world->lookahead, BARRIER_FREEZE);
        break;
    case CONTROL_KILL_FOUND:
    case CONTROL_HOLD:
        do_found(world, action, now);
        break;
    case CONTROL_RELEASE:
        do_release(world, action->whom, now);
        break;
    case CONTROL_FIND: /* by whoever worked the list of actions, when it is done with it */
        world->wanted[world->wanted_count++] = action->whom;
        break;
    case CONTROL_THWARTED: /* the record is all that there is of these */
    case CONTROL_THAW:
    case CONTROL_SEALED:
    case CONTROL_WAITED:
        break;
    case CONTROL_END:
        world->ended = now;
        engine_stop(world->engine);
        break;
    }
}

/* Gives control an event and carries out what it says. */
static void control_work(struct world *world, struct campaign_event *event, time_ns now)
{
    event->now = now;
    world->control_actions.count = 0;
    campaign_step(world->campaign, event, &world->control_actions);
    assert(world->control_actions.count <= world->control_actions.capacity);
    for (uint32_t i = 0; i < world->control_actions.count; i++)
        do_order(world, &world->control_actions.list[i], now);
}

static void control_schedule(struct world *world, time_ns now)
{
    time_ns wake = campaign_deadline(world->campaign);

    if (wake == TIME_NEVER || wake >= world->control_wake)
        return;
    world->control_wake = wake < now ? now : wake;
    engine_send(world->engine, world->control_entity, world->control_entity, world->control_wake,
                (uint32_t)TAG_TIMER << TAG_SHIFT);
}

/* Every process of the agent, and every start under way: told to control one by one, each of which
 * is killed before the next is looked at. */
static void find_all(struct world *world, agent_id whom, time_ns now)
{
    struct campaign_event event = {.whom = whom};

    for (uint32_t slot = 0; slot < world->slots; slot++) {
        uint32_t row = slot * world->agents + whom;
        incarnation_id starting = world->row_work[row].starting;

        if ((!world->row[row].alive && starting == 0) || world->row_work[row].held > HOLD_FENCED)
            continue;
        event.incarnation = world->row[row].alive ? world->row[row].incarnation : starting;
        event.value = row;
        event.kind = CAMPAIGN_FOUND;
        control_work(world, &event, now);
        event.kind = CAMPAIGN_GONE;
        control_work(world, &event, now);
    }
    event.kind = CAMPAIGN_FOUND_ALL;
    control_work(world, &event, now);
}

void control_frozen(struct world *world, time_ns now)
{
    struct campaign_event event = {.kind = CAMPAIGN_FROZEN,
                                   .whom = campaign_stops(world->campaign)};
    world->frozen = world->orders.frozen = true;
    world->wanted_count = 0;
    control_work(world, &event, now);
    for (uint32_t i = 0; i < world->wanted_count; i++)
        world->epoch[world->wanted[i]] = platform_epoch(world->platform, world->wanted[i]);
    /* The last answer of a look may bring the next look. */
    while (world->wanted_count > 0)
        find_all(world, world->wanted[--world->wanted_count], now);
    world->frozen = world->orders.frozen = false;
    control_schedule(world, now + world->lookahead);
}

void control_entity_step(struct world *world, const struct event *event, time_ns now)
{
    struct campaign_event happened = {.kind = CAMPAIGN_TIMER, .whom = AGENT_NONE};
    uint32_t slot = event->data & PAYLOAD_MASK;

    if (event->data >> TAG_SHIFT == TAG_TIMER) {
        if (now < world->control_wake)
            return;
        world->control_wake = TIME_NEVER;
    } else {
        assert(world->message[slot].use == USE_CAMPAIGN);
        happened = world->message[slot].campaign;
        world_message_free(world, slot);
    }
    /* Nobody looks while the range goes on: control waits for the answer, and then goes on. */
    world->wanted_count = 0;
    control_work(world, &happened, now);
    control_schedule(world, now);
}
