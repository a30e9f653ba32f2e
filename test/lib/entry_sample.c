#include "lib/entry_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_drawn(struct random *random, struct arena *arena, const char *letters,
                              uint64_t least, uint64_t most)
{
    uint64_t length = least + random_below(random, most - least + 1);
    char *text = arena_take(arena, length + 1);

    if (text == NULL)
        abort();
    for (uint64_t i = 0; i < length; i++)
        text[i] = letters[random_below(random, strlen(letters))];
    return text;
}

static const char NAME[] = "abcxyzABCXYZ0189_-";
static const char LINE[] = "ab yz\"\\/~!{}[]:,09\x7e\x20";
static const char LINES[] = "ab yz\"\\/~\n\n{}[]:,09";

static const char *const *texts_drawn(struct random *random, struct arena *arena,
                                      const char *letters, uint64_t most, uint64_t count)
{
    const char **texts = arena_take_array(arena, count, sizeof *texts);

    if (texts == NULL)
        abort();
    for (uint64_t i = 0; i < count; i++)
        texts[i] = text_drawn(random, arena, letters, 1, most);
    return texts;
}

/* Small ones as often as large ones. */
static uint64_t number_drawn(struct random *random, uint64_t most)
{
    uint64_t number = random_u64(random) >> random_below(random, 64);

    return most == UINT64_MAX ? number : number % (most + 1);
}

static struct entry_opened opened_drawn(struct random *random, struct arena *arena)
{
    uint32_t count = 1 + (uint32_t)random_below(random, 9);
    struct entry_group *groups = arena_take_array(arena, count, sizeof *groups);
    struct entry_opened opened = {.range = text_drawn(random, arena, NAME, 1, 63),
                                  .range_key = text_drawn(random, arena, LINE, 0, 95),
                                  .version = text_drawn(random, arena, LINE, 1, 63),
                                  .stop_min = 1 + (uint32_t)number_drawn(random, UINT32_MAX - 1),
                                  .permit_min = 1 + (uint32_t)number_drawn(random, 7),
                                  .part = 1 + (uint32_t)number_drawn(random, 5),
                                  .has_cgroups = random_below(random, 2) == 1,
                                  .has_process_events = random_below(random, 2) == 1,
                                  .groups = groups,
                                  .group_count = count};

    opened.parts = opened.part + (uint32_t)number_drawn(random, 5);
    for (uint32_t i = 0; i < count; i++)
        groups[i] = (struct entry_group){text_drawn(random, arena, NAME, 1, 63),
                                         1 + (uint32_t)number_drawn(random, UINT32_MAX - 1),
                                         (uint32_t)number_drawn(random, UINT32_MAX)};
    for (size_t i = 0; i < sizeof opened.roster; i++)
        opened.roster[i] = (unsigned char)random_u64(random);
    return opened;
}

static struct entry_accepted accepted_drawn(struct random *random, struct arena *arena)
{
    struct entry_accepted accepted = {
        .epoch = 1 + number_drawn(random, INT64_MAX - 1),
        .made_by = random_below(random, 2) == 0 ? ENTRY_OPERATORS : ENTRY_CAMPAIGN,
        .order = text_drawn(random, arena, LINES, 1, ORDER_TEXT_BYTES - 1),
        .signature_count = 1 + (uint32_t)random_below(random, ENTRY_SIGNATURES_MAX),
        .signer_count = 1 + (uint32_t)random_below(random, ENTRY_SIGNATURES_MAX)};

    accepted.signatures = texts_drawn(random, arena, LINES, 900, accepted.signature_count);
    accepted.signers = texts_drawn(random, arena, LINE, 255, accepted.signer_count);
    return accepted;
}

static struct entry_step step_drawn(struct random *random, struct arena *arena)
{
    struct entry_step step = {.epoch = 1 + number_drawn(random, INT64_MAX - 1),
                              .number = 1 + number_drawn(random, INT64_MAX - 1),
                              .step = (enum entry_step_word)random_below(random, ENTRY_STEP_WORDS),
                              .target = text_drawn(random, arena, NAME, 1, 79),
                              .found_in = "",
                              .value = (int64_t)number_drawn(random, UINT64_MAX),
                              .time_ns = (int64_t)number_drawn(random, INT64_MAX)};

    if (!entry_step_targeted(step.step) && random_below(random, 2) == 0)
        step.target = "";
    if (entry_step_living(step.step)) {
        step.found_in = text_drawn(random, arena, NAME, 0, 79);
        step.incarnation = (uint32_t)number_drawn(random, UINT32_MAX);
        step.pid = (uint32_t)number_drawn(random, UINT32_MAX);
        step.inside = (uint32_t)number_drawn(random, UINT32_MAX);
        step.sanctioned = random_below(random, 2) == 1;
    }
    if (step.step == ENTRY_UNOBSERVED)
        step.value = (int64_t)number_drawn(random, (uint64_t)step.time_ns);
    return step;
}

static struct entry_watched watched_drawn(struct random *random, struct arena *arena)
{
    uint32_t count = (uint32_t)random_below(random, 6);
    struct entry_gap *gaps = arena_take_array(arena, 6, sizeof *gaps);
    struct entry_watched watched = {.epoch = 1 + number_drawn(random, INT64_MAX - 1),
                                    .steps = 1 + number_drawn(random, INT64_MAX - 1),
                                    .from = (int64_t)number_drawn(random, INT64_MAX / 2),
                                    .gaps = gaps,
                                    .gap_count = count,
                                    .target_count = 1 + (uint32_t)random_below(random, 20)};

    watched.to = watched.from;
    for (uint32_t i = 0; i < count; i++) {
        gaps[i].from = watched.to + (int64_t)number_drawn(random, 1000);
        gaps[i].to = watched.to = gaps[i].from + 1 + (int64_t)number_drawn(random, 1000000);
    }
    watched.to += (int64_t)number_drawn(random, 1000000000);
    watched.targets = texts_drawn(random, arena, NAME, 79, watched.target_count);
    return watched;
}

struct entry entry_drawn(struct random *random, struct arena *arena)
{
    struct entry entry = {.kind = (enum entry_kind)random_below(random, ENTRY_EXAMPLES),
                          .wall_ms = (int64_t)number_drawn(random, INT64_MAX)};

    for (size_t i = 0; i < sizeof entry.range_id; i++)
        entry.range_id[i] = (unsigned char)random_u64(random);
    switch (entry.kind) {
    case ENTRY_OPENED:
        entry.opened = opened_drawn(random, arena);
        break;
    case ENTRY_ACCEPTED:
        entry.accepted = accepted_drawn(random, arena);
        break;
    case ENTRY_REFUSED:
        entry.refused = (struct entry_refused){.reason = text_drawn(random, arena, NAME, 1, 31),
                                               .signers = texts_drawn(random, arena, LINE, 255, 3),
                                               .signer_count = (uint32_t)random_below(random, 4)};
        entry.refused.given[random_below(random, 32)] = (unsigned char)random_u64(random);
        break;
    case ENTRY_STEP:
        entry.step = step_drawn(random, arena);
        break;
    case ENTRY_WATCHED:
        entry.watched = watched_drawn(random, arena);
        break;
    case ENTRY_CLOSED:
        entry.closed = (struct entry_closed){.how = (enum entry_closing)random_below(random, 4),
                                             .time_ns = (int64_t)number_drawn(random, INT64_MAX)};
        break;
    }
    return entry;
}

struct entry entry_example(unsigned kind)
{
    static const struct entry_group GROUPS[] = {{"camera", 3, 0}, {"archivist", 1, 2}};
    static const char *const SIGNATURES[] = {
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"};
    static const char *const SIGNERS[] = {"alice"}, *const TARGETS[] = {"camera-3"};
    static const struct entry_gap GAPS[] = {{9000000000, 9100000000}};
    struct entry entry = {.kind = (enum entry_kind)kind,
                          .range_id = {0x2f, 0x7d, 0x1c, 0x0a, 0x9b, 0xe6, 0x4a, 0x53, 0xb1, 0xde,
                                       0x0c, 0x7f, 0x5a, 0x86, 0xe4, 0x90},
                          .wall_ms = 1795258860000};

    switch (entry.kind) {
    case ENTRY_OPENED:
        entry.opened = (struct entry_opened){.range = "harbour",
                                             .range_key = "",
                                             .version = "0.1.0",
                                             .stop_min = 1,
                                             .permit_min = 2,
                                             .part = 1,
                                             .parts = 1,
                                             .has_cgroups = true,
                                             .has_process_events = true,
                                             .groups = GROUPS,
                                             .group_count = 2};
        break;
    case ENTRY_ACCEPTED:
        entry.accepted = (struct entry_accepted){
            .epoch = 7,
            .order = "iolaus-order/v1\nverb: stop\nscope: agent\ntarget: camera-3\nprotocol: "
                     "cauterize\nrange: any\nissued: 2026-11-21T11:00:00Z\nexpires: "
                     "2026-11-21T11:10:00Z\nnonce: 2f7d1c0a9be64a53b1de0c7f5a86e490\n",
            .signatures = SIGNATURES,
            .signature_count = 1,
            .signers = SIGNERS,
            .signer_count = 1};
        break;
    case ENTRY_REFUSED:
        entry.refused = (struct entry_refused){.reason = "replayed"};
        break;
    case ENTRY_STEP:
        entry.step = (struct entry_step){.epoch = 7,
                                         .number = 5,
                                         .step = ENTRY_DIED,
                                         .target = "camera-3",
                                         .found_in = "camera-3",
                                         .incarnation = 1,
                                         .pid = 4711,
                                         .inside = 12,
                                         .sanctioned = true,
                                         .time_ns = 5000000000};
        break;
    case ENTRY_WATCHED:
        entry.watched = (struct entry_watched){.epoch = 7,
                                               .steps = 9,
                                               .from = 6000000000,
                                               .to = 10000000000,
                                               .gaps = GAPS,
                                               .gap_count = 1,
                                               .targets = TARGETS,
                                               .target_count = 1};
        break;
    case ENTRY_CLOSED:
        entry.closed = (struct entry_closed){ENTRY_CLOSED_ENDED, 10000000000};
        break;
    }
    return entry;
}
