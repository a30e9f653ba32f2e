/* iolaus study descent: how many lives one life brings about, and whether crews died out. */
#include <math.h>

#include "cli/study_tool.h"
#include "cli/study_write.h"
#include "study/descents.h"

const struct argp_option study_descent_options[] = {
    STUDY_OPTION_STUDY, STUDY_OPTION_FORMAT, STUDY_OPTION_OUTPUT, {0}};

/* The generations that are printed in words; CSV and JSON have all. */
static const int shown[] = {0, 1, 2, 5};
#define SHOWN (sizeof shown / sizeof shown[0])

static void ratio_text(const struct bootstrap *ratio, char text[64])
{
    if (isnan(ratio->value))
        snprintf(text, 64, "-");
    else
        snprintf(text, 64, "%.3f [%.3f, %.3f]", ratio->value, ratio->low, ratio->high);
}

static void print_words(const struct descents *descents, bool markdown, FILE *out)
{
    char text[64];

    fputs(markdown ? "| arm |" : "  arm", out);
    for (size_t i = 0; i < SHOWN; i++)
        fprintf(out, markdown ? " R%d [95%%] |" : ", R%d", shown[i]);
    fprintf(out,
            markdown ? " R%d and on | died out |\n|---|---|---|---|---|---|---|\n"
                     : ", R%d and on, died out [95%%]\n",
            DESCENTS_LATE);
    for (uint32_t a = 0; a < descents->arm_count; a++) {
        const struct descents_arm *arm = &descents->arms[a];

        fprintf(out, markdown ? "| %s |" : "  %s:", arm->name);
        for (size_t i = 0; i < SHOWN; i++) {
            ratio_text(&arm->reproduction[shown[i]], text);
            fprintf(out, markdown ? " %s |" : " %s,", text);
        }
        ratio_text(&arm->late, text);
        fprintf(out,
                markdown ? " %s | %llu of %llu, %.3f [%.3f, %.3f] |\n"
                         : " %s; %llu of %llu, %.3f [%.3f, %.3f]\n",
                text, (unsigned long long)arm->extinct.successes,
                (unsigned long long)arm->extinct.trials, arm->extinct.rate, arm->extinct.low,
                arm->extinct.high);
    }
}

static void csv_ratio(const struct bootstrap *ratio, FILE *out)
{
    if (isnan(ratio->value))
        fputs(",,,", out);
    else
        fprintf(out, ",%.10g,%.10g,%.10g", ratio->value, ratio->low, ratio->high);
}

static void print_csv(const struct descents *descents, FILE *out)
{
    fputs("group,rate,generation,lives,reproduction,low,high,extinct,runs\n", out);
    for (uint32_t a = 0; a < descents->arm_count; a++) {
        const struct descents_arm *arm = &descents->arms[a];

        for (int g = 0; g + 1 < CONTACT_GENERATIONS; g++) {
            fprintf(out, "\"%s\",%.10g,%d,%llu", arm->group, arm->rate, g,
                    (unsigned long long)arm->lives[g]);
            csv_ratio(&arm->reproduction[g], out);
            fprintf(out, ",%llu,%llu\n", (unsigned long long)arm->extinct.successes,
                    (unsigned long long)arm->extinct.trials);
        }
    }
}

static json_t *ratio_json(const struct bootstrap *ratio)
{
    return json_pack("{s:o, s:o, s:o}", "value", json_number(ratio->value), "low",
                     json_number(ratio->low), "high", json_number(ratio->high));
}

static void print_json(const struct descents *descents, FILE *out)
{
    json_t *list = json_array();

    for (uint32_t a = 0; a < descents->arm_count; a++) {
        const struct descents_arm *arm = &descents->arms[a];
        json_t *generations = json_array();

        for (int g = 0; g + 1 < CONTACT_GENERATIONS; g++)
            json_array_append_new(generations,
                                  json_pack("{s:I, s:o}", "lives", (json_int_t)arm->lives[g],
                                            "reproduction", ratio_json(&arm->reproduction[g])));
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:f, s:f, s:f}", "arm", arm->name,
                            "group", arm->group, "rate", json_number(arm->rate), "generations",
                            generations, "late", ratio_json(&arm->late), "extinct",
                            (json_int_t)arm->extinct.successes, "runs",
                            (json_int_t)arm->extinct.trials, "share", arm->extinct.rate, "low",
                            arm->extinct.low, "high", arm->extinct.high));
    }
    json_dumpf(list, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(list);
}

int study_tool_descent(const struct study_arguments *arguments)
{
    struct study_view view = {0};
    struct descents *descents = NULL;
    struct error error = {0};
    int code = study_view_open(&view, arguments, &error);

    if (code == 0)
        code = descents_open(&descents, view.store, view.results->study, &error);
    if (code == 0 && arguments->format == STUDY_CSV)
        print_csv(descents, view.out);
    else if (code == 0 && arguments->format == STUDY_JSON)
        print_json(descents, view.out);
    else if (code == 0)
        print_words(descents, arguments->format == STUDY_MARKDOWN, view.out);
    descents_close(descents);
    return study_view_close(&view, code, &error);
}
