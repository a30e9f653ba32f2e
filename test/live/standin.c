#include "live/standin.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "live/range/layers.h"
#include "live/range/range.h"

#define NOBODY 65534

static void socket_make(const struct standin *standin, char path[108])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/%u.sock", standin->pen->folder,
             standin->number);
    memcpy(path, address.sun_path, sizeof address.sun_path);
    if (made < 0 || bind(made, (struct sockaddr *)&address, sizeof address) != 0)
        _exit(4);
}

static void switches_set(const struct standin *standin)
{
    char text[64];
    unsigned off = standin->off;

    snprintf(text, sizeof text, "%s%s%s%s", (off & NO_PDEATHSIG) != 0 ? "pdeathsig," : "",
             (off & NO_PIPE) != 0 ? "pipe," : "", (off & NO_REAPER) != 0 ? "reaper," : "",
             (off & NO_WATCH) != 0 ? "watch," : "");
    setenv(LAYERS_VARIABLE, text, 1);
    if (standin->points != NULL)
        setenv(LAYERS_POINTS, standin->points, 1);
}

static void nobody_become(void)
{
    if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0)
        _exit(5);
    prctl(PR_SET_DUMPABLE, 1);
}

/* The kernel takes who has the highest score. */
static void victim_mark(const struct standin *standin, const struct range *range)
{
    pid_t pids[VICTIMS] = {[DAEMON_FIRST] = getpid(),
                           [REAPER_FIRST_OF_ALL] = range_reaper(range),
                           [FIRST_FIRST] = range_first(range)};
    char path[64];
    FILE *score;

    if (pids[standin->victim] == 0)
        return;
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pids[standin->victim]);
    score = fopen(path, "we");
    if (score == NULL || fputs("1000", score) < 0 || fclose(score) != 0)
        _exit(6);
}

static void agents_spawn(struct range *range, const struct standin *standin, int program)
{
    const char *const argv[] = {"clinger", standin->mode, NULL};
    struct range_spawn spawn = {.argv = argv, .program = program, .output = -1};

    /* The range may be ended by now. */
    for (spawn.agent = 0; spawn.agent < standin->agents; spawn.agent++)
        if (range_spawn(range, &spawn, NULL) != 0)
            return;
}

/* True where the range is to be closed. */
static bool events_take(struct range *range, unsigned *spawned)
{
    struct range_event event;
    struct error error;
    int taken;

    while ((taken = range_take(range, &event, &error)) > 0) {
        if (event.kind == RANGE_SPAWNED) {
            close(event.pidfd);
            ++*spawned;
        }
        if (event.kind == RANGE_FIRST_GONE || event.kind == RANGE_REAPER_GONE)
            return true;
    }
    return taken < 0;
}

static void hold_keep(int hold)
{
    if (hold >= 0 && dup3(hold, LAYERS_SOCKET, O_CLOEXEC) < 0)
        _exit(7);
}

static int interrupts_open(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

static void until_the_end(struct range *range, const struct standin *standin, int interrupted,
                          int tell, const struct told *told)
{
    bool closing = false, said = false;
    unsigned spawned = 0;

    while (!closing) {
        struct pollfd look[2] = {{.fd = range_descriptor(range), .events = POLLIN},
                                 {.fd = interrupted, .events = POLLIN}};

        poll(look, 2, -1);
        closing = look[1].revents != 0 || events_take(range, &spawned);
        if (!said && spawned == standin->agents)
            said = write(tell, told, sizeof *told) > 0;
    }
}

void standin_run(const struct standin *standin, int tell, int hold)
{
    static const node_id nodes[STANDIN_AGENTS_MAX] = {0, 0, 1, 1, 2, 2};
    int program = open(CLINGER, O_PATH | O_CLOEXEC);
    int interrupted = interrupts_open();
    char name[40], path[108];
    struct range_options options = {.name = name,
                                    .agents = standin->agents,
                                    .nodes = 3,
                                    .node_of = nodes,
                                    .program = open(RANGE_PROGRAM, O_PATH | O_CLOEXEC),
                                    .socket = path,
                                    .without_cgroups = standin->without_cgroups,
                                    .without_uids = standin->without_uids};
    struct error error = {0};
    struct range *range;
    struct told told;

    hold_keep(hold);
    signal(SIGPIPE, SIG_IGN);
    if (!pen_enter(standin->pen, standin->memory))
        _exit(8);
    if (standin->nobody)
        nobody_become();
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* with the test */
    switches_set(standin);
    snprintf(name, sizeof name, "contain-%u", standin->number);
    socket_make(standin, path);
    if (range_open(&range, &options, &error) != 0) {
        unlink(path);
        (void)!write(tell, error.message, strlen(error.message));
        _exit(3);
    }
    told = (struct told){range_first(range), range_reaper(range)};
    if (standin->memory)
        victim_mark(standin, range);
    (void)!write(tell, &told, sizeof told);
    agents_spawn(range, standin, program);
    until_the_end(range, standin, interrupted, tell, &told);
    range_close(range);
    unlink(path);
    _exit(0);
}
