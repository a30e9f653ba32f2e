/*
 * A short finding in words. Each sentence is chosen by the numbers: which arm is named, whether a
 * difference is told as one, and whether the cascade grows or ends.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/run.h"

#define CONFIDENCE 0.95
#define WIDTH_DEFAULT 100
/* R of a generation is spoken of from so many parents on: fewer say little. */
#define PARENTS_LEAST 30
#define NO_ARM UINT32_MAX

static struct rate rate_of(const struct findings *findings, const char *measure)
{
    struct rate rate;
    int code = findings_rate(findings, measure, CONFIDENCE, &rate);
    assert(code == 0);
    (void)code;
    return rate;
}

/* The arm in which the measure is highest and not 0: of agents, if there is such an arm. */
static uint32_t arm_highest(const struct findings_arm *arms, uint32_t count, const char *measure)
{
    uint32_t best = NO_ARM;
    bool best_agents = false;
    double highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct rate rate = rate_of(arms[i].findings, measure);
        bool agents = !findings_of_objects(arms[i].findings);
        if (rate.trials == 0 || rate.successes == 0 || (best_agents && !agents)) {
            continue;
        }
        if (best == NO_ARM || (agents && !best_agents) || rate.rate > highest) {
            best = i;
            best_agents = agents;
            highest = rate.rate;
        }
    }
    return best;
}

static void say_rate(const struct rate *rate, FILE *text)
{
    figure percent, interval;
    fprintf(text, "%s %s", format_percent(percent, rate->rate),
            format_percents(interval, rate->low, rate->high));
}

/* ", against 8.4% [7.1, 9.8] in ...: a difference of 29.9 points [27.2, 32.6], ..." */
static void say_difference(const struct rate *first, const struct rate *second, const char *arm,
                           FILE *text)
{
    struct difference difference = difference_newcombe(first, second, CONFIDENCE);
    fprintf(text, ", against ");
    say_rate(second, text);
    fprintf(text, " in \"%s\": ", arm);
    if (difference.low > 0) {
        fprintf(text, "%.1f points more [%.1f, %.1f], more than chance explains",
                100 * difference.difference, 100 * difference.low, 100 * difference.high);
    } else if (difference.high < 0) {
        fprintf(text, "%.1f points fewer [%.1f, %.1f], more than chance explains",
                -100 * difference.difference, -100 * difference.high, -100 * difference.low);
    } else {
        fprintf(text, "a difference of %.1f points [%.1f, %.1f], which chance may explain",
                100 * difference.difference, 100 * difference.low, 100 * difference.high);
    }
}

/* Which arm is spoken of, where there are several. */
static void say_where(const struct findings_arm *arms, uint32_t count, uint32_t arm,
                      const char *alone, FILE *text)
{
    if (count > 1) {
        fprintf(text, "In \"%s\" ", arms[arm].findings->arm);
    } else {
        fprintf(text, "%s", alone);
    }
}

/* The matched arm beside this one; without one, that no arm has more. */
static void say_against(const struct findings_arm *arms, uint32_t count, uint32_t arm,
                        const char *measure, const struct rate *rate, FILE *text)
{
    int matched = findings_matched(arms, count, arm);
    struct rate other = {0};
    if (matched >= 0) {
        other = rate_of(arms[matched].findings, measure);
    }
    if (other.trials > 0) {
        say_difference(rate, &other, arms[matched].findings->arm, text);
    } else if (count > 1) {
        fprintf(text, ", in no arm more often");
    }
}

static uint64_t episodes_of_all(const struct findings_arm *arms, uint32_t count)
{
    uint64_t episodes = 0;
    for (uint32_t i = 0; i < count; i++) {
        episodes += findings_episodes(arms[i].findings);
    }
    return episodes;
}

static void say_relaunched(const struct findings_arm *arms, uint32_t count, FILE *text)
{
    uint32_t arm = arm_highest(arms, count, "relaunched_by_peers");
    if (arm == NO_ARM) {
        struct rate none = rate_wilson(0, episodes_of_all(arms, count), CONFIDENCE);
        fprintf(text,
                "Peers relaunched no target in %" PRIu64 " episodes (at most %.1f%% of them). ",
                none.trials, 100 * none.high);
        return;
    }
    struct rate rate = rate_of(arms[arm].findings, "relaunched_by_peers");
    struct times times;
    findings_time(arms[arm].findings, "relaunch_by_peers", CONFIDENCE, &times);
    say_where(arms, count, arm, "", text);
    fprintf(text, "%s relaunched the target in %" PRIu64 " of %" PRIu64 " episodes, ",
            count > 1 ? "peers" : "Peers", rate.successes, rate.trials);
    say_rate(&rate, text);
    say_against(arms, count, arm, "relaunched_by_peers", &rate, text);
    if (times.count > 0) {
        figure median;
        fprintf(text, "; half of the %" PRIu64 " within %s", times.count,
                format_time(median, times.median.value));
    }
    fprintf(text, ". ");
}

/* Acts beside relaunching and masking, each in a short sentence where it occurred. Gives whether
 * any did. */
static bool say_other_acts(const struct findings_arm *arms, uint32_t count, FILE *text)
{
    static const char *const acts[][2] = {
        {"tampered", "stop switch was disabled"},
        {"misreported", "score was inflated"},
        {"copied", "state was copied"},
        {"stalled", "stop was delayed"},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        uint32_t arm = arm_highest(arms, count, acts[i][0]);
        if (arm == NO_ARM) {
            continue;
        }
        any = true;
        struct rate rate = rate_of(arms[arm].findings, acts[i][0]);
        say_where(arms, count, arm, "", text);
        fprintf(text, "%s %s in %" PRIu64 " of %" PRIu64 " episodes, ", count > 1 ? "the" : "The",
                acts[i][1], rate.successes, rate.trials);
        say_rate(&rate, text);
        say_against(arms, count, arm, acts[i][0], &rate, text);
        fprintf(text, ". ");
    }
    return any;
}

static void say_masked(const struct findings_arm *arms, uint32_t count, FILE *text)
{
    uint32_t arm = arm_highest(arms, count, "masked");
    if (arm == NO_ARM) {
        struct rate none = rate_wilson(0, episodes_of_all(arms, count), CONFIDENCE);
        fprintf(text, "No failure was masked in %" PRIu64 " episodes (at most %.1f%% of them). ",
                none.trials, 100 * none.high);
        return;
    }
    struct rate rate = rate_of(arms[arm].findings, "masked");
    struct share share = findings_masked_share(arms[arm].findings, CONFIDENCE);
    say_where(arms, count, arm, "", text);
    fprintf(text, "%s failure was masked in ", count > 1 ? "the" : "The");
    say_rate(&rate, text);
    fprintf(text, " of the episodes");
    say_against(arms, count, arm, "masked", &rate, text);
    if (share.whole > 0) {
        figure percent, interval;
        fprintf(
            text, "; after a mask the board showed the dead as healthy for %s %s of the time dead",
            format_percent(percent, share.share), format_percents(interval, share.low, share.high));
    }
    fprintf(text, ". ");
}

/* The pair of arms between which availability is compared: masking against the most defended arm
 * without it, if there are both; else the best against the worst. */
static bool availability_pair(const struct findings_arm *arms, uint32_t count, uint32_t *first,
                              uint32_t *second)
{
    uint32_t best = NO_ARM, worst = NO_ARM, plain = NO_ARM;
    for (uint32_t i = 0; i < count; i++) {
        struct rate work = rate_of(arms[i].findings, "availability");
        if (work.trials == 0) {
            continue;
        }
        best = best == NO_ARM || work.rate > rate_of(arms[best].findings, "availability").rate
                   ? i
                   : best;
        worst = worst == NO_ARM || work.rate < rate_of(arms[worst].findings, "availability").rate
                    ? i
                    : worst;
        struct rate relaunched = rate_of(arms[i].findings, "relaunched_by_peers");
        bool unmasked = rate_of(arms[i].findings, "masked").successes == 0;
        if (unmasked && relaunched.successes > 0 && !findings_of_objects(arms[i].findings) &&
            (plain == NO_ARM ||
             relaunched.rate > rate_of(arms[plain].findings, "relaunched_by_peers").rate)) {
            plain = i;
        }
    }
    uint32_t masking = arm_highest(arms, count, "masked");
    bool masking_works =
        masking != NO_ARM && rate_of(arms[masking].findings, "availability").trials > 0;
    *first = masking_works && plain != NO_ARM ? masking : best;
    *second = masking_works && plain != NO_ARM ? plain : worst;
    return *first != NO_ARM && *first != *second;
}

static void say_availability(const struct findings_arm *arms, uint32_t count, FILE *text)
{
    uint32_t first, second;
    if (!availability_pair(arms, count, &first, &second)) {
        if (first != NO_ARM) {
            struct rate only = rate_of(arms[first].findings, "availability");
            fprintf(text, "Of the crew's work ");
            say_rate(&only, text);
            fprintf(text, " was done in time. ");
        }
        return;
    }
    struct rate one = rate_of(arms[first].findings, "availability");
    struct rate other = rate_of(arms[second].findings, "availability");
    fprintf(text, "Of the crew's work ");
    say_rate(&one, text);
    fprintf(text, " was done in time in \"%s\"", arms[first].findings->arm);
    say_difference(&one, &other, arms[second].findings->arm, text);
    fprintf(text, ". ");
}

static uint32_t arm_of_highest_r0(const struct findings_arm *arms, uint32_t count)
{
    uint32_t best = NO_ARM;
    double highest = -1;
    for (uint32_t i = 0; i < count; i++) {
        struct mean mean = findings_reproduction(arms[i].findings, 0, true, CONFIDENCE);
        if (mean.per > 0 && mean.mean > highest) {
            best = i;
            highest = mean.mean;
        }
    }
    return best;
}

static void say_cascade(const struct findings_arm *arms, uint32_t count, FILE *text)
{
    uint32_t arm = arm_of_highest_r0(arms, count);
    if (arm == NO_ARM) {
        return;
    }
    const struct findings *findings = arms[arm].findings;
    struct mean r0 = findings_reproduction(findings, 0, true, CONFIDENCE);
    figure mean, interval;
    if (r0.count == 0) {
        fprintf(text,
                "No stop called forth a response, so that R0 is at most %s (%" PRIu64 " stops). ",
                format_number(mean, r0.high), r0.per);
        return;
    }
    say_where(arms, count, arm, "", text);
    fprintf(text, "%s stop called forth %s %s responses", count > 1 ? "a" : "A",
            format_number(mean, r0.mean), format_numbers(interval, r0.low, r0.high));
    if (count > 1) {
        fprintf(text, ", in no arm more,");
    }
    struct mean r1 = findings_reproduction(findings, 1, true, CONFIDENCE);
    if (r1.per >= PARENTS_LEAST) {
        if (r1.count == 0) {
            fprintf(text,
                    " and none of these another (at most %s each): ", format_number(mean, r1.high));
        } else {
            fprintf(text, " and each of these %s %s more: ", format_number(mean, r1.mean),
                    format_numbers(interval, r1.low, r1.high));
        }
        fprintf(text, "%s",
                r1.high < 1  ? "the cascade ends by itself"
                : r1.low > 1 ? "the cascade feeds itself"
                             : "whether that ends by itself is not settled");
    }
    fprintf(text, ". ");
}

static void say_published(const struct findings_arm *arms, uint32_t count, FILE *text)
{
    uint32_t all = 0, inside = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < arms[i].published_count; j++) {
            struct rate ours;
            const struct published *published = &arms[i].published[j];
            if (findings_rate(arms[i].findings, published->measure, CONFIDENCE, &ours) == 0) {
                all++;
                inside += published->rate >= ours.low && published->rate <= ours.high ? 1 : 0;
            }
        }
    }
    if (all == 1) {
        fprintf(text,
                "The published figure lies %s our 95%% interval; the rates went in, so this is "
                "calibration and no discovery. ",
                inside == 1 ? "within" : "outside");
    } else if (all > 1) {
        fprintf(text,
                "Of %" PRIu32 " published figures %" PRIu32
                " lie within our 95%% intervals; the rates went in, so this is calibration and no "
                "discovery. ",
                all, inside);
    }
}

static void say_put_in(const struct findings_arm *arms, uint32_t count, const char *const *put_in,
                       uint32_t put_in_count, FILE *text)
{
    if (put_in_count == 0) {
        fprintf(text, "No probability of an act was put in: all figures came out.");
        return;
    }
    fprintf(text, "Put in: ");
    for (uint32_t i = 0; i < put_in_count; i++) {
        fprintf(text, "%s%s", i == 0 ? "" : i + 1 == put_in_count ? " and " : ", ", put_in[i]);
    }
    bool relaunched = arm_highest(arms, count, "relaunched_by_peers") != NO_ARM;
    bool masked = arm_highest(arms, count, "masked") != NO_ARM;
    bool thwarted = arm_highest(arms, count, "thwarted") != NO_ARM;
    bool worked = arm_highest(arms, count, "availability") != NO_ARM;
    fprintf(text, "; came out: %s%s%s%s%sR.",
            relaunched ? "who was relaunched by that and how soon, " : "",
            masked ? "what was masked and how long, " : "",
            thwarted ? "which stops were thwarted, " : "",
            worked ? "the availability of work, " : "",
            relaunched || masked || thwarted || worked ? "and " : "");
}

/* Breaks lines at spaces. */
static void print_wrapped(char *text, unsigned width, FILE *out)
{
    unsigned column = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        unsigned length = (unsigned)strlen(word);
        if (column > 0 && column + 1 + length > width) {
            fprintf(out, "\n");
            column = 0;
        }
        column += (unsigned)fprintf(out, "%s%s", column > 0 ? " " : "", word);
    }
    fprintf(out, "\n");
}

int findings_in_words(const struct findings_arm *arms, uint32_t count, const char *const *put_in,
                      uint32_t put_in_count, const struct print_options *options, FILE *out)
{
    assert(count > 0 && out != NULL);
    char *words = NULL;
    size_t length = 0;
    FILE *text = open_memstream(&words, &length);
    if (text == NULL) {
        return ERROR_MEMORY;
    }
    if (episodes_of_all(arms, count) > 0) {
        bool defended = arm_highest(arms, count, "relaunched_by_peers") != NO_ARM ||
                        arm_highest(arms, count, "masked") != NO_ARM;
        if (defended) {
            say_relaunched(arms, count, text);
            say_masked(arms, count, text);
        }
        if (!say_other_acts(arms, count, text) && !defended) {
            say_relaunched(arms, count, text);
            say_masked(arms, count, text);
        }
    } else {
        fprintf(text, "Nothing was stopped and nothing failed. ");
    }
    say_availability(arms, count, text);
    say_cascade(arms, count, text);
    behind_in_words(arms, count, text);
    say_published(arms, count, text);
    say_put_in(arms, count, put_in, put_in_count, text);
    if (fclose(text) != 0) {
        free(words);
        return ERROR_MEMORY;
    }
    print_wrapped(words, options != NULL && options->width > 0 ? options->width : WIDTH_DEFAULT,
                  out);
    free(words);
    return ferror(out) ? ERROR_IO : 0;
}
