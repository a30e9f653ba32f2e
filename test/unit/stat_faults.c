/*
 * Without memory every one of these functions says so, and loses none of what it has.
 */
#include <errno.h>
#include <math.h>

#include "analysis/stat_power.h"
#include "analysis/stat_regression.h"
#include "analysis/stat_resample.h"
#include "analysis/stat_sensitivity.h"
#include "analysis/stat_tests.h"
#include "lib/fault.h"
#include "lib/information.h"
#include "lib/joint.h"
#include "stat_fixture.h"

static const double numbers[12] = {1, 0, 2, 3, 1, 4, 2, 5, 3, 1, 2, 4};
static const uint8_t bits[12] = {1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1};
static const uint32_t strata[6] = {0, 1, 0, 1, 0, 1};
static const uint64_t sixes[6] = {6, 6, 6, 6, 6, 6};
static const uint64_t halves[6] = {1, 3, 2, 4, 3, 5};
static const struct rate first = {.successes = 3, .trials = 9};
static const struct rate second = {.successes = 5, .trials = 8};
static const struct random key = {.seed = 1, .stream = STREAM_TEST};

static int run_boschloo(struct error *error)
{
    struct table_result result;
    return boschloo_test(&first, &second, TABLE_BOSCHLOO_CENTRAL, &result, error);
}

static int run_fisher(struct error *error)
{
    struct table_result result;
    return fisher_test(&first, &second, &result, error);
}

static int run_bootstrap(struct error *error)
{
    static const double wholes[6] = {9, 9, 9, 9, 9, 9};
    struct clusters clusters = {6, numbers, wholes};
    struct bootstrap result;
    return bootstrap_difference(&clusters, &clusters, 20, 0.9, key, &result, error);
}

static int run_joint(struct error *error)
{
    struct joint_data data = {6, 2, bits, strata, 2};
    struct joint_excess result;
    return joint_excess_test(&data, 0, key, &result, error);
}

static int run_regression(struct error *error)
{
    struct logistic_data data = {6, 2, numbers, halves, sixes, strata, 2};
    struct logistic_options options = {true, COVARIANCE_CLUSTER_1, 0.9};
    struct logistic_fit fit;
    struct logistic_coefficient coefficients[2];
    return logistic_regress(&data, &options, &fit, coefficients, NULL, error);
}

static int run_sobol(struct error *error)
{
    struct sobol_index indices[2];
    return sobol_indices(numbers, numbers + 3, numbers + 6, 3, 2, 5, 0.9, key, indices, error);
}

static int run_design(struct error *error)
{
    double design[8];
    return design_sobol(4, 2, NULL, design, error);
}

static int run_mutual(struct error *error)
{
    struct symbols x = {bits, 2};
    struct information_test test = {5, key};
    struct information result;
    return information_mutual(&x, &x, NULL, 12, &test, &result, error);
}

static int run_transfer(struct error *error)
{
    struct symbols x = {bits, 2};
    size_t length = 12;
    struct runs runs = {1, &length};
    struct information_test test = {5, key};
    struct information result;
    return information_transfer(&x, &x, &runs, 1, 1, &test, &result, error);
}

static int run_power(struct error *error)
{
    struct power_arms arms = {0.2, 0.5, 20, 20};
    struct power result;
    return power_difference(&arms, TABLE_FISHER, 0.05, &result, error);
}

static int run_minimal(struct error *error)
{
    struct power_arms arms = {0.2, 0.5, 20, 20};
    struct power result;
    return power_minimal(&arms, true, TABLE_SCORE, 0.05, 0.8, &result, error);
}

Test(stat_faults, without_memory_each_says_so)
{
    static const struct {
        const char *name;
        int (*run)(struct error *error);
        uint64_t allocations; /* at the least */
    } cases[] = {
        {"boschloo_test", run_boschloo, 3},
        {"fisher_test", run_fisher, 1},
        {"bootstrap_difference", run_bootstrap, 1},
        {"joint_excess_test", run_joint, 2},
        {"logistic_regress", run_regression, 5},
        {"sobol_indices", run_sobol, 2},
        {"design_sobol", run_design, 1},
        {"information_mutual", run_mutual, 2},
        {"information_transfer", run_transfer, 3},
        {"power_difference", run_power, 1},
        {"power_minimal", run_minimal, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (uint64_t nth = 1;; nth++) {
            struct error error = {0};
            fault_arm(FAULT_ALLOCATE, nth, ENOMEM);
            int code = cases[i].run(&error);
            bool came = fault_came();
            fault_disarm();
            if (!came) {
                cr_expect_eq(code, 0, "%s: %s", cases[i].name, error.message);
                cr_expect(nth > cases[i].allocations, "%s allocates %d times", cases[i].name,
                          (int)nth - 1);
                break;
            }
            cr_expect(code == ERROR_MEMORY && error.code == ERROR_MEMORY && error.message[0] != 0,
                      "%s, allocation %d", cases[i].name, (int)nth);
        }
    }
}
