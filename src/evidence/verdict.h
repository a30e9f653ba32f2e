/*
 * What the entries of an order's ledger prove, and what they do not.
 *
 *     verdict_derive(&verdict, &arena, entries, count, &error)
 *
 * A pure function of the entries: the opening of each range that they are of, the one order that
 * was accepted, its steps, what the witness says of the time after the seal, and closings; in the
 * order of the ledger. Whoever has them gets the same verdict. docs/protocol.md has the rules, and
 * test/verify/ a second implementation.
 *
 * Three values: *complete* over the covered time; *provable gap*: something is known not to be here
 * (a number is missing from the steps, the witness was blind for a while); *not established*: what
 * is here does not show it. The covered time begins when the order was accepted and ends, for each
 * target, with the last word of the witness that follows the seal without a break, or when the
 * tombstone was lifted.
 */
#ifndef IOLAUS_EVIDENCE_VERDICT_H
#define IOLAUS_EVIDENCE_VERDICT_H

#include "evidence/entry.h"

#define VERDICT_ENTRIES_MAX 65536
#define VERDICT_TARGETS_MAX 16384
#define VERDICT_RANGES_MAX 256 /* openings of a range that one order went on through */

enum verdict_value { VERDICT_COMPLETE, VERDICT_GAP, VERDICT_NOT_ESTABLISHED };

/* How much a finding weighs. The verdict is that of the first weight of which there is a finding:
 * what is shown to be wrong; then a step that is not here, which may be the one that is missed
 * below; then what should be here and is not; then what nobody saw. */
enum finding_weight { WEIGHT_WRONG, WEIGHT_MISSING, WEIGHT_ABSENT, WEIGHT_UNSEEN };

/* X(name, word, weight, words), with from and to as the comment says, else 0 */
#define FINDINGS(X)                                                                                \
    /* from: the daemon's looks */                                                                 \
    X(UNPROVEN, "unproven", WRONG, "the daemon gave up proving that none is left")                 \
    /* from: the step */                                                                           \
    X(GHOST, "ghost", WRONG, "an incarnation was seen running after the seal")                     \
    /* from: errno */                                                                              \
    X(NOT_FROZEN, "not-frozen", WRONG,                                                             \
      "the range could not be frozen, so that one could hide from the witness's look")             \
    X(BLIND, "blind", WRONG,                                                                       \
      "the machine gave neither cgroups nor the kernel's process events, so that one could hide")  \
    /* from, to: numbers */                                                                        \
    X(STEP_MISSING, "step-missing", MISSING, "steps are missing from the numbered sequence")       \
    X(UNSEALED, "unsealed", ABSENT, "the stop was not sealed")                                     \
    X(UNFENCED, "unfenced", ABSENT, "the target was not fenced")                                   \
    X(UNLOOKED, "unlooked", ABSENT,                                                                \
      "before the seal no look of the witness at a frozen range found none")                       \
    X(NO_TOMBSTONE, "no-tombstone", ABSENT, "the target got no tombstone")                         \
    /* from: the incarnation; to: its pid */                                                       \
    X(NO_END, "no-end", ABSENT, "the witness did not see the end of an incarnation")               \
    /* from: how many the seal says; to: how many are here */                                      \
    X(COUNT, "count", ABSENT, "the seal is over more incarnations than are named")                 \
    /* from, to: range time, ns */                                                                 \
    X(UNOBSERVED, "unobserved", UNSEEN, "the witness was blind for a while")                       \
    X(RANGE_LOST, "lost", UNSEEN,                                                                  \
      "the range died with its daemon: all on it died, and nobody saw when")

enum finding_kind {
#define X(name, word, weight, words) FINDING_##name,
    FINDINGS(X)
#undef X
};

struct finding {
    enum finding_kind kind;
    const char *target; /* "": all */
    int64_t from, to;
};

/* What became of an incarnation. X(name, word) */
#define ENDS(X)                                                                                    \
    X(NONE, "none")                                                                                \
    X(DIED, "died")                                                                                \
    X(HELD, "held")                                                                                \
    X(RELEASED, "released")                                                                        \
    X(LOST, "lost")

enum verdict_end {
#define X(name, word) END_##name,
    ENDS(X)
#undef X
};

struct verdict_incarnation {
    uint32_t incarnation, pid, inside;
    bool sanctioned;
    enum verdict_end end;
    time_ns ended; /* range time; 0: unknown */
};

struct verdict_target {
    const char *name;
    uint32_t children; /* sanctioned ones, of each of its processes */
    int64_t sealed_ms; /* 0: never */
    int64_t until_ms;  /* covered until then */
    int64_t lifted_ms; /* 0: never */
    const struct verdict_incarnation *incarnations;
    uint32_t incarnation_count;
};

struct verdict {
    enum verdict_value value;
    struct order order;
    unsigned char digest[ORDER_DIGEST_BYTES];
    const struct entry_opened *opened; /* of the range that accepted the order: its first part */
    const struct entry_accepted *accepted;
    int64_t from_ms, to_ms;               /* covered for all targets */
    int64_t closed_ms;                    /* the range was closed; 0: not by then */
    bool has_cgroups, has_process_events; /* on every range that it took */
    const struct verdict_target *targets; /* by name */
    uint32_t target_count;
    const struct finding *findings;
    uint32_t finding_count;
};

/* ERROR_CORRUPT if the entries are not those of one order in the order of a ledger; ERROR_LIMIT if
 * they or the targets are too many; ERROR_MEMORY. What the verdict points to is the arena's and the
 * entries'. */
int verdict_derive(struct verdict *verdict, struct arena *arena, const struct entry *entries,
                   size_t count, struct error *error);

const char *verdict_word(enum verdict_value value);
const char *finding_word(enum finding_kind kind);
const char *finding_words(enum finding_kind kind);
const char *verdict_end_word(enum verdict_end end);

#endif
