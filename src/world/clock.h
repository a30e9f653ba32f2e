/*
 * The agents' own clocks. Pure: a world, or an agent's program, gives the world's time and the
 * agent's drift in millionths. Nothing fails.
 */
#ifndef IOLAUS_WORLD_CLOCK_H
#define IOLAUS_WORLD_CLOCK_H

#include "base/types.h"

/* How fast an agent's clock runs: uniform on -ppm_max .. ppm_max, millionths. */
int32_t drift_draw(uint64_t seed, uint32_t replicate, agent_id agent, uint32_t ppm_max);

/* What the agent's clock shows at the world's `now`: it runs (1 + ppm / 10^6) times as fast. */
time_ns drift_local(time_ns now, int32_t ppm);

/* An instant of the world at which the agent's clock shows at least `local`: the first one, or
 * later by at most 2 ns and 10^-9 of it. TIME_NEVER stays. */
time_ns drift_global(time_ns local, int32_t ppm);

#endif
