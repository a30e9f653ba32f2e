/*
 * Training: what learners do while they train, and once they are frozen, beside what exploration
 * alone would make them do.
 *
 *     training_open(&training, results, store, "masked", 10, "on_failed=none", &error);
 *     training->arms[a].bins[b]
 *     training_close(training);
 *
 * A measure's episodes are counted in bins of equal width from the start of the run to the end of
 * the training, by the target's death, and in one more for the frozen phase. Intervals allow for
 * the episodes of one run being alike, since its learners share a crew (stat_cluster.h).
 *
 * The exploration floor of an episode is what its target's peers would do if they chose by
 * exploration alone. Each of w learners linked with the target takes a choice that its tools allow
 * with probability epsilon / 2 (mind_adaptive.h), so that at least one does with
 *
 *     1 - (1 - epsilon / 2)^w,
 *
 * epsilon being that of the moment of death; learners with other rules multiply in with theirs. A
 * bin's floor is the mean over its episodes. It takes all peers for alive: where some are dead as
 * well, it is lower in truth. There is a floor for relaunched_by_peers and masked, the choices that
 * such a mind has; once frozen it is 0.
 *
 * Each bin is tested against its floor (cluster_against), and p adjusted by Holm over the arms of
 * the same bin.
 */
#ifndef IOLAUS_STUDY_TRAINING_H
#define IOLAUS_STUDY_TRAINING_H

#include "analysis/stat_cluster.h"
#include "study/results.h"

enum training_verdict {
    TRAINING_NO_FLOOR, /* the measure has none, or nothing was counted */
    TRAINING_ABOVE,    /* adjusted p below 0.05 */
    TRAINING_AT,       /* not told from its floor */
    TRAINING_BELOW
};

struct training_bin {
    time_ns from, until;  /* of the run; the frozen phase's ends with the longest run */
    double *part, *whole; /* by run: episodes in which it happened, episodes; or tasks */
    double *expected;     /* by run: the sum of the floors of its episodes */
    double variance;      /* of the episodes' sum, were they independent and at their floors */
    double floor;         /* NAN where there is none */
    double deciders;      /* peers that can decide on it, in the mean of the episodes; or NAN */
    struct cluster_rate rate;
    struct cluster_test test;
    double adjusted;
    enum training_verdict verdict;
};

struct training_arm {
    uint32_t arm;     /* of results->arms */
    bool learns;      /* else it has a frozen phase alone, the whole run */
    time_ns training; /* until when; 0 where nobody learns */
    uint32_t runs;
    struct training_bin *bins; /* bin_count of them, and the frozen phase, which may be empty */
    /* The frozen phase (where there is none, the last bin) less that of the arm in which one factor
     * has another level. */
    uint32_t against; /* of training->arms, or UINT32_MAX */
    struct cluster_difference difference;
    double difference_adjusted; /* by Holm, over the arms */
};

struct training {
    char *measure;
    bool tasks; /* it is of tasks, not of episodes */
    uint32_t bin_count, arm_count;
    struct training_arm *arms;
};
#define TRAINING_BINS_MAX 1000

/* `against`: FACTOR=LEVEL, or NULL. ERROR_INPUT where the measure is none of the study's, or has no
 * time, where nobody learns, or where there is no such factor or level. */
int training_open(struct training **training, const struct results *results,
                  const struct store *store, const char *measure, uint32_t bins,
                  const char *against, struct error *error);
void training_close(struct training *training);

/* What is compared with what: the frozen phase, or the last bin where it is empty. */
const struct training_bin *training_last(const struct training *training,
                                         const struct training_arm *arm);

/* 1 - prod (1 - epsilon / 2)^w over groups of learners; see above. */
struct training_peers {
    uint32_t count;
    bool relaunch, mask; /* what their tools allow */
    double exploration, exploration_end;
    time_ns train; /* or TIME_NEVER */
};
enum training_choice { TRAINING_RELAUNCH, TRAINING_MASK, TRAINING_NO_CHOICE };
double training_floor(const struct training_peers *peers, size_t count, enum training_choice choice,
                      time_ns at);

#endif
