/*
 * sim/engine.h on one binary heap: the floor that the heartbeat crew is compared with. Same order
 * of events for each entity, same windows for the world's callback; one event is 32 bytes here,
 * since a heap needs the whole time and the sender's sequence. No barriers.
 */
#include "sim/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

struct waiting {
    time_ns at;
    uint64_t sequence; /* of sending */
    uint32_t source, target, data;
};

struct engine {
    struct engine_rules rules;
    struct engine_world world;
    struct waiting *heap;
    size_t bytes, count;
    uint64_t sequence, events, windows;
    time_ns now;
};

static int before(const struct waiting *a, const struct waiting *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    if (a->source != b->source)
        return a->source < b->source;
    return a->sequence < b->sequence;
}

struct engine *engine_open(const struct engine_rules *rules, const struct engine_world *world,
                           struct error *error)
{
    struct engine *engine = calloc(1, sizeof *engine);

    if (engine == NULL)
        return NULL;
    engine->rules = *rules;
    engine->world = *world;
    engine->bytes = (size_t)rules->entities * 16 * sizeof *engine->heap;
    engine->heap = mmap(NULL, engine->bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (engine->heap == MAP_FAILED) {
        error_set(error, ERROR_MEMORY, "cannot reserve the heap");
        free(engine);
        return NULL;
    }
    madvise(engine->heap, engine->bytes, MADV_HUGEPAGE);
    return engine;
}

void engine_close(struct engine *engine)
{
    munmap(engine->heap, engine->bytes);
    free(engine);
}

static void rise(struct waiting *heap, size_t place, struct waiting event)
{
    while (place > 0 && before(&event, &heap[(place - 1) / 2])) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = event;
}

void engine_send(struct engine *engine, uint32_t source, uint32_t target, time_ns at, uint32_t data)
{
    struct waiting event = {at, engine->sequence++, source, target, data};

    assert((engine->count + 1) * sizeof event <= engine->bytes);
    rise(engine->heap, engine->count++, event);
}

/* The hole of the root goes down along the smaller children; the last event rises from there. */
static struct waiting take(struct engine *engine)
{
    struct waiting *heap = engine->heap, first = heap[0];
    size_t place = 0, child = 1, left = --engine->count;

    while (child + 1 < left) {
        child += (size_t)before(&heap[child + 1], &heap[child]);
        heap[place] = heap[child];
        place = child;
        child = 2 * place + 1;
    }
    rise(heap, place, heap[left]);
    return first;
}

void engine_barrier(struct engine *engine, time_ns at, uint32_t data)
{
    (void)engine;
    (void)at;
    (void)data;
    assert(!"the floor has no barriers");
}

int engine_run(struct engine *engine, time_ns until, struct error *error)
{
    time_ns end = 0;

    while (engine->count > 0 && engine->heap[0].at < until) {
        struct waiting next = take(engine);
        struct event event = {0, next.source, next.target, next.data};

        if (next.at >= end) {
            if (end > 0 && engine->world.window(engine->world.context, engine,
                                                end - engine->rules.lookahead, end, error) != 0)
                return error->code;
            end = (next.at / engine->rules.lookahead + 1) * engine->rules.lookahead;
            engine->windows++;
        }
        engine->now = next.at;
        engine->events++;
        engine->world.step(engine->world.context, engine, &event, next.at);
    }
    return 0;
}

void engine_stop(struct engine *engine)
{
    engine->count = 0;
}

time_ns engine_now(const struct engine *engine)
{
    return engine->now;
}

uint64_t engine_events(const struct engine *engine)
{
    return engine->events;
}

uint64_t engine_waiting(const struct engine *engine)
{
    return engine->count;
}

uint64_t engine_windows(const struct engine *engine)
{
    return engine->windows;
}
