#include "live/containment.h"

#include <stdio.h>
#include <string.h>

#include "base/random.h"

#define ROUNDS 200

static const struct ending {
    const char *name;
    unsigned ends;
} endings[] = {
    {"closed by ctrl-C", CLOSE},
    {"daemon killed", DAEMON},
    {"reaper killed", REAPER},
    {"first killed", FIRST},
    {"daemon and reaper killed", DAEMON | REAPER},
    {"daemon and first killed", DAEMON | FIRST},
    {"reaper and first killed", REAPER | FIRST},
    {"all three killed", DAEMON | REAPER | FIRST},
    {"reaper killed, then daemon", REAPER | DAEMON | IN_TURN},
};
#define ENDINGS (sizeof endings / sizeof endings[0])

static struct trial *trial_add(struct plan *plan, enum group group)
{
    struct trial *trial = &plan->trials[plan->count++];

    memset(trial, 0, sizeof *trial);
    trial->group = group;
    trial->standin.mode = "cling";
    trial->standin.agents = 3;
    return trial;
}

/* With all layers: no process is left. cgroups and socket may be where daemon and reaper died
 * together, or before there was a reaper. */
static void promise_draw(struct plan *plan, enum group group, uint64_t seed, unsigned round)
{
    struct random random = random_make(seed, round, 0, 0, STREAM_TEST, group);
    size_t which = round < 2 * ENDINGS ? round % ENDINGS : (size_t)random_below(&random, ENDINGS);
    struct trial *trial = trial_add(plan, group);
    const struct ending *ending = &endings[which];

    trial->ends = ending->ends;
    trial->early = round < 2 * ENDINGS ? round >= ENDINGS : random_below(&random, 3) == 0;
    trial->delay_us = (unsigned)random_below(&random, trial->early ? 20000 : 40000);
    if (random_below(&random, 2) == 0)
        trial->ends |= BACKWARDS;
    trial->standin.agents = 3 + (unsigned)random_below(&random, 4);
    trial->standin.without_cgroups = random_below(&random, 6) == 0;
    trial->standin.without_uids = random_below(&random, 6) == 0;
    trial->standin.nobody = group == NOBODY_ROOT;
    if (trial->early || (ending->ends & (DAEMON | REAPER)) == (DAEMON | REAPER))
        trial->cgroup = EITHER;
    snprintf(trial->name, sizeof trial->name, "round %u: %s %s%u us after %s%s%s", round,
             ending->name, (trial->ends & BACKWARDS) != 0 ? "(last first) " : "", trial->delay_us,
             trial->early ? "it began" : "all ran",
             trial->standin.without_cgroups ? ", without cgroups" : "",
             trial->standin.without_uids ? ", one uid" : "");
}

/* Which layer covers which death: docs/containment.md shows the same as a table. */
static void layers_expect(struct trial *trial)
{
    unsigned off = trial->standin.off;
    bool first_hears = (off & (NO_PDEATHSIG | NO_PIPE)) != (NO_PDEATHSIG | NO_PIPE);
    bool reaped = (off & NO_REAPER) == 0, watched = (off & NO_WATCH) == 0;
    bool processes = false, cgroup = false;

    switch (trial->ends & (DAEMON | REAPER | FIRST | IN_TURN)) {
    case DAEMON:
        processes = !first_hears && !reaped;
        cgroup = !reaped;
        break;
    case DAEMON | FIRST:
        cgroup = !reaped;
        break;
    case DAEMON | REAPER:
        processes = !first_hears;
        cgroup = true;
        break;
    case DAEMON | REAPER | FIRST:
        cgroup = true;
        break;
    case REAPER:
        processes = cgroup = !watched;
        break;
    case DAEMON | REAPER | IN_TURN:
        processes = !watched && !first_hears;
        cgroup = !watched;
        break;
    default: /* closed, or the daemon sees that the first process is gone */
        break;
    }
    trial->processes = processes ? LEFT : GONE;
    trial->cgroup = cgroup ? LEFT : GONE;
}

static void layers_add(struct plan *plan, unsigned off, const struct ending *ending,
                       bool without_cgroups)
{
    struct trial *trial = trial_add(plan, LAYERS);

    trial->ends = ending->ends;
    if ((ending->ends & IN_TURN) == 0 && (ending->ends & (ending->ends - 1)) != 0)
        trial->ends |= AT_ONCE;
    trial->standin.off = off;
    trial->standin.without_cgroups = without_cgroups;
    layers_expect(trial);
    snprintf(trial->name, sizeof trial->name, "without%s%s%s%s%s%s: %s", off == 0 ? " none" : "",
             (off & NO_PDEATHSIG) != 0 ? " pdeathsig" : "", (off & NO_PIPE) != 0 ? " pipe" : "",
             (off & NO_REAPER) != 0 ? " reaper" : "", (off & NO_WATCH) != 0 ? " watch" : "",
             without_cgroups ? ", cgroups" : "", ending->name);
}

static struct trial *window_add(struct plan *plan, const char *points, unsigned held, unsigned ends,
                                unsigned off, const char *words)
{
    struct trial *trial = trial_add(plan, WINDOWS);

    trial->ends = ends;
    trial->held = held;
    trial->standin.points = points;
    trial->standin.off = off;
    trial->cgroup = EITHER;
    snprintf(trial->name, sizeof trial->name, "held at %s%s: %s", points,
             off == NO_PIPE        ? ", without pipe"
             : off == NO_PDEATHSIG ? ", without pdeathsig"
                                   : "",
             words);
    return trial;
}

/* The instants of an opening, each made to last. */
static void windows_add(struct plan *plan)
{
    static const char *const instants[] = {"grouped", "reaper", "guarded", "cloned", "told",
                                           "mapped",  "asked",  "unbound", "bound",  "cleared"};
    struct trial *trial;

    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        window_add(plan, instants[i], 1, DAEMON, 0, "daemon killed");
        if (i >= 1)
            window_add(plan, instants[i], 1, REAPER, 0, "reaper killed");
        if (i >= 1)
            window_add(plan, instants[i], 1, DAEMON | REAPER | AT_ONCE, 0,
                       "daemon and reaper killed");
        if (i >= 3)
            window_add(plan, instants[i], 1, FIRST, 0, "first killed");
    }
    /* Its credentials have changed, which takes the signal away; it has been told all that it
     * needs; and the daemon dies: the look at the pipe alone stops it. */
    window_add(plan, "cleared,asked", 2, DAEMON | REAPER | AT_ONCE, 0, "daemon and reaper killed");
    window_add(plan, "cleared,asked", 2, DAEMON | REAPER | AT_ONCE, NO_PDEATHSIG,
               "daemon and reaper killed");
    window_add(plan, "cleared,asked", 2, DAEMON, NO_PIPE, "daemon killed");
    trial = window_add(plan, "cleared,asked", 2, DAEMON | REAPER | AT_ONCE, NO_PIPE,
                       "daemon and reaper killed");
    trial->processes = trial->cgroup = LEFT;
}

static void memory_add(struct plan *plan)
{
    static const char *const victims[] = {"anybody", "the daemon", "the reaper", "first"};

    for (unsigned i = 0; i < 2 * VICTIMS; i++) {
        struct trial *trial = trial_add(plan, MEMORY);

        trial->ends = DAEMON;
        trial->standin.mode = "eat";
        trial->standin.memory = true;
        trial->standin.victim = (enum victim)(i % VICTIMS);
        trial->standin.without_cgroups = i >= VICTIMS;
        snprintf(trial->name, sizeof trial->name, "out of memory, %s first%s", victims[i % VICTIMS],
                 i >= VICTIMS ? ", without cgroups" : "");
    }
}

void plan_make(struct plan *plan, uint64_t seed)
{
    plan->count = 0;
    for (unsigned round = 0; round < ROUNDS; round++)
        promise_draw(plan, PROMISE, seed, round);
    for (unsigned round = 0; round < ROUNDS / 5; round++)
        promise_draw(plan, NOBODY_ROOT, seed, round);
    for (unsigned without = 0; without < 2; without++)
        for (unsigned off = 0; off <= ALL_OFF; off++)
            for (size_t ending = 0; ending < ENDINGS; ending++)
                layers_add(plan, off, &endings[ending], without == 1);
    windows_add(plan);
    memory_add(plan);
}
