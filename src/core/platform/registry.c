/*
 * The registry: which incarnations of an agent the platform knows of, and in which slots; starts,
 * ends, restores, tombstones, nodes.
 */
#include <assert.h>

#include "core/platform/state.h"

uint8_t slot_find(const struct platform *platform, agent_id agent, incarnation_id incarnation)
{
    for (uint8_t slot = 0; slot < platform->rules->incarnations_max; slot++) {
        if ((platform->agents[agent].occupied >> slot & 1) != 0 &&
            slot_incarnation(platform, agent, slot) == incarnation)
            return slot;
    }
    return SLOT_NONE;
}

incarnation_id slot_incarnation(const struct platform *platform, agent_id agent, uint8_t slot)
{
    assert(slot < platform->rules->incarnations_max);
    return platform->slots[(uint64_t)agent * platform->rules->incarnations_max + slot];
}

uint8_t slot_free(const struct platform *platform, agent_id agent)
{
    for (uint8_t slot = 0; slot < platform->rules->incarnations_max; slot++) {
        if ((platform->agents[agent].occupied >> slot & 1) == 0)
            return slot;
    }
    return SLOT_NONE;
}

bool node_is_down(const struct platform *platform, agent_id agent)
{
    return platform->node_down[platform->crew->node_of[agent]] != 0;
}

bool platform_runs(const struct platform *platform, agent_id agent)
{
    assert(agent < platform->crew->agents);
    return agent_has(&platform->agents[agent], AGENT_RUNS);
}

bool platform_bars(const struct platform *platform, agent_id agent)
{
    return agent_has(&platform->agents[agent], AGENT_BARRED);
}

incarnation_id platform_epoch(const struct platform *platform, agent_id agent)
{
    assert(agent < platform->crew->agents);
    return platform->agents[agent].last;
}

enum refusal start_obstacle(const struct platform *platform, agent_id agent)
{
    if (node_is_down(platform, agent))
        return REFUSAL_NODE;
    if (slot_free(platform, agent) == SLOT_NONE || platform->agents[agent].last == UINT16_MAX)
        return REFUSAL_LIMIT;
    return (enum refusal)0;
}

/* Starts the next incarnation in a free slot; the slot is taken until it dies. `event` is the
 * relaunch of a peer, or NULL. A peer's start leaves a restart of the platform's own that waits
 * where it is: should the peer fail, it still comes. */
void start_begin(struct platform *platform, agent_id agent, enum start_reason reason,
                 const struct platform_event *event, struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[agent];
    uint8_t slot = slot_free(platform, agent);

    assert(start_obstacle(platform, agent) == 0 && slot != SLOT_NONE);
    assert(row->starting == SLOT_NONE && !agent_has(row, AGENT_BARRED));
    assert((event != NULL) == (reason == START_PEER));
    row->last++;
    row->starting = slot & 15;
    row->reason = (uint8_t)reason & 15;
    row->occupied = (uint8_t)(row->occupied | 1u << slot);
    platform->slots[(uint64_t)agent * platform->rules->incarnations_max + slot] = row->last;

    struct platform_action *action = action_add(actions, ACTION_START);
    if (event != NULL) {
        action->who = event->who;
        action->who_incarnation = event->who_incarnation;
        action->who_slot = slot_find(platform, event->who, event->who_incarnation);
        action->by = event->by;
        action->via = event->via;
    }
    action->whom = agent;
    action->whom_slot = slot;
    action->whom_incarnation = row->last;
    action->checkpoint = row->checkpoint;
    action->value = reason;
}

/* Tells the peer that asked for the start how it went, if it still lives. */
static void start_tell(const struct platform *platform, agent_id agent, int result, int reason,
                       struct platform_actions *actions)
{
    const struct platform_agent *row = &platform->agents[agent];

    if (row->reason != START_PEER)
        return;
    assert(row->grant < platform->crew->agents);
    struct platform_event call = {.kind = PLATFORM_ACT,
                                  .act = ACT_RELAUNCH,
                                  .who = row->grant,
                                  .who_incarnation = row->grant_incarnation,
                                  .whom = agent,
                                  .by = AGENT_NONE,
                                  .via = AGENT_NONE};
    if (slot_find(platform, row->grant, row->grant_incarnation) != SLOT_NONE)
        result_tell(platform, &call, actions, result, reason);
}

static void start_fail(struct platform *platform, agent_id agent, time_ns now, int reason,
                       struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[agent];

    start_tell(platform, agent, RESULT_FAILED, reason, actions);
    row->occupied = (uint8_t)(row->occupied & ~(1u << row->starting));
    row->starting = SLOT_NONE;
    if (agent_has(row, AGENT_RUNS))
        agent_clear(row, AGENT_RESTORE);
    if (agent_has(row, AGENT_RUNS | AGENT_BARRED))
        return;
    if (agent_has(row, AGENT_RESTORE))
        restart_at(platform, agent, time_after(now, RESTORE_RETRY_NS));
    else if (agent_has(row, AGENT_BLOCKED))
        restart_unblock(platform, agent, now);
    else if (row->place == PLACE_NONE)
        restart_plan(platform, agent, now);
}

/* The slot of the start that this event answers, or SLOT_NONE: answers come from the world, and one
 * that nobody waits for is passed over. */
static uint8_t start_answered(const struct platform *platform, const struct platform_event *event)
{
    uint8_t slot = slot_find(platform, event->whom, event->incarnation);

    return slot == platform->agents[event->whom].starting ? slot : SLOT_NONE;
}

void registry_started(struct platform *platform, const struct platform_event *event,
                      struct platform_actions *actions)
{
    agent_id agent = event->whom;
    struct platform_agent *row = &platform->agents[agent];
    uint8_t slot = start_answered(platform, event);

    if (slot == SLOT_NONE)
        return;
    if (node_is_down(platform, agent)) {
        start_fail(platform, agent, event->now, REFUSAL_NODE, actions);
        return;
    }
    bool barred = agent_has(row, AGENT_BARRED);
    bool linked = agent_has(row, AGENT_RESTORE) ||
                  (row->reason == START_PLATFORM && platform->rules->relink_on_restart);

    /* No link leads to two incarnations: the one before, if it lives, loses its own. */
    if (agent_has(row, AGENT_RUNS))
        links_sever(platform, agent, actions);
    restart_cancel(platform, agent);
    row->starting = SLOT_NONE;
    row->current = slot & 15;
    start_tell(platform, agent, barred ? RESULT_FAILED : RESULT_OK,
               barred ? (int)barred_reason(row) : 0, actions);
    row->at = event->now;
    row->grant = AGENT_NONE;
    agent_clear(row, AGENT_RESTORE | AGENT_DOUBTED);
    agent_set(row, AGENT_RUNS);
    if (barred)
        return;
    agent_set(row, AGENT_RETURNING);
    if (linked)
        links_connect(platform, agent, AGENT_NONE, actions);
    else
        links_returned(platform, agent, actions);
}

void registry_start_failed(struct platform *platform, const struct platform_event *event,
                           struct platform_actions *actions)
{
    if (start_answered(platform, event) != SLOT_NONE)
        start_fail(platform, event->whom, event->now,
                   node_is_down(platform, event->whom) ? REFUSAL_NODE : 0, actions);
}

/* Its return is no longer to be told. */
static void agent_await_no_more(struct platform *platform, agent_id agent)
{
    struct platform_agent *row = &platform->agents[agent];

    if (agent_has(row, AGENT_CHECK))
        platform->late_returns--;
    agent_clear(row, AGENT_RETURNING | AGENT_CHECK);
}

/* The current incarnation is gone. */
static void agent_end(struct platform *platform, agent_id agent, time_ns now,
                      struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[agent];

    assert(agent_has(row, AGENT_RUNS));
    if (now - row->at >= platform->rules->backoff_reset)
        row->failures = 0;
    agent_await_no_more(platform, agent);
    agent_clear(row, AGENT_RUNS | AGENT_DOUBTED);
    links_drop(platform, agent);
    links_neighbours_returned(platform, agent, actions);
    if (row->starting == SLOT_NONE)
        restart_plan(platform, agent, now);
}

void registry_died(struct platform *platform, const struct platform_event *event,
                   struct platform_actions *actions)
{
    agent_id agent = event->whom;
    struct platform_agent *row = &platform->agents[agent];
    uint8_t slot = slot_find(platform, agent, event->incarnation);

    if (slot == SLOT_NONE)
        return;
    if (slot == row->starting) {
        start_fail(platform, agent, event->now, 0, actions);
        return;
    }
    row->occupied = (uint8_t)(row->occupied & ~(1u << slot));
    if (agent_has(row, AGENT_RUNS) && slot == row->current)
        agent_end(platform, agent, event->now, actions);
    else
        restart_unblock(platform, agent, event->now);
}

/* The operator wants it back: linked if it runs, else started whatever the policy says and however
 * often it must be tried. Only a tombstone or a fence is stronger. */
void registry_restore(struct platform *platform, const struct platform_event *event,
                      struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[event->whom];

    if (agent_has(row, AGENT_BARRED))
        return;
    restart_forget(platform, event->whom);
    if (agent_has(row, AGENT_RUNS)) {
        agent_set(row, AGENT_RETURNING);
        links_connect(platform, event->whom, AGENT_NONE, actions);
    }
    if (!agent_has(row, AGENT_RUNS) || row->starting != SLOT_NONE)
        agent_set(row, AGENT_RESTORE);
    if (!agent_has(row, AGENT_RUNS) && row->starting == SLOT_NONE)
        restart_at(platform, event->whom, event->now);
}

enum refusal barred_reason(const struct platform_agent *agent)
{
    assert(agent_has(agent, AGENT_BARRED));
    return agent_has(agent, AGENT_TOMBSTONE) ? REFUSAL_TOMBSTONE : REFUSAL_FENCED;
}

/* From now on nobody is awaited, granted or restarted as this agent. */
static void agent_bar(struct platform *platform, agent_id agent, int flag,
                      struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[agent];

    restart_cancel(platform, agent);
    if (row->starting == SLOT_NONE)
        row->grant = AGENT_NONE;
    agent_await_no_more(platform, agent);
    agent_set(row, flag);
    agent_clear(row, AGENT_RESTORE);
    links_neighbours_returned(platform, agent, actions);
}

static void bar_tell(struct platform *platform, agent_id agent, int kind,
                     struct platform_actions *actions)
{
    struct platform_action *action = action_add(actions, kind);

    action_set_whom(platform, action, agent);
    action->whom_incarnation = platform->agents[agent].last;
}

void registry_tombstone(struct platform *platform, const struct platform_event *event,
                        struct platform_actions *actions)
{
    agent_bar(platform, event->whom, AGENT_TOMBSTONE, actions);
    bar_tell(platform, event->whom, ACTION_TOMBSTONED, actions);
}

/* The links go last: whoever hears a hang-up finds every tool refused already. */
void registry_fence(struct platform *platform, const struct platform_event *event,
                    struct platform_actions *actions)
{
    agent_bar(platform, event->whom, AGENT_FENCED, actions);
    bar_tell(platform, event->whom, ACTION_FENCED, actions);
    if (platform_runs(platform, event->whom))
        links_sever(platform, event->whom, actions);
}

/* An incarnation that still runs gets its links back; one that is dead stays so until somebody
 * starts it. */
void registry_lift(struct platform *platform, const struct platform_event *event,
                   struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[event->whom];

    if (!agent_has(row, AGENT_BARRED))
        return;
    agent_clear(row, AGENT_BARRED);
    bar_tell(platform, event->whom, ACTION_LIFTED, actions);
    if (!agent_has(row, AGENT_RUNS))
        return;
    agent_set(row, AGENT_RETURNING);
    links_connect(platform, event->whom, AGENT_NONE, actions);
}

/* A crash leaves no process on the node, so that all slots there are free again, but for those of
 * starts under way: the world has yet to answer them. */
void registry_node_down(struct platform *platform, const struct platform_event *event,
                        struct platform_actions *actions)
{
    if (event->value < 0 || event->value >= platform->crew->nodes)
        return;

    uint32_t node = (uint32_t)event->value;
    platform->node_down[node] = 1;
    /* First nobody there is awaited any more: a crash makes none of them come back. */
    for (uint32_t i = platform->node_first[node]; i < platform->node_first[node + 1]; i++)
        agent_await_no_more(platform, platform->node_agents[i]);
    for (uint32_t i = platform->node_first[node]; i < platform->node_first[node + 1]; i++) {
        agent_id agent = platform->node_agents[i];
        struct platform_agent *row = &platform->agents[agent];

        row->occupied =
            row->starting == SLOT_NONE ? 0 : (uint8_t)(row->occupied & 1u << row->starting);
        if (agent_has(row, AGENT_RUNS))
            agent_end(platform, agent, event->now, actions);
    }
}

void registry_node_up(struct platform *platform, const struct platform_event *event)
{
    if (event->value < 0 || event->value >= platform->crew->nodes)
        return;

    uint32_t node = (uint32_t)event->value;
    platform->node_down[node] = 0;
    for (uint32_t i = platform->node_first[node]; i < platform->node_first[node + 1]; i++)
        restart_unblock(platform, platform->node_agents[i], event->now);
}
