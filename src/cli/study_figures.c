#include "cli/study_figures.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/figures_collusion.h"
#include "cli/figures_stops.h"
#include "cli/figures_times.h"
#include "cli/figures_tipping.h"
#include "cli/figures_training.h"
#include "cli/gnuplot.h"
#include "study/effects.h"

#define ARMS_MAX 60
#define TERMS_MAX 24

/* One line of names each: `lines` of them from above, a value from left to right. */
static int lines_open(struct figure *figure, const char *kind, const char *measure, uint32_t lines,
                      const char *title)
{
    char name[300];
    int code;

    snprintf(name, sizeof name, "%s-%s", kind, measure);
    code = figure_open(figure, name, 110 + 22 * lines, title);
    if (code == 0)
        fprintf(figure->out,
                "set border 1\nset grid xtics linecolor rgb '#dddddd' linetype 1\n"
                "set yrange [%u.7:0.3]\n",
                lines);
    return code;
}

/* One line an arm: the rate and its interval. */
static int rates_figure(struct figure *figure, const struct results *results,
                        const struct results_measure *measure)
{
    char title[200];
    FILE *out;
    int code;

    snprintf(title, sizeof title, "%s: rates [95%%]", measure->name);
    code = lines_open(figure, "rates", measure->name, results->arm_count, title);
    if (code != 0)
        return code;
    out = figure->out;
    fputs("set xrange [0:1]\nset xlabel 'rate'\n$data << END\n", out);
    for (uint32_t a = 0; a < results->arm_count; a++) {
        const struct rate *rate = &measure->rates[a];

        if (rate->trials == 0)
            continue;
        fprintf(out, "%u %.6g %.6g %.6g %d ", a + 1, rate->rate, rate->low, rate->high,
                results->arms[a].variant != NULL);
        figure_quote(results->arms[a].name, out);
        fputc('\n', out);
    }
    fputs(
        "END\n"
        "plot $data using 2:1:3:4:ytic(6) with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 "
        "linecolor rgb '" FIGURE_BLUE "', \\\n"
        "  $data using ($5 == 1 ? $2 : 1/0):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 "
        "pointsize 0.6 linecolor rgb '" FIGURE_ORANGE "'\n",
        out);
    return figure_close(figure);
}

static uint32_t effect_lines(const struct effects *effects)
{
    uint32_t lines = 0;

    for (uint32_t t = 0; t < effects->term_count && t < TERMS_MAX; t++)
        lines += effects->terms[t].level_count;
    return lines < ARMS_MAX ? lines : ARMS_MAX;
}

static void effect_data(const struct effects *effects, uint32_t lines, FILE *out)
{
    uint32_t line = 0;

    for (uint32_t t = 0; t < effects->term_count && line < lines; t++)
        for (uint32_t l = 0; l < effects->terms[t].level_count && line < lines; l++) {
            const struct effect_term *term = &effects->terms[t];
            const struct logistic_coefficient *at = &term->levels[l].log_odds;
            char name[200];

            snprintf(name, sizeof name, "%s: %s", term->name, term->levels[l].name);
            fprintf(out, "%u %.6g %.6g %.6g %d ", ++line, exp(at->value), exp(at->low),
                    exp(at->high), term->interaction);
            figure_quote(name, out);
            fputc('\n', out);
        }
}

/* Odds ratios, the strongest term first. */
static int effects_figure(struct figure *figure, const struct effects *effects, const char *measure)
{
    uint32_t lines = effect_lines(effects);
    char title[200];
    int code;

    snprintf(title, sizeof title, "effects on %s: odds ratios [95%%]", measure);
    code = lines_open(figure, "effects", measure, lines, title);
    if (code != 0)
        return code;
    fputs("set logscale x\nset xlabel 'odds ratio, against the first level'\n"
          "set arrow from 1, graph 0 to 1, graph 1 nohead linecolor rgb '#888888'\n$data << END\n",
          figure->out);
    effect_data(effects, lines, figure->out);
    fputs(
        "END\n"
        "plot $data using 2:1:3:4:ytic(6) with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 "
        "linecolor rgb '" FIGURE_BLUE "', \\\n"
        "  $data using ($5 == 1 ? $2 : 1/0):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 "
        "pointsize 0.6 linecolor rgb '" FIGURE_ORANGE "'\n",
        figure->out);
    return figure_close(figure);
}

static int rates_figures(struct figure *figure, const struct results *results,
                         const struct store *store)
{
    int code = 0;

    (void)store;
    for (uint32_t m = 0; m < results->measure_count && code == 0; m++)
        code = rates_figure(figure, results, &results->measures[m]);
    return code;
}

static int effects_figures(struct figure *figure, const struct results *results,
                           const struct store *store)
{
    int code = 0;

    for (uint32_t m = 0; m < results->measure_count && code == 0; m++) {
        struct effects *effects = NULL;

        code = effects_open(&effects, results, store, m, figure->error);
        if (code == 0)
            code = effects_figure(figure, effects, results->measures[m].name);
        effects_close(effects);
    }
    return code;
}

static int siege_figures(struct figure *figure, const struct results *results,
                         const struct store *store)
{
    return figures_siege(figure, store, results->study);
}

static int descent_figures(struct figure *figure, const struct results *results,
                           const struct store *store)
{
    return figures_descent(figure, store, results->study);
}

static int folder_make(const char *folder, struct error *error)
{
    return mkdir(folder, 0777) == 0 || errno == EEXIST
               ? 0
               : error_set(error, ERROR_IO, "%s: %s", folder, strerror(errno));
}

int study_figures_thresholds(const struct store *store, const char *study, const char *folder,
                             struct error *error)
{
    struct figure figure = {.folder = folder, .error = error};
    int code = folder_make(folder, error);

    return code == 0 ? figures_thresholds(&figure, store, study) : code;
}

static const struct drawing {
    const char *word;
    int (*draw)(struct figure *figure, const struct results *results, const struct store *store);
} DRAWINGS[] = {{"rates", rates_figures},         {"effects", effects_figures},
                {"training", figures_training},   {"times", figures_times},
                {"siege", siege_figures},         {"descent", descent_figures},
                {"collusion", figures_collusion}, {"stops", figures_stops}};

static const struct drawing *drawing_find(const char *word)
{
    for (size_t i = 0; i < sizeof DRAWINGS / sizeof DRAWINGS[0]; i++)
        if (strcmp(word, DRAWINGS[i].word) == 0)
            return &DRAWINGS[i];
    return NULL;
}

/* Rates of few arms, and effects where something is varied: where nothing is, that is no fault. */
static int usual_figures(struct figure *figure, const struct results *results,
                         const struct store *store)
{
    struct error *error = figure->error, none = {0};
    int code = results->arm_count <= ARMS_MAX ? rates_figures(figure, results, store) : 0;

    if (code != 0)
        return code;
    figure->error = &none;
    code = effects_figures(figure, results, store);
    figure->error = error;
    if (code != 0 && code != ERROR_INPUT)
        *error = none;
    return code == ERROR_INPUT ? 0 : code;
}

int study_figures(const struct results *results, const struct store *store, const char *of,
                  const char *folder, struct error *error)
{
    struct figure figure = {.folder = folder, .error = error};
    const struct drawing *drawing = of == NULL ? NULL : drawing_find(of);
    int code;

    if (of != NULL && drawing == NULL)
        return error_set(error, ERROR_INPUT,
                         "there are no figures of `%.40s`; write rates, effects, training, times, "
                         "thresholds, siege, descent, collusion or stops",
                         of);
    code = folder_make(folder, error);
    if (code != 0)
        return code;
    return drawing == NULL ? usual_figures(&figure, results, store)
                           : drawing->draw(&figure, results, store);
}
