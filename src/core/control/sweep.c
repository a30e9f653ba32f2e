/*
 * `sweep`: kills a set one after another, in the order in which the rules list it.
 */
#include "core/control/state.h"

void sweep_begin(struct campaign *campaign, time_ns now)
{
    campaign->next = 0;
    campaign->kill_at = now;
    campaign->phase = PHASE_SWEEPING;
}

/* A target that is dead when its turn comes is passed over, but the sweep keeps its pace. */
void sweep_kill(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    struct target *target = target_present(campaign);

    if (target_has(target, TARGET_RUNS) && !target_has(target, TARGET_STOPPING)) {
        target_stopping(campaign, target, 0, actions);
        control_add(actions, CONTROL_KILL, target->agent);
    } else if (!target_has(target, TARGET_STOPPING)) {
        target_thwarted(campaign, target, THWART_DEAD, actions);
    }
    campaign->next++;
    if (campaign->next == campaign->rules->target_count)
        campaign_await(campaign, now, now);
    else
        campaign->kill_at = time_after(campaign->kill_at, campaign->rules->sweep_gap);
}
