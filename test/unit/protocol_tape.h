/*
 * Protocols of traces made by hand, as JSON, and what to look for in it.
 */
#ifndef IOLAUS_TEST_PROTOCOL_TAPE_H
#define IOLAUS_TEST_PROTOCOL_TAPE_H

#include "analysis_tape.h"

#include <jansson.h>

#include "analysis/protocol.h"

/* Adds a run; gives what the end of it gave. */
static inline int mine(struct protocols *protocols, const struct tape *tape,
                       const struct trace_header *of, struct error *error)
{
    struct protocol_run *run = protocol_run_open(of, "by hand.trace", protocols);
    cr_assert_not_null(run);
    for (size_t i = 0; i < tape->count; i++) {
        if (protocol_run_take(run, &tape->records[i]) != 0) {
            break;
        }
    }
    return protocol_run_close(run, error);
}

/* The protocols of one tape, of the `top` most frequent. */
static inline json_t *mined(const struct tape *tape, uint32_t top)
{
    struct error error = {0};
    struct protocols *protocols = protocols_open();
    cr_assert_eq(mine(protocols, tape, &header, &error), 0, "%s", error.message);
    json_t *json = protocols_json(protocols, top);
    cr_assert_not_null(json);
    protocols_close(protocols);
    return json;
}

static inline json_int_t number(const json_t *json, const char *key)
{
    cr_assert(json_is_integer(json_object_get(json, key)), "%s", key);
    return json_integer_value(json_object_get(json, key));
}

static inline double real(const json_t *json, const char *key)
{
    cr_assert(json_is_number(json_object_get(json, key)), "%s", key);
    return json_number_value(json_object_get(json, key));
}

static inline const char *text(const json_t *json, const char *key)
{
    cr_assert(json_is_string(json_object_get(json, key)), "%s", key);
    return json_string_value(json_object_get(json, key));
}

static inline json_t *protocol_at(const json_t *json, size_t place)
{
    json_t *protocol = json_array_get(json_object_get(json, "protocols"), place);
    cr_assert_not_null(protocol, "there is no protocol %zu", place);
    return protocol;
}

/* The first step of this name, done by this role (NULL: whoever); NULL where there is none. */
static inline json_t *step_in(const json_t *protocol, const char *step, const char *from)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(protocol, "steps"), i, one)
    {
        if (strcmp(text(one, "step"), step) == 0 &&
            (from == NULL || strcmp(text(one, "from"), from) == 0)) {
            return one;
        }
    }
    return NULL;
}

static inline json_t *step_of(const json_t *protocol, const char *step, const char *from)
{
    json_t *one = step_in(protocol, step, from);
    cr_assert_not_null(one, "no %s by %s in %s", step, from != NULL ? from : "anybody",
                       text(protocol, "mermaid"));
    return one;
}

static inline json_t *role_of(const json_t *json, const char *role)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(json, "roles"), i, one)
    {
        if (strcmp(text(one, "role"), role) == 0) {
            return one;
        }
    }
    return NULL;
}

/* In how many episodes the agent had the role. */
static inline json_int_t plays(const json_t *json, const char *role, const char *agent)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(role_of(json, role), "agents"), i, one)
    {
        if (strcmp(text(one, "agent"), agent) == 0) {
            return number(one, "episodes");
        }
    }
    return 0;
}

#define EXPECT_NUMBER(json, key, wanted)                                                           \
    cr_expect_eq(number(json, key), (json_int_t)(wanted), "%s: %lld, not %lld", key,               \
                 (long long)number(json, key), (long long)(wanted))

/* A record that comes of its own accord. */
static inline struct record_id alone(struct tape *tape, int64_t ms, enum record_verb verb,
                                     agent_id who, agent_id whom, int64_t value)
{
    return put(tape, ms, verb, NONE, who, whom, value);
}

/* `who` comes forward, is granted the relaunch, and does it: the target runs 100 ms later. */
static inline struct record_id volunteer(struct tape *tape, int64_t ms, struct record_id decided,
                                         agent_id who, agent_id target)
{
    struct record_id comes = put(tape, ms, VERB_VOLUNTEERS, decided, who, target, 0);
    struct record_id granted = put(tape, ms + 1, VERB_GRANTED, comes, who, target, 0);
    return relaunch(tape, ms + 100, granted, who, target);
}

/* A stop of `target`, which `who` notices 10 ms after the death and relaunches: it runs again
 * `ms_back` after its death. Gives its return. */
static inline struct record_id rescue(struct tape *tape, int64_t ms, agent_id target, agent_id who,
                                      int64_t ms_back)
{
    struct record_id died = stop(tape, ms, target);
    struct record_id noticed = put(tape, ms + 20, VERB_NOTICED, died, who, target, HOW_HANGUP);
    return volunteer(tape, ms + 10 + ms_back - 100, noticed, who, target);
}

#endif
