/*
 * The reference page of the scenario language, made from the tables that read it
 * (docs/reference/scenario.md; `iolaus check --reference` prints it).
 */
#ifndef IOLAUS_SCENARIO_REFERENCE_H
#define IOLAUS_SCENARIO_REFERENCE_H

#include <stdio.h>

/* Writes the page as Markdown. Writing errors are the stream's (ferror). */
void scenario_reference(FILE *out);

struct table;
/* The section of each table, up to NULL: for other languages that are read by tables. */
void reference_tables(FILE *out, const struct table *const *tables);

#endif
