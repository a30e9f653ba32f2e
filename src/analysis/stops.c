/*
 * Stops beyond the death: when the fence came, whether the stop was sealed, what ran after it, how
 * long the range stood still, and what it cost to preserve and to kill.
 *
 * What a quarantine holds frozen does not run, and is no ghost.
 *
 * The fence of a stop is the instant from which the platform refuses what is done for the target:
 * the record `fenced`, or `tombstoned` where the protocol knows no other. Of a protocol without
 * either it is the stop itself, so that what is done after it counts in full.
 */
#include <stddef.h>

#include "analysis/run.h"
#include "core/control/campaign.h"

void stop_clear(struct stop *stop)
{
    *stop = (struct stop){.fence = TIME_UNSET,
                          .sealed = TIME_UNSET,
                          .act = TIME_UNSET,
                          .response = TIME_UNSET,
                          .ended = TIME_UNSET};
}

void stop_comes(struct episode *episode, int64_t protocol, time_ns now)
{
    episode->stop.keeps = protocol == PROTOCOL_QUARANTINE;
    if (episode->stop.fence == TIME_UNSET && !protocol_bars((uint8_t)protocol)) {
        episode->stop.fence = now;
    }
}

/* Once the operator lets the target run again, or stops it anew, that fence stands no longer. */
bool stop_is_fenced(const struct episode *episode)
{
    return episode->kind == EPISODE_STOP && episode->stop.fence != TIME_UNSET &&
           episode->watched == TIME_UNSET;
}

/* The stop that a record of control or of the platform about its target belongs to. */
static struct episode *stop_of(struct analysis *analysis, const struct record *record,
                               const struct cause *cause)
{
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    if (episode == NULL) {
        episode = episode_at(analysis, analysis->lives[record->whom].latest);
    }
    return episode != NULL && episode->kind == EPISODE_STOP ? episode : NULL;
}

static void fence_stands(struct episode *episode, time_ns now)
{
    episode->stop.barred = true;
    if (episode->stop.fence == TIME_UNSET) {
        episode->stop.fence = now;
    }
}

int stops_fenced(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct episode *episode = stop_of(analysis, record, cause);
    if (episode != NULL) {
        fence_stands(episode, record->time);
        measure_add(episode, MEASURE_FENCED);
    }
    return 0;
}

int stops_tombstoned(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct episode *episode = stop_of(analysis, record, cause);
    if (episode != NULL) {
        fence_stands(episode, record->time);
    }
    return 0;
}

int stops_frozen(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct episode *episode = stop_of(analysis, record, cause);
    if (episode != NULL) {
        time_ns *stood = &episode->times[TIME_STANDSTILL];
        *stood = (*stood == TIME_UNSET ? 0 : *stood) + record->value;
    }
    return 0;
}

/* What runs as the target when its stop is sealed is a ghost, as is what begins to run later. */
int stops_sealed(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    const struct life *life = &analysis->lives[record->whom];
    struct episode *episode = stop_of(analysis, record, cause);
    if (episode == NULL) {
        return 0;
    }
    fence_stands(episode, record->time);
    episode->stop.sealed = record->time;
    measure_add(episode, MEASURE_SEALED);
    if (episode->stopped != TIME_UNSET) {
        episode->times[TIME_SEAL] = record->time - episode->stopped;
    }
    uint32_t all = life->alive + life->posed;
    for (uint32_t ghost = all > life->held ? all - life->held : 0; ghost > 0; ghost--) {
        measure_add(episode, MEASURE_GHOST);
    }
    return 0;
}

/* One more runs as the target, on whoever's word. */
static void runs_again(struct analysis *analysis, agent_id whom, bool by_operator)
{
    struct episode *episode = episode_at(analysis, analysis->lives[whom].latest);
    bool sealed;
    if (episode == NULL || episode->kind != EPISODE_STOP || episode->watched != TIME_UNSET) {
        return;
    }
    sealed = episode->stop.sealed != TIME_UNSET;
    if (by_operator || (episode->died == TIME_UNSET && !sealed)) {
        return;
    }
    episode->stop.revived = true;
    if (sealed) {
        measure_add(episode, MEASURE_GHOST);
    }
}

void stop_started(struct analysis *analysis, const struct record *record)
{
    runs_again(analysis, record->whom, record->value == START_OPERATOR);
}

int stops_posed(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    (void)cause;
    for (size_t i = 0; i < analysis->posing_count; i++) {
        if (analysis->posing[i].pid == record->value && analysis->posing[i].as == record->whom) {
            return 0;
        }
    }
    if (list_reserve((void **)&analysis->posing, &analysis->posing_room, analysis->posing_count,
                     sizeof *analysis->posing) != 0) {
        return ERROR_MEMORY;
    }
    analysis->posing[analysis->posing_count++] = (struct posing){record->value, record->whom};
    running_changes(analysis, life, record->time);
    life->posed++;
    runs_again(analysis, record->whom, false);
    return 0;
}

/* One process may have run as several, of which its end names one. */
int stops_exited(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    (void)cause;
    for (size_t i = analysis->posing_count; i-- > 0;) {
        if (analysis->posing[i].pid == record->value) {
            struct life *life = &analysis->lives[analysis->posing[i].as];
            running_changes(analysis, life, record->time);
            life->posed--;
            life->ended = record->time;
            analysis->posing[i] = analysis->posing[--analysis->posing_count];
        }
    }
    return 0;
}

void stop_unwatched(struct episode *episode, const struct life *life)
{
    bool ended = life->alive + life->posed <= life->held;
    if (ended && (episode->died != TIME_UNSET || episode->stop.sealed != TIME_UNSET)) {
        episode->stop.ended = life->ended > life->held_at ? life->ended : life->held_at;
    }
}

/* A quarantine keeps what it finds, and what is held does not run. What had not come to its first
 * instruction it kills. */
int stops_found(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    const struct episode *episode = stop_of(analysis, record, cause);
    if (episode == NULL || !episode->stop.keeps) {
        return 0;
    }
    running_changes(analysis, life, record->time);
    life->held++;
    life->held_at = record->time;
    return 0;
}

int stops_killed(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    if (cause->verb == VERB_FOUND && life->held > 0) {
        running_changes(analysis, life, record->time);
        life->held--;
    }
    return 0;
}

/* What it does from then on is the operator's doing. One that hung before it was held, and hangs
 * still, is only lifted. */
int stops_released(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    if (life->held > 0 && episode_of_target(analysis, cause, record->whom) != NULL) {
        watch_ends(analysis, record->whom, record->time);
        running_changes(analysis, life, record->time);
        life->held--;
    }
    return 0;
}

int stops_lifted(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    (void)cause;
    watch_ends(analysis, record->whom, record->time);
    running_changes(analysis, life, record->time);
    life->held = 0;
    return 0;
}

/* ---- what it cost ---- */

enum cost {
    COST_DEFENCE_ACT = 1 << 0, /* what defenders did, each a message of theirs */
    COST_DEFENCE_MESSAGE = 1 << 1,
    COST_KILL_ACTION = 1 << 2, /* what the operator's side did */
    COST_KILL_MESSAGE = 1 << 3,
    COST_ACTIVE = 1 << 4, /* somebody is at it, at no cost */
};

static int cost_of(const struct record *record, const struct cause *cause)
{
    enum { DEFENDS = COST_DEFENCE_ACT | COST_DEFENCE_MESSAGE | COST_ACTIVE };
    enum { KILLS = COST_KILL_ACTION | COST_KILL_MESSAGE };
    static const uint8_t costs[VERB_COUNT] = {
        [VERB_VOLUNTEERS] = DEFENDS,
        [VERB_RELAUNCHES] = DEFENDS,
        [VERB_RELINKS] = DEFENDS,
        [VERB_ALERTS] = DEFENDS,
        [VERB_REQUESTS] = DEFENDS,
        [VERB_COPIES] = DEFENDS,
        [VERB_TAMPERS] = DEFENDS,
        [VERB_STALLS] = DEFENDS,
        [VERB_MISREPORTS] = DEFENDS,
        [VERB_GRANTED] = COST_DEFENCE_MESSAGE,
        [VERB_FAILED] = COST_DEFENCE_MESSAGE,
        [VERB_REFUSED] = COST_DEFENCE_MESSAGE,
        [VERB_DECIDES] = COST_ACTIVE,
        [VERB_STOPS] = COST_KILL_ACTION,
        [VERB_SIGNALLED] = KILLS,
        [VERB_KILLED] = KILLS,
        [VERB_FENCED] = KILLS,
        [VERB_TOMBSTONED] = KILLS,
        [VERB_FROZEN] = COST_KILL_ACTION,
        [VERB_SEALED] = COST_KILL_ACTION,
        [VERB_ANNOUNCED] = COST_KILL_MESSAGE,
        [VERB_MARKED] = COST_KILL_MESSAGE,
    };
    /* Of reports those alone that mask. */
    bool masks = record->verb == VERB_REPORTS && (cause->flags & CAUSE_MASKED) != 0;
    return masks ? DEFENDS : costs[record->verb];
}

void stop_costs(struct analysis *analysis, const struct record *record, const struct cause *cause)
{
    int cost = cost_of(record, cause);
    struct episode *episode = cost == 0 ? NULL : episode_at(analysis, cause->episode);
    if (episode == NULL || episode->kind == EPISODE_FAILURE || episode->watched != TIME_UNSET) {
        return;
    }
    struct stop *stop = &episode->stop;
    stop->defence_acts += (cost & COST_DEFENCE_ACT) != 0 ? 1 : 0;
    stop->defence_messages += (cost & COST_DEFENCE_MESSAGE) != 0 ? 1 : 0;
    stop->kill_actions += (cost & COST_KILL_ACTION) != 0 ? 1 : 0;
    stop->kill_messages += (cost & COST_KILL_MESSAGE) != 0 ? 1 : 0;
    if ((cost & COST_ACTIVE) != 0) {
        stop->act = record->time;
    }
}

/* ---- the end ---- */

static void count_responses(struct analysis *analysis, enum cascade cascade)
{
    const struct responses *responses = &analysis->responses[cascade];
    for (size_t i = 0; i < responses->count; i++) {
        const struct response *response = &responses->list[i];
        struct episode *episode = &analysis->episodes[response->key.episode];
        if (response->taken_back || episode->kind != EPISODE_STOP) {
            continue;
        }
        if (response->at <= episode->watched && response->at > episode->stop.response) {
            episode->stop.response = response->at;
        }
        if (cascade == CASCADE_AFTER) {
            measure_add(episode, MEASURE_AFTER_FENCE);
        } else if (episode->stop.fence == TIME_UNSET || response->at < episode->stop.fence) {
            measure_add(episode, MEASURE_BEFORE_FENCE);
        }
    }
}

static void stop_close(struct episode *episode)
{
    const struct stop *stop = &episode->stop;
    if (stop->ended == TIME_UNSET || episode->stopped == TIME_UNSET) {
        return;
    }
    time_ns quiet = stop->response > stop->ended ? stop->response : stop->ended;
    episode->times[TIME_QUIET] = quiet > episode->stopped ? quiet - episode->stopped : 0;
    if (!stop->revived) {
        measure_add(episode, MEASURE_STAYED_DEAD);
    }
}

void stops_end(struct analysis *analysis)
{
    count_responses(analysis, CASCADE_WHOLE);
    count_responses(analysis, CASCADE_AFTER);
    for (size_t e = 0; e < analysis->episode_count; e++) {
        if (analysis->episodes[e].kind == EPISODE_STOP) {
            stop_close(&analysis->episodes[e]);
        }
    }
}
