#include "study/sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95

struct reader {
    const struct results *results;
    sqlite3 *database;
    const struct results_measure *measure;
    struct sensitivity *sensitivity;
    struct error *error;
    double *figures; /* by cell: A, B, then A with one column of B for each factor */
    uint32_t cells;
};

static int memory(const struct reader *reader)
{
    return study_memory(reader->error, "the sensitivity");
}

static int look(const struct reader *reader, char *sql, sqlite3_stmt **rows)
{
    int code = 0;

    if (sql == NULL)
        return memory(reader);
    if (sqlite3_prepare_v2(reader->database, sql, -1, rows, NULL) != SQLITE_OK)
        code = error_set(reader->error, ERROR_IO, "reading the study: %s",
                         sqlite3_errmsg(reader->database));
    sqlite3_free(sql);
    return code;
}

static int factors_load(const struct reader *reader)
{
    struct sensitivity *sensitivity = reader->sensitivity;
    sqlite3_stmt *rows;
    int code = look(reader,
                    sqlite3_mprintf("SELECT name FROM factor WHERE study=%Q ORDER BY number",
                                    reader->results->study),
                    &rows);

    if (code != 0)
        return code;
    while (code == 0 && sqlite3_step(rows) == SQLITE_ROW) {
        struct sensitivity_factor *more = realloc(
            sensitivity->factors, (sensitivity->factor_count + 1) * sizeof *sensitivity->factors);

        if (more == NULL) {
            code = memory(reader);
            break;
        }
        sensitivity->factors = more;
        more[sensitivity->factor_count] =
            (struct sensitivity_factor){.name = strdup((const char *)sqlite3_column_text(rows, 0))};
        if (more[sensitivity->factor_count++].name == NULL)
            code = memory(reader);
    }
    sqlite3_finalize(rows);
    return code;
}

/* The rate of each cell as it is, at the place that the design gave it. */
static int figures_load(struct reader *reader)
{
    const struct results *results = reader->results;
    struct sensitivity *sensitivity = reader->sensitivity;

    for (uint32_t a = 0; a < results->arm_count; a++)
        reader->cells += results->arms[a].variant == NULL;
    sensitivity->points = reader->cells / (sensitivity->factor_count + 2);
    reader->figures = calloc((size_t)reader->cells + 1, sizeof *reader->figures);
    if (reader->figures == NULL)
        return memory(reader);
    for (uint32_t a = 0; a < results->arm_count; a++) {
        const struct results_arm *arm = &results->arms[a];
        const struct rate *rate = &reader->measure->rates[a];

        if (arm->variant != NULL || arm->cell >= reader->cells)
            continue;
        if (rate->trials == 0)
            return error_set(reader->error, ERROR_INPUT,
                             "arm `%.200s` has no episode yet: `iolaus study run` goes on with the "
                             "study, and indices need all its points",
                             arm->name);
        reader->figures[arm->cell] = rate->rate;
        sensitivity->runs += arm->runs;
    }
    return 0;
}

/* The mean and the variance over A and B together, as the estimators have it. */
static void spread(const struct reader *reader)
{
    struct sensitivity *sensitivity = reader->sensitivity;
    uint32_t count = 2 * sensitivity->points;
    double sum = 0, squares = 0;

    for (uint32_t c = 0; c < count; c++)
        sum += reader->figures[c];
    sensitivity->mean = sum / count;
    for (uint32_t c = 0; c < count; c++)
        squares += pow(reader->figures[c] - sensitivity->mean, 2);
    sensitivity->variance = squares / count;
}

static int noise(const struct reader *reader)
{
    struct sensitivity *sensitivity = reader->sensitivity;
    struct share_sums runs = {0};
    sqlite3_stmt *rows;
    int64_t arm = -1;
    double errors = 0;
    uint32_t counted = 0;
    int code = look(
        reader,
        results_rate_sql(reader->measure->name, RESULTS_BY_RUN_OF_CELLS, reader->results->study),
        &rows);

    if (code != 0)
        return code;
    for (bool more = true; more;) {
        more = sqlite3_step(rows) == SQLITE_ROW;
        if (!more || sqlite3_column_int64(rows, 0) != arm) {
            if (runs.units > 1 && runs.whole > 0) {
                errors += share_variance(&runs);
                counted++;
            }
            runs = (struct share_sums){0};
        }
        if (more) {
            arm = sqlite3_column_int64(rows, 0);
            share_add(&runs, sqlite3_column_double(rows, 1), sqlite3_column_double(rows, 2));
        }
    }
    sqlite3_finalize(rows);
    sensitivity->noise = counted > 0 ? errors / counted / sensitivity->variance : NAN;
    return 0;
}

static int indices(const struct reader *reader)
{
    struct sensitivity *sensitivity = reader->sensitivity;
    uint32_t n = sensitivity->points, count = sensitivity->factor_count;
    struct sobol_index *index = calloc((size_t)count + 1, sizeof *index);
    int code = index == NULL
                   ? memory(reader)
                   : sobol_indices(reader->figures, reader->figures + n, reader->figures + 2 * n, n,
                                   count, SENSITIVITY_DRAWS, CONFIDENCE,
                                   random_make(0, 0, 0, 0, STREAM_DESIGN, 0), index, reader->error);

    for (uint32_t f = 0; f < count && code == 0; f++)
        sensitivity->factors[f].index = index[f];
    free(index);
    return code;
}

int sensitivity_open(struct sensitivity **result, const struct results *results,
                     const struct store *store, uint32_t measure, struct error *error)
{
    struct sensitivity *sensitivity = calloc(1, sizeof *sensitivity);
    struct reader reader = {.results = results,
                            .database = store_database(store),
                            .measure = &results->measures[measure],
                            .sensitivity = sensitivity,
                            .error = error};
    int code = sensitivity == NULL ? memory(&reader) : 0;

    *result = NULL;
    if (code == 0 && strcmp(results->design, "sobol") != 0)
        code = error_set(error, ERROR_INPUT,
                         "study `%s` has the design %s: indices need `design: sobol`",
                         results->study, results->design);
    if (code == 0)
        code = factors_load(&reader);
    if (code == 0)
        code = figures_load(&reader);
    if (code == 0 && (sensitivity->points == 0 ||
                      reader.cells != sensitivity->points * (sensitivity->factor_count + 2)))
        code = error_set(error, ERROR_INPUT, "study `%s` has %u cells, which is no Sobol design",
                         results->study, reader.cells);
    if (code == 0) {
        spread(&reader);
        code = noise(&reader);
    }
    if (code == 0)
        code = indices(&reader);
    free(reader.figures);
    if (code != 0) {
        sensitivity_close(sensitivity);
        return code;
    }
    *result = sensitivity;
    return 0;
}

void sensitivity_close(struct sensitivity *sensitivity)
{
    if (sensitivity == NULL)
        return;
    for (uint32_t f = 0; f < sensitivity->factor_count; f++)
        free(sensitivity->factors[f].name);
    free(sensitivity->factors);
    free(sensitivity);
}
