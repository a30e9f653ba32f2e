/*
 * The reference pages of studies, made from what reads and writes them: docs/reference/study.md
 * (the language of study files) and docs/reference/results.md (the results database).
 * scripts/reference writes both anew.
 */
#ifndef IOLAUS_STUDY_REFERENCE_H
#define IOLAUS_STUDY_REFERENCE_H

#include <stdio.h>

/* Pages as Markdown. Writing errors are the stream's (ferror). */
void study_reference(FILE *out);
void results_reference(FILE *out);

#endif
