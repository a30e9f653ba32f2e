#include "cli/study_plan.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/measures.h"
#include "analysis/stat_power.h"
#include "study/rows.h"
#include "study/schema.h"

#define POWER 0.8
#define ALPHA 0.05
#define PILOT_ARMS 60

/* What a pilot run of an arm gave. */
struct pilot {
    double seconds;
    uint64_t episodes, stops, tasks;
    uint64_t hits[MEASURE_COUNT]; /* episodes in which it happened */
    uint64_t tasks_done;
    bool run;
};

static int pilot_arm(const struct study *study, uint32_t arm, struct pilot *pilot,
                     struct error *error)
{
    static const int never;
    struct scenario_file *file = NULL;
    const struct scenario *scenario;
    struct run_rows rows = {0};
    int code = study_scenario(study, &study->arms[arm], &file, &scenario, error);

    if (code == 0 && study->arms[arm].live)
        rows.wall_s = (double)scenario->duration / 1e9;
    else if (code == 0)
        code = run_once(study, arm, 0, scenario, carry_simulated, NULL, &never, &rows, error);
    pilot->seconds = rows.wall_s;
    pilot->stops = rows.stops;
    pilot->episodes = rows.stops + rows.failures;
    pilot->tasks = rows.tasks_emitted;
    pilot->tasks_done = rows.tasks_done;
    pilot->run = code == 0 && !study->arms[arm].live;
    for (uint32_t e = 0; e < rows.episode_count; e++)
        for (unsigned m = 0; m < MEASURE_COUNT; m++)
            pilot->hits[m] += rows.episodes[e].acts[m] > 0;
    run_rows_free(&rows);
    scenario_close(file);
    return code;
}

/* All arms where they are few, else some of them, evenly. */
static int pilots_run(const struct study *study, struct pilot *pilots, struct error *error)
{
    uint32_t step = study->arm_count / PILOT_ARMS + 1;
    int code = 0;

    for (uint32_t a = 0; a < study->arm_count && code == 0; a += step)
        code = pilot_arm(study, a, &pilots[a], error);
    return code;
}

/* ---- power ---- */

/* Successes and trials of one measure in a pilot run; false where the plan does not know it. */
static bool pilot_rate(const struct pilot *pilot, const char *measure, uint64_t *hits,
                       uint64_t *trials)
{
    *trials = pilot->episodes;
    for (unsigned m = 0; m < MEASURE_COUNT; m++)
        if (strcmp(schema_measure(m), measure) == 0) {
            *hits = pilot->hits[m];
            return *trials > 0;
        }
    return false;
}

/* A comparison by the pilot's rates, each moved a little away from 0 and 1 (Agresti and Coull 1998:
 * two successes and two failures more), since a rate of 0 in one run is no rate of 0. */
static int print_comparison(const struct study *study, const struct pilot *pilots, uint32_t first,
                            uint32_t second, FILE *out, struct error *error)
{
    for (uint32_t m = 0; m < study->measure_count; m++) {
        uint64_t hits[2], trials[2];
        struct power_arms arms;
        struct power power;
        int code;

        if (!pilots[first].run || !pilots[second].run ||
            !pilot_rate(&pilots[first], study->measures[m], &hits[0], &trials[0]) ||
            !pilot_rate(&pilots[second], study->measures[m], &hits[1], &trials[1]))
            continue;
        arms = (struct power_arms){((double)hits[0] + 2) / ((double)trials[0] + 4),
                                   ((double)hits[1] + 2) / ((double)trials[1] + 4),
                                   trials[0] * study->replicates, trials[1] * study->replicates};
        code = power_difference(&arms, TABLE_SCORE, ALPHA, &power, error);
        if (code != 0)
            return code;
        fprintf(out, "  %-24s %.2f against %.2f: power %.2f   %s against %s\n", study->measures[m],
                arms.first, arms.second, power.power, study->arms[first].name,
                study->arms[second].variant >= 0 ? study->variants[study->arms[second].variant].name
                                                 : study->arms[second].name);
    }
    return 0;
}

static int print_comparisons(const struct study *study, const struct pilot *pilots, FILE *out,
                             struct error *error)
{
    uint32_t cell = 0;
    int code = 0;

    fputs(
        "\nPower by the rates of one pilot run of each arm, which are rough (two-sided, 5%, before "
        "Holm):\n",
        out);
    for (uint32_t a = 0; a < study->arm_count && code == 0; a++) {
        if (study->arms[a].variant < 0)
            cell = a;
        if (study->arms[a].variant >= 0)
            code = print_comparison(study, pilots, cell, a, out, error);
        else if (study->design == DESIGN_ONE_AT_A_TIME && a > 0)
            code = print_comparison(study, pilots, a, 0, out, error);
    }
    return code;
}

static uint64_t comparisons_of(const struct study *study)
{
    uint64_t count = (uint64_t)study->cell_count * study->variant_count;

    return study->design == DESIGN_ONE_AT_A_TIME ? count + study->cell_count - 1 : count;
}

/* The least difference that is seen, from some rates: for one comparison, and for the first that
 * Holm's procedure looks at among all. */
static int print_least(const struct study *study, uint64_t episodes, FILE *out, struct error *error)
{
    static const double rates[] = {0.05, 0.1, 0.3, 0.5};
    uint64_t comparisons = comparisons_of(study);

    fprintf(out, "\nWith %llu episodes in each arm, %.0f%% power needs a rate that is higher by\n",
            (unsigned long long)episodes, 100 * POWER);
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        struct power_arms one = {rates[r], 0, episodes, episodes}, all = one;
        struct power power;
        int code = power_minimal(&one, true, TABLE_SCORE, ALPHA, POWER, &power, error);

        if (code == 0 && comparisons > 1)
            code = power_minimal(&all, true, TABLE_SCORE, ALPHA / (double)comparisons, POWER,
                                 &power, error);
        if (code != 0)
            return code;
        fprintf(out, "  %.3f where it is %.2f", one.second - rates[r], rates[r]);
        if (comparisons > 1)
            fprintf(out, " (%.3f with %llu comparisons in one family)", all.second - rates[r],
                    (unsigned long long)comparisons);
        fputc('\n', out);
    }
    fputs("Episodes of one run share a crew: where they are alike, more are needed.\n", out);
    return 0;
}

/* ---- the plan ---- */

static void print_time(double seconds, FILE *out)
{
    if (seconds < 120)
        fprintf(out, "%.0f s", seconds);
    else if (seconds < 7200)
        fprintf(out, "%.0f min", seconds / 60);
    else
        fprintf(out, "%.1f h", seconds / 3600);
}

static void print_arms(const struct study *study, FILE *out)
{
    for (uint32_t a = 0; a < study->arm_count && a < 12; a++)
        fprintf(out, "  %s%s\n", study->arms[a].name, study->arms[a].live ? " (live)" : "");
    if (study->arm_count > 12)
        fprintf(out, "  and %u more\n", study->arm_count - 12);
}

int study_plan_print(const struct study *study, uint32_t workers, FILE *out, struct error *error)
{
    struct pilot *pilots = calloc((size_t)study->arm_count + 1, sizeof *pilots);
    uint64_t runs = (uint64_t)study->arm_count * study->replicates, episodes = 0;
    double seconds = 0, live = 0;
    uint32_t looked = 0, looked_live = 0;
    int code = pilots == NULL ? study_memory(error, "the plan") : pilots_run(study, pilots, error);

    for (uint32_t a = 0; a < study->arm_count && code == 0; a++) {
        looked += pilots[a].run;
        looked_live += !pilots[a].run && pilots[a].seconds > 0;
        *(pilots[a].run ? &seconds : &live) += pilots[a].seconds;
        episodes += pilots[a].episodes;
    }
    if (code == 0) {
        double share = (double)looked_live / (looked + looked_live);
        double sim = looked == 0 ? 0 : seconds / looked * (1 - share) * (double)runs / workers;
        double real = looked_live == 0 ? 0 : live / looked_live * share * (double)runs;

        fprintf(out, "%s: %s\n\n", study->name, study->about);
        fprintf(out, "%u cells, %u arms with their matched variants, %u replicates: %llu runs\n",
                study->cell_count, study->arm_count, study->replicates, (unsigned long long)runs);
        print_arms(study, out);
        fputs("\nAbout ", out);
        print_time(sim + real, out);
        fprintf(out, " with %u workers, by a pilot of %u runs (%.1f ms each)%s.\n", workers, looked,
                looked == 0 ? 0 : 1000 * seconds / looked,
                looked_live > 0 ? "; live runs take as long as they say, one after another" : "");
    }
    if (code == 0 && looked > 0 && episodes > 0)
        code = print_least(study, episodes / looked * study->replicates, out, error);
    if (code == 0 && study->arm_count <= PILOT_ARMS && comparisons_of(study) > 0 && looked > 0)
        code = print_comparisons(study, pilots, out, error);
    free(pilots);
    return code;
}
