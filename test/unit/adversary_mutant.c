/* Stop protocols without one of their steps. */
#include "adversary.h"

#include <assert.h>

/* What the world would have answered to an action that is not carried out; false: it is. */
static bool mutant_answer(const struct campaign_action *action, struct campaign_event *answer)
{
    struct watched *target;
    bool first;

    if (action->whom >= ADVERSARY_AGENTS_MAX) /* of nobody in particular */
        return false;
    target = &adversary.agent[action->whom];
    *answer = (struct campaign_event){.whom = action->whom};
    switch (action->kind) {
    case CONTROL_FENCE:
        answer->kind = CAMPAIGN_FENCED;
        return adversary.mutant == MUTANT_FENCE;
    case CONTROL_FREEZE:
        answer->kind = CAMPAIGN_FROZEN;
        answer->value = 1;
        return adversary.mutant == MUTANT_FREEZE;
    case CONTROL_FIND:
        answer->kind = CAMPAIGN_FOUND_ALL;
        first = !target->looked;
        target->looked = true;
        return adversary.mutant == MUTANT_VERIFY && !first;
    case CONTROL_MARK:
        return adversary.mutant == MUTANT_MARK;
    case CONTROL_TOMBSTONE:
        answer->kind = CAMPAIGN_TOMBSTONED;
        return adversary.mutant == MUTANT_TOMBSTONE;
    default:
        return false;
    }
}

/* Without a freeze the witness looks while the range goes on: what it saw at one instant reaches
 * control later, and so does the kill its target. */
static bool mutant_unfrozen(struct world *world, const struct campaign_action *action, time_ns now)
{
    uint32_t row = (uint32_t)action->value, slot;

    if (adversary.mutant != MUTANT_FREEZE)
        return false;
    if (action->kind == CONTROL_FIND) {
        adversary.look_wanted[action->whom] = true;
        if (!adversary.look_planned)
            engine_barrier(world->engine, now + world->lookahead, BARRIER_MUTANT_LOOK);
        adversary.look_planned = true;
        return true;
    }
    if (action->kind != CONTROL_KILL_FOUND && action->kind != CONTROL_HOLD)
        return false;
    slot = world_message(world);
    world->message[slot].use = USE_END;
    world->message[slot].incarnation = action->incarnation;
    world->message[slot].any = true;
    world->message[slot].reason = DEATH_KILLED;
    world->message[slot].cause =
        orders_found(&world->orders, action->whom, action->incarnation, false, 0, now);
    adversary.kill_asked[row] = true;
    world_send(world, world->control_entity, row, now + world->lookahead, slot);
    return true;
}

/* What follows from answers needs room beside what control may ask for at once. */
#define MUTANT_ROOM 128

uint32_t __wrap_campaign_actions_max(const struct campaign_rules *rules);
uint32_t __real_campaign_actions_max(const struct campaign_rules *rules);
uint32_t __wrap_campaign_actions_max(const struct campaign_rules *rules)
{
    return __real_campaign_actions_max(rules) + MUTANT_ROOM;
}

static void mutate(struct campaign *campaign, const struct campaign_actions *asked, time_ns now,
                   struct campaign_actions *actions)
{
    struct campaign_action room[256];
    struct campaign_actions more = {.capacity = 256, .list = room};
    struct campaign_event answer;

    for (uint32_t i = 0; i < asked->count; i++) {
        if (mutant_answer(&asked->list[i], &answer)) {
            answer.now = now;
            more.count = 0;
            if (answer.kind != 0)
                __real_campaign_step(campaign, &answer, &more);
            mutate(campaign, &more, now, actions);
        } else if (!mutant_unfrozen(adversary.world, &asked->list[i], now)) {
            assert(actions->count < actions->capacity);
            actions->list[actions->count++] = asked->list[i];
        }
    }
}

void mutant_step(struct campaign *campaign, const struct campaign_event *event,
                 struct campaign_actions *actions)
{
    struct campaign_action room[256];
    struct campaign_actions asked = {.list = room};

    asked.capacity = actions->capacity - MUTANT_ROOM;
    assert(asked.capacity <= 256);
    actions->count = 0;
    if (adversary.mutant == MUTANT_FIND && event->kind == CAMPAIGN_FOUND &&
        event->incarnation != adversary.world->address[event->whom].incarnation)
        return;
    __real_campaign_step(campaign, event, &asked);
    mutate(campaign, &asked, event->now, actions);
}

void mutant_look(struct world *world, time_ns now)
{
    struct campaign_event event = {0};

    adversary.look_planned = false;
    for (agent_id whom = 0; whom < world->agents; whom++) {
        if (!adversary.look_wanted[whom])
            continue;
        adversary.look_wanted[whom] = false;
        world->epoch[whom] = platform_epoch(world->platform, whom);
        event.whom = whom;
        event.kind = CAMPAIGN_FOUND;
        for (uint32_t slot = 0; slot < world->slots; slot++) {
            uint32_t row = slot * world->agents + whom;

            if (!row_occupied(world, row))
                continue;
            event.value = row;
            event.incarnation =
                world->row[row].alive ? world->row[row].incarnation : world->row_work[row].starting;
            world_tell_control(world, row, now + world->lookahead, &event, &CAUSE_NONE);
        }
        event.kind = CAMPAIGN_FOUND_ALL;
        world_tell_control(world, world->platform_entity, now + world->lookahead, &event,
                           &CAUSE_NONE);
    }
}

void mutant_killed(struct world *world, const struct event *event, time_ns now)
{
    struct campaign_event gone = {.kind = CAMPAIGN_GONE, .whom = row_agent(world, event->target)};

    if (!adversary.kill_asked[event->target] || event->source != world->control_entity)
        return;
    adversary.kill_asked[event->target] = false;
    world_tell_control(world, event->target, now + world->lookahead, &gone, &CAUSE_NONE);
}
