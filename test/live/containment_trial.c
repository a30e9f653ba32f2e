#include "live/containment.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LEFT_MS 1000 /* the promise */
#define OPEN_MS 60000
#define CLOSE_MS 30000
#define BLIND_MS 300 /* given to a daemon that is not to see what happens */

/* A stand-in that runs. */
struct run {
    pid_t daemon;
    int daemon_fd, first, reaper; /* pidfds; the latter only once its range is open */
    int tell, hold;
    struct band band;
};

struct left {
    bool processes, cgroup, socket;
    int64_t took_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void words_add(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void words_add(struct report *report, const char *format, ...)
{
    size_t used = strlen(report->words);
    va_list list;

    va_start(list, format);
    vsnprintf(report->words + used, sizeof report->words - used, format, list);
    va_end(list);
}

/* ---- a stand-in, from outside ---- */

static bool run_begin(struct run *run, const struct standin *standin)
{
    int tell[2], hold[2];

    *run = (struct run){.daemon = -1, .daemon_fd = -1, .first = -1, .reaper = -1};
    run->band.space = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, tell) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hold) != 0)
        return false;
    run->daemon = fork();
    if (run->daemon == 0) {
        close(tell[0]);
        close(hold[0]);
        standin_run(standin, tell[1], hold[1]);
    }
    close(tell[1]);
    close(hold[1]);
    run->tell = tell[0];
    run->hold = hold[0];
    run->daemon_fd = pidfd_of(run->daemon);
    return run->daemon > 0;
}

static bool readable(int descriptor, int ms)
{
    struct pollfd look = {.fd = descriptor, .events = POLLIN};

    return poll(&look, 1, ms) == 1;
}

/* What it tells: that its range is open, and then that its agents run. */
static bool run_ready(struct run *run, bool agents, struct report *report)
{
    char text[1024];
    struct told told;
    ssize_t length;

    for (int times = 0; times < (agents ? 2 : 1); times++) {
        length = readable(run->tell, OPEN_MS) ? recv(run->tell, text, sizeof text - 1, 0) : -1;
        if (length == (ssize_t)sizeof told)
            continue;
        text[length > 0 ? length : 0] = '\0';
        words_add(report, ": no range: %.300s", text);
        return false;
    }
    memcpy(&told, text, sizeof told);
    run->first = pidfd_of(told.first);
    run->reaper = pidfd_of(told.reaper);
    if (agents)
        band_open(&run->band, told.first);
    return true;
}

static void run_close(struct run *run)
{
    int owned[] = {run->daemon_fd, run->first, run->reaper, run->tell, run->hold};

    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        if (owned[i] >= 0)
            close(owned[i]);
    band_close(&run->band);
}

/* ---- the ending ---- */

static bool kill_one(const struct run *run, const struct pen *pen, enum ends who)
{
    if (who == DAEMON)
        return pidfd_signal(run->daemon_fd, SIGKILL);
    if (who == REAPER)
        return run->reaper >= 0 ? pidfd_signal(run->reaper, SIGKILL)
                                : pen_kill_beside(pen, run->daemon) > 0;
    return run->first >= 0 ? pidfd_signal(run->first, SIGKILL) : pen_kill_first(pen) > 0;
}

static void end_by(const struct run *run, const struct pen *pen, unsigned ends)
{
    static const enum ends forwards[] = {DAEMON, REAPER, FIRST};
    bool last_first = (ends & (BACKWARDS | AT_ONCE)) != 0;
    bool killed = false;

    if ((ends & AT_ONCE) != 0 && (ends & DAEMON) != 0)
        pidfd_signal(run->daemon_fd, SIGSTOP);
    if ((ends & IN_TURN) != 0) {
        kill_one(run, pen, REAPER);
        readable(run->daemon_fd, BLIND_MS); /* where it watches, it closes */
        ends &= ~(unsigned)REAPER;
    }
    if ((ends & CLOSE) != 0)
        killed = pidfd_signal(run->daemon_fd, SIGINT);
    for (int i = 0; i < 3; i++) {
        enum ends who = forwards[last_first ? 2 - i : i];

        if ((ends & who) != 0 && kill_one(run, pen, who))
            killed = true;
    }
    /* Too early: there was nobody yet. */
    if (!killed)
        pidfd_signal(run->daemon_fd, SIGKILL);
}

/* False where it never came to what was to be ended. */
static bool end_when(const struct trial *trial, struct run *run, const struct pen *pen,
                     struct report *report)
{
    unsigned long kills = pen_kills(pen);
    int64_t until = now_ms() + CLOSE_MS;
    char byte;

    for (unsigned held = 0; held < trial->held; held++)
        if (!readable(run->hold, OPEN_MS) || read(run->hold, &byte, 1) != 1) {
            words_add(report, ": was never held");
            return false;
        }
    if (!trial->early && trial->held == 0 && !run_ready(run, !trial->standin.memory, report))
        return false;
    usleep(trial->delay_us);
    if (trial->standin.memory) {
        const int victims[] = {[DAEMON_FIRST] = run->daemon_fd,
                               [REAPER_FIRST_OF_ALL] = run->reaper,
                               [FIRST_FIRST] = run->first};
        enum victim victim = trial->standin.victim;

        while (now_ms() < until &&
               (victim == ANYBODY ? pen_kills(pen) == kills : pidfd_alive(victims[victim])))
            usleep(5000);
        words_add(report, " (%lu killed)", pen_kills(pen) - kills);
        if (pen_kills(pen) == kills || (victim != ANYBODY && pidfd_alive(victims[victim]))) {
            words_add(report, ": memory did not run out so");
            return false;
        }
        /* Where the reaper is gone the daemon closes, for which memory may be short. */
        if (victim == REAPER_FIRST_OF_ALL)
            readable(run->daemon_fd, BLIND_MS);
        usleep(50000);
    }
    end_by(run, pen, trial->ends);
    return true;
}

/* What is left after the promise's second. Where no process is left it returns at once: then
 * nobody is there who would remove anything. */
static struct left look(const struct pen *pen, const struct run *run)
{
    int64_t begin = now_ms();
    struct left left;

    for (;;) {
        left.processes = pen_alive(pen) || band_alive(&run->band);
        left.cgroup = pen_ranges(pen) > 0;
        left.socket = pen_sockets(pen) > 0;
        left.took_ms = now_ms() - begin;
        if (!left.processes || left.took_ms >= LEFT_MS)
            return left;
        usleep(2000);
    }
}

/* ---- what is expected ---- */

static void judge(const struct trial *trial, const struct pen *pen, const struct left *left,
                  struct report *report)
{
    bool cgroups = pen->cgroup[0] != '\0' && !trial->standin.without_cgroups;
    bool good = (trial->processes == LEFT) == left->processes;

    if (trial->cgroup == LEFT)
        good = good && left->socket && (!cgroups || left->cgroup);
    else if (trial->cgroup == GONE)
        good = good && !left->socket && !left->cgroup;
    report->good = good;
    report->took_ms = left->took_ms;
    words_add(report, ": left%s%s%s%s%s", left->processes ? " processes" : "",
              left->cgroup ? " cgroups" : "", left->socket ? " the socket" : "",
              !left->processes && !left->cgroup && !left->socket ? " nothing" : "",
              good ? "" : ", which was not expected");
}

/* Whatever stands in a cgroup that was left the next start ends and removes, with the socket. */
static void next_start(const struct trial *trial, const struct pen *pen, unsigned number,
                       struct report *report)
{
    struct standin standin = {.pen = pen,
                              .number = number,
                              .agents = 1,
                              .mode = "cling",
                              .nobody = trial->standin.nobody,
                              .without_cgroups = number % 4 == 1};
    struct run run;
    bool open;

    run_begin(&run, &standin);
    open = run_ready(&run, false, report);
    pidfd_signal(run.daemon_fd, SIGINT);
    readable(run.daemon_fd, CLOSE_MS);
    look(pen, &run);
    if (!open || pen_alive(pen) || pen_ranges(pen) > 0 || (!trial->early && pen_sockets(pen) > 0)) {
        words_add(report, ", and the next start left%s%s%s", pen_alive(pen) ? " processes" : "",
                  pen_ranges(pen) > 0 ? " cgroups" : "", pen_sockets(pen) > 0 ? " a socket" : "");
        report->good = false;
    }
    run_close(&run);
}

void trial_run(const struct trial *trial, struct pen *pen, unsigned number, struct report *report)
{
    struct standin standin = trial->standin;
    bool blind = (trial->ends & DAEMON) == 0 && (standin.off & NO_WATCH) != 0;
    struct left left;
    struct run run;

    standin.pen = pen;
    standin.number = number;
    report->good = report->skipped = false;
    snprintf(report->words, sizeof report->words, "%s", trial->name);
    if ((standin.memory && pen->memory[0] == '\0') || (trial->held > 0 && pen->cgroup[0] == '\0') ||
        (standin.nobody && geteuid() != 0)) {
        words_add(report, ": needs root and cgroups");
        report->skipped = true;
        return;
    }
    run_begin(&run, &standin);
    if (end_when(trial, &run, pen, report)) {
        /* Who is held goes on when the dead are dead, and not while they die. */
        if ((trial->ends & DAEMON) != 0)
            readable(run.daemon_fd, CLOSE_MS);
        close(run.hold);
        run.hold = -1;
        readable(run.daemon_fd, blind ? BLIND_MS : CLOSE_MS);
        left = look(pen, &run);
        judge(trial, pen, &left, report);
        /* Who was not to see the end is ended now. */
        pidfd_signal(run.daemon_fd, SIGKILL);
        readable(run.daemon_fd, CLOSE_MS);
        if (left.cgroup)
            next_start(trial, pen, number + 1, report);
    } else {
        report->skipped = standin.nobody;
    }
    pen_kill(pen);
    run_close(&run);
}

void living_run(struct pen *pen, struct report *report)
{
    struct standin standin = {.pen = pen, .number = 1, .agents = 3, .mode = "cling"};
    struct run lives, dead, next;
    bool good;

    snprintf(report->words, sizeof report->words, "a start clears what the dead left alone");
    report->skipped = pen->cgroup[0] == '\0';
    if (report->skipped)
        return;
    good = run_begin(&lives, &standin) && run_ready(&lives, true, report);
    standin.number = 2;
    good = run_begin(&dead, &standin) && run_ready(&dead, true, report) && good;
    end_by(&dead, pen, DAEMON | REAPER | AT_ONCE);
    readable(dead.daemon_fd, CLOSE_MS);
    /* While a keeper dies it still holds the range's lock. */
    readable(dead.reaper, CLOSE_MS);
    words_add(report, ": %u ranges", pen_ranges(pen));
    good = good && pen_ranges(pen) == 2;
    standin.number = 3;
    good = run_begin(&next, &standin) && run_ready(&next, true, report) && good;
    words_add(report, ", %u with the next", pen_ranges(pen));
    good = good && pen_ranges(pen) == 2;
    end_by(&next, pen, CLOSE);
    readable(next.daemon_fd, CLOSE_MS);
    words_add(report, ", %u after it, %u sockets", pen_ranges(pen), pen_sockets(pen));
    good = good && pen_ranges(pen) == 1 && pen_sockets(pen) == 1 && !band_alive(&dead.band) &&
           pidfd_alive(lives.daemon_fd) && pidfd_alive(lives.first) && pidfd_alive(lives.reaper) &&
           band_alive(&lives.band);
    end_by(&lives, pen, CLOSE);
    readable(lives.daemon_fd, CLOSE_MS);
    look(pen, &lives);
    words_add(report, ", %u in the end", pen_ranges(pen));
    report->good = good && !pen_alive(pen) && pen_ranges(pen) == 0 && pen_sockets(pen) == 0;
    pen_kill(pen);
    run_close(&lives);
    run_close(&dead);
    run_close(&next);
}
