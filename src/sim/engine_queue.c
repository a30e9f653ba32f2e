#include "sim/engine_queue.h"

#include <assert.h>
#include <string.h>

#pragma GCC poison malloc calloc realloc free

#define SPARSE_UNITS (1u << 16) /* of the pool, whose use is looked at whenever it has grown so */

static uint64_t bytes_align(uint64_t bytes)
{
    return (bytes + 4095) & ~UINT64_C(4095);
}

static uint32_t row_shift_of(uint32_t blocks)
{
    uint32_t shift = 0;

    while (UINT32_C(1) << shift < blocks)
        shift++;
    return shift;
}

static uint32_t words_of(uint32_t blocks)
{
    return (blocks + 63) / 64;
}

/* Every chunk is full but the last of each list; a far chunk holds less than a near one. */
static uint64_t units_needed(uint32_t blocks, uint64_t events_max)
{
    uint64_t lists = (uint64_t)LEVEL_SLOTS * (blocks + LEVELS_MAX - 1) + 2;
    uint64_t chunks = events_max / CHUNK_FAR + lists + 1;
    uint64_t chunks_max = UINT32_MAX / CHUNK_UNITS;

    return (chunks < chunks_max ? chunks : chunks_max) * CHUNK_UNITS;
}

uint64_t queue_bytes(uint32_t blocks, uint64_t events_max)
{
    uint64_t buckets = ((uint64_t)LEVEL_SLOTS << row_shift_of(blocks)) * sizeof(struct event_list);
    uint64_t used = (uint64_t)LEVEL_SLOTS * words_of(blocks) * sizeof(uint64_t);
    uint64_t slots = (uint64_t)LEVEL_SLOTS * (LEVELS_MAX - 1) * sizeof(struct event_list);

    return bytes_align(buckets) + bytes_align(used) + bytes_align(slots) +
           bytes_align(units_needed(blocks, events_max) * sizeof(union unit));
}

static void levels_extend(struct queue *queue)
{
    for (uint32_t l = 0; l + 1 < queue->level_count; l++) {
        uint32_t shift = LEVEL_BITS * (l + 1);

        queue->levels[l].end = ((queue->window >> shift) + 2) << shift;
    }
}

void queue_open(struct queue *queue, void *memory, uint32_t blocks, uint32_t block_shift,
                uint64_t width, uint64_t events_max)
{
    unsigned char *place = memory;
    uint64_t last;

    assert(blocks >= 1 && width >= 1 && width <= UINT32_MAX);
    last = (uint64_t)INT64_MAX / width;
    queue->blocks = blocks;
    queue->row_shift = row_shift_of(blocks);
    queue->block_shift = block_shift;
    queue->block_words = words_of(blocks);
    queue->width = width;
    queue->reciprocal = UINT64_MAX / width;
    queue->waiting_max = events_max;
    queue->buckets = (struct event_list *)(void *)place;
    place += bytes_align(((uint64_t)LEVEL_SLOTS << queue->row_shift) * sizeof(struct event_list));
    queue->blocks_used = (uint64_t *)(void *)place;
    place += bytes_align((uint64_t)LEVEL_SLOTS * queue->block_words * sizeof(uint64_t));
    for (uint32_t l = 1; l < LEVELS_MAX; l++)
        queue->levels[l].slots =
            (struct event_list *)(void *)place + (uint64_t)(l - 1) * LEVEL_SLOTS;
    place += bytes_align((uint64_t)LEVEL_SLOTS * (LEVELS_MAX - 1) * sizeof(struct event_list));
    queue->pool = (union unit *)(void *)place;
    queue->units = (uint32_t)units_needed(blocks, events_max);
    queue->unit_fresh = CHUNK_UNITS;

    /* The highest level has a slot for every window up to the end of time. */
    for (queue->level_count = 1; last >> LEVEL_BITS * (queue->level_count - 1) >= LEVEL_SLOTS;)
        queue->level_count++;
    assert(queue->level_count <= LEVELS_MAX);
    queue->levels[queue->level_count - 1].end = UINT64_MAX;
    levels_extend(queue);
}

static void level_mark(struct level *level, uint64_t slot)
{
    uint32_t place = slot % LEVEL_SLOTS;

    level->used[place / 64] |= UINT64_C(1) << place % 64;
    level->summary |= UINT64_C(1) << place / 64;
}

static void level_unmark(struct level *level, uint64_t slot)
{
    uint32_t place = slot % LEVEL_SLOTS;

    level->used[place / 64] &= ~(UINT64_C(1) << place % 64);
    if (level->used[place / 64] == 0)
        level->summary &= ~(UINT64_C(1) << place / 64);
}

/* The first slot in use from `slot` on; the level must not be empty. */
static uint64_t level_first(const struct level *level, uint64_t slot)
{
    uint32_t place = slot % LEVEL_SLOTS;
    uint32_t word = place / 64;
    uint64_t bits = level->used[word] & UINT64_MAX << place % 64;

    if (bits == 0) {
        uint64_t above = word + 1 < 64 ? level->summary & UINT64_MAX << (word + 1) : 0;

        word = (uint32_t)__builtin_ctzll(above != 0 ? above : level->summary);
        bits = level->used[word];
    }
    place = word * 64 + (uint32_t)__builtin_ctzll(bits);
    return slot + (place - (uint32_t)slot) % LEVEL_SLOTS;
}

bool queue_chunk_add(struct queue *queue, struct event_list *list)
{
    uint32_t chunk = queue->chunk_free;

    if (chunk != 0) {
        queue->chunk_free = queue->pool[chunk].next;
    } else if (queue->unit_fresh < queue->units) {
        chunk = queue->unit_fresh;
        queue->unit_fresh += CHUNK_UNITS;
        /* Nothing is free, so what is less than full is the ends of lists. */
        if (queue->unit_fresh % SPARSE_UNITS == 0 && queue->waiting < queue->unit_fresh / 4 * 3)
            queue->sparse = queue->blocks > 1;
    } else {
        queue->full = true;
        return false;
    }
    queue->pool[chunk].next = 0;
    if (list->head == 0)
        list->head = chunk;
    else
        queue->pool[(list->cursor - 1) / CHUNK_UNITS * CHUNK_UNITS].next = chunk;
    list->cursor = chunk + 1;
    return true;
}

bool queue_bucket_grow(struct queue *queue, struct event_list *bucket, uint64_t window,
                       uint32_t block)
{
    uint64_t *used = queue->blocks_used + window % LEVEL_SLOTS * queue->block_words;

    if (bucket->head == 0) {
        used[block / 64] |= UINT64_C(1) << block % 64;
        level_mark(&queue->levels[0], window);
    }
    return queue_chunk_add(queue, bucket);
}

void queue_place_grown(struct queue *queue, uint32_t source, uint32_t target, time_ns at,
                       uint32_t data)
{
    uint64_t offset, window = queue_window(queue, at, &offset);
    struct event_list *bucket;
    uint32_t block;

    if (queue->sparse && !queue->busy)
        queue_coarsen(queue);
    block = target >> queue->block_shift;
    bucket = queue_bucket(queue, window, block);
    if (bucket->cursor % CHUNK_UNITS != 0 || queue_bucket_grow(queue, bucket, window, block))
        queue->pool[bucket->cursor++].event =
            (struct event){(uint32_t)offset, source, target, data};
}

void queue_put_far(struct queue *queue, uint64_t window, uint32_t source, uint32_t target,
                   time_ns at, uint32_t data)
{
    struct event_list *list;
    struct far_event *place;
    uint32_t l = 1;
    uint64_t slot;

    while (window >= queue->levels[l].end)
        l++;
    assert(l < queue->level_count);
    slot = window >> LEVEL_BITS * l;
    list = &queue->levels[l].slots[slot % LEVEL_SLOTS];
    if (list->head == 0 || list->cursor % CHUNK_UNITS == CHUNK_FAR) {
        /* The cursor of a far list stands on its last chunk; a near one's behind its last event. */
        struct event_list grown = {list->head, list->cursor};

        if (!queue_chunk_add(queue, &grown))
            return;
        *list = (struct event_list){grown.head, grown.cursor - 1};
        level_mark(&queue->levels[l], slot);
    }
    place =
        (struct far_event *)(void *)(queue->pool + list->cursor / CHUNK_UNITS * CHUNK_UNITS + 1);
    place[list->cursor % CHUNK_UNITS] = (struct far_event){at, source, target, data};
    list->cursor++;
}

/* Moves what waits in one slot to the levels below. */
static void slot_empty(struct queue *queue, uint32_t l, uint64_t slot)
{
    struct event_list *place = &queue->levels[l].slots[slot % LEVEL_SLOTS];
    struct event_list list = *place;
    uint32_t last = list.cursor / CHUNK_UNITS * CHUNK_UNITS;

    if (list.head == 0)
        return;
    *place = (struct event_list){0, 0};
    level_unmark(&queue->levels[l], slot);
    for (uint32_t chunk = list.head; chunk != 0;) {
        const struct far_event *far = (const struct far_event *)(void *)(queue->pool + chunk + 1);
        uint32_t count = chunk == last ? list.cursor % CHUNK_UNITS : CHUNK_FAR;
        uint32_t next = queue->pool[chunk].next;

        for (uint32_t i = 0; i < count; i++)
            queue_place(queue, far[i].source, far[i].target, far[i].at, far[i].data);
        queue->pool[chunk].next = queue->chunk_free;
        queue->chunk_free = chunk;
        chunk = next;
    }
}

void queue_advance(struct queue *queue, uint64_t window)
{
    uint64_t before = queue->window;

    assert(window >= before);
    queue->window = window;
    if (window >> LEVEL_BITS == before >> LEVEL_BITS)
        return;
    levels_extend(queue);
    /* All that waits for one instant waits in one level, so it does not matter which is emptied
     * first. Slots before the new place are empty. */
    for (uint32_t l = 1; l < queue->level_count; l++) {
        uint64_t slot = window >> LEVEL_BITS * l;

        if (slot == before >> LEVEL_BITS * l)
            continue;
        slot_empty(queue, l, slot);
        slot_empty(queue, l, slot + 1);
    }
}

uint64_t queue_next(struct queue *queue, uint64_t last)
{
    while (queue->levels[0].summary == 0) {
        uint64_t first = WINDOW_NONE;

        for (uint32_t l = 1; l < queue->level_count; l++) {
            if (queue->levels[l].summary != 0) {
                uint64_t slot = level_first(&queue->levels[l], queue->window >> LEVEL_BITS * l);

                first = slot << LEVEL_BITS * l;
                break;
            }
        }
        if (first > last)
            return WINDOW_NONE;
        queue_advance(queue, first);
    }
    uint64_t window = level_first(&queue->levels[0], queue->window);

    if (window > last)
        return WINDOW_NONE;
    queue_advance(queue, window);
    return window;
}

void queue_bucket_split(struct queue *queue, uint64_t window, uint32_t block, uint64_t cut,
                        struct event_list *early)
{
    struct event_list *bucket = queue_bucket(queue, window, block);
    struct event_list list = *bucket;

    *bucket = (struct event_list){0, 0};
    *early = (struct event_list){0, 0};
    for (uint32_t chunk = list.head; chunk != 0;) {
        uint32_t next = queue->pool[chunk].next;
        uint32_t end = next != 0 ? chunk + CHUNK_UNITS : list.cursor;

        for (uint32_t unit = chunk + 1; unit < end; unit++) {
            struct event event = queue->pool[unit].event;

            struct event_list *list_of = event.offset < cut ? early : bucket;

            if (list_of->cursor % CHUNK_UNITS == 0 &&
                !(list_of == early ? queue_chunk_add(queue, early)
                                   : queue_bucket_grow(queue, bucket, window, block)))
                return;
            queue->pool[list_of->cursor++].event = event;
        }
        queue->pool[chunk].next = queue->chunk_free;
        queue->chunk_free = chunk;
        chunk = next;
    }
}

void queue_window_begin(struct queue *queue, uint64_t window, uint64_t *blocks_used)
{
    uint64_t *used = queue->blocks_used + window % LEVEL_SLOTS * queue->block_words;

    for (uint32_t word = 0; word < queue->block_words; word++) {
        blocks_used[word] = used[word];
        used[word] = 0;
    }
    level_unmark(&queue->levels[0], window);
}

/* Appends one list to another. */
static void list_append(struct queue *queue, struct event_list *list, const struct event_list *more)
{
    if (list->head == 0) {
        *list = *more;
        return;
    }
    for (uint32_t chunk = more->head; chunk != 0;) {
        uint32_t next = queue->pool[chunk].next;
        uint32_t end = next != 0 ? chunk + CHUNK_UNITS : more->cursor;

        for (uint32_t unit = chunk + 1; unit < end; unit++) {
            if (list->cursor % CHUNK_UNITS == 0 && !queue_chunk_add(queue, list))
                return;
            queue->pool[list->cursor++] = queue->pool[unit];
        }
        queue->pool[chunk].next = queue->chunk_free;
        queue->chunk_free = chunk;
        chunk = next;
    }
}

void queue_coarsen(struct queue *queue)
{
    uint32_t row_shift = queue->row_shift, words = queue->block_words, blocks = queue->blocks;

    assert(blocks > 1 && !queue->busy);
    queue->sparse = false;
    queue->blocks = (blocks + 1) / 2;
    queue->block_shift++;
    queue->row_shift = row_shift_of(queue->blocks);
    queue->block_words = words_of(queue->blocks);
    /* Rows become shorter, so that what is written lies never behind what is still to be read. */
    for (uint64_t slot = 0; slot < LEVEL_SLOTS; slot++) {
        struct event_list *row = queue->buckets + (slot << queue->row_shift);
        const struct event_list *old = queue->buckets + (slot << row_shift);
        uint64_t used[BLOCKS_MAX / 64] = {0};

        for (uint32_t block = 0; block < queue->blocks; block++) {
            struct event_list list = old[2 * block];

            if (2 * block + 1 < blocks && old[2 * block + 1].head != 0)
                list_append(queue, &list, &old[2 * block + 1]);
            row[block] = list;
            used[block / 64] |= (uint64_t)(list.head != 0) << block % 64;
        }
        memcpy(queue->blocks_used + slot * queue->block_words, used,
               queue->block_words * sizeof(*used));
    }
    memset(queue->buckets + ((uint64_t)LEVEL_SLOTS << queue->row_shift), 0,
           (((uint64_t)LEVEL_SLOTS << row_shift) - ((uint64_t)LEVEL_SLOTS << queue->row_shift)) *
               sizeof(*queue->buckets));
    memset(queue->blocks_used + (uint64_t)LEVEL_SLOTS * queue->block_words, 0,
           (uint64_t)LEVEL_SLOTS * (words - queue->block_words) * sizeof(*queue->blocks_used));
}
