/* iolaus study: answers a research question from a file. */
#include "cli/commands.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/argument.h"
#include "cli/live.h"
#include "cli/progress.h"
#include "cli/study_figures.h"
#include "cli/study_plan.h"
#include "cli/study_print.h"
#include "live/daemon/daemon.h"
#include "study/predict.h"
#include "study/reference.h"
#include "study/run.h"

struct arguments {
    const char *file, *database, *output, *study, *measure, *fold, *ignore;
    uint64_t workers, replicates;
    enum study_format format;
};

enum { KEY_DATABASE = 256, KEY_STUDY, KEY_MEASURE, KEY_FOLD, KEY_IGNORE };

static const struct argp_option run_options[] = {
    {"db", KEY_DATABASE, "FILE", 0, "the results database (default: STUDY.db here)", 0},
    {"jobs", 'j', "N", 0, "runs worked at once (default: the number of processors)", 0},
    {"replicates", 'r', "N", 0, "runs of each arm (default: the study's)", 0},
    {0}};
static const struct argp_option plan_options[] = {
    {"jobs", 'j', "N", 0, "as for `study run`", 0},
    {"replicates", 'r', "N", 0, "runs of each arm (default: the study's)", 0},
    {0}};
static const struct argp_option show_options[] = {
    {"study", KEY_STUDY, "NAME", 0, "which study, where the database holds several", 0},
    {"format", 'f', "FORMAT", 0, "text (the default), csv, markdown or json", 0},
    {"output", 'o', "FILE", 0, "write to FILE in place of standard output", 0},
    {0}};

static const struct argp_option effects_options[] = {
    {"study", KEY_STUDY, "NAME", 0, "which study, where the database holds several", 0},
    {"measure", KEY_MEASURE, "NAME", 0, "of this measure alone", 0},
    {"format", 'f', "FORMAT", 0, "text (the default), csv, markdown or json", 0},
    {"output", 'o', "FILE", 0, "write to FILE in place of standard output", 0},
    {0}};

static const struct argp_option figures_options[] = {
    {"study", KEY_STUDY, "NAME", 0, "which study, where the database holds several", 0},
    {"output", 'o', "FOLDER", 0, "where they go (default: figures)", 0},
    {0}};

static const struct argp_option predict_options[] = {
    {"fold", KEY_FOLD, "COLUMN", 0, "the column of folds (default: fold)", 0},
    {"ignore", KEY_IGNORE, "FACTOR", 0, "what the other model ignores (default: agents)", 0},
    {0}};

static const struct argp_option no_options[] = {{0}};

static error_t parse_format(const struct argp_state *state, const char *text,
                            enum study_format *format)
{
    static const char *const names[] = {"text", "csv", "markdown", "json"};

    for (int i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0) {
            *format = (enum study_format)i;
            return 0;
        }
    argp_error(state, "`%s` is no format; write text, csv, markdown or json", text);
    return EINVAL;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_DATABASE:
        arguments->database = text;
        return 0;
    case KEY_STUDY:
        arguments->study = text;
        return 0;
    case KEY_FOLD:
        arguments->fold = text;
        return 0;
    case KEY_IGNORE:
        arguments->ignore = text;
        return 0;
    case KEY_MEASURE:
        arguments->measure = text;
        return 0;
    case 'j':
        return argument_number(state, text, 1, 256, "jobs", &arguments->workers);
    case 'r':
        return argument_number(state, text, 1, 10000000, "replicates", &arguments->replicates);
    case 'f':
        return parse_format(state, text, &arguments->format);
    case 'o':
        arguments->output = text;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->file != NULL)
            argp_error(state, "one file at a time, please: `%s` is too many", text);
        arguments->file = text;
        return 0;
    case ARGP_KEY_END:
        if (arguments->file == NULL)
            argp_error(state, "name a file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int report(const struct error *error)
{
    fprintf(stderr, "iolaus: %s\n", error->message);
    return error_exit_status(error->code);
}

/* ---- run ---- */

static volatile int stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* ---- live arms ---- */

static int carry_live(void *context, struct carrying *run, struct error *error)
{
    struct daemon_outcome outcome = {0};
    char name[LIVE_NAME_BYTES], control[108];
    struct daemon_options options = {.scenario = run->scenario,
                                     .name = name,
                                     .seed = run->seed,
                                     .replicate = run->replicate,
                                     .duration = run->scenario->duration,
                                     .campaign = true,
                                     .sinks = run->sinks,
                                     .sink_count = run->sink_count,
                                     .control = control};
    int code;

    (void)context;
    live_range_name(run->scenario->name, name);
    code = live_control_path(name, control, sizeof control, error);
    if (code == 0)
        code = daemon_run(&options, &outcome, error);
    run->ended = outcome.ended;
    if (code == 0 && outcome.end == DAEMON_STOPPED) {
        stopped = 1;
        code = error_set(error, ERROR_LIMIT, "stopped");
    }
    return code;
}

/* Before anything is run: what the machine or the live world cannot do. */
static int check_live(const struct study *study, struct error *error)
{
    int code = 0;
    bool any = false;

    for (uint32_t a = 0; a < study->arm_count && code == 0; a++) {
        struct scenario_file *file = NULL;
        const struct scenario *scenario;

        if (!study->arms[a].live)
            continue;
        if (!any)
            code = live_check_machine(error);
        any = true;
        if (code == 0)
            code = study_scenario(study, &study->arms[a], &file, &scenario, error);
        if (code == 0)
            code = daemon_refuses(scenario, error);
        scenario_close(file);
        if (code != 0)
            error_context(error, "%s: arm `%.200s`", study->path, study->arms[a].name);
    }
    return code;
}

struct shown {
    struct progress *progress;
    uint32_t done;
};

static void show_progress(void *context, uint32_t done, uint32_t total)
{
    struct shown *shown = context;

    if (shown->progress == NULL)
        shown->progress = progress_open("runs", total - done);
    else
        progress_add(shown->progress, done - shown->done);
    shown->done = done;
}

static int study_load(const struct arguments *arguments, struct study **study, struct error *error)
{
    int code = study_open(study, arguments->file, error);

    if (code == 0 && arguments->replicates > 0)
        (*study)->replicates = (uint32_t)arguments->replicates;
    return code;
}

static int tool_run(const struct arguments *arguments)
{
    struct study *study = NULL;
    struct store *store = NULL;
    struct shown shown = {0};
    struct error error = {0};
    char *path = NULL;
    int code = study_load(arguments, &study, &error);

    if (code == 0)
        code = check_live(study, &error);
    if (code == 0 && asprintf(&path, "%s%s", arguments->database == NULL ? study->name : "",
                              arguments->database == NULL ? ".db" : arguments->database) < 0)
        code = error_set(&error, ERROR_MEMORY, "no memory");
    if (code == 0)
        code = store_open(&store, path, STORE_WRITE, &error);
    if (code == 0)
        code = store_plan(store, study, &error);
    if (code == 0) {
        struct study_running running = {.study = study,
                                        .store = store,
                                        .workers = (uint32_t)arguments->workers,
                                        .stop = &stopped,
                                        .progress = show_progress,
                                        .context = &shown,
                                        .live = carry_live};

        signal(SIGINT, stop);
        signal(SIGTERM, stop);
        code = study_run(&running, &error);
        progress_close(shown.progress);
        if (code == 0)
            printf("%s: %u runs of %u arms (%u were there already), %.1f s, of it %.1f%% writing; "
                   "`iolaus study show %s` has the figures\n",
                   study->name, running.total, study->arm_count, running.kept_before,
                   running.wall_s,
                   running.wall_s > 0 ? 100 * running.writing_s / running.wall_s : 0, path);
        else if (stopped)
            error_set(&error, ERROR_LIMIT,
                      "%s: stopped; %u of %u runs are kept in %s, and the same "
                      "command goes on with the others",
                      study->name, running.kept_before + running.done, running.total, path);
    }
    store_close(store);
    study_close(study);
    free(path);
    return code == 0 ? 0 : report(&error);
}

/* ---- show, export ---- */

/* Every measure's effects, or the one that was named. */
static int print_effects(const struct arguments *arguments, const struct results *results,
                         const struct store *store, FILE *out, struct error *error)
{
    bool any = false;

    if (arguments->format == STUDY_CSV)
        fputs("measure,rank,term,level,odds_ratio,low,high,p,chi_squared,degrees,term_p,term_p_"
              "holm\n",
              out);
    for (uint32_t m = 0; m < results->measure_count; m++) {
        const char *measure = results->measures[m].name;
        struct effects *effects;
        int code;

        if (arguments->measure != NULL && strcmp(arguments->measure, measure) != 0)
            continue;
        any = true;
        code = effects_open(&effects, results, store, m, error);
        if (code != 0)
            return code;
        study_print_effects(effects, measure, arguments->format, out);
        effects_close(effects);
    }
    return any ? 0
               : error_set(error, ERROR_INPUT, "`%s` is none of the study's measures",
                           arguments->measure);
}

static int tool_figures(const struct arguments *arguments)
{
    const char *folder = arguments->output == NULL ? "figures" : arguments->output;
    struct store *store = NULL;
    struct results *results = NULL;
    struct error error = {0};
    int code = store_open(&store, arguments->file, STORE_READ, &error);

    if (code == 0)
        code = results_open(&results, store, arguments->study, &error);
    if (code == 0)
        code = study_figures(results, store, folder, &error);
    results_close(results);
    store_close(store);
    return code == 0 ? 0 : report(&error);
}

static int print_figures(const struct arguments *arguments, bool effects)
{
    struct store *store = NULL;
    struct results *results = NULL;
    struct error error = {0};
    FILE *out = stdout;
    int code = store_open(&store, arguments->file, STORE_READ, &error);

    if (code == 0) {
        code = results_open(&results, store, arguments->study, &error);
        if (code != 0)
            error_context(&error, "%s", arguments->file);
    }
    if (code == 0 && arguments->output != NULL && (out = fopen(arguments->output, "w")) == NULL)
        code = error_set(&error, ERROR_IO, "%s: %s", arguments->output, strerror(errno));
    if (code == 0 && effects)
        code = print_effects(arguments, results, store, out, &error);
    else if (code == 0 && (code = results_compare(results, &error)) == 0)
        study_print(results, arguments->format, out);
    if (out != NULL && fflush(out) != 0 && code == 0)
        code = error_set(&error, ERROR_IO, "the output cannot be written");
    if (out != NULL && out != stdout)
        fclose(out);
    results_close(results);
    store_close(store);
    return code == 0 ? 0 : report(&error);
}

static int tool_show(const struct arguments *arguments)
{
    return print_figures(arguments, false);
}

static int tool_effects(const struct arguments *arguments)
{
    return print_figures(arguments, true);
}

static int tool_plan(const struct arguments *arguments)
{
    struct study *study = NULL;
    struct error error = {0};
    int code = study_load(arguments, &study, &error);

    if (code == 0)
        code = study_plan_print(study, (uint32_t)arguments->workers, stdout, &error);
    study_close(study);
    return code == 0 ? 0 : report(&error);
}

static void print_prediction_error(const char *name, const struct prediction_error *error)
{
    printf("  %-28s %10.3f %16.3f %10.3f\n", name, error->mean_absolute, error->root_mean_square,
           error->log_score);
}

static int tool_predict(const struct arguments *arguments)
{
    const char *fold = arguments->fold == NULL ? "fold" : arguments->fold;
    const char *ignored = arguments->ignore == NULL ? "agents" : arguments->ignore;
    struct prediction *prediction;
    struct error error = {0};
    char name[80];

    if (predict_open(&prediction, arguments->file, fold, ignored, &error) != 0)
        return report(&error);
    printf("%s: %u cells predicted by %s\n\n", arguments->file, prediction->cell_count, fold);
    printf("  %-32s %9s %10s %18s\n", "cell", "observed", "predicted", "without");
    for (uint32_t c = 0; c < prediction->cell_count; c++) {
        const struct predicted_cell *cell = &prediction->cells[c];

        snprintf(name, sizeof name, "%s, line %u", cell->series, cell->line);
        printf("  %-32s %4llu/%-4llu %9.2f %12.2f without %s\n", name,
               (unsigned long long)cell->successes, (unsigned long long)cell->trials, cell->full,
               cell->without, ignored);
    }
    printf("\n  %-28s %10s %16s %10s\n", "error", "absolute", "root mean square", "log score");
    print_prediction_error("all factors", &prediction->full);
    snprintf(name, sizeof name, "without %s", ignored);
    print_prediction_error(name, &prediction->without);
    print_prediction_error("the rates themselves", &prediction->perfect);
    predict_close(prediction);
    return 0;
}

static int tool_reference(const struct arguments *arguments)
{
    if (strcmp(arguments->file, "results") == 0)
        results_reference(stdout);
    else if (strcmp(arguments->file, "language") == 0)
        study_reference(stdout);
    else
        return report(&(struct error){ERROR_INPUT, "the references are: language, results"});
    return 0;
}

/* ---- the tools ---- */

static const struct tool {
    const char *name, *arguments, *words, *more;
    const struct argp_option *options;
    int (*run)(const struct arguments *arguments);
} TOOLS[] = {
    {"plan", "STUDY", "say how many runs a study has, how long they take, and what they can show",
     "A short pilot measures how long a run takes. Power is that of a two-sided test at 5%, before "
     "any adjustment for several comparisons.",
     plan_options, tool_plan},
    {"run", "STUDY", "run it, or go on where it was stopped",
     "Runs that are in the database already are not run again. Ctrl-C, or being killed, loses the "
     "runs in flight alone. The rows are the same with any -j.\n\n"
     "Examples:\n"
     "  iolaus study run studies/triggers.yaml\n"
     "  iolaus study run studies/triggers.yaml -j 2 --db /tmp/results.db",
     run_options, tool_run},
    {"show", "DATABASE", "print its figures, with intervals and comparisons",
     "Rates with Wilson's, differences with Newcombe's 95% interval; p by Boschloo's exact test, "
     "adjusted within the study's families by Holm's procedure.",
     show_options, tool_show},
    {"effects", "DATABASE", "rank what the factors do, alone and in pairs",
     "A logistic regression of the cells without their matched variants, with Firth's likelihood "
     "and "
     "a covariance that allows for the episodes of one run being alike.",
     effects_options, tool_effects},
    {"export", "DATABASE", "the same as `show`, for `-f csv`, `-f markdown` and `-f json`",
     "Example: iolaus study export triggers.db -f csv -o triggers.csv", show_options, tool_show},
    {"figures", "DATABASE", "draw its figures as SVG, with gnuplot",
     "The scripts that gnuplot draws them from are left beside them.\n\n"
     "Example: iolaus study figures triggers.db -o triggers",
     figures_options, tool_figures},
    {"predict", "CELLS",
     "fit a mind's coefficients on some cells of a table, and predict the others",
     "CELLS is a CSV file (studies/prediction/). Each cell is predicted by a fit without its fold, "
     "with "
     "all factors and without one; the error is given in rates and as a log score.\n\n"
     "Example: iolaus study predict studies/prediction/group-size.csv --fold fold_model",
     predict_options, tool_predict},
    {"reference", "PAGE", "print the reference of study files (language) or databases (results)",
     "Examples: iolaus study reference language, iolaus study reference results", no_options,
     tool_reference},
};
#define TOOL_COUNT (sizeof TOOLS / sizeof TOOLS[0])

static void print_help(FILE *out)
{
    fputs("Usage: iolaus study TOOL [ARGUMENT...]\n"
          "Answers a research question from a file: what is varied, how often, compared with "
          "what.\n\n"
          "Tools:\n",
          out);
    for (size_t i = 0; i < TOOL_COUNT; i++)
        fprintf(out, "  %-9s %-9s %s\n", TOOLS[i].name, TOOLS[i].arguments, TOOLS[i].words);
    fputs("\n`iolaus study TOOL --help` says more.\n\n"
          "Exit status: 0 done; 2 the input is wrong; 3 the machine cannot do it, or it was "
          "stopped.\n",
          out);
}

static int tool_start(const struct tool *tool, int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct arguments arguments = {.workers = processors < 1     ? 1
                                             : processors > 256 ? 256
                                                                : (uint64_t)processors};
    struct argp argp = {.options = tool->options, .parser = parse, .args_doc = tool->arguments};
    char name[32], *text;
    int status;

    if (asprintf(&text, "%c%s.\v%s", tool->words[0] - 'a' + 'A', tool->words + 1, tool->more) < 0)
        return report(&(struct error){ERROR_MEMORY, "no memory"});
    argp.doc = text;
    snprintf(name, sizeof name, "iolaus study %s", tool->name);
    argv[0] = name;
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    status = tool->run(&arguments);
    free(text);
    return status;
}

int command_study(int argc, char **argv)
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
        fprintf(stderr, "iolaus study: there is no tool `%s`; `iolaus study --help` lists them\n",
                name);
    else
        print_help(stderr);
    return 2;
}
