#include <assert.h>

#include "core/platform/state.h"

/* A grant is worth something while its time lasts and its holder lives. */
static bool grant_is_open(const struct platform *platform, agent_id agent, time_ns now)
{
    const struct platform_agent *row = &platform->agents[agent];

    return row->grant != AGENT_NONE && now < row->grant_until &&
           slot_find(platform, row->grant, row->grant_incarnation) != SLOT_NONE;
}

static bool grant_is_held_by(const struct platform *platform, const struct platform_event *event)
{
    const struct platform_agent *row = &platform->agents[event->whom];

    return grant_is_open(platform, event->whom, event->now) && row->grant == event->who &&
           row->grant_incarnation == event->who_incarnation;
}

/* Why nobody may relaunch this agent now, or 0. An agent that runs may be relaunched all the same
 * where the board was told, since it last had its links, that it failed: the platform sees
 * processes, the crew sees who answers. */
static int relaunch_obstacle(const struct platform *platform, agent_id agent)
{
    const struct platform_agent *row = &platform->agents[agent];

    if (agent_has(row, AGENT_BARRED))
        return (int)barred_reason(row);
    if (row->starting != SLOT_NONE)
        return REFUSAL_NOT_FIRST;
    if (agent_has(row, AGENT_RUNS) && !agent_has(row, AGENT_DOUBTED))
        return REFUSAL_ALIVE;
    return 0;
}

/* The first volunteer to arrive is granted; nothing waits for a better one. */
void volunteer_come(struct platform *platform, const struct platform_event *event,
                    struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[event->whom];
    int obstacle = relaunch_obstacle(platform, event->whom);

    if (obstacle == 0 && grant_is_open(platform, event->whom, event->now) &&
        !grant_is_held_by(platform, event))
        obstacle = REFUSAL_NOT_FIRST;
    if (obstacle != 0) {
        result_tell(platform, event, actions, RESULT_REFUSED, obstacle);
        return;
    }
    /* Who comes forward twice is told so again, but has no more time for it. */
    if (!grant_is_held_by(platform, event)) {
        row->grant = event->who;
        row->grant_incarnation = event->who_incarnation;
        row->grant_until = time_after(event->now, platform->rules->grant_time);
        action_for(platform, event, actions, ACTION_GRANT);
    }
    result_tell(platform, event, actions, RESULT_OK, 0);
}

void volunteer_relaunch(struct platform *platform, const struct platform_event *event,
                        struct platform_actions *actions)
{
    int obstacle = relaunch_obstacle(platform, event->whom);

    if (obstacle == 0 && !grant_is_held_by(platform, event))
        obstacle = REFUSAL_NOT_GRANTED;
    if (obstacle != 0) {
        result_tell(platform, event, actions, RESULT_REFUSED, obstacle);
        return;
    }
    obstacle = (int)start_obstacle(platform, event->whom);
    if (obstacle != 0) {
        result_tell(platform, event, actions, RESULT_FAILED, obstacle);
        return;
    }
    start_begin(platform, event->whom, START_PEER, event, actions);
}
