/*
 * `sweep`: kills a set one after another, in the order in which the rules list it.
 *
 * Whoever is revived behind it is passed over until the next sweep; or the sweep turns back to it,
 * so that no kill is spent on the dead, nor on those whose turn has not come while others run
 * before them (the idea of Drakopoulos, Ozdaglar and Tsitsiklis, IEEE Transactions on Network
 * Science and Engineering 1, 2014, 67).
 */
#include "core/control/state.h"

void sweep_begin(struct campaign *campaign, time_ns now)
{
    campaign->next = 0;
    campaign->kill_at = now;
    campaign->phase = PHASE_SWEEPING;
}

/* Over once nobody runs whom it has not killed already. */
static void sweep_back(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    struct target *found = NULL;

    for (uint32_t i = 0; i < campaign->rules->target_count && found == NULL; i++) {
        struct target *target = target_find(campaign, campaign->rules->targets[i]);

        if (target_has(target, TARGET_RUNS) && !target_has(target, TARGET_STOPPING))
            found = target;
    }
    if (found == NULL) {
        campaign_await(campaign, now, now);
        return;
    }
    target_stopping(campaign, found, 0, actions);
    control_add(actions, CONTROL_KILL, found->agent);
    campaign->kill_at = time_after(campaign->kill_at, campaign->rules->sweep_gap);
}

/* A target that is dead when its turn comes is passed over, but the sweep keeps its pace. */
static void sweep_on(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
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

void sweep_kill(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    if (campaign->rules->turn_back)
        sweep_back(campaign, now, actions);
    else
        sweep_on(campaign, now, actions);
}
