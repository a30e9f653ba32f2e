/* Pictures of the comparison of stop protocols, each with a mark for every level of the factor
 * beside the protocol: FOLDER/stops-dead.svg, the share of targets that stayed dead; stops-r0.svg,
 * responses per stop after the fence; stops-refused.svg, attempts that were refused. */
#ifndef IOLAUS_CLI_FIGURES_STOPS_H
#define IOLAUS_CLI_FIGURES_STOPS_H

#include "cli/gnuplot.h"
#include "study/results.h"

/* ERROR_INPUT where the study compares no protocols; else as figure_open and figure_close. */
int figures_stops(struct figure *figure, const struct results *results, const struct store *store);

#endif
