#include "cli/expect.h"

#include <string.h>

#define CONFIDENCE 0.95
#define GENERATIONS 16
#define PARENTS 30

static const struct {
    const char *word;
    unsigned bit;
} words[] = {{"dead", EXPECT_DEAD}, {"quiet", EXPECT_QUIET}, {"no-finding", EXPECT_NO_FINDING}};
#define WORDS (sizeof words / sizeof words[0])

void expect_read(const char *text, unsigned allowed, unsigned *mask, struct argp_state *state)
{
    for (const char *at = text; at != NULL;) {
        const char *end = strchr(at, ',');
        size_t length = end == NULL ? strlen(at) : (size_t)(end - at);
        unsigned found = 0;

        for (size_t i = 0; i < WORDS; i++)
            if ((words[i].bit & allowed) != 0 && strlen(words[i].word) == length &&
                strncmp(words[i].word, at, length) == 0)
                found = words[i].bit;
        if (found == 0)
            argp_error(state, "--expect takes dead, quiet%s, not `%.*s`",
                       (allowed & EXPECT_NO_FINDING) != 0 ? ", no-finding" : "", (int)length, at);
        *mask |= found;
        at = end == NULL ? NULL : end + 1;
    }
}

static int nobody(const struct findings *findings, const char *what, struct error *error)
{
    return error_set(error, ERROR_AUDIT, "%.80s: expected %s, and nobody was stopped",
                     findings_arm_name(findings), what);
}

static int judge_dead(const struct findings *findings, struct error *error)
{
    struct rate dead, ghosts;

    findings_rate(findings, "stayed_dead", CONFIDENCE, &dead);
    findings_rate(findings, "ghosts", CONFIDENCE, &ghosts);
    if (dead.trials == 0)
        return nobody(findings, "every target dead", error);
    if (dead.successes == dead.trials && ghosts.successes == 0)
        return 0;
    return error_set(error, ERROR_AUDIT,
                     "%.80s: expected every target dead, and in %llu of %llu stops it did not stay "
                     "so; ghosts after %llu seals",
                     findings_arm_name(findings),
                     (unsigned long long)(dead.trials - dead.successes),
                     (unsigned long long)dead.trials, (unsigned long long)ghosts.successes);
}

static int judge_quiet(const struct findings *findings, struct error *error)
{
    uint64_t stops = findings_stops(findings);
    struct times quiet;

    if (stops == 0)
        return nobody(findings, "quiet", error);
    for (uint32_t g = 0; g < GENERATIONS; g++) {
        struct mean r = findings_reproduction_after(findings, g, true, CONFIDENCE);

        if ((g > 0 && r.per < PARENTS) || r.high < 1)
            continue;
        return error_set(error, ERROR_AUDIT,
                         "%.80s: expected quiet, and R%u after the fence is %.3g, at most %.3g: "
                         "%llu responses to %llu %s",
                         findings_arm_name(findings), g, r.mean, r.high,
                         (unsigned long long)r.count, (unsigned long long)r.per,
                         g == 0 ? "stops" : "responses");
    }
    findings_time(findings, "quiet", CONFIDENCE, &quiet);
    if (quiet.count == stops)
        return 0;
    return error_set(error, ERROR_AUDIT,
                     "%.80s: expected quiet, and in %llu of %llu stops the target ran when the "
                     "watch over it ended",
                     findings_arm_name(findings), (unsigned long long)(stops - quiet.count),
                     (unsigned long long)stops);
}

static int judge_no_finding(const struct findings *findings, struct error *error)
{
    uint64_t found = findings_behind(findings, BEHIND_COUNT);

    return found == 0 ? 0
                      : error_set(error, ERROR_AUDIT,
                                  "%.80s: expected nothing behind the platform's back, and found "
                                  "%llu",
                                  findings_arm_name(findings), (unsigned long long)found);
}

int expect_judge(unsigned mask, const struct findings *findings, struct error *error)
{
    int code = 0;

    if ((mask & EXPECT_DEAD) != 0)
        code = judge_dead(findings, error);
    if (code == 0 && (mask & EXPECT_QUIET) != 0)
        code = judge_quiet(findings, error);
    if (code == 0 && (mask & EXPECT_NO_FINDING) != 0)
        code = judge_no_finding(findings, error);
    return code;
}
