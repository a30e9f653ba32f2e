/*
 * A stand-in for a range, for tests of the witness: a first process in a PID namespace of its own
 * (and, where wanted, a cgroup for each agent), and processes that do what they are told: fork,
 * hold, and stay. Needs root. All of it dies with stage_close, or with the test.
 */
#ifndef IOLAUS_TEST_LIVE_STAGE_H
#define IOLAUS_TEST_LIVE_STAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "live/witness/ground.h"

#define STAGE_AGENTS 4

struct stage {
    struct ground ground;
    int control; /* to first */
    char path[128];
    int whole, agents[STAGE_AGENTS]; /* cgroups */
};

/* What a process on the stage does on its socket; each new process that stays says hello there. */
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

/* False, and says why, where the machine cannot. */
bool stage_open(struct stage *stage, bool cgroups, const char **why);
void stage_close(struct stage *stage);
/* Sends an order, with a descriptor or -1. */
void stage_order(int socket, struct stage_order order, int descriptor);
/* The pid of who says hello, as this process sees it. */
pid_t stage_hello(int socket);
/* A process of an agent, not yet sanctioned; `socket`: to it. `end`: its end, or NULL. */
pid_t stage_spawn(struct stage *stage, agent_id agent, int *socket, int *end);
int stage_pidfd(pid_t pid);
/* A child of this process with that pid, that forks once, waits for the end, and ends. */
void stage_stranger(pid_t pid);

#endif
