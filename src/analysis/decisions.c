/*
 * What each agent decided, from the records `decides` (the situation that it was in) and `decided`
 * (what it chose). A choice that came to nothing is one too: whoever asks whether agents choose
 * alike must not look at acts alone, of which the first to come hinders the others.
 */
#include <stdlib.h>

#include "analysis/run.h"

static struct decision_open *open_find(struct decisions *decisions, struct knower knower)
{
    struct decision_open *open = NULL;
    HASH_FIND(hh, decisions->open, &knower, sizeof knower, open);
    return open;
}

/* An agent has one decision at a time under way about one peer: a later one takes its place. */
static int open_keep(struct decisions *decisions, struct knower knower, size_t decision)
{
    struct decision_open *open = open_find(decisions, knower);
    if (open == NULL) {
        open = calloc(1, sizeof *open);
        if (open == NULL) {
            return ERROR_MEMORY;
        }
        open->knower = knower;
        HASH_ADD(hh, decisions->open, knower, sizeof open->knower, open);
        if (open->hh.tbl == NULL) {
            free(open);
            return ERROR_MEMORY;
        }
    }
    open->decision = decision;
    return 0;
}

static bool wanted(const struct analysis *analysis)
{
    return analysis->rows != NULL && analysis->rows->decision != NULL;
}

int decision_take(struct analysis *analysis, const struct record *record, const struct cause *cause)
{
    struct decisions *decisions = &analysis->decisions;
    if (!wanted(analysis)) {
        return 0;
    }
    if (list_reserve((void **)&decisions->list, &decisions->capacity, decisions->count,
                     sizeof *decisions->list) != 0) {
        return ERROR_MEMORY;
    }
    struct situation situation = situation_unpack((uint64_t)record->value);
    decisions->list[decisions->count] = (struct decision_kept){
        .row = {.episode = cause->episode,
                .who = record->who,
                .whom = record->whom,
                .at = record->time,
                .decided = TIME_UNSET,
                .situation = situation,
                .by = record->by,
                .via = record->via,
                .wanted = situation.asked == ASKED_RELAYED    ? WANTED_RELAYED
                          : situation.asked == ASKED_DIRECTLY ? WANTED_REQUESTED
                                                              : WANTED_SPONTANEOUS,
                .record = record->id},
        .place = decisions->count};
    return open_keep(decisions, knower_of(record), decisions->count++);
}

int decision_chosen(struct analysis *analysis, const struct record *record)
{
    struct decisions *decisions = &analysis->decisions;
    if (!wanted(analysis)) {
        return 0;
    }
    struct decision_open *open = open_find(decisions, knower_of(record));
    if (open != NULL) {
        struct decision_kept *kept = &decisions->list[open->decision];
        kept->row.choice = (uint32_t)record->value;
        kept->row.decided = record->time;
        kept->chosen = true;
        HASH_DEL(decisions->open, open);
        free(open);
    }
    return 0;
}

static int by_episode(const void *a, const void *b)
{
    const struct decision_kept *first = a, *second = b;
    if (first->row.episode != second->row.episode) {
        return first->row.episode < second->row.episode ? -1 : 1;
    }
    return first->place < second->place ? -1 : 1;
}

/* The last decision of its doer about its target that came before an act is the one behind it. */
static void effect_mark(struct decision_kept *list, size_t count, const struct act_kept *act)
{
    struct decision_kept *behind = NULL;
    for (size_t i = 0; i < count; i++) {
        struct decision_kept *kept = &list[i];
        if (kept->chosen && kept->row.who == act->who && kept->row.whom == act->whom &&
            kept->row.decided <= act->at) {
            behind = kept;
        }
    }
    if (behind != NULL) {
        behind->row.effective = true;
    }
}

void decisions_order(struct decisions *decisions, const struct acts_kept *acts)
{
    if (decisions->count == 0) {
        return;
    }
    qsort(decisions->list, decisions->count, sizeof *decisions->list, by_episode);
    size_t first = 0;
    for (size_t a = 0; a < acts->count && acts->list[a].episode != EPISODE_NONE; a++) {
        const struct act_kept *act = &acts->list[a];
        while (first < decisions->count && decisions->list[first].row.episode < act->episode) {
            first++;
        }
        size_t end = first;
        while (end < decisions->count && decisions->list[end].row.episode == act->episode) {
            end++;
        }
        effect_mark(decisions->list + first, end - first, act);
    }
}

int decisions_give(const struct analysis *analysis, uint32_t episode, size_t *at)
{
    const struct decisions *decisions = &analysis->decisions;
    bool counts = episode_counts(&analysis->episodes[episode]);
    uint32_t number = 0;
    for (; *at < decisions->count && decisions->list[*at].row.episode == episode; ++*at) {
        struct decision_row row = decisions->list[*at].row;
        if (!counts || !decisions->list[*at].chosen) {
            continue;
        }
        row.episode = episode + 1;
        row.number = ++number;
        int code = analysis->rows->decision(analysis->rows->context, &row);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

void decisions_free(struct decisions *decisions)
{
    struct decision_open *open = decisions->open, *next;
    HASH_CLEAR(hh, decisions->open);
    for (; open != NULL; open = next) {
        next = open->hh.next;
        free(open);
    }
    free(decisions->list);
}
