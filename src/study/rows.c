#include "study/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/contact.h"
#include "scenario/trace_header.h"
#include "sim/sim.h"
#include "study/learners.h"
#include "trace/trace.h"

void run_rows_free(struct run_rows *rows)
{
    free(rows->episodes);
    free(rows->acts);
    free(rows->steps);
    rows->steps = NULL;
    free(rows->decisions);
    rows->episodes = NULL;
    rows->acts = NULL;
    rows->decisions = NULL;
    rows->episode_count = rows->act_count = rows->episode_room = rows->act_room = 0;
    rows->decision_count = rows->decision_room = 0;
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

static int keep_run(void *context, const struct run_row *row)
{
    struct run_rows *rows = context;

    rows->sums = *row;
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

static int keep_task(void *context, time_ns emitted, bool done)
{
    struct run_rows *rows = context;
    struct work_step *step = &rows->steps[training_step(emitted, rows->training)];

    step->emitted++;
    step->done += done;
    return 0;
}

static int keep_decision(void *context, const struct decision_row *row)
{
    struct run_rows *rows = context;

    if (grow((void **)&rows->decisions, &rows->decision_room, rows->decision_count,
             sizeof *rows->decisions) != 0)
        return ERROR_MEMORY;
    rows->decisions[rows->decision_count++] = *row;
    return 0;
}

static int look_at_stop(void *context, time_ns now, time_ns duration)
{
    const volatile int *stop = context;

    (void)now, (void)duration;
    return *stop != 0 ? ERROR_LIMIT : 0;
}

static double seconds_of(int64_t ns)
{
    return ns >= 0 ? 1e-9 * (double)ns : NAN;
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

int carry_simulated(void *context, struct carrying *run, struct error *error)
{
    struct sim_options options = {.seed = run->seed,
                                  .replicate = run->replicate,
                                  .sink_count = run->sink_count,
                                  .sinks = run->sinks,
                                  .progress = look_at_stop,
                                  .progress_context = (void *)(uintptr_t)run->stop};
    struct sim_result result = {0};
    int code = sim_run(run->scenario, &options, &result, error);

    (void)context;
    run->ended = result.ended;
    run->events = result.events;
    return code;
}

static int count_record(void *context, const struct record *record)
{
    uint64_t *records = context;

    (void)record;
    ++*records;
    return 0;
}

/* What takes the records of a run: the analysis of its rule set, digest and count. */
struct takers {
    struct analysis *analysis;
    struct findings *findings;
    struct analysis_rows kept;
    struct contact_analysis contact;
    struct trace_digest *digest;
    struct record_sink sinks[4];
    uint32_t sink_count;
};

static int episodes_begin(struct takers *takers, const struct trace_header *header,
                          const char *name, const struct scenario *scenario, struct run_rows *rows,
                          struct error *error)
{
    takers->kept = (struct analysis_rows){
        .run = keep_run, .episode = keep_episode, .act = keep_act, .context = rows};
    if (rows->keep_decisions)
        takers->kept.decision = keep_decision;
    rows->training = learners_training(scenario);
    if (rows->training >= 0) {
        rows->steps = calloc(TRAINING_STEPS + 1, sizeof *rows->steps);
        takers->kept.task = keep_task;
    }
    if (rows->training >= 0 && rows->steps == NULL)
        return study_memory(error, "a run");
    takers->analysis = analysis_open(header);
    takers->findings = findings_open(name);
    if (takers->analysis == NULL || takers->findings == NULL)
        return study_memory(error, "a run");
    analysis_deadline(takers->analysis, scenario_longest_deadline(scenario));
    analysis_targets(takers->analysis, scenario->campaign.targets, scenario->campaign.target_count);
    analysis_rows(takers->analysis, &takers->kept);
    takers->sinks[takers->sink_count++] = (struct record_sink){analysis_take, takers->analysis};
    return 0;
}

static int takers_open(struct takers *takers, const struct trace_header *header, const char *name,
                       const struct scenario *scenario, struct run_rows *rows, struct error *error)
{
    int code = contact_analysis_open(&takers->contact, scenario->agents, 1, error);

    rows->descends = scenario->contact.enabled && !scenario->contact.all_alive;
    if (code == 0 && !scenario->contact.enabled)
        code = episodes_begin(takers, header, name, scenario, rows, error);
    if (code != 0)
        return code;
    takers->digest = trace_digest_open(header);
    if (takers->digest == NULL)
        return study_memory(error, "a run");
    takers->sinks[takers->sink_count++] =
        (struct record_sink){contact_analysis_take, &takers->contact};
    takers->sinks[takers->sink_count++] = (struct record_sink){trace_digest_take, takers->digest};
    takers->sinks[takers->sink_count++] = (struct record_sink){count_record, &rows->records};
    return 0;
}

static int takers_close(struct takers *takers, int code, time_ns ended, struct run_rows *rows,
                        struct error *error)
{
    if (takers->analysis != NULL && code == 0)
        code = analysis_close(takers->analysis, ended, takers->findings, error);
    else
        analysis_abandon(takers->analysis);
    if (takers->digest != NULL)
        trace_digest_close(takers->digest, rows->digest);
    if (code == 0) {
        rows->extinct_at = takers->contact.extinct_at[0];
        rows->alive_end = takers->contact.alive[0];
        memcpy(rows->lives, takers->contact.lives[0], sizeof rows->lives);
    }
    if (code == 0 && takers->findings != NULL)
        sums_take(rows, takers->findings);
    contact_analysis_close(&takers->contact);
    findings_close(takers->findings);
    return code;
}

int run_once(const struct study *study, uint32_t arm, uint32_t replicate,
             const struct scenario *scenario, carry_run *carry, void *context,
             const volatile int *stop, struct run_rows *rows, struct error *error)
{
    const struct study_arm *of = &study->arms[arm];
    struct takers takers = {0};
    struct trace_header header;
    struct header_names *names = NULL;
    struct carrying run = {.scenario = scenario,
                           .seed = of->seed,
                           .replicate = replicate,
                           .sinks = takers.sinks,
                           .stop = stop,
                           .cpu = -1,
                           .defenders_cpu = -1};
    double began = wall_seconds();
    int code;

    *rows = (struct run_rows){.arm = arm,
                              .replicate = replicate,
                              .training = -1,
                              .keep_decisions = study->keep_decisions};
    code = header_make(scenario, of->live ? "live" : "sim", run.seed, replicate, &header, &names,
                       error);
    if (code != 0)
        return code;
    code = takers_open(&takers, &header, of->name, scenario, rows, error);
    run.sink_count = takers.sink_count;
    if (code == 0)
        code = carry(context, &run, error);
    code = takers_close(&takers, code, run.ended, rows, error);
    header_close(names);
    rows->events = run.events;
    rows->ended = run.ended;
    rows->wall_s = wall_seconds() - began;
    rows->wall_cpu_s = seconds_of(run.cpu);
    rows->wall_defenders_s = seconds_of(run.defenders_cpu);
    return code;
}
