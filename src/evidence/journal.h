/*
 * The journal of a ledger: the batches that are acknowledged and not yet published as tiles. The
 * file `journal` is a sequence of frames, numbers big-endian:
 *
 *     8 bytes    "IolausJ1"
 *     8          index of the first entry
 *     4          number of entries, 1 to JOURNAL_ENTRIES_MAX
 *     4          bytes of the entries, at most JOURNAL_BYTES_MAX
 *     4          bytes of the note
 *     8          the first eight of SHA-256 of the 28 bytes before
 *     ...        the entries, each after its length in two bytes, as in a bundle
 *     ...        the signed checkpoint of the tree that ends with them
 *
 * The checkpoint's root covers the entries, its signature the root, and the rest follows from them:
 * no byte of a frame can be changed without being noticed.
 *
 * A frame that a power failure has torn is shorter than its header says, or a sector of it was
 * never written and reads as zeros. Only the last frame can be torn, since each is on the disk
 * before the next one is begun. What is wrong in another way was altered. (A last frame that was
 * altered, and holds a sector of zeros among its entries, is taken for torn; an audit refuses
 * either.)
 */
#ifndef IOLAUS_EVIDENCE_JOURNAL_H
#define IOLAUS_EVIDENCE_JOURNAL_H

#include "evidence/checkpoint.h"
#include "evidence/tiles.h"

#define JOURNAL_HEADER_BYTES 36
#define JOURNAL_ENTRIES_MAX 4096
#define JOURNAL_BYTES_MAX (16u << 20)
#define JOURNAL_FRAME_MAX (JOURNAL_HEADER_BYTES + JOURNAL_BYTES_MAX + CHECKPOINT_NOTE_TEXT)

struct journal_frame {
    uint64_t first;
    uint32_t count;
    const unsigned char *entries;
    size_t entries_size;
    const char *note;
    size_t note_size;
    size_t size; /* of the whole frame */
};

/* The header of a frame, of which all but the pointers must be filled in. */
void journal_header(const struct journal_frame *frame, unsigned char bytes[JOURNAL_HEADER_BYTES]);

/* Takes apart the frame at `at`, which is less than `size`. Returns 0, or -1 if it is not whole. */
int journal_next(const unsigned char *bytes, size_t size, size_t at, struct journal_frame *frame);

/* Whether what stands from `at` to the end is a torn frame, and no altered one. */
bool journal_torn(const unsigned char *bytes, size_t size, size_t at);

/* Compares a frame's checkpoint with the one of the tree in `range`, signed by `key` and nobody
 * else. ERROR_CORRUPT. */
int journal_note_check(const struct journal_frame *frame, const struct note_key *key,
                       const struct merkle_range *range, struct error *error);

/* Checks a frame that goes on where `range` ends: appends its entries to the range, and compares
 * the checkpoint as above. Gives the
 * entries' leaf hashes in `leaves` (room for frame->count). ERROR_CORRUPT, and `range` has changed
 * all the same; ERROR_LIMIT if the tree would be too large. */
int journal_check(const struct journal_frame *frame, const struct note_key *key,
                  struct merkle_range *range, struct merkle_hash *leaves, struct error *error);

#endif
