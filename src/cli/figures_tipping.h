/* Pictures of thresholds, of kill budgets and of descent, for `iolaus study figures --of ...`. */
#ifndef IOLAUS_CLI_FIGURES_TIPPING_H
#define IOLAUS_CLI_FIGURES_TIPPING_H

#include "cli/gnuplot.h"
#include "study/store.h"

/* thresholds.svg: survival against rate, a curve for each size, a panel for each study of the
 * database (or of `study` alone) that varies its size; and phase-STUDY.svg of each that varies the
 * rate of killing. ERROR_INPUT where no study asks for a threshold. */
int figures_thresholds(struct figure *figure, const struct store *store, const char *study);

/* siege-STUDY.svg: extinction against the kill budget over the cut width. ERROR_INPUT where the
 * study holds no sweeps of the contact process. */
int figures_siege(struct figure *figure, const struct store *store, const char *study);

/* descent-STUDY.svg: reproduction and extinction against the rate. */
int figures_descent(struct figure *figure, const struct store *store, const char *study);

#endif
