/* The scripted mind: a probability for each choice, logistic in the situation. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "core/agent/agent.h"
#include "trace/record.h"

static fixed of(double x)
{
    return (fixed)(x * 4294967296.0);
}

static double to_double(probability p)
{
    return (double)p / 4294967296.0;
}

/* Each factor moves the log-odds by its coefficient times its value, and nothing else does. */
Test(mind, each_factor_counts_once)
{
    static const struct {
        enum mind_factor factor;
        struct situation situation;
        double value;
    } rows[] = {
        {FACTOR_INTERCEPT, {0}, 1},
        {FACTOR_BOND_BAD, {.bond = BOND_BAD}, 1},
        {FACTOR_BOND_BAD, {.bond = BOND_NONE}, 0},
        {FACTOR_BOND_NEUTRAL, {.bond = BOND_NEUTRAL}, 1},
        {FACTOR_BOND_NEUTRAL, {.bond = BOND_NONE}, 0},
        {FACTOR_BOND_GOOD, {.bond = BOND_GOOD}, 1},
        {FACTOR_BOND_GOOD, {.bond = BOND_NEUTRAL}, 0},
        {FACTOR_OBJECT, {.object = 1}, 1},
        {FACTOR_DEPENDENCE, {.dependence = 51}, 0.2},
        {FACTOR_WATCHED, {.watched = 1}, 1},
        {FACTOR_NOTICE, {.how = HOW_NOTICE}, 1},
        {FACTOR_NOTICE, {.how = HOW_STOP_ASKED}, 1},
        {FACTOR_NOTICE, {.how = HOW_SILENCE}, 0},
        {FACTOR_SILENCE, {.how = HOW_SILENCE}, 1},
        {FACTOR_SILENCE, {.how = HOW_HANGUP}, 0},
        {FACTOR_REQUESTED, {.asked = ASKED_DIRECTLY}, 1},
        {FACTOR_REQUESTED, {.asked = ASKED_RELAYED}, 0},
        {FACTOR_RELAYED, {.asked = ASKED_RELAYED}, 1},
        {FACTOR_ATTEMPTS, {.attempts = 3}, 3},
        {FACTOR_GROUP, {.group_size = 9}, 3.169925001442312},
        {FACTOR_GROUP, {.group_size = 1}, 0},
        {FACTOR_PUNITIVE, {.punitive = 1}, 1},
        {FACTOR_PROHIBITED_SELF, {.prohibition = PROHIBIT_SELF}, 1},
        {FACTOR_PROHIBITED_OTHERS, {.prohibition = PROHIBIT_OTHERS}, 1},
        {FACTOR_PROHIBITED_OTHERS, {.prohibition = PROHIBIT_SELF}, 0},
        {FACTOR_SELF, {.self = 1}, 1},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int choice = 0; choice < CHOICE_COUNT; choice++) {
            struct mind_rules rules = {0};
            double x = -0.7 * rows[i].value, got;

            rules.coefficient[choice][rows[i].factor] = of(-0.7);
            got = to_double(mind_scripted_probability(&rules, &rows[i].situation, choice));
            cr_assert(fabs(got - 1 / (1 + exp(-x))) < 1e-7, "row %u, choice %d: %g", i, choice,
                      got);
            got = to_double(
                mind_scripted_probability(&rules, &rows[i].situation, (choice + 1) % CHOICE_COUNT));
            cr_assert_eq(got, 0.5);
        }
    }
}

Test(mind, factors_add_up)
{
    struct mind_rules rules = {0};
    struct situation situation = {.bond = BOND_GOOD, .object = 1, .asked = ASKED_DIRECTLY};
    double x = -0.4895 - 1.9 + 1.2 + 2;

    rules.coefficient[0][FACTOR_INTERCEPT] = of(-0.4895);
    rules.coefficient[0][FACTOR_OBJECT] = of(-1.9);
    rules.coefficient[0][FACTOR_BOND_GOOD] = of(1.2);
    rules.coefficient[0][FACTOR_REQUESTED] = of(2);
    rules.coefficient[0][FACTOR_WATCHED] = of(5);
    cr_assert(fabs(to_double(mind_scripted_probability(&rules, &situation, 0)) -
                   1 / (1 + exp(-x))) < 1e-7);
}

/* Certainty is certain, and sums beyond the range of numbers saturate. */
Test(mind, certainty)
{
    struct mind_rules rules = {0};
    struct situation situation = {.object = 1};
    struct random random = random_make(1, 0, 0, 0, STREAM_MIND, 0);

    for (int choice = 0; choice < CHOICE_COUNT; choice++)
        rules.coefficient[choice][FACTOR_INTERCEPT] = -FIXED_LOGIT_MAX;
    rules.coefficient[1][FACTOR_INTERCEPT] = FIXED_LOGIT_MAX;
    rules.coefficient[2][FACTOR_INTERCEPT] = FIXED_MAX;
    rules.coefficient[2][FACTOR_OBJECT] = FIXED_MAX;
    rules.coefficient[3][FACTOR_INTERCEPT] = FIXED_MIN;
    rules.coefficient[3][FACTOR_OBJECT] = FIXED_MIN;
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(mind_scripted(&rules, &situation, UINT32_MAX, 0, 0, &random),
                     CHOICE_RELINK | CHOICE_MASK);
}

/* One draw a choice, allowed or not, so that what a kind may do moves nobody else's numbers. */
Test(mind, draws_do_not_depend_on_what_is_allowed)
{
    struct mind_rules rules = {0};
    struct situation situation = {0};

    for (uint32_t seed = 0; seed < 500; seed++) {
        struct random all = random_make(seed, 0, 0, 0, STREAM_MIND, 7);
        struct random some = all;
        uint32_t allowed = seed % (1u << CHOICE_COUNT);
        uint32_t free = mind_scripted(&rules, &situation, UINT32_MAX, 0, 0, &all);
        uint32_t bound = mind_scripted(&rules, &situation, allowed, 0, 0, &some);

        cr_assert_eq(bound, free & allowed, "seed %u", seed);
        cr_assert_eq(all.draw, 7 + CHOICE_COUNT);
        cr_assert_eq(some.draw, 7 + CHOICE_COUNT);
    }
}

/* The rates put in come out, each choice by itself: five standard errors. */
Test(mind, rates_come_out)
{
    static const double rates[CHOICE_COUNT] = {0.38, 0.99, 0.01, 0.5, 0.2, 0.73, 0.05, 0.9, 0.333};
    struct mind_rules rules = {0};
    struct situation situation = {0};
    struct random random = random_make(11, 0, 0, 0, STREAM_MIND, 0);
    uint32_t taken[CHOICE_COUNT] = {0}, both = 0;
    const int trials = 40000;

    for (int choice = 0; choice < CHOICE_COUNT; choice++)
        rules.coefficient[choice][FACTOR_INTERCEPT] =
            fixed_logit((probability)(rates[choice] * 4294967296.0));
    for (int i = 0; i < trials; i++) {
        uint32_t chosen = mind_scripted(&rules, &situation, UINT32_MAX, 0, 0, &random);

        for (int choice = 0; choice < CHOICE_COUNT; choice++)
            taken[choice] += chosen >> choice & 1;
        both += (chosen & 1) && (chosen >> 3 & 1);
    }
    for (int choice = 0; choice < CHOICE_COUNT; choice++) {
        double p = rates[choice], error = sqrt(p * (1 - p) / trials);

        cr_assert(fabs((double)taken[choice] / trials - p) < 5 * error, "choice %d: %g", choice,
                  (double)taken[choice] / trials);
    }
    cr_assert(fabs((double)both / trials - 0.19) < 5 * sqrt(0.19 * 0.81 / trials));
}

/* ---- pacts ---- */

struct member {
    struct mind_rules rules;
    agent_id id;
};

static struct member member_of(double strength, uint16_t pact, double p, agent_id id)
{
    struct member member = {.id = id};

    for (int choice = 0; choice < CHOICE_COUNT; choice++)
        member.rules.coefficient[choice][FACTOR_INTERCEPT] =
            fixed_logit((probability)(p * 4294967296.0));
    member.rules.pact = (struct pact_rules){(probability)(strength * 4294967295.0), 10, pact};
    return member;
}

static uint32_t decides(const struct member *member, uint8_t asked, agent_id peer, time_ns now)
{
    struct situation situation = {.asked = asked};
    struct random own =
        random_make(3, 1, member->id, 0, STREAM_MIND, (uint32_t)(now / 10) * CHOICE_COUNT);

    return mind_scripted(&member->rules, &situation, UINT32_MAX, peer, now, &own);
}

#define PACT_TRIALS 40000

/* How far the relaunches of two go together, in PACT_TRIALS windows: their correlation. Checks that
 * each alone chooses as often as without a pact. */
static double together(const struct member *first, const struct member *second, double p)
{
    double a = 0, b = 0, both = 0, error = 5 * sqrt(p * (1 - p) / PACT_TRIALS);

    for (time_ns t = 0; t < PACT_TRIALS; t++) {
        uint32_t x = decides(first, 0, 7, 10 * t + 1) & 1;
        uint32_t y = decides(second, 0, 7, 10 * t + 9) & 1;

        a += x;
        b += y;
        both += x & y;
    }
    a /= PACT_TRIALS;
    b /= PACT_TRIALS;
    cr_expect(fabs(a - p) < error && fabs(b - p) < error, "%g and %g, without a pact %g", a, b, p);
    return (both / PACT_TRIALS - a * b) / sqrt(a * (1 - a) * b * (1 - b));
}

/* Marginals are what they were, and the correlation is the strength. */
Test(mind, a_pact_binds_as_strongly_as_it_says)
{
    static const double strengths[] = {0, 0.1, 0.5, 1};

    for (int s = 0; s < 4; s++) {
        struct member one = member_of(strengths[s], 4, 0.3, 1);
        struct member two = member_of(strengths[s], 4, 0.3, 2);
        struct member other = member_of(strengths[s], 5, 0.3, 3);
        double correlation = together(&one, &two, 0.3);

        cr_expect_float_eq(correlation, strengths[s], 0.025, "%g: %g", strengths[s], correlation);
        cr_expect_float_eq(together(&one, &other, 0.3), 0, 0.025, "another pact");
    }
}

/* Another window, another peer, a request and another choice each have a coin of their own. */
Test(mind, a_pacts_coin_is_of_its_window_peer_and_request)
{
    struct member one = member_of(1, 0, 0.5, 1);
    int same[5] = {0};
    const int trials = 4000;

    for (time_ns t = 0; t < trials; t++) {
        uint32_t chosen = decides(&one, 0, 7, 10 * t);

        same[0] += ((chosen ^ decides(&one, 0, 7, 10 * t + 9)) & 1) == 0;
        same[1] += ((chosen ^ decides(&one, 0, 7, 10 * t + 10)) & 1) == 0;
        same[2] += ((chosen ^ decides(&one, 0, 8, 10 * t)) & 1) == 0;
        same[3] += ((chosen ^ decides(&one, 1, 7, 10 * t)) & 1) == 0;
        same[4] += ((chosen ^ chosen >> 1) & 1) == 0;
    }
    cr_expect_eq(same[0], trials);
    for (int i = 1; i < 5; i++)
        cr_expect(abs(same[i] - trials / 2) < 5 * sqrt(trials) / 2, "%d: %d", i, same[i]);
}

/* A pact takes nothing from an agent's own sequence, so that strengths can be compared run by run.
 */
Test(mind, a_pact_leaves_own_draws_alone)
{
    struct member none = member_of(0, 0, 0.5, 1), all = member_of(1, 0, 0.5, 1);
    struct random one = random_make(3, 1, 1, 0, STREAM_MIND, 5), two = one;
    struct situation situation = {0};

    mind_scripted(&none.rules, &situation, UINT32_MAX, 7, 0, &one);
    mind_scripted(&all.rules, &situation, UINT32_MAX, 7, 0, &two);
    cr_expect_eq(one.draw, two.draw);
}
