/*
 * Causes: why a record came about, carried along with whatever it leads to, and how records are
 * made from them.
 *
 *     record = record_make(VERB_DIED, now, &cause, AGENT_NONE, whom, reason);
 *     cause.id = recorder_write(&recorder, &record, writer);
 *
 * A cause names one record, and says on whose behalf what follows from it is done. Its flags are
 * those that are inherited; what a record says of itself alone (late, told) is set in the record. A
 * world owns its causes and its recorder; nothing here allocates or fails.
 */
#ifndef IOLAUS_WORLD_CAUSE_H
#define IOLAUS_WORLD_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"
#include "trace/record.h"

struct cause {
    struct record_id id;
    agent_id by;    /* who asked for it */
    agent_id via;   /* through whom */
    uint16_t flags; /* of enum record_flag: those that are inherited */
};

extern const struct cause CAUSE_NONE;

/* Whoever numbers and keeps a world's records: gives the record its id, (writer, the writer's next
 * sequence), and FLAG_OBJECT where whom is one, and keeps it so. What fails is the world's own to
 * remember; RECORD_ID_NONE is given then. */
struct recorder {
    struct record_id (*write)(void *context, const struct record *record, uint32_t writer);
    void *context;
};

struct record_id recorder_write(const struct recorder *recorder, const struct record *record,
                                uint32_t writer);

/* A record with the cause's id, `by`, `via` and flags; no incarnation yet, and no id. */
struct record record_make(uint8_t verb, time_ns now, const struct cause *cause, agent_id who,
                          agent_id whom, int64_t value);

/* Of an agent's concern: whether it is about nothing. Untouched memory is all zero, and stands for
 * that too: record 0 of agent 0 is its own start, and nobody's concern. */
bool concern_is_none(const struct cause *concern);

/* What follows is spontaneous, whoever had asked for what it follows from. */
void cause_unask(struct cause *cause);

/* What follows is done for `by`, who asked through `via`, or directly (AGENT_NONE). */
void cause_ask(struct cause *cause, agent_id by, agent_id via);

#endif
