/* The generators that grow or rewire: small-world and scale-free. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "graph/build.h"
#include "graph/draws.h"

/*
 * Every edge of the lattice belongs to the vertex that it leaves clockwise: edges[v * reach ..] are
 * the edges of v, and `a` of each is v. So a vertex's links are found without any other table: they
 * are its own edges, and those of the other vertex that point to it.
 */
static bool lattice_linked(const struct edge *edges, uint32_t reach, agent_id u, agent_id w)
{
    const struct edge *of_u = edges + (uint64_t)u * reach, *of_w = edges + (uint64_t)w * reach;

    for (uint32_t j = 0; j < reach; j++)
        if (of_u[j].b == w || of_w[j].b == u)
            return true;
    return false;
}

/*
 * Watts and Strogatz, "Collective dynamics of 'small-world' networks", Nature 393 (1998), figure 1:
 * "With probability p, we reconnect this edge to a vertex chosen uniformly at random over the
 * entire ring, with duplicate edges forbidden; otherwise we leave the edge in place. We repeat this
 * process by moving clockwise around the ring, considering each vertex in turn until one lap is
 * completed. Next, we consider the edges that connect vertices to their second-nearest neighbours."
 */
static void lattice_rewire(struct edge *edges, uint32_t *degrees, uint32_t n, uint32_t reach,
                           probability rewire, struct draws *draws)
{
    for (uint32_t lap = 0; lap < reach; lap++) {
        for (uint32_t v = 0; v < n; v++) {
            struct edge *edge = &edges[(uint64_t)v * reach + lap];
            agent_id to;

            /* A vertex that is linked to all others has nowhere to go. */
            if (draws_next(draws) >= rewire || degrees[v] >= n - 1)
                continue;
            do {
                to = draws_below(draws, n);
            } while (to == v || lattice_linked(edges, reach, v, to));
            degrees[edge->b]--;
            degrees[to]++;
            edge->b = to;
        }
    }
}

int graph_small_world(struct graph *graph, uint32_t vertices, uint32_t degree, probability rewire,
                      uint64_t seed, uint32_t replicate, struct error *error)
{
    struct draws draws = draws_make(seed, replicate);
    uint32_t reach = degree / 2;
    uint64_t count = (uint64_t)vertices * reach;
    uint32_t *degrees = NULL;
    struct edge *edges;
    int code = edges_allocate(&edges, count, error);

    assert(degree % 2 == 0 && degree < vertices);
    if (code != 0)
        return code;
    for (uint32_t v = 0; v < vertices; v++)
        for (uint32_t j = 0; j < reach; j++)
            edges[(uint64_t)v * reach + j] =
                (struct edge){v, (agent_id)(((uint64_t)v + j + 1) % vertices)};
    if (rewire > 0) {
        degrees = malloc(vertices * sizeof *degrees);
        if (degrees == NULL) {
            free(edges);
            return error_set(error, ERROR_MEMORY,
                             "no memory to rewire a small world of %" PRIu32
                             " vertices; use fewer agents",
                             vertices);
        }
        for (uint32_t v = 0; v < vertices; v++)
            degrees[v] = degree;
        lattice_rewire(edges, degrees, vertices, reach, rewire, &draws);
        free(degrees);
    }
    code = graph_from_edges(graph, vertices, edges, count, error);
    free(edges);
    return code;
}

static bool newcomer_linked(const struct edge *of_newcomer, uint32_t count, agent_id to)
{
    for (uint32_t j = 0; j < count; j++)
        if (of_newcomer[j].b == to)
            return true;
    return false;
}

/*
 * Barabasi and Albert, "Emergence of scaling in random networks", Science 286 (1999): each new
 * vertex is linked to m different vertices, each chosen with a probability in proportion to its
 * degree. An end of an edge that is chosen evenly is such a choice, so the list of edges is all
 * the table that it takes. We begin with m + 1 vertices that are all linked to each other.
 */
int graph_scale_free(struct graph *graph, uint32_t vertices, uint32_t links, uint64_t seed,
                     uint32_t replicate, struct error *error)
{
    struct draws draws = draws_make(seed, replicate);
    uint64_t core = (uint64_t)links * (links + 1) / 2, count = 0;
    uint64_t total = core + ((uint64_t)vertices - links - 1) * links;
    struct edge *edges;
    int code = edges_allocate(&edges, total, error);

    assert(links >= 1 && links < vertices);
    if (code != 0)
        return code;
    for (uint32_t v = 1; v <= links; v++)
        for (uint32_t u = 0; u < v; u++)
            edges[count++] = (struct edge){v, u};
    for (uint32_t v = links + 1; v < vertices; v++) {
        uint64_t before = count;

        while (count < before + links) {
            /* GRAPH_EDGES_MAX keeps the number of ends in 32 bits. */
            uint32_t end = draws_below(&draws, (uint32_t)(2 * before));
            agent_id to = end % 2 == 0 ? edges[end / 2].a : edges[end / 2].b;

            if (!newcomer_linked(edges + before, (uint32_t)(count - before), to))
                edges[count++] = (struct edge){v, to};
        }
    }
    assert(count == total);
    code = graph_from_edges(graph, vertices, edges, count, error);
    free(edges);
    return code;
}
