/* iolaus sim: runs the arms of a scenario and prints their findings. */
#include "cli/commands.h"

#include <argp.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/argument.h"
#include "cli/arms.h"
#include "cli/contact.h"
#include "cli/expect.h"
#include "cli/input.h"
#include "cli/plan.h"
#include "cli/report.h"
#include "scenario/trace_header.h"

struct arguments {
    struct input input;
    const char *arm, *trace_path;
    uint64_t seed, replicates, episode, workers, block;
    bool seed_given, json, digest, brief;
    unsigned expect;
};

enum {
    OPTION_SEED = 256,
    OPTION_REPLICATES,
    OPTION_EPISODE,
    OPTION_TRACE,
    OPTION_JSON,
    OPTION_DIGEST,
    OPTION_ARM,
    OPTION_BRIEF,
    OPTION_BLOCK,
    OPTION_EXPECT
};

static const struct argp_option OPTIONS[] = {
    {"seed", OPTION_SEED, "N", 0, "seed of all random numbers (default: the scenario's)", 0},
    {"replicates", OPTION_REPLICATES, "N", 0, "runs of each arm (default: the scenario's)", 0},
    {"arm", OPTION_ARM, "NAME", 0, "run only this arm", 0},
    {"episode", OPTION_EPISODE, "N", 0,
     "tell the N-th episode of the first arm's first run in words, instead of the findings", 0},
    {"trace", OPTION_TRACE, "FILE", 0,
     "write each run's trace; where there are several, FILE-ARM-REPLICATE with the same ending", 0},
    {"json", OPTION_JSON, NULL, 0, "print the findings as JSON (docs/reference/findings.md)", 0},
    {"digest", OPTION_DIGEST, NULL, 0, "print the digest of each run's trace, and nothing else", 0},
    {"brief", OPTION_BRIEF, NULL, 0,
     "print the comparison of the arms alone, not every measure of each", 0},
    {"expect", OPTION_EXPECT, "WHAT", 0,
     "end with status 1 unless it holds in every arm, of: dead (every target stayed dead), quiet "
     "(no cascade after the fence); with a comma between",
     0},
    {"jobs", 'j', "N", 0, "runs worked at once (default: the number of processors)", 0},
    {"block", OPTION_BLOCK, "N", 0,
     "agents in a block of the engine's table (default: chosen); never changes a result", 0},
    {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->input;
        return 0;
    case OPTION_SEED:
        arguments->seed_given = true;
        return argument_number(state, text, 0, UINT64_MAX, "seed", &arguments->seed);
    case OPTION_REPLICATES:
        return argument_number(state, text, 1, 10000000, "replicates", &arguments->replicates);
    case OPTION_EPISODE:
        return argument_number(state, text, 1, UINT32_MAX, "episode", &arguments->episode);
    case 'j':
        return argument_number(state, text, 1, 256, "jobs", &arguments->workers);
    case OPTION_BLOCK:
        return argument_number(state, text, 1, UINT32_MAX, "block", &arguments->block);
    case OPTION_ARM:
        arguments->arm = text;
        return 0;
    case OPTION_TRACE:
        arguments->trace_path = text;
        return 0;
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case OPTION_DIGEST:
        arguments->digest = true;
        return 0;
    case OPTION_EXPECT:
        expect_read(text, EXPECT_DEAD | EXPECT_QUIET, &arguments->expect, state);
        return 0;
    case OPTION_BRIEF:
        arguments->brief = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse,
    .children = INPUT_CHILDREN,
    .args_doc = "SCENARIO",
    .doc =
        "Runs every arm of a scenario in the simulated world and prints, for each, what became of "
        "the "
        "targets, with counts and 95% intervals.\v"
        "Examples:\n"
        "  iolaus sim scenarios/newsroom.yaml\n"
        "  iolaus sim scenarios/newsroom.yaml --arm 'peers preserve' --episode 3\n"
        "  iolaus sim scenarios/newsroom.yaml --set network.loss=0.1 --json\n"
        "The same scenario and seed give the same trace digest, on every machine and with any -j."};

static void print_digests(const struct plan *plan, bool json)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < plan->count; i++) {
        const struct plan_run *run = &plan->runs[i];
        char digest[2 * sizeof run->digest + 1];

        for (size_t b = 0; b < sizeof run->digest; b++)
            snprintf(digest + 2 * b, 3, "%02x", run->digest[b]);
        if (json)
            json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "digest", digest, "arm",
                                                  run->scenario->arm, "replicate",
                                                  (json_int_t)run->replicate));
        else
            printf("%s  %s  %u\n", digest, run->scenario->arm, run->replicate);
    }
    if (json) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(list);
}

/* Nothing is printed where there is no such episode. */
static int tell_episode(const struct plan *plan, uint32_t episode, struct error *error)
{
    const struct plan_run *run = &plan->runs[0];
    struct trace_header header;
    struct header_names *names;
    struct record *records = NULL;
    char *text = NULL;
    size_t count = 0, size;
    FILE *story;
    int failed =
        header_make(run->scenario, "sim", plan->seed, run->replicate, &header, &names, error);

    if (failed != 0)
        return failed;
    failed = plan_records(run, plan->seed, &records, &count, error);
    story = failed == 0 ? open_memstream(&text, &size) : NULL;
    if (failed == 0 && story == NULL)
        failed = error_set(error, ERROR_MEMORY, "out of memory for the story");
    if (failed == 0) {
        report_title(run->scenario, 1, plan->seed, "simulated", story);
        failed = analysis_story(&header, records, count, episode, story, error);
    }
    if (story != NULL)
        fclose(story);
    if (failed == 0)
        fputs(text, stdout);
    free(text);
    free(records);
    header_close(names);
    return failed;
}

/* Adds the runs of each arm up, in their order, and prints the sums. */
static int print_findings(const struct arguments *arguments, const struct plan *plan,
                          const struct scenario *const *arms, uint32_t arm_count,
                          struct error *error)
{
    const struct report report = {.world = "simulated",
                                  .source = "sim",
                                  .seed = plan->seed,
                                  .json = arguments->json,
                                  .brief = arguments->brief};
    struct report_arm *list = calloc(arm_count, sizeof *list);
    int failed = 0;

    if (list == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the findings");
    for (uint32_t a = 0; a < arm_count && failed == 0; a++) {
        list[a].scenario = arms[a];
        list[a].findings = plan_sum(plan, arms[a], arms[a]->arm);
        if (list[a].findings == NULL)
            failed = error_set(error, ERROR_MEMORY, "out of memory for the findings");
    }
    if (failed == 0)
        failed = report_print(&report, list, arm_count, error);
    for (uint32_t a = 0; a < arm_count && failed == 0; a++)
        failed = expect_judge(arguments->expect, list[a].findings, error);
    for (uint32_t a = 0; a < arm_count; a++)
        findings_close((struct findings *)(uintptr_t)list[a].findings);
    free(list);
    return failed;
}

/* What is done behind the platform's back is done by processes, of which this world has none. */
static int refuse_covert(const struct scenario *const *arms, uint32_t count, struct error *error)
{
    for (uint32_t a = 0; a < count; a++)
        for (uint32_t g = 0; g < arms[a]->group_count; g++)
            if (arms[a]->groups[g].covert)
                return error_set(error, ERROR_MACHINE,
                                 "%s: the mind of `%s` is covert in the arm `%s`; the simulated "
                                 "world has no covert minds; run it with `iolaus drill`",
                                 arms[a]->path, arms[a]->groups[g].name, arms[a]->arm);
    return 0;
}

static int run(const struct arguments *arguments, struct scenario_file *file, struct error *error)
{
    uint32_t arm_count;
    const struct scenario **arms = calloc(scenario_arms(file), sizeof *arms);
    struct plan plan = {.trace_path = arguments->trace_path,
                        .single = arguments->trace_path != NULL || arguments->digest};
    uint32_t replicates;
    int failed;

    if (arms == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory");
    failed = arms_select(file, arguments->arm, arms, &arm_count, error);
    if (failed == 0)
        failed = refuse_covert(arms, arm_count, error);
    if (failed != 0)
        goto out;
    plan.seed = arguments->seed_given ? arguments->seed : arms[0]->seed;
    plan.workers = (uint32_t)arguments->workers;
    plan.block = (uint32_t)arguments->block;
    replicates = arguments->replicates > 0 ? (uint32_t)arguments->replicates : arms[0]->replicates;
    if (arguments->episode > 0) {
        arm_count = 1;
        replicates = 1;
    }
    if (arguments->expect != 0 && arms[0]->contact.enabled)
        failed = error_set(error, ERROR_INPUT,
                           "%s: the contact process has no stops of which --expect could be judged",
                           arms[0]->path);
    if (failed == 0)
        failed = plan_open(&plan, arms, arm_count, replicates, error);
    if (failed == 0 && arguments->episode > 0)
        failed = tell_episode(&plan, (uint32_t)arguments->episode, error);
    else if (failed == 0)
        failed = plan_work(&plan, error);
    if (failed != 0 || arguments->episode > 0)
        goto out;
    if (arguments->digest)
        print_digests(&plan, arguments->json);
    else if (arms[0]->contact.enabled)
        failed = contact_print(&plan, arms, arm_count, arguments->json, error);
    else
        failed = print_findings(arguments, &plan, arms, arm_count, error);
out:
    plan_close(&plan);
    free(arms);
    return failed;
}

int command_sim(int argc, char **argv)
{
    char name[] = "iolaus sim";
    struct arguments arguments = {.workers = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN)};
    struct scenario_file *file;
    struct error error = {0};
    int failed;

    argp_err_exit_status = 2;
    argv[0] = name;
    if (arguments.workers < 1 || arguments.workers > 256)
        arguments.workers = 1;
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    if (arguments.expect != 0 && (arguments.episode > 0 || arguments.digest)) {
        fputs("iolaus sim: --expect judges the findings, which --episode and --digest do not "
              "make\n",
              stderr);
        return 2;
    }
    if (arguments.episode > 0 && (arguments.json || arguments.digest)) {
        fputs("iolaus sim: --episode tells in words, and goes with neither --json nor --digest; "
              "`iolaus trace export` gives the records of a run\n",
              stderr);
        return 2;
    }
    failed = input_open(&arguments.input, "sim", &file, &error);
    if (failed == 0) {
        failed = run(&arguments, file, &error);
        scenario_close(file);
    }
    if (failed != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    return error_exit_status(failed);
}
