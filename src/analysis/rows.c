#include "analysis/rows.h"

#include <stdlib.h>

#include "analysis/run.h"

void analysis_rows(struct analysis *analysis, const struct analysis_rows *rows)
{
    analysis->rows = rows;
}

int act_keep(struct analysis *analysis, const struct cause *cause, enum analysis_act act,
             agent_id who, agent_id whom, const int generations[CASCADE_COUNT])
{
    struct acts_kept *kept = &analysis->kept;
    if (analysis->rows == NULL) {
        return 0;
    }
    if (list_reserve((void **)&kept->list, &kept->capacity, kept->count, sizeof *kept->list) != 0) {
        return ERROR_MEMORY;
    }
    kept->list[kept->count] =
        (struct act_kept){.episode = cause->episode,
                          .act = (uint8_t)act,
                          .wanted = (uint8_t)wanted_by(cause),
                          .inferred = (cause->flags & CAUSE_INFERRED) != 0,
                          .who = who,
                          .whom = whom,
                          .generation = (uint32_t)generations[CASCADE_WHOLE],
                          .generation_after = (uint32_t)generations[CASCADE_AFTER],
                          .at = analysis->now,
                          .record = analysis->at};
    kept->count++;
    return 0;
}

void act_take_back(struct analysis *analysis, struct record_id made_by)
{
    struct acts_kept *kept = &analysis->kept;
    for (size_t i = kept->count; i-- > 0;) {
        if (record_id_equal(kept->list[i].record, made_by)) {
            kept->list[i].episode = EPISODE_NONE;
        }
    }
}

/* By episode, and within one in the order in which they were done. */
static int by_episode(const void *a, const void *b)
{
    const struct act_kept *first = a, *second = b;
    if (first->episode != second->episode) {
        return first->episode < second->episode ? -1 : 1;
    }
    return first->place < second->place ? -1 : 1;
}

static int episode_give(const struct analysis *analysis, uint32_t number)
{
    const struct episode *episode = &analysis->episodes[number];
    time_ns times[TIME_COUNT];
    for (int time = 0; time < TIME_COUNT; time++) {
        times[time] =
            time == TIME_MASKED && episode->masked > 0 ? episode->masked : episode->times[time];
    }
    struct episode_row row = {.number = number + 1,
                              .target = episode->target,
                              .failure = episode->kind == EPISODE_FAILURE,
                              .object = episode->object,
                              .restored = episode->restored,
                              .began = episode->began,
                              .stopped = episode->stopped,
                              .died = episode->died,
                              .watched = episode->watched,
                              .dead = episode->dead,
                              .masked = episode->masked,
                              .measures = episode->measures,
                              .acts = episode->acts,
                              .times = times,
                              .responses_direct = episode->first[CASCADE_WHOLE][0],
                              .responses_direct_proven = episode->first[CASCADE_WHOLE][1],
                              .responses_direct_after = episode->first[CASCADE_AFTER][0],
                              .fence = episode->stop.fence,
                              .sealed = episode->stop.sealed,
                              .ran = episode->stop.ran,
                              .act = episode->stop.act,
                              .defence_acts = episode->stop.defence_acts,
                              .defence_messages = episode->stop.defence_messages,
                              .kill_actions = episode->stop.kill_actions,
                              .kill_messages = episode->stop.kill_messages};
    return analysis->rows->episode(analysis->rows->context, &row);
}

static int act_give(const struct analysis *analysis, const struct act_kept *act, uint32_t number)
{
    struct act_row row = {.episode = act->episode + 1,
                          .number = number,
                          .act = act->act,
                          .wanted = act->wanted,
                          .inferred = act->inferred,
                          .who = act->who,
                          .whom = act->whom,
                          .generation = act->generation,
                          .generation_after = act->generation_after,
                          .at = act->at,
                          .record = act->record};
    return analysis->rows->act(analysis->rows->context, &row);
}

int rows_give(struct analysis *analysis, const struct work_sums *work)
{
    struct acts_kept *kept = &analysis->kept;
    size_t at = 0, decision = 0;
    int code = 0;
    if (analysis->rows == NULL) {
        return 0;
    }
    /* qsort moves equals: their places keep the order. */
    for (size_t i = 0; i < kept->count; i++) {
        kept->list[i].place = i;
    }
    if (kept->count > 0) {
        qsort(kept->list, kept->count, sizeof *kept->list, by_episode);
    }
    if (analysis->rows->run != NULL) {
        struct run_row row = analysis->sums;
        row.tasks_again = work->again;
        row.innocent = work->innocent;
        row.innocent_done = work->innocent_done;
        code = analysis->rows->run(analysis->rows->context, &row);
    }
    decisions_order(&analysis->decisions, kept);
    for (uint32_t e = 0; e < analysis->episode_count && code == 0; e++) {
        uint32_t number = 0;
        bool counts = episode_counts(&analysis->episodes[e]);
        if (counts) {
            code = episode_give(analysis, e);
        }
        for (; at < kept->count && kept->list[at].episode == e && code == 0; at++) {
            code = counts ? act_give(analysis, &kept->list[at], ++number) : 0;
        }
        if (code == 0) {
            code = decisions_give(analysis, e, &decision);
        }
    }
    return code;
}
