/* A whole file in memory, bounded: what is larger than a document may be is not read. */
#ifndef IOLAUS_SCENARIO_FILE_H
#define IOLAUS_SCENARIO_FILE_H

#include <stddef.h>

#include "base/error.h"

/* On success the caller frees *bytes, which has a NUL behind its `size` bytes. */
int file_load(const char *path, char **bytes, size_t *size, struct error *error);

#endif
