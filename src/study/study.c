#include "study/study.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "scenario/file.h"
#include "study/inside.h"

#define FORMAT 1

static const struct {
    const char *name, *about;
} known_words[] = {
#define X(word, name, about) {name, about},
    MATCHED_WORDS(X)
#undef X
};
#define KNOWN_WORDS (sizeof known_words / sizeof known_words[0])

/* ---- the file's parts ---- */

static int variant_read(struct reader *reader, const struct spec_study *spec,
                        const struct names *names, uint32_t at, struct study_variant *variant)
{
    const struct spec_variant *own = spec->variants.items;
    const char *name = names->items[at];

    for (uint32_t i = 0; i < at; i++)
        if (strcmp(names->items[i], name) == 0)
            return refuse(reader, names->nodes[at], "matched: `%s` stands here twice", name);
    variant->name = name;
    variant->word = -1;
    for (uint32_t i = 0; i < spec->variants.count; i++) {
        if (strcmp(own[i].item.name, name) != 0)
            continue;
        variant->about = own[i].about == NULL ? "" : own[i].about;
        return study_changes(reader, own[i].set, &variant->changes, &variant->change_count);
    }
    for (size_t i = 0; i < KNOWN_WORDS; i++)
        if (strcmp(known_words[i].name, name) == 0) {
            variant->about = known_words[i].about;
            variant->word = (int)i;
            return 0;
        }
    return refuse(
        reader, names->nodes[at],
        "matched: `%s` is neither object, no-bond, no-threat, solo nor unrelated-work, nor "
        "a name in `variants`",
        name);
}

static int variants_read(struct reader *reader, const struct spec_study *spec, struct study *study)
{
    const struct spec_variant *own = spec->variants.items;
    struct study_variant *variants =
        arena_take_array(reader->arena, (size_t)spec->matched.count + 1, sizeof *variants);

    if (variants == NULL)
        return reader_memory(reader);
    for (uint32_t i = 0; i < spec->matched.count; i++) {
        int code = variant_read(reader, spec, &spec->matched, i, &variants[i]);

        if (code != 0)
            return code;
    }
    for (uint32_t i = 0; i < spec->variants.count; i++) {
        bool used = false;

        for (uint32_t m = 0; m < spec->matched.count; m++)
            used = used || strcmp(spec->matched.items[m], own[i].item.name) == 0;
        if (!used)
            return refuse(reader, own[i].item.node, "a variant that `matched` does not name");
    }
    study->variants = variants;
    study->variant_count = spec->matched.count;
    return 0;
}

static const char *measure_near(void *context, uint32_t place)
{
    (void)context;
    return findings_measure(place, NULL);
}

const struct study_run_measure study_run_measures[] = {
    {"availability", "tasks_done", "tasks_emitted", ""},
    {"duplicate_tasks", "tasks_again", "tasks_done", ""},
    {"innocent_work", "innocent_done", "innocent_emitted", ""},
    {"duplicate_time", "duplicate_ns", "running_ns", "/1000000000"},
    {0}};

const struct study_run_measure *study_run_measure(const char *name)
{
    for (const struct study_run_measure *m = study_run_measures; m->name != NULL; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

/* Whether a measure of that name exists. */
static int measures_check(struct reader *reader, const struct names *names, const char *key)
{
    struct findings *none = findings_open("none");
    int code = none == NULL ? reader_memory(reader) : 0;

    for (uint32_t i = 0; i < names->count && code == 0; i++) {
        char hint[HINT_BYTES];
        struct rate rate;

        if (strcmp(names->items[i], STUDY_SURVIVED) != 0 &&
            study_run_measure(names->items[i]) == NULL &&
            findings_rate(none, names->items[i], 0.95, &rate) != 0)
            code = refuse(reader, names->nodes[i], "%s: there is no measure `%s`%s", key,
                          names->items[i], hint_near(names->items[i], measure_near, NULL, hint));
        for (uint32_t j = 0; j < i && code == 0; j++)
            if (strcmp(names->items[i], names->items[j]) == 0)
                code = refuse(reader, names->nodes[i], "%s: `%s` stands here twice", key,
                              names->items[i]);
    }
    if (none != NULL)
        findings_close(none);
    return code;
}

static int families_read(struct reader *reader, const struct spec_study *spec, struct study *study)
{
    const struct spec_family *written = spec->families.items;
    uint32_t count = spec->families.count > 0 ? spec->families.count : study->measure_count;
    struct study_family *families =
        arena_take_array(reader->arena, (size_t)count + 1, sizeof *families);

    if (families == NULL)
        return reader_memory(reader);
    for (uint32_t i = 0; i < count && spec->families.count == 0; i++)
        families[i] = (struct study_family){study->measures[i], &study->measures[i], 1};
    for (uint32_t i = 0; i < spec->families.count; i++) {
        const struct names *names = &written[i].measures;

        families[i] = (struct study_family){written[i].item.name, names->items, names->count};
        for (uint32_t m = 0; m < names->count; m++) {
            bool found = false;

            for (uint32_t s = 0; s < study->measure_count; s++)
                found = found || strcmp(study->measures[s], names->items[m]) == 0;
            if (!found)
                return refuse(reader, names->nodes[m], "measures: `%s` is none of the study's",
                              names->items[m]);
        }
    }
    study->families = families;
    study->family_count = count;
    return 0;
}

/* What is kept beside episodes and acts. */
static int keep_read(struct reader *reader, const struct names *names, struct study *study)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], "decisions") != 0)
            return refuse(reader, names->nodes[i], "keep: `%s` is nothing to keep; write decisions",
                          names->items[i]);
        if (study->keep_decisions)
            return refuse(reader, names->nodes[i], "keep: `decisions` stands here twice");
        study->keep_decisions = true;
    }
    return 0;
}

static int design_check(struct reader *reader, const struct spec_study *spec)
{
    bool samples = spec->design == DESIGN_LATIN || spec->design == DESIGN_SOBOL;

    if (samples && spec->samples == 0)
        return refuse_at(reader, spec->root, "design", "design: `samples` says how many points");
    if (samples && spec->factors.count == 0)
        return refuse_at(reader, spec->root, "design", "design: there is no factor to sample");
    if (!samples && spec->samples > 0)
        return refuse_at(reader, spec->root, "samples", "samples: for the designs latin and sobol");
    if (spec->design == DESIGN_SOBOL && (spec->samples & (spec->samples - 1)) != 0)
        return refuse_at(reader, spec->root, "samples", "samples: for sobol a power of two");
    return 0;
}

/* The scenario's path, from the study's folder. */
static int scenario_path(struct reader *reader, const struct spec_study *spec, struct study *study)
{
    const char *slash = strrchr(study->path, '/');
    size_t folder =
        slash == NULL || spec->scenario[0] == '/' ? 0 : (size_t)(slash - study->path) + 1;
    size_t length = strlen(spec->scenario);
    char *path = arena_take(reader->arena, folder + length + 1);

    if (path == NULL)
        return reader_memory(reader);
    memcpy(path, study->path, folder);
    memcpy(path + folder, spec->scenario, length + 1);
    study->scenario_path = path;
    return 0;
}

static int parts_read(struct reader *reader, const struct spec_study *spec, struct study *study)
{
    int code;

    if (spec->format != FORMAT)
        return refuse_at(reader, spec->root, "iolaus",
                         "iolaus: this program reads version %d of the format, not %u", FORMAT,
                         spec->format);
    study->name = spec->name;
    study->about = spec->about == NULL ? "" : spec->about;
    study->scenario_arm = spec->arm;
    study->seed = spec->seed;
    study->replicates = spec->replicates;
    study->design = spec->design;
    study->samples = spec->samples;
    study->live = spec->world != 0;
    study->measures = spec->measures.items;
    study->measure_count = spec->measures.count;
    code = design_check(reader, spec);
    if (code == 0)
        code = keep_read(reader, &spec->keep, study);
    if (code == 0)
        code = scenario_path(reader, spec, study);
    if (code == 0)
        code = study_changes(reader, spec->set, &study->changes, &study->change_count);
    if (code == 0)
        code = study_factors(reader, spec, study);
    if (code == 0)
        code = variants_read(reader, spec, study);
    if (code == 0)
        code = measures_check(reader, &spec->measures, "measures");
    if (code == 0)
        code = families_read(reader, spec, study);
    if (code == 0)
        code = study_threshold_read(reader, spec, study);
    return code;
}

static int document_read(struct study_file *file, struct error *error)
{
    struct reader reader = {&file->document, &file->arena, error};
    struct spec_study spec = {0};
    int code = document_load(&file->document, file->path, file->bytes, file->size, error);

    if (code == 0) {
        spec.root = document_root(&file->document);
        code = reader_table(&reader, &study_table_root, spec.root, &spec, true);
    }
    return code == 0 ? parts_read(&reader, &spec, &file->study) : code;
}

int study_open(struct study **study, const char *path, struct error *error)
{
    struct study_file *file = calloc(1, sizeof *file);
    int code;

    *study = NULL;
    if (file == NULL || sodium_init() < 0) {
        free(file);
        return error_set(error, ERROR_MEMORY, "%.200s: out of memory", path);
    }
    file->path = strdup(path);
    code = file->path == NULL ? study_memory(error, "the study") : 0;
    if (code == 0)
        code = file_load(path, &file->bytes, &file->size, error);
    if (code == 0) {
        file->study.path = file->path;
        crypto_hash_sha256(file->study.digest, (const unsigned char *)file->bytes, file->size);
        code = document_read(file, error);
    }
    if (code == 0)
        code = study_design_arms(file, error);
    if (code != 0) {
        study_close(&file->study);
        return code;
    }
    *study = &file->study;
    return 0;
}

void study_close(struct study *study)
{
    struct study_file *file = (struct study_file *)study;

    if (file == NULL)
        return;
    document_close(&file->document);
    arena_close(&file->arena);
    free(file->bytes);
    free(file->path);
    free(file);
}

/* ---- scenarios ---- */

/* A message about the N-th change is one about the place in the study's file. */
static void place_error(const struct study_arm *arm, struct error *error)
{
    static const char label[] = "--set:";
    char message[sizeof error->message];
    unsigned number = 0, column;
    int length = 0;

    if (error == NULL || strncmp(error->message, label, sizeof label - 1) != 0 ||
        sscanf(error->message + sizeof label - 1, "%u:%u: %n", &number, &column, &length) < 2 ||
        length == 0 || number < 1 || number > arm->change_count)
        return;
    snprintf(message, sizeof message, "%s: %s", arm->changes[number - 1].place,
             error->message + sizeof label - 1 + length);
    memcpy(error->message, message, sizeof message);
}

int study_scenario(const struct study *study, const struct study_arm *arm,
                   struct scenario_file **file, const struct scenario **scenario,
                   struct error *error)
{
    struct scenario_change *changes = calloc((size_t)arm->change_count + 1, sizeof *changes);
    uint32_t arms, found = 0;
    int code;

    *file = NULL;
    if (changes == NULL)
        return study_memory(error, "a scenario");
    for (uint32_t i = 0; i < arm->change_count; i++)
        changes[i].text = arm->changes[i].text;
    code = scenario_open(file, study->scenario_path, changes, arm->change_count, error);
    free(changes);
    if (code != 0) {
        place_error(arm, error);
        return code;
    }
    arms = scenario_arms(*file);
    for (uint32_t i = 0; i < arms; i++)
        if (study->scenario_arm != NULL &&
            strcmp(scenario_arm_name(*file, i), study->scenario_arm) == 0)
            found = i + 1;
    if (found == 0 && (study->scenario_arm != NULL || arms > 1)) {
        scenario_close(*file);
        *file = NULL;
        return error_set(
            error, ERROR_INPUT, "%.200s: %s; name one of its arms with `arm`, such as `arm: ...`",
            study->scenario_path,
            study->scenario_arm == NULL ? "it has several arms" : "it has no arm of that name");
    }
    return scenario_arm(*file, found == 0 ? 0 : found - 1, scenario, error);
}
