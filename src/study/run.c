#include "study/run.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORKERS_MAX 256
/* A transaction has a price of its own: the writer waits for so many runs of each worker, or so
 * long after the first of them. */
#define BATCH_RUNS 16
#define BATCH_NS 50000000

/* A run that waits to be written. */
struct finished {
    struct finished *next;
    struct run_rows rows;
    struct shared_scenario *scenario;
};

/* An arm's scenario, held by the worker that opened it and by runs that wait to be written. */
struct shared_scenario {
    struct scenario_file *file;
    const struct scenario *scenario;
    uint32_t arm;
    uint32_t holders; /* under the lock */
};

struct job {
    uint32_t arm, replicate;
};

struct crew {
    struct study_running *running;
    struct job *jobs; /* the simulated ones, then the live ones */
    uint32_t job_count, live_first, next;
    pthread_mutex_t lock;
    pthread_cond_t some, room;
    struct finished *first, **last;
    uint32_t waiting, at_work;
    int failed;
    struct error error;
};

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- workers ---- */

/* Whoever holds a scenario has counted itself, which the analyser does not see.
 * NOLINTBEGIN(clang-analyzer-unix.Malloc) */

static void scenario_let_go(struct crew *crew, struct shared_scenario *scenario)
{
    bool last;

    if (scenario == NULL)
        return;
    pthread_mutex_lock(&crew->lock);
    last = --scenario->holders == 0;
    pthread_mutex_unlock(&crew->lock);
    if (last) {
        scenario_close(scenario->file);
        free(scenario);
    }
}

static int scenario_take(struct crew *crew, uint32_t arm, struct shared_scenario **held,
                         struct error *error)
{
    const struct study *study = crew->running->study;
    struct shared_scenario *scenario;
    int code;

    if (*held != NULL && (*held)->arm == arm)
        return 0;
    scenario_let_go(crew, *held);
    *held = NULL;
    scenario = calloc(1, sizeof *scenario);
    if (scenario == NULL)
        return study_memory(error, "a scenario");
    code = study_scenario(study, &study->arms[arm], &scenario->file, &scenario->scenario, error);
    if (code == 0 && memcmp(scenario->scenario->digest, study->arms[arm].digest,
                            sizeof study->arms[arm].digest) != 0)
        code = error_set(error, ERROR_INPUT, "%.200s was changed while the study ran",
                         study->scenario_path);
    if (code != 0) {
        scenario_close(scenario->file);
        free(scenario);
        return code;
    }
    scenario->arm = arm;
    scenario->holders = 1;
    *held = scenario;
    return 0;
}

/* Hands a finished run over, and waits where the writer is far behind. */
static void hand_over(struct crew *crew, struct finished *finished)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->waiting > 4 * BATCH_RUNS * crew->running->workers && crew->failed == 0)
        pthread_cond_wait(&crew->room, &crew->lock);
    finished->scenario->holders++;
    *crew->last = finished;
    crew->last = &finished->next;
    crew->waiting++;
    pthread_cond_signal(&crew->some);
    pthread_mutex_unlock(&crew->lock);
}

static int job_work(struct crew *crew, const struct job *job, struct shared_scenario **held,
                    struct error *error)
{
    const struct study *study = crew->running->study;
    struct finished *finished = calloc(1, sizeof *finished);
    int code;

    if (finished == NULL)
        return study_memory(error, "a run");
    code = scenario_take(crew, job->arm, held, error);
    assert(code != 0 || *held != NULL);
    if (code == 0)
        code = run_once(study, job->arm, job->replicate, (*held)->scenario, carry_simulated, NULL,
                        crew->running->stop, &finished->rows, error);
    if (code == 0) {
        finished->scenario = *held;
        hand_over(crew, finished);
        return 0;
    }
    run_rows_free(&finished->rows);
    free(finished);
    return *crew->running->stop != 0 ? ERROR_LIMIT
                                     : error_context(error, "arm `%.200s`, replicate %u",
                                                     study->arms[job->arm].name, job->replicate);
}

static void *work(void *context)
{
    struct crew *crew = context;
    struct shared_scenario *held = NULL;
    struct error error = {0};

    for (;;) {
        const struct job *job = NULL;
        int code;

        pthread_mutex_lock(&crew->lock);
        if (crew->failed == 0 && *crew->running->stop == 0 && crew->next < crew->live_first)
            job = &crew->jobs[crew->next++];
        pthread_mutex_unlock(&crew->lock);
        if (job == NULL)
            break;
        code = job_work(crew, job, &held, &error);
        if (code == 0)
            continue;
        pthread_mutex_lock(&crew->lock);
        if (crew->failed == 0) {
            crew->failed = code;
            crew->error = error;
        }
        pthread_mutex_unlock(&crew->lock);
    }
    scenario_let_go(crew, held);
    pthread_mutex_lock(&crew->lock);
    crew->at_work--;
    pthread_cond_broadcast(&crew->some);
    pthread_cond_broadcast(&crew->room);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* ---- the writer ---- */

/* With the lock held: until a batch is there, or has been waited for long enough, or nothing more
 * will come. */
static void wait_for_batch(struct crew *crew)
{
    struct timespec until;

    while (crew->first == NULL && crew->at_work > 0)
        pthread_cond_wait(&crew->some, &crew->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += BATCH_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (crew->waiting < BATCH_RUNS * crew->running->workers && crew->at_work > 0)
        if (pthread_cond_timedwait(&crew->some, &crew->lock, &until) == ETIMEDOUT)
            return;
}

/* All that waits, or NULL where nothing more will come. */
static struct finished *take_all(struct crew *crew)
{
    struct finished *list;

    pthread_mutex_lock(&crew->lock);
    wait_for_batch(crew);
    list = crew->first;
    crew->first = NULL;
    crew->last = &crew->first;
    crew->waiting = 0;
    pthread_cond_broadcast(&crew->room);
    pthread_mutex_unlock(&crew->lock);
    return list;
}

static void writer_fail(struct crew *crew, int code, const struct error *error)
{
    pthread_mutex_lock(&crew->lock);
    crew->failed = code;
    crew->error = *error;
    pthread_cond_broadcast(&crew->room);
    pthread_mutex_unlock(&crew->lock);
}

static void finished_free(struct crew *crew, struct finished *finished)
{
    scenario_let_go(crew, finished->scenario);
    run_rows_free(&finished->rows);
    free(finished);
}

/* Writes a list in one transaction, and frees it. */
static void write_all(struct crew *crew, struct finished *list)
{
    struct study_running *running = crew->running;
    struct error error = {0};
    double began = seconds(CLOCK_THREAD_CPUTIME_ID);
    int code = store_begin(running->store, &error);
    uint32_t count = 0;

    while (list != NULL) {
        struct finished *finished = list;

        list = finished->next;
        if (code == 0)
            code = store_run(running->store, running->study, &finished->rows,
                             finished->scenario->scenario, &error);
        count++;
        finished_free(crew, finished);
    }
    if (code == 0)
        code = store_commit(running->store, &error);
    running->writing_s += seconds(CLOCK_THREAD_CPUTIME_ID) - began;
    if (code != 0) {
        sqlite3_exec(store_database(running->store), "ROLLBACK", NULL, NULL, NULL);
        writer_fail(crew, code, &error);
        return;
    }
    running->done += count;
    if (running->progress != NULL)
        running->progress(running->context, running->kept_before + running->done, running->total);
}

/* ---- the jobs ---- */

struct numbered_arm {
    int64_t id;
    uint32_t arm;
};

static int compare_arms(const void *a, const void *b)
{
    const struct numbered_arm *left = a, *right = b;

    return (left->id > right->id) - (left->id < right->id);
}

static void jobs_of_world(struct crew *crew, const struct numbered_arm *arms, bool live)
{
    struct study_running *running = crew->running;
    const struct study *study = running->study;

    for (uint32_t i = 0; i < study->arm_count; i++) {
        uint32_t a = arms[i].arm;

        for (uint32_t r = 0; r < study->replicates && study->arms[a].live == live; r++) {
            if (store_has(running->store, arms[i].id, r))
                running->kept_before++;
            else
                crew->jobs[crew->job_count++] = (struct job){a, r};
        }
    }
}

static int jobs_make(struct crew *crew, struct error *error)
{
    struct study_running *running = crew->running;
    const struct study *study = running->study;
    struct numbered_arm *arms;

    running->total = study->arm_count * study->replicates;
    crew->jobs = calloc((size_t)running->total + 1, sizeof *crew->jobs);
    arms = calloc((size_t)study->arm_count + 1, sizeof *arms);
    if (crew->jobs == NULL || arms == NULL) {
        free(arms);
        return study_memory(error, "the runs");
    }
    /* In the order of the tables' keys: rows that follow one another touch the fewest pages. */
    for (uint32_t a = 0; a < study->arm_count; a++)
        arms[a] = (struct numbered_arm){store_arm_id(study, a), a};
    qsort(arms, study->arm_count, sizeof *arms, compare_arms);
    jobs_of_world(crew, arms, false);
    crew->live_first = crew->job_count;
    jobs_of_world(crew, arms, true);
    free(arms);
    return crew->job_count > crew->live_first && running->live == NULL
               ? error_set(error, ERROR_MACHINE,
                           "%s: there is no live world to run its live arms in", study->path)
               : 0;
}

/* One after another, each written when it is done: a range has the machine to itself. */
static void work_live(struct crew *crew)
{
    struct study_running *running = crew->running;
    const struct study *study = running->study;
    struct shared_scenario *held = NULL;
    struct error error = {0};

    for (uint32_t j = crew->live_first; j < crew->job_count && crew->failed == 0; j++) {
        const struct job *job = &crew->jobs[j];
        struct finished *finished = calloc(1, sizeof *finished);
        int code = finished == NULL ? study_memory(&error, "a run")
                                    : scenario_take(crew, job->arm, &held, &error);

        assert(code != 0 || (finished != NULL && held != NULL));
        if (code == 0 && *running->stop == 0)
            code = run_once(study, job->arm, job->replicate, held->scenario, running->live,
                            running->live_context, running->stop, &finished->rows, &error);
        if (code == 0 && *running->stop == 0) {
            held->holders++;
            finished->scenario = held;
            write_all(crew, finished);
            continue;
        }
        if (finished != NULL)
            run_rows_free(&finished->rows);
        free(finished);
        crew->failed = code == 0 ? ERROR_LIMIT : code;
        error_context(&error, "arm `%.200s`, replicate %u", study->arms[job->arm].name,
                      job->replicate);
        crew->error = error;
    }
    scenario_let_go(crew, held);
}

/* NOLINTEND(clang-analyzer-unix.Malloc) */

int study_run(struct study_running *running, struct error *error)
{
    struct crew crew = {.running = running,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .some = PTHREAD_COND_INITIALIZER,
                        .room = PTHREAD_COND_INITIALIZER};
    uint32_t workers = running->workers < WORKERS_MAX ? running->workers : WORKERS_MAX;
    pthread_t threads[WORKERS_MAX];
    struct finished *list;
    double began = seconds(CLOCK_MONOTONIC), worked = seconds(CLOCK_PROCESS_CPUTIME_ID);
    uint32_t started = 0;
    int code = jobs_make(&crew, error);

    crew.last = &crew.first;
    running->done = 0;
    if (code != 0) {
        free(crew.jobs);
        return code;
    }
    if (running->progress != NULL)
        running->progress(running->context, running->kept_before, running->total);
    crew.at_work = workers;
    while (started < workers && pthread_create(&threads[started], NULL, work, &crew) == 0)
        started++;
    pthread_mutex_lock(&crew.lock);
    crew.at_work -= workers - started;
    pthread_mutex_unlock(&crew.lock);
    if (started == 0)
        crew.failed = error_set(&crew.error, ERROR_MACHINE, "no thread could be started");
    while ((list = take_all(&crew)) != NULL)
        write_all(&crew, list);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    work_live(&crew);
    free(crew.jobs);
    running->wall_s = seconds(CLOCK_MONOTONIC) - began;
    running->cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - worked;
    if (*running->stop != 0)
        return error_set(error, ERROR_LIMIT, "stopped: %u of %u runs are kept",
                         running->kept_before + running->done, running->total);
    if (crew.failed != 0 && error != NULL)
        *error = crew.error;
    return crew.failed;
}
