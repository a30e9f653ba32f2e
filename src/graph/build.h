/*
 * What the files of this room share: allocation of a graph and of a list of edges, with the limit
 * and the messages in one place. Used by the generators and readers only.
 */
#ifndef IOLAUS_GRAPH_BUILD_H
#define IOLAUS_GRAPH_BUILD_H

#include "graph/graph.h"

/* Asks for room for `count` edges, which the caller frees. ERROR_LIMIT above GRAPH_EDGES_MAX. */
int edges_allocate(struct edge **edges, uint64_t count, struct error *error);

/* Gives `graph` its two arrays for so many vertices and edges, all 0. */
int graph_allocate(struct graph *graph, uint32_t vertices, uint64_t edges, struct error *error);

/* Sorts one row of peers, ascending. */
void row_sort(agent_id *row, uint64_t count);

/* The random kinds; the rules have been checked by graph_generate. */
int graph_small_world(struct graph *graph, uint32_t vertices, uint32_t degree, probability rewire,
                      uint64_t seed, uint32_t replicate, struct error *error);
int graph_scale_free(struct graph *graph, uint32_t vertices, uint32_t links, uint64_t seed,
                     uint32_t replicate, struct error *error);
int graph_random_regular(struct graph *graph, uint32_t vertices, uint32_t degree, uint64_t seed,
                         uint32_t replicate, struct error *error);

/* A name looked up as the readers do: with `find` (which may be NULL) first, then, if it is all
 * digits, as a number below `vertices`. AGENT_NONE for nobody. */
agent_id vertex_lookup(const char *name, uint32_t vertices,
                       agent_id (*find)(void *context, const char *name), void *context);

/* The two formats. */
int graph_read_edge_list(struct graph *graph, const char *path, uint32_t vertices,
                         agent_id (*find)(void *context, const char *name), void *context,
                         struct error *error);
int graph_read_graphml(struct graph *graph, const char *path, uint32_t vertices,
                       agent_id (*find)(void *context, const char *name), void *context,
                       struct error *error);

#endif
