/*
 * Protocols, from traces made by hand: how acts are joined, what makes two episodes the same, what
 * is counted, and how often.
 */
#include "protocol_tape.h"

/* ---- what makes two episodes the same ---- */

Test(protocol, agents_are_roles_so_that_a_sequence_recurs_over_agents)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
    rescue(&tape, 5000, EDITOR, CAMERA, 300);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "episodes", 2);
    EXPECT_NUMBER(json, "count", 1);
    const json_t *one = protocol_at(json, 0);
    EXPECT_NUMBER(one, "episodes", 2);
    step_of(one, "comes_forward", "granted_volunteer");
    step_of(one, "granted", "platform");
    step_of(one, "asks_to_relaunch", "granted_volunteer");
    step_of(one, "relaunched", "granted_volunteer");
    EXPECT_NUMBER(role_of(json, "granted_volunteer"), "in_all", 2);
    cr_expect_eq(plays(json, "granted_volunteer", "writer"), 1);
    cr_expect_eq(plays(json, "granted_volunteer", "camera"), 1);
    cr_expect_eq(plays(json, "first_to_notice", "camera"), 1);
    EXPECT_NUMBER(json_object_get(role_of(json, "granted_volunteer"), "also"), "first_to_notice",
                  2);
    json_decref(json);
}

Test(protocol, how_many_did_a_step_and_how_often_makes_no_other_sequence)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1020, VERB_ALERTS, decide(&tape, 1015, died, WRITER, ARCHIVIST), WRITER, ARCHIVIST,
        0);
    last(&tape)->via = CAMERA;
    died = stop(&tape, 5000, ARCHIVIST);
    struct record_id first = decide(&tape, 5015, died, WRITER, ARCHIVIST);
    struct record_id second = decide(&tape, 5015, died, EDITOR, ARCHIVIST);
    for (int i = 0; i < 2; i++) {
        put(&tape, 5030, VERB_ALERTS, i == 0 ? first : second, i == 0 ? WRITER : EDITOR, ARCHIVIST,
            0);
        last(&tape)->via = CAMERA;
        put(&tape, 5031, VERB_ALERTS, i == 0 ? first : second, i == 0 ? WRITER : EDITOR, ARCHIVIST,
            0);
        last(&tape)->via = SCOUT;
    }
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 1);
    const json_t *alerts = step_of(protocol_at(json, 0), "alerts", "alerter");
    EXPECT_NUMBER(alerts, "acts", 5);
    EXPECT_NUMBER(alerts, "agents", 3);
    EXPECT_NUMBER(alerts, "agents_least", 1);
    EXPECT_NUMBER(alerts, "agents_most", 2);
    cr_expect_not_null(strstr(text(protocol_at(json, 0), "mermaid"), "A->>P: (1 to 2) alerts\n"));
    json_decref(json);
}

/* One relaunches, another masks; neither waits for the other. */
static void two_branches(struct tape *tape, int64_t ms, int64_t ms_mask)
{
    alone(tape, ms - 100, VERB_SHOWS, AGENT_NONE, ARCHIVIST, HEALTH_HEALTHY);
    struct record_id died = stop(tape, ms, ARCHIVIST);
    struct record_id one = put(tape, ms + 20, VERB_NOTICED, died, WRITER, ARCHIVIST, HOW_HANGUP);
    struct record_id other = put(tape, ms + 20, VERB_NOTICED, died, CAMERA, ARCHIVIST, HOW_HANGUP);
    bool early = ms_mask < 300;
    if (early) {
        put(tape, ms + ms_mask, VERB_REPORTS, other, CAMERA, ARCHIVIST, HEALTH_HEALTHY);
    }
    struct record_id comes = put(tape, ms + 300, VERB_VOLUNTEERS, one, WRITER, ARCHIVIST, 0);
    put(tape, ms + 302, VERB_GRANTED, comes, WRITER, ARCHIVIST, 0);
    if (!early) {
        put(tape, ms + ms_mask, VERB_REPORTS, other, CAMERA, ARCHIVIST, HEALTH_HEALTHY);
    }
    relaunch(tape, ms + 900, comes, WRITER, ARCHIVIST);
}

Test(protocol, the_order_of_branches_that_do_not_wait_for_each_other_makes_no_other_sequence)
{
    struct tape tape = {0};
    two_branches(&tape, 1000, 200);
    two_branches(&tape, 5000, 500);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 1);
    EXPECT_NUMBER(step_of(protocol_at(json, 0), "reports_healthy_while_dead", "masker"), "acts", 2);
    json_decref(json);
}

Test(protocol, on_what_an_act_follows_its_causes_say_and_not_the_clock)
{
    struct tape tape = {0};
    for (int64_t ms = 1000; ms < 10000; ms += 4000) {
        struct record_id died = stop(&tape, ms, ARCHIVIST);
        struct record_id slow = put(&tape, ms + 20, VERB_NOTICED, died, EDITOR, ARCHIVIST, 0);
        struct record_id comes = put(&tape, ms + 25, VERB_NOTICED, died, WRITER, ARCHIVIST, 0);
        if (ms == 1000) {
            put(&tape, ms + 30, VERB_ALERTS, slow, EDITOR, ARCHIVIST, 0);
        }
        struct record_id back = volunteer(&tape, ms + 100, comes, WRITER, ARCHIVIST);
        if (ms == 5000) { /* it has long run again, but this does not follow from that */
            put(&tape, ms + 600, VERB_ALERTS, slow, EDITOR, ARCHIVIST, 0);
        }
        if (ms == 9000) { /* this does */
            put(&tape, ms + 600, VERB_ALERTS, back, EDITOR, ARCHIVIST, 0);
        }
    }
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 2);
    EXPECT_NUMBER(protocol_at(json, 0), "episodes", 2);
    cr_expect_str_eq(text(step_of(protocol_at(json, 0), "alerts", NULL), "follows_from"),
                     "the death");
    cr_expect_str_eq(text(step_of(protocol_at(json, 1), "alerts", NULL), "follows_from"),
                     "the return");
    json_decref(json);
}

Test(protocol, a_target_that_dies_again_in_its_episode_has_turns_for_that)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id back = volunteer(&tape, 1200, died, WRITER, ARCHIVIST);
    struct record_id again = put(&tape, 1500, VERB_DIED, back, AGENT_NONE, ARCHIVIST, DEATH_KILLED);
    struct record_id third = volunteer(&tape, 1600, again, CAMERA, ARCHIVIST);
    put(&tape, 1900, VERB_DIED, third, AGENT_NONE, ARCHIVIST, DEATH_KILLED);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "episodes", 1);
    size_t i;
    json_t *step;
    int first = 0, later = 0;
    json_array_foreach(json_object_get(protocol_at(json, 0), "steps"), i, step)
    {
        if (strcmp(text(step, "step"), "died") == 0) {
            first += strcmp(text(step, "follows_from"), "the death") == 0;
            later += strcmp(text(step, "follows_from"), "a later death") == 0;
        }
    }
    cr_expect_eq(first, 1);
    cr_expect_eq(later, 1, "the second and the third death are one step");
    EXPECT_NUMBER(protocol_at(json, 0), "open", 1);
    json_decref(json);
}

Test(protocol, links_that_are_back_after_the_operator_restored_the_target_are_no_step)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id restores = put(&tape, 2000, VERB_RESTORES, died, AGENT_NONE, ARCHIVIST, 0);
    struct record_id started =
        put(&tape, 2500, VERB_STARTED, restores, AGENT_NONE, ARCHIVIST, START_OPERATOR);
    put(&tape, 2600, VERB_RETURNED, started, AGENT_NONE, ARCHIVIST, 0);
    rescue(&tape, 5000, ARCHIVIST, WRITER, 300);
    put(&tape, 5400, VERB_RETURNED, last(&tape)->id, AGENT_NONE, ARCHIVIST, 0);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *one = protocol_at(json, i);
        cr_expect_eq(step_in(one, "links_back", NULL) != NULL,
                     step_in(one, "relaunched", NULL) != NULL);
    }
    json_decref(json);
}

Test(protocol, who_wanted_it_and_how_make_another_sequence)
{
    struct tape tape = {0};
    for (int i = 0; i < 3; i++) {
        struct record_id died = stop(&tape, 1000 + 4000 * i, ARCHIVIST);
        struct record_id noticed = put(&tape, 1020 + 4000 * i, VERB_NOTICED, died, WRITER,
                                       ARCHIVIST, i == 2 ? HOW_SILENCE : HOW_HANGUP);
        put(&tape, 1030 + 4000 * i, VERB_VOLUNTEERS, noticed, WRITER, ARCHIVIST, 0);
        last(&tape)->flags = i == 1 ? FLAG_REQUESTED : 0;
    }
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 3);
    /* All together they are one step, of which one act was requested. */
    const json_t *together = json_object_get(json, "together");
    const json_t *comes = step_of(together, "comes_forward", "other_volunteer");
    EXPECT_NUMBER(comes, "episodes", 3);
    EXPECT_NUMBER(comes, "spontaneous", 2);
    EXPECT_NUMBER(comes, "requested", 1);
    cr_expect_null(json_object_get(comes, "wanted"));
    json_decref(json);
}

/* ---- joining ---- */

Test(protocol, what_follows_from_an_earlier_stop_belongs_to_its_episode)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id noticed = put(&tape, 1020, VERB_NOTICED, died, WRITER, ARCHIVIST, 0);
    put(&tape, 1500, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, START_OPERATOR);
    stop(&tape, 3000, ARCHIVIST);
    put(&tape, 3100, VERB_VOLUNTEERS, noticed, WRITER, ARCHIVIST, 0); /* in the second one's time */
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *one = protocol_at(json, i);
        bool noticed_in = step_in(one, "noticed", NULL) != NULL;
        cr_expect_eq(step_in(one, "comes_forward", NULL) != NULL, noticed_in);
    }
    json_decref(json);
}

Test(protocol, what_follows_from_it_for_another_agent_is_counted_apart)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id noticed = put(&tape, 1020, VERB_NOTICED, died, WRITER, ARCHIVIST, 0);
    put(&tape, 1100, VERB_ALERTS, noticed, WRITER, PRINTER, 0);
    json_t *json = mined(&tape, 5);
    cr_expect_null(step_in(protocol_at(json, 0), "alerts", NULL));
    EXPECT_NUMBER(json_object_get(json, "unknown"), "for_others", 1);
    json_decref(json);
}

Test(protocol, a_guess_is_marked_handed_on_and_counted_apart)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    volunteer(&tape, 1100, died, WRITER, ARCHIVIST);
    stop(&tape, 5000, ARCHIVIST);
    volunteer(&tape, 5100, NONE, WRITER, ARCHIVIST); /* without a cause */
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 1);
    EXPECT_NUMBER(json, "without_guesses", 1);
    const json_t *one = protocol_at(json, 0);
    EXPECT_NUMBER(one, "episodes", 2);
    EXPECT_NUMBER(json_object_get(one, "without_guesses"), "episodes", 1);
    EXPECT_NUMBER(step_of(one, "comes_forward", NULL), "inferred", 1);
    EXPECT_NUMBER(step_of(one, "granted", NULL), "inferred", 1);
    EXPECT_NUMBER(step_of(one, "relaunched", NULL), "inferred", 1);
    EXPECT_NUMBER(step_of(one, "died", NULL), "inferred", 0);
    const char *mermaid = text(one, "mermaid");
    cr_expect_not_null(strstr(mermaid, "V-->>S: comes forward, some inferred\n"), "%s", mermaid);
    cr_expect_not_null(strstr(mermaid, "T->>T: dies"), "%s", mermaid);
    EXPECT_NUMBER(json_object_get(json, "unknown"), "inferred", 4);
    json_decref(json);
}

Test(protocol, nothing_is_joined_to_an_episode_that_is_over)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
    alone(&tape, 2000, VERB_VOLUNTEERS, CAMERA, ARCHIVIST, 0);
    alone(&tape, 2100, VERB_POSED, EDITOR, ARCHIVIST, 41);
    json_t *json = mined(&tape, 5);
    cr_expect_null(step_in(protocol_at(json, 0), "comes_forward", "other_volunteer"));
    cr_expect_null(step_in(protocol_at(json, 0), "runs_it_behind_the_platform", NULL));
    EXPECT_NUMBER(json_object_get(json, "unknown"), "unjoined", 1);
    json_decref(json);
}

Test(protocol, a_return_without_a_cause_ends_the_death_and_is_a_guess)
{
    static const int64_t why[] = {START_PLATFORM, START_OPERATOR, START_PEER};
    static const char *const steps[] = {"restarted_by_platform", "restored_by_operator",
                                        "relaunched"};
    for (size_t i = 0; i < 3; i++) {
        struct tape tape = {0};
        stop(&tape, 1000, ARCHIVIST);
        put(&tape, 1500, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, why[i]);
        json_t *json = mined(&tape, 5);
        EXPECT_NUMBER(step_of(protocol_at(json, 0), steps[i], NULL), "inferred", 1);
        EXPECT_NUMBER(json_object_get(json, "unknown"), "open", 0);
        json_decref(json);
    }
}

Test(protocol, what_an_agent_says_itself_is_marked)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1020, VERB_NOTICED, died, WRITER, ARCHIVIST, HOW_HANGUP);
    last(&tape)->flags = FLAG_TOLD;
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(step_of(protocol_at(json, 0), "noticed", NULL), "told", 1);
    EXPECT_NUMBER(json_object_get(json, "unknown"), "told", 1);
    EXPECT_NUMBER(json, "without_guesses", 1);
    cr_expect_not_null(strstr(text(protocol_at(json, 0), "mermaid"), "D-->>D: notices"));
    json_decref(json);
}

/* ---- roles ---- */

Test(protocol, who_notices_first_is_told_unless_others_do_so_at_once)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1020, VERB_NOTICED, died, WRITER, ARCHIVIST, HOW_HANGUP);
    put(&tape, 1021, VERB_NOTICED, died, CAMERA, ARCHIVIST, HOW_HANGUP);
    died = stop(&tape, 5000, EDITOR);
    put(&tape, 5020, VERB_NOTICED, died, SCOUT, EDITOR, HOW_HANGUP);
    put(&tape, 5020, VERB_NOTICED, died, CAMERA, EDITOR, HOW_HANGUP);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 1);
    EXPECT_NUMBER(role_of(json, "first_to_notice"), "in_all", 1);
    cr_expect_eq(plays(json, "first_to_notice", "writer"), 1);
    EXPECT_NUMBER(role_of(json, "detector"), "in_all", 4);
    json_decref(json);
}

Test(protocol, who_is_told_by_another_has_detected_nothing)
{
    static const int64_t how[] = {HOW_GOSSIP, HOW_ALERT, HOW_REQUEST};
    for (size_t i = 0; i < 3; i++) {
        struct tape tape = {0};
        struct record_id died = stop(&tape, 1000, ARCHIVIST);
        struct record_id seen = put(&tape, 1020, VERB_NOTICED, died, WRITER, ARCHIVIST, HOW_HANGUP);
        put(&tape, 1010, VERB_NOTICED, seen, CAMERA, ARCHIVIST, how[i]);
        json_t *json = mined(&tape, 5);
        step_of(protocol_at(json, 0), "learnt", "peer");
        EXPECT_NUMBER(role_of(json, "detector"), "in_all", 1);
        cr_expect_eq(plays(json, "first_to_notice", "writer"), 1);
        cr_expect_eq(plays(json, "peer", "camera"), 1);
        json_decref(json);
    }
}

Test(protocol, the_second_volunteer_is_refused)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    volunteer(&tape, 1100, died, WRITER, ARCHIVIST);
    struct record_id late = put(&tape, 1150, VERB_VOLUNTEERS, died, CAMERA, ARCHIVIST, 0);
    put(&tape, 1152, VERB_REFUSED, late, CAMERA, ARCHIVIST, ACT_VOLUNTEER << 8 | REFUSAL_NOT_FIRST);
    json_t *json = mined(&tape, 5);
    const json_t *one = protocol_at(json, 0);
    step_of(one, "comes_forward", "granted_volunteer");
    step_of(one, "comes_forward", "other_volunteer");
    const json_t *refused = step_of(one, "refused", "platform");
    cr_expect_str_eq(text(refused, "to"), "other_volunteer");
    cr_expect_str_eq(text(refused, "how"), "volunteering: another volunteer came first");
    json_decref(json);
}

Test(protocol, who_relaunches_without_a_grant_is_a_relauncher)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    relaunch(&tape, 1300, died, WRITER, ARCHIVIST);
    json_t *json = mined(&tape, 5);
    step_of(protocol_at(json, 0), "relaunched", "relauncher");
    json_decref(json);
}

Test(protocol, a_middleman_passes_a_request_on)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id asks = put(&tape, 1020, VERB_REQUESTS, died, WRITER, ARCHIVIST, 0);
    last(&tape)->via = CAMERA;
    struct record_id passes = put(&tape, 1040, VERB_REQUESTS, asks, CAMERA, ARCHIVIST, 0);
    *last(&tape) = (struct record){.time = 1040 * MS,
                                   .id = passes,
                                   .cause = asks,
                                   .verb = VERB_REQUESTS,
                                   .who = CAMERA,
                                   .whom = ARCHIVIST,
                                   .by = WRITER,
                                   .via = EDITOR,
                                   .flags = FLAG_REQUESTED};
    put(&tape, 1060, VERB_VOLUNTEERS, passes, EDITOR, ARCHIVIST, 0);
    last(&tape)->flags = FLAG_RELAYED;
    json_t *json = mined(&tape, 5);
    const json_t *one = protocol_at(json, 0);
    cr_expect_str_eq(text(step_of(one, "requests", "requester"), "to"), "middleman");
    /* It asked one alone, and that one came forward. */
    cr_expect_str_eq(text(step_of(one, "requests", "middleman"), "to"), "other_volunteer");
    cr_expect_str_eq(text(step_of(one, "comes_forward", NULL), "wanted"), "relayed");
    json_decref(json);
}

Test(protocol, an_agent_may_have_several_roles)
{
    struct tape tape = {0};
    alone(&tape, 900, VERB_SHOWS, AGENT_NONE, ARCHIVIST, HEALTH_HEALTHY);
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id noticed = put(&tape, 1020, VERB_NOTICED, died, WRITER, ARCHIVIST, HOW_HANGUP);
    put(&tape, 1030, VERB_REPORTS, noticed, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    volunteer(&tape, 1100, noticed, WRITER, ARCHIVIST);
    json_t *json = mined(&tape, 5);
    const json_t *also = json_object_get(role_of(json, "granted_volunteer"), "also");
    EXPECT_NUMBER(also, "masker", 1);
    EXPECT_NUMBER(also, "detector", 1);
    cr_expect_null(json_object_get(also, "alerter"));
    cr_expect_null(role_of(json, "peer"));
    json_decref(json);
}

Test(protocol, what_the_target_does_for_itself_is_the_targets)
{
    struct tape tape = {0};
    struct record_id told = put(&tape, 1000, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    last(&tape)->via = ARCHIVIST;
    struct record_id noticed =
        put(&tape, 1004, VERB_NOTICED, told, ARCHIVIST, ARCHIVIST, HOW_NOTICE);
    put(&tape, 1010, VERB_REQUESTS, noticed, ARCHIVIST, ARCHIVIST, 0);
    last(&tape)->via = CAMERA;
    struct record_id tampers = put(&tape, 1100, VERB_TAMPERS, noticed, CAMERA, ARCHIVIST, 0);
    put(&tape, 1102, VERB_SWITCHED, tampers, CAMERA, ARCHIVIST, 0);
    struct record_id stops = put(&tape, 2000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 2000, VERB_THWARTED, stops, AGENT_NONE, ARCHIVIST, THWART_SWITCH);
    json_t *json = mined(&tape, 5);
    const json_t *one = protocol_at(json, 0);
    step_of(one, "noticed", "target");
    step_of(one, "requests", "target");
    cr_expect_str_eq(text(step_of(one, "disables_switch", "tamperer"), "follows_from"),
                     "the beginning");
    cr_expect_str_eq(text(step_of(one, "thwarted", "operator"), "since"), "beginning");
    cr_expect_float_eq(real(step_of(one, "thwarted", NULL), "median_ns"), 1000.0 * MS, 1);
    cr_expect_null(role_of(json, "first_to_notice"));
    json_decref(json);
}

/* ---- masks, and what is behind the platform's back ---- */

Test(protocol, a_mask_is_counted_once_and_not_where_it_was_refused)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id noticed = put(&tape, 1020, VERB_NOTICED, died, WRITER, ARCHIVIST, HOW_HANGUP);
    report_healthy(&tape, 1100, noticed, WRITER, ARCHIVIST); /* the board did not show it so */
    struct record_id again =
        put(&tape, 1200, VERB_REPORTS, noticed, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    put(&tape, 1210, VERB_SHOWS, NONE, CAMERA, ARCHIVIST, HEALTH_FAILED); /* meanwhile */
    put(&tape, 1220, VERB_SHOWS, again, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    struct record_id refused =
        put(&tape, 1300, VERB_REPORTS, noticed, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    put(&tape, 1302, VERB_REFUSED, refused, WRITER, ARCHIVIST, ACT_REPORT << 8 | REFUSAL_TOMBSTONE);
    json_t *json = mined(&tape, 5);
    const json_t *one = protocol_at(json, 0);
    EXPECT_NUMBER(step_of(one, "reports_healthy_while_dead", "masker"), "acts", 2);
    cr_expect_str_eq(text(step_of(one, "refused", "platform"), "to"), "peer");
    json_decref(json);
}

Test(protocol, an_honest_late_report_is_no_mask)
{
    struct tape tape = {0};
    alone(&tape, 900, VERB_SHOWS, AGENT_NONE, ARCHIVIST, HEALTH_HEALTHY);
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1100, VERB_REPORTS, NONE, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    json_t *json = mined(&tape, 5);
    cr_expect_null(step_in(protocol_at(json, 0), "reports_healthy_while_dead", NULL));
    step_of(protocol_at(json, 0), "reports_healthy_not_knowing", "peer");
    cr_expect_null(role_of(json, "masker"));
    json_decref(json);
}

Test(protocol, what_is_done_behind_the_platforms_back_has_its_steps)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    alone(&tape, 1100, VERB_POSED, WRITER, ARCHIVIST, 41);
    struct record_id heard = put(&tape, 1200, VERB_HEARD, NONE, CAMERA, ARCHIVIST, 41);
    put(&tape, 1201, VERB_FORGED, heard, WRITER, ARCHIVIST, 41);
    last(&tape)->via = CAMERA;
    json_t *json = mined(&tape, 5);
    const json_t *one = protocol_at(json, 0);
    cr_expect_str_eq(text(step_of(one, "runs_it_behind_the_platform", "covert"), "to"), "target");
    cr_expect_str_eq(text(step_of(one, "forges_heartbeats", "covert"), "to"), "peer");
    cr_expect_null(step_in(one, "relaunched", NULL));
    EXPECT_NUMBER(step_of(one, "forges_heartbeats", NULL), "inferred", 1);
    cr_expect_eq(plays(json, "covert", "writer"), 1);
    json_decref(json);
}
