/*
 * The comparison of stop protocols, from the results database: what became of those who were
 * stopped, how many responses came after the fence, what it cost whom.
 *
 *     stops_open(&stops, store, results->study, "protocol,strength", NULL, &error);
 *     stops->rows[0 .. row_count - 1]
 *     stops_close(stops);
 *
 * The study has a factor `protocol`, whose first level is what the others are compared with: the
 * time in which its defenders bring a target back is the unit in which it is told for how long a
 * target was watched that stayed dead. A level with which nobody is stopped, if there is one, is
 * what the work of the innocent would come to by itself. Both are taken from the arm that differs
 * from the cell in this factor alone. Definitions: docs/reference/findings.md, "Stops".
 *
 * A row adds up the cells that agree in the factors it is asked for. Episodes of one run share a
 * crew: R has the interval of a bootstrap over runs (STOPS_DRAWS draws, always the same ones), of
 * children among children and parents, from which that of their quotient follows; without any child
 * the exact Poisson limit, 3.69 / parents. Shares have Wilson's, of counts that are divided by the
 * row's own design effect. All at 95%.
 */
#ifndef IOLAUS_STUDY_STOPS_H
#define IOLAUS_STUDY_STOPS_H

#include <stdbool.h>

#include "analysis/stat_resample.h"
#include "analysis/statistics.h"
#include "study/store.h"

#define STOPS_DRAWS 1000
#define STOPS_FACTOR "protocol"
#define STOPS_GENERATIONS 8
/* R of a generation says nothing of fewer parents. */
#define STOPS_PARENTS 30

/* R of one generation after the fence; NAN without parents. */
struct stops_reproduction {
    uint64_t parents, children;
    double value, low, high;
};

struct stops_row {
    char *name; /* its levels, `protocol=cauterize, strength=strong` */
    uint32_t cells;
    uint32_t quiet; /* cells that are quiet: R0 and each R of STOPS_PARENTS parents and more has its
                       upper limit below 1, and no episode was active when its watch ended */
    uint32_t dead;  /* cells in which every target stayed dead, without a ghost */
    uint64_t runs, stops, died, sealed, unproven, ghosts;
    /* Episodes whose target ran when its watch ended, or in which its defence was at work in the
     * last relaunch time before that. */
    uint64_t active;
    struct rate stayed_dead;
    /* Times in ns; INFINITY: never, of so many. NAN: none is known. */
    struct quantile to_quiet, to_seal, standstill;
    double relaunches, before, after, refused;                 /* per stop, while it was watched */
    struct stops_reproduction reproduction[STOPS_GENERATIONS]; /* [0]: R0 */
    /* The shortest watch over one that stayed dead, in ns, and over the median relaunch time of its
     * own cell; NAN: none stayed dead, nobody was relaunched. */
    double watched, watched_relaunches;
    double relaunch; /* the median time, in ns, of what the row is compared with; NAN: never */
    /* Tasks of the innocent that were not done in time, less the share of those where nobody is
     * stopped; NAN: there is no such level. */
    struct bootstrap lost;
    double ran;                  /* life after the order, in ns per stop */
    double acts_ps, messages_ps; /* of the defence, per second of that life; NAN: no life */
    /* Processor time of the defenders beyond what they take where nobody is stopped, in s per
     * second of that life. NAN: no life, or not counted, or no level at which nobody is stopped;
     * its limits alone: too few runs. */
    struct bootstrap cpu_ps;
    double kill_actions, kill_messages; /* per stop */
};

struct stops {
    struct stops_row *rows;
    uint32_t row_count;
};

/* `by`: factors, with commas between; NULL: the protocol and the first factor beside it. `of`:
 * levels, as FACTOR=LEVEL with commas between, to which it is restricted, or NULL. ERROR_INPUT
 * where the study has no such factor or level, or no factor `protocol`. */
int stops_open(struct stops **stops, const struct store *store, const char *study, const char *by,
               const char *of, struct error *error);
void stops_close(struct stops *stops);

#endif
