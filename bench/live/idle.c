/*
 * A thousand live agents of degree 8 at a one-second probe, nobody stopped: the share of all
 * processors' time that daemon, first process and agents take. Target: below 15% of two. The floor,
 * in the same run, is a thousand processes that wake up once a second and exchange one message over
 * a socket pair.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "measure.h"
#include "rounds.h"

#define CREW 1000
#define PROCESSORS 2
#define SETTLE_NS (5 * SECOND_NS)

static int64_t cpu_all(const pid_t *processes, uint32_t count)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += cpu_of(processes[i]);
    return sum;
}

static double share(int64_t used, int64_t took)
{
    return 100.0 * (double)used / ((double)took * PROCESSORS);
}

/* ---- floor ---- */

static bool floor_start(pid_t *processes)
{
    int ends[2];

    for (int i = 0; i < CREW; i += 2) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
            return false;
        for (int end = 0; end < 2; end++) {
            char phase[24];

            snprintf(phase, sizeof phase, "%lld", (long long)(SECOND_NS / CREW * (i + end)));
            processes[i + end] = rounds_spawn("beat", phase, ends[end]);
            if (processes[i + end] <= 0)
                return false;
        }
        close(ends[0]);
        close(ends[1]);
    }
    return true;
}

static bool floor_measure(int64_t length, double *floor)
{
    pid_t processes[CREW] = {0};
    bool fine = floor_start(processes);
    int64_t used, began;

    sleep_ns(SETTLE_NS / 2);
    used = cpu_all(processes, CREW);
    began = now_ns();
    sleep_ns(length);
    used = cpu_all(processes, CREW) - used;
    *floor = share(used, now_ns() - began);
    for (int i = 0; i < CREW; i++)
        if (processes[i] > 0) {
            kill(processes[i], SIGKILL);
            waitpid(processes[i], NULL, 0);
        }
    if (fine)
        printf("  floor: %d processes that exchange one message a second   %6.2f%% of %d "
               "processors\n",
               CREW, *floor, PROCESSORS);
    return fine;
}

/* ---- the range ---- */

static bool crew_measure(struct live_crew *crew, int64_t length, double floor)
{
    pid_t processes[CREW];
    pid_t first = parent_of(crew->processes[0].pid);
    int64_t daemon, ground, agents, began, took;
    uint64_t records;
    double all;

    for (uint32_t i = 0; i < CREW; i++)
        processes[i] = crew->processes[i].pid;
    sleep_ns(SETTLE_NS);
    records = live_crew_records(crew);
    daemon = cpu_of(crew->daemon);
    ground = cpu_of(first);
    agents = cpu_all(processes, CREW);
    began = now_ns();
    sleep_ns(length);
    agents = cpu_all(processes, CREW) - agents;
    took = now_ns() - began;
    ground = cpu_of(first) - ground;
    daemon = cpu_of(crew->daemon) - daemon;
    all = share(agents + ground + daemon, took);
    printf("  range of %d agents of degree 8, one probe a second            %6.2f%%: agents %.2f, "
           "daemon %.2f, first %.2f; %.2f times the floor (target: below 15%%)\n",
           CREW, all, share(agents, took), share(daemon, took), share(ground, took), all / floor);
    if (live_crew_records(crew) != records)
        printf("  it was not at rest: %llu records were made meanwhile\n",
               (unsigned long long)(live_crew_records(crew) - records));
    return true;
}

int main(int argc, char **argv)
{
    int64_t length = (quick_asked(argc, argv) ? 5 : 20) * SECOND_NS;
    struct error error = {0};
    struct live_crew crew;
    double floor = 0;
    int failed;

    printf("idle: processor time of a crew at rest, over %d s\n", (int)(length / SECOND_NS));
    fflush(stdout);
    files_raise();
    if (!floor_measure(length, &floor)) {
        fputs("idle: so many processes cannot be started\n", stderr);
        return 1;
    }
    if (!machine_holds_range("  range"))
        return 0;
    failed = live_crew_open(&crew, "bench/live/idle.yaml", "bench-idle", &error);
    if (failed == 0)
        failed = live_crew_wait(&crew, &error);
    if (failed == 0)
        crew_measure(&crew, length, floor);
    if (live_crew_close(&crew, &error) != 0 || failed != 0) {
        fprintf(stderr, "idle: %s\n", error.message);
        return 1;
    }
    return 0;
}
