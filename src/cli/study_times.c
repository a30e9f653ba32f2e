/* iolaus study times: curves of Kaplan and Meier in figures, and what differs between arms. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "cli/study_tool.h"
#include "cli/study_write.h"
#include "study/times.h"

const struct argp_option study_times_options[] = {
    {"time", STUDY_KEY_TIME, "NAME", 0, "repair, outage, undone or stop (default: all)", 0},
    {"by", STUDY_KEY_BY, "FACTOR", 0, "the factor whose levels are compared (default: the first)",
     0},
    {"against", STUDY_KEY_AGAINST, "LEVEL", 0, "the level to compare with (default: the first)", 0},
    {"horizon", STUDY_KEY_HORIZON, "DURATION", 0,
     "what is told of shares and means (default: as long as every arm was watched)", 0},
    STUDY_OPTION_STUDY,
    STUDY_OPTION_FORMAT,
    STUDY_OPTION_OUTPUT,
    {0}};

/* ---- text and Markdown ---- */

/* What is not known, or has no end, is a dash. */
static const char *number_text(double number, char text[24])
{
    if (isfinite(number))
        snprintf(text, 24, "%.*f",
                 number < 1      ? 3
                 : number < 100  ? 2
                 : number < 1000 ? 1
                                 : 0,
                 number);
    else
        snprintf(text, 24, "-");
    return text;
}

static const char *figure_text(const struct times_figure *figure, bool by_runs, char text[80])
{
    char value[24], low[24], high[24];

    number_text(figure->value, value);
    number_text(by_runs ? figure->run_low : figure->low, low);
    number_text(by_runs ? figure->run_high : figure->high, high);
    snprintf(text, 80, "%s [%s, %s]", value, low, high);
    return text;
}

static void print_arm(const struct times_arm *arm, bool markdown, FILE *out)
{
    char median[80], by_runs[80], beyond[80], mean[80], low[24], high[24];

    if (arm->count == 0)
        return;
    snprintf(by_runs, sizeof by_runs, "[%s, %s]", number_text(arm->quantile[1].run_low, low),
             number_text(arm->quantile[1].run_high, high));
    fprintf(out,
            markdown ? "| %s | %zu | %zu | %s | %s | %s | %s |\n"
                     : "  %-19s %6zu %6zu  %-20s %-15s %-20s %s\n",
            arm->level, arm->count, arm->ended, figure_text(&arm->quantile[1], false, median),
            by_runs, figure_text(&arm->beyond, true, beyond), figure_text(&arm->mean, true, mean));
}

static void print_head(const struct study_times *times, uint32_t block, bool markdown, FILE *out)
{
    char horizon[24], beyond[64];

    snprintf(beyond, sizeof beyond, "beyond %s [runs]", number_text(times->horizon, horizon));
    if (markdown)
        fprintf(out,
                "\n### %s\n\n| %s | n | ended | median [95%%] | [by runs] | %s | mean to there "
                "[runs] |\n|---|---:|---:|---|---|---|---|\n",
                times->blocks[block], times->factor, beyond);
    else
        fprintf(out, "\n%s\n  %-19s %6s %6s  %-20s %-15s %-20s %s\n", times->blocks[block],
                times->factor, "n", "ended", "median [95%]", "[by runs]", beyond,
                "mean to there [runs]");
}

static void print_block(const struct study_times *times, uint32_t block, bool markdown, FILE *out)
{
    bool any = false;

    for (uint32_t a = 0; a < times->arm_count; a++) {
        if (times->arms[a].block != block || times->arms[a].count == 0)
            continue;
        if (!any)
            print_head(times, block, markdown, out);
        any = true;
        print_arm(&times->arms[a], markdown, out);
    }
}

static void print_comparisons(const struct study_times *times, uint32_t block, bool markdown,
                              FILE *out)
{
    bool any = false;

    for (uint32_t c = 0; c < times->comparison_count; c++) {
        const struct times_comparison *at = &times->comparisons[c];
        char plain[P_TEXT_BYTES], by_runs[P_TEXT_BYTES], adjusted[P_TEXT_BYTES];

        if (times->arms[at->first].block != block)
            continue;
        if (!any && markdown)
            fputs("\n| log-rank | against | p | p by runs | Holm |\n|---|---|---|---|---|\n", out);
        any = true;
        p_text(at->p, plain);
        p_text(at->run_p, by_runs);
        p_text(at->adjusted, adjusted);
        fprintf(out,
                markdown ? "| %s | %s | %s | %s | %s |\n"
                         : "  %s, against %s: log-rank p %s, by runs %s, Holm %s\n",
                times->arms[at->first].level, times->arms[at->second].level, plain, by_runs,
                adjusted);
    }
}

static void print_words(const struct study_times *times, bool markdown, FILE *out)
{
    fprintf(out,
            markdown ? "## %s\n\n%s; in seconds. A dash: the curve does not come so far.\n"
                     : "%s: %s; in seconds\n",
            times->name, times->words);
    for (uint32_t b = 0; b < times->block_count; b++) {
        print_block(times, b, markdown, out);
        print_comparisons(times, b, markdown, out);
    }
    fputc('\n', out);
}

/* ---- CSV: one row for each figure, and one for each comparison ---- */

static void csv_figure(const struct study_times *times, const struct times_arm *arm,
                       const char *what, double at, const struct times_figure *figure, FILE *out)
{
    fprintf(out, "%s,%s,", what, times->name);
    csv_text(times->blocks[arm->block], out);
    fputc(',', out);
    csv_text(arm->level, out);
    fprintf(out, ",,%zu,%zu", arm->count, arm->ended);
    csv_column(at, out);
    csv_column(figure->value, out);
    csv_column(figure->low, out);
    csv_column(figure->high, out);
    csv_column(figure->run_low, out);
    csv_column(figure->run_high, out);
    fputs(",,,,,\n", out);
}

static void print_csv(const struct study_times *times, FILE *out)
{
    for (uint32_t a = 0; a < times->arm_count; a++) {
        const struct times_arm *arm = &times->arms[a];

        if (arm->count == 0)
            continue;
        for (int q = 0; q < TIMES_QUANTILES; q++)
            csv_figure(times, arm, "quantile", times_quantiles[q], &arm->quantile[q], out);
        csv_figure(times, arm, "beyond", times->horizon, &arm->beyond, out);
        csv_figure(times, arm, "mean", times->horizon, &arm->mean, out);
    }
    for (uint32_t c = 0; c < times->comparison_count; c++) {
        const struct times_comparison *at = &times->comparisons[c];

        fprintf(out, "logrank,%s,", times->name);
        csv_text(times->blocks[times->arms[at->first].block], out);
        fputc(',', out);
        csv_text(times->arms[at->first].level, out);
        fputc(',', out);
        csv_text(times->arms[at->second].level, out);
        fputs(",,,,,,,,", out);
        csv_column(at->chi_squared, out);
        csv_column(at->p, out);
        csv_column(at->run_chi_squared, out);
        csv_column(at->run_p, out);
        csv_column(at->adjusted, out);
        fputc('\n', out);
    }
}

/* ---- JSON ---- */

static json_t *figure_json(double at, const struct times_figure *figure)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "at", json_number(at), "value",
                     json_number(figure->value), "low", json_number(figure->low), "high",
                     json_number(figure->high), "run_low", json_number(figure->run_low), "run_high",
                     json_number(figure->run_high));
}

static json_t *arm_json(const struct study_times *times, const struct times_arm *arm)
{
    json_t *quantiles = json_array();

    for (int q = 0; q < TIMES_QUANTILES; q++)
        json_array_append_new(quantiles, figure_json(times_quantiles[q], &arm->quantile[q]));
    return json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o}", "block", times->blocks[arm->block],
                     "level", arm->level, "n", (json_int_t)arm->count, "ended",
                     (json_int_t)arm->ended, "quantiles", quantiles, "beyond",
                     figure_json(times->horizon, &arm->beyond), "mean",
                     figure_json(times->horizon, &arm->mean));
}

static json_t *times_json(const struct study_times *times)
{
    json_t *arms = json_array(), *comparisons = json_array();

    for (uint32_t a = 0; a < times->arm_count; a++)
        if (times->arms[a].count > 0)
            json_array_append_new(arms, arm_json(times, &times->arms[a]));
    for (uint32_t c = 0; c < times->comparison_count; c++) {
        const struct times_comparison *at = &times->comparisons[c];

        json_array_append_new(
            comparisons,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "block",
                      times->blocks[times->arms[at->first].block], "level",
                      times->arms[at->first].level, "against", times->arms[at->second].level,
                      "chi_squared", json_number(at->chi_squared), "p", json_number(at->p),
                      "run_chi_squared", json_number(at->run_chi_squared), "run_p",
                      json_number(at->run_p), "p_holm", json_number(at->adjusted)));
    }
    return json_pack("{s:s, s:s, s:s, s:f, s:o, s:o}", "time", times->name, "words", times->words,
                     "factor", times->factor, "horizon_s", times->horizon, "arms", arms,
                     "comparisons", comparisons);
}

/* ---- the tool ---- */

static int question_make(const struct study_arguments *arguments, struct times_question *question,
                         struct error *error)
{
    time_ns horizon = 0;

    *question = (struct times_question){.by = arguments->by, .against = arguments->against};
    if (arguments->time != NULL && study_time_find(arguments->time) < 0)
        return error_set(error, ERROR_INPUT,
                         "there is no time `%.40s`; write repair, outage, undone or stop",
                         arguments->time);
    if (arguments->horizon != NULL && duration_parse(arguments->horizon, &horizon, error) != 0)
        return error_context(error, "--horizon");
    if (arguments->horizon != NULL && horizon == 0)
        return error_set(error, ERROR_INPUT, "--horizon: a horizon is longer than nothing");
    question->horizon = (double)horizon / 1e9;
    return 0;
}

static int print_times(const struct study_arguments *arguments, const struct study_view *view,
                       struct times_question *question, struct error *error)
{
    json_t *list = json_array();
    int code = 0;

    if (arguments->format == STUDY_CSV)
        fputs("what,time,block,level,against,n,ended,at,value,low,high,run_low,run_high,"
              "chi_squared,p,run_chi_squared,run_p,p_holm\n",
              view->out);
    for (int time = 0; time < STUDY_TIME_COUNT && code == 0; time++) {
        struct study_times *times = NULL;

        if (arguments->time != NULL && time != study_time_find(arguments->time))
            continue;
        question->time = (enum study_time)time;
        code = times_open(&times, view->results, view->store, question, error);
        if (code != 0)
            break;
        if (arguments->format == STUDY_JSON)
            json_array_append_new(list, times_json(times));
        else if (arguments->format == STUDY_CSV)
            print_csv(times, view->out);
        else
            print_words(times, arguments->format == STUDY_MARKDOWN, view->out);
        times_close(times);
    }
    if (code == 0 && arguments->format == STUDY_JSON) {
        json_dumpf(list, view->out, JSON_INDENT(2));
        fputc('\n', view->out);
    }
    json_decref(list);
    return code;
}

int study_tool_times(const struct study_arguments *arguments)
{
    struct study_view view = {0};
    struct times_question question;
    struct error error = {0};
    int code = question_make(arguments, &question, &error);

    if (code == 0)
        code = study_view_open(&view, arguments, &error);
    if (code == 0)
        code = print_times(arguments, &view, &question, &error);
    return study_view_close(&view, code, &error);
}
