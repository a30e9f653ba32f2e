/*
 * From probabilities to the scripted mind's log-odds.
 *
 * A choice has the linear predictor x = intercept + sum(coefficient * factor) and is taken with
 * probability 1 / (1 + e^-x). `base` gives the intercept logit(base), a plain key its change of the
 * log-odds, and a key under `when` the change logit(p) - logit(base), so that the probability with
 * this one factor present is p. fixed.h has logit(0) = -40 and logit(1) = +40, and takes everything
 * from 40 on for certain; sums of these are exact integers, so 0 and 1 come out exactly too.
 */
#ifndef IOLAUS_SCENARIO_MINDS_H
#define IOLAUS_SCENARIO_MINDS_H

#include "scenario/reader.h"
#include "scenario/spec.h"

/* A mind that never chooses anything. */
void mind_clear(struct mind_rules *mind);

/* Reads the choices at the nodes (0: not there, its row stays as it is). */
int mind_read(struct reader *reader, const int choices[CHOICE_COUNT], struct mind_rules *mind);

/* Reads `pact` of a mind, at mind->pact, into mind->agreed. */
int mind_read_pact(struct reader *reader, struct spec_mind *mind);

/* Reads `adaptive` of a mind, at mind->adaptive, into mind->learning. */
int mind_read_adaptive(struct reader *reader, struct spec_mind *mind);

#endif
