#include "scenario/document.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

yaml_node_t *document_node(const struct document *document, int node)
{
    return yaml_document_get_node((yaml_document_t *)&document->yaml, node);
}

int document_root(const struct document *document)
{
    /* libyaml numbers the root 1, and an empty document has no node. */
    return document->open && document_node(document, 1) != NULL ? 1 : 0;
}

const char *document_text(const struct document *document, int node)
{
    const yaml_node_t *at = document_node(document, node);

    return at != NULL && at->type == YAML_SCALAR_NODE ? (const char *)at->data.scalar.value : NULL;
}

const char *document_kind(const struct document *document, int node)
{
    const yaml_node_t *at = document_node(document, node);

    if (at != NULL && at->type == YAML_MAPPING_NODE)
        return "a mapping";
    return at != NULL && at->type == YAML_SEQUENCE_NODE ? "a list" : "a single value";
}

int document_child(const struct document *document, int node, const char *key)
{
    const yaml_node_t *at = document_node(document, node);

    if (at == NULL || at->type != YAML_MAPPING_NODE)
        return 0;
    for (const yaml_node_pair_t *pair = at->data.mapping.pairs.start;
         pair < at->data.mapping.pairs.top; pair++) {
        const char *text = document_text(document, pair->key);

        if (text != NULL && strcmp(text, key) == 0)
            return pair->value;
    }
    return 0;
}

int document_find(const struct document *document, int node, const char *path)
{
    while (*path != '\0') {
        char key[64];
        size_t length = strcspn(path, ".");
        int child;

        assert(length < sizeof key);
        memcpy(key, path, length);
        key[length] = '\0';
        child = document_child(document, node, key);
        if (child == 0)
            return node;
        node = child;
        path += length + (path[length] == '.');
    }
    return node;
}

/* A text that grows up to its room; what goes beyond is dropped. */
struct line {
    char *text;
    size_t size, used;
    bool cut;
};

static void line_add(struct line *line, const char *text)
{
    size_t length = strlen(text), room = line->size - 1 - line->used;

    line->cut = line->cut || length > room;
    length = length > room ? room : length;
    memcpy(line->text + line->used, text, length);
    line->used += length;
    line->text[line->used] = '\0';
}

/* Depth is bounded: what stands in a document was at most DOCUMENT_DEPTH_MAX deep. */
static void node_write(const struct document *document, int node, struct line *line)
{
    const yaml_node_t *at = document_node(document, node);
    const char *between = "";

    if (at == NULL || line->cut)
        return;
    if (at->type == YAML_SCALAR_NODE) {
        line_add(line, (const char *)at->data.scalar.value);
        return;
    }
    line_add(line, at->type == YAML_SEQUENCE_NODE ? "[" : "{");
    if (at->type == YAML_SEQUENCE_NODE) {
        for (const int *item = at->data.sequence.items.start; item < at->data.sequence.items.top;
             item++, between = ", ") {
            line_add(line, between);
            node_write(document, *item, line);
        }
    } else {
        for (const yaml_node_pair_t *pair = at->data.mapping.pairs.start;
             pair < at->data.mapping.pairs.top; pair++, between = ", ") {
            line_add(line, between);
            node_write(document, pair->key, line);
            line_add(line, ": ");
            node_write(document, pair->value, line);
        }
    }
    line_add(line, at->type == YAML_SEQUENCE_NODE ? "]" : "}");
}

const char *document_write(const struct document *document, int node, char *text, size_t size)
{
    struct line line = {text, size, 0, false};

    assert(size >= 8);
    text[0] = '\0';
    node_write(document, node, &line);
    if (line.cut)
        memcpy(text + size - 4, "...", 4);
    return text;
}

int document_error(const struct document *document, int node, struct error *error,
                   const char *format, ...)
{
    const struct document_source *source = document->sources;
    const yaml_node_t *at = document_node(document, node);
    char message[600];
    va_list arguments;

    assert(document->source_count > 0);
    for (uint32_t i = 0; i < document->source_count && document->sources[i].first <= node; i++)
        source = &document->sources[i];
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return error_set(error, ERROR_INPUT, "%.200s:%zu:%zu: %s%s%.100s%s", source->label,
                     at == NULL ? (size_t)1 : at->start_mark.line + 1,
                     at == NULL ? (size_t)1 : at->start_mark.column + 1, message,
                     source->change == NULL ? "" : " (in the change `",
                     source->change == NULL ? "" : source->change,
                     source->change == NULL ? "" : "`)");
}

/* Line and column, from 1, of the byte at `offset`. */
static int bytes_error(const char *label, const char *bytes, size_t offset, struct error *error,
                       const char *message)
{
    size_t line = 1, column = 1;

    for (size_t i = 0; i < offset; i++) {
        if (bytes[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    return error_set(error, ERROR_INPUT, "%.200s:%zu:%zu: %s", label, line, column, message);
}

/* The length of the well-formed UTF-8 sequence at `bytes` (Unicode 15, table 3-7), or 0. */
static size_t utf8_length(const unsigned char *bytes, size_t left)
{
    unsigned char lead = bytes[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (length == 0 || lead > 0xf4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((lead == 0xe0 && bytes[1] < 0xa0) || (lead == 0xed && bytes[1] > 0x9f) ||
        (lead == 0xf0 && bytes[1] < 0x90) || (lead == 0xf4 && bytes[1] > 0x8f))
        return 0;
    return length;
}

static int bytes_check(const char *label, const char *bytes, size_t size, struct error *error)
{
    if (size > DOCUMENT_BYTES_MAX)
        return error_set(error, ERROR_INPUT,
                         "%.200s:1:1: the file has %zu bytes; at most %zu (8 MiB) are read", label,
                         size, DOCUMENT_BYTES_MAX);
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length((const unsigned char *)bytes + i, size - i);

        if (length == 0)
            return bytes_error(label, bytes, i, error,
                               "this is not UTF-8; save the file as UTF-8 text");
        if (bytes[i] == '\0')
            return bytes_error(label, bytes, i, error,
                               "a NUL byte; a scenario is plain text without one");
        i += length;
    }
    return 0;
}

static int parser_error(const char *label, const yaml_parser_t *parser, const char *bytes,
                        struct error *error)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return error_set(error, ERROR_MEMORY, "%.200s: out of memory", label);
    if (parser->error == YAML_READER_ERROR)
        return bytes_error(label, bytes, parser->problem_offset, error,
                           "a control character, which YAML does not allow");
    return error_set(error, ERROR_INPUT, "%.200s:%zu:%zu: this is not YAML: %s%s%s", label,
                     parser->problem_mark.line + 1, parser->problem_mark.column + 1,
                     parser->problem == NULL ? "it cannot be parsed" : parser->problem,
                     parser->context == NULL ? "" : ", ",
                     parser->context == NULL ? "" : parser->context);
}

static int event_error(const char *label, const yaml_event_t *event, struct error *error,
                       const char *message)
{
    return error_set(error, ERROR_INPUT, "%.200s:%zu:%zu: %s", label, event->start_mark.line + 1,
                     event->start_mark.column + 1, message);
}

/* In quotation marks YAML writes any character: "\0" would end a text early, "\e" speak to the
 * terminal that it is shown on. */
static bool text_holds_control(const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t left = event->data.scalar.length;

    while (left > 0) {
        size_t length = *text == '\n' || *text == '\t' ? 1 : text_shown(text, left);

        if (length == 0)
            return true;
        text += length;
        left -= length;
    }
    return false;
}

static int event_check(const char *label, const yaml_event_t *event, struct error *error)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    switch ((int)event->type) {
    case YAML_ALIAS_EVENT:
        return event_error(label, event, error,
                           "aliases (*name) are not read; write the value out");
    case YAML_SCALAR_EVENT:
        if (text_holds_control(event))
            return event_error(label, event, error,
                               "this text holds a control character; write plain text");
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor != NULL)
        return event_error(label, event, error,
                           "anchors (&name) are not read; write the value where it is needed");
    if (tag != NULL)
        return event_error(label, event, error, "tags (!name) are not read; leave the tag out");
    return 0;
}

/* Goes through the events before libyaml's loader may build anything from them: its loader resolves
 * aliases without a word. */
static int events_check(const char *label, const char *bytes, size_t size, struct error *error)
{
    yaml_parser_t parser;
    int depth = 0, documents = 0, code = 0;
    bool end = false;

    if (!yaml_parser_initialize(&parser))
        return error_set(error, ERROR_MEMORY, "%.200s: out of memory", label);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
    while (!end && code == 0) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parser, &event)) {
            code = parser_error(label, &parser, bytes, error);
            break;
        }
        code = event_check(label, &event, error);
        if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT)
            depth++;
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
            depth--;
        if (code == 0 && depth > DOCUMENT_DEPTH_MAX)
            code = event_error(label, &event, error,
                               "nested more than 32 deep; a scenario needs far less");
        if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1 && code == 0)
            code = event_error(label, &event, error,
                               "a second document begins here; a file holds one");
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (code == 0 && documents == 0)
        code =
            error_set(error, ERROR_INPUT,
                      "%.200s:1:1: nothing stands here; a scenario begins with `iolaus: 1`", label);
    return code;
}

int document_load(struct document *document, const char *label, const char *bytes, size_t size,
                  struct error *error)
{
    yaml_parser_t parser;
    int code;

    memset(document, 0, sizeof *document);
    code = bytes_check(label, bytes, size, error);
    if (code == 0)
        code = events_check(label, bytes, size, error);
    if (code != 0)
        return code;
    document->sources = calloc(DOCUMENT_SOURCES_MAX, sizeof *document->sources);
    if (document->sources == NULL || !yaml_parser_initialize(&parser)) {
        free(document->sources);
        return error_set(error, ERROR_MEMORY, "%.200s: out of memory", label);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
    if (!yaml_parser_load(&parser, &document->yaml)) {
        code = parser_error(label, &parser, bytes, error);
        free(document->sources);
        document->sources = NULL;
    } else {
        document->open = true;
        document->sources[document->source_count++] = (struct document_source){1, label, NULL};
    }
    yaml_parser_delete(&parser);
    return code;
}

void document_close(struct document *document)
{
    if (document->open)
        yaml_document_delete(&document->yaml);
    free(document->sources);
    memset(document, 0, sizeof *document);
}
