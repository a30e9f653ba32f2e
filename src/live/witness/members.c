/*
 * The rules: which processes are of the range, whose they are, and what is told of them.
 *
 * A process is of the range when its parent is; nobody else's is ever looked at. Events come in the
 * order in which things happened. Scans and the platform's word may run ahead of them, so every
 * process remembers a moment at which it surely lived (`seen_from` to `seen_to`): an event of
 * before it is about an earlier process with the same pid, or about its own birth.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/witness/inside.h"

/* By how much the kernel's start time in ticks may be off the time of the fork event. */
#define START_SLACK_NS (2000 * MILLISECOND)
#define TICK_NS (10 * MILLISECOND)

static struct seen seen_of(const struct process *process, enum seen_kind kind, time_ns at)
{
    return (struct seen){.kind = (uint8_t)kind,
                         .slot = process->slot,
                         .incarnation = process->incarnation,
                         .agent = process->agent,
                         .as = AGENT_NONE,
                         .pid = process->pid,
                         .inside = process->inside,
                         .at = at};
}

static void tell(struct witness *witness, const struct process *process, enum seen_kind kind,
                 agent_id as, time_ns at)
{
    struct seen seen = seen_of(process, kind, at);

    seen.as = as;
    witness_tell(witness, &seen);
}

static void pose(struct witness *witness, struct process *process, agent_id as, time_ns at)
{
    for (uint32_t i = 0; i < process->posed_count; i++) {
        if (process->posed[i] == as)
            return;
    }
    if (process->posed_count == process->posed_room) {
        uint32_t room = process->posed_room == 0 ? 4 : process->posed_room * 2;
        agent_id *posed = realloc(process->posed, room * sizeof *posed);

        if (posed == NULL) {
            witness->out_of_memory = true;
            return;
        }
        process->posed = posed;
        process->posed_room = room;
    }
    process->posed[process->posed_count++] = as;
    tell(witness, process, SEEN_POSED, as, at);
}

struct look {
    struct witness *witness;
    struct process *process;
    time_ns at;
    bool own; /* it holds what is its owner's */
};

static void look_held(void *context, agent_id agent)
{
    struct look *look = context;

    if (agent == look->process->agent)
        look->own = true; /* told last */
    else
        pose(look->witness, look->process, agent, look->at);
}

static void look_at(struct witness *witness, struct process *process, int folder, time_ns at)
{
    struct look look = {witness, process, at, false};

    (void)things_look(&witness->things, folder, process->threads, look_held, &look);
    if (look.own)
        pose(witness, process, process->agent, at);
}

/* The folder of a process of the table, and not of another that has its pid by now; or -1. */
static int folder_of(const struct process *process)
{
    int folder = process->died == 0 ? process_folder(process->pid) : -1;
    struct process_facts facts;

    if (folder >= 0 && (process_facts_read(folder, &facts) < 0 ||
                        (process->start_ticks != 0 && process->start_ticks != facts.start_ticks))) {
        close(folder);
        folder = -1;
    }
    return folder;
}

int member_pidfd(const struct process *process)
{
    int pidfd = process->died == 0 ? (int)syscall(SYS_pidfd_open, process->pid, 0) : -1;
    int folder = pidfd >= 0 ? folder_of(process) : -1;

    if (folder >= 0) {
        close(folder);
        return pidfd;
    }
    if (pidfd >= 0)
        close(pidfd);
    return -1;
}

static void look_again(struct witness *witness, struct process *process, time_ns at)
{
    int folder = folder_of(process);

    if (folder < 0)
        return;
    look_at(witness, process, folder, at);
    close(folder);
}

void members_look(struct witness *witness)
{
    TABLE_EACH_LIVING(&witness->table, process, after)
    {
        if (process->standing == PROCESS_UNSANCTIONED)
            look_again(witness, process, clock_read());
    }
}

/* What /proc says of a new process. False: it is gone already (and the pid perhaps another's). */
static bool identify(struct witness *witness, struct process *process, int folder)
{
    struct process_facts facts;
    pid_t inside = 0;
    agent_id agent;

    if (folder < 0 || process_facts_read(folder, &facts) < 0)
        return false;
    if (process_start_ns(facts.start_ticks) > process->born + TICK_NS)
        return false;
    process->start_ticks = facts.start_ticks;
    process->threads |= facts.threads > 1;
    if (process_inside_read(folder, witness->level, &inside) == 0)
        table_set_inside(&witness->table, process, inside);
    agent = scan_agent_of(witness, folder);
    if (agent != AGENT_NONE)
        process->agent = agent;
    return true;
}

/* It is told of: nobody named it. */
static void release(struct witness *witness, struct process *process, int folder)
{
    const struct process *parent = table_find(&witness->table, process->parent);

    process->standing = PROCESS_UNSANCTIONED;
    if (process->agent == AGENT_NONE && parent != NULL)
        process->agent = parent->agent;
    tell(witness, process, SEEN_FORKED, AGENT_NONE, process->born);
    if (parent != NULL && parent->standing == PROCESS_UNSANCTIONED) {
        for (uint32_t i = 0; i < parent->posed_count; i++)
            pose(witness, process, parent->posed[i], process->born);
    }
    if (folder >= 0)
        look_at(witness, process, folder, clock_read());
}

/* True when its time as a child of first, or of one held back, is over. */
static bool release_due(const struct witness *witness, const struct process *process, time_ns now)
{
    const struct process *parent = table_find(&witness->table, process->parent);

    if (now >= process->held_until)
        return true;
    return parent != NULL &&
           (parent->standing == PROCESS_SANCTIONED || parent->standing == PROCESS_UNSANCTIONED);
}

void members_release(struct witness *witness)
{
    time_ns now = clock_read();
    bool again = true;

    /* Again, for the children of those just released. */
    while (again) {
        again = false;
        TABLE_EACH_LIVING(&witness->table, process, after)
        {
            int folder;

            if (process->standing != PROCESS_HELD_BACK || !release_due(witness, process, now))
                continue;
            folder = folder_of(process);
            release(witness, process, folder);
            if (folder >= 0)
                close(folder);
            if (process->died != 0) {
                tell(witness, process, SEEN_EXITED,
                     process->posed_count > 0 ? process->posed[0] : AGENT_NONE, process->died);
                table_bury(&witness->table, process, process->died);
            }
            again = true;
        }
    }
}

void member_unawait(struct witness *witness, struct process *process)
{
    if (process->standing != PROCESS_HELD_BACK)
        return;
    process->held_until = clock_read();
    members_release(witness);
}

/* An unsanctioned process, or one held back, is gone. */
static void gone(struct witness *witness, struct process *process, time_ns at)
{
    if (process->died != 0)
        return;
    if (process->standing == PROCESS_HELD_BACK) {
        /* One that ran a program, or stood in two scans, was no attempt to spawn that failed. It is
         * told of when the platform has had its time to name it. */
        const struct process *parent = table_find(&witness->table, process->parent);

        process->died = at;
        if (process->executed || process->scans > 1 ||
            (parent != NULL && parent->standing == PROCESS_HELD_BACK))
            return;
    }
    if (process->standing == PROCESS_UNSANCTIONED)
        tell(witness, process, SEEN_EXITED,
             process->posed_count > 0 ? process->posed[0] : AGENT_NONE, at);
    table_bury(&witness->table, process, at);
}

/* Makes way for another process with its pid. */
static void supersede(struct witness *witness, struct process *process, time_ns at)
{
    /* Of a sanctioned one the pidfd tells. */
    if (process->standing == PROCESS_UNSANCTIONED || process->standing == PROCESS_HELD_BACK)
        gone(witness, process, at);
    table_unname(&witness->table, process);
}

static struct process *member_add(struct witness *witness, pid_t pid, pid_t parent, time_ns born)
{
    struct process *process = table_add(&witness->table, pid);

    if (process == NULL) {
        witness->out_of_memory = true;
        return NULL;
    }
    process->parent = parent;
    process->born = process->seen_from = process->seen_to = born;
    process->held_until = clock_read() + GRACE_NS;
    process->generation = witness->generation;
    return process;
}

static bool holds_back(const struct process *parent)
{
    return parent->standing == PROCESS_FIRST || parent->standing == PROCESS_HELD_BACK;
}

static void member_forked(struct witness *witness, const struct kernel_event *event)
{
    struct process *process = table_find(&witness->table, event->process), *parent;
    int folder;

    if (event->thread != event->process) {
        if (process != NULL && process->died == 0)
            process->threads = true;
        return;
    }
    if (process != NULL) {
        if (event->at <= process->seen_to)
            return; /* a scan or the platform was quicker than this event */
        supersede(witness, process, event->at);
    }
    parent = table_find(&witness->table, event->parent);
    if (parent == NULL || (parent->died != 0 && event->at > parent->died))
        return; /* a stranger's */
    process = member_add(witness, event->process, event->parent, event->at);
    if (process == NULL)
        return;
    folder = process_folder(event->process);
    process->standing = PROCESS_HELD_BACK;
    process->agent = parent->standing == PROCESS_FIRST ? AGENT_NONE : parent->agent;
    if (!identify(witness, process, folder) && folder >= 0) {
        close(folder);
        folder = -1;
    }
    if (!holds_back(parent))
        release(witness, process, folder);
    if (folder >= 0)
        close(folder);
}

/* False where its last thread ended, or the pid is another's. */
static bool still_alive(const struct process *process)
{
    struct process_facts facts;
    int folder = process_folder(process->pid);
    bool alive;

    if (folder < 0)
        return false;
    alive = process_facts_read(folder, &facts) == 0 && process_facts_alive(&facts) &&
            (process->start_ticks == 0 || process->start_ticks == facts.start_ticks);
    close(folder);
    return alive;
}

static void member_exited(struct witness *witness, const struct kernel_event *event)
{
    struct process *process = table_find(&witness->table, event->process);

    if (process == NULL || process->died != 0 || event->at < process->seen_from)
        return;
    process->exit_at = event->at;
    if (process->standing == PROCESS_SANCTIONED || process->standing == PROCESS_FIRST)
        return;
    if (event->thread != event->process && !process->leader_gone)
        return;
    /* The first thread may end and leave others running. */
    if (process->threads && still_alive(process)) {
        process->leader_gone |= event->thread == event->process;
        return;
    }
    gone(witness, process, event->at);
}

void member_event(struct witness *witness, const struct kernel_event *event)
{
    struct process *process;

    switch ((enum kernel_event_kind)event->kind) {
    case KERNEL_FORK:
        member_forked(witness, event);
        break;
    case KERNEL_EXEC:
        process = table_find(&witness->table, event->process);
        if (process == NULL || process->died != 0 || event->at < process->seen_from)
            break;
        process->executed = true;
        if (process->standing == PROCESS_UNSANCTIONED)
            look_again(witness, process, event->at);
        break;
    case KERNEL_EXIT:
        member_exited(witness, event);
        break;
    }
}

/* Whether the process of the table is the one that a scan found alive under its pid. */
static bool same_process(struct process *process, const struct process_facts *facts)
{
    if (process->died != 0)
        return false;
    if (process->start_ticks == 0) {
        time_ns start = process_start_ns(facts->start_ticks);

        if (start > process->born + TICK_NS || start < process->born - START_SLACK_NS)
            return false;
        process->start_ticks = facts->start_ticks;
    }
    return process->start_ticks == facts->start_ticks;
}

void member_found(struct witness *witness, pid_t pid, agent_id agent)
{
    struct process *process = table_find(&witness->table, pid);
    struct process_facts facts;
    time_ns from = clock_read(), born;
    int folder;

    if (process != NULL && process->died == 0 &&
        (process->standing == PROCESS_SANCTIONED || process->standing == PROCESS_FIRST))
        return;
    folder = process_folder(pid);
    if (folder < 0)
        return;
    if (process_facts_read(folder, &facts) < 0 || !process_facts_alive(&facts))
        goto out;
    if (process != NULL && same_process(process, &facts)) {
        process->generation = witness->generation;
        process->scans++;
        process->threads |= facts.threads > 1;
        if (process->inside == 0)
            (void)identify(witness, process, folder);
        goto out;
    }
    if (process != NULL)
        supersede(witness, process, from);
    born = process_start_ns(facts.start_ticks);
    process = member_add(witness, pid, facts.parent, born < from ? born : from);
    if (process == NULL)
        goto out;
    process->standing = PROCESS_HELD_BACK;
    process->agent = agent;
    process->scans = 1;
    process->seen_from = from;
    process->start_ticks = facts.start_ticks;
    process->threads = facts.threads > 1;
    (void)identify(witness, process, folder);
    process->seen_to = clock_read();
    /* Those whose parents are known are released when the scan is over. */
out:
    close(folder);
}

void members_missed(struct witness *witness)
{
    TABLE_EACH_LIVING(&witness->table, process, after)
    {
        if (process->standing != PROCESS_SANCTIONED && process->standing != PROCESS_FIRST &&
            process->died == 0 && process->generation != witness->generation &&
            !still_alive(process))
            gone(witness, process, clock_read());
    }
}

/* When a process was started that no event told of; now where it is gone. */
static time_ns start_of(pid_t pid, time_ns now)
{
    struct process_facts facts;
    int folder = process_folder(pid);
    time_ns start = now;

    if (folder < 0)
        return now;
    if (process_facts_read(folder, &facts) == 0 && process_start_ns(facts.start_ticks) < now)
        start = process_start_ns(facts.start_ticks);
    close(folder);
    return start;
}

struct process *member_sanction(struct witness *witness, const struct sanctioned *sanctioned)
{
    struct process *process = table_find(&witness->table, sanctioned->pid);
    struct pollfd pidfd = {.fd = sanctioned->pidfd, .events = POLLIN};
    bool alive = poll(&pidfd, 1, 0) == 0;
    time_ns now = clock_read();

    /* The process in the table may be an earlier one with the same pid. */
    if (process != NULL &&
        (process->standing == PROCESS_SANCTIONED || process->standing == PROCESS_FIRST ||
         (process->died != 0 && (alive || process->standing != PROCESS_HELD_BACK)))) {
        supersede(witness, process, now);
        process = NULL;
    }
    if (process == NULL) {
        process = member_add(witness, sanctioned->pid, witness->ground.first, now);
        if (process == NULL)
            return NULL;
        if (alive)
            process->born = start_of(sanctioned->pid, now);
    } else {
        if (process->buried)
            table_unbury(&witness->table, process);
        if (process->standing == PROCESS_UNSANCTIONED)
            tell(witness, process, SEEN_EXITED,
                 process->posed_count > 0 ? process->posed[0] : AGENT_NONE, now);
        process->posed_count = 0;
        process->died = 0;
    }
    process->standing = PROCESS_SANCTIONED;
    process->agent = sanctioned->agent;
    process->incarnation = sanctioned->incarnation;
    process->slot = sanctioned->slot;
    process->pidfd = sanctioned->pidfd;
    table_set_inside(&witness->table, process, sanctioned->inside);
    witness->sanctioned++;
    return process;
}

void member_died(struct witness *witness, struct process *process)
{
    time_ns at = process->exit_at != 0 ? process->exit_at : clock_read();

    tell(witness, process, SEEN_DIED, AGENT_NONE, at);
    process->pidfd = -1;
    witness->sanctioned--;
    table_bury(&witness->table, process, at);
    witness->look_due = true;
}
