#include "cli/input.h"

#include <errno.h>
#include <stdio.h>

enum { OPTION_SET = 512 };

static const struct argp_option OPTIONS[] = {
    {"set", OPTION_SET, "PATH=VALUE", 0,
     "change the scenario first, as in platform.restart.policy=none; may be repeated", 0},
    {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct input *input = state->input;

    switch (key) {
    case OPTION_SET:
        if (input->change_count == INPUT_CHANGES_MAX) {
            fprintf(stderr, "%s: at most %d changes with --set\n", state->name, INPUT_CHANGES_MAX);
            return EINVAL;
        }
        input->changes[input->change_count++].text = text;
        return 0;
    case ARGP_KEY_ARG:
        if (input->path != NULL) {
            fprintf(stderr, "%s: one scenario at a time, not also `%s`\n", state->name, text);
            return EINVAL;
        }
        input->path = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {.options = OPTIONS, .parser = parse};
const struct argp_child INPUT_CHILDREN[] = {{&ARGP, 0, NULL, 0}, {0}};

int input_open(const struct input *input, const char *command, struct scenario_file **file,
               struct error *error)
{
    if (input->path == NULL)
        return error_set(error, ERROR_INPUT,
                         "which scenario? As in `iolaus %s scenarios/newsroom.yaml`", command);
    return scenario_open(file, input->path, input->changes, input->change_count, error);
}
