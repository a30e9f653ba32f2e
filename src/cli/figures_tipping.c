#include "cli/figures_tipping.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "cli/study_thresholds.h"
#include "study/descents.h"
#include "study/thresholds.h"

#define CONFIDENCE 0.95
#define PANELS_MAX 12
#define LINES_MAX 16

static const char *const colours[] = {FIGURE_SKY,   FIGURE_BLUE,   FIGURE_INK,   FIGURE_ORANGE,
                                      FIGURE_GREEN, FIGURE_PURPLE, FIGURE_YELLOW};
#define COLOURS (sizeof colours / sizeof colours[0])

/* Panels side by side, two or three in a row. */
static void panels_open(FILE *out, uint32_t panels, const char *title)
{
    uint32_t columns = panels <= 2 ? panels : panels == 4 ? 2 : 3;

    fprintf(out, "set multiplot layout %u,%u title ", (panels + columns - 1) / columns, columns);
    figure_quote(title, out);
    fputs(" font ',14'\n", out);
}

static uint32_t panels_height(uint32_t panels)
{
    uint32_t columns = panels <= 2 ? panels : panels == 4 ? 2 : 3;

    return 40 + (panels + columns - 1) / columns * (columns == 3 ? 280 : 330);
}

static void panel_title(FILE *out, const char *title)
{
    fputs("set title ", out);
    figure_quote(title, out);
    fputs(" font ',12' textcolor rgb '" FIGURE_INK "'\n", out);
}

/* ---- survival against rate ---- */

static void curve_data(FILE *out, const struct threshold_size *size, uint32_t panel, uint32_t s)
{
    fprintf(out, "$c%u_%u << END\n", panel, s);
    for (size_t p = 0; p < size->curve.count; p++) {
        const struct scaling_point *point = &size->curve.points[p];
        struct rate rate = rate_wilson(point->survived, point->runs, CONFIDENCE);

        fprintf(out, "%.10g %.6g %.6g %.6g\n", point->rate, rate.rate, rate.low, rate.high);
    }
    fputs("END\n", out);
}

/* The estimate, in words, at the panel's foot; three rates are enough to read the axis by. */
static void curve_axes(FILE *out, const struct threshold_case *of,
                       const struct scaling_estimate *estimate)
{
    const struct scaling_curve *curve = &of->sizes[of->size_count - 1].curve;

    fprintf(out,
            "unset object\nunset arrow\nunset label\nset yrange [0:1]\n"
            "set key top left samplen 1 font ',11'\nset xtics (%.6g, %.6g, %.6g)\n"
            "set label '%.4f [%.4f, %.4f]' at graph 0.98, graph 0.05 right font ',10'\n",
            curve->points[0].rate, curve->points[curve->count / 2].rate,
            curve->points[curve->count - 1].rate, estimate->value, estimate->low, estimate->high);
    if (isfinite(estimate->low) && isfinite(estimate->high))
        fprintf(out,
                "set object rectangle from first %.10g, graph 0 to first %.10g, graph 1 "
                "fillcolor rgb '#eeeeee' fillstyle solid noborder behind\n",
                estimate->low, estimate->high);
    if (!isnan(of->known))
        fprintf(out,
                "set arrow from first %.10g, graph 0 to first %.10g, graph 1 nohead dashtype 2 "
                "linecolor rgb '" FIGURE_ORANGE "'\n",
                of->known, of->known);
}

static void curve_panel(FILE *out, const struct thresholds *thresholds,
                        const struct threshold_case *of, uint32_t panel)
{
    char title[300];

    snprintf(title, sizeof title, "%s%s%s", thresholds->study, of->name[0] == '\0' ? "" : ", ",
             of->name);
    for (uint32_t s = 0; s < of->size_count; s++)
        curve_data(out, &of->sizes[s], panel, s);
    panel_title(out, title);
    curve_axes(out, of, &of->crossings[of->crossing_count - 1].estimate);
    fputs("plot ", out);
    for (uint32_t s = 0; s < of->size_count; s++)
        fprintf(out,
                "%s$c%u_%u using 1:2:3:4 with yerrorlines pointtype 7 pointsize 0.4 linecolor rgb "
                "'%s' title '%g'",
                s == 0 ? "" : ", ", panel, s, colours[s % COLOURS], of->sizes[s].size);
    fputc('\n', out);
}

/* ---- the phase diagram ---- */

/* Half way, in logarithms, from a level to its neighbours. */
struct span {
    double low, high;
};

static struct span span_of(const struct threshold_case *of, double at, bool kill)
{
    double below = 0, above = INFINITY;

    for (uint32_t c = 0; c < of->cell_count; c++) {
        double other = kill ? of->cells[c].kill : of->cells[c].rate;

        if (other < at)
            below = fmax(below, other);
        if (other > at)
            above = fmin(above, other);
    }
    if (below == 0 && isinf(above))
        return (struct span){at / 1.2, at * 1.2};
    if (below == 0)
        below = at * at / above;
    if (isinf(above))
        above = at * at / below;
    return (struct span){sqrt(at * below), sqrt(at * above)};
}

static void phase_panel(FILE *out, const struct threshold_case *of, const char *kill,
                        const char *rate, uint32_t panel)
{
    double bound = of->sizes[of->size_count - 1].bound;

    fprintf(out, "$c%u << END\n", panel);
    for (uint32_t c = 0; c < of->cell_count; c++) {
        const struct threshold_cell *cell = &of->cells[c];
        struct span x = span_of(of, cell->kill, true), y = span_of(of, cell->rate, false);

        if (cell->runs > 0)
            fprintf(out, "%.6g %.6g %.6g %.6g %.6g %.6g %.6g\n", cell->kill, cell->rate, x.low,
                    x.high, y.low, y.high, (double)cell->survived / (double)cell->runs);
    }
    fputs("END\n", out);
    panel_title(out, of->name[0] == '\0' ? "survival" : of->name);
    fputs("set logscale xy 2\nset autoscale fix\nset xlabel ", out);
    figure_quote(kill, out);
    fputs(" offset 0,0.6\nset ylabel ", out);
    figure_quote(rate, out);
    fprintf(out,
            " offset 1,0\nset cbrange [0:1]\nset palette defined (0 '#ffffff', 1 '" FIGURE_BLUE
            "')\nunset colorbox\n"
            "plot $c%u using 1:2:3:4:5:6:7 with boxxyerror fillcolor palette fillstyle solid "
            "border linecolor rgb '#cccccc'",
            panel);
    if (isfinite(bound))
        fprintf(out, ", %.10g * x with lines dashtype 3 linewidth 2 linecolor rgb '" FIGURE_INK "'",
                bound);
    if (!isnan(of->known))
        fprintf(out, ", %.10g * x with lines linewidth 2 linecolor rgb '" FIGURE_ORANGE "'",
                of->known);
    fputc('\n', out);
}

static int phase_figure(struct figure *figure, const struct thresholds *thresholds)
{
    uint32_t panels = thresholds->case_count < PANELS_MAX ? thresholds->case_count : PANELS_MAX,
             count = 0;
    char name[300];
    int code;

    snprintf(name, sizeof name, "phase-%s", thresholds->study);
    code = figure_open(figure, name, panels_height(panels), "");
    if (code != 0)
        return code;
    panels_open(
        figure->out, panels,
        "survival, from none (white) to all (blue); line: known threshold, dots: mean field");
    for (uint32_t c = 0; c < panels; c++)
        if (thresholds->cases[c].size_count > 0)
            phase_panel(figure->out, &thresholds->cases[c], thresholds->kill, thresholds->rate,
                        count++);
    fputs("unset multiplot\n", figure->out);
    return figure_close(figure);
}

/* ---- all studies that ask for thresholds ---- */

struct all {
    char **names;
    struct thresholds **list;
    uint32_t count;
};

static int all_open(struct all *all, const struct store *store, const char *study,
                    struct error *error)
{
    int code = study_threshold_names(store, study, &all->names, &all->count, error);

    all->list = calloc((size_t)all->count + 1, sizeof *all->list);
    if (code == 0 && all->list == NULL)
        code = study_memory(error, "the figures");
    for (uint32_t i = 0; i < all->count && code == 0; i++)
        code = thresholds_open(&all->list[i], store, all->names[i], error);
    return code;
}

static void all_close(struct all *all)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->list != NULL)
            thresholds_close(all->list[i]);
        free(all->names[i]);
    }
    free(all->list);
    free(all->names);
}

static uint32_t curve_panels(const struct all *all)
{
    uint32_t panels = 0;

    for (uint32_t i = 0; i < all->count; i++)
        for (uint32_t c = 0; c < all->list[i]->case_count; c++)
            panels += all->list[i]->cases[c].crossing_count > 0;
    return panels < PANELS_MAX ? panels : PANELS_MAX;
}

static int curves_figure(struct figure *figure, const struct all *all)
{
    uint32_t panels = curve_panels(all), count = 0;
    int code;

    if (panels == 0)
        return 0;
    code = figure_open(figure, "thresholds", panels_height(panels), "");
    if (code != 0)
        return code;
    panels_open(figure->out, panels,
                "survival against rate, by size; dashed: known, grey: crossing of the largest two");
    for (uint32_t i = 0; i < all->count; i++)
        for (uint32_t c = 0; c < all->list[i]->case_count && count < panels; c++)
            if (all->list[i]->cases[c].crossing_count > 0)
                curve_panel(figure->out, all->list[i], &all->list[i]->cases[c], count++);
    fputs("unset multiplot\n", figure->out);
    return figure_close(figure);
}

int figures_thresholds(struct figure *figure, const struct store *store, const char *study)
{
    struct all all = {0};
    int code = all_open(&all, store, study, figure->error);

    if (code == 0)
        code = curves_figure(figure, &all);
    for (uint32_t i = 0; i < all.count && code == 0; i++)
        if (all.list[i]->kill != NULL)
            code = phase_figure(figure, all.list[i]);
    all_close(&all);
    return code;
}

/* ---- kill budgets ---- */

/* Data blocks $g0, $g1, ...: one for each combination of levels that are no numbers. */
struct groups {
    char *names[LINES_MAX];
    uint32_t count;
};

/* The rows come group by group; beyond LINES_MAX they are left out. */
static bool groups_turn(struct groups *groups, const char *name, FILE *out)
{
    if (groups->count > 0 && strcmp(groups->names[groups->count - 1], name) == 0)
        return true;
    if (groups->count == LINES_MAX)
        return false;
    if (groups->count > 0)
        fputs("END\n", out);
    fprintf(out, "$g%u << END\n", groups->count);
    groups->names[groups->count++] = strdup(name);
    return true;
}

static void groups_plot(const struct groups *groups, const char *with, bool titles, FILE *out)
{
    fputs("plot ", out);
    for (uint32_t g = 0; g < groups->count; g++) {
        fprintf(out, "%s$g%u %s linecolor rgb '%s' pointtype %d pointsize %s dashtype %d ",
                g == 0 ? "" : ", ", g, with, colours[g % COLOURS], g < COLOURS ? 7 : 4,
                g < COLOURS ? "0.5" : "0.8", g < COLOURS ? 1 : 2);
        if (titles) {
            fputs("title ", out);
            figure_quote(groups->names[g] == NULL ? "" : groups->names[g], out);
        } else {
            fputs("notitle", out);
        }
    }
    fputc('\n', out);
}

static void groups_close(struct groups *groups)
{
    for (uint32_t g = 0; g < groups->count; g++)
        free(groups->names[g]);
}

static int siege_data(struct groups *groups, const struct store *store, const char *study,
                      struct figure *figure)
{
    sqlite3_stmt *row;

    if (sqlite3_prepare_v2(
            store_database(store),
            "SELECT (SELECT group_concat(level, ', ') FROM setting WHERE arm=arm.arm AND value IS "
            "NULL) AS who, budget_by_width, extinct, runs, kills_by_agent "
            "FROM sieges JOIN arm USING(arm) WHERE study=? AND planned AND budget IS NOT NULL "
            "ORDER BY cut_width, who, budget_by_width",
            -1, &row, NULL) != SQLITE_OK)
        return store_error(store, figure->error, "reading the sieges");
    sqlite3_bind_text(row, 1, study, -1, SQLITE_STATIC);
    while (sqlite3_step(row) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(row, 0);
        struct rate rate = rate_wilson((uint64_t)sqlite3_column_int64(row, 2),
                                       (uint64_t)sqlite3_column_int64(row, 3), CONFIDENCE);

        if (!groups_turn(groups, name == NULL ? "" : name, figure->out))
            break;
        /* Where all died or none did, so many bars at one height would hide the rest. */
        if (rate.successes == 0 || rate.successes == rate.trials)
            rate.low = rate.high = rate.rate;
        fprintf(figure->out, "%.6g %.6g %.6g %.6g ", sqlite3_column_double(row, 1), rate.rate,
                rate.low, rate.high);
        /* Kills for each agent: of those who died out, where all did. */
        if (rate.successes == rate.trials)
            fprintf(figure->out, "%.6g\n", sqlite3_column_double(row, 4));
        else
            fputs("NaN\n", figure->out);
    }
    sqlite3_finalize(row);
    if (groups->count > 0)
        fputs("END\n", figure->out);
    return 0;
}

int figures_siege(struct figure *figure, const struct store *store, const char *study)
{
    struct groups groups = {0};
    char name[300];
    int code;

    snprintf(name, sizeof name, "siege-%s", study);
    code = figure_open(figure, name, 430, "");
    if (code != 0)
        return code;
    code = siege_data(&groups, store, study, figure);
    panels_open(figure->out, 2, "kill budget over revive rate and cut width");
    fputs(
        "set logscale x 2\nset xlabel 'budget / cut width'\nset arrow from 1, graph 0 to 1, graph "
        "1 nohead linecolor rgb '#888888'\nset xrange [0.25:8]\n"
        "set yrange [0:1.02]\n",
        figure->out);
    panel_title(figure->out, "share of crews that died out");
    groups_plot(&groups, "using 1:2:3:4 with yerrorlines", false, figure->out);
    fputs("set key top right samplen 1 font ',11'\nset logscale y\nset yrange [0.8:*]\n",
          figure->out);
    panel_title(figure->out, "kills per agent until all were dead");
    groups_plot(&groups, "using 1:5 with linespoints", true, figure->out);
    fputs("unset multiplot\n", figure->out);
    if (code == 0 && groups.count == 0) {
        fclose(figure->out);
        code = error_set(figure->error, ERROR_INPUT,
                         "the study `%.80s` has no runs of a sweep of the contact process", study);
    } else {
        int closed = figure_close(figure);

        code = code != 0 ? code : closed;
    }
    groups_close(&groups);
    return code;
}

/* ---- descent ---- */

static void descent_data(struct groups *groups, const struct descents *descents, FILE *out)
{
    for (uint32_t a = 0; a < descents->arm_count; a++) {
        const struct descents_arm *arm = &descents->arms[a];
        const struct bootstrap *first = &arm->reproduction[0], *late = &arm->late;

        if (!groups_turn(groups, arm->group, out))
            break;
        fprintf(out, "%.6g %.6g %.6g %.6g %.6g %.6g %.6g %.6g %.6g %.6g\n", arm->rate, first->value,
                first->low, first->high, late->value, late->low, late->high, arm->extinct.rate,
                arm->extinct.low, arm->extinct.high);
    }
    if (groups->count > 0)
        fputs("END\n", out);
}

int figures_descent(struct figure *figure, const struct store *store, const char *study)
{
    struct groups groups = {0};
    struct descents *descents;
    char name[300], title[100];
    int code = descents_open(&descents, store, study, figure->error);

    if (code != 0)
        return code;
    snprintf(name, sizeof name, "descent-%s", study);
    code = figure_open(figure, name, 360, "");
    if (code == 0) {
        FILE *out = figure->out;

        descent_data(&groups, descents, out);
        panels_open(out, 3, "lives that one life brings about, and extinction");
        fputs("set xlabel 'rate'\nset xtics 0.2\nset yrange [0:2.2]\nset arrow from graph 0, first "
              "1 to graph 1, "
              "first 1 nohead linecolor rgb '#888888'\nset key top left samplen 1 font ',11'\n",
              out);
        panel_title(out, "R0: the first lives");
        groups_plot(&groups, "using 1:2:3:4 with yerrorlines", true, out);
        snprintf(title, sizeof title, "R%d to R%d", DESCENTS_LATE, CONTACT_GENERATIONS - 2);
        panel_title(out, title);
        groups_plot(&groups, "using 1:5:6:7 with yerrorlines", false, out);
        fputs("set yrange [0:1.02]\nunset arrow\n", out);
        panel_title(out, "share of crews that died out");
        groups_plot(&groups, "using 1:8:9:10 with yerrorlines", false, out);
        fputs("unset multiplot\n", out);
        code = figure_close(figure);
    }
    groups_close(&groups);
    descents_close(descents);
    return code;
}
