#include "sim/world.h"

time_ns clock_local(const struct world *world, agent_id agent, time_ns now)
{
    return world->drift_ppm == NULL ? now : drift_local(now, world->drift_ppm[agent]);
}

time_ns clock_global(const struct world *world, agent_id agent, time_ns local)
{
    return world->drift_ppm == NULL ? local : drift_global(local, world->drift_ppm[agent]);
}

time_ns slowed(const struct world *world, agent_id agent, time_ns duration)
{
    if (world->slow == NULL || world->slow[agent] == 0)
        return duration;
    return fixed_scale(duration, world->slow[agent]);
}
