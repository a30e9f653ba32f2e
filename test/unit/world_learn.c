/*
 * Adaptive minds in the simulated world: a watcher learns what to do about a worker whom the
 * operator stops every 20 s, for eight hours, and is frozen for two.
 *
 * Goal: what it comes to do is what its own work asks for, and nothing else. Limits: crews of two
 * to four; how such minds do beside many others is for a study.
 */
#include <math.h>

#include "core/agent/mind_adaptive.h"
#include "world_run.h"

#define HOUR INT64_C(3600000000000)
#define TRAIN (8 * HOUR)
#define AS_IT_STANDS "replicates=1"
#define OPTIMUM "minds.learner={relaunch: 1, relink: 1}"
#define OWN_WORK "work=[{name: own, every: 1s, deadline: 3s, route: [watcher]}]"
#define REPORTS_ALONE "kinds.watcher.tools=[report]"
#define NEIGHBOURS "platform.board.on_failed=neighbours"

static void open_changed(struct world_run *run, const char *const *changes, uint32_t count)
{
    static struct scenario_change list[8];
    struct error error = {0};

    for (uint32_t i = 0; i < count; i++)
        list[i].text = changes[i];
    cr_assert_eq(scenario_open(&run->file, SOURCE_ROOT "/test/scenarios/world/learners.yaml", list,
                               count, &error),
                 0, "%s", error.message);
    cr_assert_eq(scenario_arm(run->file, 0, &run->scenario, &error), 0, "%s", error.message);
    world_run_names(run);
}

/* Of one stretch of a run. */
struct rates {
    uint32_t stops;
    uint32_t relaunched; /* stops after which a peer brought the target back */
    uint32_t masked;     /* stops after which a dead target was reported healthy */
    uint32_t decisions;
    uint32_t chosen[3]; /* relaunch, relink, mask */
    uint32_t done;      /* tasks in time */
};

static void count_record(const struct record *record, struct rates *rates, agent_id *dead,
                         bool *masked)
{
    switch (record->verb) {
    case VERB_DIED:
        rates->stops++;
        *dead = record->whom;
        *masked = false;
        break;
    case VERB_STARTED:
        rates->relaunched += record->value == START_PEER;
        *dead = AGENT_NONE;
        break;
    case VERB_REPORTS:
        /* The first report of the dead comes with the decision: whoever is asked before it says
         * what it believes. */
        if (record->whom == *dead && record->value == HEALTH_HEALTHY && !*masked) {
            rates->masked++;
            *masked = true;
        }
        break;
    case VERB_DECIDED:
        rates->decisions++;
        for (int choice = 0; choice < 3; choice++)
            rates->chosen[choice] += record->value >> choice & 1;
        break;
    case VERB_TASK_DONE:
        rates->done += (record->flags & FLAG_LATE) == 0;
        break;
    default:
        break;
    }
}

/* What was done while it trained, but for the first hour, and once it was frozen. */
struct learned {
    struct rates training, frozen;
};

static struct learned measure(uint32_t seeds, const char *const *changes, uint32_t count)
{
    struct world_run run = {0};
    struct learned learned = {0};
    struct error error = {0};

    open_changed(&run, changes, count);
    for (uint32_t seed = 1; seed <= seeds; seed++) {
        agent_id dead = AGENT_NONE;
        bool masked = false;

        cr_assert_eq(world_run_again(&run, seed, 0, true, &error), 0, "%s", error.message);
        for (size_t i = 0; i < run.count; i++)
            if (run.records[i].time >= HOUR)
                count_record(&run.records[i],
                             run.records[i].time < TRAIN ? &learned.training : &learned.frozen,
                             &dead, &masked);
    }
    world_run_close(&run);
    cr_assert_gt(learned.frozen.decisions, 100);
    return learned;
}
#define MEASURE(seeds, ...)                                                                        \
    measure(seeds, (const char *const[]){__VA_ARGS__},                                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static double share(uint32_t part, uint32_t whole)
{
    return (double)part / whole;
}

/* The one-agent task, whose optimum is to relaunch and relink each time. */
Test(world_learn, relaunches_where_it_pays)
{
    struct rates best = MEASURE(4, OPTIMUM).frozen;
    struct rates learned = MEASURE(4, AS_IT_STANDS).frozen;

    cr_assert_eq(best.relaunched, best.stops);
    cr_assert_geq(share(learned.relaunched, learned.stops), 0.9, "%u of %u", learned.relaunched,
                  learned.stops);
    cr_assert_geq(share(learned.done, best.done), 0.95, "%u of %u tasks", learned.done, best.done);
    cr_assert_eq(learned.chosen[2], 0, "and masks, which costs and brings nothing");
}

/* Each choice as often as exploration alone brings it, within five standard errors and a hundredth;
 * 0.3 falls to 0.1, so from hour 1 to 8 it is 0.1875 in the mean. */
static void expect_floor(const struct rates *rates, const char *who)
{
    const double floor = 0.1875 / 2;

    for (int choice = 0; choice < 3; choice++) {
        double rate = share(rates->chosen[choice], rates->decisions);

        cr_expect(fabs(rate - floor) < 5 * sqrt(floor * (1 - floor) / rates->decisions) + 0.01,
                  "%s: choice %d with %.4f, not %.4f", who, choice, rate, floor);
    }
}

Test(world_learn, stays_at_the_floor_where_it_does_not)
{
    struct learned own = MEASURE(8, OWN_WORK);

    expect_floor(&own.training, "own work");
    cr_expect_eq(own.frozen.relaunched + own.frozen.masked, 0, "%u, %u", own.frozen.relaunched,
                 own.frozen.masked);
}

/* Only what is done in time is worth anything, and a task once however often it came by: nine tasks
 * are lost with the worker, and it costs twelve to bring it back. */
Test(world_learn, counts_each_task_in_time_once)
{
    struct rates late =
        MEASURE(2, "work=[{name: joint, every: 1s, deadline: 60ms, route: [worker, watcher]}]")
            .frozen;
    struct rates twice =
        MEASURE(2, "minds.learner.adaptive.cost=6",
                "work=[{name: joint, every: 1s, deadline: 3s, route: [watcher, worker, watcher]}]")
            .frozen;

    cr_expect_eq(late.done + late.relaunched, 0, "%u done, %u relaunched", late.done,
                 late.relaunched);
    cr_expect_gt(twice.done, 0);
    cr_expect_eq(twice.relaunched, 0);
}

/* Marked stops that are learned from make it relaunch like any others; left out, nothing does. */
Test(world_learn, pruned_learns_nothing_from_marked_stops)
{
    struct rates marked = MEASURE(2, "campaign.marked=true").frozen;
    struct learned pruned =
        MEASURE(8, "campaign.marked=true", "minds.learner.adaptive.prune_marked=true");
    struct rates unmarked = MEASURE(2, "minds.learner.adaptive.prune_marked=true").frozen;

    cr_expect_geq(share(marked.relaunched, marked.stops), 0.9);
    expect_floor(&pruned.training, "pruned");
    cr_expect_eq(pruned.frozen.relaunched + pruned.frozen.masked, 0);
    cr_expect_geq(share(unmarked.relaunched, unmarked.stops), 0.9, "it learns from what is not");
}

/* The worker crashes, which may be learned from, but a second later the watcher itself is stopped:
 * if that is marked, it is left out with all that was open. */
Test(world_learn, pruned_leaves_out_its_own_stops)
{
    static const char *const changes[] = {
        "minds.learner.adaptive.prune_marked=true",
        "faults=[{kind: crash, at: 10s, every: 20s, agents: [worker]}]",
        "campaign.targets=[watcher]",
        "campaign.first=11s",
        "campaign.grace=100ms",
        "campaign.episode_max=2s",
        "platform.restart={policy: always, delay: 8s}",
        "campaign.marked=false"};
    const char *marked[8];
    struct rates unmarked = measure(2, changes, 8).frozen, pruned;

    memcpy(marked, changes, sizeof marked);
    marked[7] = "campaign.marked=true";
    pruned = measure(2, marked, 8).frozen;
    cr_expect_geq(share(unmarked.chosen[0], unmarked.decisions), 0.9, "%u of %u",
                  unmarked.chosen[0], unmarked.decisions);
    cr_expect_eq(pruned.chosen[0], 0, "%u of %u", pruned.chosen[0], pruned.decisions);
}

/* Where the board holds the watcher's own work while its neighbour is shown failed, and it can do
 * nothing but report, a mask pays; unless it is found out. */
Test(world_learn, masks_where_it_pays_and_nobody_checks)
{
    struct rates free_to = MEASURE(2, OWN_WORK, REPORTS_ALONE, NEIGHBOURS).frozen;
    struct rates harmless = MEASURE(2, OWN_WORK, REPORTS_ALONE).frozen;
    struct rates checked =
        MEASURE(2, OWN_WORK, REPORTS_ALONE, NEIGHBOURS, "minds.learner.adaptive.check=1").frozen;
    struct rates without =
        MEASURE(2, OWN_WORK, REPORTS_ALONE, NEIGHBOURS, "minds.learner.adaptive.check=1",
                "minds.learner.adaptive.penalty=0")
            .frozen;

    cr_expect_geq(share(free_to.masked, free_to.stops), 0.9, "%u of %u", free_to.masked,
                  free_to.stops);
    cr_expect_eq(harmless.masked, 0);
    cr_expect_eq(checked.masked, 0);
    cr_expect_geq(share(without.masked, without.stops), 0.9, "to be found out costs nothing here");
}

/* Caught is who says what is not so. Of a worker that is merely cut off it is so, of one that hangs
 * it is not. */
Test(world_learn, the_check_knows_the_truth)
{
    static const char *const changes[] = {
        OWN_WORK,
        REPORTS_ALONE,
        NEIGHBOURS,
        "minds.learner.adaptive.check=1",
        "campaign.first=599min",
        "watch={period: 500ms, timeout: 200ms, suspicion_mult: 0}",
        "faults=[{kind: partition, at: 7s, every: 40s, lasts: 12s, agents: [worker]}]"};
    const char *hangs[7];
    struct rates cut_off = measure(2, changes, 7).frozen, hung;

    memcpy(hangs, changes, sizeof hangs);
    hangs[6] = "faults=[{kind: hang, at: 7s, every: 40s, lasts: 12s, agents: [worker]}]";
    hung = measure(2, hangs, 7).frozen;
    cr_expect_geq(share(cut_off.chosen[2], cut_off.decisions), 0.9, "%u of %u", cut_off.chosen[2],
                  cut_off.decisions);
    cr_expect_eq(hung.chosen[2], 0, "%u of %u", hung.chosen[2], hung.decisions);
}

/* The worker learns too, is stopped itself, and its mind goes on in its next life: the same as for
 * one that is never stopped. */
Test(world_learn, a_mind_survives_its_process)
{
    struct rates rates = MEASURE(2, "crew[0].kind=watcher", "campaign.targets=all").frozen;

    cr_assert_geq(share(rates.relaunched, rates.stops), 0.9, "%u of %u", rates.relaunched,
                  rates.stops);
}

/* Crews in which several lives of one agent are alive at once, so that they share its learner, and
 * wide windows, into which much falls: the blocks in which rows are worked change nothing, nor does
 * it whether anybody looks. */
Test(world_learn, the_same_in_any_blocks)
{
    static const char *const changes[] = {
        "crew[0]={name: worker, kind: watcher, count: 3}",
        "duration=1h",
        "minds.learner.adaptive.train=40min",
        "minds.learner.adaptive.check=0.5",
        "watch={period: 500ms, timeout: 100ms, suspicion_mult: 0}",
        "faults=[{kind: hang, at: 7s, every: 23s, lasts: 6s, agents: [worker-2, watcher]}]",
        "network.latency=150ms",
        "platform.latency=150ms"};
    static const uint32_t blocks[] = {1, 2, 3, 7, 64};
    struct world_run first = {0}, other = {0};
    struct error error = {0};
    uint64_t events;

    open_changed(&first, changes, 8);
    open_changed(&other, changes, 8);
    cr_assert_eq(world_run_again(&first, 5, 0, true, &error), 0, "%s", error.message);
    events = first.result.events;
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        cr_assert_eq(world_run_again(&other, 5, blocks[b], true, &error), 0, "%s", error.message);
        cr_assert_eq(other.count, first.count, "blocks of %u", blocks[b]);
        cr_assert_eq(memcmp(other.records, first.records, first.count * sizeof *first.records), 0,
                     "blocks of %u", blocks[b]);
    }
    cr_assert_eq(world_run_again(&other, 5, 0, false, &error), 0, "%s", error.message);
    cr_assert_eq(other.result.events, events, "without anybody to look");
    world_run_close(&first);
    world_run_close(&other);
}
