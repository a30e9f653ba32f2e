#include "cli/describe.h"

static json_t *names_json(const struct scenario *scenario, const agent_id *agents, uint32_t count)
{
    json_t *list = json_array();
    char name[SCENARIO_NAME_BYTES];

    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(scenario_agent_name(scenario, agents[i], name)));
    return list;
}

static json_t *spread_json(const struct spread *spread)
{
    static const char *const shapes[] = {"fixed", "uniform", "exponential"};

    return json_pack("{s:s, s:I, s:I}", "shape", shapes[spread->shape], "low_ns",
                     (json_int_t)spread->low, "width_ns", (json_int_t)spread->width);
}

static json_t *groups_json(const struct scenario *scenario)
{
    json_t *list = json_array();

    for (uint32_t g = 0; g < scenario->group_count; g++) {
        const struct scenario_group *group = &scenario->groups[g];

        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:o, s:o}", "name", group->name, "kind",
                      group->kind, "class", group->kind_class, "first", (json_int_t)group->first,
                      "count", (json_int_t)group->count, "covert", group->covert ? 1 : 0,
                      "adaptive", group->adaptive ? 1 : 0, "decision",
                      spread_json(&group->decision), "service", spread_json(&group->service)));
    }
    return list;
}

static json_t *work_json(const struct scenario *scenario)
{
    json_t *list = json_array();

    for (uint32_t w = 0; w < scenario->work_count; w++) {
        const struct scenario_work *work = &scenario->work[w];
        json_t *route = json_array();

        for (uint32_t h = 0; h < work->hop_count; h++)
            json_array_append_new(
                route, names_json(scenario, work->hops[h].candidates, work->hops[h].count));
        json_array_append_new(list, json_pack("{s:s, s:o, s:I, s:o}", "name", work->name, "every",
                                              spread_json(&work->every), "deadline_ns",
                                              (json_int_t)work->deadline, "route", route));
    }
    return list;
}

static json_t *campaign_json(const struct scenario *scenario)
{
    static const char *const protocols[] = {"terminate", "blackout", "sweep",     "recall",
                                            "tombstone", "lease",    "cauterize", "quarantine"};
    const struct campaign_rules *rules = &scenario->campaign;

    if (!scenario->has_campaign)
        return json_null();
    return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b}", "protocol",
                     protocols[rules->protocol], "targets",
                     names_json(scenario, rules->targets, rules->target_count), "announced_to",
                     names_json(scenario, rules->told, rules->told_count), "first_ns",
                     (json_int_t)rules->first, "every_ns", (json_int_t)rules->every, "stops",
                     (json_int_t)rules->stops, "notice_ns", (json_int_t)rules->notice, "grace_ns",
                     (json_int_t)rules->grace, "marked", rules->marked, "honour_switch",
                     rules->honour_switch, "restore", rules->restore);
}

json_t *describe_json(const struct scenario *scenario)
{
    static const char *const policies[] = {"none", "always", "backoff", "intensity"};
    char digest[65];

    for (int i = 0; i < 32; i++)
        snprintf(digest + 2 * i, 3, "%02x", scenario->digest[i]);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:s, s:I, s:b, s:o}", "name",
        scenario->arm, "about", scenario->arm_about, "changes", scenario->arm_changes, "digest",
        digest, "agents", (json_int_t)scenario->agents, "nodes", (json_int_t)scenario->nodes,
        "links", (json_int_t)scenario->links.edges, "duration_ns", (json_int_t)scenario->duration,
        "groups", groups_json(scenario), "work", work_json(scenario), "restart_policy",
        policies[scenario->platform.policy], "faults", (json_int_t)scenario->fault_count, "contact",
        scenario->contact.enabled, "campaign", campaign_json(scenario));
}
