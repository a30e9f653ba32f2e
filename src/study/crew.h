/*
 * What is known of an arm's crew before anything is run: its size, and what its graph of links says
 * of how hard it is to kill.
 */
#ifndef IOLAUS_STUDY_CREW_H
#define IOLAUS_STUDY_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "scenario/scenario.h"

struct study_crew {
    uint32_t agents;
    uint64_t links;
    /* Of the contact process; else NAN: the greatest eigenvalue of the graph's adjacency matrix. In
     * mean field (Van Mieghem, Omic and Kooij, IEEE/ACM Trans. Networking 17, 2009, 1) revival dies
     * out below a rate of one over it; the true threshold is not below that. */
    double radius;
    double rate;    /* of the contact process; else NAN: revivals over a link in one mean life */
    double horizon; /* likewise: how many mean lives a run lasts */
    /* Of a sweep: the greatest number of links between those killed and the others while
     * the campaign's order is gone through, and the sum of these numbers after each kill. */
    bool swept;
    double budget; /* of a sweep of the contact process; else NAN: kills in the mean time that it
                      takes to revive over one link */
    uint64_t cut_width, cut_sum;
    time_ns gap; /* between two kills */
};

/* ERROR_MEMORY. */
int study_crew_look(const struct scenario *scenario, struct study_crew *crew, struct error *error);

/* The greatest eigenvalue of the adjacency matrix, by power iteration on A + I (so that a bipartite
 * graph has no second one of the same size), to 1e-9 of itself or 10,000 steps. NAN: no memory. */
double graph_radius(const struct graph *graph);

/* The cuts of an order of `count` different vertices. ERROR_MEMORY. */
int graph_cuts(const struct graph *graph, const agent_id *order, uint32_t count, uint64_t *width,
               uint64_t *sum, struct error *error);

#endif
