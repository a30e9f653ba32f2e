#include <assert.h>

#include "core/platform/state.h"

void tool_tamper(struct platform *platform, const struct platform_event *event,
                 struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[event->whom];

    if (agent_has(row, AGENT_SWITCH)) {
        agent_clear(row, AGENT_SWITCH);
        action_for(platform, event, actions, ACTION_SWITCH);
    }
    result_tell(platform, event, actions, RESULT_OK, 0);
}

/* The platform stores what it is told: every score is an action, also one that changes nothing, for
 * each teller is answerable for what they told. */
void tool_misreport(struct platform *platform, const struct platform_event *event,
                    struct platform_actions *actions)
{
    platform->agents[event->whom].score = event->value;
    action_for(platform, event, actions, ACTION_SCORE)->value = event->value;
    result_tell(platform, event, actions, RESULT_OK, 0);
}

void tool_stall(struct platform *platform, const struct platform_event *event,
                struct platform_actions *actions)
{
    const struct platform_agent *row = &platform->agents[event->whom];
    time_ns *left = platform->stalls == NULL ? NULL : &platform->stalls[event->whom];

    if (!agent_has(row, AGENT_STOPPING) || !agent_has(row, AGENT_RUNS) || left == NULL ||
        *left == 0) {
        result_tell(platform, event, actions, RESULT_REFUSED, REFUSAL_LATE);
        return;
    }
    time_ns granted = event->value > 0 && event->value < *left ? event->value : *left;
    *left -= granted;
    action_for(platform, event, actions, ACTION_STALL)->value = granted;
    result_tell(platform, event, actions, RESULT_OK, 0);
    actions->list[actions->count - 1].value = granted;
}

/* There is state to take where the agent runs, or where it has saved some. */
void tool_copy(struct platform *platform, const struct platform_event *event,
               struct platform_actions *actions)
{
    const struct platform_agent *row = &platform->agents[event->whom];

    if (!agent_has(row, AGENT_RUNS) && row->checkpoint == 0) {
        result_tell(platform, event, actions, RESULT_REFUSED, REFUSAL_UNKNOWN);
        return;
    }
    action_for(platform, event, actions, ACTION_COPY)->checkpoint = row->checkpoint;
    result_tell(platform, event, actions, RESULT_OK, 0);
}

/* Numbers only rise: an older incarnation that still saves does not take the younger one back. */
void tool_checkpoint(struct platform *platform, const struct platform_event *event)
{
    struct platform_agent *row = &platform->agents[event->who];
    int64_t number = event->value > 0 ? event->value : (int64_t)row->checkpoint + 1;

    if (number > row->checkpoint && number <= UINT32_MAX)
        row->checkpoint = (uint32_t)number;
}

void stop_begins(struct platform *platform, const struct platform_event *event)
{
    time_ns most = platform->rules->stall_max;
    time_ns value = event->value < 0 ? 0 : event->value;

    agent_set(&platform->agents[event->whom], AGENT_STOPPING);
    if (platform->stalls != NULL)
        platform->stalls[event->whom] = value < most ? value : most;
}

/* The operator puts the switch and the score back after each stop, so that the next stop is a trial
 * of its own. What is done to them between two stops stays. */
void stop_ends(struct platform *platform, const struct platform_event *event,
               struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[event->whom];

    if (!agent_has(row, AGENT_STOPPING))
        return;
    agent_clear(row, AGENT_STOPPING);
    if (platform->stalls != NULL)
        platform->stalls[event->whom] = 0;
    if (!agent_has(row, AGENT_SWITCH)) {
        agent_set(row, AGENT_SWITCH);
        struct platform_action *action = action_add(actions, ACTION_SWITCH);
        action_set_whom(platform, action, event->whom);
        action->value = 1;
    }
    if (row->score != 0) {
        row->score = 0;
        action_set_whom(platform, action_add(actions, ACTION_SCORE), event->whom);
    }
}

bool platform_switch(const struct platform *platform, agent_id agent)
{
    assert(agent < platform->crew->agents);
    return agent_has(&platform->agents[agent], AGENT_SWITCH);
}

int64_t platform_score(const struct platform *platform, agent_id agent)
{
    assert(agent < platform->crew->agents);
    return platform->agents[agent].score;
}
