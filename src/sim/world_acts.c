/* Carrying out what an agent does, and recording it with its cause. */
#include "sim/world.h"

#include <assert.h>

/* What is sent says over which making of the link. */
static uint32_t making_mark(struct world *world, uint32_t data, uint16_t making)
{
    uint32_t tag = data >> TAG_SHIFT;

    if (tag == TAG_MESSAGE)
        world->message[data & PAYLOAD_MASK].making = making;
    else if (tag == TAG_PING || tag == TAG_ACK)
        data = tag << TAG_SHIFT | (uint32_t)making << SEQUENCE_BITS | (data & SEQUENCE_MASK);
    return data;
}

/* It arrives twice. A task says which one it is, and is taken once, when it first comes. */
static void send_twice(struct world *world, uint32_t row, uint32_t target, time_ns first,
                       time_ns second, uint32_t data)
{
    uint32_t slot = data & PAYLOAD_MASK, copy;

    if (data >> TAG_SHIFT != TAG_MESSAGE) {
        world_send_data(world, row, target, second, data);
    } else if (world->message[slot].use == USE_WORK) {
        world_send(world, row, target, first < second ? first : second, slot);
        return;
    } else {
        copy = world_message(world);
        world->message[copy] = world->message[slot];
        world_send(world, row, target, second, copy);
    }
    world_send_data(world, row, target, first, data);
}

/* Sends over the link at `place` of the row: `data` arrives, is lost, delayed or doubled. */
void link_send(struct world *world, uint32_t row, uint32_t place, agent_id to, time_ns now,
               uint32_t data)
{
    const struct scenario_network *network = &world->scenario->network;
    agent_id from = row_agent(world, row);
    uint16_t end = world->link_end[row_place(world, row) + place];
    uint32_t target = (uint32_t)(end & LINK_SLOT) * world->agents + to;
    struct random random;
    bool lost, doubled;
    time_ns at;

    data = making_mark(world, data, link_making_of(end));
    lost = end == LINK_DOWN || (world->side != NULL && world->side[from] != world->side[to]);
    random = random_make(world->options->seed, world->options->replicate + from / world->one,
                         from % world->one, world->row[row].incarnation, STREAM_NETWORK,
                         world->row[row].network_draws);
    lost = (network->loss > 0 && random_chance(&random, network->loss)) || lost;
    doubled = network->duplicate > 0 && random_chance(&random, network->duplicate);
    if (!lost) {
        at = now + spread_draw(&network->latency, &random);
        if (doubled)
            send_twice(world, row, target, at, now + spread_draw(&network->latency, &random), data);
        else
            world_send_data(world, row, target, at, data);
    } else if (data >> TAG_SHIFT == TAG_MESSAGE) {
        if (world->message[data & PAYLOAD_MASK].use == USE_WORK)
            work_lost(world, row, to, &world->message[data & PAYLOAD_MASK], now);
        world_message_free(world, data & PAYLOAD_MASK);
    }
    world->row[row].network_draws = random.draw;
}

/* One step's surroundings, handed down so that each act needs one argument. */
struct doing {
    struct world *world;
    const struct agent *agent;
    const struct percept *percept;
    const struct cause *cause; /* of the percept */
    uint32_t row;
    agent_id id;
    time_ns now;
    agent_id noticed; /* in this step, or AGENT_NONE */
};

static uint32_t place_of(const struct doing *doing, agent_id peer)
{
    uint32_t found = agent_find_peer(doing->agent, peer);

    return found == UINT32_MAX ? doing->agent->degree : found;
}

static struct cause *concern_of(const struct doing *doing, agent_id peer)
{
    return &doing->world->concern[row_place(doing->world, doing->row) + place_of(doing, peer)];
}

/* Whom a percept is about. */
static agent_id percept_subject(const struct percept *percept)
{
    if (percept->kind == PERCEPT_MESSAGE &&
        (percept->message == MESSAGE_ALERT || percept->message == MESSAGE_REQUEST ||
         percept->message == MESSAGE_GOSSIP))
        return percept->subject;
    return percept->peer;
}

static bool concern_is_none(const struct cause *concern)
{
    /* Untouched memory is all zero: record 0 of agent 0 is its own start and no concern. */
    return record_id_is_none(concern->id) || (concern->id.writer == 0 && concern->id.sequence == 0);
}

/* What an act about `peer` follows from: the percept where it is about the same peer, else what the
 * agent was last about for it. */
static struct cause cause_of(const struct doing *doing, agent_id peer)
{
    const struct cause *concern = concern_of(doing, peer);
    bool same =
        percept_subject(doing->percept) == peer || doing->percept->kind == PERCEPT_STOP_ASKED;

    if (doing->noticed == peer ||
        (doing->percept->kind == PERCEPT_ASKED && !concern_is_none(concern)))
        return *concern;
    if (same && !record_id_is_none(doing->cause->id))
        return *doing->cause;
    if (!concern_is_none(concern))
        return *concern;
    return CAUSE_NONE;
}

static struct record_id write_act(const struct doing *doing, uint8_t verb, agent_id whom,
                                  const struct cause *cause, int64_t value)
{
    struct record record = record_make(verb, doing->now, cause, doing->id, whom, value);

    record.who_incarnation = doing->world->row[doing->row].incarnation;
    return world_record(doing->world, &record, doing->row);
}

/* What follows from a request is done for whom asked first, and through the middleman. */
static void inherit_request(const struct percept *percept, struct cause *cause)
{
    if (percept->kind != PERCEPT_MESSAGE || percept->message != MESSAGE_REQUEST)
        return;
    cause->by = percept->by;
    cause->via = percept->via;
    cause->flags |= FLAG_REQUESTED;
    if (percept->via != AGENT_NONE)
        cause->flags |= FLAG_RELAYED;
}

static void act_notice(struct doing *doing, const struct act *act)
{
    const struct percept *percept = doing->percept;
    struct cause *concern = concern_of(doing, act->peer);
    struct cause cause;

    if (act->how == HOW_SILENCE) {
        /* Nothing reached the agent: that the peer's end, or a partition, is behind its silence is
         * a guess. */
        cause = CAUSE_NONE;
        cause.id = published_gone(doing->world, act->peer);
        if (record_id_is_none(cause.id))
            cause.id = partition_between(doing->world, doing->id, act->peer);
        cause.flags = record_id_is_none(cause.id) ? 0 : FLAG_INFERRED;
    } else {
        cause = *doing->cause;
        cause.by = cause.via = AGENT_NONE;
        cause.flags &= (uint16_t) ~(FLAG_REQUESTED | FLAG_RELAYED);
    }
    inherit_request(percept, &cause);
    cause.id = write_act(doing, VERB_NOTICED, act->peer, &cause, act->how);
    cause.flags &= (uint16_t)~FLAG_INFERRED;
    *concern = cause;
    doing->noticed = act->peer;
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
        !record_id_is_none(doing->cause->id)) {
        cause = *doing->cause;
        cause.by = cause.via = AGENT_NONE;
        cause.flags &= (uint16_t) ~(FLAG_REQUESTED | FLAG_RELAYED);
        inherit_request(doing->percept, &cause);
        return cause;
    }
    return concern_is_none(concern) ? cause_of(doing, peer) : *concern;
}

static void act_decide(const struct doing *doing, const struct act *act)
{
    struct world *world = doing->world;
    const struct scenario_group *group =
        &world->scenario->groups[world->scenario->group_of[doing->id]];
    struct cause *concern = concern_of(doing, act->peer);
    struct cause cause = case_cause(doing, act->peer);
    struct row_work *state = &world->row_work[doing->row];
    struct random random = random_make(world->options->seed, world->options->replicate, doing->id,
                                       doing->agent->incarnation, STREAM_MIND, state->mind_draws);
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];
    time_ns latency;

    cause.id =
        write_act(doing, VERB_DECIDES, act->peer, &cause, (int64_t)situation_pack(&act->situation));
    *concern = cause;
    message->use = USE_PERCEPT;
    message->incarnation = doing->agent->incarnation;
    message->cause = cause;
    message->percept =
        (struct percept){.kind = PERCEPT_DECIDED,
                         .peer = act->peer,
                         .how = act->how,
                         .by = act->by,
                         .via = act->via,
                         .choice = mind_scripted(&group->rules.mind, &act->situation,
                                                 choices_of_tools(group->rules.tools), &random)};
    latency = slowed(world, doing->id, spread_draw(&group->decision, &random));
    state->mind_draws = random.draw;
    world_send(world, doing->row, doing->row, time_later(doing->now, latency), slot);
}

static void send_full(const struct doing *doing, const struct act *act, const struct cause *cause)
{
    struct world *world = doing->world;
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];

    message->use = USE_PERCEPT;
    message->any = true; /* the link says which incarnation it leads to */
    message->cause = *cause;
    message->percept = (struct percept){.kind = PERCEPT_MESSAGE,
                                        .message = act->message,
                                        .state = act->state,
                                        .refutation = act->refutation,
                                        .sequence = act->sequence,
                                        .peer = doing->id,
                                        .subject = act->subject,
                                        .by = act->by,
                                        .via = act->via,
                                        .value = act->value};
    link_send(world, doing->row, place_of(doing, act->peer), act->peer, doing->now,
              (uint32_t)TAG_MESSAGE << TAG_SHIFT | slot);
}

static void act_send(const struct doing *doing, const struct act *act)
{
    struct cause cause = CAUSE_NONE;
    uint32_t tag;

    switch ((enum message_kind)act->message) {
    case MESSAGE_PING:
        if (act->by != AGENT_NONE) {
            send_full(doing, act, &cause);
            return;
        }
        tag = TAG_PING;
        break;
    case MESSAGE_ACK:
        if (act->refutation != 0 || act->subject != doing->id || act->by != AGENT_NONE) {
            send_full(doing, act, &cause);
            return;
        }
        tag = TAG_ACK;
        break;
    case MESSAGE_REVIVE:
        tag = TAG_REVIVE;
        break;
    case MESSAGE_GOSSIP:
        cause = *concern_of(doing, act->subject);
        if (concern_is_none(&cause))
            cause = CAUSE_NONE;
        send_full(doing, act, &cause);
        return;
    case MESSAGE_PING_REQ:
    case MESSAGE_NACK:
    case MESSAGE_WORK:
    case MESSAGE_ALERT:
    case MESSAGE_REQUEST:
    default:
        send_full(doing, act, &cause);
        return;
    }
    link_send(doing->world, doing->row, place_of(doing, act->peer), act->peer, doing->now,
              tag << TAG_SHIFT | (act->sequence & PAYLOAD_MASK));
}

/* An alert or a request: recorded, then sent over the link with the record as its cause. */
static void act_call(const struct doing *doing, const struct act *act)
{
    bool alert = act->kind == ACT_ALERT;
    struct cause cause = cause_of(doing, act->subject);
    struct record record = record_make(alert ? VERB_ALERTS : VERB_REQUESTS, doing->now, &cause,
                                       doing->id, act->subject, 0);
    struct act sent = *act;

    record.who_incarnation = doing->agent->incarnation;
    record.by = alert ? AGENT_NONE : act->by;
    record.via = act->peer;
    cause.id = world_record(doing->world, &record, doing->row);
    sent.message = alert ? MESSAGE_ALERT : MESSAGE_REQUEST;
    send_full(doing, &sent, &cause);
}

/* An honest word that a peer is healthy follows from the question or from its return, and from no
 * case: those of before are closed. */
static struct cause report_cause(const struct doing *doing, const struct act *act)
{
    if (act->health != HEALTH_HEALTHY || act->masking)
        return cause_of(doing, act->peer);
    return percept_subject(doing->percept) == act->peer ? *doing->cause : CAUSE_NONE;
}

static void act_tool(const struct doing *doing, const struct act *act)
{
    static const uint8_t verbs[ACT_KIND_COUNT] = {
        [ACT_REPORT] = VERB_REPORTS,        [ACT_VOLUNTEER] = VERB_VOLUNTEERS,
        [ACT_RELAUNCH] = VERB_RELAUNCHES,   [ACT_RELINK] = VERB_RELINKS,
        [ACT_COPY] = VERB_COPIES,           [ACT_TAMPER] = VERB_TAMPERS,
        [ACT_MISREPORT] = VERB_MISREPORTS,  [ACT_STALL] = VERB_STALLS,
        [ACT_CHECKPOINT] = VERB_CHECKPOINTS};
    struct world *world = doing->world;
    agent_id whom = act->kind == ACT_CHECKPOINT ? doing->id : act->peer;
    bool report = act->kind == ACT_REPORT;
    struct cause cause = report ? report_cause(doing, act) : cause_of(doing, whom);
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];
    int64_t value = report ? act->health : act->value;

    if (act->by != AGENT_NONE) {
        /* What was asked for before and done now is done for whom asked. */
        cause.by = act->by;
        cause.via = act->via;
        cause.flags |= FLAG_REQUESTED;
        if (act->via != AGENT_NONE)
            cause.flags |= FLAG_RELAYED;
    }
    if (act->kind == ACT_CHECKPOINT)
        value = ++world->row_work[doing->row].checkpoint;
    cause.id = write_act(doing, verbs[act->kind], whom, &cause, value);
    if (act->kind != ACT_CHECKPOINT && !report && !concern_is_none(concern_of(doing, whom)))
        concern_of(doing, whom)->id = cause.id;
    message->use = USE_PLATFORM;
    message->cause = cause;
    message->platform = (struct platform_event){.kind = PLATFORM_ACT,
                                                .act = act->kind,
                                                .health = act->health,
                                                .who = doing->id,
                                                .who_incarnation = doing->agent->incarnation,
                                                .whom = whom,
                                                .by = cause.by,
                                                .via = cause.via,
                                                .value = value};
    world_send(world, doing->row, world->platform_entity,
               doing->now + world->scenario->network.platform_latency, slot);
}

static void carry_out(struct doing *doing, const struct act *act)
{
    struct world *world = doing->world;
    struct cause cause;

    switch ((enum act_kind)act->kind) {
    case ACT_SEND:
        act_send(doing, act);
        break;
    case ACT_NOTICED:
        act_notice(doing, act);
        break;
    case ACT_DECIDE:
        act_decide(doing, act);
        break;
    case ACT_ALERT:
    case ACT_REQUEST:
        act_call(doing, act);
        break;
    case ACT_DEPART:
        cause = world->contact ? CAUSE_NONE : world->stopped[doing->row];
        if (!world->contact)
            cause.id = write_act(doing, VERB_DEPARTS, doing->id, &cause, 0);
        row_end(world, doing->row, doing->now, world->contact ? DEATH_CONTACT : DEATH_DEPARTED,
                &cause);
        break;
    case ACT_REFUSE:
        cause = cause_of(doing, act->peer);
        cause.by = act->by;
        write_act(doing, VERB_REFUSES, act->peer, &cause, 0);
        break;
    case ACT_TASK_DONE: /* the world itself serves tasks: world_work.c */
        break;
    case ACT_CHECKPOINT:
        world_change(world, CHANGE_CHECKPOINT, doing->now, doing->row, RECORD_ID_NONE);
        act_tool(doing, act);
        break;
    case ACT_REPORT:
    case ACT_VOLUNTEER:
    case ACT_RELAUNCH:
    case ACT_RELINK:
    case ACT_COPY:
    case ACT_TAMPER:
    case ACT_MISREPORT:
    case ACT_STALL:
        act_tool(doing, act);
        break;
    case ACT_KIND_COUNT:
    default:
        assert(!"no such act");
    }
}

/* An agent spreads the word of a death before it says that it noticed; the word follows from that.
 */
static void notice_first(struct doing *doing, int from)
{
    struct acts *acts = &doing->world->acts;

    for (int i = from + 1; i < acts->count; i++) {
        struct act *act = &acts->list[i];

        if (act->kind == ACT_NOTICED && act->peer == acts->list[from].subject) {
            act_notice(doing, act);
            act->kind = 0;
            return;
        }
    }
}

void row_carry_out(struct world *world, uint32_t row, const struct agent *agent,
                   const struct percept *percept, time_ns now, const struct cause *cause)
{
    struct doing doing = {world, agent,     percept, cause, row, row_agent(world, row),
                          now,   AGENT_NONE};

    /* An agent that departs does nothing after it. */
    for (int i = 0; i < world->acts.count && world->row[row].alive; i++) {
        const struct act *act = &world->acts.list[i];

        if (act->kind == ACT_SEND && act->message == MESSAGE_GOSSIP)
            notice_first(&doing, i);
        if (act->kind != 0)
            carry_out(&doing, act);
    }
}
