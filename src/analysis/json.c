/*
 * Findings as JSON: docs/reference/findings.schema.json, docs/reference/findings.md.
 */
#include <inttypes.h>
#include <math.h>

#include "analysis/run.h"

#define CONFIDENCE 0.95

/* A limit or estimate that the counts do not give is null. */
static json_t *json_figure(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_count(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *json_rate(const struct rate *rate)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "successes", json_count(rate->successes),
                     "trials", json_count(rate->trials), "rate", json_figure(rate->rate), "low",
                     json_figure(rate->low), "high", json_figure(rate->high));
}

static json_t *json_quantile(const struct quantile *quantile)
{
    return json_pack("{s:o, s:o, s:o}", "value", json_figure(quantile->value), "low",
                     json_figure(quantile->low), "high", json_figure(quantile->high));
}

static json_t *json_mean(const struct mean *mean)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "count", json_count(mean->count), "per",
                     json_count(mean->per), "mean", json_figure(mean->mean), "low",
                     json_figure(mean->low), "high", json_figure(mean->high));
}

static json_t *json_measures(const struct findings *findings)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < MEASURE_COUNT; i++) {
        const char *name = findings_measure(i, NULL);
        struct rate rate;
        uint64_t acts;
        findings_rate(findings, name, CONFIDENCE, &rate);
        findings_acts(findings, name, &acts);
        json_t *measure = json_rate(&rate);
        json_object_set_new(measure, "acts", json_count(acts));
        json_object_set_new(object, name, measure);
    }
    return object;
}

static json_t *json_times(const struct findings *findings)
{
    json_t *object = json_object();
    for (int i = 0; i < TIME_COUNT; i++) {
        const char *name = analysis_time_name((enum analysis_time)i);
        struct times times;
        findings_time(findings, name, CONFIDENCE, &times);
        json_object_set_new(object, name,
                            json_pack("{s:o, s:o, s:o}", "count", json_count(times.count),
                                      "median_ns", json_quantile(&times.median), "p99_ns",
                                      json_quantile(&times.p99)));
    }
    return object;
}

/* R1, R2, ...: as long as there are parents. */
static json_t *json_generations(const struct findings *findings, bool with_inferred)
{
    json_t *array = json_array();
    for (uint32_t generation = 1; generation < GENERATIONS_MAX; generation++) {
        struct mean mean = findings_reproduction(findings, generation, with_inferred, CONFIDENCE);
        if (mean.per == 0) {
            break;
        }
        json_array_append_new(array, json_mean(&mean));
    }
    return array;
}

static json_t *json_cascade(const struct findings *findings, bool with_inferred)
{
    struct mean r0 = findings_reproduction(findings, 0, with_inferred, CONFIDENCE);
    return json_pack("{s:o, s:o}", "r0", json_mean(&r0), "rg",
                     json_generations(findings, with_inferred));
}

/* What stops cost, and the responses after their fence. */
static json_t *json_stops(const struct findings *findings)
{
    const struct stop_sums *stops = &findings->stops;
    struct rate innocent = findings_innocent(findings, CONFIDENCE);
    struct mean r0 = findings_reproduction_after(findings, 0, true, CONFIDENCE);
    json_t *generations = json_array();
    for (uint32_t generation = 1; generation < GENERATIONS_MAX; generation++) {
        struct mean mean = findings_reproduction_after(findings, generation, true, CONFIDENCE);
        if (mean.per == 0) {
            break;
        }
        json_array_append_new(generations, json_mean(&mean));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "ran_s",
                     json_figure(stops->ran_s), "defence_acts", json_count(stops->defence_acts),
                     "defence_messages", json_count(stops->defence_messages), "kill_actions",
                     json_count(stops->kill_actions), "kill_messages",
                     json_count(stops->kill_messages), "innocent", json_rate(&innocent),
                     "cascade_after_fence", "r0", json_mean(&r0), "rg", generations);
}

static json_t *json_published(const struct findings_arm *arm)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < arm->published_count; i++) {
        const struct published *published = &arm->published[i];
        struct rate ours;
        if (findings_rate(arm->findings, published->measure, CONFIDENCE, &ours) != 0) {
            continue;
        }
        json_array_append_new(
            array, json_pack("{s:s, s:o, s:o, s:s?, s:o}", "measure", published->measure, "rate",
                             json_figure(published->rate), "trials", json_count(published->trials),
                             "source", published->source, "ours", json_rate(&ours)));
    }
    return array;
}

static json_t *json_masked(const struct findings *findings)
{
    struct share share = findings_masked_share(findings, CONFIDENCE);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "episodes", json_count(share.units),
                     "masked_s", json_figure(share.part), "dead_s", json_figure(share.whole),
                     "share", json_figure(share.share), "low", json_figure(share.low), "high",
                     json_figure(share.high));
}

static json_t *json_work(const struct findings *findings)
{
    struct rate rate;
    findings_rate(findings, "availability", CONFIDENCE, &rate);
    json_t *work = json_rate(&rate);
    json_object_set_new(work, "left_out", json_count(findings->work.left_out));
    json_object_set_new(work, "lost", json_count(findings->work.lost));
    json_object_set_new(work, "held", json_count(findings->work.held));
    return work;
}

static json_t *json_arm(const struct findings_arm *arms, uint32_t count, uint32_t at)
{
    const struct findings *findings = arms[at].findings;
    int matched = findings_matched(arms, count, at);
    uint64_t stops = findings_stops(findings);
    json_t *arm = json_pack("{s:s, s:s?, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "name", findings->arm,
                            "matched", matched >= 0 ? arms[matched].findings->arm : NULL, "objects",
                            findings_of_objects(findings) ? 1 : 0, "runs",
                            json_count(findings->runs), "stops", json_count(stops), "failures",
                            json_count(findings_episodes(findings) - stops), "void_stops",
                            json_count(findings->voids), "unjoined_acts",
                            json_count(findings->unjoined), "waits", json_count(findings->waits));
    json_object_set_new(arm, "waited_s", json_figure(findings->waited_s));
    json_object_set_new(arm, "measures", json_measures(findings));
    json_object_set_new(arm, "availability", json_work(findings));
    json_object_set_new(arm, "times", json_times(findings));
    json_object_set_new(arm, "time_masked", json_masked(findings));
    json_object_set_new(arm, "cascade", json_cascade(findings, true));
    json_object_set_new(arm, "cascade_without_inferred", json_cascade(findings, false));
    json_object_set_new(arm, "stop_costs", json_stops(findings));
    json_object_set_new(arm, "behind", behind_json(findings));
    json_object_set_new(arm, "published", json_published(&arms[at]));
    return arm;
}

json_t *findings_json(const struct findings_arm *arms, uint32_t count,
                      const struct findings_source *source)
{
    json_t *list = json_array();
    for (uint32_t at = 0; at < count; at++) {
        json_array_append_new(list, json_arm(arms, count, at));
    }
    /* A seed may take all 64 bits, and JSON's numbers are read as doubles by many. */
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, source->seed);
    return json_pack("{s:i, s:s, s:s?, s:s?, s:s?, s:s?, s:f, s:o}", "format", 2, "seed", seed,
                     "scenario", source->scenario, "world", source->world, "version",
                     source->version, "host", source->host, "confidence", CONFIDENCE, "arms", list);
}
