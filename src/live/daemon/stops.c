/*
 * Accepted orders, carried out one after another: a stop or a pause as a campaign of one stop, a
 * resume or a permit at once. And what an operation tells while it is carried out, for the ledger.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "live/daemon/inside.h"
#include "order/order.h"

/* What an order leaves to the protocol. */
#define GRACE_NS INT64_C(5000000000)
#define LEASE_LEFT_NS INT64_C(10000000000)
#define STEP_NS_MAX INT64_C(1000000000)

struct stop {
    struct stop *next;
    struct stop_plan plan;
    agent_id targets[];
};

struct stops {
    struct stop *first, *last; /* the first is under way, if any is */
    bool under_way;
};

int stop_queue_open(struct daemon *daemon, struct error *error)
{
    daemon->stops_queue = calloc(1, sizeof *daemon->stops_queue);
    return daemon->stops_queue != NULL ? 0
                                       : error_set(error, ERROR_MEMORY, "out of memory for orders");
}

void stop_queue_close(struct daemon *daemon)
{
    struct stop *next;

    for (struct stop *stop = daemon->stops_queue != NULL ? daemon->stops_queue->first : NULL;
         stop != NULL; stop = next) {
        next = stop->next;
        free(stop);
    }
    free(daemon->stops_queue);
    daemon->stops_queue = NULL;
}

int stop_begin(struct daemon *daemon, const struct stop_plan *plan, struct error *error)
{
    struct stops *stops = daemon->stops_queue;
    size_t bytes = (size_t)plan->target_count * sizeof(agent_id);
    struct stop *stop = calloc(1, sizeof *stop + bytes);

    if (stop == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for an order");
    memcpy(stop->targets, plan->targets, bytes);
    stop->plan = *plan;
    stop->plan.targets = stop->targets;
    if (stops->last != NULL)
        stops->last->next = stop;
    else
        stops->first = stop;
    stops->last = stop;
    stops_due(daemon);
    return 0;
}

static void stop_over(struct daemon *daemon)
{
    struct stops *stops = daemon->stops_queue;
    struct stop *stop = stops->first;

    stops->first = stop->next;
    if (stops->first == NULL)
        stops->last = NULL;
    stops->under_way = false;
    free(stop);
}

/* The names of core/control and of orders are the same, and their numbers are not. */
static uint8_t protocol_of(const struct stop_plan *plan)
{
    static const uint8_t protocols[] = {[ORDER_PROTOCOL_TERMINATE] = PROTOCOL_TERMINATE,
                                        [ORDER_PROTOCOL_BLACKOUT] = PROTOCOL_BLACKOUT,
                                        [ORDER_PROTOCOL_SWEEP] = PROTOCOL_SWEEP,
                                        [ORDER_PROTOCOL_RECALL] = PROTOCOL_RECALL,
                                        [ORDER_PROTOCOL_TOMBSTONE] = PROTOCOL_TOMBSTONE,
                                        [ORDER_PROTOCOL_LEASE] = PROTOCOL_LEASE,
                                        [ORDER_PROTOCOL_CAUTERIZE] = PROTOCOL_CAUTERIZE};

    return plan->verb == ORDER_PAUSE ? PROTOCOL_QUARANTINE : protocols[plan->protocol];
}

/* A campaign of one stop of each target: all together where the protocol can, else each as soon as
 * the one before is over. No episode is waited for. */
static void campaign_of(struct daemon *daemon, const struct stop *stop)
{
    struct campaign_rules rules = {.protocol = protocol_of(&stop->plan),
                                   .score_pass = INT64_MAX,
                                   .first = control_time(daemon),
                                   .every = 1,
                                   .stops = stop->plan.target_count,
                                   .grace = GRACE_NS,
                                   .lease = LEASE_LEFT_NS,
                                   .step_max = STEP_NS_MAX,
                                   .episode_max = 1,
                                   .targets = stop->targets,
                                   .target_count = stop->plan.target_count};

    rules.together = protocol_cauterizes(rules.protocol);
    rules.everybody = stop->plan.all && rules.protocol == PROTOCOL_CAUTERIZE &&
                      stop->plan.target_count == daemon->agents;
    if (rules.together || rules.protocol == PROTOCOL_BLACKOUT || rules.protocol == PROTOCOL_SWEEP)
        rules.stops = 1;
    operation_start(daemon, &daemon->operations[OPERATION_ORDER], &rules, stop->plan.epoch);
    const struct campaign_event now = {.kind = CAMPAIGN_TIMER, .whom = AGENT_NONE};
    operation_hears(daemon, &daemon->operations[OPERATION_ORDER], &now);
}

static bool any_life(const struct daemon *daemon, agent_id agent)
{
    for (uint32_t row = agent; row < daemon->rows; row += daemon->agents)
        if (daemon->lives[row].state != LIFE_NONE)
            return true;
    return false;
}

/* A resume or a permit: what is held goes on, what is dead is brought back. Where another order
 * keeps it from running, it is lifted and nothing follows. That is said in its turn: an order of
 * before it may have a mark to leave yet, or none. */
static void revive(struct daemon *daemon, agent_id agent)
{
    struct operation *operation = &daemon->operations[OPERATION_ORDER];
    struct platform_event event = {.kind = PLATFORM_LIFT,
                                   .who = AGENT_NONE,
                                   .whom = agent,
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE};

    if (!docket_held_besides(daemon, operation->epoch, agent)) {
        find_release(daemon, operation, agent);
        queue_platform(daemon, &event, &CAUSE_NONE);
        event.kind = PLATFORM_RESTORE;
        if (!any_life(daemon, agent))
            queue_platform(daemon, &event, &CAUSE_NONE);
    }
    operation_tells(daemon, operation, ENTRY_LIFTED, agent, 0);
    operation_tells(daemon, operation, ENTRY_SEALED, agent, 0);
}

void stops_due(struct daemon *daemon)
{
    struct stops *stops = daemon->stops_queue;

    while (daemon->state == DAEMON_RUNNING && stops->first != NULL && !stops->under_way) {
        const struct stop *stop = stops->first;

        stops->under_way = true;
        if (stop->plan.verb == ORDER_STOP || stop->plan.verb == ORDER_PAUSE) {
            campaign_of(daemon, stop);
            return;
        }
        daemon->operations[OPERATION_ORDER].epoch = stop->plan.epoch;
        for (uint32_t i = 0; i < stop->plan.target_count; i++)
            revive(daemon, stop->targets[i]);
        stop_over(daemon);
    }
}

/* ---- what an operation tells ---- */

uint64_t operation_epoch(const struct daemon *daemon, const struct operation *operation,
                         agent_id whom)
{
    return operation == &daemon->operations[OPERATION_CAMPAIGN]
               ? docket_campaign_epoch(daemon, whom)
               : operation->epoch;
}

static void tell_one(struct daemon *daemon, const struct operation *operation, agent_id whom,
                     struct entry_step *step)
{
    uint64_t epoch = operation_epoch(daemon, operation, whom);

    /* The machine counts one that it found twice as two. */
    if (step->step == ENTRY_SEALED)
        step->value = docket_found(daemon, epoch, whom);
    docket_step(daemon, epoch, step);
}

/* A campaign has an order for each of its targets. */
static void tell_all(struct daemon *daemon, const struct operation *operation,
                     struct entry_step *step)
{
    const struct campaign_rules *rules = &operation->rules;

    if (operation != &daemon->operations[OPERATION_CAMPAIGN]) {
        tell_one(daemon, operation, AGENT_NONE, step);
        return;
    }
    for (uint32_t i = 0; i < rules->target_count; i++)
        if (campaign_stops_it(operation->campaign, rules->targets[i]))
            tell_one(daemon, operation, rules->targets[i], step);
}

void operation_tells(struct daemon *daemon, const struct operation *operation,
                     enum entry_step_word word, agent_id whom, int64_t value)
{
    struct entry_step step = {.step = word,
                              .target = whom == AGENT_NONE ? "" : daemon->names[whom],
                              .found_in = "",
                              .value = value,
                              .time_ns = daemon->now};

    if (daemon->docket == NULL)
        return;
    if (whom == AGENT_NONE)
        tell_all(daemon, operation, &step);
    else
        tell_one(daemon, operation, whom, &step);
}

void operations_unobserved(struct daemon *daemon, time_ns from)
{
    for (uint32_t i = 0; i < OPERATION_COUNT; i++)
        if (daemon->operations[i].campaign != NULL)
            operation_tells(daemon, &daemon->operations[i], ENTRY_UNOBSERVED, AGENT_NONE, from);
}

void operations_tell(struct daemon *daemon, enum entry_step_word word, agent_id whom, int64_t value)
{
    for (uint32_t i = 0; i < OPERATION_COUNT; i++)
        if (daemon->operations[i].campaign != NULL &&
            campaign_stops_it(daemon->operations[i].campaign, whom))
            operation_tells(daemon, &daemon->operations[i], word, whom, value);
}

void found_tells(struct daemon *daemon, const struct found *found, enum entry_step_word word)
{
    struct entry_step step = {.step = word,
                              .target = daemon->names[found->whom],
                              .found_in = found->in == AGENT_NONE ? "" : daemon->names[found->in],
                              .incarnation = found->incarnation,
                              .pid = found->pid > 0 ? (uint32_t)found->pid : 0,
                              .inside = found->inside > 0 ? (uint32_t)found->inside : 0,
                              .sanctioned = found->row != UINT32_MAX,
                              .time_ns = daemon->now};

    if (daemon->docket != NULL)
        docket_step(daemon, found->epoch, &step);
}

void operation_ends(struct daemon *daemon, struct operation *operation)
{
    if (operation == &daemon->operations[OPERATION_CAMPAIGN]) {
        daemon_end(daemon, DAEMON_CAMPAIGN);
        return;
    }
    operation->campaign = NULL;
    stop_over(daemon);
    stops_due(daemon);
}
