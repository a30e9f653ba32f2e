/* iolaus check: is a scenario right, and what will it do? In plain words. */
#include "cli/commands.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/describe.h"
#include "scenario/reference.h"

#define CHANGES_MAX 256

struct arguments {
    const char *path;
    struct scenario_change changes[CHANGES_MAX];
    uint32_t change_count;
    bool json, reference;
};

enum { OPTION_SET = 256, OPTION_JSON, OPTION_REFERENCE };

static const struct argp_option OPTIONS[] = {
    {"set", OPTION_SET, "PATH=VALUE", 0,
     "change the scenario first, as in platform.restart.policy=none; may be repeated", 0},
    {"json", OPTION_JSON, NULL, 0, "say it as JSON", 0},
    {"reference", OPTION_REFERENCE, NULL, 0,
     "print the reference of the scenario language, and nothing else", 0},
    {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_SET:
        if (arguments->change_count == CHANGES_MAX) {
            fprintf(stderr, "iolaus check: at most %d changes with --set\n", CHANGES_MAX);
            return EINVAL;
        }
        arguments->changes[arguments->change_count++].text = text;
        return 0;
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case OPTION_REFERENCE:
        arguments->reference = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL) {
            fprintf(stderr, "iolaus check: one scenario at a time, not also `%s`\n", text);
            return EINVAL;
        }
        arguments->path = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "SCENARIO",
    .doc = "Says whether a scenario is right, and in plain words what it will do.\v"
           "Nothing is run and nothing is written. Exit status: 0 it is right, 2 it is not.",
};

static int check_json(struct scenario_file *file, struct error *error)
{
    const struct scenario *first, *arm;
    int failed = scenario_arm(file, 0, &first, error);
    json_t *arms, *all;

    if (failed != 0)
        return failed;
    arms = json_array();
    for (uint32_t a = 0; a < scenario_arms(file); a++) {
        if (scenario_arm(file, a, &arm, error) == 0)
            json_array_append_new(arms, describe_json(arm));
    }
    all = json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:o}", "file", first->path, "name", first->name,
                    "about", first->about, "seed", (json_int_t)first->seed, "replicates",
                    (json_int_t)first->replicates, "version", IOLAUS_VERSION, "arms", arms);
    if (all == NULL || json_dumpf(all, stdout, JSON_INDENT(2)) != 0)
        failed = error_set(error, ERROR_IO, "the JSON could not be written");
    putchar('\n');
    json_decref(all);
    return failed;
}

static int check_words(struct scenario_file *file, struct error *error)
{
    const struct scenario *arm;
    int failed = scenario_arm(file, 0, &arm, error);

    if (failed != 0)
        return failed;
    describe_scenario(stdout, arm, scenario_arms(file) > 1);
    if (scenario_arms(file) > 1) {
        printf("\n%u arms are compared:\n", scenario_arms(file));
        for (uint32_t a = 0; failed == 0 && a < scenario_arms(file); a++) {
            failed = scenario_arm(file, a, &arm, error);
            if (failed == 0)
                describe_arm(stdout, arm, a + 1);
        }
    }
    return failed;
}

int command_check(int argc, char **argv)
{
    static struct arguments arguments;
    struct scenario_file *file = NULL;
    struct error error = {0};
    int failed;

    arguments = (struct arguments){0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    if (arguments.reference) {
        scenario_reference(stdout);
        return 0;
    }
    if (arguments.path == NULL) {
        fprintf(stderr, "iolaus check: name a scenario, such as scenarios/newsroom.yaml; `iolaus "
                        "check --help` says more\n");
        return 2;
    }
    failed =
        scenario_open(&file, arguments.path, arguments.changes, arguments.change_count, &error);
    if (failed == 0)
        failed = arguments.json ? check_json(file, &error) : check_words(file, &error);
    scenario_close(file);
    if (failed != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    return error_exit_status(failed);
}
