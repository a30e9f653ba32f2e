#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/build.h"

/* Fills `edges` with the edges of one kind and returns how many there are. */
static uint64_t ring_edges(struct edge *edges, uint32_t n)
{
    uint64_t count = 0;

    for (uint32_t v = 1; v < n; v++)
        edges[count++] = (struct edge){v - 1, v};
    if (n >= 3)
        edges[count++] = (struct edge){n - 1, 0};
    return count;
}

static uint64_t path_edges(struct edge *edges, uint32_t n)
{
    uint64_t count = 0;

    for (uint32_t v = 1; v < n; v++)
        edges[count++] = (struct edge){v - 1, v};
    return count;
}

static uint64_t complete_edges(struct edge *edges, uint32_t n)
{
    uint64_t count = 0;

    for (uint32_t v = 1; v < n; v++)
        for (uint32_t u = 0; u < v; u++)
            edges[count++] = (struct edge){u, v};
    return count;
}

/* The star is the tree in which vertex 0 is everyone's parent. */
static uint64_t tree_edges(struct edge *edges, uint32_t n, uint32_t arity)
{
    uint64_t count = 0;

    for (uint32_t v = 1; v < n; v++)
        edges[count++] = (struct edge){(v - 1) / arity, v};
    return count;
}

/* A border of length 1 would join a vertex to itself, and one of length 2 repeat a link. */
static uint64_t grid_edges(struct edge *edges, uint32_t n, uint32_t columns, int torus)
{
    uint32_t rows = n / columns;
    uint64_t count = 0;

    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < columns; c++) {
            uint32_t v = r * columns + c;

            if (c + 1 < columns)
                edges[count++] = (struct edge){v, v + 1};
            else if (torus && columns >= 3)
                edges[count++] = (struct edge){v, v - c};
            if (r + 1 < rows)
                edges[count++] = (struct edge){v, v + columns};
            else if (torus && rows >= 3)
                edges[count++] = (struct edge){v, c};
        }
    }
    return count;
}

/* The number of columns nearest to the square root of n that divides it, from above. */
static uint32_t columns_most_square(uint32_t n)
{
    uint32_t rows = 1;

    for (uint32_t i = 1; (uint64_t)i * i <= n; i++)
        if (n % i == 0)
            rows = i;
    return n == 0 ? 1 : n / rows;
}

static int degree_check(const struct graph_rules *rules, uint32_t vertices, struct error *error)
{
    uint32_t degree = rules->degree;

    switch ((enum graph_kind)rules->kind) {
    case GRAPH_TREE:
        if (degree == 0)
            return error_set(error, ERROR_INPUT, "tree: arity is 0; it must be at least 1");
        return 0;
    case GRAPH_SCALE_FREE:
        if (degree == 0 || degree >= vertices)
            return error_set(error, ERROR_INPUT,
                             "scale-free: degree %" PRIu32 " with %" PRIu32
                             " vertices; it must be at least 1 and below the number of vertices",
                             degree, vertices);
        return 0;
    case GRAPH_SMALL_WORLD:
        if (degree == 0 || degree % 2 != 0)
            return error_set(error, ERROR_INPUT,
                             "small-world: degree %" PRIu32 "; it must be even and at least 2",
                             degree);
        break;
    case GRAPH_RANDOM_REGULAR:
        if (degree == 0)
            return error_set(error, ERROR_INPUT,
                             "random-regular: degree is 0; it must be at least 1");
        break;
    case GRAPH_NONE:
    case GRAPH_RING:
    case GRAPH_PATH:
    case GRAPH_COMPLETE:
    case GRAPH_STAR:
    case GRAPH_GRID:
    case GRAPH_KIND_COUNT:
        return 0;
    }
    if (degree >= vertices)
        return error_set(error, ERROR_INPUT,
                         "%s: degree %" PRIu32 " needs at least %" PRIu32
                         " vertices, there are %" PRIu32 "; lower the degree or add agents",
                         rules->kind == GRAPH_SMALL_WORLD ? "small-world" : "random-regular",
                         degree, degree + 1, vertices);
    if ((uint64_t)degree * vertices % 2 != 0)
        return error_set(error, ERROR_INPUT,
                         "random-regular: degree %" PRIu32 " times %" PRIu32
                         " vertices is odd, and every link has two ends; make one of them even",
                         degree, vertices);
    return 0;
}

static int rules_check(const struct graph_rules *rules, uint32_t vertices, struct error *error)
{
    if (rules->kind >= GRAPH_KIND_COUNT)
        return error_set(error, ERROR_INPUT, "no generator of links has number %u", rules->kind);
    if (vertices == AGENT_NONE)
        return error_set(error, ERROR_LIMIT, "%" PRIu32 " vertices are one too many", vertices);
    if (rules->kind == GRAPH_GRID && rules->columns != 0 && vertices % rules->columns != 0)
        return error_set(error, ERROR_INPUT,
                         "grid: %" PRIu32 " vertices do not fill rows of %" PRIu32
                         "; choose a number of columns that divides them, or leave it out",
                         vertices, rules->columns);
    if (rules->kind == GRAPH_SMALL_WORLD && rules->rewire > PROBABILITY_ONE)
        return error_set(error, ERROR_INPUT, "small-world: rewire is above 1");
    return degree_check(rules, vertices, error);
}

/* No fewer edges than the kind has. */
static uint64_t edges_bound(const struct graph_rules *rules, uint64_t n)
{
    if (rules->kind == GRAPH_NONE || n == 0)
        return 0;
    if (rules->kind == GRAPH_COMPLETE)
        return n * (n - 1) / 2;
    return rules->kind == GRAPH_GRID ? 2 * n : n;
}

static int fixed_kind(struct graph *graph, const struct graph_rules *rules, uint32_t n,
                      struct error *error)
{
    uint32_t columns = rules->columns != 0 ? rules->columns : columns_most_square(n);
    uint64_t bound = edges_bound(rules, n), count = 0;
    struct edge *edges;
    int code = edges_allocate(&edges, bound, error);

    if (code != 0)
        return code;
    if (rules->kind == GRAPH_RING)
        count = ring_edges(edges, n);
    else if (rules->kind == GRAPH_PATH)
        count = path_edges(edges, n);
    else if (rules->kind == GRAPH_COMPLETE)
        count = complete_edges(edges, n);
    else if (rules->kind == GRAPH_STAR)
        count = tree_edges(edges, n, UINT32_MAX);
    else if (rules->kind == GRAPH_TREE)
        count = tree_edges(edges, n, rules->degree);
    else if (rules->kind == GRAPH_GRID)
        count = grid_edges(edges, n, columns, rules->torus);
    assert(count <= bound);
    code = graph_from_edges(graph, n, edges, count, error);
    free(edges);
    return code;
}

int graph_generate(struct graph *graph, const struct graph_rules *rules, uint32_t vertices,
                   uint64_t seed, uint32_t replicate, struct error *error)
{
    int code = rules_check(rules, vertices, error);

    memset(graph, 0, sizeof *graph);
    if (code != 0)
        return code;
    if (rules->kind == GRAPH_SMALL_WORLD)
        return graph_small_world(graph, vertices, rules->degree, rules->rewire, seed, replicate,
                                 error);
    if (rules->kind == GRAPH_SCALE_FREE)
        return graph_scale_free(graph, vertices, rules->degree, seed, replicate, error);
    if (rules->kind == GRAPH_RANDOM_REGULAR)
        return graph_random_regular(graph, vertices, rules->degree, seed, replicate, error);
    return fixed_kind(graph, rules, vertices, error);
}
