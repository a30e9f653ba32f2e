/*
 * Linear arrangements that keep the cut small, for one part (connected component) of a graph at a
 * time. Used by order.c; the tests use it to hold the heuristic against the exact answer.
 *
 * An arrangement is a run of vertices in order; its cut after k of them is the number of edges
 * between these k and the rest; its width is the largest cut, its total the sum of the cuts. Of two
 * arrangements the better has the smaller width, then the smaller total: when a sweep kills at even
 * intervals, the chance that nobody is revived meanwhile falls exponentially in the total.
 */
#ifndef IOLAUS_GRAPH_CUTWIDTH_H
#define IOLAUS_GRAPH_CUTWIDTH_H

#include <stdbool.h>

#include "graph/graph.h"

enum { CUTWIDTH_EXACT_MAX = 20 };

struct cut_measure {
    uint64_t width, total;
};

/* Working memory for all parts of one graph, indexed by vertex. */
struct arranger {
    const struct graph *graph;
    uint32_t *left; /* peers that stand already, or the mark that the vertex itself does */
    agent_id *next, *previous; /* queues of vertices of equal priority */
    agent_id *heads, *tails;   /* by priority */
    uint32_t *place;           /* in the run under work */
    uint32_t *stamp;           /* marks the peers of one vertex */
    agent_id *trial;           /* a run to compare with the best */
    uint64_t *cut;             /* by place: after this vertex */
    bool last_first;           /* how the queues are kept */
    uint32_t degree_max;       /* of the part under work */
};

int arranger_open(struct arranger *arranger, const struct graph *graph);
void arranger_close(struct arranger *arranger);

/* Each puts the vertices of `run`, which are one part of the graph, into an order. */

/* The best there is, by dynamic programming over all subsets; count <= CUTWIDTH_EXACT_MAX. Returns
 * false if there is no memory for it, and leaves the run as it is. */
bool arrange_exact(struct arranger *arranger, agent_id *run, uint32_t count);

/* From each of `starts` vertices and in two ways, adds the vertex that lets the cut grow least;
 * keeps
 * the best of these and of the order by number. */
void arrange_greedy(struct arranger *arranger, agent_id *run, uint32_t count, uint32_t starts);

/* Moves single vertices to better places until none is found or `steps` have been looked at. */
void arrange_exchange(struct arranger *arranger, agent_id *run, uint32_t count, uint64_t steps);

struct cut_measure arrangement_measure(struct arranger *arranger, const agent_id *run,
                                       uint32_t count);

#endif
