/*
 * Orders to a thousand live agents that bring one another back: how long the range stands still
 * for `cauterize` of one, against freeze and thaw of the same cgroups by hand; how long from the
 * order being durable to the target's death; how long `stop --all` takes, against a bare
 * cgroup.kill of the same agents; how long an order takes to be accepted, busy and at rest.
 * Whoever measures by hand is at SCHED_RR where that is allowed, as the daemon is then.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew.h"
#include "measure.h"
#include "orders.h"

#define CREW 1000
#define SETTLE_NS (2 * SECOND_NS)

struct bench {
    struct live_orders orders;
    struct live_crew crew;
    const char *scenario;
    struct error error;
};

static bool bench_open(struct bench *bench, const char *scenario)
{
    bench->scenario = scenario;
    bench->error = (struct error){0};
    if (live_orders_open(&bench->orders, &bench->error) != 0 ||
        live_crew_open_with(&bench->crew, scenario, "bench-stops", &bench->orders, &bench->error) !=
            0 ||
        live_crew_wait(&bench->crew, &bench->error) != 0)
        return false;
    sleep_ns(SETTLE_NS);
    return true;
}

static bool bench_close(struct bench *bench)
{
    struct error error = {0};
    bool fine = live_crew_close(&bench->crew, &error) == 0;

    if (!fine && bench->error.code == 0)
        bench->error = error;
    live_orders_close(&bench->orders);
    return fine;
}

static void priority(int policy)
{
    const struct sched_param given = {.sched_priority = policy == SCHED_RR ? 1 : 0};

    (void)sched_setscheduler(0, policy, &given);
}

/* ---- by hand ---- */

/* The folder of the cgroup in which all agents of the crew's only node are; or -1. */
static int node_folder(const struct live_crew *crew)
{
    char path[64], line[512], folder[700];
    FILE *file;
    int found = -1;

    snprintf(path, sizeof path, "/proc/%d/cgroup", crew->processes[0].pid);
    file = fopen(path, "re");
    while (file != NULL && found < 0 && fgets(line, sizeof line, file) != NULL) {
        char *agent = strncmp(line, "0::", 3) == 0 ? strrchr(line, '/') : NULL;

        if (agent == NULL)
            continue;
        *agent = '\0';
        snprintf(folder, sizeof folder, "/sys/fs/cgroup/unified%s", line + 3);
        found = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (found < 0) {
            snprintf(folder, sizeof folder, "/sys/fs/cgroup%s", line + 3);
            found = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        }
    }
    if (file != NULL)
        fclose(file);
    return found;
}

static bool put(int folder, const char *name, const char *text)
{
    int file = openat(folder, name, O_WRONLY | O_CLOEXEC);
    bool fine = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);

    if (file >= 0)
        close(file);
    return fine;
}

static bool await_frozen(int folder)
{
    struct pollfd look = {.fd = openat(folder, "cgroup.events", O_RDONLY | O_CLOEXEC),
                          .events = POLLPRI};
    bool frozen = false;

    while (look.fd >= 0 && !frozen) {
        char text[128];
        ssize_t got = pread(look.fd, text, sizeof text - 1, 0);

        text[got > 0 ? got : 0] = '\0';
        frozen = strstr(text, "frozen 1") != NULL;
        if (!frozen && poll(&look, 1, 1000) <= 0)
            break;
    }
    if (look.fd >= 0)
        close(look.fd);
    return frozen;
}

static bool freeze_by_hand(int folder, struct series *series)
{
    int64_t began = now_ns();
    bool fine = put(folder, "cgroup.freeze", "1") && await_frozen(folder);

    fine = put(folder, "cgroup.freeze", "0") && fine;
    series_add(series, now_ns() - began);
    return fine;
}

/* ---- one among a thousand ---- */

static bool died_at(const struct live_crew *crew, uint64_t from, uint32_t agent, int64_t *at,
                    int64_t *stood)
{
    int64_t until = now_ns() + 5 * SECOND_NS;

    *at = *stood = 0;
    while (now_ns() < until && (*at == 0 || *stood == 0)) {
        for (uint64_t count = live_crew_records(crew); from < count; from++) {
            const struct timed_record *timed = &crew->shared->records[from];

            if (timed->record.verb == VERB_DIED && timed->record.whom == agent)
                *at = timed->at;
            if (timed->record.verb == VERB_FROZEN && timed->record.whom == agent)
                *stood = timed->record.value;
        }
        sleep_ns(MS_NS / 5);
    }
    return *at != 0 && *stood != 0;
}

struct measured {
    struct series floor, stood, death, accepted;
};

static bool one_round(struct bench *bench, struct measured *measured, int folder, uint32_t agent)
{
    uint64_t records = live_crew_records(&bench->crew);
    char name[SCENARIO_NAME_BYTES];
    int64_t took, answered, died, stood;

    priority(SCHED_RR);
    if (folder >= 0 && !freeze_by_hand(folder, &measured->floor))
        return false;
    priority(SCHED_OTHER);
    sleep_ns(50 * MS_NS);
    if (live_orders_give(&bench->orders, &bench->crew, ORDER_STOP,
                         scenario_agent_name(bench->crew.scenario, agent, name), &took, &answered,
                         &bench->error) != 0 ||
        !died_at(&bench->crew, records, agent, &died, &stood))
        return false;
    series_add(&measured->stood, stood);
    series_add(&measured->death, died - answered);
    series_add(&measured->accepted, took);
    sleep_ns(50 * MS_NS);
    return true;
}

static bool rounds(struct bench *bench, struct measured *measured, uint32_t count)
{
    int folder = node_folder(&bench->crew);

    if (folder < 0)
        puts("  no cgroups: nothing to compare a standstill with");
    for (uint32_t i = 0; i < count; i++)
        if (!one_round(bench, measured, folder, i * (CREW / count)))
            return false;
    return true;
}

static void print_one(struct measured *measured)
{
    double floor = (double)series_median(&measured->floor);
    double stood = (double)series_median(&measured->stood);

    series_print_us("freeze and thaw by hand", &measured->floor);
    series_print_us("standstill of cauterize", &measured->stood);
    series_print_us("durable to death", &measured->death);
    series_print_us("accepted, 999 busy", &measured->accepted);
    if (floor > 0)
        printf("  standstill %.2f times the floor (target: 2)\n", stood / floor);
    printf("  durable to death %.2f ms more than the standstill (target: at most 2)\n",
           ((double)series_median(&measured->death) - stood) / MS_NS);
}

/* ---- all of them ---- */

static int64_t all_dead(const struct live_crew *crew)
{
    for (uint32_t agent = 0; agent < CREW; agent++) {
        struct pollfd look = {.fd = crew->processes[agent].pidfd, .events = POLLIN};

        if (look.fd >= 0 && poll(&look, 1, 20000) != 1)
            return -1;
    }
    return now_ns();
}

static bool all_by_hand(struct bench *bench, struct series *series)
{
    int folder = node_folder(&bench->crew);
    int64_t began, ended;

    if (folder < 0)
        return false;
    priority(SCHED_RR);
    began = now_ns();
    if (!put(folder, "cgroup.kill", "1"))
        return false;
    ended = all_dead(&bench->crew);
    priority(SCHED_OTHER);
    close(folder);
    series_add(series, ended - began);
    return ended >= 0;
}

static bool all_by_order(struct bench *bench, struct series *series)
{
    int64_t took, answered, ended;

    priority(SCHED_RR);
    if (live_orders_give(&bench->orders, &bench->crew, ORDER_STOP, NULL, &took, &answered,
                         &bench->error) != 0)
        return false;
    ended = all_dead(&bench->crew);
    priority(SCHED_OTHER);
    series_add(series, ended - answered);
    return ended >= 0;
}

static bool all(uint32_t count, struct bench *bench)
{
    struct series hand = {0}, order = {0};
    bool fine = true;

    for (uint32_t i = 0; fine && i < 2 * count; i++) {
        fine = bench_open(bench, "bench/live/storm.yaml") &&
               (i % 2 == 0 ? all_by_hand(bench, &hand) : all_by_order(bench, &order));
        bench_close(bench);
    }
    series_print_us("cgroup.kill of all by hand", &hand);
    series_print_us("stop --all, from durable", &order);
    if (hand.count > 0 && order.count > 0)
        printf("  stop --all %.2f times the floor (target: 1.2)\n",
               (double)series_median(&order) / (double)series_median(&hand));
    series_free(&hand);
    series_free(&order);
    return fine;
}

/* ---- at rest ---- */

static bool at_rest(struct bench *bench, uint32_t count, struct measured *busy)
{
    struct measured rest = {0};
    bool fine = bench_open(bench, "bench/live/idle.yaml") && rounds(bench, &rest, count);

    series_print_us("accepted, 999 at rest", &rest.accepted);
    if (rest.accepted.count > 0)
        printf("  accepted by 99%% of orders: busy %.2f times at rest (target: 5)\n",
               (double)series_at(&busy->accepted, 0.99) / (double)series_at(&rest.accepted, 0.99));
    fine = bench_close(bench) && fine;
    return fine;
}

int main(int argc, char **argv)
{
    bool quick = quick_asked(argc, argv);
    uint32_t count = quick ? 20 : 100;
    struct measured measured = {0};
    struct bench bench = {0};
    bool fine;

    printf("stops: orders to %d agents that bring one another back, %u of one\n", CREW, count);
    fflush(stdout);
    files_raise();
    if (!machine_holds_range("  stops"))
        return 0;
    fine = bench_open(&bench, "bench/live/storm.yaml") && rounds(&bench, &measured, count);
    print_one(&measured);
    fine = bench_close(&bench) && fine;
    fine = fine && at_rest(&bench, count, &measured);
    fine = fine && all(quick ? 1 : 3, &bench);
    if (!fine)
        fprintf(stderr, "stops: %s\n", bench.error.message);
    return fine ? 0 : 1;
}
