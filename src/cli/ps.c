/* iolaus ps, iolaus down: what runs on a range, truth beside belief; and the end of it. */
#include "cli/commands.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "cli/control.h"

struct arguments {
    const char *range;
    bool json;
};

enum { OPTION_JSON = 256 };

static const struct argp_option OPTIONS[] = {
    {"json", OPTION_JSON, NULL, 0, "print the daemon's answer as JSON", 0}, {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->range != NULL)
            argp_error(state, "one range at a time, not also `%s`", text);
        arguments->range = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP_PS = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "[RANGE]",
    .doc = "Shows every agent of a range: what the witness knows of it, beside what the board "
           "believes. Where the two differ the line is marked with `!`.\v"
           "RANGE may be left out where one is up."};

static const struct argp ARGP_RENEW = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "[RANGE]",
    .doc = "Says that the operator is there: a range that was brought up with an operator's lease "
           "runs "
           "on for that long.\vRANGE may be left out where one is up."};
static const struct argp ARGP_DOWN = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "[RANGE]",
    .doc = "Ends a range in good order: every process on it is dead afterwards.\v"
           "RANGE may be left out where one is up."};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* Text from a range is printed without what a terminal would obey. */
static void print_text(const char *text, int width)
{
    int printed = 0;

    for (const char *at = text; *at != '\0'; at++, printed++)
        putchar((unsigned char)*at < 0x20 || *at == 0x7f ? '?' : *at);
    for (; printed < width; printed++)
        putchar(' ');
}

static bool runs(const char *state)
{
    return strcmp(state, "running") == 0 || strcmp(state, "hung") == 0 ||
           strcmp(state, "held") == 0;
}

static bool differs(const char *state, const char *shows)
{
    return (strcmp(shows, "healthy") == 0 && !runs(state)) ||
           (strcmp(shows, "failed") == 0 && runs(state));
}

static int longest(const json_t *agents, const char *key, int least)
{
    int width = least;

    for (size_t i = 0; i < json_array_size(agents); i++) {
        int length = (int)strlen(text_of(json_array_get(agents, i), key));

        width = length > width ? length : width;
    }
    return width;
}

static void print_agent(const json_t *agent, time_ns now, int name_width, int kind_width)
{
    const char *state = text_of(agent, "state"), *shows = text_of(agent, "shows");
    time_ns since = number_of(agent, "since_ns");
    char elapsed[DURATION_TEXT_BYTES];
    const json_t *others = json_object_get(agent, "others");

    duration_format(now > since ? (now - since) / 1000000 * 1000000 : 0, elapsed);
    printf("%c ", differs(state, shows) ? '!' : ' ');
    print_text(text_of(agent, "agent"), name_width + 2);
    print_text(text_of(agent, "kind"), kind_width + 2);
    printf("%-9s #%-5lld ", state, number_of(agent, "incarnation"));
    if (json_is_integer(json_object_get(agent, "pid")))
        printf("%8lld", number_of(agent, "pid"));
    else
        printf("%8s", "-");
    printf("  %-10s %-8s", elapsed, shows);
    if (json_is_string(json_object_get(agent, "barred")))
        printf("  %s", text_of(agent, "barred"));
    putchar('\n');
    for (size_t i = 0; i < json_array_size(others); i++)
        printf("    also alive: #%lld, pid %lld\n",
               number_of(json_array_get(others, i), "incarnation"),
               number_of(json_array_get(others, i), "pid"));
}

static void print_range(const json_t *answer)
{
    const json_t *agents = json_object_get(answer, "agents");
    const json_t *unsanctioned = json_object_get(answer, "unsanctioned");
    int name_width = longest(agents, "agent", 5), kind_width = longest(agents, "kind", 4);
    time_ns now = number_of(answer, "time_ns");

    printf("  %-*s  %-*s  %-9s %-6s %8s  %-10s %-8s\n", name_width, "", kind_width, "", "truth", "",
           "", "", "belief");
    printf("  %-*s  %-*s  %-9s %-6s %8s  %-10s %-8s\n", name_width, "AGENT", kind_width, "KIND",
           "STATE", "LIFE", "PID", "SINCE", "BOARD");
    for (size_t i = 0; i < json_array_size(agents); i++)
        print_agent(json_array_get(agents, i), now, name_width, kind_width);
    for (size_t i = 0; i < json_array_size(unsanctioned); i++) {
        const json_t *process = json_array_get(unsanctioned, i);

        printf("! unsanctioned process %lld of ", number_of(process, "pid"));
        print_text(text_of(process, "agent"), 0);
        if (json_is_string(json_object_get(process, "as"))) {
            fputs(" runs as ", stdout);
            print_text(text_of(process, "as"), 0);
        }
        putchar('\n');
    }
}

static int call(const char *command, const struct argp *argp, int argc, char **argv,
                const char *method, struct arguments *arguments, char *range, size_t size,
                json_t **answer)
{
    struct error error = {0};
    char name[32];
    int failed;

    snprintf(name, sizeof name, "iolaus %s", command);
    argp_err_exit_status = 2;
    argv[0] = name;
    if (argp_parse(argp, argc, argv, 0, NULL, arguments) != 0)
        return 2;
    failed = control_range(arguments->range, range, size, &error);
    if (failed == 0)
        failed = control_call(range, method, answer, &error);
    if (failed != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    return error_exit_status(failed);
}

static void print_json(const json_t *answer)
{
    json_dumpf(answer, stdout, JSON_INDENT(2));
    putchar('\n');
}

int command_ps(int argc, char **argv)
{
    struct arguments arguments = {0};
    char range[108];
    json_t *answer = NULL;
    int status =
        call("ps", &ARGP_PS, argc, argv, "agents/ps", &arguments, range, sizeof range, &answer);

    if (status == 0 && arguments.json)
        print_json(answer);
    else if (status == 0)
        print_range(answer);
    json_decref(answer);
    return status;
}

int command_renew(int argc, char **argv)
{
    struct arguments arguments = {0};
    char range[108];
    json_t *answer = NULL;
    int status = call("renew", &ARGP_RENEW, argc, argv, "range/renew", &arguments, range,
                      sizeof range, &answer);
    const json_t *lasts = json_object_get(answer, "lasts_ns");

    if (status == 0 && arguments.json)
        print_json(answer);
    else if (status == 0 && json_is_integer(lasts))
        printf("%s may run for %.0f s more\n", range, (double)json_integer_value(lasts) / 1e9);
    else if (status == 0)
        printf("%s needs no renewal: it was brought up without an operator's lease\n", range);
    json_decref(answer);
    return status;
}

#define DOWN_TRIES 300

int command_down(int argc, char **argv)
{
    struct arguments arguments = {0};
    char range[108];
    json_t *answer = NULL, *again = NULL;
    int status = call("down", &ARGP_DOWN, argc, argv, "range/close", &arguments, range,
                      sizeof range, &answer);

    json_decref(answer);
    if (status != 0)
        return status;
    /* It is down when its daemon does not answer any more. */
    for (int i = 0; i < DOWN_TRIES && control_call(range, "range/status", &again, NULL) == 0; i++) {
        json_decref(again);
        again = NULL;
        usleep(100000);
    }
    if (control_call(range, "range/status", &again, NULL) == 0) {
        json_decref(again);
        fprintf(stderr, "iolaus: %s is still closing\n", range);
        return 3;
    }
    if (arguments.json)
        printf("{\"range\": \"%s\", \"down\": true}\n", range);
    else
        printf("%s is down\n", range);
    return 0;
}
