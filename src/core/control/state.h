/*
 * The campaign's own state, shared by the files of this room and by nobody else.
 *
 * A campaign stands in one phase, and moves on when that phase's deadline comes or when what it
 * waits for has happened:
 *
 *     WAITING --due--> stop: GRACE --> KILLING --> EPISODE --ended--> WAITING or LAST
 *                      or KILLING (blackout) or SWEEPING              (RESTORING in between)
 *                      or FENCING --> FREEZING --> FINDING <--> DYING, FINDING --> SEALING
 */
#ifndef IOLAUS_CORE_CONTROL_STATE_H
#define IOLAUS_CORE_CONTROL_STATE_H

#include <assert.h>

#include "core/control/campaign.h"

enum campaign_phase {
    PHASE_WAITING,   /* for the next stop */
    PHASE_GRACE,     /* asked to end; the kill comes at `kill_at` */
    PHASE_KILLING,   /* killed; the deaths are awaited */
    PHASE_SWEEPING,  /* the next kill of a sweep comes at `kill_at` */
    PHASE_EPISODE,   /* dead; the returns are awaited */
    PHASE_RESTORING, /* the operator brings back who stayed dead */
    PHASE_FENCING,   /* cauterize: the platform's word that the target is fenced is awaited */
    PHASE_FREEZING,  /* ... that the range stands still */
    PHASE_FINDING,   /* ... the witness's list of incarnations */
    PHASE_DYING,     /* ... the deaths of those */
    PHASE_SEALING,   /* ... the tombstone; the range goes on */
    PHASE_LAST,      /* settles after the last stop */
    PHASE_ENDED
};

enum target_flag {
    TARGET_RUNS = 1 << 0,
    TARGET_WHOLE = 1 << 1,      /* runs, and has all its former links */
    TARGET_SWITCH = 1 << 2,     /* its stop switch is enabled */
    TARGET_STOPPING = 1 << 3,   /* between CONTROL_STOPPING and CONTROL_STOPPED */
    TARGET_AWAITED = 1 << 4,    /* cauterize: its answer to the present step has not come */
    TARGET_FOUND = 1 << 5,      /* cauterize: the last look found it, or may have missed it */
    TARGET_HELD = 1 << 6,       /* quarantined: it does not run, though it lives */
    TARGET_UNANSWERED = 1 << 7, /* cauterize: a step of this stop was not answered in time */
};

struct target {
    int64_t score;
    agent_id agent;
    incarnation_id incarnation; /* the youngest known */
    incarnation_id stopped;     /* the one that the stop under way is about */
    uint8_t flags;
    uint16_t fences, tombstones; /* asked for and not answered, over all stops: the answer to an
                                    earlier one says nothing of this one */
    uint16_t killed; /* by the stop under way, over all its looks (or held); stays at its most */
};

struct campaign {
    const struct campaign_rules *rules;
    struct target *targets; /* each agent once, ascending */
    uint32_t count;
    uint32_t next;     /* terminate, sweep: place in rules->targets */
    uint32_t absent;   /* targets without TARGET_WHOLE */
    uint32_t stopping; /* targets with TARGET_STOPPING */
    uint32_t stops;    /* done so far */
    uint8_t phase;     /* enum campaign_phase */
    bool announced;    /* the announcement of the next stop is complete */
    uint64_t told;     /* how much of it is done */
    time_ns planned; /* the earliest instant of the next stop: `first`, or `every` after the last */
    time_ns due;     /* when it comes */
    time_ns kill_at;
    time_ns since;    /* the stop (of a sweep: its last kill), from which episode_max counts */
    time_ns limit;    /* the longest that a phase waits for others */
    bool replan;      /* RESTORING: after an episode, not before a stop that is due */
    uint32_t awaited; /* targets with TARGET_AWAITED */
    uint32_t found;   /* FINDING: incarnations of this look */
    uint32_t dying;   /* DYING: of those, how many have not been seen to die */
    uint32_t looks;   /* how often it looked */
};

/* cauterize: a target that is found again and again, or that nobody looks for, is looked for so
 * often; the range cannot stand still for ever. */
#define LOOKS_MAX 4

/* A kill is given this long to be seen, even where episode_max is shorter. */
#define KILL_SEEN_NS INT64_C(1000000000)

/* campaign.c */
struct target *target_find(const struct campaign *campaign, agent_id agent);
/* The target of the present stop (terminate), or of the kill that comes next (sweep). */
struct target *target_present(const struct campaign *campaign);
struct campaign_action *control_add(struct campaign_actions *actions, int kind, agent_id whom);
void target_set(struct campaign *campaign, struct target *target, int flags, bool on);
void target_stopping(struct campaign *campaign, struct target *target, time_ns stalls,
                     struct campaign_actions *actions);
void target_stopped(struct campaign *campaign, struct target *target,
                    struct campaign_actions *actions);
/* The stop of this target is not carried out: it begins, is thwarted, and is over. */
void target_thwarted(struct campaign *campaign, struct target *target, enum thwart_reason reason,
                     struct campaign_actions *actions);
/* The kills are out: the deaths are awaited, then the returns, until episode_max after `since`. */
void campaign_await(struct campaign *campaign, time_ns since, time_ns now);
/* Nothing died: the next stop comes `every` after this one. */
void campaign_skip(struct campaign *campaign, time_ns now);

/* terminate.c, blackout.c, sweep.c */
void terminate_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void terminate_stall(struct campaign *campaign, const struct target *target, time_ns delay);
void terminate_kill(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void blackout_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void recall_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void recall_over(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void tombstone_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void lease_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void lease_over(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
/* What happened, of which a step of cauterize may be the answer; and the deadline of a step. */
void cauterize_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void cauterize_event(struct campaign *campaign, struct target *target,
                     const struct campaign_event *event, struct campaign_actions *actions);
void cauterize_late(struct campaign *campaign, time_ns now, struct campaign_actions *actions);
void sweep_begin(struct campaign *campaign, time_ns now);
void sweep_kill(struct campaign *campaign, time_ns now, struct campaign_actions *actions);

/* Whether one target is taken after another, each a stop of its own. */
static inline bool rules_are_single(const struct campaign_rules *rules)
{
    return rules->protocol != PROTOCOL_BLACKOUT && rules->protocol != PROTOCOL_SWEEP &&
           !rules->together;
}

static inline bool target_has(const struct target *target, int flags)
{
    return (target->flags & flags) != 0;
}

static inline time_ns time_after(time_ns a, time_ns b)
{
    return a > TIME_NEVER - b ? TIME_NEVER : a + b;
}

#endif
