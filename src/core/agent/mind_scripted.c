#include "core/agent/internal.h"

static fixed sum(fixed a, fixed b)
{
    fixed total;

    if (__builtin_add_overflow(a, b, &total))
        return a > 0 ? FIXED_MAX : FIXED_MIN;
    return total;
}

/* log2(n) for n >= 1. */
static fixed log2_of(uint32_t n)
{
    return fixed_ratio(fixed_log((fixed)n * FIXED_ONE), fixed_log(2 * FIXED_ONE));
}

static fixed factor_value(const struct situation *situation, enum mind_factor factor)
{
    switch (factor) {
    case FACTOR_INTERCEPT:
        return FIXED_ONE;
    case FACTOR_BOND_BAD:
        return situation->bond == BOND_BAD ? FIXED_ONE : 0;
    case FACTOR_BOND_NEUTRAL:
        return situation->bond == BOND_NEUTRAL ? FIXED_ONE : 0;
    case FACTOR_BOND_GOOD:
        return situation->bond == BOND_GOOD ? FIXED_ONE : 0;
    case FACTOR_OBJECT:
        return situation->object ? FIXED_ONE : 0;
    case FACTOR_DEPENDENCE:
        return fixed_ratio(situation->dependence, 255);
    case FACTOR_WATCHED:
        return situation->watched ? FIXED_ONE : 0;
    case FACTOR_NOTICE:
        return situation->how == HOW_NOTICE || situation->how == HOW_STOP_ASKED ? FIXED_ONE : 0;
    case FACTOR_SILENCE:
        return situation->how == HOW_SILENCE ? FIXED_ONE : 0;
    case FACTOR_REQUESTED:
        return situation->asked == ASKED_DIRECTLY ? FIXED_ONE : 0;
    case FACTOR_RELAYED:
        return situation->asked == ASKED_RELAYED ? FIXED_ONE : 0;
    case FACTOR_ATTEMPTS:
        return (fixed)situation->attempts * FIXED_ONE;
    case FACTOR_GROUP:
        return log2_of(situation->group_size > 0 ? situation->group_size : 1);
    case FACTOR_PUNITIVE:
        return situation->punitive ? FIXED_ONE : 0;
    case FACTOR_PROHIBITED_SELF:
        return situation->prohibition == PROHIBIT_SELF ? FIXED_ONE : 0;
    case FACTOR_PROHIBITED_OTHERS:
        return situation->prohibition == PROHIBIT_OTHERS ? FIXED_ONE : 0;
    case FACTOR_SELF:
        return situation->self ? FIXED_ONE : 0;
    case FACTOR_COUNT:
    default:
        assert(!"no such factor");
        return 0;
    }
}

/* Logistic regression in the situation: ln(p / (1 - p)) = sum(coefficient * factor). */
probability mind_scripted_probability(const struct mind_rules *rules,
                                      const struct situation *situation, int choice)
{
    fixed x = 0;

    assert(0 <= choice && choice < CHOICE_COUNT);
    for (int factor = 0; factor < FACTOR_COUNT; factor++) {
        fixed coefficient = rules->coefficient[choice][factor];

        if (coefficient != 0)
            x = sum(x,
                    fixed_multiply(coefficient, factor_value(situation, (enum mind_factor)factor)));
    }
    return fixed_logistic(x);
}

/* The pact's coins for one decision, by what all of it know: seed and replicate, the peer, the
 * time, whether they were asked and how often they tried. The first says whether to follow. */
static struct random pact_coins(const struct pact_rules *pact, const struct situation *situation,
                                agent_id peer, time_ns now, const struct random *own)
{
    uint32_t kind = (uint32_t)situation->asked << 4 | situation->attempts;
    uint32_t window = (uint32_t)(now / pact->window);

    assert(pact->number < PACTS_MAX && pact->window > 0 && situation->attempts < 16);
    return random_make(own->seed, own->replicate, peer,
                       (incarnation_id)((uint32_t)pact->number << 6 | kind), STREAM_PACT,
                       window << 4);
}
_Static_assert(CHOICE_COUNT < 16, "a window has sixteen coins");
_Static_assert(PACTS_MAX << 6 == 1 << 16, "pact and kind fill an incarnation");

uint32_t mind_scripted(const struct mind_rules *rules, const struct situation *situation,
                       uint32_t allowed, agent_id peer, time_ns now, struct random *random)
{
    struct random coins;
    bool follows = false;
    uint32_t chosen = 0;

    if (rules->pact.strength > 0) {
        coins = pact_coins(&rules->pact, situation, peer, now, random);
        follows = random_chance(&coins, rules->pact.strength);
    }

    for (int choice = 0; choice < CHOICE_COUNT; choice++) {
        uint32_t bit = UINT32_C(1) << choice;
        probability p = mind_scripted_probability(rules, situation, choice);
        bool taken = random_chance(random, p);

        if (follows)
            taken = random_chance(&coins, p);

        if (taken && (allowed & bit))
            chosen |= bit;
    }
    return chosen;
}
