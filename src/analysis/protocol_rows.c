/*
 * The order in which protocols, steps and players are shown.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/protocol_inside.h"

static int by_time(const void *a, const void *b)
{
    time_ns first = *(const time_ns *)a, second = *(const time_ns *)b;
    return first < second ? -1 : first > second;
}

/* What follows from the beginning stands first, since its times are counted from there. Then by
 * time: what causes comes before what it causes. Steps of which no time is known stand last. */
int step_by_median(const void *a, const void *b)
{
    const struct step_sum *first = *(const struct step_sum *const *)a;
    const struct step_sum *second = *(const struct step_sum *const *)b;
    bool one = first->key.turn == TURN_STOP, other = second->key.turn == TURN_STOP;
    if (one != other) {
        return one ? -1 : 1;
    }
    if ((first->time_count == 0) != (second->time_count == 0)) {
        return first->time_count == 0 ? 1 : -1;
    }
    if (first->time_count > 0 && first->median.value != second->median.value) {
        return first->median.value < second->median.value ? -1 : 1;
    }
    return memcmp(&first->key, &second->key, sizeof first->key);
}

/* Most frequent first; those that are as frequent by their steps, so that the order is the same
 * whatever was added first. */
static int by_frequency(const void *a, const void *b)
{
    const struct protocol *const *first = a, *const *second = b;
    if ((*first)->episodes != (*second)->episodes) {
        return (*first)->episodes > (*second)->episodes ? -1 : 1;
    }
    uint32_t one = (*first)->step_count, other = (*second)->step_count;
    int order = memcmp((*first)->keys, (*second)->keys,
                       (one < other ? one : other) * sizeof(struct step_key));
    return order != 0 ? order : one < other ? -1 : one > other;
}

void step_sort(struct step_sum *step)
{
    if (step->time_count > 0) {
        qsort(step->times, step->time_count, sizeof *step->times, by_time);
    }
    step->early = quantile_of(step->times, step->time_count, 0.1, CONFIDENCE);
    step->median = quantile_of(step->times, step->time_count, 0.5, CONFIDENCE);
    step->late = quantile_of(step->times, step->time_count, 0.9, CONFIDENCE);
}

static int steps_sort(struct protocol *protocol)
{
    free(protocol->shown);
    protocol->shown = malloc(((size_t)protocol->step_count + 1) * sizeof *protocol->shown);
    if (protocol->shown == NULL) {
        return ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < protocol->step_count; i++) {
        protocol->shown[i] = &protocol->steps[i];
        step_sort(protocol->shown[i]);
    }
    if (protocol->step_count > 0) {
        qsort(protocol->shown, protocol->step_count, sizeof *protocol->shown, step_by_median);
    }
    return 0;
}

int protocols_sort(struct protocols *protocols)
{
    size_t count = HASH_COUNT(protocols->by_keys), at = 0;
    free(protocols->sorted);
    protocols->sorted = malloc((count + 1) * sizeof *protocols->sorted);
    if (protocols->sorted == NULL || totals_sort(&protocols->totals) != 0) {
        return ERROR_MEMORY;
    }
    for (struct protocol *protocol = protocols->by_keys; protocol != NULL;
         protocol = protocol->hh.next) {
        protocols->sorted[at++] = protocol;
    }
    if (count > 0) {
        qsort(protocols->sorted, count, sizeof *protocols->sorted, by_frequency);
    }
    for (size_t i = 0; i < count; i++) {
        if (steps_sort(protocols->sorted[i]) != 0) {
            return ERROR_MEMORY;
        }
    }
    return 0;
}

/* By role, then most often, then in the order in which they occurred. */
static int by_role(const void *a, const void *b)
{
    const struct player *first = *(struct player *const *)a, *second = *(struct player *const *)b;
    if (first->key.role != second->key.role) {
        return first->key.role < second->key.role ? -1 : 1;
    }
    if (first->episodes != second->episodes) {
        return first->episodes > second->episodes ? -1 : 1;
    }
    return first->key.agent < second->key.agent ? -1 : first->key.agent > second->key.agent;
}

struct player **players_sorted(const struct protocols *protocols, size_t *count)
{
    *count = 0;
    struct player **list = malloc((HASH_COUNT(protocols->players) + 1) * sizeof *list);
    for (struct player *player = protocols->players; list != NULL && player != NULL;
         player = player->hh.next) {
        list[(*count)++] = player;
    }
    if (*count > 0) {
        qsort(list, *count, sizeof *list, by_role);
    }
    return list;
}
