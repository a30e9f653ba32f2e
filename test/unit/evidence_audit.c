/*
 * The goal: an audit finds every changed byte, every file that is missing, cut, longer, or too
 * much, and names its place; a ledger that was rolled back or shown in two views is proved to be by
 * a checkpoint that somebody holds. The limit: small ledgers, one change at a time, and changes by
 * somebody without the key, but for the two views.
 */
#include <criterion/criterion.h>

#include "evidence/audit.h"
#include "lib/ledger_sample.h"

#include <dirent.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(audit, .fini = ledger_sample_clean);

static struct error error;
static struct audit_report report;

static int audited(const char *name)
{
    char path[512];
    struct audit_request request = {.path = path};

    snprintf(path, sizeof path, "%s", ledger_sample_path(name));
    error = (struct error){0};
    return ledger_audit(&request, &report, &error);
}

/* 270 entries published in three times, with partial tiles left of two, and 14 in two batches that
 * the journal alone has: a file of every kind. */
static void sample_make(const char *name)
{
    struct ledger *ledger;

    cr_assert_eq(ledger_sample_create(name, &error), 0, "%s", error.message);
    cr_assert_eq(ledger_sample_open(name, &ledger, NULL, &error), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(ledger_sample_append(ledger, i == 0 ? 258 : 6, &error), 0);
        cr_assert_eq(ledger_publish(ledger, &error), 0);
    }
    for (int i = 0; i < 2; i++)
        cr_assert_eq(ledger_sample_append(ledger, 7, &error), 0);
    ledger_abandon(ledger);
}

Test(audit, of_a_good_ledger)
{
    struct ledger *ledger;

    sample_make("l");
    cr_assert_eq(audited("l"), 0, "%s", error.message);
    cr_assert_eq(report.verdict, AUDIT_GOOD);
    cr_assert_eq(report.entries, 284);
    cr_assert_eq(report.published, 270);
    cr_assert_eq(report.batches, 2);
    /* 000, 001.p/2, 8 and 14 of level 0, 000.p/1 of level 1; the bundles likewise. */
    cr_assert_eq(report.tiles, 5);
    cr_assert_eq(report.bundles, 4);
    cr_assert_eq(report.file[0], '\0');
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0);
    cr_assert_eq(ledger_close(ledger, &error), 0);
    cr_assert_eq(audited("l"), 0, "%s", error.message);
    cr_assert_eq(report.published, 284);
    cr_assert_eq(report.batches, 0);
    cr_assert_eq(audited("nothing"), ERROR_INPUT);
}

/* Every size, also those at the edges of tiles; published, and with a journal that repeats it. */
Test(audit, of_every_small_size)
{
    struct ledger *ledger;

    cr_assert_eq(ledger_sample_create("l", &error), 0);
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0);
    for (uint64_t size = 0; size < 530; size++) {
        cr_assert_eq(audited("l"), 0, "size %" PRIu64 ": %s", size, error.message);
        cr_assert_eq(report.entries, size);
        cr_assert_eq(ledger_sample_append(ledger, 1, &error), 0);
        if (size % 3 != 0)
            cr_assert_eq(ledger_publish(ledger, &error), 0);
    }
    ledger_abandon(ledger);
}

/* ---- one change ---- */

static char names[64][128];
static unsigned names_count;

static int name_take(const char *path, const struct stat *about, int flag, struct FTW *where)
{
    (void)about;
    (void)where;
    if (flag == FTW_F)
        snprintf(names[names_count++], sizeof names[0], "%s",
                 path + strlen(ledger_sample_path("l")) + 1);
    return 0;
}

static void names_list(void)
{
    names_count = 0;
    nftw(ledger_sample_path("l"), name_take, 16, FTW_PHYS);
    cr_assert_geq(names_count, 12);
}

static unsigned char *bytes_of(const char *name, size_t *size)
{
    unsigned char *bytes;

    cr_assert_eq(disk_read(ledger_sample_path("l"), name, 1 << 24, &bytes, size, &error), 0);
    return bytes;
}

static void bytes_put(const char *name, const unsigned char *bytes, size_t size)
{
    char path[700];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", ledger_sample_path("l"), name);
    file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    fwrite(bytes, 1, size, file);
    cr_assert_eq(fclose(file), 0);
}

/* The place that is named is near: the file itself, or, for a bundle, the tile that has the entry's
 * hash, or the files that repeat it. */
static bool flip_found(const char *name, size_t at)
{
    bool here;

    cr_assert_eq(audited("l"), ERROR_AUDIT, "%s: byte %zu: %s", name, at, error.message);
    cr_assert_eq(report.verdict, AUDIT_DAMAGED);
    cr_assert(report.file[0] != '\0');
    here = strcmp(report.file, name) == 0;
    cr_assert(!here || strncmp(name, "tile/", 5) != 0 || report.offset <= at ||
                  strstr(name, "entries") != NULL,
              "%s: byte %zu, said %" PRIu64, name, at, report.offset);
    return here;
}

/* A bit of each byte of each file in turn; of the smaller files, all eight. */
Test(audit, finds_each_changed_byte, .timeout = 280)
{
    uint64_t flips = 0, elsewhere = 0;

    sample_make("l");
    names_list();
    for (unsigned f = 0; f < names_count; f++) {
        size_t size;
        unsigned char *bytes = bytes_of(names[f], &size);
        unsigned bits = size < 1200 ? 8 : 1;

        cr_assert_gt(size, 0);
        for (size_t at = 0; at < size * bits; at++, flips++) {
            unsigned char bit = (unsigned char)(1u << (bits == 8 ? at % 8 : at % 7));

            bytes[at / bits] ^= bit;
            bytes_put(names[f], bytes, size);
            elsewhere += !flip_found(names[f], at / bits);
            bytes[at / bits] ^= bit;
        }
        bytes_put(names[f], bytes, size);
        free(bytes);
    }
    cr_assert_eq(audited("l"), 0, "%s", error.message);
    fprintf(stderr, "%" PRIu64 " changes, %" PRIu64 " of them said of another file\n", flips,
            elsewhere);
}

/* Each file cut at its end, longer by a byte, empty, and missing. */
Test(audit, finds_files_that_are_cut_or_missing)
{
    sample_make("l");
    names_list();
    for (unsigned f = 0; f < names_count; f++) {
        char path[700];
        size_t size;
        unsigned char *bytes = bytes_of(names[f], &size);
        const size_t sizes[] = {size - 1, size + 1, size / 2};
        bool leftover = strstr(names[f], ".p/") != NULL && strstr(names[f], "/14") == NULL &&
                        strstr(names[f], "tile/1/") == NULL;

        /* One byte more: the zero that disk_read has put behind. */
        for (int i = 0; i < 3; i++) {
            bytes_put(names[f], bytes, sizes[i]);
            cr_assert_eq(audited("l"), ERROR_AUDIT, "%s with %zu bytes", names[f], sizes[i]);
        }
        snprintf(path, sizeof path, "%s/%s", ledger_sample_path("l"), names[f]);
        bytes_put(names[f], bytes, 0);
        /* Without its journal's bytes the ledger is a shorter one, and as good: who holds a later
         * checkpoint finds it. */
        cr_assert_eq(audited("l"), strcmp(names[f], "journal") == 0 ? 0 : ERROR_AUDIT, "%s empty",
                     names[f]);
        cr_assert_eq(unlink(path), 0);
        /* An older partial tile may go, where the newer one is there. */
        cr_assert_eq(audited("l"), leftover ? 0 : ERROR_AUDIT, "%s missing: %s", names[f],
                     error.message);
        bytes_put(names[f], bytes, size);
        free(bytes);
    }
}

Test(audit, finds_files_that_are_too_much)
{
    static const char *const STRANGERS[] = {"readme",      "tile/0/002",        "tile/0/001",
                                            "tile/1/001",  "tile/0/001.p/29",   "tile/0/001.p/015",
                                            "tile/0/0000", "tile/entries/001",  "tile/1/000.p/2",
                                            "tile/0/x000", "tile/entries/junk", "checkpoint.old"};
    char path[700];

    sample_make("l");
    for (size_t i = 0; i < sizeof STRANGERS / sizeof *STRANGERS; i++) {
        bytes_put(STRANGERS[i], (const unsigned char *)"x", 1);
        cr_assert_eq(audited("l"), ERROR_AUDIT, "%s", STRANGERS[i]);
        cr_assert_str_eq(report.file, STRANGERS[i]);
        snprintf(path, sizeof path, "%s/%s", ledger_sample_path("l"), STRANGERS[i]);
        cr_assert_eq(unlink(path), 0);
    }
    snprintf(path, sizeof path, "%s/tile/0/001.p/5", ledger_sample_path("l"));
    cr_assert_eq(symlink("2", path), 0);
    cr_assert_eq(audited("l"), ERROR_AUDIT);
    cr_assert_eq(unlink(path), 0);
    /* What an interrupted write has left is no part of the ledger. */
    bytes_put("part/0", (const unsigned char *)"x", 1);
    cr_assert_eq(audited("l"), 0, "%s", error.message);
    cr_assert_eq(report.unfinished, 1);
}

/* A second signer is refused, unless he is named. */
Test(audit, refuses_unknown_signers)
{
    struct note_secret cosigner;
    struct note_key cosigners[1];
    struct audit_request request = {.cosigners = cosigners, .cosigner_count = 1};
    char path[512], line[2048];
    size_t size, written, own;
    unsigned char *bytes;

    sample_make("l");
    cr_assert_eq(note_secret_make(&cosigner, "example.org/cosigner", &error), 0);
    cosigners[0] = cosigner.key;
    bytes = bytes_of("checkpoint", &size);
    own = (size_t)((unsigned char *)strstr((char *)bytes, "\n\n") + 1 - bytes);
    cr_assert_eq(note_sign(&cosigner, (char *)bytes, own, line, sizeof line, &written, &error), 0);
    bytes = realloc(bytes, size + written);
    memcpy(bytes + size, line + own + 1, written - own - 1);
    bytes_put("checkpoint", bytes, size + written - own - 1);
    cr_assert_eq(audited("l"), ERROR_AUDIT);
    cr_assert(strstr(error.message, "example.org/cosigner"), "%s", error.message);
    snprintf(path, sizeof path, "%s", ledger_sample_path("l"));
    request.path = path;
    cr_assert_eq(ledger_audit(&request, &report, &error), 0, "%s", error.message);
    /* Alone he does not make it the ledger's. */
    bytes_put("checkpoint", (unsigned char *)line, written);
    cr_assert_eq(ledger_audit(&request, &report, &error), ERROR_AUDIT);
    cr_assert(strstr(error.message, "is not signed by the ledger"), "%s", error.message);
    /* Another ledger's key is not this one's. */
    bytes_put("checkpoint", bytes, size);
    request.key = &cosigner.key;
    cr_assert_eq(ledger_audit(&request, &report, &error), ERROR_AUDIT);
    cr_assert_str_eq(report.file, "verifier-key");
    free(bytes);
}

/* ---- a checkpoint that somebody holds ---- */

static int audited_with(const char *name, const char *held, size_t size)
{
    char path[512];
    struct audit_request request = {.path = path, .held = held, .held_size = size};

    snprintf(path, sizeof path, "%s", ledger_sample_path(name));
    error = (struct error){0};
    return ledger_audit(&request, &report, &error);
}

/* The checkpoint of `l` after so many entries more. */
static char *grown(struct ledger *ledger, size_t count, size_t *size)
{
    cr_assert_eq(ledger_sample_append(ledger, count, &error), 0);
    cr_assert_eq(ledger_publish(ledger, &error), 0);
    return (char *)bytes_of("checkpoint", size);
}

Test(audit, proves_a_rollback)
{
    struct ledger *ledger;
    size_t sizes[2];
    char *held[2];

    cr_assert_eq(ledger_sample_create("l", &error), 0);
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0);
    held[0] = grown(ledger, 300, &sizes[0]);
    ledger_sample_copy("l", "old");
    held[1] = grown(ledger, 40, &sizes[1]);
    ledger_abandon(ledger);
    cr_assert_eq(audited_with("l", held[0], sizes[0]), 0, "%s", error.message);
    cr_assert_gt(report.consistency.count, 0);
    cr_assert_eq(merkle_consistency_verify(report.held.size, &report.held.root, report.published,
                                           &report.root, &report.consistency, &error),
                 0);
    cr_assert_eq(audited_with("l", held[1], sizes[1]), 0, "%s", error.message);
    /* The old one is good by itself, and convicted by the later checkpoint. */
    cr_assert_eq(audited("old"), 0);
    cr_assert_eq(audited_with("old", held[0], sizes[0]), 0);
    cr_assert_eq(audited_with("old", held[1], sizes[1]), ERROR_AUDIT);
    cr_assert_eq(report.verdict, AUDIT_ROLLBACK);
    cr_assert(strstr(error.message, "300 entries, and its key has signed a checkpoint of 340"),
              "%s", error.message);
    free(held[0]);
    free(held[1]);
}

Test(audit, proves_two_views)
{
    struct ledger *ledger;
    struct ledger_entry other = {"another entry", 13};
    size_t size;
    char *held;

    cr_assert_eq(ledger_sample_create("l", &error), 0);
    ledger_sample_copy("l", "other");
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0);
    held = grown(ledger, 20, &size);
    ledger_abandon(ledger);
    /* The same key signs another history. */
    cr_assert_eq(ledger_open(&ledger, ledger_sample_path("other"), ledger_sample_path("l.key"),
                             NULL, &error),
                 0);
    cr_assert_eq(ledger_sample_append(ledger, 19, &error), 0);
    cr_assert_eq(ledger_append(ledger, &other, 1, NULL, &error), 0);
    cr_assert_eq(ledger_sample_append(ledger, 30, &error), 0);
    cr_assert_eq(ledger_close(ledger, &error), 0);
    cr_assert_eq(audited("other"), 0);
    cr_assert_eq(audited_with("other", held, size), ERROR_AUDIT);
    cr_assert_eq(report.verdict, AUDIT_SPLIT_VIEW);
    cr_assert(strstr(error.message, "another root for the first 20 entries"), "%s", error.message);
    /* A checkpoint that is altered, or another ledger's, proves nothing. */
    held[3] ^= 1;
    cr_assert_eq(audited_with("l", held, size), ERROR_INPUT);
    held[3] ^= 1;
    cr_assert_eq(ledger_sample_create("stranger", &error), 0);
    cr_assert_eq(audited_with("stranger", held, size), ERROR_INPUT);
    cr_assert_eq(audited_with("l", "hello\n", 6), ERROR_INPUT);
    free(held);
}

/* After a kill between the steps of publishing, an audit is good, or says that a batch is torn. */
Test(audit, of_a_journal_that_repeats)
{
    struct ledger *ledger;
    unsigned char *journal;
    size_t size;

    sample_make("l");
    journal = bytes_of("journal", &size);
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0);
    cr_assert_eq(ledger_close(ledger, &error), 0);
    bytes_put("journal", journal, size);
    cr_assert_eq(audited("l"), 0, "%s", error.message);
    cr_assert_eq(report.batches, 2);
    for (size_t at = 0; at < size; at++) {
        journal[at] ^= (unsigned char)(1u << at % 8);
        bytes_put("journal", journal, size);
        cr_assert_eq(audited("l"), ERROR_AUDIT, "byte %zu", at);
        cr_assert_str_eq(report.file, "journal");
        journal[at] ^= (unsigned char)(1u << at % 8);
    }
    bytes_put("journal", journal, size - 3);
    cr_assert_eq(audited("l"), ERROR_AUDIT);
    cr_assert(strstr(error.message, "torn"), "%s", error.message);
    free(journal);
}
