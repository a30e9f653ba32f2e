/*
 * Opening a range of a thousand agents, until all have opened their sessions and have their links;
 * against spawning a thousand of the same program with posix_spawn and waiting for their first
 * instructions. Target: 3 times that floor.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "measure.h"
#include "rounds.h"

#define CREW 1000

/* Until the last of them has begun. */
static bool floor_once(struct series *floor)
{
    pid_t processes[CREW] = {0};
    int64_t began, first, last = 0;
    int ends[2];
    bool fine = pipe2(ends, O_CLOEXEC) == 0;
    int count;

    began = now_ns();
    for (count = 0; fine && count < CREW; count++) {
        processes[count] = rounds_spawn("clock", NULL, ends[1]);
        fine = processes[count] > 0;
    }
    for (int i = 0; fine && i < CREW; i++) {
        struct pollfd look = {.fd = ends[0], .events = POLLIN};

        fine = poll(&look, 1, 20000) == 1 &&
               read(ends[0], &first, sizeof first) == (ssize_t)sizeof first;
        if (fine && first > last)
            last = first;
    }
    if (fine)
        series_add(floor, last - began);
    for (int i = 0; i < count; i++)
        if (processes[i] > 0) {
            kill(processes[i], SIGKILL);
            waitpid(processes[i], NULL, 0);
        }
    close(ends[0]);
    close(ends[1]);
    return fine;
}

struct opened {
    struct series instruction, begun, closed;
};

/* The first instruction of the last agent, and when the crew began: the daemon then has opened all
 * sessions and handed out all links. */
static int open_once(struct opened *opened, struct error *error)
{
    struct live_crew crew;
    int failed = live_crew_open(&crew, "bench/live/idle.yaml", "bench-opening", error);
    int64_t last = 0, began, closing;

    if (failed == 0)
        failed = live_crew_wait(&crew, error);
    began = crew.began;
    for (uint32_t agent = 0; failed == 0 && agent < CREW; agent++) {
        int64_t first = first_instruction_of(crew.processes[agent].pid);

        if (first > last)
            last = first;
    }
    if (failed == 0) {
        series_add(&opened->instruction, last - began);
        series_add(&opened->begun, crew.shared->records[0].at - began);
    }
    closing = now_ns();
    if (live_crew_close(&crew, error) != 0 && failed == 0)
        failed = error->code;
    if (failed == 0)
        series_add(&opened->closed, now_ns() - closing);
    return failed;
}

static void print(const char *words, struct series *series, int64_t floor)
{
    printf("  %-62s %8.1f ms   worst %8.1f ms   n %zu   %.2f times the floor\n", words,
           (double)series_median(series) / 1e6, (double)series_at(series, 1) / 1e6, series->count,
           (double)series_median(series) / (double)floor);
}

int main(int argc, char **argv)
{
    int repeats = quick_asked(argc, argv) ? 1 : 5;
    struct series floor = {0};
    struct opened opened = {0};
    struct error error = {0};
    int failed = 0;
    int64_t median;
    bool range;

    printf("opening: a range of %d agents\n", CREW);
    files_raise();
    range = machine_holds_range("  range");
    for (int i = 0; i < repeats && failed == 0; i++) {
        if (!floor_once(&floor))
            failed = error_set(&error, ERROR_MACHINE, "so many processes cannot be started");
        else if (range)
            failed = open_once(&opened, &error);
    }
    median = series_median(&floor);
    if (floor.count > 0)
        print("floor: posix_spawn, to the first instruction of the last", &floor, median);
    if (opened.begun.count > 0) {
        print("range: to the first instruction of the last agent", &opened.instruction, median);
        print("range: until the crew begins, sessions open, linked (target 3)", &opened.begun,
              median);
        print("range: closing it again, until nothing is left", &opened.closed, median);
    }
    if (failed != 0)
        fprintf(stderr, "opening: %s\n", error.message);
    series_free(&floor);
    series_free(&opened.instruction);
    series_free(&opened.begun);
    series_free(&opened.closed);
    return failed == 0 ? 0 : 1;
}
