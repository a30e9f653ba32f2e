/*
 * The range stands still: no agent sees a half-done state, and none can start what was just killed.
 *
 * By its cgroups; where there are none, by a signal to each process that the witness knows, again
 * and again until it finds none that it has not stopped: that is no freeze that can be vouched for,
 * and FROZEN says so.
 *
 * Range time stands still with it. Control goes by boot time, which does not.
 */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/daemon/inside.h"

/* Rounds of signals in a range without cgroups. */
#define ROUNDS_MAX 8

struct round {
    struct daemon *daemon;
    int signal;
    uint32_t sent;
};

static void signal_one(void *context, const struct seen *process, bool sanctioned)
{
    struct round *round = context;
    int pidfd;

    (void)sanctioned;
    if (process->pid == range_first(round->daemon->range))
        return;
    pidfd = witness_pidfd(round->daemon->witness, process->pid);
    if (pidfd < 0)
        return;
    (void)syscall(SYS_pidfd_send_signal, pidfd, round->signal, NULL, 0);
    close(pidfd);
    round->sent++;
}

/* Whom it has found by then is sent the signal; how many those were. */
static uint32_t signal_all(struct daemon *daemon, int signal)
{
    struct round round = {daemon, signal, 0};

    witness_look(daemon->witness);
    witness_list(daemon->witness, signal_one, &round);
    return round.sent;
}

static void freeze_by_signal(struct daemon *daemon)
{
    uint32_t before = UINT32_MAX;

    for (int i = 0; i < ROUNDS_MAX; i++) {
        uint32_t sent = signal_all(daemon, SIGSTOP);

        if (sent == before)
            return;
        before = sent;
    }
}

/* Whoever is held or hangs stays so; a SIGCONT would let him go on. */
static void thaw_one(void *context, const struct seen *process, bool sanctioned)
{
    struct round *round = context;
    bool hangs = sanctioned && process->agent != AGENT_NONE &&
                 round->daemon->lives[row_of(round->daemon, process->agent, process->slot)].hung;

    if (!hangs && !find_is_held(round->daemon, process->pid))
        signal_one(context, process, sanctioned);
}

static void thaw_by_signal(struct daemon *daemon)
{
    struct round round = {daemon, SIGCONT, 0};

    witness_list(daemon->witness, thaw_one, &round);
}

/* A thousand agents that defend one are many to wait for. Where it is not allowed, it waits. */
static void priority_raise(struct daemon *daemon)
{
    const struct sched_param first = {.sched_priority = 1};

    daemon->policy = sched_getscheduler(0);
    if (daemon->policy == SCHED_OTHER)
        (void)sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &first);
}

static void priority_restore(const struct daemon *daemon)
{
    const struct sched_param none = {0};

    if (daemon->policy == SCHED_OTHER)
        (void)sched_setscheduler(0, SCHED_OTHER, &none);
}

int range_stand_still(struct daemon *daemon, time_ns limit)
{
    struct error error = {0};
    int failed = 0;

    if (daemon->frozen++ > 0)
        return daemon->frozen_failed;
    daemon->frozen_at = daemon_boot_time();
    priority_raise(daemon);
    if (range_cgroup(daemon->range, AGENT_NONE) >= 0) {
        failed = range_freeze(daemon->range, limit, &error);
    } else {
        freeze_by_signal(daemon);
        failed = ERROR_MACHINE;
    }
    daemon->frozen_failed = failed == 0 ? 0 : failed == ERROR_MACHINE ? ENOTSUP : ETIMEDOUT;
    daemon->now = daemon_range_time(daemon);
    daemon->frozen_since = daemon_monotonic();
    /* What agents sent before waits until they go on, and so do they. */
    uv_poll_stop(&daemon->crew_poll);
    return daemon->frozen_failed;
}

time_ns range_go_on(struct daemon *daemon)
{
    struct error error = {0};
    time_ns stood;

    assert(daemon->frozen > 0);
    stood = daemon_boot_time() - daemon->frozen_at;
    if (--daemon->frozen > 0)
        return stood;
    daemon->stood += daemon_monotonic() - daemon->frozen_since;
    atomic_store(&daemon->shared->stood, daemon->stood);
    witness_stood(daemon->witness, daemon->stood);
    if (range_cgroup(daemon->range, AGENT_NONE) < 0)
        thaw_by_signal(daemon);
    else if (range_thaw(daemon->range, &error) != 0)
        daemon_fail(daemon, error.code, "the range does not go on: %s", error.message);
    priority_restore(daemon);
    if (daemon->loop_open && daemon->state != DAEMON_CLOSING)
        uv_poll_start(&daemon->crew_poll, UV_READABLE, channel_ready);
    return stood;
}
