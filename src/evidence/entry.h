/*
 * What stands in a range's ledger: one entry for each thing that somebody may later have to prove,
 * each one canonical text. A struct becomes the text, the text the same struct:
 *
 *     struct entry entry = {.kind = ENTRY_STEP, .wall_ms = now_ms, .step = {...}};
 *     entry_write(&entry, text, sizeof text, &size, &error)           then ledger_append(...)
 *     entry_read(&entry, &arena, text, size, &error)                  what it points to: the
 * arena's
 *
 * The text is JSON in one form alone (evidence/json.h): keys in the order of their bytes, no space,
 * integers, ASCII. `entry` is the first key of each kind and says which it is. A reader refuses
 * every other text, with the byte: so whoever has the struct has the bytes that were signed.
 * docs/protocol.md has all keys.
 *
 * The rules that a certificate rests on, and that the writer (the daemon) keeps:
 * - **Epochs rise within a ledger**, over restarts too: no two accepted entries have the same one.
 * - **Steps are numbered** 1, 2, 3 .. within their order's epoch, in the order of the ledger, over
 *   restarts too. A number that is missing is a provable gap. After ENTRY_SEALED go on counting.
 * - `opened` comes before everything of its range_id, `accepted` before its steps.
 * - A step about the range as a whole (frozen, thawed, unobserved, looked, lost) may name no target
 *   (""): it then counts for each target of its order. All others name one.
 * - An incarnation is named alike in each of its steps: target, incarnation, pid, sanctioned.
 * - Nothing that an agent or an unsigned stranger wrote goes into an entry.
 *
 * No allocation but of the arena, no clock, no file. sodium_init() must have succeeded.
 */
#ifndef IOLAUS_EVIDENCE_ENTRY_H
#define IOLAUS_EVIDENCE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/types.h"
#include "order/order.h"

#define ENTRY_TEXT_MAX 65535 /* bytes, as the ledger's */
#define ENTRY_STEP_TEXT 1024 /* a step never takes more */
#define ENTRY_RANGE_ID_BYTES 16
#define ENTRY_VERSION_BYTES 64     /* with its end */
#define ENTRY_RANGE_KEY_BYTES 96   /* `ssh-ed25519 ` and 68 characters, with the end */
#define ENTRY_REASON_BYTES 32      /* with its end */
#define ENTRY_PERSON_BYTES 256     /* with its end */
#define ENTRY_SIGNATURE_BYTES 2048 /* a signature's text, with its end: no longer one can count */
#define ENTRY_SIGNATURES_MAX 16    /* signatures, and persons, of an order */
#define ENTRY_GROUPS_MAX 512       /* of one entry; the rest in further parts */
#define ENTRY_TARGETS_MAX 512      /* of one entry; the rest in further entries */
#define ENTRY_GAPS_MAX 512

/* X(name, word) */
#define ENTRY_KINDS(X)                                                                             \
    X(OPENED, "opened")                                                                            \
    X(ACCEPTED, "accepted")                                                                        \
    X(REFUSED, "refused")                                                                          \
    X(STEP, "step")                                                                                \
    X(WATCHED, "watched")                                                                          \
    X(CLOSED, "closed")

enum entry_kind {
#define X(name, word) ENTRY_##name,
    ENTRY_KINDS(X)
#undef X
};

/* A group of the crew. Its agents' names follow: the group's own where there is one agent, else
 * NAME-1 to NAME-agents. */
struct entry_group {
    const char *name;
    uint32_t agents;   /* at least 1 */
    uint32_t children; /* sanctioned children that each of its processes may have: not looked at */
};

/* A range was opened. A crew of more than ENTRY_GROUPS_MAX groups takes several entries, alike but
 * for `part` and `groups`. */
struct entry_opened {
    const char *range; /* its name */
    /* The key made for this range, which signs its drill's campaign: `ssh-ed25519 AAAA...`, or ""
     */
    const char *range_key;
    const char *version;                      /* of the program: printable */
    unsigned char roster[ORDER_DIGEST_BYTES]; /* SHA-256 of the roster's file; zeros: none */
    uint32_t stop_min, permit_min;            /* as they are asked for: never 0 */
    uint32_t part, parts;                     /* 1 of 1, where all groups fit */
    bool has_cgroups;        /* each agent has one, and can be frozen and killed by it */
    bool has_process_events; /* the witness reads the kernel's */
    const struct entry_group *groups;
    uint32_t group_count;
};

enum entry_maker { ENTRY_OPERATORS, ENTRY_CAMPAIGN };

/* An order was accepted. Given are the signatures that count, and no others. */
struct entry_accepted {
    uint64_t epoch;
    enum entry_maker made_by;      /* ENTRY_CAMPAIGN: signed with the range's own key */
    const char *order;             /* its text, exactly; its digest is written from it */
    const char *const *signatures; /* armoured, exactly as they were given */
    uint32_t signature_count;
    const char *const *signers; /* the persons whom they were counted for */
    uint32_t signer_count;
};

/* Something was refused that was given as an order. */
struct entry_refused {
    unsigned char given[ORDER_DIGEST_BYTES]; /* SHA-256 of what was given */
    const char *reason;         /* authority_reason_word, or the daemon's own: a-z and `-` */
    const char *const *signers; /* whose signature was recognised, whether or not it counts */
    uint32_t signer_count;
};

/*
 * X(name, word, whether it must name a target, whether it is about an incarnation and its process)
 *
 * `value` is 0 where the comment does not say otherwise.
 */
#define ENTRY_STEPS(X)                                                                             \
    X(FENCED, "fenced", true, false)    /* value: the target's new epoch at the effectors */       \
    X(FROZEN, "frozen", false, false)   /* value: 0, or errno: could not be frozen */              \
    X(EMPTIED, "emptied", false, false) /* no process was left in the cgroup of any agent */       \
    X(FOUND, "found", true, true)                                                                  \
    X(KILLED, "killed", true, true)           /* the kill was sent */                              \
    X(DIED, "died", true, true)               /* the witness saw its end */                        \
    X(UNOBSERVED, "unobserved", false, false) /* nothing was seen from `value` to time_ns */       \
    X(LOOKED, "looked", false, false) /* value: how many this look found, not held before */       \
    X(MARKED, "marked", true, false)  /* value: how many peers were told */                        \
    X(TOMBSTONED, "tombstoned", true, false)                                                       \
    X(THAWED, "thawed", false, false)   /* value: how long the range stood still, boot time ns */  \
    X(HELD, "held", true, true)         /* quarantine: it is frozen, and stays so */               \
    X(RELEASED, "released", true, true) /* quarantine: it may run again; value: the epoch of the   \
                                           resume */                                               \
    X(LIFTED, "lifted", true, false) /* the target may run again; value: the epoch of the permit   \
                                        or resume that says so */                                  \
    X(SEALED, "sealed", true, false) /* value: how many different incarnations were killed or      \
                                        held */                                                    \
    X(UNPROVEN, "unproven", true, false) /* the daemon gave up proving; value: its looks */        \
    X(LOST, "lost", false, false) /* the range died with its daemon, and the order was completed   \
                                     when it was opened again; of the new range */                 \
    X(GHOST, "ghost", true, true) /* after the seal it was seen running, and was killed */

enum entry_step_word {
#define X(name, word, targeted, living) ENTRY_##name,
    ENTRY_STEPS(X)
#undef X
        ENTRY_STEP_WORDS
};

/* `sanctioned` of one that the platform did not start. Its `incarnation` is the one whose things it
 * holds or from which it descends, if that is known, else 0: its pid tells it from others. */
struct entry_step {
    uint64_t epoch;  /* the accepted order's */
    uint64_t number; /* 1, 2, 3 .. within the epoch */
    enum entry_step_word step;
    const char *target;   /* an agent's name; "": see above */
    const char *found_in; /* the agent in whose cgroup the process was; "": in none, or unknown */
    uint32_t incarnation; /* 0, where the step is about none */
    uint32_t pid;         /* as the host sees it; 0: unknown */
    uint32_t inside;      /* as the range sees it; 0: unknown */
    bool sanctioned;
    int64_t value;   /* any number; see ENTRY_STEPS */
    time_ns time_ns; /* range time */
};

struct entry_gap {
    time_ns from, to; /* range time; from < to */
};

/* The witness's word: of these targets of the order nothing ran in that time, but what `ghost`
 * steps say, and but for the gaps, of which it knows nothing. It begins where the seal, or the
 * watched entry before, ends. Written for each sealed order when the range is closed, and
 * whenever a certificate is asked for. */
struct entry_watched {
    uint64_t epoch;
    uint64_t steps;               /* the number of the order's last step by then */
    time_ns from, to;             /* range time; from <= to */
    const struct entry_gap *gaps; /* ascending, apart, within from .. to */
    uint32_t gap_count;
    const char *const *targets; /* at least one */
    uint32_t target_count;
};

/* X(name, word) */
#define ENTRY_CLOSINGS(X)                                                                          \
    X(ENDED, "ended")           /* its run or campaign was over */                                 \
    X(ASKED, "asked")           /* somebody asked for it */                                        \
    X(FAILED, "failed")         /* the daemon could not go on */                                   \
    X(FOUND_DEAD, "found-dead") /* not by its daemon: found so when the next one was opened */

enum entry_closing {
#define X(name, word) ENTRY_CLOSED_##name,
    ENTRY_CLOSINGS(X)
#undef X
};

struct entry_closed {
    enum entry_closing how;
    time_ns time_ns; /* range time; 0: unknown */
};

struct entry {
    enum entry_kind kind;
    unsigned char range_id[ENTRY_RANGE_ID_BYTES]; /* random, made when the range is opened */
    int64_t wall_ms; /* milliseconds since 1970, UTC, by the daemon's clock */
    union {
        struct entry_opened opened;
        struct entry_accepted accepted;
        struct entry_refused refused;
        struct entry_step step;
        struct entry_watched watched;
        struct entry_closed closed;
    };
};

/* Writes the text and a zero; `size` (may be NULL) is without the zero. ERROR_INPUT if the entry is
 * none that could be read back, which says what is wrong; ERROR_LIMIT if `room`, or ENTRY_TEXT_MAX,
 * is too small. ENTRY_TEXT_MAX + 1 is always room enough. */
int entry_write(const struct entry *entry, char *text, size_t room, size_t *size,
                struct error *error);

/* Reads one. What the entry points to is the arena's. ERROR_CORRUPT as `byte N: ...`; ERROR_MEMORY;
 * the entry is zeroed then. */
int entry_read(struct entry *entry, struct arena *arena, const void *text, size_t size,
               struct error *error);

/* The same for one that stands within another canonical text: takes it from there. */
struct canonical_in;
int entry_take(struct entry *entry, struct canonical_in *in);

/* Their words; NULL for none of them. */
const char *entry_kind_word(enum entry_kind kind);
const char *entry_step_word(enum entry_step_word step);
const char *entry_closing_word(enum entry_closing how);

/* Whether a step is about one target, and about one incarnation of it. */
bool entry_step_targeted(enum entry_step_word step);
bool entry_step_living(enum entry_step_word step);

/* A person's name of the roster as an entry can have it: what is no printable ASCII becomes `?`,
 * and it is cut to its room. */
void entry_person(const char *name, char text[ENTRY_PERSON_BYTES]);

/* The name of the group's agent `number`, from 0. */
void entry_agent_name(const struct entry_group *group, uint32_t number,
                      char name[ORDER_NAME_BYTES]);

#endif
