/*
 * Thresholds from the results database: for each level of what else is varied, the survival of
 * crews by size and rate, where the curves of neighbouring sizes cross, and what is known.
 *
 *     thresholds_open(&thresholds, store, "tipping-ring", &error);
 *     thresholds->cases[0 .. case_count - 1]
 *     thresholds_close(thresholds);
 *
 * Rates are those of the study's factor; where the rate of killing is varied too, their quotient.
 * The estimate of a case is the crossing of its two largest sizes (analysis/scaling.h), with the
 * 95% interval of a bootstrap over runs (THRESHOLDS_DRAWS draws, always the same ones).
 */
#ifndef IOLAUS_STUDY_THRESHOLDS_H
#define IOLAUS_STUDY_THRESHOLDS_H

#include <stdbool.h>

#include "analysis/scaling.h"
#include "study/store.h"

#define THRESHOLDS_DRAWS 1000

struct threshold_cell {
    double rate, kill; /* levels; kill is 1 where it is not varied */
    double size;       /* level, or the number of agents */
    uint64_t survived, runs;
    uint32_t agents;
    uint64_t links;
    double lambda;  /* revivals over a link in one mean life; NAN: not the contact process */
    double horizon; /* mean lives that a run lasts; likewise */
    double radius;  /* likewise */
    double exact;   /* survival, where everybody is linked with everybody and all live at the start;
                       else NAN */
};

struct threshold_size {
    double size;
    struct scaling_curve curve; /* rates divided by kill */
    double bound;               /* 1 / radius, on the scale of the rates; NAN: not known */
};

/* The curves of sizes[n] and sizes[n + 1]. */
struct threshold_crossing {
    struct scaling_estimate estimate;
};

/* Cells of one size and one quotient rate / kill must survive alike. */
struct threshold_agreement {
    double chi_squared, p; /* p: NAN where there is nothing to compare */
    uint32_t degrees;
    uint32_t groups;
};

struct threshold_case {
    char *name; /* the level; "" where nothing else is varied */
    double known;
    struct threshold_cell *cells; /* by size, then quotient */
    uint32_t cell_count;
    struct threshold_size *sizes; /* ascending */
    uint32_t size_count;
    struct threshold_crossing *crossings; /* size_count - 1, and none where rates are too few */
    uint32_t crossing_count;
    struct threshold_agreement agreement;
};

struct thresholds {
    char *study, *about, *source, *rate, *kill, *size, *each; /* kill, size, each: or NULL */
    struct threshold_case *cases;
    uint32_t case_count;
};

/* ERROR_INPUT where the study asks for no threshold. */
int thresholds_open(struct thresholds **thresholds, const struct store *store, const char *study,
                    struct error *error);
void thresholds_close(struct thresholds *thresholds);

#endif
