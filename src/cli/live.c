#include "cli/live.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/plan.h"
#include "cli/progress.h"
#include "live/daemon/daemon.h"
#include "live/range/facts.h"
#include "live/range/program.h"
#include "scenario/trace_header.h"
#include "trace/trace.h"

int live_check_machine(struct error *error)
{
    struct facts *facts = calloc(1, sizeof *facts);
    int program = -1;
    int failed;

    if (facts == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory");
    if (program_open(&program, NULL) != 0)
        program = -1;
    facts_gather(facts, program);
    failed = facts_check(facts, error);
    if (program >= 0)
        close(program);
    free(facts);
    return failed;
}

void live_range_name(const char *from, char name[LIVE_NAME_BYTES])
{
    size_t used = 0;

    for (const char *at = from; *at != '\0' && used + 1 < LIVE_NAME_BYTES; at++) {
        if (isalnum((unsigned char)*at))
            name[used++] = (char)tolower((unsigned char)*at);
        else if (used > 0 && name[used - 1] != '-')
            name[used++] = '-';
    }
    while (used > 0 && name[used - 1] == '-')
        used--;
    if (used == 0)
        name[used++] = 'r';
    name[used] = '\0';
}

int live_control_path(const char *name, char *path, size_t size, struct error *error)
{
    int failed = control_folder(path, size, true, error);
    size_t used;

    if (failed != 0)
        return failed;
    used = strlen(path);
    if ((size_t)snprintf(path + used, size - used, "/%s.sock", name) >= size - used)
        return error_set(error, ERROR_INPUT, "the name of the control socket is too long: %s",
                         path);
    return 0;
}

/* What takes the records of one run. */
struct takers {
    struct record_sink sinks[2];
    uint32_t count;
    struct analysis *analysis;
    struct trace_writer *writer;
    struct progress *progress;
    struct daemon_progress seen;
    double told; /* share of the run */
    struct error error;
};

static int tick(void *context, const struct daemon_progress *progress)
{
    struct takers *takers = context;
    double share = (double)progress->now / (double)progress->duration;

    takers->seen = *progress;
    if (share > 1)
        share = 1;
    progress_add(takers->progress, share - takers->told);
    takers->told = share;
    return takers->writer != NULL ? trace_writer_flush(takers->writer, false, &takers->error) : 0;
}

static void tell_failure(void *context, const char *words)
{
    (void)context;
    fprintf(stderr, "iolaus: %s\n", words);
}

/* The trace of a run that failed is kept too: it says how far it came. */
static int takers_close(struct takers *takers, struct findings *findings, time_ns end, int failed,
                        struct error *error)
{
    int more = 0;

    if (takers->analysis != NULL && failed == 0)
        more = analysis_close(takers->analysis, end, findings, error);
    else if (takers->analysis != NULL)
        analysis_abandon(takers->analysis);
    if (takers->writer != NULL && more == 0)
        more = trace_writer_close(takers->writer, failed == 0 ? error : NULL);
    else if (takers->writer != NULL)
        trace_writer_abandon(takers->writer);
    return failed != 0 ? failed : more;
}

static int takers_open(struct takers *takers, const struct live_runs *runs, uint32_t number,
                       const struct scenario *scenario, const struct trace_header *header,
                       struct error *error)
{
    char path[4096];
    int failed;

    takers->analysis = analysis_open(header);
    if (takers->analysis == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for the analysis");
    analysis_deadline(takers->analysis, scenario_longest_deadline(scenario));
    analysis_targets(takers->analysis, scenario->campaign.targets, scenario->campaign.target_count);
    takers->sinks[takers->count++] = (struct record_sink){analysis_take, takers->analysis};
    if (runs->trace_path == NULL)
        return 0;
    trace_path_numbered(runs->trace_path, runs->arm_count * runs->replicates > 1,
                        number / runs->replicates + 1, number % runs->replicates, path,
                        sizeof path);
    failed = trace_writer_open(&takers->writer, path, header, error);
    takers->sinks[takers->count++] = (struct record_sink){trace_writer_take, takers->writer};
    return failed;
}

static int run_work(struct live_runs *runs, uint32_t number, struct progress *progress,
                    struct error *error)
{
    uint32_t arm = number / runs->replicates;
    const struct scenario *scenario = runs->arms[arm];
    struct takers takers = {.progress = progress};
    struct daemon_outcome outcome = {0};
    char name[LIVE_NAME_BYTES], control[108], key[4096];
    struct daemon_options options = {.scenario = scenario,
                                     .name = name,
                                     .seed = runs->seed,
                                     .replicate = number % runs->replicates,
                                     .duration = scenario->duration,
                                     .campaign = true,
                                     .sinks = takers.sinks,
                                     .control = control,
                                     .ledger = runs->ledger,
                                     .ledger_key = key,
                                     .tick = tick,
                                     .failure = tell_failure,
                                     .context = &takers};
    struct trace_header header;
    struct header_names *names = NULL;
    int failed;

    live_range_name(runs->name != NULL ? runs->name : scenario->name, name);
    /* The secret key stands beside the folder, which can be given away. */
    if (runs->ledger != NULL &&
        (size_t)snprintf(key, sizeof key, "%s.key", runs->ledger) >= sizeof key)
        return error_set(error, ERROR_INPUT, "--ledger: the path is too long");
    failed = live_control_path(name, control, sizeof control, error);
    if (failed == 0)
        failed =
            header_make(scenario, "live", runs->seed, options.replicate, &header, &names, error);
    if (failed == 0)
        failed = takers_open(&takers, runs, number, scenario, &header, error);
    options.sink_count = takers.count;
    if (failed == 0)
        failed = daemon_run(&options, &outcome, error);
    if (failed != 0 && takers.error.code != 0)
        *error = takers.error;
    failed = takers_close(&takers, runs->sums[arm], outcome.ended, failed, error);
    header_close(names);
    progress_add(progress, 1 - takers.told);
    runs->stopped = outcome.end == DAEMON_STOPPED;
    return failed;
}

static int sums_open(struct live_runs *runs, struct error *error)
{
    runs->sums = calloc((size_t)runs->arm_count + 1, sizeof(struct findings *));
    for (uint32_t a = 0; runs->sums != NULL && a < runs->arm_count; a++) {
        char name[512];

        snprintf(name, sizeof name, runs->labelled ? "%s, live" : "%s", runs->arms[a]->arm);
        runs->sums[a] = findings_open(name);
        if (runs->sums[a] == NULL)
            return error_set(error, ERROR_MEMORY, "out of memory for the findings");
    }
    return runs->sums != NULL ? 0 : error_set(error, ERROR_MEMORY, "out of memory");
}

int live_runs_work(struct live_runs *runs, struct error *error)
{
    uint32_t count = runs->arm_count * runs->replicates;
    struct progress *progress;
    int failed = live_check_machine(error);

    for (uint32_t a = 0; failed == 0 && a < runs->arm_count; a++)
        failed = daemon_refuses(runs->arms[a], error);
    if (failed == 0)
        failed = sums_open(runs, error);
    if (failed != 0)
        return failed;
    progress = progress_open("runs", count);
    for (uint32_t i = 0; i < count && failed == 0 && !runs->stopped; i++) {
        failed = run_work(runs, i, progress, error);
        if (failed != 0 && count > 1)
            error_context(error, "arm `%s`, replicate %u", runs->arms[i / runs->replicates]->arm,
                          i % runs->replicates);
    }
    progress_close(progress);
    if (runs->stopped)
        fputs("iolaus: stopped; this is what was found until then\n", stderr);
    return failed;
}

void live_runs_close(struct live_runs *runs)
{
    for (uint32_t a = 0; runs->sums != NULL && a < runs->arm_count; a++)
        findings_close(runs->sums[a]);
    free(runs->sums);
    runs->sums = NULL;
}
