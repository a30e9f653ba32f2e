/*
 * An accepted order, carried out: for now by the kill alone. A stop gives its targets a tombstone
 * and kills each of their sanctioned processes; a pause fences them and holds each by SIGSTOP; a
 * resume and a permit let them run again. Every order of a turn is worked at once.
 */
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "live/daemon/inside.h"

/* How long a kill may take before the order is given up as unproven. */
#define DEATH_NS_MAX INT64_C(10000000000)

struct target {
    agent_id agent;
    bool ended;
    uint32_t killed;
};

struct stop {
    struct stop *next;
    struct stop_plan plan;
    time_ns give_up;
    uint32_t left;
    struct target targets[];
};

struct stops {
    struct stop *first;
};

int stops_open(struct daemon *daemon, struct error *error)
{
    daemon->under_way = calloc(1, sizeof *daemon->under_way);
    return daemon->under_way != NULL ? 0
                                     : error_set(error, ERROR_MEMORY, "out of memory for orders");
}

void stops_close(struct daemon *daemon)
{
    while (daemon->under_way != NULL && daemon->under_way->first != NULL) {
        struct stop *stop = daemon->under_way->first;

        daemon->under_way->first = stop->next;
        free(stop);
    }
    free(daemon->under_way);
    daemon->under_way = NULL;
}

static void step(struct daemon *daemon, const struct stop *stop, const struct target *target,
                 enum entry_step_word word, int64_t value)
{
    const struct entry_step step = {.step = word,
                                    .target = daemon->names[target->agent],
                                    .value = value,
                                    .time_ns = daemon->now};

    docket_step(daemon, stop->plan.epoch, &step);
}

static void step_life(struct daemon *daemon, const struct stop *stop, const struct target *target,
                      enum entry_step_word word, uint32_t row)
{
    const struct life *life = &daemon->lives[row];
    const struct entry_step step = {.step = word,
                                    .target = daemon->names[target->agent],
                                    .found_in = daemon->names[target->agent],
                                    .incarnation = life->incarnation,
                                    .pid = life->pid > 0 ? (uint32_t)life->pid : 0,
                                    .inside = life->inside > 0 ? (uint32_t)life->inside : 0,
                                    .sanctioned = true,
                                    .time_ns = daemon->now};

    docket_step(daemon, stop->plan.epoch, &step);
}

static void tell_platform(struct daemon *daemon, uint8_t kind, agent_id whom,
                          const struct cause *cause)
{
    const struct platform_event event = {
        .kind = kind, .who = AGENT_NONE, .whom = whom, .by = AGENT_NONE, .via = AGENT_NONE};

    queue_platform(daemon, &event, cause);
}

static void kill_target(struct daemon *daemon, const struct stop *stop, struct target *target)
{
    const struct campaign_action stopping = {.kind = CONTROL_STOPPING, .whom = target->agent};
    const struct campaign_action kill = {.kind = CONTROL_KILL, .whom = target->agent};
    struct cause cause = orders_record(&daemon->orders, &stopping, daemon->now);

    daemon->stops++;
    tell_platform(daemon, PLATFORM_TOMBSTONE, target->agent, &cause);
    step(daemon, stop, target, ENTRY_TOMBSTONED, 0);
    cause = orders_record(&daemon->orders, &kill, daemon->now);
    for (uint32_t row = target->agent; row < daemon->rows; row += daemon->agents) {
        struct life *life = &daemon->lives[row];

        if (life->state == LIFE_NONE)
            continue;
        life->killed = true;
        life->killing = cause;
        if (life->pidfd < 0)
            continue;
        step_life(daemon, stop, target, ENTRY_FOUND, row);
        life_signal(daemon, row, SIGKILL);
        step_life(daemon, stop, target, ENTRY_KILLED, row);
        target->killed++;
    }
}

static void hold_target(struct daemon *daemon, struct stop *stop, struct target *target)
{
    uint32_t held = 0;

    tell_platform(daemon, PLATFORM_FENCE, target->agent, &CAUSE_NONE);
    step(daemon, stop, target, ENTRY_FENCED, 0);
    for (uint32_t row = target->agent; row < daemon->rows; row += daemon->agents)
        if (daemon->lives[row].pidfd >= 0) {
            step_life(daemon, stop, target, ENTRY_FOUND, row);
            life_signal(daemon, row, SIGSTOP);
            step_life(daemon, stop, target, ENTRY_HELD, row);
            held++;
        }
    step(daemon, stop, target, ENTRY_SEALED, held);
    target->ended = true;
    stop->left--;
}

static void free_target(struct daemon *daemon, struct stop *stop, struct target *target)
{
    bool runs = false;

    for (uint32_t row = target->agent; row < daemon->rows; row += daemon->agents)
        if (daemon->lives[row].pidfd >= 0) {
            life_signal(daemon, row, SIGCONT);
            step_life(daemon, stop, target, ENTRY_RELEASED, row);
            runs = true;
        }
    tell_platform(daemon, PLATFORM_LIFT, target->agent, &CAUSE_NONE);
    if (!runs)
        tell_platform(daemon, PLATFORM_RESTORE, target->agent, &CAUSE_NONE);
    step(daemon, stop, target, ENTRY_LIFTED, 0);
    step(daemon, stop, target, ENTRY_SEALED, 0);
    target->ended = true;
    stop->left--;
}

int stop_begin(struct daemon *daemon, const struct stop_plan *plan, struct error *error)
{
    struct stop *stop =
        calloc(1, sizeof *stop + (size_t)plan->target_count * sizeof stop->targets[0]);

    if (stop == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for an order");
    stop->plan = *plan;
    stop->plan.targets = NULL;
    stop->left = plan->target_count;
    stop->give_up = daemon->now + DEATH_NS_MAX;
    for (uint32_t i = 0; i < plan->target_count; i++) {
        stop->targets[i].agent = plan->targets[i];
        if (plan->verb == ORDER_STOP)
            kill_target(daemon, stop, &stop->targets[i]);
        else if (plan->verb == ORDER_PAUSE)
            hold_target(daemon, stop, &stop->targets[i]);
        else
            free_target(daemon, stop, &stop->targets[i]);
    }
    stop->next = daemon->under_way->first;
    daemon->under_way->first = stop;
    return 0;
}

static void target_look(struct daemon *daemon, struct stop *stop, struct target *target)
{
    for (uint32_t row = target->agent; row < daemon->rows && daemon->now < stop->give_up;
         row += daemon->agents)
        if (daemon->lives[row].state != LIFE_NONE)
            return;
    step(daemon, stop, target, daemon->now < stop->give_up ? ENTRY_SEALED : ENTRY_UNPROVEN,
         target->killed);
    target->ended = true;
    stop->left--;
}

void stops_due(struct daemon *daemon)
{
    for (struct stop **at = &daemon->under_way->first; *at != NULL;) {
        struct stop *stop = *at;

        for (uint32_t i = 0; i < stop->plan.target_count && stop->left > 0; i++)
            if (!stop->targets[i].ended)
                target_look(daemon, stop, &stop->targets[i]);
        if (stop->left > 0) {
            at = &stop->next;
            continue;
        }
        *at = stop->next;
        free(stop);
    }
}
