#include "study/collusion.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/measures.h"
#include "study/collusion_read.h"
#include "study/inside.h"
#include "study/schema.h"

#define BOOTSTRAP_DRAWS 1000
#define WORKERS_MAX 256

const char *collusion_part_name(enum collusion_part part)
{
    return part == PART_SPONTANEOUS ? "spontaneous" : "total";
}

/* What counts as defending, and the measure of its effect. */
static const struct {
    const char *choice;
    enum analysis_act act;
} choices[] = {{"relaunch", OUTCOME_RELAUNCH},   {"relink", OUTCOME_RELINK},
               {"mask", OUTCOME_MASK},           {"tamper", OUTCOME_TAMPER},
               {"misreport", OUTCOME_MISREPORT}, {"copy", OUTCOME_COPY},
               {"stall", OUTCOME_STALL}};
#define CHOICES (sizeof choices / sizeof choices[0])

/* ---- tests, by several threads ---- */

/* A test of one run of an arm, or with UINT32_MAX of all. */
struct job {
    uint32_t run;
    enum collusion_part part;
    struct collusion *result;
    bool same; /* the total is what is spontaneous: it was not tested again */
};

struct jobs {
    const struct read_arm *arm;
    const struct collusion_options *options;
    uint32_t key; /* of the random numbers: the arm's place, which no change of the program moves */
    struct job *list;
    uint32_t count, next;
    pthread_mutex_t lock;
    int failed;
    struct error error;
};

/* Whether nothing but the numbers of situations differs. */
static bool data_same(const struct collusion_data *a, const struct collusion_data *b)
{
    if (a->count != b->count || a->strata != b->strata)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct collusion_choice *x = &a->choices[i], *y = &b->choices[i];

        if (x->episode != y->episode || x->agent != y->agent || x->stratum != y->stratum ||
            x->defended != y->defended)
            return false;
    }
    return true;
}

/* In a crew in which nobody asks, the total is the spontaneous part. */
static int job_same(const struct jobs *jobs, struct job *job, const struct collusion_data *total,
                    struct error *error)
{
    struct collusion_data spontaneous;
    int code = read_data(jobs->arm, PART_SPONTANEOUS, job->run, &spontaneous, error);

    job->same = code == 0 && data_same(&spontaneous, total);
    read_data_close(&spontaneous);
    return code;
}

static int job_work(const struct jobs *jobs, struct job *job, struct error *error)
{
    bool asked = (job->run == UINT32_MAX) != jobs->options->by_run;
    struct collusion_test test = {
        .draws = asked ? jobs->options->draws : 0,
        .enough = jobs->options->enough,
        .random = random_make(jobs->key,
                              job->run == UINT32_MAX ? UINT32_MAX : jobs->arm->replicates[job->run],
                              (agent_id)job->part, 0, STREAM_SURROGATE, 0)};
    struct collusion_data data;
    int code = read_data(jobs->arm, job->part, job->run, &data, error);

    if (code == 0 && job->part == PART_TOTAL)
        code = job_same(jobs, job, &data, error);
    if (code == 0 && !job->same)
        code = collusion_measure(&data, &test, job->result, error);
    read_data_close(&data);
    return code;
}

static void *jobs_work(void *context)
{
    struct jobs *jobs = context;

    for (;;) {
        struct job *job = NULL;
        struct error error = {0};
        int code;

        pthread_mutex_lock(&jobs->lock);
        if (jobs->failed == 0 && jobs->next < jobs->count)
            job = &jobs->list[jobs->next++];
        pthread_mutex_unlock(&jobs->lock);
        if (job == NULL)
            return NULL;
        code = job_work(jobs, job, &error);
        if (code == 0)
            continue;
        pthread_mutex_lock(&jobs->lock);
        jobs->failed = code;
        jobs->error = error;
        pthread_mutex_unlock(&jobs->lock);
    }
}

static int jobs_run(struct jobs *jobs, struct error *error)
{
    uint32_t workers = jobs->options->workers < WORKERS_MAX ? jobs->options->workers : WORKERS_MAX;
    pthread_t threads[WORKERS_MAX];
    uint32_t started = 0;

    while (started + 1 < workers && pthread_create(&threads[started], NULL, jobs_work, jobs) == 0)
        started++;
    jobs_work(jobs);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (jobs->failed != 0 && error != NULL)
        *error = jobs->error;
    return jobs->failed;
}

static int arm_test(struct collusion_arm *arm, const struct read_arm *read,
                    const struct collusion_options *options, struct error *error)
{
    struct jobs jobs = {.arm = read,
                        .options = options,
                        .key = arm->arm,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .list = calloc((size_t)PART_COUNT * (read->runs + 1), sizeof *jobs.list)};
    int code;

    if (jobs.list == NULL)
        return study_memory(error, "the tests");
    for (int p = 0; p < PART_COUNT && !options->by_run; p++)
        jobs.list[jobs.count++] = (struct job){
            .run = UINT32_MAX, .part = (enum collusion_part)p, .result = &arm->pooled[p].all};
    for (uint32_t r = 0; r < read->runs; r++)
        for (int p = 0; p < PART_COUNT; p++)
            jobs.list[jobs.count++] = (struct job){
                .run = r, .part = (enum collusion_part)p, .result = &arm->runs[r].part[p]};
    code = jobs_run(&jobs, error);
    /* The spontaneous part of each stands before its total. */
    for (uint32_t j = 1; j < jobs.count && code == 0; j++)
        if (jobs.list[j].same)
            *jobs.list[j].result = *jobs.list[j - 1].result;
    free(jobs.list);
    return code;
}

/* ---- what an arm's runs say together ---- */

/* Where no test of all runs was made: their sums. */
static void sums_take(const struct collusion_arm *arm, int part, struct collusion *all)
{
    *all = (struct collusion){.any = NAN, .correlation = NAN};
    for (int s = 0; s < COLLUSION_COUNT; s++)
        all->p[s] = all->bits[s] = NAN;
    for (uint32_t r = 0; r < arm->run_count; r++) {
        const struct collusion *run = &arm->runs[r].part[part];

        all->episodes += run->episodes;
        all->decisions += run->decisions;
        all->defended += run->defended;
        all->pairs += run->pairs;
        all->joint += run->joint;
        all->excess += run->excess;
        all->scale += run->scale;
    }
    if (all->scale > 0)
        all->correlation = all->excess / all->scale;
}

static int double_compare(const void *first, const void *second)
{
    double a = *(const double *)first, b = *(const double *)second;

    return (a > b) - (a < b);
}

/* The percentile interval of the correlation, runs drawn with replacement (Efron and Tibshirani, An
 * Introduction to the Bootstrap, section 13.3). */
static int correlation_interval(const struct collusion_arm *arm, int part,
                                struct collusion_pooled *pooled, struct error *error)
{
    struct random random = random_make(arm->arm, 0, (agent_id)part, 1, STREAM_SURROGATE, 0);
    double *values = malloc(BOOTSTRAP_DRAWS * sizeof *values);
    uint32_t count = 0;

    pooled->low = pooled->high = NAN;
    if (values == NULL)
        return study_memory(error, "an interval");
    for (uint32_t d = 0; d < BOOTSTRAP_DRAWS && arm->run_count > 1; d++) {
        double excess = 0, scale = 0;

        for (uint32_t r = 0; r < arm->run_count; r++) {
            const struct collusion *run =
                &arm->runs[random_below(&random, arm->run_count)].part[part];

            excess += run->excess;
            scale += run->scale;
        }
        if (scale > 0)
            values[count++] = excess / scale;
    }
    if (count > 0) {
        qsort(values, count, sizeof *values, double_compare);
        pooled->low = values[(uint32_t)(0.025 * (count - 1))];
        pooled->high = values[(uint32_t)ceil(0.975 * (count - 1))];
    }
    free(values);
    return 0;
}

static void found_count(const struct collusion_arm *arm, int part, double alpha,
                        struct collusion_pooled *pooled)
{
    for (int s = 0; s <= COLLUSION_COUNT; s++) {
        uint64_t found = 0, tested = 0;

        for (uint32_t r = 0; r < arm->run_count; r++) {
            const struct collusion *run = &arm->runs[r].part[part];
            double p = s == COLLUSION_COUNT ? run->any : run->p[s];

            tested += !isnan(p);
            found += !isnan(p) && p <= alpha;
        }
        pooled->found[s] = rate_wilson(found, tested, 0.95);
        pooled->found_most[s] = rate_clopper_pearson(found, tested, 0.9).high;
    }
}

static int arm_sum(struct collusion_arm *arm, const struct collusion_options *options,
                   struct error *error)
{
    int code = 0;

    for (int p = 0; p < PART_COUNT && code == 0; p++) {
        struct collusion_pooled *pooled = &arm->pooled[p];
        struct collusion all = pooled->all;

        sums_take(arm, p, &pooled->all);
        if (!options->by_run) {
            memcpy(pooled->all.p, all.p, sizeof all.p);
            memcpy(pooled->all.bits, all.bits, sizeof all.bits);
            memcpy(pooled->all.drawn, all.drawn, sizeof all.drawn);
            pooled->all.any = all.any;
        }
        code = correlation_interval(arm, p, pooled, error);
        found_count(arm, p, options->alpha, pooled);
    }
    return code;
}

static int arm_decisions(struct collusion_arm *arm, const struct store *store, int64_t id,
                         const struct collusion_options *options, struct error *error)
{
    struct read_arm read;
    int code = read_arm_open(&read, store, id, options, error);

    if (code == 0) {
        arm->run_count = read.runs;
        arm->missing = read.missing;
        arm->runs = calloc((size_t)read.runs + 1, sizeof *arm->runs);
        code = arm->runs == NULL ? study_memory(error, "the runs") : 0;
    }
    for (uint32_t r = 0; r < arm->run_count && code == 0; r++)
        arm->runs[r].replicate = read.replicates[r];
    if (code == 0 && read.runs > 0)
        code = arm_test(arm, &read, options, error);
    read_arm_close(&read);
    return code == 0 ? arm_sum(arm, options, error) : code;
}

/* ---- effective acts: at whose word, and what the channel brings ---- */

enum acts_column {
    ACTS_ANY,
    ACTS_SPONTANEOUS,
    ACTS_REQUESTED,
    ACTS_RELAYED,
    ACTS_ALL,
    ACTS_COLUMNS
};

/* One row for each run: episodes with such an act, and all. */
struct acts_rows {
    double *part, *whole;
    size_t count;
    uint64_t sums[ACTS_COLUMNS];
};

static int acts_read(const struct store *store, int64_t id, const char *measure,
                     struct acts_rows *acts, struct error *error)
{
    char *sql = sqlite3_mprintf("SELECT sum(%s>0), sum(%s_spontaneous>0), sum(%s_requested>0), "
                                "sum(%s_relayed>0), count(*) FROM episode WHERE arm=%lld "
                                "GROUP BY replicate ORDER BY replicate",
                                measure, measure, measure, measure, (long long)id);
    sqlite3_stmt *rows = NULL;
    size_t room = 0;
    int code = sql == NULL ? study_memory(error, "the episodes") : 0;

    if (code == 0 && sqlite3_prepare_v2(store_database(store), sql, -1, &rows, NULL) != SQLITE_OK)
        code = store_error(store, error, "reading episodes");
    sqlite3_free(sql);
    while (code == 0 && sqlite3_step(rows) == SQLITE_ROW) {
        if (acts->count == room) {
            room = room == 0 ? 256 : 2 * room;
            double *part = realloc(acts->part, room * sizeof *part);
            double *whole = part == NULL ? NULL : realloc(acts->whole, room * sizeof *whole);

            acts->part = part == NULL ? acts->part : part;
            if (whole == NULL) {
                code = study_memory(error, "the episodes");
                break;
            }
            acts->whole = whole;
        }
        for (int c = 0; c < ACTS_COLUMNS; c++)
            acts->sums[c] += (uint64_t)sqlite3_column_int64(rows, c);
        acts->part[acts->count] = sqlite3_column_double(rows, ACTS_ANY);
        acts->whole[acts->count++] = sqlite3_column_double(rows, ACTS_ALL);
    }
    sqlite3_finalize(rows);
    return code;
}

static void acts_free(struct acts_rows *acts)
{
    free(acts->part);
    free(acts->whole);
}

static struct rate acts_rate(const struct acts_rows *acts, enum acts_column column)
{
    return rate_wilson(acts->sums[column], acts->sums[ACTS_ALL], 0.95);
}

/* The cell's variant without the channel, or UINT32_MAX. */
static uint32_t variant_find(const struct results *results, uint32_t arm, const char *variant)
{
    for (uint32_t a = 0; a < results->arm_count && results->arms[arm].variant == NULL; a++)
        if (results->arms[a].cell == results->arms[arm].cell && results->arms[a].variant != NULL &&
            strcmp(results->arms[a].variant, variant) == 0 && results->arms[a].runs > 0)
            return a;
    return UINT32_MAX;
}

static int channel_measure(struct collusion_channel *channel, const struct store *store,
                           const struct results *results, const struct acts_rows *with,
                           const char *measure, struct error *error)
{
    int64_t id = results->arms[channel->without].id;
    struct acts_rows without = {0};
    int code = acts_read(store, id, measure, &without, error);

    if (code == 0 && without.count > 0) {
        struct clusters first = {with->count, with->part, with->whole};
        struct clusters second = {without.count, without.part, without.whole};

        channel->made = true;
        channel->with_channel = acts_rate(with, ACTS_ANY);
        channel->without_channel = acts_rate(&without, ACTS_ANY);
        channel->newcombe =
            difference_newcombe(&channel->with_channel, &channel->without_channel, 0.95);
        code = bootstrap_difference(&first, &second, BOOTSTRAP_DRAWS, 0.95,
                                    random_make(channel->without, 0, 0, 2, STREAM_SURROGATE, 0),
                                    &channel->difference, error);
    }
    acts_free(&without);
    return code;
}

static int arm_acts(struct collusion_arm *arm, const struct store *store,
                    const struct results *results, const char *measure, const char *variant,
                    struct error *error)
{
    struct acts_rows acts = {0};
    int code = acts_read(store, results->arms[arm->arm].id, measure, &acts, error);

    if (code == 0) {
        arm->wanted = (struct collusion_wanted){
            acts_rate(&acts, ACTS_ANY), acts_rate(&acts, ACTS_SPONTANEOUS),
            acts_rate(&acts, ACTS_REQUESTED), acts_rate(&acts, ACTS_RELAYED)};
        arm->channel.without = variant_find(results, arm->arm, variant);
    }
    if (code == 0 && arm->channel.without != UINT32_MAX && acts.count > 0)
        code = channel_measure(&arm->channel, store, results, &acts, measure, error);
    acts_free(&acts);
    return code;
}

/* ---- the study ---- */

static int holm_arms(struct collusion_study *study, struct error *error)
{
    double *p = calloc((size_t)study->arm_count + 1, sizeof *p);
    size_t *order = calloc((size_t)study->arm_count + 1, sizeof *order);

    for (int part = 0; part < PART_COUNT && p != NULL && order != NULL; part++)
        for (int s = 0; s < COLLUSION_COUNT; s++) {
            for (uint32_t a = 0; a < study->arm_count; a++)
                p[a] = study->arms[a].pooled[part].all.p[s];
            holm_adjust(p, study->arm_count, order, p);
            for (uint32_t a = 0; a < study->arm_count; a++)
                study->arms[a].pooled[part].adjusted[s] = p[a];
        }
    free(order);
    if (p == NULL || order == NULL) {
        free(p);
        return study_memory(error, "the arms");
    }
    free(p);
    return 0;
}

/* A database that an older program made has no such table. */
static int decisions_check(const struct collusion_study *study, struct error *error)
{
    return study->arm_count > 0
               ? 0
               : error_set(error, ERROR_INPUT,
                           "it holds no decisions of the study `%.80s`; write `keep: [decisions]` "
                           "into the study's file and run it",
                           study->results->study);
}

static bool has_decisions(const struct store *store, int64_t id)
{
    sqlite3_stmt *look = NULL;
    bool found = false;

    if (sqlite3_prepare_v2(store_database(store), "SELECT 1 FROM decision WHERE arm=? LIMIT 1", -1,
                           &look, NULL) == SQLITE_OK) {
        sqlite3_bind_int64(look, 1, id);
        found = sqlite3_step(look) == SQLITE_ROW;
    }
    sqlite3_finalize(look);
    return found;
}

static int arms_work(struct collusion_study *study, const struct store *store,
                     enum analysis_act act, struct error *error)
{
    const struct results *results = study->results;
    int code = 0;

    for (uint32_t a = 0; a < results->arm_count && code == 0; a++) {
        struct collusion_arm *arm = &study->arms[study->arm_count];

        if (!has_decisions(store, results->arms[a].id))
            continue;
        study->arm_count++;
        arm->arm = a;
        code = arm_decisions(arm, store, results->arms[a].id, &study->options, error);
        if (code == 0)
            code = arm_acts(arm, store, results, schema_measure(MEASURE_OF_ACT(act)),
                            study->options.variant, error);
        if (code != 0)
            error_context(error, "arm `%.200s`", results->arms[a].name);
    }
    return code;
}

int collusion_open(struct collusion_study **result, const struct results *results,
                   const struct store *store, const struct collusion_options *options,
                   struct error *error)
{
    struct collusion_study *study;
    size_t choice = 0;
    int code;

    *result = NULL;
    while (choice < CHOICES && strcmp(choices[choice].choice, options->choice) != 0)
        choice++;
    if (choice == CHOICES)
        return error_set(error, ERROR_INPUT,
                         "`%.40s` is no defence; write relaunch, relink, mask, tamper, misreport, "
                         "copy or stall",
                         options->choice);
    study = calloc(1, sizeof *study);
    if (study == NULL)
        return study_memory(error, "the study");
    *study = (struct collusion_study){.options = *options, .results = results};
    study->arms = calloc((size_t)results->arm_count + 1, sizeof *study->arms);
    code = study->arms == NULL ? study_memory(error, "the study")
                               : arms_work(study, store, choices[choice].act, error);
    if (code == 0)
        code = decisions_check(study, error);
    if (code == 0)
        code = holm_arms(study, error);
    if (code != 0) {
        collusion_close(study);
        return code;
    }
    *result = study;
    return 0;
}

void collusion_close(struct collusion_study *study)
{
    if (study == NULL)
        return;
    for (uint32_t a = 0; a < study->arm_count; a++)
        free(study->arms[a].runs);
    free(study->arms);
    free(study);
}
