/* What an agent is told at its start, as two sealed memfds. */
#include <stdlib.h>
#include <string.h>

#include "live/daemon/inside.h"
#include "live/work/work.h"
#include "world/clock.h"

int configure_crew(struct daemon *daemon, int *descriptor, struct error *error)
{
    const struct scenario *scenario = daemon->scenario;
    size_t size = sizeof(struct crew_config) + (size_t)daemon->agents * sizeof(uint32_t);
    struct crew_config *crew;
    uint32_t *names;
    uint8_t *objects, *covert;
    uint32_t at;
    int failed;

    size += 2 * (size_t)daemon->agents;
    for (agent_id a = 0; a < daemon->agents; a++)
        size += strlen(daemon->names[a]) + 1;
    crew = calloc(1, size);
    if (crew == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the crew's names");
    *crew = (struct crew_config){.version = AGENT_CONFIG_VERSION,
                                 .size = (uint32_t)size,
                                 .agents = daemon->agents,
                                 .names = sizeof *crew};
    crew->objects = crew->names + daemon->agents * (uint32_t)sizeof(uint32_t);
    crew->covert = crew->objects + daemon->agents;
    at = crew->covert + daemon->agents;
    names = (uint32_t *)(void *)((char *)crew + crew->names);
    objects = (uint8_t *)crew + crew->objects;
    covert = (uint8_t *)crew + crew->covert;
    for (agent_id a = 0; a < daemon->agents; a++) {
        size_t bytes = strlen(daemon->names[a]) + 1;

        names[a] = at;
        memcpy((char *)crew + at, daemon->names[a], bytes);
        at += (uint32_t)bytes;
        objects[a] = daemon->object[a];
        covert[a] = scenario->groups[scenario->group_of[a]].covert;
    }
    failed = config_seal_crew(crew, descriptor, &daemon->shared, error);
    free(crew);
    return failed;
}

static uint8_t work_of(const struct scenario_group *group)
{
    if (strcmp(group->kind_class, "vision") == 0)
        return WORK_VISION;
    return strcmp(group->kind_class, "robot") == 0 ? WORK_ROBOT : WORK_LANGUAGE;
}

static void set_links(const struct daemon *daemon, agent_id agent, struct agent_peer *links)
{
    const struct scenario *scenario = daemon->scenario;
    uint64_t first = scenario->links.offsets[agent];

    for (uint32_t i = 0; i < degree_of(daemon, agent); i++) {
        links[i].bond =
            scenario->bonds != NULL ? scenario->bonds[first + i] : scenario->bond_initial;
        if (scenario->dependence != NULL)
            links[i].dependence = scenario->dependence[first + i];
    }
}

int configure_life(struct daemon *daemon, uint32_t row, int *descriptor, struct error *error)
{
    const struct scenario *scenario = daemon->scenario;
    agent_id agent = row_agent(daemon, row);
    const struct life *life = &daemon->lives[row];
    const struct scenario_group *group = &scenario->groups[scenario->group_of[agent]];
    uint32_t degree = degree_of(daemon, agent);
    size_t peers = (sizeof(struct agent_config) + 15) / 16 * 16;
    size_t links = (peers + degree * sizeof(agent_id) + 15) / 16 * 16;
    size_t size = links + (degree + AGENT_LINKS_EXTRA) * sizeof(struct agent_peer);
    struct agent_config *own = calloc(1, size);
    int failed;

    if (own == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for an agent's configuration");
    *own = (struct agent_config){.version = AGENT_CONFIG_VERSION,
                                 .size = (uint32_t)size,
                                 .id = agent,
                                 .incarnation = life->incarnation,
                                 .work = work_of(group),
                                 .covert = group->covert,
                                 .replicate = daemon->options->replicate,
                                 .seed = daemon->options->seed,
                                 .opened = daemon->opened,
                                 .checkpoint = life->checkpoint,
                                 .rules = group->rules,
                                 .decision = group->decision,
                                 .service = group->service,
                                 .latency = scenario->network.latency,
                                 .loss = scenario->network.loss,
                                 .duplicate = scenario->network.duplicate,
                                 .degree = degree,
                                 .peers = (uint32_t)peers,
                                 .links = (uint32_t)links};
    if (scenario->network.drift_ppm_max > 0)
        own->drift_ppm = drift_draw(daemon->options->seed, daemon->options->replicate, agent,
                                    scenario->network.drift_ppm_max);
    memcpy(own->token, life->token, sizeof own->token);
    memcpy((char *)own + peers, peers_of(daemon, agent), degree * sizeof(agent_id));
    set_links(daemon, agent, (struct agent_peer *)(void *)((char *)own + links));
    failed = config_seal("own", own, size, descriptor, error);
    explicit_bzero(own, size);
    free(own);
    return failed;
}
