/* iolaus check: is a scenario right, and what will it do? In plain words. */
#include "cli/commands.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/describe.h"
#include "cli/input.h"
#include "scenario/reference.h"

struct arguments {
    struct input input;
    bool json, reference;
};

enum { OPTION_JSON = 256, OPTION_REFERENCE };

static const struct argp_option OPTIONS[] = {
    {"json", OPTION_JSON, NULL, 0, "say it as JSON", 0},
    {"reference", OPTION_REFERENCE, NULL, 0,
     "print the reference of the scenario language, and nothing else", 0},
    {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    (void)text;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->input;
        return 0;
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case OPTION_REFERENCE:
        arguments->reference = true;
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
    .doc = "Says whether a scenario is right, and in plain words what it will do.\v"
           "Nothing is run and nothing is written. Exit status: 0 it is right, 2 it is not.",
};

static int check_json(struct scenario_file *file, struct error *error)
{
    const struct scenario *first, *arm;
    int failed = scenario_arm(file, 0, &first, error);
    json_t *arms, *all;
    char seed[24];

    if (failed != 0)
        return failed;
    /* As text, since JSON's numbers do not hold 64 bits everywhere. */
    snprintf(seed, sizeof seed, "%" PRIu64, first->seed);
    arms = json_array();
    for (uint32_t a = 0; a < scenario_arms(file); a++) {
        if (scenario_arm(file, a, &arm, error) == 0)
            json_array_append_new(arms, describe_json(arm));
    }
    all = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "file", first->path, "name", first->name,
                    "about", first->about, "seed", seed, "replicates",
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
    char name[] = "iolaus check";
    static struct arguments arguments;
    struct scenario_file *file = NULL;
    struct error error = {0};
    int failed;

    arguments = (struct arguments){0};
    argp_err_exit_status = 2;
    argv[0] = name;
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    if (arguments.reference) {
        scenario_reference(stdout);
        return 0;
    }
    failed = input_open(&arguments.input, "check", &file, &error);
    if (failed == 0)
        failed = arguments.json ? check_json(file, &error) : check_words(file, &error);
    scenario_close(file);
    if (failed != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    return error_exit_status(failed);
}
