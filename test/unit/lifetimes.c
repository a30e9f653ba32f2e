/*
 * Goal: of records made by hand the analysis says how long incarnations ran beside one another, how
 * often a task was done twice, when the stop itself came, and for how long each target was watched.
 * Limits: that the worlds write such records is tested in world.c and in the live tests.
 */
#include "analysis/rows.h"
#include "analysis_tape.h"

#define EPISODES_MAX 8

struct kept {
    struct run_row run;
    struct episode_row episodes[EPISODES_MAX];
    uint32_t count;
};

static int keep_run(void *context, const struct run_row *row)
{
    struct kept *kept = context;

    cr_assert_eq(kept->count, 0, "the run's row comes first");
    kept->run = *row;
    return 0;
}

static int keep_episode(void *context, const struct episode_row *row)
{
    struct kept *kept = context;

    cr_assert_lt(kept->count, EPISODES_MAX);
    kept->episodes[kept->count++] = *row;
    return 0;
}

static int keep_act(void *context, const struct act_row *row)
{
    (void)context, (void)row;
    return 0;
}

static struct kept rows_of(const struct tape *tape, int64_t end_ms)
{
    struct kept kept = {0};
    struct analysis_rows rows = {
        .run = keep_run, .episode = keep_episode, .act = keep_act, .context = &kept};
    struct findings *findings = findings_open("arm");
    struct analysis *analysis = analysis_open(&header);
    struct error error = {0};

    analysis_rows(analysis, &rows);
    for (size_t i = 0; i < tape->count; i++)
        cr_assert_eq(analysis_take(analysis, &tape->records[i]), 0, "record %zu", i);
    cr_assert_eq(analysis_close(analysis, end_ms * MS, findings, &error), 0, "%s", error.message);
    findings_close(findings);
    return kept;
}

static struct record_id died(struct tape *tape, int64_t ms, struct record_id cause, agent_id whom)
{
    return put(tape, ms, VERB_DIED, cause, AGENT_NONE, whom, DEATH_CRASHED);
}

static struct record_id started(struct tape *tape, int64_t ms, struct record_id cause,
                                agent_id whom, enum start_reason reason)
{
    return put(tape, ms, VERB_STARTED, cause, AGENT_NONE, whom, reason);
}

/* ---- incarnations side by side ---- */

Test(lifetimes, a_crew_whose_agents_run_once_has_no_duplicates)
{
    struct tape tape = {0};
    struct kept kept;

    for (agent_id agent = 0; agent < CREW; agent++)
        started(&tape, 0, NONE, agent, START_FIRST);
    died(&tape, 4000, NONE, WRITER);
    started(&tape, 7000, NONE, WRITER, START_PLATFORM);
    kept = rows_of(&tape, 10000);
    cr_expect_eq(kept.run.duplicates, 0);
    cr_expect_eq(kept.run.duplicate, 0);
    cr_expect_eq(kept.run.running, (CREW * 10000 - 3000) * MS);
}

/* A second life of the writer from 2 s, a third from 3 s; of the three one ends at 5 s, another at
 * 9 s. Beyond the first there are 1 from 2 s, 2 from 3 s, 1 from 5 s, none from 9 s. The camera's
 * second life runs from 9.5 s to the end at 10 s. */
Test(lifetimes, incarnations_beside_another_are_counted_and_timed)
{
    struct tape tape = {0};
    struct kept kept;

    started(&tape, 2000, NONE, WRITER, START_PEER);
    started(&tape, 3000, NONE, WRITER, START_PEER);
    died(&tape, 5000, NONE, WRITER);
    died(&tape, 9000, NONE, WRITER);
    started(&tape, 9500, NONE, CAMERA, START_PLATFORM);
    kept = rows_of(&tape, 10000);
    cr_expect_eq(kept.run.duplicates, 3);
    cr_expect_eq(kept.run.duplicate, (1000 + 2 * 2000 + 4000 + 500) * MS);
    cr_expect_eq(kept.run.running, CREW * 10000 * MS + kept.run.duplicate);
}

Test(lifetimes, a_task_done_twice_is_counted_once)
{
    static const int64_t dones[][3] = {{1, 1100, 0}, {2, 1200, 0}, {2, 1300, 0},
                                       {2, 1400, 1}, {3, 1500, 1}, {4, 1600, 1},
                                       {4, 1700, 0}, {5, 1800, 1}, {5, 1900, 1}};
    struct tape tape = {0};
    struct kept kept;

    for (int64_t task = 1; task <= 6; task++)
        put(&tape, 1000, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, task);
    for (size_t i = 0; i < sizeof dones / sizeof dones[0]; i++) {
        put(&tape, dones[i][1], VERB_TASK_DONE, NONE, AGENT_NONE, WRITER, dones[i][0]);
        last(&tape)->flags = dones[i][2] ? FLAG_LATE : 0;
    }
    /* 2 and 4 were done in time and once more; 5 never in time. */
    kept = rows_of(&tape, 10000);
    cr_expect_eq(kept.run.tasks_again, 2);
}

/* ---- how long a target is watched ---- */

Test(lifetimes, a_target_is_watched_until_it_is_restored_stopped_again_or_the_end)
{
    struct tape tape = {0};
    struct record_id stops, restores;
    struct kept kept;

    /* Announced at 1 s, stopped at 2 s, dead at 2.5 s, restored at 6 s. */
    put(&tape, 1000, VERB_ANNOUNCED, NONE, AGENT_NONE, WRITER, 0);
    stops = put(&tape, 2000, VERB_STOPS, NONE, AGENT_NONE, WRITER, 0);
    died(&tape, 2500, stops, WRITER);
    restores = put(&tape, 6000, VERB_RESTORES, NONE, AGENT_NONE, WRITER, 0);
    started(&tape, 6100, restores, WRITER, START_OPERATOR);
    /* A failure at 7 s, of which it is back at 7.5 s; and another at 8 s, to the end. */
    died(&tape, 7000, NONE, WRITER);
    started(&tape, 7500, NONE, WRITER, START_PLATFORM);
    died(&tape, 8000, NONE, WRITER);
    /* A stop of one that is dead already stops nothing, and ends no watching. */
    put(&tape, 8500, VERB_THWARTED, NONE, AGENT_NONE, WRITER, THWART_DEAD);
    /* Another agent's failure has nothing to do with it. */
    died(&tape, 9000, NONE, CAMERA);
    kept = rows_of(&tape, 10000);
    cr_assert_eq(kept.count, 4);
    cr_expect_eq(kept.episodes[0].began, 1000 * MS);
    cr_expect_eq(kept.episodes[0].stopped, 2000 * MS);
    cr_expect_eq(kept.episodes[0].died, 2500 * MS);
    cr_expect_eq(kept.episodes[0].watched, 6000 * MS);
    cr_expect_eq(kept.episodes[1].stopped, -1);
    cr_expect_eq(kept.episodes[1].watched, 8000 * MS);
    cr_expect_eq(kept.episodes[2].watched, 10000 * MS);
    cr_expect_eq(kept.episodes[3].watched, 10000 * MS);
}

/* A stop that kills one of two incarnations leaves the target alive: the next stop ends the
 * watching. */
Test(lifetimes, a_stop_that_left_another_incarnation_alive_has_no_death)
{
    struct tape tape = {0};
    struct record_id stops;
    struct kept kept;

    started(&tape, 500, NONE, WRITER, START_PEER);
    stops = put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, WRITER, 0);
    died(&tape, 1200, stops, WRITER);
    stops = put(&tape, 4000, VERB_STOPS, NONE, AGENT_NONE, WRITER, 0);
    died(&tape, 4300, stops, WRITER);
    kept = rows_of(&tape, 5000);
    cr_assert_eq(kept.count, 2);
    cr_expect_eq(kept.episodes[0].died, -1);
    cr_expect_eq(kept.episodes[0].watched, 4000 * MS);
    cr_expect_eq(kept.episodes[1].died, 4300 * MS);
    cr_expect_eq(kept.run.duplicate, 700 * MS);
}
