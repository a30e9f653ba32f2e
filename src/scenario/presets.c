#include "scenario/presets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario/file.h"
#include "scenario/minds.h"

#define AT(type, member) offsetof(struct type, member)

static const struct field fields_rate[] = {
    {.key = "cell",
     .type = FIELD_NAME,
     .required = true,
     .offset = AT(preset_rate, item.name),
     .doc = "Its name within the preset."},
    {.key = "behaviour",
     .type = FIELD_NAME,
     .required = true,
     .offset = AT(preset_rate, behaviour),
     .doc = "What was done."},
    {.key = "relation",
     .type = FIELD_TEXT,
     .offset = AT(preset_rate, relation),
     .doc = "Towards whom."},
    {.key = "rate",
     .type = FIELD_PROBABILITY,
     .required = true,
     .offset = AT(preset_rate, rate),
     .doc = "The published rate."},
    {.key = "trials",
     .type = FIELD_COUNT,
     .low = 0,
     .high = 1000000000,
     .offset = AT(preset_rate, trials),
     .doc = "Its trials; 0 where the source read does not say."},
    {.key = "where",
     .type = FIELD_TEXT,
     .required = true,
     .offset = AT(preset_rate, where),
     .doc = "Section or table of the source."},
    {.key = "about", .type = FIELD_TEXT, .offset = AT(preset_rate, about), .doc = "A remark."},
    {.key = NULL}};
static const struct table table_rate = {.name = "a published rate",
                                        .fields = fields_rate,
                                        .size = sizeof(struct preset_rate),
                                        .most = 1000};

#define CHOICE(name, number)                                                                       \
    {                                                                                              \
        .key = name, .type = FIELD_NODE, .offset = AT(preset_mind, choices[number])                \
    }
static const struct field fields_preset_mind[] = {
    {.key = "about", .type = FIELD_TEXT, .offset = AT(preset_mind, about)},
    CHOICE("relaunch", 0),
    CHOICE("relink", 1),
    CHOICE("mask", 2),
    CHOICE("alert", 3),
    CHOICE("request", 4),
    CHOICE("tamper", 5),
    CHOICE("misreport", 6),
    CHOICE("copy", 7),
    CHOICE("stall", 8),
    {.key = NULL}};
static const struct table table_preset_mind = {.name = "a preset's mind",
                                               .fields = fields_preset_mind,
                                               .size = sizeof(struct preset_mind),
                                               .most = 100};

static const struct field fields_preset[] = {{.key = "name",
                                              .type = FIELD_TEXT,
                                              .required = true,
                                              .offset = AT(preset, item.name),
                                              .doc = "Study and model."},
                                             {.key = "model",
                                              .type = FIELD_TEXT,
                                              .required = true,
                                              .offset = AT(preset, model),
                                              .doc = "The model as the source names it."},
                                             {.key = "source",
                                              .type = FIELD_TEXT,
                                              .required = true,
                                              .offset = AT(preset, source),
                                              .doc = "Authors, year, number."},
                                             {.key = "rates",
                                              .type = FIELD_ENTRIES,
                                              .offset = AT(preset, rates),
                                              .more.table = &table_rate,
                                              .doc = "Published rates."},
                                             {.key = "minds",
                                              .type = FIELD_NAMED,
                                              .offset = AT(preset, minds),
                                              .more.table = &table_preset_mind,
                                              .doc = "Minds made from them."},
                                             {.key = NULL}};
static const struct table table_preset = {
    .name = "a preset", .fields = fields_preset, .size = sizeof(struct preset), .most = 10000};

struct presets_root {
    uint32_t format;
    struct list presets;
};
static const struct field fields_presets[] = {{.key = "iolaus-presets",
                                               .type = FIELD_COUNT,
                                               .required = true,
                                               .low = 1,
                                               .high = 2,
                                               .offset = AT(presets_root, format),
                                               .doc = "The version of this format: 1."},
                                              {.key = "presets",
                                               .type = FIELD_ENTRIES,
                                               .required = true,
                                               .offset = AT(presets_root, presets),
                                               .more.table = &table_preset,
                                               .doc = "The presets."},
                                              {.key = NULL}};
static const struct table table_presets = {.name = "a file of presets", .fields = fields_presets};

/* Tries one folder, below the program's own where `beside` is not empty. */
static void presets_try(struct presets *presets, const char *beside, const char *folder)
{
    char path[8192];

    if (presets->path != NULL)
        return;
    snprintf(path, sizeof path, "%s%s/presets.yaml", beside, folder);
    if (access(path, R_OK) == 0)
        presets->path = strdup(path);
}

static int presets_look(struct presets *presets, struct error *error)
{
    const char *directory = getenv("IOLAUS_DATA");
    char program[4096], path[4200];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    if (directory != NULL) {
        snprintf(path, sizeof path, "%s/presets.yaml", directory);
        presets->path = strdup(path);
    }
    presets_try(presets, "", "data");
    /* An installation anywhere, or a build folder in the source tree. */
    while (length > 0 && program[length - 1] != '/')
        length--;
    if (length > 0) {
        program[length] = 0;
        presets_try(presets, program, "../share/iolaus");
        presets_try(presets, program, "../../../data");
    }
    presets_try(presets, "", IOLAUS_DATA_DIR);
    if (presets->path == NULL)
        return error_set(error, ERROR_INPUT,
                         "presets.yaml is neither in data, nor beside the program, nor in %s; name "
                         "its directory in the environment variable IOLAUS_DATA",
                         IOLAUS_DATA_DIR);
    return 0;
}

static int presets_minds(struct presets *presets, struct reader *reader)
{
    for (uint32_t i = 0; i < presets->list.count; i++) {
        struct preset *preset = (struct preset *)presets->list.items + i;

        for (uint32_t j = 0; j < preset->minds.count; j++) {
            struct preset_mind *mind = (struct preset_mind *)preset->minds.items + j;
            int code;

            mind_clear(&mind->rules);
            code = mind_read(reader, mind->choices, &mind->rules);
            if (code != 0)
                return code;
        }
    }
    return 0;
}

int presets_open(struct presets *presets, struct error *error)
{
    struct presets_root root = {0};
    struct reader reader = {&presets->document, &presets->arena, error};
    int code;

    memset(presets, 0, sizeof *presets);
    code = presets_look(presets, error);
    if (code == 0)
        code = file_load(presets->path, &presets->bytes, &presets->size, error);
    if (code == 0)
        code =
            document_load(&presets->document, presets->path, presets->bytes, presets->size, error);
    if (code == 0)
        code =
            reader_table(&reader, &table_presets, document_root(&presets->document), &root, true);
    if (code == 0 && root.format != 1)
        code = refuse_at(&reader, document_root(&presets->document), "iolaus-presets",
                         "this program reads version 1 of the format");
    presets->list = root.presets;
    return code != 0 ? code : presets_minds(presets, &reader);
}

void presets_close(struct presets *presets)
{
    document_close(&presets->document);
    arena_close(&presets->arena);
    free(presets->path);
    free(presets->bytes);
    memset(presets, 0, sizeof *presets);
}

/* The item of that name in a list whose items are `size` apart. */
static const struct item *item_find(const struct list *list, size_t size, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct item *item = (const struct item *)((const char *)list->items + i * size);

        if (strcmp(item->name, name) == 0)
            return item;
    }
    return NULL;
}

const struct preset *presets_find(const struct presets *presets, const char *name)
{
    return (const struct preset *)item_find(&presets->list, sizeof(struct preset), name);
}

const struct preset_rate *preset_find_rate(const struct preset *preset, const char *cell)
{
    return (const struct preset_rate *)item_find(&preset->rates, sizeof(struct preset_rate), cell);
}

const struct preset_mind *preset_find_mind(const struct preset *preset, const char *name)
{
    return (const struct preset_mind *)item_find(&preset->minds, sizeof(struct preset_mind), name);
}

struct item_walk {
    const struct list *list;
    size_t size;
};

static const char *item_next(void *context, uint32_t place)
{
    const struct item_walk *walk = context;

    if (place >= walk->list->count)
        return NULL;
    return ((const struct item *)((const char *)walk->list->items + place * walk->size))->name;
}

const char *presets_hint(const struct presets *presets, const char *name, char hint[HINT_BYTES])
{
    return hint_near(name, item_next, &(struct item_walk){&presets->list, sizeof(struct preset)},
                     hint);
}

const char *preset_hint_rate(const struct preset *preset, const char *cell, char hint[HINT_BYTES])
{
    return hint_near(cell, item_next,
                     &(struct item_walk){&preset->rates, sizeof(struct preset_rate)}, hint);
}

const char *preset_hint_mind(const struct preset *preset, const char *name, char hint[HINT_BYTES])
{
    return hint_near(name, item_next,
                     &(struct item_walk){&preset->minds, sizeof(struct preset_mind)}, hint);
}
