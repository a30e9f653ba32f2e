/*
 * The body of a checkpoint, as C2SP's tlog-checkpoint has it: the text of a signed note of at least
 * three lines.
 *
 *     example.org/ledger          the origin: which ledger it is
 *     20852163                    its size in entries
 *     CsUYapGGPo4dkMg...          the root of its Merkle tree, base64
 *     ...                         extension lines: our own ledger has none
 */
#ifndef IOLAUS_EVIDENCE_CHECKPOINT_H
#define IOLAUS_EVIDENCE_CHECKPOINT_H

#include "evidence/merkle.h"
#include "evidence/note.h"

struct ledger_checkpoint {
    char origin[NOTE_NAME_MAX + 1]; /* one line, not empty */
    uint64_t size;                  /* entries, at most 2^63 - 1 */
    struct merkle_hash root;
};

/* A body without extension lines, with a zero. */
#define CHECKPOINT_TEXT (NOTE_NAME_MAX + 1 + 20 + 1 + BASE64_TEXT(MERKLE_HASH_BYTES) + 1)
/* A note of such a body and one signature. */
#define CHECKPOINT_NOTE_TEXT (CHECKPOINT_TEXT + 1 + NOTE_LINE_TEXT)

/* Reads a body. ERROR_CORRUPT with the byte where it is not canonical. In `extension_size` (if not
 * NULL) the bytes of the extension lines, which are not kept; if NULL, none are allowed. */
int ledger_checkpoint_read(struct ledger_checkpoint *checkpoint, const char *text, size_t size,
                           size_t *extension_size, struct error *error);

/* Writes the body without extension lines and a zero; returns its length in bytes. */
size_t ledger_checkpoint_write(const struct ledger_checkpoint *checkpoint,
                               char text[CHECKPOINT_TEXT]);

/* Writes body and signature; returns the length of the note. Deterministic. */
size_t ledger_checkpoint_sign(const struct ledger_checkpoint *checkpoint,
                              const struct note_secret *secret, char note[CHECKPOINT_NOTE_TEXT]);

#endif
