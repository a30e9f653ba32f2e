/* The key `threshold` of a study file: which factors are its axes, and what is known already. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/inside.h"

static int axis_find(struct reader *reader, int node, const char *key, const char *name,
                     const struct study *study, int *factor)
{
    *factor = -1;
    if (name == NULL)
        return 0;
    for (uint32_t f = 0; f < study->factor_count; f++)
        if (strcmp(study->factors[f].name, name) == 0)
            *factor = (int)f;
    if (*factor < 0)
        return refuse_at(reader, node, key, "%s: `%s` is none of the study's factors", key, name);
    for (uint32_t l = 0; l < study->factors[*factor].level_count; l++)
        if (!study->factors[*factor].levels[l].numeric ||
            study->factors[*factor].levels[l].number <= 0)
            return refuse_at(reader, node, key,
                             "%s: the level `%.60s` of `%s` does not begin with a number above 0",
                             key, study->factors[*factor].levels[l].name, name);
    return 0;
}

static int known_number(struct reader *reader, int node, double *known)
{
    const char *text = document_text(reader->document, node);
    char *end;

    if (text == NULL)
        return refuse(reader, node, "known: a number should stand here");
    errno = 0;
    *known = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !isfinite(*known) || *known <= 0)
        return refuse(reader, node, "known: `%.40s` is no number above 0", text);
    return 0;
}

/* A number for each level of the factor that is no axis. */
static int known_by_level(struct reader *reader, int node, const struct study *study,
                          struct study_threshold *threshold)
{
    const yaml_node_t *at = document_node(reader->document, node);
    const struct study_factor *each;

    if (threshold->each < 0)
        return refuse(reader, node,
                      "known: a mapping is for the levels of a factor beside rate, kill and size, "
                      "and there is none");
    each = &study->factors[threshold->each];
    for (const yaml_node_pair_t *pair = at->data.mapping.pairs.start;
         pair < at->data.mapping.pairs.top; pair++) {
        const char *name = document_text(reader->document, pair->key);
        uint32_t level = 0;
        int code;

        while (level < each->level_count && name != NULL &&
               strcmp(each->levels[level].name, name) != 0)
            level++;
        if (name == NULL || level == each->level_count)
            return refuse(reader, pair->key, "known: `%.60s` is no level of `%s`",
                          name == NULL ? "" : name, each->name);
        code = known_number(reader, pair->value, &threshold->known[level]);
        if (code != 0)
            return code;
    }
    return 0;
}

static int known_read(struct reader *reader, int node, const struct study *study,
                      struct study_threshold *threshold)
{
    const yaml_node_t *at = node == 0 ? NULL : document_node(reader->document, node);
    double known = NAN;
    int code = 0;

    threshold->known_count = threshold->each < 0 ? 1 : study->factors[threshold->each].level_count;
    threshold->known =
        arena_take_array(reader->arena, threshold->known_count, sizeof *threshold->known);
    if (threshold->known == NULL)
        return reader_memory(reader);
    if (at != NULL && at->type != YAML_MAPPING_NODE)
        code = known_number(reader, node, &known);
    for (uint32_t i = 0; i < threshold->known_count; i++)
        threshold->known[i] = known;
    return code == 0 && at != NULL && at->type == YAML_MAPPING_NODE
               ? known_by_level(reader, node, study, threshold)
               : code;
}

int study_threshold_read(struct reader *reader, const struct spec_study *spec, struct study *study)
{
    const struct spec_threshold *written = &spec->threshold;
    struct study_threshold *threshold = &study->threshold;
    int node = document_child(reader->document, spec->root, "threshold");
    bool survived = false;
    int code;

    if (node == 0)
        return 0;
    *threshold =
        (struct study_threshold){.given = true, .rate = -1, .kill = -1, .size = -1, .each = -1};
    threshold->source = written->source == NULL ? "" : written->source;
    for (uint32_t m = 0; m < study->measure_count; m++)
        survived = survived || strcmp(study->measures[m], STUDY_SURVIVED) == 0;
    if (!survived)
        return refuse(reader, node, "threshold: it is one of `%s`, which `measures` does not name",
                      STUDY_SURVIVED);
    if (study->design != DESIGN_FACTORIAL)
        return refuse(reader, node, "threshold: for the design factorial");
    code = axis_find(reader, node, "rate", written->rate, study, &threshold->rate);
    if (code == 0)
        code = axis_find(reader, node, "kill", written->kill, study, &threshold->kill);
    if (code == 0)
        code = axis_find(reader, node, "size", written->size, study, &threshold->size);
    if (code != 0)
        return code;
    if (threshold->kill < 0 && threshold->size < 0)
        return refuse(reader, node, "threshold: beside `rate` it takes `size`, or `kill`, or both");
    for (uint32_t f = 0; f < study->factor_count; f++) {
        if ((int)f == threshold->rate || (int)f == threshold->kill || (int)f == threshold->size)
            continue;
        if (threshold->each >= 0)
            return refuse(reader, node,
                          "threshold: beside rate, kill and size at most one factor may vary, and "
                          "here are `%s` and `%s`",
                          study->factors[threshold->each].name, study->factors[f].name);
        threshold->each = (int)f;
    }
    return known_read(reader, written->known, study, threshold);
}
