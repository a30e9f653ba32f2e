#include "scenario/resolve.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX 65000
#define AGENTS_MAX 100000000

/* Names that would be taken for something else where agents are named. */
static const char *const names_taken[] = {"all",  "any",  "none", "target", "peers",
                                          "both", "seed", "self", "nobody"};

const char *scenario_agent_name(const struct scenario *scenario, agent_id agent,
                                char buffer[SCENARIO_NAME_BYTES])
{
    const struct scenario_group *group;

    if (agent >= scenario->agents) {
        snprintf(buffer, SCENARIO_NAME_BYTES, "nobody");
        return buffer;
    }
    group = &scenario->groups[scenario->group_of[agent]];
    if (group->count == 1)
        snprintf(buffer, SCENARIO_NAME_BYTES, "%s", group->name);
    else
        snprintf(buffer, SCENARIO_NAME_BYTES, "%s-%u", group->name, agent - group->first + 1);
    return buffer;
}

/* Compares a group's name with the first `length` characters of another. */
static int name_compare(const char *name, const char *other, size_t length)
{
    int order = strncmp(name, other, length);

    return order != 0 ? order : name[length] != '\0';
}

static int group_search(const struct scenario *scenario, const char *name, size_t length)
{
    uint32_t low = 0, high = scenario->group_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint16_t number = scenario->groups_by_name[middle];
        int order = name_compare(scenario->groups[number].name, name, length);

        if (order == 0)
            return number;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

int find_group(const struct scenario *scenario, const char *name)
{
    return group_search(scenario, name, strlen(name));
}

/* `NAME-7` of a group of at least seven, else AGENT_NONE. */
static agent_id member_find(const struct scenario *scenario, const char *name)
{
    const char *dash = strrchr(name, '-');
    unsigned long member;
    char *end;
    int number;

    if (dash == NULL || dash == name || dash[1] < '1' || dash[1] > '9')
        return AGENT_NONE;
    member = strtoul(dash + 1, &end, 10);
    number = group_search(scenario, name, (size_t)(dash - name));
    if (*end != '\0' || number < 0 || scenario->groups[number].count == 1 ||
        member > scenario->groups[number].count)
        return AGENT_NONE;
    return scenario->groups[number].first + (agent_id)member - 1;
}

agent_id scenario_agent_find(const struct scenario *scenario, const char *name)
{
    int number = find_group(scenario, name);

    if (number >= 0 && scenario->groups[number].count == 1)
        return scenario->groups[number].first;
    return member_find(scenario, name);
}

static const char *group_next(void *context, uint32_t place)
{
    const struct scenario *scenario = context;

    return place < scenario->group_count ? scenario->groups[place].name : NULL;
}

int find_agents(struct resolver *resolver, int node, const char *name, agent_id *first,
                uint32_t *count)
{
    const struct scenario *scenario = resolver->scenario;
    int number = find_group(scenario, name);
    char hint[HINT_BYTES];

    if (number >= 0) {
        *first = scenario->groups[number].first;
        *count = scenario->groups[number].count;
        return 0;
    }
    *first = member_find(scenario, name);
    *count = 1;
    if (*first != AGENT_NONE)
        return 0;
    return refuse(&resolver->reader, node, "nobody in the crew is called `%.63s`%s", name,
                  hint_near(name, group_next, (void *)scenario, hint));
}

int find_all_agents(struct resolver *resolver, const struct names *names, const agent_id **agents,
                    uint32_t *count)
{
    const struct scenario *scenario = resolver->scenario;
    bool all = names->count == 1 && strcmp(names->items[0], "all") == 0;
    uint64_t total = all ? scenario->agents : 0;
    unsigned char *there;
    agent_id *list;
    uint32_t used = 0;

    for (uint32_t i = 0; i < names->count && !all; i++) {
        agent_id first;
        uint32_t size;
        int code = find_agents(resolver, names->nodes[i], names->items[i], &first, &size);

        if (code != 0)
            return code;
        total += size;
    }
    list = total > scenario->agents ? NULL
                                    : arena_take_array(resolver->reader.arena, total, sizeof *list);
    there = arena_take(resolver->reader.arena, scenario->agents / 8 + 1);
    if ((list == NULL && total <= scenario->agents) || there == NULL)
        return reader_memory(&resolver->reader);
    for (uint32_t i = 0; i < names->count; i++) {
        agent_id first = 0;
        uint32_t size = scenario->agents;
        int code = all ? 0 : find_agents(resolver, names->nodes[i], names->items[i], &first, &size);

        if (code != 0)
            return code;
        for (agent_id agent = first; agent < first + size; agent++) {
            if (there[agent / 8] & 1 << agent % 8)
                return refuse(&resolver->reader, names->nodes[i],
                              "`%.63s` names an agent that stands here already", names->items[i]);
            there[agent / 8] |= (unsigned char)(1 << agent % 8);
            if (list != NULL)
                list[used++] = agent;
        }
    }
    *agents = list;
    *count = used;
    return 0;
}

static int nodes_numbered(struct resolver *resolver, uint32_t count)
{
    const char **names = arena_take_array(resolver->reader.arena, count, sizeof *names);

    for (uint32_t i = 0; names != NULL && i < count; i++) {
        char text[32];

        snprintf(text, sizeof text, "node-%u", i + 1);
        names[i] = arena_text(resolver->reader.arena, text, strlen(text));
        if (names[i] == NULL)
            names = NULL;
    }
    resolver->scenario->nodes = count;
    resolver->scenario->node_names = names;
    return names == NULL ? reader_memory(&resolver->reader) : 0;
}

static int nodes_resolve(struct resolver *resolver)
{
    static const struct field number = {
        .key = "nodes", .type = FIELD_COUNT, .low = 1, .high = NODES_MAX};
    struct reader *reader = &resolver->reader;
    int node = resolver->spec->nodes, code;
    struct names names;
    const char **copies;

    if (node == 0)
        return nodes_numbered(resolver, 1);
    if (document_text(reader->document, node) != NULL) {
        uint32_t count = 0;

        code = reader_field(reader, &number, node, &count);
        return code != 0 ? code : nodes_numbered(resolver, count);
    }
    code = reader_names(reader, node, &names);
    if (code != 0)
        return code;
    if (names.count == 0 || names.count > NODES_MAX)
        return refuse(reader, node, "nodes: from 1 to %d names should stand here", NODES_MAX);
    copies = arena_take_array(reader->arena, names.count, sizeof *copies);
    if (copies == NULL)
        return reader_memory(reader);
    for (uint32_t i = 0; i < names.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(names.items[i], copies[j]) == 0)
                return refuse(reader, names.nodes[i], "the node `%s` is there twice", copies[j]);
        }
        copies[i] = arena_text(reader->arena, names.items[i], strlen(names.items[i]));
        if (copies[i] == NULL)
            return reader_memory(reader);
    }
    resolver->scenario->nodes = names.count;
    resolver->scenario->node_names = copies;
    return 0;
}

static const char *node_next(void *context, uint32_t place)
{
    const struct scenario *scenario = context;

    return place < scenario->nodes ? scenario->node_names[place] : NULL;
}

int find_node(struct resolver *resolver, int at, const char *name)
{
    const struct scenario *scenario = resolver->scenario;
    char hint[HINT_BYTES];

    for (uint32_t i = 0; i < scenario->nodes; i++) {
        if (strcmp(scenario->node_names[i], name) == 0)
            return (int)i;
    }
    refuse(&resolver->reader, at, "no node is called `%.63s`%s", name,
           hint_near(name, node_next, (void *)scenario, hint));
    return -1;
}

static int group_order(const void *a, const void *b, void *context)
{
    const struct scenario_group *groups = context;

    return strcmp(groups[*(const uint16_t *)a].name, groups[*(const uint16_t *)b].name);
}

/* Group names and the names of their agents must not be mistaken for each other. */
static int names_check(struct resolver *resolver)
{
    const struct scenario *scenario = resolver->scenario;
    const struct spec_group *written = resolver->spec->crew.items;

    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const char *name = scenario->groups[i].name;

        for (size_t j = 0; j < sizeof names_taken / sizeof *names_taken; j++) {
            if (strcmp(name, names_taken[j]) == 0)
                return refuse_at(&resolver->reader, written[i].item.node, "name",
                                 "`%s` cannot be a name: it has a meaning where agents are named",
                                 name);
        }
        if (member_find(scenario, name) != AGENT_NONE)
            return refuse_at(&resolver->reader, written[i].item.node, "name",
                             "an agent of another group is called `%s` already", name);
    }
    return 0;
}

static int groups_resolve(struct resolver *resolver)
{
    const struct spec *spec = resolver->spec;
    const struct spec_group *written = spec->crew.items;
    struct scenario *scenario = resolver->scenario;
    struct scenario_group *groups =
        arena_take_array(resolver->reader.arena, spec->crew.count, sizeof *groups);
    uint16_t *order = arena_take_array(resolver->reader.arena, spec->crew.count, sizeof *order);
    uint64_t agents = 0;

    if (groups == NULL || order == NULL)
        return reader_memory(&resolver->reader);
    if (spec->crew.count == 0)
        return refuse_at(&resolver->reader, spec->root, "crew",
                         "a scenario needs a `crew` of at least one group");
    for (uint32_t i = 0; i < spec->crew.count; i++) {
        groups[i].name = written[i].item.name;
        groups[i].kind = written[i].kind;
        groups[i].first = (agent_id)agents;
        groups[i].count = written[i].count;
        groups[i].number = order[i] = (uint16_t)i;
        agents += written[i].count;
        if (agents > AGENTS_MAX)
            return refuse_at(&resolver->reader, written[i].item.node, "count",
                             "the crew has more than %d agents", AGENTS_MAX);
    }
    qsort_r(order, spec->crew.count, sizeof *order, group_order, groups);
    scenario->groups = groups;
    scenario->group_count = spec->crew.count;
    scenario->groups_by_name = order;
    scenario->agents = (uint32_t)agents;
    return names_check(resolver);
}

int resolve_crew(struct resolver *resolver)
{
    const struct spec_group *written = resolver->spec->crew.items;
    struct scenario *scenario = resolver->scenario;
    uint16_t *group_of;
    node_id *node_of;
    int code = nodes_resolve(resolver);

    if (code == 0)
        code = groups_resolve(resolver);
    if (code != 0)
        return code;
    group_of = arena_take_array(resolver->reader.arena, scenario->agents, sizeof *group_of);
    node_of = arena_take_array(resolver->reader.arena, scenario->agents, sizeof *node_of);
    if (group_of == NULL || node_of == NULL)
        return reader_memory(&resolver->reader);
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        const struct scenario_group *group = &scenario->groups[i];
        int node =
            written[i].node == NULL
                ? 0
                : find_node(resolver,
                            document_find(resolver->reader.document, written[i].item.node, "node"),
                            written[i].node);

        if (node < 0)
            return ERROR_INPUT;
        for (agent_id agent = group->first; agent < group->first + group->count; agent++) {
            group_of[agent] = (uint16_t)i;
            node_of[agent] =
                (node_id)(written[i].node == NULL ? agent % scenario->nodes : (uint32_t)node);
        }
    }
    scenario->group_of = group_of;
    scenario->node_of = node_of;
    return 0;
}
