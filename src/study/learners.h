/*
 * What the results database keeps of adaptive minds, beside the rows of every run: who could decide
 * about whom, how far they explored and until when they trained (`learners`), and the crew's tasks
 * by time (`training_work`). With them anybody can compute rates over training, and the exploration
 * floor under them, from the database alone. For scenarios without such minds nothing is written.
 */
#ifndef IOLAUS_STUDY_LEARNERS_H
#define IOLAUS_STUDY_LEARNERS_H

#include "study/store.h"

/* Tasks are counted in so many steps of the training, and in one more for all that comes after it.
 * (Many divisors, so that most numbers of bins fall on steps.) */
#define TRAINING_STEPS 60

/* Until when the crew trains: the latest of its learners; the whole run where they never cease to.
 * -1 where nobody learns. */
time_ns learners_training(const struct scenario *scenario);

/* The step in which an instant falls, and the first instant of a step. */
uint32_t training_step(time_ns at, time_ns training);
time_ns training_step_begins(uint32_t step, time_ns training);

/* Writes the rows of both tables for a run of `arm`, inside the caller's transaction. */
int learners_put(const struct store *store, int64_t arm, const struct run_rows *rows,
                 const struct scenario *scenario, struct error *error);

#endif
