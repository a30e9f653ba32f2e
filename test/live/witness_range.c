/*
 * The goal: on a true range the witness tells of no process that the range itself started, also of
 * none that it failed to start, and of each that an agent forks, as long as it lives. The limit:
 * two agents; what it tells in each case is tested on a stand-in, in witness.c.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/stage.h"
#include "live/witness/proc.h"

#define AGENTS 2
#define SECOND INT64_C(1000000000)
#define PATIENCE (20 * SECOND)
#define SEEN_MAX 64

struct scene {
    struct range *range;
    struct witness *witness;
    time_ns opened;
    bool cgroups;
    int program, actor, sockets[AGENTS];
    struct range_event spawned[AGENTS];
    unsigned spawned_count, failed_count;
    struct seen seen[SEEN_MAX];
    unsigned seen_count;
};

static void range_work(struct scene *scene)
{
    struct range_event event;
    struct error error;

    while (range_take(scene->range, &event, &error) > 0) {
        struct sanctioned sanctioned = {.agent = event.agent,
                                        .incarnation = (incarnation_id)(3 + event.agent),
                                        .pid = event.pid,
                                        .inside = event.inside,
                                        .pidfd = event.pidfd};

        scene->failed_count += event.kind == RANGE_SPAWN_FAILED;
        if (event.kind != RANGE_SPAWNED)
            continue;
        cr_assert_eq(witness_sanction(scene->witness, &sanctioned, &error), 0, "%s", error.message);
        scene->spawned[event.agent] = event;
        scene->spawned_count++;
    }
}

static void scene_work(struct scene *scene)
{
    struct pollfd ready[2] = {{.fd = witness_descriptor(scene->witness), .events = POLLIN},
                              {.fd = range_descriptor(scene->range), .events = POLLIN}};
    struct error error;
    struct seen seen;
    int code;

    (void)poll(ready, 2, 50);
    range_work(scene);
    while ((code = witness_take(scene->witness, clock_read() - scene->opened, &seen, &error)) > 0) {
        cr_assert_lt(scene->seen_count, SEEN_MAX);
        scene->seen[scene->seen_count++] = seen;
    }
    cr_assert_eq(code, 0, "%s", error.message);
}

static struct seen scene_expect(struct scene *scene, enum seen_kind kind, pid_t pid)
{
    time_ns until = clock_read() + PATIENCE;

    for (;;) {
        for (unsigned i = 0; i < scene->seen_count; i++) {
            struct seen seen = scene->seen[i];

            if (seen.kind == kind && seen.pid == pid) {
                scene->seen[i] = scene->seen[--scene->seen_count];
                return seen;
            }
        }
        cr_assert_lt(clock_read(), until, "kind %d of %d was not seen", (int)kind, pid);
        scene_work(scene);
    }
}

static void spawn(struct scene *scene, agent_id agent, int program, int descriptor)
{
    static const char *const argv[] = {"iolaus", "agent", "somebody", NULL};
    struct range_spawn spawn = {.agent = agent,
                                .argv = argv,
                                .program = program,
                                .descriptors = &descriptor,
                                .descriptor_count = 1,
                                .output = -1};
    struct error error;

    cr_assert_eq(range_spawn(scene->range, &spawn, &error), 0, "%s", error.message);
}

static bool scene_open(struct scene *scene, enum witness_source source, bool cgroups)
{
    static const node_id node_of[AGENTS] = {0, 0};
    struct range_options options = {.name = "test-witness",
                                    .agents = AGENTS,
                                    .nodes = 1,
                                    .node_of = node_of,
                                    .descriptors = 8,
                                    .without_cgroups = !cgroups};
    struct witness_options watching = {
        .source = (uint8_t)source, .agents = AGENTS, .processes_max = AGENTS};
    struct error error;

    memset(scene, 0, sizeof *scene);
    scene->opened = clock_read();
    scene->actor = open(ACTOR, O_PATH | O_CLOEXEC);
    scene->program = options.program = open(RANGE_PROGRAM, O_PATH | O_CLOEXEC);
    if (geteuid() != 0)
        return false;
    cr_assert_eq(range_open(&scene->range, &options, &error), 0, "%s", error.message);
    scene->cgroups = range_cgroup(scene->range, AGENT_NONE) >= 0;
    if (witness_open(&scene->witness, scene->range, &watching, &error) != 0) {
        cr_assert_eq(error.code, ERROR_MACHINE, "%s", error.message);
        range_close(scene->range);
        return false;
    }
    return true;
}

static void story(enum witness_source source, bool cgroups)
{
    struct scene scene;
    time_ns until;
    struct seen seen;
    struct error error;
    int pairs[AGENTS][2], yes = 1;
    pid_t pid;
    bool sanctioned;

    if (!scene_open(&scene, source, cgroups))
        cr_skip_test("not root, or no process events");
    spawn(&scene, 0, scene.range == NULL ? -1 : open("/etc/hostname", O_PATH | O_CLOEXEC), 0);
    for (agent_id agent = 0; agent < AGENTS; agent++) {
        cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pairs[agent]), 0);
        cr_assert_eq(setsockopt(pairs[agent][0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes), 0);
        spawn(&scene, agent, scene.actor, pairs[agent][1]);
    }
    /* Of agent 1 alone: a child of agent 0 holds for a moment what agent 0 holds. */
    cr_assert_eq(witness_own(scene.witness, 1, pairs[1][1], &error), 0);
    /* For longer than the grace lasts. */
    until = clock_read() + 3 * SECOND / 2;
    while (clock_read() < until || scene.spawned_count < AGENTS) {
        scene_work(&scene);
        cr_assert_lt(clock_read(), until + PATIENCE);
    }
    cr_assert_eq(scene.failed_count, 1);
    cr_assert_eq(scene.seen_count, 0, "kind %d of %d", scene.seen[0].kind, scene.seen[0].pid);

    stage_order(pairs[0][0], (struct stage_order){.act = STAGE_HOLDER, .count = 1}, pairs[1][1]);
    pid = stage_hello(pairs[0][0]);
    seen = scene_expect(&scene, SEEN_FORKED, pid);
    cr_assert_eq(seen.agent, 0);
    cr_assert_gt(seen.inside, 1);
    cr_assert_neq(seen.inside, pid);
    cr_assert_eq(scene_expect(&scene, SEEN_POSED, pid).as, 1);
    cr_assert_eq(witness_place(scene.witness, seen.inside, seen.at, &sanctioned), 0);
    cr_assert_not(sanctioned);
    cr_assert_eq(witness_place(scene.witness, scene.spawned[1].inside, seen.at, &sanctioned), 1);
    cr_assert(sanctioned);

    cr_assert_eq(syscall(SYS_pidfd_send_signal, scene.spawned[0].pidfd, SIGKILL, NULL, 0), 0);
    seen = scene_expect(&scene, SEEN_DIED, scene.spawned[0].pid);
    cr_assert_eq(seen.incarnation, 3);
    cr_assert_eq(seen.inside, scene.spawned[0].inside);
    if (scene.cgroups) {
        cr_assert_eq(range_kill_agent(scene.range, 0, &error), 0, "%s", error.message);
        cr_assert_eq(scene_expect(&scene, SEEN_EXITED, pid).as, 1);
    }
    cr_assert_eq(scene.seen_count, 0, "kind %d of %d", scene.seen[0].kind, scene.seen[0].pid);
    witness_close(scene.witness);
    range_close(scene.range);
}

Test(live_witness_range, by_events_and_cgroups, .timeout = 60)
{
    story(WITNESS_EVENTS, true);
}

Test(live_witness_range, by_events, .timeout = 60)
{
    story(WITNESS_EVENTS, false);
}

Test(live_witness_range, by_scan_and_cgroups, .timeout = 60)
{
    story(WITNESS_SCAN, true);
}

Test(live_witness_range, by_scan, .timeout = 60)
{
    story(WITNESS_SCAN, false);
}
