#include "study/rows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scenario/trace_header.h"
#include "sim/sim.h"
#include "trace/trace.h"

void run_rows_free(struct run_rows *rows)
{
    free(rows->episodes);
    free(rows->acts);
    rows->episodes = NULL;
    rows->acts = NULL;
    rows->episode_count = rows->act_count = rows->episode_room = rows->act_room = 0;
}

/* Room for one more. */
static int grow(void **list, uint32_t *room, uint32_t count, size_t size)
{
    uint32_t wanted = *room == 0 ? 16 : 2 * *room;
    void *more;

    if (count < *room)
        return 0;
    more = realloc(*list, wanted * size);
    if (more == NULL)
        return ERROR_MEMORY;
    *list = more;
    *room = wanted;
    return 0;
}

static int keep_episode(void *context, const struct episode_row *row)
{
    struct run_rows *rows = context;
    struct episode_kept *kept;

    if (grow((void **)&rows->episodes, &rows->episode_room, rows->episode_count,
             sizeof *rows->episodes) != 0)
        return ERROR_MEMORY;
    kept = &rows->episodes[rows->episode_count++];
    kept->row = *row;
    memcpy(kept->acts, row->acts, sizeof kept->acts);
    memcpy(kept->times, row->times, sizeof kept->times);
    kept->row.acts = NULL; /* the list moves as it grows: readers take the copies */
    kept->row.times = NULL;
    if (row->failure)
        rows->failures++;
    else
        rows->stops++;
    return 0;
}

static int keep_act(void *context, const struct act_row *row)
{
    struct run_rows *rows = context;

    if (grow((void **)&rows->acts, &rows->act_room, rows->act_count, sizeof *rows->acts) != 0)
        return ERROR_MEMORY;
    rows->acts[rows->act_count++] = *row;
    return 0;
}

static int look_at_stop(void *context, time_ns now, time_ns duration)
{
    const volatile int *stop = context;

    (void)now, (void)duration;
    return *stop != 0 ? ERROR_LIMIT : 0;
}

static double wall_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* What is asked of the findings once the run is over. */
static void sums_take(struct run_rows *rows, const struct findings *findings)
{
    struct rate availability;
    time_ns length;

    if (findings_rate(findings, "availability", 0.95, &availability) == 0) {
        rows->tasks_emitted = availability.trials;
        rows->tasks_done = availability.successes;
    }
    for (int kind = 0; kind < BEHIND_COUNT; kind++)
        rows->behind[kind] = findings_behind(findings, (enum behind_kind)kind);
    rows->unobserved_gaps = findings_unobserved(findings, &length);
}

int run_simulated(const struct study *study, uint32_t arm, uint32_t replicate,
                  const struct scenario *scenario, const volatile int *stop, struct run_rows *rows,
                  struct error *error)
{
    const struct analysis_rows taker = {keep_episode, keep_act, rows};
    uint64_t seed = study->arms[arm].seed;
    struct trace_header header;
    struct header_names *names = NULL;
    struct analysis *analysis = NULL;
    struct findings *findings = NULL;
    struct trace_digest *digest = NULL;
    struct record_sink sinks[2];
    struct sim_options options = {.seed = seed,
                                  .replicate = replicate,
                                  .sink_count = 2,
                                  .sinks = sinks,
                                  .progress = look_at_stop,
                                  .progress_context = (void *)(uintptr_t)stop};
    struct sim_result result = {0};
    double began = wall_seconds();
    int code;

    *rows = (struct run_rows){.arm = arm, .replicate = replicate};
    code = header_make(scenario, "sim", seed, replicate, &header, &names, error);
    if (code != 0)
        return code;
    analysis = analysis_open(&header);
    findings = findings_open(study->arms[arm].name);
    digest = trace_digest_open(&header);
    if (analysis == NULL || findings == NULL || digest == NULL) {
        code = error_set(error, ERROR_MEMORY, "out of memory for a run");
        goto out;
    }
    analysis_deadline(analysis, scenario_longest_deadline(scenario));
    analysis_rows(analysis, &taker);
    sinks[0] = (struct record_sink){analysis_take, analysis};
    sinks[1] = (struct record_sink){trace_digest_take, digest};
    code = sim_run(scenario, &options, &result, error);
    if (code != 0)
        goto out;
    code = analysis_close(analysis, result.ended, findings, error);
    analysis = NULL;
    if (code != 0)
        goto out;
    rows->events = result.events;
    rows->records = result.records;
    rows->ended = result.ended;
    sums_take(rows, findings);
    rows->wall_s = wall_seconds() - began;
out:
    if (digest != NULL)
        trace_digest_close(digest, rows->digest);
    analysis_abandon(analysis);
    findings_close(findings);
    header_close(names);
    return code;
}
