/*
 * What both worlds ask of a scenario's faults and starts.
 */
#ifndef IOLAUS_WORLD_FAULTS_H
#define IOLAUS_WORLD_FAULTS_H

#include <stdbool.h>

#include "base/types.h"
#include "scenario/scenario.h"

/* Whether the agent is among those that the fault is about. */
bool fault_covers(const struct scenario_fault *fault, agent_id agent);

/* The strongest fault of this kind that is in force (`on`, by fault) for the agent, or NULL: where
 * faults overlap, the end of one is not the end of all. */
const struct scenario_fault *fault_still(const struct scenario *scenario, const bool *on,
                                         uint8_t kind, agent_id agent);

/* From the platform's start to the process's first instruction, in ns: the kind's start time, and
 * where a checkpoint is restored the time in which its state is moved. */
time_ns start_takes(const struct scenario *scenario, agent_id agent, bool restored);

#endif
