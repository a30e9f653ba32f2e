/*
 * One crew of agents that watch one another, degree 8, nothing else: events a second and peak
 * resident bytes an agent, as one line `events seconds bytes`. Built twice: on the engine, and on
 * one binary heap (engine_heap.c). Called by the benchmark heartbeat.
 *
 *     crew AGENTS SIMULATED-SECONDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "scenario/scenario.h"
#include "sim/sim.h"

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Called after each window: stepping began with the first. */
static int note_begin(void *context, time_ns now, time_ns duration)
{
    double *began = context;

    (void)now;
    (void)duration;
    if (*began == 0)
        *began = seconds_now();
    return 0;
}

int main(int argc, char **argv)
{
    char count[64], duration[64];
    struct scenario_change changes[] = {{count}, {duration}};
    struct scenario_file *file;
    const struct scenario *arm;
    struct error error = {0};
    struct sim_result result = {0};
    double began = 0, took;
    struct sim_options options = {.seed = 1, .progress = note_begin, .progress_context = &began};
    struct rusage usage;

    if (argc != 3)
        return 2;
    snprintf(count, sizeof count, "crew[0].count=%s", argv[1]);
    snprintf(duration, sizeof duration, "duration=%ss", argv[2]);
    if (scenario_open(&file, "scenarios/heartbeat.yaml", changes, 2, &error) != 0 ||
        scenario_arm(file, 0, &arm, &error) != 0) {
        fprintf(stderr, "crew: %s\n", error.message);
        return 2;
    }
    if (sim_run(arm, &options, &result, &error) != 0) {
        fprintf(stderr, "crew: %s\n", error.message);
        return 3;
    }
    took = seconds_now() - began;
    getrusage(RUSAGE_SELF, &usage);
    printf("%llu %.6f %.1f\n", (unsigned long long)result.events, took,
           (double)usage.ru_maxrss * 1024 / (double)arm->agents);
    scenario_close(file);
    return 0;
}
