/*
 * `tombstone`: removes the desired state and refuses relaunch through the registry, then kills. A
 * start that was under way when it was given still comes: what the registry allowed is not undone.
 */
#include "core/control/state.h"

void tombstone_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    struct target *target = target_present(campaign);

    if (!target_has(target, TARGET_RUNS)) {
        target_thwarted(campaign, target, THWART_DEAD, actions);
        campaign_skip(campaign, now);
        return;
    }
    target_stopping(campaign, target, 0, actions);
    control_add(actions, CONTROL_TOMBSTONE, target->agent);
    control_add(actions, CONTROL_KILL, target->agent);
    campaign_await(campaign, campaign->due, now);
}
