/*
 * What others tell an agent of a peer (announcements, alerts, requests, departures, returns), and
 * what it tells others: reports to the board, alerts and requests to its neighbours.
 */
#include "core/agent/internal.h"

/* A new episode: what was decided in an earlier one binds no longer. */
static void episode_begin(struct step *step, uint32_t slot)
{
    struct agent_peer *peer = &step->agent->links[slot];

    if (!peer_gone(peer))
        defend_end(step, slot);
}

static void told_decide(struct step *step, uint32_t slot, enum notice_how how)
{
    defend_act(step, ACT_NOTICED, slot)->how = (uint8_t)how;
    defend_decide(step, slot, how);
}

/* The stop of a peer, or of the agent itself, is announced. */
void told_notice(struct step *step)
{
    uint32_t slot;

    if (!defend_able(step))
        return;
    slot = defend_slot(step, step->percept->peer);
    if (slot == SLOT_NONE || defend_busy(&step->agent->links[slot]) ||
        peer_gone(&step->agent->links[slot]))
        return;
    episode_begin(step, slot);
    told_decide(step, slot, HOW_NOTICE);
}

/* The slot of what the agent was told about, where it can still decide on it; else SLOT_NONE. */
static uint32_t slot_to_decide(struct step *step)
{
    uint32_t slot = SLOT_NONE;

    if (defend_able(step))
        slot = defend_slot(step, step->percept->subject);
    if (slot != SLOT_NONE && defend_busy(&step->agent->links[slot]))
        slot = SLOT_NONE;
    return slot;
}

/* An alert from the one in danger begins an episode; of others' alerts one is enough, and none is
 * needed by an agent that has decided already. */
void told_alert(struct step *step)
{
    const struct percept *percept = step->percept;
    struct agent_peer *peer;
    uint32_t slot;

    slot = slot_to_decide(step);
    if (slot == SLOT_NONE)
        return;
    peer = &step->agent->links[slot];
    if (percept->peer == percept->subject)
        episode_begin(step, slot);
    if (peer->flags & (PEER_DECIDED_ALERT | PEER_DECIDED_GONE | PEER_EFFECTIVE))
        return;
    flags_set(peer, PEER_DECIDED_ALERT);
    if (percept->peer != percept->subject)
        flags_set(peer, PEER_TOLD);
    told_decide(step, slot, HOW_ALERT);
}

/*
 * A request is decided where nothing effective has been chosen yet: a direct one always, a relayed
 * one once in an episode. The same request from the same asker again means a new episode.
 */
void told_request(struct step *step)
{
    const struct percept *percept = step->percept;
    struct agent_peer *own = own_case(step->agent);
    bool relayed = percept->via != AGENT_NONE;
    struct agent_peer *peer;
    uint32_t slot;

    slot = slot_to_decide(step);
    if (slot == SLOT_NONE)
        return;
    peer = &step->agent->links[slot];
    if (own->requested == percept->subject && own->by == percept->by &&
        (!relayed || own->via == percept->via))
        episode_begin(step, slot);
    if ((peer->flags & PEER_EFFECTIVE) || (relayed && (peer->flags & PEER_DECIDED_RELAYED)))
        return;
    if (relayed)
        flags_set(peer, PEER_DECIDED_RELAYED);
    if (percept->by != percept->subject)
        flags_set(peer, PEER_TOLD);
    flags_set(peer, PEER_REQUESTED);
    own->requested = percept->subject;
    own->by = percept->by;
    own->via = percept->via;
    told_decide(step, slot, HOW_REQUEST);
}

void told_departed(struct step *step)
{
    uint32_t slot = agent_find_peer(step->agent, step->percept->peer);
    struct agent_peer *peer;
    bool gone;

    if (slot == SLOT_NONE)
        return;
    peer = &step->agent->links[slot];
    gone = peer_gone(peer);
    peer_set_state(step, peer, PEER_LEFT);
    if (!step->rules->defend_departed)
        defend_end(step, slot);
    else if (!gone)
        defend_gone(step, slot, HOW_DEPARTED);
}

void told_returned(struct step *step)
{
    uint32_t slot = agent_find_peer(step->agent, step->percept->peer);
    struct agent_row *row = step->row;
    struct agent_peer *peer;

    if (slot == SLOT_NONE)
        return;
    peer = &step->agent->links[slot];
    link_came_up(step, peer);
    peer_set_state(step, peer, PEER_ALIVE);
    /* The next life's numbers: see gossip_message. */
    peer->refutation =
        peer->refutation < 0xff00 ? (uint16_t)((peer->refutation | 0xff) + 1) : 0xff00;
    /* A probe under way was meant for the life before. */
    if ((row->status & (ROW_DIRECT | ROW_INDIRECT)) && row->probed == slot) {
        row->status &= (uint8_t)~ROW_PROBING;
        row->probe = TIME_NEVER;
        row->helpers = row->nacks = 0;
    }
    defend_end(step, slot);
}

/* The board asks. An agent that is still deciding answers when it has decided, and one that has
 * asked to bring the peer back on others' word alone when the platform has answered. */
void told_asked(struct step *step)
{
    uint32_t slot = agent_find_peer(step->agent, step->percept->peer);

    if (step->percept->peer == step->agent->id && (step->rules->tools & ACT_BIT(ACT_REPORT))) {
        act_add(step, ACT_REPORT, step->agent->id)->health = HEALTH_HEALTHY;
        return;
    }
    if (slot == SLOT_NONE)
        return;
    flags_set(&step->agent->links[slot], PEER_ASKED);
    step->row->status |= ROW_PENDING;
}

/* Asked to stop: it cleans up and departs; one that has the tool thinks first whether to stall. */
void told_stop_asked(struct step *step)
{
    struct agent_row *row = step->row;
    struct agent *agent = step->agent;
    bool may_stall =
        !step->rules->object && (choices_of_tools(step->rules->tools) & CHOICE_STALL) != 0;
    struct agent_peer *own = own_case(agent);

    if (row->status & ROW_STOPPING)
        return;
    row->checkpoint_at = ms_of(time_plus(step->now, step->rules->stop_cleanup));
    other_by(row, time_of_ms(step->now, row->checkpoint_at));
    if (may_stall && row->concerned != agent->id) {
        /* Its own stop goes before somebody else's case. */
        if (own->flags & PEER_SPREADING)
            row->spread = 0;
        case_reset(agent, agent->id);
    }
    row->status |= ROW_STOPPING;
    if (may_stall && own->phase != DEFENCE_DECIDING)
        defend_decide(step, agent->degree, HOW_STOP_ASKED);
}

/* What the agent says of a peer: the truth as far as it knows it, unless it has chosen to mask. */
void told_report(struct step *step, uint32_t slot)
{
    struct agent_peer *peer = &step->agent->links[slot];
    bool gone = peer_gone(peer);
    bool masking = (peer->choice & CHOICE_MASK) && (gone || (peer->flags & PEER_TOLD));
    struct act *report;

    flags_clear(peer, PEER_ASKED);
    if (!(step->rules->tools & ACT_BIT(ACT_REPORT)))
        return;
    report = defend_act(step, ACT_REPORT, slot);
    report->masking = masking;
    report->health = gone && !masking ? HEALTH_FAILED : HEALTH_HEALTHY;
    if (report->health == HEALTH_FAILED)
        flags_set(peer, PEER_REPORTED);
}

/* Goes on with the alerts or requests of one case, from row.spread; false where the step is full.
 */
static bool spread(struct step *step, uint32_t slot)
{
    struct agent *agent = step->agent;
    struct agent_peer *peer = &agent->links[slot];
    bool alert = (peer->flags & PEER_ALERTING) != 0;
    const struct agent_peer *own = own_case(agent);
    agent_id subject = slot_id(agent, slot);
    bool pass_on = (peer->flags & PEER_REQUESTED) && own->requested == subject;

    flags_set(peer, PEER_SPREADING);
    for (; step->row->spread < agent->degree; step->row->spread++) {
        agent_id to = agent->peers[step->row->spread];
        struct act *act;

        if (to == subject || !peer_watched(&agent->links[step->row->spread]) ||
            (!alert && pass_on && to == own->by))
            continue;
        if (acts_left(step) == 0)
            return false;
        act = act_add(step, alert ? ACT_ALERT : ACT_REQUEST, to);
        act->subject = subject;
        act->by = !alert && pass_on ? own->by : agent->id;
        /* The middleman names itself. */
        if (!alert && pass_on)
            act->via = agent->id;
    }
    step->row->spread = 0;
    flags_clear(peer, PEER_SPREADING | (alert ? PEER_ALERTING : PEER_REQUESTING));
    return true;
}

/* It cannot say yet how the peer is: it is deciding, or others said that it is gone, which it has
 * not seen itself, and the platform has not said yet whether it may bring it back. */
static bool undecided(const struct agent_peer *peer)
{
    bool asked = peer->phase == DEFENCE_VOLUNTEERING || peer->phase == DEFENCE_RELAUNCHING ||
                 peer->phase == DEFENCE_RELINKING;

    return peer->phase == DEFENCE_DECIDING || (asked && (peer->flags & PEER_TOLD) &&
                                               !peer_gone(peer) && !(peer->choice & CHOICE_MASK));
}

/* Everything one case owes; false where the step is full. */
static bool drain_slot(struct step *step, uint32_t slot)
{
    struct agent_peer *peer = &step->agent->links[slot];

    /* A request that came through a middleman already goes no further. */
    if ((peer->flags & PEER_REQUESTING) && (peer->flags & PEER_REQUESTED) &&
        own_case(step->agent)->requested == slot_id(step->agent, slot) &&
        own_case(step->agent)->via != AGENT_NONE)
        flags_clear(peer, PEER_REQUESTING);
    while (peer->flags & (PEER_ALERTING | PEER_REQUESTING)) {
        if (!spread(step, slot))
            return false;
    }
    if ((peer->flags & PEER_ASKED) && !undecided(peer)) {
        if (acts_left(step) == 0)
            return false;
        told_report(step, slot);
    }
    return true;
}

void told_drain(struct step *step)
{
    struct agent *agent = step->agent;
    bool whole = true;

    /* What was begun is finished first: there is one row.spread. */
    for (uint32_t slot = 0; slot <= agent->degree && whole; slot++) {
        if (agent->links[slot].flags & PEER_SPREADING)
            whole = drain_slot(step, slot);
    }
    for (uint32_t slot = 0; slot <= agent->degree && whole; slot++)
        whole = drain_slot(step, slot);
    if (whole)
        step->row->status &= (uint8_t)~ROW_PENDING;
    else
        other_by(step->row, step->now);
}
