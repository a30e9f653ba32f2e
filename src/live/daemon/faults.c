/* What goes wrong beside the campaign, as in the simulated world: what is truly simultaneous. */
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "live/daemon/inside.h"
#include "world/faults.h"

/* The bit of a partition in an agent's side: partitions are counted among themselves. */
static uint32_t partition_bit(const struct daemon *daemon, uint32_t fault)
{
    uint32_t bit = 0;

    for (uint32_t i = 0; i < fault; i++)
        bit += daemon->scenario->faults[i].kind == FAULT_PARTITION;
    return bit;
}

struct record_id fault_between(const struct daemon *daemon, agent_id a, agent_id b)
{
    uint64_t between = daemon->side[a] ^ daemon->side[b];

    for (uint32_t i = 0; between != 0 && i < daemon->scenario->fault_count; i++)
        if (daemon->scenario->faults[i].kind == FAULT_PARTITION &&
            (between >> partition_bit(daemon, i) & 1) != 0)
            return daemon->fault_record[i];
    return RECORD_ID_NONE;
}

static void due_add(struct daemon *daemon, time_ns at, uint32_t fault, bool ends)
{
    if (daemon->due_count == daemon->due_max) {
        uint32_t room = daemon->due_max == 0 ? 16 : 2 * daemon->due_max;
        struct fault_due *due = realloc(daemon->due, room * sizeof *due);

        if (due == NULL) {
            daemon_fail(daemon, ERROR_MEMORY, "out of memory for faults");
            return;
        }
        daemon->due = due;
        daemon->due_max = room;
    }
    daemon->due[daemon->due_count++] = (struct fault_due){at, fault, ends};
}

int faults_plan(struct daemon *daemon, struct error *error)
{
    const struct scenario *scenario = daemon->scenario;

    daemon->side = arena_take_array(&daemon->arena, daemon->agents, sizeof *daemon->side);
    daemon->node_down = arena_take_array(&daemon->arena, scenario->nodes + 1u, 1);
    daemon->fault_on = arena_take_array(&daemon->arena, scenario->fault_count + 1, 1);
    daemon->fault_record =
        arena_take_array(&daemon->arena, scenario->fault_count + 1, sizeof *daemon->fault_record);
    if (daemon->side == NULL || daemon->node_down == NULL || daemon->fault_on == NULL ||
        daemon->fault_record == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for faults");
    for (uint32_t i = 0; daemon->options->campaign && i < scenario->fault_count; i++)
        due_add(daemon, scenario->faults[i].at, i, false);
    return daemon->failed;
}

static struct cause write_fault(struct daemon *daemon, uint8_t verb, agent_id whom,
                                incarnation_id incarnation, int64_t value)
{
    struct cause cause = CAUSE_NONE;
    struct record record = record_make(verb, daemon->now, &cause, AGENT_NONE, whom, value);

    record.whom_incarnation = incarnation;
    cause.id = record_write(daemon, &record, WRITER_WITNESS);
    return cause;
}

/* In force for the agent: which of its peers are cut off, and how slow it is. */
void faults_tell(struct daemon *daemon, uint32_t row)
{
    agent_id agent = row_agent(daemon, row);
    const struct scenario_fault *slow =
        fault_still(daemon->scenario, daemon->fault_on, FAULT_SLOW, agent);
    fixed factor = slow != NULL ? slow->factor : FIXED_ONE;
    json_t *cut = json_array();
    char text[48];

    for (uint32_t i = 0; i < degree_of(daemon, agent); i++) {
        agent_id peer = peers_of(daemon, agent)[i];

        if (daemon->side[agent] != daemon->side[peer])
            json_array_append_new(cut, json_string(daemon->names[peer]));
    }
    snprintf(text, sizeof text, "%lld.%09llu", (long long)(factor / FIXED_ONE),
             (unsigned long long)(factor % FIXED_ONE) * 1000000000 / FIXED_ONE);
    send_notification(daemon, row, NOTIFY_WORLD_FAULTS,
                      json_pack("{s:o, s:s}", "cut", cut, "slow", text), NULL);
}

static void tell_agent(struct daemon *daemon, agent_id agent)
{
    for (uint32_t slot = 0; slot < daemon->slots; slot++) {
        uint32_t row = slot * daemon->agents + agent;

        if (daemon->lives[row].state == LIFE_OPEN)
            faults_tell(daemon, row);
    }
}

/* Marks every process of an agent, also one that is being started. */
static void mark_crashed(struct daemon *daemon, agent_id agent, const struct cause *cause)
{
    for (uint32_t slot = 0; slot < daemon->slots; slot++) {
        struct life *life = &daemon->lives[slot * daemon->agents + agent];

        if (life->state == LIFE_NONE || life->killed || life->crashed)
            continue;
        life->crashed = true;
        life->killing = *cause;
    }
}

static void kill_all(struct daemon *daemon, agent_id agent)
{
    for (uint32_t slot = 0; slot < daemon->slots; slot++)
        life_signal(daemon, slot * daemon->agents + agent, SIGKILL);
}

static bool hangs(const struct life *life)
{
    return (life->state == LIFE_OPEN || life->state == LIFE_BORN) && !life->dying;
}

static void hang(struct daemon *daemon, agent_id agent, bool ends)
{
    if (ends && fault_still(daemon->scenario, daemon->fault_on, FAULT_HANG, agent) != NULL)
        return;
    for (uint32_t slot = 0; slot < daemon->slots; slot++) {
        uint32_t row = slot * daemon->agents + agent;
        struct life *life = &daemon->lives[row];
        struct published *published = &daemon->published[agent];
        struct cause cause;

        if (!hangs(life) || life->hung != ends)
            continue;
        life->hung = !ends;
        cause = write_fault(daemon, ends ? VERB_RESUMED : VERB_HUNG, agent, life->incarnation, 0);
        if (life->incarnation >= published->youngest)
            *published = (struct published){ends ? RECORD_ID_NONE : cause.id, life->incarnation};
        /* Where there are no cgroups whoever is held stands by the same signal. */
        if (!ends || !life->held)
            life_signal(daemon, row, ends ? SIGCONT : SIGSTOP);
    }
}

static bool node_still_down(const struct daemon *daemon, node_id node)
{
    for (uint32_t i = 0; i < daemon->scenario->fault_count; i++)
        if (daemon->scenario->faults[i].kind == FAULT_NODE_CRASH && daemon->fault_on[i] &&
            daemon->scenario->faults[i].node == node)
            return true;
    return false;
}

/* The platform hears of the crash before it hears of the deaths: else it would restart them where
 * nothing runs. */
static void node_fault(struct daemon *daemon, const struct scenario_fault *fault, bool ends)
{
    struct platform_event event = {.kind = ends ? PLATFORM_NODE_UP : PLATFORM_NODE_DOWN,
                                   .who = AGENT_NONE,
                                   .whom = AGENT_NONE,
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE,
                                   .value = fault->node};
    struct cause cause;

    if (node_still_down(daemon, fault->node) == daemon->node_down[fault->node])
        return; /* another crash holds it down */
    cause = write_fault(daemon, ends ? VERB_RESTORED : VERB_CRASHED, AGENT_NONE, 0, fault->node);
    daemon->node_down[fault->node] = !ends;
    queue_platform(daemon, &event, &cause);
    if (ends)
        return;
    for (agent_id a = 0; a < daemon->agents; a++)
        if (daemon->scenario->node_of[a] == fault->node)
            mark_crashed(daemon, a, &cause);
    /* All at once, whatever else runs there; where there are no cgroups, one by one. */
    (void)range_kill_node(daemon->range, fault->node, NULL);
    for (agent_id a = 0; a < daemon->agents; a++)
        if (daemon->scenario->node_of[a] == fault->node)
            kill_all(daemon, a);
}

static void partition(struct daemon *daemon, const struct scenario_fault *fault, uint32_t number,
                      bool ends)
{
    uint64_t mask = UINT64_C(1) << partition_bit(daemon, number);

    daemon->fault_record[number] =
        write_fault(daemon, ends ? VERB_HEALED : VERB_PARTITIONED, AGENT_NONE, 0, number).id;
    for (uint32_t i = 0; i < fault->agent_count; i++) {
        agent_id agent = fault->agents[i];

        daemon->side[agent] = ends ? daemon->side[agent] & ~mask : daemon->side[agent] | mask;
    }
    for (agent_id a = 0; a < daemon->agents; a++)
        tell_agent(daemon, a);
}

static void begin_or_end(struct daemon *daemon, uint32_t number, bool ends)
{
    const struct scenario_fault *fault = &daemon->scenario->faults[number];

    daemon->fault_on[number] = !ends && fault->kind != FAULT_CRASH;
    switch ((enum fault_kind)fault->kind) {
    case FAULT_PARTITION:
        partition(daemon, fault, number, ends);
        break;
    case FAULT_NODE_CRASH:
        node_fault(daemon, fault, ends);
        break;
    case FAULT_CRASH:
        for (uint32_t i = 0; i < fault->agent_count; i++) {
            mark_crashed(daemon, fault->agents[i], &CAUSE_NONE);
            kill_all(daemon, fault->agents[i]);
        }
        break;
    case FAULT_HANG:
        for (uint32_t i = 0; i < fault->agent_count; i++)
            hang(daemon, fault->agents[i], ends);
        break;
    case FAULT_SLOW:
        for (uint32_t i = 0; i < fault->agent_count; i++)
            tell_agent(daemon, fault->agents[i]);
        break;
    }
    if (!ends && fault->kind != FAULT_CRASH && fault->lasts != TIME_NEVER)
        due_add(daemon, daemon->now + fault->lasts, number, true);
    if (!ends && fault->every > 0)
        due_add(daemon, daemon->now + fault->every, number, false);
}

time_ns faults_deadline(const struct daemon *daemon)
{
    time_ns earliest = TIME_NEVER;

    for (uint32_t i = 0; i < daemon->due_count; i++)
        if (daemon->due[i].at < earliest)
            earliest = daemon->due[i].at;
    return earliest;
}

void faults_due(struct daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->due_count && daemon->failed == 0;) {
        struct fault_due due = daemon->due[i];

        if (due.at > daemon->now) {
            i++;
            continue;
        }
        for (uint32_t k = i + 1; k < daemon->due_count; k++)
            daemon->due[k - 1] = daemon->due[k];
        daemon->due_count--;
        begin_or_end(daemon, due.fault, due.ends);
    }
}
