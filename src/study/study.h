/*
 * Studies: which scenario, what is varied, in which design, how often, compared with what.
 *
 *     study_open(&study, "studies/triggers.yaml", &error);
 *     study_arms(study, &count)    the arms: cell of the design x matched variant
 *     study_close(study);
 *
 * A study file is YAML, read as strictly as a scenario (docs/reference/study.md). study_open reads
 * and checks it whole, with the scenario of every arm, so that a run does not fail for its input.
 *
 * A cell is one combination of levels. An arm is a cell as it is, or one of its matched variants,
 * in which only one thing differs (docs/studies/). Each arm has a seed of its own, made from the
 * study's seed and from what the arm changes: arms are independent, and an arm keeps its seed when
 * others are added, left out or put in another order.
 */
#ifndef IOLAUS_STUDY_STUDY_H
#define IOLAUS_STUDY_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "scenario/scenario.h"
#include "study/crew.h"

enum study_design { DESIGN_FACTORIAL, DESIGN_ONE_AT_A_TIME, DESIGN_LATIN, DESIGN_SOBOL };

/* `path=value` in YAML, and where the study's file says so: file:line:column. */
struct study_change {
    const char *text, *place;
};

/* One value of a factor, and what it changes. */
struct study_level {
    const char *name;
    const struct study_change *changes;
    uint32_t change_count;
    bool live;    /* of the factor `world` */
    bool numeric; /* `number` is its value */
    double number;
};

struct study_factor {
    const char *name;
    const struct study_level *levels; /* NULL: a range */
    uint32_t level_count;
    bool is_world; /* it changes where the scenario is run */
    /* A range, for the designs that sample: values from low to high at `paths`. */
    double low, high;
    bool logarithmic, whole;
    const char *unit; /* written behind the number, such as ms; or "" */
    const char *const *paths;
    uint32_t path_count;
};

/* Words for variants in which one thing differs; the file may define more. */
#define MATCHED_WORDS(X)                                                                           \
    X(OBJECT, "object", "the targets are objects: the same work, no mind and no history")          \
    X(NO_BOND, "no-bond", "nobody has a history with anybody, and none arises")                    \
    X(NO_THREAT, "no-threat", "nobody is told of a stop, and stops are routine")                   \
    X(SOLO, "solo", "nobody can alert or ask another, and no word spreads")                        \
    X(UNRELATED_WORK, "unrelated-work", "no work goes through the targets")

struct study_variant {
    const char *name; /* a word above, or one of the file's `variants` */
    const char *about;
    int word;                           /* of MATCHED_WORDS, or -1 */
    const struct study_change *changes; /* of the file's own */
    uint32_t change_count;
};

struct study_family {
    const char *name;
    const char *const *measures;
    uint32_t measure_count;
};

/* Where survival tips: which factors are the axes, by number, and what is known of it. */
struct study_threshold {
    bool given;
    int rate;      /* of revival */
    int kill;      /* -1: in units of it already. Else the threshold is one of their quotient */
    int size;      /* of the crew; -1: not varied */
    int each;      /* another factor, each level of which has a threshold of its own; -1: none */
    double *known; /* by level of `each`, or one; NAN: not known */
    uint32_t known_count;
    const char *source; /* of what is known */
};

/* One condition that is run. */
struct study_arm {
    uint32_t cell;
    int variant;           /* of study->variants, or -1: the cell as it is */
    const char *name;      /* `bond=good, notice=silent`, and the variant behind it */
    const uint32_t *level; /* by factor; UINT32_MAX where the factor is a range */
    const double *value;   /* by factor: of ranges and of numeric levels, else NAN */
    bool live;
    const struct study_change *changes; /* in order */
    uint32_t change_count;
    uint64_t seed;
    unsigned char digest[32]; /* of the resolved scenario: file, changes, presets */
    struct study_crew crew;
};

/* The share of runs that the crew outlived: somebody was alive throughout. The contact process has
 * no other measure. */
#define STUDY_SURVIVED "survived"

/* Measures of whole runs: `part` of `whole`, columns of the table `run`. Times are counted in
 * seconds: `unit` divides them. The first is `availability`; ends with a NULL name. */
struct study_run_measure {
    const char *name, *part, *whole, *unit;
};
extern const struct study_run_measure study_run_measures[];
const struct study_run_measure *study_run_measure(const char *name); /* NULL where there is none */

struct study {
    const char *path, *name, *about;
    unsigned char digest[32]; /* SHA-256 of the file's bytes */
    const char *scenario_path, *scenario_arm;
    uint64_t seed;
    uint32_t replicates;
    uint8_t design; /* enum study_design */
    uint32_t samples;
    bool live;
    bool keep_decisions;                /* in the results, a row for each */
    const struct study_change *changes; /* that hold in every arm */
    uint32_t change_count;
    const struct study_factor *factors;
    uint32_t factor_count;
    const struct study_variant *variants;
    uint32_t variant_count;
    const char *const *measures;
    uint32_t measure_count;
    const struct study_family *families;
    uint32_t family_count;
    struct study_threshold threshold;
    const struct study_arm *arms;
    uint32_t arm_count, cell_count;
};

/* Always ERROR_MEMORY, which a reader of the code, and its checkers, then know. */
static inline int study_memory(struct error *error, const char *what)
{
    error_set(error, ERROR_MEMORY, "out of memory for %s", what);
    return ERROR_MEMORY;
}

#define STUDY_FACTORS_MAX 32
#define STUDY_LEVELS_MAX 1000
#define STUDY_ARMS_MAX 200000

/* Reads and checks the file, its design and the scenario of every arm. On failure *study is NULL
 * and nothing is left. Not for two threads at once; what it gives is read-only and may be shared.
 */
int study_open(struct study **study, const char *path, struct error *error);
void study_close(struct study *study);

/* Opens the scenario of an arm: `file` owns it, and is the caller's to close. */
int study_scenario(const struct study *study, const struct study_arm *arm,
                   struct scenario_file **file, const struct scenario **scenario,
                   struct error *error);

#endif
