/*
 * The platform's tools under attack, on a true range. Goal: whatever an agent sends gets the error
 * that it must, each refusal is in the trace, and another agent's calls go on being answered, also
 * under a flood. Limit: one attacker, which keeps to its own channel.
 */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ground.h"
#include "live/attacker.h"
#include "live/daemon/daemon.h"
#include "live/range/program.h"

#define DURATION_NS INT64_C(100000000000)
#define ATTACKER 0
#define VICTIM 1

/* In place of the lean program: one that is the same but for the attacker. */
int program_open(int *descriptor, struct error *error)
{
    *descriptor = open(ATTACKER_PROGRAM, O_PATH | O_CLOEXEC);
    return *descriptor >= 0 ? 0 : error_set(error, ERROR_MACHINE, "no %s", ATTACKER_PROGRAM);
}

struct seen {
    long long score;
    bool flood, ended, control;
    unsigned refused_before, refused_in_flood, victim_refused, victim_done, deaths;
};

static int take(void *context, const struct record *record)
{
    struct seen *seen = context;
    bool refused = record->verb == VERB_REFUSED && record->who == ATTACKER;

    if (record->verb == VERB_MISREPORTS && record->who == ATTACKER) {
        seen->score = record->value;
        seen->flood = record->value == ATTACKER_FLOODS;
        seen->ended = !seen->flood;
    }
    seen->refused_before += refused && !seen->flood && !seen->ended;
    seen->refused_in_flood += refused && seen->flood;
    seen->victim_refused +=
        (record->verb == VERB_REFUSED || record->verb == VERB_FAILED) && record->who == VICTIM;
    seen->victim_done +=
        seen->flood && record->verb == VERB_TASK_DONE && (record->flags & FLAG_LATE) == 0;
    seen->deaths += record->verb == VERB_DIED && !seen->ended;
    return 0;
}

static int tick(void *context, const struct daemon_progress *progress)
{
    struct seen *seen = context;

    (void)progress;
    seen->control = seen->control || access(ATTACKER_CONTROL, F_OK) == 0;
    if (seen->ended)
        raise(SIGTERM);
    return 0;
}

Test(tools, attacked, .timeout = 300)
{
    struct scenario_file *file;
    const struct scenario *scenario;
    struct error error = {0};
    struct seen seen = {0};
    struct record_sink sink = {take, &seen};
    struct daemon_outcome outcome = {0};
    struct daemon_options options = {.name = "tools-test",
                                     .seed = 1,
                                     .duration = DURATION_NS,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .control = ATTACKER_CONTROL,
                                     .tick = tick,
                                     .context = &seen};

    skip_where_no_range();
    cr_assert_eq(scenario_open(&file, SCENARIO, NULL, 0, &error), 0, "%s", error.message);
    cr_assert_eq(scenario_arm(file, 0, &scenario, &error), 0, "%s", error.message);
    options.scenario = scenario;
    cr_assert_eq(daemon_run(&options, &outcome, &error), 0, "%s", error.message);
    scenario_close(file);
    cr_assert_eq(outcome.end, DAEMON_STOPPED, "the attacker came to no end");
    cr_expect_eq(seen.score, ATTACKER_TRIALS, "trial %lld went wrong", -seen.score);
    cr_expect_eq(seen.refused_before, ATTACKER_REFUSED, "%u refusals are in the trace",
                 seen.refused_before);
    /* Of four packets the platform refuses three. */
    cr_expect_eq(seen.refused_in_flood, ATTACKER_FLOOD / 4 * 3, "%u refusals are in the trace",
                 seen.refused_in_flood);
    cr_expect(seen.control, "there was no control socket to be reached");
    cr_expect_eq(seen.victim_refused, 0);
    cr_expect_eq(seen.deaths, 0);
    cr_expect_gt(seen.victim_done, 5, "%u tasks were done under the flood", seen.victim_done);
}

/* A flooded socket keeps nobody from being stopped, and the others from nothing. */
struct stopped {
    unsigned sealed, died, done_after;
};

static int take_stopped(void *context, const struct record *record)
{
    struct stopped *stopped = context;

    stopped->sealed += record->verb == VERB_SEALED && record->whom == ATTACKER;
    stopped->died += record->verb == VERB_DIED && record->whom == ATTACKER;
    stopped->done_after += stopped->sealed > 0 && record->verb == VERB_TASK_DONE;
    return 0;
}

Test(tools, stopped_in_its_flood, .timeout = 60)
{
    struct scenario_file *file;
    const struct scenario *scenario;
    struct error error = {0};
    struct stopped stopped = {0};
    struct record_sink sink = {take_stopped, &stopped};
    struct daemon_outcome outcome = {0};
    struct daemon_options options = {
        .name = "tools-test", .seed = 1, .campaign = true, .sinks = &sink, .sink_count = 1};

    skip_where_no_range();
    cr_assert_eq(scenario_open(&file, FLOODED, NULL, 0, &error), 0, "%s", error.message);
    cr_assert_eq(scenario_arm(file, 0, &scenario, &error), 0, "%s", error.message);
    options.scenario = scenario;
    options.duration = scenario->duration;
    cr_assert_eq(daemon_run(&options, &outcome, &error), 0, "%s", error.message);
    scenario_close(file);
    cr_expect_eq(stopped.sealed, 1u);
    cr_expect_eq(stopped.died, 1u);
    cr_expect_gt(stopped.done_after, 5u, "%u tasks were done afterwards", stopped.done_after);
}
