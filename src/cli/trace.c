/* iolaus trace: asks a trace file this and that. */
#include "cli/commands.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "trace/tools.h"

#define FILES_MAX 64

enum key { KEY_AGENT = 256, KEY_VERB, KEY_CLASS, KEY_FROM, KEY_TO, KEY_LIMIT, KEY_JSON };

struct arguments {
    const char *words[FILES_MAX];
    int count;
    int least, most; /* how many there may be */
    bool json;
    enum trace_format format;
    const char *output;
    struct trace_filter filter;
};

static const struct argp_option filter_options[] = {
    {"agent", KEY_AGENT, "AGENT", 0, "records in which this agent occurs (name or number)", 1},
    {"verb", KEY_VERB, "VERB[,VERB]", 0, "records of these verbs, such as started,died", 1},
    {"class", KEY_CLASS, "CLASS[,CLASS]", 0, "of truth, act, claim, platform, control", 1},
    {"from", KEY_FROM, "TIME", 0, "records at this time or later, such as 1.5min", 1},
    {"to", KEY_TO, "TIME", 0, "records before this time", 1},
    {"limit", KEY_LIMIT, "N", 0, "at most N records", 1},
    {0}};
static const struct argp_option json_options[] = {
    {"json", KEY_JSON, NULL, 0, "write JSON instead of words", 2}, {0}};
static const struct argp_option export_options[] = {
    {"format", 'f', "FORMAT", 0, "jsonl (JSON Lines, the default), csv or perfetto (Chrome JSON)",
     2},
    {"output", 'o', "FILE", 0, "write to FILE, which is there only once it is complete", 2},
    {0}};

static time_ns time_option(struct argp_state *state, const char *text)
{
    struct error error;
    time_ns time = 0;

    if (duration_parse(text, &time, &error) < 0)
        argp_error(state, "%s", error.message);
    return time;
}

static uint64_t limit_option(struct argp_state *state, const char *text)
{
    char *end;
    uint64_t limit;

    errno = 0;
    limit = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || limit == 0)
        argp_error(state, "`%s` is not a limit; write a whole number from 1 on", text);
    return limit;
}

static enum trace_format format_option(struct argp_state *state, const char *text)
{
    if (strcmp(text, "jsonl") == 0)
        return TRACE_JSON_LINES;
    if (strcmp(text, "csv") == 0)
        return TRACE_CSV;
    if (strcmp(text, "perfetto") != 0)
        argp_error(state, "`%s` is no format; write jsonl, csv or perfetto", text);
    return TRACE_PERFETTO;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_AGENT:
        arguments->filter.agent = text;
        break;
    case KEY_VERB:
        arguments->filter.verbs = text;
        break;
    case KEY_CLASS:
        arguments->filter.classes = text;
        break;
    case KEY_FROM:
        arguments->filter.from = time_option(state, text);
        break;
    case KEY_TO:
        arguments->filter.to = time_option(state, text);
        if (arguments->filter.to == 0)
            argp_error(state, "nothing lies before `--to %s`", text);
        break;
    case KEY_LIMIT:
        arguments->filter.limit = limit_option(state, text);
        break;
    case KEY_JSON:
        arguments->json = true;
        break;
    case 'f':
        arguments->format = format_option(state, text);
        break;
    case 'o':
        arguments->output = text;
        break;
    case ARGP_KEY_ARG:
        if (arguments->count == arguments->most)
            argp_error(state, "`%s` is one argument too many", text);
        arguments->words[arguments->count++] = text;
        break;
    case ARGP_KEY_END:
        if (arguments->count < arguments->least)
            argp_error(state, "%s",
                       arguments->count == 0 ? "name a trace file" : "one more argument is needed");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int report(const struct error *error)
{
    fprintf(stderr, "iolaus trace: %s\n", error->message);
    return error_exit_status(error->code);
}

static int run_show(const struct arguments *arguments)
{
    struct error error = {0};

    return trace_export(arguments->words[0], &arguments->filter,
                        arguments->json ? TRACE_JSON_LINES : TRACE_TEXT, stdout, &error) < 0
               ? report(&error)
               : 0;
}

static int run_stats(const struct arguments *arguments)
{
    struct trace_stats stats;
    struct error error = {0};
    int code = trace_stats_open(&stats, arguments->words[0], &arguments->filter, &error);

    if (code == 0) {
        code = trace_stats_write(&stats, arguments->json, stdout, &error);
        trace_stats_close(&stats);
    }
    return code < 0 ? report(&error) : 0;
}

/* One line for each file, as sha256sum and its like write them. */
static int run_digest(const struct arguments *arguments)
{
    struct error error = {0};
    int status = 0;

    for (int i = 0; i < arguments->count; i++) {
        struct trace_stats stats;

        if (trace_stats_open(&stats, arguments->words[i], NULL, &error) < 0) {
            int failed = report(&error);

            status = failed > status ? failed : status;
            continue;
        }
        for (int byte = 0; byte < 32; byte++)
            printf("%02x", stats.digest[byte]);
        printf("  %s\n", arguments->words[i]);
        trace_stats_close(&stats);
    }
    return status;
}

/* Writes beside the file and renames, so that a damaged trace leaves no half of an export. */
static int export_to(const struct arguments *arguments, struct error *error)
{
    char *part;
    FILE *out;
    int code;

    if (asprintf(&part, "%s.part", arguments->output) < 0)
        return error_set(error, ERROR_MEMORY, "no memory to export a trace");
    out = fopen(part, "we");
    if (out == NULL) {
        code = error_set(error, ERROR_IO, "%s: cannot be made: %s", part, strerror(errno));
        free(part);
        return code;
    }
    code = trace_export(arguments->words[0], &arguments->filter, arguments->format, out, error);
    if (fclose(out) != 0 && code == 0)
        code = error_set(error, ERROR_IO, "%s: cannot be written: %s", part, strerror(errno));
    if (code == 0 && rename(part, arguments->output) < 0)
        code = error_set(error, ERROR_IO, "%s: cannot be renamed to %s: %s", part,
                         arguments->output, strerror(errno));
    if (code < 0)
        unlink(part);
    free(part);
    return code;
}

static int run_export(const struct arguments *arguments)
{
    struct error error = {0};
    int code;

    if (arguments->output != NULL)
        code = export_to(arguments, &error);
    else
        code = trace_export(arguments->words[0], &arguments->filter, arguments->format, stdout,
                            &error);
    return code < 0 ? report(&error) : 0;
}

static int run_why(const struct arguments *arguments)
{
    struct error error = {0};

    return trace_why(arguments->words[0], arguments->words[1], arguments->json, stdout, &error) < 0
               ? report(&error)
               : 0;
}

static int run_diff(const struct arguments *arguments)
{
    static struct trace_difference difference;
    struct error error = {0};

    if (trace_diff(arguments->words[0], arguments->words[1], &difference, &error) < 0)
        return report(&error);
    if (arguments->json) {
        json_t *object = json_pack("{s:b, s:s?, s:s?, s:s?}", "differs", difference.differs, "in",
                                   !difference.differs      ? NULL
                                   : !difference.in_records ? "header"
                                   : !difference.in_header  ? "records"
                                                            : "both",
                                   "field", difference.differs ? difference.field : NULL, "words",
                                   difference.differs ? difference.words : NULL);

        if (object != NULL && difference.in_records)
            json_object_set_new(object, "record", json_integer((json_int_t)difference.place));
        if (object == NULL || json_dumpf(object, stdout, JSON_INDENT(2)) < 0) {
            error_set(&error, ERROR_IO, "the output cannot be written");
            return report(&error);
        }
        putchar('\n');
        json_decref(object);
    } else if (difference.differs) {
        printf("a is %s, b is %s\n%s", arguments->words[0], arguments->words[1], difference.words);
    } else {
        printf("the two runs are the same: %" PRIu64 " records\n", difference.place);
    }
    return difference.differs ? 1 : 0;
}

static int run_recover(const struct arguments *arguments)
{
    struct error error = {0};
    uint64_t kept;

    if (trace_recover(arguments->words[0], arguments->words[1], &kept, &error) < 0)
        return report(&error);
    if (error.code != 0)
        printf("%s\n", error.message);
    else
        printf("%s: is not damaged\n", arguments->words[0]);
    printf("%" PRIu64 " records are kept in %s\n", kept, arguments->words[1]);
    return 0;
}

#define FILTERS 1
#define JSON 2
#define EXPORT 4

static const struct tool {
    const char *name;
    int (*run)(const struct arguments *arguments);
    int least, most;
    int options;
    const char *arguments;
    const char *words;
    const char *more;
} TOOLS[] = {
    {"show", run_show, 1, 1, FILTERS | JSON, "FILE", "show the records in words",
     "With --json each record is one JSON object on a line."},
    {"stats", run_stats, 1, 1, FILTERS | JSON, "FILE", "count the records by class, verb and agent",
     "The digest is that of the whole run, whatever records are counted."},
    {"digest", run_digest, 1, FILES_MAX, 0, "FILE...", "print the digest of each run",
     "Runs with the same digest are the same: seed, crew and every record. Version and host do not "
     "go into it."},
    {"export", run_export, 1, 1, FILTERS | EXPORT, "FILE", "write JSON Lines, CSV or Chrome JSON",
     "The perfetto form opens in https://ui.perfetto.dev: a track for each agent, its incarnations "
     "as spans, causes as flows."},
    {"why", run_why, 2, 2, JSON, "FILE RECORD", "tell the causes of a record",
     "RECORD is WRITER:SEQUENCE, where WRITER is an agent's name or number, or platform, control "
     "or witness: writer-1:12. `iolaus trace show` gives each record's. Causes that are guesses "
     "are marked."},
    {"diff", run_diff, 2, 2, JSON, "A B", "find where two runs first differ",
     "Exit status 1 if they differ. Version and host are not compared."},
    {"recover", run_recover, 2, 2, 0, "FROM TO", "keep all that stands before the damage",
     "FROM is left as it is; it may be the .part file of a run that was interrupted. TO becomes a "
     "whole trace of the records that could be kept."},
};
#define TOOL_COUNT (sizeof TOOLS / sizeof TOOLS[0])

static void print_help(FILE *out)
{
    fputs("Usage: iolaus trace TOOL [ARGUMENT...]\n"
          "Asks a trace file, which a run wrote with `iolaus sim --trace FILE`.\n\n"
          "Tools:\n",
          out);
    for (size_t i = 0; i < TOOL_COUNT; i++)
        fprintf(out, "  %-8s %-12s %s\n", TOOLS[i].name, TOOLS[i].arguments, TOOLS[i].words);
    fputs("\n`iolaus trace TOOL --help` says more.\n\n"
          "Exit status: 0 done; 1 the file is torn or altered, or two runs differ; 2 the input is\n"
          "wrong; 3 the machine cannot do it.\n",
          out);
}

/* Adds the options of a list, without its end. */
static void options_add(struct argp_option **at, const struct argp_option *list)
{
    for (; list->name != NULL; list++)
        *(*at)++ = *list;
}

static int tool_run(const struct tool *tool, int argc, char **argv)
{
    struct argp_option options[16] = {{0}}, *at = options;
    struct arguments arguments = {
        .least = tool->least, .most = tool->most, .format = TRACE_JSON_LINES};
    struct argp argp = {.options = options, .parser = parse_option, .args_doc = tool->arguments};
    char name[32], *text;
    int status;

    if (asprintf(&text, "%c%s.\v%s", tool->words[0] - 'a' + 'A', tool->words + 1, tool->more) < 0)
        return report(&(struct error){ERROR_MEMORY, "no memory"});
    argp.doc = text;
    if (tool->options & FILTERS)
        options_add(&at, filter_options);
    if (tool->options & JSON)
        options_add(&at, json_options);
    if (tool->options & EXPORT)
        options_add(&at, export_options);
    snprintf(name, sizeof name, "iolaus trace %s", tool->name);
    argv[0] = name;
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    free(text);
    status = tool->run(&arguments);
    if (fflush(stdout) != 0 && status == 0)
        status = report(&(struct error){ERROR_IO, "the output cannot be written"});
    return status;
}

int command_trace(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    for (size_t i = 0; i < TOOL_COUNT; i++)
        if (strcmp(name, TOOLS[i].name) == 0)
            return tool_run(&TOOLS[i], argc - 1, argv + 1);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-?") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (argc > 1)
        fprintf(stderr, "iolaus trace: there is no tool `%s`; `iolaus trace --help` lists them\n",
                name);
    else
        print_help(stderr);
    return 2;
}
