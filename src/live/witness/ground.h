/*
 * All that the witness asks of a range, so that tests can stand in for one. What the functions give
 * is as in live/range/range.h.
 */
#ifndef IOLAUS_LIVE_WITNESS_GROUND_H
#define IOLAUS_LIVE_WITNESS_GROUND_H

#include "live/witness/witness.h"

struct ground {
    const void *context;
    pid_t first;
    int (*cgroup)(const void *context, agent_id agent);
    const char *(*cgroup_path)(const void *context, agent_id agent, char *path, size_t size);
    agent_id (*agent_of_path)(const void *context, const char *path);
};

/* As witness_open. */
int witness_open_on(struct witness **witness, const struct ground *ground,
                    const struct witness_options *options, struct error *error);

#endif
