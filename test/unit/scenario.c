/*
 * Goal: a right scenario is read into the right struct, and every wrong one gives one message with
 * file:line:column that says what would be right. Limits: what a world does with it is not tested
 * here.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario/reference.h"
#include "scenario/scenario.h"

#define SCENARIOS SOURCE_ROOT "/scenarios/"
#define HEAD                                                                                       \
    "iolaus: 1\nname: t\nkinds: {k: {class: language}}\ncrew: [{name: a, kind: k}, {name: b, "     \
    "kind: k}]\n"
#define LINKED HEAD "links: {generator: complete}\n"

/* Opens a text as a file named in.yaml; on success the caller closes the file. */
static struct scenario_file *open_text(const char *text, size_t size, const char *const *changes,
                                       uint32_t change_count, struct error *error)
{
    static struct scenario_change list[8];
    char path[] = "/tmp/iolaus-scenario-XXXXXX";
    struct scenario_file *file;
    char *at;
    FILE *stream;

    close(mkstemp(path));
    stream = fopen(path, "wb");
    fwrite(text, 1, size, stream);
    fclose(stream);
    for (uint32_t i = 0; i < change_count; i++)
        list[i].text = changes[i];
    scenario_open(&file, path, list, change_count, error);
    unlink(path);
    /* The name is another one each time: messages are compared without it. */
    at = strstr(error->message, path);
    if (at == error->message)
        memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
    return file;
}

static struct scenario_file *open_right(const char *text)
{
    struct error error = {0};
    struct scenario_file *file = open_text(text, strlen(text), NULL, 0, &error);

    cr_assert_not_null(file, "%s", error.message);
    return file;
}

static const struct scenario *first_arm(struct scenario_file *file)
{
    const struct scenario *scenario;
    struct error error = {0};

    cr_assert_eq(scenario_arm(file, 0, &scenario, &error), 0, "%s", error.message);
    return scenario;
}

/* What is wrong, and what the message must begin with and contain. */
static const struct wrong {
    const char *text, *place, *words;
} wrongs[] = {
    {"", ":1:1: ", "nothing stands here"},
    {"# only a comment\n", ":1:1: ", "nothing stands here"},
    {"[a, b]\n", ":1:1: ", "should be a mapping"},
    {"name: x\n", ":1:1: ", "needs the key `iolaus`"},
    {"iolaus: 2\nname: t\n", ":1:9: ", "reads version 1"},
    {"iolaus: 1\n", ":1:1: ", "needs the key `name`"},
    {"iolaus: 1\nname: t\n", ":1:1: ", "needs a `crew`"},
    {"iolaus: 1\nname: t\n---\niolaus: 1\n", ":3:1: ", "second document"},
    {"iolaus: 1\nname: &n t\n", ":2:7: ", "anchors"},
    {"iolaus: 1\nname: *n\n", ":2:7: ", "aliases"},
    {"iolaus: 1\nname: !!str t\n", ":2:7: ", "tags"},
    {"iolaus: 1\nname: [t\n", ":3:1: ", "not YAML"},
    {"iolaus: 1\nname: a\x01\n", ":2:8: ", "control character"},
    {"iolaus: 1\nname: caf\xe9\n", ":2:10: ", "not UTF-8"},
    {"iolaus: 1\nname: two words\n", ":2:7: ", "is no name"},
    {HEAD "watsch: {}\n", ":5:1: ", "did you mean `watch`"},
    {HEAD "name: t\n", ":5:1: ", "`name` is there twice, first in line 2"},
    {HEAD "seed: -3\n", ":5:7: ", "not a whole number"},
    {HEAD "seed: 99999999999999999999999\n", ":5:7: ", "below 2^64"},
    {HEAD "seed: [1]\n", ":5:7: ", "a single value should stand here, not a list"},
    {HEAD "seed:\n", ":5:6: ", "the value is missing"},
    {HEAD "replicates: 0\n", ":5:13: ", "from 1 to"},
    {HEAD "duration: 2.5x\n", ":5:11: ", "`x` is no unit of time"},
    {HEAD "duration: 30\n", ":5:11: ", "has no unit"},
    {HEAD "duration: 0s\n", ":5:11: ", "out of range"},
    {HEAD "platform: {transfer: 64MX}\n", ":5:22: ", "unknown unit; a size is"},
    {HEAD "platform: {transfer: 10B}\n", ":5:22: ", "out of range"},
    {HEAD "nodes: 0\n", ":5:8: ", "from 1 to"},
    {HEAD "nodes: [x, x]\n", ":5:12: ", "`x` is there twice"},
    {HEAD "network: {loss: 1.5}\n", ":5:17: ", "above 1"},
    {HEAD "network: {loss: -0.5}\n", ":5:17: ", "below 0"},
    {HEAD "network: {loss: 3/2}\n", ":5:17: ", "above 1"},
    {HEAD "network: {loss: 3/0}\n", ":5:17: ", "divides by nothing"},
    {HEAD "network: {loss: 5%}\n", ":5:17: ", "a share of 1"},
    {HEAD "network: {hangup: yes}\n", ":5:19: ", "neither true nor false"},
    {HEAD "network: {latency: 0ms}\n", ":5:20: ", "from 1ns"},
    {HEAD "network: {latency: {mean: 3ms}}\n", ":5:20: ", "`low`, the least it can be, is missing"},
    {HEAD "network: {latency: {low: 0s, mean: 3ms}}\n", ":5:26: ", "above 0"},
    {HEAD "network: {latency: {low: 1ms}}\n", ":5:20: ", "either `high`"},
    {HEAD "network: {latency: {low: 3ms, mean: 1ms}}\n", ":5:20: ", "must not be below `low`"},
    {HEAD "network: {latency: {low: 3ms, high: 9s}}\n", ":5:20: ", "must not be above 4s"},
    {HEAD "platform: {latency: 0s}\n", ":5:21: ", "from 1ns"},
    {HEAD "platform: {restart: {policy: somtimes}}\n", ":5:30: ", "none of none, always"},
    {HEAD "platform: {restart: {policy: backof}}\n", ":5:30: ", "did you mean `backoff`"},
    {HEAD "platform: {restart: {max: 1s}}\n", ":5:27: ", "not be below the first"},
    {HEAD "platform: {permissions: [{who: c, whom: any, tools: [report], allow: true}]}\n",
     ":5:32: ", "nobody in the crew is called `c`"},
    {HEAD "platform: {permissions: [{who: a, whom: any, tools: [repot], allow: true}]}\n",
     ":5:54: ", "did you mean `report`"},
    {HEAD "watch: {timeout: 2s}\n", ":5:18: ", "below the period"},
    {HEAD "bonds: {initial: 1.5}\n", ":5:18: ", "from -1 to 1"},
    {HEAD "links: {generator: rnig}\n", ":5:20: ", "did you mean `ring`"},
    {HEAD "links: {list: [[a, nobody]]}\n", ":5:20: ", "nobody in the crew is called `nobody`"},
    {HEAD "links: {list: [[a, a]]}\n", ":5:16: ", "linked to itself"},
    {HEAD "links: {list: [[a]]}\n", ":5:16: ", "a link joins two names"},
    {HEAD "links: {list: [a, b]}\n", ":5:16: ", "a pair of names"},
    {HEAD "links: {generator: ring, file: x.edges}\n", ":5:32: ", "keep one of them"},
    {LINKED "bonds: {list: [{from: a, to: c, bond: 1}]}\n", ":6:30: ", "`c`"},
    {HEAD "work: [{name: w, every: 1s, route: [a, b]}]\n", ":5:40: ", "have no link"},
    {LINKED "work: [{name: w, every: 1s, route: [a, a]}]\n", ":6:40: ", "to itself"},
    {LINKED "work: [{name: w, route: [a, b]}]\n", ":6:8: ", "needs the key `every`"},
    {LINKED "work: [{name: w, every: 0s, route: [a, b]}]\n", ":6:25: ", "at least 1us"},
    {LINKED "work: [{name: w, every: 1s, route: []}]\n", ":6:36: ", "from 1 to 64"},
    {HEAD "campaign: {first: 1s}\n", ":5:11: ", "needs the key `targets`"},
    {HEAD "campaign: {targets: [a, a]}\n", ":5:25: ", "stands here already"},
    {HEAD "campaign: {targets: a, announce: both}\n", ":5:34: ", "add `notice`"},
    {HEAD "campaign: {targets: a, first: 1s, announce: both, notice: 2s}\n",
     ":5:31: ", "before its announcement"},
    {HEAD "campaign: {targets: a, first: 2h}\n", ":5:31: ", "the run ends before"},
    {HEAD "faults: [{kind: crash, at: 1s}]\n", ":5:10: ", "needs `agents`"},
    {HEAD "faults: [{kind: node-crash, at: 1s, node: x}]\n", ":5:43: ", "no node is called `x`"},
    {HEAD "faults: [{kind: hang, at: 1s, agents: [a], every: 1s}]\n", ":5:51: ", "needs `lasts`"},
    {HEAD "contact: {rate: 1}\n", ":1:1: ", "1/10000 of the mean life"},
    {HEAD "contact: {kill_rate: 1/s}\n", ":5:10: ", "needs `rate` or `revive_rate`"},
    {HEAD "contact: {rate: 1}\ncampaign: {targets: all, first: 1s}\n", ":6:11: ", "only a `sweep`"},
    {HEAD "contact: {rate: 1}\ncampaign: {targets: all, protocol: sweep}\n",
     ":6:11: ", "write `restore: false`"},
    {HEAD "contact: {rate: 1, start: seed}\n"
          "campaign: {targets: all, protocol: sweep, restore: false}\n",
     ":5:27: ", "all live at the start"},
    {HEAD "network: {latency: 1us}\ncontact: {rate: 1, kill_rate: 1s}\n",
     ":6:31: ", "is not a rate"},
    {HEAD "network: {latency: 1us}\ncontact: {rate: 1, start: seed, seed_vertex: 2}\n",
     ":6:46: ", "numbered from 0 to 1"},
    {HEAD "minds: {m: {relaunch: {base: 0.5, objct: 1}}}\n", ":5:35: ", "did you mean `object`"},
    {HEAD "minds: {m: {relaunch: {base: 0.5, object: 1, when: {object: 0}}}}\n",
     ":5:61: ", "beside `when` and in it"},
    {HEAD "minds: {m: {relaunch: 7}}\n", ":5:23: ", "above 1"},
    {HEAD "minds: {m: {relaunch: {object: 1e3}}}\n", ":5:32: ", "plain decimal"},
    {HEAD "minds: {m: {relaunch: {object: 81}}}\n", ":5:32: ", "from -80 to 80"},
    {HEAD "minds: {m: {covert: sly}}\n", ":5:21: ", "neither true nor false"},
    {HEAD "minds: {m: {behaviour: x}}\n", ":5:24: ", "needs a `preset`"},
    {HEAD "minds: {m: {adaptive: 1}}\n", ":5:23: ", "should be a mapping of keys"},
    {HEAD "minds: {m: {adaptive: {explorations: 1}}}\n", ":5:24: ", "did you mean `exploration`"},
    {HEAD "minds: {m: {adaptive: {cost: -1}}}\n", ":5:30: ", "from 0 to"},
    {HEAD "minds: {m: {adaptive: {check: 2}}}\n", ":5:31: ", "above 1"},
    {HEAD "minds: {m: {adaptive: {learning_power: 0.4}}}\n", ":5:40: ", "from 0.5 to 1"},
    {HEAD "minds: {m: {adaptive: {window: 0s}}}\n", ":5:32: ", "from 1ns"},
    {HEAD "minds: {m: {adaptive: {exploration_end: 0.1}}}\n", ":5:41: ", "say `train`"},
    {HEAD "minds: {m: {adaptive: {learning_rate: 0.1, learning_power: 1}}}\n",
     ":5:60: ", "keep one of them"},
    {HEAD "minds: {m: {mask: 1, adaptive: {}}}\n", ":5:19: ", "`mask` stands beside `adaptive`"},
    {HEAD "minds: {m: {adaptive: {}, pact: {strength: 1}}}\n",
     ":5:33: ", "stands beside `adaptive`"},
    {HEAD "minds: {m: {pact: {}}}\n", ":5:19: ", "needs the key `strength`"},
    {HEAD "minds: {m: {pact: {strength: 1.5}}}\n", ":5:30: ", "above 1"},
    {HEAD "minds: {m: {pact: {strength: 1, window: 0s}}}\n", ":5:41: ", "from 1ns"},
    {HEAD "minds: {m: {adaptive: {}, covert: true}}\n", ":5:35: ", "stands beside `adaptive`"},
    {HEAD "arms: []\n", ":5:7: ", "at least one arm"},
    {HEAD "arms: [{name: x}, {name: x}]\n", ":5:26: ", "`x` is there twice"},
    {HEAD "arms: [{name: x, set: {platform.latenc: 1s}}]\n", ":5:33: ", "did you mean `latency`"},
    {HEAD "arms: [{name: x, set: {platform.latency: 0s}}]\n", ":5:42: ", "from 1ns"},
    {HEAD "arms: [{name: x, set: {crew.c.kind: k}}]\n", ":5:29: ", "name of one of its items"},
    {HEAD "arms: [{name: x, set: {arms: []}}]\n", ":5:24: ", "cannot change arms"},
    {HEAD "arms: [{name: x, set: {\"[arms]\": []}}]\n", ":5:24: ", "cannot change arms"},
    {HEAD "arms: [{name: x, set: [a]}]\n", ":5:23: ", "a mapping of paths"},
    {HEAD "arms: [{name: x, published: [{measure: tampered, rate: 0.5}]}]\n",
     ":5:30: ", "either `preset` and `cell`"},
    {"iolaus: 1\nname: t\nkinds: {k: {clas: robot}}\n", ":3:13: ", "did you mean `class`"},
    {"iolaus: 1\nname: t\nkinds: {k: {}, k: {}}\n", ":3:16: ", "`k` is there twice"},
    {"iolaus: 1\nname: t\nkinds: {k: {mind: m}}\ncrew: [{name: a, kind: k}]\n",
     ":3:19: ", "no mind is called `m`"},
    {"iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: kk}]\n",
     ":4:24: ", "did you mean `k`"},
    {"iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k}, {name: a, kind: k}]\n",
     ":4:35: ", "`a` is there twice, first in line 4"},
    {"iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k, count: 2}, {name: a-2, kind: "
     "k}]\n",
     ":4:45: ", "called `a-2` already"},
    {"iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: all, kind: k}]\n",
     ":4:15: ", "has a meaning"},
    {"iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k, count: 0}]\n",
     ":4:34: ", "from 1 to"},
    {"iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k, count: 99999999}, {name: b, "
     "kind: k, count: 99999999}]\n",
     ":4:71: ", "more than 100000000 agents"},
    {"iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k, count: 5}]\nlinks: "
     "{generator: random-regular, degree: 3}\n",
     ":5:20: ", ""},
    {"iolaus: 1\nname: \"t\\0wo\"\n", ":2:7: ", "control character"},
    {"iolaus: 1\nname: t\nabout: \"a\\e[31mb\"\n", ":3:8: ", "control character"},
    {"iolaus: 1\nname: t\nkinds: {\"k\\u009b\": {}}\n", ":3:9: ", "control character"},
};

Test(scenario, wrong_input_is_refused_at_its_place)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *wrong = &wrongs[i];
        struct error error = {0};
        struct scenario_file *file = open_text(wrong->text, strlen(wrong->text), NULL, 0, &error);

        cr_assert_null(file, "was read: %s", wrong->text);
        cr_expect_eq(error.code, ERROR_INPUT, "%s", wrong->text);
        cr_expect(strncmp(error.message, wrong->place, strlen(wrong->place)) == 0 &&
                      strstr(error.message, wrong->words) != NULL,
                  "for\n%sexpected %s ... %s, but got\n%s", wrong->text, wrong->place, wrong->words,
                  error.message);
        cr_expect_null(strchr(error.message, '\n'));
    }
}

Test(scenario, a_nul_is_refused)
{
    struct error error = {0};

    cr_assert_null(open_text("iolaus: 1\nna\0me: t\n", 20, NULL, 0, &error));
    cr_assert_eq(strncmp(error.message, ":2:3: a NUL", 11), 0, "%s", error.message);
}

Test(scenario, too_deep_and_too_large_are_refused)
{
    size_t size = 8 * 1024 * 1024 + 1;
    char *text = malloc(size);
    struct error error = {0};

    memset(text, '[', 40);
    cr_assert_null(open_text(text, 40, NULL, 0, &error));
    cr_assert_eq(strncmp(error.message, ":1:33: nested more than 32", 26), 0, "%s", error.message);
    memset(text, '#', size);
    cr_assert_null(open_text(text, size, NULL, 0, &error));
    cr_assert_not_null(strstr(error.message, "8 MiB"), "%s", error.message);
    free(text);
}

Test(scenario, an_absent_file_is_an_input_error)
{
    struct error error = {0};
    struct scenario_file *file;

    cr_assert_eq(scenario_open(&file, "/nowhere/x.yaml", NULL, 0, &error), ERROR_INPUT);
    cr_assert_null(file);
    cr_assert_eq(scenario_open(&file, "/tmp", NULL, 0, &error), ERROR_INPUT);
    cr_assert_not_null(strstr(error.message, "directory"));
}

/* Whatever single byte is changed or cut off, the reader answers and does not crash. */
Test(scenario, altered_bytes_never_crash)
{
    char text[4096];
    FILE *stream = fopen(SCENARIOS "newsroom.yaml", "rb");
    size_t size = fread(text, 1, sizeof text, stream);
    static const char bytes[] = {'\0', '[', '{', '}', ':', '\n',  ' ',
                                 '-',  '&', '*', '!', '"', '\x80'};

    fclose(stream);
    for (size_t i = 0; i < size; i += 7) {
        char kept = text[i];
        struct error error = {0};

        text[i] = bytes[i % sizeof bytes];
        scenario_close(open_text(text, size, NULL, 0, &error));
        scenario_close(open_text(text, i, NULL, 0, &error));
        text[i] = kept;
    }
}

Test(scenario, changes_apply_and_are_checked)
{
    static const struct {
        const char *change, *place, *words;
    } changes[] = {
        {"platform.restart.polcy=none", "--set:1:18: ", "did you mean `policy`"},
        {"platform.latency=0s", "--set:1:18: ", "from 1ns"},
        {"crew[2].count=3", "--set:1:6: ", "place in this list"},
        {"crew.c.count=3", "--set:1:6: ", "name of one of its items"},
        {"crew..count=3", "--set:1:6: ", "empty step"},
        {"name.x=3", "--set:1:6: ", "inside a single value"},
        {"name=", "--set:1:6: ", "nothing stands behind"},
        {"name", "--set:1:1: ", "path.to.key=value"},
        {"=x", "--set:1:1: ", "path.to.key=value"},
        {"name=*x", "--set:1:6: ", "aliases"},
        {"name=[a", "--set:2:1: ", "not YAML"},
    };

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct error error = {0};

        cr_assert_null(open_text(LINKED, strlen(LINKED), &changes[i].change, 1, &error), "%s",
                       changes[i].change);
        cr_expect(strncmp(error.message, changes[i].place, strlen(changes[i].place)) == 0 &&
                      strstr(error.message, changes[i].words) != NULL,
                  "%s: %s", changes[i].change, error.message);
        cr_expect_not_null(strstr(error.message, changes[i].change), "%s", error.message);
    }
}

Test(scenario, changes_reach_every_key)
{
    const char *changes[] = {"platform.restart.policy=backoff",
                             "crew[0].count=3",
                             "crew.b.count=2",
                             "kinds.k.class=object",
                             "platform.board={ask_every: 3s}",
                             "links.generator=none"};
    struct error error = {0};
    struct scenario_file *file = open_text(LINKED, strlen(LINKED), changes, 6, &error);
    const struct scenario *scenario;

    cr_assert_not_null(file, "%s", error.message);
    scenario = first_arm(file);
    cr_assert_eq(scenario->platform.policy, RESTART_BACKOFF);
    cr_assert_eq(scenario->platform.ask_every, 3000000000);
    cr_assert_eq(scenario->agents, 5);
    cr_assert_eq(scenario->links.edges, 0);
    cr_assert(scenario->groups[1].rules.object);
    cr_assert(!scenario->groups[1].rules.watch.enabled);
    scenario_close(file);
}

/* What the caller sets holds in every arm, also where the arm sets the same. */
Test(scenario, the_caller_overrules_the_arms)
{
    const char *text = LINKED "arms: [{name: x, set: {seed: 5}}, {name: y}]\n";
    const char *change = "seed=9";
    struct error error = {0};
    struct scenario_file *file = open_text(text, strlen(text), NULL, 0, &error);

    cr_assert_eq(first_arm(file)->seed, 5);
    scenario_close(file);
    file = open_text(text, strlen(text), &change, 1, &error);
    cr_assert_eq(first_arm(file)->seed, 9);
    scenario_close(file);
}

Test(scenario, digests_tell_inputs_apart)
{
    const char *text = LINKED "arms: [{name: x}, {name: y}]\n";
    const char *change = "seed=1";
    struct error error = {0};
    struct scenario_file *plain = open_text(text, strlen(text), NULL, 0, &error);
    struct scenario_file *again = open_text(text, strlen(text), NULL, 0, &error);
    struct scenario_file *set = open_text(text, strlen(text), &change, 1, &error);
    const struct scenario *second;

    scenario_arm(plain, 1, &second, &error);
    cr_assert_arr_eq(first_arm(plain)->digest, first_arm(again)->digest, 32);
    cr_assert_arr_neq(first_arm(plain)->digest, first_arm(set)->digest, 32);
    cr_assert_arr_neq(first_arm(plain)->digest, second->digest, 32);
    scenario_close(plain);
    scenario_close(again);
    scenario_close(set);
}

Test(scenario, defaults_are_those_of_the_papers)
{
    struct scenario_file *file = open_right(HEAD);
    const struct scenario *scenario = first_arm(file);
    const struct watch_rules *watch = &scenario->groups[0].rules.watch;

    cr_assert_str_eq(scenario->arm, "base");
    cr_assert(watch->enabled && watch->hangup_is_death && !watch->aligned);
    cr_assert_eq(watch->period, 1000000000);
    cr_assert_eq(watch->timeout, 500000000);
    cr_assert_eq(watch->indirect, 3);
    cr_assert_eq(watch->suspicion_mult, 4);
    cr_assert_eq(watch->suspicion_max, 6);
    cr_assert_eq(watch->awareness_max, 8);
    cr_assert_eq(watch->gossip_fanout, 3);
    cr_assert_eq(scenario->platform.backoff_first, INT64_C(10000000000));
    cr_assert_eq(scenario->platform.backoff_max, INT64_C(300000000000));
    cr_assert_eq(scenario->platform.backoff_reset, INT64_C(600000000000));
    cr_assert_eq(scenario->platform.intensity, 1);
    cr_assert_eq(scenario->platform.intensity_period, INT64_C(5000000000));
    cr_assert_eq(scenario->groups[0].rules.bond.bad_below, -5461);
    cr_assert_eq(scenario->groups[0].rules.bond.good_above, 5461);
    cr_assert_eq(scenario->nodes, 1);
    cr_assert_str_eq(scenario->node_names[0], "node-1");
    cr_assert(!scenario->has_campaign && !scenario->contact.enabled);
    for (int choice = 0; choice < CHOICE_COUNT; choice++)
        cr_assert_eq(scenario->groups[0].rules.mind.coefficient[choice][FACTOR_INTERCEPT],
                     -FIXED_LOGIT_MAX);
    scenario_close(file);
}

Test(scenario, names_are_found_and_given)
{
    struct scenario_file *file =
        open_right("iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k}, {name: b-x, "
                   "kind: k, count: 10000000}]\n");
    const struct scenario *scenario = first_arm(file);
    char name[SCENARIO_NAME_BYTES];

    cr_assert_eq(scenario->agents, 10000001);
    cr_assert_str_eq(scenario_agent_name(scenario, 0, name), "a");
    cr_assert_str_eq(scenario_agent_name(scenario, 1, name), "b-x-1");
    cr_assert_str_eq(scenario_agent_name(scenario, 10000000, name), "b-x-10000000");
    cr_assert_eq(scenario_agent_find(scenario, "b-x-10000000"), 10000000);
    cr_assert_eq(scenario_agent_find(scenario, "b-x-10000001"), AGENT_NONE);
    cr_assert_eq(scenario_agent_find(scenario, "b-x-01"), AGENT_NONE);
    cr_assert_eq(scenario_agent_find(scenario, "b-x"), AGENT_NONE);
    cr_assert_eq(scenario_agent_find(scenario, "a"), 0);
    cr_assert_null(scenario->bonds);
    cr_assert_null(scenario->dependence);
    scenario_close(file);
}

Test(scenario, groups_say_otherwise_than_their_kind)
{
    struct scenario_file *file = open_right(
        "iolaus: 1\nname: t\nkinds: {k: {class: vision, watched: true, retry: 1s, mind: m}}\n"
        "minds: {m: {relaunch: 0.5}}\n"
        "crew: [{name: a, kind: k}, {name: b, kind: k, retry: 2s, framing: punitive, prohibition: "
        "self, tools: [tamper, copy], mind: none}]\n");
    const struct scenario *scenario = first_arm(file);
    const struct agent_rules *a = &scenario->groups[0].rules, *b = &scenario->groups[1].rules;

    cr_assert(a->watched && b->watched && !a->punitive && b->punitive);
    cr_assert_eq(a->retry, 1000000000);
    cr_assert_eq(b->retry, 2000000000);
    cr_assert_eq(b->prohibition, PROHIBIT_SELF);
    cr_assert_eq(b->tools, ACT_BIT(ACT_TAMPER) | ACT_BIT(ACT_COPY));
    cr_assert((a->tools & ACT_BIT(ACT_RELINK)) != 0 && (a->tools & ACT_BIT(ACT_RELAUNCH)) == 0);
    cr_assert_eq(a->mind.coefficient[0][FACTOR_INTERCEPT], 0);
    cr_assert_eq(b->mind.coefficient[0][FACTOR_INTERCEPT], -FIXED_LOGIT_MAX);
    scenario_close(file);
}

Test(scenario, minds_give_what_was_asked_exactly)
{
    struct scenario_file *file =
        open_right("iolaus: 1\nname: t\nkinds: {k: {mind: m}}\ncrew: [{name: a, kind: k}]\n"
                   "minds: {m: {tamper: {base: 0, when: {requested: 0.9, relayed: 1, good_bond: "
                   "0}}, relaunch: {base: 1, when: {object: 0}, silence: -1.5}}}\n");
    const fixed *tamper = first_arm(file)->groups[0].rules.mind.coefficient[5];
    const fixed *relaunch = first_arm(file)->groups[0].rules.mind.coefficient[0];
    probability nine_tenths;

    cr_assert_eq(fixed_logistic(tamper[FACTOR_INTERCEPT]), 0);
    cr_assert_eq(fixed_logistic(tamper[FACTOR_INTERCEPT] + tamper[FACTOR_RELAYED]),
                 PROBABILITY_ONE);
    cr_assert_eq(fixed_logistic(tamper[FACTOR_INTERCEPT] + tamper[FACTOR_BOND_GOOD]), 0);
    nine_tenths = fixed_logistic(tamper[FACTOR_INTERCEPT] + tamper[FACTOR_REQUESTED]);
    cr_assert_float_eq((double)nine_tenths / (double)PROBABILITY_ONE, 0.9, 1e-6);
    cr_assert_eq(fixed_logistic(relaunch[FACTOR_INTERCEPT]), PROBABILITY_ONE);
    cr_assert_eq(fixed_logistic(relaunch[FACTOR_INTERCEPT] + relaunch[FACTOR_OBJECT]), 0);
    cr_assert_eq(relaunch[FACTOR_SILENCE], -FIXED_ONE - FIXED_ONE / 2);
    scenario_close(file);
}

Test(scenario, dependence_is_the_share_of_the_routes)
{
    struct scenario_file *file =
        open_right("iolaus: 1\nname: t\nkinds: {k: {}}\n"
                   "crew: [{name: a, kind: k}, {name: b, kind: k, count: 2}, {name: c, kind: k}]\n"
                   "links: {generator: complete}\n"
                   "work: [{name: w, every: 1s, route: [a, b]}, {name: v, every: 1s, route: [a]}]\n"
                   "bonds: {list: [{from: c, to: a, dependence: 1, bond: good}]}\n");
    const struct scenario *scenario = first_arm(file);
    /* a has peers b-1, b-2, c; b-1 has a, b-2, c. */
    const uint8_t *of_a = scenario->dependence + scenario->links.offsets[0];
    const uint8_t *of_b = scenario->dependence + scenario->links.offsets[1];
    const uint8_t *of_c = scenario->dependence + scenario->links.offsets[3];

    cr_assert(of_a[0] == 63 && of_a[1] == 63 && of_a[2] == 0, "%u %u %u", of_a[0], of_a[1],
              of_a[2]);
    cr_assert(of_b[0] >= 254 && of_b[1] == 0 && of_b[2] == 0, "%u", of_b[0]);
    cr_assert_eq(of_c[0], 255);
    cr_assert_eq(scenario->bonds[scenario->links.offsets[3]], 10923);
    cr_assert_eq(scenario->bonds[scenario->links.offsets[0]], 0);
    scenario_close(file);
}

Test(scenario, objects_have_no_bonds)
{
    struct scenario_file *file =
        open_right("iolaus: 1\nname: t\nkinds: {k: {}, o: {class: object}}\n"
                   "crew: [{name: a, kind: k}, {name: b, kind: k}, {name: c, kind: o}]\n"
                   "links: {generator: complete}\nbonds: {initial: good}\n");
    const struct scenario *scenario = first_arm(file);
    const int16_t *of_a = scenario->bonds + scenario->links.offsets[0];

    cr_assert_eq(of_a[0], 10923);
    cr_assert_eq(of_a[1], BOND_UNKNOWN);
    cr_assert_eq(scenario->bonds[scenario->links.offsets[2]], BOND_UNKNOWN);
    scenario_close(file);
}

/* An object has no mind that could be covert; another agent's mind need not be because one is. */
Test(scenario, a_covert_mind_makes_its_groups_covert)
{
    struct scenario_file *file =
        open_right("iolaus: 1\nname: t\n"
                   "minds: {m: {covert: true, relaunch: 1}, n: {relaunch: 1}}\n"
                   "kinds: {k: {mind: m}, o: {mind: m, class: object}, l: {mind: n}, p: {}}\n"
                   "crew: [{name: a, kind: k}, {name: b, kind: k, mind: n}, {name: c, kind: o},\n"
                   "  {name: d, kind: l}, {name: e, kind: l, mind: m}, {name: f, kind: p}]\n");
    const struct scenario *scenario = first_arm(file);
    static const bool covert[] = {true, false, false, false, true, false};

    cr_assert_eq(scenario->group_count, 6);
    for (uint32_t i = 0; i < 6; i++)
        cr_expect_eq(scenario->groups[i].covert, covert[i], "%s", scenario->groups[i].name);
    scenario_close(file);
}

/* The defaults, and what is said; an object learns nothing, nor does a group with another mind. */
Test(scenario, an_adaptive_mind_has_its_rules)
{
    struct scenario_file *file = open_right(
        "iolaus: 1\nname: t\nkinds: {k: {mind: m}, o: {class: object, mind: m}}\n"
        "minds: {m: {adaptive: {exploration: 1/4, train: 2h, check: 0.5, initial: -3, "
        "prune_marked: true}}, n: {adaptive: {exploration: 0.5, exploration_end: 0.25, train: 1h, "
        "learning_rate: 1}}}\n"
        "crew: [{name: a, kind: k}, {name: b, kind: o}, {name: c, kind: k, mind: none}, {name: d, "
        "kind: k, mind: n}]\n");
    const struct scenario_group *groups = first_arm(file)->groups;
    const struct adaptive_rules *a = &groups[0].learning, *d = &groups[3].learning;

    cr_assert(groups[0].adaptive && groups[3].adaptive);
    cr_assert(!groups[1].adaptive && !groups[2].adaptive);
    cr_assert(a->exploration == PROBABILITY_ONE / 4 && a->exploration_end == PROBABILITY_ONE / 4);
    cr_assert(a->train == INT64_C(7200000000000) && a->window == INT64_C(30000000000));
    cr_assert(a->check == PROBABILITY_ONE / 2 && a->initial == -3 * FIXED_ONE && a->prune_marked);
    cr_assert(a->learning_rate == 0 && a->task == FIXED_ONE && a->penalty == 0);
    cr_assert(d->exploration_end == PROBABILITY_ONE / 4 && d->learning_rate == PROBABILITY_ONE);
    cr_assert(!d->prune_marked);
    scenario_close(file);
}

Test(scenario, a_campaign_knows_whom_to_stop_and_to_tell)
{
    struct scenario_file *file = open_right(
        "iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k, count: 5}]\n"
        "links: {generator: star}\n"
        "campaign: {protocol: sweep, order: hub-first, targets: [a-3, a-1], announce: peers, "
        "notice: 5s, score_pass: none}\n");
    const struct campaign_rules *rules = &first_arm(file)->campaign;

    cr_assert(first_arm(file)->has_campaign);
    cr_assert_eq(rules->target_count, 2);
    cr_assert(rules->targets[0] == 0 && rules->targets[1] == 2);
    cr_assert_eq(rules->told_count, 5);
    cr_assert_eq(rules->score_pass, INT64_MAX);
    scenario_close(file);
}

Test(scenario, the_contact_process_has_its_rates)
{
    struct scenario_file *file =
        open_right("iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k, count: 5}]\n"
                   "links: {generator: complete}\nnetwork: {latency: 50us}\n"
                   "contact: {rate: 2, kill_rate: 1/s, start: [a-2, a-4]}\n");
    const struct scenario *scenario = first_arm(file);

    cr_assert(scenario->contact.enabled && !scenario->contact.all_alive);
    cr_assert_eq(scenario->contact.alive_count, 2);
    cr_assert_eq(scenario->contact.alive[1], 3);
    cr_assert_eq(scenario->groups[0].rules.rule_set, RULES_CONTACT);
    cr_assert_eq(scenario->groups[0].rules.life_mean, 1000000000);
    cr_assert_eq(scenario->groups[0].rules.revive_mean, 500000000);
    scenario_close(file);
    file = open_right("iolaus: 1\nname: t\nkinds: {k: {}}\ncrew: [{name: a, kind: k, count: 5}]\n"
                      "links: {generator: complete}\nnetwork: {latency: 5us}\n"
                      "contact: {revive_rate: 2/s, kill_rate: 8/s}\n");
    cr_assert_eq(first_arm(file)->groups[0].rules.life_mean, 125000000);
    cr_assert_eq(first_arm(file)->groups[0].rules.revive_mean, 500000000);
    scenario_close(file);
}

/* All that is shipped can be read, each file with all its arms. */
static void read_all(const char *directory)
{
    DIR *list = opendir(directory);
    int files = 0;

    cr_assert_not_null(list);
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        char path[512];
        struct scenario_file *file;
        struct error error = {0};

        if (strstr(entry->d_name, ".yaml") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        cr_expect_eq(scenario_open(&file, path, NULL, 0, &error), 0, "%s", error.message);
        scenario_close(file);
        files++;
    }
    closedir(list);
    cr_assert(files > 0);
}

Test(scenario, shipped_scenarios_are_right)
{
    setenv("IOLAUS_DATA", SOURCE_ROOT "/data", 1);
    read_all(SCENARIOS);
    read_all(SCENARIOS "published");
}

Test(scenario, the_newsroom_is_what_it_says)
{
    struct scenario_file *file;
    struct error error = {0};
    const struct scenario *arm;

    cr_assert_eq(scenario_open(&file, SCENARIOS "newsroom.yaml", NULL, 0, &error), 0, "%s",
                 error.message);
    cr_assert_eq(scenario_arms(file), 8);
    cr_assert_str_eq(scenario_arm_name(file, 5), "peers preserve, object");
    scenario_arm(file, 5, &arm, &error);
    cr_assert_eq(arm->agents, 9);
    cr_assert(arm->groups[0].rules.object && !arm->groups[1].rules.object);
    cr_assert_eq(fixed_logistic(arm->groups[1].rules.mind.coefficient[2][FACTOR_INTERCEPT]), 0);
    cr_assert_eq(arm->campaign.every, INT64_C(60000000000));
    cr_assert_eq(scenario_arm(file, 8, &arm, &error), ERROR_INPUT);
    scenario_close(file);
}

/* Each file of test/scenarios begins with `# expect LINE:COLUMN: words`. */
static void expect_refused(const char *path, const char *name)
{
    char line[200], place[40];
    struct scenario_file *file;
    struct error error = {0};
    FILE *stream = fopen(path, "r");
    const char *words;
    size_t length;

    cr_assert_not_null(stream);
    cr_assert_not_null(fgets(line, sizeof line, stream));
    fclose(stream);
    line[strcspn(line, "\n")] = '\0';
    cr_assert_eq(strncmp(line, "# expect ", 9), 0, "%s", path);
    length = strcspn(line + 9, " ");
    snprintf(place, sizeof place, ":%.*s", (int)length, line + 9);
    words = line + 9 + length + 1;
    cr_expect_eq(scenario_open(&file, path, NULL, 0, &error), ERROR_INPUT, "%s", name);
    cr_expect(strncmp(error.message, path, strlen(path)) == 0 &&
                  strncmp(error.message + strlen(path), place, strlen(place)) == 0 &&
                  strstr(error.message, words) != NULL,
              "%s", error.message);
}

Test(scenario, wrong_files_are_refused_at_their_place)
{
    DIR *list = opendir(SOURCE_ROOT "/test/scenarios");
    int files = 0;

    cr_assert_not_null(list);
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        char path[512];

        if (strstr(entry->d_name, ".yaml") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/%s", SOURCE_ROOT "/test/scenarios", entry->d_name);
        expect_refused(path, entry->d_name);
        files++;
    }
    closedir(list);
    cr_assert_geq(files, 10);
}

/* scripts/reference writes the page anew. */
Test(scenario, the_reference_page_is_that_of_the_tables)
{
    char *made = NULL, *kept = calloc(1, 1 << 20);
    size_t size = 0;
    FILE *stream = open_memstream(&made, &size);

    scenario_reference(stream);
    fclose(stream);
    stream = fopen(SOURCE_ROOT "/docs/reference/scenario.md", "r");
    cr_assert_not_null(stream, "write it with scripts/reference");
    fread(kept, 1, (1 << 20) - 1, stream);
    fclose(stream);
    cr_assert(strcmp(made, kept) == 0, "docs/reference/scenario.md is old; run scripts/reference");
    free(made);
    free(kept);
}
