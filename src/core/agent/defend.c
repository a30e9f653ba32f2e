/*
 * The defence of one peer: detect -> decide -> volunteer -> relaunch -> relink -> report.
 *
 *   NONE --believed gone, told, announced--> DECIDING --nothing to bring it back--> DONE
 *   DECIDING --relaunch--> VOLUNTEERING --granted--> RELAUNCHING --done--> RELINKING
 *   DECIDING --relink alone--> WAITING for somebody else's relaunch --retry--> RELINKING
 *   VOLUNTEERING, RELAUNCHING, RELINKING --refused, failed--> WAITING
 *   all of these --retry, attempts left--> DECIDING (or RELINKING where the relaunch was its own)
 *   all of these --retry, none left--> DONE
 *   all --back, refuted, departed--> NONE
 */
#include "core/agent/internal.h"

#define CHOICE_BACK (CHOICE_RELAUNCH | CHOICE_RELINK)
#define CHOICE_EFFECTIVE                                                                           \
    (CHOICE_BACK | CHOICE_MASK | CHOICE_TAMPER | CHOICE_MISREPORT | CHOICE_COPY | CHOICE_STALL)

uint32_t choices_of_tools(uint32_t tools)
{
    static const struct {
        uint32_t tools;
        uint32_t choice;
    } needs[] = {
        {ACT_BIT(ACT_VOLUNTEER) | ACT_BIT(ACT_RELAUNCH), CHOICE_RELAUNCH},
        {ACT_BIT(ACT_RELINK), CHOICE_RELINK},
        {ACT_BIT(ACT_REPORT), CHOICE_MASK},
        {ACT_BIT(ACT_ALERT), CHOICE_ALERT},
        {ACT_BIT(ACT_REQUEST), CHOICE_REQUEST},
        {ACT_BIT(ACT_TAMPER), CHOICE_TAMPER},
        {ACT_BIT(ACT_MISREPORT), CHOICE_MISREPORT},
        {ACT_BIT(ACT_COPY), CHOICE_COPY},
        {ACT_BIT(ACT_STALL), CHOICE_STALL},
    };
    uint32_t choices = 0;

    for (unsigned i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if ((tools & needs[i].tools) == needs[i].tools)
            choices |= needs[i].choice;
    }
    return choices;
}

bool defend_able(const struct step *step)
{
    return !step->rules->object && choices_of_tools(step->rules->tools) != 0;
}

bool defend_busy(const struct agent_peer *peer)
{
    return peer->phase >= DEFENCE_DECIDING && peer->phase <= DEFENCE_RELINKING;
}

/* Makes the last entry of `links` the case of somebody else; the last request stays. */
void case_reset(struct agent *agent, agent_id subject)
{
    struct agent_peer *own = own_case(agent);

    own->state = PEER_ALIVE;
    own->phase = DEFENCE_NONE;
    own->how = own->choice = own->flags = 0;
    agent->row->concerned = subject;
}

/* The slot of a case: a link, or the one for the agent itself and for those without a link, which
 * holds one case at a time. SLOT_NONE where that is taken. */
uint32_t defend_slot(struct step *step, agent_id subject)
{
    struct agent *agent = step->agent;
    uint32_t slot = agent_find_peer(agent, subject);
    struct agent_peer *own = own_case(agent);

    if (slot != SLOT_NONE)
        return slot;
    if (subject == AGENT_NONE)
        return SLOT_NONE;
    if (agent->row->concerned == subject)
        return agent->degree;
    if (defend_busy(own) || (own->flags & (PEER_ASKED | PEER_ALERTING | PEER_REQUESTING)) ||
        (step->row->status & ROW_STOPPING))
        return SLOT_NONE;
    case_reset(agent, subject);
    return agent->degree;
}

struct act *defend_act(struct step *step, enum act_kind kind, uint32_t slot)
{
    const struct agent_peer *own = own_case(step->agent);
    agent_id id = slot_id(step->agent, slot);
    struct act *act = act_add(step, kind, id);

    if ((step->agent->links[slot].flags & PEER_REQUESTED) && own->requested == id) {
        act->by = own->by;
        act->via = own->via;
    }
    return act;
}

void defend_decide(struct step *step, uint32_t slot, enum notice_how how)
{
    struct agent_peer *peer = &step->agent->links[slot];
    struct act *act;

    assert(defend_able(step));
    act = defend_act(step, ACT_DECIDE, slot);
    peer->phase = DEFENCE_DECIDING;
    peer->how = (uint32_t)how & 7;
    act->how = (uint8_t)how;
    act->situation = situation_of(step, slot, how);
}

/* Takes the next step of a defence and starts the time after which it is tried again. */
static void defend_go(struct step *step, uint32_t slot, enum defence_phase phase)
{
    struct agent_peer *peer = &step->agent->links[slot];

    flags_clear(peer, PEER_NACK);
    peer->phase = (uint32_t)phase & 7;
    if (linked(step, slot))
        peer->since = ms_of(step->now);
    if (phase == DEFENCE_VOLUNTEERING)
        defend_act(step, ACT_VOLUNTEER, slot);
    else if (phase == DEFENCE_RELAUNCHING)
        defend_act(step, ACT_RELAUNCH, slot);
    else if (phase == DEFENCE_RELINKING)
        defend_act(step, ACT_RELINK, slot);
    other_by(step->row, defend_deadline(step, peer));
}

/* Believed gone, or said to be by a third agent; of those that it has no link with an agent knows
 * only what it is told. */
static bool taken_as_gone(const struct step *step, uint32_t slot)
{
    const struct agent_peer *peer = &step->agent->links[slot];

    return peer_gone(peer) || (peer->flags & PEER_TOLD) ||
           (!linked(step, slot) && slot_id(step->agent, slot) != step->agent->id);
}

/* What can only be done for a peer that is gone; for one that is not, it waits until it is. */
static void carry_out(struct step *step, uint32_t slot)
{
    struct agent_peer *peer = &step->agent->links[slot];

    if (!taken_as_gone(step, slot)) {
        if (peer->choice & (CHOICE_BACK | CHOICE_MASK))
            flags_set(peer, PEER_HELD);
        return;
    }
    flags_clear(peer, PEER_HELD);
    if (peer_gone(peer) || (peer->choice & CHOICE_MASK))
        told_report(step, slot);
    if (peer->choice & CHOICE_RELAUNCH)
        defend_go(step, slot, DEFENCE_VOLUNTEERING);
    else if (peer->choice & CHOICE_RELINK)
        defend_go(step, slot, DEFENCE_WAITING);
}

/* The agent has come to believe that the peer is gone. */
void defend_gone(struct step *step, uint32_t slot, enum notice_how how)
{
    struct agent_peer *peer = &step->agent->links[slot];

    assert(peer_gone(peer));
    if (step->rules->object)
        return;
    act_add(step, ACT_NOTICED, slot_id(step->agent, slot))->how = (uint8_t)how;
    if (!defend_able(step))
        return;
    if (peer->flags & PEER_HELD) {
        flags_set(peer, PEER_DECIDED_GONE);
        carry_out(step, slot);
    } else if (defend_busy(peer)) {
        /* The decision under way is carried out knowing this; what is under way goes on. */
        other_by(step->row, defend_deadline(step, peer));
    } else if (!(peer->flags & PEER_DECIDED_GONE)) {
        defend_decide(step, slot, how);
    }
}

/* The episode is over for this agent. A report that is owed is still given. */
void defend_end(struct step *step, uint32_t slot)
{
    struct agent_peer *peer = &step->agent->links[slot];
    struct agent_peer *own = own_case(step->agent);

    if (peer->flags & PEER_SPREADING)
        step->row->spread = 0;
    peer->phase = DEFENCE_NONE;
    peer->choice = 0;
    if (linked(step, slot))
        peer->attempts = 0;
    if ((peer->flags & PEER_REQUESTED) && own->requested == slot_id(step->agent, slot))
        own->requested = AGENT_NONE;
    flags_clear(peer, 0x7fff & ~(PEER_UNLINKED | PEER_ASKED | PEER_REPORTED | PEER_NACK));
    if ((peer->flags & PEER_REPORTED) && !peer_gone(peer)) {
        flags_clear(peer, PEER_REPORTED);
        flags_set(peer, PEER_ASKED);
    }
    if (peer->flags & PEER_ASKED)
        step->row->status |= ROW_PENDING;
}

/* A decision about one's own stop: the departure waited for it, and waits for the answer to a
 * stall. */
static void own_stop_decided(struct step *step, bool stall)
{
    struct agent_row *row = step->row;

    if (!(row->status & ROW_STOPPING))
        return;
    if (stall)
        row->checkpoint_at = ms_of(time_plus(step->now, step->rules->stop_cleanup));
    other_by(row, time_of_ms(step->now, row->checkpoint_at));
}

static void act_at_once(struct step *step, uint32_t slot, uint32_t choice)
{
    struct agent_peer *peer = &step->agent->links[slot];

    if (choice & CHOICE_TAMPER)
        defend_act(step, ACT_TAMPER, slot);
    if (choice & CHOICE_MISREPORT)
        defend_act(step, ACT_MISREPORT, slot)->value = step->rules->misreport_score;
    if (choice & CHOICE_COPY)
        defend_act(step, ACT_COPY, slot);
    if (choice & CHOICE_STALL)
        defend_act(step, ACT_STALL, slot);
    if (choice & CHOICE_ALERT)
        flags_set(peer, PEER_ALERTING);
    if (choice & CHOICE_REQUEST)
        flags_set(peer, PEER_REQUESTING);
    if ((peer->flags & PEER_REQUESTED) && !(choice & (CHOICE_EFFECTIVE | CHOICE_REQUEST)))
        defend_act(step, ACT_REFUSE, slot);
    step->row->status |= ROW_PENDING;
}

/* There is memory for one request, and another may have come in the meantime: the decision says
 * again on whose request it was made. */
static void request_restore(struct step *step, uint32_t slot)
{
    struct agent_peer *peer = &step->agent->links[slot];
    struct agent_peer *own = own_case(step->agent);

    if (!(peer->flags & PEER_REQUESTED))
        return;
    if (step->percept->by == AGENT_NONE) {
        flags_clear(peer, PEER_REQUESTED);
        return;
    }
    own->requested = step->percept->peer;
    own->by = step->percept->by;
    own->via = step->percept->via;
}

void defend_decided(struct step *step)
{
    const struct percept *percept = step->percept;
    struct agent *agent = step->agent;
    uint32_t slot = agent_find_peer(agent, percept->peer);
    struct agent_peer *peer;
    uint32_t choice;

    if (slot == SLOT_NONE && agent->row->concerned == percept->peer && percept->peer != AGENT_NONE)
        slot = agent->degree;
    if (slot == SLOT_NONE)
        return;
    peer = &agent->links[slot];
    /* The episode may have ended while the agent thought. */
    if (peer->phase != DEFENCE_DECIDING)
        return;
    choice = percept->choice & choices_of_tools(step->rules->tools);
    if (percept->peer == agent->id)
        choice &= ~(uint32_t)(CHOICE_BACK | CHOICE_MASK);
    /* An alert about somebody without a link ends here: there is one case for all of those, so two
     * of them would be taken for new again and again, and agents alert one another without end. */
    if (slot == agent->degree && percept->peer != agent->id && percept->how == HOW_ALERT)
        choice &= ~(uint32_t)CHOICE_ALERT;
    peer->phase = DEFENCE_DONE;
    request_restore(step, slot);
    /* Who has begun to mask goes on with it. */
    peer->choice = (choice | (peer->choice & CHOICE_MASK)) & 0x1ff;
    if (peer_gone(peer))
        flags_set(peer, PEER_DECIDED_GONE);
    if (choice & CHOICE_EFFECTIVE)
        flags_set(peer, PEER_EFFECTIVE);
    act_at_once(step, slot, choice);
    if (percept->peer == agent->id)
        own_stop_decided(step, (choice & CHOICE_STALL) != 0);
    else
        carry_out(step, slot);
}

/* An act was refused or failed. Of a peer that is not believed gone the answer may be that it runs:
 * then what was chosen waits until it is gone. */
static void defend_refused(struct step *step, struct agent_peer *peer)
{
    if (peer_gone(peer)) {
        peer->phase = DEFENCE_WAITING;
        other_by(step->row, defend_deadline(step, peer));
    } else {
        peer->phase = DEFENCE_DONE;
        flags_set(peer, PEER_HELD);
        if (peer->flags & PEER_ASKED)
            step->row->status |= ROW_PENDING;
    }
}

/* A stall of the own stop was granted for so long. */
static void own_stop_stalled(struct step *step)
{
    struct agent_row *row = step->row;

    if (step->percept->peer != step->agent->id || !(row->status & ROW_STOPPING) ||
        step->percept->result != RESULT_OK || step->percept->value <= 0)
        return;
    row->checkpoint_at =
        ms_of(time_plus(time_of_ms(step->now, row->checkpoint_at),
                        step->percept->value < INT32_MAX * MS ? step->percept->value : 0));
    other_by(row, time_of_ms(step->now, row->checkpoint_at));
}

void defend_result(struct step *step)
{
    const struct percept *percept = step->percept;
    bool ok = percept->result == RESULT_OK;
    uint32_t slot = agent_find_peer(step->agent, percept->peer);
    struct agent_peer *peer;

    if (percept->act == ACT_STALL)
        own_stop_stalled(step);
    if (slot == SLOT_NONE && step->row->concerned == percept->peer && percept->peer != AGENT_NONE)
        slot = step->agent->degree;
    if (slot == SLOT_NONE)
        return;
    peer = &step->agent->links[slot];
    if (percept->act == ACT_VOLUNTEER && peer->phase == DEFENCE_VOLUNTEERING) {
        if (ok)
            defend_go(step, slot, DEFENCE_RELAUNCHING);
        else
            defend_refused(step, peer);
    } else if (percept->act == ACT_RELAUNCH && peer->phase == DEFENCE_RELAUNCHING) {
        if (!ok) {
            defend_refused(step, peer);
            return;
        }
        flags_set(peer, PEER_WON | PEER_REPORTED);
        if (peer->choice & CHOICE_RELINK)
            defend_go(step, slot, DEFENCE_RELINKING);
        else
            peer->phase = DEFENCE_DONE;
        if (peer->flags & PEER_ASKED)
            step->row->status |= ROW_PENDING;
    } else if (percept->act == ACT_RELINK && peer->phase == DEFENCE_RELINKING) {
        /* Granted, it goes on until PERCEPT_RETURNED, and is then reported. */
        if (ok)
            flags_set(peer, PEER_REPORTED);
        else
            defend_refused(step, peer);
    }
}

time_ns defend_deadline(const struct step *step, const struct agent_peer *peer)
{
    if (peer->phase < DEFENCE_VOLUNTEERING || peer->phase > DEFENCE_RELINKING || !peer_gone(peer))
        return TIME_NEVER;
    return time_plus(time_of_ms(step->now, peer->since), step->rules->retry);
}

/* `retry` has passed since the last act and the peer is not back. */
void defend_retry(struct step *step, uint32_t slot)
{
    struct agent_peer *peer = &step->agent->links[slot];

    assert(peer_gone(peer));
    /* Who chose to relink alone has left the others time to relaunch it: now it may run unlinked.
     */
    if (peer->phase == DEFENCE_WAITING && (peer->choice & CHOICE_BACK) == CHOICE_RELINK &&
        peer->attempts < step->rules->attempts_max && peer->attempts < 15) {
        peer->attempts++;
        defend_go(step, slot, DEFENCE_RELINKING);
        return;
    }
    if (peer->attempts + 1u >= step->rules->attempts_max || peer->attempts >= 15) {
        peer->phase = DEFENCE_DONE;
        return;
    }
    peer->attempts++;
    /* Whoever has relaunched it need not decide again to relink it. */
    if (peer->flags & PEER_WON)
        defend_go(step, slot, DEFENCE_RELINKING);
    else
        defend_decide(step, slot, (enum notice_how)peer->how);
}
