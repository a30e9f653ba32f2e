#include "cli/figures_training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/training.h"

#define BINS 20
#define PANELS_MAX 24
#define CURVES_MAX 7

static const char *const colours[CURVES_MAX] = {
    FIGURE_BLUE, FIGURE_ORANGE, FIGURE_GREEN, FIGURE_PURPLE, FIGURE_YELLOW, FIGURE_SKY, FIGURE_INK};

/* Where an arm is drawn: in the panel of its level of the first factor, as the curve of all its
 * other levels. */
struct place {
    uint32_t panel, curve;
};

struct drawing {
    const struct results *results;
    const struct training *training;
    struct place *places; /* by training->arms */
    char *panels[PANELS_MAX], *curves[CURVES_MAX];
    uint32_t panel_count, curve_count;
    struct figure *figure;
};

/* Whoever learns, unless nobody's tools allow the choice. */
static bool is_drawn(const struct training *training, uint32_t arm)
{
    const struct training_arm *of = &training->arms[arm];
    double deciders = training_last(training, of)->deciders;

    return of->learns && (isnan(deciders) || deciders > 0);
}

/* The place of a name in a list, to which it is added; ERROR_INPUT where the list is full. */
static int place_of(char **names, uint32_t *count, uint32_t room, const char *name, uint32_t *place)
{
    for (*place = 0; *place < *count; ++*place)
        if (strcmp(names[*place], name) == 0)
            return 0;
    if (*count == room)
        return ERROR_INPUT;
    names[*count] = strdup(name);
    return names[(*count)++] == NULL ? ERROR_MEMORY : 0;
}

/* `learner=checked, on_failed=hold`: the panel ends at the first comma. */
static int arm_place(struct drawing *drawing, uint32_t arm)
{
    const struct training_arm *of = &drawing->training->arms[arm];
    const char *name = drawing->results->arms[of->arm].name;
    const char *comma = strstr(name, ", ");
    char panel[160];
    int code;

    snprintf(panel, sizeof panel, "%.*s", comma == NULL ? 150 : (int)(comma - name), name);
    code = place_of(drawing->panels, &drawing->panel_count, PANELS_MAX, panel,
                    &drawing->places[arm].panel);
    if (code == 0)
        code = place_of(drawing->curves, &drawing->curve_count, CURVES_MAX,
                        comma == NULL ? "rate" : comma + 2, &drawing->places[arm].curve);
    if (code == ERROR_INPUT)
        return error_set(drawing->figure->error, code,
                         "learning curves are drawn of up to %d levels of the first factor, with "
                         "up to %d arms each",
                         PANELS_MAX, CURVES_MAX);
    return code == 0 ? 0 : study_memory(drawing->figure->error, "a figure");
}

/* The middle of a bin in percent of the training. */
static double middle(const struct training *training, uint32_t bin)
{
    return 100 * ((double)bin + 0.5) / training->bin_count;
}

static void curve_data(const struct drawing *drawing, uint32_t arm)
{
    const struct training_arm *of = &drawing->training->arms[arm];
    FILE *out = drawing->figure->out;
    uint32_t bins = drawing->training->bin_count;

    fprintf(out, "$arm%u << END\n", arm);
    for (uint32_t b = 0; b < bins; b++) {
        const struct cluster_rate *rate = &of->bins[b].rate;

        /* Where all runs agree there is no spread to draw, and what stands for it would look like a
         * jump. */
        if (rate->whole > 0)
            fprintf(out, "%.4g %.6g %.6g %.6g %.6g\n", middle(drawing->training, b), rate->rate,
                    rate->stand_in ? rate->rate : rate->low,
                    rate->stand_in ? rate->rate : rate->high, of->bins[b].floor);
    }
    fputs("END\n", out);
    fprintf(out, "$frozen%u << END\n", arm);
    if (of->bins[bins].rate.whole > 0)
        fprintf(out, "%.4g %.6g %.6g %.6g\n", 106 + 4.0 * drawing->places[arm].curve,
                of->bins[bins].rate.rate, of->bins[bins].rate.low, of->bins[bins].rate.high);
    fputs("END\n", out);
}

static bool has_floor(const struct drawing *drawing, uint32_t arm)
{
    const struct training_bin *bins = drawing->training->arms[arm].bins;

    for (uint32_t b = 0; b < drawing->training->bin_count; b++)
        if (!isnan(bins[b].floor))
            return true;
    return false;
}

static void panel_draw(const struct drawing *drawing, uint32_t panel)
{
    FILE *out = drawing->figure->out;

    fputs("set title ", out);
    figure_quote(drawing->panels[panel], out);
    fputs("\nplot \\\n", out);
    for (uint32_t a = 0; a < drawing->training->arm_count; a++) {
        const char *colour = colours[drawing->places[a].curve];

        if (!is_drawn(drawing->training, a) || drawing->places[a].panel != panel)
            continue;
        fprintf(out,
                "  $arm%u using 1:3:4 with filledcurves fillcolor rgb '%s' fillstyle transparent "
                "solid 0.18 noborder, \\\n"
                "  $arm%u using 1:2 with lines linewidth 1.8 linecolor rgb '%s', \\\n"
                "  $frozen%u using 1:2:3:4 with yerrorbars linewidth 1.2 pointtype 7 pointsize 0.5 "
                "linecolor rgb '%s', \\\n",
                a, colour, a, colour, a, colour);
        if (has_floor(drawing, a))
            fprintf(out,
                    "  $arm%u using 1:5 with lines linewidth 1.2 dashtype 2 linecolor rgb "
                    "'#555555', \\\n",
                    a);
    }
    fputs("  NaN notitle\n", out);
}

/* A panel of its own says which curve is which. */
static void key_draw(const struct drawing *drawing)
{
    FILE *out = drawing->figure->out;

    fputs("unset title; unset border; unset tics; unset arrow; unset label; unset xlabel; unset "
          "ylabel\nset key center center vertical Left reverse samplen 3 spacing 1.3\nplot \\\n",
          out);
    for (uint32_t c = 0; c < drawing->curve_count; c++) {
        fprintf(out, "  NaN with lines linewidth 3 linecolor rgb '%s' title ", colours[c]);
        figure_quote(drawing->curves[c], out);
        fputs(", \\\n", out);
    }
    for (uint32_t a = 0; a < drawing->training->arm_count; a++)
        if (has_floor(drawing, a)) {
            fputs("  NaN with lines linewidth 1.2 dashtype 2 linecolor rgb '#555555' title "
                  "'exploration floor', \\\n",
                  out);
            break;
        }
    fputs("  NaN notitle\nunset multiplot\n", out);
}

static int draw(const struct drawing *drawing)
{
    /* The key takes the last place. */
    uint32_t columns = drawing->panel_count == 2 ? 3 : 2;
    uint32_t rows = drawing->panel_count / columns + 1;
    char name[200], title[200];
    double edge = 106 + 4.0 * drawing->curve_count;
    FILE *out;
    int code;

    snprintf(name, sizeof name, "training-%s", drawing->training->measure);
    snprintf(title, sizeof title, "%s over training, and once frozen [95%%]",
             drawing->training->measure);
    code = figure_open(drawing->figure, name, 60 + 210 * rows, title);
    if (code != 0)
        return code;
    out = drawing->figure->out;
    for (uint32_t a = 0; a < drawing->training->arm_count; a++)
        if (is_drawn(drawing->training, a))
            curve_data(drawing, a);
    fprintf(out, "set multiplot layout %u,%u title ", rows, columns);
    figure_quote(title, out);
    fprintf(out,
            "\nset xrange [0:%.4g]\nset yrange [-0.02:1.02]\nset ytics 0.25\n"
            "set xtics ('0' 0, '25' 25, '50' 50, '75' 75, '100%%%%' 100, \"\\nfrozen\" %.4g)\n"
            "set grid ytics linecolor rgb '#e4e4e4' linetype 1\n"
            "set arrow from 102, graph 0 to 102, graph 1 nohead linecolor rgb '#aaaaaa'\n"
            "set xlabel 'training done'\n",
            edge, (106 + edge - 4) / 2 + 4);
    for (uint32_t p = 0; p < drawing->panel_count; p++)
        panel_draw(drawing, p);
    key_draw(drawing);
    return figure_close(drawing->figure);
}

static int measure_draw(struct figure *figure, const struct results *results,
                        const struct store *store, const char *measure)
{
    struct drawing drawing = {.results = results, .figure = figure};
    struct training *training;
    int code = training_open(&training, results, store, measure, BINS, NULL, figure->error);

    if (code != 0)
        return code;
    drawing.training = training;
    drawing.places = calloc((size_t)training->arm_count + 1, sizeof *drawing.places);
    if (drawing.places == NULL)
        code = study_memory(figure->error, "a figure");
    for (uint32_t a = 0; a < training->arm_count && code == 0; a++)
        if (is_drawn(training, a))
            code = arm_place(&drawing, a);
    if (code == 0)
        code = draw(&drawing);
    for (uint32_t p = 0; p < drawing.panel_count; p++)
        free(drawing.panels[p]);
    for (uint32_t c = 0; c < drawing.curve_count; c++)
        free(drawing.curves[c]);
    free(drawing.places);
    training_close(training);
    return code;
}

int figures_training(struct figure *figure, const struct results *results,
                     const struct store *store)
{
    int code = 0;

    for (uint32_t m = 0; m < results->measure_count && code == 0; m++)
        code = measure_draw(figure, results, store, results->measures[m].name);
    return code;
}
