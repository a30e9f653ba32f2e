/* Goal: however a range ends, no process of it is left one second later, and cgroups and sockets go
 * too; and each layer that sees to it is seen to be needed, by taking the layers out in turn and
 * together. Limits: a stand-in for the daemon, with the range of the product compiled once more
 * with a switch for each layer; the first instants of a daemon are met by chance.
 *
 * usage: containment [SEED]       A plain TAP program. It ends only what it has started: the
 * stand-ins, and what is found in their cgroups or carries this run's mark. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "live/range/range.h"

#define ROUNDS 200
#define AGENTS 4
#define LEFT_MS 1000 /* the promise */
#define OPEN_MS 30000

enum keeper { DAEMON = 1, REAPER = 2, FIRST = 4, ORDERLY = 8, INTERRUPT = 16, REAPER_BEFORE = 32 };
enum off { NO_PDEATHSIG = 1, NO_PIPE = 2, NO_REAPER = 4, NO_WATCH = 8, ALL_OFF = 15 };

struct round {
    const char *name;
    unsigned ends; /* enum keeper: who is killed, or how it is closed */
    unsigned off;  /* enum off: layers taken out */
    bool early;    /* the daemon is killed so long after it began, ready or not */
    bool without_cgroups, without_uids;
    const char *mode; /* of the agents */
    long delay_us;
    const char *cgroup; /* folder of a memory cgroup for the stand-in, or NULL */
};

/* What the stand-in tells when its range is open. */
struct told {
    pid_t first, reaper;
};

static char mark[64], folder[64], parent[4096];
static unsigned round_number;
static bool cgroups;
static int tests, failures;

static void say(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(bool good, const char *format, ...)
{
    char words[512];
    va_list list;

    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    tests++;
    failures += !good;
    printf("%s %d - %s\n", good ? "ok" : "not ok", tests, words);
    fflush(stdout);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int pidfd_of(pid_t pid)
{
    return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

static void end_process(int pidfd)
{
    if (pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

static bool lives(int pidfd)
{
    struct pollfd look = {.fd = pidfd, .events = POLLIN};

    return pidfd >= 0 && poll(&look, 1, 0) == 0;
}

/* ---- the stand-in for the daemon ---- */

static int make_socket(char path[108])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/%u.sock", folder, round_number);
    memcpy(path, address.sun_path, sizeof address.sun_path);
    unlink(path);
    if (made < 0 || bind(made, (struct sockaddr *)&address, sizeof address) != 0)
        _exit(4);
    return made;
}

static void spawn_all(struct range *range, const struct round *round)
{
    const char *const argv[] = {"clinger", mark, round->mode, NULL};
    struct range_spawn spawn = {
        .argv = argv, .program = open(CLINGER, O_PATH | O_CLOEXEC), .output = -1};

    for (agent_id agent = 0; agent < AGENTS; agent++) {
        spawn.agent = agent;
        if (range_spawn(range, &spawn, NULL) != 0)
            _exit(5);
    }
}

/* True where the range is to be closed. */
static bool take_events(struct range *range)
{
    struct range_event event;
    struct error error;
    int taken;

    while ((taken = range_take(range, &event, &error)) > 0) {
        if (event.kind == RANGE_SPAWNED)
            close(event.pidfd);
        if (event.kind == RANGE_FIRST_GONE || event.kind == RANGE_REAPER_GONE)
            return true;
    }
    return taken < 0;
}

static void variable_of_layers(unsigned off)
{
    char text[64];

    snprintf(text, sizeof text, "%s%s%s%s", (off & NO_PDEATHSIG) != 0 ? "pdeathsig," : "",
             (off & NO_PIPE) != 0 ? "pipe," : "", (off & NO_REAPER) != 0 ? "reaper," : "",
             (off & NO_WATCH) != 0 ? "watch," : "");
    setenv("IOLAUS_LAYERS_OFF", text, 1);
}

static void enter_cgroup(const char *group)
{
    char path[256];
    FILE *procs;

    if (group == NULL)
        return;
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    procs = fopen(path, "we");
    if (procs == NULL || fprintf(procs, "%d\n", getpid()) < 0 || fclose(procs) != 0)
        _exit(6);
}

__attribute__((noreturn)) static void stand_in(const struct round *round, int tell)
{
    static const node_id nodes[AGENTS] = {0, 0, 1, 1};
    char name[40], socket_path[108];
    struct range_options options = {.name = name,
                                    .agents = AGENTS,
                                    .nodes = 2,
                                    .node_of = nodes,
                                    .program = open(RANGE_PROGRAM, O_PATH | O_CLOEXEC),
                                    .socket = socket_path,
                                    .without_cgroups = round->without_cgroups,
                                    .without_uids = round->without_uids};
    struct error error = {0};
    struct range *range;
    struct told told;
    sigset_t signals;
    int interrupted;
    bool closing = false;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    enter_cgroup(round->cgroup);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    interrupted = signalfd(-1, &signals, SFD_CLOEXEC);
    variable_of_layers(round->off);
    snprintf(name, sizeof name, "contain-%d-%u", getppid(), round_number);
    make_socket(socket_path);
    if (range_open(&range, &options, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        _exit(3);
    }
    told = (struct told){range_first(range), range_reaper(range)};
    if (write(tell, &told, sizeof told) != (ssize_t)sizeof told)
        _exit(7);
    spawn_all(range, round);
    while (!closing) {
        struct pollfd look[2] = {{.fd = range_descriptor(range), .events = POLLIN},
                                 {.fd = interrupted, .events = POLLIN}};

        poll(look, 2, -1);
        closing = look[1].revents != 0 || take_events(range);
    }
    range_close(range);
    unlink(socket_path);
    _exit(0);
}

/* ---- what is left ---- */

/* Processes with this run's mark in their command line, whatever cgroup and namespace they hide in.
 */
static unsigned marked(bool end)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    unsigned count = 0;

    while ((entry = readdir(proc)) != NULL) {
        char path[300], line[256] = "";
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        int pidfd, file;
        ssize_t size;

        if (pid <= 0)
            continue;
        pidfd = pidfd_of(pid); /* before it is looked at: who is looked at is who is ended */
        snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
        file = open(path, O_RDONLY | O_CLOEXEC);
        size = file >= 0 ? read(file, line, sizeof line - 1) : 0;
        if (size > 0 && memmem(line, (size_t)size, mark, strlen(mark)) != NULL && lives(pidfd) &&
            memmem(line, (size_t)size, "clinger", 7) != NULL) {
            count++;
            if (end)
                end_process(pidfd);
        }
        if (file >= 0)
            close(file);
        if (pidfd >= 0)
            close(pidfd);
    }
    closedir(proc);
    return count;
}

/* cgroups of this run's ranges that are there; of this round alone, or of all. */
static unsigned cgroups_left(bool of_round, bool end)
{
    char prefix[64];
    DIR *groups = cgroups ? opendir(parent) : NULL;
    struct dirent *entry;
    unsigned count = 0;

    if (of_round)
        snprintf(prefix, sizeof prefix, "iolaus.contain-%d-%u.", getpid(), round_number);
    else
        snprintf(prefix, sizeof prefix, "iolaus.contain-%d-", getpid());
    while (groups != NULL && (entry = readdir(groups)) != NULL) {
        char path[8192];
        int kill_file;

        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        count++;
        snprintf(path, sizeof path, "%s/%s/cgroup.kill", parent, entry->d_name);
        kill_file = end ? open(path, O_WRONLY | O_CLOEXEC) : -1;
        if (kill_file >= 0) {
            (void)!write(kill_file, "1", 1);
            close(kill_file);
        }
    }
    if (groups != NULL)
        closedir(groups);
    return count;
}

struct left {
    bool processes, keepers, cgroup, socket;
};

static struct left look_once(const int keeper[2])
{
    char path[256];

    snprintf(path, sizeof path, "%s/%u.sock", folder, round_number);
    return (struct left){.processes = marked(false) > 0 || lives(keeper[0]),
                         .keepers = lives(keeper[1]),
                         .cgroup = cgroups_left(true, false) > 0,
                         .socket = access(path, F_OK) == 0};
}

/* What is left after the promise's second; it returns as soon as nothing is. */
static struct left look(const int keeper[2])
{
    int64_t until = now_ms() + LEFT_MS;
    struct left left;

    do {
        left = look_once(keeper);
        if (!left.processes && !left.keepers && !left.cgroup && !left.socket)
            break;
        usleep(5000);
    } while (now_ms() < until);
    return left;
}

/* ---- a round ---- */

static void await(pid_t process, int pidfd, int ms)
{
    struct pollfd look_ = {.fd = pidfd, .events = POLLIN};

    if (poll(&look_, 1, ms) == 1)
        waitpid(process, NULL, 0);
}

static void end_by(const struct round *round, pid_t daemon, int daemon_fd, const int keeper[2])
{
    if ((round->ends & REAPER_BEFORE) != 0) {
        end_process(keeper[1]);
        await(daemon, daemon_fd, 300); /* where it watches, it closes */
    }
    if ((round->ends & (ORDERLY | INTERRUPT)) != 0)
        (void)syscall(SYS_pidfd_send_signal, daemon_fd, SIGINT, NULL, 0);
    if ((round->ends & DAEMON) != 0)
        end_process(daemon_fd);
    if ((round->ends & REAPER) != 0)
        end_process(keeper[1]);
    if ((round->ends & FIRST) != 0)
        end_process(keeper[0]);
}

/* Opens a range, ends it as the round says, and looks what is left; then makes sure that nothing
 * is. False where no range can be held. */
static bool run(const struct round *round, struct left *left)
{
    struct told told = {0};
    int tell[2], keeper[2] = {-1, -1}, daemon_fd, status;
    pid_t daemon;
    struct pollfd ready;

    round_number++;
    if (pipe2(tell, O_CLOEXEC) != 0)
        exit(1);
    daemon = fork();
    if (daemon == 0)
        stand_in(round, tell[1]);
    close(tell[1]);
    daemon_fd = pidfd_of(daemon);
    ready = (struct pollfd){.fd = tell[0], .events = POLLIN};
    if (!round->early && (poll(&ready, 1, OPEN_MS) != 1 ||
                          read(tell[0], &told, sizeof told) != (ssize_t)sizeof told)) {
        end_process(daemon_fd);
        waitpid(daemon, &status, 0);
        return false;
    }
    usleep((useconds_t)round->delay_us);
    if (round->early) {
        fcntl(tell[0], F_SETFL, O_NONBLOCK);
        (void)!read(tell[0], &told, sizeof told);
    }
    keeper[0] = pidfd_of(told.first);
    keeper[1] = pidfd_of(told.reaper);
    end_by(round, daemon, daemon_fd, keeper);
    await(daemon, daemon_fd, (round->off & NO_WATCH) != 0 ? 500 : 10000);
    *left = look(keeper);
    if (lives(daemon_fd)) {
        end_process(daemon_fd);
        waitpid(daemon, &status, 0);
    }
    end_process(keeper[0]);
    end_process(keeper[1]);
    for (int tries = 0; tries < 400 && (marked(true) > 0 || lives(keeper[0])); tries++) {
        cgroups_left(true, true);
        usleep(5000);
    }
    close(daemon_fd);
    close(tell[0]);
    for (int i = 0; i < 2; i++)
        if (keeper[i] >= 0)
            close(keeper[i]);
    return true;
}

/* ---- the promise ---- */

static const struct {
    const char *name;
    unsigned ends;
    bool early;
} endings[] = {
    {"closed in good order", ORDERLY, false},
    {"interrupted", INTERRUPT, false},
    {"interrupted in the first milliseconds", INTERRUPT, true},
    {"daemon killed", DAEMON, false},
    {"daemon killed in the first milliseconds", DAEMON, true},
    {"reaper killed", REAPER, false},
    {"first process killed", FIRST, false},
    {"daemon and reaper killed", DAEMON | REAPER, false},
    {"daemon and first process killed", DAEMON | FIRST, false},
    {"reaper and first process killed", REAPER | FIRST, false},
    {"all three killed", DAEMON | REAPER | FIRST, false},
};
#define ENDINGS (sizeof endings / sizeof endings[0])

static void promise(uint64_t seed)
{
    struct random random = random_make(seed, 0, 0, 0, STREAM_TEST, 0);
    unsigned failed = 0, counts[ENDINGS] = {0};

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t e = i < ENDINGS ? i : (size_t)random_below(&random, ENDINGS);
        struct round round = {
            .name = endings[e].name,
            .ends = endings[e].ends,
            .early = endings[e].early,
            .without_cgroups = i % 10 == 8,
            .without_uids = i % 10 == 9 || i % 20 == 8,
            .mode = "cling",
            .delay_us = (long)random_below(&random, endings[e].early ? 20000 : 40000),
        };
        bool both = (round.ends & (DAEMON | REAPER)) == (DAEMON | REAPER) || round.early;
        struct left left;

        counts[e]++;
        if (!run(&round, &left)) {
            say(false, "round %u (%s): no range", i, round.name);
            continue;
        }
        if (left.processes || (left.keepers && !both) || (!both && (left.cgroup || left.socket))) {
            failed++;
            say(false, "seed %llu, round %u (%s, after %ld us%s%s): left%s%s%s%s",
                (unsigned long long)seed, i, round.name, round.delay_us,
                round.without_cgroups ? ", without cgroups" : "",
                round.without_uids ? ", with one uid" : "", left.processes ? " processes" : "",
                left.keepers ? " a keeper" : "", left.cgroup ? " a cgroup" : "",
                left.socket ? " the socket" : "");
        }
    }
    say(failed == 0, "nothing was left after %u of %d endings (seed %llu)", ROUNDS - failed, ROUNDS,
        (unsigned long long)seed);
    for (size_t e = 0; e < ENDINGS; e++)
        say(counts[e] > 0, "%u times: %s", counts[e], endings[e].name);
}

/* What daemon and reaper left when they were killed together is removed by the next start. */
static void next_start(void)
{
    struct round round = {.ends = DAEMON | REAPER, .mode = "cling", .delay_us = 20000};
    struct left left;
    unsigned before;

    if (!cgroups) {
        printf("ok %d - the next start removes what is left # skip no cgroups here\n", ++tests);
        return;
    }
    run(&round, &left);
    before = cgroups_left(false, false);
    round.ends = ORDERLY;
    run(&round, &left);
    say(before > 0 && !left.cgroup, "a kill of both leaves cgroups (%u)", before);
    say(cgroups_left(false, false) == 0, "and the next start removes them");
}

/* ---- the layers ---- */

struct expected {
    bool processes, cgroup;
};

/* Which layer covers which death; docs/containment.md shows the same as a table. */
static struct expected expect(unsigned ends, unsigned off)
{
    bool first_hears = (off & (NO_PDEATHSIG | NO_PIPE)) != (NO_PDEATHSIG | NO_PIPE);
    bool reaped = (off & NO_REAPER) == 0, watched = (off & NO_WATCH) == 0;

    if (ends == FIRST) /* the kernel ends the namespace, and the daemon clears */
        return (struct expected){false, false};
    if (ends == DAEMON)
        return (struct expected){!first_hears && !reaped, !reaped};
    if (ends == (DAEMON | REAPER))
        return (struct expected){!first_hears, true};
    if (ends == REAPER)
        return (struct expected){!watched, !watched};
    /* The reaper is killed, and later the daemon. */
    return (struct expected){!watched && !first_hears, !watched};
}

static void layers(void)
{
    static const struct {
        const char *name;
        unsigned ends;
    } deaths[] = {{"first process", FIRST},
                  {"daemon", DAEMON},
                  {"daemon and reaper at once", DAEMON | REAPER},
                  {"reaper", REAPER},
                  {"reaper, then daemon", REAPER_BEFORE | DAEMON}};

    for (unsigned off = 0; off <= ALL_OFF; off++) {
        for (size_t d = 0; d < sizeof deaths / sizeof deaths[0]; d++) {
            struct round round = {
                .ends = deaths[d].ends, .off = off, .mode = "cling", .delay_us = 20000};
            struct expected expected = expect(round.ends, off);
            struct left left = {0};
            bool open = run(&round, &left);

            say(open && left.processes == expected.processes &&
                    (!cgroups || left.cgroup == expected.cgroup),
                "without%s%s%s%s%s, %s killed: processes %s, cgroups %s",
                off == 0 ? " nothing" : "", (off & NO_PDEATHSIG) != 0 ? " pdeathsig" : "",
                (off & NO_PIPE) != 0 ? " pipe" : "", (off & NO_REAPER) != 0 ? " reaper" : "",
                (off & NO_WATCH) != 0 ? " watch" : "", deaths[d].name,
                left.processes ? "left" : "gone", left.cgroup ? "left" : "gone");
        }
    }
}

/* ---- out of memory ---- */

static bool put(const char *group, const char *file, const char *text)
{
    char path[256];
    int opened;
    bool done;

    snprintf(path, sizeof path, "%s/%s", group, file);
    opened = open(path, O_WRONLY | O_CLOEXEC);
    done = opened >= 0 && write(opened, text, strlen(text)) == (ssize_t)strlen(text);
    if (opened >= 0)
        close(opened);
    return done;
}

static unsigned long kills_of(const char *group)
{
    char path[256], line[128];
    unsigned long kills = 0;
    FILE *control;

    snprintf(path, sizeof path, "%s/memory.oom_control", group);
    control = fopen(path, "re");
    while (control != NULL && fgets(line, sizeof line, control) != NULL)
        sscanf(line, "oom_kill %lu", &kills);
    if (control != NULL)
        fclose(control);
    return kills;
}

static void out_of_memory(void)
{
    char group[64];

    snprintf(group, sizeof group, "/sys/fs/cgroup/memory/contain-%d", getpid());
    if (mkdir(group, 0755) != 0 || !put(group, "memory.limit_in_bytes", "67108864")) {
        rmdir(group);
        printf("ok %d - out of memory # skip no memory cgroup of version 1 can be made\n", ++tests);
        return;
    }
    for (int i = 0; i < 5; i++) {
        struct round round = {.ends = DAEMON, .mode = "eat", .delay_us = 400000, .cgroup = group};
        unsigned long before = kills_of(group);
        struct left left = {0};
        bool open = run(&round, &left);

        say(open && !left.processes && kills_of(group) > before,
            "out of memory: %lu processes were killed, and nothing is left",
            kills_of(group) - before);
    }
    for (int tries = 0; tries < 100 && rmdir(group) != 0 && errno == EBUSY; tries++)
        usleep(10000);
}

/* ---- */

/* Where ranges make their cgroups: below this process's own. */
static void find_cgroups(void)
{
    char line[8192], mount[4096] = "", own[4096] = "";
    FILE *file = fopen("/proc/self/mountinfo", "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strstr(line, " - cgroup2 ") != NULL)
            sscanf(line, "%*s %*s %*s %*s %4095s", mount);
    if (file != NULL)
        fclose(file);
    file = fopen("/proc/self/cgroup", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "0::%4095s", own);
    if (file != NULL)
        fclose(file);
    cgroups = mount[0] != '\0' && own[0] != '\0';
    if (snprintf(parent, sizeof parent, "%s%s", mount, own) >= (int)sizeof parent ||
        access(parent, W_OK) != 0)
        cgroups = false;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
    struct round first = {.ends = ORDERLY, .mode = "cling"};
    struct left left;

    snprintf(mark, sizeof mark, "contain-%d-mark", getpid());
    snprintf(folder, sizeof folder, "/tmp/containment-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    find_cgroups();
    printf("TAP version 13\n# seed %llu\n", (unsigned long long)seed);
    if (!run(&first, &left)) {
        printf("ok 1 - containment # skip no range can be held here\n1..1\n");
        rmdir(folder);
        return 0;
    }
    promise(seed);
    next_start();
    layers();
    out_of_memory();
    run(&first, &left);
    say(cgroups_left(false, false) == 0, "no cgroup of this run is left");
    printf("1..%d\n", tests);
    for (unsigned i = 0; i <= round_number; i++) {
        char path[256];

        snprintf(path, sizeof path, "%s/%u.sock", folder, i);
        unlink(path);
    }
    rmdir(folder);
    return failures == 0 ? 0 : 1;
}
