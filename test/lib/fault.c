#include "lib/fault.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static struct {
    enum fault_call call;
    uint64_t left; /* calls until the fault; 0: none is to come */
    int number;
    bool came;
} fault;

void fault_arm(enum fault_call call, uint64_t nth, int number)
{
    fault.call = call;
    fault.left = nth;
    fault.number = number;
    fault.came = false;
}

void fault_disarm(void)
{
    fault.left = 0;
}

bool fault_came(void)
{
    return fault.came;
}

static fault_watch watching;

void fault_watch_syncs(fault_watch watch)
{
    watching = watch;
}

static void watched(int file, bool all, bool done)
{
    fault_watch watch = watching;

    if (watch == NULL)
        return;
    watching = NULL;
    watch(file, all, done);
    watching = watch;
}

/* Whether this call is the one. */
static bool strikes(enum fault_call call)
{
    if (fault.left == 0 || fault.call != call || --fault.left > 0)
        return false;
    fault.came = true;
    if (fault.number == FAULT_KILL)
        kill(getpid(), SIGKILL);
    if (fault.number > 0)
        errno = fault.number;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
ssize_t __real_read(int file, void *bytes, size_t size);
ssize_t __real_write(int file, const void *bytes, size_t size);
int __real_fsync(int file);
int __real_fdatasync(int file);
int __real_syncfs(int file);
int __real_ftruncate64(int file, off_t size);
int __real_rename(const char *from, const char *to);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
ssize_t __wrap_read(int file, void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size);
int __wrap_fsync(int file);
int __wrap_fdatasync(int file);
int __wrap_syncfs(int file);
int __wrap_ftruncate64(int file, off_t size);
int __wrap_rename(const char *from, const char *to);

void *__wrap_malloc(size_t size)
{
    return strikes(FAULT_ALLOCATE) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return strikes(FAULT_ALLOCATE) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return strikes(FAULT_ALLOCATE) ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return strikes(FAULT_ALLOCATE) ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return strikes(FAULT_ALLOCATE) ? NULL : __real_strdup(text);
}

ssize_t __wrap_read(int file, void *bytes, size_t size)
{
    if (!strikes(FAULT_READ))
        return __real_read(file, bytes, size);
    return fault.number == FAULT_SHORT ? __real_read(file, bytes, size > 0) : -1;
}

ssize_t __wrap_write(int file, const void *bytes, size_t size)
{
    if (!strikes(FAULT_WRITE))
        return __real_write(file, bytes, size);
    if (fault.number == FAULT_TORN) {
        __real_write(file, bytes, size / 2);
        kill(getpid(), SIGKILL);
    }
    return fault.number == FAULT_SHORT ? __real_write(file, bytes, size > 0) : -1;
}

/* A sync, or the fault that was to come. */
static int synced(int (*sync)(int file), int file, bool all)
{
    int failed;

    if (strikes(FAULT_FSYNC))
        return -1;
    watched(file, all, false);
    failed = sync(file);
    if (failed == 0)
        watched(file, all, true);
    return failed;
}

int __wrap_fsync(int file)
{
    return synced(__real_fsync, file, false);
}

int __wrap_fdatasync(int file)
{
    return synced(__real_fdatasync, file, false);
}

int __wrap_syncfs(int file)
{
    return synced(__real_syncfs, file, true);
}

/* What ftruncate is called with offsets of 64 bits, which Meson asks for. */
int __wrap_ftruncate64(int file, off_t size)
{
    return strikes(FAULT_TRUNCATE) ? -1 : __real_ftruncate64(file, size);
}

int __wrap_rename(const char *from, const char *to)
{
    return strikes(FAULT_RENAME) ? -1 : __real_rename(from, to);
}
