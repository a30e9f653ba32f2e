#include "cli/study_tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/argument.h"
#include "study/training.h"

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

/* A level of significance. */
static error_t parse_alpha(const struct argp_state *state, const char *text, double *alpha)
{
    char *end;

    *alpha = strtod(text, &end);
    if (end != text && *end == '\0' && *alpha > 0 && *alpha < 1)
        return 0;
    argp_error(state, "alpha: `%s` is no number between 0 and 1", text);
    return EINVAL;
}

error_t study_parse(int key, char *text, struct argp_state *state)
{
    struct study_arguments *arguments = state->input;

    switch (key) {
    case STUDY_KEY_DATABASE:
        arguments->database = text;
        return 0;
    case STUDY_KEY_STUDY:
        arguments->study = text;
        return 0;
    case STUDY_KEY_FOLD:
        arguments->fold = text;
        return 0;
    case STUDY_KEY_IGNORE:
        arguments->ignore = text;
        return 0;
    case STUDY_KEY_OF:
        arguments->of = text;
        return 0;
    case STUDY_KEY_TIME:
        arguments->time = text;
        return 0;
    case STUDY_KEY_BY:
        arguments->by = text;
        return 0;
    case STUDY_KEY_HORIZON:
        arguments->horizon = text;
        return 0;
    case STUDY_KEY_AGAINST:
        arguments->against = text;
        return 0;
    case STUDY_KEY_BINS:
        return argument_number(state, text, 1, TRAINING_BINS_MAX, "bins", &arguments->bins);
    case STUDY_KEY_CHOICE:
        arguments->choice = text;
        return 0;
    case STUDY_KEY_ALPHA:
        return parse_alpha(state, text, &arguments->alpha);
    case STUDY_KEY_PERMUTATIONS:
        return argument_number(state, text, 1, 1000000000, "permutations",
                               &arguments->permutations);
    case STUDY_KEY_BLOCK:
        return argument_number(state, text, 1, 1000000000, "block", &arguments->block);
    case STUDY_KEY_BY_RUN:
        arguments->by_run = true;
        return 0;
    case STUDY_KEY_MEASURE:
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

int study_report(const struct error *error)
{
    fprintf(stderr, "iolaus: %s\n", error->message);
    return error_exit_status(error->code);
}

int study_view_open(struct study_view *view, const struct study_arguments *arguments,
                    struct error *error)
{
    int code = store_open(&view->store, arguments->file, STORE_READ, error);

    if (code == 0) {
        code = results_open(&view->results, view->store, arguments->study, error);
        if (code != 0)
            error_context(error, "%s", arguments->file);
    }
    view->out = stdout;
    if (code == 0 && arguments->output != NULL &&
        (view->out = fopen(arguments->output, "w")) == NULL)
        code = error_set(error, ERROR_IO, "%s: %s", arguments->output, strerror(errno));
    return code;
}

int study_view_close(struct study_view *view, int code, struct error *error)
{
    if (view->out != NULL && fflush(view->out) != 0 && code == 0)
        code = error_set(error, ERROR_IO, "the output cannot be written");
    if (view->out != NULL && view->out != stdout)
        fclose(view->out);
    results_close(view->results);
    store_close(view->store);
    return code == 0 ? 0 : study_report(error);
}
