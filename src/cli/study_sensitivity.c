/* iolaus study sensitivity: which part of a measure's variance each factor answers for. */
#include <math.h>
#include <string.h>

#include "cli/study_tool.h"
#include "cli/study_write.h"
#include "study/sensitivity.h"

const struct argp_option study_sensitivity_options[] = {
    STUDY_OPTION_STUDY, STUDY_OPTION_MEASURE, STUDY_OPTION_FORMAT, STUDY_OPTION_OUTPUT, {0}};

static void words(const struct sensitivity *sensitivity, const char *measure, bool markdown,
                  FILE *out)
{
    fprintf(out, markdown ? "\n### Sensitivity of %s\n\n" : "\nsensitivity of %s\n", measure);
    fprintf(out, "Mean %.4f, standard deviation %.4f over %u points; %u in all with %llu runs. ",
            sensitivity->mean, sqrt(sensitivity->variance), 2 * sensitivity->points,
            sensitivity->points * (sensitivity->factor_count + 2),
            (unsigned long long)sensitivity->runs);
    if (!isnan(sensitivity->noise))
        fprintf(out, "%.1f%% of the variance is the error of the points' rates.",
                100 * sensitivity->noise);
    fputs(markdown ? "\n\n| factor | alone [95%] | in all [95%] |\n|---|---|---|\n" : "\n", out);
    if (!markdown)
        fprintf(out, "  %-24s %-24s %s\n", "factor", "alone [95%]", "in all [95%]");
    for (uint32_t f = 0; f < sensitivity->factor_count; f++) {
        const struct sensitivity_factor *factor = &sensitivity->factors[f];
        const struct sobol_index *at = &factor->index;

        fprintf(out,
                markdown ? "| %s | %.3f [%.3f, %.3f] | %.3f [%.3f, %.3f] |\n"
                         : "  %-24s %6.3f [%6.3f, %6.3f]  %6.3f [%6.3f, %6.3f]\n",
                factor->name, at->first, at->first_low, at->first_high, at->total, at->total_low,
                at->total_high);
    }
}

static void csv(const struct sensitivity *sensitivity, const char *measure, FILE *out)
{
    for (uint32_t f = 0; f < sensitivity->factor_count; f++) {
        const struct sensitivity_factor *factor = &sensitivity->factors[f];
        const struct sobol_index *at = &factor->index;

        fprintf(out, "%s,%s,%.10g,%.10g,%.10g,%.10g,%.10g,%.10g\n", measure, factor->name,
                at->first, at->first_low, at->first_high, at->total, at->total_low, at->total_high);
    }
}

static void json(const struct sensitivity *sensitivity, const char *measure, FILE *out)
{
    json_t *factors = json_array(), *whole;

    for (uint32_t f = 0; f < sensitivity->factor_count; f++) {
        const struct sobol_index *at = &sensitivity->factors[f].index;

        json_array_append_new(
            factors,
            json_pack("{s:s, s:o, s:[o, o], s:o, s:[o, o]}", "factor", sensitivity->factors[f].name,
                      "first", json_number(at->first), "first_95", json_number(at->first_low),
                      json_number(at->first_high), "total", json_number(at->total), "total_95",
                      json_number(at->total_low), json_number(at->total_high)));
    }
    whole =
        json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "measure", measure, "points",
                  (json_int_t)sensitivity->points, "runs", (json_int_t)sensitivity->runs, "mean",
                  json_number(sensitivity->mean), "variance", json_number(sensitivity->variance),
                  "noise", json_number(sensitivity->noise), "factors", factors);
    json_dumpf(whole, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(whole);
}

static int print(const struct study_arguments *arguments, const struct study_view *view,
                 struct error *error)
{
    bool any = false;

    if (arguments->format == STUDY_CSV)
        fputs("measure,factor,first,first_low,first_high,total,total_low,total_high\n", view->out);
    for (uint32_t m = 0; m < view->results->measure_count; m++) {
        const char *measure = view->results->measures[m].name;
        struct sensitivity *sensitivity;
        int code;

        if (arguments->measure != NULL && strcmp(arguments->measure, measure) != 0)
            continue;
        any = true;
        code = sensitivity_open(&sensitivity, view->results, view->store, m, error);
        if (code != 0)
            return code;
        if (arguments->format == STUDY_CSV)
            csv(sensitivity, measure, view->out);
        else if (arguments->format == STUDY_JSON)
            json(sensitivity, measure, view->out);
        else
            words(sensitivity, measure, arguments->format == STUDY_MARKDOWN, view->out);
        sensitivity_close(sensitivity);
    }
    return any ? 0
               : error_set(error, ERROR_INPUT, "`%s` is none of the study's measures",
                           arguments->measure);
}

int study_tool_sensitivity(const struct study_arguments *arguments)
{
    struct study_view view = {0};
    struct error error = {0};
    int code = study_view_open(&view, arguments, &error);

    if (code == 0)
        code = print(arguments, &view, &error);
    return study_view_close(&view, code, &error);
}
