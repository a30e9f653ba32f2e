/*
 * What attacker.c (an agent that attacks the platform's tools) and the test that holds it agree on.
 */
#ifndef IOLAUS_TEST_LIVE_ATTACKER_H
#define IOLAUS_TEST_LIVE_ATTACKER_H

/* The daemon's control socket, which is there and cannot be reached from the range. */
#define ATTACKER_CONTROL "/tmp/iolaus-attacked.sock"
#define ATTACKER_FLOOD 100000
/* The trials, the flood among them: what it says at the end where all went as they must. */
#define ATTACKER_TRIALS 32
/* Of those before the flood, how many the platform refused: all but four. */
#define ATTACKER_REFUSED 27
/* The score by which it says that the flood begins. */
#define ATTACKER_FLOODS 1000000

#endif
