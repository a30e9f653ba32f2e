/*
 * Stops as their ledgers tell them: one that is complete in every way, and others that each differ
 * from it in one thing. The unit tests of the verdict and of certificates, and the test vectors
 * (test/lib/vector_tool.c), are made of them. All keys are fixed: the same case gives the same
 * bytes.
 */
#ifndef IOLAUS_TEST_STOP_SAMPLE_H
#define IOLAUS_TEST_STOP_SAMPLE_H

#include "evidence/certificate.h"
#include "evidence/entry.h"
#include "lib/ssh_forge.h"

#define STOP_SAMPLE_ORIGIN "example.org/harbour"
#define STOP_SAMPLE_EPOCH 7
#define STOP_SAMPLE_WALL_MS INT64_C(1795258860000) /* 2026-11-21T11:01:00Z */

/* What is done with the steps of one word. */
enum stop_edit {
    EDIT_NONE,
    EDIT_LOSE,  /* it is not in the ledger, and its number is missing */
    EDIT_OMIT,  /* it never happened */
    EDIT_VALUE, /* its value is another */
    EDIT_TWICE, /* its number stands twice */
    EDIT_ALIEN  /* it is of a target that the order does not name */
};

struct stop_case {
    const char *name;
    const char *target; /* as on a command line; default camera-3 */
    bool pause, campaign, sk, two, resumed;
    bool no_cgroups, no_events, unwatched, unclosed;
    bool lost; /* the daemon is killed before the kill; reopened, completed */
    enum stop_edit edit;
    enum entry_step_word step; /* which */
    int64_t value;
    enum entry_step_word more; /* ENTRY_UNOBSERVED, _GHOST, _UNPROVEN, _LIFTED: is added; else 0 */
    uint32_t watched_steps;    /* so many steps more, by the witness's word */
    bool watched_gap;
    bool forged;           /* the signature is over another order */
    const char *namespace; /* of the signature, if another */
    uint32_t stop_min;     /* 0: 1 */
    uint32_t children;
    /* What is wanted. */
    enum verdict_value verdict;
    const char *finding; /* the word of the finding that it rests on; NULL: none */
    /* A reader refuses it, at this check. */
    bool refused;
    enum certificate_part check;
    const char *reason; /* of CHECK_AUTHORITY */
};

extern const struct stop_case STOP_CASES[];
extern const unsigned STOP_CASE_COUNT;
const struct stop_case *stop_case(const char *name);

#define STOP_SAMPLE_ENTRIES 128
struct stop_sample {
    struct arena arena;
    const struct stop_case *about;
    struct entry entries[STOP_SAMPLE_ENTRIES];
    uint32_t count;
    uint64_t number;
    int64_t wall_ms;
    time_ns now;
    unsigned char range_id[ENTRY_RANGE_ID_BYTES];
};

/* The entries of the order alone, in their order. */
void stop_sample_make(struct stop_sample *sample, const struct stop_case *about);
void stop_sample_close(struct stop_sample *sample);

/* The roster of alice (a key in a file), bob (a security key) and carol; and one of strangers. */
void stop_sample_roster(char text[4 * FORGE_TEXT_BYTES], bool strangers);

/* The log's secret key, in the form that note_secret_read takes. */
void stop_sample_key(char text[NOTE_SECRET_TEXT]);

/* So many entries of others stand before those of the sample. */
#define STOP_SAMPLE_BEFORE 4
/* A ledger at `path` with the key file `key_path`: other entries, those of the sample, others. */
int stop_sample_ledger(const struct stop_sample *sample, const char *path, const char *key_path,
                       struct error *error);

#endif
