/* Notes: what agents do that the daemon does not itself see, as records on their word. */
#include "live/daemon/inside.h"

static void note_heard(struct daemon *daemon, uint32_t row, const struct call *call)
{
    agent_id agent = row_agent(daemon, row), whom = crew_named(daemon, call->agent);
    struct record record =
        record_make(VERB_HEARD, daemon->now, &CAUSE_NONE, agent, whom, call->value);
    struct claim claim = {.by = agent, .whom = whom, .inside = (pid_t)call->value};

    record.who_incarnation = daemon->lives[row].incarnation;
    claim.heard = record_write(daemon, &record, row);
    claim.at = daemon->now;
    claim_make(daemon, &claim);
}

/* It says that it departs. Whether it was asked to is known here. */
static void note_departing(struct daemon *daemon, uint32_t row)
{
    struct life *life = &daemon->lives[row];
    agent_id agent = row_agent(daemon, row);
    struct doing doing = {.id = agent,
                          .incarnation = life->incarnation,
                          .writer = row,
                          .now = daemon->now,
                          .recorder = daemon->recorder};
    struct record record;

    if (life->departing)
        return;
    life->departing = true;
    if (life->asked) {
        life->departed = !life->killed && !life->crashed;
        life->departure = act_departs(&doing, &life->stopped);
        return;
    }
    record = record_make(VERB_DEPARTS, daemon->now, &CAUSE_NONE, agent, agent, 0);
    record.who_incarnation = life->incarnation;
    record.flags |= FLAG_TOLD;
    life->departure = CAUSE_NONE;
    life->departure.id = record_write(daemon, &record, row);
}

static void note_noticed(struct daemon *daemon, const struct call *call, struct doing *doing,
                         const struct act *act)
{
    struct record_id behind = RECORD_ID_NONE;

    if (call->how == HOW_SILENCE) {
        behind = daemon->published[act->peer].id;
        if (record_id_is_none(behind))
            behind = fault_between(daemon, doing->id, act->peer);
    }
    act_notices(doing, act, behind);
    daemon->lives[doing->writer].noticed = doing->noticed;
}

static void note_retracted(struct daemon *daemon, struct doing *doing, const struct act *act)
{
    struct life *life = &daemon->lives[doing->writer];

    act_retracts(doing, act);
    life->noticed = doing->noticed;
    if (life->decided == act->peer)
        life->decided = AGENT_NONE;
}

static void note_decided(struct daemon *daemon, const struct call *call, struct doing *doing,
                         agent_id peer)
{
    struct life *life = &daemon->lives[doing->writer];
    const struct cause *concern = concern_of(doing, peer);

    doing->cause = concern_is_none(concern) ? CAUSE_NONE : *concern;
    life->decision = act_decided(doing, peer, call->choice);
    if ((call->choice & CHOICE_MASK) != 0)
        life->masks[concern_of(doing, peer) - doing->concern] = true;
    life->decided = peer;
    life->decided_at = daemon->now;
    life->noticed = AGENT_NONE;
}

/* What was sent to a peer is kept, so that what the peer does upon it has its cause. */
static void note_sent(struct daemon *daemon, uint32_t row, const struct call *call,
                      const struct doing *doing, struct act *act)
{
    struct cause cause;
    uint8_t message = MESSAGE_GOSSIP;

    act->subject = act->peer;
    act->peer = crew_named(daemon, call->to);
    if (call->method == METHOD_NOTE_SPREAD) {
        cause = act_gossips(doing, act->subject);
    } else {
        act->kind = call->method == METHOD_NOTE_ALERTED ? ACT_ALERT : ACT_REQUEST;
        message = call->method == METHOD_NOTE_ALERTED ? MESSAGE_ALERT : MESSAGE_REQUEST;
        cause = act_calls(doing, act);
    }
    told_keep(daemon, row, call, message, &cause);
}

static void note_about(struct daemon *daemon, uint32_t row, const struct call *call)
{
    struct act act = {.how = call->how,
                      .peer = crew_named(daemon, call->agent),
                      .by = crew_named(daemon, call->by),
                      .via = crew_named(daemon, call->via),
                      .situation = call->situation};
    struct percept percept;
    struct doing doing;

    if (act.peer == AGENT_NONE) /* it names nobody: there is nothing to be said of it */
        return;
    if (call->to != NULL && crew_named(daemon, call->to) == AGENT_NONE)
        return;
    doing = because_doing(daemon, row, call, &percept);
    if (call->method == METHOD_NOTE_NOTICED)
        note_noticed(daemon, call, &doing, &act);
    else if (call->method == METHOD_NOTE_RETRACTED)
        note_retracted(daemon, &doing, &act);
    else if (call->method == METHOD_NOTE_DECIDING)
        act_decides(&doing, &act);
    else if (call->method == METHOD_NOTE_DECIDED)
        note_decided(daemon, call, &doing, act.peer);
    else if (call->method == METHOD_NOTE_REFUSED)
        act_refuses(&doing, &act);
    else
        note_sent(daemon, row, call, &doing, &act);
}

void note_take(struct daemon *daemon, uint32_t row, const struct call *call)
{
    if (daemon->state != DAEMON_RUNNING)
        return;
    if (call->method == METHOD_NOTE_DEPARTING)
        note_departing(daemon, row);
    else if (call->method == METHOD_NOTE_LINKED)
        link_noted(daemon, row, call);
    else if (call->method == METHOD_NOTE_HEARD && crew_named(daemon, call->agent) != AGENT_NONE)
        note_heard(daemon, row, call);
    else if (call->method == METHOD_WORK_LOST)
        work_noted_lost(daemon, row, call);
    else if (call->agent != NULL && call->method != METHOD_NOTE_HEARD)
        note_about(daemon, row, call);
}
