/*
 * What a study will cost and can show, before it is run.
 */
#ifndef IOLAUS_CLI_STUDY_PLAN_H
#define IOLAUS_CLI_STUDY_PLAN_H

#include <stdio.h>

#include "study/study.h"

/* Prints how many runs there are, how long they take with so many workers (measured in a short
 * pilot), and with what power comparisons will be seen: for each of them by the rates of the pilot
 * where they are few, and by a table of the least differences in any case. 0 or an error. */
int study_plan_print(const struct study *study, uint32_t workers, FILE *out, struct error *error);

#endif
