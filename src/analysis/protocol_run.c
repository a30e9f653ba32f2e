/*
 * One run: its records are joined to episodes by the analysis (run_take), and kept as events until
 * the episode is added.
 *
 * An episode is added when two later ones of its target have begun and its target is not dead from
 * it any more, or when the run ends. What follows from it only after that is counted and left out.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/protocol_inside.h"
#include "analysis/run.h"

/* So many episodes of a target are kept open, the last ones. */
#define OPEN_KEPT 2

/* An episode whose events are still coming. */
struct open_episode {
    struct open_episode *next; /* of the same target */
    uint32_t number;
    uint8_t turn; /* what has truly happened last */
    struct protocol_event *events;
    size_t count, capacity;
};

struct protocol_run {
    const struct trace_header *header;
    struct protocols *protocols;
    struct protocol_crew crew;
    struct analysis *analysis;
    struct open_episode **open; /* by target: in the order in which they began */
    bool contact;
    int failed; /* the first error */
};

static void open_free(struct open_episode *open)
{
    free(open->events);
    free(open);
}

static void run_free(struct protocol_run *run)
{
    for (uint32_t agent = 0; run->open != NULL && agent < run->header->agents; agent++) {
        struct open_episode *open = run->open[agent], *next;
        for (; open != NULL; open = next) {
            next = open->next;
            open_free(open);
        }
    }
    analysis_abandon(run->analysis);
    free(run->open);
    free(run);
}

struct protocol_run *protocol_run_open(const struct trace_header *header, const char *file,
                                       struct protocols *protocols)
{
    assert(header != NULL && protocols != NULL);
    struct protocol_run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return NULL;
    }
    run->header = header;
    run->protocols = protocols;
    run->crew = (struct protocol_crew){
        header->agent_names, header->agent_kinds, header->agents, file, header, header->replicate};
    run->analysis = analysis_open(header);
    run->open = calloc((size_t)header->agents + 1, sizeof(struct open_episode *));
    if (run->analysis == NULL || run->open == NULL) {
        run_free(run);
        return NULL;
    }
    return run;
}

/* ---- episodes that are open ---- */

static int open_add(const struct protocol_run *run, const struct open_episode *open, bool at_end)
{
    const struct episode *episode = &run->analysis->episodes[open->number];
    const struct life *life = &run->analysis->lives[episode->target];
    if (!episode_counts(episode)) {
        return 0;
    }
    struct protocol_episode made = {
        .target = episode->target,
        .failure = episode->kind == EPISODE_FAILURE,
        .object = episode->object,
        .open = at_end && life->alive == 0 && life->death == open->number,
        .began = episode->began,
        .died = episode->died == TIME_UNSET ? TIME_UNKNOWN : episode->died,
        .number = (uint64_t)open->number + 1};
    return protocols_add(run->protocols, &run->crew, &made, open->events, open->count);
}

/* Adds the first episode of a target to the sum, and forgets it. */
static int first_close(struct protocol_run *run, agent_id target, bool at_end)
{
    struct open_episode *open = run->open[target];
    int code = open_add(run, open, at_end);
    run->open[target] = open->next;
    open_free(open);
    return code;
}

/* Closes the episodes of a target that are over, from the first on. */
static int open_limit(struct protocol_run *run, agent_id target, uint32_t count)
{
    const struct life *life = &run->analysis->lives[target];
    int code = 0;
    while (count > OPEN_KEPT && code == 0 &&
           !(life->alive == 0 && life->death == run->open[target]->number)) {
        code = first_close(run, target, false);
        count--;
    }
    return code;
}

/* The open episode of this number; it is opened where it is new. NULL in `*found` where it has been
 * closed already. */
static int open_find(struct protocol_run *run, uint32_t number, struct open_episode **found)
{
    agent_id target = run->analysis->episodes[number].target;
    struct open_episode **link = &run->open[target];
    uint32_t count = 0;
    for (; *link != NULL && (*link)->number < number; link = &(*link)->next) {
        count++;
    }
    *found = *link != NULL && (*link)->number == number ? *link : NULL;
    if (*link != NULL) {
        return 0;
    }
    *found = *link = calloc(1, sizeof **link);
    if (*found == NULL) {
        return ERROR_MEMORY;
    }
    (*found)->number = number;
    return open_limit(run, target, count + 1);
}

/* ---- taking ---- */

/* The event that a record was, or NULL. Answers come soon: the latest is looked at first. */
static struct protocol_event *event_find(struct open_episode *open, struct record_id id)
{
    for (size_t i = open->count; i-- > 0;) {
        if (record_id_equal(open->events[i].id, id)) {
            return &open->events[i];
        }
    }
    return NULL;
}

static int event_keep(struct open_episode *open, struct protocol_event event)
{
    if (list_reserve((void **)&open->events, &open->capacity, open->count, sizeof *open->events) !=
        0) {
        return ERROR_MEMORY;
    }
    open->events[open->count++] = event;
    return 0;
}

/* The platform's answer to a report. A report that it refused was no mask, and not stale; what the
 * board shows on a report that was counted is not counted again. */
static bool answers_report(struct open_episode *open, const struct record *record,
                           const struct cause *cause, uint8_t step)
{
    if ((cause->flags & (CAUSE_MASKED | CAUSE_STALE)) == 0) {
        return false;
    }
    struct protocol_event *event = event_find(open, record->cause);
    if (event == NULL) {
        return false;
    }
    event->flags |= step == STEP_REFUSED || step == STEP_FAILED ? EVENT_VOID : 0;
    return record->verb == VERB_SHOWS;
}

/* Which turn of the episode a record follows from. What truly happens to the target is a turn
 * itself. An agent's act follows from what its causes follow from; what has no cause in the
 * episode, and what the operator does, from what has happened last. */
static uint8_t turn_of(struct open_episode *open, const struct record *record,
                       const struct cause *cause, uint8_t step, bool own)
{
    if (own && (record->verb == VERB_DIED || record->verb == VERB_STARTED)) {
        open->turn = protocol_turn_next(open->turn, step);
        return open->turn;
    }
    bool caused = cause->mark > 0 && record_verb_class(record->verb) != CLASS_CONTROL;
    return caused ? (uint8_t)(cause->mark - 1) : open->turn;
}

/* Hands on to what the record causes that it stands in the episode, and where. */
static int cause_hand_on(struct protocol_run *run, const struct record *record, struct cause cause,
                         uint8_t turn)
{
    if (cause.mark == turn + 1) {
        return 0;
    }
    cause.mark = (uint16_t)(turn + 1);
    return cause_keep(&run->analysis->causes, record->id, cause);
}

/* A record that belongs to an episode. */
static int take_joined(struct protocol_run *run, const struct record *record,
                       const struct cause *cause)
{
    struct analysis *analysis = run->analysis;
    const struct episode *episode = episode_at(analysis, cause->episode);
    const struct life *target = &analysis->lives[episode->target];
    struct open_episode *open;
    uint8_t step = record->whom != AGENT_NONE ? step_of(record, cause, target) : STEP_COUNT;
    bool own = concerns_target(record, episode);
    int code = open_find(run, cause->episode, &open);
    if (code != 0) {
        return code;
    }
    if (open == NULL) {
        run->protocols->late += step != STEP_COUNT && own ? 1 : 0;
        return 0;
    }
    uint8_t turn = turn_of(open, record, cause, step, own);
    code = cause_hand_on(run, record, *cause, turn);
    if (code != 0 || step == STEP_COUNT || answers_report(open, record, cause, step)) {
        return code;
    }
    struct protocol_event event = event_of(record, cause, step);
    if (!own) {
        run->protocols->for_others += event.by != AGENT_NONE ? 1 : 0;
        return 0;
    }
    event.turn = turn;
    return event_keep(open, event);
}

static void take_gap(struct protocols *protocols, const struct record *record)
{
    protocols->gaps++;
    protocols->gaps_length += record->value > 0 ? record->value : 0;
}

static bool is_contact(const struct record *record)
{
    return (record->verb == VERB_STARTED && record->value == START_CONTACT) ||
           (record->verb == VERB_DIED && record->value == DEATH_CONTACT);
}

/* Joins what names no cause in an episode to that of its target, as a guess. A return ends the time
 * in which the target was dead, to which the analysis would join it. */
static void join_guess(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    if (record->whom == AGENT_NONE || cause->episode != EPISODE_NONE) {
        return;
    }
    const struct life *life = &analysis->lives[record->whom];
    if (wants_guess(record->verb)) {
        join_inferred(analysis, record->whom, cause);
    } else if (record->verb == VERB_STARTED && record->value != START_FIRST && life->alive == 1 &&
               life->death != EPISODE_NONE) {
        cause->episode = life->death;
        cause->flags |= CAUSE_INFERRED;
    }
}

int protocol_run_take(void *context, const struct record *record)
{
    struct protocol_run *run = context;
    struct cause cause;
    if (run->failed != 0) {
        return run->failed;
    }
    run->failed = run_take(run->analysis, record, &cause);
    if (run->failed == 0 && is_contact(record)) {
        run->contact = true;
        run->failed = ERROR_INPUT;
    }
    if (run->failed != 0) {
        return run->failed;
    }
    if (record->verb == VERB_UNOBSERVED) {
        take_gap(run->protocols, record);
    }
    join_guess(run->analysis, record, &cause);
    if (cause.episode != EPISODE_NONE) {
        run->failed = take_joined(run, record, &cause);
    } else {
        run->protocols->unjoined += record->verb == VERB_POSED || record->verb == VERB_FORGED;
    }
    return run->failed;
}

/* ---- the end ---- */

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

int protocol_run_close(struct protocol_run *run, struct error *error)
{
    if (run == NULL) {
        return 0;
    }
    int code = run->failed;
    if (code == 0) {
        code = sources_add(run->header, run->protocols);
        protocols_runs(run->protocols, 1, false);
        run->protocols->unjoined += run->analysis->unjoined;
    }
    for (uint32_t agent = 0; agent < run->header->agents && code == 0; agent++) {
        while (run->open[agent] != NULL && code == 0) {
            code = first_close(run, agent, true);
        }
    }
    if (run->contact) {
        error_set(error, code,
                  "this is a run of the contact rule set: nobody is stopped, notices or decides in "
                  "it, so there are no protocols");
    } else if (code != 0) {
        error_set(error, code, "the protocols of replicate %u stopped after %llu records: %s",
                  run->header->replicate, (unsigned long long)run->analysis->records,
                  error_words(code));
    }
    run_free(run);
    return code;
}
