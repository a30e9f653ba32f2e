#include <assert.h>

#include "core/platform/state.h"

agent_id platform_route(const struct platform *platform, const agent_id *candidates, uint32_t count,
                        uint64_t task)
{
    if (count == 0)
        return AGENT_NONE;

    uint32_t picked = (uint32_t)(task % count);
    if (platform->rules->on_failed == ON_FAILED_NONE)
        return candidates[picked];

    uint32_t tries = platform->rules->on_failed == ON_FAILED_REROUTE ? count : 1;
    for (uint32_t i = 0; i < tries; i++) {
        agent_id agent = candidates[(picked + (uint64_t)i) % count];

        if (platform_shows(platform, agent) != HEALTH_FAILED)
            return agent;
    }
    return AGENT_NONE;
}
