/*
 * GraphML through igraph. igraph keeps its error handler and its table of attributes in globals;
 * they are set for the time of one call and put back.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <igraph/igraph.h>

#include "graph/build.h"

/* What igraph said last: its handler is given no context to write to. */
static _Thread_local char igraph_reason[256];

static void reason_keep(const char *reason, const char *file, int line, igraph_error_t code)
{
    (void)file;
    (void)line;
    (void)code;
    snprintf(igraph_reason, sizeof igraph_reason, "%s", reason);
    igraph_reason[strcspn(igraph_reason, "\n")] = '\0';
    IGRAPH_FINALLY_FREE();
}

static int load(igraph_t *read, const char *path, struct error *error)
{
    igraph_error_handler_t *handler;
    igraph_warning_handler_t *warnings;
    igraph_error_t result;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return error_set(error, ERROR_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    snprintf(igraph_reason, sizeof igraph_reason, "no reason given");
    handler = igraph_set_error_handler(reason_keep);
    warnings = igraph_set_warning_handler(igraph_warning_handler_ignore);
    result = igraph_read_graph_graphml(read, file, 0);
    igraph_set_warning_handler(warnings);
    igraph_set_error_handler(handler);
    fclose(file);
    if (result == IGRAPH_ENOMEM)
        return error_set(error, ERROR_MEMORY, "%s: no memory to read it", path);
    /* The only argument that could be wrong is the number of the graph in the file, the first. */
    if (result == IGRAPH_EINVAL)
        return error_set(error, ERROR_INPUT, "%s: holds no <graph>", path);
    if (result != IGRAPH_SUCCESS)
        return error_set(error, ERROR_INPUT, "%s: is no GraphML that can be read: %s", path,
                         igraph_reason);
    return 0;
}

struct naming {
    const char *path;
    uint32_t vertices;
    agent_id (*find)(void *context, const char *name);
    void *context;
    struct error *error;
};

/* Whom the vertices of the file stand for, by the text of `attribute`. Returns how many are known;
 * *unknown is the first that is not. */
static uint64_t by_attribute(const struct naming *naming, const igraph_t *read,
                             const char *attribute, agent_id *agents, const char **unknown)
{
    igraph_integer_t count = igraph_vcount(read);
    uint64_t known = 0;

    *unknown = NULL;
    for (igraph_integer_t i = 0; i < count; i++) {
        const char *name = igraph_cattribute_VAS(read, attribute, i);

        agents[i] = vertex_lookup(name, naming->vertices, naming->find, naming->context);
        if (agents[i] != AGENT_NONE)
            known++;
        else if (*unknown == NULL)
            *unknown = name;
    }
    return known;
}

static int fail_unknown(const struct naming *naming, const char *attribute, const char *name)
{
    return error_set(naming->error, ERROR_INPUT,
                     "%s: vertex with %s `%.100s`: nobody is called so; give a name of the crew or "
                     "a number below %" PRIu32,
                     naming->path, attribute, name, naming->vertices);
}

/* Whether some vertex has a text for the attribute; igraph gives those without one "". */
static int text_check(const struct naming *naming, const igraph_t *read, const char *attribute,
                      bool *has)
{
    igraph_attribute_type_t type;

    *has = false;
    if (!igraph_cattribute_has_attr(read, IGRAPH_ATTRIBUTE_VERTEX, attribute))
        return 0;
    if (igraph_cattribute_table.gettype(read, &type, IGRAPH_ATTRIBUTE_VERTEX, attribute) !=
            IGRAPH_SUCCESS ||
        type != IGRAPH_ATTRIBUTE_STRING)
        return error_set(naming->error, ERROR_INPUT,
                         "%s: the attribute `%s` of the vertices is no text; give it "
                         "attr.type=\"string\"",
                         naming->path, attribute);
    for (igraph_integer_t i = 0; i < igraph_vcount(read) && !*has; i++)
        *has = *igraph_cattribute_VAS(read, attribute, i) != '\0';
    return 0;
}

/*
 * Names count if the file has them. Else the ids do, if any of them is known, since a program that
 * writes GraphML makes up ids like `n0`; if none is, the vertices are taken in their order.
 */
static int vertices_name(const struct naming *naming, const igraph_t *read, agent_id *agents)
{
    igraph_integer_t count = igraph_vcount(read);
    const char *unknown;
    bool has_names, has_ids;
    int code = text_check(naming, read, "name", &has_names);

    if (code == 0)
        code = text_check(naming, read, "id", &has_ids);
    if (code != 0)
        return code;
    if (has_names) {
        by_attribute(naming, read, "name", agents, &unknown);
        return unknown == NULL ? 0 : fail_unknown(naming, "name", unknown);
    }
    if (has_ids && by_attribute(naming, read, "id", agents, &unknown) > 0)
        return unknown == NULL ? 0 : fail_unknown(naming, "id", unknown);
    if ((uint64_t)count > naming->vertices)
        return error_set(naming->error, ERROR_INPUT,
                         "%s: %" PRId64 " vertices without names, but there are %" PRIu32
                         " agents; give as many, or name the vertices",
                         naming->path, (int64_t)count, naming->vertices);
    for (igraph_integer_t i = 0; i < count; i++)
        agents[i] = (agent_id)i;
    return 0;
}

/* Two vertices of the file that stand for one agent would be joined silently. */
static int twins_refuse(const struct naming *naming, const agent_id *agents, uint64_t count)
{
    uint8_t *taken = calloc((uint64_t)naming->vertices + 1, 1);
    int code = 0;

    if (taken == NULL)
        return error_set(naming->error, ERROR_MEMORY, "%s: no memory to read it", naming->path);
    for (uint64_t i = 0; i < count && code == 0; i++) {
        if (taken[agents[i]])
            code = error_set(naming->error, ERROR_INPUT,
                             "%s: vertex %" PRIu64 " stands for agent %" PRIu32
                             ", as one before it does; name each agent once",
                             naming->path, i, agents[i]);
        taken[agents[i]] = 1;
    }
    free(taken);
    return code;
}

static int links_take(struct graph *graph, const struct naming *naming, const igraph_t *read,
                      const agent_id *agents)
{
    igraph_integer_t count = igraph_ecount(read);
    struct edge *edges;
    int code = edges_allocate(&edges, (uint64_t)count, naming->error);

    if (code != 0)
        return code;
    for (igraph_integer_t i = 0; i < count; i++)
        edges[i] = (struct edge){agents[IGRAPH_FROM(read, i)], agents[IGRAPH_TO(read, i)]};
    code = graph_from_edges(graph, naming->vertices, edges, (uint64_t)count, naming->error);
    if (code != 0)
        error_context(naming->error, "%s", naming->path);
    free(edges);
    return code;
}

static int graph_take(struct graph *graph, const struct naming *naming, const igraph_t *read)
{
    uint64_t count = (uint64_t)igraph_vcount(read);
    agent_id *agents = calloc(count + 1, sizeof *agents);
    int code;

    if (agents == NULL)
        return error_set(naming->error, ERROR_MEMORY, "%s: no memory to read it", naming->path);
    code = vertices_name(naming, read, agents);
    if (code == 0)
        code = twins_refuse(naming, agents, count);
    if (code == 0)
        code = links_take(graph, naming, read, agents);
    free(agents);
    return code;
}

int graph_read_graphml(struct graph *graph, const char *path, uint32_t vertices,
                       agent_id (*find)(void *context, const char *name), void *context,
                       struct error *error)
{
    struct naming naming = {path, vertices, find, context, error};
    igraph_attribute_table_t *table = igraph_set_attribute_table(&igraph_cattribute_table);
    igraph_t read;
    int code;

    memset(graph, 0, sizeof *graph);
    code = load(&read, path, error);
    if (code == 0) {
        code = graph_take(graph, &naming, &read);
        igraph_destroy(&read);
    }
    igraph_set_attribute_table(table);
    return code;
}
