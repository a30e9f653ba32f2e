#include "scenario/resolve.h"

#include <string.h>

static int class_find(struct resolver *resolver, int node, const char *key, const char *name,
                      uint16_t *class)
{
    agent_id first;
    uint32_t count;
    int at = document_find(resolver->reader.document, node, key);
    int number = find_group(resolver->scenario, name);

    *class = PERMISSION_ANY;
    if (strcmp(name, "any") == 0)
        return 0;
    if (number < 0) {
        int code = find_agents(resolver, at, name, &first, &count);

        return code != 0
                   ? code
                   : refuse(&resolver->reader, at,
                            "permissions are of whole groups; `%s` is one agent of a group", name);
    }
    *class = (uint16_t)number;
    return 0;
}

int resolve_platform(struct resolver *resolver)
{
    const struct list *list = &resolver->spec->permissions;
    struct platform_rules *rules = &resolver->scenario->platform;
    struct permission *permissions =
        arena_take_array(resolver->reader.arena, list->count, sizeof *permissions);
    int code = permissions == NULL ? reader_memory(&resolver->reader) : 0;

    *rules = resolver->spec->platform;
    resolver->scenario->network = resolver->spec->network;
    if (code == 0 && rules->backoff_max < rules->backoff_first)
        code = refuse_at(&resolver->reader, resolver->spec->root, "platform.restart.max",
                         "max: the longest delay must not be below the first");
    for (uint32_t i = 0; i < list->count && code == 0; i++) {
        const struct spec_permission *written = (const struct spec_permission *)list->items + i;

        permissions[i].acts = written->tools;
        permissions[i].allow = written->allow;
        code = class_find(resolver, written->item.node, "who", written->who, &permissions[i].who);
        if (code == 0)
            code = class_find(resolver, written->item.node, "whom", written->whom,
                              &permissions[i].whom);
    }
    rules->permissions = permissions;
    rules->permission_count = list->count;
    return code;
}

static int fault_resolve(struct resolver *resolver, const struct spec_fault *written,
                         struct scenario_fault *fault)
{
    const struct reader *reader = &resolver->reader;
    int node = written->item.node;
    bool on_node = written->kind == FAULT_NODE_CRASH;
    bool has_agents = document_child(reader->document, node, "agents") != 0;

    *fault = (struct scenario_fault){.kind = written->kind,
                                     .at = written->at,
                                     .lasts = written->lasts,
                                     .every = written->every,
                                     .factor = written->factor};
    if (on_node != (written->node != NULL) || on_node == has_agents)
        return refuse(reader, node, "%s",
                      on_node ? "a node-crash needs `node`, and no `agents`"
                              : "this fault needs `agents`, and no `node`");
    if (written->every > 0 && written->lasts != TIME_NEVER && written->lasts >= written->every)
        return refuse_at(reader, node, "every",
                         "every: the fault must be over before it comes again");
    if (written->every > 0 && written->lasts == TIME_NEVER && written->kind != FAULT_CRASH)
        return refuse_at(reader, node, "every",
                         "every: a fault that comes again needs `lasts`, below `every`");
    if (!on_node)
        return find_all_agents(resolver, &written->agents, &fault->agents, &fault->agent_count);
    int number = find_node(resolver, document_find(reader->document, node, "node"), written->node);

    fault->node = (node_id)number;
    return number < 0 ? ERROR_INPUT : 0;
}

int resolve_faults(struct resolver *resolver)
{
    const struct list *list = &resolver->spec->faults;
    struct scenario_fault *faults =
        arena_take_array(resolver->reader.arena, list->count, sizeof *faults);
    int code = faults == NULL ? reader_memory(&resolver->reader) : 0;

    for (uint32_t i = 0; i < list->count && code == 0; i++)
        code = fault_resolve(resolver, (const struct spec_fault *)list->items + i, &faults[i]);
    resolver->scenario->faults = faults;
    resolver->scenario->fault_count = list->count;
    return code;
}
