/*
 * What the platform does, as records with their causes.
 *
 *     answers_hear(last, &event, &cause);
 *     platform_step(platform, &event, &actions);
 *     struct answers answers = answers_make(&recorder, last, &cause, now);
 *     for (i = 0; i < actions.count; i++) {
 *         cause = answers_record(&answers, &actions.list[i]);
 *         ... the world's own effect, which carries `cause` on
 *     }
 *
 * `last` is the world's: for each agent the cause of what the platform last heard of it, from which
 * a restart that falls due later follows. It begins as CAUSE_NONE or all zero (a platform restarts
 * nobody of whom it heard nothing). Nothing here allocates or fails.
 */
#ifndef IOLAUS_WORLD_ANSWERS_H
#define IOLAUS_WORLD_ANSWERS_H

#include "core/agent/percept.h"
#include "core/control/campaign.h"
#include "core/platform/platform.h"
#include "world/cause.h"

/* The answers to one event of the platform. */
struct answers {
    struct recorder recorder;
    const struct cause *last; /* by agent */
    struct cause cause;       /* of the event; a grant takes its place */
    time_ns now;
};

/* Before the step: keeps the cause of a life's beginning or end. */
void answers_hear(struct cause *last, const struct platform_event *event,
                  const struct cause *cause);

struct answers answers_make(const struct recorder *recorder, const struct cause *last,
                            const struct cause *cause, time_ns now);

/* Writes the action's record, where it has one (a RESULT_OK has none), and gives the cause that
 * goes on. To be called for each action of the step, in its order. */
struct cause answers_record(struct answers *answers, const struct platform_action *action);

/* What who's process is told: of ACTION_RESULT and ACTION_ASK. False for any other. */
bool answer_percept(const struct platform_action *action, struct percept *percept);

/* What the operator's campaign goes by: of ACTION_SWITCH, ACTION_SCORE, ACTION_STALL and
 * ACTION_RETURNED. False for any other. `now` is not set. */
bool answer_event(const struct platform_action *action, struct campaign_event *event);

#endif
