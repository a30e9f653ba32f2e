/* The inside of an audit: audit.c asks, audit_names.c looks at the names, audit_rebuild.c at the
 * contents. */
#ifndef IOLAUS_EVIDENCE_AUDIT_INSIDE_H
#define IOLAUS_EVIDENCE_AUDIT_INSIDE_H

#include "evidence/audit.h"

struct audit {
    const struct audit_request *request;
    struct audit_report *report;
    struct error *error;
    struct ledger_checkpoint checkpoint; /* as the file has it, verified */
    uint64_t root_offset;                /* of the root in the file */
    unsigned char *journal;
    size_t journal_size;
    bool has_held;
    struct merkle_hash held_root; /* what the ledger's root was at that size */
};

/* Notes what is wrong and where, and returns ERROR_AUDIT. */
int audit_found(struct audit *audit, const char *file, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Reads a file of the ledger, which must be there. */
int audit_read(struct audit *audit, const char *name, size_t limit, unsigned char **bytes,
               size_t *size);

/* Every file below the folder is one that a ledger of so many entries has. */
int audit_names(struct audit *audit);
/* Rebuilds and compares everything. */
int audit_rebuild(struct audit *audit);

#endif
