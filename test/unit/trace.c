#include <criterion/criterion.h>

#include "base/random.h"
#include "lib/trace_sample.h"
#include "trace/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(trace, .fini = sample_clean);

static unsigned char *file_load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes;

    cr_assert(file != NULL);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*size + 1);
    cr_assert_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void file_store(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    cr_assert(file != NULL);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

/* Reads a file to its end or its damage; returns the last code, and how many records there were. */
static int file_read(const char *path, uint64_t *count, struct error *error)
{
    struct trace_reader *reader;
    struct record record;
    int code = trace_reader_open(&reader, path, error);

    *count = 0;
    if (code < 0)
        return code;
    while ((code = trace_reader_next(reader, &record, error)) > 0)
        ++*count;
    trace_reader_close(reader);
    return code;
}

static bool record_equal(const struct record *a, const struct record *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

Test(trace, a_record_packs_into_little_endian_bytes)
{
    struct record record = {.time = 0x0102030405060708,
                            .id = {0x11121314, 0x15161718},
                            .cause = {0x21222324, 0x25262728},
                            .who = 0x31323334,
                            .whom = 0x35363738,
                            .by = 0x41424344,
                            .via = 0x45464748,
                            .who_incarnation = 0x5152,
                            .whom_incarnation = 0x5354,
                            .verb = 0x55,
                            .flags = 0x5758,
                            .value = -2};
    static const unsigned char want[RECORD_BYTES] = {
        8,    7,    6,    5,    4,    3,    2,    1,    0x14, 0x13, 0x12, 0x11, 0x18, 0x17,
        0x16, 0x15, 0x24, 0x23, 0x22, 0x21, 0x28, 0x27, 0x26, 0x25, 0x34, 0x33, 0x32, 0x31,
        0x38, 0x37, 0x36, 0x35, 0x44, 0x43, 0x42, 0x41, 0x48, 0x47, 0x46, 0x45, 0x52, 0x51,
        0x54, 0x53, 0x55, 0,    0x58, 0x57, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    unsigned char bytes[RECORD_BYTES];
    struct record back;

    record_pack(&record, bytes);
    cr_assert_arr_eq(bytes, want, RECORD_BYTES);
    record_unpack(&back, bytes);
    cr_assert(record_equal(&record, &back));
}

Test(trace, every_verb_has_a_class_a_name_and_words)
{
    cr_assert_eq(record_verb_class(VERB_STARTED), CLASS_TRUTH);
    cr_assert_eq(record_verb_class(VERB_REPORTS), CLASS_CLAIM);
    cr_assert_eq(record_verb_class(VERB_WAITED), CLASS_CONTROL);
    cr_assert_str_eq(record_verb_name(VERB_LINK_UP), "link_up");
    cr_assert_str_eq(record_class_name(record_verb_class(VERB_NOTICED)), "act");
    for (int verb = 0; verb < VERB_COUNT; verb++)
        cr_assert(strlen(record_verb_words((enum record_verb)verb)) > 5);
}

/* Blocks full, partly full, and none at all. */
Test(trace, what_is_written_is_read)
{
    static const uint64_t counts[] = {0, 1, 4095, 4096, 4097, 20000};

    for (size_t n = 0; n < sizeof counts / sizeof counts[0]; n++) {
        const char *path = sample_path("whole.trace");
        struct trace_reader *reader;
        struct error error = {0};
        struct record want, got;
        struct sample sample;

        sample_write(path, counts[n]);
        cr_assert_eq(trace_reader_open(&reader, path, &error), 0, "%s", error.message);
        sample_begin(&sample, 3);
        for (uint64_t i = 0; i < counts[n]; i++) {
            sample_next(&sample, &want);
            cr_assert_eq(trace_reader_next(reader, &got, &error), 1, "%s", error.message);
            cr_assert(record_equal(&want, &got), "record %llu", (unsigned long long)i);
        }
        cr_assert_eq(trace_reader_next(reader, &got, &error), 0, "%s", error.message);
        cr_assert_eq(trace_reader_next(reader, &got, &error), 0);
        trace_reader_close(reader);
    }
    cr_assert_neq(access(sample_path("whole.trace.part"), F_OK), 0);
}

Test(trace, the_header_comes_back)
{
    struct trace_header want = sample_header();
    const struct trace_header *got;
    struct trace_reader *reader;

    sample_write(sample_path("h.trace"), 5);
    cr_assert_eq(trace_reader_open(&reader, sample_path("h.trace"), NULL), 0);
    got = trace_reader_header(reader);
    cr_assert_str_eq(got->scenario, want.scenario);
    cr_assert_str_eq(got->arm, want.arm);
    cr_assert_str_eq(got->world, want.world);
    cr_assert_str_eq(got->version, want.version);
    cr_assert_str_eq(got->host, want.host);
    cr_assert(got->seed == 42 && got->replicate == 7 && got->agents == 3 && got->nodes == 2);
    cr_assert(got->links == 3 && got->duration == want.duration);
    cr_assert_arr_eq(got->scenario_digest, want.scenario_digest, 32);
    cr_assert_arr_eq(got->links_digest, want.links_digest, 32);
    for (int i = 0; i < 3; i++) {
        cr_assert_str_eq(got->agent_names[i], want.agent_names[i]);
        cr_assert_str_eq(got->agent_kinds[i], want.agent_kinds[i]);
        cr_assert_eq(got->objects[i], want.objects[i]);
    }
    cr_assert_str_eq(got->node_names[1], "studio");
    trace_reader_close(reader);
}

/* Numbers at the ends of their ranges take the longest codes. */
Test(trace, the_largest_record_fits)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct trace_reader *reader;
    struct error error = {0};
    struct record want = {.time = INT64_MAX,
                          .id = {2, UINT32_MAX},
                          .cause = {1, 0x80000000},
                          .who = 0,
                          .whom = 1,
                          .by = 2,
                          .via = 2,
                          .who_incarnation = UINT16_MAX,
                          .whom_incarnation = UINT16_MAX,
                          .verb = VERB_COUNT - 1,
                          .flags = UINT16_MAX,
                          .value = INT64_MIN};
    struct record got;

    cr_assert_eq(trace_writer_open(&writer, sample_path("l.trace"), &header, &error), 0);
    for (int i = 0; i < 5000; i++) {
        want.time = i % 2 ? 0 : INT64_MAX;
        want.id.sequence = i % 2 ? 0x7fffffff : UINT32_MAX;
        cr_assert_eq(trace_writer_take(writer, &want), 0);
    }
    cr_assert_eq(trace_writer_close(writer, &error), 0, "%s", error.message);
    cr_assert_eq(trace_reader_open(&reader, sample_path("l.trace"), &error), 0);
    for (int i = 0; i < 5000; i++) {
        want.time = i % 2 ? 0 : INT64_MAX;
        want.id.sequence = i % 2 ? 0x7fffffff : UINT32_MAX;
        cr_assert_eq(trace_reader_next(reader, &got, &error), 1);
        cr_assert(record_equal(&want, &got));
    }
    cr_assert_eq(trace_reader_next(reader, &got, &error), 0);
    trace_reader_close(reader);
}

static void digest_of(const struct trace_header *header, uint64_t count, uint64_t changed,
                      unsigned char bytes[32])
{
    struct trace_digest *digest = trace_digest_open(header);
    struct record record;
    struct sample sample;

    sample_begin(&sample, 3);
    for (uint64_t i = 0; i < count; i++) {
        sample_next(&sample, &record);
        record.value ^= i == changed;
        trace_digest_take(digest, &record);
    }
    trace_digest_close(digest, bytes);
}

Test(trace, the_digest_is_of_the_run_and_not_of_the_host)
{
    struct trace_header header = sample_header();
    unsigned char want[32], got[32];
    struct trace_reader *reader;
    struct record record;

    sample_write(sample_path("d.trace"), 5000);
    cr_assert_eq(trace_reader_open(&reader, sample_path("d.trace"), NULL), 0);
    while (trace_reader_next(reader, &record, NULL) > 0)
        continue;
    trace_reader_digest(reader, want);
    trace_reader_close(reader);

    digest_of(&header, 5000, UINT64_MAX, got);
    cr_assert_arr_eq(got, want, 32);
    header.host = "elsewhere";
    header.version = "9.9";
    digest_of(&header, 5000, UINT64_MAX, got);
    cr_assert_arr_eq(got, want, 32);
    digest_of(&header, 4999, UINT64_MAX, got);
    cr_assert_arr_neq(got, want, 32);
    digest_of(&header, 5000, 4321, got);
    cr_assert_arr_neq(got, want, 32);
    header.seed++;
    digest_of(&header, 5000, UINT64_MAX, got);
    cr_assert_arr_neq(got, want, 32);
}

/* The digest is part of the format: it must be the same with every compiler and on every machine.
 */
Test(trace, the_digest_of_a_known_run)
{
    struct trace_header header = sample_header();
    unsigned char bytes[32];
    char text[65];

    digest_of(&header, 1000, UINT64_MAX, bytes);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    cr_assert_str_eq(text, "a54b73ef8b155def99d24384bb988e1fbce0895a0bb7e33ea2755f941b6dd5ad");
}

Test(trace, every_flipped_byte_is_found)
{
    const char *path = sample_path("flipped.trace");
    unsigned char *bytes;
    size_t size;

    sample_write(sample_path("whole.trace"), 60);
    bytes = file_load(sample_path("whole.trace"), &size);
    for (size_t i = 0; i < size; i++) {
        static const unsigned char flips[] = {0x01, 0x80, 0xff};

        for (int f = 0; f < 3; f++) {
            struct error error = {0};
            uint64_t count;
            int code;

            bytes[i] ^= flips[f];
            file_store(path, bytes, size);
            code = file_read(path, &count, &error);
            cr_assert(code == ERROR_CORRUPT || (i < 12 && code == ERROR_INPUT),
                      "byte %zu ^ %x: %d %s", i, flips[f], code, error.message);
            cr_assert(strstr(error.message, ": byte ") != NULL, "%s", error.message);
            bytes[i] ^= flips[f];
        }
    }
    free(bytes);
}

Test(trace, every_truncation_is_found)
{
    const char *path = sample_path("cut.trace");
    unsigned char *bytes;
    size_t size;

    sample_write(sample_path("whole.trace"), 60);
    bytes = file_load(sample_path("whole.trace"), &size);
    for (size_t i = 0; i < size; i++) {
        struct error error = {0};
        uint64_t count;

        file_store(path, bytes, i);
        cr_assert_eq(file_read(path, &count, &error), ERROR_CORRUPT, "%zu bytes: %s", i,
                     error.message);
        cr_assert(strstr(error.message, ": byte ") != NULL, "%s", error.message);
    }
    bytes[size] = 0;
    file_store(path, bytes, size + 1);
    {
        struct error error = {0};
        uint64_t count;

        cr_assert_eq(file_read(path, &count, &error), ERROR_CORRUPT);
        cr_assert(strstr(error.message, "behind the end mark") != NULL);
    }
    free(bytes);
}

/* Whole blocks that change places, or come from another run's file, have right contents in the
 * wrong place. */
Test(trace, blocks_in_the_wrong_place_are_found)
{
    unsigned char *bytes, *other;
    size_t size, other_size, head, first, second;
    struct error error = {0};
    uint64_t count;

    sample_write(sample_path("a.trace"), 8192);
    bytes = file_load(sample_path("a.trace"), &size);
    head = 32 + (size_t)(bytes[12] | bytes[13] << 8);
    first = 24 + (size_t)(bytes[head + 4] | bytes[head + 5] << 8 | bytes[head + 6] << 16);
    second = size - head - first - 64;
    other = malloc(size);
    memcpy(other, bytes, size);
    memcpy(other + head, bytes + head + first, second);
    memcpy(other + head + second, bytes + head, first);
    file_store(sample_path("b.trace"), other, size);
    cr_assert_eq(file_read(sample_path("b.trace"), &count, &error), ERROR_CORRUPT);
    cr_assert(strstr(error.message, "is not the next one") != NULL, "%s", error.message);
    cr_assert_eq(count, 0);

    /* The second block left out: the end mark must notice. */
    memcpy(other, bytes, head + first);
    memcpy(other + head + first, bytes + size - 64, 64);
    file_store(sample_path("b.trace"), other, head + first + 64);
    cr_assert_eq(file_read(sample_path("b.trace"), &count, &error), ERROR_CORRUPT);
    cr_assert(strstr(error.message, "counts other records") != NULL, "%s", error.message);
    free(other);

    sample_write(sample_path("c.trace"), 8192);
    other = file_load(sample_path("c.trace"), &other_size);
    cr_assert_eq(size, other_size);
    cr_assert_arr_eq(bytes, other, size, "the same run gives the same file");
    free(other);
    free(bytes);
}

Test(trace, a_block_of_another_file_is_found)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    unsigned char *a, *b;
    size_t a_size, b_size;
    struct error error = {0};
    uint64_t count;

    sample_write(sample_path("a.trace"), 0);
    header.seed++;
    cr_assert_eq(trace_writer_open(&writer, sample_path("b.trace"), &header, NULL), 0);
    cr_assert_eq(trace_writer_close(writer, NULL), 0);
    a = file_load(sample_path("a.trace"), &a_size);
    b = file_load(sample_path("b.trace"), &b_size);
    cr_assert_eq(a_size, b_size);
    memcpy(a + a_size - 64, b + b_size - 64, 64);
    file_store(sample_path("a.trace"), a, a_size);
    cr_assert_eq(file_read(sample_path("a.trace"), &count, &error), ERROR_CORRUPT);
    cr_assert(strstr(error.message, "checksum") != NULL, "%s", error.message);
    free(a);
    free(b);
}

Test(trace, what_is_no_trace_is_refused)
{
    struct error error = {0};
    uint64_t count;

    file_store(sample_path("x"), (const unsigned char *)"iolaus: 1\nname: newsroom\nabout: x\n",
               34);
    cr_assert_eq(file_read(sample_path("x"), &count, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "not a trace") != NULL, "%s", error.message);
    cr_assert_eq(file_read(sample_path("none"), &count, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "No such file") != NULL, "%s", error.message);
    cr_assert_eq(file_read("/tmp", &count, &error), ERROR_INPUT);
    cr_assert_eq(file_read("/dev/zero", &count, &error), ERROR_INPUT);
}

Test(trace, what_a_trace_cannot_hold_is_refused)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct error error = {0};
    struct record record = {.who = 3,
                            .whom = AGENT_NONE,
                            .by = AGENT_NONE,
                            .via = AGENT_NONE,
                            .id = {0, 0},
                            .cause = RECORD_ID_NONE};

    cr_assert_eq(trace_writer_open(&writer, sample_path("r.trace"), &header, &error), 0);
    cr_assert_eq(trace_writer_take(writer, &record), ERROR_INPUT);
    cr_assert_eq(trace_writer_close(writer, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "not of the crew") != NULL, "%s", error.message);
    cr_assert_neq(access(sample_path("r.trace"), F_OK), 0);
    cr_assert_neq(access(sample_path("r.trace.part"), F_OK), 0);

    header.arm = "red\x1b[31m";
    cr_assert_eq(trace_writer_open(&writer, sample_path("r.trace"), &header, &error), ERROR_INPUT);
    header.arm = "\xc3(";
    cr_assert_eq(trace_writer_open(&writer, sample_path("r.trace"), &header, &error), ERROR_INPUT);
    header.arm = "\xed\xa0\x80";
    cr_assert_eq(trace_writer_open(&writer, sample_path("r.trace"), &header, &error), ERROR_INPUT);
    cr_assert(trace_digest_open(&header) == NULL);
    header.arm = "Η Ύδρα 🐍";
    cr_assert_eq(trace_writer_open(&writer, sample_path("r.trace"), &header, &error), 0);
    trace_writer_abandon(writer);
    cr_assert_eq(trace_writer_open(&writer, "/dev/null", &header, &error), ERROR_INPUT);
    cr_assert_eq(access("/dev/null.part", F_OK), -1);
}

Test(trace, two_writers_of_one_file_do_not_mix)
{
    struct trace_header header = sample_header();
    struct trace_writer *first, *second;
    struct error error = {0};

    cr_assert_eq(trace_writer_open(&first, sample_path("w.trace"), &header, &error), 0);
    cr_assert_eq(trace_writer_open(&second, sample_path("w.trace"), &header, &error), ERROR_IO);
    cr_assert(strstr(error.message, "another process") != NULL, "%s", error.message);
    cr_assert_eq(trace_writer_close(first, &error), 0, "%s", error.message);
}

/* Writes `count` records, flushed after every `every` of them, and copies the unfinished file as it
 * was after the flush that came last before the end. */
static void write_flushed(const char *path, uint64_t count, uint64_t every, const char *copy,
                          uint64_t *flushed)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct error error = {0};
    struct record record;
    struct sample sample;
    char part[160];

    snprintf(part, sizeof part, "%s.part", path);
    *flushed = 0;
    cr_assert_eq(trace_writer_open(&writer, path, &header, &error), 0, "%s", error.message);
    sample_begin(&sample, header.agents);
    for (uint64_t i = 0; i < count; i++) {
        sample_next(&sample, &record);
        cr_assert_eq(trace_writer_take(writer, &record), 0);
        if ((i + 1) % every != 0)
            continue;
        cr_assert_eq(trace_writer_flush(writer, i % 2 == 0, &error), 0, "%s", error.message);
        *flushed = i + 1;
        if (i + 1 + every > count) {
            size_t size;
            unsigned char *bytes = file_load(part, &size);

            file_store(copy, bytes, size);
            free(bytes);
        }
    }
    cr_assert_eq(trace_writer_close(writer, &error), 0, "%s", error.message);
}

static void file_digest(const char *path, unsigned char digest[32])
{
    struct trace_reader *reader;
    struct error error = {0};
    struct record record;

    cr_assert_eq(trace_reader_open(&reader, path, &error), 0, "%s", error.message);
    while (trace_reader_next(reader, &record, &error) > 0)
        continue;
    trace_reader_digest(reader, digest);
    trace_reader_close(reader);
}

/* Whoever is killed after a flush leaves all that was flushed; and blocks that end early change
 * nothing about the run. */
Test(trace, what_is_flushed_is_kept_and_the_digest_is_the_same)
{
    static const uint64_t everies[] = {1, 2, 3, 7, 100, 4095, 4096, 4097, 5000};
    const char *path = sample_path("flushed.trace"), *part = sample_path("killed.trace.part");
    const char *again = sample_path("killed.trace");
    unsigned char plain[32], flushed[32];

    sample_write(sample_path("plain.trace"), 5003);
    file_digest(sample_path("plain.trace"), plain);
    for (size_t n = 0; n < sizeof everies / sizeof everies[0]; n++) {
        struct trace_reader *reader;
        struct error error = {0};
        struct record want, got;
        struct sample sample;
        uint64_t kept, whole;

        write_flushed(path, 5003, everies[n], part, &whole);
        cr_assert_eq(whole, 5003 / everies[n] * everies[n]);
        file_digest(path, flushed);
        cr_assert_arr_eq(plain, flushed, 32, "every %llu", (unsigned long long)everies[n]);

        cr_assert_eq(trace_recover(part, again, &kept, &error), 0, "%s", error.message);
        cr_assert_eq(error.code, ERROR_CORRUPT);
        cr_assert_eq(kept, whole, "every %llu: %llu of %llu", (unsigned long long)everies[n],
                     (unsigned long long)kept, (unsigned long long)whole);
        sample_write(sample_path("plain.trace"), whole);
        file_digest(sample_path("plain.trace"), flushed);
        cr_assert_eq(trace_reader_open(&reader, again, &error), 0, "%s", error.message);
        sample_begin(&sample, 3);
        while (trace_reader_next(reader, &got, &error) > 0) {
            sample_next(&sample, &want);
            cr_assert(record_equal(&want, &got));
        }
        trace_reader_close(reader);
        unsigned char recovered[32];
        file_digest(again, recovered);
        cr_assert_arr_eq(recovered, flushed, 32);
    }
}

Test(trace, a_flush_without_records_writes_nothing)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct error error = {0};
    uint64_t count;

    cr_assert_eq(trace_writer_open(&writer, sample_path("none.trace"), &header, &error), 0);
    cr_assert_eq(trace_writer_flush(writer, false, &error), 0);
    cr_assert_eq(trace_writer_flush(writer, true, NULL), 0);
    cr_assert_eq(trace_writer_close(writer, &error), 0, "%s", error.message);
    cr_assert_eq(file_read(sample_path("none.trace"), &count, &error), 0, "%s", error.message);
    cr_assert_eq(count, 0);
}

Test(trace, recover_keeps_what_stands_before_the_damage)
{
    unsigned char *bytes;
    size_t size;
    struct error error = {0};
    uint64_t kept, count;

    sample_write(sample_path("whole.trace"), 10000);
    bytes = file_load(sample_path("whole.trace"), &size);
    bytes[size - 200] ^= 1; /* in the third block */
    file_store(sample_path("torn.trace.part"), bytes, size);
    cr_assert_eq(
        trace_recover(sample_path("torn.trace.part"), sample_path("torn.trace"), &kept, &error), 0,
        "%s", error.message);
    cr_assert_eq(error.code, ERROR_CORRUPT);
    cr_assert(strstr(error.message, "checksum") != NULL, "%s", error.message);
    cr_assert_eq(kept, 8192);
    cr_assert_eq(file_read(sample_path("torn.trace"), &count, &error), 0, "%s", error.message);
    cr_assert_eq(count, 8192);
    cr_assert_eq(access(sample_path("torn.trace.part"), F_OK), 0);

    /* A whole file is copied as it is; and onto itself. */
    cr_assert_eq(
        trace_recover(sample_path("whole.trace"), sample_path("whole.trace"), &kept, &error), 0);
    cr_assert_eq(error.code, 0);
    cr_assert_eq(kept, 10000);
    cr_assert_eq(file_read(sample_path("whole.trace"), &count, &error), 0);

    /* With its header damaged there is nothing to read the rest by, and nothing is made. */
    bytes[40] ^= 1;
    file_store(sample_path("torn.trace.part"), bytes, size);
    cr_assert_eq(
        trace_recover(sample_path("torn.trace.part"), sample_path("new.trace"), &kept, &error),
        ERROR_CORRUPT);
    cr_assert_neq(access(sample_path("new.trace"), F_OK), 0);
    free(bytes);
}
