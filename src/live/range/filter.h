/*
 * Which calls to the kernel an agent may not make, as programs of seccomp, built by libseccomp in
 * the daemon so that the lean program need not link it.
 *
 * There are two. The first process loads FILTER_ALL over itself when it has made the root, so that
 * it is confined too, and every agent inherits it without compiling it again. FILTER_AGENT is
 * loaded by each process just before it is executed: what the first process itself still needs.
 */
#ifndef IOLAUS_LIVE_RANGE_FILTER_H
#define IOLAUS_LIVE_RANGE_FILTER_H

#include <stdbool.h>

#include "base/error.h"

enum filter_kind { FILTER_ALL, FILTER_AGENT };

/* A memfd holding struct sock_filter by the dozen. `shared`: agents share one uid, so that the
 * kernel would let them signal and reschedule each other. */
int filter_build(enum filter_kind kind, bool shared, int *descriptor, struct error *error);

#endif
