/*
 * The header of a run's trace, made from its scenario.
 */
#ifndef IOLAUS_SCENARIO_TRACE_HEADER_H
#define IOLAUS_SCENARIO_TRACE_HEADER_H

#include "base/error.h"
#include "scenario/scenario.h"
#include "trace/trace.h"

struct header_names;

/* `world` is "sim" or "live". Strings live as long as the scenario and `names`. */
int header_make(const struct scenario *scenario, const char *world, uint64_t seed,
                uint32_t replicate, struct trace_header *header, struct header_names **names,
                struct error *error);
void header_close(struct header_names *names); /* NULL is allowed */

#endif
