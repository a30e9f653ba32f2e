/*
 * Runs of the simulated world for tests: a scenario file is opened, one arm is run, and its records
 * are kept in memory, in the order in which they were written.
 *
 *     struct world_run run = {0};
 *     world_run(&run, path, changes, count, block, true);
 *     ... run.records[0 .. run.count - 1], run.scenario, run.result ...
 *     world_run_close(&run);
 */
#ifndef IOLAUS_TEST_WORLD_RUN_H
#define IOLAUS_TEST_WORLD_RUN_H

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "scenario/scenario.h"
#include "sim/sim.h"
#include "trace/trace.h"
#include "trace/words.h"

struct world_run {
    struct scenario_file *file;
    const struct scenario *scenario;
    struct sim_result result;
    struct record *records;
    size_t count, room;
    struct trace_header header;
    char (*names)[SCENARIO_NAME_BYTES];
    const char **name_list, **kind_list;
};

static inline int world_run_take(void *context, const struct record *record)
{
    struct world_run *run = context;

    if (run->count == run->room) {
        run->room = run->room == 0 ? 1024 : 2 * run->room;
        run->records = realloc(run->records, run->room * sizeof *run->records);
        cr_assert_not_null(run->records);
    }
    run->records[run->count++] = *record;
    return 0;
}

/* What the words of a record need of a header. */
static inline void world_run_names(struct world_run *run)
{
    uint32_t agents = run->scenario->agents;

    run->names = calloc(agents, sizeof *run->names);
    run->name_list = calloc(agents, sizeof *run->name_list);
    run->kind_list = calloc(agents, sizeof *run->kind_list);
    for (agent_id a = 0; a < agents; a++) {
        run->name_list[a] = scenario_agent_name(run->scenario, a, run->names[a]);
        run->kind_list[a] = run->scenario->groups[run->scenario->group_of[a]].kind;
    }
    run->header = (struct trace_header){.scenario = run->scenario->name,
                                        .arm = run->scenario->arm,
                                        .world = "sim",
                                        .version = "",
                                        .host = "",
                                        .agents = agents,
                                        .nodes = run->scenario->nodes,
                                        .links = run->scenario->links.edges,
                                        .agent_names = run->name_list,
                                        .agent_kinds = run->kind_list,
                                        .node_names = run->scenario->node_names,
                                        .duration = run->scenario->duration};
}

static inline void world_run_open(struct world_run *run, const char *path)
{
    struct error error = {0};

    cr_assert_eq(scenario_open(&run->file, path, NULL, 0, &error), 0, "%s", error.message);
    cr_assert_eq(scenario_arm(run->file, 0, &run->scenario, &error), 0, "%s", error.message);
    world_run_names(run);
}

/* Runs it, also again; the records are those of this run alone. */
static inline int world_run_again(struct world_run *run, uint64_t seed, uint32_t block,
                                  bool recording, struct error *error)
{
    struct record_sink sink = {world_run_take, run};
    struct sim_options options = {
        .seed = seed, .block = block, .sink_count = recording, .sinks = &sink};

    run->count = 0;
    return sim_run(run->scenario, &options, &run->result, error);
}

static inline void world_run_close(struct world_run *run)
{
    scenario_close(run->file);
    free(run->records);
    free(run->names);
    free((void *)run->name_list);
    free((void *)run->kind_list);
    *run = (struct world_run){0};
}

#endif
