/*
 * The platform's own restart policies, and the restarts that are waiting: an indexed binary heap,
 * so that a million agents with a pending restart cost the logarithm of a million at each change.
 */
#include <assert.h>

#include "core/platform/state.h"

/* By time, and by agent at one instant, so that the order never depends on the heap's history. */
static bool heap_before(const struct platform *platform, agent_id a, agent_id b)
{
    time_ns time_a = platform->agents[a].at;
    time_ns time_b = platform->agents[b].at;

    return time_a != time_b ? time_a < time_b : a < b;
}

static void heap_put(struct platform *platform, uint32_t place, agent_id agent)
{
    platform->heap[place] = agent;
    platform->agents[agent].place = place;
}

static void heap_rise(struct platform *platform, uint32_t place)
{
    agent_id agent = platform->heap[place];

    while (place > 0 && heap_before(platform, agent, platform->heap[(place - 1) / 2])) {
        heap_put(platform, place, platform->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    heap_put(platform, place, agent);
}

static void heap_sink(struct platform *platform, uint32_t place)
{
    agent_id agent = platform->heap[place];

    for (;;) {
        uint64_t child = 2 * (uint64_t)place + 1;

        if (child >= platform->heap_count)
            break;
        if (child + 1 < platform->heap_count &&
            heap_before(platform, platform->heap[child + 1], platform->heap[child]))
            child++;
        if (!heap_before(platform, platform->heap[child], agent))
            break;
        heap_put(platform, place, platform->heap[child]);
        place = (uint32_t)child;
    }
    heap_put(platform, place, agent);
}

void restart_cancel(struct platform *platform, agent_id agent)
{
    uint32_t place = platform->agents[agent].place;

    agent_clear(&platform->agents[agent], AGENT_BLOCKED);
    if (place == PLACE_NONE)
        return;
    assert(place < platform->heap_count && platform->heap[place] == agent);
    platform->agents[agent].place = PLACE_NONE;
    agent_id moved = platform->heap[--platform->heap_count];
    if (moved == agent)
        return;
    heap_put(platform, place, moved);
    heap_rise(platform, place);
    heap_sink(platform, platform->agents[moved].place);
}

void restart_at(struct platform *platform, agent_id agent, time_ns at)
{
    struct platform_agent *row = &platform->agents[agent];

    assert(!agent_has(row, AGENT_RUNS) && !agent_has(row, AGENT_BARRED));
    restart_cancel(platform, agent);
    row->at = at;
    row->place = platform->heap_count;
    platform->heap[platform->heap_count++] = agent;
    heap_rise(platform, row->place);
}

/* Kubernetes, "Pod Lifecycle", container restarts: an exponential back-off delay (10 s, 20 s, 40 s,
 * ...) that is capped at 300 seconds, and reset once a container has run 10 minutes without
 * trouble. The caller has reset `failures`. */
static time_ns backoff_delay(const struct platform_rules *rules, uint8_t failures)
{
    time_ns delay = rules->backoff_first;

    for (uint8_t i = 0; i < failures && delay < rules->backoff_max; i++)
        delay = time_after(delay, delay);
    return delay < rules->backoff_max ? delay : rules->backoff_max;
}

/* The agent does not run (any more), and nothing is under way for it: when will the platform itself
 * start it? */
void restart_plan(struct platform *platform, agent_id agent, time_ns now)
{
    const struct platform_rules *rules = platform->rules;
    struct platform_agent *row = &platform->agents[agent];

    assert(!agent_has(row, AGENT_RUNS) && row->starting == SLOT_NONE);
    if (agent_has(row, AGENT_BARRED | AGENT_GAVE_UP))
        return;
    switch ((enum restart_policy)rules->policy) {
    case RESTART_NONE:
        break;
    case RESTART_ALWAYS:
        restart_at(platform, agent, time_after(now, rules->restart_delay));
        break;
    case RESTART_BACKOFF:
        restart_at(platform, agent, time_after(now, backoff_delay(rules, row->failures)));
        if (row->failures < UINT8_MAX)
            row->failures++;
        break;
    case RESTART_INTENSITY:
        restart_at(platform, agent, now);
        break;
    }
}

/* Forgets what earlier restarts have cost: the operator has looked after it. */
void restart_forget(struct platform *platform, agent_id agent)
{
    agent_clear(&platform->agents[agent], AGENT_GAVE_UP);
    platform->agents[agent].failures = 0;
    for (uint32_t i = 0; platform->restarts != NULL && i < platform->rules->intensity; i++)
        platform->restarts[(uint64_t)agent * platform->rules->intensity + i] = -1;
}

/* Erlang/OTP, supervisor principles, "Maximum Restart Intensity": "If more than MaxR number of
 * restarts occur in the last MaxT seconds, the supervisor terminates all the child processes and
 * then itself." Here each agent has a supervisor of its own. Takes note of a restart at `now`. */
static bool intensity_allows(struct platform *platform, agent_id agent, time_ns now)
{
    uint32_t most = platform->rules->intensity;

    if (most == 0)
        return false;
    time_ns *past = &platform->restarts[(uint64_t)agent * most];
    /* The oldest of the last `most` restarts stands first. */
    if (past[0] >= 0 && now - past[0] <= platform->rules->intensity_period)
        return false;
    for (uint32_t i = 0; i + 1 < most; i++)
        past[i] = past[i + 1];
    past[most - 1] = now;
    return true;
}

static void restart_one(struct platform *platform, agent_id agent, time_ns now,
                        struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[agent];
    bool restore = agent_has(row, AGENT_RESTORE);

    assert(!agent_has(row, AGENT_RUNS | AGENT_BARRED));
    restart_cancel(platform, agent);
    if (row->starting != SLOT_NONE || start_obstacle(platform, agent) != 0) {
        agent_set(row, AGENT_BLOCKED);
        return;
    }
    if (!restore && platform->rules->policy == RESTART_INTENSITY &&
        !intensity_allows(platform, agent, now)) {
        agent_set(row, AGENT_GAVE_UP);
        action_set_whom(platform, action_add(actions, ACTION_GIVE_UP), agent);
        return;
    }
    start_begin(platform, agent, restore ? START_OPERATOR : START_PLATFORM, NULL, actions);
}

void restart_due_of(struct platform *platform, agent_id agent, time_ns now,
                    struct platform_actions *actions)
{
    if (agent < platform->crew->agents && platform->agents[agent].place != PLACE_NONE &&
        platform->agents[agent].at <= now && actions_have_room(actions, 1))
        restart_one(platform, agent, now, actions);
}

void restart_due(struct platform *platform, time_ns now, struct platform_actions *actions)
{
    while (platform->heap_count > 0 && restart_deadline(platform) <= now &&
           restart_deadline(platform) != TIME_NEVER && actions_have_room(actions, 1))
        restart_one(platform, platform->heap[0], now, actions);
}

void restart_unblock(struct platform *platform, agent_id agent, time_ns now)
{
    struct platform_agent *row = &platform->agents[agent];

    if (agent_has(row, AGENT_BLOCKED) && row->starting == SLOT_NONE &&
        start_obstacle(platform, agent) == 0)
        restart_at(platform, agent, now);
}

time_ns restart_deadline(const struct platform *platform)
{
    return platform->heap_count == 0 ? TIME_NEVER : platform->agents[platform->heap[0]].at;
}

const char *restart_check(const struct platform *platform)
{
    if (platform->heap_count > platform->crew->agents)
        return "more restarts wait than there are agents";
    for (uint32_t i = 0; i < platform->heap_count; i++) {
        agent_id agent = platform->heap[i];

        if (platform->agents[agent].place != i)
            return "an agent does not know its place among the waiting restarts";
        if (agent_has(&platform->agents[agent], AGENT_RUNS | AGENT_BARRED | AGENT_BLOCKED))
            return "a restart waits for an agent that runs, is barred or is blocked";
        if (i > 0 && heap_before(platform, agent, platform->heap[(i - 1) / 2]))
            return "the waiting restarts are out of order";
    }
    return NULL;
}
