/*
 * A stand-in for a range, for tests of the witness: a first process in a PID namespace of its own
 * (and, where wanted, a cgroup for each agent), and processes that do what they are told: fork,
 * hold, and stay. Needs root. All of it dies with stage_close, or with the test.
 */
#ifndef IOLAUS_TEST_LIVE_STAGE_H
#define IOLAUS_TEST_LIVE_STAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "live/actor.h"
#include "live/witness/ground.h"

#define STAGE_AGENTS 4

struct stage {
    struct ground ground;
    int control; /* to first */
    char path[128];
    int whole, agents[STAGE_AGENTS]; /* cgroups */
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
