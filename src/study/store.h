/*
 * The results database: SQLite, one file, documented in docs/reference/results.md.
 *
 *     store_open(&store, "results.db", STORE_WRITE, &error);
 *     store_plan(store, study, &error);          study, factors, levels, arms
 *     store_has(store, arm_id, replicate)        a run that need not be run again
 *     store_begin / store_run ... / store_commit one transaction for several runs
 *     store_close(store);
 *
 * An arm's id is made from all that its rows depend on: its scenario as resolved (the file, all
 * changes, presets), its seed, its world, and the version of the program with a digest of its
 * sources. What would be the same rows has the same id, and nothing else has: a run is never taken
 * for another's.
 *
 * After SIGKILL the database is whole, and holds every run that was committed (write-ahead log).
 */
#ifndef IOLAUS_STUDY_STORE_H
#define IOLAUS_STUDY_STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "study/rows.h"
#include "study/study.h"

/* Raised when what the rows mean changes, so that no older run is taken for a new one. */
#define STORE_FORMAT 8

enum store_mode { STORE_READ, STORE_WRITE };

struct store;

/* STORE_WRITE makes the file where there is none. ERROR_INPUT where it is no results database, or
 * one of another format; ERROR_IO. */
int store_open(struct store **store, const char *path, enum store_mode mode, struct error *error);
void store_close(struct store *store);

/* For reading with SQL. The store's. */
sqlite3 *store_database(const struct store *store);

/* Writes the study and its arms. Arms that were planned before and are not now are kept with their
 * runs, and marked as not planned. */
int store_plan(struct store *store, const struct study *study, struct error *error);

int64_t store_arm_id(const struct study *study, uint32_t arm);
bool store_has(struct store *store, int64_t arm, uint32_t replicate);

int store_begin(struct store *store, struct error *error);
int store_run(struct store *store, const struct study *study, const struct run_rows *rows,
              const struct scenario *scenario, struct error *error);
int store_commit(struct store *store, struct error *error);

/* ERROR_IO with what SQLite says. */
int store_error(const struct store *store, struct error *error, const char *doing);

#endif
