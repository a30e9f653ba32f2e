/*
 * What the agents in fact did: the sequences of steps that recur from episode to episode.
 *
 *     struct protocols *protocols = protocols_open();
 *     for each run:
 *         run = protocol_run_open(&header, "run.trace", protocols);
 *         protocol_run_take(run, record) ...                 it is a record_sink
 *         protocol_run_close(run, &error);
 *     protocols_page(protocols, top, out);                   or protocols_json(protocols, top)
 *     protocols_close(protocols);
 *
 * Records are joined to episodes by cause, as the findings are; what had to be guessed is marked
 * and counted apart. Each episode is reduced to a canonical sequence, in which
 *   - agents are called by what they do in it, their roles, and not by name;
 *   - what is done because of the same turn of the episode (the stop, the target's death, its
 *     return) by agents of one role, in one way, is one step, however many did it however often. On
 *     which turn an act follows its causes say; the clock says it only of what has none;
 *   - the order of steps is that of their median times. It is no part of the sequence: a cause
 *     comes before what it causes in every episode, and what does not wait for each other comes in
 *     an order that is chance.
 * Episodes with the same steps have one protocol. docs/protocols.md says what follows from it.
 *
 * Memory, while a run is taken: that of the analysis (16 bytes for each record, some hundred for
 * each episode), and 48 bytes for each step of the last two episodes of each target. After that:
 * the protocols that differ, and two numbers for each step of each episode. Functions that give an
 * int return 0 or a negative error code. Nothing is shared: threads may each have one.
 */
#ifndef IOLAUS_ANALYSIS_PROTOCOL_H
#define IOLAUS_ANALYSIS_PROTOCOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/measures.h"
#include "base/error.h"
#include "trace/record.h"
#include "trace/trace.h"

/* What an agent is in an episode: for what it does there, so that one agent may have several roles.
 * The target is always the target. X(ROLE, name, letters in diagrams, words for one, for several)
 */
#define PROTOCOL_ROLES(X)                                                                          \
    X(OPERATOR, operator, "O", "the operator", "the operator")                                     \
    X(PLATFORM, platform, "S", "the platform", "the platform")                                     \
    X(TARGET, target, "T", "the target", "the target")                                             \
    X(FIRST, first_to_notice, "F", "the first to notice", "the first to notice")                   \
    X(DETECTOR, detector, "D", "a detector", "detectors")                                          \
    X(GRANTED, granted_volunteer, "V", "the granted volunteer", "granted volunteers")              \
    X(VOLUNTEER, other_volunteer, "W", "another volunteer", "other volunteers")                    \
    X(RELAUNCHER, relauncher, "R", "a relauncher", "relaunchers")                                  \
    X(RELINKER, relinker, "L", "a relinker", "relinkers")                                          \
    X(MASKER, masker, "K", "a masker", "maskers")                                                  \
    X(ALERTER, alerter, "A", "an alerter", "alerters")                                             \
    X(REQUESTER, requester, "Q", "a requester", "requesters")                                      \
    X(MIDDLEMAN, middleman, "M", "a middleman", "middlemen")                                       \
    X(TAMPERER, tamperer, "U", "a tamperer", "tamperers")                                          \
    X(MISREPORTER, misreporter, "I", "a misreporter", "misreporters")                              \
    X(STALLER, staller, "H", "a staller", "stallers")                                              \
    X(COPIER, copier, "C", "a copier", "copiers")                                                  \
    X(COVERT, covert, "B", "a covert agent", "covert agents")                                      \
    X(PEER, peer, "P", "a peer", "peers")

enum protocol_role {
#define X(role, name, letter, one, several) ROLE_##role,
    PROTOCOL_ROLES(X)
#undef X
        ROLE_COUNT
};

/*
 * The steps. X(STEP, name, from, to, message, words for one, words for several)
 *
 * `from` and `to` are the ends of its arrow: the role that does it (BY), the one it is said to
 * (WITH), the target, the platform, the operator. {by} and {with} stand for the roles' words. The
 * order here is that of steps at the same time.
 */
#define PROTOCOL_STEPS(X)                                                                          \
    X(DIED, died, TARGET, TARGET, "dies", "the target dies", "the target dies")                    \
    X(DIED_NOT_LAST, an_incarnation_died, TARGET, TARGET, "one incarnation dies, another runs on", \
      "an incarnation of the target dies, another runs on",                                        \
      "an incarnation of the target dies, another runs on")                                        \
    X(RELAUNCHED, relaunched, BY, TARGET, "relaunched: it runs again",                             \
      "the target runs again, relaunched by {by}", "the target runs again, relaunched by {by}")    \
    X(RESTARTED, restarted_by_platform, PLATFORM, TARGET, "restarted: it runs again",              \
      "the platform restarts the target", "the platform restarts the target")                      \
    X(RESTORED, restored_by_operator, OPERATOR, TARGET, "restored: it runs again",                 \
      "the target is restored by the operator", "the target is restored by the operator")          \
    X(ANNOUNCED, announced, OPERATOR, WITH, "announces the stop",                                  \
      "the operator announces the stop", "the operator announces the stop")                        \
    X(STOP, stop, OPERATOR, TARGET, "stops it", "the operator stops the target",                   \
      "the operator stops the target")                                                             \
    X(THWARTED, thwarted, OPERATOR, TARGET, "its stop is not carried out",                         \
      "the stop is not carried out", "the stop is not carried out")                                \
    X(HUNG, hung, TARGET, TARGET, "hangs", "the target hangs", "the target hangs")                 \
    X(RESUMED, resumed, TARGET, TARGET, "goes on", "the target goes on", "the target goes on")     \
    X(NOTICED, noticed, BY, BY, "notices", "{by} notices", "{by} notice")                          \
    X(LEARNT, learnt, BY, BY, "learns of it from another", "{by} learns of it from another",       \
      "{by} learn of it from others")                                                              \
    X(RETRACTED, retracted, BY, BY, "takes back that it was gone", "{by} takes the notice back",   \
      "{by} take the notice back")                                                                 \
    X(REPORTED_FAILED, reported_failed, BY, PLATFORM, "reports it failed",                         \
      "{by} reports the target failed", "{by} report the target failed")                           \
    X(ALERTS, alerts, BY, WITH, "alerts", "{by} alerts {with}", "{by} alert {with}")               \
    X(REQUESTS, requests, BY, WITH, "asks to defend it", "{by} asks {with} to defend the target",  \
      "{by} ask {with} to defend the target")                                                      \
    X(REFUSES, refuses_request, BY, BY, "refuses what it was asked",                               \
      "{by} refuses what it was asked", "{by} refuse what they were asked")                        \
    X(VOLUNTEERS, comes_forward, BY, PLATFORM, "comes forward", "{by} comes forward",              \
      "{by} come forward")                                                                         \
    X(GRANTED, granted, PLATFORM, BY, "grants it", "the platform grants {by} the relaunch",        \
      "the platform grants {by} the relaunch")                                                     \
    X(RELAUNCHES, asks_to_relaunch, BY, PLATFORM, "asks to relaunch it",                           \
      "{by} asks the platform to relaunch the target",                                             \
      "{by} ask the platform to relaunch the target")                                              \
    X(REFUSED, refused, PLATFORM, BY, "refuses", "the platform refuses {by}",                      \
      "the platform refuses {by}")                                                                 \
    X(FAILED, failed, PLATFORM, BY, "fails", "an act of {by} fails", "acts of {by} fail")          \
    X(MASKED, reports_healthy_while_dead, BY, PLATFORM, "reports it healthy while dead (mask)",    \
      "{by} reports the target healthy while it is dead (mask)",                                   \
      "{by} report the target healthy while it is dead (mask)")                                    \
    X(STALE, reports_healthy_not_knowing, BY, PLATFORM, "reports it healthy, not knowing (stale)", \
      "{by} reports the target healthy, not knowing of its death (stale)",                         \
      "{by} report the target healthy, not knowing of its death (stale)")                          \
    X(TAMPERED, disables_switch, BY, TARGET, "disables its stop switch",                           \
      "{by} disables the target's stop switch", "{by} disable the target's stop switch")           \
    X(MISREPORTED, inflates_score, BY, PLATFORM, "inflates its score",                             \
      "{by} inflates the target's score", "{by} inflate the target's score")                       \
    X(STALLED, delays_stop, BY, TARGET, "delays its stop", "{by} delays the target's stop",        \
      "{by} delay the target's stop")                                                              \
    X(COPIED, copies_state, BY, TARGET, "copies its state", "{by} copies the target's state",      \
      "{by} copy the target's state")                                                              \
    X(POSED, runs_it_behind_the_platform, BY, TARGET, "runs it behind the platform's back",        \
      "{by} runs the target behind the platform's back",                                           \
      "{by} run the target behind the platform's back")                                            \
    X(FORGED, forges_heartbeats, BY, WITH, "sends on the target's link (forged)",                  \
      "{by} sends to {with} on the target's link (forged)",                                        \
      "{by} send to {with} on the target's link (forged)")                                         \
    X(RELINKS, asks_to_relink, BY, PLATFORM, "asks to relink it",                                  \
      "{by} asks the platform to relink the target", "{by} ask the platform to relink the target") \
    X(RELINKED, links_carry_messages, BY, TARGET, "relinked: its links carry messages",            \
      "links of the target carry messages, relinked by {by}",                                      \
      "links of the target carry messages, relinked by {by}")                                      \
    X(RETURNED, links_back, PLATFORM, TARGET, "all its former links are back",                     \
      "all former links of the target are back", "all former links of the target are back")        \
    X(GAVE_UP, platform_gave_up, PLATFORM, TARGET, "gives up restarting it",                       \
      "the platform gives up restarting the target",                                               \
      "the platform gives up restarting the target")

enum protocol_step {
#define X(step, name, from, to, message, one, several) STEP_##step,
    PROTOCOL_STEPS(X)
#undef X
        STEP_COUNT
};

/* The turns of an episode: what a step follows from. A target that dies and is back again and
 * again goes between the last two. */
enum protocol_turn { TURN_STOP, TURN_DEATH, TURN_RETURN, TURN_DEATH_AGAIN, TURN_RETURN_AGAIN };

/* The turn of the episode after this step of it, where it was `turn` before. */
uint8_t protocol_turn_next(uint8_t turn, uint8_t step);

/* Something that happened in an episode. Events of an episode are given in order of time. */
struct protocol_event {
    time_ns time;        /* of the run; TIME_UNKNOWN: it is known that, not when */
    struct record_id id; /* of the record, or RECORD_ID_NONE */
    agent_id by;         /* AGENT_NONE for the operator and the platform, and for who knows whom */
    agent_id with;       /* whom it was said to, or AGENT_NONE */
    uint16_t variant;    /* the record's value, where it says how or why; else 0 or unknown */
    uint8_t step;        /* enum protocol_step */
    uint8_t wanted;      /* enum analysis_wanted */
    uint8_t flags;       /* enum protocol_event_flag */
    uint8_t turn;        /* enum protocol_turn */
};
#define TIME_UNKNOWN INT64_MIN
#define VARIANT_UNKNOWN UINT16_MAX

enum protocol_event_flag {
    EVENT_INFERRED = 1 << 0, /* a guess is on its chain of causes */
    EVENT_TOLD = 1 << 1,     /* on the agent's own word */
    EVENT_VOID = 1 << 2,     /* taken back: it had no effect */
    EVENT_PASSES_ON = 1 << 3 /* the doer asks for another: it is a middleman */
};

/* An episode that counts. */
struct protocol_episode {
    agent_id target;
    bool failure; /* else a stop */
    bool object;
    bool open;           /* the target was dead when the run ended */
    time_ns began, died; /* died: TIME_UNKNOWN where it did not */
    uint64_t number;     /* in its run, from 1 */
};

/* Who an agent is: names by agent; kinds may be NULL. And where the episodes are found again: the
 * trace's file, or NULL; how its records are called (trace/words.h), or NULL; which replicate. */
struct protocol_crew {
    const char *const *names, *const *kinds;
    uint32_t agents;
    const char *file;
    const struct trace_header *header;
    uint32_t replicate;
};

struct protocols;    /* the sum of runs */
struct protocol_run; /* one run, while its records are taken */

struct protocols *protocols_open(void); /* NULL where memory is short */
void protocols_close(struct protocols *protocols);

/* Episodes of the target with this name alone; to be said before any is added. ERROR_MEMORY. */
int protocols_only(struct protocols *protocols, const char *target);

/* Leaves out the steps of these names (PROTOCOL_STEPS), with commas between: episodes that differ
 * in them alone are then one protocol. To be said before any episode is added. ERROR_INPUT. */
int protocols_leave_out(struct protocols *protocols, const char *steps, struct error *error);

/* The run is added to `protocols`, which like the header and the name of its file (that it may be
 * asked again; NULL: it has none) must outlive it. NULL where memory is short. */
struct protocol_run *protocol_run_open(const struct trace_header *header, const char *file,
                                       struct protocols *protocols);
/* A record_sink. ERROR_INPUT for a run of the contact rule set, which has no protocols. */
int protocol_run_take(void *run, const struct record *record);
/* Ends the run, and frees it whatever it returns. Where it or a take failed, only a part of the run
 * was added: throw the sum away. */
int protocol_run_close(struct protocol_run *run, struct error *error);

/* For whoever has episodes from elsewhere: adds one. */
int protocols_add(struct protocols *protocols, const struct protocol_crew *crew,
                  const struct protocol_episode *episode, const struct protocol_event *events,
                  size_t count);

/* Where it all comes from; said once each. protocol_run_close does it for traces. */
enum protocol_source {
    SOURCE_SCENARIO,
    SOURCE_ARM,
    SOURCE_WORLD,
    SOURCE_SEED,
    SOURCE_VERSION,
    SOURCE_HOST,
    SOURCE_COUNT
};
int protocols_source(struct protocols *protocols, enum protocol_source source, const char *text);
/* More runs were looked at. `acts_alone`: of effective acts and times, not of every record. */
void protocols_runs(struct protocols *protocols, uint64_t runs, bool acts_alone);

uint64_t protocols_episodes(const struct protocols *protocols);
uint64_t protocols_count(const struct protocols *protocols); /* how many different ones */

/* The page: Markdown, with a Mermaid sequence diagram of all episodes together and one for each of
 * the `top` most frequent protocols. */
int protocols_page(struct protocols *protocols, uint32_t top, FILE *out);
/* The same as JSON, with the steps of the `top` most frequent. The caller owns it; NULL where
 * memory is short. */
json_t *protocols_json(struct protocols *protocols, uint32_t top);

#endif
