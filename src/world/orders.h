/*
 * What the operator's campaign does, as records with their causes.
 *
 *     campaign_step(campaign, &event, &actions);
 *     for (i = 0; i < actions.count; i++) {
 *         cause = orders_record(&orders, &actions.list[i], now);
 *         ... the world's own effect, which carries `cause` on
 *     }
 *
 * A stop's episode has one root: the first announcement, or else the record that the stop begins.
 * Everything else about that stop follows from it. The world gives the memory (`root`, `announced`:
 * by agent) and orders_open sets it up. Nothing here allocates or fails.
 */
#ifndef IOLAUS_WORLD_ORDERS_H
#define IOLAUS_WORLD_ORDERS_H

#include "core/control/campaign.h"
#include "world/cause.h"

struct orders {
    struct recorder recorder;
    const struct campaign_rules *rules;
    uint32_t agents;
    struct cause *root; /* by agent: of its stop */
    bool *announced;    /* by agent: its next stop was announced */
    bool frozen;        /* the range stands still: what control does then is of one instant */
};

void orders_open(struct orders *orders);

/* The root of the stop of `whom`, or CAUSE_NONE. */
struct cause orders_root(const struct orders *orders, agent_id whom);

/* Writes the action's record, where it has one, and gives the cause that goes on: to the agent of
 * an announcement, a request to end or a kill; to the platform of CONTROL_STOPPING, _STOPPED and
 * _RESTORE. No record: CONTROL_KILL_SET (orders_kill for each target, when it happens),
 * CONTROL_MARK (orders_mark for each peer), CONTROL_STOPPED, CONTROL_END. */
struct cause orders_record(struct orders *orders, const struct campaign_action *action,
                           time_ns now);

/* Of CONTROL_MARK: `peer` is told that action->whom departed in good order. */
struct cause orders_mark(const struct orders *orders, const struct campaign_action *action,
                         agent_id peer, time_ns now);

/* Of CONTROL_KILL_FOUND and CONTROL_HOLD: the witness found this incarnation (or, with its
 * pid in the range, a process that the platform did not start); and where it is not kept, it is
 * killed. */
struct cause orders_found(const struct orders *orders, agent_id whom, incarnation_id incarnation,
                          bool kept, int64_t inside, time_ns now);

/* Of a blackout: one target of CONTROL_KILL_SET is killed. */
struct cause orders_kill(const struct orders *orders, agent_id whom, time_ns now);

#endif
