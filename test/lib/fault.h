/*
 * Calls that fail when they are told to: the n-th allocation, write or sync from now.
 *
 *     fault_arm(FAULT_WRITE, 3, ENOSPC);      the third write from now fails, once
 *     ... what is under test ...
 *     fault_disarm();
 *     if (fault_came()) ... it must have noticed ...
 *
 * A test program links test/lib/fault.c with the linker's --wrap for every call below (the
 * dependency `fault` of Meson); only the program's own objects are affected, not shared libraries.
 * One fault at a time; single-threaded.
 */
#ifndef IOLAUS_TEST_FAULT_H
#define IOLAUS_TEST_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_call {
    FAULT_ALLOCATE, /* malloc, calloc, realloc, aligned_alloc, strdup */
    FAULT_READ,
    FAULT_WRITE,
    FAULT_FSYNC, /* fsync, fdatasync, syncfs */
    FAULT_TRUNCATE,
    FAULT_RENAME,
    FAULT_CALLS
};

/* The error number that makes a read or write do its work, but of one byte alone. */
#define FAULT_SHORT (-1)
/* The process is killed (SIGKILL) instead of the call, or in the middle of a write. */
#define FAULT_KILL (-2)
#define FAULT_TORN (-3)

/* The `nth` call from now (1: the next) fails with this errno. */
void fault_arm(enum fault_call call, uint64_t nth, int number);
void fault_disarm(void);
bool fault_came(void);

/* Calls `watch` before and after each sync that succeeds: of a file or folder, or (`all`) of the
 * file system that it is on. NULL ends it. What `watch` itself syncs is not watched. */
typedef void (*fault_watch)(int file, bool all, bool done);
void fault_watch_syncs(fault_watch watch);

#endif
