/* Names back into numbers: agents, record ids, verbs, classes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/words.h"

static const struct {
    const char *name;
    uint32_t writer;
} writers[] = {
    {"platform", WRITER_PLATFORM},
    {"control", WRITER_CONTROL},
    {"witness", WRITER_WITNESS},
};
#define WRITERS (sizeof writers / sizeof writers[0])

/* A whole number without sign, of at most ten digits; false if it is none. */
static bool number_parse(const char *text, uint64_t *number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 10 || text[digits] != '\0')
        return false;
    *number = strtoull(text, NULL, 10);
    return true;
}

/* Whether a writer's name says who it is: not if it reads as a number, a place or another writer.
 */
static bool name_tells(const char *name)
{
    for (size_t i = 0; i < WRITERS; i++)
        if (strcmp(name, writers[i].name) == 0)
            return false;
    return name[0] != '\0' && name[strspn(name, "0123456789")] != '\0' && strchr(name, '/') == NULL;
}

void record_id_format(const struct trace_header *header, struct record_id id,
                      char text[RECORD_ID_BYTES])
{
    uint32_t agent, place;
    char behind[16] = "";

    if (record_id_is_none(id)) {
        snprintf(text, RECORD_ID_BYTES, "none");
        return;
    }
    for (size_t i = 0; i < WRITERS; i++)
        if (writers[i].writer == id.writer) {
            snprintf(text, RECORD_ID_BYTES, "%s:%" PRIu32, writers[i].name, id.sequence);
            return;
        }
    agent = header->agents > 0 ? id.writer % header->agents : id.writer;
    place = header->agents > 0 ? id.writer / header->agents : 0;
    if (place > 0)
        snprintf(behind, sizeof behind, "/%" PRIu32, place);
    if (agent < header->agents && name_tells(header->agent_names[agent]))
        snprintf(text, RECORD_ID_BYTES, "%s%s:%" PRIu32, header->agent_names[agent], behind,
                 id.sequence);
    else
        snprintf(text, RECORD_ID_BYTES, "%" PRIu32 "%s:%" PRIu32, agent, behind, id.sequence);
}

int agent_find(const struct trace_header *header, const char *text, agent_id *agent,
               struct error *error)
{
    uint64_t number;

    for (uint32_t i = 0; i < header->agents; i++)
        if (strcmp(header->agent_names[i], text) == 0) {
            *agent = i;
            return 0;
        }
    if (number_parse(text, &number) && number < header->agents) {
        *agent = (agent_id)number;
        return 0;
    }
    return error_set(error, ERROR_INPUT,
                     "no agent of this trace is called `%.80s`; its %u agents are listed by "
                     "`iolaus trace stats`",
                     text, header->agents);
}

static int writer_find(const struct trace_header *header, char *name, uint32_t *writer,
                       struct error *error)
{
    char *slash;
    uint64_t place = 0;
    agent_id agent = AGENT_NONE;
    int code;

    for (size_t i = 0; i < WRITERS; i++)
        if (strcmp(writers[i].name, name) == 0) {
            *writer = writers[i].writer;
            return 0;
        }
    /* A name may hold a slash itself, so the whole is tried first. */
    if (agent_find(header, name, &agent, error) == 0) {
        *writer = agent;
        return 0;
    }
    slash = strrchr(name, '/');
    if (slash == NULL || !number_parse(slash + 1, &place))
        return ERROR_INPUT;
    *slash = '\0';
    code = agent_find(header, name, &agent, error);
    if (code < 0)
        return code;
    if (place * header->agents + agent >= WRITER_PLATFORM)
        return error_set(error, ERROR_INPUT, "`%.80s` has no place %" PRIu64, name, place);
    *writer = (uint32_t)(place * header->agents + agent);
    return 0;
}

int record_id_parse(const struct trace_header *header, const char *text, struct record_id *id,
                    struct error *error)
{
    char name[RECORD_ID_BYTES];
    const char *colon = strrchr(text, ':');
    uint64_t sequence = 0;

    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof name ||
        !number_parse(colon + 1, &sequence) || sequence > UINT32_MAX)
        return error_set(error, ERROR_INPUT,
                         "`%.80s` is not a record; write WRITER:SEQUENCE, such as `writer-1:12` or "
                         "`platform:3`",
                         text);
    memcpy(name, text, (size_t)(colon - text));
    name[colon - text] = '\0';
    id->sequence = (uint32_t)sequence;
    return writer_find(header, name, &id->writer, error);
}

/* Calls `find` for each name of a list; it returns the bit, or a negative number. `what` says
 * what the names are of, for the message. */
static int list_parse(const char *text, const char *what, int (*find)(const char *, size_t),
                      uint64_t *bits, struct error *error)
{
    *bits = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        int bit = find(text, length);

        if (bit < 0)
            return error_set(error, ERROR_INPUT, "`%.*s` is no %s", length > 40 ? 40 : (int)length,
                             text, what);
        *bits |= UINT64_C(1) << bit;
        if (text[length] == '\0')
            return 0;
        text += length + 1;
    }
}

static bool name_is(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

static int verb_find(const char *text, size_t length)
{
    for (int i = 0; i < VERB_COUNT; i++)
        if (name_is(text, length, record_verb_name((enum record_verb)i)))
            return i;
    return -1;
}

static int class_find(const char *text, size_t length)
{
    for (int i = 0; i <= CLASS_CONTROL; i++)
        if (name_is(text, length, record_class_name((enum record_class)i)))
            return i;
    return -1;
}

int record_verbs_parse(const char *text, uint64_t *verbs, struct error *error)
{
    return list_parse(text, "verb of a trace; docs/reference/trace.md lists them", verb_find, verbs,
                      error);
}

int record_classes_parse(const char *text, unsigned *classes, struct error *error)
{
    uint64_t bits = 0;
    int code = list_parse(text, "class; they are truth, act, claim, platform and control",
                          class_find, &bits, error);

    *classes = (unsigned)bits;
    return code;
}
