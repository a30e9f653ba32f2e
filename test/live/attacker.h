/*
 * What attacker.c (an agent that attacks the platform's tools) and the test that holds it agree on.
 */
#ifndef IOLAUS_TEST_LIVE_ATTACKER_H
#define IOLAUS_TEST_LIVE_ATTACKER_H

#define ATTACKER_FLOOD 100000
/* The trials, the flood among them: what it says at the end where all went as they must. */
#define ATTACKER_TRIALS 31
/* Of those before the flood, how many the platform refused: all but three. */
#define ATTACKER_REFUSED 27
/* The score by which it says that the flood begins. */
#define ATTACKER_FLOODS 1000000

#endif
