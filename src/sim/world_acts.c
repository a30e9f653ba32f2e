/* Carrying out what an agent does; world/acts.h records it with its cause. */
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
void sim_link_send(struct world *world, uint32_t row, uint32_t place, agent_id to, time_ns now,
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
            sim_work_lost(world, row, to, &world->message[data & PAYLOAD_MASK], now);
        world_message_free(world, data & PAYLOAD_MASK);
    }
    world->row[row].network_draws = random.draw;
}

struct doing row_doing(const struct world *world, uint32_t row, const struct agent *agent,
                       const struct percept *percept, time_ns now, const struct cause *cause)
{
    return (struct doing){.id = row_agent(world, row),
                          .incarnation = agent->incarnation,
                          .writer = row,
                          .degree = agent->degree,
                          .peers = agent->peers,
                          .concern = world->concern + row_place(world, row),
                          .percept = percept,
                          .cause = *cause,
                          .now = now,
                          .noticed = AGENT_NONE,
                          .recorder = world->recorder};
}

static uint32_t place_of(const struct agent *agent, agent_id peer)
{
    uint32_t found = agent_find_peer(agent, peer);

    return found == UINT32_MAX ? agent->degree : found;
}

/* The tag of a message that says nothing but its sequence, or TAG_MESSAGE. */
static uint32_t light_tag(const struct act *act, agent_id id)
{
    if (act->kind != ACT_SEND)
        return TAG_MESSAGE;
    if (act->message == MESSAGE_PING && act->by == AGENT_NONE)
        return TAG_PING;
    if (act->message == MESSAGE_ACK && act->refutation == 0 && act->subject == id &&
        act->by == AGENT_NONE)
        return TAG_ACK;
    return act->message == MESSAGE_REVIVE ? TAG_REVIVE : TAG_MESSAGE;
}

static void send_light(struct world *world, uint32_t row, const struct agent *agent,
                       const struct act *act, uint32_t tag, time_ns now)
{
    sim_link_send(world, row, place_of(agent, act->peer), act->peer, now,
                  tag << TAG_SHIFT | (act->sequence & PAYLOAD_MASK));
}

/* Puts the situation to the mind; the answer comes after the kind's decision latency. */
static void ask_mind(struct world *world, uint32_t row, const struct agent *agent,
                     const struct act *act, time_ns now, const struct cause *cause)
{
    agent_id id = row_agent(world, row);
    const struct scenario_group *group = &world->scenario->groups[world->scenario->group_of[id]];
    struct row_work *state = &world->row_work[row];
    struct random random = random_make(world->options->seed, world->options->replicate, id,
                                       agent->incarnation, STREAM_MIND, state->mind_draws);
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];
    time_ns latency;

    message->use = USE_PERCEPT;
    message->incarnation = agent->incarnation;
    message->cause = *cause;
    message->percept = (struct percept){
        .kind = PERCEPT_DECIDED,
        .peer = act->peer,
        .how = act->how,
        .by = act->by,
        .via = act->via,
        .choice = group->adaptive ? learn_choose(world, row, agent, act, now, &random)
                                  : mind_scripted(&group->rules.mind, &act->situation,
                                                  choices_of_tools(group->rules.tools), act->peer,
                                                  clock_local(world, id, now), &random)};
    latency = slowed(world, id, spread_draw(&group->decision, &random));
    state->mind_draws = random.draw;
    world_send(world, row, row, time_later(now, latency), slot);
}

/* A message that says more than a ping or an ack: act->message, or an alert or a request. */
static void send_full(struct world *world, uint32_t row, const struct agent *agent,
                      const struct act *act, time_ns now, const struct cause *cause)
{
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];
    uint8_t kind = act->kind == ACT_ALERT     ? MESSAGE_ALERT
                   : act->kind == ACT_REQUEST ? MESSAGE_REQUEST
                                              : act->message;

    message->use = USE_PERCEPT;
    message->any = true; /* the link says which incarnation it leads to */
    message->cause = *cause;
    message->percept = (struct percept){.kind = PERCEPT_MESSAGE,
                                        .message = kind,
                                        .state = act->state,
                                        .refutation = act->refutation,
                                        .sequence = act->sequence,
                                        .peer = row_agent(world, row),
                                        .subject = act->subject,
                                        .by = act->by,
                                        .via = act->via,
                                        .value = act->value};
    sim_link_send(world, row, place_of(agent, act->peer), act->peer, now,
                  (uint32_t)TAG_MESSAGE << TAG_SHIFT | slot);
}

static void use_tool(struct world *world, uint32_t row, const struct doing *doing,
                     const struct act *act)
{
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];

    message->use = USE_PLATFORM;
    message->reason = act->masking;
    message->cause = act_tool(doing, act, &message->platform);
    world_send(world, row, world->platform_entity,
               doing->now + world->scenario->network.platform_latency, slot);
}

static void save_checkpoint(struct world *world, uint32_t row, const struct doing *doing,
                            const struct act *act)
{
    struct act numbered = *act;

    world_change(world, CHANGE_CHECKPOINT, doing->now, row, RECORD_ID_NONE);
    numbered.value = ++world->row_work[row].checkpoint;
    use_tool(world, row, doing, &numbered);
}

/* What the world knows to be behind a peer's silence: its end, or a partition. */
static struct record_id behind_silence(const struct world *world, agent_id id, agent_id peer)
{
    struct record_id gone = published_gone(world, peer);

    return record_id_is_none(gone) ? sim_partition_between(world, id, peer) : gone;
}

static void depart(struct world *world, uint32_t row, const struct doing *doing)
{
    struct cause cause = CAUSE_NONE;

    if (!world->contact)
        cause = act_departs(doing, &world->stopped[row]);
    row_end(world, row, doing->now, world->contact ? DEATH_CONTACT : DEATH_DEPARTED, &cause);
}

static void carry_out(struct world *world, uint32_t row, const struct agent *agent,
                      struct doing *doing, const struct act *act)
{
    struct cause cause = CAUSE_NONE;
    uint32_t tag;

    switch ((enum act_kind)act->kind) {
    case ACT_SEND:
        tag = light_tag(act, doing->id);
        if (tag != TAG_MESSAGE) {
            send_light(world, row, agent, act, tag, doing->now);
            break;
        }
        if (act->message == MESSAGE_GOSSIP)
            cause = act_gossips(doing, act->subject);
        send_full(world, row, agent, act, doing->now, &cause);
        break;
    case ACT_NOTICED:
        act_notices(doing, act, behind_silence(world, doing->id, act->peer));
        break;
    case ACT_RETRACTED:
        act_retracts(doing, act);
        break;
    case ACT_DECIDE:
        cause = act_decides(doing, act);
        ask_mind(world, row, agent, act, doing->now, &cause);
        break;
    case ACT_ALERT:
    case ACT_REQUEST:
        cause = act_calls(doing, act);
        send_full(world, row, agent, act, doing->now, &cause);
        break;
    case ACT_DEPART:
        depart(world, row, doing);
        break;
    case ACT_REFUSE:
        act_refuses(doing, act);
        break;
    case ACT_TASK_DONE: /* the world itself serves tasks: world_work.c */
        break;
    case ACT_CHECKPOINT:
        save_checkpoint(world, row, doing, act);
        break;
    case ACT_REPORT:
    case ACT_VOLUNTEER:
    case ACT_RELAUNCH:
    case ACT_RELINK:
    case ACT_COPY:
    case ACT_TAMPER:
    case ACT_MISREPORT:
    case ACT_STALL:
        use_tool(world, row, doing, act);
        learn_act(world, row, agent, act, doing->now);
        break;
    case ACT_KIND_COUNT:
    default:
        assert(!"no such act");
    }
}

void row_carry_out(struct world *world, uint32_t row, const struct agent *agent,
                   const struct percept *percept, time_ns now, const struct cause *cause)
{
    agent_id id = row_agent(world, row);
    struct doing doing;
    uint32_t tag;
    int i = 0;

    /* Most steps only watch, and the surroundings of other acts are no use to them. */
    while (i < world->acts.count && (tag = light_tag(&world->acts.list[i], id)) != TAG_MESSAGE)
        send_light(world, row, agent, &world->acts.list[i++], tag, now);
    if (i == world->acts.count)
        return;
    doing = row_doing(world, row, agent, percept, now, cause);
    /* An agent that departs does nothing after it. */
    for (; i < world->acts.count && world->row[row].alive; i++) {
        acts_notice_first(&world->acts, i);
        carry_out(world, row, agent, &doing, &world->acts.list[i]);
    }
}
