/*
 * Goal: what is known of a crew's graph is right; a sweep of the contact process revives nobody as
 * often as the sum of its cuts says; a study's thresholds and descents are counted as its rows say,
 * and each wrong key `threshold` gives one message with its place.
 * Limits: the estimators themselves are tested in scaling.c.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "study/descents.h"
#include "study/run.h"
#include "study/thresholds.h"
#include "study_folder.h"

static const char scenario_text[] = "iolaus: 1\n"
                                    "name: contact\n"
                                    "duration: 6s\n"
                                    "kinds: {cell: {class: language, tools: []}}\n"
                                    "crew: [{name: cell, kind: cell, count: 8}]\n"
                                    "links: {generator: complete}\n"
                                    "network: {latency: 1us}\n"
                                    "contact: {rate: 0.2}\n";
static const char sweep_text[] =
    "iolaus: 1\n"
    "name: sweep\n"
    "duration: 30s\n"
    "kinds: {cell: {class: language, tools: []}}\n"
    "crew: [{name: cell, kind: cell, count: 8}]\n"
    "links: {generator: ring}\n"
    "network: {latency: 1us}\n"
    "contact: {revive_rate: 0.02/s, kill_rate: 0.0001/d}\n"
    "campaign: {protocol: sweep, targets: all, order: cutwidth, first: 1s, every: 0s,\n"
    "           sweep_gap: 1s, episode_max: 1s, restore: false}\n";

static void begin(void)
{
    char path[128];

    folder_begin();
    put("contact.yaml", scenario_text, path);
    put("sweep.yaml", sweep_text, path);
}

TestSuite(tipping, .init = begin, .fini = folder_end);

/* Runs a study into a database of its own, which is the caller's to close. */
static struct store *run(const char *text)
{
    static const volatile int go_on;
    struct study_running running = {.workers = 2, .stop = &go_on};
    struct error error = {0};
    struct study *study;
    char path[128];

    put("s.yaml", text, path);
    cr_assert_eq(study_open(&study, path, &error), 0, "%s", error.message);
    snprintf(path, sizeof path, "%s/s.db", folder);
    unlink(path);
    cr_assert_eq(store_open(&running.store, path, STORE_WRITE, &error), 0, "%s", error.message);
    cr_assert_eq(store_plan(running.store, study, &error), 0, "%s", error.message);
    running.study = study;
    cr_assert_eq(study_run(&running, &error), 0, "%s", error.message);
    study_close(study);
    return running.store;
}

static double number(const struct store *store, const char *sql)
{
    sqlite3_stmt *row;
    double value;

    cr_assert_eq(sqlite3_prepare_v2(store_database(store), sql, -1, &row, NULL), SQLITE_OK, "%s",
                 sql);
    cr_assert_eq(sqlite3_step(row), SQLITE_ROW);
    value = sqlite3_column_double(row, 0);
    sqlite3_finalize(row);
    return value;
}

/* ---- graphs ---- */

static struct graph made(uint8_t kind, uint32_t vertices)
{
    struct graph_rules rules = {.kind = kind};
    struct error error = {0};
    struct graph graph;

    cr_assert_eq(graph_generate(&graph, &rules, vertices, 1, 0, &error), 0, "%s", error.message);
    return graph;
}

Test(tipping, the_greatest_eigenvalue)
{
    struct graph complete = made(GRAPH_COMPLETE, 9), ring = made(GRAPH_RING, 12);
    struct graph star = made(GRAPH_STAR, 17), path = made(GRAPH_PATH, 5);

    cr_expect_float_eq(graph_radius(&complete), 8, 1e-6);
    cr_expect_float_eq(graph_radius(&ring), 2, 1e-6);
    cr_expect_float_eq(graph_radius(&star), 4, 1e-6);
    /* A path of n: 2 cos(pi / (n + 1)). */
    cr_expect_float_eq(graph_radius(&path), sqrt(3), 1e-6);
    graph_close(&complete);
    graph_close(&ring);
    graph_close(&star);
    graph_close(&path);
}

static void expect_cuts(uint8_t kind, uint32_t vertices, const agent_id *order, uint64_t width,
                        uint64_t sum)
{
    struct graph graph = made(kind, vertices);
    uint64_t got_width, got_sum;
    struct error error = {0};

    cr_assert_eq(graph_cuts(&graph, order, vertices, &got_width, &got_sum, &error), 0);
    cr_expect_eq(got_width, width, "%llu", (unsigned long long)got_width);
    cr_expect_eq(got_sum, sum, "%llu", (unsigned long long)got_sum);
    graph_close(&graph);
}

/* By hand: ring 2 (n - 1); path n - 1; complete (n^3 - n) / 6; star, the hub (0) first n (n - 1) /
 * 2, and after two of four leaves 1 + 2 + 2 + 1. */
Test(tipping, cuts_of_orders)
{
    static const agent_id ascending[] = {0, 1, 2, 3, 4}, hub_third[] = {1, 2, 0, 3, 4};

    expect_cuts(GRAPH_RING, 5, ascending, 2, 8);
    expect_cuts(GRAPH_PATH, 5, ascending, 1, 4);
    expect_cuts(GRAPH_COMPLETE, 5, ascending, 6, 20);
    expect_cuts(GRAPH_STAR, 5, ascending, 4, 10);
    expect_cuts(GRAPH_STAR, 5, hub_third, 2, 6);
}

/* ---- sweeps ---- */

/* Nobody is revived in a sweep with probability exp(-sum of cuts / budget); and if nobody is, all
 * are dead at its end. Five standard errors. */
Test(tipping, a_sweep_revives_nobody_as_often_as_its_cuts_say)
{
    struct store *store = run("iolaus: 1\nstudy: s\nscenario: sweep.yaml\nreplicates: 600\n"
                              "measures: [survived]\nfactors:\n"
                              "  - name: links\n    levels:\n"
                              "      ring: {}\n      path: {links.generator: path}\n"
                              "      star: {links.generator: star}\n"
                              "      complete: {links.generator: complete}\n"
                              "  - {name: order, path: campaign.order, levels: [cutwidth, "
                              "hub-first]}\n");
    sqlite3_stmt *row;
    int rows = 0;

    cr_assert_eq(sqlite3_prepare_v2(store_database(store),
                                    "SELECT cut_sum, budget, extinct, runs, name FROM sieges "
                                    "JOIN arm USING(arm)",
                                    -1, &row, NULL),
                 SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW) {
        double exact = exp(-sqlite3_column_double(row, 0) / sqlite3_column_double(row, 1));
        double runs = sqlite3_column_double(row, 3), share = sqlite3_column_double(row, 2) / runs;

        cr_expect_float_eq(sqlite3_column_double(row, 1), 50, 1e-6);
        cr_expect_float_eq(share, exact, 5 * sqrt(exact * (1 - exact) / runs), "%s: %g, not %g",
                           sqlite3_column_text(row, 4), share, exact);
        rows++;
    }
    sqlite3_finalize(row);
    cr_expect_eq(rows, 8);
    /* The star's hub in the middle is better than the hub first: 16 and 28 of 8 agents. */
    cr_expect_eq(number(store, "SELECT min(cut_sum) FROM crew JOIN arm USING(arm) WHERE name LIKE "
                               "'links=star%'"),
                 16);
    cr_expect_eq(number(store, "SELECT max(cut_sum) FROM crew JOIN arm USING(arm) WHERE name LIKE "
                               "'links=star%'"),
                 28);
    store_close(store);
}

/* A sweep that turns back kills the revived too: five times the cut width is budget enough for all,
 * and not without killing some twice. */
Test(tipping, a_sweep_that_turns_back_kills_the_revived)
{
    struct store *store = run("iolaus: 1\nstudy: s\nscenario: sweep.yaml\nreplicates: 50\n"
                              "set: {campaign.turn_back: true, campaign.sweep_gap: 100ms, "
                              "contact.revive_rate: 1/s}\nmeasures: [survived]\n");

    cr_expect_float_eq(number(store, "SELECT budget_by_width FROM sieges"), 5, 1e-6);
    cr_expect_eq(number(store, "SELECT extinct FROM sieges"), 50);
    cr_expect_gt(number(store, "SELECT kills_by_agent FROM sieges"), 1.05);
    store_close(store);
}

/* ---- thresholds ---- */

static struct thresholds *thresholds_of(const struct store *store)
{
    struct thresholds *thresholds;
    struct error error = {0};

    cr_assert_eq(thresholds_open(&thresholds, store, "s", &error), 0, "%s", error.message);
    return thresholds;
}

/* Everybody linked with everybody: what is counted lies about the exact curve, and the curves of
 * two sizes cross within the rates. */
Test(tipping, thresholds_are_counted_from_the_rows)
{
    struct store *store =
        run("iolaus: 1\nstudy: s\nscenario: contact.yaml\nreplicates: 300\n"
            "measures: [survived]\nfactors:\n"
            "  - {name: size, levels: {'8': {crew.cell.count: 8, contact.kill_rate: 8/s, "
            "duration: 700ms}, '32': {crew.cell.count: 32, contact.kill_rate: 32/s, duration: "
            "350ms}}}\n"
            "  - {name: rate, path: contact.revive_rate, levels: [0.6/s, 0.8/s, 1/s, 1.2/s, "
            "1.4/s]}\n"
            "threshold: {rate: rate, size: size, known: 1, source: by hand}\n");
    struct thresholds *thresholds = thresholds_of(store);
    const struct threshold_case *of = &thresholds->cases[0];
    uint64_t survived = 0;

    cr_assert_eq(thresholds->case_count, 1);
    cr_expect_str_eq(thresholds->source, "by hand");
    cr_expect_eq(of->known, 1);
    cr_assert_eq(of->cell_count, 10);
    for (uint32_t c = 0; c < 10; c++) {
        const struct threshold_cell *cell = &of->cells[c];
        double share = (double)cell->survived / 300;

        survived += cell->survived;
        cr_expect_eq(cell->runs, 300);
        cr_expect_float_eq(share, cell->exact,
                           5 * sqrt(cell->exact * (1 - cell->exact) / 300) + 1e-9, "%u: %g, not %g",
                           c, share, cell->exact);
    }
    cr_expect_eq((double)survived,
                 number(store, "SELECT count(*) FROM run WHERE extinct_ns IS NULL"));
    cr_assert_eq(of->size_count, 2);
    cr_expect_float_eq(of->sizes[1].size, 32, 1e-12);
    /* 1 / 31 of a link is 32 / 31 of an agent over 32. */
    cr_expect_float_eq(of->sizes[1].bound, 32.0 / 31, 1e-6);
    cr_assert_eq(of->crossing_count, 1);
    cr_expect(of->crossings[0].estimate.value > 0.6 && of->crossings[0].estimate.value < 1.4, "%g",
              of->crossings[0].estimate.value);
    cr_expect(isnan(of->agreement.p));
    thresholds_close(thresholds);
    store_close(store);
}

/* Only the quotient of the rates matters where the run is as long in mean lives; and where it is
 * not, the comparison finds that out. */
Test(tipping, cells_of_one_quotient_are_compared)
{
    static const char text[] =
        "iolaus: 1\nstudy: s\nscenario: contact.yaml\nreplicates: 300\n"
        "measures: [survived]\nfactors:\n"
        "  - {name: kill, levels: {'1': {contact.kill_rate: 1/s, duration: 6s}, '2': "
        "{contact.kill_rate: 2/s, duration: %s}}}\n"
        "  - {name: revive, path: contact.revive_rate, levels: [0.1/s, 0.2/s, 0.4/s]}\n"
        "threshold: {rate: revive, kill: kill}\n";

    for (int same = 0; same < 2; same++) {
        char whole[sizeof text + 8];
        struct thresholds *thresholds;
        struct store *store;

        snprintf(whole, sizeof whole, text, same ? "3s" : "12s");
        store = run(whole);
        thresholds = thresholds_of(store);
        cr_expect_eq(thresholds->cases[0].agreement.degrees, 2);
        cr_expect_eq(thresholds->cases[0].sizes[0].curve.count, 4);
        if (same)
            cr_expect_gt(thresholds->cases[0].agreement.p, 0.001);
        else
            cr_expect_lt(thresholds->cases[0].agreement.p, 1e-6);
        thresholds_close(thresholds);
        store_close(store);
    }
}

Test(tipping, wrong_thresholds_are_refused_with_their_place)
{
#define CONTACT "iolaus: 1\nstudy: s\nscenario: contact.yaml\nmeasures: [survived]\n"
#define RATE "factors: [{name: rate, path: contact.rate, levels: [1, 2]}]\n"
    static const struct {
        const char *text, *wanted;
    } wrong[] = {
        {CONTACT RATE "threshold: {size: rate}\n", "s.yaml:6:12: "},
        {CONTACT RATE "threshold: {rate: speed, size: rate}\n",
         "s.yaml:6:19: rate: `speed` is none of the study's factors"},
        {CONTACT RATE "threshold: {rate: rate}\n", "s.yaml:6:12: threshold: beside `rate`"},
        {CONTACT RATE "threshold: {rate: rate, size: rate, known: none}\n",
         "s.yaml:6:44: known: `none` is no number"},
        {CONTACT RATE "threshold: {rate: rate, size: rate, known: {a: 1}}\n",
         "s.yaml:6:44: known: a mapping is for the levels"},
        {CONTACT "factors: [{name: rate, levels: {slow: {contact.rate: 1}}}]\n"
                 "threshold: {rate: rate, size: rate}\n",
         "s.yaml:6:19: rate: the level `slow`"},
        {CONTACT "factors: [{name: rate, path: contact.rate, levels: [1, 2]}, {name: a, levels: "
                 "{x: {}}}, {name: b, levels: {y: {}}}]\n"
                 "threshold: {rate: rate, size: rate}\n",
         "s.yaml:6:12: threshold: beside rate, kill and size at most one factor"},
        {CONTACT "factors: [{name: rate, path: contact.rate, levels: [1, 2]}, {name: a, levels: "
                 "{x: {}}}]\n"
                 "threshold: {rate: rate, size: rate, known: {z: 1}}\n",
         "s.yaml:6:45: known: `z` is no level of `a`"},
        {CONTACT "design: one-at-a-time\n" RATE "threshold: {rate: rate, size: rate}\n",
         "s.yaml:7:12: threshold: for the design factorial"},
        {"iolaus: 1\nstudy: s\nscenario: contact.yaml\nmeasures: [masked]\n" RATE
         "threshold: {rate: rate, size: rate}\n",
         "s.yaml:6:12: threshold: it is one of `survived`"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct error error = {0};
        struct study *study;
        char path[128];

        put("s.yaml", wrong[i].text, path);
        cr_expect_eq(study_open(&study, path, &error), ERROR_INPUT, "%s", wrong[i].text);
        cr_expect(strstr(error.message, wrong[i].wanted) != NULL, "wanted: %s\n   got: %s",
                  wrong[i].wanted, error.message);
        study_close(study);
    }
}

/* ---- descent ---- */

static void tell(struct contact_analysis *analysis, time_ns at, uint8_t verb, uint8_t reason,
                 agent_id who, agent_id whom)
{
    struct record record = {.time = at, .verb = verb, .value = reason, .who = who, .whom = whom};

    cr_assert_eq(contact_analysis_take(analysis, &record), 0);
}

/* 0 revives 1 and 2; 1 revives 0, who died; that second life of 0 revives 1 again. */
Test(tipping, generations_of_lives_by_hand)
{
    struct contact_analysis analysis;
    struct error error = {0};

    cr_assert_eq(contact_analysis_open(&analysis, 3, 1, &error), 0);
    tell(&analysis, 0, VERB_STARTED, START_FIRST, AGENT_NONE, 0);
    tell(&analysis, 1, VERB_STARTED, START_CONTACT, 0, 1);
    tell(&analysis, 2, VERB_STARTED, START_CONTACT, 0, 2);
    tell(&analysis, 3, VERB_DIED, DEATH_CONTACT, AGENT_NONE, 0);
    tell(&analysis, 4, VERB_STARTED, START_CONTACT, 1, 0);
    tell(&analysis, 5, VERB_DIED, DEATH_CONTACT, AGENT_NONE, 1);
    tell(&analysis, 6, VERB_STARTED, START_CONTACT, 0, 1);
    tell(&analysis, 7, VERB_SHOWS, 0, AGENT_NONE, AGENT_NONE);
    cr_expect_eq(analysis.lives[0][0], 1);
    cr_expect_eq(analysis.lives[0][1], 2);
    cr_expect_eq(analysis.lives[0][2], 1);
    cr_expect_eq(analysis.lives[0][3], 1);
    cr_expect_eq(analysis.lives[0][4], 0);
    cr_expect_eq(analysis.alive[0], 3);
    contact_analysis_close(&analysis);
}

/* Below the threshold all die out, and each generation is smaller than that before. From one of
 * eight at a rate of 0.02 the first life brings about 7 * 0.02 / 1.02 others, but for what others'
 * children take from it: less than 0.1373. */
Test(tipping, descents_are_counted_from_the_rows)
{
    struct store *store = run("iolaus: 1\nstudy: s\nscenario: contact.yaml\nreplicates: 2000\n"
                              "set: {contact.start: seed, duration: 100s}\n"
                              "measures: [survived]\n"
                              "factors: [{name: rate, path: contact.rate, levels: [0.02, 0.5]}]\n");
    struct descents *descents;
    struct error error = {0};

    cr_assert_eq(descents_open(&descents, store, "s", &error), 0, "%s", error.message);
    cr_assert_eq(descents->arm_count, 2);
    cr_expect_eq(descents->arms[0].lives[0], 2000);
    cr_expect_eq(descents->arms[0].extinct.successes, 2000);
    cr_expect_eq((double)descents->arms[0].lives[1],
                 number(store,
                        "SELECT sum(lives) FROM descent JOIN arm USING(arm) WHERE number = 0 "
                        "AND generation = 1"));
    cr_expect(descents->arms[0].reproduction[0].low < 0.14 &&
                  descents->arms[0].reproduction[0].high > 0.11,
              "%g", descents->arms[0].reproduction[0].value);
    cr_expect_gt(descents->arms[1].reproduction[0].value, 1);
    cr_expect(descents->arms[1].reproduction[0].low < descents->arms[1].reproduction[0].value &&
              descents->arms[1].reproduction[0].value < descents->arms[1].reproduction[0].high);
    cr_expect_lt(descents->arms[1].extinct.rate, 0.9);
    descents_close(descents);
    cr_expect_eq(descents_open(&descents, store, "t", &error), ERROR_INPUT);
    store_close(store);
}
