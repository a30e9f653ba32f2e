#include "scenario/scenario.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/file.h"
#include "scenario/resolve.h"

#define FORMAT 1

struct arm {
    struct arena arena;
    struct scenario scenario;
    struct list published; /* as written */
    bool presets_used;
};

struct scenario_file {
    struct arena arena; /* what arms share: their names */
    char *path, *bytes;
    size_t size;
    const struct scenario_change *changes;
    uint32_t change_count;
    struct presets presets;
    bool presets_open;
    struct list written; /* of struct spec_arm; empty: one arm, `base` */
    struct arm *arms;
    uint32_t arm_count;
};

/* The file's document with the caller's changes. */
static int document_open(const struct scenario_file *file, struct document *document,
                         struct error *error)
{
    int code = document_load(document, file->path, file->bytes, file->size, error);

    for (uint32_t i = 0; i < file->change_count && code == 0; i++)
        code = document_change(document, i + 1, file->changes[i].text, error);
    return code;
}

/* Applies the changes of the arm's `set`, in the order in which they stand. */
static int arm_changes(struct reader *reader, struct document *document, uint32_t arm)
{
    int arms = document_child(document, document_root(document), "arms");
    int set = document_child(document,
                             document_node(document, arms)->data.sequence.items.start[arm], "set");
    int code = 0;

    if (set == 0)
        return 0;
    if (document_node(document, set)->type != YAML_MAPPING_NODE)
        return refuse(reader, set, "set: a mapping of paths to values should stand here, not %s",
                      document_kind(document, set));
    /* The nodes may move while others are added, so each pair is fetched anew. */
    for (ptrdiff_t i = 0; code == 0; i++) {
        const yaml_node_t *at = document_node(document, set);
        yaml_node_pair_t pair;
        const char *path;

        if (i >= at->data.mapping.pairs.top - at->data.mapping.pairs.start)
            break;
        pair = at->data.mapping.pairs.start[i];
        path = document_text(document, pair.key);
        /* `[arms]` is another way to write `arms`. */
        if (path != NULL && strncmp(path + (path[0] == '['), "arms", 4) == 0)
            code = refuse(reader, pair.key, "an arm cannot change arms");
        else
            code = document_assign(document, pair.key, pair.value, reader->error);
    }
    return code;
}

int resolve_all(struct resolver *resolver)
{
    int (*const steps[])(struct resolver *) = {resolve_crew,   resolve_rules,    resolve_links,
                                               resolve_bonds,  resolve_platform, resolve_work,
                                               resolve_faults, resolve_campaign, resolve_contact};
    struct scenario *scenario = resolver->scenario;
    const struct spec *spec = resolver->spec;

    if (spec->format != FORMAT)
        return refuse_at(&resolver->reader, spec->root, "iolaus",
                         "iolaus: this program reads version %d of the format, not %u", FORMAT,
                         spec->format);
    scenario->path = resolver->path;
    scenario->name = spec->name;
    scenario->about = spec->about == NULL ? "" : spec->about;
    scenario->seed = spec->seed;
    scenario->replicates = spec->replicates;
    scenario->duration = spec->duration;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int code = steps[i](resolver);

        if (code != 0)
            return code;
    }
    return 0;
}

/* What the arm says of itself, for people. */
static int arm_words(struct reader *reader, const struct spec_arm *written, struct scenario *arm)
{
    char text[400] = "";
    size_t length;

    if (written != NULL && written->set != 0)
        document_write(reader->document, written->set, text, sizeof text);
    arm->arm_about = written == NULL || written->about == NULL ? "" : written->about;
    /* Without the braces around it. */
    length = strlen(text);
    arm->arm_changes = length >= 2 && text[length - 1] == '}'
                           ? arena_text(reader->arena, text + 1, length - 2)
                           : arena_text(reader->arena, text, length);
    return arm->arm_changes == NULL ? reader_memory(reader) : 0;
}

static void digest_add(crypto_hash_sha256_state *state, const char *bytes, size_t size)
{
    unsigned char length[8];

    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)((uint64_t)size >> (8 * i));
    crypto_hash_sha256_update(state, length, sizeof length);
    crypto_hash_sha256_update(state, (const unsigned char *)bytes, size);
}

/* Each part with its length before it, so that no two inputs run into the same bytes. */
static void arm_digest(const struct scenario_file *file, struct arm *arm)
{
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    digest_add(&state, file->bytes, file->size);
    for (uint32_t i = 0; i < file->change_count; i++)
        digest_add(&state, file->changes[i].text, strlen(file->changes[i].text));
    digest_add(&state, arm->scenario.arm, strlen(arm->scenario.arm));
    if (arm->presets_used)
        digest_add(&state, file->presets.bytes, file->presets.size);
    crypto_hash_sha256_final(&state, arm->scenario.digest);
}

static int arm_open(struct scenario_file *file, uint32_t number, struct error *error)
{
    struct arm *arm = &file->arms[number];
    const struct spec_arm *written =
        file->written.count == 0 ? NULL : (const struct spec_arm *)file->written.items + number;
    struct document document = {0};
    struct spec spec = {0};
    struct resolver resolver = {{&document, &arm->arena, error},
                                &spec,
                                &arm->scenario,
                                file->path,
                                &file->presets,
                                &file->presets_open,
                                false};
    int code = document_open(file, &document, error);

    if (code == 0 && written != NULL)
        code = arm_changes(&resolver.reader, &document, number);
    /* What the caller says holds in every arm. */
    for (uint32_t i = 0; i < file->change_count && code == 0 && written != NULL; i++)
        code = document_change(&document, i + 1, file->changes[i].text, error);
    spec.root = document_root(&document);
    arm->scenario.arm = written == NULL ? "base" : written->item.name;
    if (code == 0)
        code = reader_table(&resolver.reader, &table_root, spec.root, &spec, true);
    if (code == 0)
        code = resolve_all(&resolver);
    if (code == 0 && written != NULL) {
        /* Read again here, for the nodes of `written` belong to a document that is closed. */
        const struct spec_arm *own;

        assert(spec.arms.items != NULL && number < spec.arms.count);
        own = (const struct spec_arm *)spec.arms.items + number;
        code = resolve_published(&resolver, &own->published);
        if (code == 0)
            code = arm_words(&resolver.reader, own, &arm->scenario);
    } else if (code == 0) {
        code = arm_words(&resolver.reader, NULL, &arm->scenario);
    }
    if (code == ERROR_INPUT && number > 0 && error != NULL) {
        size_t used = strlen(error->message);

        snprintf(error->message + used, sizeof error->message - used, " (in the arm `%.60s`)",
                 arm->scenario.arm);
    }
    document_close(&document);
    arm->presets_used = resolver.presets_used;
    if (code == 0)
        arm_digest(file, arm);
    return code;
}

/* The arms' names and number; everything else is read arm by arm. */
static int arms_read(struct scenario_file *file, struct error *error)
{
    static const struct field field = {
        .key = "arms", .type = FIELD_ENTRIES, .more.table = &table_arm};
    struct document document = {0};
    struct reader reader = {&document, &file->arena, error};
    int code = document_open(file, &document, error), node;

    node = code == 0 ? document_child(&document, document_root(&document), "arms") : 0;
    if (node != 0)
        code = reader_field(&reader, &field, node, &file->written);
    if (node != 0 && code == 0 && file->written.count == 0)
        code = refuse(&reader, node, "arms: name at least one arm, or leave the key out");
    document_close(&document);
    file->arm_count = file->written.count == 0 ? 1 : file->written.count;
    return code;
}

int scenario_open(struct scenario_file **result, const char *path,
                  const struct scenario_change *changes, uint32_t change_count, struct error *error)
{
    struct scenario_file *file = calloc(1, sizeof *file);
    int code;

    *result = NULL;
    if (file == NULL || sodium_init() < 0) {
        free(file);
        return error_set(error, ERROR_MEMORY, "%.200s: out of memory", path);
    }
    file->changes = changes;
    file->change_count = change_count;
    file->path = strdup(path);
    code = file->path == NULL ? error_set(error, ERROR_MEMORY, "out of memory") : 0;
    if (code == 0)
        code = file_load(path, &file->bytes, &file->size, error);
    if (code == 0 && change_count > DOCUMENT_SOURCES_MAX / 4)
        code = error_set(error, ERROR_INPUT, "--set: at most %d changes", DOCUMENT_SOURCES_MAX / 4);
    if (code == 0)
        code = arms_read(file, error);
    if (code == 0) {
        file->arms = calloc(file->arm_count, sizeof *file->arms);
        if (file->arms == NULL) {
            error_set(error, ERROR_MEMORY, "%.200s: out of memory", path);
            code = ERROR_MEMORY;
        }
    }
    for (uint32_t i = 0; code == 0 && i < file->arm_count; i++)
        code = arm_open(file, i, error);
    if (code != 0) {
        scenario_close(file);
        return code;
    }
    *result = file;
    return 0;
}

void scenario_close(struct scenario_file *file)
{
    if (file == NULL)
        return;
    for (uint32_t i = 0; file->arms != NULL && i < file->arm_count; i++) {
        graph_close(&file->arms[i].scenario.links);
        arena_close(&file->arms[i].arena);
    }
    if (file->presets_open)
        presets_close(&file->presets);
    arena_close(&file->arena);
    free(file->arms);
    free(file->bytes);
    free(file->path);
    free(file);
}

uint32_t scenario_arms(const struct scenario_file *file)
{
    return file->arm_count;
}

const char *scenario_arm_name(const struct scenario_file *file, uint32_t arm)
{
    return arm < file->arm_count ? file->arms[arm].scenario.arm : "";
}

int scenario_arm(struct scenario_file *file, uint32_t arm, const struct scenario **scenario,
                 struct error *error)
{
    if (arm >= file->arm_count)
        return error_set(error, ERROR_INPUT, "%.200s: there are %u arms, from 0 on; %u is none",
                         file->path, file->arm_count, arm);
    *scenario = &file->arms[arm].scenario;
    return 0;
}

time_ns scenario_longest_deadline(const struct scenario *scenario)
{
    time_ns longest = 0;

    for (uint32_t i = 0; i < scenario->work_count; i++)
        if (scenario->work[i].deadline > longest)
            longest = scenario->work[i].deadline;
    return longest;
}
