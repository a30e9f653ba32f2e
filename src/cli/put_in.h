/*
 * What a scenario puts in: the probabilities that its scripted minds choose with, in words, so that
 * findings can say what came out and what was there before.
 */
#ifndef IOLAUS_CLI_PUT_IN_H
#define IOLAUS_CLI_PUT_IN_H

#include "scenario/scenario.h"

#define PUT_IN_MAX 16
#define PUT_IN_BYTES 160

struct put_in {
    uint32_t count;
    const char *words[PUT_IN_MAX];
    char text[PUT_IN_MAX][PUT_IN_BYTES];
};

/* For each choice that some arm can make: the least and the greatest probability over the groups,
 * with the bonds that the arms begin with, after a hang-up or, where stops are announced, on the
 * announcement; towards an agent and towards an object. */
void put_in_gather(struct put_in *put_in, const struct scenario *const *arms, uint32_t arm_count);

#endif
