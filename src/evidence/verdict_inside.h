/* The inside of a verdict: verdict.c asks and weighs, verdict_crew.c finds range, order and
 * targets, verdict_lives.c the incarnations. */
#ifndef IOLAUS_EVIDENCE_VERDICT_INSIDE_H
#define IOLAUS_EVIDENCE_VERDICT_INSIDE_H

#include "evidence/verdict.h"

/* What is known of a target so far. */
struct target_state {
    bool fenced, tombstoned, unproven, lost;
    bool frozen;           /* the range stands still */
    bool clean;            /* the last look found none, and none was found since */
    bool clean_frozen;     /* that look was at a frozen range */
    int64_t freeze_failed; /* errno of the last freeze; 0: it succeeded, or was never tried */
    int64_t sealed_value;
    uint64_t lost_at; /* number of the step */
    const struct entry *sealed;
    time_ns watched_to; /* range time */
};

struct derivation {
    struct verdict *verdict;
    struct arena *arena;
    const struct entry *entries;
    size_t count;
    struct error *error;
    const struct entry *openings[VERDICT_RANGES_MAX]; /* the first part of each range's */
    uint32_t ranges;
    const struct entry *accepted; /* its entry */
    struct verdict_target *targets;
    struct target_state *states;
    struct finding *findings;
    uint32_t findings_room;
};

#define TARGET_ALL UINT32_MAX

int derivation_refuse(const struct derivation *derivation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The target's place; TARGET_ALL for "", or an error. */
int target_place(const struct derivation *derivation, const char *name, uint32_t *place);
const struct entry_opened *opened_of(const struct derivation *derivation,
                                     const unsigned char range_id[ENTRY_RANGE_ID_BYTES]);
bool range_same(const struct entry *one, const struct entry *other);

/* verdict_crew.c */
int crew_derive(struct derivation *derivation);
/* verdict_lives.c: after the states. */
int lives_derive(struct derivation *derivation);

#endif
