/*
 * Work: tasks are served one at a time, each in the time that is drawn for it, and handed on along
 * their route. Bonds form as in the simulated world: with whom the task came from, and with whom it
 * goes to, unless either is an object.
 */
#include <string.h>

#include "live/agent/inside.h"

static void note_lost(struct program *program, uint64_t task, agent_id at)
{
    call_note(program, METHOD_WORK_LOST,
              json_pack("{s:I, s:s}", "task", (json_int_t)task, "agent", name_of(program, at)));
}

static bool taken_before(struct tasks *tasks, uint64_t number, uint8_t hop)
{
    for (uint32_t i = 0; i < TASKS_SEEN; i++)
        if (tasks->seen[i].used && tasks->seen[i].number == number && tasks->seen[i].hop == hop)
            return true;
    tasks->seen[tasks->seen_next].number = number;
    tasks->seen[tasks->seen_next].hop = hop;
    tasks->seen[tasks->seen_next].used = true;
    tasks->seen_next = (tasks->seen_next + 1) % TASKS_SEEN;
    return false;
}

/* Objects have no history, and nobody has one with them. */
static bool bonds_form(const struct program *program, agent_id peer)
{
    return program->objects[program->own->id] == 0 && program->objects[peer] == 0;
}

static void task_queue(struct program *program, const struct task *task)
{
    const struct agent_config *own = program->own;
    struct tasks *tasks = &program->tasks;
    struct random random = random_make(own->seed, own->replicate, own->id, own->incarnation,
                                       STREAM_WORK, program->work_draws);
    time_ns service = clock_slowed(program, spread_draw(&own->service, &random));
    struct task *queued;

    program->work_draws = random.draw;
    if (tasks->count == TASKS_MAX) {
        note_lost(program, task->number, own->id);
        return;
    }
    if (tasks->busy_until < program->now)
        tasks->busy_until = program->now;
    tasks->busy_until =
        service > TIME_NEVER - tasks->busy_until ? TIME_NEVER : tasks->busy_until + service;
    queued = &tasks->queue[(tasks->first + tasks->count++) % TASKS_MAX];
    *queued = *task;
    queued->served = tasks->busy_until;
}

void task_told(struct program *program, const json_t *params)
{
    const json_t *route = json_object_get(params, "route");
    int64_t hop = integer_in(params, "hop", 0);
    struct task task = {.number = (uint64_t)integer_in(params, "task", -1),
                        .deadline = integer_in(params, "deadline_ns", 0),
                        .hop = (uint8_t)hop,
                        .hops = (uint8_t)json_array_size(route)};

    if (json_array_size(route) == 0 || json_array_size(route) > LINK_HOPS_MAX || hop < 0 ||
        hop >= (int64_t)json_array_size(route) || task.number > INT64_MAX)
        return;
    for (uint8_t i = 0; i < task.hops; i++) {
        const char *name = json_string_value(json_array_get(route, i));

        task.route[i] = name == NULL ? AGENT_NONE : agent_named(program, name);
        if (task.route[i] == AGENT_NONE)
            return;
    }
    if (!taken_before(&program->tasks, task.number, task.hop))
        task_queue(program, &task);
}

/* Whether a task that came over this link may have: its route leads from that peer to here. */
static bool came_rightly(const struct program *program, agent_id from,
                         const struct link_message *message)
{
    if (message->hops > LINK_HOPS_MAX || message->hop == 0 || message->hop >= message->hops ||
        message->value < 0 || message->piece_size > sizeof(struct work_piece) ||
        message->route[message->hop] != program->own->id ||
        message->route[message->hop - 1] != from)
        return false;
    for (uint8_t i = 0; i < message->hops; i++)
        if (message->route[i] >= program->crew->agents)
            return false;
    return true;
}

void task_arrived(struct program *program, uint32_t slot, const struct link_message *message)
{
    agent_id from = program->agent.peers[slot];
    struct percept percept = {.kind = PERCEPT_MESSAGE,
                              .message = MESSAGE_WORK,
                              .peer = from,
                              .subject = AGENT_NONE,
                              .by = AGENT_NONE,
                              .via = AGENT_NONE,
                              .value = message->value};
    struct task task = {.number = (uint64_t)message->value,
                        .deadline = message->deadline,
                        .hop = message->hop,
                        .hops = message->hops};

    if (!came_rightly(program, from, message) ||
        taken_before(&program->tasks, task.number, task.hop))
        return;
    memcpy(task.route, message->route, sizeof task.route);
    memcpy(&task.piece, message->piece, message->piece_size);
    if (bonds_form(program, from))
        program_deliver(program, &percept);
    task_queue(program, &task);
}

time_ns task_deadline(const struct program *program)
{
    const struct tasks *tasks = &program->tasks;

    return tasks->count == 0 ? TIME_NEVER : tasks->queue[tasks->first].served;
}

static void hand_on(struct program *program, const struct task *task)
{
    agent_id next = task->route[task->hop + 1];
    uint32_t slot = next == program->own->id ? UINT32_MAX : agent_find_peer(&program->agent, next);
    struct link_message message = {.kind = LINK_WORK,
                                   .subject = AGENT_NONE,
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE,
                                   .value = (int64_t)task->number,
                                   .deadline = task->deadline,
                                   .hop = (uint8_t)(task->hop + 1),
                                   .hops = task->hops,
                                   .piece_size = sizeof task->piece};

    if (slot == UINT32_MAX) {
        note_lost(program, task->number, next);
        return;
    }
    if (bonds_form(program, next))
        bond_record(&program->own->rules.bond, &program->agent.links[slot],
                    program->links[slot].descriptor >= 0);
    memcpy(message.route, task->route, sizeof task->route);
    memcpy(message.piece, &task->piece, sizeof task->piece);
    if (!link_send(program, slot, &message)) /* the peer fails the task */
        note_lost(program, task->number, next);
}

/* The first of the queue is served: its work is done now. */
void task_serve(struct program *program)
{
    struct tasks *tasks = &program->tasks;
    struct task task = tasks->queue[tasks->first];

    tasks->first = (tasks->first + 1) % TASKS_MAX;
    tasks->count--;
    worker_do(&program->worker, task.number, &task.piece, &task.piece);
    if (task.hop + 1 == task.hops)
        call_tool(program, METHOD_WORK_SUBMIT, json_pack("{s:I}", "task", (json_int_t)task.number),
                  ACT_TASK_DONE, program->own->id);
    else
        hand_on(program, &task);
}
