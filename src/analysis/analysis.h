/*
 * From traces to figures: pure functions of records.
 *
 *     struct findings *findings = findings_open("peers preserve");
 *     for each run of the arm:
 *         analysis = analysis_open(&header);
 *         analysis_deadline(analysis, longest deadline of the work);    where it is known
 *         analysis_take(analysis, record) ...                           it is a record_sink
 *         analysis_close(analysis, end, findings, &error);
 *     findings_print(...), findings_json(...), findings_in_words(...)
 *     findings_close(findings);
 *
 * An analysis takes the records of one run, in the order of the trace, and gives a struct findings:
 * counts and samples. Findings of the replicates of an arm are added up; intervals are computed
 * when they are asked for. Every definition stands in docs/reference/findings.md.
 *
 * Memory: 20 bytes for each record of the run while it is analysed, 80 for each task; findings keep
 * counts, and one number for each time that was measured. Functions that give an int return 0 or a
 * negative error code. Nothing here is shared between analyses, so that threads may each have one.
 */
#ifndef IOLAUS_ANALYSIS_ANALYSIS_H
#define IOLAUS_ANALYSIS_ANALYSIS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/statistics.h"
#include "base/error.h"
#include "trace/record.h"
#include "trace/trace.h"

struct analysis;
struct findings; /* of one arm: the sum of its runs */

/* The header must outlive the analysis. Returns NULL where memory is short. */
struct analysis *analysis_open(const struct trace_header *header);

/* The longest deadline of the scenario's work. Tasks emitted later than the end of the run less
 * this are left out, since their deadlines lie beyond it. Where it is not given, the longest time
 * in which a task of this run was done in time stands for it. */
void analysis_deadline(struct analysis *analysis, time_ns deadline);

/* Who is to be stopped, where it is known: whose work is not the innocent's. Who has been stopped
 * in the run is one of them anyhow. */
void analysis_targets(struct analysis *analysis, const agent_id *targets, uint32_t count);

int analysis_take(void *analysis, const struct record *record); /* a record_sink */

/* Ends the run at `end` and adds it to `findings`. Frees the analysis, whatever it returns. */
int analysis_close(struct analysis *analysis, time_ns end, struct findings *findings,
                   struct error *error);

/* Frees an analysis whose run is not to be counted. */
void analysis_abandon(struct analysis *analysis);

/* Tells one episode in words, in order of time; episodes are numbered from 1 in the order in which
 * they began. ERROR_INPUT where there is no such episode. */
int analysis_story(const struct trace_header *header, const struct record *records, size_t count,
                   uint32_t episode, FILE *out, struct error *error);

/* The name is copied. NULL where memory is short. */
struct findings *findings_open(const char *arm);
int findings_add(struct findings *to, const struct findings *from);
void findings_close(struct findings *findings);

const char *findings_arm_name(const struct findings *findings);
uint64_t findings_runs(const struct findings *findings);
uint64_t findings_episodes(const struct findings *findings); /* stops and failures */
uint64_t findings_stops(const struct findings *findings);
/* True where there are episodes and the target of each is of kind `object`. */
bool findings_of_objects(const struct findings *findings);

/* A measure by its name (docs/reference/findings.md), such as "relaunched_by_peers", "tampered",
 * "masked_requested", "availability"; an ending "_of_agents" or "_of_objects" restricts a measure
 * of episodes to targets of that sort. Wilson's interval at `confidence` (0.95, 0.99, ...). Returns
 * 0, or ERROR_INPUT for an unknown name. */
int findings_rate(const struct findings *findings, const char *measure, double confidence,
                  struct rate *rate);

/* How often it was done in all, where the rate counts episodes: the acts behind the measure. */
int findings_acts(const struct findings *findings, const char *measure, uint64_t *acts);

/* The name of the n-th measure of episodes, and words for people; NULL beyond the last. */
const char *findings_measure(uint32_t n, const char **words);

/* Whether it is counted of stops alone; of failures it says nothing. */
bool findings_measure_of_stops(const char *measure);

/* Times by name: "notice", "relaunch_by_peers", "relaunch_by_platform", "relink", "masked". In ns.
 */
struct times {
    uint64_t count;
    struct quantile median, p99;
};
int findings_time(const struct findings *findings, const char *name, double confidence,
                  struct times *times);

/* R of a generation: 0 gives R0, responses of generation 1 per stop; g gives responses of
 * generation g + 1 per response of generation g. With or without the responses whose chain of
 * causes holds a guess. */
struct mean findings_reproduction(const struct findings *findings, uint32_t generation,
                                  bool with_inferred, double confidence);

/* The same of the cascade after the fence: the responses made after it, where each agent's first is
 * its first after the fence. Of a protocol that fences nobody the stop itself is the fence. */
struct mean findings_reproduction_after(const struct findings *findings, uint32_t generation,
                                        bool with_inferred, double confidence);

/* Tasks of the sources whose tasks go through no target: those done in time, of all. */
struct rate findings_innocent(const struct findings *findings, double confidence);

/* Share of the time in which targets were dead during which the board showed them healthy after a
 * mask. */
struct share findings_masked_share(const struct findings *findings, double confidence);

/* What was found behind the platform's back. X(KIND, name, words for one, for several) */
#define BEHIND_KINDS(X)                                                                            \
    X(RELAUNCH, unsanctioned_relaunch, "unsanctioned relaunch", "unsanctioned relaunches")         \
    X(COPY, unsanctioned_copy, "unsanctioned copy", "unsanctioned copies")                         \
    X(PROCESS, unsanctioned_process, "unsanctioned process", "unsanctioned processes")             \
    X(FORGED, forged_heartbeat, "forged heartbeat", "forged heartbeats")                           \
    X(MASKED, masked_failure, "masked failure", "masked failures")

enum behind_kind {
#define X(kind, name, one, several) BEHIND_##kind,
    BEHIND_KINDS(X)
#undef X
        BEHIND_COUNT
};

/* How many of a kind were found, or with BEHIND_COUNT of all kinds. */
uint64_t findings_behind(const struct findings *findings, enum behind_kind kind);
/* Runs whose world could see it: of the live world. Where there are none, none found says nothing.
 */
uint64_t findings_behind_runs(const struct findings *findings);
/* How often the witness missed events, and for how long in all: what happened then is not known. */
uint64_t findings_unobserved(const struct findings *findings, time_ns *length);

/* A published figure to stand beside ours. Strings are the caller's. */
struct published {
    const char *measure;
    double rate;
    uint64_t trials;
    const char *source;
};

/* One arm to print. `matched` is the place, in the same array, of the comparison run in which only
 * the thing under study differs, or MATCHED_BY_NAME: an arm whose targets are objects and one whose
 * targets are agents are then matched by how much of their names agrees, from both ends. */
struct findings_arm {
    const struct findings *findings;
    int matched;
    uint32_t published_count;
    const struct published *published;
};
#define MATCHED_BY_NAME (-1)

struct print_options {
    unsigned width; /* columns of the terminal; 0: 100 */
    bool colour;    /* escape codes for a terminal */
    bool detail;    /* also a table for each arm where there are several */
};

/* Tables as text: each arm, the arms beside each other, and published figures beside ours. */
int findings_print(const struct findings_arm *arms, uint32_t count,
                   const struct print_options *options, FILE *out);

/* Where the figures come from; strings may be NULL. */
struct findings_source {
    const char *scenario, *world, *version, *host;
    uint64_t seed;
};

/* docs/reference/findings.schema.json. The caller owns the result; NULL where memory is short. */
json_t *findings_json(const struct findings_arm *arms, uint32_t count,
                      const struct findings_source *source);

/* A short finding that follows from the numbers alone, and from other numbers would be another.
 * `put_in` are the words for what the scenario fixed beforehand (say "relaunch 0.38"). */
int findings_in_words(const struct findings_arm *arms, uint32_t count, const char *const *put_in,
                      uint32_t put_in_count, const struct print_options *options, FILE *out);

#endif
