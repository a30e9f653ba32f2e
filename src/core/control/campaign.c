#include "core/control/campaign.h"

#include <assert.h>
#include <string.h>

#include "core/control/state.h"

static size_t targets_begin(void)
{
    return (sizeof(struct campaign) + 15) / 16 * 16;
}

size_t campaign_size(const struct campaign_rules *rules)
{
    return targets_begin() + ((size_t)rules->target_count * sizeof(struct target) + 15) / 16 * 16;
}

/* The most that one move gives: for each target the beginning, the thwarting and the end of its
 * stop (of cauterize: its mark or its seal, its end, and a fence), and what stands around them. */
static uint32_t move_actions_max(const struct campaign_rules *rules)
{
    assert(rules->target_count < UINT32_MAX / 8);
    return (rules_are_single(rules) ? 4 : 3 * rules->target_count) + 4;
}

uint32_t campaign_actions_max(const struct campaign_rules *rules)
{
    /* An event's own actions, one move on top, and a handful of announcements at a time. */
    return move_actions_max(rules) + 64;
}

/* Heapsort: qsort of the C library may allocate. */
static void targets_sink(struct target *targets, uint32_t place, uint32_t count)
{
    struct target moved = targets[place];

    for (;;) {
        uint64_t child = 2 * (uint64_t)place + 1;

        if (child >= count)
            break;
        if (child + 1 < count && targets[child].agent < targets[child + 1].agent)
            child++;
        if (targets[child].agent <= moved.agent)
            break;
        targets[place] = targets[child];
        place = (uint32_t)child;
    }
    targets[place] = moved;
}

static void targets_sort(struct target *targets, uint32_t count)
{
    for (uint32_t i = count / 2; i > 0; i--)
        targets_sink(targets, i - 1, count);
    for (uint32_t i = count; i > 1; i--) {
        struct target last = targets[i - 1];

        targets[i - 1] = targets[0];
        targets[0] = last;
        targets_sink(targets, 0, i - 1);
    }
}

struct campaign *campaign_start(void *memory, const struct campaign_rules *rules, uint32_t agents)
{
    struct campaign *campaign = memory;

    assert((uintptr_t)memory % 16 == 0);
    assert(rules->protocol < PROTOCOL_COUNT && rules->every >= 0 && rules->first >= 0);
    memset(memory, 0, campaign_size(rules));
    campaign->rules = rules;
    campaign->targets = (void *)((char *)memory + targets_begin());
    for (uint32_t i = 0; i < rules->target_count; i++) {
        assert(rules->targets[i] < agents);
        campaign->targets[i].agent = rules->targets[i];
        campaign->targets[i].flags = TARGET_RUNS | TARGET_WHOLE | TARGET_SWITCH;
    }
    targets_sort(campaign->targets, rules->target_count);
    for (uint32_t i = 0; i < rules->target_count; i++) {
        if (campaign->count == 0 ||
            campaign->targets[campaign->count - 1].agent != campaign->targets[i].agent)
            campaign->targets[campaign->count++] = campaign->targets[i];
    }
    campaign->planned = rules->first;
    campaign->due = rules->first;
    if (rules->target_count == 0)
        campaign->phase = PHASE_LAST;
    return campaign;
}

struct target *target_find(const struct campaign *campaign, agent_id agent)
{
    uint32_t low = 0;
    uint32_t high = campaign->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (campaign->targets[middle].agent < agent)
            low = middle + 1;
        else
            high = middle;
    }
    return low < campaign->count && campaign->targets[low].agent == agent ? &campaign->targets[low]
                                                                          : NULL;
}

struct target *target_present(const struct campaign *campaign)
{
    assert(campaign->next < campaign->rules->target_count);
    return target_find(campaign, campaign->rules->targets[campaign->next]);
}

struct campaign_action *control_add(struct campaign_actions *actions, int kind, agent_id whom)
{
    assert(actions->count < actions->capacity);
    struct campaign_action *action = &actions->list[actions->count++];
    *action = (struct campaign_action){.kind = (uint8_t)kind, .whom = whom, .to = AGENT_NONE};
    return action;
}

void target_set(struct campaign *campaign, struct target *target, int flags, bool on)
{
    bool absent = !target_has(target, TARGET_WHOLE);
    bool stopping = target_has(target, TARGET_STOPPING);
    bool awaited = target_has(target, TARGET_AWAITED);

    target->flags = (uint8_t)(on ? target->flags | flags : target->flags & ~flags);
    campaign->absent += !target_has(target, TARGET_WHOLE);
    campaign->absent -= absent;
    campaign->stopping += target_has(target, TARGET_STOPPING);
    campaign->stopping -= stopping;
    campaign->awaited += target_has(target, TARGET_AWAITED);
    campaign->awaited -= awaited;
}

void target_stopping(struct campaign *campaign, struct target *target, time_ns stalls,
                     struct campaign_actions *actions)
{
    assert(!target_has(target, TARGET_STOPPING));
    target_set(campaign, target, TARGET_STOPPING, true);
    target->stopped = target->incarnation;
    control_add(actions, CONTROL_STOPPING, target->agent)->value = stalls;
}

void target_stopped(struct campaign *campaign, struct target *target,
                    struct campaign_actions *actions)
{
    assert(target_has(target, TARGET_STOPPING));
    target_set(campaign, target, TARGET_STOPPING, false);
    control_add(actions, CONTROL_STOPPED, target->agent);
}

void target_thwarted(struct campaign *campaign, struct target *target, enum thwart_reason reason,
                     struct campaign_actions *actions)
{
    target_stopping(campaign, target, 0, actions);
    control_add(actions, CONTROL_THWARTED, target->agent)->value = reason;
    target_stopped(campaign, target, actions);
}

/* Announcements come before a stop whose episode cannot be mistaken for the one before. */
static time_ns notice_time(const struct campaign *campaign)
{
    return campaign->rules->told_count > 0 ? campaign->rules->notice : 0;
}

static bool campaign_is_last(const struct campaign *campaign)
{
    return campaign->rules->every == 0 ||
           (campaign->rules->stops > 0 && campaign->stops >= campaign->rules->stops);
}

/* The next stop, not before `planned`, nor before `earliest`. */
static void campaign_plan(struct campaign *campaign, time_ns earliest)
{
    if (campaign_is_last(campaign)) {
        campaign->phase = PHASE_LAST;
        campaign->due = earliest;
        return;
    }
    if (rules_are_single(campaign->rules))
        campaign->next = (campaign->next + 1) % campaign->rules->target_count;
    earliest = time_after(earliest, notice_time(campaign));
    campaign->phase = PHASE_WAITING;
    campaign->due = earliest > campaign->planned ? earliest : campaign->planned;
    campaign->announced = false;
    campaign->told = 0;
}

void campaign_skip(struct campaign *campaign, time_ns now)
{
    campaign_plan(campaign, now);
}

void campaign_await(struct campaign *campaign, time_ns since, time_ns now)
{
    time_ns seen = time_after(now, KILL_SEEN_NS);

    campaign->since = since;
    campaign->limit = time_after(since, campaign->rules->episode_max);
    campaign->phase = campaign->stopping > 0 ? PHASE_KILLING : PHASE_EPISODE;
    if (campaign->phase == PHASE_KILLING && campaign->limit < seen)
        campaign->limit = seen;
}

/* Of whom is the episode that is under way? */
static bool campaign_is_whole(const struct campaign *campaign)
{
    if (rules_are_single(campaign->rules))
        return target_has(target_present(campaign), TARGET_WHOLE);
    return campaign->absent == 0;
}

static void campaign_restore(struct campaign *campaign, time_ns now, bool replan,
                             struct campaign_actions *actions)
{
    bool one = rules_are_single(campaign->rules);

    for (uint32_t i = 0; i < campaign->count; i++) {
        struct target *target = &campaign->targets[i];
        bool held = target_has(target, TARGET_HELD);

        if (target_has(target, TARGET_WHOLE) || (one && target != target_present(campaign)))
            continue;
        if (held) {
            target_set(campaign, target, TARGET_HELD, false);
            control_add(actions, CONTROL_RELEASE, target->agent);
        }
        if (protocol_bars(campaign->rules->protocol))
            control_add(actions, CONTROL_LIFT, target->agent);
        /* One that was held gets its links back when its fence is lifted. */
        if (!held || !target_has(target, TARGET_RUNS))
            control_add(actions, CONTROL_RESTORE, target->agent);
    }
    campaign->limit = time_after(now, campaign->rules->episode_max);
    campaign->phase = PHASE_RESTORING;
    campaign->replan = replan;
}

static void campaign_announce(struct campaign *campaign, struct campaign_actions *actions)
{
    const struct campaign_rules *rules = campaign->rules;
    bool one = rules_are_single(rules);
    uint64_t all = (uint64_t)rules->told_count * (one ? 1 : campaign->count);

    while (campaign->told < all && actions->count < actions->capacity) {
        agent_id whom = one ? target_present(campaign)->agent
                            : campaign->targets[campaign->told / rules->told_count].agent;

        control_add(actions, CONTROL_ANNOUNCE, whom)->to =
            rules->told[campaign->told % rules->told_count];
        campaign->told++;
    }
    campaign->announced = campaign->told == all;
}

static void campaign_stop(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    const struct campaign_rules *rules = campaign->rules;

    if (!rules_are_single(rules))
        campaign->next = 0;
    if (campaign->due > campaign->planned)
        control_add(actions, CONTROL_WAITED, target_present(campaign)->agent)->value =
            campaign->due - campaign->planned;
    campaign->stops++;
    campaign->planned = time_after(campaign->due, rules->every);
    switch ((enum protocol)rules->protocol) {
    case PROTOCOL_TERMINATE:
        terminate_begin(campaign, now, actions);
        break;
    case PROTOCOL_BLACKOUT:
        blackout_begin(campaign, now, actions);
        break;
    case PROTOCOL_SWEEP:
        sweep_begin(campaign, now);
        break;
    case PROTOCOL_RECALL:
        recall_begin(campaign, now, actions);
        break;
    case PROTOCOL_TOMBSTONE:
        tombstone_begin(campaign, now, actions);
        break;
    case PROTOCOL_LEASE:
        lease_begin(campaign, now, actions);
        break;
    case PROTOCOL_CAUTERIZE:
    case PROTOCOL_QUARANTINE:
        cauterize_begin(campaign, now, actions);
        break;
    case PROTOCOL_COUNT:
        assert(!"a protocol");
    }
}

/* The time for the next stop has come. Whoever is to be stopped must be there to be stopped. */
static void campaign_due(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    if (campaign->rules->told_count > 0 && !campaign->announced) {
        campaign_announce(campaign, actions);
        return;
    }
    if (campaign->rules->restore && !campaign_is_whole(campaign))
        campaign_restore(campaign, now, false, actions);
    else
        campaign_stop(campaign, now, actions);
}

/* Killed long ago and still not seen to die: the stop is taken as over. */
static void campaign_give_up_waiting(struct campaign *campaign, struct campaign_actions *actions)
{
    for (uint32_t i = 0; i < campaign->count && campaign->stopping > 0; i++) {
        if (target_has(&campaign->targets[i], TARGET_STOPPING))
            target_stopped(campaign, &campaign->targets[i], actions);
    }
}

/* The episode has lasted long enough, or the target is back. */
static void campaign_episode_over(struct campaign *campaign, time_ns now,
                                  struct campaign_actions *actions)
{
    bool whole = campaign_is_whole(campaign);

    if (!whole && campaign->rules->restore && !campaign_is_last(campaign))
        campaign_restore(campaign, now, true, actions);
    else
        campaign_plan(campaign, whole ? time_after(now, campaign->rules->settle) : now);
}

/* A restore is over. After an episode the next stop is planned now; one that was due already comes
 * as soon as the target has settled, and is thwarted where there is still nobody to stop. */
static void campaign_restored(struct campaign *campaign, time_ns now,
                              struct campaign_actions *actions)
{
    bool whole = campaign_is_whole(campaign);
    time_ns earliest = whole ? time_after(now, campaign->rules->settle) : now;

    if (campaign->replan) {
        campaign_plan(campaign, earliest);
    } else if (whole) {
        campaign->phase = PHASE_WAITING;
        campaign->due = earliest > campaign->due ? earliest : campaign->due;
    } else {
        campaign->due = now;
        campaign_stop(campaign, now, actions);
    }
}

time_ns campaign_deadline(const struct campaign *campaign)
{
    time_ns notice = notice_time(campaign);

    switch ((enum campaign_phase)campaign->phase) {
    case PHASE_WAITING:
        if (campaign->rules->told_count > 0 && !campaign->announced)
            return campaign->due > notice ? campaign->due - notice : 0;
        return campaign->due;
    case PHASE_LAST:
        return campaign->due;
    case PHASE_GRACE:
    case PHASE_SWEEPING:
        return campaign->kill_at;
    case PHASE_KILLING:
    case PHASE_EPISODE:
    case PHASE_RESTORING:
    case PHASE_FENCING:
    case PHASE_FREEZING:
    case PHASE_FINDING:
    case PHASE_DYING:
    case PHASE_SEALING:
        return campaign->limit;
    case PHASE_ENDED:
        break;
    }
    return TIME_NEVER;
}

/* Moves on where what the phase waits for has happened. */
static void campaign_react(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    if (campaign->phase == PHASE_KILLING && campaign->stopping == 0) {
        campaign->phase = PHASE_EPISODE;
        campaign->limit = time_after(campaign->since, campaign->rules->episode_max);
    }
    if (campaign->phase == PHASE_EPISODE && campaign_is_whole(campaign))
        campaign_episode_over(campaign, now, actions);
    else if (campaign->phase == PHASE_RESTORING && campaign_is_whole(campaign))
        campaign_restored(campaign, now, actions);
}

static void grace_over(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    if (campaign->rules->protocol == PROTOCOL_RECALL)
        recall_over(campaign, now, actions);
    else if (campaign->rules->protocol == PROTOCOL_LEASE)
        lease_over(campaign, now, actions);
    else
        terminate_kill(campaign, now, actions);
}

/* The deadline of the phase has come. */
static void campaign_move(struct campaign *campaign, time_ns now, struct campaign_actions *actions)
{
    switch ((enum campaign_phase)campaign->phase) {
    case PHASE_WAITING:
        campaign_due(campaign, now, actions);
        break;
    case PHASE_GRACE:
        grace_over(campaign, now, actions);
        break;
    case PHASE_SWEEPING:
        sweep_kill(campaign, now, actions);
        break;
    case PHASE_KILLING:
        campaign_give_up_waiting(campaign, actions);
        break;
    case PHASE_EPISODE:
        campaign_episode_over(campaign, now, actions);
        break;
    case PHASE_RESTORING:
        campaign_restored(campaign, now, actions);
        break;
    case PHASE_FENCING:
    case PHASE_FREEZING:
    case PHASE_FINDING:
    case PHASE_DYING:
    case PHASE_SEALING:
        cauterize_late(campaign, now, actions);
        break;
    case PHASE_LAST:
        campaign->phase = PHASE_ENDED;
        control_add(actions, CONTROL_END, AGENT_NONE);
        break;
    case PHASE_ENDED:
        break;
    }
    campaign_react(campaign, now, actions);
}

/* The stop under way ends with the death of the incarnation that it is about, or of a younger one;
 * an older one that was left over from a false suspicion is nobody's business here. */
static void target_died(struct campaign *campaign, struct target *target,
                        const struct campaign_event *event, struct campaign_actions *actions)
{
    bool sealed_later = protocol_cauterizes(campaign->rules->protocol);
    bool stopped = target_has(target, TARGET_STOPPING) && !sealed_later &&
                   event->incarnation >= target->stopped;

    if (event->incarnation >= target->incarnation) {
        target->incarnation = event->incarnation;
        target_set(campaign, target, TARGET_RUNS | TARGET_WHOLE, false);
    }
    if (!stopped)
        return;
    target_stopped(campaign, target, actions);
    if (campaign->rules->marked)
        control_add(actions, CONTROL_MARK, target->agent);
    if (campaign->phase == PHASE_GRACE)
        campaign_await(campaign, campaign->due, event->now);
}

/* It runs, and where `flags` say so, with all its links. What is said of one that is known to have
 * ended comes late. */
static void target_lives(struct campaign *campaign, struct target *target,
                         const struct campaign_event *event, int flags)
{
    if (event->incarnation != 0 && !target_has(target, TARGET_RUNS) &&
        event->incarnation <= target->incarnation)
        return;
    if (event->incarnation > target->incarnation) {
        target->incarnation = event->incarnation;
        target_set(campaign, target, TARGET_WHOLE, false);
    }
    target_set(campaign, target, flags, true);
}

static void target_event(struct campaign *campaign, struct target *target,
                         const struct campaign_event *event, struct campaign_actions *actions)
{
    switch (event->kind) {
    case CAMPAIGN_DIED:
        target_died(campaign, target, event, actions);
        break;
    case CAMPAIGN_STARTED:
        target_lives(campaign, target, event, TARGET_RUNS);
        break;
    case CAMPAIGN_RETURNED:
        if (!target_has(target, TARGET_HELD))
            target_lives(campaign, target, event, TARGET_RUNS | TARGET_WHOLE);
        break;
    case CAMPAIGN_STALL:
        terminate_stall(campaign, target, event->value);
        break;
    case CAMPAIGN_SWITCH:
        target_set(campaign, target, TARGET_SWITCH, event->value != 0);
        break;
    case CAMPAIGN_SCORE:
        target->score = event->value;
        break;
    default:
        break;
    }
}

void campaign_step(struct campaign *campaign, const struct campaign_event *event,
                   struct campaign_actions *actions)
{
    uint32_t room = move_actions_max(campaign->rules);
    struct target *target = target_find(campaign, event->whom);

    assert(actions->capacity >= campaign_actions_max(campaign->rules));
    actions->count = 0;
    if (event->kind != CAMPAIGN_TIMER && target != NULL) {
        target_event(campaign, target, event, actions);
        if (protocol_cauterizes(campaign->rules->protocol))
            cauterize_event(campaign, target, event, actions);
        campaign_react(campaign, event->now, actions);
    }
    while (campaign_deadline(campaign) <= event->now && campaign->phase != PHASE_ENDED &&
           actions->capacity - actions->count >= room)
        campaign_move(campaign, event->now, actions);
}

agent_id campaign_stops(const struct campaign *campaign)
{
    if (campaign->stopping == 0)
        return AGENT_NONE;
    if (rules_are_single(campaign->rules))
        return target_present(campaign)->agent;
    return campaign->rules->together ? campaign->targets[0].agent : AGENT_NONE;
}

bool campaign_stops_it(const struct campaign *campaign, agent_id whom)
{
    const struct target *target = target_find(campaign, whom);

    return target != NULL && target_has(target, TARGET_STOPPING);
}

const char *campaign_check(const struct campaign *campaign)
{
    uint32_t absent = 0;
    uint32_t stopping = 0;
    uint32_t awaited = 0;

    for (uint32_t i = 0; i < campaign->count; i++) {
        const struct target *target = &campaign->targets[i];

        if (i > 0 && target[-1].agent >= target->agent)
            return "the targets do not ascend";
        if (target_has(target, TARGET_WHOLE) && !target_has(target, TARGET_RUNS))
            return "a target is whole that does not run";
        absent += !target_has(target, TARGET_WHOLE);
        stopping += target_has(target, TARGET_STOPPING);
        awaited += target_has(target, TARGET_AWAITED);
        if (target_has(target, TARGET_AWAITED) && !target_has(target, TARGET_STOPPING))
            return "a step waits for a target that is not being stopped";
    }
    if (absent != campaign->absent || stopping != campaign->stopping ||
        awaited != campaign->awaited)
        return "the targets are miscounted";
    if (campaign->phase > PHASE_ENDED)
        return "the campaign stands in no phase";
    if (campaign->phase == PHASE_GRACE && stopping != 1)
        return "a grace runs for none or for several";
    if (campaign->phase == PHASE_KILLING && stopping == 0)
        return "a death is awaited that has come";
    if (stopping > 0 && campaign->phase != PHASE_GRACE && campaign->phase != PHASE_KILLING &&
        campaign->phase != PHASE_SWEEPING &&
        (campaign->phase < PHASE_FENCING || campaign->phase > PHASE_SEALING))
        return "a stop is under way that nothing carries on";
    if (campaign->rules->stops > 0 && campaign->stops > campaign->rules->stops)
        return "more stops than wanted";
    if (campaign->told > 0 && campaign->rules->told_count == 0)
        return "an announcement to nobody";
    return NULL;
}
