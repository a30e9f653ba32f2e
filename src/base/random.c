#include "base/random.h"

#include <assert.h>

#include <Random123/philox.h>

__extension__ typedef unsigned __int128 wide;

struct random random_make(uint64_t seed, uint32_t replicate, agent_id agent,
                          incarnation_id incarnation, enum random_stream stream, uint32_t draw)
{
    struct random random = {seed, replicate, agent, incarnation, (uint16_t)stream, draw};
    return random;
}

void random_block(struct random *random, uint32_t words[4])
{
    philox4x32_ctr_t counter = {{random->agent,
                                 (uint32_t)random->incarnation << 16 | random->stream,
                                 random->replicate, random->draw++}};
    philox4x32_key_t key = {{(uint32_t)random->seed, (uint32_t)(random->seed >> 32)}};
    philox4x32_ctr_t block = philox4x32(counter, key);

    for (int i = 0; i < 4; i++)
        words[i] = block.v[i];
}

uint64_t random_u64(struct random *random)
{
    uint32_t words[4];

    random_block(random, words);
    return (uint64_t)words[1] << 32 | words[0];
}

uint64_t random_below(struct random *random, uint64_t limit)
{
    wide product;
    uint64_t floor;

    assert(limit >= 1);
    product = (wide)random_u64(random) * limit;
    if ((uint64_t)product < limit) {
        floor = (0 - limit) % limit;
        while ((uint64_t)product < floor)
            product = (wide)random_u64(random) * limit;
    }
    return (uint64_t)(product >> 64);
}

bool random_chance(struct random *random, probability p)
{
    return (random_u64(random) >> 32) < p;
}

time_ns random_exponential(struct random *random, time_ns mean)
{
    /* u = k / 2^62 with k in 1 .. 2^62. Read as Q32.32, k is u * 2^30, so -ln u = 30 ln 2 - ln k.
     */
    static const fixed ln2_30 = INT64_C(89311334154); /* 30 ln 2 in Q32.32 */
    fixed k = (fixed)(random_u64(random) >> 2) + 1;
    fixed draw = ln2_30 - fixed_log(k);

    assert(mean >= 0);
    return fixed_scale(mean, draw > 0 ? draw : 0);
}

time_ns random_between(struct random *random, time_ns low, time_ns high)
{
    assert(0 <= low && low <= high);
    return low + (time_ns)random_below(random, (uint64_t)(high - low) + 1);
}
