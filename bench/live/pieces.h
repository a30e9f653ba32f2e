/*
 * What a range adds to a bare spawn, each piece measured by itself and printed beside the floor.
 */
#ifndef IOLAUS_BENCH_LIVE_PIECES_H
#define IOLAUS_BENCH_LIVE_PIECES_H

#include <stdbool.h>

void pieces_measure(bool quick);

#endif
