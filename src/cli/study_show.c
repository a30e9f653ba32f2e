/* iolaus study show, export, effects, figures: what a results database says. */
#include <stdio.h>
#include <string.h>

#include "cli/study_figures.h"
#include "cli/study_tool.h"
#include "study/effects.h"

const struct argp_option study_show_options[] = {
    STUDY_OPTION_STUDY, STUDY_OPTION_FORMAT, STUDY_OPTION_OUTPUT, {0}};

const struct argp_option study_effects_options[] = {
    STUDY_OPTION_STUDY, STUDY_OPTION_MEASURE, STUDY_OPTION_FORMAT, STUDY_OPTION_OUTPUT, {0}};

const struct argp_option study_figures_options[] = {
    {"of", STUDY_KEY_OF, "WHAT", 0,
     "rates, effects (default: both), training, times, thresholds, siege, descent, collusion or "
     "stops",
     0},
    STUDY_OPTION_STUDY,
    {"output", 'o', "FOLDER", 0, "where they go (default: figures)", 0},
    {0}};

/* Every measure's effects, or the one that was named. */
static int print_effects(const struct study_arguments *arguments, const struct results *results,
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

int study_tool_figures(const struct study_arguments *arguments)
{
    const char *folder = arguments->output == NULL ? "figures" : arguments->output;
    struct study_arguments read = *arguments;
    struct study_view view = {0};
    struct error error = {0};
    int code;

    read.output = NULL; /* here it is a folder */
    if (arguments->of != NULL && strcmp(arguments->of, "thresholds") == 0) {
        code = store_open(&view.store, arguments->file, STORE_READ, &error);
        if (code == 0)
            code = study_figures_thresholds(view.store, arguments->study, folder, &error);
        return study_view_close(&view, code, &error);
    }
    code = study_view_open(&view, &read, &error);
    if (code == 0)
        code = study_figures(view.results, view.store, arguments->of, folder, &error);
    return study_view_close(&view, code, &error);
}

int study_tool_show(const struct study_arguments *arguments)
{
    struct study_view view = {0};
    struct error error = {0};
    int code = study_view_open(&view, arguments, &error);

    if (code == 0)
        code = results_compare(view.results, &error);
    if (code == 0)
        study_print(view.results, arguments->format, view.out);
    return study_view_close(&view, code, &error);
}

int study_tool_effects(const struct study_arguments *arguments)
{
    struct study_view view = {0};
    struct error error = {0};
    int code = study_view_open(&view, arguments, &error);

    if (code == 0)
        code = print_effects(arguments, view.results, view.store, view.out, &error);
    return study_view_close(&view, code, &error);
}
