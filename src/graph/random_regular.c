/*
 * Random regular graphs by the pairing model, as Steger and Wormald ("Generating random regular
 * graphs quickly", Combinatorics, Probability and Computing 8, 1999, section 2) use it: every
 * vertex has d points; two points that are not yet paired are drawn evenly; the pair is kept if it
 * makes no loop and no second link. What cannot be kept is drawn again among the points that are
 * left. When these can no longer be paired, a link x - y that stands is broken to make room
 * (a switching), instead of beginning afresh.
 *
 * All rows have d places, so the rows are compressed sparse rows from the start, a free place being
 * AGENT_NONE. The points are the one list that is needed beside them.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "graph/build.h"
#include "graph/draws.h"

/* How far ahead of its use memory is asked for: the accesses have no order that a machine could
 * foresee. It changes the speed and nothing else. */
enum { AHEAD = 16, ATTEMPTS_MAX = 1000 };

struct pairing {
    uint32_t vertices, degree;
    agent_id *rows;   /* vertices * degree */
    agent_id *points; /* of which `left` are not paired */
    uint32_t left;
    struct draws draws;
};

static agent_id *row_of(const struct pairing *pairing, agent_id v)
{
    return pairing->rows + (uint64_t)v * pairing->degree;
}

/* The place in v's row that holds `peer`, or NULL. With AGENT_NONE it finds a free place. */
static agent_id *row_find(const struct pairing *pairing, agent_id v, agent_id peer)
{
    agent_id *row = row_of(pairing, v);

    for (uint32_t i = 0; i < pairing->degree; i++)
        if (row[i] == peer)
            return &row[i];
    return NULL;
}

static bool suitable(const struct pairing *pairing, agent_id u, agent_id v)
{
    return u != v && row_find(pairing, u, v) == NULL;
}

static void half_link_add(struct pairing *pairing, agent_id from, agent_id to)
{
    agent_id *place = row_find(pairing, from, AGENT_NONE);

    assert(place != NULL && from != to);
    *place = to;
}

/* Fisher and Yates, from the end. */
static void points_shuffle(struct pairing *pairing)
{
    agent_id *points = pairing->points;
    uint32_t places[AHEAD];

    for (uint32_t rest = pairing->left; rest > 1;) {
        uint32_t batch = rest - 1 < AHEAD ? rest - 1 : AHEAD;

        for (uint32_t i = 0; i < batch; i++) {
            places[i] = draws_below(&pairing->draws, rest - i);
            __builtin_prefetch(&points[places[i]], 1);
        }
        for (uint32_t i = 0; i < batch; i++, rest--) {
            agent_id last = points[rest - 1];

            points[rest - 1] = points[places[i]];
            points[places[i]] = last;
        }
    }
}

/* Pairs the points in their order and moves those that found no suitable partner to the front. */
static void points_pair(struct pairing *pairing)
{
    agent_id *points = pairing->points;
    uint32_t unpaired = 0;

    for (uint32_t i = 0; i + 1 < pairing->left; i += 2) {
        agent_id u = points[i], v = points[i + 1];

        if (i + 2 * AHEAD + 1 < pairing->left) {
            __builtin_prefetch(row_of(pairing, points[i + 2 * AHEAD]), 1);
            __builtin_prefetch(row_of(pairing, points[i + 2 * AHEAD + 1]), 1);
        }
        if (suitable(pairing, u, v)) {
            half_link_add(pairing, u, v);
            half_link_add(pairing, v, u);
        } else {
            points[unpaired++] = u;
            points[unpaired++] = v;
        }
    }
    pairing->left = unpaired;
}

/* Gives the last two points links by breaking a link x - y that leaves x to u and y to v. */
static bool points_switch(struct pairing *pairing)
{
    agent_id u = pairing->points[pairing->left - 2], v = pairing->points[pairing->left - 1];
    uint32_t places = pairing->vertices * pairing->degree;
    uint64_t tries = 100 + (places < 1 << 16 ? 8 * (uint64_t)places : 0);

    for (uint64_t i = 0; i < tries; i++) {
        uint32_t place = draws_below(&pairing->draws, places);
        agent_id x = place / pairing->degree, y = pairing->rows[place];

        if (y == AGENT_NONE || !suitable(pairing, u, x) || !suitable(pairing, v, y))
            continue;
        pairing->rows[place] = u;
        *row_find(pairing, y, x) = v;
        half_link_add(pairing, u, x);
        half_link_add(pairing, v, y);
        pairing->left -= 2;
        return true;
    }
    return false;
}

/* One attempt. False if what is left of the points can neither be paired nor switched in. */
static bool pairing_attempt(struct pairing *pairing)
{
    uint32_t places = pairing->vertices * pairing->degree, before;

    memset(pairing->rows, 0xff, (uint64_t)places * sizeof *pairing->rows);
    for (uint32_t v = 0, p = 0; v < pairing->vertices; v++)
        for (uint32_t i = 0; i < pairing->degree; i++)
            pairing->points[p++] = v;
    pairing->left = places;
    do {
        before = pairing->left;
        points_shuffle(pairing);
        points_pair(pairing);
    } while (pairing->left < before);
    while (pairing->left > 0)
        if (!points_switch(pairing))
            return false;
    return true;
}

static int pairing_run(struct pairing *pairing, struct error *error)
{
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++)
        if (pairing_attempt(pairing))
            return 0;
    return error_set(error, ERROR_LIMIT,
                     "random-regular: no graph of %" PRIu32 " vertices and degree %" PRIu32
                     " came out of %d attempts; try another seed",
                     pairing->vertices, pairing->degree, ATTEMPTS_MAX);
}

static int regular_sparse(struct graph *graph, uint32_t vertices, uint32_t degree, uint64_t seed,
                          uint32_t replicate, struct error *error)
{
    uint64_t edges = (uint64_t)vertices * degree / 2;
    struct pairing pairing = {.vertices = vertices, .degree = degree};
    int code = graph_allocate(graph, vertices, edges, error);

    if (code != 0)
        return code;
    pairing.rows = graph->peers;
    pairing.points = malloc((2 * edges + 1) * sizeof *pairing.points);
    pairing.draws = draws_make(seed, replicate);
    if (pairing.points == NULL)
        code =
            error_set(error, ERROR_MEMORY,
                      "random-regular: no memory for %" PRIu64 " edges; use fewer agents", edges);
    else
        code = pairing_run(&pairing, error);
    free(pairing.points);
    if (code != 0) {
        graph_close(graph);
        return code;
    }
    for (uint32_t v = 0; v < vertices; v++) {
        graph->offsets[v] = (uint64_t)v * degree;
        row_sort(row_of(&pairing, v), degree);
    }
    graph->offsets[vertices] = 2 * edges;
    return 0;
}

/* Everyone that a vertex is not linked to becomes its peer. */
static int graph_complement(struct graph *graph, const struct graph *of, struct error *error)
{
    uint64_t n = of->vertices, at = 0;
    int code = graph_allocate(graph, of->vertices, n * (n - 1) / 2 - of->edges, error);

    if (code != 0)
        return code;
    for (uint32_t v = 0; v < of->vertices; v++) {
        uint64_t i = of->offsets[v], end = of->offsets[v + 1];

        graph->offsets[v] = at;
        for (uint32_t w = 0; w < of->vertices; w++) {
            if (i < end && of->peers[i] == w)
                i++;
            else if (w != v)
                graph->peers[at++] = w;
        }
    }
    graph->offsets[of->vertices] = at;
    assert(at == 2 * graph->edges);
    return 0;
}

int graph_random_regular(struct graph *graph, uint32_t vertices, uint32_t degree, uint64_t seed,
                         uint32_t replicate, struct error *error)
{
    struct graph missing;
    int code;

    assert(degree >= 1 && degree < vertices && (uint64_t)vertices * degree % 2 == 0);
    /* The complement of an even choice is an even choice, and pairing works best when sparse. */
    if (degree <= (vertices - 1) / 2)
        return regular_sparse(graph, vertices, degree, seed, replicate, error);
    code = regular_sparse(&missing, vertices, vertices - 1 - degree, seed, replicate, error);
    if (code != 0)
        return code;
    code = graph_complement(graph, &missing, error);
    graph_close(&missing);
    return code;
}
