/*
 * Links. The former links of an agent are those of the crew's graph; a bit says for each of the two
 * directions whether the link is up between the current incarnations of both ends. Each link made
 * gets an epoch of its own, higher than any before, so that a copy with an older one can be told.
 */
#include <assert.h>

#include "core/platform/state.h"

bool link_is_up(const struct platform *platform, uint64_t place)
{
    return (platform->up[place / 8] >> (place % 8) & 1) != 0;
}

static void link_set(struct platform *platform, uint64_t place, bool up)
{
    uint8_t bit = (uint8_t)(1u << (place % 8));
    uint8_t byte = platform->up[place / 8];

    platform->up[place / 8] = (uint8_t)(up ? byte | bit : byte & ~bit);
}

/* The place of `peer` among the peers of `agent`, which ascend; it must be one. */
uint64_t link_find(const struct platform *platform, agent_id agent, agent_id peer)
{
    const struct platform_crew *crew = platform->crew;
    uint64_t low = crew->offsets[agent];
    uint64_t high = crew->offsets[agent + 1];

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (crew->peers[middle] < peer)
            low = middle + 1;
        else
            high = middle;
    }
    assert(low < crew->offsets[agent + 1] && crew->peers[low] == peer);
    return low;
}

static void link_set_both(struct platform *platform, agent_id agent, uint64_t place, bool up)
{
    agent_id peer = platform->crew->peers[place];

    link_set(platform, place, up);
    link_set(platform, link_find(platform, peer, agent), up);
}

/* A barred agent gets no link, even while it still runs. */
static bool link_may_be(const struct platform *platform, agent_id agent)
{
    const struct platform_agent *row = &platform->agents[agent];

    return agent_has(row, AGENT_RUNS) && !agent_has(row, AGENT_BARRED);
}

void links_connect(struct platform *platform, agent_id agent, agent_id by,
                   struct platform_actions *actions)
{
    const struct platform_crew *crew = platform->crew;

    assert(agent_has(&platform->agents[agent], AGENT_RUNS));
    if (!link_may_be(platform, agent))
        return;
    for (uint64_t i = crew->offsets[agent]; i < crew->offsets[agent + 1]; i++) {
        if (link_is_up(platform, i) || !link_may_be(platform, crew->peers[i]))
            continue;
        link_set_both(platform, agent, i, true);
        struct platform_action *action = action_add(actions, ACTION_CONNECT);
        action_set_who(platform, action, agent);
        action_set_whom(platform, action, crew->peers[i]);
        action->by = by;
        action->value = ++platform->epoch;
    }
    links_returned(platform, agent, actions);
    /* The other end may have waited for this very link. */
    for (uint64_t i = crew->offsets[agent]; i < crew->offsets[agent + 1]; i++) {
        if (link_is_up(platform, i))
            links_returned(platform, crew->peers[i], actions);
    }
}

void links_drop(struct platform *platform, agent_id agent)
{
    const struct platform_crew *crew = platform->crew;

    for (uint64_t i = crew->offsets[agent]; i < crew->offsets[agent + 1]; i++) {
        if (link_is_up(platform, i))
            link_set_both(platform, agent, i, false);
    }
}

void links_sever(struct platform *platform, agent_id agent, struct platform_actions *actions)
{
    const struct platform_crew *crew = platform->crew;

    for (uint64_t i = crew->offsets[agent]; i < crew->offsets[agent + 1]; i++) {
        if (!link_is_up(platform, i))
            continue;
        link_set_both(platform, agent, i, false);
        struct platform_action *action = action_add(actions, ACTION_SEVER);
        action_set_who(platform, action, agent);
        action_set_whom(platform, action, crew->peers[i]);
    }
}

/* All former links in one act. An end that is down stays unlinked until it comes back itself. */
void links_relink(struct platform *platform, const struct platform_event *event,
                  struct platform_actions *actions)
{
    const struct platform_agent *row = &platform->agents[event->whom];

    if (agent_has(row, AGENT_BARRED)) {
        result_tell(platform, event, actions, RESULT_REFUSED, (int)barred_reason(row));
        return;
    }
    if (!agent_has(row, AGENT_RUNS)) {
        result_tell(platform, event, actions, RESULT_FAILED, REFUSAL_UNKNOWN);
        return;
    }
    result_tell(platform, event, actions, RESULT_OK, 0);
    links_connect(platform, event->whom, event->who, actions);
}

void links_returned(struct platform *platform, agent_id agent, struct platform_actions *actions)
{
    const struct platform_crew *crew = platform->crew;
    struct platform_agent *row = &platform->agents[agent];

    if (!agent_has(row, AGENT_RETURNING) || agent_has(row, AGENT_CHECK))
        return;
    assert(agent_has(row, AGENT_RUNS));
    for (uint64_t i = crew->offsets[agent]; i < crew->offsets[agent + 1]; i++) {
        if (!link_is_up(platform, i) && link_may_be(platform, crew->peers[i]))
            return;
    }
    if (!actions_have_room(actions, 1)) {
        agent_set(row, AGENT_CHECK);
        platform->late_returns++;
        return;
    }
    agent_clear(row, AGENT_RETURNING);
    action_set_whom(platform, action_add(actions, ACTION_RETURNED), agent);
}

void links_neighbours_returned(struct platform *platform, agent_id agent,
                               struct platform_actions *actions)
{
    const struct platform_crew *crew = platform->crew;

    for (uint64_t i = crew->offsets[agent]; i < crew->offsets[agent + 1]; i++)
        links_returned(platform, crew->peers[i], actions);
}

/* When a whole node goes down, more agents may count as back than one step has room to say. They
 * are few and far between, so that they are looked for rather than listed. */
void links_late_returns(struct platform *platform, struct platform_actions *actions)
{
    while (platform->late_returns > 0 && actions_have_room(actions, 1)) {
        agent_id agent = platform->late_cursor;
        struct platform_agent *row = &platform->agents[agent];

        platform->late_cursor = (agent + 1) % platform->crew->agents;
        if (!agent_has(row, AGENT_CHECK))
            continue;
        agent_clear(row, AGENT_CHECK);
        platform->late_returns--;
        links_returned(platform, agent, actions);
    }
}
