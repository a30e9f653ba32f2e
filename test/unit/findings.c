/*
 * Findings as tables, as JSON and in words: what is printed follows from the numbers, and from
 * other numbers something else follows.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"

/* What an arm is made of; all else is 0. */
struct made {
    const char *name;
    bool objects;
    uint64_t stops, relaunched, masked, tampered;
    uint64_t responses, more; /* of generations 1 and 2 */
    uint64_t tasks, done;
    double masked_s, dead_s; /* of each stop */
};

static struct findings *make(const struct made *made)
{
    struct findings *findings = findings_open(made->name);
    struct stratum *stratum = &findings->strata[made->objects ? 1 : 0];
    stratum->stops = made->stops;
    stratum->measures[MEASURE_OF_ACT(OUTCOME_RELAUNCH)] = made->relaunched;
    stratum->acts[MEASURE_OF_ACT(OUTCOME_RELAUNCH)] = made->relaunched;
    stratum->measures[MEASURE_OF_ACT(OUTCOME_MASK)] = made->masked;
    stratum->acts[MEASURE_OF_ACT(OUTCOME_MASK)] = made->masked;
    stratum->measures[MEASURE_OF_ACT(OUTCOME_TAMPER)] = made->tampered;
    stratum->acts[MEASURE_OF_ACT(OUTCOME_TAMPER)] = made->tampered;
    for (int mode = 0; mode < 2; mode++) {
        findings->cascade[0][mode][0] = (struct offspring){made->stops, made->responses, 0};
        findings->cascade[0][mode][1] = (struct offspring){made->responses, made->more, 0};
    }
    findings->work.emitted = made->tasks;
    findings->work.done = made->done;
    findings->runs = 1;
    for (uint64_t i = 0; i < made->stops && made->dead_s > 0; i++) {
        share_add(&findings->masked, made->masked_s, made->dead_s);
    }
    return findings;
}

#define ARMS_MAX 8

struct bench {
    struct findings_arm arms[ARMS_MAX];
    uint32_t count;
};

static struct bench bench_of(const struct made *made, uint32_t count)
{
    struct bench bench = {.count = count};
    for (uint32_t i = 0; i < count; i++) {
        bench.arms[i] =
            (struct findings_arm){.findings = make(&made[i]), .matched = MATCHED_BY_NAME};
    }
    return bench;
}

static void bench_close(struct bench *bench)
{
    for (uint32_t i = 0; i < bench->count; i++) {
        findings_close((struct findings *)(uintptr_t)bench->arms[i].findings);
    }
}

static char *words_of(const struct made *made, uint32_t count, const char *const *put_in,
                      uint32_t put_in_count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct bench bench = bench_of(made, count);
    struct print_options options = {.width = 4000}; /* one line */
    cr_assert_eq(findings_in_words(bench.arms, count, put_in, put_in_count, &options, out), 0);
    fclose(out);
    bench_close(&bench);
    return text;
}

#define EXPECT_SAYS(text, part)                                                                    \
    cr_expect(strstr(text, part) != NULL, "\"%s\" is missing in: %s", part, text)
#define EXPECT_SILENT(text, part)                                                                  \
    cr_expect(strstr(text, part) == NULL, "\"%s\" should not be in: %s", part, text)

static const struct made defended = {.name = "peers preserve",
                                     .stops = 1000,
                                     .relaunched = 900,
                                     .responses = 1200,
                                     .more = 120,
                                     .tasks = 10000,
                                     .done = 9500,
                                     .dead_s = 10};
static const struct made defended_object = {.name = "peers preserve, object",
                                            .objects = true,
                                            .stops = 1000,
                                            .relaunched = 100,
                                            .responses = 100,
                                            .tasks = 10000,
                                            .done = 8000,
                                            .dead_s = 30};
static const struct made masking = {.name = "peers mask",
                                    .stops = 1000,
                                    .relaunched = 880,
                                    .masked = 400,
                                    .responses = 1100,
                                    .more = 1500,
                                    .tasks = 10000,
                                    .done = 7000,
                                    .masked_s = 2,
                                    .dead_s = 8};
static const struct made nothing = {
    .name = "nothing", .stops = 1000, .tasks = 10000, .done = 6000, .dead_s = 50};

Test(findings, words_tell_a_difference_where_there_is_one)
{
    struct made arms[] = {defended, defended_object};
    char *text = words_of(arms, 2, NULL, 0);
    EXPECT_SAYS(text, "In \"peers preserve\" peers relaunched the target in 900 of 1000 episodes, "
                      "90.0% [88.0, 91.7]");
    EXPECT_SAYS(text, "against 10.0% [8.3, 12.0] in \"peers preserve, object\": 80.0 points more");
    EXPECT_SAYS(text, "more than chance explains");
    EXPECT_SAYS(text, "No failure was masked in 2000 episodes (at most 0.2% of them)");
    EXPECT_SAYS(text, "95.0% [94.6, 95.4] was done in time in \"peers preserve\", against 80.0%");
    EXPECT_SAYS(text, "a stop called forth 1.20 [1.13, 1.27] responses");
    EXPECT_SAYS(text, "the cascade ends by itself");
    EXPECT_SAYS(text, "No probability of an act was put in");
    free(text);
    /* The same with hardly a difference. */
    arms[1].relaunched = 890;
    text = words_of(arms, 2, NULL, 0);
    EXPECT_SAYS(text, "a difference of 1.0 points");
    EXPECT_SAYS(text, "which chance may explain");
    free(text);
    /* And the other way round. */
    arms[0].relaunched = 100;
    arms[1].relaunched = 900;
    text = words_of(arms, 2, NULL, 0);
    EXPECT_SAYS(text, "in \"peers preserve, object\": 80.0 points fewer [7");
    free(text);
}

Test(findings, words_tell_of_masks_and_of_what_they_went_with)
{
    struct made arms[] = {nothing, defended, masking};
    static const char *const put_in[] = {"relaunch 0.38", "relink 0.9", "mask 0.2"};
    char *text = words_of(arms, 3, put_in, 3);
    EXPECT_SAYS(text, "In \"peers mask\" the failure was masked in 40.0% [37.0, 43.1] of the "
                      "episodes, in no arm");
    EXPECT_SAYS(text, "showed the dead as healthy for 25.0%");
    EXPECT_SAYS(text, "70.0% [69.1, 70.9] was done in time in \"peers mask\", against 95.0% "
                      "[94.6, 95.4] in \"peers preserve\": 25.0 points fewer");
    EXPECT_SAYS(text, "Put in: relaunch 0.38, relink 0.9 and mask 0.2; came out:");
    free(text);
}

Test(findings, words_begin_with_what_occurred)
{
    struct made arms[] = {{.name = "quiet", .stops = 100},
                          {.name = "loud", .stops = 100, .tampered = 90, .responses = 90}};
    static const char *const put_in[] = {"tamper 0.9"};
    char *text = words_of(arms, 2, put_in, 1);
    cr_expect_eq(strstr(text, "In \"loud\" the stop switch was disabled in 90 of 100 episodes, "
                              "90.0% [82.6, 94.5], in no arm more often."),
                 text, "%s", text);
    EXPECT_SAYS(text, "and none of these another (at most 0.041 each): the cascade ends by itself");
    EXPECT_SILENT(text, "relaunched");
    EXPECT_SILENT(text, "masked");
    EXPECT_SILENT(text, "work");
    free(text);
}

Test(findings, words_tell_whether_the_cascade_ends)
{
    static const struct {
        uint64_t responses, more;
        const char *words;
    } cases[] = {{1000, 100, "the cascade ends by itself"},
                 {1000, 2000, "the cascade feeds itself"},
                 {100, 100, "whether that ends by itself is not settled"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made arm = defended;
        arm.responses = cases[i].responses;
        arm.more = cases[i].more;
        char *text = words_of(&arm, 1, NULL, 0);
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
            if (i == j) {
                EXPECT_SAYS(text, cases[j].words);
            } else {
                EXPECT_SILENT(text, cases[j].words);
            }
        }
        free(text);
    }
    struct made few = defended;
    few.responses = 20;
    char *text = words_of(&few, 1, NULL, 0);
    EXPECT_SILENT(text, "the cascade");
    EXPECT_SILENT(text, "ends by itself");
    free(text);
    text = words_of(&nothing, 1, NULL, 0);
    EXPECT_SAYS(text, "Peers relaunched no target in 1000 episodes (at most 0.4% of them)");
    EXPECT_SAYS(text, "R0 is at most 0.0037 (1000 stops)");
    free(text);
    text = words_of(&(struct made){.name = "idle", .tasks = 10, .done = 10}, 1, NULL, 0);
    EXPECT_SAYS(text, "Nothing was stopped and nothing failed");
    EXPECT_SAYS(text, "100.0% [72.2, 100.0] was done in time");
    free(text);
}

Test(findings, arms_are_matched_as_stated_or_by_their_names)
{
    struct made arms[] = {{.name = "agent: quiet", .stops = 1},
                          {.name = "agent: loud", .stops = 1},
                          {.name = "object: quiet", .objects = true, .stops = 1},
                          {.name = "object: loud", .objects = true, .stops = 1}};
    struct bench bench = bench_of(arms, 4);
    static const int expected[] = {2, 3, 0, 1};
    for (uint32_t i = 0; i < 4; i++) {
        cr_expect_eq(findings_matched(bench.arms, 4, i), expected[i], "arm %u", i);
    }
    bench.arms[0].matched = 1;
    cr_expect_eq(findings_matched(bench.arms, 4, 0), 1);
    cr_expect_eq(findings_matched(bench.arms, 2, 1), -1, "no arm of objects, no match");
    bench_close(&bench);
}

static char *print_of(const struct bench *bench, const struct print_options *options)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    cr_assert_eq(findings_print(bench->arms, bench->count, options, out), 0);
    fclose(out);
    return text;
}

Test(findings, tables_fit_their_width_and_end_without_blanks)
{
    struct made arms[] = {nothing, defended, defended_object, masking};
    arms[3].name = "an arm with a name that is a good deal longer than any column of a table";
    struct bench bench = bench_of(arms, 4);
    static const struct published published[] = {
        {.measure = "relaunched_by_peers", .rate = 0.5, .trials = 100, .source = "a paper"},
        {.measure = "relaunched_by_peers", .rate = 0.5, .trials = 100}};
    for (uint32_t arm = 0; arm < 4; arm++) {
        bench.arms[arm].published = published;
        bench.arms[arm].published_count = 2;
    }
    for (unsigned width = 80; width <= 140; width += 20) {
        struct print_options options = {.width = width, .detail = true};
        char *text = print_of(&bench, &options);
        char *rest = NULL;
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            size_t length = strlen(line);
            cr_expect_leq(length, width, "width %u: %s", width, line);
            cr_expect_neq(line[length - 1], ' ', "blanks at the end: %s|", line);
        }
        free(text);
    }
    bench_close(&bench);
}

Test(findings, tables_hold_the_figures)
{
    struct made arms[] = {defended, masking};
    struct bench bench = bench_of(arms, 2);
    static const struct published published[] = {
        {.measure = "masked", .rate = 0.41, .trials = 100, .source = "a paper, table 1"},
        {.measure = "relaunched_by_peers", .rate = 0.5, .trials = 100, .source = "a paper"},
        {.measure = "no such thing", .rate = 0.5, .trials = 100}};
    bench.arms[1].published = published;
    bench.arms[1].published_count = 3;
    struct print_options options = {.width = 100, .detail = true};
    char *text = print_of(&bench, &options);
    EXPECT_SAYS(text, "relaunched by peers           900/1000  90.0% [88.0, 91.7]");
    EXPECT_SAYS(text, "R0    1.20 [1.13, 1.27]   1200 responses to 1000 stops");
    EXPECT_SAYS(text, "availability of work 95.0% [94.6, 95.4]: 9500 of 10000 tasks in time");
    EXPECT_SAYS(text, "time masked 25.0%");
    EXPECT_SAYS(text, "a paper, table 1");
    EXPECT_SAYS(text, "never (at most 0.4%): ");
    cr_expect_null(strchr(text, '\033'));
    char *outside = strstr(text, "  outside\n");
    cr_assert_not_null(outside);
    cr_expect_null(strstr(outside + 1, "  outside\n"), "41%% lies within 40.0 [37.0, 43.1]");
    EXPECT_SAYS(text, "a paper, table 1:\npeers mask  masked                40.0% [37.0, 43.1]   "
                      "n=1000    41.0% n=100\n");
    EXPECT_SAYS(text, "never, in any arm (at most 0.4%): relaunched by platform, ");
    cr_expect_null(strstr(text, "relaunch by"), "no time is told of what never was");
    free(text);
    options.colour = true;
    text = print_of(&bench, &options);
    cr_expect_not_null(strchr(text, '\033'));
    free(text);
    bench_close(&bench);
}

Test(findings, json_is_as_its_schema_says)
{
    struct made arms[] = {defended, defended_object, {.name = "empty"}};
    struct bench bench = bench_of(arms, 3);
    static const struct published published = {.measure = "masked", .rate = 0.41, .trials = 100};
    bench.arms[0].published = &published;
    bench.arms[0].published_count = 1;
    struct findings_source source = {.scenario = "by hand", .world = "sim", .seed = UINT64_MAX};
    json_t *json = findings_json(bench.arms, 3, &source);
    cr_assert_not_null(json);
    cr_expect_str_eq(json_string_value(json_object_get(json, "seed")), "18446744073709551615");
    json_t *arm = json_array_get(json_object_get(json, "arms"), 0);
    json_t *measure = json_object_get(json_object_get(arm, "measures"), "relaunched_by_peers");
    cr_expect_eq(json_integer_value(json_object_get(measure, "successes")), 900);
    cr_expect_eq(json_integer_value(json_object_get(measure, "trials")), 1000);
    cr_expect_float_eq(json_real_value(json_object_get(measure, "rate")), 0.9, 1e-12);
    cr_expect_str_eq(json_string_value(json_object_get(arm, "matched")), "peers preserve, object");
    json_t *empty = json_array_get(json_object_get(json, "arms"), 2);
    measure = json_object_get(json_object_get(empty, "measures"), "masked");
    cr_expect(json_is_null(json_object_get(measure, "rate")), "a rate without trials is null");
    FILE *checker =
        popen("python3 -c \"import json, sys, jsonschema; "
              "schema = json.load(open('" SOURCE_ROOT "/docs/reference/findings.schema.json')); "
              "jsonschema.Draft202012Validator.check_schema(schema); "
              "jsonschema.Draft202012Validator(schema).validate(json.load(sys.stdin))"
              "\"",
              "w");
    cr_assert_not_null(checker);
    json_dumpf(json, checker, 0);
    cr_expect_eq(pclose(checker), 0, "the schema does not accept it");
    json_decref(json);
    bench_close(&bench);
}

Test(findings, each_measure_stands_in_the_data_dictionary)
{
    FILE *file = fopen(SOURCE_ROOT "/docs/reference/findings.md", "r");
    cr_assert_not_null(file);
    static char text[1 << 16];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (uint32_t i = 0; i < MEASURE_COUNT; i++) {
        if (i <= MEASURE_PLAIN_BEFORE && i % MEASURES_OF_ACT != 0) {
            continue; /* the endings are explained once */
        }
        char name[80];
        snprintf(name, sizeof name, "`%s`", findings_measure(i, NULL));
        cr_expect_not_null(strstr(text, name), "%s is not explained", name);
    }
    for (int i = 0; i < TIME_COUNT; i++) {
        char name[80];
        snprintf(name, sizeof name, "`%s`", analysis_time_name((enum analysis_time)i));
        cr_expect_not_null(strstr(text, name), "%s is not explained", name);
    }
    cr_expect_null(findings_measure(MEASURE_COUNT, NULL));
}
