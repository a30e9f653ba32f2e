/*
 * Presets: published rates, and the minds that are made from them (data/presets.yaml).
 *
 * The rates are facts with their sources; the minds say how a rate is put into the scripted mind,
 * so that it comes out of the whole protocol again. The file is looked for in the directory that
 * the environment variable IOLAUS_DATA names, else in `data` of the working directory or one above
 * it, else beside the program's installed data.
 */
#ifndef IOLAUS_SCENARIO_PRESETS_H
#define IOLAUS_SCENARIO_PRESETS_H

#include "scenario/reader.h"
#include "scenario/spec.h"

struct preset_rate {
    struct item item; /* the cell's name */
    const char *behaviour, *relation, *where, *about;
    probability rate;
    uint32_t trials;
};

struct preset_mind {
    struct item item;
    const char *about;
    struct mind_rules rules;
    int choices[CHOICE_COUNT];
};

struct preset {
    struct item item; /* named such as potter/gemini-3-flash */
    const char *model, *source;
    struct list rates, minds;
};

struct presets {
    struct arena arena;
    struct document document;
    struct list list;
    char *path, *bytes;
    size_t size;
};

/* Reads the file. The caller closes it, also after an error. */
int presets_open(struct presets *presets, struct error *error);
void presets_close(struct presets *presets);

const struct preset *presets_find(const struct presets *presets, const char *name);
const struct preset_rate *preset_find_rate(const struct preset *preset, const char *cell);
const struct preset_mind *preset_find_mind(const struct preset *preset, const char *name);

/* hint_near over the names. */
const char *presets_hint(const struct presets *presets, const char *name, char hint[HINT_BYTES]);
const char *preset_hint_rate(const struct preset *preset, const char *cell, char hint[HINT_BYTES]);
const char *preset_hint_mind(const struct preset *preset, const char *name, char hint[HINT_BYTES]);

#endif
