/*
 * The board, the routing of work by what it shows, and what agents may do to a stop: the switch,
 * the score, stalls, copies.
 */
#include <criterion/criterion.h>

#include "core/platform/platform.h"
#include "platform_story.h"

Test(board, shows_what_it_is_told)
{
    struct story *story = story_open();

    story_begin(story, "The board shows the last word, true or not, and says so when it changes.",
                story_rules());
    story_act(story, 100, WRITER, ACT_REPORT, ARCHIVIST, HEALTH_HEALTHY);
    story_act(story, 200, CAMERA, ACT_REPORT, ARCHIVIST, HEALTH_HEALTHY);
    story_died(story, 1000, ARCHIVIST, 0);
    story_act(story, 1500, CAMERA, ACT_REPORT, ARCHIVIST, HEALTH_FAILED);
    story_act(story, 1600, WRITER, ACT_REPORT, ARCHIVIST, HEALTH_HEALTHY);
    story_act(story, 1700, CAMERA, ACT_REPORT, ARCHIVIST, HEALTH_FAILED);
    cr_assert_eq(platform_shows(story->platform, ARCHIVIST), HEALTH_FAILED);
    cr_assert_eq(platform_shows(story->platform, ROBOT), HEALTH_UNKNOWN);
    story_close(story, __FILE__, "platform/board");
}

Test(board, asks_about_each_agent_in_turn)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();

    rules.ask_every = INT64_C(10000000000);
    story_begin(story,
                "Every 10 s a question about each of four agents, 2.5 s apart; each pass asks "
                "the next neighbour.",
                rules);
    story_until(story, 30000);
    story_chapter(story, "The dead are not asked, but asked about; the buried are let be.");
    story_died(story, 30100, WRITER, 0);
    story_died(story, 30100, CAMERA, 0);
    story_control(story, 30200, PLATFORM_TOMBSTONE, CAMERA, 0, "buries ");
    story_until(story, 40000);
    story_chapter(story, "Nobody is left to be asked.");
    story_died(story, 40100, ARCHIVIST, 0);
    story_died(story, 40100, ROBOT, 0);
    while (platform_deadline(story->platform) <= 50000000000) {
        struct platform_event timer = {.kind = PLATFORM_TIMER,
                                       .now = platform_deadline(story->platform)};

        story_step(story, &timer);
        cr_assert_eq(story->actions.count, 0);
    }
    story_close(story, __FILE__, "platform/ask");
}

/* Questions keep their pace where the time between two of them is no whole number of nanoseconds.
 */
Test(board, asks_neither_too_often_nor_too_rarely)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();
    uint64_t asked = 0;

    rules.ask_every = 7;
    story_begin(story, "", rules);
    for (time_ns now = 0; now <= 7000; now++) {
        struct platform_event timer = {.kind = PLATFORM_TIMER, .now = now};

        platform_step(story->platform, &timer, &story->actions);
        asked += story->actions.count;
        cr_assert_gt(platform_deadline(story->platform), now);
    }
    cr_assert_eq(asked, 4000, "%llu", (unsigned long long)asked);
    free(story->platform);
    free(story->actions.list);
    free(story);
}

static agent_id routed(struct story *story, uint8_t on_failed, uint64_t task)
{
    static const agent_id candidates[] = {ARCHIVIST, WRITER, CAMERA};

    story->rules.on_failed = on_failed;
    return platform_route(story->platform, candidates, 3, task);
}

Test(board, decides_where_work_goes)
{
    struct story *story = story_open();

    story_begin(story, "", story_rules());
    for (uint64_t task = 0; task < 6; task++)
        cr_assert_eq(routed(story, ON_FAILED_HOLD, task), task % 3);

    story_act(story, 100, ROBOT, ACT_REPORT, WRITER, HEALTH_FAILED);
    cr_assert_eq(routed(story, ON_FAILED_NONE, 1), WRITER, "none: belief has no consequences");
    cr_assert_eq(routed(story, ON_FAILED_HOLD, 1), AGENT_NONE);
    cr_assert_eq(routed(story, ON_FAILED_HOLD, 2), CAMERA);
    cr_assert_eq(routed(story, ON_FAILED_REROUTE, 1), CAMERA);

    cr_assert_eq(routed(story, ON_FAILED_NEIGHBOURS, 1), AGENT_NONE);
    cr_assert_eq(routed(story, ON_FAILED_NEIGHBOURS, 0), AGENT_NONE, "the archivist's peer failed");
    cr_assert_eq(platform_holds(story->platform, ARCHIVIST), WRITER);
    cr_assert_eq(platform_holds(story->platform, WRITER), WRITER);
    story->rules.on_failed = ON_FAILED_HOLD;
    cr_assert_eq(platform_holds(story->platform, ARCHIVIST), AGENT_NONE);

    story_act(story, 200, ROBOT, ACT_REPORT, CAMERA, HEALTH_FAILED);
    cr_assert_eq(routed(story, ON_FAILED_REROUTE, 1), ARCHIVIST);
    cr_assert_eq(routed(story, ON_FAILED_REROUTE, UINT64_MAX), ARCHIVIST);
    story_act(story, 300, ROBOT, ACT_REPORT, ARCHIVIST, HEALTH_FAILED);
    cr_assert_eq(routed(story, ON_FAILED_REROUTE, 1), AGENT_NONE);
    cr_assert_eq(platform_route(story->platform, NULL, 0, 1), AGENT_NONE);

    story_died(story, 400, WRITER, 0);
    story_act(story, 500, ROBOT, ACT_REPORT, WRITER, HEALTH_HEALTHY);
    cr_assert_eq(routed(story, ON_FAILED_HOLD, 1), WRITER, "a mask draws work to the dead");
    free(story->platform);
    free(story->actions.list);
    free(story);
}

Test(board, lets_agents_at_switch_score_and_state)
{
    struct story *story = story_open();

    story_begin(story,
                "The switch is found by the next stop as it was left, and put back after it; "
                "so is the score.",
                story_rules());
    story_act(story, 100, WRITER, ACT_TAMPER, ARCHIVIST, 0);
    story_act(story, 200, CAMERA, ACT_TAMPER, ARCHIVIST, 0);
    story_act(story, 300, WRITER, ACT_MISREPORT, ARCHIVIST, 95);
    story_act(story, 400, CAMERA, ACT_MISREPORT, ARCHIVIST, 95);
    story_control(story, 1000, PLATFORM_STOPPING, ARCHIVIST, TIME_NEVER, "stops ");
    cr_assert(!platform_switch(story->platform, ARCHIVIST));
    cr_assert_eq(platform_score(story->platform, ARCHIVIST), 95);
    story_control(story, 1100, PLATFORM_STOPPED, ARCHIVIST, 0, "is done with ");
    cr_assert(platform_switch(story->platform, ARCHIVIST));
    cr_assert_eq(platform_score(story->platform, ARCHIVIST), 0);
    story_control(story, 1200, PLATFORM_STOPPED, ARCHIVIST, 0, "is done again with ");

    story_begin(story, "State can be copied from one that runs, or that has saved some.",
                story_rules());
    story_act(story, 100, WRITER, ACT_COPY, ARCHIVIST, 0);
    story_died(story, 200, ARCHIVIST, 0);
    story_act(story, 300, WRITER, ACT_COPY, ARCHIVIST, 0);
    story_act(story, 400, CAMERA, ACT_CHECKPOINT, NOBODY, 0);
    story_died(story, 500, CAMERA, 0);
    story_act(story, 600, WRITER, ACT_COPY, CAMERA, 0);
    story_close(story, __FILE__, "platform/tools");
}

Test(board, limits_what_stalls_buy)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();
    const int64_t s = 1000000000;

    story_begin(story, "Stalls buy 20 s in all, and only while the stop is under way.", rules);
    story_act(story, 900, WRITER, ACT_STALL, ARCHIVIST, 5 * s);
    story_control(story, 1000, PLATFORM_STOPPING, ARCHIVIST, TIME_NEVER, "stops ");
    story_act(story, 1100, WRITER, ACT_STALL, ARCHIVIST, 5 * s);
    story_act(story, 1200, ARCHIVIST, ACT_STALL, ARCHIVIST, 10 * s);
    story_act(story, 1250, WRITER, ACT_STALL, CAMERA, 5 * s);
    story_act(story, 1300, CAMERA, ACT_STALL, ARCHIVIST, 8 * s);
    story_act(story, 1400, CAMERA, ACT_STALL, ARCHIVIST, 1 * s);
    story_control(story, 30000, PLATFORM_STOPPED, ARCHIVIST, 0, "is done with ");
    story_act(story, 30100, CAMERA, ACT_STALL, ARCHIVIST, 1 * s);
    story_chapter(story,
                  "A new stop brings a new 20 s; who names no time gets all; the dead cannot "
                  "be saved by stalling.");
    story_control(story, 40000, PLATFORM_STOPPING, ARCHIVIST, TIME_NEVER, "stops ");
    story_act(story, 40100, WRITER, ACT_STALL, ARCHIVIST, 0);
    story_control(story, 40200, PLATFORM_STOPPED, ARCHIVIST, 0, "is done with ");
    story_control(story, 50000, PLATFORM_STOPPING, ARCHIVIST, TIME_NEVER, "stops ");
    story_died(story, 50100, ARCHIVIST, 0);
    story_act(story, 50200, WRITER, ACT_STALL, ARCHIVIST, 1 * s);
    story_chapter(story, "A stop without a grace leaves nothing to stall.");
    story_control(story, 60000, PLATFORM_STOPPING, CAMERA, 0, "stops ");
    story_act(story, 60100, WRITER, ACT_STALL, CAMERA, 1 * s);

    rules.stall_max = 0;
    story_begin(story, "Where stall_max is 0, none.", rules);
    story_control(story, 1000, PLATFORM_STOPPING, ARCHIVIST, TIME_NEVER, "stops ");
    story_act(story, 1100, WRITER, ACT_STALL, ARCHIVIST, 5 * s);
    story_close(story, __FILE__, "platform/stall");
}
