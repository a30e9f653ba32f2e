#include "study/times.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95

static const struct {
    const char *name, *words, *from, *took;
    bool failures;
} kinds[STUDY_TIME_COUNT] = {
#define X(time, name, words, failures, from, took) {#name, words, from, took, failures},
    STUDY_TIMES(X)
#undef X
};

const double times_quantiles[TIMES_QUANTILES] = {0.25, 0.5, 0.9};

const char *study_time_name(enum study_time time)
{
    return kinds[time].name;
}

int study_time_find(const char *name)
{
    for (int time = 0; time < STUDY_TIME_COUNT; time++)
        if (strcmp(kinds[time].name, name) == 0)
            return time;
    return -1;
}

struct loader {
    const struct results *results;
    const struct store *store;
    const struct times_question *question;
    struct study_times *times;
    struct error *error;
};

static int memory(const struct loader *loader)
{
    return study_memory(loader->error, "the times");
}

static int look(const struct loader *loader, const char *sql, sqlite3_stmt **statement)
{
    *statement = NULL;
    if (sqlite3_prepare_v2(store_database(loader->store), sql, -1, statement, NULL) != SQLITE_OK)
        return store_error(loader->store, loader->error, "reading the times");
    return 0;
}

/* ---- blocks ---- */

/* The factor that was asked for, or the study's first. */
static int factor_find(struct loader *loader)
{
    const char *by = loader->question->by;
    sqlite3_stmt *find;
    int code = look(loader, "SELECT name FROM factor WHERE study=? ORDER BY number", &find);

    if (code == 0)
        sqlite3_bind_text(find, 1, loader->results->study, -1, SQLITE_STATIC);
    while (code == 0 && loader->times->factor == NULL && sqlite3_step(find) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(find, 0);

        if (by == NULL || strcmp(by, name) == 0)
            loader->times->factor = strdup(name);
    }
    sqlite3_finalize(find);
    if (code == 0 && loader->times->factor == NULL && by != NULL)
        code = error_set(loader->error, ERROR_INPUT, "the study has no factor `%.80s`", by);
    if (code == 0 && loader->times->factor == NULL && (loader->times->factor = strdup("")) == NULL)
        code = memory(loader);
    return code;
}

/* The arm's level of the factor; the other settings, and the variant, name its block. */
static int settings_read(struct loader *loader, sqlite3_stmt *find, const struct results_arm *arm,
                         char **level, char **block)
{
    size_t size;
    FILE *out = open_memstream(block, &size);
    const char *between = "";

    *level = NULL;
    if (out == NULL)
        return memory(loader);
    sqlite3_reset(find);
    sqlite3_bind_int64(find, 1, arm->id);
    while (sqlite3_step(find) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(find, 0);
        const char *is = (const char *)sqlite3_column_text(find, 1);

        if (strcmp(name, loader->times->factor) == 0) {
            free(*level);
            *level = strdup(is);
            continue;
        }
        fprintf(out, "%s%s=%s", between, name, is);
        between = ", ";
    }
    if (arm->variant != NULL)
        fprintf(out, "%s%s", *between == '\0' ? "" : "; ", arm->variant);
    if (*level == NULL)
        *level = strdup(arm->name);
    return fclose(out) == 0 && *level != NULL ? 0 : memory(loader);
}

/* Gives the block's number; takes over its name. */
static uint32_t block_number(struct study_times *times, char *block)
{
    for (uint32_t b = 0; b < times->block_count; b++)
        if (strcmp(times->blocks[b], block) == 0) {
            free(block);
            return b;
        }
    times->blocks[times->block_count] = block;
    return times->block_count++;
}

static int by_block(const void *a, const void *b)
{
    const struct times_arm *first = a, *second = b;

    if (first->block != second->block)
        return first->block < second->block ? -1 : 1;
    return first->arm < second->arm ? -1 : 1;
}

static int arms_make(struct loader *loader)
{
    struct study_times *times = loader->times;
    const struct results *results = loader->results;
    sqlite3_stmt *find;
    int code = look(loader, "SELECT name, level FROM setting WHERE arm=? ORDER BY factor", &find);

    times->arms = calloc((size_t)results->arm_count + 1, sizeof *times->arms);
    times->blocks = calloc((size_t)results->arm_count + 1, sizeof *times->blocks);
    if (times->arms == NULL || times->blocks == NULL)
        code = memory(loader);
    for (uint32_t a = 0; a < results->arm_count && code == 0; a++) {
        struct times_arm *arm = &times->arms[times->arm_count++];
        char *block = NULL;

        arm->arm = a;
        arm->runs = (uint32_t)results->arms[a].runs;
        code = settings_read(loader, find, &results->arms[a], &arm->level, &block);
        if (code == 0)
            arm->block = block_number(times, block);
        else
            free(block);
    }
    sqlite3_finalize(find);
    if (code == 0)
        qsort(times->arms, times->arm_count, sizeof *times->arms, by_block);
    return code;
}

/* ---- lifetimes ---- */

static int life_add(struct loader *loader, struct times_arm *arm, size_t *room,
                    struct clustered_lifetime life)
{
    if (arm->count == *room) {
        struct clustered_lifetime *more;

        *room = *room == 0 ? 64 : 2 * *room;
        more = realloc(arm->lives, *room * sizeof *more);
        if (more == NULL)
            return memory(loader);
        arm->lives = more;
    }
    arm->lives[arm->count++] = life;
    arm->ended += life.life.ended;
    if (life.cluster >= arm->runs)
        arm->runs = life.cluster + 1;
    return 0;
}

/* It ended after `took`, unless the watching ended before. */
static struct clustered_lifetime life_of(sqlite3_stmt *rows)
{
    double took = sqlite3_column_double(rows, 1) / 1e9;
    double watched = sqlite3_column_double(rows, 2) / 1e9;
    bool ended = took <= watched;

    return (struct clustered_lifetime){{fmax(0, ended ? took : watched), ended, 0},
                                       (uint32_t)sqlite3_column_int64(rows, 0)};
}

static int lives_load(struct loader *loader)
{
    struct study_times *times = loader->times;
    char *sql = sqlite3_mprintf("SELECT replicate, %s, watched_ns-%s FROM episode WHERE arm=? AND "
                                "%s failure AND %s IS NOT NULL ORDER BY replicate, number",
                                kinds[times->time].took, kinds[times->time].from,
                                kinds[times->time].failures ? "" : "NOT", kinds[times->time].from);
    sqlite3_stmt *rows = NULL;
    int code = sql == NULL ? memory(loader) : look(loader, sql, &rows);

    sqlite3_free(sql);
    for (uint32_t a = 0; a < times->arm_count && code == 0; a++) {
        size_t room = 0;

        sqlite3_reset(rows);
        sqlite3_bind_int64(rows, 1, loader->results->arms[times->arms[a].arm].id);
        while (code == 0 && sqlite3_step(rows) == SQLITE_ROW)
            code = life_add(loader, &times->arms[a], &room, life_of(rows));
    }
    sqlite3_finalize(rows);
    return code;
}

/* ---- figures ---- */

static int curve_make(struct loader *loader, struct times_arm *arm)
{
    struct lifetime *lives = calloc(arm->count + 1, sizeof *lives);

    arm->steps = calloc(arm->count + 1, sizeof *arm->steps);
    if (lives == NULL || arm->steps == NULL) {
        free(lives);
        return memory(loader);
    }
    for (size_t i = 0; i < arm->count; i++)
        lives[i] = arm->lives[i].life;
    arm->step_count = survival_curve(lives, arm->count, CONFIDENCE, arm->steps);
    free(lives);
    return 0;
}

/* The longest time for which every arm is known: its last lifetime, unless all have ended. */
static double horizon_find(const struct study_times *times)
{
    double shortest = INFINITY, longest = 0;

    for (uint32_t a = 0; a < times->arm_count; a++) {
        const struct times_arm *arm = &times->arms[a];
        double last = 0;

        for (size_t i = 0; i < arm->count; i++)
            last = fmax(last, arm->lives[i].life.time);
        longest = fmax(longest, last);
        if (arm->count > 0 &&
            (arm->step_count == 0 || arm->steps[arm->step_count - 1].survival > 0))
            shortest = fmin(shortest, last);
    }
    return isinf(shortest) ? longest : shortest;
}

static void beyond_make(struct times_arm *arm, double horizon)
{
    arm->beyond = (struct times_figure){1, 1, 1, NAN, NAN};
    for (size_t i = 0; i < arm->step_count && arm->steps[i].time <= horizon; i++)
        arm->beyond = (struct times_figure){arm->steps[i].survival, arm->steps[i].low,
                                            arm->steps[i].high, NAN, NAN};
}

static int figures_make(struct loader *loader, struct times_arm *arm)
{
    const struct study_times *times = loader->times;
    struct survival_draws how = {.clusters = arm->runs,
                                 .draws = TIMES_DRAWS,
                                 .at = times_quantiles,
                                 .at_count = TIMES_QUANTILES,
                                 .until = times->horizon,
                                 .confidence = CONFIDENCE,
                                 .random = random_make(arm->arm, 0, arm->arm, 0, STREAM_DESIGN, 0)};
    struct survival_resampled drawn;
    struct survival_mean mean;
    int code;

    if (arm->count == 0 || times->horizon <= 0)
        return 0;
    mean = survival_mean_until(arm->steps, arm->step_count, times->horizon, CONFIDENCE);
    code = survival_resample(arm->lives, arm->count, &how, &drawn, loader->error);
    if (code != 0)
        return code;
    for (int q = 0; q < TIMES_QUANTILES; q++) {
        struct survival_time time =
            survival_quantile(arm->steps, arm->step_count, times_quantiles[q]);

        arm->quantile[q] = (struct times_figure){time.time, time.low, time.high,
                                                 drawn.quantile[q].low, drawn.quantile[q].high};
    }
    beyond_make(arm, times->horizon);
    arm->beyond.run_low = drawn.survival.low;
    arm->beyond.run_high = drawn.survival.high;
    arm->mean =
        (struct times_figure){mean.mean, mean.low, mean.high, drawn.mean.low, drawn.mean.high};
    return 0;
}

/* ---- comparisons ---- */

/* Both arms' lifetimes in one list: groups 0 and 1, each with clusters of its own. */
static struct clustered_lifetime *pair_make(const struct times_arm *first,
                                            const struct times_arm *second)
{
    struct clustered_lifetime *pair = calloc(first->count + second->count + 1, sizeof *pair);

    for (size_t i = 0; pair != NULL && i < first->count + second->count; i++) {
        bool other = i >= first->count;

        pair[i] = other ? second->lives[i - first->count] : first->lives[i];
        pair[i].life.group = other;
        pair[i].cluster += other ? first->runs : 0;
    }
    return pair;
}

static int compare(struct loader *loader, uint32_t first, uint32_t second)
{
    struct study_times *times = loader->times;
    const struct times_arm *one = &times->arms[first], *other = &times->arms[second];
    struct times_comparison *at = &times->comparisons[times->comparison_count++];
    size_t count = one->count + other->count;
    struct clustered_lifetime *pair = pair_make(one, other);
    struct lifetime *lives = calloc(count + 1, sizeof *lives);
    struct survival_robust robust;
    int code = pair == NULL || lives == NULL ? memory(loader) : 0;

    *at = (struct times_comparison){first, second, NAN, NAN, NAN, NAN, NAN};
    if (code == 0)
        code =
            survival_logrank_clusters(pair, count, one->runs + other->runs, &robust, loader->error);
    if (code == 0) {
        struct survival_logrank plain;

        for (size_t i = 0; i < count; i++)
            lives[i] = pair[i].life;
        plain = survival_logrank(lives, count, 2);
        at->chi_squared = plain.degrees > 0 ? plain.chi_squared : NAN;
        at->p = plain.degrees > 0 ? plain.p : NAN;
        at->run_chi_squared = robust.chi_squared;
        at->run_p = robust.p;
    }
    free(pair);
    free(lives);
    return code;
}

/* Which arm of the block from `first` to `end` the others are compared with; `end`: none. */
static uint32_t reference_of(const struct loader *loader, uint32_t first, uint32_t end)
{
    const struct study_times *times = loader->times;

    if (loader->question->against == NULL)
        return first;
    while (first < end && strcmp(times->arms[first].level, loader->question->against) != 0)
        first++;
    return first;
}

static int comparisons_make(struct loader *loader)
{
    struct study_times *times = loader->times;
    bool found = false;
    int code = 0;

    times->comparisons = calloc((size_t)times->arm_count + 1, sizeof *times->comparisons);
    if (times->comparisons == NULL)
        return memory(loader);
    for (uint32_t first = 0, end; first < times->arm_count && code == 0; first = end) {
        uint32_t with;

        for (end = first;
             end < times->arm_count && times->arms[end].block == times->arms[first].block;)
            end++;
        with = reference_of(loader, first, end);
        found = found || with < end;
        for (uint32_t a = first; a < end && with < end && code == 0; a++)
            if (a != with && times->arms[a].count > 0 && times->arms[with].count > 0)
                code = compare(loader, a, with);
    }
    if (code == 0 && !found && loader->question->against != NULL)
        code = error_set(loader->error, ERROR_INPUT, "`%.40s` has no level `%.80s`", times->factor,
                         loader->question->against);
    return code;
}

static int holm_make(struct loader *loader)
{
    struct study_times *times = loader->times;
    double *p = calloc((size_t)times->comparison_count + 1, sizeof *p);
    size_t *order = calloc((size_t)times->comparison_count + 1, sizeof *order);
    int code = p == NULL || order == NULL ? memory(loader) : 0;

    for (uint32_t c = 0; c < times->comparison_count && code == 0; c++)
        p[c] = times->comparisons[c].run_p;
    if (code == 0)
        holm_adjust(p, times->comparison_count, order, p);
    for (uint32_t c = 0; c < times->comparison_count && code == 0; c++)
        times->comparisons[c].adjusted = p[c];
    free(p);
    free(order);
    return code;
}

int times_open(struct study_times **result, const struct results *results,
               const struct store *store, const struct times_question *question,
               struct error *error)
{
    struct study_times *times = calloc(1, sizeof *times);
    struct loader loader = {results, store, question, times, error};
    int code = times == NULL ? memory(&loader) : factor_find(&loader);

    *result = NULL;
    if (code == 0) {
        times->time = question->time;
        times->name = kinds[question->time].name;
        times->words = kinds[question->time].words;
        code = arms_make(&loader);
    }
    if (code == 0)
        code = lives_load(&loader);
    for (uint32_t a = 0; code == 0 && a < times->arm_count; a++)
        code = curve_make(&loader, &times->arms[a]);
    if (code == 0)
        times->horizon = question->horizon > 0 ? question->horizon : horizon_find(times);
    for (uint32_t a = 0; code == 0 && a < times->arm_count; a++)
        code = figures_make(&loader, &times->arms[a]);
    if (code == 0)
        code = comparisons_make(&loader);
    if (code == 0)
        code = holm_make(&loader);
    if (code != 0) {
        times_close(times);
        return code;
    }
    *result = times;
    return 0;
}

void times_close(struct study_times *times)
{
    if (times == NULL)
        return;
    for (uint32_t a = 0; a < times->arm_count; a++) {
        free(times->arms[a].level);
        free(times->arms[a].lives);
        free(times->arms[a].steps);
    }
    for (uint32_t b = 0; b < times->block_count; b++)
        free(times->blocks[b]);
    free(times->arms);
    free(times->blocks);
    free(times->comparisons);
    free(times->factor);
    free(times);
}
