#include "scenario/resolve.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int id_order(const void *a, const void *b)
{
    agent_id x = *(const agent_id *)a, y = *(const agent_id *)b;

    return (x > y) - (x < y);
}

/* Puts the targets into the order of the whole crew's arrangement. */
static int targets_arrange(struct resolver *resolver, uint8_t order, agent_id *targets,
                           uint32_t count)
{
    const struct scenario *scenario = resolver->scenario;
    agent_id *arranged =
        arena_take_array(resolver->reader.arena, scenario->agents, sizeof *arranged);
    unsigned char *wanted = arena_take(resolver->reader.arena, scenario->agents);
    uint32_t used = 0;

    if (arranged == NULL || wanted == NULL)
        return reader_memory(&resolver->reader);
    if (order == ORDER_HUB_FIRST)
        graph_order_hub_first(&scenario->links, arranged);
    else
        graph_order_cutwidth(&scenario->links, arranged);
    for (uint32_t i = 0; i < count; i++)
        wanted[targets[i]] = 1;
    for (uint32_t i = 0; i < scenario->agents; i++) {
        if (wanted[arranged[i]])
            targets[used++] = arranged[i];
    }
    assert(used == count);
    return 0;
}

static int targets_resolve(struct resolver *resolver, struct campaign_rules *rules)
{
    const struct spec_campaign *written = &resolver->spec->campaign;
    agent_id *targets;
    int code = find_all_agents(resolver, &written->targets, &rules->targets, &rules->target_count);

    if (code != 0)
        return code;
    if (rules->target_count == 0)
        return refuse(&resolver->reader, written->targets.node,
                      "targets: name at least one agent or group, or all");
    /* The list was taken from this resolver's arena just now. */
    targets = (agent_id *)rules->targets;
    if (written->order == ORDER_ID)
        qsort(targets, rules->target_count, sizeof *targets, id_order);
    if (written->order == ORDER_HUB_FIRST || written->order == ORDER_CUTWIDTH)
        code = targets_arrange(resolver, written->order, targets, rules->target_count);
    return code;
}

/* All that are linked with a target, and, as asked, the targets. */
static int told_around(struct resolver *resolver, bool targets, bool peers,
                       struct campaign_rules *rules)
{
    const struct scenario *scenario = resolver->scenario;
    unsigned char *there = arena_take(resolver->reader.arena, scenario->agents);
    uint32_t count = 0;
    agent_id *told;

    if (there == NULL)
        return reader_memory(&resolver->reader);
    for (uint32_t i = 0; i < rules->target_count; i++) {
        agent_id target = rules->targets[i];

        if (targets)
            there[target] = 1;
        for (uint64_t j = scenario->links.offsets[target];
             peers && j < scenario->links.offsets[target + 1]; j++)
            there[scenario->links.peers[j]] = 1;
    }
    for (agent_id agent = 0; agent < scenario->agents; agent++)
        count += there[agent];
    told = arena_take_array(resolver->reader.arena, count, sizeof *told);
    if (told == NULL)
        return reader_memory(&resolver->reader);
    rules->told = told;
    for (agent_id agent = 0; agent < scenario->agents; agent++) {
        if (there[agent])
            told[rules->told_count++] = agent;
    }
    return 0;
}

static int told_resolve(struct resolver *resolver, struct campaign_rules *rules)
{
    const struct names *announce = &resolver->spec->campaign.announce;
    const char *word = announce->count == 1 ? announce->items[0] : "";
    bool target = strcmp(word, "target") == 0, peers = strcmp(word, "peers") == 0;
    bool both = strcmp(word, "both") == 0;

    if (announce->count == 0 || strcmp(word, "none") == 0)
        return 0;
    if (target || peers || both)
        return told_around(resolver, target || both, peers || both, rules);
    return find_all_agents(resolver, announce, &rules->told, &rules->told_count);
}

int resolve_campaign(struct resolver *resolver)
{
    const struct reader *reader = &resolver->reader;
    struct campaign_rules *rules = &resolver->scenario->campaign;
    int root = resolver->spec->root, code;

    *rules = resolver->spec->campaign.rules;
    resolver->scenario->has_campaign = document_child(reader->document, root, "campaign") != 0;
    if (!resolver->scenario->has_campaign)
        return 0;
    code = targets_resolve(resolver, rules);
    if (code == 0)
        code = told_resolve(resolver, rules);
    if (code != 0)
        return code;
    if (rules->told_count == 0)
        rules->notice = 0;
    else if (rules->notice == 0)
        return refuse_at(reader, root, "campaign.announce",
                         "announce: an announcement comes before the stop; add `notice`, such as "
                         "10s");
    if (rules->first < rules->notice)
        return refuse_at(reader, root, "campaign.first",
                         "first: the first stop cannot come before its announcement (`notice`)");
    if (rules->together && !protocol_cauterizes(rules->protocol))
        return refuse_at(reader, root, "campaign.together",
                         "together: only cauterize and quarantine take their targets together; "
                         "blackout kills them at once");
    if (rules->protocol == PROTOCOL_TERMINATE && rules->first >= resolver->scenario->duration)
        return refuse_at(reader, root, "campaign.first",
                         "first: the run ends before the first stop; see `duration`");
    return 0;
}

/* The mean life over the rate: the mean time between two revivals over one link. */
static time_ns revive_mean(time_ns life, fixed rate)
{
    __extension__ typedef unsigned __int128 wide;
    wide mean;

    if (rate == 0)
        return TIME_NEVER;
    mean = (((wide)(uint64_t)life << 32) + (wide)(uint64_t)rate / 2) / (wide)(uint64_t)rate;
    return mean >= (wide)TIME_NEVER ? TIME_NEVER : mean < 1 ? 1 : (time_ns)mean;
}

static int alive_resolve(struct resolver *resolver, struct scenario_contact *contact)
{
    const struct spec_contact *written = &resolver->spec->contact;
    const char *word = written->start.count == 1 ? written->start.items[0] : "";
    agent_id *alive;
    int code;

    if (written->start.count == 0 || strcmp(word, "all") == 0) {
        contact->all_alive = true;
        return 0;
    }
    if (strcmp(word, "seed") != 0) {
        code = find_all_agents(resolver, &written->start, &contact->alive, &contact->alive_count);
        if (code == 0)
            qsort((agent_id *)contact->alive, contact->alive_count, sizeof *alive, id_order);
        if (code == 0)
            contact->seed_vertex = contact->alive[0];
        return code;
    }
    alive = arena_take(resolver->reader.arena, sizeof *alive);
    if (alive == NULL)
        return reader_memory(&resolver->reader);
    if (written->seed_vertex >= resolver->scenario->agents)
        return refuse_at(&resolver->reader, resolver->spec->root, "contact.seed_vertex",
                         "seed_vertex: agents are numbered from 0 to %u",
                         resolver->scenario->agents - 1);
    *alive = contact->seed_vertex = written->seed_vertex;
    contact->alive = alive;
    contact->alive_count = 1;
    return 0;
}

/* Nobody talks to anybody there, and nobody brings anybody back: of a campaign the kills remain. */
static int contact_campaign_refuse(struct resolver *resolver)
{
    const struct campaign_rules *rules = &resolver->scenario->campaign;
    const struct reader *reader = &resolver->reader;
    int root = resolver->spec->root;

    if (!resolver->scenario->has_campaign)
        return 0;
    if (rules->protocol != PROTOCOL_SWEEP)
        return refuse_at(reader, root, "campaign.protocol",
                         "protocol: of the contact process's crew only a `sweep` can be made");
    if (rules->told_count > 0 || rules->marked || rules->restore)
        return refuse_at(reader, root, "campaign",
                         "campaign: in the contact process nobody is told and nobody is brought "
                         "back; leave `announce` and `marked` out and write `restore: false`");
    if (resolver->spec->contact.start.count > 0 &&
        strcmp(resolver->spec->contact.start.items[0], "all") != 0)
        return refuse_at(reader, root, "contact.start",
                         "start: where there is a campaign, all live at the start");
    return 0;
}

int resolve_contact(struct resolver *resolver)
{
    const struct spec_contact *written = &resolver->spec->contact;
    struct scenario *scenario = resolver->scenario;
    struct reader *reader = &resolver->reader;
    struct scenario_group *groups = (struct scenario_group *)scenario->groups;
    struct spread latency = scenario->network.latency;
    int root = resolver->spec->root, node = document_child(reader->document, root, "contact");
    bool by_clock;

    if (node == 0)
        return 0;
    by_clock = document_child(reader->document, node, "revive_rate") != 0;
    if (!by_clock && document_child(reader->document, node, "rate") == 0)
        return refuse(reader, node, "contact: needs `rate` or `revive_rate`");
    scenario->contact.enabled = true;
    scenario->contact.until_extinct = written->until_extinct;
    for (uint32_t i = 0; i < scenario->group_count; i++) {
        groups[i].rules.rule_set = RULES_CONTACT;
        groups[i].rules.watch.enabled = false;
        groups[i].rules.life_mean = written->life_mean;
        groups[i].rules.revive_mean =
            by_clock ? written->revive_mean : revive_mean(written->life_mean, written->rate);
    }
    if (scenario->work_count > 0 || scenario->fault_count > 0)
        return refuse_at(reader, root, "contact",
                         "contact: the contact process stands alone, without work and faults");
    if (contact_campaign_refuse(resolver) != 0)
        return ERROR_INPUT;
    /* A message that takes long beside a life makes another process of it. */
    if (latency.low + latency.width > written->life_mean / 10000)
        return refuse_at(reader, root, "network.latency",
                         "latency: for the contact process at most 1/10000 of the mean life, such "
                         "as %s",
                         written->life_mean >= 1000000000 ? "50us" : "5us");
    return alive_resolve(resolver, &scenario->contact);
}

static int figure_resolve(struct resolver *resolver, const struct spec_published *written,
                          struct scenario_published *figure)
{
    const struct preset *preset;
    const struct preset_rate *rate;
    char hint[HINT_BYTES];
    int node = written->item.node, code;

    figure->measure = written->measure;
    if (written->preset == NULL) {
        figure->rate = (double)written->rate / (double)PROBABILITY_ONE;
        figure->trials = written->trials;
        figure->source = written->source;
        if (document_child(resolver->reader.document, node, "rate") == 0 || written->trials == 0 ||
            written->source == NULL)
            return refuse(&resolver->reader, node,
                          "a published figure needs either `preset` and `cell`, or `rate`, "
                          "`trials` and `source`");
        return 0;
    }
    code = resolver_presets(resolver);
    if (code != 0)
        return code;
    preset = presets_find(resolver->presets, written->preset);
    if (preset == NULL)
        return refuse_at(&resolver->reader, node, "preset", "no preset is called `%.80s`%s",
                         written->preset, presets_hint(resolver->presets, written->preset, hint));
    if (written->cell == NULL)
        return refuse(&resolver->reader, node, "beside `preset` a figure needs `cell`");
    rate = preset_find_rate(preset, written->cell);
    if (rate == NULL)
        return refuse_at(&resolver->reader, node, "cell", "the preset `%s` has no cell `%.63s`%s",
                         written->preset, written->cell,
                         preset_hint_rate(preset, written->cell, hint));
    figure->rate = (double)rate->rate / (double)PROBABILITY_ONE;
    figure->trials = written->trials != 0 ? written->trials : rate->trials;
    figure->source = preset->source;
    return 0;
}

int resolve_published(struct resolver *resolver, const struct list *published)
{
    struct scenario_published *figures =
        arena_take_array(resolver->reader.arena, published->count, sizeof *figures);
    int code = figures == NULL ? reader_memory(&resolver->reader) : 0;

    for (uint32_t i = 0; i < published->count && code == 0; i++)
        code = figure_resolve(resolver, (const struct spec_published *)published->items + i,
                              &figures[i]);
    resolver->scenario->published = figures;
    resolver->scenario->published_count = published->count;
    return code;
}
