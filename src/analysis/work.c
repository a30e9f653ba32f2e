/*
 * Availability of the crew's work: tasks done in time of tasks emitted.
 *
 * A task is one value; it is emitted when it is first sent or held, however often and wherever it
 * is sent after that.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"

static struct task *task_find(struct work *work, int64_t number)
{
    struct task *task = NULL;
    HASH_FIND(hh, work->tasks, &number, sizeof number, task);
    return task;
}

static int task_emitted(struct work *work, const struct record *record)
{
    if (task_find(work, record->value) != NULL) {
        return 0;
    }
    struct task *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return ERROR_MEMORY;
    }
    task->task = record->value;
    task->emitted = record->time;
    HASH_ADD(hh, work->tasks, task, sizeof task->task, task);
    if (task->hh.tbl == NULL) {
        free(task);
        return ERROR_MEMORY;
    }
    return 0;
}

static size_t source_of(int64_t task)
{
    return (size_t)((uint64_t)task >> 40);
}

/* Whose tasks go through a target is the work of those who are stopped. */
static int source_through(struct work *work, size_t source)
{
    if (source < work->sources) {
        work->through[source] = 1;
        return 0;
    }
    if (list_reserve((void **)&work->through, &work->room, source, sizeof *work->through) != 0) {
        return ERROR_MEMORY;
    }
    memset(work->through + work->sources, 0, source + 1 - work->sources);
    work->sources = source + 1;
    work->through[source] = 1;
    return 0;
}

static bool is_innocent(const struct work *work, const struct task *task)
{
    size_t source = source_of(task->task);
    return source >= work->sources || work->through[source] == 0;
}

int work_take(struct work *work, const struct record *record, bool target)
{
    if (target && source_through(work, source_of(record->value)) != 0) {
        return ERROR_MEMORY;
    }
    if (record->verb == VERB_TASK_LOST) {
        work->lost++;
        return 0;
    }
    if (record->verb != VERB_TASK_DONE) {
        work->held += record->verb == VERB_TASK_HELD ? 1 : 0;
        return task_emitted(work, record);
    }
    struct task *task = task_find(work, record->value);
    if (task == NULL) {
        return 0;
    }
    task->again = task->answered;
    task->answered = true;
    if ((record->flags & FLAG_LATE) != 0) {
        return 0;
    }
    task->done = true;
    time_ns took = record->time - task->emitted;
    if (took > work->slowest) {
        work->slowest = took;
    }
    return 0;
}

/* Whether a task was done in time is known only of those whose deadlines the run has reached; of
 * the others the ones that were done early must be left out too, or the figure would be too good.
 */
static time_ns last_emitted(const struct work *work, time_ns end)
{
    return end - (work->deadline > 0 ? work->deadline : work->slowest);
}

void work_close(struct work *work, time_ns end, struct work_sums *sums)
{
    time_ns last = last_emitted(work, end);
    *sums = (struct work_sums){.lost = work->lost, .held = work->held};
    for (const struct task *task = work->tasks; task != NULL; task = task->hh.next) {
        if (task->emitted > last) {
            sums->left_out++;
        } else {
            sums->emitted++;
            sums->done += task->done ? 1 : 0;
            sums->again += task->done && task->again ? 1 : 0;
            sums->innocent += is_innocent(work, task) ? 1 : 0;
            sums->innocent_done += task->done && is_innocent(work, task) ? 1 : 0;
        }
    }
}

int work_give(const struct work *work, time_ns end, const struct analysis_rows *rows)
{
    int code = 0;
    if (rows == NULL || rows->task == NULL) {
        return 0;
    }
    for (const struct task *task = work->tasks; task != NULL && code == 0; task = task->hh.next) {
        if (task->emitted <= last_emitted(work, end)) {
            code = rows->task(rows->context, task->emitted, task->done);
        }
    }
    return code;
}

void work_free(struct work *work)
{
    struct task *task = work->tasks, *next;
    free(work->through);
    HASH_CLEAR(hh, work->tasks);
    for (; task != NULL; task = next) {
        next = task->hh.next;
        free(task);
    }
}
