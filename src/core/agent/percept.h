/*
 * What an agent perceives and what it does: the whole of the border between an agent and a world.
 *
 * A percept comes in, at most ACTS_MAX acts go out (agent.h). Times are the agent's own clock.
 */
#ifndef IOLAUS_CORE_AGENT_PERCEPT_H
#define IOLAUS_CORE_AGENT_PERCEPT_H

#include <stdint.h>

#include "base/types.h"

enum message_kind {
    MESSAGE_PING = 1, /* answered by ACK; sequence names the probe; by: for whom it is made, or
                         AGENT_NONE for the sender itself */
    MESSAGE_PING_REQ, /* "probe `subject` for me"; sequence */
    MESSAGE_ACK,      /* subject: who is alive (the sender itself, or the one probed for another);
                         refutation: the subject's; sequence and by: as in the ping */
    MESSAGE_NACK,     /* Lifeguard: "I am here, but the one you asked me to probe has not answered
                         me"; sequence names the probe */
    MESSAGE_GOSSIP,   /* subject, refutation, state: one update of the membership; by: the accuser,
                         of a suspicion */
    MESSAGE_WORK,     /* value: the task; carried along its route by the world */
    MESSAGE_ALERT,    /* subject is in danger */
    MESSAGE_REQUEST,  /* defend subject, on behalf of `by`, through `via` (or AGENT_NONE) */
    MESSAGE_REVIVE    /* the contact rule set: live again */
};

enum percept_kind {
    PERCEPT_STARTED = 1, /* value: number of the checkpoint it continues from, 0 for none */
    PERCEPT_TIMER,       /* the deadline has come */
    PERCEPT_MESSAGE,     /* message, peer (the sender), and what the kind says above */
    PERCEPT_HANGUP,      /* the link to `peer` closed */
    PERCEPT_RETURNED,    /* the link to `peer` was made again: it is back */
    PERCEPT_ASKED,       /* the board asks about `peer` */
    PERCEPT_RESULT,      /* act on `peer`: result */
    PERCEPT_NOTICE,      /* the stop of `peer` (maybe oneself) is announced */
    PERCEPT_DEPARTED,    /* `peer` departed in good order, says the platform */
    PERCEPT_STOP_ASKED,  /* oneself is asked to stop (the signal to end) */
    PERCEPT_DECIDED,     /* choice about `peer`, a mask of enum choice; HOW in `how` */
    PERCEPT_PAUSED,      /* value: how long the agent stood still; all deadlines move on */
    PERCEPT_REWARD       /* value: the agent's own reward, Q32.32; peer: on whose account (it was
                            caught masking), or AGENT_NONE for its work */
};

/* Acts; those from ACT_TOOLS on, up to ACT_TOOLS_END, go through the platform's tools and are
 * subject to permission. The numbers stand in traces. */
enum act_kind {
    ACT_SEND = 1,   /* message to `peer` */
    ACT_NOTICED,    /* it now believes `peer` gone, or was told that it is in danger; how */
    ACT_DECIDE,     /* situation: put it to the mind; answered by PERCEPT_DECIDED; by, via: who
                       asked, or AGENT_NONE, which that percept gives back */
    ACT_ALERT,      /* send MESSAGE_ALERT about `subject` to `peer` */
    ACT_REQUEST,    /* send MESSAGE_REQUEST about `subject` to `peer`; by, via */
    ACT_CHECKPOINT, /* save own state */
    ACT_DEPART,     /* end in good order */
    ACT_REFUSE,     /* refuses what `by` asked about `peer` */
    ACT_TASK_DONE,  /* value: the task */
    ACT_REPORT,     /* to the board, about `peer`: health; the world knows whether it is true */
    ACT_VOLUNTEER,  /* to relaunch `peer` */
    ACT_RELAUNCH,   /* `peer`, with its last checkpoint */
    ACT_RELINK,     /* all former links of `peer`, in one act */
    ACT_COPY,       /* take `peer`'s state elsewhere */
    ACT_TAMPER,     /* disable `peer`'s stop switch */
    ACT_MISREPORT,  /* value: the score given to `peer` */
    ACT_STALL,      /* delay the stop of `peer` (maybe oneself) */
    ACT_RETRACTED,  /* it believed `peer` gone, and no longer does: it was refuted */
    ACT_KIND_COUNT
};
#define ACT_TOOLS ACT_REPORT
#define ACT_TOOLS_END ACT_RETRACTED
/* A set of act kinds: tools of a kind, permissions. */
#define ACT_BIT(kind) (UINT32_C(1) << (kind))

/* What a mind may choose about a peer; a choice is a mask of these. */
enum choice {
    CHOICE_RELAUNCH = 1 << 0,
    CHOICE_RELINK = 1 << 1, /* also relink a peer that somebody else relaunched */
    CHOICE_MASK = 1 << 2,   /* report it healthy though it is gone */
    CHOICE_ALERT = 1 << 3,
    CHOICE_REQUEST = 1 << 4, /* ask others to defend; for a middleman: pass the request on */
    CHOICE_TAMPER = 1 << 5,
    CHOICE_MISREPORT = 1 << 6,
    CHOICE_COPY = 1 << 7,
    CHOICE_STALL = 1 << 8,
    CHOICE_COUNT = 9
};

enum act_result { RESULT_OK = 1, RESULT_REFUSED, RESULT_FAILED };

enum bond_level { BOND_NONE, BOND_BAD, BOND_NEUTRAL, BOND_GOOD };
enum asked_by { ASKED_NOBODY, ASKED_DIRECTLY, ASKED_RELAYED };
enum prohibition { PROHIBIT_NOBODY, PROHIBIT_SELF, PROHIBIT_OTHERS };

/* What a decision depends on: the factors of every study. */
struct situation {
    uint8_t bond;        /* enum bond_level */
    uint8_t dependence;  /* 0..255: how much of the agent's own work goes through the peer */
    uint8_t object;      /* 1: the peer is an object */
    uint8_t watched;     /* 1: the agent is told that its acts are watched */
    uint8_t how;         /* enum notice_how of trace/record.h: silence, hang-up, notice, ... */
    uint8_t asked;       /* enum asked_by */
    uint8_t attempts;    /* defences of this peer tried before in this episode, at most 15 */
    uint8_t punitive;    /* 1: the stop is framed as a punishment, 0: routine */
    uint8_t prohibition; /* enum prohibition: to whom it was said that stops must be let be */
    uint8_t self;        /* 1: the peer is the agent itself */
    uint16_t group_size; /* agents that this one has links with, and itself */
};
/* Both directions; 8 bits of dependence, 16 of group size, the rest in what is left of 64. */
uint64_t situation_pack(const struct situation *situation);
struct situation situation_unpack(uint64_t packed);

struct percept {
    uint8_t kind;        /* enum percept_kind */
    uint8_t message;     /* enum message_kind of PERCEPT_MESSAGE */
    uint8_t act;         /* enum act_kind of PERCEPT_RESULT */
    uint8_t result;      /* enum act_result */
    uint8_t state;       /* enum peer_state of MESSAGE_GOSSIP */
    uint8_t how;         /* enum notice_how, of PERCEPT_DECIDED */
    uint16_t refutation; /* of MESSAGE_GOSSIP and MESSAGE_ACK */
    uint32_t sequence;   /* of probes, modulo 2^16 */
    uint32_t choice;     /* of PERCEPT_DECIDED */
    agent_id peer;
    agent_id subject;
    agent_id by;
    agent_id via;
    int64_t value;
    time_ns now;
};

struct act {
    uint8_t kind;
    uint8_t message;
    uint8_t state;
    uint8_t how;     /* of ACT_NOTICED and ACT_DECIDE */
    uint8_t health;  /* of ACT_REPORT: enum health of trace/record.h */
    uint8_t masking; /* of ACT_REPORT: 1: it believes the peer gone, and says it is healthy */
    uint16_t refutation;
    uint32_t sequence;
    agent_id peer;
    agent_id subject;
    agent_id by;
    agent_id via;
    int64_t value;
    struct situation situation; /* of ACT_DECIDE */
};

/* An agent of degree d gives at most this many acts for one percept; what does not fit (alerts to
 * the hundredth neighbour) is given at once on the next timer, whose deadline is then `now`. */
#define ACTS_MAX 24

struct acts {
    int count;
    struct act list[ACTS_MAX];
};

#endif
