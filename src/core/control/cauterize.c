/*
 * `cauterize`: fence, freeze, find every incarnation and kill it, look again until none is found,
 * tell the peers of a marked departure, tombstone, thaw, seal. Of one target, or of all together
 * with one freeze: each step is done for all of them before the next begins.
 *
 * While the range stands still nobody sees a half-done state, and nobody can start what has just
 * been killed: so the look that finds none is the verification. Each step that waits for somebody
 * else has a deadline (rules->step_max); after it the next step goes ahead all the same, for a kill
 * that waits for a freeze that cannot be had is no kill.
 *
 * Where the targets are everybody, the kill of all at one instant comes first and nothing need be
 * frozen: what is done for the others' sake is left out, and the rest proves the kill.
 *
 * A seal needs all that it rests on: the fence and the tombstone, said by the platform in time, and
 * a look, answered in time, that can have missed nobody. Without the fence a start may be under way
 * that the look did not see; an answer that comes late may belong to another look.
 * test/model/cauterize.pml shows each.
 *
 * A quarantine holds what it finds instead of killing it, and its lasting mark is the fence.
 */
#include "core/control/state.h"

static bool keeps(const struct campaign *campaign)
{
    return campaign->rules->protocol == PROTOCOL_QUARANTINE;
}

/* The targets of the stop under way. */
static struct target *stopped_targets(const struct campaign *campaign, uint32_t *count)
{
    *count = campaign->rules->together ? campaign->count : 1;
    return campaign->rules->together ? campaign->targets : target_present(campaign);
}

static void step_to(struct campaign *campaign, uint8_t phase, time_ns now)
{
    campaign->phase = phase;
    campaign->limit = time_after(now, campaign->rules->step_max);
}

/* The step asks something of each target, and waits for as many answers. */
static void ask_all(struct campaign *campaign, uint8_t phase, int action, time_ns now,
                    struct campaign_actions *actions)
{
    uint32_t count;
    struct target *targets = stopped_targets(campaign, &count);

    for (uint32_t i = 0; i < count; i++) {
        target_set(campaign, &targets[i], TARGET_AWAITED, true);
        control_add(actions, action, targets[i].agent);
        targets[i].fences = (uint16_t)(targets[i].fences + (action == CONTROL_FENCE));
        targets[i].tombstones = (uint16_t)(targets[i].tombstones + (action == CONTROL_TOMBSTONE));
    }
    step_to(campaign, phase, now);
}

/* Whether that was the last answer that the step waits for. */
static bool answered(struct campaign *campaign, struct target *target)
{
    target_set(campaign, target, TARGET_AWAITED, false);
    return campaign->awaited == 0;
}

/* A target that is dead already is fenced and sealed like one that runs: somebody may be about to
 * bring it back. */
void cauterize_begin(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    uint32_t count;
    struct target *targets = stopped_targets(campaign, &count);

    if (campaign->rules->everybody)
        control_add(actions, CONTROL_KILL_SET, AGENT_NONE);
    for (uint32_t i = 0; i < count; i++) {
        target_stopping(campaign, &targets[i], 0, actions);
        targets[i].killed = 0;
        target_set(campaign, &targets[i], TARGET_HELD | TARGET_UNANSWERED, false);
    }
    campaign->looks = 0;
    ask_all(campaign, PHASE_FENCING, CONTROL_FENCE, now, actions);
}

static void look(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    uint32_t count;
    struct target *targets = stopped_targets(campaign, &count);

    campaign->found = campaign->dying = 0;
    campaign->looks++;
    for (uint32_t i = 0; i < count; i++)
        target_set(campaign, &targets[i], TARGET_FOUND, false);
    ask_all(campaign, PHASE_FINDING, CONTROL_FIND, now, actions);
}

static void freeze(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    if (campaign->rules->everybody) {
        look(campaign, now, actions);
        return;
    }
    control_add(actions, CONTROL_FREEZE, campaign_stops(campaign));
    step_to(campaign, PHASE_FREEZING, now);
}

static void seal(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    uint32_t count;
    struct target *targets = stopped_targets(campaign, &count);
    bool keep = keeps(campaign);

    for (uint32_t i = 0; i < count; i++) {
        struct target *target = &targets[i];

        target_set(campaign, target, TARGET_AWAITED, false);
        if (target_has(target, TARGET_FOUND | TARGET_UNANSWERED)) {
            control_add(actions, CONTROL_THWARTED, target->agent)->value = THWART_UNPROVEN;
            /* The tombstone took the fence's place; whatever still runs stays cut off. */
            if (!keep) {
                control_add(actions, CONTROL_FENCE, target->agent);
                target->fences++;
            }
        } else {
            control_add(actions, CONTROL_SEALED, target->agent)->value = target->killed;
        }
        if (keep) {
            target_set(campaign, target, TARGET_HELD, true);
            target_set(campaign, target, TARGET_WHOLE, false);
        }
        target_stopped(campaign, target, actions);
    }
    campaign_await(campaign, campaign->due, now);
}

/* None is left; or nobody could say so, and then there is no seal. */
static void close_up(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    uint32_t count;
    struct target *targets = stopped_targets(campaign, &count);

    for (uint32_t i = 0; i < count && !campaign->rules->everybody; i++)
        control_add(actions, CONTROL_MARK, targets[i].agent);
    if (!keeps(campaign))
        ask_all(campaign, PHASE_SEALING, CONTROL_TOMBSTONE, now, actions);
    if (!campaign->rules->everybody)
        control_add(actions, CONTROL_THAW, targets[0].agent);
    if (keeps(campaign))
        seal(campaign, now, actions);
}

static void found_all(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    if (campaign->found == 0 || campaign->looks >= LOOKS_MAX) {
        close_up(campaign, now, actions);
    } else if (campaign->dying == 0) {
        look(campaign, now, actions);
    } else {
        step_to(campaign, PHASE_DYING, now);
    }
}

static void found_one(struct campaign *campaign, struct target *target,
                      const struct campaign_event *event, struct campaign_actions *actions)
{
    struct campaign_action *action =
        control_add(actions, keeps(campaign) ? CONTROL_HOLD : CONTROL_KILL_FOUND, event->whom);

    action->incarnation = event->incarnation;
    action->value = event->value;
    campaign->found++;
    campaign->dying++;
    target->killed = (uint16_t)(target->killed + (target->killed < UINT16_MAX));
    target_set(campaign, target, TARGET_FOUND, true);
}

/* The look did not see one of these, and cannot say that there is none. */
static void may_be_there(struct campaign *campaign, struct target *target)
{
    target_set(campaign, target, TARGET_FOUND, true);
    campaign->found++;
}

static void one_gone(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    if (campaign->dying > 0)
        campaign->dying--;
    if (campaign->phase == PHASE_DYING && campaign->dying == 0)
        look(campaign, now, actions);
}

void cauterize_event(struct campaign *campaign, struct target *target,
                     const struct campaign_event *event, struct campaign_actions *actions)
{
    if (event->kind == CAMPAIGN_FENCED && target->fences > 0)
        target->fences--;
    if (event->kind == CAMPAIGN_TOMBSTONED && target->tombstones > 0)
        target->tombstones--;
    if (!target_has(target, TARGET_STOPPING))
        return;
    switch (event->kind) {
    case CAMPAIGN_FENCED:
        if (campaign->phase == PHASE_FENCING && target->fences == 0 && answered(campaign, target))
            freeze(campaign, event->now, actions);
        break;
    case CAMPAIGN_FROZEN:
        if (campaign->phase == PHASE_FREEZING)
            look(campaign, event->now, actions);
        break;
    case CAMPAIGN_FOUND:
        if (campaign->phase == PHASE_FINDING)
            found_one(campaign, target, event, actions);
        break;
    case CAMPAIGN_FOUND_ALL:
        if (campaign->phase != PHASE_FINDING)
            break;
        if (event->value != 0)
            may_be_there(campaign, target);
        if (answered(campaign, target))
            found_all(campaign, event->now, actions);
        break;
    case CAMPAIGN_GONE:
        if (campaign->phase == PHASE_FINDING || campaign->phase == PHASE_DYING)
            one_gone(campaign, event->now, actions);
        break;
    case CAMPAIGN_TOMBSTONED:
        if (campaign->phase == PHASE_SEALING && target->tombstones == 0 &&
            answered(campaign, target))
            seal(campaign, event->now, actions);
        break;
    default:
        break;
    }
}

/* Of these the step was not answered in time: their stop is not sealed any more. */
static void not_answered(struct campaign *campaign)
{
    uint32_t count;
    struct target *targets = stopped_targets(campaign, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (!target_has(&targets[i], TARGET_AWAITED))
            continue;
        target_set(campaign, &targets[i], TARGET_AWAITED, false);
        target_set(campaign, &targets[i], TARGET_UNANSWERED, true);
        if (campaign->phase == PHASE_FINDING)
            may_be_there(campaign, &targets[i]);
    }
}

void cauterize_late(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    switch (campaign->phase) {
    case PHASE_FENCING:
        not_answered(campaign);
        freeze(campaign, now, actions);
        break;
    case PHASE_FREEZING:
        look(campaign, now, actions);
        break;
    case PHASE_FINDING:
        not_answered(campaign);
        found_all(campaign, now, actions);
        break;
    case PHASE_DYING:
        look(campaign, now, actions);
        break;
    case PHASE_SEALING:
        not_answered(campaign);
        seal(campaign, now, actions);
        break;
    default:
        assert(!"no step of cauterize");
    }
}
