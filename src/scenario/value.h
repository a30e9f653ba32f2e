/* Single values: from a scalar node's text to a number, a word, a name. Used by reader.c alone. */
#ifndef IOLAUS_SCENARIO_VALUE_H
#define IOLAUS_SCENARIO_VALUE_H

#include "scenario/reader.h"

/* Reads `text`, a scalar that stands at `node` (0: a default), into `to` as the field's type says.
 * FIELD_SPREAD, FIELD_NAMES and the composed types are none of these. */
int value_read(struct reader *reader, const struct field *field, int node, const char *text,
               void *to);

/* True if the text can name something; else fills the error. */
bool value_is_name(struct reader *reader, int node, const char *text);

int value_words(struct reader *reader, const struct field *field, int node, const char *text,
                int64_t *value);

#endif
