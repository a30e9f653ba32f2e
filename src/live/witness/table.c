#include "live/witness/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLAB_PROCESSES 256

struct slab {
    struct slab *older;
    struct process processes[SLAB_PROCESSES];
};

static uint32_t bucket_of(const struct table *table, pid_t pid)
{
    /* Pids are handed out one after another: their low bits spread them. */
    return (uint32_t)pid & (table->buckets - 1);
}

static void list_clear(struct process_list *list)
{
    list->head.next = list->head.previous = &list->head;
    list->count = 0;
}

static void list_add(struct process_list *list, struct process *process)
{
    process->previous = list->head.previous;
    process->next = &list->head;
    process->previous->next = process;
    list->head.previous = process;
    list->count++;
}

static void list_remove(struct process_list *list, struct process *process)
{
    process->previous->next = process->next;
    process->next->previous = process->previous;
    list->count--;
}

static int slab_add(struct table *table)
{
    struct slab *slab = calloc(1, sizeof *slab);

    if (slab == NULL)
        return -1;
    slab->older = table->slabs;
    table->slabs = slab;
    for (size_t i = 0; i < SLAB_PROCESSES; i++) {
        slab->processes[i].next = table->spare;
        table->spare = &slab->processes[i];
    }
    return 0;
}

int table_open(struct table *table, uint32_t processes, uint32_t dead_max, struct error *error)
{
    uint64_t buckets = 1024;

    memset(table, 0, sizeof *table);
    list_clear(&table->living);
    list_clear(&table->dead);
    table->dead_max = dead_max;
    while (buckets < (uint64_t)processes + dead_max && buckets < UINT32_C(1) << 22)
        buckets *= 2;
    table->buckets = (uint32_t)buckets;
    table->by_pid = calloc(buckets, sizeof *table->by_pid);
    table->by_inside = calloc(buckets, sizeof *table->by_inside);
    if (table->by_pid == NULL || table->by_inside == NULL)
        goto no_memory;
    for (uint64_t room = 0; room < processes; room += SLAB_PROCESSES) {
        if (slab_add(table) < 0)
            goto no_memory;
    }
    return 0;
no_memory:
    table_close(table);
    return error_set(error, ERROR_MEMORY, "no memory for a table of %u processes", processes);
}

void table_close(struct table *table)
{
    struct slab *slab = table->slabs;

    while (slab != NULL) {
        struct slab *older = slab->older;

        for (size_t i = 0; i < SLAB_PROCESSES; i++)
            free(slab->processes[i].posed);
        free(slab);
        slab = older;
    }
    free(table->by_pid);
    free(table->by_inside);
    memset(table, 0, sizeof *table);
}

struct process *table_find(const struct table *table, pid_t pid)
{
    struct process *process = table->by_pid[bucket_of(table, pid)];

    while (process != NULL && process->pid != pid)
        process = process->pid_next;
    return process;
}

struct process *table_place(const struct table *table, pid_t inside, time_ns at)
{
    struct process *best = NULL;

    if (inside <= 0)
        return NULL;
    for (struct process *process = table->by_inside[bucket_of(table, inside)]; process != NULL;
         process = process->inside_next) {
        if (process->inside == inside && process->born <= at &&
            (best == NULL || process->born > best->born))
            best = process;
    }
    return best;
}

struct process *table_add(struct table *table, pid_t pid)
{
    struct process *process;
    uint32_t bucket = bucket_of(table, pid);

    assert(table_find(table, pid) == NULL);
    if (table->spare == NULL && slab_add(table) < 0)
        return NULL;
    process = table->spare;
    table->spare = process->next;
    {
        /* What it posed as is kept for the room alone. */
        agent_id *posed = process->posed;
        uint32_t room = process->posed_room;

        memset(process, 0, sizeof *process);
        process->posed = posed;
        process->posed_room = room;
    }
    process->pid = pid;
    process->pidfd = -1;
    process->agent = AGENT_NONE;
    process->named = true;
    process->pid_next = table->by_pid[bucket];
    table->by_pid[bucket] = process;
    list_add(&table->living, process);
    return process;
}

void table_unname(struct table *table, struct process *process)
{
    struct process **link = &table->by_pid[bucket_of(table, process->pid)];

    if (!process->named)
        return;
    while (*link != process)
        link = &(*link)->pid_next;
    *link = process->pid_next;
    process->named = false;
}

void table_set_inside(struct table *table, struct process *process, pid_t inside)
{
    struct process **link;

    if (process->inside == inside)
        return;
    if (process->inside > 0) {
        link = &table->by_inside[bucket_of(table, process->inside)];
        while (*link != process)
            link = &(*link)->inside_next;
        *link = process->inside_next;
    }
    process->inside = inside;
    if (inside > 0) {
        link = &table->by_inside[bucket_of(table, inside)];
        process->inside_next = *link;
        *link = process;
    }
}

void table_bury(struct table *table, struct process *process, time_ns died)
{
    assert(!process->buried);
    process->died = died;
    process->buried = true;
    list_remove(&table->living, process);
    list_add(&table->dead, process);
}

void table_unbury(struct table *table, struct process *process)
{
    assert(process->buried);
    process->died = 0;
    process->buried = false;
    list_remove(&table->dead, process);
    list_add(&table->living, process);
}

void table_tidy(struct table *table, time_ns before)
{
    while (table->dead.count > 0) {
        struct process *oldest = table->dead.head.next;

        if (oldest->died >= before && table->dead.count <= table->dead_max)
            return;
        table_unname(table, oldest);
        table_set_inside(table, oldest, 0);
        list_remove(&table->dead, oldest);
        oldest->next = table->spare;
        table->spare = oldest;
    }
}
