/*
 * Figures from a results database whose rows are put in by hand, so that each is known.
 *
 * Of Sobol indices: f = 0.2 + 0.5 x + 0.2 y + 0 z over the unit cube has the variance
 * (0.25 + 0.04) / 12, of which x answers for 25/29 and y for 4/29, alone and in all.
 */
#include "analysis/measures.h"
#include "study/effects.h"
#include "study/schema.h"
#include "study/sensitivity.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINTS 256
#define FACTORS 3
#define ERROR_OF_A_RUN 0.03

static char path[] = "/tmp/iolaus-results-XXXXXX";

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

TestSuite(study_results, .init = begin, .fini = remove_all);

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

        snprintf(
            sql, sizeof sql,
            "INSERT INTO run "
            "VALUES(%u,%u,'',0,0,0,0,0,1000000,%.0f,NULL,NULL,NULL,NULL,0,0,0,0,0,0,0,NULL,NULL,'',"
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

Test(study_results, a_known_functions_indices_are_found)
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

Test(study_results, the_runs_error_is_told_from_how_they_differ)
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

Test(study_results, another_design_and_missing_points_are_refused)
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

Test(study_results, a_point_without_runs_is_named)
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

/* ---- episodes of one run ---- */

#define RUNS 30
#define STOPS 4

static void put_stops(sqlite3 *database, unsigned arm, unsigned run, unsigned relaunched)
{
    sqlite3_stmt *insert;
    char sql[256];

    snprintf(sql, sizeof sql,
             "INSERT INTO run "
             "VALUES(%u,%u,'',0,0,0,%d,0,0,0,NULL,NULL,NULL,NULL,0,0,0,0,0,0,0,NULL,NULL,'','')",
             arm, run, STOPS);
    put(database, sql);
    for (unsigned stop = 0; stop < STOPS; stop++) {
        char *text = schema_insert_episode();

        cr_assert_eq(sqlite3_prepare_v2(database, text, -1, &insert, NULL), SQLITE_OK);
        free(text);
        for (int i = 1; i <= sqlite3_bind_parameter_count(insert); i++)
            sqlite3_bind_int(insert, i, 0);
        sqlite3_bind_int64(insert, 1, arm);
        sqlite3_bind_int64(insert, 2, run);
        sqlite3_bind_int64(insert, 3, stop + 1);
        sqlite3_bind_int(insert, EPISODE_COLUMNS_BEFORE + MEASURE_OF_ACT(OUTCOME_RELAUNCH) + 1,
                         stop < relaunched);
        cr_assert_eq(sqlite3_step(insert), SQLITE_DONE, "%s", sqlite3_errmsg(database));
        sqlite3_finalize(insert);
    }
}

/* A cell, and its variant, in which a third as many runs are wholly relaunched. */
static void put_runs(bool alike)
{
    struct error error = {0};
    struct store *store;
    sqlite3 *database;

    cr_assert_eq(store_open(&store, path, STORE_WRITE, &error), 0, "%s", error.message);
    database = store_database(store);
    put(database, "BEGIN; INSERT INTO study VALUES('known','','','','factorial','1',30,'');"
                  "INSERT INTO measure VALUES('known',0,'relaunched_by_peers','defence');"
                  "INSERT INTO arm VALUES(1,'known',1,0,0,NULL,'cell','sim','1','','','');"
                  "INSERT INTO arm VALUES(2,'known',1,1,0,'object','cell, object','sim','1','','',"
                  "'')");
    for (unsigned run = 0; run < RUNS; run++) {
        /* 15 of 30 runs have all four, or every run two: 60 of 120 either way; then 20 of 120. */
        put_stops(database, 1, run, alike ? run % 2 * STOPS : STOPS / 2);
        put_stops(database, 2, run, alike ? (run % 6 == 0) * STOPS : (run % 3 != 0));
    }
    put(database, "COMMIT");
    store_close(store);
}

static struct results *compared(void)
{
    struct error error = {0};
    struct store *store;
    struct results *results;

    cr_assert_eq(store_open(&store, path, STORE_READ, &error), 0, "%s", error.message);
    cr_assert_eq(results_open(&results, store, NULL, &error), 0, "%s", error.message);
    cr_assert_eq(results_compare(results, &error), 0, "%s", error.message);
    store_close(store);
    return results;
}

Test(study_results, stops_that_are_alike_count_once)
{
    /* Each run is one trial four times over: the figures are those of 15 and 5 of 30. */
    struct rate first = rate_wilson(15, 30, 0.95), second = rate_wilson(5, 30, 0.95);
    struct difference difference = difference_newcombe(&first, &second, 0.95);
    struct table_result test;
    struct error error = {0};
    struct results *results;

    put_runs(true);
    results = compared();
    /* 30 runs: the ratio estimator's 30/29 is in it. */
    cr_expect_float_eq(results->measures[0].design_effect, STOPS * 30.0 / 29, 1e-9);
    cr_expect_eq(results->measures[0].rates[0].successes, 60);
    cr_expect_eq(results->measures[0].rates[0].trials, 120);
    cr_expect_float_eq(results->measures[0].rates[0].low, first.low, 0.005);
    cr_expect_float_eq(results->measures[0].rates[0].high, first.high, 0.005);
    cr_expect_float_eq(results->comparisons[0].difference.difference, 1.0 / 3, 1e-12);
    cr_expect_float_eq(results->comparisons[0].difference.low, difference.low, 0.01);
    cr_expect_float_eq(results->comparisons[0].difference.high, difference.high, 0.01);
    cr_assert_eq(boschloo_test(&first, &second, TABLE_BOSCHLOO, &test, &error), 0);
    cr_expect(results->comparisons[0].test.p > 0.5 * test.p &&
                  results->comparisons[0].test.p < 2 * test.p,
              "%g against %g", results->comparisons[0].test.p, test.p);
    results_close(results);
}

Test(study_results, stops_less_alike_than_chance_count_as_they_are)
{
    struct rate first = rate_wilson(60, 120, 0.95), second = rate_wilson(20, 120, 0.95);
    struct table_result test;
    struct error error = {0};
    struct results *results;

    put_runs(false);
    results = compared();
    cr_expect_eq(results->measures[0].design_effect, 1);
    cr_expect_eq(results->measures[0].rates[0].low, first.low);
    cr_expect_eq(results->measures[0].rates[1].high, second.high);
    cr_assert_eq(boschloo_test(&first, &second, TABLE_BOSCHLOO, &test, &error), 0);
    cr_expect_eq(results->comparisons[0].test.p, test.p);
    results_close(results);
}

/* Where every run of a level has the rate 0 the sandwich knows no error; the effect must not be
 * taken for certain. */
Test(study_results, a_rate_of_nothing_is_not_taken_for_certain)
{
    struct error error = {0};
    struct effects *effects;
    struct results *results;
    struct store *store;
    sqlite3 *database;

    cr_assert_eq(store_open(&store, path, STORE_WRITE, &error), 0, "%s", error.message);
    database = store_database(store);
    put(database, "BEGIN; INSERT INTO study VALUES('known','','','','factorial','1',30,'');"
                  "INSERT INTO measure VALUES('known',0,'relaunched_by_peers','defence');"
                  "INSERT INTO factor VALUES('known',0,'bond');"
                  "INSERT INTO level VALUES('known',0,0,'bad'),('known',0,1,'good');"
                  "INSERT INTO arm VALUES(1,'known',1,0,0,NULL,'bad','sim','1','','','');"
                  "INSERT INTO arm VALUES(2,'known',1,1,1,NULL,'good','sim','1','','','');"
                  "INSERT INTO setting VALUES(1,0,'bond','bad',NULL),(2,0,'bond','good',NULL)");
    for (unsigned run = 0; run < RUNS; run++) {
        put_stops(database, 1, run, 0);
        put_stops(database, 2, run, run % 3 + 1);
    }
    put(database, "COMMIT");
    cr_assert_eq(results_open(&results, store, NULL, &error), 0, "%s", error.message);
    cr_assert_eq(effects_open(&effects, results, store, 0, &error), 0, "%s", error.message);
    cr_assert_eq(effects->term_count, 1);
    /* Of 0 and 60 of 120 with half a trial more of each kind (Firth's remedy for one factor): the
     * log odds ratio is log(241), its variance 1/60.5 + 1/60.5 + 1/0.5 + 1/120.5, about; of the
     * information at the estimate it is as much but for the zeros' share. */
    cr_expect_float_eq(effects->terms[0].levels[0].log_odds.value, log(241), 0.01);
    cr_expect(effects->terms[0].levels[0].log_odds.error > 1.3, "%g",
              effects->terms[0].levels[0].log_odds.error);
    cr_expect(effects->terms[0].chi_squared < 20, "%g", effects->terms[0].chi_squared);
    effects_close(effects);
    results_close(results);
    store_close(store);
}
