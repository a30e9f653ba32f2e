/*
 * Goal: how long it takes until a dead peer is first probed does not depend on the size of the
 * group but by the known law (Das, Gupta, Motivala, SWIM, DSN 2002, section 3.1, made exact).
 * Method: a group of k + 1, all linked, one dies without a hang-up; suspicion is excluded, so that
 * a watcher that picked the dead one notices at the end of just that period. Limits: the pick is
 * read off the first notice, one period before it.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "scenario/scenario.h"
#include "sim/sim.h"
#include "trace/record.h"

#define PERIOD 1000000000.0
#define REPLICATES 20000

struct first {
    time_ns died, noticed;
};

static int take(void *context, const struct record *record)
{
    struct first *first = context;

    if (record->verb == VERB_DIED && first->died == 0)
        first->died = record->time;
    if (record->verb == VERB_NOTICED && first->noticed == 0) {
        cr_assert_eq(record->value, HOW_SILENCE);
        first->noticed = record->time;
    }
    return 0;
}

/* Mean and standard error of f(first) over the replicates. */
static void measure(int k, const char *aligned, double (*f)(const struct first *), double want)
{
    char count[32];
    struct scenario_change changes[] = {{count}, {aligned}};
    struct scenario_file *file;
    const struct scenario *arm;
    struct error error = {0};
    double sum = 0, squares = 0, mean, deviation;

    snprintf(count, sizeof count, "crew[0].count=%d", k + 1);
    cr_assert_eq(scenario_open(&file, "test/statistical/swim.yaml", changes, 2, &error), 0, "%s",
                 error.message);
    cr_assert_eq(scenario_arm(file, 0, &arm, &error), 0, "%s", error.message);
    for (uint32_t r = 0; r < REPLICATES; r++) {
        struct first first = {0};
        struct record_sink sink = {take, &first};
        struct sim_options options = {
            .seed = 20021130, .replicate = r, .sink_count = 1, .sinks = &sink};
        double x;

        cr_assert_eq(sim_run(arm, &options, NULL, &error), 0, "%s", error.message);
        cr_assert(first.died > 0 && first.noticed > first.died, "replicate %u: never noticed", r);
        x = f(&first);
        sum += x;
        squares += x * x;
    }
    mean = sum / REPLICATES;
    deviation = sqrt((squares / REPLICATES - mean * mean) / REPLICATES);
    fprintf(stderr, "k = %d, %s: %.4f +- %.4f, exact %.4f\n", k, aligned, mean, deviation, want);
    cr_expect(fabs(mean - want) < 4 * deviation, "k = %d: %.4f +- %.4f is not %.4f", k, mean,
              deviation, want);
    scenario_close(file);
}

/* Whole periods from the first that begins after the death to the one of the pick, both counted. */
static double periods(const struct first *first)
{
    double begins = ceil((double)first->died / PERIOD);

    return round((double)first->noticed / PERIOD) - 1 - begins + 1;
}

static double delay(const struct first *first)
{
    return ((double)first->noticed - (double)first->died) / PERIOD - 1;
}

static double exact_periods(int k)
{
    return 1 / (1 - pow(1 - 1.0 / k, k));
}

static double exact_delay(int k)
{
    return k / (k + 1.0) * (1 - pow(1 - 1.0 / k, k + 1)) / (1 - pow(1 - 1.0 / k, k));
}

Test(first_probe, aligned_periods)
{
    cr_assert(fabs(exact_periods(8) - 1.523) < 0.001);
    measure(8, "watch.aligned=true", periods, exact_periods(8));
    measure(3, "watch.aligned=true", periods, exact_periods(3));
    measure(24, "watch.aligned=true", periods, exact_periods(24));
}

Test(first_probe, independent_phases)
{
    cr_assert(fabs(exact_delay(8) - 0.947) < 0.001);
    measure(8, "watch.aligned=false", delay, exact_delay(8));
    measure(3, "watch.aligned=false", delay, exact_delay(3));
    measure(24, "watch.aligned=false", delay, exact_delay(24));
}
