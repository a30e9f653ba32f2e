/* The only file of the room that calls the range. */
#include "live/witness/ground.h"

static int range_ground_cgroup(const void *context, agent_id agent)
{
    return range_cgroup(context, agent);
}

static const char *range_ground_path(const void *context, agent_id agent, char *path, size_t size)
{
    return range_cgroup_path(context, agent, path, size);
}

static agent_id range_ground_agent(const void *context, const char *path)
{
    return range_agent_of_path(context, path);
}

int witness_open(struct witness **witness, const struct range *range,
                 const struct witness_options *options, struct error *error)
{
    struct ground ground = {.context = range,
                            .first = range_first(range),
                            .cgroup = range_ground_cgroup,
                            .cgroup_path = range_ground_path,
                            .agent_of_path = range_ground_agent};

    return witness_open_on(witness, &ground, options, error);
}
