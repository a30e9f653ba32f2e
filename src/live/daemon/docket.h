/*
 * The docket: all orders that this ledger has accepted, what became of each target, and the entries
 * that wait to be written. Inside of the daemon; shared by docket*.c and control_orders.c.
 *
 * What is here can be made again from the ledger alone (docket_replay.c): nonces, epochs,
 * tombstones and quarantines stand nowhere else.
 *
 * An acceptance is written and synced before it is answered. Steps are gathered, and written
 * together after DOCKET_GATHER_NS or when the order has ended for one of its targets: a sync within
 * each step would keep the range frozen for as long as the disk takes. What is not yet written when
 * the daemon is killed, the next one says as `lost`.
 */
#ifndef IOLAUS_LIVE_DAEMON_DOCKET_H
#define IOLAUS_LIVE_DAEMON_DOCKET_H

#include "evidence/ledger.h"
#include "live/daemon/inside.h"

#define DOCKET_GATHER_NS INT64_C(200000000)
/* Refusals that are recorded at once, and how long until one more may be. Others are counted. */
#define DOCKET_REFUSALS 64
#define DOCKET_REFUSAL_NS INT64_C(10000000000)
/* The same of what cannot even be read as an order. */
#define DOCKET_RUBBISH 4

/* What became of one target of an order. */
enum target_mark {
    TARGET_TOMBSTONED = 1,
    TARGET_HELD = 2,
    TARGET_LIFTED = 4, /* by a permit or a resume */
    TARGET_SEALED = 8,
    TARGET_UNPROVEN = 16,
    TARGET_ENDED = TARGET_SEALED | TARGET_UNPROVEN
};

struct docket_target {
    const char *name;
    agent_id agent; /* of this crew; AGENT_NONE: it is not in it */
    uint8_t marks;
    uint32_t found, killed, died;
    time_ns watched_from; /* range time: from when on the next word of the witness counts */
};

struct docket_order {
    struct docket_order *next; /* the one accepted after it */
    uint64_t epoch;
    uint64_t index; /* of its entry in the ledger */
    uint64_t steps; /* the number of its last step */
    struct order order;
    unsigned char digest[ORDER_DIGEST_BYTES];
    const char *text;
    bool campaign;
    bool past; /* of the campaign of an earlier range: it is over, and holds nobody here */
    struct docket_target *targets;
    uint32_t target_count, ended, unproven;
    bool ended_told;
};

/* An entry that waits to be written. */
struct docket_waiting {
    size_t at, size; /* of its text */
    struct docket_order *order;
    struct entry_step step; /* its number is 0: an order of the campaign */
};

struct docket {
    struct ledger *ledger; /* NULL: of a drill that keeps none */
    struct arena arena;
    struct docket_order *first, *last;
    uint64_t order_count;
    uint64_t epoch; /* the last one given */
    unsigned char range_id[ENTRY_RANGE_ID_BYTES];
    /* What waits: texts one behind the other, and what they are. */
    char *texts;
    size_t texts_used, texts_room;
    struct docket_waiting *waiting;
    uint32_t waiting_count, waiting_room;
    time_ns waiting_since;
    bool ends, failing;
    bool unkept; /* an order of the campaign waits among them */
    bool begun;  /* its range stands in the ledger */
    /* Refusals. */
    uint32_t refusals, rubbish; /* that may still be recorded */
    time_ns refusals_at;        /* when the last one was given back */
    uint64_t refused, refused_left_out, accepted;
    /* What the witness did not see in this range. */
    struct entry_gap *gaps;
    uint32_t gap_count, gap_room;
    /* docket_campaign.c */
    struct campaign_key *campaign_key;
    /* What the range before this one left: it was not closed by its daemon. */
    bool left_open;
    unsigned char left_id[ENTRY_RANGE_ID_BYTES];
    char entry_text[ENTRY_TEXT_MAX + 1];
};

/* docket.c */
int64_t docket_wall_ms(void);
/* Writes what waits, and `last` behind it where that is not NULL, durably; gives its index. */
int docket_write(struct daemon *daemon, const struct entry *last, uint64_t *index,
                 struct error *error);
struct docket_order *docket_find(const struct docket *docket, uint64_t epoch);
struct docket_order *docket_find_digest(const struct docket *docket,
                                        const unsigned char digest[ORDER_DIGEST_BYTES]);
/* Whether an order still keeps that target of its own from running. */
bool docket_holds(const struct docket_order *order, const struct docket_target *target);
struct docket_target *docket_target(struct docket_order *order, agent_id agent, const char *name);
/* What a step means for the docket's own books. */
void docket_mark(struct docket_order *order, const struct entry_step *step);
/* A new order at the end of the list, with room for its targets, which the caller fills. */
struct docket_order *docket_add(struct docket *docket, const struct order *order, const char *text,
                                uint32_t targets);
const char *docket_order_state(const struct docket_order *order);
/* Writes for each target of sealed orders what the witness can say of it: until the moment of which
 * all is taken that it saw. */
int docket_watch(struct daemon *daemon, struct error *error);
void docket_notice(struct daemon *daemon, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds the entry whose text stands in `entry_text` to what waits. */
int docket_wait(struct daemon *daemon, size_t size, const struct docket_waiting *waiting);

/* docket_campaign.c */
/* The key's public half, or "". */
const char *docket_campaign_key(const struct daemon *daemon);
void docket_campaign_close(struct daemon *daemon);

/* docket_orders.c */
struct docket_answer {
    struct docket_order *order; /* NULL: refused */
    const char *reason;         /* a word */
    char message[768];
    bool recorded;
    uint32_t needed, counted;
};
struct docket_request {
    const char *order;
    size_t size;
    const struct authority_signature *signatures;
    uint32_t signature_count;
};
void docket_submit(struct daemon *daemon, const struct docket_request *request,
                   struct docket_answer *answer);
/* Keeps an order that was decided; NULL with the error where it could not be kept. One of the
 * campaign is put among what waits. */
struct docket_order *docket_accept(struct daemon *daemon, const struct docket_request *request,
                                   const struct authority_decision *decision, bool campaign,
                                   struct error *error);
/* For authority_decide. */
bool docket_seen(void *context, const unsigned char nonce[ORDER_NONCE_BYTES],
                 const unsigned char digest[ORDER_DIGEST_BYTES]);
bool docket_accepted(void *context, const unsigned char digest[ORDER_DIGEST_BYTES],
                     struct order *order);
/* Of a campaign's permit: what it lifts is written; the platform is the campaign's to tell. */
void docket_carry_lift(struct daemon *daemon, struct docket_order *order);
/* The agents of this crew that an order names, in the caller's list; how many. */
uint32_t docket_reach(const struct daemon *daemon, const struct order *order, agent_id *list);

/* docket_replay.c */
int docket_replay(struct daemon *daemon, struct error *error);
int docket_complete(struct daemon *daemon, struct error *error);

#ifdef IOLAUS_TEST_CRASH
/* Of the variant for tests alone: the process kills itself when it has come to the point whose
 * number IOLAUS_CRASH_AT has; each point's name and number goes to the file IOLAUS_CRASH_LOG. */
void crash_point(const char *name);
#else
#define crash_point(name) ((void)0)
#endif

#endif
