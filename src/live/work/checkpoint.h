/*
 * Little-endian numbers of checkpoints, pieces and digests. For the work room's own use.
 *
 * Writing trusts the room that it was given. Reading stays within its span: past the end, `bad` is
 * set and everything more reads as 0, so that a whole part is read before one looks.
 */
#ifndef IOLAUS_LIVE_WORK_CHECKPOINT_H
#define IOLAUS_LIVE_WORK_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct checkpoint_reader {
    const unsigned char *at;
    const unsigned char *end;
    bool bad;
};

/* Puts the low `bytes` bytes of a value (1 to 8) and moves on. */
void checkpoint_put(unsigned char **at, uint64_t value, unsigned bytes);
uint64_t checkpoint_take(struct checkpoint_reader *reader, unsigned bytes);

/* A double as its IEEE 754 bits. */
void checkpoint_put_double(unsigned char **at, double value);
double checkpoint_take_double(struct checkpoint_reader *reader);

/* FNV-1a, 32 bits (Fowler, Noll and Vo; IETF draft-eastlake-fnv). Every step is one to one in the
 * digest so far, so one altered byte always shows. It guards against torn bytes, not malice. */
#define CHECKPOINT_DIGEST_START UINT32_C(2166136261)
uint32_t checkpoint_digest(uint32_t digest, const void *bytes, size_t size);

#endif
