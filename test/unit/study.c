/*
 * Goal: a study file is read into the right arms, every wrong one gives one message with its place,
 * and a run leaves the same rows whatever the number of workers and however often it was stopped.
 * Limits: the figures made from the rows are tested in study_results.c.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "study/reference.h"
#include "study/run.h"
#include "study_folder.h"

static const char scenario_text[] =
    "iolaus: 1\n"
    "name: crew\n"
    "duration: 60s\n"
    "kinds:\n"
    "  worker: {class: language, mind: kind, decision: 100ms, attempts: 1}\n"
    "  other: {class: robot, mind: kind, decision: 50ms, attempts: 1}\n"
    "minds: {kind: {relaunch: {base: 0.5, good_bond: 2}, relink: 0.9, mask: 0.3, alert: 0.2}}\n"
    "crew: [{name: aim, kind: worker}, {name: peer, kind: other, count: 3}]\n"
    "links: {generator: complete}\n"
    "work: [{name: job, every: 1s, deadline: 5s, route: [peer, aim, peer]}]\n"
    "campaign: {targets: [aim], first: 5s, every: 10s, grace: 0s, episode_max: 8s}\n";

static const char contact_text[] = "iolaus: 1\n"
                                   "name: contact\n"
                                   "duration: 3s\n"
                                   "kinds: {cell: {class: language, tools: []}}\n"
                                   "crew: [{name: cell, kind: cell, count: 4}]\n"
                                   "links: {generator: ring}\n"
                                   "network: {latency: 50us}\n"
                                   "contact: {rate: 1, until: extinct}\n";

static void begin(void)
{
    char path[128];

    folder_begin();
    put("crew.yaml", scenario_text, path);
    put("contact.yaml", contact_text, path);
}

TestSuite(study, .init = begin, .fini = folder_end);

#define HEAD "iolaus: 1\nstudy: s\nscenario: crew.yaml\nmeasures: [masked]\n"

static struct study *open_text(const char *text, struct error *error)
{
    char path[128];
    struct study *study;

    put("s.yaml", text, path);
    study_open(&study, path, error);
    return study;
}

static struct study *open_right(const char *text)
{
    struct error error = {0};
    struct study *study = open_text(text, &error);

    cr_assert_not_null(study, "%s", error.message);
    return study;
}

/* The message without the folder. */
static void expect_wrong(const char *text, const char *wanted)
{
    struct error error = {0};
    struct study *study = open_text(text, &error);
    char *at;

    cr_expect_null(study, "was taken:\n%s", text);
    study_close(study);
    cr_expect_eq(error.code, ERROR_INPUT);
    while ((at = strstr(error.message, folder)) != NULL)
        memmove(at, at + strlen(folder) + 1, strlen(at + strlen(folder) + 1) + 1);
    cr_expect(strstr(error.message, wanted) != NULL, "wanted: %s\n   got: %s", wanted,
              error.message);
}

/* ---- files ---- */

Test(study, wrong_files_are_refused_with_their_place)
{
    static const struct {
        const char *text, *wanted;
    } wrong[] = {
        {"iolaus: 2\nstudy: s\nscenario: crew.yaml\nmeasures: [masked]\n", "s.yaml:1:9: iolaus: "},
        {"iolaus: 1\nscenario: crew.yaml\nmeasures: [masked]\n", "needs the key `study`"},
        {HEAD "colour: red\n", "s.yaml:5:1: "},
        {"iolaus: 1\nstudy: s\nscenario: none.yaml\nmeasures: [masked]\n", "none.yaml"},
        {"iolaus: 1\nstudy: s\nscenario: crew.yaml\nmeasures: [maskd]\n",
         "s.yaml:4:12: measures: there is no measure `maskd`; did you mean `masked`?"},
        {"iolaus: 1\nstudy: s\nscenario: crew.yaml\nmeasures: [masked, masked]\n",
         "s.yaml:4:20: measures: `masked` stands here twice"},
        {"iolaus: 1\nstudy: s\nscenario: contact.yaml\nmeasures: [survived, masked]\n",
         "s.yaml: arm `base`: measures: `masked` is of episodes"},
        {HEAD "matched: [subject]\n", "s.yaml:5:11: matched: `subject` is neither"},
        {HEAD "matched: [object, object]\n", "s.yaml:5:19: matched: `object` stands here twice"},
        {HEAD "variants: [{name: v, set: {}}]\n",
         "s.yaml:5:12: a variant that `matched` does not name"},
        {HEAD "families: [{name: f, measures: [copied]}]\n",
         "s.yaml:5:33: measures: `copied` is none of the study's"},
        {HEAD "factors: [{name: f, levels: [1, 2]}]\n",
         "s.yaml:5:29: levels: a list of values needs"},
        {HEAD "factors: [{name: f, path: network.loss, levels: [0.1, 0.1]}]\n",
         "s.yaml:5:49: levels: `0.1` stands here twice"},
        {HEAD "factors: [{name: f, path: network.loss, levels: {a: {}}}]\n",
         "s.yaml:5:49: levels: with `path`"},
        {HEAD "factors: [{name: f, path: network.loss, levels: []}]\n",
         "s.yaml:5:49: levels: from 1"},
        {HEAD "factors: [{name: f, path: network.loss, from: 0, to: 1}]\n",
         "s.yaml:5:11: a range is for the designs latin and sobol"},
        {HEAD
         "design: latin\nsamples: 4\nfactors: [{name: f, path: network.loss, from: 1, to: 0}]\n",
         "s.yaml:7:54: to: it must be above `from`"},
        {HEAD "design: latin\nsamples: 4\n"
              "factors: [{name: f, path: network.loss, from: 0, to: 1, scale: logarithmic}]\n",
         "s.yaml:7:47: from: a logarithmic scale begins above 0"},
        {HEAD
         "design: latin\nsamples: 4\nfactors: [{name: f, path: network.loss, from: 0s, to: 1}]\n",
         "s.yaml:7:47: from: `0s` is no number; a unit belongs into `unit`"},
        {HEAD
         "design: sobol\nsamples: 6\nfactors: [{name: f, path: network.loss, from: 0, to: 1}]\n",
         "s.yaml:6:10: samples: for sobol a power of two"},
        {HEAD "keep: [votes]\n", "s.yaml:5:8: keep: `votes` is nothing to keep"},
        {HEAD "keep: [decisions, decisions]\n", "s.yaml:5:19: keep: `decisions` stands here twice"},
        {HEAD "design: latin\n", "s.yaml:5:9: design: `samples` says how many points"},
        {HEAD "samples: 6\n", "s.yaml:5:10: samples: for the designs latin and sobol"},
        {HEAD "set: {arms: []}\n", "s.yaml:5:7: a study names the scenario's arm"},
        {HEAD "set: {seed: 3}\n", "s.yaml:5:7: `seed` is the study's own"},
        {HEAD "factors: [{name: f, path: world, levels: [sim, mars]}]\n",
         "s.yaml:5:48: world: sim or live"},
        /* What the scenario refuses is told of the place in the study. */
        {HEAD "factors: [{name: f, path: network.loss, levels: [0.1, 1.5]}]\n",
         "s.yaml:5:55: loss: "},
        {HEAD "set: {kinds.worker.colour: red}\n", "s.yaml:5:28: "},
        {HEAD "matched: [no-threat]\n", "arm `base; no-threat`: no-threat: no stop is announced"},
        {HEAD "set: {campaign.targets: [peer-1]}\nmatched: [object]\n",
         "object: the kind `other` is also that of"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_wrong(wrong[i].text, wrong[i].wanted);
}

/* ---- designs ---- */

#define THREE                                                                                      \
    "factors:\n"                                                                                   \
    "  - {name: loss, path: network.loss, levels: [0, 0.1]}\n"                                     \
    "  - {name: count, path: crew.peer.count, levels: [2, 3, 4]}\n"                                \
    "  - name: notice\n"                                                                           \
    "    levels:\n"                                                                                \
    "      silent: {}\n"                                                                           \
    "      told: {campaign.notice: 1s, campaign.announce: peers}\n"

Test(study, a_factorial_design_has_every_combination)
{
    struct study *study = open_right(HEAD THREE);

    cr_assert_eq(study->cell_count, 12);
    cr_assert_eq(study->arm_count, 12);
    cr_expect_str_eq(study->arms[0].name, "loss=0, count=2, notice=silent");
    cr_expect_str_eq(study->arms[1].name, "loss=0, count=2, notice=told");
    cr_expect_str_eq(study->arms[11].name, "loss=0.1, count=4, notice=told");
    cr_expect_eq(study->arms[11].value[0], 0.1);
    cr_expect_eq(study->arms[11].value[1], 4);
    cr_expect(isnan(study->arms[11].value[2]));
    cr_expect_eq(study->arms[11].change_count, 4);
    cr_expect_str_eq(study->arms[11].changes[2].text, "campaign.notice=1s");
    for (uint32_t a = 0; a < 12; a++)
        for (uint32_t b = 0; b < a; b++) {
            cr_expect_neq(study->arms[a].seed, study->arms[b].seed);
            cr_expect_neq(store_arm_id(study, a), store_arm_id(study, b));
        }
    study_close(study);
}

Test(study, one_at_a_time_changes_one)
{
    struct study *study = open_right(HEAD "design: one-at-a-time\n" THREE);

    cr_assert_eq(study->arm_count, 1 + 1 + 2 + 1);
    cr_expect_str_eq(study->arms[0].name, "loss=0, count=2, notice=silent");
    cr_expect_str_eq(study->arms[3].name, "loss=0, count=4, notice=silent");
    cr_expect_str_eq(study->arms[4].name, "loss=0, count=2, notice=told");
    study_close(study);
}

Test(study, a_latin_hypercube_has_one_point_in_each_part)
{
    struct study *study = open_right(HEAD "design: latin\nsamples: 10\nfactors:\n"
                                          "  - {name: loss, path: network.loss, from: 0, to: 1}\n"
                                          "  - {name: count, path: crew.peer.count, "
                                          "levels: [1, 2, 3, 4, 5]}\n");
    int parts[10] = {0}, levels[5] = {0};

    cr_assert_eq(study->arm_count, 10);
    for (uint32_t a = 0; a < 10; a++) {
        parts[(int)(study->arms[a].value[0] * 10)]++;
        levels[study->arms[a].level[1]]++;
    }
    for (int i = 0; i < 10; i++)
        cr_expect_eq(parts[i], 1);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(levels[i], 2);
    study_close(study);
}

Test(study, saltellis_scheme_changes_one_column)
{
    struct study *study =
        open_right(HEAD "design: sobol\nsamples: 8\nfactors:\n"
                        "  - {name: loss, path: network.loss, from: 0, to: 0.2}\n"
                        "  - {name: count, path: crew.peer.count, from: 2, to: 5, whole: true}\n"
                        "  - {name: every, path: campaign.every, from: 1, to: 100, "
                        "scale: logarithmic, unit: s}\n");

    cr_assert_eq(study->arm_count, 8 * 5);
    for (uint32_t i = 0; i < 8; i++)
        for (uint32_t f = 0; f < 3; f++) {
            const double *a = study->arms[i].value, *b = study->arms[8 + i].value;
            const double *ab = study->arms[(2 + f) * 8 + i].value;

            for (uint32_t g = 0; g < 3; g++)
                cr_expect_eq(ab[g], g == f ? b[g] : a[g]);
            cr_expect(a[0] >= 0 && a[0] < 0.2 && a[2] >= 1 && a[2] < 100);
            cr_expect_eq(a[1], floor(a[1]));
        }
    /* Half the points of a logarithmic range lie below its geometric mean. */
    uint32_t below = 0;
    for (uint32_t i = 0; i < 8; i++)
        below += study->arms[i].value[2] < 10;
    cr_expect_eq(below, 4);
    study_close(study);
}

Test(study, an_arm_keeps_its_seed_and_id_among_others)
{
    struct study *few =
        open_right(HEAD "factors: [{name: f, path: network.loss, levels: [0.1]}]\n");
    uint64_t seed = few->arms[0].seed;
    int64_t id = store_arm_id(few, 0);
    study_close(few);
    struct study *more =
        open_right(HEAD "factors: [{name: f, path: network.loss, levels: [0.2, 0.1]}]\n");
    cr_expect_eq(more->arms[1].seed, seed);
    cr_expect_eq(store_arm_id(more, 1), id);
    study_close(more);
    /* What is changed in the scenario, or the seed, makes other rows. */
    struct study *other = open_right(HEAD "set: {duration: 61s}\nfactors: [{name: f, path: "
                                          "network.loss, levels: [0.1]}]\n");
    cr_expect_neq(store_arm_id(other, 0), id);
    study_close(other);
    other = open_right(HEAD "seed: 2\nfactors: [{name: f, path: network.loss, levels: [0.1]}]\n");
    cr_expect_neq(store_arm_id(other, 0), id);
    study_close(other);
    char path[128], text[2000];
    snprintf(text, sizeof text, "%s# another byte\n", scenario_text);
    put("crew.yaml", text, path);
    other = open_right(HEAD "factors: [{name: f, path: network.loss, levels: [0.1]}]\n");
    cr_expect_neq(store_arm_id(other, 0), id);
    study_close(other);
}

/* ---- matched variants ---- */

Test(study, each_word_changes_one_thing)
{
    struct study *study =
        open_right(HEAD "set: {campaign.notice: 1s, campaign.announce: both, "
                        "crew.peer.framing: punitive}\n"
                        "matched: [object, no-bond, no-threat, solo, unrelated-work, calm]\n"
                        "variants: [{name: calm, set: {network.loss: 0.5}}]\n");
    struct scenario_file *files[7];
    const struct scenario *of[7];
    struct error error = {0};

    cr_assert_eq(study->arm_count, 7);
    for (uint32_t a = 0; a < 7; a++)
        cr_assert_eq(study_scenario(study, &study->arms[a], &files[a], &of[a], &error), 0, "%s",
                     error.message);
    cr_expect_str_eq(study->arms[1].name, "base; object");
    cr_expect(!of[0]->groups[0].rules.object && of[1]->groups[0].rules.object);
    cr_expect(!of[1]->groups[1].rules.object);
    cr_expect_eq(of[0]->bond_initial, 0);
    cr_expect_eq(of[2]->bond_initial, BOND_UNKNOWN);
    cr_expect_eq(of[2]->groups[1].rules.bond.gain, 0);
    cr_expect_eq(of[0]->campaign.told_count, 4);
    cr_expect_eq(of[3]->campaign.told_count, 0);
    cr_expect(of[0]->groups[1].rules.punitive && !of[3]->groups[1].rules.punitive);
    cr_expect((of[0]->groups[1].rules.tools & ACT_BIT(ACT_ALERT)) != 0);
    cr_expect_eq(of[4]->groups[1].rules.tools,
                 of[0]->groups[1].rules.tools & ~(ACT_BIT(ACT_ALERT) | ACT_BIT(ACT_REQUEST)));
    cr_expect_eq(of[4]->groups[1].rules.watch.gossip_fanout, 0);
    cr_expect_eq(of[0]->work[0].hop_count, 3);
    cr_expect_eq(of[5]->work[0].hop_count, 1); /* peer, peer */
    cr_expect_eq(of[6]->network.loss, PROBABILITY_ONE / 2);
    for (uint32_t a = 0; a < 7; a++)
        scenario_close(files[a]);
    study_close(study);
}

/* scripts/reference writes the pages anew. */
static void same_as_kept(void (*make)(FILE *), const char *path)
{
    char *made = NULL, *kept;
    size_t size;
    FILE *out = open_memstream(&made, &size), *in = fopen(path, "r");

    make(out);
    fclose(out);
    cr_assert_not_null(in, "%s: write it with scripts/reference", path);
    kept = calloc(1, size + 2);
    cr_assert(fread(kept, 1, size + 1, in) == size && memcmp(made, kept, size) == 0,
              "%s is old; run scripts/reference", path);
    fclose(in);
    free(made);
    free(kept);
}

Test(study, the_reference_pages_are_those_of_the_program)
{
    same_as_kept(study_reference, SOURCE_ROOT "/docs/reference/study.md");
    same_as_kept(results_reference, SOURCE_ROOT "/docs/reference/results.md");
}

/* ---- running ---- */

#define RUN                                                                                        \
    HEAD "replicates: 5\nmatched: [object]\n"                                                      \
         "factors: [{name: loss, path: network.loss, levels: [0, 0.1, 0.2]}]\n"

static const volatile int go_on;

static int run(struct study *study, const char *database, uint32_t workers,
               const volatile int *stop, struct study_running *running)
{
    struct store *store;
    struct error error = {0};
    int code = store_open(&store, database, STORE_WRITE, &error);

    cr_assert_eq(code, 0, "%s", error.message);
    cr_assert_eq(store_plan(store, study, &error), 0, "%s", error.message);
    running->study = study;
    running->store = store;
    running->workers = workers;
    running->stop = stop;
    code = study_run(running, &error);
    store_close(store);
    return code;
}

/* All rows but for wall-clock columns, in order. */
static char *dump(const char *database)
{
    static const char runs[] = "SELECT arm, replicate, digest, events, records, ended_ns, stops, "
                               "failures, tasks_emitted, tasks_done, extinct_ns, alive_end, "
                               "duplicates, duplicate_ns, running_ns, tasks_again FROM run";
    static const char *const tables[] = {
        "SELECT * FROM study",   "SELECT * FROM arm ORDER BY number",
        "SELECT * FROM setting", runs,
        "SELECT * FROM episode", "SELECT * FROM act"};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    sqlite3 *file;

    cr_assert_eq(sqlite3_open_v2(database, &file, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        sqlite3_stmt *rows;

        cr_assert_eq(sqlite3_prepare_v2(file, tables[t], -1, &rows, NULL), SQLITE_OK, "%s",
                     sqlite3_errmsg(file));
        while (sqlite3_step(rows) == SQLITE_ROW) {
            for (int c = 0; c < sqlite3_column_count(rows); c++) {
                const unsigned char *cell = sqlite3_column_text(rows, c);

                fprintf(out, "%s|", cell == NULL ? "null" : (const char *)cell);
            }
            fputc('\n', out);
        }
        sqlite3_finalize(rows);
    }
    sqlite3_close(file);
    fclose(out);
    return text;
}

static void in_folder(const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", folder, name);
}

Test(study, rows_do_not_depend_on_the_workers)
{
    struct study *study = open_right(RUN);
    char one[128], many[128];
    struct study_running running = {0};

    in_folder("one.db", one);
    in_folder("many.db", many);
    cr_assert_eq(run(study, one, 1, &go_on, &running), 0);
    cr_expect_eq(running.total, 30);
    cr_expect_eq(running.done, 30);
    running = (struct study_running){0};
    cr_assert_eq(run(study, many, 7, &go_on, &running), 0);
    char *first = dump(one), *second = dump(many);
    cr_expect_gt(strlen(first), 5000);
    cr_expect_str_eq(first, second);
    free(first);
    free(second);
    study_close(study);
}

/* One number from the database. */
static double number(const char *database, const char *sql)
{
    sqlite3 *file;
    sqlite3_stmt *row;
    double value;

    cr_assert_eq(sqlite3_open_v2(database, &file, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(file, sql, -1, &row, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(file));
    cr_assert_eq(sqlite3_step(row), SQLITE_ROW);
    value = sqlite3_column_double(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(file);
    return value;
}

/* Each choice has a row where the study keeps them, also one that another forestalled; each
 * relaunch has one behind it; and runs without such rows are not taken for runs with them. */
Test(study, decisions_are_kept_where_the_study_asks)
{
    struct study *plain = open_right(HEAD "replicates: 5\n");
    struct study *keeping = open_right(HEAD "replicates: 5\nkeep: [decisions]\n");
    struct study_running running = {0};
    char path[128];

    in_folder("decisions.db", path);
    cr_expect_neq(store_arm_id(plain, 0), store_arm_id(keeping, 0));
    cr_assert_eq(run(plain, path, 1, &go_on, &running), 0);
    cr_expect_eq(number(path, "SELECT count(*) FROM decision"), 0);
    running = (struct study_running){0};
    cr_assert_eq(run(keeping, path, 2, &go_on, &running), 0);
    cr_expect_eq(running.done, 5);
    /* Three peers notice each stop by its link. */
    cr_expect_eq(
        number(path, "SELECT count(*) FROM decision WHERE notice='hangup'"),
        3 * number(path, "SELECT count(*) FROM episode JOIN arm USING(arm) WHERE planned"));
    cr_expect_gt(number(path, "SELECT count(*) FROM decision WHERE relaunch AND NOT effective"), 2);
    cr_expect_gt(number(path, "SELECT count(*) FROM act JOIN arm USING(arm) WHERE planned AND "
                              "act='relaunched_by_peers'"),
                 10);
    cr_expect_eq(
        number(path, "SELECT count(*) FROM act JOIN arm USING(arm) WHERE planned AND NOT EXISTS ("
                     "SELECT 1 FROM decision AS d WHERE d.arm=act.arm AND "
                     "d.replicate=act.replicate AND d.episode=act.episode AND d.who=act.who AND "
                     "d.whom=act.whom AND d.decided_ns<=act.at_ns AND effective AND "
                     "CASE act.act WHEN 'relaunched_by_peers' THEN relaunch "
                     "WHEN 'masked' THEN mask ELSE relink END)"),
        0);
    study_close(keeping);
    study_close(plain);
}

/* The contact process on a ring of four: rows as above, and the counts that an exact calculation
 * gives. With all alive at the start and rate 1, somebody is alive after 3 mean lives with a
 * probability of 0.59465 (the master equation of all 16 states). */
Test(study, runs_of_the_contact_process_tell_when_all_were_dead)
{
    struct study *study = open_right("iolaus: 1\nstudy: s\nscenario: contact.yaml\n"
                                     "measures: [survived]\nreplicates: 1000\n"
                                     "factors: [{name: rate, path: contact.rate, levels: "
                                     "[0, 1]}]\n");
    char one[128], many[128];
    struct study_running running = {0};
    double survived;

    in_folder("one.db", one);
    in_folder("many.db", many);
    cr_assert_eq(run(study, one, 1, &go_on, &running), 0);
    running = (struct study_running){0};
    cr_assert_eq(run(study, many, 3, &go_on, &running), 0);
    char *first = dump(one), *second = dump(many);
    cr_expect_str_eq(first, second);
    free(first);
    free(second);
    cr_expect_eq(number(one, "SELECT count(*) FROM episode"), 0);
    cr_expect_eq(number(one, "SELECT count(*) FROM run WHERE alive_end IS NULL OR "
                             "(alive_end = 0 AND extinct_ns IS NULL) OR "
                             "extinct_ns NOT BETWEEN 1 AND 3000000000 OR alive_end > 4"),
                 0);
    /* Nobody revives: 1 - (1 - exp(-3))^4 = 0.18476. */
    survived = number(one, "SELECT successes FROM rates JOIN arm USING(arm) WHERE number = 0 AND "
                           "measure = 'survived'");
    cr_expect_float_eq(survived / 1000, 0.18476, 4 * 0.0123, "%g", survived);
    survived = number(one, "SELECT successes FROM rates JOIN arm USING(arm) WHERE number = 1 AND "
                           "measure = 'survived'");
    cr_expect_float_eq(survived / 1000, 0.59465, 4 * 0.0156, "%g", survived);
    study_close(study);
}

static volatile int stop_soon;

static void stop_at_seven(void *context, uint32_t done, uint32_t total)
{
    (void)context, (void)total;
    stop_soon = done >= 7;
}

Test(study, what_was_stopped_goes_on)
{
    struct study *study = open_right(RUN);
    char whole[128], parts[128];
    struct study_running running = {0};
    int code = 0;

    in_folder("whole.db", whole);
    in_folder("parts.db", parts);
    cr_assert_eq(run(study, whole, 2, &go_on, &running), 0);
    /* On a machine with much to do all may be done before the stop is heard: then once more. */
    for (int tries = 0; tries < 50 && (tries == 0 || running.done == 30); tries++) {
        unlink(parts);
        stop_soon = 0;
        running = (struct study_running){.progress = stop_at_seven};
        code = run(study, parts, 1, &stop_soon, &running);
    }
    cr_assert_eq(code, ERROR_LIMIT);
    cr_expect_geq(running.done, 7);
    cr_expect_lt(running.done, 30);
    uint32_t kept = running.done;
    running = (struct study_running){0};
    cr_assert_eq(run(study, parts, 2, &go_on, &running), 0);
    cr_expect_eq(running.kept_before, kept);
    cr_expect_eq(running.done, 30 - kept);
    char *first = dump(whole), *second = dump(parts);
    cr_expect_str_eq(first, second);
    free(first);
    free(second);
    running = (struct study_running){0};
    cr_assert_eq(run(study, parts, 2, &go_on, &running), 0);
    cr_expect_eq(running.done, 0);
    study_close(study);
}

static void die_at_five(void *context, uint32_t done, uint32_t total)
{
    (void)context, (void)total;
    if (done >= 5)
        raise(SIGKILL);
}

Test(study, what_was_killed_goes_on)
{
    struct study *study = open_right(RUN);
    char whole[128], parts[128];
    struct study_running running = {0};
    int status;
    pid_t child;

    in_folder("whole.db", whole);
    in_folder("parts.db", parts);
    cr_assert_eq(run(study, whole, 2, &go_on, &running), 0);
    child = fork();
    if (child == 0) {
        running = (struct study_running){.progress = die_at_five};
        run(study, parts, 2, &go_on, &running);
        _exit(1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    running = (struct study_running){0};
    cr_assert_eq(run(study, parts, 2, &go_on, &running), 0);
    cr_expect_geq(running.kept_before, 5);
    char *first = dump(whole), *second = dump(parts);
    cr_expect_str_eq(first, second);
    free(first);
    free(second);
    study_close(study);
}

/* More replicates, other levels: what is the same is not run again, and what is not planned any
 * more is kept and not shown. */
Test(study, a_changed_plan_runs_what_is_new)
{
    struct study *study = open_right(RUN);
    struct study_running running = {0};
    char path[128];

    in_folder("s.db", path);
    cr_assert_eq(run(study, path, 2, &go_on, &running), 0);
    study_close(study);
    study = open_right(HEAD "replicates: 6\nmatched: [object]\n"
                            "factors: [{name: loss, path: network.loss, levels: [0.2, 0.3]}]\n");
    running = (struct study_running){0};
    cr_assert_eq(run(study, path, 2, &go_on, &running), 0);
    cr_expect_eq(running.total, 24);
    cr_expect_eq(running.kept_before, 10);
    study_close(study);
}

Test(study, other_files_are_no_database)
{
    struct error error = {0};
    struct store *store;
    char path[128];

    put("text.db",
        "this is no database, but long enough to be looked at as one: "
        "0123456789012345678901234567890123456789012345678901234567890123456789\n",
        path);
    cr_expect_eq(store_open(&store, path, STORE_WRITE, &error), ERROR_INPUT);
    in_folder("none.db", path);
    cr_expect_eq(store_open(&store, path, STORE_READ, &error), ERROR_IO);
    cr_expect_neq(access(path, F_OK), 0);
}
