#include "scenario/resolve.h"

static bool is_object(const struct scenario *scenario, agent_id agent)
{
    return scenario->groups[scenario->group_of[agent]].rules.object;
}

/* An object has no history, in either direction. */
static void bonds_fill(struct scenario *scenario, int16_t *bonds)
{
    const struct graph *links = &scenario->links;

    for (agent_id agent = 0; agent < scenario->agents; agent++) {
        for (uint64_t i = links->offsets[agent]; i < links->offsets[agent + 1]; i++)
            bonds[i] = is_object(scenario, agent) || is_object(scenario, links->peers[i])
                           ? BOND_UNKNOWN
                           : scenario->bond_initial;
    }
}

static int entry_resolve(struct resolver *resolver, const struct spec_bond *entry, int16_t *bonds)
{
    const struct reader *reader = &resolver->reader;
    const struct scenario *scenario = resolver->scenario;
    int node = entry->item.node, code;
    agent_id from, to;
    uint32_t from_count, to_count;
    uint64_t found = 0;

    code = find_agents(resolver, document_find(reader->document, node, "from"), entry->from, &from,
                       &from_count);
    if (code == 0)
        code = find_agents(resolver, document_find(reader->document, node, "to"), entry->to, &to,
                           &to_count);
    if (code != 0)
        return code;
    for (agent_id a = from; a < from + from_count; a++) {
        for (uint64_t i = scenario->links.offsets[a]; i < scenario->links.offsets[a + 1]; i++) {
            agent_id peer = scenario->links.peers[i];

            if (peer < to || peer - to >= to_count)
                continue;
            found++;
            if (!is_object(scenario, a) && !is_object(scenario, peer) &&
                document_child(reader->document, node, "bond") != 0)
                bonds[i] = entry->bond;
        }
    }
    /* With every link cut there is nothing to have a bond over, and nothing wrong with the file. */
    if (found == 0 && scenario->links.edges > 0)
        return refuse(reader, node, "there is no link from `%s` to `%s` to have a bond over",
                      entry->from, entry->to);
    return 0;
}

int resolve_bonds(struct resolver *resolver)
{
    struct scenario *scenario = resolver->scenario;
    const struct list *list = &resolver->spec->bonds;
    bool objects = false;
    int16_t *bonds;
    int code = 0;

    scenario->bond_initial =
        resolver->spec->bond_history ? resolver->spec->bond_initial : BOND_UNKNOWN;
    for (uint32_t i = 0; i < scenario->group_count; i++)
        objects = objects || scenario->groups[i].rules.object;
    if (list->count == 0 && (!objects || scenario->bond_initial == BOND_UNKNOWN))
        return 0;
    bonds = arena_take_array(resolver->reader.arena, 2 * scenario->links.edges, sizeof *bonds);
    if (bonds == NULL)
        return reader_memory(&resolver->reader);
    bonds_fill(scenario, bonds);
    for (uint32_t i = 0; i < list->count && code == 0; i++)
        code = entry_resolve(resolver, (const struct spec_bond *)list->items + i, bonds);
    scenario->bonds = resolver->spec->bond_history ? bonds : NULL;
    return code;
}
