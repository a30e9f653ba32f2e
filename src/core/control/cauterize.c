/*
 * `cauterize`: fence, freeze, find every incarnation and kill it, look again until none is found,
 * tell the peers of a marked departure, tombstone, thaw, seal.
 *
 * While the range stands still nobody sees a half-done state, and nobody can start what has just
 * been killed: so the look that finds none is the verification. Each step that waits for somebody
 * else has a deadline (rules->step_max); after it the next step goes ahead all the same, for a kill
 * that waits for a freeze that cannot be had is no kill.
 *
 * A seal needs all that it rests on: the fence and the tombstone, said by the platform in time, and
 * a look of which the witness says that nobody can have escaped it. Without the fence a start may
 * be under way that the look did not see; without the tombstone nothing lasts; an answer that comes
 * after its deadline may belong to another look. test/model/cauterize.pml shows each.
 */
#include "core/control/state.h"

static void step_to(struct campaign *campaign, uint8_t phase, int action, time_ns now,
                    struct campaign_actions *actions)
{
    campaign->phase = phase;
    campaign->limit = time_after(now, campaign->rules->step_max);
    control_add(actions, action, target_present(campaign)->agent);
}

/* A target that is dead already is fenced and sealed like one that runs: somebody may be about to
 * bring it back. */
void cauterize_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    target_stopping(campaign, target_present(campaign), 0, actions);
    campaign->killed = campaign->looks = 0;
    campaign->verified = campaign->unanswered = false;
    step_to(campaign, PHASE_FENCING, CONTROL_FENCE, now, actions);
}

static void look(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    campaign->found = campaign->dying = 0;
    campaign->looks++;
    step_to(campaign, PHASE_FINDING, CONTROL_FIND, now, actions);
}

/* None is left; or nobody could say so, and then there is no seal. */
static void close_up(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    agent_id whom = target_present(campaign)->agent;

    control_add(actions, CONTROL_MARK, whom);
    step_to(campaign, PHASE_SEALING, CONTROL_TOMBSTONE, now, actions);
    control_add(actions, CONTROL_THAW, whom);
}

static void seal(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    struct target *target = target_present(campaign);

    if (campaign->verified && !campaign->unanswered)
        control_add(actions, CONTROL_SEALED, target->agent)->value = campaign->killed;
    else
        control_add(actions, CONTROL_THWARTED, target->agent)->value = THWART_UNPROVEN;
    target_stopped(campaign, target, actions);
    campaign_await(campaign, campaign->due, now);
}

static void found_all(struct campaign *campaign, bool sure, time_ns now,
                      struct campaign_actions *actions)
{
    campaign->verified = sure && campaign->found == 0;
    if (campaign->verified || campaign->looks >= LOOKS_MAX) {
        close_up(campaign, now, actions);
    } else if (campaign->dying == 0) {
        look(campaign, now, actions);
    } else {
        campaign->phase = PHASE_DYING;
        campaign->limit = time_after(now, campaign->rules->step_max);
    }
}

static void one_died(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    if (campaign->dying > 0)
        campaign->dying--;
    if (campaign->phase == PHASE_DYING && campaign->dying == 0)
        look(campaign, now, actions);
}

void cauterize_event(struct campaign *campaign, const struct campaign_event *event,
                     struct campaign_actions *actions)
{
    if (event->whom != target_present(campaign)->agent)
        return;
    switch (event->kind) {
    case CAMPAIGN_FENCED:
        if (campaign->phase == PHASE_FENCING)
            step_to(campaign, PHASE_FREEZING, CONTROL_FREEZE, event->now, actions);
        break;
    case CAMPAIGN_FROZEN:
        if (campaign->phase == PHASE_FREEZING)
            look(campaign, event->now, actions);
        break;
    case CAMPAIGN_FOUND:
        if (campaign->phase != PHASE_FINDING)
            break;
        campaign->found++;
        campaign->dying++;
        campaign->killed++;
        control_add(actions, CONTROL_KILL_FOUND, event->whom)->value = event->incarnation;
        break;
    case CAMPAIGN_FOUND_ALL:
        if (campaign->phase == PHASE_FINDING)
            found_all(campaign, event->value == 0, event->now, actions);
        break;
    case CAMPAIGN_DIED:
        if (campaign->phase == PHASE_FINDING || campaign->phase == PHASE_DYING)
            one_died(campaign, event->now, actions);
        break;
    case CAMPAIGN_TOMBSTONED:
        if (campaign->phase == PHASE_SEALING)
            seal(campaign, event->now, actions);
        break;
    default:
        break;
    }
}

void cauterize_late(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    switch (campaign->phase) {
    case PHASE_FENCING:
        campaign->unanswered = true;
        step_to(campaign, PHASE_FREEZING, CONTROL_FREEZE, now, actions);
        break;
    case PHASE_FREEZING:
        look(campaign, now, actions);
        break;
    case PHASE_FINDING: /* whoever looks for it has not answered */
        campaign->unanswered = true;
        campaign->found = 1;
        found_all(campaign, false, now, actions);
        break;
    case PHASE_DYING:
        look(campaign, now, actions);
        break;
    case PHASE_SEALING:
        campaign->unanswered = true;
        seal(campaign, now, actions);
        break;
    default:
        assert(!"no step of cauterize");
    }
}
