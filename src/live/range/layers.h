/*
 * The layers that keep a range from outliving its daemon, by name, so that a test can take each
 * away and see the next one hold.
 *
 * Only the variant of this room that is compiled with IOLAUS_TEST_LAYERS has a switch: there
 * layer_on reads IOLAUS_LAYERS_OFF, a list of names ("pdeathsig,pipe"), and layer_point holds the
 * process at the points that IOLAUS_LAYERS_POINTS names: it writes a byte to LAYERS_SOCKET and goes
 * on when it can read one, or the end. In the program that is installed each layer is always on,
 * and no code looks anywhere.
 */
#ifndef IOLAUS_LIVE_RANGE_LAYERS_H
#define IOLAUS_LIVE_RANGE_LAYERS_H

#include <stdbool.h>

enum layer {
    LAYER_PDEATHSIG, /* "pdeathsig": the first process dies with its daemon's thread */
    LAYER_PIPE,      /* "pipe": the first process ends when its daemon's pipe or socket closes */
    LAYER_REAPER,    /* "reaper": the reaper kills and clears when the daemon goes */
    LAYER_WATCH,     /* "watch": the daemon is told when the reaper is gone */
    LAYER_LEASE      /* "lease": the first process ends when its daemon has not renewed its lease */
};

#ifdef IOLAUS_TEST_LAYERS
#define LAYERS_VARIABLE "IOLAUS_LAYERS_OFF"
#define LAYERS_POINTS "IOLAUS_LAYERS_POINTS"
#define LAYERS_SOCKET 100
bool layer_on(enum layer layer);
void layer_point(const char *name);
#else
#define layer_on(layer) true
#define layer_point(name) ((void)0)
#endif

/* The environment of the first process and of the reaper: empty, but for the variable above in the
 * variant for tests. */
char **layers_environment(void);

#endif
