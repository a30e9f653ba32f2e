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

/* So many episodes of a target are kept open, the newest ones. */
#define OPEN_KEPT 2

/* An episode whose events are still coming. */
struct open_episode {
    UT_hash_handle hh;
    struct open_episode *older; /* of the same target */
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
    struct open_episode *open;
    struct open_episode **newest; /* by agent */
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
    struct open_episode *open = run->open, *next;
    HASH_CLEAR(hh, run->open);
    for (; open != NULL; open = next) {
        next = open->hh.next;
        open_free(open);
    }
    analysis_abandon(run->analysis);
    free(run->newest);
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
    run->newest = calloc((size_t)header->agents + 1, sizeof *run->newest);
    if (run->analysis == NULL || run->newest == NULL) {
        run_free(run);
        return NULL;
    }
    return run;
}

/* ---- episodes that are open ---- */

static struct open_episode *open_find(struct protocol_run *run, uint32_t number)
{
    struct open_episode *open = NULL;
    HASH_FIND(hh, run->open, &number, sizeof number, open);
    return open;
}

/* Adds an episode to the sum, and forgets it. */
static int open_close(struct protocol_run *run, struct open_episode *open, bool at_end)
{
    const struct episode *episode = &run->analysis->episodes[open->number];
    const struct life *life = &run->analysis->lives[episode->target];
    int code = 0;
    if (episode_counts(episode)) {
        struct protocol_episode made = {
            .target = episode->target,
            .failure = episode->kind == EPISODE_FAILURE,
            .object = episode->object,
            .open = at_end && life->alive == 0 && life->death == open->number,
            .began = episode->began,
            .died = episode->died == TIME_UNSET ? TIME_UNKNOWN : episode->died,
            .number = (uint64_t)open->number + 1};
        code = protocols_add(run->protocols, &run->crew, &made, open->events, open->count);
    }
    HASH_DEL(run->open, open);
    open_free(open);
    return code;
}

/* Closes the older episodes of a target; not the one that it is dead from. */
static int older_close(struct protocol_run *run, agent_id target)
{
    const struct life *life = &run->analysis->lives[target];
    struct open_episode **link = &run->newest[target], *open = *link;
    int code = 0;
    for (uint32_t kept = 0; open != NULL && code == 0; open = *link) {
        bool dead = life->alive == 0 && life->death == open->number;
        if (++kept <= OPEN_KEPT || dead) {
            link = &open->older;
        } else {
            *link = open->older;
            code = open_close(run, open, false);
        }
    }
    return code;
}

/* Opens an episode. NULL in `*made` where it has been closed already. */
static int open_make(struct protocol_run *run, uint32_t number, struct open_episode **made)
{
    agent_id target = run->analysis->episodes[number].target;
    struct open_episode *newest = run->newest[target], *open;
    *made = NULL;
    if (newest != NULL && number < newest->number) {
        return 0;
    }
    open = calloc(1, sizeof *open);
    if (open == NULL) {
        return ERROR_MEMORY;
    }
    open->number = number;
    open->older = newest;
    HASH_ADD(hh, run->open, number, sizeof open->number, open);
    if (open->hh.tbl == NULL) {
        free(open);
        return ERROR_MEMORY;
    }
    run->newest[target] = *made = open;
    return older_close(run, target);
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
    struct open_episode *open = open_find(run, cause->episode);
    uint8_t step = record->whom != AGENT_NONE ? step_of(record, cause, target) : STEP_COUNT;
    bool own = concerns_target(record, episode);
    int code = open == NULL ? open_make(run, cause->episode, &open) : 0;
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
    if (record->whom != AGENT_NONE && wants_guess(record->verb)) {
        join_inferred(run->analysis, record->whom, &cause);
    }
    if (cause.episode != EPISODE_NONE) {
        run->failed = take_joined(run, record, &cause);
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

static int by_number(const struct open_episode *a, const struct open_episode *b)
{
    return a->number < b->number ? -1 : a->number > b->number;
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
    }
    HASH_SORT(run->open, by_number);
    while (run->open != NULL && code == 0) {
        code = open_close(run, run->open, true);
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
