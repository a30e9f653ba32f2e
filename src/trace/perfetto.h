/* The Chrome JSON form of an export, for the trace room's own use. */
#ifndef IOLAUS_TRACE_PERFETTO_H
#define IOLAUS_TRACE_PERFETTO_H

#include "trace/tools.h"

int perfetto_export(const char *path, const struct trace_filter *wanted, FILE *out,
                    struct error *error);

#endif
