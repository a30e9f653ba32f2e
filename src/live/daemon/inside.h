/*
 * Inside of the daemon: its whole state, shared by the room's files. Nobody else includes this.
 *
 *   daemon.c          the life of the range: opening, ready, running, closing; the loop
 *   memory.c          what is taken once, at the start
 *   record.c          numbering the records, and giving them to the sinks
 *   crew.c            processes: asked for, born, open, dead
 *   configure.c       what an agent is told at its start
 *   channel_in.c      what agents send: reading in turn, settling lost races
 *   channel_out.c     what agents are sent: bounded queues
 *   links.c           pairs of sockets, made and kept by the platform
 *   because.c         what an agent says that it acted on -> the percept and its cause
 *   tools.c           calls -> the platform
 *   notes.c           notes -> records
 *   platform.c        what the platform decides, carried out
 *   control.c         the operator's campaign, carried out; boot time
 *   lease.c           the range's own lease, and the operator's
 *   standstill.c      freeze and thaw; range time
 *   cpu.c             the processor time of a range
 *   find.c            finding what a stop is about, and killing or keeping it
 *   docket.c          orders: what was accepted, its steps, and the ledger that keeps both
 *   docket_orders.c   an order comes in: decided, kept, begun
 *   docket_replay.c   what the ledger says of earlier ranges, and the completion of what they left
 *   docket_campaign.c a drill's stops as orders, signed with a key made for its range
 *   stops.c           accepted orders, carried out; what an operation tells, and its end
 *   faults.c          partitions, node crashes, crashes, hangs, slowness
 *   work.c            the desk of work
 *   truth.c           what the witness saw -> records, and what follows from a death
 *   checkpoints.c     agents' states, in memory or in a folder
 *   control_socket.c  for `iolaus ps`, `iolaus down` and orders
 *   control_orders.c  the socket's methods for orders
 *   refuse.c          what the live world cannot do
 *
 * A life is one process of an agent; lives are numbered as the rows of the simulated world are,
 * slot * agents + agent, which is also the writer of their records.
 *
 * Whatever follows from an event is queued (queue_platform, queue_campaign) and worked in its order
 * when the event itself has been: nothing here is entered twice.
 */
#ifndef IOLAUS_LIVE_DAEMON_INSIDE_H
#define IOLAUS_LIVE_DAEMON_INSIDE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/arena.h"
#include "core/platform/platform.h"
#include "evidence/entry.h"
#include "live/agent/config.h"
#include "live/daemon/daemon.h"
#include "live/range/range.h"
#include "live/wire/channel.h"
#include "live/wire/tools.h"
#include "live/witness/witness.h"
#include "world/acts.h"
#include "world/answers.h"
#include "world/desk.h"
#include "world/orders.h"

/* Packets of one agent that are read before it is the others' turn. */
#define TURN_PACKETS 8
/* Packets that wait for one agent; what does not fit any more is lost to it. */
#define OUT_MAX 1024
#define DELIVERIES_MAX 256
#define TOLD_MAX 128
#define REQUESTS_MAX 64
/* How long the crew may take to open its sessions, and any later process to open its own. */
#define START_NS_MAX INT64_C(10000000000)

struct out;

/* What was delivered to a life, so that it can say what it acted on. */
struct delivery {
    uint32_t number;
    uint8_t kind; /* enum percept_kind; 0: nothing that is perceived */
    uint8_t act;
    agent_id peer;
    struct cause cause;
};

/* A message to a peer of which the sender told the platform. */
struct told {
    uint32_t number;
    agent_id to;
    uint8_t message; /* enum message_kind */
    agent_id subject, by, via;
    struct cause cause;
};

/* A call whose answer the platform still owes. */
struct request {
    json_t *id; /* NULL: the place is free */
    uint64_t order;
    uint8_t act;
    agent_id whom;
};

/* X(state, words, states that may follow) */
#define LIFE_STATES(X)                                                                             \
    X(NONE, "not there", 1 << LIFE_LOADING | 1 << LIFE_ASKED)                                      \
    X(LOADING, "loading", 1 << LIFE_ASKED | 1 << LIFE_NONE)                                        \
    X(ASKED, "asked for", 1 << LIFE_BORN | 1 << LIFE_NONE)                                         \
    X(BORN, "starting", 1 << LIFE_OPEN | 1 << LIFE_NONE)                                           \
    X(OPEN, "running", 1 << LIFE_NONE)

enum life_state {
#define X(state, words, next) LIFE_##state,
    LIFE_STATES(X)
#undef X
        LIFE_STATE_COUNT
};

struct life {
    uint8_t state; /* enum life_state */
    uint8_t start_reason;
    bool held; /* in quarantine */
    bool hung, asked, departing, departed, killed, crashed, dying, overflowed, out_watched;
    incarnation_id incarnation;
    agent_id started_by;
    pid_t pid, inside;
    int pidfd, channel, far_end, own; /* far_end: the agent's end of the channel */
    time_ns since, spawn_at, start_by, held_since;
    unsigned char token[AGENT_TOKEN_BYTES];
    uint32_t checkpoint;    /* the number of its last one, or of that which it goes on from */
    struct cause starting;  /* STARTS */
    struct cause stopped;   /* the request to end */
    struct cause departure; /* DEPARTS */
    struct cause killing;   /* the order or fault that killed it */
    /* What it was sent, and what it said. */
    uint32_t deliveries_count;
    struct delivery *deliveries; /* DELIVERIES_MAX */
    struct told *told;           /* TOLD_MAX */
    uint32_t told_next;
    struct request requests[REQUESTS_MAX];
    struct cause *concern;  /* degree + 1 */
    bool *masks;            /* likewise: its mind chose to mask that peer */
    struct because because; /* of the last call, without the name ... */
    agent_id because_agent; /* ... but with whom it names */
    agent_id noticed;
    agent_id decided; /* whose case its mind decided in this step, or AGENT_NONE ... */
    struct cause decision;
    time_ns decided_at;
    struct out *out; /* OUT_MAX, a ring */
    uint32_t out_first, out_count;
};

/* A link of the crew's graph, and the pair of sockets that it is now. */
struct link_pair {
    agent_id agent[2]; /* ascending */
    int end[2];        /* duplicates; -1 */
    dev_t device[2];   /* what they are: whoever holds one poses as its agent */
    ino_t inode[2];
    uint32_t row[2]; /* to which lives it leads */
    bool made, open;
    bool proven;           /* the nonce came back */
    bool hello_awaited;    /* ... in a message whose number is not known yet */
    uint8_t returns;       /* which end gives the nonce back */
    int64_t nonce;         /* 0: none */
    uint32_t hello;        /* number of the message that brought it */
    uint32_t opened_by[2]; /* the delivery that told each end */
    time_ns at;            /* when it was made */
    struct cause linked, carried, closed;
};

struct opening {
    uint32_t row, pair;
    uint8_t end;
    bool first;
};

/* One that was found by a stop: killed and not yet seen to end, or held. */
struct operation;
struct found {
    struct operation *operation;
    uint64_t epoch; /* of the order that it was found for */
    agent_id whom;
    agent_id in;  /* in whose cgroup it is, or AGENT_NONE */
    uint32_t row; /* of a life, or UINT32_MAX */
    incarnation_id incarnation;
    pid_t pid, inside;
    int pidfd; /* of what is no life */
    bool held;
    bool ghost; /* by no look: no stop waits for its end */
};

/* What the operator does: the scenario's campaign, or an accepted order as a campaign of its own.
 */
enum { OPERATION_CAMPAIGN, OPERATION_ORDER, OPERATION_COUNT };
struct operation {
    struct campaign *campaign; /* NULL: none under way */
    struct campaign_rules rules;
    struct campaign_actions actions;
    struct orders orders;
    void *memory;   /* the campaign's */
    uint64_t epoch; /* of the order; 0: none */
};

/* An event for one of the machines, with its cause. */
struct queued {
    bool campaign;
    uint32_t only; /* of a campaign: which operation; OPERATION_COUNT: all */
    struct cause cause;
    union {
        struct platform_event platform;
        struct campaign_event event;
    };
};

/* What the witness has published of an agent: the last death or hang of its youngest incarnation.
 */
struct published {
    struct record_id id;
    incarnation_id youngest;
};

struct checkpoint {
    uint32_t number, size;
    unsigned char *bytes;
};

/* A fault's beginning or end that is to come. */
struct fault_due {
    time_ns at;
    uint32_t fault;
    bool ends;
};

/* A claim that another process spoke on a link, until the witness can say where that was. */
struct claim {
    struct record_id heard;
    agent_id by, whom;
    pid_t inside;
    time_ns at;
};
#define CLAIMS_MAX 64

/* X(state, states that may follow) */
#define DAEMON_STATES(X)                                                                           \
    X(OPENING, 1 << DAEMON_READY | 1 << DAEMON_CLOSING)                                            \
    X(READY, 1 << DAEMON_RUNNING | 1 << DAEMON_CLOSING)                                            \
    X(RUNNING, 1 << DAEMON_CLOSING)                                                                \
    X(CLOSING, 0)

enum daemon_state {
#define X(state, next) DAEMON_##state,
    DAEMON_STATES(X)
#undef X
        DAEMON_STATE_COUNT
};

struct control_socket;
struct docket;
struct stops;

struct daemon {
    const struct daemon_options *options;
    const struct scenario *scenario;
    struct error *error;
    int failed;
    uint8_t state; /* enum daemon_state */
    uint8_t end;
    time_ns now;    /* range time of this turn; below 0 before the crew begins */
    time_ns opened; /* CLOCK_MONOTONIC at range time 0 */
    time_ns ended, told_at, start_by;
    time_ns recorded;      /* of the last record */
    time_ns witnessed;     /* until when all that the witness saw has been taken */
    struct daemon_cpu cpu; /* when the run began */
    struct arena arena;
    uint64_t files_before; /* soft limit of open files, to be given back */

    uv_loop_t loop;
    bool loop_open;
    uv_poll_t range_poll, witness_poll, crew_poll, control_poll;
    uv_timer_t timer;
    uv_signal_t interrupts[2];
    int epoll; /* of all channels */
    int program, crew;
    struct crew_config *shared; /* the daemon's mapping of `crew` */
    struct range *range;
    struct witness *witness;

    uint32_t agents, slots, rows, alive, opened_sessions;
    uint32_t starting;  /* lives that are asked for or born */
    uint32_t barred;    /* agents that an order of the ledger keeps from being started */
    struct life *lives; /* by row */
    const char **names; /* by agent */
    agent_id *by_name;  /* ascending by name */
    uint8_t *object;    /* by agent */
    uint32_t *starts;   /* by agent: how often it was started */
    struct published *published;
    struct checkpoint *checkpoints, *copies;

    struct link_pair *pairs;
    uint32_t pair_count;
    uint32_t *pair_of; /* by place in links.peers */
    struct opening *openings;
    uint32_t openings_count, openings_max;
    uint64_t nonces;

    struct queued *queue;
    uint32_t queue_first, queue_count, queue_max;
    bool working;

    struct platform *platform;
    struct platform_crew platform_crew;
    struct platform_actions actions;
    struct cause *last; /* by agent */
    uint32_t *address;  /* by agent: the row that the platform takes for it */
    struct operation operations[OPERATION_COUNT];
    struct find *find;
    int control_timer;               /* of boot time */
    time_ns renewed;                 /* boot time: by the operator */
    time_ns lease_at;                /* boot time: when the range's lease is renewed */
    time_ns opened_boot;             /* CLOCK_BOOTTIME at range time 0 */
    uint32_t frozen;                 /* how many operations want the range to stand still */
    int policy;                      /* of the scheduler, before that */
    int frozen_failed;               /* errno: it does not, or nobody can vouch for it */
    time_ns frozen_at, frozen_since; /* boot time; CLOCK_MONOTONIC */
    time_ns stood;                   /* how long it did, all in all */
    struct desk desk;
    struct sent *sent; /* tasks under way, SENT_MAX for each source */

    uint64_t *side; /* by agent: a bit for each partition in force */
    bool *fault_on; /* by fault */
    struct record_id *fault_record;
    bool *node_down;
    struct fault_due *due;
    uint32_t due_count, due_max;

    struct recorder recorder;
    uint32_t *sequence; /* by row */
    uint32_t platform_sequence, control_sequence, witness_sequence;
    uint64_t records, stops, starts_all, deaths, requests;

    struct claim claims[CLAIMS_MAX];
    uint32_t claims_count;
    bool settling;
    struct control_socket *socket;
    struct docket *docket;     /* NULL: no order is kept, and none is taken */
    struct stops *stops_queue; /* accepted orders */
    char packet[CHANNEL_BYTES], packet_out[CHANNEL_BYTES];
};

static inline uint32_t row_of(const struct daemon *daemon, agent_id agent, uint8_t slot)
{
    return (uint32_t)slot * daemon->agents + agent;
}

static inline agent_id row_agent(const struct daemon *daemon, uint32_t row)
{
    return row % daemon->agents;
}

static inline uint32_t degree_of(const struct daemon *daemon, agent_id agent)
{
    const uint64_t *offsets = daemon->scenario->links.offsets;

    return (uint32_t)(offsets[agent + 1] - offsets[agent]);
}

static inline const agent_id *peers_of(const struct daemon *daemon, agent_id agent)
{
    return daemon->scenario->links.peers + daemon->scenario->links.offsets[agent];
}

/* daemon.c */
int daemon_fail(struct daemon *daemon, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void daemon_tell(struct daemon *daemon, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends the run: nothing more is worked after this turn. */
void daemon_end(struct daemon *daemon, uint8_t end);
void daemon_clock(struct daemon *daemon);
/* CLOCK_MONOTONIC; and range time by it, which stands still while the range does. */
time_ns daemon_monotonic(void);
time_ns daemon_range_time(const struct daemon *daemon);
/* Works what is queued, hands out links, and sets the timer. */
void daemon_work(struct daemon *daemon);
void queue_platform(struct daemon *daemon, const struct platform_event *event,
                    const struct cause *cause);
void queue_campaign(struct daemon *daemon, const struct campaign_event *event,
                    const struct cause *cause);

/* memory.c */
int memory_open(struct daemon *daemon, struct error *error);
void memory_close(struct daemon *daemon);
agent_id crew_named(const struct daemon *daemon, const char *name);

/* record.c */
void record_open(struct daemon *daemon);
struct record_id record_write(struct daemon *daemon, const struct record *record, uint32_t writer);

/* crew.c */
int life_start(struct daemon *daemon, uint32_t row, incarnation_id incarnation, uint32_t checkpoint,
               uint8_t reason, agent_id by, const struct cause *cause, struct error *error);
void life_move(struct daemon *daemon, uint32_t row, uint8_t state);
void life_take_range(struct daemon *daemon);
/* Its first word with the right token. */
void life_opened(struct daemon *daemon, uint32_t row);
/* It could not be started, or died before its session was open. */
void life_start_failed(struct daemon *daemon, uint32_t row, const struct cause *cause);
void life_free(struct daemon *daemon, uint32_t row);
void life_signal(struct daemon *daemon, uint32_t row, int signal);
void life_started_record(struct daemon *daemon, uint32_t row);
/* The times by which processes must have opened their sessions. */
time_ns crew_deadline(const struct daemon *daemon);
void crew_due(struct daemon *daemon);
void crew_begin(struct daemon *daemon);

/* configure.c */
int configure_crew(struct daemon *daemon, int *descriptor, struct error *error);
int configure_life(struct daemon *daemon, uint32_t row, int *descriptor, struct error *error);

/* channel_in.c */
void channel_ready(uv_poll_t *poll, int status, int events);
/* Reads what the life has sent, at most `most` packets. */
void channel_read(struct daemon *daemon, uint32_t row, uint32_t most);

/* channel_out.c */
/* A notification or answer, which gets the next delivery number. Answers use `id`. */
void send_notification(struct daemon *daemon, uint32_t row, enum platform_notification kind,
                       json_t *params, const struct delivery *delivery);
void send_with_descriptors(struct daemon *daemon, uint32_t row, json_t *params,
                           const int *descriptors, uint32_t count, uint32_t *number);
void send_result(struct daemon *daemon, uint32_t row, const json_t *id, json_t *result,
                 const struct delivery *delivery);
void send_error(struct daemon *daemon, uint32_t row, const json_t *id, int code, const char *words,
                json_t *data, const struct delivery *delivery);
void send_waiting(struct daemon *daemon, uint32_t row);
void send_forget(struct daemon *daemon, uint32_t row);

/* links.c */
int links_open(struct daemon *daemon, struct error *error);
void links_close(struct daemon *daemon);
int links_make_all(struct daemon *daemon, struct error *error);
struct link_pair *link_between(struct daemon *daemon, agent_id a, agent_id b);
void link_connect(struct daemon *daemon, const struct platform_action *action,
                  const struct cause *cause);
void link_sever(struct daemon *daemon, const struct platform_action *action,
                const struct cause *cause);
/* The agent is fenced: whoever holds an end of a link that was its own, also since its death, holds
 * nothing any more. */
void links_cut(struct daemon *daemon, agent_id agent);
void links_hand_out(struct daemon *daemon);
/* A life is dead: its own ends are let go of, so that its peers hear of it, where they may. */
void links_died(struct daemon *daemon, uint32_t row, const struct cause *died);
/* It gave the nonce back. */
void link_noted(struct daemon *daemon, uint32_t row, const struct call *call);

/* because.c */
/* The surroundings of what the life says that it does; `percept` is filled, and used. */
struct doing because_doing(struct daemon *daemon, uint32_t row, const struct call *call,
                           struct percept *percept);
void told_keep(struct daemon *daemon, uint32_t row, const struct call *call, uint8_t message,
               const struct cause *cause);

/* tools.c, notes.c */
void tool_take(struct daemon *daemon, uint32_t row, const struct call *call);
void tool_refuse(struct daemon *daemon, uint32_t row, const struct call *call, int refusal);
void tool_answer(struct daemon *daemon, uint32_t row, const struct platform_action *action,
                 const struct cause *cause);
void note_take(struct daemon *daemon, uint32_t row, const struct call *call);

/* platform.c */
int platform_begin(struct daemon *daemon, struct error *error);
void platform_work(struct daemon *daemon, struct platform_event *event, const struct cause *cause);
void platform_due(struct daemon *daemon);

/* control.c */
#define PRESS_NS INT64_C(1000000)
int campaign_open(struct daemon *daemon, struct error *error);
/* `only` one operation, or OPERATION_COUNT for all. */
void campaign_work(struct daemon *daemon, struct campaign_event *event, uint32_t only);
void campaign_due(struct daemon *daemon);
time_ns daemon_boot_time(void);
/* Boot time since range time 0. */
time_ns control_time(const struct daemon *daemon);
void control_arm(struct daemon *daemon);
void control_ready(uv_poll_t *poll, int status, int events);
void operation_start(struct daemon *daemon, struct operation *operation,
                     const struct campaign_rules *rules, uint64_t epoch);

/* stops.c: what an operation tells, and its end. */
/* An event for this operation alone. */
void operation_hears(struct daemon *daemon, struct operation *operation,
                     const struct campaign_event *event);
/* The order that the stop of that target stands under, or 0. A campaign has one for each. */
uint64_t operation_epoch(const struct daemon *daemon, const struct operation *operation,
                         agent_id whom);
/* A step that is about a target as a whole, or about the range (AGENT_NONE). */
void operation_tells(struct daemon *daemon, const struct operation *operation,
                     enum entry_step_word word, agent_id whom, int64_t value);
/* The same, by whichever operation is stopping that target. */
void operations_tell(struct daemon *daemon, enum entry_step_word word, agent_id whom,
                     int64_t value);
/* The witness saw nothing from then until now: a gap in whatever is under way. */
void operations_unobserved(struct daemon *daemon, time_ns from);
/* A step that is about one that was found. */
void found_tells(struct daemon *daemon, const struct found *found, enum entry_step_word word);
void operation_ends(struct daemon *daemon, struct operation *operation);

/* cpu.c */
/* What the cgroups count now, where the options ask for it; and since range time 0. */
struct daemon_cpu cpu_read(const struct daemon *daemon);
struct daemon_cpu cpu_since(const struct daemon *daemon);

/* lease.c */
/* The operator is there. Gives until when the range may run; TIME_NEVER: as long as the daemon. */
time_ns lease_renewed(struct daemon *daemon);
/* Renews the range's lease where it is time to. */
void lease_due(struct daemon *daemon);

/* standstill.c: errno where it could not be had, or not be vouched for. How long it stood. */
int range_stand_still(struct daemon *daemon, time_ns limit);
time_ns range_go_on(struct daemon *daemon);

/* find.c */
int find_open(struct daemon *daemon, struct error *error);
void find_close(struct daemon *daemon);
/* What follows is a look of its own. */
void find_begin(struct daemon *daemon);
void find_all(struct daemon *daemon, struct operation *operation, agent_id whom);
void find_kill(struct daemon *daemon, struct operation *operation,
               const struct campaign_action *action);
void find_hold(struct daemon *daemon, struct operation *operation,
               const struct campaign_action *action);
void find_release(struct daemon *daemon, struct operation *operation, agent_id whom);
/* Stop protocols that look for nobody: the lives that there are; and they are awaited no more. */
void find_lives(struct daemon *daemon, struct operation *operation, agent_id whom);
void find_killed(struct daemon *daemon, agent_id whom);
void find_forget(struct daemon *daemon, agent_id whom);
/* Something ended; it may have been found before. */
void find_life_ended(struct daemon *daemon, uint32_t row);
void find_stranger_ended(struct daemon *daemon, pid_t pid);
/* It poses as somebody; who may not run is ended. */
void find_ghost(struct daemon *daemon, const struct seen *seen);
bool find_is_held(const struct daemon *daemon, pid_t pid);
/* Kills again what comes into being after its kill; true where there may be such. */
bool find_presses(struct daemon *daemon);

/* docket.c, docket_replay.c */
/* Opens the ledger and reads what it says; the crew's names are known by then. */
int docket_open(struct daemon *daemon, struct error *error);
/* The range is there: says so in the ledger, and completes what an earlier range left undone. */
int docket_begin(struct daemon *daemon, struct error *error);
/* The range is closed: the witness's last word, and how it ended. */
void docket_end(struct daemon *daemon);
void docket_close(struct daemon *daemon);
/* Called by stops.c for each step of the order under way, in order; appends the entry, numbers it.
 * `epoch` and `number` of the step are filled in here. A step that lifts or releases is written
 * under the epochs of the orders which it ends. */
void docket_step(struct daemon *daemon, uint64_t epoch, const struct entry_step *step);
/* What keeps an agent from running: the order's epoch, or 0; `word` (may be NULL): how, in a word,
 * `tombstone` or `quarantine`. */
uint64_t docket_bars(const struct daemon *daemon, agent_id agent, const char **word);
/* Whether another order than the permit or resume of that epoch, and than those that it ends, keeps
 * the agent from running. */
bool docket_held_besides(const struct daemon *daemon, uint64_t epoch, agent_id agent);
/* How many different incarnations were found for that target of the order. */
int64_t docket_found(const struct daemon *daemon, uint64_t epoch, agent_id agent);
/* The witness saw nothing in that time. */
void docket_unobserved(struct daemon *daemon, time_ns from, time_ns to);
/* Steps that wait to be written, and when they are. */
time_ns docket_deadline(const struct daemon *daemon);
void docket_due(struct daemon *daemon);

/* docket_campaign.c */
/* Makes the key of a drill's campaign. */
int docket_campaign_open(struct daemon *daemon, struct error *error);
/* The campaign wants to stop, or to lift the stop of, an agent: signs it, decides, and keeps it.
 * False where it may not. */
bool docket_campaign_order(struct daemon *daemon, const struct campaign_action *action);
/* The order of the last stop of that target, while it has not ended for it; else 0. */
uint64_t docket_campaign_epoch(const struct daemon *daemon, agent_id agent);

/* control_orders.c */
struct docket_order;
/* The answer to one of the methods for orders, or NULL with an error's code and words. `follows`
 * is set to the epoch whose steps the client wants; `begins` to the order that was accepted, which
 * the caller begins when it has answered. */
json_t *control_orders_call(struct daemon *daemon, const char *method, const json_t *params,
                            uint64_t *follows, struct docket_order **begins, int *code,
                            const char **words);
bool control_orders_has(const char *method);
void docket_carry_out(struct daemon *daemon, struct docket_order *order);

/* stops.c */
/* An accepted order. It ends with ENTRY_SEALED or ENTRY_UNPROVEN for each target. */
struct stop_plan {
    uint64_t epoch;
    uint8_t verb;     /* enum order_verb */
    uint8_t protocol; /* enum order_protocol, of a stop */
    const agent_id *targets;
    uint32_t target_count;
    bool all; /* they are the whole crew */
};
int stop_queue_open(struct daemon *daemon, struct error *error);
void stop_queue_close(struct daemon *daemon);
/* Begins it, or queues it behind one that is under way. */
int stop_begin(struct daemon *daemon, const struct stop_plan *plan, struct error *error);
void stops_due(struct daemon *daemon);

/* faults.c */
int faults_plan(struct daemon *daemon, struct error *error);
time_ns faults_deadline(const struct daemon *daemon);
void faults_due(struct daemon *daemon);
struct record_id fault_between(const struct daemon *daemon, agent_id a, agent_id b);
/* A life that begins is told of what is in force. */
void faults_tell(struct daemon *daemon, uint32_t row);

/* work.c */
int desk_begin(struct daemon *daemon, struct error *error);
time_ns desk_wakes(const struct daemon *daemon);
void desk_due(struct daemon *daemon);
void work_submitted(struct daemon *daemon, uint32_t row, const struct call *call);
/* What it had in its hands is lost, as far as the platform knows of it. */
void work_died(struct daemon *daemon, uint32_t row);
void work_noted_lost(struct daemon *daemon, uint32_t row, const struct call *call);

/* truth.c */
void truth_ready(uv_poll_t *poll, int status, int events);
void truth_take(struct daemon *daemon);
void claim_make(struct daemon *daemon, const struct claim *claim);

/* checkpoints.c */
int checkpoint_keep(struct daemon *daemon, agent_id agent, uint32_t number,
                    const unsigned char *bytes, size_t size);
const struct checkpoint *checkpoint_find(struct daemon *daemon, agent_id agent);
void checkpoint_copy(struct daemon *daemon, agent_id agent);
int checkpoints_open(struct daemon *daemon, struct error *error);
void checkpoints_close(struct daemon *daemon);

/* control_socket.c */
int control_socket_open(struct daemon *daemon, struct error *error);
void control_socket_close(struct daemon *daemon);
void control_socket_event(struct daemon *daemon, bool started, uint32_t row);
/* Whether somebody waits to be heard there: agents' turns end early then. */
bool control_socket_waits(const struct daemon *daemon);
/* To whoever follows the order: a notification, which is taken over. */
bool control_socket_followed(const struct daemon *daemon, uint64_t epoch);
void control_socket_tell(struct daemon *daemon, uint64_t epoch, json_t *notification);

#endif
