/* A study's figures, drawn by gnuplot: one SVG for each measure, and beside it the gnuplot script
 * with its data, so that anybody can draw it another way. */
#ifndef IOLAUS_CLI_STUDY_FIGURES_H
#define IOLAUS_CLI_STUDY_FIGURES_H

#include "study/results.h"

/* `of`: "rates" (FOLDER/rates-MEASURE.svg), "effects" (FOLDER/effects-MEASURE.svg), "training"
 * (figures_training.h), "times" (figures_times.h), "siege", "descent" (figures_tipping.h) or
 * "collusion" (figures_collusion.h); NULL for rates where there are at most 60 arms, and for
 * effects where something is varied. The folder is made. ERROR_INPUT for another word; ERROR_IO;
 * ERROR_MACHINE where gnuplot is missing (the scripts are written all the same). */
int study_figures(const struct results *results, const struct store *store, const char *of,
                  const char *folder, struct error *error);

/* Of all studies of the database that ask for thresholds, or of `study` alone. */
int study_figures_thresholds(const struct store *store, const char *study, const char *folder,
                             struct error *error);

#endif
