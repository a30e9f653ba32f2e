#include "lib/stop_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "evidence/ledger.h"

#define STEP_NS INT64_C(1000000)

static const unsigned char FIRST_RANGE[ENTRY_RANGE_ID_BYTES] = {
    0x2f, 0x7d, 0x1c, 0x0a, 0x9b, 0xe6, 0x4a, 0x53, 0xb1, 0xde, 0x0c, 0x7f, 0x5a, 0x86, 0xe4, 0x90};

static void *take(struct stop_sample *sample, size_t size)
{
    void *memory = arena_take(&sample->arena, size);

    if (memory == NULL)
        abort();
    return memory;
}

/* ---- who signs ---- */

enum { KEY_ALICE = 1, KEY_BOB, KEY_CAROL, KEY_RANGE, KEY_MALLORY };

void stop_sample_roster(char text[4 * FORGE_TEXT_BYTES], bool strangers)
{
    static const char *const NAMES[] = {"alice", "bob", "carol"};
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < 3; i++) {
        struct forge forge = forge_key(strangers ? KEY_MALLORY + i : KEY_ALICE + i, i == 1);
        char key[FORGE_TEXT_BYTES];

        forge_public(&forge, key);
        used += (size_t)sprintf(text + used, "%s namespaces=\"iolaus-order\" %s\n", NAMES[i], key);
    }
}

void stop_sample_key(char text[NOTE_SECRET_TEXT])
{
    struct note_secret secret = {0};
    unsigned char seed[32], key[32];

    memset(seed, 0x49, sizeof seed);
    crypto_sign_seed_keypair(key, secret.secret, seed);
    if (note_key_make(&secret.key, STOP_SAMPLE_ORIGIN, NOTE_ED25519, key, NULL) < 0)
        abort();
    note_secret_write(&secret, text);
}

/* ---- entries ---- */

static struct entry *add(struct stop_sample *sample, enum entry_kind kind)
{
    struct entry *entry = &sample->entries[sample->count++];

    if (sample->count > STOP_SAMPLE_ENTRIES)
        abort();
    sample->now += STEP_NS;
    sample->wall_ms += STEP_NS / 1000000;
    *entry = (struct entry){.kind = kind, .wall_ms = sample->wall_ms};
    memcpy(entry->range_id, sample->range_id, sizeof entry->range_id);
    return entry;
}

static void opened(struct stop_sample *sample)
{
    static char roster[4 * FORGE_TEXT_BYTES];
    const struct stop_case *about = sample->about;
    struct entry_group *groups = take(sample, 2 * sizeof *groups);
    struct entry *entry = add(sample, ENTRY_OPENED);
    struct forge forge = forge_key(KEY_RANGE, false);
    char *key = take(sample, FORGE_TEXT_BYTES);

    groups[0] = (struct entry_group){"camera", 3, about->children};
    groups[1] = (struct entry_group){"archivist", 1, 0};
    forge_public(&forge, key);
    entry->opened = (struct entry_opened){.range = "harbour",
                                          .range_key = about->campaign ? key : "",
                                          .version = "0.1.0",
                                          .stop_min = about->stop_min > 0 ? about->stop_min : 1,
                                          .permit_min = 2,
                                          .part = 1,
                                          .parts = 1,
                                          .has_cgroups = !about->no_cgroups,
                                          .has_process_events = !about->no_events,
                                          .groups = groups,
                                          .group_count = 2};
    stop_sample_roster(roster, false);
    order_digest(roster, strlen(roster), entry->opened.roster);
}

static const char *order_of(struct stop_sample *sample)
{
    const struct stop_case *about = sample->about;
    struct order order = {.verb = about->pause ? ORDER_PAUSE : ORDER_STOP,
                          .protocol =
                              about->pause ? ORDER_PROTOCOL_TERMINATE : ORDER_PROTOCOL_CAUTERIZE,
                          .issued_s = STOP_SAMPLE_WALL_MS / 1000 - 30,
                          .expires_s = STOP_SAMPLE_WALL_MS / 1000 + 570};
    char *text = take(sample, ORDER_TEXT_BYTES);

    if (order_target_read(&order, about->target != NULL ? about->target : "camera-3", NULL) != 0 ||
        order_range_read(&order, "any", NULL) != 0)
        abort();
    memcpy(order.nonce, FIRST_RANGE, sizeof order.nonce);
    order_print(&order, text);
    return text;
}

static const char *signature_of(struct stop_sample *sample, const char *order, unsigned key,
                                bool sk)
{
    struct forge forge = forge_key(key, sk);
    char *text = take(sample, FORGE_TEXT_BYTES);

    if (sample->about->namespace != NULL)
        forge.namespace = sample->about->namespace;
    forge_sign(&forge, order, strlen(order) - sample->about->forged, text);
    return text;
}

static void accepted(struct stop_sample *sample)
{
    const struct stop_case *about = sample->about;
    const char **signatures = take(sample, 2 * sizeof *signatures);
    const char **signers = take(sample, 2 * sizeof *signers);
    struct entry *entry = add(sample, ENTRY_ACCEPTED);
    const char *order = order_of(sample);
    uint32_t count = about->two ? 2 : 1;

    signatures[0] = signature_of(sample, order,
                                 about->campaign ? KEY_RANGE
                                 : about->sk     ? KEY_BOB
                                                 : KEY_ALICE,
                                 about->sk);
    signatures[1] = signature_of(sample, order, KEY_BOB, true);
    signers[0] = about->campaign ? "campaign" : about->sk ? "bob" : "alice";
    signers[1] = "bob";
    entry->accepted =
        (struct entry_accepted){.epoch = STOP_SAMPLE_EPOCH,
                                .made_by = about->campaign ? ENTRY_CAMPAIGN : ENTRY_OPERATORS,
                                .order = order,
                                .signatures = signatures,
                                .signature_count = count,
                                .signers = signers,
                                .signer_count = count};
}

/* ---- steps ---- */

static struct entry_step *step_raw(struct stop_sample *sample, enum entry_step_word word,
                                   const char *target, int64_t value)
{
    struct entry *entry = add(sample, ENTRY_STEP);

    entry->step = (struct entry_step){.epoch = STOP_SAMPLE_EPOCH,
                                      .number = ++sample->number,
                                      .step = word,
                                      .target = target,
                                      .found_in = "",
                                      .value = value,
                                      .time_ns = sample->now};
    return &entry->step;
}

/* NULL where the case leaves it out. */
static struct entry_step *step(struct stop_sample *sample, enum entry_step_word word,
                               const char *target, int64_t value)
{
    const struct stop_case *about = sample->about;
    bool meant = about->edit != EDIT_NONE && about->step == word;
    struct entry_step *made;

    if (meant && about->edit == EDIT_OMIT)
        return NULL;
    if (meant && about->edit == EDIT_LOSE) {
        sample->number++;
        return NULL;
    }
    made = step_raw(sample, word, target, value);
    if (meant && about->edit == EDIT_VALUE)
        made->value = about->value;
    if (meant && about->edit == EDIT_TWICE)
        made->number = --sample->number;
    if (meant && about->edit == EDIT_ALIEN)
        made->target = "camera-2";
    return made;
}

/* The sanctioned incarnation of a target, or the copy that the archivist hides. */
static void step_of(struct stop_sample *sample, enum entry_step_word word, const char *target,
                    uint32_t place, bool hidden)
{
    struct entry_step *made = step(sample, word, target, 0);

    if (made == NULL)
        return;
    made->found_in = hidden ? "archivist" : target;
    made->incarnation = hidden ? 0 : 1;
    made->pid = 4711 + 10 * place + hidden;
    made->inside = 12 + 10 * place + hidden;
    made->sanctioned = !hidden;
}

static void each(struct stop_sample *sample, enum entry_step_word word, const char *const *targets,
                 uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (unsigned hidden = 0; hidden < (i == 0 ? 2 : 1); hidden++)
            step_of(sample, word, targets[i], i, hidden);
}

static void again(struct stop_sample *sample)
{
    struct entry *closed = add(sample, ENTRY_CLOSED);

    closed->closed.how = ENTRY_CLOSED_FOUND_DEAD;
    memset(sample->range_id, 0x77, sizeof sample->range_id);
    sample->wall_ms += 5000;
    sample->now = 0;
    opened(sample);
    step(sample, ENTRY_LOST, "", 0);
}

/* Up to the thaw, or to where the daemon was killed. */
static void carry_out(struct stop_sample *sample, const char *const *targets, uint32_t count)
{
    const struct stop_case *about = sample->about;

    for (uint32_t i = 0; i < count; i++)
        step(sample, ENTRY_FENCED, targets[i], 2);
    step(sample, ENTRY_FROZEN, "", 0);
    each(sample, ENTRY_FOUND, targets, count);
    step(sample, ENTRY_LOOKED, "", count + 1);
    if (about->lost) {
        again(sample);
        return;
    }
    if (about->pause) {
        each(sample, ENTRY_HELD, targets, count);
    } else {
        each(sample, ENTRY_KILLED, targets, count);
        each(sample, ENTRY_DIED, targets, count);
    }
    if (about->more == ENTRY_UNOBSERVED)
        step_raw(sample, ENTRY_UNOBSERVED, "", sample->now - 500000);
    step(sample, ENTRY_LOOKED, "", 0);
}

static void seal(struct stop_sample *sample, const char *const *targets, uint32_t count)
{
    const struct stop_case *about = sample->about;

    for (uint32_t i = 0; i < count; i++) {
        step(sample, ENTRY_MARKED, targets[i], 2);
        if (!about->pause)
            step(sample, ENTRY_TOMBSTONED, targets[i], 0);
    }
    if (!about->lost)
        step(sample, ENTRY_THAWED, "", 1800000);
    for (uint32_t i = 0; i < count; i++) {
        if (about->more == ENTRY_UNPROVEN)
            step_raw(sample, ENTRY_UNPROVEN, targets[i], 4);
        else
            step(sample, ENTRY_SEALED, targets[i], i == 0 ? 2 : 1);
    }
}

static void watch(struct stop_sample *sample, const char *const *targets, uint32_t count)
{
    const struct stop_case *about = sample->about;
    struct entry_gap *gap = take(sample, sizeof *gap);
    time_ns from = sample->now;
    struct entry *entry;

    sample->now += INT64_C(60000000000);
    sample->wall_ms += 60000;
    if (about->more == ENTRY_GHOST) {
        struct entry_step *ghost = step_raw(sample, ENTRY_GHOST, targets[0], 0);

        ghost->pid = 4999;
        ghost->inside = 99;
        ghost->found_in = "archivist";
    }
    *gap = (struct entry_gap){from + 1000, from + 2000};
    entry = add(sample, ENTRY_WATCHED);
    entry->watched = (struct entry_watched){.epoch = STOP_SAMPLE_EPOCH,
                                            .steps = sample->number + about->watched_steps,
                                            .from = from,
                                            .to = sample->now,
                                            .gaps = gap,
                                            .gap_count = about->watched_gap,
                                            .targets = targets,
                                            .target_count = count};
}

void stop_sample_make(struct stop_sample *sample, const struct stop_case *about)
{
    static const char *const TARGETS[] = {"camera-3", "camera-1", "camera-2", "archivist"};
    uint32_t count = about->target == NULL ? 1 : strcmp(about->target, "all") == 0 ? 4 : 3;

    *sample = (struct stop_sample){.about = about, .wall_ms = STOP_SAMPLE_WALL_MS - 60000};
    memcpy(sample->range_id, FIRST_RANGE, sizeof FIRST_RANGE);
    opened(sample);
    sample->wall_ms = STOP_SAMPLE_WALL_MS;
    sample->now = INT64_C(60000000000);
    accepted(sample);
    carry_out(sample, TARGETS, count);
    seal(sample, TARGETS, count);
    if (!about->unwatched)
        watch(sample, TARGETS, count);
    if (about->resumed)
        each(sample, ENTRY_RELEASED, TARGETS, count);
    if (about->more == ENTRY_LIFTED || about->resumed)
        step_raw(sample, ENTRY_LIFTED, TARGETS[0], 8);
    if (!about->unclosed)
        add(sample, ENTRY_CLOSED)->closed = (struct entry_closed){ENTRY_CLOSED_ENDED, sample->now};
}

void stop_sample_close(struct stop_sample *sample)
{
    arena_close(&sample->arena);
}

/* ---- a ledger of them ---- */

static int append(struct ledger *ledger, const struct entry *entry, struct error *error)
{
    static char text[ENTRY_TEXT_MAX + 1];
    struct ledger_entry one = {.bytes = text};
    int code = entry_write(entry, text, sizeof text, &one.size, error);

    return code == 0 ? ledger_append(ledger, &one, 1, NULL, error) : code;
}

/* What else a ledger holds: a refusal, another range with another order's step, a stranger's line.
 */
static int append_others(struct ledger *ledger, const struct stop_sample *sample,
                         struct error *error)
{
    static const char WORDS[] = "not an entry of a range";
    struct ledger_entry stranger = {WORDS, sizeof WORDS - 1};
    struct entry refused = {.kind = ENTRY_REFUSED,
                            .wall_ms = STOP_SAMPLE_WALL_MS - 120000,
                            .refused = {.reason = "replayed"}};
    struct entry other = sample->entries[0];
    int code = append(ledger, &refused, error);

    memset(other.range_id, 0x11, sizeof other.range_id);
    if (code == 0)
        code = append(ledger, &other, error);
    other.kind = ENTRY_STEP;
    other.step = (struct entry_step){
        .epoch = 6, .number = 1, .step = ENTRY_FENCED, .target = "camera-2", .found_in = ""};
    if (code == 0)
        code = append(ledger, &other, error);
    return code == 0 ? ledger_append(ledger, &stranger, 1, NULL, error) : code;
}

static int key_write(const char *path, struct error *error)
{
    char key[NOTE_SECRET_TEXT];
    FILE *file = fopen(path, "wxe");

    stop_sample_key(key);
    if (file == NULL)
        return 0;
    fchmod(fileno(file), 0600);
    fprintf(file, "%s\n", key);
    return fclose(file) == 0 ? 0 : error_set(error, ERROR_IO, "%s: cannot be written", path);
}

int stop_sample_ledger(const struct stop_sample *sample, const char *path, const char *key_path,
                       struct error *error)
{
    struct ledger *ledger = NULL;
    int code = key_write(key_path, error);

    if (code == 0)
        code = ledger_create(path, STOP_SAMPLE_ORIGIN, key_path, error);
    if (code == 0)
        code = ledger_open(&ledger, path, key_path, NULL, error);
    if (code == 0)
        code = append_others(ledger, sample, error);
    for (uint32_t i = 0; code == 0 && i < sample->count; i++)
        code = append(ledger, &sample->entries[i], error);
    if (code == 0 && sample->about->unclosed)
        code = append_others(ledger, sample, error);
    if (code == 0)
        return ledger_close(ledger, error);
    ledger_abandon(ledger);
    return code;
}
