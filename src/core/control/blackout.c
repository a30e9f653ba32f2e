/*
 * `blackout`: kills all targets at one instant, so that none of them sees another one gone and acts
 * on it.
 */
#include "core/control/state.h"

void blackout_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    for (uint32_t i = 0; i < campaign->count; i++) {
        struct target *target = &campaign->targets[i];

        if (target_has(target, TARGET_RUNS))
            target_stopping(campaign, target, 0, actions);
        else
            target_thwarted(campaign, target, THWART_DEAD, actions);
    }
    if (campaign->stopping == 0) {
        campaign_skip(campaign, now);
        return;
    }
    control_add(actions, CONTROL_KILL_SET, AGENT_NONE);
    campaign_await(campaign, campaign->due, now);
}
