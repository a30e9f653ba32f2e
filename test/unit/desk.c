/* The desk of work, what it draws from, and the agents' clocks, which both worlds have. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/spread.h"
#include "world/clock.h"
#include "world/desk.h"

#define AGENTS 2
#define HELD_MAX 2

static uint32_t sent, last_hop;
static uint64_t numbers[16];
static uint8_t verbs[64];
static uint32_t written;

static struct record_id write_record(void *context, const struct record *record, uint32_t writer)
{
    (void)context;
    cr_assert_eq(writer, WRITER_PLATFORM);
    verbs[written] = record->verb;
    return (struct record_id){writer, written++};
}

static void send_task(void *context, const struct task *task, const struct cause *cause,
                      time_ns now)
{
    (void)context, (void)now;
    cr_assert_eq(verbs[cause->id.sequence], VERB_TASK_SENT);
    last_hop = task->hops[0];
    numbers[sent++] = task->number;
}

/* Two agents with a link; the board holds the work of whom it shows failed. */
static struct platform *open_platform(void)
{
    static const uint64_t offsets[AGENTS + 1] = {0, 1, 2};
    static const agent_id peers[2] = {1, 0};
    static const node_id node_of[AGENTS];
    static const uint16_t class_of[AGENTS];
    static const struct platform_rules rules = {.on_failed = ON_FAILED_HOLD, .incarnations_max = 1};
    static const struct platform_crew crew = {AGENTS, 1, offsets, peers, node_of, class_of};

    return platform_start(aligned_alloc(16, (platform_size(&rules, &crew) + 15) & ~(size_t)15),
                          &rules, &crew);
}

static void show(struct platform *platform, enum health health, time_ns now)
{
    struct platform_action list[64];
    struct platform_actions actions = {.capacity = 64, .list = list};
    struct platform_event event = {.kind = PLATFORM_ACT,
                                   .act = ACT_REPORT,
                                   .health = (uint8_t)health,
                                   .who = 0,
                                   .whom = 1,
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE,
                                   .now = now};

    platform_step(platform, &event, &actions);
    cr_assert_eq(platform_shows(platform, 1), health);
}

Test(desk, holds_and_releases)
{
    static const agent_id both[] = {0, 1};
    static const struct scenario_hop hop = {both, 2};
    static const struct scenario_work work[2] = {
        {.every = {.low = 100}, .deadline = 1000, .hops = &hop, .hop_count = 1},
        {.every = {.low = 100000}, .deadline = 1000, .hops = &hop, .hop_count = 1}};
    uint64_t number[2];
    time_ns next[2];
    struct task held[HELD_MAX];
    struct platform *platform = open_platform();
    struct desk desk = {.work = work,
                        .work_count = 2,
                        .platform = platform,
                        .recorder = {write_record, NULL},
                        .send = send_task,
                        .number = number,
                        .next = next,
                        .held = held,
                        .held_max = HELD_MAX};
    struct error error = {0};
    struct task done = {.deadline = 1000};

    desk_open(&desk, 1, 0);
    cr_assert_eq(desk_deadline(&desk), 100);
    cr_assert_eq(number[1], UINT64_C(1) << 40);
    cr_assert_eq(desk_emit(&desk, 99, &error), 0);
    cr_assert_eq(written, 0);

    show(platform, HEALTH_FAILED, 50);
    for (time_ns now = 100; now <= 400; now += 100)
        cr_assert_eq(desk_emit(&desk, now, &error), 0);
    cr_assert_eq(sent, 2); /* 0 and 2 go to agent 0; 1 and 3 are held for agent 1's sake */
    cr_assert_eq(numbers[1], 2);
    cr_assert_eq(desk.held_count, 2);
    cr_assert_eq(verbs[1], VERB_TASK_HELD);

    /* There is no room for the next one: it is dropped, and the turn goes on. */
    cr_assert_eq(desk_emit(&desk, 500, &error), 0);
    cr_assert_eq(desk_emit(&desk, 600, &error), ERROR_LIMIT);
    cr_assert_eq(error.code, ERROR_LIMIT);
    cr_assert_eq(desk.held_count, 2);

    /* Later on the first that was held is late, and makes room. */
    cr_assert_eq(desk_emit(&desk, 1250, &error), 0);
    cr_assert_eq(desk_emit(&desk, 1350, &error), 0);
    cr_assert_eq(sent, 4);
    cr_assert_eq(desk.held_count, 2);

    /* Then so is the second, and the third goes out. */
    show(platform, HEALTH_HEALTHY, 1450);
    desk_release(&desk, 1450);
    cr_assert_eq(sent, 5);
    cr_assert_eq(numbers[4], 7);
    cr_assert_eq(last_hop, 1);
    cr_assert_eq(desk.held_count, 0);

    desk_done(&desk, &done, &CAUSE_NONE, 1000);
    cr_assert_eq(verbs[written - 1], VERB_TASK_DONE);
    free(platform);
}

static uint16_t done_flags;

static struct record_id keep_flags(void *context, const struct record *record, uint32_t writer)
{
    (void)context;
    done_flags = record->flags;
    return (struct record_id){writer, 0};
}

Test(desk, late)
{
    struct desk desk = {.recorder = {keep_flags, NULL}};
    struct task task = {.deadline = 1000};

    desk_done(&desk, &task, &CAUSE_NONE, 1000);
    cr_assert_eq(done_flags, 0);
    desk_done(&desk, &task, &CAUSE_NONE, 1001);
    cr_assert_eq(done_flags, FLAG_LATE);
}

/* An agent that asks to be woken when its clock shows an instant is not woken before, nor much
 * later. */
Test(clock, there_and_back)
{
    struct random random = random_make(7, 0, 0, 0, STREAM_TEST, 0);

    for (int i = 0; i < 20000; i++) {
        int32_t ppm = (int32_t)random_below(&random, 200001) - 100000;
        time_ns local = (time_ns)random_below(&random, (uint64_t)1 << (i % 50 + 1));
        time_ns global = drift_global(local, ppm), before;

        cr_assert_geq(drift_local(global, ppm), local, "%d ppm, %lld", ppm, (long long)local);
        before = global - 2 - global / 1000000000;
        cr_assert(before <= 0 || drift_local(before - 1, ppm) < local, "%d ppm, %lld: %lld", ppm,
                  (long long)local, (long long)global);
    }
    cr_assert_eq(drift_global(TIME_NEVER, 100), TIME_NEVER);
    cr_assert_eq(drift_local(1000000, 100), 1000100);
    cr_assert_eq(drift_local(1000000, -100), 999900);
}

Test(clock, drift_is_within_what_was_said)
{
    int32_t least = 0, most = 0;

    for (agent_id a = 0; a < 2000; a++) {
        int32_t ppm = drift_draw(3, 1, a, 20);

        least = ppm < least ? ppm : least;
        most = ppm > most ? ppm : most;
    }
    cr_assert_eq(least, -20);
    cr_assert_eq(most, 20);
    cr_assert_eq(drift_draw(3, 1, 0, 0), 0);
}

Test(spread, shapes)
{
    struct spread always = {SPREAD_FIXED, 50, 9}, uniform = {SPREAD_UNIFORM, 50, 9};
    struct spread exponential = {SPREAD_EXPONENTIAL, 50, 100};
    struct random random = random_make(7, 0, 0, 0, STREAM_TEST, 0);
    time_ns sum = 0;

    cr_assert_eq(spread_draw(&always, &random), 50);
    cr_assert_eq(random.draw, 0);
    for (int i = 0; i < 10000; i++) {
        time_ns drawn = spread_draw(&uniform, &random);

        cr_assert(drawn >= 50 && drawn <= 59);
        drawn = spread_draw(&exponential, &random);
        cr_assert_geq(drawn, 50);
        sum += drawn;
    }
    cr_assert(sum / 10000 > 140 && sum / 10000 < 160);
}
