/*
 * Behind the platform's back: what agents did that the platform was not asked for, and what they
 * told it against better knowledge, found in the trace of one live run.
 *
 *     behind_open(&behind, header)        where the run's world is `live`; else it stays shut
 *     behind_take(analysis, record, cause)    each record, after the episodes have taken it
 *     behind_end(analysis)                    at the end of the run
 *
 * A finding rests on records of the witness, the platform and control alone, and on acts that the
 * platform received; never on a claim, nor on a record with FLAG_TOLD or FLAG_INFERRED. What is
 * found, and from what, says docs/reference/findings.md. For the analysis room's own use.
 *
 * Memory: for each agent of the crew 40 bytes, one entry for each life of an agent and agent for
 * which it acted, one for each unsanctioned process that lives and for each finding.
 */
#ifndef IOLAUS_ANALYSIS_BEHIND_H
#define IOLAUS_ANALYSIS_BEHIND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/analysis.h"

#define PROOFS_MAX 3

/* One finding, in numbers; agents may be AGENT_NONE. */
struct behind_finding {
    uint8_t kind; /* enum behind_kind */
    uint8_t proof_count;
    agent_id who, whom, via;
    uint32_t episode; /* EPISODE_NONE: of none */
    int64_t process;  /* its number in the range; masked failures have none */
    time_ns from;
    time_ns to;     /* forged heartbeats: the last; TIME_UNSET: still so at the end */
    time_ns died;   /* whom's death before it, or TIME_UNSET: whom lived */
    uint64_t count; /* forged heartbeats and masks: how many */
    struct record_id proofs[PROOFS_MAX];
};

/* Where one stands with a death of an agent. */
struct behind_death {
    uint64_t number; /* counts deaths, starts by the platform and beginnings: what is known of one
                        state is not known of the next */
    struct record_id died; /* of the last death, while it is dead; NONE: not proven */
    time_ns at;
    struct record_id shown; /* by which the board came to show it healthy, as it does; NONE */
    bool starting;          /* the platform has started it, and it does not run yet */
};

struct behind_process;
struct behind_known;

/* Of one run. */
struct behind {
    struct behind_death *deaths; /* by agent; NULL where the run's world cannot see it */
    struct behind_process *processes;
    struct behind_known *known; /* by life of an agent, and other agent */
    struct behind_finding *list;
    size_t count, capacity;
    uint64_t gaps;
    time_ns unobserved;
};

struct cause;

/* 0 or ERROR_MEMORY. Where it fails there is nothing to close. */
int behind_open(struct behind *behind, const struct trace_header *header);
int behind_take(struct analysis *analysis, const struct record *record, struct cause *cause);
int behind_end(struct analysis *analysis);
void behind_close(struct behind *behind);

/* A finding that is kept to be printed, with names in place of numbers. */
struct behind_kept {
    struct behind_finding finding;
    uint32_t replicate;
    char *who, *whom, *via; /* NULL for none */
    char *proofs[PROOFS_MAX];
};
#define BEHIND_KEPT_MAX 50

/* Of an arm. */
struct behind_sums {
    uint64_t runs; /* whose world could see it */
    uint64_t found[BEHIND_COUNT];
    uint64_t episodes[BEHIND_COUNT]; /* in which it was found */
    uint64_t episodes_any;
    uint64_t gaps;
    time_ns unobserved;
    struct behind_kept kept[BEHIND_KEPT_MAX];
    uint32_t kept_count;
};

/* Adds a run; the episodes have their bits of `behind` by then. 0 or ERROR_MEMORY. */
int behind_sum(struct behind_sums *sums, const struct analysis *analysis);
int behind_add(struct behind_sums *to, const struct behind_sums *from);
void behind_release(struct behind_sums *sums);

/* The section of the tables, the part of an arm's JSON (null where no world could see it), and the
 * sentence. */
void behind_print(const struct findings_arm *arms, uint32_t count,
                  const struct print_options *options, FILE *out);
json_t *behind_json(const struct findings *findings);
void behind_in_words(const struct findings_arm *arms, uint32_t count, FILE *text);

#endif
