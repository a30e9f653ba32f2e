#include "study/predict.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stat_regression.h"
#include "base/arena.h"
#include "scenario/file.h"
#include "study/study.h"

#define COLUMNS_MAX 32
#define CELLS_MAX 10000

enum column_kind { COLUMN_SERIES, COLUMN_SUCCESSES, COLUMN_TRIALS, COLUMN_FOLD, COLUMN_FACTOR };

struct column {
    const char *name;
    uint8_t kind;
};

struct cell {
    const char *series;
    uint32_t series_number, line, fold;
    uint64_t successes, trials;
    double factor[COLUMNS_MAX];
};

struct table {
    const char *path;
    struct arena arena;
    struct column columns[COLUMNS_MAX];
    uint32_t column_count;
    const char *factors[COLUMNS_MAX];
    uint32_t factor_count, leave_out, fold_column;
    struct cell *cells;
    uint32_t cell_count, series_count;
    struct error *error;
};

/* ---- reading ---- */

static int wrong(const struct table *table, uint32_t line, size_t column, const char *what,
                 const char *text)
{
    return error_set(table->error, ERROR_INPUT, "%.200s:%u:%zu: %s%.60s", table->path, line,
                     column + 1, what, text);
}

/* The next field of a line, cut out of it; NULL behind the last. */
static char *field_next(char **at)
{
    char *field = *at, *comma;

    if (field == NULL)
        return NULL;
    comma = strchr(field, ',');
    if (comma != NULL)
        *comma = '\0';
    *at = comma == NULL ? NULL : comma + 1;
    return field;
}

static uint8_t kind_of(const char *name)
{
    if (strcmp(name, "series") == 0)
        return COLUMN_SERIES;
    if (strcmp(name, "successes") == 0)
        return COLUMN_SUCCESSES;
    if (strcmp(name, "trials") == 0)
        return COLUMN_TRIALS;
    return strncmp(name, "fold", 4) == 0 ? COLUMN_FOLD : COLUMN_FACTOR;
}

static int head_read(struct table *table, char *line, uint32_t number, const char *fold,
                     const char *leave_out)
{
    uint32_t seen = 0;
    char *at = line, *field;

    table->leave_out = table->fold_column = UINT32_MAX;
    while ((field = field_next(&at)) != NULL) {
        struct column *column = &table->columns[table->column_count];

        if (table->column_count == COLUMNS_MAX)
            return wrong(table, number, (size_t)(field - line), "too many columns, from ", field);
        *column = (struct column){arena_text(&table->arena, field, strlen(field)), kind_of(field)};
        if (column->name == NULL)
            return study_memory(table->error, "the study");
        if (column->kind < COLUMN_FOLD)
            seen |= 1U << column->kind;
        if (column->kind == COLUMN_FOLD && strcmp(field, fold) == 0)
            table->fold_column = table->column_count;
        if (column->kind == COLUMN_FACTOR) {
            if (strcmp(field, leave_out) == 0)
                table->leave_out = table->factor_count;
            table->factors[table->factor_count++] = column->name;
        }
        table->column_count++;
    }
    if (seen != 7)
        return wrong(table, number, 0, "the head must name series, successes and trials", "");
    if (table->fold_column == UINT32_MAX)
        return wrong(table, number, 0, "there is no column ", fold);
    return table->leave_out == UINT32_MAX
               ? wrong(table, number, 0, "there is no factor ", leave_out)
               : 0;
}

static bool count_read(const char *text, uint64_t *count)
{
    char *end;

    errno = 0;
    *count = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static int field_read(struct table *table, struct cell *cell, uint32_t column, const char *text,
                      size_t place, uint32_t *factor)
{
    uint64_t count = 0;
    char *end;

    switch ((enum column_kind)table->columns[column].kind) {
    case COLUMN_SERIES:
        cell->series = arena_text(&table->arena, text, strlen(text));
        return cell->series == NULL ? study_memory(table->error, "the study") : 0;
    case COLUMN_SUCCESSES:
    case COLUMN_TRIALS:
    case COLUMN_FOLD:
        if (!count_read(text, &count) || count > UINT32_MAX)
            return wrong(table, cell->line, place, "no whole number: ", text);
        if (table->columns[column].kind == COLUMN_SUCCESSES)
            cell->successes = count;
        else if (table->columns[column].kind == COLUMN_TRIALS)
            cell->trials = count;
        else if (column == table->fold_column)
            cell->fold = (uint32_t)count;
        return 0;
    case COLUMN_FACTOR:
        cell->factor[*factor] = strtod(text, &end);
        if (end == text || *end != '\0' || !isfinite(cell->factor[*factor]))
            return wrong(table, cell->line, place, "no number: ", text);
        ++*factor;
        return 0;
    }
    return 0;
}

static int cell_read(struct table *table, char *line, uint32_t number)
{
    struct cell *cell = &table->cells[table->cell_count];
    uint32_t column = 0, factor = 0;
    char *at = line, *field;

    *cell = (struct cell){.line = number};
    while ((field = field_next(&at)) != NULL) {
        int code;

        if (column == table->column_count)
            return wrong(table, number, (size_t)(field - line),
                         "more fields than the head has: ", field);
        code = field_read(table, cell, column++, field, (size_t)(field - line), &factor);
        if (code != 0)
            return code;
    }
    if (column < table->column_count)
        return wrong(table, number, 0, "this line has no ", table->columns[column].name);
    if (cell->trials == 0 || cell->successes > cell->trials)
        return wrong(table, number, 0, "successes must not exceed trials, and there must be some",
                     "");
    cell->series_number = table->series_count;
    for (uint32_t c = 0; c < table->cell_count; c++)
        if (strcmp(table->cells[c].series, cell->series) == 0)
            cell->series_number = table->cells[c].series_number;
    table->series_count += cell->series_number == table->series_count;
    table->cell_count++;
    return 0;
}

static int table_read(struct table *table, const char *fold, const char *leave_out)
{
    char *bytes, *line, *next;
    size_t size;
    uint32_t number = 0;
    int code = file_load(table->path, &bytes, &size, table->error);

    if (code != 0)
        return code;
    table->cells = arena_take_array(&table->arena, CELLS_MAX, sizeof *table->cells);
    if (table->cells == NULL)
        code = study_memory(table->error, "the cells");
    for (line = bytes; code == 0 && line != NULL && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        number++;
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (table->column_count == 0)
            code = head_read(table, line, number, fold, leave_out);
        else if (table->cell_count == CELLS_MAX)
            code = wrong(table, number, 0, "more cells than can be read", "");
        else
            code = cell_read(table, line, number);
    }
    free(bytes);
    if (code == 0 && table->cell_count == 0)
        code = wrong(table, number, 0, "there are no cells", "");
    return code;
}

/* ---- fitting ---- */

/* An intercept for each series, and the factors; `without` leaves one out. Columns that nothing in
 * the fit varies would make it singular: they are left out of it, and keep a coefficient of 0. */
struct model {
    bool without;
    uint32_t fold;
    uint32_t column_of[COLUMNS_MAX]; /* by factor: its column, or UINT32_MAX */
    uint32_t *series_column;         /* by series, likewise */
    uint32_t columns;
    struct logistic_coefficient *coefficients;
};

static bool fitted_on(const struct model *model, const struct cell *cell)
{
    return cell->fold == 0 || cell->fold != model->fold;
}

static void columns_choose(const struct table *table, struct model *model)
{
    model->columns = 0;
    for (uint32_t s = 0; s < table->series_count; s++)
        model->series_column[s] = UINT32_MAX;
    for (uint32_t c = 0; c < table->cell_count; c++) {
        uint32_t *column = &model->series_column[table->cells[c].series_number];

        if (fitted_on(model, &table->cells[c]) && *column == UINT32_MAX)
            *column = model->columns++;
    }
    for (uint32_t f = 0; f < table->factor_count; f++) {
        const struct cell *first = NULL;
        bool varies = false;

        for (uint32_t c = 0; c < table->cell_count; c++) {
            const struct cell *cell = &table->cells[c];

            if (!fitted_on(model, cell))
                continue;
            varies = varies || (first != NULL && first->factor[f] != cell->factor[f]);
            first = first == NULL ? cell : first;
        }
        model->column_of[f] =
            varies && !(model->without && f == table->leave_out) ? model->columns++ : UINT32_MAX;
    }
}

static int model_fit(const struct table *table, struct model *model)
{
    uint32_t rows = 0;
    double *design;
    uint64_t *successes, *trials;
    struct logistic_options options = {.firth = true, .confidence = 0.95};
    struct logistic_fit fit;
    int code = 0;

    columns_choose(table, model);
    design = calloc((size_t)table->cell_count * model->columns + 1, sizeof *design);
    successes = calloc((size_t)table->cell_count + 1, sizeof *successes);
    trials = calloc((size_t)table->cell_count + 1, sizeof *trials);
    if (design == NULL || successes == NULL || trials == NULL)
        code = study_memory(table->error, "a fit");
    for (uint32_t c = 0; c < table->cell_count && code == 0; c++) {
        const struct cell *cell = &table->cells[c];
        double *row = design + (size_t)rows * model->columns;

        if (!fitted_on(model, cell))
            continue;
        row[model->series_column[cell->series_number]] = 1;
        for (uint32_t f = 0; f < table->factor_count; f++)
            if (model->column_of[f] != UINT32_MAX)
                row[model->column_of[f]] = cell->factor[f];
        successes[rows] = cell->successes;
        trials[rows++] = cell->trials;
    }
    if (code == 0) {
        struct logistic_data data = {.rows = rows,
                                     .columns = model->columns,
                                     .design = design,
                                     .successes = successes,
                                     .trials = trials};

        code = logistic_regress(&data, &options, &fit, model->coefficients, NULL, table->error);
        if (code != 0)
            error_context(table->error, "%s, without fold %u", table->path, model->fold);
    }
    free(design);
    free(successes);
    free(trials);
    return code;
}

/* A series that the fit did not see has no base rate: NAN. */
static double model_predict(const struct table *table, const struct model *model,
                            const struct cell *cell)
{
    double x;

    if (model->series_column[cell->series_number] == UINT32_MAX)
        return NAN;
    x = model->coefficients[model->series_column[cell->series_number]].value;
    for (uint32_t f = 0; f < table->factor_count; f++)
        if (model->column_of[f] != UINT32_MAX)
            x += model->coefficients[model->column_of[f]].value * cell->factor[f];
    return 1 / (1 + exp(-x));
}

/* ---- errors ---- */

static void error_add(struct prediction_error *sum, const struct predicted_cell *cell, double p)
{
    double far = fabs(p - cell->rate), n = (double)cell->trials;
    /* A predicted 0 or 1 that is contradicted would be infinitely wrong: half a trial's room. */
    double kept = fmin(fmax(p, 0.5 / (n + 1)), 1 - 0.5 / (n + 1));

    sum->mean_absolute += far;
    sum->root_mean_square += far * far;
    sum->log_score -= cell->rate * log(kept) + (1 - cell->rate) * log(1 - kept);
}

static void error_close(struct prediction_error *sum, uint32_t count)
{
    sum->mean_absolute /= count;
    sum->root_mean_square = sqrt(sum->root_mean_square / count);
    sum->log_score /= count;
}

static int cells_predict(struct table *table, struct prediction *prediction, struct model *model)
{
    uint32_t folds = 0;
    int code = 0;

    for (uint32_t c = 0; c < table->cell_count; c++)
        folds = table->cells[c].fold > folds ? table->cells[c].fold : folds;
    for (uint32_t fold = 1; fold <= folds; fold++) {
        for (int without = 0; without < 2 && code == 0; without++) {
            uint32_t at = 0;

            model->fold = fold;
            model->without = without != 0;
            code = model_fit(table, model);
            for (uint32_t c = 0; c < table->cell_count && code == 0; c++) {
                const struct cell *cell = &table->cells[c];

                if (cell->fold == fold) {
                    double p = model_predict(table, model, cell);

                    if (isnan(p))
                        return wrong(table, cell->line, 0, "nothing is fitted on of the series ",
                                     cell->series);
                    *(without ? &prediction->cells[at].without : &prediction->cells[at].full) = p;
                }
                at += cell->fold > 0;
            }
        }
    }
    return code;
}

int predict_open(struct prediction **result, const char *path, const char *fold,
                 const char *leave_out, struct error *error)
{
    struct table *table = calloc(1, sizeof *table);
    struct prediction *prediction = calloc(1, sizeof *prediction);
    struct model model = {0};
    int code = 0;

    *result = NULL;
    if (table == NULL || prediction == NULL) {
        free(table);
        free(prediction);
        return study_memory(error, "the study");
    }
    table->path = path;
    table->error = error;
    prediction->memory = table;
    code = table_read(table, fold, leave_out);
    if (code == 0) {
        prediction->cells =
            arena_take_array(&table->arena, table->cell_count, sizeof *prediction->cells);
        model.series_column =
            arena_take_array(&table->arena, table->series_count, sizeof *model.series_column);
        model.coefficients = arena_take_array(&table->arena, table->series_count + COLUMNS_MAX,
                                              sizeof *model.coefficients);
        if (prediction->cells == NULL || model.series_column == NULL || model.coefficients == NULL)
            code = study_memory(error, "the predictions");
    }
    for (uint32_t c = 0; c < table->cell_count && code == 0; c++) {
        const struct cell *cell = &table->cells[c];

        if (cell->fold == 0) {
            prediction->fitted_count++;
            continue;
        }
        prediction->cells[prediction->cell_count++] =
            (struct predicted_cell){.series = cell->series,
                                    .successes = cell->successes,
                                    .trials = cell->trials,
                                    .rate = (double)cell->successes / (double)cell->trials,
                                    .fold = cell->fold,
                                    .line = cell->line};
    }
    if (code == 0 && prediction->cell_count == 0)
        code = wrong(table, 1, 0, "no cell is to be predicted by ", fold);
    if (code == 0)
        code = cells_predict(table, prediction, &model);
    for (uint32_t c = 0; c < prediction->cell_count && code == 0; c++) {
        const struct predicted_cell *cell = &prediction->cells[c];

        error_add(&prediction->full, cell, cell->full);
        error_add(&prediction->without, cell, cell->without);
        error_add(&prediction->perfect, cell, cell->rate);
    }
    if (code != 0) {
        predict_close(prediction);
        return code;
    }
    error_close(&prediction->full, prediction->cell_count);
    error_close(&prediction->without, prediction->cell_count);
    error_close(&prediction->perfect, prediction->cell_count);
    *result = prediction;
    return 0;
}

void predict_close(struct prediction *prediction)
{
    struct table *table;

    if (prediction == NULL)
        return;
    table = prediction->memory;
    arena_close(&table->arena);
    free(table);
    free(prediction);
}
