/*
 * The platform's stories of restarting, volunteering, relinking and nodes; and random events, under
 * which its invariants must hold.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "core/platform/platform.h"
#include "platform_story.h"

Test(platform, restarts_as_its_policy_says)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();

    story_begin(story, "Policy none: a dead agent stays dead.", rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_until(story, 1000000);

    rules.policy = RESTART_ALWAYS;
    story_begin(story,
                "Policy always: 100 ms after each death, whatever it died of; linked again "
                "by the platform.",
                rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_started(story, 1900, ARCHIVIST, 1);
    story_event(
        story, 5000,
        (struct platform_event){
            .kind = PLATFORM_DIED, .whom = ARCHIVIST, .incarnation = 1, .value = DEATH_DEPARTED},
        "archivist.1 departed in good order");
    story_until(story, 6000);

    rules.relink_on_restart = false;
    story_begin(story, "The same without relink_on_restart: it runs, and nobody is linked to it.",
                rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_started(story, 1900, ARCHIVIST, 1);

    rules.relink_on_restart = true;
    rules.policy = RESTART_BACKOFF;
    story_begin(story, "Policy backoff: 10 s, doubled with each death up to 300 s.", rules);
    int64_t ms = 1000;
    for (int i = 0; i < 7; i++) {
        story_died(story, ms, ARCHIVIST, i);
        story_until(story, ms + 300000);
        story_started(story, ms + 301000, ARCHIVIST, i + 1);
        ms += 302000;
    }
    story_chapter(story, "Ten minutes of running reset it.");
    story_died(story, ms + 599000, ARCHIVIST, 7);
    story_until(story, ms + 609000);

    rules.policy = RESTART_INTENSITY;
    story_begin(story, "Policy intensity: at once, but the second death within 5 s is the end.",
                rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_started(story, 1500, ARCHIVIST, 1);
    story_died(story, 6001, ARCHIVIST, 1);
    story_started(story, 6500, ARCHIVIST, 2);
    story_died(story, 11001, ARCHIVIST, 2);
    story_until(story, 60000);
    story_chapter(story, "The operator may still restore it, which begins a new count.");
    story_control(story, 61000, PLATFORM_RESTORE, ARCHIVIST, 0, "restores ");
    story_started(story, 62000, ARCHIVIST, 3);
    story_died(story, 63000, ARCHIVIST, 3);

    story_close(story, __FILE__, "platform/restart");
}

Test(platform, grants_a_relaunch_to_the_first_volunteer)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();

    story_begin(story,
                "The first to arrive is granted; the second is not; who relaunches without a "
                "grant is refused.",
                rules);
    story_act(story, 500, ARCHIVIST, ACT_CHECKPOINT, NOBODY, 1);
    story_act(story, 900, ARCHIVIST, ACT_CHECKPOINT, NOBODY, 2);
    story_died(story, 1000, ARCHIVIST, 0);
    story_act(story, 1100, CAMERA, ACT_RELAUNCH, ARCHIVIST, 0);
    story_act(story, 1200, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1200, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1300, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1400, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_act(story, 1500, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_started(story, 2200, ARCHIVIST, 1);
    story_act(story, 2300, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 2400, WRITER, ACT_RELINK, ARCHIVIST, 0);

    story_begin(story, "A grant lapses after 30 s, and with the death of its holder.", rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_act(story, 1200, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 31199, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 31200, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 31300, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_died(story, 31400, CAMERA, 0);
    story_act(story, 31500, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 31600, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);

    story_begin(story, "A start that fails is told; the grant is still open, and used again.",
                rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_act(story, 1200, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1300, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_about(story, 1400, PLATFORM_START_FAILED, ARCHIVIST, 1, "could not be started");
    story_act(story, 1500, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_started(story, 2300, ARCHIVIST, 2);

    rules.policy = RESTART_ALWAYS;
    story_begin(story, "Peers and the platform: whoever starts first.", rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_act(story, 1010, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1020, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_until(story, 1500);
    story_started(story, 1820, ARCHIVIST, 1);
    story_died(story, 3000, ARCHIVIST, 1);
    story_act(story, 3010, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 3110, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_started(story, 3900, ARCHIVIST, 2);
    story_chapter(story, "A peer's start that is done before the platform's own was due leaves "
                         "nothing to do.");
    story_died(story, 4000, ARCHIVIST, 2);
    story_act(story, 4010, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 4020, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_started(story, 4050, ARCHIVIST, 3);
    story_until(story, 4900);
    story_chapter(story, "A peer's start that fails leaves the platform's own to come.");
    story_died(story, 5000, ARCHIVIST, 3);
    story_act(story, 5010, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 5020, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_about(story, 5050, PLATFORM_START_FAILED, ARCHIVIST, 4, "could not be started");
    story_until(story, 5200);

    story_close(story, __FILE__, "platform/volunteer");
}

Test(platform, refuses_what_it_does_not_allow)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();
    const struct permission permissions[] = {
        {PERMISSION_ANY, ARCHIVIST, ACT_BIT(ACT_VOLUNTEER) | ACT_BIT(ACT_TAMPER), false},
        {CAMERA, PERMISSION_ANY, ACT_BIT(ACT_VOLUNTEER), true},
        {CAMERA, ARCHIVIST, ACT_BIT(ACT_COPY), false},
    };

    rules.permissions = permissions;
    rules.permission_count = 3;
    story_begin(story,
                "Nobody may volunteer for the archivist or tamper with it, but for the "
                "camera, which may volunteer and not copy: the last rule that matches holds.",
                rules);
    story_act(story, 500, WRITER, ACT_TAMPER, ARCHIVIST, 0);
    story_act(story, 600, CAMERA, ACT_TAMPER, ARCHIVIST, 0);
    story_act(story, 700, CAMERA, ACT_COPY, ARCHIVIST, 0);
    story_act(story, 700, WRITER, ACT_COPY, ARCHIVIST, 0);
    story_died(story, 1000, ARCHIVIST, 0);
    story_act(story, 1100, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1200, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);

    story_begin(story, "What makes no sense is refused; a caller that is dead is not answered.",
                story_rules());
    story_act(story, 100, WRITER, ACT_VOLUNTEER, 4000000000, 0);
    story_act(story, 110, WRITER, ACT_VOLUNTEER, CAMERA, 0);
    story_act(story, 120, WRITER, ACT_RELAUNCH, CAMERA, 0);
    story_died(story, 200, CAMERA, 0);
    story_act(story, 300, WRITER, ACT_COPY, CAMERA, 0);
    story_act(story, 310, WRITER, ACT_RELINK, CAMERA, 0);
    story_act(story, 320, CAMERA, ACT_VOLUNTEER, CAMERA, 0);
    story_act(story, 330, NOBODY, ACT_VOLUNTEER, CAMERA, 0);

    story_begin(story, "A tombstone is stronger than grants, policies and the operator's restore.",
                story_rules());
    story_died(story, 1000, ARCHIVIST, 0);
    story_act(story, 1100, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_control(story, 1200, PLATFORM_TOMBSTONE, ARCHIVIST, 0, "buries ");
    story_act(story, 1300, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_act(story, 1310, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1320, CAMERA, ACT_RELINK, ARCHIVIST, 0);
    story_act(story, 1330, CAMERA, ACT_REPORT, ARCHIVIST, HEALTH_HEALTHY);
    story_control(story, 1400, PLATFORM_RESTORE, ARCHIVIST, 0, "restores ");

    story_begin(story,
                "What the platform keeps of one that is fenced, or has a tombstone, is neither "
                "taken elsewhere nor changed.",
                story_rules());
    story_act(story, 900, WRITER, ACT_CHECKPOINT, WRITER, 1);
    for (int bar = 0; bar < 2; bar++) {
        int64_t ms = 1000 + 1000 * bar;

        story_control(story, ms, bar == 0 ? PLATFORM_FENCE : PLATFORM_TOMBSTONE, WRITER, 0,
                      bar == 0 ? "fences " : "buries ");
        story_act(story, ms + 100, CAMERA, ACT_COPY, WRITER, 0);
        story_act(story, ms + 110, CAMERA, ACT_TAMPER, WRITER, 0);
        story_act(story, ms + 120, CAMERA, ACT_MISREPORT, WRITER, 100);
        story_act(story, ms + 130, CAMERA, ACT_STALL, WRITER, 1000);
    }

    story_close(story, __FILE__, "platform/refusals");
}

Test(platform, relinks_former_links_whose_both_ends_run)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();

    story_begin(story,
                "Archivist and camera die; the archivist comes back without the link to the "
                "camera; the camera brings it along.",
                rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_died(story, 1000, CAMERA, 0);
    story_act(story, 1200, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1210, WRITER, ACT_VOLUNTEER, CAMERA, 0);
    story_act(story, 1220, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_started(story, 2000, ARCHIVIST, 1);
    story_act(story, 2100, WRITER, ACT_RELINK, ARCHIVIST, 0);
    story_act(story, 2200, WRITER, ACT_RELINK, ARCHIVIST, 0);
    story_act(story, 2300, WRITER, ACT_RELAUNCH, CAMERA, 0);
    story_started(story, 3100, CAMERA, 1);
    story_act(story, 3200, WRITER, ACT_RELINK, CAMERA, 0);

    story_begin(story,
                "Both are relaunched before either is relinked: one is back with its own "
                "relinking, the other with the last link that it lacks.",
                rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_died(story, 1000, CAMERA, 0);
    story_act(story, 1200, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1210, ROBOT, ACT_VOLUNTEER, CAMERA, 0);
    story_act(story, 1220, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_act(story, 1230, ROBOT, ACT_RELAUNCH, CAMERA, 0);
    story_started(story, 2000, ARCHIVIST, 1);
    story_started(story, 2000, CAMERA, 1);
    story_act(story, 2100, WRITER, ACT_RELINK, ARCHIVIST, 0);
    story_chapter(story, "The camera still lacks writer and robot; both die, and it lacks nobody.");
    story_died(story, 2200, WRITER, 0);
    story_died(story, 2300, ROBOT, 0);

    story_begin(story, "The operator's restore is linked at once.", rules);
    story_died(story, 1000, ARCHIVIST, 0);
    story_control(story, 2000, PLATFORM_RESTORE, ARCHIVIST, 0, "restores ");
    story_started(story, 2800, ARCHIVIST, 1);
    story_chapter(story, "One that a peer has relaunched, and nobody relinked, is linked by it.");
    story_died(story, 4000, ARCHIVIST, 1);
    story_act(story, 4200, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 4300, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_started(story, 5000, ARCHIVIST, 2);
    story_control(story, 6000, PLATFORM_RESTORE, ARCHIVIST, 0, "restores ");
    story_chapter(story, "One whose start fails is tried again.");
    story_died(story, 7000, ARCHIVIST, 2);
    story_control(story, 8000, PLATFORM_RESTORE, ARCHIVIST, 0, "restores ");
    story_about(story, 8500, PLATFORM_START_FAILED, ARCHIVIST, 3, "could not be started");
    story_until(story, 10000);

    story_close(story, __FILE__, "platform/links");
}

Test(platform, lives_through_a_node_crash)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();

    rules.policy = RESTART_ALWAYS;
    story_begin(story, "Node 1 goes down with camera and robot: restarts wait for it to come back.",
                rules);
    story_control(story, 1000, PLATFORM_NODE_DOWN, NOBODY, 1, "node 1 goes down");
    story_died(story, 1000, CAMERA, 0);
    story_died(story, 1000, ROBOT, 0);
    story_act(story, 1050, WRITER, ACT_VOLUNTEER, CAMERA, 0);
    story_act(story, 1060, WRITER, ACT_RELAUNCH, CAMERA, 0);
    story_control(story, 9000, PLATFORM_NODE_UP, NOBODY, 1, "node 1 is back");
    story_started(story, 9800, CAMERA, 1);
    story_started(story, 9800, ROBOT, 1);

    story_begin(story, "A start under way fails with the node, whoever hears of it first.", rules);
    story_died(story, 1000, CAMERA, 0);
    story_act(story, 1050, WRITER, ACT_VOLUNTEER, CAMERA, 0);
    story_act(story, 1060, WRITER, ACT_RELAUNCH, CAMERA, 0);
    story_control(story, 1500, PLATFORM_NODE_DOWN, NOBODY, 1, "node 1 goes down");
    story_started(story, 1510, CAMERA, 1);
    story_control(story, 9000, PLATFORM_NODE_UP, NOBODY, 1, "node 1 is back");

    story_close(story, __FILE__, "platform/node");
}

Test(platform, may_start_a_second_incarnation_beside_one_that_is_doubted)
{
    struct story *story = story_open();
    struct platform_rules rules = story_rules();

    rules.incarnations_max = 2;
    story_begin(story,
                "A partition hides the archivist. It runs, and is not relaunched until the "
                "board is told that it failed.",
                rules);
    story_act(story, 1000, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1100, CAMERA, ACT_REPORT, ARCHIVIST, HEALTH_FAILED);
    story_act(story, 1200, WRITER, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 1300, WRITER, ACT_RELAUNCH, ARCHIVIST, 0);
    story_started(story, 2100, ARCHIVIST, 1);
    story_chapter(story, "Now there are two. The board still shows it failed, but that was the "
                         "other one; and before it is linked again nobody can know better.");
    story_act(story, 2200, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 2250, CAMERA, ACT_REPORT, ARCHIVIST, HEALTH_FAILED);
    story_act(story, 2300, CAMERA, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 2400, WRITER, ACT_RELINK, ARCHIVIST, 0);
    story_act(story, 2500, WRITER, ACT_REPORT, ARCHIVIST, HEALTH_HEALTHY);
    story_chapter(story, "The old one may still call; a third finds no slot.");
    story_act_as(story, 2600, ARCHIVIST, 0, ACT_VOLUNTEER, WRITER, 0);
    story_act(story, 2700, ROBOT, ACT_REPORT, ARCHIVIST, HEALTH_FAILED);
    story_act(story, 2800, ROBOT, ACT_VOLUNTEER, ARCHIVIST, 0);
    story_act(story, 2900, ROBOT, ACT_RELAUNCH, ARCHIVIST, 0);
    story_chapter(story, "The old one dies, which changes no link, and leaves a slot.");
    story_died(story, 3000, ARCHIVIST, 0);
    story_act(story, 3100, ROBOT, ACT_RELAUNCH, ARCHIVIST, 0);
    story_chapter(story, "Healthy it may be, but the start is under way.");
    story_act(story, 3200, WRITER, ACT_REPORT, ARCHIVIST, HEALTH_HEALTHY);
    story_died(story, 3300, ARCHIVIST, 1);
    story_started(story, 3800, ARCHIVIST, 2);

    story_close(story, __FILE__, "platform/suspicion");
}

/* Random events over a random crew, and what must hold whatever comes. */
struct storm {
    uint64_t seed;
    struct random random;
    struct platform_rules rules;
    struct platform_crew crew;
    struct platform *platform;
    struct platform_actions actions;
    uint64_t offsets[33];
    agent_id peers[32 * 31];
    node_id node_of[32];
    uint16_t class_of[32];
    struct permission permissions[3];
    /* What a world knows: which incarnation holds a slot, and whether it is being started. */
    bool taken[32][8], starting[32][8];
    incarnation_id holder[32][8];
    uint32_t starts_under_way[32];
    struct platform_action grant; /* the last one given */
};

static uint32_t storm_pick(struct storm *storm, uint32_t below)
{
    return (uint32_t)random_below(&storm->random, below);
}

static void storm_begin(struct storm *storm, uint64_t seed)
{
    static const time_ns spans[] = {0, 1, 1000, 100000};

    memset(storm, 0, sizeof *storm);
    storm->seed = seed;
    storm->random = random_make(seed, 0, 0, 0, STREAM_TEST, 0);
    uint32_t agents = 1 + storm_pick(storm, 32);
    uint32_t density = storm_pick(storm, 5);
    bool linked[32][32] = {{false}};
    storm->crew = (struct platform_crew){agents,       1 + storm_pick(storm, 4), storm->offsets,
                                         storm->peers, storm->node_of,           storm->class_of};
    for (uint32_t a = 0; a < agents; a++) {
        storm->node_of[a] = (node_id)storm_pick(storm, storm->crew.nodes);
        storm->class_of[a] = (uint16_t)storm_pick(storm, 3);
        for (uint32_t b = 0; b < a; b++)
            linked[a][b] = linked[b][a] = storm_pick(storm, 4) < density;
    }
    for (uint32_t a = 0; a < agents; a++) {
        storm->offsets[a + 1] = storm->offsets[a];
        for (uint32_t b = 0; b < agents; b++)
            if (linked[a][b])
                storm->peers[storm->offsets[a + 1]++] = b;
        storm->taken[a][0] = true;
    }
    for (int i = 0; i < 3; i++)
        storm->permissions[i] =
            (struct permission){(uint16_t)storm_pick(storm, 3), PERMISSION_ANY,
                                ACT_BIT(storm_pick(storm, ACT_KIND_COUNT)), storm_pick(storm, 2)};
    storm->rules = (struct platform_rules){.policy = (uint8_t)storm_pick(storm, 4),
                                           .on_failed = (uint8_t)storm_pick(storm, 3),
                                           .restart_delay = spans[storm_pick(storm, 4)],
                                           .backoff_first = 10,
                                           .backoff_max = 300,
                                           .backoff_reset = 600,
                                           .intensity = storm_pick(storm, 4),
                                           .intensity_period = spans[storm_pick(storm, 4)],
                                           .grant_time = spans[storm_pick(storm, 4)],
                                           .ask_every = spans[storm_pick(storm, 4)],
                                           .stall_max = spans[storm_pick(storm, 4)],
                                           .relink_on_restart = storm_pick(storm, 2),
                                           .incarnations_max = 1 + storm_pick(storm, 8),
                                           .permissions = storm->permissions,
                                           .permission_count = storm_pick(storm, 4)};
    storm->actions.capacity = platform_actions_max(&storm->rules, &storm->crew);
    storm->actions.list = calloc(storm->actions.capacity, sizeof *storm->actions.list);
    storm->platform = platform_start(aligned_alloc(16, platform_size(&storm->rules, &storm->crew)),
                                     &storm->rules, &storm->crew);
}

/* The world's own books: a slot is given to one incarnation at a time, one start at a time, and a
 * link only to ends that run. */
static void storm_book(struct storm *storm, const struct platform_action *action)
{
    unsigned long long seed = storm->seed;
    agent_id whom = action->whom;

    if (action->kind == ACTION_START) {
        cr_assert(!storm->taken[whom][action->whom_slot], "seed %llu: slot booked twice", seed);
        cr_assert_eq(storm->starts_under_way[whom], 0, "seed %llu: two starts under way", seed);
        storm->taken[whom][action->whom_slot] = true;
        storm->starting[whom][action->whom_slot] = true;
        storm->holder[whom][action->whom_slot] = action->whom_incarnation;
        storm->starts_under_way[whom]++;
    }
    if (action->kind == ACTION_CONNECT || action->kind == ACTION_ASK) {
        cr_assert(platform_runs(storm->platform, action->who), "seed %llu", seed);
        cr_assert(storm->taken[action->who][action->who_slot], "seed %llu", seed);
        cr_assert_eq(storm->holder[action->who][action->who_slot], action->who_incarnation,
                     "seed %llu", seed);
    }
    if (action->kind == ACTION_CONNECT) {
        cr_assert(storm->taken[whom][action->whom_slot], "seed %llu", seed);
        cr_assert(!storm->starting[whom][action->whom_slot], "seed %llu", seed);
        cr_assert_eq(storm->holder[whom][action->whom_slot], action->whom_incarnation, "seed %llu",
                     seed);
    }
    if (action->kind == ACTION_GRANT)
        storm->grant = *action;
    if (action->kind == ACTION_RETURNED)
        cr_assert(platform_runs(storm->platform, whom), "seed %llu", seed);
}

/* The world answers, ends or fails something that is there, or does something quite mad. */
static struct platform_event storm_event(struct storm *storm)
{
    static const int64_t values[] = {0, 1, 2, 3, -1, INT64_MIN, INT64_MAX, 50};
    /* Half of it is about one agent, so that things come together. */
    agent_id whom = storm_pick(storm, 2) == 0 ? 0 : storm_pick(storm, storm->crew.agents);
    uint32_t slot = storm_pick(storm, storm->rules.incarnations_max);
    struct platform_event event = {.kind = (uint8_t)(1 + storm_pick(storm, PLATFORM_TIMER + 1)),
                                   .act = (uint8_t)storm_pick(storm, ACT_KIND_COUNT + 1),
                                   .health = (uint8_t)storm_pick(storm, 4),
                                   .who = storm_pick(storm, storm->crew.agents),
                                   .whom = whom,
                                   .by = AGENT_NONE,
                                   .via = AGENT_NONE,
                                   .incarnation = storm->holder[whom][slot],
                                   .value = values[storm_pick(storm, 8)]};

    uint32_t caller = storm_pick(storm, storm->rules.incarnations_max);
    for (uint32_t i = 0; i < 8 && !storm->taken[event.who][caller]; i++)
        caller = (caller + 1) % storm->rules.incarnations_max;
    event.who_incarnation = storm->holder[event.who][caller];
    /* Ends are rarer than acts, or nothing would ever run for long. */
    bool ends = event.kind == PLATFORM_TOMBSTONE || event.kind == PLATFORM_NODE_DOWN ||
                (event.kind <= PLATFORM_DIED && !storm->starting[whom][slot]);
    if (ends && storm_pick(storm, event.kind == PLATFORM_TOMBSTONE ? 100 : 10) != 0)
        event.kind = PLATFORM_ACT;
    if (storm_pick(storm, 3) == 0)
        event.kind = PLATFORM_ACT;
    if (event.kind == PLATFORM_ACT && storm->grant.kind != 0 && storm_pick(storm, 4) == 0) {
        /* Left to chance alone, hardly anybody would use a grant. */
        event.act = ACT_RELAUNCH;
        event.who = storm->grant.who;
        event.who_incarnation = storm->grant.who_incarnation;
        event.whom = storm->grant.whom;
        return event;
    }
    if (event.kind <= PLATFORM_DIED) {
        if (!storm->taken[whom][slot]) {
            event.incarnation = (incarnation_id)storm_pick(storm, 65536);
            for (uint32_t i = 0; i < storm->rules.incarnations_max; i++)
                if (storm->taken[whom][i] && storm->holder[whom][i] == event.incarnation)
                    event.kind = PLATFORM_TIMER;
            return event;
        }
        if (event.kind == PLATFORM_DIED || !storm->starting[whom][slot])
            event.kind = PLATFORM_DIED;
        bool started = event.kind == PLATFORM_STARTED;
        storm->starts_under_way[whom] -= storm->starting[whom][slot];
        storm->starting[whom][slot] = false;
        storm->taken[whom][slot] = started;
    } else if (storm_pick(storm, 10) == 0) {
        event.whom = AGENT_NONE - storm_pick(storm, 2);
        event.who = storm_pick(storm, 2) ? event.who : storm->crew.agents;
    }
    return event;
}

/* A node that goes down takes what runs there with it, but leaves its starts to be answered; and
 * what started on a node that is down is dead. */
static void storm_node(struct storm *storm, const bool *down)
{
    for (agent_id agent = 0; agent < storm->crew.agents; agent++) {
        if (!down[storm->node_of[agent]])
            continue;
        for (uint32_t slot = 0; slot < storm->rules.incarnations_max; slot++)
            storm->taken[agent][slot] &= storm->starting[agent][slot];
    }
}

static void storm_step(struct storm *storm, const struct platform_event *event, bool *down,
                       uint32_t *seen)
{
    bool node = event->value >= 0 && event->value < storm->crew.nodes;

    platform_step(storm->platform, event, &storm->actions);
    if (event->kind == PLATFORM_NODE_DOWN && node)
        down[event->value] = true;
    if (event->kind == PLATFORM_NODE_UP && node)
        down[event->value] = false;
    storm_node(storm, down);
    for (uint32_t i = 0; i < storm->actions.count; i++)
        storm_book(storm, &storm->actions.list[i]);
    for (uint32_t i = 0; i < storm->actions.count; i++)
        seen[storm->actions.list[i].kind]++;
    const char *wrong = platform_check(storm->platform);
    cr_assert_null(wrong, "seed %llu, event of kind %d: %s", (unsigned long long)storm->seed,
                   event->kind, wrong);
}

/* A call of a tool by one that lives gets one answer: at once, or when the start has come out. */
static void storm_answers(const struct storm *storm, const struct platform_event *event, bool lives)
{
    uint32_t answers = 0;

    for (uint32_t i = 0; i < storm->actions.count; i++) {
        const struct platform_action *action = &storm->actions.list[i];

        answers += action->kind == ACTION_RESULT ||
                   (action->kind == ACTION_START && action->value == START_PEER);
    }
    cr_assert_eq(answers, lives && event->act >= ACT_TOOLS && event->act < ACT_TOOLS_END,
                 "seed %llu: %u answers to act %d", (unsigned long long)storm->seed, answers,
                 event->act);
}

Test(platform, holds_its_invariants_in_any_storm)
{
    static struct storm storm;
    uint32_t seen[ACTION_LIFTED + 1] = {0};

    for (uint64_t seed = 1; seed <= 400; seed++) {
        bool down[4] = {false};
        time_ns now = 0;

        storm_begin(&storm, seed);
        for (int i = 0; i < 1000; i++) {
            if (storm_pick(&storm, 2) == 0)
                now += storm_pick(&storm, 60);
            for (int timers = 0; platform_deadline(storm.platform) <= now; timers++) {
                struct platform_event timer = {.kind = PLATFORM_TIMER, .whom = AGENT_NONE};

                timer.now = now;
                storm_step(&storm, &timer, down, seen);
                cr_assert(timers < 10000, "seed %llu: time stands still", (unsigned long long)seed);
            }
            struct platform_event event = storm_event(&storm);
            bool lives = false;
            event.now = now;
            for (uint32_t k = 0; event.who < storm.crew.agents && k < 8; k++)
                lives |= storm.taken[event.who][k] &&
                         storm.holder[event.who][k] == event.who_incarnation;
            storm_step(&storm, &event, down, seen);
            if (event.kind == PLATFORM_ACT)
                storm_answers(&storm, &event, lives);
        }
        free(storm.platform);
        free(storm.actions.list);
    }
    for (int kind = ACTION_START; kind <= ACTION_LIFTED; kind++)
        cr_assert_gt(seen[kind], 30, "%u actions of kind %d: no storm", seen[kind], kind);
}

/* A hundred pairs, whose first halves on node 0 came back and lack their second halves on node 1
 * alone. With the node they all count as back at once, which is more than one step has room for. */
Test(platform, tells_later_what_has_no_room)
{
    enum { PAIRS = 100 };
    static uint64_t offsets[2 * PAIRS + 1];
    static agent_id peers[2 * PAIRS];
    static node_id node_of[2 * PAIRS];
    static uint16_t class_of[2 * PAIRS];
    struct platform_crew crew = {2 * PAIRS, 2, offsets, peers, node_of, class_of};
    struct platform_rules rules = story_rules();
    bool back[2 * PAIRS] = {false};
    uint32_t steps = 0, told = 0, started = 0;

    for (uint32_t a = 0; a < 2 * PAIRS; a++) {
        offsets[a + 1] = a + 1;
        peers[a] = (a + PAIRS) % (2 * PAIRS);
        node_of[a] = a >= PAIRS;
    }
    rules.policy = RESTART_ALWAYS;
    rules.restart_delay = 0;
    rules.relink_on_restart = false;
    struct platform *platform =
        platform_start(aligned_alloc(16, platform_size(&rules, &crew)), &rules, &crew);
    struct platform_actions actions = {.capacity = platform_actions_max(&rules, &crew)};
    actions.list = calloc(actions.capacity, sizeof *actions.list);
    for (agent_id a = 0; a < PAIRS; a++) {
        struct platform_event died = {.kind = PLATFORM_DIED, .whom = a};
        struct platform_event runs = {.kind = PLATFORM_STARTED, .whom = a, .incarnation = 1};

        platform_step(platform, &died, &actions);
        cr_assert(actions.count == 1 && actions.list[0].kind == ACTION_START);
        platform_step(platform, &runs, &actions);
        cr_assert_eq(actions.count, 0);
    }
    struct platform_event event = {.kind = PLATFORM_NODE_DOWN, .value = 1, .now = 1};
    for (;; steps++) {
        platform_step(platform, &event, &actions);
        cr_assert_null(platform_check(platform), "%s", platform_check(platform));
        for (uint32_t i = 0; i < actions.count; i++) {
            cr_assert_eq(actions.list[i].kind, ACTION_RETURNED);
            cr_assert(!back[actions.list[i].whom]);
            back[actions.list[i].whom] = true;
            told++;
        }
        if (platform_deadline(platform) > 1)
            break;
        event = (struct platform_event){.kind = PLATFORM_TIMER, .whom = AGENT_NONE, .now = 1};
    }
    cr_assert(told == PAIRS && steps > 1, "%u in %u steps", told, steps);

    event = (struct platform_event){.kind = PLATFORM_NODE_UP, .value = 1, .now = 2};
    for (;;) {
        platform_step(platform, &event, &actions);
        for (uint32_t i = 0; i < actions.count; i++)
            started += actions.list[i].kind == ACTION_START && actions.list[i].whom >= PAIRS;
        if (platform_deadline(platform) > 2)
            break;
        event = (struct platform_event){.kind = PLATFORM_TIMER, .whom = AGENT_NONE, .now = 2};
    }
    cr_assert_eq(started, PAIRS);
    free(platform);
    free(actions.list);
}
