/*
 * The range's lease, of boot time: its first process ends the range when this daemon has not
 * renewed it; and, where that is asked for, when its operator has not.
 */
#include "live/daemon/inside.h"

#define LEASE_NS INT64_C(10000000000)
#define CLOSING_NS INT64_C(1000000000)

/* Until when the operator lets the range run. */
static time_ns operator_until(const struct daemon *daemon)
{
    time_ns lease = daemon->options->operator_lease;

    return lease > 0 && daemon->renewed < TIME_NEVER - lease ? daemon->renewed + lease : TIME_NEVER;
}

time_ns lease_renewed(struct daemon *daemon)
{
    time_ns until;

    daemon->renewed = daemon_boot_time();
    daemon->lease_at = 0;
    lease_due(daemon);
    until = operator_until(daemon);
    return until == TIME_NEVER ? until : until - daemon->renewed;
}

/* Three quarters of the lease are what a turn of the daemon may take without the range being ended.
 * What the operator has not renewed the first process ends too, should the daemon hang. */
void lease_due(struct daemon *daemon)
{
    time_ns now = daemon_boot_time(), last = operator_until(daemon);
    time_ns lease = daemon->options->lease > 0 ? daemon->options->lease : LEASE_NS;
    /* A moment later, so that a daemon that does not hang closes it in good order. */
    time_ns until = last > now + lease - CLOSING_NS ? now + lease : last + CLOSING_NS;

    if (now >= last) {
        daemon_tell(daemon, "the operator has not renewed the range's lease: it is closed");
        daemon_end(daemon, DAEMON_STOPPED);
        return;
    }
    if (now < daemon->lease_at)
        return;
    daemon->lease_at = now + (range_lease(daemon->range, until) ? lease / 4 : PRESS_NS);
    if (daemon->lease_at > last)
        daemon->lease_at = last;
}
