/*
 * The goal: whichever allocation, read, write, sync, cut or rename of a ledger fails, or wherever
 * its process is killed, it is noticed, what was acknowledged is there when the ledger is opened
 * again, once and in order, and what was refused is not. The limit: one fault at a time; a kill
 * loses nothing that the kernel has taken, so that what a power failure leaves is tried in
 * test/unit/evidence_ledger.c with journals cut anywhere and with sectors missing.
 */
#include <criterion/criterion.h>

#include "lib/fault.h"
#include "lib/ledger_sample.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(fault_ledger, .fini = ledger_sample_clean, .timeout = 280);

/* What the writer says, where its killer can read it. */
struct said {
    uint64_t acknowledged; /* entries */
    uint64_t attempted;    /* entries, with the batch that is on its way */
};

/* The work: batches of several sizes, published now and then, over the edge of a tile. Returns the
 * first error, and goes on after it as a caller may, once. */
static const int BATCHES[] = {3, 0, 100, -1, 40, 130, -1, 7, 1, 60, -1, 2};
#define BATCHES_COUNT (sizeof BATCHES / sizeof *BATCHES)

static int work(struct ledger *ledger, struct said *said, struct error *error)
{
    int first = 0;

    for (size_t i = 0; i < BATCHES_COUNT; i++) {
        struct error other;
        int code;

        said->attempted = said->acknowledged + (BATCHES[i] > 0 ? (uint64_t)BATCHES[i] : 0);
        if (BATCHES[i] < 0)
            code = ledger_publish(ledger, &other);
        else
            code = ledger_sample_append(ledger, (size_t)BATCHES[i], &other);
        if (code == 0)
            said->acknowledged = said->attempted;
        if (code < 0 && first == 0) {
            first = code;
            *error = other;
        }
    }
    return first;
}

/* Opens and works; the ledger is closed in any case. */
static int opened_work(struct said *said, struct error *error)
{
    struct ledger *ledger;
    struct error other;
    int code = ledger_sample_open("l", &ledger, NULL, error), closed;

    if (code < 0)
        return code;
    said->acknowledged = said->attempted = ledger_size(ledger);
    code = work(ledger, said, error);
    closed = ledger_close(ledger, &other);
    if (code == 0 && closed < 0)
        *error = other;
    return code < 0 ? code : closed;
}

/* The ledger as it stands after `said`: with all that was acknowledged, and nothing but that or
 * that and the batch that was on its way. It is published and each entry looked at. */
static uint64_t looked_at(const struct said *said)
{
    struct ledger *ledger;
    struct error error;
    uint64_t size;

    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0, "%s", error.message);
    size = ledger_size(ledger);
    cr_assert(size == said->acknowledged || size == said->attempted,
              "%" PRIu64 " entries, acknowledged %" PRIu64 ", attempted %" PRIu64, size,
              said->acknowledged, said->attempted);
    cr_assert_eq(ledger_close(ledger, &error), 0, "%s", error.message);
    ledger_sample_published("l", size);
    return size;
}

/* Fails the n-th call for every n, until none is left to fail. */
static void fails(enum fault_call call, int number)
{
    struct error error = {0};

    if (access(ledger_sample_path("made"), F_OK) != 0)
        cr_assert_eq(ledger_sample_create("made", &error), 0, "%s", error.message);
    for (uint64_t n = 1;; n++) {
        struct said said = {0};
        int code;

        ledger_sample_copy("made", "l");
        unlink(ledger_sample_path("l.key"));
        cr_assert_eq(link(ledger_sample_path("made.key"), ledger_sample_path("l.key")), 0);
        error = (struct error){0};
        fault_arm(call, n, number);
        code = opened_work(&said, &error);
        fault_disarm();
        if (!fault_came() || number == FAULT_SHORT || number == EINTR) {
            cr_assert_eq(code, 0, "n = %lu: %s", (unsigned long)n, error.message);
            cr_assert_eq(looked_at(&said), 343);
        } else {
            /* Cutting an empty journal again may fail without harm; nothing else may. */
            cr_assert(code < 0 || call == FAULT_TRUNCATE, "call %d, n = %lu went unnoticed", call,
                      (unsigned long)n);
            cr_assert(code == 0 || error.message[0] != '\0');
            looked_at(&said);
        }
        if (!fault_came()) {
            cr_assert(n > 1, "no call of kind %d was ever made", call);
            return;
        }
    }
}

Test(fault_ledger, allocations_fail)
{
    fails(FAULT_ALLOCATE, ENOMEM);
}

Test(fault_ledger, reads_fail)
{
    fails(FAULT_READ, EIO);
    fails(FAULT_READ, FAULT_SHORT);
    fails(FAULT_READ, EINTR);
}

Test(fault_ledger, writes_fail)
{
    fails(FAULT_WRITE, ENOSPC);
    fails(FAULT_WRITE, EIO);
}

Test(fault_ledger, writes_are_short_or_interrupted)
{
    fails(FAULT_WRITE, FAULT_SHORT);
    fails(FAULT_WRITE, EINTR);
}

Test(fault_ledger, syncs_fail)
{
    fails(FAULT_FSYNC, EIO);
}

Test(fault_ledger, renames_fail)
{
    fails(FAULT_RENAME, EACCES);
}

Test(fault_ledger, cuts_fail)
{
    fails(FAULT_TRUNCATE, EIO);
}

/* Where a batch cannot be written, and not be cut off either, the ledger does nothing more. */
Test(fault_ledger, broken)
{
    struct ledger *ledger;
    struct error error;
    struct said said = {.acknowledged = 5};

    cr_assert_eq(ledger_sample_create("l", &error), 0);
    cr_assert_eq(ledger_sample_open("l", &ledger, NULL, &error), 0);
    cr_assert_eq(ledger_sample_append(ledger, 5, &error), 0);
    for (int number = 3; number < 64; number++) {
        char link[64], path[256];
        ssize_t size;

        snprintf(link, sizeof link, "/proc/self/fd/%d", number);
        size = readlink(link, path, sizeof path - 1);
        if (size > 8 && memcmp(path + size - 8, "/journal", 8) == 0)
            close(number);
    }
    cr_assert_eq(ledger_sample_append(ledger, 5, &error), ERROR_IO);
    cr_assert(strstr(error.message, "whether it is there"), "%s", error.message);
    cr_assert_eq(ledger_sample_append(ledger, 5, &error), ERROR_IO);
    cr_assert_eq(ledger_publish(ledger, &error), ERROR_IO);
    cr_assert_eq(ledger_close(ledger, &error), ERROR_IO);
    said.attempted = 10;
    looked_at(&said);
}

/* Making a ledger may fail anywhere; it is made the next time. */
static void makes_with(enum fault_call call, int number)
{
    for (uint64_t n = 1;; n++) {
        struct said said = {0};
        struct error error = {0};
        int code;

        ledger_sample_remove("l");
        unlink(ledger_sample_path("l.key"));
        fault_arm(call, n, number);
        code = ledger_sample_create("l", &error);
        fault_disarm();
        cr_assert(fault_came() || code == 0, "%s", error.message);
        cr_assert(!fault_came() || code < 0, "call %d, n = %lu went unnoticed", call,
                  (unsigned long)n);
        if (code < 0)
            code = ledger_sample_create("l", &error);
        cr_assert(code == 0 || strstr(error.message, "is a ledger already"), "%s", error.message);
        looked_at(&said);
        if (!fault_came())
            return;
    }
}

Test(fault_ledger, making_one_fails)
{
    makes_with(FAULT_ALLOCATE, ENOMEM);
    makes_with(FAULT_WRITE, ENOSPC);
    makes_with(FAULT_FSYNC, EIO);
    makes_with(FAULT_RENAME, EACCES);
}

/* ---- killed ---- */

static struct said *shared_said(void)
{
    struct said *said =
        mmap(NULL, sizeof *said, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    cr_assert_neq(said, MAP_FAILED);
    return said;
}

/* At every write, sync, cut and rename: before it, and in the middle of a write. */
static void killed_at(enum fault_call call, int number)
{
    struct said *said = shared_said();
    struct error error;
    int status = 1;

    cr_assert_eq(ledger_sample_create("l", &error), 0, "%s", error.message);
    for (uint64_t n = 1; status != 0; n++) {
        pid_t child = fork();

        if (child == 0) {
            fault_arm(call, n, number);
            _exit(opened_work(said, &error) < 0);
        }
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
                  "n = %lu: status %x", (unsigned long)n, status);
        looked_at(said);
        cr_assert_lt(n, 10000);
        /* The tree grows too large to look at every time. */
        if (said->acknowledged > 2000 && status != 0) {
            ledger_sample_remove("l");
            unlink(ledger_sample_path("l.key"));
            cr_assert_eq(ledger_sample_create("l", &error), 0);
        }
    }
    ledger_sample_remove("l");
    unlink(ledger_sample_path("l.key"));
}

Test(fault_ledger, killed_at_every_call)
{
    killed_at(FAULT_WRITE, FAULT_KILL);
    killed_at(FAULT_WRITE, FAULT_TORN);
    killed_at(FAULT_FSYNC, FAULT_KILL);
    killed_at(FAULT_RENAME, FAULT_KILL);
    killed_at(FAULT_TRUNCATE, FAULT_KILL);
}

#define KILLS 60

/* At moments that nobody chose, many times over one and the same ledger. */
Test(fault_ledger, killed_at_random)
{
    struct said *said = shared_said();
    struct error error;
    unsigned seed = (unsigned)time(NULL) ^ (unsigned)getpid();
    uint64_t alive = 0;

    fprintf(stderr, "killed_at_random: seed %u\n", seed);
    cr_assert_eq(ledger_sample_create("l", &error), 0, "%s", error.message);
    for (int i = 0; i < KILLS; i++) {
        struct timespec wait = {0, (long)(rand_r(&seed) % 12000) * 1000};
        uint64_t before = said->acknowledged;
        pid_t child = fork();

        if (child == 0) {
            struct ledger *ledger;

            if (ledger_sample_open("l", &ledger, NULL, &error) < 0)
                _exit(1);
            for (unsigned batch = 1;; batch++) {
                said->attempted = said->acknowledged + batch % 13;
                if (ledger_sample_append(ledger, batch % 13, &error) < 0)
                    _exit(2);
                said->acknowledged = said->attempted;
                if (batch % 5 == 0 && ledger_publish(ledger, &error) < 0)
                    _exit(3);
            }
        }
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        alive += said->acknowledged > before;
        said->acknowledged = said->attempted = looked_at(said);
        if (said->acknowledged > 3000) {
            ledger_sample_remove("l");
            unlink(ledger_sample_path("l.key"));
            cr_assert_eq(ledger_sample_create("l", &error), 0);
            *said = (struct said){0};
        }
    }
    cr_assert_geq(alive, KILLS / 4, "only %" PRIu64 " writers wrote before they were killed",
                  alive);
}
