/*
 * The goal: every entry has one text, which gives the same entry again; every other text is
 * refused, with the byte. What cannot be read back is not written. The limit: what the entries of a
 * ledger say together is looked at in evidence_verdict.c.
 */
#include <criterion/criterion.h>

#include "evidence/entry.h"
#include "lib/entry_sample.h"
#include "lib/fault.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void start(void)
{
    cr_assert(sodium_init() >= 0);
}

TestSuite(entry, .init = start, .timeout = 120);

static char text[ENTRY_TEXT_MAX + 1], again[ENTRY_TEXT_MAX + 1];

Test(entry, texts)
{
    static const char *const WANTED[ENTRY_EXAMPLES] = {
        "{\"entry\":\"opened\",\"groups\":[{\"agents\":3,\"children\":0,\"group\":\"camera\"},"
        "{\"agents\":1,\"children\":2,\"group\":\"archivist\"}],\"has_cgroups\":true,"
        "\"has_process_events\":true,\"part\":1,\"parts\":1,\"permit_min\":2,\"range\":\"harbour\","
        "\"range_id\":\"2f7d1c0a9be64a53b1de0c7f5a86e490\",\"range_key\":\"\",\"roster\":\"sha256:"
        "0000000000000000000000000000000000000000000000000000000000000000\",\"stop_min\":1,"
        "\"version\":\"0.1.0\",\"wall_ms\":1795258860000}",
        "{\"entry\":\"accepted\",\"epoch\":7,\"made_by\":\"operators\",\"order\":\"iolaus-order/"
        "v1\\nverb: stop\\nscope: agent\\ntarget: camera-3\\nprotocol: cauterize\\nrange: any\\n"
        "issued: 2026-11-21T11:00:00Z\\nexpires: 2026-11-21T11:10:00Z\\nnonce: "
        "2f7d1c0a9be64a53b1de0c7f5a86e490\\n\",\"order_digest\":\"sha256:"
        "f72ba455a2daf0e976207f4fc7479a162c90252a6c2a53a16603f964dedb4ff7\",\"range_id\":"
        "\"2f7d1c0a9be64a53b1de0c7f5a86e490\",\"signatures\":[\"-----BEGIN SSH SIGNATURE-----\\n"
        "U1NIU0lH\\n-----END SSH SIGNATURE-----\\n\"],\"signers\":[\"alice\"],\"wall_ms\":"
        "1795258860000}",
        "{\"entry\":\"refused\",\"given\":\"sha256:"
        "0000000000000000000000000000000000000000000000000000000000000000\",\"range_id\":"
        "\"2f7d1c0a9be64a53b1de0c7f5a86e490\",\"reason\":\"replayed\",\"signers\":[],\"wall_ms\":"
        "1795258860000}",
        "{\"entry\":\"step\",\"epoch\":7,\"found_in\":\"camera-3\",\"incarnation\":1,\"inside\":12,"
        "\"number\":5,\"pid\":4711,\"range_id\":\"2f7d1c0a9be64a53b1de0c7f5a86e490\","
        "\"sanctioned\":true,\"step\":\"died\",\"target\":\"camera-3\",\"time_ns\":5000000000,"
        "\"value\":0,\"wall_ms\":1795258860000}",
        "{\"entry\":\"watched\",\"epoch\":7,\"from_ns\":6000000000,\"gaps\":[[9000000000,"
        "9100000000]],\"range_id\":\"2f7d1c0a9be64a53b1de0c7f5a86e490\",\"steps\":9,\"targets\":["
        "\"camera-3\"],\"to_ns\":10000000000,\"wall_ms\":1795258860000}",
        ("{\"entry\":\"closed\",\"how\":\"ended\",\"range_id\":"
         "\"2f7d1c0a9be64a53b1de0c7f5a86e490\","
         "\"time_ns\":10000000000,\"wall_ms\":1795258860000}")};
    struct error error = {0};

    for (unsigned i = 0; i < ENTRY_EXAMPLES; i++) {
        struct entry entry = entry_example(i);
        size_t size;

        cr_assert_eq(entry_write(&entry, text, sizeof text, &size, &error), 0, "%s", error.message);
        cr_assert_str_eq(text, WANTED[i]);
        cr_assert_eq(size, strlen(WANTED[i]));
    }
}

/* What a step points to, and what it holds: compared apart from how it is written. */
static void steps_same(const struct entry_step *one, const struct entry_step *other)
{
    cr_assert_eq(one->epoch, other->epoch);
    cr_assert_eq(one->number, other->number);
    cr_assert_eq(one->step, other->step);
    cr_assert_str_eq(one->target, other->target);
    cr_assert_str_eq(one->found_in, other->found_in);
    cr_assert_eq(one->incarnation, other->incarnation);
    cr_assert_eq(one->pid, other->pid);
    cr_assert_eq(one->inside, other->inside);
    cr_assert_eq(one->sanctioned, other->sanctioned);
    cr_assert_eq(one->value, other->value);
    cr_assert_eq(one->time_ns, other->time_ns);
}

Test(entry, drawn_ones_come_back)
{
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        struct random random;
        struct arena arena = {0};
        struct error error = {0};
        struct entry entry, other;
        size_t size, size_again;

        random = random_make(seed, 0, 0, 0, STREAM_TEST, 0);
        entry = entry_drawn(&random, &arena);
        cr_assert_eq(entry_write(&entry, text, sizeof text, &size, &error), 0,
                     "seed %" PRIu64 ": %s", seed, error.message);
        cr_assert_eq(strlen(text), size);
        if (entry.kind == ENTRY_STEP)
            cr_assert_lt(size, ENTRY_STEP_TEXT);
        cr_assert_eq(entry_read(&other, &arena, text, size, &error), 0, "seed %" PRIu64 ": %s",
                     seed, error.message);
        cr_assert_eq(other.kind, entry.kind);
        cr_assert_eq(other.wall_ms, entry.wall_ms);
        cr_assert_arr_eq(other.range_id, entry.range_id, sizeof entry.range_id);
        if (entry.kind == ENTRY_STEP)
            steps_same(&entry.step, &other.step);
        cr_assert_eq(entry_write(&other, again, sizeof again, &size_again, &error), 0);
        cr_assert_eq(size, size_again);
        cr_assert_arr_eq(text, again, size, "seed %" PRIu64, seed);
        arena_close(&arena);
    }
}

/* Whatever a changed byte is read as has the changed bytes as its text: nothing is forgiven. */
static unsigned flip_look(const char *bytes, size_t size, size_t at)
{
    struct arena arena = {0};
    struct error error = {0};
    struct entry entry;
    size_t size_again;
    unsigned taken = 0;

    if (entry_read(&entry, &arena, bytes, size, &error) == 0) {
        cr_assert_eq(entry_write(&entry, again, sizeof again, &size_again, &error), 0);
        cr_assert_eq(size, size_again);
        cr_assert_arr_eq(bytes, again, size, "byte %zu: %.*s", at, (int)size, bytes);
        taken = 1;
    } else {
        size_t place = SIZE_MAX;

        cr_assert_eq(error.code, ERROR_CORRUPT);
        cr_assert_eq(sscanf(error.message, "byte %zu: ", &place), 1, "%s", error.message);
        cr_assert_leq(place, size, "%s", error.message);

        cr_assert_eq(entry.wall_ms, 0);
    }
    arena_close(&arena);
    return taken;
}

Test(entry, each_byte_flipped)
{
    for (unsigned i = 0; i < ENTRY_EXAMPLES; i++) {
        struct entry entry = entry_example(i);
        unsigned taken = 0;
        size_t size;

        cr_assert_eq(entry_write(&entry, text, sizeof text, &size, NULL), 0);
        for (size_t at = 0; at < size; at++) {
            for (unsigned flip = 1; flip < 256; flip++) {
                text[at] = (char)(text[at] ^ (char)flip);
                taken += flip_look(text, size, at);
                text[at] = (char)(text[at] ^ (char)flip);
            }
        }
        /* Another digit is another entry; but most of what is changed is none. */
        cr_assert_gt(taken, 0);
        cr_assert_lt(taken, size * 255 / 3);
    }
}

Test(entry, cut_and_lengthened)
{
    for (unsigned i = 0; i < ENTRY_EXAMPLES; i++) {
        struct entry entry = entry_example(i);
        struct arena arena = {0};
        struct error error = {0};
        size_t size;

        cr_assert_eq(entry_write(&entry, text, sizeof text, &size, NULL), 0);
        for (size_t length = 0; length < size; length++)
            cr_assert_eq(entry_read(&entry, &arena, text, length, &error), ERROR_CORRUPT);
        text[size] = ' ';
        cr_assert_eq(entry_read(&entry, &arena, text, size + 1, &error), ERROR_CORRUPT);
        cr_assert_not_null(strstr(error.message, "nothing may stand behind"), "%s", error.message);
        arena_close(&arena);
    }
}

static void refused(const char *bytes, const char *message)
{
    struct arena arena = {0};
    struct error error = {0};
    struct entry entry;

    cr_assert_eq(entry_read(&entry, &arena, bytes, strlen(bytes), &error), ERROR_CORRUPT, "%s",
                 bytes);
    cr_assert_str_eq(error.message, message);
    arena_close(&arena);
}

Test(entry, refusals)
{
#define ID "\"range_id\":\"2f7d1c0a9be64a53b1de0c7f5a86e490\""
    refused("", "byte 0: it ends where `{\"entry\":` should follow");
    refused("{\"entry\":\"opening\"}", "byte 9: is no kind of entry");
    refused("{\"entry\":\"closed\",\"why\":\"ended\"}",
            "byte 19: is not `how`, which should follow here");
    refused("{\"entry\":\"closed\", \"how\":\"ended\"}",
            "byte 18: is not `\"`, which should follow here");
    refused("{\"entry\":\"closed\",\"how\":\"done\"}", "byte 24: is no word for `how`");
    refused("{\"entry\":\"closed\",\"how\":\"ended\",\"range_id\":"
            "\"2F7d1c0a9be64a53b1de0c7f5a86e490\"}",
            "byte 44: should be 32 digits of 0-9 and a-f");
    refused("{\"entry\":\"closed\",\"how\":\"ended\"," ID ",\"time_ns\":01,\"wall_ms\":1}",
            "byte 88: is no whole number from 0 to 9223372036854775807");
    refused("{\"entry\":\"closed\",\"how\":\"ended\"," ID ",\"time_ns\":-0,\"wall_ms\":1}",
            "byte 88: is no whole number from 0 to 9223372036854775807");
    refused("{\"entry\":\"closed\",\"how\":\"ended\"," ID ",\"time_ns\":1.0,\"wall_ms\":1}",
            "byte 89: is not `,\"`, which should follow here");
    refused("{\"entry\":\"closed\",\"how\":\"ended\"," ID
            ",\"time_ns\":9223372036854775808,\"wall_ms\":1}",
            "byte 88: is no whole number from 0 to 9223372036854775807");
    refused("{\"entry\":\"closed\",\"how\":\"ended\"," ID ",\"time_ns\":1,\"wall_ms\":1,\"x\":1}",
            "byte 101: is not `}`, which should follow here");
    refused("{\"entry\":\"closed\",\"how\":\"ende\\u0064\"}",
            "byte 29: is no escape that is written here");
    refused("{\"entry\":\"watched\",\"epoch\":7,\"from_ns\":6,\"gaps\":[[2,3]]," ID
            ",\"steps\":9,\"targets\":[\"a\"],\"to_ns\":10,\"wall_ms\":1}",
            "byte 0: the gaps are not in order, or not within the time");
    refused("{\"entry\":\"step\",\"epoch\":7,\"found_in\":\"\",\"incarnation\":0,\"inside\":0,"
            "\"number\":5,\"pid\":0," ID ",\"sanctioned\":false,\"step\":\"died\",\"target\":\"\","
            "\"time_ns\":5,\"value\":0,\"wall_ms\":1}",
            "byte 0: such a step names a target");
}

Test(entry, what_cannot_be_read_is_not_written)
{
    struct error error = {0};
    struct entry entry = entry_example(ENTRY_STEP);

    entry.step.target = "camera 3";
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), ERROR_INPUT);
    cr_assert_str_eq(error.message, "an entry `step`: `target` is none that an entry may have");
    entry.step.target = NULL;
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), ERROR_INPUT);
    entry = entry_example(ENTRY_STEP);
    entry.step.number = 0;
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), ERROR_INPUT);
    entry = entry_example(ENTRY_STEP);
    entry.step.step = ENTRY_STEP_WORDS;
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), ERROR_INPUT);
    entry = entry_example(ENTRY_STEP);
    entry.step.step = ENTRY_FENCED;
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), ERROR_INPUT);
    cr_assert_str_eq(error.message, "an entry `step`: such a step is about no incarnation");
    entry = entry_example(ENTRY_ACCEPTED);
    entry.accepted.signature_count = 0;
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), ERROR_INPUT);
    entry = entry_example(ENTRY_WATCHED);
    entry.watched.gap_count = ENTRY_GAPS_MAX + 1;
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), ERROR_INPUT);
    entry = entry_example(ENTRY_CLOSED);
    for (size_t room = 0; room < 150; room++) {
        int code = entry_write(&entry, text, room, NULL, &error);

        cr_assert_eq(code, room > strlen("{\"entry\":\"closed\",\"how\":\"ended\"," ID
                                         ",\"time_ns\":10000000000,\"wall_ms\":1795258860000}")
                               ? 0
                               : ERROR_LIMIT);
    }
}

Test(entry, the_largest_fit)
{
    static struct entry_group groups[ENTRY_GROUPS_MAX];
    static const char *texts[ENTRY_TARGETS_MAX];
    static struct entry_gap gaps[ENTRY_GAPS_MAX];
    static char group[64], name[ORDER_NAME_BYTES];
    struct entry entry = entry_example(ENTRY_OPENED);
    struct error error = {0};

    memset(group, 'g', 63);
    memset(name, 'n', sizeof name - 1);
    for (size_t i = 0; i < ENTRY_GROUPS_MAX; i++)
        groups[i] = (struct entry_group){group, UINT32_MAX, UINT32_MAX};
    entry.opened.groups = groups;
    entry.opened.group_count = ENTRY_GROUPS_MAX;
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), 0, "%s", error.message);
    entry = entry_example(ENTRY_WATCHED);
    for (size_t i = 0; i < ENTRY_TARGETS_MAX; i++)
        texts[i] = name;
    for (int64_t i = 0; i < ENTRY_GAPS_MAX; i++)
        gaps[i] = (struct entry_gap){INT64_MAX - 3000 + 2 * i, INT64_MAX - 2999 + 2 * i};
    entry.watched.targets = texts;
    entry.watched.target_count = ENTRY_TARGETS_MAX;
    entry.watched.gaps = gaps;
    entry.watched.gap_count = ENTRY_GAPS_MAX;
    entry.watched.to = INT64_MAX;
    cr_assert_eq(entry_write(&entry, text, sizeof text, NULL, &error), 0, "%s", error.message);
}

Test(entry, names)
{
    const struct entry_group one = {"archivist", 1, 0}, some = {"camera", 3, 0};
    char name[ORDER_NAME_BYTES], person[ENTRY_PERSON_BYTES], longer[400];

    entry_agent_name(&one, 0, name);
    cr_assert_str_eq(name, "archivist");
    entry_agent_name(&some, 2, name);
    cr_assert_str_eq(name, "camera-3");
    entry_person("ren\xc3\xa9@example.com\n", person);
    cr_assert_str_eq(person, "ren??@example.com?");
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    entry_person(longer, person);
    cr_assert_eq(strlen(person), ENTRY_PERSON_BYTES - 1);
}

Test(entry, each_allocation_fails)
{
    for (unsigned i = 0; i < ENTRY_EXAMPLES; i++) {
        struct entry entry = entry_example(i);
        bool came = true;
        size_t size;

        cr_assert_eq(entry_write(&entry, text, sizeof text, &size, NULL), 0);
        for (uint64_t nth = 1; came; nth++) {
            struct arena arena = {0};
            struct error error = {0};
            int code;

            fault_arm(FAULT_ALLOCATE, nth, ENOMEM);
            code = entry_read(&entry, &arena, text, size, &error);
            fault_disarm();
            came = fault_came();
            cr_assert_eq(code, came ? ERROR_MEMORY : 0, "%s", error.message);
            cr_assert(nth > 1 || came);
            arena_close(&arena);
        }
    }
}
