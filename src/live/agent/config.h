/*
 * What an agent is told at its start, in two sealed memfds: `own` (descriptor 4), for one
 * incarnation, and `crew` (descriptor 5), shared by all. Both are written by the daemon and read by
 * the lean program of the same build, so they are plain structs of this machine, with a size and a
 * version that must agree. Offsets are from the beginning of the memfd.
 *
 * Of `crew` the daemon goes on writing one number, how long the range stood still: whoever has read
 * it before and after the clock has range time, and no message is needed to tell of a freeze.
 */
#ifndef IOLAUS_LIVE_AGENT_CONFIG_H
#define IOLAUS_LIVE_AGENT_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/spread.h"
#include "base/types.h"
#include "core/agent/agent.h"

#define AGENT_CONFIG_VERSION 2
#define AGENT_TOKEN_BYTES 32

/* The descriptors that an agent begins with. */
enum { AGENT_CHANNEL = 3, AGENT_OWN = 4, AGENT_CREW = 5 };

struct crew_config {
    uint32_t version, size; /* of the whole memfd */
    uint32_t agents;
    uint32_t objects;      /* offset: uint8_t by agent */
    uint32_t covert;       /* offset: uint8_t by agent: 1 if its mind is covert */
    uint32_t names;        /* offset: uint32_t by agent, each the offset of a string */
    _Atomic int64_t stood; /* ns for which the range stood still so far */
};

struct agent_config {
    uint32_t version, size;
    unsigned char token[AGENT_TOKEN_BYTES];
    agent_id id;
    incarnation_id incarnation;
    uint8_t work;   /* enum work_kind */
    uint8_t covert; /* 1: built-in adversary */
    uint32_t replicate;
    uint64_t seed;
    time_ns opened;      /* CLOCK_MONOTONIC at range time 0 */
    uint32_t checkpoint; /* to continue from, or 0 */
    int32_t drift_ppm;   /* its clock runs fast or slow by this */
    struct agent_rules rules;
    struct spread decision, service; /* latency of a decision; time for one task */
    struct spread latency;           /* of a message on a link */
    probability loss, duplicate;
    uint32_t degree;
    uint32_t peers; /* offset: agent_id by link, ascending */
    uint32_t links; /* offset: struct agent_peer by link, degree + AGENT_LINKS_EXTRA: bond and
                       dependence are set */
};

/* Writes and seals; the descriptor is the caller's, close-on-exec. */
int config_seal(const char *name, const void *bytes, size_t size, int *descriptor,
                struct error *error);
/* The same for a crew's: `kept` is the daemon's own mapping, to which it alone can write. */
int config_seal_crew(const struct crew_config *crew, int *descriptor, struct crew_config **kept,
                     struct error *error);
/* Maps a memfd read-only after checking size, version and that offsets lie within. */
const struct agent_config *agent_config_map(int descriptor, struct error *error);
const struct crew_config *crew_config_map(int descriptor, struct error *error);
const char *crew_name(const struct crew_config *crew, agent_id agent);

#endif
