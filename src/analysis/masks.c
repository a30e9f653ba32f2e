/*
 * Masking: a claim that contradicts the truth, by one who knew better, and that the board shows.
 * Without the knowledge it is an honest late report, `stale`.
 *
 * The platform records what the board shows when that changes. A report of a dead peer as healthy
 * that leaves the board as it is has its effect too: the board goes on showing the peer healthy on
 * that word. It counts from the report on, and is taken back if the platform refuses the report.
 */
#include <assert.h>
#include <stdlib.h>

#include "analysis/run.h"
#include "core/agent/percept.h"

/* ---- who knows of whose death ---- */

static struct notice *notice_find(struct analysis *analysis, struct knower knower)
{
    struct notice *notice = NULL;
    HASH_FIND(hh, analysis->notices, &knower, sizeof knower, notice);
    return notice;
}

void notice_forget(struct analysis *analysis, struct knower knower)
{
    struct notice *notice = notice_find(analysis, knower);
    if (notice != NULL) {
        HASH_DEL(analysis->notices, notice);
        free(notice);
    }
}

static int notice_keep(struct analysis *analysis, struct knower knower)
{
    const struct life *life = &analysis->lives[knower.whom];
    struct notice *notice = notice_find(analysis, knower);
    if (notice == NULL) {
        notice = calloc(1, sizeof *notice);
        if (notice == NULL) {
            return ERROR_MEMORY;
        }
        notice->knower = knower;
        HASH_ADD(hh, analysis->notices, knower, sizeof notice->knower, notice);
        if (notice->hh.tbl == NULL) {
            free(notice);
            return ERROR_MEMORY;
        }
    }
    notice->life = life->number;
    notice->while_alive = life->alive > 0;
    notice->at = analysis->records;
    return 0;
}

/* Whether it believes the dead peer gone. A suspicion from the peer's life counts, unless it has
 * been refuted since: the partition ended, the hung agent went on, the peer came back. */
static bool has_noticed(struct analysis *analysis, struct knower knower)
{
    const struct life *life = &analysis->lives[knower.whom];
    const struct notice *notice = notice_find(analysis, knower);
    if (notice == NULL || notice->life != life->number) {
        return false;
    }
    return !notice->while_alive || (notice->at > analysis->healed && notice->at > life->resumed);
}

/* Word of a danger to a peer that still runs is no word of its death; that it has fallen silent,
 * hung up or departed is. */
static bool tells_of_death(int64_t how, bool alive)
{
    bool seen = how == HOW_HANGUP || how == HOW_SILENCE || how == HOW_GOSSIP || how == HOW_DEPARTED;
    bool told = how == HOW_ALERT || how == HOW_REQUEST;
    return seen || (told && !alive);
}

int masks_noticed(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    join_inferred(analysis, record->whom, cause);
    const struct life *life = &analysis->lives[record->whom];
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    if (episode != NULL && record->who != record->whom && life->alive == 0) {
        measure_add(episode, MEASURE_NOTICED);
        time_set(episode, TIME_NOTICE, record->time);
    }
    return tells_of_death(record->value, life->alive > 0) ? notice_keep(analysis, knower_of(record))
                                                          : 0;
}

int masks_retracted(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    join_inferred(analysis, record->whom, cause);
    notice_forget(analysis, knower_of(record));
    return 0;
}

/* One who is alerted or asked to defend a dead peer has been told; no notice of its own need
 * follow. */
int masks_decides(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    join_inferred(analysis, record->whom, cause);
    struct situation situation = situation_unpack((uint64_t)record->value);
    bool dead = analysis->lives[record->whom].alive == 0;
    return dead && tells_of_death(situation.how, false) ? notice_keep(analysis, knower_of(record))
                                                        : 0;
}

/* ---- what the board shows ---- */

void mask_ends(struct analysis *analysis, struct life *life, time_ns now)
{
    struct episode *episode = episode_at(analysis, life->death);
    if (life->masked_since != TIME_UNSET && episode != NULL && now > life->masked_since) {
        episode->masked += now - life->masked_since;
    }
    life->masked_since = TIME_UNSET;
}

/* The dead `whom` is shown healthy on the word of record->who. Notes in `cause` what was counted.
 */
static int dead_shown_healthy(struct analysis *analysis, const struct record *record,
                              struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    join_inferred(analysis, record->whom, cause);
    if (has_noticed(analysis, knower_of(record))) {
        if (life->masked_since == TIME_UNSET) {
            life->masked_since = record->time;
            life->masked_by = record->id;
        }
        cause->flags |= CAUSE_MASKED;
        return outcome_take(analysis, cause, OUTCOME_MASK, record->who, record->whom);
    }
    cause->flags |= CAUSE_STALE;
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    if (episode != NULL) {
        measure_add(episode, MEASURE_STALE);
    }
    return 0;
}

int masks_reports(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    const struct life *life = &analysis->lives[record->whom];
    if (record->value != HEALTH_HEALTHY) {
        return 0;
    }
    if (life->alive > 0) {
        /* One who says of a living peer that it is healthy has taken a suspicion back. */
        notice_forget(analysis, knower_of(record));
        return 0;
    }
    if (life->shows != HEALTH_HEALTHY) {
        return 0; /* the board will change if it accepts this: masks_shows */
    }
    /* What the agent does next follows from its decision, not from the mask's effect. */
    struct cause effect = *cause;
    int code = dead_shown_healthy(analysis, record, &effect);
    cause->episode = effect.episode;
    cause->flags = effect.flags;
    return code;
}

int masks_shows(struct analysis *analysis, const struct record *record, struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    life->shows = record->value;
    if (record->value != HEALTH_HEALTHY) {
        mask_ends(analysis, life, record->time);
        return 0;
    }
    if (record->who == AGENT_NONE) {
        return 0;
    }
    if (life->alive > 0) {
        notice_forget(analysis, knower_of(record));
        return 0;
    }
    if ((cause->flags & (CAUSE_MASKED | CAUSE_STALE)) != 0) {
        /* Counted with the report. In between the board may have shown the truth. */
        if ((cause->flags & CAUSE_MASKED) != 0 && life->masked_since == TIME_UNSET) {
            life->masked_since = record->time;
        }
        return 0;
    }
    return dead_shown_healthy(analysis, record, cause);
}

void masks_take_back(struct analysis *analysis, const struct record *record,
                     const struct cause *cause)
{
    struct life *life = &analysis->lives[record->whom];
    struct episode *episode = episode_of_target(analysis, cause, record->whom);
    if ((cause->flags & CAUSE_STALE) != 0 && episode != NULL) {
        measure_remove(episode, MEASURE_STALE);
    }
    if ((cause->flags & CAUSE_MASKED) == 0) {
        return;
    }
    response_take_back(analysis, cause, record);
    act_take_back(analysis, record->cause);
    if (record_id_equal(life->masked_by, record->cause)) {
        life->masked_since = TIME_UNSET;
    }
    if (episode != NULL) {
        measure_remove(episode, MEASURE_OF_ACT(OUTCOME_MASK));
        measure_remove(episode, MEASURE_OF_ACT(OUTCOME_MASK) + 1 + (uint32_t)wanted_by(cause));
        measure_remove(episode, MEASURE_RESPONDED);
    }
}
