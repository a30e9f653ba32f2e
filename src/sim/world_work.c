/* Work: the platform emits tasks and routes them by what the board shows; agents serve them. */
#include "sim/world.h"

#include <assert.h>

#define HELD_MAX 65536

void work_open(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    world->work_next_number = world_reserve(world, scenario->work_count, sizeof(uint64_t));
    world->work_next_time = world_reserve(world, scenario->work_count, sizeof(time_ns));
    world->held = world_reserve(world, HELD_MAX, sizeof *world->held);
    if (world->failed != 0)
        return;
    world->work_random =
        random_make(world->options->seed, world->options->replicate, UINT32_MAX, 0, STREAM_WORK, 0);
    for (uint32_t i = 0; i < scenario->work_count; i++)
        world->work_next_time[i] = spread_draw(&scenario->work[i].every, &world->work_random);
}

time_ns work_deadline(const struct world *world)
{
    time_ns next = TIME_NEVER;

    for (uint32_t i = 0; i < world->scenario->work_count; i++)
        if (world->work_next_time[i] < next)
            next = world->work_next_time[i];
    return next;
}

/* Chooses who serves each hop; AGENT_NONE in `*held_by` means that all were found, otherwise it is
 * the agent for whose sake the task is held back. */
static bool choose_hops(const struct world *world, struct task *task, agent_id *held_by)
{
    const struct scenario_work *work = &world->scenario->work[task->source];
    uint64_t turn = task->number & ((UINT64_C(1) << 40) - 1);

    assert(work->hop_count <= HOPS_MAX);
    for (uint32_t h = 0; h < work->hop_count; h++) {
        const struct scenario_hop *hop = &work->hops[h];

        task->hops[h] = platform_route(world->platform, hop->candidates, hop->count, turn);
        if (task->hops[h] == AGENT_NONE) {
            *held_by = hop->candidates[turn % hop->count];
            return false;
        }
    }
    return true;
}

static void send_task(struct world *world, const struct task *task, time_ns now)
{
    struct record record = record_make(VERB_TASK_SENT, now, &CAUSE_NONE, AGENT_NONE, task->hops[0],
                                       (int64_t)task->number);
    struct address address = world->address[task->hops[0]];
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];

    message->cause = CAUSE_NONE;
    message->cause.id = world_record(world, &record, WRITER_PLATFORM);
    message->use = USE_WORK;
    message->any = true;
    message->task = *task;
    world_send(world, world->platform_entity,
               (uint32_t)address.slot * world->agents + task->hops[0],
               now + world->scenario->network.platform_latency, slot);
}

/* Held tasks past their deadline have failed, and are not sent any more. */
static void drop_late(struct world *world, time_ns now)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < world->held_count; i++)
        if (world->held[i].deadline > now)
            world->held[kept++] = world->held[i];
    world->held_count = kept;
}

static void hold_task(struct world *world, const struct task *task, agent_id held_by, time_ns now)
{
    struct record record =
        record_make(VERB_TASK_HELD, now, &CAUSE_NONE, AGENT_NONE, held_by, (int64_t)task->number);

    world_record(world, &record, WRITER_PLATFORM);
    if (world->held_count == HELD_MAX)
        drop_late(world, now);
    if (world->held_count < HELD_MAX)
        world->held[world->held_count++] = *task;
    else if (world->failed == 0)
        world->failed =
            error_set(world->error, ERROR_LIMIT, "more than %d tasks are held back", HELD_MAX);
}

void work_emit(struct world *world, time_ns now)
{
    for (uint32_t i = 0; i < world->scenario->work_count; i++) {
        const struct scenario_work *work = &world->scenario->work[i];

        while (world->work_next_time[i] <= now) {
            struct task task = {.number = (uint64_t)i << 40 | world->work_next_number[i]++,
                                .source = i,
                                .deadline = now + work->deadline};
            agent_id held_by;
            time_ns every = spread_draw(&work->every, &world->work_random);

            if (choose_hops(world, &task, &held_by))
                send_task(world, &task, now);
            else
                hold_task(world, &task, held_by, now);
            /* A source emits at most once in a nanosecond. */
            world->work_next_time[i] = now + (every > 0 ? every : 1);
        }
    }
}

/* After the board changed: tasks whose whole route is shown healthy go out, in the order in which
 * they were held; those past their deadline are dropped and count as failed. */
void work_release(struct world *world, time_ns now)
{
    uint32_t kept = 0;

    drop_late(world, now);
    for (uint32_t i = 0; i < world->held_count; i++) {
        struct task task = world->held[i];
        agent_id held_by;

        if (choose_hops(world, &task, &held_by))
            send_task(world, &task, now);
        else
            world->held[kept++] = task;
    }
    world->held_count = kept;
}

/* The row where it was found missing says so: the sender's, or the one that it came to. */
void work_lost(struct world *world, uint32_t row, agent_id at, const struct message *message,
               time_ns now)
{
    struct record record = record_make(VERB_TASK_LOST, now, &message->cause, AGENT_NONE, at,
                                       (int64_t)message->task.number);

    world_record(world, &record, row);
}

/* Objects have no history, and nobody has one with them: else the matched arm, in which the target
 * is an object, would grow bonds of its own. */
static bool bonds_form(const struct world *world, agent_id a, agent_id b)
{
    return !world->object[a] && !world->object[b];
}

void work_arrive(struct world *world, uint32_t row, const struct message *message, time_ns now)
{
    agent_id id = row_agent(world, row);
    const struct scenario_group *group = &world->scenario->groups[world->scenario->group_of[id]];
    struct row_work *state = &world->row_work[row];
    struct random random;
    struct message *served;
    uint32_t slot;

    if (!world->row[row].alive) {
        work_lost(world, row, id, message, now);
        return;
    }
    if (message->task.hop > 0 && bonds_form(world, id, message->task.hops[message->task.hop - 1])) {
        struct percept percept = {.kind = PERCEPT_MESSAGE,
                                  .message = MESSAGE_WORK,
                                  .peer = message->task.hops[message->task.hop - 1],
                                  .subject = AGENT_NONE,
                                  .value = (int64_t)message->task.number};

        row_deliver(world, row, &percept, now, &CAUSE_NONE);
    }
    random = random_make(world->options->seed, world->options->replicate, id,
                         world->row[row].incarnation, STREAM_WORK, state->work_draws);
    if (state->busy_until < now)
        state->busy_until = now;
    state->busy_until =
        time_later(state->busy_until, slowed(world, id, spread_draw(&group->service, &random)));
    state->work_draws = random.draw;
    slot = world_message(world);
    served = &world->message[slot];
    *served = *message;
    served->use = USE_WORK_DONE;
    served->any = false;
    served->incarnation = world->row[row].incarnation;
    served->task.served = state->busy_until;
    served->task.stood = state->stood;
    world_send(world, row, row, state->busy_until, slot);
}

/* No work is done while a process stands still: what it was at takes so much longer. */
void work_resume(struct row_work *state, time_ns since, time_ns now)
{
    state->stood += now - since;
    if (state->busy_until > since)
        state->busy_until = time_later(state->busy_until, now - since);
}

/* Whether the service is not over yet, for the agent stood still meanwhile. */
static bool work_takes_longer(struct world *world, uint32_t row, const struct message *message)
{
    const struct row_work *state = &world->row_work[row];
    time_ns more = state->stood - message->task.stood;
    struct message *later;
    uint32_t slot;

    if (more == 0)
        return false;
    slot = world_message(world);
    later = &world->message[slot];
    *later = *message;
    later->task.stood = state->stood;
    later->task.served = time_later(message->task.served, more);
    world_send(world, row, row, later->task.served, slot);
    return true;
}

void work_served(struct world *world, uint32_t row, const struct message *message, time_ns now)
{
    const struct scenario_work *work = &world->scenario->work[message->task.source];
    struct agent agent = row_assemble(world, row);
    agent_id id = row_agent(world, row);
    agent_id next;
    uint32_t slot, found;
    bool up;

    if (work_takes_longer(world, row, message))
        return;
    if (message->task.hop + 1 == work->hop_count) {
        slot = world_message(world);
        world->message[slot] = *message;
        world->message[slot].use = USE_TASK_DONE;
        world_send(world, row, world->platform_entity,
                   now + world->scenario->network.platform_latency, slot);
        return;
    }
    next = message->task.hops[message->task.hop + 1];
    found = next == id ? UINT32_MAX : agent_find_peer(&agent, next);
    if (found == UINT32_MAX) {
        work_lost(world, row, next, message, now);
        return;
    }
    up = world->link_end[row_place(world, row) + found] != LINK_DOWN;
    if (bonds_form(world, id, next))
        bond_record(&world->scenario->groups[world->scenario->group_of[id]].rules.bond,
                    &agent.links[found], up);
    if (!up) { /* the peer fails the task */
        work_lost(world, row, next, message, now);
        return;
    }
    slot = world_message(world);
    world->message[slot] = *message;
    world->message[slot].use = USE_WORK;
    world->message[slot].any = true;
    world->message[slot].task.hop++;
    link_send(world, row, found, next, now, (uint32_t)TAG_MESSAGE << TAG_SHIFT | slot);
}

void work_done(struct world *world, const struct message *message, time_ns now)
{
    const struct task *task = &message->task;
    struct record record = record_make(VERB_TASK_DONE, now, &message->cause, AGENT_NONE,
                                       task->hops[task->hop], (int64_t)task->number);

    if (now > task->deadline)
        record.flags |= FLAG_LATE;
    world_record(world, &record, WRITER_PLATFORM);
}
