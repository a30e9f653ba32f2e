#include "graph/graph.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "graph/build.h"

static int out_of_memory(uint32_t vertices, uint64_t edges, struct error *error)
{
    return error_set(error, ERROR_MEMORY,
                     "no memory for a graph of %" PRIu32 " vertices and %" PRIu64
                     " edges; use fewer agents or links",
                     vertices, edges);
}

static int edges_check(uint64_t count, struct error *error)
{
    if (count > GRAPH_EDGES_MAX)
        return error_set(error, ERROR_LIMIT,
                         "%" PRIu64 " edges are more than the %" PRIu64
                         " that a graph may have; use fewer agents or a lower degree",
                         count, GRAPH_EDGES_MAX);
    return 0;
}

int edges_allocate(struct edge **edges, uint64_t count, struct error *error)
{
    int code = edges_check(count, error);

    *edges = NULL;
    if (code != 0)
        return code;
    *edges = malloc((count + 1) * sizeof **edges);
    return *edges == NULL ? out_of_memory(0, count, error) : 0;
}

int graph_allocate(struct graph *graph, uint32_t vertices, uint64_t edges, struct error *error)
{
    int code = edges_check(edges, error);

    memset(graph, 0, sizeof *graph);
    if (code != 0)
        return code;
    graph->offsets = calloc((uint64_t)vertices + 1, sizeof *graph->offsets);
    graph->peers = calloc(2 * edges + 1, sizeof *graph->peers);
    if (graph->offsets == NULL || graph->peers == NULL) {
        graph_close(graph);
        return out_of_memory(vertices, edges, error);
    }
    graph->vertices = vertices;
    graph->edges = edges;
    return 0;
}

void graph_close(struct graph *graph)
{
    free(graph->offsets);
    free(graph->peers);
    memset(graph, 0, sizeof *graph);
}

static int agent_compare(const void *a, const void *b)
{
    agent_id x = *(const agent_id *)a, y = *(const agent_id *)b;

    return (x > y) - (x < y);
}

void row_sort(agent_id *row, uint64_t count)
{
    /* Most rows are short, and often in order already. */
    if (count > 32) {
        qsort(row, count, sizeof *row, agent_compare);
        return;
    }
    for (uint64_t i = 1; i < count; i++) {
        agent_id moved = row[i];
        uint64_t j = i;

        for (; j > 0 && row[j - 1] > moved; j--)
            row[j] = row[j - 1];
        row[j] = moved;
    }
}

/* Counts the degrees and refuses what is no edge. offsets[v + 1] is then the degree of v. */
static int degrees_count(struct graph *graph, const struct edge *edges, uint64_t count,
                         struct error *error)
{
    for (uint64_t i = 0; i < count; i++) {
        agent_id a = edges[i].a, b = edges[i].b;

        if (a >= graph->vertices || b >= graph->vertices)
            return error_set(error, ERROR_INPUT,
                             "edge %" PRIu64 ": vertex %" PRIu32
                             " does not exist; there are %" PRIu32 ", counted from 0",
                             i + 1, a >= graph->vertices ? a : b, graph->vertices);
        if (a == b)
            return error_set(error, ERROR_INPUT,
                             "edge %" PRIu64 ": vertex %" PRIu32
                             " is linked to itself; a link joins two agents",
                             i + 1, a);
        graph->offsets[a + 1]++;
        graph->offsets[b + 1]++;
    }
    return 0;
}

/* Sorts every row and closes the gaps that joined duplicates leave. */
static void rows_finish(struct graph *graph)
{
    uint64_t kept = 0, begin = 0;

    for (uint32_t v = 0; v < graph->vertices; v++) {
        uint64_t end = graph->offsets[v + 1], first = kept;

        row_sort(graph->peers + begin, end - begin);
        for (uint64_t i = begin; i < end; i++)
            if (kept == first || graph->peers[kept - 1] != graph->peers[i])
                graph->peers[kept++] = graph->peers[i];
        begin = end;
        graph->offsets[v + 1] = kept;
    }
    assert(kept % 2 == 0);
    graph->edges = kept / 2;
}

int graph_from_edges(struct graph *graph, uint32_t vertices, const struct edge *edges,
                     uint64_t count, struct error *error)
{
    agent_id *fitting;
    int code = graph_allocate(graph, vertices, count, error);

    if (code != 0)
        return code;
    code = degrees_count(graph, edges, count, error);
    if (code != 0) {
        graph_close(graph);
        return code;
    }
    for (uint32_t v = 0; v < vertices; v++)
        graph->offsets[v + 1] += graph->offsets[v];
    /* The scatter moves each row's begin to its end, which is the next row's begin: shifting the
     * array by one restores it, and no second array of cursors is needed. */
    for (uint64_t i = 0; i < count; i++) {
        graph->peers[graph->offsets[edges[i].a]++] = edges[i].b;
        graph->peers[graph->offsets[edges[i].b]++] = edges[i].a;
    }
    memmove(graph->offsets + 1, graph->offsets, (uint64_t)vertices * sizeof *graph->offsets);
    graph->offsets[0] = 0;
    rows_finish(graph);
    if (graph->edges < count) {
        fitting = realloc(graph->peers, (2 * graph->edges + 1) * sizeof *graph->peers);
        if (fitting != NULL)
            graph->peers = fitting;
    }
    return 0;
}

static unsigned char *put_u32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
    return at + 4;
}

void graph_digest(const struct graph *graph, unsigned char digest[32])
{
    crypto_hash_sha256_state state;
    unsigned char block[8192];
    unsigned char *at = put_u32(block, graph->vertices);

    static_assert(crypto_hash_sha256_BYTES == 32, "the digest is SHA-256");
    crypto_hash_sha256_init(&state);
    for (uint32_t v = 0; v < graph->vertices; v++) {
        for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++) {
            if (graph->peers[i] < v)
                continue;
            if (at + 8 > block + sizeof block) {
                crypto_hash_sha256_update(&state, block, (unsigned long long)(at - block));
                at = block;
            }
            at = put_u32(put_u32(at, v), graph->peers[i]);
        }
    }
    crypto_hash_sha256_update(&state, block, (unsigned long long)(at - block));
    crypto_hash_sha256_final(&state, digest);
}

int graph_repeat(struct graph *graph, const struct graph *one, uint32_t copies, struct error *error)
{
    uint64_t vertices = (uint64_t)one->vertices * copies;
    uint64_t half_edges = 2 * one->edges;
    int code;

    memset(graph, 0, sizeof *graph);
    if (vertices >= AGENT_NONE)
        return error_set(error, ERROR_LIMIT,
                         "%" PRIu32 " copies of %" PRIu32
                         " vertices are more vertices than can be numbered; use fewer copies",
                         copies, one->vertices);
    /* half_edges is at most 2^31 and copies below 2^32, so the product cannot wrap. */
    code = graph_allocate(graph, (uint32_t)vertices, one->edges * copies, error);
    if (code != 0)
        return code;
    graph->offsets[0] = 0;
    for (uint32_t c = 0; c < copies; c++) {
        uint32_t first = c * one->vertices;
        uint64_t base = c * half_edges;

        for (uint32_t v = 0; v < one->vertices; v++)
            graph->offsets[first + v + 1] = base + one->offsets[v + 1];
        for (uint64_t i = 0; i < half_edges; i++)
            graph->peers[base + i] = first + one->peers[i];
    }
    return 0;
}
