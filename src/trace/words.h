/*
 * Records in words: who did what to whom, for people.
 *
 * An incarnation other than the first is written behind the name: `archivist#2`. A record's id is
 * written WRITER:SEQUENCE, where the writer is an agent's name (its number, where the name would be
 * mistaken for something else), or platform, control or witness: `writer-1:12`, `platform:3`. An
 * agent's second place, where two incarnations live at once, is `writer-1/1`.
 */
#ifndef IOLAUS_TRACE_WORDS_H
#define IOLAUS_TRACE_WORDS_H

#include "base/error.h"
#include "trace/record.h"
#include "trace/trace.h"

/* Four names of 255 bytes and what stands around them. */
#define RECORD_WORDS_BYTES 1536
#define RECORD_ID_BYTES 288
#define TIME_TEXT_BYTES 32

/* The words of a record, without its time and id, with what its value and flags say. */
void record_words(const struct trace_header *header, const struct record *record,
                  char text[RECORD_WORDS_BYTES]);

/* What the value means where it stands for one of a few things: `healthy`, `terminate`; or NULL. */
const char *record_value_name(const struct record *record);

/* The flags by name, in the order of their bits: record_flag_name(0) is `inferred`. NULL behind the
 * last. */
const char *record_flag_name(unsigned bit);

void record_id_format(const struct trace_header *header, struct record_id id,
                      char text[RECORD_ID_BYTES]);
/* Whether such a record exists is not looked at. */
int record_id_parse(const struct trace_header *header, const char *text, struct record_id *id,
                    struct error *error);

/* An agent by name or, where no agent has that name, by number. */
int agent_find(const struct trace_header *header, const char *text, agent_id *agent,
               struct error *error);

/* Exact, in seconds with three, six or nine decimals: `62.350s`. duration_parse reads it back. */
void time_format(time_ns time, char text[TIME_TEXT_BYTES]);

/* Verbs and classes by name, several with commas between: `started,died`. A bit for each. */
int record_verbs_parse(const char *text, uint64_t *verbs, struct error *error);
int record_classes_parse(const char *text, unsigned *classes, struct error *error);
_Static_assert(VERB_COUNT <= 64, "a set of verbs is 64 bits");

#endif
