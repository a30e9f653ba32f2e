/*
 * Little-endian integers and variable-length ones, in memory. For the trace room's own use.
 *
 * A varint has seven bits in each byte, the lowest first, and the top bit set in all but the last.
 * Signed numbers are folded first (0, -1, 1, -2, ... become 0, 1, 2, 3, ...). Reading stays within
 * the span that it is given: at its end, or at a varint that does not fit into 64 bits, `bad` is
 * set and everything more reads as 0, so that a whole record is read before one looks.
 */
#ifndef IOLAUS_TRACE_BYTES_H
#define IOLAUS_TRACE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

static inline void bytes_put16(unsigned char *bytes, uint16_t value)
{
    bytes[0] = (unsigned char)value;
    bytes[1] = (unsigned char)(value >> 8);
}

static inline void bytes_put32(unsigned char *bytes, uint32_t value)
{
    bytes_put16(bytes, (uint16_t)value);
    bytes_put16(bytes + 2, (uint16_t)(value >> 16));
}

static inline void bytes_put64(unsigned char *bytes, uint64_t value)
{
    bytes_put32(bytes, (uint32_t)value);
    bytes_put32(bytes + 4, (uint32_t)(value >> 32));
}

static inline uint16_t bytes_get16(const unsigned char *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t bytes_get32(const unsigned char *bytes)
{
    return bytes_get16(bytes) | (uint32_t)bytes_get16(bytes + 2) << 16;
}

static inline uint64_t bytes_get64(const unsigned char *bytes)
{
    return bytes_get32(bytes) | (uint64_t)bytes_get32(bytes + 4) << 32;
}

#define VARINT_BYTES_MAX 10

static inline unsigned char *bytes_put_varint(unsigned char *bytes, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *bytes++ = (unsigned char)(value | 0x80);
    *bytes++ = (unsigned char)value;
    return bytes;
}

/* Signed numbers wrap: the difference of any two 64-bit numbers can be folded and unfolded. */
static inline uint64_t bytes_fold(uint64_t value)
{
    return value << 1 ^ (value >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t bytes_unfold(uint64_t folded)
{
    return folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0);
}

struct byte_span {
    const unsigned char *at;
    const unsigned char *end;
    bool bad;
};

static inline uint64_t bytes_take_varint(struct byte_span *span)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && span->at < span->end; shift += 7) {
        unsigned char byte = *span->at++;

        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    span->bad = true;
    span->at = span->end;
    return 0;
}

/* The same, for what must fit into 32 bits. */
static inline uint32_t bytes_take_varint32(struct byte_span *span)
{
    uint64_t value = bytes_take_varint(span);

    if (value > UINT32_MAX) {
        span->bad = true;
        return 0;
    }
    return (uint32_t)value;
}

#endif
