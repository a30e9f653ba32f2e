#include "study/thresholds.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#define CONFIDENCE 0.95
#define RATES_MAX 64
#define SIZES_MAX 64
#define CASES_MAX 1000
/* Levels are written with some digits: quotients this near are the same. */
#define SAME 1e-3

struct loader {
    struct thresholds *thresholds;
    sqlite3 *database;
    const char *study;
    struct error *error;
};

static int memory(struct loader *loader)
{
    return study_memory(loader->error, "the thresholds");
}

static int look(struct loader *loader, const char *sql, sqlite3_stmt **rows)
{
    if (sqlite3_prepare_v2(loader->database, sql, -1, rows, NULL) != SQLITE_OK)
        return error_set(loader->error, ERROR_IO, "reading the thresholds: %s",
                         sqlite3_errmsg(loader->database));
    sqlite3_bind_text(*rows, 1, loader->study, -1, SQLITE_STATIC);
    return 0;
}

static char *text_at(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text == NULL ? NULL : strdup(text);
}

static double number_at(sqlite3_stmt *row, int column, double otherwise)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? otherwise
                                                           : sqlite3_column_double(row, column);
}

/* ---- what the study asks ---- */

static int heads_load(struct loader *loader)
{
    struct thresholds *thresholds = loader->thresholds;
    sqlite3_stmt *row;
    int code = look(loader,
                    "SELECT study.name, about, source, r.name, k.name, s.name, e.name "
                    "FROM threshold AS t JOIN study ON study.name=t.study "
                    "JOIN factor AS r ON r.study=t.study AND r.number=t.rate "
                    "LEFT JOIN factor AS k ON k.study=t.study AND k.number=t.kill "
                    "LEFT JOIN factor AS s ON s.study=t.study AND s.number=t.size "
                    "LEFT JOIN factor AS e ON e.study=t.study AND e.number=t.\"each\" "
                    "WHERE t.study=? LIMIT 1",
                    &row);

    if (code != 0)
        return code;
    if (sqlite3_step(row) == SQLITE_ROW) {
        thresholds->study = text_at(row, 0);
        thresholds->about = text_at(row, 1);
        thresholds->source = text_at(row, 2);
        thresholds->rate = text_at(row, 3);
        thresholds->kill = text_at(row, 4);
        thresholds->size = text_at(row, 5);
        thresholds->each = text_at(row, 6);
        code = thresholds->study == NULL || thresholds->about == NULL ||
                       thresholds->source == NULL || thresholds->rate == NULL
                   ? memory(loader)
                   : 0;
    } else {
        code = error_set(loader->error, ERROR_INPUT,
                         "the study `%.80s` asks for no threshold; its file needs the key "
                         "`threshold`",
                         loader->study);
    }
    sqlite3_finalize(row);
    return code;
}

static int cases_load(struct loader *loader)
{
    struct thresholds *thresholds = loader->thresholds;
    sqlite3_stmt *row;
    int code = look(loader,
                    "SELECT t.level, known FROM threshold AS t LEFT JOIN level AS l "
                    "ON l.study=t.study AND l.factor=t.\"each\" AND l.name=t.level "
                    "WHERE t.study=? ORDER BY l.number",
                    &row);

    if (code != 0)
        return code;
    thresholds->cases = calloc(CASES_MAX, sizeof *thresholds->cases);
    if (thresholds->cases == NULL)
        code = memory(loader);
    while (code == 0 && thresholds->case_count < CASES_MAX && sqlite3_step(row) == SQLITE_ROW) {
        struct threshold_case *of = &thresholds->cases[thresholds->case_count++];

        of->name = text_at(row, 0);
        of->known = number_at(row, 1, NAN);
        of->agreement.p = NAN;
        if (of->name == NULL)
            code = memory(loader);
    }
    sqlite3_finalize(row);
    return code;
}

/* ---- cells ---- */

static int cell_add(struct loader *loader, struct threshold_case *of, sqlite3_stmt *row)
{
    struct threshold_cell *more = realloc(of->cells, (of->cell_count + 1) * sizeof *more);
    struct threshold_cell *cell;
    bool all_alive;

    if (more == NULL)
        return memory(loader);
    of->cells = more;
    cell = &more[of->cell_count++];
    *cell = (struct threshold_cell){.rate = sqlite3_column_double(row, 1),
                                    .kill = number_at(row, 2, 1),
                                    .agents = (uint32_t)sqlite3_column_int64(row, 4),
                                    .links = (uint64_t)sqlite3_column_int64(row, 5),
                                    .lambda = number_at(row, 6, NAN),
                                    .horizon = number_at(row, 7, NAN),
                                    .radius = number_at(row, 8, NAN),
                                    .survived = (uint64_t)sqlite3_column_int64(row, 9),
                                    .runs = (uint64_t)sqlite3_column_int64(row, 10),
                                    .exact = NAN};
    cell->size = number_at(row, 3, cell->agents);
    /* A descent is kept of runs that began with a few. */
    all_alive = sqlite3_column_int(row, 11) == 0;
    if (!all_alive || isnan(cell->lambda) || sqlite3_column_int(row, 12) != 0 ||
        cell->links != (uint64_t)cell->agents * (cell->agents - 1) / 2)
        return 0;
    return complete_survival(cell->agents, cell->lambda, cell->agents, cell->horizon, &cell->exact,
                             loader->error);
}

static int cells_load(struct loader *loader)
{
    struct thresholds *thresholds = loader->thresholds;
    sqlite3_stmt *row;
    int code = look(
        loader,
        "SELECT coalesce(e.level, ''), r.value, k.value, s.value, agents, links, crew.rate, "
        "  horizon, radius, sum(extinct_ns IS NULL AND replicate IS NOT NULL), count(replicate), "
        "  EXISTS (SELECT 1 FROM descent WHERE descent.arm=arm.arm), cut_width IS NOT NULL "
        "FROM arm JOIN (SELECT * FROM threshold WHERE study=?1 LIMIT 1) AS t "
        "JOIN crew USING(arm) "
        "JOIN setting AS r ON r.arm=arm.arm AND r.factor=t.rate "
        "LEFT JOIN setting AS k ON k.arm=arm.arm AND k.factor=t.kill "
        "LEFT JOIN setting AS s ON s.arm=arm.arm AND s.factor=t.size "
        "LEFT JOIN setting AS e ON e.arm=arm.arm AND e.factor=t.\"each\" "
        "LEFT JOIN run ON run.arm=arm.arm "
        "WHERE arm.study=?1 AND planned AND variant IS NULL GROUP BY arm.arm "
        "ORDER BY coalesce(s.value, agents), r.value / coalesce(k.value, 1), k.value",
        &row);

    if (code != 0)
        return code;
    while (code == 0 && sqlite3_step(row) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(row, 0);

        for (uint32_t c = 0; c < thresholds->case_count && code == 0; c++)
            if (name != NULL && strcmp(thresholds->cases[c].name, name) == 0)
                code = cell_add(loader, &thresholds->cases[c], row);
    }
    sqlite3_finalize(row);
    return code;
}

/* ---- curves ---- */

/* Cells [first, last) are of one size and one quotient: one point, and a term of chi squared. */
static void group_add(struct threshold_case *of, uint32_t first, uint32_t last,
                      struct scaling_point *point)
{
    double share, sum = 0;
    uint32_t run = 0;

    *point = (struct scaling_point){.rate = of->cells[first].rate / of->cells[first].kill};
    for (uint32_t c = first; c < last; c++) {
        point->survived += of->cells[c].survived;
        point->runs += of->cells[c].runs;
        run += of->cells[c].runs > 0;
    }
    share = (double)point->survived / (double)point->runs;
    if (run < 2 || point->survived == 0 || point->survived == point->runs)
        return;
    for (uint32_t c = first; c < last; c++) {
        double runs = (double)of->cells[c].runs;
        double off = (double)of->cells[c].survived - share * runs;

        sum += runs > 0 ? off * off / (runs * share * (1 - share)) : 0;
    }
    of->agreement.chi_squared += sum;
    of->agreement.degrees += run - 1;
    of->agreement.groups++;
}

static int size_add(struct loader *loader, struct threshold_case *of, uint32_t first, uint32_t last)
{
    struct threshold_size *size = &of->sizes[of->size_count];
    struct scaling_point *points = calloc(RATES_MAX, sizeof *points);
    const struct threshold_cell *cell = &of->cells[first];
    uint32_t count = 0;

    if (points == NULL)
        return memory(loader);
    *size = (struct threshold_size){.size = cell->size,
                                    /* from revivals over a link to the scale of the rates */
                                    .bound = cell->rate / cell->kill / cell->lambda / cell->radius};
    size->curve.points = points;
    of->size_count++;
    for (uint32_t begin = first; begin < last && count < RATES_MAX;) {
        double quotient = of->cells[begin].rate / of->cells[begin].kill;
        uint32_t end = begin;

        while (end < last && of->cells[end].rate / of->cells[end].kill <= quotient * (1 + SAME))
            end++;
        group_add(of, begin, end, &points[count]);
        count += points[count].runs > 0;
        begin = end;
    }
    size->curve.count = count;
    return 0;
}

static int case_curves(struct loader *loader, struct threshold_case *of)
{
    struct threshold_agreement *agreement = &of->agreement;
    int code = 0;

    of->sizes = calloc(SIZES_MAX, sizeof *of->sizes);
    if (of->sizes == NULL)
        return memory(loader);
    for (uint32_t begin = 0; begin < of->cell_count && of->size_count < SIZES_MAX && code == 0;) {
        uint32_t end = begin;

        while (end < of->cell_count && of->cells[end].size == of->cells[begin].size)
            end++;
        code = size_add(loader, of, begin, end);
        begin = end;
    }
    if (agreement->degrees > 0)
        agreement->p = gsl_cdf_chisq_Q(agreement->chi_squared, agreement->degrees);
    return code;
}

/* ---- crossings ---- */

static bool crosses(const struct threshold_size *size)
{
    return size->curve.count >= 3;
}

static int case_crossings(struct loader *loader, struct threshold_case *of, uint32_t number)
{
    int code = 0;

    of->crossings = calloc((size_t)of->size_count + 1, sizeof *of->crossings);
    if (of->crossings == NULL)
        return memory(loader);
    for (uint32_t s = 0; s < of->size_count; s++)
        if (!crosses(&of->sizes[s]))
            return 0;
    for (uint32_t s = 0; s + 1 < of->size_count && code == 0; s++) {
        struct scaling_bootstrap bootstrap = {THRESHOLDS_DRAWS, CONFIDENCE,
                                              random_make(number, s, 0, 0, STREAM_DESIGN, 0)};

        code = scaling_crossing(&of->sizes[s].curve, &of->sizes[s + 1].curve, &bootstrap,
                                &of->crossings[s].estimate, loader->error);
        of->crossing_count = s + 1;
    }
    return code;
}

int thresholds_open(struct thresholds **result, const struct store *store, const char *study,
                    struct error *error)
{
    struct thresholds *thresholds = calloc(1, sizeof *thresholds);
    struct loader loader = {thresholds, store_database(store), study, error};
    int code = thresholds == NULL ? memory(&loader) : heads_load(&loader);

    *result = NULL;
    if (code == 0)
        code = cases_load(&loader);
    if (code == 0)
        code = cells_load(&loader);
    for (uint32_t c = 0; code == 0 && c < thresholds->case_count; c++) {
        code = case_curves(&loader, &thresholds->cases[c]);
        if (code == 0 && thresholds->size != NULL)
            code = case_crossings(&loader, &thresholds->cases[c], c);
    }
    if (code != 0) {
        thresholds_close(thresholds);
        return code;
    }
    *result = thresholds;
    return 0;
}

void thresholds_close(struct thresholds *thresholds)
{
    if (thresholds == NULL)
        return;
    for (uint32_t c = 0; c < thresholds->case_count; c++) {
        struct threshold_case *of = &thresholds->cases[c];

        for (uint32_t s = 0; s < of->size_count; s++)
            free((struct scaling_point *)of->sizes[s].curve.points);
        free(of->sizes);
        free(of->cells);
        free(of->crossings);
        free(of->name);
    }
    free(thresholds->cases);
    free(thresholds->study);
    free(thresholds->about);
    free(thresholds->source);
    free(thresholds->rate);
    free(thresholds->kill);
    free(thresholds->size);
    free(thresholds->each);
    free(thresholds);
}
