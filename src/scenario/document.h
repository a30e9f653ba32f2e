/*
 * YAML documents, loaded strictly, each node with its place.
 *
 *     document_load(&document, "a.yaml", bytes, size, &error);
 *     document_change(&document, 1, "platform.restart.policy=none", &error);
 *     ... read nodes, complain with document_error(&document, node, &error, ...) ...
 *     document_close(&document);
 *
 * Refused with file:line:column: what is no UTF-8 or holds a NUL, more than DOCUMENT_BYTES_MAX
 * bytes, deeper nesting than DOCUMENT_DEPTH_MAX, several documents, none, aliases, anchors, tags.
 * Nodes are libyaml's, numbered from 1; 0 is no node. The document owns them. The path and the
 * texts of changes must outlive it.
 */
#ifndef IOLAUS_SCENARIO_DOCUMENT_H
#define IOLAUS_SCENARIO_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "base/error.h"

#define DOCUMENT_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define DOCUMENT_DEPTH_MAX 32
#define DOCUMENT_SOURCES_MAX 4096

/* Nodes from `first` on stand in this text, up to the next source's first. */
struct document_source {
    int first;
    const char *label;  /* before :line:column in messages */
    const char *change; /* the text of the change, or NULL for the file */
};

struct document {
    yaml_document_t yaml;
    bool open;
    struct document_source *sources;
    uint32_t source_count;
};

int document_load(struct document *document, const char *label, const char *bytes, size_t size,
                  struct error *error);
void document_close(struct document *document);

yaml_node_t *document_node(const struct document *document, int node);
int document_root(const struct document *document);

/* The text of a scalar node, or NULL. */
const char *document_text(const struct document *document, int node);
/* A node's kind in words: "a mapping", "a list", "a single value". */
const char *document_kind(const struct document *document, int node);
/* The value under `key` of a mapping, or 0. */
int document_child(const struct document *document, int node, const char *key);
/* Where `path` (keys joined by dots) leads from `node`: the deepest node on it that exists. */
int document_find(const struct document *document, int node, const char *path);

/* Writes a node in one line, as YAML; what does not fit ends in `...`. Returns `text`. */
const char *document_write(const struct document *document, int node, char *text, size_t size);

/* Applies one change `path.to.key=value` whose value is YAML. Messages have --set:NUMBER:COLUMN;
 * numbers begin with 1. */
int document_change(struct document *document, uint32_t number, const char *change,
                    struct error *error);
/* Applies one change whose path is the scalar node `path` and whose value is another node. */
int document_assign(struct document *document, int path, int value, struct error *error);

/* ERROR_INPUT with "label:line:column: " before the message. */
int document_error(const struct document *document, int node, struct error *error,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
