/* iolaus order: writes orders for signing, shows them, and checks the signatures. */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/calendar.h"
#include "cli/argument.h"
#include "cli/order_tool.h"
#include "scenario/authority.h"

#define SECOND_NS INT64_C(1000000000)
#define EXPIRES_DEFAULT (600 * SECOND_NS)

static error_t verb_take(struct argp_state *state, enum order_verb verb, const char *text)
{
    struct order_arguments *arguments = state->input;

    if (arguments->verb_given) {
        fprintf(stderr, "%s: one of --stop, --pause, --resume and --permit, and once\n",
                state->name);
        return EINVAL;
    }
    arguments->verb_given = true;
    arguments->verb = verb;
    if (verb == ORDER_PERMIT)
        arguments->permit = text;
    else
        arguments->target = text;
    return 0;
}

static error_t signature_take(struct argp_state *state, const char *path)
{
    struct order_arguments *arguments = state->input;

    if (arguments->signature_count == AUTHORITY_SIGNATURES_MAX) {
        fprintf(stderr, "%s: at most %d signatures are looked at\n", state->name,
                AUTHORITY_SIGNATURES_MAX);
        return EINVAL;
    }
    arguments->signatures[arguments->signature_count++] = path;
    return 0;
}

static error_t time_take(struct argp_state *state, const char *text, int64_t *seconds)
{
    if (calendar_parse(text, strlen(text), seconds))
        return 0;
    fprintf(stderr, "%s: --at takes a time in UTC such as 2026-11-21T11:00:00Z, not `%s`\n",
            state->name, text);
    return EINVAL;
}

static error_t expires_take(struct argp_state *state, const char *text, time_ns *length)
{
    error_t failed = argument_duration(state, text, SECOND_NS, "expires", length);

    if (failed == 0 && *length % SECOND_NS != 0) {
        fprintf(stderr, "%s: --expires takes whole seconds, not `%s`\n", state->name, text);
        return EINVAL;
    }
    return failed;
}

/* The order's file, and behind it, for `verify`, signatures: so that a shell's `*.sig` will do. */
static error_t file_take(struct argp_state *state, const char *text)
{
    struct order_arguments *arguments = state->input;

    if (arguments->file == NULL) {
        arguments->file = text;
        return 0;
    }
    if (arguments->signature_count > 0)
        return signature_take(state, text);
    fprintf(stderr, "%s: one order at a time, not also `%s`\n", state->name, text);
    return EINVAL;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct order_arguments *arguments = state->input;

    switch (key) {
    case ORDER_KEY_STOP:
        return verb_take(state, ORDER_STOP, text);
    case ORDER_KEY_PAUSE:
        return verb_take(state, ORDER_PAUSE, text);
    case ORDER_KEY_RESUME:
        return verb_take(state, ORDER_RESUME, text);
    case ORDER_KEY_PERMIT:
        return verb_take(state, ORDER_PERMIT, text);
    case ORDER_KEY_PROTOCOL:
        arguments->protocol = text;
        return 0;
    case ORDER_KEY_EXPIRES:
        return expires_take(state, text, &arguments->valid_for);
    case ORDER_KEY_RANGE:
        arguments->range = text;
        return 0;
    case ORDER_KEY_SIGNATURE:
        return signature_take(state, text);
    case ORDER_KEY_ROSTER:
        arguments->roster = text;
        return 0;
    case ORDER_KEY_LIFTS:
        arguments->lifts = text;
        return 0;
    case ORDER_KEY_MIN:
        return argument_number(state, text, 1, AUTHORITY_SIGNATURES_MAX, "min", &arguments->least);
    case ORDER_KEY_AT:
        return time_take(state, text, &arguments->at_s);
    case ORDER_KEY_JSON:
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        return file_take(state, text);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option no_options[] = {{0}};

int order_tool_reference(const struct order_arguments *arguments)
{
    (void)arguments;
    authority_reference(stdout);
    return 0;
}

static const struct order_tool TOOLS[] = {
    {"new", "", "write an order, for signing",
     "TARGET is an agent's name, `group:` and a group's name, or `all`. The order goes to standard "
     "output. It is nothing before it is signed:\n\n"
     "  iolaus order new --stop camera-3 > stop.order\n"
     "  ssh-keygen -Y sign -n iolaus-order -f KEY < stop.order > alice.sig",
     order_new_options, order_tool_new},
    {"show", "ORDER", "say what an order says, and its digest",
     "Whoever signs should read it first. No signature is looked at.", order_show_options,
     order_tool_show},
    {"verify", "ORDER", "say whether an order is signed by those who may",
     "It only says so and carries out nothing. Scope, lifetime and what was given before are the "
     "daemon's to judge, with its own thresholds. Signatures may also follow ORDER, as in\n\n"
     "  iolaus order verify stop.order --roster roster --sig *.sig\n\n"
     "Exit status: 0 accepted; 1 refused; 2 the input is wrong.",
     order_verify_options, order_tool_verify},
    {"reference", "", "print the reference of the authority file", "It goes to standard output.",
     no_options, order_tool_reference},
};
#define TOOL_COUNT (sizeof TOOLS / sizeof TOOLS[0])

static void print_help(FILE *out)
{
    fputs(
        "Usage: iolaus order TOOL [ARGUMENT...]\n"
        "Writes orders to stop agents, or to let them run again, for people to sign with the SSH\n"
        "keys that they have.\n\n"
        "Tools:\n",
        out);
    for (size_t i = 0; i < TOOL_COUNT; i++)
        fprintf(out, "  %-9s %-6s %s\n", TOOLS[i].name, TOOLS[i].arguments, TOOLS[i].words);
    fputs("\n`iolaus order TOOL --help` says more.\n\n"
          "Exit status: 0 done; 1 an order is refused; 2 the input is wrong; 3 the machine cannot "
          "do it.\n",
          out);
}

int order_report(const struct error *error)
{
    fprintf(stderr, "iolaus order: %s\n", error->message);
    return error_exit_status(error->code);
}

static int tool_start(const struct order_tool *tool, int argc, char **argv)
{
    struct order_arguments arguments = {.at_s = -1, .valid_for = EXPIRES_DEFAULT};
    struct argp argp = {.options = tool->options, .parser = parse, .args_doc = tool->arguments};
    char name[32], *text;
    int status = 2;

    if (sodium_init() < 0)
        return order_report(&(struct error){ERROR_MACHINE, "libsodium cannot be used"});
    if (asprintf(&text, "%c%s.\v%s", tool->words[0] - 'a' + 'A', tool->words + 1, tool->more) < 0)
        return order_report(&(struct error){ERROR_MEMORY, "no memory"});
    argp.doc = text;
    snprintf(name, sizeof name, "iolaus order %s", tool->name);
    argv[0] = name;
    argp_err_exit_status = 2;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) == 0)
        status = tool->run(&arguments);
    free(text);
    if (fflush(stdout) != 0 && status < 2)
        status = order_report(&(struct error){ERROR_IO, "the output cannot be written"});
    return status;
}

int command_order(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    for (size_t i = 0; i < TOOL_COUNT; i++)
        if (strcmp(name, TOOLS[i].name) == 0)
            return tool_start(&TOOLS[i], argc - 1, argv + 1);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-?") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (argc > 1)
        fprintf(stderr, "iolaus order: there is no tool `%s`; `iolaus order --help` lists them\n",
                name);
    else
        print_help(stderr);
    return 2;
}
