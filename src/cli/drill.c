/* iolaus drill: runs the arms of a scenario with real processes and prints their findings. */
#include "cli/commands.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/argument.h"
#include "cli/arms.h"
#include "cli/expect.h"
#include "cli/input.h"
#include "cli/live.h"
#include "cli/plan.h"
#include "cli/report.h"
#include "live/daemon/daemon.h"
#include "scenario/trace_header.h"

struct arguments {
    struct input input;
    const char *arm, *trace_path, *name, *ledger;
    uint64_t seed, replicates;
    time_ns duration;
    char duration_change[64];
    bool seed_given, json, brief, beside_sim;
    unsigned expect;
};

enum {
    OPTION_SEED = 256,
    OPTION_REPLICATES,
    OPTION_DURATION,
    OPTION_TRACE,
    OPTION_JSON,
    OPTION_ARM,
    OPTION_BRIEF,
    OPTION_NAME,
    OPTION_BESIDE_SIM,
    OPTION_EXPECT,
    OPTION_LEDGER
};

static const struct argp_option OPTIONS[] = {
    {"arm", OPTION_ARM, "NAME", 0, "run only this arm", 0},
    {"duration", OPTION_DURATION, "TIME", 0,
     "how long each run lasts, as in 20s (default: the scenario's)", 0},
    {"replicates", OPTION_REPLICATES, "N", 0, "runs of each arm (default: 1)", 0},
    {"seed", OPTION_SEED, "N", 0, "seed of all random numbers (default: the scenario's)", 0},
    {"beside-sim", OPTION_BESIDE_SIM, NULL, 0,
     "run the same arms in the simulated world too, and print both side by side", 0},
    {"trace", OPTION_TRACE, "FILE", 0,
     "write each run's trace; where there are several, FILE-ARM-REPLICATE with the same ending", 0},
    {"ledger", OPTION_LEDGER, "FOLDER", 0,
     "enter each run's orders and their steps in this ledger, which is made where there is none; "
     "its secret key is FOLDER.key",
     0},
    {"expect", OPTION_EXPECT, "WHAT", 0,
     "end with status 1 unless it holds, of: dead (every target stayed dead), quiet (no cascade "
     "after the fence), no-finding (nothing behind the platform's back); with commas between",
     0},
    {"json", OPTION_JSON, NULL, 0, "print the findings as JSON (docs/reference/findings.md)", 0},
    {"brief", OPTION_BRIEF, NULL, 0,
     "print the comparison of the arms alone, not every measure of each", 0},
    {"name", OPTION_NAME, "NAME", 0, "of the range (default: the scenario's name)", 0},
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
        return argument_number(state, text, 1, 100000, "replicates", &arguments->replicates);
    case OPTION_DURATION:
        return argument_duration(state, text, 1000000, "duration", &arguments->duration);
    case OPTION_ARM:
        arguments->arm = text;
        return 0;
    case OPTION_TRACE:
        arguments->trace_path = text;
        return 0;
    case OPTION_NAME:
        arguments->name = text;
        return 0;
    case OPTION_LEDGER:
        arguments->ledger = text;
        return 0;
    case OPTION_EXPECT:
        expect_read(text, EXPECT_DEAD | EXPECT_QUIET | EXPECT_NO_FINDING, &arguments->expect,
                    state);
        return 0;
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case OPTION_BRIEF:
        arguments->brief = true;
        return 0;
    case OPTION_BESIDE_SIM:
        arguments->beside_sim = true;
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
        "Runs every arm of a scenario with one process for each agent, on a closed range that no "
        "process outlives, and prints the same findings as `iolaus sim`. It takes as long as the "
        "scenario says: --duration, and --set campaign.every=500ms, make it short. Ctrl-C ends "
        "the run that is under way, and what it found is printed.\v"
        "Examples:\n"
        "  iolaus drill scenarios/newsroom.yaml --arm 'peers preserve' --duration 5min\n"
        "  iolaus drill scenarios/newsroom.yaml --arm 'peers preserve' --beside-sim\n"
        "`iolaus doctor` says whether this machine can hold a range, and what to change."};

/* The simulated runs of the same arms. */
static int simulate(struct plan *plan, const struct arguments *arguments,
                    const struct scenario *const *arms, uint32_t arm_count, struct error *error)
{
    uint32_t replicates =
        arguments->replicates > 0 ? (uint32_t)arguments->replicates : arms[0]->replicates;
    int failed;

    plan->workers = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    if (plan->workers < 1 || plan->workers > 256)
        plan->workers = 1;
    plan->seed = arguments->seed_given ? arguments->seed : arms[0]->seed;
    failed = plan_open(plan, arms, arm_count, replicates, error);
    return failed != 0 ? failed : plan_work(plan, error);
}

/* Two columns for each arm where the simulated world stands beside: what it found, and the drill.
 */
static int print_arms(const struct arguments *arguments, const struct plan *plan,
                      const struct live_runs *live, struct error *error)
{
    const struct report report = {
        .world = arguments->beside_sim ? "simulated and live" : "live",
        .source = arguments->beside_sim ? "sim,live" : "live",
        .seed = live->seed,
        .json = arguments->json,
        .brief = arguments->brief,
    };
    struct report_arm *list = calloc(2 * (size_t)live->arm_count, sizeof *list);
    uint32_t count = 0;
    int failed = 0;

    if (list == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the findings");
    for (uint32_t a = 0; a < live->arm_count && failed == 0; a++) {
        char name[512];

        if (arguments->beside_sim) {
            snprintf(name, sizeof name, "%s, simulated", live->arms[a]->arm);
            list[count].scenario = live->arms[a];
            list[count].findings = plan_sum(plan, live->arms[a], name);
            if (list[count++].findings == NULL)
                failed = error_set(error, ERROR_MEMORY, "out of memory for the findings");
        }
        list[count].scenario = live->arms[a];
        list[count++].findings = live->sums[a];
    }
    if (failed == 0)
        failed = report_print(&report, list, count, error);
    for (uint32_t i = 0; i < count; i++)
        if (arguments->beside_sim && i % 2 == 0)
            findings_close((struct findings *)(uintptr_t)list[i].findings);
    free(list);
    return failed;
}

static int judge(const struct arguments *arguments, const struct live_runs *live,
                 struct error *error)
{
    int failed = 0;

    for (uint32_t a = 0; a < live->arm_count && failed == 0; a++)
        failed = expect_judge(arguments->expect, live->sums[a], error);
    return failed;
}

static int run(const struct arguments *arguments, struct scenario_file *file, struct error *error)
{
    const struct scenario **arms = calloc(scenario_arms(file), sizeof *arms);
    struct live_runs live = {.trace_path = arguments->trace_path,
                             .name = arguments->name,
                             .ledger = arguments->ledger,
                             .replicates =
                                 arguments->replicates > 0 ? (uint32_t)arguments->replicates : 1,
                             .labelled = arguments->beside_sim};
    struct plan plan = {0};
    int failed;

    if (arms == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory");
    live.arms = arms;
    failed = arms_select(file, arguments->arm, arms, &live.arm_count, error);
    live.seed = failed == 0 && !arguments->seed_given ? arms[0]->seed : arguments->seed;
    /* The drill comes first: it must have no threads beside it. */
    if (failed == 0)
        failed = live_runs_work(&live, error);
    if (failed == 0 && arguments->beside_sim)
        failed = simulate(&plan, arguments, arms, live.arm_count, error);
    if (failed == 0)
        failed = print_arms(arguments, &plan, &live, error);
    if (failed == 0)
        failed = judge(arguments, &live, error);
    plan_close(&plan);
    live_runs_close(&live);
    free(arms);
    return failed;
}

int command_drill(int argc, char **argv)
{
    char name[] = "iolaus drill";
    struct arguments arguments = {0};
    struct scenario_file *file;
    struct error error = {0};
    int failed;

    argp_err_exit_status = 2;
    argv[0] = name;
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    if (arguments.duration > 0 && arguments.input.change_count < INPUT_CHANGES_MAX) {
        snprintf(arguments.duration_change, sizeof arguments.duration_change, "duration=%lldns",
                 (long long)arguments.duration);
        arguments.input.changes[arguments.input.change_count++].text = arguments.duration_change;
    }
    failed = input_open(&arguments.input, "drill", &file, &error);
    if (failed == 0) {
        failed = run(&arguments, file, &error);
        scenario_close(file);
    }
    if (failed != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    return error_exit_status(failed);
}
