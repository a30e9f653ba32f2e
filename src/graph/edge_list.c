/*
 * The edge list: two names or numbers a line, `#` begins a comment. Read byte by byte, so that an
 * error names its line and column and no line is too long.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/build.h"

enum { NAME_MAX_BYTES = 255, EDGES_FIRST = 64 };

struct reader {
    FILE *file;
    const char *path;
    uint64_t line, column; /* of the byte read last, both from 1 */
    uint32_t vertices;
    agent_id (*find)(void *context, const char *name);
    void *context;
    struct edge *edges;
    uint64_t count, room;
    struct error *error;
};

struct name {
    char text[NAME_MAX_BYTES + 1];
    uint64_t column; /* where it begins */
};

static int fail_at(const struct reader *reader, uint64_t column, const char *what)
{
    return error_set(reader->error, ERROR_INPUT, "%s:%" PRIu64 ":%" PRIu64 ": %s", reader->path,
                     reader->line, column, what);
}

static int next_byte(struct reader *reader)
{
    reader->column++;
    return getc_unlocked(reader->file);
}

static bool is_blank(int byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static bool ends_name(int byte)
{
    return byte == EOF || byte == '\n' || byte == '#' || is_blank(byte);
}

/* Reads the name that begins with *byte; leaves in *byte what ended it. */
static int read_name(struct reader *reader, int *byte, struct name *name)
{
    size_t length = 0;

    name->column = reader->column;
    for (; !ends_name(*byte); *byte = next_byte(reader)) {
        if (*byte < ' ' || *byte == 0x7f)
            return fail_at(reader, reader->column,
                           "a control character; an edge list is plain text");
        if (length == NAME_MAX_BYTES)
            return fail_at(reader, name->column, "a name of more than 255 bytes");
        name->text[length++] = (char)*byte;
    }
    name->text[length] = '\0';
    return 0;
}

/* Reads one line to its end: *names is how many names stand on it, at most two. */
static int read_line(struct reader *reader, int *byte, struct name name[2], int *names)
{
    *names = 0;
    for (;;) {
        while (is_blank(*byte))
            *byte = next_byte(reader);
        if (*byte == '#')
            while (*byte != EOF && *byte != '\n')
                *byte = next_byte(reader);
        if (*byte == EOF || *byte == '\n')
            return 0;
        if (*names == 2)
            return fail_at(reader, reader->column,
                           "a third word; a line holds the two ends of one link");
        if (read_name(reader, byte, &name[*names]) != 0)
            return ERROR_INPUT;
        ++*names;
    }
}

static int resolve(struct reader *reader, const struct name *name, agent_id *vertex)
{
    *vertex = vertex_lookup(name->text, reader->vertices, reader->find, reader->context);
    if (*vertex != AGENT_NONE)
        return 0;
    return error_set(reader->error, ERROR_INPUT,
                     "%s:%" PRIu64 ":%" PRIu64
                     ": nobody is called `%s`; give %sa number below %" PRIu32,
                     reader->path, reader->line, name->column, name->text,
                     reader->find == NULL ? "" : "a name of the crew or ", reader->vertices);
}

static int edge_add(struct reader *reader, agent_id a, agent_id b)
{
    uint64_t room = reader->room == 0 ? EDGES_FIRST : 2 * reader->room;
    struct edge *edges;

    if (reader->count == reader->room) {
        if (reader->count >= GRAPH_EDGES_MAX)
            return error_set(reader->error, ERROR_LIMIT,
                             "%s:%" PRIu64 ": more than %" PRIu64 " links", reader->path,
                             reader->line, GRAPH_EDGES_MAX);
        edges = realloc(reader->edges, room * sizeof *edges);
        if (edges == NULL)
            return error_set(reader->error, ERROR_MEMORY,
                             "%s:%" PRIu64 ": no memory for more than %" PRIu64 " links",
                             reader->path, reader->line, reader->count);
        reader->edges = edges;
        reader->room = room;
    }
    reader->edges[reader->count++] = (struct edge){a, b};
    return 0;
}

static int line_take(struct reader *reader, const struct name name[2], int names)
{
    agent_id a, b;
    int code;

    if (names == 0)
        return 0;
    if (names == 1)
        return fail_at(reader, name[0].column,
                       "one word alone; a line holds the two ends of one link");
    code = resolve(reader, &name[0], &a);
    if (code == 0)
        code = resolve(reader, &name[1], &b);
    if (code != 0)
        return code;
    if (a == b)
        return fail_at(reader, name[1].column,
                       "a link of an agent with itself; a link joins two agents");
    return edge_add(reader, a, b);
}

static int read_all(struct reader *reader)
{
    int byte, names, code;
    struct name name[2];

    do {
        reader->line++;
        reader->column = 0;
        byte = next_byte(reader);
        code = read_line(reader, &byte, name, &names);
        if (code == 0)
            code = line_take(reader, name, names);
        if (code != 0)
            return code;
    } while (byte != EOF);
    if (ferror(reader->file))
        return error_set(reader->error, ERROR_IO, "%s:%" PRIu64 ": cannot be read further: %s",
                         reader->path, reader->line, strerror(errno));
    return 0;
}

int graph_read_edge_list(struct graph *graph, const char *path, uint32_t vertices,
                         agent_id (*find)(void *context, const char *name), void *context,
                         struct error *error)
{
    struct reader reader = {
        .path = path, .vertices = vertices, .find = find, .context = context, .error = error};
    int code;

    memset(graph, 0, sizeof *graph);
    reader.file = fopen(path, "re");
    if (reader.file == NULL)
        return error_set(error, ERROR_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    code = read_all(&reader);
    fclose(reader.file);
    if (code == 0)
        code = graph_from_edges(graph, vertices, reader.edges, reader.count, error);
    free(reader.edges);
    return code;
}
