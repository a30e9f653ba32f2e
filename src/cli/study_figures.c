#include "cli/study_figures.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "study/effects.h"

#define ARMS_MAX 60
#define TERMS_MAX 24

/* Okabe and Ito's colours, which most colour-blind people can tell apart. */
#define INK "#222222"
#define BLUE "#0072b2"
#define ORANGE "#d55e00"

struct figure {
    const char *folder;
    char script[4096], picture[4096];
    FILE *out;
    struct error *error;
};

/* A text inside double quotes of gnuplot, without its own markup. */
static void quote(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
    fputc('"', out);
}

static int figure_open(struct figure *figure, const char *kind, const char *measure, uint32_t lines,
                       const char *title)
{
    uint32_t height = 110 + 22 * lines;

    if ((size_t)snprintf(figure->script, sizeof figure->script, "%s/%s-%s.gp", figure->folder, kind,
                         measure) >= sizeof figure->script)
        return error_set(figure->error, ERROR_INPUT, "the folder's name is too long");
    snprintf(figure->picture, sizeof figure->picture, "%s-%s.svg", kind, measure);
    figure->out = fopen(figure->script, "w");
    if (figure->out == NULL)
        return error_set(figure->error, ERROR_IO, "%s: %s", figure->script, strerror(errno));
    fprintf(figure->out,
            "# Made by `iolaus study figures`; gnuplot draws it again.\n"
            "set terminal svg size 860,%u font 'Helvetica,13' background '#ffffff' noenhanced\n"
            "set output '%s'\n"
            "set title ",
            height, figure->picture);
    quote(title, figure->out);
    fprintf(figure->out,
            " textcolor rgb '" INK "'\n"
            "unset key\nset border 1 linecolor rgb '#888888'\nset tics nomirror scale 0.5 "
            "textcolor rgb '" INK "'\n"
            "set grid xtics linecolor rgb '#dddddd' linetype 1\n"
            "set yrange [%u.7:0.3] \n",
            lines);
    return 0;
}

/* Closes the script and has it drawn. */
static int figure_close(struct figure *figure)
{
    static const char command[] =
        "cd \"$IOLAUS_FOLDER\" && command -v gnuplot >/dev/null || exit 66; "
        "gnuplot \"$IOLAUS_FIGURE\"";
    int status;

    if (fclose(figure->out) != 0)
        return error_set(figure->error, ERROR_IO, "%s cannot be written", figure->script);
    /* The folder is the caller's word: it reaches the shell as an argument, not as text. */
    if (setenv("IOLAUS_FIGURE", figure->script + strlen(figure->folder) + 1, 1) != 0 ||
        setenv("IOLAUS_FOLDER", figure->folder, 1) != 0)
        return error_set(figure->error, ERROR_MEMORY, "out of memory for a figure");
    status = system(command);
    if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 66)
        return error_set(figure->error, ERROR_MACHINE,
                         "gnuplot is missing (Debian: gnuplot-nox); its scripts are in %s",
                         figure->folder);
    return status == 0
               ? 0
               : error_set(figure->error, ERROR_IO, "gnuplot did not draw %s", figure->script);
}

/* One line an arm: the rate and its interval. */
static int rates_figure(struct figure *figure, const struct results *results,
                        const struct results_measure *measure)
{
    char title[200];
    FILE *out;
    int code;

    snprintf(title, sizeof title, "%s: rates [95%%]", measure->name);
    code = figure_open(figure, "rates", measure->name, results->arm_count, title);
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
        quote(results->arms[a].name, out);
        fputc('\n', out);
    }
    fputs(
        "END\n"
        "plot $data using 2:1:3:4:ytic(6) with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 "
        "linecolor rgb '" BLUE "', \\\n"
        "  $data using ($5 == 1 ? $2 : 1/0):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 "
        "pointsize 0.6 linecolor rgb '" ORANGE "'\n",
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
            quote(name, out);
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
    code = figure_open(figure, "effects", measure, lines, title);
    if (code != 0)
        return code;
    fputs("set logscale x\nset xlabel 'odds ratio, against the first level'\n"
          "set arrow from 1, graph 0 to 1, graph 1 nohead linecolor rgb '#888888'\n$data << END\n",
          figure->out);
    effect_data(effects, lines, figure->out);
    fputs(
        "END\n"
        "plot $data using 2:1:3:4:ytic(6) with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 "
        "linecolor rgb '" BLUE "', \\\n"
        "  $data using ($5 == 1 ? $2 : 1/0):1:3:4 with xerrorbars linewidth 1.5 pointtype 7 "
        "pointsize 0.6 linecolor rgb '" ORANGE "'\n",
        figure->out);
    return figure_close(figure);
}

int study_figures(const struct results *results, const struct store *store, const char *folder,
                  struct error *error)
{
    struct figure figure = {.folder = folder, .error = error};
    int code = 0;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return error_set(error, ERROR_IO, "%s: %s", folder, strerror(errno));
    for (uint32_t m = 0; m < results->measure_count && code == 0; m++) {
        const struct results_measure *measure = &results->measures[m];
        struct effects *effects = NULL;
        struct error none = {0};

        if (results->arm_count <= ARMS_MAX)
            code = rates_figure(&figure, results, measure);
        /* Where nothing is varied there are no effects, and that is no fault. */
        if (code == 0 && effects_open(&effects, results, store, m, &none) == 0)
            code = effects_figure(&figure, effects, measure->name);
        effects_close(effects);
    }
    return code;
}
