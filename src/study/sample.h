/*
 * Points in the unit cube, for the designs that sample.
 *
 * Each function writes `count` points of `dimensions` numbers in [0, 1), point by point.
 */
#ifndef IOLAUS_STUDY_SAMPLE_H
#define IOLAUS_STUDY_SAMPLE_H

#include <stdint.h>

#include "base/error.h"

#define SAMPLE_SOBOL_DIMENSIONS_MAX 40

/* A Latin hypercube (McKay, Beckman, Conover, Technometrics 21, 1979): each dimension's `count`
 * equal parts hold one point each, at a random place in it. Draws from Philox keyed by `seed`.
 * ERROR_MEMORY. */
int sample_latin(uint64_t seed, uint32_t count, uint32_t dimensions, double *points,
                 struct error *error);

/* Sobol's low-discrepancy sequence (GSL's: Antonov and Saleev 1979, Bratley and Fox 1988), without
 * the origin. ERROR_LIMIT above SAMPLE_SOBOL_DIMENSIONS_MAX dimensions, ERROR_MEMORY. */
int sample_sobol(uint32_t count, uint32_t dimensions, double *points, struct error *error);

#endif
