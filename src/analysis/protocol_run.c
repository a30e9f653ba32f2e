/*
 * From the records of one run to the events of its episodes: which record is which step, and of
 * whom. The joining is the analysis's own (run_take).
 */
#include <assert.h>
#include <stdlib.h>

#include "analysis/protocol_inside.h"
#include "analysis/run.h"

struct protocol_run {
    const struct trace_header *header;
    struct analysis *analysis;
    struct protocol_event *events;
    size_t count, capacity;
    uint64_t for_others, gaps;
    time_ns gaps_length;
    int failed; /* the first error */
};

struct protocol_run *protocol_run_open(const struct trace_header *header)
{
    assert(header != NULL);
    struct protocol_run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return NULL;
    }
    run->header = header;
    run->analysis = analysis_open(header);
    if (run->analysis == NULL) {
        free(run);
        return NULL;
    }
    return run;
}

/* ---- which step a record is ---- */

#define NO_STEP STEP_COUNT

/* Records whose verb alone says it. All others have NO_STEP, or need a look (step_of). */
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
    case VERB_NOTICED:
        return STEP_NOTICED;
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
        return NO_STEP;
    }
}

/* A claim that the target is healthy is a step where the analysis counted it, as a mask or as
 * stale; that it has failed, where it is so. */
static uint8_t step_of_claim(const struct record *record, const struct cause *cause, bool dead)
{
    if (record->value == HEALTH_HEALTHY) {
        return (cause->flags & CAUSE_MASKED) != 0  ? STEP_MASKED
               : (cause->flags & CAUSE_STALE) != 0 ? STEP_STALE
                                                   : NO_STEP;
    }
    return dead && record->verb == VERB_REPORTS && record->value == HEALTH_FAILED
               ? STEP_REPORTED_FAILED
               : NO_STEP;
}

static uint8_t step_of(const struct record *record, const struct cause *cause,
                       const struct life *target)
{
    switch (record->verb) {
    case VERB_DIED:
        return record->value == DEATH_CONTACT ? NO_STEP
               : target->alive > 0            ? STEP_DIED_NOT_LAST
                                              : STEP_DIED;
    case VERB_STARTED:
        return record->value == START_PEER       ? STEP_RELAUNCHED
               : record->value == START_PLATFORM ? STEP_RESTARTED
               : record->value == START_OPERATOR ? STEP_RESTORED
                                                 : NO_STEP;
    case VERB_REPORTS:
    case VERB_SHOWS:
        return step_of_claim(record, cause, target->alive == 0);
    case VERB_SWITCHED:
        return record->value == 0 && record->who != AGENT_NONE ? STEP_TAMPERED : NO_STEP;
    case VERB_LINK_UP:
        return cause->actor != AGENT_NONE ? STEP_RELINKED : NO_STEP;
    default:
        return step_of_verb(record->verb);
    }
}

/* Acts of agents that the analysis does not join by a guess, since no figure counts them. */
static bool wants_guess(uint8_t verb)
{
    return verb == VERB_VOLUNTEERS || verb == VERB_GRANTED || verb == VERB_RELAUNCHES ||
           verb == VERB_RELINKS || verb == VERB_ALERTS || verb == VERB_REQUESTS ||
           verb == VERB_REFUSES || verb == VERB_POSED || verb == VERB_FORGED;
}

/* ---- of whom ---- */

/* Which of the two agents of a record is the one the episode is about; AGENT_NONE: neither. */
static agent_id subject_of(const struct record *record, const struct episode *episode)
{
    if (record->whom == episode->target ||
        (record->verb == VERB_LINK_UP && record->who == episode->target)) {
        return episode->target;
    }
    return AGENT_NONE;
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
    if ((step == STEP_REQUESTS || step == STEP_ALERTS) && record->by != AGENT_NONE &&
        record->by != record->who) {
        flags |= EVENT_PASSES_ON;
    }
    return flags;
}

/* ---- taking ---- */

static int event_keep(struct protocol_run *run, const struct record *record,
                      const struct cause *cause, uint8_t step)
{
    if (list_reserve((void **)&run->events, &run->capacity, run->count, sizeof *run->events) != 0) {
        return ERROR_MEMORY;
    }
    run->events[run->count++] = (struct protocol_event){.time = record->time,
                                                        .id = record->id,
                                                        .episode = cause->episode,
                                                        .by = doer_of(record, cause, step),
                                                        .with = recipient_of(record, step),
                                                        .variant = variant_of(record, step),
                                                        .step = step,
                                                        .wanted = (uint8_t)wanted_by(cause),
                                                        .flags = flags_of(record, cause, step)};
    return 0;
}

/* The platform refused a report, or it failed: it was no mask, and not stale. */
static void take_back(struct protocol_run *run, const struct record *record,
                      const struct cause *cause)
{
    for (size_t i = run->count; i-- > 0 && run->events[i].episode != EPISODE_NONE;) {
        struct protocol_event *event = &run->events[i];
        if (event->episode == cause->episode && record_id_equal(event->id, record->cause)) {
            event->flags |= EVENT_VOID;
            return;
        }
    }
}

static void take_gap(struct protocol_run *run, const struct record *record)
{
    run->gaps++;
    run->gaps_length += record->value > 0 ? record->value : 0;
}

int protocol_run_take(void *context, const struct record *record)
{
    struct protocol_run *run = context;
    struct analysis *analysis = run->analysis;
    struct cause cause;
    if (run->failed != 0) {
        return run->failed;
    }
    run->failed = run_take(analysis, record, &cause);
    if (run->failed != 0) {
        return run->failed;
    }
    if (record->verb == VERB_UNOBSERVED) {
        take_gap(run, record);
    }
    if (record->whom == AGENT_NONE) {
        return 0;
    }
    if (wants_guess(record->verb)) {
        join_inferred(analysis, record->whom, &cause);
    }
    const struct episode *episode = episode_at(analysis, cause.episode);
    if (episode == NULL) {
        return 0;
    }
    agent_id subject = subject_of(record, episode);
    const struct life *life = &analysis->lives[episode->target];
    uint8_t step = step_of(record, &cause, life);
    if (step == NO_STEP) {
        return 0;
    }
    if (subject == AGENT_NONE) {
        run->for_others += doer_of(record, &cause, step) != AGENT_NONE ? 1 : 0;
        return 0;
    }
    if ((step == STEP_REFUSED || step == STEP_FAILED) &&
        (cause.flags & (CAUSE_MASKED | CAUSE_STALE)) != 0) {
        take_back(run, record, &cause);
    }
    run->failed = event_keep(run, record, &cause, step);
    return run->failed;
}

/* ---- the end ---- */

/* Stable, since events of an episode are kept in order of time, which their places have. */
static int by_episode(const void *a, const void *b)
{
    const struct protocol_event *const *first = a, *const *second = b;
    if ((*first)->episode != (*second)->episode) {
        return (*first)->episode < (*second)->episode ? -1 : 1;
    }
    return *first < *second ? -1 : 1;
}

static struct protocol_episode episode_made(const struct protocol_run *run, uint32_t number)
{
    const struct episode *episode = &run->analysis->episodes[number];
    const struct life *life = &run->analysis->lives[episode->target];
    return (struct protocol_episode){.target = episode->target,
                                     .failure = episode->kind == EPISODE_FAILURE,
                                     .object = episode->object,
                                     .open = life->alive == 0 && life->death == number,
                                     .began = episode->began,
                                     .died = episode->died == TIME_UNSET ? TIME_UNKNOWN
                                                                         : episode->died};
}

/* Gives each episode that counts, with its events side by side. */
static int episodes_add(const struct protocol_run *run, struct protocols *protocols)
{
    const struct trace_header *header = run->header;
    struct protocol_crew crew = {header->agent_names, header->agent_kinds, header->agents};
    const struct protocol_event **order = malloc((run->count + 1) * sizeof *order);
    struct protocol_event *events = malloc((run->count + 1) * sizeof *events);
    int code = order == NULL || events == NULL ? ERROR_MEMORY : 0;
    size_t at = 0;
    for (size_t i = 0; i < run->count && code == 0; i++) {
        order[i] = &run->events[i];
    }
    if (code == 0 && run->count > 0) {
        qsort(order, run->count, sizeof *order, by_episode);
    }
    for (size_t i = 0; i < run->count && code == 0; i++) {
        events[i] = *order[i];
    }
    for (uint32_t e = 0; e < run->analysis->episode_count && code == 0; e++) {
        size_t from = at;
        while (at < run->count && events[at].episode == e) {
            at++;
        }
        if (episode_counts(&run->analysis->episodes[e])) {
            struct protocol_episode episode = episode_made(run, e);
            code = protocols_add(protocols, &crew, &episode, &events[from], at - from);
        }
    }
    free(order);
    free(events);
    return code;
}

static int sources_add(const struct trace_header *header, struct protocols *protocols)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)header->seed);
    const char *const texts[SOURCE_COUNT] = {
        [SOURCE_SCENARIO] = header->scenario, [SOURCE_ARM] = header->arm,
        [SOURCE_WORLD] = header->world,       [SOURCE_SEED] = seed,
        [SOURCE_VERSION] = header->version,   [SOURCE_HOST] = header->host,
    };
    int code = 0;
    for (int source = 0; source < SOURCE_COUNT && code == 0; source++) {
        if (texts[source] != NULL) {
            code = protocols_source(protocols, (enum protocol_source)source, texts[source]);
        }
    }
    return code;
}

int protocol_run_close(struct protocol_run *run, struct protocols *protocols, struct error *error)
{
    if (run == NULL) {
        return 0;
    }
    int code = run->failed;
    if (code == 0 && protocols != NULL) {
        code = sources_add(run->header, protocols);
        if (code == 0) {
            code = episodes_add(run, protocols);
        }
        protocols_runs(protocols, 1, false);
        protocols->for_others += run->for_others;
        protocols->gaps += run->gaps;
        protocols->gaps_length += run->gaps_length;
    }
    if (code != 0) {
        error_set(error, code, "the protocols of replicate %u stopped after %llu records: %s",
                  run->header->replicate, (unsigned long long)run->analysis->records,
                  error_words(code));
    }
    analysis_abandon(run->analysis);
    free(run->events);
    free(run);
    return code;
}
