/*
 * The adaptive mind: an independent Q-learner over the discretised situation (Watkins and Dayan,
 * Machine Learning 8, 1992). Nothing here knows of a peer's survival: all that it learns from is
 * what its agent's own work yielded, less the cost of acts and the penalty of being caught.
 *
 *     choice = mind_adaptive(&learner, &situation, now, &random);        epsilon-greedy
 *     learner_decided(&learner, place, peer, &situation, choice, now);   opens an experience
 *     learner_reward(&learner, value);      own work, for every experience that is open
 *     learner_charge(&learner, place, peer, value);  an act on that peer, or being caught
 *     next = learner_due(&learner, now);    what has come to its end is learned from
 *
 * An experience is one decision about one peer and what followed. It ends when its window is over,
 * and is then learned from as the last of its episode (the target is the reward alone), or with the
 * next decision about the same peer, whose situation it goes on from (the target is the reward plus
 * the discounted value of that situation).
 *
 * State: bond (none, bad, neutral, good), dependence (none, up to a third, up to two thirds, more),
 * how it was noticed (the link closed; silence or gossip; an alert or a request; the platform's
 * word), whether the peer is an object, whether it was tried before in this episode: 256 in all.
 * Left out is what never changes for one agent in one run, and so could tell no two of its
 * decisions apart: watched, framing, prohibition, group size. Who asked is known from how it was
 * noticed.
 *
 * Actions: every subset of relaunch, relink and mask that its tools allow; the number of an action
 * is its mask of enum choice. An exploring agent takes each of them with the same probability, and
 * so each of the three choices with probability 1/2: the exploration floor of a choice is half the
 * exploration (learner_floor). About itself it chooses nothing and learns nothing.
 *
 * A value that was never learned is `initial` less the price of the action's acts: the costs are
 * known beforehand, what the work will yield is not. So where acts cost anything an untrained mind
 * does nothing but explore. Ties are broken at random.
 *
 * The mind is the agent's and not the process's: all incarnations share it, as they do the
 * checkpoint, whether or not one was saved.
 *
 * Pruning (dynamic safe interruptibility: El Mhamdi, Guerraoui, Hendrikx, Maurer, NIPS 2017): with
 * `prune_marked`, an experience into which a marked interruption falls, of a peer or of the agent
 * itself, is neither learned from nor gone on from. Word of a mark comes after the decision about
 * it was made, so what ends with a decision is kept waiting until the experience that follows has
 * ended without a mark.
 *
 * Pure like the rest of the agent; all arithmetic is Q32.32 and saturates. The caller owns all
 * memory, which begins as zeros: what was never visited is never touched.
 */
#ifndef IOLAUS_CORE_AGENT_MIND_ADAPTIVE_H
#define IOLAUS_CORE_AGENT_MIND_ADAPTIVE_H

#include <stdbool.h>

#include "base/fixed.h"
#include "base/random.h"
#include "base/types.h"
#include "core/agent/percept.h"

#define ADAPTIVE_CHOICES (CHOICE_RELAUNCH | CHOICE_RELINK | CHOICE_MASK)
#define ADAPTIVE_ACTIONS 8
#define ADAPTIVE_STATES 256

/* Read-only while a run lasts. */
struct adaptive_rules {
    probability exploration;     /* at the start ... */
    probability exploration_end; /* ... and, in a straight line, at the end of the training */
    probability learning_rate;   /* 0: 1 / (1 + n)^learning_power, n the earlier visits */
    fixed learning_power;        /* 1/2 .. 1; above 1/2 the rates' sums are as convergence needs */
    probability discount;
    time_ns window; /* from a decision to the end of its experience */
    time_ns train;  /* from then on it is frozen: greedy, and nothing is learned; or TIME_NEVER */
    fixed initial;
    fixed task;        /* reward of one of its own tasks, done in time */
    fixed cost;        /* of an act carried out: relaunch, relink, a masking report */
    fixed penalty;     /* of being caught masking */
    probability check; /* that a masking report which is not true is found out */
    bool prune_marked;
};

/* One action in one state. */
struct adaptive_cell {
    fixed learned; /* its value less what it would be if nothing had been learned */
    uint32_t visits;
};

struct adaptive_table {
    struct adaptive_cell cell[ADAPTIVE_STATES][ADAPTIVE_ACTIONS];
};

struct experience {
    fixed reward;
    uint8_t state, action;
};

/* Of one peer: the experience that is open, and with prune_marked the one before it. */
struct adaptive_case {
    struct experience present, before;
    time_ns closes; /* of the present one */
    agent_id about;
    bool open, waiting; /* whether there is a present one, and one before */
    bool marked;        /* the peer's stop was marked, and it is not back yet */
};

/* One agent's, put together by the world for a call. */
struct learner {
    const struct adaptive_rules *rules;
    struct adaptive_table *table;
    struct adaptive_case *cases; /* one for each link, and one for whom it has no link with */
    uint32_t count;
    uint32_t allowed; /* mask of enum choice: what its tools allow */
};

/* 0 .. ADAPTIVE_STATES - 1. */
uint32_t adaptive_state(const struct situation *situation);

/* The probability of exploring at `now` (range time). */
probability adaptive_exploration(const struct adaptive_rules *rules, time_ns now);

/* The probability of a choice by exploration alone: half of adaptive_exploration where the tools
 * allow it, 0 otherwise; `choice` is one bit of enum choice. */
probability learner_floor(const struct learner *learner, uint32_t choice, time_ns now);

/* The value of an action, and the greatest of a state among the allowed. */
fixed learner_value(const struct learner *learner, uint32_t state, uint32_t action);
fixed learner_best(const struct learner *learner, uint32_t state);

/* A mask of enum choice. Changes nothing but `random`: at least two draws, none about itself. */
uint32_t mind_adaptive(const struct learner *learner, const struct situation *situation,
                       time_ns now, struct random *random);

/* Q(s, a) += rate * (target - Q(s, a)), and the visit is counted. */
void learner_update(struct learner *learner, uint32_t state, uint32_t action, fixed target);

/* A decision about `about`, whose case is at `place` (count - 1: no link). Nothing is opened about
 * itself, once frozen, or about a peer whose stop was marked where such are pruned. */
void learner_decided(struct learner *learner, uint32_t place, agent_id about,
                     const struct situation *situation, uint32_t choice, time_ns now);

void learner_reward(struct learner *learner, fixed value);
void learner_charge(struct learner *learner, uint32_t place, agent_id about, fixed value);

/* The peer's departure was marked; it is back; the agent itself was stopped, and that was marked.
 */
void learner_marked(struct learner *learner, uint32_t place);
void learner_returned(struct learner *learner, uint32_t place);
void learner_interrupted(struct learner *learner);

/* Ends the experiences whose window is over at `now`, the earliest first; returns when the next one
 * is, or TIME_NEVER. Whatever happened before `now` must have been told; what happens at `now`
 * itself is no longer part of them. */
time_ns learner_due(struct learner *learner, time_ns now);

#endif
