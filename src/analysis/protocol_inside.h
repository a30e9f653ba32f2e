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

/* Stretches of an episode. A target that dies and is back again and again goes between the last
 * two. */
enum stretch { STRETCH_BEFORE, STRETCH_DEAD, STRETCH_BACK, STRETCH_DEAD_AGAIN, STRETCH_BACK_AGAIN };

/* What makes a step the same step in two episodes. Compared as bytes, and in this order. */
struct step_key {
    uint8_t stretch;
    uint8_t step;
    uint8_t role;
    uint8_t with; /* enum protocol_role, or ROLE_COUNT */
    uint8_t wanted;
    uint8_t unused;
    uint16_t variant;
};
_Static_assert(sizeof(struct step_key) == 8, "no padding in a key");

/* A step of a protocol, over its episodes. */
struct step_sum {
    struct step_key key;
    time_ns *times; /* of its first act, since the death (in STRETCH_BEFORE: since the beginning) */
    size_t time_count, time_capacity;
    uint64_t acts, inferred, told;
    uint64_t agents; /* that did it, summed over the episodes */
    uint32_t agents_least, agents_most;
    struct quantile median, late; /* protocols_sort */
};

struct protocol {
    UT_hash_handle hh;
    struct step_key *keys;   /* in ascending order: the hash key */
    struct step_sum *steps;  /* in the order of their keys */
    struct step_sum **shown; /* the same in the order of time: protocols_sort */
    uint32_t step_count;
    uint64_t episodes, failures, objects;
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
    uint64_t episodes, noticed_first;
};

/* Who does a step: by step, role and kind. */
struct doing {
    UT_hash_handle hh;
    struct {
        uint32_t step, role, kind;
    } key;
    uint64_t wanted[WANTED_COUNT]; /* acts */
    uint64_t inferred, told;
};

struct names {
    struct name *by_text;
    struct name **list; /* by number */
    size_t count, capacity;
};

struct protocols {
    struct protocol *by_keys;
    struct protocol **sorted; /* protocols_sort */
    struct names agents, kinds;
    struct names sources[SOURCE_COUNT];
    struct player *players;
    struct doing *doings;
    uint64_t runs, runs_of_acts;
    uint64_t episodes, failures, objects, open;
    uint64_t acts, inferred, told;
    uint64_t for_others; /* acts caused by an episode and done for another agent than its target */
    uint64_t gaps;       /* how often a witness missed events */
    time_ns gaps_length;
};

/* ---- protocol_reduce.c ---- */

/* An agent of an episode. */
struct member {
    agent_id agent;
    uint8_t role;
    bool granted, relaunched, volunteered, passes_on, first;
    uint32_t alerts, requests;
};

/* An event as a step, with who did it. */
struct step_act {
    struct step_key key;
    agent_id by;
    time_ns time;
    uint8_t flags;
};

/* An episode under reduction. */
struct reduction {
    const struct protocol_crew *crew;
    const struct protocol_episode *episode;
    const struct protocol_event *events;
    size_t count;
    struct member *members; /* in the order of their numbers */
    size_t member_count;
    struct step_act *acts;
    size_t act_count;
};

/* Gives every agent its role and makes the acts. Free it with reduction_free, whatever it returns.
 */
int reduction_make(struct reduction *reduction);
void reduction_free(struct reduction *reduction);
/* NULL where the agent has no part in the episode. */
const struct member *member_find(const struct reduction *reduction, agent_id agent);
/* Whether an event is not to be counted. `restored`: the operator has brought the target back. */
bool event_left_out(const struct protocol_event *event, bool restored);

/* ---- protocol.c ---- */

/* Orders protocols (most frequent first) and their steps (by time); to be done before they are
 * shown, and again when more were added. */
int protocols_sort(struct protocols *protocols);

/* Rows of the tables in the order in which they are shown. The caller frees the array; NULL where
 * memory is short. */
struct player **players_sorted(const struct protocols *protocols, size_t *count);
struct doing **doings_sorted(const struct protocols *protocols, size_t *count);

/* ---- protocol_words.c ---- */

#define STEP_WORDS_BYTES 256
typedef char step_words[STEP_WORDS_BYTES];

const char *step_name(uint8_t step);
const char *role_name(uint8_t role);
const char *role_letter(uint8_t role);
const char *role_words(uint8_t role, bool several);
const char *wanted_words(uint8_t wanted);
const char *stretch_words(uint8_t stretch);
/* The roles at the ends of a step's arrow. */
uint8_t step_from(const struct step_key *key);
uint8_t step_to(const struct step_key *key);
const char *step_message(uint8_t step);
/* A step in words: "2 to 4 other volunteers come forward (requested)". */
char *step_say(step_words text, const struct step_sum *step);
/* How or why, in words; "" where there is nothing to say. */
char *step_variant(step_words text, const struct step_key *key);

/* ---- protocol_mermaid.c ---- */

void mermaid_print(const struct protocol *protocol, FILE *out);

#endif
