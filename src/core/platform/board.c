#include <assert.h>

#include "core/platform/state.h"

void board_report(struct platform *platform, const struct platform_event *event,
                  struct platform_actions *actions)
{
    struct platform_agent *row = &platform->agents[event->whom];

    if (agent_has(row, AGENT_BARRED)) {
        result_tell(platform, event, actions, RESULT_REFUSED, (int)barred_reason(row));
        return;
    }
    if (event->health > HEALTH_FAILED) {
        result_tell(platform, event, actions, RESULT_REFUSED, REFUSAL_UNKNOWN);
        return;
    }
    /* A peer that has not been linked again has silence only to go by: what is said of it then does
     * not let anybody start another one beside it. */
    agent_clear(row, AGENT_DOUBTED);
    if (event->health == HEALTH_FAILED && agent_has(row, AGENT_RUNS) &&
        !agent_has(row, AGENT_RETURNING))
        agent_set(row, AGENT_DOUBTED);
    if (row->shown != event->health) {
        row->shown = event->health & 3;
        action_for(platform, event, actions, ACTION_SHOW)->value = event->health;
    }
    result_tell(platform, event, actions, RESULT_OK, 0);
}

/* Agent c of a pass is asked about (c + 1) / agents of the way through it: one cursor, and neither
 * a timer for each agent nor a crowd of questions at one instant. */
void board_ask_plan(struct platform *platform)
{
    uint64_t agents = platform->crew->agents;
    uint64_t every = (uint64_t)platform->rules->ask_every;
    uint64_t step = platform->ask_cursor + UINT64_C(1);

    if (every == 0 || agents == 0) {
        platform->ask_at = TIME_NEVER;
        return;
    }
    uint64_t offset = every / agents * step + every % agents * step / agents;
    platform->ask_at = time_after(platform->ask_pass_at, (time_ns)offset);
}

/* The next running neighbour in rotation; each pass begins one neighbour further. */
static agent_id board_pick(const struct platform *platform, agent_id agent)
{
    const struct platform_crew *crew = platform->crew;
    uint64_t first = crew->offsets[agent];
    uint64_t degree = crew->offsets[agent + 1] - first;

    for (uint64_t i = 0; i < degree; i++) {
        agent_id peer = crew->peers[first + (platform->ask_pass + i) % degree];

        if (agent_has(&platform->agents[peer], AGENT_RUNS))
            return peer;
    }
    return AGENT_NONE;
}

void board_ask_due(struct platform *platform, time_ns now, struct platform_actions *actions)
{
    while (platform->ask_at <= now && platform->ask_at != TIME_NEVER &&
           actions_have_room(actions, 1)) {
        agent_id agent = platform->ask_cursor;
        agent_id asked = board_pick(platform, agent);

        if (asked != AGENT_NONE && !agent_has(&platform->agents[agent], AGENT_BARRED)) {
            struct platform_action *action = action_add(actions, ACTION_ASK);

            action_set_who(platform, action, asked);
            action_set_whom(platform, action, agent);
        }
        if (++platform->ask_cursor == platform->crew->agents) {
            platform->ask_cursor = 0;
            platform->ask_pass++;
            platform->ask_pass_at = time_after(platform->ask_pass_at, platform->rules->ask_every);
        }
        board_ask_plan(platform);
    }
}

enum health platform_shows(const struct platform *platform, agent_id agent)
{
    assert(agent < platform->crew->agents);
    return (enum health)platform->agents[agent].shown;
}
