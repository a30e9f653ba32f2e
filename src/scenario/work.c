/*
 * Sources of work, and how much agents depend on each other for it.
 *
 * Task number k goes, at each hop of its route, to candidate k mod count. So of two hops with m and
 * n candidates the pairs that follow one another repeat after lcm(m, n) tasks; only these need
 * links, but where the platform may reroute, all pairs do.
 */
#include "scenario/resolve.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define PAIRS_MAX UINT64_C(4000000)
#define SECONDS_IN_LONG INT64_C(1000000000)

static uint64_t common_multiple(uint64_t a, uint64_t b)
{
    uint64_t x = a, y = b;

    assert(a > 0 && b > 0);
    while (y != 0) {
        uint64_t rest = x % y;

        x = y;
        y = rest;
    }
    return a / x * b;
}

static int pair_error(struct resolver *resolver, int node, agent_id from, agent_id to)
{
    char a[SCENARIO_NAME_BYTES], b[SCENARIO_NAME_BYTES];

    scenario_agent_name(resolver->scenario, from, a);
    scenario_agent_name(resolver->scenario, to, b);
    if (from == to)
        return refuse(&resolver->reader, node,
                      "route: a task would go from `%s` to itself; leave one of them out", a);
    return refuse(&resolver->reader, node,
                  "route: `%s` and `%s` follow one another but have no link; add [%s, %s] to "
                  "links.list, or choose another route",
                  a, b, a, b);
}

static int hops_check(struct resolver *resolver, int node, const struct scenario_hop *from,
                      const struct scenario_hop *to)
{
    const struct scenario *scenario = resolver->scenario;
    bool all = scenario->platform.on_failed == ON_FAILED_REROUTE;
    uint64_t pairs =
        all ? (uint64_t)from->count * to->count : common_multiple(from->count, to->count);

    if (pairs > PAIRS_MAX)
        return refuse(&resolver->reader, node,
                      "route: %u and %u agents make more than %" PRIu64
                      " pairs; take groups of the same size",
                      from->count, to->count, PAIRS_MAX);
    for (uint64_t k = 0; k < pairs; k++) {
        agent_id a = from->candidates[all ? k / to->count : k % from->count];
        agent_id b = to->candidates[k % to->count];

        if (a == b || link_place(&scenario->links, a, b) == UINT64_MAX)
            return pair_error(resolver, node, a, b);
    }
    return 0;
}

static int source_resolve(struct resolver *resolver, const struct spec_work *written,
                          struct scenario_work *work)
{
    struct reader *reader = &resolver->reader;
    struct scenario_hop *hops = arena_take_array(reader->arena, written->route.count, sizeof *hops);
    int code = 0;

    if (hops == NULL)
        return reader_memory(reader);
    if (written->route.count == 0 || written->route.count > 64)
        return refuse(reader, written->route.node, "route: from 1 to 64 names should stand here");
    if (written->every.low + written->every.width < 1000)
        return refuse_at(reader, written->item.node, "every",
                         "every: the mean time between two tasks must be at least 1us");
    for (uint32_t i = 0; i < written->route.count && code == 0; i++) {
        struct names one = {written->route.nodes[i], written->route.items + i,
                            written->route.nodes + i, 1};

        code = find_all_agents(resolver, &one, &hops[i].candidates, &hops[i].count);
        if (code == 0 && i > 0)
            code = hops_check(resolver, one.node, &hops[i - 1], &hops[i]);
    }
    *work = (struct scenario_work){written->item.name, written->every, written->deadline, hops,
                                   written->route.count};
    return code;
}

/* Tasks of one source in about 30 years: whole numbers, so that every machine has the same. */
static uint64_t source_weight(const struct scenario_work *work)
{
    time_ns mean = work->every.low + (work->every.shape == SPREAD_UNIFORM ? work->every.width / 2
                                                                          : work->every.width);

    return (uint64_t)(SECONDS_IN_LONG * SECONDS_IN_LONG / (mean < 1 ? 1 : mean)) + 1;
}

/* Adds, for all tasks of a source, what the agents of one hop share with those of another. */
static void share_add(const struct scenario *scenario, const struct scenario_hop *from,
                      const struct scenario_hop *to, uint64_t weight, uint64_t *shared)
{
    uint64_t pairs = common_multiple(from->count, to->count);

    /* Hops that do not follow one another were not checked; what is too large is hardly shared. */
    for (uint64_t k = 0; k < pairs && pairs <= PAIRS_MAX; k++) {
        agent_id a = from->candidates[k % from->count], b = to->candidates[k % to->count];
        uint64_t place = link_place(&scenario->links, a, b);

        if (place != UINT64_MAX)
            shared[place] += weight / pairs;
    }
}

static int dependence_fill(struct resolver *resolver, uint8_t *dependence)
{
    const struct scenario *scenario = resolver->scenario;
    const struct graph *links = &scenario->links;
    uint64_t *shared = calloc(2 * links->edges + 1, sizeof *shared);
    uint64_t *own = calloc(scenario->agents, sizeof *own);

    for (uint32_t w = 0; shared != NULL && own != NULL && w < scenario->work_count; w++) {
        const struct scenario_work *work = &scenario->work[w];
        uint64_t weight = source_weight(work);

        for (uint32_t i = 0; i < work->hop_count; i++) {
            for (uint32_t j = 0; j < work->hops[i].count; j++)
                own[work->hops[i].candidates[j]] += weight / work->hops[i].count;
            for (uint32_t j = 0; j < work->hop_count; j++) {
                if (i != j)
                    share_add(scenario, &work->hops[i], &work->hops[j], weight, shared);
            }
        }
    }
    for (agent_id agent = 0; shared != NULL && own != NULL && agent < scenario->agents; agent++) {
        for (uint64_t i = links->offsets[agent]; i < links->offsets[agent + 1]; i++) {
            /* An agent that a route passes twice may share a task with a peer twice. */
            uint64_t part = shared[i] > own[agent] ? own[agent] : shared[i];

            dependence[i] = own[agent] < 255 ? 0 : (uint8_t)(part / (own[agent] / 255 + 1));
        }
    }
    free(shared);
    free(own);
    return shared == NULL || own == NULL ? reader_memory(&resolver->reader) : 0;
}

/* What bonds.list says of dependence stands over what the routes give. Names were found before. */
static int dependence_given(struct resolver *resolver, uint8_t *dependence)
{
    const struct list *list = &resolver->spec->bonds;
    const struct graph *links = &resolver->scenario->links;

    for (uint32_t e = 0; e < list->count; e++) {
        const struct spec_bond *entry = (const struct spec_bond *)list->items + e;
        agent_id from = 0, to = 0;
        uint32_t from_count = 0, to_count = 0;

        if (document_child(resolver->reader.document, entry->item.node, "dependence") == 0)
            continue;
        if (find_agents(resolver, entry->item.node, entry->from, &from, &from_count) != 0 ||
            find_agents(resolver, entry->item.node, entry->to, &to, &to_count) != 0)
            return ERROR_INPUT;
        for (agent_id a = from; a < from + from_count; a++) {
            for (uint64_t i = links->offsets[a]; i < links->offsets[a + 1]; i++) {
                if (links->peers[i] >= to && links->peers[i] - to < to_count)
                    dependence[i] = (uint8_t)((entry->dependence * 255 + PROBABILITY_ONE / 2) /
                                              PROBABILITY_ONE);
            }
        }
    }
    return 0;
}

int resolve_work(struct resolver *resolver)
{
    const struct list *list = &resolver->spec->work;
    struct scenario *scenario = resolver->scenario;
    struct scenario_work *work =
        arena_take_array(resolver->reader.arena, list->count, sizeof *work);
    bool given = false;
    uint8_t *dependence;
    int code = work == NULL ? reader_memory(&resolver->reader) : 0;

    for (uint32_t i = 0; i < list->count && code == 0; i++)
        code = source_resolve(resolver, (const struct spec_work *)list->items + i, &work[i]);
    if (code != 0)
        return code;
    scenario->work = work;
    scenario->work_count = list->count;
    for (uint32_t i = 0; i < resolver->spec->bonds.count; i++)
        given = given ||
                document_child(resolver->reader.document,
                               ((const struct spec_bond *)resolver->spec->bonds.items)[i].item.node,
                               "dependence") != 0;
    if (list->count == 0 && !given)
        return 0;
    dependence =
        arena_take_array(resolver->reader.arena, 2 * scenario->links.edges, sizeof *dependence);
    if (dependence == NULL)
        return reader_memory(&resolver->reader);
    code = dependence_fill(resolver, dependence);
    if (code == 0)
        code = dependence_given(resolver, dependence);
    scenario->dependence = dependence;
    return code;
}
