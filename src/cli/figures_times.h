/* Pictures of times: curves of Kaplan and Meier, and measures of whole runs, by what differs. */
#ifndef IOLAUS_CLI_FIGURES_TIMES_H
#define IOLAUS_CLI_FIGURES_TIMES_H

#include "cli/gnuplot.h"
#include "study/results.h"

/* times-NAME.svg for each time that has lifetimes: a panel for each block in which one factor
 * alone differs, a line for each of its levels. times-MEASURE.svg for each measure of whole runs
 * that is anywhere above 0. The factor is the study's first. */
int figures_times(struct figure *figure, const struct results *results, const struct store *store);

#endif
