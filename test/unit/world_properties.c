/*
 * What must hold in every run of the simulated world, whatever the crew, the network, the faults
 * and the campaign are: over many scenarios drawn at random.
 *
 * Limits: the scenarios are small (at most twelve agents, 25 s), and only the trace is
 * looked at; that no message is left over, and the invariants of agents, platform and campaign, the
 * world itself asserts.
 *
 * To replay one: IOLAUS_WORLD_SEED=N. To draw more: IOLAUS_WORLD_SEEDS=COUNT.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "world_check.h"
#include "world_draw.h"

#define SEEDS 600

static void draw_open(struct world_run *run, uint64_t seed)
{
    struct draw *draw = calloc(1, sizeof *draw);
    char path[64];
    FILE *file;

    draw_scenario(draw, seed);
    snprintf(path, sizeof path, "drawn-%ld.yaml", (long)getpid());
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(draw->text, file);
    cr_assert_eq(fclose(file), 0);
    if (getenv("IOLAUS_WORLD_SEED") != NULL)
        fputs(draw->text, stderr);
    world_run_open(run, path);
    remove(path);
    free(draw);
}

static void run_again(struct world_run *run, uint64_t seed, uint32_t block, bool recording)
{
    struct error error = {0};

    cr_assert_eq(world_run_again(run, seed, block, recording, &error), 0,
                 "IOLAUS_WORLD_SEED=%llu: %s", (unsigned long long)seed, error.message);
}

/* Made ready before each seed, so that a broken assertion of the world's own says where it broke.
 */
static char seed_line[64];

static void tell_seed(int number)
{
    ssize_t written = write(STDERR_FILENO, seed_line, strlen(seed_line));

    (void)written;
    signal(number, SIG_DFL);
    raise(number);
}

static void seed_work(uint64_t seed, void (*body)(uint64_t seed))
{
    snprintf(seed_line, sizeof seed_line, "IOLAUS_WORLD_SEED=%llu broke an assertion\n",
             (unsigned long long)seed);
    body(seed);
}

static void for_seeds(uint64_t share, uint64_t shares, void (*body)(uint64_t seed))
{
    const char *one = getenv("IOLAUS_WORLD_SEED"), *many = getenv("IOLAUS_WORLD_SEEDS");
    uint64_t count = many == NULL ? SEEDS : strtoull(many, NULL, 10);

    signal(SIGABRT, tell_seed);
    signal(SIGSEGV, tell_seed);
    if (one != NULL) {
        if (share == 0)
            seed_work(strtoull(one, NULL, 10), body);
        return;
    }
    for (uint64_t seed = share; seed < count; seed += shares)
        seed_work(seed, body);
}

static void one_holds(uint64_t seed)
{
    struct world_run run = {0};
    char name[64];

    draw_open(&run, seed);
    run_again(&run, seed, 0, true);
    snprintf(name, sizeof name, "IOLAUS_WORLD_SEED=%llu", (unsigned long long)seed);
    world_check(&run, name);
    world_run_close(&run);
}

/* Two halves, for two processors. */
Test(world_properties, every_trace_holds_together)
{
    for_seeds(0, 2, one_holds);
}

Test(world_properties, every_trace_holds_together_too)
{
    for_seeds(1, 2, one_holds);
}

static void one_is_the_same(uint64_t seed)
{
    static const uint32_t blocks[] = {0, 1, 2, 3, 7, 64, UINT32_C(1) << 20};
    struct world_run run = {0};
    struct record *records;
    uint64_t events;
    size_t count;

    draw_open(&run, seed);
    run_again(&run, seed, 0, true);
    count = run.count;
    events = run.result.events;
    records = malloc((count + 1) * sizeof *records);
    memcpy(records, run.records, count * sizeof *records);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        run_again(&run, seed, blocks[i], true);
        cr_assert(run.count == count && run.result.events == events &&
                      memcmp(records, run.records, count * sizeof *records) == 0,
                  "IOLAUS_WORLD_SEED=%llu: another trace with blocks of %u",
                  (unsigned long long)seed, blocks[i]);
    }
    run_again(&run, seed, 0, false);
    cr_assert(run.result.events == events && run.result.records == 0,
              "IOLAUS_WORLD_SEED=%llu: another run without anybody who takes the records",
              (unsigned long long)seed);
    free(records);
    world_run_close(&run);
}

Test(world_properties, a_run_is_the_same_again_and_in_blocks_of_any_size)
{
    for_seeds(0, 6, one_is_the_same);
}

static uint64_t verbs[VERB_COUNT];

static void one_is_counted(uint64_t seed)
{
    struct world_run run = {0};

    draw_open(&run, seed);
    run_again(&run, seed, 0, true);
    for (size_t i = 0; i < run.count; i++)
        verbs[run.records[i].verb]++;
    world_run_close(&run);
}

/* Properties of records that never come about would say nothing. Those of the live world, from
 * `forked` to `unobserved`, never do. */
Test(world_properties, the_draws_reach_every_verb)
{
    if (getenv("IOLAUS_WORLD_SEED") != NULL)
        return;
    for_seeds(0, 1, one_is_counted);
    for (uint32_t verb = 0; verb < VERB_COUNT; verb++) {
        bool live = verb >= VERB_FORKED && verb <= VERB_UNOBSERVED;

        cr_expect((verbs[verb] > 0) == !live, "%s of all has a record `%s`",
                  live ? "a run" : "no run", record_verb_name((enum record_verb)verb));
    }
    for (uint32_t verb = 0; verb < VERB_COUNT && getenv("IOLAUS_WORLD_COUNT") != NULL; verb++)
        fprintf(stderr, "%s %llu\n", record_verb_name((enum record_verb)verb),
                (unsigned long long)verbs[verb]);
}
