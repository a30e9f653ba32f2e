#include "cli/figures_times.h"

#include <math.h>
#include <string.h>

#include "study/times.h"

#define LEVELS_MAX 12
#define PANEL_HEIGHT 235
#define COLUMNS 2

static const char *const colours[] = {FIGURE_INK,   FIGURE_ORANGE, FIGURE_PURPLE, FIGURE_BLUE,
                                      FIGURE_GREEN, FIGURE_YELLOW, FIGURE_SKY};
#define COLOURS (sizeof colours / sizeof colours[0])

/* Levels in the order in which they come first: a colour each. */
struct palette {
    const char *levels[LEVELS_MAX];
    uint32_t count;
};

static uint32_t level_number(struct palette *palette, const char *level)
{
    for (uint32_t l = 0; l < palette->count; l++)
        if (strcmp(palette->levels[l], level) == 0)
            return l;
    if (palette->count < LEVELS_MAX)
        palette->levels[palette->count++] = level;
    return palette->count - 1;
}

static const char *colour_of(uint32_t level)
{
    return colours[level % COLOURS];
}

/* What is shared by the blocks' names, such as `fault=`, says nothing in a panel. */
static const char *block_words(const char *block)
{
    const char *equals = strchr(block, '=');

    return equals != NULL && strchr(equals + 1, '=') == NULL ? equals + 1 : block;
}

/* ---- curves ---- */

struct span {
    double low, high;
};

/* Where something ends, with room to its left; and the longest that was watched. */
static struct span span_of(const struct study_times *times)
{
    struct span span = {INFINITY, 0};

    for (uint32_t a = 0; a < times->arm_count; a++) {
        const struct times_arm *arm = &times->arms[a];

        if (arm->step_count > 0)
            span.low = fmin(span.low, arm->steps[0].time);
        for (size_t i = 0; i < arm->count; i++)
            span.high = fmax(span.high, arm->lives[i].life.time);
    }
    span.low = fmax(isinf(span.low) ? span.high / 10 : span.low / 1.6, span.high / 1e6);
    return span;
}

/* Corners of the steps: time, survival, low, high. A step of less than a pixel waits for those that
 * follow it. */
#define STEP_LEAST 0.004
static void curve_data(const struct times_arm *arm, uint32_t number, const struct span *span,
                       FILE *out)
{
    double survival = 1, low = 1, high = 1, last = span->low;

    fprintf(out, "$curve%u << END\n%.6g 1 1 1\n", number, span->low);
    for (size_t i = 0; i < arm->step_count; i++) {
        const struct survival_step *step = &arm->steps[i];

        if (survival - step->survival < STEP_LEAST && i + 1 < arm->step_count)
            continue;
        fprintf(out, "%.6g %.5g %.5g %.5g\n", step->time, survival, low, high);
        survival = step->survival;
        low = step->low;
        high = step->high;
        fprintf(out, "%.6g %.5g %.5g %.5g\n", step->time, survival, low, high);
        last = step->time;
    }
    for (size_t i = 0; i < arm->count; i++)
        last = fmax(last, arm->lives[i].life.time);
    fprintf(out, "%.6g %.5g %.5g %.5g\nEND\n", survival > 0 ? last : span->high, survival, low,
            high);
}

static bool block_has(const struct study_times *times, uint32_t block)
{
    for (uint32_t a = 0; a < times->arm_count; a++)
        if (times->arms[a].block == block && times->arms[a].count > 0)
            return true;
    return false;
}

static void panel_plot(const struct study_times *times, uint32_t block, struct palette *palette,
                       FILE *out)
{
    bool any = false;

    fputs("set title ", out);
    figure_quote(block_words(times->blocks[block]), out);
    fputs("\nplot ", out);
    for (uint32_t a = 0; a < times->arm_count; a++) {
        const char *colour;

        if (times->arms[a].block != block || times->arms[a].count == 0)
            continue;
        colour = colour_of(level_number(palette, times->arms[a].level));
        fprintf(
            out,
            "%s$curve%u using 1:3:4 with filledcurves fillstyle transparent solid 0.15 noborder "
            "linecolor rgb '%s', \\\n  $curve%u using 1:2 with lines linewidth 2 linecolor rgb "
            "'%s'",
            any ? ", \\\n  " : "", a, colour, a, colour);
        any = true;
    }
    fputc('\n', out);
}

/* The last panel names the lines. */
static void key_plot(const struct palette *palette, FILE *out)
{
    fputs("unset title\nunset xlabel\nunset ylabel\nunset border\nunset tics\nunset grid\n"
          "unset logscale x\nset key center center Left reverse samplen 2 spacing 1.3\n"
          "set xrange [0:1]\nset yrange [0:1]\nplot ",
          out);
    for (uint32_t l = 0; l < palette->count; l++) {
        fprintf(out, "%sNaN with lines linewidth 3 linecolor rgb '%s' title ", l > 0 ? ", " : "",
                colour_of(l));
        figure_quote(palette->levels[l], out);
    }
    fputs("\nunset multiplot\n", out);
}

static int curves_figure(struct figure *figure, const struct study_times *times)
{
    struct palette palette = {.count = 0};
    struct span span = span_of(times);
    uint32_t panels = 0, rows;
    char name[64], title[200];
    int code;

    for (uint32_t b = 0; b < times->block_count; b++)
        panels += block_has(times, b);
    if (panels == 0 || span.high <= 0)
        return 0;
    rows = (panels + 1 + COLUMNS - 1) / COLUMNS;
    snprintf(name, sizeof name, "times-%s", times->name);
    snprintf(title, sizeof title, "%s; share still waiting [95%%]", times->words);
    code = figure_open(figure, name, 40 + PANEL_HEIGHT * rows, "");
    if (code != 0)
        return code;
    for (uint32_t a = 0; a < times->arm_count; a++)
        if (times->arms[a].count > 0)
            curve_data(&times->arms[a], a, &span, figure->out);
    fprintf(figure->out, "set multiplot layout %u,%d title ", rows, COLUMNS);
    figure_quote(title, figure->out);
    fprintf(figure->out,
            " font ',12'\nset logscale x\nset format x '%%g s'\nset xrange [%.6g:%.6g]\nset yrange "
            "[0:1.02]\nset "
            "ytics 0.25\nset grid xtics ytics linecolor rgb '#e6e6e6' linetype 1\n",
            span.low, span.high);
    for (uint32_t b = 0; b < times->block_count; b++)
        if (block_has(times, b))
            panel_plot(times, b, &palette, figure->out);
    key_plot(&palette, figure->out);
    return figure_close(figure);
}

/* ---- measures of whole runs ---- */

static bool anywhere(const struct results *results, const struct results_measure *measure)
{
    for (uint32_t a = 0; a < results->arm_count; a++)
        if (measure->rates[a].trials > 0 && measure->rates[a].rate > 0)
            return true;
    return false;
}

/* A line for each arm, blocks one below the other: place, value, low, high, level. */
static void dots_data(const struct study_times *times, const struct results_measure *measure,
                      struct palette *palette, FILE *out)
{
    uint32_t line = 0;

    for (uint32_t a = 0; a < times->arm_count; a++) {
        const struct rate *rate = &measure->rates[times->arms[a].arm];

        line += a > 0 && times->arms[a].block != times->arms[a - 1].block ? 2 : 1;
        if (rate->trials > 0)
            fprintf(out, "%u %.6g %.6g %.6g %u\n", line, rate->rate, rate->low, rate->high,
                    level_number(palette, times->arms[a].level));
    }
}

/* The block's name stands in the middle of its lines. Gives the number of lines. */
static uint32_t dots_names(const struct study_times *times, FILE *out)
{
    uint32_t line = 0;
    const char *between = "";

    fputs("set ytics scale 0 (", out);
    for (uint32_t first = 0, end; first < times->arm_count; first = end) {
        for (end = first;
             end < times->arm_count && times->arms[end].block == times->arms[first].block;)
            end++;
        fputs(between, out);
        figure_quote(block_words(times->blocks[times->arms[first].block]), out);
        line += first > 0 ? 1 : 0;
        fprintf(out, " %g", line + (end - first + 1) / 2.0);
        line += end - first;
        between = ", ";
    }
    fputs(")\n", out);
    return line;
}

static int dots_figure(struct figure *figure, const struct study_times *times,
                       const struct results_measure *measure)
{
    struct palette palette = {.count = 0};
    char name[128], title[200];
    uint32_t lines = times->arm_count + times->block_count;
    FILE *out;
    int code;

    snprintf(name, sizeof name, "times-%s", measure->name);
    snprintf(title, sizeof title, "%s [95%%, by runs]", measure->name);
    code = figure_open(figure, name, 120 + 15 * lines, title);
    if (code != 0)
        return code;
    out = figure->out;
    fputs("$data << END\n", out);
    dots_data(times, measure, &palette, out);
    fputs("END\nset border 1\nset grid xtics linecolor rgb '#dddddd' linetype 1\n"
          "set key outside right center Left reverse samplen 1 spacing 1.3\n",
          out);
    lines = dots_names(times, out);
    fprintf(out, "set yrange [%u.7:0.3]\nplot ", lines);
    for (uint32_t l = 0; l < palette.count; l++) {
        fprintf(
            out,
            "%s$data using ($5 == %u ? $2 : NaN):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 "
            "pointsize 0.6 linecolor rgb '%s' title ",
            l > 0 ? ", \\\n  " : "", l, colour_of(l));
        figure_quote(palette.levels[l], out);
    }
    fputc('\n', out);
    return figure_close(figure);
}

int figures_times(struct figure *figure, const struct results *results, const struct store *store)
{
    int code = 0;

    for (int time = 0; time < STUDY_TIME_COUNT && code == 0; time++) {
        struct times_question question = {.time = (enum study_time)time};
        struct study_times *times = NULL;

        code = times_open(&times, results, store, &question, figure->error);
        if (code == 0)
            code = curves_figure(figure, times);
        for (uint32_t m = 0; m < results->measure_count && code == 0 && time == 0; m++)
            if (results->measures[m].runs != NULL && anywhere(results, &results->measures[m]))
                code = dots_figure(figure, times, &results->measures[m]);
        times_close(times);
    }
    return code;
}
