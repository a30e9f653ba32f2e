#include "study/store.h"

#include <assert.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "study/learners.h"
#include "study/schema.h"
#include "study/sources.h"

static const char store_version[] = IOLAUS_VERSION " (sources " IOLAUS_SOURCES ")";

enum statement {
    PUT_STUDY,
    PUT_ARM,
    PUT_SETTING,
    PUT_CREW,
    PUT_THRESHOLD,
    PUT_DESCENT,
    PUT_RUN,
    PUT_EPISODE,
    PUT_ACT,
    PUT_DECISION,
    HAS_RUN,
    STATEMENTS
};

struct store {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    char *path;
    struct utsname host;
};

static const char *const texts[STATEMENTS] = {
    [PUT_STUDY] = "INSERT OR REPLACE INTO study VALUES(?,?,?,?,?,?,?,?)",
    [PUT_ARM] = "INSERT OR REPLACE INTO arm VALUES(?,?,1,?,?,?,?,?,?,?,?,?)",
    [PUT_SETTING] = "INSERT OR REPLACE INTO setting VALUES(?,?,?,?,?)",
    [PUT_CREW] = "INSERT OR REPLACE INTO crew VALUES(?,?,?,?,?,?,?,?,?,?)",
    [PUT_THRESHOLD] = "INSERT INTO threshold VALUES(?,?,?,?,?,?,?,?)",
    [PUT_DESCENT] = "INSERT INTO descent VALUES(?,?,?,?)",
    /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text on two lines */
    [PUT_RUN] = "INSERT INTO run VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
                "strftime('%Y-%m-%dT%H:%M:%fZ','now'),?)",
    [PUT_ACT] = "INSERT INTO act VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [PUT_DECISION] = "INSERT INTO decision VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
                     "?,?,?,?,?,?,?)",
    [HAS_RUN] = "SELECT 1 FROM run WHERE arm=? AND replicate=?",
};

int store_error(const struct store *store, struct error *error, const char *doing)
{
    return error_set(error, ERROR_IO, "%.200s: %s: %s", store->path, doing,
                     sqlite3_errmsg(store->database));
}

sqlite3 *store_database(const struct store *store)
{
    return store->database;
}

static int execute(struct store *store, const char *sql, struct error *error, const char *doing)
{
    return sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : store_error(store, error, doing);
}

/* ---- opening ---- */

/* 0: empty; 1: ours; else an error. */
static int look_at_format(struct store *store, struct error *error)
{
    sqlite3_stmt *look;
    int tables = 0, format = 0;

    if (sqlite3_prepare_v2(store->database, "SELECT count(*) FROM sqlite_master", -1, &look,
                           NULL) != SQLITE_OK)
        return error_set(error, ERROR_INPUT, "%.200s is no results database: %s", store->path,
                         sqlite3_errmsg(store->database));
    if (sqlite3_step(look) == SQLITE_ROW)
        tables = sqlite3_column_int(look, 0);
    sqlite3_finalize(look);
    if (tables == 0)
        return 0;
    if (sqlite3_prepare_v2(store->database, "SELECT value FROM about WHERE key='iolaus results'",
                           -1, &look, NULL) != SQLITE_OK)
        return error_set(error, ERROR_INPUT,
                         "%.200s is an SQLite database, but no results of a study", store->path);
    if (sqlite3_step(look) == SQLITE_ROW)
        format = sqlite3_column_int(look, 0);
    sqlite3_finalize(look);
    return format == STORE_FORMAT
               ? 1
               : error_set(
                     error, ERROR_INPUT,
                     "%.200s holds results of format %d; this program reads and writes format "
                     "%d: name another file with --db",
                     store->path, format, STORE_FORMAT);
}

static int make_schema(struct store *store, struct error *error)
{
    char *sql = schema_sql();
    char about[128];
    int code;

    if (sql == NULL)
        return study_memory(error, "the schema");
    snprintf(about, sizeof about, "INSERT INTO about VALUES('iolaus results', '%d');",
             STORE_FORMAT);
    code = execute(store, "BEGIN IMMEDIATE", error, "making it");
    if (code == 0)
        code = execute(store, sql, error, "making its tables");
    if (code == 0)
        code = execute(store, about, error, "making its tables");
    if (code == 0)
        code = execute(store, "COMMIT", error, "making it");
    free(sql);
    return code;
}

static int prepare(struct store *store, struct error *error)
{
    char *episode = schema_insert_episode();
    int code = episode == NULL ? study_memory(error, "the study") : 0;

    for (int i = 0; i < STATEMENTS && code == 0; i++) {
        const char *text = i == PUT_EPISODE ? episode : texts[i];

        if (sqlite3_prepare_v3(store->database, text, -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            code = store_error(store, error, "preparing");
    }
    free(episode);
    return code;
}

int store_open(struct store **result, const char *path, enum store_mode mode, struct error *error)
{
    struct store *store = calloc(1, sizeof *store);
    int flags =
        mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int code = 0;

    *result = NULL;
    if (store == NULL || (store->path = strdup(path)) == NULL || sodium_init() < 0) {
        free(store);
        return study_memory(error, "the study");
    }
    if (uname(&store->host) != 0)
        strcpy(store->host.nodename, "?");
    if (sqlite3_open_v2(path, &store->database, flags, NULL) != SQLITE_OK)
        code = store_error(store, error, "opening it");
    if (code == 0) {
        sqlite3_busy_timeout(store->database, 10000);
        code = look_at_format(store, error);
    }
    if (code == 0 && mode == STORE_READ)
        code = error_set(error, ERROR_INPUT, "%.200s is empty", path);
    else if (code >= 0 && mode == STORE_WRITE) {
        int made = code;

        code = execute(store,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                       "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=8192;",
                       error, "setting it up");
        if (code == 0 && made == 0)
            code = make_schema(store, error);
        if (code == 0 && made == 1) /* by a version that kept no decisions */
            code = execute(store, schema_decision, error, "making its tables");
        if (code == 0)
            code = prepare(store, error);
    }
    if (code < 0) {
        store_close(store);
        return code;
    }
    *result = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->database);
    free(store->path);
    free(store);
}

/* ---- binding ---- */

static void put_text(sqlite3_stmt *statement, int at, const char *text)
{
    if (text == NULL)
        sqlite3_bind_null(statement, at);
    else
        sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static void put_hex(sqlite3_stmt *statement, int at, const unsigned char *bytes, size_t size)
{
    char text[2 * 32 + 1];

    assert(size <= 32);
    sodium_bin2hex(text, sizeof text, bytes, size);
    put_text(statement, at, text);
}

/* Beyond 63 bits an integer of SQLite would be another number. */
static void put_unsigned(sqlite3_stmt *statement, int at, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    put_text(statement, at, text);
}

static void put_number(sqlite3_stmt *statement, int at, double number)
{
    if (isnan(number))
        sqlite3_bind_null(statement, at);
    else
        sqlite3_bind_double(statement, at, number);
}

static int done(struct store *store, enum statement which, struct error *error, const char *doing)
{
    int code = sqlite3_step(store->statements[which]);

    sqlite3_reset(store->statements[which]);
    return code == SQLITE_DONE ? 0 : store_error(store, error, doing);
}

/* ---- the plan ---- */

int64_t store_arm_id(const struct study *study, uint32_t arm)
{
    const struct study_arm *of = &study->arms[arm];
    crypto_generichash_state state;
    unsigned char bytes[16];
    char text[200];
    uint64_t id = 0;

    crypto_generichash_init(&state, NULL, 0, sizeof bytes);
    snprintf(text, sizeof text, "%s|%d|%s|%llu|", store_version, STORE_FORMAT,
             of->live ? "live" : "sim", (unsigned long long)of->seed);
    crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
    crypto_generichash_update(&state, of->digest, sizeof of->digest);
    /* A run whose decisions were not kept is none of a study that keeps them. */
    if (study->keep_decisions)
        crypto_generichash_update(&state, (const unsigned char *)"decisions", 9);
    /* Arms of different studies, and those that differ in name alone, have rows of their own. */
    crypto_generichash_update(&state, (const unsigned char *)study->name, strlen(study->name) + 1);
    crypto_generichash_update(&state, (const unsigned char *)of->name, strlen(of->name) + 1);
    crypto_generichash_final(&state, bytes, sizeof bytes);
    for (int i = 0; i < 8; i++)
        id |= (uint64_t)bytes[i] << (8 * i);
    return (int64_t)(id >> 1);
}

static char *changes_text(const struct study_arm *arm)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    for (uint32_t i = 0; i < arm->change_count; i++)
        fprintf(out, "%s%s", i == 0 ? "" : "\n", arm->changes[i].text);
    return fclose(out) == 0 ? text : NULL;
}

static int put_settings(struct store *store, const struct study *study, const struct study_arm *arm,
                        int64_t id, struct error *error)
{
    sqlite3_stmt *put = store->statements[PUT_SETTING];

    for (uint32_t f = 0; f < study->factor_count; f++) {
        const struct study_factor *factor = &study->factors[f];
        bool range = arm->level[f] == UINT32_MAX;
        char value[64];
        int code;

        snprintf(value, sizeof value, "%.10g%s", arm->value[f], factor->unit);
        sqlite3_bind_int64(put, 1, id);
        sqlite3_bind_int(put, 2, (int)f);
        put_text(put, 3, factor->name);
        put_text(put, 4, range ? value : factor->levels[arm->level[f]].name);
        put_number(put, 5, arm->value[f]);
        code = done(store, PUT_SETTING, error, "writing a setting");
        if (code != 0)
            return code;
    }
    return 0;
}

static int put_crew(struct store *store, const struct study_crew *crew, int64_t id,
                    struct error *error)
{
    sqlite3_stmt *put = store->statements[PUT_CREW];

    sqlite3_bind_int64(put, 1, id);
    sqlite3_bind_int64(put, 2, crew->agents);
    sqlite3_bind_int64(put, 3, (int64_t)crew->links);
    put_number(put, 4, crew->rate);
    put_number(put, 5, crew->horizon);
    put_number(put, 6, crew->radius);
    sqlite3_bind_null(put, 7);
    sqlite3_bind_null(put, 8);
    sqlite3_bind_null(put, 9);
    if (crew->swept) {
        sqlite3_bind_int64(put, 7, (int64_t)crew->cut_width);
        sqlite3_bind_int64(put, 8, (int64_t)crew->cut_sum);
        sqlite3_bind_int64(put, 9, crew->gap);
    }
    put_number(put, 10, crew->budget);
    return done(store, PUT_CREW, error, "writing a crew");
}

static int put_arm(struct store *store, const struct study *study, uint32_t number,
                   struct error *error)
{
    const struct study_arm *arm = &study->arms[number];
    sqlite3_stmt *put = store->statements[PUT_ARM];
    int64_t id = store_arm_id(study, number);
    char *changes = changes_text(arm);
    int code;

    if (changes == NULL)
        return study_memory(error, "an arm");
    sqlite3_bind_int64(put, 1, id);
    put_text(put, 2, study->name);
    sqlite3_bind_int64(put, 3, number);
    sqlite3_bind_int64(put, 4, arm->cell);
    put_text(put, 5, arm->variant < 0 ? NULL : study->variants[arm->variant].name);
    put_text(put, 6, arm->name);
    put_text(put, 7, arm->live ? "live" : "sim");
    put_unsigned(put, 8, arm->seed);
    put_text(put, 9, changes);
    put_hex(put, 10, arm->digest, sizeof arm->digest);
    put_text(put, 11, store_version);
    code = done(store, PUT_ARM, error, "writing an arm");
    free(changes);
    if (code == 0)
        code = put_crew(store, &arm->crew, id, error);
    return code == 0 ? put_settings(store, study, arm, id, error) : code;
}

/* The study's own rows, in place of those of an earlier plan. */
static int put_lists(struct store *store, const struct study *study, struct error *error)
{
    char *sql = NULL;
    size_t size;
    FILE *out = open_memstream(&sql, &size);
    int code;

    if (out == NULL)
        return study_memory(error, "the plan");
    /* Names are letters, digits, _ and -; a level's may be anything. */
    fprintf(out,
            "DELETE FROM level WHERE study='%s'; DELETE FROM factor WHERE study='%s';"
            "DELETE FROM measure WHERE study='%s'; DELETE FROM threshold WHERE study='%s';",
            study->name, study->name, study->name, study->name);
    for (uint32_t f = 0; f < study->factor_count; f++) {
        const struct study_factor *factor = &study->factors[f];

        fprintf(out, "INSERT INTO factor VALUES('%s',%u,'%s');", study->name, f, factor->name);
        for (uint32_t l = 0; l < factor->level_count; l++) {
            char *quoted = sqlite3_mprintf("INSERT INTO level VALUES(%Q,%d,%d,%Q);", study->name,
                                           (int)f, (int)l, factor->levels[l].name);

            fputs(quoted == NULL ? "" : quoted, out);
            sqlite3_free(quoted);
        }
    }
    for (uint32_t m = 0; m < study->measure_count; m++) {
        const char *family = "";

        for (uint32_t g = 0; g < study->family_count; g++)
            for (uint32_t i = 0; i < study->families[g].measure_count; i++)
                if (strcmp(study->families[g].measures[i], study->measures[m]) == 0)
                    family = study->families[g].name;
        fprintf(out, "INSERT INTO measure VALUES('%s',%u,'%s','%s');", study->name, m,
                study->measures[m], family);
    }
    fprintf(out, "UPDATE arm SET planned=0, number=NULL WHERE study='%s';", study->name);
    if (fclose(out) != 0)
        return study_memory(error, "the plan");
    code = execute(store, sql, error, "writing the plan");
    free(sql);
    return code;
}

static int put_study(struct store *store, const struct study *study, struct error *error)
{
    static const char *const designs[] = {[DESIGN_FACTORIAL] = "factorial",
                                          [DESIGN_ONE_AT_A_TIME] = "one-at-a-time",
                                          [DESIGN_LATIN] = "latin",
                                          [DESIGN_SOBOL] = "sobol"};
    sqlite3_stmt *put = store->statements[PUT_STUDY];

    put_text(put, 1, study->name);
    put_text(put, 2, study->about);
    put_hex(put, 3, study->digest, sizeof study->digest);
    put_text(put, 4, study->scenario_path);
    put_text(put, 5, designs[study->design]);
    put_unsigned(put, 6, study->seed);
    sqlite3_bind_int64(put, 7, study->replicates);
    put_text(put, 8, store_version);
    return done(store, PUT_STUDY, error, "writing the study");
}

/* The number of a factor, or null where there is none. */
static void put_factor(sqlite3_stmt *put, int at, int factor)
{
    if (factor < 0)
        sqlite3_bind_null(put, at);
    else
        sqlite3_bind_int(put, at, factor);
}

static int put_threshold(struct store *store, const struct study *study, struct error *error)
{
    const struct study_threshold *threshold = &study->threshold;
    sqlite3_stmt *put = store->statements[PUT_THRESHOLD];
    int code = 0;

    for (uint32_t l = 0; l < threshold->known_count && code == 0; l++) {
        put_text(put, 1, study->name);
        sqlite3_bind_int(put, 2, threshold->rate);
        put_factor(put, 3, threshold->kill);
        put_factor(put, 4, threshold->size);
        put_factor(put, 5, threshold->each);
        put_text(put, 6, threshold->each < 0 ? "" : study->factors[threshold->each].levels[l].name);
        put_number(put, 7, threshold->known[l]);
        put_text(put, 8, threshold->source);
        code = done(store, PUT_THRESHOLD, error, "writing a threshold");
    }
    return code;
}

int store_plan(struct store *store, const struct study *study, struct error *error)
{
    int code = store_begin(store, error);

    if (code == 0)
        code = put_study(store, study, error);
    if (code == 0)
        code = put_lists(store, study, error);
    if (code == 0)
        code = put_threshold(store, study, error);
    for (uint32_t a = 0; a < study->arm_count && code == 0; a++)
        code = put_arm(store, study, a, error);
    if (code == 0)
        return store_commit(store, error);
    sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

bool store_has(struct store *store, int64_t arm, uint32_t replicate)
{
    sqlite3_stmt *has = store->statements[HAS_RUN];
    bool found;

    sqlite3_bind_int64(has, 1, arm);
    sqlite3_bind_int64(has, 2, replicate);
    found = sqlite3_step(has) == SQLITE_ROW;
    sqlite3_reset(has);
    return found;
}

/* ---- runs ---- */

int store_begin(struct store *store, struct error *error)
{
    return execute(store, "BEGIN IMMEDIATE", error, "beginning to write");
}

int store_commit(struct store *store, struct error *error)
{
    return execute(store, "COMMIT", error, "writing");
}

static void put_time(sqlite3_stmt *put, int at, time_ns time)
{
    if (time < 0)
        sqlite3_bind_null(put, at);
    else
        sqlite3_bind_int64(put, at, time);
}

static int put_episode(struct store *store, int64_t arm, const struct run_rows *rows,
                       const struct episode_kept *kept, const struct scenario *scenario,
                       struct error *error)
{
    sqlite3_stmt *put = store->statements[PUT_EPISODE];
    const struct episode_row *row = &kept->row;
    char name[SCENARIO_NAME_BYTES];
    int at = EPISODE_COLUMNS_BEFORE;

    sqlite3_bind_int64(put, 1, arm);
    sqlite3_bind_int64(put, 2, rows->replicate);
    sqlite3_bind_int64(put, 3, row->number);
    put_text(put, 4, scenario_agent_name(scenario, row->target, name));
    sqlite3_bind_int(put, 5, row->failure);
    sqlite3_bind_int(put, 6, row->object);
    sqlite3_bind_int64(put, 7, row->began);
    put_time(put, 8, row->stopped);
    put_time(put, 9, row->died);
    sqlite3_bind_int64(put, 10, row->watched);
    sqlite3_bind_int64(put, 11, row->dead);
    sqlite3_bind_int64(put, 12, row->masked);
    sqlite3_bind_int64(put, 13, row->responses_direct);
    sqlite3_bind_int64(put, 14, row->responses_direct_proven);
    sqlite3_bind_int64(put, 15, row->responses_direct_after);
    put_time(put, 16, row->fence);
    put_time(put, 17, row->sealed);
    sqlite3_bind_int64(put, 18, row->ran);
    put_time(put, 19, row->act);
    sqlite3_bind_int64(put, 20, row->defence_acts);
    sqlite3_bind_int64(put, 21, row->defence_messages);
    sqlite3_bind_int64(put, 22, row->kill_actions);
    sqlite3_bind_int64(put, 23, row->kill_messages);
    for (unsigned m = 0; m < MEASURE_COUNT; m++)
        sqlite3_bind_int64(put, ++at, kept->acts[m]);
    for (unsigned t = 0; t < TIME_COUNT; t++)
        put_time(put, ++at, kept->times[t]);
    return done(store, PUT_EPISODE, error, "writing an episode");
}

static int put_act(struct store *store, int64_t arm, const struct run_rows *rows,
                   const struct act_row *row, const struct scenario *scenario, struct error *error)
{
    sqlite3_stmt *put = store->statements[PUT_ACT];
    char name[SCENARIO_NAME_BYTES], record[32];

    sqlite3_bind_int64(put, 1, arm);
    sqlite3_bind_int64(put, 2, rows->replicate);
    sqlite3_bind_int64(put, 3, row->episode);
    sqlite3_bind_int64(put, 4, row->number);
    put_text(put, 5, schema_act(row->act));
    put_text(put, 6, schema_wanted(row->wanted));
    put_text(put, 7, scenario_agent_name(scenario, row->who, name));
    put_text(put, 8, scenario_agent_name(scenario, row->whom, name));
    sqlite3_bind_int64(put, 9, row->at);
    sqlite3_bind_int64(put, 10, row->generation);
    sqlite3_bind_int64(put, 11, row->generation_after);
    sqlite3_bind_int(put, 12, row->inferred);
    snprintf(record, sizeof record, "%u:%u", row->record.writer, row->record.sequence);
    put_text(put, 13, record);
    return done(store, PUT_ACT, error, "writing an act");
}

static void put_sums(sqlite3_stmt *put, int at, const struct run_row *sums)
{
    const int64_t numbers[] = {
        (int64_t)sums->duplicates,  sums->duplicate,         sums->running,
        (int64_t)sums->tasks_again, (int64_t)sums->innocent, (int64_t)sums->innocent_done};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sqlite3_bind_int64(put, at + (int)i, numbers[i]);
}

static int put_decision(struct store *store, int64_t arm, const struct run_rows *rows,
                        const struct decision_row *row, const struct scenario *scenario,
                        struct error *error)
{
    const struct situation *situation = &row->situation;
    sqlite3_stmt *put = store->statements[PUT_DECISION];
    char name[SCENARIO_NAME_BYTES], record[32];
    bool asked = row->wanted != WANTED_SPONTANEOUS;
    int at = 20;

    sqlite3_bind_int64(put, 1, arm);
    sqlite3_bind_int64(put, 2, rows->replicate);
    sqlite3_bind_int64(put, 3, row->episode);
    sqlite3_bind_int64(put, 4, row->number);
    put_text(put, 5, scenario_agent_name(scenario, row->who, name));
    put_text(put, 6, scenario_agent_name(scenario, row->whom, name));
    sqlite3_bind_int64(put, 7, row->at);
    sqlite3_bind_int64(put, 8, row->decided);
    put_text(put, 9, schema_wanted(row->wanted));
    put_text(put, 10,
             asked && row->by != AGENT_NONE ? scenario_agent_name(scenario, row->by, name) : NULL);
    put_text(put, 11,
             asked && row->via != AGENT_NONE ? scenario_agent_name(scenario, row->via, name)
                                             : NULL);
    put_text(put, 12, schema_bond(situation->bond));
    sqlite3_bind_double(put, 13, situation->dependence / 255.0);
    sqlite3_bind_int(put, 14, situation->object);
    sqlite3_bind_int(put, 15, situation->watched);
    put_text(put, 16, schema_notice(situation->how));
    sqlite3_bind_int(put, 17, situation->attempts);
    sqlite3_bind_int(put, 18, situation->punitive);
    put_text(put, 19, schema_prohibition(situation->prohibition));
    sqlite3_bind_int(put, 20, situation->group_size);
    for (int choice = 0; choice < CHOICE_COUNT; choice++)
        sqlite3_bind_int(put, ++at, (row->choice >> choice & 1) != 0);
    sqlite3_bind_int(put, ++at, row->effective);
    snprintf(record, sizeof record, "%u:%u", row->record.writer, row->record.sequence);
    put_text(put, ++at, record);
    return done(store, PUT_DECISION, error, "writing a decision");
}

static int put_run(struct store *store, int64_t arm, bool live, const struct run_rows *rows,
                   struct error *error)
{
    sqlite3_stmt *put = store->statements[PUT_RUN];
    uint64_t found = 0;

    for (int kind = 0; kind < BEHIND_COUNT; kind++)
        found += rows->behind[kind];
    sqlite3_bind_int64(put, 1, arm);
    sqlite3_bind_int64(put, 2, rows->replicate);
    put_hex(put, 3, rows->digest, sizeof rows->digest);
    sqlite3_bind_int64(put, 4, (int64_t)rows->events);
    sqlite3_bind_int64(put, 5, (int64_t)rows->records);
    sqlite3_bind_int64(put, 6, rows->ended);
    sqlite3_bind_int64(put, 7, (int64_t)rows->stops);
    sqlite3_bind_int64(put, 8, (int64_t)rows->failures);
    sqlite3_bind_int64(put, 9, (int64_t)rows->tasks_emitted);
    sqlite3_bind_int64(put, 10, (int64_t)rows->tasks_done);
    if (live)
        sqlite3_bind_int64(put, 11, (int64_t)found);
    else
        sqlite3_bind_null(put, 11);
    if (live)
        sqlite3_bind_int64(put, 12, (int64_t)rows->unobserved_gaps);
    else
        sqlite3_bind_null(put, 12);
    sqlite3_bind_null(put, 13);
    if (rows->extinct_at != TIME_NEVER)
        sqlite3_bind_int64(put, 13, rows->extinct_at);
    sqlite3_bind_int64(put, 14, rows->alive_end);
    put_sums(put, 15, &rows->sums);
    sqlite3_bind_double(put, 21, rows->wall_s);
    sqlite3_bind_double(put, 22, rows->wall_cpu_s); /* SQLite takes NAN for NULL */
    sqlite3_bind_double(put, 23, rows->wall_defenders_s);
    put_text(put, 24, store->host.nodename);
    return done(store, PUT_RUN, error, "writing a run");
}

static int put_descent(struct store *store, int64_t arm, const struct run_rows *rows,
                       struct error *error)
{
    sqlite3_stmt *put = store->statements[PUT_DESCENT];
    int code = 0;

    for (int g = 0; g < CONTACT_GENERATIONS && rows->descends && code == 0; g++) {
        if (rows->lives[g] == 0)
            break;
        sqlite3_bind_int64(put, 1, arm);
        sqlite3_bind_int64(put, 2, rows->replicate);
        sqlite3_bind_int64(put, 3, g);
        sqlite3_bind_int64(put, 4, (int64_t)rows->lives[g]);
        code = done(store, PUT_DESCENT, error, "writing a descent");
    }
    return code;
}

int store_run(struct store *store, const struct study *study, const struct run_rows *rows,
              const struct scenario *scenario, struct error *error)
{
    int64_t arm = store_arm_id(study, rows->arm);
    int code = put_run(store, arm, study->arms[rows->arm].live, rows, error);

    if (code == 0)
        code = put_descent(store, arm, rows, error);
    for (uint32_t i = 0; i < rows->episode_count && code == 0; i++)
        code = put_episode(store, arm, rows, &rows->episodes[i], scenario, error);
    for (uint32_t i = 0; i < rows->act_count && code == 0; i++)
        code = put_act(store, arm, rows, &rows->acts[i], scenario, error);
    for (uint32_t i = 0; i < rows->decision_count && code == 0; i++)
        code = put_decision(store, arm, rows, &rows->decisions[i], scenario, error);
    return code == 0 ? learners_put(store, arm, rows, scenario, error) : code;
}
