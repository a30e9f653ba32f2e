/*
 * Logistic regression against R (glm, brglm2) and statsmodels, against published fits, and where
 * there is a closed form.
 */
#include "analysis/stat_regression.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "stat_fixture.h"

#define ROWS_MAX 512
#define COLUMNS_MAX 8

struct sample {
    struct logistic_data data;
    double design[ROWS_MAX * COLUMNS_MAX];
    uint64_t successes[ROWS_MAX], trials[ROWS_MAX];
    uint32_t cluster[ROWS_MAX];
    struct logistic_fit fit;
    struct logistic_coefficient coefficients[COLUMNS_MAX];
    double covariance[COLUMNS_MAX * COLUMNS_MAX];
};

static void sample_open(struct sample *sample, size_t columns)
{
    sample->data = (struct logistic_data){
        .columns = columns,
        .design = sample->design,
        .successes = sample->successes,
        .trials = sample->trials,
        .cluster = sample->cluster,
    };
}

static void sample_add(struct sample *sample, double successes, double trials, uint32_t cluster,
                       const double *columns)
{
    size_t row = sample->data.rows++;
    cr_assert(row < ROWS_MAX);
    sample->successes[row] = (uint64_t)successes;
    sample->trials[row] = (uint64_t)trials;
    sample->cluster[row] = cluster;
    for (size_t j = 0; j < sample->data.columns; j++) {
        sample->design[row * sample->data.columns + j] = columns[j];
    }
    if (cluster >= sample->data.clusters) {
        sample->data.clusters = cluster + 1;
    }
}

static double uniform(struct random *random)
{
    return ((double)(random_u64(random) >> 11) + 0.5) * 0x1p-53;
}

/* One set of the fixture that R made. */
static void sample_read(struct sample *sample, int set)
{
    FILE *file = fixture_open("regression_data.txt");
    double row[FIXTURE_NUMBERS_MAX];
    size_t count;
    sample->data.columns = 0;
    while ((count = fixture_row(file, row)) > 0) {
        if ((int)row[0] == set) {
            if (sample->data.columns == 0) {
                sample_open(sample, count - 3);
            }
            sample_add(sample, row[1], row[2], 0, row + 3);
        }
    }
    fclose(file);
}

static int regress(struct sample *sample, bool firth, enum logistic_covariance covariance)
{
    struct logistic_options options = {firth, covariance, 0.95};
    return logistic_regress(&sample->data, &options, &sample->fit, sample->coefficients,
                            sample->covariance, NULL);
}

static bool near(double value, double expected, double within)
{
    return fabs(value - expected) <= within * fmax(1e-2, fabs(expected));
}

Test(stat_regression, fits_are_those_of_r)
{
    static struct sample sample;
    FILE *file = fixture_open("regression_fits.txt");
    double row[FIXTURE_NUMBERS_MAX];
    int rows = 0;
    for (; fixture_row(file, row) > 5; rows++) {
        sample_read(&sample, (int)row[0]);
        cr_assert_eq(regress(&sample, row[1] > 0, COVARIANCE_MODEL), 0);
        cr_assert(sample.fit.converged && !sample.fit.separated);
        cr_expect(near(sample.fit.deviance, row[2], 1e-7) &&
                      near(sample.fit.null_deviance, row[3], 1e-9) &&
                      near(sample.fit.likelihood, row[4], 1e-9),
                  "set %g, Firth %g: %.9g, null %.9g, likelihood %.9g", row[0], row[1],
                  sample.fit.deviance, sample.fit.null_deviance, sample.fit.likelihood);
        for (size_t j = 0; j < sample.data.columns; j++) {
            const struct logistic_coefficient *c = &sample.coefficients[j];
            const double *expected = row + 5 + 5 * j;
            cr_expect(near(c->value, expected[0], 1e-6) && near(c->error, expected[1], 1e-6) &&
                          near(c->low, expected[2], 1e-6) && near(c->high, expected[3], 1e-6) &&
                          near(c->p, expected[4], 1e-5),
                      "set %g, Firth %g, column %zu: %.9g (%.9g), not %.9g (%.9g)", row[0], row[1],
                      j, c->value, c->error, expected[0], expected[1]);
        }
    }
    cr_assert_eq(rows, 4);
    fclose(file);
}

Test(stat_regression, heinze_and_schempers_cancer_comes_out_as_published)
{
    /* Statistics in Medicine 21, 2002: with Firth's penalty; and the likelihood's own fit,
     * in which neovasculation separates. R 4.2.2's glm stops at 4.3045 (1.6373), -0.0422 (0.0443),
     * -2.9026 (0.8456), deviance 55.393. */
    static struct sample sample;
    double value[][4] = {{4.3045, INFINITY, -0.0422, -2.9026}, {3.775, 2.929, -0.035, -2.604}};
    double error[][4] = {{1.6373, INFINITY, 0.0443, 0.8456}, {1.489, 1.551, 0.040, 0.776}};
    sample_read(&sample, 2);
    for (int firth = 0; firth < 2; firth++) {
        cr_assert_eq(regress(&sample, firth, COVARIANCE_MODEL), 0);
        cr_expect_eq(sample.fit.separated, !firth);
        for (int j = 0; j < 4; j++) {
            const struct logistic_coefficient *c = &sample.coefficients[j];
            bool runs = isinf(value[firth][j]);
            cr_expect(runs ? isinf(c->value) && c->value > 0 && isinf(c->error) && isnan(c->p)
                           : fabs(c->value - value[firth][j]) < 6e-4 &&
                                 fabs(c->error - error[firth][j]) < 6e-4,
                      "Firth %d, %d: %g (%g)", firth, j, c->value, c->error);
        }
        cr_expect(firth || fabs(sample.fit.deviance - 55.393) < 0.0005);
    }
}

Test(stat_regression, arms_alone_are_their_log_odds)
{
    /* With a column for each arm the fit is the arms' own log odds, Firth's those with half a
     * success and half a failure more (Firth 1993). */
    static struct sample sample;
    sample_open(&sample, 3);
    double successes[] = {30, 7, 0};
    for (int arm = 0; arm < 3; arm++) {
        double columns[3] = {1, arm == 1, arm == 2};
        sample_add(&sample, successes[arm], 40, 0, columns);
    }
    cr_assert_eq(regress(&sample, true, COVARIANCE_MODEL), 0);
    double first = log(30.5 / 10.5);
    cr_expect_float_eq(sample.coefficients[0].value, first, 1e-8);
    cr_expect_float_eq(sample.coefficients[1].value, log(7.5 / 33.5) - first, 1e-8);
    cr_expect_float_eq(sample.coefficients[2].value, log(0.5 / 40.5) - first, 1e-8);

    cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), 0);
    cr_assert(sample.fit.separated && !sample.fit.converged);
    cr_expect_float_eq(sample.coefficients[0].value, log(3), 1e-8);
    cr_expect_float_eq(sample.coefficients[0].error, sqrt(1 / 30.0 + 1 / 10.0), 1e-8);
    cr_expect_float_eq(sample.coefficients[1].value, log(7 / 33.0) - log(3), 1e-8);
    cr_expect(isinf(sample.coefficients[2].value) && sample.coefficients[2].value < 0);
    cr_expect(isnan(sample.covariance[8]) && isnan(sample.covariance[2]));
    cr_expect_float_eq(sample.covariance[1], -(1 / 30.0 + 1 / 10.0), 1e-8);
    cr_expect_float_eq(sample.fit.deviance, 0, 1e-8);

    /* Every trial foretold: nothing is left that does not run away. */
    sample_open(&sample, 2);
    for (int i = 0; i < 10; i++) {
        double columns[2] = {1, i};
        sample_add(&sample, i > 4, 1, 0, columns);
    }
    cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), 0);
    cr_assert(sample.fit.separated && isinf(sample.coefficients[1].value));
    cr_assert_eq(regress(&sample, true, COVARIANCE_MODEL), 0);
    cr_assert(sample.fit.converged && sample.coefficients[1].value > 0.5);

    /* One trial to the contrary, and it is far but finite. */
    double contrary[2] = {1, 9};
    sample_add(&sample, 0, 1, 0, contrary);
    cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), 0);
    cr_assert(sample.fit.converged && !sample.fit.separated);
}

Test(stat_regression, rare_is_not_separated)
{
    /* 1 in a million: slow, but finite. */
    static struct sample sample;
    sample_open(&sample, 2);
    double arms[2][2] = {{1, 0}, {1, 1}};
    sample_add(&sample, 500000, 1000000, 0, arms[0]);
    sample_add(&sample, 1, 1000000, 0, arms[1]);
    cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), 0);
    cr_assert(sample.fit.converged && !sample.fit.separated);
    cr_assert_float_eq(sample.coefficients[1].value, -log(999999), 1e-6);
}

Test(stat_regression, clusters_give_the_sandwich_of_statsmodels)
{
    static struct sample sample;
    sample_open(&sample, 3);
    double row[FIXTURE_NUMBERS_MAX];
    FILE *file = fixture_open("clusters_data.txt");
    while (fixture_row(file, row) == 5) {
        sample_add(&sample, row[0], 1, (uint32_t)row[1], row + 2);
    }
    fclose(file);
    cr_assert_eq(sample.data.clusters, 24);
    sample.data.clusters = 30; /* those without trials do not count */
    file = fixture_open("clusters_fits.txt");
    int rows = 0;
    for (; fixture_row(file, row) == 13; rows++) {
        cr_assert_eq(
            regress(&sample, false, row[0] > 0 ? COVARIANCE_CLUSTER_1 : COVARIANCE_CLUSTER_0), 0);
        for (int j = 0; j < 3; j++) {
            cr_expect(near(sample.coefficients[j].value, row[1 + j], 1e-7));
            cr_expect(near(sample.coefficients[j].error, sqrt(row[4 + 4 * j]), 1e-7));
        }
        for (int a = 0; a < 9; a++) {
            cr_expect(near(sample.covariance[a], row[4 + a], 1e-7), "CR%g, %d: %g, not %g", row[0],
                      a, sample.covariance[a], row[4 + a]);
        }
    }
    cr_assert_eq(rows, 2);
    fclose(file);
}

Test(stat_regression, cells_may_be_put_together)
{
    /* Trial by trial, or a row for each cell (and a row without trials): all is the same but the
     * deviance, and so are the differences of deviance. */
    for (int firth = 0; firth < 2; firth++) {
        static struct sample cells;
        static struct sample trials;
        sample_open(&cells, 2);
        sample_open(&trials, 2);
        for (uint32_t cell = 0; cell < 4; cell++) {
            double columns[2] = {1, cell};
            sample_add(&cells, 3 + 2 * cell, 12, cell / 2, columns);
            for (uint32_t i = 0; i < 12; i++) {
                sample_add(&trials, i < 3 + 2 * cell, 1, cell / 2, columns);
            }
        }
        double far[2] = {1, 900};
        sample_add(&cells, 0, 0, 7, far);
        cr_assert_eq(regress(&cells, firth, COVARIANCE_CLUSTER_1), 0);
        cr_assert_eq(regress(&trials, firth, COVARIANCE_CLUSTER_1), 0);
        for (int j = 0; j < 2; j++) {
            cr_expect(near(cells.coefficients[j].value, trials.coefficients[j].value, 1e-7));
            cr_expect(near(cells.coefficients[j].error, trials.coefficients[j].error, 1e-7));
        }
        cr_expect(near(cells.fit.null_deviance - cells.fit.deviance,
                       trials.fit.null_deviance - trials.fit.deviance, 1e-7));
        cr_expect(near(cells.fit.likelihood, trials.fit.likelihood, 1e-9));
    }
}

Test(stat_regression, a_wrong_design_is_refused)
{
    static struct sample sample;
    sample_open(&sample, 3);
    for (int i = 0; i < 6; i++) {
        double columns[3] = {1, i % 2, 1 - i % 2};
        sample_add(&sample, i, 10, 0, columns);
    }
    struct error error = {0};
    struct logistic_options options = {false, COVARIANCE_MODEL, 0.95};
    cr_assert_eq(
        logistic_regress(&sample.data, &options, &sample.fit, sample.coefficients, NULL, &error),
        ERROR_INPUT);
    cr_assert_not_null(strstr(error.message, "depends on the others"));
    sample.design[4] = NAN;
    cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), ERROR_INPUT);
    sample.data.rows = 2;
    sample.design[4] = 1;
    cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), ERROR_INPUT);
    sample.data.columns = 1;
    sample.successes[0] = 11;
    cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), ERROR_INPUT);
    sample.successes[0] = sample.trials[0] = 0;
    sample.successes[1] = sample.trials[1] = 0;
    cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), ERROR_INPUT);
}

/* With an intercept and one column, the data are separated exactly where the column's range among
 * successes and its range among failures share at most one place. */
static bool ranges_part(const struct sample *sample)
{
    double low[2] = {INFINITY, INFINITY};
    double high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < sample->data.rows; i++) {
        double at = sample->design[2 * i + 1];
        for (int outcome = 0; outcome < 2; outcome++) {
            uint64_t count =
                outcome ? sample->successes[i] : sample->trials[i] - sample->successes[i];
            low[outcome] = count > 0 ? fmin(low[outcome], at) : low[outcome];
            high[outcome] = count > 0 ? fmax(high[outcome], at) : high[outcome];
        }
    }
    return high[0] <= low[1] || high[1] <= low[0];
}

Test(stat_regression, every_fit_converges_or_is_separated)
{
    /* A column with tails as heavy as Cauchy's, in whole numbers, so that there are ties. */
    enum { RUNS = 20000 };
    static struct sample sample;
    int separated = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random random = random_make(29, run, 0, 0, STREAM_TEST, 0);
        sample_open(&sample, 2);
        size_t rows = 3 + random_below(&random, 15);
        for (size_t i = 0; i < rows; i++) {
            double far = round(3 * tan(M_PI * (uniform(&random) - 0.5)));
            double columns[2] = {1, fmax(-2e4, fmin(2e4, far * far * far))};
            uint64_t trials = random_below(&random, 3);
            sample_add(&sample, (double)random_below(&random, trials + 1), (double)trials, 0,
                       columns);
        }
        if (regress(&sample, false, COVARIANCE_MODEL) != 0) {
            continue;
        }
        cr_assert_eq(sample.fit.separated, ranges_part(&sample), "seed 29, run %u", run);
        cr_assert_neq(sample.fit.separated, sample.fit.converged, "seed 29, run %u", run);
        separated += sample.fit.separated;
        cr_assert_eq(regress(&sample, true, COVARIANCE_MODEL), 0);
        cr_assert(sample.fit.converged, "seed 29, run %u: Firth in %u", run, sample.fit.iterations);
    }
    cr_assert(separated > RUNS / 10 && separated < RUNS * 9 / 10);
}

Test(stat_regression, crews_keep_the_level_only_with_the_sandwich)
{
    /* 40 crews of 8 trials, each crew with a rate of its own between 0.2 and 0.8, and a column that
     * is the crew's and means nothing: 1,500 times over. The deviation of the level is 0.6 points;
     * the sandwich of 40 clusters rejects a little too often. */
    enum { RUNS = 1500, CREWS = 40 };
    static struct sample sample;
    double rejected[2] = {0};
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random random = random_make(23, run, 0, 0, STREAM_TEST, 0);
        sample_open(&sample, 2);
        for (uint32_t crew = 0; crew < CREWS; crew++) {
            double rate = 0.2 + 0.6 * uniform(&random);
            double successes = 0;
            for (int i = 0; i < 8; i++) {
                successes += uniform(&random) < rate;
            }
            double columns[2] = {1, crew % 2};
            sample_add(&sample, successes, 8, crew, columns);
        }
        cr_assert_eq(regress(&sample, false, COVARIANCE_MODEL), 0);
        rejected[0] += sample.coefficients[1].p <= 0.05;
        cr_assert_eq(regress(&sample, false, COVARIANCE_CLUSTER_1), 0);
        rejected[1] += sample.coefficients[1].p <= 0.05;
    }
    cr_expect(rejected[0] / RUNS > 0.09, "without: %g", rejected[0] / RUNS);
    cr_expect_float_eq(rejected[1] / RUNS, 0.055, 0.018, "with: %g", rejected[1] / RUNS);
}
