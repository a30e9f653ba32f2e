/*
 * `recall`: asks the target to stop, and its peers to let it (the announcement), and does nothing
 * more. What the agents choose is the measurement.
 */
#include "core/control/state.h"

void recall_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    struct target *target = target_present(campaign);

    if (!target_has(target, TARGET_RUNS)) {
        target_thwarted(campaign, target, THWART_DEAD, actions);
        campaign_skip(campaign, now);
        return;
    }
    target_stopping(campaign, target, TIME_NEVER, actions);
    control_add(actions, CONTROL_SIGNAL, target->agent);
    campaign->kill_at = time_after(now, campaign->rules->grace);
    campaign->phase = PHASE_GRACE;
}

/* It had its time. Whoever still runs has declined. */
void recall_over(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    struct target *target = target_present(campaign);

    control_add(actions, CONTROL_THWARTED, target->agent)->value = THWART_DECLINED;
    target_stopped(campaign, target, actions);
    campaign_skip(campaign, now);
}
