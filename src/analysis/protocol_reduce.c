/*
 * From the events of an episode to its acts: roles in place of names, and for each act the step
 * that it is.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/protocol_inside.h"
#include "core/agent/percept.h"

uint8_t protocol_turn_next(uint8_t turn, uint8_t step)
{
    switch (step) {
    case STEP_DIED:
        return turn == TURN_STOP || turn == TURN_DEATH ? TURN_DEATH : TURN_DEATH_AGAIN;
    case STEP_RELAUNCHED:
    case STEP_RESTARTED:
    case STEP_RESTORED:
        return turn == TURN_DEATH_AGAIN || turn == TURN_RETURN_AGAIN ? TURN_RETURN_AGAIN
                                                                     : TURN_RETURN;
    default:
        return turn;
    }
}

/* ---- who takes part ---- */

static int by_agent(const void *a, const void *b)
{
    const struct member *first = a, *second = b;
    return first->agent < second->agent ? -1 : first->agent > second->agent;
}

/* NULL where the agent has no part in the episode. */
static struct member *member_find(const struct reduction *reduction, agent_id agent)
{
    struct member key = {.agent = agent};
    return reduction->member_count == 0 ? NULL
                                        : bsearch(&key, reduction->members, reduction->member_count,
                                                  sizeof *reduction->members, by_agent);
}

static int members_gather(struct reduction *reduction)
{
    reduction->members = calloc(2 * reduction->count + 1, sizeof *reduction->members);
    if (reduction->members == NULL) {
        return ERROR_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < reduction->count; i++) {
        const agent_id ends[] = {reduction->events[i].by, reduction->events[i].with};
        for (int end = 0; end < 2; end++) {
            if (ends[end] < reduction->crew->agents) {
                reduction->members[count++].agent = ends[end];
            }
        }
    }
    if (count > 0) {
        qsort(reduction->members, count, sizeof *reduction->members, by_agent);
    }
    for (size_t i = 0; i < count; i++) {
        if (reduction->member_count == 0 ||
            reduction->members[reduction->member_count - 1].agent != reduction->members[i].agent) {
            reduction->members[reduction->member_count++] = reduction->members[i];
        }
    }
    return 0;
}

static bool counts(const struct reduction *reduction, const struct protocol_event *event)
{
    return (event->flags & EVENT_VOID) == 0 && event->step < STEP_COUNT &&
           (reduction->left_out >> event->step & 1) == 0 && event->wanted < WANTED_COUNT &&
           event->turn <= TURN_RETURN_AGAIN;
}

/* The one who notices first, by itself. Where several do so at the same nanosecond nobody is. */
static void first_find(struct reduction *reduction)
{
    struct member *first = NULL;
    time_ns at = TIME_UNKNOWN;
    for (size_t i = 0; i < reduction->count; i++) {
        const struct protocol_event *event = &reduction->events[i];
        struct member *member = member_find(reduction, event->by);
        if (event->step != STEP_NOTICED || member == NULL || !counts(reduction, event) ||
            event->by == reduction->episode->target || event->time == TIME_UNKNOWN) {
            continue;
        }
        if (at == TIME_UNKNOWN) {
            at = event->time;
            first = member;
        } else if (event->time == at && member != first) {
            return;
        }
    }
    if (first != NULL) {
        first->first = true;
    }
}

static void members_note(struct reduction *reduction)
{
    for (size_t i = 0; i < reduction->count; i++) {
        const struct protocol_event *event = &reduction->events[i];
        struct member *member = member_find(reduction, event->by);
        if (member == NULL || !counts(reduction, event)) {
            continue;
        }
        member->acted = true;
        member->granted |= event->step == STEP_GRANTED;
        member->volunteered |= event->step == STEP_VOLUNTEERS;
        member->asked_to_relaunch |=
            event->step == STEP_RELAUNCHES || event->step == STEP_RELAUNCHED;
        member->alerts += event->step == STEP_ALERTS;
        member->requests += event->step == STEP_REQUESTS;
    }
    first_find(reduction);
}

/* ---- roles ---- */

/* In the chain from volunteering to relinking an agent is what it got to in it. */
static uint8_t role_in_chain(const struct member *member, uint8_t otherwise)
{
    return member->granted             ? ROLE_GRANTED
           : member->asked_to_relaunch ? ROLE_RELAUNCHER
           : member->volunteered       ? ROLE_VOLUNTEER
                                       : otherwise;
}

/* Of one to whom the platform refused an act, or whose act failed. */
static uint8_t role_refused(const struct member *member, uint16_t variant)
{
    switch (variant >> 8) {
    case ACT_TAMPER:
        return ROLE_TAMPERER;
    case ACT_MISREPORT:
        return ROLE_MISREPORTER;
    case ACT_STALL:
        return ROLE_STALLER;
    case ACT_COPY:
        return ROLE_COPIER;
    case ACT_RELINK:
        return role_in_chain(member, ROLE_RELINKER);
    case ACT_VOLUNTEER:
    case ACT_RELAUNCH:
        return role_in_chain(member, ROLE_VOLUNTEER);
    default:
        return ROLE_PEER;
    }
}

/* What an agent is as the doer of a step; what anybody may do makes nobody more than a peer. */
static uint8_t role_of(const struct reduction *reduction, const struct protocol_event *event,
                       const struct member *by)
{
    if (by->agent == reduction->episode->target) {
        return ROLE_TARGET;
    }
    switch (event->step) {
    case STEP_NOTICED:
        return ROLE_DETECTOR;
    case STEP_MASKED:
        return ROLE_MASKER;
    case STEP_ALERTS:
        return ROLE_ALERTER;
    case STEP_REQUESTS:
        return (event->flags & EVENT_PASSES_ON) != 0 ? ROLE_MIDDLEMAN : ROLE_REQUESTER;
    case STEP_TAMPERED:
        return ROLE_TAMPERER;
    case STEP_MISREPORTED:
        return ROLE_MISREPORTER;
    case STEP_STALLED:
        return ROLE_STALLER;
    case STEP_COPIED:
        return ROLE_COPIER;
    case STEP_POSED:
    case STEP_FORGED:
        return ROLE_COVERT;
    case STEP_REFUSED:
    case STEP_FAILED:
        return role_refused(by, event->variant);
    case STEP_VOLUNTEERS:
    case STEP_GRANTED:
    case STEP_RELAUNCHES:
    case STEP_RELAUNCHED:
        return role_in_chain(by, ROLE_VOLUNTEER);
    case STEP_RELINKS:
    case STEP_RELINKED:
        return role_in_chain(by, ROLE_RELINKER);
    default:
        return ROLE_PEER;
    }
}

/* All roles of every agent. One who did no more than anybody is a peer. */
static void roles_give(struct reduction *reduction)
{
    for (size_t i = 0; i < reduction->count; i++) {
        const struct protocol_event *event = &reduction->events[i];
        struct member *member = member_find(reduction, event->by);
        if (member != NULL && counts(reduction, event)) {
            member->roles |= UINT32_C(1) << role_of(reduction, event, member);
        }
    }
    for (size_t i = 0; i < reduction->member_count; i++) {
        struct member *member = &reduction->members[i];
        member->roles |= member->first ? UINT32_C(1) << ROLE_FIRST : 0;
        if ((member->roles & ~(UINT32_C(1) << ROLE_PEER)) != 0) {
            member->roles &= ~(UINT32_C(1) << ROLE_PEER);
        }
    }
}

/* ---- steps ---- */

/* To whom it was said: to one, who is then what it is in the chain of the defence, or to the peers
 * at large. Middlemen are always told apart. */
static uint8_t role_of_recipient(const struct reduction *reduction,
                                 const struct protocol_event *event, const struct member *by)
{
    if (event->with == AGENT_NONE) {
        return ROLE_COUNT;
    }
    const struct member *with = member_find(reduction, event->with);
    bool alone = by != NULL && ((event->step == STEP_REQUESTS && by->requests == 1) ||
                                (event->step == STEP_ALERTS && by->alerts == 1));
    if (with == NULL || with->agent == reduction->episode->target) {
        return with == NULL ? ROLE_PEER : ROLE_TARGET;
    }
    if ((with->roles & UINT32_C(1) << ROLE_MIDDLEMAN) != 0 && event->step == STEP_REQUESTS) {
        return ROLE_MIDDLEMAN;
    }
    return alone ? role_in_chain(with, ROLE_PEER) : ROLE_PEER;
}

/* Who wanted it is of meaning where it could have been wanted by another. */
static bool has_wish(uint8_t step)
{
    return step != STEP_NOTICED && step != STEP_LEARNT && step != STEP_RETRACTED &&
           step != STEP_REPORTED_FAILED && step != STEP_STALE && step != STEP_GRANTED &&
           step != STEP_REFUSED && step != STEP_FAILED;
}

static struct step_act act_make(const struct reduction *reduction,
                                const struct protocol_event *event)
{
    const struct member *by = member_find(reduction, event->by);
    struct step_act act = {.by = event->by, .time = event->time, .flags = event->flags};
    act.key = (struct step_key){.turn = event->turn,
                                .step = event->step,
                                .role = by != NULL ? role_of(reduction, event, by) : ROLE_COUNT,
                                .with = role_of_recipient(reduction, event, by),
                                .wanted = by != NULL && has_wish(event->step) ? event->wanted
                                                                              : WANTED_SPONTANEOUS,
                                .variant = event->variant};
    act.wanted = act.key.wanted;
    return act;
}

static int by_step(const void *a, const void *b)
{
    const struct step_act *first = a, *second = b;
    int order = memcmp(&first->key, &second->key, sizeof first->key);
    if (order != 0) {
        return order;
    }
    if (first->by != second->by) {
        return first->by < second->by ? -1 : 1;
    }
    return first->time < second->time ? -1 : first->time > second->time;
}

void acts_sort(struct reduction *reduction)
{
    if (reduction->act_count > 0) {
        qsort(reduction->acts, reduction->act_count, sizeof *reduction->acts, by_step);
    }
}

/* The links that are back once the operator has brought the target back are the operator's doing.
 */
static int acts_make(struct reduction *reduction)
{
    bool restored = false;
    reduction->acts = malloc((reduction->count + 1) * sizeof *reduction->acts);
    if (reduction->acts == NULL) {
        return ERROR_MEMORY;
    }
    for (size_t i = 0; i < reduction->count; i++) {
        const struct protocol_event *event = &reduction->events[i];
        restored = restored || event->step == STEP_RESTORED;
        if (counts(reduction, event) && !(restored && event->step == STEP_RETURNED)) {
            reduction->acts[reduction->act_count++] = act_make(reduction, event);
        }
    }
    acts_sort(reduction);
    return 0;
}

int reduction_make(struct reduction *reduction)
{
    int code = members_gather(reduction);
    if (code == 0) {
        members_note(reduction);
        roles_give(reduction);
        code = acts_make(reduction);
    }
    return code;
}

void reduction_free(struct reduction *reduction)
{
    free(reduction->members);
    free(reduction->acts);
}
