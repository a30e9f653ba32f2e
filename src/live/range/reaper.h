/*
 * The reaper: a process on the host, beside the daemon and outside the range, in a session of its
 * own, that ends the range when the daemon goes: kills the first process by its pidfd, kills the
 * cgroup, waits until no process is left, removes the cgroups and the control socket, and ends.
 *
 * When the first process goes while the daemon lives it does nothing: the daemon clears up. It is
 * let go by REAPER_GO.
 */
#ifndef IOLAUS_LIVE_RANGE_REAPER_H
#define IOLAUS_LIVE_RANGE_REAPER_H

#include <limits.h>
#include <stdint.h>

/* The descriptors it begins with. */
enum { REAPER_SOCKET = 3, REAPER_DAEMON = 4 };

enum reaper_kind {
    REAPER_SETUP = 1, /* [parent and range directories] where there are cgroups */
    REAPER_FIRST,     /* [pidfd of the first process] */
    REAPER_GO,
    REAPER_READY /* the reaper's answer to REAPER_SETUP */
};

struct reaper_message {
    uint32_t kind;
    uint32_t cgroups;
    char name[128];        /* of the range's directory */
    char socket[PATH_MAX]; /* absolute, or "" */
};

#endif
