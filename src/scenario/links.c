#include "scenario/resolve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LISTED_MAX (UINT64_C(1) << 28)

/* Edges as they are collected; malloc's memory, because it grows. */
struct edges {
    struct edge *list;
    uint64_t count, room;
};

static int edge_add(struct resolver *resolver, struct edges *edges, int node, agent_id a,
                    agent_id b)
{
    if (edges->count == edges->room) {
        uint64_t room = edges->room == 0 ? 1024 : 2 * edges->room;
        struct edge *list;

        if (room > LISTED_MAX)
            return refuse(&resolver->reader, node, "list: more than %" PRIu64 " links", LISTED_MAX);
        list = realloc(edges->list, room * sizeof *list);
        if (list == NULL)
            return reader_memory(&resolver->reader);
        edges->list = list;
        edges->room = room;
    }
    edges->list[edges->count++] = (struct edge){a, b};
    return 0;
}

/* One entry of the list: all pairs of the agents that two names mean. */
static int entry_resolve(struct resolver *resolver, struct edges *edges, int node)
{
    const yaml_node_t *at = document_node(resolver->reader.document, node);
    struct names names;
    agent_id from = 0, to = 0;
    uint32_t from_count = 0, to_count = 0;
    int code;

    if (at->type != YAML_SEQUENCE_NODE)
        return refuse(&resolver->reader, node,
                      "a pair of names such as [archivist, writer] should "
                      "stand here, not %s",
                      document_kind(resolver->reader.document, node));
    code = reader_names(&resolver->reader, node, &names);
    if (code == 0 && names.count != 2)
        code =
            refuse(&resolver->reader, node, "a link joins two names; %u stand here", names.count);
    if (code == 0)
        code = find_agents(resolver, names.nodes[0], names.items[0], &from, &from_count);
    if (code == 0)
        code = find_agents(resolver, names.nodes[1], names.items[1], &to, &to_count);
    if (code == 0 && from == to && from_count == 1 && to_count == 1)
        code = refuse(&resolver->reader, node, "`%s` is linked to itself; a link joins two agents",
                      names.items[0]);
    for (agent_id a = from; code == 0 && a < from + from_count; a++) {
        for (agent_id b = to; code == 0 && b < to + to_count; b++) {
            /* Within one group each pair comes by twice, once each way. */
            if (a != b && (from != to || from_count != to_count || a < b))
                code = edge_add(resolver, edges, node, a, b);
        }
    }
    return code;
}

static int list_resolve(struct resolver *resolver, struct edges *edges)
{
    int list = resolver->spec->links.list;
    const yaml_node_t *at = document_node(resolver->reader.document, list);
    int code = 0;

    if (list == 0)
        return 0;
    if (at->type != YAML_SEQUENCE_NODE)
        return refuse(&resolver->reader, list, "list: a list of pairs should stand here, not %s",
                      document_kind(resolver->reader.document, list));
    for (const int *item = at->data.sequence.items.start;
         item < at->data.sequence.items.top && code == 0; item++)
        code = entry_resolve(resolver, edges, *item);
    return code;
}

static agent_id link_find(void *context, const char *name)
{
    const struct scenario *scenario = context;
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    /* Digits alone are no name of an agent: they are its number, from 0. */
    if (*name >= '0' && *name <= '9' && *end == '\0')
        return number < scenario->agents ? (agent_id)number : AGENT_NONE;
    return scenario_agent_find(scenario, name);
}

/* A relative path is beside the scenario file, wherever the program was started. */
static char *path_beside(struct arena *arena, const char *scenario, const char *file)
{
    const char *slash = strrchr(scenario, '/');
    size_t directory = file[0] == '/' || slash == NULL ? 0 : (size_t)(slash + 1 - scenario);
    size_t length = strlen(file);
    char *path = arena_take(arena, directory + length + 1);

    if (path != NULL) {
        memcpy(path, scenario, directory);
        memcpy(path + directory, file, length + 1);
    }
    return path;
}

static int file_resolve(struct resolver *resolver, struct graph *graph)
{
    const struct spec_links *links = &resolver->spec->links;
    const char *path = path_beside(resolver->reader.arena, resolver->scenario->path, links->file);

    if (path == NULL)
        return reader_memory(&resolver->reader);
    if (links->generator != GRAPH_NONE)
        return refuse_at(&resolver->reader, resolver->spec->root, "links.file",
                         "links come from a `generator` or from a `file`; keep one of them");
    return graph_read(graph, path, resolver->scenario->agents, link_find, resolver->scenario,
                      resolver->reader.error);
}

static int generator_resolve(struct resolver *resolver, struct graph *graph)
{
    const struct spec_links *links = &resolver->spec->links;
    struct graph_rules rules = {links->generator,
                                links->generator == GRAPH_TREE ? links->arity : links->degree,
                                links->columns, links->torus, links->rewire};
    struct error problem = {0};
    int code = graph_generate(graph, &rules, resolver->scenario->agents, resolver->spec->seed, 0,
                              &problem);

    if (code == 0)
        return 0;
    if (code != ERROR_INPUT)
        return error_set(resolver->reader.error, code, "%.500s", problem.message);
    return refuse_at(&resolver->reader, resolver->spec->root, "links.generator", "%.500s",
                     problem.message);
}

/* Both sets of links in one graph. */
static int graph_join(struct resolver *resolver, struct graph *graph, struct edges *edges)
{
    int code = 0;

    for (agent_id agent = 0; agent < graph->vertices && code == 0; agent++) {
        for (uint64_t i = graph->offsets[agent]; i < graph->offsets[agent + 1] && code == 0; i++) {
            if (graph->peers[i] > agent)
                code =
                    edge_add(resolver, edges, resolver->spec->links.list, agent, graph->peers[i]);
        }
    }
    graph_close(graph);
    return code;
}

int resolve_links(struct resolver *resolver)
{
    struct scenario *scenario = resolver->scenario;
    struct edges edges = {0};
    int code = list_resolve(resolver, &edges);

    if (code == 0 && resolver->spec->links.file != NULL)
        code = file_resolve(resolver, &scenario->links);
    else if (code == 0 && (resolver->spec->links.generator != GRAPH_NONE || edges.count == 0))
        code = generator_resolve(resolver, &scenario->links);
    if (code == 0 && edges.count > 0) {
        if (scenario->links.offsets != NULL)
            code = graph_join(resolver, &scenario->links, &edges);
        if (code == 0)
            code = graph_from_edges(&scenario->links, scenario->agents, edges.list, edges.count,
                                    resolver->reader.error);
    }
    free(edges.list);
    return code;
}

uint64_t link_place(const struct graph *links, agent_id from, agent_id to)
{
    uint64_t low = links->offsets[from], high = links->offsets[from + 1];

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (links->peers[middle] == to)
            return middle;
        if (links->peers[middle] < to)
            low = middle + 1;
        else
            high = middle;
    }
    return UINT64_MAX;
}
