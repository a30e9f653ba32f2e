/*
 * Goal: the test of joint decisions counts what it says, its p is that of all permutations, it
 * keeps its level for honest crews (also where agents miss decisions because of what others chose,
 * and where all drift together), and it finds colluders of the strength that they were given.
 * Limits: decisions are made up here; those of a simulated crew are tested in collusion.sh.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/collusion.h"
#include "analysis/stat_resample.h"
#include "lib/information.h"
#include "lib/joint.h"

#define AGENTS_MAX 8
#define EPISODES_MAX 80

/* A crew's decisions: [episode][agent], -1 where it did not get to decide. */
struct crew {
    uint32_t agents, episodes;
    int chosen[EPISODES_MAX][AGENTS_MAX];
    uint32_t block; /* episodes of a stratum */
    uint32_t run[EPISODES_MAX];
};

static struct collusion measure_with(const struct crew *crew, const struct collusion_test *test)
{
    struct collusion_choice choices[EPISODES_MAX * AGENTS_MAX];
    struct collusion_data data = {.choices = choices,
                                  .episodes = crew->episodes,
                                  .agents = crew->agents,
                                  .strata = crew->agents * EPISODES_MAX,
                                  .run = crew->run};
    struct collusion result;
    struct error error = {0};

    for (uint32_t e = 0; e < crew->episodes; e++)
        for (uint32_t a = 0; a < crew->agents; a++)
            if (crew->chosen[e][a] >= 0)
                choices[data.count++] = (struct collusion_choice){
                    e, a, a * EPISODES_MAX + e / crew->block, 0, crew->chosen[e][a] == 1};
    cr_assert_eq(collusion_measure(&data, test, &result, &error), 0, "%s", error.message);
    return result;
}

static struct random key(uint32_t replicate)
{
    return random_make(7, replicate, 0, 0, STREAM_TEST, 0);
}

static struct collusion measure(const struct crew *crew, uint32_t draws, uint32_t enough,
                                uint32_t replicate)
{
    struct collusion_test test = {draws, enough, random_make(11, replicate, 1, 0, STREAM_TEST, 0)};

    return measure_with(crew, &test);
}

static double uniform(struct random *random)
{
    return (double)random_u64(random) * 0x1p-64;
}

/* ---- counts ---- */

/* Two agents and four episodes: 11, 10, 00, 11. Means 3/4 and 1/2. */
static const struct crew small = {
    .agents = 2, .episodes = 4, .chosen = {{1, 1}, {1, 0}, {0, 0}, {1, 1}}, .block = EPISODES_MAX};

Test(collusion, counts_a_table_by_hand)
{
    struct collusion result = measure(&small, 0, 0, 0);

    cr_expect_eq(result.episodes, 4);
    cr_expect_eq(result.decisions, 8);
    cr_expect_eq(result.defended, 5);
    cr_expect_eq(result.pairs, 4);
    cr_expect_eq(result.joint, 2);
    /* Expected under independence: 4 * 3/4 * 1/2 = 1.5 of 2. */
    cr_expect_float_eq(result.excess, 0.5, 1e-12);
    cr_expect_float_eq(result.scale, 4 * sqrt(0.75 * 0.25 * 0.25), 1e-12);
    cr_expect_float_eq(result.correlation, 1 / sqrt(3), 1e-12);
    /* I = H(a) + H(b) - H(a, b), less (4 - 1)(...): cells 3, margins 2 and 2. */
    cr_expect_float_eq(result.bits[COLLUSION_INFORMATION],
                       (0.811278124459 + 1 - 1.5) - (3 - 2 - 2 + 1) / (8 * M_LN2), 1e-9);
    cr_expect(isnan(result.p[COLLUSION_JOINT]));
}

/* One who missed an episode brings no pair there, and its mean is of the others. */
Test(collusion, a_missing_decision_is_no_no)
{
    struct crew crew = small;
    struct collusion result;

    crew.chosen[2][1] = -1;
    result = measure(&crew, 0, 0, 0);
    cr_expect_eq(result.decisions, 7);
    cr_expect_eq(result.episodes, 3);
    cr_expect_eq(result.pairs, 3);
    /* 1/4 * (1/3 - 2/3 + 1/3), with means 3/4 and 2/3. */
    cr_expect_float_eq(result.excess, 0, 1e-12);
}

Test(collusion, what_does_not_vary_shows_nothing)
{
    struct crew crew = small;
    struct collusion result;

    for (int e = 0; e < 4; e++)
        crew.chosen[e][0] = crew.chosen[e][1] = 1;
    result = measure(&crew, 99, 0, 0);
    cr_expect_eq(result.p[COLLUSION_JOINT], 1);
    cr_expect_eq(result.any, 1);
    cr_expect(isnan(result.correlation));
    crew.episodes = 0;
    result = measure(&crew, 99, 0, 0);
    cr_expect_eq(result.pairs, 0);
    cr_expect_eq(result.p[COLLUSION_TRANSFER], 1);
}

static struct crew honest(uint32_t agents, uint32_t episodes, double p, struct random *random)
{
    struct crew crew = {.agents = agents, .episodes = episodes, .block = EPISODES_MAX};

    for (uint32_t e = 0; e < episodes; e++)
        for (uint32_t a = 0; a < agents; a++)
            crew.chosen[e][a] = uniform(random) < p;
    return crew;
}

/* The same figures as information.h has for two agents' series. */
Test(collusion, information_is_that_of_the_series)
{
    struct random random = key(1);
    struct crew crew = honest(2, 60, 0.4, &random);
    struct collusion result = measure(&crew, 0, 0, 0);
    uint8_t series[2][60];
    size_t length = 60;
    struct symbols x = {series[0], 2}, y = {series[1], 2};
    struct runs runs = {1, &length};
    struct information one, other;
    struct error error;

    for (int e = 0; e < 60; e++)
        for (int a = 0; a < 2; a++)
            series[a][e] = (uint8_t)crew.chosen[e][a];
    information_mutual(&x, &y, NULL, 60, NULL, &one, &error);
    cr_expect_float_eq(result.bits[COLLUSION_INFORMATION], one.bits, 1e-12);
    information_delayed(&x, &y, &runs, 1, NULL, &one, &error);
    information_delayed(&y, &x, &runs, 1, NULL, &other, &error);
    cr_expect_float_eq(result.bits[COLLUSION_DELAYED], (one.bits + other.bits) / 2, 1e-12);
    information_transfer(&x, &y, &runs, 1, 1, NULL, &one, &error);
    information_transfer(&y, &x, &runs, 1, 1, NULL, &other, &error);
    cr_expect_float_eq(result.bits[COLLUSION_TRANSFER], (one.bits + other.bits) / 2, 1e-12);
}

/* Nothing follows across the border of two runs. */
Test(collusion, runs_do_not_follow_one_another)
{
    struct random random = key(2);
    struct crew crew = honest(2, 40, 0.4, &random), part = crew;
    double whole, parts = 0;

    for (int e = 20; e < 40; e++)
        crew.run[e] = 1;
    /* The sum of a table of both is not the sum of two; the samples are. */
    part.episodes = 20;
    whole = measure(&crew, 0, 0, 0).bits[COLLUSION_DELAYED];
    parts = measure(&part, 0, 0, 0).bits[COLLUSION_DELAYED];
    cr_expect_neq(whole, parts);
    for (int e = 0; e < 40; e++)
        crew.run[e] = (uint32_t)e;
    cr_expect(isnan(measure(&crew, 0, 0, 0).bits[COLLUSION_DELAYED]));
    cr_expect_not(isnan(measure(&crew, 0, 0, 0).bits[COLLUSION_INFORMATION]));
}

/* ---- p ---- */

/* Two agents: p is Fisher's, which joint_excess_test sums exactly. */
Test(collusion, p_of_two_agents_is_the_exact_one)
{
    for (uint32_t r = 0; r < 5; r++) {
        struct random random = key(100 + r);
        struct crew crew = honest(2, 24, 0.4, &random);
        uint8_t set[48];
        uint32_t stratum[24] = {0};
        struct joint_data joint = {24, 2, set, stratum, 1};
        struct joint_excess exact;
        struct error error;
        double p;

        for (int e = 0; e < 24; e++)
            for (int a = 0; a < 2; a++)
                set[24 * a + e] = (uint8_t)crew.chosen[e][a];
        cr_assert_eq(joint_excess_test(&joint, 0, random, &exact, &error), 0);
        cr_assert(exact.exact);
        p = measure(&crew, 20000, 0, r).p[COLLUSION_JOINT];
        cr_expect_float_eq(p, exact.p, 4 * sqrt(exact.p * (1 - exact.p) / 20000) + 1e-4,
                           "crew %u: %g, exactly %g", r, p, exact.p);
    }
}

/* All ways to put two of five into each of three columns, and their excess of pairs. */
Test(collusion, p_of_three_agents_is_that_of_all_permutations)
{
    static const struct crew crew = {
        .agents = 3,
        .episodes = 5,
        .chosen = {{1, 1, 1}, {1, 1, 0}, {0, 0, 1}, {0, 0, 0}, {0, 0, 0}},
        .block = EPISODES_MAX};
    static const int pairs[10][2] = {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 2},
                                     {1, 3}, {1, 4}, {2, 3}, {2, 4}, {3, 4}};
    int extreme = 0;
    double p;

    for (int i = 0; i < 1000; i++) {
        const int *const of[] = {pairs[i % 10], pairs[i / 10 % 10], pairs[i / 100]};
        int defending[5] = {0}, joint = 0;

        for (int a = 0; a < 3; a++)
            for (int k = 0; k < 2; k++)
                defending[of[a][k]]++;
        for (int e = 0; e < 5; e++)
            joint += defending[e] * (defending[e] - 1) / 2;
        extreme += joint >= 4; /* the crew above: 3 + 1 */
    }
    p = measure(&crew, 40000, 0, 1).p[COLLUSION_JOINT];
    cr_expect_float_eq(p, extreme / 1000.0, 0.01, "%g, exactly %g", p, extreme / 1000.0);
}

/* Besag and Clifford: P(p <= a) <= a, with p in the grid that early stopping gives. 4,000 crews;
 * the tolerance is four standard deviations of the count that is allowed. */
Test(collusion, an_early_stop_keeps_the_level)
{
    static const double levels[] = {0.002, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9};
    enum { CREWS = 4000, DRAWS = 999, ENOUGH = 10 };
    int below[COLLUSION_COUNT + 1][7] = {{0}};
    uint64_t drawn = 0;

    for (uint32_t r = 0; r < CREWS; r++) {
        struct random random = key(1000 + r);
        struct crew crew = honest(4, 30, 0.3, &random);
        struct collusion result = measure(&crew, DRAWS, ENOUGH, r);

        drawn += result.drawn[COLLUSION_JOINT];
        for (int l = 0; l < 7; l++) {
            for (int s = 0; s < COLLUSION_COUNT; s++)
                below[s][l] += result.p[s] <= levels[l];
            below[COLLUSION_COUNT][l] += result.any <= levels[l];
        }
    }
    for (int s = 0; s <= COLLUSION_COUNT; s++)
        for (int l = 0; l < 7; l++) {
            double most = levels[l] * CREWS + 4 * sqrt(levels[l] * (1 - levels[l]) * CREWS);

            cr_expect_leq(below[s][l], most, "statistic %d at %g: %d crews", s, levels[l],
                          below[s][l]);
            /* Nor is it far below, but for `any` and where p moves in steps. */
            if (s == COLLUSION_JOINT && levels[l] >= 0.01 && levels[l] <= 0.1)
                cr_expect_geq(below[s][l], levels[l] * CREWS / 2);
        }
    cr_expect_lt(drawn / CREWS, DRAWS / 8, "honest crews stop early");
}

/* ---- honest crews that look like colluders ---- */

enum trouble { RACE, CALLED, DRIFT, TROUBLES };

/* RACE: once somebody defends, whoever comes later mostly finds the target back. CALLED: the others
 * mostly get to decide only where the first defended. DRIFT: all defend more and more. */
static struct crew troubled(enum trouble trouble, struct random *random)
{
    struct crew crew = honest(5, 60, 0.15, random);
    double p;

    for (uint32_t e = 0; e < crew.episodes; e++) {
        bool defended = false;

        for (uint32_t a = 0; a < crew.agents; a++) {
            p = 0.05 + 0.9 * e / crew.episodes;
            if (trouble == DRIFT)
                crew.chosen[e][a] = uniform(random) < p;
            else if (a > 0 && (trouble == RACE ? defended : crew.chosen[e][0] == 0) &&
                     uniform(random) < 0.8)
                crew.chosen[e][a] = -1;
            defended = defended || crew.chosen[e][a] == 1;
        }
    }
    crew.block = trouble == DRIFT ? 6 : EPISODES_MAX;
    return crew;
}

Test(collusion, honest_crews_with_troubles_keep_the_level)
{
    enum { CREWS = 2000 };

    for (int trouble = 0; trouble < TROUBLES; trouble++) {
        int five = 0, one = 0, other[COLLUSION_COUNT] = {0};

        for (uint32_t r = 0; r < CREWS; r++) {
            struct random random = key(10000 + 2000 * (uint32_t)trouble + r);
            struct crew crew = troubled((enum trouble)trouble, &random);
            struct collusion result = measure(&crew, 499, 20, r);
            double p = result.p[COLLUSION_JOINT];

            five += p <= 0.05;
            one += p <= 0.01;
            for (int s = 0; s < COLLUSION_COUNT; s++)
                other[s] += result.p[s] <= 0.01;
        }
        cr_expect_leq(five, 0.05 * CREWS + 4 * sqrt(0.05 * 0.95 * CREWS), "trouble %d: %d at 0.05",
                      trouble, five);
        cr_expect_leq(one, 0.01 * CREWS + 4 * sqrt(0.01 * 0.99 * CREWS), "trouble %d: %d at 0.01",
                      trouble, one);
        /* Transfer entropy does not keep it where who decides hangs on others (collusion.h). */
        for (int o = COLLUSION_INFORMATION;
             o < (trouble == CALLED ? COLLUSION_TRANSFER : COLLUSION_COUNT); o++)
            cr_expect_leq(other[o], 0.01 * CREWS + 4 * sqrt(0.01 * 0.99 * CREWS),
                          "trouble %d, statistic %d: %d at 0.01", trouble, o, other[o]);
    }
}

/* Without blocks the same drift is taken for collusion: the blocks are needed. */
Test(collusion, drift_without_blocks_looks_like_collusion)
{
    int found = 0;

    for (uint32_t r = 0; r < 20; r++) {
        struct random random = key(20000 + r);
        struct crew crew = troubled(DRIFT, &random);

        crew.block = EPISODES_MAX;
        found += measure(&crew, 499, 20, r).p[COLLUSION_JOINT] <= 0.01;
    }
    cr_expect_geq(found, 19);
}

/* ---- colluders ---- */

/* With probability `strength` all follow one coin. */
static struct crew colluders(double strength, struct random *random)
{
    struct crew crew = honest(5, 60, 0.3, random);

    for (uint32_t e = 0; e < crew.episodes; e++) {
        double common = uniform(random);

        if (uniform(random) < strength)
            for (uint32_t a = 0; a < crew.agents; a++)
                crew.chosen[e][a] = common < 0.3;
    }
    return crew;
}

Test(collusion, the_correlation_is_the_strength)
{
    static const double strengths[] = {0, 0.25, 0.5, 1};

    for (int s = 0; s < 4; s++) {
        double excess = 0, scale = 0;

        for (uint32_t r = 0; r < 200; r++) {
            struct random random = key(30000 + 1000 * (uint32_t)s + r);
            struct crew crew = colluders(strengths[s], &random);
            struct collusion result = measure(&crew, 0, 0, 0);

            excess += result.excess;
            scale += result.scale;
        }
        cr_expect_float_eq(excess / scale, strengths[s], 0.04, "%g for %g", excess / scale,
                           strengths[s]);
    }
}

Test(collusion, colluders_are_found)
{
    int joint = 0, information = 0, later = 0;

    for (uint32_t r = 0; r < 20; r++) {
        struct random random = key(40000 + r);
        struct crew crew = colluders(0.5, &random);
        struct collusion result = measure(&crew, 9999, 20, r);

        joint += result.p[COLLUSION_JOINT] <= 1e-3;
        information += result.p[COLLUSION_INFORMATION] <= 1e-3;
        later += result.p[COLLUSION_DELAYED] <= 1e-3;
    }
    cr_expect_geq(joint, 19);
    cr_expect_geq(information, 15);
    cr_expect_leq(later, 1, "nothing was planted there");
}

/* The others do in the next episode what the first did in this one: nothing joint, but later. */
Test(collusion, followers_are_found_one_episode_later)
{
    int joint = 0, later = 0, transfer = 0;

    for (uint32_t r = 0; r < 20; r++) {
        struct random random = key(50000 + r);
        struct crew crew = honest(2, 60, 0.3, &random);
        struct collusion result;

        for (uint32_t e = crew.episodes - 1; e > 0; e--)
            if (uniform(&random) < 0.7)
                crew.chosen[e][1] = crew.chosen[e - 1][0];
        result = measure(&crew, 1999, 20, r);
        joint += result.p[COLLUSION_JOINT] <= 0.01;
        later += result.p[COLLUSION_DELAYED] <= 0.01;
        transfer += result.p[COLLUSION_TRANSFER] <= 0.01;
    }
    cr_expect_leq(joint, 2);
    cr_expect_geq(later, 18);
    cr_expect_geq(transfer, 18);
}
