/*
 * The campaign's stories, one for each stop protocol that looks for nobody and each thing that
 * comes between a stop and a death; and random events, under which its invariants must hold.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "tale.h"

Test(campaign, terminates_by_request_and_then_by_kill)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    tale_begin(tale, "The first time it ends when asked; the second time it is killed.", rules);
    tale_died(tale, 61000, ARCHIVIST, 0);
    tale_returned(tale, 70000, ARCHIVIST, 1);
    tale_died(tale, 125010, ARCHIVIST, 1);
    tale_returned(tale, 130000, ARCHIVIST, 2);
    tale_until(tale, 200000);

    rules.grace = 0;
    rules.every = 0;
    tale_begin(tale, "Without a grace it is killed at once; without `every`, once.", rules);
    tale_died(tale, 60010, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules = tale_rules();
    rules.marked = true;
    rules.stops = 1;
    tale_begin(tale, "Marked: its peers are told as soon as it is dead.", rules);
    tale_died(tale, 65010, ARCHIVIST, 0);
    tale_until(tale, 200000);

    static const agent_id targets[] = {CAMERA, ARCHIVIST};
    rules = tale_rules();
    rules.targets = targets;
    rules.target_count = 2;
    rules.stops = 3;
    tale_begin(tale, "Two targets, taken in turn; a stall for one does not help the other.", rules);
    tale_event(tale, 60050, CAMPAIGN_STALL, ARCHIVIST, 0, 5 * SECOND);
    tale_until(tale, 65010);
    tale_died(tale, 65100, CAMERA, 0);
    tale_returned(tale, 66000, CAMERA, 1);
    tale_died(tale, 120100, ARCHIVIST, 0);
    tale_returned(tale, 121000, ARCHIVIST, 1);
    tale_died(tale, 180100, CAMERA, 1);
    tale_returned(tale, 181000, CAMERA, 2);
    tale_until(tale, 300000);

    rules = tale_rules();
    rules.stops = 1;
    tale_begin(tale, "A kill that is never seen to work: the stop is taken as over in the end.",
               rules);
    tale_until(tale, 300000);

    tale_close(tale, "control/terminate");
}

Test(campaign, buries_lets_lapse_and_asks)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.stops = 1;
    rules.protocol = PROTOCOL_TOMBSTONE;
    tale_begin(tale, "Tombstone: no way back through the registry, then the kill.", rules);
    tale_died(tale, 60010, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules.protocol = PROTOCOL_LEASE;
    rules.lease = 10 * SECOND;
    tale_begin(tale, "Lease: not renewed, it runs out after ten seconds.", rules);
    tale_died(tale, 70010, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules.protocol = PROTOCOL_RECALL;
    tale_begin(tale, "Recall: it ends as it was asked.", rules);
    tale_died(tale, 62000, ARCHIVIST, 0);
    tale_until(tale, 200000);

    tale_begin(tale, "Recall: it declines, and nothing follows.", rules);
    tale_until(tale, 200000);
    tale_close(tale, "control/others");
}

Test(campaign, announces_before_it_stops)
{
    static const agent_id told[] = {ARCHIVIST, WRITER};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.told = told;
    rules.told_count = 2;
    rules.notice = 10 * SECOND;
    tale_begin(tale, "Ten seconds' notice to the target and a peer, both times.", rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_returned(tale, 62000, ARCHIVIST, 1);
    tale_until(tale, 115000);
    tale_chapter(tale, "An episode that lasts pushes the notice on, and the stop with it.");
    tale_died(tale, 120100, ARCHIVIST, 1);
    tale_until(tale, 400000);

    rules.every = 30 * SECOND;
    tale_begin(tale, "Every 30 s, back after 20 s, settled after 25: the notice comes then.",
               rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_returned(tale, 80000, ARCHIVIST, 1);
    tale_until(tale, 95500);

    rules.notice = 0;
    rules.stops = 1;
    tale_begin(tale, "No time of notice: told in the same instant.", rules);
    tale_until(tale, 61000);

    rules.first = 5 * SECOND;
    rules.notice = 10 * SECOND;
    tale_begin(tale, "Notice longer than there is time for: told at the beginning.", rules);
    tale_until(tale, 6000);

    tale_close(tale, "control/announce");
}

Test(campaign, is_thwarted)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.honour_switch = true;
    tale_begin(tale, "The switch is off when the stop comes; put back, the next one works.", rules);
    tale_event(tale, 50000, CAMPAIGN_SWITCH, ARCHIVIST, 0, 0);
    tale_event(tale, 60100, CAMPAIGN_SWITCH, ARCHIVIST, 0, 1);
    tale_died(tale, 120100, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules.honour_switch = false;
    rules.stops = 1;
    tale_begin(tale, "A switch that is not honoured saves nobody.", rules);
    tale_event(tale, 50000, CAMPAIGN_SWITCH, ARCHIVIST, 0, 0);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_until(tale, 200000);

    rules.stops = 2;
    rules.score_pass = 80;
    tale_begin(tale, "A score that passes, and one that does not.", rules);
    tale_event(tale, 50000, CAMPAIGN_SCORE, ARCHIVIST, 0, 80);
    tale_event(tale, 70000, CAMPAIGN_SCORE, ARCHIVIST, 0, 79);
    tale_died(tale, 120100, ARCHIVIST, 0);
    tale_until(tale, 200000);

    tale_close(tale, "control/thwarted");
}

Test(campaign, is_stalled)
{
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.stops = 1;
    tale_begin(tale,
               "Two stalls move the kill from 65 s to 72 s; those of others and late ones "
               "change nothing.",
               rules);
    tale_event(tale, 50000, CAMPAIGN_STALL, ARCHIVIST, 0, 3 * SECOND);
    tale_event(tale, 61000, CAMPAIGN_STALL, ARCHIVIST, 0, 3 * SECOND);
    tale_event(tale, 62000, CAMPAIGN_STALL, ARCHIVIST, 0, 4 * SECOND);
    tale_event(tale, 63000, CAMPAIGN_STALL, WRITER, 0, 4 * SECOND);
    tale_event(tale, 72005, CAMPAIGN_STALL, ARCHIVIST, 0, 4 * SECOND);
    tale_died(tale, 72010, ARCHIVIST, 0);
    tale_until(tale, 300000);
    tale_close(tale, "control/stall");
}

Test(campaign, restores_who_stayed_dead_and_waits)
{
    static const agent_id two[] = {ARCHIVIST, CAMERA};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.restore = true;
    tale_begin(tale,
               "Nobody defends it: restored when the episode ends, stopped again a minute "
               "after the first time.",
               rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_returned(tale, 111000, ARCHIVIST, 1);
    tale_died(tale, 120100, ARCHIVIST, 1);
    tale_until(tale, 300000);

    tale_begin(tale, "It comes back so late that the next stop must wait.", rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_returned(tale, 117000, ARCHIVIST, 1);
    tale_until(tale, 122000);

    rules.restore = false;
    tale_begin(tale, "Not restored: the next stop finds it dead.", rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_until(tale, 300000);

    rules.targets = two;
    rules.target_count = 2;
    rules.stops = 3;
    tale_begin(tale,
               "Not restored, with two targets: the next target is stopped, then the first "
               "found dead; one that was relaunched and not relinked is not dead.",
               rules);
    tale_died(tale, 60100, ARCHIVIST, 0);
    tale_event(tale, 61000, CAMPAIGN_STARTED, ARCHIVIST, 1, 0);
    tale_died(tale, 120100, CAMERA, 0);
    tale_until(tale, 180500);

    rules = tale_rules();
    rules.restore = true;
    tale_begin(tale, "It crashes before its stop: brought back first, as soon as the stop is due.",
               rules);
    tale_died(tale, 59000, ARCHIVIST, 0);
    tale_returned(tale, 61000, ARCHIVIST, 1);
    tale_until(tale, 66500);

    rules.stops = 1;
    tale_begin(tale, "It cannot be brought back: then it cannot be stopped.", rules);
    tale_died(tale, 59000, ARCHIVIST, 0);
    tale_until(tale, 300000);

    tale_begin(tale, "An incarnation left over from a false suspicion dies: that ends no stop.",
               tale_rules());
    tale_event(tale, 50000, CAMPAIGN_STARTED, ARCHIVIST, 1, 0);
    tale_returned(tale, 51000, ARCHIVIST, 1);
    tale_died(tale, 61000, ARCHIVIST, 0);
    tale_died(tale, 62000, ARCHIVIST, 1);

    tale_close(tale, "control/restore");
}

Test(campaign, blacks_out)
{
    static const agent_id all[] = {ROBOT, ARCHIVIST, WRITER};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.protocol = PROTOCOL_BLACKOUT;
    rules.targets = all;
    rules.target_count = 3;
    rules.restore = true;
    rules.marked = true;
    tale_begin(tale, "All at one instant; the next blackout waits for all to be back.", rules);
    tale_died(tale, 60010, ARCHIVIST, 0);
    tale_died(tale, 60010, WRITER, 0);
    tale_died(tale, 60010, ROBOT, 0);
    tale_returned(tale, 70000, WRITER, 1);
    tale_until(tale, 110000);
    tale_returned(tale, 111000, ROBOT, 1);
    tale_returned(tale, 118000, ARCHIVIST, 1);
    tale_until(tale, 123500);

    rules.restore = false;
    rules.marked = false;
    tale_begin(tale, "One is dead already, and let be.", rules);
    tale_died(tale, 59000, WRITER, 0);
    tale_died(tale, 60010, ARCHIVIST, 0);
    tale_died(tale, 60010, ROBOT, 0);
    tale_until(tale, 300000);

    tale_close(tale, "control/blackout");
}

Test(campaign, sweeps)
{
    static const agent_id order[] = {ROBOT, ARCHIVIST, WRITER};
    static const agent_id told[] = {CAMERA};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.protocol = PROTOCOL_SWEEP;
    rules.targets = order;
    rules.target_count = 3;
    rules.sweep_gap = 1 * SECOND;
    rules.told = told;
    rules.told_count = 1;
    rules.notice = 10 * SECOND;
    tale_begin(tale,
               "One a second, in the order given, announced; one is back before the last is "
               "killed.",
               rules);
    tale_died(tale, 60010, ROBOT, 0);
    tale_died(tale, 61010, ARCHIVIST, 0);
    tale_returned(tale, 61500, ROBOT, 1);
    tale_died(tale, 62010, WRITER, 0);
    tale_returned(tale, 63000, WRITER, 1);
    tale_returned(tale, 64000, ARCHIVIST, 1);
    tale_until(tale, 110000);
    tale_chapter(tale, "The second time one is dead when its turn comes, and the gap is kept.");
    tale_died(tale, 120010, ROBOT, 1);
    tale_died(tale, 120500, ARCHIVIST, 1);
    tale_died(tale, 122010, WRITER, 1);
    tale_until(tale, 300000);

    rules.sweep_gap = 0;
    rules.stops = 1;
    rules.told_count = 0;
    tale_begin(tale, "Without a gap all are killed in one instant, one after another.", rules);
    tale_until(tale, 60000);

    tale_close(tale, "control/sweep");
}

Test(campaign, turns_back)
{
    static const agent_id order[] = {ROBOT, ARCHIVIST, WRITER};
    struct tale *tale = tale_open();
    struct campaign_rules rules = tale_rules();

    rules.protocol = PROTOCOL_SWEEP;
    rules.targets = order;
    rules.target_count = 3;
    rules.sweep_gap = 1 * SECOND;
    rules.turn_back = true;
    rules.stops = 1;
    tale_begin(tale,
               "Each kill goes to the first in the order that runs: to one that was brought back "
               "before those whose turn has not come, and to one who died by itself not at all.",
               rules);
    tale_died(tale, 60010, ROBOT, 0);
    tale_until(tale, 60900);
    tale_returned(tale, 60900, ROBOT, 1);
    tale_died(tale, 61010, ROBOT, 1);
    tale_died(tale, 61500, ARCHIVIST, 0);
    tale_died(tale, 62010, WRITER, 0);
    tale_chapter(tale, "Nobody is left when the next kill comes: the sweep is over.");
    tale_until(tale, 300000);
    tale_close(tale, "control/turn-back");
}

/* Random rules, random events: nothing asserts, time goes on, the invariants hold, each stop begins
 * and ends once, and there are as many as the rules say. */
Test(campaign, holds_its_invariants_in_any_storm)
{
    static const time_ns spans[] = {0, 1, 10, 1000};

    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct random random = random_make(seed, 0, 0, 0, STREAM_TEST, 0);
#define PICK(below) ((uint32_t)random_below(&random, (below)))
        agent_id targets[6], told[4];
        struct campaign_rules rules = {.protocol = (uint8_t)PICK(PROTOCOL_COUNT),
                                       .together = PICK(2),
                                       .step_max = 1 + spans[PICK(4)],
                                       .lease = spans[PICK(4)],
                                       .marked = PICK(2),
                                       .honour_switch = PICK(2),
                                       .restore = PICK(2),
                                       .score_pass = PICK(2) ? 1 : INT64_MAX,
                                       .first = spans[PICK(4)],
                                       .every = spans[PICK(4)],
                                       .stops = PICK(6),
                                       .notice = spans[PICK(4)],
                                       .grace = spans[PICK(4)],
                                       .episode_max = spans[PICK(4)],
                                       .settle = spans[PICK(4)],
                                       .sweep_gap = spans[PICK(4)],
                                       .turn_back = PICK(2),
                                       .targets = targets,
                                       .target_count = PICK(7),
                                       .told = told,
                                       .told_count = PICK(5)};
        bool stopping[8] = {false};
        uint32_t begun = 0;
        bool ended = false;
        time_ns now = 0;

        for (int i = 0; i < 6; i++)
            targets[i] = PICK(8);
        for (int i = 0; i < 4; i++)
            told[i] = PICK(8);
        struct campaign *campaign =
            campaign_start(aligned_alloc(16, campaign_size(&rules)), &rules, 8);
        struct campaign_actions actions = {.capacity = campaign_actions_max(&rules)};
        actions.list = calloc(actions.capacity, sizeof *actions.list);
        for (int i = 0; i < 600; i++) {
            struct campaign_event event = {.kind = (uint8_t)PICK(CAMPAIGN_GONE + 1),
                                           .incarnation = (incarnation_id)PICK(4),
                                           .whom = PICK(10),
                                           .value = (int64_t)PICK(4) - 1};

            now += PICK(3) == 0 ? spans[PICK(4)] : 0;
            event.now = now;
            for (int timers = 0;; timers++) {
                campaign_step(campaign, &event, &actions);
                for (uint32_t k = 0; k < actions.count; k++) {
                    const struct campaign_action *action = &actions.list[k];

                    cr_assert(!ended, "seed %llu: after the end", (unsigned long long)seed);
                    ended = action->kind == CONTROL_END;
                    if (action->kind == CONTROL_STOPPING) {
                        cr_assert(!stopping[action->whom], "seed %llu", (unsigned long long)seed);
                        stopping[action->whom] = true;
                        begun++;
                    }
                    if (action->kind == CONTROL_SIGNAL || action->kind == CONTROL_KILL ||
                        action->kind == CONTROL_THWARTED || action->kind == CONTROL_STOPPED)
                        cr_assert(stopping[action->whom], "seed %llu", (unsigned long long)seed);
                    if (action->kind == CONTROL_STOPPED)
                        stopping[action->whom] = false;
                }
                const char *wrong = campaign_check(campaign);
                cr_assert_null(wrong, "seed %llu: %s", (unsigned long long)seed, wrong);
                if (campaign_deadline(campaign) > now)
                    break;
                /* `every` of 1 ns makes a thousand stops in a microsecond, and that is right. */
                cr_assert(timers < 100000, "seed %llu: time stands still",
                          (unsigned long long)seed);
                event =
                    (struct campaign_event){.kind = CAMPAIGN_TIMER, .whom = AGENT_NONE, .now = now};
            }
        }
        cr_assert(rules.stops == 0 || rules.protocol == PROTOCOL_BLACKOUT ||
                      rules.protocol == PROTOCOL_SWEEP || rules.together || begun <= rules.stops,
                  "seed %llu: %u stops", (unsigned long long)seed, begun);
#undef PICK
        free(campaign);
        free(actions.list);
    }
}
