/* What the tools of `iolaus study` have in common: their arguments, their options, and a view of a
 * results database that most of them print from. A tool is one function and one row of the table
 * in study.c. */
#ifndef IOLAUS_CLI_STUDY_TOOL_H
#define IOLAUS_CLI_STUDY_TOOL_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/study_print.h"
#include "study/results.h"

struct study_arguments {
    const char *file, *database, *output, *study, *measure, *fold, *ignore, *of;
    const char *time, *by, *against, *horizon;
    uint64_t workers, replicates, bins;
    const char *choice; /* of collusion; NULL: the default, as 0 is below */
    uint64_t permutations, block;
    double alpha;
    bool by_run;
    enum study_format format;
};

enum {
    STUDY_KEY_DATABASE = 256,
    STUDY_KEY_STUDY,
    STUDY_KEY_MEASURE,
    STUDY_KEY_FOLD,
    STUDY_KEY_IGNORE,
    STUDY_KEY_OF,
    STUDY_KEY_BINS,
    STUDY_KEY_TIME,
    STUDY_KEY_BY,
    STUDY_KEY_AGAINST,
    STUDY_KEY_HORIZON,
    STUDY_KEY_CHOICE,
    STUDY_KEY_PERMUTATIONS,
    STUDY_KEY_BLOCK,
    STUDY_KEY_ALPHA,
    STUDY_KEY_BY_RUN
};

/* Rows that several tools' options share. */
#define STUDY_OPTION_STUDY                                                                         \
    {                                                                                              \
        "study", STUDY_KEY_STUDY, "NAME", 0, "which study, where the database holds several", 0    \
    }
#define STUDY_OPTION_MEASURE                                                                       \
    {                                                                                              \
        "measure", STUDY_KEY_MEASURE, "NAME", 0, "of this measure alone", 0                        \
    }
#define STUDY_OPTION_FORMAT                                                                        \
    {                                                                                              \
        "format", 'f', "FORMAT", 0, "text (the default), csv, markdown or json", 0                 \
    }
#define STUDY_OPTION_OUTPUT                                                                        \
    {                                                                                              \
        "output", 'o', "FILE", 0, "write to FILE in place of standard output", 0                   \
    }

struct study_tool {
    const char *name, *arguments, *words, *more;
    const struct argp_option *options;
    int (*run)(const struct study_arguments *arguments); /* gives the exit status */
};

/* argp's parser of all these options; its input is a struct study_arguments. */
error_t study_parse(int key, char *text, struct argp_state *state);

/* Says what went wrong on standard error, and gives the exit status. */
int study_report(const struct error *error);

/* A study of the database `arguments->file`, and where to print. */
struct study_view {
    struct store *store;
    struct results *results;
    FILE *out;
};

/* ERROR_INPUT where the database or the study is none; ERROR_IO. To be closed in every case. */
int study_view_open(struct study_view *view, const struct study_arguments *arguments,
                    struct error *error);

/* `code` is what came of the work; says what went wrong, if anything did, and gives the exit
 * status. */
int study_view_close(struct study_view *view, int code, struct error *error);

extern const struct argp_option study_plan_options[], study_run_options[], study_show_options[],
    study_effects_options[], study_figures_options[], study_predict_options[],
    study_sensitivity_options[], study_training_options[], study_times_options[],
    study_thresholds_options[], study_descent_options[], study_collusion_options[],
    study_stops_options[];

int study_tool_plan(const struct study_arguments *arguments);
int study_tool_run(const struct study_arguments *arguments);
int study_tool_show(const struct study_arguments *arguments);
int study_tool_effects(const struct study_arguments *arguments);
int study_tool_figures(const struct study_arguments *arguments);
int study_tool_sensitivity(const struct study_arguments *arguments);
int study_tool_training(const struct study_arguments *arguments);
int study_tool_predict(const struct study_arguments *arguments);
int study_tool_times(const struct study_arguments *arguments);
int study_tool_thresholds(const struct study_arguments *arguments);
int study_tool_descent(const struct study_arguments *arguments);
int study_tool_collusion(const struct study_arguments *arguments);
int study_tool_stops(const struct study_arguments *arguments);

#endif
