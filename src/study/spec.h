/*
 * A study as it is written: what the tables of tables.c read a file into. All memory is the
 * reader's arena.
 */
#ifndef IOLAUS_STUDY_SPEC_H
#define IOLAUS_STUDY_SPEC_H

#include "scenario/reader.h"
#include "study/study.h"

struct spec_factor {
    struct item item;
    int paths;  /* a path, or a list of them */
    int levels; /* a list of values, or a mapping of names to changes */
    int from, to;
    uint8_t scale; /* 0 linear, 1 logarithmic */
    bool whole;
    const char *unit;
};

struct spec_variant {
    struct item item;
    const char *about;
    int set;
};

struct spec_family {
    struct item item;
    struct names measures;
};

struct spec_threshold {
    const char *rate, *kill, *size, *source;
    int known;
};

struct spec_study {
    int root;
    uint32_t format;
    const char *name, *about, *scenario, *arm;
    uint64_t seed;
    uint32_t replicates, samples;
    uint8_t design, world;
    int set;
    struct list factors, variants, families;
    struct names matched, measures, keep;
    struct spec_threshold threshold;
};

extern const struct table study_table_root;
extern const struct table *const study_tables[]; /* all, for the reference page; ends with NULL */

#endif
