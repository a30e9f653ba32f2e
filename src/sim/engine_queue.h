/*
 * The events that wait, for the engine alone.
 *
 * Time is cut into windows of one width. The near windows have a bucket for each block of the
 * entity table; farther ones are kept by a wheel of levels (Varghese and Lauck, "Hashed and
 * hierarchical timing wheels", SOSP'87, scheme 7), whose slots are emptied into the level below
 * before their time comes. Level l has slots of 2^(10 l) windows, and takes what lies before the
 * end of the next slot of level l + 1; so an event is moved at most once for each level, and one
 * less than a thousand windows ahead is never moved.
 *
 * Buckets and slots are lists of chunks of 256 bytes out of one pool, kept in the order in which
 * events were put. A slot of level l + 1 is emptied before anything can be put directly into the
 * windows that it covers; therefore events of one source for one instant never change their order.
 *
 * A bucket with few events wastes its chunk and the work on it, so that blocks may be made larger
 * on the way; that too leaves the events of one entity in their order.
 *
 * Ownership: all memory belongs to the region that the caller reserved (queue_bytes). A queue that
 * is full drops what is put and says so in `full`.
 */
#ifndef IOLAUS_SIM_ENGINE_QUEUE_H
#define IOLAUS_SIM_ENGINE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"
#include "sim/engine.h"

#define LEVEL_BITS 10
#define LEVEL_SLOTS (2u << LEVEL_BITS) /* the present slot of the level above, and the next */
#define LEVEL_WORDS (LEVEL_SLOTS / 64)
#define LEVELS_MAX 7
#define CHUNK_UNITS 16u /* of 16 bytes: one for the link, fifteen for events */
#define CHUNK_EVENTS (CHUNK_UNITS - 1)
#define CHUNK_FAR 10u
#define WINDOW_NONE UINT64_MAX
#define BLOCKS_MAX 4096u

/* An event of a level above the lowest. */
struct far_event {
    time_ns at;
    uint32_t source;
    uint32_t target;
    uint32_t data;
};

union unit {
    struct event event;
    uint32_t next; /* the first unit of the list's next chunk */
};
_Static_assert(sizeof(union unit) == 16, "a unit is as large as an event");
_Static_assert(CHUNK_FAR * sizeof(struct far_event) == CHUNK_EVENTS * sizeof(union unit),
               "far events fill a chunk");

/* Units are counted from the beginning of the pool; unit 0 is never given out. The cursor is where
 * the next event goes; a multiple of CHUNK_UNITS means that a new chunk is needed. In a list of far
 * events it is the first unit of the last chunk plus the number of events there. */
struct event_list {
    uint32_t head;
    uint32_t cursor;
};

struct level {
    uint64_t end;     /* this level takes windows before this one */
    uint64_t summary; /* words of `used` that are not 0 */
    uint64_t used[LEVEL_WORDS];
    struct event_list *slots; /* none in level 0 */
};

struct queue {
    union unit *pool;
    uint32_t chunk_free;
    uint32_t unit_fresh; /* never used so far */
    uint32_t units;
    uint32_t row_shift; /* log2 of the buckets kept for one window */
    uint32_t block_shift;
    uint32_t blocks;
    uint32_t block_words;       /* of blocks_used, for one window */
    struct event_list *buckets; /* a row of them for each near window */
    uint64_t *blocks_used;
    uint64_t window; /* nothing waits before it */
    uint64_t width;
    uint64_t reciprocal;
    uint64_t waiting;
    uint64_t waiting_max;
    bool full;
    bool sparse; /* too little in a bucket for what a bucket costs: queue_coarsen is due */
    bool busy;   /* a window is at work, and counts on the present blocks */
    uint32_t level_count;
    struct level levels[LEVELS_MAX];
};

/* The bytes that a queue needs beside itself, and the making of it in zeroed memory. */
uint64_t queue_bytes(uint32_t blocks, uint64_t events_max);
void queue_open(struct queue *queue, void *memory, uint32_t blocks, uint32_t block_shift,
                uint64_t width, uint64_t events_max);

/* The first window not after `last` where something waits, or WINDOW_NONE; queue->window follows.
 */
uint64_t queue_next(struct queue *queue, uint64_t last);
/* Says that nothing waits before `window`. */
void queue_advance(struct queue *queue, uint64_t window);

/* Makes the blocks twice as large. */
void queue_coarsen(struct queue *queue);

void queue_put_far(struct queue *queue, uint64_t window, uint32_t source, uint32_t target,
                   time_ns at, uint32_t data);
/* Makes room for one more event at the end of a list; for a bucket, marks it if it was empty. */
bool queue_chunk_add(struct queue *queue, struct event_list *list);
bool queue_bucket_grow(struct queue *queue, struct event_list *bucket, uint64_t window,
                       uint32_t block);
/* Places an event of a near window whose bucket has no room. */
void queue_place_grown(struct queue *queue, uint32_t source, uint32_t target, time_ns at,
                       uint32_t data);
/* Takes the blocks in use of a window (block_words of them) into blocks_used, and counts the window
 * as empty until something is put there again. */
void queue_window_begin(struct queue *queue, uint64_t window, uint64_t *blocks_used);
/* Takes from a bucket what stands before `cut` into `early`; the rest stays, in its order. */
void queue_bucket_split(struct queue *queue, uint64_t window, uint32_t block, uint64_t cut,
                        struct event_list *early);

/* The window of an instant; *offset is where in it. */
static inline uint64_t queue_window(const struct queue *queue, time_ns at, uint64_t *offset)
{
    __extension__ typedef unsigned __int128 wide;
    /* at < 2^63 and reciprocal > 2^64 / width - 2, so the quotient is at most one too small. */
    uint64_t window = (uint64_t)((wide)(uint64_t)at * queue->reciprocal >> 64);
    uint64_t rest = (uint64_t)at - window * queue->width;
    bool more = rest >= queue->width;

    *offset = more ? rest - queue->width : rest;
    return window + more;
}

static inline struct event_list *queue_bucket(struct queue *queue, uint64_t window, uint32_t block)
{
    return queue->buckets + ((window % LEVEL_SLOTS << queue->row_shift) + block);
}

/* Puts an event that is already counted as waiting. */
static inline void queue_place(struct queue *queue, uint32_t source, uint32_t target, time_ns at,
                               uint32_t data)
{
    uint64_t offset, window = queue_window(queue, at, &offset);
    uint32_t block = target >> queue->block_shift;
    struct event_list *bucket = queue_bucket(queue, window, block);
    union unit *unit;

    if (__builtin_expect(window >= queue->levels[0].end, 0)) {
        queue_put_far(queue, window, source, target, at, data);
        return;
    }
    if (__builtin_expect(bucket->cursor % CHUNK_UNITS == 0, 0)) {
        queue_place_grown(queue, source, target, at, data);
        return;
    }
    unit = &queue->pool[bucket->cursor++];
    unit->event.offset = (uint32_t)offset;
    unit->event.source = source;
    unit->event.target = target;
    unit->event.data = data;
}

/* Puts an event, or says that the queue is full. */
static inline void queue_put(struct queue *queue, uint32_t source, uint32_t target, time_ns at,
                             uint32_t data)
{
    if (__builtin_expect(queue->waiting >= queue->waiting_max, 0)) {
        queue->full = true;
        return;
    }
    queue->waiting++;
    queue_place(queue, source, target, at, data);
}

/* Fetches a chunk into the cache. */
static inline void queue_chunk_touch(const struct queue *queue, uint32_t chunk)
{
    for (uint32_t unit = 0; unit < CHUNK_UNITS; unit += 4)
        __builtin_prefetch(&queue->pool[chunk + unit]);
}

/* Fetches the chunk after `chunk`, and says which it is; 0 for none. */
static inline uint32_t queue_chunk_fetch(const struct queue *queue, uint32_t chunk)
{
    uint32_t next = queue->pool[chunk].next;

    if (next != 0)
        queue_chunk_touch(queue, next);
    return next;
}

/* Gives the chunks of a list back, last used first given out. */
static inline void queue_list_free(struct queue *queue, const struct event_list *list)
{
    queue->pool[(list->cursor - 1) / CHUNK_UNITS * CHUNK_UNITS].next = queue->chunk_free;
    queue->chunk_free = list->head;
}

#endif
