/*
 * The goal: no bytes whatever make the reader do wrong, checked by the sanitizers. Damage is found
 * by checksums before anything is decoded, so the decoders are also called directly, on bytes that
 * carry no checksum. Not covered: that a mutation is always found, which trace.c shows.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "lib/trace_sample.h"
#include "trace/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(trace_fuzz, .fini = sample_clean);

#define ROUNDS 20000

static void mutate(unsigned char *bytes, size_t *size, struct random *random)
{
    for (uint64_t n = random_below(random, 6) + 1; n > 0 && *size > 0; n--) {
        size_t at = random_below(random, *size);

        switch (random_below(random, 5)) {
        case 0:
            bytes[at] ^= (unsigned char)(1 << random_below(random, 8));
            break;
        case 1:
            bytes[at] = (unsigned char)random_u64(random);
            break;
        case 2:
            bytes[at] = random_below(random, 2) ? 0xff : 0x80;
            break;
        case 3:
            memmove(bytes + at, bytes + random_below(random, at + 1), *size - at);
            break;
        default:
            *size = at;
            break;
        }
    }
}

/* What is decoded must be valid, and encode and decode to the same again. */
Test(trace_fuzz, blocks)
{
    static struct record records[FORMAT_BLOCK_RECORDS], again[FORMAT_BLOCK_RECORDS];
    static unsigned char whole[FORMAT_BLOCK_BYTES_MAX], more[FORMAT_BLOCK_BYTES_MAX];
    struct sample sample;
    size_t whole_size;
    uint64_t decoded = 0;

    sample_begin(&sample, 3);
    for (int i = 0; i < 20; i++)
        sample_next(&sample, &records[i]);
    whole_size = block_encode(records, 20, 5, whole);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct random random = random_make(2, round, 0, 0, STREAM_TEST, 0);
        size_t size = whole_size;
        /* Of the exact size, so that a byte read too far is seen. */
        unsigned char *bytes = malloc(size);
        unsigned char *exact;
        uint32_t count, back;

        memcpy(bytes, whole, size);
        mutate(bytes, &size, &random);
        exact = malloc(size > 0 ? size : 1);
        memcpy(exact, bytes, size);
        if (block_decode(exact, size, 5, 3, records, &count) == NULL) {
            decoded++;
            for (uint32_t i = 0; i < count; i++)
                cr_assert(record_check(&records[i], 3) == NULL, "seed 2, round %u", round);
            cr_assert(block_decode(more, block_encode(records, count, 5, more), 5, 3, again,
                                   &back) == NULL,
                      "seed 2, round %u", round);
            cr_assert_eq(back, count);
            cr_assert_eq(memcmp(records, again, count * sizeof *records), 0, "seed 2, round %u",
                         round);
        }
        free(exact);
        free(bytes);
    }
    cr_assert(decoded > ROUNDS / 100, "only %llu of the mutated blocks could be read at all",
              (unsigned long long)decoded);
}

/* A checksum that is right does not make a block right: it must end where its records do. */
Test(trace_fuzz, blocks_of_a_wrong_length)
{
    static struct record records[FORMAT_BLOCK_RECORDS];
    static unsigned char bytes[FORMAT_BLOCK_BYTES_MAX];
    struct sample sample;
    uint32_t count;
    size_t whole;

    sample_begin(&sample, 3);
    for (int i = 0; i < 20; i++)
        sample_next(&sample, &records[i]);
    whole = block_encode(records, 20, 0, bytes);
    cr_assert(block_decode(bytes, whole, 0, 3, records, &count) == NULL);
    for (size_t size = 0; size < whole; size++)
        cr_assert(block_decode(bytes, size, 0, 3, records, &count) != NULL, "%zu bytes", size);
    bytes[whole] = 0;
    cr_assert(block_decode(bytes, whole + 1, 0, 3, records, &count) != NULL);
    cr_assert(block_decode(bytes, whole, 1, 3, records, &count) != NULL);
    cr_assert(block_decode(bytes, whole, 0, 2, records, &count) != NULL, "agent 2 is of the crew");
}

/* The digest in the end mark is compared with the records, and not only carried. */
Test(trace_fuzz, an_end_mark_with_another_digest)
{
    unsigned char bytes[8192], *frame;
    struct trace_reader *reader;
    struct error error = {0};
    struct record record;
    size_t size;
    FILE *file;
    int code;

    sample_write(sample_path("d.trace"), 40);
    file = fopen(sample_path("d.trace"), "r+b");
    size = fread(bytes, 1, sizeof bytes, file);
    frame = bytes + size - FORMAT_END_BYTES - FORMAT_FRAME_BYTES;
    frame[FORMAT_FRAME_BYTES + 8] ^= 1;
    format_checksum(frame, 8, frame + FORMAT_FRAME_BYTES, FORMAT_END_BYTES, bytes + 16, frame + 8);
    rewind(file);
    fwrite(bytes, 1, size, file);
    fclose(file);
    cr_assert_eq(trace_reader_open(&reader, sample_path("d.trace"), &error), 0);
    while ((code = trace_reader_next(reader, &record, &error)) > 0)
        continue;
    trace_reader_close(reader);
    cr_assert_eq(code, ERROR_CORRUPT);
    cr_assert(strstr(error.message, "digest") != NULL, "%s", error.message);
}

Test(trace_fuzz, headers)
{
    struct trace_header header = sample_header();
    unsigned char *whole;
    size_t whole_size, determining;
    uint64_t decoded = 0;

    cr_assert_eq(header_encode(&header, &whole, &whole_size, &determining, NULL), 0);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct random random = random_make(3, round, 0, 0, STREAM_TEST, 0);
        unsigned char *bytes = malloc(whole_size), *exact;
        size_t size = whole_size;
        struct header_store store;
        struct error error = {0};
        int code;

        memcpy(bytes, whole, size);
        mutate(bytes, &size, &random);
        exact = malloc(size > 0 ? size : 1);
        memcpy(exact, bytes, size);
        free(bytes);
        code = header_decode(&store, exact, size, &error);
        cr_assert(code == 0 || code == ERROR_CORRUPT, "seed 3, round %u: %s", round, error.message);
        if (code == 0) {
            unsigned char *again;
            size_t again_size;

            /* Whatever could be read can also be written. */
            decoded++;
            cr_assert_eq(header_encode(&store.header, &again, &again_size, &determining, &error), 0,
                         "seed 3, round %u: %s", round, error.message);
            free(again);
            header_release(&store);
        }
    }
    free(whole);
    cr_assert(decoded > ROUNDS / 100);
}

/* Whole files, with checksums made right again behind the mutation in half of the rounds. */
Test(trace_fuzz, files)
{
    unsigned char *whole;
    size_t whole_size;
    FILE *file;

    sample_write(sample_path("whole.trace"), 40);
    file = fopen(sample_path("whole.trace"), "rb");
    whole = malloc(8192);
    whole_size = fread(whole, 1, 8192, file);
    fclose(file);
    for (uint32_t round = 0; round < ROUNDS / 10; round++) {
        struct random random = random_make(4, round, 0, 0, STREAM_TEST, 0);
        const char *path = sample_path("mutated.trace");
        unsigned char *bytes = malloc(whole_size);
        size_t size = whole_size;
        struct trace_reader *reader;
        struct record record;

        memcpy(bytes, whole, size);
        mutate(bytes, &size, &random);
        if (round % 2 == 0 && size > FORMAT_HEAD_BYTES) {
            size_t length = bytes[12] | (size_t)bytes[13] << 8;

            if (length <= size - FORMAT_HEAD_BYTES)
                format_checksum(bytes, 16, bytes + FORMAT_HEAD_BYTES, length, NULL, bytes + 16);
        }
        file = fopen(path, "wb");
        fwrite(bytes, 1, size, file);
        fclose(file);
        free(bytes);
        if (trace_reader_open(&reader, path, NULL) == 0) {
            while (trace_reader_next(reader, &record, NULL) > 0)
                continue;
            trace_reader_close(reader);
        }
    }
    free(whole);
}
