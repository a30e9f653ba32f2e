/* iolaus study: answers a research question from a file. */
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/study_tool.h"
#include "study/reference.h"

static const struct argp_option no_options[] = {{0}};

static int tool_reference(const struct study_arguments *arguments)
{
    if (strcmp(arguments->file, "results") == 0)
        results_reference(stdout);
    else if (strcmp(arguments->file, "language") == 0)
        study_reference(stdout);
    else
        return study_report(&(struct error){ERROR_INPUT, "the references are: language, results"});
    return 0;
}

/* ---- the tools ---- */

static const struct study_tool TOOLS[] = {
    {"plan", "STUDY", "say how many runs a study has, how long they take, and what they can show",
     "A short pilot measures how long a run takes. Power is that of a two-sided test at 5%, before "
     "any adjustment for several comparisons.",
     study_plan_options, study_tool_plan},
    {"run", "STUDY", "run it, or go on where it was stopped",
     "Runs that are in the database already are not run again. Ctrl-C, or being killed, loses the "
     "runs in flight alone. The rows are the same with any -j.\n\n"
     "Examples:\n"
     "  iolaus study run studies/triggers.yaml\n"
     "  iolaus study run studies/triggers.yaml -j 2 --db /tmp/results.db",
     study_run_options, study_tool_run},
    {"show", "DATABASE", "print its figures, with intervals and comparisons",
     "Rates with Wilson's, differences with Newcombe's 95% interval; p by Boschloo's exact test, "
     "adjusted within the study's families by Holm's procedure.",
     study_show_options, study_tool_show},
    {"effects", "DATABASE", "rank what the factors do, alone and in pairs",
     "A logistic regression of the cells without their matched variants, with Firth's likelihood "
     "and "
     "a covariance that allows for the episodes of one run being alike.",
     study_effects_options, study_tool_effects},
    {"sensitivity", "DATABASE",
     "say which part of a measure's variance each factor answers for (`design: sobol`)",
     "Sobol indices: `alone`, the part that goes when this factor is known (first order), and `in "
     "all`, the part that stays when all others are known (total); intervals by a bootstrap over "
     "points.",
     study_sensitivity_options, study_tool_sensitivity},
    {"training", "DATABASE",
     "say what learners do while they train and once they are frozen, beside exploration",
     "Rates in bins of the training and in the frozen phase, with 95% intervals that allow for the "
     "episodes of one run being alike, and beside them the exploration floor: what w peers would "
     "do by exploration alone, 1 - (1 - epsilon/2)^w. Each is tested against its floor, adjusted "
     "by Holm over the arms.\n\n"
     "Example: iolaus study training emergence.db --measure masked --against on_failed=none",
     study_training_options, study_tool_training},
    {"export", "DATABASE", "the same as `show`, for `-f csv`, `-f markdown` and `-f json`",
     "Example: iolaus study export triggers.db -f csv -o triggers.csv", study_show_options,
     study_tool_show},
    {"times", "DATABASE", "tell how long repairs, outages and stops took, also those without end",
     "Curves of Kaplan and Meier; what did not come to its end is censored where its target was no "
     "longer watched. Each figure has Greenwood's interval, as if episodes were independent, and "
     "one of a bootstrap over runs; arms that differ in one factor are compared by log-rank tests, "
     "with a variance over runs too, adjusted by Holm's procedure over all of one time.\n\n"
     "Example: iolaus study times grid.db --time repair --against peers",
     study_times_options, study_tool_times},
    {"figures", "DATABASE", "draw its figures as SVG, with gnuplot",
     "The scripts that gnuplot draws them from are left beside them.\n\n"
     "Example: iolaus study figures triggers.db -o triggers",
     study_figures_options, study_tool_figures},
    {"collusion", "DATABASE", "do agents defend together more than their situations explain?",
     "Reads a study that keeps decisions (`keep: [decisions]`). Decisions of an agent in like "
     "situations are permuted, which breaks what binds agents to one another; p is adjusted over "
     "arms by Holm's procedure. With --by-run each run is tested by itself, and those at most "
     "alpha are counted. Statistical dependence is no intent: docs/studies/collusion.md.\n\n"
     "Examples:\n"
     "  iolaus study collusion collusion.db\n"
     "  iolaus study collusion collusion-power.db --by-run --alpha 0.0001",
     study_collusion_options, study_tool_collusion},
    {"predict", "CELLS",
     "fit a mind's coefficients on some cells of a table, and predict the others",
     "CELLS is a CSV file (studies/prediction/). Each cell is predicted by a fit without its fold, "
     "with "
     "all factors and without one; the error is given in rates and as a log score.\n\n"
     "Example: iolaus study predict studies/prediction/group-size.csv --fold fold_model",
     study_predict_options, study_tool_predict},
    {"thresholds", "DATABASE", "estimate where survival tips, from curves of several sizes",
     "Of the studies whose files have the key `threshold`: the rates at which the curves of two "
     "sizes cross, with the 95% interval of a bootstrap over runs, beside what is known; and the "
     "survival by size and rate. The interval tells the error of so many runs; what the finite "
     "size "
     "moves it does not see.\n\n"
     "Example: iolaus study thresholds tipping.db --study tipping-ring -f markdown",
     study_thresholds_options, study_tool_thresholds},
    {"descent", "DATABASE", "count the lives that one life brings about, by generation",
     "Of runs of the contact process that began with a few alive: R of generation g is the lives "
     "of "
     "generation g+1 for each of generation g, with the 95% interval of a bootstrap over runs, "
     "beside the share of the crews that died out.\n\n"
     "Example: iolaus study descent tipping.db --study tipping-descent",
     study_descent_options, study_tool_descent},
    {"stops", "DATABASE", "compare stop protocols: who stays dead, what responds, what it costs",
     "Of a study with a factor `protocol`. A row adds up the cells that agree in the factors of "
     "--by; `cells quiet` counts those whose R0 and Rg (of 30 parents and more) after the fence "
     "have upper 95% limits below 1 and whose defence had come to rest. `watched`: the shortest "
     "watch over a target that stayed dead, and in median relaunch times of the same defenders "
     "under the first level of `protocol`. Intervals of R: a bootstrap over runs.\n\n"
     "Examples:\n"
     "  iolaus study stops stop-protocols.db\n"
     "  iolaus study stops stop-protocols.db --by protocol --of strength=strong,collusion=all",
     study_stops_options, study_tool_stops},
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
        fprintf(out, "  %-11s %-9s %s\n", TOOLS[i].name, TOOLS[i].arguments, TOOLS[i].words);
    fputs("\n`iolaus study TOOL --help` says more.\n\n"
          "Exit status: 0 done; 2 the input is wrong; 3 the machine cannot do it, or it was "
          "stopped.\n",
          out);
}

static int tool_start(const struct study_tool *tool, int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct study_arguments arguments = {.workers = processors < 1     ? 1
                                                   : processors > 256 ? 256
                                                                      : (uint64_t)processors};
    struct argp argp = {
        .options = tool->options, .parser = study_parse, .args_doc = tool->arguments};
    char name[32], *text;
    int status;

    if (asprintf(&text, "%c%s.\v%s", tool->words[0] - 'a' + 'A', tool->words + 1, tool->more) < 0)
        return study_report(&(struct error){ERROR_MEMORY, "no memory"});
    argp.doc = text;
    snprintf(name, sizeof name, "iolaus study %s", tool->name);
    argv[0] = name;
    argp_err_exit_status = 2;
    /* What is wrong with a number was said already. */
    status = argp_parse(&argp, argc, argv, 0, NULL, &arguments) == 0 ? tool->run(&arguments) : 2;
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
