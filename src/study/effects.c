#include "study/effects.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95

/* A column of the design: one level of a factor, as a share of 0 to 1 by row. */
struct column {
    uint32_t factor;
    char *name;
    double *value; /* by row */
};

struct factor {
    char *name;
    uint32_t first, count; /* its columns */
};

struct table {
    const struct results *results;
    sqlite3 *database;
    struct error *error;
    uint64_t *successes, *trials; /* by row */
    uint32_t *cluster;
    int64_t *arm;
    size_t rows, room;
    struct factor *factors;
    uint32_t factor_count;
    struct column *columns;
    uint32_t column_count;
};

static int memory(struct table *table)
{
    return study_memory(table->error, "the effects");
}

/* ---- rows ---- */

static int rows_grow(struct table *table)
{
    size_t room = table->room == 0 ? 1024 : 2 * table->room;
    uint64_t *successes = realloc(table->successes, room * sizeof *successes);
    uint64_t *trials;
    int64_t *arm;

    if (successes == NULL)
        return memory(table);
    table->successes = successes;
    trials = realloc(table->trials, room * sizeof *trials);
    if (trials == NULL)
        return memory(table);
    table->trials = trials;
    arm = realloc(table->arm, room * sizeof *arm);
    if (arm == NULL)
        return memory(table);
    table->arm = arm;
    table->room = room;
    return 0;
}

/* One row a run: how often of how many. */
static int rows_load(struct table *table, const char *measure)
{
    char *sql = results_rate_sql(measure, RESULTS_BY_RUN_OF_CELLS, table->results->study);
    sqlite3_stmt *rows;
    int code = 0;

    if (sql == NULL)
        return memory(table);
    if (sqlite3_prepare_v2(table->database, sql, -1, &rows, NULL) != SQLITE_OK)
        code = error_set(table->error, ERROR_IO, "reading the runs: %s",
                         sqlite3_errmsg(table->database));
    sqlite3_free(sql);
    if (code != 0)
        return code;
    while (code == 0 && sqlite3_step(rows) == SQLITE_ROW) {
        if (table->rows == table->room)
            code = rows_grow(table);
        if (code != 0)
            break;
        table->arm[table->rows] = sqlite3_column_int64(rows, 0);
        table->successes[table->rows] = (uint64_t)sqlite3_column_int64(rows, 1);
        table->trials[table->rows++] = (uint64_t)sqlite3_column_int64(rows, 2);
    }
    sqlite3_finalize(rows);
    table->cluster = calloc(table->rows + 1, sizeof *table->cluster);
    if (code == 0 && table->cluster == NULL)
        code = memory(table);
    for (size_t r = 0; code == 0 && r < table->rows; r++)
        table->cluster[r] = (uint32_t)r;
    return code;
}

/* ---- columns ---- */

static int column_add(struct table *table, uint32_t factor, const char *name)
{
    struct column *more =
        realloc(table->columns, (table->column_count + 1) * sizeof *table->columns);
    struct column *column;

    if (more == NULL)
        return memory(table);
    table->columns = more;
    column = &more[table->column_count++];
    *column = (struct column){factor, strdup(name), calloc(table->rows + 1, sizeof(double))};
    table->factors[factor].count++;
    return column->name == NULL || column->value == NULL ? memory(table) : 0;
}

/* The value of a setting for each row, by its arm. */
static int column_fill(struct table *table, struct column *column, const char *sql, uint32_t factor,
                       const char *level)
{
    sqlite3_stmt *find;

    if (sqlite3_prepare_v2(table->database, sql, -1, &find, NULL) != SQLITE_OK)
        return error_set(table->error, ERROR_IO, "reading the settings: %s",
                         sqlite3_errmsg(table->database));
    for (size_t r = 0; r < table->rows; r++) {
        if (r > 0 && table->arm[r] == table->arm[r - 1]) {
            column->value[r] = column->value[r - 1];
            continue;
        }
        sqlite3_bind_int64(find, 1, table->arm[r]);
        sqlite3_bind_int64(find, 2, factor);
        if (level != NULL)
            sqlite3_bind_text(find, 3, level, -1, SQLITE_STATIC);
        column->value[r] = sqlite3_step(find) == SQLITE_ROW ? sqlite3_column_double(find, 0) : 0;
        sqlite3_reset(find);
    }
    sqlite3_finalize(find);
    return 0;
}

/* A level that no row has, or all have, says nothing and would make the design singular. */
static bool column_varies(const struct table *table, const struct column *column)
{
    for (size_t r = 1; r < table->rows; r++)
        if (column->value[r] != column->value[0])
            return true;
    return false;
}

static void column_drop(struct table *table)
{
    struct column *column = &table->columns[--table->column_count];

    table->factors[column->factor].count--;
    free(column->name);
    free(column->value);
}

static int level_column(struct table *table, uint32_t number, uint32_t factor, const char *level)
{
    int code = column_add(table, number, level);

    if (code == 0)
        code =
            column_fill(table, &table->columns[table->column_count - 1],
                        "SELECT level=?3 FROM setting WHERE arm=?1 AND factor=?2", factor, level);
    if (code == 0 && !column_varies(table, &table->columns[table->column_count - 1]))
        column_drop(table);
    return code;
}

/* A range from 0 to 1: what was least and greatest among the rows. */
static int range_column(struct table *table, uint32_t number, uint32_t factor)
{
    int code = column_add(table, number, "from least to greatest");
    struct column *column;
    double low = INFINITY, high = -INFINITY;

    if (code != 0)
        return code;
    column = &table->columns[table->column_count - 1];
    code = column_fill(table, column, "SELECT value FROM setting WHERE arm=?1 AND factor=?2",
                       factor, NULL);
    for (size_t r = 0; r < table->rows; r++) {
        low = fmin(low, column->value[r]);
        high = fmax(high, column->value[r]);
    }
    for (size_t r = 0; r < table->rows && high > low; r++)
        column->value[r] = (column->value[r] - low) / (high - low);
    if (code == 0 && !(high > low))
        column_drop(table);
    return code;
}

static int factor_columns(struct table *table, uint32_t number, uint32_t factor)
{
    sqlite3_stmt *levels;
    uint32_t count = 0;
    int code = 0;

    if (sqlite3_prepare_v2(table->database,
                           "SELECT name FROM level WHERE study=? AND factor=? ORDER BY number", -1,
                           &levels, NULL) != SQLITE_OK)
        return error_set(table->error, ERROR_IO, "reading the levels: %s",
                         sqlite3_errmsg(table->database));
    sqlite3_bind_text(levels, 1, table->results->study, -1, SQLITE_STATIC);
    sqlite3_bind_int64(levels, 2, factor);
    table->factors[number].first = table->column_count;
    while (code == 0 && sqlite3_step(levels) == SQLITE_ROW)
        if (count++ > 0) /* the first is what the others are compared with */
            code =
                level_column(table, number, factor, (const char *)sqlite3_column_text(levels, 0));
    sqlite3_finalize(levels);
    return code == 0 && count == 0 ? range_column(table, number, factor) : code;
}

static int columns_make(struct table *table)
{
    sqlite3_stmt *list;
    uint32_t room = 0;
    int code = 0;

    if (sqlite3_prepare_v2(table->database,
                           "SELECT number, name FROM factor WHERE study=? ORDER BY number", -1,
                           &list, NULL) != SQLITE_OK)
        return error_set(table->error, ERROR_IO, "reading the factors: %s",
                         sqlite3_errmsg(table->database));
    sqlite3_bind_text(list, 1, table->results->study, -1, SQLITE_STATIC);
    while (code == 0 && sqlite3_step(list) == SQLITE_ROW) {
        if (table->factor_count == room) {
            struct factor *more;

            room = room == 0 ? 8 : 2 * room;
            more = realloc(table->factors, room * sizeof *more);
            if (more == NULL) {
                code = memory(table);
                break;
            }
            table->factors = more;
        }
        table->factors[table->factor_count] =
            (struct factor){.name = strdup((const char *)sqlite3_column_text(list, 1))};
        table->factor_count++;
        code = table->factors[table->factor_count - 1].name == NULL
                   ? memory(table)
                   : factor_columns(table, table->factor_count - 1,
                                    (uint32_t)sqlite3_column_int64(list, 0));
    }
    sqlite3_finalize(list);
    return code;
}

static void table_close(struct table *table)
{
    for (uint32_t c = 0; c < table->column_count; c++) {
        free(table->columns[c].name);
        free(table->columns[c].value);
    }
    for (uint32_t f = 0; f < table->factor_count; f++)
        free(table->factors[f].name);
    free(table->columns);
    free(table->factors);
    free(table->successes);
    free(table->trials);
    free(table->cluster);
    free(table->arm);
}

/* ---- fits ---- */

/* One fit, with two covariances: the sandwich over runs and the inverse of the information. Where
 * all runs of a level have the same rate, 0 above all, the sandwich takes them to be without error;
 * the information knows how few they are. The greater error of the two holds. */
enum { BY_RUNS, BY_INFORMATION, COVARIANCES };

struct fit {
    uint32_t columns;
    struct logistic_coefficient *coefficients;
    double *covariance[COVARIANCES];
};

static void fit_free(struct fit *fit)
{
    free(fit->coefficients);
    for (int kind = 0; kind < COVARIANCES; kind++)
        free(fit->covariance[kind]);
}

/* Fills the coefficients, of both fits that with the greater error. */
static int fit_both(const struct logistic_data *data, struct fit *fit, struct error *error)
{
    static const enum logistic_covariance kinds[COVARIANCES] = {
        [BY_RUNS] = COVARIANCE_CLUSTER_1, [BY_INFORMATION] = COVARIANCE_MODEL};
    struct logistic_coefficient *other = calloc(fit->columns, sizeof *other);
    int code = other == NULL ? study_memory(error, "the effects") : 0;

    for (int kind = 0; kind < COVARIANCES && code == 0; kind++) {
        struct logistic_options options = {
            .firth = true, .covariance = kinds[kind], .confidence = CONFIDENCE};
        struct logistic_fit how;

        code = logistic_regress(data, &options, &how, kind == 0 ? fit->coefficients : other,
                                fit->covariance[kind], error);
    }
    for (uint32_t c = 0; c < fit->columns && code == 0; c++)
        if (!(other[c].error <= fit->coefficients[c].error))
            fit->coefficients[c] = other[c];
    free(other);
    return code;
}

/* A constant, all main effects, and the products of the columns of two factors, if any. */
static int fit_make(struct table *table, const struct factor *first, const struct factor *second,
                    struct fit *fit)
{
    uint32_t products = first == NULL ? 0 : first->count * second->count;
    uint32_t columns = 1 + table->column_count + products;
    double *design = calloc(table->rows * columns + 1, sizeof *design);
    struct logistic_data data = {.rows = table->rows,
                                 .columns = columns,
                                 .design = design,
                                 .successes = table->successes,
                                 .trials = table->trials,
                                 .cluster = table->cluster,
                                 .clusters = table->rows};
    int code = 0;

    fit->columns = columns;
    fit->coefficients = calloc(columns, sizeof *fit->coefficients);
    for (int kind = 0; kind < COVARIANCES; kind++) {
        fit->covariance[kind] = calloc((size_t)columns * columns, sizeof *fit->covariance[kind]);
        if (fit->covariance[kind] == NULL)
            code = memory(table);
    }
    if (design == NULL || fit->coefficients == NULL)
        code = memory(table);
    for (size_t r = 0; r < table->rows && code == 0; r++) {
        double *row = design + r * columns;
        uint32_t at = 0;

        row[at++] = 1;
        for (uint32_t c = 0; c < table->column_count; c++)
            row[at++] = table->columns[c].value[r];
        for (uint32_t i = 0; first != NULL && i < first->count; i++)
            for (uint32_t j = 0; j < second->count; j++)
                row[at++] = table->columns[first->first + i].value[r] *
                            table->columns[second->first + j].value[r];
    }
    if (code == 0)
        code = fit_both(&data, fit, table->error);
    free(design);
    return code;
}

/* Wald's chi squared of coefficients [first, first + count): b' V^-1 b. NAN where V is singular. */
static double wald_by(const struct fit *fit, int kind, uint32_t first, uint32_t count)
{
    gsl_matrix *v = gsl_matrix_alloc(count, count);
    gsl_vector *b = gsl_vector_alloc(count), *x = gsl_vector_alloc(count);
    double chi_squared = NAN;
    bool finite = v != NULL && b != NULL && x != NULL;

    for (uint32_t i = 0; finite && i < count; i++) {
        gsl_vector_set(b, i, fit->coefficients[first + i].value);
        finite = isfinite(fit->coefficients[first + i].value);
        for (uint32_t j = 0; j < count; j++) {
            double at = fit->covariance[kind][(size_t)(first + i) * fit->columns + first + j];

            gsl_matrix_set(v, i, j, at);
            finite = finite && isfinite(at);
        }
    }
    if (finite && gsl_linalg_cholesky_decomp1(v) == 0 && gsl_linalg_cholesky_solve(v, b, x) == 0) {
        chi_squared = 0;
        for (uint32_t i = 0; i < count; i++)
            chi_squared += gsl_vector_get(b, i) * gsl_vector_get(x, i);
    }
    gsl_matrix_free(v);
    gsl_vector_free(b);
    gsl_vector_free(x);
    return chi_squared;
}

static double wald(const struct fit *fit, uint32_t first, uint32_t count)
{
    return fmin(wald_by(fit, BY_RUNS, first, count), wald_by(fit, BY_INFORMATION, first, count));
}

/* Takes over the name and the levels' names. */
static int term_add(struct table *table, struct effects *effects, const struct fit *fit,
                    uint32_t first, uint32_t count, char *name, char **levels, bool interaction)
{
    struct effect_term *term = &effects->terms[effects->term_count++];

    assert(count > 0);
    *term = (struct effect_term){.name = name, .interaction = interaction, .level_count = count};
    term->levels = calloc(count, sizeof *term->levels);
    if (name == NULL || term->levels == NULL) {
        for (uint32_t i = 0; i < count; i++)
            free(levels[i]);
        term->level_count = 0;
        return memory(table);
    }
    for (uint32_t i = 0; i < count; i++) {
        term->levels[i].name = levels[i];
        term->levels[i].log_odds = fit->coefficients[first + i];
    }
    term->chi_squared = wald(fit, first, count);
    term->p = isnan(term->chi_squared) ? NAN : gsl_cdf_chisq_Q(term->chi_squared, count);
    return 0;
}

static int main_terms(struct table *table, struct effects *effects)
{
    struct fit fit = {0};
    int code = fit_make(table, NULL, NULL, &fit);

    for (uint32_t f = 0; f < table->factor_count && code == 0; f++) {
        const struct factor *factor = &table->factors[f];
        char *names[STUDY_LEVELS_MAX];

        if (factor->count == 0)
            continue;
        for (uint32_t i = 0; i < factor->count; i++)
            names[i] = strdup(table->columns[factor->first + i].name);
        code = term_add(table, effects, &fit, 1 + factor->first, factor->count,
                        strdup(factor->name), names, false);
    }
    fit_free(&fit);
    return code;
}

static char *pair_name(const char *first, const char *second)
{
    char *name;

    return asprintf(&name, "%s x %s", first, second) < 0 ? NULL : name;
}

static int pair_term(struct table *table, struct effects *effects, const struct factor *first,
                     const struct factor *second)
{
    uint32_t count = first->count * second->count;
    char **names = calloc((size_t)count + 1, sizeof *names);
    struct error none = {0};
    struct error *error = table->error;
    struct fit fit = {0};
    int code;

    if (names == NULL)
        return memory(table);
    /* Products that no cell has both of make the design singular: such a pair cannot be told. */
    table->error = &none;
    code = fit_make(table, first, second, &fit);
    table->error = error;
    if (code == ERROR_INPUT) {
        code = 0;
    } else if (code != 0) {
        *error = none;
    } else {
        for (uint32_t i = 0; i < count; i++)
            names[i] = pair_name(table->columns[first->first + i / second->count].name,
                                 table->columns[second->first + i % second->count].name);
        code = term_add(table, effects, &fit, 1 + table->column_count, count,
                        pair_name(first->name, second->name), names, true);
    }
    free(names);
    fit_free(&fit);
    return code;
}

static int by_strength(const void *a, const void *b)
{
    const struct effect_term *first = a, *second = b;
    double x = isnan(first->chi_squared) ? -1 : first->chi_squared / first->level_count;
    double y = isnan(second->chi_squared) ? -1 : second->chi_squared / second->level_count;

    if (x != y)
        return x > y ? -1 : 1;
    return strcmp(first->name, second->name);
}

static int terms_adjust(struct table *table, struct effects *effects)
{
    double *p = calloc((size_t)effects->term_count + 1, sizeof *p);
    size_t *order = calloc((size_t)effects->term_count + 1, sizeof *order);
    int code = p == NULL || order == NULL ? memory(table) : 0;

    for (uint32_t t = 0; t < effects->term_count && code == 0; t++)
        p[t] = effects->terms[t].p;
    if (code == 0)
        holm_adjust(p, effects->term_count, order, p);
    for (uint32_t t = 0; t < effects->term_count && code == 0; t++)
        effects->terms[t].adjusted = p[t];
    free(p);
    free(order);
    return code;
}

static int terms_make(struct table *table, struct effects *effects)
{
    uint32_t pairs = table->factor_count * (table->factor_count - 1) / 2;
    int code;

    effects->terms = calloc((size_t)table->factor_count + pairs + 1, sizeof *effects->terms);
    if (effects->terms == NULL)
        return memory(table);
    code = main_terms(table, effects);
    effects->interactions_left_out = 10 * (size_t)table->column_count > table->rows;
    for (uint32_t f = 0; f < table->factor_count && !effects->interactions_left_out; f++)
        for (uint32_t g = f + 1; g < table->factor_count && code == 0; g++)
            if (table->factors[f].count > 0 && table->factors[g].count > 0)
                code = pair_term(table, effects, &table->factors[f], &table->factors[g]);
    if (code == 0)
        code = terms_adjust(table, effects);
    qsort(effects->terms, effects->term_count, sizeof *effects->terms, by_strength);
    return code;
}

int effects_open(struct effects **result, const struct results *results, const struct store *store,
                 uint32_t measure, struct error *error)
{
    struct table table = {.results = results, .database = store_database(store), .error = error};
    struct effects *effects = calloc(1, sizeof *effects);
    int code =
        effects == NULL ? memory(&table) : rows_load(&table, results->measures[measure].name);

    *result = NULL;
    gsl_set_error_handler_off();
    if (code == 0)
        code = columns_make(&table);
    if (code == 0 && (table.rows == 0 || table.column_count == 0))
        code = error_set(error, ERROR_INPUT, "nothing was run yet, or nothing is varied");
    if (code == 0)
        code = terms_make(&table, effects);
    for (size_t r = 0; r < table.rows && code == 0; r++) {
        effects->runs++;
        effects->episodes += table.trials[r];
        effects->successes += table.successes[r];
    }
    table_close(&table);
    if (code != 0) {
        effects_close(effects);
        return code;
    }
    *result = effects;
    return 0;
}

void effects_close(struct effects *effects)
{
    if (effects == NULL)
        return;
    for (uint32_t t = 0; t < effects->term_count; t++) {
        for (uint32_t l = 0; l < effects->terms[t].level_count && effects->terms[t].levels != NULL;
             l++)
            free(effects->terms[t].levels[l].name);
        free(effects->terms[t].levels);
        free(effects->terms[t].name);
    }
    free(effects->terms);
    free(effects);
}
