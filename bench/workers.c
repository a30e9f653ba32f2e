/*
 * Replicates of newsroom.yaml on one worker and on two: runs a second, and the ratio. Target: 1.9.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Seconds that all replicates take on so many workers; negative if the program failed. */
static double run(const char *program, int replicates, int workers)
{
    char command[4608];
    double began = seconds_now();

    snprintf(command, sizeof command,
             "'%s' sim scenarios/newsroom.yaml --digest --replicates %d -j %d >/dev/null", program,
             replicates, workers);
    if (system(command) != 0) /* NOLINT(cert-env33-c): our own program, our own arguments */
        return -1;
    return seconds_now() - began;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    int replicates = quick ? 10 : 60, repeats = quick ? 1 : 5;
    char program[4200];
    double one[9] = {0}, two[9] = {0};

    snprintf(program, sizeof program, "%.*s/../src/cli/iolaus",
             (int)(strrchr(argv[0], '/') - argv[0]), argv[0]);
    for (int i = 0; i < repeats; i++) {
        one[i] = run(program, replicates, 1);
        two[i] = run(program, replicates, 2);
        if (one[i] < 0 || two[i] < 0)
            return 1;
    }
    qsort(one, (size_t)repeats, sizeof *one, compare_doubles);
    qsort(two, (size_t)repeats, sizeof *two, compare_doubles);
    printf("replicates of newsroom.yaml (8 arms): one worker %.1f runs/s, two %.1f runs/s, ratio "
           "%.2f (target 1.9)\n",
           8 * replicates / one[repeats / 2], 8 * replicates / two[repeats / 2],
           one[repeats / 2] / two[repeats / 2]);
    return 0;
}
