/* What the live world, or this machine, cannot do with a scenario, each by name. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "live/daemon/inside.h"

/* Of a link, both ends; of an agent, both ends of its channel, its configuration and its pidfd; of
 * the daemon itself. */
#define FILES_OF_LINK 2
#define FILES_OF_AGENT 4
#define FILES_OF_DAEMON 128
/* What a small static process takes. */
#define AGENT_BYTES (UINT64_C(2) << 20)
/* A message between two processes takes longer than that. */
#define LATENCY_NS_MIN 10000
#define PARTITIONS_MAX 64

/* The first number of a file behind the text `key`, or 0. */
static uint64_t number_in(const char *path, const char *key)
{
    FILE *file = fopen(path, "re");
    char line[256];
    unsigned long long number = 0;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 &&
            sscanf(line + strlen(key), "%llu", &number) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return number;
}

static int refuse_size(const struct scenario *scenario, struct error *error)
{
    uint64_t files = FILES_OF_LINK * scenario->links.edges +
                     (uint64_t)FILES_OF_AGENT * scenario->agents + FILES_OF_DAEMON;
    uint64_t pids = number_in("/proc/sys/kernel/pid_max", "");
    uint64_t memory = number_in("/proc/meminfo", "MemAvailable:") * 1024;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < files)
        return error_set(error, ERROR_MACHINE,
                         "%u agents with %llu links need %llu open files, and this process may "
                         "have %llu (RLIMIT_NOFILE); raise the hard limit, or take fewer agents",
                         scenario->agents, (unsigned long long)scenario->links.edges,
                         (unsigned long long)files, (unsigned long long)limit.rlim_max);
    if (pids > 0 && scenario->agents > pids / 2)
        return error_set(error, ERROR_MACHINE,
                         "%u agents are as many processes, and this machine numbers at most %llu "
                         "(kernel.pid_max); raise it, or take fewer agents",
                         scenario->agents, (unsigned long long)pids);
    if (memory > 0 && scenario->agents > memory / AGENT_BYTES)
        return error_set(error, ERROR_MACHINE,
                         "%u agents take about %llu MiB, and %llu MiB are free; take fewer agents",
                         scenario->agents,
                         (unsigned long long)(scenario->agents * AGENT_BYTES >> 20),
                         (unsigned long long)(memory >> 20));
    return 0;
}

static int refuse_adaptive(const struct scenario *scenario, struct error *error)
{
    for (uint32_t g = 0; g < scenario->group_count; g++)
        if (scenario->groups[g].adaptive)
            return error_set(error, ERROR_MACHINE,
                             "adaptive minds are simulated only: they learn from thousands of "
                             "stops, and `%s` has one; use `iolaus sim`",
                             scenario->groups[g].name);
    return 0;
}

static int refuse_faults(const struct scenario *scenario, struct error *error)
{
    uint32_t partitions = 0;

    for (uint32_t i = 0; i < scenario->fault_count; i++)
        partitions += scenario->faults[i].kind == FAULT_PARTITION;
    if (partitions > PARTITIONS_MAX)
        return error_set(error, ERROR_MACHINE,
                         "the live world takes at most %d partitions, not %u; write those that "
                         "never overlap as one that comes again",
                         PARTITIONS_MAX, partitions);
    return 0;
}

int daemon_refuses(const struct scenario *scenario, struct error *error)
{
    int failed;

    if (scenario->contact.enabled)
        return error_set(error, ERROR_MACHINE,
                         "the contact rule set is simulated only: its agents live and die by a "
                         "clock, not as processes; use `iolaus sim`");
    if (scenario->network.latency.low < LATENCY_NS_MIN)
        return error_set(error, ERROR_MACHINE,
                         "network.latency: %lld ns is less than a message takes between two "
                         "processes; the live world needs at least %d ns",
                         (long long)scenario->network.latency.low, LATENCY_NS_MIN);
    for (uint32_t i = 0; i < scenario->work_count; i++)
        if (scenario->work[i].hop_count > HOPS_MAX)
            return error_set(error, ERROR_MACHINE,
                             "work `%s`: its route has %u hops; the live world takes at most %d, "
                             "split it into several sources",
                             scenario->work[i].name, scenario->work[i].hop_count, HOPS_MAX);
    failed = refuse_adaptive(scenario, error);
    if (failed == 0)
        failed = refuse_faults(scenario, error);
    return failed != 0 ? failed : refuse_size(scenario, error);
}
