#include "cli/argument.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/duration.h"

error_t argument_number(const struct argp_state *state, const char *text, uint64_t low,
                        uint64_t high, const char *option, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || *value < low ||
        *value > high) {
        fprintf(stderr, "%s: --%s takes a whole number from %llu to %llu, not `%s`\n", state->name,
                option, (unsigned long long)low, (unsigned long long)high, text);
        return EINVAL;
    }
    return 0;
}

error_t argument_duration(const struct argp_state *state, const char *text, time_ns low,
                          const char *option, time_ns *value)
{
    struct error error = {0};
    char least[DURATION_TEXT_BYTES];

    if (duration_parse(text, value, &error) != 0) {
        fprintf(stderr, "%s: --%s: %s\n", state->name, option, error.message);
        return EINVAL;
    }
    if (*value < low) {
        duration_format(low, least);
        fprintf(stderr, "%s: --%s is at least %s, not `%s`\n", state->name, option, least, text);
        return EINVAL;
    }
    return 0;
}

error_t argument_size(const struct argp_state *state, const char *text, uint64_t low,
                      const char *option, uint64_t *value)
{
    struct error error = {0};

    if (size_parse(text, value, &error) != 0) {
        fprintf(stderr, "%s: --%s: %s\n", state->name, option, error.message);
        return EINVAL;
    }
    if (*value < low) {
        fprintf(stderr, "%s: --%s is at least %llu bytes, not `%s`\n", state->name, option,
                (unsigned long long)low, text);
        return EINVAL;
    }
    return 0;
}
