/*
 * What this machine can and cannot do for a range: the facts behind `iolaus doctor`.
 *
 * Each is tried, not guessed, by a child process where it could change this one.
 */
#ifndef IOLAUS_LIVE_RANGE_FACTS_H
#define IOLAUS_LIVE_RANGE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum fact_level {
    FACT_FINE,  /* there */
    FACT_LESS,  /* not there: a range can do without, and says what it then cannot do */
    FACT_NEEDED /* not there, and without it there is no range */
};

struct fact {
    const char *name; /* "user namespaces", "cgroup v2", "process events", ... */
    enum fact_level level;
    char words[256];  /* what was found */
    char remedy[256]; /* what to change, or "" */
};

#define FACTS_MAX 24
struct facts {
    struct fact list[FACTS_MAX];
    uint32_t count;
    bool range; /* a range can be held */
};

/* Tries everything, opening and closing small ranges of its own with the lean program `program`
 * (O_PATH, or -1 where it was not found, which is a fact too). Takes well below a second. */
void facts_gather(struct facts *facts, int program);

/* 0, or ERROR_MACHINE with the first reason why no range can be held and what to change. */
int facts_check(const struct facts *facts, struct error *error);

#endif
