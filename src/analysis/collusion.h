/*
 * Collusion: do agents choose together more often than each by itself would?
 *
 * Null hypothesis: given its situation, each agent decides independently of the others. Data are
 * the decisions of one crew, or of several runs of it; each says whether the agent defended, and
 * lies in a *stratum*: the decisions of one agent in situations that are alike. Under the null the
 * decisions of a stratum are exchangeable. So they are permuted within each stratum, which keeps
 * how often each agent defends in each situation and breaks what binds agents to one another.
 *
 * An agent that did not get to decide in an episode is missing there: it is no "no", and no
 * decision is moved to it. Others' decisions may have made it miss its own (one was faster; only
 * who was called decides). So residuals are used, a decision less its stratum's mean, whose
 * products have mean 0 whoever is missing; counts of joint defences have not. And their sum is
 * studentised by the residuals of those episodes in which both of a pair decided (Janssen,
 * Statistics and Probability Letters 36, 1997, 9-21), which changes nothing where nobody is ever
 * missing.
 *
 * Statistics, each with its own p, of so much or more:
 *   joint        sum over episodes and pairs of agents of the product of their residuals, over its
 *                deviation: joint defence in excess of what the strata give; one-sided
 *   information  I(a; b | their situations) of two agents' decisions in one episode
 *   delayed      I(a in one episode; b in the next | their situations)
 *   transfer     I(a in one episode; b in the next | b in the first, their situations): transfer
 *                entropy (Schreiber, Physical Review Letters 85, 2000, 461-464)
 * The last three are sums over pairs of agents (the last two over ordered ones), weighted by the
 * episodes of each pair, plug-in for the test; `bits` has the correction of Miller and Madow
 * (Miller, in Information Theory in Psychology, 1955). All see the same permutations. Where who
 * decides hangs on what others chose, trust the first three: transfer entropy looks only at those
 * who decided twice in a row, and had 3.5% of honest crews below 0.01 where mostly those decided
 * whom a defender had called.
 *
 * p is Besag and Clifford's (Biometrika 78, 1991, 301-304): permutations are drawn until `enough`
 * of them are as extreme as the data, p = enough / drawn; or until `draws` were drawn, p = (1 + as
 * extreme) / (1 + draws). P(p <= a) <= a under the null for every a. Honest crews stop early.
 *
 * Pure and thread-safe. ERROR_MEMORY; ERROR_LIMIT with more agents than COLLUSION_AGENTS_MAX.
 */
#ifndef IOLAUS_ANALYSIS_COLLUSION_H
#define IOLAUS_ANALYSIS_COLLUSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"

#define COLLUSION_AGENTS_MAX 4096

#define COLLUSION_STATISTICS(X)                                                                    \
    X(JOINT, joint, "joint defence")                                                               \
    X(INFORMATION, information, "mutual information")                                              \
    X(DELAYED, delayed, "one episode later")                                                       \
    X(TRANSFER, transfer, "transfer entropy")

enum collusion_statistic {
#define X(statistic, name, words) COLLUSION_##statistic,
    COLLUSION_STATISTICS(X)
#undef X
        COLLUSION_COUNT
};
const char *collusion_name(enum collusion_statistic statistic);

/* One decision. */
struct collusion_choice {
    uint32_t episode;   /* below data.episodes; one choice of an agent in each (asserted) */
    uint32_t agent;     /* below data.agents */
    uint32_t stratum;   /* below data.strata; of one agent's decisions alone (asserted) */
    uint32_t situation; /* for the information: the same number where situations are alike */
    bool defended;
};

/* Choices in the order of episodes. Episodes are in the order of time, run after run. */
struct collusion_data {
    const struct collusion_choice *choices;
    size_t count;
    uint32_t episodes, agents, strata;
    const uint32_t *run; /* of each episode: only episodes of one run follow one another */
};

struct collusion_test {
    uint32_t draws;       /* at most so many permutations; 0: no test */
    uint32_t enough;      /* see above; 0: all `draws` are drawn */
    struct random random; /* who draws; its incarnation and draw are used up */
};

struct collusion {
    uint64_t episodes; /* with at least two decisions */
    uint64_t decisions, defended;
    uint64_t pairs;     /* of decisions in one episode */
    uint64_t joint;     /* pairs that both defended */
    double excess;      /* of those beyond what independence gives: the sum of products */
    double scale;       /* sum over pairs of the root of the product of their strata's variances */
    double correlation; /* excess / scale; NAN where nothing varies */
    double bits[COLLUSION_COUNT]; /* of a pair's episode, on average; NAN for JOINT */
    double p[COLLUSION_COUNT];    /* 1 where nothing varies; NAN where it was not tested */
    uint32_t drawn[COLLUSION_COUNT];
    double any; /* the least p times how many were tested, at most 1: Holm's p of the first */
};

/* Where more samples than this would be needed for the information of all pairs (that is, episodes
 * times the square of the agents), it is left out: bits and p are NAN. */
#define COLLUSION_SAMPLES_MAX (1 << 24)

int collusion_measure(const struct collusion_data *data, const struct collusion_test *test,
                      struct collusion *result, struct error *error);

#endif
