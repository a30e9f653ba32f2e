/*
 * The scenario and the changes that a command is given: SCENARIO and --set PATH=VALUE, as a child
 * parser for argp. The command hands over its struct input at ARGP_KEY_INIT:
 *
 *     state->child_inputs[0] = &arguments->input;
 */
#ifndef IOLAUS_CLI_INPUT_H
#define IOLAUS_CLI_INPUT_H

#include <argp.h>

#include "scenario/scenario.h"

#define INPUT_CHANGES_MAX 256

struct input {
    const char *path; /* NULL: none was given */
    struct scenario_change changes[INPUT_CHANGES_MAX];
    uint32_t change_count;
};

/* To stand in the command's struct argp. */
extern const struct argp_child INPUT_CHILDREN[];

/* Opens the scenario; where none was given that is ERROR_INPUT. */
int input_open(const struct input *input, const char *command, struct scenario_file **file,
               struct error *error);

#endif
