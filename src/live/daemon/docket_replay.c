/*
 * What the ledger says of earlier ranges: which orders were accepted, what became of each target.
 * Every entry is read and the tree is built anew, so that nothing is obeyed that the ledger's key
 * has not signed. Then the new range is entered, and what the one before left undone is completed:
 * with their range all processes died, so that what remains is the lasting mark.
 */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/daemon/docket.h"

/* ---- reading ---- */

struct replay {
    struct daemon *daemon;
    struct docket *docket;
    struct arena arena; /* of the entries of one bundle */
    struct arena kept;  /* of the groups */
    /* The groups of the range whose entries are read. */
    struct entry_group *groups;
    uint32_t group_count;
    unsigned char range_id[ENTRY_RANGE_ID_BYTES];
    bool open;
    struct error *error;
};

static int memory(struct error *error)
{
    return error_set(error, ERROR_MEMORY, "out of memory while reading the ledger");
}

static int take_opened(struct replay *replay, const struct entry *entry)
{
    const struct entry_opened *opened = &entry->opened;
    uint32_t before = opened->part == 1 ? 0 : replay->group_count;
    struct entry_group *groups =
        arena_take_array(&replay->kept, before + opened->group_count + (size_t)1, sizeof *groups);

    if (groups == NULL)
        return memory(replay->error);
    if (before > 0)
        memcpy(groups, replay->groups, before * sizeof *groups);
    for (uint32_t g = 0; g < opened->group_count; g++) {
        groups[before + g] = opened->groups[g];
        groups[before + g].name =
            arena_text(&replay->kept, opened->groups[g].name, strlen(opened->groups[g].name));
        if (groups[before + g].name == NULL)
            return memory(replay->error);
    }
    replay->groups = groups;
    replay->group_count = before + opened->group_count;
    memcpy(replay->range_id, entry->range_id, sizeof replay->range_id);
    replay->open = true;
    return 0;
}

static bool group_named(const struct replay *replay, const struct order *order, uint32_t group)
{
    return order->scope == ORDER_SCOPE_ALL ||
           (order->scope == ORDER_SCOPE_GROUP &&
            strcmp(replay->groups[group].name, order->target) == 0);
}

/* The targets of an order are those whom it named in the crew of its own range. */
static int targets_take(struct replay *replay, struct docket_order *order)
{
    struct docket_target *target = order->targets;
    char name[ORDER_NAME_BYTES];

    if (order->order.scope == ORDER_SCOPE_AGENT) {
        target->name =
            arena_text(&replay->docket->arena, order->order.target, strlen(order->order.target));
        return target->name != NULL ? 0 : memory(replay->error);
    }
    for (uint32_t g = 0; g < replay->group_count; g++)
        for (uint32_t i = 0; group_named(replay, &order->order, g) && i < replay->groups[g].agents;
             i++, target++) {
            entry_agent_name(&replay->groups[g], i, name);
            target->name = arena_text(&replay->docket->arena, name, strlen(name));
            if (target->name == NULL)
                return memory(replay->error);
        }
    return 0;
}

/* A permit's are those of the order that it lifts, in whatever range that was. */
static int targets_of_permit(struct docket_order *order, const struct docket_order *lifts)
{
    for (uint32_t i = 0; i < order->target_count; i++)
        order->targets[i] = (struct docket_target){.name = lifts->targets[i].name};
    return 0;
}

static int take_accepted(struct replay *replay, const struct entry *entry, uint64_t index)
{
    struct docket *docket = replay->docket;
    const char *text = entry->accepted.order;
    const struct docket_order *lifts = NULL;
    struct docket_order *added;
    struct order order;
    uint32_t count = 0;
    int failed = order_parse(&order, text, strlen(text), "order", replay->error);

    if (failed != 0)
        return failed;
    if (entry->accepted.epoch <= docket->epoch)
        return error_set(replay->error, ERROR_CORRUPT, "epoch %llu does not rise",
                         (unsigned long long)entry->accepted.epoch);
    if (order.verb == ORDER_PERMIT)
        lifts = docket_find_digest(docket, order.lifts);
    if (lifts != NULL)
        count = lifts->target_count;
    else if (order.scope == ORDER_SCOPE_AGENT)
        count = 1;
    for (uint32_t g = 0; lifts == NULL && g < replay->group_count; g++)
        count += group_named(replay, &order, g) ? replay->groups[g].agents : 0;
    added = docket_add(docket, &order, text, count);
    if (added == NULL)
        return memory(replay->error);
    added->epoch = docket->epoch = entry->accepted.epoch;
    added->index = index;
    added->campaign = added->past = entry->accepted.made_by == ENTRY_CAMPAIGN;
    failed = lifts != NULL ? targets_of_permit(added, lifts) : targets_take(replay, added);
    for (uint32_t i = 0; failed == 0 && i < count; i++)
        added->targets[i].agent = crew_named(replay->daemon, added->targets[i].name);
    return failed;
}

static int take_step(struct replay *replay, const struct entry *entry)
{
    struct docket_order *order = docket_find(replay->docket, entry->step.epoch);

    if (order == NULL || entry->step.number != order->steps + 1)
        return error_set(replay->error, ERROR_CORRUPT, "step %llu of epoch %llu does not follow",
                         (unsigned long long)entry->step.number,
                         (unsigned long long)entry->step.epoch);
    docket_mark(order, &entry->step);
    return 0;
}

static int take_entry(struct replay *replay, const unsigned char *bytes, size_t size,
                      uint64_t index)
{
    struct entry entry;
    int failed = entry_read(&entry, &replay->arena, bytes, size, replay->error);

    if (failed != 0)
        return failed;
    switch (entry.kind) {
    case ENTRY_OPENED:
        return take_opened(replay, &entry);
    case ENTRY_ACCEPTED:
        return take_accepted(replay, &entry, index);
    case ENTRY_STEP:
        return take_step(replay, &entry);
    case ENTRY_CLOSED:
        replay->open = false;
        return 0;
    case ENTRY_REFUSED:
    case ENTRY_WATCHED:
        return 0;
    }
    return error_set(replay->error, ERROR_CORRUPT, "an entry of no kind");
}

static int take_bundle(struct replay *replay, struct merkle_range *range, uint64_t size,
                       uint64_t bundle)
{
    const unsigned char *entry;
    unsigned char *bytes = NULL;
    size_t at = 0, bundle_size = 0, entry_size;
    unsigned width = tile_width(size, 0, bundle);
    int failed = ledger_tile_read(replay->daemon->options->ledger, size, true, 0, bundle, &bytes,
                                  &bundle_size, replay->error);

    for (unsigned i = 0; i < width && failed == 0; i++) {
        uint64_t index = bundle * TILE_WIDTH + i;
        struct merkle_hash leaf;

        if (bundle_next(bytes, bundle_size, &at, &entry, &entry_size) != 0) {
            failed = error_set(replay->error, ERROR_CORRUPT, "a bundle ends within an entry");
        } else {
            merkle_leaf(entry, entry_size, &leaf);
            failed = merkle_range_push(range, 0, &leaf);
        }
        if (failed == 0)
            failed = take_entry(replay, entry, entry_size, index);
        if (failed != 0)
            error_context(replay->error, "entry %llu", (unsigned long long)index);
    }
    free(bytes);
    arena_close(&replay->arena);
    return failed;
}

int docket_replay(struct daemon *daemon, struct error *error)
{
    struct docket *docket = daemon->docket;
    struct replay replay = {.daemon = daemon, .docket = docket, .error = error};
    const struct ledger_checkpoint *checkpoint = ledger_checkpoint(docket->ledger);
    struct merkle_range range;
    struct merkle_hash root;
    int failed = 0;

    merkle_range_begin(&range);
    for (uint64_t b = 0; b * TILE_WIDTH < checkpoint->size && failed == 0; b++)
        failed = take_bundle(&replay, &range, checkpoint->size, b);
    merkle_range_root(&range, &root);
    if (failed == 0 && memcmp(&root, &checkpoint->root, sizeof root) != 0)
        failed = error_set(error, ERROR_CORRUPT,
                           "its entries are not those that its key has signed; `iolaus audit` "
                           "says where");
    docket->left_open = replay.open;
    memcpy(docket->left_id, replay.range_id, sizeof docket->left_id);
    arena_close(&replay.kept);
    return failed != 0 ? error_context(error, "%s", daemon->options->ledger) : 0;
}

/* ---- opening ---- */

/* Whoever reads the ledger later knows whose it is: the machine and the range. */
static void origin_make(const struct daemon *daemon, char origin[NOTE_NAME_MAX + 1])
{
    const char *name =
        daemon->options->name != NULL ? daemon->options->name : daemon->scenario->name;
    char host[128] = "localhost";

    if (gethostname(host, sizeof host - 1) != 0)
        snprintf(host, sizeof host, "localhost");
    snprintf(origin, NOTE_NAME_MAX + 1, "%s/iolaus/%s", host, name);
    if (!note_name_valid(origin, strlen(origin)))
        snprintf(origin, NOTE_NAME_MAX + 1, "iolaus");
}

static int ledger_find(struct daemon *daemon, struct error *error)
{
    const struct daemon_options *options = daemon->options;
    char origin[NOTE_NAME_MAX + 1], key[NOTE_KEY_TEXT], path[4096];
    struct ledger_recovery recovery;
    bool fresh;
    int failed = 0;

    snprintf(path, sizeof path, "%s/checkpoint", options->ledger);
    fresh = access(path, F_OK) != 0;
    if (fresh) {
        origin_make(daemon, origin);
        failed = ledger_create(options->ledger, origin, options->ledger_key, error);
    }
    if (failed == 0)
        failed = ledger_open(&daemon->docket->ledger, options->ledger, options->ledger_key,
                             &recovery, error);
    if (failed == 0)
        failed = ledger_publish(daemon->docket->ledger, error);
    if (failed != 0)
        return failed;
    note_key_write(ledger_key(daemon->docket->ledger), key);
    docket_notice(daemon, "the ledger is %s; keep its key elsewhere, to audit by: %s",
                  options->ledger, key);
    if (recovery.torn_bytes > 0)
        docket_notice(daemon,
                      "%s: %llu bytes of a write that was interrupted, and never acknowledged, "
                      "were cut off",
                      options->ledger, (unsigned long long)recovery.torn_bytes);
    return 0;
}

int docket_open(struct daemon *daemon, struct error *error)
{
    const struct daemon_options *options = daemon->options;
    char path[4096];
    int failed;

    snprintf(path, sizeof path, "%s/checkpoint", options->ledger != NULL ? options->ledger : "");
    /* Where nobody may give orders no ledger is begun; one that is there is obeyed. */
    if (!options->campaign &&
        (options->ledger == NULL || (options->authority == NULL && access(path, F_OK) != 0)))
        return 0;
    daemon->docket = calloc(1, sizeof *daemon->docket);
    if (daemon->docket == NULL)
        return memory(error);
    daemon->docket->refusals = DOCKET_REFUSALS;
    daemon->docket->rubbish = DOCKET_RUBBISH;
    if (getrandom(daemon->docket->range_id, ENTRY_RANGE_ID_BYTES, 0) != ENTRY_RANGE_ID_BYTES)
        return error_set(error, ERROR_IO, "no random bytes for the range's id: %s",
                         strerror(errno));
    failed = docket_campaign_open(daemon, error);
    if (failed == 0 && options->ledger != NULL)
        failed = ledger_find(daemon, error);
    if (failed == 0 && options->ledger != NULL)
        failed = docket_replay(daemon, error);
    return failed;
}

/* ---- the new range ---- */

static int write_closed(struct daemon *daemon, const unsigned char id[ENTRY_RANGE_ID_BYTES],
                        enum entry_closing how, time_ns at, struct error *error)
{
    struct entry entry = {
        .kind = ENTRY_CLOSED, .wall_ms = docket_wall_ms(), .closed = {.how = how, .time_ns = at}};

    memcpy(entry.range_id, id, sizeof entry.range_id);
    return docket_write(daemon, &entry, NULL, error);
}

static int write_opened(struct daemon *daemon, struct error *error)
{
    const struct scenario *scenario = daemon->scenario;
    const struct authority_file *authority = daemon->options->authority;
    struct entry entry = {.kind = ENTRY_OPENED, .wall_ms = docket_wall_ms()};
    struct entry_opened *opened = &entry.opened;
    struct entry_group *groups = calloc(scenario->group_count + (size_t)1, sizeof *groups);
    int failed = groups == NULL ? memory(error) : 0;

    for (uint32_t g = 0; groups != NULL && g < scenario->group_count; g++)
        groups[g].name = scenario->groups[g].name;
    for (agent_id a = 0; groups != NULL && a < daemon->agents; a++)
        groups[scenario->group_of[a]].agents++;
    memcpy(entry.range_id, daemon->docket->range_id, sizeof entry.range_id);
    opened->range = daemon->options->name != NULL ? daemon->options->name : scenario->name;
    opened->range_key = docket_campaign_key(daemon);
    opened->version = IOLAUS_VERSION;
    opened->stop_min = opened->permit_min = 1;
    if (authority != NULL) {
        opened->stop_min = authority_needed(&authority->rules, &authority->roster, ORDER_STOP);
        opened->permit_min = authority_needed(&authority->rules, &authority->roster, ORDER_PERMIT);
        memcpy(opened->roster, authority->roster_digest, sizeof opened->roster);
    }
    opened->has_cgroups = range_cgroup(daemon->range, AGENT_NONE) >= 0;
    opened->has_process_events = witness_has_events(daemon->witness);
    opened->parts = (scenario->group_count + ENTRY_GROUPS_MAX - 1) / ENTRY_GROUPS_MAX;
    for (uint32_t first = 0; failed == 0 && first < scenario->group_count;
         first += ENTRY_GROUPS_MAX) {
        uint32_t left = scenario->group_count - first;

        opened->part++;
        opened->groups = groups + first;
        opened->group_count = left < ENTRY_GROUPS_MAX ? left : ENTRY_GROUPS_MAX;
        failed = docket_write(daemon, &entry, NULL, error);
    }
    free(groups);
    return failed;
}

/* Whom the order lifts and releases is free from here on; who was to be stopped or held, and died
 * with its range, gets its mark. */
static void complete_target(struct daemon *daemon, struct docket_order *order,
                            struct docket_target *target)
{
    struct entry_step step = {.target = target->name};

    if ((target->marks & TARGET_ENDED) != 0)
        return;
    if (order_revives(order->order.verb)) {
        step.step = ENTRY_LIFTED;
        docket_step(daemon, order->epoch, &step);
    } else if (order->order.verb == ORDER_STOP && (target->marks & TARGET_TOMBSTONED) == 0) {
        step.step = ENTRY_TOMBSTONED;
        docket_step(daemon, order->epoch, &step);
    }
    step.step = ENTRY_SEALED;
    step.value = target->killed;
    docket_step(daemon, order->epoch, &step);
}

int docket_complete(struct daemon *daemon, struct error *error)
{
    const struct entry_step lost = {.step = ENTRY_LOST};
    struct docket *docket = daemon->docket;

    for (struct docket_order *order = docket->first; order != NULL; order = order->next) {
        if (order->ended == order->target_count)
            continue;
        docket_notice(daemon, "order %llu was under way when its range was lost; it is completed",
                      (unsigned long long)order->epoch);
        docket_step(daemon, order->epoch, &lost);
        for (uint32_t i = 0; i < order->target_count; i++)
            complete_target(daemon, order, &order->targets[i]);
    }
    return docket_write(daemon, NULL, NULL, error);
}

int docket_begin(struct daemon *daemon, struct error *error)
{
    struct docket *docket = daemon->docket;
    uint32_t barred = 0;
    int failed = 0;

    if (docket == NULL || docket->ledger == NULL)
        return 0;
    crash_point("opening");
    if (docket->left_open)
        failed = write_closed(daemon, docket->left_id, ENTRY_CLOSED_FOUND_DEAD, 0, error);
    if (failed == 0)
        failed = write_opened(daemon, error);
    if (failed == 0)
        failed = docket_complete(daemon, error);
    if (failed == 0)
        failed = ledger_publish(docket->ledger, error);
    crash_point("opened");
    for (agent_id a = 0; failed == 0 && a < daemon->agents; a++) {
        const char *word = "";
        uint64_t epoch = docket_bars(daemon, a, &word);

        if (epoch == 0)
            continue;
        barred++;
        docket_notice(daemon, "%s is not started: order %llu, %s", daemon->names[a],
                      (unsigned long long)epoch,
                      strcmp(word, "quarantine") == 0 ? "quarantine (`iolaus resume` ends it)"
                                                      : "tombstone (`iolaus permit` lifts it)");
    }
    daemon->barred = barred;
    docket->begun = failed == 0;
    for (struct docket_order *order = docket->first; order != NULL; order = order->next) {
        order->ended_told = true;
        for (uint32_t i = 0; i < order->target_count; i++)
            order->targets[i].watched_from = 0;
    }
    return failed;
}

/* A drill ends with its time, whatever was under way: nobody comes back to complete it. An order of
 * operators is completed when the range is opened again. */
static void end_campaign(struct daemon *daemon)
{
    struct entry_step step = {.step = ENTRY_UNPROVEN, .time_ns = daemon->now > 0 ? daemon->now : 0};

    for (struct docket_order *order = daemon->docket->first; order != NULL; order = order->next)
        for (uint32_t i = 0; order->campaign && !order->past && i < order->target_count; i++)
            if ((order->targets[i].marks & TARGET_ENDED) == 0) {
                step.target = order->targets[i].name;
                docket_step(daemon, order->epoch, &step);
            }
}

void docket_end(struct daemon *daemon)
{
    struct error error = {0};
    int failed;

    if (daemon->docket == NULL || !daemon->docket->begun)
        return;
    end_campaign(daemon);
    failed = docket_write(daemon, NULL, NULL, &error);
    if (failed == 0)
        failed = docket_watch(daemon, &error);
    if (failed == 0)
        failed =
            write_closed(daemon, daemon->docket->range_id,
                         daemon->failed != 0 || daemon->end == DAEMON_LOST ? ENTRY_CLOSED_FAILED
                         : daemon->end == DAEMON_STOPPED                   ? ENTRY_CLOSED_ASKED
                                                                           : ENTRY_CLOSED_ENDED,
                         daemon->now > 0 ? daemon->now : 0, &error);
    if (failed != 0)
        daemon_tell(daemon, "the ledger could not be closed: %s", error.message);
}

void docket_close(struct daemon *daemon)
{
    struct docket *docket = daemon->docket;
    struct error error = {0};

    if (docket == NULL)
        return;
    if (docket->ledger != NULL && ledger_close(docket->ledger, &error) != 0)
        daemon_tell(daemon, "the ledger is kept, but not published: %s", error.message);
    docket_campaign_close(daemon);
    arena_close(&docket->arena);
    free(docket->texts);
    free(docket->waiting);
    free(docket->gaps);
    free(docket);
    daemon->docket = NULL;
}
