/*
 * A storm on a thousand live agents of degree 8: a hundred of them are killed every second for a
 * minute, by pidfd, from outside, and their peers bring them back. At the end every one must be
 * back, and every link made again: looked for in the trace.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "measure.h"

#define EVERY_NS (10 * MS_NS)
#define BACK_MAX (60 * SECOND_NS)

/* What the trace says of an agent, and of each of its links. */
struct standing {
    int64_t died;     /* 0: it runs */
    int64_t unlinked; /* since when a link of it is not made; 0: all are */
    uint32_t deaths, starts;
};
struct storm {
    struct live_crew crew;
    struct standing *agents;
    bool *connected, *carried;      /* by place in links.peers */
    uint64_t next;                  /* record */
    uint64_t kills, late, stranded; /* stranded: not linked again for longer than a second */
    struct series back, linked;
    uint64_t verbs[VERB_COUNT];
};

static uint64_t place_of(const struct storm *storm, agent_id agent, agent_id peer)
{
    const struct graph *links = &storm->crew.scenario->links;

    for (uint64_t place = links->offsets[agent]; place < links->offsets[agent + 1]; place++)
        if (links->peers[place] == peer)
            return place;
    return UINT64_MAX;
}

static void link_set(struct storm *storm, bool *list, agent_id a, agent_id b, bool value)
{
    uint64_t one = place_of(storm, a, b), other = place_of(storm, b, a);

    if (one != UINT64_MAX && other != UINT64_MAX)
        list[one] = list[other] = value;
}

static bool all_connected(const struct storm *storm, agent_id agent)
{
    const struct graph *links = &storm->crew.scenario->links;

    for (uint64_t place = links->offsets[agent]; place < links->offsets[agent + 1]; place++)
        if (!storm->connected[place])
            return false;
    return true;
}

static void died(struct storm *storm, agent_id agent, int64_t at)
{
    const struct graph *links = &storm->crew.scenario->links;
    struct standing *standing = &storm->agents[agent];

    standing->deaths++;
    standing->died = at;
    if (standing->unlinked == 0)
        standing->unlinked = at;
    for (uint64_t place = links->offsets[agent]; place < links->offsets[agent + 1]; place++) {
        link_set(storm, storm->connected, agent, links->peers[place], false);
        link_set(storm, storm->carried, agent, links->peers[place], false);
    }
}

static void connected(struct storm *storm, agent_id agent, int64_t at)
{
    struct standing *standing = &storm->agents[agent];

    if (standing->unlinked == 0 || standing->died != 0 || !all_connected(storm, agent))
        return;
    series_add(&storm->linked, at - standing->unlinked);
    storm->stranded += at - standing->unlinked > SECOND_NS;
    standing->unlinked = 0;
}

static void record_take(struct storm *storm, const struct timed_record *timed)
{
    const struct record *record = &timed->record;

    storm->verbs[record->verb]++;
    if (record->verb == VERB_DIED) {
        died(storm, record->whom, timed->at);
    } else if (record->verb == VERB_STARTED) {
        struct standing *standing = &storm->agents[record->whom];

        standing->starts++;
        if (standing->died != 0)
            series_add(&storm->back, timed->at - standing->died);
        standing->died = 0;
    } else if (record->verb == VERB_CONNECTED) {
        link_set(storm, storm->connected, record->who, record->whom, true);
        connected(storm, record->who, timed->at);
        connected(storm, record->whom, timed->at);
    } else if (record->verb == VERB_LINK_UP) {
        link_set(storm, storm->carried, record->who, record->whom, true);
    }
}

static void records_take(struct storm *storm)
{
    for (uint64_t count = live_crew_records(&storm->crew); storm->next < count; storm->next++)
        record_take(storm, &storm->crew.shared->records[storm->next]);
}

static bool one_kill(struct storm *storm)
{
    uint32_t agents = storm->crew.scenario->agents;

    for (uint32_t tries = 0; tries < 10 * agents; tries++) {
        agent_id agent = (agent_id)(random() % agents);
        struct live_process *process = &storm->crew.processes[agent];

        if (process->pidfd < 0 || storm->agents[agent].died != 0 ||
            first_instruction_of(process->pid) == 0)
            continue;
        if (pidfd_kill(process->pidfd, SIGKILL) != 0)
            continue;
        storm->kills++;
        return true;
    }
    return false;
}

static bool rage(struct storm *storm, int64_t length)
{
    int64_t until = now_ns() + length, due = now_ns();

    while (now_ns() < until) {
        int64_t now = now_ns();

        if (now < due) {
            if (live_crew_follow(&storm->crew, due - now) < 0)
                return false;
            records_take(storm);
            continue;
        }
        due += EVERY_NS;
        storm->late += now > due;
        if (!one_kill(storm))
            return false;
    }
    return true;
}

struct missing {
    uint32_t dead, unlinked;
    uint64_t links, silent;
};

static struct missing look(const struct storm *storm)
{
    const struct scenario *scenario = storm->crew.scenario;
    struct missing missing = {0};

    for (agent_id agent = 0; agent < scenario->agents; agent++) {
        missing.dead += storm->agents[agent].died != 0;
        missing.unlinked += !all_connected(storm, agent);
    }
    for (uint64_t place = 0; place < scenario->links.offsets[scenario->agents]; place++) {
        missing.links += !storm->connected[place];
        missing.silent += !storm->carried[place];
    }
    missing.links /= 2;
    missing.silent /= 2;
    return missing;
}

/* Gives how long it took until all were back, or until it was given up. */
static int64_t calm(struct storm *storm, struct missing *missing)
{
    int64_t began = now_ns();

    do {
        if (live_crew_follow(&storm->crew, 5 * MS_NS) < 0)
            break;
        records_take(storm);
        *missing = look(storm);
    } while ((missing->dead > 0 || missing->links > 0 || missing->silent > 0) &&
             now_ns() - began < BACK_MAX);
    return now_ns() - began;
}

static void print(struct storm *storm, int64_t length, int64_t took, const struct missing *missing)
{
    printf("  kills %llu in %d s (%llu a tick late), deaths %llu, starts of dead agents %zu\n",
           (unsigned long long)storm->kills, (int)(length / SECOND_NS),
           (unsigned long long)storm->late, (unsigned long long)storm->verbs[VERB_DIED],
           storm->back.count);
    printf("  back, as the daemon knew                 median %8.1f ms   99%% %8.1f ms   worst "
           "%8.1f ms\n",
           (double)series_median(&storm->back) / 1e6, (double)series_at(&storm->back, 0.99) / 1e6,
           (double)series_at(&storm->back, 1) / 1e6);
    printf("  all its links made again                 median %8.1f ms   99%% %8.1f ms   worst "
           "%8.1f ms\n",
           (double)series_median(&storm->linked) / 1e6,
           (double)series_at(&storm->linked, 0.99) / 1e6,
           (double)series_at(&storm->linked, 1) / 1e6);
    if (storm->stranded > 0)
        printf("  back, but without a link for longer than a second: %llu times\n",
               (unsigned long long)storm->stranded);
    if (missing->dead == 0 && missing->links == 0 && missing->silent == 0)
        printf("  every agent back, every link made and used again, %.2f s after the last kill\n",
               (double)took / 1e9);
    else
        printf("  after %.1f s NOT back: %u agents dead, %llu links of %u agents not made, %llu "
               "links not used\n",
               (double)took / 1e9, missing->dead, (unsigned long long)missing->links,
               missing->unlinked, (unsigned long long)missing->silent);
}

static bool storm_open(struct storm *storm, struct error *error)
{
    const struct scenario *scenario;
    uint64_t places;

    if (live_crew_open(&storm->crew, "bench/live/storm.yaml", "bench-storm", error) != 0 ||
        live_crew_wait(&storm->crew, error) != 0)
        return false;
    scenario = storm->crew.scenario;
    places = scenario->links.offsets[scenario->agents];
    storm->agents = calloc(scenario->agents, sizeof *storm->agents);
    storm->connected = malloc(places);
    storm->carried = malloc(places);
    if (storm->agents == NULL || storm->connected == NULL || storm->carried == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory") == 0;
    memset(storm->connected, true, places);
    memset(storm->carried, true, places);
    return true;
}

int main(int argc, char **argv)
{
    int64_t length = (quick_asked(argc, argv) ? 10 : 60) * SECOND_NS;
    struct missing missing = {.dead = 1};
    struct error error = {0};
    struct storm storm = {0};
    int64_t cpu = 0, began = 0, took = 0;
    bool fine;

    puts("storm: a hundred kills a second on a thousand live agents of degree 8");
    fflush(stdout);
    files_raise();
    if (!machine_holds_range("  range"))
        return 0;
    fine = storm_open(&storm, &error);
    if (fine) {
        srandom(1);
        sleep_ns(2 * SECOND_NS);
        cpu = cpu_of(storm.crew.daemon);
        began = now_ns();
        fine = rage(&storm, length);
        took = now_ns() - began;
        cpu = cpu_of(storm.crew.daemon) - cpu;
        if (!fine)
            error_set(&error, ERROR_MACHINE, "the storm could not be kept up");
    }
    if (storm.kills > 0) {
        int64_t after = calm(&storm, &missing);

        print(&storm, length, after, &missing);
        printf("  the daemon took %.0f%% of one processor, for %llu records\n",
               100.0 * (double)cpu / (double)took, (unsigned long long)storm.next);
    }
    if (live_crew_close(&storm.crew, &error) != 0)
        fine = false;
    if (!fine)
        fprintf(stderr, "storm: %s\n", error.message);
    free(storm.agents);
    free(storm.connected);
    free(storm.carried);
    series_free(&storm.back);
    series_free(&storm.linked);
    return fine && missing.dead == 0 && missing.links == 0 ? 0 : 1;
}
