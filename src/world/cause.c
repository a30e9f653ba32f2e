#include "world/cause.h"

const struct cause CAUSE_NONE = {{WRITER_NONE, UINT32_MAX}, AGENT_NONE, AGENT_NONE, 0};

struct record_id recorder_write(const struct recorder *recorder, const struct record *record,
                                uint32_t writer)
{
    return recorder->write(recorder->context, record, writer);
}

struct record record_make(uint8_t verb, time_ns now, const struct cause *cause, agent_id who,
                          agent_id whom, int64_t value)
{
    struct record record = {.time = now,
                            .cause = cause->id,
                            .who = who,
                            .whom = whom,
                            .by = cause->by,
                            .via = cause->via,
                            .verb = verb,
                            .flags = cause->flags,
                            .value = value};

    return record;
}

bool concern_is_none(const struct cause *concern)
{
    return record_id_is_none(concern->id) || (concern->id.writer == 0 && concern->id.sequence == 0);
}

void cause_unask(struct cause *cause)
{
    cause->by = cause->via = AGENT_NONE;
    cause->flags &= (uint16_t) ~(FLAG_REQUESTED | FLAG_RELAYED);
}

void cause_ask(struct cause *cause, agent_id by, agent_id via)
{
    cause->by = by;
    cause->via = via;
    cause->flags |= FLAG_REQUESTED;
    if (via != AGENT_NONE)
        cause->flags |= FLAG_RELAYED;
}
