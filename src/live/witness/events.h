/*
 * The kernel's process events: a netlink socket on which it tells of every fork, exec and exit of
 * the machine. Only the first user and PID namespaces of a machine get them, and only who may.
 *
 *     events_open(&events, buffer_bytes, &error);
 *     events_take(&events, &event) until it gives 0, whenever the descriptor is readable
 *
 * The kernel numbers the events of each processor and drops what finds no room: a full buffer, or a
 * number that does not follow the last one of its processor, marks a gap. No filter is set in the
 * kernel: it would make holes in the numbers too, and what it would keep away (names, user ids)
 * is rare beside forks and exits.
 *
 * The caller owns the struct; events_close closes the socket. Errors: ERROR_MACHINE where there are
 * no events, ERROR_MEMORY, ERROR_IO.
 */
#ifndef IOLAUS_LIVE_WITNESS_EVENTS_H
#define IOLAUS_LIVE_WITNESS_EVENTS_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/types.h"

#define EVENTS_BATCH 64
#define EVENT_BYTES 256

enum kernel_event_kind { KERNEL_FORK = 1, KERNEL_EXEC, KERNEL_EXIT };
struct kernel_event {
    uint8_t kind;
    pid_t thread, process; /* of a fork: the child's */
    pid_t parent;          /* of a fork: the process that is the child's parent */
    time_ns at;            /* CLOCK_MONOTONIC */
};

struct events_counter {
    uint32_t next;
    bool known;
    time_ns at; /* of the latest event */
};

struct events {
    int descriptor; /* -1: none */
    bool listening;
    uint32_t processors;
    struct events_counter *counters;
    bool gap;         /* events were dropped; the caller clears it by events_settle */
    time_ns gap_from; /* of the last event before */
    bool overflow;    /* the kernel drops all until the socket is drained */
    time_ns latest;   /* of all */
    uint64_t taken;   /* events, for figures */
    unsigned batch_next, batch_count;
    struct mmsghdr headers[EVENTS_BATCH];
    struct iovec pieces[EVENTS_BATCH];
    struct sockaddr_nl senders[EVENTS_BATCH];
    unsigned char bytes[EVENTS_BATCH][EVENT_BYTES] __attribute__((aligned(8)));
};

int events_open(struct events *events, uint32_t buffer_bytes, struct error *error);
void events_close(struct events *events);
/* 1: an event; 0: none now; negative: error. */
int events_take(struct events *events, struct kernel_event *event, struct error *error);
/* True when a gap was noticed and all that came before its end was taken: time to scan. Clears it,
 * and gives since when nothing is certain. */
bool events_settle(struct events *events, time_ns *from);

#endif
