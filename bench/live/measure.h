/*
 * What every benchmark of the live world needs: a clock, lists of times with their medians, the
 * lean program built for benchmarks, and whether the machine can hold a range at all.
 *
 * measure.c needs the C library alone, since the lean program links it too.
 *
 * A benchmark ends only processes that it started, by pidfd.
 */
#ifndef IOLAUS_BENCH_LIVE_MEASURE_H
#define IOLAUS_BENCH_LIVE_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MS_NS INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)

/* CLOCK_MONOTONIC. */
int64_t now_ns(void);
void sleep_ns(int64_t length);

/* Times in ns; grows. */
struct series {
    int64_t *values;
    size_t count, room;
};
void series_add(struct series *series, int64_t value);
/* share 0.5: the median; 0 where there is none. Sorts. */
int64_t series_at(struct series *series, double share);
int64_t series_median(struct series *series);
void series_free(struct series *series);
/* `  words   median  99%  n`, in us. */
void series_print_us(const char *words, struct series *series);

/* The lean program beside this one, built with clocked.c: O_PATH and out of the way of those that
 * its processes get; and its path. */
int lean_open(void);
const char *lean_path(void);

/* The first clock reading that a process of that program wrote into its name, or 0: it has not
 * come so far, or is none. */
int64_t first_instruction_of(pid_t pid);
/* The same, waiting up to a second for it. */
int64_t first_instruction_wait(pid_t pid);

int pidfd_of(pid_t pid);
int pidfd_kill(int pidfd, int signal);
/* CPU time that a living process has used, in ns; 0 where it is gone. */
int64_t cpu_of(pid_t pid);
pid_t parent_of(pid_t pid);

/* Prints `NAME: skipped: REASON` where the machine cannot hold a range, and gives false. */
bool machine_holds_range(const char *name);

bool quick_asked(int argc, char **argv);

/* As many open files as the machine lets this process have. */
void files_raise(void);

#endif
