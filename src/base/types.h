/* Names for the plain integers that must not be mixed up. */
#ifndef IOLAUS_BASE_TYPES_H
#define IOLAUS_BASE_TYPES_H

#include <stdint.h>

/* An instant since the start of the run, or a duration: nanoseconds, never negative. */
typedef int64_t time_ns;
#define TIME_NEVER INT64_MAX

/* An agent of the crew: 0 .. agents - 1, in the order of the scenario file. */
typedef uint32_t agent_id;
#define AGENT_NONE UINT32_MAX

/* One life of an agent: 0 is the one that the crew starts with. */
typedef uint16_t incarnation_id;

/* A host that agents run on: 0 .. nodes - 1. */
typedef uint16_t node_id;

#endif
