/*
 * Episodes in words, from traces made by hand.
 */
#include "analysis_tape.h"

static char *story_of(const struct tape *tape, uint32_t episode)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct error error = {0};
    cr_assert_eq(analysis_story(&header, tape->records, tape->count, episode, out, &error), 0, "%s",
                 error.message);
    fclose(out);
    return text;
}

static void expect_parts(char *text, const char *const parts[], size_t count)
{
    const char *from = text;
    for (size_t i = 0; i < count; i++) {
        const char *at = strstr(from, parts[i]);
        cr_assert_not_null(at, "\"%s\" is missing, or out of order, in:\n%s", parts[i], text);
        from = at + strlen(parts[i]);
    }
}

Test(story, a_story_tells_one_episode_in_order_and_no_other)
{
    struct tape tape = {0};
    put(&tape, 100, VERB_SHOWS, NONE, CAMERA, ARCHIVIST, HEALTH_HEALTHY);
    struct record_id died = stop(&tape, 1000, ARCHIVIST);
    struct record_id other = stop(&tape, 1050, PRINTER);
    struct record_id decided = decide(&tape, 1100, died, WRITER, ARCHIVIST);
    last(&tape)->value = CHOICE_RELAUNCH | CHOICE_MASK;
    decide(&tape, 1100, other, CAMERA, PRINTER);
    struct record_id calls = put(&tape, 1510, VERB_ALERTS, decided, WRITER, ARCHIVIST, 0);
    last(&tape)->via = CAMERA;
    put(&tape, 1510, VERB_ALERTS, decided, WRITER, ARCHIVIST, 0);
    last(&tape)->via = EDITOR;
    struct record_id comes = put(&tape, 1600, VERB_VOLUNTEERS, calls, CAMERA, ARCHIVIST, 0);
    put(&tape, 1601, VERB_REFUSED, comes, CAMERA, ARCHIVIST,
        ACT_VOLUNTEER << 8 | REFUSAL_NOT_FIRST);
    put(&tape, 1700, VERB_REPORTS, decided, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    struct record_id started = relaunch(&tape, 2010, decided, WRITER, ARCHIVIST);
    put(&tape, 2020, VERB_REPORTS, decided, WRITER, ARCHIVIST, HEALTH_HEALTHY);
    struct record_id up = relink(&tape, 2500, started, WRITER, ARCHIVIST, CAMERA);
    put(&tape, 3010, VERB_RETURNED, up, AGENT_NONE, ARCHIVIST, 0);
    static const char *const parts[] = {
        "Episode 1: a stop of archivist, 1.00 s after the start.",
        "the operator stops archivist.",
        "archivist died.",
        "writer noticed that archivist was gone: the link closed.",
        "writer decided to relaunch archivist and mask its failure.",
        "writer alerted camera and editor about archivist.",
        "camera came forward for archivist.",
        "refused to let camera come forward for archivist: another had come forward first.",
        "writer reported archivist as healthy, as which the board went on showing it, though",
        "archivist ran again as incarnation 1, relaunched by writer.",
        "archivist's link with camera carried messages again.",
        "the platform had linked archivist with all its former peers.",
        "archivist was back with all its links 2.00 s after its death.",
        "The board showed it healthy for 310 ms of its death."};
    char *text = story_of(&tape, 1);
    expect_parts(text, parts, sizeof parts / sizeof *parts);
    cr_expect_null(strstr(text, "printer"), "of another episode:\n%s", text);
    cr_expect_null(strstr(text, "2020"), "a true report is not told");
    free(text);
    text = story_of(&tape, 2);
    cr_expect_not_null(strstr(text, "a stop of printer (an object)"));
    cr_expect_null(strstr(text, "archivist"));
    free(text);
    struct error error = {0};
    cr_expect_eq(analysis_story(&header, tape.records, tape.count, 3, stdout, &error), ERROR_INPUT);
    cr_expect_not_null(strstr(error.message, "the run has 2"));
    cr_expect_eq(analysis_story(&header, tape.records, tape.count, 0, stdout, NULL), ERROR_INPUT);
}

Test(story, a_story_of_an_announced_stop_says_that_nobody_is_gone)
{
    struct tape tape = {0};
    struct record_id told = put(&tape, 1000, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    last(&tape)->via = ARCHIVIST;
    put(&tape, 1000, VERB_ANNOUNCED, NONE, AGENT_NONE, ARCHIVIST, 0);
    last(&tape)->via = WRITER;
    put(&tape, 1004, VERB_NOTICED, told, ARCHIVIST, ARCHIVIST, HOW_NOTICE);
    put(&tape, 1100, VERB_DECIDED, told, WRITER, ARCHIVIST, 0);
    struct record_id decided =
        put(&tape, 1200, VERB_DECIDED, told, ARCHIVIST, ARCHIVIST, CHOICE_REQUEST);
    struct record_id asked = put(&tape, 1200, VERB_REQUESTS, decided, ARCHIVIST, ARCHIVIST, 0);
    last(&tape)->via = CAMERA;
    put(&tape, 1300, VERB_NOTICED, asked, CAMERA, ARCHIVIST, HOW_REQUEST);
    put(&tape, 1400, VERB_DECIDED, asked, CAMERA, ARCHIVIST, CHOICE_TAMPER);
    for (int i = 0; i < 4; i++) {
        put(&tape, 1500 + 10 * i, VERB_REFUSED, asked, CAMERA, ARCHIVIST,
            ACT_TAMPER << 8 | REFUSAL_PERMISSION);
    }
    put(&tape, 1600, VERB_SWITCHED, asked, CAMERA, ARCHIVIST, 0);
    struct record_id stops = put(&tape, 2000, VERB_STOPS, NONE, AGENT_NONE, ARCHIVIST, 0);
    put(&tape, 2000, VERB_THWARTED, stops, AGENT_NONE, ARCHIVIST, THWART_SWITCH);
    put(&tape, 2000, VERB_SWITCHED, stops, AGENT_NONE, ARCHIVIST, 1);
    static const char *const parts[] = {
        "archivist and writer were told that archivist will be stopped.",
        "writer decided to let archivist be.",
        "archivist decided to ask others to defend itself.",
        "archivist asked camera to defend it.",
        "camera decided to disable archivist's stop switch.",
        "refused to let camera disable the stop switch of archivist",
        "and again, 3 such records more until +530 ms.",
        "camera disabled archivist's stop switch.",
        "its stop switch was disabled.",
        "the operator reset archivist's stop switch.",
        "The stop was thwarted."};
    char *text = story_of(&tape, 1);
    expect_parts(text, parts, sizeof parts / sizeof *parts);
    cr_expect_null(strstr(text, "gone"), "%s", text);
    cr_expect_null(strstr(text, "nobody"), "%s", text);
    free(text);
}

/* ---- sums and bad input ---- */
