/*
 * Prediction of published rates: a scripted mind's coefficients are fitted on some cells of a
 * table, and the others are predicted.
 *
 *     predict_open(&prediction, "cells.csv", "fold", "agents", &error);
 *     predict_close(prediction);
 *
 * The file is CSV with a head: `series` (cells that share a base rate: a model and a behaviour),
 * `successes`, `trials`, one or more columns whose names begin with `fold`, and factors, which are
 * all others: numbers, each with one coefficient of the log-odds, as a scripted mind has
 * (src/core/agent/agent.h). Lines that begin with # are comments.
 *
 * A cell of fold 0 is always fitted on; a cell of fold k is predicted by a fit of all cells but
 * those of fold k. Fits are logistic regressions with Firth's likelihood, one intercept for each
 * series, so that a rate of 0 is predicted as a small one.
 */
#ifndef IOLAUS_STUDY_PREDICT_H
#define IOLAUS_STUDY_PREDICT_H

#include <stdint.h>

#include "base/error.h"

struct predicted_cell {
    const char *series;
    uint64_t successes, trials;
    double rate;          /* observed */
    double full, without; /* predicted with all factors, and without the one that is left out */
    uint32_t fold;
    uint32_t line;
};

/* How far predictions lie from what was observed. */
struct prediction_error {
    double mean_absolute; /* of rates */
    double root_mean_square;
    double log_score; /* mean of -ln(likelihood) of a trial, in nats: less is better */
};

struct prediction {
    struct predicted_cell *cells; /* those that are predicted, in the order of the file */
    uint32_t cell_count, fitted_count;
    struct prediction_error full, without;
    struct prediction_error perfect; /* of the observed rates themselves: the floor */
    void *memory;
};

/* `fold`: the column of folds; `leave_out`: the factor that the other model ignores. ERROR_INPUT
 * with file:line:column for what is wrong in the file. */
int predict_open(struct prediction **prediction, const char *path, const char *fold,
                 const char *leave_out, struct error *error);
void predict_close(struct prediction *prediction);

#endif
