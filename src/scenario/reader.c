#include "scenario/reader.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "base/duration.h"
#include "scenario/scenario.h"
#include "scenario/value.h"

/* Levenshtein's distance, given up on above what could be a slip. */
static unsigned text_distance(const char *a, const char *b)
{
    unsigned row[NAME_LENGTH_MAX + 1];
    size_t width = strlen(a), height = strlen(b);

    if (width > NAME_LENGTH_MAX || height > NAME_LENGTH_MAX)
        return UINT32_MAX;
    for (unsigned i = 0; i <= width; i++)
        row[i] = i;
    for (size_t j = 1; j <= height; j++) {
        unsigned corner = row[0];

        row[0] = (unsigned)j;
        for (size_t i = 1; i <= width; i++) {
            unsigned change = corner + (a[i - 1] != b[j - 1]);
            unsigned gap = (row[i] < row[i - 1] ? row[i] : row[i - 1]) + 1;

            corner = row[i];
            row[i] = change < gap ? change : gap;
        }
    }
    return row[width];
}

const char *hint_near(const char *text, const char *(*next)(void *context, uint32_t place),
                      void *context, char hint[HINT_BYTES])
{
    const char *best = NULL, *candidate;
    unsigned nearest = (unsigned)strlen(text) / 3 + 1;

    hint[0] = '\0';
    for (uint32_t place = 0; (candidate = next(context, place)) != NULL && place < 100000;
         place++) {
        unsigned distance = text_distance(text, candidate);

        if (distance <= nearest && (best == NULL || distance < nearest)) {
            best = candidate;
            nearest = distance;
        }
    }
    if (best != NULL)
        snprintf(hint, HINT_BYTES, "; did you mean `%.100s`?", best);
    return hint;
}

struct key_walk {
    const struct table *table;
};

/* The keys of a table and of the one beside it, one after the other. */
static const char *key_next(void *context, uint32_t place)
{
    const struct key_walk *walk = context;

    for (const struct table *table = walk->table; table != NULL; table = table->also) {
        for (const struct field *field = table->fields; field->key != NULL; field++) {
            if (place-- == 0)
                return field->key;
        }
    }
    return NULL;
}

static const struct field *field_find(const struct table *table, const char *key)
{
    for (const struct field *field = table->fields; field->key != NULL; field++) {
        if (strcmp(field->key, key) == 0)
            return field;
    }
    return NULL;
}

static int unknown_key(struct reader *reader, const struct table *table, int node)
{
    struct key_walk walk = {table};
    const char *text = document_text(reader->document, node);
    char hint[HINT_BYTES];

    if (hint_near(text, key_next, &walk, hint)[0] == '\0') {
        size_t used = (size_t)snprintf(hint, sizeof hint, "; the keys are");
        const char *key;

        for (uint32_t place = 0; (key = key_next(&walk, place)) != NULL; place++) {
            if (used + strlen(key) + 8 > sizeof hint) {
                snprintf(hint + used, sizeof hint - used, ", ...");
                break;
            }
            used += (size_t)snprintf(hint + used, sizeof hint - used, "%s %s",
                                     place == 0 ? "" : ",", key);
        }
    }
    return refuse(reader, node, "unknown key `%.60s` in %s%s", text, table->name, hint);
}

static int spread_read(struct reader *reader, const struct field *field, int node,
                       struct spread *to)
{
    struct spread_text {
        time_ns low, high, mean;
    } given = {0};
    static const struct field fields[] = {
        {.key = "low", .type = FIELD_DURATION, .offset = offsetof(struct spread_text, low)},
        {.key = "high", .type = FIELD_DURATION, .offset = offsetof(struct spread_text, high)},
        {.key = "mean", .type = FIELD_DURATION, .offset = offsetof(struct spread_text, mean)},
        {.key = NULL}};
    static const struct table table = {.name = "a spread of durations", .fields = fields};
    const struct document *document = reader->document;
    struct field single = *field;
    int high, mean, code;

    if (document_text(document, node) != NULL) {
        single.type = FIELD_DURATION;
        *to = (struct spread){SPREAD_FIXED, 0, 0};
        return value_read(reader, &single, node, document_text(document, node), &to->low);
    }
    code = reader_table(reader, &table, node, &given, true);
    if (code != 0)
        return code;
    high = document_child(document, node, "high");
    mean = document_child(document, node, "mean");
    if (document_child(document, node, "low") == 0)
        return refuse(reader, node, "%s: `low`, the least it can be, is missing", field->key);
    if ((high == 0) == (mean == 0))
        return refuse(reader, node,
                      "%s: beside `low` stands either `high` (uniform) or `mean` (exponential)",
                      field->key);
    if (given.low < field->low)
        return refuse_at(reader, node, "low", "%s: the least must be above 0", field->key);
    if (field->high > field->low && (given.high > field->high || given.mean > field->high)) {
        char most[DURATION_TEXT_BYTES];

        duration_format(field->high, most);
        return refuse(reader, node, "%s: it must not be above %s", field->key, most);
    }
    if (high != 0 ? given.high < given.low : given.mean < given.low)
        return refuse(reader, node, "%s: `%s` must not be below `low`", field->key,
                      high != 0 ? "high" : "mean");
    to->shape = high != 0 ? SPREAD_UNIFORM : SPREAD_EXPONENTIAL;
    to->low = given.low;
    to->width = (high != 0 ? given.high : given.mean) - given.low;
    return 0;
}

static int words_read(struct reader *reader, const struct field *field, int node, uint32_t *to)
{
    struct names names;
    int code = reader_names(reader, node, &names);

    *to = 0;
    for (uint32_t i = 0; code == 0 && i < names.count; i++) {
        int64_t value;

        code = value_words(reader, field, names.nodes[i], names.items[i], &value);
        if (code == 0 && (*to & (uint32_t)value) != 0)
            code = refuse(reader, names.nodes[i], "%s: `%s` stands here twice", field->key,
                          names.items[i]);
        if (code == 0)
            *to |= (uint32_t)value;
    }
    return code;
}

int reader_names(struct reader *reader, int node, struct names *names)
{
    const yaml_node_t *at = document_node(reader->document, node);
    const int *items = &node;
    uint32_t count = 1;

    if (at->type == YAML_MAPPING_NODE)
        return refuse(reader, node, "a name or a list of names should stand here, not a mapping");
    if (at->type == YAML_SEQUENCE_NODE) {
        items = at->data.sequence.items.start;
        count = (uint32_t)(at->data.sequence.items.top - items);
    }
    names->node = node;
    names->count = count;
    names->items = arena_take_array(reader->arena, count, sizeof *names->items);
    names->nodes = arena_take_array(reader->arena, count, sizeof *names->nodes);
    if (names->items == NULL || names->nodes == NULL)
        return reader_memory(reader);
    for (uint32_t i = 0; i < count; i++) {
        const char *text = document_text(reader->document, items[i]);

        if (text == NULL)
            return refuse(reader, items[i], "a name should stand here, not %s",
                          document_kind(reader->document, items[i]));
        if (!value_is_name(reader, items[i], text))
            return ERROR_INPUT;
        names->items[i] = text;
        names->nodes[i] = items[i];
    }
    return 0;
}

struct seen {
    const char *name;
    int node;
    UT_hash_handle hh;
};

/* Refuses a name that has been there. The handles live in the reader's arena, the table's own
 * memory is freed by seen_close. */
static int seen_add(struct reader *reader, struct seen **seen, const char *name, int node,
                    const char *what)
{
    const yaml_node_t *first;
    struct seen *entry;

    HASH_FIND_STR(*seen, name, entry);
    if (entry != NULL) {
        first = document_node(reader->document, entry->node);
        return refuse(reader, node, "the %s `%.60s` is there twice, first in line %zu", what, name,
                      first->start_mark.line + 1);
    }
    entry = arena_take(reader->arena, sizeof *entry);
    if (entry == NULL)
        return reader_memory(reader);
    entry->name = name;
    entry->node = node;
    HASH_ADD_KEYPTR(hh, *seen, entry->name, strlen(entry->name), entry);
    return 0;
}

static int list_make(struct reader *reader, const struct field *field, int node, size_t count,
                     struct list *list)
{
    const struct table *table = field->more.table;

    if (count > table->most)
        return refuse(reader, node, "%s: %zu entries; at most %u", field->key, count, table->most);
    list->items = arena_take_array(reader->arena, count, table->size);
    list->count = (uint32_t)count;
    return list->items == NULL ? reader_memory(reader) : 0;
}

static int entries_read(struct reader *reader, const struct field *field, int node,
                        struct list *list)
{
    const struct table *table = field->more.table;
    const yaml_node_t *at = document_node(reader->document, node);
    struct seen *seen = NULL;
    size_t count;
    int code = 0;

    if (at->type != YAML_SEQUENCE_NODE)
        return refuse(reader, node, "%s: a list should stand here, not %s", field->key,
                      document_kind(reader->document, node));
    count = (size_t)(at->data.sequence.items.top - at->data.sequence.items.start);
    code = list_make(reader, field, node, count, list);
    for (size_t i = 0; i < count && code == 0; i++) {
        struct item *item = (struct item *)((char *)list->items + i * table->size);

        item->node = at->data.sequence.items.start[i];
        code = reader_table(reader, table, item->node, item, true);
        if (code == 0 && item->name != NULL)
            code = seen_add(reader, &seen, item->name,
                            document_find(reader->document, item->node, "name"), "name");
    }
    HASH_CLEAR(hh, seen);
    return code;
}

static int named_read(struct reader *reader, const struct field *field, int node, struct list *list)
{
    const struct table *table = field->more.table;
    const yaml_node_t *at = document_node(reader->document, node);
    struct seen *seen = NULL;
    size_t count;
    int code = 0;

    if (at->type != YAML_MAPPING_NODE)
        return refuse(reader, node, "%s: a mapping of names should stand here, not %s", field->key,
                      document_kind(reader->document, node));
    count = (size_t)(at->data.mapping.pairs.top - at->data.mapping.pairs.start);
    code = list_make(reader, field, node, count, list);
    for (size_t i = 0; i < count && code == 0; i++) {
        struct item *item = (struct item *)((char *)list->items + i * table->size);
        const yaml_node_pair_t *pair = at->data.mapping.pairs.start + i;
        const char *name = document_text(reader->document, pair->key);

        if (name == NULL)
            code = refuse(reader, pair->key, "a name should stand before the colon");
        else if (!value_is_name(reader, pair->key, name))
            code = ERROR_INPUT;
        else
            code = seen_add(reader, &seen, name, pair->key, "name");
        item->node = pair->value;
        if (code == 0)
            code = reader_table(reader, table, pair->value, item, true);
        item->name = name;
    }
    HASH_CLEAR(hh, seen);
    return code;
}

int reader_field(struct reader *reader, const struct field *field, int node, void *object)
{
    void *to = (char *)object + field->offset;
    const char *text;

    switch ((enum field_type)field->type) {
    case FIELD_SPREAD:
        return spread_read(reader, field, node, to);
    case FIELD_WORDS:
        return words_read(reader, field, node, to);
    case FIELD_NAMES:
        return reader_names(reader, node, to);
    case FIELD_MAPPING:
        return reader_table(reader, field->more.table, node, object, true);
    case FIELD_ENTRIES:
        return entries_read(reader, field, node, to);
    case FIELD_NAMED:
        return named_read(reader, field, node, to);
    case FIELD_NODE:
        *(int *)to = node;
        return 0;
    case FIELD_DURATION:
    case FIELD_RATE:
    case FIELD_COUNT:
    case FIELD_SEED:
    case FIELD_PROBABILITY:
    case FIELD_DECIMAL:
    case FIELD_BOND:
    case FIELD_SIZE:
    case FIELD_SCORE:
    case FIELD_FLAG:
    case FIELD_WORD:
    case FIELD_TEXT:
    case FIELD_NAME:
        break;
    }
    text = document_text(reader->document, node);
    if (text == NULL)
        return refuse(reader, node, "%s: a single value should stand here, not %s", field->key,
                      document_kind(reader->document, node));
    if (text[0] == '\0')
        return refuse(reader, node, "%s: the value is missing", field->key);
    return value_read(reader, field, node, text, to);
}

/* A default is written in the table as one would write it in a file. */
static int default_read(struct reader *reader, const struct field *field, void *object)
{
    struct field plain = *field;

    if (field->type == FIELD_MAPPING)
        return reader_defaults(reader, field->more.table, object);
    if (field->standard == NULL)
        return 0;
    if (field->type == FIELD_SPREAD) {
        struct spread *spread = (struct spread *)((char *)object + field->offset);

        plain.type = FIELD_DURATION;
        *spread = (struct spread){SPREAD_FIXED, 0, 0};
        return value_read(reader, &plain, 0, field->standard, &spread->low);
    }
    return value_read(reader, field, 0, field->standard, (char *)object + field->offset);
}

int reader_defaults(struct reader *reader, const struct table *table, void *object)
{
    for (const struct field *field = table->fields; field->key != NULL; field++) {
        int code = default_read(reader, field, object);

        if (code != 0)
            return code;
    }
    return 0;
}

/* Keys that are no scalar, unknown or there twice. */
static int keys_check(struct reader *reader, const struct table *table, const yaml_node_t *at)
{
    struct seen *seen = NULL;
    int code = 0;

    for (const yaml_node_pair_t *pair = at->data.mapping.pairs.start;
         pair < at->data.mapping.pairs.top && code == 0; pair++) {
        const char *key = document_text(reader->document, pair->key);

        if (key == NULL)
            code = refuse(reader, pair->key, "a key should stand here, not %s",
                          document_kind(reader->document, pair->key));
        else if (field_find(table, key) == NULL &&
                 (table->also == NULL || field_find(table->also, key) == NULL))
            code = unknown_key(reader, table, pair->key);
        else
            code = seen_add(reader, &seen, key, pair->key, "key");
    }
    HASH_CLEAR(hh, seen);
    return code;
}

int reader_table(struct reader *reader, const struct table *table, int node, void *object,
                 bool defaults)
{
    const yaml_node_t *at = document_node(reader->document, node);
    int code;

    assert(at != NULL);
    if (at->type == YAML_SCALAR_NODE && table->shorthand != NULL) {
        code = defaults ? reader_defaults(reader, table, object) : 0;
        return code != 0 ? code
                         : reader_field(reader, field_find(table, table->shorthand), node, object);
    }
    if (at->type != YAML_MAPPING_NODE)
        return refuse(reader, node, "%s should be a mapping of keys, not %s", table->name,
                      document_kind(reader->document, node));
    code = keys_check(reader, table, at);
    return code != 0 ? code : reader_fields(reader, table, node, object, defaults);
}

int reader_fields(struct reader *reader, const struct table *table, int node, void *object,
                  bool defaults)
{
    int code = 0;

    for (const struct field *field = table->fields; field->key != NULL && code == 0; field++) {
        int child = document_child(reader->document, node, field->key);

        if (child != 0)
            code = reader_field(reader, field, child, object);
        else if (defaults && field->required)
            code = refuse(reader, node, "%s needs the key `%s`: %s", table->name, field->key,
                          field->doc);
        else if (defaults)
            code = default_read(reader, field, object);
    }
    return code;
}
