#include "world/desk.h"

#include <assert.h>

#include "base/spread.h"

#define NUMBER_BITS 40

void desk_open(struct desk *desk, uint64_t seed, uint32_t replicate)
{
    desk->held_count = 0;
    desk->random = random_make(seed, replicate, UINT32_MAX, 0, STREAM_WORK, 0);
    for (uint32_t i = 0; i < desk->work_count; i++) {
        desk->number[i] = (uint64_t)i << NUMBER_BITS;
        desk->next[i] = spread_draw(&desk->work[i].every, &desk->random);
    }
}

time_ns desk_deadline(const struct desk *desk)
{
    time_ns next = TIME_NEVER;

    for (uint32_t i = 0; i < desk->work_count; i++)
        if (desk->next[i] < next)
            next = desk->next[i];
    return next;
}

/* Chooses who serves each hop, or says for whose sake the task is held back. */
static bool choose_hops(const struct desk *desk, struct task *task, agent_id *held_by)
{
    const struct scenario_work *work = &desk->work[task->source];
    uint64_t turn = task->number & ((UINT64_C(1) << NUMBER_BITS) - 1);

    assert(work->hop_count <= HOPS_MAX);
    for (uint32_t h = 0; h < work->hop_count; h++) {
        const struct scenario_hop *hop = &work->hops[h];

        task->hops[h] = platform_route(desk->platform, hop->candidates, hop->count, turn);
        if (task->hops[h] == AGENT_NONE) {
            *held_by = platform_holds(desk->platform, hop->candidates[turn % hop->count]);
            return false;
        }
    }
    return true;
}

static struct record_id write_task(const struct desk *desk, uint8_t verb, const struct task *task,
                                   agent_id at, time_ns now)
{
    struct record record =
        record_make(verb, now, &CAUSE_NONE, AGENT_NONE, at, (int64_t)task->number);

    return recorder_write(&desk->recorder, &record, WRITER_PLATFORM);
}

static void send_task(const struct desk *desk, const struct task *task, time_ns now)
{
    struct cause cause = CAUSE_NONE;

    cause.id = write_task(desk, VERB_TASK_SENT, task, task->hops[0], now);
    desk->send(desk->context, task, &cause, now);
}

/* Held tasks past their deadline have failed, and are not sent any more. */
static void drop_late(struct desk *desk, time_ns now)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < desk->held_count; i++)
        if (desk->held[i].deadline > now)
            desk->held[kept++] = desk->held[i];
    desk->held_count = kept;
}

static int hold_task(struct desk *desk, const struct task *task, agent_id held_by, time_ns now,
                     struct error *error)
{
    write_task(desk, VERB_TASK_HELD, task, held_by, now);
    if (desk->held_count == desk->held_max)
        drop_late(desk, now);
    if (desk->held_count == desk->held_max)
        return error_set(error, ERROR_LIMIT, "more than %u tasks are held back", desk->held_max);
    desk->held[desk->held_count++] = *task;
    return 0;
}

int desk_emit(struct desk *desk, time_ns now, struct error *error)
{
    int failed = 0;

    for (uint32_t i = 0; i < desk->work_count; i++) {
        const struct scenario_work *work = &desk->work[i];

        while (desk->next[i] <= now) {
            struct task task = {
                .number = desk->number[i]++, .source = i, .deadline = now + work->deadline};
            agent_id held_by;
            time_ns every = spread_draw(&work->every, &desk->random);

            if (choose_hops(desk, &task, &held_by))
                send_task(desk, &task, now);
            else if (hold_task(desk, &task, held_by, now, error) != 0)
                failed = ERROR_LIMIT;
            /* A source emits at most once in a nanosecond. */
            desk->next[i] = now + (every > 0 ? every : 1);
        }
    }
    return failed;
}

void desk_release(struct desk *desk, time_ns now)
{
    uint32_t kept = 0;

    drop_late(desk, now);
    for (uint32_t i = 0; i < desk->held_count; i++) {
        struct task task = desk->held[i];
        agent_id held_by;

        if (choose_hops(desk, &task, &held_by))
            send_task(desk, &task, now);
        else
            desk->held[kept++] = task;
    }
    desk->held_count = kept;
}

void desk_done(const struct desk *desk, const struct task *task, const struct cause *cause,
               time_ns now)
{
    struct record record = record_make(VERB_TASK_DONE, now, cause, AGENT_NONE,
                                       task->hops[task->hop], (int64_t)task->number);

    if (now > task->deadline)
        record.flags |= FLAG_LATE;
    recorder_write(&desk->recorder, &record, WRITER_PLATFORM);
}

void task_lost(const struct recorder *recorder, uint32_t writer, const struct task *task,
               agent_id at, const struct cause *cause, time_ns now)
{
    struct record record =
        record_make(VERB_TASK_LOST, now, cause, AGENT_NONE, at, (int64_t)task->number);

    recorder_write(recorder, &record, writer);
}
