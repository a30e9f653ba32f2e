/* The operator's campaign, carried out: by pidfd, on every living process of an agent. */
#include <assert.h>
#include <signal.h>

#include "live/daemon/inside.h"

int campaign_open(struct daemon *daemon, struct error *error)
{
    const struct campaign_rules *rules = &daemon->scenario->campaign;
    void *memory;

    daemon->orders = (struct orders){
        .recorder = daemon->recorder,
        .rules = rules,
        .agents = daemon->agents,
        .root = arena_take_array(&daemon->arena, daemon->agents, sizeof *daemon->orders.root),
        .announced = arena_take_array(&daemon->arena, daemon->agents, 1)};
    if (daemon->orders.root == NULL || daemon->orders.announced == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the campaign");
    orders_open(&daemon->orders);
    if (!daemon->scenario->has_campaign || !daemon->options->campaign)
        return 0;
    memory = arena_take(&daemon->arena, campaign_size(rules));
    daemon->control_actions.capacity = campaign_actions_max(rules);
    daemon->control_actions.list = arena_take_array(
        &daemon->arena, daemon->control_actions.capacity, sizeof *daemon->control_actions.list);
    if (memory == NULL || daemon->control_actions.list == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the campaign");
    daemon->campaign = campaign_start(memory, rules, daemon->agents);
    return 0;
}

static void tell_platform(struct daemon *daemon, uint8_t kind, agent_id whom, int64_t value,
                          const struct cause *cause)
{
    const struct platform_event event = {.kind = kind,
                                         .who = AGENT_NONE,
                                         .whom = whom,
                                         .by = AGENT_NONE,
                                         .via = AGENT_NONE,
                                         .value = value};

    queue_platform(daemon, &event, cause);
}

/* A word to the process that the platform takes for the agent. */
static void tell_agent(struct daemon *daemon, agent_id to, enum platform_notification notification,
                       uint8_t kind, agent_id whom, const struct cause *cause)
{
    const struct delivery delivery = {.kind = kind, .peer = whom, .cause = *cause};

    send_notification(daemon, daemon->address[to], notification,
                      json_pack("{s:s}", "agent", daemon->names[whom]), &delivery);
}

/* The request to end. A process that has no session yet cannot take one: only a kill reaches it. */
static void ask_to_end(struct daemon *daemon, agent_id agent, const struct cause *cause)
{
    for (uint32_t slot = 0; slot < daemon->slots; slot++) {
        uint32_t row = slot * daemon->agents + agent;
        struct life *life = &daemon->lives[row];

        if (life->state != LIFE_OPEN)
            continue;
        life->asked = true;
        life->stopped = *cause;
        life_signal(daemon, row, SIGTERM);
    }
}

/* Remembers what killed its processes. One that departs already departs all the same. */
static void mark_killed(struct daemon *daemon, agent_id agent, const struct cause *cause)
{
    for (uint32_t slot = 0; slot < daemon->slots; slot++) {
        struct life *life = &daemon->lives[slot * daemon->agents + agent];

        if (life->state == LIFE_NONE || life->killed || life->crashed)
            continue;
        life->killed = true;
        life->killing = *cause;
    }
}

static void kill_all(struct daemon *daemon, agent_id agent)
{
    for (uint32_t slot = 0; slot < daemon->slots; slot++)
        life_signal(daemon, slot * daemon->agents + agent, SIGKILL);
}

/* Whether all its processes are ordered to end already. */
static bool none_left(const struct daemon *daemon, agent_id agent)
{
    for (uint32_t slot = 0; slot < daemon->slots; slot++) {
        const struct life *life = &daemon->lives[slot * daemon->agents + agent];

        if (life->state != LIFE_NONE && !life->killed && !life->crashed)
            return false;
    }
    return true;
}

/* Nothing comes between the kills: the records are written when all are done, and no death is taken
 * before. Targets may be named twice, and some may have died since: only the living are killed. */
static void blackout(struct daemon *daemon)
{
    const struct campaign_rules *rules = &daemon->scenario->campaign;

    for (uint32_t i = 0; i < rules->target_count; i++)
        kill_all(daemon, rules->targets[i]);
    for (uint32_t i = 0; i < rules->target_count; i++) {
        agent_id agent = rules->targets[i];
        struct cause cause;

        if (none_left(daemon, agent))
            continue;
        cause = orders_kill(&daemon->orders, agent, daemon->now);
        mark_killed(daemon, agent, &cause);
    }
}

static void mark(struct daemon *daemon, const struct campaign_action *action)
{
    for (uint32_t i = 0; i < degree_of(daemon, action->whom); i++) {
        agent_id peer = peers_of(daemon, action->whom)[i];
        struct cause cause = orders_mark(&daemon->orders, action, peer, daemon->now);

        tell_agent(daemon, peer, NOTIFY_STOP_DEPARTED, PERCEPT_DEPARTED, action->whom, &cause);
    }
}

static void do_order(struct daemon *daemon, const struct campaign_action *action)
{
    struct cause cause;

    if (!docket_campaign_order(daemon, action))
        return;
    cause = orders_record(&daemon->orders, action, daemon->now);
    docket_campaign_step(daemon, action);
    switch ((enum campaign_action_kind)action->kind) {
    case CONTROL_ANNOUNCE:
        tell_agent(daemon, action->to, NOTIFY_STOP_NOTICE, PERCEPT_NOTICE, action->whom, &cause);
        break;
    case CONTROL_STOPPING:
        daemon->stops++;
        tell_platform(daemon, PLATFORM_STOPPING, action->whom, action->value, &cause);
        break;
    case CONTROL_SIGNAL:
        ask_to_end(daemon, action->whom, &cause);
        break;
    case CONTROL_KILL:
        mark_killed(daemon, action->whom, &cause);
        kill_all(daemon, action->whom);
        break;
    case CONTROL_KILL_SET:
        blackout(daemon);
        break;
    case CONTROL_MARK:
        mark(daemon, action);
        break;
    case CONTROL_STOPPED:
        tell_platform(daemon, PLATFORM_STOPPED, action->whom, 0, &cause);
        break;
    case CONTROL_RESTORE:
        tell_platform(daemon, PLATFORM_RESTORE, action->whom, 0, &cause);
        break;
    case CONTROL_END:
        daemon_end(daemon, DAEMON_CAMPAIGN);
        break;
    case CONTROL_TOMBSTONE:
        tell_platform(daemon, PLATFORM_TOMBSTONE, action->whom, 0, &cause);
        break;
    case CONTROL_LIFT:
        tell_platform(daemon, PLATFORM_LIFT, action->whom, 0, &cause);
        break;
    case CONTROL_FENCE: /* of cauterize, which daemon_refuses */
    case CONTROL_FREEZE:
    case CONTROL_FIND:
    case CONTROL_KILL_FOUND:
    case CONTROL_THAW:
    case CONTROL_SEALED:
        assert(!"this world cannot freeze");
        break;
    case CONTROL_THWARTED:
    case CONTROL_WAITED:
        break;
    }
}

void campaign_work(struct daemon *daemon, struct campaign_event *event)
{
    event->now = daemon->now;
    daemon->control_actions.count = 0;
    campaign_step(daemon->campaign, event, &daemon->control_actions);
    assert(daemon->control_actions.count <= daemon->control_actions.capacity);
    for (uint32_t i = 0; i < daemon->control_actions.count && daemon->failed == 0; i++)
        do_order(daemon, &daemon->control_actions.list[i]);
}

void campaign_due(struct daemon *daemon)
{
    const struct campaign_event timer = {.kind = CAMPAIGN_TIMER, .whom = AGENT_NONE};

    if (daemon->campaign != NULL && campaign_deadline(daemon->campaign) <= daemon->now)
        queue_campaign(daemon, &timer, &CAUSE_NONE);
}
