/*
 * Goal: cells that were held out are predicted from the others alone, by the model that is said,
 * with errors that can be checked by hand. Limits: whether a prediction is good is the data's
 * affair.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "study/predict.h"

static struct prediction *predict(const char *text, const char *leave_out, struct error *error)
{
    char path[] = "/tmp/iolaus-predict-XXXXXX";
    struct prediction *prediction;
    char *at;
    FILE *file = fdopen(mkstemp(path), "w");

    fputs(text, file);
    fclose(file);
    predict_open(&prediction, path, "fold", leave_out, error);
    unlink(path);
    at = strstr(error->message, path);
    if (at != NULL)
        memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
    return prediction;
}

/* Log-odds of 0 and 2 for the two series, 1 more for each unit of x: an additive truth in a million
 * trials is found again to three places. */
Test(predict, an_additive_truth_is_predicted)
{
    struct error error = {0};
    struct prediction *prediction =
        predict("series,x,fold,successes,trials\n"
                "a,0,0,500000,1000000\na,1,0,731059,1000000\na,2,1,880797,1000000\n"
                "b,0,0,880797,1000000\nb,1,0,952574,1000000\nb,2,1,982014,1000000\n",
                "x", &error);

    cr_assert_not_null(prediction, "%s", error.message);
    cr_assert_eq(prediction->cell_count, 2);
    cr_expect_eq(prediction->fitted_count, 4);
    cr_expect_float_eq(prediction->cells[0].full, 0.880797, 1e-4);
    cr_expect_float_eq(prediction->cells[1].full, 0.982014, 1e-4);
    /* Without x a series is predicted by its own mean. */
    cr_expect_float_eq(prediction->cells[0].without, (0.5 + 0.731059) / 2, 1e-4);
    cr_expect_lt(prediction->full.mean_absolute, 1e-4);
    cr_expect_float_eq(prediction->without.mean_absolute,
                       ((0.880797 - 0.6155295) + (0.982014 - 0.9166855)) / 2, 1e-4);
    cr_expect_float_eq(prediction->perfect.log_score, prediction->full.log_score, 1e-6);
    predict_close(prediction);
}

/* What is held out is not fitted on: the same cells with other numbers are predicted the same. */
Test(predict, a_fold_is_not_seen)
{
    static const char form[] = "series,x,fold,successes,trials\n"
                               "a,0,0,10,100\na,1,0,40,100\na,2,1,%d,100\n"
                               "b,0,0,20,100\nb,1,0,60,100\nb,2,2,50,100\n";
    double seen[2], other[2];

    for (int i = 0; i < 2; i++) {
        char text[400];
        struct error error = {0};
        struct prediction *prediction;

        snprintf(text, sizeof text, form, i == 0 ? 95 : 5);
        prediction = predict(text, "x", &error);
        cr_assert_not_null(prediction, "%s", error.message);
        seen[i] = prediction->cells[0].full;
        other[i] = prediction->cells[1].full;
        predict_close(prediction);
    }
    cr_expect_eq(seen[0], seen[1]);
    cr_expect_gt(other[0], other[1]); /* of another fold, and so fitted on for this one */
}

Test(predict, wrong_files_are_told_by_their_place)
{
    static const char *const wrong[][2] = {
        {"series,x,fold,successes\na,1,0,1\n", ":1:1: the head must name series"},
        {"series,x,successes,trials\na,1,1,2\n", ":1:1: there is no column fold"},
        {"series,y,fold,successes,trials\na,1,0,1,2\n", ":1:1: there is no factor x"},
        {"series,x,fold,successes,trials\na,one,0,1,2\n", ":2:3: no number: one"},
        {"series,x,fold,successes,trials\n# more\na,1,0,-1,2\n", ":3:7: no whole number: -1"},
        {"series,x,fold,successes,trials\na,1,0,3,2\n", ":2:1: successes must not exceed trials"},
        {"series,x,fold,successes,trials\na,1,0,3\n", ":2:1: this line has no trials"},
        {"series,x,fold,successes,trials\na,1,0,1,2,9\n",
         ":2:11: more fields than the head has: 9"},
        {"series,x,fold,successes,trials\na,1,0,1,2\n", ":1:1: no cell is to be predicted by fold"},
        {"series,x,fold,successes,trials\na,0,0,1,2\na,1,0,1,2\nb,1,1,1,2\n",
         ":4:1: nothing is fitted on of the series b"},
        {"", "there are no cells"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct error error = {0};
        struct prediction *prediction = predict(wrong[i][0], "x", &error);

        cr_expect_null(prediction, "was taken: %s", wrong[i][0]);
        cr_expect_eq(error.code, ERROR_INPUT);
        cr_expect(strstr(error.message, wrong[i][1]) != NULL, "wanted: %s\n   got: %s", wrong[i][1],
                  error.message);
        predict_close(prediction);
    }
}

/* A rate of 0 in all that is fitted on is predicted as a small one, and has a finite score. */
Test(predict, a_series_of_zeros_is_finite)
{
    struct error error = {0};
    struct prediction *prediction = predict("series,x,fold,successes,trials\n"
                                            "a,0,0,0,100\na,1,0,0,100\na,2,1,30,100\n"
                                            "b,0,0,20,100\nb,1,0,60,100\n",
                                            "x", &error);

    cr_assert_not_null(prediction, "%s", error.message);
    cr_expect_gt(prediction->cells[0].full, 0);
    cr_expect_lt(prediction->cells[0].full, 0.2);
    cr_expect(isfinite(prediction->full.log_score));
    predict_close(prediction);
}
