/*
 * How a table of the reader is written: one row a key. Shared by the tables of scenarios and of
 * studies.
 */
#ifndef IOLAUS_SCENARIO_FIELDS_H
#define IOLAUS_SCENARIO_FIELDS_H

#include <stddef.h>

#include "scenario/reader.h"

#define AT(type, member) offsetof(struct type, member)
#define END_OF_FIELDS                                                                              \
    {                                                                                              \
        .key = NULL                                                                                \
    }
#define TIME(name, place, least, most, default, text)                                              \
    {                                                                                              \
        .key = name, .type = FIELD_DURATION, .offset = place, .low = least, .high = most,          \
        .standard = default, .doc = text                                                           \
    }
#define SPREAD(name, place, least, most, default, text)                                            \
    {                                                                                              \
        .key = name, .type = FIELD_SPREAD, .offset = place, .low = least, .high = most,            \
        .standard = default, .doc = text                                                           \
    }
#define COUNT(name, place, least, most, default, text)                                             \
    {                                                                                              \
        .key = name, .type = FIELD_COUNT, .offset = place, .low = least, .high = most,             \
        .standard = default, .doc = text                                                           \
    }
#define SIZE(name, place, least, most, default, text)                                              \
    {                                                                                              \
        .key = name, .type = FIELD_SIZE, .offset = place, .low = least, .high = most,              \
        .standard = default, .doc = text                                                           \
    }
#define PLAIN(name, kind, place, default, text)                                                    \
    {                                                                                              \
        .key = name, .type = kind, .offset = place, .standard = default, .doc = text               \
    }
#define NEEDED(name, kind, place, text)                                                            \
    {                                                                                              \
        .key = name, .type = kind, .offset = place, .required = true, .doc = text                  \
    }
#define WORDS(name, kind, place, list, default, text)                                              \
    {                                                                                              \
        .key = name, .type = kind, .offset = place, .standard = default, .more.words = list,       \
        .doc = text                                                                                \
    }
#define WITHIN(name, kind, place, below, text)                                                     \
    {                                                                                              \
        .key = name, .type = kind, .offset = place, .more.table = &below, .doc = text              \
    }

#endif
