/*
 * An agent's checkpoint: what a later incarnation needs to go on where this one was.
 *
 *     u32 magic "IOCP"; u16 version; u32 agent; u32 number; u32 bonds; bonds times (u32 peer,
 *     i16 bond in Q1.14, -32768 for no history); u32 size; the worker's bytes; u32 FNV-1a digest of
 *     all that stands before it
 *
 * Little-endian throughout, so that it means the same on every machine. Any bytes are safe to read.
 */
#ifndef IOLAUS_LIVE_AGENT_CHECKPOINT_H
#define IOLAUS_LIVE_AGENT_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/agent/agent.h"
#include "live/work/work.h"

#define AGENT_CHECKPOINT_VERSION 1

/* Gives the number of bytes written. Where not all bonds fit into `capacity` (at least
 * WORK_CHECKPOINT_BYTES_MAX + 64), those with a history go first. */
size_t agent_checkpoint_save(const struct agent *agent, const struct worker *worker,
                             uint32_t number, unsigned char *bytes, size_t capacity);

/* Sets the bonds of those peers that are still its own, and the worker. ERROR_INPUT: it is another
 * agent's, version's or run's. ERROR_CORRUPT: it is torn or altered. Then nothing is changed. */
int agent_checkpoint_restore(struct agent *agent, struct worker *worker, uint32_t *number,
                             const unsigned char *bytes, size_t size, struct error *error);

#endif
