/* Printing of thresholds: a study's estimates, and the survival that they rest on. */
#ifndef IOLAUS_CLI_STUDY_THRESHOLDS_H
#define IOLAUS_CLI_STUDY_THRESHOLDS_H

#include <stdio.h>

#include "cli/study_print.h"
#include "study/thresholds.h"

/* `first`: nothing was printed before (of CSV, where the head goes). JSON: one object. */
void study_print_thresholds(const struct thresholds *thresholds, enum study_format format,
                            bool first, FILE *out);

/* The names of the database's studies that ask for thresholds; `name` alone where it is not NULL.
 * *names and each of them are the caller's. ERROR_INPUT where there is none. */
int study_threshold_names(const struct store *store, const char *name, char ***names,
                          uint32_t *count, struct error *error);

#endif
