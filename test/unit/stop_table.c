/*
 * Goal: the comparison of stop protocols gives what a calculation by hand gives of rows that are
 * written by hand: R with its limits, quiet cell by cell, watches in relaunch times, costs, and the
 * work of the innocent against the arm in which nobody is stopped.
 * Limits: the bootstrap itself is tested in stat_resample.c.
 */
#include "study/stops.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/measures.h"
#include "study/schema.h"

#define SECOND 1e9
#define RUNS 20

static char path[] = "/tmp/iolaus-stops-XXXXXX.db";
static struct store *store;

static void sql(const char *text)
{
    char *message = NULL;

    cr_assert_eq(sqlite3_exec(store_database(store), text, NULL, NULL, &message), SQLITE_OK,
                 "%s: %s", text, message);
}

/* A stop at 100 s, watched for `watched` s; `dead`: it stayed so, and was quiet after 2 s. */
static void put_stop(int arm, int run, int number, bool dead, double watched, int after)
{
    const int measures = EPISODE_COLUMNS_BEFORE + 1, times = measures + MEASURE_COUNT;
    char *text = schema_insert_episode();
    sqlite3_stmt *put;

    cr_assert_eq(sqlite3_prepare_v2(store_database(store), text, -1, &put, NULL), SQLITE_OK);
    for (int at = 1; at < times; at++)
        sqlite3_bind_int64(put, at, 0);
    sqlite3_bind_int(put, 1, arm);
    sqlite3_bind_int(put, 2, run);
    sqlite3_bind_int(put, 3, number);
    sqlite3_bind_text(put, 4, "target", -1, SQLITE_STATIC);
    sqlite3_bind_double(put, 8, 100 * SECOND);
    sqlite3_bind_double(put, 9, 101 * SECOND);
    sqlite3_bind_double(put, 10, (100 + watched) * SECOND);
    sqlite3_bind_int(put, 15, after);
    sqlite3_bind_double(put, 18, (dead ? 1 : 10) * SECOND);
    sqlite3_bind_double(put, 19, 102 * SECOND);
    sqlite3_bind_int(put, 20, 3);
    sqlite3_bind_int(put, 21, 5);
    sqlite3_bind_int(put, 22, 6);
    sqlite3_bind_int(put, 23, 14);
    sqlite3_bind_int(put, measures + MEASURE_DIED, 1);
    sqlite3_bind_int(put, measures + MEASURE_SEALED, dead);
    sqlite3_bind_int(put, measures + MEASURE_STAYED_DEAD, dead);
    sqlite3_bind_int(put, measures + MEASURE_AFTER_FENCE, after);
    if (dead)
        sqlite3_bind_double(put, times + TIME_QUIET, 2 * SECOND);
    else
        sqlite3_bind_double(put, times + TIME_BY_PEERS, 0.5 * SECOND);
    cr_assert_eq(sqlite3_step(put), SQLITE_DONE, "%s", sqlite3_errmsg(store_database(store)));
    sqlite3_finalize(put);
    free(text);
}

static void put_act(int arm, int run, int episode, int number, int generation)
{
    char text[300];

    snprintf(text, sizeof text,
             "INSERT INTO act VALUES(%d,%d,%d,%d,'relaunched_by_peers','spontaneous','peer',"
             "'target',101000000000,%d,%d,0,'')",
             arm, run, episode, number, generation, generation);
    sql(text);
}

/* Arms 1 and 2: terminate and cauterize, one stop a run; 3: nobody is stopped; 4: cauterize again,
 * at another level, with one response. */
static void begin(void)
{
    struct error error = {0};
    int file = mkstemps(path, 3);

    cr_assert_geq(file, 0);
    close(file);
    unlink(path);
    cr_assert_eq(store_open(&store, path, STORE_WRITE, &error), 0, "%s", error.message);
    sql("INSERT INTO study VALUES('s','','','','factorial','1',20,'');"
        "INSERT INTO factor VALUES('s',0,'protocol'),('s',1,'notice');"
        "INSERT INTO level VALUES('s',0,0,'terminate');"
        "INSERT INTO arm VALUES(1,'s',1,0,0,NULL,'a','sim','','','',''),"
        "(2,'s',1,1,1,NULL,'b','sim','','','',''),(3,'s',1,2,2,NULL,'c','sim','','','',''),"
        "(4,'s',1,3,3,NULL,'d','sim','','','','');"
        "INSERT INTO setting VALUES(1,0,'protocol','terminate',NULL),(1,1,'notice','none',NULL),"
        "(2,0,'protocol','cauterize',NULL),(2,1,'notice','none',NULL),"
        "(3,0,'protocol','untouched',NULL),(3,1,'notice','none',NULL),"
        "(4,0,'protocol','cauterize',NULL),(4,1,'notice','told',NULL);");
    for (int arm = 1; arm <= 4; arm++)
        for (int run = 0; run < RUNS; run++) {
            static const double cpu[] = {0, 0.6, 0.44, 0.4, 0.44};
            char text[300];

            /* Of 100 tasks of the innocent 90 are done, under cauterize 80; of 40 s the defenders
             * have a processor for some, in one run a tenth more and in the next a tenth less. */
            snprintf(text, sizeof text,
                     "INSERT INTO run VALUES(%d,%d,'',0,0,40000000000,1,0,0,0,NULL,NULL,NULL,NULL,"
                     "0,0,0,0,100,%d,0,NULL,%g,'','')",
                     arm, run, arm == 2 ? 80 : 90, cpu[arm] * (run % 2 == 0 ? 1.1 : 0.9));
            sql(text);
        }
    for (int run = 0; run < RUNS; run++) {
        put_stop(1, run, 1, false, 10, 2);
        put_act(1, run, 1, 1, 1);
        put_act(1, run, 1, 2, 1);
        put_act(1, run, 1, 3, 2);
        put_stop(2, run, 1, true, 60, 0);
        put_stop(4, run, 1, true, 60, run == 0);
    }
    put_act(4, 0, 1, 1, 1);
}

static void end(void)
{
    char also[64];

    store_close(store);
    unlink(path);
    snprintf(also, sizeof also, "%s-wal", path);
    unlink(also);
    snprintf(also, sizeof also, "%s-shm", path);
    unlink(also);
}

TestSuite(stop_table, .init = begin, .fini = end);

static struct stops *ask(const char *by, const char *of)
{
    struct stops *stops;
    struct error error = {0};

    cr_assert_eq(stops_open(&stops, store, "s", by, of, &error), 0, "%s", error.message);
    return stops;
}

#define EXPECT_NEAR(value, wanted, within)                                                         \
    cr_expect(fabs((value) - (wanted)) <= (within), #value " is %g, not %g", (double)(value),      \
              (double)(wanted))

Test(stop_table, responses_are_counted_by_generation_with_their_limits)
{
    struct stops *stops = ask("protocol,notice", NULL);

    cr_assert_eq(stops->row_count, 3, "where nobody is stopped there is no row");
    const struct stops_row *wild = &stops->rows[0], *calm = &stops->rows[1];
    cr_expect_str_eq(wild->name, "protocol=terminate, notice=none");
    /* Every run has two responses of the first generation, and one of the second. */
    EXPECT_NEAR(wild->reproduction[0].value, 2, 1e-9);
    EXPECT_NEAR(wild->reproduction[0].low, 2, 1e-6);
    EXPECT_NEAR(wild->reproduction[0].high, 2, 1e-6);
    EXPECT_NEAR(wild->reproduction[1].value, 0.5, 1e-9);
    cr_expect_eq(wild->reproduction[1].parents, 2 * RUNS);
    cr_expect_eq(calm->reproduction[0].value, 0);
    EXPECT_NEAR(calm->reproduction[0].high, 3.6889 / RUNS, 1e-4);
    cr_expect(isnan(calm->reproduction[1].value), "no parents");
    EXPECT_NEAR(wild->relaunches, 3, 1e-9);
    stops_close(stops);
}

Test(stop_table, a_cell_is_quiet_by_its_limits_and_by_what_still_runs)
{
    struct stops *stops = ask("protocol", NULL);

    cr_assert_eq(stops->row_count, 2);
    const struct stops_row *wild = &stops->rows[0], *calm = &stops->rows[1];
    cr_expect(wild->cells == 1 && wild->quiet == 0 && wild->dead == 0);
    cr_expect_eq(wild->active, RUNS, "the target runs");
    cr_expect_eq(calm->cells, 2);
    cr_expect_eq(calm->quiet, 2, "one response in twenty stops is far below 1");
    cr_expect_eq(calm->dead, 2);
    cr_expect_eq(calm->sealed, 2 * RUNS);
    cr_expect_eq(calm->reproduction[0].children, 1);
    cr_expect(isinf(wild->to_quiet.value), "never");
    EXPECT_NEAR(calm->to_quiet.value, 2 * SECOND, 1);
    stops_close(stops);
}

Test(stop_table, a_cell_whose_dead_are_defended_after_the_fence_is_not_quiet)
{
    for (int run = 0; run < RUNS; run++)
        put_act(2, run, 1, 1, 1);
    struct stops *stops = ask("protocol,notice", NULL);

    cr_expect(stops->rows[1].active == 0 && stops->rows[1].dead == 1);
    cr_expect_eq(stops->rows[1].quiet, 0, "one response to each stop");
    stops_close(stops);
}

Test(stop_table, a_watch_is_told_in_relaunch_times_of_the_same_defenders)
{
    struct stops *stops = ask("protocol,notice", NULL);
    const struct stops_row *calm = &stops->rows[1], *told = &stops->rows[2];

    EXPECT_NEAR(calm->watched, 60 * SECOND, 1);
    EXPECT_NEAR(calm->watched_relaunches, 120, 1e-6);
    EXPECT_NEAR(calm->relaunch, 0.5 * SECOND, 1);
    cr_expect(isnan(told->watched_relaunches), "nobody terminates there");
    stops_close(stops);
}

/* The defence came to rest 2 s after the stop; a watch that ends a second later has seen none of
 * it. */
Test(stop_table, a_defence_at_work_when_the_watch_ends_is_active)
{
    put_stop(2, 0, 2, true, 2.4, 0);
    struct stops *stops = ask("protocol,notice", NULL);

    cr_expect_eq(stops->rows[1].active, 1, "0.4 s before, less than a relaunch takes");
    cr_expect_eq(stops->rows[1].quiet, 0);
    stops_close(stops);
}

Test(stop_table, costs_are_by_stop_and_by_second_of_extra_life)
{
    struct stops *stops = ask("protocol,notice", NULL);
    const struct stops_row *wild = &stops->rows[0], *calm = &stops->rows[1];

    EXPECT_NEAR(wild->ran, 10 * SECOND, 1);
    EXPECT_NEAR(wild->acts_ps, 0.3, 1e-9);
    EXPECT_NEAR(wild->messages_ps, 0.5, 1e-9);
    EXPECT_NEAR(calm->acts_ps, 3, 1e-9);
    EXPECT_NEAR(calm->kill_actions, 6, 1e-9);
    EXPECT_NEAR(calm->kill_messages, 14, 1e-9);
    stops_close(stops);
}

Test(stop_table, the_innocent_lose_what_they_lose_beyond_the_untouched)
{
    struct stops *stops = ask("protocol,notice", NULL);

    EXPECT_NEAR(stops->rows[0].lost.value, 0, 1e-9);
    EXPECT_NEAR(stops->rows[1].lost.value, 0.1, 1e-9);
    cr_expect(isnan(stops->rows[2].lost.value), "nobody is left untouched there");
    stops_close(stops);
}

Test(stop_table, defenders_take_the_time_that_they_take_beyond_the_untouched)
{
    struct stops *stops = ask("protocol,notice", NULL);
    const struct bootstrap *wild = &stops->rows[0].cpu_ps, *calm = &stops->rows[1].cpu_ps;

    /* 0.2 s more in each of 20 runs, and 20 stops with 10 s of extra life each. */
    EXPECT_NEAR(wild->value, 0.02, 1e-9);
    cr_expect(wild->low > 0.015 && wild->low < 0.02 && wild->high > 0.02 && wild->high < 0.025,
              "%g to %g", wild->low, wild->high);
    /* 0.04 s more, and 1 s of extra life each. */
    EXPECT_NEAR(calm->value, 0.04, 1e-9);
    cr_expect(calm->low < 0.04 && calm->high > 0.04);
    cr_expect(isnan(stops->rows[2].cpu_ps.value), "nobody is left untouched there");
    stops_close(stops);

    sql("UPDATE run SET wall_defenders_s=NULL WHERE arm=3 AND replicate=7");
    stops = ask("protocol,notice", NULL);
    cr_expect(isnan(stops->rows[0].cpu_ps.value), "in one run it was not counted");
    stops_close(stops);
    sql("UPDATE run SET wall_defenders_s=0.4 WHERE arm=3");
    sql("DELETE FROM run WHERE replicate>0; DELETE FROM episode WHERE replicate>0");
    stops = ask("protocol,notice", NULL);
    cr_expect(!isnan(stops->rows[0].cpu_ps.value) && isnan(stops->rows[0].cpu_ps.low),
              "one run says nothing of others");
    stops_close(stops);
}

Test(stop_table, rows_are_of_the_levels_that_are_asked_for)
{
    struct stops *stops = ask("protocol", "notice=none,protocol=cauterize");
    struct error error = {0};

    cr_assert_eq(stops->row_count, 1);
    cr_expect(stops->rows[0].cells == 1 && stops->rows[0].stops == RUNS);
    stops_close(stops);
    stops = ask(NULL, NULL);
    cr_expect_eq(stops->row_count, 3, "the protocol and the factor beside it");
    stops_close(stops);
    cr_expect_eq(stops_open(&stops, store, "s", "strength", NULL, &error), ERROR_INPUT);
    cr_expect_eq(stops_open(&stops, store, "s", NULL, "notice", &error), ERROR_INPUT);
    cr_expect_eq(stops_open(&stops, store, "s", NULL, "notice=no", &error), ERROR_INPUT);
}
