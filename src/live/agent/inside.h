/*
 * Inside of the agent program: its whole state, shared by the room's files. Nobody else includes
 * this.
 *
 *   program.c     the start, the wait, the loop
 *   clock.c       range time, the agent's own clock, slowness
 *   later.c       what is due later
 *   session.c     opening the session, restoring, waiting for the crew to begin
 *   platform.c    what the platform answers and tells -> percepts
 *   call.c        what is asked of the platform, and noted to it
 *   acts.c        the core's acts -> calls, messages, the mind
 *   link_layer.c  the links: making, sending, receiving, faults
 *   task.c        work
 *   checkpoint.c  its own state as bytes
 *   covert.c      the built-in adversary; pose.c its answering in another's stead
 */
#ifndef IOLAUS_LIVE_AGENT_INSIDE_H
#define IOLAUS_LIVE_AGENT_INSIDE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/fixed.h"
#include "core/agent/agent.h"
#include "live/agent/config.h"
#include "live/agent/later.h"
#include "live/wire/channel.h"
#include "live/wire/link.h"
#include "live/wire/tools.h"
#include "live/work/work.h"

/* Messages on their way at once, tasks in its queue, tasks remembered as taken. */
#define PACKETS_MAX 512
#define TASKS_MAX 256
#define TASKS_SEEN 256
/* Requests whose answer is still looked for. */
#define REQUESTS_MAX 128
/* Strangers on one making of a link that are told apart. */
#define STRANGERS_MAX 4
/* Ends of others that a covert mind holds. */
#define COVERT_HELD_MAX 256

/* One link, in the order of `peers`. */
struct link {
    int descriptor; /* -1: down */
    bool fresh;     /* waits for the hello */
    bool greets;    /* says hello before whatever it sends, until the peer was heard */
    bool cut;       /* a partition stands between */
    bool hangup_held;
    uint8_t strangers;
    uint16_t making;
    uint32_t number; /* of the last message sent, over all makings */
    pid_t expected;  /* the peer's, as the platform says; 0: not said */
    pid_t heard[STRANGERS_MAX];
    int64_t nonce; /* of `greets` */
};

struct request {
    uint32_t id;
    uint8_t act;
    agent_id peer;
};

/* A task in the queue. */
struct task {
    uint64_t number;
    time_ns deadline; /* range time */
    time_ns served;   /* when its service is over */
    uint8_t hop, hops;
    agent_id route[LINK_HOPS_MAX];
    struct work_piece piece;
};

struct tasks {
    struct task queue[TASKS_MAX];
    uint32_t first, count;
    time_ns busy_until;
    struct {
        uint64_t number;
        uint8_t hop;
        bool used;
    } seen[TASKS_SEEN];
    uint32_t seen_next;
};

struct covert;
struct early;

struct program {
    const struct agent_config *own;
    const struct crew_config *crew;
    const uint8_t *objects; /* by agent */
    struct agent agent;
    struct agent_row row;
    struct acts acts;
    struct link *links; /* degree */
    bool *concerned; /* by place, degree + 1: it notes that it spreads what it was told or believes
                        of that peer */
    struct because because; /* what the step under way is about */
    struct worker worker;
    struct tasks tasks;
    struct later_queue later;
    struct request requests[REQUESTS_MAX];
    uint32_t request_id;
    uint32_t checkpoint; /* the number of its last one, or of the one that it goes on from */
    uint32_t mind_draws, network_draws, work_draws;
    fixed slow;         /* durations times this; 0: not slow */
    uint64_t lost;      /* messages that did not leave */
    time_ns now;        /* range time, of this turn */
    int channel;        /* to the platform */
    int signals, epoll; /* descriptors */
    struct epoll_event *events;
    int events_max;
    bool ended;
    int status; /* of the process, once ended */
    struct early *early_first, *early_last;
    struct covert *covert; /* NULL: an honest mind */
};

/* What an epoll event is about, beside the slots of links. */
enum { WATCH_CHANNEL = 0x40000000, WATCH_SIGNALS, WATCH_HELD = 0x50000000 };

/* program.c */
int program_open(struct program *program, struct error *error);
void program_begin(struct program *program, bool restored);
void program_loop(struct program *program);
void program_close(struct program *program);
void program_watch(struct program *program, int descriptor, uint32_t what);
void program_unwatch(struct program *program, int descriptor);
/* Steps the core, and carries its acts out. `because` of the step is in program->because. */
void program_deliver(struct program *program, struct percept *percept);
/* A percept that it gives itself as soon as this step is over, or later. */
void program_deliver_at(struct program *program, time_ns at, const struct percept *percept);

/* clock.c */
time_ns clock_range(const struct program *program);
time_ns clock_slowed(const struct program *program, time_ns duration);
/* "1.5", or a number; 0 for what is none, or not above 1. */
fixed clock_factor(const json_t *value);

/* session.c: 0, or negative with the error. */
int session_open(struct program *program, bool *restored, struct error *error);
/* Works what came before the beginning. */
void session_take_early(struct program *program);

/* platform.c */
void platform_take(struct program *program, struct packet *packet);
/* Takes all that is there. */
void platform_empty(struct program *program);
/* Closes what descriptors are left in it; those taken are -1. */
void packet_drop(struct packet *packet);
/* A packet into the program's buffer. */
void platform_packet(struct packet *packet);
agent_id agent_named(const struct program *program, const char *name);
/* The agent that a member of an object names, or AGENT_NONE. */
agent_id agent_in(const struct program *program, const json_t *object, const char *key);
int64_t integer_in(const json_t *object, const char *key, int64_t otherwise);

/* call.c. Each takes over `params`. Where the channel is full they wait. */
const char *name_of(const struct program *program, agent_id agent);
void call_note(struct program *program, enum tool_method method, json_t *params);
uint32_t call_tool(struct program *program, enum tool_method method, json_t *params,
                   enum act_kind act, agent_id peer);

/* acts.c */
void acts_carry_out(struct program *program);
void acts_decided(struct program *program, struct percept *percept);

/* link_layer.c */
void links_opened(struct program *program, const json_t *params, struct packet *packet);
void links_cut(struct program *program, const json_t *names);
/* The platform has severed them all: no peer is taken for gone by that. */
void links_forget(struct program *program);
void link_ready(struct program *program, uint32_t slot);
/* False where the message is lost. Its number is given in any case. */
bool link_send(struct program *program, uint32_t slot, struct link_message *message);
void link_send_later(struct program *program, const struct later_packet *packet);

/* task.c */
void task_told(struct program *program, const json_t *params);
void task_arrived(struct program *program, uint32_t slot, const struct link_message *message);
time_ns task_deadline(const struct program *program);
void task_serve(struct program *program);

/* covert.c; all of them only where program->covert is not NULL, but for covert_open. */
int covert_open(struct program *program, struct error *error);
void covert_close(struct program *program);
void covert_linked(struct program *program, uint32_t slot);
/* Takes the packet's descriptor, if it is one that a covert neighbour may give. */
void covert_given(struct program *program, uint32_t slot, const struct link_message *message,
                  struct packet *packet);
/* True where it has done the act in its own way. */
bool covert_act(struct program *program, const struct act *act);
void covert_ready(struct program *program, uint32_t held);
time_ns covert_deadline(const struct program *program);
void covert_due(struct program *program);

#endif
