/* iolaus protocol: writes down what the agents in fact did. */
#include "cli/commands.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/protocol.h"
#include "cli/argument.h"
#include "cli/protocol_database.h"
#include "trace/words.h"

#define FILES_MAX 4096

struct arguments {
    const char *files[FILES_MAX];
    uint32_t count;
    const char *output;
    struct protocol_choice choice;
    uint64_t top;
    bool json;
};

enum { KEY_TOP = 256, KEY_TARGET, KEY_WITHOUT, KEY_ARM, KEY_STUDY, KEY_JSON };

static const struct argp_option OPTIONS[] = {
    {"top", KEY_TOP, "N", 0, "show the N most frequent protocols one by one (default: 5)", 0},
    {"target", KEY_TARGET, "AGENT", 0, "episodes of this target alone", 0},
    {"without", KEY_WITHOUT, "STEP[,STEP]", 0,
     "leave these steps out, so that protocols that differ in them alone are one", 0},
    {"arm", KEY_ARM, "PATTERN", 0,
     "of a results database: the arm of this name, or those of a pattern such as '*solo'", 0},
    {"study", KEY_STUDY, "NAME", 0, "which study, where the database holds several", 0},
    {"output", 'o', "FILE", 0, "write to FILE, which is there only once it is complete", 0},
    {"json", KEY_JSON, NULL, 0, "write JSON instead of a page", 0},
    {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_TOP:
        return argument_number(state, text, 1, 1000000, "top", &arguments->top);
    case KEY_TARGET:
        arguments->choice.target = text;
        return 0;
    case KEY_WITHOUT:
        arguments->choice.without = text;
        return 0;
    case KEY_ARM:
        arguments->choice.arm = text;
        return 0;
    case KEY_STUDY:
        arguments->choice.study = text;
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case 'o':
        arguments->output = text;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->count == FILES_MAX)
            argp_error(state, "at most %d files, please", FILES_MAX);
        arguments->files[arguments->count++] = text;
        return 0;
    case ARGP_KEY_END:
        if (arguments->count == 0)
            argp_error(state, "name a trace or a results database");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse,
    .args_doc = "FILE...",
    .doc = "Writes what the agents in fact did: the sequences of steps that recur, how often and "
           "how fast, as a page in Markdown with sequence diagrams.\v"
           "FILE is a trace, as `iolaus sim` and `iolaus drill` write "
           "it, or a results database of `iolaus study run`. Several traces are added up; of a "
           "database each arm has a page of its own.\n"
           "Examples:\n"
           "  iolaus protocol run.trace > page.md\n"
           "  iolaus protocol --top 3 -o page.md run-*.trace\n"
           "  iolaus protocol --without alerts,requests run.trace\n"
           "  iolaus protocol --arm 'peers preserve' results.db\n"
           "docs/protocols.md says how to read the page, and what may be concluded from it."};

/* ---- reading ---- */

/* What is said of a damaged trace, and what to do. */
static int torn(int code, struct error *error)
{
    struct error damage = *error;

    return code != ERROR_CORRUPT
               ? code
               : error_set(error, code, "%s; `iolaus trace recover` keeps what stands before it",
                           damage.message);
}

static int take_records(struct trace_reader *reader, const char *path, struct protocols *protocols,
                        struct error *error)
{
    struct protocol_run *run;
    struct record record;
    int code, more;

    run = protocol_run_open(trace_reader_header(reader), path, protocols);
    if (run == NULL)
        return error_set(error, ERROR_MEMORY, "%s: out of memory for its protocols", path);
    while ((more = trace_reader_next(reader, &record, error)) > 0)
        if (protocol_run_take(run, &record) != 0)
            break;
    /* What the run could not take it says when it is closed. */
    code = protocol_run_close(run, more < 0 ? NULL : error);
    if (more < 0)
        return torn(more, error);
    return code == 0 ? 0 : error_context(error, "%s", path);
}

static int take_trace(const char *path, const char *target, struct protocols *protocols,
                      struct error *error)
{
    struct trace_reader *reader;
    agent_id agent;
    int code = trace_reader_open(&reader, path, error);

    if (code != 0)
        return code;
    if (target != NULL && agent_find(trace_reader_header(reader), target, &agent, error) < 0)
        code = error_context(error, "%s", path);
    if (code == 0)
        code = take_records(reader, path, protocols, error);
    trace_reader_close(reader);
    return code;
}

/* ---- writing ---- */

struct writing {
    const struct arguments *arguments;
    FILE *out;
    json_t *list; /* of databases: a page for each arm */
};

static int write_one(struct writing *writing, struct protocols *protocols, struct error *error)
{
    uint32_t top = (uint32_t)writing->arguments->top;
    json_t *json;
    int code;

    if (!writing->arguments->json) {
        code = protocols_page(protocols, top, writing->out);
        return code == 0 ? 0 : error_set(error, code, "the page: %s", error_words(code));
    }
    json = protocols_json(protocols, top);
    if (json == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the page");
    json_array_append_new(writing->list, json);
    return 0;
}

static int write_arm(void *context, struct protocols *protocols, struct error *error)
{
    struct writing *writing = context;
    int code = write_one(writing, protocols, error);

    if (code == 0 && !writing->arguments->json)
        fputc('\n', writing->out);
    return code;
}

static int take_traces(struct writing *writing, struct error *error)
{
    const struct arguments *arguments = writing->arguments;
    const char *target = arguments->choice.target, *without = arguments->choice.without;
    struct protocols *protocols = protocols_open();
    int code = 0;

    if (protocols != NULL && without != NULL)
        code = protocols_leave_out(protocols, without, error);
    if (protocols == NULL || (target != NULL && protocols_only(protocols, target) != 0))
        code = error_set(error, ERROR_MEMORY, "out of memory for the protocols");
    for (uint32_t i = 0; i < arguments->count && code == 0; i++)
        code = take_trace(arguments->files[i], target, protocols, error);
    if (code == 0)
        code = write_one(writing, protocols, error);
    protocols_close(protocols);
    return code;
}

/* Traces, or one database: they do not say the same, and are not added up. */
static int look(const struct arguments *arguments, bool *database, struct error *error)
{
    *database = false;
    for (uint32_t i = 0; i < arguments->count; i++) {
        int is = protocol_is_database(arguments->files[i], error);

        if (is < 0)
            return is;
        if (is > 0 && arguments->count > 1)
            return error_set(error, ERROR_INPUT,
                             "%s is a results database: one at a time, and no trace with it",
                             arguments->files[i]);
        *database = is > 0;
    }
    if (!*database && (arguments->choice.arm != NULL || arguments->choice.study != NULL))
        return error_set(error, ERROR_INPUT,
                         "%s is no results database; --arm and --study choose from one",
                         arguments->files[0]);
    return 0;
}

static int write_all(const struct arguments *arguments, FILE *out, struct error *error)
{
    struct writing writing = {.arguments = arguments, .out = out, .list = json_array()};
    bool database;
    int code = look(arguments, &database, error);

    if (code == 0 && database)
        code = protocol_database_read(arguments->files[0], &arguments->choice, write_arm, &writing,
                                      error);
    else if (code == 0)
        code = take_traces(&writing, error);
    if (code == 0 && arguments->json) {
        const json_t *whole = database ? writing.list : json_array_get(writing.list, 0);

        json_dumpf(whole, out, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
        fputc('\n', out);
    }
    json_decref(writing.list);
    return code;
}

/* Nothing is printed, and no file made, where something is wrong. */
static int run(const struct arguments *arguments, struct error *error)
{
    char *text = NULL, *part = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size), *file = stdout;
    int code = out == NULL ? error_set(error, ERROR_MEMORY, "out of memory for the page")
                           : write_all(arguments, out, error);

    if (out != NULL && fclose(out) != 0 && code == 0)
        code = error_set(error, ERROR_MEMORY, "out of memory for the page");
    if (code == 0 && arguments->output != NULL) {
        if (asprintf(&part, "%s.part", arguments->output) < 0) {
            part = NULL;
            code = error_set(error, ERROR_MEMORY, "out of memory for the page");
        } else if ((file = fopen(part, "we")) == NULL) {
            code = error_set(error, ERROR_IO, "%s: cannot be made: %s", part, strerror(errno));
        }
    }
    if (code == 0) {
        bool wrong = fwrite(text, 1, size, file) != size;

        wrong = (file == stdout ? fflush(file) : fclose(file)) != 0 || wrong;
        if (!wrong && part != NULL)
            wrong = rename(part, arguments->output) != 0;
        if (wrong)
            code = error_set(error, ERROR_IO, "%s: cannot be written: %s",
                             part != NULL ? arguments->output : "standard output", strerror(errno));
        if (wrong && part != NULL)
            unlink(part);
    }
    free(part);
    free(text);
    return code;
}

int command_protocol(int argc, char **argv)
{
    static struct arguments arguments;
    char name[] = "iolaus protocol";
    struct error error = {0};
    int code;

    argp_err_exit_status = 2;
    argv[0] = name;
    arguments = (struct arguments){.top = 5};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    code = run(&arguments, &error);
    if (code != 0)
        fprintf(stderr, "iolaus protocol: %s\n", error.message);
    return error_exit_status(code);
}
