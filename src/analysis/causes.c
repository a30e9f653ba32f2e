/*
 * From a record to the episode, response and agent at the head of its chain of causes: one small
 * entry for each record, in an array for each writer, found by the record's sequence.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"
#include "core/agent/percept.h"

struct causes {
    UT_hash_handle hh;
    uint32_t writer;
    size_t count, capacity;
    struct cause *list; /* by sequence; what was not seen has no CAUSE_KNOWN */
};

/* A jump in a writer's sequence beyond this is no gap but damage. */
#define SEQUENCE_GAP_MAX (UINT32_C(1) << 24)

int list_reserve(void **list, size_t *capacity, size_t count, size_t element_bytes)
{
    if (count < *capacity) {
        return 0;
    }
    size_t larger = *capacity == 0 ? 16 : *capacity * 2;
    while (larger <= count) {
        larger *= 2;
    }
    void *moved = realloc(*list, larger * element_bytes);
    if (moved == NULL) {
        return ERROR_MEMORY;
    }
    *list = moved;
    *capacity = larger;
    return 0;
}

static const struct cause *cause_find(struct causes *causes, struct record_id id)
{
    struct causes *writer = NULL;
    HASH_FIND(hh, causes, &id.writer, sizeof id.writer, writer);
    if (writer == NULL || id.sequence >= writer->count) {
        return NULL;
    }
    const struct cause *cause = &writer->list[id.sequence];
    return (cause->flags & CAUSE_KNOWN) != 0 ? cause : NULL;
}

/* Whose act a record is. The platform and the truth carry out what somebody asked for; a link that
 * came back is the work of whoever asked for the relinking, and of nobody where the platform linked
 * of its own accord. */
static agent_id actor_of(const struct record *record, const struct cause *parent)
{
    bool relinking =
        parent != NULL && (parent->verb == VERB_RELINKS ||
                           (parent->verb == VERB_CONNECTED && record->verb == VERB_LINK_UP));
    enum record_class class = record_verb_class(record->verb);
    if (class == CLASS_ACT || class == CLASS_CLAIM) {
        return record->who;
    }
    if (record->verb == VERB_CONNECTED) {
        return record->by != AGENT_NONE ? record->by : relinking ? parent->actor : AGENT_NONE;
    }
    if (record->verb == VERB_LINK_UP) {
        return relinking && parent->actor != AGENT_NONE ? parent->actor : record->by;
    }
    return parent != NULL ? parent->actor : AGENT_NONE;
}

/*
 * Who wanted an act is said where the agent acts, or in the situation on which it decided, and
 * holds for the agent's whole defence and for what carries it out; it does not pass to another
 * agent.
 */
static uint8_t wanted_of(const struct record *record, const struct cause *parent)
{
    if ((record->flags & FLAG_RELAYED) != 0) {
        return CAUSE_RELAYED;
    }
    if ((record->flags & FLAG_REQUESTED) != 0) {
        return CAUSE_REQUESTED;
    }
    if (record->verb == VERB_DECIDES) {
        struct situation situation = situation_unpack((uint64_t)record->value);
        return situation.asked == ASKED_RELAYED    ? CAUSE_RELAYED
               : situation.asked == ASKED_DIRECTLY ? CAUSE_REQUESTED
                                                   : 0;
    }
    enum record_class class = record_verb_class(record->verb);
    bool agents = class == CLASS_ACT || class == CLASS_CLAIM;
    if (parent == NULL || class == CLASS_CONTROL || (agents && parent->actor != record->who)) {
        return 0;
    }
    return parent->flags & (CAUSE_REQUESTED | CAUSE_RELAYED);
}

struct cause cause_of(struct causes *causes, const struct record *record)
{
    const struct cause *parent =
        record_id_is_none(record->cause) ? NULL : cause_find(causes, record->cause);
    struct cause cause = {EPISODE_NONE,
                          RESPONSE_NONE,
                          RESPONSE_NONE,
                          actor_of(record, parent),
                          VERB_COUNT,
                          wanted_of(record, parent),
                          0};
    if (parent != NULL) {
        cause.episode = parent->episode;
        cause.response = parent->response;
        cause.after = parent->after;
        cause.verb = parent->verb;
        cause.mark = parent->mark;
        cause.flags |= parent->flags & CAUSE_INFERRED;
        /* What came of a report is told to the records that answer it. */
        if (parent->verb == VERB_REPORTS &&
            (record->verb == VERB_SHOWS || record->verb == VERB_REFUSED ||
             record->verb == VERB_FAILED)) {
            cause.flags |= parent->flags & (CAUSE_MASKED | CAUSE_STALE);
        }
    }
    if ((record->flags & FLAG_INFERRED) != 0) {
        cause.flags |= CAUSE_INFERRED;
    }
    return cause;
}

int cause_keep(struct causes **causes, struct record_id id, struct cause cause)
{
    struct causes *writer = NULL;
    HASH_FIND(hh, *causes, &id.writer, sizeof id.writer, writer);
    if (writer == NULL) {
        writer = calloc(1, sizeof *writer);
        if (writer == NULL) {
            return ERROR_MEMORY;
        }
        writer->writer = id.writer;
        HASH_ADD(hh, *causes, writer, sizeof writer->writer, writer);
        if (writer->hh.tbl == NULL) {
            free(writer);
            return ERROR_MEMORY;
        }
    }
    if (id.sequence >= writer->count && id.sequence - writer->count > SEQUENCE_GAP_MAX) {
        return ERROR_CORRUPT;
    }
    if (list_reserve((void **)&writer->list, &writer->capacity, id.sequence,
                     sizeof *writer->list) != 0) {
        return ERROR_MEMORY;
    }
    if (id.sequence >= writer->count) {
        memset(&writer->list[writer->count], 0,
               (id.sequence + 1 - writer->count) * sizeof *writer->list);
        writer->count = (size_t)id.sequence + 1;
    }
    cause.flags |= CAUSE_KNOWN;
    writer->list[id.sequence] = cause;
    return 0;
}

void causes_free(struct causes **causes)
{
    struct causes *writer = *causes, *next;
    HASH_CLEAR(hh, *causes);
    for (; writer != NULL; writer = next) {
        next = writer->hh.next;
        free(writer->list);
        free(writer);
    }
}
