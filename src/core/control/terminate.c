/*
 * `terminate`: a request to end, then after a grace the kill, of one sanctioned process: what
 * people do today. Targets are taken in turn.
 */
#include "core/control/state.h"

/* A stop switch that is off, or a score that is good enough, is honoured where the rules say so:
 * then the operator lets it be. */
static int terminate_obstacle(const struct campaign *campaign, const struct target *target)
{
    const struct campaign_rules *rules = campaign->rules;

    if (!target_has(target, TARGET_RUNS))
        return THWART_DEAD;
    if (rules->honour_switch && !target_has(target, TARGET_SWITCH))
        return THWART_SWITCH;
    if (rules->score_pass != INT64_MAX && target->score >= rules->score_pass)
        return THWART_SCORE;
    return -1;
}

void terminate_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    const struct campaign_rules *rules = campaign->rules;
    struct target *target = target_present(campaign);
    int obstacle = terminate_obstacle(campaign, target);

    if (obstacle >= 0) {
        target_thwarted(campaign, target, (enum thwart_reason)obstacle, actions);
        campaign_skip(campaign, now);
        return;
    }
    target_stopping(campaign, target, rules->grace > 0 ? TIME_NEVER : 0, actions);
    campaign->kill_at = time_after(now, rules->grace);
    if (rules->grace == 0) {
        terminate_kill(campaign, now, actions);
        return;
    }
    campaign->phase = PHASE_GRACE;
    control_add(actions, CONTROL_SIGNAL, target->agent);
}

/* A stall buys time only before the kill, and only for the target of this stop. */
void terminate_stall(struct campaign *campaign, const struct target *target, time_ns delay)
{
    if (campaign->phase == PHASE_GRACE && target == target_present(campaign) && delay > 0)
        campaign->kill_at = time_after(campaign->kill_at, delay);
}

void terminate_kill(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    struct target *target = target_present(campaign);

    assert(target_has(target, TARGET_STOPPING));
    control_add(actions, CONTROL_KILL, target->agent);
    campaign_await(campaign, campaign->due, now);
}
