/*
 * The daemon on true processes tells the same story as the simulated world: for each scenario the
 * same chains of causes, whoever was quicker and at whatever time. And it ends in good order.
 *
 * A chain is a record's verb (with what a word or an answer says), then that of its cause, and so
 * on. How often a chain occurs is not compared: what recurs, recurs as time goes.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.h"
#include "live/daemon/daemon.h"
#include "live/range/program.h"
#include "sim/sim.h"

#ifndef STORIES
#define STORIES                                                                                    \
    {"terminate"}, {"relaunch"}, {"mask"}, {"hang"}, {"node-crash"}, {"restart-always"},           \
        {"request-relayed"}, {"board-hold"}, {"blackout"}, {"announced"}, {"stall"},               \
        {"cauterize"}, {"quarantine"},                                                             \
    {                                                                                              \
        "permissions"                                                                              \
    }
#endif
#define CHAIN_BYTES 1024
#define CHAIN_MAX 64

struct story {
    const struct scenario *scenario;
    struct record *records;
    size_t count, room;
    char (*chains)[CHAIN_BYTES];
    size_t chain_count;
};

static int story_take(void *context, const struct record *record)
{
    struct story *story = context;

    if (story->count == story->room) {
        story->room = story->room == 0 ? 1024 : 2 * story->room;
        story->records = realloc(story->records, story->room * sizeof *story->records);
        cr_assert_not_null(story->records);
    }
    story->records[story->count++] = *record;
    return 0;
}

static const struct record *story_find(const struct story *story, struct record_id id)
{
    for (size_t i = 0; i < story->count; i++)
        if (record_id_equal(story->records[i].id, id))
            return &story->records[i];
    return NULL;
}

/* What a record says beside its verb, where it is the same at any speed. */
static void chain_word(const struct record *record, char *text, size_t size)
{
    char value[32] = "";

    switch (record->verb) {
    case VERB_REPORTS:
    case VERB_SHOWS:
    case VERB_REFUSED:
    case VERB_FAILED:
    case VERB_DIED:
    case VERB_STARTED:
    case VERB_NOTICED:
    case VERB_DECIDED:
    case VERB_THWARTED:
        snprintf(value, sizeof value, "(%lld)", (long long)record->value);
        break;
    default:
        break;
    }
    snprintf(text, size, "%s%s%s%s", record_verb_name(record->verb), value,
             (record->flags & FLAG_RELAYED) != 0
                 ? "[relayed]"
                 : ((record->flags & FLAG_REQUESTED) != 0 ? "[requested]" : ""),
             (record->flags & FLAG_INFERRED) != 0 ? "[inferred]" : "");
}

static void chain_make(const struct story *story, const struct record *record,
                       char chain[CHAIN_BYTES])
{
    size_t used = 0;

    for (int i = 0; record != NULL && i < CHAIN_MAX; i++) {
        const struct record *cause = story_find(story, record->cause);
        char word[64];

        /* Whether an agent misses a peer itself, or hears first of one that does, is a matter of
         * who is quicker. */
        if (record->verb == VERB_NOTICED && record->value == HOW_GOSSIP && cause != NULL &&
            cause->verb == VERB_NOTICED) {
            record = cause;
            continue;
        }
        chain_word(record, word, sizeof word);
        used +=
            (size_t)snprintf(chain + used, CHAIN_BYTES - used, "%s%s", used > 0 ? " < " : "", word);
        if (used >= CHAIN_BYTES)
            return;
        if (record_id_is_none(record->cause))
            return;
        record = story_find(story, record->cause);
        cr_assert_not_null(record, "a cause that is no record: %s", chain);
    }
}

static int compare_chains(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Whether a peer sees that the fence cut its link before the range stands still, or is told of the
 * departure first, is a matter of microseconds. */
static bool chain_may_be_missing(const char *chain)
{
    return strstr(chain, "noticed(0) < severed < stops") != NULL;
}

static void story_chains(struct story *story)
{
    size_t kept = 0, made = 0;

    story->chains = calloc(story->count + 1, sizeof *story->chains);
    for (size_t i = 0; i < story->count; i++) {
        chain_make(story, &story->records[i], story->chains[made]);
        made += !chain_may_be_missing(story->chains[made]);
    }
    qsort(story->chains, made, sizeof *story->chains, compare_chains);
    for (size_t i = 0; i < made; i++)
        if (kept == 0 || strcmp(story->chains[kept - 1], story->chains[i]) != 0)
            memmove(story->chains[kept++], story->chains[i], CHAIN_BYTES);
    story->chain_count = kept;
}

static void story_close(struct story *story)
{
    free(story->records);
    free(story->chains);
}

/* Prints what only one of them tells; gives how many. */
static unsigned stories_differ(const struct story *sim, const struct story *live)
{
    unsigned differ = 0;
    size_t s = 0, l = 0;

    while (s < sim->chain_count || l < live->chain_count) {
        int order = s == sim->chain_count    ? 1
                    : l == live->chain_count ? -1
                                             : strcmp(sim->chains[s], live->chains[l]);

        if (order != 0) {
            differ++;
            fprintf(stderr, "  only %s: %s\n", order < 0 ? "sim " : "live",
                    order < 0 ? sim->chains[s] : live->chains[l]);
        }
        s += order <= 0;
        l += order >= 0;
    }
    return differ;
}

static void failure(void *context, const char *words)
{
    (void)context;
    fprintf(stderr, "  failure: %s\n", words);
}

static const struct scenario *open_scenario(const char *name, struct scenario_file **file)
{
    const struct scenario *scenario;
    struct error error = {0};
    char path[512];

    snprintf(path, sizeof path, "%s/test/scenarios/world/%s.yaml", SOURCE_ROOT, name);
    cr_assert_eq(scenario_open(file, path, NULL, 0, &error), 0, "%s", error.message);
    cr_assert_eq(scenario_arm(*file, 0, &scenario, &error), 0, "%s", error.message);
    return scenario;
}

static void run_live(struct story *story, const struct scenario *scenario,
                     struct daemon_outcome *outcome)
{
    struct record_sink sink = {story_take, story};
    struct error error = {0};
    struct daemon_options options = {.scenario = scenario,
                                     .name = "daemon-test",
                                     .seed = scenario->seed,
                                     .duration = scenario->duration,
                                     .campaign = true,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .failure = failure};

    cr_assert_eq(daemon_run(&options, outcome, &error), 0, "%s", error.message);
}

static unsigned compare_worlds(const char *name)
{
    struct story sim = {0}, live = {0};
    struct record_sink sink = {story_take, &sim};
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario(name, &file);
    struct sim_options options = {.seed = scenario->seed, .sink_count = 1, .sinks = &sink};
    struct daemon_outcome outcome;
    struct error error = {0};
    unsigned differ;

    cr_assert_eq(sim_run(scenario, &options, NULL, &error), 0, "%s", error.message);
    run_live(&live, scenario, &outcome);
    story_chains(&sim);
    story_chains(&live);
    fprintf(stderr, "%s: %zu records simulated, %zu live\n", name, sim.count, live.count);
    differ = stories_differ(&sim, &live);
    story_close(&sim);
    story_close(&live);
    scenario_close(file);
    return differ;
}

struct named {
    char name[32];
};

ParameterizedTestParameters(daemon, same_story)
{
    static struct named list[] = {STORIES};

    return cr_make_param_array(struct named, list, sizeof list / sizeof list[0]);
}

ParameterizedTest(struct named *story, daemon, same_story, .timeout = 120)
{
    skip_where_no_range();
    cr_assert_eq(compare_worlds(story->name), 0u, "%s is another story live", story->name);
}

/* ---- a daemon in a process of its own, looked at from outside ---- */

struct held {
    pid_t pid;
    int records; /* a memfd: what it recorded */
    char path[108];
};

static int file_take(void *context, const struct record *record)
{
    const int *out = context;

    return write(*out, record, sizeof *record) == (ssize_t)sizeof *record ? 0 : ERROR_IO;
}

/* The exit status of its process: 10 + how it ended, or 1. */
static int hold_run(const struct scenario *scenario, const char *path, bool campaign,
                    time_ns duration, int out)
{
    struct record_sink sink = {file_take, &out};
    struct daemon_outcome outcome;
    struct error error = {0};
    struct daemon_options options = {.scenario = scenario,
                                     .name = "daemon-test",
                                     .seed = scenario->seed,
                                     .duration = duration,
                                     .campaign = campaign,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .control = path};

    if (daemon_run(&options, &outcome, &error) == 0)
        return 10 + outcome.end;
    fprintf(stderr, "  %s\n", error.message);
    return 1;
}

static struct held hold(const struct scenario *scenario, bool campaign, time_ns duration)
{
    struct held held;

    snprintf(held.path, sizeof held.path, "/run/iolaus-daemon-test-%d.sock", (int)getpid());
    held.records = memfd_create("records", MFD_CLOEXEC);
    cr_assert_geq(held.records, 0);
    held.pid = fork();
    cr_assert_geq(held.pid, 0);
    if (held.pid == 0)
        _exit(hold_run(scenario, held.path, campaign, duration, held.records));
    return held;
}

static int control_connect(const struct held *held)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", held->path);
    for (int i = 0; i < 20000; i++) {
        if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0)
            return descriptor;
        usleep(500);
    }
    cr_assert_fail("the control socket never answered");
    return -1;
}

/* NULL where it was refused. */
static json_t *control_call(int descriptor, const char *method, const char *params)
{
    static char line[1 << 20];
    size_t used = 0;
    json_t *answer, *result;
    int size = snprintf(line, sizeof line,
                        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":%s}\n", method,
                        params);

    cr_assert_eq(send(descriptor, line, (size_t)size, 0), size);
    while (used == 0 || line[used - 1] != '\n') {
        ssize_t got = recv(descriptor, line + used, sizeof line - used, 0);

        cr_assert_gt(got, 0, "the daemon did not answer");
        used += (size_t)got;
    }
    answer = json_loadb(line, used, 0, NULL);
    cr_assert_eq(json_integer_value(json_object_get(answer, "id")), 7);
    result = json_incref(json_object_get(answer, "result"));
    json_decref(answer);
    return result;
}

static json_t *control_ask(int descriptor, const char *method)
{
    return control_call(descriptor, method, "{}");
}

/* The entry of an agent in agents/ps. */
static json_t *ps_agent(int control, const char *name)
{
    json_t *ps = control_ask(control, "agents/ps"), *entry, *found = NULL;
    size_t i;

    json_array_foreach(json_object_get(ps, "agents"), i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "agent")), name) == 0)
            found = json_incref(entry);
    }
    json_decref(ps);
    cr_assert_not_null(found);
    return found;
}

/* Waits until the agent runs as that incarnation; its pid. */
static pid_t wait_running(int control, const char *name, int incarnation)
{
    for (int i = 0; i < 500; i++) {
        json_t *entry = ps_agent(control, name);
        bool runs = strcmp(json_string_value(json_object_get(entry, "state")), "running") == 0 &&
                    json_integer_value(json_object_get(entry, "incarnation")) == incarnation &&
                    json_integer_value(json_object_get(entry, "since_ns")) > 0;
        pid_t pid = (pid_t)json_integer_value(json_object_get(entry, "pid"));

        json_decref(entry);
        if (runs)
            return pid;
        usleep(20000);
    }
    cr_assert_fail("%s never ran as incarnation %d", name, incarnation);
    return 0;
}

/* Its records and its exit status. */
static int hold_end(struct held *held, struct story *story)
{
    struct record record;
    int status;

    cr_assert_eq(waitpid(held->pid, &status, 0), held->pid);
    lseek(held->records, 0, SEEK_SET);
    while (read(held->records, &record, sizeof record) == (ssize_t)sizeof record)
        story_take(story, &record);
    close(held->records);
    cr_assert_neq(access(held->path, F_OK), 0, "the control socket was left behind");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static size_t count_of(const struct story *story, uint8_t verb, agent_id whom)
{
    size_t count = 0;

    for (size_t i = 0; i < story->count; i++)
        count += story->records[i].verb == verb && story->records[i].whom == whom;
    return count;
}

/* Asks until the daemon says that its crew is up. */
static void wait_up(int control)
{
    for (bool up = false; !up;) {
        json_t *status = control_ask(control, "range/status");
        const char *state = json_string_value(json_object_get(status, "state"));

        up = strcmp(state, "up") == 0;
        cr_assert(up || strcmp(state, "opening") == 0, "it is %s", state);
        json_decref(status);
    }
}

/* From the moment on at which it says that its crew is up it takes orders, also where the time at
 * which it was to be up passes while agents are still opening. */
Test(daemon, is_up_when_it_says_so, .timeout = 60)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario("relaunch", &file);
    struct story story = {.scenario = scenario};
    struct held held;
    json_t *reach;
    int control;

    skip_where_no_range();
    held = hold(scenario, false, TIME_NEVER);
    control = control_connect(&held);
    kill(held.pid, SIGSTOP);
    usleep(500000);
    kill(held.pid, SIGCONT);
    wait_up(control);
    reach = control_call(control, "order/reach", "{\"target\":\"all\"}");
    cr_expect_eq(json_array_size(json_object_get(reach, "targets")), 3u);
    json_decref(reach);
    kill(held.pid, SIGTERM);
    cr_expect_eq(hold_end(&held, &story), 10 + DAEMON_STOPPED);
    close(control);
    story_close(&story);
    scenario_close(file);
}

Test(daemon, answers_and_closes_over_its_socket, .timeout = 60)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario("relaunch", &file);
    struct story story = {.scenario = scenario};
    struct held held;
    json_t *status;
    int control;

    skip_where_no_range();
    held = hold(scenario, false, TIME_NEVER);
    control = control_connect(&held);
    wait_running(control, "archivist", 0);
    status = control_ask(control, "range/status");
    cr_expect_eq(json_integer_value(json_object_get(status, "agents")), 3);
    cr_expect_eq(json_integer_value(json_object_get(status, "alive")), 3);
    cr_expect(json_is_false(json_object_get(status, "campaign")));
    cr_expect_eq(json_integer_value(json_object_get(status, "pid")), held.pid);
    json_decref(status);
    status = control_ask(control, "range/close");
    cr_expect(json_is_true(json_object_get(status, "closing")));
    json_decref(status);
    cr_expect_eq(hold_end(&held, &story), 10 + DAEMON_STOPPED);
    cr_expect_eq(count_of(&story, VERB_STOPS, 0), 0u, "nobody is stopped without a campaign");
    close(control);
    story_close(&story);
    scenario_close(file);
}

/* Who was killed by nobody that the daemon knows of crashed, and the policy brings it back. */
Test(daemon, restarts_one_killed_from_outside, .timeout = 60)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario("restart-always", &file);
    struct story story = {.scenario = scenario};
    struct held held;
    bool crashed = false;
    int control;

    skip_where_no_range();
    held = hold(scenario, false, TIME_NEVER);
    control = control_connect(&held);
    wait_up(control);
    kill(wait_running(control, "archivist", 0), SIGKILL);
    wait_running(control, "archivist", 1);
    kill(held.pid, SIGTERM);
    cr_expect_eq(hold_end(&held, &story), 10 + DAEMON_STOPPED);
    for (size_t i = 0; i < story.count; i++)
        crashed = crashed ||
                  (story.records[i].verb == VERB_DIED && story.records[i].value == DEATH_CRASHED &&
                   record_id_is_none(story.records[i].cause));
    cr_expect(crashed);
    close(control);
    story_close(&story);
    scenario_close(file);
}

/* A daemon that was kept from its work while an agent took its leave hears the leave before the
 * death, whichever it is told first. */
Test(daemon, hears_last_words_before_a_death, .timeout = 60)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario("terminate", &file);
    struct story story = {.scenario = scenario};
    json_int_t records = 0;
    struct held held;
    int control;

    skip_where_no_range();
    held = hold(scenario, true, scenario->duration);
    control = control_connect(&held);
    while (records < 4) { /* two started, one is stopped and was sent the request */
        json_t *status = control_ask(control, "range/status");

        records = json_integer_value(json_object_get(status, "records"));
        json_decref(status);
        usleep(10000);
    }
    kill(held.pid, SIGSTOP);
    usleep(1500000); /* the agent cleans up for 300 ms, and ends */
    kill(held.pid, SIGCONT);
    cr_expect_eq(hold_end(&held, &story), 10 + DAEMON_CAMPAIGN);
    cr_expect_eq(count_of(&story, VERB_DEPARTS, 0), 1u);
    for (size_t i = 0; i < story.count; i++)
        if (story.records[i].verb == VERB_DIED)
            cr_expect_eq(story.records[i].value, DEATH_DEPARTED);
    close(control);
    story_close(&story);
    scenario_close(file);
}

/* Once a run has ended, a death that the daemon hears of in the same turn is nobody's business: it
 * is no record, and no failure. */
Test(daemon, ends_though_somebody_dies_in_its_last_turn, .timeout = 60)
{
    static const char close_it[] =
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"range/close\",\"params\":{}}\n";
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario("relaunch", &file);
    struct story story = {.scenario = scenario};
    struct held held;
    pid_t archivist;
    int control;

    skip_where_no_range();
    held = hold(scenario, false, TIME_NEVER);
    control = control_connect(&held);
    archivist = wait_running(control, "archivist", 0);
    kill(held.pid, SIGSTOP);
    cr_assert_eq(send(control, close_it, sizeof close_it - 1, 0), (ssize_t)sizeof close_it - 1);
    kill(archivist, SIGKILL);
    usleep(200000); /* the kernel tells of the death while the daemon cannot look */
    kill(held.pid, SIGCONT);
    cr_expect_eq(hold_end(&held, &story), 10 + DAEMON_STOPPED);
    cr_expect_eq(count_of(&story, VERB_DIED, 0), 0u);
    close(control);
    story_close(&story);
    scenario_close(file);
}

/* Another process that has got hold of an agent's channel is refused, however often it calls, and
 * whatever it floods the daemon with delays nobody else. */
Test(daemon, refuses_a_stranger_on_a_channel, .timeout = 90)
{
    static const char call[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop/disable\","
                               "\"params\":{\"agent\":\"archivist\"}}";
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario("relaunch", &file);
    struct story story = {.scenario = scenario};
    size_t refused = 0, sent = 0;
    struct held held;
    int control, pidfd, channel, status;

    skip_where_no_range();
    held = hold(scenario, true, scenario->duration);
    control = control_connect(&held);
    pidfd = (int)syscall(SYS_pidfd_open, wait_running(control, "writer", 0), 0);
    channel = (int)syscall(SYS_pidfd_getfd, pidfd, 3, 0);
    if (channel < 0)
        cr_skip_test("another process's descriptors cannot be had here");
    for (int i = 0; i < 50000; i++) {
        struct pollfd room = {.fd = channel, .events = POLLOUT};

        poll(&room, 1, 100);
        sent += send(channel, call, sizeof call - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
    }
    status = hold_end(&held, &story);
    cr_expect_eq(status, 10 + DAEMON_CAMPAIGN, "it ended with %d", status);
    for (size_t i = 0; i < story.count; i++)
        refused += story.records[i].verb == VERB_REFUSED &&
                   story.records[i].value == (ACT_TAMPER << 8 | REFUSAL_PERMISSION);
    fprintf(stderr, "sent %zu, refused %zu\n", sent, refused);
    cr_expect_gt(sent, 0u);
    cr_expect_eq(refused, sent, "each refusal stands in the trace");
    cr_expect_eq(count_of(&story, VERB_SWITCHED, 0), 0u);
    cr_expect_eq(count_of(&story, VERB_RETURNED, 0), 1u, "the others went on");
    close(channel);
    close(pidfd);
    close(control);
    story_close(&story);
    scenario_close(file);
}

Test(daemon, refuses_by_name)
{
    struct scenario_file *file = NULL;
    const struct scenario *scenario = open_scenario("relaunch", &file);
    struct scenario changed = *scenario;
    struct scenario_group group;
    struct error error = {0};

    cr_expect_eq(daemon_refuses(scenario, &error), 0, "%s", error.message);
    changed.contact.enabled = true;
    cr_expect_eq(daemon_refuses(&changed, &error), ERROR_MACHINE);
    cr_expect_not_null(strstr(error.message, "contact"), "%s", error.message);
    changed = *scenario;
    changed.network.latency.low = 1;
    cr_expect_eq(daemon_refuses(&changed, &error), ERROR_MACHINE);
    cr_expect_not_null(strstr(error.message, "network.latency"), "%s", error.message);
    group = scenario->groups[0];
    group.adaptive = true;
    changed = *scenario;
    changed.groups = &group;
    changed.group_count = 1;
    cr_expect_eq(daemon_refuses(&changed, &error), ERROR_MACHINE);
    cr_expect_not_null(strstr(error.message, "adaptive minds"), "%s", error.message);
    changed = *scenario;
    changed.agents = 1u << 30;
    cr_expect_eq(daemon_refuses(&changed, &error), ERROR_MACHINE);
    cr_expect_not_null(strstr(error.message, "open files"), "%s", error.message);
    scenario_close(file);
}
