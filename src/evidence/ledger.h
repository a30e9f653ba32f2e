/*
 * The ledger: entries that can be added and never changed, and whose order and completeness anybody
 * can check. A Merkle tree as in RFC 6962; its checkpoint a signed note as in C2SP's
 * tlog-checkpoint; its files as in C2SP's tlog-tiles. The folder can be served by HTTP as it is.
 *
 *     ledger_create("ledger", "example.org/ledger", "ledger.key", &error);
 *     ledger_open(&ledger, "ledger", "ledger.key", &recovery, &error);
 *     ledger_append(ledger, entries, count, &first, &error);          durable when it returns 0
 *     ledger_publish(ledger, &error);                                 readers see it from here on
 *     ledger_close(ledger, &error);
 *
 * In the folder stand `checkpoint`, `verifier-key` (public), `tile/`, `journal` and `part/`. The
 * secret key stands elsewhere, in a file of its own with mode 0600.
 *
 * The order of writes
 *
 *   append:  1. the batch and the signed checkpoint of the tree that ends with it, in one write at
 *               the end of `journal`
 *            2. fdatasync of `journal`. From here on the batch is acknowledged.
 *   publish: 3. the tiles and bundles that are new, below `part/`, synced
 *            4. renamed to their names below `tile/`; the folders synced
 *            5. the checkpoint below `part/`, synced, renamed to `checkpoint`, the folder synced
 *            6. `journal` cut to nothing; partial tiles whose full tile is there removed
 *
 * Killed or without power before 2 ends, the batch is not there, or it is there whole (it was
 * complete, but not yet acknowledged); a torn one is cut off when the ledger is opened. Between 2
 * and 5 the journal holds everything that is not published. After 5 the journal repeats what the
 * tiles hold, and what it repeats is passed over. So nothing acknowledged is lost, and nothing is
 * there twice. A journal or a checkpoint that is wrong in another way than torn is ERROR_CORRUPT
 * when the ledger is opened, and nothing is changed.
 *
 * Where a write or sync of `append` fails, the batch is cut off again, and the error means that
 * nothing was appended. If cutting fails too, the ledger is broken: every call gives the same
 * error, and whether the batch is there is seen by ledger_size when the ledger is opened again.
 *
 * One writer: the journal is locked with flock(2), and a second one gets ERROR_IO. Readers need no
 * lock (evidence/view.h). A struct ledger belongs to one thread at a time.
 */
#ifndef IOLAUS_EVIDENCE_LEDGER_H
#define IOLAUS_EVIDENCE_LEDGER_H

#include "evidence/journal.h"
#include "evidence/view.h"

#define LEDGER_ENTRY_MAX TILE_ENTRY_MAX          /* bytes */
#define LEDGER_BATCH_MAX JOURNAL_ENTRIES_MAX     /* entries */
#define LEDGER_BATCH_BYTES_MAX JOURNAL_BYTES_MAX /* with two bytes for each entry */
/* An append publishes first if the journal holds as many entries or bytes. */
#define LEDGER_PENDING_MAX 16384
#define LEDGER_PENDING_BYTES_MAX (8u << 20)

struct ledger;

struct ledger_entry {
    const void *bytes;
    size_t size; /* at most LEDGER_ENTRY_MAX; 0 is allowed */
};

/* What ledger_open found. */
struct ledger_recovery {
    uint64_t published;  /* entries in the tiles */
    uint64_t replayed;   /* entries that only the journal had */
    uint64_t torn_bytes; /* cut off the journal's end */
};

/* Makes the folder, and the key file if there is none (libsodium's crypto_sign_keypair, mode 0600).
 * The key's name is the origin: not empty, no spaces, no plus. ERROR_INPUT if a ledger is there
 * already, or the key file is another ledger's, malformed, or open to others. What an interrupted
 * call has left, the next one completes. */
int ledger_create(const char *path, const char *origin, const char *key_path, struct error *error);

/* Opens it for writing; `recovery` may be NULL. ERROR_INPUT if there is no ledger or the key is
 * another's; ERROR_CORRUPT if checkpoint, rightmost tiles or journal are not as this key signed
 * them; ERROR_IO, also if another process writes to it; ERROR_MEMORY. */
int ledger_open(struct ledger **ledger, const char *path, const char *key_path,
                struct ledger_recovery *recovery, struct error *error);

/* The entries acknowledged so far. */
uint64_t ledger_size(const struct ledger *ledger);
const struct note_key *ledger_key(const struct ledger *ledger);

/* Appends a batch and returns 0 when it is on the disk; `first` (may be NULL) is the index of its
 * first entry. None of its entries or all are appended. ERROR_LIMIT if an entry or the batch is too
 * large; ERROR_IO, ERROR_MEMORY. An empty batch appends nothing. */
int ledger_append(struct ledger *ledger, const struct ledger_entry *entries, size_t count,
                  uint64_t *first, struct error *error);

/* Publishes what is pending: tiles and checkpoint are on the disk when it returns 0. After an error
 * nothing is lost, and it can be tried again. */
int ledger_publish(struct ledger *ledger, struct error *error);

/* The checkpoint last published, and proofs up to it. ERROR_INPUT for a size not yet published. */
const struct ledger_checkpoint *ledger_checkpoint(const struct ledger *ledger);
int ledger_inclusion(const struct ledger *ledger, uint64_t index, uint64_t size,
                     struct merkle_proof *proof, struct error *error);
int ledger_consistency(const struct ledger *ledger, uint64_t before, uint64_t after,
                       struct merkle_proof *proof, struct error *error);

/* Publishes and closes. After an error the ledger is closed all the same, and nothing that was
 * acknowledged is lost. NULL is allowed. */
int ledger_close(struct ledger *ledger, struct error *error);
/* Closes without publishing. */
void ledger_abandon(struct ledger *ledger);

#endif
