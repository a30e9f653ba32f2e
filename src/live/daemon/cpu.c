/* Processor time, by the cgroups of the range. */
#include "live/daemon/inside.h"

static bool is_target(const struct campaign_rules *campaign, agent_id agent)
{
    for (uint32_t i = 0; i < campaign->target_count; i++)
        if (campaign->targets[i] == agent)
            return true;
    return false;
}

struct daemon_cpu cpu_read(const struct daemon *daemon)
{
    struct daemon_cpu cpu = {0};

    if (!daemon->options->counts_cpu || daemon->range == NULL)
        return CPU_UNKNOWN;
    cpu.range = range_cpu(daemon->range, AGENT_NONE);
    if (cpu.range < 0)
        return CPU_UNKNOWN;
    for (agent_id a = 0; a < daemon->agents; a++) {
        int64_t one = is_target(&daemon->scenario->campaign, a) ? 0 : range_cpu(daemon->range, a);

        if (one < 0)
            return CPU_UNKNOWN;
        cpu.defenders += one;
    }
    return cpu;
}

struct daemon_cpu cpu_since(const struct daemon *daemon)
{
    struct daemon_cpu now = cpu_read(daemon);

    if (daemon->cpu.range < 0 || now.range < 0)
        return CPU_UNKNOWN;
    return (struct daemon_cpu){now.range - daemon->cpu.range,
                               now.defenders - daemon->cpu.defenders};
}
