/*
 * Protocols: what the files that find, add up and print them share. No other file includes it.
 */
#ifndef IOLAUS_ANALYSIS_PROTOCOL_INSIDE_H
#define IOLAUS_ANALYSIS_PROTOCOL_INSIDE_H

#include <stddef.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "analysis/protocol.h"
#include "analysis/statistics.h"

/* Of all intervals. */
#define CONFIDENCE 0.95

/* ---- protocol_record.c ---- */

struct cause;
struct episode;
struct life;

/* The step that a record of an episode is; STEP_COUNT for none. */
uint8_t step_of(const struct record *record, const struct cause *cause, const struct life *target);
/* Acts of agents that the analysis does not join by a guess, since no figure counts them. */
bool wants_guess(uint8_t verb);
/* Whether a record of an episode is about the episode's target. */
bool concerns_target(const struct record *record, const struct episode *episode);
/* All of the event but its turn. */
struct protocol_event event_of(const struct record *record, const struct cause *cause,
                               uint8_t step);

/* ---- sums ---- */

/* What makes a step the same step in two episodes. Compared as bytes, and in this order. */
struct step_key {
    uint8_t turn;
    uint8_t step;
    uint8_t role; /* ROLE_COUNT: an agent, it is not known which */
    uint8_t with; /* enum protocol_role, or ROLE_COUNT */
    uint8_t wanted;
    uint8_t unused;
    uint16_t variant;
};
_Static_assert(sizeof(struct step_key) == 8, "no padding in a key");

/* A step, over its episodes. */
struct step_sum {
    struct step_key key;
    time_ns *times; /* of its first act, since the death (of TURN_STOP: since the beginning) */
    size_t time_count, time_capacity;
    uint64_t episodes, acts, inferred, told;
    uint64_t wanted[WANTED_COUNT]; /* acts, by who wanted them */
    uint64_t agents;               /* that did it, summed over the episodes */
    uint32_t agents_least, agents_most;
    struct quantile early, median, late; /* protocols_sort */
};

/* Where an episode is found again. */
struct example {
    const char *file;
    char *record; /* an act of it, as `iolaus trace why` takes it; NULL: it cannot be asked for */
    uint32_t target; /* its number among the names of agents */
    uint32_t replicate;
    uint64_t number;
    time_ns began;
};

struct protocol {
    UT_hash_handle hh;
    struct step_key *keys;   /* in ascending order: the hash key */
    struct step_sum *steps;  /* in the order of their keys */
    struct step_sum **shown; /* the same in the order of time: protocols_sort */
    uint32_t step_count;
    uint64_t episodes, failures, objects, open;
    uint64_t proven; /* episodes in which no step rests on a guess */
    struct example example;
};

/* A step, over all episodes, whoever wanted it: key.wanted is 0. */
struct step_total {
    UT_hash_handle hh;
    uint32_t number; /* from 0, in the order in which they occurred */
    bool shown;
    struct step_sum sum;
};

struct totals {
    struct step_total *by_key;
    /* In how many episodes the step of a row came before that of a column: `capacity` to a row. */
    uint32_t *before;
    uint32_t capacity;
    struct step_total **list; /* by number */
    struct step_sum **shown;  /* in the order in which they are shown: totals_sort */
};

/* A name that occurs: of an agent or of a kind. */
struct name {
    UT_hash_handle hh;
    uint32_t kind; /* place of the agent's kind among the kinds; of a kind: unused */
    uint32_t number;
    char text[];
};

/* Who plays a role: by role and agent. */
struct player {
    UT_hash_handle hh;
    struct {
        uint32_t role;
        uint32_t agent;
    } key;
    uint64_t episodes;
};

struct names {
    struct name *by_text;
    struct name **list; /* by number */
    size_t count, capacity;
};

struct protocols {
    char *only;        /* the one target wanted; NULL: all */
    uint64_t left_out; /* a bit for each step */
    struct protocol *by_keys;
    struct protocol **sorted; /* protocols_sort */
    struct totals totals;
    struct names agents, kinds;
    struct names sources[SOURCE_COUNT];
    struct player *players;
    /* How often an agent that had the first role in an episode had the second too. */
    uint64_t both[ROLE_COUNT][ROLE_COUNT];
    uint64_t runs, runs_of_acts;
    uint64_t episodes, failures, objects, open, proven;
    uint64_t acts, inferred, told; /* of agents */
    uint64_t for_others; /* acts caused by an episode and done for another agent than its target */
    uint64_t unjoined;   /* effective acts, and covert ones, that belong to no episode */
    uint64_t late;       /* records of episodes that had been added already */
    uint64_t gaps;       /* how often a witness missed events */
    time_ns gaps_length;
};

/* ---- protocol_reduce.c ---- */

/* An agent of an episode. */
struct member {
    agent_id agent;
    bool granted, volunteered, asked_to_relaunch, first, acted;
    uint32_t alerts, requests;
    uint32_t roles; /* a bit for each of enum protocol_role */
};
_Static_assert(ROLE_COUNT <= 32, "roles are bits");
_Static_assert(STEP_COUNT <= 64, "steps are bits");

/* An event as a step, with who did it. */
struct step_act {
    struct step_key key;
    agent_id by;
    time_ns time;
    uint8_t flags;
    uint8_t wanted; /* that of the key */
};

/* An episode under reduction. */
struct reduction {
    const struct protocol_crew *crew;
    const struct protocol_episode *episode;
    const struct protocol_event *events;
    size_t count;
    uint64_t left_out;      /* a bit for each step */
    struct member *members; /* in the order of their numbers */
    size_t member_count;
    struct step_act *acts; /* in the order of their keys, then of agents, then of times */
    size_t act_count;
};

/* Gives every agent its roles and makes the acts. Free it with reduction_free, whatever it returns.
 */
int reduction_make(struct reduction *reduction);
/* By key, agent, time. */
void acts_sort(struct reduction *reduction);
void reduction_free(struct reduction *reduction);

/* ---- protocol.c ---- */

/* Adds the acts of one step in one episode: those at `acts`, which have the same key, in the order
 * of agents. */
int step_add(struct step_sum *step, const struct step_act *acts, size_t count, time_ns origin);
/* How many acts from `from` on are of one step. */
size_t step_length(const struct reduction *reduction, size_t from);
/* From when on a step's time is counted. */
time_ns step_origin(const struct protocol_episode *episode, const struct step_key *key);
/* What the example's agent was called. */
const char *example_target(const struct protocols *protocols, const struct example *example);

/* ---- protocol_totals.c ---- */

/* Adds an episode. Who wanted an act is counted, and then forgotten in the reduction's keys. */
int totals_add(struct totals *totals, struct reduction *reduction);
uint32_t totals_count(const struct totals *totals);
int totals_sort(struct totals *totals);
void totals_free(struct totals *totals);

/* ---- protocol_rows.c ---- */

/* Orders a step's times and finds its quantiles. */
void step_sort(struct step_sum *step);
/* For qsort over pointers to steps: as they are shown. */
int step_by_median(const void *a, const void *b);

/* Orders protocols (most frequent first) and steps (by time); to be done before they are shown,
 * and again when more were added. */
int protocols_sort(struct protocols *protocols);

/* Who plays which role, in the order in which it is shown. The caller frees the array; NULL where
 * memory is short. */
struct player **players_sorted(const struct protocols *protocols, size_t *count);

/* ---- protocol_words.c ---- */

#define STEP_WORDS_BYTES 256
typedef char step_words[STEP_WORDS_BYTES];

const char *step_name(uint8_t step);
const char *role_name(uint8_t role);
const char *role_letter(uint8_t role);
const char *role_words(uint8_t role, bool several);
const char *wanted_words(uint8_t wanted);
const char *turn_words(uint8_t turn);
/* The roles at the ends of a step's arrow. */
uint8_t step_from(const struct step_key *key);
uint8_t step_to(const struct step_key *key);
const char *step_message(uint8_t step);
/* A step in words: "2 to 4 other volunteers come forward (requested)". */
char *step_say(step_words text, const struct step_sum *step);
/* How or why, in words; "" where there is nothing to say. */
char *step_variant(step_words text, const struct step_key *key);

/* ---- protocol_markdown.c ---- */

/* Text of a file or an agent, as code: whatever it holds, nothing in it is read as Markdown or
 * HTML, ends the line or a table's cell, or turns the direction of writing. */
void put_name(const char *text, FILE *out);
/* A word for the shell, in quotes where it needs them. */
void put_shell_word(const char *text, FILE *out);

/* ---- protocol_mermaid.c ---- */

/* The steps of `of` episodes as a diagram; with those that occur in fewer stands in how many. */
void mermaid_print(struct step_sum *const *steps, size_t count, uint64_t of, FILE *out);

#endif
