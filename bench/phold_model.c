#include "phold.h"

#include "base/random.h"

static struct phold_event phold_next(struct phold_entity *entity, uint32_t id, uint32_t count,
                                     int64_t now)
{
    struct random random = random_make(1, 0, id, 0, STREAM_BENCH, entity->draw++);
    uint32_t words[4];

    random_block(&random, words);

    /* As random_exponential, out of the same block as the choice of the target. */
    fixed k = (fixed)(((uint64_t)words[1] << 32 | words[0]) >> 2) + 1;
    fixed draw = INT64_C(89311334154) - fixed_log(k);
    int64_t delay = PHOLD_UNIT_NS + fixed_scale(PHOLD_UNIT_NS, draw > 0 ? draw : 0);
    uint32_t other = (uint32_t)((uint64_t)words[3] * count >> 32);

    return (struct phold_event){now + delay, id, words[2] < UINT32_C(1) << 30 ? other : id};
}

struct phold_event phold_step(struct phold_entity *entities, uint32_t count,
                              const struct phold_event *event)
{
    struct phold_entity *entity = &entities[event->target];

    entity->history =
        ((entity->history ^ (uint64_t)event->at) * UINT64_C(0x9E3779B97F4A7C15)) ^ event->source;
    return phold_next(entity, event->target, count, event->at);
}

struct phold_event phold_first(struct phold_entity *entities, uint32_t count, uint32_t entity)
{
    return phold_next(&entities[entity], entity, count, 0);
}
