#include "cli/protocol_database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "study/schema.h"
#include "study/store.h"

int protocol_is_database(const char *path, struct error *error)
{
    static const char magic[16] = "SQLite format 3";
    char bytes[sizeof magic];
    FILE *file = fopen(path, "re");
    size_t length;

    if (file == NULL)
        return error_set(error, ERROR_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    errno = 0;
    length = fread(bytes, 1, sizeof bytes, file);
    if (ferror(file)) {
        int code = error_set(error, ERROR_INPUT, "%s: cannot be read: %s", path, strerror(errno));

        fclose(file);
        return code;
    }
    fclose(file);
    return length == sizeof bytes && memcmp(bytes, magic, sizeof magic) == 0;
}

/* ---- an episode's rows ---- */

/* The agents that one episode's rows name, and what they did. */
struct rows {
    char **names;
    struct protocol_event *events;
    uint32_t name_count, name_capacity;
    size_t event_count, event_capacity;
};

static void rows_clear(struct rows *rows)
{
    for (uint32_t i = 0; i < rows->name_count; i++)
        free(rows->names[i]);
    rows->name_count = 0;
    rows->event_count = 0;
}

static void rows_free(struct rows *rows)
{
    rows_clear(rows);
    free(rows->names);
    free(rows->events);
}

static const char *column_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text != NULL ? (const char *)text : "";
}

/* Few agents act in an episode; they are looked through. */
static int agent_of(struct rows *rows, const char *name, agent_id *agent)
{
    for (uint32_t i = 0; i < rows->name_count; i++)
        if (strcmp(rows->names[i], name) == 0) {
            *agent = i;
            return 0;
        }
    if (rows->name_count == rows->name_capacity) {
        uint32_t capacity = rows->name_capacity == 0 ? 16 : 2 * rows->name_capacity;
        char **names = realloc(rows->names, capacity * sizeof *names);

        if (names == NULL)
            return ERROR_MEMORY;
        rows->names = names;
        rows->name_capacity = capacity;
    }
    rows->names[rows->name_count] = strdup(name);
    if (rows->names[rows->name_count] == NULL)
        return ERROR_MEMORY;
    *agent = rows->name_count++;
    return 0;
}

static int event_put(struct rows *rows, enum protocol_step step, time_ns time, agent_id by)
{
    if (rows->event_count == rows->event_capacity) {
        size_t capacity = rows->event_capacity == 0 ? 32 : 2 * rows->event_capacity;
        struct protocol_event *events = realloc(rows->events, capacity * sizeof *events);

        if (events == NULL)
            return ERROR_MEMORY;
        rows->events = events;
        rows->event_capacity = capacity;
    }
    rows->events[rows->event_count++] = (struct protocol_event){
        .time = time, .id = RECORD_ID_NONE, .by = by, .with = AGENT_NONE, .step = (uint8_t)step};
    return 0;
}

/* The step that an effective act is; STEP_COUNT for none. */
static enum protocol_step step_of_act(const char *act)
{
    static const struct {
        enum analysis_act act;
        enum protocol_step step;
    } steps[] = {{OUTCOME_RELAUNCH, STEP_RELAUNCHED},   {OUTCOME_RELINK, STEP_RELINKED},
                 {OUTCOME_MASK, STEP_MASKED},           {OUTCOME_TAMPER, STEP_TAMPERED},
                 {OUTCOME_MISREPORT, STEP_MISREPORTED}, {OUTCOME_COPY, STEP_COPIED},
                 {OUTCOME_STALL, STEP_STALLED}};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (strcmp(schema_act(steps[i].act), act) == 0)
            return steps[i].step;
    return STEP_COUNT;
}

static uint8_t wanted_of(const char *text)
{
    for (unsigned wanted = 0; wanted < WANTED_COUNT; wanted++)
        if (strcmp(schema_wanted(wanted), text) == 0)
            return (uint8_t)wanted;
    return WANTED_SPONTANEOUS;
}

/* A row of the table act: act, wanted, who, whom, at_ns, inferred. Acts for another agent than the
 * target belong to none of the sequences. */
static int act_take(struct rows *rows, sqlite3_stmt *acts, const char *target)
{
    enum protocol_step step = step_of_act(column_text(acts, 0));
    agent_id by = AGENT_NONE;
    int code;

    if (step == STEP_COUNT || strcmp(column_text(acts, 3), target) != 0)
        return 0;
    code = agent_of(rows, column_text(acts, 2), &by);
    if (code == 0)
        code = event_put(rows, step, sqlite3_column_int64(acts, 4), by);
    if (code == 0) {
        rows->events[rows->event_count - 1].wanted = wanted_of(column_text(acts, 1));
        rows->events[rows->event_count - 1].flags =
            sqlite3_column_int(acts, 5) != 0 ? EVENT_INFERRED : 0;
    }
    return code;
}

/* The columns of EPISODES. */
enum {
    OF_REPLICATE,
    OF_NUMBER,
    OF_TARGET,
    OF_FAILURE,
    OF_OBJECT,
    OF_BEGAN,
    OF_DIED,
    OF_RESTORED,
    OF_THWARTED,
    OF_GAVE_UP,
    OF_NOTICE,
    OF_BY_PLATFORM,
    OF_RELINK
};
static const char EPISODES[] =
    "SELECT replicate, number, target, failure, object, began_ns, died_ns, restored, thwarted, "
    "gave_up, to_notice_ns, to_relaunch_by_platform_ns, to_relink_ns FROM episode WHERE arm = ?1 "
    "ORDER BY replicate, number";
static const char ACTS[] = "SELECT act, wanted, who, whom, at_ns, inferred FROM act WHERE arm = ?1 "
                           "AND replicate = ?2 AND episode = ?3 ORDER BY number";

/* A step of which the row gives the time since the death, or nothing. */
static int timed_put(struct rows *rows, enum protocol_step step, sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL ||
        sqlite3_column_type(row, OF_DIED) == SQLITE_NULL)
        return 0;
    return event_put(rows, step,
                     sqlite3_column_int64(row, OF_DIED) + sqlite3_column_int64(row, column),
                     AGENT_NONE);
}

/* What the row of an episode itself tells: the operator's and the platform's part. */
static int episode_put(struct rows *rows, sqlite3_stmt *row)
{
    bool failure = sqlite3_column_int(row, OF_FAILURE) != 0;
    time_ns began = sqlite3_column_int64(row, OF_BEGAN);
    int code = failure ? 0 : event_put(rows, STEP_STOP, began, AGENT_NONE);

    if (code == 0 && sqlite3_column_type(row, OF_DIED) != SQLITE_NULL)
        code = event_put(rows, STEP_DIED, sqlite3_column_int64(row, OF_DIED), AGENT_NONE);
    else if (code == 0 && failure)
        code = event_put(rows, STEP_HUNG, began, AGENT_NONE);
    if (code == 0 && sqlite3_column_int(row, OF_THWARTED) != 0)
        code = event_put(rows, STEP_THWARTED, TIME_UNKNOWN, AGENT_NONE);
    if (code == 0)
        code = timed_put(rows, STEP_NOTICED, row, OF_NOTICE);
    if (code == 0)
        code = timed_put(rows, STEP_RESTARTED, row, OF_BY_PLATFORM);
    if (code == 0)
        code = timed_put(rows, STEP_RETURNED, row, OF_RELINK);
    if (code == 0 && sqlite3_column_int(row, OF_GAVE_UP) != 0)
        code = event_put(rows, STEP_GAVE_UP, TIME_UNKNOWN, AGENT_NONE);
    if (code == 0 && sqlite3_column_int(row, OF_RESTORED) != 0)
        code = event_put(rows, STEP_RESTORED, TIME_UNKNOWN, AGENT_NONE);
    return code;
}

/* In order of time; what has none comes last. Steps at one time stand in the order of their kinds.
 */
static int by_time(const void *a, const void *b)
{
    const struct protocol_event *first = a, *second = b;
    time_ns one = first->time == TIME_UNKNOWN ? INT64_MAX : first->time;
    time_ns other = second->time == TIME_UNKNOWN ? INT64_MAX : second->time;

    if (one != other)
        return one < other ? -1 : 1;
    if (first->step != second->step)
        return first->step < second->step ? -1 : 1;
    return first->by < second->by ? -1 : first->by > second->by;
}

static int episode_give(struct rows *rows, sqlite3_stmt *row, agent_id target,
                        struct protocols *protocols)
{
    struct protocol_crew crew = {(const char *const *)rows->names, NULL, rows->name_count};
    struct protocol_episode episode = {.target = target,
                                       .failure = sqlite3_column_int(row, OF_FAILURE) != 0,
                                       .object = sqlite3_column_int(row, OF_OBJECT) != 0,
                                       .began = sqlite3_column_int64(row, OF_BEGAN),
                                       .died = TIME_UNKNOWN};

    if (sqlite3_column_type(row, OF_DIED) != SQLITE_NULL)
        episode.died = sqlite3_column_int64(row, OF_DIED);
    if (rows->event_count > 0)
        qsort(rows->events, rows->event_count, sizeof *rows->events, by_time);
    return protocols_add(protocols, &crew, &episode, rows->events, rows->event_count);
}

/* ---- an arm ---- */

static int episode_take(struct rows *rows, sqlite3_stmt *row, sqlite3_stmt *acts, int64_t arm,
                        struct protocols *protocols)
{
    agent_id target = AGENT_NONE;
    int code, step = SQLITE_DONE;

    rows_clear(rows);
    code = agent_of(rows, column_text(row, OF_TARGET), &target);
    if (code == 0)
        code = episode_put(rows, row);
    sqlite3_reset(acts);
    sqlite3_bind_int64(acts, 1, arm);
    sqlite3_bind_int64(acts, 2, sqlite3_column_int64(row, OF_REPLICATE));
    sqlite3_bind_int64(acts, 3, sqlite3_column_int64(row, OF_NUMBER));
    while (code == 0 && (step = sqlite3_step(acts)) == SQLITE_ROW)
        code = act_take(rows, acts, column_text(row, OF_TARGET));
    if (code == 0 && step != SQLITE_DONE)
        return ERROR_IO;
    return code == 0 ? episode_give(rows, row, target, protocols) : code;
}

static int episodes_take(const struct store *store, int64_t arm, struct protocols *protocols,
                         struct error *error)
{
    sqlite3 *database = store_database(store);
    sqlite3_stmt *episodes = NULL, *acts = NULL;
    struct rows rows = {0};
    int code = 0, step = SQLITE_DONE;

    if (sqlite3_prepare_v2(database, EPISODES, -1, &episodes, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(database, ACTS, -1, &acts, NULL) != SQLITE_OK) {
        code = store_error(store, error, "reading its episodes");
        goto out;
    }
    sqlite3_bind_int64(episodes, 1, arm);
    while (code == 0 && (step = sqlite3_step(episodes)) == SQLITE_ROW)
        code = episode_take(&rows, episodes, acts, arm, protocols);
    if (code == ERROR_MEMORY)
        error_set(error, code, "out of memory for the protocols");
    else if (code != 0 || step != SQLITE_DONE)
        code = store_error(store, error, "reading its episodes");
out:
    sqlite3_finalize(episodes);
    sqlite3_finalize(acts);
    rows_free(&rows);
    return code;
}

/* The columns of ARMS. */
enum { OF_ARM, OF_NAME, OF_WORLD, OF_SEED, OF_VERSION, OF_SCENARIO, OF_RUNS };
static const char ARMS[] =
    "SELECT arm.arm, arm.name, arm.world, arm.seed, arm.version, study.scenario, "
    "(SELECT count(*) FROM run WHERE run.arm = arm.arm) FROM arm JOIN study ON study.name = "
    "arm.study WHERE arm.planned AND arm.study = ?1 AND (?2 IS NULL OR arm.name = ?2) "
    "ORDER BY arm.number";

static int arm_take(const struct store *store, sqlite3_stmt *row,
                    int (*take)(void *context, struct protocols *protocols, struct error *error),
                    void *context, struct error *error)
{
    static const struct {
        enum protocol_source source;
        int column;
    } sources[] = {{SOURCE_SCENARIO, OF_SCENARIO},
                   {SOURCE_ARM, OF_NAME},
                   {SOURCE_WORLD, OF_WORLD},
                   {SOURCE_SEED, OF_SEED},
                   {SOURCE_VERSION, OF_VERSION}};
    struct protocols *protocols = protocols_open();
    int code = protocols == NULL ? ERROR_MEMORY : 0;

    for (size_t i = 0; i < sizeof sources / sizeof *sources && code == 0; i++)
        code = protocols_source(protocols, sources[i].source, column_text(row, sources[i].column));
    if (code != 0) {
        error_set(error, code, "out of memory for the protocols");
    } else {
        protocols_runs(protocols, (uint64_t)sqlite3_column_int64(row, OF_RUNS), true);
        code = episodes_take(store, sqlite3_column_int64(row, OF_ARM), protocols, error);
    }
    if (code == 0)
        code = take(context, protocols, error);
    protocols_close(protocols);
    return code;
}

/* The study asked for, or the only one. The caller frees it. */
static int study_find(const struct store *store, const char *path, const char *study, char **name,
                      struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int code = 0, found = 0;

    *name = NULL;
    if (sqlite3_prepare_v2(store_database(store),
                           "SELECT name FROM study WHERE ?1 IS NULL OR name = ?1 ORDER BY name", -1,
                           &statement, NULL) != SQLITE_OK)
        return store_error(store, error, "reading its studies");
    if (study != NULL)
        sqlite3_bind_text(statement, 1, study, -1, SQLITE_STATIC);
    while (code == 0 && sqlite3_step(statement) == SQLITE_ROW)
        if (found++ == 0 && (*name = strdup(column_text(statement, 0))) == NULL)
            code = error_set(error, ERROR_MEMORY, "out of memory");
    if (code == 0 && found == 0)
        code = error_set(error, ERROR_INPUT, "%s: there is no study%s%.200s%s in it", path,
                         study != NULL ? " `" : "", study != NULL ? study : "",
                         study != NULL ? "`" : "");
    else if (code == 0 && found > 1)
        code = error_set(error, ERROR_INPUT, "%s: it holds %d studies; say which with --study",
                         path, found);
    sqlite3_finalize(statement);
    return code;
}

int protocol_database_read(const char *path, const char *study, const char *arm,
                           int (*take)(void *context, struct protocols *protocols,
                                       struct error *error),
                           void *context, struct error *error)
{
    struct store *store;
    sqlite3_stmt *arms = NULL;
    char *name = NULL;
    uint32_t taken = 0;
    int step = SQLITE_DONE, code = store_open(&store, path, STORE_READ, error);

    if (code != 0)
        return code;
    code = study_find(store, path, study, &name, error);
    if (code == 0 && sqlite3_prepare_v2(store_database(store), ARMS, -1, &arms, NULL) != SQLITE_OK)
        code = store_error(store, error, "reading its arms");
    if (code == 0) {
        sqlite3_bind_text(arms, 1, name, -1, SQLITE_STATIC);
        if (arm != NULL)
            sqlite3_bind_text(arms, 2, arm, -1, SQLITE_STATIC);
    }
    for (; code == 0 && (step = sqlite3_step(arms)) == SQLITE_ROW; taken++)
        code = arm_take(store, arms, take, context, error);
    if (code == 0 && step != SQLITE_DONE)
        code = store_error(store, error, "reading its arms");
    if (code == 0 && taken == 0)
        code = error_set(error, ERROR_INPUT,
                         "%s: study `%.100s` has no arm%s%.200s%s; `iolaus study show` lists them",
                         path, name, arm != NULL ? " `" : "", arm != NULL ? arm : "",
                         arm != NULL ? "`" : "");
    sqlite3_finalize(arms);
    free(name);
    store_close(store);
    return code;
}
