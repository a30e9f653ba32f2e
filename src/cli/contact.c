#include "cli/contact.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <jansson.h>

#include "analysis/contact.h"
#include "cli/report.h"

#define SURVIVAL_POINTS 8
#define CONFIDENCE 0.95

/* The extinction times of all replicates of one arm. */
static time_ns *gather(const struct plan *plan, const struct scenario *arm, uint32_t *count)
{
    time_ns *all;

    *count = 0;
    for (uint32_t i = 0; i < plan->count; i++)
        if (plan->runs[i].scenario == arm)
            *count += plan->runs[i].copies;
    all = calloc(*count + 1, sizeof *all);
    *count = 0;
    for (uint32_t i = 0; all != NULL && i < plan->count; i++) {
        if (plan->runs[i].scenario != arm)
            continue;
        memcpy(all + *count, plan->runs[i].extinct_at, plan->runs[i].copies * sizeof *all);
        *count += plan->runs[i].copies;
    }
    return all;
}

static int compare_times(const void *a, const void *b)
{
    const time_ns *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Times at which survival is told: powers of two of the mean life that the runs reached. */
static uint32_t survival_times(const struct scenario *arm, time_ns last, time_ns at[])
{
    time_ns unit = arm->groups[0].rules.life_mean;
    uint32_t count = 0;
    time_ns step = unit;

    while (step <= last / 2 && step < TIME_NEVER / 4)
        step *= 2;
    for (uint32_t i = 0; i < SURVIVAL_POINTS && step >= unit / 4; i++, step /= 2)
        at[count++] = step;
    return count;
}

/* Where runs were not extinct at the end the mean of the others would be too short. */
static json_t *figure(double value, bool known)
{
    return known ? json_real(value) : json_null();
}

static json_t *arm_json(const struct scenario *arm, const time_ns *times, uint32_t count,
                        const time_ns *at, uint32_t points)
{
    time_ns unit = arm->groups[0].rules.life_mean;
    uint64_t survived;
    struct mean_time mean = contact_extinction(times, count, unit, CONFIDENCE, &survived);
    json_t *survival = json_array();
    bool known;

    for (uint32_t i = points; i-- > 0;) {
        struct rate rate = rate_wilson(contact_survivors(times, count, at[i]), count, CONFIDENCE);

        json_array_append_new(survival, json_pack("{s:f, s:I, s:I, s:f, s:f, s:f}", "lives",
                                                  (double)at[i] / (double)unit, "successes",
                                                  (json_int_t)rate.successes, "trials",
                                                  (json_int_t)rate.trials, "rate", rate.rate, "low",
                                                  rate.low, "high", rate.high));
    }
    known = mean.n >= 2 && survived == 0;
    return json_pack("{s:s, s:I, s:I, s:{s:o, s:o, s:o, s:o, s:I}, s:o}", "name", arm->arm, "runs",
                     (json_int_t)count, "survived", (json_int_t)survived, "extinction_lives",
                     "mean", figure(mean.mean, known), "low", figure(mean.low, known), "high",
                     figure(mean.high, known), "deviation", figure(mean.deviation, known), "n",
                     (json_int_t)mean.n, "survival", survival);
}

static void arm_text(const struct scenario *arm, const time_ns *times, uint32_t count,
                     const time_ns *at, uint32_t points)
{
    time_ns unit = arm->groups[0].rules.life_mean;
    uint64_t survived;
    struct mean_time mean = contact_extinction(times, count, unit, CONFIDENCE, &survived);

    printf("%s: %u runs of %u agents and %llu links; revivals per link and mean life: %.6g\n",
           arm->arm, count, arm->agents, (unsigned long long)arm->links.edges,
           (double)unit / (double)arm->groups[0].rules.revive_mean);
    if (mean.n >= 2 && survived == 0)
        printf("  time to extinction, in mean lives: %.5g  [%.5g, %.5g]  (95%%, n = %llu)\n",
               mean.mean, mean.low, mean.high, (unsigned long long)mean.n);
    else
        printf("  %llu of %u runs were not extinct at the end: no mean time to extinction\n",
               (unsigned long long)survived, count);
    printf("  survival:\n");
    for (uint32_t i = points; i-- > 0;) {
        struct rate rate = rate_wilson(contact_survivors(times, count, at[i]), count, CONFIDENCE);

        printf("    %10.4g lives  %7llu of %llu  %6.2f%%  [%.2f, %.2f]\n",
               (double)at[i] / (double)unit, (unsigned long long)rate.successes,
               (unsigned long long)rate.trials, 100 * rate.rate, 100 * rate.low, 100 * rate.high);
    }
}

int contact_print(const struct plan *plan, const struct scenario *const *arms, uint32_t arm_count,
                  bool json, struct error *error)
{
    json_t *list = json_array();
    struct utsname host;

    uname(&host);
    if (!json)
        report_title(arms[0], arm_count, plan->seed, "simulated", stdout);
    for (uint32_t a = 0; a < arm_count; a++) {
        uint32_t count, points;
        time_ns at[SURVIVAL_POINTS];
        time_ns *times = gather(plan, arms[a], &count);
        time_ns last = 0;

        if (times == NULL) {
            json_decref(list);
            return error_set(error, ERROR_MEMORY, "out of memory for %u runs", count);
        }
        qsort(times, count, sizeof *times, compare_times);
        for (uint32_t i = 0; i < count; i++)
            last = times[i] == TIME_NEVER ? arms[a]->duration : times[i];
        points = survival_times(arms[a], last, at);
        if (json)
            json_array_append_new(list, arm_json(arms[a], times, count, at, points));
        else
            arm_text(arms[a], times, count, at, points);
        free(times);
    }
    if (json) {
        char seed[24];
        json_t *all;

        /* A seed may take all 64 bits, and JSON's numbers are read as doubles by many. */
        snprintf(seed, sizeof seed, "%" PRIu64, plan->seed);
        all = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:o}", "format", 1, "kind",
                        "contact", "seed", seed, "scenario", arms[0]->name, "world", "sim",
                        "version", IOLAUS_VERSION, "host", host.nodename, "confidence", CONFIDENCE,
                        "arms", list);
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
        putchar('\n');
        json_decref(all);
    } else {
        json_decref(list);
    }
    return 0;
}
