/*
 * The simulated world: carries acts out and makes percepts, on the engine of sim/engine.h, with the
 * one core that the live world uses too. One call runs one replicate of one arm.
 */
#ifndef IOLAUS_SIM_SIM_H
#define IOLAUS_SIM_SIM_H

#include "base/error.h"
#include "scenario/scenario.h"
#include "trace/record.h"

struct sim_options {
    uint64_t seed;
    uint32_t replicate;
    uint32_t copies; /* replicates worked at once, as one crew that falls into as many parts: agent
                        a of copy c is c * agents + a, and draws as replicate + c. Only for
                        the contact rule set; 0 means 1 */
    uint32_t block;  /* of the engine; 0: chosen. Never changes a result */
    uint32_t sink_count;
    const struct record_sink *sinks;
    /* Called now and then with the simulated time reached; may be NULL. Non-zero ends the run. */
    int (*progress)(void *context, time_ns now, time_ns duration);
    void *progress_context;
};

struct sim_result {
    uint64_t events;
    uint64_t records;
    time_ns ended;  /* simulated time at the end */
    uint32_t alive; /* incarnations alive at the end */
};

int sim_run(const struct scenario *scenario, const struct sim_options *options,
            struct sim_result *result, struct error *error);

#endif
