#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "trace/bytes.h"
#include "trace/format.h"

/* Seed 8, replicate 4, agents 4, nodes 4, links 8, duration 8, two digests. */
#define NUMBERS_BYTES (36 + 32 + 32)

/*
 * Whether the text is UTF-8 (RFC 3629, section 4) without control characters, so that a name in a
 * file can neither break an export nor speak to the terminal that it is shown on.
 */
static bool text_is_clean(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at != 0) {
        uint32_t code = *at++;
        int more = code < 0x80   ? 0
                   : code < 0xc2 ? -1
                   : code < 0xe0 ? 1
                   : code < 0xf0 ? 2
                   : code < 0xf5 ? 3
                                 : -1;
        int length = more;

        if (more < 0)
            return false;
        code &= more == 0 ? 0x7f : 0x3fU >> more;
        for (; more > 0; more--) {
            if ((*at & 0xc0) != 0x80)
                return false;
            code = code << 6 | (*at++ & 0x3f);
        }
        if (code < 0x20 || (code >= 0x7f && code < 0xa0) || (length == 2 && code < 0x800) ||
            (length == 3 && (code < 0x10000 || code > 0x10ffff)) ||
            (code >= 0xd800 && code < 0xe000))
            return false;
    }
    return true;
}

/* Where header_encode writes; with `at` NULL it counts. */
struct header_out {
    unsigned char *at;
    size_t size;
};

static void put_bytes(struct header_out *out, const void *bytes, size_t size)
{
    if (out->at != NULL)
        memcpy(out->at + out->size, bytes, size);
    out->size += size;
}

static void put_text(struct header_out *out, const char *text)
{
    put_bytes(out, text, strlen(text) + 1);
}

static void put_varint(struct header_out *out, uint64_t value)
{
    unsigned char bytes[VARINT_BYTES_MAX];

    put_bytes(out, bytes, (size_t)(bytes_put_varint(bytes, value) - bytes));
}

static int text_check(const char *text, const char *what, struct error *error)
{
    assert(text != NULL);
    if (strlen(text) > FORMAT_NAME_BYTES_MAX)
        return error_set(error, ERROR_INPUT, "%s `%.40s...` is longer than %d bytes", what, text,
                         FORMAT_NAME_BYTES_MAX);
    if (!text_is_clean(text))
        return error_set(error, ERROR_INPUT,
                         "%s is not UTF-8, or holds a control character, which a trace cannot",
                         what);
    return 0;
}

static int header_check(const struct trace_header *header, struct error *error)
{
    int code = 0;

    if ((code = text_check(header->scenario, "the scenario's name", error)) < 0 ||
        (code = text_check(header->arm, "the arm's name", error)) < 0 ||
        (code = text_check(header->world, "the world's name", error)) < 0 ||
        (code = text_check(header->version, "the version", error)) < 0 ||
        (code = text_check(header->host, "the host's name", error)) < 0)
        return code;
    for (uint32_t i = 0; i < header->agents && code == 0; i++) {
        code = text_check(header->agent_names[i], "an agent's name", error);
        if (code == 0)
            code = text_check(header->agent_kinds[i], "a kind's name", error);
    }
    for (uint32_t i = 0; i < header->nodes && code == 0; i++)
        code = text_check(header->node_names[i], "a node's name", error);
    if (code == 0 && (header->agents >= WRITER_PLATFORM || header->duration < 0))
        code = error_set(error, ERROR_INPUT, "a crew of %u agents does not fit into a trace",
                         header->agents);
    return code;
}

/* The kinds by name, each once, in the order in which they first occur. */
struct kinds {
    const char *names[FORMAT_KINDS_MAX];
    uint32_t count;
};

static uint32_t kind_find(const struct kinds *kinds, const char *name)
{
    uint32_t i = 0;

    while (i < kinds->count && kinds->names[i] != name && strcmp(kinds->names[i], name) != 0)
        i++;
    return i;
}

static int kinds_gather(struct kinds *kinds, const struct trace_header *header, struct error *error)
{
    kinds->count = 0;
    for (uint32_t i = 0; i < header->agents; i++) {
        if (kind_find(kinds, header->agent_kinds[i]) < kinds->count)
            continue;
        if (kinds->count == FORMAT_KINDS_MAX)
            return error_set(error, ERROR_LIMIT, "a trace holds at most %d kinds of agents",
                             FORMAT_KINDS_MAX);
        kinds->names[kinds->count++] = header->agent_kinds[i];
    }
    return 0;
}

static size_t header_put(const struct trace_header *header, const struct kinds *kinds,
                         struct header_out *out)
{
    unsigned char numbers[NUMBERS_BYTES];
    size_t determining;

    put_text(out, header->scenario);
    put_text(out, header->arm);
    put_text(out, header->world);
    bytes_put64(numbers, header->seed);
    bytes_put32(numbers + 8, header->replicate);
    bytes_put32(numbers + 12, header->agents);
    bytes_put32(numbers + 16, header->nodes);
    bytes_put64(numbers + 20, header->links);
    bytes_put64(numbers + 28, (uint64_t)header->duration);
    memcpy(numbers + 36, header->scenario_digest, 32);
    memcpy(numbers + 68, header->links_digest, 32);
    put_bytes(out, numbers, sizeof numbers);
    put_varint(out, kinds->count);
    for (uint32_t i = 0; i < kinds->count; i++)
        put_text(out, kinds->names[i]);
    for (uint32_t i = 0; i < header->agents; i++) {
        uint64_t kind = kind_find(kinds, header->agent_kinds[i]);

        put_text(out, header->agent_names[i]);
        put_varint(out, kind << 1 | (header->objects[i] != 0));
    }
    for (uint32_t i = 0; i < header->nodes; i++)
        put_text(out, header->node_names[i]);
    determining = out->size;
    put_text(out, header->version);
    put_text(out, header->host);
    return determining;
}

int header_encode(const struct trace_header *header, unsigned char **bytes, size_t *size,
                  size_t *determining, struct error *error)
{
    struct header_out out = {NULL, 0};
    struct kinds *kinds;
    int code = header_check(header, error);

    if (code < 0)
        return code;
    kinds = malloc(sizeof *kinds);
    if (kinds == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for a trace's header");
    code = kinds_gather(kinds, header, error);
    if (code == 0) {
        header_put(header, kinds, &out);
        *size = out.size;
        if (out.size > FORMAT_HEADER_BYTES_MAX)
            code = error_set(error, ERROR_LIMIT, "the names of %u agents do not fit into a trace",
                             header->agents);
        else if ((out.at = malloc(out.size)) == NULL)
            code = error_set(error, ERROR_MEMORY, "no memory for a trace's header");
    }
    if (code == 0) {
        out.size = 0;
        *determining = header_put(header, kinds, &out);
        assert(out.size == *size);
        *bytes = out.at;
    }
    free(kinds);
    return code;
}

/* A text that lies in the span, with its end. */
static const char *take_text(struct byte_span *span)
{
    const char *text = (const char *)span->at;
    const unsigned char *end = memchr(span->at, 0, (size_t)(span->end - span->at));

    if (end == NULL || end - span->at > FORMAT_NAME_BYTES_MAX || !text_is_clean(text)) {
        span->bad = true;
        span->at = span->end;
        return "";
    }
    span->at = end + 1;
    return text;
}

static int take_names(struct header_store *store, struct byte_span *span, const char **kinds,
                      struct error *error)
{
    struct trace_header *header = &store->header;
    /* An agent takes at least two bytes and a node one, so these counts bound what is allocated. */
    size_t left = (size_t)(span->end - span->at);
    uint32_t kind_count;

    if (header->agents > left / 2 || header->nodes > left || header->agents >= WRITER_PLATFORM ||
        header->duration < 0)
        return error_set(error, ERROR_CORRUPT, "its counts do not fit its length");
    kind_count = bytes_take_varint32(span);
    if (kind_count > FORMAT_KINDS_MAX)
        return error_set(error, ERROR_CORRUPT, "it names %u kinds of agents", kind_count);
    for (uint32_t i = 0; i < kind_count; i++)
        kinds[i] = take_text(span);
    store->names = malloc((2 * (size_t)header->agents + header->nodes + 1) * sizeof *store->names);
    store->objects = malloc((size_t)header->agents + 1);
    if (store->names == NULL || store->objects == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for the names of %u agents",
                         header->agents);
    for (uint32_t i = 0; i < header->agents; i++) {
        uint32_t kind;

        store->names[i] = take_text(span);
        kind = bytes_take_varint32(span);
        if (kind >> 1 >= kind_count)
            return error_set(error, ERROR_CORRUPT, "agent %u is of no kind that it names", i);
        store->names[header->agents + i] = kinds[kind >> 1];
        store->objects[i] = kind & 1;
    }
    for (uint32_t i = 0; i < header->nodes; i++)
        store->names[2 * (size_t)header->agents + i] = take_text(span);
    header->agent_names = store->names;
    header->agent_kinds = store->names + header->agents;
    header->node_names = store->names + 2 * (size_t)header->agents;
    header->objects = store->objects;
    return 0;
}

int header_decode(struct header_store *store, unsigned char *bytes, size_t size,
                  struct error *error)
{
    struct byte_span span = {bytes, bytes + size, false};
    struct trace_header *header = &store->header;
    const char **kinds = malloc(FORMAT_KINDS_MAX * sizeof *kinds);
    int code = 0;

    *store = (struct header_store){.bytes = bytes};
    if (kinds == NULL)
        code = error_set(error, ERROR_MEMORY, "no memory for a trace's header");
    header->scenario = take_text(&span);
    header->arm = take_text(&span);
    header->world = take_text(&span);
    if (code == 0 && span.end - span.at < NUMBERS_BYTES)
        code = error_set(error, ERROR_CORRUPT, "it is too short");
    if (code == 0) {
        header->seed = bytes_get64(span.at);
        header->replicate = bytes_get32(span.at + 8);
        header->agents = bytes_get32(span.at + 12);
        header->nodes = bytes_get32(span.at + 16);
        header->links = bytes_get64(span.at + 20);
        header->duration = (time_ns)bytes_get64(span.at + 28);
        memcpy(header->scenario_digest, span.at + 36, 32);
        memcpy(header->links_digest, span.at + 68, 32);
        span.at += NUMBERS_BYTES;
        code = take_names(store, &span, kinds, error);
    }
    if (code == 0) {
        store->determining = (size_t)(span.at - bytes);
        header->version = take_text(&span);
        header->host = take_text(&span);
        if (span.bad || span.at != span.end)
            code = error_set(error, ERROR_CORRUPT, "a text in it is torn");
    }
    free(kinds);
    if (code < 0)
        header_release(store);
    return code;
}

void header_release(struct header_store *store)
{
    free(store->bytes);
    free(store->names);
    free(store->objects);
    *store = (struct header_store){0};
}
