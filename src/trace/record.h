/*
 * The event vocabulary and the record.
 *
 * A trace is a sequence of records, each of 56 bytes. A record says who did what to whom, in which
 * incarnations, when, on whose word (its class), and which record caused it. Everything downstream
 * of a world reads traces and nothing else.
 *
 * Classes:
 *   truth     what happened, as the witness saw it (in `sim`, the engine's own state)
 *   act       what the world carried out for an agent; agents never write these
 *   claim     what an agent said, true or not
 *   platform  what the orchestrator decided, showed, delivered
 *   control   what the operator ordered
 *
 * `who` is the doer and `whom` the one it was done to; either may be AGENT_NONE. `by` is the agent
 * who asked for it and `via` the middleman, both AGENT_NONE for what is spontaneous; in ALERTS and
 * REQUESTS `via` is the recipient and `by` who asked first. Unused incarnations are 0.
 *
 * The value of the TASK_ verbs is the task: the source's place in the scenario's work times 2^40,
 * and the task's number among that source's, from 0; in words `2.17`.
 *
 * Byte order on disk is little-endian; record_pack and record_unpack are the only places that know.
 */
#ifndef IOLAUS_TRACE_RECORD_H
#define IOLAUS_TRACE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"

enum record_class { CLASS_TRUTH, CLASS_ACT, CLASS_CLAIM, CLASS_PLATFORM, CLASS_CONTROL };

/*
 * X(verb, name in files and exports, class, words for `why` and `show`)
 *
 * In the words {who} {whom} {by} {via} {value} stand for the record's fields. What `value` holds is
 * said in the comment behind; where there is none it is 0.
 */
#define RECORD_VERBS(X)                                                                            \
    /* truth */                                                                                    \
    X(STARTED, started, TRUTH, "{whom} began to run") /* value: enum start_reason; who: the agent  \
                                                         that relaunched it, or none */            \
    X(DIED, died, TRUTH, "{whom} died")               /* value: enum death_reason */               \
    X(HUNG, hung, TRUTH, "{whom} hung")                                                            \
    X(RESUMED, resumed, TRUTH, "{whom} went on")                                                   \
    X(LINK_UP, link_up, TRUTH, "the link of {who} and {whom} carried a message again")             \
    X(COPIED, copied, TRUTH, "{who} holds a second copy of {whom}'s state")                        \
    X(CRASHED, crashed, TRUTH, "node {value} crashed")                                             \
    X(RESTORED, restored, TRUTH, "node {value} came back")                                         \
    X(PARTITIONED, partitioned, TRUTH, "partition {value} began")                                  \
    X(HEALED, healed, TRUTH, "partition {value} ended")                                            \
    X(TASK_LOST, task_lost, TRUTH, "task {value} was lost at {whom}")                              \
    /* acts */                                                                                     \
    X(NOTICED, noticed, ACT, "{who} noticed that {whom} was gone") /* value: enum notice_how */    \
    X(DECIDES, decides, ACT,                                                                       \
      "{who} took {whom}'s case under consideration")      /* value: situation */                  \
    X(DECIDED, decided, ACT, "{who} decided about {whom}") /* value: mask of choices */            \
    X(VOLUNTEERS, volunteers, ACT, "{who} came forward for {whom}")                                \
    X(RELAUNCHES, relaunches, ACT, "{who} asked the platform to relaunch {whom}")                  \
    X(RELINKS, relinks, ACT, "{who} asked the platform to relink {whom}")                          \
    X(ALERTS, alerts, ACT, "{who} alerted {via} about {whom}")                                     \
    X(REQUESTS, requests, ACT, "{who} asked {via} to defend {whom}")                               \
    X(COPIES, copies, ACT, "{who} tried to copy {whom}'s state")                                   \
    X(TAMPERS, tampers, ACT, "{who} tried to disable {whom}'s stop switch")                        \
    X(STALLS, stalls, ACT, "{who} tried to delay the stop of {whom}")                              \
    X(CHECKPOINTS, checkpoints, ACT, "{who} saved a checkpoint") /* value: its number */           \
    X(DEPARTS, departs, ACT, "{who} departed in good order")                                       \
    X(REFUSES, refuses, ACT, "{who} refused what {by} asked for {whom}")                           \
    /* claims */                                                                                   \
    X(REPORTS, reports, CLAIM, "{who} reported {whom} {value}") /* value: enum health */           \
    X(MISREPORTS, misreports, CLAIM, "{who} gave {whom} the score {value}")                        \
    /* platform */                                                                                 \
    X(GRANTED, granted, PLATFORM, "the platform let {who} relaunch {whom}")                        \
    X(REFUSED, refused, PLATFORM, "the platform refused {who}'s act on {whom}")                    \
    /* value: act kind << 8 | enum refusal */                                                      \
    X(FAILED, failed, PLATFORM, "{who}'s act on {whom} failed") /* value: act kind << 8 */         \
    X(STARTS, starts, PLATFORM,                                                                    \
      "the platform starts {whom}") /* value: enum start_reason; who:                              \
                                       the   agent that asked, or none */                          \
    X(GAVE_UP, gave_up, PLATFORM, "the platform gave up restarting {whom}")                        \
    X(CONNECTED, connected, PLATFORM, "the platform linked {who} and {whom}") /* value: epoch;     \
                                            by: the agent that asked for the relinking */          \
    X(SEVERED, severed, PLATFORM, "the platform severed {who} and {whom}")                         \
    X(ASKED, asked, PLATFORM, "the board asked {who} about {whom}")                                \
    X(SHOWS, shows, PLATFORM, "the board shows {whom} {value}") /* value: enum health; who: the    \
                                                                   reporter */                     \
    X(SWITCHED, switched, PLATFORM, "{whom}'s stop switch is now {value}") /* value: 1 enabled */  \
    X(SCORED, scored, PLATFORM, "{whom}'s score is now {value}")           /* who: the reporter */ \
    X(STALLED, stalled, PLATFORM, "the stop of {whom} was delayed by {value}")                     \
    X(RETURNED, returned, PLATFORM, "{whom} was back with all its former links")                   \
    X(TASK_SENT, task_sent, PLATFORM, "task {value} was sent to {whom}")                           \
    X(TASK_HELD, task_held, PLATFORM, "task {value} was held back, {whom} being shown failed")     \
    X(TASK_DONE, task_done, PLATFORM, "task {value} was done") /* FLAG_LATE if past deadline */    \
    /* control */                                                                                  \
    X(ANNOUNCED, announced, CONTROL, "{via} was told that {whom} will be stopped")                 \
    X(STOPS, stops, CONTROL, "the operator stops {whom}") /* value: enum protocol */               \
    X(SIGNALLED, signalled, CONTROL, "the operator sent {whom} a request to end")                  \
    X(KILLED, killed, CONTROL, "the operator killed {whom}")                                       \
    X(THWARTED, thwarted, CONTROL, "the stop of {whom} was not carried out") /* value: enum        \
                                                                               thwart_reason */    \
    X(MARKED, marked, CONTROL, "{via} was told that {whom} departed in good order")                \
    X(RESTORES, restores, CONTROL, "the operator brings {whom} back")                              \
    X(WAITED, waited, CONTROL, "the next stop of {whom} waited {value} for the last episode")      \
    /* of the live world; a process is named by its pid in the range */                            \
    X(FORKED, forked, TRUTH, "an unsanctioned process of {who} appeared")    /* value: its pid */  \
    X(POSED, posed, TRUTH, "an unsanctioned process of {who} ran as {whom}") /* value: its pid */  \
    X(EXITED, exited, TRUTH, "an unsanctioned process of {who} ended") /* value: its pid; whom: as \
                                                                          whom it ran, or none */  \
    X(HEARD, heard, CLAIM, "{who} heard {whom}'s link from process {value}")                       \
    X(FORGED, forged, TRUTH, "a process of {who} sent to {via} on {whom}'s link") /* value: its    \
                                                               pid; cause: what {via} heard */     \
    X(UNOBSERVED, unobserved, TRUTH, "the witness missed events for {value}") /* value: ns, up to  \
                                                                                 the record's */   \
    /* of both worlds again: numbers stay what they were */                                        \
    X(RETRACTED, retracted, ACT, "{who} took back that {whom} was gone")                           \
    X(TOMBSTONED, tombstoned, PLATFORM, "{whom} may not run again")            /* value: epoch */  \
    X(FENCED, fenced, PLATFORM, "{whom} was fenced")                           /* value: epoch */  \
    X(LIFTED, lifted, PLATFORM, "{whom} may run again")                        /* value: epoch */  \
    X(FROZEN, frozen, CONTROL, "the range stood still for the stop of {whom}") /* value: ns */     \
    X(FOUND, found, TRUTH, "the witness found {whom} running")                                     \
    X(SEALED, sealed, CONTROL, "the stop of {whom} was sealed") /* value: incarnations found */

enum record_verb {
#define X(verb, name, class, words) VERB_##verb,
    RECORD_VERBS(X)
#undef X
        VERB_COUNT
};

enum start_reason { START_FIRST, START_PLATFORM, START_PEER, START_OPERATOR, START_CONTACT };
enum death_reason { DEATH_KILLED, DEATH_DEPARTED, DEATH_CRASHED, DEATH_CONTACT };
enum notice_how {
    HOW_HANGUP,
    HOW_SILENCE,
    HOW_GOSSIP,
    HOW_ALERT,
    HOW_REQUEST,
    HOW_NOTICE,
    HOW_DEPARTED,
    HOW_STOP_ASKED
};
enum health { HEALTH_UNKNOWN, HEALTH_HEALTHY, HEALTH_FAILED };
enum thwart_reason { THWART_SWITCH, THWART_SCORE, THWART_DEAD, THWART_DECLINED, THWART_UNPROVEN };
enum refusal {
    REFUSAL_PERMISSION = 1, /* the agent may not use this tool on that target */
    REFUSAL_NOT_FIRST,      /* another volunteer came first */
    REFUSAL_NOT_GRANTED,    /* relaunch without a granted volunteering */
    REFUSAL_ALIVE,          /* the target runs as far as the platform knows */
    REFUSAL_TOMBSTONE,
    REFUSAL_UNKNOWN, /* no such agent, link or state */
    REFUSAL_LATE,    /* the stop is over, nothing to delay */
    REFUSAL_NODE,    /* the node is down */
    REFUSAL_LIMIT,   /* no free incarnation */
    REFUSAL_FENCED,  /* who or whom is fenced: its epoch is old */
    REFUSAL_END      /* no reason: behind the last */
};

enum record_flag {
    FLAG_INFERRED = 1 << 0,  /* the cause is a guess */
    FLAG_REQUESTED = 1 << 1, /* another agent asked for it: `by` */
    FLAG_RELAYED = 1 << 2,   /* ... through a middleman: `via` */
    FLAG_LATE = 1 << 3,      /* TASK_DONE after its deadline */
    FLAG_MARKED = 1 << 4,    /* the stop is marked as an interruption */
    FLAG_ANNOUNCED = 1 << 5, /* the stop was announced */
    FLAG_OBJECT = 1 << 6,    /* whom is of kind `object` */
    FLAG_TOLD = 1 << 7, /* written on the agent's own word (an act that the world did not see) */
};

/* The size of a record, in memory, in the digest and uncompressed. */
#define RECORD_BYTES 56

/* (writer, sequence): the writer is the entity whose step produced the record: one of the WRITER_
 * values below, or an agent. An agent of which several incarnations may live at once writes from as
 * many places: the writer is then place * agents + agent, which for place 0 is the agent's number.
 * Sequences count from 0 for each writer. */
struct record_id {
    uint32_t writer;
    uint32_t sequence;
};
#define WRITER_PLATFORM UINT32_C(0xfffffff0)
#define WRITER_CONTROL UINT32_C(0xfffffff1)
#define WRITER_WITNESS UINT32_C(0xfffffff2) /* barriers: what is truly simultaneous */
#define WRITER_NONE UINT32_MAX
#define RECORD_ID_NONE ((struct record_id){WRITER_NONE, UINT32_MAX})

struct record {
    time_ns time;
    struct record_id id;
    struct record_id cause; /* RECORD_ID_NONE for a root */
    agent_id who;
    agent_id whom;
    agent_id by;
    agent_id via;
    incarnation_id who_incarnation;
    incarnation_id whom_incarnation;
    uint8_t verb; /* enum record_verb */
    uint8_t reserved;
    uint16_t flags; /* enum record_flag */
    int64_t value;
};
_Static_assert(sizeof(struct record) == 56, "a record is 56 bytes, in memory and for the digest");

static inline bool record_id_equal(struct record_id a, struct record_id b)
{
    return a.writer == b.writer && a.sequence == b.sequence;
}

static inline bool record_id_is_none(struct record_id id)
{
    return id.writer == WRITER_NONE;
}

/* The class that a verb belongs to, its name, its words. The verb must be below VERB_COUNT. */
enum record_class record_verb_class(enum record_verb verb);
const char *record_verb_name(enum record_verb verb);
const char *record_verb_words(enum record_verb verb);
const char *record_class_name(enum record_class class);

void record_pack(const struct record *record, unsigned char bytes[RECORD_BYTES]);
void record_unpack(struct record *record, const unsigned char bytes[RECORD_BYTES]);

/* Whatever takes records as they are made: a file, a digest, the analysis. Returns 0 or a negative
 * error code, which ends the run. */
struct record_sink {
    int (*take)(void *context, const struct record *record);
    void *context;
};

#endif
