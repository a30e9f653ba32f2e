#include "study/collusion_read.h"

#include <stdlib.h>
#include <string.h>

/* Memory that runs out is an error like any other. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "study/inside.h"

/* An agent's name, or the words of a situation, and the number that stands for it. */
struct name {
    UT_hash_handle hh;
    uint32_t number;
    char text[];
};

struct names_of {
    struct name *agents, *situations, *targets;
};

static int name_number(struct name **names, const char *text, uint32_t *number)
{
    size_t length = strlen(text);
    struct name *name = NULL;

    HASH_FIND(hh, *names, text, length, name);
    if (name == NULL) {
        name = calloc(1, sizeof *name + length + 1);
        if (name == NULL)
            return ERROR_MEMORY;
        name->number = HASH_COUNT(*names);
        memcpy(name->text, text, length + 1);
        HASH_ADD_KEYPTR(hh, *names, name->text, length, name);
        if (name->hh.tbl == NULL) {
            free(name);
            return ERROR_MEMORY;
        }
    }
    *number = name->number;
    return 0;
}

static void names_free(struct name *names)
{
    struct name *name = names, *next;

    HASH_CLEAR(hh, names);
    for (; name != NULL; name = next) {
        next = name->hh.next;
        free(name);
    }
}

/* Room for one more behind `count`. */
static int room_make(void **list, size_t *room, size_t count, size_t size)
{
    size_t more = *room == 0 ? 256 : 2 * *room;
    void *moved;

    if (count < *room)
        return 0;
    moved = realloc(*list, more * size);
    if (moved == NULL)
        return ERROR_MEMORY;
    *list = moved;
    *room = more;
    return 0;
}

/* ---- rows ---- */

enum column { REPLICATE, EPISODE, WHO, WHOM, SITUATION, NOTICE, SPONTANEOUS, ATTEMPTS, CHOICE };

static sqlite3_stmt *rows_open(const struct store *store, int64_t id, const char *choice,
                               struct error *error)
{
    char *sql = sqlite3_mprintf(
        "SELECT replicate, episode, who, whom, whom||'|'||bond||'|'||dependence||'|'||object||'|'||"
        "watched||'|'||punitive||'|'||prohibition||'|'||group_size, notice, "
        "wanted='spontaneous' AND notice<>'alert' AND notice<>'request', attempts, \"%w\" "
        "FROM decision WHERE arm=%lld AND who<>whom ORDER BY replicate, episode, number",
        choice, (long long)id);
    sqlite3_stmt *rows = NULL;

    if (sql == NULL)
        study_memory(error, "the decisions");
    else if (sqlite3_prepare_v2(store_database(store), sql, -1, &rows, NULL) != SQLITE_OK)
        store_error(store, error, "reading decisions");
    sqlite3_free(sql);
    return rows;
}

/* Where the loop over rows stands. */
struct reading {
    struct read_arm *arm;
    struct names_of *names;
    uint32_t block;
    uint32_t replicate;
    int64_t episode;
    uint32_t in_run;           /* the episode's place in its run */
    size_t begins[PART_COUNT]; /* what is of the present episode */
};

static int run_begin(struct reading *reading, uint32_t replicate)
{
    struct read_arm *arm = reading->arm;
    uint32_t room = arm->run_room == 0 ? 64 : 2 * arm->run_room;

    if (arm->runs + 1 >= arm->run_room) {
        uint32_t *replicates = realloc(arm->replicates, room * sizeof *replicates);
        uint32_t *episodes =
            replicates == NULL ? NULL : realloc(arm->first_episode, room * sizeof *episodes);

        arm->replicates = replicates == NULL ? arm->replicates : replicates;
        arm->first_episode = episodes == NULL ? arm->first_episode : episodes;
        for (int p = 0; p < PART_COUNT && episodes != NULL; p++) {
            size_t *first = realloc(arm->part[p].first, room * sizeof *first);

            if (first == NULL)
                return ERROR_MEMORY;
            arm->part[p].first = first;
        }
        if (episodes == NULL)
            return ERROR_MEMORY;
        arm->run_room = room;
    }
    arm->replicates[arm->runs] = replicate;
    arm->first_episode[arm->runs] = arm->episodes;
    for (int p = 0; p < PART_COUNT; p++)
        arm->part[p].first[arm->runs] = arm->part[p].count;
    arm->runs++;
    reading->replicate = replicate;
    reading->episode = -1;
    return 0;
}

static int episode_begin(struct reading *reading, int64_t episode, const char *target)
{
    struct read_arm *arm = reading->arm;

    if (room_make((void **)&arm->targets, &arm->target_room, arm->episodes, sizeof *arm->targets) !=
            0 ||
        name_number(&reading->names->targets, target, &arm->targets[arm->episodes]) != 0)
        return ERROR_MEMORY;

    reading->episode = episode;
    reading->in_run = arm->episodes - arm->first_episode[arm->runs - 1];
    arm->episodes++;
    for (int p = 0; p < PART_COUNT; p++)
        reading->begins[p] = arm->part[p].count;
    return 0;
}

/* The agent's entry in the present episode, or NULL. */
static struct read_choice *entry_find(const struct reading *reading, int part, uint32_t agent)
{
    const struct read_part *of = &reading->arm->part[part];

    for (size_t i = reading->begins[part]; i < of->count; i++)
        if (of->list[i].agent == agent)
            return &of->list[i];
    return NULL;
}

static int entry_add(struct reading *reading, int part, uint32_t agent, uint32_t situation,
                     bool defended)
{
    struct read_arm *arm = reading->arm;
    struct read_part *of = &arm->part[part];

    if (room_make((void **)&of->list, &of->room, of->count, sizeof *of->list) != 0)
        return ERROR_MEMORY;
    of->list[of->count++] = (struct read_choice){.run = arm->runs - 1,
                                                 .episode = arm->episodes - 1,
                                                 .block = reading->in_run / reading->block,
                                                 .agent = agent,
                                                 .situation = situation,
                                                 .defended = defended};
    return 0;
}

static int row_take(struct reading *reading, sqlite3_stmt *row)
{
    bool spontaneous = sqlite3_column_int(row, SPONTANEOUS) != 0;
    bool defended = sqlite3_column_int(row, CHOICE) != 0;
    const char *words = (const char *)sqlite3_column_text(row, SITUATION);
    struct read_choice *before;
    uint32_t agent, situation;
    char both[512];

    if (words == NULL || name_number(&reading->names->agents,
                                     (const char *)sqlite3_column_text(row, WHO), &agent) != 0)
        return ERROR_MEMORY;
    if (spontaneous && sqlite3_column_int(row, ATTEMPTS) > 0)
        return 0;
    before = entry_find(reading, PART_TOTAL, agent);
    if (before != NULL) {
        before->defended = before->defended || defended;
        return 0;
    }
    if (name_number(&reading->names->situations, words, &situation) != 0 ||
        entry_add(reading, PART_TOTAL, agent, situation, defended) != 0)
        return ERROR_MEMORY;
    if (!spontaneous)
        return 0;
    snprintf(both, sizeof both, "%s|%s", words, (const char *)sqlite3_column_text(row, NOTICE));
    return name_number(&reading->names->situations, both, &situation) != 0
               ? ERROR_MEMORY
               : entry_add(reading, PART_SPONTANEOUS, agent, situation, defended);
}

static int rows_read(struct reading *reading, sqlite3_stmt *rows)
{
    int code = 0;

    while (code == 0 && sqlite3_step(rows) == SQLITE_ROW) {
        uint32_t replicate = (uint32_t)sqlite3_column_int64(rows, REPLICATE);
        int64_t episode = sqlite3_column_int64(rows, EPISODE);

        if (reading->arm->runs == 0 || replicate != reading->replicate)
            code = run_begin(reading, replicate);
        if (code == 0 && episode != reading->episode)
            code = episode_begin(reading, episode, (const char *)sqlite3_column_text(rows, WHOM));
        if (code == 0)
            code = row_take(reading, rows);
    }
    return code;
}

/* By number of a target: the agent of that name, or the number behind the last. */
static uint32_t *targets_as_agents(const struct read_arm *arm, const struct names_of *names)
{
    uint32_t *agents = calloc((size_t)HASH_COUNT(names->targets) + 1, sizeof *agents);

    for (const struct name *target = names->targets; target != NULL && agents != NULL;
         target = target->hh.next) {
        const struct name *agent = NULL;

        HASH_FIND(hh, names->agents, target->text, strlen(target->text), agent);
        agents[target->number] = agent == NULL ? arm->agents : agent->number;
    }
    return agents;
}

/* Of each run: its agents times its episodes, less those of their own stops, less what there is. */
static int missing_count(struct read_arm *arm, const struct names_of *names)
{
    uint32_t *seen = calloc((size_t)arm->agents + 1, sizeof *seen);
    uint32_t *targets = targets_as_agents(arm, names);
    const struct read_part *total = &arm->part[PART_TOTAL];

    if (seen == NULL || targets == NULL) {
        free(seen);
        free(targets);
        return ERROR_MEMORY;
    }
    for (uint32_t r = 0; r < arm->runs; r++) {
        uint64_t agents = 0;

        for (size_t i = total->first[r]; i < total->first[r + 1]; i++) {
            agents += seen[total->list[i].agent] != r + 1;
            seen[total->list[i].agent] = r + 1;
        }
        arm->missing += agents * (arm->first_episode[r + 1] - arm->first_episode[r]) -
                        (total->first[r + 1] - total->first[r]);
        for (uint32_t e = arm->first_episode[r]; e < arm->first_episode[r + 1]; e++)
            arm->missing -= seen[targets[arm->targets[e]]] == r + 1;
    }
    free(targets);
    free(seen);
    return 0;
}

int read_arm_open(struct read_arm *arm, const struct store *store, int64_t id,
                  const struct collusion_options *options, struct error *error)
{
    struct reading reading = {.arm = arm, .block = options->block};
    struct names_of *names = calloc(1, sizeof *names);
    sqlite3_stmt *rows;
    int code;

    *arm = (struct read_arm){.names = names};
    if (names == NULL)
        return study_memory(error, "the decisions");
    rows = rows_open(store, id, options->choice, error);
    if (rows == NULL)
        return error->code;
    reading.names = names;
    code = rows_read(&reading, rows);
    if (sqlite3_finalize(rows) != SQLITE_OK && code == 0)
        return store_error(store, error, "reading decisions");
    arm->agents = HASH_COUNT(names->agents);
    if (code == 0 && arm->runs > 0) {
        arm->first_episode[arm->runs] = arm->episodes;
        for (int p = 0; p < PART_COUNT; p++)
            arm->part[p].first[arm->runs] = arm->part[p].count;
        code = missing_count(arm, names);
    }
    return code == 0 ? 0 : study_memory(error, "the decisions");
}

void read_arm_close(struct read_arm *arm)
{
    struct names_of *names = arm->names;

    for (int p = 0; p < PART_COUNT; p++) {
        free(arm->part[p].list);
        free(arm->part[p].first);
    }
    free(arm->replicates);
    free(arm->first_episode);
    free(arm->targets);
    if (names != NULL) {
        names_free(names->agents);
        names_free(names->situations);
        names_free(names->targets);
    }
    free(names);
}

/* ---- what the analysis takes ---- */

static int stratum_compare(const struct read_choice *a, const struct read_choice *b)
{
    if (a->run != b->run)
        return a->run < b->run ? -1 : 1;
    if (a->agent != b->agent)
        return a->agent < b->agent ? -1 : 1;
    if (a->situation != b->situation)
        return a->situation < b->situation ? -1 : 1;
    return a->block < b->block ? -1 : a->block > b->block;
}

static int by_stratum(const void *first, const void *second)
{
    return stratum_compare(*(const struct read_choice *const *)first,
                           *(const struct read_choice *const *)second);
}

static int data_fill(const struct read_choice *list, size_t count, uint32_t first_episode,
                     struct collusion_choice *choices, uint32_t *strata)
{
    const struct read_choice **order = calloc(count + 1, sizeof *order);

    if (order == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        order[i] = &list[i];
        choices[i] = (struct collusion_choice){.episode = list[i].episode - first_episode,
                                               .agent = list[i].agent,
                                               .situation = list[i].situation,
                                               .defended = list[i].defended};
    }
    qsort(order, count, sizeof *order, by_stratum);
    for (size_t i = 0; i < count; i++) {
        *strata += i == 0 || stratum_compare(order[i], order[i - 1]) != 0;
        choices[order[i] - list].stratum = *strata - 1;
    }
    free(order);
    return 0;
}

int read_data(const struct read_arm *arm, enum collusion_part part, uint32_t run,
              struct collusion_data *data, struct error *error)
{
    const struct read_part *of = &arm->part[part];
    bool all = run == UINT32_MAX;
    size_t first = all ? 0 : of->first[run];
    uint32_t first_episode = all ? 0 : arm->first_episode[run];
    uint32_t *runs;
    struct collusion_choice *choices;

    *data = (struct collusion_data){
        .count = (all ? of->count : of->first[run + 1]) - first,
        .episodes = (all ? arm->episodes : arm->first_episode[run + 1]) - first_episode,
        .agents = arm->agents};
    choices = calloc(data->count + 1, sizeof *choices);
    runs = calloc((size_t)data->episodes + 1, sizeof *runs);
    data->choices = choices;
    data->run = runs;
    if (choices == NULL || runs == NULL ||
        data_fill(of->list + first, data->count, first_episode, choices, &data->strata) != 0)
        return study_memory(error, "the decisions");
    for (uint32_t r = 0; r < arm->runs && all; r++)
        for (uint32_t e = arm->first_episode[r]; e < arm->first_episode[r + 1]; e++)
            runs[e] = r;
    return 0;
}

void read_data_close(struct collusion_data *data)
{
    free((void *)data->choices);
    free((void *)data->run);
}
