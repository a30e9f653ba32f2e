#include <assert.h>
#include <stdlib.h>

#include "graph/cutwidth.h"
#include "graph/graph.h"

/* How much work an order may be, counted and not timed, so that it is the same everywhere. All
 * parts of a graph share them by their size. */
#define EXACT_STEPS (UINT64_C(1) << 28)
#define GREEDY_STEPS (UINT64_C(1) << 24)
#define EXCHANGE_STEPS (UINT64_C(1) << 27)

static int hub_compare(const void *a, const void *b, void *context)
{
    const struct graph *graph = context;
    agent_id x = *(const agent_id *)a, y = *(const agent_id *)b;
    uint64_t degree_x = graph->offsets[x + 1] - graph->offsets[x];
    uint64_t degree_y = graph->offsets[y + 1] - graph->offsets[y];

    if (degree_x != degree_y)
        return degree_x < degree_y ? 1 : -1;
    return (x > y) - (x < y);
}

void graph_order_hub_first(const struct graph *graph, agent_id *order)
{
    for (uint32_t v = 0; v < graph->vertices; v++)
        order[v] = v;
    qsort_r(order, graph->vertices, sizeof *order, hub_compare, (void *)graph);
}

/* Appends the part of the graph that `first` belongs to, in the order of a search in breadth.
 * `seen` is by vertex. Returns how many vertices it has; *half_edges are the ends in it. */
static uint32_t part_list(const struct graph *graph, agent_id first, bool *seen, agent_id *part,
                          uint64_t *half_edges)
{
    uint32_t count = 1;

    *half_edges = 0;
    part[0] = first;
    seen[first] = true;
    for (uint32_t k = 0; k < count; k++) {
        uint64_t end = graph->offsets[part[k] + 1];

        *half_edges += end - graph->offsets[part[k]];
        for (uint64_t i = graph->offsets[part[k]]; i < end; i++) {
            if (!seen[graph->peers[i]]) {
                seen[graph->peers[i]] = true;
                part[count++] = graph->peers[i];
            }
        }
    }
    return count;
}

static uint64_t share(uint64_t steps, uint64_t part, uint64_t whole)
{
    /* Both are below 2^32 and the steps below 2^32, so the product stays in 64 bits. */
    return steps * part / whole;
}

static void part_arrange(struct arranger *arranger, agent_id *part, uint32_t count,
                         uint64_t half_edges, uint64_t *exact_steps)
{
    uint32_t vertices = arranger->graph->vertices;
    uint64_t starts = share(GREEDY_STEPS, count, vertices) / (count + half_edges);
    uint64_t exact = count <= CUTWIDTH_EXACT_MAX ? (uint64_t)count << count : UINT64_MAX;

    if (exact <= *exact_steps && arrange_exact(arranger, part, count)) {
        *exact_steps -= exact;
        return;
    }
    starts = starts < 1 ? 1 : starts;
    arrange_greedy(arranger, part, count, starts < count ? (uint32_t)starts : count);
    arrange_exchange(arranger, part, count, share(EXCHANGE_STEPS, count, vertices));
}

/* The parts of a graph stand one after another, since no cut grows by finishing one first. */
uint64_t graph_order_cutwidth(const struct graph *graph, agent_id *order)
{
    uint64_t exact_steps = EXACT_STEPS, half_edges, width = 0;
    bool *seen = calloc((uint64_t)graph->vertices + 1, sizeof *seen);
    struct arranger arranger;
    uint32_t listed = 0;

    if (seen == NULL || arranger_open(&arranger, graph) != 0) {
        free(seen);
        graph_order_hub_first(graph, order);
        return UINT64_MAX;
    }
    for (uint32_t v = 0; v < graph->vertices; v++) {
        uint32_t count;
        struct cut_measure measure;

        if (seen[v])
            continue;
        count = part_list(graph, v, seen, order + listed, &half_edges);
        part_arrange(&arranger, order + listed, count, half_edges, &exact_steps);
        measure = arrangement_measure(&arranger, order + listed, count);
        width = measure.width > width ? measure.width : width;
        listed += count;
    }
    assert(listed == graph->vertices);
    arranger_close(&arranger);
    free(seen);
    return width;
}

uint64_t graph_cutwidth_of(const struct graph *graph, const agent_id *order)
{
    uint64_t cut = 0, width = 0;
    uint32_t *place = malloc(((uint64_t)graph->vertices + 1) * sizeof *place);

    if (place == NULL)
        return UINT64_MAX;
    for (uint32_t k = 0; k < graph->vertices; k++)
        place[order[k]] = k;
    for (uint32_t k = 0; k < graph->vertices; k++) {
        agent_id v = order[k];

        for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++) {
            if (place[graph->peers[i]] > k)
                cut++;
            else
                cut--;
        }
        width = cut > width ? cut : width;
    }
    assert(cut == 0);
    free(place);
    return width;
}
