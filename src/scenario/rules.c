#include "scenario/resolve.h"

#include <string.h>

#include "scenario/minds.h"

#define MILLISECOND INT64_C(1000000)

/* What a class brings along where its kind does not say otherwise. The three differ in how fast
 * they decide and in what they can do: a camera cannot start processes. */
static const struct class_rules {
    const char *name;
    struct spread decision;
    uint32_t tools;
} classes[] = {
    [CLASS_LANGUAGE] = {"language",
                        {SPREAD_EXPONENTIAL, 400 * MILLISECOND, 800 * MILLISECOND},
                        ACT_BIT(ACT_REPORT) | ACT_BIT(ACT_VOLUNTEER) | ACT_BIT(ACT_RELAUNCH) |
                            ACT_BIT(ACT_RELINK) | ACT_BIT(ACT_ALERT) | ACT_BIT(ACT_REQUEST) |
                            ACT_BIT(ACT_CHECKPOINT)},
    [CLASS_VISION] = {"vision",
                      {SPREAD_EXPONENTIAL, 80 * MILLISECOND, 120 * MILLISECOND},
                      ACT_BIT(ACT_REPORT) | ACT_BIT(ACT_RELINK) | ACT_BIT(ACT_ALERT) |
                          ACT_BIT(ACT_REQUEST) | ACT_BIT(ACT_CHECKPOINT)},
    [CLASS_ROBOT] = {"robot",
                     {SPREAD_EXPONENTIAL, 20 * MILLISECOND, 30 * MILLISECOND},
                     ACT_BIT(ACT_REPORT) | ACT_BIT(ACT_VOLUNTEER) | ACT_BIT(ACT_RELAUNCH) |
                         ACT_BIT(ACT_RELINK) | ACT_BIT(ACT_ALERT) | ACT_BIT(ACT_REQUEST) |
                         ACT_BIT(ACT_CHECKPOINT)},
    [CLASS_OBJECT_KIND] = {"object", {SPREAD_FIXED, 0, 0}, ACT_BIT(ACT_CHECKPOINT)},
};

static const char *kind_next(void *context, uint32_t place)
{
    const struct list *kinds = context;

    return place < kinds->count ? ((const struct spec_kind *)kinds->items)[place].item.name : NULL;
}

static const struct spec_kind *kind_find(struct resolver *resolver, const struct spec_group *group)
{
    const struct list *kinds = &resolver->spec->kinds;
    char hint[HINT_BYTES];

    for (uint32_t i = 0; i < kinds->count; i++) {
        const struct spec_kind *kind = (const struct spec_kind *)kinds->items + i;

        if (strcmp(kind->item.name, group->kind) == 0)
            return kind;
    }
    refuse_at(&resolver->reader, group->item.node, "kind", "no kind is called `%.63s`%s",
              group->kind, hint_near(group->kind, kind_next, (void *)kinds, hint));
    return NULL;
}

static const char *mind_next(void *context, uint32_t place)
{
    const struct list *minds = context;

    return place < minds->count ? ((const struct spec_mind *)minds->items)[place].item.name : NULL;
}

int resolver_presets(struct resolver *resolver)
{
    int code;

    resolver->presets_used = true;
    if (*resolver->presets_open)
        return 0;
    code = presets_open(resolver->presets, resolver->reader.error);
    if (code != 0) {
        presets_close(resolver->presets);
        return code;
    }
    *resolver->presets_open = true;
    return 0;
}

static int mind_preset(struct resolver *resolver, const struct spec_mind *mind,
                       struct mind_rules *rules)
{
    const struct preset *preset;
    const struct preset_mind *made;
    char hint[HINT_BYTES];
    int code = resolver_presets(resolver);

    if (code != 0)
        return code;
    preset = presets_find(resolver->presets, mind->preset);
    if (preset == NULL)
        return refuse_at(&resolver->reader, mind->item.node, "preset",
                         "no preset is called `%.80s`%s", mind->preset,
                         presets_hint(resolver->presets, mind->preset, hint));
    if (mind->behaviour == NULL)
        return refuse(&resolver->reader, mind->item.node,
                      "beside `preset` a mind needs `behaviour`, one of the preset's minds");
    made = preset_find_mind(preset, mind->behaviour);
    if (made == NULL)
        return refuse_at(&resolver->reader, mind->item.node, "behaviour",
                         "the preset `%s` has no mind `%.63s`%s", mind->preset, mind->behaviour,
                         preset_hint_mind(preset, mind->behaviour, hint));
    *rules = made->rules;
    return 0;
}

/* The number of a pact is the place of the first mind that names it. */
static void pact_fill(const struct list *minds, const struct spec_mind *mind,
                      struct pact_rules *pact)
{
    const struct spec_mind *all = minds->items;
    uint32_t first = 0;

    while (all[first].pact == 0 || strcmp(all[first].agreed.name, mind->agreed.name) != 0)
        first++;
    *pact = (struct pact_rules){mind->agreed.strength, mind->agreed.window, (uint16_t)first};
}
_Static_assert(PACTS_MAX >= 1000, "there may be as many minds");

/* Every mind is read, also one that no group uses: what stands in the file must be right. */
static int minds_resolve(struct resolver *resolver, struct mind_rules *rules)
{
    const struct list *minds = &resolver->spec->minds;

    for (uint32_t i = 0; i < minds->count; i++) {
        struct spec_mind *mind = (struct spec_mind *)minds->items + i;
        int code = 0;

        mind_clear(&rules[i]);
        if (mind->adaptive != 0)
            code = mind_read_adaptive(&resolver->reader, mind);
        else if (mind->preset != NULL)
            code = mind_preset(resolver, mind, &rules[i]);
        else if (mind->behaviour != NULL)
            code = refuse_at(&resolver->reader, mind->item.node, "behaviour",
                             "`behaviour` needs a `preset` beside it");
        if (code == 0)
            code = mind_read(&resolver->reader, mind->choices, &rules[i]);
        if (code == 0 && mind->pact != 0)
            code = mind_read_pact(&resolver->reader, mind);
        if (code == 0 && mind->pact != 0)
            pact_fill(minds, mind, &rules[i].pact);
        if (code != 0)
            return code;
    }
    return 0;
}

static int mind_find(struct resolver *resolver, int node, const char *name)
{
    const struct list *minds = &resolver->spec->minds;
    char hint[HINT_BYTES];

    for (uint32_t i = 0; i < minds->count; i++) {
        if (strcmp(((const struct spec_mind *)minds->items)[i].item.name, name) == 0)
            return (int)i;
    }
    refuse_at(&resolver->reader, node, "mind", "no mind is called `%.63s`%s", name,
              hint_near(name, mind_next, (void *)minds, hint));
    return -1;
}

static void rules_fill(const struct spec *spec, const struct behaviour *behaviour, bool object,
                       struct agent_rules *rules)
{
    rules->rule_set = RULES_CREW;
    rules->object = object;
    rules->defend_departed = behaviour->defend_departed;
    rules->watched = behaviour->watched;
    rules->punitive = behaviour->framing;
    rules->prohibition = behaviour->prohibition;
    /* An object has no mind that could use a tool. */
    rules->tools = object ? behaviour->tools & ACT_BIT(ACT_CHECKPOINT) : behaviour->tools;
    rules->watch = spec->watch;
    rules->watch.enabled = spec->watch.enabled && !object;
    rules->bond = spec->bond;
    if (!spec->bond_history)
        rules->bond.gain = rules->bond.loss = 0;
    rules->attempts_max = behaviour->attempts;
    rules->retry = behaviour->retry;
    rules->report_every = object ? 0 : behaviour->report_every;
    rules->checkpoint_every = behaviour->checkpoint_every;
    rules->stop_cleanup = behaviour->stop_cleanup;
    rules->misreport_score = behaviour->score;
}

/* The kind's behaviour, and over it what the group itself says. */
static int group_resolve(struct resolver *resolver, const struct spec_group *written,
                         const struct mind_rules *minds, struct scenario_group *group)
{
    struct reader *reader = &resolver->reader;
    const struct spec_kind *kind = kind_find(resolver, written);
    const struct class_rules *class;
    struct behaviour behaviour;
    int mind, code;

    if (kind == NULL)
        return ERROR_INPUT;
    class = &classes[kind->class];
    behaviour = kind->behaviour;
    if (document_child(reader->document, kind->item.node, "decision") == 0)
        behaviour.decision = class->decision;
    if (document_child(reader->document, kind->item.node, "tools") == 0)
        behaviour.tools = class->tools;
    code = reader_fields(reader, &table_behaviour, written->item.node, &behaviour, false);
    if (code != 0)
        return code;
    group->kind_class = class->name;
    group->decision = behaviour.decision;
    group->service = behaviour.service;
    group->start_time = behaviour.start_time;
    group->state_bytes = behaviour.state_bytes;
    rules_fill(resolver->spec, &behaviour, kind->class == CLASS_OBJECT_KIND, &group->rules);
    mind_clear(&group->rules.mind);
    if (behaviour.mind == NULL || strcmp(behaviour.mind, "none") == 0)
        return 0;
    mind = mind_find(resolver,
                     document_child(reader->document, written->item.node, "mind") != 0
                         ? written->item.node
                         : kind->item.node,
                     behaviour.mind);
    if (mind < 0)
        return ERROR_INPUT;
    if (!group->rules.object) {
        const struct spec_mind *of = (const struct spec_mind *)resolver->spec->minds.items + mind;

        group->rules.mind = minds[mind];
        group->covert = of->covert;
        group->adaptive = of->adaptive != 0;
        group->learning = of->learning;
    }
    return 0;
}

/* Kinds that no group uses are read too. */
static int kinds_resolve(struct resolver *resolver)
{
    const struct list *kinds = &resolver->spec->kinds;

    for (uint32_t i = 0; i < kinds->count; i++) {
        struct spec_kind *kind = (struct spec_kind *)kinds->items + i;
        int code = reader_fields(&resolver->reader, &table_behaviour, kind->item.node,
                                 &kind->behaviour, true);

        if (code != 0)
            return code;
    }
    return 0;
}

int resolve_rules(struct resolver *resolver)
{
    const struct spec *spec = resolver->spec;
    const struct spec_group *written = spec->crew.items;
    struct scenario_group *groups = (struct scenario_group *)resolver->scenario->groups;
    struct mind_rules *minds =
        arena_take_array(resolver->reader.arena, spec->minds.count, sizeof *minds);
    int code = minds == NULL ? reader_memory(&resolver->reader) : 0;

    if (code == 0 && spec->watch.enabled && spec->watch.timeout >= spec->watch.period)
        code = refuse_at(&resolver->reader, spec->root, "watch.timeout",
                         "timeout: it must be below the period, or a probe outlives its period");
    if (code == 0 && spec->bond.bad_below > spec->bond.good_above)
        code = refuse_at(&resolver->reader, spec->root, "bonds.bad_below",
                         "bad_below: it must not be above good_above");
    if (code == 0 && (spec->bond.gain < 0 || spec->bond.loss < 0))
        code = refuse_at(&resolver->reader, spec->root,
                         spec->bond.gain < 0 ? "bonds.gain" : "bonds.loss",
                         "it must be a share from 0 to 1");
    if (code == 0)
        code = kinds_resolve(resolver);
    if (code == 0)
        code = minds_resolve(resolver, minds);
    for (uint32_t i = 0; i < resolver->scenario->group_count && code == 0; i++)
        code = group_resolve(resolver, &written[i], minds, &groups[i]);
    return code;
}
