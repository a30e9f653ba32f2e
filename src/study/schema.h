/* The schema of the results database, made from the lists of measures and times. */
#ifndef IOLAUS_STUDY_SCHEMA_H
#define IOLAUS_STUDY_SCHEMA_H

#include <stddef.h>

/* All CREATE statements. The caller frees it; NULL where memory is out. */
char *schema_sql(void);

/* The statement that inserts an episode: columns arm, replicate, number, target, failure, object,
 * began_ns, stopped_ns, died_ns, watched_ns, dead_ns, masked_ns, responses_direct,
 * responses_direct_proven, then the measures, then the times. The caller frees it. */
char *schema_insert_episode(void);
#define EPISODE_COLUMNS_BEFORE 23

/* The name of the n-th measure or time, as its column. */
const char *schema_measure(unsigned measure);
const char *schema_time(unsigned time);
const char *schema_act(unsigned act);
const char *schema_wanted(unsigned wanted);

/* The table of decisions alone, made in a database that has none yet. */
extern const char schema_decision[];
/* Words of a situation, as they stand in that table. */
const char *schema_bond(unsigned bond);
const char *schema_notice(unsigned how);
const char *schema_prohibition(unsigned prohibition);

#endif
