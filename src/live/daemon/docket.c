/* Orders that were accepted, what became of their targets, and the ledger that keeps both. */
#include "live/daemon/docket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef IOLAUS_TEST_CRASH
void crash_point(const char *name)
{
    static unsigned long points;
    const char *at = getenv("IOLAUS_CRASH_AT"), *path = getenv("IOLAUS_CRASH_LOG");
    FILE *log = path != NULL ? fopen(path, "ae") : NULL;

    points++;
    if (log != NULL) {
        fprintf(log, "%lu %s\n", points, name);
        fclose(log);
    }
    if (at != NULL && strtoul(at, NULL, 10) == points)
        raise(SIGKILL);
}
#endif

int64_t docket_wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void docket_notice(struct daemon *daemon, const char *format, ...)
{
    char words[640];
    va_list list;

    if (daemon->options->notice == NULL)
        return;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    daemon->options->notice(daemon->options->context, words);
}

/* ---- books ---- */

struct docket_order *docket_find(const struct docket *docket, uint64_t epoch)
{
    struct docket_order *order = docket->first;

    while (order != NULL && order->epoch != epoch)
        order = order->next;
    return order;
}

struct docket_order *docket_find_digest(const struct docket *docket,
                                        const unsigned char digest[ORDER_DIGEST_BYTES])
{
    struct docket_order *order = docket->first;

    while (order != NULL && memcmp(order->digest, digest, ORDER_DIGEST_BYTES) != 0)
        order = order->next;
    return order;
}

/* The targets of an order stand as the crew does, so that most are found at once. */
struct docket_target *docket_target(struct docket_order *order, agent_id agent, const char *name)
{
    agent_id first = order->target_count > 0 ? order->targets[0].agent : AGENT_NONE;

    if (agent != AGENT_NONE && first != AGENT_NONE && agent >= first &&
        agent - first < order->target_count && order->targets[agent - first].agent == agent)
        return &order->targets[agent - first];
    for (uint32_t i = 0; i < order->target_count; i++)
        if (strcmp(order->targets[i].name, name) == 0)
            return &order->targets[i];
    return NULL;
}

struct docket_order *docket_add(struct docket *docket, const struct order *order, const char *text,
                                uint32_t targets)
{
    struct docket_order *added = arena_take(&docket->arena, sizeof *added);
    struct docket_target *list = arena_take_array(&docket->arena, targets + 1u, sizeof *list);
    size_t length = strlen(text);
    char *kept = arena_text(&docket->arena, text, length);

    if (added == NULL || list == NULL || kept == NULL)
        return NULL;
    memset(list, 0, (targets + (size_t)1) * sizeof *list);
    *added = (struct docket_order){
        .order = *order, .text = kept, .targets = list, .target_count = targets};
    order_digest(kept, length, added->digest);
    if (docket->last != NULL)
        docket->last->next = added;
    else
        docket->first = added;
    docket->last = added;
    docket->order_count++;
    return added;
}

bool docket_holds(const struct docket_order *order, const struct docket_target *target)
{
    if (order->past || order_revives(order->order.verb) || (target->marks & TARGET_LIFTED) != 0)
        return false;
    /* One that has ended without a mark left none. */
    return order->order.verb == ORDER_PAUSE || (target->marks & TARGET_ENDED) == 0 ||
           (target->marks & TARGET_TOMBSTONED) != 0;
}

int64_t docket_found(const struct daemon *daemon, uint64_t epoch, agent_id agent)
{
    struct docket_order *order = daemon->docket != NULL ? docket_find(daemon->docket, epoch) : NULL;
    const struct docket_target *target =
        order != NULL ? docket_target(order, agent, daemon->names[agent]) : NULL;

    return target != NULL ? target->found : 0;
}

uint64_t docket_bars(const struct daemon *daemon, agent_id agent, const char **word)
{
    const struct docket *docket = daemon->docket;
    uint64_t epoch = 0;

    for (struct docket_order *order = docket != NULL ? docket->first : NULL; order != NULL;
         order = order->next) {
        const struct docket_target *target =
            order_revives(order->order.verb) ? NULL
                                             : docket_target(order, agent, daemon->names[agent]);

        if (target == NULL || !docket_holds(order, target))
            continue;
        epoch = order->epoch;
        if (word != NULL)
            *word = order->order.verb == ORDER_PAUSE ? "quarantine" : "tombstone";
        if (order->order.verb == ORDER_STOP)
            break; /* the lasting mark is the stronger */
    }
    return epoch;
}

const char *docket_order_state(const struct docket_order *order)
{
    if (order->ended < order->target_count)
        return "under way";
    return order->unproven > 0 ? "unproven" : "sealed";
}

void docket_mark(struct docket_order *order, const struct entry_step *step)
{
    struct docket_target *target =
        step->target[0] != '\0' ? docket_target(order, AGENT_NONE, step->target) : NULL;
    uint8_t before;

    order->steps = step->number;
    if (target == NULL)
        return;
    before = target->marks;
    target->found += step->step == ENTRY_FOUND;
    target->killed += step->step == ENTRY_KILLED;
    target->died += step->step == ENTRY_DIED;
    if (step->step == ENTRY_TOMBSTONED)
        target->marks |= TARGET_TOMBSTONED;
    else if (step->step == ENTRY_HELD)
        target->marks |= TARGET_HELD;
    else if (step->step == ENTRY_LIFTED)
        target->marks |= TARGET_LIFTED;
    else if (step->step == ENTRY_SEALED)
        target->marks |= TARGET_SEALED;
    else if (step->step == ENTRY_UNPROVEN)
        target->marks |= TARGET_UNPROVEN;
    if ((before & TARGET_ENDED) != 0 || (target->marks & TARGET_ENDED) == 0)
        return;
    target->watched_from = step->time_ns;
    order->ended++;
    order->unproven += step->step == ENTRY_UNPROVEN;
}

/* ---- writing ---- */

int docket_wait(struct daemon *daemon, size_t size, const struct docket_waiting *waiting)
{
    struct docket *docket = daemon->docket;

    if (docket->waiting_count == 0)
        docket->waiting_since = daemon->now;
    if (docket->texts_used + size > docket->texts_room) {
        size_t room = docket->texts_room == 0 ? 65536 : 2 * docket->texts_room;
        char *texts;

        while (room < docket->texts_used + size)
            room *= 2;
        texts = realloc(docket->texts, room);
        if (texts == NULL)
            return ERROR_MEMORY;
        docket->texts = texts;
        docket->texts_room = room;
    }
    if (docket->waiting_count == docket->waiting_room) {
        uint32_t room = docket->waiting_room == 0 ? 64 : 2 * docket->waiting_room;
        struct docket_waiting *list = realloc(docket->waiting, room * sizeof *list);

        if (list == NULL)
            return ERROR_MEMORY;
        docket->waiting = list;
        docket->waiting_room = room;
    }
    memcpy(docket->texts + docket->texts_used, docket->entry_text, size);
    docket->waiting[docket->waiting_count] = *waiting;
    docket->waiting[docket->waiting_count].at = docket->texts_used;
    docket->waiting[docket->waiting_count++].size = size;
    docket->texts_used += size;
    return 0;
}

static json_t *step_json(const struct docket_waiting *waiting)
{
    const struct entry_step *step = &waiting->step;

    return json_pack("{s:s, s:s, s:{s:I, s:I, s:s, s:s, s:I, s:I, s:b, s:I, s:I}}", "jsonrpc",
                     "2.0", "method", "step", "params", "epoch", (json_int_t)step->epoch, "number",
                     (json_int_t)step->number, "step", entry_step_word(step->step), "target",
                     step->target, "incarnation", (json_int_t)step->incarnation, "pid",
                     (json_int_t)step->pid, "sanctioned", step->sanctioned, "value",
                     (json_int_t)step->value, "time_ns", (json_int_t)step->time_ns);
}

static void tell_ended(struct daemon *daemon, struct docket_order *order)
{
    uint32_t found = 0, killed = 0, died = 0;

    if (order->ended_told || order->ended < order->target_count)
        return;
    order->ended_told = true;
    for (uint32_t i = 0; i < order->target_count; i++) {
        found += order->targets[i].found;
        killed += order->targets[i].killed;
        died += order->targets[i].died;
    }
    if (control_socket_followed(daemon, order->epoch))
        control_socket_tell(daemon, order->epoch,
                            json_pack("{s:s, s:s, s:{s:I, s:s, s:I, s:I, s:I, s:I, s:I}}",
                                      "jsonrpc", "2.0", "method", "ended", "params", "epoch",
                                      (json_int_t)order->epoch, "state", docket_order_state(order),
                                      "targets", (json_int_t)order->target_count, "unproven",
                                      (json_int_t)order->unproven, "found", (json_int_t)found,
                                      "killed", (json_int_t)killed, "died", (json_int_t)died));
}

/* The steps are on the disk: whoever follows hears of them; of the end when readers can see it. */
static void waiting_done(struct daemon *daemon)
{
    struct docket *docket = daemon->docket;
    struct error error = {0};
    bool ends = docket->ends;

    for (uint32_t i = 0; i < docket->waiting_count; i++) {
        const struct docket_waiting *waiting = &docket->waiting[i];
        bool lifts = waiting->step.step == ENTRY_LIFTED || waiting->step.step == ENTRY_RELEASED;
        uint64_t by = lifts ? (uint64_t)waiting->step.value : 0;

        if (waiting->step.number == 0)
            continue;
        if (control_socket_followed(daemon, waiting->order->epoch))
            control_socket_tell(daemon, waiting->order->epoch, step_json(waiting));
        /* What lifts is a step of the order that it ends, and is awaited by who gave the other. */
        if (by > 0 && control_socket_followed(daemon, by))
            control_socket_tell(daemon, by, step_json(waiting));
    }
    docket->texts_used = 0;
    docket->waiting_count = 0;
    docket->ends = docket->unkept = false;
    if (!ends)
        return;
    crash_point("publish");
    if (docket->ledger != NULL && ledger_publish(docket->ledger, &error) != 0)
        daemon_tell(daemon, "the ledger is kept, but not published: %s", error.message);
    crash_point("published");
    for (struct docket_order *order = docket->first; order != NULL; order = order->next)
        tell_ended(daemon, order);
}

/* What waits fits one batch, but for the longest: as many batches as it takes. */
static int waiting_append(struct docket *docket, struct ledger_entry *entries, uint64_t *index,
                          const struct ledger_entry *last, struct error *error)
{
    uint32_t total = docket->waiting_count + (last != NULL), from = 0;
    uint64_t first = 0;

    for (uint32_t i = 0; i < docket->waiting_count; i++)
        entries[i] =
            (struct ledger_entry){docket->texts + docket->waiting[i].at, docket->waiting[i].size};
    if (last != NULL)
        entries[docket->waiting_count] = *last;
    while (docket->ledger != NULL && from < total) {
        uint32_t count = total - from < LEDGER_BATCH_MAX ? total - from : LEDGER_BATCH_MAX;
        int failed = ledger_append(docket->ledger, entries + from, count, &first, error);

        if (failed != 0)
            return failed;
        from += count;
        *index = first + count - 1;
    }
    return 0;
}

int docket_write(struct daemon *daemon, const struct entry *last, uint64_t *index,
                 struct error *error)
{
    struct docket *docket = daemon->docket;
    struct ledger_entry entry = {docket->entry_text, 0}, *entries;
    uint64_t at = 0;
    int failed = 0;

    if (last != NULL)
        failed =
            entry_write(last, docket->entry_text, sizeof docket->entry_text, &entry.size, error);
    if (failed != 0 || (last == NULL && docket->waiting_count == 0))
        return failed;
    entries = calloc((size_t)docket->waiting_count + 1, sizeof *entries);
    if (entries == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the ledger");
    crash_point("append");
    failed = waiting_append(docket, entries, &at, last != NULL ? &entry : NULL, error);
    crash_point("appended");
    free(entries);
    if (failed != 0)
        return failed;
    if (index != NULL)
        *index = at;
    docket->failing = false;
    waiting_done(daemon);
    return 0;
}

/* Where the disk refuses them the steps are kept in memory, and tried again. */
static void waiting_write(struct daemon *daemon)
{
    struct docket *docket = daemon->docket;
    struct error error = {0};

    docket->waiting_since = daemon->now;
    if (docket_write(daemon, NULL, NULL, &error) == 0 || docket->failing)
        return;
    docket->failing = true;
    daemon_tell(daemon, "the steps of an order cannot be written to %s and are kept in memory: %s",
                daemon->options->ledger, error.message);
}

time_ns docket_deadline(const struct daemon *daemon)
{
    const struct docket *docket = daemon->docket;

    if (docket == NULL || docket->waiting_count == 0)
        return TIME_NEVER;
    return docket->ends && !docket->failing ? daemon->now
                                            : docket->waiting_since + DOCKET_GATHER_NS;
}

void docket_due(struct daemon *daemon)
{
    if (docket_deadline(daemon) <= daemon->now)
        waiting_write(daemon);
}

/* ---- steps ---- */

static void step_write(struct daemon *daemon, struct docket_order *order,
                       const struct entry_step *given)
{
    struct docket *docket = daemon->docket;
    struct entry entry = {.kind = ENTRY_STEP, .wall_ms = docket_wall_ms(), .step = *given};
    struct docket_waiting waiting = {.order = order};
    const struct docket_target *target;
    struct error error = {0};
    uint32_t ended = order->ended;
    size_t size;

    memcpy(entry.range_id, docket->range_id, sizeof entry.range_id);
    entry.step.epoch = order->epoch;
    entry.step.number = order->steps + 1;
    if (entry.step.target == NULL)
        entry.step.target = "";
    if (entry.step.found_in == NULL)
        entry.step.found_in = "";
    target = docket_target(order, AGENT_NONE, entry.step.target);
    crash_point(entry_step_word(given->step));
    if (entry_write(&entry, docket->entry_text, sizeof docket->entry_text, &size, &error) != 0) {
        daemon_tell(daemon, "a step of order %llu cannot be written: %s",
                    (unsigned long long)order->epoch, error.message);
        return;
    }
    waiting.step = entry.step;
    waiting.step.target = target != NULL ? target->name : "";
    waiting.step.found_in = "";
    if (docket_wait(daemon, size, &waiting) != 0) {
        daemon_tell(daemon, "out of memory for a step of order %llu",
                    (unsigned long long)order->epoch);
        return;
    }
    docket_mark(order, &entry.step);
    if (order->ended > ended && order->ended == order->target_count)
        docket->ends = true;
    crash_point("gathered");
}

/* What lifts stands under the orders that it ends, with the epoch of the one that says so. */
static void step_lift(struct daemon *daemon, const struct docket_order *by,
                      const struct entry_step *given)
{
    uint8_t ended_by = by->order.verb == ORDER_RESUME ? ORDER_PAUSE : ORDER_STOP;
    struct entry_step step = *given;

    step.value = (int64_t)by->epoch;
    for (struct docket_order *order = daemon->docket->first; order != NULL; order = order->next) {
        const struct docket_target *target;

        if (order->order.verb != ended_by ||
            (ended_by == ORDER_STOP &&
             memcmp(order->digest, by->order.lifts, ORDER_DIGEST_BYTES) != 0))
            continue;
        target = docket_target(order, AGENT_NONE, given->target);
        if (target != NULL && docket_holds(order, target))
            step_write(daemon, order, &step);
    }
}

void docket_step(struct daemon *daemon, uint64_t epoch, const struct entry_step *step)
{
    struct docket_order *order = daemon->docket != NULL ? docket_find(daemon->docket, epoch) : NULL;

    if (order == NULL)
        return;
    if (order_revives(order->order.verb) &&
        (step->step == ENTRY_LIFTED || step->step == ENTRY_RELEASED))
        step_lift(daemon, order, step);
    else
        step_write(daemon, order, step);
}

/* ---- what the witness can say ---- */

void docket_unobserved(struct daemon *daemon, time_ns from, time_ns to)
{
    struct docket *docket = daemon->docket;

    if (docket == NULL || from >= to)
        return;
    if (docket->gap_count > 0 && docket->gaps[docket->gap_count - 1].to >= from) {
        struct entry_gap *last = &docket->gaps[docket->gap_count - 1];

        last->to = to > last->to ? to : last->to;
        last->from = from < last->from ? from : last->from;
        return;
    }
    if (docket->gap_count == docket->gap_room) {
        uint32_t room = docket->gap_room == 0 ? 16 : 2 * docket->gap_room;
        struct entry_gap *gaps = realloc(docket->gaps, room * sizeof *gaps);

        if (gaps == NULL) {
            daemon_fail(daemon, ERROR_MEMORY, "out of memory for what the witness missed");
            return;
        }
        docket->gaps = gaps;
        docket->gap_room = room;
    }
    docket->gaps[docket->gap_count++] = (struct entry_gap){from, to};
}

/* The gaps within a time. Where there are too many, those that are left over are one. */
static uint32_t gaps_within(const struct docket *docket, time_ns from, time_ns to,
                            struct entry_gap gaps[ENTRY_GAPS_MAX])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < docket->gap_count; i++) {
        struct entry_gap gap = docket->gaps[i];

        gap.from = gap.from > from ? gap.from : from;
        gap.to = gap.to < to ? gap.to : to;
        if (gap.from >= gap.to)
            continue;
        if (count == ENTRY_GAPS_MAX)
            gaps[count - 1].to = gap.to;
        else
            gaps[count++] = gap;
    }
    return count;
}

/* Targets of one order that were watched for the same time stand in one entry. */
static int watch_some(struct daemon *daemon, struct docket_order *order, time_ns from,
                      struct error *error)
{
    static struct entry_gap gaps[ENTRY_GAPS_MAX];
    const char *targets[ENTRY_TARGETS_MAX];
    time_ns to = daemon->witnessed > from ? daemon->witnessed : from;
    struct entry entry = {.kind = ENTRY_WATCHED, .wall_ms = docket_wall_ms()};
    uint32_t count = 0;

    for (uint32_t i = 0; i < order->target_count && count < ENTRY_TARGETS_MAX; i++) {
        struct docket_target *target = &order->targets[i];

        if ((target->marks & (TARGET_SEALED | TARGET_LIFTED)) != TARGET_SEALED ||
            target->watched_from != from)
            continue;
        targets[count++] = target->name;
        target->watched_from = to;
    }
    memcpy(entry.range_id, daemon->docket->range_id, sizeof entry.range_id);
    entry.watched = (struct entry_watched){
        .epoch = order->epoch,
        .steps = order->steps,
        .from = from,
        .to = to,
        .gaps = gaps,
        .gap_count = gaps_within(daemon->docket, from, to, gaps),
        .targets = targets,
        .target_count = count,
    };
    return docket_write(daemon, &entry, NULL, error);
}

int docket_watch(struct daemon *daemon, struct error *error)
{
    int failed = 0;

    for (struct docket_order *order = daemon->docket->first; order != NULL; order = order->next) {
        if (order_revives(order->order.verb))
            continue;
        for (uint32_t i = 0; i < order->target_count && failed == 0; i++) {
            const struct docket_target *target = &order->targets[i];

            if ((target->marks & (TARGET_SEALED | TARGET_LIFTED)) == TARGET_SEALED &&
                target->watched_from < daemon->witnessed)
                failed = watch_some(daemon, order, target->watched_from, error);
        }
    }
    return failed != 0 || daemon->docket->ledger == NULL
               ? failed
               : ledger_publish(daemon->docket->ledger, error);
}
