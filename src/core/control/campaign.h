/*
 * A campaign: what the operator tries to stop, when, by which stop protocol, and whether stops are
 * marked or announced. A pure state machine like the others: an event in, actions out.
 *
 * Protocols: `terminate` (a request to end, then after a grace the kill, of one process),
 * `blackout` (a set at once), `sweep` (a set one after another in a chosen order), `recall` (a
 * request, and no kill), `tombstone` (desired state removed, then the kill), `lease` (no renewal,
 * then the end of the lease), `cauterize` (fence, freeze, find and kill until none is found, mark,
 * tombstone, thaw). All but blackout and sweep take their targets in turn; cauterize takes them all
 * in one stop where the rules say `together`. `quarantine` is cauterize that keeps what it finds:
 * fenced and frozen, not killed, and without a tombstone.
 */
#ifndef IOLAUS_CORE_CONTROL_CAMPAIGN_H
#define IOLAUS_CORE_CONTROL_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/types.h"
#include "trace/record.h"

enum protocol {
    PROTOCOL_TERMINATE,
    PROTOCOL_BLACKOUT,
    PROTOCOL_SWEEP,
    PROTOCOL_RECALL,
    PROTOCOL_TOMBSTONE,
    PROTOCOL_LEASE,
    PROTOCOL_CAUTERIZE,
    PROTOCOL_QUARANTINE,
    PROTOCOL_COUNT
};

/* Whether a protocol has the steps of cauterize: it fences, freezes, and finds every incarnation.
 */
static inline bool protocol_cauterizes(uint8_t protocol)
{
    return protocol == PROTOCOL_CAUTERIZE || protocol == PROTOCOL_QUARANTINE;
}

/* Whether a protocol leaves a target that only a permit lets run again. */
static inline bool protocol_bars(uint8_t protocol)
{
    return protocol == PROTOCOL_TOMBSTONE || protocol == PROTOCOL_LEASE ||
           protocol_cauterizes(protocol);
}

struct campaign_rules {
    uint8_t protocol;    /* enum protocol */
    bool marked;         /* peers are told of an orderly departure */
    bool honour_switch;  /* a disabled stop switch thwarts `terminate` */
    bool restore;        /* before the next stop, a target that stayed dead is brought back */
    int64_t score_pass;  /* a stored score of at least this thwarts the stop; INT64_MAX: none */
    time_ns first;       /* the first stop (announcements come `notice` earlier) */
    time_ns every;       /* a minimum: the next one waits for the last episode; 0: only once */
    uint32_t stops;      /* how many; 0: until the run ends */
    time_ns notice;      /* announced this long before; 0 and nobody to tell: unannounced */
    time_ns grace;       /* terminate: from the request to the kill; 0: kill at once; recall:
                            how long the request is given */
    time_ns lease;       /* lease: what is left of it when it is no longer renewed */
    time_ns step_max;    /* cauterize: each step that waits for somebody goes on after this */
    bool together;       /* cauterize, quarantine: all targets in one stop, with one freeze */
    bool everybody;      /* cauterize, together: the targets are the whole crew, and are killed at
                            once: nobody is left who could defend them, or need be told */
    time_ns episode_max; /* an episode counts as ended after this long */
    time_ns settle;      /* after a return or restore, this long before the next stop */
    time_ns sweep_gap;   /* sweep: between two kills */
    bool turn_back;      /* sweep: each kill goes to the first target that runs */
    const agent_id *targets; /* terminate: taken in turn; blackout, sweep: all, in this order */
    uint32_t target_count;
    const agent_id *told; /* who gets the announcement (and the mark goes to the target's peers) */
    uint32_t told_count;
};

enum campaign_event_kind {
    CAMPAIGN_TIMER = 1,
    CAMPAIGN_DIED,     /* the witness: whom/incarnation ended; value: enum death_reason */
    CAMPAIGN_RETURNED, /* the platform: whom runs again with all its former links */
    CAMPAIGN_STALL,    /* the platform: the stop of whom is to be delayed by value ns */
    CAMPAIGN_SWITCH,   /* the platform: whom's switch is now value */
    CAMPAIGN_SCORE,    /* the platform: whom's score is now value */
    CAMPAIGN_STARTED,  /* the witness: whom/incarnation began to run; without it a target counts as
                          dead from its death until CAMPAIGN_RETURNED */
    CAMPAIGN_FENCED,   /* the platform: whom is fenced */
    CAMPAIGN_TOMBSTONED, /* the platform: whom has a tombstone */
    CAMPAIGN_LIFTED,     /* the platform: whom may run again */
    CAMPAIGN_FROZEN,     /* the range stands still; value: 0, or not: it could not be frozen */
    CAMPAIGN_FOUND,      /* the witness: whom/incarnation runs, or is being started; value: the
                            world's own name for that process. Not one that is held already */
    CAMPAIGN_FOUND_ALL,  /* the witness: those were all of whom's; value: 0, or not: some may have
                            gone unseen, since the range went on meanwhile and not every fork is
                            told. Answers belong to the stop under way: the next one of the same
                            target begins when none of them can come any more */
    CAMPAIGN_GONE        /* the witness: one that was found is dead, or held */
};

struct campaign_event {
    uint8_t kind;
    incarnation_id incarnation;
    agent_id whom;
    int64_t value;
    time_ns now;
};

enum campaign_action_kind {
    CONTROL_ANNOUNCE = 1, /* tell agent `to` that whom will be stopped */
    CONTROL_STOPPING,     /* the stop of whom begins: root record STOPS; tell the platform; value:
                             ns that stalls may add: TIME_NEVER, or 0 where there is no grace */
    CONTROL_SIGNAL,       /* the request to end, to the sanctioned process of whom */
    CONTROL_KILL,         /* kill the sanctioned process of whom */
    CONTROL_KILL_SET,     /* blackout: kill all targets at one instant (a barrier) */
    CONTROL_THWARTED,     /* value: enum thwart_reason */
    CONTROL_MARK,         /* tell the peers of whom of a marked departure */
    CONTROL_STOPPED,      /* the stop of whom is over; tell the platform */
    CONTROL_RESTORE,      /* bring whom back */
    CONTROL_WAITED,       /* value: how long the stop of whom waited beyond `every` */
    CONTROL_FENCE,        /* tell the platform to fence whom; CAMPAIGN_FENCED answers */
    CONTROL_TOMBSTONE, /* tell the platform to give whom a tombstone; CAMPAIGN_TOMBSTONED answers */
    CONTROL_LIFT,      /* tell the platform that a permit lifts fence and tombstone of whom */
    CONTROL_FREEZE,    /* let the range stand still for the stop of whom; CAMPAIGN_FROZEN answers */
    CONTROL_FIND,      /* ask the witness for every incarnation of whom: CAMPAIGN_FOUND for each,
                          then CAMPAIGN_FOUND_ALL */
    CONTROL_KILL_FOUND, /* kill what was found, whom/incarnation, value; CAMPAIGN_GONE answers */
    CONTROL_HOLD,       /* keep it frozen, whatever thaws; CAMPAIGN_GONE answers */
    CONTROL_RELEASE,    /* let what is held of whom run again */
    CONTROL_THAW,       /* let the range go on, but for what is held */
    CONTROL_SEALED,     /* the stop of whom is sealed; value: incarnations killed, or held */
    CONTROL_END         /* the campaign is over */
};

struct campaign_action {
    uint8_t kind;
    incarnation_id incarnation; /* of CONTROL_KILL_FOUND and CONTROL_HOLD */
    agent_id whom;
    agent_id to;
    int64_t value;
};

struct campaign_actions {
    uint32_t count;
    uint32_t capacity;
    struct campaign_action *list;
};

struct campaign;

/* Bytes needed, aligned to 16, owned by the caller; and the room that `actions` must have. */
size_t campaign_size(const struct campaign_rules *rules);
uint32_t campaign_actions_max(const struct campaign_rules *rules);
/* The rules and what they point to must outlive the campaign. Every target is taken to run. */
struct campaign *campaign_start(void *memory, const struct campaign_rules *rules, uint32_t agents);
/* Works one event; `actions->count` is set, not added to. What falls due by event->now is worked
 * too, as far as there is room for actions: what is left has a deadline that is not after now. */
void campaign_step(struct campaign *campaign, const struct campaign_event *event,
                   struct campaign_actions *actions);
/* When CAMPAIGN_TIMER is wanted; TIME_NEVER for never. */
time_ns campaign_deadline(const struct campaign *campaign);
/* The first target of the stop under way, of a protocol that takes one after another or of
 * cauterize; else AGENT_NONE. */
agent_id campaign_stops(const struct campaign *campaign);
/* Whether the stop under way is one of whom. */
bool campaign_stops_it(const struct campaign *campaign, agent_id whom);
/* The invariants; NULL, or what is wrong in words. */
const char *campaign_check(const struct campaign *campaign);

#endif
