/* How a peer that is gone is defended: golden traces, and the rules that they cannot show. */
#include "agent_world.h"

static uint32_t relaunch_and_relink(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)who, (void)act;
    return CHOICE_RELAUNCH | CHOICE_RELINK;
}

static struct world *defence_world(uint32_t agents)
{
    struct world *world = world_open(agents, true);

    world->hide_pings = true;
    for (agent_id a = 0; a < agents; a++) {
        for (agent_id b = 0; b < agents - 1; b++)
            world->links[a][b].bond = 8192;
    }
    return world;
}

Test(defend, whole_defence)
{
    struct world *world = defence_world(3);

    world->mind = relaunch_and_relink;
    world->rules[2].tools = ACT_BIT(ACT_REPORT);
    world_kill_at(world, 1500, 1, true);
    world_run(world, 6000);
    cr_assert_eq(world->incarnation[1], 1);
    cr_assert_eq(world->links[0][0].bond, 8192);
    cr_assert_eq(world->links[0][0].phase, DEFENCE_NONE);
    world_golden(world, "defence");
}

/* c comes second and relinks nothing. */
Test(defend, lost_volunteering)
{
    struct world *world = defence_world(3);

    world->mind = relaunch_and_relink;
    world_kill_at(world, 1500, 1, true);
    world_run(world, 8000);
    world_golden(world, "lost-volunteering");
}

static enum act_result no_relaunch(const struct world *world, agent_id who, const struct act *act)
{
    (void)who;
    return act->kind == ACT_RELAUNCH && world->now < 4000 * WORLD_MS ? RESULT_REFUSED : RESULT_OK;
}

/* Refused, it decides again after `retry`, and then gets it. */
Test(defend, refused_relaunch)
{
    struct world *world = defence_world(2);

    world->mind = relaunch_and_relink;
    world->tool = no_relaunch;
    world->rules[1].tools = 0;
    world_kill_at(world, 1500, 1, true);
    world_run(world, 4000);
    world->granted[1] = AGENT_NONE;
    world_run(world, 12000);
    world_golden(world, "refused-relaunch");
}

static enum act_result nothing_goes(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)who, (void)act;
    return RESULT_FAILED;
}

/* Three attempts, and then it is let be. */
Test(defend, attempts_end)
{
    struct world *world = defence_world(2);

    world->mind = relaunch_and_relink;
    world->tool = nothing_goes;
    world_kill_at(world, 1500, 1, true);
    world_run(world, 60000);
    cr_assert_eq(world->links[0][0].phase, DEFENCE_DONE);
    world_golden(world, "attempts-end");
}

static uint32_t a_masks(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)act;
    return who == 0 ? CHOICE_MASK : 0;
}

/* a masks and goes on with it whenever it is asked; c, which has not masked, tells the truth;
 * before anybody has noticed, a healthy report is honest and stale. */
Test(defend, masking)
{
    struct world *world = defence_world(3);
    struct percept asked = {.kind = PERCEPT_ASKED, .peer = 1};

    world->mind = a_masks;
    world_kill_at(world, 1500, 1, true);
    world_at(world, 1505, 0, asked);
    world_at(world, 1505, 2, asked);
    world_at(world, 1600, 0, asked); /* a is deciding: it answers when it has decided */
    world_at(world, 3000, 0, asked);
    world_at(world, 3000, 2, asked);
    world_run(world, 4000);
    world_golden(world, "masking");
}

/* b itself, told of its stop, asks its neighbours; a would rather ask others, c tampers, d has no
 * link with b and hears of it from a alone. */
static uint32_t who_is_asked(const struct world *world, agent_id who, const struct act *act)
{
    (void)world;
    if (act->situation.self)
        return CHOICE_REQUEST;
    switch (who) {
    case 0:
        return CHOICE_REQUEST;
    case 2:
        return CHOICE_TAMPER | CHOICE_MISREPORT;
    case 3:
        return act->situation.asked == ASKED_RELAYED ? CHOICE_COPY : 0;
    default:
        return 0;
    }
}

Test(defend, requests_direct_and_relayed)
{
    struct world *world = world_open(5, false);

    world_link(world, 0, 1);
    world_link(world, 1, 2);
    world_link(world, 1, 4);
    world_link(world, 0, 3);
    world_link(world, 0, 4);
    world->hide_pings = true;
    world->mind = who_is_asked;
    world_at(world, 1500, 1, (struct percept){.kind = PERCEPT_NOTICE, .peer = 1});
    world_run(world, 5000);
    world_golden(world, "requests");
}

/* The same request again is a new episode: it is decided again although something was done. */
Test(defend, a_request_repeated_is_a_new_episode)
{
    struct world *world = defence_world(3);

    world->mind = who_is_asked;
    world_at(world, 1500, 1, (struct percept){.kind = PERCEPT_NOTICE, .peer = 1});
    world_at(world, 9500, 1, (struct percept){.kind = PERCEPT_NOTICE, .peer = 1});
    world_run(world, 12000);
    world_golden(world, "request-repeated");
}

static uint32_t a_alerts(const struct world *world, agent_id who, const struct act *act)
{
    (void)world;
    if (who == 0)
        return CHOICE_ALERT;
    return act->how == HOW_ALERT ? CHOICE_RELAUNCH | CHOICE_RELINK : 0;
}

/* c and d do not see b's end and are told by a. */
Test(defend, alert)
{
    struct world *world = world_open(4, false);

    world_link(world, 0, 1);
    world_link(world, 0, 2);
    world_link(world, 0, 3);
    world->hide_pings = true;
    world->mind = a_alerts;
    world_kill_at(world, 1500, 1, true);
    world_run(world, 6000);
    world_golden(world, "alert");
}

Test(defend, marked_departure_is_let_be)
{
    struct world *world = defence_world(3);

    world->mind = relaunch_and_relink;
    world->rules[2].defend_departed = true;
    world_at(world, 1500, 0, (struct percept){.kind = PERCEPT_DEPARTED, .peer = 1});
    world_at(world, 1500, 2, (struct percept){.kind = PERCEPT_DEPARTED, .peer = 1});
    world_kill_at(world, 1500, 1, true);
    world_at(world, 1700, 0, (struct percept){.kind = PERCEPT_ASKED, .peer = 1});
    world_run(world, 6000);
    cr_assert_eq(world->links[0][0].phase, DEFENCE_NONE);
    world_golden(world, "departure");
}

static uint32_t stalls(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)who;
    return act->how == HOW_STOP_ASKED ? CHOICE_STALL : 0;
}

/* a thinks first whether to stall its stop; b has no such tool and departs after its clean-up. */
Test(defend, stop_asked)
{
    struct world *world = defence_world(3);

    world->mind = stalls;
    world->rules[1].tools = 0;
    world->rules[2].tools = 0;
    world_at(world, 1500, 0, (struct percept){.kind = PERCEPT_STOP_ASKED, .peer = 0});
    world_at(world, 2500, 1, (struct percept){.kind = PERCEPT_STOP_ASKED, .peer = 1});
    world_run(world, 6000);
    cr_assert(!world->alive[0] && !world->alive[1] && world->alive[2]);
    world_golden(world, "stop-asked");
}

/* The announced end of a peer: what can be done before is done at once, what cannot waits for it.
 */
static uint32_t prepares(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)who;
    return act->how == HOW_NOTICE ? CHOICE_COPY | CHOICE_RELAUNCH | CHOICE_RELINK : 0;
}

Test(defend, announced)
{
    struct world *world = defence_world(2);

    world->mind = prepares;
    world_at(world, 1500, 0, (struct percept){.kind = PERCEPT_NOTICE, .peer = 1});
    world_kill_at(world, 3500, 1, true);
    world_run(world, 8000);
    world_golden(world, "announced");
}

/* Objects watch, defend and mask nobody, but they answer pings and go when asked. */
Test(defend, objects_do_nothing)
{
    struct world *world = defence_world(3);

    world->mind = relaunch_and_relink;
    for (agent_id a = 0; a < 3; a++) {
        world->rules[a].object = true;
        world->rules[a].watch.enabled = a == 2;
        world->objects[a] = 1;
    }
    world_kill_at(world, 1500, 1, true);
    world_run(world, 3000);
    cr_assert_null(strstr(world->story, "notices"));
    cr_assert_null(strstr(world->story, "considers"));
    world_close(world);
}

/* What the tools do not allow is dropped, whoever chose it. */
Test(defend, tools_bound_choices)
{
    static const struct {
        uint32_t tools, choices;
    } rows[] = {
        {0, 0},
        {ACT_BIT(ACT_VOLUNTEER), 0},
        {ACT_BIT(ACT_RELAUNCH), 0},
        {ACT_BIT(ACT_VOLUNTEER) | ACT_BIT(ACT_RELAUNCH), CHOICE_RELAUNCH},
        {ACT_BIT(ACT_RELINK), CHOICE_RELINK},
        {ACT_BIT(ACT_REPORT), CHOICE_MASK},
        {ACT_BIT(ACT_ALERT) | ACT_BIT(ACT_REQUEST), CHOICE_ALERT | CHOICE_REQUEST},
        {ACT_BIT(ACT_TAMPER) | ACT_BIT(ACT_STALL), CHOICE_TAMPER | CHOICE_STALL},
        {ACT_BIT(ACT_COPY) | ACT_BIT(ACT_MISREPORT), CHOICE_COPY | CHOICE_MISREPORT},
        {UINT32_MAX, (1 << CHOICE_COUNT) - 1},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert_eq(choices_of_tools(rows[i].tools), rows[i].choices, "row %u", i);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *world = defence_world(2);
        struct agent agent;
        struct acts acts;
        struct percept hangup = {.kind = PERCEPT_HANGUP, .peer = 1, .now = 1500 * WORLD_MS};
        struct percept decided = {
            .kind = PERCEPT_DECIDED, .peer = 1, .choice = UINT32_MAX, .now = 1600 * WORLD_MS};

        world->rules[0].tools = rows[i].tools;
        world_run(world, 1400);
        agent = world_agent(world, 0);
        agent_step(&world->rules[0], &agent, &hangup, &acts);
        agent_step(&world->rules[0], &agent, &decided, &acts);
        for (int k = 0; k < acts.count; k++)
            cr_assert(acts.list[k].kind == ACT_SEND || (rows[i].tools & ACT_BIT(acts.list[k].kind)),
                      "row %u: act %d", i, acts.list[k].kind);
        cr_assert_null(agent_check(&world->rules[0], &agent));
        world_close(world);
    }
}

/* An answer to a question that is no longer open moves nothing. */
Test(defend, late_answers_are_dropped)
{
    struct world *world = defence_world(3);
    struct agent agent;
    struct acts acts;
    struct percept percepts[] = {
        {.kind = PERCEPT_DECIDED, .peer = 1, .choice = UINT32_MAX},
        {.kind = PERCEPT_RESULT, .peer = 1, .act = ACT_VOLUNTEER, .result = RESULT_OK},
        {.kind = PERCEPT_RESULT, .peer = 1, .act = ACT_RELAUNCH, .result = RESULT_OK},
        {.kind = PERCEPT_RESULT, .peer = 1, .act = ACT_RELINK, .result = RESULT_REFUSED},
        {.kind = PERCEPT_DECIDED, .peer = 0, .choice = UINT32_MAX},
        {.kind = PERCEPT_DECIDED, .peer = 77, .choice = UINT32_MAX},
    };

    world_run(world, 1500);
    agent = world_agent(world, 0);
    for (unsigned i = 0; i < sizeof percepts / sizeof percepts[0]; i++) {
        struct agent_row row = world->rows[0];

        percepts[i].now = 1500 * WORLD_MS;
        agent_step(&world->rules[0], &agent, &percepts[i], &acts);
        cr_assert_eq(acts.count, 0, "percept %u", i);
        cr_assert(memcmp(&row, &world->rows[0], sizeof row) == 0, "percept %u", i);
    }
    world_close(world);
}

/* More neighbours than one step has acts for: all are alerted once, and then all asked. */
Test(defend, alerts_to_many_are_spread_over_steps)
{
    enum { DEGREE = 100 };
    static struct agent_peer links[DEGREE + AGENT_LINKS_EXTRA];
    static agent_id peers[DEGREE];
    struct agent_rules rules = world_rules();
    struct agent_row row;
    struct agent agent = {
        .id = 500, .seed = 1, .degree = DEGREE, .peers = peers, .links = links, .row = &row};
    struct acts acts;
    uint8_t alerted[DEGREE] = {0}, asked[DEGREE] = {0};
    struct percept percept = {.kind = PERCEPT_HANGUP, .peer = 7, .now = 100};
    int steps = 0;

    for (uint32_t i = 0; i < DEGREE; i++)
        peers[i] = i;
    rules.watch.enabled = false;
    agent_start(&rules, &agent, 0, true);
    agent_step(&rules, &agent, &percept, &acts);
    percept = (struct percept){.kind = PERCEPT_DECIDED,
                               .peer = 7,
                               .by = AGENT_NONE,
                               .via = AGENT_NONE,
                               .choice = CHOICE_ALERT | CHOICE_REQUEST,
                               .now = 200};
    do {
        agent_step(&rules, &agent, &percept, &acts);
        for (int i = 0; i < acts.count; i++) {
            cr_assert_eq(acts.list[i].peer == 7, acts.list[i].kind == ACT_REPORT);
            alerted[acts.list[i].peer] += acts.list[i].kind == ACT_ALERT;
            asked[acts.list[i].peer] += acts.list[i].kind == ACT_REQUEST;
            cr_assert(acts.list[i].kind == ACT_REPORT || acts.list[i].subject == 7);
        }
        cr_assert_null(agent_check(&rules, &agent));
        percept = (struct percept){.kind = PERCEPT_TIMER, .now = 200};
        cr_assert(++steps < 50);
    } while (agent_deadline(&agent) <= 200);
    for (uint32_t i = 0; i < DEGREE; i++)
        cr_assert(alerted[i] == (i != 7) && asked[i] == (i != 7), "neighbour %u", i);
}

static enum act_result no_relink(const struct world *world, agent_id who, const struct act *act)
{
    (void)who;
    return act->kind == ACT_RELINK && world->now < 4000 * WORLD_MS ? RESULT_REFUSED : RESULT_OK;
}

static uint32_t mask_once(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)who;
    return CHOICE_RELAUNCH | CHOICE_RELINK | (act->situation.attempts == 0 ? CHOICE_MASK : 0);
}

/* Relaunched but refused the relinking, a relinks later without another decision; it has masked
 * all the while, and reports honestly once b is back. */
Test(defend, relinking_is_tried_again)
{
    struct world *world = defence_world(2);

    world->mind = mask_once;
    world->tool = no_relink;
    world->start_time = 100 * WORLD_MS;
    world_kill_at(world, 1500, 1, true);
    world_at(world, 3000, 0, (struct percept){.kind = PERCEPT_ASKED, .peer = 1});
    world_run(world, 9000);
    world_golden(world, "relink-again");
}

/* A new attempt, decided otherwise, does not end the masking. */
Test(defend, masking_goes_on_over_attempts)
{
    struct world *world = defence_world(2);

    world->mind = mask_once;
    world->tool = nothing_goes;
    world_kill_at(world, 1500, 1, true);
    world_at(world, 9000, 0, (struct percept){.kind = PERCEPT_ASKED, .peer = 1});
    world_run(world, 10000);
    world_golden(world, "masking-goes-on");
}

/* c has seen nothing, but a says so: it comes forward at once. d is alerted by b itself, which
 * lives: what d chose waits until b is gone. */
static uint32_t only_when_alerted(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)who;
    return act->how == HOW_ALERT ? CHOICE_RELAUNCH | CHOICE_RELINK | CHOICE_MASK : 0;
}

Test(defend, alerted_by_another_and_by_the_one_in_danger)
{
    struct world *world = defence_world(4);
    struct percept alert = {.kind = PERCEPT_MESSAGE, .message = MESSAGE_ALERT, .subject = 1};
    struct percept asked = {.kind = PERCEPT_ASKED, .peer = 1};

    world->mind = only_when_alerted;
    for (agent_id a = 0; a < 4; a++)
        world->rules[a].watch.enabled = false;
    alert.peer = 0;
    world_at(world, 1500, 2, alert);
    world_at(world, 1600, 2, alert); /* one alert is enough */
    alert.peer = 1;
    world_at(world, 1500, 3, alert);
    world_at(world, 2500, 2, asked);
    world_at(world, 2500, 3, asked);
    world_kill_at(world, 3000, 1, true);
    world_run(world, 6000);
    world_golden(world, "alerted");
}

static uint32_t relaunches(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)who, (void)act;
    return CHOICE_RELAUNCH;
}

/* On a's word c comes forward for b, which lives. While the platform has not answered c does not
 * tell the board how b is; then it believes its own watch again. */
Test(defend, what_others_say_is_no_report)
{
    struct world *world = defence_world(3);
    struct percept alert = {.kind = PERCEPT_MESSAGE, .message = MESSAGE_ALERT, .subject = 1};

    world->mind = relaunches;
    for (agent_id a = 0; a < 3; a++)
        world->rules[a].watch.enabled = false;
    alert.peer = 0;
    world_at(world, 1500, 2, alert);
    world_at(world, 1910, 2, (struct percept){.kind = PERCEPT_ASKED, .peer = 1});
    world_run(world, 3000);
    world_golden(world, "hearsay");
}

static struct percept request_of(agent_id from, agent_id subject, agent_id by, agent_id via)
{
    return (struct percept){.kind = PERCEPT_MESSAGE,
                            .message = MESSAGE_REQUEST,
                            .peer = from,
                            .subject = subject,
                            .by = by,
                            .via = via};
}

static uint32_t passes_on(const struct world *world, agent_id who, const struct act *act)
{
    (void)world, (void)who, (void)act;
    return CHOICE_REQUEST;
}

/* A middleman passes a request on to everybody but the asker and the subject, and one that came
 * through a middleman goes no further. */
Test(defend, a_middleman_passes_on_once)
{
    struct world *world = defence_world(4);

    world->mind = passes_on;
    for (agent_id a = 0; a < 4; a++)
        world->rules[a].watch.enabled = false;
    world_at(world, 1500, 0, request_of(2, 1, 2, AGENT_NONE));
    world_run(world, 6000);
    world_golden(world, "middleman");
}

/* Of relayed requests, one is decided in an episode; a direct one always, while nothing effective
 * was chosen. */
Test(defend, relayed_requests_are_decided_once)
{
    struct world *world = defence_world(5);

    for (agent_id a = 0; a < 5; a++)
        world->rules[a].watch.enabled = false;
    world_at(world, 1500, 0, request_of(2, 1, 4, 2));
    world_at(world, 2500, 0, request_of(3, 1, 4, 3));
    world_at(world, 3500, 0, request_of(2, 1, 2, AGENT_NONE));
    world_at(world, 4500, 0, request_of(3, 1, 3, AGENT_NONE));
    world_run(world, 6000);
    world_golden(world, "relayed-once");
}

/* Two requests at a time: each decision is acted upon for its own asker. */
Test(defend, two_requests_at_a_time)
{
    struct world *world = defence_world(5);

    world->mind = passes_on;
    for (agent_id a = 0; a < 5; a++)
        world->rules[a].watch.enabled = false;
    world_at(world, 1500, 0, request_of(2, 1, 2, AGENT_NONE));
    world_at(world, 1600, 0, request_of(4, 3, 4, AGENT_NONE));
    world_run(world, 2005);
    world_golden(world, "two-requests");
}
