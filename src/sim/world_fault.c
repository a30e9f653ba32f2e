/* What is truly simultaneous: blackouts, node crashes, partitions, and the other faults. */
#include "sim/world.h"

#include <assert.h>

/* A barrier's data: the fault's number, and whether it begins or ends. */
static uint32_t barrier_data(uint32_t fault, bool ends)
{
    return fault << 1 | ends;
}

void faults_open(struct world *world)
{
    const struct scenario *scenario = world->scenario;

    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const struct scenario_fault *fault = &scenario->faults[i];

        if (fault->kind == FAULT_PARTITION && world->side == NULL)
            world->side = world_reserve(world, world->agents, sizeof *world->side);
        if (fault->kind == FAULT_SLOW && world->slow == NULL)
            world->slow = world_reserve(world, world->agents, sizeof *world->slow);
        engine_barrier(world->engine, fault->at > world->lookahead ? fault->at : world->lookahead,
                       barrier_data(i, false));
    }
}

static struct cause write_fault(struct world *world, uint8_t verb, time_ns now, agent_id whom,
                                int64_t value)
{
    struct cause cause = CAUSE_NONE;
    struct record record = record_make(verb, now, &cause, AGENT_NONE, whom, value);

    cause.id = world_record(world, &record, WRITER_WITNESS);
    return cause;
}

/* Every incarnation of an agent that is alive. */
static void end_all(struct world *world, agent_id agent, time_ns now, uint8_t reason,
                    const struct cause *cause)
{
    for (uint32_t slot = 0; slot < world->slots; slot++) {
        uint32_t row = slot * world->agents + agent;

        if (world->row[row].alive)
            row_end(world, row, now, reason, cause);
    }
}

static void hang(struct world *world, agent_id agent, time_ns now, bool ends)
{
    for (uint32_t slot = 0; slot < world->slots; slot++) {
        uint32_t row = slot * world->agents + agent;
        struct percept timer = {.kind = PERCEPT_TIMER, .peer = AGENT_NONE};
        struct cause cause;

        if (!world->row[row].alive || world->row[row].hung != ends)
            continue;
        world->row[row].hung = !ends;
        cause = write_fault(world, ends ? VERB_RESUMED : VERB_HUNG, now, agent, 0);
        world_change(world, ends ? CHANGE_BACK : CHANGE_GONE, now, row, cause.id);
        if (ends) /* it goes on with all that came due while it hung */
            row_deliver(world, row, &timer, now, &CAUSE_NONE);
    }
}

static void node_fault(struct world *world, const struct scenario_fault *fault, time_ns now,
                       bool ends)
{
    struct cause cause =
        write_fault(world, ends ? VERB_RESTORED : VERB_CRASHED, now, AGENT_NONE, fault->node);
    uint32_t slot = world_message(world);

    world->node_down[fault->node] = !ends;
    for (agent_id a = 0; !ends && a < world->agents; a++)
        if (world->scenario->node_of[a] == fault->node)
            end_all(world, a, now, DEATH_CRASHED, &cause);
    world->message[slot].use = USE_PLATFORM;
    world->message[slot].cause = cause;
    world->message[slot].platform =
        (struct platform_event){.kind = ends ? PLATFORM_NODE_UP : PLATFORM_NODE_DOWN,
                                .who = AGENT_NONE,
                                .whom = AGENT_NONE,
                                .value = fault->node};
    world_send(world, world->control_entity, world->platform_entity,
               now + world->scenario->network.platform_latency, slot);
}

static void begin_or_end(struct world *world, const struct scenario_fault *fault, uint32_t number,
                         time_ns now, bool ends)
{
    switch ((enum fault_kind)fault->kind) {
    case FAULT_PARTITION:
        write_fault(world, ends ? VERB_HEALED : VERB_PARTITIONED, now, AGENT_NONE, number);
        for (uint32_t i = 0; i < fault->agent_count; i++)
            world->side[fault->agents[i]] ^= (uint8_t)(1u << (number % 8));
        break;
    case FAULT_NODE_CRASH:
        node_fault(world, fault, now, ends);
        break;
    case FAULT_CRASH:
        for (uint32_t i = 0; i < fault->agent_count; i++)
            end_all(world, fault->agents[i], now, DEATH_CRASHED, &CAUSE_NONE);
        break;
    case FAULT_HANG:
        for (uint32_t i = 0; i < fault->agent_count; i++)
            hang(world, fault->agents[i], now, ends);
        break;
    case FAULT_SLOW:
        for (uint32_t i = 0; i < fault->agent_count; i++)
            world->slow[fault->agents[i]] = ends ? 0 : (uint32_t)(fault->factor >> 16);
        break;
    }
}

static bool any_alive(const struct world *world, agent_id agent)
{
    for (uint32_t slot = 0; slot < world->slots; slot++)
        if (world->row[slot * world->agents + agent].alive)
            return true;
    return false;
}

/* Targets may be named twice, and some may have died since: only the living are killed. */
static void blackout(struct world *world, time_ns now)
{
    const struct campaign_rules *rules = &world->scenario->campaign;

    for (uint32_t i = 0; i < rules->target_count; i++) {
        agent_id agent = rules->targets[i];
        struct cause cause = world->stop_cause[agent];
        struct record record = record_make(VERB_KILLED, now, &cause, AGENT_NONE, agent, 0);

        if (!any_alive(world, agent))
            continue;
        cause.id = world_record(world, &record, WRITER_WITNESS);
        end_all(world, agent, now, DEATH_KILLED, &cause);
    }
}

int world_barrier(void *context, struct engine *engine, time_ns now, uint32_t data,
                  struct error *error)
{
    struct world *world = context;
    const struct scenario_fault *fault;
    bool ends = data & 1;

    (void)error;
    if (data == BARRIER_BLACKOUT) {
        blackout(world, now);
        return world->failed;
    }
    assert(data >> 1 < world->scenario->fault_count);
    fault = &world->scenario->faults[data >> 1];
    begin_or_end(world, fault, data >> 1, now, ends);
    if (!ends && fault->kind != FAULT_CRASH && fault->lasts != TIME_NEVER)
        engine_barrier(engine,
                       now + (fault->lasts > world->lookahead ? fault->lasts : world->lookahead),
                       barrier_data(data >> 1, true));
    if (!ends && fault->every > 0)
        engine_barrier(engine,
                       now + (fault->every > world->lookahead ? fault->every : world->lookahead),
                       barrier_data(data >> 1, false));
    return world->failed;
}
