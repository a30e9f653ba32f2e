/* Goal: however a range ends, no process of it is left one second later, and cgroups and sockets go
 * too, by the reaper or by the next start; and each layer that sees to it is seen to be needed, by
 * taking the layers out in turn and together. Limits: a stand-in for the daemon, with the range of
 * the product compiled once more with a switch for each layer.
 *
 * usage: containment [SEED [TRIAL]]      A plain TAP program: the same seed draws the same endings,
 * and a trial's number runs that one alone. Several trials go on at once, each in a pen. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/containment.h"

#define PENS 4

static struct plan plan;
static struct pen pens[PENS];
static volatile sig_atomic_t stopped;

struct tally {
    unsigned tests, failed;
    unsigned good[GROUPS], bad[GROUPS], skipped[GROUPS];
    int64_t took_ms;
};

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

__attribute__((noreturn)) static void work(struct pen *pen, atomic_uint *next, unsigned end,
                                           int tell)
{
    struct report report;

    /* A stand-in that is interrupted before it listens is to die of it. */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (;;) {
        unsigned number = atomic_fetch_add(next, 1);

        if (number >= end)
            _exit(0);
        memset(&report, 0, sizeof report);
        report.trial = number;
        if (number == plan.count)
            living_run(pen, &report);
        else
            trial_run(&plan.trials[number], pen, 2 * number, &report);
        if (write(tell, &report, sizeof report) != (ssize_t)sizeof report)
            _exit(1);
    }
}

static void tell_of(struct tally *tally, const struct report *report, uint64_t seed)
{
    enum group group = report->trial < plan.count ? plan.trials[report->trial].group : LAYERS;
    bool many = group == PROMISE || group == NOBODY_ROOT;

    tally->skipped[group] += report->skipped;
    tally->good[group] += report->good;
    tally->bad[group] += !report->good && !report->skipped;
    if (report->good && report->took_ms < 1000 && report->took_ms > tally->took_ms)
        tally->took_ms = report->took_ms;
    if (many && (report->good || report->skipped))
        return;
    tally->tests++;
    tally->failed += !report->good && !report->skipped;
    printf("%s %u - %s%s\n", report->good || report->skipped ? "ok" : "not ok", tally->tests,
           report->words, report->skipped ? " # SKIP" : "");
    if (!report->good && !report->skipped)
        printf("# again: test_containment %llu %u\n", (unsigned long long)seed, report->trial);
    fflush(stdout);
}

static void summary(struct tally *tally, enum group group, const char *words, uint64_t seed)
{
    unsigned all = tally->good[group] + tally->bad[group];

    printf("ok %u - nothing was left after %u of %u endings%s (seed %llu)%s\n", ++tally->tests,
           tally->good[group], all, words, (unsigned long long)seed,
           all == 0 ? " # SKIP no range can be held so" : "");
}

static void run_all(struct tally *tally, uint64_t seed, unsigned begin, unsigned end)
{
    atomic_uint *next =
        mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned workers = end - begin < PENS ? end - begin : PENS;
    struct report report;
    pid_t pids[PENS];
    int ends[2];
    ssize_t length;

    if (next == MAP_FAILED || pipe(ends) != 0)
        exit(1);
    atomic_init(next, begin);
    fflush(stdout);
    for (unsigned i = 0; i < workers; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(ends[0]);
            work(&pens[i], next, end, ends[1]);
        }
    }
    close(ends[1]);
    while (!stopped && (length = read(ends[0], &report, sizeof report)) != 0)
        if (length == (ssize_t)sizeof report)
            tell_of(tally, &report, seed);
    close(ends[0]);
    for (unsigned i = 0; i < workers; i++) {
        int status = 0;

        if (stopped)
            kill(pids[i], SIGKILL);
        waitpid(pids[i], &status, 0);
        if (status != 0) {
            printf("not ok %u - a worker ended with %x\n", ++tally->tests, status);
            tally->failed++;
        }
    }
    munmap(next, sizeof *next);
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
    unsigned one = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    struct sigaction action = {.sa_handler = stop};
    struct report report = {0};
    struct tally tally = {0};
    struct trial plain = {
        .ends = CLOSE, .name = "a range", .standin = {.agents = 1, .mode = "cling"}};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    plan_make(&plan, seed);
    for (unsigned i = 0; i < PENS; i++)
        pen_open(&pens[i], i);
    printf("TAP version 13\n# seed %llu\n", (unsigned long long)seed);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    trial_run(&plain, &pens[0], 2 * TRIALS_MAX, &report);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    if (!report.good && strstr(report.words, "no range") != NULL) {
        printf("ok 1 - containment # SKIP %s\n", report.words);
        tally.tests++;
    } else if (argc > 2) {
        run_all(&tally, seed, one, one + 1);
    } else {
        run_all(&tally, seed, 0, plan.count + 1);
        summary(&tally, PROMISE, "", seed);
        summary(&tally, NOBODY_ROOT, " without root", seed);
        printf("# the slowest was gone after %lld ms\n", (long long)tally.took_ms);
    }
    for (unsigned i = 0; i < PENS; i++)
        pen_close(&pens[i]);
    printf("1..%u\n", tally.tests);
    return tally.failed == 0 && !stopped ? 0 : 1;
}
