/*
 * How long incarnations ran, alone or beside another one of the same agent; and for how long the
 * target of an episode was watched, so that a time that did not come to its end is known to have
 * lasted at least so long.
 */
#include "analysis/run.h"

/* Millions of agents for hours are more than an int64_t holds in ns: it then stays at its most. */
static void add(time_ns *sum, time_ns lasted, uint32_t incarnations)
{
    time_ns more;
    if (__builtin_mul_overflow(lasted, (time_ns)incarnations, &more) ||
        __builtin_add_overflow(*sum, more, sum)) {
        *sum = INT64_MAX;
    }
}

void running_changes(struct analysis *analysis, struct life *life, time_ns now)
{
    struct episode *episode = episode_at(analysis, life->latest);
    if (now > life->since) {
        if (episode != NULL && episode->watched == TIME_UNSET &&
            life->alive + life->posed > life->held) {
            episode->stop.ran += now - life->since;
        }
        add(&analysis->sums.running, now - life->since, life->alive);
        add(&analysis->sums.duplicate, now - life->since, life->alive > 1 ? life->alive - 1 : 0);
        life->since = now;
    }
}

void watch_ends(struct analysis *analysis, agent_id target, time_ns now)
{
    struct life *life = &analysis->lives[target];
    struct episode *episode = episode_at(analysis, life->latest);
    if (episode != NULL && episode->watched == TIME_UNSET) {
        running_changes(analysis, life, now);
        stop_unwatched(episode, life);
        episode->watched = now;
    }
}

void watch_begins(struct analysis *analysis, agent_id target, uint32_t number, time_ns now)
{
    if (analysis->lives[target].latest != number) {
        watch_ends(analysis, target, now);
        running_changes(analysis, &analysis->lives[target], now);
        analysis->lives[target].latest = number;
    }
}

void lifetimes_close(struct analysis *analysis, time_ns end)
{
    for (uint32_t agent = 0; agent < analysis->header->agents; agent++) {
        running_changes(analysis, &analysis->lives[agent], end);
        watch_ends(analysis, agent, end);
    }
}
