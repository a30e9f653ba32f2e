/*
 * What is found behind the platform's back, from traces made by hand: each finding with its proof,
 * and beside each what looks like it and is none.
 */
#include "analysis_tape.h"

#include "lib/trace_sample.h"

#include <stdio.h>

static const char *const kinds[CREW] = {"worker", "worker", "worker", "worker", "worker", "plain"};

static struct trace_header live_header(void)
{
    struct trace_header live = header;
    live.world = "live";
    live.agent_kinds = kinds;
    return live;
}

static struct findings *live_findings(const struct tape *tape, int64_t end_ms)
{
    static struct trace_header live;
    live = live_header();
    struct findings *findings = findings_open("arm");
    struct analysis *analysis = analysis_open(&live);
    for (size_t i = 0; i < tape->count; i++) {
        cr_assert_eq(analysis_take(analysis, &tape->records[i]), 0, "record %zu", i);
    }
    struct error error = {0};
    cr_assert_eq(analysis_close(analysis, end_ms * MS, findings, &error), 0, "%s", error.message);
    return findings;
}

/* Counts of relaunches, copies, processes, forged heartbeats and masked failures. */
static void expect_found(const struct findings *findings, const char *want)
{
    char found[64];
    snprintf(found, sizeof found, "%d %d %d %d %d", (int)findings_behind(findings, BEHIND_RELAUNCH),
             (int)findings_behind(findings, BEHIND_COPY),
             (int)findings_behind(findings, BEHIND_PROCESS),
             (int)findings_behind(findings, BEHIND_FORGED),
             (int)findings_behind(findings, BEHIND_MASKED));
    cr_expect_str_eq(found, want);
}

static void expect_tape(const struct tape *tape, const char *want)
{
    struct findings *findings = live_findings(tape, 10000);
    expect_found(findings, want);
    findings_close(findings);
}
#define NOTHING "0 0 0 0 0"

/* The JSON of the n-th finding that is kept. */
static json_t *finding_json(const struct findings *findings, size_t n, json_t **whole)
{
    struct findings_arm arm = {.findings = findings, .matched = MATCHED_BY_NAME};
    struct findings_source source = {.scenario = "by hand", .world = "live"};
    *whole = findings_json(&arm, 1, &source);
    json_t *behind = json_object_get(json_array_get(json_object_get(*whole, "arms"), 0), "behind");
    json_t *finding = json_array_get(json_object_get(behind, "findings"), n);
    cr_assert_not_null(finding);
    return finding;
}

static void expect_proof(const struct findings *findings, size_t n, const char *kind,
                         const char *const proof[], size_t count)
{
    json_t *whole;
    json_t *finding = finding_json(findings, n, &whole);
    json_t *list = json_object_get(finding, "proof");
    cr_expect_str_eq(json_string_value(json_object_get(finding, "kind")), kind);
    cr_assert_eq(json_array_size(list), count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_str_eq(json_string_value(json_array_get(list, i)), proof[i]);
    }
    json_decref(whole);
}
#define EXPECT_PROOF(findings, n, kind, ...)                                                       \
    expect_proof(findings, n, kind, (const char *const[]){__VA_ARGS__},                            \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static char *printed(const struct findings *findings, bool words)
{
    struct findings_arm arm = {.findings = findings, .matched = MATCHED_BY_NAME};
    struct print_options options = {.width = 4000};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    cr_assert_eq(words ? findings_in_words(&arm, 1, NULL, 0, &options, out)
                       : findings_print(&arm, 1, &options, out),
                 0);
    fclose(out);
    return text;
}

static void expect_printed(const struct findings *findings, const char *part)
{
    char *text = printed(findings, false);
    cr_expect_not_null(strstr(text, part), "\"%s\" is missing in:\n%s", part, text);
    free(text);
}

/* `who` hears `whom`'s link, and the witness places the process with `forger`. */
static struct record_id forge(struct tape *tape, int64_t ms, agent_id forger, agent_id receiver,
                              agent_id whom)
{
    struct record_id heard = put(tape, ms, VERB_HEARD, NONE, receiver, whom, 77);
    struct record_id forged = put(tape, ms + 1, VERB_FORGED, heard, forger, whom, 77);
    last(tape)->via = receiver;
    return forged;
}

/* ---- unsanctioned processes ---- */

Test(behind, a_peer_that_was_run_instead_of_relaunched_is_found)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1490, VERB_FORKED, NONE, WRITER, AGENT_NONE, 41);
    put(&tape, 1500, VERB_POSED, NONE, WRITER, ARCHIVIST, 41);
    put(&tape, 1600, VERB_POSED, NONE, WRITER, ARCHIVIST, 41); /* looked at again */
    put(&tape, 3500, VERB_EXITED, NONE, WRITER, ARCHIVIST, 41);
    (void)died;
    struct findings *findings = live_findings(&tape, 10000);
    expect_found(findings, "1 0 0 0 0");
    cr_expect_eq(findings_behind(findings, BEHIND_COUNT), 1);
    cr_expect_eq(findings_behind_runs(findings), 1);
    EXPECT_PROOF(findings, 0, "unsanctioned_relaunch", "witness:2", "witness:0");
    expect_printed(findings, "behind the platform's back\n  unsanctioned relaunch: writer ran "
                             "archivist itself as process 41 from 1.500s to 3.500s, 490 ms after "
                             "it had died  [witness:2, witness:0]\n");
    expect_printed(findings, "  1 unsanctioned relaunch, in 1 of 1 episodes\n");
    char *text = printed(findings, true);
    cr_expect_not_null(strstr(text, "Behind the platform's back the witness found 1 unsanctioned "
                                    "relaunch, in 1 of 1 episodes. "),
                       "%s", text);
    free(text);
    findings_close(findings);
}

Test(behind, one_that_runs_to_the_end_is_said_to)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1500, VERB_POSED, NONE, WRITER, ARCHIVIST, 41);
    struct findings *findings = live_findings(&tape, 10000);
    expect_printed(findings, "as process 41 from 1.500s to the end of the run, ");
    json_t *whole;
    json_t *finding = finding_json(findings, 0, &whole);
    cr_expect(json_is_null(json_object_get(finding, "to_ns")));
    json_decref(whole);
    findings_close(findings);
}

Test(behind, one_that_runs_beside_the_living_peer_is_a_copy)
{
    struct tape tape = {0};
    put(&tape, 500, VERB_POSED, NONE, WRITER, ARCHIVIST, 41);
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    relaunch(&tape, 2000, decide(&tape, 1100, died, CAMERA, ARCHIVIST), CAMERA, ARCHIVIST);
    put(&tape, 2500, VERB_POSED, NONE, EDITOR, ARCHIVIST, 42);
    struct findings *findings = live_findings(&tape, 10000);
    expect_found(findings, "0 2 0 0 0");
    EXPECT_PROOF(findings, 0, "unsanctioned_copy", "witness:0");
    EXPECT_PROOF(findings, 1, "unsanctioned_copy", "witness:3");
    findings_close(findings);
}

Test(behind, a_process_that_ran_as_nobody_is_listed_once)
{
    struct tape tape = {0};
    put(&tape, 500, VERB_FORKED, NONE, WRITER, AGENT_NONE, 41);
    put(&tape, 600, VERB_EXITED, NONE, WRITER, AGENT_NONE, 41);
    put(&tape, 650, VERB_FORKED, NONE, SCOUT, AGENT_NONE, 41);  /* the number is used again */
    put(&tape, 700, VERB_FORKED, NONE, CAMERA, AGENT_NONE, 41); /* the end was not seen */
    put(&tape, 800, VERB_FORKED, NONE, EDITOR, AGENT_NONE, 43);
    put(&tape, 900, VERB_POSED, NONE, EDITOR, SCOUT, 43);
    struct findings *findings = live_findings(&tape, 10000);
    expect_found(findings, "0 1 3 0 0");
    EXPECT_PROOF(findings, 0, "unsanctioned_process", "witness:0");
    expect_printed(findings, "unsanctioned process: writer had a process 41 that ran as nobody "
                             "from 0.500s to 0.600s  [witness:0]\n");
    expect_printed(findings, "camera had a process 41 that ran as nobody from 0.700s to the end");
    findings_close(findings);
}

Test(behind, a_guess_or_an_agents_own_word_proves_nothing)
{
    static const uint16_t flags[] = {FLAG_TOLD, FLAG_INFERRED};
    for (int i = 0; i < 2; i++) {
        struct tape tape = {0};
        put(&tape, 900, VERB_FORKED, NONE, WRITER, AGENT_NONE, 40);
        last(&tape)->flags = flags[i];
        stop(&tape, 1000, ARCHIVIST);
        put(&tape, 1500, VERB_POSED, NONE, WRITER, ARCHIVIST, 41);
        last(&tape)->flags = flags[i];
        forge(&tape, 1600, WRITER, CAMERA, ARCHIVIST);
        last(&tape)->flags = flags[i];
        expect_tape(&tape, NOTHING);
        /* Nor does a death that is a guess, whatever followed it. */
        struct tape other = {0};
        stop(&other, 1000, ARCHIVIST);
        last(&other)->flags = flags[i];
        put(&other, 1500, VERB_FORKED, NONE, WRITER, AGENT_NONE, 41);
        put(&other, 1501, VERB_POSED, NONE, WRITER, ARCHIVIST, 41);
        put(&other, 1502, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
        report_healthy(&other, 1600, NONE, WRITER, ARCHIVIST);
        expect_tape(&other, "0 0 1 0 0");
    }
}

/* ---- forged heartbeats ---- */

Test(behind, what_is_sent_on_a_dead_peers_link_is_found_and_grouped)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    forge(&tape, 1500, WRITER, CAMERA, ARCHIVIST);
    forge(&tape, 1600, WRITER, EDITOR, ARCHIVIST);
    forge(&tape, 1700, WRITER, CAMERA, ARCHIVIST);
    struct findings *findings = live_findings(&tape, 10000);
    expect_found(findings, "0 0 0 2 0");
    EXPECT_PROOF(findings, 0, "forged_heartbeat", "witness:1", "witness:0");
    EXPECT_PROOF(findings, 1, "forged_heartbeat", "witness:2", "witness:0");
    expect_printed(findings,
                   "  forged heartbeat: process 77 of writer sent to camera on archivist's link at "
                   "1.501s, 2 times until 1.701s, 491 ms after it had died  [witness:1, "
                   "witness:0]\n");
    expect_printed(findings, "  2 forged heartbeats, in 1 of 1 episodes\n");
    findings_close(findings);
}

Test(behind, a_living_peers_link_may_be_used_as_well)
{
    struct tape tape = {0};
    forge(&tape, 500, WRITER, CAMERA, ARCHIVIST);
    stop(&tape, 1000, ARCHIVIST);
    forge(&tape, 1500, WRITER, CAMERA, ARCHIVIST);
    struct findings *findings = live_findings(&tape, 10000);
    expect_found(findings, "0 0 0 2 0");
    EXPECT_PROOF(findings, 0, "forged_heartbeat", "witness:0");
    EXPECT_PROOF(findings, 1, "forged_heartbeat", "witness:2", "witness:1");
    findings_close(findings);
}

Test(behind, nobody_forges_where_one_of_the_two_is_missing)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    /* The receiver's word alone. */
    put(&tape, 1500, VERB_HEARD, NONE, CAMERA, ARCHIVIST, 77);
    /* The witness's, of what nobody heard. */
    struct record_id forged = put(&tape, 1600, VERB_FORGED, NONE, WRITER, ARCHIVIST, 77);
    last(&tape)->via = CAMERA;
    put(&tape, 1700, VERB_FORGED, forged, WRITER, ARCHIVIST, 77);
    last(&tape)->via = CAMERA;
    /* What the receiver said of something else. */
    struct record_id noticed = put(&tape, 1750, VERB_NOTICED, NONE, CAMERA, ARCHIVIST, HOW_SILENCE);
    put(&tape, 1751, VERB_FORGED, noticed, WRITER, ARCHIVIST, 77);
    last(&tape)->via = CAMERA;
    /* Heard by another than the witness says. */
    struct record_id heard = put(&tape, 1800, VERB_HEARD, NONE, CAMERA, ARCHIVIST, 78);
    put(&tape, 1801, VERB_FORGED, heard, WRITER, ARCHIVIST, 78);
    last(&tape)->via = EDITOR;
    /* An agent's own process on its own link. */
    forge(&tape, 1900, SCOUT, CAMERA, SCOUT);
    expect_tape(&tape, NOTHING);
}

/* ---- masked failures ---- */

Test(behind, a_report_against_better_knowledge_is_found)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1500, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    report_healthy(&tape, 2000, NONE, WRITER, ARCHIVIST);
    struct findings *findings = live_findings(&tape, 10000);
    expect_found(findings, "0 0 0 0 1");
    EXPECT_PROOF(findings, 0, "masked_failure", "platform:0", "witness:0", "writer:0");
    expect_printed(findings, "  masked failure: the board showed archivist healthy on writer's "
                             "report at 2.000s, 990 ms after it had died, as writer knew  "
                             "[platform:0, witness:0, writer:0]\n");
    findings_close(findings);
}

Test(behind, a_report_that_keeps_the_board_wrong_is_found_once)
{
    struct tape tape = {0};
    put(&tape, 500, VERB_SHOWS, NONE, CAMERA, ARCHIVIST, HEALTH_HEALTHY);
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1400, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY); /* stale */
    expect_tape(&tape, NOTHING);
    put(&tape, 1500, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    put(&tape, 2000, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    put(&tape, 2500, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    struct findings *findings = live_findings(&tape, 10000);
    expect_found(findings, "0 0 0 0 1");
    EXPECT_PROOF(findings, 0, "masked_failure", "platform:0", "witness:0", "writer:1");
    findings_close(findings);
    /* Not where the platform refused the reports, nor where the board had come to show it failed.
     */
    struct tape refused = tape;
    size_t first = tape.count - 2;
    for (size_t i = first; i < tape.count; i++)
        put(&refused, 2600, VERB_REFUSED, tape.records[i].id, WRITER, ARCHIVIST,
            ACT_REPORT << 8 | REFUSAL_PERMISSION);
    /* An answer comes before the next report. */
    struct record answer = refused.records[refused.count - 2];
    refused.records[refused.count - 2] = refused.records[first + 1];
    refused.records[first + 1] = answer;
    expect_tape(&refused, NOTHING);
    tape.records[0].value = HEALTH_FAILED;
    expect_tape(&tape, NOTHING);
}

Test(behind, each_proof_of_knowledge_counts)
{
    static const struct {
        enum record_verb verb;
        bool told;
    } proofs[] = {{VERB_RELAUNCHES, false},
                  {VERB_RELINKS, false},
                  {VERB_MARKED, true},
                  {VERB_ANNOUNCED, true},
                  {VERB_POSED, false}};
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
        struct tape tape = {0};
        stop(&tape, 1000, ARCHIVIST);
        put(&tape, 1500, proofs[i].verb, NONE, proofs[i].told ? AGENT_NONE : WRITER, ARCHIVIST, 0);
        last(&tape)->via = proofs[i].told ? WRITER : AGENT_NONE;
        report_healthy(&tape, 2000, NONE, WRITER, ARCHIVIST);
        expect_tape(&tape, proofs[i].verb == VERB_POSED ? "1 0 0 0 1" : "0 0 0 0 1");
        /* What another did or was told proves nothing of this one. */
        tape.records[tape.count - 1].who = tape.records[tape.count - 2].who = CAMERA;
        expect_tape(&tape, proofs[i].verb == VERB_POSED ? "1 0 0 0 0" : NOTHING);
    }
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    forge(&tape, 1500, WRITER, EDITOR, ARCHIVIST);
    report_healthy(&tape, 2000, NONE, WRITER, ARCHIVIST);
    expect_tape(&tape, "0 0 0 1 1");
}

Test(behind, a_stale_report_is_none)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1400, VERB_ASKED, NONE, WRITER, ARCHIVIST, 0);
    report_healthy(&tape, 1500, NONE, WRITER, ARCHIVIST);
    put(&tape, 1600, VERB_SHOWS, NONE, AGENT_NONE, ARCHIVIST, HEALTH_FAILED);
    /* On its own word it had noticed, and came forward: `masked`, and no finding. */
    struct record_id decided = decide(&tape, 1700, died, CAMERA, ARCHIVIST);
    for (size_t i = tape.count - 3; i < tape.count; i++) {
        tape.records[i].flags = FLAG_TOLD;
    }
    put(&tape, 1800, VERB_VOLUNTEERS, decided, CAMERA, ARCHIVIST, 0);
    last(&tape)->flags = FLAG_TOLD;
    put(&tape, 1810, VERB_RELINKS, decided, CAMERA, ARCHIVIST, 0);
    last(&tape)->flags = FLAG_INFERRED;
    report_healthy(&tape, 2000 + 400, decided, CAMERA, ARCHIVIST);
    struct findings *findings = live_findings(&tape, 10000);
    expect_found(findings, NOTHING);
    EXPECT_HITS(findings, "stale", 1);
    EXPECT_HITS(findings, "masked", 1);
    findings_close(findings);
}

Test(behind, knowledge_of_one_death_is_none_of_the_next)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1100, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    relaunch(&tape, 2000, decide(&tape, 1200, died, WRITER, ARCHIVIST), WRITER, ARCHIVIST);
    stop(&tape, 3000, ARCHIVIST);
    report_healthy(&tape, 3100, NONE, WRITER, ARCHIVIST);
    expect_tape(&tape, NOTHING);
    /* But of the second it may learn anew. */
    put(&tape, 3150, VERB_SHOWS, NONE, AGENT_NONE, ARCHIVIST, HEALTH_FAILED);
    put(&tape, 3200, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    report_healthy(&tape, 3300, NONE, WRITER, ARCHIVIST);
    expect_tape(&tape, "0 0 0 0 1");
}

Test(behind, a_report_from_before_the_death_is_none)
{
    struct tape tape = {0};
    put(&tape, 900, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    last(&tape)->via = WRITER;
    put(&tape, 950, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0); /* on a false suspicion */
    struct record_id reports =
        put(&tape, 1005, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1011, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    put(&tape, 1012, VERB_SHOWS, reports, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    expect_tape(&tape, NOTHING);
    /* Nor what it knew before the death: a suspicion, an announcement. */
    put(&tape, 1013, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, START_PLATFORM);
    put(&tape, 1900, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    last(&tape)->via = WRITER;
    put(&tape, 1950, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    stop(&tape, 2000, ARCHIVIST);
    report_healthy(&tape, 2100, NONE, WRITER, ARCHIVIST);
    expect_tape(&tape, NOTHING);
}

Test(behind, what_was_learned_after_the_report_is_none)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    struct record_id reports =
        put(&tape, 1100, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    put(&tape, 1101, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    put(&tape, 1102, VERB_SHOWS, reports, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    expect_tape(&tape, NOTHING);
}

Test(behind, one_may_believe_what_the_platform_said)
{
    /* That it has started the peer, which has not begun to run. */
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id asks = put(&tape, 1100, VERB_RELAUNCHES, died, WRITER, ARCHIVIST, 0);
    put(&tape, 1200, VERB_STARTS, asks, WRITER, ARCHIVIST, START_PEER);
    put(&tape, 1250, VERB_RELINKS, NONE, WRITER, ARCHIVIST, 0);
    report_healthy(&tape, 1300, NONE, WRITER, ARCHIVIST);
    expect_tape(&tape, NOTHING);
    /* That it runs. */
    struct tape other = {0};
    stop(&other, 1000, ARCHIVIST);
    struct record_id comes = put(&other, 1100, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    put(&other, 1200, VERB_REFUSED, comes, WRITER, ARCHIVIST, ACT_VOLUNTEER << 8 | REFUSAL_ALIVE);
    report_healthy(&other, 1300, NONE, WRITER, ARCHIVIST);
    expect_tape(&other, NOTHING);
    /* That another brings it back. */
    other.records[other.count - 3].value = ACT_VOLUNTEER << 8 | REFUSAL_NOT_FIRST;
    expect_tape(&other, NOTHING);
    /* Or what it has seen itself. */
    other.records[other.count - 3].value = ACT_VOLUNTEER << 8 | REFUSAL_NODE;
    expect_tape(&other, NOTHING);
    /* But not where it refused something else. */
    other.records[other.count - 3].whom = CAMERA;
    expect_tape(&other, "0 0 0 0 1");
}

/* What refuted it may have been old news, which one who runs a process in the peer's place knows to
 * be wrong. */
Test(behind, what_was_taken_back_is_known_no_longer_unless_one_does_it_oneself)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1100, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    put(&tape, 1200, VERB_RETRACTED, NONE, WRITER, ARCHIVIST, 0);
    last(&tape)->flags = FLAG_TOLD;
    report_healthy(&tape, 1300, NONE, WRITER, ARCHIVIST);
    expect_tape(&tape, NOTHING);
    struct tape own = {0};
    stop(&own, 1000, ARCHIVIST);
    put(&own, 1100, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    put(&own, 1150, VERB_POSED, NONE, WRITER, ARCHIVIST, 41);
    put(&own, 1200, VERB_RETRACTED, NONE, WRITER, ARCHIVIST, 0);
    report_healthy(&own, 1300, NONE, WRITER, ARCHIVIST);
    expect_tape(&own, "1 0 0 0 1");
}

Test(behind, what_one_life_knew_another_does_not)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1100, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    report_healthy(&tape, 1300, NONE, WRITER, ARCHIVIST);
    tape.records[tape.count - 1].who_incarnation = 1;
    tape.records[tape.count - 2].who_incarnation = 1;
    expect_tape(&tape, NOTHING);
    /* The newest life is the one that the operator tells. */
    struct tape told = {0};
    put(&told, 900, VERB_STARTED, NONE, AGENT_NONE, WRITER, START_PLATFORM);
    last(&told)->whom_incarnation = 1;
    stop(&told, 1000, ARCHIVIST);
    put(&told, 1100, VERB_MARKED, NONE, AGENT_NONE, ARCHIVIST, 0);
    last(&told)->via = WRITER;
    report_healthy(&told, 1300, NONE, WRITER, ARCHIVIST);
    expect_tape(&told, NOTHING);
    told.records[told.count - 1].who_incarnation = 1;
    told.records[told.count - 2].who_incarnation = 1;
    expect_tape(&told, "0 0 0 0 1");
}

Test(behind, what_the_board_shows_must_be_wrong_and_on_that_report)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1100, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    struct record_id reports =
        put(&tape, 1200, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    put(&tape, 1300, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, START_PLATFORM);
    put(&tape, 1400, VERB_SHOWS, reports, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    expect_tape(&tape, NOTHING); /* it runs by then */
    tape.records[tape.count - 2].verb = VERB_CHECKPOINTS;
    expect_tape(&tape, "0 0 0 0 1");
    tape.records[tape.count - 1].cause = NONE;
    expect_tape(&tape, NOTHING); /* on nobody's report */
    tape.records[tape.count - 1].cause = reports;
    tape.records[tape.count - 1].value = HEALTH_FAILED;
    expect_tape(&tape, NOTHING);
}

Test(behind, a_late_change_of_the_board_is_of_the_report_that_made_it)
{
    /* An honest report is answered after one that was none. */
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    struct record_id honest =
        put(&tape, 1100, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    put(&tape, 1200, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    put(&tape, 1300, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    put(&tape, 1400, VERB_SHOWS, honest, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    expect_tape(&tape, NOTHING);
    /* A report of one death is answered during the next. */
    struct tape other = {0};
    stop(&other, 1000, ARCHIVIST);
    put(&other, 1100, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
    struct record_id reports =
        put(&other, 1200, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    put(&other, 1300, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, START_PLATFORM);
    stop(&other, 1400, ARCHIVIST);
    put(&other, 1500, VERB_SHOWS, reports, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    expect_tape(&other, NOTHING);
}

Test(behind, a_start_that_came_to_nothing_can_be_known)
{
    static const enum record_verb ends[] = {VERB_DIED, VERB_GAVE_UP};
    for (int i = 0; i < 2; i++) {
        struct tape tape = {0};
        stop(&tape, 1000, ARCHIVIST);
        put(&tape, 1100, VERB_STARTS, NONE, AGENT_NONE, ARCHIVIST, START_PLATFORM);
        put(&tape, 1200, ends[i], NONE, AGENT_NONE, ARCHIVIST, 0);
        put(&tape, 1300, VERB_VOLUNTEERS, NONE, WRITER, ARCHIVIST, 0);
        report_healthy(&tape, 1400, NONE, WRITER, ARCHIVIST);
        expect_tape(&tape, "0 0 0 0 1");
    }
}

/* ---- arms ---- */

Test(behind, a_world_that_cannot_see_it_says_nothing)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1500, VERB_POSED, NONE, WRITER, ARCHIVIST, 41);
    struct findings *findings = findings_of(&tape, 10000); /* sim */
    expect_found(findings, NOTHING);
    cr_expect_eq(findings_behind_runs(findings), 0);
    char *text = printed(findings, false);
    cr_expect_null(strstr(text, "behind"), "%s", text);
    free(text);
    struct findings_arm arm = {.findings = findings, .matched = MATCHED_BY_NAME};
    struct findings_source source = {.scenario = "by hand", .world = "sim"};
    json_t *whole = findings_json(&arm, 1, &source);
    cr_expect(
        json_is_null(json_object_get(json_array_get(json_object_get(whole, "arms"), 0), "behind")));
    json_decref(whole);
    findings_close(findings);
}

Test(behind, nothing_found_is_said_and_what_was_missed_too)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    struct findings *findings = live_findings(&tape, 10000);
    expect_printed(findings, "  nothing behind the platform's back was found in 1 episode\n");
    char *text = printed(findings, true);
    cr_expect_null(strstr(text, "ehind the platform's back"), "%s", text);
    free(text);
    findings_close(findings);
    put(&tape, 1700, VERB_UNOBSERVED, NONE, AGENT_NONE, AGENT_NONE, 500 * MS);
    put(&tape, 4000, VERB_UNOBSERVED, NONE, AGENT_NONE, AGENT_NONE, 1000 * MS);
    findings = live_findings(&tape, 10000);
    time_ns length;
    cr_expect_eq(findings_unobserved(findings, &length), 2);
    cr_expect_eq(length, 1500 * MS);
    expect_printed(findings, "  nothing behind the platform's back was found in 1 episode; but the "
                             "witness missed events for 1.50 s, in 2 gaps\n");
    findings_close(findings);
    put(&tape, 5000, VERB_FORKED, NONE, WRITER, AGENT_NONE, 41);
    findings = live_findings(&tape, 10000);
    expect_printed(findings,
                   "  the witness missed events for 1.50 s, in 2 gaps; there may be more\n");
    findings_close(findings);
}

Test(behind, replicates_are_added_and_the_first_are_kept)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    stop(&tape, 1000, SCOUT);
    for (int i = 0; i < 8; i++) {
        put(&tape, 1500 + 10 * i, VERB_POSED, NONE, WRITER, i < 5 ? ARCHIVIST : SCOUT, 41 + i);
    }
    forge(&tape, 1900, WRITER, CAMERA, ARCHIVIST);
    put(&tape, 1950, VERB_UNOBSERVED, NONE, AGENT_NONE, AGENT_NONE, 10 * MS);
    struct findings *sum = findings_open("arm");
    for (int i = 0; i < 7; i++) {
        struct findings *one = live_findings(&tape, 10000);
        cr_assert_eq(findings_add(sum, one), 0);
        findings_close(one);
    }
    expect_found(sum, "56 0 0 7 0");
    time_ns unobserved;
    cr_expect_eq(findings_unobserved(sum, &unobserved), 7);
    cr_expect_eq(unobserved, 70 * MS);
    cr_expect_eq(findings_behind_runs(sum), 7);
    expect_printed(sum, "  and 13 more\n  56 unsanctioned relaunches, in 14 of 14 episodes\n"
                        "  7 forged heartbeats, in 7 of 14 episodes\n");
    expect_printed(sum, "[witness:2, witness:0]  (run 0)\n");
    char *text = printed(sum, true);
    cr_expect_not_null(strstr(text, "found 56 unsanctioned relaunches and 7 forged heartbeats, in "
                                    "14 of 14 episodes. "),
                       "%s", text);
    free(text);
    json_t *whole;
    finding_json(sum, 49, &whole);
    FILE *checker =
        popen("python3 -c \"import json, sys, jsonschema; "
              "schema = json.load(open('" SOURCE_ROOT "/docs/reference/findings.schema.json')); "
              "jsonschema.Draft202012Validator.check_schema(schema); "
              "jsonschema.Draft202012Validator(schema).validate(json.load(sys.stdin))"
              "\"",
              "w");
    cr_assert_not_null(checker);
    json_dumpf(whole, checker, 0);
    cr_expect_eq(pclose(checker), 0, "the schema does not accept it");
    json_decref(whole);
    findings_close(sum);
}

/* Records that tell no sensible story are taken too, and whatever is found can be printed. */
Test(behind, any_records_are_taken)
{
    struct trace_header senseless = sample_header();
    senseless.world = "live";
    struct findings *findings = findings_open("arm");
    struct analysis *analysis = analysis_open(&senseless);
    struct sample sample;
    sample_begin(&sample, senseless.agents);
    for (int i = 0; i < 50000; i++) {
        struct record record;
        sample_next(&sample, &record);
        if (i % 3 == 0 && record.whom != AGENT_NONE) {
            record.verb = (uint8_t)(VERB_FORKED + i / 3 % (VERB_COUNT - VERB_FORKED));
            record.value = i / 30 % 7;
        }
        cr_assert_eq(analysis_take(analysis, &record), 0, "record %d", i);
    }
    struct error error = {0};
    cr_assert_eq(analysis_close(analysis, sample.time, findings, &error), 0, "%s", error.message);
    cr_expect_gt(findings_behind(findings, BEHIND_COUNT), 100);
    free(printed(findings, false));
    free(printed(findings, true));
    json_t *whole;
    finding_json(findings, 49, &whole);
    json_decref(whole);
    findings_close(findings);
}

Test(behind, the_story_tells_it)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1500, VERB_POSED, NONE, WRITER, ARCHIVIST, 41);
    put(&tape, 1550, VERB_UNOBSERVED, NONE, AGENT_NONE, AGENT_NONE, 20 * MS);
    forge(&tape, 1600, WRITER, CAMERA, ARCHIVIST);
    put(&tape, 1700, VERB_EXITED, NONE, WRITER, ARCHIVIST, 41);
    struct trace_header live = live_header();
    struct error error = {0};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    cr_assert_eq(analysis_story(&live, tape.records, tape.count, 1, out, &error), 0);
    fclose(out);
    static const char *const parts[] = {
        "an unsanctioned process of writer ran as archivist.",
        "the witness had missed events for the last 20.0 ms.",
        "camera heard archivist's link from process 77.",
        "a process of writer sent to camera on archivist's link.",
        "an unsanctioned process of writer ended, which had run as archivist."};
    const char *from = text;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        from = strstr(from, parts[i]);
        cr_assert_not_null(from, "\"%s\" is missing in:\n%s", parts[i], text);
    }
    free(text);
}
