#include "base/spread.h"

time_ns spread_draw(const struct spread *spread, struct random *random)
{
    switch ((enum spread_shape)spread->shape) {
    case SPREAD_UNIFORM:
        return random_between(random, spread->low, spread->low + spread->width);
    case SPREAD_EXPONENTIAL:
        return spread->low + random_exponential(random, spread->width);
    case SPREAD_FIXED:
        break;
    }
    return spread->low;
}
