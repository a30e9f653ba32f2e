#include "cli/plan.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/contact.h"
#include "cli/progress.h"
#include "scenario/trace_header.h"
#include "sim/sim.h"
#include "trace/trace.h"

/* Contact replicates are worked at once up to this many agents. */
#define BATCH_AGENTS 400000

int plan_open(struct plan *plan, const struct scenario *const *arms, uint32_t arm_count,
              uint32_t replicates, struct error *error)
{
    uint32_t made = 0;

    plan->runs = calloc((size_t)arm_count * replicates, sizeof *plan->runs);
    if (plan->runs == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for %u runs", arm_count * replicates);
    for (uint32_t a = 0; a < arm_count; a++) {
        uint32_t batch = 1;

        if (arms[a]->contact.enabled && !arms[a]->has_campaign && !plan->single) {
            /* Few enough to fit the caches, and every worker has several to take. */
            uint32_t share = replicates / (4 * plan->workers) + 1;

            batch = BATCH_AGENTS / arms[a]->agents > 0 ? BATCH_AGENTS / arms[a]->agents : 1;
            batch = batch < share ? batch : share;
        }
        for (uint32_t r = 0; r < replicates; r += batch) {
            struct plan_run *run = &plan->runs[made++];

            run->scenario = arms[a];
            run->replicate = r;
            run->copies = replicates - r < batch ? replicates - r : batch;
        }
    }
    plan->count = made;
    return 0;
}

void plan_close(struct plan *plan)
{
    for (uint32_t i = 0; plan->runs != NULL && i < plan->count; i++) {
        if (plan->runs[i].findings != NULL)
            findings_close(plan->runs[i].findings);
        free(plan->runs[i].extinct_at);
    }
    free(plan->runs);
    plan->runs = NULL;
}

void trace_path_numbered(const char *given, bool several, uint32_t arm, uint32_t replicate,
                         char *path, size_t size)
{
    const char *dot = strrchr(given, '.');
    const char *slash = strrchr(given, '/');

    if (!several) {
        snprintf(path, size, "%s", given);
        return;
    }
    if (dot == NULL || (slash != NULL && dot < slash))
        dot = given + strlen(given);
    snprintf(path, size, "%.*s-%u-%u%s", (int)(dot - given), given, arm, replicate, dot);
}

void plan_trace_path(const struct plan *plan, uint32_t run, char *path, size_t size)
{
    uint32_t arm = 0;

    for (uint32_t i = 1; i <= run; i++)
        arm += plan->runs[i].scenario != plan->runs[i - 1].scenario;
    trace_path_numbered(plan->trace_path, plan->count > 1, arm + 1, plan->runs[run].replicate, path,
                        size);
}

/* Reports the share of a run that is done; called after each window of the engine. */
struct told {
    struct progress *progress;
    time_ns told;
};

static int run_progress(void *context, time_ns now, time_ns duration)
{
    struct told *share = context;

    if (now > duration)
        now = duration;
    if (now - share->told > duration / 50) {
        progress_add(share->progress, (double)(now - share->told) / (double)duration);
        share->told = now;
    }
    return 0;
}

/* What takes the records of one run: the analysis of its rule set and, of a run by itself, the
 * digest and a trace where one is wanted. */
struct takers {
    struct record_sink sinks[3];
    uint32_t count;
    struct analysis *analysis;
    struct contact_analysis contact;
    struct trace_digest *digest;
    struct trace_writer *writer;
};

static int analysis_begin(struct takers *takers, struct plan_run *run,
                          const struct trace_header *header)
{
    const struct scenario *scenario = run->scenario;
    int failed;

    if (scenario->contact.enabled) {
        failed =
            contact_analysis_open(&takers->contact, scenario->agents, run->copies, &run->error);
        takers->sinks[takers->count++] =
            (struct record_sink){contact_analysis_take, &takers->contact};
        return failed;
    }
    takers->analysis = analysis_open(header);
    run->findings = findings_open(scenario->arm);
    if (takers->analysis == NULL || run->findings == NULL)
        return error_set(&run->error, ERROR_MEMORY, "out of memory for the analysis");
    analysis_deadline(takers->analysis, scenario_longest_deadline(scenario));
    analysis_targets(takers->analysis, scenario->campaign.targets, scenario->campaign.target_count);
    takers->sinks[takers->count++] = (struct record_sink){analysis_take, takers->analysis};
    return 0;
}

/* `header` is NULL where several replicates are worked at once. */
static int takers_open(struct takers *takers, struct plan *plan, struct plan_run *run,
                       const struct trace_header *header)
{
    char path[4096];
    int failed = analysis_begin(takers, run, header);

    if (failed != 0 || header == NULL)
        return failed;
    takers->digest = trace_digest_open(header);
    if (takers->digest == NULL)
        return error_set(&run->error, ERROR_MEMORY, "out of memory for the digest");
    takers->sinks[takers->count++] = (struct record_sink){trace_digest_take, takers->digest};
    if (plan->trace_path == NULL)
        return 0;
    plan_trace_path(plan, (uint32_t)(run - plan->runs), path, sizeof path);
    failed = trace_writer_open(&takers->writer, path, header, &run->error);
    takers->sinks[takers->count++] = (struct record_sink){trace_writer_take, takers->writer};
    return failed;
}

/* Takes over what they found, or frees them where the run failed. */
static int takers_close(struct takers *takers, struct plan_run *run, time_ns end, int failed)
{
    if (takers->digest != NULL)
        trace_digest_close(takers->digest, run->digest);
    if (takers->analysis != NULL && failed == 0)
        failed = analysis_close(takers->analysis, end, run->findings, &run->error);
    else if (takers->analysis != NULL)
        analysis_abandon(takers->analysis);
    run->extinct_at = takers->contact.extinct_at;
    takers->contact.extinct_at = NULL;
    contact_analysis_close(&takers->contact);
    if (takers->writer != NULL && failed == 0)
        failed = trace_writer_close(takers->writer, &run->error);
    else if (takers->writer != NULL)
        trace_writer_abandon(takers->writer);
    return failed;
}

static int run_work(struct plan *plan, struct plan_run *run, struct progress *progress)
{
    struct takers takers = {0};
    struct told told = {progress, 0};
    struct sim_options options = {.seed = plan->seed,
                                  .replicate = run->replicate,
                                  .block = plan->block,
                                  .copies = run->copies,
                                  .sinks = takers.sinks,
                                  .progress = run->copies > 1 ? NULL : run_progress,
                                  .progress_context = &told};
    struct sim_result result = {0};
    struct trace_header header;
    struct header_names *names = NULL;
    bool whole = !run->scenario->contact.enabled || plan->single;
    int failed = 0;

    if (whole)
        failed = header_make(run->scenario, "sim", plan->seed, run->replicate, &header, &names,
                             &run->error);
    if (failed == 0)
        failed = takers_open(&takers, plan, run, whole ? &header : NULL);
    if (failed == 0) {
        options.sink_count = takers.count;
        failed = sim_run(run->scenario, &options, &result, &run->error);
        run->events = result.events;
        run->records = result.records;
    }
    failed = takers_close(&takers, run, result.ended, failed);
    header_close(names);
    progress_add(progress, run->copies - (double)told.told / (double)run->scenario->duration);
    return failed;
}

struct crew {
    struct plan *plan;
    struct progress *progress;
    pthread_mutex_t lock;
    uint32_t next;
    bool failed;
};

static void *work(void *context)
{
    struct crew *crew = context;

    for (;;) {
        struct plan_run *run = NULL;

        pthread_mutex_lock(&crew->lock);
        if (!crew->failed && crew->next < crew->plan->count)
            run = &crew->plan->runs[crew->next++];
        pthread_mutex_unlock(&crew->lock);
        if (run == NULL)
            return NULL;
        run->failed = run_work(crew->plan, run, crew->progress);
        if (run->failed != 0) {
            pthread_mutex_lock(&crew->lock);
            crew->failed = true;
            pthread_mutex_unlock(&crew->lock);
        }
    }
}

int plan_work(struct plan *plan, struct error *error)
{
    struct crew crew = {.plan = plan, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[256];
    uint64_t total = 0;
    uint32_t started = 0;

    for (uint32_t i = 0; i < plan->count; i++)
        total += plan->runs[i].copies;
    crew.progress = progress_open("runs", total);
    assert(plan->workers >= 1 && plan->workers <= 256);
    while (started + 1 < plan->workers && started + 1 < plan->count &&
           pthread_create(&threads[started], NULL, work, &crew) == 0)
        started++;
    work(&crew);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    progress_close(crew.progress);
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->runs[i].failed != 0) {
            *error = plan->runs[i].error;
            if (error->message[0] == 0)
                error_set(error, plan->runs[i].failed, "%s", error_words(plan->runs[i].failed));
            return error_context(error, "arm `%s`, replicate %u", plan->runs[i].scenario->arm,
                                 plan->runs[i].replicate);
        }
    }
    return 0;
}

struct findings *plan_sum(const struct plan *plan, const struct scenario *arm, const char *name)
{
    struct findings *sum = findings_open(name);

    for (uint32_t i = 0; sum != NULL && i < plan->count; i++) {
        if (plan->runs[i].scenario == arm && findings_add(sum, plan->runs[i].findings) != 0) {
            findings_close(sum);
            sum = NULL;
        }
    }
    return sum;
}

struct keeper {
    struct record *records;
    size_t count, room;
};

static int keep(void *context, const struct record *record)
{
    struct keeper *keeper = context;

    if (keeper->count == keeper->room) {
        size_t room = keeper->room == 0 ? 4096 : 2 * keeper->room;
        struct record *more = realloc(keeper->records, room * sizeof *more);

        if (more == NULL)
            return ERROR_MEMORY;
        keeper->records = more;
        keeper->room = room;
    }
    keeper->records[keeper->count++] = *record;
    return 0;
}

int plan_records(const struct plan_run *run, uint64_t seed, struct record **records, size_t *count,
                 struct error *error)
{
    struct keeper keeper = {0};
    struct record_sink sink = {keep, &keeper};
    struct sim_options options = {
        .seed = seed, .replicate = run->replicate, .sink_count = 1, .sinks = &sink};
    int failed = sim_run(run->scenario, &options, NULL, error);

    if (failed != 0) {
        free(keeper.records);
        return failed;
    }
    *records = keeper.records;
    *count = keeper.count;
    return 0;
}
