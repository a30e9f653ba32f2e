#include "study/stops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "study/stops_read.h"

#define CONFIDENCE 0.95

/* A part of a list with commas between. */
struct word {
    const char *text;
    size_t length;
};

static bool word_next(const char **list, struct word *word)
{
    const char *end;

    if (*list == NULL || **list == '\0')
        return false;
    end = strchr(*list, ',');
    word->text = *list;
    word->length = end == NULL ? strlen(*list) : (size_t)(end - *list);
    *list = end == NULL ? NULL : end + 1;
    return true;
}

static bool word_is(const struct word *word, const char *text)
{
    return strlen(text) == word->length && strncmp(word->text, text, word->length) == 0;
}

/* ---- which cells make a row ---- */

struct grouper {
    const struct stops_data *data;
    const char **of; /* by factor: the level that it is restricted to, or NULL */
    bool *by;        /* by factor */
    struct error *error;
};

static int factor_find(const struct grouper *grouper, const struct word *word)
{
    for (uint32_t f = 0; f < grouper->data->factor_count; f++)
        if (word_is(word, grouper->data->factors[f]))
            return (int)f;
    return error_set(grouper->error, ERROR_INPUT, "the study has no factor `%.*s`",
                     (int)(word->length > 80 ? 80 : word->length), word->text);
}

static int by_read(struct grouper *grouper, const char *by)
{
    struct word word;
    bool beside = false;

    for (uint32_t f = 0; by == NULL && f < grouper->data->factor_count; f++) {
        grouper->by[f] = f == grouper->data->protocol || !beside;
        beside = beside || f != grouper->data->protocol;
    }
    while (word_next(&by, &word)) {
        int factor = factor_find(grouper, &word);

        if (factor < 0)
            return factor;
        grouper->by[factor] = true;
    }
    return 0;
}

static int of_read(struct grouper *grouper, const char *of)
{
    const struct stops_data *data = grouper->data;
    struct word word;

    while (word_next(&of, &word)) {
        const char *equals = memchr(word.text, '=', word.length);
        size_t left = equals == NULL ? word.length : (size_t)(equals - word.text);
        struct word name = {word.text, left};
        struct word level = {word.text + left + 1, equals == NULL ? 0 : word.length - left - 1};
        int factor = factor_find(grouper, &name);

        if (factor < 0)
            return factor;
        for (uint32_t a = 0; a < data->arm_count && grouper->of[factor] == NULL; a++)
            if (equals != NULL && word_is(&level, data->arms[a].levels[factor]))
                grouper->of[factor] = data->arms[a].levels[factor];
        if (grouper->of[factor] == NULL)
            return error_set(grouper->error, ERROR_INPUT,
                             "--of takes FACTOR=LEVEL; `%.*s` is no level of the study",
                             (int)(word.length > 80 ? 80 : word.length), word.text);
    }
    return 0;
}

static bool is_wanted(const struct grouper *grouper, const struct stops_arm *arm)
{
    for (uint32_t f = 0; f < grouper->data->factor_count; f++)
        if (grouper->of[f] != NULL && strcmp(grouper->of[f], arm->levels[f]) != 0)
            return false;
    return arm->stop_count > 0;
}

static bool same_row(const struct grouper *grouper, const struct stops_arm *a,
                     const struct stops_arm *b)
{
    for (uint32_t f = 0; f < grouper->data->factor_count; f++)
        if (grouper->by[f] && strcmp(a->levels[f], b->levels[f]) != 0)
            return false;
    return true;
}

static char *row_name(const struct grouper *grouper, const struct stops_arm *arm)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const char *between = "";

    if (out == NULL)
        return NULL;
    for (uint32_t f = 0; f < grouper->data->factor_count; f++)
        if (grouper->by[f]) {
            fprintf(out, "%s%s=%s", between, grouper->data->factors[f], arm->levels[f]);
            between = ", ";
        }
    return fclose(out) == 0 ? text : NULL;
}

/* ---- figures of some cells ---- */

/* Arms, by place. */
struct cells {
    const struct stops_data *data;
    const uint32_t *arms;
    uint32_t count;
    uint32_t number; /* of the row, for its random numbers */
};

static double odds(double share)
{
    return share / (1 - share);
}

static uint32_t runs_of(const struct cells *cells)
{
    uint32_t runs = 0;

    for (uint32_t i = 0; i < cells->count; i++)
        runs += cells->data->arms[cells->arms[i]].run_count;
    return runs;
}

/* Every run of the cells in turn: `*at` counts from 0. NULL behind the last. */
static const struct stops_run *run_next(const struct cells *cells, uint32_t *at)
{
    uint32_t left = (*at)++;

    for (uint32_t i = 0; i < cells->count; i++) {
        const struct stops_arm *arm = &cells->data->arms[cells->arms[i]];

        if (left < arm->run_count)
            return &cells->data->runs[arm->first_run + left];
        left -= arm->run_count;
    }
    return NULL;
}

static const struct stop_seen *stop_next(const struct cells *cells, uint32_t *at)
{
    uint32_t left = (*at)++;

    for (uint32_t i = 0; i < cells->count; i++) {
        const struct stops_arm *arm = &cells->data->arms[cells->arms[i]];

        if (left < arm->stop_count)
            return &cells->data->stops[arm->first_stop + left];
        left -= arm->stop_count;
    }
    return NULL;
}

/* Children per parent, where runs are drawn again. */
static int reproduction_of(const struct cells *cells, int generation,
                           struct stops_reproduction *result, struct error *error)
{
    uint32_t runs = runs_of(cells), used = 0;
    double *part = calloc(runs + 1, sizeof *part), *whole = calloc(runs + 1, sizeof *whole);
    const struct stops_run *run;
    struct bootstrap drawn = {0};
    int code = part == NULL || whole == NULL ? study_memory(error, "the stops") : 0;

    *result = (struct stops_reproduction){.value = NAN, .low = NAN, .high = NAN};
    for (uint32_t at = 0; code == 0 && (run = run_next(cells, &at)) != NULL;) {
        result->parents += run->responses[generation];
        result->children += run->responses[generation + 1];
        part[used] = (double)run->responses[generation + 1];
        whole[used++] = (double)run->responses[generation] + (double)run->responses[generation + 1];
    }
    if (code == 0 && result->parents > 0 && result->children > 0) {
        struct clusters clusters = {used, part, whole};

        code = bootstrap_ratio(
            &clusters, STOPS_DRAWS, CONFIDENCE,
            random_make(cells->number, 0, (agent_id)generation, 0, STREAM_DESIGN, 0), &drawn,
            error);
        result->value = (double)result->children / (double)result->parents;
        result->low = odds(drawn.low);
        result->high = odds(drawn.high);
    } else if (code == 0 && result->parents > 0) {
        struct mean none = mean_poisson(0, result->parents, CONFIDENCE);

        result->value = result->low = 0;
        result->high = none.high;
    }
    free(part);
    free(whole);
    return code;
}

static int reproductions_of(const struct cells *cells, struct stops_row *row, struct error *error)
{
    int code = 0;

    for (int g = 0; g < STOPS_GENERATIONS && code == 0; g++)
        code = reproduction_of(cells, g, &row->reproduction[g], error);
    return code;
}

static int by_time(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

    return (first > second) - (first < second);
}

/* What lies beyond any time is no time: it did not come to that. */
static double known(double value)
{
    return value > 1e18 ? INFINITY : value;
}

/* The median of one time; those to which it did not come count as longer than any where `never` is
 * set, else they are left out. */
static int median_of(const struct cells *cells, size_t offset, bool never, struct quantile *result,
                     struct error *error)
{
    const struct stop_seen *stop;
    size_t count = 0, room = 0;
    int64_t *list;
    int code = 0;

    for (uint32_t i = 0; i < cells->count; i++)
        room += cells->data->arms[cells->arms[i]].stop_count;
    list = calloc(room + 1, sizeof *list);
    if (list == NULL)
        return study_memory(error, "the stops");
    for (uint32_t at = 0; (stop = stop_next(cells, &at)) != NULL;) {
        int64_t time = *(const int64_t *)((const char *)stop + offset);

        if (time >= 0 || never)
            list[count++] = time >= 0 ? time : INT64_MAX;
    }
    qsort(list, count, sizeof *list, by_time);
    *result = quantile_of(list, count, 0.5, CONFIDENCE);
    if (count > 0)
        *result = (struct quantile){known(result->value), known(result->low), known(result->high)};
    free(list);
    return code;
}
#define MEDIAN(cells, field, never, result, error)                                                 \
    median_of(cells, offsetof(struct stop_seen, field), never, result, error)

/* The design effect of the row's own runs. */
static struct rate stayed_dead_of(const struct cells *cells, uint64_t stayed, uint64_t stops)
{
    uint32_t runs = runs_of(cells);
    double *part = calloc(runs + 1, sizeof *part), *whole = calloc(runs + 1, sizeof *whole);
    struct design_effect_sums sums = {0};
    const struct stop_seen *stop;
    double effect = 1;
    uint32_t last = UINT32_MAX, used = 0;

    for (uint32_t at = 0;
         part != NULL && whole != NULL && (stop = stop_next(cells, &at)) != NULL;) {
        if (stop->run != last)
            used++;
        last = stop->run;
        part[used - 1] += stop->stayed_dead;
        whole[used - 1]++;
    }
    if (used > 0) {
        struct share_sums share = {0};

        for (uint32_t i = 0; i < used; i++)
            share_add(&share, part[i], whole[i]);
        design_effect_add(&sums, &share);
        effect = design_effect_of(&sums);
    }
    free(part);
    free(whole);
    return rate_wilson_clustered(stayed, stops, effect, CONFIDENCE);
}

/* What part of a run, and of what. */
typedef void share_of_run(const struct stops_run *run, double *part, double *whole);

/* Its innocent tasks that were lost. */
static void lost_share(const struct stops_run *run, double *part, double *whole)
{
    *part = (double)(run->emitted - run->done);
    *whole = (double)run->emitted;
}

/* No machine has more processors than that: so the defenders' processor time is a share of a whole.
 */
#define PROCESSORS_MAX 8192

/* Its time in which defenders had a processor, of what they could have had. */
static void cpu_share(const struct stops_run *run, double *part, double *whole)
{
    *part = run->cpu;
    *whole = run->seconds * PROCESSORS_MAX;
}

static int shares_of(const struct cells *cells, share_of_run *share, struct clusters *clusters,
                     struct error *error)
{
    uint32_t runs = runs_of(cells), used = 0;
    double *part = calloc(runs + 1, sizeof *part), *whole = calloc(runs + 1, sizeof *whole);
    const struct stops_run *run;

    *clusters = (struct clusters){0, part, whole};
    if (part == NULL || whole == NULL)
        return study_memory(error, "the stops");
    for (uint32_t at = 0; (run = run_next(cells, &at)) != NULL; used++)
        share(run, &part[used], &whole[used]);
    clusters->count = used;
    return 0;
}

/* A share, less that of the same cells with nobody stopped; NAN where there are none. `stream`
 * tells the draws of different shares apart. */
static int beyond_untouched(const struct cells *cells, share_of_run *share, incarnation_id stream,
                            struct bootstrap *result, struct error *error)
{
    uint32_t *untouched = calloc(cells->count + 1, sizeof *untouched);
    struct cells others = {cells->data, untouched, 0, cells->number};
    struct clusters here = {0}, there = {0};
    int code = untouched == NULL ? study_memory(error, "the stops") : 0;

    *result = (struct bootstrap){.value = NAN, .low = NAN, .high = NAN};
    for (uint32_t i = 0; i < cells->count && code == 0; i++)
        if (cells->data->arms[cells->arms[i]].untouched >= 0)
            untouched[others.count++] = (uint32_t)cells->data->arms[cells->arms[i]].untouched;
    if (code == 0 && others.count > 0) {
        code = shares_of(cells, share, &here, error);
        if (code == 0)
            code = shares_of(&others, share, &there, error);
        if (code == 0)
            code = bootstrap_difference(
                &here, &there, STOPS_DRAWS, CONFIDENCE,
                random_make(cells->number, 0, STOPS_GENERATIONS, stream, STREAM_DESIGN, 0), result,
                error);
    }
    free((double *)here.part);
    free((double *)here.whole);
    free((double *)there.part);
    free((double *)there.whole);
    free(untouched);
    return code;
}

static bool counts_cpu(const struct cells *cells)
{
    const struct stops_run *run;
    bool counts = true;

    for (uint32_t at = 0; (run = run_next(cells, &at)) != NULL;)
        counts = counts && !isnan(run->cpu) && run->cpu <= run->seconds * PROCESSORS_MAX;
    return counts;
}

/* Behind sums_of. */
static int cpu_of(const struct cells *cells, struct stops_row *row, struct error *error)
{
    struct bootstrap *cpu = &row->cpu_ps;
    const struct stops_run *run;
    double seconds = 0, life = row->ran * (double)row->stops / 1e9;
    bool counts = counts_cpu(cells) && life > 0;
    int code;

    for (uint32_t i = 0; i < cells->count && counts; i++) {
        const struct stops_arm *arm = &cells->data->arms[cells->arms[i]];
        const uint32_t other = (uint32_t)arm->untouched;
        struct cells untouched = {cells->data, &other, 1, cells->number};

        counts = arm->untouched >= 0 && counts_cpu(&untouched);
    }
    if (!counts) {
        *cpu = (struct bootstrap){.value = NAN, .low = NAN, .high = NAN};
        return 0;
    }
    code = beyond_untouched(cells, cpu_share, 1, cpu, error);
    for (uint32_t at = 0; (run = run_next(cells, &at)) != NULL;)
        seconds += run->seconds;
    if (cpu->stand_in)
        cpu->low = cpu->high = NAN;
    cpu->value *= PROCESSORS_MAX * seconds / life;
    cpu->low *= PROCESSORS_MAX * seconds / life;
    cpu->high *= PROCESSORS_MAX * seconds / life;
    return code;
}

/* The median time in which the defenders of what these cells are compared with bring a target back;
 * their own, where they are quicker than that or nothing is compared. */
static int relaunch_of(const struct cells *cells, double *result, struct error *error)
{
    uint32_t *against = calloc(cells->count + 1, sizeof *against);
    struct cells others = {cells->data, against, 0, cells->number};
    struct quantile median;
    int code = against == NULL ? study_memory(error, "the stops") : 0;

    for (uint32_t i = 0; i < cells->count && code == 0; i++)
        if (cells->data->arms[cells->arms[i]].against >= 0)
            against[others.count++] = (uint32_t)cells->data->arms[cells->arms[i]].against;
    *result = NAN;
    if (code == 0)
        code = MEDIAN(&others, to_relaunch, false, &median, error);
    if (code == 0)
        *result = median.value;
    free(against);
    return code;
}

static void sums_of(const struct cells *cells, struct stops_row *row)
{
    double acts = 0, messages = 0, ran = 0;
    uint64_t stayed = 0;
    const struct stop_seen *stop;

    row->runs = runs_of(cells);
    for (uint32_t at = 0; (stop = stop_next(cells, &at)) != NULL;) {
        row->stops++;
        row->died += stop->died;
        row->sealed += stop->sealed;
        row->unproven += stop->unproven;
        row->ghosts += stop->ghosts;
        stayed += stop->stayed_dead;
        row->relaunches += stop->relaunches;
        row->before += stop->before;
        row->after += stop->after;
        row->refused += stop->refused;
        row->kill_actions += stop->kill_actions;
        row->kill_messages += stop->kill_messages;
        acts += stop->defence_acts;
        messages += stop->defence_messages;
        ran += (double)stop->ran;
    }
    double *const per_stop[] = {&row->relaunches, &row->before,       &row->after,
                                &row->refused,    &row->kill_actions, &row->kill_messages};

    for (size_t i = 0; i < sizeof per_stop / sizeof per_stop[0]; i++)
        *per_stop[i] /= (double)row->stops;
    row->ran = ran / (double)row->stops;
    row->acts_ps = ran > 0 ? acts / (ran / 1e9) : NAN;
    row->messages_ps = ran > 0 ? messages / (ran / 1e9) : NAN;
    row->stayed_dead = stayed_dead_of(cells, stayed, row->stops);
}

/* ---- what is judged cell by cell ---- */

static void watch_of(const struct cells *cell, double relaunch, struct stops_row *row)
{
    const struct stop_seen *stop;

    for (uint32_t at = 0; (stop = stop_next(cell, &at)) != NULL;) {
        double watched = (double)(stop->watched - stop->stopped);
        bool at_work = stop->act >= 0 && (double)(stop->watched - stop->act) < relaunch;

        row->active += stop->to_quiet < 0 || at_work;
        if (!stop->stayed_dead)
            continue;
        row->watched = watched < row->watched || isnan(row->watched) ? watched : row->watched;
        if (!isnan(relaunch) && relaunch > 0 &&
            (isnan(row->watched_relaunches) || watched / relaunch < row->watched_relaunches))
            row->watched_relaunches = watched / relaunch;
    }
}

static bool is_quiet(const struct stops_row *cell)
{
    bool quiet = cell->active == 0 && cell->reproduction[0].high < 1;

    for (int g = 1; g < STOPS_GENERATIONS; g++)
        quiet = quiet &&
                (cell->reproduction[g].parents < STOPS_PARENTS || cell->reproduction[g].high < 1);
    return quiet;
}

static int cell_judge(const struct cells *cell, struct stops_row *row, struct error *error)
{
    struct stops_row judged = {.watched = row->watched,
                               .watched_relaunches = row->watched_relaunches};
    double relaunch;
    int code = relaunch_of(cell, &relaunch, error);

    if (code == 0)
        code = reproductions_of(cell, &judged, error);
    if (code != 0)
        return code;
    sums_of(cell, &judged);
    watch_of(cell, relaunch, &judged);
    row->cells++;
    row->quiet += is_quiet(&judged);
    row->dead += judged.stayed_dead.successes == judged.stops && judged.ghosts == 0;
    row->active += judged.active;
    row->watched = judged.watched;
    row->watched_relaunches = judged.watched_relaunches;
    return 0;
}

static int row_fill(const struct cells *cells, struct stops_row *row, struct error *error)
{
    int code = 0;

    row->watched = row->watched_relaunches = NAN;
    for (uint32_t i = 0; i < cells->count && code == 0; i++) {
        struct cells cell = {cells->data, cells->arms + i, 1, cells->arms[i]};

        code = cell_judge(&cell, row, error);
    }
    sums_of(cells, row);
    if (code == 0)
        code = relaunch_of(cells, &row->relaunch, error);
    if (code == 0)
        code = reproductions_of(cells, row, error);
    if (code == 0)
        code = MEDIAN(cells, to_quiet, true, &row->to_quiet, error);
    if (code == 0)
        code = MEDIAN(cells, to_seal, false, &row->to_seal, error);
    if (code == 0)
        code = MEDIAN(cells, standstill, false, &row->standstill, error);
    if (code == 0)
        code = beyond_untouched(cells, lost_share, 0, &row->lost, error);
    return code == 0 ? cpu_of(cells, row, error) : code;
}

/* ---- all rows ---- */

static int row_add(const struct grouper *grouper, uint32_t first, uint32_t *arms, bool *taken,
                   struct stops *stops)
{
    const struct stops_data *data = grouper->data;
    struct cells cells = {data, arms, 0, data->arm_count + stops->row_count};
    struct stops_row *row = &stops->rows[stops->row_count];

    for (uint32_t a = first; a < data->arm_count; a++) {
        if (taken[a] || !is_wanted(grouper, &data->arms[a]) ||
            !same_row(grouper, &data->arms[first], &data->arms[a]))
            continue;
        taken[a] = true;
        arms[cells.count++] = a;
    }
    row->name = row_name(grouper, &data->arms[first]);
    stops->row_count++;
    return row->name == NULL ? study_memory(grouper->error, "the stops")
                             : row_fill(&cells, row, grouper->error);
}

static int rows_make(const struct grouper *grouper, struct stops *stops)
{
    const struct stops_data *data = grouper->data;
    uint32_t *arms = calloc(data->arm_count + 1, sizeof *arms);
    bool *taken = calloc(data->arm_count + 1, sizeof *taken);
    int code;

    stops->rows = calloc(data->arm_count + 1, sizeof *stops->rows);
    code = arms == NULL || taken == NULL || stops->rows == NULL
               ? study_memory(grouper->error, "the stops")
               : 0;
    for (uint32_t a = 0; a < data->arm_count && code == 0; a++)
        if (!taken[a] && is_wanted(grouper, &data->arms[a]))
            code = row_add(grouper, a, arms, taken, stops);
    free(arms);
    free(taken);
    return code != 0 ? code
           : stops->row_count == 0
               ? error_set(grouper->error, ERROR_INPUT, "it holds no such stops")
               : 0;
}

int stops_open(struct stops **result, const struct store *store, const char *study, const char *by,
               const char *of, struct error *error)
{
    struct stops_data data = {0};
    struct stops *stops = calloc(1, sizeof *stops);
    int code =
        stops == NULL ? study_memory(error, "the stops") : stops_read(&data, store, study, error);
    struct grouper grouper = {.data = &data, .error = error};

    *result = NULL;
    if (code == 0) {
        grouper.of = calloc(data.factor_count + 1, sizeof *grouper.of);
        grouper.by = calloc(data.factor_count + 1, sizeof *grouper.by);
        code = grouper.of == NULL || grouper.by == NULL ? study_memory(error, "the stops") : 0;
    }
    if (code == 0)
        code = by_read(&grouper, by);
    if (code == 0)
        code = of_read(&grouper, of);
    if (code == 0)
        code = rows_make(&grouper, stops);
    free(grouper.of);
    free(grouper.by);
    stops_data_free(&data);
    if (code != 0) {
        stops_close(stops);
        return code;
    }
    *result = stops;
    return 0;
}

void stops_close(struct stops *stops)
{
    if (stops == NULL)
        return;
    for (uint32_t r = 0; r < stops->row_count; r++)
        free(stops->rows[r].name);
    free(stops->rows);
    free(stops);
}
