#include "cli/protocol_database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/agent/percept.h"
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
    rows->events[rows->event_count++] = (struct protocol_event){.time = time,
                                                                .id = RECORD_ID_NONE,
                                                                .by = by,
                                                                .with = AGENT_NONE,
                                                                .variant = VARIANT_UNKNOWN,
                                                                .step = (uint8_t)step};
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

/* The columns of EPISODES. The counts stand at its end. */
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
    OF_RELINK,
    OF_COUNTS
};
static const char EPISODES[] =
    "SELECT replicate, number, target, failure, object, began_ns, died_ns, restored, thwarted, "
    "gave_up, to_notice_ns, to_relaunch_by_platform_ns, to_relink_ns, "
    "alerted, requested, stale, refused_volunteer, refused_relaunch, refused_relink, "
    "refused_report, refused_tamper, refused_misreport, refused_stall, refused_copy "
    "FROM episode WHERE arm = ?1 ORDER BY replicate, number";

/* What is counted of an episode, and neither when it was nor whose: the columns from OF_COUNTS on.
 */
static const struct {
    enum protocol_step step;
    uint16_t act; /* of STEP_REFUSED: enum act_kind */
} COUNTS[] = {{STEP_ALERTS, 0},
              {STEP_REQUESTS, 0},
              {STEP_STALE, 0},
              {STEP_REFUSED, ACT_VOLUNTEER},
              {STEP_REFUSED, ACT_RELAUNCH},
              {STEP_REFUSED, ACT_RELINK},
              {STEP_REFUSED, ACT_REPORT},
              {STEP_REFUSED, ACT_TAMPER},
              {STEP_REFUSED, ACT_MISREPORT},
              {STEP_REFUSED, ACT_STALL},
              {STEP_REFUSED, ACT_COPY}};
#define COUNTS_COUNT (sizeof COUNTS / sizeof *COUNTS)
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

/* A step of which the row tells that it was. */
static int untimed_put(struct rows *rows, enum protocol_step step, sqlite3_stmt *row, int column)
{
    return sqlite3_column_int64(row, column) > 0 ? event_put(rows, step, TIME_UNKNOWN, AGENT_NONE)
                                                 : 0;
}

static int counts_put(struct rows *rows, sqlite3_stmt *row)
{
    int code = 0;

    for (size_t i = 0; i < COUNTS_COUNT; i++) {
        int64_t count = sqlite3_column_int64(row, OF_COUNTS + (int)i);

        for (int64_t n = 0; n < count && code == 0; n++) {
            code = event_put(rows, COUNTS[i].step, TIME_UNKNOWN, AGENT_NONE);
            if (code == 0 && COUNTS[i].step == STEP_REFUSED)
                rows->events[rows->event_count - 1].variant = (uint16_t)(COUNTS[i].act << 8);
        }
    }
    return code;
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
    if (code == 0)
        code = untimed_put(rows, STEP_THWARTED, row, OF_THWARTED);
    if (code == 0)
        code = timed_put(rows, STEP_NOTICED, row, OF_NOTICE);
    if (code == 0)
        code = timed_put(rows, STEP_RESTARTED, row, OF_BY_PLATFORM);
    if (code == 0)
        code = timed_put(rows, STEP_RETURNED, row, OF_RELINK);
    if (code == 0)
        code = untimed_put(rows, STEP_GAVE_UP, row, OF_GAVE_UP);
    if (code == 0)
        code = counts_put(rows, row);
    if (code == 0)
        code = untimed_put(rows, STEP_RESTORED, row, OF_RESTORED);
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

/* What each step follows from is taken from the clock: there is nothing else. What has no time is
 * taken to follow from the death; but the operator's restoring comes last of all. */
static void turns_give(struct rows *rows, bool died)
{
    uint8_t turn = TURN_STOP;

    for (size_t i = 0; i < rows->event_count; i++) {
        struct protocol_event *event = &rows->events[i];

        if (event->time != TIME_UNKNOWN || event->step == STEP_RESTORED)
            turn = event->turn = protocol_turn_next(turn, event->step);
        else
            event->turn = died ? TURN_DEATH : TURN_STOP;
    }
}

static int episode_give(struct rows *rows, sqlite3_stmt *row, agent_id target,
                        struct protocols *protocols)
{
    struct protocol_crew crew = {.names = (const char *const *)rows->names,
                                 .agents = rows->name_count,
                                 .replicate = (uint32_t)sqlite3_column_int64(row, OF_REPLICATE)};
    struct protocol_episode episode = {.target = target,
                                       .failure = sqlite3_column_int(row, OF_FAILURE) != 0,
                                       .object = sqlite3_column_int(row, OF_OBJECT) != 0,
                                       .began = sqlite3_column_int64(row, OF_BEGAN),
                                       .died = TIME_UNKNOWN,
                                       .number = (uint64_t)sqlite3_column_int64(row, OF_NUMBER)};

    if (sqlite3_column_type(row, OF_DIED) != SQLITE_NULL)
        episode.died = sqlite3_column_int64(row, OF_DIED);
    if (rows->event_count > 0)
        qsort(rows->events, rows->event_count, sizeof *rows->events, by_time);
    turns_give(rows, episode.died != TIME_UNKNOWN);
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
enum { OF_ARM, OF_NAME, OF_WORLD, OF_SEED, OF_VERSION, OF_SCENARIO, OF_RUNS, OF_CONTACT };
static const char ARMS[] =
    "SELECT arm.arm, arm.name, arm.world, arm.seed, arm.version, study.scenario, "
    "(SELECT count(*) FROM run WHERE run.arm = arm.arm), "
    "EXISTS(SELECT 1 FROM crew WHERE crew.arm = arm.arm AND crew.horizon IS NOT NULL) "
    "FROM arm JOIN study ON study.name = arm.study WHERE arm.planned AND arm.study = ?1 "
    "AND (?2 IS NULL OR arm.name = ?2 OR arm.name GLOB ?2) ORDER BY arm.number";
static const char ARMS_COUNT[] = "SELECT count(*) FROM arm WHERE planned AND study = ?1";

/* A database under reading. */
struct reading {
    const char *path;
    const struct protocol_choice *choice;
    struct store *store;
    char *study;
    sqlite3_stmt *arms;
};

static int arm_describe(const struct reading *reading, struct protocols *protocols,
                        struct error *error)
{
    static const struct {
        enum protocol_source source;
        int column;
    } sources[] = {{SOURCE_SCENARIO, OF_SCENARIO},
                   {SOURCE_ARM, OF_NAME},
                   {SOURCE_WORLD, OF_WORLD},
                   {SOURCE_SEED, OF_SEED},
                   {SOURCE_VERSION, OF_VERSION}};
    const char *target = reading->choice->target, *without = reading->choice->without;
    int code = without != NULL ? protocols_leave_out(protocols, without, error) : 0;

    if (code != 0)
        return code;
    if (target != NULL)
        code = protocols_only(protocols, target);
    for (size_t i = 0; i < sizeof sources / sizeof *sources && code == 0; i++)
        code = protocols_source(protocols, sources[i].source,
                                column_text(reading->arms, sources[i].column));
    protocols_runs(protocols, (uint64_t)sqlite3_column_int64(reading->arms, OF_RUNS), true);
    return code == 0 ? 0 : error_set(error, code, "out of memory for the protocols");
}

static int arm_take(const struct reading *reading, protocol_arm_taker *take, void *context,
                    struct error *error)
{
    struct protocols *protocols;
    int code;

    if (sqlite3_column_int(reading->arms, OF_CONTACT) != 0)
        return error_set(error, ERROR_INPUT,
                         "%s: arm `%.100s` is of the contact rule set: nobody is stopped, notices "
                         "or decides in it, so there are no protocols",
                         reading->path, column_text(reading->arms, OF_NAME));
    protocols = protocols_open();
    code = protocols == NULL ? error_set(error, ERROR_MEMORY, "out of memory for the protocols")
                             : arm_describe(reading, protocols, error);
    if (code == 0)
        code = episodes_take(reading->store, sqlite3_column_int64(reading->arms, OF_ARM), protocols,
                             error);
    if (code == 0)
        code = take(context, protocols, error);
    protocols_close(protocols);
    return code;
}

/* The study asked for, or the only one. */
static int study_find(struct reading *reading, struct error *error)
{
    const char *study = reading->choice->study;
    sqlite3_stmt *statement = NULL;
    int code = 0, found = 0;

    if (sqlite3_prepare_v2(store_database(reading->store),
                           "SELECT name FROM study WHERE ?1 IS NULL OR name = ?1 ORDER BY name", -1,
                           &statement, NULL) != SQLITE_OK)
        return store_error(reading->store, error, "reading its studies");
    if (study != NULL)
        sqlite3_bind_text(statement, 1, study, -1, SQLITE_STATIC);
    while (code == 0 && sqlite3_step(statement) == SQLITE_ROW)
        if (found++ == 0 && (reading->study = strdup(column_text(statement, 0))) == NULL)
            code = error_set(error, ERROR_MEMORY, "out of memory");
    if (code == 0 && found == 0)
        code = error_set(error, ERROR_INPUT, "%s: there is no study%s%.200s%s in it", reading->path,
                         study != NULL ? " `" : "", study != NULL ? study : "",
                         study != NULL ? "`" : "");
    else if (code == 0 && found > 1)
        code = error_set(error, ERROR_INPUT, "%s: it holds %d studies; say which with --study",
                         reading->path, found);
    sqlite3_finalize(statement);
    return code;
}

/* Nobody reads a thousand pages that were not asked for. */
static int arms_limit(const struct reading *reading, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int64_t count = 0;

    if (reading->choice->arm != NULL)
        return 0;
    if (sqlite3_prepare_v2(store_database(reading->store), ARMS_COUNT, -1, &statement, NULL) !=
        SQLITE_OK)
        return store_error(reading->store, error, "reading its arms");
    sqlite3_bind_text(statement, 1, reading->study, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW)
        count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return count <= PROTOCOL_ARMS_MAX
               ? 0
               : error_set(error, ERROR_INPUT,
                           "%s: it has %lld arms, and each has a page of its own; choose some with "
                           "--arm PATTERN, or all with --arm '*'",
                           reading->path, (long long)count);
}

static int arms_find(struct reading *reading, struct error *error)
{
    const char *arm = reading->choice->arm;
    int code = study_find(reading, error);

    if (code == 0)
        code = arms_limit(reading, error);
    if (code != 0)
        return code;
    if (sqlite3_prepare_v2(store_database(reading->store), ARMS, -1, &reading->arms, NULL) !=
        SQLITE_OK)
        return store_error(reading->store, error, "reading its arms");
    sqlite3_bind_text(reading->arms, 1, reading->study, -1, SQLITE_STATIC);
    if (arm != NULL)
        sqlite3_bind_text(reading->arms, 2, arm, -1, SQLITE_STATIC);
    return 0;
}

int protocol_database_read(const char *path, const struct protocol_choice *choice,
                           protocol_arm_taker *take, void *context, struct error *error)
{
    struct reading reading = {.path = path, .choice = choice};
    const char *arm = choice->arm;
    uint32_t taken = 0;
    int step = SQLITE_DONE, code = store_open(&reading.store, path, STORE_READ, error);

    if (code != 0)
        return code;
    code = arms_find(&reading, error);
    for (; code == 0 && (step = sqlite3_step(reading.arms)) == SQLITE_ROW; taken++)
        code = arm_take(&reading, take, context, error);
    if (code == 0 && step != SQLITE_DONE)
        code = store_error(reading.store, error, "reading its arms");
    if (code == 0 && taken == 0)
        code = error_set(error, ERROR_INPUT,
                         "%s: study `%.100s` has no arm%s%.200s%s; `iolaus study show` lists them",
                         path, reading.study, arm != NULL ? " `" : "", arm != NULL ? arm : "",
                         arm != NULL ? "`" : "");
    sqlite3_finalize(reading.arms);
    free(reading.study);
    store_close(reading.store);
    return code;
}
