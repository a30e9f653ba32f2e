/*
 * From the kill of an agent to the first instruction of its next incarnation, when a peer brings it
 * back with no latency of decision; against a loop of kill, waitpid and posix_spawn of the same
 * program in the same run. Target: 2.5 times that floor. With what a range adds, piece by piece;
 * with the steps of the path, from the trace; and beside the supervisors of Debian's packages.
 * There are no warm spares.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew.h"
#include "measure.h"
#include "pieces.h"
#include "rounds.h"
#include "supervisors.h"

#define BACK_MAX (10 * SECOND_NS)
#define BATCH 30

/* The path, in its order: the first record of each kind about the target after the kill. */
static const struct step {
    uint8_t verb;
    const char *words;
} STEPS[] = {
    {VERB_DIED, "the daemon recorded the death"},
    {VERB_NOTICED, "... a peer's word that its link hung up"},
    {VERB_DECIDES, "... that it put the case to its mind"},
    {VERB_DECIDED, "... that its mind has chosen"},
    {VERB_VOLUNTEERS, "... that it comes forward"},
    {VERB_GRANTED, "the platform let it"},
    {VERB_RELAUNCHES, "the peer asked for the relaunch"},
    {VERB_STARTS, "the platform decided to start it"},
    {VERB_STARTED, "the daemon knew that the process runs"},
    {VERB_RETURNED, "it was back with all its former links"},
};
#define STEP_COUNT (sizeof STEPS / sizeof STEPS[0])

struct path {
    struct series steps[STEP_COUNT];
    struct series first;   /* kill to first instruction */
    struct series spawned; /* the platform's decision to first instruction */
};

/* Takes the first record of each step about `target`, from *next on. True when it is back. */
static bool steps_take(struct live_crew *crew, agent_id target, uint64_t *next,
                       int64_t at[STEP_COUNT])
{
    for (uint64_t count = live_crew_records(crew); *next < count; ++*next) {
        const struct timed_record *timed = &crew->shared->records[*next];

        if (timed->record.whom != target)
            continue;
        for (size_t step = 0; step < STEP_COUNT; step++)
            if (STEPS[step].verb == timed->record.verb && at[step] == 0)
                at[step] = timed->at;
    }
    return at[STEP_COUNT - 1] != 0;
}

/* One kill. The control socket is read after the target is back: a reader that wakes up with every
 * record would take the time that it measures. */
static bool round_do(struct live_crew *crew, agent_id target, uint64_t *next, struct path *path)
{
    const struct live_process *process = &crew->processes[target];
    uint32_t incarnation = process->incarnation;
    int64_t at[STEP_COUNT] = {0};
    int64_t killed, first;
    int64_t until = now_ns() + BACK_MAX;

    *next = live_crew_records(crew);
    if (first_instruction_of(process->pid) == 0)
        return false;
    killed = now_ns();
    if (pidfd_kill(process->pidfd, SIGKILL) != 0)
        return false;
    do {
        sleep_ns(ROUNDS_REST_NS);
    } while (!steps_take(crew, target, next, at) && now_ns() < until);
    while ((process->pid == 0 || process->incarnation <= incarnation) && now_ns() < until)
        if (live_crew_follow(crew, 50 * MS_NS) < 0)
            return false;
    if (process->pid == 0 || process->incarnation <= incarnation || at[STEP_COUNT - 1] == 0)
        return false;
    first = first_instruction_wait(process->pid);
    if (first == 0)
        return false;
    series_add(&path->first, first - killed);
    for (size_t step = 0; step < STEP_COUNT; step++)
        if (at[step] != 0)
            series_add(&path->steps[step], at[step] - killed);
    if (at[7] != 0)
        series_add(&path->spawned, first - at[7]);
    return true;
}

static bool floor_batch(struct series *floor)
{
    struct rounds_plan bare = {
        .how = ROUNDS_POSIX, .count = BATCH, .cgroup = -1, .filter = -1, .over_all = -1};

    return rounds_run(&bare, floor);
}

static void path_print(struct path *path, int64_t floor)
{
    double median = (double)series_median(&path->first);

    printf("\n  a peer's relaunch on a range: %.1f us, 99%% %.1f us, n %zu: %.2f times the floor "
           "(target 2.5)\n  of these, from the platform's decision to the first instruction: %.1f "
           "us\n  since the kill:\n",
           median / 1e3, (double)series_at(&path->first, 0.99) / 1e3, path->first.count,
           median / (double)floor, (double)series_median(&path->spawned) / 1e3);
    for (size_t step = 0; step < STEP_COUNT; step++) {
        if (STEPS[step].verb == VERB_STARTED)
            series_print_us("FIRST INSTRUCTION of the next incarnation", &path->first);
        series_print_us(STEPS[step].words, &path->steps[step]);
    }
}

/* Batches of kills alternate with batches of the floor, so that a neighbour's load falls on both.
 */
static bool peers_measure(int rounds, struct path *path, struct series *floor)
{
    struct live_crew crew;
    struct error error = {0};
    int failed = live_crew_open(&crew, "bench/live/relaunch.yaml", "bench-relaunch", &error);
    uint64_t next = 0;
    int done = 0, missed = 0;

    if (failed == 0)
        failed = live_crew_wait(&crew, &error);
    while (failed == 0 && done < rounds && missed < 3) {
        if (!round_do(&crew, (agent_id)(done % 4), &next, path))
            missed++;
        if (++done % BATCH == 0 && !floor_batch(floor))
            failed = error_set(&error, ERROR_MACHINE, "the lean program cannot be spawned");
    }
    if (live_crew_close(&crew, &error) != 0 || failed != 0)
        fprintf(stderr, "relaunch: %s\n", error.message);
    if (missed > 0)
        printf("  %d of %d kills: not back within %d s\n", missed, done,
               (int)(BACK_MAX / SECOND_NS));
    return failed == 0 && missed == 0;
}

static void path_free(struct path *path)
{
    for (size_t step = 0; step < STEP_COUNT; step++)
        series_free(&path->steps[step]);
    series_free(&path->first);
    series_free(&path->spawned);
}

int main(int argc, char **argv)
{
    bool quick = quick_asked(argc, argv), range, fine = true;
    struct series floor = {0};
    struct path path = {0};
    int64_t median;

    puts("relaunch: from the kill to the first instruction of the next incarnation");
    range = machine_holds_range("  on a range");
    if (range)
        fine = peers_measure(quick ? BATCH : 300, &path, &floor);
    if (floor.count == 0 && !floor_batch(&floor)) {
        fputs("relaunch: the lean program cannot be spawned\n", stderr);
        return 1;
    }
    median = series_median(&floor);
    series_print_us("floor: kill, waitpid, posix_spawn of the same program", &floor);
    if (path.first.count > 0)
        path_print(&path, median);
    if (range)
        pieces_measure(quick);
    supervisors_measure(median, quick ? 3 : 10);
    path_free(&path);
    series_free(&floor);
    return fine ? 0 : 1;
}
