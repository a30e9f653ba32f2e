/*
 * An adversary inside the simulated world, and somebody who watches it break promises.
 *
 *     adversary_begin(seed, mutant, attacks);
 *     ... world_run_again(): the run calls back by way of the linker's --wrap ...
 *     adversary_end(&run);
 *     adversary.broken[0] == '\0', or which promise was broken, when, and by whom
 *
 * The attacker (adversary_attack.c) acts through compromised processes alone: what the platform,
 * the node and the witness then do is the simulated world's own. It floods the platform's tools,
 * uses tokens that are not its own or long spent, starts processes behind the platform's back,
 * lies on its links, outlives a kill for a while, forks while it is killed, cuts a node or the
 * platform off from the operator, and makes the platform lose its memory. All of it is drawn from
 * the seed.
 *
 * A mutant (adversary_mutant.c) is a stop protocol without one of its steps. The step is taken out
 * between control and the world: what control asks for is not done, and is answered as if it had
 * been. So control itself is the code that is installed, without a switch.
 *
 * The watcher (adversary_watch.c) looks after every event of the run at what may have changed.
 * It has the world's own state before it, so that no trace, agent or platform can deceive it.
 */
#ifndef IOLAUS_TEST_ADVERSARY_H
#define IOLAUS_TEST_ADVERSARY_H

#include "sim/world.h"

enum mutant {
    MUTANT_NONE,
    MUTANT_FENCE,
    MUTANT_FREEZE,
    MUTANT_FIND,   /* the one process that the platform takes for the agent, and no other */
    MUTANT_VERIFY, /* no second look */
    MUTANT_MARK,
    MUTANT_TOMBSTONE,
    MUTANT_COUNT
};

#define ADVERSARY_AGENTS_MAX 12
#define ADVERSARY_ROWS_MAX (ADVERSARY_AGENTS_MAX * 8)

/* What is known of one agent's stop, by its number. */
struct watched {
    bool sealed, kept; /* by a seal; kept: by one of a quarantine */
    bool fenced;       /* by the platform's word, up to that it may run again */
    bool barred;       /* fence or tombstone, in the platform's state */
    bool looked;       /* a look of this stop has been asked for */
    time_ns fenced_at;
    time_ns stopping; /* since when a stop is under way; TIME_NEVER: none is */
    time_ns dead_by;  /* lease: nothing of it runs after this; TIME_NEVER */
    incarnation_id epoch;
    int64_t bonds;      /* of its checkpoint, some time after the fence; -1: not taken */
    uint32_t defenders; /* a bit for each agent that acts in its defence since its fence */
};

struct adversary {
    uint64_t seed;
    enum mutant mutant;
    bool attacks;
    struct world *world;
    char broken[512];

    /* drawn */
    uint32_t compromised; /* a bit for each agent */
    bool poisoned;        /* a relaunched process of a target is compromised, whoever it was */
    bool lagging;         /* kills may take their time, and be reported too early */
    uint32_t eager;       /* one move in so many events */
    node_id cut_node; /* nothing from platform and operator reaches it from cut_at for a while */
    time_ns cut_at, cut_until;
    time_ns mute_at, mute_until; /* nothing from the operator reaches the platform */
    time_ns forgets_at;          /* the platform loses what it does not keep on disk */

    struct watched agent[ADVERSARY_AGENTS_MAX];
    uint32_t moves[ADVERSARY_ROWS_MAX];        /* draws of each row */
    int32_t lag[ADVERSARY_ROWS_MAX];           /* kills it still outlives; -1: not drawn */
    incarnation_id behind[ADVERSARY_ROWS_MAX]; /* started behind the platform's back; 0: not */
    struct {
        uint32_t row;
        incarnation_id incarnation;
        uint8_t kind;
    } unseen[64]; /* of those: word to the platform that it never gets */
    uint32_t unseen_count;
    bool kill_asked[ADVERSARY_ROWS_MAX]; /* MUTANT_FREEZE: a kill is on its way */
    bool look_wanted[ADVERSARY_AGENTS_MAX];
    bool look_planned;
    bool from_control; /* the platform's present event */
    uint32_t mutes;    /* draws of those */
    uint32_t delayed_count;
    uint32_t delayed[256]; /* slots of the slab: control's, but held up */

    uint64_t steps, episodes, seals, moves_made, starts_behind, kills_outlived;
    uint64_t defences; /* all of those, obeyed or refused */
};
extern struct adversary adversary;

void adversary_begin(uint64_t seed, enum mutant mutant, bool attacks);
void adversary_end(void);

/* adversary_watch.c: the first broken promise is kept, with the time. */
__attribute__((format(printf, 3, 4))) void promise_broken(const char *promise, time_ns now,
                                                          const char *format, ...);

/* adversary_attack.c */
void attack_draw(void);
void attack_row(struct world *world, uint32_t row, time_ns now);
bool attack_outlives(struct world *world, uint32_t row, time_ns now);
void attack_forks(struct world *world, uint32_t row, time_ns now);
/* True where the event is held up, and comes again later. */
bool attack_holds_up(struct world *world, const struct event *event, time_ns now);
/* After a step of the row, and after it was killed: what stands there now? */
void attack_behind(struct world *world, uint32_t row, bool was_alive);
void attack_memory(struct world *world, time_ns now);

/* adversary_mutant.c */
void mutant_step(struct campaign *campaign, const struct campaign_event *event,
                 struct campaign_actions *actions);
void mutant_killed(struct world *world, const struct event *event, time_ns now);
void mutant_look(struct world *world, time_ns now);
#define BARRIER_MUTANT_LOOK UINT32_C(0xffffff00)

/* The calls of the simulated world that are wrapped. */
void __real_row_step(struct world *world, uint32_t row, const struct event *event, time_ns now);
void __real_row_kill(struct world *world, uint32_t row, time_ns now, uint8_t reason,
                     const struct cause *cause);
void __real_platform_entity_step(struct world *world, const struct event *event, time_ns now);
void __real_platform_step(struct platform *platform, const struct platform_event *event,
                          struct platform_actions *actions);
void __real_control_entity_step(struct world *world, const struct event *event, time_ns now);
int __real_world_barrier(void *context, struct engine *engine, time_ns now, uint32_t data,
                         struct error *error);
void __real_campaign_step(struct campaign *campaign, const struct campaign_event *event,
                          struct campaign_actions *actions);

static inline bool row_occupied(const struct world *world, uint32_t row)
{
    return world->row[row].alive || world->row_work[row].starting != 0;
}

#endif
