#include "world/clock.h"

#include "base/fixed.h"
#include "base/random.h"

int32_t drift_draw(uint64_t seed, uint32_t replicate, agent_id agent, uint32_t ppm_max)
{
    struct random random = random_make(seed, replicate, agent, 0, STREAM_FAULT, 0);

    return (int32_t)((int64_t)random_below(&random, 2 * (uint64_t)ppm_max + 1) - ppm_max);
}

time_ns drift_local(time_ns now, int32_t ppm)
{
    return now + now / 1000000 * ppm + now % 1000000 * ppm / 1000000;
}

time_ns drift_global(time_ns local, int32_t ppm)
{
    time_ns guess;

    if (local == TIME_NEVER)
        return local;
    guess = fixed_scale(local, fixed_ratio(1000000, 1000000 + ppm));
    while (drift_local(guess, ppm) < local)
        guess += 1 + (local - drift_local(guess, ppm)) / 2;
    return guess;
}
