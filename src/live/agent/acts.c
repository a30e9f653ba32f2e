/* The core's acts, carried out: messages to the links, tools and notes to the platform, cases to
 * the mind. */
#include <assert.h>

#include "live/agent/checkpoint.h"
#include "live/agent/inside.h"
#include "live/wire/values.h"
#include "world/acts.h"
#include "world/clock.h"

static uint32_t place_of(const struct program *program, agent_id peer)
{
    uint32_t slot = agent_find_peer(&program->agent, peer);

    return slot == UINT32_MAX ? program->agent.degree : slot;
}

static void set_name(const struct program *program, json_t *params, const char *key, agent_id agent)
{
    if (agent < program->crew->agents)
        json_object_set_new(params, key, json_string(name_of(program, agent)));
}

static void set_integer(json_t *params, const char *key, int64_t value)
{
    json_object_set_new(params, key, json_integer(value));
}

static json_t *about(const struct program *program, agent_id agent)
{
    json_t *params = json_object();

    set_name(program, params, "agent", agent);
    return params;
}

/* Who asked, and through whom, as far as the act says. */
static void set_asker(const struct program *program, json_t *params, const struct act *act)
{
    set_name(program, params, "on_behalf_of", act->by);
    set_name(program, params, "via", act->via);
}

static void do_notice(struct program *program, const struct act *act)
{
    json_t *params = about(program, act->peer);

    json_object_set_new(params, "how", how_json(act->how));
    program->concerned[place_of(program, act->peer)] = true;
    call_note(program, METHOD_NOTE_NOTICED, params);
}

static void do_retract(struct program *program, const struct act *act)
{
    call_note(program, METHOD_NOTE_RETRACTED, about(program, act->peer));
    program->concerned[place_of(program, act->peer)] = false;
}

/* As in the simulated world the mind's draws come first, then that of its latency. */
static void do_decide(struct program *program, const struct act *act)
{
    const struct agent_config *own = program->own;
    json_t *params = about(program, act->peer);
    struct random random = random_make(own->seed, own->replicate, own->id, own->incarnation,
                                       STREAM_MIND, program->mind_draws);
    struct percept decided = {.kind = PERCEPT_DECIDED,
                              .peer = act->peer,
                              .subject = AGENT_NONE,
                              .how = act->how,
                              .by = act->by,
                              .via = act->via};
    time_ns latency;

    json_object_set_new(params, "how", how_json(act->how));
    json_object_set_new(params, "situation", situation_json(&act->situation));
    set_asker(program, params, act);
    program->concerned[place_of(program, act->peer)] = true;
    call_note(program, METHOD_NOTE_DECIDING, params);
    decided.choice =
        mind_scripted(&own->rules.mind, &act->situation, choices_of_tools(own->rules.tools),
                      act->peer, drift_local(program->now, own->drift_ppm), &random);
    latency = clock_slowed(program, spread_draw(&own->decision, &random));
    program->mind_draws = random.draw;
    program_deliver_at(program,
                       latency > TIME_NEVER - program->now ? TIME_NEVER : program->now + latency,
                       &decided);
}

void acts_decided(struct program *program, struct percept *percept)
{
    json_t *params = about(program, percept->peer);

    json_object_set_new(params, "choice", choice_json(percept->choice));
    program->concerned[place_of(program, percept->peer)] = true;
    call_note(program, METHOD_NOTE_DECIDED, params);
    program_deliver(program, percept);
}

static struct link_message message_of(const struct act *act)
{
    return (struct link_message){.kind = LINK_MESSAGE,
                                 .message = act->message,
                                 .state = act->state,
                                 .refutation = act->refutation,
                                 .sequence = act->sequence,
                                 .subject = act->subject,
                                 .by = act->by,
                                 .via = act->via,
                                 .value = act->value};
}

/* The number of the message that goes to this peer next. A hello that goes before it has one too.
 */
static uint32_t number_next(const struct program *program, uint32_t slot)
{
    const struct link *link = &program->links[slot];

    return link->number + 1 + link->greets;
}

/* A word of what the agent was told or believes is noted before it is sent, so that the platform
 * knows what the hearer heard. */
static void do_send(struct program *program, const struct act *act)
{
    uint32_t slot = agent_find_peer(&program->agent, act->peer);
    struct link_message message = message_of(act);

    if (slot == UINT32_MAX)
        return;
    if (act->message == MESSAGE_GOSSIP && program->links[slot].descriptor >= 0 &&
        program->concerned[place_of(program, act->subject)]) {
        json_t *params = about(program, act->subject);

        set_name(program, params, "to", act->peer);
        json_object_set_new(params, "state", state_json(act->state));
        set_integer(params, "message", number_next(program, slot));
        call_note(program, METHOD_NOTE_SPREAD, params);
    }
    link_send(program, slot, &message);
}

/* An alert or a request. */
static void do_call(struct program *program, const struct act *act)
{
    bool alert = act->kind == ACT_ALERT;
    uint32_t slot = agent_find_peer(&program->agent, act->peer);
    struct link_message message = message_of(act);
    json_t *params;

    if (slot == UINT32_MAX)
        return;
    params = about(program, act->subject);
    set_name(program, params, "to", act->peer);
    set_integer(params, "message", number_next(program, slot));
    if (!alert)
        set_asker(program, params, act);
    call_note(program, alert ? METHOD_NOTE_ALERTED : METHOD_NOTE_REQUESTED, params);
    message.message = alert ? MESSAGE_ALERT : MESSAGE_REQUEST;
    link_send(program, slot, &message);
}

static void do_refuse(struct program *program, const struct act *act)
{
    json_t *params = about(program, act->peer);

    set_name(program, params, "on_behalf_of", act->by);
    call_note(program, METHOD_NOTE_REFUSED, params);
}

static void do_tool(struct program *program, const struct act *act)
{
    json_t *params = about(program, act->peer);

    set_asker(program, params, act);
    if (act->kind == ACT_REPORT)
        json_object_set_new(params, "health", health_json(act->health));
    else if (act->kind == ACT_MISREPORT)
        set_integer(params, "score", act->value);
    else if (act->kind == ACT_STALL && act->value > 0)
        set_integer(params, "wanted_ns", act->value);
    call_tool(program, tool_of_act((enum act_kind)act->kind), params, (enum act_kind)act->kind,
              act->peer);
}

static void do_checkpoint(struct program *program)
{
    static unsigned char bytes[CHECKPOINT_BYTES_MAX];
    size_t size = agent_checkpoint_save(&program->agent, &program->worker, ++program->checkpoint,
                                        bytes, sizeof bytes);
    json_t *params = json_object();

    set_integer(params, "number", program->checkpoint);
    json_object_set_new(params, "state", bytes_json(bytes, size));
    call_tool(program, METHOD_CHECKPOINT_SAVE, params, ACT_CHECKPOINT, program->own->id);
}

static void do_depart(struct program *program)
{
    assert(agent_check(&program->own->rules, &program->agent) == NULL);
    call_note(program, METHOD_NOTE_DEPARTING, NULL);
    program->ended = true;
    program->status = 0;
}

static void carry_out(struct program *program, const struct act *act)
{
    if (program->covert != NULL && covert_act(program, act))
        return;
    switch ((enum act_kind)act->kind) {
    case ACT_SEND:
        do_send(program, act);
        break;
    case ACT_NOTICED:
        do_notice(program, act);
        break;
    case ACT_RETRACTED:
        do_retract(program, act);
        break;
    case ACT_DECIDE:
        do_decide(program, act);
        break;
    case ACT_ALERT:
    case ACT_REQUEST:
        do_call(program, act);
        break;
    case ACT_CHECKPOINT:
        do_checkpoint(program);
        break;
    case ACT_DEPART:
        do_depart(program);
        break;
    case ACT_REFUSE:
        do_refuse(program, act);
        break;
    case ACT_TASK_DONE: /* the program itself serves tasks: task.c */
        break;
    case ACT_REPORT:
    case ACT_VOLUNTEER:
    case ACT_RELAUNCH:
    case ACT_RELINK:
    case ACT_COPY:
    case ACT_TAMPER:
    case ACT_MISREPORT:
    case ACT_STALL:
        do_tool(program, act);
        break;
    case ACT_KIND_COUNT:
    default:
        assert(!"no such act");
    }
}

void acts_carry_out(struct program *program)
{
    /* An agent that departs does nothing after it. */
    for (int i = 0; i < program->acts.count && !program->ended; i++) {
        acts_notice_first(&program->acts, i);
        carry_out(program, &program->acts.list[i]);
    }
}
