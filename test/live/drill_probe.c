/*
 * Holds a scenario on a range and prints its records, one a line: for looking at by hand, and for
 * measuring. drill_probe FILE [ARM [SECONDS [CONTROL]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/daemon/daemon.h"

struct probe {
    const struct scenario *scenario;
};

static const char *name_of(const struct probe *probe, agent_id agent, char *buffer)
{
    return agent == AGENT_NONE ? "-" : scenario_agent_name(probe->scenario, agent, buffer);
}

static int take(void *context, const struct record *record)
{
    const struct probe *probe = context;
    char who[SCENARIO_NAME_BYTES], whom[SCENARIO_NAME_BYTES], by[SCENARIO_NAME_BYTES],
        via[SCENARIO_NAME_BYTES];

    printf("%12.6f %08x:%-4u <- %08x:%-4d %-11s who=%s#%u whom=%s#%u by=%s via=%s value=%lld "
           "flags=%x\n",
           (double)record->time / 1e9, record->id.writer, record->id.sequence, record->cause.writer,
           (int)record->cause.sequence, record_verb_name(record->verb),
           name_of(probe, record->who, who), record->who_incarnation,
           name_of(probe, record->whom, whom), record->whom_incarnation,
           name_of(probe, record->by, by), name_of(probe, record->via, via),
           (long long)record->value, record->flags);
    return 0;
}

static int tick(void *context, const struct daemon_progress *progress)
{
    (void)context;
    fprintf(stderr, "%.3f s: %u of %u alive, %llu records\n", (double)progress->now / 1e9,
            progress->alive, progress->agents, (unsigned long long)progress->records);
    return 0;
}

static void failure(void *context, const char *words)
{
    (void)context;
    fprintf(stderr, "failure: %s\n", words);
}

int main(int argc, char **argv)
{
    struct error error = {0};
    struct scenario_file *file = NULL;
    const struct scenario *scenario = NULL;
    struct probe probe;
    struct record_sink sink = {take, &probe};
    struct daemon_outcome outcome = {0};
    struct daemon_options options = {.campaign = true,
                                     .sinks = &sink,
                                     .sink_count = 1,
                                     .tick = tick,
                                     .failure = failure,
                                     .context = &probe};
    uint32_t arm = 0;
    int failed;

    if (argc < 2)
        return 2;
    failed = scenario_open(&file, argv[1], NULL, 0, &error);
    for (uint32_t a = 0; failed == 0 && argc > 2 && a < scenario_arms(file); a++)
        if (strcmp(scenario_arm_name(file, a), argv[2]) == 0)
            arm = a;
    if (failed == 0)
        failed = scenario_arm(file, arm, &scenario, &error);
    if (failed == 0) {
        probe.scenario = options.scenario = scenario;
        options.seed = scenario->seed;
        options.duration = argc > 3 ? (time_ns)(atof(argv[3]) * 1e9) : scenario->duration;
        options.control = argc > 4 ? argv[4] : NULL;
        failed = daemon_run(&options, &outcome, &error);
    }
    if (failed != 0)
        fprintf(stderr, "%s\n", error.message);
    fprintf(stderr, "end %d at %.3f s; on %s\n", outcome.end, (double)outcome.ended / 1e9,
            outcome.range);
    scenario_close(file);
    return failed == 0 ? 0 : 1;
}
