#include "scenario/trace_header.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

struct header_names {
    struct utsname host;
    const char **kinds;
    unsigned char *objects;
    const char **agents;
    char *agent_text;
};

void header_close(struct header_names *names)
{
    if (names == NULL)
        return;
    free(names->kinds);
    free(names->objects);
    free(names->agents);
    free(names->agent_text);
    free(names);
}

static int name_agents(const struct scenario *scenario, struct header_names *names)
{
    size_t room = SCENARIO_NAME_BYTES;

    names->kinds = calloc(scenario->agents, sizeof *names->kinds);
    names->objects = calloc(scenario->agents, 1);
    names->agents = calloc(scenario->agents, sizeof *names->agents);
    names->agent_text = calloc(scenario->agents, room);
    if (names->kinds == NULL || names->objects == NULL || names->agents == NULL ||
        names->agent_text == NULL)
        return ERROR_MEMORY;
    for (agent_id a = 0; a < scenario->agents; a++) {
        const struct scenario_group *group = &scenario->groups[scenario->group_of[a]];

        names->kinds[a] = group->kind;
        names->objects[a] = group->rules.object;
        names->agents[a] = names->agent_text + a * room;
        scenario_agent_name(scenario, a, names->agent_text + a * room);
    }
    return 0;
}

int header_make(const struct scenario *scenario, const char *world, uint64_t seed,
                uint32_t replicate, struct trace_header *header, struct header_names **result,
                struct error *error)
{
    struct header_names *names = calloc(1, sizeof *names);

    if (names == NULL || name_agents(scenario, names) != 0) {
        header_close(names);
        return error_set(error, ERROR_MEMORY, "out of memory for the names of %u agents",
                         scenario->agents);
    }
    uname(&names->host);
    *header = (struct trace_header){.scenario = scenario->name,
                                    .arm = scenario->arm,
                                    .world = world,
                                    .version = IOLAUS_VERSION,
                                    .host = names->host.nodename,
                                    .seed = seed,
                                    .replicate = replicate,
                                    .agents = scenario->agents,
                                    .nodes = scenario->nodes,
                                    .links = scenario->links.edges,
                                    .agent_names = names->agents,
                                    .agent_kinds = names->kinds,
                                    .objects = names->objects,
                                    .node_names = scenario->node_names,
                                    .duration = scenario->duration};
    memcpy(header->scenario_digest, scenario->digest, sizeof header->scenario_digest);
    graph_digest(&scenario->links, header->links_digest);
    *result = names;
    return 0;
}
