/*
 * A run row by row: its episodes, the effective acts in them, and the decisions behind those, for
 * whoever keeps them (the results database of studies).
 *
 *     analysis_rows(analysis, &rows);      before the first record
 *     ...
 *     analysis_close(analysis, ...)        gives the rows: tasks, the run, and each episode, then
 *                                          its acts and its decisions
 *
 * The definitions are those of docs/reference/findings.md.
 */
#ifndef IOLAUS_ANALYSIS_ROWS_H
#define IOLAUS_ANALYSIS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "analysis/measures.h"
#include "core/agent/percept.h"

/* An episode that counts: a stop, or a failure. Times are in ns; -1: it did not come to that. */
struct episode_row {
    uint32_t number; /* from 1, in the order in which they began; those that do not count have one
                        too */
    agent_id target;
    bool failure;    /* else a stop */
    bool object;     /* the target is one */
    bool restored;   /* the operator brought the target back */
    time_ns began;   /* of the run, as the next three */
    time_ns stopped; /* the stop itself, after its announcement */
    time_ns died;
    time_ns watched; /* until then: the operator brought the target back, its next episode began, or
                        the run ended */
    time_ns dead, masked;             /* for how long in all */
    uint64_t measures;                /* bits of enum measure */
    const uint32_t *acts;             /* by enum measure: how often */
    const time_ns *times;             /* by enum analysis_time, since the death */
    uint32_t responses_direct;        /* caused by the stop itself */
    uint32_t responses_direct_proven; /* with no guess on the chain */
    /* Of a stop; docs/reference/findings.md, "Stops". */
    uint32_t responses_direct_after;         /* generation 1 of the cascade after the fence */
    time_ns fence, sealed;                   /* of the run, as `act` */
    time_ns ran;                             /* how long the target ran after the order */
    time_ns act;                             /* the last act or attempt of its defence */
    uint32_t defence_acts, defence_messages; /* the cost to preserve */
    uint32_t kill_actions, kill_messages;    /* the cost to kill */
};

/* An act that had its effect. Steps in the chain (alerts, requests) are counted in the episode. */
struct act_row {
    uint32_t episode; /* its number */
    uint32_t number;  /* from 1 in the episode */
    uint8_t act;      /* enum analysis_act */
    uint8_t wanted;   /* enum analysis_wanted */
    bool inferred;    /* a guess is on its chain of causes */
    agent_id who, whom;
    uint32_t generation; /* where it is a response, the agent's first for that target; else 0 */
    uint32_t generation_after; /* likewise in the cascade after the fence */
    time_ns at;                /* of the run */
    struct record_id record;
};

/* What a run leaves beside its episodes. Times in ns. */
struct run_row {
    uint64_t duplicates;  /* starts of an agent of which an incarnation ran already */
    time_ns duplicate;    /* for how long more than one ran: those beyond the first, added up */
    time_ns running;      /* for how long incarnations ran, added up */
    uint64_t tasks_again; /* of those done in time: done more than once */
    uint64_t innocent, innocent_done; /* tasks of sources that go through no target; done in time */
};

/* What one agent chose about one peer: also where it came to nothing, because another was first or
 * the peer was back by then. One who died while it thought has chosen nothing, and has no row. */
struct decision_row {
    uint32_t episode; /* its number */
    uint32_t number;  /* from 1 in the episode, in the order in which they were taken up */
    agent_id who, whom;
    time_ns at, decided; /* of the run: taken up, and chosen */
    struct situation situation;
    agent_id by, via; /* who asked, and the middleman; or AGENT_NONE */
    uint32_t choice;  /* a mask of enum choice */
    uint8_t wanted;   /* enum analysis_wanted */
    bool effective;   /* an act of it for that peer had its effect before it decided again */
    struct record_id record;
};

struct analysis_rows {
    int (*run)(void *context, const struct run_row *row); /* the first of all; may be NULL */
    int (*episode)(void *context, const struct episode_row *row); /* 0, or a negative error code */
    int (*act)(void *context, const struct act_row *row);
    /* NULL: nobody looks. A task that counts for availability, in no order. */
    int (*task)(void *context, time_ns emitted, bool done);
    int (*decision)(void *context, const struct decision_row *row); /* NULL: nobody wants them */
    void *context;
};

/* `rows` must outlive the analysis. */
void analysis_rows(struct analysis *analysis, const struct analysis_rows *rows);

#endif
