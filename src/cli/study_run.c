/* iolaus study plan, run: what a study will take, and running it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/live.h"
#include "cli/progress.h"
#include "cli/study_plan.h"
#include "cli/study_tool.h"
#include "live/daemon/daemon.h"
#include "study/run.h"

const struct argp_option study_plan_options[] = {
    {"jobs", 'j', "N", 0, "as for `study run`", 0},
    {"replicates", 'r', "N", 0, "runs of each arm (default: the study's)", 0},
    {0}};

const struct argp_option study_run_options[] = {
    {"db", STUDY_KEY_DATABASE, "FILE", 0, "the results database (default: STUDY.db here)", 0},
    {"jobs", 'j', "N", 0, "runs worked at once (default: the number of processors)", 0},
    {"replicates", 'r', "N", 0, "runs of each arm (default: the study's)", 0},
    {0}};

static volatile int stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static int carry_live(void *context, struct carrying *run, struct error *error)
{
    struct daemon_outcome outcome = {0};
    char name[LIVE_NAME_BYTES], control[108];
    struct daemon_options options = {.scenario = run->scenario,
                                     .name = name,
                                     .seed = run->seed,
                                     .replicate = run->replicate,
                                     .duration = run->scenario->duration,
                                     .campaign = true,
                                     .counts_cpu = true,
                                     .sinks = run->sinks,
                                     .sink_count = run->sink_count,
                                     .control = control};
    int code;

    (void)context;
    live_range_name(run->scenario->name, name);
    code = live_control_path(name, control, sizeof control, error);
    if (code == 0)
        code = daemon_run(&options, &outcome, error);
    run->ended = outcome.ended;
    run->cpu = outcome.cpu.range;
    run->defenders_cpu = outcome.cpu.defenders;
    if (code == 0 && outcome.end == DAEMON_STOPPED) {
        stopped = 1;
        code = error_set(error, ERROR_LIMIT, "stopped");
    }
    return code;
}

/* Before anything is run: what the machine or the live world cannot do. */
static int check_live(const struct study *study, struct error *error)
{
    int code = 0;
    bool any = false;

    for (uint32_t a = 0; a < study->arm_count && code == 0; a++) {
        struct scenario_file *file = NULL;
        const struct scenario *scenario;

        if (!study->arms[a].live)
            continue;
        if (!any)
            code = live_check_machine(error);
        any = true;
        if (code == 0)
            code = study_scenario(study, &study->arms[a], &file, &scenario, error);
        if (code == 0)
            code = daemon_refuses(scenario, error);
        scenario_close(file);
        if (code != 0)
            error_context(error, "%s: arm `%.200s`", study->path, study->arms[a].name);
    }
    return code;
}

struct shown {
    struct progress *progress;
    uint32_t done;
};

static void show_progress(void *context, uint32_t done, uint32_t total)
{
    struct shown *shown = context;

    if (shown->progress == NULL)
        shown->progress = progress_open("runs", total - done);
    else
        progress_add(shown->progress, done - shown->done);
    shown->done = done;
}

static int study_load(const struct study_arguments *arguments, struct study **study,
                      struct error *error)
{
    int code = study_open(study, arguments->file, error);

    if (code == 0 && arguments->replicates > 0)
        (*study)->replicates = (uint32_t)arguments->replicates;
    return code;
}

int study_tool_run(const struct study_arguments *arguments)
{
    struct study *study = NULL;
    struct store *store = NULL;
    struct shown shown = {0};
    struct error error = {0};
    char *path = NULL;
    int code = study_load(arguments, &study, &error);

    if (code == 0)
        code = check_live(study, &error);
    if (code == 0 && asprintf(&path, "%s%s", arguments->database == NULL ? study->name : "",
                              arguments->database == NULL ? ".db" : arguments->database) < 0)
        code = error_set(&error, ERROR_MEMORY, "no memory");
    if (code == 0)
        code = store_open(&store, path, STORE_WRITE, &error);
    if (code == 0)
        code = store_plan(store, study, &error);
    if (code == 0) {
        struct study_running running = {.study = study,
                                        .store = store,
                                        .workers = (uint32_t)arguments->workers,
                                        .stop = &stopped,
                                        .progress = show_progress,
                                        .context = &shown,
                                        .live = carry_live};

        signal(SIGINT, stop);
        signal(SIGTERM, stop);
        code = study_run(&running, &error);
        progress_close(shown.progress);
        if (code == 0)
            printf("%s: %u runs of %u arms (%u were there already), %.1f s (%.1f%% of the "
                   "processor time writing); "
                   "`iolaus study show %s` has the figures\n",
                   study->name, running.total, study->arm_count, running.kept_before,
                   running.wall_s, running.cpu_s > 0 ? 100 * running.writing_s / running.cpu_s : 0,
                   path);
        else if (stopped)
            error_set(&error, ERROR_LIMIT,
                      "%s: stopped; %u of %u runs are kept in %s, and the same "
                      "command goes on with the others",
                      study->name, running.kept_before + running.done, running.total, path);
    }
    store_close(store);
    study_close(study);
    free(path);
    return code == 0 ? 0 : study_report(&error);
}

int study_tool_plan(const struct study_arguments *arguments)
{
    struct study *study = NULL;
    struct error error = {0};
    int code = study_load(arguments, &study, &error);

    if (code == 0)
        code = study_plan_print(study, (uint32_t)arguments->workers, stdout, &error);
    study_close(study);
    return code == 0 ? 0 : study_report(&error);
}
