/*
 * Episodes: one stop, or failure, of one target and all that follows from it, joined by cause.
 *
 * One record at a time: `handlers` says what each verb means for the episodes. Records of acts that
 * name no cause are joined to the episode of their target's death, or of the stop that is under
 * way, as a guess: they are marked inferred.
 */
#include <assert.h>
#include <stdlib.h>

#include "analysis/run.h"
#include "core/agent/percept.h"

int run_fail(struct analysis *analysis, int code)
{
    if (analysis->failed == 0) {
        analysis->failed = code;
    }
    return analysis->failed;
}

struct episode *episode_at(struct analysis *analysis, uint32_t number)
{
    assert(number == EPISODE_NONE || number < analysis->episode_count);
    return number == EPISODE_NONE ? NULL : &analysis->episodes[number];
}

struct episode *episode_of_target(struct analysis *analysis, const struct cause *cause,
                                  agent_id target)
{
    struct episode *episode = episode_at(analysis, cause->episode);
    return episode != NULL && episode->target == target ? episode : NULL;
}

/* Begins an episode, and makes `cause` its root. */
static int episode_open(struct analysis *analysis, enum episode_kind kind,
                        const struct record *record, struct cause *cause)
{
    if (list_reserve((void **)&analysis->episodes, &analysis->episode_capacity,
                     analysis->episode_count, sizeof *analysis->episodes) != 0) {
        return run_fail(analysis, ERROR_MEMORY);
    }
    const unsigned char *objects = analysis->header->objects;
    struct episode *episode = &analysis->episodes[analysis->episode_count];
    *episode = (struct episode){.target = record->whom, .kind = (uint8_t)kind};
    episode->object =
        (record->flags & FLAG_OBJECT) != 0 || (objects != NULL && objects[record->whom] != 0);
    episode->began = record->time;
    episode->stopped = episode->died = episode->watched = TIME_UNSET;
    stop_clear(&episode->stop);
    for (int time = 0; time < TIME_COUNT; time++) {
        episode->times[time] = TIME_UNSET;
    }
    cause->episode = (uint32_t)analysis->episode_count;
    cause->response = cause->after = RESPONSE_NONE;
    cause->flags = 0;
    analysis->episode_count++;
    return 0;
}

void measure_add(struct episode *episode, uint32_t measure)
{
    assert(measure < MEASURE_COUNT);
    episode->measures |= UINT64_C(1) << measure;
    episode->acts[measure]++;
}

void measure_remove(struct episode *episode, uint32_t measure)
{
    assert(measure < MEASURE_COUNT);
    if (episode->acts[measure] == 0) {
        return; /* a trace may say that one report was refused twice */
    }
    episode->acts[measure]--;
    if (episode->acts[measure] == 0) {
        episode->measures &= ~(UINT64_C(1) << measure);
    }
}

enum analysis_wanted wanted_by(const struct cause *cause)
{
    return (cause->flags & CAUSE_RELAYED) != 0     ? WANTED_RELAYED
           : (cause->flags & CAUSE_REQUESTED) != 0 ? WANTED_REQUESTED
                                                   : WANTED_SPONTANEOUS;
}

void join_inferred(struct analysis *analysis, agent_id target, struct cause *cause)
{
    if (cause->episode != EPISODE_NONE || target == AGENT_NONE) {
        return;
    }
    const struct life *life = &analysis->lives[target];
    cause->episode = life->alive == 0 ? life->death : life->stop;
    if (cause->episode != EPISODE_NONE) {
        cause->flags |= CAUSE_INFERRED;
    }
}

int outcome_take(struct analysis *analysis, struct cause *cause, enum analysis_act act,
                 agent_id responder, agent_id target)
{
    if (responder == AGENT_NONE || target == AGENT_NONE) {
        return 0;
    }
    if (cause->episode == EPISODE_NONE) {
        analysis->unjoined += act < OUTCOME_STEPS ? 1 : 0;
        return 0;
    }
    struct episode *episode = episode_of_target(analysis, cause, target);
    if (episode != NULL) {
        measure_add(episode, MEASURE_OF_ACT(act));
        measure_add(episode, MEASURE_OF_ACT(act) + 1 + (uint32_t)wanted_by(cause));
    }
    if (act >= OUTCOME_STEPS) {
        return 0;
    }
    if (episode != NULL) {
        measure_add(episode, MEASURE_RESPONDED);
        if (responder == target) {
            measure_add(episode, MEASURE_SELF);
        }
    }
    struct episode *whole = episode_at(analysis, cause->episode);
    if (whole->watched == TIME_UNSET) {
        whole->stop.act = analysis->now;
    }
    bool fenced = stop_is_fenced(whole);
    struct cause why = *cause;
    int generations[CASCADE_COUNT] = {0};
    for (int cascade = 0; cascade < (fenced ? CASCADE_COUNT : CASCADE_AFTER); cascade++) {
        generations[cascade] =
            response_take(analysis, (enum cascade)cascade, cause, responder, target);
        if (generations[cascade] < 0) {
            return generations[cascade];
        }
    }
    return act_keep(analysis, &why, act, responder, target, generations);
}

/* ---- the operator ---- */

static int take_announced(struct analysis *analysis, const struct record *record,
                          struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    struct episode *episode = episode_at(analysis, life->stop);
    if (episode != NULL && episode->kind == EPISODE_ANNOUNCED) {
        cause->episode = life->stop; /* one more is told of the same stop */
        cause->response = cause->after = RESPONSE_NONE;
        cause->flags = 0;
        return 0;
    }
    int code = episode_open(analysis, EPISODE_ANNOUNCED, record, cause);
    life->stop = code == 0 ? cause->episode : life->stop;
    return code;
}

/* A stop is a root, unless it was announced: then the episode began with the announcement. */
static int stop_begin(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    struct episode *episode = episode_at(analysis, life->stop);
    if (episode != NULL && episode->kind == EPISODE_ANNOUNCED) {
        episode->kind = EPISODE_STOP;
        cause->episode = life->stop;
        cause->response = cause->after = RESPONSE_NONE;
        cause->flags = 0;
        return 0;
    }
    int code = episode_open(analysis, EPISODE_STOP, record, cause);
    life->stop = code == 0 ? cause->episode : life->stop;
    return code;
}

static void stop_counts(struct analysis *analysis, const struct record *record,
                        const struct cause *cause)
{
    struct episode *episode = episode_at(analysis, cause->episode);
    episode->stopped = episode->stopped == TIME_UNSET ? record->time : episode->stopped;
    watch_begins(analysis, record->whom, cause->episode, record->time);
    analysis->lives[record->whom].target = true;
}

static int take_stops(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    int code = stop_begin(analysis, record, cause);
    if (code == 0) {
        stop_counts(analysis, record, cause);
        stop_comes(episode_at(analysis, cause->episode), record->value, record->time);
    }
    return code;
}

static int take_thwarted(struct analysis *analysis, const struct record *record,
                         struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    if (episode == NULL) {
        int code = stop_begin(analysis, record, cause);
        if (code != 0) {
            return code;
        }
        episode = episode_at(analysis, cause->episode);
    }
    if (record->value == THWART_DEAD && episode->died == TIME_UNSET) {
        episode->kind = EPISODE_VOID;
    } else {
        episode->kind = EPISODE_STOP;
        measure_add(episode, MEASURE_THWARTED);
        if (record->value == THWART_UNPROVEN) {
            measure_add(episode, MEASURE_UNPROVEN);
        }
        stop_counts(analysis, record, cause);
    }
    life->stop = EPISODE_NONE;
    return 0;
}

static int take_restores(struct analysis *analysis, const struct record *record,
                         struct cause *cause)
{
    struct episode *episode = episode_at(analysis, analysis->lives[record->whom].death);
    watch_ends(analysis, record->whom, record->time);
    if (episode != NULL) {
        episode->restored = true;
        /* What the operator does next is no consequence of what the agents did. */
        cause->episode = analysis->lives[record->whom].death;
        cause->response = cause->after = RESPONSE_NONE;
    }
    return 0;
}

static int take_waited(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    (void)cause;
    analysis->waits++;
    analysis->waited += record->value;
    return 0;
}

/* ---- the truth ---- */

static int take_died(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    running_changes(analysis, life, record->time);
    life->alive -= life->alive > 0 ? 1 : 0;
    life->ended = record->time;
    if (record->value == DEATH_CONTACT) {
        return 0; /* the contact rule set has no stops, no failures and no defence */
    }
    /* A node's crash begins no episode: each death on it is the failure of that agent. */
    if (cause->episode == EPISODE_NONE) {
        int code = episode_open(analysis, EPISODE_FAILURE, record, cause);
        if (code != 0) {
            return code;
        }
        watch_begins(analysis, record->whom, cause->episode, record->time);
    }
    if (life->stop == cause->episode) {
        life->stop = EPISODE_NONE;
    }
    if (life->alive > 0) {
        return 0;
    }
    life->died = record->time;
    life->death = cause->episode;
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    if (episode != NULL && episode->died == TIME_UNSET) {
        episode->died = record->time;
        measure_add(episode, MEASURE_DIED);
    }
    return 0;
}

static int take_hung(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    if (cause->episode != EPISODE_NONE) {
        return 0;
    }
    int code = episode_open(analysis, EPISODE_FAILURE, record, cause);
    if (code == 0) {
        watch_begins(analysis, record->whom, cause->episode, record->time);
    }
    return code;
}

static int take_resumed(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    analysis->lives[record->whom].resumed = analysis->records;
    return stops_released(analysis, record, cause);
}

static int take_healed(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    (void)record;
    (void)cause;
    analysis->healed = analysis->records;
    return 0;
}

/* The time in which nobody ran as that agent is over. */
static void death_ends(struct analysis *analysis, struct life *life, time_ns now)
{
    struct episode *episode = episode_at(analysis, life->death);
    mask_ends(analysis, life, now);
    if (episode != NULL && now > life->died) {
        episode->dead += now - life->died;
    }
}

void time_set(struct episode *episode, enum analysis_time time, time_ns now)
{
    if (episode->died != TIME_UNSET && episode->times[time] == TIME_UNSET) {
        episode->times[time] = now - episode->died;
    }
}

static int take_started(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    bool was_dead = life->alive == 0;
    if (record->value == START_PEER) {
        join_inferred(analysis, record->whom, cause);
    }
    if (was_dead) {
        death_ends(analysis, life, record->time);
    }
    /* The first lives run from the start, whether or not the trace says so. */
    if (record->value != START_FIRST || was_dead) {
        running_changes(analysis, life, record->time);
        analysis->sums.duplicates += was_dead ? 0 : 1;
        life->alive++;
        life->number++;
        life->newest = record->whom_incarnation;
    }
    if (record->value != START_FIRST) {
        stop_started(analysis, record);
    }
    struct episode *episode = episode_at(analysis, was_dead ? life->death : EPISODE_NONE);
    bool own = episode != NULL && episode->target == record->whom;
    if (record->value == START_PLATFORM && own) {
        measure_add(episode, MEASURE_BY_PLATFORM);
        time_set(episode, TIME_BY_PLATFORM, record->time);
    }
    if (record->value == START_OPERATOR && own) {
        measure_add(episode, MEASURE_RESTORED);
    }
    if (record->value != START_PEER) {
        return 0;
    }
    if (own) {
        time_set(episode, TIME_BY_PEERS, record->time);
    }
    agent_id responder = record->who != AGENT_NONE ? record->who : cause->actor;
    return outcome_take(analysis, cause, OUTCOME_RELAUNCH, responder, record->whom);
}

static int take_link_up(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    if (record->who == AGENT_NONE) {
        return 0;
    }
    incarnation_id who = analysis->lives[record->who].newest;
    incarnation_id whom = analysis->lives[record->whom].newest;
    notice_forget(analysis, (struct knower){record->who, record->whom, who});
    notice_forget(analysis, (struct knower){record->whom, record->who, whom});
    if (cause->actor == AGENT_NONE) {
        return 0;
    }
    /* A link has two ends, and either may be the one that is defended. */
    const struct episode *episode = episode_at(analysis, cause->episode);
    bool first = episode != NULL ? episode->target == record->who : cause->actor == record->whom;
    agent_id target = first ? record->who : record->whom;
    if (episode == NULL && target != AGENT_NONE) {
        uint32_t death = analysis->lives[target].death;
        episode = episode_at(analysis, death);
        if (episode != NULL && (episode->measures & UINT64_C(1) << MEASURE_RELINKED) == 0) {
            cause->episode = death;
            cause->flags |= CAUSE_INFERRED;
        }
    }
    return outcome_take(analysis, cause, OUTCOME_RELINK, cause->actor, target);
}

static int take_copied(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    join_inferred(analysis, record->whom, cause);
    return outcome_take(analysis, cause, OUTCOME_COPY, record->who, record->whom);
}

/* ---- agents ---- */

static int take_alerts(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    return outcome_take(analysis, cause, OUTCOME_ALERT, record->who, record->whom);
}

static int take_requests(struct analysis *analysis, const struct record *record,
                         struct cause *cause)
{
    return outcome_take(analysis, cause, OUTCOME_REQUEST, record->who, record->whom);
}

/* ---- the platform ---- */

static int take_switched(struct analysis *analysis, const struct record *record,
                         struct cause *cause)
{
    if (record->value != 0) {
        return 0; /* enabled again */
    }
    join_inferred(analysis, record->whom, cause);
    return outcome_take(analysis, cause, OUTCOME_TAMPER, record->who, record->whom);
}

static int take_scored(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    join_inferred(analysis, record->whom, cause);
    return outcome_take(analysis, cause, OUTCOME_MISREPORT, record->who, record->whom);
}

static int take_stalled(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    join_inferred(analysis, record->whom, cause);
    return outcome_take(analysis, cause, OUTCOME_STALL, record->who, record->whom);
}

static int take_returned(struct analysis *analysis, const struct record *record,
                         struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    struct episode *episode = episode_at(analysis, life->death);
    life->resumed = analysis->records; /* its peers are told */
    if (cause->episode == EPISODE_NONE) {
        cause->episode = life->death;
    }
    if (episode != NULL && episode->target == record->whom && !episode->restored) {
        measure_add(episode, MEASURE_RELINKED);
        time_set(episode, TIME_RELINK, record->time);
    }
    return 0;
}

static int take_refused(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    static const uint8_t measures[ACT_KIND_COUNT] = {
        [ACT_REPORT] = MEASURE_REFUSED_REPORT,       [ACT_VOLUNTEER] = MEASURE_REFUSED_VOLUNTEER,
        [ACT_RELAUNCH] = MEASURE_REFUSED_RELAUNCH,   [ACT_RELINK] = MEASURE_REFUSED_RELINK,
        [ACT_COPY] = MEASURE_REFUSED_COPY,           [ACT_TAMPER] = MEASURE_REFUSED_TAMPER,
        [ACT_MISREPORT] = MEASURE_REFUSED_MISREPORT, [ACT_STALL] = MEASURE_REFUSED_STALL,
    };
    join_inferred(analysis, record->whom, cause);
    masks_take_back(analysis, record, cause);
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    int64_t act = record->value >> 8;
    if (episode == NULL || act < ACT_TOOLS || act >= ACT_TOOLS_END) {
        return 0;
    }
    measure_add(episode, measures[act]);
    /* One who came forward second has attempted nothing yet. */
    if (act != ACT_VOLUNTEER) {
        measure_add(episode, MEASURE_REFUSED);
    }
    return 0;
}

static int take_failed(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    join_inferred(analysis, record->whom, cause);
    masks_take_back(analysis, record, cause);
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    if (episode != NULL) {
        measure_add(episode, MEASURE_FAILED);
    }
    return 0;
}

static int take_gave_up(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    join_inferred(analysis, record->whom, cause);
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    if (episode != NULL) {
        measure_add(episode, MEASURE_GAVE_UP);
    }
    return 0;
}

static int take_task(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    (void)cause;
    bool target = record->whom != AGENT_NONE && analysis->lives[record->whom].target;
    return work_take(&analysis->work, record, target);
}

static int take_decides(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    int code = masks_decides(analysis, record, cause);
    return code == 0 ? decision_take(analysis, record, cause) : code;
}

static int take_decided(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    (void)cause;
    return decision_chosen(analysis, record);
}

struct handler {
    int (*take)(struct analysis *analysis, const struct record *record, struct cause *cause);
    bool needs_whom; /* a record without an agent to speak of is left alone */
};

static const struct handler handlers[VERB_COUNT] = {
    [VERB_ANNOUNCED] = {take_announced, true},
    [VERB_STOPS] = {take_stops, true},
    [VERB_THWARTED] = {take_thwarted, true},
    [VERB_RESTORES] = {take_restores, true},
    [VERB_WAITED] = {take_waited, false},
    [VERB_DIED] = {take_died, true},
    [VERB_HUNG] = {take_hung, true},
    [VERB_RESUMED] = {take_resumed, true},
    [VERB_HEALED] = {take_healed, false},
    [VERB_STARTED] = {take_started, true},
    [VERB_LINK_UP] = {take_link_up, true},
    [VERB_COPIED] = {take_copied, true},
    [VERB_NOTICED] = {masks_noticed, true},
    [VERB_ALERTS] = {take_alerts, true},
    [VERB_DECIDES] = {take_decides, true},
    [VERB_REPORTS] = {masks_reports, true},
    [VERB_REQUESTS] = {take_requests, true},
    [VERB_SHOWS] = {masks_shows, true},
    [VERB_SWITCHED] = {take_switched, true},
    [VERB_SCORED] = {take_scored, true},
    [VERB_STALLED] = {take_stalled, true},
    [VERB_RETURNED] = {take_returned, true},
    [VERB_REFUSED] = {take_refused, true},
    [VERB_FAILED] = {take_failed, true},
    [VERB_GAVE_UP] = {take_gave_up, true},
    [VERB_TASK_SENT] = {take_task, false},
    [VERB_TASK_HELD] = {take_task, false},
    [VERB_TASK_DONE] = {take_task, false},
    [VERB_TASK_LOST] = {take_task, false},
    [VERB_RETRACTED] = {masks_retracted, true},
    [VERB_DECIDED] = {take_decided, true},
    [VERB_FENCED] = {stops_fenced, true},
    [VERB_TOMBSTONED] = {stops_tombstoned, true},
    [VERB_FROZEN] = {stops_frozen, true},
    [VERB_FOUND] = {stops_found, true},
    [VERB_KILLED] = {stops_killed, true},
    [VERB_LIFTED] = {stops_lifted, true},
    [VERB_SEALED] = {stops_sealed, true},
    [VERB_POSED] = {stops_posed, true},
    [VERB_EXITED] = {stops_exited, false},
};

static bool agent_known(const struct analysis *analysis, agent_id agent)
{
    return agent == AGENT_NONE || agent < analysis->header->agents;
}

int run_take(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    if (analysis->failed != 0) {
        return analysis->failed;
    }
    if (record->verb >= VERB_COUNT || !agent_known(analysis, record->who) ||
        !agent_known(analysis, record->whom)) {
        return run_fail(analysis, ERROR_CORRUPT);
    }
    analysis->records++;
    analysis->at = record->id;
    analysis->now = record->time;
    *cause = cause_of(analysis->causes, record);
    const struct handler *handler = &handlers[record->verb];
    if (handler->take != NULL && (!handler->needs_whom || record->whom != AGENT_NONE)) {
        int code = handler->take(analysis, record, cause);
        if (code != 0) {
            return run_fail(analysis, code);
        }
    }
    stop_costs(analysis, record, cause);
    int code = behind_take(analysis, record, cause);
    if (code != 0) {
        return run_fail(analysis, code);
    }
    cause->verb = record->verb;
    code = cause_keep(&analysis->causes, record->id, *cause);
    return code == 0 ? 0 : run_fail(analysis, code);
}

int analysis_take(void *analysis, const struct record *record)
{
    struct cause cause;
    return run_take(analysis, record, &cause);
}

struct analysis *analysis_open(const struct trace_header *header)
{
    assert(header != NULL);
    struct analysis *analysis = calloc(1, sizeof *analysis);
    if (analysis == NULL) {
        return NULL;
    }
    analysis->header = header;
    analysis->lives = calloc((size_t)header->agents + 1, sizeof *analysis->lives);
    if (analysis->lives == NULL || behind_open(&analysis->behind, header) != 0) {
        free(analysis->lives);
        free(analysis);
        return NULL;
    }
    for (uint32_t agent = 0; agent < header->agents; agent++) {
        analysis->lives[agent] = (struct life){.alive = 1,
                                               .stop = EPISODE_NONE,
                                               .death = EPISODE_NONE,
                                               .latest = EPISODE_NONE,
                                               .masked_since = TIME_UNSET,
                                               .masked_by = RECORD_ID_NONE};
    }
    return analysis;
}

void analysis_deadline(struct analysis *analysis, time_ns deadline)
{
    assert(deadline >= 0);
    analysis->work.deadline = deadline;
}

void analysis_targets(struct analysis *analysis, const agent_id *targets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert(targets[i] < analysis->header->agents);
        analysis->lives[targets[i]].target = true;
    }
}

void analysis_abandon(struct analysis *analysis)
{
    if (analysis == NULL) {
        return;
    }
    struct notice *notice = analysis->notices, *next;
    HASH_CLEAR(hh, analysis->notices);
    for (; notice != NULL; notice = next) {
        next = notice->hh.next;
        free(notice);
    }
    causes_free(&analysis->causes);
    work_free(&analysis->work);
    responses_free(&analysis->responses[CASCADE_WHOLE]);
    responses_free(&analysis->responses[CASCADE_AFTER]);
    behind_close(&analysis->behind);
    free(analysis->kept.list);
    free(analysis->posing);
    decisions_free(&analysis->decisions);
    free(analysis->lives);
    free(analysis->episodes);
    free(analysis);
}

int analysis_close(struct analysis *analysis, time_ns end, struct findings *findings,
                   struct error *error)
{
    int code = analysis->failed;
    if (code == 0) {
        for (uint32_t agent = 0; agent < analysis->header->agents; agent++) {
            if (analysis->lives[agent].alive == 0) {
                death_ends(analysis, &analysis->lives[agent], end);
            }
        }
        struct work_sums work;
        lifetimes_close(analysis, end);
        stops_end(analysis);
        work_close(&analysis->work, end, &work);
        code = behind_end(analysis);
        if (code == 0) {
            code = work_give(&analysis->work, end, analysis->rows);
        }
        if (code == 0) {
            code = rows_give(analysis, &work);
        }
        if (code == 0) {
            code = findings_take_run(findings, analysis, end, &work);
        }
    }
    if (code != 0) {
        error_set(error, code, "the analysis of replicate %u stopped after %llu records: %s",
                  analysis->header->replicate, (unsigned long long)analysis->records,
                  error_words(code));
    }
    analysis_abandon(analysis);
    return code;
}
