/*
 * Goal: the times of a results database whose rows are written by hand are those that a calculation
 * by hand gives: curves, quantiles, censoring, blocks, comparisons.
 * Limits: Kaplan and Meier, and the log-rank tests themselves, are held against R in
 * stat_survival.c and stat_survival_runs.c.
 */
#include "study/times.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "study/schema.h"

static char path[] = "/tmp/iolaus-times-XXXXXX.db";
static struct store *store;
static struct results *results;

static void sql(const char *text)
{
    char *message = NULL;

    cr_assert_eq(sqlite3_exec(store_database(store), text, NULL, NULL, &message), SQLITE_OK,
                 "%s: %s", text, message);
}

/* What an episode of the tests has. Times in seconds; below 0: it did not come to that. */
struct told {
    int arm, replicate, failure;
    double stopped, died, watched, peers, platform, relink;
};

static void put_time(sqlite3_stmt *put, int at, double seconds)
{
    if (seconds < 0)
        sqlite3_bind_null(put, at);
    else
        sqlite3_bind_int64(put, at, (int64_t)llround(seconds * 1e9));
}

static void put_episode(const struct told *told, int number)
{
    int times = EPISODE_COLUMNS_BEFORE + MEASURE_COUNT + 1;
    char *text = schema_insert_episode();
    sqlite3_stmt *put;

    cr_assert_eq(sqlite3_prepare_v2(store_database(store), text, -1, &put, NULL), SQLITE_OK);
    for (int at = 1; at < times; at++)
        sqlite3_bind_int64(put, at, 0);
    sqlite3_bind_int(put, 1, told->arm);
    sqlite3_bind_int(put, 2, told->replicate);
    sqlite3_bind_int(put, 3, number);
    sqlite3_bind_text(put, 4, "target", -1, SQLITE_STATIC);
    sqlite3_bind_int(put, 5, told->failure);
    put_time(put, 8, told->stopped);
    put_time(put, 9, told->died);
    put_time(put, 10, told->watched);
    put_time(put, times + TIME_BY_PEERS, told->peers);
    put_time(put, times + TIME_BY_PLATFORM, told->platform);
    put_time(put, times + TIME_RELINK, told->relink);
    cr_assert_eq(sqlite3_step(put), SQLITE_DONE, "%s", sqlite3_errmsg(store_database(store)));
    sqlite3_finalize(put);
    free(text);
}

/* Four arms, repair none and peers under the faults one and two. */
static const struct told episodes[] = {
    /* none, one: watched for 10 s each, nothing ends. */
    {1, 0, 1, -1, 100, 110, -1, -1, -1},
    {1, 0, 1, -1, 200, 210, -1, -1, -1},
    {1, 1, 1, -1, 100, 110, -1, -1, -1},
    /* peers, one: 2, more than 4 (relaunched after the watching ended), 6 (the platform came before
       the peer), 8. */
    {2, 0, 1, -1, 100, 130, 2, -1, 3},
    {2, 0, 1, -1, 200, 204, 5, -1, 6},
    {2, 1, 1, -1, 300, 400, 7, 6, 9},
    {2, 1, 1, -1, 400, 420, 8, -1, -1},
    /* none, two: a stop that took half a second and was not undone in 20 s; one that left an
       incarnation, watched for 3 s. */
    {3, 0, 0, 50, 50.5, 70.5, -1, -1, -1},
    {3, 1, 0, 50, -1, 53, -1, -1, -1},
    /* peers, two: a stop that was undone after 4 s. */
    {4, 0, 0, 50, 50.25, 90, 4, -1, 5},
};

static void begin(void)
{
    struct error error = {0};
    int file = mkstemps(path, 3);

    cr_assert_geq(file, 0);
    close(file);
    unlink(path);
    cr_assert_eq(store_open(&store, path, STORE_WRITE, &error), 0, "%s", error.message);
    sql("INSERT INTO study VALUES('s','','','','factorial','1',2,'');"
        "INSERT INTO factor VALUES('s',0,'repair'),('s',1,'fault');"
        "INSERT INTO arm VALUES(1,'s',1,0,0,NULL,'n1','sim','','','',''),"
        "(2,'s',1,2,2,NULL,'p1','sim','','','',''),(3,'s',1,1,1,NULL,'n2','sim','','','',''),"
        "(4,'s',1,3,3,NULL,'p2','sim','','','','');"
        "INSERT INTO setting VALUES(1,0,'repair','none',NULL),(1,1,'fault','one',NULL),"
        "(2,0,'repair','peers',NULL),(2,1,'fault','one',NULL),(3,0,'repair','none',NULL),"
        "(3,1,'fault','two',NULL),(4,0,'repair','peers',NULL),(4,1,'fault','two',NULL);"
        "INSERT INTO run SELECT "
        "arm,r,'',0,0,0,0,0,0,0,NULL,NULL,NULL,NULL,0,0,0,0,0,0,0,NULL,NULL,'','' FROM "
        "arm,"
        "(SELECT 0 AS r UNION SELECT 1)");
    for (size_t i = 0; i < sizeof episodes / sizeof episodes[0]; i++)
        put_episode(&episodes[i], (int)i + 1);
    cr_assert_eq(results_open(&results, store, NULL, &error), 0, "%s", error.message);
}

static void end(void)
{
    char also[64];

    results_close(results);
    store_close(store);
    unlink(path);
    snprintf(also, sizeof also, "%s-wal", path);
    unlink(also);
    snprintf(also, sizeof also, "%s-shm", path);
    unlink(also);
}

TestSuite(times, .init = begin, .fini = end);

static struct study_times *ask(struct times_question question)
{
    struct study_times *times;
    struct error error = {0};

    cr_assert_eq(times_open(&times, results, store, &question, &error), 0, "%s", error.message);
    return times;
}

static const struct times_arm *arm_of(const struct study_times *times, const char *block,
                                      const char *level)
{
    for (uint32_t a = 0; a < times->arm_count; a++)
        if (strcmp(times->blocks[times->arms[a].block], block) == 0 &&
            strcmp(times->arms[a].level, level) == 0)
            return &times->arms[a];
    cr_assert_fail("no %s, %s", block, level);
    return NULL;
}

Test(times, repairs_are_those_of_a_calculation_by_hand)
{
    struct study_times *times = ask((struct times_question){.time = STUDY_TIME_REPAIR});
    const struct times_arm *peers = arm_of(times, "fault=one", "peers");

    cr_expect_str_eq(times->factor, "repair");
    cr_expect_eq(times->block_count, 2);
    cr_expect_eq(peers->count, 4);
    cr_expect_eq(peers->ended, 3);
    /* S: 3/4 from 2, 3/4 * 1/2 from 6, 0 from 8. */
    cr_assert_eq(peers->step_count, 3);
    cr_expect_float_eq(peers->steps[1].time, 6, 1e-12);
    cr_expect_float_eq(peers->steps[1].survival, 0.375, 1e-12);
    cr_expect_float_eq(peers->quantile[1].value, 6, 1e-12);
    /* Everybody is known up to 10 s, for of the peers' none lasted longer. */
    cr_expect_float_eq(times->horizon, 10, 1e-12);
    cr_expect_eq(arm_of(times, "fault=one", "none")->beyond.value, 1);
    cr_expect_eq(peers->beyond.value, 0);
    /* 2 + 4 * 3/4 + 2 * 3/8 */
    cr_expect_float_eq(peers->mean.value, 5.75, 1e-12);
    /* Run 0 alone: 2 and more than 4; run 1 alone: 6 and 8. So the median's draws are 2, none or
     * 6. */
    cr_expect_float_eq(peers->quantile[1].run_low, 2, 1e-12);
    cr_expect_geq(peers->quantile[1].run_high, 6);
    times_close(times);
}

Test(times, at_a_horizon_the_share_has_greenwoods_interval)
{
    struct study_times *times =
        ask((struct times_question){.time = STUDY_TIME_REPAIR, .horizon = 5});
    const struct times_arm *peers = arm_of(times, "fault=one", "peers");

    /* sqrt(1 / (4 * 3)) * 1.95996 / |log 0.75| = 1.96673; 0.75 to the power exp(+-1.96673) */
    cr_expect_float_eq(peers->beyond.value, 0.75, 1e-12);
    cr_expect_float_eq(peers->beyond.low, 0.12795, 1e-4);
    cr_expect_float_eq(peers->beyond.high, 0.96055, 1e-4);
    cr_expect_float_eq(peers->mean.value, 2 + 3 * 0.75, 1e-12);
    times_close(times);
}

Test(times, arms_of_a_block_are_compared)
{
    struct study_times *times = ask((struct times_question){.time = STUDY_TIME_REPAIR});

    /* Block two has no failures. Expected of the peers: 4/7 + 2/5 + 1/4; variance 12/49 + 6/25 +
     * 3/16. */
    cr_assert_eq(times->comparison_count, 1);
    double excess = 3 - (4.0 / 7 + 2.0 / 5 + 1.0 / 4);
    double variance = 12.0 / 49 + 6.0 / 25 + 3.0 / 16;
    cr_expect_str_eq(times->arms[times->comparisons[0].first].level, "peers");
    cr_expect_str_eq(times->arms[times->comparisons[0].second].level, "none");
    cr_expect_float_eq(times->comparisons[0].chi_squared, excess * excess / variance, 1e-9);
    cr_expect_float_eq(times->comparisons[0].adjusted, times->comparisons[0].run_p, 1e-12);
    times_close(times);
    times = ask((struct times_question){.time = STUDY_TIME_REPAIR, .against = "peers"});
    cr_expect_str_eq(times->arms[times->comparisons[0].second].level, "peers");
    times_close(times);
    times = ask((struct times_question){.time = STUDY_TIME_REPAIR, .by = "fault"});
    cr_expect_eq(times->comparison_count, 0, "nothing failed under two");
    cr_expect_eq(arm_of(times, "repair=peers", "one")->count, 4);
    times_close(times);
}

Test(times, links_and_stops_have_their_own)
{
    struct study_times *times = ask((struct times_question){.time = STUDY_TIME_OUTAGE});
    const struct times_arm *arm = arm_of(times, "fault=one", "peers");

    /* 3; more than 4; 9; more than 20. */
    cr_expect_eq(arm->count, 4);
    cr_expect_eq(arm->ended, 2);
    cr_expect_float_eq(arm->steps[1].time, 9, 1e-12);
    cr_expect_float_eq(arm->steps[1].survival, 0.375, 1e-12);
    times_close(times);

    times = ask((struct times_question){.time = STUDY_TIME_UNDONE});
    arm = arm_of(times, "fault=two", "none");
    cr_expect_eq(arm->count, 1, "what left an incarnation is not undone");
    cr_expect_eq(arm->ended, 0);
    arm = arm_of(times, "fault=two", "peers");
    cr_expect_eq(arm->ended, 1);
    cr_expect_float_eq(arm->steps[0].time, 4, 1e-12);
    times_close(times);

    times = ask((struct times_question){.time = STUDY_TIME_STOP});
    arm = arm_of(times, "fault=two", "none");
    cr_expect_eq(arm->count, 2);
    cr_expect_eq(arm->ended, 1);
    cr_expect_float_eq(arm->steps[0].time, 0.5, 1e-9);
    cr_expect_float_eq(times->horizon, 3, 1e-9);
    times_close(times);
}

Test(times, wrong_questions_are_refused)
{
    static const struct {
        struct times_question question;
        const char *wanted;
    } wrong[] = {{{.by = "colour"}, "no factor `colour`"},
                 {{.against = "luck"}, "`repair` has no level `luck`"}};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct study_times *times;
        struct error error = {0};

        cr_expect_eq(times_open(&times, results, store, &wrong[i].question, &error), ERROR_INPUT);
        cr_expect(strstr(error.message, wrong[i].wanted) != NULL, "%s", error.message);
    }
}
