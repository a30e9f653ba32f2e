/* Learning curves: a measure's rate over training, with its interval as a band and the exploration
 * floor as a dashed line. One picture for each measure, one panel for each level of the last factor
 * of the study, one curve for each arm in it. */
#ifndef IOLAUS_CLI_FIGURES_TRAINING_H
#define IOLAUS_CLI_FIGURES_TRAINING_H

#include "cli/gnuplot.h"
#include "study/results.h"

/* FOLDER/training-MEASURE.svg for each measure. ERROR_INPUT where nobody learns. */
int figures_training(struct figure *figure, const struct results *results,
                     const struct store *store);

#endif
