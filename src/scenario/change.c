/*
 * Changes of a document: `--set path=value` and the `set` of an arm are the same thing. The tree is
 * changed, and the whole of it is read again afterwards, so that every check applies.
 */
#include "scenario/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file that messages name; the line is the number of the change. */
#define CHANGE_LABEL "--set"

/* One step of a path, as text[0 .. length - 1]. */
struct step {
    const char *text;
    size_t length;
    size_t column; /* from the beginning of the path */
};

static int memory_error(struct error *error)
{
    error_set(error, ERROR_MEMORY, "out of memory while applying a change");
    return ERROR_MEMORY;
}

/* From here on, new nodes stand in another text. */
static int source_begin(struct document *document, const char *label, const char *change,
                        struct error *error)
{
    int first = (int)(document->yaml.nodes.top - document->yaml.nodes.start) + 1;

    if (document->source_count == DOCUMENT_SOURCES_MAX)
        return error_set(error, ERROR_INPUT, "%s: more than %d changes", label,
                         DOCUMENT_SOURCES_MAX - 1);
    document->sources[document->source_count++] = (struct document_source){first, label, change};
    return 0;
}

static void mark_set(struct document *document, int node, yaml_mark_t mark, size_t columns)
{
    yaml_node_t *at = document_node(document, node);

    mark.column += columns;
    at->start_mark = mark;
    at->end_mark = mark;
}

/* Takes the next step off the path, or returns false at its end. `a.b[0].c` has the steps a, b, 0
 * and c. A step of length 0 is a mistake, which the caller tells. */
static bool step_next(const char *path, size_t *at, struct step *step)
{
    size_t i = *at;

    if (path[i] == '\0')
        return false;
    if (i > 0 && path[i] == '.')
        i++;
    if (path[i] == '[') {
        step->text = path + i + 1;
        step->length = strcspn(step->text, "].[");
        step->column = i + 1;
        *at = i + 1 + step->length + (step->text[step->length] == ']');
        return true;
    }
    step->text = path + i;
    step->length = strcspn(path + i, ".[");
    step->column = i;
    *at = i + step->length;
    return true;
}

static bool text_is(const struct document *document, int node, const struct step *step)
{
    const char *text = document_text(document, node);

    return text != NULL && strlen(text) == step->length &&
           memcmp(text, step->text, step->length) == 0;
}

/* The item of a list that a step means: by place, or by its `name`. 0 for none. */
static int *item_find(struct document *document, int list, const struct step *step)
{
    yaml_node_t *node = document_node(document, list);
    int *start = node->data.sequence.items.start;
    size_t count = (size_t)(node->data.sequence.items.top - start);
    char *end;
    unsigned long place = strtoul(step->text, &end, 10);

    if (step->text[0] >= '0' && step->text[0] <= '9' && end == step->text + step->length)
        return place < count ? start + place : NULL;
    for (size_t i = 0; i < count; i++) {
        if (text_is(document, document_child(document, start[i], "name"), step))
            return start + i;
    }
    return NULL;
}

/* Where the value under `step` of a mapping stands; a missing key is added. */
static int value_find(struct document *document, int mapping, const struct step *step,
                      yaml_mark_t mark, int fresh, struct error *error)
{
    const yaml_node_t *node = document_node(document, mapping);
    int key;

    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        if (text_is(document, pair->key, step))
            return (int)(pair - node->data.mapping.pairs.start);
    }
    key = yaml_document_add_scalar(&document->yaml, NULL, (const yaml_char_t *)step->text,
                                   (int)step->length, YAML_PLAIN_SCALAR_STYLE);
    if (key == 0)
        return memory_error(error);
    mark_set(document, key, mark, step->column);
    if (fresh == 0) {
        fresh = yaml_document_add_mapping(&document->yaml, NULL, YAML_BLOCK_MAPPING_STYLE);
        if (fresh == 0)
            return memory_error(error);
        mark_set(document, fresh, mark, step->column);
    }
    if (!yaml_document_append_mapping_pair(&document->yaml, mapping, key, fresh))
        return memory_error(error);
    node = document_node(document, mapping);
    return (int)(node->data.mapping.pairs.top - node->data.mapping.pairs.start) - 1;
}

/* A complaint about a step of the path: it needs a node that stands there. */
static int step_error(struct document *document, yaml_mark_t mark, const struct step *step,
                      struct error *error, const char *problem)
{
    int node = yaml_document_add_scalar(&document->yaml, NULL, (const yaml_char_t *)"", 0,
                                        YAML_PLAIN_SCALAR_STYLE);

    if (node == 0)
        return memory_error(error);
    mark_set(document, node, mark, step->column);
    return document_error(document, node, error, "`%.*s` %s",
                          (int)(step->length > 60 ? 60 : step->length), step->text, problem);
}

/* Walks `path` from the root and puts `value` at its end. `mark` is where the path begins. */
static int tree_assign(struct document *document, const char *path, yaml_mark_t mark, int value,
                       struct error *error)
{
    struct step step = {path, 0, 0};
    size_t at = 0;
    int node = document_root(document);

    if (*path == '\0')
        return step_error(document, mark, &step, error, "is no path; write path.to.key");
    while (step_next(path, &at, &step)) {
        const yaml_node_t *here = document_node(document, node);
        bool last = path[at] == '\0';

        if (step.length == 0)
            return step_error(document, mark, &step, error,
                              "is an empty step of the path; write path.to.key or list[0].key");
        if (here->type == YAML_SEQUENCE_NODE) {
            int *item = item_find(document, node, &step);

            if (item == NULL)
                return step_error(document, mark, &step, error,
                                  "is neither a place in this list (they count from 0) nor the "
                                  "name of one of its items");
            if (last)
                *item = value;
            node = *item;
        } else if (here->type == YAML_MAPPING_NODE) {
            int place = value_find(document, node, &step, mark, last ? value : 0, error);
            yaml_node_pair_t *pair;

            if (place < 0)
                return place;
            pair = document_node(document, node)->data.mapping.pairs.start + place;
            if (last)
                pair->value = value;
            node = pair->value;
        } else {
            return step_error(document, mark, &step, error,
                              "cannot be set inside a single value; set the key above it");
        }
    }
    return 0;
}

/* Copies a tree out of another document. Its depth was checked when it was loaded. */
static int tree_copy(struct document *to, const struct document *from, int node)
{
    const yaml_node_t *at = document_node(from, node);
    int copy = 0;

    if (at->type == YAML_SCALAR_NODE)
        copy = yaml_document_add_scalar(&to->yaml, NULL, at->data.scalar.value,
                                        (int)at->data.scalar.length, at->data.scalar.style);
    else if (at->type == YAML_SEQUENCE_NODE)
        copy = yaml_document_add_sequence(&to->yaml, NULL, at->data.sequence.style);
    else
        copy = yaml_document_add_mapping(&to->yaml, NULL, at->data.mapping.style);
    if (copy == 0)
        return 0;
    mark_set(to, copy, at->start_mark, 0);
    if (at->type == YAML_SEQUENCE_NODE) {
        for (const int *item = at->data.sequence.items.start; item < at->data.sequence.items.top;
             item++) {
            int child = tree_copy(to, from, *item);

            if (child == 0 || !yaml_document_append_sequence_item(&to->yaml, copy, child))
                return 0;
        }
    } else if (at->type == YAML_MAPPING_NODE) {
        for (const yaml_node_pair_t *pair = at->data.mapping.pairs.start;
             pair < at->data.mapping.pairs.top; pair++) {
            int key = tree_copy(to, from, pair->key);
            int value = key == 0 ? 0 : tree_copy(to, from, pair->value);

            if (value == 0 || !yaml_document_append_mapping_pair(&to->yaml, copy, key, value))
                return 0;
        }
    }
    return copy;
}

/* Loads the value of a change as if it stood in line `number` of a text, behind its path: every
 * place in a message is then the place in the change. */
static int value_load(struct document *value, const char *change, size_t path, uint32_t number,
                      struct error *error)
{
    size_t length = strlen(change + path + 1), before = number - 1 + path + 1;
    char *text = malloc(before + length + 1);
    int code;

    if (text == NULL)
        return memory_error(error);
    memset(text, '\n', number - 1);
    memset(text + number - 1, ' ', path + 1);
    memcpy(text + before, change + path + 1, length + 1);
    code = document_load(value, CHANGE_LABEL, text, before + length, error);
    free(text);
    if (code == ERROR_INPUT && error != NULL) {
        length = strlen(error->message);
        snprintf(error->message + length, sizeof error->message - length,
                 " (in the change `%.100s`)", change);
    }
    return code;
}

int document_change(struct document *document, uint32_t number, const char *change,
                    struct error *error)
{
    size_t length = strcspn(change, "=");
    struct document value;
    char *path;
    int node, code;

    if (length == 0 || change[length] == '\0')
        return error_set(error, ERROR_INPUT,
                         CHANGE_LABEL ":%u:1: `%.100s` is no change; write path.to.key=value",
                         number, change);
    if (change[length + 1] == '\0')
        return error_set(error, ERROR_INPUT,
                         CHANGE_LABEL ":%u:%zu: nothing stands behind the `=` of `%.100s`", number,
                         length + 2, change);
    code = value_load(&value, change, length, number, error);
    if (code != 0)
        return code;
    code = source_begin(document, CHANGE_LABEL, change, error);
    path = strndup(change, length);
    if (code == 0 && path == NULL)
        code = memory_error(error);
    if (code == 0) {
        yaml_mark_t mark = {0, number - 1, 0};

        node = tree_copy(document, &value, document_root(&value));
        code = node == 0 ? memory_error(error) : tree_assign(document, path, mark, node, error);
    }
    free(path);
    document_close(&value);
    return code;
}

int document_assign(struct document *document, int path, int value, struct error *error)
{
    const yaml_node_t *node = document_node(document, path);
    yaml_mark_t mark = node->start_mark;
    /* What is made here stands where the path does. */
    const struct document_source *source = document->sources;
    int code;

    for (uint32_t i = 0; i < document->source_count && document->sources[i].first <= path; i++)
        source = &document->sources[i];
    code = source_begin(document, source->label, source->change, error);
    if (code != 0)
        return code;
    if (document_text(document, path) == NULL)
        return document_error(document, path, error,
                              "a path such as platform.restart.policy "
                              "should stand here, not %s",
                              document_kind(document, path));
    mark.column += node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return tree_assign(document, document_text(document, path), mark, value, error);
}
