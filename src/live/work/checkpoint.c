#include "live/work/checkpoint.h"

#include <assert.h>
#include <string.h>

_Static_assert(sizeof(double) == sizeof(uint64_t), "a double is 64 bits");

void checkpoint_put(unsigned char **at, uint64_t value, unsigned bytes)
{
    assert(bytes >= 1 && bytes <= 8);
    for (unsigned i = 0; i < bytes; i++)
        *(*at)++ = (unsigned char)(value >> 8 * i);
}

uint64_t checkpoint_take(struct checkpoint_reader *reader, unsigned bytes)
{
    uint64_t value = 0;

    assert(bytes >= 1 && bytes <= 8);
    if ((size_t)(reader->end - reader->at) < bytes) {
        reader->bad = true;
        reader->at = reader->end;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)*reader->at++ << 8 * i;
    return value;
}

void checkpoint_put_double(unsigned char **at, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    checkpoint_put(at, bits, 8);
}

double checkpoint_take_double(struct checkpoint_reader *reader)
{
    uint64_t bits = checkpoint_take(reader, 8);
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

uint32_t checkpoint_digest(uint32_t digest, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < size; i++)
        digest = (digest ^ at[i]) * UINT32_C(16777619);
    return digest;
}
