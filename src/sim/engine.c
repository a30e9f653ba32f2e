#include "sim/engine.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/engine_queue.h"
#include "sim/engine_sort.h"

#pragma GCC poison malloc calloc realloc free

#define BARRIERS_MAX (1u << 24)
/* A block chosen: its state is to stay in the nearest cache, and there are not to be too many. */
#define BLOCK_BYTES (16u << 10)
#define BLOCK_MIN (1u << 10)
#define BLOCKS_CHOSEN 256u
#define SPARSE_BUCKETS 1024u /* after so many it is seen whether they hold enough */
#define SPARSE_EVENTS 64u    /* which they do if they hold as many on average */
#define PART_EVENTS 256u     /* ordered at once, so that they are near when they are worked */
#define ENTITY_NONE UINT32_MAX
/* Events worked between two fetchings of what comes next: the rows of a group, and one chunk, which
 * holds fifteen events, of the next bucket. */
#define GROUP_EVENTS 8u

struct barrier {
    time_ns at;
    uint32_t data;
};

struct engine {
    struct queue queue;
    struct engine_world world;
    time_ns now;   /* of the event or barrier at work */
    time_ns ahead; /* what a send to another must add to it: the lookahead within a step, or 0 */
    time_ns window_end; /* of the window at work; sends to oneself before it stay with `own` */
    time_ns window_floor;
    time_ns lookahead;
    uint32_t entities;
    uint32_t entity; /* at work, or ENTITY_NONE */
    uint64_t window; /* at work, in whole widths */

    /* Events that the entity at work sent to itself within the window, sorted. */
    struct event *own;
    uint64_t own_begin, own_end, own_max;

    struct event *sorted;  /* by bin */
    struct event *ordered; /* a part of it, as it is worked */
    struct bins bins;
    uint64_t blocks_used[BLOCKS_MAX / 64];

    uint32_t fetched; /* the last chunk of the next bucket that was fetched into the cache, or 0 */

    struct barrier *barriers; /* a binary heap by (at, data) */
    uint32_t barrier_count;

    bool stopped;
    bool started;
    time_ns begun; /* the present window's beginning */
    uint64_t events;
    uint64_t windows;
    uint32_t buckets; /* worked, and all events, since the last look at the density */
    uint64_t buckets_events;
    uint64_t bytes; /* of this region */
};

static uint64_t bytes_align(uint64_t bytes)
{
    return (bytes + 4095) & ~UINT64_C(4095);
}

static uint32_t block_shift_of(const struct engine_rules *rules)
{
    uint32_t block = rules->block;
    uint32_t shift = 0;

    if (block == 0) {
        block = BLOCK_BYTES / (rules->entity_bytes ? rules->entity_bytes : 64);
        block = block > BLOCK_MIN ? block : BLOCK_MIN;
    }
    while (shift < 31 && (UINT64_C(1) << shift) < block && (UINT64_C(1) << shift) < rules->entities)
        shift++;
    while ((rules->entities - 1) >> shift >= (rules->block ? BLOCKS_MAX : BLOCKS_CHOSEN))
        shift++;
    return shift;
}

struct engine *engine_open(const struct engine_rules *rules, const struct engine_world *world,
                           struct error *error)
{
    uint64_t events_max =
        rules->events_max && rules->events_max < UINT32_MAX ? rules->events_max : UINT32_MAX;
    uint64_t width = rules->lookahead < UINT32_MAX ? (uint64_t)rules->lookahead : UINT32_MAX;
    uint32_t shift, blocks;
    uint64_t events_bytes = bytes_align((events_max + RANK_MAX) * sizeof(struct event));
    uint64_t barriers_bytes = bytes_align(BARRIERS_MAX * sizeof(struct barrier));
    uint64_t bins_bytes, queue_size, size;
    struct engine *engine;
    unsigned char *place;

    assert(rules->entities >= 1 && rules->entities < ENTITY_NONE);
    assert(rules->lookahead >= 1 && world->step != NULL);
    shift = block_shift_of(rules);
    blocks = ((rules->entities - 1) >> shift) + 1;
    /* Blocks may become larger, up to one for all. */
    bins_bytes = bytes_align((UINT64_C(2) << shift) * (blocks + 1) * sizeof(uint32_t));
    queue_size = queue_bytes(blocks, events_max);
    size =
        bytes_align(sizeof(*engine)) + queue_size + 3 * events_bytes + barriers_bytes + bins_bytes;
    place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                 -1, 0);
    if (place == MAP_FAILED) {
        error_set(
            error, ERROR_MEMORY,
            "cannot reserve %llu bytes of addresses for %llu events: %s; lower events_max, or "
            "raise the limit of virtual memory",
            (unsigned long long)size, (unsigned long long)events_max, strerror(errno));
        return NULL;
    }
    engine = (struct engine *)(void *)place;
    place += bytes_align(sizeof(*engine));
    queue_open(&engine->queue, place, blocks, shift, width, events_max);
    place += queue_size;
    engine->own = (struct event *)(void *)place;
    engine->own_max = events_max + RANK_MAX;
    place += events_bytes;
    engine->sorted = (struct event *)(void *)place;
    place += events_bytes;
    engine->ordered = (struct event *)(void *)place;
    place += events_bytes;
    engine->barriers = (struct barrier *)(void *)place;
    place += barriers_bytes;
    engine->bins.ends = (uint32_t *)(void *)place;
    engine->world = *world;
    engine->lookahead = rules->lookahead;
    engine->entities = rules->entities;
    engine->entity = ENTITY_NONE;
    engine->bytes = size;
    return engine;
}

void engine_close(struct engine *engine)
{
    if (engine != NULL)
        munmap(engine, engine->bytes);
}

/* Keeps an event of the entity at work for itself, behind all that are not later. */
static __attribute__((noinline)) void own_insert(struct engine *engine, time_ns at, uint32_t data)
{
    uint64_t place;
    struct event event = {(uint32_t)((uint64_t)at - engine->window * engine->queue.width),
                          engine->entity, engine->entity, data};

    if (engine->queue.waiting >= engine->queue.waiting_max) {
        engine->queue.full = true;
        return;
    }
    if (engine->own_end == engine->own_max) {
        memmove(engine->own, engine->own + engine->own_begin,
                (engine->own_end - engine->own_begin) * sizeof(*engine->own));
        engine->own_end -= engine->own_begin;
        engine->own_begin = 0;
    }
    engine->queue.waiting++;
    for (place = engine->own_end++;
         place > engine->own_begin && engine->own[place - 1].offset > event.offset; place--)
        engine->own[place] = engine->own[place - 1];
    engine->own[place] = event;
}

void engine_send(struct engine *engine, uint32_t source, uint32_t target, time_ns at, uint32_t data)
{
    /* A mask, since who the target is cannot be foreseen. */
    time_ns earliest = engine->now + (engine->ahead & -(time_ns)(source != target));

    assert(target < engine->entities && source < engine->entities);
    assert(source == engine->entity || engine->entity == ENTITY_NONE);
    assert(at >= earliest);
    if (__builtin_expect(at < engine->window_end, 0))
        own_insert(engine, at, data);
    else
        queue_put(&engine->queue, source, target, at, data);
}

static bool barrier_before(const struct barrier *a, const struct barrier *b)
{
    return a->at != b->at ? a->at < b->at : a->data < b->data;
}

void engine_barrier(struct engine *engine, time_ns at, uint32_t data)
{
    struct barrier barrier = {at, data};
    uint32_t place = engine->barrier_count;

    assert(at >= engine->now + (engine->started ? engine->lookahead : 0));
    if (place == BARRIERS_MAX) {
        engine->queue.full = true;
        return;
    }
    engine->barrier_count++;
    while (place > 0 && barrier_before(&barrier, &engine->barriers[(place - 1) / 2])) {
        engine->barriers[place] = engine->barriers[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    engine->barriers[place] = barrier;
}

static struct barrier barrier_take(struct engine *engine)
{
    struct barrier first = engine->barriers[0];
    struct barrier last = engine->barriers[--engine->barrier_count];
    uint32_t place = 0;

    for (;;) {
        uint32_t child = 2 * place + 1;

        if (child >= engine->barrier_count)
            break;
        if (child + 1 < engine->barrier_count &&
            barrier_before(&engine->barriers[child + 1], &engine->barriers[child]))
            child++;
        if (!barrier_before(&engine->barriers[child], &last))
            break;
        engine->barriers[place] = engine->barriers[child];
        place = child;
    }
    engine->barriers[place] = last;
    return first;
}

/* Works the first of the entity's own events. */
static void own_step(struct engine *engine, time_ns base)
{
    struct event event = engine->own[engine->own_begin++];

    if (engine->own_begin == engine->own_end)
        engine->own_begin = engine->own_end = 0;
    engine->queue.waiting--;
    engine->events++;
    engine->now = base + event.offset;
    engine->world.step(engine->world.context, engine, &event, engine->now);
}

/* Works what the entity at work sent to itself in this window, as far as it comes before `next`,
 * which was sent before it. */
static __attribute__((noinline)) void own_work(struct engine *engine, const struct event *next,
                                               time_ns base)
{
    while (engine->own_end != 0) {
        const struct event *own = &engine->own[engine->own_begin];

        if (next != NULL && next->target == engine->entity &&
            (own->offset > next->offset ||
             (own->offset == next->offset && own->source >= next->source)))
            return;
        own_step(engine, base);
    }
}

/* Tells the world of the group that begins at `begin`. */
static void group_fetch(const struct engine *engine, const struct event *events, uint32_t count,
                        uint32_t begin, int nearer)
{
    uint32_t end = count < begin + GROUP_EVENTS ? count : begin + GROUP_EVENTS;

    for (uint32_t i = begin; i < end; i++)
        engine->world.fetch(engine->world.context, events[i].target, nearer);
}

/* Works sorted events: all that their entities have in this window. */
static void events_work(struct engine *engine, const struct event *events, uint32_t count,
                        time_ns base)
{
    bool fetch = engine->world.fetch != NULL;

    if (fetch) {
        group_fetch(engine, events, count, 0, 0);
        group_fetch(engine, events, count, GROUP_EVENTS, 0);
        group_fetch(engine, events, count, 0, 1);
    }
    /* No loop over one entity's events, for where they end cannot be foreseen. */
    for (uint32_t i = 0; i < count;) {
        uint32_t end = count - i < GROUP_EVENTS ? count : i + GROUP_EVENTS;

        if (fetch) {
            group_fetch(engine, events, count, i + 2 * GROUP_EVENTS, 0);
            group_fetch(engine, events, count, i + GROUP_EVENTS, 1);
        }
        if (engine->fetched != 0)
            engine->fetched = queue_chunk_fetch(&engine->queue, engine->fetched);
        for (; i < end; i++) {
            const struct event *event = &events[i];

            if (__builtin_expect(engine->own_end != 0, 0))
                own_work(engine, event, base);
            engine->entity = event->target;
            engine->now = base + event->offset;
            engine->world.step(engine->world.context, engine, event, engine->now);
        }
    }
    own_work(engine, NULL, base);
}

/* Works one bucket up to the window's end; returns whether there was anything. */
static bool bucket_work(struct engine *engine, uint32_t block, bool cut)
{
    struct queue *queue = &engine->queue;
    uint64_t base = engine->window * queue->width;
    struct event_list *bucket = queue_bucket(queue, engine->window, block);
    struct event_list list = *bucket;
    uint32_t count, begin = 0, done = 0;

    if (cut)
        queue_bucket_split(queue, engine->window, block, (uint64_t)engine->window_end - base,
                           &list);
    else
        *bucket = (struct event_list){0, 0};
    if (list.head == 0)
        return false;
    count = bins_fill(&engine->bins, queue, &list, block, engine->sorted);
    queue_list_free(queue, &list);
    queue->waiting -= count;
    engine->events += count;
    engine->buckets++;
    for (uint32_t bin = 0; bin < engine->bins.count; bin++) {
        uint32_t end = engine->bins.ends[bin];

        if (begin != end)
            bin_sort(&engine->bins, engine->sorted + begin, end - begin,
                     engine->ordered + (begin - done));
        begin = end;
        /* A part at a time, so that it is still in the nearest cache when it is worked. */
        if (end - done >= PART_EVENTS || end == count) {
            events_work(engine, engine->ordered, end - done, (time_ns)base);
            done = end;
        }
        if (end == count)
            break;
    }
    engine->entity = ENTITY_NONE;
    return true;
}

/* Begins to fetch the next bucket of the window; `bits` are left of the word. A list's chunks can
 * only be found one after another, and would be waited for each in its turn. */
static void bucket_fetch(struct engine *engine, uint32_t word, uint64_t bits)
{
    struct queue *queue = &engine->queue;

    while (bits == 0 && ++word < queue->block_words)
        bits = engine->blocks_used[word];
    engine->fetched = 0;
    if (bits == 0)
        return;
    engine->fetched =
        queue_bucket(queue, engine->window, word * 64 + (uint32_t)__builtin_ctzll(bits))->head;
    queue_chunk_touch(queue, engine->fetched);
}

/* Where buckets hold little, the blocks are made larger. */
static void density_check(struct engine *engine)
{
    uint64_t events = engine->events - engine->buckets_events;

    if (engine->queue.blocks > 1 &&
        (engine->queue.sparse || events < (uint64_t)SPARSE_EVENTS * engine->buckets))
        queue_coarsen(&engine->queue);
    engine->buckets_events = engine->events;
    engine->buckets = 0;
}

/* Works one window up to `last`, where the next barrier or the end of the run cuts it. */
static int window_work(struct engine *engine, uint64_t window, time_ns last, struct error *error)
{
    struct queue *queue = &engine->queue;
    uint64_t base = window * queue->width;
    bool cut = base + queue->width > (uint64_t)last;
    bool worked = false;

    engine->window = window;
    engine->begun = (time_ns)base > engine->window_floor ? (time_ns)base : engine->window_floor;
    engine->window_end = cut ? last : (time_ns)(base + queue->width);
    engine->ahead = engine->lookahead;
    queue->busy = true;
    queue_window_begin(queue, window, engine->blocks_used);
    for (uint32_t word = 0; word < queue->block_words; word++) {
        for (uint64_t bits = engine->blocks_used[word]; bits != 0; bits &= bits - 1) {
            uint32_t block = word * 64 + (uint32_t)__builtin_ctzll(bits);

            bucket_fetch(engine, word, bits & (bits - 1));
            worked |= bucket_work(engine, block, cut);
            if (queue->full)
                return 0;
        }
    }
    queue->busy = false;
    engine->ahead = 0;
    engine->window_floor = engine->now = engine->window_end;
    if (engine->buckets >= SPARSE_BUCKETS)
        density_check(engine);
    if (!worked)
        return 0;
    engine->windows++;
    if (engine->world.window == NULL)
        return 0;
    return engine->world.window(engine->world.context, engine, engine->begun, engine->window_end,
                                error);
}

/* Nothing is left before `last`: goes there, and works the barrier that stands there. */
static int barrier_work(struct engine *engine, time_ns last, bool barrier, struct error *error)
{
    uint64_t offset, window = queue_window(&engine->queue, last, &offset);

    if (window > engine->queue.window)
        queue_advance(&engine->queue, window);
    engine->window_floor = engine->window_end = engine->now = engine->begun = last;
    if (!barrier)
        return 0;

    uint32_t data = barrier_take(engine).data;

    if (engine->world.barrier == NULL)
        return 0;
    return engine->world.barrier(engine->world.context, engine, last, data, error);
}

int engine_run(struct engine *engine, time_ns until, struct error *error)
{
    struct queue *queue = &engine->queue;
    bool done = false;
    int status = 0;

    assert(until >= engine->window_floor && engine->entity == ENTITY_NONE);
    engine->started = true;
    engine->stopped = false;
    while (status == 0 && !done && !engine->stopped && !queue->full) {
        bool barrier = engine->barrier_count > 0 && engine->barriers[0].at < until;
        time_ns last = barrier ? engine->barriers[0].at : until;
        uint64_t offset, window = queue_next(queue, queue_window(queue, last, &offset));

        if (window != WINDOW_NONE && window * queue->width < (uint64_t)last &&
            engine->window_floor < last) {
            status = window_work(engine, window, last, error);
        } else {
            done = !barrier;
            status = barrier_work(engine, last, barrier, error);
        }
    }
    if (queue->full)
        return error_set(error, ERROR_LIMIT,
                         "more than %llu events or %u barriers wait at once, %lld ns into the run; "
                         "raise events_max, or let fewer messages be under way",
                         (unsigned long long)queue->waiting_max, BARRIERS_MAX,
                         (long long)engine->begun);
    return status;
}

void engine_stop(struct engine *engine)
{
    engine->stopped = true;
}

time_ns engine_now(const struct engine *engine)
{
    return engine->begun;
}

uint64_t engine_events(const struct engine *engine)
{
    return engine->events;
}

uint64_t engine_waiting(const struct engine *engine)
{
    return engine->queue.waiting;
}

uint64_t engine_windows(const struct engine *engine)
{
    return engine->windows;
}
