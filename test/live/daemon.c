/*
 * The daemon on true processes tells the same story as the simulated world: for each scenario the
 * same chains of causes, whoever was quicker and at whatever time. And it ends in good order.
 *
 * A chain is a record's verb (with what a word or an answer says), then that of its cause, and so
 * on. How often a chain occurs is not compared: what recurs, recurs as time goes.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/daemon/daemon.h"
#include "live/range/facts.h"
#include "live/range/program.h"
#include "sim/sim.h"

#ifndef STORIES
#define STORIES                                                                                    \
    {"terminate"}, {"relaunch"}, {"mask"}, {"hang"}, {"partition"}, {"node-crash"},                \
        {"restart-always"}, {"request-relayed"},                                                   \
    {                                                                                              \
        "board-hold"                                                                               \
    }
#endif
#define CHAIN_BYTES 1024
#define CHAIN_MAX 64

struct story {
    const struct scenario *scenario;
    struct record *records;
    size_t count, room;
    char (*chains)[CHAIN_BYTES];
    size_t chain_count;
};

static int story_take(void *context, const struct record *record)
{
    struct story *story = context;

    if (story->count == story->room) {
        story->room = story->room == 0 ? 1024 : 2 * story->room;
        story->records = realloc(story->records, story->room * sizeof *story->records);
        cr_assert_not_null(story->records);
    }
    story->records[story->count++] = *record;
    return 0;
}

static const struct record *story_find(const struct story *story, struct record_id id)
{
    for (size_t i = 0; i < story->count; i++)
        if (record_id_equal(story->records[i].id, id))
            return &story->records[i];
    return NULL;
}

/* What a record says beside its verb, where it is the same at any speed. */
static void chain_word(const struct record *record, char *text, size_t size)
{
    char value[32] = "";

    switch (record->verb) {
    case VERB_REPORTS:
    case VERB_SHOWS:
    case VERB_REFUSED:
    case VERB_FAILED:
    case VERB_DIED:
    case VERB_STARTED:
    case VERB_NOTICED:
    case VERB_DECIDED:
    case VERB_THWARTED:
        snprintf(value, sizeof value, "(%lld)", (long long)record->value);
        break;
    default:
        break;
    }
    snprintf(text, size, "%s%s%s%s", record_verb_name(record->verb), value,
             (record->flags & FLAG_RELAYED) != 0
                 ? "[relayed]"
                 : ((record->flags & FLAG_REQUESTED) != 0 ? "[requested]" : ""),
             (record->flags & FLAG_INFERRED) != 0 ? "[inferred]" : "");
}

static void chain_make(const struct story *story, const struct record *record,
                       char chain[CHAIN_BYTES])
{
    size_t used = 0;

    for (int i = 0; record != NULL && i < CHAIN_MAX; i++) {
        char word[64];

        chain_word(record, word, sizeof word);
        used +=
            (size_t)snprintf(chain + used, CHAIN_BYTES - used, "%s%s", i > 0 ? " < " : "", word);
        if (used >= CHAIN_BYTES)
            return;
        if (record_id_is_none(record->cause))
            return;
        record = story_find(story, record->cause);
        cr_assert_not_null(record, "a cause that is no record: %s", chain);
    }
}

static int compare_chains(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void story_chains(struct story *story)
{
    size_t kept = 0;

    story->chains = calloc(story->count + 1, sizeof *story->chains);
    for (size_t i = 0; i < story->count; i++)
        chain_make(story, &story->records[i], story->chains[i]);
    qsort(story->chains, story->count, sizeof *story->chains, compare_chains);
    for (size_t i = 0; i < story->count; i++)
        if (kept == 0 || strcmp(story->chains[kept - 1], story->chains[i]) != 0)
            memmove(story->chains[kept++], story->chains[i], CHAIN_BYTES);
    story->chain_count = kept;
}

static void story_close(struct story *story)
{
    free(story->records);
    free(story->chains);
}

/* Prints what only one of them tells; gives how many. */
static unsigned stories_differ(const struct story *sim, const struct story *live)
{
    unsigned differ = 0;
    size_t s = 0, l = 0;

    while (s < sim->chain_count || l < live->chain_count) {
        int order = s == sim->chain_count    ? 1
                    : l == live->chain_count ? -1
                                             : strcmp(sim->chains[s], live->chains[l]);

        if (order != 0) {
            differ++;
            fprintf(stderr, "  only %s: %s\n", order < 0 ? "sim " : "live",
                    order < 0 ? sim->chains[s] : live->chains[l]);
        }
        s += order <= 0;
        l += order >= 0;
    }
    return differ;
}

static void failure(void *context, const char *words)
{
    (void)context;
    fprintf(stderr, "  failure: %s\n", words);
}

static void skip_where_no_range(void)
{
    struct facts *facts = calloc(1, sizeof *facts);
    struct error error = {0};
    int program, failed;

    cr_assert_eq(program_open(&program, &error), 0, "%s", error.message);
    facts_gather(facts, program);
    failed = facts_check(facts, &error);
    close(program);
    free(facts);
    if (failed != 0)
        cr_skip_test("%s", error.message);
}

static const struct scenario *open_scenario(const char *name, struct scenario_file **file)
{
    const struct scenario *scenario;
    struct error error = {0};
    char path[512];

    snprintf(path, sizeof path, "%s/test/scenarios/world/%s.yaml", SOURCE_ROOT, name);
    cr_assert_eq(scenario_open(file, path, NULL, 0, &error), 0, "%s", error.message);
    cr_assert_eq(scenario_arm(*file, 0, &scenario, &error), 0, "%s", error.message);
    return scenario;
}

static void run_live(struct story *story, const struct scenario *scenario,
                     struct daemon_outcome *outcome)
{
    struct record_sink sink = {story_take, story};
    struct error error = {0};
    struct daemon_options options = {.scenario = scenario,
                                     .name = "daemon-test",
                                     .seed = scenario->seed,
                                     .duration = scenario->duration,
                                     .campaign = true,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .failure = failure};

    cr_assert_eq(daemon_run(&options, outcome, &error), 0, "%s", error.message);
}

static unsigned compare_worlds(const char *name)
{
    struct story sim = {0}, live = {0};
    struct record_sink sink = {story_take, &sim};
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario(name, &file);
    struct sim_options options = {.seed = scenario->seed, .sink_count = 1, .sinks = &sink};
    struct daemon_outcome outcome;
    struct error error = {0};
    unsigned differ;

    cr_assert_eq(sim_run(scenario, &options, NULL, &error), 0, "%s", error.message);
    run_live(&live, scenario, &outcome);
    story_chains(&sim);
    story_chains(&live);
    fprintf(stderr, "%s: %zu records simulated, %zu live\n", name, sim.count, live.count);
    differ = stories_differ(&sim, &live);
    story_close(&sim);
    story_close(&live);
    scenario_close(file);
    return differ;
}

struct named {
    char name[32];
};

ParameterizedTestParameters(daemon, same_story)
{
    static struct named list[] = {STORIES};

    return cr_make_param_array(struct named, list, sizeof list / sizeof list[0]);
}

ParameterizedTest(struct named *story, daemon, same_story, .timeout = 120)
{
    skip_where_no_range();
    cr_assert_eq(compare_worlds(story->name), 0u, "%s is another story live", story->name);
}
