/*
 * The goal: no bytes make the reader of traces do wrong, and what it takes has one meaning. Bytes
 * alone never get past the checksums, so they are read a second time with lengths, checksums and
 * end mark made right: a writer can always be the one who lies. Gives 1 where the bytes as they
 * stand were a whole trace.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "trace/bytes.h"
#include "trace/format.h"

/* ---- making it right ---- */

struct mend {
    unsigned char *bytes;
    size_t size;
    struct header_store store;
    struct trace_digest *digest; /* NULL where the header cannot be read */
    uint64_t blocks, records;
};

static void put_end(struct mend *mend, unsigned char *payload)
{
    bytes_put64(payload, mend->records);
    trace_digest_close(mend->digest, payload + 8);
    mend->digest = NULL;
}

static void take_block(struct mend *mend, unsigned char *payload, size_t size)
{
    static struct record records[FORMAT_BLOCK_RECORDS];
    uint32_t count;

    if (size >= 8)
        bytes_put64(payload, mend->blocks++);
    if (mend->digest == NULL || block_decode(payload, size, mend->blocks - 1,
                                             mend->store.header.agents, records, &count) != NULL)
        return;
    mend->records += count;
    for (uint32_t i = 0; i < count; i++)
        trace_digest_take(mend->digest, &records[i]);
}

static void mend_frames(struct mend *mend, size_t at)
{
    const unsigned char *key = mend->bytes + FORMAT_MAGIC_BYTES + 8;

    while (at + FORMAT_FRAME_BYTES <= mend->size) {
        unsigned char *frame = mend->bytes + at, *payload = frame + FORMAT_FRAME_BYTES;
        size_t left = mend->size - at - FORMAT_FRAME_BYTES, size = bytes_get32(frame + 4);
        bool end = bytes_get32(frame) == FORMAT_TAG_END && left >= FORMAT_END_BYTES;

        size = end ? FORMAT_END_BYTES : size > left ? left : size;
        bytes_put32(frame, end ? FORMAT_TAG_END : FORMAT_TAG_BLOCK);
        bytes_put32(frame + 4, (uint32_t)size);
        if (end && mend->digest != NULL)
            put_end(mend, payload);
        else if (!end)
            take_block(mend, payload, size);
        format_checksum(frame, 8, payload, size, key, frame + 8);
        at += FORMAT_FRAME_BYTES + size;
        mend->size = end ? at : mend->size;
    }
}

static void mend_head(struct mend *mend)
{
    unsigned char *head = mend->bytes, *header = head + FORMAT_HEAD_BYTES, *copy;
    size_t left = mend->size - FORMAT_HEAD_BYTES, size = bytes_get32(head + FORMAT_MAGIC_BYTES + 4);

    size = size > left ? left : size;
    memcpy(head, format_magic, FORMAT_MAGIC_BYTES);
    bytes_put32(head + FORMAT_MAGIC_BYTES, FORMAT_VERSION);
    bytes_put32(head + FORMAT_MAGIC_BYTES + 4, (uint32_t)size);
    format_checksum(head, FORMAT_MAGIC_BYTES + 8, header, size, NULL,
                    head + FORMAT_MAGIC_BYTES + 8);
    copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, header, size);
    if (header_decode(&mend->store, copy, size, NULL) == 0)
        mend->digest = digest_open(mend->store.bytes, mend->store.determining);
    mend_frames(mend, FORMAT_HEAD_BYTES + size);
}

unsigned char *fuzz_trace_mend(const uint8_t *data, size_t *size)
{
    struct mend mend = {.bytes = malloc(*size + 1), .size = *size};

    if (mend.bytes == NULL)
        abort();
    memcpy(mend.bytes, data, *size);
    if (*size >= FORMAT_HEAD_BYTES)
        mend_head(&mend);
    trace_digest_close(mend.digest, NULL);
    header_release(&mend.store);
    *size = mend.size;
    return mend.bytes;
}

/* ---- reading it ---- */

/* What was decoded encodes and decodes to the same. */
static void again_check(const struct record *records, uint32_t count, uint32_t agents)
{
    static unsigned char bytes[FORMAT_BLOCK_BYTES_MAX];
    static struct record again[FORMAT_BLOCK_RECORDS];
    uint32_t back;

    for (uint32_t i = 0; i < count; i++)
        if (record_check(&records[i], agents) != NULL)
            abort();
    if (count > 0 && (block_decode(bytes, block_encode(records, count, 3, bytes), 3, agents, again,
                                   &back) != NULL ||
                      back != count || memcmp(records, again, count * sizeof *records) != 0))
        abort();
}

static void header_check(const struct trace_header *header)
{
    unsigned char *bytes;
    size_t size, determining;

    if (header_encode(header, &bytes, &size, &determining, NULL) != 0)
        abort();
    free(bytes);
}

/* 1: a whole trace. */
static int read_whole(const uint8_t *data, size_t size)
{
    static struct record records[FORMAT_BLOCK_RECORDS];
    struct trace_reader *reader;
    struct error error = {0};
    uint32_t count = 0, agents;
    int code = trace_reader_open(&reader, fuzz_file(0, data, size), &error);

    if (code != 0) {
        if ((code != ERROR_CORRUPT && code != ERROR_INPUT) || error.message[0] == '\0')
            abort();
        return 0;
    }
    header_check(trace_reader_header(reader));
    agents = trace_reader_header(reader)->agents;
    while ((code = trace_reader_next(reader, &records[count], &error)) > 0)
        if (++count == FORMAT_BLOCK_RECORDS) {
            again_check(records, count, agents);
            count = 0;
        }
    again_check(records, count, agents);
    if (code != 0 && (code != ERROR_CORRUPT || error.message[0] == '\0' ||
                      trace_reader_next(reader, &records[0], NULL) != code))
        abort();
    trace_reader_close(reader);
    return code == 0;
}

int fuzz_trace(const uint8_t *data, size_t size)
{
    int whole = read_whole(data, size);
    unsigned char *mended = fuzz_trace_mend(data, &size);

    read_whole(mended, size);
    free(mended);
    return whole;
}
