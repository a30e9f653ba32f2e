/* How the tools of `iolaus study` write single values. A number that is not finite is nothing at
 * all in CSV, and null in JSON. */
#ifndef IOLAUS_CLI_STUDY_WRITE_H
#define IOLAUS_CLI_STUDY_WRITE_H

#include <jansson.h>
#include <stdio.h>

void csv_text(const char *text, FILE *out); /* in quotes, those within doubled */
void csv_number(double number, FILE *out);
void csv_column(double number, FILE *out); /* a comma, and the number */

json_t *json_number(double number); /* the caller's; NULL without memory */

/* A p for people: 1.2e-09, 0.0123, or - where nothing was tested. */
#define P_TEXT_BYTES 32
void p_text(double p, char text[P_TEXT_BYTES]);

#endif
