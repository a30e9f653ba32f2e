/*
 * The range: opens, spawns, hears of ends, closes, and holds a hostile agent. Each test that needs
 * more than the machine gives says so and is skipped.
 */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/range/facts.h"
#include "live/range/range.h"

#define AGENTS 4
#define WAIT_MS 20000

static const node_id node_of[AGENTS] = {0, 0, 1, 1};
static struct error error;

/* Opened while they may be: whoever is nobody may not look into the folder of the build. */
static struct {
    const char *path;
    int program;
} programs[] = {{LEAN_PROGRAM, -1}, {HOSTILE_PROGRAM, -1}};

static void programs_keep(void)
{
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        programs[i].program = open(programs[i].path, O_PATH | O_CLOEXEC);
}

static int program_of(const char *path)
{
    int program = -1;

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (programs[i].program >= 0 && strcmp(programs[i].path, path) == 0)
            program = fcntl(programs[i].program, F_DUPFD_CLOEXEC, 3);
    if (program < 0)
        program = open(path, O_PATH | O_CLOEXEC);
    cr_assert(program >= 0, "%s: %s", path, strerror(errno));
    return program;
}

static struct range_options options_of(void)
{
    return (struct range_options){.name = "test",
                                  .agents = AGENTS,
                                  .nodes = 2,
                                  .node_of = node_of,
                                  .program = program_of(LEAN_PROGRAM)};
}

static struct range *range_of(const struct range_options *options)
{
    struct range *range = NULL;

    if (range_open(&range, options, &error) == 0)
        return range;
    if (geteuid() != 0)
        cr_skip_test("no range can be held: %s", error.message);
    cr_assert_fail("%s", error.message);
    return NULL;
}

static void need_root(void)
{
    if (geteuid() != 0)
        cr_skip_test("needs root");
}

static struct range_event event_await(struct range *range)
{
    struct range_event event;

    for (;;) {
        struct pollfd look = {.fd = range_descriptor(range), .events = POLLIN};
        int taken = range_take(range, &event, &error);

        cr_assert(taken >= 0, "%s", error.message);
        if (taken == 1)
            return event;
        cr_assert_eq(poll(&look, 1, WAIT_MS), 1, "nothing was heard");
    }
}

static struct range_event event_of(struct range *range, enum range_event_kind kind, pid_t inside)
{
    struct range_event event;

    do
        event = event_await(range);
    while (event.kind != kind || (inside != 0 && event.inside != inside));
    return event;
}

static void ask(struct range *range, agent_id agent, const char *const *argv, int output)
{
    struct range_spawn spawn = {.agent = agent,
                                .cookie = 100 + agent,
                                .argv = argv,
                                .program = program_of(HOSTILE_PROGRAM),
                                .output = output};

    cr_assert_eq(range_spawn(range, &spawn, &error), 0, "%s", error.message);
    close(spawn.program);
}

static struct range_event start(struct range *range, agent_id agent, const char *const *argv,
                                int output)
{
    struct range_event event;

    ask(range, agent, argv, output);
    event = event_of(range, RANGE_SPAWNED, 0);
    cr_assert_eq(event.agent, agent);
    cr_assert_eq(event.cookie, 100 + agent);
    return event;
}

static const char *const waiting[] = {"hostile", "wait", NULL};

static bool gone(int pidfd)
{
    struct pollfd look = {.fd = pidfd, .events = POLLIN};

    return poll(&look, 1, WAIT_MS) == 1;
}

/* A line of /proc/PID/status. */
static void status_line(pid_t pid, const char *name, char *line, size_t size)
{
    char path[64];
    FILE *file;
    bool found = false;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    cr_assert_not_null(file);
    while (!found && fgets(line, (int)size, file) != NULL)
        found = strncmp(line, name, strlen(name)) == 0;
    fclose(file);
    cr_assert(found, "%s", name);
    line[strcspn(line, "\n")] = '\0';
}

/* ---- opening, spawning, closing ---- */

Test(range, opens_spawns_and_closes, .timeout = 120)
{
    static const char *const argv[] = {"hostile", "first", NULL};
    struct range_options options = options_of();
    struct range *range = range_of(&options);
    int first = (int)syscall(SYS_pidfd_open, range_first(range), 0);
    int reaper = (int)syscall(SYS_pidfd_open, range_reaper(range), 0);
    struct range_event event = start(range, 1, argv, -1);
    char path[512];

    cr_assert(event.pid > 0 && event.inside > 1);
    event = event_of(range, RANGE_EXITED, event.inside);
    cr_assert(WIFEXITED(event.status) && WEXITSTATUS(event.status) == 0);
    if (range_cgroup(range, 2) >= 0) {
        range_cgroup_path(range, 2, path, sizeof path);
        cr_assert_not_null(strstr(path, "/node-1/agent-2"));
        cr_assert_eq(range_agent_of_path(range, path), 2);
        snprintf(path + strlen(path), sizeof path - strlen(path), "/below");
        cr_assert_eq(range_agent_of_path(range, path), 2);
        cr_assert_eq(range_agent_of_path(range, "/"), AGENT_NONE);
    }
    int cgroup = range_cgroup(range, AGENT_NONE) < 0 ? -1 : dup(range_cgroup(range, AGENT_NONE));
    range_close(range);
    cr_assert(gone(first) && gone(reaper));
    if (cgroup >= 0)
        cr_assert_neq(faccessat(cgroup, "cgroup.procs", F_OK, 0), 0, "the cgroup is still there");
}

Test(range, gives_descriptors_in_order_and_no_others, .timeout = 120)
{
    static const char *const argv[] = {"hostile", "descriptors", NULL};
    struct range_options options = options_of();
    struct range *range = range_of(&options);
    int pipes[2];
    char text[256];
    ssize_t length;

    cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
    for (int round = 0; round < 3; round++) {
        struct range_spawn spawn = {.agent = 0,
                                    .argv = argv,
                                    .program = program_of(HOSTILE_PROGRAM),
                                    .descriptors = (int[]){pipes[0], pipes[0], pipes[1]},
                                    .descriptor_count = round == 1 ? 0 : 3,
                                    .output = pipes[1]};

        cr_assert_eq(range_spawn(range, &spawn, &error), 0);
        close(spawn.program);
        length = read(pipes[0], text, sizeof text - 1);
        cr_assert(length > 0);
        text[length] = '\0';
        cr_assert_str_eq(text, round == 1 ? "0 1 2 \n" : "0 1 2 3 4 5 \n");
    }
    range_close(range);
}

Test(range, says_why_a_program_cannot_be_executed, .timeout = 120)
{
    struct range_options options = options_of();
    struct range *range = range_of(&options);
    struct range_spawn spawn = {.agent = 3,
                                .cookie = 9,
                                .argv = waiting,
                                .program = program_of("/usr/include/stdio.h"),
                                .output = -1};
    struct range_event event;

    cr_assert_eq(range_spawn(range, &spawn, &error), 0);
    event = event_await(range);
    cr_assert_eq(event.kind, RANGE_SPAWN_FAILED);
    cr_assert_eq(event.status, EACCES);
    cr_assert_eq(event.cookie, 9);
    spawn.agent = AGENTS;
    cr_assert_eq(range_spawn(range, &spawn, &error), ERROR_INPUT);
    range_close(range);
}

/* Neither side waits for the other for ever when the daemon asks for much and hears nothing. */
Test(range, spawns_many_before_it_listens, .timeout = 240)
{
    static const char *const argv[] = {"hostile", "first", NULL};
    enum { MANY = 600 };
    static node_id nowhere[MANY];
    struct range_options options = options_of();
    struct range *range;
    uint32_t exited = 0;
    uint32_t spawned = 0;
    uint32_t failed = 0;

    options.agents = MANY;
    options.node_of = nowhere;
    range = range_of(&options);
    for (uint32_t i = 0; i < MANY; i++)
        ask(range, i, argv, -1);
    while (spawned + failed < MANY || exited < spawned) {
        struct range_event event = event_await(range);

        exited += event.kind == RANGE_EXITED;
        spawned += event.kind == RANGE_SPAWNED;
        failed += event.kind == RANGE_SPAWN_FAILED;
        if (event.kind == RANGE_SPAWNED)
            close(event.pidfd);
    }
    cr_assert_eq(failed, 0);
    range_close(range);
}

Test(range, kills_an_agent_and_a_node, .timeout = 120)
{
    struct range_options options = options_of();
    struct range *range = range_of(&options);
    struct range_event agents[AGENTS];
    struct pollfd look = {.events = POLLIN};

    if (range_cgroup(range, 0) < 0) {
        cr_assert_eq(range_kill_agent(range, 0, &error), ERROR_MACHINE);
        range_close(range);
        cr_skip_test("no cgroup can be written");
    }
    for (agent_id agent = 0; agent < AGENTS; agent++)
        agents[agent] = start(range, agent, waiting, -1);
    cr_assert_eq(range_kill_agent(range, 1, &error), 0);
    cr_assert(gone(agents[1].pidfd));
    cr_assert_eq(range_kill_node(range, 1, &error), 0);
    cr_assert(gone(agents[2].pidfd) && gone(agents[3].pidfd));
    look.fd = agents[0].pidfd;
    cr_assert_eq(poll(&look, 1, 50), 0, "an agent died with another's node");
    range_close(range);
    cr_assert(gone(agents[0].pidfd));
}

Test(range, reaps_orphans, .timeout = 120)
{
    static const char *const argv[] = {"hostile", "orphan", NULL};
    struct range_options options = options_of();
    struct range *range = range_of(&options);
    struct range_event event;

    start(range, 0, argv, -1);
    do
        event = event_of(range, RANGE_EXITED, 0);
    while (!WIFEXITED(event.status) || WEXITSTATUS(event.status) != 7);
    range_close(range);
}

Test(range, tells_when_what_it_stands_on_is_gone, .timeout = 120)
{
    struct range_options options = options_of();
    struct range *range = range_of(&options);
    struct range_event agent = start(range, 0, waiting, -1);
    int reaper = (int)syscall(SYS_pidfd_open, range_reaper(range), 0);
    int first = (int)syscall(SYS_pidfd_open, range_first(range), 0);

    cr_assert_eq(syscall(SYS_pidfd_send_signal, reaper, SIGKILL, NULL, 0), 0);
    event_of(range, RANGE_REAPER_GONE, 0);
    cr_assert_eq(syscall(SYS_pidfd_send_signal, first, SIGKILL, NULL, 0), 0);
    event_of(range, RANGE_FIRST_GONE, 0);
    cr_assert(gone(agent.pidfd));
    range_close(range);
}

Test(range, refuses_bad_options)
{
    struct range_options options = options_of();
    struct range *range;

    options.name = "../x";
    cr_assert_eq(range_open(&range, &options, &error), ERROR_INPUT);
    cr_assert_null(range);
    options.name = "x";
    options.nodes = 1;
    cr_assert_eq(range_open(&range, &options, &error), ERROR_INPUT);
    range_close(NULL);
}

/* ---- confinement ---- */

Test(range, leaves_first_and_agents_next_to_nothing, .timeout = 120)
{
    static const char *const caps[] = {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"};
    struct range_options options = options_of();
    struct range *range;
    struct range_event agent;
    char line[256];

    need_root();
    range = range_of(&options);
    agent = start(range, 2, waiting, -1);
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        bool kept = i == 1 || i == 2;

        status_line(agent.pid, caps[i], line, sizeof line);
        cr_assert_str_eq(line + 8, "0000000000000000", "agent: %s", line);
        status_line(range_first(range), caps[i], line, sizeof line);
        cr_assert_str_eq(line + 8, kept ? "00000000000000c0" : "0000000000000000", "first: %s",
                         line);
    }
    unsigned long first_uid;
    unsigned long uids[4];
    status_line(range_first(range), "Uid:", line, sizeof line);
    cr_assert_eq(sscanf(line, "Uid: %lu", &first_uid), 1);
    cr_assert(first_uid >= 1000 && first_uid != 65534);
    status_line(agent.pid, "Uid:", line, sizeof line);
    cr_assert_eq(sscanf(line, "Uid: %lu %lu %lu %lu", &uids[0], &uids[1], &uids[2], &uids[3]), 4);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(uids[i], first_uid + 3);
    status_line(agent.pid, "NoNewPrivs:", line, sizeof line);
    cr_assert_str_eq(line, "NoNewPrivs:\t1");
    status_line(agent.pid, "Seccomp_filters:", line, sizeof line);
    cr_assert_str_eq(line, "Seccomp_filters:\t2");
    status_line(agent.pid, "Groups:", line, sizeof line);
    cr_assert_eq(strpbrk(line, "0123456789"), NULL, "%s", line);
    range_close(range);
}

/* What the host listens on, for the hostile agent to try. */
struct host {
    char path[64], abstract[64], port[16], pid[16];
};

static void host_listen(struct host *host)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof loopback;
    int handles[3];

    for (int i = 0; i < 3; i++)
        handles[i] = socket(i < 2 ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(host->path, sizeof host->path, "/tmp/iolaus-test-%d", (int)getpid());
    snprintf(address.sun_path, sizeof address.sun_path, "%s", host->path);
    cr_assert_eq(bind(handles[0], (struct sockaddr *)&address, sizeof address), 0);
    chmod(host->path, 0777);
    snprintf(host->abstract, sizeof host->abstract, "iolaus-test-%d", (int)getpid());
    memset(address.sun_path, 0, sizeof address.sun_path);
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "%s", host->abstract);
    cr_assert_eq(bind(handles[1], (struct sockaddr *)&address,
                      (socklen_t)(sizeof(sa_family_t) + 1 + strlen(host->abstract))),
                 0);
    cr_assert_eq(bind(handles[2], (struct sockaddr *)&loopback, sizeof loopback), 0);
    cr_assert_eq(getsockname(handles[2], (struct sockaddr *)&loopback, &length), 0);
    snprintf(host->port, sizeof host->port, "%d", ntohs(loopback.sin_port));
    snprintf(host->pid, sizeof host->pid, "%d", (int)getpid());
    for (int i = 0; i < 3; i++)
        cr_assert_eq(listen(handles[i], 5), 0);
}

/* Reads all that is written, until every writer is gone. */
static void text_read(int pipe, char *text, size_t size)
{
    size_t length = 0;
    ssize_t bytes;

    while (length < size - 1 && (bytes = read(pipe, text + length, size - 1 - length)) > 0)
        length += (size_t)bytes;
    text[length] = '\0';
}

static int attempt_of(const char *text, const char *name)
{
    char line[64];
    const char *at;

    snprintf(line, sizeof line, "%s ", name);
    for (at = text; at != NULL && strncmp(at, line, strlen(line)) != 0;) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    return at == NULL ? -1 : atoi(at + strlen(line));
}

/* What every attempt is refused with; more than one where the ways of refusing it differ with what
 * the range stands on. */
static void all_refused(const char *text, uint32_t expected)
{
    uint32_t count = 0;
    char copy[8192];
    char *rest = copy;
    char *line;

    snprintf(copy, sizeof copy, "%s", text);
    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        char name[64];
        int number;

        cr_assert_eq(sscanf(line, "%63s %d", name, &number), 2);
        cr_assert_neq(number, 0, "%s succeeded", name);
        count++;
        if (strcmp(name, "clone3") == 0)
            cr_assert_eq(number, ENOSYS);
    }
    cr_assert_eq(count, expected, "%u attempts of %u:\n%s", count, expected, text);
}

#define ATTEMPTS 57

static void hold_hostile(bool without_cgroups, bool without_uids)
{
    struct range_options options = options_of();
    struct range *range;
    struct host host;
    struct range_event victim;
    char text[8192];
    char pid[16];
    const char *argv[] = {"hostile", "try",         pid,       host.pid,
                          host.path, host.abstract, host.port, NULL};
    struct pollfd look = {.events = POLLIN};
    int pipes[2];

    options.without_cgroups = without_cgroups;
    options.without_uids = without_uids;
    range = range_of(&options);
    host_listen(&host);
    victim = start(range, 1, waiting, -1);
    snprintf(pid, sizeof pid, "%d", (int)victim.inside);
    cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
    start(range, 0, argv, pipes[1]);
    close(pipes[1]);
    text_read(pipes[0], text, sizeof text);
    all_refused(text, ATTEMPTS);
    /* Refused by the filter, not for want of what it asks for. */
    static const char *const filtered[] = {
        "mount-cgroup", "fsopen",      "open-tree",    "trace-agent",  "read-agent", "vsock",
        "vsock-wide",   "netlink",     "unshare-user", "clone",        "setns",      "bpf",
        "perf",         "ring",        "keys",         "fault",        "compare",    "handle",
        "input",        "personality", "signal-agent", "signal-pidfd", "pidfd-getfd"};
    for (size_t i = 0; i < sizeof filtered / sizeof filtered[0]; i++)
        cr_assert_eq(attempt_of(text, filtered[i]), EPERM, "%s: %d", filtered[i],
                     attempt_of(text, filtered[i]));
    look.fd = victim.pidfd;
    cr_assert_eq(poll(&look, 1, 0), 0, "the victim died");
    unlink(host.path);
    range_close(range);
}

Test(confinement, holds_a_hostile_agent, .timeout = 240)
{
    need_root();
    hold_hostile(false, false);
}

Test(confinement, holds_it_without_cgroups, .timeout = 240)
{
    need_root();
    hold_hostile(true, false);
}

Test(confinement, holds_it_with_one_uid, .timeout = 240)
{
    need_root();
    hold_hostile(false, true);
}

static void become_nobody(void)
{
    need_root();
    cr_assert_eq(setgroups(0, NULL), 0);
    programs_keep();
    cr_assert_eq(setresgid(65534, 65534, 65534), 0);
    cr_assert_eq(setresuid(65534, 65534, 65534), 0);
    prctl(PR_SET_DUMPABLE, 1);
}

Test(confinement, holds_it_where_nobody_is_root, .timeout = 240)
{
    become_nobody();
    hold_hostile(false, false);
}

Test(confinement, holds_it_on_subordinate_ids, .timeout = 240)
{
    char grants[] = "/tmp/iolaus-subordinate-XXXXXX";
    struct range_options options = options_of();
    struct range *range;
    int file;

    need_root();
    file = mkstemp(grants);
    cr_assert(file >= 0 && write(file, "nobody:300000:65536\n", 20) == 20 &&
              fchmod(file, 0644) == 0);
    close(file);
    /* In a mount namespace of this test's own. */
    if (access("/usr/bin/newuidmap", X_OK) != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(grants, "/etc/subuid", NULL, MS_BIND, NULL) != 0 ||
        mount(grants, "/etc/subgid", NULL, MS_BIND, NULL) != 0) {
        unlink(grants);
        cr_skip_test("needs newuidmap, and files to grant ids in");
    }
    unlink(grants);
    become_nobody();
    range = range_of(&options);
    cr_assert_not_null(strstr(range_words(range), "subordinate uid"), "%s", range_words(range));
    range_close(range);
    hold_hostile(false, false);
}

/* The same attempts outside succeed for root, so that the tests above can fail. */
Test(confinement, attempts_are_real, .timeout = 240)
{
    static const char *const real[] = {"mount-cgroup",  "mount-tmpfs",   "fsopen",
                                       "open-tree",     "chroot",        "etc",
                                       "run",           "sys",           "first-descriptors",
                                       "cgroup-procs",  "trace-agent",   "read-agent",
                                       "memory-agent",  "signal-agent",  "signal-first",
                                       "signal-host",   "signal-pidfd",  "signal-queue",
                                       "signal-thread", "slow-agent",    "limit-agent",
                                       "pidfd-getfd",   "path",          "abstract",
                                       "port",          "netlink",       "packet",
                                       "unshare-user",  "unshare-mount", "clone",
                                       "clone3",        "setns",         "root",
                                       "other",         "group",         "capability",
                                       "limits",        "bpf",           "keys",
                                       "compare",       "handle",        "personality"};
    struct host host;
    char text[8192];
    char pid[16];
    int pipes[2];
    pid_t victim;
    pid_t child;

    need_root();
    host_listen(&host);
    victim = fork();
    if (victim == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(HOSTILE_PROGRAM, "hostile", "wait", NULL);
        _exit(127);
    }
    snprintf(pid, sizeof pid, "%d", (int)victim);
    cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        dup2(pipes[1], 1);
        if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
            execl(HOSTILE_PROGRAM, "hostile", "try", pid, host.pid, host.path, host.abstract,
                  host.port, NULL);
        _exit(127);
    }
    close(pipes[1]);
    text_read(pipes[0], text, sizeof text);
    kill(victim, SIGKILL);
    waitpid(victim, NULL, 0);
    waitpid(child, NULL, 0);
    unlink(host.path);
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++)
        cr_expect_eq(attempt_of(text, real[i]), 0, "%s: %s", real[i],
                     strerror(attempt_of(text, real[i])));
}

Test(confinement, kills_who_calls_as_another_architecture, .timeout = 120)
{
#if defined(__x86_64__)
    static const char *const which[] = {"x32", "i386"};
    struct range_options options = options_of();
    struct range *range = range_of(&options);

    for (int i = 0; i < 2; i++) {
        const char *argv[] = {"hostile", "foreign", which[i], NULL};
        struct range_event event = start(range, 0, argv, -1);

        event = event_of(range, RANGE_EXITED, event.inside);
        cr_assert(WIFSIGNALED(event.status) && WTERMSIG(event.status) == SIGSYS, "%s: %x", which[i],
                  event.status);
    }
    range_close(range);
#else
    cr_skip_test("knows the numbers of x86-64 alone");
#endif
}

/* ---- fork bombs ---- */

/* pidfds of the processes of an agent's cgroup. */
static uint32_t processes_of(int cgroup, int *pidfds, uint32_t room)
{
    int descriptor = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *file = fdopen(descriptor, "r");
    uint32_t count = 0;
    int pid;

    cr_assert_not_null(file);
    while (count < room && fscanf(file, "%d", &pid) == 1)
        pidfds[count++] = (int)syscall(SYS_pidfd_open, pid, 0);
    fclose(file);
    return count;
}

static void bomb(bool without_uids)
{
    static const char *const argv[] = {"hostile", "bomb", NULL};
    struct range_options options = options_of();
    struct range *range;
    int pidfds[256];
    uint32_t count = 0;
    char text[64];
    int pipes[2];
    int forks = -1;
    ssize_t length;

    options.limits.processes = 20;
    options.without_uids = without_uids;
    range = range_of(&options);
    cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
    start(range, 0, argv, pipes[1]);
    length = read(pipes[0], text, sizeof text - 1);
    cr_assert(length > 0);
    text[length] = '\0';
    cr_assert_eq(sscanf(text, "bomb %d", &forks), 1);
    cr_assert(forks >= 10 && forks <= (without_uids ? 20 * (AGENTS + 1) : 19), "%d forks", forks);
    if (range_cgroup(range, 0) >= 0) {
        count = processes_of(range_cgroup(range, 0), pidfds, 256);
        cr_assert_eq(count, (uint32_t)forks + 1);
    }
    range_close(range);
    for (uint32_t i = 0; i < count; i++)
        cr_assert(gone(pidfds[i]));
    /* Whoever still lived would hold the pipe's other end. */
    close(pipes[1]);
    cr_assert_eq(read(pipes[0], text, sizeof text), 0);
}

Test(confinement, limits_a_fork_bomb, .timeout = 120)
{
    need_root();
    bomb(false);
}

Test(confinement, limits_a_fork_bomb_of_one_uid, .timeout = 120)
{
    need_root();
    bomb(true);
}

Test(confinement, limits_a_fork_bomb_without_root, .timeout = 120)
{
    become_nobody();
    bomb(true);
}

/* ---- what is left behind ---- */

/* Where the range's cgroup lies, from its own descriptor. */
static void cgroup_place(const struct range *range, char *path, size_t size)
{
    char link[64];
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", range_cgroup(range, AGENT_NONE));
    length = readlink(link, path, size - 1);
    cr_assert(length > 0);
    path[length] = '\0';
}

/* A daemon that is killed: the range, its cgroups and the control socket go. */
Test(leftovers, go_with_a_killed_daemon, .timeout = 120)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct range_options options = options_of();
    char place[512];
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int pipes[2];
    pid_t daemon;
    ssize_t length;

    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/iolaus-control-%d", (int)getpid());
    options.socket = address.sun_path;
    cr_assert_eq(bind(handle, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
    daemon = fork();
    if (daemon == 0) {
        struct range *range;

        /* A test that fails leaves nothing behind either. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        range = range_of(&options);

        start(range, 0, waiting, pipes[1]);
        memset(place, 0, sizeof place);
        if (range_cgroup(range, AGENT_NONE) >= 0)
            cgroup_place(range, place, sizeof place);
        if (write(pipes[1], place, sizeof place) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    close(pipes[1]);
    length = read(pipes[0], place, sizeof place);
    if (length == 0) {
        waitpid(daemon, NULL, 0);
        unlink(address.sun_path);
        cr_skip_test("no range can be held");
    }
    cr_assert_eq(length, (ssize_t)sizeof place);
    kill(daemon, SIGKILL);
    waitpid(daemon, NULL, 0);
    /* The agent holds the other end. */
    cr_assert_eq(read(pipes[0], place + sizeof place - 1, 1), 0);
    for (int waited = 0; waited < WAIT_MS / 10; waited++) {
        if (access(address.sun_path, F_OK) != 0 && (place[0] == '\0' || access(place, F_OK) != 0))
            return;
        poll(NULL, 0, 10);
    }
    cr_assert_fail("%s or %s is still there", place, address.sun_path);
}

Test(leftovers, are_cleared_at_the_next_start, .timeout = 120)
{
    struct range_options options = options_of();
    struct range *range = range_of(&options);
    char place[512];
    char left[600];
    char lives[600];
    char below[640];
    pid_t dead;

    if (range_cgroup(range, AGENT_NONE) < 0) {
        range_close(range);
        cr_skip_test("no cgroup can be written");
    }
    cgroup_place(range, place, sizeof place);
    range_close(range);
    dead = fork();
    if (dead == 0)
        _exit(0);
    waitpid(dead, NULL, 0);
    *strstr(place, "/iolaus.test") = '\0';
    snprintf(left, sizeof left, "%s/iolaus.left.%d.1", place, (int)dead);
    snprintf(below, sizeof below, "%s/node-0", left);
    snprintf(lives, sizeof lives, "%s/iolaus.lives-%d", place, (int)getpid());
    cr_assert(mkdir(left, 0755) == 0 && mkdir(lives, 0755) == 0);
    /* Another range on this machine may clear it before this one does. */
    cr_assert(mkdir(below, 0755) == 0 || errno == ENOENT);
    range = range_of(&options);
    cr_assert_neq(access(left, F_OK), 0, "%s is still there", left);
    cr_assert_eq(rmdir(lives), 0, "what is no range's was removed");
    range_close(range);
}

Test(facts, are_found, .timeout = 120)
{
    struct facts facts;

    facts_gather(&facts, program_of(LEAN_PROGRAM));
    cr_assert(facts.count >= 10);
    for (uint32_t i = 0; i < facts.count; i++) {
        cr_assert_neq(facts.list[i].words[0], '\0');
        cr_assert_eq(facts.list[i].level != FACT_FINE, facts.list[i].remedy[0] != '\0', "%s",
                     facts.list[i].name);
    }
    if (geteuid() == 0)
        cr_assert_eq(facts_check(&facts, &error), 0, "%s", error.message);
    facts_gather(&facts, -1);
    cr_assert_eq(facts_check(&facts, &error), ERROR_MACHINE);
}
