/* How a peer is watched: golden traces, and the laws of the probe order. */
#include "agent_world.h"

#include <math.h>

Test(watch, direct_probe)
{
    struct world *world = world_open(2, true);

    world_run(world, 2500);
    world_golden(world, "direct-probe");
}

static bool a_cannot_reach_b(const struct world *world, agent_id from, const struct act *act)
{
    return world->now < 1000 * WORLD_MS &&
           ((from == 0 && act->peer == 1) || (from == 1 && act->peer == 0));
}

/* The direct way is cut, the helpers' is not. */
Test(watch, indirect_probe_saves)
{
    struct world *world = world_open(4, true);

    world->lost = a_cannot_reach_b;
    for (agent_id a = 1; a < 4; a++)
        world->rules[a].watch.enabled = false;
    world->seed = 4;
    world_run(world, 1500);
    world_golden(world, "indirect-probe");
}

static bool to_the_silent(const struct world *world, agent_id from, const struct act *act)
{
    const agent_id *silent = world->context;

    return from == *silent || act->peer == *silent;
}

/* The helpers cannot reach it either and say so; suspicion, nobody refutes, death. */
Test(watch, nack_and_confirmed_silence)
{
    struct world *world = world_open(4, true);
    agent_id silent = 1;

    world->lost = to_the_silent;
    world->context = &silent;
    for (agent_id a = 0; a < 4; a++) {
        world->rules[a].tools = 0;
        world->rules[a].watch.enabled = a == 0;
    }
    world->hide_pings = true;
    world_run(world, 40000);
    world_golden(world, "nack");
}

/* A helper that has no link to the subject says at once that it cannot help. */
Test(watch, nack_at_once_without_a_link)
{
    struct world *world = world_open(3, false);
    agent_id silent = 1;

    world_link(world, 0, 1);
    world_link(world, 0, 2);
    world->lost = to_the_silent;
    world->context = &silent;
    for (agent_id a = 1; a < 3; a++)
        world->rules[a].watch.enabled = false;
    world->seed = 3;
    world_run(world, 3000);
    world_golden(world, "nack-at-once");
}

static bool cut_for_three_seconds(const struct world *world, agent_id from, const struct act *act)
{
    return world->now < 3000 * WORLD_MS && to_the_silent(world, from, act);
}

Test(watch, suspicion_is_refuted)
{
    struct world *world = world_open(3, true);
    agent_id silent = 1;

    world->lost = cut_for_three_seconds;
    world->context = &silent;
    world->rules[1].watch.enabled = false;
    world->hide_pings = true;
    world_run(world, 8000);
    cr_assert_eq(world->links[0][0].state, PEER_ALIVE);
    world_golden(world, "refutation");
}

/* Three who find out for themselves believe it sooner than one alone: compare with nack.txt. */
Test(watch, confirmations_shorten_suspicion)
{
    struct world *world = world_open(4, true);
    agent_id silent = 1;

    world->lost = to_the_silent;
    world->context = &silent;
    for (agent_id a = 0; a < 4; a++) {
        world->rules[a].tools = 0;
        world->rules[a].watch.enabled = a != 1;
    }
    world->hide_pings = true;
    world_run(world, 30000);
    world_golden(world, "confirmations");
}

Test(watch, hangup_is_death)
{
    struct world *world = world_open(3, true);

    for (agent_id a = 0; a < 3; a++)
        world->rules[a].tools = 0;
    world->hide_pings = true;
    world_kill_at(world, 1500, 1, true);
    world_run(world, 4000);
    world_golden(world, "hang-up");
}

Test(watch, hangup_is_only_suspicious)
{
    struct world *world = world_open(3, true);

    for (agent_id a = 0; a < 3; a++) {
        world->rules[a].tools = 0;
        world->rules[a].watch.hangup_is_death = false;
    }
    world->hide_pings = true;
    world_kill_at(world, 1500, 1, true);
    world_run(world, 30000);
    world_golden(world, "hang-up-suspicious");
}

/* Frozen for ten seconds in the midst of a probe, it goes on where it stood and suspects nobody. */
Test(watch, paused)
{
    struct world *world = world_open(2, true);

    world->rules[1].watch.enabled = false;
    world_run(world, 1005);
    world_freeze(world, 0, 10000);
    world_run(world, 14000);
    cr_assert_eq(world->links[0][0].state, PEER_ALIVE);
    cr_assert_eq(world->rows[0].health, 0);
    world_golden(world, "paused");
}

/* Which slot each ping of one agent goes to. */
struct pings {
    uint32_t count;
    agent_id to[4096];
};

static void count_pings(struct world *world, agent_id who, const struct act *act)
{
    struct pings *pings = world->context;

    if (who == 0 && act->kind == ACT_SEND && act->message == MESSAGE_PING && pings->count < 4096)
        pings->to[pings->count++] = act->peer;
}

static struct pings pings_of(uint64_t seed, uint32_t agents, uint32_t rounds, uint8_t order)
{
    struct world *world = world_open(agents, true);
    struct pings pings = {0};

    world->seed = seed;
    world->tells = false;
    world->watch = count_pings;
    world->context = &pings;
    world->rules[0].watch.order = order;
    for (agent_id a = 1; a < agents; a++)
        world->rules[a].watch.enabled = false;
    world_run(world, (int64_t)rounds * (agents - 1) * 1000);
    world_close(world);
    cr_assert_eq(pings.count, rounds * (agents - 1));
    return pings;
}

/* SWIM section 4.3: in each pass everybody once. */
Test(watch, round_robin_visits_everybody_once_a_pass)
{
    for (uint32_t agents = 2; agents <= 16; agents++) {
        struct pings pings = pings_of(agents, agents, 40, PROBE_ROUND_ROBIN);
        uint32_t same = 0;

        for (uint32_t pass = 0; pass < 40; pass++) {
            uint32_t seen = 0;

            for (uint32_t i = 0; i < agents - 1; i++) {
                agent_id to = pings.to[pass * (agents - 1) + i];

                cr_assert(!(seen & (1u << to)), "%u agents, pass %u: %u twice", agents, pass, to);
                seen |= 1u << to;
            }
            same += pass > 0 && memcmp(&pings.to[pass * (agents - 1)], &pings.to[0],
                                       (agents - 1) * sizeof pings.to[0]) == 0;
        }
        /* The order is drawn anew: of 39 passes few are like the first, unless there are few ways.
         */
        cr_assert(agents < 4 || same < 20, "%u agents: %u passes alike", agents, same);
    }
}

/* Every peer comes first in a pass equally often: chi square with 7 degrees of freedom. */
Test(watch, round_robin_is_even)
{
    uint32_t first[9] = {0}, second[9][9] = {{0}};
    double chi = 0, chi_pairs = 0;
    const uint32_t passes = 200, seeds = 60;

    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct pings pings = pings_of(seed, 9, passes, PROBE_ROUND_ROBIN);

        for (uint32_t pass = 0; pass < passes; pass++) {
            first[pings.to[8 * pass]]++;
            second[pings.to[8 * pass]][pings.to[8 * pass + 1]]++;
        }
    }
    for (agent_id a = 1; a < 9; a++) {
        double want = passes * seeds / 8.0;

        chi += (first[a] - want) * (first[a] - want) / want;
        for (agent_id b = 1; b < 9; b++) {
            double pairs = passes * seeds / 56.0;

            if (a != b)
                chi_pairs += (second[a][b] - pairs) * (second[a][b] - pairs) / pairs;
        }
    }
    cr_assert(chi < 29.9, "chi square %g", chi);                       /* p = 1e-4 */
    cr_assert(chi_pairs < 102.8, "chi square of pairs %g", chi_pairs); /* 55 degrees, p = 1e-4 */
}

/* When the first watcher of a complete group of 9 picks the one that died in silence. */
struct first_pick {
    agent_id dead;
    time_ns at;
};

static void see_pick(struct world *world, agent_id who, const struct act *act)
{
    struct first_pick *pick = world->context;

    (void)who;
    if (!world->alive[pick->dead] && pick->at == TIME_NEVER && act->kind == ACT_SEND &&
        act->message == MESSAGE_PING && act->by == AGENT_NONE && act->peer == pick->dead)
        pick->at = world->now;
}

/* Mean and standard error, over many seeds, of what `measure` says of a death and its first pick.
 */
static void first_picks(bool aligned, double (*measure)(time_ns died, time_ns picked), double want)
{
    const int runs = 20000;
    double sum = 0, squares = 0, mean, error;
    struct world *world = world_open(9, true);
    struct world fresh = *world;

    for (int run = 0; run < runs; run++) {
        struct random random = random_make(4711, (uint32_t)run, 0, 0, STREAM_TEST, 0);
        int64_t died = 1000 + (int64_t)random_below(&random, 1000);
        struct first_pick pick = {.dead = (agent_id)random_below(&random, 9), .at = TIME_NEVER};
        double x;

        *world = fresh;
        world->tells = false;
        world->watch = see_pick;
        world->context = &pick;
        world->seed = 1000003 + (uint64_t)run;
        for (agent_id a = 0; a < 9; a++) {
            world->rules[a].watch.order = PROBE_RANDOM;
            world->rules[a].watch.aligned = aligned;
            world->rules[a].tools = 0;
            world->rules[a].watch.suspicion_mult = 1000;
        }
        world_kill_at(world, died, pick.dead, false);
        world_run(world, 2000);
        while (pick.at == TIME_NEVER)
            world_run(world, world->now / WORLD_MS + 1000);
        x = measure(died * WORLD_MS, pick.at);
        sum += x;
        squares += x * x;
    }
    mean = sum / runs;
    error = sqrt((squares / runs - mean * mean) / runs);
    cr_assert(fabs(mean - want) < 5 * error, "%g +- %g, exact is %g", mean, error, want);
    *world = fresh;
    world_close(world);
}

/* From the first period that begins after the death to the one of the pick, both counted. */
static double whole_periods(time_ns died, time_ns picked)
{
    const time_ns second = 1000 * WORLD_MS;
    time_ns first = (died + second - 1) / second;

    time_ns periods = picked / second - first + 1;

    return (double)periods;
}

static double periods_since(time_ns died, time_ns picked)
{
    return (double)(picked - died) / 1e9;
}

Test(watch, first_pick_in_aligned_periods)
{
    const double k = 8;

    first_picks(true, whole_periods, 1 / (1 - pow(1 - 1 / k, k)));
}

Test(watch, first_pick_with_independent_phases)
{
    const double k = 8;

    first_picks(false, periods_since,
                k / (k + 1) * (1 - pow(1 - 1 / k, k + 1)) / (1 - pow(1 - 1 / k, k)));
}

/* Lifeguard: who fails to hear anybody slows down, and recovers with each ack. */
Test(watch, local_health_stretches_the_period)
{
    struct world *world = world_open(3, true);
    agent_id silent = 0;

    world->tells = false;
    world->lost = cut_for_three_seconds;
    world->context = &silent;
    for (agent_id a = 0; a < 3; a++)
        world->rules[a].tools = 0;
    /* The probe of 0 s fails at 1 s, and the helper's nack is missed: 2. The next period is 3 s. */
    world_run(world, 1500);
    cr_assert_eq(world->rows[0].health, 2);
    cr_assert_eq(world->rows[0].tick, 4000 * WORLD_MS);
    world_run(world, 60000);
    cr_assert_eq(world->rows[0].health, 0);
    cr_assert_eq(world->rows[0].tick, 60000 * WORLD_MS);
    world_close(world);
}

/* memberlist's figures: 4 periods at the least in a group of ten, six times that alone. */
Test(watch, suspicion_times)
{
    struct world *world = world_open(4, true);
    struct agent agent;
    struct acts acts;
    struct percept percept = {.kind = PERCEPT_MESSAGE,
                              .message = MESSAGE_GOSSIP,
                              .state = PEER_SUSPECT,
                              .peer = 2,
                              .subject = 1,
                              .by = 2,
                              .now = 500 * WORLD_MS};

    world->tells = false;
    world_run(world, 400);
    agent = world_agent(world, 0);
    agent_step(&world->rules[0], &agent, &percept, &acts);
    cr_assert_eq(world->rows[0].other, 24500 * WORLD_MS);
    /* The same accuser again confirms nothing. */
    agent_step(&world->rules[0], &agent, &percept, &acts);
    cr_assert_eq(acts.count, 0);
    cr_assert_eq(world->rows[0].other, 24500 * WORLD_MS);
    /* One of two confirmations: 24 - 20 log 2 / log 3 = 11.381 s. */
    percept.by = 3;
    agent_step(&world->rules[0], &agent, &percept, &acts);
    cr_assert_eq(world->rows[0].other / WORLD_MS, 500 + 11381);
    /* Two of two: the least. */
    percept.by = 5;
    agent_step(&world->rules[0], &agent, &percept, &acts);
    cr_assert_eq(world->rows[0].other / WORLD_MS, 500 + 4000);
    world_close(world);
}

/* SWIM section 4.2, row by row: what an update does to what is believed. */
Test(watch, precedence_of_updates)
{
    static const struct {
        uint8_t before, update;
        uint16_t number_before, number;
        uint8_t after;
    } rows[] = {
        {PEER_ALIVE, PEER_SUSPECT, 3, 3, PEER_SUSPECT},
        {PEER_ALIVE, PEER_SUSPECT, 3, 2, PEER_ALIVE},
        {PEER_SUSPECT, PEER_ALIVE, 3, 3, PEER_SUSPECT},
        {PEER_SUSPECT, PEER_ALIVE, 3, 4, PEER_ALIVE},
        {PEER_SUSPECT, PEER_ALIVE, 3, 2, PEER_SUSPECT},
        {PEER_ALIVE, PEER_DEAD, 3, 3, PEER_DEAD},
        {PEER_ALIVE, PEER_DEAD, 3, 0, PEER_DEAD},
        {PEER_SUSPECT, PEER_DEAD, 3, 0, PEER_DEAD},
        {PEER_ALIVE, PEER_DEAD, 256, 3, PEER_ALIVE},
        {PEER_DEAD, PEER_ALIVE, 3, 3, PEER_DEAD},
        {PEER_DEAD, PEER_ALIVE, 3, 4, PEER_ALIVE},
        {PEER_DEAD, PEER_SUSPECT, 3, 4, PEER_DEAD},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *world = world_open(4, true);
        struct agent agent;
        struct acts acts;
        struct percept percept = {.kind = PERCEPT_MESSAGE,
                                  .message = MESSAGE_GOSSIP,
                                  .peer = 2,
                                  .subject = 1,
                                  .by = 2,
                                  .now = 500 * WORLD_MS};

        world->tells = false;
        world_run(world, 400);
        agent = world_agent(world, 0);
        world->links[0][0].refutation = rows[i].number_before;
        if (rows[i].before != PEER_ALIVE) {
            percept.state = rows[i].before;
            percept.refutation = rows[i].number_before;
            agent_step(&world->rules[0], &agent, &percept, &acts);
        }
        percept.state = rows[i].update;
        percept.refutation = rows[i].number;
        agent_step(&world->rules[0], &agent, &percept, &acts);
        cr_assert_eq(world->links[0][0].state, rows[i].after, "row %u: %u", i,
                     world->links[0][0].state);
        cr_assert_null(agent_check(&world->rules[0], &agent));
        world_close(world);
    }
}

static struct percept gossip_of(agent_id subject, enum peer_state state, uint16_t refutation)
{
    return (struct percept){.kind = PERCEPT_MESSAGE,
                            .message = MESSAGE_GOSSIP,
                            .state = (uint8_t)state,
                            .refutation = refutation,
                            .peer = 2,
                            .subject = subject,
                            .by = 2};
}

/* Only an accusation of one's present number is refuted, by the next one, and it costs health. */
Test(watch, the_accused_refutes)
{
    struct world *world = world_open(4, true);

    world->hide_pings = true;
    world->rules[0].watch.gossip_fanout = 1;
    world_run(world, 400);
    world_step(world, 0, gossip_of(0, PEER_SUSPECT, 0));
    cr_assert_eq(world->rows[0].refutation, 1);
    cr_assert_eq(world->rows[0].health, 1);
    world_step(world, 0, gossip_of(0, PEER_SUSPECT, 0));
    world_step(world, 0, gossip_of(0, PEER_ALIVE, 7));
    world_step(world, 0, gossip_of(0, PEER_LEFT, 7));
    cr_assert_eq(world->rows[0].refutation, 1);
    world_step(world, 0, gossip_of(0, PEER_DEAD, 5));
    cr_assert_eq(world->rows[0].refutation, 6);
    cr_assert_eq(world->rows[0].health, 2);
    cr_assert(strstr(world->story, "a > gossip c: a alive 6") != NULL, "the accuser is told");
    world_close(world);
}

/* An ack counts for the probe under way alone: its number, its subject. */
Test(watch, acks_of_other_probes_are_ignored)
{
    static const struct {
        uint32_t sequence;
        agent_id subject, by;
        bool counts;
    } rows[] = {
        {2, 1, AGENT_NONE, false}, {0, 1, AGENT_NONE, false}, {1, 2, AGENT_NONE, false},
        {1, 1, 2, false},          {1, 1, AGENT_NONE, true},  {1, 1, 0, true},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *world = world_open(3, true);
        agent_id silent = 0;

        world->tells = false;
        world->lost = to_the_silent;
        world->context = &silent;
        world_run(world, 100);
        world->rows[0].probed = 0; /* b */
        world->rows[0].health = 3;
        world_step(world, 0,
                   (struct percept){.kind = PERCEPT_MESSAGE,
                                    .message = MESSAGE_ACK,
                                    .peer = 2,
                                    .sequence = rows[i].sequence,
                                    .subject = rows[i].subject,
                                    .by = rows[i].by});
        cr_assert_eq(world->rows[0].health, rows[i].counts ? 2 : 3, "row %u", i);
        cr_assert_eq(world->rows[0].probe == TIME_NEVER, rows[i].counts, "row %u", i);
        world_close(world);
    }
}

static bool b_hears_nothing_for_ten_seconds(const struct world *world, agent_id from,
                                            const struct act *act)
{
    return world->now < 10000 * WORLD_MS && (from == 1 || act->peer == 1);
}

/* Believed dead by a, b itself suspects nobody: at its first ping that arrives it is told, and
 * refutes. */
Test(watch, the_living_dead_refutes)
{
    struct world *world = world_open(2, true);

    world->lost = b_hears_nothing_for_ten_seconds;
    world->rules[0].tools = ACT_BIT(ACT_REPORT);
    world->rules[1].watch.suspicion_mult = 1000;
    world->hide_pings = true;
    world_run(world, 16000);
    cr_assert_eq(world->links[0][0].state, PEER_ALIVE);
    cr_assert_eq(world->rows[0].unwatched, 0);
    world_golden(world, "living-dead");
}

/* A hundred suspicions that end at one instant: more than fits into a step, but none is lost. */
Test(watch, many_deaths_at_once)
{
    enum { DEGREE = 100 };
    static struct agent_peer links[DEGREE + AGENT_LINKS_EXTRA];
    static agent_id peers[DEGREE];
    struct agent_rules rules = world_rules();
    struct agent_row row;
    struct agent agent = {
        .id = 500, .seed = 1, .degree = DEGREE, .peers = peers, .links = links, .row = &row};
    struct acts acts;
    uint8_t noticed[DEGREE] = {0};
    time_ns end;

    for (uint32_t i = 0; i < DEGREE; i++)
        peers[i] = i;
    rules.watch.gossip_fanout = WATCH_FANOUT_MAX;
    rules.watch.period = 100000 * WORLD_MS;
    rules.watch.aligned = true;
    agent_start(&rules, &agent, 1, true);
    for (agent_id i = 0; i < DEGREE; i++) {
        struct percept percept = gossip_of(i, PEER_SUSPECT, 0);

        agent_step(&rules, &agent, &percept, &acts);
    }
    end = row.other;
    for (int steps = 0; agent_deadline(&agent) <= end; steps++) {
        struct percept timer = {.kind = PERCEPT_TIMER, .now = agent_deadline(&agent)};

        cr_assert(steps < 300);
        agent_step(&rules, &agent, &timer, &acts);
        cr_assert_null(agent_check(&rules, &agent));
        for (int i = 0; i < acts.count; i++) {
            if (acts.list[i].kind == ACT_NOTICED)
                noticed[acts.list[i].peer]++;
        }
    }
    for (uint32_t i = 0; i < DEGREE; i++)
        cr_assert_eq(noticed[i], 1, "%u", i);
    cr_assert_eq(row.unwatched, DEGREE);
}

/* All that an agent waits for moves on by as long as it stood still. */
Test(watch, a_pause_moves_every_deadline)
{
    struct world *world = world_open(3, true);
    agent_id silent = 1;
    struct percept pause = {.kind = PERCEPT_PAUSED, .value = 2500 * WORLD_MS};
    struct agent_row row;
    time_ns ends;

    world->tells = false;
    world->lost = to_the_silent;
    world->context = &silent;
    world->rules[0].checkpoint_every = 60000 * WORLD_MS;
    world->rules[2].watch.enabled = false;
    while (world->links[0][0].state != PEER_SUSPECT)
        world_run(world, world->now / WORLD_MS + 100);
    row = world->rows[0];
    ends = row.other;
    world_step(world, 0, pause);
    cr_assert_eq(row.tick + pause.value, world->rows[0].tick);
    cr_assert_eq(row.other + pause.value, world->rows[0].other);
    cr_assert_eq(row.report_at + 2500, world->rows[0].report_at);
    cr_assert_eq(row.checkpoint_at + 2500, world->rows[0].checkpoint_at);
    /* The suspicion itself lasts longer, not just the timer. */
    world->rows[0].tick = world->rows[0].probe = TIME_NEVER;
    world->now = ends;
    world->rows[0].other = ends;
    world_step(world, 0, (struct percept){.kind = PERCEPT_TIMER});
    cr_assert_eq(world->links[0][0].state, PEER_SUSPECT);
    world->now = world->rows[0].other;
    cr_assert_eq(world->now, ends + pause.value);
    world_step(world, 0, (struct percept){.kind = PERCEPT_TIMER});
    cr_assert_eq(world->links[0][0].state, PEER_DEAD);
    world_close(world);
}

Test(watch, a_pause_moves_the_probe)
{
    struct world *world = world_open(2, true);
    struct percept pause = {.kind = PERCEPT_PAUSED, .value = 2500 * WORLD_MS};

    world->tells = false;
    world_run(world, 5);
    cr_assert_eq(world->rows[0].probe, 500 * WORLD_MS);
    world_step(world, 0, pause);
    cr_assert_eq(world->rows[0].probe, 3000 * WORLD_MS);
    cr_assert_eq(world->rows[0].tick, 3500 * WORLD_MS);
    world_close(world);
}

/* News of an earlier life says nothing about this one. */
Test(watch, the_next_life_has_numbers_of_its_own)
{
    struct world *world = world_open(3, true);

    world->tells = false;
    world_run(world, 400);
    world->links[0][0].refutation = 3;
    world_step(world, 0, (struct percept){.kind = PERCEPT_HANGUP, .peer = 1});
    cr_assert_eq(world->links[0][0].state, PEER_DEAD);
    world_step(world, 0, (struct percept){.kind = PERCEPT_RETURNED, .peer = 1});
    cr_assert_eq(world->links[0][0].refutation, 256);
    world_step(world, 0, gossip_of(1, PEER_DEAD, 200));
    world_step(world, 0, gossip_of(1, PEER_SUSPECT, 200));
    cr_assert_eq(world->links[0][0].state, PEER_ALIVE);
    world_step(world, 0, gossip_of(1, PEER_DEAD, 256));
    cr_assert_eq(world->links[0][0].state, PEER_DEAD);
    world_close(world);
}
