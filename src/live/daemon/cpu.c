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
    struct daemon_cpu cpu = {.range = -1, .defenders = -1};

    if (!daemon->options->counts_cpu || daemon->range == NULL)
        return cpu;
    cpu.range = range_cpu(daemon->range, AGENT_NONE);
    if (cpu.range < 0)
        return (struct daemon_cpu){-1, -1};
    cpu.defenders = 0;
    for (agent_id a = 0; a < daemon->agents; a++) {
        int64_t one = is_target(&daemon->scenario->campaign, a) ? 0 : range_cpu(daemon->range, a);

        if (one < 0)
            return (struct daemon_cpu){-1, -1};
        cpu.defenders += one;
    }
    return cpu;
}

struct daemon_cpu cpu_since(const struct daemon *daemon)
{
    struct daemon_cpu now = cpu_read(daemon);

    if (daemon->cpu.range < 0 || now.range < 0)
        return (struct daemon_cpu){-1, -1};
    return (struct daemon_cpu){now.range - daemon->cpu.range,
                               now.defenders - daemon->cpu.defenders};
}
