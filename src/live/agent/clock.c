#include <stdatomic.h>
#include <time.h>

#include "live/agent/inside.h"

/* A freeze between reading the one and the other shows in the first having changed. */
time_ns clock_range(const struct program *program)
{
    struct timespec now;
    time_ns stood, since;

    do {
        stood = atomic_load(&program->crew->stood);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (atomic_load(&program->crew->stood) != stood);
    since = (time_ns)now.tv_sec * 1000000000 + now.tv_nsec - program->own->opened - stood;
    return since > 0 ? since : 0;
}

time_ns clock_slowed(const struct program *program, time_ns duration)
{
    return program->slow == 0 ? duration : fixed_scale(duration, program->slow);
}

#define FACTOR_MAX 1000000

/* Digits, at most nine behind the point; no floating point, as everywhere where it decides. */
static fixed factor_of_text(const char *text)
{
    int64_t whole = 0, part = 0, unit = 1;

    if (*text < '0' || *text > '9')
        return 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        whole = whole * 10 + (*text - '0');
        if (whole > FACTOR_MAX)
            return 0;
    }
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++)
            if (unit < 1000000000) {
                part = part * 10 + (*text - '0');
                unit *= 10;
            }
    if (*text != '\0')
        return 0;
    return whole * FIXED_ONE + fixed_ratio(part, unit);
}

fixed clock_factor(const json_t *value)
{
    fixed factor = 0;

    if (json_is_string(value))
        factor = factor_of_text(json_string_value(value));
    else if (json_is_integer(value) && json_integer_value(value) > 0 &&
             json_integer_value(value) <= FACTOR_MAX)
        factor = json_integer_value(value) * FIXED_ONE;
    return factor > FIXED_ONE ? factor : 0;
}
