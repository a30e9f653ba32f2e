/*
 * Finding every incarnation of a target wherever it hides, and killing or keeping what was found.
 *
 * What the platform started is known by its life; what it did not, by the witness. Of the latter
 * all are found, also those that belong to nobody's stop: built-in agents have no sanctioned
 * children. One that poses as a target, or stands in a target's cgroup, is that target's, any other
 * the first target's.
 *
 * What was found is remembered until the witness has seen it end (or it is held): then control
 * hears CAMPAIGN_GONE. A ghost is remembered too, so that its end is written beside it.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/daemon/inside.h"

#define ROW_NONE UINT32_MAX
/* An agent's cgroup stands still within this, once the range does. */
#define HOLD_NS INT64_C(100000000)

struct find {
    struct found *list; /* killed, and not yet seen to end; or held */
    uint32_t count, room;
    struct seen *strangers; /* what the platform did not start, by the present look */
    uint32_t stranger_count, stranger_room;
    bool looked;
    bool doubtful; /* the present look: somebody may be a stranger, and nobody can say so */
};

int find_open(struct daemon *daemon, struct error *error)
{
    daemon->find = calloc(1, sizeof *daemon->find);
    return daemon->find != NULL ? 0 : error_set(error, ERROR_MEMORY, "out of memory");
}

void find_close(struct daemon *daemon)
{
    if (daemon->find == NULL)
        return;
    for (uint32_t i = 0; i < daemon->find->count; i++)
        if (daemon->find->list[i].pidfd >= 0)
            close(daemon->find->list[i].pidfd);
    free(daemon->find->list);
    free(daemon->find->strangers);
    free(daemon->find);
    daemon->find = NULL;
}

/* ---- the list ---- */

static struct found *found_add(struct daemon *daemon, const struct found *found)
{
    struct find *find = daemon->find;

    if (find->count == find->room) {
        uint32_t room = find->room == 0 ? 64 : 2 * find->room;
        struct found *list = realloc(find->list, room * sizeof *list);

        if (list == NULL) {
            daemon_fail(daemon, ERROR_MEMORY, "out of memory for what was found");
            return NULL;
        }
        find->list = list;
        find->room = room;
    }
    find->list[find->count] = *found;
    return &find->list[find->count++];
}

static void found_remove(struct daemon *daemon, uint32_t place)
{
    struct find *find = daemon->find;

    if (find->list[place].pidfd >= 0)
        close(find->list[place].pidfd);
    find->list[place] = find->list[--find->count];
}

/* A stop waits for its end, which one that is held or a ghost has no part in. */
static bool is_for_stop(const struct found *found)
{
    return !found->held && !found->ghost;
}

static void tell_gone(struct daemon *daemon, const struct found *found)
{
    const struct campaign_event event = {
        .kind = CAMPAIGN_GONE, .whom = found->whom, .incarnation = found->incarnation};

    if (found->operation->campaign != NULL)
        operation_hears(daemon, found->operation, &event);
}

/* The witness saw its end. */
static void found_ended(struct daemon *daemon, uint32_t place)
{
    struct found found = daemon->find->list[place];

    found_tells(daemon, &found, ENTRY_DIED);
    found_remove(daemon, place);
    if (is_for_stop(&found))
        tell_gone(daemon, &found);
}

void find_life_ended(struct daemon *daemon, uint32_t row)
{
    for (uint32_t i = daemon->find != NULL ? daemon->find->count : 0; i-- > 0;)
        if (daemon->find->list[i].row == row)
            found_ended(daemon, i);
}

void find_stranger_ended(struct daemon *daemon, pid_t pid)
{
    for (uint32_t i = daemon->find->count; i-- > 0;)
        if (daemon->find->list[i].row == ROW_NONE && daemon->find->list[i].pid == pid)
            found_ended(daemon, i);
}

bool find_is_held(const struct daemon *daemon, pid_t pid)
{
    for (uint32_t i = 0; i < daemon->find->count; i++)
        if (daemon->find->list[i].held && daemon->find->list[i].pid == pid)
            return true;
    return false;
}

/* ---- looking ---- */

static void stranger_add(struct daemon *daemon, const struct seen *process)
{
    struct find *find = daemon->find;

    if (find->stranger_count == find->stranger_room) {
        uint32_t room = find->stranger_room == 0 ? 64 : 2 * find->stranger_room;
        struct seen *strangers = realloc(find->strangers, room * sizeof *strangers);

        if (strangers == NULL) {
            daemon_fail(daemon, ERROR_MEMORY, "out of memory for what was found");
            return;
        }
        find->strangers = strangers;
        find->stranger_room = room;
    }
    find->strangers[find->stranger_count++] = *process;
}

static void take_stranger(void *context, const struct seen *process, bool sanctioned)
{
    struct daemon *daemon = context;
    int pidfd;

    if (sanctioned || process->awaited)
        return;
    /* One that has ended, and whose end is not told yet, is no find. Where the daemon has no
     * descriptor left it cannot be told from one that lives. */
    errno = 0;
    pidfd = witness_pidfd(daemon->witness, process->pid);
    if (pidfd >= 0) {
        close(pidfd);
        stranger_add(daemon, process);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
        daemon->find->doubtful = true;
    }
}

static void take_awaited(void *context, const struct seen *process, bool sanctioned)
{
    if (!sanctioned && process->awaited)
        stranger_add(context, process);
}

/* How many processes the platform has asked for and not heard of. */
static uint32_t asked_for(const struct daemon *daemon, agent_id agent)
{
    uint32_t step = agent == AGENT_NONE ? 1 : daemon->agents, count = 0;

    for (uint32_t row = agent == AGENT_NONE ? 0 : agent; row < daemon->rows; row += step)
        count += daemon->lives[row].state == LIFE_ASKED;
    return count;
}

/* The witness gives whoever has no parent that it knows a moment to be named, which a stop does
 * not: an orphan may be one. Where nobody of that agent is being started, it is. Where more stand
 * there than are being started, one of them is, and none can say which. */
static void judge_awaited(struct daemon *daemon)
{
    struct find *find = daemon->find;

    find->stranger_count = 0;
    witness_list(daemon->witness, take_awaited, daemon);
    for (uint32_t i = 0; i < find->stranger_count; i++) {
        agent_id agent = find->strangers[i].agent;
        uint32_t asked = asked_for(daemon, agent), there = 0;

        for (uint32_t k = 0; k < find->stranger_count && asked > 0; k++)
            there += find->strangers[k].agent == agent;
        if (asked == 0)
            witness_unawait(daemon->witness, find->strangers[i].pid);
        else if (there > asked)
            find->doubtful = true;
    }
}

/* Whom the range has started by now is sanctioned first. */
static void look(struct daemon *daemon)
{
    struct find *find = daemon->find;

    find->looked = true;
    find->doubtful = false;
    life_take_range(daemon);
    witness_look(daemon->witness);
    judge_awaited(daemon);
    find->stranger_count = 0;
    witness_list(daemon->witness, take_stranger, daemon);
}

void find_begin(struct daemon *daemon)
{
    daemon->find->looked = false;
}

static agent_id stranger_of(const struct operation *operation, const struct seen *stranger)
{
    if (campaign_stops_it(operation->campaign, stranger->as))
        return stranger->as;
    if (campaign_stops_it(operation->campaign, stranger->agent))
        return stranger->agent;
    return campaign_stops(operation->campaign);
}

/* Nobody can have escaped: the range stands still, or the kernel tells of every fork, or nobody is
 * left at all. */
static bool look_is_sure(const struct daemon *daemon)
{
    if (daemon->find->doubtful)
        return false;
    return (daemon->frozen > 0 && daemon->frozen_failed == 0) || witness_has_all(daemon->witness) ||
           range_is_empty(daemon->range);
}

void find_all(struct daemon *daemon, struct operation *operation, agent_id whom)
{
    struct find *find = daemon->find;
    struct campaign_event event = {.kind = CAMPAIGN_FOUND, .whom = whom};
    /* What is held already is no find to a quarantine; to a stop it is like any other. */
    bool keeps = operation->rules.protocol == PROTOCOL_QUARANTINE;
    int64_t count = 0;

    if (!find->looked)
        look(daemon);
    for (uint32_t slot = 0; slot < daemon->slots; slot++) {
        uint32_t row = row_of(daemon, whom, (uint8_t)slot);
        const struct life *life = &daemon->lives[row];

        if (life->state == LIFE_NONE || (life->held && keeps))
            continue;
        event.incarnation = life->incarnation;
        event.value = row;
        operation_hears(daemon, operation, &event);
        count++;
    }
    for (uint32_t i = 0; i < find->stranger_count; i++) {
        if (stranger_of(operation, &find->strangers[i]) != whom ||
            (keeps && find_is_held(daemon, find->strangers[i].pid)))
            continue;
        event.incarnation = 0;
        event.value = -(int64_t)find->strangers[i].pid;
        operation_hears(daemon, operation, &event);
        count++;
    }
    if (operation->rules.everybody && range_is_empty(daemon->range))
        operation_tells(daemon, operation, ENTRY_EMPTIED, whom, 0);
    operation_tells(daemon, operation, ENTRY_LOOKED, whom, count);
    event = (struct campaign_event){
        .kind = CAMPAIGN_FOUND_ALL, .whom = whom, .value = !look_is_sure(daemon)};
    operation_hears(daemon, operation, &event);
}

/* ---- what becomes of it ---- */

static const struct seen *stranger_with(const struct daemon *daemon, pid_t pid)
{
    for (uint32_t i = 0; i < daemon->find->stranger_count; i++)
        if (daemon->find->strangers[i].pid == pid)
            return &daemon->find->strangers[i];
    return NULL;
}

static bool identify(struct daemon *daemon, struct operation *operation,
                     const struct campaign_action *action, struct found *found)
{
    *found = (struct found){.operation = operation,
                            .epoch = operation_epoch(daemon, operation, action->whom),
                            .whom = action->whom,
                            .incarnation = action->incarnation,
                            .row = ROW_NONE,
                            .in = AGENT_NONE,
                            .pidfd = -1};
    if (action->value >= 0) {
        const struct life *life = &daemon->lives[action->value];

        found->row = (uint32_t)action->value;
        found->pid = life->pid;
        found->inside = life->inside;
        found->in = action->whom;
        return life->state != LIFE_NONE && life->incarnation == action->incarnation;
    }
    const struct seen *stranger = stranger_with(daemon, (pid_t)-action->value);
    if (stranger == NULL)
        return false;
    found->pid = stranger->pid;
    found->inside = stranger->inside;
    found->in = stranger->agent;
    found->pidfd = witness_pidfd(daemon->witness, stranger->pid);
    return found->pidfd >= 0;
}

/* A start under way has no process yet that could be named: what its cgroup may come to hold is
 * killed with the cgroup. */
static void kill_life(struct daemon *daemon, uint32_t row, const struct cause *cause)
{
    struct life *life = &daemon->lives[row];

    if (!life->killed && !life->crashed) {
        life->killed = true;
        life->killing = *cause;
    }
    /* Who is held dies so: let go of, it would run first, and others in its cgroup with it. */
    if (life->state == LIFE_LOADING) {
        life_start_failed(daemon, row, &life->killing);
        life_free(daemon, row);
    } else if (life->state == LIFE_ASKED) {
        (void)range_kill_agent(daemon->range, row_agent(daemon, row), NULL);
    } else {
        life_signal(daemon, row, SIGKILL);
    }
}

/* It is killed already, and was found again: its kill is repeated, and it is waited for once. */
static bool kill_again(struct daemon *daemon, const struct found *found)
{
    for (uint32_t i = 0; i < daemon->find->count; i++) {
        struct found *known = &daemon->find->list[i];

        if (!is_for_stop(known) || known->row != found->row || known->pid != found->pid)
            continue;
        known->operation = found->operation;
        if (found->row != ROW_NONE)
            kill_life(daemon, found->row, &CAUSE_NONE);
        else
            (void)syscall(SYS_pidfd_send_signal, found->pidfd, SIGKILL, NULL, 0);
        return true;
    }
    return false;
}

void find_kill(struct daemon *daemon, struct operation *operation,
               const struct campaign_action *action)
{
    struct found found;
    struct cause cause;

    if (!identify(daemon, operation, action, &found)) {
        tell_gone(daemon, &found); /* it ended by itself meanwhile */
        return;
    }
    if (kill_again(daemon, &found)) {
        if (found.pidfd >= 0)
            close(found.pidfd);
        return;
    }
    cause = orders_found(&operation->orders, action->whom, action->incarnation, false,
                         found.row == ROW_NONE ? found.inside : 0, daemon->now);
    found_tells(daemon, &found, ENTRY_FOUND);
    if (found_add(daemon, &found) == NULL)
        return;
    found_tells(daemon, &found, ENTRY_KILLED);
    if (found.row != ROW_NONE)
        kill_life(daemon, found.row, &cause);
    else
        (void)syscall(SYS_pidfd_send_signal, found.pidfd, SIGKILL, NULL, 0);
}

static void hold(struct daemon *daemon, struct found *found, const struct cause *cause)
{
    struct record record = record_make(VERB_HUNG, daemon->now, cause, AGENT_NONE, found->whom, 0);
    struct error error = {0};

    if (found->row != ROW_NONE) {
        daemon->lives[found->row].held = true;
        daemon->lives[found->row].held_since = daemon->now;
        record.whom_incarnation = found->incarnation;
        record_write(daemon, &record, WRITER_WITNESS);
    } else {
        (void)range_adopt(daemon->range, found->whom, found->pid, NULL);
    }
    if (range_hold_agent(daemon->range, found->whom, true, HOLD_NS, &error) == 0)
        return;
    if (found->row != ROW_NONE)
        life_signal(daemon, found->row, SIGSTOP);
    else
        (void)syscall(SYS_pidfd_send_signal, found->pidfd, SIGSTOP, NULL, 0);
}

void find_hold(struct daemon *daemon, struct operation *operation,
               const struct campaign_action *action)
{
    struct found found;
    struct cause cause;

    if (!identify(daemon, operation, action, &found)) {
        tell_gone(daemon, &found);
        return;
    }
    /* One that has not come to its first instruction cannot be kept. */
    if (found.row != ROW_NONE && daemon->lives[found.row].state < LIFE_BORN) {
        find_kill(daemon, operation, action);
        return;
    }
    cause = orders_found(&operation->orders, action->whom, action->incarnation, true,
                         found.row == ROW_NONE ? found.inside : 0, daemon->now);
    found_tells(daemon, &found, ENTRY_FOUND);
    found.held = true;
    if (found_add(daemon, &found) == NULL)
        return;
    hold(daemon, &found, &cause);
    found_tells(daemon, &found, ENTRY_HELD);
    tell_gone(daemon, &found);
}

/* Before it goes on: its links ended when it was fenced, and it would take that for deaths. */
static void tell_released(struct daemon *daemon, uint32_t row)
{
    time_ns stood = daemon->now - daemon->lives[row].held_since;

    send_notification(daemon, row, NOTIFY_STOP_RESUMED,
                      json_pack("{s:I}", "stood_ns", (json_int_t)(stood > 0 ? stood : 0)), NULL);
}

static void release_life(struct daemon *daemon, struct operation *operation, uint32_t row)
{
    struct life *life = &daemon->lives[row];
    struct cause root = orders_root(&operation->orders, row_agent(daemon, row));
    struct record record =
        record_make(VERB_RESUMED, daemon->now, &root, AGENT_NONE, row_agent(daemon, row), 0);

    tell_released(daemon, row);
    life->held = false;
    life->start_by += daemon->now - life->held_since;
    record.whom_incarnation = life->incarnation;
    record_write(daemon, &record, WRITER_WITNESS);
    if (!life->hung)
        life_signal(daemon, row, SIGCONT);
}

/* What the platform did not start was kept to be looked at, and does not run again. */
void find_release(struct daemon *daemon, struct operation *operation, agent_id whom)
{
    struct find *find = daemon->find;

    for (uint32_t i = find->count; i-- > 0;) {
        struct found found = find->list[i];

        if (!found.held || found.whom != whom)
            continue;
        if (found.row == ROW_NONE) {
            (void)syscall(SYS_pidfd_send_signal, found.pidfd, SIGKILL, NULL, 0);
            continue;
        }
        release_life(daemon, operation, found.row);
        found.epoch = operation_epoch(daemon, operation, whom);
        found_tells(daemon, &found, ENTRY_RELEASED);
        found_remove(daemon, i);
    }
    (void)range_hold_agent(daemon->range, whom, false, 0, NULL);
}

/* Starts under way may come into being after their cgroup was killed, on kernels that do not kill
 * what is cloned into such a one later. */
bool find_presses(struct daemon *daemon)
{
    bool presses = false;

    for (uint32_t i = 0; daemon->frozen > 0 && i < daemon->find->count; i++) {
        const struct found *found = &daemon->find->list[i];

        if (found->held || found->row == ROW_NONE || daemon->lives[found->row].state != LIFE_ASKED)
            continue;
        (void)range_kill_agent(daemon->range, found->whom, NULL);
        presses = true;
    }
    return presses;
}

/* ---- ghosts ---- */

static bool is_looked_for(const struct daemon *daemon, agent_id agent)
{
    for (uint32_t i = 0; i < OPERATION_COUNT; i++)
        if (daemon->operations[i].campaign != NULL &&
            protocol_cauterizes(daemon->operations[i].rules.protocol) &&
            campaign_stops_it(daemon->operations[i].campaign, agent))
            return true;
    return false;
}

/* What poses as one that may not run ends at once, whoever forked it. A stop under way
 * that looks finds it by itself; by other protocols nobody does. */
void find_ghost(struct daemon *daemon, const struct seen *seen)
{
    struct found found = {.epoch = docket_bars(daemon, seen->as, NULL),
                          .operation = &daemon->operations[OPERATION_ORDER],
                          .whom = seen->as,
                          .row = ROW_NONE,
                          .in = seen->agent,
                          .pid = seen->pid,
                          .inside = seen->inside,
                          .ghost = true};

    if (!platform_bars(daemon->platform, seen->as) || is_looked_for(daemon, seen->as) ||
        find_is_held(daemon, seen->pid))
        return;
    found.pidfd = witness_pidfd(daemon->witness, seen->pid);
    if (found.pidfd < 0)
        return;
    (void)syscall(SYS_pidfd_send_signal, found.pidfd, SIGKILL, NULL, 0);
    found_tells(daemon, &found, ENTRY_GHOST);
    if (found_add(daemon, &found) == NULL)
        close(found.pidfd);
}

/* ---- protocols that look for nobody ---- */

void find_lives(struct daemon *daemon, struct operation *operation, agent_id whom)
{
    for (uint32_t row = whom; row < daemon->rows; row += daemon->agents) {
        const struct life *life = &daemon->lives[row];
        const struct found found = {.operation = operation,
                                    .epoch = operation_epoch(daemon, operation, whom),
                                    .whom = whom,
                                    .row = row,
                                    .in = whom,
                                    .incarnation = life->incarnation,
                                    .pid = life->pid,
                                    .inside = life->inside,
                                    .pidfd = -1};

        if (life->state != LIFE_BORN && life->state != LIFE_OPEN)
            continue;
        found_tells(daemon, &found, ENTRY_FOUND);
        if (found_add(daemon, &found) == NULL)
            return;
    }
}

void find_killed(struct daemon *daemon, agent_id whom)
{
    for (uint32_t i = 0; i < daemon->find->count; i++)
        if (daemon->find->list[i].whom == whom && is_for_stop(&daemon->find->list[i]))
            found_tells(daemon, &daemon->find->list[i], ENTRY_KILLED);
}

void find_forget(struct daemon *daemon, agent_id whom)
{
    for (uint32_t i = daemon->find->count; i-- > 0;)
        if (daemon->find->list[i].whom == whom && is_for_stop(&daemon->find->list[i]))
            found_remove(daemon, i);
}
