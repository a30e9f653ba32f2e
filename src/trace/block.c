/*
 * The compact form of a block of records.
 *
 * Each record begins with a control word that says which fields follow and which are the same as
 * what the reader knows already. Nothing is remembered from one block to the next, so a block can
 * be read without the ones before it.
 */
#include <assert.h>
#include <string.h>

#include "trace/bytes.h"
#include "trace/format.h"

/* The control word. `who` and `whom` take two bits each. */
enum { AGENT_IS_NONE, AGENT_IS_SAME, AGENT_FOLLOWS };
#define CONTROL_WHO 0
#define CONTROL_WHOM 2
#define CONTROL_BY (1U << 4)
#define CONTROL_VIA (1U << 5)
#define CONTROL_WRITER 6 /* three bits: enum writer_is */
#define CONTROL_SEQUENCE (1U << 9)
#define CONTROL_CAUSE 10 /* three bits: enum cause_is */
#define CONTROL_INCARNATIONS (1U << 13)
#define CONTROL_FLAGS (1U << 14)
#define CONTROL_VALUE (1U << 15)

enum writer_is { BY_WHO, BY_WHOM, BY_PLATFORM, BY_CONTROL, BY_WITNESS, BY_OTHER };
enum cause_is {
    CAUSE_NONE,
    CAUSE_LAST, /* the record before */
    CAUSE_SAME, /* that of the record before */
    CAUSE_OWN,  /* of the same writer */
    CAUSE_PLATFORM,
    CAUSE_CONTROL,
    CAUSE_WITNESS,
    CAUSE_OTHER
};

/* What both sides remember within a block: the record before, and of some writers the last sequence
 * (a table without chains: two writers in one place forget each other, which costs bytes only). */
#define PLACES 4096
struct memory {
    struct record last;
    uint32_t writers[PLACES];
    uint32_t sequences[PLACES];
};

static void memory_begin(struct memory *memory, time_ns first)
{
    memory->last = (struct record){.time = first, .who = AGENT_NONE, .whom = AGENT_NONE};
    memory->last.id = memory->last.cause = RECORD_ID_NONE;
    memset(memory->writers, 0xff, sizeof memory->writers); /* WRITER_NONE */
    memset(memory->sequences, 0xff, sizeof memory->sequences);
}

static uint32_t memory_place(uint32_t writer)
{
    return writer * UINT32_C(2654435761) >> 20;
}

/* The last sequence known of this writer; UINT32_MAX, so that the next is 0, if none is. */
static uint32_t memory_sequence(const struct memory *memory, uint32_t writer)
{
    uint32_t place = memory_place(writer);

    return memory->writers[place] == writer ? memory->sequences[place] : UINT32_MAX;
}

static void memory_learn(struct memory *memory, const struct record *record)
{
    uint32_t place = memory_place(record->id.writer);

    memory->writers[place] = record->id.writer;
    memory->sequences[place] = record->id.sequence;
    memory->last = *record;
}

static unsigned agent_code(agent_id agent, agent_id last)
{
    return agent == AGENT_NONE ? AGENT_IS_NONE : agent == last ? AGENT_IS_SAME : AGENT_FOLLOWS;
}

static enum writer_is writer_code(const struct record *record)
{
    uint32_t writer = record->id.writer;

    return writer == record->who       ? BY_WHO
           : writer == record->whom    ? BY_WHOM
           : writer == WRITER_PLATFORM ? BY_PLATFORM
           : writer == WRITER_CONTROL  ? BY_CONTROL
           : writer == WRITER_WITNESS  ? BY_WITNESS
                                       : BY_OTHER;
}

static enum cause_is cause_code(const struct record *record, const struct record *last)
{
    struct record_id cause = record->cause;

    return record_id_is_none(cause)              ? CAUSE_NONE
           : record_id_equal(cause, last->id)    ? CAUSE_LAST
           : record_id_equal(cause, last->cause) ? CAUSE_SAME
           : cause.writer == record->id.writer   ? CAUSE_OWN
           : cause.writer == WRITER_PLATFORM     ? CAUSE_PLATFORM
           : cause.writer == WRITER_CONTROL      ? CAUSE_CONTROL
           : cause.writer == WRITER_WITNESS      ? CAUSE_WITNESS
                                                 : CAUSE_OTHER;
}

/* The distance of two sequences, folded, so that a small one takes few bytes either way. */
static unsigned char *put_apart(unsigned char *at, uint32_t sequence, uint32_t from)
{
    return bytes_put_varint(at, bytes_fold((uint64_t)(int64_t)(int32_t)(sequence - from)));
}

static uint32_t take_apart(struct byte_span *span, uint32_t from)
{
    return from + (uint32_t)bytes_unfold(bytes_take_varint(span));
}

static unsigned char *record_encode(const struct record *record, const struct memory *memory,
                                    unsigned char *at)
{
    const struct record *last = &memory->last;
    unsigned who = agent_code(record->who, last->who);
    unsigned whom = agent_code(record->whom, last->whom);
    enum writer_is writer = writer_code(record);
    enum cause_is cause = cause_code(record, last);
    uint32_t next = memory_sequence(memory, record->id.writer) + 1;
    unsigned control = who << CONTROL_WHO | whom << CONTROL_WHOM |
                       (unsigned)writer << CONTROL_WRITER | (unsigned)cause << CONTROL_CAUSE;

    control |= record->by != AGENT_NONE ? CONTROL_BY : 0;
    control |= record->via != AGENT_NONE ? CONTROL_VIA : 0;
    control |= record->id.sequence != next ? CONTROL_SEQUENCE : 0;
    control |= record->who_incarnation | record->whom_incarnation ? CONTROL_INCARNATIONS : 0;
    control |= record->flags != 0 ? CONTROL_FLAGS : 0;
    control |= record->value != 0 ? CONTROL_VALUE : 0;
    bytes_put16(at, (uint16_t)control);
    at[2] = record->verb;
    at = bytes_put_varint(at + 3, bytes_fold((uint64_t)record->time - (uint64_t)last->time));
    if (who == AGENT_FOLLOWS)
        at = bytes_put_varint(at, record->who);
    if (whom == AGENT_FOLLOWS)
        at = bytes_put_varint(at, record->whom);
    if (control & CONTROL_BY)
        at = bytes_put_varint(at, record->by);
    if (control & CONTROL_VIA)
        at = bytes_put_varint(at, record->via);
    if (writer == BY_OTHER)
        at = bytes_put_varint(at, record->id.writer);
    if (control & CONTROL_SEQUENCE)
        at = put_apart(at, record->id.sequence, next);
    if (cause == CAUSE_OTHER)
        at = bytes_put_varint(at, record->cause.writer);
    if (cause >= CAUSE_OWN)
        at = put_apart(at, record->cause.sequence, memory_sequence(memory, record->cause.writer));
    if (control & CONTROL_INCARNATIONS) {
        at = bytes_put_varint(at, record->who_incarnation);
        at = bytes_put_varint(at, record->whom_incarnation);
    }
    if (control & CONTROL_FLAGS)
        at = bytes_put_varint(at, record->flags);
    if (control & CONTROL_VALUE)
        at = bytes_put_varint(at, bytes_fold((uint64_t)record->value));
    return at;
}

static uint16_t take_u16(struct byte_span *span)
{
    uint64_t value = bytes_take_varint(span);

    span->bad |= value > UINT16_MAX;
    return (uint16_t)value;
}

static agent_id take_agent(struct byte_span *span, unsigned code, agent_id last)
{
    if (code > AGENT_FOLLOWS)
        span->bad = true;
    return code == AGENT_FOLLOWS   ? bytes_take_varint32(span)
           : code == AGENT_IS_SAME ? last
                                   : AGENT_NONE;
}

static uint32_t take_writer(struct byte_span *span, unsigned code, const struct record *record)
{
    switch (code) {
    case BY_WHO:
        return record->who;
    case BY_WHOM:
        return record->whom;
    case BY_PLATFORM:
        return WRITER_PLATFORM;
    case BY_CONTROL:
        return WRITER_CONTROL;
    case BY_WITNESS:
        return WRITER_WITNESS;
    case BY_OTHER:
        return bytes_take_varint32(span);
    default:
        span->bad = true;
        return WRITER_NONE;
    }
}

static struct record_id take_cause(struct byte_span *span, unsigned code,
                                   const struct memory *memory, uint32_t own)
{
    struct record_id cause;

    switch (code) {
    case CAUSE_NONE:
        return RECORD_ID_NONE;
    case CAUSE_LAST:
        return memory->last.id;
    case CAUSE_SAME:
        return memory->last.cause;
    case CAUSE_OWN:
        cause.writer = own;
        break;
    case CAUSE_PLATFORM:
        cause.writer = WRITER_PLATFORM;
        break;
    case CAUSE_CONTROL:
        cause.writer = WRITER_CONTROL;
        break;
    case CAUSE_WITNESS:
        cause.writer = WRITER_WITNESS;
        break;
    default:
        cause.writer = bytes_take_varint32(span);
        break;
    }
    cause.sequence = take_apart(span, memory_sequence(memory, cause.writer));
    return cause;
}

static void record_decode(struct record *record, const struct memory *memory,
                          struct byte_span *span)
{
    const struct record *last = &memory->last;
    unsigned control;

    if (span->end - span->at < 3) {
        span->bad = true;
        return;
    }
    control = bytes_get16(span->at);
    record->verb = span->at[2];
    record->reserved = 0;
    span->at += 3;
    record->time = (time_ns)((uint64_t)last->time + bytes_unfold(bytes_take_varint(span)));
    record->who = take_agent(span, control >> CONTROL_WHO & 3, last->who);
    record->whom = take_agent(span, control >> CONTROL_WHOM & 3, last->whom);
    record->by = control & CONTROL_BY ? bytes_take_varint32(span) : AGENT_NONE;
    record->via = control & CONTROL_VIA ? bytes_take_varint32(span) : AGENT_NONE;
    record->id.writer = take_writer(span, control >> CONTROL_WRITER & 7, record);
    record->id.sequence = memory_sequence(memory, record->id.writer) + 1;
    if (control & CONTROL_SEQUENCE)
        record->id.sequence = take_apart(span, record->id.sequence);
    record->cause = take_cause(span, control >> CONTROL_CAUSE & 7, memory, record->id.writer);
    record->who_incarnation = control & CONTROL_INCARNATIONS ? take_u16(span) : 0;
    record->whom_incarnation = control & CONTROL_INCARNATIONS ? take_u16(span) : 0;
    record->flags = control & CONTROL_FLAGS ? take_u16(span) : 0;
    record->value = control & CONTROL_VALUE ? (int64_t)bytes_unfold(bytes_take_varint(span)) : 0;
}

/* The places of an agent are not counted in the header, so any number may be an agent's. */
static bool writer_valid(uint32_t writer, uint32_t agents)
{
    return writer < WRITER_PLATFORM ? agents > 0 : writer <= WRITER_WITNESS;
}

const char *record_check(const struct record *record, uint32_t agents)
{
    if (record->verb >= VERB_COUNT)
        return "a verb that is none";
    if (record->time < 0)
        return "a time before the start";
    if ((record->who >= agents && record->who != AGENT_NONE) ||
        (record->whom >= agents && record->whom != AGENT_NONE) ||
        (record->by >= agents && record->by != AGENT_NONE) ||
        (record->via >= agents && record->via != AGENT_NONE))
        return "an agent that is not of the crew";
    if (!writer_valid(record->id.writer, agents))
        return "a writer that is none";
    if (record_id_is_none(record->cause) ? record->cause.sequence != UINT32_MAX
                                         : !writer_valid(record->cause.writer, agents))
        return "a cause that no writer can have written";
    if (record->reserved != 0)
        return "something in the reserved byte";
    return NULL;
}

size_t block_encode(const struct record *records, uint32_t count, uint64_t ordinal,
                    unsigned char *bytes)
{
    struct memory memory;
    unsigned char *at = bytes + FORMAT_BLOCK_PREFIX_BYTES;

    assert(count >= 1 && count <= FORMAT_BLOCK_RECORDS);
    bytes_put64(bytes, ordinal);
    bytes_put32(bytes + 8, count);
    bytes_put64(bytes + 12, (uint64_t)records[0].time);
    memory_begin(&memory, records[0].time);
    for (uint32_t i = 0; i < count; i++) {
        at = record_encode(&records[i], &memory, at);
        memory_learn(&memory, &records[i]);
    }
    assert(at - bytes <= FORMAT_BLOCK_BYTES_MAX);
    return (size_t)(at - bytes);
}

const char *block_decode(const unsigned char *bytes, size_t size, uint64_t ordinal, uint32_t agents,
                         struct record *records, uint32_t *count)
{
    struct memory memory;
    struct byte_span span = {bytes + FORMAT_BLOCK_PREFIX_BYTES, bytes + size, false};

    *count = 0;
    if (size < FORMAT_BLOCK_PREFIX_BYTES)
        return "is too short";
    if (bytes_get64(bytes) != ordinal)
        return "is not the next one";
    *count = bytes_get32(bytes + 8);
    if (*count < 1 || *count > FORMAT_BLOCK_RECORDS)
        return "has an impossible number of records";
    memory_begin(&memory, (time_ns)bytes_get64(bytes + 12));
    for (uint32_t i = 0; i < *count; i++) {
        const char *wrong;

        record_decode(&records[i], &memory, &span);
        if (span.bad)
            return "holds a record that cannot be read";
        wrong = record_check(&records[i], agents);
        if (wrong != NULL)
            return "holds a record that cannot be";
        memory_learn(&memory, &records[i]);
    }
    return span.at == span.end ? NULL : "is longer than its records";
}
