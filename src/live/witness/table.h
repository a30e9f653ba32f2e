/*
 * The processes of a range by pid: those that live, and those that died within the last seconds.
 *
 * A pid may be used again: table_find gives the latest process that had it; table_place finds one
 * by its pid in the range and a moment. Pointers stay valid until the process is forgotten, which
 * table_tidy alone does. The table owns the processes. All times are of CLOCK_MONOTONIC.
 */
#ifndef IOLAUS_LIVE_WITNESS_TABLE_H
#define IOLAUS_LIVE_WITNESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/types.h"

enum process_standing {
    PROCESS_FIRST = 1,
    /* A child of first (or of such a child) that the platform has yet to name as its own. */
    PROCESS_HELD_BACK,
    PROCESS_SANCTIONED,
    PROCESS_UNSANCTIONED
};

struct process {
    struct process *pid_next, *inside_next; /* of the same bucket */
    struct process *next, *previous;        /* of the living, or of the dead */
    pid_t pid, inside, parent;
    int pidfd; /* of a sanctioned one */
    agent_id agent;
    incarnation_id incarnation;
    uint8_t slot;
    uint8_t standing;
    bool named;       /* in the table by its pid: no later process has taken it */
    bool buried;      /* among the dead */
    bool threads;     /* has, or once had, more than one thread */
    bool leader_gone; /* its first thread ended, others ran on */
    bool executed;
    uint32_t scans;       /* that found it */
    uint32_t generation;  /* of the last of them */
    uint64_t start_ticks; /* 0: not known */
    time_ns born;
    /* It is known to have lived at seen_from, and still not to have been another at seen_to. */
    time_ns seen_from, seen_to;
    time_ns held_until;
    time_ns exit_at; /* of the latest exit event of one of its threads; 0: none */
    time_ns died;    /* 0: lives */
    /* As whom it poses; the first is the one that it was first seen as. */
    agent_id *posed;
    uint32_t posed_count, posed_room;
};

struct process_list {
    struct process head; /* of a ring */
    uint32_t count;
};

struct table {
    struct process **by_pid, **by_inside;
    uint32_t buckets; /* a power of two */
    struct process_list living, dead;
    struct process *spare; /* linked by next */
    void *slabs;
    uint32_t dead_max;
};

int table_open(struct table *table, uint32_t processes, uint32_t dead_max, struct error *error);
void table_close(struct table *table);

/* NULL where there is none. */
struct process *table_find(const struct table *table, pid_t pid);
/* Who had the pid `inside` at that moment, or last before it. */
struct process *table_place(const struct table *table, pid_t inside, time_ns at);
/* Which must not be in the table by this pid. NULL: no memory. */
struct process *table_add(struct table *table, pid_t pid);
void table_set_inside(struct table *table, struct process *process, pid_t inside);
/* Its pid is another's now. */
void table_unname(struct table *table, struct process *process);
/* Among the dead, and back. */
void table_bury(struct table *table, struct process *process, time_ns died);
void table_unbury(struct table *table, struct process *process);
/* Forgets those who died before `before`, and the oldest dead beyond the most that it keeps. */
void table_tidy(struct table *table, time_ns before);

#define TABLE_EACH_LIVING(table, process, after)                                                   \
    for (struct process *process = (table)->living.head.next, *after = process->next;              \
         process != &(table)->living.head; process = after, after = process->next)

#endif
