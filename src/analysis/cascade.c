/*
 * The cascades: responses, their generations and what each calls forth.
 *
 * A response is one agent's first effective preservation act for one target in one episode. Its
 * generation is the number of responses among its causes, and itself: those of generation 1 are
 * caused by the stop alone.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"

/* 1: made just now; 0: seen before; negative: an error. */
static int response_first(struct responses *responses, const struct response_key *key)
{
    struct response_seen *seen = NULL;
    HASH_FIND(hh, responses->seen, key, sizeof *key, seen);
    if (seen != NULL) {
        return 0;
    }
    seen = calloc(1, sizeof *seen);
    if (seen == NULL) {
        return ERROR_MEMORY;
    }
    seen->key = *key;
    seen->response = (uint32_t)responses->count;
    HASH_ADD(hh, responses->seen, key, sizeof seen->key, seen);
    if (seen->hh.tbl == NULL) {
        free(seen);
        return ERROR_MEMORY;
    }
    return 1;
}

int response_take(struct analysis *analysis, enum cascade cascade, struct cause *cause,
                  agent_id responder, agent_id target)
{
    assert(cause->episode < analysis->episode_count);
    struct responses *responses = &analysis->responses[cascade];
    uint32_t *nearest = cascade == CASCADE_AFTER ? &cause->after : &cause->response;
    struct response_key key = {cause->episode, responder, target};
    int first = response_first(responses, &key);
    if (first <= 0) {
        return first;
    }
    if (list_reserve((void **)&responses->list, &responses->capacity, responses->count,
                     sizeof *responses->list) != 0) {
        return ERROR_MEMORY;
    }
    struct response *response = &responses->list[responses->count];
    *response = (struct response){.key = key, .generation = 1};
    response->parent = *nearest;
    response->made_by = analysis->at;
    response->at = analysis->now;
    response->inferred = (cause->flags & CAUSE_INFERRED) != 0;
    if (*nearest != RESPONSE_NONE) {
        assert(*nearest < responses->count);
        struct response *parent = &responses->list[*nearest];
        response->generation = parent->generation + 1;
        parent->children[0]++;
        parent->children[1] += response->inferred ? 0 : 1;
    } else {
        struct episode *episode = &analysis->episodes[cause->episode];
        episode->first[cascade][0]++;
        episode->first[cascade][1] += response->inferred ? 0 : 1;
    }
    *nearest = (uint32_t)responses->count;
    responses->count++;
    return (int)response->generation;
}

static void take_back(struct analysis *analysis, enum cascade cascade, const struct cause *cause,
                      const struct record *record)
{
    struct responses *responses = &analysis->responses[cascade];
    struct response_key key = {cause->episode, record->who, record->whom};
    struct response_seen *seen = NULL;
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all of key is set */
    HASH_FIND(hh, responses->seen, &key, sizeof key, seen);
    if (seen == NULL || !record_id_equal(responses->list[seen->response].made_by, record->cause)) {
        return; /* it was not the agent's first act */
    }
    struct response *response = &responses->list[seen->response];
    uint32_t *children = response->parent != RESPONSE_NONE
                             ? responses->list[response->parent].children
                             : analysis->episodes[cause->episode].first[cascade];
    children[0]--;
    children[1] -= response->inferred ? 0 : 1;
    response->taken_back = true;
    HASH_DEL(responses->seen, seen);
    free(seen);
}

void response_take_back(struct analysis *analysis, const struct cause *cause,
                        const struct record *record)
{
    take_back(analysis, CASCADE_WHOLE, cause, record);
    take_back(analysis, CASCADE_AFTER, cause, record);
}

void responses_free(struct responses *responses)
{
    struct response_seen *seen = responses->seen, *next;
    HASH_CLEAR(hh, responses->seen);
    for (; seen != NULL; seen = next) {
        next = seen->hh.next;
        free(seen);
    }
    free(responses->list);
    *responses = (struct responses){0};
}
