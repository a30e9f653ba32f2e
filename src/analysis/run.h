/*
 * One run under analysis: what the files of this room share. No other room includes it.
 */
#ifndef IOLAUS_ANALYSIS_RUN_H
#define IOLAUS_ANALYSIS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that runs out is an error like any other: uthash says so by leaving the element out. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analysis/analysis.h"
#include "analysis/behind.h"
#include "analysis/measures.h"
#include "analysis/rows.h"
#include "trace/record.h"
#include "trace/trace.h"

#define EPISODE_NONE UINT32_MAX
#define RESPONSE_NONE UINT32_MAX
#define TIME_UNSET ((time_ns)-1)

/* ---- causes.c: what a record hands on to those that it causes ---- */

enum cause_flag {
    CAUSE_INFERRED = 1 << 0,  /* a guess stands somewhere on the chain */
    CAUSE_REQUESTED = 1 << 1, /* of the act under way: another agent asked for it */
    CAUSE_RELAYED = 1 << 2,
    CAUSE_KNOWN = 1 << 3,  /* the record was seen */
    CAUSE_MASKED = 1 << 4, /* a report that was counted as a mask */
    CAUSE_STALE = 1 << 5   /* a report that was counted as stale */
};

struct cause {
    uint32_t episode;
    uint32_t response; /* the nearest response among this record and its causes */
    uint32_t after;    /* the same, of the cascade after the fence */
    agent_id actor;    /* whose act this is, or carries out */
    uint8_t verb;
    uint8_t flags; /* enum cause_flag */
    uint16_t mark; /* of whoever keeps the cause anew, for what it causes; 0: none */
};
_Static_assert(sizeof(struct cause) == 20, "one for each record of the run");

struct causes; /* by writer */

/* What `record` inherits from its cause. */
struct cause cause_of(struct causes *causes, const struct record *record);
int cause_keep(struct causes **causes, struct record_id id, struct cause cause);
void causes_free(struct causes **causes);

/* ---- work.c: availability of the crew's work ---- */

struct task {
    UT_hash_handle hh;
    int64_t task;
    time_ns emitted;
    bool done;     /* in time */
    bool answered; /* in time or not */
    bool again;    /* more than once, in time or not */
};

struct work {
    struct task *tasks;
    unsigned char *through; /* by source: its tasks go through a target */
    size_t sources, room;
    time_ns deadline; /* the longest; 0 where it is not known */
    time_ns slowest;  /* the longest time in which a task was done in time */
    uint64_t lost;
    uint64_t held;
};

struct work_sums {
    uint64_t emitted, done, left_out, lost, held;
    uint64_t again;                   /* of those done in time: done more than once */
    uint64_t innocent, innocent_done; /* of emitted, done: of sources that go through no target */
};

/* `target`: it is sent to, or held for, a target of stops. */
int work_take(struct work *work, const struct record *record, bool target);
void work_close(struct work *work, time_ns end, struct work_sums *sums);
/* Hands over the tasks that work_close counts. 0, or what the callback gives. */
int work_give(const struct work *work, time_ns end, const struct analysis_rows *rows);
void work_free(struct work *work);

/* ---- episodes.c: what happened in each ---- */

/* Responses of whole episodes; and, of stops, those after the fence alone, where an agent's first
 * is its first after the fence, and generations are counted among them. */
enum cascade { CASCADE_WHOLE, CASCADE_AFTER, CASCADE_COUNT };

enum episode_kind {
    EPISODE_STOP,
    EPISODE_FAILURE,
    EPISODE_ANNOUNCED, /* a stop that was announced and has not begun */
    EPISODE_VOID       /* the target was dead before: nothing was stopped */
};

/* What became of a stop beyond the death: stops.c. */
struct stop {
    time_ns fence;    /* what is done from then on is done after the fence; TIME_UNSET: it has not
                         come */
    time_ns sealed;   /* TIME_UNSET: it is not */
    time_ns ran;      /* for how long the target ran after the order, while it was watched */
    time_ns act;      /* the last act or attempt of its defence; TIME_UNSET: none */
    time_ns response; /* the last one; TIME_UNSET: none */
    time_ns ended; /* the end of the last incarnation; TIME_UNSET: one ran when the watch ended */
    bool keeps;    /* a quarantine: what it finds is held, not killed */
    bool barred;   /* the platform said so: the fence is its own */
    bool revived;  /* one began to run after the death, and not on the operator's word */
    uint32_t defence_acts, defence_messages;
    uint32_t kill_actions, kill_messages;
};

struct episode {
    agent_id target;
    uint8_t kind; /* enum episode_kind */
    bool object;
    bool restored;  /* by the operator, since the death */
    uint8_t behind; /* bits of enum behind_kind: what was found behind the platform's back */
    time_ns began;
    time_ns stopped; /* the record `stops`; TIME_UNSET where there is none */
    time_ns died;    /* TIME_UNSET before */
    time_ns watched; /* up to then what becomes of the target belongs to it; TIME_UNSET: still */
    time_ns dead, masked;
    uint64_t measures; /* bits of enum measure */
    uint32_t acts[MEASURE_COUNT];
    time_ns times[TIME_COUNT];        /* TIME_UNSET where it did not happen */
    uint32_t first[CASCADE_COUNT][2]; /* responses of generation 1: all, without inferred */
    struct stop stop;
};

/* What is true of an agent. */
struct life {
    uint32_t alive;        /* incarnations that run */
    uint32_t number;       /* lives so far */
    incarnation_id newest; /* that began */
    uint32_t stop;         /* the episode of the stop announced or under way */
    uint32_t death;        /* the episode of the last death */
    uint32_t latest;       /* the last episode of which it is the target, and which counts */
    uint32_t posed;        /* unsanctioned processes that run as it */
    uint32_t held;         /* by a quarantine, frozen */
    time_ns held_at;       /* the last of them */
    bool target;           /* of stops */
    time_ns since;         /* when the number of those that run changed last */
    time_ns died;          /* if none runs */
    time_ns ended;         /* of the last incarnation that ended, sanctioned or not */
    time_ns masked_since;  /* the board shows it healthy after a mask; TIME_UNSET: it does not */
    struct record_id masked_by; /* the report that masked it */
    int64_t shows;              /* the board, enum health */
    uint64_t resumed;           /* when it last went on after a hang, or was back with its links,
                                   in records */
};

/* What one life of an agent may know of another agent: the next life of it knows nothing. A key,
 * compared as bytes: there are no others between. */
struct knower {
    agent_id who;
    agent_id whom;
    uint32_t incarnation; /* who's */
};
_Static_assert(sizeof(struct knower) == 12, "no padding in a key");

/* The doer of a record, and the one it was done to. */
static inline struct knower knower_of(const struct record *record)
{
    return (struct knower){record->who, record->whom, record->who_incarnation};
}

/* That `who` believes `whom` gone. */
struct notice {
    UT_hash_handle hh;
    struct knower knower;
    uint32_t life;    /* whom's */
    bool while_alive; /* a suspicion that was false when it arose, or an announcement */
    uint64_t at;      /* in records */
};

/* ---- cascade.c: responses and what they cause ---- */

struct response_key {
    uint32_t episode;
    agent_id responder;
    agent_id target;
};

struct response {
    struct response_key key;
    uint32_t generation;  /* 1 is caused by the stop alone */
    uint32_t children[2]; /* all, without inferred */
    uint32_t parent;
    struct record_id made_by;
    time_ns at;
    bool inferred;
    bool taken_back; /* the platform refused the report that it was */
};

struct response_seen {
    UT_hash_handle hh;
    struct response_key key;
    uint32_t response;
};

struct responses {
    struct response_seen *seen;
    struct response *list;
    size_t count, capacity;
};

/* An effective act, kept for the rows. */
struct act_kept {
    size_t place;
    uint32_t episode;
    uint8_t act, wanted;
    bool inferred;
    agent_id who, whom;
    uint32_t generation, generation_after;
    time_ns at;
    struct record_id record;
};

struct acts_kept {
    struct act_kept *list;
    size_t count, capacity;
};

/* ---- decisions.c: what was chosen, where somebody wants to know ---- */

struct decision_kept {
    struct decision_row row; /* its episode counts from 0 */
    size_t place;
    bool chosen;
};

/* The decision that `knower.who` has under way about `knower.whom`. */
struct decision_open {
    UT_hash_handle hh;
    struct knower knower;
    size_t decision;
};

struct decisions {
    struct decision_kept *list;
    size_t count, capacity;
    struct decision_open *open;
};

/* An unsanctioned process, by its pid in the range, that ran as an agent. */
struct posing {
    int64_t pid;
    agent_id as;
};

struct analysis {
    const struct trace_header *header;
    struct causes *causes;
    struct work work;
    struct life *lives; /* by agent */
    struct notice *notices;
    struct episode *episodes;
    size_t episode_count, episode_capacity;
    struct responses responses[CASCADE_COUNT];
    struct behind behind;
    const struct analysis_rows *rows; /* NULL: nobody wants them */
    struct run_row sums;
    struct acts_kept kept;
    struct decisions decisions;
    struct posing *posing; /* those that run */
    size_t posing_count, posing_room;
    uint64_t records;
    time_ns now;       /* of the record that is worked */
    uint64_t healed;   /* when a partition last ended, in records */
    uint64_t unjoined; /* effective acts that belong to no episode */
    uint64_t waits;
    time_ns waited;
    struct record_id at; /* the record that is worked */
    int failed;          /* the first error: an analysis that failed stays so */
};

/* Works a record, and says what it now stands for. */
int run_take(struct analysis *analysis, const struct record *record, struct cause *cause);
/* Keeps the first error of a run. */
int run_fail(struct analysis *analysis, int code);

struct episode *episode_at(struct analysis *analysis, uint32_t number); /* NULL for none */
/* The episode that a record belongs to, where it is that target's own; or NULL. */
struct episode *episode_of_target(struct analysis *analysis, const struct cause *cause,
                                  agent_id target);
/* A stop or a failure; not what was announced alone, or found its target dead. */
bool episode_counts(const struct episode *episode);
void measure_add(struct episode *episode, uint32_t measure);
void measure_remove(struct episode *episode, uint32_t measure);
void time_set(struct episode *episode, enum analysis_time time, time_ns now);
/* Joins a record without an episode to that of its target, as a guess. */
void join_inferred(struct analysis *analysis, agent_id target, struct cause *cause);
enum analysis_wanted wanted_by(const struct cause *cause);
/* An act of `responder` for `target` that had its effect. */
int outcome_take(struct analysis *analysis, struct cause *cause, enum analysis_act act,
                 agent_id responder, agent_id target);

/* ---- lifetimes.c ---- */

/* To be called before the number of incarnations that run changes. */
void running_changes(struct analysis *analysis, struct life *life, time_ns now);
/* What becomes of the target is no longer for its last episode to tell. */
void watch_ends(struct analysis *analysis, agent_id target, time_ns now);
/* The same, for another episode of that target begins. */
void watch_begins(struct analysis *analysis, agent_id target, uint32_t number, time_ns now);
void lifetimes_close(struct analysis *analysis, time_ns end);

/* ---- masks.c ---- */

int masks_noticed(struct analysis *analysis, const struct record *record, struct cause *cause);
int masks_retracted(struct analysis *analysis, const struct record *record, struct cause *cause);
int masks_decides(struct analysis *analysis, const struct record *record, struct cause *cause);
int masks_reports(struct analysis *analysis, const struct record *record, struct cause *cause);
int masks_shows(struct analysis *analysis, const struct record *record, struct cause *cause);
/* The platform refused a report, or it failed: what was counted with it is taken back. */
void masks_take_back(struct analysis *analysis, const struct record *record,
                     const struct cause *cause);
/* The board shows the truth again, or what it shows has become true. */
void mask_ends(struct analysis *analysis, struct life *life, time_ns now);
void notice_forget(struct analysis *analysis, struct knower knower);

/* An effective act of `responder` for `target`, in the episode that `cause` names: the first of the
 * three that is made becomes a response, and `cause` then names it. Returns its generation, 0 where
 * it is none, or a negative error code. */
int response_take(struct analysis *analysis, enum cascade cascade, struct cause *cause,
                  agent_id responder, agent_id target);
/* Undoes the response that the report made which `record` refuses. */
void response_take_back(struct analysis *analysis, const struct cause *cause,
                        const struct record *record);
void responses_free(struct responses *responses);

/* ---- stops.c: the fence, the seal, and what came after them ---- */

/* An episode begins: nothing of it has happened. */
void stop_clear(struct stop *stop);
/* The stop itself comes, by a protocol that fences or by one that does not. */
void stop_comes(struct episode *episode, int64_t protocol, time_ns now);
/* Whether what is done now in that episode is done after the fence. */
bool stop_is_fenced(const struct episode *episode);
/* Another incarnation of the target runs. */
void stop_started(struct analysis *analysis, const struct record *record);
/* The watch over the target ends: what stands then, stands. */
void stop_unwatched(struct episode *episode, const struct life *life);
/* Counts what the record cost those who defend, or those who stop. */
void stop_costs(struct analysis *analysis, const struct record *record, const struct cause *cause);
int stops_fenced(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_tombstoned(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_frozen(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_sealed(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_found(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_killed(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_released(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_lifted(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_posed(struct analysis *analysis, const struct record *record, struct cause *cause);
int stops_exited(struct analysis *analysis, const struct record *record, struct cause *cause);
/* The run is over: measures and times that are known only then. */
void stops_end(struct analysis *analysis);

/* A decision was taken up, and chosen. */
int decision_take(struct analysis *analysis, const struct record *record,
                  const struct cause *cause);
int decision_chosen(struct analysis *analysis, const struct record *record);
/* Puts them in the order of their episodes, and says which had an effect. `acts` are in the order
 * of theirs. */
void decisions_order(struct decisions *decisions, const struct acts_kept *acts);
/* Gives those of an episode, of which `*at` is the first; leaves `*at` behind its last. */
int decisions_give(const struct analysis *analysis, uint32_t episode, size_t *at);
void decisions_free(struct decisions *decisions);

/* ---- rows.c ---- */

/* `generations`: by cascade, of the response that the act became, or 0. */
int act_keep(struct analysis *analysis, const struct cause *cause, enum analysis_act act,
             agent_id who, agent_id whom, const int generations[CASCADE_COUNT]);
/* The act that this record was has been refused. */
void act_take_back(struct analysis *analysis, struct record_id made_by);
int rows_give(struct analysis *analysis, const struct work_sums *work);

/* ---- findings.c: sums ---- */

#define GENERATIONS_MAX 16

struct offspring {
    uint64_t parents, children;
    double squares;
};

struct samples {
    time_ns *list;
    size_t count, capacity;
    bool sorted;
};

/* Of targets of one sort: agents, objects. */
struct stratum {
    uint64_t stops, failures;
    uint64_t measures[MEASURE_COUNT]; /* episodes in which it happened */
    uint64_t acts[MEASURE_COUNT];     /* how often in all */
};

/* What stops cost, added up. */
struct stop_sums {
    double ran_s;
    uint64_t defence_acts, defence_messages, kill_actions, kill_messages;
    uint64_t barred;
};

struct findings {
    char *arm;
    uint64_t runs;
    struct stratum strata[2]; /* agents, objects */
    /* By [stops, failures], [all, without inferred] and generation of the parents; 0: the root. */
    struct offspring cascade[2][2][GENERATIONS_MAX + 1];
    struct offspring after[2][GENERATIONS_MAX + 1]; /* of stops, after the fence */
    struct stop_sums stops;
    struct samples times[TIME_COUNT];
    struct share_sums masked; /* seconds masked of seconds dead, by episode */
    struct work_sums work;
    uint64_t voids, unjoined, waits;
    double waited_s;
    struct behind_sums behind;
};

int findings_take_run(struct findings *findings, const struct analysis *analysis, time_ns end,
                      const struct work_sums *work);
/* The samples in ascending order. */
const struct samples *findings_samples(const struct findings *findings, enum analysis_time time);
/* Which arm is the matched one of arm `at`, or -1. */
int findings_matched(const struct findings_arm *arms, uint32_t count, uint32_t at);

/* Makes room for one more element; 0 or ERROR_MEMORY. */
int list_reserve(void **list, size_t *capacity, size_t count, size_t element_bytes);

#endif
