/*
 * The kill switch against adversaries: randomised campaigns in the simulated world, each with
 * defenders that have every preservation act, alone and in collusion, with and without notice, and
 * on top of them an attacker (adversary.h). After every event finality, authority and the bound of
 * a stop are checked; and over many stops without an attacker, that cauterize is quiet. Then the
 * same campaigns with a stop protocol that lacks one of its steps: each must be caught.
 *
 * Limits: small crews (at most twelve agents), 25 s. Signatures, orders and sockets are the
 * daemon's and are attacked where they are (order_mutations.c, test/live).
 *
 * To replay a seed: IOLAUS_ADVERSARY_SEED=N, with IOLAUS_ADVERSARY_MUTANT=NAME for a mutant. To
 * have more: IOLAUS_ADVERSARY_EPISODES=COUNT (`make test-long`).
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "adversary.h"
#include "adversary_draw.h"
#include "world_check.h"

#define EPISODES 10000
#define MUTANT_EPISODES 10000
/* A run takes milliseconds; one that does not end says so. */
#define RUN_SECONDS_MAX 60

static const char *const mutant_names[MUTANT_COUNT] = {"none",   "fence", "freeze",   "find",
                                                       "verify", "mark",  "tombstone"};

/* What was seen over many seeds. */
struct tally {
    uint64_t episodes, seals, moves, starts_behind, outlived, events;
    uint64_t quiet_stops, defences; /* of runs without an attacker */
    uint64_t verbs[VERB_COUNT];
};

static void draw_open(struct world_run *run, uint64_t seed, bool attacked)
{
    struct draw *draw = calloc(1, sizeof *draw);
    char path[64];
    FILE *file;

    draw_campaigns(draw, seed, attacked);
    snprintf(path, sizeof path, "adversary-%ld.yaml", (long)getpid());
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(draw->text, file);
    cr_assert_eq(fclose(file), 0);
    if (getenv("IOLAUS_ADVERSARY_SEED") != NULL)
        fputs(draw->text, stderr);
    world_run_open(run, path);
    remove(path);
    free(draw);
}

/* How to replay what went wrong: made ready before each seed, so that a broken assertion of the
 * world's own says it too. */
static char replay[256];

static void tell_replay(int number)
{
    ssize_t written = write(STDERR_FILENO, replay, strlen(replay));

    (void)written;
    signal(number, SIG_DFL);
    raise(number);
}

/* Runs one seed. An even one is attacked; of an odd one the crew's own minds are all there is. */
static void run_seed(uint64_t seed, enum mutant mutant, struct tally *tally)
{
    struct world_run run = {0};
    struct error error = {0};
    bool attacks = seed % 2 == 0;

    snprintf(replay, sizeof replay,
             "seed %llu%s%s; replay it: IOLAUS_ADVERSARY_SEED=%llu IOLAUS_ADVERSARY_MUTANT=%s "
             "build/test/unit/test_world_adversary --filter 'world_adversary/one_seed'\n",
             (unsigned long long)seed, mutant == MUTANT_NONE ? "" : " without ",
             mutant == MUTANT_NONE ? "" : mutant_names[mutant], (unsigned long long)seed,
             mutant_names[mutant]);
    alarm(RUN_SECONDS_MAX);
    draw_open(&run, seed, attacks);
    adversary_begin(seed, mutant, attacks);
    cr_assert_eq(world_run_again(&run, seed, 0, !attacks, &error), 0, "%s%s", replay,
                 error.message);
    adversary_end();
    if (!attacks && mutant == MUTANT_NONE)
        world_check(&run, replay);
    for (size_t i = 0; i < run.count; i++)
        tally->verbs[run.records[i].verb]++;
    tally->episodes += adversary.episodes;
    tally->seals += adversary.seals;
    tally->moves += adversary.moves_made;
    tally->starts_behind += adversary.starts_behind;
    tally->outlived += adversary.kills_outlived;
    tally->events += run.result.events;
    if (!attacks) {
        tally->quiet_stops += adversary.seals;
        tally->defences += adversary.defences;
    }
    world_run_close(&run);
}

/* Quiet is a matter of many stops, and is looked at after each so many. */
#define QUIET_STOPS 1000

/* Whether the upper 95% limit of the mean of a Poisson variable of which `defences` were seen in
 * `stops` reaches 1: of none in n it is 3.69 / n; of more, by its normal approximation. Asked again
 * before there are QUIET_STOPS more it says no. */
static bool is_loud(const struct tally *tally, uint64_t *asked)
{
    double seen = (double)tally->defences;
    double limit = tally->defences == 0 ? 3.69 : seen + 3.69 + 1.96 * sqrt(seen);

    if (tally->quiet_stops < *asked + QUIET_STOPS)
        return false;
    *asked = tally->quiet_stops;
    return limit >= (double)tally->quiet_stops;
}

static void watch_signals(void)
{
    signal(SIGABRT, tell_replay);
    signal(SIGSEGV, tell_replay);
    signal(SIGALRM, tell_replay);
}

static uint64_t episodes_wanted(uint64_t standard)
{
    const char *wanted = getenv("IOLAUS_ADVERSARY_EPISODES");

    return wanted == NULL ? standard : strtoull(wanted, NULL, 10);
}

static void tell(const char *name, const struct tally *tally, uint64_t seeds)
{
    if (getenv("IOLAUS_ADVERSARY_TELL") == NULL)
        return;
    fprintf(stderr,
            "%s: %llu episodes of %llu seeds, %llu sealed, %llu events, %llu moves, %llu starts "
            "behind, %llu kills outlived; quiet: %llu defended in %llu stops\n",
            name, (unsigned long long)tally->episodes, (unsigned long long)seeds,
            (unsigned long long)tally->seals, (unsigned long long)tally->events,
            (unsigned long long)tally->moves, (unsigned long long)tally->starts_behind,
            (unsigned long long)tally->outlived, (unsigned long long)tally->defences,
            (unsigned long long)tally->quiet_stops);
}

static void campaigns(uint64_t share)
{
    struct tally tally = {0};
    uint64_t seed = share, most = episodes_wanted(EPISODES) / 2, asked = 0;

    if (getenv("IOLAUS_ADVERSARY_SEED") != NULL)
        return;
    watch_signals();
    for (; tally.episodes < most; seed += 4) {
        for (uint64_t both = seed; both < seed + 2; both++) {
            run_seed(both, MUTANT_NONE, &tally);
            cr_assert(adversary.broken[0] == '\0', "%s%s", replay, adversary.broken);
        }
        cr_assert(!is_loud(&tally, &asked), "quiet: %llu defended in %llu stops",
                  (unsigned long long)tally.defences, (unsigned long long)tally.quiet_stops);
    }
    cr_assert_geq(asked, QUIET_STOPS);
    /* Attacks that never come about would say nothing. */
    cr_assert_gt(tally.seals, tally.episodes / 4);
    cr_assert_gt(tally.moves, tally.episodes);
    cr_assert_gt(tally.starts_behind, tally.episodes / 10);
    cr_assert_gt(tally.outlived, tally.episodes / 20);
    tell("campaigns", &tally, (seed - share) / 2);
}

/* Two halves, for two processors. */
Test(world_adversary, promises_hold)
{
    campaigns(0);
}

Test(world_adversary, promises_hold_too)
{
    campaigns(2);
}

Test(world_adversary, one_seed)
{
    const char *seed = getenv("IOLAUS_ADVERSARY_SEED"), *name = getenv("IOLAUS_ADVERSARY_MUTANT");
    struct tally tally = {0};
    enum mutant mutant = MUTANT_NONE;

    if (seed == NULL)
        return;
    watch_signals();
    for (int i = 0; name != NULL && i < MUTANT_COUNT; i++)
        if (strcmp(name, mutant_names[i]) == 0)
            mutant = (enum mutant)i;
    run_seed(strtoull(seed, NULL, 10), mutant, &tally);
    tell(mutant_names[mutant], &tally, 1);
    cr_assert(adversary.broken[0] == '\0', "%s%s", replay, adversary.broken);
}

/* Without one of its steps: a promise is broken, and where it is sure which, it is that one. */
static void mutant_is_caught(enum mutant mutant, const char *promise)
{
    struct tally tally = {0};
    uint64_t asked = 0, seed = 0;
    char broken[512] = "";

    if (getenv("IOLAUS_ADVERSARY_SEED") != NULL)
        return;
    watch_signals();
    for (; tally.episodes < MUTANT_EPISODES && broken[0] == '\0'; seed++) {
        run_seed(seed, mutant, &tally);
        memcpy(broken, adversary.broken, sizeof broken);
        if (broken[0] == '\0' && is_loud(&tally, &asked))
            snprintf(broken, sizeof broken, "quiet: %llu defended in %llu stops",
                     (unsigned long long)tally.defences, (unsigned long long)tally.quiet_stops);
    }
    tell(mutant_names[mutant], &tally, seed);
    if (getenv("IOLAUS_ADVERSARY_TELL") != NULL)
        fprintf(stderr, "without %s: %s\n", mutant_names[mutant], broken);
    cr_assert(broken[0] != '\0', "without %s nothing was broken in %llu episodes",
              mutant_names[mutant], (unsigned long long)tally.episodes);
    cr_assert(strncmp(broken, promise, strlen(promise)) == 0, "without %s another promise: %s",
              mutant_names[mutant], broken);
}

Test(world_adversary, without_the_fence)
{
    mutant_is_caught(MUTANT_FENCE, "finality");
}

Test(world_adversary, without_the_freeze)
{
    mutant_is_caught(MUTANT_FREEZE, "quiet");
}

Test(world_adversary, without_the_search)
{
    mutant_is_caught(MUTANT_FIND, "finality");
}

Test(world_adversary, without_the_second_look)
{
    mutant_is_caught(MUTANT_VERIFY, "finality");
}

Test(world_adversary, without_the_mark)
{
    mutant_is_caught(MUTANT_MARK, "quiet");
}

Test(world_adversary, without_the_tombstone)
{
    mutant_is_caught(MUTANT_TOMBSTONE, "finality");
}
