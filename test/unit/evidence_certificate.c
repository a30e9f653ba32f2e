/*
 * The goal: a certificate made from a ledger on disk is taken, its verdict is that of its entries,
 * and no byte of it can be changed unnoticed. The limit: what entries prove is looked at in
 * evidence_verdict.c; implementations that are not this one in test/endtoend/certificate.sh.
 */
#include <criterion/criterion.h>

#include "evidence/certificate.h"
#include "lib/fault.h"
#include "lib/ledger_sample.h"
#include "lib/stop_sample.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(certificate, .init = start, .fini = ledger_sample_clean, .timeout = 280);

static struct stop_sample sample;
static struct ledger_view view;
static char roster[4 * FORGE_TEXT_BYTES];

static struct note_key the_key(void)
{
    char text[NOTE_SECRET_TEXT];
    struct note_secret secret;

    stop_sample_key(text);
    cr_assert_eq(note_secret_read(&secret, text, NULL), 0);
    return secret.key;
}

/* A certificate of the case; the caller frees it. */
static char *made(const char *name, size_t *size)
{
    const struct certificate_wanted wanted = {.epoch = STOP_SAMPLE_EPOCH};
    const char *path = ledger_sample_path(name);
    struct note_key key = the_key();
    struct error error = {0};
    char *text;

    stop_sample_make(&sample, stop_case(name));
    cr_assert_eq(stop_sample_ledger(&sample, path, ledger_sample_path("key"), &error), 0, "%s: %s",
                 name, error.message);
    stop_sample_close(&sample);
    cr_assert_eq(ledger_view_open(&view, path, &key, &error), 0, "%s", error.message);
    cr_assert_eq(certificate_make(&view, &wanted, &text, size, &error), 0, "%s: %s", name,
                 error.message);
    return text;
}

Test(certificate, each_case)
{
    struct note_key key = the_key();

    stop_sample_roster(roster, false);
    for (unsigned i = 0; i < STOP_CASE_COUNT; i++) {
        const struct stop_case *about = &STOP_CASES[i];
        struct certificate_authority authority;
        struct certificate certificate;
        struct error error = {0};
        size_t size;
        char *text;
        int code;

        if (about->refused && about->check == CHECK_ENTRIES)
            continue;
        text = made(about->name, &size);
        cr_assert_eq(certificate_check(&certificate, text, size, &key, &error), 0, "%s: %s",
                     about->name, error.message);
        cr_assert_eq(certificate.verdict.value, about->verdict, "%s", about->name);
        code = certificate_authority(&certificate, roster, strlen(roster), "roster", &authority,
                                     &error);
        if (about->refused) {
            cr_assert_eq(code, ERROR_AUDIT);
            cr_assert_str_eq(authority_reason_word(authority.decision.reason), about->reason);
        } else {
            cr_assert_eq(code, 0, "%s: %s", about->name, error.message);
            cr_assert_eq(authority.roster_same, !about->campaign);
            cr_assert_str_eq(authority.names[0], about->campaign ? "campaign"
                                                 : about->sk     ? "bob"
                                                                 : "alice");
        }
        certificate_close(&certificate);
        free(text);
    }
}

/* Each byte of a small certificate, changed into each of seven others. */
Test(certificate, each_byte_flipped)
{
    static const unsigned char FLIPS[] = {0x01, 0x02, 0x10, 0x20, 0x40, 0x80, 0xff};
    struct note_key key = the_key();
    unsigned failed[8] = {0};
    size_t size;
    char *text = made("complete-unwatched", &size);

    for (size_t at = 0; at < size; at++) {
        for (size_t flip = 0; flip < sizeof FLIPS; flip++) {
            struct certificate certificate;
            struct error error = {0};

            text[at] = (char)(text[at] ^ (char)FLIPS[flip]);
            cr_assert_eq(certificate_check(&certificate, text, size, &key, &error), ERROR_AUDIT,
                         "byte %zu ^ %02x", at, FLIPS[flip]);
            cr_assert_eq(strncmp(error.message, "byte ", 5), 0);
            failed[certificate.failed]++;
            text[at] = (char)(text[at] ^ (char)FLIPS[flip]);
        }
    }
    /* Each check has found some. */
    cr_assert(failed[CHECK_FORM] > 0 && failed[CHECK_CHECKPOINT] > 0 &&
              failed[CHECK_INCLUSION] > 0 && failed[CHECK_SAYS] > 0);
    free(text);
}

Test(certificate, each_byte_left_out_or_doubled)
{
    struct note_key key = the_key();
    size_t size;
    char *text = made("complete-unwatched", &size), *other = malloc(size + 1);

    cr_assert_not_null(other);
    for (size_t at = 0; at < size; at++) {
        struct certificate certificate;

        memcpy(other, text, at);
        memcpy(other + at, text + at + 1, size - at - 1);
        cr_assert_eq(certificate_check(&certificate, other, size - 1, &key, NULL), ERROR_AUDIT,
                     "byte %zu", at);
        memcpy(other + at, text + at, size - at);
        memmove(other + at + 1, other + at, size - at);
        cr_assert_eq(certificate_check(&certificate, other, size + 1, &key, NULL), ERROR_AUDIT,
                     "byte %zu", at);
        cr_assert_eq(certificate_check(&certificate, text, at, &key, NULL), ERROR_AUDIT);
    }
    free(other);
    free(text);
}

Test(certificate, another_key)
{
    struct note_key key = the_key(), other;
    unsigned char bytes[32];
    struct certificate certificate;
    struct error error = {0};
    size_t size;
    char *text = made("complete", &size);

    memcpy(bytes, key.key, sizeof bytes);
    cr_assert_eq(note_key_make(&other, "example.org/harbor", NOTE_ED25519, bytes, NULL), 0);
    cr_assert_eq(certificate_check(&certificate, text, size, &other, &error), ERROR_AUDIT);
    cr_assert_eq(certificate.failed, CHECK_CHECKPOINT);
    free(text);
}

Test(certificate, another_roster)
{
    struct note_key key = the_key();
    struct certificate_authority authority;
    struct certificate certificate;
    struct error error = {0};
    size_t size;
    char *text = made("complete", &size);

    cr_assert_eq(certificate_check(&certificate, text, size, &key, &error), 0);
    stop_sample_roster(roster, true);
    cr_assert_eq(
        certificate_authority(&certificate, roster, strlen(roster), "r", &authority, &error),
        ERROR_AUDIT);
    cr_assert_eq(authority.decision.reason, REFUSED_UNKNOWN_KEY);
    cr_assert_not(authority.roster_same);
    cr_assert_eq(certificate_authority(&certificate, "alice", 5, "r", &authority, &error),
                 ERROR_INPUT);
    /* One line more: the same persons, and not the same file. */
    stop_sample_roster(roster, false);
    snprintf(roster + strlen(roster), 16, "# a comment\n");
    cr_assert_eq(
        certificate_authority(&certificate, roster, strlen(roster), "r", &authority, &error), 0);
    cr_assert_not(authority.roster_same);
    certificate_close(&certificate);
    free(text);
}

static int wanted_code(const struct certificate_wanted *wanted, struct error *error)
{
    size_t size;
    char *text;
    int code = certificate_make(&view, wanted, &text, &size, error);

    free(text);
    return code;
}

Test(certificate, which_order)
{
    struct certificate_wanted wanted = {.last = true};
    struct error error = {0};
    size_t size;

    free(made("complete", &size));
    cr_assert_eq(wanted_code(&wanted, &error), 0, "%s", error.message);
    wanted = (struct certificate_wanted){.epoch = 6};
    cr_assert_eq(wanted_code(&wanted, &error), ERROR_INPUT);
    cr_assert_not_null(strstr(error.message, "no such stop or pause was accepted"));
    stop_sample_make(&sample, stop_case("complete"));
    wanted = (struct certificate_wanted){0};
    order_digest(sample.entries[1].accepted.order, strlen(sample.entries[1].accepted.order),
                 wanted.digest);
    stop_sample_close(&sample);
    cr_assert_eq(wanted_code(&wanted, &error), 0);
    wanted.digest[5] ^= 1;
    cr_assert_eq(wanted_code(&wanted, &error), ERROR_INPUT);
}

Test(certificate, a_permit_has_none)
{
    static const char PERMIT[] =
        "iolaus-order/v1\nverb: permit\nscope: agent\ntarget: camera-3\nrange: any\nissued: "
        "2026-11-21T11:00:30Z\nexpires: 2026-11-21T11:10:30Z\nnonce: "
        "00000000000000000000000000000001\nlifts: sha256:"
        "580a4dd1706c0fb526312cf964025691d11503694f98a32b4f2a5aa52ad34a4b\n";
    struct certificate_wanted wanted = {.epoch = STOP_SAMPLE_EPOCH};
    const char *path = ledger_sample_path("permit");
    struct note_key key = the_key();
    struct error error = {0};

    stop_sample_make(&sample, stop_case("complete"));
    sample.entries[1].accepted.order = PERMIT;
    sample.count = 2;
    cr_assert_eq(stop_sample_ledger(&sample, path, ledger_sample_path("key"), &error), 0);
    stop_sample_close(&sample);
    cr_assert_eq(ledger_view_open(&view, path, &key, &error), 0);
    cr_assert_eq(wanted_code(&wanted, &error), ERROR_INPUT);
    cr_assert_not_null(strstr(error.message, "proves no end"), "%s", error.message);
    wanted = (struct certificate_wanted){.last = true};
    cr_assert_eq(wanted_code(&wanted, &error), ERROR_INPUT);
}

/* Whichever allocation or read fails, there is no certificate and no verdict. */
Test(certificate, each_call_fails)
{
    const struct certificate_wanted wanted = {.last = true};
    static const enum fault_call CALLS[] = {FAULT_ALLOCATE, FAULT_READ};
    struct note_key key = the_key();
    size_t size, again_size;
    char *text = made("complete", &size), *again;

    for (unsigned i = 0; i < 2; i++) {
        bool came = true;

        for (uint64_t nth = 1; came; nth++) {
            struct error error = {0};
            int code;

            view.cached.width = 0;
            fault_arm(CALLS[i], nth, i == 0 ? ENOMEM : EIO);
            code = certificate_make(&view, &wanted, &again, &again_size, &error);
            fault_disarm();
            came = fault_came();
            cr_assert_eq(code == 0, !came, "call %d", (int)nth);
            cr_assert(code == 0 || again == NULL);
            free(again);
        }
    }
    for (bool came = true; came;) {
        static uint64_t nth;
        struct certificate certificate;
        struct error error = {0};
        int code;

        fault_arm(FAULT_ALLOCATE, ++nth, ENOMEM);
        code = certificate_check(&certificate, text, size, &key, &error);
        fault_disarm();
        came = fault_came();
        cr_assert_eq(code, came ? ERROR_MEMORY : 0, "allocation %d", (int)nth);
        if (code == 0)
            certificate_close(&certificate);
    }
    free(text);
}

/* ---- a thousand targets ---- */

#define CROWD 1000

static struct ledger *crowd_ledger;
static uint64_t crowd_number;

static void crowd_add(struct entry entry)
{
    static char text[ENTRY_TEXT_MAX + 1];
    static struct ledger_entry batch[256];
    static char texts[256][ENTRY_STEP_TEXT];
    static size_t used;
    bool step = entry.kind == ENTRY_STEP;
    struct error error = {0};
    size_t size;

    entry.wall_ms = STOP_SAMPLE_WALL_MS + (int64_t)crowd_number;
    memset(entry.range_id, 0x2f, sizeof entry.range_id);
    cr_assert_eq(entry_write(&entry, text, sizeof text, &size, &error), 0, "%s", error.message);
    if (step) {
        memcpy(texts[used], text, size);
        batch[used] = (struct ledger_entry){texts[used], size};
        used++;
    }
    if (used == 256 || (!step && used > 0)) {
        cr_assert_eq(ledger_append(crowd_ledger, batch, used, NULL, &error), 0);
        used = 0;
    }
    if (!step)
        cr_assert_eq(ledger_append(crowd_ledger, &(struct ledger_entry){text, size}, 1, NULL, NULL),
                     0);
}

static void crowd_step(enum entry_step_word word, const char *target, unsigned place, int64_t value)
{
    bool living = entry_step_living(word);

    crowd_number++;
    crowd_add((struct entry){.kind = ENTRY_STEP,
                             .step = {.epoch = STOP_SAMPLE_EPOCH,
                                      .number = crowd_number,
                                      .step = word,
                                      .target = target,
                                      .found_in = living ? target : "",
                                      .incarnation = living ? 2 : 0,
                                      .pid = living ? 20000 + place : 0,
                                      .inside = living ? 10 + place : 0,
                                      .sanctioned = living,
                                      .value = value,
                                      .time_ns = (time_ns)crowd_number * 1000}});
}

static void crowd_each(enum entry_step_word word, char names[][ORDER_NAME_BYTES], int64_t value)
{
    for (unsigned i = 0; i < CROWD; i++)
        crowd_step(word, names[i], i, value);
}

static void crowd_watch(char names[][ORDER_NAME_BYTES])
{
    static const char *targets[CROWD];

    for (unsigned i = 0; i < CROWD; i++)
        targets[i] = names[i];
    for (unsigned i = 0; i < CROWD; i += CROWD / 2)
        crowd_add((struct entry){.kind = ENTRY_WATCHED,
                                 .watched = {.epoch = STOP_SAMPLE_EPOCH,
                                             .steps = crowd_number,
                                             .from = 1000,
                                             .to = INT64_C(60000000000),
                                             .targets = targets + i,
                                             .target_count = CROWD / 2}});
}

static void crowd_write(void)
{
    static char names[CROWD][ORDER_NAME_BYTES];
    const struct entry_group group = {"drone", CROWD, 0};
    struct entry opened;

    stop_sample_make(&sample, stop_case("complete-all"));
    opened = sample.entries[0];
    opened.opened.groups = &group;
    opened.opened.group_count = 1;
    for (unsigned i = 0; i < CROWD; i++)
        entry_agent_name(&group, i, names[i]);
    crowd_add(opened);
    crowd_add(sample.entries[1]);
    crowd_each(ENTRY_FENCED, names, 2);
    crowd_step(ENTRY_FROZEN, "", 0, 0);
    crowd_each(ENTRY_FOUND, names, 0);
    crowd_step(ENTRY_LOOKED, "", 0, CROWD);
    crowd_each(ENTRY_KILLED, names, 0);
    crowd_each(ENTRY_DIED, names, 0);
    crowd_step(ENTRY_LOOKED, "", 0, 0);
    crowd_each(ENTRY_MARKED, names, 8);
    crowd_each(ENTRY_TOMBSTONED, names, 0);
    crowd_step(ENTRY_THAWED, "", 0, 1800000);
    crowd_each(ENTRY_SEALED, names, 1);
    crowd_watch(names);
    stop_sample_close(&sample);
}

Test(certificate, a_thousand_targets)
{
    const struct certificate_wanted wanted = {.last = true};
    const char *path = ledger_sample_path("crowd"), *key_path = ledger_sample_path("crowd.key");
    struct certificate certificate;
    struct error error = {0};
    struct note_key key;
    size_t size;
    char *text;

    cr_assert_eq(ledger_create(path, STOP_SAMPLE_ORIGIN, key_path, &error), 0);
    cr_assert_eq(ledger_open(&crowd_ledger, path, key_path, NULL, &error), 0);
    crowd_write();
    cr_assert_eq(ledger_close(crowd_ledger, &error), 0);
    cr_assert_eq(ledger_view_key(path, &key, &error), 0);
    cr_assert_eq(ledger_view_open(&view, path, &key, &error), 0);
    cr_assert_eq(certificate_make(&view, &wanted, &text, &size, &error), 0, "%s", error.message);
    cr_assert_eq(certificate_check(&certificate, text, size, &key, &error), 0, "%s", error.message);
    cr_assert_eq(certificate.verdict.value, VERDICT_COMPLETE);
    cr_assert_eq(certificate.verdict.target_count, CROWD);
    cr_assert_lt(size, 16u << 20);
    certificate_close(&certificate);
    free(text);
}
