#include "analysis/contact.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

int contact_analysis_open(struct contact_analysis *analysis, uint32_t agents, uint32_t copies,
                          struct error *error)
{
    *analysis = (struct contact_analysis){.agents = agents, .copies = copies};
    analysis->alive = calloc(copies, sizeof *analysis->alive);
    analysis->extinct_at = calloc(copies, sizeof *analysis->extinct_at);
    analysis->generation = calloc((size_t)agents * copies, sizeof *analysis->generation);
    analysis->lives = calloc(copies, sizeof *analysis->lives);
    if (analysis->alive == NULL || analysis->extinct_at == NULL || analysis->generation == NULL ||
        analysis->lives == NULL) {
        contact_analysis_close(analysis);
        return error_set(error, ERROR_MEMORY, "out of memory for %u replicates", copies);
    }
    for (uint32_t c = 0; c < copies; c++)
        analysis->extinct_at[c] = TIME_NEVER;
    return 0;
}

static void descend(struct contact_analysis *analysis, uint32_t copy, const struct record *record)
{
    bool revived = record->value == START_CONTACT || record->value == START_PEER;
    uint32_t generation = 0;

    if (revived && record->who / analysis->agents == copy)
        generation = analysis->generation[record->who] + 1;
    analysis->generation[record->whom] = generation;
    if (generation < CONTACT_GENERATIONS)
        analysis->lives[copy][generation]++;
}

int contact_analysis_take(void *context, const struct record *record)
{
    struct contact_analysis *analysis = context;
    uint32_t copy = record->whom / analysis->agents;

    if (copy >= analysis->copies) /* of nobody in the crew */
        return 0;
    if (record->verb == VERB_STARTED) {
        analysis->alive[copy]++;
        descend(analysis, copy, record);
    } else if (record->verb == VERB_DIED && analysis->alive[copy] > 0) {
        if (--analysis->alive[copy] == 0 && analysis->extinct_at[copy] == TIME_NEVER)
            analysis->extinct_at[copy] = record->time;
    }
    return 0;
}

void contact_analysis_close(struct contact_analysis *analysis)
{
    free(analysis->alive);
    free(analysis->extinct_at);
    free(analysis->generation);
    free(analysis->lives);
    memset(analysis, 0, sizeof *analysis);
}

struct mean_time contact_extinction(const time_ns *extinct_at, uint32_t count, time_ns unit,
                                    double confidence, uint64_t *survived)
{
    struct mean_time mean = {0};
    double sum = 0, squares = 0, half;

    for (uint32_t i = 0; i < count; i++) {
        double x = (double)extinct_at[i] / (double)unit;

        if (extinct_at[i] == TIME_NEVER)
            continue;
        mean.n++;
        sum += x;
        squares += x * x;
    }
    *survived = count - mean.n;
    if (mean.n < 2)
        return mean;
    mean.mean = sum / (double)mean.n;
    mean.deviation = sqrt((squares - sum * mean.mean) / (double)(mean.n - 1));
    half = gsl_cdf_ugaussian_Pinv(0.5 + confidence / 2) * mean.deviation / sqrt((double)mean.n);
    mean.low = mean.mean - half;
    mean.high = mean.mean + half;
    return mean;
}

uint64_t contact_survivors(const time_ns *extinct_at, uint32_t count, time_ns at)
{
    uint64_t alive = 0;

    for (uint32_t i = 0; i < count; i++)
        alive += extinct_at[i] > at;
    return alive;
}
