/*
 * Ledgers for tests: a folder that is removed at the end, and entries that follow from their index.
 */
#ifndef IOLAUS_TEST_LEDGER_SAMPLE_H
#define IOLAUS_TEST_LEDGER_SAMPLE_H

#include "evidence/ledger.h"

#define LEDGER_SAMPLE_ORIGIN "example.org/ledger"
#define LEDGER_SAMPLE_ENTRY_MAX 400

/* A path in this process's own folder, which is made when it is first asked for: in memory where
 * there is a /dev/shm, so that what a test syncs costs nothing. One of eight buffers. */
const char *ledger_sample_path(const char *name);
/* Removes a folder below it with all that is in it; NULL removes the whole. */
void ledger_sample_remove(const char *name);
void ledger_sample_clean(void);

/* Entry number `index`, and its size: some are empty, some hold zeros. */
size_t ledger_sample_entry(uint64_t index, unsigned char bytes[LEDGER_SAMPLE_ENTRY_MAX]);

/* Makes the ledger `name` with the key `name.key`. */
int ledger_sample_create(const char *name, struct error *error);
int ledger_sample_open(const char *name, struct ledger **ledger, struct ledger_recovery *recovery,
                       struct error *error);
/* Appends the next `count` entries in one batch. */
int ledger_sample_append(struct ledger *ledger, size_t count, struct error *error);

/* Copies all files of one folder into another, which is made anew. */
void ledger_sample_copy(const char *from, const char *to);

/* Asserts that a reader finds exactly these entries published, and the root that they give; some of
 * them are asked for with their proofs. */
void ledger_sample_published(const char *name, uint64_t count);

#endif
