#include "trace/record.h"

#include <assert.h>
#include <stddef.h>

#include "trace/bytes.h"

struct verb {
    const char *name;
    const char *words;
    enum record_class class;
};

static const struct verb verbs[VERB_COUNT] = {
#define X(verb, name, class, words) {#name, words, CLASS_##class},
    RECORD_VERBS(X)
#undef X
};

static const char *const class_names[] = {"truth", "act", "claim", "platform", "control"};

enum record_class record_verb_class(enum record_verb verb)
{
    assert(verb < VERB_COUNT);
    return verbs[verb].class;
}

const char *record_verb_name(enum record_verb verb)
{
    assert(verb < VERB_COUNT);
    return verbs[verb].name;
}

const char *record_verb_words(enum record_verb verb)
{
    assert(verb < VERB_COUNT);
    return verbs[verb].words;
}

const char *record_class_name(enum record_class class)
{
    assert(class <= CLASS_CONTROL);
    return class_names[class];
}

void record_pack(const struct record *record, unsigned char bytes[RECORD_BYTES])
{
    bytes_put64(bytes, (uint64_t)record->time);
    bytes_put32(bytes + 8, record->id.writer);
    bytes_put32(bytes + 12, record->id.sequence);
    bytes_put32(bytes + 16, record->cause.writer);
    bytes_put32(bytes + 20, record->cause.sequence);
    bytes_put32(bytes + 24, record->who);
    bytes_put32(bytes + 28, record->whom);
    bytes_put32(bytes + 32, record->by);
    bytes_put32(bytes + 36, record->via);
    bytes_put16(bytes + 40, record->who_incarnation);
    bytes_put16(bytes + 42, record->whom_incarnation);
    bytes[44] = record->verb;
    bytes[45] = record->reserved;
    bytes_put16(bytes + 46, record->flags);
    bytes_put64(bytes + 48, (uint64_t)record->value);
}

void record_unpack(struct record *record, const unsigned char bytes[RECORD_BYTES])
{
    record->time = (time_ns)bytes_get64(bytes);
    record->id.writer = bytes_get32(bytes + 8);
    record->id.sequence = bytes_get32(bytes + 12);
    record->cause.writer = bytes_get32(bytes + 16);
    record->cause.sequence = bytes_get32(bytes + 20);
    record->who = bytes_get32(bytes + 24);
    record->whom = bytes_get32(bytes + 28);
    record->by = bytes_get32(bytes + 32);
    record->via = bytes_get32(bytes + 36);
    record->who_incarnation = bytes_get16(bytes + 40);
    record->whom_incarnation = bytes_get16(bytes + 42);
    record->verb = bytes[44];
    record->reserved = bytes[45];
    record->flags = bytes_get16(bytes + 46);
    record->value = (int64_t)bytes_get64(bytes + 48);
}
