#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "trace/format.h"

/* Records go to BLAKE2b in batches of this many, packed. */
#define PENDING_MAX 64

struct trace_digest {
    crypto_generichash_state state;
    unsigned char pending[PENDING_MAX * RECORD_BYTES];
    uint32_t count;
};

void format_checksum(const unsigned char *before, size_t before_size, const unsigned char *after,
                     size_t after_size, const unsigned char *key,
                     unsigned char checksum[FORMAT_CHECKSUM_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, key, key != NULL ? FORMAT_CHECKSUM_BYTES : 0,
                            FORMAT_CHECKSUM_BYTES);
    crypto_generichash_update(&state, before, before_size);
    crypto_generichash_update(&state, after, after_size);
    crypto_generichash_final(&state, checksum, FORMAT_CHECKSUM_BYTES);
}

struct trace_digest *digest_open(const unsigned char *determining, size_t size)
{
    struct trace_digest *digest;

    /* Without it libsodium keeps to its slowest code; the result is the same either way. */
    if (sodium_init() < 0)
        return NULL;
    digest = aligned_alloc(_Alignof(struct trace_digest), sizeof *digest);
    if (digest == NULL)
        return NULL;
    crypto_generichash_init(&digest->state, NULL, 0, 32);
    crypto_generichash_update(&digest->state, determining, size);
    digest->count = 0;
    return digest;
}

struct trace_digest *trace_digest_open(const struct trace_header *header)
{
    struct trace_digest *digest;
    unsigned char *bytes;
    size_t size, determining;

    if (header_encode(header, &bytes, &size, &determining, NULL) < 0)
        return NULL;
    digest = digest_open(bytes, determining);
    free(bytes);
    return digest;
}

static void digest_flush(struct trace_digest *digest)
{
    crypto_generichash_update(&digest->state, digest->pending,
                              (size_t)digest->count * RECORD_BYTES);
    digest->count = 0;
}

int trace_digest_take(void *context, const struct record *record)
{
    struct trace_digest *digest = context;

    assert(digest->count < PENDING_MAX);
    record_pack(record, digest->pending + (size_t)digest->count * RECORD_BYTES);
    if (++digest->count == PENDING_MAX)
        digest_flush(digest);
    return 0;
}

void trace_digest_close(struct trace_digest *digest, unsigned char bytes[32])
{
    if (digest == NULL)
        return;
    digest_flush(digest);
    if (bytes != NULL)
        crypto_generichash_final(&digest->state, bytes, 32);
    free(digest);
}
