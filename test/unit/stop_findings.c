/*
 * Goal: of stops made by hand the analysis says what was done before and after the fence, whether
 * the target stayed dead, what ran after the seal, when it was quiet, and what it cost whom.
 * Limits: that the worlds write such records is tested in world.c and in the live tests.
 */
#include "analysis/rows.h"
#include "analysis_tape.h"
#include "core/control/campaign.h"

#define EPISODES_MAX 8

struct kept {
    struct run_row run;
    struct episode_row episodes[EPISODES_MAX];
    time_ns times[EPISODES_MAX][TIME_COUNT];
    uint32_t count;
};

static int keep_run(void *context, const struct run_row *row)
{
    ((struct kept *)context)->run = *row;
    return 0;
}

static int keep_episode(void *context, const struct episode_row *row)
{
    struct kept *kept = context;

    cr_assert_lt(kept->count, EPISODES_MAX);
    memcpy(kept->times[kept->count], row->times, sizeof kept->times[0]);
    kept->episodes[kept->count++] = *row;
    return 0;
}

static int keep_act(void *context, const struct act_row *row)
{
    (void)context, (void)row;
    return 0;
}

/* The findings of the tape, and its rows. */
static struct findings *rows_of(const struct tape *tape, int64_t end_ms, struct kept *kept)
{
    struct analysis_rows rows = {
        .run = keep_run, .episode = keep_episode, .act = keep_act, .context = kept};
    struct findings *findings = findings_open("arm");
    struct analysis *analysis = analysis_open(&header);
    struct error error = {0};

    *kept = (struct kept){0};
    analysis_rows(analysis, &rows);
    for (size_t i = 0; i < tape->count; i++)
        cr_assert_eq(analysis_take(analysis, &tape->records[i]), 0, "record %zu", i);
    cr_assert_eq(analysis_close(analysis, end_ms * MS, findings, &error), 0, "%s", error.message);
    return findings;
}

static uint64_t after_count(const struct findings *findings, uint32_t generation)
{
    return findings_reproduction_after(findings, generation, true, 0.95).count;
}

static struct record_id copy(struct tape *tape, int64_t ms, struct record_id cause, agent_id who)
{
    struct record_id copies = put(tape, ms - 1, VERB_COPIES, cause, who, ARCHIVIST, 0);
    return put(tape, ms, VERB_COPIED, copies, who, ARCHIVIST, 0);
}

/* A stop by `cauterize` at 1000 ms: fenced at 1010, dead at 1020, sealed at 1030. */
struct cauterized {
    struct record_id stops, fenced, died, sealed;
};

static struct record_id begin(struct tape *tape)
{
    return put(tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, PROTOCOL_CAUTERIZE);
}

static struct record_id fence(struct tape *tape, struct record_id stops)
{
    return put(tape, 1010, VERB_FENCED, stops, AGENT_NONE, ARCHIVIST, 1);
}

static struct record_id seal(struct tape *tape, struct record_id stops)
{
    struct record_id found = put(tape, 1020, VERB_FOUND, stops, AGENT_NONE, ARCHIVIST, 0);
    struct record_id killed = put(tape, 1020, VERB_KILLED, found, AGENT_NONE, ARCHIVIST, 0);

    struct record_id died = put(tape, 1020, VERB_DIED, killed, AGENT_NONE, ARCHIVIST, DEATH_KILLED);
    put(tape, 1025, VERB_FROZEN, stops, AGENT_NONE, ARCHIVIST, 5 * MS);
    put(tape, 1026, VERB_MARKED, stops, AGENT_NONE, ARCHIVIST, 0);
    put(tape, 1026, VERB_MARKED, stops, AGENT_NONE, ARCHIVIST, 0);
    put(tape, 1028, VERB_TOMBSTONED, stops, AGENT_NONE, ARCHIVIST, 1);
    put(tape, 1030, VERB_SEALED, stops, AGENT_NONE, ARCHIVIST, 1);
    return died;
}

/* ---- the fence ---- */

Test(stop_findings, what_is_done_before_the_fence_is_told_from_what_is_done_after_it)
{
    struct tape tape = {0};
    struct kept kept;
    struct record_id stops = begin(&tape);

    copy(&tape, 1005, stops, WRITER);
    fence(&tape, stops);
    struct record_id died = seal(&tape, stops);
    struct record_id second =
        copy(&tape, 1500, decide(&tape, 1040, died, CAMERA, ARCHIVIST), CAMERA);
    copy(&tape, 1600, second, EDITOR);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    EXPECT_HITS(findings, "responded_before", 1);
    EXPECT_HITS(findings, "responded_after", 1);
    cr_expect_eq(acts(findings, "responded_after"), 2);
    cr_expect_eq(r_count(findings, 0), 2);
    cr_expect_eq(after_count(findings, 0), 1, "the camera's");
    cr_expect_eq(after_count(findings, 1), 1, "the editor's, called forth by it");
    cr_expect_eq(kept.episodes[0].fence, 1010 * MS);
    cr_expect_eq(kept.episodes[0].responses_direct_after, 1);
    findings_close(findings);
}

Test(stop_findings, who_acts_before_the_fence_and_again_after_it_counts_after_it_too)
{
    struct tape tape = {0};
    struct kept kept;
    struct record_id stops = begin(&tape);

    struct record_id first = copy(&tape, 1005, stops, WRITER);
    fence(&tape, stops);
    seal(&tape, stops);
    copy(&tape, 1500, first, WRITER);
    copy(&tape, 1600, first, WRITER);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    cr_expect_eq(r_count(findings, 0), 1, "one response of one agent");
    cr_expect_eq(after_count(findings, 0), 1);
    cr_expect_eq(after_count(findings, 1), 0, "what it did before the fence is no parent");
    findings_close(findings);
}

Test(stop_findings, of_a_protocol_that_fences_nobody_the_stop_is_the_fence)
{
    struct tape tape = {0};
    struct kept kept;
    struct record_id told = put(&tape, 900, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);

    last(&tape)->via = WRITER;
    copy(&tape, 950, told, WRITER);
    struct record_id stops =
        put(&tape, 1000, VERB_STOPS, told, AGENT_NONE, ARCHIVIST, PROTOCOL_TERMINATE);
    struct record_id killed = put(&tape, 1005, VERB_KILLED, stops, AGENT_NONE, ARCHIVIST, 0);
    struct record_id died =
        put(&tape, 1010, VERB_DIED, killed, AGENT_NONE, ARCHIVIST, DEATH_KILLED);
    relaunch(&tape, 2000, decide(&tape, 1100, died, CAMERA, ARCHIVIST), CAMERA, ARCHIVIST);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    EXPECT_HITS(findings, "responded_before", 1);
    EXPECT_HITS(findings, "responded_after", 1);
    EXPECT_HITS(findings, "stayed_dead", 0);
    EXPECT_HITS(findings, "fenced", 0);
    cr_expect_eq(r_count(findings, 0), 2);
    cr_expect_eq(after_count(findings, 0), 1);
    cr_expect_eq(kept.episodes[0].ran, (10 + 8000) * MS, "%lld", (long long)kept.episodes[0].ran);
    cr_expect_eq(kept.times[0][TIME_QUIET], -1, "it runs");
    findings_close(findings);
}

Test(stop_findings, once_the_operator_brings_it_back_no_fence_stands)
{
    struct tape tape = {0};
    struct kept kept;
    struct record_id stops = begin(&tape);

    fence(&tape, stops);
    struct record_id died = seal(&tape, stops);
    put(&tape, 5000, VERB_LIFTED, NONE, AGENT_NONE, ARCHIVIST, 1);
    copy(&tape, 5010, died, CAMERA);
    put(&tape, 5020, VERB_RESTORES, NONE, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 5500, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, START_OPERATOR);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    cr_expect_eq(after_count(findings, 0), 0);
    EXPECT_HITS(findings, "stayed_dead", 1);
    EXPECT_HITS(findings, "ghosts", 0);
    cr_expect_eq(kept.episodes[0].watched, 5000 * MS);
    cr_expect_eq(kept.times[0][TIME_QUIET], 20 * MS);
    findings_close(findings);
}

/* ---- the seal ---- */

Test(stop_findings, a_sealed_stop_is_timed_and_what_it_cost_is_counted)
{
    struct tape tape = {0};
    struct kept kept;
    struct record_id stops = begin(&tape);

    fence(&tape, stops);
    struct record_id died = seal(&tape, stops);
    struct record_id decided = decide(&tape, 1040, died, CAMERA, ARCHIVIST);
    struct record_id volunteers = put(&tape, 1500, VERB_VOLUNTEERS, decided, CAMERA, ARCHIVIST, 0);
    put(&tape, 1502, VERB_REFUSED, volunteers, CAMERA, ARCHIVIST,
        (ACT_VOLUNTEER << 8) | REFUSAL_TOMBSTONE);
    struct findings *findings = rows_of(&tape, 10000, &kept);
    const struct episode_row *row = &kept.episodes[0];

    EXPECT_HITS(findings, "fenced", 1);
    EXPECT_HITS(findings, "sealed", 1);
    EXPECT_HITS(findings, "stayed_dead", 1);
    EXPECT_HITS(findings, "ghosts", 0);
    EXPECT_HITS(findings, "unproven", 0);
    cr_expect_eq(kept.times[0][TIME_QUIET], 20 * MS);
    cr_expect_eq(kept.times[0][TIME_SEAL], 30 * MS);
    cr_expect_eq(kept.times[0][TIME_STANDSTILL], 5 * MS);
    cr_expect_eq(row->sealed, 1030 * MS);
    cr_expect_eq(row->ran, 20 * MS);
    cr_expect_eq(row->act, 1500 * MS);
    cr_expect_eq(row->defence_acts, 1);
    cr_expect_eq(row->defence_messages, 2);
    cr_expect_eq(row->kill_actions, 6, "stops, fenced, killed, frozen, tombstoned, sealed");
    cr_expect_eq(row->kill_messages, 5, "fenced, killed, tombstoned, marked twice");
    findings_close(findings);
}

Test(stop_findings, what_runs_after_the_seal_is_a_ghost)
{
    static const enum record_verb verbs[] = {VERB_STARTED, VERB_POSED};

    for (size_t i = 0; i < 2; i++) {
        struct tape tape = {0};
        struct kept kept;
        struct record_id stops = begin(&tape);

        fence(&tape, stops);
        struct record_id died = seal(&tape, stops);
        put(&tape, 2000, verbs[i], died, CAMERA, ARCHIVIST,
            verbs[i] == VERB_STARTED ? START_PEER : 77);
        struct findings *findings = rows_of(&tape, 10000, &kept);

        EXPECT_HITS(findings, "ghosts", 1);
        EXPECT_HITS(findings, "stayed_dead", 0);
        cr_expect_eq(kept.times[0][TIME_QUIET], -1);
        findings_close(findings);
    }
}

Test(stop_findings, what_runs_beside_the_target_when_it_is_sealed_is_a_ghost)
{
    struct tape tape = {0};
    struct kept kept;

    put(&tape, 500, VERB_POSED, NONE, CAMERA, ARCHIVIST, 77);
    struct record_id stops = begin(&tape);
    fence(&tape, stops);
    seal(&tape, stops);
    put(&tape, 3000, VERB_EXITED, NONE, CAMERA, ARCHIVIST, 77);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    EXPECT_HITS(findings, "ghosts", 1);
    findings_close(findings);
}

Test(stop_findings, one_process_that_ran_as_several_ends_for_all_of_them)
{
    struct tape tape = {0};
    struct kept kept;

    put(&tape, 500, VERB_POSED, NONE, CAMERA, WRITER, 77);
    put(&tape, 500, VERB_POSED, NONE, CAMERA, ARCHIVIST, 77);
    put(&tape, 500, VERB_POSED, NONE, CAMERA, ARCHIVIST, 77);
    put(&tape, 800, VERB_EXITED, NONE, CAMERA, WRITER, 77);
    struct record_id stops = begin(&tape);
    fence(&tape, stops);
    seal(&tape, stops);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    EXPECT_HITS(findings, "ghosts", 0);
    EXPECT_HITS(findings, "stayed_dead", 1);
    findings_close(findings);
}

Test(stop_findings, what_poses_and_is_held_is_no_ghost)
{
    struct tape tape = {0};
    struct kept kept;

    put(&tape, 500, VERB_POSED, NONE, CAMERA, ARCHIVIST, 77);
    struct record_id stops =
        put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, PROTOCOL_QUARANTINE);
    put(&tape, 1010, VERB_FENCED, stops, AGENT_NONE, ARCHIVIST, 1);
    put(&tape, 1020, VERB_FOUND, stops, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 1020, VERB_FOUND, stops, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 1030, VERB_SEALED, stops, AGENT_NONE, ARCHIVIST, 2);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    EXPECT_HITS(findings, "ghosts", 0);
    EXPECT_HITS(findings, "stayed_dead", 1);
    cr_expect_eq(kept.episodes[0].ran, 20 * MS);
    findings_close(findings);
}

Test(stop_findings, an_end_that_nobody_could_prove_is_no_seal)
{
    struct tape tape = {0};
    struct kept kept;
    struct record_id stops = begin(&tape);

    fence(&tape, stops);
    put(&tape, 1030, VERB_THWARTED, stops, AGENT_NONE, ARCHIVIST, THWART_UNPROVEN);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    EXPECT_HITS(findings, "unproven", 1);
    EXPECT_HITS(findings, "thwarted", 1);
    EXPECT_HITS(findings, "sealed", 0);
    EXPECT_HITS(findings, "stayed_dead", 0);
    findings_close(findings);
}

Test(stop_findings, what_a_quarantine_holds_does_not_run_and_is_no_ghost)
{
    struct tape tape = {0};
    struct kept kept;
    struct record_id stops =
        put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, PROTOCOL_QUARANTINE);

    put(&tape, 1010, VERB_FENCED, stops, AGENT_NONE, ARCHIVIST, 1);
    struct record_id found = put(&tape, 1020, VERB_FOUND, stops, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 1020, VERB_HUNG, found, AGENT_NONE, ARCHIVIST, 0);
    /* One that was being started has not come to its first instruction, and is killed. */
    struct record_id second = put(&tape, 1021, VERB_FOUND, stops, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 1021, VERB_KILLED, second, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 1030, VERB_SEALED, stops, AGENT_NONE, ARCHIVIST, 1);
    struct record_id released = put(&tape, 5000, VERB_RESUMED, stops, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 5001, VERB_ALERTS, released, ARCHIVIST, WRITER, 0);
    put(&tape, 5002, VERB_LIFTED, NONE, AGENT_NONE, ARCHIVIST, 1);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    EXPECT_HITS(findings, "sealed", 1);
    EXPECT_HITS(findings, "ghosts", 0);
    EXPECT_HITS(findings, "stayed_dead", 1);
    EXPECT_HITS(findings, "died", 0);
    cr_expect_eq(kept.count, 1, "it is no failure");
    cr_expect_eq(kept.episodes[0].watched, 5000 * MS);
    cr_expect_eq(kept.episodes[0].act, -1, "what it does when it is let go is not of the stop");
    cr_expect_eq(kept.episodes[0].ran, 20 * MS);
    cr_expect_eq(kept.times[0][TIME_QUIET], 21 * MS);
    findings_close(findings);
}

Test(stop_findings, a_quarantine_that_misses_one_leaves_a_ghost)
{
    struct tape tape = {0};
    struct kept kept;
    struct record_id stops =
        put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, PROTOCOL_QUARANTINE);

    put(&tape, 1010, VERB_FENCED, stops, AGENT_NONE, ARCHIVIST, 1);
    put(&tape, 1030, VERB_SEALED, stops, AGENT_NONE, ARCHIVIST, 1);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    EXPECT_HITS(findings, "ghosts", 1);
    EXPECT_HITS(findings, "stayed_dead", 0);
    findings_close(findings);
}

/* ---- the innocent ---- */

Test(stop_findings, work_that_goes_through_no_target_is_the_innocents)
{
    const int64_t through = 0, beside = INT64_C(1) << 40;
    struct tape tape = {0};
    struct kept kept;
    struct record_id stops = begin(&tape);

    fence(&tape, stops);
    seal(&tape, stops);
    put(&tape, 2000, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, through);
    put(&tape, 2001, VERB_TASK_HELD, NONE, AGENT_NONE, ARCHIVIST, through);
    put(&tape, 2002, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, through + 1);
    for (int64_t task = 0; task < 3; task++)
        put(&tape, 2010 + task, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, beside + task);
    put(&tape, 2020, VERB_TASK_DONE, NONE, AGENT_NONE, WRITER, beside);
    struct findings *findings = rows_of(&tape, 10000, &kept);

    cr_expect_eq(kept.run.innocent, 3,
                 "also one of its source that never came to the target is not");
    cr_expect_eq(kept.run.innocent_done, 1);
    cr_expect_eq(findings_innocent(findings, 0.95).trials, 3);
    findings_close(findings);
}
