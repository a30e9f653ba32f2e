/*
 * libiolaus: read what a world recorded.
 *
 * Iolaus runs crews of AI agents in a simulated (later also a live) world and writes one trace of
 * what truly happened, what agents did, what they claimed, what the platform did and what the
 * operator ordered. This library reads such traces, for programs that compute their own figures:
 *
 *     iolaus_trace *trace;
 *     iolaus_record record;
 *     iolaus_error error;
 *
 *     if (iolaus_trace_open(&trace, "run.trace", &error) != 0)
 *         die(error.message);
 *     while ((status = iolaus_trace_next(trace, &record, &error)) == 1)
 *         puts(iolaus_verb_name(record.verb));
 *     if (status < 0)
 *         die(error.message);
 *     iolaus_trace_close(trace);
 *
 * Build with `cc program.c $(pkg-config --cflags --libs iolaus)`.
 *
 * Ownership: a trace is owned by who opened it, and closed with iolaus_trace_close. Strings that
 * are returned live as long as the trace, those of names of verbs and classes for ever.
 *
 * Errors: functions that can fail return 0 or a negative code (IOLAUS_ERROR_...) and fill the
 * iolaus_error, which may be NULL, with one line for a person.
 *
 * Threads: one trace must be used by one thread at a time; different traces share nothing.
 */
#ifndef IOLAUS_IOLAUS_H
#define IOLAUS_IOLAUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOLAUS_ERROR_INPUT (-1)   /* not a trace, or a version that is not known */
#define IOLAUS_ERROR_IO (-3)      /* reading failed */
#define IOLAUS_ERROR_MEMORY (-4)  /* out of memory */
#define IOLAUS_ERROR_LIMIT (-5)   /* larger than any trace may be */
#define IOLAUS_ERROR_CORRUPT (-7) /* torn or altered: the message gives the byte's offset */

/* "No agent", in who, whom, by and via; "no record", in cause_writer. */
#define IOLAUS_NONE UINT32_MAX

typedef struct iolaus_trace iolaus_trace;

typedef struct iolaus_error {
    int code;
    char message[768];
} iolaus_error;

/* One record; docs/reference/trace.md says what each verb means and what its value holds. */
typedef struct iolaus_record {
    int64_t time_ns; /* since the beginning of the run */
    uint32_t writer; /* with `sequence`: the record's id */
    uint32_t sequence;
    uint32_t cause_writer; /* the record that caused it, or IOLAUS_NONE for a root */
    uint32_t cause_sequence;
    uint32_t who;  /* the doer: an agent's number, or IOLAUS_NONE */
    uint32_t whom; /* the one it was done to */
    uint32_t by;   /* the agent that asked for it */
    uint32_t via;  /* the middleman; of alerts and requests, the recipient */
    uint16_t who_incarnation;
    uint16_t whom_incarnation;
    uint16_t verb;
    uint16_t flags; /* bits: 1 inferred, 2 requested, 4 relayed, 8 late, 16 marked, 32
                       announced, 64 the target is an object */
    int64_t value;
} iolaus_record;

/* The library's version, as "0.1.0". */
const char *iolaus_version(void);

/* Opens a trace file and reads its header. */
int iolaus_trace_open(iolaus_trace **trace, const char *path, iolaus_error *error);
void iolaus_trace_close(iolaus_trace *trace);

/* The next record: 1; the end of a whole trace, its digest checked: 0; else a negative code. */
int iolaus_trace_next(iolaus_trace *trace, iolaus_record *record, iolaus_error *error);

/* The header. Of agents: 0 .. iolaus_trace_agents() - 1; NULL for others. */
const char *iolaus_trace_scenario(const iolaus_trace *trace);
const char *iolaus_trace_arm(const iolaus_trace *trace);
uint64_t iolaus_trace_seed(const iolaus_trace *trace);
uint32_t iolaus_trace_replicate(const iolaus_trace *trace);
uint32_t iolaus_trace_agents(const iolaus_trace *trace);
const char *iolaus_trace_agent_name(const iolaus_trace *trace, uint32_t agent);
const char *iolaus_trace_agent_kind(const iolaus_trace *trace, uint32_t agent);

/* The digest of the run (BLAKE2b-256), once iolaus_trace_next has returned 0; all zero before. */
void iolaus_trace_digest(const iolaus_trace *trace, unsigned char digest[32]);

/* Names of a record's verb ("relaunches") and of its class ("truth", "act", "claim", "platform",
 * "control"); NULL for a number that no record has. */
const char *iolaus_verb_name(uint16_t verb);
const char *iolaus_verb_class(uint16_t verb);

#ifdef __cplusplus
}
#endif

#endif
