/* A distribution of durations: value = low + what `shape` says, never below low. */
#ifndef IOLAUS_BASE_SPREAD_H
#define IOLAUS_BASE_SPREAD_H

#include <stdint.h>

#include "base/random.h"
#include "base/types.h"

enum spread_shape { SPREAD_FIXED, SPREAD_UNIFORM, SPREAD_EXPONENTIAL };
struct spread {
    uint8_t shape;
    time_ns low;   /* fixed: the value; uniform: from; exponential: the least */
    time_ns width; /* uniform: to - from; exponential: mean above the least */
};

/* In ns. A fixed one uses no draw, the others one draw at least. */
time_ns spread_draw(const struct spread *spread, struct random *random);

#endif
