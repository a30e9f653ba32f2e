#include "study/learners.h"

#include <assert.h>
#include <stdlib.h>

/* ---- time ---- */

static bool group_learns(const struct scenario_group *group)
{
    return group->adaptive && !group->rules.object;
}

time_ns learners_training(const struct scenario *scenario)
{
    time_ns training = -1;

    for (uint32_t g = 0; g < scenario->group_count && !scenario->contact.enabled; g++) {
        const struct scenario_group *group = &scenario->groups[g];

        if (group_learns(group) && group->learning.train > training)
            training = group->learning.train;
    }
    return training < scenario->duration ? training : scenario->duration;
}

/* Rounded up; the product of the whole would not fit into 64 bits. */
time_ns training_step_begins(uint32_t step, time_ns training)
{
    assert(step <= TRAINING_STEPS && training >= 0);
    return training / TRAINING_STEPS * step +
           (training % TRAINING_STEPS * step + TRAINING_STEPS - 1) / TRAINING_STEPS;
}

uint32_t training_step(time_ns at, time_ns training)
{
    uint32_t step;

    assert(at >= 0 && training >= 0);
    if (at >= training)
        return TRAINING_STEPS;
    step = (uint32_t)(at / (training / TRAINING_STEPS + 1));
    while (training_step_begins(step + 1, training) <= at)
        step++;
    return step;
}

/* ---- writing ---- */

static int prepare(const struct store *store, const char *sql, sqlite3_stmt **statement,
                   struct error *error)
{
    return sqlite3_prepare_v2(store_database(store), sql, -1, statement, NULL) == SQLITE_OK
               ? 0
               : store_error(store, error, "preparing");
}

static int step(const struct store *store, sqlite3_stmt *statement, struct error *error)
{
    int code = sqlite3_step(statement);

    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : store_error(store, error, "writing what is kept of learners");
}

static double as_double(probability value)
{
    return (double)value / (double)FIXED_ONE;
}

/* How many learners of each group are linked with `target`. */
static void peers_count(const struct scenario *scenario, agent_id target, uint32_t *counts)
{
    const struct graph *links = &scenario->links;

    for (uint32_t g = 0; g < scenario->group_count; g++)
        counts[g] = 0;
    for (uint64_t p = links->offsets[target]; p < links->offsets[target + 1]; p++)
        counts[scenario->group_of[links->peers[p]]]++;
}

static int put_target(const struct store *store, sqlite3_stmt *put, int64_t arm,
                      const struct scenario *scenario, agent_id target, const uint32_t *counts,
                      struct error *error)
{
    char name[SCENARIO_NAME_BYTES];
    int code = 0;

    for (uint32_t g = 0; g < scenario->group_count && code == 0; g++) {
        const struct scenario_group *group = &scenario->groups[g];
        uint32_t choices = choices_of_tools(group->rules.tools);

        if (!group_learns(group) || counts[g] == 0)
            continue;
        sqlite3_bind_int64(put, 1, arm);
        sqlite3_bind_text(put, 2, scenario_agent_name(scenario, target, name), -1,
                          SQLITE_TRANSIENT);
        sqlite3_bind_text(put, 3, group->name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 4, counts[g]);
        sqlite3_bind_int(put, 5, (choices & CHOICE_RELAUNCH) != 0);
        sqlite3_bind_int(put, 6, (choices & CHOICE_MASK) != 0);
        sqlite3_bind_double(put, 7, as_double(group->learning.exploration));
        sqlite3_bind_double(put, 8, as_double(group->learning.exploration_end));
        if (group->learning.train == TIME_NEVER)
            sqlite3_bind_null(put, 9);
        else
            sqlite3_bind_int64(put, 9, group->learning.train);
        code = step(store, put, error);
    }
    return code;
}

/* The same for every run of an arm: written with the first. */
static int put_learners(const struct store *store, int64_t arm, const struct scenario *scenario,
                        struct error *error)
{
    uint32_t *counts = calloc((size_t)scenario->group_count + 1, sizeof *counts);
    sqlite3_stmt *has = NULL, *put = NULL;
    bool there = false;
    int code = counts == NULL ? study_memory(error, "what is kept of learners") : 0;

    if (code == 0)
        code = prepare(store, "SELECT 1 FROM learners WHERE arm=? LIMIT 1", &has, error);
    if (code == 0)
        code = prepare(store, "INSERT INTO learners VALUES(?,?,?,?,?,?,?,?,?)", &put, error);
    if (code == 0) {
        sqlite3_bind_int64(has, 1, arm);
        there = sqlite3_step(has) == SQLITE_ROW;
    }
    for (agent_id target = 0; target < scenario->agents && code == 0 && !there; target++) {
        peers_count(scenario, target, counts);
        code = put_target(store, put, arm, scenario, target, counts, error);
    }
    sqlite3_finalize(has);
    sqlite3_finalize(put);
    free(counts);
    return code;
}

static int put_work(const struct store *store, int64_t arm, const struct run_rows *rows,
                    struct error *error)
{
    sqlite3_stmt *put = NULL;
    int code = prepare(store, "INSERT INTO training_work VALUES(?,?,?,?,?,?)", &put, error);

    for (uint32_t s = 0; s <= TRAINING_STEPS && code == 0; s++) {
        sqlite3_bind_int64(put, 1, arm);
        sqlite3_bind_int64(put, 2, rows->replicate);
        sqlite3_bind_int64(put, 3, s);
        sqlite3_bind_int64(put, 4, training_step_begins(s, rows->training));
        sqlite3_bind_int64(put, 5, (int64_t)rows->steps[s].emitted);
        sqlite3_bind_int64(put, 6, (int64_t)rows->steps[s].done);
        code = step(store, put, error);
    }
    sqlite3_finalize(put);
    return code;
}

int learners_put(const struct store *store, int64_t arm, const struct run_rows *rows,
                 const struct scenario *scenario, struct error *error)
{
    int code;

    if (rows->steps == NULL)
        return 0;
    code = put_learners(store, arm, scenario, error);
    return code == 0 ? put_work(store, arm, rows, error) : code;
}
