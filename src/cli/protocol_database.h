/*
 * Protocols from a results database: what its tables episode and act allow.
 *
 * The acts of an arm's episodes are given arm by arm, each as protocols of its own.
 */
#ifndef IOLAUS_CLI_PROTOCOL_DATABASE_H
#define IOLAUS_CLI_PROTOCOL_DATABASE_H

#include "analysis/protocol.h"
#include "base/error.h"

/* Whether a file begins as SQLite's files do: 1, 0, or ERROR_INPUT where it cannot be read. */
int protocol_is_database(const char *path, struct error *error);

/* Hands each arm of a study (or the one named `arm`) to `take`, which may print it. `study` may be
 * NULL where there is one alone. ERROR_INPUT where there is no such study or arm, or no run. */
int protocol_database_read(const char *path, const char *study, const char *arm,
                           int (*take)(void *context, struct protocols *protocols,
                                       struct error *error),
                           void *context, struct error *error);

#endif
