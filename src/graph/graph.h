/*
 * Graphs of links: undirected, without loops and multiple edges, as compressed sparse rows.
 *
 * The peers of vertex v are peers[offsets[v]] .. peers[offsets[v + 1] - 1], ascending. Each edge
 * stands twice. Memory is malloc's, owned by the struct graph; graph_close frees it.
 */
#ifndef IOLAUS_GRAPH_GRAPH_H
#define IOLAUS_GRAPH_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/fixed.h"
#include "base/types.h"

/* The most edges that a graph may have; 2^30 of them take 16 GiB while they are built. Above it
 * the functions here fail with ERROR_LIMIT. */
#define GRAPH_EDGES_MAX (UINT64_C(1) << 30)

struct graph {
    uint32_t vertices;
    uint64_t edges;
    uint64_t *offsets; /* vertices + 1 */
    agent_id *peers;   /* 2 * edges */
};

struct edge {
    agent_id a, b;
};

/* From a list of edges, in any order and direction; duplicates are joined; a loop or a vertex out
 * of range is ERROR_INPUT and names the edge's place in the list. */
int graph_from_edges(struct graph *graph, uint32_t vertices, const struct edge *edges,
                     uint64_t count, struct error *error);
void graph_close(struct graph *graph);

enum graph_kind {
    GRAPH_NONE,
    GRAPH_RING, /* 0 - 1 - ... - n-1 - 0 (n >= 3; n = 2 is one edge) */
    GRAPH_PATH, /* 0 - 1 - ... - n-1 */
    GRAPH_COMPLETE,
    GRAPH_STAR,           /* vertex 0 is the hub */
    GRAPH_TREE,           /* parent of v is (v - 1) / arity */
    GRAPH_GRID,           /* rows * columns = n; torus: the borders are joined */
    GRAPH_SMALL_WORLD,    /* Watts and Strogatz 1998: degree (even), rewiring probability */
    GRAPH_SCALE_FREE,     /* Barabasi and Albert 1999: m links with each new vertex */
    GRAPH_RANDOM_REGULAR, /* Steger and Wormald 1999: degree; n * degree even */
    GRAPH_KIND_COUNT
};

struct graph_rules {
    uint8_t kind;       /* enum graph_kind */
    uint32_t degree;    /* small-world, random-regular; scale-free: m; tree: arity */
    uint32_t columns;   /* grid; 0: the most square one */
    int torus;          /* grid */
    probability rewire; /* small-world */
};

/* Random kinds draw from Philox (seed, replicate, STREAM_GRAPH): same seed, same graph. */
int graph_generate(struct graph *graph, const struct graph_rules *rules, uint32_t vertices,
                   uint64_t seed, uint32_t replicate, struct error *error);

/* Reads links from a file: `.graphml` (through igraph), everything else as an edge list: two names
 * or numbers a line, `#` begins a comment. Names are looked up with `find` (returns AGENT_NONE for
 * nobody). Errors name file:line:column. */
int graph_read(struct graph *graph, const char *path, uint32_t vertices,
               agent_id (*find)(void *context, const char *name), void *context,
               struct error *error);

/* SHA-256 of the vertex count and the sorted edge list, little-endian. */
void graph_digest(const struct graph *graph, unsigned char digest[32]);

/* Joins `copies` disjoint copies into one graph. */
int graph_repeat(struct graph *graph, const struct graph *one, uint32_t copies,
                 struct error *error);

/* Orders to stop agents in. `order` has room for all vertices. */
void graph_order_hub_first(const struct graph *graph, agent_id *order); /* degree down, number up */
/*
 * A linear arrangement that keeps the cut between the stopped and the rest small (CutWidth), and
 * of the arrangements of that width one with a small sum of cuts. Each connected part by itself,
 * one after another: exact for parts of at most 20 vertices by dynamic programming over subsets (as
 * long as these are few: the first 12 of 20 vertices, 546 of 15), else greedy from the best start,
 * then improved by exchanges. The work is bounded by counting, never by time. Returns the width
 * reached; UINT64_MAX if there was no memory, and then the order is hub first.
 */
uint64_t graph_order_cutwidth(const struct graph *graph, agent_id *order);
/* The largest cut of an order of all vertices. UINT64_MAX if there was no memory. */
uint64_t graph_cutwidth_of(const struct graph *graph, const agent_id *order);

#endif
