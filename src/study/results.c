#include "study/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Memory that runs out is an error like any other: uthash says so by leaving the element out. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analysis/analysis.h"
#include "analysis/stat_resample.h"
#include "base/random.h"

#define CONFIDENCE 0.95

struct arm_place {
    int64_t id;
    uint32_t arm;
};

struct loader {
    struct arm_place *places; /* by id */
    const struct store *store;
    sqlite3 *database;
    struct results *results;
    struct error *error;
};

static int out_of_memory(struct error *error)
{
    return study_memory(error, "the results");
}

static int memory(const struct loader *loader)
{
    return out_of_memory(loader->error);
}

static int look(const struct loader *loader, const char *sql, sqlite3_stmt **statement)
{
    if (sqlite3_prepare_v2(loader->database, sql, -1, statement, NULL) != SQLITE_OK)
        return store_error(loader->store, loader->error, "reading it");
    return 0;
}

static char *text_at(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text == NULL ? NULL : strdup((const char *)text);
}

/* ---- the study ---- */

static int study_find(struct loader *loader, const char *name)
{
    struct results *results = loader->results;
    sqlite3_stmt *find;
    uint32_t found = 0;
    int code =
        look(loader, "SELECT name, about, design, replicates FROM study ORDER BY name", &find);

    while (code == 0 && sqlite3_step(find) == SQLITE_ROW) {
        const char *is = (const char *)sqlite3_column_text(find, 0);

        if (name != NULL && strcmp(name, is) != 0)
            continue;
        if (found++ > 0)
            continue;
        results->study = text_at(find, 0);
        results->about = text_at(find, 1);
        results->design = text_at(find, 2);
        results->replicates = (uint32_t)sqlite3_column_int64(find, 3);
    }
    sqlite3_finalize(find);
    if (code == 0 && found == 0)
        code = name == NULL
                   ? error_set(loader->error, ERROR_INPUT, "there is no study in it")
                   : error_set(loader->error, ERROR_INPUT, "there is no study `%s` in it", name);
    if (code == 0 && found > 1)
        code = error_set(loader->error, ERROR_INPUT, "there are %u studies in it: name one", found);
    return code;
}

static int arms_load(struct loader *loader)
{
    struct results *results = loader->results;
    sqlite3_stmt *list;
    uint32_t room = 0;
    int code = look(loader,
                    "SELECT arm.arm, arm.name, variant, world, number, cell, count(run.replicate) "
                    "FROM arm LEFT JOIN run USING(arm) WHERE study=? AND planned "
                    "GROUP BY arm.arm ORDER BY number",
                    &list);

    if (code != 0)
        return code;
    sqlite3_bind_text(list, 1, results->study, -1, SQLITE_STATIC);
    while (code == 0 && sqlite3_step(list) == SQLITE_ROW) {
        struct results_arm *arm;

        if (results->arm_count == room) {
            struct results_arm *more;

            room = room == 0 ? 64 : 2 * room;
            more = realloc(results->arms, room * sizeof *more);
            if (more == NULL) {
                code = memory(loader);
                break;
            }
            results->arms = more;
        }
        arm = &results->arms[results->arm_count++];
        *arm = (struct results_arm){.id = sqlite3_column_int64(list, 0),
                                    .name = text_at(list, 1),
                                    .variant = text_at(list, 2),
                                    .world = text_at(list, 3),
                                    .number = (uint32_t)sqlite3_column_int64(list, 4),
                                    .cell = (uint32_t)sqlite3_column_int64(list, 5),
                                    .runs = (uint64_t)sqlite3_column_int64(list, 6)};
        if (arm->name == NULL || arm->world == NULL)
            code = memory(loader);
    }
    sqlite3_finalize(list);
    return code;
}

/* ---- rates ---- */

static int by_id(const void *a, const void *b)
{
    const struct arm_place *first = a, *second = b;

    return first->id < second->id ? -1 : first->id > second->id;
}

static int arms_index(struct loader *loader)
{
    const struct results *results = loader->results;

    loader->places = calloc((size_t)results->arm_count + 1, sizeof *loader->places);
    if (loader->places == NULL)
        return memory(loader);
    for (uint32_t a = 0; a < results->arm_count; a++)
        loader->places[a] = (struct arm_place){results->arms[a].id, a};
    qsort(loader->places, results->arm_count, sizeof *loader->places, by_id);
    return 0;
}

static uint32_t arm_of(const struct loader *loader, int64_t id)
{
    const struct arm_place wanted = {id, 0};
    const struct arm_place *found =
        bsearch(&wanted, loader->places, loader->results->arm_count, sizeof *loader->places, by_id);

    return found == NULL ? UINT32_MAX : found->arm;
}

static const char *stops_alone(const char *name)
{
    return findings_measure_of_stops(name) ? " AND NOT failure" : "";
}

/* A measure is a column of `episode`, perhaps with an ending; its name was checked when the study
 * was read, and is quoted all the same. `name` is the column; gives what the ending asks for. */
static const char *measure_column(const char *measure, char name[80])
{
    static const struct {
        const char *ending, *where;
    } endings[] = {{"_of_agents", " AND NOT object"}, {"_of_objects", " AND object"}};

    snprintf(name, 80, "%s", measure);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t length = strlen(name), ending = strlen(endings[i].ending);

        if (length > ending && strcmp(name + length - ending, endings[i].ending) == 0) {
            name[length - ending] = '\0';
            return endings[i].where;
        }
    }
    return "";
}

char *results_episodes_sql(const char *measure)
{
    char name[80];
    const char *where = measure_column(measure, name);

    return sqlite3_mprintf("SELECT replicate, target, coalesce(died_ns, began_ns), \"%w\" > 0 "
                           "FROM episode WHERE arm=?1%s%s ORDER BY replicate, number",
                           name, stops_alone(name), where);
}

char *results_rate_sql(const char *measure, enum results_by by, const char *study)
{
    const char *group = by == RESULTS_BY_ARM ? "arm" : "arm, replicate";
    char name[80], *cells, *sql;
    const char *where = measure_column(measure, name);
    bool survived = strcmp(measure, STUDY_SURVIVED) == 0;
    const struct study_run_measure *of_runs = study_run_measure(measure);

    cells =
        sqlite3_mprintf("FROM %s WHERE arm IN (SELECT arm FROM arm WHERE study=%Q AND planned%s)",
                        survived || of_runs != NULL ? "run" : "episode", study,
                        by == RESULTS_BY_RUN_OF_CELLS ? " AND variant IS NULL" : "");
    if (cells == NULL)
        return NULL;
    if (of_runs != NULL)
        sql = sqlite3_mprintf("SELECT arm, sum(%s)%s, sum(%s)%s %s GROUP BY %s", of_runs->part,
                              of_runs->unit, of_runs->whole, of_runs->unit, cells, group);
    else if (survived)
        sql = sqlite3_mprintf("SELECT arm, sum(extinct_ns IS NULL), count(*) %s "
                              "AND alive_end IS NOT NULL GROUP BY %s",
                              cells, group);
    else
        sql = sqlite3_mprintf("SELECT arm, sum(\"%w\" > 0), count(*) %s%s%s GROUP BY %s", name,
                              cells, stops_alone(name), where, group);
    sqlite3_free(cells);
    return sql;
}

/* How much alike the episodes of one run are, over all arms. The rows come arm by arm. */
static int design_effect_load(struct loader *loader, struct results_measure *measure)
{
    char *sql = results_rate_sql(measure->name, RESULTS_BY_RUN, loader->results->study);
    struct design_effect_sums sums = {0};
    struct share_sums arm = {0};
    int64_t id = -1;
    sqlite3_stmt *rows;
    int code;

    if (sql == NULL)
        return memory(loader);
    code = look(loader, sql, &rows);
    sqlite3_free(sql);
    if (code != 0)
        return code;
    for (bool more = true; more;) {
        more = sqlite3_step(rows) == SQLITE_ROW;
        if (!more || sqlite3_column_int64(rows, 0) != id) {
            design_effect_add(&sums, &arm);
            arm = (struct share_sums){0};
        }
        if (more) {
            id = sqlite3_column_int64(rows, 0);
            share_add(&arm, sqlite3_column_double(rows, 1), sqlite3_column_double(rows, 2));
        }
    }
    sqlite3_finalize(rows);
    measure->design_effect = design_effect_of(&sums);
    return 0;
}

static int rates_load(struct loader *loader, struct results_measure *measure)
{
    struct results *results = loader->results;
    char *sql = results_rate_sql(measure->name, RESULTS_BY_ARM, results->study);
    sqlite3_stmt *sums;
    int code;

    measure->rates = calloc((size_t)results->arm_count + 1, sizeof *measure->rates);
    if (sql == NULL || measure->rates == NULL) {
        sqlite3_free(sql);
        return memory(loader);
    }
    for (uint32_t a = 0; a < results->arm_count; a++)
        measure->rates[a] = rate_wilson(0, 0, CONFIDENCE);
    code = look(loader, sql, &sums);
    sqlite3_free(sql);
    while (code == 0 && sqlite3_step(sums) == SQLITE_ROW) {
        uint32_t arm = arm_of(loader, sqlite3_column_int64(sums, 0));

        if (arm != UINT32_MAX)
            measure->rates[arm] = rate_wilson_clustered((uint64_t)sqlite3_column_int64(sums, 1),
                                                        (uint64_t)sqlite3_column_int64(sums, 2),
                                                        measure->design_effect, CONFIDENCE);
    }
    if (code == 0)
        sqlite3_finalize(sums);
    return code;
}

/* ---- what hangs together in a run ---- */

static int runs_add(struct results_runs *runs, double part, double whole)
{
    double *more_part = realloc(runs->part, (runs->count + 1) * sizeof *more_part);
    double *more_whole;

    if (more_part == NULL)
        return ERROR_MEMORY;
    runs->part = more_part;
    more_whole = realloc(runs->whole, (runs->count + 1) * sizeof *more_whole);
    if (more_whole == NULL)
        return ERROR_MEMORY;
    runs->whole = more_whole;
    runs->part[runs->count] = part;
    runs->whole[runs->count++] = whole;
    return 0;
}

static struct clusters runs_clusters(const struct results_runs *runs)
{
    return (struct clusters){runs->count, runs->part, runs->whole};
}

/* The bootstrap's interval in place of Wilson's. */
static int runs_interval(struct loader *loader, struct results_measure *measure, uint32_t arm)
{
    struct clusters clusters = runs_clusters(&measure->runs[arm]);
    struct rate *rate = &measure->rates[arm];
    struct bootstrap bootstrap;
    int code;

    if (rate->trials == 0)
        return 0;
    code =
        bootstrap_ratio(&clusters, RESULTS_DRAWS, CONFIDENCE,
                        random_make(arm, 0, arm, 0, STREAM_DESIGN, 0), &bootstrap, loader->error);
    rate->rate = code == 0 ? bootstrap.value : rate->rate;
    rate->low = bootstrap.low;
    rate->high = bootstrap.high;
    return code;
}

static int runs_load(struct loader *loader, struct results_measure *measure)
{
    struct results *results = loader->results;
    const struct study_run_measure *of = study_run_measure(measure->name);
    char *sql =
        sqlite3_mprintf("SELECT arm, %s, %s FROM run ORDER BY arm, replicate", of->part, of->whole);
    sqlite3_stmt *list = NULL;
    int code = sql == NULL ? memory(loader) : look(loader, sql, &list);

    sqlite3_free(sql);

    measure->runs = calloc((size_t)results->arm_count + 1, sizeof *measure->runs);
    if (measure->runs == NULL)
        code = memory(loader);
    while (code == 0 && sqlite3_step(list) == SQLITE_ROW) {
        uint32_t arm = arm_of(loader, sqlite3_column_int64(list, 0));

        if (arm != UINT32_MAX && runs_add(&measure->runs[arm], sqlite3_column_double(list, 1),
                                          sqlite3_column_double(list, 2)) != 0)
            code = memory(loader);
    }
    sqlite3_finalize(list);
    for (uint32_t a = 0; a < results->arm_count && code == 0; a++)
        code = runs_interval(loader, measure, a);
    return code;
}

static int measures_load(struct loader *loader)
{
    struct results *results = loader->results;
    sqlite3_stmt *list;
    uint32_t count = 0;
    int code =
        look(loader, "SELECT name, family FROM measure WHERE study=? ORDER BY number", &list);

    if (code != 0)
        return code;
    sqlite3_bind_text(list, 1, results->study, -1, SQLITE_STATIC);
    while (sqlite3_step(list) == SQLITE_ROW)
        count++;
    sqlite3_reset(list);
    results->measures = calloc((size_t)count + 1, sizeof *results->measures);
    if (results->measures == NULL)
        code = memory(loader);
    while (code == 0 && results->measure_count < count && sqlite3_step(list) == SQLITE_ROW) {
        struct results_measure *measure = &results->measures[results->measure_count++];

        measure->name = text_at(list, 0);
        measure->family = text_at(list, 1);
        measure->design_effect = 1;
        if (measure->name == NULL || measure->family == NULL)
            code = memory(loader);
        else if (study_run_measure(measure->name) == NULL) /* those have a bootstrap */
            code = design_effect_load(loader, measure);
        if (code == 0)
            code = rates_load(loader, measure);
        if (code == 0 && study_run_measure(measure->name) != NULL)
            code = runs_load(loader, measure);
    }
    sqlite3_finalize(list);
    return code;
}

/* ---- comparisons ---- */

/* The same counts are compared again and again: an exact test is made once for each. */
struct tested {
    UT_hash_handle hh;
    uint64_t key[4];
    struct table_result test;
};

struct comparer {
    struct results *results;
    struct tested *tested;
    struct error *error;
};

static int test_pair(struct comparer *comparer, const struct rate *first, const struct rate *second,
                     struct table_result *result)
{
    uint64_t key[4] = {first->successes, first->trials, second->successes, second->trials};
    struct tested *tested = NULL;
    int code;

    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all of key is set */
    HASH_FIND(hh, comparer->tested, key, sizeof key, tested);
    if (tested != NULL) {
        *result = tested->test;
        return 0;
    }
    code = boschloo_test(first, second, TABLE_BOSCHLOO, result, comparer->error);
    tested = code == 0 ? calloc(1, sizeof *tested) : NULL;
    if (tested == NULL)
        return code != 0 ? code : out_of_memory(comparer->error);
    memcpy(tested->key, key, sizeof key);
    tested->test = *result;
    HASH_ADD(hh, comparer->tested, key, sizeof tested->key, tested);
    if (tested->hh.tbl == NULL) {
        free(tested);
        return out_of_memory(comparer->error);
    }
    return 0;
}

static int compare_runs(struct comparer *comparer, const struct results_measure *measure,
                        struct results_comparison *at)
{
    struct clusters first = runs_clusters(&measure->runs[at->first]);
    struct clusters second = runs_clusters(&measure->runs[at->second]);
    struct bootstrap bootstrap;
    int code = bootstrap_difference(&first, &second, RESULTS_DRAWS, CONFIDENCE,
                                    random_make(at->first, 0, at->second, 0, STREAM_DESIGN, 0),
                                    &bootstrap, comparer->error);

    at->difference = (struct difference){bootstrap.value, bootstrap.low, bootstrap.high};
    at->test.p = NAN;
    return code;
}

/* The nearest counts of independent episodes. */
static struct rate effective(const struct rate *rate, double design_effect)
{
    struct rate counts = {.trials = (uint64_t)llround((double)rate->trials / design_effect)};

    if (counts.trials == 0)
        counts.trials = 1;
    counts.successes = (uint64_t)llround(rate->rate * (double)counts.trials);
    return counts;
}

static int compare(struct comparer *comparer, uint32_t measure, uint32_t first, uint32_t second)
{
    struct results *results = comparer->results;
    const struct rate *rates = results->measures[measure].rates;
    struct results_comparison *at = &results->comparisons[results->comparison_count++];
    struct rate one, other;
    double effect;

    *at = (struct results_comparison){.measure = measure, .first = first, .second = second};
    if (rates[first].trials == 0 || rates[second].trials == 0) {
        at->difference = (struct difference){NAN, NAN, NAN};
        at->test.p = NAN;
        return 0;
    }
    if (results->measures[measure].runs != NULL)
        return compare_runs(comparer, &results->measures[measure], at);
    effect = results->measures[measure].design_effect;
    at->difference =
        difference_newcombe_clustered(&rates[first], &rates[second], effect, CONFIDENCE);
    one = effective(&rates[first], effect);
    other = effective(&rates[second], effect);
    return test_pair(comparer, &one, &other, &at->test);
}

/* Each cell against its variants; one at a time, each other cell against the first. */
static int comparisons_make(struct comparer *comparer)
{
    struct results *results = comparer->results;
    bool from_first = strcmp(results->design, "one-at-a-time") == 0;
    uint32_t cell = 0;
    int code = 0;

    results->comparisons = calloc((size_t)results->arm_count * results->measure_count + 1,
                                  sizeof *results->comparisons);
    if (results->comparisons == NULL)
        return out_of_memory(comparer->error);
    for (uint32_t m = 0; m < results->measure_count; m++) {
        for (uint32_t a = 0; a < results->arm_count && code == 0; a++) {
            bool variant = results->arms[a].variant != NULL;

            if (!variant)
                cell = a;
            if (variant)
                code = compare(comparer, m, cell, a);
            else if (from_first && a > 0)
                code = compare(comparer, m, a, 0);
        }
    }
    return code;
}

static int families_adjust(struct results *results, struct error *error)
{
    uint32_t count = results->comparison_count;
    double *p = calloc((size_t)count + 1, sizeof *p);
    size_t *order = calloc((size_t)count + 1, sizeof *order);
    int code = p == NULL || order == NULL ? out_of_memory(error) : 0;

    for (uint32_t m = 0; m < results->measure_count && code == 0; m++) {
        const char *family = results->measures[m].family;

        /* Of others' families the p is no member. */
        for (uint32_t c = 0; c < count; c++) {
            const struct results_comparison *at = &results->comparisons[c];
            bool member = strcmp(results->measures[at->measure].family, family) == 0;

            p[c] = member ? at->test.p : NAN;
        }
        holm_adjust(p, count, order, p);
        for (uint32_t c = 0; c < count; c++)
            if (results->comparisons[c].measure == m)
                results->comparisons[c].adjusted = p[c];
    }
    free(p);
    free(order);
    return code;
}

int results_compare(struct results *results, struct error *error)
{
    struct comparer comparer = {results, NULL, error};
    int code = comparisons_make(&comparer);
    struct tested *tested = comparer.tested, *next;

    HASH_CLEAR(hh, comparer.tested);
    for (; tested != NULL; tested = next) {
        next = tested->hh.next;
        free(tested);
    }
    return code == 0 ? families_adjust(results, error) : code;
}

int results_open(struct results **result, const struct store *store, const char *study,
                 struct error *error)
{
    struct results *results = calloc(1, sizeof *results);
    struct loader loader = {
        .store = store, .database = store_database(store), .results = results, .error = error};
    int code = results == NULL ? memory(&loader) : study_find(&loader, study);

    *result = NULL;
    if (code == 0)
        code = arms_load(&loader);
    if (code == 0)
        code = arms_index(&loader);
    if (code == 0)
        code = measures_load(&loader);
    free(loader.places);
    if (code != 0) {
        results_close(results);
        return code;
    }
    *result = results;
    return 0;
}

void results_close(struct results *results)
{
    if (results == NULL)
        return;
    for (uint32_t a = 0; a < results->arm_count; a++) {
        free(results->arms[a].name);
        free(results->arms[a].variant);
        free(results->arms[a].world);
    }
    for (uint32_t m = 0; m < results->measure_count; m++) {
        free(results->measures[m].name);
        free(results->measures[m].family);
        for (uint32_t a = 0; a < results->arm_count && results->measures[m].runs != NULL; a++) {
            free(results->measures[m].runs[a].part);
            free(results->measures[m].runs[a].whole);
        }
        free(results->measures[m].runs);
        free(results->measures[m].rates);
    }
    free(results->arms);
    free(results->measures);
    free(results->comparisons);
    free(results->study);
    free(results->about);
    free(results->design);
    free(results);
}
