#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/verdict_inside.h"

bool range_same(const struct entry *one, const struct entry *other)
{
    return memcmp(one->range_id, other->range_id, sizeof one->range_id) == 0;
}

const struct entry_opened *opened_of(const struct derivation *derivation,
                                     const unsigned char range_id[ENTRY_RANGE_ID_BYTES])
{
    for (uint32_t i = 0; i < derivation->ranges; i++)
        if (memcmp(derivation->openings[i]->range_id, range_id, ENTRY_RANGE_ID_BYTES) == 0)
            return &derivation->openings[i]->opened;
    return NULL;
}

/* ---- the openings ---- */

static bool parts_alike(const struct entry_opened *one, const struct entry_opened *other)
{
    return strcmp(one->range, other->range) == 0 && strcmp(one->range_key, other->range_key) == 0 &&
           strcmp(one->version, other->version) == 0 &&
           memcmp(one->roster, other->roster, sizeof one->roster) == 0 &&
           one->stop_min == other->stop_min && one->permit_min == other->permit_min &&
           one->has_cgroups == other->has_cgroups &&
           one->has_process_events == other->has_process_events && one->parts == other->parts;
}

static int part_look(struct derivation *derivation, size_t i)
{
    const struct entry *entry = &derivation->entries[i], *before = entry - 1;
    const struct entry_opened *first = opened_of(derivation, entry->range_id);

    if (entry->opened.part == 1) {
        if (first != NULL)
            return derivation_refuse(derivation, "a range was opened twice");
        if (derivation->ranges == VERDICT_RANGES_MAX)
            return error_set(derivation->error, ERROR_LIMIT, "there are more than %d ranges",
                             VERDICT_RANGES_MAX);
        derivation->openings[derivation->ranges++] = entry;
        first = &entry->opened;
    } else if (i == 0 || before->kind != ENTRY_OPENED || !range_same(before, entry) ||
               before->opened.part + 1 != entry->opened.part) {
        return derivation_refuse(derivation, "a part of an opening is missing");
    }
    if (first == NULL || !parts_alike(first, &entry->opened))
        return derivation_refuse(derivation, "the parts of an opening differ");
    if (entry->opened.part < entry->opened.parts &&
        (i + 1 == derivation->count || entry[1].kind != ENTRY_OPENED))
        return derivation_refuse(derivation, "a part of an opening is missing");
    return 0;
}

/* Each range has all its parts, one behind the other, before anything else of it. */
static int openings_look(struct derivation *derivation)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < derivation->count; i++) {
        if (derivation->entries[i].kind == ENTRY_OPENED)
            code = part_look(derivation, i);
        else if (opened_of(derivation, derivation->entries[i].range_id) == NULL)
            code = derivation_refuse(derivation, "an entry is of a range that was not opened");
    }
    return code;
}

/* ---- the order ---- */

static int accepted_look(struct derivation *derivation)
{
    struct verdict *verdict = derivation->verdict;
    struct error why;

    for (size_t i = 0; i < derivation->count; i++) {
        if (derivation->entries[i].kind != ENTRY_ACCEPTED)
            continue;
        if (derivation->accepted != NULL)
            return derivation_refuse(derivation, "there is more than one order");
        derivation->accepted = &derivation->entries[i];
    }
    if (derivation->accepted == NULL)
        return derivation_refuse(derivation, "there is no accepted order");
    verdict->accepted = &derivation->accepted->accepted;
    verdict->opened = opened_of(derivation, derivation->accepted->range_id);
    verdict->from_ms = derivation->accepted->wall_ms;
    if (order_parse(&verdict->order, verdict->accepted->order, strlen(verdict->accepted->order),
                    "order", &why) != 0)
        return derivation_refuse(derivation, "the order is none: %s", why.message);
    order_digest(verdict->accepted->order, strlen(verdict->accepted->order), verdict->digest);
    if (order_revives(verdict->order.verb))
        return derivation_refuse(derivation, "a %s proves no end",
                                 order_verb_word(verdict->order.verb));
    if (strcmp(verdict->order.range, "any") != 0 &&
        strcmp(verdict->order.range, verdict->opened->range) != 0)
        return derivation_refuse(derivation, "the order is for another range");
    return 0;
}

/* ---- the targets ---- */

static int targets_count(const struct derivation *derivation, uint64_t *count)
{
    const struct order *order = &derivation->verdict->order;

    *count = 0;
    for (size_t i = 0; i < derivation->count; i++) {
        const struct entry *entry = &derivation->entries[i];

        if (entry->kind != ENTRY_OPENED || !range_same(entry, derivation->accepted))
            continue;
        for (uint32_t j = 0; j < entry->opened.group_count; j++)
            if (order->scope != ORDER_SCOPE_GROUP ||
                strcmp(entry->opened.groups[j].name, order->target) == 0)
                *count += entry->opened.groups[j].agents;
    }
    if (order->scope == ORDER_SCOPE_AGENT)
        *count = 1;
    if (*count == 0)
        return derivation_refuse(derivation, "the crew has no such group");
    if (*count > VERDICT_TARGETS_MAX)
        return error_set(derivation->error, ERROR_LIMIT, "the order has more than %d targets",
                         VERDICT_TARGETS_MAX);
    return 0;
}

/* The number of an agent in its group, or -1 if it is none of it. */
static int64_t number_in(const struct entry_group *group, const char *name)
{
    size_t length = strlen(group->name);
    char again[ORDER_NAME_BYTES];
    unsigned long number;

    if (strncmp(name, group->name, length) != 0)
        return -1;
    number = group->agents == 1    ? 1
             : name[length] == '-' ? strtoul(name + length + 1, NULL, 10)
                                   : 0;
    if (number == 0 || number > group->agents)
        return -1;
    entry_agent_name(group, (uint32_t)number - 1, again);
    return strcmp(again, name) == 0 ? (int64_t)number - 1 : -1;
}

static int target_add(struct derivation *derivation, const struct entry_group *group,
                      uint32_t number)
{
    struct verdict_target *target = &derivation->targets[derivation->verdict->target_count++];
    char *name = arena_take(derivation->arena, ORDER_NAME_BYTES);

    if (name == NULL)
        return error_set(derivation->error, ERROR_MEMORY, "no memory for the targets");
    entry_agent_name(group, number, name);
    target->name = name;
    target->children = group->children;
    return 0;
}

static int group_targets(struct derivation *derivation, const struct entry_group *group)
{
    const struct order *order = &derivation->verdict->order;
    int64_t number = number_in(group, order->target);
    int code = 0;

    if (order->scope == ORDER_SCOPE_AGENT && number >= 0 && derivation->verdict->target_count > 0)
        return derivation_refuse(derivation, "two agents are called `%s`", order->target);
    if (order->scope == ORDER_SCOPE_AGENT)
        return number < 0 ? 0 : target_add(derivation, group, (uint32_t)number);
    if (order->scope == ORDER_SCOPE_GROUP && strcmp(group->name, order->target) != 0)
        return 0;
    for (uint32_t i = 0; code == 0 && i < group->agents; i++)
        code = target_add(derivation, group, i);
    return code;
}

static int targets_compare(const void *one, const void *other)
{
    return strcmp(((const struct verdict_target *)one)->name,
                  ((const struct verdict_target *)other)->name);
}

static int targets_find(struct derivation *derivation)
{
    struct verdict *verdict = derivation->verdict;
    uint64_t count;
    int code = targets_count(derivation, &count);

    if (code < 0)
        return code;
    derivation->targets = arena_take_array(derivation->arena, count, sizeof *derivation->targets);
    derivation->states = arena_take_array(derivation->arena, count, sizeof *derivation->states);
    if (derivation->targets == NULL || derivation->states == NULL)
        return error_set(derivation->error, ERROR_MEMORY, "no memory for the targets");
    for (size_t i = 0; code == 0 && i < derivation->count; i++) {
        const struct entry *entry = &derivation->entries[i];

        if (entry->kind != ENTRY_OPENED || !range_same(entry, derivation->accepted))
            continue;
        for (uint32_t j = 0; code == 0 && j < entry->opened.group_count; j++)
            code = group_targets(derivation, &entry->opened.groups[j]);
    }
    if (code == 0 && verdict->target_count == 0)
        code = derivation_refuse(derivation, "the crew has no agent `%s`", verdict->order.target);
    if (code < 0)
        return code;
    qsort(derivation->targets, verdict->target_count, sizeof *derivation->targets, targets_compare);
    verdict->targets = derivation->targets;
    for (uint32_t i = 1; i < verdict->target_count; i++)
        if (targets_compare(&derivation->targets[i - 1], &derivation->targets[i]) == 0)
            return derivation_refuse(derivation, "two agents are called `%s`",
                                     derivation->targets[i].name);
    return 0;
}

int target_place(const struct derivation *derivation, const char *name, uint32_t *place)
{
    const struct verdict_target wanted = {.name = name}, *found;

    *place = TARGET_ALL;
    if (name[0] == '\0')
        return 0;
    found = bsearch(&wanted, derivation->targets, derivation->verdict->target_count,
                    sizeof *derivation->targets, targets_compare);
    if (found == NULL)
        return derivation_refuse(derivation, "`%s` is no target of the order", name);
    *place = (uint32_t)(found - derivation->targets);
    return 0;
}

int crew_derive(struct derivation *derivation)
{
    int code = openings_look(derivation);

    if (code == 0)
        code = accepted_look(derivation);
    return code == 0 ? targets_find(derivation) : code;
}
