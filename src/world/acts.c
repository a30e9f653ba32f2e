#include "world/acts.h"

#include <assert.h>
#include <string.h>

void acts_notice_first(struct acts *acts, int from)
{
    const struct act *word = &acts->list[from];

    if (word->kind != ACT_SEND || word->message != MESSAGE_GOSSIP)
        return;
    for (int i = from + 1; i < acts->count; i++) {
        struct act notice = acts->list[i];

        if (notice.kind == ACT_NOTICED && notice.peer == word->subject) {
            memmove(&acts->list[from + 1], word, (size_t)(i - from) * sizeof *word);
            acts->list[from] = notice;
            return;
        }
    }
}

agent_id percept_subject(const struct percept *percept)
{
    if (percept->kind == PERCEPT_MESSAGE &&
        (percept->message == MESSAGE_ALERT || percept->message == MESSAGE_REQUEST ||
         percept->message == MESSAGE_GOSSIP))
        return percept->subject;
    return percept->peer;
}

struct cause *concern_of(const struct doing *doing, agent_id peer)
{
    struct agent ends = {.degree = doing->degree, .peers = doing->peers};
    uint32_t found = agent_find_peer(&ends, peer);

    return &doing->concern[found == UINT32_MAX ? doing->degree : found];
}

struct cause act_cause(const struct doing *doing, agent_id peer)
{
    const struct cause *concern = concern_of(doing, peer);
    bool same =
        percept_subject(doing->percept) == peer || doing->percept->kind == PERCEPT_STOP_ASKED;

    if (doing->noticed == peer ||
        (doing->percept->kind == PERCEPT_ASKED && !concern_is_none(concern)))
        return *concern;
    if (same && !record_id_is_none(doing->cause.id))
        return doing->cause;
    if (!concern_is_none(concern))
        return *concern;
    return CAUSE_NONE;
}

static struct record_id write_act(const struct doing *doing, uint8_t verb, agent_id whom,
                                  const struct cause *cause, int64_t value, uint16_t flags)
{
    struct record record = record_make(verb, doing->now, cause, doing->id, whom, value);

    record.who_incarnation = doing->incarnation;
    record.flags |= flags;
    return recorder_write(&doing->recorder, &record, doing->writer);
}

/* What follows from a request is done for whom asked first, and through the middleman. */
static void inherit_request(const struct percept *percept, struct cause *cause)
{
    if (percept->kind == PERCEPT_MESSAGE && percept->message == MESSAGE_REQUEST)
        cause_ask(cause, percept->by, percept->via);
}

struct cause act_notices(struct doing *doing, const struct act *act, struct record_id behind)
{
    struct cause cause;

    if (act->how == HOW_SILENCE) {
        cause = CAUSE_NONE;
        cause.id = behind;
        cause.flags = record_id_is_none(behind) ? 0 : FLAG_INFERRED;
    } else {
        cause = doing->cause;
        cause_unask(&cause);
    }
    inherit_request(doing->percept, &cause);
    cause.id = write_act(doing, VERB_NOTICED, act->peer, &cause, act->how, doing->told);
    cause.flags &= (uint16_t)~FLAG_INFERRED;
    *concern_of(doing, act->peer) = cause;
    doing->noticed = act->peer;
    return cause;
}

void act_retracts(struct doing *doing, const struct act *act)
{
    struct cause cause = act_cause(doing, act->peer);

    cause_unask(&cause);
    write_act(doing, VERB_RETRACTED, act->peer, &cause, 0, doing->told);
    concern_forget(concern_of(doing, act->peer));
    if (doing->noticed == act->peer)
        doing->noticed = AGENT_NONE;
}

/* What a case follows from: that the agent noticed in this very step, else what it was told now,
 * else (a further attempt) what it was last about for that peer. */
static struct cause case_cause(const struct doing *doing, agent_id peer)
{
    const struct cause *concern = concern_of(doing, peer);
    struct cause cause;

    if (doing->noticed == peer)
        return *concern;
    if (percept_subject(doing->percept) == peer && doing->percept->kind != PERCEPT_RESULT &&
        !record_id_is_none(doing->cause.id)) {
        cause = doing->cause;
        cause_unask(&cause);
        inherit_request(doing->percept, &cause);
        return cause;
    }
    return concern_is_none(concern) ? act_cause(doing, peer) : *concern;
}

struct cause act_decides(const struct doing *doing, const struct act *act)
{
    struct cause cause = case_cause(doing, act->peer);

    cause.id = write_act(doing, VERB_DECIDES, act->peer, &cause,
                         (int64_t)situation_pack(&act->situation), doing->told);
    *concern_of(doing, act->peer) = cause;
    return cause;
}

struct cause act_decided(const struct doing *doing, agent_id peer, uint32_t choice)
{
    struct cause cause = doing->cause;

    cause.id = write_act(doing, VERB_DECIDED, peer, &cause, choice, doing->told);
    *concern_of(doing, peer) = cause;
    return cause;
}

struct cause act_calls(const struct doing *doing, const struct act *act)
{
    bool alert = act->kind == ACT_ALERT;
    struct cause cause = act_cause(doing, act->subject);
    struct record record = record_make(alert ? VERB_ALERTS : VERB_REQUESTS, doing->now, &cause,
                                       doing->id, act->subject, 0);

    assert(alert || act->kind == ACT_REQUEST);
    record.who_incarnation = doing->incarnation;
    record.by = alert ? cause.by : act->by;
    record.via = act->peer;
    record.flags |= doing->told;
    cause.id = recorder_write(&doing->recorder, &record, doing->writer);
    return cause;
}

struct cause act_refuses(const struct doing *doing, const struct act *act)
{
    struct cause cause = act_cause(doing, act->peer);

    cause.by = act->by;
    cause.id = write_act(doing, VERB_REFUSES, act->peer, &cause, 0, doing->told);
    return cause;
}

struct cause act_departs(const struct doing *doing, const struct cause *stopped)
{
    struct cause cause = *stopped;

    cause.id = write_act(doing, VERB_DEPARTS, doing->id, &cause, 0, 0);
    return cause;
}

/* An honest word that a peer is healthy follows from the question or from its return, and from no
 * case: those of before are closed. */
static struct cause report_cause(const struct doing *doing, const struct act *act)
{
    if (act->health != HEALTH_HEALTHY || act->masking)
        return act_cause(doing, act->peer);
    return percept_subject(doing->percept) == act->peer ? doing->cause : CAUSE_NONE;
}

struct cause act_tool(const struct doing *doing, const struct act *act,
                      struct platform_event *event)
{
    static const uint8_t verbs[ACT_KIND_COUNT] = {
        [ACT_REPORT] = VERB_REPORTS,        [ACT_VOLUNTEER] = VERB_VOLUNTEERS,
        [ACT_RELAUNCH] = VERB_RELAUNCHES,   [ACT_RELINK] = VERB_RELINKS,
        [ACT_COPY] = VERB_COPIES,           [ACT_TAMPER] = VERB_TAMPERS,
        [ACT_MISREPORT] = VERB_MISREPORTS,  [ACT_STALL] = VERB_STALLS,
        [ACT_CHECKPOINT] = VERB_CHECKPOINTS};
    bool report = act->kind == ACT_REPORT, checkpoint = act->kind == ACT_CHECKPOINT;
    agent_id whom = checkpoint ? doing->id : act->peer;
    struct cause cause = report ? report_cause(doing, act) : act_cause(doing, whom);
    struct cause *concern = concern_of(doing, whom);
    int64_t value = report ? act->health : act->value;

    assert(act->kind < ACT_KIND_COUNT && verbs[act->kind] != 0);
    /* What was asked for before and done now is done for whom asked. */
    if (act->by != AGENT_NONE)
        cause_ask(&cause, act->by, act->via);
    cause.id = write_act(doing, verbs[act->kind], whom, &cause, value, 0);
    if (!checkpoint && !report && !concern_is_none(concern))
        concern->id = cause.id;
    *event = (struct platform_event){.kind = PLATFORM_ACT,
                                     .act = act->kind,
                                     .health = act->health,
                                     .who = doing->id,
                                     .who_incarnation = doing->incarnation,
                                     .whom = whom,
                                     .by = cause.by,
                                     .via = cause.via,
                                     .value = value};
    return cause;
}

struct cause act_gossips(const struct doing *doing, agent_id subject)
{
    const struct cause *concern = concern_of(doing, subject);

    return concern_is_none(concern) ? CAUSE_NONE : *concern;
}

struct cause returned_cause(struct cause cause)
{
    cause_unask(&cause);
    return cause;
}

void concern_forget(struct cause *concern)
{
    *concern = CAUSE_NONE;
}
