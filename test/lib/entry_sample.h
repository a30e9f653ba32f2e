/* Entries drawn at random, with every kind, every step and every list, and one example of each
 * kind. What they point to is the arena's. */
#ifndef IOLAUS_TEST_ENTRY_SAMPLE_H
#define IOLAUS_TEST_ENTRY_SAMPLE_H

#include "base/random.h"
#include "evidence/entry.h"

struct entry entry_drawn(struct random *random, struct arena *arena);

/* One of each kind, by hand; `kind` below ENTRY_EXAMPLES. */
#define ENTRY_EXAMPLES 6
struct entry entry_example(unsigned kind);

#endif
