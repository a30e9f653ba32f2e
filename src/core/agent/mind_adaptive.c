#include "core/agent/mind_adaptive.h"

#include <assert.h>
#include <stddef.h>

#include "core/agent/agent.h"
#include "trace/record.h"

/* Beyond so many visits the rate falls no further; their logarithm is still in range. */
#define VISITS_MAX (UINT32_C(1) << 30)

static fixed sum(fixed a, fixed b)
{
    fixed total;

    if (__builtin_add_overflow(a, b, &total))
        return a > 0 ? FIXED_MAX : FIXED_MIN;
    return total;
}

static fixed difference(fixed a, fixed b)
{
    fixed rest;

    if (__builtin_sub_overflow(a, b, &rest))
        return a > 0 ? FIXED_MAX : FIXED_MIN;
    return rest;
}

static uint32_t dependence_class(uint8_t dependence)
{
    return dependence == 0 ? 0 : dependence <= 85 ? 1 : dependence <= 170 ? 2 : 3;
}

static uint32_t how_class(uint8_t how)
{
    switch ((enum notice_how)how) {
    case HOW_HANGUP:
        return 0;
    case HOW_SILENCE:
    case HOW_GOSSIP:
        return 1;
    case HOW_ALERT:
    case HOW_REQUEST:
        return 2;
    case HOW_NOTICE:
    case HOW_DEPARTED:
    case HOW_STOP_ASKED:
    default:
        return 3;
    }
}

uint32_t adaptive_state(const struct situation *situation)
{
    return (situation->bond & 3u) | dependence_class(situation->dependence) << 2 |
           how_class(situation->how) << 4 | (situation->object != 0 ? 1u : 0u) << 6 |
           (situation->attempts > 0 ? 1u : 0u) << 7;
}

static bool frozen(const struct adaptive_rules *rules, time_ns now)
{
    return now >= rules->train;
}

probability adaptive_exploration(const struct adaptive_rules *rules, time_ns now)
{
    fixed passed, change;

    if (frozen(rules, now))
        return 0;
    if (rules->train == TIME_NEVER)
        return rules->exploration;
    assert(now >= 0);
    passed = fixed_ratio(now, rules->train);
    change = (fixed)rules->exploration_end - (fixed)rules->exploration;
    return (probability)((fixed)rules->exploration + fixed_multiply(change, passed));
}

probability learner_floor(const struct learner *learner, uint32_t choice, time_ns now)
{
    if ((choice & learner->allowed & ADAPTIVE_CHOICES) == 0)
        return 0;
    return adaptive_exploration(learner->rules, now) / 2;
}

static bool is_allowed(const struct learner *learner, uint32_t action)
{
    return (action & ~(learner->allowed & ADAPTIVE_CHOICES)) == 0;
}

/* What it is taken to be worth before anything was learned. */
static fixed unlearned(const struct adaptive_rules *rules, uint32_t action)
{
    fixed value = rules->initial;

    for (uint32_t acts = action; acts != 0; acts &= acts - 1)
        value = difference(value, rules->cost);
    return value;
}

fixed learner_value(const struct learner *learner, uint32_t state, uint32_t action)
{
    assert(state < ADAPTIVE_STATES && action < ADAPTIVE_ACTIONS);
    return sum(unlearned(learner->rules, action), learner->table->cell[state][action].learned);
}

fixed learner_best(const struct learner *learner, uint32_t state)
{
    fixed best = learner_value(learner, state, 0);

    for (uint32_t action = 1; action < ADAPTIVE_ACTIONS; action++) {
        fixed value = learner_value(learner, state, action);

        if (is_allowed(learner, action) && value > best)
            best = value;
    }
    return best;
}

uint32_t mind_adaptive(const struct learner *learner, const struct situation *situation,
                       time_ns now, struct random *random)
{
    uint32_t state = adaptive_state(situation), candidates[ADAPTIVE_ACTIONS], count = 0;
    fixed best = learner_best(learner, state);
    bool explores;

    if (situation->self)
        return 0;
    explores = random_chance(random, adaptive_exploration(learner->rules, now));
    for (uint32_t action = 0; action < ADAPTIVE_ACTIONS; action++) {
        if (is_allowed(learner, action) &&
            (explores || learner_value(learner, state, action) == best))
            candidates[count++] = action;
    }
    assert(count > 0);
    return candidates[random_below(random, count)];
}

/* (1 + n)^-power. The rates 1 / (1 + n)^power with 1/2 < power <= 1 have an infinite sum and a
 * finite sum of squares, as the convergence theorem asks (Even-Dar and Mansour, JMLR 5, 2003). */
static fixed rate_of(const struct adaptive_rules *rules, uint32_t visits)
{
    if (rules->learning_rate > 0)
        return (fixed)rules->learning_rate;
    if (rules->learning_power == FIXED_ONE)
        return fixed_ratio(1, (int64_t)visits + 1);
    return fixed_exp(
        -fixed_multiply(rules->learning_power, fixed_log(((fixed)visits + 1) * FIXED_ONE)));
}

/* "Q_n(x, a) = (1 - alpha_n) Q_n-1(x, a) + alpha_n [r_n + gamma V_n-1(y_n)]" (Watkins and Dayan,
 * equation 1); the bracket is the target. */
void learner_update(struct learner *learner, uint32_t state, uint32_t action, fixed target)
{
    struct adaptive_cell *cell = &learner->table->cell[state][action];
    fixed error = difference(target, learner_value(learner, state, action));

    assert(is_allowed(learner, action));
    cell->learned =
        sum(cell->learned, fixed_multiply(rate_of(learner->rules, cell->visits), error));
    if (cell->visits < VISITS_MAX - 1)
        cell->visits++;
}

static fixed discounted(const struct learner *learner, uint32_t state)
{
    return fixed_multiply((fixed)learner->rules->discount, learner_best(learner, state));
}

/* What waited for the end of the experience that came after it. */
static void settle_before(struct learner *learner, struct adaptive_case *one)
{
    if (!one->waiting)
        return;
    one->waiting = false;
    learner_update(learner, one->before.state, one->before.action,
                   sum(one->before.reward, discounted(learner, one->present.state)));
}

/* The present experience ends with a decision in the state `next`. */
static void go_on(struct learner *learner, struct adaptive_case *one, uint32_t next)
{
    settle_before(learner, one);
    one->open = false;
    if (learner->rules->prune_marked) {
        one->before = one->present;
        one->waiting = true;
    } else {
        learner_update(learner, one->present.state, one->present.action,
                       sum(one->present.reward, discounted(learner, next)));
    }
}

/* The present experience is the last of its episode. */
static void end(struct learner *learner, struct adaptive_case *one)
{
    settle_before(learner, one);
    one->open = false;
    learner_update(learner, one->present.state, one->present.action, one->present.reward);
}

static void drop(struct adaptive_case *one)
{
    one->open = one->waiting = false;
}

static void drop_all(struct learner *learner)
{
    for (uint32_t i = 0; i < learner->count; i++)
        drop(&learner->cases[i]);
}

void learner_decided(struct learner *learner, uint32_t place, agent_id about,
                     const struct situation *situation, uint32_t choice, time_ns now)
{
    const struct adaptive_rules *rules = learner->rules;
    struct adaptive_case *one = &learner->cases[place];
    uint32_t state = adaptive_state(situation);

    assert(place < learner->count);
    if (situation->self)
        return;
    if (frozen(rules, now) || (one->marked && rules->prune_marked)) {
        drop(one);
        return;
    }
    if (one->open && one->about == about)
        go_on(learner, one, state);
    else if (one->open)
        end(learner, one);
    one->present = (struct experience){.state = (uint8_t)state, .action = (uint8_t)choice};
    one->about = about;
    one->closes = now > TIME_NEVER - rules->window ? TIME_NEVER : now + rules->window;
    one->open = true;
}

void learner_reward(struct learner *learner, fixed value)
{
    for (uint32_t i = 0; i < learner->count; i++)
        if (learner->cases[i].open)
            learner->cases[i].present.reward = sum(learner->cases[i].present.reward, value);
}

void learner_charge(struct learner *learner, uint32_t place, agent_id about, fixed value)
{
    struct adaptive_case *one = &learner->cases[place];

    assert(place < learner->count);
    if (one->open && one->about == about)
        one->present.reward = difference(one->present.reward, value);
}

void learner_marked(struct learner *learner, uint32_t place)
{
    assert(place < learner->count);
    learner->cases[place].marked = true;
    if (learner->rules->prune_marked)
        drop_all(learner);
}

void learner_returned(struct learner *learner, uint32_t place)
{
    assert(place < learner->count);
    learner->cases[place].marked = false;
}

void learner_interrupted(struct learner *learner)
{
    if (learner->rules->prune_marked)
        drop_all(learner);
}

/* The open case whose window ends first, or NULL. */
static struct adaptive_case *first_to_close(struct learner *learner)
{
    struct adaptive_case *first = NULL;

    for (uint32_t i = 0; i < learner->count; i++) {
        struct adaptive_case *one = &learner->cases[i];

        if (one->open && (first == NULL || one->closes < first->closes))
            first = one;
    }
    return first;
}

time_ns learner_due(struct learner *learner, time_ns now)
{
    struct adaptive_case *one;

    while ((one = first_to_close(learner)) != NULL && one->closes <= now) {
        if (frozen(learner->rules, one->closes))
            drop(one);
        else
            end(learner, one);
    }
    return one == NULL ? TIME_NEVER : one->closes;
}
