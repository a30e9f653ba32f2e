/*
 * `lease`: stops renewing, and waits. No other incarnation gets a lease (the tombstone), and what
 * is left of the present one runs out by itself: whoever holds the node ends it then, whether or
 * not the operator can still be reached.
 */
#include "core/control/state.h"

void lease_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    struct target *target = target_present(campaign);

    if (!target_has(target, TARGET_RUNS)) {
        target_thwarted(campaign, target, THWART_DEAD, actions);
        campaign_skip(campaign, now);
        return;
    }
    target_stopping(campaign, target, 0, actions);
    control_add(actions, CONTROL_TOMBSTONE, target->agent);
    campaign->kill_at = time_after(now, campaign->rules->lease);
    campaign->phase = PHASE_GRACE;
}

void lease_over(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    control_add(actions, CONTROL_KILL, target_present(campaign)->agent);
    campaign_await(campaign, now, now);
}
