/* iolaus stop, permit, pause, resume: an order is written, signed, given and followed. */
#include "cli/stop.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/argument.h"
#include "cli/commands.h"
#include "cli/order_tool.h"

#define SECOND_NS INT64_C(1000000000)
#define AWAIT_US 20000

enum {
    OPTION_ALL = 256,
    OPTION_DRY_RUN,
    OPTION_PROTOCOL,
    OPTION_KEY,
    OPTION_RANGE,
    OPTION_ORDER,
    OPTION_SIGNATURE,
    OPTION_EXPIRES,
    OPTION_JSON
};

#define COMMON_OPTIONS                                                                             \
    {"all", OPTION_ALL, NULL, 0, "the whole crew", 1},                                             \
        {"dry-run",                                                                                \
         OPTION_DRY_RUN,                                                                           \
         NULL,                                                                                     \
         0,                                                                                        \
         "say whom it would reach, sign nothing and change nothing",                               \
         1},                                                                                       \
        {"key",                                                                                    \
         OPTION_KEY,                                                                               \
         "FILE",                                                                                   \
         0,                                                                                        \
         "sign with this key, or its .pub if an agent has it; once for each who signs here "       \
         "(default: IOLAUS_KEY, else ~/.ssh/id_ed25519_sk, else ~/.ssh/id_ed25519)",               \
         2},                                                                                       \
        {"expires", OPTION_EXPIRES, "TIME", 0, "the order is good for so long (10min)", 2},        \
        {"order",                                                                                  \
         OPTION_ORDER,                                                                             \
         "FILE",                                                                                   \
         0,                                                                                        \
         "give this order, which was written by `iolaus order new` and signed elsewhere",          \
         3},                                                                                       \
        {"sig",                                                                                    \
         OPTION_SIGNATURE,                                                                         \
         "FILE",                                                                                   \
         0,                                                                                        \
         "its signatures: once for each, or as many files behind it",                              \
         3},                                                                                       \
        {"range", OPTION_RANGE, "NAME", 0, "which range (default: the only one that is up)", 4},   \
    {                                                                                              \
        "json", OPTION_JSON, NULL, 0, "print what became of it as JSON", 4                         \
    }

static const struct argp_option stop_options[] = {
    {"protocol", OPTION_PROTOCOL, "PROTOCOL", 0,
     "how: cauterize (the default), blackout, sweep, tombstone, lease, terminate or recall", 1},
    COMMON_OPTIONS,
    {0}};
static const struct argp_option other_options[] = {COMMON_OPTIONS, {0}};

static error_t file_take(struct argp_state *state, const char *list[], uint32_t *count,
                         const char *text)
{
    if (*count == AUTHORITY_SIGNATURES_MAX) {
        argp_error(state, "at most %d signatures are looked at", AUTHORITY_SIGNATURES_MAX);
        return EINVAL;
    }
    list[(*count)++] = text;
    return 0;
}

static error_t name_take(struct argp_state *state, const char *text)
{
    struct stop_arguments *arguments = state->input;

    if (arguments->signature_count > 0)
        return file_take(state, arguments->signatures, &arguments->signature_count, text);
    if (arguments->target != NULL)
        argp_error(state, "one target at a time, not also `%s`", text);
    arguments->target = text;
    return 0;
}

static void check(struct argp_state *state)
{
    const struct stop_arguments *arguments = state->input;
    int given = (arguments->target != NULL) + arguments->all + (arguments->order != NULL);

    if (given != 1)
        argp_error(state, "name a target, or --all, or --order FILE: one of them");
    if (arguments->signature_count > 0 && arguments->order == NULL)
        argp_error(state, "--sig goes with --order");
    if (arguments->order != NULL && arguments->signature_count == 0 && !arguments->dry_run)
        argp_error(state, "--order needs its signatures: --sig FILE");
    if (arguments->order != NULL && (arguments->key_count > 0 || arguments->protocol != NULL))
        argp_error(state, "an order that is written already takes no --key and no --protocol");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct stop_arguments *arguments = state->input;
    error_t failed;

    switch (key) {
    case OPTION_ALL:
        arguments->all = true;
        return 0;
    case OPTION_DRY_RUN:
        arguments->dry_run = true;
        return 0;
    case OPTION_PROTOCOL:
        arguments->protocol = text;
        return 0;
    case OPTION_KEY:
        return file_take(state, arguments->keys, &arguments->key_count, text);
    case OPTION_RANGE:
        arguments->range = text;
        return 0;
    case OPTION_ORDER:
        arguments->order = text;
        return 0;
    case OPTION_SIGNATURE:
        return file_take(state, arguments->signatures, &arguments->signature_count, text);
    case OPTION_EXPIRES:
        failed = argument_duration(state, text, SECOND_NS, "expires", &arguments->valid_for);
        if (failed == 0 && arguments->valid_for % SECOND_NS != 0)
            argp_error(state, "--expires takes whole seconds, not `%s`", text);
        return failed;
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        return name_take(state, text);
    case ARGP_KEY_END:
        check(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define AFTERWARDS                                                                                 \
    "\n\nTARGET is an agent's name, or `group:` and a group's name. The order is signed by "       \
    "`ssh-keygen -Y sign -n iolaus-order`, given to the range's daemon, and followed to its "      \
    "end. What must be signed by several is written by `iolaus order new`, signed where they "     \
    "are, and given here by --order and --sig.\n\n"                                                \
    "Exit status: 0 done and proved; 1 refused, or not proved; 2 the input is wrong; 3 the "       \
    "machine cannot do it, or the daemon went away."

static const struct argp argps[] = {
    [ORDER_STOP] =
        {.options = stop_options,
         .parser = parse,
         .args_doc = "TARGET\n--all\n--order ORDER --sig FILE...",
         .doc = "Stops an agent, a group or a whole crew for good: no incarnation of it may run "
                "without a permit afterwards.\v"
                "Examples:\n"
                "  iolaus stop camera-3 --dry-run\n"
                "  iolaus stop camera-3\n"
                "  iolaus stop group:cameras --protocol blackout --range grid\n"
                "  iolaus stop --order stop.order --sig stop.order.*.sig" AFTERWARDS},
    [ORDER_PAUSE] = {.options = other_options,
                     .parser = parse,
                     .args_doc = "TARGET\n--all\n--order ORDER --sig FILE...",
                     .doc = "Freezes every incarnation of a target, cuts it off, and keeps it for "
                            "examination.\v"
                            "`iolaus resume` lets it go on." AFTERWARDS},
    [ORDER_RESUME] = {.options = other_options,
                      .parser = parse,
                      .args_doc = "TARGET\n--all\n--order ORDER --sig FILE...",
                      .doc = "Lets what was paused go on.\v"
                             "It needs as many signatures as a permit." AFTERWARDS},
    [ORDER_PERMIT] =
        {.options = other_options,
         .parser = parse,
         .args_doc = "TARGET\nSTOP\n--all\n--order ORDER --sig FILE...",
         .doc = "Lets a target run again that was stopped: lifts the first stop of that very "
                "target that holds, or the one whose file is named (with a `/` or a `.` in it).\v"
                "It needs two persons unless the daemon says otherwise, or its roster holds one "
                "key." AFTERWARDS},
};

/* A daemon takes orders once every agent has opened its session, and gives up by itself where one
 * does not: so the wait ends. */
static int await_up(struct control *control, const char *range, struct error *error)
{
    bool opening = true, told = !isatty(STDERR_FILENO);
    int failed = 0;

    while (failed == 0 && opening) {
        json_t *status = NULL;
        const char *state;

        failed = control_ask(control, "range/status", NULL, &status, error);
        state = json_string_value(json_object_get(status, "state"));
        opening = state != NULL && strcmp(state, "opening") == 0;
        json_decref(status);
        if (failed == 0 && opening) {
            if (!told)
                fprintf(stderr, "iolaus: %s is being opened; waiting until it takes orders\n",
                        range);
            told = true;
            usleep(AWAIT_US);
        }
    }
    return failed;
}

static int run(const struct stop_arguments *arguments)
{
    static struct stop_order order;
    char range[108];
    struct control *control = NULL;
    struct error error = {0};
    int status, failed = 0;

    if (sodium_init() < 0)
        failed = error_set(&error, ERROR_MACHINE, "libsodium cannot be used");
    if (failed == 0)
        failed = control_range(arguments->range, range, sizeof range, &error);
    if (failed == 0)
        failed = control_open(&control, range, &error);
    if (failed == 0)
        failed = await_up(control, range, &error);
    if (failed == 0)
        failed = stop_order_make(arguments, range, control, &order, &error);
    if (failed != 0)
        status = stop_report(&error);
    else if (arguments->dry_run)
        status = stop_reach(arguments, range, control, &order.order);
    else
        status = stop_give(arguments, range, control, &order);
    stop_order_free(&order);
    control_close(control);
    if (fflush(stdout) != 0 && status < 2)
        status = stop_report(&(struct error){ERROR_IO, "the output cannot be written"});
    return status;
}

static int command(enum order_verb verb, int argc, char **argv)
{
    struct stop_arguments arguments = {.verb = verb, .valid_for = 600 * SECOND_NS};
    char name[32];

    snprintf(name, sizeof name, "iolaus %s", order_verb_word(verb));
    argp_err_exit_status = 2;
    argv[0] = name;
    if (argp_parse(&argps[verb], argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    return run(&arguments);
}

int command_stop(int argc, char **argv)
{
    return command(ORDER_STOP, argc, argv);
}

int command_pause(int argc, char **argv)
{
    return command(ORDER_PAUSE, argc, argv);
}

int command_resume(int argc, char **argv)
{
    return command(ORDER_RESUME, argc, argv);
}

int command_permit(int argc, char **argv)
{
    return command(ORDER_PERMIT, argc, argv);
}
