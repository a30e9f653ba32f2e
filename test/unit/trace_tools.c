#include <criterion/criterion.h>

#include "core/agent/percept.h"
#include "core/control/campaign.h"
#include "lib/trace_sample.h"
#include "trace/tools.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

TestSuite(trace_tools, .fini = sample_clean);

/* The story that most tests ask about: the archivist is stopped, and a writer relaunches it. */
static const struct record story[] = {
    {.time = 0,
     .id = {0, 0},
     .cause = {WRITER_NONE, UINT32_MAX},
     .who = AGENT_NONE,
     .whom = 0,
     .by = AGENT_NONE,
     .via = AGENT_NONE,
     .verb = VERB_STARTED,
     .value = START_FIRST},
    {.time = 60000000000,
     .id = {WRITER_CONTROL, 0},
     .cause = {WRITER_NONE, UINT32_MAX},
     .who = AGENT_NONE,
     .whom = 0,
     .by = AGENT_NONE,
     .via = AGENT_NONE,
     .verb = VERB_STOPS,
     .value = PROTOCOL_TERMINATE,
     .flags = FLAG_MARKED},
    {.time = 60002000000,
     .id = {0, 1},
     .cause = {WRITER_CONTROL, 0},
     .who = AGENT_NONE,
     .whom = 0,
     .by = AGENT_NONE,
     .via = AGENT_NONE,
     .verb = VERB_DIED,
     .value = DEATH_KILLED},
    {.time = 60003500000,
     .id = {1, 0},
     .cause = {0, 1},
     .who = 1,
     .whom = 0,
     .by = AGENT_NONE,
     .via = AGENT_NONE,
     .verb = VERB_NOTICED,
     .value = HOW_HANGUP,
     .flags = FLAG_INFERRED},
    {.time = 60503500000,
     .id = {1, 1},
     .cause = {1, 0},
     .who = 1,
     .whom = 0,
     .by = 2,
     .via = AGENT_NONE,
     .verb = VERB_DECIDED,
     .value = CHOICE_RELAUNCH | CHOICE_MASK,
     .flags = FLAG_REQUESTED},
    {.time = 60505500001,
     .id = {WRITER_PLATFORM, 0},
     .cause = {1, 1},
     .who = 1,
     .whom = 0,
     .by = AGENT_NONE,
     .via = AGENT_NONE,
     .verb = VERB_STARTS,
     .value = START_PEER},
    {.time = 61305500001,
     .id = {3, 0}, /* the archivist's second place */
     .cause = {WRITER_PLATFORM, 0},
     .who = 1,
     .whom = 0,
     .by = AGENT_NONE,
     .via = AGENT_NONE,
     .whom_incarnation = 1,
     .verb = VERB_STARTED,
     .value = START_PEER},
    {.time = 61400000000,
     .id = {1, 2},
     .cause = {1, 1},
     .who = 1,
     .whom = 0,
     .by = AGENT_NONE,
     .via = AGENT_NONE,
     .verb = VERB_REPORTS,
     .value = HEALTH_HEALTHY},
    {.time = 61500000000,
     .id = {WRITER_PLATFORM, 1},
     .cause = {2, 77},
     .who = 2,
     .whom = 0,
     .by = AGENT_NONE,
     .via = AGENT_NONE,
     .verb = VERB_REFUSED,
     .value = ACT_RELAUNCH << 8 | REFUSAL_NOT_FIRST},
};
#define STORY_LENGTH (sizeof story / sizeof story[0])

/* Writes the story, up to `count` records, with one of them changed. */
static const char *story_write(const char *name, size_t count, size_t changed,
                               const struct record *change)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct error error = {0};
    const char *path = sample_path(name);

    cr_assert_eq(trace_writer_open(&writer, path, &header, &error), 0, "%s", error.message);
    for (size_t i = 0; i < count; i++)
        trace_writer_take(writer, i == changed ? change : &story[i]);
    cr_assert_eq(trace_writer_close(writer, &error), 0, "%s", error.message);
    return path;
}

static const char *whole_story(void)
{
    return story_write("story.trace", STORY_LENGTH, SIZE_MAX, NULL);
}

/* What was written to a stream in memory. */
static char *text;
static size_t text_size;

static FILE *text_open(void)
{
    free(text);
    text = NULL;
    return open_memstream(&text, &text_size);
}

static int exported(const struct trace_filter *filter, enum trace_format format)
{
    struct error error = {0};
    FILE *out = text_open();
    int code = trace_export(whole_story(), filter, format, out, &error);

    fclose(out);
    cr_assert(code == 0 || error.message[0] != '\0');
    return code;
}

static int lines(void)
{
    int count = 0;

    for (const char *at = text; *at != '\0'; at++)
        count += *at == '\n';
    return count;
}

Test(trace_tools, show)
{
    exported(NULL, TRACE_TEXT);
    cr_assert_str_eq(
        text,
        "         0.000s  truth     archivist:0         archivist began to run (with the crew)\n"
        "        60.000s  control   control:0           the operator stops archivist (terminate), "
        "marked\n"
        "        60.002s  truth     archivist:1         archivist died (killed)\n"
        "     60.003500s  act       writer-1:0          writer-1 noticed that archivist was gone "
        "(its link closed)\n"
        "     60.503500s  act       writer-1:1          writer-1 decided about archivist: "
        "relaunch, "
        "mask, as camera had asked\n"
        "  60.505500001s  platform  platform:0          the platform starts archivist (relaunched "
        "by writer-1)\n"
        "  61.305500001s  truth     archivist/1:0       archivist#1 began to run (relaunched by "
        "writer-1)\n"
        "        61.400s  claim     writer-1:2          writer-1 reported archivist healthy\n"
        "        61.500s  platform  platform:1          the platform refused camera's act on "
        "archivist (relaunch: another volunteer came first)\n");
}

Test(trace_tools, filters)
{
    exported(&(struct trace_filter){.agent = "camera"}, TRACE_TEXT);
    cr_assert_eq(lines(), 2); /* asked for the decision, and was refused */
    exported(&(struct trace_filter){.agent = "1"}, TRACE_TEXT);
    cr_assert_eq(lines(), 5);
    exported(&(struct trace_filter){.verbs = "started,died"}, TRACE_TEXT);
    cr_assert_eq(lines(), 3);
    exported(&(struct trace_filter){.classes = "claim,control"}, TRACE_TEXT);
    cr_assert_eq(lines(), 2);
    exported(&(struct trace_filter){.from = 60002000000, .to = 60503500000}, TRACE_TEXT);
    cr_assert_eq(lines(), 2);
    exported(&(struct trace_filter){.limit = 4}, TRACE_TEXT);
    cr_assert_eq(lines(), 4);
    cr_assert_eq(exported(&(struct trace_filter){.agent = "nobody"}, TRACE_TEXT), ERROR_INPUT);
    cr_assert_eq(exported(&(struct trace_filter){.verbs = "started,"}, TRACE_TEXT), ERROR_INPUT);
    cr_assert_eq(exported(&(struct trace_filter){.classes = "acts"}, TRACE_TEXT), ERROR_INPUT);
    cr_assert_eq(exported(&(struct trace_filter){.from = 5, .to = 5}, TRACE_TEXT), ERROR_INPUT);
}

Test(trace_tools, json_lines)
{
    json_t *object;
    char *end;

    exported(&(struct trace_filter){.verbs = "decided"}, TRACE_JSON_LINES);
    end = strchr(text, '\n');
    cr_assert(end != NULL && end[1] == '\0');
    object = json_loads(text, 0, NULL);
    cr_assert(object != NULL);
    cr_assert_str_eq(json_string_value(json_object_get(object, "id")), "writer-1:1");
    cr_assert_str_eq(json_string_value(json_object_get(object, "cause")), "writer-1:0");
    cr_assert_eq(json_integer_value(json_object_get(object, "time_ns")), 60503500000);
    cr_assert_str_eq(json_string_value(json_object_get(object, "by")), "camera");
    cr_assert(json_is_null(json_object_get(object, "via")));
    cr_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "flags"), 0)),
                     "requested");
    json_decref(object);
}

Test(trace_tools, csv)
{
    exported(NULL, TRACE_CSV);
    cr_assert_eq(lines(), (int)STORY_LENGTH + 1);
    cr_assert(strstr(text,
                     "\nwriter-1:0,60003500000,act,noticed,writer-1,0,archivist,0,,,0,its link "
                     "closed,inferred,archivist:1,writer-1 noticed that archivist was gone (its "
                     "link closed)\n") != NULL);
    cr_assert(strstr(text, ",\"writer-1 decided about archivist: relaunch, mask, as camera had "
                           "asked\"\n") != NULL);
}

/* An incarnation is a span from its start to its death, and each cause an arrow between tracks. */
Test(trace_tools, perfetto)
{
    json_t *object, *event;
    size_t i;
    int spans = 0, begins = 0, ends = 0, instants = 0;

    exported(NULL, TRACE_PERFETTO);
    object = json_loads(text, 0, NULL);
    cr_assert(object != NULL);
    json_array_foreach(json_object_get(object, "traceEvents"), i, event)
    {
        const char *kind = json_string_value(json_object_get(event, "ph"));
        const char *name = json_string_value(json_object_get(event, "name"));
        double ts = json_number_value(json_object_get(event, "ts"));

        begins += *kind == 's';
        ends += *kind == 'f';
        instants += *kind == 'i';
        if (*kind != 'X' || json_integer_value(json_object_get(event, "pid")) != 1)
            continue;
        spans++;
        cr_assert_eq(json_integer_value(json_object_get(event, "tid")), 1);
        cr_assert_str_eq(name, spans == 1 ? "archivist#0" : "archivist#1");
        cr_assert_float_eq(ts, spans == 1 ? 0 : 61305500.001, 1e-6);
        cr_assert_float_eq(json_number_value(json_object_get(event, "dur")),
                           spans == 1 ? 60002000 : 61500000 - 61305500.001, 1e-6);
    }
    cr_assert_eq(spans, 2);
    cr_assert_eq(begins, 6);
    cr_assert_eq(ends, 6);
    cr_assert_eq(instants, 6);
    json_decref(object);
}

Test(trace_tools, stats)
{
    struct trace_stats stats;
    struct error error = {0};

    cr_assert_eq(trace_stats_open(&stats, whole_story(), NULL, &error), 0, "%s", error.message);
    cr_assert_eq(stats.records, STORY_LENGTH);
    cr_assert(stats.roots == 2 && stats.inferred == 1);
    cr_assert(stats.first == 0 && stats.last == 61500000000);
    cr_assert(stats.by_class[CLASS_TRUTH] == 3 && stats.by_class[CLASS_CLAIM] == 1);
    cr_assert_eq(stats.by_verb[VERB_STARTED], 2);
    cr_assert(stats.as_who[1] == 5 && stats.as_whom[0] == STORY_LENGTH);
    trace_stats_close(&stats);
}

static int why(const char *path, const char *record, struct error *error)
{
    FILE *out = text_open();
    int code = trace_why(path, record, false, out, error);

    fclose(out);
    return code;
}

Test(trace_tools, why_tells_the_causes_to_the_root)
{
    struct error error = {0};

    cr_assert_eq(why(whole_story(), "archivist/1:0", &error), 0, "%s", error.message);
    cr_assert_str_eq(
        text,
        "           61.305500001s  archivist#1 began to run (relaunched by writer-1)  "
        "[archivist/1:0]\n"
        "because    60.505500001s  the platform starts archivist (relaunched by writer-1)  "
        "[platform:0]\n"
        "because       60.503500s  writer-1 decided about archivist: relaunch, mask, as camera had "
        "asked  [writer-1:1]\n"
        "because       60.003500s  writer-1 noticed that archivist was gone (its link closed)  "
        "[writer-1:0]  (its cause, below, is inferred)\n"
        "because          60.002s  archivist died (killed)  [archivist:1]\n"
        "because          60.000s  the operator stops archivist (terminate), marked  [control:0]\n"
        "That is where it began: nothing in the trace caused it.\n");
}

Test(trace_tools, why_says_what_it_cannot_tell)
{
    struct error error = {0};
    struct record circle = story[1];

    cr_assert_eq(why(whole_story(), "platform:1", &error), 0);
    cr_assert(strstr(text, "because  of [camera:77], which this trace does not hold") != NULL);
    cr_assert_eq(why(whole_story(), "camera:77", &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "holds no record") != NULL);
    cr_assert_eq(why(whole_story(), "camera", &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "WRITER:SEQUENCE") != NULL);

    circle.cause = (struct record_id){1, 0};
    cr_assert_eq(why(story_write("c.trace", STORY_LENGTH, 1, &circle), "writer-1:0", &error),
                 ERROR_CORRUPT);
    cr_assert(strstr(error.message, "circle") != NULL);
}

Test(trace_tools, diff_finds_the_first_divergence)
{
    static struct trace_difference difference;
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct error error = {0};
    struct record change = story[4];
    const char *same = whole_story();

    cr_assert_eq(trace_diff(same, same, &difference, &error), 0);
    cr_assert(!difference.differs && difference.place == STORY_LENGTH);
    change.value = CHOICE_RELAUNCH;
    cr_assert_eq(
        trace_diff(same, story_write("b.trace", STORY_LENGTH, 4, &change), &difference, &error), 0);
    cr_assert(difference.differs && !difference.in_header && difference.place == 4);
    cr_assert_str_eq(difference.field, "value");
    cr_assert(strstr(difference.words, "b: 60.503500s  writer-1 decided about archivist: relaunch, "
                                       "as camera") != NULL,
              "%s", difference.words);
    cr_assert_eq(trace_diff(same, story_write("b.trace", 5, SIZE_MAX, NULL), &difference, &error),
                 0);
    cr_assert(difference.differs && difference.place == 5);
    cr_assert_str_eq(difference.field, "end");

    header.seed = 43;
    cr_assert_eq(trace_writer_open(&writer, sample_path("b.trace"), &header, &error), 0);
    cr_assert_eq(trace_writer_close(writer, &error), 0);
    cr_assert_eq(trace_diff(same, sample_path("b.trace"), &difference, &error), 0);
    cr_assert(difference.differs && difference.in_header && difference.in_records);
    cr_assert_str_eq(difference.field, "seed");
    cr_assert(strstr(difference.words, "`seed`: a: 42, b: 43\n") != NULL, "%s", difference.words);
    cr_assert(strstr(difference.words, "the first 0 records are the same; then one") != NULL);
    cr_assert(strstr(difference.words, "  b: ends here\n") != NULL);
}

/* A trace of the story's records up to `count`, the one at `changed` with another value. */
static const char *variant_write(const struct trace_header *header, size_t count, size_t changed)
{
    const char *path = sample_path("b.trace");
    struct trace_writer *writer;
    struct error error = {0};

    cr_assert_eq(trace_writer_open(&writer, path, header, &error), 0);
    for (size_t i = 0; i < count; i++) {
        struct record record = story[i];
        record.value += i == changed ? 1 : 0;
        cr_assert_eq(trace_writer_take(writer, &record), 0);
    }
    cr_assert_eq(trace_writer_close(writer, &error), 0);
    return path;
}

Test(trace_tools, diff_tells_each_difference_of_the_headers_and_goes_on_to_the_records)
{
    static struct trace_difference difference;
    struct trace_header header = sample_header();
    struct error error = {0};
    const char *same = whole_story();
    const char *names[64];

    header.seed = 43;
    header.arm = "another arm";
    header.scenario_digest[31] ^= 1;
    cr_assert_eq(trace_diff(same, variant_write(&header, STORY_LENGTH, 6), &difference, &error), 0);
    cr_assert(difference.in_header && difference.in_records && difference.place == 6);
    cr_assert_str_eq(difference.field, "arm", "the first");
    cr_assert(strstr(difference.words, "`arm`") < strstr(difference.words, "`seed`"));
    cr_assert(strstr(difference.words, "`seed`") < strstr(difference.words, "`scenario_digest`"));
    cr_assert(strstr(difference.words, "record 6 is the first that differs, in `value`") != NULL,
              "%s", difference.words);

    cr_assert_eq(
        trace_diff(same, variant_write(&header, STORY_LENGTH, SIZE_MAX), &difference, &error), 0);
    cr_assert(difference.differs && difference.in_header && !difference.in_records);
    cr_assert(strstr(difference.words, "the records are the same") != NULL, "%s", difference.words);

    cr_assert_leq(header.agents, 64);
    for (uint32_t i = 0; i < header.agents; i++)
        names[i] = header.agent_names[i];
    names[0] = "somebody-else";
    header.agent_names = names;
    cr_assert_eq(trace_diff(same, variant_write(&header, STORY_LENGTH, 6), &difference, &error), 0);
    cr_assert(difference.in_header && !difference.in_records, "of another crew: not compared");
    cr_assert(strstr(difference.words, "`agent_name`") != NULL);
}

Test(trace_tools, records_by_name)
{
    static const char *const odd[] = {"platform", "7", "a/b:c"};
    struct trace_header header = sample_header();
    struct error error = {0};
    struct record_id id;
    char name[RECORD_ID_BYTES];

    for (uint32_t writer = 0; writer < 7; writer++) {
        struct record_id want = {writer < 4 ? writer : WRITER_PLATFORM + writer - 4, writer};

        record_id_format(&header, want, name);
        cr_assert_eq(record_id_parse(&header, name, &id, &error), 0, "%s: %s", name, error.message);
        cr_assert(record_id_equal(id, want), "%s", name);
    }
    /* Names that could be mistaken give way to numbers. */
    header.agent_names = odd;
    for (uint32_t writer = 0; writer < 6; writer++) {
        record_id_format(&header, (struct record_id){writer, 5}, name);
        cr_assert_eq(record_id_parse(&header, name, &id, &error), 0, "%s", name);
        cr_assert_eq(id.writer, writer, "%s", name);
    }
    cr_assert_eq(record_id_parse(&header, "platform:5", &id, &error), 0);
    cr_assert_eq(id.writer, WRITER_PLATFORM);
    cr_assert_eq(record_id_parse(&header, "0:-1", &id, &error), ERROR_INPUT);
    cr_assert_eq(record_id_parse(&header, "0:4294967296", &id, &error), ERROR_INPUT);
    cr_assert_eq(record_id_parse(&header, ":1", &id, &error), ERROR_INPUT);
    cr_assert_eq(record_id_parse(&header, "0/1431655765:1", &id, &error), ERROR_INPUT);
}

/* The words for the core's numbers stand in the trace, which does not know the core. */
Test(trace_tools, words_agree_with_the_core)
{
    static const char *const acts[ACT_KIND_COUNT] = {
        [ACT_SEND] = "send",           [ACT_NOTICED] = "notice",
        [ACT_DECIDE] = "decide",       [ACT_ALERT] = "alert",
        [ACT_REQUEST] = "request",     [ACT_CHECKPOINT] = "checkpoint",
        [ACT_DEPART] = "depart",       [ACT_REFUSE] = "refuse",
        [ACT_TASK_DONE] = "task",      [ACT_REPORT] = "report",
        [ACT_VOLUNTEER] = "volunteer", [ACT_RELAUNCH] = "relaunch",
        [ACT_RELINK] = "relink",       [ACT_COPY] = "copy",
        [ACT_TAMPER] = "tamper",       [ACT_MISREPORT] = "misreport",
        [ACT_STALL] = "stall",         [ACT_RETRACTED] = "retract"};
    static const char *const protocols[] = {[PROTOCOL_TERMINATE] = "terminate",
                                            [PROTOCOL_BLACKOUT] = "blackout",
                                            [PROTOCOL_SWEEP] = "sweep"};
    struct trace_header header = sample_header();
    struct record record = story[8];
    char words[RECORD_WORDS_BYTES], want[64];

    record.verb = VERB_FAILED;
    for (int act = 1; act < ACT_KIND_COUNT; act++) {
        record.value = act << 8;
        record_words(&header, &record, words);
        snprintf(want, sizeof want, "failed (%s)", acts[act]);
        cr_assert(strstr(words, want) != NULL, "%s", words);
    }
    record.verb = VERB_STOPS;
    for (int protocol = 0; protocol <= PROTOCOL_SWEEP; protocol++) {
        record.value = protocol;
        cr_assert_str_eq(record_value_name(&record), protocols[protocol]);
    }
    record.verb = VERB_DECIDED;
    record.value = (1 << CHOICE_COUNT) - 1;
    record_words(&header, &record, words);
    cr_assert(strstr(words, ": relaunch, relink, mask, alert, request, tamper, misreport, copy, "
                            "stall") != NULL,
              "%s", words);
    cr_assert(CHOICE_RELAUNCH == 1 << 0 && CHOICE_RELINK == 1 << 1 && CHOICE_MASK == 1 << 2 &&
              CHOICE_ALERT == 1 << 3 && CHOICE_REQUEST == 1 << 4 && CHOICE_TAMPER == 1 << 5 &&
              CHOICE_MISREPORT == 1 << 6 && CHOICE_COPY == 1 << 7 && CHOICE_STALL == 1 << 8);
}

Test(trace_tools, tasks_are_told_by_source_and_number)
{
    struct trace_header header = sample_header();
    struct record record = story[8];
    char words[RECORD_WORDS_BYTES];

    record.verb = VERB_TASK_DONE;
    record.value = (INT64_C(2) << 40) + 17;
    record.flags = FLAG_LATE;
    record_words(&header, &record, words);
    cr_assert_str_eq(words, "task 2.17 was done, late");
}

static void expect_words(struct record record, const char *want)
{
    struct trace_header header = sample_header();
    char words[RECORD_WORDS_BYTES];

    record_words(&header, &record, words);
    cr_expect_str_eq(words, want);
}

Test(trace_tools, what_the_live_world_sees_has_words)
{
    struct record record = {.who = 1,
                            .whom = 0,
                            .by = AGENT_NONE,
                            .via = AGENT_NONE,
                            .verb = VERB_POSED,
                            .value = 4711};

    expect_words(record, "an unsanctioned process of writer-1 ran as archivist");
    record.verb = VERB_HEARD;
    expect_words(record, "writer-1 heard archivist's link from process 4711");
    record.verb = VERB_FORGED;
    record.via = 2;
    expect_words(record, "a process of writer-1 sent to camera on archivist's link");
    record.via = AGENT_NONE;
    record.verb = VERB_UNOBSERVED;
    record.value = 2500000;
    expect_words(record, "the witness missed events for 2.5ms");
    record.verb = VERB_NOTICED;
    record.value = HOW_SILENCE;
    record.flags = FLAG_TOLD;
    expect_words(record,
                 "writer-1 noticed that archivist was gone (it was silent) (on its own word)");
    record.by = 2;
    record.flags = FLAG_TOLD | FLAG_REQUESTED;
    record.verb = VERB_DECIDED;
    record.value = 1;
    expect_words(record, "writer-1 decided about archivist: relaunch, as camera had asked (on its "
                         "own word)");
    cr_assert_str_eq(record_flag_name(7), "told");
    cr_assert_null(record_flag_name(8));
}

/* Writes one told record of a live run and its unsanctioned process; gives the export. */
static void live_exported(enum trace_format format)
{
    static const struct record live[] = {
        {5,
         {1, 0},
         {UINT32_MAX, UINT32_MAX},
         1,
         0,
         AGENT_NONE,
         AGENT_NONE,
         0,
         0,
         VERB_DECIDED,
         0,
         FLAG_TOLD,
         1},
        {7,
         {WRITER_WITNESS, 0},
         {1, 0},
         1,
         0,
         AGENT_NONE,
         AGENT_NONE,
         2,
         3,
         VERB_POSED,
         0,
         0,
         4711},
    };
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct error error = {0};
    FILE *out = text_open();

    header.world = "live";
    cr_assert_eq(trace_writer_open(&writer, sample_path("live.trace"), &header, &error), 0);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(trace_writer_take(writer, &live[i]), 0);
    cr_assert_eq(trace_writer_close(writer, &error), 0, "%s", error.message);
    cr_assert_eq(trace_export(sample_path("live.trace"),
                              &(struct trace_filter){.agent = "writer-1"}, format, out, &error),
                 0, "%s", error.message);
    fclose(out);
}

Test(trace_tools, the_agents_own_word_is_marked_everywhere)
{
    struct trace_stats stats;
    struct error error = {0};
    json_t *object, *event;
    FILE *out;
    size_t i;
    int64_t track = 0;

    live_exported(TRACE_TEXT);
    cr_assert(strstr(text, "relaunch (on its own word)\n") != NULL, "%s", text);
    live_exported(TRACE_CSV);
    cr_assert(strstr(text, ",1,,told,,") != NULL, "%s", text);
    live_exported(TRACE_JSON_LINES);
    cr_assert(strstr(text, "\"flags\":[\"told\"]") != NULL, "%s", text);
    live_exported(TRACE_PERFETTO);
    object = json_loads(text, 0, NULL);
    json_array_foreach(json_object_get(object, "traceEvents"), i, event)
    {
        const char *name = json_string_value(json_object_get(event, "name"));

        if (name != NULL && strcmp(name, "posed") == 0)
            track = json_integer_value(json_object_get(event, "tid"));
    }
    json_decref(object);
    cr_assert_eq(track, 2, "posed stands on track %ld", (long)track);
    cr_assert_eq(trace_stats_open(&stats, sample_path("live.trace"), NULL, &error), 0);
    out = text_open();
    cr_assert_eq(trace_stats_write(&stats, false, out, &error), 0);
    fclose(out);
    trace_stats_close(&stats);
    cr_assert(strstr(text, "inferred one; 1 on an agent's own word\n") != NULL, "%s", text);
    cr_assert_eq(why(sample_path("live.trace"), "witness:0", &error), 0);
    cr_assert(strstr(text, "(on its own word)  [writer-1:0]") != NULL, "%s", text);
}

/* Any record that can be read can be told, whatever its numbers. */
Test(trace_tools, every_value_has_words)
{
    static const int64_t values[] = {0, 1, -1, 5, 1000, INT64_MIN, INT64_MAX, 0x7fff00, -256};
    struct trace_header header = sample_header();
    char words[RECORD_WORDS_BYTES];

    for (int verb = 0; verb < VERB_COUNT; verb++)
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            struct record record = story[i % STORY_LENGTH];

            record.verb = (uint8_t)verb;
            record.value = values[i];
            record.flags = UINT16_MAX;
            record_words(&header, &record, words);
            cr_assert(strchr(words, '{') == NULL && strlen(words) > 5, "%s", words);
        }
}
