/*
 * The goal: the witness sees every death of a sanctioned process, every unsanctioned process and as
 * whom it poses, says where it could not look, and invents nothing; by the kernel's events and by
 * scanning, with cgroups and without. The limit: one witness on a stand-in for a range.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/stage.h"
#include "live/witness/inside.h"

#define SECOND INT64_C(1000000000)
#define PATIENCE (10 * SECOND)

struct scene {
    struct stage stage;
    struct witness *witness;
    bool events, cgroups;
    time_ns opened;
    struct seen *seen;
    size_t seen_count, seen_room;
    size_t used; /* how many the test has expected so far */
    /* One process of each agent. */
    pid_t pids[STAGE_AGENTS];
    int sockets[STAGE_AGENTS], pidfds[STAGE_AGENTS];
};

static void scene_take(struct scene *scene)
{
    struct error error;
    struct seen seen;
    int code;

    while ((code = witness_take(scene->witness, clock_read() - scene->opened, &seen, &error)) > 0) {
        if (scene->seen_count == scene->seen_room) {
            scene->seen_room = scene->seen_room * 2 + 64;
            scene->seen = realloc(scene->seen, scene->seen_room * sizeof seen);
        }
        scene->seen[scene->seen_count++] = seen;
    }
    cr_assert_eq(code, 0, "%s", error.message);
}

static void scene_wait(struct scene *scene, time_ns most)
{
    struct pollfd readable = {.fd = witness_descriptor(scene->witness), .events = POLLIN};

    (void)poll(&readable, 1, (int)(most / 1000000) + 1);
    scene_take(scene);
}

static void scene_watch(struct scene *scene, time_ns how_long)
{
    time_ns until = clock_read() + how_long;

    while (clock_read() < until)
        scene_wait(scene, until - clock_read());
}

/* What was told of this pid, of this kind, and as whom; waits for it. Each is found once. */
static struct seen scene_expect(struct scene *scene, enum seen_kind kind, pid_t pid, agent_id as)
{
    time_ns until = clock_read() + PATIENCE;

    for (;;) {
        for (size_t i = 0; i < scene->seen_count; i++) {
            struct seen seen = scene->seen[i];

            if (seen.kind == kind && seen.pid == pid && seen.as == as) {
                scene->seen[i].kind = 0;
                scene->used++;
                return seen;
            }
        }
        cr_assert_lt(clock_read(), until, "kind %d of %d as %d was not seen", (int)kind, pid,
                     (int)as);
        scene_wait(scene, SECOND / 10);
    }
}

/* Nothing was told but what was expected. */
static void scene_expect_no_more(struct scene *scene)
{
    for (size_t i = 0; i < scene->seen_count; i++)
        cr_assert_eq(scene->seen[i].kind, 0, "told of %d: kind %d, agent %d, as %d",
                     scene->seen[i].pid, scene->seen[i].kind, (int)scene->seen[i].agent,
                     (int)scene->seen[i].as);
    cr_assert_eq(scene->used, scene->seen_count);
}

static void scene_sanction(struct scene *scene, agent_id agent, incarnation_id incarnation,
                           pid_t pid, int pidfd)
{
    struct error error;
    pid_t inside = 0;
    int folder = process_folder(pid);
    struct sanctioned sanctioned = {.agent = agent,
                                    .incarnation = incarnation,
                                    .slot = (uint8_t)agent,
                                    .pid = pid,
                                    .pidfd = pidfd};

    if (folder >= 0) {
        (void)process_inside_read(folder, 1, &inside);
        close(folder);
    }
    sanctioned.inside = inside;
    cr_assert_eq(witness_sanction(scene->witness, &sanctioned, &error), 0, "%s", error.message);
}

static void run(void (*story)(struct scene *scene), enum witness_source source, bool cgroups,
                uint32_t buffer_bytes)
{
    struct scene scene = {.opened = clock_read(), .cgroups = cgroups};
    struct witness_options options = {.source = (uint8_t)source,
                                      .agents = STAGE_AGENTS,
                                      .processes_max = 64,
                                      .scan_every = SECOND / 20,
                                      .buffer_bytes = buffer_bytes};
    struct rlimit files;
    struct error error;
    const char *why;
    int code;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (!stage_open(&scene.stage, cgroups, &why))
        cr_skip_test("%s", why);
    code = witness_open_on(&scene.witness, &scene.stage.ground, &options, &error);
    if (code == ERROR_MACHINE && source == WITNESS_EVENTS) {
        stage_close(&scene.stage);
        cr_skip_test("%s", error.message);
    }
    cr_assert_eq(code, 0, "%s", error.message);
    scene.events = witness_has_events(scene.witness);
    cr_assert_eq(scene.events, source == WITNESS_EVENTS);
    for (agent_id agent = 0; agent < STAGE_AGENTS; agent++) {
        scene.pids[agent] = stage_spawn(&scene.stage, agent, &scene.sockets[agent], NULL);
        scene.pidfds[agent] = stage_pidfd(scene.pids[agent]);
        scene_sanction(&scene, agent, 7, scene.pids[agent], scene.pidfds[agent]);
    }
    story(&scene);
    scene_expect_no_more(&scene);
    witness_close(scene.witness);
    stage_close(&scene.stage);
    free(scene.seen);
}

#define STORY_OF(name, variant, source, cgroups, buffer)                                           \
    Test(live_witness, name##_by_##variant, .timeout = 120)                                        \
    {                                                                                              \
        run(name, source, cgroups, buffer);                                                        \
    }
/* A story that needs events. */
#define EVENT_STORY(name, buffer)                                                                  \
    static void name(struct scene *scene);                                                         \
    STORY_OF(name, events_and_cgroups, WITNESS_EVENTS, true, buffer)                               \
    STORY_OF(name, events, WITNESS_EVENTS, false, buffer)                                          \
    static void name(struct scene *scene)
#define STORY(name)                                                                                \
    static void name(struct scene *scene);                                                         \
    STORY_OF(name, scan_and_cgroups, WITNESS_SCAN, true, 0)                                        \
    STORY_OF(name, scan, WITNESS_SCAN, false, 0)                                                   \
    EVENT_STORY(name, 0)

static void end(pid_t pid)
{
    int pidfd = stage_pidfd(pid);
    struct pollfd gone = {.fd = pidfd, .events = POLLIN};

    cr_assert_eq(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0), 0);
    cr_assert_eq(poll(&gone, 1, 30000), 1);
    close(pidfd);
    /* Until the pid is free again. */
    for (int tries = 0; tries < 30000 && kill(pid, 0) == 0; tries++)
        usleep(1000);
}

static pid_t ordered(const struct scene *scene, agent_id agent, enum stage_act act, int descriptor)
{
    stage_order(scene->sockets[agent], (struct stage_order){.act = act, .count = 1}, descriptor);
    return stage_hello(scene->sockets[agent]);
}

/* A socket that is some agent's own, and its other end. */
static int own_make(struct scene *scene, agent_id owner, int *peer)
{
    int pair[2], yes = 1;
    struct error error;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_eq(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes), 0);
    if (owner != AGENT_NONE)
        cr_assert_eq(witness_own(scene->witness, owner, pair[1], &error), 0, "%s", error.message);
    *peer = pair[0];
    return pair[1];
}

#define MANY 1000

STORY(thousand_deaths)
{
    static pid_t pids[MANY];
    static int sockets[MANY], pidfds[MANY];

    for (unsigned i = 0; i < MANY; i++) {
        pids[i] = stage_spawn(&scene->stage, i % STAGE_AGENTS, &sockets[i], NULL);
        pidfds[i] = stage_pidfd(pids[i]);
        scene_sanction(scene, i % STAGE_AGENTS, (incarnation_id)(100 + i), pids[i], pidfds[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        if (i % 2 == 0)
            syscall(SYS_pidfd_send_signal, pidfds[i], SIGKILL, NULL, 0);
        else
            stage_order(sockets[i], (struct stage_order){.act = STAGE_EXIT}, -1);
        if (i % 100 == 0)
            scene_take(scene);
    }
    for (unsigned i = 0; i < MANY; i++) {
        struct seen seen = scene_expect(scene, SEEN_DIED, pids[i], AGENT_NONE);

        cr_assert_eq(seen.agent, i % STAGE_AGENTS);
        cr_assert_eq(seen.incarnation, 100 + i);
        cr_assert_eq(seen.slot, i % STAGE_AGENTS);
        cr_assert_gt(seen.inside, 1);
        cr_assert_leq(seen.at, clock_read() - scene->opened);
    }
    scene_watch(scene, SECOND / 5);
}

STORY(a_child_is_seen_until_it_ends)
{
    pid_t pid = ordered(scene, 2, STAGE_BARE, -1);
    struct seen forked = scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE), exited;
    bool sanctioned = true;

    cr_assert_eq(forked.agent, 2);
    cr_assert_gt(forked.inside, 1);
    cr_assert_eq(witness_place(scene->witness, forked.inside, forked.at, &sanctioned), 2);
    cr_assert_not(sanctioned);
    end(pid);
    exited = scene_expect(scene, SEEN_EXITED, pid, AGENT_NONE);
    cr_assert_eq(exited.agent, 2);
    cr_assert_leq(forked.at, exited.at);
    cr_assert_eq(witness_place(scene->witness, forked.inside, exited.at, &sanctioned), 2);
    cr_assert_not(sanctioned);
}

/* Without events and cgroups nobody can tell from whom an orphan descends. */
STORY(an_orphan_is_its_ancestors)
{
    pid_t pid = ordered(scene, 3, STAGE_ORPHAN, -1);
    struct seen seen = scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE);

    if (scene->events || scene->cgroups)
        cr_assert_eq(seen.agent, 3);
    /* The one between has come and gone: events alone are sure to see it. */
    scene_watch(scene, SECOND / 5);
    for (size_t i = 0, between = 0; i < scene->seen_count; i++) {
        if (scene->seen[i].kind == SEEN_FORKED || scene->seen[i].kind == SEEN_EXITED) {
            cr_assert_eq(scene->seen[i].agent, 3);
            cr_assert_lt(between++, 2);
            scene->seen[i].kind = 0;
            scene->used++;
        }
        cr_assert(i + 1 < scene->seen_count || between == 2 || !scene->events);
    }
}

STORY(who_holds_anothers_end_poses_as_it)
{
    int peer, end_of_1 = own_make(scene, 1, &peer);
    pid_t pid = ordered(scene, 0, STAGE_HOLDER, end_of_1);

    cr_assert_eq(scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE).agent, 0);
    cr_assert_eq(scene_expect(scene, SEEN_POSED, pid, 1).agent, 0);
    scene_watch(scene, SECOND / 5); /* told once, however often it is looked at */
    end(pid);
    (void)scene_expect(scene, SEEN_EXITED, pid, 1);
    /* What is nobody's any more is posed with by nobody. */
    witness_disown(scene->witness, end_of_1);
    pid = ordered(scene, 0, STAGE_HOLDER, end_of_1);
    (void)scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE);
    scene_watch(scene, SECOND / 5);
    close(peer);
    close(end_of_1);
}

STORY(a_child_with_its_parents_things_poses_as_its_parent)
{
    int peer, other, end_of_1 = own_make(scene, 1, &peer), end_of_2 = own_make(scene, 2, &other);
    pid_t actor, pid;
    struct seen first_posed;

    /* An actor holds agent 1's end alone; its child holds that and agent 2's. */
    actor = ordered(scene, 1, STAGE_ACTOR, end_of_1);
    cr_assert_eq(scene_expect(scene, SEEN_FORKED, actor, AGENT_NONE).agent, 1);
    (void)scene_expect(scene, SEEN_POSED, actor, 1);
    stage_order(peer, (struct stage_order){.act = STAGE_BOTH, .count = 1}, end_of_2);
    pid = stage_hello(peer);
    cr_assert_eq(scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE).agent, 1);
    first_posed = scene_expect(scene, SEEN_POSED, pid, 1);
    cr_assert_eq(first_posed.agent, 1);
    (void)scene_expect(scene, SEEN_POSED, pid, 2);
    /* The actor itself held agent 2's end for a moment. */
    scene_watch(scene, SECOND / 5);
    for (size_t i = 0; i < scene->seen_count; i++) {
        if (scene->seen[i].kind == SEEN_POSED && scene->seen[i].pid == actor) {
            cr_assert_eq(scene->seen[i].as, 2);
            scene->seen[i].kind = 0;
            scene->used++;
        }
    }
    close(end_of_1);
    close(end_of_2);
}

STORY(who_descends_from_a_poser_poses)
{
    int peer, end_of_3 = own_make(scene, 3, &peer);
    pid_t actor = ordered(scene, 0, STAGE_ACTOR, end_of_3), pid;

    (void)scene_expect(scene, SEEN_FORKED, actor, AGENT_NONE);
    (void)scene_expect(scene, SEEN_POSED, actor, 3);
    stage_order(peer, (struct stage_order){.act = STAGE_BARE, .count = 1}, -1);
    pid = stage_hello(peer);
    (void)scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE);
    cr_assert_eq(scene_expect(scene, SEEN_POSED, pid, 3).agent, 0);
    close(end_of_3);
}

/* What an unsanctioned process is given later is found by looking again. */
STORY(who_is_given_anothers_end_later_poses)
{
    int peer, other, own = own_make(scene, AGENT_NONE, &peer);
    pid_t actor = ordered(scene, 0, STAGE_ACTOR, own), child;
    int end_of_2 = own_make(scene, 2, &other);

    (void)scene_expect(scene, SEEN_FORKED, actor, AGENT_NONE);
    scene_watch(scene, SECOND / 5);
    stage_order(peer, (struct stage_order){.act = STAGE_BOTH, .count = 1}, end_of_2);
    child = stage_hello(peer);
    (void)scene_expect(scene, SEEN_FORKED, child, AGENT_NONE);
    (void)scene_expect(scene, SEEN_POSED, child, 2);
    /* The process that stays takes an end and keeps it, while it waits for its next order. */
    stage_order(peer, (struct stage_order){.act = STAGE_KEEP}, end_of_2);
    (void)stage_hello(peer);
    (void)scene_expect(scene, SEEN_POSED, actor, 2);
    close(own);
    close(end_of_2);
}

STORY(threads_are_no_processes)
{
    pid_t pid = ordered(scene, 0, STAGE_THREAD, -1);

    cr_assert_eq(pid, scene->pids[0]);
    pid = ordered(scene, 1, STAGE_HEADLESS, -1);
    (void)scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE);
    scene_watch(scene, SECOND / 3); /* its first thread is gone, and it lives */
    cr_assert_eq(scene->used, scene->seen_count);
    end(pid);
    (void)scene_expect(scene, SEEN_EXITED, pid, AGENT_NONE);
}

STORY(a_spawn_waits_for_its_name)
{
    int socket;
    pid_t pid = stage_spawn(&scene->stage, 1, &socket, NULL), child, unnamed;
    int pidfd = stage_pidfd(pid);
    struct seen seen;

    stage_order(socket, (struct stage_order){.act = STAGE_BARE, .count = 1}, -1);
    child = stage_hello(socket);
    scene_watch(scene, SECOND / 3);
    cr_assert_eq(scene->seen_count, 0);
    scene_sanction(scene, 1, 8, pid, pidfd);
    cr_assert_eq(scene_expect(scene, SEEN_FORKED, child, AGENT_NONE).agent, 1);
    end(pid);
    cr_assert_eq(scene_expect(scene, SEEN_DIED, pid, AGENT_NONE).incarnation, 8);
    /* One that is never named, and one that a process made in its parent's name. */
    unnamed = stage_spawn(&scene->stage, 2, &socket, NULL);
    seen = scene_expect(scene, SEEN_FORKED, unnamed, AGENT_NONE);
    if (scene->cgroups)
        cr_assert_eq(seen.agent, 2);
    unnamed = ordered(scene, 3, STAGE_SIBLING, -1);
    seen = scene_expect(scene, SEEN_FORKED, unnamed, AGENT_NONE);
    if (scene->cgroups)
        cr_assert_eq(seen.agent, 3);
}

STORY(one_that_died_before_it_was_named_is_seen)
{
    int socket;
    pid_t pid = stage_spawn(&scene->stage, 1, &socket, NULL);
    int pidfd = stage_pidfd(pid);

    scene_watch(scene, SECOND / 8);
    end(pid);
    scene_watch(scene, SECOND / 8);
    scene_sanction(scene, 1, 9, pid, pidfd);
    cr_assert_eq(scene_expect(scene, SEEN_DIED, pid, AGENT_NONE).incarnation, 9);
    scene_watch(scene, 3 * SECOND / 2);
}

static pid_t bare_with_pid(const struct scene *scene, agent_id agent, pid_t inside, pid_t pid)
{
    stage_order(scene->sockets[agent],
                (struct stage_order){.act = STAGE_BARE, .count = 1, .inside = inside, .pid = pid},
                -1);
    return stage_hello(scene->sockets[agent]);
}

STORY(a_pid_used_again_is_another_process)
{
    pid_t pid = ordered(scene, 0, STAGE_BARE, -1);
    struct seen seen = scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE);
    pid_t inside = seen.inside, forker = ordered(scene, 0, STAGE_BARE, -1);
    bool sanctioned = true;

    (void)scene_expect(scene, SEEN_FORKED, forker, AGENT_NONE);
    end(forker);
    (void)scene_expect(scene, SEEN_EXITED, forker, AGENT_NONE);

    /* Unsanctioned after unsanctioned. Start times are told apart by the kernel's tick. */
    usleep(50000);
    end(pid);
    cr_assert_eq(bare_with_pid(scene, 1, inside, pid), pid);
    (void)scene_expect(scene, SEEN_EXITED, pid, AGENT_NONE);
    seen = scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE);
    cr_assert_eq(seen.agent, 1);
    cr_assert_eq(witness_place(scene->witness, inside, seen.at, &sanctioned), 1);
    usleep(50000);
    end(pid);
    (void)scene_expect(scene, SEEN_EXITED, pid, AGENT_NONE);
    /* A stranger with a pid of the range's, and what it forks, is nobody's business. */
    stage_stranger(pid);
    stage_stranger(pid);
    scene_watch(scene, SECOND / 5);
    cr_assert_eq(scene->used, scene->seen_count);
    /* Nor what it forks if its own birth went unobserved. */
    if (scene->events) {
        struct kernel_event event = {.kind = KERNEL_FORK,
                                     .thread = getpid(),
                                     .process = getpid(),
                                     .parent = forker,
                                     .at = clock_read()};

        member_event(scene->witness, &event);
        scene_watch(scene, SECOND / 10);
        cr_assert_eq(scene->used, scene->seen_count);
    }
    /* Unsanctioned after sanctioned, before the death was taken. */
    pid = scene->pids[3];
    usleep(50000);
    end(pid);
    cr_assert_eq(bare_with_pid(scene, 2, inside, pid), pid);
    cr_assert_eq(scene_expect(scene, SEEN_DIED, pid, AGENT_NONE).agent, 3);
    cr_assert_eq(scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE).agent, 2);
}

STORY(strangers_are_not_told_of)
{
    pid_t pid, lasting = fork();

    cr_assert_geq(lasting, 0);
    if (lasting == 0) {
        for (;;)
            pause();
    }
    for (int i = 0; i < 200; i++) {
        pid = fork();
        if (pid == 0) {
            pid_t grandchild = fork();

            if (grandchild == 0)
                _exit(0);
            waitpid(grandchild, NULL, 0);
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
    pid = ordered(scene, 0, STAGE_BARE, -1);
    (void)scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE);
    /* Also none that lives for longer than the range has to name its own. */
    scene_watch(scene, 3 * SECOND / 2);
    kill(lasting, SIGKILL);
    waitpid(lasting, NULL, 0);
    scene_watch(scene, SECOND / 10);
}

#define BRIEF 300

EVENT_STORY(brief_lives_are_seen, 0)
{
    unsigned forked = 0, exited = 0;
    time_ns until = clock_read() + PATIENCE;

    stage_order(scene->sockets[1], (struct stage_order){.act = STAGE_BRIEF, .count = BRIEF}, -1);
    (void)stage_hello(scene->sockets[1]);
    while (exited < BRIEF) {
        cr_assert_lt(clock_read(), until, "%u forked, %u exited", forked, exited);
        scene_wait(scene, SECOND / 10);
        for (size_t i = scene->used; i < scene->seen_count; i++, scene->used++) {
            forked += scene->seen[i].kind == SEEN_FORKED;
            exited += scene->seen[i].kind == SEEN_EXITED;
            cr_assert_eq(scene->seen[i].agent, 1);
            cr_assert_leq(exited, forked);
            scene->seen[i].kind = 0;
        }
    }
    cr_assert_eq(forked, BRIEF);
}

/* The witness does not read for a while, and its buffer is small. */
EVENT_STORY(a_gap_is_marked_and_looked_into, 4096)
{
    pid_t pid;
    bool unobserved = false;

    scene_take(scene);
    stage_order(scene->sockets[1], (struct stage_order){.act = STAGE_BRIEF, .count = 2000}, -1);
    (void)stage_hello(scene->sockets[1]);
    pid = ordered(scene, 2, STAGE_BARE, -1);
    cr_assert_eq(scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE).agent, 2);
    end(scene->pids[0]);
    cr_assert_eq(scene_expect(scene, SEEN_DIED, scene->pids[0], AGENT_NONE).agent, 0);
    end(pid);
    (void)scene_expect(scene, SEEN_EXITED, pid, AGENT_NONE);
    /* Of the brief some were seen before the buffer was full. */
    for (size_t i = 0; i < scene->seen_count; i++) {
        const struct seen *seen = &scene->seen[i];

        if (seen->kind == SEEN_UNOBSERVED) {
            unobserved = true;
            cr_assert_leq(seen->from, seen->at);
            cr_assert_leq(seen->at, clock_read() - scene->opened);
        }
        cr_assert_neq(seen->kind, SEEN_DIED);
        cr_assert_neq(seen->kind, SEEN_POSED);
        scene->used += scene->seen[i].kind != 0;
        scene->seen[i].kind = 0;
    }
    cr_assert(unobserved);
}

/* How many gaps were told of since the last time. */
static long gaps_take(struct scene *scene)
{
    long gaps = 0;

    for (size_t i = 0; i < scene->seen_count; i++) {
        if (scene->seen[i].kind == SEEN_UNOBSERVED) {
            scene->seen[i].kind = 0;
            scene->used++;
            gaps++;
        }
    }
    return gaps;
}

/* Events that are missing without the kernel's saying so: their numbers tell. */
EVENT_STORY(a_missing_number_is_a_gap, 0)
{
    cpu_set_t one;
    char packet[256];
    pid_t pid;
    long unobserved;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    cr_assert_eq(sched_setaffinity(scene->pids[1], sizeof one, &one), 0);
    stage_order(scene->sockets[1], (struct stage_order){.act = STAGE_BRIEF, .count = 1}, -1);
    (void)stage_hello(scene->sockets[1]);
    scene_watch(scene, SECOND / 20);
    pid = ordered(scene, 1, STAGE_BARE, -1);
    while (recv(scene->witness->events.descriptor, packet, sizeof packet, MSG_DONTWAIT) >= 0)
        continue;
    stage_order(scene->sockets[1], (struct stage_order){.act = STAGE_BRIEF, .count = 1}, -1);
    (void)stage_hello(scene->sockets[1]);
    cr_assert_eq(scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE).agent, 1);
    scene_watch(scene, SECOND / 10);
    for (size_t i = 0; i < scene->seen_count; i++) {
        /* The brief ones. */
        if (scene->seen[i].kind == SEEN_FORKED || scene->seen[i].kind == SEEN_EXITED) {
            scene->used++;
            scene->seen[i].kind = 0;
        }
    }
    unobserved = gaps_take(scene);
    /* Each processor has numbers of its own; a gap is told once. */
    cr_assert_geq(unobserved, 1);
    cr_assert_leq(unobserved, sysconf(_SC_NPROCESSORS_CONF));
}

/* What a scan or the platform learnt may be ahead of the events: they are then of before. */
EVENT_STORY(events_of_before_a_scan_are_old, 0)
{
    time_ns before = clock_read();
    pid_t pid = ordered(scene, 1, STAGE_BARE, -1);
    struct kernel_event event = {
        .kind = KERNEL_FORK, .thread = pid, .process = pid, .parent = scene->pids[2], .at = before};
    char packet[256];

    while (recv(scene->witness->events.descriptor, packet, sizeof packet, MSG_DONTWAIT) >= 0)
        continue;
    scan_range(scene->witness);
    cr_assert_eq(scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE).agent, 1);
    member_event(scene->witness, &event);
    event.kind = KERNEL_EXIT;
    member_event(scene->witness, &event);
    scene_watch(scene, SECOND / 10);
    (void)gaps_take(scene);
    cr_assert_eq(scene->used, scene->seen_count);
    end(pid);
    (void)scene_expect(scene, SEEN_EXITED, pid, AGENT_NONE);
    (void)gaps_take(scene);
}

static void count_each(void *context, const struct seen *process, bool sanctioned)
{
    unsigned *counts = context;

    cr_assert_gt(process->pid, 0);
    counts[sanctioned]++;
}

STORY(those_who_live_are_listed)
{
    pid_t pid = ordered(scene, 0, STAGE_BARE, -1);
    unsigned counts[2] = {0, 0};

    (void)scene_expect(scene, SEEN_FORKED, pid, AGENT_NONE);
    witness_list(scene->witness, count_each, counts);
    cr_assert_eq(counts[0], 1);
    cr_assert_eq(counts[1], STAGE_AGENTS + 1); /* and first */
}
