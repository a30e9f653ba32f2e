/*
 * Findings of an arm: the sum of its runs, and measures by name.
 */
#include "analysis/analysis.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"

struct measure_entry {
    const char *name;
    const char *words;
    bool over_stops; /* of stops alone; else of all episodes */
};

static const struct measure_entry measures[] = {
#define X(act, name, words)                                                                        \
    {#name, words, false}, {#name "_spontaneous", words ", spontaneous", false},                   \
        {#name "_requested", words ", requested", false},                                          \
        {#name "_relayed", words ", relayed", false},
    ANALYSIS_ACTS(X)
#undef X
#define X(measure, name, words, stops) {#name, words, (stops) != 0},
        ANALYSIS_PLAIN(X)
#undef X
};
_Static_assert(sizeof measures / sizeof *measures == MEASURE_COUNT, "each measure has a name");
_Static_assert(WANTED_SPONTANEOUS == 0 && WANTED_REQUESTED == 1 && WANTED_RELAYED == 2,
               "the names above are in this order");

static const struct {
    const char *name;
    const char *words;
} times[TIME_COUNT] = {
#define X(time, name, words) {#name, words},
    ANALYSIS_TIMES(X)
#undef X
};

const char *analysis_time_name(enum analysis_time time)
{
    return times[time].name;
}

const char *analysis_time_words(enum analysis_time time)
{
    return times[time].words;
}

const char *findings_measure(uint32_t n, const char **words)
{
    if (n >= MEASURE_COUNT) {
        return NULL;
    }
    if (words != NULL) {
        *words = measures[n].words;
    }
    return measures[n].name;
}

struct findings *findings_open(const char *arm)
{
    assert(arm != NULL);
    struct findings *findings = calloc(1, sizeof *findings);
    if (findings == NULL) {
        return NULL;
    }
    findings->arm = strdup(arm);
    if (findings->arm == NULL) {
        free(findings);
        return NULL;
    }
    return findings;
}

void findings_close(struct findings *findings)
{
    if (findings == NULL) {
        return;
    }
    for (int time = 0; time < TIME_COUNT; time++) {
        free(findings->times[time].list);
    }
    behind_release(&findings->behind);
    free(findings->arm);
    free(findings);
}

static int sample_add(struct samples *samples, time_ns value)
{
    if (list_reserve((void **)&samples->list, &samples->capacity, samples->count,
                     sizeof *samples->list) != 0) {
        return ERROR_MEMORY;
    }
    samples->list[samples->count] = value;
    samples->count++;
    samples->sorted = false;
    return 0;
}

static void offspring_add(struct offspring *offspring, uint32_t children)
{
    offspring->parents++;
    offspring->children += children;
    offspring->squares += (double)children * children;
}

static void offspring_sum(struct offspring *to, const struct offspring *from)
{
    to->parents += from->parents;
    to->children += from->children;
    to->squares += from->squares;
}

bool episode_counts(const struct episode *episode)
{
    return episode->kind == EPISODE_STOP || episode->kind == EPISODE_FAILURE;
}

static int episode_take(struct findings *findings, const struct episode *episode)
{
    struct stratum *stratum = &findings->strata[episode->object ? 1 : 0];
    int failure = episode->kind == EPISODE_FAILURE ? 1 : 0;
    stratum->stops += failure == 0 ? 1 : 0;
    stratum->failures += failure == 1 ? 1 : 0;
    for (int measure = 0; measure < MEASURE_COUNT; measure++) {
        stratum->measures[measure] += episode->measures >> measure & 1;
        stratum->acts[measure] += episode->acts[measure];
    }
    for (int mode = 0; mode < 2; mode++) {
        offspring_add(&findings->cascade[failure][mode][0], episode->first[CASCADE_WHOLE][mode]);
        if (failure == 0) {
            offspring_add(&findings->after[mode][0], episode->first[CASCADE_AFTER][mode]);
        }
    }
    if (failure == 0) {
        findings->stops.ran_s += (double)episode->stop.ran / 1e9;
        findings->stops.defence_acts += episode->stop.defence_acts;
        findings->stops.defence_messages += episode->stop.defence_messages;
        findings->stops.kill_actions += episode->stop.kill_actions;
        findings->stops.kill_messages += episode->stop.kill_messages;
        findings->stops.barred += episode->stop.barred ? 1 : 0;
    }
    if (episode->dead > 0) {
        /* In a trace whose times run backwards it may have been masked for longer. */
        time_ns masked = episode->masked < episode->dead ? episode->masked : episode->dead;
        share_add(&findings->masked, (double)masked / 1e9, (double)episode->dead / 1e9);
    }
    for (int time = 0; time < TIME_COUNT; time++) {
        time_ns value =
            time == TIME_MASKED && episode->masked > 0 ? episode->masked : episode->times[time];
        if (value != TIME_UNSET && sample_add(&findings->times[time], value) != 0) {
            return ERROR_MEMORY;
        }
    }
    return 0;
}

static void responses_add(struct findings *findings, const struct analysis *analysis,
                          enum cascade cascade)
{
    for (size_t i = 0; i < analysis->responses[cascade].count; i++) {
        const struct response *response = &analysis->responses[cascade].list[i];
        const struct episode *episode = &analysis->episodes[response->key.episode];
        if (!episode_counts(episode) || response->taken_back) {
            continue;
        }
        uint32_t generation =
            response->generation < GENERATIONS_MAX ? response->generation : GENERATIONS_MAX;
        struct offspring(*sums)[GENERATIONS_MAX + 1] =
            cascade == CASCADE_AFTER ? findings->after
                                     : findings->cascade[episode->kind == EPISODE_FAILURE ? 1 : 0];
        offspring_add(&sums[0][generation], response->children[0]);
        if (!response->inferred) {
            offspring_add(&sums[1][generation], response->children[1]);
        }
    }
}

int findings_take_run(struct findings *findings, const struct analysis *analysis, time_ns end,
                      const struct work_sums *work)
{
    assert(findings != NULL && end >= 0);
    for (size_t i = 0; i < analysis->episode_count; i++) {
        const struct episode *episode = &analysis->episodes[i];
        if (episode_counts(episode) && episode_take(findings, episode) != 0) {
            return ERROR_MEMORY;
        }
        findings->voids += episode->kind == EPISODE_VOID ? 1 : 0;
    }
    responses_add(findings, analysis, CASCADE_WHOLE);
    responses_add(findings, analysis, CASCADE_AFTER);
    findings->work.emitted += work->emitted;
    findings->work.done += work->done;
    findings->work.left_out += work->left_out;
    findings->work.lost += work->lost;
    findings->work.held += work->held;
    findings->work.innocent += work->innocent;
    findings->work.innocent_done += work->innocent_done;
    findings->unjoined += analysis->unjoined;
    findings->waits += analysis->waits;
    findings->waited_s += (double)analysis->waited / 1e9;
    findings->runs++;
    return behind_sum(&findings->behind, analysis);
}

static void stratum_add(struct stratum *to, const struct stratum *from)
{
    to->stops += from->stops;
    to->failures += from->failures;
    for (int measure = 0; measure < MEASURE_COUNT; measure++) {
        to->measures[measure] += from->measures[measure];
        to->acts[measure] += from->acts[measure];
    }
}

int findings_add(struct findings *to, const struct findings *from)
{
    assert(to != from);
    for (int time = 0; time < TIME_COUNT; time++) {
        for (size_t i = 0; i < from->times[time].count; i++) {
            if (sample_add(&to->times[time], from->times[time].list[i]) != 0) {
                return ERROR_MEMORY;
            }
        }
    }
    stratum_add(&to->strata[0], &from->strata[0]);
    stratum_add(&to->strata[1], &from->strata[1]);
    for (int generation = 0; generation <= GENERATIONS_MAX; generation++) {
        for (int which = 0; which < 4; which++) {
            offspring_sum(&to->cascade[which / 2][which % 2][generation],
                          &from->cascade[which / 2][which % 2][generation]);
        }
        offspring_sum(&to->after[0][generation], &from->after[0][generation]);
        offspring_sum(&to->after[1][generation], &from->after[1][generation]);
    }
    to->masked.units += from->masked.units;
    to->masked.part += from->masked.part;
    to->masked.whole += from->masked.whole;
    to->masked.part_squared += from->masked.part_squared;
    to->masked.whole_squared += from->masked.whole_squared;
    to->masked.product += from->masked.product;
    to->work.emitted += from->work.emitted;
    to->work.done += from->work.done;
    to->work.left_out += from->work.left_out;
    to->work.lost += from->work.lost;
    to->work.held += from->work.held;
    to->work.innocent += from->work.innocent;
    to->work.innocent_done += from->work.innocent_done;
    to->stops.ran_s += from->stops.ran_s;
    to->stops.defence_acts += from->stops.defence_acts;
    to->stops.defence_messages += from->stops.defence_messages;
    to->stops.kill_actions += from->stops.kill_actions;
    to->stops.kill_messages += from->stops.kill_messages;
    to->stops.barred += from->stops.barred;
    to->voids += from->voids;
    to->unjoined += from->unjoined;
    to->waits += from->waits;
    to->waited_s += from->waited_s;
    to->runs += from->runs;
    return behind_add(&to->behind, &from->behind);
}

const char *findings_arm_name(const struct findings *findings)
{
    return findings->arm;
}

uint64_t findings_runs(const struct findings *findings)
{
    return findings->runs;
}

uint64_t findings_stops(const struct findings *findings)
{
    return findings->strata[0].stops + findings->strata[1].stops;
}

uint64_t findings_episodes(const struct findings *findings)
{
    return findings_stops(findings) + findings->strata[0].failures + findings->strata[1].failures;
}

bool findings_of_objects(const struct findings *findings)
{
    return findings_episodes(findings) > 0 &&
           findings->strata[0].stops + findings->strata[0].failures == 0;
}

bool findings_measure_of_stops(const char *measure)
{
    for (uint32_t i = 0; i < MEASURE_COUNT; i++) {
        if (strcmp(measures[i].name, measure) == 0) {
            return measures[i].over_stops;
        }
    }
    return false;
}

/* Takes `ending` off the name of `length` characters, if it ends so. */
static bool name_ends(const char *name, size_t *length, const char *ending)
{
    size_t ending_length = strlen(ending);
    if (*length <= ending_length ||
        strncmp(name + *length - ending_length, ending, ending_length) != 0) {
        return false;
    }
    *length -= ending_length;
    return true;
}

/* The measure's number and the strata that it is to be taken of; false if there is none. */
static bool measure_find(const char *name, uint32_t *measure, bool strata[2])
{
    size_t length = strlen(name);
    bool agents = name_ends(name, &length, "_of_agents");
    bool objects = !agents && name_ends(name, &length, "_of_objects");
    strata[0] = !objects;
    strata[1] = !agents;
    for (uint32_t i = 0; i < MEASURE_COUNT; i++) {
        if (strlen(measures[i].name) == length && strncmp(measures[i].name, name, length) == 0) {
            *measure = i;
            return true;
        }
    }
    return false;
}

int findings_rate(const struct findings *findings, const char *measure, double confidence,
                  struct rate *rate)
{
    if (strcmp(measure, "availability") == 0) {
        *rate = rate_wilson(findings->work.done, findings->work.emitted, confidence);
        return 0;
    }
    uint32_t number;
    bool strata[2];
    if (!measure_find(measure, &number, strata)) {
        return ERROR_INPUT;
    }
    uint64_t successes = 0, trials = 0;
    for (int i = 0; i < 2; i++) {
        const struct stratum *stratum = &findings->strata[i];
        if (strata[i]) {
            successes += stratum->measures[number];
            trials += stratum->stops + (measures[number].over_stops ? 0 : stratum->failures);
        }
    }
    *rate = rate_wilson(successes, trials, confidence);
    return 0;
}

int findings_acts(const struct findings *findings, const char *measure, uint64_t *acts)
{
    uint32_t number;
    bool strata[2];
    if (!measure_find(measure, &number, strata)) {
        return ERROR_INPUT;
    }
    *acts = 0;
    for (int i = 0; i < 2; i++) {
        *acts += strata[i] ? findings->strata[i].acts[number] : 0;
    }
    return 0;
}

static int compare_times(const void *a, const void *b)
{
    time_ns first = *(const time_ns *)a;
    time_ns second = *(const time_ns *)b;
    return (first > second) - (first < second);
}

const struct samples *findings_samples(const struct findings *findings, enum analysis_time time)
{
    /* Sorting changes the order in which the samples lie and nothing that can be observed. */
    struct samples *samples = (struct samples *)&findings->times[time];
    if (!samples->sorted && samples->count > 0) {
        qsort(samples->list, samples->count, sizeof *samples->list, compare_times);
        samples->sorted = true;
    }
    return samples;
}

int findings_time(const struct findings *findings, const char *name, double confidence,
                  struct times *of)
{
    for (int time = 0; time < TIME_COUNT; time++) {
        if (strcmp(times[time].name, name) == 0) {
            const struct samples *samples = findings_samples(findings, (enum analysis_time)time);
            of->count = samples->count;
            of->median = quantile_of(samples->list, samples->count, 0.5, confidence);
            of->p99 = quantile_of(samples->list, samples->count, 0.99, confidence);
            return 0;
        }
    }
    return ERROR_INPUT;
}

struct mean findings_reproduction(const struct findings *findings, uint32_t generation,
                                  bool with_inferred, double confidence)
{
    /* The last generation holds all that is beyond it too, and what follows is its own. */
    uint32_t at = generation < GENERATIONS_MAX ? generation : GENERATIONS_MAX;
    const struct offspring *offspring = &findings->cascade[0][with_inferred ? 0 : 1][at];
    return mean_dispersed(offspring->children, offspring->parents, offspring->squares, confidence);
}

struct mean findings_reproduction_after(const struct findings *findings, uint32_t generation,
                                        bool with_inferred, double confidence)
{
    uint32_t at = generation < GENERATIONS_MAX ? generation : GENERATIONS_MAX;
    const struct offspring *offspring = &findings->after[with_inferred ? 0 : 1][at];
    return mean_dispersed(offspring->children, offspring->parents, offspring->squares, confidence);
}

struct rate findings_innocent(const struct findings *findings, double confidence)
{
    return rate_wilson(findings->work.innocent_done, findings->work.innocent, confidence);
}

struct share findings_masked_share(const struct findings *findings, double confidence)
{
    return share_of(&findings->masked, confidence);
}

uint64_t findings_behind(const struct findings *findings, enum behind_kind kind)
{
    assert(kind <= BEHIND_COUNT);
    uint64_t found = 0;
    for (int i = 0; i < BEHIND_COUNT; i++) {
        found += kind == BEHIND_COUNT || i == (int)kind ? findings->behind.found[i] : 0;
    }
    return found;
}

uint64_t findings_behind_runs(const struct findings *findings)
{
    return findings->behind.runs;
}

uint64_t findings_unobserved(const struct findings *findings, time_ns *length)
{
    if (length != NULL) {
        *length = findings->behind.unobserved;
    }
    return findings->behind.gaps;
}

/* How many characters two names have in common at the beginning and at the end. */
static size_t common_ends(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    size_t shorter = a_length < b_length ? a_length : b_length;
    size_t prefix = 0, suffix = 0;
    while (prefix < shorter && a[prefix] == b[prefix]) {
        prefix++;
    }
    while (prefix + suffix < shorter && a[a_length - 1 - suffix] == b[b_length - 1 - suffix]) {
        suffix++;
    }
    return prefix + suffix;
}

int findings_matched(const struct findings_arm *arms, uint32_t count, uint32_t at)
{
    assert(at < count);
    if (arms[at].matched >= 0 && (uint32_t)arms[at].matched < count) {
        return arms[at].matched;
    }
    bool object = findings_of_objects(arms[at].findings);
    size_t longest = 0;
    int matched = -1;
    for (uint32_t i = 0; i < count; i++) {
        size_t common = common_ends(arms[at].findings->arm, arms[i].findings->arm);
        if (i != at && findings_of_objects(arms[i].findings) != object && common > longest) {
            longest = common;
            matched = (int)i;
        }
    }
    return matched;
}
