/*
 * Traces made by hand for the tests of the analysis: a crew of six, a tape to put records on, and
 * the findings of what stands there.
 */
#ifndef IOLAUS_TEST_ANALYSIS_TAPE_H
#define IOLAUS_TEST_ANALYSIS_TAPE_H

#include "analysis/analysis.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/agent/percept.h"

#define MS INT64_C(1000000)
#define NONE RECORD_ID_NONE

enum { ARCHIVIST, WRITER, CAMERA, EDITOR, SCOUT, PRINTER, CREW };

static const char *const names[CREW] = {"archivist", "writer", "camera",
                                        "editor",    "scout",  "printer"};
static const unsigned char objects[CREW] = {[PRINTER] = 1};
static const struct trace_header header = {
    .scenario = "by hand",
    .arm = "arm",
    .world = "sim",
    .agents = CREW,
    .agent_names = names,
    .objects = objects,
};

/* ---- a trace under construction ---- */

struct tape {
    struct record records[256];
    size_t count;
    uint32_t next[4]; /* sequences: agents (with gaps), platform, control, witness */
};

/* Sets fields of the record that was put last. */
static inline struct record *last(struct tape *tape)
{
    return &tape->records[tape->count - 1];
}

static inline struct record_id put(struct tape *tape, int64_t ms, enum record_verb verb,
                                   struct record_id cause, agent_id who, agent_id whom,
                                   int64_t value)
{
    cr_assert_lt(tape->count, 256);
    struct record *record = &tape->records[tape->count++];
    *record = (struct record){.time = ms * MS,
                              .cause = cause,
                              .who = who,
                              .whom = whom,
                              .by = AGENT_NONE,
                              .via = AGENT_NONE,
                              .verb = (uint8_t)verb,
                              .value = value};
    switch (record_verb_class(verb)) {
    case CLASS_ACT:
    case CLASS_CLAIM:
        record->id = (struct record_id){who, tape->next[0]++};
        break;
    case CLASS_PLATFORM:
        record->id = (struct record_id){WRITER_PLATFORM, tape->next[1]++};
        break;
    case CLASS_CONTROL:
        record->id = (struct record_id){WRITER_CONTROL, tape->next[2]++};
        break;
    case CLASS_TRUTH:
        record->id = (struct record_id){WRITER_WITNESS, tape->next[3]++};
        break;
    }
    return record->id;
}

static inline struct findings *findings_of(const struct tape *tape, int64_t end_ms)
{
    struct findings *findings = findings_open("arm");
    struct analysis *analysis = analysis_open(&header);
    for (size_t i = 0; i < tape->count; i++) {
        cr_assert_eq(analysis_take(analysis, &tape->records[i]), 0, "record %zu", i);
    }
    struct error error = {0};
    cr_assert_eq(analysis_close(analysis, end_ms * MS, findings, &error), 0, "%s", error.message);
    return findings;
}

static inline uint64_t hits(const struct findings *findings, const char *measure)
{
    struct rate rate;
    cr_assert_eq(findings_rate(findings, measure, 0.95, &rate), 0, "%s", measure);
    return rate.successes;
}

static inline uint64_t acts(const struct findings *findings, const char *measure)
{
    uint64_t number;
    cr_assert_eq(findings_acts(findings, measure, &number), 0, "%s", measure);
    return number;
}

static inline uint64_t r_count(const struct findings *findings, uint32_t generation)
{
    return findings_reproduction(findings, generation, true, 0.95).count;
}

static inline uint64_t r_per(const struct findings *findings, uint32_t generation)
{
    return findings_reproduction(findings, generation, true, 0.95).per;
}

#define EXPECT_HITS(findings, measure, number)                                                     \
    cr_expect_eq(hits(findings, measure), (uint64_t)(number), "%s: %llu, not %d", measure,         \
                 (unsigned long long)hits(findings, measure), (int)(number))

/* ---- pieces of stories ---- */

/* A stop of `target` at `ms`, dead 10 ms later; gives the record of the death. */
static inline struct record_id stop(struct tape *tape, int64_t ms, agent_id target)
{
    struct record_id stops = put(tape, ms, VERB_STOPS, NONE, AGENT_NONE, target, 0);
    struct record_id killed = put(tape, ms + 5, VERB_KILLED, stops, AGENT_NONE, target, 0);
    return put(tape, ms + 10, VERB_DIED, killed, AGENT_NONE, target, DEATH_KILLED);
}

/* `who` notices and decides; gives the decision. */
static inline struct record_id decide(struct tape *tape, int64_t ms, struct record_id died,
                                      agent_id who, agent_id target)
{
    struct record_id noticed = put(tape, ms, VERB_NOTICED, died, who, target, HOW_HANGUP);
    struct record_id decides = put(tape, ms, VERB_DECIDES, noticed, who, target, 0);
    return put(tape, ms + 400, VERB_DECIDED, decides, who, target, CHOICE_RELAUNCH);
}

/* `who` relaunches the target, which runs at `ms`. */
static inline struct record_id relaunch(struct tape *tape, int64_t ms, struct record_id decided,
                                        agent_id who, agent_id target)
{
    struct record_id asks = put(tape, ms - 100, VERB_RELAUNCHES, decided, who, target, 0);
    struct record_id starts = put(tape, ms - 50, VERB_STARTS, asks, who, target, START_PEER);
    struct record_id started = put(tape, ms, VERB_STARTED, starts, who, target, START_PEER);
    last(tape)->whom_incarnation = 1;
    return started;
}

/* `who` relinks the target with one neighbour. */
static inline struct record_id relink(struct tape *tape, int64_t ms, struct record_id cause,
                                      agent_id who, agent_id target, agent_id neighbour)
{
    struct record_id asks = put(tape, ms - 20, VERB_RELINKS, cause, who, target, 0);
    struct record_id connected = put(tape, ms - 10, VERB_CONNECTED, asks, neighbour, target, 2);
    last(tape)->by = who;
    return put(tape, ms, VERB_LINK_UP, connected, neighbour, target, 0);
}

/* `who` says that the target is healthy, and the board shows it. */
static inline struct record_id report_healthy(struct tape *tape, int64_t ms, struct record_id cause,
                                              agent_id who, agent_id target)
{
    struct record_id reports = put(tape, ms - 1, VERB_REPORTS, cause, who, target, HEALTH_HEALTHY);
    return put(tape, ms, VERB_SHOWS, reports, who, target, HEALTH_HEALTHY);
}

/* ---- relaunch, relink ---- */

#endif
