/*
 * The typed reader: mappings of a document into structs, driven by tables.
 *
 * A struct table lists the keys of one mapping; a struct field says of one key its type, where its
 * value goes, its default, its range and what it is for. The same tables make
 * docs/reference/scenario.md (reference.h), so the page cannot tell another story than the reader.
 *
 * Everything read is taken from the reader's arena. Every error is ERROR_INPUT with
 * file:line:column, says what is wrong and what would be right; nothing is asserted of input.
 */
#ifndef IOLAUS_SCENARIO_READER_H
#define IOLAUS_SCENARIO_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "scenario/document.h"

enum field_type {
    FIELD_DURATION,    /* time_ns; `never` where the range's high end is TIME_NEVER */
    FIELD_RATE,        /* time_ns: the mean time between two */
    FIELD_SPREAD,      /* struct spread; the least value is at least the range's low end */
    FIELD_COUNT,       /* uint32_t */
    FIELD_SEED,        /* uint64_t */
    FIELD_PROBABILITY, /* probability: a decimal, or a fraction such as 6/7 */
    FIELD_DECIMAL,     /* fixed */
    FIELD_BOND,        /* int16_t Q1.14: a decimal in [-1, 1], or none, bad, neutral, good */
    FIELD_SIZE,        /* uint64_t: bytes */
    FIELD_SCORE,       /* int64_t: a whole number, or none */
    FIELD_FLAG,        /* bool */
    FIELD_WORD,        /* uint8_t: one of more.words */
    FIELD_WORDS,       /* uint32_t: the bits of a list of more.words */
    FIELD_TEXT,        /* const char * */
    FIELD_NAME,        /* const char *: letters, digits, _ and - */
    FIELD_NAMES,       /* struct names: a list of names, or one */
    FIELD_MAPPING,     /* more.table, whose offsets are from the same struct */
    FIELD_ENTRIES,     /* struct list of more.table: a list of mappings */
    FIELD_NAMED,       /* struct list of more.table: a mapping of names to mappings */
    FIELD_NODE         /* int: the node, read by hand */
};

struct word {
    const char *name;
    int64_t value;
};

struct field {
    const char *key;
    uint8_t type; /* enum field_type */
    bool required;
    uint32_t offset;
    const char *standard; /* the default as one would write it; NULL: zero, or as `doc` says */
    int64_t low, high;    /* the range, both ends included, where high > low */
    union {
        const struct word *words; /* ends with a NULL name */
        const struct table *table;
    } more;
    const char *doc; /* one sentence */
};

struct table {
    const char *name; /* the heading in the reference */
    const char *doc;
    const struct field *fields; /* ends with a NULL key */
    const struct table *also;   /* another table whose keys may stand here too; read by itself */
    const char *shorthand;      /* a single value stands for this key alone */
    uint32_t size;              /* of one item, where the table is of a list */
    uint32_t most;              /* items of such a list */
};

/* Every item of FIELD_ENTRIES and FIELD_NAMED begins with this. */
struct item {
    int node;
    const char *name; /* FIELD_NAMED: the key; FIELD_ENTRIES: the reader of the field `name` */
};

struct list {
    void *items;
    uint32_t count;
};

struct names {
    int node;
    const char **items;
    int *nodes; /* by item */
    uint32_t count;
};

struct reader {
    const struct document *document;
    struct arena *arena;
    struct error *error;
};

/* The longest name of an agent, group, kind, mind, node or arm. */
#define NAME_LENGTH_MAX 63

/* Reads the mapping at `node` into `object`, which has been zeroed or holds earlier values. With
 * `defaults`, keys that are absent get their default; else they are left alone. */
int reader_table(struct reader *reader, const struct table *table, int node, void *object,
                 bool defaults);

/* As reader_table, for a mapping whose keys have been checked with another table that names this
 * one as `also`. */
int reader_fields(struct reader *reader, const struct table *table, int node, void *object,
                  bool defaults);

/* Sets the defaults of a table whose mapping is absent. */
int reader_defaults(struct reader *reader, const struct table *table, void *object);

/* Fields one by one, for what is read by hand. */
int reader_field(struct reader *reader, const struct field *field, int node, void *object);
int reader_names(struct reader *reader, int node, struct names *names);

/* " (did you mean `x`?)", or "" where no candidate is near. `next` gives one candidate after the
 * other, then NULL. The text is in `hint`, which has room for HINT_BYTES. */
#define HINT_BYTES 160
const char *hint_near(const char *text, const char *(*next)(void *context, uint32_t place),
                      void *context, char hint[HINT_BYTES]);

/* document_error at `node`; at the value of `key` below it where there is one. */
#define refuse(reader, node, ...)                                                                  \
    document_error((reader)->document, (node), (reader)->error, __VA_ARGS__)
#define refuse_at(reader, node, path, ...)                                                         \
    document_error((reader)->document, document_find((reader)->document, (node), (path)),          \
                   (reader)->error, __VA_ARGS__)
static inline int reader_memory(struct reader *reader)
{
    error_set(reader->error, ERROR_MEMORY, "out of memory while reading the scenario");
    return ERROR_MEMORY;
}

#endif
