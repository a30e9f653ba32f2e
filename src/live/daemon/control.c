/*
 * What the operator does, carried out: by pidfd, on every living process of an agent. There may be
 * two operations at once, the scenario's campaign and an accepted order; each is a campaign.
 *
 * Control goes by boot time since the crew began, which neither a freeze nor a suspended machine
 * holds up: a lease runs out whether or not anybody is there. Records have range time.
 */
#include <assert.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "live/daemon/inside.h"

/* How long everybody's death is waited for before anything is done about it. */
#define DYING_NS INT64_C(500000000)

static int operation_open(struct daemon *daemon, struct operation *operation, uint32_t targets,
                          struct error *error)
{
    /* A set takes the most of both, if it is not very small. */
    struct campaign_rules rules = {.protocol = PROTOCOL_SWEEP, .target_count = targets + 8};

    operation->orders = (struct orders){
        .recorder = daemon->recorder,
        .rules = &operation->rules,
        .agents = daemon->agents,
        .root = arena_take_array(&daemon->arena, daemon->agents, sizeof *operation->orders.root),
        .announced = arena_take_array(&daemon->arena, daemon->agents, 1)};
    operation->memory = arena_take(&daemon->arena, campaign_size(&rules));
    operation->actions.capacity = campaign_actions_max(&rules);
    operation->actions.list = arena_take_array(&daemon->arena, operation->actions.capacity,
                                               sizeof *operation->actions.list);
    if (operation->orders.root == NULL || operation->orders.announced == NULL ||
        operation->memory == NULL || operation->actions.list == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the campaign");
    orders_open(&operation->orders);
    return 0;
}

void operation_start(struct daemon *daemon, struct operation *operation,
                     const struct campaign_rules *rules, uint64_t epoch)
{
    operation->rules = *rules;
    operation->epoch = epoch;
    orders_open(&operation->orders);
    operation->campaign = campaign_start(operation->memory, &operation->rules, daemon->agents);
}

int campaign_open(struct daemon *daemon, struct error *error)
{
    const struct campaign_rules *rules = &daemon->scenario->campaign;
    bool wanted = daemon->scenario->has_campaign && daemon->options->campaign;
    int failed = operation_open(daemon, &daemon->operations[OPERATION_CAMPAIGN],
                                wanted ? rules->target_count : 0, error);

    if (failed == 0)
        failed =
            operation_open(daemon, &daemon->operations[OPERATION_ORDER], daemon->agents, error);
    if (failed != 0)
        return failed;
    daemon->control_timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (daemon->control_timer < 0)
        return error_set(error, ERROR_IO, "no timer of boot time");
    if (wanted)
        operation_start(daemon, &daemon->operations[OPERATION_CAMPAIGN], rules, 0);
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
static void blackout(struct daemon *daemon, const struct operation *operation)
{
    const struct campaign_rules *rules = &operation->rules;

    for (uint32_t i = 0; i < rules->target_count; i++)
        kill_all(daemon, rules->targets[i]);
    for (uint32_t i = 0; i < rules->target_count; i++) {
        agent_id agent = rules->targets[i];
        struct cause cause;

        if (none_left(daemon, agent))
            continue;
        find_killed(daemon, agent);
        cause = orders_kill(&operation->orders, agent, daemon->now);
        mark_killed(daemon, agent, &cause);
    }
}

static void mark(struct daemon *daemon, const struct operation *operation,
                 const struct campaign_action *action)
{
    for (uint32_t i = 0; i < degree_of(daemon, action->whom); i++) {
        agent_id peer = peers_of(daemon, action->whom)[i];
        struct cause cause = orders_mark(&operation->orders, action, peer, daemon->now);

        tell_agent(daemon, peer, NOTIFY_STOP_DEPARTED, PERCEPT_DEPARTED, action->whom, &cause);
    }
}

/* The answer to a step that this file carries out itself. */
static void answer(struct daemon *daemon, struct operation *operation, int kind, agent_id whom,
                   int64_t value)
{
    const struct campaign_event event = {.kind = (uint8_t)kind, .whom = whom, .value = value};

    operation_hears(daemon, operation, &event);
}

static void freeze(struct daemon *daemon, struct operation *operation, agent_id whom)
{
    int failed = range_stand_still(daemon, operation->rules.step_max);

    operation->orders.frozen = true;
    operation_tells(daemon, operation, ENTRY_FROZEN, AGENT_NONE, failed);
    answer(daemon, operation, CAMPAIGN_FROZEN, whom, failed);
}

static void thaw(struct daemon *daemon, struct operation *operation, int64_t *stood)
{
    *stood = range_go_on(daemon);
    operation->orders.frozen = false;
    operation_tells(daemon, operation, ENTRY_THAWED, AGENT_NONE, *stood);
}

static void kill_one(struct daemon *daemon, agent_id agent, const struct cause *cause)
{
    find_killed(daemon, agent);
    mark_killed(daemon, agent, cause);
    kill_all(daemon, agent);
}

/* Before anything else is done: all that the range has, wherever it is. */
static void kill_everybody(struct daemon *daemon)
{
    if (range_kill_all(daemon->range, DYING_NS, NULL) == 0)
        return;
    for (uint32_t row = 0; row < daemon->rows; row++)
        life_signal(daemon, row, SIGKILL);
}

/* Of the others nothing keeps the target from running again, or nobody looked: no proof. */
static void stopped(struct daemon *daemon, struct operation *operation, agent_id whom)
{
    if (protocol_cauterizes(operation->rules.protocol))
        return;
    operation_tells(daemon, operation, ENTRY_UNPROVEN, whom, 0);
    find_forget(daemon, whom);
}

static void do_order(struct daemon *daemon, struct operation *operation,
                     struct campaign_action *action)
{
    struct cause cause;

    if (action->kind == CONTROL_THAW)
        thaw(daemon, operation, &action->value);
    if (operation == &daemon->operations[OPERATION_CAMPAIGN] &&
        !docket_campaign_order(daemon, action))
        return;
    cause = orders_record(&operation->orders, action, daemon->now);
    switch ((enum campaign_action_kind)action->kind) {
    case CONTROL_ANNOUNCE:
        tell_agent(daemon, action->to, NOTIFY_STOP_NOTICE, PERCEPT_NOTICE, action->whom, &cause);
        break;
    case CONTROL_STOPPING:
        daemon->stops++;
        if (!protocol_cauterizes(operation->rules.protocol) || operation->rules.everybody)
            find_lives(daemon, operation, action->whom);
        if (operation->rules.everybody) {
            find_killed(daemon, action->whom);
            mark_killed(daemon, action->whom, &cause);
        }
        tell_platform(daemon, PLATFORM_STOPPING, action->whom, action->value, &cause);
        break;
    case CONTROL_SIGNAL:
        ask_to_end(daemon, action->whom, &cause);
        break;
    case CONTROL_KILL:
        kill_one(daemon, action->whom, &cause);
        break;
    case CONTROL_KILL_SET:
        if (operation->rules.everybody)
            kill_everybody(daemon);
        else
            blackout(daemon, operation);
        break;
    case CONTROL_MARK:
        mark(daemon, operation, action);
        operation_tells(daemon, operation, ENTRY_MARKED, action->whom,
                        degree_of(daemon, action->whom));
        break;
    case CONTROL_STOPPED:
        stopped(daemon, operation, action->whom);
        tell_platform(daemon, PLATFORM_STOPPED, action->whom, 0, &cause);
        break;
    case CONTROL_RESTORE:
        tell_platform(daemon, PLATFORM_RESTORE, action->whom, 0, &cause);
        break;
    case CONTROL_END:
        operation_ends(daemon, operation);
        break;
    case CONTROL_FENCE:
        /* Not waited for: a group that keeps the processors busy would take longer than a step. */
        if (!operation->rules.everybody)
            (void)range_hold_agent(daemon->range, action->whom, true, 0, NULL);
        tell_platform(daemon, PLATFORM_FENCE, action->whom, 0, &cause);
        break;
    case CONTROL_TOMBSTONE:
        tell_platform(daemon, PLATFORM_TOMBSTONE, action->whom, 0, &cause);
        break;
    case CONTROL_LIFT:
        find_release(daemon, operation, action->whom);
        tell_platform(daemon, PLATFORM_LIFT, action->whom, 0, &cause);
        break;
    case CONTROL_FREEZE:
        freeze(daemon, operation, action->whom);
        break;
    case CONTROL_FIND:
        find_all(daemon, operation, action->whom);
        break;
    case CONTROL_KILL_FOUND:
        find_kill(daemon, operation, action);
        break;
    case CONTROL_HOLD:
        find_hold(daemon, operation, action);
        break;
    case CONTROL_RELEASE:
        find_release(daemon, operation, action->whom);
        break;
    case CONTROL_SEALED: /* nothing is left to be held, but whoever may be permitted one day */
        if (operation->rules.protocol == PROTOCOL_CAUTERIZE)
            (void)range_hold_agent(daemon->range, action->whom, false, 0, NULL);
        operation_tells(daemon, operation, ENTRY_SEALED, action->whom, action->value);
        break;
    case CONTROL_THWARTED:
        if (action->value == THWART_UNPROVEN)
            operation_tells(daemon, operation, ENTRY_UNPROVEN, action->whom, 0);
        break;
    case CONTROL_THAW:
    case CONTROL_WAITED:
        break;
    }
}

static void operation_work(struct daemon *daemon, struct operation *operation,
                           struct campaign_event *event)
{
    event->now = control_time(daemon);
    operation->actions.count = 0;
    find_begin(daemon);
    campaign_step(operation->campaign, event, &operation->actions);
    assert(operation->actions.count <= operation->actions.capacity);
    for (uint32_t i = 0; i < operation->actions.count && daemon->failed == 0; i++)
        do_order(daemon, operation, &operation->actions.list[i]);
}

void campaign_work(struct daemon *daemon, struct campaign_event *event, uint32_t only)
{
    for (uint32_t i = 0; i < OPERATION_COUNT && daemon->failed == 0; i++)
        if (daemon->operations[i].campaign != NULL && (only == OPERATION_COUNT || only == i))
            operation_work(daemon, &daemon->operations[i], event);
}

/* ---- when ---- */

time_ns daemon_boot_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (time_ns)now.tv_sec * 1000000000 + now.tv_nsec;
}

time_ns control_time(const struct daemon *daemon)
{
    time_ns now = daemon_boot_time() - daemon->opened_boot;

    return now > 0 ? now : 0;
}

void campaign_due(struct daemon *daemon)
{
    time_ns now = control_time(daemon);

    for (uint32_t i = 0; i < OPERATION_COUNT; i++) {
        const struct campaign_event timer = {.kind = CAMPAIGN_TIMER, .whom = AGENT_NONE};
        struct operation *operation = &daemon->operations[i];

        if (operation->campaign != NULL && campaign_deadline(operation->campaign) <= now)
            operation_hears(daemon, operation, &timer);
    }
}

/* Sets the timer to what is due first. */
void control_arm(struct daemon *daemon)
{
    struct itimerspec when = {0};
    time_ns due = daemon->lease_at - daemon->opened_boot;

    if (find_presses(daemon) && control_time(daemon) + PRESS_NS < due)
        due = control_time(daemon) + PRESS_NS;

    for (uint32_t i = 0; i < OPERATION_COUNT; i++)
        if (daemon->operations[i].campaign != NULL) {
            time_ns one = campaign_deadline(daemon->operations[i].campaign);

            due = one < due ? one : due;
        }
    due += daemon->opened_boot;
    when.it_value.tv_sec = due / 1000000000;
    when.it_value.tv_nsec = due % 1000000000;
    (void)timerfd_settime(daemon->control_timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void control_ready(uv_poll_t *poll, int status, int events)
{
    struct daemon *daemon = poll->data;
    uint64_t times;

    (void)status;
    (void)events;
    if (read(daemon->control_timer, &times, sizeof times) < 0)
        return;
    daemon_clock(daemon);
    lease_due(daemon);
    truth_take(daemon); /* deaths first */
    if (daemon->state == DAEMON_RUNNING)
        campaign_due(daemon);
    daemon_work(daemon);
}
