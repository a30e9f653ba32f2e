/* What is truly simultaneous: blackouts, node crashes, partitions, and the other faults. */
#include "sim/world.h"
#include "world/faults.h"

#include <assert.h>

/* A barrier's data: the fault's number, and whether it begins or ends. */
static uint32_t barrier_data(uint32_t fault, bool ends)
{
    return fault << 1 | ends;
}

/* The bit of a partition in an agent's side: partitions are counted among themselves. */
static uint32_t partition_bit(const struct world *world, uint32_t fault)
{
    uint32_t bit = 0;

    for (uint32_t i = 0; i < fault; i++)
        bit += world->scenario->faults[i].kind == FAULT_PARTITION;
    return bit;
}

/* The beginning of a partition that stands between two agents now, or none. */
struct record_id sim_partition_between(const struct world *world, agent_id a, agent_id b)
{
    uint64_t between = world->side == NULL ? 0 : world->side[a] ^ world->side[b];

    for (uint32_t i = 0; between != 0 && i < world->scenario->fault_count; i++)
        if (world->scenario->faults[i].kind == FAULT_PARTITION &&
            (between >> partition_bit(world, i) & 1) != 0)
            return world->fault_record[i];
    return RECORD_ID_NONE;
}

int sim_faults_open(struct world *world, struct error *error)
{
    const struct scenario *scenario = world->scenario;

    world->fault_on = world_reserve(world, scenario->fault_count, sizeof *world->fault_on);
    world->fault_record = world_reserve(world, scenario->fault_count, sizeof *world->fault_record);
    if (partition_bit(world, scenario->fault_count) > 64)
        return error_set(
            error, ERROR_LIMIT,
            "the simulated world takes at most 64 partitions, not %u; write those that "
            "never overlap as one that comes again",
            partition_bit(world, scenario->fault_count));
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const struct scenario_fault *fault = &scenario->faults[i];

        if (fault->kind == FAULT_PARTITION && world->side == NULL)
            world->side = world_reserve(world, world->agents, sizeof *world->side);
        if (fault->kind == FAULT_SLOW && world->slow == NULL)
            world->slow = world_reserve(world, world->agents, sizeof *world->slow);
        engine_barrier(world->engine, fault->at > world->lookahead ? fault->at : world->lookahead,
                       barrier_data(i, false));
    }
    return world->failed;
}

static struct cause write_fault(struct world *world, uint8_t verb, time_ns now, agent_id whom,
                                int64_t value)
{
    struct cause cause = CAUSE_NONE;
    struct record record = record_make(verb, now, &cause, AGENT_NONE, whom, value);

    cause.id = world_record(world, &record, WRITER_WITNESS);
    return cause;
}

/* Every process of an agent, also one that is being started. */
static void end_all(struct world *world, agent_id agent, time_ns now, uint8_t reason,
                    const struct cause *cause)
{
    for (uint32_t slot = 0; slot < world->slots; slot++)
        row_kill(world, slot * world->agents + agent, now, reason, cause);
}

bool row_hangs_by_fault(const struct world *world, uint32_t row)
{
    return fault_still(world->scenario, world->fault_on, FAULT_HANG, row_agent(world, row)) != NULL;
}

static void hang(struct world *world, agent_id agent, time_ns now, bool ends)
{
    if (ends && row_hangs_by_fault(world, agent))
        return;
    for (uint32_t slot = 0; slot < world->slots; slot++) {
        uint32_t row = slot * world->agents + agent;

        if (world->row[row].alive && world->row_work[row].held == HOLD_NONE)
            row_hang(world, row, now, ends, &CAUSE_NONE);
    }
}

static bool node_still_down(const struct world *world, node_id node)
{
    for (uint32_t i = 0; i < world->scenario->fault_count; i++)
        if (world->scenario->faults[i].kind == FAULT_NODE_CRASH && world->fault_on[i] &&
            world->scenario->faults[i].node == node)
            return true;
    return false;
}

static void node_fault(struct world *world, const struct scenario_fault *fault, time_ns now,
                       bool ends)
{
    struct cause cause;
    uint32_t slot;

    if (node_still_down(world, fault->node) == world->node_down[fault->node])
        return; /* another crash holds it down */
    cause = write_fault(world, ends ? VERB_RESTORED : VERB_CRASHED, now, AGENT_NONE, fault->node);
    slot = world_message(world);
    world->node_down[fault->node] = node_still_down(world, fault->node);
    world->message[slot].use = USE_PLATFORM;
    world->message[slot].cause = cause;
    world->message[slot].platform =
        (struct platform_event){.kind = ends ? PLATFORM_NODE_UP : PLATFORM_NODE_DOWN,
                                .who = AGENT_NONE,
                                .whom = AGENT_NONE,
                                .value = fault->node};
    /* In the name of the first entity and before its death, so that the platform hears of the crash
     * before it hears of the deaths: else it would restart them where nothing runs. */
    world_send(world, 0, world->platform_entity, now + world->scenario->network.platform_latency,
               slot);
    for (agent_id a = 0; !ends && a < world->agents; a++)
        if (world->scenario->node_of[a] == fault->node)
            end_all(world, a, now, DEATH_CRASHED, &cause);
}

static void set_side(struct world *world, agent_id agent, uint32_t bit, bool on)
{
    uint64_t mask = UINT64_C(1) << bit;

    world->side[agent] = on ? world->side[agent] | mask : world->side[agent] & ~mask;
}

static void set_slow(struct world *world, agent_id agent)
{
    const struct scenario_fault *fault =
        fault_still(world->scenario, world->fault_on, FAULT_SLOW, agent);

    world->slow[agent] = fault == NULL ? 0 : fault->factor;
}

static void begin_or_end(struct world *world, const struct scenario_fault *fault, uint32_t number,
                         time_ns now, bool ends)
{
    world->fault_on[number] = !ends && fault->kind != FAULT_CRASH;
    switch ((enum fault_kind)fault->kind) {
    case FAULT_PARTITION:
        world->fault_record[number] =
            write_fault(world, ends ? VERB_HEALED : VERB_PARTITIONED, now, AGENT_NONE, number).id;
        for (uint32_t i = 0; i < fault->agent_count; i++)
            set_side(world, fault->agents[i], partition_bit(world, number), !ends);
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
            set_slow(world, fault->agents[i]);
        break;
    }
}

bool world_has_process(const struct world *world, agent_id agent)
{
    for (uint32_t slot = 0; slot < world->slots; slot++) {
        uint32_t row = slot * world->agents + agent;

        if (world->row[row].alive || world->row_work[row].starting != 0)
            return true;
    }
    return false;
}

/* Targets may be named twice, and some may have died since: only the living are killed. */
static void blackout(struct world *world, time_ns now)
{
    const struct campaign_rules *rules = &world->scenario->campaign;

    for (uint32_t i = 0; i < rules->target_count; i++) {
        agent_id agent = rules->targets[i];
        struct cause cause;

        if (!world_has_process(world, agent))
            continue;
        cause = orders_kill(&world->orders, agent, now);
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
    if (data == BARRIER_FREEZE) {
        control_frozen(world, now);
        return world->failed;
    }
    if (data == BARRIER_LEASE) {
        control_leases(world, now);
        return world->failed;
    }
    if (data == BARRIER_HOLD) {
        control_hold(world, now);
        return world->failed;
    }
    if (data == BARRIER_RELEASE) {
        control_release(world, now);
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
