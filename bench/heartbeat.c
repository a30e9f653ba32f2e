/*
 * The heartbeat crew at 10^4, 10^6 and 10^7 agents of degree 8 (--quick: to 10^5): events a second,
 * cost of an event against that at 10^4, peak resident bytes an agent, and the ratio to the same
 * world on one binary heap in the same run. Targets: at most 3 times the cost from 10^4 to 10^6;
 * 400 bytes an agent at 10^6; ten million run.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct measured {
    double rate;  /* events a second */
    double bytes; /* an agent */
    unsigned long long events;
};

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Runs a crew in a process of its own, so that its peak of memory is its own. */
static bool run_once(const char *folder, const char *program, unsigned agents, int seconds,
                     struct measured *measured)
{
    char command[4608];
    double took;
    FILE *pipe;
    bool read;

    snprintf(command, sizeof command, "'%s/crew/%s' %u %d", folder, program, agents, seconds);
    pipe = popen(command, "r"); /* NOLINT(cert-env33-c): our own program, our own arguments */
    if (pipe == NULL)
        return false;
    read = fscanf(pipe, "%llu %lf %lf", &measured->events, &took, &measured->bytes) == 3;
    measured->rate = (double)measured->events / took;
    return pclose(pipe) == 0 && read;
}

/* The two alternate, so that a neighbour's load falls on both; medians. */
static bool measure(const char *folder, unsigned agents, int seconds, int repeats,
                    struct measured *engine, struct measured *heap)
{
    double engine_rates[9] = {0}, heap_rates[9] = {0};

    for (int i = 0; i < repeats; i++) {
        if (!run_once(folder, "crew", agents, seconds, engine) ||
            !run_once(folder, "crew_heap", agents, seconds, heap))
            return false;
        engine_rates[i] = engine->rate;
        heap_rates[i] = heap->rate;
        if (engine->events != heap->events) {
            fprintf(stderr, "heartbeat: %llu events on the engine, %llu on the heap\n",
                    engine->events, heap->events);
            return false;
        }
    }
    qsort(engine_rates, (size_t)repeats, sizeof *engine_rates, compare_doubles);
    qsort(heap_rates, (size_t)repeats, sizeof *heap_rates, compare_doubles);
    engine->rate = engine_rates[repeats / 2];
    heap->rate = heap_rates[repeats / 2];
    return true;
}

int main(int argc, char **argv)
{
    static const struct {
        unsigned agents;
        int seconds, repeats;
    } SIZES[] = {{10000, 60, 5}, {1000000, 4, 3}, {10000000, 2, 1}};
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    char folder[4096];
    double first = 0;

    snprintf(folder, sizeof folder, "%s", argv[0]);
    *strrchr(folder, '/') = 0;
    puts("heartbeat crew: degree 8, one probe a second, loss-free links; one thread");
    for (size_t i = 0; i < (quick ? 2 : sizeof SIZES / sizeof SIZES[0]); i++) {
        struct measured engine, heap;
        unsigned agents = quick && i > 0 ? 100000 : SIZES[i].agents;

        if (!measure(folder, agents, SIZES[i].seconds, quick ? 1 : SIZES[i].repeats, &engine,
                     &heap))
            return 1;
        if (i == 0)
            first = engine.rate;
        printf("  %8u agents  engine %6.2f M events/s  %5.0f bytes/agent   heap loop %6.2f M "
               "events/s   ratio %.2f   cost of an event, of that at 10^4: %.2f\n",
               agents, engine.rate / 1e6, engine.bytes, heap.rate / 1e6, engine.rate / heap.rate,
               first / engine.rate);
        fflush(stdout);
    }
    return 0;
}
