/*
 * What an agent does, as records with their causes.
 *
 * A world hands down one step's surroundings in a struct doing and calls, for each act of the step
 * in its order, the function for its kind. The function writes the record, keeps what the agent is
 * now about (its concern), and gives the cause to carry on with whatever the world then does.
 *
 *     for (i = 0; i < acts.count; i++) {
 *         acts_notice_first(&acts, i);
 *         switch (acts.list[i].kind) ... cause = act_calls(&doing, act); send(act, &cause);
 *     }
 *
 * The world owns the concerns: one for each peer in the order of `peers`, and one more for the
 * agent itself or whomever it has no link with; they are CAUSE_NONE (or all zero) when an
 * incarnation begins. Nothing here allocates or fails.
 *
 * A world that hears of the acts of one step one by one keeps the struct doing from one to the next
 * (or sets `noticed` again): what was noticed in a step is the cause of the rest of it.
 */
#ifndef IOLAUS_WORLD_ACTS_H
#define IOLAUS_WORLD_ACTS_H

#include "core/agent/agent.h"
#include "core/platform/platform.h"
#include "world/cause.h"

struct doing {
    agent_id id;
    incarnation_id incarnation;
    uint32_t writer; /* of its records */
    uint32_t degree;
    const agent_id *peers; /* `degree` of them, ascending */
    struct cause *concern; /* degree + 1: what it was last about, for each peer; see above */
    const struct percept *percept; /* what the step answers: kind, message, peer, subject, by, via
                                      are looked at */
    struct cause cause;            /* of the percept, or CAUSE_NONE */
    time_ns now;
    agent_id noticed; /* in this step; AGENT_NONE at its beginning */
    uint16_t told;    /* flags for the records of acts that use no tool: noticed, decides, decided,
                         alerts, requests, refuses. FLAG_TOLD where the world has only the agent's word
                         for them, else 0 */
    struct recorder recorder;
};

/* An agent spreads the word of a death before it says that it noticed; the word follows from that.
 * Where act `from` is such a word and the notice stands behind it, moves the notice to `from`. It
 * needs no world: an agent program may call it before it tells its acts. */
void acts_notice_first(struct acts *acts, int from);

/* Whom a percept is about. */
agent_id percept_subject(const struct percept *percept);

/* What the agent was last about for that peer: the entry of doing->concern. */
struct cause *concern_of(const struct doing *doing, agent_id peer);

/* What an act about `peer` follows from: the percept where it is about the same peer, else what the
 * agent was last about for it. */
struct cause act_cause(const struct doing *doing, agent_id peer);

/* ACT_RETRACTED: what it was about for that peer is over. */
void act_retracts(struct doing *doing, const struct act *act);
/* ACT_NOTICED. `behind`: where act->how is HOW_SILENCE, the record of what the world knows to be
 * behind the silence (the peer's end, a partition), or RECORD_ID_NONE: nothing reached the agent,
 * so the cause is marked as a guess. Not looked at for any other `how`. */
struct cause act_notices(struct doing *doing, const struct act *act, struct record_id behind);

/* ACT_DECIDE: peer and situation are looked at. The cause goes with the question to the mind. */
struct cause act_decides(const struct doing *doing, const struct act *act);

/* The mind's answer about `peer`, a mask of enum choice: a record of its own, from which all that
 * the agent now does follows. doing->cause is what act_decides gave; where a world did not keep it,
 * *concern_of(doing, peer). */
struct cause act_decided(const struct doing *doing, agent_id peer, uint32_t choice);

/* ACT_ALERT, ACT_REQUEST: about act->subject, to act->peer. The cause goes with the message. */
struct cause act_calls(const struct doing *doing, const struct act *act);

/* ACT_REFUSE: what act->by asked about act->peer. */
struct cause act_refuses(const struct doing *doing, const struct act *act);

/* ACT_DEPART. `stopped`: the request to end that it heard. The cause is that of its death. */
struct cause act_departs(const struct doing *doing, const struct cause *stopped);

/* A tool, or ACT_CHECKPOINT with act->value the number that the world gave it: the record, and the
 * event that goes to the platform (its `now` and whom's incarnation are not set). The cause goes
 * with the event. Of a report that a peer is healthy, act->masking says whether the agent believes
 * otherwise; a world that cannot look into the agent takes it from whether there is a concern for
 * that peer (it is forgotten when the peer returns). */
struct cause act_tool(const struct doing *doing, const struct act *act,
                      struct platform_event *event);

/* ACT_SEND of MESSAGE_GOSSIP about `subject`: no record; what the word follows from. Other messages
 * have no cause, but for those of act_calls. */
struct cause act_gossips(const struct doing *doing, agent_id subject);

/* The link to a peer was made again, because of `cause`: what the agent says of the return is its
 * own word, whoever had asked for the relinking. The cause of its PERCEPT_RETURNED. */
struct cause returned_cause(struct cause cause);

/* ... and what the agent was about for that peer is over, once it has worked the percept. */
void concern_forget(struct cause *concern);

#endif
