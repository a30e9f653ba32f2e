/* What `iolaus audit` says of a certificate: it checks a ledger and, where it is given a file, a
 * certificate. */
#ifndef IOLAUS_CLI_CERTIFICATE_TOOL_H
#define IOLAUS_CLI_CERTIFICATE_TOOL_H

#include <stdbool.h>

#include "evidence/certificate.h"

struct certificate_question {
    const char *path;
    const struct note_key *key; /* NULL: none was given */
    const char *roster;         /* a file, or NULL */
    bool json;
};

/* Whether there is a file, and no folder. */
bool certificate_is_file(const char *path);
/* Checks, prints, and gives the exit status. */
int certificate_audit(const struct certificate_question *question);

/* `2026-11-21T11:01:00.001Z`. */
#define WALL_TEXT_BYTES 32
void certificate_wall(int64_t wall_ms, char text[WALL_TEXT_BYTES]);

/* For people. */
void certificate_print(const struct certificate_question *question,
                       const struct certificate *certificate,
                       const struct certificate_authority *authority);

#endif
