/* What a range holds: shared by range.c (spawning, events) and open.c (opening, closing). */
#ifndef IOLAUS_LIVE_RANGE_HELD_H
#define IOLAUS_LIVE_RANGE_HELD_H

#include "live/range/cgroup.h"
#include "live/range/first.h"
#include "live/range/identity.h"
#include "live/range/range.h"

/* A child that has told who it is, and has not exec'd yet. */
struct born {
    pid_t pid, inside;
};

struct range {
    struct range_options options; /* pointers in it are not kept */
    struct identity identity;
    struct cgroups cgroups;
    struct first_limits limits;
    int epoll;
    int socket, pipe;  /* to the first process: our ends */
    int first, reaper; /* pidfds */
    int reaper_socket;
    pid_t first_pid, reaper_pid;
    bool first_told, reaper_told; /* the event that it is gone was given */
    bool proc;                    /* agents have a /proc */
    /* By agent: it, or its node, is a cgroup that was once killed. Linux (6.18) kills whatever is
     * cloned into such a one from another, so that children are moved there instead. */
    bool *killed;
    struct born *born;
    uint32_t born_count, born_room;
    struct range_event *events; /* a queue: read at events_next */
    uint32_t event_next, event_count, event_room;
    char words[320];
};

#endif
