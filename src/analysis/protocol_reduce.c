/*
 * From the events of an episode to its acts: roles in place of names, and for each act the step
 * that it is.
 */
#include <stdlib.h>

#include "analysis/protocol_inside.h"
#include "analysis/run.h"

/* Notices within this time of the first are simultaneous: none of them was the first. */
#define AT_ONCE_NS INT64_C(20000000)

/* ---- roles ---- */

static int by_agent(const void *a, const void *b)
{
    const struct member *first = a, *second = b;
    return first->agent < second->agent ? -1 : first->agent > second->agent;
}

static struct member *member_at(const struct reduction *reduction, agent_id agent)
{
    struct member key = {.agent = agent};
    return reduction->member_count == 0 ? NULL
                                        : bsearch(&key, reduction->members, reduction->member_count,
                                                  sizeof *reduction->members, by_agent);
}

const struct member *member_find(const struct reduction *reduction, agent_id agent)
{
    return member_at(reduction, agent);
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
            if (ends[end] != AGENT_NONE && ends[end] < reduction->crew->agents) {
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

static void member_note(struct member *member, const struct protocol_event *event)
{
    member->granted |= event->step == STEP_GRANTED;
    member->relaunched |= event->step == STEP_RELAUNCHED;
    member->volunteered |= event->step == STEP_VOLUNTEERS;
    member->passes_on |= (event->flags & EVENT_PASSES_ON) != 0;
    member->alerts += event->step == STEP_ALERTS;
    member->requests += event->step == STEP_REQUESTS;
}

/* The first peer to notice, unless others did so at once. */
static void first_find(struct reduction *reduction)
{
    const struct protocol_event *first = NULL;
    for (size_t i = 0; i < reduction->count; i++) {
        const struct protocol_event *event = &reduction->events[i];
        if (event->step != STEP_NOTICED || event->by == reduction->episode->target ||
            event->by == AGENT_NONE) {
            continue;
        }
        if (first == NULL) {
            first = event;
        } else if (event->by != first->by) {
            if (event->time - first->time <= AT_ONCE_NS) {
                return;
            }
            break;
        }
    }
    struct member *member = first != NULL ? member_at(reduction, first->by) : NULL;
    if (member != NULL) {
        member->first = true;
    }
}

static void roles_give(struct reduction *reduction)
{
    for (size_t i = 0; i < reduction->count; i++) {
        struct member *member = member_at(reduction, reduction->events[i].by);
        if (member != NULL && (reduction->events[i].flags & EVENT_VOID) == 0) {
            member_note(member, &reduction->events[i]);
        }
    }
    first_find(reduction);
    for (size_t i = 0; i < reduction->member_count; i++) {
        struct member *member = &reduction->members[i];
        member->role = member->agent == reduction->episode->target ? ROLE_TARGET
                       : member->granted                           ? ROLE_GRANTED
                       : member->relaunched                        ? ROLE_RELAUNCHER
                       : member->volunteered                       ? ROLE_VOLUNTEER
                       : member->passes_on                         ? ROLE_MIDDLEMAN
                       : member->first                             ? ROLE_FIRST
                                                                   : ROLE_PEER;
    }
}

/* ---- steps ---- */

static uint8_t stretch_next(uint8_t stretch, uint8_t step)
{
    switch (step) {
    case STEP_DIED:
        return stretch == STRETCH_BEFORE || stretch == STRETCH_DEAD ? STRETCH_DEAD
                                                                    : STRETCH_DEAD_AGAIN;
    case STEP_RELAUNCHED:
    case STEP_RESTARTED:
    case STEP_RESTORED:
        return stretch == STRETCH_BEFORE || stretch == STRETCH_DEAD || stretch == STRETCH_BACK
                   ? STRETCH_BACK
                   : STRETCH_BACK_AGAIN;
    default:
        return stretch;
    }
}

/* Of what anybody may do, and everybody does, it is no part of the protocol who does it; but one
 * who notices long before the others is the first. */
static bool anybody_does(const struct protocol_event *event, const struct member *member)
{
    return event->step == STEP_REPORTED_FAILED || event->step == STEP_STALE ||
           (event->step == STEP_NOTICED && !member->first);
}

/* To whom it was said: to one, or to the peers at large. Middlemen are always told apart. */
static uint8_t recipient_role(const struct reduction *reduction, const struct protocol_event *event,
                              const struct member *by)
{
    if (event->with == AGENT_NONE) {
        return ROLE_COUNT;
    }
    const struct member *with = member_find(reduction, event->with);
    bool alone = by != NULL && ((event->step == STEP_REQUESTS && by->requests == 1) ||
                                (event->step == STEP_ALERTS && by->alerts == 1));
    return with != NULL && (alone || with->role == ROLE_MIDDLEMAN) ? with->role : ROLE_PEER;
}

static void act_make(const struct reduction *reduction, const struct protocol_event *event,
                     uint8_t stretch, struct step_act *act)
{
    const struct member *by = member_find(reduction, event->by);
    *act = (struct step_act){.by = event->by, .time = event->time, .flags = event->flags};
    act->key = (struct step_key){.stretch = stretch,
                                 .step = event->step,
                                 .role = by == NULL                ? ROLE_COUNT
                                         : by->role == ROLE_TARGET ? ROLE_TARGET
                                         : anybody_does(event, by) ? ROLE_PEER
                                                                   : by->role,
                                 .with = recipient_role(reduction, event, by),
                                 .wanted = event->wanted,
                                 .variant = event->variant};
    if (by == NULL || act->key.step == STEP_NOTICED || act->key.step == STEP_REPORTED_FAILED ||
        act->key.step == STEP_REFUSED || act->key.step == STEP_GRANTED) {
        act->key.wanted = WANTED_SPONTANEOUS; /* of no meaning, or said of the act itself */
    }
}

/* What the platform does after the operator brought the target back is the operator's doing. */
bool event_left_out(const struct protocol_event *event, bool restored)
{
    return (event->flags & EVENT_VOID) != 0 || event->step >= STEP_COUNT ||
           event->wanted >= WANTED_COUNT ||
           (restored && event->by == AGENT_NONE && event->step == STEP_RETURNED);
}

static int acts_make(struct reduction *reduction)
{
    uint8_t stretch = STRETCH_BEFORE;
    bool restored = false;
    const struct step_act *noticed[STRETCH_BACK_AGAIN + 1] = {NULL};
    reduction->acts = malloc((reduction->count + 1) * sizeof *reduction->acts);
    if (reduction->acts == NULL) {
        return ERROR_MEMORY;
    }
    for (size_t i = 0; i < reduction->count; i++) {
        const struct protocol_event *event = &reduction->events[i];
        if (event_left_out(event, restored)) {
            continue;
        }
        stretch = stretch_next(stretch, event->step);
        restored = restored || event->step == STEP_RESTORED;
        struct step_act *act = &reduction->acts[reduction->act_count++];
        act_make(reduction, event, stretch, act);
        /* All others that notice in one stretch do so as the first of them: the news spreads. */
        if (event->step == STEP_NOTICED && act->key.role == ROLE_PEER) {
            if (noticed[stretch] == NULL) {
                noticed[stretch] = act;
            }
            act->key.variant = noticed[stretch]->key.variant;
        }
    }
    return 0;
}

int reduction_make(struct reduction *reduction)
{
    int code = members_gather(reduction);
    if (code == 0) {
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
