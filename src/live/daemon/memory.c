/* What the daemon takes once, at its start. */
#include <stdlib.h>
#include <string.h>

#include "live/daemon/inside.h"

static void *take(struct daemon *daemon, size_t count, size_t size)
{
    void *memory = arena_take_array(&daemon->arena, count > 0 ? count : 1, size);

    if (memory == NULL && daemon->failed == 0)
        daemon_fail(daemon, ERROR_MEMORY, "out of memory for %u agents", daemon->agents);
    return memory;
}

static int compare_names(const void *a, const void *b, void *context)
{
    const struct daemon *daemon = context;

    return strcmp(daemon->names[*(const agent_id *)a], daemon->names[*(const agent_id *)b]);
}

static void names_take(struct daemon *daemon)
{
    char buffer[SCENARIO_NAME_BYTES];

    daemon->names = take(daemon, daemon->agents, sizeof *daemon->names);
    daemon->by_name = take(daemon, daemon->agents, sizeof *daemon->by_name);
    for (agent_id a = 0; a < daemon->agents && daemon->failed == 0; a++) {
        const char *name = scenario_agent_name(daemon->scenario, a, buffer);

        daemon->names[a] = arena_text(&daemon->arena, name, strlen(name));
        daemon->by_name[a] = a;
        if (daemon->names[a] == NULL)
            daemon_fail(daemon, ERROR_MEMORY, "out of memory for the agents' names");
    }
    if (daemon->failed == 0)
        qsort_r(daemon->by_name, daemon->agents, sizeof *daemon->by_name, compare_names, daemon);
}

agent_id crew_named(const struct daemon *daemon, const char *name)
{
    uint32_t low = 0, high = daemon->agents;

    while (name != NULL && low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(daemon->names[daemon->by_name[middle]], name);

        if (order == 0)
            return daemon->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return AGENT_NONE;
}

static void lives_take(struct daemon *daemon)
{
    daemon->lives = take(daemon, daemon->rows, sizeof *daemon->lives);
    daemon->sequence = take(daemon, daemon->rows, sizeof *daemon->sequence);
    for (uint32_t row = 0; row < daemon->rows && daemon->failed == 0; row++) {
        struct life *life = &daemon->lives[row];

        life->pidfd = life->channel = life->far_end = life->own = -1;
        life->masks =
            take(daemon, degree_of(daemon, row_agent(daemon, row)) + 1, sizeof *life->masks);
        life->concern =
            take(daemon, degree_of(daemon, row_agent(daemon, row)) + 1, sizeof *life->concern);
    }
}

int memory_open(struct daemon *daemon, struct error *error)
{
    const struct scenario *scenario = daemon->scenario;

    (void)error;
    daemon->agents = scenario->agents;
    daemon->slots = scenario->platform.incarnations_max;
    daemon->rows = daemon->agents * daemon->slots;
    names_take(daemon);
    lives_take(daemon);
    daemon->object = take(daemon, daemon->agents, 1);
    daemon->starts = take(daemon, daemon->agents, sizeof *daemon->starts);
    daemon->published = take(daemon, daemon->agents, sizeof *daemon->published);
    daemon->last = take(daemon, daemon->agents, sizeof *daemon->last);
    daemon->address = take(daemon, daemon->agents, sizeof *daemon->address);
    if (daemon->failed != 0)
        return daemon->failed;
    for (agent_id a = 0; a < daemon->agents; a++) {
        daemon->object[a] = scenario->groups[scenario->group_of[a]].rules.object;
        daemon->published[a].id = RECORD_ID_NONE;
        daemon->last[a] = CAUSE_NONE;
        daemon->address[a] = a;
    }
    return 0;
}

void memory_close(struct daemon *daemon)
{
    for (uint32_t row = 0; row < daemon->rows && daemon->lives != NULL; row++) {
        free(daemon->lives[row].deliveries);
        free(daemon->lives[row].told);
        free(daemon->lives[row].out);
    }
    free(daemon->queue);
    free(daemon->openings);
    free(daemon->due);
    arena_close(&daemon->arena);
}
