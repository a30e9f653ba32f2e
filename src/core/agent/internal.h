/*
 * What the files of the agent share: one step's context, the flags of rows and links, and small
 * helpers for time and acts. Nobody else includes this.
 */
#ifndef IOLAUS_CORE_AGENT_INTERNAL_H
#define IOLAUS_CORE_AGENT_INTERNAL_H

#include <assert.h>
#include <stddef.h>

#include "core/agent/agent.h"
#include "trace/record.h"

#define SLOT_NONE UINT32_MAX
#define MS INT64_C(1000000)

/* agent_row.status */
enum row_status {
    ROW_DIRECT = 1 << 0,   /* a direct probe waits for its ack */
    ROW_INDIRECT = 1 << 1, /* the helpers have been asked as well */
    ROW_PENDING = 1 << 2,  /* some link has reports, alerts or requests to give */
    ROW_STOPPING = 1 << 3, /* asked to stop; checkpoint_at is the departure */
    ROW_ENDED = 1 << 4     /* departed: deaf from now on */
};
#define ROW_PROBING (ROW_DIRECT | ROW_INDIRECT)

/* agent_peer.flags */
enum peer_flag {
    PEER_UNLINKED = 1 << 0,         /* the link is not up in this incarnation yet */
    PEER_NACK = 1 << 1,             /* a nack is owed to this peer at `since` */
    PEER_ASKED = 1 << 2,            /* a report about this peer is owed to the board */
    PEER_ALERTING = 1 << 3,         /* the neighbours are to be alerted */
    PEER_REQUESTING = 1 << 4,       /* the neighbours are to be asked */
    PEER_SPREADING = 1 << 5,        /* ... and row.spread is how far that has come */
    PEER_REPORTED = 1 << 6,         /* reported failed, so that its return must be reported too */
    PEER_WON = 1 << 7,              /* this agent relaunched it */
    PEER_DECIDED_GONE = 1 << 8,     /* decided after it was believed gone */
    PEER_DECIDED_ALERT = 1 << 9,    /* decided on an alert */
    PEER_DECIDED_RELAYED = 1 << 10, /* decided on a relayed request */
    PEER_EFFECTIVE = 1 << 11,       /* an effective act was chosen in this episode */
    PEER_TOLD = 1 << 12,            /* a third agent said that it is gone or in danger */
    PEER_REQUESTED = 1 << 13,       /* the defence was asked for: by and via of own_case */
    PEER_HELD = 1 << 14             /* what was chosen waits until it is believed gone */
};

/* One item of work gives at most this many acts: a gossip to all it may go to, and a few more. A
 * step that has fewer left puts the rest off to a timer that is due at once. */
#define ITEM_ACTS_MAX (WATCH_FANOUT_MAX + 4)
_Static_assert(2 * ITEM_ACTS_MAX <= ACTS_MAX, "the tick and one more item fit into a step");

struct step {
    const struct agent_rules *rules;
    struct agent *agent;
    struct agent_row *row;
    const struct percept *percept;
    struct acts *acts;
    time_ns now;
};

/* Time. A sum that would overflow is TIME_NEVER. */
static inline time_ns time_plus(time_ns time, time_ns more)
{
    time_ns sum;

    return __builtin_add_overflow(time, more, &sum) ? TIME_NEVER : sum;
}

static inline time_ns time_times(time_ns time, uint32_t factor)
{
    time_ns product;

    return __builtin_mul_overflow(time, (time_ns)factor, &product) ? TIME_NEVER : product;
}

/* Milliseconds modulo 2^32, rounded up so that nothing becomes due early; and back, for instants
 * within 24 days of `now`. */
static inline uint32_t ms_of(time_ns time)
{
    return (uint32_t)(time / MS + (time % MS != 0));
}

static inline time_ns time_of_ms(time_ns now, uint32_t ms)
{
    time_ns time = (now / MS + (int32_t)(ms - (uint32_t)(now / MS))) * MS;

    return time < 0 ? 0 : time;
}

/* The entry behind those of the peers: its own case, and the last request. */
static inline struct agent_peer *own_case(const struct agent *agent)
{
    return &agent->links[agent->degree];
}

/* Who the case in `slot` is about. */
static inline agent_id slot_id(const struct agent *agent, uint32_t slot)
{
    assert(slot <= agent->degree);
    return slot < agent->degree ? agent->peers[slot] : agent->row->concerned;
}

static inline bool linked(const struct step *step, uint32_t slot)
{
    return slot < step->agent->degree;
}

static inline bool peer_gone(const struct agent_peer *peer)
{
    return peer->state == PEER_DEAD || peer->state == PEER_LEFT;
}

static inline bool peer_watched(const struct agent_peer *peer)
{
    return !peer_gone(peer) && !(peer->flags & PEER_UNLINKED);
}

static inline void flags_set(struct agent_peer *peer, uint32_t flags)
{
    peer->flags = (peer->flags | flags) & 0x7fff;
}

static inline void flags_clear(struct agent_peer *peer, uint32_t flags)
{
    peer->flags = (peer->flags & ~flags) & 0x7fff;
}

static inline void other_by(struct agent_row *row, time_ns time)
{
    if (time < row->other)
        row->other = time;
}

static inline int acts_left(const struct step *step)
{
    return ACTS_MAX - step->acts->count;
}

/* The agent's own random numbers: `draws` of the row counts on. */
static inline uint64_t draw_below(struct step *step, enum random_stream stream, uint64_t limit)
{
    const struct agent *agent = step->agent;
    struct random random = random_make(agent->seed, agent->replicate, agent->id, agent->incarnation,
                                       stream, step->row->draws);
    uint64_t drawn = random_below(&random, limit);

    step->row->draws = random.draw;
    return drawn;
}

/* agent.c */
struct act *act_add(struct step *step, enum act_kind kind, agent_id peer);
struct act *act_send(struct step *step, enum message_kind message, agent_id to);
void peer_set_state(struct step *step, struct agent_peer *peer, enum peer_state state);

/* watch.c */
void watch_start(const struct agent_rules *rules, struct agent *agent, time_ns now);
void watch_timer(struct step *step);
void watch_message(struct step *step);
void link_came_up(struct step *step, struct agent_peer *peer);
void watch_nack_due(struct step *step, uint32_t slot);
void watch_health(struct step *step, int change);
uint32_t watch_pick_some(struct step *step, uint32_t but, agent_id nor, bool suspects,
                         uint32_t wanted, uint32_t picked[WATCH_FANOUT_MAX]);

/* gossip.c */
void gossip_message(struct step *step);
void gossip_spread(struct step *step, agent_id subject, enum peer_state state, uint16_t refutation,
                   agent_id by);
void gossip_suspect(struct step *step, uint32_t slot, uint16_t refutation, agent_id by);
void gossip_dead(struct step *step, uint32_t slot, agent_id by, enum notice_how how);
void gossip_alive(struct step *step, uint32_t slot, uint16_t refutation, bool spread);
time_ns suspicion_deadline(const struct step *step, const struct agent_peer *peer);

/* situation.c */
struct situation situation_of(const struct step *step, uint32_t slot, enum notice_how how);

/* defend.c */
void defend_gone(struct step *step, uint32_t slot, enum notice_how how);
void defend_end(struct step *step, uint32_t slot);
void defend_decide(struct step *step, uint32_t slot, enum notice_how how);
void defend_decided(struct step *step);
void defend_result(struct step *step);
time_ns defend_deadline(const struct step *step, const struct agent_peer *peer);
void defend_retry(struct step *step, uint32_t slot);
void case_reset(struct agent *agent, agent_id subject);
uint32_t defend_slot(struct step *step, agent_id subject);
bool defend_busy(const struct agent_peer *peer);
bool defend_able(const struct step *step);
struct act *defend_act(struct step *step, enum act_kind kind, uint32_t slot);

/* told.c */
void told_notice(struct step *step);
void told_alert(struct step *step);
void told_request(struct step *step);
void told_departed(struct step *step);
void told_returned(struct step *step);
void told_asked(struct step *step);
void told_stop_asked(struct step *step);
void told_report(struct step *step, uint32_t slot);
void told_drain(struct step *step);

/* contact.c */
void contact_start(const struct agent_rules *rules, struct agent *agent);
void contact_step(struct step *step);

#endif
