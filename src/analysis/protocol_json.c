/*
 * Protocols as JSON: what the page says, with counts in place of words. docs/protocol.md lists the
 * fields.
 */
#include <stdlib.h>

#include "analysis/protocol_inside.h"

static json_t *integer(uint64_t number)
{
    return json_integer((json_int_t)number);
}

/* A name of a file; where it is no UTF-8 it cannot be told. */
static json_t *name_json(const char *text)
{
    json_t *json = json_string(text);
    return json != NULL ? json : json_null();
}

static json_t *rate_json(uint64_t successes, uint64_t trials)
{
    struct rate rate = rate_wilson(successes, trials, CONFIDENCE);
    return json_pack("{s:o, s:o, s:f, s:f, s:f}", "episodes", integer(successes), "of",
                     integer(trials), "share", trials > 0 ? rate.rate : 0.0, "low", rate.low,
                     "high", rate.high);
}

static json_t *source_json(const struct protocols *protocols)
{
    static const char *const keys[SOURCE_COUNT] = {"scenarios", "arms",     "worlds",
                                                   "seeds",     "versions", "hosts"};
    json_t *json = json_object();
    for (int source = 0; source < SOURCE_COUNT; source++) {
        const struct names *names = &protocols->sources[source];
        json_t *list = json_array();
        for (size_t i = 0; i < names->count; i++) {
            json_array_append_new(list, name_json(names->list[i]->text));
        }
        json_object_set_new(json, keys[source], list);
    }
    return json;
}

static json_t *step_json(const struct step_sum *step)
{
    step_words how, words;
    bool known = step->time_count > 0;
    json_t *json =
        json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "step",
                  step_name(step->key.step), "stretch", (int)step->key.stretch, "from",
                  role_name(step_from(&step->key)), "to", role_name(step_to(&step->key)), "wanted",
                  wanted_words(step->key.wanted), "words", step_say(words, step), "agents_least",
                  integer(step->agents_least), "agents_most", integer(step->agents_most), "agents",
                  integer(step->agents), "acts", integer(step->acts), "inferred",
                  integer(step->inferred), "told", integer(step->told));
    step_variant(how, &step->key);
    json_object_set_new(json, "how", how[0] != '\0' ? json_string(how) : json_null());
    json_object_set_new(json, "median_ns", known ? json_real(step->median.value) : json_null());
    json_object_set_new(json, "p90_ns", known ? json_real(step->late.value) : json_null());
    json_object_set_new(json, "since",
                        json_string(step->key.stretch == STRETCH_BEFORE ? "beginning" : "death"));
    return json;
}

static json_t *protocol_json(const struct protocols *protocols, const struct protocol *protocol)
{
    json_t *json = rate_json(protocol->episodes, protocols->episodes);
    json_t *steps = json_array();
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (uint32_t i = 0; i < protocol->step_count; i++) {
        json_array_append_new(steps, step_json(protocol->shown[i]));
    }
    json_object_set_new(json, "failures", integer(protocol->failures));
    json_object_set_new(json, "objects", integer(protocol->objects));
    json_object_set_new(json, "steps", steps);
    if (out != NULL) {
        mermaid_print(protocol, out);
        fclose(out);
        json_object_set_new(json, "mermaid", json_string(text));
    }
    free(text);
    return json;
}

static json_t *others_json(const struct protocols *protocols, size_t top)
{
    uint64_t episodes = 0;
    size_t count = protocols_count(protocols);
    for (size_t i = top; i < count; i++) {
        episodes += protocols->sorted[i]->episodes;
    }
    json_t *json = rate_json(episodes, protocols->episodes);
    json_object_set_new(json, "protocols", integer(count > top ? count - top : 0));
    return json;
}

static json_t *roles_json(const struct protocols *protocols)
{
    size_t count;
    struct player **players = players_sorted(protocols, &count);
    json_t *list = players != NULL ? json_array() : NULL;
    for (size_t i = 0; i < count; i++) {
        const struct name *agent = protocols->agents.list[players[i]->key.agent];
        const char *kind = protocols->kinds.list[agent->kind]->text;
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "role",
                                              role_name((uint8_t)players[i]->key.role), "agent",
                                              name_json(agent->text), "kind",
                                              kind[0] != '\0' ? name_json(kind) : json_null(),
                                              "episodes", integer(players[i]->episodes),
                                              "noticed_first", integer(players[i]->noticed_first)));
    }
    free(players);
    return list;
}

static json_t *doings_json(const struct protocols *protocols)
{
    size_t count;
    struct doing **doings = doings_sorted(protocols, &count);
    json_t *list = doings != NULL ? json_array() : NULL;
    for (size_t i = 0; i < count; i++) {
        const struct doing *doing = doings[i];
        const char *kind = protocols->kinds.list[doing->key.kind]->text;
        json_t *json =
            json_pack("{s:s, s:s, s:o, s:o, s:o}", "step", step_name((uint8_t)doing->key.step),
                      "role", role_name((uint8_t)doing->key.role), "kind",
                      kind[0] != '\0' ? name_json(kind) : json_null(), "inferred",
                      integer(doing->inferred), "told", integer(doing->told));
        for (uint8_t wanted = 0; wanted < WANTED_COUNT; wanted++) {
            json_object_set_new(json, wanted_words(wanted), integer(doing->wanted[wanted]));
        }
        json_array_append_new(list, json);
    }
    free(doings);
    return list;
}

json_t *protocols_json(struct protocols *protocols, uint32_t top)
{
    if (protocols_sort(protocols) != 0) {
        return NULL;
    }
    size_t count = protocols_count(protocols);
    json_t *list = json_array();
    for (size_t i = 0; i < count && i < top; i++) {
        json_array_append_new(list, protocol_json(protocols, protocols->sorted[i]));
    }
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:I, s:o, s:o, "
        "s:b}}",
        "source", source_json(protocols), "runs", integer(protocols->runs), "episodes",
        integer(protocols->episodes), "failures", integer(protocols->failures), "objects",
        integer(protocols->objects), "count", integer(count), "protocols", list, "others",
        others_json(protocols, top), "roles", roles_json(protocols), "acts", doings_json(protocols),
        "unknown", "acts", integer(protocols->acts), "inferred", integer(protocols->inferred),
        "told", integer(protocols->told), "gaps", integer(protocols->gaps), "gaps_ns",
        (json_int_t)protocols->gaps_length, "open", integer(protocols->open), "for_others",
        integer(protocols->for_others), "effective_acts_alone", protocols->runs_of_acts > 0);
}
