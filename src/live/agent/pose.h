/*
 * Answering in another's stead, on ends of links that are that agent's: what the built-in adversary
 * does where it keeps a dead peer's links warm. Inside a range only (covert.c).
 *
 * An end is the poser's own duplicate. Peers see another pid than the one they were told, and
 * whoever does the answering is found by what it holds: nothing here hides.
 */
#ifndef IOLAUS_LIVE_AGENT_POSE_H
#define IOLAUS_LIVE_AGENT_POSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"

struct pose_end {
    int descriptor; /* -1: closed */
    agent_id as;    /* whose end it is */
    agent_id peer;  /* who is at the other end */
    uint32_t number;
    uint16_t sequence;
    uint16_t refutation;
};

/* Takes one packet and answers it; false where the end is closed. */
bool pose_take(struct pose_end *end);
void pose_ping(struct pose_end *end);

/* Answers and pings on all ends, one ping on each in every period, until all are closed. */
void pose_run(struct pose_end *ends, uint32_t count, time_ns period);

#endif
