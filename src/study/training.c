#include "study/training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/learners.h"

#define CONFIDENCE 0.95
#define LEVEL 0.05

/* The peers of one target that learn: rows first .. first + count - 1 of `peers`. */
struct target {
    char *name;
    size_t first, count;
};

/* What is known of an arm while its episodes are counted. */
struct crew {
    struct target *targets; /* ascending by name */
    struct training_peers *peers;
    size_t target_count, peer_count;
    int64_t *replicates; /* by run, ascending */
    uint32_t runs;
    time_ns ended; /* the longest run */
};

struct reader {
    const struct results *results;
    const struct store *store;
    sqlite3 *database;
    struct training *training;
    enum training_choice choice;
    struct error *error;
};

static int memory(const struct reader *reader)
{
    return study_memory(reader->error, "the training");
}

static int look(const struct reader *reader, const char *sql, int64_t arm, sqlite3_stmt **statement)
{
    if (sqlite3_prepare_v2(reader->database, sql, -1, statement, NULL) != SQLITE_OK)
        return store_error(reader->store, reader->error, "reading the training");
    sqlite3_bind_int64(*statement, 1, arm);
    return 0;
}

/* ---- the floor ---- */

/* In a straight line from the start to the end of the training; nothing from then on. */
static double exploration_at(const struct training_peers *peers, time_ns at)
{
    if (peers->train == TIME_NEVER)
        return peers->exploration;
    if (at >= peers->train)
        return 0;
    return peers->exploration +
           (peers->exploration_end - peers->exploration) * ((double)at / (double)peers->train);
}

static bool may_choose(const struct training_peers *peers, enum training_choice choice)
{
    return choice == TRAINING_RELAUNCH ? peers->relaunch : choice == TRAINING_MASK && peers->mask;
}

double training_floor(const struct training_peers *peers, size_t count, enum training_choice choice,
                      time_ns at)
{
    double nobody = 1;

    for (size_t i = 0; i < count; i++)
        if (may_choose(&peers[i], choice))
            nobody *= pow(1 - exploration_at(&peers[i], at) / 2, peers[i].count);
    return 1 - nobody;
}

static double deciders_of(const struct training_peers *peers, size_t count,
                          enum training_choice choice)
{
    double deciders = 0;

    for (size_t i = 0; i < count; i++)
        deciders += may_choose(&peers[i], choice) ? peers[i].count : 0;
    return deciders;
}

/* ---- an arm's crew ---- */

static void crew_free(struct crew *crew)
{
    for (size_t i = 0; i < crew->target_count; i++)
        free(crew->targets[i].name);
    free(crew->targets);
    free(crew->peers);
    free(crew->replicates);
    *crew = (struct crew){0};
}

static int crew_add(const struct reader *reader, struct crew *crew, sqlite3_stmt *row)
{
    const char *name = (const char *)sqlite3_column_text(row, 0);
    struct training_peers *peers =
        realloc(crew->peers, (crew->peer_count + 1) * sizeof *crew->peers);

    if (peers == NULL)
        return memory(reader);
    crew->peers = peers;
    if (name == NULL)
        return memory(reader);
    if (crew->target_count == 0 || strcmp(crew->targets[crew->target_count - 1].name, name) != 0) {
        struct target *targets =
            realloc(crew->targets, (crew->target_count + 1) * sizeof *crew->targets);

        if (targets == NULL)
            return memory(reader);
        crew->targets = targets;
        targets[crew->target_count] = (struct target){strdup(name), crew->peer_count, 0};
        if (targets[crew->target_count++].name == NULL)
            return memory(reader);
    }
    crew->targets[crew->target_count - 1].count++;
    peers[crew->peer_count++] = (struct training_peers){
        .count = (uint32_t)sqlite3_column_int64(row, 1),
        .relaunch = sqlite3_column_int(row, 2) != 0,
        .mask = sqlite3_column_int(row, 3) != 0,
        .exploration = sqlite3_column_double(row, 4),
        .exploration_end = sqlite3_column_double(row, 5),
        .train =
            sqlite3_column_type(row, 6) == SQLITE_NULL ? TIME_NEVER : sqlite3_column_int64(row, 6)};
    return 0;
}

static int crew_runs(const struct reader *reader, struct crew *crew, int64_t arm)
{
    sqlite3_stmt *list;
    int code = look(reader, "SELECT replicate, ended_ns FROM run WHERE arm=? ORDER BY replicate",
                    arm, &list);

    while (code == 0 && sqlite3_step(list) == SQLITE_ROW) {
        int64_t *more = realloc(crew->replicates, (crew->runs + 1) * sizeof *more);

        if (more == NULL) {
            code = memory(reader);
            break;
        }
        crew->replicates = more;
        more[crew->runs++] = sqlite3_column_int64(list, 0);
        if (sqlite3_column_int64(list, 1) > crew->ended)
            crew->ended = sqlite3_column_int64(list, 1);
    }
    sqlite3_finalize(list);
    return code;
}

static int crew_open(const struct reader *reader, struct crew *crew, int64_t arm)
{
    sqlite3_stmt *list;
    int code = look(reader,
                    "SELECT target, count, relaunch, mask, exploration, exploration_end, train_ns "
                    "FROM learners WHERE arm=? ORDER BY target",
                    arm, &list);

    while (code == 0 && sqlite3_step(list) == SQLITE_ROW)
        code = crew_add(reader, crew, list);
    sqlite3_finalize(list);
    return code == 0 ? crew_runs(reader, crew, arm) : code;
}

static int by_name(const void *a, const void *b)
{
    const struct target *left = a, *right = b;

    return strcmp(left->name, right->name);
}

static const struct target *target_find(const struct crew *crew, const char *name)
{
    struct target wanted = {.name = (char *)(uintptr_t)name};

    return crew->target_count == 0 ? NULL
                                   : bsearch(&wanted, crew->targets, crew->target_count,
                                             sizeof *crew->targets, by_name);
}

/* ---- bins ---- */

static time_ns bin_begins(const struct training *training, const struct training_arm *arm,
                          uint32_t bin)
{
    return (time_ns)llround((double)arm->training * bin / training->bin_count);
}

static uint32_t bin_of(const struct training *training, const struct training_arm *arm, time_ns at)
{
    uint32_t bin;

    if (at >= arm->training)
        return training->bin_count;
    bin = (uint32_t)((double)at / (double)arm->training * training->bin_count);
    /* The quotient may lie on either side of an edge. */
    while (bin > 0 && at < bin_begins(training, arm, bin))
        bin--;
    while (bin + 1 < training->bin_count && at >= bin_begins(training, arm, bin + 1))
        bin++;
    return bin;
}

static int bins_make(const struct reader *reader, struct training_arm *arm, const struct crew *crew)
{
    const struct training *training = reader->training;

    arm->bins = calloc((size_t)training->bin_count + 1, sizeof *arm->bins);
    if (arm->bins == NULL)
        return memory(reader);
    for (uint32_t b = 0; b <= training->bin_count; b++) {
        struct training_bin *bin = &arm->bins[b];

        bin->from = bin_begins(training, arm, b);
        bin->until = b < training->bin_count ? bin_begins(training, arm, b + 1) : crew->ended;
        bin->part = calloc((size_t)crew->runs + 1, sizeof *bin->part);
        bin->whole = calloc((size_t)crew->runs + 1, sizeof *bin->whole);
        bin->expected = calloc((size_t)crew->runs + 1, sizeof *bin->expected);
        if (bin->part == NULL || bin->whole == NULL || bin->expected == NULL)
            return memory(reader);
    }
    return 0;
}

/* The place of a replicate; rows come in their order. */
static uint32_t run_of(const struct crew *crew, int64_t replicate, uint32_t near)
{
    while (near < crew->runs && crew->replicates[near] < replicate)
        near++;
    return near;
}

static void count_episode(const struct reader *reader, struct training_arm *arm,
                          const struct crew *crew, sqlite3_stmt *row, uint32_t run)
{
    const char *name = (const char *)sqlite3_column_text(row, 1);
    time_ns at = sqlite3_column_int64(row, 2);
    struct training_bin *bin = &arm->bins[bin_of(reader->training, arm, at)];
    const struct target *target = target_find(crew, name == NULL ? "" : name);

    bin->part[run] += sqlite3_column_int(row, 3) != 0;
    bin->whole[run] += 1;
    if (target != NULL) {
        const struct training_peers *peers = &crew->peers[target->first];
        double floor = training_floor(peers, target->count, reader->choice, at);

        bin->expected[run] += floor;
        bin->variance += floor * (1 - floor);
        bin->deciders += deciders_of(peers, target->count, reader->choice);
    }
}

static int count_episodes(const struct reader *reader, struct training_arm *arm,
                          const struct crew *crew, int64_t id)
{
    char *sql = results_episodes_sql(reader->training->measure);
    sqlite3_stmt *list = NULL;
    uint32_t run = 0;
    int code = sql == NULL ? memory(reader) : look(reader, sql, id, &list);

    sqlite3_free(sql);
    while (code == 0 && sqlite3_step(list) == SQLITE_ROW) {
        run = run_of(crew, sqlite3_column_int64(list, 0), run);
        if (run < crew->runs)
            count_episode(reader, arm, crew, list, run);
    }
    sqlite3_finalize(list);
    return code;
}

/* By steps of the training: each goes into the bin in which its middle lies. */
static int count_tasks(const struct reader *reader, struct training_arm *arm,
                       const struct crew *crew, int64_t id)
{
    uint32_t bins = reader->training->bin_count, run = 0;
    sqlite3_stmt *list;
    int code = look(reader,
                    arm->learns ? "SELECT replicate, step, tasks_done, tasks_emitted FROM "
                                  "training_work WHERE arm=? ORDER BY replicate, step"
                                : "SELECT replicate, 60, tasks_done, tasks_emitted FROM run WHERE "
                                  "arm=? ORDER BY replicate",
                    id, &list);

    _Static_assert(TRAINING_STEPS == 60, "the query above names the step after the training");
    while (code == 0 && sqlite3_step(list) == SQLITE_ROW) {
        uint32_t step = (uint32_t)sqlite3_column_int64(list, 1);
        uint32_t bin = step >= TRAINING_STEPS ? bins : (2 * step + 1) * bins / (2 * TRAINING_STEPS);

        run = run_of(crew, sqlite3_column_int64(list, 0), run);
        if (run < crew->runs) {
            arm->bins[bin].part[run] += sqlite3_column_double(list, 2);
            arm->bins[bin].whole[run] += sqlite3_column_double(list, 3);
        }
    }
    sqlite3_finalize(list);
    return code;
}

static struct clusters bin_clusters(const struct training_arm *arm, const struct training_bin *bin)
{
    return (struct clusters){arm->runs, bin->part, bin->whole};
}

static void bins_estimate(const struct reader *reader, struct training_arm *arm)
{
    for (uint32_t b = 0; b <= reader->training->bin_count; b++) {
        struct training_bin *bin = &arm->bins[b];
        struct clusters clusters = bin_clusters(arm, bin);
        double expected = 0;

        bin->rate = cluster_rate(&clusters, CONFIDENCE);
        for (uint32_t r = 0; r < arm->runs; r++)
            expected += bin->expected[r];
        bin->floor = expected / bin->rate.whole;
        bin->deciders /= bin->rate.whole;
        bin->test = cluster_against(&clusters, bin->expected, bin->variance);
        if (reader->choice == TRAINING_NO_CHOICE || !arm->learns || !(bin->rate.whole > 0)) {
            bin->floor = bin->deciders = bin->test.excess = bin->test.p = NAN;
            bin->test.statistic = NAN;
        }
    }
}

static int arm_read(const struct reader *reader, struct training_arm *arm, uint32_t number)
{
    int64_t id = reader->results->arms[number].id;
    struct crew crew = {0};
    int code = crew_open(reader, &crew, id);

    *arm = (struct training_arm){
        .arm = number, .learns = crew.peer_count > 0, .runs = crew.runs, .against = UINT32_MAX};
    for (size_t i = 0; i < crew.peer_count; i++)
        if (crew.peers[i].train > arm->training)
            arm->training = crew.peers[i].train;
    if (arm->training > crew.ended)
        arm->training = crew.ended;
    if (code == 0)
        code = bins_make(reader, arm, &crew);
    if (code == 0)
        code = reader->training->tasks ? count_tasks(reader, arm, &crew, id)
                                       : count_episodes(reader, arm, &crew, id);
    if (code == 0)
        bins_estimate(reader, arm);
    crew_free(&crew);
    return code;
}

/* ---- what is said of all arms together ---- */

static enum training_verdict verdict_of(const struct training_bin *bin)
{
    if (isnan(bin->adjusted))
        return TRAINING_NO_FLOOR;
    if (bin->adjusted >= LEVEL)
        return TRAINING_AT;
    return bin->test.excess > 0 ? TRAINING_ABOVE : TRAINING_BELOW;
}

static int verdicts(const struct reader *reader)
{
    struct training *training = reader->training;
    double *p = calloc((size_t)training->arm_count + 1, sizeof *p);
    size_t *order = calloc((size_t)training->arm_count + 1, sizeof *order);
    int code = p == NULL || order == NULL ? memory(reader) : 0;

    for (uint32_t b = 0; b <= training->bin_count && code == 0; b++) {
        for (uint32_t a = 0; a < training->arm_count; a++)
            p[a] = training->arms[a].bins[b].test.p;
        holm_adjust(p, training->arm_count, order, p);
        for (uint32_t a = 0; a < training->arm_count; a++) {
            training->arms[a].bins[b].adjusted = p[a];
            training->arms[a].bins[b].verdict = verdict_of(&training->arms[a].bins[b]);
        }
    }
    for (uint32_t a = 0; a < training->arm_count && code == 0; a++)
        p[a] = training->arms[a].against == UINT32_MAX ? NAN : training->arms[a].difference.p;
    if (code == 0)
        holm_adjust(p, training->arm_count, order, p);
    for (uint32_t a = 0; a < training->arm_count && code == 0; a++)
        training->arms[a].difference_adjusted = p[a];
    free(p);
    free(order);
    return code;
}

const struct training_bin *training_last(const struct training *training,
                                         const struct training_arm *arm)
{
    const struct training_bin *frozen = &arm->bins[training->bin_count];

    return frozen->rate.whole > 0 ? frozen : frozen - 1;
}

/* ---- against another level ---- */

/* The arm like `arm` in all but the factor, which has `level` there; UINT32_MAX where there is
 * none, or where it is the same. */
static int partner_find(const struct reader *reader, uint32_t arm, const char *factor,
                        const char *level, uint32_t *found)
{
    static const char sql[] =
        "SELECT other.number FROM arm AS mine JOIN arm AS other ON other.study = mine.study AND "
        "other.planned AND other.variant IS mine.variant AND other.world = mine.world "
        "WHERE mine.arm = ?1 AND other.arm <> mine.arm "
        "AND EXISTS (SELECT 1 FROM setting WHERE setting.arm = other.arm AND name = ?2 "
        "AND level = ?3) AND NOT EXISTS (SELECT 1 FROM setting AS a JOIN setting AS b "
        "USING(factor) WHERE a.arm = mine.arm AND b.arm = other.arm AND a.name <> ?2 "
        "AND a.level <> b.level)";
    const struct results *results = reader->results;
    sqlite3_stmt *find;
    int code = look(reader, sql, results->arms[arm].id, &find);

    *found = UINT32_MAX;
    if (code != 0)
        return code;
    sqlite3_bind_text(find, 2, factor, -1, SQLITE_STATIC);
    sqlite3_bind_text(find, 3, level, -1, SQLITE_STATIC);
    if (sqlite3_step(find) == SQLITE_ROW) {
        uint32_t number = (uint32_t)sqlite3_column_int64(find, 0);

        for (uint32_t a = 0; a < results->arm_count; a++)
            if (results->arms[a].number == number)
                *found = a;
    }
    sqlite3_finalize(find);
    return 0;
}

static int differ(const struct reader *reader, struct training_arm *arm)
{
    const struct training *training = reader->training;
    const struct training_arm *other = &training->arms[arm->against];
    struct clusters mine = bin_clusters(arm, training_last(training, arm));
    struct clusters its = bin_clusters(other, training_last(training, other));

    return cluster_difference(&mine, &its, CONFIDENCE,
                              random_make(arm->arm, 0, other->arm, 0, STREAM_DESIGN, 0),
                              &arm->difference, reader->error);
}

static int differences(const struct reader *reader, const char *against)
{
    struct training *training = reader->training;
    const char *equals = strchr(against, '=');
    char factor[80];
    bool any = false;
    int code = 0;

    if (equals == NULL || equals == against || (size_t)(equals - against) >= sizeof factor)
        return error_set(reader->error, ERROR_INPUT,
                         "`%.100s`: FACTOR=LEVEL should stand here, such as on_failed=none",
                         against);
    snprintf(factor, sizeof factor, "%.*s", (int)(equals - against), against);
    for (uint32_t a = 0; a < training->arm_count && code == 0; a++) {
        code = partner_find(reader, a, factor, equals + 1, &training->arms[a].against);
        if (code == 0 && training->arms[a].against != UINT32_MAX) {
            any = true;
            code = differ(reader, &training->arms[a]);
        }
    }
    return code != 0 || any ? code
                            : error_set(reader->error, ERROR_INPUT,
                                        "no arm differs from another by `%.100s` alone", against);
}

/* ---- all ---- */

static int measure_check(const struct results *results, const char *measure, struct error *error)
{
    for (uint32_t m = 0; m < results->measure_count; m++)
        if (strcmp(results->measures[m].name, measure) == 0)
            return strcmp(measure, STUDY_SURVIVED) != 0
                       ? 0
                       : error_set(error, ERROR_INPUT, "`%s` has no time in a run", measure);
    return error_set(error, ERROR_INPUT, "`%.80s` is none of the study's measures", measure);
}

static int arms_read(const struct reader *reader)
{
    struct training *training = reader->training;
    bool any = false;
    int code = 0;

    training->arms = calloc((size_t)reader->results->arm_count + 1, sizeof *training->arms);
    if (training->arms == NULL)
        return memory(reader);
    while (code == 0 && training->arm_count < reader->results->arm_count) {
        struct training_arm *arm = &training->arms[training->arm_count++];

        code = arm_read(reader, arm, training->arm_count - 1);
        any = any || arm->learns;
    }
    return code != 0 || any ? code
                            : error_set(reader->error, ERROR_INPUT,
                                        "nobody learns in `%s`, or no run of it is there",
                                        reader->results->study);
}

int training_open(struct training **result, const struct results *results,
                  const struct store *store, const char *measure, uint32_t bins,
                  const char *against, struct error *error)
{
    struct training *training;
    struct reader reader = {results, store, store_database(store), NULL, TRAINING_NO_CHOICE, error};
    int code = measure_check(results, measure, error);

    *result = NULL;
    if (code != 0)
        return code;
    if (strcmp(measure, "relaunched_by_peers") == 0)
        reader.choice = TRAINING_RELAUNCH;
    else if (strcmp(measure, "masked") == 0)
        reader.choice = TRAINING_MASK;
    training = calloc(1, sizeof *training);
    if (training == NULL || (training->measure = strdup(measure)) == NULL) {
        free(training);
        return study_memory(error, "the training");
    }
    training->bin_count = bins;
    training->tasks = strcmp(measure, "availability") == 0;
    reader.training = training;
    code = arms_read(&reader);
    if (code == 0 && against != NULL)
        code = differences(&reader, against);
    if (code == 0)
        code = verdicts(&reader);
    if (code != 0) {
        training_close(training);
        return code;
    }
    *result = training;
    return 0;
}

void training_close(struct training *training)
{
    if (training == NULL)
        return;
    for (uint32_t a = 0; a < training->arm_count; a++) {
        for (uint32_t b = 0; b <= training->bin_count && training->arms[a].bins != NULL; b++) {
            free(training->arms[a].bins[b].part);
            free(training->arms[a].bins[b].whole);
            free(training->arms[a].bins[b].expected);
        }
        free(training->arms[a].bins);
    }
    free(training->arms);
    free(training->measure);
    free(training);
}
