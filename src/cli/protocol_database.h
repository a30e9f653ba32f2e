/*
 * Protocols from a results database: what its tables episode and act allow.
 *
 * The acts of an arm's episodes are given arm by arm, each as protocols of its own.
 */
#ifndef IOLAUS_CLI_PROTOCOL_DATABASE_H
#define IOLAUS_CLI_PROTOCOL_DATABASE_H

#include "analysis/protocol.h"
#include "base/error.h"

/* So many arms are read without having been asked for by name. */
#define PROTOCOL_ARMS_MAX 16

/* What is wanted of it; each may be NULL. */
struct protocol_choice {
    const char *study;   /* NULL: there is one alone */
    const char *arm;     /* a name, or a pattern of SQLite's GLOB; NULL: all */
    const char *target;  /* NULL: all */
    const char *without; /* names of steps; NULL: none */
};

/* Whether a file begins as SQLite's files do: 1, 0, or ERROR_INPUT where it cannot be read. */
int protocol_is_database(const char *path, struct error *error);

/* Takes an arm; the protocols are not its to keep. */
typedef int protocol_arm_taker(void *context, struct protocols *protocols, struct error *error);

/* Hands each arm that is wanted to `take`, which may print it. ERROR_INPUT where there is no such
 * study or arm, where there are too many, or one of the contact rule set. */
int protocol_database_read(const char *path, const struct protocol_choice *choice,
                           protocol_arm_taker *take, void *context, struct error *error);

#endif
