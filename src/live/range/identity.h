/*
 * Which host ids the processes of a range have. Inside, the first process is 0, and agent i is
 * 1 + i where ids can be mapped, else 0 like all others.
 *
 * As root a block of ids is taken that nobody uses: from 0x70000000 on, which no allocation that
 * systemd lists reaches; else below it, or wherever the ids that this user namespace has at all
 * lie. A block counts as unused when no line of /etc/passwd, /etc/group, /etc/subuid or /etc/subgid
 * and no living process touches it. Where to look first depends on the daemon's pid, so that two
 * ranges seldom compete. Not root: newuidmap with what /etc/subuid and /etc/subgid grant; else one
 * id, the daemon's own.
 */
#ifndef IOLAUS_LIVE_RANGE_IDENTITY_H
#define IOLAUS_LIVE_RANGE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum identity_kind {
    IDENTITY_BLOCK,       /* root: mapped by the daemon itself */
    IDENTITY_SUBORDINATE, /* mapped by newuidmap and newgidmap */
    IDENTITY_ONE          /* one id for all */
};

struct identity {
    uint8_t kind;
    bool groups;       /* setgroups may be called inside */
    uint32_t uid, gid; /* on the host, of the first process */
    uint32_t count;    /* of ids: 1 + agents, or 1 */
};

/* `one`: as where only one id can be mapped. */
int identity_choose(struct identity *identity, uint32_t agents, bool one, struct error *error);
/* Writes the maps of a child that waits in its new user namespace. */
int identity_map(const struct identity *identity, pid_t child, struct error *error);

/* Ids that /etc/subuid or /etc/subgid grants to this user: how many, from *first. */
uint32_t identity_granted(const char *path, uint32_t *first);

#endif
