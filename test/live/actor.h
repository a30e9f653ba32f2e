/*
 * An actor: a process of a test that does what it is told on a socket (SEQPACKET): fork, hold, and
 * stay. Each new process that stays says hello there. `live_actor` is a program that acts on
 * descriptor 3.
 */
#ifndef IOLAUS_TEST_LIVE_ACTOR_H
#define IOLAUS_TEST_LIVE_ACTOR_H

#include <stdint.h>
#include <sys/types.h>

enum stage_act {
    STAGE_CHILD = 1, /* a child that holds what its parent holds */
    STAGE_BARE,      /* a child that holds nothing */
    STAGE_HOLDER,    /* a child that holds the descriptor sent along alone */
    STAGE_ACTOR,     /* a child that holds the descriptor sent along alone, and acts on it */
    STAGE_BOTH,      /* a child that holds the descriptor, and what its parent holds */
    STAGE_ORPHAN,    /* a child's child in a session of its own, whose parent is gone */
    STAGE_SIBLING,   /* a child of its own parent's */
    STAGE_BRIEF,     /* `count` children that end at once */
    STAGE_HEADLESS,  /* a child whose first thread ended while another runs */
    STAGE_THREAD,    /* a thread */
    STAGE_KEEP,      /* nobody: keeps the descriptor itself */
    STAGE_SPAWN,     /* first alone: an actor in the cgroup of agent `count` */
    STAGE_EXIT
};
struct stage_order {
    enum stage_act act;
    unsigned count;
    pid_t inside, pid; /* to be given to a STAGE_BARE child; 0: any */
};

/* Does what it is told until the other side is gone; does not return. */
void act(int socket);

/* A child by clone3: in a cgroup, or -1; with these pids, or 0. */
pid_t clone_into(uint64_t flags, int cgroup, pid_t inside, pid_t pid);
/* -1 when the other side is gone; the descriptor that came along, or -1. */
int order_take(int socket, struct stage_order *order, int *descriptor);
void hello_say(int socket);
/* Closes all but that one; -1: all. */
void hold_only(int descriptor);

#endif
