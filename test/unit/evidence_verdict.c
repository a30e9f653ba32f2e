/*
 * The goal: each verdict follows from the entries alone, and each thing that can be wrong with a
 * stop is found by its name. The limit: that the entries are those of a signed ledger is looked at
 * in evidence_certificate.c.
 */
#include <criterion/criterion.h>

#include "evidence/verdict.h"
#include "lib/fault.h"
#include "lib/stop_sample.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static void start(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(verdict, .init = start, .timeout = 120);

static struct stop_sample sample;

static int derive(struct verdict *verdict, struct arena *arena, struct error *error)
{
    return verdict_derive(verdict, arena, sample.entries, sample.count, error);
}

static bool has(const struct verdict *verdict, const char *word)
{
    for (uint32_t i = 0; i < verdict->finding_count; i++)
        if (strcmp(finding_word(verdict->findings[i].kind), word) == 0)
            return true;
    return false;
}

Test(verdict, each_case)
{
    for (unsigned i = 0; i < STOP_CASE_COUNT; i++) {
        const struct stop_case *about = &STOP_CASES[i];
        struct arena arena = {0};
        struct error error = {0};
        struct verdict verdict;
        int code;

        stop_sample_make(&sample, about);
        code = derive(&verdict, &arena, &error);
        if (about->refused && about->check == CHECK_ENTRIES) {
            cr_assert_eq(code, ERROR_CORRUPT, "%s", about->name);
        } else {
            cr_assert_eq(code, 0, "%s: %s", about->name, error.message);
            cr_assert_eq(verdict.value, about->verdict, "%s: %s", about->name,
                         verdict_word(verdict.value));
            if (about->finding != NULL)
                cr_assert(has(&verdict, about->finding), "%s", about->name);
            else
                cr_assert_eq(verdict.finding_count, 0, "%s: %s", about->name,
                             verdict.finding_count > 0 ? finding_words(verdict.findings[0].kind)
                                                       : "");
        }
        arena_close(&arena);
        stop_sample_close(&sample);
    }
}

Test(verdict, what_a_complete_one_says)
{
    struct arena arena = {0};
    struct error error = {0};
    struct verdict verdict;

    stop_sample_make(&sample, stop_case("complete"));
    cr_assert_eq(derive(&verdict, &arena, &error), 0);
    cr_assert_eq(verdict.target_count, 1);
    cr_assert_str_eq(verdict.targets[0].name, "camera-3");
    cr_assert_eq(verdict.targets[0].incarnation_count, 2);
    cr_assert_eq(verdict.targets[0].incarnations[0].pid, 4711);
    cr_assert(verdict.targets[0].incarnations[0].sanctioned);
    cr_assert_eq(verdict.targets[0].incarnations[1].pid, 4712);
    cr_assert_eq(verdict.targets[0].incarnations[1].end, END_DIED);
    cr_assert_eq(verdict.from_ms, STOP_SAMPLE_WALL_MS + 1);
    cr_assert_gt(verdict.to_ms, verdict.targets[0].sealed_ms + 59999);
    cr_assert_gt(verdict.closed_ms, 0);
    arena_close(&arena);
    stop_sample_close(&sample);
}

/* The covered time ends where the witness's word does, and where the tombstone is lifted. */
Test(verdict, covered_time)
{
    static const char *const CASES[] = {"complete-unwatched", "complete", "complete-lifted"};
    int64_t covered[3];

    for (unsigned i = 0; i < 3; i++) {
        struct arena arena = {0};
        struct verdict verdict;

        stop_sample_make(&sample, stop_case(CASES[i]));
        cr_assert_eq(derive(&verdict, &arena, NULL), 0);
        covered[i] = verdict.to_ms - verdict.targets[0].sealed_ms;
        if (i == 2)
            cr_assert_geq(verdict.targets[0].lifted_ms, verdict.to_ms);
        arena_close(&arena);
        stop_sample_close(&sample);
    }
    cr_assert_eq(covered[0], 0);
    cr_assert_eq(covered[1], 60001);
    cr_assert_eq(covered[2], 60001);
}

/* Each entry but the watched one and the closing is needed, or its absence is seen. */
Test(verdict, each_entry_is_missed)
{
    struct entry all[STOP_SAMPLE_ENTRIES];
    uint32_t count;

    stop_sample_make(&sample, stop_case("complete"));
    count = sample.count;
    memcpy(all, sample.entries, sizeof all);
    for (uint32_t i = 0; i < count; i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct verdict verdict;
        int code;

        memcpy(sample.entries, all, i * sizeof *all);
        memcpy(sample.entries + i, all + i + 1, (count - i - 1) * sizeof *all);
        sample.count = count - 1;
        code = derive(&verdict, &arena, &error);
        if (all[i].kind == ENTRY_OPENED || all[i].kind == ENTRY_ACCEPTED)
            cr_assert_eq(code, ERROR_CORRUPT, "entry %u", i);
        else if (all[i].kind == ENTRY_STEP)
            cr_assert(code == 0 && verdict.value == VERDICT_GAP, "entry %u", i);
        else
            cr_assert(code == 0 && verdict.value == VERDICT_COMPLETE, "entry %u", i);
        arena_close(&arena);
    }
    stop_sample_close(&sample);
}

/* Any order of the entries but their own is refused, or is one that the ledger could have had. */
Test(verdict, swapped_entries)
{
    stop_sample_make(&sample, stop_case("complete"));
    for (uint32_t i = 0; i + 1 < sample.count; i++) {
        struct entry *one = &sample.entries[i], *next = one + 1, held = *one;
        struct arena arena = {0};
        struct verdict verdict;
        int code;

        *one = *next;
        *next = held;
        code = derive(&verdict, &arena, NULL);
        if (held.kind == ENTRY_STEP && one->kind == ENTRY_STEP)
            cr_assert_eq(code, ERROR_CORRUPT, "entry %u", i);
        if (held.kind == ENTRY_OPENED || held.kind == ENTRY_ACCEPTED)
            cr_assert_eq(code, ERROR_CORRUPT, "entry %u", i);
        arena_close(&arena);
        held = *one;
        *one = *next;
        *next = held;
    }
    stop_sample_close(&sample);
}

Test(verdict, each_allocation_fails)
{
    bool came = true;

    stop_sample_make(&sample, stop_case("complete-all"));
    for (uint64_t nth = 1; came; nth++) {
        struct arena arena = {0};
        struct error error = {0};
        struct verdict verdict;
        int code;

        fault_arm(FAULT_ALLOCATE, nth, ENOMEM);
        code = derive(&verdict, &arena, &error);
        fault_disarm();
        came = fault_came();
        cr_assert_eq(code, came ? ERROR_MEMORY : 0);
        arena_close(&arena);
    }
    stop_sample_close(&sample);
}
