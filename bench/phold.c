/*
 * Events per second of the engine, of a binary-heap loop and, where a C++ compiler was found, of
 * std::priority_queue, on one model in one run. The repetitions are interleaved, and the median is
 * given: other work on the machine then hits all of them alike. At the end every loop must have
 * left every entity with the same history.
 */
#include "phold.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOPS_MAX 3
#define REPETITIONS_MAX 15

static const struct phold_loop *const loops[] = {
    &phold_engine,
    &phold_heap,
#ifdef PHOLD_PRIORITY_QUEUE
    &phold_priority_queue,
#endif
};
#define LOOPS (sizeof(loops) / sizeof(loops[0]))

struct size {
    uint32_t log2;
    uint32_t units;       /* of simulated time, for one repetition */
    uint32_t units_quick; /* the same with --quick */
    double target;
};

static const struct size sizes[] = {{10, 800, 200, 0}, {14, 60, 15, 3}, {20, 2, 1, 4}};

static double seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double resident_bytes(void)
{
    unsigned long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL)
        return 0;
    if (fscanf(file, "%lu %lu", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(const double *values, uint32_t count)
{
    double sorted[REPETITIONS_MAX];

    memcpy(sorted, values, count * sizeof(*values));
    qsort(sorted, count, sizeof(*sorted), compare);
    return sorted[count / 2];
}

static bool size_measure(const struct size *size, uint32_t repetitions, bool quick)
{
    uint32_t count = UINT32_C(1) << size->log2;
    int64_t span = (int64_t)(quick ? size->units_quick : size->units) * PHOLD_UNIT_NS;
    int64_t warm = 2 * PHOLD_UNIT_NS;
    struct phold_entity *entities[LOOPS_MAX];
    void *opened[LOOPS_MAX];
    double bytes[LOOPS_MAX], rates[LOOPS_MAX][REPETITIONS_MAX];
    double ratios[LOOPS_MAX][REPETITIONS_MAX];
    bool equal = true;

    for (uint32_t l = 0; l < LOOPS; l++) {
        double before = resident_bytes();

        entities[l] = calloc(count, sizeof(*entities[l]));
        if (entities[l] == NULL)
            abort();
        opened[l] = loops[l]->open(entities[l], count);
        loops[l]->run(opened[l], warm);
        bytes[l] = (resident_bytes() - before) / count;
    }
    for (uint32_t r = 0; r < repetitions; r++) {
        for (uint32_t l = 0; l < LOOPS; l++) {
            double before = seconds();
            uint64_t events = loops[l]->run(opened[l], warm + span * (r + 1));

            rates[l][r] = (double)events / (seconds() - before);
        }
        for (uint32_t l = 0; l < LOOPS; l++)
            ratios[l][r] = rates[0][r] / rates[l][r];
    }
    printf("2^%-2u entities\n", size->log2);
    for (uint32_t l = 0; l < LOOPS; l++) {
        printf("  %-20s %8.2f M events/s  %6.0f bytes/entity\n", loops[l]->name,
               median(rates[l], repetitions) * 1e-6, bytes[l]);
        equal &= memcmp(entities[l], entities[0], count * sizeof(*entities[l])) == 0;
    }
    for (uint32_t l = 0; l < LOOPS; l++) {
        loops[l]->close(opened[l]);
        free(entities[l]);
    }
    printf("  ratio to the heap loop %.2f", median(ratios[1], repetitions));
    if (size->target > 0)
        printf(" (target %.0f)", size->target);
    if (LOOPS > 2)
        printf(", to %s %.2f", loops[LOOPS - 1]->name, median(ratios[LOOPS - 1], repetitions));
    printf("; final states %s\n", equal ? "equal" : "DIFFER");
    return equal;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    bool equal = true;

    if (argc > 2 || (argc == 2 && !quick)) {
        fprintf(stderr, "usage: phold [--quick]\n");
        return 2;
    }
    phold_prepare();
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("PHOLD: %d events per entity, lookahead 1 and an exponential of mean 1, 25%% remote; "
           "one thread\n",
           PHOLD_EVENTS);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        equal &= size_measure(&sizes[i], quick ? 3 : 7, quick);
    return equal ? 0 : 1;
}
