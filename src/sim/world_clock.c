#include "sim/world.h"

/* An agent's clock runs (1 + drift / 10^6) times as fast as the world's. */
time_ns clock_local(const struct world *world, agent_id agent, time_ns now)
{
    if (world->drift_ppm == NULL)
        return now;
    return now + now / 1000000 * world->drift_ppm[agent] +
           now % 1000000 * world->drift_ppm[agent] / 1000000;
}

/* The first instant at which the agent's clock shows at least `local`. */
time_ns clock_global(const struct world *world, agent_id agent, time_ns local)
{
    time_ns guess;

    if (world->drift_ppm == NULL || local == TIME_NEVER)
        return local;
    guess = fixed_scale(local, fixed_ratio(1000000, 1000000 + world->drift_ppm[agent]));
    while (clock_local(world, agent, guess) < local)
        guess += 1 + (local - clock_local(world, agent, guess)) / 2;
    return guess;
}

time_ns slowed(const struct world *world, agent_id agent, time_ns duration)
{
    if (world->slow == NULL || world->slow[agent] == 0)
        return duration;
    return fixed_scale(duration, world->slow[agent]);
}
