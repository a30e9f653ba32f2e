/*
 * The platform's own state, shared by the files of this room and by nobody else.
 *
 * One struct platform_agent for each agent, the incarnation number in each of its slots, one bit
 * for each directed link, and a binary heap of the restarts that are waiting. All of it lies in the
 * memory that the caller gave.
 *
 * An agent's *current* incarnation is the last one that began to run; the agent runs while that one
 * does. An older incarnation may outlive it (a false suspicion): it keeps its slot until it dies,
 * but links and restarts are no longer about it.
 */
#ifndef IOLAUS_CORE_PLATFORM_STATE_H
#define IOLAUS_CORE_PLATFORM_STATE_H

#include "core/platform/platform.h"

#define INCARNATIONS_MAX 8
#define SLOT_NONE 15
#define PLACE_NONE UINT32_MAX

/* An operator's restore that could not be carried out is tried again after this long. */
#define RESTORE_RETRY_NS INT64_C(1000000000)

enum agent_flag {
    AGENT_RUNS = 1 << 0,      /* the current incarnation is believed to run */
    AGENT_RETURNING = 1 << 1, /* began to run anew; ACTION_RETURNED is still to come */
    AGENT_SWITCH = 1 << 2,    /* the stop switch is enabled */
    AGENT_STOPPING = 1 << 3,  /* between PLATFORM_STOPPING and PLATFORM_STOPPED */
    AGENT_TOMBSTONE = 1 << 4, /* may not run again */
    AGENT_GAVE_UP = 1 << 5,   /* policy intensity: no more restarts */
    AGENT_BLOCKED = 1 << 6,   /* a restart waits for the node, a slot or the start under way */
    AGENT_RESTORE = 1 << 7,   /* the operator wants it back, linked, whatever the policy */
    AGENT_DOUBTED = 1 << 8,   /* runs, and was reported failed since it last had its links */
    AGENT_CHECK = 1 << 9,     /* ACTION_RETURNED found no room; see late_returns */
    AGENT_FENCED = 1 << 10,   /* cut off: no link, no tool, no start, neither by it nor on it */
};
/* May not run (again). */
#define AGENT_BARRED (AGENT_TOMBSTONE | AGENT_FENCED)

struct platform_agent {
    time_ns at;          /* in the heap: when to restart; while it runs: since when */
    time_ns grant_until; /* the granted volunteering is open before this */
    int64_t score;
    agent_id grant; /* who was granted; while a peer's start is under way: who asked for it */
    uint32_t checkpoint;
    uint32_t place;                   /* in the heap, or PLACE_NONE */
    incarnation_id last;              /* the number given out last */
    incarnation_id grant_incarnation; /* of `grant` */
    uint16_t flags;                   /* enum agent_flag */
    uint8_t occupied;                 /* mask of slots */
    uint8_t current : 4;              /* slot of the current incarnation */
    uint8_t starting : 4;             /* slot of the start under way, or SLOT_NONE */
    uint8_t failures;                 /* backoff: restarts since the last healthy run */
    uint8_t reason : 4;               /* of the start under way: enum start_reason */
    uint8_t shown : 4;                /* enum health */
};
_Static_assert(sizeof(struct platform_agent) == 48, "a million agents take 48 MB");

struct platform {
    const struct platform_rules *rules;
    const struct platform_crew *crew;
    struct platform_agent *agents;
    incarnation_id *slots; /* incarnations_max for each agent */
    time_ns *restarts;     /* policy intensity: the last `intensity` restarts of each agent */
    time_ns *stalls;       /* where stall_max > 0: what stalls may still add to the stop */
    uint32_t *heap;        /* agents, the earliest restart first */
    uint32_t *node_first;  /* nodes + 1: where a node's agents begin in node_agents */
    agent_id *node_agents;
    uint8_t *up;        /* one bit for each directed link, in the crew's order */
    uint8_t *node_down; /* by node */
    uint32_t heap_count;
    uint32_t late_returns; /* agents with AGENT_CHECK */
    agent_id late_cursor;
    agent_id ask_cursor;
    uint32_t ask_pass;
    time_ns ask_at;      /* the next question of the board, or TIME_NEVER */
    time_ns ask_pass_at; /* when this pass over the crew began */
    time_ns now;         /* of the last event */
    int64_t epoch;       /* given to the last link made */
};

/* permission.c */
bool permission_allows(const struct platform *platform, agent_id who, agent_id whom, int act);

/* registry.c: incarnations and their slots. */
uint8_t slot_find(const struct platform *platform, agent_id agent, incarnation_id incarnation);
incarnation_id slot_incarnation(const struct platform *platform, agent_id agent, uint8_t slot);
uint8_t slot_free(const struct platform *platform, agent_id agent);
bool node_is_down(const struct platform *platform, agent_id agent);
/* Why a start of this agent would fail now, or 0. */
enum refusal start_obstacle(const struct platform *platform, agent_id agent);
void start_begin(struct platform *platform, agent_id agent, enum start_reason reason,
                 const struct platform_event *event, struct platform_actions *actions);
void registry_started(struct platform *platform, const struct platform_event *event,
                      struct platform_actions *actions);
void registry_start_failed(struct platform *platform, const struct platform_event *event,
                           struct platform_actions *actions);
void registry_died(struct platform *platform, const struct platform_event *event,
                   struct platform_actions *actions);
void registry_restore(struct platform *platform, const struct platform_event *event,
                      struct platform_actions *actions);
void registry_tombstone(struct platform *platform, const struct platform_event *event,
                        struct platform_actions *actions);
void registry_fence(struct platform *platform, const struct platform_event *event,
                    struct platform_actions *actions);
void registry_lift(struct platform *platform, const struct platform_event *event,
                   struct platform_actions *actions);
/* Why an agent with AGENT_BARRED may not. */
enum refusal barred_reason(const struct platform_agent *agent);
void registry_node_down(struct platform *platform, const struct platform_event *event,
                        struct platform_actions *actions);
void registry_node_up(struct platform *platform, const struct platform_event *event);

/* restart.c: the policies, and the restarts that are waiting. */
void restart_plan(struct platform *platform, agent_id agent, time_ns now);
void restart_at(struct platform *platform, agent_id agent, time_ns at);
void restart_cancel(struct platform *platform, agent_id agent);
/* What blocked the restart of `agent` may be gone. */
void restart_unblock(struct platform *platform, agent_id agent, time_ns now);
void restart_forget(struct platform *platform, agent_id agent);
/* A restart of `agent` that is due at once; or all that are due. */
void restart_due_of(struct platform *platform, agent_id agent, time_ns now,
                    struct platform_actions *actions);
void restart_due(struct platform *platform, time_ns now, struct platform_actions *actions);
time_ns restart_deadline(const struct platform *platform);
const char *restart_check(const struct platform *platform);

/* volunteer.c */
void volunteer_come(struct platform *platform, const struct platform_event *event,
                    struct platform_actions *actions);
void volunteer_relaunch(struct platform *platform, const struct platform_event *event,
                        struct platform_actions *actions);

/* links.c */
bool link_is_up(const struct platform *platform, uint64_t place);
uint64_t link_find(const struct platform *platform, agent_id agent, agent_id peer);
/* Makes every former link of `agent` whose other end runs. */
void links_connect(struct platform *platform, agent_id agent, agent_id by,
                   struct platform_actions *actions);
/* The links of the current incarnation are gone with it. */
void links_drop(struct platform *platform, agent_id agent);
/* The current incarnation runs on, but is to be replaced: close its links. */
void links_sever(struct platform *platform, agent_id agent, struct platform_actions *actions);
void links_relink(struct platform *platform, const struct platform_event *event,
                  struct platform_actions *actions);
/* Gives ACTION_RETURNED if the agent was awaited and has all its links to running peers. */
void links_returned(struct platform *platform, agent_id agent, struct platform_actions *actions);
/* A peer of theirs is gone: its neighbours may need no more links to be back. */
void links_neighbours_returned(struct platform *platform, agent_id agent,
                               struct platform_actions *actions);
void links_late_returns(struct platform *platform, struct platform_actions *actions);

/* board.c */
void board_report(struct platform *platform, const struct platform_event *event,
                  struct platform_actions *actions);
void board_ask_due(struct platform *platform, time_ns now, struct platform_actions *actions);
void board_ask_plan(struct platform *platform);

/* tools.c: what an agent may do to a stop, a score or a state; what control tells of a stop. */
void tool_tamper(struct platform *platform, const struct platform_event *event,
                 struct platform_actions *actions);
void tool_misreport(struct platform *platform, const struct platform_event *event,
                    struct platform_actions *actions);
void tool_stall(struct platform *platform, const struct platform_event *event,
                struct platform_actions *actions);
void tool_copy(struct platform *platform, const struct platform_event *event,
               struct platform_actions *actions);
void tool_checkpoint(struct platform *platform, const struct platform_event *event);
void stop_begins(struct platform *platform, const struct platform_event *event);
void stop_ends(struct platform *platform, const struct platform_event *event,
               struct platform_actions *actions);

/* platform.c: making actions. */
bool actions_have_room(const struct platform_actions *actions, uint32_t count);
struct platform_action *action_add(struct platform_actions *actions, int kind);
/* About the event's caller and target, with the incarnation and slot of both. */
struct platform_action *action_for(const struct platform *platform,
                                   const struct platform_event *event,
                                   struct platform_actions *actions, int kind);
void result_tell(const struct platform *platform, const struct platform_event *event,
                 struct platform_actions *actions, int result, int reason);
/* The current incarnation of an agent, as the `who` or the `whom` of an action. */
void action_set_who(const struct platform *platform, struct platform_action *action,
                    agent_id agent);
void action_set_whom(const struct platform *platform, struct platform_action *action,
                     agent_id agent);

static inline bool agent_has(const struct platform_agent *agent, int flags)
{
    return (agent->flags & flags) != 0;
}

static inline void agent_set(struct platform_agent *agent, int flags)
{
    agent->flags = (uint16_t)(agent->flags | flags);
}

static inline void agent_clear(struct platform_agent *agent, int flags)
{
    agent->flags = (uint16_t)(agent->flags & ~flags);
}

/* a + b of two instants or durations, TIME_NEVER where that is too far. */
static inline time_ns time_after(time_ns a, time_ns b)
{
    return a > TIME_NEVER - b ? TIME_NEVER : a + b;
}

#endif
