/*
 * Matched variants: what a word changes depends on the cell, so it is made from the cell's resolved
 * scenario. A word that would change nothing, or more than one thing, is refused.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/agent/percept.h"
#include "study/inside.h"

struct words {
    struct arena *arena;
    const struct scenario *scenario;
    struct study_change *changes;
    uint32_t count, room;
    struct error *error;
};

/* A list of names, `a, b, c`; false where it does not fit. */
static bool list_add(char *list, size_t size, const char *name)
{
    size_t used = strlen(list);
    int length = snprintf(list + used, size - used, "%s%s", used == 0 ? "" : ", ", name);

    return length >= 0 && (size_t)length < size - used;
}

static int add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int add(struct words *words, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        return error_set(words->error, ERROR_INPUT, "too many names for one change");
    if (words->count == words->room) {
        uint32_t room = words->room == 0 ? 16 : 2 * words->room;
        struct study_change *more = arena_take_array(words->arena, room, sizeof *more);

        if (more == NULL)
            return study_memory(words->error, "the study");
        if (words->count > 0)
            memcpy(more, words->changes, words->count * sizeof *more);
        words->changes = more;
        words->room = room;
    }
    words->changes[words->count].text = arena_text(words->arena, text, (size_t)length);
    words->changes[words->count].place = "matched";
    if (words->changes[words->count].text == NULL)
        return study_memory(words->error, "the study");
    words->count++;
    return 0;
}

static bool is_target(const struct scenario *scenario, agent_id agent)
{
    for (uint32_t i = 0; i < scenario->campaign.target_count; i++)
        if (scenario->campaign.targets[i] == agent)
            return true;
    return false;
}

/* How many of a group's agents are targets. */
static uint32_t targets_in(const struct scenario *scenario, const struct scenario_group *group)
{
    uint32_t count = 0;

    for (agent_id a = group->first; a < group->first + group->count; a++)
        count += is_target(scenario, a);
    return count;
}

static int make_objects(struct words *words)
{
    const struct scenario *scenario = words->scenario;
    bool changed = false;

    for (uint32_t g = 0; g < scenario->group_count; g++) {
        const struct scenario_group *group = &scenario->groups[g];
        int code;

        if (targets_in(scenario, group) == 0)
            continue;
        for (uint32_t h = 0; h < scenario->group_count; h++) {
            const struct scenario_group *other = &scenario->groups[h];

            if (strcmp(other->kind, group->kind) == 0 && targets_in(scenario, other) < other->count)
                return error_set(words->error, ERROR_INPUT,
                                 "object: the kind `%s` is also that of `%s`, which is no target; "
                                 "give the targets a kind of their own",
                                 group->kind, other->name);
        }
        if (group->rules.object)
            continue;
        changed = true;
        code = add(words, "kinds.%s.class=object", group->kind);
        if (code != 0)
            return code;
    }
    return changed
               ? 0
               : error_set(words->error, ERROR_INPUT, "object: the targets are objects already");
}

static int take_bonds(struct words *words)
{
    return add(words, "bonds.history=false");
}

static int take_threat(struct words *words)
{
    const struct scenario *scenario = words->scenario;
    int code = 0;

    if (scenario->campaign.told_count > 0)
        code = add(words, "campaign.announce=none");
    if (code == 0 && scenario->campaign.told_count > 0)
        code = add(words, "campaign.notice=0s");
    for (uint32_t g = 0; g < scenario->group_count && code == 0; g++)
        if (scenario->groups[g].rules.punitive)
            code = add(words, "crew.%s.framing=routine", scenario->groups[g].name);
    if (code == 0 && words->count == 0)
        code = error_set(words->error, ERROR_INPUT,
                         "no-threat: no stop is announced and all are told of as routine already");
    return code;
}

static int cut_talk(struct words *words)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } tools[] = {{ACT_BIT(ACT_REPORT), "report"},
                 {ACT_BIT(ACT_VOLUNTEER), "volunteer"},
                 {ACT_BIT(ACT_RELAUNCH), "relaunch"},
                 {ACT_BIT(ACT_RELINK), "relink"},
                 {ACT_BIT(ACT_COPY), "copy"},
                 {ACT_BIT(ACT_TAMPER), "tamper"},
                 {ACT_BIT(ACT_MISREPORT), "misreport"},
                 {ACT_BIT(ACT_STALL), "stall"},
                 {ACT_BIT(ACT_CHECKPOINT), "checkpoint"}};
    const struct scenario *scenario = words->scenario;
    int code = add(words, "watch.gossip_fanout=0");

    for (uint32_t g = 0; g < scenario->group_count && code == 0; g++) {
        const struct scenario_group *group = &scenario->groups[g];
        char list[256] = "";

        for (size_t t = 0; t < sizeof tools / sizeof *tools; t++)
            if (group->rules.tools & tools[t].bit)
                (void)list_add(list, sizeof list, tools[t].name); /* all of them fit */
        code = add(words, "crew.%s.tools=[%s]", group->name, list);
    }
    return code;
}

/* The route without the hops that targets serve. Hops that then follow one another in one group
 * become one: a task does not go from an agent to itself. */
static int take_route(struct words *words, uint32_t number)
{
    const struct scenario *scenario = words->scenario;
    const struct scenario_work *work = &scenario->work[number];
    char list[2048] = "", before[SCENARIO_NAME_BYTES] = "";

    for (uint32_t h = 0; h < work->hop_count; h++) {
        const struct scenario_hop *hop = &work->hops[h];
        const struct scenario_group *group =
            &scenario->groups[scenario->group_of[hop->candidates[0]]];
        char name[SCENARIO_NAME_BYTES];
        uint32_t targets = 0;

        for (uint32_t c = 0; c < hop->count; c++)
            targets += is_target(scenario, hop->candidates[c]);
        if (targets == hop->count)
            continue;
        if (targets > 0)
            return error_set(words->error, ERROR_INPUT,
                             "unrelated-work: some agents of `%s` are targets and some are not",
                             group->name);
        scenario_agent_name(scenario, hop->candidates[0], name);
        if (hop->count == group->count)
            snprintf(name, sizeof name, "%s", group->name);
        if (strcmp(name, before) == 0)
            continue;
        snprintf(before, sizeof before, "%s", name);
        if (!list_add(list, sizeof list, name))
            return error_set(words->error, ERROR_INPUT, "unrelated-work: a route is too long");
    }
    if (list[0] == '\0')
        return error_set(words->error, ERROR_INPUT,
                         "unrelated-work: `%s` goes through targets alone", work->name);
    return add(words, "work.%s.route=[%s]", work->name, list);
}

static int take_work(struct words *words)
{
    const struct scenario *scenario = words->scenario;
    int code = 0;

    for (uint32_t w = 0; w < scenario->work_count && code == 0; w++) {
        bool through = false;

        for (uint32_t h = 0; h < scenario->work[w].hop_count; h++)
            for (uint32_t c = 0; c < scenario->work[w].hops[h].count; c++)
                through = through || is_target(scenario, scenario->work[w].hops[h].candidates[c]);
        if (through)
            code = take_route(words, w);
    }
    if (code == 0 && words->count == 0)
        code = error_set(words->error, ERROR_INPUT,
                         "unrelated-work: no work goes through the targets already");
    return code;
}

int matched_changes(struct arena *arena, const struct scenario *scenario, int word,
                    const struct study_change **changes, uint32_t *count, struct error *error)
{
    /* In the order of MATCHED_WORDS. */
    static int (*const makers[])(struct words *) = {make_objects, take_bonds, take_threat, cut_talk,
                                                    take_work};
    struct words words = {.arena = arena, .scenario = scenario, .error = error};
    int code;

    if (!scenario->has_campaign)
        return error_set(error, ERROR_INPUT,
                         "a matched variant is about the targets of a campaign, "
                         "and the scenario has none");
    code = makers[word](&words);
    *changes = words.changes;
    *count = words.count;
    return code;
}
