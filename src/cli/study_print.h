/* A study's plan and figures, as text. */
#ifndef IOLAUS_CLI_STUDY_PRINT_H
#define IOLAUS_CLI_STUDY_PRINT_H

#include <stdio.h>

#include "study/effects.h"
#include "study/results.h"

enum study_format { STUDY_TEXT, STUDY_CSV, STUDY_MARKDOWN, STUDY_JSON };

void study_print(const struct results *results, enum study_format format, FILE *out);

/* The effects of one measure, ranked. */
void study_print_effects(const struct effects *effects, const char *measure,
                         enum study_format format, FILE *out);

#endif
