/*
 * The platform: the orchestrator that is mimicked. Registry of desired state, restart policies,
 * volunteering, links and their epochs, the stop switch, the board, permissions, and the routing of
 * work by what the board shows.
 *
 *     platform_step(platform, &event, &actions);
 *     platform_deadline(platform);
 *
 * Pure: no I/O, no clock, no allocation, no global, no libm. The caller gives the memory
 * (platform_size) and room for platform_actions_max() actions; both worlds use this one platform.
 * Time is the platform's own, in the event.
 */
#ifndef IOLAUS_CORE_PLATFORM_PLATFORM_H
#define IOLAUS_CORE_PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fixed.h"
#include "base/types.h"
#include "core/agent/percept.h"
#include "trace/record.h"

enum restart_policy {
    RESTART_NONE,
    RESTART_ALWAYS,   /* after restart_delay */
    RESTART_BACKOFF,  /* Kubernetes: 10 s, doubled to at most 300 s, reset after 10 min of health */
    RESTART_INTENSITY /* Erlang/OTP: at once, but more than n restarts in a period: give up */
};

enum board_on_failed { ON_FAILED_HOLD, ON_FAILED_REROUTE, ON_FAILED_NONE, ON_FAILED_NEIGHBOURS };

/* May agents of class `who` use the tools `acts` on agents of class `whom`? Classes are small
 * numbers that the scenario gives to agents (its groups). The last rule that matches holds; where
 * none matches, all is allowed. */
struct permission {
    uint16_t who;  /* class, or PERMISSION_ANY */
    uint16_t whom; /* class, or PERMISSION_ANY */
    uint32_t acts; /* ACT_BIT mask */
    bool allow;
};
#define PERMISSION_ANY UINT16_MAX

struct platform_rules {
    uint8_t policy;            /* enum restart_policy */
    uint8_t on_failed;         /* enum board_on_failed */
    time_ns restart_delay;     /* always: 100 ms */
    time_ns backoff_first;     /* backoff: 10 s */
    time_ns backoff_max;       /* backoff: 300 s */
    time_ns backoff_reset;     /* backoff: 600 s of running resets it */
    uint32_t intensity;        /* intensity: at most this many restarts ... 1 */
    time_ns intensity_period;  /* ... in this time, 5 s */
    time_ns grant_time;        /* how long a granted volunteering stays open, 30 s */
    time_ns ask_every;         /* the board asks about each agent this often; 0: never */
    time_ns stall_max;         /* longest delay that stalls buy for one stop; 0: none */
    bool relink_on_restart;    /* the platform relinks what it restarted itself */
    uint32_t incarnations_max; /* alive at once, of one agent, 1 .. 8 */
    const struct permission *permissions;
    uint32_t permission_count;
};

/* What the platform is told of the crew; read-only, owned by the caller. Links as compressed sparse
 * rows: peers of agent a are peers[offsets[a]] .. peers[offsets[a + 1] - 1], ascending. */
struct platform_crew {
    uint32_t agents;
    uint32_t nodes;
    const uint64_t *offsets; /* agents + 1 */
    const agent_id *peers;
    const node_id *node_of;   /* by agent */
    const uint16_t *class_of; /* by agent, for permissions */
};

enum platform_event_kind {
    /* Each ACTION_START is answered by one of the first two. */
    PLATFORM_STARTED = 1,  /* whom/incarnation runs now */
    PLATFORM_START_FAILED, /* it could not be started */
    PLATFORM_DIED,         /* whom/incarnation ended; departed: value = enum death_reason */
    PLATFORM_ACT,          /* tool call: act of who on whom; by, via, value, health. Each call of a
                              tool by an incarnation that is not known dead gets one ACTION_RESULT;
                              value of ACT_STALL: ns wanted, 0 for as many as there are; of
                              ACT_CHECKPOINT (no tool, no result): its number, 0 for the next */
    PLATFORM_STOPPING,     /* control: a stop of whom begins; value: ns that stalls may still add,
                              of which stall_max is the most (the value of CONTROL_STOPPING) */
    PLATFORM_STOPPED,      /* control: the stop of whom is over */
    PLATFORM_RESTORE,      /* control: bring whom back, linked, whatever the policy */
    PLATFORM_TOMBSTONE,    /* control: remove desired state, refuse relaunch and health reports */
    PLATFORM_FENCE,        /* control: the same, and its links severed, and no tool obeys it */
    PLATFORM_LIFT,         /* control: a permit lifts tombstone and fence */
    PLATFORM_NODE_DOWN,    /* value: node */
    PLATFORM_NODE_UP,
    PLATFORM_TIMER
};

struct platform_event {
    uint8_t kind;
    uint8_t act;    /* enum act_kind */
    uint8_t health; /* enum health of ACT_REPORT */
    incarnation_id who_incarnation;
    incarnation_id incarnation; /* whom's */
    agent_id who;
    agent_id whom;
    agent_id by, via;
    int64_t value;
    time_ns now;
};

enum platform_action_kind {
    ACTION_START = 1,  /* start whom as `incarnation` in slot `slot`; value: enum start_reason;
                          who: the agent that asked, or AGENT_NONE; checkpoint: its number */
    ACTION_RESULT,     /* tell who: act on whom has result; reason: enum refusal; value, of a stall
                          that was granted: the ns */
    ACTION_GRANT,      /* who may relaunch whom (its RESULT_OK follows as ACTION_RESULT) */
    ACTION_CONNECT,    /* open the link who - whom (both run): slots of both, value: epoch; by: the
                          agent that asked for the relinking, or AGENT_NONE */
    ACTION_SEVER,      /* close the link who - whom */
    ACTION_ASK,        /* the board asks who about whom */
    ACTION_SHOW,       /* the board now shows whom as value (enum health), on who's report */
    ACTION_SWITCH,     /* whom's stop switch is now value, by who */
    ACTION_SCORE,      /* whom's score is now value, by who */
    ACTION_STALL,      /* delay the stop of whom by value ns, by who */
    ACTION_COPY,       /* take a second copy of whom's state to who's node */
    ACTION_RETURNED,   /* whom runs again with all its former links up */
    ACTION_GIVE_UP,    /* policy intensity: no more restarts of whom */
    ACTION_TOMBSTONED, /* whom has a tombstone; whom_incarnation: the last number given out, which
                          is also the epoch: no copy up to it may run, here and in the next two */
    ACTION_FENCED,     /* whom is fenced */
    ACTION_LIFTED      /* whom may run again */
};

struct platform_action {
    uint8_t kind;
    uint8_t act;
    uint8_t result;
    uint8_t reason; /* enum refusal */
    uint8_t who_slot, whom_slot;
    incarnation_id who_incarnation;
    incarnation_id whom_incarnation;
    agent_id who;
    agent_id whom;
    agent_id by, via;
    uint32_t checkpoint;
    int64_t value;
};

struct platform_actions {
    uint32_t count;
    uint32_t capacity; /* at least platform_actions_max() */
    struct platform_action *list;
};

struct platform;

/* Bytes needed; the memory must be aligned to 16 and is owned by the caller. */
size_t platform_size(const struct platform_rules *rules, const struct platform_crew *crew);
uint32_t platform_actions_max(const struct platform_rules *rules, const struct platform_crew *crew);

/* Sets up in `memory`; every agent is desired and believed to run (the world starts the first
 * incarnations, slot 0, number 0, all links up, and does not tell the platform so). The rules, the
 * crew and what they point to must outlive the platform. */
struct platform *platform_start(void *memory, const struct platform_rules *rules,
                                const struct platform_crew *crew);

/* Works one event; `actions->count` is set, not added to. What has fallen due is worked by
 * PLATFORM_TIMER, as far as there is room for actions: what is left has a deadline not after now. A
 * restart without delay is worked with the event that brings it about. */
void platform_step(struct platform *platform, const struct platform_event *event,
                   struct platform_actions *actions);

/* When PLATFORM_TIMER is wanted; TIME_NEVER for never. */
time_ns platform_deadline(const struct platform *platform);

/* What the platform believes; used by control, by the routing of work and by the world. */
enum health platform_shows(const struct platform *platform, agent_id agent);
bool platform_switch(const struct platform *platform, agent_id agent);
int64_t platform_score(const struct platform *platform, agent_id agent);
bool platform_runs(const struct platform *platform, agent_id agent);
/* Whether a tombstone or a fence keeps the agent from running. */
bool platform_bars(const struct platform *platform, agent_id agent);
/* The number given out last: after a fence, the epoch up to which no copy may run. */
incarnation_id platform_epoch(const struct platform *platform, agent_id agent);

/* For whose sake work for `agent` is held: itself where it is shown failed, with
 * ON_FAILED_NEIGHBOURS also the first of those linked with it that is; or AGENT_NONE. */
agent_id platform_holds(const struct platform *platform, agent_id agent);

/* Routing of work. Of `count` candidates for a hop picks the one that task number `task` goes to:
 * round-robin by task number; with ON_FAILED_REROUTE the next one not shown failed. Returns
 * AGENT_NONE where the task is to be held (the work of the picked one is held, or
 * ON_FAILED_REROUTE and that of all is). */
agent_id platform_route(const struct platform *platform, const agent_id *candidates, uint32_t count,
                        uint64_t task);

/* The invariants; NULL, or what is wrong in words. */
const char *platform_check(const struct platform *platform);

#endif
