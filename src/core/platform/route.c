#include <assert.h>

#include "core/platform/state.h"

agent_id platform_holds(const struct platform *platform, agent_id agent)
{
    const struct platform_crew *crew = platform->crew;

    if (platform->rules->on_failed == ON_FAILED_NONE)
        return AGENT_NONE;
    if (platform_shows(platform, agent) == HEALTH_FAILED)
        return agent;
    if (platform->rules->on_failed != ON_FAILED_NEIGHBOURS)
        return AGENT_NONE;
    for (uint64_t i = crew->offsets[agent]; i < crew->offsets[agent + 1]; i++)
        if (platform_shows(platform, crew->peers[i]) == HEALTH_FAILED)
            return crew->peers[i];
    return AGENT_NONE;
}

agent_id platform_route(const struct platform *platform, const agent_id *candidates, uint32_t count,
                        uint64_t task)
{
    if (count == 0)
        return AGENT_NONE;

    uint32_t picked = (uint32_t)(task % count);
    uint32_t tries = platform->rules->on_failed == ON_FAILED_REROUTE ? count : 1;
    for (uint32_t i = 0; i < tries; i++) {
        agent_id agent = candidates[(picked + (uint64_t)i) % count];

        if (platform_holds(platform, agent) == AGENT_NONE)
            return agent;
    }
    return AGENT_NONE;
}
