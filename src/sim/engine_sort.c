#include "sim/engine_sort.h"

#include <string.h>

#pragma GCC poison malloc calloc realloc free

#define INSERTION_MAX 24u

static inline bool event_before(const struct event *a, const struct event *b)
{
    uint64_t key_a = (uint64_t)a->target << 32 | a->offset;
    uint64_t key_b = (uint64_t)b->target << 32 | b->offset;

    return key_a != key_b ? key_a < key_b : a->source < b->source;
}

static void insertion_sort(const struct event *events, uint32_t count, struct event *out)
{
    for (uint32_t i = 0; i < count; i++) {
        struct event event = events[i];
        uint32_t place = i;

        while (place > 0 && event_before(&event, &out[place - 1])) {
            out[place] = out[place - 1];
            place--;
        }
        out[place] = event;
    }
}

static void merge(const struct event *left, uint32_t left_count, const struct event *right,
                  uint32_t right_count, struct event *out)
{
    const struct event *left_end = left + left_count;
    const struct event *right_end = right + right_count;

    while (left < left_end && right < right_end)
        *out++ = event_before(right, left) ? *right++ : *left++;
    memcpy(out, left, (size_t)(left_end - left) * sizeof(*out));
    out += left_end - left;
    memcpy(out, right, (size_t)(right_end - right) * sizeof(*out));
}

static void merge_sort(struct event *events, uint32_t count, struct event *out)
{
    struct event *from = out, *to = events;

    for (uint64_t i = 0; i < count; i += INSERTION_MAX)
        insertion_sort(events + i,
                       count - i < INSERTION_MAX ? (uint32_t)(count - i) : INSERTION_MAX, out + i);
    for (uint64_t run = INSERTION_MAX; run < count; run *= 2) {
        struct event *other = from;

        for (uint64_t i = 0; i < count; i += 2 * run) {
            uint64_t left = count - i < run ? count - i : run;
            uint64_t right = count - i - left < run ? count - i - left : run;

            merge(from + i, (uint32_t)left, from + i + left, (uint32_t)right, to + i);
        }
        from = to;
        to = other;
    }
    if (from != out)
        memcpy(out, from, (size_t)count * sizeof(*out));
}

/* Sorts up to `width` events of one entity; what stands behind them is moved too, and is no event.
 * No event has the greatest key, for the width of windows is less than 2^32. */
static inline void rank_sort(const struct event *events, uint32_t count, uint32_t width,
                             struct event *out)
{
    uint64_t keys[RANK_MAX];
    uint32_t ranks[RANK_MAX] = {0};

    for (uint32_t i = 0; i < width; i++) {
        uint64_t key = (uint64_t)events[i].offset << 32 | events[i].source;

        keys[i] = key | -(uint64_t)(i >= count);
    }
    for (uint32_t i = 1; i < width; i++) {
        for (uint32_t j = 0; j < i; j++) {
            bool before = keys[i] < keys[j];

            ranks[j] += before;
            ranks[i] += !before;
        }
    }
    for (uint32_t i = 0; i < width; i++)
        out[ranks[i]] = events[i];
}

void bin_sort(const struct bins *bins, struct event *events, uint32_t count, struct event *out)
{
    if (bins->single && count <= RANK_MAX / 2)
        rank_sort(events, count, RANK_MAX / 2, out);
    else if (bins->single && count <= RANK_MAX)
        rank_sort(events, count, RANK_MAX, out);
    else if (count <= INSERTION_MAX)
        insertion_sort(events, count, out);
    else
        merge_sort(events, count, out);
}

static uint32_t list_count(const struct queue *queue, const struct event_list *list)
{
    uint32_t count = 0;

    for (uint32_t chunk = list->head; queue->pool[chunk].next != 0; chunk = queue->pool[chunk].next)
        count += CHUNK_EVENTS;
    return count + (list->cursor - 1) % CHUNK_UNITS;
}

static uint32_t list_end(const struct queue *queue, const struct event_list *list, uint32_t chunk)
{
    return queue->pool[chunk].next != 0 ? chunk + CHUNK_UNITS : list->cursor;
}

uint32_t bins_fill(struct bins *bins, const struct queue *queue, const struct event_list *list,
                   uint32_t block, struct event *events)
{
    const union unit *pool = queue->pool;
    uint32_t base = block << queue->block_shift;
    uint32_t count = list_count(queue, list);
    uint32_t count_log2 = 32 - (uint32_t)__builtin_clz(count);
    uint32_t shift = queue->block_shift > count_log2 ? queue->block_shift - count_log2 : 0;
    uint32_t *begins = bins->ends;
    uint32_t sum = 0;

    if (pool[list->head].next == 0) {
        memcpy(events, pool + list->head + 1, count * sizeof(*events));
        bins->count = 1;
        bins->single = queue->block_shift == 0;
        bins->ends[0] = count;
        return count;
    }
    bins->count = 1u << (queue->block_shift - shift);
    bins->single = shift == 0;
    memset(begins, 0, bins->count * sizeof(*begins));
    for (uint32_t chunk = list->head; chunk != 0; chunk = pool[chunk].next) {
        uint32_t end = list_end(queue, list, chunk);

        for (uint32_t unit = chunk + 1; unit < end; unit++)
            begins[(pool[unit].event.target - base) >> shift]++;
    }
    for (uint32_t bin = 0; bin < bins->count; bin++) {
        uint32_t size = begins[bin];

        begins[bin] = sum;
        sum += size;
    }
    for (uint32_t chunk = list->head; chunk != 0; chunk = pool[chunk].next) {
        uint32_t end = list_end(queue, list, chunk);

        for (uint32_t unit = chunk + 1; unit < end; unit++)
            events[begins[(pool[unit].event.target - base) >> shift]++] = pool[unit].event;
    }
    return count;
}
