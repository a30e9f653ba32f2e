#include "live/agent/later.h"

#include <assert.h>
#include <stdlib.h>

#define NO_PLACE UINT32_MAX

int later_open(struct later_queue *queue, uint32_t packets, uint32_t percepts, struct error *error)
{
    uint32_t places = packets + percepts;

    *queue = (struct later_queue){
        .pool = calloc(places, sizeof *queue->pool),
        .free_next = calloc(places, sizeof *queue->free_next),
        .heap = calloc(places, sizeof *queue->heap),
        .packets_max = packets,
        .places = places,
        .free_first = NO_PLACE,
    };
    if (queue->pool != NULL && queue->free_next != NULL && queue->heap != NULL)
        return 0;
    later_close(queue);
    return error_set(error, ERROR_MEMORY, "no memory for %u messages on their way", places);
}

void later_close(struct later_queue *queue)
{
    free(queue->pool);
    free(queue->free_next);
    free(queue->heap);
    *queue = (struct later_queue){0};
}

static bool before(const struct later_queue *queue, uint32_t a, uint32_t b)
{
    const struct later *x = &queue->pool[a], *y = &queue->pool[b];

    return x->at < y->at || (x->at == y->at && x->order < y->order);
}

static void sift_up(struct later_queue *queue, uint32_t at)
{
    uint32_t moved = queue->heap[at];

    while (at > 0 && before(queue, moved, queue->heap[(at - 1) / 2])) {
        queue->heap[at] = queue->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->heap[at] = moved;
}

static void sift_down(struct later_queue *queue)
{
    uint32_t moved = queue->heap[0], at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= queue->count)
            break;
        if (child + 1 < queue->count && before(queue, queue->heap[child + 1], queue->heap[child]))
            child++;
        if (!before(queue, queue->heap[child], moved))
            break;
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    queue->heap[at] = moved;
}

/* A place of the pool, preferably one that was used before. */
static struct later *add(struct later_queue *queue, time_ns at, uint32_t *place)
{
    if (queue->free_first != NO_PLACE) {
        *place = queue->free_first;
        queue->free_first = queue->free_next[*place];
    } else if (queue->touched < queue->places) {
        *place = queue->touched++;
    } else {
        return NULL;
    }
    queue->pool[*place].at = at;
    queue->pool[*place].order = queue->order++;
    return &queue->pool[*place];
}

static void push(struct later_queue *queue, uint32_t place)
{
    assert(queue->count < queue->places);
    queue->heap[queue->count++] = place;
    sift_up(queue, queue->count - 1);
}

bool later_add_packet(struct later_queue *queue, time_ns at, const struct later_packet *packet)
{
    uint32_t place;
    struct later *later;

    if (queue->packets == queue->packets_max)
        return false;
    later = add(queue, at, &place);
    if (later == NULL)
        return false;
    later->is_packet = true;
    later->packet = *packet;
    queue->packets++;
    push(queue, place);
    return true;
}

bool later_add_percept(struct later_queue *queue, time_ns at, const struct percept *percept)
{
    uint32_t place;
    struct later *later = add(queue, at, &place);

    if (later == NULL)
        return false;
    later->is_packet = false;
    later->percept = *percept;
    push(queue, place);
    return true;
}

time_ns later_deadline(const struct later_queue *queue)
{
    return queue->count == 0 ? TIME_NEVER : queue->pool[queue->heap[0]].at;
}

bool later_take(struct later_queue *queue, time_ns now, struct later *taken)
{
    uint32_t place;

    if (later_deadline(queue) > now || queue->count == 0)
        return false;
    place = queue->heap[0];
    *taken = queue->pool[place];
    queue->heap[0] = queue->heap[--queue->count];
    if (queue->count > 0)
        sift_down(queue);
    if (taken->is_packet)
        queue->packets--;
    queue->free_next[place] = queue->free_first;
    queue->free_first = place;
    return true;
}
