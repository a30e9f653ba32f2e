/*
 * An audit of a ledger, offline, by somebody who has nothing but its files, and perhaps its public
 * key and a checkpoint from another time or place.
 *
 *     ledger_audit(&(struct audit_request){.path = "ledger", .key = &key}, &report, &error);
 *
 * It takes the entries for what is given, rebuilds from them every tile, every partial tile, the
 * body of the checkpoint, and the checkpoint of every batch in the journal, and compares bytes; it
 * verifies every signature, and refuses signers that it was not told of and files that are no part
 * of a ledger. So each byte of each file is looked at; only what stands in `part/`, which an
 * interrupted write has left there, and which is no part of the ledger, is merely counted.
 *
 * With a checkpoint that somebody holds, it shows that the ledger goes on from it, or that it was
 * rolled back (the ledger is shorter), or that there are two views (the same size, another root):
 * two signed statements that cannot both be true.
 *
 * Nothing is written and nothing is locked; an audit while a writer publishes may find a journal
 * that is half cut, and should be made again. Memory: one bundle and the journal.
 */
#ifndef IOLAUS_EVIDENCE_AUDIT_H
#define IOLAUS_EVIDENCE_AUDIT_H

#include "evidence/journal.h"
#include "evidence/view.h"

#define AUDIT_COSIGNERS_MAX 32

struct audit_request {
    const char *path;
    const struct note_key *key; /* the ledger's, as it was learned elsewhere; NULL: its own word */
    const struct note_key *cosigners; /* who else may sign the checkpoint */
    unsigned cosigner_count;
    const char *held; /* a signed checkpoint that somebody holds, or NULL */
    size_t held_size;
};

enum audit_verdict {
    AUDIT_GOOD,
    AUDIT_DAMAGED,   /* a file is not as it should be */
    AUDIT_ROLLBACK,  /* the held checkpoint has more entries than the ledger */
    AUDIT_SPLIT_VIEW /* it has other entries */
};

struct audit_report {
    enum audit_verdict verdict;
    struct note_key key;
    uint64_t entries;                 /* in the ledger, with those that the journal alone has */
    uint64_t published;               /* those of them that the checkpoint covers */
    struct merkle_hash root;          /* of the published */
    uint64_t tiles, bundles, batches; /* files of hashes and of entries, and batches compared */
    uint64_t unfinished;              /* files in part/ */
    struct ledger_checkpoint held;
    struct merkle_proof consistency; /* from the held checkpoint to the ledger's, if it is good */
    char file[DISK_NAME_TEXT];       /* what is wrong first, below the ledger's folder, or "" */
    uint64_t offset;                 /* the byte of it */
};

/* The words of a verdict. */
const char *audit_words(enum audit_verdict verdict);

/* Returns 0 if all is good. ERROR_AUDIT with the verdict, and the first thing that is wrong in the
 * report and in the error; ERROR_INPUT if there is no ledger, or the held checkpoint is none of
 * this ledger's (it proves nothing then); ERROR_IO, ERROR_MEMORY: nothing was found out. */
int ledger_audit(const struct audit_request *request, struct audit_report *report,
                 struct error *error);

#endif
