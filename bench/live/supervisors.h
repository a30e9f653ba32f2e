/*
 * The same measurement on the supervisors of Debian's packages: a service that logs its first clock
 * reading is killed after it has been up long enough for the supervisor's own spacing. One that is
 * not installed is named, and left out.
 */
#ifndef IOLAUS_BENCH_LIVE_SUPERVISORS_H
#define IOLAUS_BENCH_LIVE_SUPERVISORS_H

#include <stdint.h>

/* `floor`: median of the bare loop, in ns, for the ratios. */
void supervisors_measure(int64_t floor, int kills);

#endif
