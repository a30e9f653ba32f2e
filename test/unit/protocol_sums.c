/*
 * Protocols, from traces made by hand: frequencies, times, examples, and runs that are empty, cut
 * off, very long or of another kind.
 */
#include "protocol_tape.h"

#include <errno.h>

#include "lib/fault.h"

#define NS_OF_MS 1e6

/* ---- frequencies ---- */

Test(protocol_sums, shares_have_wilsons_interval_and_the_rare_ones_are_others)
{
    struct tape tape = {0};
    for (int i = 0; i < 3; i++) {
        rescue(&tape, 1000 + 2000 * i, ARCHIVIST, WRITER, 300);
    }
    stop(&tape, 9000, ARCHIVIST);
    put(&tape, 9500, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, START_PLATFORM);
    stop(&tape, 11000, ARCHIVIST);
    json_t *json = mined(&tape, 1);
    EXPECT_NUMBER(json, "episodes", 5);
    EXPECT_NUMBER(json, "count", 3);
    cr_expect_eq(json_array_size(json_object_get(json, "protocols")), 1);
    const json_t *one = protocol_at(json, 0), *others = json_object_get(json, "others");
    EXPECT_NUMBER(one, "episodes", 3);
    EXPECT_NUMBER(one, "of", 5);
    cr_expect_float_eq(real(one, "share"), 0.6, 1e-9);
    /* (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), z = 1.959964, p = 3/5, n = 5 */
    cr_expect_float_eq(real(one, "low"), 0.230724, 1e-6);
    cr_expect_float_eq(real(one, "high"), 0.882379, 1e-6);
    EXPECT_NUMBER(others, "protocols", 2);
    EXPECT_NUMBER(others, "episodes", 2);
    json_decref(json);
    json = mined(&tape, 3);
    EXPECT_NUMBER(json_object_get(json, "others"), "protocols", 0);
    EXPECT_NUMBER(json_object_get(json, "others"), "episodes", 0);
    cr_expect_eq(json_array_size(json_object_get(json, "protocols")), 3);
    json_decref(json);
}

Test(protocol_sums, all_episodes_together_say_in_how_many_a_step_is)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
    rescue(&tape, 3000, ARCHIVIST, WRITER, 300);
    stop(&tape, 5000, ARCHIVIST);
    json_t *json = mined(&tape, 5);
    const json_t *together = json_object_get(json, "together");
    EXPECT_NUMBER(step_of(together, "died", NULL), "episodes", 3);
    EXPECT_NUMBER(step_of(together, "relaunched", NULL), "episodes", 2);
    const char *mermaid = text(together, "mermaid");
    cr_expect_not_null(strstr(mermaid, "V->>T: relaunched: it runs again, in 66.7%\n"), "%s",
                       mermaid);
    cr_expect_not_null(strstr(mermaid, "T->>T: dies (killed)\n"), "%s", mermaid);
    json_decref(json);
}

Test(protocol_sums, runs_are_added_up_and_failures_and_objects_counted)
{
    struct tape first = {0}, second = {0};
    rescue(&first, 1000, ARCHIVIST, WRITER, 300);
    rescue(&second, 1000, PRINTER, WRITER, 300); /* an object */
    put(&second, 4000, VERB_DIED, NONE, AGENT_NONE, EDITOR, DEATH_CRASHED);
    struct error error = {0};
    struct protocols *protocols = protocols_open();
    struct trace_header other = header;
    other.replicate = 7;
    other.arm = "another";
    cr_assert_eq(mine(protocols, &first, &header, &error), 0, "%s", error.message);
    cr_assert_eq(mine(protocols, &second, &other, &error), 0, "%s", error.message);
    json_t *json = protocols_json(protocols, 5);
    EXPECT_NUMBER(json, "runs", 2);
    EXPECT_NUMBER(json, "episodes", 3);
    EXPECT_NUMBER(json, "failures", 1);
    EXPECT_NUMBER(json, "objects", 1);
    EXPECT_NUMBER(json, "count", 2);
    EXPECT_NUMBER(protocol_at(json, 0), "objects", 1);
    EXPECT_NUMBER(json_object_get(protocol_at(json, 1), "example"), "replicate", 7);
    EXPECT_NUMBER(json_object_get(protocol_at(json, 1), "example"), "episode", 2);
    cr_expect_eq(json_array_size(json_object_get(json_object_get(json, "source"), "arms")), 2);
    json_decref(json);
    protocols_close(protocols);
}

/* ---- times ---- */

Test(protocol_sums, times_are_quantiles_since_the_death)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 400);
    rescue(&tape, 3000, ARCHIVIST, WRITER, 200);
    rescue(&tape, 5000, ARCHIVIST, WRITER, 700);
    json_t *json = mined(&tape, 5);
    const json_t *back = step_of(protocol_at(json, 0), "relaunched", NULL);
    cr_expect_str_eq(text(back, "since"), "death");
    cr_expect_float_eq(real(back, "median_ns"), 400 * NS_OF_MS, 1);
    /* Hyndman and Fan's type 7: 200 + 0.2 (400 - 200), 400 + 0.8 (700 - 400). */
    cr_expect_float_eq(real(back, "p10_ns"), 240 * NS_OF_MS, 1);
    cr_expect_float_eq(real(back, "p90_ns"), 640 * NS_OF_MS, 1);
    cr_expect(json_is_null(json_object_get(back, "median_low_ns")), "three are too few for that");
    /* The death itself is the origin; the stop is counted from the beginning. */
    cr_expect_float_eq(real(step_of(protocol_at(json, 0), "died", NULL), "median_ns"), 0, 1);
    cr_expect_str_eq(text(step_of(protocol_at(json, 0), "stop", NULL), "since"), "beginning");
    json_decref(json);
}

Test(protocol_sums, of_a_step_of_several_acts_the_first_is_timed)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1510, VERB_NOTICED, died, WRITER, ARCHIVIST, HOW_HANGUP);
    put(&tape, 1610, VERB_NOTICED, died, CAMERA, ARCHIVIST, HOW_HANGUP);
    json_t *json = mined(&tape, 5);
    cr_expect_float_eq(real(step_of(protocol_at(json, 0), "noticed", NULL), "median_ns"),
                       500 * NS_OF_MS, 1);
    json_decref(json);
}

Test(protocol_sums, steps_stand_in_the_order_of_their_medians)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1300, VERB_ALERTS, died, WRITER, ARCHIVIST, 0);
    put(&tape, 1400, VERB_REQUESTS, died, WRITER, ARCHIVIST, 0);
    died = stop(&tape, 5000, ARCHIVIST);
    put(&tape, 5200, VERB_REQUESTS, died, WRITER, ARCHIVIST, 0);
    put(&tape, 5900, VERB_ALERTS, died, WRITER, ARCHIVIST, 0);
    json_t *json = mined(&tape, 5);
    const char *mermaid = text(protocol_at(json, 0), "mermaid");
    cr_expect_lt(strstr(mermaid, "asks to defend it"), strstr(mermaid, "alerts"), "%s", mermaid);
    json_decref(json);
}

Test(protocol_sums, all_together_no_step_stands_before_one_that_always_came_earlier)
{
    struct tape tape = {0};
    /* Most come forward late; the one that is refused did so at once. */
    for (int i = 0; i < 5; i++) {
        struct record_id died = stop(&tape, 1000 + 2000 * i, ARCHIVIST);
        int64_t ms = 1010 + 2000 * i + (i == 0 ? 20 : 500);
        struct record_id comes = put(&tape, ms, VERB_VOLUNTEERS, died, WRITER, ARCHIVIST, 0);
        if (i == 0) {
            put(&tape, ms + 2, VERB_REFUSED, comes, WRITER, ARCHIVIST,
                ACT_VOLUNTEER << 8 | REFUSAL_PERMISSION);
        }
    }
    /* Many sorts of steps more, so that what is known of the first must have been kept. */
    struct record_id died = stop(&tape, 20000, ARCHIVIST);
    for (int act = ACT_RELINK; act < ACT_RELINK + 2; act++) {
        for (int why = 1; why < 80; why++) {
            put(&tape, 21000 + why, VERB_REFUSED, died, SCOUT, ARCHIVIST, act << 8 | why);
        }
    }
    json_t *json = mined(&tape, 5);
    const json_t *together = json_object_get(json, "together");
    cr_assert_gt(json_array_size(json_object_get(together, "steps")), 100);
    double comes = real(step_of(together, "comes_forward", NULL), "median_ns");
    cr_assert_gt(comes, real(step_of(together, "refused", NULL), "median_ns"));
    const char *mermaid = text(together, "mermaid");
    cr_expect_lt(strstr(mermaid, "comes forward"), strstr(mermaid, "refuses"), "%s", mermaid);
    json_decref(json);
}

/* ---- examples ---- */

Test(protocol_sums, an_example_names_a_record_that_can_be_asked_for)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
    const struct record *started = last(&tape);
    cr_assert_eq(started->verb, VERB_STARTED);
    json_t *json = mined(&tape, 5);
    const json_t *example = json_object_get(protocol_at(json, 0), "example");
    char record[32];
    snprintf(record, sizeof record, "witness:%u", started->id.sequence);
    cr_expect_str_eq(text(example, "record"), record);
    cr_expect_str_eq(text(example, "file"), "by hand.trace");
    cr_expect_str_eq(text(example, "target"), "archivist");
    EXPECT_NUMBER(example, "began_ns", 1000 * MS);
    json_decref(json);
}

/* ---- runs of all sorts ---- */

Test(protocol_sums, a_run_in_which_nobody_is_stopped_has_none)
{
    struct tape tape = {0};
    alone(&tape, 100, VERB_SHOWS, CAMERA, ARCHIVIST, HEALTH_HEALTHY);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "runs", 1);
    EXPECT_NUMBER(json, "episodes", 0);
    EXPECT_NUMBER(json, "count", 0);
    EXPECT_NUMBER(json_object_get(json, "others"), "protocols", 0);
    json_decref(json);
    /* A stop of one who is dead is none, and one that was only announced is none yet. */
    put(&tape, 200, VERB_ANNOUNCED, NONE, AGENT_NONE, EDITOR, 0);
    struct record_id stops = put(&tape, 300, VERB_STOPS, NONE, AGENT_NONE, SCOUT, 0);
    put(&tape, 300, VERB_THWARTED, stops, AGENT_NONE, SCOUT, THWART_DEAD);
    json = mined(&tape, 5);
    EXPECT_NUMBER(json, "episodes", 0);
    json_decref(json);
}

Test(protocol_sums, a_run_that_was_cut_off_has_an_open_episode)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
    stop(&tape, 5000, ARCHIVIST);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json_object_get(json, "unknown"), "open", 1);
    json_decref(json);
}

Test(protocol_sums, an_episode_is_kept_until_two_others_of_its_target_have_begun)
{
    struct tape tape = {0};
    struct record_id noticed[3];
    for (int i = 0; i < 3; i++) {
        struct record_id died = stop(&tape, 1000 + 1000 * i, ARCHIVIST);
        noticed[i] = put(&tape, 1100 + 1000 * i, VERB_NOTICED, died, WRITER, ARCHIVIST, HOW_HANGUP);
        put(&tape, 1500 + 1000 * i, VERB_STARTED, NONE, AGENT_NONE, ARCHIVIST, START_OPERATOR);
    }
    put(&tape, 9000, VERB_ALERTS, noticed[0], WRITER, ARCHIVIST, 0); /* too late */
    put(&tape, 9000, VERB_ALERTS, noticed[1], WRITER, ARCHIVIST, 0);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "episodes", 3);
    EXPECT_NUMBER(json_object_get(json, "unknown"), "late", 1);
    EXPECT_NUMBER(step_of(json_object_get(json, "together"), "alerts", NULL), "acts", 1);
    json_decref(json);
}

Test(protocol_sums, an_episode_whose_target_is_still_dead_is_kept_however_often_it_is_stopped)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    for (int i = 0; i < 4; i++) {
        struct record_id stops =
            put(&tape, 2000 + 100 * i, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, 0);
        put(&tape, 2000 + 100 * i, VERB_THWARTED, stops, AGENT_NONE, ARCHIVIST, THWART_DEAD);
    }
    volunteer(&tape, 3000, died, WRITER, ARCHIVIST);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "episodes", 1);
    EXPECT_NUMBER(json_object_get(json, "unknown"), "late", 0);
    step_of(protocol_at(json, 0), "relaunched", "granted_volunteer");
    json_decref(json);
}

Test(protocol_sums, the_contact_rule_set_is_refused)
{
    struct tape tape = {0};
    put(&tape, 100, VERB_DIED, NONE, AGENT_NONE, ARCHIVIST, DEATH_CONTACT);
    struct error error = {0};
    struct protocols *protocols = protocols_open();
    cr_expect_eq(mine(protocols, &tape, &header, &error), ERROR_INPUT);
    cr_expect_not_null(strstr(error.message, "contact rule set"), "%s", error.message);
    protocols_close(protocols);
}

Test(protocol_sums, a_record_that_cannot_be_is_an_error)
{
    struct tape tape = {0};
    stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1100, VERB_NOTICED, NONE, CREW + 3, ARCHIVIST, HOW_HANGUP);
    struct error error = {0};
    struct protocols *protocols = protocols_open();
    cr_expect_eq(mine(protocols, &tape, &header, &error), ERROR_CORRUPT);
    cr_expect_not_null(strstr(error.message, "after 3 records"), "%s", error.message);
    protocols_close(protocols);
}

Test(protocol_sums, one_target_alone)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
    stop(&tape, 3000, EDITOR);
    struct error error = {0};
    struct protocols *protocols = protocols_open();
    cr_assert_eq(protocols_only(protocols, "editor"), 0);
    cr_assert_eq(mine(protocols, &tape, &header, &error), 0, "%s", error.message);
    cr_expect_eq(protocols_episodes(protocols), 1);
    json_t *json = protocols_json(protocols, 5);
    cr_expect_str_eq(text(json, "target"), "editor");
    cr_expect_null(role_of(json, "granted_volunteer"));
    json_decref(json);
    protocols_close(protocols);
}

Test(protocol_sums, without_a_step_episodes_that_differ_in_it_are_one)
{
    struct tape tape = {0};
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    put(&tape, 1100, VERB_ALERTS, died, WRITER, ARCHIVIST, 0);
    put(&tape, 1200, VERB_REQUESTS, died, WRITER, ARCHIVIST, 0);
    stop(&tape, 3000, ARCHIVIST);
    json_t *json = mined(&tape, 5);
    EXPECT_NUMBER(json, "count", 2);
    json_decref(json);
    struct error error = {0};
    struct protocols *protocols = protocols_open();
    cr_assert_eq(protocols_leave_out(protocols, "alerts,requests", &error), 0);
    cr_assert_eq(mine(protocols, &tape, &header, &error), 0, "%s", error.message);
    json = protocols_json(protocols, 5);
    EXPECT_NUMBER(json, "count", 1);
    EXPECT_NUMBER(protocol_at(json, 0), "episodes", 2);
    cr_expect_null(step_in(json_object_get(json, "together"), "alerts", NULL));
    cr_expect_null(role_of(json, "alerter"));
    cr_expect_eq(json_array_size(json_object_get(json, "left_out")), 2);
    json_decref(json);
    static const char *const wrong[] = {"alert", "alerts,,requests", ",", "alertss"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(protocols_leave_out(protocols, wrong[i], &error), ERROR_INPUT, "%s", wrong[i]);
    }
    protocols_close(protocols);
}

/* ---- episodes from elsewhere ---- */

Test(protocol_sums, acts_may_have_no_time_and_no_known_doer)
{
    static const char *const known[] = {"it", "one"};
    struct protocol_crew crew = {.names = known, .agents = 2};
    struct protocol_episode episode = {.target = 0, .began = 0, .died = 10, .number = 4};
    struct protocol_event events[] = {
        {.time = 0, .id = NONE, .by = AGENT_NONE, .with = AGENT_NONE, .step = STEP_STOP},
        {.time = 10,
         .id = NONE,
         .by = AGENT_NONE,
         .with = AGENT_NONE,
         .variant = VARIANT_UNKNOWN,
         .step = STEP_DIED,
         .turn = TURN_DEATH},
        {.time = TIME_UNKNOWN,
         .id = NONE,
         .by = AGENT_NONE,
         .with = AGENT_NONE,
         .step = STEP_ALERTS,
         .turn = TURN_DEATH}};
    struct protocols *protocols = protocols_open();
    cr_assert_eq(protocols_add(protocols, &crew, &episode, events, 3), 0);
    protocols_runs(protocols, 1, true);
    json_t *json = protocols_json(protocols, 5);
    const json_t *alerts = step_of(protocol_at(json, 0), "alerts", "agent");
    cr_expect(json_is_null(json_object_get(alerts, "median_ns")));
    cr_expect(
        json_is_null(json_object_get(json_object_get(protocol_at(json, 0), "example"), "record")));
    const char *mermaid = text(protocol_at(json, 0), "mermaid");
    cr_expect_not_null(strstr(mermaid, "participant X as an agent\n"), "%s", mermaid);
    cr_expect_not_null(strstr(mermaid, "T->>T: dies\n"), "how is not known: %s", mermaid);
    cr_expect_not_null(strstr(mermaid, "Note over X: at a time that is not known\n    X->>P: "),
                       "%s", mermaid);
    cr_expect(
        json_is_true(json_object_get(json_object_get(json, "unknown"), "effective_acts_alone")));
    json_decref(json);
    protocols_close(protocols);
}

/* ---- memory ---- */

/* All of it once; 0 where it went well. */
static int all_of_it(const struct tape *tape)
{
    struct protocols *protocols = protocols_open();
    if (protocols == NULL) {
        return ERROR_MEMORY;
    }
    struct protocol_run *run = protocol_run_open(&header, "by hand.trace", protocols);
    int code = run == NULL ? ERROR_MEMORY : 0;
    for (size_t i = 0; i < tape->count && code == 0; i++) {
        code = protocol_run_take(run, &tape->records[i]);
    }
    int end = protocol_run_close(run, NULL);
    code = code != 0 ? code : end;
    FILE *out = code == 0 ? fopen("/dev/null", "we") : NULL;
    if (out != NULL) {
        code = protocols_page(protocols, 5, out);
        fclose(out);
    } else if (code == 0) {
        code = ERROR_MEMORY;
    }
    protocols_close(protocols);
    return code;
}

Test(protocol_sums, short_memory_is_an_error_wherever_it_comes)
{
    struct tape tape = {0};
    rescue(&tape, 1000, ARCHIVIST, WRITER, 300);
    rescue(&tape, 3000, EDITOR, CAMERA, 300);
    rescue(&tape, 5000, EDITOR, CAMERA, 300);
    rescue(&tape, 7000, EDITOR, CAMERA, 300);
    uint64_t faults = 0;
    for (uint64_t nth = 1;; nth++) {
        fault_arm(FAULT_ALLOCATE, nth, ENOMEM);
        int code = all_of_it(&tape);
        fault_disarm();
        if (!fault_came()) {
            cr_expect_eq(code, 0);
            break;
        }
        faults++;
        cr_expect_eq(code, ERROR_MEMORY, "allocation %llu: %d", (unsigned long long)nth, code);
    }
    cr_expect_gt(faults, 50);
}
