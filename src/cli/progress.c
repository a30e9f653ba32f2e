#include "cli/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct progress {
    pthread_mutex_t lock;
    const char *unit;
    double total, done;
    struct timespec begun;
    double shown; /* seconds since the beginning, when the line was last written */
    bool terminal;
};

struct progress *progress_open(const char *unit, uint64_t total)
{
    struct progress *progress = calloc(1, sizeof *progress);

    if (progress == NULL)
        return NULL;
    pthread_mutex_init(&progress->lock, NULL);
    progress->unit = unit;
    progress->total = (double)total;
    progress->terminal = isatty(STDERR_FILENO) == 1;
    clock_gettime(CLOCK_MONOTONIC, &progress->begun);
    return progress;
}

static void show(struct progress *progress, double seconds)
{
    double rate = progress->done / seconds;
    double left = rate > 0 ? (progress->total - progress->done) / rate : 0;
    int minutes = (int)(left / 60);

    fprintf(stderr, "\r\033[K%3.0f%%  %.0f of %.0f %s  %.1f/s  %d:%02d left",
            100 * progress->done / progress->total, progress->done, progress->total, progress->unit,
            rate, minutes, (int)(left - 60 * minutes));
}

void progress_add(struct progress *progress, double parts)
{
    struct timespec now;
    double seconds;

    if (progress == NULL || !progress->terminal)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->done += parts;
    clock_gettime(CLOCK_MONOTONIC, &now);
    seconds = (double)(now.tv_sec - progress->begun.tv_sec) +
              (double)(now.tv_nsec - progress->begun.tv_nsec) / 1e9;
    if (seconds - progress->shown > 0.2) {
        progress->shown = seconds;
        show(progress, seconds);
    }
    pthread_mutex_unlock(&progress->lock);
}

void progress_close(struct progress *progress)
{
    if (progress == NULL)
        return;
    if (progress->terminal && progress->shown > 0)
        fputs("\r\033[K", stderr);
    pthread_mutex_destroy(&progress->lock);
    free(progress);
}
