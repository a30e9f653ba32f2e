#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/inside.h"

#define VALUE_BYTES 8192

static const char *place_of(struct reader *reader, int node)
{
    struct error error = {0};
    char *end;

    /* "file:line:column: " is what every complaint about the node begins with. */
    document_error(reader->document, node, &error, "%s", "");
    end = strrchr(error.message, ':');
    return arena_text(reader->arena, error.message,
                      end == NULL ? strlen(error.message) : (size_t)(end - error.message));
}

/* `path=value`, the value on one line as YAML. */
static int change_make(struct reader *reader, const char *path, int value,
                       struct study_change *change)
{
    char text[VALUE_BYTES];
    size_t before = strlen(path), size;
    char *whole;

    document_write(reader->document, value, text, sizeof text);
    size = strlen(text);
    if (size + 1 == sizeof text)
        return refuse(reader, value, "a value of more than %d characters", VALUE_BYTES - 2);
    whole = arena_take(reader->arena, before + size + 2);
    change->place = place_of(reader, value);
    if (whole == NULL || change->place == NULL)
        return reader_memory(reader);
    snprintf(whole, before + size + 2, "%s=%s", path, text);
    change->text = whole;
    return 0;
}

static int path_check(struct reader *reader, int node, const char *path)
{
    if (path == NULL || path[0] == '\0')
        return refuse(reader, node, "a path such as platform.restart.policy should stand here");
    if (strncmp(path + (path[0] == '['), "arms", 4) == 0)
        return refuse(reader, node,
                      "a study names the scenario's arm with `arm`; it cannot change "
                      "arms");
    if (strcmp(path, "seed") == 0 || strcmp(path, "replicates") == 0)
        return refuse(reader, node, "`%s` is the study's own: set it at the top", path);
    if (strchr(path, '=') != NULL)
        return refuse(reader, node, "`%.60s` is no path", path);
    return 0;
}

int study_changes(struct reader *reader, int node, const struct study_change **changes,
                  uint32_t *count)
{
    const yaml_node_t *at = node == 0 ? NULL : document_node(reader->document, node);
    struct study_change *list;
    uint32_t pairs;

    *changes = NULL;
    *count = 0;
    if (at == NULL)
        return 0;
    if (at->type != YAML_MAPPING_NODE)
        return refuse(reader, node, "a mapping of paths to values should stand here, not %s",
                      document_kind(reader->document, node));
    pairs = (uint32_t)(at->data.mapping.pairs.top - at->data.mapping.pairs.start);
    list = arena_take_array(reader->arena, pairs, sizeof *list);
    if (list == NULL)
        return reader_memory(reader);
    for (uint32_t i = 0; i < pairs; i++) {
        const yaml_node_pair_t *pair = at->data.mapping.pairs.start + i;
        const char *path = document_text(reader->document, pair->key);
        int code = path_check(reader, pair->key, path);

        if (code == 0)
            code = change_make(reader, path, pair->value, &list[i]);
        if (code != 0)
            return code;
    }
    *changes = list;
    *count = pairs;
    return 0;
}

/* ---- one factor ---- */

static int paths_read(struct reader *reader, int node, struct study_factor *factor)
{
    const yaml_node_t *at = node == 0 ? NULL : document_node(reader->document, node);
    const int *items = &node;
    const char **paths;

    if (at == NULL)
        return 0;
    factor->path_count = 1;
    if (at->type == YAML_SEQUENCE_NODE) {
        items = at->data.sequence.items.start;
        factor->path_count = (uint32_t)(at->data.sequence.items.top - items);
    }
    paths = arena_take_array(reader->arena, factor->path_count, sizeof *paths);
    if (paths == NULL)
        return reader_memory(reader);
    if (factor->path_count == 0)
        return refuse(reader, node, "path: name at least one");
    for (uint32_t i = 0; i < factor->path_count; i++) {
        int code;

        paths[i] = document_text(reader->document, items[i]);
        code = path_check(reader, items[i], paths[i]);
        if (code != 0)
            return code;
        if (strcmp(paths[i], "world") != 0)
            continue;
        if (factor->path_count > 1)
            return refuse(reader, items[i], "path: `world` stands alone");
        factor->is_world = true;
    }
    factor->paths = paths;
    return 0;
}

/* Whether the text is a number, perhaps with a unit behind it. */
static bool number_of(const char *text, double *number)
{
    char *end;

    *number = strtod(text, &end);
    return end != text && isfinite(*number);
}

static int world_level(struct reader *reader, int node, struct study_level *level)
{
    if (level->name == NULL ||
        (strcmp(level->name, "sim") != 0 && strcmp(level->name, "live") != 0))
        return refuse(reader, node, "world: sim or live should stand here");
    level->live = level->name[0] == 'l';
    return 0;
}

/* A value that is put in place at each path of the factor. */
static int level_value(struct reader *reader, const struct study_factor *factor, int node,
                       struct study_level *level)
{
    struct study_change *changes;
    char text[64];

    level->name = document_text(reader->document, node);
    if (factor->is_world)
        return world_level(reader, node, level);
    if (level->name == NULL) {
        document_write(reader->document, node, text, sizeof text);
        level->name = arena_text(reader->arena, text, strlen(text));
    }
    changes = arena_take_array(reader->arena, factor->path_count, sizeof *changes);
    if (changes == NULL || level->name == NULL)
        return reader_memory(reader);
    level->numeric = number_of(level->name, &level->number);
    for (uint32_t i = 0; i < factor->path_count; i++) {
        int code = change_make(reader, factor->paths[i], node, &changes[i]);

        if (code != 0)
            return code;
    }
    level->changes = changes;
    level->change_count = factor->path_count;
    return 0;
}

static int levels_listed(struct reader *reader, int node, struct study_factor *factor,
                         struct study_level *levels)
{
    const int *items = document_node(reader->document, node)->data.sequence.items.start;

    if (factor->path_count == 0)
        return refuse(reader, node,
                      "levels: a list of values needs `path`; or write names with what "
                      "each changes");
    for (uint32_t i = 0; i < factor->level_count; i++) {
        int code = level_value(reader, factor, items[i], &levels[i]);

        if (code != 0)
            return code;
    }
    return 0;
}

static int levels_named(struct reader *reader, int node, struct study_factor *factor,
                        struct study_level *levels)
{
    const yaml_node_pair_t *pairs = document_node(reader->document, node)->data.mapping.pairs.start;

    if (factor->path_count > 0)
        return refuse(reader, node, "levels: with `path` they are a list of values");
    for (uint32_t i = 0; i < factor->level_count; i++) {
        int code;

        levels[i].name = document_text(reader->document, pairs[i].key);
        if (levels[i].name == NULL || levels[i].name[0] == '\0')
            return refuse(reader, pairs[i].key, "levels: a name should stand before the colon");
        levels[i].numeric = number_of(levels[i].name, &levels[i].number);
        code = study_changes(reader, pairs[i].value, &levels[i].changes, &levels[i].change_count);
        if (code != 0)
            return code;
    }
    return 0;
}

static int levels_read(struct reader *reader, int node, struct study_factor *factor)
{
    const yaml_node_t *at = document_node(reader->document, node);
    bool named = at->type == YAML_MAPPING_NODE;
    struct study_level *levels;
    int code;

    if (at->type == YAML_SCALAR_NODE)
        return refuse(reader, node,
                      "levels: a list of values, or a mapping of names, should stand "
                      "here, not a single value");
    factor->level_count =
        (uint32_t)(named ? at->data.mapping.pairs.top - at->data.mapping.pairs.start
                         : at->data.sequence.items.top - at->data.sequence.items.start);
    if (factor->level_count < 1 || factor->level_count > STUDY_LEVELS_MAX)
        return refuse(reader, node, "levels: from 1 to %d of them", STUDY_LEVELS_MAX);
    levels = arena_take_array(reader->arena, factor->level_count, sizeof *levels);
    if (levels == NULL)
        return reader_memory(reader);
    code = named ? levels_named(reader, node, factor, levels)
                 : levels_listed(reader, node, factor, levels);
    if (code != 0)
        return code;
    for (uint32_t i = 0; i < factor->level_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(levels[i].name, levels[j].name) == 0)
                return refuse(reader, node, "levels: `%.60s` stands here twice", levels[i].name);
    factor->levels = levels;
    return 0;
}

static int bound_read(struct reader *reader, int node, const char *key, double *bound)
{
    const char *text = node == 0 ? NULL : document_text(reader->document, node);
    char *end;

    if (text == NULL)
        return refuse(reader, node, "%s: a number should stand here", key);
    errno = 0;
    *bound = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !isfinite(*bound))
        return refuse(reader, node, "%s: `%.40s` is no number; a unit belongs into `unit`", key,
                      text);
    return 0;
}

static int range_read(struct reader *reader, const struct spec_factor *written,
                      struct study_factor *factor)
{
    int code = 0;

    if (written->from == 0 || written->to == 0)
        return refuse(reader, written->item.node, "a factor has `levels`, or `from` and `to`");
    if (factor->path_count == 0 || factor->is_world)
        return refuse(reader, written->item.node, "a range needs a `path` of the scenario");
    code = bound_read(reader, written->from, "from", &factor->low);
    if (code == 0)
        code = bound_read(reader, written->to, "to", &factor->high);
    if (code != 0)
        return code;
    if (factor->low >= factor->high)
        return refuse(reader, written->to, "to: it must be above `from`");
    if (written->scale == 1 && factor->low <= 0)
        return refuse(reader, written->from, "from: a logarithmic scale begins above 0");
    factor->logarithmic = written->scale == 1;
    factor->whole = written->whole;
    return 0;
}

static int factor_read(struct reader *reader, const struct spec_study *spec,
                       const struct spec_factor *written, struct study_factor *factor)
{
    bool samples = spec->design == DESIGN_LATIN || spec->design == DESIGN_SOBOL;
    int code = paths_read(reader, written->paths, factor);

    factor->name = written->item.name;
    factor->unit = written->unit == NULL ? "" : written->unit;
    if (code != 0)
        return code;
    if (written->levels == 0) {
        code = range_read(reader, written, factor);
        if (code == 0 && !samples)
            code = refuse(reader, written->item.node,
                          "a range is for the designs latin and sobol; write `levels`");
        return code;
    }
    if (written->from != 0 || written->to != 0)
        return refuse(reader, written->item.node, "a factor has `levels`, or `from` and `to`");
    return levels_read(reader, written->levels, factor);
}

int study_factors(struct reader *reader, const struct spec_study *spec, struct study *study)
{
    const struct spec_factor *written = spec->factors.items;
    struct study_factor *factors =
        arena_take_array(reader->arena, spec->factors.count, sizeof *factors);
    bool world = false;

    if (factors == NULL)
        return reader_memory(reader);
    for (uint32_t i = 0; i < spec->factors.count; i++) {
        int code = factor_read(reader, spec, &written[i], &factors[i]);

        if (code != 0)
            return code;
        if (factors[i].is_world && world)
            return refuse(reader, written[i].item.node, "path: `world` is varied already");
        world = world || factors[i].is_world;
    }
    study->factors = factors;
    study->factor_count = spec->factors.count;
    return 0;
}
