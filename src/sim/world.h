/*
 * Inside of the simulated world: its state, shared by the world_*.c files.
 *
 * Entities of the engine are the rows (incarnations: row = slot * agents + agent), then the
 * platform, then control. A step of an entity touches that entity's state only. What one entity may
 * know of another without a message is `published`: it changes between windows alone. Arrays by row
 * or by link are reserved and touched as they are needed, so that what never happens costs no
 * memory.
 */
#ifndef IOLAUS_SIM_WORLD_H
#define IOLAUS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"
#include "core/agent/agent.h"
#include "core/control/campaign.h"
#include "core/platform/platform.h"
#include "scenario/scenario.h"
#include "sim/engine.h"
#include "sim/sim.h"
#include "trace/record.h"
#include "world/acts.h"
#include "world/answers.h"
#include "world/cause.h"
#include "world/clock.h"
#include "world/desk.h"
#include "world/orders.h"

/* What an event's data hold: a tag in the upper four bits, and for those with a message the slot of
 * the slab below. */
enum event_tag {
    TAG_TIMER,  /* the entity's own deadline */
    TAG_PING,   /* 16 bits: the probe's sequence; above them: which making of the link */
    TAG_ACK,    /* likewise; of an agent that never had to refute */
    TAG_REVIVE, /* the contact rule set */
    TAG_MESSAGE /* 28 bits: a slot of the slab */
};
#define TAG_SHIFT 28
#define PAYLOAD_MASK ((UINT32_C(1) << TAG_SHIFT) - 1)
#define SEQUENCE_BITS 16
#define SEQUENCE_MASK ((UINT32_C(1) << SEQUENCE_BITS) - 1)

enum message_use {
    USE_PERCEPT,   /* to a row: deliver `percept` */
    USE_LINKED,    /* to a row: its link to percept.peer now leads to slot `slot` */
    USE_HELLO,     /* to a row, over a link: the first message of a new link */
    USE_HANGUP,    /* to a row: its link to percept.peer closed */
    USE_START,     /* to a row: start a process there */
    USE_BEGIN,     /* to a row, by itself: its start time is over */
    USE_END,       /* to a row: die now */
    USE_LIGHT,     /* to a row that hangs: a ping or an ack, percept.value, kept for later */
    USE_WORK,      /* to a row: a task for it */
    USE_WORK_DONE, /* to a row, by itself: the task's service is over */
    USE_PLATFORM,  /* to the platform: `platform` event */
    USE_FORWARD,   /* to the platform, by control: pass on to percept.subject's process */
    USE_TASK_DONE, /* to the platform */
    USE_CAMPAIGN   /* to control: `campaign` event */
};

struct message {
    uint8_t use;                /* enum message_use */
    uint8_t forward;            /* USE_FORWARD: the use on arrival */
    uint8_t slot;               /* USE_LINKED: the peer's */
    uint8_t reason;             /* USE_START, USE_BEGIN: start_reason; USE_END: death_reason;
                                   USE_PLATFORM: 1: a report that masks */
    incarnation_id incarnation; /* to a row: the one it is meant for */
    bool any;                   /* ... or whichever lives there */
    uint16_t making;            /* over a link, or about it: which making of it */
    uint32_t checkpoint;        /* USE_START, USE_BEGIN */
    uint32_t source;            /* of what waits for a row that hangs */
    struct cause cause;
    union {
        struct percept percept;
        struct platform_event platform;
        struct campaign_event campaign;
        struct {
            struct task task;
            time_ns served; /* when its service is over, if nothing comes between */
            time_ns stood;  /* how long its agent had stood still when the service was planned */
        };
    };
};

struct row {
    time_ns wake; /* when TAG_TIMER is on its way for; TIME_NEVER: none */
    uint32_t network_draws;
    uint32_t sequence; /* of its next record */
    incarnation_id incarnation;
    bool alive, hung;
};

/* Of a stop that finds its target: from the fence on it stands still, so that it does not see its
 * links end and act on that; a quarantine keeps it so. */
enum hold { HOLD_NONE, HOLD_FENCED, HOLD_HELD, HOLD_LETTING, HOLD_RELEASING };

/* What only some crews need of a row. */
struct row_work {
    time_ns busy_until; /* its queue of work is served by then */
    time_ns hung_since;
    uint8_t held;  /* enum hold */
    time_ns stood; /* how long it hung, all in all */
    uint32_t work_draws;
    uint32_t mind_draws;
    uint32_t checkpoint;     /* the number of its last one, or of the one that it continues from */
    incarnation_id starting; /* the one whose process has not come to its first instruction, or 0 */
    uint32_t waits_first, waits_last; /* what came while it hung: slots of the slab, or 0 */
};

/* The platform's address book: the process that it takes for the agent. */
struct address {
    uint8_t slot;
    incarnation_id incarnation;
};

/* What the witness has published of an agent: the last death or hang of its youngest incarnation.
 * Changes between windows alone. All zero while it runs, so that a crew in which nobody dies never
 * touches this memory. */
struct published {
    uint32_t writer;
    uint32_t after; /* the record's sequence + 1, or 0 */
    incarnation_id youngest;
};

/* Something to publish at the end of the window. */
struct change {
    time_ns at;
    uint32_t row;
    uint8_t kind; /* enum change_kind */
    struct record_id id;
};
enum change_kind {
    CHANGE_GONE,
    CHANGE_BACK,
    CHANGE_CHECKPOINT,
    CHANGE_FENCE /* of the row's agent; id.writer: whether it is fenced, id.sequence: which change
                    of that sort it is, for several may come at one instant */
};

/* What the node knows of a lease that is no longer renewed: when it runs out, by the node's own
 * clock; 0: it does not, or is over; LEASE_GIVEN: leave to run is a new lease, from the next
 * barrier on. */
#define LEASE_GIVEN ((time_ns)-1)
struct lease {
    time_ns ends;
    struct cause cause;
};

/*
 * One end of a link: the slot that it leads to, whether anything was carried yet, and which making
 * of the link it is. Each link counts its makings, modulo LINK_MAKINGS: whatever was sent over an
 * earlier one, or says that it closed, may still be on its way when the next one is up, and is then
 * told from what belongs to this one.
 */
#define LINK_SLOT 7u
#define LINK_FRESH 8u
#define LINK_MAKING_SHIFT 4
#define LINK_MAKINGS 4095u
#define LINK_DOWN UINT16_MAX

struct world {
    const struct scenario *scenario;
    const struct sim_options *options;
    struct engine *engine;
    uint32_t agents, slots, rows, copies, one; /* one: agents of one copy */
    uint32_t platform_entity, control_entity;
    time_ns lookahead;
    bool recording, contact, latency_fixed;

    /* by row */
    struct row *row;
    struct row_work *row_work;
    struct agent_row *agent_row;
    struct cause *stopped; /* the request to end that it heard; once it is dead, its death */
    /* by link place, for each slot: an agent's begin at offsets[agent] + AGENT_LINKS_EXTRA * agent
     */
    struct agent_peer *link;
    uint16_t *link_end;    /* as above, or LINK_DOWN */
    uint16_t *link_making; /* of slot 0 alone, at the lower agent's place: the platform's count */
    struct cause *concern; /* what the agent was last about, for that peer */
    struct cause *linked;  /* why the present link was made */
    uint64_t places;       /* of one slot */
    const struct graph *links; /* of all copies */
    /* by agent */
    struct published *published;
    uint64_t *side; /* a bit for each partition in force; NULL: no partition in the scenario */
    fixed *slow;    /* durations times this, 0 for 1; NULL: nobody is ever slow */
    uint8_t *object;
    int32_t *drift_ppm;        /* NULL: clocks are true */
    int16_t *checkpoint_bonds; /* by link place of one slot: bonds as last saved */
    bool *node_down;
    uint32_t fences; /* changes of the next */
    bool *fenced;    /* as the checkpoint store knows it. Changes between windows alone */
    /* by fault */
    bool *fault_on;
    struct record_id *fault_record; /* partitions: of its beginning */

    /* the slab of messages */
    struct message *message;
    uint32_t message_free; /* head of the free list */
    uint32_t message_used; /* high-water mark */
    uint32_t *message_next;
    uint32_t messages_held;   /* slots in use, and ... */
    uint32_t messages_on_way; /* ... events, or waiting rows, that hold one: the same number */

    /* records and changes of the present window */
    struct record *record;
    size_t records, records_max;
    struct change *change;
    size_t changes, changes_max;
    uint64_t records_written;
    struct recorder recorder; /* world_record, for what both worlds do alike */

    /* the platform */
    struct platform *platform; /* NULL: nothing in the scenario has a use for one */
    struct platform_actions actions;
    uint32_t platform_sequence;
    time_ns platform_wake;
    struct cause *last_cause; /* by agent: of what it last heard of it, for what follows later */
    struct address *address;  /* by agent */
    struct desk desk;

    /* control */
    struct campaign *campaign;
    struct campaign_actions control_actions;
    uint32_t control_sequence;
    uint32_t witness_sequence;
    time_ns control_wake;
    /* While the range stands still: control and the witness speak without delay. */
    bool frozen;
    agent_id *wanted; /* targets of the stop under way for whom the witness has yet to look */
    uint32_t wanted_count;
    incarnation_id *epoch; /* by agent, where a stop fences: no copy up to it starts */
    struct lease *lease;   /* by agent, where leases are not renewed */
    struct orders orders;

    struct learning *learning; /* NULL: no mind of the scenario is adaptive */

    struct acts acts;
    struct error *error;
    int failed;
    time_ns ended; /* when the campaign ended the run, or 0 */
};

/* world.c */
void *world_reserve(struct world *world, size_t count, size_t size);
uint32_t
world_message(struct world *world); /* a slot of the slab, zeroed; ERROR_LIMIT at its end */
void world_message_free(struct world *world, uint32_t slot);
void world_send(struct world *world, uint32_t from, uint32_t to, time_ns at, uint32_t slot);
void world_send_data(struct world *world, uint32_t from, uint32_t to, time_ns at, uint32_t data);
struct record_id world_record(struct world *world, const struct record *record, uint32_t writer);
void world_change(struct world *world, uint8_t kind, time_ns at, uint32_t row, struct record_id id);

static inline agent_id row_agent(const struct world *world, uint32_t row)
{
    return row % world->agents;
}

static inline uint8_t row_slot(const struct world *world, uint32_t row)
{
    return (uint8_t)(row / world->agents);
}

/* The first link place of an agent's slot 0, and of a row. */
static inline uint64_t agent_place(const struct world *world, agent_id agent)
{
    return world->links->offsets[agent] + (uint64_t)AGENT_LINKS_EXTRA * agent;
}

static inline uint64_t row_place(const struct world *world, uint32_t row)
{
    agent_id agent = row_agent(world, row);

    return row_slot(world, row) * world->places + agent_place(world, agent);
}

/* a + b, or TIME_NEVER where that is too far. */
static inline time_ns time_later(time_ns a, time_ns b)
{
    return a > TIME_NEVER - b ? TIME_NEVER : a + b;
}

static inline uint16_t link_making_of(uint16_t end)
{
    return end >> LINK_MAKING_SHIFT;
}

static inline struct record_id published_gone(const struct world *world, agent_id agent)
{
    struct published published = world->published[agent];

    return published.after == 0 ? RECORD_ID_NONE
                                : (struct record_id){published.writer, published.after - 1};
}

/* Whether it is dead or hangs, as far as the witness has published; also where nothing is recorded.
 */
static inline bool published_is_gone(const struct world *world, agent_id agent)
{
    return world->published[agent].after != 0 || world->published[agent].writer == WRITER_NONE;
}

/* world_clock.c: the agents' own clocks and slowness */
time_ns clock_local(const struct world *world, agent_id agent, time_ns now);
time_ns clock_global(const struct world *world, agent_id agent, time_ns local);
time_ns slowed(const struct world *world, agent_id agent, time_ns duration);

/* world_row.c: the steps of an incarnation */
void row_step(struct world *world, uint32_t row, const struct event *event, time_ns now);
void row_begin(struct world *world, uint32_t row, incarnation_id incarnation, time_ns now,
               uint32_t checkpoint, agent_id by, uint8_t reason, const struct cause *cause);
void row_end(struct world *world, uint32_t row, time_ns now, uint8_t reason,
             const struct cause *cause);
/* Ends whatever stands in the row: an incarnation, or a process that is being started. */
void row_kill(struct world *world, uint32_t row, time_ns now, uint8_t reason,
              const struct cause *cause);
void row_deliver(struct world *world, uint32_t row, struct percept *percept, time_ns now,
                 const struct cause *cause);
struct agent row_assemble(struct world *world, uint32_t row);

/* Works what came while the row hung, in its order: when it goes on, or when it is dead. */
void row_take_waiting(struct world *world, uint32_t row, time_ns now);

/* world_acts.c: carrying acts out */
struct doing row_doing(const struct world *world, uint32_t row, const struct agent *agent,
                       const struct percept *percept, time_ns now, const struct cause *cause);
void row_carry_out(struct world *world, uint32_t row, const struct agent *agent,
                   const struct percept *percept, time_ns now, const struct cause *cause);
void sim_link_send(struct world *world, uint32_t row, uint32_t place, agent_id to, time_ns now,
                   uint32_t data);

/* world_work.c: tasks */
void sim_work_open(struct world *world);
void work_emit(struct world *world, time_ns now);
void work_arrive(struct world *world, uint32_t row, const struct message *message, time_ns now);
void sim_work_lost(struct world *world, uint32_t row, agent_id at, const struct message *message,
                   time_ns now);
void work_served(struct world *world, uint32_t row, const struct message *message, time_ns now);
void work_resume(struct row_work *state, time_ns since, time_ns now);

/* world_learn.c: adaptive minds. What an agent's learner is told takes effect after the window, in
 * the order of time and row; within one it only decides. All but the first two do nothing for an
 * agent whose mind is scripted. */
int sim_learning_open(struct world *world);
/* The answer of an adaptive mind to the act decide, which opens an experience. */
uint32_t learn_choose(struct world *world, uint32_t row, const struct agent *agent,
                      const struct act *act, time_ns now, struct random *random);
void learn_act(struct world *world, uint32_t row, const struct agent *agent, const struct act *act,
               time_ns now);
void learn_percept(struct world *world, uint32_t row, const struct agent *agent,
                   const struct percept *percept, time_ns now);
void learn_ended(struct world *world, uint32_t row, uint8_t reason, time_ns now);
/* Of the platform: it tells those who served a task that was done in time, and looks into some of
 * the reports that mask. */
void learn_task_done(struct world *world, const struct task *task, time_ns now);
void learn_report(struct world *world, const struct message *message, time_ns now);
void learn_window(struct world *world, time_ns end);

/* world_platform.c, world_control.c: the two entities that are no agents */
bool platform_needed(const struct scenario *scenario);
int sim_platform_open(struct world *world, struct error *error);
/* A message to a row, after the platform's latency. */
void platform_to_row(struct world *world, uint32_t row, time_ns now, uint32_t slot);
void platform_entity_step(struct world *world, const struct event *event, time_ns now);
int sim_control_open(struct world *world, struct error *error);
/* A word to control from another entity, where there is a campaign. */
void world_tell_control(struct world *world, uint32_t from, time_ns at,
                        const struct campaign_event *event, const struct cause *cause);
void control_entity_step(struct world *world, const struct event *event, time_ns now);
/* The barrier of CONTROL_FREEZE: all that follows, up to the thaw, happens in it. */
void control_frozen(struct world *world, time_ns now);
/* Whoever's lease has run out by now is ended, and nobody of it starts any more. */
void control_leases(struct world *world, time_ns now);
/* The targets that are being fenced stand still. */
void control_hold(struct world *world, time_ns now);
/* Whoever is released from a quarantine goes on. */
void control_release(struct world *world, time_ns now);
/* The row stands still from now on, or goes on with what came meanwhile. */
void row_hang(struct world *world, uint32_t row, time_ns now, bool ends, const struct cause *cause);
bool row_hangs_by_fault(const struct world *world, uint32_t row);
/* The same without a record: what the fence does is no more than a moment. */
void row_stand(struct world *world, uint32_t row, time_ns now, bool ends);
/* The platform has severed all its links, and it is not to take that for deaths: what is still to
 * be said of their ends is not heard. */
void row_unlink(struct world *world, uint32_t row);

/* world_fault.c: barriers: what is truly simultaneous */
int sim_faults_open(struct world *world, struct error *error);
/* Whether any process of the agent runs or is being started. */
bool world_has_process(const struct world *world, agent_id agent);
struct record_id sim_partition_between(const struct world *world, agent_id a, agent_id b);
int world_barrier(void *context, struct engine *engine, time_ns now, uint32_t data,
                  struct error *error);
#define BARRIER_BLACKOUT UINT32_C(0xffffffff)
#define BARRIER_FREEZE UINT32_C(0xfffffffe)
#define BARRIER_RELEASE UINT32_C(0xfffffffd)
#define BARRIER_HOLD UINT32_C(0xfffffff0)
#define BARRIER_LEASE UINT32_C(0xfffffffc)

#endif
