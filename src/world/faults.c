#include "world/faults.h"

bool fault_covers(const struct scenario_fault *fault, agent_id agent)
{
    for (uint32_t i = 0; i < fault->agent_count; i++)
        if (fault->agents[i] == agent)
            return true;
    return false;
}

const struct scenario_fault *fault_still(const struct scenario *scenario, const bool *on,
                                         uint8_t kind, agent_id agent)
{
    const struct scenario_fault *strongest = NULL;

    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const struct scenario_fault *fault = &scenario->faults[i];

        if (fault->kind == kind && on[i] && fault_covers(fault, agent) &&
            (strongest == NULL || fault->factor > strongest->factor))
            strongest = fault;
    }
    return strongest;
}

time_ns start_takes(const struct scenario *scenario, agent_id agent, bool restored)
{
    const struct scenario_group *group = &scenario->groups[scenario->group_of[agent]];
    uint64_t rate = scenario->network.transfer_bytes;
    uint64_t bytes = restored ? group->state_bytes : 0;

    return group->start_time + (time_ns)(bytes / rate) * 1000000000 +
           fixed_scale(1000000000, fixed_ratio((int64_t)(bytes % rate), (int64_t)rate));
}
