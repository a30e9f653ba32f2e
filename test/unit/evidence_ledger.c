/*
 * The goal: what is appended is there, in order and once, after every way of closing; readers see
 * it published with proofs; a torn journal is recovered, an altered one refused. The limit: faults
 * and kills are test/fault/ledger.c's.
 */
#include <criterion/criterion.h>

#include "lib/ledger_sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(ledger, .fini = ledger_sample_clean);

static struct error error;

static struct ledger *made(const char *name)
{
    struct ledger *ledger;

    cr_assert_eq(ledger_sample_create(name, &error), 0, "%s", error.message);
    cr_assert_eq(ledger_sample_open(name, &ledger, NULL, &error), 0, "%s", error.message);
    return ledger;
}

Test(ledger, is_made_once)
{
    struct ledger *ledger = made("l"), *other;
    struct stat about;

    cr_assert_eq(stat(ledger_sample_path("l.key"), &about), 0);
    cr_assert_eq(about.st_mode & 07777, 0600);
    cr_assert_eq(ledger_sample_create("l", &error), ERROR_INPUT);
    cr_assert_eq(ledger_sample_open("l", &other, NULL, &error), ERROR_IO);
    cr_assert(strstr(error.message, "another process writes"), "%s", error.message);
    cr_assert_eq(ledger_close(ledger, &error), 0);
    ledger_sample_published("l", 0);
    chmod(ledger_sample_path("l.key"), 0640);
    cr_assert_eq(ledger_sample_open("l", &other, NULL, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "chmod 600"), "%s", error.message);
    cr_assert_eq(
        ledger_open(&other, ledger_sample_path("l"), ledger_sample_path("none"), NULL, &error),
        ERROR_INPUT);
    cr_assert_eq(
        ledger_create(ledger_sample_path("m"), "two words", ledger_sample_path("m.key"), &error),
        ERROR_INPUT);
    cr_assert_eq(access(ledger_sample_path("m"), F_OK), -1);
    /* Another ledger's key, and a folder that is something else. */
    chmod(ledger_sample_path("l.key"), 0600);
    cr_assert_eq(ledger_create(ledger_sample_path("m"), "example.org/other",
                               ledger_sample_path("l.key"), &error),
                 ERROR_INPUT);
    cr_assert_eq(ledger_create(ledger_sample_path(""), LEDGER_SAMPLE_ORIGIN,
                               ledger_sample_path("l.key"), &error),
                 ERROR_INPUT);
    cr_assert_eq(ledger_sample_create("n", &error), 0);
    cr_assert_eq(
        ledger_open(&other, ledger_sample_path("l"), ledger_sample_path("n.key"), NULL, &error),
        ERROR_INPUT);
}

/* Batches of many sizes, published now and then, closed and opened now and then: at every size up
 * to some thousands the tiles are as the specification wants them. */
Test(ledger, grows)
{
    struct ledger *ledger = made("l");
    struct ledger_recovery recovery;
    uint64_t seed = 5;

    while (ledger_size(ledger) < 3000) {
        uint64_t size = ledger_size(ledger), published = ledger_checkpoint(ledger)->size;
        size_t count;

        seed = seed * UINT64_C(6364136223846793005) + 1;
        count = seed >> 60 == 0 ? 700 : (seed >> 33) % 90;
        cr_assert_eq(ledger_sample_append(ledger, count, &error), 0, "%s", error.message);
        size += count;
        if ((seed >> 20) % 3 == 0) {
            cr_assert_eq(ledger_publish(ledger, &error), 0, "%s", error.message);
            published = size;
        }
        if ((seed >> 24) % 4 != 0)
            continue;
        ledger_abandon(ledger);
        cr_assert_eq(ledger_sample_open("l", &ledger, &recovery, &error), 0, "%s", error.message);
        cr_assert_eq(ledger_size(ledger), size);
        cr_assert_eq(recovery.published, published);
        cr_assert_eq(recovery.replayed, size - published);
        cr_assert_eq(recovery.torn_bytes, 0);
    }
    seed = ledger_size(ledger);
    cr_assert_eq(ledger_close(ledger, &error), 0, "%s", error.message);
    ledger_sample_published("l", seed);
}

/* More than one level of tiles, in one publication and over several. */
Test(ledger, has_tiles_of_the_third_level)
{
    struct ledger *ledger = made("l");
    struct merkle_proof proof;

    for (int i = 0; i < 17; i++)
        cr_assert_eq(ledger_sample_append(ledger, 4096, &error), 0, "%s", error.message);
    cr_assert_eq(ledger_sample_append(ledger, 70000 - 17 * 4096, &error), 0);
    cr_assert_eq(ledger_publish(ledger, &error), 0);
    cr_assert_eq(ledger_checkpoint(ledger)->size, 70000);
    cr_assert_eq(access(ledger_sample_path("l/tile/0/272"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/0/273.p/112"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/1/000"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/1/001.p/17"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/2/000.p/1"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/entries/273.p/112"), F_OK), 0);
    for (uint64_t i = 1; i < 70000; i = i * 3 + 1) {
        cr_assert_eq(ledger_inclusion(ledger, i, 70000, &proof, &error), 0, "%s", error.message);
        cr_assert_eq(ledger_inclusion(ledger, i - 1, i, &proof, &error), 0, "%s", error.message);
        cr_assert_eq(ledger_consistency(ledger, i, 70000, &proof, &error), 0, "%s", error.message);
    }
    cr_assert_eq(ledger_inclusion(ledger, 0, 70001, &proof, &error), ERROR_INPUT);
    cr_assert_eq(ledger_inclusion(ledger, 7, 7, &proof, &error), ERROR_INPUT);
    cr_assert_eq(ledger_consistency(ledger, 8, 7, &proof, &error), ERROR_INPUT);
    ledger_abandon(ledger);
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0, "%s", error.message);
    cr_assert_eq(ledger_size(ledger), 70000);
    cr_assert_eq(ledger_sample_append(ledger, 1, &error), 0);
    cr_assert_eq(ledger_close(ledger, &error), 0);
}

/* "Logs MUST serve partial tiles corresponding to tree sizes for which a checkpoint was produced",
 * until the full tile is there. */
Test(ledger, keeps_partial_tiles_until_they_are_full)
{
    struct ledger *ledger = made("l");

    for (int i = 0; i < 3; i++) {
        cr_assert_eq(ledger_sample_append(ledger, 80, &error), 0);
        cr_assert_eq(ledger_publish(ledger, &error), 0);
    }
    cr_assert_eq(access(ledger_sample_path("l/tile/0/000.p/80"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/0/000.p/160"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/entries/000.p/240"), F_OK), 0);
    cr_assert_eq(ledger_sample_append(ledger, 16, &error), 0);
    cr_assert_eq(ledger_close(ledger, &error), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/0/000"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/0/000.p"), F_OK), -1);
    cr_assert_eq(access(ledger_sample_path("l/tile/entries/000.p"), F_OK), -1);
    cr_assert_eq(access(ledger_sample_path("l/tile/1/000.p/1"), F_OK), 0);
    cr_assert_eq(access(ledger_sample_path("l/tile/0/001.p"), F_OK), -1);
    ledger_sample_published("l", 256);
}

Test(ledger, refuses_what_is_too_large)
{
    static unsigned char bytes[LEDGER_ENTRY_MAX + 1];
    static struct ledger_entry entries[LEDGER_BATCH_MAX + 1];
    struct ledger *ledger = made("l");
    struct ledger_entry entry = {bytes, sizeof bytes};
    uint64_t first;

    cr_assert_eq(ledger_append(ledger, &entry, 1, &first, &error), ERROR_LIMIT);
    entry.size--;
    cr_assert_eq(ledger_append(ledger, &entry, 1, &first, &error), 0);
    cr_assert_eq(ledger_append(ledger, entries, LEDGER_BATCH_MAX + 1, &first, &error), ERROR_LIMIT);
    for (int i = 0; i < LEDGER_BATCH_MAX; i++)
        entries[i] = entry;
    cr_assert_eq(ledger_append(ledger, entries, LEDGER_BATCH_MAX, &first, &error), ERROR_LIMIT);
    cr_assert_eq(ledger_append(ledger, entries, 256, &first, &error), ERROR_LIMIT);
    cr_assert_eq(ledger_append(ledger, entries, 255, &first, &error), 0);
    cr_assert_eq(first, 1);
    cr_assert_eq(ledger_append(ledger, NULL, 0, &first, &error), 0);
    cr_assert_eq(first, 256);
    cr_assert_eq(ledger_close(ledger, &error), 0);
}

/* ---- a torn journal, and an altered one ---- */

static unsigned char *journal_read(const char *name, size_t *size)
{
    unsigned char *bytes;

    cr_assert_eq(disk_read(ledger_sample_path(name), "journal", 1 << 20, &bytes, size, &error), 0);
    return bytes;
}

static void journal_write(const char *name, const unsigned char *bytes, size_t size)
{
    char path[600];
    FILE *file;

    snprintf(path, sizeof path, "%s/journal", ledger_sample_path(name));
    file = fopen(path, "wb");
    fwrite(bytes, 1, size, file);
    cr_assert_eq(fclose(file), 0);
}

/* Opens a ledger whose journal was replaced: its size, or the error. */
static int64_t size_with(const unsigned char *bytes, size_t size, struct ledger_recovery *recovery)
{
    struct ledger *ledger;
    int64_t found;
    int code;

    journal_write("l", bytes, size);
    code = ledger_sample_open("l", &ledger, recovery, &error);
    if (code < 0)
        return code;
    found = (int64_t)ledger_size(ledger);
    ledger_abandon(ledger);
    return found;
}

/* Three frames, of which the last one is torn or altered; gives where it begins. */
static unsigned char *three_frames(size_t *size, size_t *last)
{
    struct ledger *ledger = made("l");
    struct journal_frame frame;
    unsigned char *bytes;

    cr_assert_eq(ledger_sample_append(ledger, 10, &error), 0);
    cr_assert_eq(ledger_publish(ledger, &error), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(ledger_sample_append(ledger, 7, &error), 0);
    ledger_abandon(ledger);
    bytes = journal_read("l", size);
    *last = 0;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(journal_next(bytes, *size, *last, &frame), 0);
        *last += frame.size;
    }
    return bytes;
}

Test(ledger, recovers_a_journal_that_ends_anywhere)
{
    struct ledger_recovery recovery;
    size_t size, last;
    unsigned char *bytes = three_frames(&size, &last), *after;

    for (size_t cut = last; cut <= size; cut++) {
        size_t left;

        cr_assert_eq(size_with(bytes, cut, &recovery), cut == size ? 31 : 24, "cut at %zu: %s", cut,
                     error.message);
        cr_assert_eq(recovery.torn_bytes, cut == size ? 0 : cut - last);
        after = journal_read("l", &left);
        cr_assert_eq(left, cut == size ? size : last);
        free(after);
    }
    free(bytes);
}

/* Sectors that were never written read as zeros, whichever they are. */
Test(ledger, recovers_a_journal_with_sectors_missing)
{
    struct ledger_recovery recovery;
    size_t size, last;
    unsigned char *bytes = three_frames(&size, &last), *torn = malloc(size);
    unsigned sectors = (unsigned)((size - 1) / 512 - last / 512 + 1);

    cr_assert_geq(sectors, 3);
    for (unsigned mask = 1; mask < 1u << sectors; mask++) {
        memcpy(torn, bytes, size);
        for (size_t at = last; at < size; at++)
            if ((mask >> (at / 512 - last / 512) & 1) != 0)
                torn[at] = 0;
        cr_assert_eq(size_with(torn, size, &recovery), 24, "sectors %x: %s", mask, error.message);
        cr_assert_eq(recovery.torn_bytes, size - last);
    }
    free(torn);
    free(bytes);
}

/* A changed bit is no torn tail: the ledger is not opened, and nothing is cut off. (The entries
 * here hold runs of zeros, but no sector of them.) */
Test(ledger, refuses_an_altered_journal)
{
    struct ledger_recovery recovery;
    size_t size, last, left;
    unsigned char *bytes = three_frames(&size, &last), *after;

    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= (unsigned char)(1u << at % 8);
        cr_assert_eq(size_with(bytes, size, &recovery), ERROR_CORRUPT, "byte %zu", at);
        cr_assert(strstr(error.message, "/journal: byte "), "%s", error.message);
        after = journal_read("l", &left);
        cr_assert(left == size && memcmp(after, bytes, size) == 0);
        free(after);
        bytes[at] ^= (unsigned char)(1u << at % 8);
    }
    /* Nor is a batch that is there twice, or one that is left out, or somebody else's. */
    cr_assert_eq(size_with(bytes + last, size - last, &recovery), ERROR_CORRUPT);
    after = malloc(2 * size + 1);
    memcpy(after, bytes, size);
    memcpy(after + size, bytes + last, size - last);
    cr_assert_eq(size_with(after, 2 * size - last, &recovery), ERROR_CORRUPT);
    free(after);
    cr_assert(strstr(error.message, "begins with entry 24, where entry 31 should follow"), "%s",
              error.message);
    free(bytes);
}

/* Without power between checkpoint and journal: the journal repeats what is published. */
Test(ledger, passes_over_what_is_published_already)
{
    struct ledger_recovery recovery;
    struct ledger *ledger;
    size_t size, last;
    unsigned char *bytes = three_frames(&size, &last);

    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0);
    cr_assert_eq(ledger_close(ledger, &error), 0);
    cr_assert_eq(size_with(bytes, size, &recovery), 31, "%s", error.message);
    cr_assert_eq(recovery.published, 31);
    cr_assert_eq(recovery.replayed, 0);
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0);
    cr_assert_eq(ledger_sample_append(ledger, 5, &error), 0);
    ledger_abandon(ledger);
    cr_assert_eq(ledger_sample_open("l", &ledger, &recovery, &error), 0, "%s", error.message);
    cr_assert_eq(recovery.replayed, 5);
    cr_assert_eq(ledger_close(ledger, &error), 0);
    ledger_sample_published("l", 36);
    free(bytes);
}

/* A reader keeps to its checkpoint while the writer goes on. */
Test(ledger, is_read_without_a_lock)
{
    static struct ledger_view view;
    struct ledger *ledger = made("l");
    struct merkle_proof proof;
    unsigned char *entry;
    size_t size;

    cr_assert_eq(ledger_sample_append(ledger, 100, &error), 0);
    cr_assert_eq(ledger_publish(ledger, &error), 0);
    cr_assert_eq(ledger_view_open(&view, ledger_sample_path("l"), ledger_key(ledger), &error), 0);
    cr_assert_eq(ledger_sample_append(ledger, 400, &error), 0);
    cr_assert_eq(ledger_publish(ledger, &error), 0);
    cr_assert_eq(view.checkpoint.size, 100);
    for (uint64_t i = 0; i < 100; i++) {
        cr_assert_eq(ledger_view_entry(&view, i, &entry, &size, &error), 0, "%s", error.message);
        free(entry);
        cr_assert_eq(ledger_view_consistency(&view, i, 100, &proof, &error), 0);
    }
    cr_assert_eq(ledger_view_entry(&view, 100, &entry, &size, &error), ERROR_INPUT);
    cr_assert_eq(ledger_close(ledger, &error), 0);
}
