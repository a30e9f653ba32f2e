/* Waiting, and handing out what was seen. The rules are in members.c. */
#include "live/witness/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "live/witness/inside.h"

#define SCAN_EVERY_NS (100 * MILLISECOND)
#define BUFFER_BYTES (8 * 1024 * 1024)
#define READY_MAX 64
#define THINGS_PER_PROCESS 16

static int descriptors_open(struct witness *witness, struct error *error)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = &witness->timer};

    witness->epoll = epoll_create1(EPOLL_CLOEXEC);
    witness->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (witness->epoll < 0 || witness->timer < 0 ||
        epoll_ctl(witness->epoll, EPOLL_CTL_ADD, witness->timer, &watch) < 0)
        return error_set(error, ERROR_IO, "the witness has no descriptors to wait on: %s",
                         strerror(errno));
    return 0;
}

static int source_open(struct witness *witness, struct error *error)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = &witness->events};
    int code;

    if (witness->options.source == WITNESS_SCAN)
        return 0;
    code = events_open(&witness->events, witness->options.buffer_bytes, error);
    if (code == ERROR_MACHINE && witness->options.source == WITNESS_AUTO) {
        if (error != NULL)
            *error = (struct error){0};
        return 0;
    }
    if (code < 0)
        return code;
    witness->has_events = true;
    if (epoll_ctl(witness->epoll, EPOLL_CTL_ADD, witness->events.descriptor, &watch) < 0)
        return error_set(error, ERROR_IO, "process events cannot be waited for: %s",
                         strerror(errno));
    return 0;
}

/* Where there are no events, an agent's cgroup that fills or empties is a reason to scan at once.
 * Where that cannot be watched, the next scan will do. */
static void populated_watch(struct witness *witness)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = &witness->inotify};

    if (witness->has_events || witness->cgroup < 0)
        return;
    witness->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (witness->inotify < 0)
        return;
    for (agent_id agent = 0; agent < witness->options.agents; agent++) {
        int cgroup = witness->ground.cgroup(witness->ground.context, agent);
        char path[64];

        snprintf(path, sizeof path, "/proc/self/fd/%d/cgroup.events", cgroup);
        if (cgroup >= 0)
            (void)inotify_add_watch(witness->inotify, path, IN_MODIFY);
    }
    (void)epoll_ctl(witness->epoll, EPOLL_CTL_ADD, witness->inotify, &watch);
}

int witness_open_on(struct witness **witness_out, const struct ground *ground,
                    const struct witness_options *options, struct error *error)
{
    struct witness *witness = calloc(1, sizeof *witness);
    struct process *first;
    int code;

    *witness_out = NULL;
    if (witness == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for the witness");
    witness->ground = *ground;
    witness->options = *options;
    if (witness->options.scan_every <= 0)
        witness->options.scan_every = SCAN_EVERY_NS;
    if (witness->options.buffer_bytes == 0)
        witness->options.buffer_bytes = BUFFER_BYTES;
    witness->epoll = witness->timer = witness->inotify = witness->events.descriptor = -1;
    witness->tick = TIME_NEVER;
    witness->opened = clock_read();
    if ((code = descriptors_open(witness, error)) < 0 ||
        (code = table_open(&witness->table, options->processes_max * 2 + 256, KEEP_MAX, error)) <
            0 ||
        (code = things_open(&witness->things, options->processes_max * THINGS_PER_PROCESS, error)) <
            0 ||
        (code = scan_open(witness, error)) < 0 || (code = source_open(witness, error)) < 0)
        goto fail;
    populated_watch(witness);
    first = table_add(&witness->table, ground->first);
    if (first == NULL) {
        code = error_set(error, ERROR_MEMORY, "no memory for the witness");
        goto fail;
    }
    first->standing = PROCESS_FIRST;
    table_set_inside(&witness->table, first, 1);
    scan_range(witness); /* the events were asked for before: nothing falls between */
    *witness_out = witness;
    return 0;
fail:
    witness_close(witness);
    return code;
}

void witness_close(struct witness *witness)
{
    if (witness == NULL)
        return;
    events_close(&witness->events);
    if (witness->inotify >= 0)
        close(witness->inotify);
    if (witness->timer >= 0)
        close(witness->timer);
    if (witness->epoll >= 0)
        close(witness->epoll);
    if (witness->table.by_pid != NULL)
        table_close(&witness->table);
    things_close(&witness->things);
    free(witness->seen);
    free(witness);
}

bool witness_has_events(const struct witness *witness)
{
    return witness->has_events;
}

int witness_descriptor(const struct witness *witness)
{
    return witness->epoll;
}

static time_ns range_time(const struct witness *witness, time_ns monotonic)
{
    time_ns opened = witness->opened + witness->stood;

    return monotonic > opened ? monotonic - opened : 0;
}

time_ns witness_deadline(const struct witness *witness)
{
    return witness->tick == TIME_NEVER ? TIME_NEVER : range_time(witness, witness->tick);
}

void witness_tell(struct witness *witness, const struct seen *seen)
{
    if (witness->seen_count == witness->seen_room) {
        size_t room = witness->seen_room == 0 ? 256 : witness->seen_room * 2;
        struct seen *more = realloc(witness->seen, room * sizeof *more);

        if (more == NULL) {
            witness->out_of_memory = true;
            return;
        }
        witness->seen = more;
        witness->seen_room = room;
    }
    witness->seen[witness->seen_count++] = *seen;
}

/* Takes the events of until now: they are of before what is learnt otherwise at this moment. */
static int events_drain(struct witness *witness, struct error *error)
{
    time_ns until = clock_read();
    struct kernel_event event;
    int code;

    if (!witness->has_events)
        return 0;
    while ((code = events_take(&witness->events, &event, error)) > 0) {
        member_event(witness, &event);
        /* What was read and not handed out would wake nobody. */
        if (event.at > until && witness->events.batch_next == witness->events.batch_count)
            return 0;
    }
    return code;
}

/* Where events were lost, a scan says who lives; what died unseen stays unobserved. */
static void gap_close(struct witness *witness)
{
    time_ns now = clock_read(), from;
    struct seen seen = {.kind = SEEN_UNOBSERVED, .agent = AGENT_NONE, .as = AGENT_NONE};

    if (!witness->events.gap || now - witness->scanned < SCAN_APART_NS ||
        !events_settle(&witness->events, &from))
        return;
    seen.from = from;
    seen.at = now;
    witness_tell(witness, &seen);
    scan_range(witness);
    witness->look_due = true;
}

/* The timer runs while there is something to look at again. */
static void timer_set(struct witness *witness)
{
    time_ns now = clock_read(), tick = witness->tick;
    bool others = witness->table.living.count > witness->sanctioned + 1;
    struct itimerspec when = {0};

    if (witness->has_events && !others && !witness->events.gap)
        tick = TIME_NEVER;
    else if (tick == TIME_NEVER || tick <= now)
        tick = now + witness->options.scan_every;
    if ((witness->events.gap || witness->scan_due) && witness->scanned + SCAN_APART_NS < tick)
        tick = witness->scanned + SCAN_APART_NS;
    if (tick == witness->tick)
        return;
    witness->tick = tick;
    if (tick != TIME_NEVER) {
        when.it_value.tv_sec = tick / INT64_C(1000000000);
        when.it_value.tv_nsec = tick % INT64_C(1000000000);
    }
    (void)timerfd_settime(witness->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void ready_work(struct witness *witness, const struct epoll_event *ready)
{
    void *what = ready->data.ptr;
    struct process *process = what;

    if (what == &witness->events) {
        return; /* drained before */
    }
    if (what == &witness->timer) {
        uint64_t times;

        if (read(witness->timer, &times, sizeof times) < 0)
            return;
        return;
    }
    if (what == &witness->inotify) {
        char notes[4096];

        while (read(witness->inotify, notes, sizeof notes) > 0)
            witness->scan_due = true;
        return;
    }
    (void)epoll_ctl(witness->epoll, EPOLL_CTL_DEL, process->pidfd, NULL);
    member_died(witness, process);
}

/* One round. 1: there may be more; 0: all was worked; negative: error. */
static int witness_work(struct witness *witness, struct error *error)
{
    struct epoll_event ready[READY_MAX];
    int count = epoll_wait(witness->epoll, ready, READY_MAX, 0);
    int code = events_drain(witness, error);
    time_ns now;

    for (int i = 0; i < count; i++)
        ready_work(witness, &ready[i]);
    now = clock_read();
    if (now >= witness->tick) {
        witness->look_due = true;
        witness->scan_due |= !witness->has_events;
        members_release(witness);
    }
    if (witness->scan_due && now - witness->scanned >= SCAN_APART_NS)
        scan_range(witness);
    if (witness->has_events)
        gap_close(witness);
    if (witness->look_due) {
        members_look(witness);
        witness->look_due = false;
    }
    table_tidy(&witness->table, now - KEEP_NS);
    timer_set(witness);
    if (witness->out_of_memory) {
        witness->out_of_memory = false;
        return error_set(error, ERROR_MEMORY, "no memory for what the witness saw");
    }
    return code < 0 ? code : count == READY_MAX;
}

int witness_take(struct witness *witness, time_ns now, struct seen *seen, struct error *error)
{
    int code;

    if (!witness->opened_known) {
        witness->opened = clock_read() - now;
        witness->opened_known = true;
    }
    while (witness->seen_next == witness->seen_count) {
        witness->seen_next = witness->seen_count = 0;
        code = witness_work(witness, error);
        if (code < 0)
            return code;
        if (code == 0 && witness->seen_count == 0)
            return 0;
    }
    *seen = witness->seen[witness->seen_next++];
    seen->at = range_time(witness, seen->at);
    seen->from = seen->kind == SEEN_UNOBSERVED ? range_time(witness, seen->from) : 0;
    return 1;
}

int witness_sanction(struct witness *witness, const struct sanctioned *sanctioned,
                     struct error *error)
{
    struct epoll_event watch = {.events = EPOLLIN};
    int code = events_drain(witness, error);

    if (code < 0)
        return code;
    watch.data.ptr = member_sanction(witness, sanctioned);
    if (watch.data.ptr == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for a process");
    if (epoll_ctl(witness->epoll, EPOLL_CTL_ADD, sanctioned->pidfd, &watch) < 0)
        return error_set(error, ERROR_IO, "process %d cannot be watched: %s", sanctioned->pid,
                         strerror(errno));
    members_release(witness); /* its children */
    timer_set(witness);
    return 0;
}

int witness_own(struct witness *witness, agent_id agent, int descriptor, struct error *error)
{
    witness->look_due = true;
    return things_add(&witness->things, agent, descriptor, error);
}

void witness_disown(struct witness *witness, int descriptor)
{
    things_remove(&witness->things, descriptor);
}

void witness_forget(struct witness *witness, dev_t device, ino_t inode)
{
    things_forget(&witness->things, device, inode);
}

agent_id witness_place(const struct witness *witness, pid_t inside, time_ns at, bool *sanctioned)
{
    const struct process *process =
        table_place(&witness->table, inside, at + witness->opened + witness->stood);

    *sanctioned = process != NULL && process->standing == PROCESS_SANCTIONED;
    return process == NULL ? AGENT_NONE : process->agent;
}

void witness_stood(struct witness *witness, time_ns stood)
{
    witness->stood = stood;
}

int witness_pidfd(const struct witness *witness, pid_t pid)
{
    const struct process *process = table_find(&witness->table, pid);

    return process == NULL ? -1 : member_pidfd(process);
}

bool witness_has_all(const struct witness *witness)
{
    return witness->has_events && !witness->events.gap;
}

void witness_look(struct witness *witness)
{
    struct error error;

    if (!witness->has_events || events_drain(witness, &error) < 0 || witness->events.gap)
        scan_range(witness);
    members_look(witness);
}

void witness_unawait(struct witness *witness, pid_t pid)
{
    struct process *process = table_find(&witness->table, pid);

    if (process != NULL)
        member_unawait(witness, process);
}

void witness_list(const struct witness *witness,
                  void (*each)(void *context, const struct seen *process, bool sanctioned),
                  void *context)
{
    TABLE_EACH_LIVING(&witness->table, process, after)
    {
        struct seen seen = {.kind = process->posed_count > 0 ? SEEN_POSED : SEEN_FORKED,
                            .slot = process->slot,
                            .incarnation = process->incarnation,
                            .agent = process->agent,
                            .as = process->posed_count > 0 ? process->posed[0] : AGENT_NONE,
                            .pid = process->pid,
                            .inside = process->inside,
                            .awaited = process->standing == PROCESS_HELD_BACK,
                            .at = range_time(witness, process->born)};

        if (process->died == 0)
            each(context, &seen,
                 process->standing == PROCESS_SANCTIONED || process->standing == PROCESS_FIRST);
    }
}
