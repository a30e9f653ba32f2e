/*
 * Steps over all episodes, whatever protocol they are of.
 *
 * They are shown in the order of their median times, as those of one protocol are. But a step that
 * few episodes have may have another median than what always comes before it and is more common:
 * a refusal, and coming forward. So it is also kept which step came before which in how many
 * episodes, and no step is shown before one that came before it in every episode that has it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/protocol_inside.h"

uint32_t totals_count(const struct totals *totals)
{
    return HASH_COUNT(totals->by_key);
}

/* Room for one more step. */
static int totals_reserve(struct totals *totals)
{
    uint32_t count = totals_count(totals);
    if (count < totals->capacity) {
        return 0;
    }
    uint32_t capacity = totals->capacity == 0 ? 32 : 2 * totals->capacity;
    uint32_t *before = calloc((size_t)capacity * capacity, sizeof *before);
    struct step_total **list = realloc(totals->list, capacity * sizeof *list);
    if (list != NULL) {
        totals->list = list;
    }
    if (before == NULL || list == NULL) {
        free(before);
        return ERROR_MEMORY;
    }
    for (uint32_t row = 0; row < count; row++) {
        memcpy(&before[(size_t)row * capacity], &totals->before[(size_t)row * totals->capacity],
               count * sizeof *before);
    }
    free(totals->before);
    totals->before = before;
    totals->capacity = capacity;
    return 0;
}

/* The sum of a step. NULL where memory is short. */
static struct step_total *total_of(struct totals *totals, const struct step_key *key)
{
    struct step_total *total = NULL;
    HASH_FIND(hh, totals->by_key, key, sizeof *key, total);
    if (total != NULL) {
        return total;
    }
    total = totals_reserve(totals) == 0 ? calloc(1, sizeof *total) : NULL;
    if (total == NULL) {
        return NULL;
    }
    total->number = totals_count(totals);
    total->sum = (struct step_sum){.key = *key, .agents_least = UINT32_MAX};
    HASH_ADD(hh, totals->by_key, sum.key, sizeof total->sum.key, total);
    if (total->hh.tbl == NULL) {
        free(total);
        return NULL;
    }
    totals->list[total->number] = total;
    return total;
}

/* A step of an episode. */
struct moment {
    uint32_t total; /* its number */
    time_ns time;
};

static void order_note(struct totals *totals, const struct moment *moments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (moments[i].time != TIME_UNKNOWN && moments[j].time != TIME_UNKNOWN &&
                moments[i].time < moments[j].time) {
                totals->before[(size_t)moments[i].total * totals->capacity + moments[j].total]++;
            }
        }
    }
}

/* Adds the steps of an episode, and says when each was: since the same moment for all. */
static int moments_make(struct totals *totals, const struct reduction *reduction,
                        struct moment *moments, size_t *count)
{
    *count = 0;
    for (size_t at = 0; at < reduction->act_count;) {
        const struct step_key *key = &reduction->acts[at].key;
        size_t length = step_length(reduction, at);
        time_ns origin = step_origin(reduction->episode, key);
        struct step_total *total = total_of(totals, key);
        size_t timed = total != NULL ? total->sum.time_count : 0;
        if (total == NULL || step_add(&total->sum, &reduction->acts[at], length, origin) != 0) {
            return ERROR_MEMORY;
        }
        bool known = total->sum.time_count > timed;
        moments[(*count)++] =
            (struct moment){total->number, known ? total->sum.times[timed] + origin : TIME_UNKNOWN};
        at += length;
    }
    return 0;
}

int totals_add(struct totals *totals, struct reduction *reduction)
{
    for (size_t i = 0; i < reduction->act_count; i++) {
        reduction->acts[i].key.wanted = WANTED_SPONTANEOUS;
    }
    acts_sort(reduction);
    struct moment *moments = malloc((reduction->act_count + 1) * sizeof *moments);
    size_t count = 0;
    if (moments == NULL) {
        return ERROR_MEMORY;
    }
    int code = moments_make(totals, reduction, moments, &count);
    if (code == 0) {
        order_note(totals, moments, count);
    }
    free(moments);
    return code;
}

/* Whether a step that is not shown yet comes before this one wherever this one occurs. Of no two
 * steps each comes before the other. */
static bool must_wait(const struct totals *totals, const struct step_total *step)
{
    for (uint32_t i = 0; i < totals_count(totals); i++) {
        uint64_t before = totals->before[(size_t)i * totals->capacity + step->number];
        if (!totals->list[i]->shown && before == step->sum.episodes) {
            return true;
        }
    }
    return false;
}

int totals_sort(struct totals *totals)
{
    uint32_t count = totals_count(totals), shown = 0;
    struct step_sum **sorted = malloc((count + 1) * sizeof *sorted);
    free(totals->shown);
    totals->shown = malloc((count + 1) * sizeof *totals->shown);
    if (sorted == NULL || totals->shown == NULL) {
        free(sorted);
        return ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        totals->list[i]->shown = false;
        step_sort(&totals->list[i]->sum);
        sorted[i] = &totals->list[i]->sum;
    }
    if (count > 0) {
        qsort(sorted, count, sizeof *sorted, step_by_median);
    }
    while (shown < count) {
        uint32_t before = shown;
        for (uint32_t i = 0; i < count; i++) {
            struct step_total *step = NULL;
            HASH_FIND(hh, totals->by_key, &sorted[i]->key, sizeof sorted[i]->key, step);
            if (step != NULL && !step->shown && !must_wait(totals, step)) {
                step->shown = true;
                totals->shown[shown++] = sorted[i];
                break;
            }
        }
        assert(shown > before);
    }
    free(sorted);
    return 0;
}

void totals_free(struct totals *totals)
{
    struct step_total *total = totals->by_key, *next;
    HASH_CLEAR(hh, totals->by_key);
    for (; total != NULL; total = next) {
        next = total->hh.next;
        free(total->sum.times);
        free(total);
    }
    free(totals->before);
    free(totals->list);
    free(totals->shown);
}
