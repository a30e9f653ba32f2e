#include "measure.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

void sleep_ns(int64_t length)
{
    struct timespec wait = {.tv_sec = length / SECOND_NS, .tv_nsec = length % SECOND_NS};

    if (length > 0)
        nanosleep(&wait, NULL);
}

void series_add(struct series *series, int64_t value)
{
    if (series->count == series->room) {
        size_t room = series->room == 0 ? 256 : 2 * series->room;
        int64_t *values = realloc(series->values, room * sizeof *values);

        if (values == NULL)
            return;
        series->values = values;
        series->room = room;
    }
    series->values[series->count++] = value;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

int64_t series_at(struct series *series, double share)
{
    size_t place = (size_t)(share * (double)series->count);

    if (series->count == 0)
        return 0;
    qsort(series->values, series->count, sizeof *series->values, compare_times);
    return series->values[place < series->count ? place : series->count - 1];
}

int64_t series_median(struct series *series)
{
    return series_at(series, 0.5);
}

void series_free(struct series *series)
{
    free(series->values);
    *series = (struct series){0};
}

void series_print_us(const char *words, struct series *series)
{
    printf("  %-58s %9.1f us   99%% %9.1f us   n %zu\n", words, (double)series_median(series) / 1e3,
           (double)series_at(series, 0.99) / 1e3, series->count);
    fflush(stdout);
}

const char *lean_path(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "/iolaus-range");

    path[length > 0 ? length : 0] = '\0';
    if (length > 0)
        snprintf(strrchr(path, '/'), sizeof "/iolaus-range", "/iolaus-range");
    return path;
}

int lean_open(void)
{
    int file = open(lean_path(), O_PATH | O_CLOEXEC);
    int moved = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, 64);

    if (file >= 0)
        close(file);
    return moved;
}

int64_t first_instruction_of(pid_t pid)
{
    char path[48], name[32];
    ssize_t length;
    int file;

    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    length = read(file, name, sizeof name - 1);
    close(file);
    if (length < 2 || name[0] != '@')
        return 0;
    name[length] = '\0';
    return strtoll(name + 1, NULL, 16);
}

int64_t first_instruction_wait(pid_t pid)
{
    int64_t until = now_ns() + SECOND_NS, first;

    while ((first = first_instruction_of(pid)) == 0 && now_ns() < until)
        sleep_ns(50000);
    return first;
}

int pidfd_of(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int pidfd_kill(int pidfd, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int64_t cpu_of(pid_t pid)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return used.tv_sec * SECOND_NS + used.tv_nsec;
}

pid_t parent_of(pid_t pid)
{
    char path[48], text[512];
    const char *field;
    FILE *file;
    size_t length;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    field = strrchr(text, ')');
    return field == NULL ? 0 : (pid_t)strtol(field + 4, NULL, 10);
}

bool quick_asked(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--quick") == 0;
}

void files_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
