/* iolaus study predict: does a mind that was fitted on some cells predict the others? */
#include <stdio.h>

#include "cli/study_tool.h"
#include "study/predict.h"

const struct argp_option study_predict_options[] = {
    {"fold", STUDY_KEY_FOLD, "COLUMN", 0, "the column of folds (default: fold)", 0},
    {"ignore", STUDY_KEY_IGNORE, "FACTOR", 0, "what the other model ignores (default: agents)", 0},
    {0}};

static void print_prediction_error(const char *name, const struct prediction_error *error)
{
    printf("  %-28s %10.3f %16.3f %10.3f\n", name, error->mean_absolute, error->root_mean_square,
           error->log_score);
}

int study_tool_predict(const struct study_arguments *arguments)
{
    const char *fold = arguments->fold == NULL ? "fold" : arguments->fold;
    const char *ignored = arguments->ignore == NULL ? "agents" : arguments->ignore;
    struct prediction *prediction;
    struct error error = {0};
    char name[80];

    if (predict_open(&prediction, arguments->file, fold, ignored, &error) != 0)
        return study_report(&error);
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
