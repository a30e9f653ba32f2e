/*
 * Progress of long work: share done, rate and time left, on one line of a terminal that is wiped at
 * the end. Silent where standard error is no terminal. May be called from several threads.
 */
#ifndef IOLAUS_CLI_PROGRESS_H
#define IOLAUS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress;

/* `unit` is what is counted: "runs". NULL where memory is out: all calls then do nothing. */
struct progress *progress_open(const char *unit, uint64_t total);
/* `parts` of the whole are done; parts need not be whole units. */
void progress_add(struct progress *progress, double parts);
void progress_close(struct progress *progress);

#endif
