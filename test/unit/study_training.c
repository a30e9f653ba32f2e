/*
 * Goal: from a database whose rows are known, the bins, the floor, the intervals by run and the
 * verdicts come out as calculated by hand. Limits: how the rows get there is tested at the end,
 * with one short run of learners; what learners do is test/unit/world_learn.c's.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "study/learners.h"
#include "study/run.h"
#include "study/schema.h"
#include "study/training.h"

#define HOUR INT64_C(3600000000000)

static char folder[] = "/tmp/iolaus-training-XXXXXX";
static char path[64];

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/known.db", folder);
}

static void end(void)
{
    char command[80];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(study_training, .init = begin, .fini = end);

/* ---- a database whose rows are known ---- */

static sqlite3 *database;
static sqlite3_stmt *episode;
static unsigned measures[2]; /* the columns of relaunched_by_peers and masked */

static void put(const char *sql)
{
    char *message = NULL;

    cr_assert_eq(sqlite3_exec(database, sql, NULL, NULL, &message), SQLITE_OK, "%s: %s", sql,
                 message);
}

static struct store *known_open(void)
{
    struct error error = {0};
    struct store *store;
    char *insert = schema_insert_episode();

    cr_assert_eq(store_open(&store, path, STORE_WRITE, &error), 0, "%s", error.message);
    database = store_database(store);
    cr_assert_eq(sqlite3_prepare_v2(database, insert, -1, &episode, NULL), SQLITE_OK);
    free(insert);
    for (unsigned m = 0; m < MEASURE_COUNT; m++) {
        if (strcmp(schema_measure(m), "relaunched_by_peers") == 0)
            measures[0] = m;
        if (strcmp(schema_measure(m), "masked") == 0)
            measures[1] = m;
    }
    put("BEGIN");
    put("INSERT INTO study VALUES('known','','','','factorial','1',1,'');"
        "INSERT INTO measure VALUES('known',0,'relaunched_by_peers','p'),('known',1,'masked','p'),"
        "('known',2,'availability','w'),('known',3,'survived','s')");
    return store;
}

static void known_close(struct store *store)
{
    put("COMMIT");
    sqlite3_finalize(episode);
    store_close(store);
}

/* An arm of so many runs of ten hours. */
static void put_arm(unsigned arm, const char *level, unsigned runs)
{
    char sql[512];

    snprintf(sql, sizeof sql,
             "INSERT INTO arm VALUES(%u,'known',1,%u,%u,NULL,'word=%s','sim','1','','','');"
             "INSERT INTO setting VALUES(%u,0,'word','%s',NULL)",
             arm, arm, arm, level, arm, level);
    put(sql);
    for (unsigned r = 0; r < runs; r++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO run "
                 "VALUES(%u,%u,'',0,0,%lld,0,0,100,90,NULL,NULL,NULL,NULL,0,0,0,0,0,0,0,NULL,NULL,'"
                 "','')",
                 arm, r, (long long)(10 * HOUR));
        put(sql);
    }
}

static void put_episode(unsigned arm, unsigned run, time_ns died, bool relaunched, bool masked)
{
    static int number;

    for (unsigned i = 0; i < EPISODE_COLUMNS_BEFORE + MEASURE_COUNT; i++)
        sqlite3_bind_int(episode, (int)i + 1, 0);
    sqlite3_bind_int64(episode, 1, arm);
    sqlite3_bind_int64(episode, 2, run);
    sqlite3_bind_int64(episode, 3, ++number);
    sqlite3_bind_text(episode, 4, "aim", -1, SQLITE_STATIC);
    sqlite3_bind_int64(episode, 7, died);
    sqlite3_bind_int64(episode, 9, died);
    sqlite3_bind_int64(episode, 10, died);
    sqlite3_bind_int(episode, (int)(EPISODE_COLUMNS_BEFORE + measures[0] + 1), relaunched);
    sqlite3_bind_int(episode, (int)(EPISODE_COLUMNS_BEFORE + measures[1] + 1), masked);
    cr_assert_eq(sqlite3_step(episode), SQLITE_DONE, "%s", sqlite3_errmsg(database));
    sqlite3_reset(episode);
}

/* Three learners about `aim` and one about `other`, who explore with 0.4, falling to 0 in 8 h. */
static void put_learners(unsigned arm, bool relaunch)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "INSERT INTO learners VALUES(%u,'aim','peer',3,%d,1,0.4,0,%lld),"
             "(%u,'other','peer',1,1,1,0.4,0,%lld)",
             arm, relaunch, (long long)(8 * HOUR), arm, (long long)(8 * HOUR));
    put(sql);
}

static int look_with(const char *measure, uint32_t bins, const char *against,
                     struct training **training, struct error *error)
{
    struct results *results;
    struct store *store;
    int code;

    cr_assert_eq(store_open(&store, path, STORE_READ, error), 0, "%s", error->message);
    cr_assert_eq(results_open(&results, store, NULL, error), 0, "%s", error->message);
    code = training_open(training, results, store, measure, bins, against, error);
    results_close(results);
    store_close(store);
    return code;
}

static struct training *look(const char *measure, uint32_t bins, const char *against)
{
    struct error error = {0};
    struct training *training;

    cr_assert_eq(look_with(measure, bins, against, &training, &error), 0, "%s", error.message);
    return training;
}

/* ---- the floor ---- */

Test(study_training, the_floor_is_that_of_w_peers_who_explore)
{
    struct training_peers three = {3, true, true, 0.3, 0.05, 40 * HOUR};
    struct training_peers mixed[] = {{2, true, false, 0.4, 0.4, TIME_NEVER},
                                     {1, false, true, 0.2, 0, 10 * HOUR}};

    /* 1 - (1 - 0.15)^3; half of the training later epsilon is 0.175. */
    cr_expect_float_eq(training_floor(&three, 1, TRAINING_MASK, 0), 0.385875, 1e-12);
    cr_expect_float_eq(training_floor(&three, 1, TRAINING_RELAUNCH, 20 * HOUR),
                       1 - pow(1 - 0.0875, 3), 1e-12);
    cr_expect_float_eq(training_floor(&three, 1, TRAINING_MASK, 40 * HOUR - 1), 1 - pow(0.975, 3),
                       1e-9);
    cr_expect_float_eq(training_floor(&three, 1, TRAINING_MASK, 40 * HOUR), 0, 1e-12,
                       "frozen from then on");
    cr_expect_float_eq(training_floor(&three, 1, TRAINING_NO_CHOICE, 0), 0, 1e-12);
    /* Only those whose tools allow it count. */
    cr_expect_float_eq(training_floor(mixed, 2, TRAINING_RELAUNCH, 999 * HOUR), 1 - 0.8 * 0.8,
                       1e-12);
    cr_expect_float_eq(training_floor(mixed, 2, TRAINING_MASK, 5 * HOUR), 0.05, 1e-12);
}

Test(study_training, steps_end_where_the_next_begin)
{
    static const time_ns trainings[] = {0, 1, 59, 60, 61, 40 * HOUR, 8 * HOUR + 7, TIME_NEVER - 1};

    for (size_t t = 0; t < sizeof trainings / sizeof *trainings; t++)
        for (uint32_t s = 0; s <= TRAINING_STEPS; s++) {
            time_ns from = training_step_begins(s, trainings[t]);

            cr_expect_geq(training_step(from, trainings[t]), s, "%zu, %u", t, s);
            if (from > 0)
                cr_expect_lt(training_step(from - 1, trainings[t]), s == 0 ? 1 : s, "%zu, %u", t,
                             s);
        }
    cr_expect_eq(training_step_begins(TRAINING_STEPS, 8 * HOUR + 7), 8 * HOUR + 7);
    cr_expect_eq(training_step(4 * HOUR, 8 * HOUR), 30);
}

/* ---- bins ---- */

Test(study_training, an_episode_is_of_the_bin_in_which_its_target_died)
{
    struct store *store = known_open();
    struct training *training;
    const struct training_bin *bins;

    put_arm(1, "a", 2);
    put_learners(1, true);
    for (unsigned run = 0; run < 2; run++) {
        put_episode(1, run, 0, run == 0, false);
        put_episode(1, run, 2 * HOUR - 1, false, false);
        put_episode(1, run, 2 * HOUR, true, false); /* an edge is the next one's */
        put_episode(1, run, 8 * HOUR - 1, true, false);
        put_episode(1, run, 8 * HOUR, true, true); /* and this is the frozen phase */
        put_episode(1, run, 10 * HOUR, true, false);
    }
    known_close(store);
    training = look("relaunched_by_peers", 4, NULL);
    cr_assert_eq(training->arm_count, 1);
    cr_expect_eq(training->arms[0].training, 8 * HOUR);
    cr_expect(training->arms[0].learns && training->arms[0].runs == 2);
    bins = training->arms[0].bins;
    cr_expect_float_eq(bins[0].rate.whole, 4, 1e-9);
    cr_expect_float_eq(bins[0].rate.rate, 0.25, 1e-9);
    cr_expect_float_eq(bins[0].part[0], 1, 1e-9, "by run");
    cr_expect_float_eq(bins[0].part[1], 0, 1e-9);
    /* The mean of the floors of its episodes: epsilon is 0.4 at the start, 0.3 after two hours. */
    cr_expect_float_eq(bins[0].floor, ((1 - pow(0.8, 3)) + (1 - pow(0.85, 3))) / 2, 1e-9);
    cr_expect_float_eq(bins[0].deciders, 3, 1e-9);
    cr_expect_float_eq(bins[1].rate.whole, 2, 1e-9);
    cr_expect_eq(bins[1].from, 2 * HOUR);
    cr_expect_eq(bins[1].until, 4 * HOUR);
    cr_expect_float_eq(bins[2].rate.whole, 0, 1e-9);
    cr_expect(isnan(bins[2].rate.rate) && bins[2].verdict == TRAINING_NO_FLOOR);
    cr_expect_float_eq(bins[3].rate.whole, 2, 1e-9);
    cr_expect_float_eq(bins[4].rate.whole, 4, 1e-9);
    cr_expect_eq(bins[4].until, 10 * HOUR);
    cr_expect_eq(bins[4].verdict, TRAINING_ABOVE, "a frozen mind does not explore");
    cr_expect_eq(training_last(training, &training->arms[0]), &bins[4]);
    training_close(training);
}

/* Twenty runs of a hundred episodes each hour of the training; whether it happened by a rule. */
#define RUNS 20
static void put_rates(unsigned arm, double rate_by_run[RUNS])
{
    for (unsigned run = 0; run < RUNS; run++)
        for (unsigned i = 0; i < 100; i++)
            put_episode(arm, run, 4 * HOUR + i, false, i < 100 * rate_by_run[run] - 1e-9);
}

/* At four hours epsilon is 0.2, and the floor of three peers 0.271. */
Test(study_training, verdicts_are_by_run_and_by_holm)
{
    struct store *store = known_open();
    struct training *training;
    double at[RUNS], above[RUNS], below[RUNS], few[RUNS];

    for (unsigned r = 0; r < RUNS; r++) {
        at[r] = r % 2 == 0 ? 0.25 : 0.29;
        above[r] = r % 2 == 0 ? 0.40 : 0.50;
        below[r] = r % 2 == 0 ? 0.10 : 0.14;
        few[r] = r < 2 ? 1 : 0.27; /* two runs alone: many episodes, and yet no proof */
    }
    for (unsigned a = 1; a <= 5; a++) {
        static const char *const levels[] = {"at", "above", "below", "few", "forbidden"};

        put_arm(a, levels[a - 1], RUNS);
        put_learners(a, a != 5);
    }
    put_rates(1, at);
    put_rates(2, above);
    put_rates(3, below);
    put_rates(4, few);
    put_rates(5, at);
    known_close(store);
    training = look("masked", 1, NULL);
    cr_assert_eq(training->arm_count, 5);
    cr_expect_float_eq(training->arms[0].bins[0].floor, 0.271, 1e-9);
    cr_expect_eq(training->arms[0].bins[0].verdict, TRAINING_AT);
    cr_expect_eq(training->arms[1].bins[0].verdict, TRAINING_ABOVE);
    cr_expect_eq(training->arms[2].bins[0].verdict, TRAINING_BELOW);
    cr_expect_eq(training->arms[3].bins[0].verdict, TRAINING_AT, "p %g",
                 training->arms[3].bins[0].test.p);
    cr_expect_gt(training->arms[3].bins[0].rate.rate, 0.33);
    for (uint32_t a = 0; a < 5; a++)
        cr_expect_geq(training->arms[a].bins[0].adjusted, training->arms[a].bins[0].test.p);
    cr_expect_float_eq(training->arms[2].bins[0].adjusted, 5 * training->arms[2].bins[0].test.p,
                       1e-9, "the least p is multiplied by the number of arms");
    training_close(training);
    training = look("relaunched_by_peers", 1, NULL);
    cr_expect_float_eq(training->arms[4].bins[0].floor, 0, 1e-12, "their tools do not allow it");
    cr_expect_float_eq(training->arms[4].bins[0].deciders, 0, 1e-12);
    cr_expect_eq(training->arms[4].bins[0].verdict, TRAINING_AT);
    training_close(training);
}

Test(study_training, an_arm_is_held_against_another_level)
{
    struct store *store = known_open();
    struct training *training;
    struct error error = {0};

    for (unsigned arm = 1; arm <= 2; arm++) {
        put_arm(arm, arm == 1 ? "hold" : "none", 4);
        put_learners(arm, true);
        for (unsigned run = 0; run < 4; run++)
            for (unsigned i = 0; i < 10; i++)
                put_episode(arm, run, 9 * HOUR + i, false, arm == 1 ? i < 9 - run : i < run);
    }
    known_close(store);
    training = look("masked", 2, "word=none");
    cr_expect_eq(training->arms[0].against, 1);
    cr_expect_eq(training->arms[1].against, UINT32_MAX);
    cr_expect_float_eq(training->arms[0].difference.difference, 0.6, 1e-9);
    cr_expect_float_eq(training->arms[0].difference.p, 2.0 / 70, 1e-9);
    cr_expect_float_eq(training->arms[0].difference_adjusted, 2.0 / 70, 1e-9, "one comparison");
    training_close(training);
    cr_expect_eq(look_with("masked", 2, "word=nothing", &training, &error), ERROR_INPUT);
    cr_expect(strstr(error.message, "word=nothing") != NULL, "%s", error.message);
    cr_expect_eq(look_with("masked", 2, "word", &training, &error), ERROR_INPUT);
    cr_expect_eq(look_with("copied", 2, NULL, &training, &error), ERROR_INPUT);
    cr_expect_eq(look_with("survived", 2, NULL, &training, &error), ERROR_INPUT);
}

Test(study_training, tasks_are_counted_by_steps)
{
    struct store *store = known_open();
    struct training *training;

    put_arm(1, "a", 1);
    put_learners(1, true);
    put_arm(2, "scripted", 1);
    put("INSERT INTO training_work VALUES(1,0,0,0,10,1),(1,0,29,0,10,2),(1,0,30,0,10,4),"
        "(1,0,59,0,10,8),(1,0,60,0,10,9)");
    known_close(store);
    training = look("availability", 2, NULL);
    cr_expect_float_eq(training->arms[0].bins[0].rate.part, 3, 1e-9);
    cr_expect_float_eq(training->arms[0].bins[1].rate.part, 12, 1e-9);
    cr_expect_float_eq(training->arms[0].bins[2].rate.rate, 0.9, 1e-9);
    cr_expect(isnan(training->arms[0].bins[0].floor));
    cr_expect_not(training->arms[1].learns);
    cr_expect_float_eq(training->arms[1].bins[2].rate.rate, 0.9, 1e-9, "the whole run");
    training_close(training);
}

Test(study_training, where_nobody_learns_it_says_so)
{
    struct store *store = known_open();
    struct training *training;
    struct error error = {0};

    put_arm(1, "scripted", 1);
    known_close(store);
    cr_expect_eq(look_with("masked", 2, NULL, &training, &error), ERROR_INPUT);
    cr_expect(strstr(error.message, "nobody learns") != NULL, "%s", error.message);
}

/* ---- what a run leaves behind ---- */

static void run_study(const char *study_path)
{
    static const volatile int never;
    struct error error = {0};
    struct study_running running = {.workers = 1, .stop = &never};
    struct study *study;

    cr_assert_eq(study_open(&study, study_path, &error), 0, "%s", error.message);
    cr_assert_eq(store_open(&running.store, path, STORE_WRITE, &error), 0, "%s", error.message);
    cr_assert_eq(store_plan(running.store, study, &error), 0, "%s", error.message);
    running.study = study;
    cr_assert_eq(study_run(&running, &error), 0, "%s", error.message);
    store_close(running.store);
    study_close(study);
}

static int64_t ask(const char *sql)
{
    sqlite3_stmt *statement;
    int64_t value;

    cr_assert_eq(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK, "%s", sql);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

Test(study_training, a_run_leaves_its_learners_and_its_tasks)
{
    char study_path[96];
    FILE *file;

    snprintf(study_path, sizeof study_path, "%s/s.yaml", folder);
    file = fopen(study_path, "w");
    cr_assert_not_null(file);
    fprintf(file,
            "iolaus: 1\nstudy: s\nscenario: %s/scenarios/learner-alone.yaml\narm: learner\n"
            "replicates: 2\nset: {duration: 1h, minds.learner.adaptive.train: 30min, "
            "crew.watcher.count: 2, work: [{name: own, every: 1s, deadline: 3s, route: "
            "[worker, watcher-1]}]}\nmeasures: [masked]\n",
            SOURCE_ROOT);
    cr_assert_eq(fclose(file), 0);
    run_study(study_path);
    cr_assert_eq(sqlite3_open(path, &database), SQLITE_OK);
    /* The worker is linked with two who learn; each watcher with one, the worker learns nothing. */
    cr_expect_eq(ask("SELECT count(*) FROM learners"), 3);
    cr_expect_eq(ask("SELECT count FROM learners WHERE target = 'worker' AND peers = 'watcher' AND "
                     "relaunch AND mask AND exploration BETWEEN 0.2999 AND 0.3001 AND "
                     "exploration_end BETWEEN 0.0499 AND 0.0501 AND train_ns = 1800000000000"),
                 2);
    cr_expect_eq(ask("SELECT count FROM learners WHERE target = 'watcher-2'"), 1);
    cr_expect_eq(ask("SELECT count(*) FROM training_work"), 2 * (TRAINING_STEPS + 1));
    cr_expect_eq(ask("SELECT from_ns FROM training_work WHERE step = 60"), HOUR / 2);
    cr_expect_eq(ask("SELECT sum(tasks_emitted) FROM training_work"),
                 ask("SELECT sum(tasks_emitted) FROM run"));
    cr_expect_eq(ask("SELECT sum(tasks_done) FROM training_work"),
                 ask("SELECT sum(tasks_done) FROM run"));
    /* A task a second: thirty in a step of half a minute. */
    cr_expect_eq(ask("SELECT min(tasks_emitted) FROM training_work WHERE step BETWEEN 1 AND 59"),
                 30);
    sqlite3_close(database);
}
