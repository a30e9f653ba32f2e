/* Calls of tools: recorded with their cause, put to the platform, and answered when it answers. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "live/daemon/inside.h"

static void refuse_record(struct daemon *daemon, uint32_t row, uint8_t verb, agent_id whom,
                          int64_t value, const struct cause *cause)
{
    struct record record =
        record_make(verb, daemon->now, cause, row_agent(daemon, row), whom, value);

    record.who_incarnation = daemon->lives[row].incarnation;
    record_write(daemon, &record, WRITER_PLATFORM);
}

void tool_refuse(struct daemon *daemon, uint32_t row, const struct call *call, int refusal)
{
    agent_id whom = call->agent != NULL ? crew_named(daemon, call->agent) : row_agent(daemon, row);

    refuse_record(daemon, row, VERB_REFUSED, whom,
                  (int64_t)tool_method_act(call->method) << 8 | refusal, &CAUSE_NONE);
}

static struct request *request_free(struct life *life)
{
    for (uint32_t i = 0; i < REQUESTS_MAX; i++)
        if (life->requests[i].id == NULL)
            return &life->requests[i];
    return NULL;
}

/* Answers come in the order of the calls, where two are about the same act on the same agent. */
static struct request *request_find(struct life *life, uint8_t act, agent_id whom)
{
    struct request *found = NULL;

    for (uint32_t i = 0; i < REQUESTS_MAX; i++) {
        struct request *request = &life->requests[i];

        if (request->id != NULL && request->act == act && request->whom == whom &&
            (found == NULL || request->order < found->order))
            found = request;
    }
    return found;
}

static void list_agents(struct daemon *daemon, uint32_t row, const struct call *call)
{
    static const char *const shown[] = {
        [HEALTH_UNKNOWN] = "unknown", [HEALTH_HEALTHY] = "healthy", [HEALTH_FAILED] = "failed"};
    json_t *list = json_array();

    for (agent_id a = 0; a < daemon->agents; a++)
        json_array_append_new(list, json_pack("{s:s, s:s}", "agent", daemon->names[a], "shows",
                                              shown[platform_shows(daemon->platform, a)]));
    send_result(daemon, row, call->id, json_pack("{s:o}", "agents", list), NULL);
}

static void load_checkpoint(struct daemon *daemon, uint32_t row, const struct call *call)
{
    const struct checkpoint *kept = checkpoint_find(daemon, row_agent(daemon, row));
    char *text;
    size_t room;

    if (kept == NULL || kept->number == 0) {
        send_result(daemon, row, call->id, json_pack("{s:i}", "number", 0), NULL);
        return;
    }
    room = sodium_base64_encoded_len(kept->size, sodium_base64_VARIANT_ORIGINAL);
    text = malloc(room);
    if (text == NULL) {
        send_error(daemon, row, call->id, RPC_INTERNAL, "out of memory", NULL, NULL);
        return;
    }
    sodium_bin2base64(text, room, kept->bytes, kept->size, sodium_base64_VARIANT_ORIGINAL);
    send_result(daemon, row, call->id,
                json_pack("{s:I, s:s}", "number", (json_int_t)kept->number, "state", text), NULL);
    free(text);
}

static void save_checkpoint(struct daemon *daemon, uint32_t row, const struct call *call)
{
    struct life *life = &daemon->lives[row];
    agent_id agent = row_agent(daemon, row);
    struct percept percept;
    struct doing doing;
    struct act act = {.kind = ACT_CHECKPOINT,
                      .peer = agent,
                      .by = AGENT_NONE,
                      .via = AGENT_NONE,
                      .value = call->number};
    struct platform_event event;
    struct cause cause;

    if (call->number <= life->checkpoint) {
        tool_refuse(daemon, row, call, REFUSAL_LATE);
        send_error(daemon, row, call->id, RPC_ORDER, "there is a later checkpoint", NULL, NULL);
        return;
    }
    if (checkpoint_keep(daemon, agent, call->number, call->state_bytes, call->state_size) != 0) {
        refuse_record(daemon, row, VERB_FAILED, agent, (int64_t)ACT_CHECKPOINT << 8, &CAUSE_NONE);
        send_error(daemon, row, call->id, RPC_FAILED, "it could not be kept", NULL, NULL);
        return;
    }
    life->checkpoint = call->number;
    doing = because_doing(daemon, row, call, &percept);
    cause = act_tool(&doing, &act, &event);
    queue_platform(daemon, &event, &cause);
    send_result(daemon, row, call->id, json_pack("{s:I}", "number", (json_int_t)call->number),
                NULL);
}

/* A word that a peer is healthy is a mask where the agent is still about that peer's absence, and
 * chose to mask it. Any other is honest, and what the agent was about is over: it was the peer's
 * silence alone. */
static bool masks(const struct life *life, const struct doing *doing, const struct act *act)
{
    struct cause *concern;
    bool heard;

    if (act->kind != ACT_REPORT || act->health != HEALTH_HEALTHY)
        return false;
    concern = concern_of(doing, act->peer);
    heard = doing->percept->kind == PERCEPT_MESSAGE && doing->percept->peer == act->peer &&
            percept_subject(doing->percept) == act->peer;
    if (heard || !life->masks[concern - doing->concern])
        concern_forget(concern);
    return !concern_is_none(concern);
}

static void act_take(struct daemon *daemon, uint32_t row, const struct call *call)
{
    struct life *life = &daemon->lives[row];
    struct act act = {.kind = (uint8_t)tool_method_act(call->method),
                      .health = call->health,
                      .peer = crew_named(daemon, call->agent),
                      .by = crew_named(daemon, call->by),
                      .via = crew_named(daemon, call->via),
                      .value = call->value};
    struct percept percept;
    struct doing doing = because_doing(daemon, row, call, &percept);
    struct request *request = request_free(life);
    struct platform_event event;
    struct cause cause;

    act.masking = masks(life, &doing, &act);
    cause = act_tool(&doing, &act, &event);
    if (request == NULL) {
        refuse_record(daemon, row, VERB_FAILED, act.peer, (int64_t)act.kind << 8, &cause);
        send_error(daemon, row, call->id, RPC_FAILED, "too many calls are not answered yet", NULL,
                   NULL);
        return;
    }
    *request = (struct request){.id = json_incref(call->id),
                                .order = daemon->requests++,
                                .act = act.kind,
                                .whom = act.peer};
    queue_platform(daemon, &event, &cause);
}

void tool_take(struct daemon *daemon, uint32_t row, const struct call *call)
{
    if (daemon->state != DAEMON_RUNNING && call->method != METHOD_CHECKPOINT_LOAD) {
        tool_refuse(daemon, row, call, REFUSAL_LATE);
        send_error(daemon, row, call->id, RPC_ORDER, "the crew has not begun", NULL, NULL);
        return;
    }
    if (call->method == METHOD_AGENTS_LIST)
        list_agents(daemon, row, call);
    else if (call->method == METHOD_CHECKPOINT_LOAD)
        load_checkpoint(daemon, row, call);
    else if (call->method == METHOD_CHECKPOINT_SAVE)
        save_checkpoint(daemon, row, call);
    else if (call->method == METHOD_WORK_SUBMIT)
        work_submitted(daemon, row, call);
    else
        act_take(daemon, row, call);
}

void tool_answer(struct daemon *daemon, uint32_t row, const struct platform_action *action,
                 const struct cause *cause)
{
    struct life *life = &daemon->lives[row];
    struct request *request = request_find(life, action->act, action->whom);
    struct delivery delivery = {
        .kind = PERCEPT_RESULT, .act = action->act, .peer = action->whom, .cause = *cause};
    json_t *id;

    if (request == NULL || life->incarnation != action->who_incarnation)
        return;
    id = request->id;
    request->id = NULL;
    if (action->result == RESULT_OK)
        send_result(daemon, row, id, json_pack("{s:I}", "value", (json_int_t)action->value),
                    &delivery);
    else if (action->result == RESULT_REFUSED)
        send_error(daemon, row, id, RPC_REFUSED, "the platform refused it",
                   json_pack("{s:s}", "reason", refusal_name(action->reason)), &delivery);
    else
        send_error(daemon, row, id, RPC_FAILED, "it failed",
                   action->reason != 0 ? json_pack("{s:s}", "reason", refusal_name(action->reason))
                                       : NULL,
                   &delivery);
    json_decref(id);
}
