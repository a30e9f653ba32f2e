#include "cli/figures_collusion.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <unistd.h>

#include "study/collusion.h"

/* As iolaus study collusion --by-run has it. */
#define DRAWS 39999
#define ARMS_MAX 60
/* Places between 10^-4 and 1 at which the distribution of p is drawn. */
#define PLACES 81

static const struct {
    const char *words, *colour;
} lines[COLLUSION_COUNT] = {
    [COLLUSION_JOINT] = {"joint defence", FIGURE_BLUE},
    [COLLUSION_INFORMATION] = {"mutual information", FIGURE_ORANGE},
    [COLLUSION_DELAYED] = {"one episode later", FIGURE_GREEN},
    [COLLUSION_TRANSFER] = {"transfer entropy", FIGURE_PURPLE},
};

/* ---- correlations of arms ---- */

static int correlation_figure(struct figure *figure, const struct collusion_study *study)
{
    uint32_t arms = study->arm_count < ARMS_MAX ? study->arm_count : ARMS_MAX;
    int code = figure_open(figure, "collusion-correlation", 130 + 26 * arms,
                           "correlation of two agents' defences, given their situations [95%]");

    if (code != 0)
        return code;
    fprintf(figure->out,
            "set border 1\nset grid xtics linecolor rgb '#dddddd' linetype 1\n"
            "set yrange [%u.7:0.3]\nset key outside bottom center horizontal\n"
            "set arrow from 0, graph 0 to 0, graph 1 nohead linecolor rgb '#888888'\n",
            arms);
    for (int part = 0; part < PART_COUNT; part++) {
        fprintf(figure->out, "$part%d << END\n", part);
        for (uint32_t a = 0; a < arms; a++) {
            const struct collusion_pooled *pooled = &study->arms[a].pooled[part];

            if (isnan(pooled->low) || isnan(pooled->all.correlation))
                continue;
            fprintf(figure->out, "%g %.6g %.6g %.6g %u ", a + 1 + (part == 0 ? -0.12 : 0.12),
                    pooled->all.correlation, pooled->low, pooled->high, a + 1);
            figure_quote(study->results->arms[study->arms[a].arm].name, figure->out);
            fputc('\n', figure->out);
        }
        fputs("END\n", figure->out);
    }
    fputs("plot $part0 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 "
          "linecolor rgb '" FIGURE_BLUE "' title 'spontaneous', \\\n"
          "  $part1 using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 "
          "linecolor rgb '" FIGURE_ORANGE "' title 'total', \\\n"
          "  $part0 using 2:5:ytic(6) with points pointtype 0 linecolor rgb '#ffffff' notitle\n",
          figure->out);
    return figure_close(figure);
}

/* ---- single crews ---- */

/* The least number that varies between arms: the factor's name and an arm's value. */
static bool arm_value(const struct store *store, int64_t id, double *value, char name[80])
{
    sqlite3_stmt *look = NULL;
    bool found = false;

    if (sqlite3_prepare_v2(store_database(store),
                           "SELECT value, name FROM setting WHERE arm=? AND value IS NOT NULL "
                           "ORDER BY factor LIMIT 1",
                           -1, &look, NULL) == SQLITE_OK) {
        sqlite3_bind_int64(look, 1, id);
        found = sqlite3_step(look) == SQLITE_ROW;
    }
    if (found) {
        *value = sqlite3_column_double(look, 0);
        snprintf(name, 80, "%s", (const char *)sqlite3_column_text(look, 1));
    }
    sqlite3_finalize(look);
    return found;
}

static int power_figure(struct figure *figure, const struct collusion_study *study,
                        const struct store *store, const char *factor)
{
    static const int drawn[] = {COLLUSION_JOINT, COLLUSION_INFORMATION};
    char title[160], name[80];
    int code;

    snprintf(title, sizeof title, "crews found at p of at most %g [95%%], of %u to an arm",
             study->options.alpha, study->arms[0].run_count);
    code = figure_open(figure, "collusion-power", 420, title);
    if (code != 0)
        return code;
    fputs("set grid ytics linecolor rgb '#dddddd' linetype 1\nset yrange [0:1.02]\n"
          "set autoscale xfix\n"
          "set key bottom right reverse Left\nset offsets graph 0.02, graph 0.02, 0, 0\n"
          "set ylabel 'share of crews'\nset xlabel ",
          figure->out);
    figure_quote(factor, figure->out);
    fputc('\n', figure->out);
    for (int i = 0; i < 2; i++) {
        fprintf(figure->out, "$line%d << END\n", i);
        for (uint32_t a = 0; a < study->arm_count; a++) {
            const struct collusion_arm *arm = &study->arms[a];
            const struct rate *found = &arm->pooled[PART_SPONTANEOUS].found[drawn[i]];
            double value;

            if (study->results->arms[arm->arm].variant == NULL &&
                arm_value(store, study->results->arms[arm->arm].id, &value, name))
                fprintf(figure->out, "%.6g %.6g %.6g %.6g\n", value, found->rate, found->low,
                        found->high);
        }
        fputs("END\n", figure->out);
    }
    fputs("plot ", figure->out);
    for (int i = 0; i < 2; i++)
        fprintf(figure->out,
                "$line%d using 1:2:3:4 with yerrorlines linewidth 1.5 pointtype 7 pointsize 0.6 "
                "linecolor rgb '%s' title '%s'%s",
                i, lines[drawn[i]].colour, lines[drawn[i]].words, i == 0 ? ", \\\n  " : "\n");
    return figure_close(figure);
}

/* The share of an arm's runs with a p of at most `alpha`. */
static double share_below(const struct collusion_arm *arm, int statistic, double alpha)
{
    uint32_t below = 0;

    for (uint32_t r = 0; r < arm->run_count; r++)
        below += arm->runs[r].part[PART_SPONTANEOUS].p[statistic] <= alpha;
    return arm->run_count > 0 ? (double)below / arm->run_count : NAN;
}

static double place_of(int place)
{
    return pow(10, -4 + 4.0 * place / (PLACES - 1));
}

/* The least share of `trials` that is reached with probability `at`, each with probability p. */
static double binomial_quantile(double at, double p, uint32_t trials)
{
    uint32_t successes = 0;

    while (successes < trials && gsl_cdf_binomial_P(successes, p, trials) < at)
        successes++;
    return trials > 0 ? (double)successes / trials : NAN;
}

/* Log-log: a line for each arm and statistic, and how far chance takes an arm of as many runs as
 * the first. */
static int calibration_figure(struct figure *figure, const struct collusion_study *study)
{
    int code = figure_open(figure, "collusion-calibration", 560,
                           "p of single crews against what it should be, a line for each arm");

    if (code != 0)
        return code;
    fputs("set logscale xy\nset format '10^{%L}'\nset termoption enhanced\n"
          "set xrange [1e-4:1]\nset yrange [1e-5:1.2]\n"
          "set grid linecolor rgb '#dddddd' linetype 1\nset key top left reverse Left\n"
          "set xlabel 'alpha'\nset ylabel 'share of crews with p of at most alpha'\n"
          "$band << END\n",
          figure->out);
    for (int i = 0; i < PLACES; i++) {
        double alpha = place_of(i);

        fprintf(figure->out, "%.6g %.6g %.6g\n", alpha,
                fmax(binomial_quantile(0.025, alpha, study->arms[0].run_count), 1e-6),
                binomial_quantile(0.975, alpha, study->arms[0].run_count));
    }
    fputs("END\n", figure->out);
    for (uint32_t a = 0; a < study->arm_count; a++)
        for (int s = 0; s < COLLUSION_COUNT; s++) {
            fprintf(figure->out, "$arm%u_%d << END\n", a, s);
            for (int i = 0; i < PLACES; i++) {
                double share = share_below(&study->arms[a], s, place_of(i));

                if (share > 0)
                    fprintf(figure->out, "%.6g %.6g\n", place_of(i), share);
            }
            fputs("END\n", figure->out);
        }
    fputs("plot $band using 1:2:3 with filledcurves linecolor rgb '#e6e6e6' title '95% of chance', "
          "\\\n  x with lines linecolor rgb '#888888' dashtype 2 title 'exact'",
          figure->out);
    for (int s = 0; s < COLLUSION_COUNT; s++)
        for (uint32_t a = 0; a < study->arm_count; a++) {
            fprintf(figure->out,
                    ", \\\n  $arm%u_%d using 1:2 with lines linewidth 1.3 "
                    "linecolor rgb '%s' ",
                    a, s, lines[s].colour);
            if (a == 0)
                fprintf(figure->out, "title '%s'", lines[s].words);
            else
                fputs("notitle", figure->out);
        }
    fputc('\n', figure->out);
    return figure_close(figure);
}

int figures_collusion(struct figure *figure, const struct results *results,
                      const struct store *store)
{
    struct collusion_options options = COLLUSION_OPTIONS;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct collusion_study *study;
    char factor[80];
    double value;
    int code;

    options.by_run = true;
    options.draws = DRAWS;
    options.workers = processors > 0 && processors < 256 ? (uint32_t)processors : 1;
    code = collusion_open(&study, results, store, &options, figure->error);
    if (code != 0)
        return code;
    code = correlation_figure(figure, study);
    if (code == 0)
        code = arm_value(store, results->arms[study->arms[0].arm].id, &value, factor)
                   ? power_figure(figure, study, store, factor)
                   : calibration_figure(figure, study);
    collusion_close(study);
    return code;
}
