/* Which format a file of links has, and what the formats share. */
#include <string.h>

#include "graph/build.h"

/* A number of decimal digits alone and below `vertices`, or AGENT_NONE. */
static agent_id number_parse(const char *text, uint32_t vertices)
{
    uint64_t value = 0;

    if (*text == '\0')
        return AGENT_NONE;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return AGENT_NONE;
        value = 10 * value + (uint64_t)(*text - '0');
        if (value >= vertices)
            return AGENT_NONE;
    }
    return (agent_id)value;
}

agent_id vertex_lookup(const char *name, uint32_t vertices,
                       agent_id (*find)(void *context, const char *name), void *context)
{
    agent_id vertex = find != NULL ? find(context, name) : AGENT_NONE;

    return vertex != AGENT_NONE ? vertex : number_parse(name, vertices);
}

int graph_read(struct graph *graph, const char *path, uint32_t vertices,
               agent_id (*find)(void *context, const char *name), void *context,
               struct error *error)
{
    static const char graphml[] = ".graphml";
    size_t length = strlen(path), suffix = sizeof graphml - 1;

    if (length > suffix && strcmp(path + length - suffix, graphml) == 0)
        return graph_read_graphml(graph, path, vertices, find, context, error);
    return graph_read_edge_list(graph, path, vertices, find, context, error);
}
