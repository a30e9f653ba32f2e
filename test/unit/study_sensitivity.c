/*
 * Sobol indices from a results database whose rows are put in by hand, so that the function, and
 * with it every index, is known: f = 0.2 + 0.5 x + 0.2 y + 0 z over the unit cube has the variance
 * (0.25 + 0.04) / 12, of which x answers for 25/29 and y for 4/29, alone and in all.
 */
#include "study/sensitivity.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define POINTS 256
#define FACTORS 3
#define ERROR_OF_A_RUN 0.03

static char path[] = "/tmp/iolaus-sensitivity-XXXXXX";

static void remove_all(void)
{
    char beside[64];

    unlink(path);
    snprintf(beside, sizeof beside, "%s-wal", path);
    unlink(beside);
    snprintf(beside, sizeof beside, "%s-shm", path);
    unlink(beside);
}

static void begin(void)
{
    close(mkstemp(path));
    unlink(path);
}

TestSuite(study_sensitivity, .init = begin, .fini = remove_all);

static void put(sqlite3 *database, const char *sql)
{
    char *message = NULL;

    cr_assert_eq(sqlite3_exec(database, sql, NULL, NULL, &message), SQLITE_OK, "%s: %s", sql,
                 message);
}

/* One cell with `runs` runs whose rates lie symmetrically about f. */
static void put_cell(sqlite3 *database, unsigned cell, const double *point, unsigned runs)
{
    double f = 0.2 + 0.5 * point[0] + 0.2 * point[1];
    char sql[512];

    snprintf(sql, sizeof sql,
             "INSERT INTO arm VALUES(%u,'known',1,%u,%u,NULL,'cell %u','sim','1','','','')",
             cell + 1, cell, cell, cell);
    put(database, sql);
    for (unsigned r = 0; r < runs; r++) {
        double off = runs == 1 ? 0 : r % 2 == 0 ? ERROR_OF_A_RUN : -ERROR_OF_A_RUN;

        snprintf(sql, sizeof sql,
                 "INSERT INTO run VALUES(%u,%u,'',0,0,0,0,0,1000000,%.0f,NULL,NULL,NULL,NULL,0,'',"
                 "'')",
                 cell + 1, r, 1e6 * (f + off));
        put(database, sql);
    }
}

static void put_study(const char *design, unsigned cells, unsigned runs)
{
    static double points[POINTS * 2 * FACTORS];
    struct error error = {0};
    struct store *store;
    char sql[256];

    cr_assert_eq(design_sobol(POINTS, (size_t)2 * FACTORS, NULL, points, &error), 0);
    cr_assert_eq(store_open(&store, path, STORE_WRITE, &error), 0, "%s", error.message);
    snprintf(sql, sizeof sql, "INSERT INTO study VALUES('known','','','','%s','1',%u,'')", design,
             runs);
    put(store_database(store), "BEGIN");
    put(store_database(store), sql);
    put(store_database(store),
        "INSERT INTO factor VALUES('known',0,'x'),('known',1,'y'),('known',2,'z');"
        "INSERT INTO measure VALUES('known',0,'availability','work')");
    for (unsigned c = 0; c < cells; c++) {
        const double *row = points + (size_t)(c % POINTS) * 2 * FACTORS;
        unsigned matrix = c / POINTS;
        double point[FACTORS];

        for (unsigned f = 0; f < FACTORS; f++)
            point[f] = row[matrix == 1 || matrix == 2 + f ? FACTORS + f : f];
        put_cell(store_database(store), c, point, runs);
    }
    put(store_database(store), "COMMIT");
    store_close(store);
}

static int look(struct sensitivity **sensitivity, struct error *error)
{
    struct store *store;
    struct results *results;
    int code;

    cr_assert_eq(store_open(&store, path, STORE_READ, error), 0, "%s", error->message);
    cr_assert_eq(results_open(&results, store, NULL, error), 0, "%s", error->message);
    code = sensitivity_open(sensitivity, results, store, 0, error);
    results_close(results);
    store_close(store);
    return code;
}

Test(study_sensitivity, a_known_functions_indices_are_found)
{
    static const double known[FACTORS] = {25.0 / 29, 4.0 / 29, 0};
    struct sensitivity *sensitivity;
    struct error error = {0};

    put_study("sobol", POINTS * (FACTORS + 2), 1);
    cr_assert_eq(look(&sensitivity, &error), 0, "%s", error.message);
    cr_assert_eq(sensitivity->factor_count, FACTORS);
    cr_expect_eq(sensitivity->points, POINTS);
    cr_expect_eq(sensitivity->runs, POINTS * (FACTORS + 2));
    cr_expect_float_eq(sensitivity->mean, 0.55, 0.005);
    cr_expect_float_eq(sensitivity->variance, 0.29 / 12, 0.0005);
    cr_expect(isnan(sensitivity->noise), "one run a point tells nothing of its error");
    for (unsigned f = 0; f < FACTORS; f++) {
        const struct sobol_index *index = &sensitivity->factors[f].index;

        cr_expect_float_eq(index->first, known[f], 0.02, "factor %u: %g", f, index->first);
        cr_expect_float_eq(index->total, known[f], 0.02, "factor %u: %g", f, index->total);
        cr_expect(index->first_low <= index->first && index->first <= index->first_high);
    }
    cr_expect_str_eq(sensitivity->factors[1].name, "y");
    sensitivity_close(sensitivity);
}

Test(study_sensitivity, the_runs_error_is_told_from_how_they_differ)
{
    struct sensitivity *sensitivity;
    struct error error = {0};

    put_study("sobol", POINTS * (FACTORS + 2), 2);
    cr_assert_eq(look(&sensitivity, &error), 0, "%s", error.message);
    /* Two runs at f + d and f - d: the squared error of their mean is d^2. */
    cr_expect_float_eq(sensitivity->noise * sensitivity->variance, ERROR_OF_A_RUN * ERROR_OF_A_RUN,
                       1e-9);
    sensitivity_close(sensitivity);
}

Test(study_sensitivity, another_design_and_missing_points_are_refused)
{
    struct sensitivity *sensitivity;
    struct error error = {0};

    put_study("latin", POINTS, 1);
    cr_expect_eq(look(&sensitivity, &error), ERROR_INPUT);
    cr_expect(strstr(error.message, "design latin") != NULL, "%s", error.message);
    remove_all();
    put_study("sobol", POINTS * (FACTORS + 2) - 1, 1);
    cr_expect_eq(look(&sensitivity, &error), ERROR_INPUT);
    cr_expect(strstr(error.message, "no Sobol design") != NULL, "%s", error.message);
}

Test(study_sensitivity, a_point_without_runs_is_named)
{
    struct sensitivity *sensitivity;
    struct error error = {0};
    sqlite3 *database;

    put_study("sobol", POINTS * (FACTORS + 2), 1);
    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    put(database, "DELETE FROM run WHERE arm = 77");
    sqlite3_close(database);
    cr_expect_eq(look(&sensitivity, &error), ERROR_INPUT);
    cr_expect(strstr(error.message, "arm `cell 76` has no episode yet") != NULL, "%s",
              error.message);
}
