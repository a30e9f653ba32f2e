#include "core/platform/platform.h"

#include <assert.h>
#include <string.h>

#include "core/platform/state.h"

/* Where each table begins in the memory, in bytes from the platform; the same for size and start.
 */
struct layout {
    size_t agents, slots, restarts, stalls, heap, node_first, node_agents, up, node_down, end;
};

static size_t layout_take(size_t *end, size_t count, size_t bytes)
{
    size_t begin = (*end + 15) / 16 * 16;

    *end = begin + count * bytes;
    return begin;
}

static struct layout layout_make(const struct platform_rules *rules,
                                 const struct platform_crew *crew)
{
    struct layout layout;
    size_t agents = crew->agents;
    size_t end = sizeof(struct platform);
    size_t remembered = rules->policy == RESTART_INTENSITY ? rules->intensity : 0;

    layout.agents = layout_take(&end, agents, sizeof(struct platform_agent));
    layout.slots = layout_take(&end, agents * rules->incarnations_max, sizeof(incarnation_id));
    layout.restarts = layout_take(&end, agents * remembered, sizeof(time_ns));
    layout.stalls = layout_take(&end, rules->stall_max > 0 ? agents : 0, sizeof(time_ns));
    layout.heap = layout_take(&end, agents, sizeof(uint32_t));
    layout.node_first = layout_take(&end, (size_t)crew->nodes + 1, sizeof(uint32_t));
    layout.node_agents = layout_take(&end, agents, sizeof(agent_id));
    layout.up = layout_take(&end, (crew->offsets[agents] + 7) / 8, 1);
    layout.node_down = layout_take(&end, crew->nodes, 1);
    layout.end = (end + 15) / 16 * 16;
    return layout;
}

size_t platform_size(const struct platform_rules *rules, const struct platform_crew *crew)
{
    return layout_make(rules, crew).end;
}

/* The most that one step cannot put off: a link closed and a link made for each of an agent's
 * links, and what stands around them. */
uint32_t platform_actions_max(const struct platform_rules *rules, const struct platform_crew *crew)
{
    uint64_t most = 0;

    (void)rules;
    for (agent_id agent = 0; agent < crew->agents; agent++) {
        uint64_t degree = crew->offsets[agent + 1] - crew->offsets[agent];

        if (degree > most)
            most = degree;
    }
    assert(most < (UINT32_MAX - 16) / 2);
    return (uint32_t)(2 * most + 16);
}

/* Lists the agents of each node: counted first, then laid down. */
static void nodes_list(struct platform *platform)
{
    const struct platform_crew *crew = platform->crew;
    uint32_t *first = platform->node_first;

    memset(first, 0, ((size_t)crew->nodes + 1) * sizeof *first);
    for (agent_id agent = 0; agent < crew->agents; agent++) {
        assert(crew->node_of[agent] < crew->nodes);
        first[crew->node_of[agent] + 1]++;
    }
    for (uint32_t node = 0; node < crew->nodes; node++)
        first[node + 1] += first[node];
    for (agent_id agent = 0; agent < crew->agents; agent++)
        platform->node_agents[first[crew->node_of[agent]]++] = agent;
    /* Laying down moved each beginning to the next node's. */
    for (uint32_t node = crew->nodes; node > 0; node--)
        first[node] = first[node - 1];
    first[0] = 0;
}

struct platform *platform_start(void *memory, const struct platform_rules *rules,
                                const struct platform_crew *crew)
{
    struct layout layout = layout_make(rules, crew);
    struct platform *platform = memory;
    char *base = memory;

    assert((uintptr_t)memory % 16 == 0);
    assert(rules->incarnations_max >= 1 && rules->incarnations_max <= INCARNATIONS_MAX);
    assert(rules->restart_delay >= 0 && rules->grant_time >= 0 && rules->ask_every >= 0);
    memset(memory, 0, layout.end);
    platform->rules = rules;
    platform->crew = crew;
    platform->agents = (void *)(base + layout.agents);
    platform->slots = (void *)(base + layout.slots);
    platform->restarts =
        rules->policy == RESTART_INTENSITY ? (void *)(base + layout.restarts) : NULL;
    platform->stalls = rules->stall_max > 0 ? (void *)(base + layout.stalls) : NULL;
    platform->heap = (void *)(base + layout.heap);
    platform->node_first = (void *)(base + layout.node_first);
    platform->node_agents = (void *)(base + layout.node_agents);
    platform->up = (void *)(base + layout.up);
    platform->node_down = (void *)(base + layout.node_down);
    nodes_list(platform);
    for (agent_id agent = 0; agent < crew->agents; agent++) {
        platform->agents[agent] = (struct platform_agent){.grant = AGENT_NONE,
                                                          .place = PLACE_NONE,
                                                          .starting = SLOT_NONE,
                                                          .flags = AGENT_RUNS | AGENT_SWITCH,
                                                          .occupied = 1};
        restart_forget(platform, agent);
    }
    memset(platform->up, 0xff, (crew->offsets[crew->agents] + 7) / 8);
    board_ask_plan(platform);
    return platform;
}

bool actions_have_room(const struct platform_actions *actions, uint32_t count)
{
    return actions->capacity - actions->count >= count;
}

struct platform_action *action_add(struct platform_actions *actions, int kind)
{
    assert(actions_have_room(actions, 1));
    struct platform_action *action = &actions->list[actions->count++];
    *action = (struct platform_action){.kind = (uint8_t)kind,
                                       .who = AGENT_NONE,
                                       .whom = AGENT_NONE,
                                       .by = AGENT_NONE,
                                       .via = AGENT_NONE};
    return action;
}

void action_set_who(const struct platform *platform, struct platform_action *action, agent_id agent)
{
    action->who = agent;
    action->who_slot = platform->agents[agent].current;
    action->who_incarnation = slot_incarnation(platform, agent, action->who_slot);
}

void action_set_whom(const struct platform *platform, struct platform_action *action,
                     agent_id agent)
{
    action->whom = agent;
    action->whom_slot = platform->agents[agent].current;
    action->whom_incarnation = slot_incarnation(platform, agent, action->whom_slot);
}

struct platform_action *action_for(const struct platform *platform,
                                   const struct platform_event *event,
                                   struct platform_actions *actions, int kind)
{
    struct platform_action *action = action_add(actions, kind);

    assert(event->who < platform->crew->agents);
    action->act = event->act;
    action->who = event->who;
    action->who_incarnation = event->who_incarnation;
    action->who_slot = slot_find(platform, event->who, event->who_incarnation);
    action->by = event->by;
    action->via = event->via;
    if (event->whom < platform->crew->agents)
        action_set_whom(platform, action, event->whom);
    else
        action->whom = event->whom;
    return action;
}

void result_tell(const struct platform *platform, const struct platform_event *event,
                 struct platform_actions *actions, int result, int reason)
{
    struct platform_action *action = action_for(platform, event, actions, ACTION_RESULT);

    action->result = (uint8_t)result;
    action->reason = (uint8_t)reason;
}

/* What the platform keeps of an agent: its switch, its score, its checkpoint, the time that a stop
 * gives it. The other tools look for themselves whether their target is fenced or has a tombstone.
 */
static bool act_on_state(uint8_t act)
{
    return act == ACT_COPY || act == ACT_TAMPER || act == ACT_MISREPORT || act == ACT_STALL;
}

/* Calls come from agents, and may be anything. One of an incarnation that is known dead, or of
 * nobody, is passed over: there is no one to answer. */
static void act_step(struct platform *platform, const struct platform_event *event,
                     struct platform_actions *actions)
{
    static void (*const tools[ACT_KIND_COUNT])(struct platform *, const struct platform_event *,
                                               struct platform_actions *) = {
        [ACT_REPORT] = board_report,
        [ACT_VOLUNTEER] = volunteer_come,
        [ACT_RELAUNCH] = volunteer_relaunch,
        [ACT_RELINK] = links_relink,
        [ACT_COPY] = tool_copy,
        [ACT_TAMPER] = tool_tamper,
        [ACT_MISREPORT] = tool_misreport,
        [ACT_STALL] = tool_stall,
    };

    if (event->who >= platform->crew->agents ||
        slot_find(platform, event->who, event->who_incarnation) == SLOT_NONE)
        return;
    if (event->act == ACT_CHECKPOINT) {
        if (!agent_has(&platform->agents[event->who], AGENT_FENCED))
            tool_checkpoint(platform, event);
        return;
    }
    if (event->act >= ACT_KIND_COUNT || tools[event->act] == NULL)
        return;
    if (event->whom >= platform->crew->agents)
        result_tell(platform, event, actions, RESULT_REFUSED, REFUSAL_UNKNOWN);
    else if (agent_has(&platform->agents[event->who], AGENT_FENCED))
        result_tell(platform, event, actions, RESULT_REFUSED, REFUSAL_FENCED);
    else if (!permission_allows(platform, event->who, event->whom, event->act))
        result_tell(platform, event, actions, RESULT_REFUSED, REFUSAL_PERMISSION);
    else if (act_on_state(event->act) && agent_has(&platform->agents[event->whom], AGENT_BARRED))
        result_tell(platform, event, actions, RESULT_REFUSED,
                    barred_reason(&platform->agents[event->whom]));
    else
        tools[event->act](platform, event, actions);
}

static void target_step(struct platform *platform, const struct platform_event *event,
                        struct platform_actions *actions)
{
    if (event->whom >= platform->crew->agents)
        return;
    switch (event->kind) {
    case PLATFORM_STARTED:
        registry_started(platform, event, actions);
        break;
    case PLATFORM_START_FAILED:
        registry_start_failed(platform, event, actions);
        break;
    case PLATFORM_DIED:
        registry_died(platform, event, actions);
        break;
    case PLATFORM_STOPPING:
        stop_begins(platform, event);
        break;
    case PLATFORM_STOPPED:
        stop_ends(platform, event, actions);
        break;
    case PLATFORM_RESTORE:
        registry_restore(platform, event, actions);
        break;
    case PLATFORM_TOMBSTONE:
        registry_tombstone(platform, event, actions);
        break;
    case PLATFORM_FENCE:
        registry_fence(platform, event, actions);
        break;
    case PLATFORM_LIFT:
        registry_lift(platform, event, actions);
        break;
    default:
        break;
    }
}

void platform_step(struct platform *platform, const struct platform_event *event,
                   struct platform_actions *actions)
{
    assert(event->now >= platform->now);
    actions->count = 0;
    platform->now = event->now;
    switch (event->kind) {
    case PLATFORM_ACT:
        act_step(platform, event, actions);
        break;
    case PLATFORM_NODE_DOWN:
        registry_node_down(platform, event, actions);
        break;
    case PLATFORM_NODE_UP:
        registry_node_up(platform, event);
        break;
    case PLATFORM_TIMER:
        break;
    default:
        target_step(platform, event, actions);
        break;
    }
    /* What else falls due has causes of its own, and is left to the timer. */
    if (event->kind != PLATFORM_TIMER) {
        restart_due_of(platform, event->whom, event->now, actions);
        return;
    }
    links_late_returns(platform, actions);
    restart_due(platform, event->now, actions);
    board_ask_due(platform, event->now, actions);
}

time_ns platform_deadline(const struct platform *platform)
{
    time_ns restart = restart_deadline(platform);
    time_ns earliest = restart < platform->ask_at ? restart : platform->ask_at;

    return platform->late_returns > 0 && platform->now < earliest ? platform->now : earliest;
}

static const char *agent_check_slots(const struct platform *platform, agent_id agent)
{
    const struct platform_agent *row = &platform->agents[agent];
    uint32_t most = platform->rules->incarnations_max;

    if (row->occupied >> most != 0)
        return "a slot is taken that does not exist";
    if (row->starting != SLOT_NONE && (row->occupied >> row->starting & 1) == 0)
        return "a start is under way in a free slot";
    if (agent_has(row, AGENT_RUNS) &&
        ((row->occupied >> row->current & 1) == 0 || row->current == row->starting))
        return "an agent runs whose current incarnation has no slot";
    for (uint32_t i = 0; i < most; i++) {
        if ((row->occupied >> i & 1) == 0)
            continue;
        if (slot_incarnation(platform, agent, (uint8_t)i) > row->last)
            return "an incarnation has a number that was not given out";
        if (slot_find(platform, agent, slot_incarnation(platform, agent, (uint8_t)i)) != i)
            return "two slots hold one incarnation";
    }
    return NULL;
}

static const char *agent_check_links(const struct platform *platform, agent_id agent)
{
    const struct platform_crew *crew = platform->crew;

    for (uint64_t i = crew->offsets[agent]; i < crew->offsets[agent + 1]; i++) {
        agent_id peer = crew->peers[i];

        if (link_is_up(platform, i) != link_is_up(platform, link_find(platform, peer, agent)))
            return "the two ends of a link disagree";
        if (link_is_up(platform, i) && !agent_has(&platform->agents[agent], AGENT_RUNS))
            return "a link is up whose end does not run";
    }
    return NULL;
}

const char *platform_check(const struct platform *platform)
{
    const char *wrong = restart_check(platform);
    uint32_t late = 0;
    uint32_t waiting = 0;

    for (agent_id agent = 0; agent < platform->crew->agents && wrong == NULL; agent++) {
        const struct platform_agent *row = &platform->agents[agent];

        late += agent_has(row, AGENT_CHECK);
        waiting += row->place != PLACE_NONE;
        wrong = agent_check_slots(platform, agent);
        if (wrong == NULL)
            wrong = agent_check_links(platform, agent);
        if (wrong == NULL && agent_has(row, AGENT_RETURNING | AGENT_DOUBTED) &&
            !agent_has(row, AGENT_RUNS))
            wrong = "an agent returns or is doubted that does not run";
        if (wrong == NULL && agent_has(row, AGENT_CHECK) && !agent_has(row, AGENT_RETURNING))
            wrong = "an agent is late to return that does not return";
        if (wrong == NULL && row->starting != SLOT_NONE && row->reason == START_PEER &&
            row->grant >= platform->crew->agents)
            wrong = "a peer's start is under way, but nobody asked for it";
    }
    if (wrong == NULL && late != platform->late_returns)
        wrong = "the late returns are miscounted";
    if (wrong == NULL && waiting != platform->heap_count)
        wrong = "the waiting restarts are miscounted";
    return wrong;
}
