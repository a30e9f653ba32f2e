/* Pictures of collusion: FOLDER/collusion-correlation.svg, how far agents of each arm defend
 * together; and of single crews collusion-power.svg, the share that is found, where a factor is a
 * number, or else collusion-calibration.svg, the distribution of p. */
#ifndef IOLAUS_CLI_FIGURES_COLLUSION_H
#define IOLAUS_CLI_FIGURES_COLLUSION_H

#include "cli/gnuplot.h"
#include "study/results.h"

/* Tests each run: this takes as long as `iolaus study collusion --by-run`. ERROR_INPUT where the
 * study keeps no decisions; else as figure_open and figure_close. */
int figures_collusion(struct figure *figure, const struct results *results,
                      const struct store *store);

#endif
