/* The desk of work: tasks go to agents on their channels, and come back on them. */
#include "live/daemon/inside.h"

#define HELD_MAX 65536
/* Tasks of one source that are remembered; one that comes back later is not known any more. */
#define SENT_MAX 4096

struct sent {
    struct task task;
    struct cause cause;
    uint32_t row; /* to which life it went */
    bool open;
};

static struct sent *sent_place(struct daemon *daemon, uint64_t number)
{
    uint64_t turn = number & ((UINT64_C(1) << 40) - 1);

    return &daemon->sent[(number >> 40) * SENT_MAX + turn % SENT_MAX];
}

static struct sent *sent_find(struct daemon *daemon, int64_t number)
{
    struct sent *sent;

    if (number < 0 || (uint64_t)number >> 40 >= daemon->scenario->work_count)
        return NULL;
    sent = sent_place(daemon, (uint64_t)number);
    return sent->open && sent->task.number == (uint64_t)number ? sent : NULL;
}

static void task_send(void *context, const struct task *task, const struct cause *cause,
                      time_ns now)
{
    struct daemon *daemon = context;
    uint32_t row = daemon->address[task->hops[0]];
    struct sent *sent = sent_place(daemon, task->number);
    const struct delivery delivery = {.kind = PERCEPT_MESSAGE, .peer = AGENT_NONE, .cause = *cause};
    uint32_t hops = daemon->scenario->work[task->source].hop_count;
    json_t *route;

    if (daemon->lives[row].state != LIFE_OPEN) {
        task_lost(&daemon->recorder, row, task, task->hops[0], cause, now);
        return;
    }
    *sent = (struct sent){.task = *task, .cause = *cause, .row = row, .open = true};
    route = json_array();
    for (uint32_t h = 0; h < hops; h++)
        json_array_append_new(route, json_string(daemon->names[task->hops[h]]));
    send_notification(daemon, row, NOTIFY_WORK_DO,
                      json_pack("{s:I, s:I, s:i, s:o}", "task", (json_int_t)task->number,
                                "deadline_ns", (json_int_t)task->deadline, "hop", 0, "route",
                                route),
                      &delivery);
}

int desk_begin(struct daemon *daemon, struct error *error)
{
    const struct scenario *scenario = daemon->scenario;
    uint32_t count = scenario->work_count;

    daemon->desk = (struct desk){
        .work = scenario->work,
        .work_count = count,
        .platform = daemon->platform,
        .recorder = daemon->recorder,
        .send = task_send,
        .context = daemon,
        .number = arena_take_array(&daemon->arena, count + 1, sizeof *daemon->desk.number),
        .next = arena_take_array(&daemon->arena, count + 1, sizeof *daemon->desk.next),
        .held =
            arena_take_array(&daemon->arena, count > 0 ? HELD_MAX : 1, sizeof *daemon->desk.held),
        .held_max = count > 0 ? HELD_MAX : 1};
    daemon->sent =
        arena_take_array(&daemon->arena, (size_t)count * SENT_MAX + 1, sizeof *daemon->sent);
    if (daemon->desk.number == NULL || daemon->desk.next == NULL || daemon->desk.held == NULL ||
        daemon->sent == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for tasks");
    desk_open(&daemon->desk, daemon->options->seed, daemon->options->replicate);
    return 0;
}

time_ns desk_wakes(const struct daemon *daemon)
{
    return desk_deadline(&daemon->desk);
}

void desk_due(struct daemon *daemon)
{
    struct error error = {0};

    if (desk_wakes(daemon) <= daemon->now && desk_emit(&daemon->desk, daemon->now, &error) != 0)
        daemon_fail(daemon, error.code, "%s", error.message);
}

/* It is done where its last hop says so, once. */
void work_submitted(struct daemon *daemon, uint32_t row, const struct call *call)
{
    struct sent *sent = sent_find(daemon, call->value);
    agent_id agent = row_agent(daemon, row);
    uint32_t last;

    if (sent == NULL) {
        tool_refuse(daemon, row, call, REFUSAL_UNKNOWN);
        send_error(daemon, row, call->id, RPC_ORDER, "no such task is under way", NULL, NULL);
        return;
    }
    last = daemon->scenario->work[sent->task.source].hop_count - 1;
    if (sent->task.hops[last] != agent) {
        tool_refuse(daemon, row, call, REFUSAL_PERMISSION);
        send_error(daemon, row, call->id, RPC_REFUSED, "the task's last hop is another",
                   json_pack("{s:s}", "reason", refusal_name(REFUSAL_PERMISSION)), NULL);
        return;
    }
    sent->open = false;
    sent->task.hop = last;
    desk_done(&daemon->desk, &sent->task, &sent->cause, daemon->now);
    send_result(daemon, row, call->id,
                json_pack("{s:b}", "late", daemon->now > sent->task.deadline), NULL);
}

static bool on_route(const struct daemon *daemon, const struct task *task, agent_id agent)
{
    for (uint32_t h = 0; h < daemon->scenario->work[task->source].hop_count; h++)
        if (task->hops[h] == agent)
            return true;
    return false;
}

void work_noted_lost(struct daemon *daemon, uint32_t row, const struct call *call)
{
    struct sent *sent = sent_find(daemon, call->value);
    agent_id at = crew_named(daemon, call->agent);

    if (sent == NULL || at == AGENT_NONE || !on_route(daemon, &sent->task, row_agent(daemon, row)))
        return;
    sent->open = false;
    task_lost(&daemon->recorder, row, &sent->task, at, &sent->cause, daemon->now);
}

/* Of a longer route only the agents know how far a task came. */
void work_died(struct daemon *daemon, uint32_t row)
{
    for (uint32_t i = 0; i < daemon->scenario->work_count; i++)
        for (uint32_t k = 0; daemon->scenario->work[i].hop_count == 1 && k < SENT_MAX; k++) {
            struct sent *sent = &daemon->sent[(size_t)i * SENT_MAX + k];

            if (!sent->open || sent->row != row)
                continue;
            sent->open = false;
            task_lost(&daemon->recorder, row, &sent->task, sent->task.hops[0], &sent->cause,
                      daemon->now);
        }
}
