/*
 * A pen: what surrounds one range of the tests of containment, so that they can run beside each
 * other and beside whatever else the machine holds, and see from outside whether anything is left.
 *
 * It is a cgroup of its own (where one can be written) and a folder for sockets. Whatever the
 * stand-in for the daemon starts is in that cgroup or below it, so the kernel's word on whether it
 * is populated is exact. Apart from that the process that holds the pen is the subreaper of what it
 * started: while it has a child, something is left, cgroup or not. And a `band` names the processes
 * of one PID namespace, by pidfds.
 *
 * The pen's processes are ended by pen_kill: those in its cgroup, and the holder's children.
 */
#ifndef IOLAUS_TEST_LIVE_PEN_H
#define IOLAUS_TEST_LIVE_PEN_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct pen {
    char cgroup[PATH_MAX]; /* "": none can be written */
    char memory[PATH_MAX]; /* a cgroup with a limit of memory, or "" */
    char folder[64];
};

/* Makes the pen, in which another user may make cgroups and sockets too. */
void pen_open(struct pen *pen, unsigned number);
void pen_close(struct pen *pen);
/* For the calling process, which is to be a stand-in. */
bool pen_enter(const struct pen *pen, bool memory);

/* Reaps who died; whether a child, or a process in the cgroup, is left. */
bool pen_alive(const struct pen *pen);
/* cgroups of ranges, and sockets, that are there. */
unsigned pen_ranges(const struct pen *pen);
unsigned pen_sockets(const struct pen *pen);
/* Ends and removes all. */
void pen_kill(const struct pen *pen);
/* Of the processes of the pen, by pidfd: those in the pen's own cgroup but `not`, or those in the
 * cgroup of a range's first process. Gives how many it killed. */
unsigned pen_kill_beside(const struct pen *pen, pid_t not );
unsigned pen_kill_first(const struct pen *pen);
/* How often memory ran out there. */
unsigned long pen_kills(const struct pen *pen);

#define BAND_MAX 256
struct band {
    int space; /* the namespace, held so that its number stays its own */
    int pidfds[BAND_MAX];
    unsigned count;
};
void band_open(struct band *band, pid_t first);
/* Whether one of those that were there, or another of that namespace, lives. */
bool band_alive(const struct band *band);
void band_close(struct band *band);

int pidfd_of(pid_t pid);
bool pidfd_alive(int pidfd);
bool pidfd_signal(int pidfd, int number);

#endif
