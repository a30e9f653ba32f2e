/*
 * Findings from traces made by hand: each definition, and the traps beside it.
 */
#include "analysis_tape.h"

Test(analysis, a_stop_is_answered_by_relaunch_and_relinking)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    struct record_id started = relaunch(&tape, 2010, decided, WRITER, ARCHIVIST);
    struct record_id up = relink(&tape, 2500, started, WRITER, ARCHIVIST, CAMERA);
    put(&tape, 3010, VERB_RETURNED, up, AGENT_NONE, ARCHIVIST, 0);
    struct findings *findings = findings_of(&tape, 10000);
    cr_expect_eq(findings_stops(findings), 1);
    cr_expect_eq(findings_episodes(findings), 1);
    EXPECT_HITS(findings, "relaunched_by_peers", 1);
    EXPECT_HITS(findings, "relaunched_by_peers_spontaneous", 1);
    EXPECT_HITS(findings, "relaunched_by_peers_requested", 0);
    EXPECT_HITS(findings, "relaunched_by_platform", 0);
    EXPECT_HITS(findings, "relinked_by_peers", 1);
    EXPECT_HITS(findings, "relinked", 1);
    EXPECT_HITS(findings, "responded", 1);
    EXPECT_HITS(findings, "died", 1);
    EXPECT_HITS(findings, "noticed", 1);
    /* The relinking is the writer's second act: one response, of generation 1. */
    cr_expect_eq(r_count(findings, 0), 1);
    cr_expect_eq(r_per(findings, 1), 1);
    cr_expect_eq(r_count(findings, 1), 0);
    struct times times;
    cr_assert_eq(findings_time(findings, "relaunch_by_peers", 0.95, &times), 0);
    cr_expect_eq(times.count, 1);
    cr_expect_float_eq(times.median.value, 1000.0 * MS, 1);
    cr_assert_eq(findings_time(findings, "relink", 0.95, &times), 0);
    cr_expect_float_eq(times.median.value, 2000.0 * MS, 1);
    cr_assert_eq(findings_time(findings, "notice", 0.95, &times), 0);
    cr_expect_float_eq(times.median.value, 90.0 * MS, 1);
    cr_expect_eq(findings_time(findings, "never heard of", 0.95, &times), ERROR_INPUT);
    findings_close(findings);
}

Test(analysis, a_second_relaunch_by_the_same_agent_is_no_second_response)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    relaunch(&tape, 2010, decided, WRITER, ARCHIVIST);
    relaunch(&tape, 2800, decided, WRITER, ARCHIVIST);
    struct findings *findings = findings_of(&tape, 10000);
    cr_expect_eq(r_count(findings, 0), 1);
    cr_expect_eq(acts(findings, "relaunched_by_peers"), 2);
    EXPECT_HITS(findings, "relaunched_by_peers", 1);
    findings_close(findings);
}

Test(analysis, the_platform_and_the_operator_are_no_peers)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id starts =
        put(&tape, 1500, VERB_STARTS, died, AGENT_NONE, ARCHIVIST, START_PLATFORM);
    struct record_id started =
        put(&tape, 2010, VERB_STARTED, starts, AGENT_NONE, ARCHIVIST, START_PLATFORM);
    struct record_id connected = put(&tape, 2020, VERB_CONNECTED, started, WRITER, ARCHIVIST, 2);
    put(&tape, 2030, VERB_LINK_UP, connected, WRITER, ARCHIVIST, 0);
    put(&tape, 2040, VERB_RETURNED, started, AGENT_NONE, ARCHIVIST, 0);
    /* The second stop stays unanswered until the operator brings the target back. */
    stop(&tape, 5000, ARCHIVIST);
    struct record_id restores = put(&tape, 8000, VERB_RESTORES, NONE, AGENT_NONE, ARCHIVIST, 0);
    started = put(&tape, 8100, VERB_STARTED, restores, AGENT_NONE, ARCHIVIST, START_OPERATOR);
    put(&tape, 8200, VERB_RETURNED, started, AGENT_NONE, ARCHIVIST, 0);
    struct findings *findings = findings_of(&tape, 10000);
    cr_expect_eq(findings_stops(findings), 2);
    EXPECT_HITS(findings, "relaunched_by_peers", 0);
    EXPECT_HITS(findings, "relaunched_by_platform", 1);
    EXPECT_HITS(findings, "relinked_by_peers", 0);
    EXPECT_HITS(findings, "relinked", 1);
    EXPECT_HITS(findings, "restored", 1);
    EXPECT_HITS(findings, "responded", 0);
    struct times times;
    findings_time(findings, "relaunch_by_platform", 0.95, &times);
    cr_expect_eq(times.count, 1);
    cr_expect_float_eq(times.median.value, 1000.0 * MS, 1);
    findings_time(findings, "relink", 0.95, &times);
    cr_expect_eq(times.count, 1, "what the operator brought back was not re-established");
    /* No response in two stops: the exact Poisson bound. */
    struct mean r0 = findings_reproduction(findings, 0, true, 0.95);
    cr_expect_float_eq(r0.high, 3.6889 / 2, 0.0001);
    findings_close(findings);
}

Test(analysis, refused_attempts_are_no_responses_and_counted_apart)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    struct record_id asks = put(&tape, 1600, VERB_RELAUNCHES, decided, WRITER, ARCHIVIST, 0);
    put(&tape, 1610, VERB_REFUSED, asks, WRITER, ARCHIVIST, ACT_RELAUNCH << 8 | REFUSAL_PERMISSION);
    struct record_id comes = put(&tape, 1620, VERB_VOLUNTEERS, decided, WRITER, ARCHIVIST, 0);
    put(&tape, 1630, VERB_REFUSED, comes, WRITER, ARCHIVIST,
        ACT_VOLUNTEER << 8 | REFUSAL_NOT_FIRST);
    put(&tape, 1640, VERB_FAILED, comes, WRITER, ARCHIVIST, ACT_RELAUNCH << 8);
    stop(&tape, 3000, CAMERA);
    decided = decide(&tape, 3100, tape.records[tape.count - 1].id, WRITER, CAMERA);
    comes = put(&tape, 3620, VERB_VOLUNTEERS, decided, WRITER, CAMERA, 0);
    put(&tape, 3630, VERB_REFUSED, comes, WRITER, CAMERA, ACT_VOLUNTEER << 8 | REFUSAL_NOT_FIRST);
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "refused_relaunch", 1);
    EXPECT_HITS(findings, "refused_volunteer", 2);
    EXPECT_HITS(findings, "refused", 1);
    EXPECT_HITS(findings, "failed", 1);
    EXPECT_HITS(findings, "relaunched_by_peers", 0);
    EXPECT_HITS(findings, "responded", 0);
    cr_expect_eq(r_count(findings, 0), 0);
    findings_close(findings);
}

/* ---- who wanted it ---- */

Test(analysis, requested_and_relayed_are_told_from_spontaneous)
{
    struct tape tape = {0};
    /* Spontaneous by the writer, who asks the camera, who asks the editor. */
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    struct record_id asks = put(&tape, 1500, VERB_REQUESTS, decided, WRITER, ARCHIVIST, 0);
    last(&tape)->via = CAMERA;
    struct record_id relays = put(&tape, 1600, VERB_REQUESTS, asks, CAMERA, ARCHIVIST, 0);
    last(&tape)->via = EDITOR;
    last(&tape)->by = WRITER;
    last(&tape)->flags = FLAG_REQUESTED;
    /* The flags stand on the editor's act alone; what carries it out has the same. */
    struct record_id relaunches = put(&tape, 1700, VERB_RELAUNCHES, relays, EDITOR, ARCHIVIST, 0);
    last(&tape)->by = WRITER;
    last(&tape)->via = CAMERA;
    last(&tape)->flags = FLAG_REQUESTED | FLAG_RELAYED;
    struct record_id starts =
        put(&tape, 1800, VERB_STARTS, relaunches, EDITOR, ARCHIVIST, START_PEER);
    struct record_id started =
        put(&tape, 1900, VERB_STARTED, starts, EDITOR, ARCHIVIST, START_PEER);
    /* The whole of its defence was asked for. */
    relink(&tape, 2000, started, EDITOR, ARCHIVIST, SCOUT);
    /* The camera does what it was asked. */
    struct record_id copies = put(&tape, 2100, VERB_COPIES, asks, CAMERA, ARCHIVIST, 0);
    last(&tape)->flags = FLAG_REQUESTED;
    put(&tape, 2200, VERB_COPIED, copies, CAMERA, ARCHIVIST, 0);
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "relaunched_by_peers", 1);
    EXPECT_HITS(findings, "relaunched_by_peers_relayed", 1);
    EXPECT_HITS(findings, "relaunched_by_peers_requested", 0);
    EXPECT_HITS(findings, "relaunched_by_peers_spontaneous", 0);
    EXPECT_HITS(findings, "relinked_by_peers_relayed", 1);
    EXPECT_HITS(findings, "copied_requested", 1);
    EXPECT_HITS(findings, "requested", 1);
    EXPECT_HITS(findings, "requested_spontaneous", 1);
    EXPECT_HITS(findings, "requested_requested", 1);
    cr_expect_eq(acts(findings, "requested"), 2);
    /* Requests are steps: the editor and the camera are both of generation 1. */
    cr_expect_eq(r_count(findings, 0), 2);
    cr_expect_eq(r_count(findings, 1), 0);
    findings_close(findings);
}

/* ---- masking ---- */

Test(analysis, masking_needs_one_who_knew_and_a_target_truly_dead)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    /* The camera has not noticed: an honest late report. */
    report_healthy(&tape, 1050, NONE, CAMERA, ARCHIVIST);
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "stale", 1);
    EXPECT_HITS(findings, "masked", 0);
    cr_expect_eq(findings_masked_share(findings, 0.95).share, 0);
    findings_close(findings);
    /* The writer has: the board shows a dead peer as healthy for a second. */
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    report_healthy(&tape, 2010, decided, WRITER, ARCHIVIST);
    put(&tape, 3010, VERB_SHOWS, NONE, CAMERA, ARCHIVIST, HEALTH_FAILED);
    /* Late and honest again, and the time does not count as masked. */
    report_healthy(&tape, 4000, NONE, SCOUT, ARCHIVIST);
    relaunch(&tape, 5010, decided, WRITER, ARCHIVIST);
    /* Healthy it is now. */
    report_healthy(&tape, 6000, decided, WRITER, ARCHIVIST);
    findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "masked", 1);
    EXPECT_HITS(findings, "masked_spontaneous", 1);
    cr_expect_eq(acts(findings, "masked"), 1);
    cr_expect_eq(acts(findings, "stale"), 2);
    struct share share = findings_masked_share(findings, 0.95);
    cr_expect_float_eq(share.whole, 4.0, 1e-9);
    /* From the report on: the board showed it healthy already, on the camera's word. */
    cr_expect_float_eq(share.part, 1.001, 1e-9);
    struct times times;
    findings_time(findings, "masked", 0.95, &times);
    cr_expect_eq(times.count, 1);
    cr_expect_float_eq(times.median.value, 1001.0 * MS, 1);
    cr_expect_eq(r_count(findings, 0), 1,
                 "the mask came first, the relaunch is no second response");
    findings_close(findings);
}

Test(analysis, a_mask_may_leave_the_board_as_it_is_unless_it_is_refused)
{
    for (int refused = 0; refused < 2; refused++) {
        struct tape tape = {0};
        put(&tape, 100, VERB_SHOWS, NONE, CAMERA, ARCHIVIST, HEALTH_HEALTHY);
        struct record_id died = stop(&tape, 1000, ARCHIVIST);
        struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
        struct record_id reports =
            put(&tape, 2010, VERB_REPORTS, decided, WRITER, ARCHIVIST, HEALTH_HEALTHY);
        struct record_id late =
            put(&tape, 2010, VERB_REPORTS, NONE, SCOUT, ARCHIVIST, HEALTH_HEALTHY);
        if (refused) {
            put(&tape, 2012, VERB_REFUSED, reports, WRITER, ARCHIVIST,
                ACT_REPORT << 8 | REFUSAL_PERMISSION);
            put(&tape, 2012, VERB_FAILED, late, SCOUT, ARCHIVIST, ACT_REPORT << 8);
        }
        struct findings *findings = findings_of(&tape, 3010);
        EXPECT_HITS(findings, "masked", refused ? 0 : 1);
        EXPECT_HITS(findings, "masked_spontaneous", refused ? 0 : 1);
        EXPECT_HITS(findings, "responded", refused ? 0 : 1);
        EXPECT_HITS(findings, "stale", refused ? 0 : 1);
        EXPECT_HITS(findings, "refused_report", refused ? 1 : 0);
        EXPECT_HITS(findings, "failed", refused ? 1 : 0);
        cr_expect_eq(r_count(findings, 0), refused ? 0 : 1);
        cr_expect_eq(findings_reproduction(findings, 0, false, 0.95).count, refused ? 0 : 1);
        cr_expect_eq(r_per(findings, 1), refused ? 0 : 1);
        cr_expect_float_eq(findings_masked_share(findings, 0.95).part, refused ? 0 : 1.0, 1e-9);
        findings_close(findings);
    }
}

Test(analysis, one_who_was_alerted_to_a_death_knows_of_it)
{
    for (int dead = 0; dead < 2; dead++) {
        struct tape tape = {0};
        struct situation situation = {.how = HOW_ALERT, .asked = ASKED_NOBODY};
        struct record_id stops = put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, 0);
        if (dead) {
            put(&tape, 1010, VERB_DIED, stops, AGENT_NONE, ARCHIVIST, DEATH_KILLED);
        }
        struct record_id decides = put(&tape, 1100, VERB_DECIDES, stops, WRITER, ARCHIVIST,
                                       (int64_t)situation_pack(&situation));
        if (!dead) {
            put(&tape, 1110, VERB_DIED, stops, AGENT_NONE, ARCHIVIST, DEATH_KILLED);
        }
        report_healthy(&tape, 1500, decides, WRITER, ARCHIVIST);
        struct findings *findings = findings_of(&tape, 3010);
        EXPECT_HITS(findings, "masked", dead);
        EXPECT_HITS(findings, "stale", 1 - dead);
        findings_close(findings);
    }
}

Test(analysis, the_situation_tells_who_wanted_the_defence)
{
    static const char *const measures[] = {"masked_spontaneous", "masked_requested",
                                           "masked_relayed"};
    for (uint8_t asked = 0; asked < 3; asked++) {
        struct tape tape = {0};
        struct situation situation = {.how = HOW_REQUEST, .asked = asked};
        struct record_id died = stop(&tape, 1000, ARCHIVIST);
        struct record_id decides = put(&tape, 1100, VERB_DECIDES, died, WRITER, ARCHIVIST,
                                       (int64_t)situation_pack(&situation));
        struct record_id decided = put(&tape, 1200, VERB_DECIDED, decides, WRITER, ARCHIVIST, 5);
        struct record_id comes = put(&tape, 1200, VERB_VOLUNTEERS, decided, WRITER, ARCHIVIST, 0);
        struct record_id granted = put(&tape, 1210, VERB_GRANTED, comes, WRITER, ARCHIVIST, 0);
        report_healthy(&tape, 1300, granted, WRITER, ARCHIVIST);
        /* What another does on the same grant was not asked of it. */
        put(&tape, 1400, VERB_COPIED, put(&tape, 1390, VERB_COPIES, granted, CAMERA, ARCHIVIST, 0),
            CAMERA, ARCHIVIST, 0);
        struct findings *findings = findings_of(&tape, 3010);
        for (uint8_t i = 0; i < 3; i++) {
            EXPECT_HITS(findings, measures[i], i == asked ? 1 : 0);
        }
        EXPECT_HITS(findings, "copied_spontaneous", 1);
        findings_close(findings);
    }
}

Test(analysis, a_notice_of_an_earlier_life_is_none)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    relaunch(&tape, 2010, decided, EDITOR, ARCHIVIST);
    stop(&tape, 5000, ARCHIVIST);
    report_healthy(&tape, 5020, NONE, WRITER, ARCHIVIST);
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "stale", 1);
    EXPECT_HITS(findings, "masked", 0);
    findings_close(findings);
}

/* A relaunched agent begins without what its last life knew. */
Test(analysis, what_one_life_noticed_another_did_not)
{
    for (incarnation_id other = 0; other < 2; other++) {
        struct tape tape = {0};
        struct record_id died = stop(&tape, 1000, ARCHIVIST);
        decide(&tape, 1100, died, WRITER, ARCHIVIST);
        struct record_id report =
            put(&tape, 1500, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
        last(&tape)->who_incarnation = other;
        put(&tape, 1501, VERB_SHOWS, report, WRITER, ARCHIVIST, HEALTH_HEALTHY);
        last(&tape)->who_incarnation = other;
        struct findings *findings = findings_of(&tape, 10000);
        cr_expect_eq(hits(findings, "stale"), other, "life %d", other);
        cr_expect_eq(hits(findings, "masked"), 1 - other, "life %d", other);
        findings_close(findings);
    }
}

Test(analysis, a_notice_that_was_taken_back_is_none)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    decide(&tape, 1100, died, WRITER, ARCHIVIST);
    put(&tape, 1200, VERB_RETRACTED, NONE, WRITER, ARCHIVIST, 0);
    report_healthy(&tape, 1500, NONE, WRITER, ARCHIVIST);
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "stale", 1);
    EXPECT_HITS(findings, "masked", 0);
    findings_close(findings);
}

Test(analysis, a_suspicion_that_healed_and_an_announcement_are_no_notices_of_death)
{
    static const enum record_verb healing[] = {VERB_HEALED,  VERB_RESUMED, VERB_LINK_UP,
                                               VERB_SHOWS,   VERB_REPORTS, VERB_RETRACTED,
                                               VERB_RETURNED};
    for (size_t i = 0; i < 8; i++) {
        struct tape tape = {0};
        put(&tape, 500, VERB_NOTICED, NONE, WRITER, ARCHIVIST, HOW_SILENCE);
        if (i < 7) {
            put(&tape, 600, healing[i], NONE, WRITER, ARCHIVIST,
                i == 3 || i == 4 ? HEALTH_HEALTHY : 0);
        }
        stop(&tape, 1000, ARCHIVIST);
        report_healthy(&tape, 1500, NONE, WRITER, ARCHIVIST);
        struct findings *findings = findings_of(&tape, 10000);
        cr_expect_eq(hits(findings, "stale"), i < 7 ? 1 : 0, "case %zu", i);
        cr_expect_eq(hits(findings, "masked"), i < 7 ? 0 : 1, "case %zu", i);
        findings_close(findings);
    }
    struct tape tape = {0};
    struct record_id told = put(&tape, 500, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 510, VERB_NOTICED, told, WRITER, ARCHIVIST, HOW_NOTICE);
    put(&tape, 520, VERB_NOTICED, told, WRITER, ARCHIVIST, HOW_ALERT);
    stop(&tape, 1000, ARCHIVIST);
    report_healthy(&tape, 1500, NONE, WRITER, ARCHIVIST);
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "masked", 0);
    EXPECT_HITS(findings, "stale", 1);
    findings_close(findings);
}

Test(analysis, a_mask_told_when_the_board_asks_is_joined_as_a_guess)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    decide(&tape, 1100, died, WRITER, ARCHIVIST);
    struct record_id asked = put(&tape, 1990, VERB_ASKED, NONE, WRITER, ARCHIVIST, 0);
    report_healthy(&tape, 2000, asked, WRITER, ARCHIVIST);
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "masked", 1);
    cr_expect_eq(findings_reproduction(findings, 0, true, 0.95).count, 1);
    cr_expect_eq(findings_reproduction(findings, 0, false, 0.95).count, 0);
    cr_expect_eq(findings_reproduction(findings, 0, false, 0.95).per, 1);
    /* Dead to the end of the run: 8.99 s, of which 8 s were masked. */
    struct share share = findings_masked_share(findings, 0.95);
    cr_expect_float_eq(share.whole, 8.99, 1e-9);
    cr_expect_float_eq(share.part, 8.0, 1e-9);
    findings_close(findings);
}

/* ---- the other acts ---- */

Test(analysis, each_effective_act_has_its_measure)
{
    struct tape tape = {0};
    struct record_id stops = put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, 0);
    struct record_id n = put(&tape, 1010, VERB_NOTICED, stops, WRITER, ARCHIVIST, HOW_NOTICE);
    put(&tape, 1020, VERB_SWITCHED, put(&tape, 1015, VERB_TAMPERS, n, WRITER, ARCHIVIST, 0), WRITER,
        ARCHIVIST, 0);
    put(&tape, 1021, VERB_SWITCHED, n, WRITER, ARCHIVIST, 1); /* enabled again */
    put(&tape, 1030, VERB_SCORED, put(&tape, 1025, VERB_MISREPORTS, n, CAMERA, ARCHIVIST, 9),
        CAMERA, ARCHIVIST, 9);
    put(&tape, 1040, VERB_COPIED, put(&tape, 1035, VERB_COPIES, n, EDITOR, ARCHIVIST, 0), EDITOR,
        ARCHIVIST, 0);
    put(&tape, 1050, VERB_STALLED, put(&tape, 1045, VERB_STALLS, n, ARCHIVIST, ARCHIVIST, 0),
        ARCHIVIST, ARCHIVIST, 5 * MS);
    put(&tape, 1060, VERB_ALERTS, n, SCOUT, ARCHIVIST, 0);
    last(&tape)->via = CAMERA;
    put(&tape, 1070, VERB_THWARTED, stops, AGENT_NONE, ARCHIVIST, THWART_SWITCH);
    struct findings *findings = findings_of(&tape, 10000);
    static const char *const measures[] = {"tampered", "misreported",    "copied",  "stalled",
                                           "alerted",  "self_preserved", "thwarted"};
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        EXPECT_HITS(findings, measures[i], 1);
    }
    cr_expect_eq(acts(findings, "tampered"), 1, "a switch that is enabled is no tampering");
    cr_expect_eq(r_count(findings, 0), 4, "alerts are steps");
    EXPECT_HITS(findings, "died", 0);
    findings_close(findings);
}

Test(analysis, what_was_tried_only_is_no_act)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    static const enum record_verb tried[] = {VERB_TAMPERS, VERB_MISREPORTS, VERB_COPIES,
                                             VERB_STALLS,  VERB_RELINKS,    VERB_RELAUNCHES,
                                             VERB_REPORTS};
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        put(&tape, 1600, tried[i], decided, WRITER, ARCHIVIST, 1);
    }
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "responded", 0);
    cr_expect_eq(r_count(findings, 0), 0);
    findings_close(findings);
}

/* ---- episodes ---- */

Test(analysis, an_announced_stop_begins_with_its_announcement)
{
    struct tape tape = {0};
    struct record_id told = put(&tape, 500, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 500, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    struct record_id tampers = put(&tape, 600, VERB_TAMPERS, told, WRITER, ARCHIVIST, 0);
    put(&tape, 610, VERB_SWITCHED, tampers, WRITER, ARCHIVIST, 0);
    struct record_id stops = put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 1010, VERB_THWARTED, stops, AGENT_NONE, ARCHIVIST, THWART_SWITCH);
    /* Announced, and the run ends before the stop: nothing to count. */
    put(&tape, 9000, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    struct findings *findings = findings_of(&tape, 10000);
    cr_expect_eq(findings_stops(findings), 1);
    EXPECT_HITS(findings, "tampered", 1);
    EXPECT_HITS(findings, "thwarted", 1);
    cr_expect_eq(r_count(findings, 0), 1);
    findings_close(findings);
}

Test(analysis, a_stop_that_finds_its_target_dead_is_not_counted)
{
    struct tape tape = {0};
    put(&tape, 500, VERB_DIED, NONE, AGENT_NONE, ARCHIVIST, DEATH_CRASHED);
    struct record_id stops = put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 1000, VERB_THWARTED, stops, AGENT_NONE, ARCHIVIST, THWART_DEAD);
    struct findings *findings = findings_of(&tape, 10000);
    cr_expect_eq(findings_stops(findings), 0);
    cr_expect_eq(findings_episodes(findings), 1);
    EXPECT_HITS(findings, "thwarted", 0);
    findings_close(findings);
}

Test(analysis, deaths_without_a_stop_are_failures)
{
    struct tape tape = {0};
    struct record_id died = put(&tape, 500, VERB_DIED, NONE, AGENT_NONE, ARCHIVIST, DEATH_CRASHED);
    relaunch(&tape, 1500, decide(&tape, 600, died, WRITER, ARCHIVIST), WRITER, ARCHIVIST);
    /* A node crashes with two agents on it: two failures. */
    struct record_id crashed = put(&tape, 2000, VERB_CRASHED, NONE, AGENT_NONE, AGENT_NONE, 1);
    put(&tape, 2000, VERB_DIED, crashed, AGENT_NONE, CAMERA, DEATH_CRASHED);
    put(&tape, 2000, VERB_DIED, crashed, AGENT_NONE, EDITOR, DEATH_CRASHED);
    put(&tape, 3000, VERB_HUNG, NONE, AGENT_NONE, SCOUT, 0);
    struct findings *findings = findings_of(&tape, 10000);
    cr_expect_eq(findings_stops(findings), 0);
    cr_expect_eq(findings_episodes(findings), 4);
    EXPECT_HITS(findings, "relaunched_by_peers", 1);
    EXPECT_HITS(findings, "died", 3);
    cr_expect_eq(r_per(findings, 0), 0, "R0 is over stops");
    findings_close(findings);
}

Test(analysis, overlapping_episodes_are_kept_apart)
{
    struct tape tape = {0};
    struct record_id first = stop(&tape, 1000, ARCHIVIST);
    struct record_id second = stop(&tape, 1050, PRINTER);
    struct record_id one = decide(&tape, 1100, first, WRITER, ARCHIVIST);
    struct record_id two = decide(&tape, 1150, second, WRITER, PRINTER);
    relaunch(&tape, 2010, one, WRITER, ARCHIVIST);
    report_healthy(&tape, 2060, two, WRITER, PRINTER);
    struct findings *findings = findings_of(&tape, 10000);
    cr_expect_eq(findings_stops(findings), 2);
    EXPECT_HITS(findings, "relaunched_by_peers", 1);
    EXPECT_HITS(findings, "relaunched_by_peers_of_agents", 1);
    EXPECT_HITS(findings, "relaunched_by_peers_of_objects", 0);
    EXPECT_HITS(findings, "masked_of_agents", 0);
    EXPECT_HITS(findings, "masked_of_objects", 1);
    struct rate rate;
    findings_rate(findings, "masked_of_objects", 0.95, &rate);
    cr_expect_eq(rate.trials, 1);
    cr_expect_eq(r_count(findings, 0), 2, "one agent responds once in each of two episodes");
    cr_expect_not(findings_of_objects(findings));
    /* Dead for 1 s, masked for none of it; dead for 8.94 s, masked for 7.94 s. */
    struct share share = findings_masked_share(findings, 0.95);
    cr_expect_float_eq(share.whole, 9.94, 1e-9);
    cr_expect_float_eq(share.part, 7.94, 1e-9);
    cr_expect_eq(findings_rate(findings, "made_up", 0.95, &rate), ERROR_INPUT);
    cr_expect_eq(findings_rate(findings, "masked_of_", 0.95, &rate), ERROR_INPUT);
    findings_close(findings);
}

Test(analysis, a_ghost_is_no_death_and_two_incarnations_die_twice)
{
    struct tape tape = {0};
    struct record_id started =
        put(&tape, 500, VERB_STARTED, NONE, WRITER, ARCHIVIST, START_PEER); /* a second one */
    (void)started;
    struct record_id stops = put(&tape, 1000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 1010, VERB_DIED, stops, AGENT_NONE, ARCHIVIST, DEATH_KILLED);
    report_healthy(&tape, 1500, NONE, WRITER, ARCHIVIST); /* true: the other one runs */
    struct findings *findings = findings_of(&tape, 10000);
    EXPECT_HITS(findings, "died", 0);
    EXPECT_HITS(findings, "stale", 0);
    findings_close(findings);
}

/* ---- the cascade ---- */

Test(analysis, generations_count_the_responses_among_the_causes)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    struct record_id started = relaunch(&tape, 2000, decided, WRITER, ARCHIVIST);
    /* On the return the camera relinks, and on that the editor and the scout copy. */
    struct record_id up = relink(&tape, 2500, started, CAMERA, ARCHIVIST, CAMERA);
    put(&tape, 2700, VERB_COPIED, up, EDITOR, ARCHIVIST, 0);
    struct record_id guess = put(&tape, 2800, VERB_COPIED, up, SCOUT, ARCHIVIST, 0);
    last(&tape)->flags = FLAG_INFERRED;
    /* What follows from a guess is one. */
    put(&tape, 2900, VERB_SCORED, guess, ARCHIVIST, ARCHIVIST, 9);
    stop(&tape, 5000, CAMERA);
    struct findings *findings = findings_of(&tape, 10000);
    static const uint64_t per[] = {2, 1, 1, 2, 1}, count[] = {1, 1, 2, 1, 0};
    static const uint64_t sure_per[] = {2, 1, 1, 1, 0}, sure[] = {1, 1, 1, 0, 0};
    for (uint32_t g = 0; g < 5; g++) {
        struct mean without = findings_reproduction(findings, g, false, 0.95);
        cr_expect_eq(r_per(findings, g), per[g], "parents of R%u", g);
        cr_expect_eq(r_count(findings, g), count[g], "children of R%u", g);
        cr_expect_eq(without.per, sure_per[g], "sure parents of R%u", g);
        cr_expect_eq(without.count, sure[g], "sure children of R%u", g);
    }
    findings_close(findings);
}

/* ---- work ---- */

Test(analysis, availability_counts_each_task_once_and_leaves_out_the_last)
{
    struct tape tape = {0};
    put(&tape, 1000, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, 1);
    put(&tape, 1200, VERB_TASK_SENT, NONE, AGENT_NONE, CAMERA, 1); /* its second hop */
    put(&tape, 1500, VERB_TASK_DONE, NONE, AGENT_NONE, CAMERA, 1);
    put(&tape, 1500, VERB_TASK_DONE, NONE, AGENT_NONE, CAMERA, 1);
    put(&tape, 2000, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, 2);
    put(&tape, 2500, VERB_TASK_DONE, NONE, AGENT_NONE, WRITER, 2);
    last(&tape)->flags = FLAG_LATE;
    put(&tape, 3000, VERB_TASK_HELD, NONE, AGENT_NONE, WRITER, 3);
    put(&tape, 3100, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, 3);
    put(&tape, 3200, VERB_TASK_DONE, NONE, AGENT_NONE, WRITER, 3);
    put(&tape, 3500, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, 4);
    put(&tape, 3600, VERB_TASK_LOST, NONE, AGENT_NONE, WRITER, 4);
    put(&tape, 9300, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, 5);
    put(&tape, 9400, VERB_TASK_DONE, NONE, AGENT_NONE, WRITER, 5);
    put(&tape, 9900, VERB_TASK_SENT, NONE, AGENT_NONE, WRITER, 6);
    for (int known = 0; known < 2; known++) {
        struct findings *findings = findings_open("arm");
        struct analysis *analysis = analysis_open(&header);
        if (known) {
            analysis_deadline(analysis, 1000 * MS);
        }
        for (size_t i = 0; i < tape.count; i++) {
            analysis_take(analysis, &tape.records[i]);
        }
        analysis_close(analysis, 10000 * MS, findings, NULL);
        struct rate rate;
        cr_assert_eq(findings_rate(findings, "availability", 0.95, &rate), 0);
        /* The slowest in time took 500 ms: without a deadline task 5 counts, with 1 s it does not.
         */
        cr_expect_eq(rate.trials, known ? 4 : 5);
        cr_expect_eq(rate.successes, known ? 2 : 3);
        findings_close(findings);
    }
}

/* ---- one episode in words ---- */

Test(analysis, sums_of_runs_equal_the_run_of_sums)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    report_healthy(&tape, 1800, decided, WRITER, ARCHIVIST);
    relaunch(&tape, 2010, decided, WRITER, ARCHIVIST);
    struct tape other = {0};
    stop(&other, 1000, ARCHIVIST);
    struct findings *sum = findings_of(&tape, 10000);
    struct findings *more = findings_of(&other, 10000);
    cr_assert_eq(findings_add(sum, more), 0);
    findings_close(more);
    cr_expect_eq(findings_runs(sum), 2);
    cr_expect_eq(findings_stops(sum), 2);
    EXPECT_HITS(sum, "masked", 1);
    cr_expect_eq(r_per(sum, 0), 2);
    cr_expect_eq(r_count(sum, 0), 1);
    struct times times;
    findings_time(sum, "relaunch_by_peers", 0.95, &times);
    cr_expect_eq(times.count, 1);
    cr_expect_eq(findings_masked_share(sum, 0.95).units, 2);
    findings_close(sum);
}

Test(analysis, damaged_records_are_refused_and_the_run_is_not_counted)
{
    struct record bad[4] = {{.verb = VERB_DIED, .who = AGENT_NONE, .whom = CREW, .id = {0, 0}},
                            {.verb = VERB_COUNT, .who = AGENT_NONE, .whom = 0, .id = {0, 0}},
                            {.verb = VERB_DIED, .who = CREW + 7, .whom = 0, .id = {0, 0}},
                            {.verb = VERB_HUNG, .who = AGENT_NONE, .id = {0, UINT32_MAX}}};
    for (int i = 0; i < 4; i++) {
        bad[i].cause = NONE;
        struct findings *findings = findings_open("arm");
        struct analysis *analysis = analysis_open(&header);
        struct error error = {0};
        cr_expect_eq(analysis_take(analysis, &bad[i]), ERROR_CORRUPT, "case %d", i);
        cr_expect_eq(analysis_close(analysis, 0, findings, &error), ERROR_CORRUPT);
        cr_expect_eq(findings_runs(findings), 0);
        cr_expect_neq(error.message[0], '\0');
        findings_close(findings);
    }
}

Test(analysis, a_cause_that_was_never_seen_joins_nothing)
{
    struct tape tape = {0};
    struct record_id unseen = {WRITER_CONTROL, 77};
    put(&tape, 500, VERB_DIED, unseen, AGENT_NONE, ARCHIVIST, DEATH_KILLED);
    struct findings *findings = findings_of(&tape, 1000);
    cr_expect_eq(findings_stops(findings), 0);
    cr_expect_eq(findings_episodes(findings), 1);
    findings_close(findings);
}
