/*
 * What is an agent's own, and who holds it: open descriptors, compared by device and inode with the
 * things that were named. (A socket's inode is as good as a file's.) What a process remembers in
 * its memory is not seen.
 *
 * Errors: ERROR_INPUT for a descriptor that has no identity of its own, ERROR_MEMORY.
 */
#ifndef IOLAUS_LIVE_WITNESS_HOLDS_H
#define IOLAUS_LIVE_WITNESS_HOLDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/types.h"

struct thing {
    dev_t device;
    ino_t inode;
    agent_id agent; /* AGENT_NONE: the place is free */
};
struct things {
    struct thing *places;
    uint32_t places_count; /* a power of two, at most half of it taken */
    uint32_t count;
};

int things_open(struct things *things, uint32_t expected, struct error *error);
void things_close(struct things *things);
/* A thing that is already there becomes the latest owner's. */
int things_add(struct things *things, agent_id agent, int descriptor, struct error *error);
void things_remove(struct things *things, int descriptor);
/* The same of one that is closed by now. */
void things_forget(struct things *things, dev_t device, ino_t inode);

/* Calls `held` for each descriptor of the process (its folder below /proc) that is a thing; of all
 * its threads where they may have descriptors of their own. 0, or -1: gone. */
int things_look(const struct things *things, int process_folder, bool threads,
                void (*held)(void *context, agent_id agent), void *context);

#endif
