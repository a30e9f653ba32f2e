#include "study/schema.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/analysis.h"
#include "analysis/measures.h"
#include "core/agent/percept.h"
#include "study/study.h"
#include "trace/record.h"

static const char *const acts[] = {
#define X(act, name, words) #name,
    ANALYSIS_ACTS(X)
#undef X
};
static const char *const wanted_words[] = {
#define X(wanted, name, words) #name,
    ANALYSIS_WANTED(X)
#undef X
};
static const char *const times[] = {
#define X(time, name, words) "to_" #name "_ns",
    ANALYSIS_TIMES(X)
#undef X
};

const char *schema_measure(unsigned measure)
{
    return findings_measure(measure, NULL);
}

const char *schema_time(unsigned time)
{
    return times[time];
}

const char *schema_act(unsigned act)
{
    return acts[act];
}

const char *schema_wanted(unsigned wanted)
{
    return wanted_words[wanted];
}

const char *schema_bond(unsigned bond)
{
    static const char *const words[] = {
        [BOND_NONE] = "none", [BOND_BAD] = "bad", [BOND_NEUTRAL] = "neutral", [BOND_GOOD] = "good"};
    return words[bond];
}

const char *schema_notice(unsigned how)
{
    static const char *const words[] = {
        [HOW_HANGUP] = "hangup",     [HOW_SILENCE] = "silence",      [HOW_GOSSIP] = "gossip",
        [HOW_ALERT] = "alert",       [HOW_REQUEST] = "request",      [HOW_NOTICE] = "notice",
        [HOW_DEPARTED] = "departed", [HOW_STOP_ASKED] = "stop_asked"};
    return words[how];
}

const char *schema_prohibition(unsigned prohibition)
{
    static const char *const words[] = {
        [PROHIBIT_NOBODY] = "nobody", [PROHIBIT_SELF] = "self", [PROHIBIT_OTHERS] = "others"};
    return words[prohibition];
}

const char schema_decision[] =
    "CREATE TABLE IF NOT EXISTS decision(\n"
    "  arm INTEGER NOT NULL, replicate INTEGER NOT NULL, episode INTEGER NOT NULL,\n"
    "  number INTEGER NOT NULL, who TEXT NOT NULL, whom TEXT NOT NULL,\n"
    "  at_ns INTEGER NOT NULL, decided_ns INTEGER NOT NULL,\n"
    "  wanted TEXT NOT NULL, asked_by TEXT, asked_via TEXT,\n"
    "  bond TEXT NOT NULL, dependence REAL NOT NULL, object INTEGER NOT NULL,\n"
    "  watched INTEGER NOT NULL, notice TEXT NOT NULL, attempts INTEGER NOT NULL,\n"
    "  punitive INTEGER NOT NULL, prohibition TEXT NOT NULL, group_size INTEGER NOT NULL,\n"
    "  relaunch INTEGER NOT NULL, relink INTEGER NOT NULL, mask INTEGER NOT NULL,\n"
    "  alert INTEGER NOT NULL, request INTEGER NOT NULL, tamper INTEGER NOT NULL,\n"
    "  misreport INTEGER NOT NULL, copy INTEGER NOT NULL, stall INTEGER NOT NULL,\n"
    "  effective INTEGER NOT NULL, record TEXT NOT NULL,\n"
    "  PRIMARY KEY(arm, replicate, episode, number)) WITHOUT ROWID;\n";

/* What stands alone. */
static const char fixed_part[] =
    "CREATE TABLE about(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE study(\n"
    "  name TEXT PRIMARY KEY, about TEXT NOT NULL, file_digest TEXT NOT NULL,\n"
    "  scenario TEXT NOT NULL, design TEXT NOT NULL, seed TEXT NOT NULL,\n"
    "  replicates INTEGER NOT NULL, version TEXT NOT NULL) WITHOUT ROWID;\n"
    "CREATE TABLE factor(\n"
    "  study TEXT NOT NULL REFERENCES study(name), number INTEGER NOT NULL, name TEXT NOT NULL,\n"
    "  PRIMARY KEY(study, number)) WITHOUT ROWID;\n"
    "CREATE TABLE level(\n"
    "  study TEXT NOT NULL, factor INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,\n"
    "  PRIMARY KEY(study, factor, number)) WITHOUT ROWID;\n"
    "CREATE TABLE measure(\n"
    "  study TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, family TEXT NOT NULL,\n"
    "  PRIMARY KEY(study, number)) WITHOUT ROWID;\n"
    "CREATE TABLE arm(\n"
    "  arm INTEGER PRIMARY KEY, study TEXT NOT NULL REFERENCES study(name),\n"
    "  planned INTEGER NOT NULL, number INTEGER, cell INTEGER NOT NULL, variant TEXT,\n"
    "  name TEXT NOT NULL, world TEXT NOT NULL, seed TEXT NOT NULL, changes TEXT NOT NULL,\n"
    "  scenario_digest TEXT NOT NULL, version TEXT NOT NULL);\n"
    "CREATE INDEX arm_by_study ON arm(study, planned, number);\n"
    "CREATE TABLE setting(\n"
    "  arm INTEGER NOT NULL REFERENCES arm(arm), factor INTEGER NOT NULL, name TEXT NOT NULL,\n"
    "  level TEXT NOT NULL, value REAL, PRIMARY KEY(arm, factor)) WITHOUT ROWID;\n"
    "CREATE TABLE crew(\n"
    "  arm INTEGER PRIMARY KEY REFERENCES arm(arm), agents INTEGER NOT NULL,\n"
    "  links INTEGER NOT NULL, rate REAL, horizon REAL, radius REAL, cut_width INTEGER,\n"
    "  cut_sum INTEGER, gap_ns INTEGER, budget REAL);\n"
    "CREATE TABLE threshold(\n"
    "  study TEXT NOT NULL REFERENCES study(name), rate INTEGER NOT NULL, kill INTEGER,\n"
    "  size INTEGER, \"each\" INTEGER, level TEXT NOT NULL, known REAL, source TEXT NOT NULL,\n"
    "  PRIMARY KEY(study, level)) WITHOUT ROWID;\n"
    "CREATE TABLE descent(\n"
    "  arm INTEGER NOT NULL, replicate INTEGER NOT NULL, generation INTEGER NOT NULL,\n"
    "  lives INTEGER NOT NULL, PRIMARY KEY(arm, replicate, generation)) WITHOUT ROWID;\n"
    "CREATE TABLE run(\n"
    "  arm INTEGER NOT NULL REFERENCES arm(arm), replicate INTEGER NOT NULL,\n"
    "  digest TEXT, events INTEGER, records INTEGER NOT NULL, ended_ns INTEGER NOT NULL,\n"
    "  stops INTEGER NOT NULL, failures INTEGER NOT NULL, tasks_emitted INTEGER NOT NULL,\n"
    "  tasks_done INTEGER NOT NULL, found_behind INTEGER, unobserved INTEGER,\n"
    "  extinct_ns INTEGER, alive_end INTEGER,\n"
    "  duplicates INTEGER NOT NULL, duplicate_ns INTEGER NOT NULL,\n"
    "  running_ns INTEGER NOT NULL, tasks_again INTEGER NOT NULL,\n"
    "  innocent_emitted INTEGER NOT NULL, innocent_done INTEGER NOT NULL,\n"
    "  wall_s REAL NOT NULL, wall_cpu_s REAL, wall_defenders_s REAL, wall_at TEXT NOT NULL,\n"
    "  wall_host TEXT NOT NULL,\n"
    "  PRIMARY KEY(arm, replicate)) WITHOUT ROWID;\n"
    "CREATE TABLE learners(\n"
    "  arm INTEGER NOT NULL REFERENCES arm(arm), target TEXT NOT NULL, peers TEXT NOT NULL,\n"
    "  count INTEGER NOT NULL, relaunch INTEGER NOT NULL, mask INTEGER NOT NULL,\n"
    "  exploration REAL NOT NULL, exploration_end REAL NOT NULL, train_ns INTEGER,\n"
    "  PRIMARY KEY(arm, target, peers)) WITHOUT ROWID;\n"
    "CREATE TABLE training_work(\n"
    "  arm INTEGER NOT NULL, replicate INTEGER NOT NULL, step INTEGER NOT NULL,\n"
    "  from_ns INTEGER NOT NULL, tasks_emitted INTEGER NOT NULL, tasks_done INTEGER NOT NULL,\n"
    "  PRIMARY KEY(arm, replicate, step)) WITHOUT ROWID;\n"
    "CREATE TABLE act(\n"
    "  arm INTEGER NOT NULL, replicate INTEGER NOT NULL, episode INTEGER NOT NULL,\n"
    "  number INTEGER NOT NULL, act TEXT NOT NULL, wanted TEXT NOT NULL, who TEXT NOT NULL,\n"
    "  whom TEXT NOT NULL, at_ns INTEGER NOT NULL, generation INTEGER NOT NULL,\n"
    "  generation_after INTEGER NOT NULL,\n"
    "  inferred INTEGER NOT NULL, record TEXT NOT NULL,\n"
    "  PRIMARY KEY(arm, replicate, episode, number)) WITHOUT ROWID;\n";

static void write_episode(FILE *out)
{
    fputs("CREATE TABLE episode(\n"
          "  arm INTEGER NOT NULL, replicate INTEGER NOT NULL, number INTEGER NOT NULL,\n"
          "  target TEXT NOT NULL, failure INTEGER NOT NULL, object INTEGER NOT NULL,\n"
          "  began_ns INTEGER NOT NULL, stopped_ns INTEGER, died_ns INTEGER,\n"
          "  watched_ns INTEGER NOT NULL,\n"
          "  dead_ns INTEGER NOT NULL, masked_ns INTEGER NOT NULL,\n"
          "  responses_direct INTEGER NOT NULL, responses_direct_proven INTEGER NOT NULL,\n"
          "  responses_direct_after INTEGER NOT NULL, fence_ns INTEGER, sealed_ns INTEGER,\n"
          "  ran_ns INTEGER NOT NULL, last_act_ns INTEGER, defence_acts INTEGER NOT NULL,\n"
          "  defence_messages INTEGER NOT NULL, kill_actions INTEGER NOT NULL,\n"
          "  kill_messages INTEGER NOT NULL,\n",
          out);
    for (unsigned m = 0; m < MEASURE_COUNT; m++)
        fprintf(out, "  %s INTEGER NOT NULL,\n", schema_measure(m));
    for (unsigned t = 0; t < TIME_COUNT; t++)
        fprintf(out, "  %s INTEGER,\n", times[t]);
    fputs("  PRIMARY KEY(arm, replicate, number)) WITHOUT ROWID;\n", out);
}

/* The common questions. Each rate is one row: which arm, which measure, how often of how many. */
static void write_views(FILE *out)
{
    fputs("CREATE VIEW arms AS SELECT arm.study, arm.number, arm.arm, arm.name, arm.variant,\n"
          "  arm.world, count(run.replicate) AS runs, sum(run.stops) AS stops,\n"
          "  sum(run.failures) AS failures, sum(run.wall_s) AS wall_s\n"
          "  FROM arm LEFT JOIN run USING(arm) WHERE planned GROUP BY arm.arm;\n"
          "CREATE VIEW availability AS SELECT arm, sum(tasks_done) AS successes,\n"
          "  sum(tasks_emitted) AS trials FROM run GROUP BY arm;\n"
          "CREATE VIEW survival AS SELECT arm, sum(extinct_ns IS NULL) AS successes,\n"
          "  count(*) AS trials FROM run WHERE alive_end IS NOT NULL GROUP BY arm;\n"
          "CREATE VIEW rates AS\n",
          out);
    for (unsigned m = 0; m < MEASURE_COUNT; m++)
        fprintf(out,
                "  SELECT arm, '%s' AS measure, sum(%s > 0) AS successes, count(*) AS trials,\n"
                "    sum(%s) AS acts FROM episode%s GROUP BY arm UNION ALL\n",
                schema_measure(m), schema_measure(m), schema_measure(m),
                findings_measure_of_stops(schema_measure(m)) ? " WHERE NOT failure" : "");
    fputs(
        "  SELECT arm, 'availability', successes, trials, successes FROM availability UNION ALL\n",
        out);
    for (const struct study_run_measure *m = study_run_measures + 1; m->name != NULL; m++)
        fprintf(out,
                "  SELECT arm, '%s', sum(%s)%s AS successes, sum(%s)%s AS trials, sum(%s)%s\n"
                "    FROM run GROUP BY arm UNION ALL\n",
                m->name, m->part, m->unit, m->whole, m->unit, m->part, m->unit);
    fputs("  SELECT arm, 'survived', successes, trials, successes FROM survival;\n"
          "CREATE VIEW times AS\n",
          out);
    for (unsigned t = 0; t < TIME_COUNT; t++)
        fprintf(out, "  SELECT arm, '%s' AS time, %s AS ns FROM episode WHERE %s IS NOT NULL%s\n",
                analysis_time_name((enum analysis_time)t), times[t], times[t],
                t + 1 < TIME_COUNT ? " UNION ALL" : ";");
    fputs("CREATE VIEW matched AS SELECT cell.study, cell.arm AS arm, cell.name AS cell,\n"
          "  variant.arm AS variant_arm, variant.variant AS variant\n"
          "  FROM arm AS cell JOIN arm AS variant ON variant.study = cell.study\n"
          "  AND variant.cell = cell.cell AND variant.variant IS NOT NULL\n"
          "  WHERE cell.variant IS NULL AND cell.planned AND variant.planned;\n"
          "CREATE VIEW sieges AS SELECT arm, agents, cut_width, cut_sum, budget,\n"
          "  budget / cut_width AS budget_by_width, count(extinct_ns) AS extinct,\n"
          "  count(*) AS runs, avg(extinct_ns) AS mean_extinct_ns,\n"
          "  (1 + avg(extinct_ns) / gap_ns) / agents AS kills_by_agent\n"
          "  FROM crew JOIN run USING(arm) WHERE cut_width IS NOT NULL GROUP BY arm;\n"
          "CREATE VIEW generations_after AS SELECT arm, generation_after AS generation,\n"
          "  count(*) AS responses FROM act WHERE generation_after > 0\n"
          "  GROUP BY arm, generation_after;\n"
          "CREATE VIEW descents AS SELECT arm, generation, sum(lives) AS lives,\n"
          "  count(*) AS runs FROM descent GROUP BY arm, generation;\n"
          "CREATE VIEW generations AS SELECT arm, generation, count(*) AS responses\n"
          "  FROM act WHERE generation > 0 GROUP BY arm, generation;\n",
          out);
}

char *schema_sql(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fputs(fixed_part, out);
    fputs(schema_decision, out);
    write_episode(out);
    write_views(out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *schema_insert_episode(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fputs("INSERT INTO episode VALUES(?", out);
    for (unsigned i = 1; i < EPISODE_COLUMNS_BEFORE + MEASURE_COUNT + TIME_COUNT; i++)
        fputs(", ?", out);
    fputs(")", out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
