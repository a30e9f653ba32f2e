/*
 * Protocols as JSON: what the page says, with counts in place of words. docs/protocols.md lists the
 * fields.
 */
#include <math.h>
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

/* A quantile in ns; null where no time is known, and for a limit that so few numbers cannot give.
 */
static json_t *time_json(const struct step_sum *step, double value)
{
    return step->time_count > 0 && !isnan(value) ? json_real(value) : json_null();
}

static json_t *step_json(const struct step_sum *step, uint64_t of)
{
    step_words how, words;
    json_t *json = rate_json(step->episodes, of);
    json_t *rest =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "step",
                  step_name(step->key.step), "follows_from", turn_words(step->key.turn), "from",
                  role_name(step_from(&step->key)), "to", role_name(step_to(&step->key)), "wanted",
                  wanted_words(step->key.wanted), "words", step_say(words, step), "since",
                  step->key.turn == TURN_STOP ? "beginning" : "death", "agents_least",
                  integer(step->agents_least), "agents_most", integer(step->agents_most), "agents",
                  integer(step->agents), "acts", integer(step->acts), "inferred",
                  integer(step->inferred), "told", integer(step->told));
    step_variant(how, &step->key);
    for (int wanted = 0; wanted < WANTED_COUNT; wanted++) {
        json_object_set_new(rest, wanted_words((uint8_t)wanted), integer(step->wanted[wanted]));
    }
    json_object_set_new(rest, "how", how[0] != '\0' ? json_string(how) : json_null());
    json_object_set_new(rest, "p10_ns", time_json(step, step->early.value));
    json_object_set_new(rest, "median_ns", time_json(step, step->median.value));
    json_object_set_new(rest, "median_low_ns", time_json(step, step->median.low));
    json_object_set_new(rest, "median_high_ns", time_json(step, step->median.high));
    json_object_set_new(rest, "p90_ns", time_json(step, step->late.value));
    json_object_update(json, rest);
    json_decref(rest);
    return json;
}

static json_t *steps_json(struct step_sum *const *steps, size_t count, uint64_t of)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, step_json(steps[i], of));
    }
    return list;
}

static json_t *mermaid_json(struct step_sum *const *steps, size_t count, uint64_t of)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return json_null();
    }
    mermaid_print(steps, count, of, out);
    json_t *json = fclose(out) == 0 ? json_string(text) : json_null();
    free(text);
    return json;
}

static json_t *example_json(const struct protocols *protocols, const struct example *example)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "file",
                     example->file != NULL ? name_json(example->file) : json_null(), "replicate",
                     integer(example->replicate), "episode", integer(example->number), "target",
                     name_json(example_target(protocols, example)), "began_ns",
                     json_integer((json_int_t)example->began), "record",
                     example->record != NULL ? name_json(example->record) : json_null());
}

static json_t *protocol_json(const struct protocols *protocols, const struct protocol *protocol)
{
    json_t *json = rate_json(protocol->episodes, protocols->episodes);
    json_object_set_new(json, "without_guesses", rate_json(protocol->proven, protocols->episodes));
    json_object_set_new(json, "failures", integer(protocol->failures));
    json_object_set_new(json, "objects", integer(protocol->objects));
    json_object_set_new(json, "open", integer(protocol->open));
    json_object_set_new(json, "example", example_json(protocols, &protocol->example));
    json_object_set_new(json, "steps",
                        steps_json(protocol->shown, protocol->step_count, protocol->episodes));
    json_object_set_new(json, "mermaid",
                        mermaid_json(protocol->shown, protocol->step_count, protocol->episodes));
    return json;
}

static json_t *others_json(const struct protocols *protocols, size_t top)
{
    uint64_t episodes = 0, proven = 0;
    size_t count = protocols_count(protocols);
    for (size_t i = top; i < count; i++) {
        episodes += protocols->sorted[i]->episodes;
        proven += protocols->sorted[i]->proven;
    }
    json_t *json = rate_json(episodes, protocols->episodes);
    json_object_set_new(json, "without_guesses", rate_json(proven, protocols->episodes));
    json_object_set_new(json, "protocols", integer(count > top ? count - top : 0));
    return json;
}

/* How often who had the role had each other one too. */
static json_t *also_json(const struct protocols *protocols, uint32_t role)
{
    json_t *json = json_object();
    for (uint32_t other = 0; other < ROLE_COUNT; other++) {
        if (other != role && protocols->both[role][other] > 0) {
            json_object_set_new(json, role_name((uint8_t)other),
                                integer(protocols->both[role][other]));
        }
    }
    return json;
}

static json_t *player_json(const struct protocols *protocols, const struct player *player)
{
    const struct name *agent = protocols->agents.list[player->key.agent];
    const char *kind = protocols->kinds.list[agent->kind]->text;
    return json_pack("{s:o, s:o, s:o}", "agent", name_json(agent->text), "kind",
                     kind[0] != '\0' ? name_json(kind) : json_null(), "episodes",
                     integer(player->episodes));
}

static json_t *roles_json(const struct protocols *protocols)
{
    size_t count;
    struct player **players = players_sorted(protocols, &count);
    if (players == NULL) {
        return NULL;
    }
    json_t *list = json_array(), *agents = NULL;
    for (size_t i = 0; i < count; i++) {
        uint32_t role = players[i]->key.role;
        if (i == 0 || players[i - 1]->key.role != role) {
            agents = json_array();
            json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "role",
                                                  role_name((uint8_t)role), "in_all",
                                                  integer(protocols->both[role][role]), "also",
                                                  also_json(protocols, role), "agents", agents));
        }
        json_array_append_new(agents, player_json(protocols, players[i]));
    }
    free(players);
    return list;
}

static json_t *unknown_json(const struct protocols *protocols)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:b}", "acts",
                     integer(protocols->acts), "inferred", integer(protocols->inferred), "told",
                     integer(protocols->told), "gaps", integer(protocols->gaps), "gaps_ns",
                     (json_int_t)protocols->gaps_length, "open", integer(protocols->open),
                     "for_others", integer(protocols->for_others), "unjoined",
                     integer(protocols->unjoined), "late", integer(protocols->late),
                     "effective_acts_alone", protocols->runs_of_acts > 0);
}

static json_t *left_out_json(const struct protocols *protocols)
{
    json_t *list = json_array();
    for (uint32_t step = 0; step < STEP_COUNT; step++) {
        if ((protocols->left_out >> step & 1) != 0) {
            json_array_append_new(list, json_string(step_name((uint8_t)step)));
        }
    }
    return list;
}

/* All steps, whoever wanted them. */
static json_t *together_json(const struct protocols *protocols)
{
    size_t count = totals_count(&protocols->totals), at;
    json_t *steps = steps_json(protocols->totals.shown, count, protocols->episodes), *step;
    json_array_foreach(steps, at, step)
    {
        json_object_del(step, "wanted");
    }
    return json_pack("{s:o, s:o}", "steps", steps, "mermaid",
                     mermaid_json(protocols->totals.shown, count, protocols->episodes));
}

static json_t *list_json(const struct protocols *protocols, size_t top)
{
    size_t count = protocols_count(protocols);
    json_t *list = json_array();
    for (size_t i = 0; i < count && i < top; i++) {
        json_array_append_new(list, protocol_json(protocols, protocols->sorted[i]));
    }
    return list;
}

json_t *protocols_json(struct protocols *protocols, uint32_t top)
{
    if (protocols_sort(protocols) != 0) {
        return NULL;
    }
    const struct {
        const char *key;
        json_t *value;
    } fields[] = {
        {"source", source_json(protocols)},
        {"target", protocols->only != NULL ? name_json(protocols->only) : json_null()},
        {"left_out", left_out_json(protocols)},
        {"runs", integer(protocols->runs)},
        {"episodes", integer(protocols->episodes)},
        {"failures", integer(protocols->failures)},
        {"objects", integer(protocols->objects)},
        {"without_guesses", integer(protocols->proven)},
        {"count", integer(protocols_count(protocols))},
        {"protocols", list_json(protocols, top)},
        {"others", others_json(protocols, top)},
        {"together", together_json(protocols)},
        {"roles", roles_json(protocols)},
        {"unknown", unknown_json(protocols)},
    };
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (json_object_set_new(json, fields[i].key, fields[i].value) != 0) {
            json_decref(json);
            json = NULL;
        }
    }
    return json;
}
