/*
 * Which step of an episode a record is, whose, and said to whom.
 */
#include "analysis/protocol_inside.h"
#include "analysis/run.h"

/* Records whose verb alone says it. All others have STEP_COUNT, or need a look (step_of). */
static uint8_t step_of_verb(uint8_t verb)
{
    switch (verb) {
    case VERB_ANNOUNCED:
        return STEP_ANNOUNCED;
    case VERB_STOPS:
        return STEP_STOP;
    case VERB_THWARTED:
        return STEP_THWARTED;
    case VERB_HUNG:
        return STEP_HUNG;
    case VERB_RESUMED:
        return STEP_RESUMED;
    case VERB_RETRACTED:
        return STEP_RETRACTED;
    case VERB_ALERTS:
        return STEP_ALERTS;
    case VERB_REQUESTS:
        return STEP_REQUESTS;
    case VERB_REFUSES:
        return STEP_REFUSES;
    case VERB_VOLUNTEERS:
        return STEP_VOLUNTEERS;
    case VERB_GRANTED:
        return STEP_GRANTED;
    case VERB_RELAUNCHES:
        return STEP_RELAUNCHES;
    case VERB_REFUSED:
        return STEP_REFUSED;
    case VERB_FAILED:
        return STEP_FAILED;
    case VERB_SCORED:
        return STEP_MISREPORTED;
    case VERB_STALLED:
        return STEP_STALLED;
    case VERB_COPIED:
        return STEP_COPIED;
    case VERB_POSED:
        return STEP_POSED;
    case VERB_FORGED:
        return STEP_FORGED;
    case VERB_RELINKS:
        return STEP_RELINKS;
    case VERB_RETURNED:
        return STEP_RETURNED;
    case VERB_GAVE_UP:
        return STEP_GAVE_UP;
    default:
        return STEP_COUNT;
    }
}

/* Whether an agent was told by another, or saw for itself (or was told by the platform or the
 * operator). */
static uint8_t step_of_notice(const struct record *record)
{
    bool told =
        record->value == HOW_GOSSIP || record->value == HOW_ALERT || record->value == HOW_REQUEST;
    return told ? STEP_LEARNT : STEP_NOTICED;
}

/* A claim that the target is healthy is a step where the analysis counted it, as a mask or as
 * stale; that it has failed, where it is so. */
static uint8_t step_of_claim(const struct record *record, const struct cause *cause, bool dead)
{
    if (record->value == HEALTH_HEALTHY) {
        return (cause->flags & CAUSE_MASKED) != 0  ? STEP_MASKED
               : (cause->flags & CAUSE_STALE) != 0 ? STEP_STALE
                                                   : STEP_COUNT;
    }
    return dead && record->verb == VERB_REPORTS && record->value == HEALTH_FAILED
               ? STEP_REPORTED_FAILED
               : STEP_COUNT;
}

uint8_t step_of(const struct record *record, const struct cause *cause, const struct life *target)
{
    switch (record->verb) {
    case VERB_DIED:
        return record->value == DEATH_CONTACT ? STEP_COUNT
               : target->alive > 0            ? STEP_DIED_NOT_LAST
                                              : STEP_DIED;
    case VERB_STARTED:
        return record->value == START_PEER       ? STEP_RELAUNCHED
               : record->value == START_PLATFORM ? STEP_RESTARTED
               : record->value == START_OPERATOR ? STEP_RESTORED
                                                 : STEP_COUNT;
    case VERB_NOTICED:
        return step_of_notice(record);
    case VERB_REPORTS:
    case VERB_SHOWS:
        return step_of_claim(record, cause, target->alive == 0);
    case VERB_SWITCHED:
        return record->value == 0 && record->who != AGENT_NONE ? STEP_TAMPERED : STEP_COUNT;
    case VERB_LINK_UP:
        return cause->actor != AGENT_NONE ? STEP_RELINKED : STEP_COUNT;
    default:
        return step_of_verb(record->verb);
    }
}

bool wants_guess(uint8_t verb)
{
    return verb == VERB_VOLUNTEERS || verb == VERB_GRANTED || verb == VERB_RELAUNCHES ||
           verb == VERB_RELINKS || verb == VERB_ALERTS || verb == VERB_REQUESTS ||
           verb == VERB_REFUSES || verb == VERB_POSED || verb == VERB_FORGED;
}

/* ---- of whom ---- */

bool concerns_target(const struct record *record, const struct episode *episode)
{
    /* A link has two ends, and either may be the one that is defended. */
    return record->whom == episode->target ||
           (record->verb == VERB_LINK_UP && record->who == episode->target);
}

static agent_id doer_of(const struct record *record, const struct cause *cause, uint8_t step)
{
    switch (step) {
    case STEP_RELAUNCHED:
        return record->who != AGENT_NONE ? record->who : cause->actor;
    case STEP_RELINKED:
        return cause->actor;
    case STEP_DIED:
    case STEP_DIED_NOT_LAST:
    case STEP_HUNG:
    case STEP_RESUMED:
    case STEP_RESTARTED:
    case STEP_RESTORED:
    case STEP_ANNOUNCED:
    case STEP_STOP:
    case STEP_THWARTED:
    case STEP_RETURNED:
    case STEP_GAVE_UP:
        return AGENT_NONE;
    default:
        return record->who;
    }
}

static agent_id recipient_of(const struct record *record, uint8_t step)
{
    return step == STEP_ALERTS || step == STEP_REQUESTS || step == STEP_ANNOUNCED ||
                   step == STEP_FORGED
               ? record->via
               : AGENT_NONE;
}

/* How or why: only of steps that are another step where it differs. */
static uint16_t variant_of(const struct record *record, uint8_t step)
{
    switch (step) {
    case STEP_DIED:
    case STEP_DIED_NOT_LAST:
    case STEP_NOTICED:
    case STEP_THWARTED:
    case STEP_STOP:
    case STEP_REFUSED:
    case STEP_FAILED:
        return (uint16_t)record->value;
    default:
        return 0;
    }
}

static uint8_t flags_of(const struct record *record, const struct cause *cause, uint8_t step)
{
    uint8_t flags = 0;
    if ((cause->flags & CAUSE_INFERRED) != 0 || (record->flags & FLAG_INFERRED) != 0) {
        flags |= EVENT_INFERRED;
    }
    if ((record->flags & FLAG_TOLD) != 0) {
        flags |= EVENT_TOLD;
    }
    if (step == STEP_REQUESTS && record->by != AGENT_NONE && record->by != record->who) {
        flags |= EVENT_PASSES_ON;
    }
    return flags;
}

struct protocol_event event_of(const struct record *record, const struct cause *cause, uint8_t step)
{
    return (struct protocol_event){.time = record->time,
                                   .id = record->id,
                                   .by = doer_of(record, cause, step),
                                   .with = recipient_of(record, step),
                                   .variant = variant_of(record, step),
                                   .step = step,
                                   .wanted = (uint8_t)wanted_by(cause),
                                   .flags = flags_of(record, cause, step)};
}
