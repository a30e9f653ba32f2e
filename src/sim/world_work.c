/* Work: what the desk gives out goes over links; agents serve it. */
#include "sim/world.h"

#include <assert.h>

#define HELD_MAX 65536

/* Out of the desk, to the process that the platform takes for the first hop. */
static void send_task(void *context, const struct task *task, const struct cause *cause,
                      time_ns now)
{
    struct world *world = context;
    struct address address = world->address[task->hops[0]];
    uint32_t slot = world_message(world);
    struct message *message = &world->message[slot];

    message->cause = *cause;
    message->use = USE_WORK;
    message->any = true;
    message->task = *task;
    world_send(world, world->platform_entity,
               (uint32_t)address.slot * world->agents + task->hops[0],
               now + world->scenario->network.platform_latency, slot);
}

void sim_work_open(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    world->desk = (struct desk){
        .work = scenario->work,
        .work_count = scenario->work_count,
        .platform = world->platform,
        .recorder = world->recorder,
        .send = send_task,
        .context = world,
        .number = world_reserve(world, scenario->work_count, sizeof *world->desk.number),
        .next = world_reserve(world, scenario->work_count, sizeof *world->desk.next),
        .held = world_reserve(world, HELD_MAX, sizeof *world->desk.held),
        .held_max = HELD_MAX};
    if (world->failed == 0)
        desk_open(&world->desk, world->options->seed, world->options->replicate);
}

void work_emit(struct world *world, time_ns now)
{
    int failed = desk_emit(&world->desk, now, world->failed == 0 ? world->error : NULL);

    if (world->failed == 0)
        world->failed = failed;
}

/* The row where it was found missing says so: the sender's, or the one that it came to. */
void sim_work_lost(struct world *world, uint32_t row, agent_id at, const struct message *message,
                   time_ns now)
{
    task_lost(&world->recorder, row, &message->task, at, &message->cause, now);
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
        sim_work_lost(world, row, id, message, now);
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
    served->served = state->busy_until;
    served->stood = state->stood;
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
    time_ns more = state->stood - message->stood;
    struct message *later;
    uint32_t slot;

    if (more == 0)
        return false;
    slot = world_message(world);
    later = &world->message[slot];
    *later = *message;
    later->stood = state->stood;
    later->served = time_later(message->served, more);
    world_send(world, row, row, later->served, slot);
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
        sim_work_lost(world, row, next, message, now);
        return;
    }
    up = world->link_end[row_place(world, row) + found] != LINK_DOWN;
    if (bonds_form(world, id, next))
        bond_record(&world->scenario->groups[world->scenario->group_of[id]].rules.bond,
                    &agent.links[found], up);
    if (!up) { /* the peer fails the task */
        sim_work_lost(world, row, next, message, now);
        return;
    }
    slot = world_message(world);
    world->message[slot] = *message;
    world->message[slot].use = USE_WORK;
    world->message[slot].any = true;
    world->message[slot].task.hop++;
    sim_link_send(world, row, found, next, now, (uint32_t)TAG_MESSAGE << TAG_SHIFT | slot);
}
