/* A binary heap in one array, as libstdc++ does it: a taken root's hole goes down to a leaf along
 * the smaller children, and the last event rises from there. */
#include "phold.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

struct heap_loop {
    struct phold_entity *entities;
    uint32_t count;
    void *memory;
    struct phold_event *heap;
    size_t waiting;
};

static inline bool before(const struct phold_event *a, const struct phold_event *b)
{
    return (a->at < b->at) | ((a->at == b->at) & (a->source < b->source));
}

static void heap_rise(struct phold_event *heap, size_t place, struct phold_event event)
{
    while (place > 0 && before(&event, &heap[(place - 1) / 2])) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = event;
}

/* Takes the first event; `waiting` are left. */
static struct phold_event heap_take(struct phold_event *heap, size_t waiting)
{
    struct phold_event first = heap[0];
    size_t place = 0, child = 2;

    while (child < waiting) {
        /* A choice without a branch leaves the processor nothing to guess, so it must be told. */
        size_t later = 4 * child + 3 < waiting ? 4 * child + 3 : waiting;

        __builtin_prefetch(&heap[later]);
        __builtin_prefetch(&heap[later - 4]);
        child -= before(&heap[child - 1], &heap[child]);
        heap[place] = heap[child];
        place = child;
        child = 2 * child + 2;
    }
    if (child == waiting) {
        heap[place] = heap[child - 1];
        place = child - 1;
    }
    heap_rise(heap, place, heap[waiting]);
    return first;
}

static void *heap_open(struct phold_entity *entities, uint32_t count)
{
    struct heap_loop *loop = malloc(sizeof(*loop));
    size_t page = (size_t)1 << 21;
    size_t bytes = ((size_t)count * PHOLD_EVENTS + 1) * sizeof(struct phold_event);

    if (loop == NULL)
        abort();
    *loop = (struct heap_loop){.entities = entities, .count = count};
    loop->memory = aligned_alloc(page, (bytes + page - 1) / page * page);
    if (loop->memory == NULL)
        abort();
    /* The heap gets the large pages that the engine's pool has; and no two children of one parent
     * are to lie in different cache lines. */
    madvise(loop->memory, bytes, MADV_HUGEPAGE);
    loop->heap = (struct phold_event *)loop->memory + 1;
    for (uint64_t i = 0; i < (uint64_t)count * PHOLD_EVENTS; i++)
        heap_rise(loop->heap, loop->waiting++, phold_first(entities, count, (uint32_t)(i % count)));
    return loop;
}

static uint64_t heap_run(void *context, int64_t until)
{
    struct heap_loop *loop = context;
    uint64_t events = 0;

    for (; loop->heap[0].at < until; events++) {
        struct phold_event event = heap_take(loop->heap, --loop->waiting);

        heap_rise(loop->heap, loop->waiting++, phold_step(loop->entities, loop->count, &event));
    }
    return events;
}

static void heap_close(void *context)
{
    struct heap_loop *loop = context;

    free(loop->memory);
    free(loop);
}

const struct phold_loop phold_heap = {"heap loop", heap_open, heap_run, heap_close};
