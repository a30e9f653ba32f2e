#include "study/crew.h"

#include <math.h>
#include <stdlib.h>

#include "study/study.h"

#define STEPS_MAX 10000
#define CLOSE 1e-9

/* y = (A + I) x. Gives the norm of y. */
static double multiply(const struct graph *graph, const double *x, double *y)
{
    double square = 0;

    for (uint32_t v = 0; v < graph->vertices; v++) {
        y[v] = x[v];
        for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++)
            y[v] += x[graph->peers[i]];
        square += y[v] * y[v];
    }
    return sqrt(square);
}

double graph_radius(const struct graph *graph)
{
    uint32_t n = graph->vertices;
    double *x = calloc((size_t)n + 1, sizeof *x), *y = calloc((size_t)n + 1, sizeof *y);
    double norm = NAN, before = 0;

    if (x == NULL || y == NULL) {
        free(x);
        free(y);
        return NAN;
    }
    for (uint32_t v = 0; v < n; v++)
        x[v] = 1 / sqrt(n);
    for (int step = 0; step < STEPS_MAX; step++) {
        norm = multiply(graph, x, y);
        for (uint32_t v = 0; v < n; v++)
            x[v] = y[v] / norm;
        if (fabs(norm - before) <= CLOSE * norm)
            break;
        before = norm;
    }
    free(x);
    free(y);
    return norm - 1;
}

int graph_cuts(const struct graph *graph, const agent_id *order, uint32_t count, uint64_t *width,
               uint64_t *sum, struct error *error)
{
    bool *killed = calloc((size_t)graph->vertices + 1, sizeof *killed);
    uint64_t cut = 0;

    *width = *sum = 0;
    if (killed == NULL)
        return study_memory(error, "the cuts");
    for (uint32_t k = 0; k < count; k++) {
        agent_id v = order[k];

        killed[v] = true;
        for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++) {
            if (killed[graph->peers[i]])
                cut--;
            else
                cut++;
        }
        *width = cut > *width ? cut : *width;
        *sum += cut;
    }
    free(killed);
    return 0;
}

int study_crew_look(const struct scenario *scenario, struct study_crew *crew, struct error *error)
{
    const struct campaign_rules *campaign = &scenario->campaign;
    int code = 0;

    *crew = (struct study_crew){.agents = scenario->agents,
                                .links = scenario->links.edges,
                                .radius = NAN,
                                .rate = NAN,
                                .horizon = NAN,
                                .budget = NAN};
    if (scenario->contact.enabled) {
        const struct agent_rules *rules = &scenario->groups[0].rules;

        crew->rate = rules->revive_mean == TIME_NEVER
                         ? 0
                         : (double)rules->life_mean / (double)rules->revive_mean;
        crew->horizon = (double)scenario->duration / (double)rules->life_mean;
        crew->radius = graph_radius(&scenario->links);
        if (isnan(crew->radius))
            return study_memory(error, "the eigenvalue of a crew");
    }
    crew->gap = campaign->sweep_gap;
    crew->swept = scenario->has_campaign && campaign->protocol == PROTOCOL_SWEEP;
    if (crew->swept && scenario->contact.enabled && campaign->sweep_gap > 0)
        crew->budget = (double)scenario->groups[0].rules.revive_mean / (double)campaign->sweep_gap;
    if (crew->swept)
        code = graph_cuts(&scenario->links, campaign->targets, campaign->target_count,
                          &crew->cut_width, &crew->cut_sum, error);
    return code;
}
