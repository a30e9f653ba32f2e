/*
 * The first process of a range (pid 1 of its PID namespace), and what it and the daemon say to each
 * other on an AF_UNIX SOCK_SEQPACKET pair: plain structs, since both are of one build.
 *
 *     daemon                                   first
 *     first_setup [program, filters]    ->     makes the root, drops what it needs no more
 *                                       <-     FIRST_READY or FIRST_FAILED, words behind it
 *     first_request FIRST_SPAWN, words,
 *       [descriptors, output, program, cgroup]
 *                                       <-     FIRST_BORN, from the child itself, while it still is
 *                                              the first process's uid: the kernel tells the
 *                                              daemon its pid (SCM_CREDENTIALS)
 *     (FIRST_GO, where it is held until the daemon has moved it into its cgroup)
 *                                       <-     FIRST_SPAWNED [pidfd], when it has exec'd, or
 *                                              FIRST_SPAWN_FAILED
 *                                       <-     FIRST_EXITED, of any child or orphan
 *
 * It runs nothing until death with its parent is set and it has seen the daemon's pipe still open,
 * and sets that again after each change of credentials, which clears it. When pipe or socket close
 * it ends, and the kernel ends the PID namespace with it. So it does when its lease runs out, which
 * the daemon renews with FIRST_LEASE: a daemon that hangs keeps no range alive.
 */
#ifndef IOLAUS_LIVE_RANGE_FIRST_H
#define IOLAUS_LIVE_RANGE_FIRST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/types.h"

#define FIRST_VERSION 1

/* The descriptors it begins with. */
enum { FIRST_SOCKET = 3, FIRST_PIPE = 4 };
/* Where it keeps its own, so that those of a request fall on 3, 4, 5, ... by themselves. */
#define FIRST_OWN 64
#define FIRST_WORDS_BYTES 4096
#define FIRST_WORDS 16
#define FIRST_DESCRIPTORS 16
/* Children at once that have not exec'd yet, of all agents and of one. A process of an agent can
 * stop a new one of the same uid just before its exec; it then stands in nobody else's way. */
#define FIRST_PENDING 256
#define FIRST_PENDING_AGENT 8

struct first_limits {
    uint64_t memory_bytes; /* 0: none, for a program under a sanitizer */
    uint64_t processes, files, file_bytes;
};

struct first_setup {
    uint32_t version, size;
    uint8_t uids;   /* each agent has a uid of its own */
    uint8_t groups; /* setgroups may be called */
    struct first_limits limits;
};

enum first_request_kind { FIRST_SPAWN = 1, FIRST_GO, FIRST_LEASE };
struct first_request {
    uint32_t kind;
    agent_id agent;
    uint64_t cookie; /* FIRST_LEASE: the boot time, in ns, until which the range may run */
    uint32_t inside; /* FIRST_GO: whom */
    uint8_t descriptors, output, program, cgroup; /* how many of each follow */
    uint8_t hold;                                 /* 1: the daemon moves the child */
    uint32_t words, bytes;
};

enum first_answer_kind {
    FIRST_READY = 1,
    FIRST_FAILED,
    FIRST_BORN,
    FIRST_SPAWNED,
    FIRST_SPAWN_FAILED,
    FIRST_EXITED
};
struct first_answer {
    uint32_t kind;
    agent_id agent;
    uint64_t cookie;
    int32_t inside;
    int32_t status; /* errno, or as of waitpid; FIRST_BORN: 1 where it is held */
};

/* A child that has not exec'd yet: errno comes out of `status` where that fails, else its end. */
struct pending {
    pid_t inside;
    int pidfd, status;
    agent_id agent;
    uint64_t cookie;
};

/* The state of the first process. */
struct first {
    struct first_setup setup;
    int socket, pipe, signals;
    int lease;   /* a timer of boot time; never armed: no lease */
    int program; /* the lean program */
    int proc;    /* a /proc of its own that is not mounted anywhere, or -1 */
    bool hold;   /* cloning into a cgroup was refused: the daemon moves children */
    struct pending pending[FIRST_PENDING];
    uint32_t pending_count;
    /* The agents' filter beyond the one that the first process itself is under. */
    uint32_t filter_count;
    struct sock_filter *filter;
};

/* spawn.c: clones, and puts the child among those pending; a negative errno where it cannot. The
 * descriptors stay the caller's, but may have been moved. */
struct packet;
int spawn_begin(struct first *first, const struct first_request *request, char *words,
                struct packet *packet);

/* root.c: the private root file system; gives a negative errno and where it failed in *step.
 * *mounted_proc tells whether agents have a /proc. */
int root_make(bool with_proc, bool *mounted_proc, const char **step);
/* A /proc that is not mounted anywhere; -1 where it is refused. To be called before root_make. */
int root_proc(void);

/* limits.c: of the calling process. A negative errno. */
int limits_set(const struct first_limits *limits);

#endif
