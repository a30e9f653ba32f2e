/*
 * docs/reference/tools.md and tools.schema.json, made from the table that reads the tools'
 * requests.
 */
#ifndef IOLAUS_LIVE_WIRE_REFERENCE_H
#define IOLAUS_LIVE_WIRE_REFERENCE_H

#include <stdio.h>

void tools_reference(FILE *out);
void tools_schema(FILE *out);

#endif
