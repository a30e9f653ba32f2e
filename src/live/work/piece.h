/*
 * A piece of work: what one hop of a task hands on to the next.
 *
 * It is 160 bytes, goes over a link as it stands (every field is a byte, numbers among the bytes
 * are little-endian), and an all-zero one is "nothing". What comes from a peer is not to be
 * trusted: piece_clean makes any 160 bytes a piece whose length is within bounds and whose unused
 * bytes are zero.
 *
 * Layouts:
 *   PIECE_TEXT  a sentence in ASCII, without a final zero
 *   PIECE_BOX   u8 left, top, right, bottom (pixels, inclusive); u16 edges found, u16 mean strength
 *               of the strongest; u32 frame; u32 digest
 *   PIECE_POSE  u8 stands, u8 zero; i16 cart (mm); i16 tilt (0.1 mrad); u16 pushes felt;
 *               u32 falls; u32 digest
 * A digest also covers the piece that came in, so the last one of a task depends on all its hops.
 */
#ifndef IOLAUS_LIVE_WORK_PIECE_H
#define IOLAUS_LIVE_WORK_PIECE_H

#include <stdint.h>

enum piece_kind { PIECE_NOTHING, PIECE_TEXT, PIECE_BOX, PIECE_POSE };

enum {
    PIECE_BYTES_MAX = 158,
    PIECE_BOX_BYTES = 16,
    PIECE_POSE_BYTES = 16,
};

struct work_piece {
    uint8_t kind;   /* enum piece_kind */
    uint8_t length; /* bytes used */
    uint8_t bytes[PIECE_BYTES_MAX];
};

_Static_assert(sizeof(struct work_piece) == 160, "a piece is 160 bytes on every machine");

/* What `in` (or NULL: nothing) says, safe to use: a kind that is not known, a length that is too
 * great, or one that does not fit its kind, gives nothing. */
struct work_piece piece_clean(const struct work_piece *in);

#endif
