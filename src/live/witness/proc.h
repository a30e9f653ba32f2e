/*
 * What /proc says of one process. It is read through a descriptor of the process's folder: once the
 * process is reaped every read through it fails, so that nothing of a process that was given the
 * same pid later is taken for it.
 *
 * The caller closes what process_folder gives. Functions return 0, or -1 where the process is gone
 * or may not be read; errno says which.
 */
#ifndef IOLAUS_LIVE_WITNESS_PROC_H
#define IOLAUS_LIVE_WITNESS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/types.h"

#define CGROUP_PATH_MAX 4096

/* Of /proc/PID/stat. */
struct process_facts {
    pid_t parent;
    uint32_t threads;
    uint64_t start_ticks; /* since the machine started */
    char state;           /* R, S, D, Z, ... */
};

/* The folder of a process, O_PATH; -1 where there is none. */
int process_folder(pid_t pid);
int process_facts_read(int folder, struct process_facts *facts);
/* A process whose first thread ended is still alive while another thread runs. */
bool process_facts_alive(const struct process_facts *facts);
/* When it was started, on CLOCK_MONOTONIC, rounded down to a tick of the kernel's. */
time_ns process_start_ns(uint64_t start_ticks);
/* Its pid in the PID namespace that is `level` below the reader's; 0 where it has none there. */
int process_inside_read(int folder, unsigned level, pid_t *inside);
/* How many PID namespaces below the reader's it is. */
int process_level_read(int folder, unsigned *level);
/* The path of its v2 cgroup; "" where there is none. */
int process_cgroup_read(int folder, char *path, size_t size);

/* The names in a folder, without taking memory. */
struct folder {
    int descriptor;
    size_t position, length;
    char entries[4096] __attribute__((aligned(16)));
};
/* Opens `name` below `parent`; 0 or -1. Close folder->descriptor when done. */
int folder_open(struct folder *folder, int parent, const char *name);
/* The next name, and whether it is itself a folder; NULL at the end. */
const char *folder_next(struct folder *folder, bool *is_folder);
/* The whole of a small file, with a 0 after it; its length, or -1. */
ssize_t file_read(int parent, const char *name, char *text, size_t size);

time_ns clock_read(void); /* CLOCK_MONOTONIC */

#endif
