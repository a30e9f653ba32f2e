#include "study/stops_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    struct stops_data *data;
    const struct store *store;
    const char *study;
    struct error *error;
};

static int memory(const struct loader *loader)
{
    return study_memory(loader->error, "the stops");
}

/* `?1` is the study. */
static int look(const struct loader *loader, const char *sql, sqlite3_stmt **rows)
{
    if (sqlite3_prepare_v2(store_database(loader->store), sql, -1, rows, NULL) != SQLITE_OK)
        return store_error(loader->store, loader->error, "reading the stops");
    sqlite3_bind_text(*rows, 1, loader->study, -1, SQLITE_STATIC);
    return 0;
}

static char *text_at(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);

    return strdup(text == NULL ? "" : (const char *)text);
}

/* Room for one more element at the end of a list of `count`. */
static void *grown(void *list, uint32_t count, size_t size)
{
    if ((count & (count - 1)) != 0) /* only at powers of two */
        return list;
    return realloc(list, (count == 0 ? 1 : 2 * (size_t)count) * size);
}

static int factors_read(struct loader *loader)
{
    struct stops_data *data = loader->data;
    sqlite3_stmt *row;
    int code = look(loader, "SELECT name FROM factor WHERE study=?1 ORDER BY number", &row);

    data->protocol = UINT32_MAX;
    while (code == 0 && sqlite3_step(row) == SQLITE_ROW) {
        char **more = grown(data->factors, data->factor_count, sizeof *more);

        if (more == NULL) {
            code = memory(loader);
            break;
        }
        data->factors = more;
        more[data->factor_count] = text_at(row, 0);
        if (more[data->factor_count] == NULL)
            code = memory(loader);
        else if (strcmp(more[data->factor_count], STOPS_FACTOR) == 0)
            data->protocol = data->factor_count;
        data->factor_count++;
    }
    sqlite3_finalize(row);
    if (code == 0 && data->protocol == UINT32_MAX)
        code = error_set(loader->error, ERROR_INPUT,
                         "the study `%.80s` has no factor `" STOPS_FACTOR "` to compare",
                         loader->study);
    return code;
}

static int first_level_read(struct loader *loader)
{
    struct stops_data *data = loader->data;
    sqlite3_stmt *row;
    int code =
        look(loader, "SELECT name FROM level WHERE study=?1 AND factor=?2 AND number=0", &row);

    if (code != 0)
        return code;
    sqlite3_bind_int64(row, 2, data->protocol);
    if (sqlite3_step(row) == SQLITE_ROW)
        data->first_level = text_at(row, 0);
    sqlite3_finalize(row);
    return data->first_level == NULL ? memory(loader) : 0;
}

static int arms_read(struct loader *loader)
{
    struct stops_data *data = loader->data;
    sqlite3_stmt *row;
    int code = look(loader,
                    "SELECT arm.arm, factor, level FROM arm JOIN setting USING(arm) WHERE study=?1 "
                    "AND planned AND variant IS NULL ORDER BY arm.number, factor",
                    &row);

    while (code == 0 && sqlite3_step(row) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(row, 0), factor = sqlite3_column_int64(row, 1);
        struct stops_arm *arm;

        if (data->arm_count == 0 || data->arms[data->arm_count - 1].id != id) {
            struct stops_arm *more = grown(data->arms, data->arm_count, sizeof *more);

            if (more == NULL) {
                code = memory(loader);
                break;
            }
            data->arms = more;
            more[data->arm_count] =
                (struct stops_arm){.id = id,
                                   .levels = calloc(data->factor_count, sizeof *more->levels),
                                   .against = -1,
                                   .untouched = -1};
            data->arm_count++;
        }
        arm = &data->arms[data->arm_count - 1];
        if (arm->levels != NULL && factor >= 0 && factor < data->factor_count)
            arm->levels[factor] = text_at(row, 2);
        if (arm->levels == NULL ||
            (factor >= 0 && factor < data->factor_count && arm->levels[factor] == NULL))
            code = memory(loader);
    }
    sqlite3_finalize(row);
    return code;
}

/* ---- runs and stops, in the order of arms ---- */

static int run_add(struct loader *loader, uint32_t arm, sqlite3_stmt *row)
{
    struct stops_data *data = loader->data;
    struct stops_run *more = grown(data->runs, data->run_count, sizeof *more);

    if (more == NULL)
        return memory(loader);
    data->runs = more;
    more[data->run_count++] = (struct stops_run){
        .arm = arm,
        .replicate = sqlite3_column_int64(row, 0),
        .emitted = (uint64_t)sqlite3_column_int64(row, 1),
        .done = (uint64_t)sqlite3_column_int64(row, 2),
        .seconds = 1e-9 * (double)sqlite3_column_int64(row, 3),
        .cpu = sqlite3_column_type(row, 4) == SQLITE_NULL ? NAN : sqlite3_column_double(row, 4)};
    return 0;
}

static int runs_read(struct loader *loader, uint32_t number, sqlite3_stmt *row)
{
    struct stops_data *data = loader->data;
    struct stops_arm *arm = &data->arms[number];
    int code = 0;

    arm->first_run = data->run_count;
    sqlite3_bind_int64(row, 1, arm->id);
    while (code == 0 && sqlite3_step(row) == SQLITE_ROW)
        code = run_add(loader, number, row);
    sqlite3_reset(row);
    arm->run_count = data->run_count - arm->first_run;
    return code;
}

static struct stops_run *run_find(const struct stops_data *data, const struct stops_arm *arm,
                                  int64_t replicate)
{
    for (uint32_t i = arm->first_run; i < arm->first_run + arm->run_count; i++)
        if (data->runs[i].replicate == replicate)
            return &data->runs[i];
    return NULL;
}

static int64_t time_at(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, column);
}

static const char stops_sql[] =
    "SELECT replicate, died, sealed, unproven, stayed_dead, ghosts, responded_before, "
    "responded_after, refused, defence_acts, defence_messages, kill_actions, kill_messages, "
    "ran_ns, "
    "to_quiet_ns, to_seal_ns, to_standstill_ns, to_relaunch_by_peers_ns, watched_ns, stopped_ns, "
    "last_act_ns, (SELECT count(*) FROM act WHERE act.arm=episode.arm AND "
    "act.replicate=episode.replicate AND act.episode=episode.number AND act='relaunched_by_peers' "
    "AND act.whom=episode.target AND at_ns BETWEEN stopped_ns AND watched_ns) FROM episode WHERE "
    "arm=?1 AND NOT failure ORDER BY replicate, number";

static int stop_add(struct loader *loader, uint32_t number, sqlite3_stmt *row)
{
    struct stops_data *data = loader->data;
    struct stops_run *run = run_find(data, &data->arms[number], sqlite3_column_int64(row, 0));
    struct stop_seen *more = grown(data->stops, data->stop_count, sizeof *more);

    if (more == NULL)
        return memory(loader);
    data->stops = more;
    if (run == NULL)
        return 0;
    run->stops++;
    run->responses[0]++;
    more[data->stop_count++] =
        (struct stop_seen){.arm = number,
                           .run = (uint32_t)(run - data->runs),
                           .died = sqlite3_column_int64(row, 1) > 0,
                           .sealed = sqlite3_column_int64(row, 2) > 0,
                           .unproven = sqlite3_column_int64(row, 3) > 0,
                           .stayed_dead = sqlite3_column_int64(row, 4) > 0,
                           .ghosts = (uint32_t)sqlite3_column_int64(row, 5),
                           .before = (uint32_t)sqlite3_column_int64(row, 6),
                           .after = (uint32_t)sqlite3_column_int64(row, 7),
                           .refused = (uint32_t)sqlite3_column_int64(row, 8),
                           .defence_acts = (uint32_t)sqlite3_column_int64(row, 9),
                           .defence_messages = (uint32_t)sqlite3_column_int64(row, 10),
                           .kill_actions = (uint32_t)sqlite3_column_int64(row, 11),
                           .kill_messages = (uint32_t)sqlite3_column_int64(row, 12),
                           .ran = time_at(row, 13),
                           .to_quiet = time_at(row, 14),
                           .to_seal = time_at(row, 15),
                           .standstill = time_at(row, 16),
                           .to_relaunch = time_at(row, 17),
                           .watched = time_at(row, 18),
                           .stopped = time_at(row, 19),
                           .act = time_at(row, 20),
                           .relaunches = (uint32_t)sqlite3_column_int64(row, 21)};
    return 0;
}

static int responses_read(struct loader *loader, uint32_t number, sqlite3_stmt *row)
{
    struct stops_data *data = loader->data;

    sqlite3_bind_int64(row, 1, data->arms[number].id);
    while (sqlite3_step(row) == SQLITE_ROW) {
        struct stops_run *run = run_find(data, &data->arms[number], sqlite3_column_int64(row, 0));
        int64_t generation = sqlite3_column_int64(row, 1);

        if (run != NULL && generation >= 1)
            run->responses[generation < STOPS_GENERATIONS ? generation : STOPS_GENERATIONS] +=
                (uint64_t)sqlite3_column_int64(row, 2);
    }
    sqlite3_reset(row);
    return 0;
}

static int arm_read(struct loader *loader, uint32_t number, sqlite3_stmt *const queries[3])
{
    struct stops_data *data = loader->data;
    struct stops_arm *arm = &data->arms[number];
    int code = runs_read(loader, number, queries[0]);

    arm->first_stop = data->stop_count;
    sqlite3_bind_int64(queries[1], 1, arm->id);
    while (code == 0 && sqlite3_step(queries[1]) == SQLITE_ROW)
        code = stop_add(loader, number, queries[1]);
    sqlite3_reset(queries[1]);
    arm->stop_count = data->stop_count - arm->first_stop;
    return code == 0 ? responses_read(loader, number, queries[2]) : code;
}

/* ---- arms that differ in the protocol alone ---- */

static bool levels_agree(const struct stops_data *data, const struct stops_arm *a,
                         const struct stops_arm *b)
{
    for (uint32_t f = 0; f < data->factor_count; f++)
        if (f != data->protocol && (a->levels[f] == NULL || b->levels[f] == NULL ||
                                    strcmp(a->levels[f], b->levels[f]) != 0))
            return false;
    return true;
}

static void arms_match(struct stops_data *data)
{
    for (uint32_t a = 0; a < data->arm_count; a++)
        for (uint32_t b = 0; b < data->arm_count; b++) {
            const struct stops_arm *other = &data->arms[b];

            if (!levels_agree(data, &data->arms[a], other))
                continue;
            if (strcmp(other->levels[data->protocol], data->first_level) == 0)
                data->arms[a].against = (int)b;
            if (other->stop_count == 0 && other->run_count > 0)
                data->arms[a].untouched = (int)b;
        }
}

int stops_read(struct stops_data *data, const struct store *store, const char *study,
               struct error *error)
{
    static const char *const texts[] = {
        "SELECT replicate, innocent_emitted, innocent_done, ended_ns, wall_defenders_s FROM run "
        "WHERE arm=?1 ORDER BY replicate",
        stops_sql,
        "SELECT replicate, generation_after, count(*) FROM act WHERE arm=?1 AND "
        "generation_after>0 GROUP BY replicate, generation_after"};
    struct loader loader = {data, store, study, error};
    sqlite3_stmt *queries[3] = {0};
    int code = factors_read(&loader);

    if (code == 0)
        code = first_level_read(&loader);
    if (code == 0)
        code = arms_read(&loader);
    for (int q = 0; q < 3 && code == 0; q++)
        if (sqlite3_prepare_v2(store_database(store), texts[q], -1, &queries[q], NULL) != SQLITE_OK)
            code = store_error(store, error, "reading the stops");
    for (uint32_t a = 0; a < data->arm_count && code == 0; a++)
        code = arm_read(&loader, a, queries);
    for (int q = 0; q < 3; q++)
        sqlite3_finalize(queries[q]);
    if (code == 0)
        arms_match(data);
    return code;
}

void stops_data_free(struct stops_data *data)
{
    for (uint32_t a = 0; a < data->arm_count; a++) {
        for (uint32_t f = 0; f < data->factor_count && data->arms[a].levels != NULL; f++)
            free(data->arms[a].levels[f]);
        free(data->arms[a].levels);
    }
    for (uint32_t f = 0; f < data->factor_count; f++)
        free(data->factors[f]);
    free(data->factors);
    free(data->first_level);
    free(data->arms);
    free(data->runs);
    free(data->stops);
}
