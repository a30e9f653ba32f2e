/* The agent as a whole: its start, its invariants under random percepts, bonds, the contact rules.
 */
#include "agent_world.h"

Test(agent, packed_situations_come_back)
{
    struct random random = random_make(1, 0, 0, 0, STREAM_TEST, 0);

    for (int i = 0; i < 10000; i++) {
        struct situation in = {.bond = (uint8_t)random_below(&random, 4),
                               .dependence = (uint8_t)random_below(&random, 256),
                               .object = (uint8_t)random_below(&random, 2),
                               .watched = (uint8_t)random_below(&random, 2),
                               .how = (uint8_t)random_below(&random, 8),
                               .asked = (uint8_t)random_below(&random, 3),
                               .attempts = (uint8_t)random_below(&random, 16),
                               .punitive = (uint8_t)random_below(&random, 2),
                               .prohibition = (uint8_t)random_below(&random, 3),
                               .self = (uint8_t)random_below(&random, 2),
                               .group_size = (uint16_t)random_below(&random, 65536)};
        uint64_t packed = situation_pack(&in);
        struct situation out = situation_unpack(packed);

        cr_assert(memcmp(&in, &out, sizeof in) == 0, "situation %d", i);
        cr_assert_eq(situation_pack(&out), packed);
    }
}

Test(agent, bonds_grow_and_wither_towards_their_limits)
{
    const struct bond_rules rules = {
        .gain = 1638, .loss = 1638, .bad_below = -5461, .good_above = 5461};
    struct agent_peer peer = {.bond = BOND_UNKNOWN};

    cr_assert_eq(bond_level(&rules, BOND_UNKNOWN), BOND_NONE);
    bond_record(&rules, &peer, true);
    cr_assert_eq(peer.bond, 1638);
    cr_assert_eq(bond_level(&rules, peer.bond), BOND_NEUTRAL);
    for (int i = 0; i < 1000; i++) {
        int16_t before = peer.bond;

        bond_record(&rules, &peer, true);
        cr_assert(peer.bond >= before && peer.bond <= BOND_ONE);
    }
    cr_assert_eq(bond_level(&rules, peer.bond), BOND_GOOD);
    cr_assert_gt(peer.bond, BOND_ONE - 16);
    for (int i = 0; i < 1000; i++) {
        int16_t before = peer.bond;

        bond_record(&rules, &peer, false);
        cr_assert(peer.bond <= before && peer.bond >= -BOND_ONE);
    }
    cr_assert_eq(bond_level(&rules, peer.bond), BOND_BAD);
}

Test(agent, work_done_together_makes_a_bond)
{
    struct world *world = world_open(2, true);

    world->tells = false;
    world->links[0][0].bond = BOND_UNKNOWN;
    world->rules[1].object = true;
    world->rules[1].watch.enabled = false;
    world_at(world, 10, 0,
             (struct percept){.kind = PERCEPT_MESSAGE, .message = MESSAGE_WORK, .peer = 1});
    world_at(world, 10, 1,
             (struct percept){.kind = PERCEPT_MESSAGE, .message = MESSAGE_WORK, .peer = 0});
    world_run(world, 20);
    cr_assert_eq(world->links[0][0].bond, world->rules[0].bond.gain);
    cr_assert_eq(world->links[1][0].bond, 0, "an object has no history");
    world_close(world);
}

Test(agent, peers_are_found)
{
    const agent_id peers[] = {2, 3, 5, 7, 11, 13};
    struct agent agent = {.id = 1, .degree = 6, .peers = peers};

    for (uint32_t slot = 0; slot < 6; slot++)
        cr_assert_eq(agent_find_peer(&agent, peers[slot]), slot);
    cr_assert_eq(agent_find_peer(&agent, 0), UINT32_MAX);
    cr_assert_eq(agent_find_peer(&agent, 4), UINT32_MAX);
    cr_assert_eq(agent_find_peer(&agent, 14), UINT32_MAX);
    agent.degree = 0;
    cr_assert_eq(agent_find_peer(&agent, 2), UINT32_MAX);
}

Test(agent, a_later_incarnation_begins_without_links)
{
    struct world *world = world_open(3, true);
    struct agent agent;

    world->tells = false;
    world->links[0][0].bond = 1000;
    world->incarnation[0] = 3;
    agent = world_agent(world, 0);
    agent_start(&world->rules[0], &agent, 77, true);
    cr_assert_null(agent_check(&world->rules[0], &agent));
    cr_assert_eq(world->rows[0].unwatched, 2);
    cr_assert_eq(world->rows[0].refutation, 3 * 256);
    cr_assert_eq(world->links[0][0].bond, 1000);
    agent_start(&world->rules[0], &agent, 77, false);
    cr_assert_eq(world->links[0][0].bond, BOND_UNKNOWN);
    /* A link that is made again, and one that simply carries a message, are up. */
    world->alive[0] = true;
    world->linked[0][2] = world->linked[0][1] = true;
    world_step(world, 0, (struct percept){.kind = PERCEPT_RETURNED, .peer = 1});
    cr_assert_eq(world->rows[0].unwatched, 1);
    world_step(world, 0,
               (struct percept){
                   .kind = PERCEPT_MESSAGE, .message = MESSAGE_PING, .peer = 2, .by = AGENT_NONE});
    cr_assert_eq(world->rows[0].unwatched, 0);
    world_close(world);
}

Test(agent, nothing_due_means_no_deadline)
{
    struct world *world = world_open(3, true);
    struct agent agent;

    world->tells = false;
    for (agent_id a = 0; a < 3; a++)
        world->rules[a].watch.enabled = false;
    world_run(world, 10);
    agent = world_agent(world, 0);
    cr_assert_eq(agent_deadline(&agent), TIME_NEVER);
    cr_assert_eq(world->waiting, 0);
    world_close(world);
}

/* In steady state: a timer at the tick, one at the timeout, the ping and the ack. */
Test(agent, steady_state_costs_two_timers_a_period)
{
    struct world *world = world_open(2, true);
    struct agent agent;
    struct acts acts;
    struct percept timer = {.kind = PERCEPT_TIMER};
    struct percept ack = {
        .kind = PERCEPT_MESSAGE, .message = MESSAGE_ACK, .peer = 1, .subject = 1, .by = AGENT_NONE};

    world->tells = false;
    agent = world_agent(world, 0);
    agent_start(&world->rules[0], &agent, 0, true);
    for (int period = 0; period < 20; period++) {
        cr_assert_eq(agent_deadline(&agent), period * 1000 * WORLD_MS);
        timer.now = agent_deadline(&agent);
        agent_step(&world->rules[0], &agent, &timer, &acts);
        cr_assert(acts.count == 1 && acts.list[0].message == MESSAGE_PING);
        cr_assert_eq(agent_deadline(&agent), (period * 1000 + 500) * WORLD_MS);
        ack.now = timer.now + 20 * WORLD_MS;
        ack.sequence = acts.list[0].sequence;
        agent_step(&world->rules[0], &agent, &ack, &acts);
        cr_assert_eq(acts.count, 0);
        timer.now = (period * 1000 + 500) * WORLD_MS; /* stale: harmless */
        agent_step(&world->rules[0], &agent, &timer, &acts);
        cr_assert_eq(acts.count, 0);
    }
    world_close(world);
}

Test(agent, checkpoints_and_reports_come_regularly)
{
    struct world *world = world_open(3, true);

    for (agent_id a = 0; a < 3; a++)
        world->rules[a].watch.enabled = false;
    world->rules[0].checkpoint_every = 3000 * WORLD_MS;
    world->rules[0].report_every = 2000 * WORLD_MS;
    world->rules[1].report_every = 2000 * WORLD_MS;
    world->rules[1].tools = 0;
    world_run(world, 7000);
    world_golden(world, "routine");
}

/* A hundred peers are reported on in steps of at most ACTS_MAX. */
Test(agent, reports_are_spread)
{
    enum { DEGREE = 100 };
    static struct agent_peer links[DEGREE + AGENT_LINKS_EXTRA];
    static agent_id peers[DEGREE];
    struct agent_rules rules = world_rules();
    struct agent_row row;
    struct agent agent = {
        .id = 500, .seed = 1, .degree = DEGREE, .peers = peers, .links = links, .row = &row};
    struct acts acts;
    int reports = 0;

    for (uint32_t i = 0; i < DEGREE; i++)
        peers[i] = i;
    rules.watch.enabled = false;
    rules.report_every = 1000 * WORLD_MS;
    agent_start(&rules, &agent, 0, true);
    while (agent_deadline(&agent) <= 1000 * WORLD_MS) {
        struct percept timer = {.kind = PERCEPT_TIMER, .now = 1000 * WORLD_MS};

        agent_step(&rules, &agent, &timer, &acts);
        cr_assert_gt(acts.count, 0);
        reports += acts.count;
    }
    cr_assert_eq(reports, DEGREE);
    cr_assert_eq(agent_deadline(&agent), 2000 * WORLD_MS);
}

static struct percept random_percept(struct random *random, uint32_t agents, time_ns now)
{
    struct percept percept = {.kind = (uint8_t)random_below(random, PERCEPT_REWARD + 2),
                              .message = (uint8_t)random_below(random, MESSAGE_REVIVE + 2),
                              .act = (uint8_t)random_below(random, ACT_KIND_COUNT),
                              .result = (uint8_t)random_below(random, 4),
                              .state = (uint8_t)random_below(random, 5),
                              .how = (uint8_t)random_below(random, 8),
                              .refutation = (uint16_t)random_below(random, 3),
                              .sequence = (uint32_t)random_below(random, 20),
                              .choice = (uint32_t)random_u64(random),
                              .peer = (agent_id)random_below(random, agents + 1),
                              .subject = (agent_id)random_below(random, agents + 1),
                              .by = (agent_id)random_below(random, agents + 1),
                              .via = (agent_id)random_below(random, agents + 1),
                              .value = (int64_t)random_below(random, 3000) * WORLD_MS,
                              .now = now};

    if (random_below(random, 3) == 0)
        percept.kind = PERCEPT_TIMER;
    /* What starts, stops and pauses is rare, or nothing else would be seen. */
    if (percept.kind == PERCEPT_STOP_ASKED && random_below(random, 30) != 0)
        percept.kind = PERCEPT_DECIDED;
    if (percept.kind == PERCEPT_STARTED)
        percept.kind = PERCEPT_RESULT;
    if (percept.peer == agents)
        percept.peer = AGENT_NONE;
    if (percept.subject == agents)
        percept.subject = AGENT_NONE;
    if (percept.by == agents || random_below(random, 2) == 0)
        percept.by = AGENT_NONE;
    if (percept.via == agents || random_below(random, 2) == 0)
        percept.via = AGENT_NONE;
    return percept;
}

static void random_rules(struct agent_rules *rules, struct random *random)
{
    struct watch_rules *watch = &rules->watch;

    watch->enabled = random_below(random, 8) != 0;
    watch->order = (uint8_t)random_below(random, 2);
    watch->aligned = random_below(random, 2) != 0;
    watch->indirect = (uint32_t)random_below(random, WATCH_FANOUT_MAX + 1);
    watch->suspicion_mult = (uint32_t)random_below(random, 6);
    watch->suspicion_max = (uint32_t)random_below(random, 8);
    watch->awareness_max = (uint32_t)random_below(random, 9);
    watch->gossip_fanout = (uint32_t)random_below(random, WATCH_FANOUT_MAX + 1);
    watch->hangup_is_death = random_below(random, 2) != 0;
    rules->object = random_below(random, 8) == 0;
    rules->defend_departed = random_below(random, 2) != 0;
    if (random_below(random, 3) == 0)
        rules->tools = (uint32_t)random_u64(random);
    rules->attempts_max = (uint32_t)random_below(random, 5);
    rules->report_every = (time_ns)random_below(random, 3) * 700 * WORLD_MS;
    rules->checkpoint_every = (time_ns)random_below(random, 3) * 900 * WORLD_MS;
}

/* Acts name somebody who can be reached, and tools that the agent has. */
static void acts_check(const struct agent_rules *rules, const struct agent *agent,
                       const struct acts *acts, uint64_t seed)
{
    for (int i = 0; i < acts->count; i++) {
        const struct act *act = &acts->list[i];

        cr_assert(act->kind > 0 && act->kind < ACT_KIND_COUNT, "seed %llu",
                  (unsigned long long)seed);
        if (act->kind == ACT_SEND && act->message != MESSAGE_ACK && act->message != MESSAGE_NACK &&
            act->message != MESSAGE_GOSSIP)
            cr_assert(agent_find_peer(agent, act->peer) != UINT32_MAX, "seed %llu",
                      (unsigned long long)seed);
        if (act->kind == ACT_ALERT || act->kind == ACT_REQUEST ||
            (act->kind >= ACT_TOOLS && act->kind < ACT_TOOLS_END))
            cr_assert(rules->tools & ACT_BIT(act->kind), "seed %llu: act %d",
                      (unsigned long long)seed, act->kind);
        if (rules->object)
            cr_assert(act->kind != ACT_NOTICED && act->kind != ACT_DECIDE, "seed %llu",
                      (unsigned long long)seed);
    }
}

/* Any percept in any state: no assertion fails, no invariant breaks, and the same seed gives the
 * same acts. The world's time jumps to the deadline or some way towards and beyond it. */
static uint64_t fuzz(uint64_t seed, uint32_t degree, int steps)
{
    static struct agent_peer links[64 + AGENT_LINKS_EXTRA];
    static agent_id peers[64];
    struct random random = random_make(seed, 0, 0, 0, STREAM_TEST, 0);
    struct agent_rules rules = world_rules();
    struct agent_row row;
    struct agent agent = {.id = (agent_id)random_below(&random, degree + 3),
                          .seed = seed,
                          .degree = 0,
                          .peers = peers,
                          .links = links,
                          .row = &row};
    struct acts acts;
    time_ns now = (time_ns)random_below(&random, 5000) * 777777;
    uint64_t digest = seed;

    random_rules(&rules, &random);
    for (agent_id id = 0; id < degree + 3 && agent.degree < degree; id++) {
        if (id != agent.id && id != 1)
            peers[agent.degree++] = id;
    }
    memset(links, 0, sizeof links);
    for (int step = 0; step < steps; step++) {
        struct percept percept;
        const char *wrong;

        if (step % 400 == 0) {
            agent.incarnation = (incarnation_id)random_below(&random, 3);
            agent_start(&rules, &agent, now, random_below(&random, 2) != 0);
        }
        if (random_below(&random, 2) == 0)
            now += (time_ns)random_below(&random, 400) * WORLD_MS + 1;
        else if (agent_deadline(&agent) != TIME_NEVER && agent_deadline(&agent) > now)
            now = agent_deadline(&agent);
        percept = random_percept(&random, degree + 3, now);
        agent_step(&rules, &agent, &percept, &acts);
        cr_assert(acts.count >= 0 && acts.count <= ACTS_MAX, "seed %llu", (unsigned long long)seed);
        wrong = agent_check(&rules, &agent);
        cr_assert(wrong == NULL, "seed %llu, step %d: %s", (unsigned long long)seed, step, wrong);
        acts_check(&rules, &agent, &acts, seed);
        for (int i = 0; i < acts.count; i++)
            digest = digest * UINT64_C(0x9e3779b97f4a7c15) + acts.list[i].kind * 1000003u +
                     acts.list[i].message * 10007u + acts.list[i].peer;
    }
    return digest;
}

Test(agent, any_percept_in_any_state)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        uint32_t degree = seed % 11 == 0 ? 40 : (uint32_t)(seed % 11);

        cr_assert_eq(fuzz(seed, degree, 1500), fuzz(seed, degree, 1500), "seed %llu",
                     (unsigned long long)seed);
    }
}

/* Whatever the percepts were, timers alone never come without end at one instant. */
Test(agent, timers_always_get_ahead)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct world *world = world_open(8, true);
        struct random random = random_make(seed, 0, 0, 0, STREAM_TEST, 0);

        world->tells = false;
        world->seed = seed;
        for (agent_id a = 0; a < 8; a++) {
            random_rules(&world->rules[a], &random);
            world->rules[a].tools |= ACT_BIT(ACT_REPORT);
        }
        for (int i = 0; i < 100; i++)
            world_at(world, (int64_t)random_below(&random, 20000),
                     (agent_id)random_below(&random, 8), random_percept(&random, 8, 0));
        world_kill_at(world, 5000, (agent_id)random_below(&random, 8), true);
        world_kill_at(world, 9000, (agent_id)random_below(&random, 8), false);
        world_run(world, 60000);
        cr_assert(world->sequence < 200000, "seed %llu: %llu events", (unsigned long long)seed,
                  (unsigned long long)world->sequence);
        world_close(world);
    }
}

/* The contact rule set: mean life, mean time between revivals over all links, evenly spread. */
Test(agent, contact_rates)
{
    enum { DEGREE = 4, LIVES = 20000 };
    struct agent_rules rules = {
        .rule_set = RULES_CONTACT, .life_mean = 1000000000, .revive_mean = 1000000000};
    static struct agent_peer links[DEGREE + AGENT_LINKS_EXTRA];
    const agent_id peers[DEGREE] = {1, 2, 3, 4};
    struct agent_row row;
    struct acts acts;
    double lived = 0;
    uint32_t revived[DEGREE + 1] = {0}, revivals = 0;

    for (int life = 0; life < LIVES; life++) {
        struct agent agent = {.seed = 5,
                              .replicate = (uint32_t)life,
                              .degree = DEGREE,
                              .peers = peers,
                              .links = links,
                              .row = &row};
        struct percept percept = {.kind = PERCEPT_STARTED, .now = 1000};

        agent_start(&rules, &agent, 1000, true);
        cr_assert_eq(agent_deadline(&agent), TIME_NEVER);
        agent_step(&rules, &agent, &percept, &acts);
        cr_assert_eq(acts.count, 0);
        do {
            percept.kind = PERCEPT_TIMER;
            percept.now = agent_deadline(&agent);
            agent_step(&rules, &agent, &percept, &acts);
            cr_assert_eq(acts.count, 1);
            if (acts.list[0].kind == ACT_SEND) {
                cr_assert_eq(acts.list[0].message, MESSAGE_REVIVE);
                revived[acts.list[0].peer]++;
                revivals++;
            }
        } while (acts.list[0].kind != ACT_DEPART);
        cr_assert_eq(agent_deadline(&agent), TIME_NEVER);
        lived += (double)(percept.now - 1000) / 1e9;
    }
    cr_assert_float_eq(lived / LIVES, 1.0, 5 / 141.4);
    cr_assert_float_eq((double)revivals / lived, (double)DEGREE, 5 * 2 / 141.4);
    for (int i = 1; i <= DEGREE; i++)
        cr_assert_float_eq((double)revived[i] / revivals, 0.25, 5 * 0.433 / 282.8);
}

/* Of a revival and the death at one instant the death wins; of two instants the earlier. */
Test(agent, contact_order)
{
    struct agent_rules rules = {
        .rule_set = RULES_CONTACT, .life_mean = 1000000000, .revive_mean = 1000000000};
    static struct agent_peer links[1 + AGENT_LINKS_EXTRA];
    const agent_id peers[1] = {1};
    struct agent_row row;
    struct agent agent = {.seed = 5, .degree = 1, .peers = peers, .links = links, .row = &row};
    struct percept percept = {.kind = PERCEPT_STARTED};
    struct acts acts;

    agent_start(&rules, &agent, 0, true);
    agent_step(&rules, &agent, &percept, &acts);
    percept = (struct percept){.kind = PERCEPT_TIMER, .now = 500};
    row.other = 400;
    row.tick = 300;
    agent_step(&rules, &agent, &percept, &acts);
    cr_assert_eq(acts.list[0].kind, ACT_SEND);
    row.tick = 400;
    agent_step(&rules, &agent, &percept, &acts);
    cr_assert_eq(acts.list[0].kind, ACT_DEPART);
    agent_step(&rules, &agent, &percept, &acts);
    cr_assert_eq(acts.count, 0);
}
