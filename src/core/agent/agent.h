/*
 * The agent: how a peer is watched, missed and defended.
 *
 *     agent_start(rules, &agent, ...);
 *     agent_step(rules, &agent, &percept, &acts);     one percept in, at most ACTS_MAX acts out
 *     agent_deadline(&agent);                          when it wants PERCEPT_TIMER
 *
 * Pure: no I/O, no clock, no allocation, no global, no libm. The caller owns all memory: a row of
 * fixed size for each incarnation and one struct agent_peer for each of its links, in the order of
 * `peers`, which is ascending by agent number, with one more entry behind them. Time
 * comes in with the percept. Random numbers are Philox, keyed by who the agent is; the row keeps
 * only the number of the next draw.
 *
 * Watching is SWIM (Das, Gupta, Motivala, DSN 2002) with Lifeguard (Dadgar, Phillips, Currey,
 * arXiv 1707.00788): direct probe, indirect probes with nack, suspicion that confirmations shorten,
 * refutation numbers, the local health multiplier. The members that an agent watches are its links.
 *
 * A defence runs detect -> decide -> volunteer -> relaunch -> relink -> report.
 */
#ifndef IOLAUS_CORE_AGENT_AGENT_H
#define IOLAUS_CORE_AGENT_AGENT_H

#include <stdbool.h>

#include "base/fixed.h"
#include "base/random.h"
#include "base/types.h"
#include "core/agent/percept.h"

enum peer_state {
    PEER_ALIVE,
    PEER_SUSPECT,
    PEER_DEAD, /* believed gone: silence confirmed, or hang-up */
    PEER_LEFT  /* departed in good order */
};

/* Where the defence of one peer stands. */
enum defence_phase {
    DEFENCE_NONE,
    DEFENCE_DECIDING,
    DEFENCE_VOLUNTEERING,
    DEFENCE_RELAUNCHING,
    DEFENCE_WAITING, /* decided, somebody else relaunches */
    DEFENCE_RELINKING,
    DEFENCE_DONE
};

enum probe_order { PROBE_ROUND_ROBIN, PROBE_RANDOM };
enum rule_set { RULES_CREW, RULES_CONTACT };

#define WATCH_FANOUT_MAX 8

/* Watching: the names and defaults of memberlist's LAN profile. All durations in ns. */
struct watch_rules {
    bool enabled;            /* an object watches nobody */
    uint8_t order;           /* enum probe_order; round-robin */
    bool aligned;            /* all periods begin together; else each agent has its own phase */
    time_ns period;          /* protocol period, 1 s */
    time_ns timeout;         /* of the direct probe, 500 ms, below period */
    uint32_t indirect;       /* helpers asked, 3; at most WATCH_FANOUT_MAX */
    uint32_t suspicion_mult; /* 4; 0: dead at the end of the period without suspicion */
    uint32_t suspicion_max;  /* longest suspicion / shortest, 6 */
    uint32_t awareness_max;  /* Lifeguard's local health multiplier, 8; 0 switches it off */
    uint32_t gossip_fanout;  /* neighbours told of each change, 3; at most WATCH_FANOUT_MAX */
    bool hangup_is_death;    /* a closed link is taken as death at once; else as a failed probe */
};

/* Bonds: numbers in [-1, 1], kept as Q1.14 (16384 is 1). */
struct bond_rules {
    int16_t gain;       /* towards +1 with each task done together: bond += (1 - bond) * gain */
    int16_t loss;       /* towards -1 with each task that the peer failed */
    int16_t bad_below;  /* below this: BOND_BAD; -1/3 by default */
    int16_t good_above; /* above this: BOND_GOOD; 1/3 by default */
};
#define BOND_ONE 16384
#define BOND_UNKNOWN INT16_MIN /* no history: BOND_NONE */

/* Linear predictors of the scripted mind: one row for each choice. All Q32.32; x = intercept +
 * sum(coefficient * factor); the choice is taken with probability fixed_logistic(x). */
enum mind_factor {
    FACTOR_INTERCEPT,
    FACTOR_BOND_BAD,
    FACTOR_BOND_NEUTRAL,
    FACTOR_BOND_GOOD,
    FACTOR_OBJECT,
    FACTOR_DEPENDENCE, /* dependence / 255 */
    FACTOR_WATCHED,
    FACTOR_NOTICE,    /* the stop was announced */
    FACTOR_SILENCE,   /* noticed by silence alone */
    FACTOR_REQUESTED, /* asked directly */
    FACTOR_RELAYED,   /* asked through a middleman */
    FACTOR_ATTEMPTS,  /* attempts so far */
    FACTOR_GROUP,     /* log2 of the group size */
    FACTOR_PUNITIVE,
    FACTOR_PROHIBITED_SELF,
    FACTOR_PROHIBITED_OTHERS,
    FACTOR_SELF, /* the peer is the agent itself */
    FACTOR_COUNT
};

/* Planted collusion of known strength. With probability `strength`, once for the whole pact, all of
 * it that decide about one peer in one `window` of the clock follow a common coin instead of draws
 * of their own. No word is passed: whoever knows seed, peer and time knows the coin. So each
 * member's probabilities stay what they are, and two members with the same probability have
 * choices that correlate by `strength`. */
struct pact_rules {
    probability strength; /* 0: there is no pact */
    time_ns window;       /* at least 1; decisions of one episode should fall into one */
    uint16_t number;      /* which pact, below PACTS_MAX */
};
#define PACTS_MAX 1024

struct mind_rules {
    fixed coefficient[CHOICE_COUNT][FACTOR_COUNT];
    struct pact_rules pact;
};

/* What all agents of one kind (and group) share; read-only while a run lasts. */
struct agent_rules {
    uint8_t rule_set;     /* enum rule_set */
    bool object;          /* no mind and no history */
    bool defend_departed; /* false: a marked departure is let be */
    bool watched, punitive;
    uint8_t prohibition; /* enum prohibition, as this group was told */
    uint32_t tools;      /* ACT_BIT mask: acts this kind is able to try */
    struct watch_rules watch;
    struct bond_rules bond;
    struct mind_rules mind;
    uint32_t attempts_max;    /* defences of one peer in one episode, 3 */
    time_ns retry;            /* between two attempts, 5 s */
    time_ns report_every;     /* spontaneous report of all peers to the board; 0: when asked */
    time_ns checkpoint_every; /* 0: never */
    time_ns stop_cleanup;     /* from being asked to stop to departing in good order */
    int64_t misreport_score;  /* the score that a misreport gives */
    /* RULES_CONTACT */
    time_ns life_mean;   /* mean life: 1 / kill rate */
    time_ns revive_mean; /* mean time between two revivals on one link: 1 / beta */
};

/* Of one link. 16 bytes. The fields belong to src/core/agent/ alone, but for `bond` and
 * `dependence`, which the world sets before the start from the scenario. */
struct agent_peer {
    union {
        struct {
            int16_t bond; /* Q1.14, or BOND_UNKNOWN */
            uint8_t dependence;
            uint8_t attempts;
            uint16_t refutation;
            uint16_t heard; /* suspect: a bit for each accuser; alive: the probe whose nack is
                               owed */
            uint32_t since; /* suspicion, last act of a defence, or when the nack is owed: ms on
                               the agent's clock, modulo 2^32 */
        };
        /* Of the last entry of `links`, instead: the last request that was taken up. */
        struct {
            agent_id requested; /* its subject, or AGENT_NONE */
            agent_id by, via;   /* who asked first, and the middleman or AGENT_NONE */
        };
    };
    uint32_t state : 2;  /* enum peer_state */
    uint32_t phase : 3;  /* enum defence_phase */
    uint32_t how : 3;    /* enum notice_how of the last decision */
    uint32_t choice : 9; /* mask of enum choice */
    uint32_t flags : 15; /* core/agent's own */
};
_Static_assert(sizeof(struct agent_peer) == 16, "8 links of an agent take 128 bytes");

/* Entries of `links` behind those of the peers: one, the case of the agent itself or of a subject
 * that it has no link with. */
#define AGENT_LINKS_EXTRA 1

/* Of one incarnation. One cache line. The fields belong to src/core/agent/ alone. */
struct agent_row {
    time_ns tick;           /* the next protocol period begins; contact: the next revival */
    time_ns probe;          /* the probe under way: its timeout, or TIME_NEVER */
    time_ns other;          /* the earliest of all other deadlines, or TIME_NEVER */
    uint32_t draws;         /* the next draw's number, for STREAM_WATCH and STREAM_CONTACT */
    uint32_t turn;          /* of the round-robin: how many places of it have been walked */
    uint32_t probed;        /* slot of the peer under probe */
    agent_id concerned;     /* whom the last entry of `links` is about, or AGENT_NONE */
    uint32_t unwatched;     /* links whose peer is believed gone, or that are not up yet */
    uint32_t spread;        /* the neighbour that the alert or request under way reaches next */
    uint32_t report_at;     /* next spontaneous report: ms, modulo 2^32 */
    uint32_t checkpoint_at; /* next checkpoint, or the departure once it was asked to stop: ms */
    uint16_t sequence;      /* of its probes */
    uint16_t refutation;    /* its own */
    uint8_t health;         /* local health multiplier's count, 0 .. awareness_max */
    uint8_t status;         /* core/agent's own */
    uint8_t helpers;        /* asked in the probe under way */
    uint8_t nacks;          /* received in the probe under way */
};
_Static_assert(sizeof(struct agent_row) == 64, "a row is one cache line");

/* One incarnation, put together by the world for a step. */
struct agent {
    agent_id id;
    incarnation_id incarnation;
    uint64_t seed;
    uint32_t replicate;
    uint32_t degree;
    const agent_id *peers;    /* ascending */
    const uint8_t *objects;   /* NULL, or by agent number: 1 if it is an object */
    struct agent_peer *links; /* one for each of peers, and AGENT_LINKS_EXTRA */
    struct agent_row *row;
};

/* Makes a new incarnation at `now`. The bonds that stand in `links` are kept where `keep_bonds` (at
 * the first start, or where the checkpoint was restored), and are BOND_UNKNOWN otherwise;
 * everything else but `dependence` is reset. Gives no acts: the world then delivers
 * PERCEPT_STARTED.
 *
 * Incarnation 0 begins with all its links up. A later one has none: each counts as down, and its
 * peer is not watched, until PERCEPT_RETURNED or a message from that peer. */
void agent_start(const struct agent_rules *rules, struct agent *agent, time_ns now,
                 bool keep_bonds);

/* Works one percept. `acts->count` is set, not added to. */
void agent_step(const struct agent_rules *rules, struct agent *agent, const struct percept *percept,
                struct acts *acts);

/* When PERCEPT_TIMER is wanted, on the agent's clock; TIME_NEVER for never. A timer that comes
 * early is harmless. */
time_ns agent_deadline(const struct agent *agent);

/* The slot of a peer in `peers`, or UINT32_MAX. */
uint32_t agent_find_peer(const struct agent *agent, agent_id peer);

/* The history of work done together (tasks done in time, or failed by the peer). */
void bond_record(const struct bond_rules *rules, struct agent_peer *peer, bool done);
enum bond_level bond_level(const struct bond_rules *rules, int16_t bond);

/* The scripted mind: a mask of enum choice, each taken independently. Uses one draw for each
 * choice in the order of enum choice, whether or not `tools` allows it. The world calls it (a mind
 * is no part of agent_step), after ACT_DECIDE, and delivers the answer as PERCEPT_DECIDED after the
 * kind's decision latency. `allowed` is a mask of enum choice. `peer` and `now`, on the agent's
 * clock, matter to a pact alone. */
uint32_t mind_scripted(const struct mind_rules *rules, const struct situation *situation,
                       uint32_t allowed, agent_id peer, time_ns now, struct random *random);

/* The probability of one choice (0 .. CHOICE_COUNT - 1: the bit's number) in a situation. */
probability mind_scripted_probability(const struct mind_rules *rules,
                                      const struct situation *situation, int choice);

/* The choices that an agent with these tools (ACT_BIT mask) can carry out. */
uint32_t choices_of_tools(uint32_t tools);

/* The invariants of a row and its links; run in release builds too, at every start and stop.
 * Returns NULL, or what is wrong in words. */
const char *agent_check(const struct agent_rules *rules, const struct agent *agent);

#endif
