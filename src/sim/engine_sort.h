/*
 * Puts the events of one bucket into the order in which they are worked: by entity, and for each
 * entity by (offset, source), keeping the order of equal ones. For the engine alone.
 *
 * First one counting pass into about as many bins as there are events, each a range of entities;
 * then each bin is sorted: a few events of one entity by counting for each how many go before it,
 * which needs no branch that the processor cannot foresee; others by insertion, or by merging where
 * a hub has drawn many.
 */
#ifndef IOLAUS_SIM_ENGINE_SORT_H
#define IOLAUS_SIM_ENGINE_SORT_H

#include "sim/engine_queue.h"

/* The bins of one bucket: bin i ends at ends[i] in the array, and the next begins there. */
struct bins {
    uint32_t *ends;
    uint32_t count;
    bool single; /* one entity in each */
};

/* The arrays that are sorted must be followed by room for so many events. */
#define RANK_MAX 8u

/* Scatters a list into `events`, bin by bin; `ends` has room for a counter for each entity of a
 * block, and one more. Returns the number of events. */
uint32_t bins_fill(struct bins *bins, const struct queue *queue, const struct event_list *list,
                   uint32_t block, struct event *events);

/* Sorts one bin of at least one event into `out`, which has room for RANK_MAX more; what stands in
 * `events` afterwards is of no use. */
void bin_sort(const struct bins *bins, struct event *events, uint32_t count, struct event *out);

#endif
