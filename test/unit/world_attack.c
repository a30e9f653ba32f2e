/*
 * The simulated world under attack: scenarios at the edge of what may be written. Each must run to
 * its end, in blocks of any size alike, with a trace that holds together; or be refused in words.
 *
 * Limits: small crews. Run it with the sanitizers, too.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "world_check.h"

static void attack_open(struct world_run *run, const char *text)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "attack-%ld.yaml", (long)getpid());
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fprintf(file, "iolaus: 1\nname: attack\nabout: At the edge.\n%s", text);
    cr_assert_eq(fclose(file), 0);
    world_run_open(run, path);
    remove(path);
}

/* Runs it twice, in large blocks and in blocks of one; leaves the second run's records. */
static void attack(struct world_run *run, const char *text)
{
    struct error error = {0};
    struct record *records;
    size_t count;

    attack_open(run, text);
    cr_assert_eq(world_run_again(run, 1, 0, true, &error), 0, "%s\n%s", error.message, text);
    count = run->count;
    records = malloc((count + 1) * sizeof *records);
    memcpy(records, run->records, count * sizeof *records);
    cr_assert_eq(world_run_again(run, 1, 1, true, &error), 0, "%s\n%s", error.message, text);
    cr_assert(run->count == count && memcmp(records, run->records, count * sizeof *records) == 0,
              "another trace in blocks of one:\n%s", text);
    world_check(run, text);
    free(records);
}

static size_t count_of(const struct world_run *run, enum record_verb verb)
{
    size_t count = 0;

    for (size_t i = 0; i < run->count; i++)
        count += run->records[i].verb == verb;
    return count;
}

#define ALL_TOOLS                                                                                  \
    "[report, volunteer, relaunch, relink, alert, request, copy, tamper, misreport, stall, "       \
    "checkpoint]"
#define ALL_CHOICES                                                                                \
    "{relaunch: 1, relink: 1, mask: 1, alert: 1, request: 1, tamper: 1, misreport: 1, copy: 1, "   \
    "stall: 1}"
/* Agents that take no time for anything and choose everything. */
#define AT_ONCE                                                                                    \
    "kinds:\n"                                                                                     \
    "  k: {tools: " ALL_TOOLS ", mind: m, decision: 0s, service: 0s, start_time: 0s, "             \
    "stop_cleanup: 0s, retry: 0s, attempts: 15, checkpoint_every: 1s, report_every: 1s}\n"         \
    "minds: {m: " ALL_CHOICES "}\n"
#define SIX "crew: [{name: a, kind: k, count: 6}]\nlinks: {generator: complete}\n"

Test(world_attack, one_agent)
{
    struct world_run run = {0};

    attack(&run, "duration: 20s\n" AT_ONCE "crew: [{name: a, kind: k}]\n"
                 "network: {latency: 1ms}\nplatform: {stall_max: 500ms}\n"
                 "work: [{name: w, every: 10ms, route: [a]}]\n"
                 "faults: [{kind: hang, at: 3s, lasts: 1s, agents: [a]}]\n"
                 "campaign: {targets: [a], first: 1s, every: 2s, grace: 1s, notice: 1s, "
                 "announce: both, episode_max: 1s}\n");
    cr_assert_geq(count_of(&run, VERB_RESTORES), 2);
    world_run_close(&run);
}

Test(world_attack, no_links)
{
    struct world_run run = {0};

    attack(&run, "duration: 20s\n" AT_ONCE "crew: [{name: a, kind: k, count: 6}]\n"
                 "network: {latency: 1ms}\n"
                 "campaign: {protocol: sweep, targets: all, first: 1s, every: 4s, marked: true, "
                 "sweep_gap: 0s, episode_max: 1s}\n");
    cr_assert_eq(count_of(&run, VERB_NOTICED), 0);
    cr_assert_gt(count_of(&run, VERB_DIED), 6);
    world_run_close(&run);
}

Test(world_attack, everything_at_the_same_instant)
{
    struct world_run run = {0};

    attack(&run, "duration: 6s\nnodes: 2\n" AT_ONCE SIX
                 "watch: {aligned: true, suspicion_mult: 0, gossip_fanout: 8}\n"
                 "platform: {latency: 1ms, restart: {policy: always, delay: 0s}, "
                 "board: {ask_every: 1s}}\n"
                 "network: {latency: 1ms, duplicate: 1}\n"
                 "work: [{name: w, every: 1s, route: [a-1, a-2, a-3, a-4]}]\n"
                 "faults:\n"
                 "  - {kind: partition, at: 2s, lasts: 1s, agents: [a-1, a-2]}\n"
                 "  - {kind: partition, at: 2s, lasts: 1s, agents: [a-2, a-3]}\n"
                 "  - {kind: node-crash, at: 2s, lasts: 1s, node: node-1}\n"
                 "  - {kind: node-crash, at: 2s, lasts: 2s, node: node-1}\n"
                 "  - {kind: crash, at: 2s, agents: [a-2]}\n"
                 "  - {kind: hang, at: 2s, lasts: 1s, agents: [a-4, a-6]}\n"
                 "  - {kind: hang, at: 2s, lasts: 2s, agents: [a-4]}\n"
                 "  - {kind: slow, at: 2s, lasts: 1s, agents: [a], factor: 1000000}\n"
                 "campaign: {protocol: blackout, targets: all, first: 2s, every: 1s, "
                 "episode_max: 1ms, settle: 0s}\n");
    world_run_close(&run);
}

Test(world_attack, every_message_is_lost)
{
    struct world_run run = {0};

    attack(&run, "duration: 60s\n" AT_ONCE SIX "network: {latency: 1ms, loss: 1}\n"
                 "work: [{name: w, every: 1s, route: [a-1, a-2]}]\n"
                 "platform: {incarnations_max: 8}\n"
                 "campaign: {targets: [a-1], first: 1s, every: 10s, episode_max: 5s}\n");
    cr_assert_eq(count_of(&run, VERB_TASK_DONE), 0);
    cr_assert_eq(count_of(&run, VERB_LINK_UP), 0);
    world_run_close(&run);
}

Test(world_attack, every_message_arrives_twice)
{
    struct world_run run = {0};

    attack(&run, "duration: 60s\n" AT_ONCE SIX
                 "network: {latency: {low: 1ms, mean: 200ms}, duplicate: 1}\n"
                 "work: [{name: w, every: 100ms, route: [a-1, a-2]}]\n"
                 "campaign: {targets: [a-1], first: 1s, every: 10s, episode_max: 5s}\n");
    cr_assert_gt(count_of(&run, VERB_TASK_DONE), 100);
    world_run_close(&run);
}

Test(world_attack, the_least_latencies)
{
    struct world_run run = {0};

    attack(&run, "duration: 3ms\n" AT_ONCE SIX "watch: {period: 1ms, timeout: 500us}\n"
                 "platform: {latency: 1ns, restart: {policy: always, delay: 0s}}\n"
                 "network: {latency: 1ns}\n"
                 "campaign: {targets: all, first: 0s, every: 1us, grace: 1ns, episode_max: 1ns, "
                 "settle: 0s, marked: true}\n");
    cr_assert_gt(count_of(&run, VERB_DIED), 100);
    world_run_close(&run);
}

Test(world_attack, deadlines_at_the_end)
{
    struct world_run run = {0};

    attack(&run, "duration: 5s\nnodes: 1\n" AT_ONCE SIX "network: {latency: 1ms}\n"
                 "work: [{name: w, every: 5s, deadline: 1ns, route: [a-1]}]\n"
                 "faults:\n"
                 "  - {kind: crash, at: 5s, agents: [a-1]}\n"
                 "  - {kind: node-crash, at: 4999999999ns, node: node-1}\n"
                 "  - {kind: hang, at: 0s, lasts: 5s, agents: [a-2]}\n"
                 "campaign: {targets: [a-3], first: 4999999999ns, every: 0s}\n");
    cr_assert_eq(count_of(&run, VERB_STOPS), 1);
    cr_assert_eq(run.result.alive, 0);
    world_run_close(&run);
}

Test(world_attack, faults_at_the_beginning)
{
    struct world_run run = {0};

    attack(&run, "duration: 5s\nnodes: 2\n" AT_ONCE SIX "network: {latency: 1ms}\n"
                 "faults:\n"
                 "  - {kind: node-crash, at: 0s, lasts: 1ns, node: node-1}\n"
                 "  - {kind: partition, at: 0s, lasts: 1ns, every: 2ns, agents: [a-1]}\n"
                 "  - {kind: hang, at: 0s, lasts: 1ns, agents: [a]}\n"
                 "campaign: {protocol: blackout, targets: all, first: 0s, every: 0s}\n");
    world_run_close(&run);
}

Test(world_attack, all_nodes_crash_again_and_again)
{
    struct world_run run = {0};

    attack(&run, "duration: 60s\nnodes: 2\n" AT_ONCE SIX "network: {latency: 1ms}\n"
                 "platform: {restart: {policy: always, delay: 10ms}}\n"
                 "work: [{name: w, every: 100ms, route: [a-1, a-2]}]\n"
                 "faults:\n"
                 "  - {kind: node-crash, at: 1s, lasts: 500ms, every: 2s, node: node-1}\n"
                 "  - {kind: node-crash, at: 1s, lasts: 1s, every: 3s, node: node-2}\n");
    cr_assert_gt(count_of(&run, VERB_CRASHED), 40);
    cr_assert_eq(run.result.alive, 6);
    world_run_close(&run);
}

/* Crashes while processes are being started: the start is over with the host. */
Test(world_attack, nodes_crash_faster_than_agents_start)
{
    struct world_run run = {0};

    attack(&run, "duration: 20s\nnodes: 1\n"
                 "kinds: {k: {tools: [], start_time: 3s}}\n" SIX "network: {latency: 1ms}\n"
                 "platform: {restart: {policy: always, delay: 0s}}\n"
                 "faults:\n"
                 "  - {kind: node-crash, at: 1s, lasts: 100ms, every: 2s, node: node-1}\n");
    cr_assert_eq(count_of(&run, VERB_STARTED), 6);
    cr_assert_eq(run.result.alive, 0);
    world_run_close(&run);
}

Test(world_attack, a_campaign_on_all_of_them)
{
    static const char *const protocols[] = {"terminate", "blackout", "sweep"};

    for (int i = 0; i < 3; i++) {
        struct world_run run = {0};
        char text[2048];

        snprintf(text, sizeof text,
                 "duration: 60s\n" AT_ONCE SIX "network: {latency: 1ms}\n"
                 "campaign: {protocol: %s, targets: all, first: 2s, every: 5s, notice: 1s, "
                 "announce: all, episode_max: 2s, order: cutwidth}\n",
                 protocols[i]);
        attack(&run, text);
        world_run_close(&run);
    }
}

Test(world_attack, sixty_five_thousand_lives)
{
    struct world_run run = {0};

    attack(&run, "duration: 2s\nkinds: {k: {tools: [], start_time: 0s}}\n"
                 "crew: [{name: a, kind: k}, {name: b, kind: k}]\nlinks: {generator: complete}\n"
                 "watch: {enabled: false}\nnetwork: {latency: 1us}\n"
                 "platform: {latency: 1us, restart: {policy: always, delay: 0s}, "
                 "board: {ask_every: 0s}}\n"
                 "faults: [{kind: crash, at: 1us, every: 10us, agents: [a]}]\n");
    cr_assert_eq(count_of(&run, VERB_STARTED), 2 + 65535);
    cr_assert_eq(run.result.alive, 1);
    world_run_close(&run);
}

/* Who hears of two dead strangers in turn does not pass either on for ever. */
Test(world_attack, alerts_about_strangers_die_out)
{
    struct world_run run = {0};
    size_t alerts;

    attack(&run, "duration: 30s\n"
                 "kinds: {k: {class: robot, decision: 5ms, mind: m, tools: [report, alert]}}\n"
                 "minds: {m: {alert: {base: 1}}}\n"
                 "crew: [{name: a, kind: k, count: 60}]\n"
                 "links: {generator: small-world, degree: 6, rewire: 0.1}\n"
                 "campaign: {protocol: blackout, targets: [a-1, a-30], first: 2s, every: 0s, "
                 "restore: false}\n");
    alerts = count_of(&run, VERB_ALERTS);
    cr_assert(alerts > 10 && alerts < 500, "%zu alerts", alerts);
    world_run_close(&run);
}

Test(world_attack, a_sweep_during_a_partition)
{
    struct world_run run = {0};

    attack(&run, "duration: 60s\n" AT_ONCE SIX "network: {latency: 1ms}\n"
                 "watch: {suspicion_mult: 1, suspicion_max: 1}\n"
                 "faults: [{kind: partition, at: 1s, lasts: 20s, agents: [a-1, a-2, a-3]}]\n"
                 "campaign: {protocol: sweep, targets: all, first: 6s, every: 8s, sweep_gap: "
                 "100ms, episode_max: 3s}\n");
    world_run_close(&run);
}

Test(world_attack, a_hang_across_a_stop)
{
    struct world_run run = {0};

    attack(&run, "duration: 30s\n" AT_ONCE SIX "network: {latency: 1ms}\n"
                 "work: [{name: w, every: 50ms, route: [a-2, a-1]}]\n"
                 "faults: [{kind: hang, at: 1s, lasts: 2s, every: 4s, agents: [a-1]}]\n"
                 "campaign: {targets: [a-1], first: 2s, every: 4s, grace: 2s, episode_max: 1s}\n");
    cr_assert_gt(count_of(&run, VERB_HUNG), 3);
    world_run_close(&run);
}

Test(world_attack, a_hang_that_nobody_ends)
{
    struct world_run run = {0};

    attack(&run,
           "duration: 60s\n" AT_ONCE SIX "network: {latency: 1ms, duplicate: 0.5, hangup: false}\n"
           "work: [{name: w, every: 10ms, route: [a-2, a-1]}]\n"
           "platform: {board: {on_failed: none}}\n"
           "faults: [{kind: hang, at: 1s, agents: [a-1, a-2]}]\n"
           "campaign: {targets: [a-3], first: 2s, every: 4s, grace: 0s, episode_max: 1s}\n");
    world_run_close(&run);
}

Test(world_attack, everybody_hangs)
{
    struct world_run run = {0};

    attack(&run, "duration: 30s\n" AT_ONCE SIX "network: {latency: 1ms}\n"
                 "faults: [{kind: hang, at: 1500ms, lasts: 5s, every: 6s, agents: [a]}]\n"
                 "campaign: {protocol: sweep, targets: all, first: 3s, every: 6s, grace: 1s, "
                 "episode_max: 1s}\n");
    world_run_close(&run);
}

Test(world_attack, a_hundred_years)
{
    struct world_run run = {0};

    attack(&run, "duration: 36500d\nkinds: {k: {tools: " ALL_TOOLS ", mind: m, decision: {low: 1h, "
                 "mean: 1h}, service: 1h, start_time: 1h, stop_cleanup: 1h, retry: 1h}}\n"
                 "minds: {m: " ALL_CHOICES "}\n" SIX
                 "watch: {enabled: false}\nnetwork: {latency: 4s, drift_ppm: 100000}\n"
                 "platform: {latency: 4s, board: {ask_every: 365d}}\n"
                 "work: [{name: w, every: 100d, deadline: 365d, route: [a-1, a-2]}]\n"
                 "faults: [{kind: slow, at: 1d, agents: [a-2], factor: 1000000}]\n"
                 "campaign: {targets: [a-1], first: 365d, every: 365d, grace: 1d, episode_max: "
                 "100d}\n");
    cr_assert_gt(count_of(&run, VERB_STOPS), 90);
    world_run_close(&run);
}

Test(world_attack, more_held_tasks_than_there_is_room_for_but_they_are_late)
{
    struct world_run run = {0};

    attack(&run, "duration: 3s\nkinds: {k: {tools: [report], decision: 0s}}\n"
                 "crew: [{name: a, kind: k}, {name: b, kind: k}]\nlinks: {generator: complete}\n"
                 "network: {latency: 1ms}\n"
                 "work: [{name: w, every: 10us, deadline: 100ms, route: [a]}]\n"
                 "platform: {board: {ask_every: 0s}}\n"
                 "faults: [{kind: crash, at: 10ms, agents: [a]}]\n");
    cr_assert_gt(count_of(&run, VERB_TASK_HELD), 200000);
    world_run_close(&run);
}

static void refused(const char *text, const char *word)
{
    struct world_run run = {0};
    struct error error = {0};

    attack_open(&run, text);
    cr_assert_lt(world_run_again(&run, 1, 0, true, &error), 0, "it runs:\n%s", text);
    cr_assert_not_null(strstr(error.message, word), "%s", error.message);
    world_run_close(&run);
}

Test(world_attack, what_it_cannot_do_it_refuses)
{
    char text[8192];
    size_t length;

    refused("kinds: {k: {}}\n" SIX "work: [{name: long, every: 1s, route: [a-1, a-2, a-1, a-2, "
            "a-1, a-2, a-1, a-2, a-1]}]\n",
            "long");
    length = (size_t)snprintf(text, sizeof text, "kinds: {k: {}}\n" SIX "faults:\n");
    for (int i = 0; i < 65; i++)
        length +=
            (size_t)snprintf(text + length, sizeof text - length,
                             "  - {kind: partition, at: %dms, lasts: 1s, agents: [a-1]}\n", i + 1);
    refused(text, "partitions");
    refused("duration: 3s\nkinds: {k: {tools: [report], decision: 0s}}\n"
            "crew: [{name: a, kind: k}, {name: b, kind: k}]\nlinks: {generator: complete}\n"
            "network: {latency: 1ms}\nplatform: {board: {ask_every: 0s}}\n"
            "work: [{name: w, every: 10us, deadline: 10s, route: [a]}]\n"
            "faults: [{kind: crash, at: 10ms, agents: [a]}]\n",
            "held back");
}
